"""`secure-redis ci-preview` and `ci-drift` on the real engine, AWS played by its stand-in.

One stack goes through its life; tests look at what was reported on the way.
"""

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from ci.reports import PACK, Report, quoting_pack, reported
from cloud.aws.witness import REPLICATION_GROUP, AwsWitness
from cloud.deployment import ProgramDeployment
from cloud.witness import leaks
from engine.deployment import redacted

BASE: dict[str, Any] = {
    "environment": "development",
    "access": {"cidrs": ["10.20.0.0/16"]},
    "aws:region": "eu-west-1",
}
INJECTED = "the service says no to user app with password "


class Life:
    """A stack from its first preview to its drift."""

    def __init__(self, witness: AwsWitness) -> None:
        self.witness = witness
        own = ("--policy-pack", str(PACK))
        witness.write({"cache": {}}, **BASE)
        before = witness.stack_file.read_text()
        self.new = reported(witness, "ci-preview", *own)
        self.made_nothing = not witness.exists and not witness.cloud.kinds()
        self.kept_file = witness.stack_file.read_text() == before
        witness.applied()
        self.same = reported(witness, "ci-preview")
        self.quiet = reported(witness, "ci-drift")
        quoting = ("--policy-pack", str(quoting_pack(witness.files)))
        witness.write({"cache": {"aws": {"port": 6380}}}, **BASE)
        self.replaced = reported(witness, "ci-preview", *quoting)
        witness.write({"cache": {"aws": {"prt": 6380}}}, **BASE)
        self.wrong = reported(witness, "ci-preview")
        text = witness.stack_file.read_text()
        witness.stack_file.write_text(f"{text}\n  - [")
        self.broken = reported(witness, "ci-preview")
        witness.stack_file.write_text(text)
        other = {"PULUMI_CONFIG_PASSPHRASE_FILE": "", "PULUMI_CONFIG_PASSPHRASE": "x"}
        self.passphrase = reported(witness, "ci-preview", **other)
        witness.write({"cache": {}}, **BASE)
        password = witness.secrets()["cache-app-password-1"]
        error = f"{INJECTED}{password}"
        witness.fail("read", type="aws:elasticache/user:User", name="cache-app", error=error)
        self.refused = reported(witness, "ci-drift")
        ((identifier, group),) = witness.cloud.all(REPLICATION_GROUP).items()
        witness.cloud.put(REPLICATION_GROUP, identifier, {**group, "SnapshotWindow": "01:00-02:00"})
        self.drifted = reported(witness, "ci-drift")

    @property
    def reports(self) -> dict[str, Report]:
        """All reports by name."""
        return {name: one for name, one in vars(self).items() if isinstance(one, Report)}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    witness = AwsWitness(tmp_path_factory.mktemp("life"))
    try:
        yield Life(witness)
    finally:
        witness.close()


def test_a_stack_that_is_not_there_is_previewed_and_not_made(life: Life) -> None:
    assert (life.new.run.code, life.new.title) == (0, "27 to create")
    assert life.made_nothing
    assert life.kept_file
    assert "policy pack `secure-redis" in life.new.text
    assert "`aws:elasticache:ReplicationGroup`" in life.new.text
    assert "target `aws`, environment `development`" in life.new.text
    assert "CAUTION" not in life.new.text


def test_nothing_to_do_is_said_in_a_line(life: Life) -> None:
    assert (life.same.run.code, life.same.title) == (0, "nothing changes")
    assert "27 unchanged" in life.same.text
    assert "|" not in life.same.text
    assert (life.quiet.run.code, life.quiet.title) == (0, "nothing has drifted")


def test_the_replacement_of_a_cache_stands_on_top(life: Life) -> None:
    text = life.replaced.text
    assert life.replaced.run.code == 1
    first = text.index("> [!CAUTION]")
    group = "`aws:elasticache:ReplicationGroup cache`"
    assert f"> - {group} is replaced, because of `port` `6379` → `6380`" in text
    assert first < text.index("> [!WARNING]") < text.index("| change |") < text.index("<details>")
    assert "-     port: 6379   (cannot change in place)\n+     port: 6380" in text
    assert "| **replace** | `aws:elasticache:ReplicationGroup` | `cache` | `port` |" in text
    # The version of the secret is replaced as well, and holds no data of a cache.
    assert "`aws:secretsmanager:SecretVersion cache-connection` is replaced" not in text


def test_findings_of_policies_follow_with_what_they_are_about(life: Life) -> None:
    text = life.replaced.text
    assert life.replaced.title.startswith("refused by ")
    assert life.replaced.title.endswith("; replaces 1 cache")
    assert "| mandatory | `quotes-everything` | `RandomPassword cache-app-password-1` |" in text
    assert "Advice of policies: 2 findings" in text
    assert "policy pack `quoting 1.2.3`" in text


def test_a_mistake_in_the_stack_file_is_in_the_comment(life: Life) -> None:
    assert (life.wrong.run.code, life.wrong.title) == (1, "failed")
    assert "caches.cache.aws.prt: unknown key. Did you mean port?" in life.wrong.text
    assert "unhandled error" not in life.wrong.text
    assert (life.broken.run.code, life.broken.title) == (1, "failed")
    assert "is not YAML" in life.broken.text


def test_a_wrong_passphrase_is_said_and_hides_nothing_else(life: Life) -> None:
    assert (life.passphrase.run.code, life.passphrase.title) == (1, "failed")
    assert "is not the one with which the stack" in life.passphrase.text


