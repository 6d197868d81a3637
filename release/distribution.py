"""The files of a release: a wheel, a source archive, and their checksums."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain.commands import Children
from toolchain.machine import detect
from toolchain.progress import Board, Task
from toolchain.python_env import find_uv, uv_environment
from toolchain.stack_file import read_stack_file
from toolchain.steps import Setup
from toolchain.store import Store

REPOSITORY = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"


def uv() -> tuple[str, Mapping[str, str]]:
    """The path of uv, as the toolchain finds or obtains it, and the environment to run it in.

    Raises PreparationError where there is none.
    """
    machine = detect(os.environ)
    board = Board()
    setup = Setup(
        project=REPOSITORY,
        stack=read_stack_file(REPOSITORY, "local"),
        dev=False,
        machine=machine,
        store=Store(machine.cache, board.say),
        board=board,
        children=Children(),
        environ=dict(os.environ),
    )
    return find_uv(setup, Task("uv", board)), uv_environment(setup)


def build(directory: Path, source: Path = REPOSITORY / "components") -> list[Path]:
    """Builds the source archive, from it the wheel, and writes `SHA256SUMS`. Returns the three.

    The build's own packages are those of requirements/build.txt, checked by hash; the same source
    gives the same bytes. Raises CalledProcessError where the build fails.
    """
    program, environment = uv()
    pins = REPOSITORY / "requirements" / "build.txt"
    command = [program, "build", "--quiet", "--out-dir", str(directory), "--no-create-gitignore"]
    command += ["--require-hashes", "--build-constraints", str(pins), str(source)]
    subprocess.run(command, check=True, env=dict(environment))
    files = sorted([*directory.glob("*.whl"), *directory.glob("*.tar.gz")])
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (directory / SUMS).write_text("".join(sums), encoding="utf-8")
    return [*files, directory / SUMS]


def verify(directory: Path) -> list[Path]:
    """The files of a release that `build` made, found to be as it made them.

    Raises ValueError where one is missing, added or changed.
    """
    sums = (directory / SUMS).read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, _, name in (line.partition("  ") for line in sums)}
    present = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in directory.iterdir()
        if file.name != SUMS
    }
    different = sorted(dict(wanted.items() ^ present.items()))
    if different or not wanted:
        raise ValueError(f"not as {SUMS} says: {', '.join(different) or 'nothing is listed'}")
    return [directory / name for name in sorted(wanted)]


def publish(directory: Path) -> None:
    """Uploads wheel and source archive, after a look at their checksums.

    The index is told who asks by the CI's identity, never by a token that somebody keeps. Raises
    ValueError for files that were changed and CalledProcessError where the index refuses.
    """
    program, environment = uv()
    command = [program, "publish", "--trusted-publishing", "always"]
    subprocess.run([*command, *map(str, verify(directory))], check=True, env=dict(environment))
