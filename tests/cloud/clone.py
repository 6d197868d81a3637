"""A fresh copy of the checkout, as a newcomer has it, whose cloud is a stand-in."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cloud.deployment import CLOUDS, CloudDeployment
from engine.deployment import NO_DOCTOR, PROJECT_NAME, REPOSITORY, redacted
from test_docs_commands import newcomers_environment, script


@dataclass(frozen=True)
class Clone:
    """A fresh copy of the checkout that finds the stand-in where it looks for a cloud's plugin."""

    project: Path
    environment: dict[str, str]
    standin: CloudDeployment

    def run(self, text: str) -> str:
        """Runs a block as a newcomer's shell would; what it printed."""
        done = script(self.project, self.environment, text)
        tail = redacted(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        assert done.returncode == 0, f"{text}\n{tail}"
        return done.stdout

    def refused(self, text: str) -> str:
        """Runs a block that must fail; all that it printed, its white space made single."""
        done = script(self.project, self.environment, text)
        assert done.returncode != 0, text
        return " ".join(f"{done.stdout}{done.stderr}".split())

    def stack_file(self, stack: str) -> Path:
        """A stack file of the copy."""
        return self.project / "stacks" / f"Pulumi.{stack}.yaml"

    def rewrite(self, stack: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Changes a stack file of the copy."""
        file = self.stack_file(stack)
        file.write_text(yaml.safe_dump(dict(change(yaml.safe_load(file.read_text())))))

    def end(self, stacks: Iterable[str]) -> None:
        """Takes stacks down whose protection is lifted in their files."""
        for stack in stacks:
            self.run(f"make up STACK={stack}\nmake down STACK={stack}")


def cloned(directory: Callable[[str], Path], target: str) -> Clone:
    """A fresh copy. directory: makes a new one for a name."""
    project = directory("clone")
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
    standin = CloudDeployment(directory("standin") / "root", target=target)
    own = yaml.safe_load((standin.project / "Pulumi.yaml").read_text())
    (provider,) = own["plugins"]["providers"]
    environment = newcomers_environment(directory("state"))
    environment.pop("STACK")
    # A plugin on the PATH needs no download.
    environment["PATH"] = f"{provider['path']}{os.pathsep}{environment['PATH']}"
    cloud = {"SECURE_REDIS_FAKE_CLOUD": str(standin.cloud.root), **NO_DOCTOR}
    return Clone(project, {**environment, **CLOUDS[target].credentials, **cloud}, standin)


def unprotected(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stack file with what the pages say to write before a production stack is destroyed."""
    config = dict(document["config"])
    config[f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "moved to another region"}
    caches = config[f"{PROJECT_NAME}:caches"]
    config[f"{PROJECT_NAME}:caches"] = {
        name: {**cache, "protect": False} for name, cache in caches.items()
    }
    return {**document, "config": config}


def blocks(page: str) -> list[str]:
    """The blocks of a page that are meant to be run as they stand."""
    text = (REPOSITORY / page).read_text()
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
