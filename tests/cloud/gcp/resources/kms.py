"""kms: key rings, keys, who may use them. What is deleted here stays in the cloud.

Transcribed from terraform-provider-google-beta (`services/kms`).
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from cloud.gcp.api import GoogleApi, doing
from cloud.standin.difference import Rules
from cloud.standin.errors import Failure, ProviderError
from cloud.standin.resource import Resource, Values

from .common import NAME, Body, GoogleResource, known
from .iam import MEMBER_RULES, IamMember

BASE = "https://cloudkms.googleapis.com/v1"
DAY = 86400
KEY_FORMS = "{projectId}/{locationId}/{KeyringName}/{cryptoKeyName}"


class KeyRing(GoogleResource):
    """A key ring. The provider forgets it; the cloud does not."""

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        return {}

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        _, project, _, location, _, name = thing["name"].split("/")
        return {"name": name, "location": location, "project": project}

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        return


class CryptoKey(GoogleResource):
    """A key. With it the provider destroys all its versions; the key itself stays."""

    def validate(self, inputs: Values) -> Iterable[Failure]:
        period = inputs.get("rotationPeriod")
        if not known(period) or not period:
            return
        found = re.fullmatch(r"([0-9.]*\d)s", period)
        if found is None:
            yield Failure("rotationPeriod", f"Invalid rotation period format: {period}")
        elif float(found[1]) < DAY:
            yield Failure("rotationPeriod", "Rotation period must be greater than one day")

    def settled(self, config: Values, inputs: Values) -> Values:
        return {"deletionPolicy": "DELETE", **inputs}

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        levels = [(one or {}).get("versionTemplate") or {} for one in (old, new)]
        if old and len({one.get("protectionLevel", "SOFTWARE") for one in levels}) > 1:
            yield "versionTemplate"

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        return {**super().body_of_creation(api, inputs), **_rotation(inputs)}

    def parsed(self, api: GoogleApi, identifier: str) -> Values:
        ring, _, name = identifier.partition("/cryptoKeys/")
        if not name:
            raise ProviderError(
                f"Invalid CryptoKey id format, expecting `{KEY_FORMS}` or "
                "`{locationId}/{keyRingName}/{cryptoKeyName}, got id: " + f"{identifier}`"
            )
        return {"keyRing": ring, "name": name}

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        told = {name: one for name, one in thing.items() if name not in {"name", "primary"}}
        primaries = [thing["primary"]] if thing.get("primary") else []
        silent = {
            "rotationPeriod": "",
            "importOnly": False,
            "cryptoKeyBackend": "",
            "skipInitialVersionCreation": bool(state.get("skipInitialVersionCreation")),
        }
        return {**silent, **super().shown(api, {**told, "primaries": primaries}, state)}

    def update(
        self, api: GoogleApi, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        body = {**self.encoded(api, new, ("versionTemplate",)), **_rotation(new)}
        mask: list[str] = []
        if "rotationPeriod" in changed:
            mask += ["rotationPeriod", "nextRotationTime"]
        if "versionTemplate" in changed:
            mask.append("versionTemplate.algorithm")
        if "labels" in changed:
            labels = self.labelled(api.config, old, new.get("labels") or {})
            body["labels"] = labels["effectiveLabels"]
            mask.append("labels")
        if mask:
            self.patched(api, identifier, body, mask)

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        if state.get("deletionPolicy") == "PREVENT":
            raise ProviderError(
                'cannot destroy KMSCryptoKey without setting deletion_policy="DELETE" and running '
                "`terraform apply`"
            )
        if state.get("deletionPolicy") == "ABANDON":
            return
        address = self.address(identifier)
        found = api.ask("GET", f"{address}/cryptoKeyVersions")
        for version in found.get("cryptoKeyVersions", []):
            if version["state"] not in {"DESTROYED", "DESTROY_SCHEDULED"}:
                api.send("POST", f"{BASE}/{version['name']}:destroy", {})
        if state.get("rotationPeriod"):
            with doing(
                "While cryptoKeyVersions were cleared, Terraform was unable to disable automatic "
                "rotation of key due to an error"
            ):
                query = {"updateMask": "rotationPeriod,nextRotationTime"}
                api.send("PATCH", address, {}, query)


def _rotation(inputs: Values) -> Body:
    """When the first rotation is: the interface wants to be told."""
    period: Any = inputs.get("rotationPeriod")
    if not period:
        return {}
    due = datetime.now(timezone.utc) + timedelta(seconds=float(period.removesuffix("s")))
    return {"rotationPeriod": period, "nextRotationTime": due.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


RESOURCES: tuple[Resource, ...] = (
    KeyRing(
        sdk="pulumi_gcp.kms:KeyRing",
        what="KeyRing",
        long="KMSKeyRing",
        base=BASE,
        collection="projects/{project}/locations/{location}/keyRings",
        creation={"keyRingId": "{name}"},
        identifier="projects/{project}/locations/{location}/keyRings/{name}",
        imports=("{project}/{location}/{name}", "{location}/{name}"),
        slow=False,
        models=frozenset({"name", "location", "project"}),
        named=NAME,
        replaces=frozenset({"name", "location", "project"}),
        rules=Rules(computed=frozenset({"project"})),
    ),
    CryptoKey(
        sdk="pulumi_gcp.kms:CryptoKey",
        what="CryptoKey",
        long="KMSCryptoKey",
        base=BASE,
        collection="{keyRing}/cryptoKeys",
        creation={
            "cryptoKeyId": "{name}",
            "skipInitialVersionCreation": "false",
        },
        identifier="{keyRing}/cryptoKeys/{name}",
        sent=("purpose", "versionTemplate", "destroyScheduledDuration", "importOnly"),
        slow=False,
        models=frozenset(
            {"name", "keyRing", "labels", "purpose", "rotationPeriod", "versionTemplate",
             "destroyScheduledDuration", "importOnly", "deletionPolicy"}
        ),
        named=NAME,
        defaults={"purpose": "ENCRYPT_DECRYPT"},
        replaces=frozenset(
            {"keyRing", "name", "purpose", "destroyScheduledDuration", "importOnly"}
        ),
        rules=Rules(
            computed=frozenset(
                {"versionTemplate", "versionTemplate.protectionLevel", "destroyScheduledDuration",
                 "importOnly", "deletionPolicy"}
            ),
        ),
    ),
    IamMember(
        sdk="pulumi_gcp.kms:CryptoKeyIAMMember",
        base=BASE,
        on="{cryptoKeyId}",
        described='KMS CryptoKey "{cryptoKeyId}"',
        replaces=frozenset({"cryptoKeyId", "role", "member", "condition"}),
        rules=MEMBER_RULES,
        models=frozenset({"cryptoKeyId", "role", "member", "condition"}),
    ),
)  # fmt: skip
