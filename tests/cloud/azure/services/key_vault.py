"""Key Vault: vaults, and what becomes of them when they are deleted."""

import ipaddress
import re
from typing import Any

from cloud.azure.arm import Arm, ArmError, Body, declare, refuse
from cloud.azure.identifiers import ArmId
from cloud.azure.subscription import CALLER_ID, TENANT_ID

from .authorization import has_role
from .private_link import connections, target
from .refusals import bad_request, check_no_endpoints

API = "2024-11-01"
VAULT = declare("Microsoft.KeyVault/vaults", api=API, located="region", tagged=True)
DELETED_VAULTS = "Microsoft.KeyVault/deletedVaults"
DELETED_ITEMS = (
    "Microsoft.KeyVault/vaults/deletedSecrets",
    "Microsoft.KeyVault/vaults/deletedKeys",
)

GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
CRYPTO_ROLES = {
    "Key Vault Crypto Service Encryption User",
    "Key Vault Crypto Officer",
    "Key Vault Administrator",
}
SECRET_ROLES = {"Key Vault Secrets Officer", "Key Vault Administrator"}
KEY_ROLES = {"Key Vault Crypto Officer", "Key Vault Administrator"}
KEY_URL = re.compile(r"https://([A-Za-z0-9-]+)\.vault\.azure\.net/keys/([A-Za-z0-9-]+)(/\w+)?/?")


