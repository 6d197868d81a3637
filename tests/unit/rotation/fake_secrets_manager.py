"""A Secrets Manager with one secret: versions, staging labels, and the rules of rotation.

The rules are those of the service's API reference: a label is at one version at a time; AWSPREVIOUS
follows AWSCURRENT by itself; a version that has a value keeps it; a rotation starts with an empty
version under AWSPENDING.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.unit.rotation.wire import Wire, refusal

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"


@dataclass
class Version:
    value: str | None
    labels: set[str] = field(default_factory=set)


@dataclass
class FakeSecretsManager:
    """`drops_pending`: whether moving AWSCURRENT ends AWSPENDING too; both ends are valid."""

    wire: Wire
    arn: str
    first_value: str
    first_version: str
    drops_pending: bool = False
    rotation_enabled: bool | None = True
    deleted: bool = False
    versions: dict[str, Version] = field(default_factory=dict)
    values_ever: list[str] = field(default_factory=list)
    current_ever: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store(self.first_version, self.first_value, [CURRENT])

    # What the function calls.

    def describe_secret(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("secretsmanager", "DescribeSecret", request, self._describe)

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("secretsmanager", "GetSecretValue", request, self._get)

    def put_secret_value(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("secretsmanager", "PutSecretValue", request, self._put)

    def update_secret_version_stage(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("secretsmanager", "UpdateSecretVersionStage", request, self._move)

    # What the service does by itself, and what an operator does.

    def start_rotation(self, token: str) -> None:
        """RotateSecret: an empty version under AWSPENDING; refused while another one is there.

        Once more with the same token it is the same rotation, which gets no other version.
        """
        pending = self.at(PENDING)
        if token in self.versions:
            return
        if pending is not None and CURRENT not in self.versions[pending].labels:
            raise refusal("RotateSecret", "InvalidRequestException", "A rotation is not complete.")
        self.versions[token] = Version(None)
        self._attach(PENDING, token)

    def start_trial(self, token: str, value: str | None) -> None:
        """RotateSecret without rotating at once: a version for the step testSecret alone."""
        self.versions[token] = Version(None)
        if value is not None:
            self._keep(token, value)
        self._attach(PENDING, token)

    def give_up(self) -> None:
        """An operator ends a rotation by taking the label from its version."""
        pending = self.at(PENDING)
        if pending is not None:
            self.versions[pending].labels.discard(PENDING)

    def store(self, version_id: str, value: str, labels: list[str]) -> None:
        """A new value, by whoever may write the secret."""
        version = self.versions.setdefault(version_id, Version(None))
        assert version.value is None
        self._keep(version_id, value)
        for label in labels:
            self._attach(label, version_id)

    # What a test wants to know.

    def at(self, label: str) -> str | None:
        return next((name for name, v in self.versions.items() if label in v.labels), None)

    def fields(self, label: str) -> dict[str, Any]:
        version = self.at(label)
        assert version is not None
        return json.loads(self.versions[version].value or "")

    # The operations.

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_secret("DescribeSecret", request)
        stages = {name: sorted(v.labels) for name, v in self.versions.items() if v.labels}
        enabled = (
            {} if self.rotation_enabled is None else {"RotationEnabled": self.rotation_enabled}
        )
        return {"ARN": self.arn, "VersionIdsToStages": stages, **enabled}

    def _get(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_secret("GetSecretValue", request)
        label = request.get("VersionStage")
        name = request.get("VersionId") or self.at(label or CURRENT)
        version = self.versions.get(name or "")
        if version is None or version.value is None or (label and label not in version.labels):
            raise refusal(
                "GetSecretValue",
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value.",
            )
        return {
            "ARN": self.arn,
            "VersionId": name,
            "SecretString": version.value,
            "VersionStages": sorted(version.labels),
        }

    def _put(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_secret("PutSecretValue", request)
        token, value = request["ClientRequestToken"], request["SecretString"]
        labels = request.get("VersionStages", [CURRENT])
        version = self.versions.setdefault(token, Version(None))
        if version.value is None:
            self._keep(token, value)
            for label in labels:
                self._attach(label, token)
        elif version.value != value:
            raise refusal(
                "PutSecretValue",
                "ResourceExistsException",
                f"The token is in use for a version with another value than {value}.",
            )
        return {"ARN": self.arn, "VersionId": token, "VersionStages": sorted(version.labels)}

    def _move(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_secret("UpdateSecretVersionStage", request)
        label = request["VersionStage"]
        source, target = request.get("RemoveFromVersionId"), request.get("MoveToVersionId")
        for name in (source, target):
            if name is not None and name not in self.versions:
                raise refusal(
                    "UpdateSecretVersionStage", "ResourceNotFoundException", f"No version {name}."
                )
        holder = self.at(label)
        wrong_source = source != holder if holder != target else source not in (None, holder)
        if (
            wrong_source
            or (source is None and target is None)
            or (label == CURRENT and target is None)
        ):
            raise refusal(
                "UpdateSecretVersionStage",
                "InvalidParameterException",
                f"{label} is at version {holder}, not at {source}.",
            )
        if source is not None:
            self.versions[source].labels.discard(label)
        if target is not None:
            self._attach(label, target, source)
            if label == CURRENT and self.drops_pending:
                self.versions[target].labels.discard(PENDING)
        return {"ARN": self.arn}

    def _attach(self, label: str, target: str, source: str | None = None) -> None:
        source = source or self.at(label)
        for version in self.versions.values():
            version.labels.discard(label)
        self.versions[target].labels.add(label)
        assert len(self.versions[target].labels) <= 20
        if label == CURRENT:
            self.current_ever.append(target)
            if source not in (None, target):
                self._attach(PREVIOUS, source)  # pyright: ignore[reportArgumentType]

    def _keep(self, version_id: str, value: str) -> None:
        self.versions[version_id].value = value
        self.values_ever.append(value)

    def _check_secret(self, operation: str, request: dict[str, Any]) -> None:
        if request["SecretId"] != self.arn:
            raise refusal(operation, "ResourceNotFoundException", "No such secret.")
        if self.deleted and operation != "DescribeSecret":
            raise refusal(operation, "InvalidRequestException", "It was marked for deletion.")
