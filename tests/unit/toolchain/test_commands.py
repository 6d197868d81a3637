"""Programs run for us are read, bounded, and ended with everything that they started."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from toolchain import commands
from toolchain.commands import Children, Result, must, run_together
from toolchain.errors import PreparationError, StoppedError


def alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_lines_of_both_streams_and_the_exit_code():
    lines = []
    result = Children().run(["sh", "-c", "echo one; echo two >&2; exit 3"], on_line=lines.append)
    assert lines == ["one", "two"]
    assert (result.code, result.tail) == (3, ("one", "two"))


def test_nothing_waits_for_input():
    assert Children().run(["cat"], timeout=10).code == 0


def test_a_program_that_takes_too_long_is_ended():
    started = time.monotonic()
    assert Children().run(["sleep", "60"], timeout=0.3).code == 124
    assert time.monotonic() - started < 10


def test_a_program_that_does_not_exist_is_named():
    with pytest.raises(PreparationError, match="no-such-program"):
        # with and without the prefix that ties it to us
        must(Children().run(["no-such-program"]), "starting no-such-program")


def test_stop_ends_the_whole_group_and_refuses_new_programs(tmp_path):
    children = Children()
    note = tmp_path / "pid"
    script = f"sleep 300 & echo $! > {note}; wait"
    problems = []

    def run():
        try:
            children.run(["sh", "-c", script])
        except StoppedError as stopped:
            problems.append(stopped)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: note.exists() and note.read_text().strip())
    grandchild = int(note.read_text())
    assert alive(grandchild)
    children.stop()
    thread.join(10)
    until(lambda: not alive(grandchild))
    assert len(problems) == 1
    with pytest.raises(StoppedError):
        children.run(["true"])


def test_a_program_that_ignores_sigterm_is_ended_too(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "GRACE_SECONDS", 0.3)
    children = Children()
    note = tmp_path / "pid"
    script = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    )

    def run():
        with pytest.raises(StoppedError):
            children.run([sys.executable, "-c", script])

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: note.exists() and note.read_text())
    children.stop()
    thread.join(10)
    until(lambda: not alive(int(note.read_text())))


def test_the_first_failure_ends_the_others_and_is_the_one_reported():
    children = Children()
    ended = []

    def slow():
        try:
            children.run(["sleep", "300"])
        finally:
            ended.append(True)

    def fails():
        time.sleep(0.3)
        raise PreparationError("the reason")

    with pytest.raises(PreparationError, match="the reason"):
        run_together(children, [slow, fails])
    until(lambda: ended == [True])


def test_a_failure_shows_the_last_lines_and_that_parts_are_kept():
    result = Result(1, (*(f"line {n}" for n in range(20)), "dial tcp: lost"))
    with pytest.raises(PreparationError) as problem:
        must(result, "building it", network=True)
    text = str(problem.value)
    assert text.startswith("building it failed (exit code 1):")
    assert "dial tcp: lost" in text
    assert "line 2\n" not in text
    assert text.endswith("Run the same command again: finished parts are kept.")
    assert must(Result(0, ()), "x").code == 0


@pytest.mark.parametrize("present", [True, False])
def test_programs_die_with_us_where_the_system_can_do_that(monkeypatch, present):
    monkeypatch.setattr(commands.shutil, "which", lambda _: "/bin/setpriv" if present else None)
    wanted = ["/bin/setpriv", "--pdeathsig", "TERM", "--"] if present else []
    assert commands._ends_with_us() == (wanted if sys.platform == "linux" else [])


INTERRUPTED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from toolchain.commands import Children, run_together

children = Children()

def inner():
    try:
        print("up", flush=True)
        children.run(["sleep", "300"])
    finally:
        time.sleep(0.5)  # deleting what is half made takes its time
        Path({note!r}).touch()

try:
    run_together(children, [lambda: run_together(children, [inner])])
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_interrupted_jobs_clean_up_before_the_end(tmp_path, delay):
    note = tmp_path / "clean"
    script = INTERRUPTED.format(root=str(Path(__file__).resolve().parents[3]), note=str(note))
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert note.exists()
