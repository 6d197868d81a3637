"""Parts of the store appear whole or not at all, whatever happens while they are made."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolchain.errors import PreparationError
from toolchain.store import UNUSED_DAYS, Part, Store, digest_of, remove_tree, source_files

ROOT = Path(__file__).resolve().parents[3]
PART = Part("thing", "1.0", "0123456789abcdef")

SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from toolchain.store import Part, Store

def make(directory):
    with open({log!r}, "a") as log:
        log.write("made\\n")
    (directory / "first").write_text("half")
    print("making", flush=True)
    time.sleep({pause})
    (directory / "second").write_text("whole")

store = Store(Path({store!r}), lambda text: print(text, flush=True))
store.obtain(Part("thing", "1.0", "0123456789abcdef"), make)
print("done", flush=True)
"""


def maker(tmp_path, pause):
    script = SCRIPT.format(
        root=str(ROOT), log=str(tmp_path / "log"), store=str(tmp_path / "store"), pause=pause
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def contents(store):
    return sorted(p.name for p in store.root.iterdir() if p.name != "locks")


def test_a_part_is_made_once_and_named_by_its_hash(tmp_path):
    store = Store(tmp_path / "store")
    made = []

    def make(directory):
        made.append(directory)
        (directory / "file").write_text("content")

    for _ in range(2):
        assert (store.obtain(PART, make) / "file").read_text() == "content"
    assert len(made) == 1
    assert contents(store) == ["thing-1.0-0123456789ab"]


def test_a_failure_leaves_nothing(tmp_path):
    store = Store(tmp_path / "store")

    def make(directory):
        (directory / "half").touch()
        raise PreparationError("lost")

    with pytest.raises(PreparationError, match="lost"):
        store.obtain(PART, make)
    assert contents(store) == []
    assert not store.has(PART)


def test_killed_in_the_middle_and_run_again(tmp_path):
    first = maker(tmp_path, pause=60)
    assert first.stdout
    assert first.stdout.readline() == "making\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    store = Store(tmp_path / "store")
    assert not store.has(PART)
    assert len(contents(store)) == 1, "the half-made part is still beside"
    second = maker(tmp_path, pause=0)
    assert "done" in second.communicate(timeout=20)[0], "the dead run's lock must not block"
    assert contents(store) == ["thing-1.0-0123456789ab"], "the leftover is gone"
    assert (store.path(PART) / "second").read_text() == "whole"


def test_two_at_once_make_it_once_and_one_says_that_it_waits(tmp_path):
    first = maker(tmp_path, pause=1)
    assert first.stdout
    assert first.stdout.readline() == "making\n"
    second = maker(tmp_path, pause=1)
    output = second.communicate(timeout=20)[0]
    assert first.wait(20) == 0
    assert "another run is building it (thing): waiting for it" in output
    assert "making" not in output
    assert (tmp_path / "log").read_text() == "made\n"


def test_leftovers_of_other_parts_are_not_touched(tmp_path):
    store = Store(tmp_path / "store")
    other = store.root / ".other.abc.making"
    other.mkdir(parents=True)
    mine = store.root / ".thing.abc.making"
    mine.mkdir()
    store.obtain(PART, lambda directory: (directory / "x").touch())
    assert other.exists()
    assert not mine.exists()


def test_parts_that_nobody_used_for_long_make_room(tmp_path):
    store = Store(tmp_path / "store")
    store.obtain(PART, lambda directory: None)
    recent = Part("thing", "1.1", "1" * 12)
    store.obtain(recent, lambda directory: None)
    longer_name = Part("thing-else", "1.0", "3" * 12)
    store.obtain(longer_name, lambda directory: None)
    old = time.time() - (UNUSED_DAYS + 1) * 86400
    for part in (PART, longer_name):
        os.utime(store.path(part), (old, old))
    store.obtain(Part("thing", "1.2", "2" * 12), lambda directory: None)
    assert not store.has(PART)
    assert store.has(recent)
    assert store.has(longer_name)


def test_use_keeps_a_part_young(tmp_path):
    store = Store(tmp_path / "store")
    store.obtain(PART, lambda directory: None)
    old = time.time() - (UNUSED_DAYS + 1) * 86400
    os.utime(store.path(PART), (old, old))
    store.used(PART)
    assert time.time() - store.path(PART).stat().st_mtime < 60


def test_alone_is_false_while_another_shares(tmp_path):
    store = Store(tmp_path / "store")
    with store.shared("work") as first:
        with store.shared("work") as second:
            assert not second()
        assert first()


def test_a_store_that_cannot_be_written_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "store")
    with pytest.raises(PreparationError, match="SECURE_REDIS_CACHE_DIR"):
        store.obtain(PART, lambda directory: None)


def test_read_only_trees_are_removed(tmp_path):
    folder = tmp_path / "mod" / "deep"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    folder.chmod(0o500)
    (tmp_path / "mod").chmod(0o500)
    remove_tree(tmp_path / "mod")
    assert not (tmp_path / "mod").exists()


def test_the_hash_covers_names_contents_and_facts(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    first = digest_of([file], "linux")
    assert digest_of([file], "linux") == first
    assert digest_of([file], "darwin") != first
    file.write_text("2")
    assert digest_of([file], "linux") != first


def test_sources_are_what_a_build_reads(tmp_path):
    for name in ("main.go", "main_test.go", ".hidden", "x.pyc", "testdata/t.go", "sub/b.go"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(p.relative_to(tmp_path)) for p in source_files(tmp_path)] == ["main.go", "sub/b.go"]
