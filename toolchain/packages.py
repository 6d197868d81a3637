"""System packages on Debian and its relatives, by apt, one run at a time."""

import os
import time
from collections.abc import Sequence

from .commands import Result, must
from .errors import PreparationError
from .progress import Task
from .steps import Setup

LOCK_TRIES = 30
_LOCK_PAUSE = 5.0
_APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3")
_updated: set[bool] = set()  # holds True once this run has fetched the lists


def install(setup: Setup, task: Task, names: Sequence[str]) -> None:
    """Installs packages with hard dependencies only. Raises PreparationError with apt's words.

    An update that fails for some of the machine's sources does not stop it: the install decides.
    A half-done earlier run of dpkg is finished first.
    """
    if not setup.machine.can_install_packages:
        raise PreparationError(f"install these packages and run again: {' '.join(names)}")
    with setup.store.locked("apt", "installing system packages"):
        if not _updated:
            task.update("apt-get update")
            _apt(setup, task, "update")
            _updated.add(True)
        _run(setup, task, ["dpkg", "--configure", "-a"])
        task.update(f"installing {', '.join(names)}")
        must(
            _apt(setup, task, "install", "-y", "--no-install-recommends", *names),
            f"apt-get install {' '.join(names)}",
            network=True,
        )


def _apt(setup: Setup, task: Task, *words: str) -> Result:
    """Runs apt-get; waits while another program (a nightly upgrade, say) holds its lists."""
    for _ in range(LOCK_TRIES):
        result = _run(setup, task, [*_APT, *words])
        if result.code == 0 or "Could not get lock" not in result.text:
            return result
        task.update("waiting for another program that uses apt")
        time.sleep(_LOCK_PAUSE)
        setup.children.check()
    raise PreparationError("another program has kept apt locked for minutes; try again later")


def _run(setup: Setup, task: Task, argv: Sequence[str]) -> Result:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return setup.children.run(argv, env=env, on_line=lambda line: task.update(line[:60]))
