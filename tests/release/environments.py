"""Fresh Python environments with the package as its users install it: from the wheel, by uv."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from release.distribution import REPOSITORY, uv

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
"""The versions of Python that the package is tested with, the lowest first."""
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def run(
    command: list[str],
    *,
    directory: Path = REPOSITORY,
    environment: Mapping[str, str] | None = None,
    timeout: float = 240,
) -> str:
    """What a command prints. It must succeed."""
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    tail = "\n".join((done.stdout + done.stderr).splitlines()[-60:])
    assert done.returncode == 0, f"{' '.join(command)}\nexit code {done.returncode}\n{tail}"
    return done.stdout


def interpreter(version: str) -> str:
    """A Python of this version on the machine, or the version, for uv to find or to download."""
    found = sorted(PYENV.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else version


class Environment:
    """A virtual environment of its own."""

    def __init__(self, directory: Path, version: str = "") -> None:
        self._uv, environment = uv()
        self._environment = {**environment, "UV_PYTHON_DOWNLOADS": "automatic"}
        self.directory = directory
        base = interpreter(version) if version else sys.executable
        self.uv("venv", "--quiet", "--python", base, str(directory))

    @property
    def python(self) -> str:
        return str(self.directory / "bin" / "python")

    def uv(self, *arguments: str) -> str:
        return run([self._uv, *arguments], timeout=600, environment=self._environment)

    def install(self, *what: str, constraints: Iterable[Path] = ()) -> None:
        """What the files of hashed pins have in the pinned versions, checked by their hashes."""
        pins = [word for file in constraints for word in ("--constraints", str(file))]
        self.uv("pip", "install", "--quiet", "--python", self.python, *pins, *what)
        self.uv("pip", "check", "--quiet", "--python", self.python)

    def distributions(self) -> set[str]:
        """Names of what is installed."""
        script = (
            "from importlib.metadata import distributions\n"
            "print(*(each.name.lower().replace('_', '-') for each in distributions()))"
        )
        return set(run([self.python, "-I", "-c", script]).split())
