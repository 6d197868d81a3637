"""Key Vault: secrets and keys, which Azure Resource Manager writes and the vault deletes."""

import re
import secrets
import time

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

from .key_vault import API, DELETED_ITEMS, check_data_access, check_writable
from .refusals import above, bad_request

SECRET = declare(
    "Microsoft.KeyVault/vaults/secrets", api=API, tagged=True, secrets=("properties.value",)
)
KEY = declare("Microsoft.KeyVault/vaults/keys", api=API, tagged=True)
DELETED_SECRETS, DELETED_KEYS = DELETED_ITEMS

LARGEST_SECRET = 25 * 1024
"""Bytes of a secret's value at most."""

LONGEST_TYPE = 255
"""Characters of a secret's content type at most."""

CURVES = ("P-256", "P-384", "P-521", "P-256K")


@SECRET.puts
def put_secret(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Writes a version of a secret. The value is never shown again by this way."""
    vault = arm.need(above(place))
    _check_name(place, "secret")
    _check_free(arm, place, DELETED_SECRETS, "Secret")
    check_writable(vault)
    asked = body.setdefault("properties", {})
    if not asked.get("value"):
        bad_request("The property 'properties.value' is missing: a secret must have a value.")
    if len(asked["value"].encode()) > LARGEST_SECRET:
        bad_request(f"The secret's value is larger than {LARGEST_SECRET} bytes.")
    if len(asked.get("contentType") or "") > LONGEST_TYPE:
        bad_request(f"The secret's content type is longer than {LONGEST_TYPE} characters.")
    _check_times(asked.get("attributes") or {})
    version = secrets.token_hex(16)
    uri = f"{vault['properties']['vaultUri']}secrets/{place.name}"
    shown = {name: value for name, value in asked.items() if name != "value"}
    versions = (old or {}).get("_versions", {})
    return {
        **body,
        "_versions": {**versions, version: asked["value"]},
        "_current": version,
        "properties": {
            **shown,
            "attributes": {"enabled": True, **_stamps(old), **(asked.get("attributes") or {})},
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{version}",
        },
    }


@SECRET.acts("data-plane-delete")
def delete_secret(arm: Arm, place: ArmId, secret: Body, body: Body) -> Body:
    """Deletes a secret at the vault's own endpoint: softly, so that its name stays taken."""
    del body
    vault = arm.need(above(place))
    action = "Microsoft.KeyVault/vaults/secrets/delete"
    check_data_access(arm, vault, place, action, "delete")
    arm.cloud.put(DELETED_SECRETS, _hidden(place), secret)
    arm.remove(place)
    return {}


@KEY.puts
def put_key(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Makes a key. One that is there already stays as it is: keys cannot be changed by this way."""
    vault = arm.need(above(place))
    _check_name(place, "key")
    _check_free(arm, place, DELETED_KEYS, "Key")
    check_writable(vault)
    if old:
        return old
    asked = body.setdefault("properties", {})
    kind, size = asked.get("kty") or "", asked.get("keySize")
    if kind.startswith("RSA") and size not in {None, 2048, 3072, 4096}:
        bad_request(f"The key size {size} is not supported for RSA: 2048, 3072 or 4096.")
    if kind.startswith("EC") and asked.get("curveName", "P-256") not in CURVES:
        bad_request(f"The curve {asked['curveName']} is not one of {', '.join(CURVES)}.")
    if kind.endswith("-HSM") and vault["properties"]["sku"]["name"] != "premium":
        bad_request(f"Keys of type {kind} need a vault of the SKU premium.")
    _check_times(asked.get("attributes") or {})
    version = secrets.token_hex(16)
    uri = f"{vault['properties']['vaultUri']}keys/{place.name}"
    return {
        **body,
        "_versions": {version: {}},
        "properties": {
            "keySize": 2048,
            **asked,
            "attributes": {"enabled": True, **_stamps(None), **(asked.get("attributes") or {})},
            "keyUri": uri,
            "keyUriWithVersion": f"{uri}/{version}",
        },
    }


@KEY.acts("data-plane-delete")
def delete_key(arm: Arm, place: ArmId, key: Body, body: Body) -> Body:
    """Deletes a key at the vault's own endpoint, softly."""
    del body
    vault = arm.need(above(place))
    check_data_access(arm, vault, place, "Microsoft.KeyVault/vaults/keys/delete", "delete")
    arm.cloud.put(DELETED_KEYS, _hidden(place), key)
    arm.remove(place)
    return {}


def value_of(secret: Body, version: str = "") -> str:
    """The value of a version of a stored secret, the current one by default: secret."""
    return secret["_versions"][version or secret["_current"]]


def purge_secret(arm: Arm, place: ArmId) -> None:
    """Takes a deleted secret away for good, as the operator may. Raises ArmError."""
    if arm.need(above(place))["properties"].get("enablePurgeProtection"):
        refuse(
            403,
            "Forbidden",
            f'Operation "purge" is not allowed because purge protection is enabled for this vault: '
            f"{place.name}",
        )
    arm.cloud.remove(DELETED_SECRETS, _hidden(place))


def _hidden(place: ArmId) -> str:
    """What a deleted thing is kept under: its vault's name and its own."""
    return f"{place.names[0]}:{place.name}".lower()


def _check_name(place: ArmId, what: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,127}", place.name):
        bad_request(
            f"The {what} name '{place.name}' is invalid: 1 to 127 letters, digits and hyphens."
        )


def _check_free(arm: Arm, place: ArmId, kind: str, what: str) -> None:
    if arm.cloud.get(kind, _hidden(place)):
        refuse(
            409,
            "Conflict",
            f"{what} {place.name} is currently in a deleted but recoverable state, and its name "
            "cannot be reused; in this state, the "
            f"{what.lower()} can only be recovered or purged.",
        )


def _check_times(attributes: Body) -> None:
    """Times are whole seconds since 1970, and what ends must have begun."""
    begins, ends = attributes.get("nbf"), attributes.get("exp")
    for name, value in (("nbf", begins), ("exp", ends)):
        if value is not None and not (isinstance(value, int) and 0 < value < 2**31):
            bad_request(
                f"The value of 'attributes.{name}' must be the seconds since 1970 as an integer."
            )
    if begins is not None and ends is not None and begins >= ends:
        bad_request("The value of 'attributes.nbf' must be before the one of 'attributes.exp'.")


def _stamps(old: Body | None) -> Body:
    now = int(time.time())
    made = (old or {}).get("properties", {}).get("attributes", {}).get("created", now)
    return {"created": made, "updated": now}
