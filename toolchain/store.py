"""Obtained parts, kept outside the repository: each appears whole or not at all.

A part lives in `<cache>/<name>-<version>-<hash12>/`. It is made in a temporary directory beside it
and renamed into place; a lock per part makes a second run wait for the first.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import PreparationError

UNUSED_DAYS = 60
_DAY = 86400.0
_LARGE = 1_000_000


@dataclass(frozen=True)
class Part:
    """A thing to keep: its directory's name says what it is and what it was made from."""

    name: str
    version: str
    digest: str  # hex, at least 12 characters: over everything that the content depends on

    @property
    def directory(self) -> str:
        """The directory's name in the store."""
        return f"{self.name}-{self.version}-{self.digest[:12]}"


def digest_of(files: Iterable[Path], *facts: str) -> str:
    """SHA-256 (hex) over the names and contents of files (in the order given) and further facts."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    for fact in facts:
        total.update(b"\1" + fact.encode())
    return total.hexdigest()


def source_files(directory: Path) -> list[Path]:
    """Every file that a part is built from, below `directory`, in a stable order."""
    found: list[Path] = []
    for parent, folders, names in os.walk(directory):
        folders[:] = sorted(f for f in folders if f not in {"__pycache__", "testdata"})
        found += [
            Path(parent, name)
            for name in sorted(names)
            if not name.startswith(".") and not name.endswith((".pyc", "_test.go"))
        ]
    return found


class Store:
    """The directory of parts. Making a Store creates nothing."""

    def __init__(self, root: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.root = root
        self._say = say

    def path(self, part: Part) -> Path:
        """Where the part is, or would be."""
        return self.root / part.directory

    def has(self, part: Part) -> bool:
        """True when the part is there, whole."""
        return self.path(part).is_dir()

    @contextlib.contextmanager
    def locked(self, name: str, waiting_for: str) -> Iterator[None]:
        """Holds the lock `name` across processes, saying so if it waits. Dies with the process."""
        lock_file = self._lock_file(name)
        with lock_file.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say(f"another run is {waiting_for}: waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def shared(self, name: str) -> Iterator[Callable[[], bool]]:
        """Holds `name` together with others. The yielded call is True if nobody else holds it now.

        After a True answer the lock is exclusive until the block ends.
        """
        with self._lock_file(name).open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)

            def alone() -> bool:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            yield alone

    def obtain(
        self, part: Part, make: Callable[[Path], None], *, doing: str = "building it"
    ) -> Path:
        """Returns the part's directory, calling `make(empty_directory)` if it is not there yet.

        If `make` raises, nothing is kept. Raises PreparationError if the disk is full.
        """
        final = self.path(part)
        if final.is_dir():
            return final
        with self.locked(part.name, f"{doing} ({part.name})"):
            if final.is_dir():
                return final
            self._remove_leftovers(part.name)
            making = Path(
                tempfile.mkdtemp(prefix=f".{part.name}.", suffix=".making", dir=self.root)
            )
            try:
                make(making)
                making.chmod(0o755)
                _flush(making)
                making.rename(final)
            except OSError as error:
                raise PreparationError(f"cannot write {final}: {error}") from error
            finally:
                remove_tree(making)
            self._prune(part)
        return final

    def used(self, part: Part) -> None:
        """Notes that the part is in use: parts unused for 60 days make room for new ones."""
        with contextlib.suppress(OSError):  # a cache that we may only read serves as well
            if time.time() - self.path(part).stat().st_mtime > _DAY:
                os.utime(self.path(part))

    def _lock_file(self, name: str) -> Path:
        locks = self.root / "locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PreparationError(
                f"cannot use the cache directory {self.root}: {error.strerror}. "
                "Set SECURE_REDIS_CACHE_DIR to a directory that you can write."
            ) from error
        return locks / f"{name}.lock"

    def _remove_leftovers(self, name: str) -> None:
        for left in self.root.glob(f".{name}.*.making"):
            remove_tree(left)

    def _prune(self, new: Part) -> None:
        for old in self.root.glob(f"{new.name}-*-{'[0-9a-f]' * 12}"):
            same_part = old.name.count("-") == new.directory.count("-")
            if same_part and time.time() - old.stat().st_mtime > UNUSED_DAYS * _DAY:
                remove_tree(old)


def remove_tree(path: Path) -> None:
    """Deletes a directory tree, also one with read-only directories (Go's module cache is one)."""
    if not path.exists():
        return
    for parent, folders, _ in os.walk(path):
        for folder in (Path(parent), *(Path(parent, name) for name in folders)):
            if not folder.is_symlink():
                with contextlib.suppress(OSError):
                    folder.chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)


def _flush(directory: Path) -> None:
    """Programs reach the disk before their name does: a power cut leaves no half a program."""
    for parent, _, names in os.walk(directory):
        for name in names:
            file = Path(parent, name)
            if not file.is_symlink() and file.stat().st_size > _LARGE:
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())