def test_drift_is_told_with_what_differs(life: Life) -> None:
    assert (life.drifted.run.code, life.drifted.title) == (1, "1 resource drifted")
    assert (
        '-     snapshotWindow: "03:00-04:00"\n+     snapshotWindow: "01:00-02:00"'
        in life.drifted.text
    )
    assert "Drift of" in life.drifted.text


def test_what_a_provider_says_is_in_the_report_without_the_password(life: Life) -> None:
    assert (life.refused.run.code, life.refused.title) == (1, "failed")
    assert f"{INJECTED}[secret]" in life.refused.text


def test_no_secret_is_in_any_report_or_output(life: Life) -> None:
    passwords = {**life.witness.passwords, **life.witness.secrets()}
    exported = life.witness.pulumi("stack", "output", "connections", "--json", "--show-secrets")
    connection = json.loads(exported.stdout)["cache"]
    passwords |= {"url": connection["url"], "passphrase": life.witness.passphrase.read_text()}
    assert {"cache-app-password-1", "cache-default-password"} <= passwords.keys()
    assert min(map(len, passwords.values())) >= 32
    places = {
        f"{what} of {name}": content
        for name, report in life.reports.items()
        for what, content in report.places.items()
    }
    assert len(places) == 3 * 9
    assert redacted("\n".join(leaks(passwords, places))) == ""


@pytest.mark.sweep
def test_the_secrets_were_there_to_be_found(life: Life) -> None:
    """The engine alone prints the password: the search looks in the right place."""
    witness = life.witness
    witness.write({"cache": {"aws": {"port": 6380}}}, **BASE)
    run = witness.run("preview", "--", "--policy-pack", str(quoting_pack(witness.files)))
    witness.write({"cache": {}}, **BASE)
    found = leaks(witness.secrets(), {"output": run.text.encode()})
    assert any("cache-app-password-1" in one for one in found)


def test_an_unknown_stack_has_no_report(life: Life) -> None:
    out = life.witness.files / "nothing"
    for operation in ("ci-preview", "ci-drift"):
        command = life.witness.command(operation, "--out", str(out))
        command[command.index("--stack") + 1] = "nobody"
        run = life.witness._execute(command, 60, {})
        assert run.code == 2
        assert "there is no stack file" in run.text
    assert not out.exists()


def test_what_is_interrupted_has_no_result(life: Life) -> None:
    out = life.witness.files / "interrupted"
    process = life.witness.start("ci-preview", "--out", str(out))
    process.wait_for("Previewing")
    process.interrupt(signal.SIGTERM)
    run = process.ended()
    assert run.code == 130, redacted(run.text)
    assert "there is no result" in run.text
    assert process.members == []
    assert not out.exists()


def test_a_pack_without_levels_for_the_environment_is_refused(life: Life) -> None:
    pack = quoting_pack(life.witness.files)
    levels = pack / "config" / "development.json"
    levels.rename(levels.with_suffix(".away"))
    try:
        report = reported(life.witness, "ci-preview", "--policy-pack", str(pack))
    finally:
        levels.with_suffix(".away").rename(levels)
    assert report.run.code == 1
    assert "development.json is missing" in report.text


FOREIGN = """
import pulumi, pulumi_aws as aws
aws.elasticache.ReplicationGroup("theirs", description="Somebody's own", engine="redis",
    node_type="cache.t4g.micro", num_cache_clusters=1, {settings})
"""


def test_a_program_of_somebody_else_is_refused_by_our_policies(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    program = FOREIGN.format(settings="transit_encryption_enabled=False")
    config = {"secure-redis:target": "aws", "secure-redis:environment": "production"}
    deployment = ProgramDeployment(tmp_path_factory.mktemp("foreign"), program, config)
    run = super(ProgramDeployment, deployment).run
    out = deployment.files / "out"
    done = run("ci-preview", "--out", str(out), "--policy-pack", str(PACK))
    text = (out / "comment.md").read_text()
    assert done.code == 1, redacted(done.text[-2000:])
    assert "| mandatory | `aws-tls` | `ReplicationGroup theirs` |" in text
    assert "RDS-TLS-01" in text
    assert "transitEncryptionEnabled" in text
    assert text.index("> [!WARNING]") < text.index("| change |")


PRODUCTION = {
    **BASE,
    "environment": "production",
    "alarms": {"notify": ["arn:aws:sns:eu-west-1:123456789012:on-call"]},
}
REASON = {"unprotected-data": "the data are copies"}


def test_exceptions_of_a_stack_file_reach_the_policies(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    witness = AwsWitness(tmp_path_factory.mktemp("exception"))
    witness.write({"cache": {"protect": False}}, **PRODUCTION, exceptions=REASON)
    report = reported(witness, "ci-preview", "--policy-pack", str(PACK))
    assert report.run.code == 0, redacted(report.text)
    assert "mandatory" not in report.text


@pytest.mark.sweep
def test_without_the_exception_the_policies_refuse(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    witness = AwsWitness(tmp_path_factory.mktemp("exception"))
    witness.write({"cache": {"protect": False}}, **PRODUCTION, exceptions=REASON)
    levels = str(PACK / "config" / "production.json")
    options = ["--policy-pack", str(PACK), "--policy-pack-config", levels]
    run = witness.run("preview", "--", *options)
    assert run.code != 0
    assert "[mandatory]" in run.text
