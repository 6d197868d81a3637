"""A cloud on disk: objects as JSON files, one lock, a journal of what was asked of it, and faults.

Everything a test wants to know or to disturb is a file in one directory, so that the provider's
process and the test's process share it without talking to each other.
"""

import fcntl
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

Thing = dict[str, Any]
"""An object of the cloud, as it is stored."""


@dataclass(frozen=True)
class Fault:
    """A disturbance of one operation."""

    when: str
    """`before` the cloud is asked, `after` the object exists and the provider has heard of it, or
    `lost`: after it exists, but the answer never reached the provider.
    """
    error: str | None
    """What the provider reports. None: nothing fails, it only takes longer."""
    delay: float
    """Seconds that the operation takes longer, at the moment that `when` names."""


class FakeCloud:
    """The objects of one account, by kind and id."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._mine = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other process and thread out. May be nested in one thread."""
        depth = getattr(self._mine, "depth", 0)
        self._mine.depth = depth + 1
        try:
            if depth:
                yield
                return
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / "lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        finally:
            self._mine.depth = depth

    def get(self, kind: str, identifier: str) -> Thing | None:
        """An object, or None."""
        try:
            return json.loads(self._path(kind, identifier).read_text())
        except FileNotFoundError:
            return None

    def put(self, kind: str, identifier: str, thing: Mapping[str, Any]) -> None:
        """Stores an object, whole or not at all."""
        path = self._path(kind, identifier)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, json.dumps(thing, indent=1, sort_keys=True))

    def remove(self, kind: str, identifier: str) -> None:
        """Takes an object away, if it is there."""
        self._path(kind, identifier).unlink(missing_ok=True)

    def all(self, kind: str) -> dict[str, Thing]:
        """All objects of a kind, by id."""
        return {
            unquote(path.stem): json.loads(path.read_text())
            for path in sorted(self._folder(kind).glob("*.json"))
        }

    def kinds(self) -> list[str]:
        """The kinds of which there ever was an object."""
        folder = self.root / "objects"
        return sorted(unquote(path.name) for path in folder.iterdir()) if folder.is_dir() else []

    def count(self, name: str) -> int:
        """The next number of a sequence, from 1."""
        with self.locked():
            path = self.root / "counters.json"
            counters = json.loads(path.read_text()) if path.exists() else {}
            counters[name] = counters.get(name, 0) + 1
            _replace(path, json.dumps(counters))
            return counters[name]

    def record(self, entry: Mapping[str, Any]) -> None:
        """Appends to the journal."""
        with self.locked(), (self.root / "journal.jsonl").open("a") as file:
            file.write(json.dumps({"time": round(time.time(), 3), **entry}) + "\n")

    @property
    def journal(self) -> list[dict[str, Any]]:
        """What was done so far: operation, type, name, id, requests, and the error if it failed.

        An operation is written down when it has ended. Secrets in requests are hashed.
        """
        path = self.root / "journal.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def add_fault(self, **fault: Any) -> None:
        """Disturbs one operation to come; used once.

        Args:
            fault: `operation` (create, update, delete, read), `type` and `name` say which one;
                what is left out matches all. `nth` counts the matches from 1. `when`, `error` and
                `delay` as in Fault.
        """
        with self.locked():
            faults = self._faults()
            faults.append(fault)
            _replace(self.root / "faults.json", json.dumps(faults, indent=1))

    def take_fault(self, operation: str, token: str, name: str) -> Fault | None:
        """The fault that is meant for this operation, if any. It is gone afterwards."""
        with self.locked():
            faults = self._faults()
            found = None
            for fault in list(faults):
                asked = (fault.get("operation"), fault.get("type"), fault.get("name"))
                if any(
                    want is not None and want != have
                    for want, have in zip(asked, (operation, token, name), strict=True)
                ):
                    continue
                fault["nth"] = fault.get("nth", 1) - 1
                if fault["nth"] < 1 and found is None:
                    found = fault
                    faults.remove(fault)
            if faults or found:
                _replace(self.root / "faults.json", json.dumps(faults, indent=1))
        if found is None:
            return None
        delay = float(found.get("delay", 0))
        error = found.get("error", None if delay else "an injected fault")
        return Fault(found.get("when", "before"), error, delay)

    @property
    def faults_left(self) -> int:
        """How many faults have not been used."""
        return len(self._faults())

    def _faults(self) -> list[dict[str, Any]]:
        path = self.root / "faults.json"
        return json.loads(path.read_text()) if path.exists() else []

    def _path(self, kind: str, identifier: str) -> Path:
        return self._folder(kind) / f"{quote(identifier, safe='')}.json"

    def _folder(self, kind: str) -> Path:
        return self.root / "objects" / quote(kind, safe="")


def _replace(path: Path, text: str) -> None:
    """Writes a file in one step, readable for its owner only: passwords are in some."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)
