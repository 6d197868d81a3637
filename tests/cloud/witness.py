"""A deployment that remembers all it said, to search it for secrets."""

import base64
import binascii
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from cloud.deployment import CloudDeployment
from engine.deployment import Run, redacted

CHANGES = ("create", "update", "delete")


def forms(secret: str) -> list[bytes]:
    """A secret as it could stand in a text, each form once.

    As it is and in base64 wherever it begins there come first. Then percent-encoded, in base64 for
    URLs and in JSON, where it has characters that differ there; and in hex, also the bytes that it
    is the base64 of.
    """
    found = [secret.encode(), *_coded(secret)]
    spellings = (quote(secret, safe=""), secret.replace("+", "-").replace("/", "_").rstrip("="))
    for text in (*spellings, quote(secret, safe="").lower(), secret.replace("/", "\\/")):
        found += [text.encode(), *_coded(text)]
    found.append(secret.encode().hex().encode())
    with suppress(binascii.Error):
        found.append(base64.b64decode(secret, validate=True).hex().encode())
    return list(dict.fromkeys(found))


def _coded(text: str) -> Iterator[bytes]:
    """A text in base64 for each place in a group of three at which it may begin."""
    for shift in range(3):
        coded = base64.b64encode(b"-" * shift + text.encode())
        # Without the characters that what stands before and behind it has a part in.
        yield coded[(shift * 8 + 5) // 6 : -4]


def leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Every secret that stands in a place: names of both, never the secret itself."""
    return [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(form in content for form in forms(secret))
    ]


class Witness(CloudDeployment, ABC):
    """A deployment that keeps every output and event log, and every password it has had."""

    COMPONENTS: ClassVar[tuple[str, ...]] = ()
    """Names of the components that are a cache on this cloud."""

    def __init__(self, root: Path, stack: str | Mapping[str, Any] | None = None) -> None:
        self.said: dict[str, bytes] = {}
        self.passwords: dict[str, str] = {}
        super().__init__(root, stack)
        # The flag for the event log is one of the engine's debugging aids.
        self.environment["PULUMI_DEBUG_COMMANDS"] = "true"

    def heard(self, operation: str, *arguments: str) -> Run:
        """Runs up, preview or down with the engine's event log on, and keeps what it says."""
        number = len(self.said)
        log = self.files / f"events-{number}.json"
        run = self.run(operation, "--", "--event-log", str(log), *arguments)
        self.said[f"{number} {operation}"] = run.text.encode()
        self.said[f"{number} events of {operation}"] = log.read_bytes() if log.exists() else b""
        return run

    def applied(self) -> Run:
        """`up`, which must succeed; its passwords are remembered."""
        run = self.heard("up")
        self.learn()
        return run.succeeded()

    @abstractmethod
    def learn(self) -> None:
        """Remembers the passwords that there are now."""

    @abstractmethod
    def visible(self, kind: str) -> Any:
        """What everybody may see of the objects of a kind in the fake cloud."""

    @property
    @abstractmethod
    def forgotten(self) -> dict[str, list[str]]:
        """What the stack left in the fake cloud, but for what stays on purpose."""

    def component(self, cache: str = "cache") -> dict[str, Any]:
        """The outputs of a cache's own component, secrets encrypted."""
        kinds = {f"secure-redis:index:{kind}" for kind in self.COMPONENTS}
        (found,) = [
            one["outputs"]
            for one in self.resources()
            if one["type"] in kinds and one["urn"].endswith(f"::{cache}")
        ]
        return found

    def refreshed(self) -> Run:
        """`pulumi refresh`, which must find nothing that `up` would then change."""
        run = self.pulumi("refresh", "--yes", "--skip-preview").succeeded()
        self.said[f"{len(self.said)} refresh"] = run.text.encode()
        return run

    def places(self) -> dict[str, bytes]:
        """All that can be read without being asked for a secret."""
        found = dict(self.said)
        found["journal"] = (self.cloud.root / "journal.jsonl").read_bytes()
        for path in (*self.backend.rglob("*"), *self.project.rglob("*")):
            if path.is_file():
                found[f"file {path.name}"] = found.get(f"file {path.name}", b"") + path.read_bytes()
        for kind in self.cloud.kinds():
            found[f"cloud {kind}"] = json.dumps(self.visible(kind)).encode()
        return found

    def things(self) -> dict[str, dict[str, Any]]:
        """Everything in the fake cloud, by kind and id."""
        return {kind: self.cloud.all(kind) for kind in self.cloud.kinds()}

    def close(self) -> None:
        """Takes the stack down and asserts that nothing is forgotten in the fake cloud."""
        if self.exists:
            self.run("down").succeeded()
        assert self.forgotten == {}, redacted(str(self.forgotten))

    def steps(self, begin: int = 0) -> list[str]:
        """What was done since an entry of the journal, as `update ReplicationGroup:cache`."""
        return [
            f"{entry['operation']} {entry['type'].rpartition(':')[2]}:{entry['name']}"
            for entry in self.cloud.journal[begin:]
            if entry["operation"] in CHANGES and "error" not in entry
        ]

    def asked(self, begin: int = 0) -> list[dict[str, Any]]:
        """The requests since an entry of the journal that change anything: operation and params."""
        return [
            request
            for entry in self.cloud.journal[begin:]
            for request in entry["requests"]
            if not request["operation"].startswith(("Describe", "Get", "List"))
        ]


def operations(requests: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of requests."""
    return [request["operation"] for request in requests]
