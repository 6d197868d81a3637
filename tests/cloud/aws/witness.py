"""A deployment on AWS that remembers all it said, to search it for secrets."""

import json
from typing import Any

from cloud.witness import Witness
from engine.deployment import Run, remember_secret

REPLICATION_GROUP = "elasticache.replication-group"
SERVERLESS = "elasticache.serverless"
USER = "elasticache.user"
USER_GROUP = "elasticache.user-group"
SECRET = "secretsmanager.secret"
SNAPSHOT = "elasticache.snapshot"


class AwsWitness(Witness):
    """A deployment on AWS that keeps all it said, and every password it has had."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._keys: dict[str, str] = {}
        super().__init__(*arguments, **options)

    def learn(self) -> None:
        """Remembers the passwords that the state has now, and those in Secrets Manager."""
        self.passwords |= self.secrets()
        for name, secret in self.cloud.all(SECRET).items():
            for number, version in enumerate(secret["Versions"].values()):
                password = json.loads(version["SecretString"]).get("password")
                if password and password not in self.passwords.values():
                    remember_secret(password)
                    self.passwords[f"{name} {number}"] = password

    def visible(self, kind: str) -> Any:
        """What everybody may see: nothing of Secrets Manager, where the secrets belong."""
        return self.cloud.all(kind) if kind != SECRET else {}

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

    def run(self, operation: str, *arguments: str, timeout: float = 240, **environment: str) -> Run:
        """Runs `secure-redis`; before that, notes with which keys the caches are encrypted."""
        groups = self.cloud.all(REPLICATION_GROUP).items()
        self._keys |= {name: one["KmsKeyId"] for name, one in groups if one["KmsKeyId"]}
        return super().run(operation, *arguments, timeout=timeout, **environment)
