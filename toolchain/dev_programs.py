"""Programs that only the tests need and that no package index has: built from published modules.

A linter of workflows, and the language hosts of YAML and of Node where the engine comes without:
an official one brings them.
"""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import engine
from .built import PROGRAMS, build_programs, program_part
from .official import reachable
from .progress import Task
from .steps import Finding, Setup
from .store import Part

_MODULES = {
    # directory in toolchain/: the module whose version is the program's
    "actionlint": "github.com/rhysd/actionlint",
    "language-yaml": "github.com/pulumi/pulumi-yaml",
    "language-nodejs": "github.com/pulumi/pulumi/pkg/v3",
}
_OF_THE_ENGINE = frozenset({"language-yaml", "language-nodejs"})


def parts(setup: Setup) -> dict[str, Part]:
    """The programs that this machine needs, by the directory of their Go module."""
    used = engine.ready_engine(setup)
    folders = [str(used.program.resolve().parent)] if used else []
    path = os.pathsep.join([*folders, setup.environ.get("PATH", os.defpath)])
    return {
        name: program_part(setup, name, _version(name))
        for name in _MODULES
        # Language hosts come with the engine that is used, or lie on PATH.
        if not (name in _OF_THE_ENGINE and shutil.which(PROGRAMS[name].program, path=path))
    }


def _version(name: str) -> str:
    """The version that the program's go.mod requires, without its v."""
    text = (Path(__file__).parent / name / "go.mod").read_text(encoding="utf-8")
    pattern = rf"^(?:require|\t)\s*{re.escape(_MODULES[name])} v(\S+)"
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise ValueError(f"{name}/go.mod requires no {_MODULES[name]}")
    return found.group(1)


def _missing(setup: Setup, wanted: Mapping[str, Part]) -> dict[str, Part]:
    return {name: part for name, part in wanted.items() if not setup.store.has(part)}


def look(setup: Setup) -> Finding:
    """Ready when every program is there; those in the store go onto the command's PATH."""
    wanted = parts(setup)
    missing = ", ".join(PROGRAMS[name].program for name in _missing(setup, wanted))
    if missing:
        return Finding(False, f"missing: {missing}", f"build {missing}", "3 to 6 minutes")
    for part in wanted.values():
        setup.store.used(part)
    names = ", ".join(f"{PROGRAMS[name].program} {part.version}" for name, part in wanted.items())
    folders = tuple(setup.store.path(part) for part in wanted.values())
    return Finding(True, names, path=folders)


def obtain(setup: Setup, task: Task) -> None:
    """Builds the missing programs. Raises PreparationError with the compiler's words.

    Not the language hosts while an official engine, which brings them, is being downloaded.
    """
    missing = _missing(setup, parts(setup))
    if engine.ready_engine(setup) is None and reachable(setup):
        missing = {name: part for name, part in missing.items() if name not in _OF_THE_ENGINE}
    build_programs(setup, task, missing)
    task.result = "built"
