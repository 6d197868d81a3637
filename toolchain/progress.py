"""What the user sees while things are prepared: on stderr, and nothing if nothing is to be done."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

QUIET_SECONDS = 20.0
TICK_SECONDS = 0.5
PREFIX = "secure-redis: "
_MINUTE = 60


def duration(seconds: float) -> str:
    """Seconds as a person says them: `4 s`, `2 min 05 s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < _MINUTE else f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"


class Task:
    """One piece of work. `update` says where it is; the board decides when to show it."""

    def __init__(self, title: str, board: "Board") -> None:
        self.title = title
        self.detail = ""
        self.result = "done"
        self.started = time.monotonic()
        self.shown = self.started
        self.quiet = False  # while its own parts are shown instead
        self._board = board

    def update(self, detail: str) -> None:
        """Where the work is now, in a few words."""
        self.detail = detail

    def say(self, text: str) -> None:
        """A whole line of its own, shown at once."""
        self._board.say(f"{self.title}: {text}")

    def line(self, now: float) -> str:
        """Title, detail and time so far."""
        seconds = duration(now - self.started)
        return (
            f"{self.title}: {self.detail}, {seconds}" if self.detail else f"{self.title}: {seconds}"
        )


class Board:
    """Shows all tasks: one updating line on a terminal, otherwise a line per task each 20 s."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._tasks: list[Task] = []
        self._lock = threading.RLock()
        self._painted = 0
        self._ticker: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Prints a message; several lines are indented below the first."""
        with self._lock:
            self._wipe()
            first, *rest = text.splitlines() or [""]
            print(PREFIX + first, *rest, sep="\n", file=self._stream, flush=True)

    @contextmanager
    def task(self, title: str, announcement: str) -> Iterator[Task]:
        """Announces work, shows its progress while the block runs, then its result and duration."""
        work = Task(title, self)
        self.say(f"{title}: {announcement}")
        with self._lock:
            self._tasks.append(work)
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()
        try:
            yield work
        finally:
            with self._lock:
                self._tasks.remove(work)
                self._wipe()
        self.say(f"{title}: {work.result} ({duration(time.monotonic() - work.started)})")

    def _tick(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._lock:
                now = time.monotonic()
                tasks = [task for task in self._tasks if not task.quiet]
                if self._live and tasks:
                    self._paint(" · ".join(task.line(now) for task in tasks))
                elif not self._live:
                    for task in tasks:
                        if now - task.shown >= QUIET_SECONDS:
                            task.shown = now
                            self.say(task.line(now))

    def _paint(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        text = text[:width]
        self._stream.write("\r" + text + " " * max(0, self._painted - len(text)))
        self._stream.flush()
        self._painted = len(text)

    def _wipe(self) -> None:
        if self._painted:
            self._stream.write("\r" + " " * self._painted + "\r")
            self._painted = 0
