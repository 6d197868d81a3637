"""A scratch repository and machine, with fake programs where real ones are slow."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.commands import Children
from toolchain.machine import Machine
from toolchain.progress import Board, Task
from toolchain.stack_file import read_stack_file
from toolchain.steps import Setup
from toolchain.store import Store

ROOT = Path(__file__).resolve().parents[3]
SYSTEM_PATH = "/usr/bin:/bin"
STACKS = {
    "local": "docker",
    "elsewhere": "external",
    "cloud": "aws",
    "other-cloud": "azure",
    "third-cloud": "gcp",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that the toolchain reads in a repository, with short stacks."""
    project = tmp_path / "project"
    for folder in ("stacks", "requirements", "components/secure_redis/docker"):
        (project / folder).mkdir(parents=True)
    for source in (ROOT / "requirements").glob("*.txt"):
        (project / "requirements" / source.name).write_bytes(source.read_bytes())
    (project / "requirements" / "external.txt").write_text(
        "pulumi==3.231.0\npulumi-random==4.21.4\n"
    )
    images = "components/secure_redis/docker/images.json"
    (project / images).write_bytes((ROOT / images).read_bytes())
    (project / "components" / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (project / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    for name, target in STACKS.items():
        text = f"config:\n  secure-redis:target: {target}\n"
        (project / "stacks" / f"Pulumi.{name}.yaml").write_text(text)
    return project


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a shell script into a directory that is first on the scratch machine's PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def write(name: str, script: str) -> Path:
        program = programs / name
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return program

    return write


@pytest.fixture
def make_setup(tmp_path: Path, project: Path) -> Callable[..., Setup]:
    """A Setup on a scratch machine: `environ` on top of HOME and PATH, other words for Machine."""

    def make(stack: str = "local", environ: dict[str, str] | None = None, **facts: object) -> Setup:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        machine: dict[str, object] = {
            "system": "linux",
            "arch": "x64",
            "root": False,
            "debian_family": False,
            "home": home,
            "cache": tmp_path / "cache",
            "state": tmp_path / "state",
            "python": Path(os.path.realpath(sys.executable)),
        }
        machine.update(facts)
        board = Board()
        path = f"{tmp_path / 'programs'}:{SYSTEM_PATH}"
        (tmp_path / "cache").mkdir(exist_ok=True)
        return Setup(
            project=project,
            stack=read_stack_file(project, stack),
            dev=False,
            machine=Machine(**machine),  # pyright: ignore[reportArgumentType]
            store=Store(tmp_path / "cache", board.say),
            board=board,
            children=Children(),
            environ={"HOME": str(home), "PATH": path, **(environ or {})},
        )

    return make


@pytest.fixture
def task() -> Task:
    """A task whose progress nobody watches."""
    return Task("test", Board())


def uv_that_makes(program: str) -> str:
    """A uv whose environments have one program, and whose installations fail beside a `fail`."""
    return f"""
echo "$*" >> "$(dirname "$0")/uv.log"
case "$1" in
--version) echo "uv 0.13.8" ;;
venv)
  for last; do :; done
  mkdir -p "$last/bin" && touch "$last/bin/{program}" ;;
pip) [ ! -e "$(dirname "$0")/fail" ] || {{ echo "error: connection lost" >&2; exit 2; }} ;;
esac
"""
