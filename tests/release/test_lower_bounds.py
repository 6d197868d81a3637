"""The oldest versions that the package promises to work with, and every Python.

The unit tests run in environments of their own, with the package from the wheel: a part of them
here, with the oldest of everything; all of them with `--sweep`.
"""

import re
from pathlib import Path

import pytest

from release.distribution import REPOSITORY
from tests.release.environments import PYTHONS, Environment, run

PINS = REPOSITORY / "requirements"
LOWEST = (PINS / "lower-bounds.txt", PINS / "lower-bounds-tests.txt")
NEWEST = tuple(PINS / f"{name}.txt" for name in ("docker", "aws", "azure", "gcp", "dev"))
UNIT = ("tests/unit/package", "tests/unit/rendering")
COMPONENTS = tuple(
    f"tests/unit/package/test_{name}.py"
    for name in (
        "configuration_problems",
        "settings_defaults",
        "component_arguments",
        "component_resources",
        "aws_component",
        "azure_component",
        "gcp_component",
    )
)
OF_THIS_RUN = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "VIRTUAL_ENV")
SOME = (
    "test_configuration_problems or test_settings_defaults or test_component_arguments or ("
    "logical_names_are_for_ever and "
    "(production-full or mtls or cluster or classic-premium))"
)
"""Wrong arguments, and every resource of the richest cache of each kind: previewed and made."""


def lower_bounds() -> dict[str, str]:
    """What components/pyproject.toml asks for at least, by distribution."""
    text = (REPOSITORY / "components" / "pyproject.toml").read_text()
    project = text.partition("\n[project]\n")[2].partition("\n[project.scripts]\n")[0]
    return dict(re.findall(r'"([a-z0-9-]+)>=([0-9.]+)', project))


def pinned(*files: Path) -> dict[str, str]:
    pin = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
    return {name: version for file in files for name, version in pin.findall(file.read_text())}


def padded(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (3 - len(numbers)))


def unit_tests(environment: Environment, workers: int, *selection: str) -> str:
    command = ["env", *(f"--unset={name}" for name in OF_THIS_RUN), environment.python]
    command += ["-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider"]
    return run([*command, "-W", "ignore::DeprecationWarning", *selection], timeout=3000)


def test_the_pins_are_the_lower_bounds() -> None:
    bounds = lower_bounds()
    assert {"pulumi", "pulumi-aws", "pulumi-gcp", "pulumi-docker", "pydantic"} <= bounds.keys()
    pins = pinned(LOWEST[0])
    assert {name: padded(pins[name]) for name in bounds} == {
        name: padded(version) for name, version in bounds.items()
    }


@pytest.mark.timeout(600)
def test_components_with_the_oldest_of_everything(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "oldest", PYTHONS[0])
    environment.install(*_pins(LOWEST))
    environment.install("--no-deps", str(wheel))
    printed = unit_tests(environment, 0, *COMPONENTS, "-k", SOME)
    passed = re.search(r"^(\d+) passed", printed, re.MULTILINE)
    assert passed, printed[-500:]
    assert int(passed[1]) > 50


@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("python", "pins"),
    [(PYTHONS[0], LOWEST), *((version, NEWEST) for version in PYTHONS)],
    ids=["oldest", *PYTHONS],
)
def test_all_unit_tests(python: str, pins: tuple[Path, ...], wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environment", python)
    environment.install(*_pins(pins))
    environment.install("--no-deps", str(wheel))
    printed = unit_tests(environment, 2, *UNIT)
    assert re.search(r"^\d{4,} passed", printed, re.MULTILINE), printed[-500:]


def _pins(files: tuple[Path, ...]) -> list[str]:
    return ["--require-hashes", *(word for file in files for word in ("-r", str(file)))]
