"""A stack whose settings change, for good or for one try, and what refuses such a change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cloud.witness import Witness
from engine.deployment import Run, redacted

OwnWitness = TypeVar("OwnWitness", bound=Witness)


@dataclass(frozen=True)
class Refusal:
    """A change that replaces a cache, and what the message says of it."""

    cache: str
    changes: Mapping[str, Any]
    """Settings of the cache by path; beginning with a colon, of the stack."""
    says: Mapping[str, tuple[str, ...]]
    """For each path in the message, words that stand behind it."""
    identities: tuple[str, ...]
    """The properties of REPLACING that it is about."""

    def __str__(self) -> str:
        return f"{self.cache}: {', '.join(self.changes)}"


class ChangingStack(Generic[OwnWitness]):
    """A stack and its settings.

    Args:
        witness: where it is.
        environment: what it is for.
        caches: settings of its caches by name.
        others: its other settings.
        known: what is written into the stack file for a text that stands for it here.
    """

    def __init__(
        self,
        witness: OwnWitness,
        environment: str,
        caches: Mapping[str, Any],
        others: Mapping[str, Any],
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.witness = witness
        self.environment = environment
        self.caches: dict[str, Any] = json.loads(json.dumps(caches))
        self.others: dict[str, Any] = json.loads(json.dumps(others))
        self._known = dict(known or {})
        self.write()

    def write(self, **changes: Any) -> None:
        """Writes the stack file as it is; with changes to the cache `of`, which do not last."""
        caches, others = json.loads(json.dumps(self.caches)), json.loads(json.dumps(self.others))
        name = changes.pop("of", "")
        for path, value in changes.items():
            self._set(others if path.startswith(":") else caches[name], path, value)
        self.witness.write(caches, environment=self.environment, **others)

    def change(self, name: str, changes: Mapping[str, Any]) -> None:
        """Changes a cache for good."""
        for path, value in changes.items():
            target = self.others if path.startswith(":") else self.caches[name]
            self._set(target, path, value)

    def _set(self, settings: dict[str, Any], path: str, value: Any) -> None:
        path = path.removeprefix(":")
        # The key of a provider has a colon, and no parts.
        *keys, last = [path] if ":" in path else path.split(".")
        for key in keys:
            settings = settings.setdefault(key, {})
        settings.pop(last, None)
        if value is not None:
            settings[last] = self._known.get(value, value) if isinstance(value, str) else value

    def things(self) -> dict[str, Any]:
        """Everything in the fake cloud."""
        return self.witness.things()

    def unprotected(self) -> None:
        """Writes down for good what lifts the protection of production."""
        self.others["exceptions"] = {"unprotected-data": "the test is over"}
        for cache in self.caches.values():
            cache["protect"] = False
        self.write()


def refused(run: Run, says: Mapping[str, tuple[str, ...]]) -> None:
    """Asserts that a run was refused with a line for each path, and without a traceback."""
    assert run.code != 0
    assert "Traceback" not in run.text, redacted(run.text[-6000:])
    text = " ".join(run.text.split())
    for path, words in says.items():
        _, found, rest = text.partition(f"{path}: ")
        assert found, redacted(run.text[-3000:])
        for word in words:
            assert word in rest, word
    assert "nothing was changed" in text
