"""The stacks of the repository, planned and made by the real engine against the stand-in."""

import fcntl
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from cloud.deployment import CloudDeployment, repository_stack

from .planned import PlannedStack, planned_stack

PRODUCTION = "aws-prod"
OTHERS = ("aws-adopted-network", "aws-dev", "aws-serverless")
STACKS = (PRODUCTION, *OTHERS)

AT_ONCE = 2
"""Engines that run beside each other."""


def stacks(root: Path, names: Iterable[str] = STACKS) -> dict[str, PlannedStack]:
    """The stacks, by name. What is in `root` already is taken from there.

    Several processes may call it with one root: one runs the engine, the others wait for it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in names if not _file(root, name).exists()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # An exception in one of them is the caller's.
            list(pool.map(lambda name: _collect(root, name), missing))
    return {name: _read(root, name) for name in names}


def _file(root: Path, name: str) -> Path:
    return root / f"{name}.json"


def _read(root: Path, name: str) -> PlannedStack:
    found = json.loads(_file(root, name).read_text(encoding="utf-8"))
    return planned_stack(name, found["preview"], found["state"])


def _collect(root: Path, name: str) -> None:
    deployment = CloudDeployment(root / name, label=name)
    document = yaml.safe_load(repository_stack(name))
    deployment.write_file(_in_the_account(deployment, document))
    deployment.pulumi("stack", "init").succeeded()
    # Without --show-secrets: neither of them ever holds a secret that can be read.
    preview = deployment.pulumi("preview", "--json").succeeded()
    deployment.pulumi("up", "--skip-preview", "--yes").succeeded()
    state = deployment.pulumi("stack", "export").succeeded()
    found = {"preview": json.loads(preview.stdout), "state": json.loads(state.stdout)}
    _file(root, name).write_text(json.dumps(found), encoding="utf-8")


def _in_the_account(deployment: CloudDeployment, document: dict[str, Any]) -> dict[str, Any]:
    """The stack file with ids that exist in the fake account in place of the example's."""
    config = document["config"]
    if "adopt" not in config.get("secure-redis:network", {}):
        return document
    network = deployment.cloud.add_network()
    vpc = deployment.cloud.get("ec2.vpc", network["vpcId"])
    assert vpc is not None
    access = {**config["secure-redis:access"], "securityGroupIds": [vpc["DefaultSecurityGroupId"]]}
    changes = {"secure-redis:network": {"adopt": network}, "secure-redis:access": access}
    return {**document, "config": {**config, **changes}}
