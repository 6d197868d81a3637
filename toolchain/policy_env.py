"""The Python environment of the policy pack, `policy/.venv`.

The policy SDK needs packages in other versions than the project, so the pack has an environment of
its own. It is kept with the other parts, and `policy/.venv` leads to it.
"""

import os
from pathlib import Path

from .errors import PreparationError
from .progress import Task
from .python_env import environment_part, make_environment, pinned
from .steps import Finding, Setup
from .store import Part

PACK = Path("policy")
LINK = PACK / ".venv"


def part(setup: Setup) -> Part:
    """The environment in the store: named by the policy SDK's version.

    Raises PreparationError if the pack has no pins.
    """
    pins = _pins(setup)
    return environment_part(setup, "policy", pinned(pins, "pulumi-policy"), pins)


def look(setup: Setup) -> Finding:
    """Ready when `policy/.venv` leads to the pinned packages, or is somebody's own environment."""
    link = setup.project / LINK
    wanted = part(setup)
    name = f"pulumi-policy {wanted.version}"
    if link.is_dir() and not link.is_symlink():
        return Finding(True, f"{link}: made by hand")
    if _leads_to(link) == setup.store.path(wanted) and setup.store.has(wanted):
        setup.store.used(wanted)
        return Finding(True, name)
    quick = setup.store.has(wanted)
    found = f"{link} does not lead to it" if quick else "not there yet"
    plan = "link it" if quick else f"install {name} into an environment of its own"
    return Finding(False, found, plan, "" if quick else "half a minute")


def obtain(setup: Setup, task: Task) -> None:
    """Makes the environment, and lets `policy/.venv` lead to it.

    Raises PreparationError with the installer's words, or if the link cannot be made.
    """

    def make(directory: Path) -> None:
        make_environment(setup, task, _pins(setup), directory, "the policy pack's")

    made = setup.store.obtain(part(setup), make, doing="installing the policy pack's packages")
    link = setup.project / LINK
    new = link.with_name(f"{link.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        new.symlink_to(made, target_is_directory=True)
        new.replace(link)
    except OSError as error:
        raise PreparationError(f"cannot make {link}: {error.strerror}") from error
    task.result = "installed"


def _pins(setup: Setup) -> Path:
    file = setup.project / PACK / "requirements.txt"
    if not file.is_file():
        raise PreparationError(f"{file} is missing: this copy of the repository is not complete")
    return file


def _leads_to(link: Path) -> Path | None:
    """Where a link leads; None if there is none."""
    try:
        return link.readlink()
    except OSError:
        return None
