"""Every command in docs/aws.md that needs no account, run in a fresh copy on the fake cloud."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cloud.aws.cloud import CREDENTIALS
from cloud.deployment import CloudDeployment
from engine.deployment import PROJECT_NAME, REPOSITORY, redacted
from test_docs_commands import newcomers_environment, script

PAGE = "docs/aws.md"
PRODUCTION = "aws-prod"


@dataclass(frozen=True)
class Clone:
    """A fresh copy of the checkout that finds the stand-in where it looks for AWS's plugin."""

    project: Path
    environment: dict[str, str]
    standin: CloudDeployment

    def run(self, text: str) -> str:
        """Runs a block as a newcomer's shell would; what it printed."""
        done = script(self.project, self.environment, text)
        tail = redacted(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        assert done.returncode == 0, f"{text}\n{tail}"
        return done.stdout

    def unprotect(self, stack: str) -> None:
        """Writes what the page says to write before a production stack is destroyed."""
        file = self.project / "stacks" / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(file.read_text())
        config = document["config"]
        config[f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "moved to another region"}
        for cache in config[f"{PROJECT_NAME}:caches"].values():
            cache["protect"] = False
        file.write_text(yaml.safe_dump(document))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    project = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, project / name)
    standin = CloudDeployment(tmp_path_factory.mktemp("standin") / "root")
    own = yaml.safe_load((standin.project / "Pulumi.yaml").read_text())
    (provider,) = own["plugins"]["providers"]
    environment = newcomers_environment(tmp_path_factory.mktemp("state"))
    environment.pop("STACK")
    # A plugin on the PATH needs no download.
    environment["PATH"] = f"{provider['path']}{os.pathsep}{environment['PATH']}"
    cloud = {"SECURE_REDIS_FAKE_CLOUD": str(standin.cloud.root)}
    made = Clone(project, {**environment, **CREDENTIALS, **cloud}, standin)
    yield made
    made.unprotect(PRODUCTION)
    for command in (f"make up STACK={PRODUCTION}", f"make down STACK={PRODUCTION}"):
        made.run(command)
    made.run("make down STACK=aws-dev")
    # Keys stay as long as last snapshots need them.
    assert standin.cloud.left.keys() <= {"kms.key"}


def blocks() -> list[str]:
    """The blocks of the page that are meant to be run as they stand."""
    page = (REPOSITORY / PAGE).read_text()
    return re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.mark.timeout(1200)
def test_the_commands_of_the_page_work(clone: Clone) -> None:
    found = blocks()
    assert len(found) >= 5
    printed = {block: clone.run(block) for block in found}
    first = printed[found[0]]
    for name in ("cache", "queue", "sessions"):
        line = rf"^\s+{name}\s+rediss://master\.{name}-\S+\.cache\.amazonaws\.com:6379/0 +TLS 1.2\+"
        assert re.search(line, first, re.MULTILINE), name
    outputs = next(text for block, text in printed.items() if "make output" in block)
    assert "cacheSecretRef" in outputs
    assert "cacheGrants" in outputs


def test_the_rotation_of_the_page_has_happened(clone: Clone) -> None:
    """One password is left, the second one, at the cache and in the secret."""
    (user,) = [
        one
        for one in clone.standin.cloud.all("elasticache.user").values()
        if one["UserName"] == "app" and one["Tags"]["secure-redis:stack"].endswith("/aws-dev")
    ]
    assert len(user["Authentication"]["Passwords"]) == 1
    modified = clone.standin.cloud.requests("ModifyUser")
    assert [len(one["Passwords"]) for one in modified] == [2, 1]


def test_down_keeps_production(clone: Clone) -> None:
    """What the page says of it: nothing is touched before the protection is lifted."""
    before = clone.standin.cloud.left
    done = script(clone.project, clone.environment, f"make down STACK={PRODUCTION}")
    assert done.returncode != 0
    assert "nothing was removed" in " ".join(f"{done.stdout}{done.stderr}".split())
    assert clone.standin.cloud.left == before
