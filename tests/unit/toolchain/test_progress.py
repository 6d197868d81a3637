"""What is shown while work goes on: lines in a log, one changing line on a terminal."""

import io
import re
import time

import pytest

from toolchain import progress
from toolchain.progress import Board


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s")],
)
def test_durations_are_said_as_people_do(seconds, text):
    assert progress.duration(seconds) == text


def test_a_log_gets_lines_now_and_then(monkeypatch):
    stream = io.StringIO()
    with Board(stream).task("Engine", "building (usually long)") as task:
        task.update("3 of 9")
        time.sleep(0.35)
        task.result = "built"
    lines = stream.getvalue().splitlines()
    assert lines[0] == "secure-redis: Engine: building (usually long)"
    assert lines[1] == "secure-redis: Engine: 3 of 9, 0 s"
    assert 3 <= len(lines) <= 6
    assert re.fullmatch(r"secure-redis: Engine: built \(\d s\)", lines[-1])
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_one_line_of_all_tasks_that_changes():
    stream = Terminal()
    board = Board(stream)
    with board.task("A", "a") as first, board.task("B", "b") as second:
        first.update("one")
        second.update("two")
        time.sleep(0.1)
    assert "\rA: one, 0 s · B: two, 0 s" in stream.getvalue()
    assert stream.getvalue().endswith("secure-redis: A: done (0 s)\n")


def test_a_task_whose_parts_are_shown_is_not(monkeypatch):
    stream = io.StringIO()
    with Board(stream).task("All", "start") as task:
        task.quiet = True
        time.sleep(0.3)
    assert len(stream.getvalue().splitlines()) == 2


def test_a_failure_does_not_claim_a_result():
    stream = io.StringIO()

    def fails():
        with Board(stream).task("A", "a"):
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fails()
    assert stream.getvalue() == "secure-redis: A: a\n"


def test_messages_of_several_lines_are_named_once():
    stream = io.StringIO()
    Board(stream).say("first\n  second")
    assert stream.getvalue() == "secure-redis: first\n  second\n"
