"""The stacks and Checkov's findings, made once for all tests of a run."""

import os
from pathlib import Path

import pytest
from cloud.audit import checkov, evidence, mutations, terraform
from cloud.audit.checkov import Finding
from cloud.audit.planned import PlannedStack


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "audit"


@pytest.fixture(scope="session")
def stacks(shared: Path) -> dict[str, PlannedStack]:
    """Every stack of the repository for AWS."""
    return evidence.stacks(shared)


@pytest.fixture(scope="session")
def production(stacks: dict[str, PlannedStack]) -> PlannedStack:
    """The stack that passes."""
    return stacks[evidence.PRODUCTION]


@pytest.fixture(scope="session")
def checked(
    stacks: dict[str, PlannedStack],
    production: PlannedStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, list[Finding]]:
    """What Checkov finds in each stack, and in two that are wrong: `broken` and `seldom`."""
    wrong = {"broken": mutations.BROKEN(production), "seldom": mutations.SELDOM(production)}
    plans = {name: terraform.plan(stack) for name, stack in {**stacks, **wrong}.items()}
    return checkov.evaluate(tmp_path_factory.mktemp("checkov"), plans)


@pytest.fixture(scope="session")
def findings(
    stacks: dict[str, PlannedStack], checked: dict[str, list[Finding]]
) -> dict[str, list[Finding]]:
    """What Checkov finds in each stack."""
    return {name: checked[name] for name in stacks}
