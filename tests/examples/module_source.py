"""The package as other people's programs get it: a tag of a git repository, and a wheel."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from toolchain.python_env import uv_environment

REPOSITORY = Path(__file__).resolve().parents[2]
AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]


def git_repository(directory: Path, tag: str) -> str:
    """A repository with one commit, this working tree, under `tag`. Returns its URL for pip."""
    copy_package(directory)
    _run(["git", "init", "--quiet", "--initial-branch=main"], directory)
    _run(["git", "add", "--all"], directory)
    _run(["git", *AUTHOR, "commit", "--quiet", "--no-verify", "--message=release"], directory)
    _run(["git", *AUTHOR, "tag", tag], directory)
    return f"git+{directory.as_uri()}"


def environment_with_wheel(directory: Path, extra: str) -> Path:
    """A fresh virtual environment with the package's wheel and an extra. Returns where it is."""
    source, venv = directory / "source", directory / "venv"
    copy_package(source)
    _uv(["build", "--quiet", "--wheel", "--out-dir", str(directory), "components"], source)
    (wheel,) = directory.glob("secure_redis-*.whl")
    _uv(["venv", "--quiet", "--python", sys.executable, str(venv)], directory)
    install = ["pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    # The versions that the providers of the toolchain are made for.
    pins = ["--constraints", str(REPOSITORY / "requirements" / "docker.txt")]
    _uv([*install, *pins, f"secure-redis[{extra}] @ {wheel.as_uri()}"], directory)
    return venv


def copy_package(directory: Path) -> None:
    """Copies `components/` and the files beside it, as the working tree has them."""
    list_files = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in filter(None, _run(list_files, REPOSITORY).split("\0")):
        source, target = REPOSITORY / name, directory / name
        # What is gone from the working tree is not yet gone from the index.
        if (name.startswith("components/") or "/" not in name) and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


@cache
def uv() -> str:
    """The uv that made the tests' own environment: on PATH, or kept by the toolchain."""
    store = os.environ.get("SECURE_REDIS_CACHE_DIR", str(Path.home() / ".cache" / "secure-redis"))
    kept = sorted(Path(store).glob("uv-*/lib/bin/uv"), key=lambda path: path.stat().st_mtime)
    found = shutil.which("uv") or (str(kept[-1]) if kept else "")
    assert found, f"no uv on PATH, and none in {store}"
    return found


def _uv(arguments: list[str], directory: Path) -> None:
    environ = uv_environment(cast("Any", SimpleNamespace(environ=os.environ)))
    _run([uv(), *arguments], directory, environ)


def _run(command: list[str], directory: Path, environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=directory,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
