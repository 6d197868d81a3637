"""`secure-redis ci-preview`, `ci-deploy` and `ci-drift` on real containers."""

from collections.abc import Iterator

import pytest
from ci.reports import PACK, Report, quoting_pack, reported
from cloud.witness import leaks
from engine.deployment import redacted
from harness import Deployment, deployed, free_port


class Life:
    """A stack on Docker: previewed, deployed, changed by hand, changed in its file."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        port = free_port()
        settings = {"docker": {"port": port}}
        deployment.write({"cache": settings})
        out = str(deployment.files / "out")
        command = ["ci-deploy", "--out", out, "--policy-pack", str(PACK)]
        self.deployed = deployment.run(*command)
        self.first = (deployment.files / "out" / "comment.md").read_text()
        self.password = deployment.secrets()["cache-app-password-1"]
        self.ping = deployment.container().exec_run(["true"]).exit_code
        quoting = ("--policy-pack", str(quoting_pack(deployment.files)))
        deployment.write({"cache": {**settings, "memoryGb": 0.5}})
        self.changed = reported(deployment, "ci-preview", *quoting)
        self.refused = deployment.run("ci-deploy", "--out", out, *quoting)
        self.unchanged_limit = deployment.container().attrs["HostConfig"]["Memory"]
        deployment.write({"cache": settings})
        deployment.container().remove(force=True)
        self.drifted = reported(deployment, "ci-drift")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with deployed(tmp_path_factory.mktemp("ci"), "ci") as deployment:
        yield Life(deployment)


def test_a_stack_is_previewed_and_then_made(life: Life) -> None:
    assert life.deployed.code == 0, redacted(life.deployed.text[-3000:])
    assert " to create" in life.first.splitlines()[2]
    assert life.ping == 0
    assert "policy pack `secure-redis" in life.first


def test_a_change_of_the_container_loses_no_data(life: Life) -> None:
    text = life.changed.text
    assert life.changed.run.code == 1
    assert "`docker:index:Container`" in text
    assert "CAUTION" not in text
    assert "| mandatory | `quotes-everything` | `Container cache` |" in text


def test_what_a_policy_refuses_is_not_deployed(life: Life) -> None:
    assert life.refused.code == 1
    assert "refused by" in life.refused.stdout
    assert "Updating" not in life.refused.text
    assert life.unchanged_limit != 512 * 1024**2


def test_a_container_that_somebody_removed_is_drift(life: Life) -> None:
    assert life.drifted.run.code == 1
    assert "drifted" in life.drifted.title
    assert "| **delete** | `docker:index:Container` | `cache` |" in life.drifted.text


def test_no_secret_is_in_any_report_or_output(life: Life) -> None:
    secrets = life.deployment.secrets()
    assert life.password in secrets.values()
    reports: dict[str, Report] = {"changed": life.changed, "drifted": life.drifted}
    places = {f"{w} of {n}": text for n, one in reports.items() for w, text in one.places.items()}
    places |= {"first": life.first.encode(), "deployed": life.deployed.text.encode()}
    places["refused"] = life.refused.text.encode()
    lines = {
        f"{name} {number}": line
        for name, secret in secrets.items()
        for number, line in enumerate(secret.splitlines()[1:-2] or [secret])
    }
    assert redacted("\n".join(leaks(lines, places))) == ""
