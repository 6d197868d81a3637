"""The stacks and Checkov's findings, made once for all tests of a run."""

import os
from pathlib import Path

import pytest
from cloud.audit import checkov, evidence, terraform
from cloud.audit.aws.target import AWS
from cloud.audit.checkov import Finding
from cloud.audit.planned import PlannedStack
from cloud.audit.targets import TARGETS


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "audit"


@pytest.fixture(scope="session")
def stacks(shared: Path) -> dict[str, PlannedStack]:
    """Every stack of the repository for a cloud."""
    return evidence.stacks(shared)


@pytest.fixture(scope="session")
def production(stacks: dict[str, PlannedStack]) -> PlannedStack:
    """The stack on AWS that passes."""
    return stacks[AWS.production]


@pytest.fixture(scope="session")
def checked(
    stacks: dict[str, PlannedStack], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Finding]]:
    """What Checkov finds in each stack, and in those that were altered."""
    plans = {}
    for target in TARGETS:
        altered = {name: one.mutation(stacks[one.stack]) for name, one in target.altered.items()}
        whole = {name: stacks[name] for name in target.stacks}
        for name, stack in {**whole, **altered}.items():
            plans[name] = terraform.plan(stack, target.terraform, target.render)
    return checkov.evaluate(tmp_path_factory.mktemp("checkov"), plans)


@pytest.fixture(scope="session")
def findings(
    stacks: dict[str, PlannedStack], checked: dict[str, list[Finding]]
) -> dict[str, list[Finding]]:
    """What Checkov finds in each stack."""
    return {name: checked[name] for name in stacks}
