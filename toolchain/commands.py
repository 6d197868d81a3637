"""Running other programs: each in a process group of its own, read line by line, all stoppable."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import PreparationError, StoppedError

GRACE_SECONDS = 3.0
CLEAN_UP_SECONDS = 10.0
TAIL_LINES = 30


@dataclass(frozen=True)
class Result:
    """How a program ended: its exit code and the last lines of stdout and stderr together."""

    code: int
    tail: tuple[str, ...]

    @property
    def text(self) -> str:
        """The last lines as one text."""
        return "\n".join(self.tail)


class Children:
    """The programs that run for us now. `stop()` ends them all, and refuses new ones."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def check(self) -> None:
        """Raises StoppedError once `stop()` was called: for loops that run no program."""
        if self._stopping.is_set():
            raise StoppedError

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Runs a program to its end. stdin is empty; stdout and stderr are one stream of lines.

        A `timeout` (seconds) ends it with code 124. Raises StoppedError if `stop()` ended it, and
        PreparationError if it cannot be started.
        """
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        child = self._start(argv, env, cwd)
        expired = threading.Event()
        timer = threading.Timer(timeout or 0, lambda: (expired.set(), end_group(child)))
        timer.daemon = True
        if timeout:
            timer.start()
        try:
            for line in child.stdout or ():
                tail.append(line.rstrip())
                if on_line:
                    on_line(line.rstrip())
            child.wait()
        finally:
            timer.cancel()
            if child.poll() is None:
                end_group(child)
            with self._lock:
                self._running.discard(child)
        self.check()
        return Result(124 if expired.is_set() else child.returncode, tuple(tail))

    def _start(
        self, argv: Sequence[str | Path], env: Mapping[str, str] | None, cwd: Path | None
    ) -> subprocess.Popen[str]:
        with self._lock:
            self.check()
            try:
                child = subprocess.Popen(
                    [*_ends_with_us(), *map(str, argv)],
                    env=dict(env) if env is not None else None,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            except OSError as error:
                raise PreparationError(f"cannot start {argv[0]}: {error.strerror}") from error
            self._running.add(child)
            return child

    def stop(self) -> None:
        """Ends every running program with its whole process group, and refuses new ones."""
        self._stopping.set()
        with self._lock:
            running = list(self._running)
        for child in running:
            end_group(child, wait=False)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in running:
            while child.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            _signal_group(child, signal.SIGKILL)


def end_group(child: "subprocess.Popen[str]", *, wait: bool = True) -> None:
    """Asks a program's process group to end, and after a grace of 3 s makes it."""
    _signal_group(child, signal.SIGTERM)
    if wait:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        _signal_group(child, signal.SIGKILL)


def _signal_group(child: "subprocess.Popen[str]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _ends_with_us() -> list[str]:
    """A prefix that has the kernel end a program if we are killed without a chance to act."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def must(result: Result, what: str, *, network: bool = False) -> Result:
    """Returns a good result; raises PreparationError with the last lines of a bad one."""
    if result.code == 0:
        return result
    lines = [line for line in result.tail if line.strip()][-8:]
    advice = "\nRun the same command again: finished parts are kept." if network else ""
    shown = "\n".join(f"  | {line}" for line in lines)
    raise PreparationError(f"{what} failed (exit code {result.code}):\n{shown}{advice}")


def run_together(children: Children, jobs: Sequence[Callable[[], None]]) -> None:
    """Runs jobs in threads; the first that fails ends the others, and its reason is raised.

    When the caller is interrupted the jobs are ended, and get 10 s to remove what they half made.
    """
    failures: list[BaseException] = []
    started: list[threading.Thread] = []
    finished: list[bool] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except StoppedError:
            pass  # ended because of another, or by the user: the cause is reported there
        except BaseException as problem:  # noqa: BLE001 - raised again by the thread that waits
            failures.append(problem)
            children.stop()
        finally:
            finished.append(True)

    def wait(seconds: float) -> None:
        # Not by join(): interrupted, it takes a thread that runs for one that has ended.
        deadline = time.monotonic() + seconds
        while len(finished) < len(started) and time.monotonic() < deadline:
            time.sleep(0.02)

    try:
        for job in jobs:
            started.append(threading.Thread(target=guarded, args=(job,), daemon=True))
            started[-1].start()
        wait(float("inf"))
    except KeyboardInterrupt:
        children.stop()
        wait(CLEAN_UP_SECONDS)
        raise
    if failures:
        raise failures[0]
    children.check()