@VAULT.puts
def put_vault(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Makes a vault, brings it to the body, or brings a deleted one back.

    Switch of the subscription: `taken_vaults`, names that somebody else has.
    """
    _check_name(arm, place)
    asked = body.setdefault("properties", {})
    mode = asked.pop("createMode", "default")
    if mode == "recover" and not old:
        return _recovered(arm, place, body)
    gone = arm.cloud.get(DELETED_VAULTS, place.name.lower())
    if gone and not old:
        refuse(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either "
            "recover or purge existing key vault. Follow this link "
            "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
        )
    now = (old or {}).get("properties", {})
    _check_protection(asked, now)
    _check_access(asked)
    return {
        **body,
        "properties": {
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": now.get("softDeleteRetentionInDays", 90),
            "enableRbacAuthorization": False,
            "publicNetworkAccess": "Enabled",
            "accessPolicies": now.get("accessPolicies", []),
            # What was protected once stays protected, whatever a request leaves out.
            **({"enablePurgeProtection": True} if now.get("enablePurgeProtection") else {}),
            **asked,
            "vaultUri": f"https://{place.name.lower()}.vault.azure.net/",
            "provisioningState": "Succeeded",
        },
    }


@VAULT.shows
def show_vault(arm: Arm, place: ArmId, vault: Body) -> Body:
    """A vault with the private endpoints that lead to it."""
    found = connections(arm, place)
    if found:
        vault["properties"]["privateEndpointConnections"] = found
    return vault


def _check_name(arm: Arm, place: ArmId) -> None:
    name = place.name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]", name) or "--" in name:
        refuse(
            400,
            "VaultNameNotValid",
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric "
            "characters. The name must begin with a letter, end with a letter or digit, and not "
            "contain consecutive hyphens. Follow this link for more information: "
            "https://go.microsoft.com/fwlink/?linkid=2147742",
        )
    elsewhere = {
        ArmId.parse(identifier).name.lower()
        for identifier in arm.all(VAULT.name)
        if ArmId.parse(identifier).key != place.key
    }
    if name.lower() in elsewhere.union(arm.setting("taken_vaults", [])):
        refuse(
            409,
            "VaultAlreadyExists",
            f"The vault name '{name}' is already in use. Vault names are globaly unique so it is "
            "possible that the name is already taken. If you are sure that the vault name was not "
            "taken then it is possible that a vault with the same name was recently deleted but "
            "not purged after being placed in a recoverable state. If the vault is in a "
            "recoverable state then the vault will need to be purged before reusing the name.",
        )


def _check_protection(asked: Body, now: Body) -> None:
    if asked.get("enablePurgeProtection") is False:
        bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge '
            "protection for a vault is an irreversible action."
        )
    if asked.get("enableSoftDelete") is False:
        bad_request(
            'The property "enableSoftDelete" cannot be set to false: every vault is deleted softly.'
        )
    days = asked.get("softDeleteRetentionInDays")
    if days is not None and not 7 <= days <= 90:
        bad_request(
            f"The property 'softDeleteRetentionInDays' must be between 7 and 90, not {days}."
        )
    if now and days is not None and days != now["softDeleteRetentionInDays"]:
        bad_request(
            'The property "softDeleteRetentionInDays" has been set already and it can\'t be '
            "modified."
        )


def _check_access(asked: Body) -> None:
    tenant = asked.get("tenantId") or ""
    if not GUID.fullmatch(tenant):
        bad_request(f"The tenant ID '{tenant}' is not a GUID.")
    if tenant.lower() != TENANT_ID:
        bad_request(f"The tenant ID '{tenant}' is not the one of the subscription.")
    if (asked.get("sku") or {}).get("family") != "A":
        bad_request("The property 'sku.family' must be 'A'.")
    access = asked.get("publicNetworkAccess", "Enabled")
    if access.lower() not in {"enabled", "disabled"}:
        bad_request(f"The value '{access}' of 'publicNetworkAccess' is not Enabled or Disabled.")
    for policy in asked.get("accessPolicies") or []:
        who = policy.get("objectId") or ""
        if not GUID.fullmatch(who):
            bad_request(f"An invalid value was provided for 'accessPolicies': '{who}'.")
    rules = asked.get("networkAcls") or {}
    for rule in rules.get("ipRules") or []:
        _check_range(rule.get("value") or "")
    if rules.get("virtualNetworkRules"):
        bad_request("Rules for virtual networks are not known to this stand-in.")


def _check_range(value: str) -> None:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        bad_request(f"The value '{value}' of 'networkAcls.ipRules' is not an IPv4 address or range")
    if network.is_private:
        bad_request(f"The value '{value}' of 'networkAcls.ipRules' is a private address.")


@VAULT.deletes
def delete_vault(arm: Arm, place: ArmId, vault: Body) -> None:
    """Puts a vault away: it can be brought back, and its name stays taken until it is purged."""
    check_no_endpoints(arm, place)
    inside = [arm.need(one) for one in arm.children(place) if one.namespace == place.namespace]
    whole = {"id": place.text, "vault": vault, "inside": inside}
    arm.cloud.put(DELETED_VAULTS, place.name.lower(), whole)


def _recovered(arm: Arm, place: ArmId, body: Body) -> Body:
    gone = arm.cloud.get(DELETED_VAULTS, place.name.lower())
    if gone is None:
        refuse(
            404,
            "VaultNotFound",
            f"There is no deleted vault '{place.name}' to recover: leave createMode out.",
        )
    same = gone["vault"]["location"] == body["location"]
    if ArmId.parse(gone["id"]).key != place.key or not same:
        refuse(
            409,
            "ConflictError",
            f"The deleted vault '{place.name}' can only be recovered in the resource group and "
            "location that it was in.",
        )
    for thing in gone["inside"]:
        arm.put(ArmId.parse(thing["id"]), thing)
    arm.cloud.remove(DELETED_VAULTS, place.name.lower())
    return gone["vault"]


def purge_vault(arm: Arm, name: str) -> None:
    """Takes a deleted vault away for good, as the operator may. Raises ArmError."""
    gone = arm.cloud.get(DELETED_VAULTS, name.lower())
    if gone is None:
        raise ArmError(404, "DeletedVaultNotFound", f"There is no deleted vault '{name}'.")
    if gone["vault"]["properties"].get("enablePurgeProtection"):
        raise ArmError(
            409,
            "DeletedVaultPurge",
            f"The deleted vault '{name}' is protected: it cannot be purged before its time.",
        )
    arm.cloud.remove(DELETED_VAULTS, name.lower())
    for kind in DELETED_ITEMS:
        for item in arm.cloud.all(kind):
            if item.startswith(f"{name.lower()}:"):
                arm.cloud.remove(kind, item)


def check_writable(vault: Body) -> None:
    """Refuses what Azure Resource Manager writes into a vault that does not let it in.

    It comes as a trusted service, so a closed vault is open to it unless the bypass is None.
    """
    properties = vault["properties"]
    rules = properties.get("networkAcls") or {}
    closed = (
        properties["publicNetworkAccess"].lower() == "disabled"
        or rules.get("defaultAction", "Allow") == "Deny"
    )
    if closed and rules.get("bypass", "AzureServices") == "None":
        refuse(
            403,
            "Forbidden",
            "Client address is not authorized and caller is not a trusted service. "
            '(InnerError: "ForbiddenByFirewall")',
        )


def check_data_access(arm: Arm, vault: Body, place: ArmId, action: str, permission: str) -> None:
    """Refuses a request to the vault's own endpoint, which asks for more than ARM does.

    Switches of the subscription: `caller_inside` (True when the deployment runs where the vault's
    private endpoint can be reached), `caller_data_role` (True when it has a role on the data that
    no role assignment of the test gives).
    """
    properties = vault["properties"]
    where = f"Vault: {vault['name']};location={vault['location']}"
    if properties["publicNetworkAccess"].lower() == "disabled" and not arm.setting(
        "caller_inside", False
    ):
        refuse(
            403,
            "Forbidden",
            "Public network access is disabled and request is not from a trusted service nor via "
            f'an approved private link.\r\n{where} (InnerError: "ForbiddenByConnection")',
        )
    if arm.setting("caller_data_role", False):
        return
    kind = "secrets" if place.type.lower().endswith("/secrets") else "keys"
    if properties["enableRbacAuthorization"]:
        roles = SECRET_ROLES if kind == "secrets" else KEY_ROLES
        if not has_role(arm, CALLER_ID, roles, place.text):
            refuse(
                403,
                "Forbidden",
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, "
                "deny assignments or role definitions were changed recently, please observe "
                f"propagation time.\r\nCaller: oid={CALLER_ID}\r\nAction: '{action}'\r\n"
                f"Resource: '{place.text.lower()}'\r\n{where} (InnerError: \"ForbiddenByRbac\")",
            )
        return
    if not _policy_allows(properties, CALLER_ID, kind, {permission}):
        refuse(
            403,
            "Forbidden",
            f"The user, group or application 'oid={CALLER_ID}' does not have {kind} {permission} "
            f"permission on key vault '{vault['name']};location={vault['location']}'. "
            '(InnerError: "ForbiddenByPolicy")',
        )


def _policy_allows(properties: Body, who: str, kind: str, wanted: set[str]) -> bool:
    held: set[str] = set()
    for policy in properties["accessPolicies"]:
        if policy["objectId"].lower() == who.lower():
            given = (policy.get("permissions") or {}).get(kind) or []
            held.update(one.lower() for one in given)
    return "all" in held or {one.lower() for one in wanted} <= held


def check_wrapping_key(arm: Arm, url: str, identity: Body) -> None:
    """Refuses a customer-managed key that a service could not wrap its own key with."""
    found = KEY_URL.fullmatch(url)
    if not found or not found[3]:
        bad_request(
            f"The key '{url}' is invalid: keyEncryptionKeyUrl must be versioned, as "
            "https://<vault>.vault.azure.net/keys/<name>/<version>."
        )
    vault, key = _key(arm, found[1], found[2])
    versions: dict[str, Any] = (key or {}).get("_versions", {})
    if vault is None or key is None or found[3].strip("/") not in versions:
        bad_request(f"The key '{url}' was not found.")
    properties = vault["properties"]
    if not properties.get("enablePurgeProtection"):
        bad_request(
            f"The key vault '{vault['name']}' must have soft delete and purge protection enabled "
            "to hold a customer-managed key."
        )
    allowed = key["properties"].get("keyOps") or ["wrapKey", "unwrapKey"]
    if not {"wrapKey", "unwrapKey"} <= set(allowed):
        bad_request(f"The key '{url}' cannot wrap and unwrap: its operations are {allowed}.")
    if not key["properties"].get("kty", "").startswith("RSA"):
        bad_request(f"The key '{url}' is not an RSA key.")
    who = identity["properties"]["principalId"]
    may = (
        has_role(arm, who, CRYPTO_ROLES, key["id"])
        if properties["enableRbacAuthorization"]
        else _policy_allows(properties, who, "keys", {"get", "wrapKey", "unwrapKey"})
    )
    if not may:
        bad_request(
            f"The identity '{identity['id']}' may not use the key '{url}': it needs the role Key "
            "Vault Crypto Service Encryption User, or an access policy with get, wrapKey and "
            "unwrapKey."
        )


def _key(arm: Arm, vault_name: str, name: str) -> tuple[Body | None, Body | None]:
    for identifier, vault in arm.all(VAULT.name).items():
        place = ArmId.parse(identifier)
        if place.name.lower() == vault_name.lower():
            return vault, arm.find(place.child("keys", name))
    return None, None


target(
    VAULT.name,
    group="vault",
    zone="privatelink.vaultcore.azure.net",
    record=lambda place, vault: place.name.lower(),
    ready=lambda arm, place, vault: None,
)
