"""A deployment that remembers all it said, to search it for secrets."""

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cloud.deployment import CloudDeployment
from engine.deployment import Run, redacted, remember_secret

REPLICATION_GROUP = "elasticache.replication-group"
SERVERLESS = "elasticache.serverless"
USER = "elasticache.user"
USER_GROUP = "elasticache.user-group"
SECRET = "secretsmanager.secret"
SNAPSHOT = "elasticache.snapshot"

CHANGES = ("create", "update", "delete")


def forms(secret: str) -> list[bytes]:
    """A secret as it could stand in a text: as it is, and in base64 wherever it begins there.

    URL encoding changes nothing of the passwords that are made here: letters and digits.
    """
    found = [secret.encode()]
    for shift in range(3):
        coded = base64.b64encode(b"-" * shift + secret.encode())
        # Without the characters that what stands before and behind it has a part in.
        found.append(coded[(shift * 8 + 5) // 6 : -4])
    return found


def leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Every secret that stands in a place: names of both, never the secret itself."""
    return [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(form in content for form in forms(secret))
    ]


class Witness(CloudDeployment):
    """A deployment that keeps every output and event log, and every password it has had."""

    def __init__(self, root: Path, stack: str | Mapping[str, Any] | None = None) -> None:
        self.said: dict[str, bytes] = {}
        self.passwords: dict[str, str] = {}
        self._keys: dict[str, str] = {}
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

    def learn(self) -> None:
        """Remembers the passwords that the state has now, and those in Secrets Manager."""
        self.passwords |= self.secrets()
        for name, secret in self.cloud.all(SECRET).items():
            for number, version in enumerate(secret["Versions"].values()):
                password = json.loads(version["SecretString"]).get("password")
                if password and password not in self.passwords.values():
                    remember_secret(password)
                    self.passwords[f"{name} {number}"] = password

    def places(self) -> dict[str, bytes]:
        """All that can be read without being asked for a secret."""
        found = dict(self.said)
        found["journal"] = (self.cloud.root / "journal.jsonl").read_bytes()
        for path in (*self.backend.rglob("*"), *self.project.rglob("*")):
            if path.is_file():
                found[f"file {path.name}"] = found.get(f"file {path.name}", b"") + path.read_bytes()
        for kind in self.cloud.kinds():
            # Secrets Manager is where the secrets belong.
            if kind != SECRET:
                found[f"cloud {kind}"] = json.dumps(self.cloud.all(kind)).encode()
        return found

    @property
    def forgotten(self) -> dict[str, list[str]]:
        """What the stack left in the fake cloud, but for the keys of caches with last snapshots.

        Such a key stays on purpose: without it nobody could restore the snapshot.
        """
        needed = {snapshot["Of"] for snapshot in self.cloud.all(SNAPSHOT).values()}
        keys = {key.rpartition("/")[2] for cache, key in self._keys.items() if cache in needed}
        left = {
            kind: [one for one in ids if kind != "kms.key" or one not in keys]
            for kind, ids in self.cloud.left.items()
        }
        return {kind: ids for kind, ids in left.items() if ids}

    def close(self) -> None:
        """Takes the stack down and asserts that nothing is forgotten in the fake cloud."""
        if self.exists:
            self.run("down").succeeded()
        assert self.forgotten == {}, redacted(str(self.forgotten))

    def run(self, operation: str, *arguments: str, timeout: float = 240, **environment: str) -> Run:
        """Runs `secure-redis`; before that, notes with which keys the caches are encrypted."""
        groups = self.cloud.all(REPLICATION_GROUP).items()
        self._keys |= {name: one["KmsKeyId"] for name, one in groups if one["KmsKeyId"]}
        return super().run(operation, *arguments, timeout=timeout, **environment)

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
