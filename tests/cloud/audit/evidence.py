"""The stacks of the repository, planned and made by the real engine against the stand-ins."""

import fcntl
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from cloud.deployment import CloudDeployment, repository_stack

from .planned import PlannedStack, planned_stack
from .target import Target
from .targets import TARGETS

AT_ONCE = 2
"""Engines that run beside each other."""


def stacks(root: Path) -> dict[str, PlannedStack]:
    """All stacks, by name. What is in `root` already is taken from there.

    Several processes may call it with one root: one runs the engine, the others wait for it.
    """
    root.mkdir(parents=True, exist_ok=True)
    wanted = [(target, name) for target in TARGETS for name in target.stacks]
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [one for one in wanted if not _file(root, one[1]).exists()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # An exception in one of them is the caller's.
            list(pool.map(lambda one: _collect(root, *one), missing))
    return {name: _read(root, target, name) for target, name in wanted}


def _file(root: Path, name: str) -> Path:
    return root / f"{name}.json"


def _read(root: Path, target: Target, name: str) -> PlannedStack:
    found = json.loads(_file(root, name).read_text(encoding="utf-8"))
    return planned_stack(name, target.package, found["preview"], found["state"])


def _collect(root: Path, target: Target, name: str) -> None:
    deployment = CloudDeployment(root / name, label=name, target=target.name)
    document = yaml.safe_load(repository_stack(name))
    deployment.write_file(target.settle(deployment, document))
    deployment.pulumi("stack", "init").succeeded()
    # Without --show-secrets: neither of them ever holds a secret that can be read.
    preview = deployment.pulumi("preview", "--json").succeeded()
    deployment.pulumi("up", "--skip-preview", "--yes").succeeded()
    state = deployment.pulumi("stack", "export").succeeded()
    found = {"preview": json.loads(preview.stdout), "state": json.loads(state.stdout)}
    _file(root, name).write_text(json.dumps(found), encoding="utf-8")
