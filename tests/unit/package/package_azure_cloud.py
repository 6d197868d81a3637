"""What Azure's provider computes of a resource, in the shapes that Azure gives to ids and names."""

import base64
from hashlib import sha256
from typing import Any

from pulumi.runtime import rpc

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
REGION = "westeurope"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
GENERATED = "0a1b2c3d"
"""What the provider appends to a logical name where a resource has no name of its own."""

_CACHE = "Microsoft.Cache/redisEnterprise/{clusterName}"
_CLASSIC = "Microsoft.Cache/redis/{cacheName}"
_VAULT = "Microsoft.KeyVault/vaults/{vaultName}"
_ENDPOINT = "Microsoft.Network/privateEndpoints/{privateEndpointName}"
_ZONE = "Microsoft.Network/privateDnsZones/{privateZoneName}"
_NET = "Microsoft.Network/virtualNetworks/{virtualNetworkName}"

BELOW_GROUP = {
    "keyvault:Key": f"{_VAULT}/keys/{{keyName}}",
    "keyvault:Secret": f"{_VAULT}/secrets/{{secretName}}",
    "keyvault:Vault": _VAULT,
    "managedidentity:UserAssignedIdentity": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
    ),
    "monitor:ActionGroup": "Microsoft.Insights/actionGroups/{actionGroupName}",
    "monitor:MetricAlert": "Microsoft.Insights/metricAlerts/{ruleName}",
    "network:NetworkSecurityGroup": (
        "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}"
    ),
    "network:PrivateDnsZoneGroup": (
        f"{_ENDPOINT}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}"
    ),
    "network:PrivateEndpoint": _ENDPOINT,
    "network:Subnet": f"{_NET}/subnets/{{subnetName}}",
    "network:VirtualNetwork": _NET,
    "operationalinsights:Workspace": "Microsoft.OperationalInsights/workspaces/{workspaceName}",
    "privatedns:PrivateZone": _ZONE,
    "privatedns:VirtualNetworkLink": f"{_ZONE}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
    "redis:AccessPolicyAssignment": (
        f"{_CLASSIC}/accessPolicyAssignments/{{accessPolicyAssignmentName}}"
    ),
    "redis:FirewallRule": f"{_CLASSIC}/firewallRules/{{ruleName}}",
    "redis:PatchSchedule": "Microsoft.Cache/redis/{name}/patchSchedules/{default}",
    "redis:Redis": "Microsoft.Cache/redis/{name}",
    "redisenterprise:AccessPolicyAssignment": (
        f"{_CACHE}/databases/{{databaseName}}/accessPolicyAssignments/{{accessPolicyAssignmentName}}"
    ),
    "redisenterprise:Database": f"{_CACHE}/databases/{{databaseName}}",
    "redisenterprise:RedisEnterprise": _CACHE,
}
"""What stands behind the resource group in an id."""

OF_OTHERS = {
    "authorization:ManagementLockByScope": ("scope", "Microsoft.Authorization/locks", "lockName"),
    "authorization:RoleAssignment": (
        "scope",
        "Microsoft.Authorization/roleAssignments",
        "roleAssignmentName",
    ),
    "monitor:DiagnosticSetting": (
        "resourceUri",
        "Microsoft.Insights/diagnosticSettings",
        "name",
    ),
}
"""What belongs to another resource: the input with that one's id, the type, the input with the
name."""


def digits(text: str, length: int) -> str:
    """Hexadecimal digits that belong to `text`."""
    return sha256(text.encode()).hexdigest()[:length]


def guid(text: str) -> str:
    """An id of Microsoft Entra ID that belongs to `text`."""
    d = digits(text, 32)
    return f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}"


def keys(cache: str) -> dict[str, str]:
    """The access keys of a cache: base64, with every sign that a URL must not hold as it is."""
    found = {}
    for which in ("primary", "secondary"):
        text = base64.b64encode(sha256(f"{which} {cache}".encode()).digest()).decode()
        found[f"{which}Key"] = f"/+{text}"
    return found


def call(token: str, args: dict[str, Any]) -> dict[str, Any]:
    """What a function of the provider answers; it marks nothing as secret."""
    if token == "azure-native:authorization:getClientConfig":
        return {
            "clientId": guid("client"),
            "objectId": guid("object"),
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
        }
    if token == "azure-native:redisenterprise:listDatabaseKeys":
        assert args["databaseName"] == "default"
        assert args["resourceGroupName"]
        return keys(args["clusterName"])
    if token == "azure-native:redis:listRedisKeys":
        assert args["resourceGroupName"]
        return keys(args["name"])
    raise AssertionError(f"a component calls {token}")


def made(type_: str, label: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of a new resource and its properties. label: its logical name."""
    kind = type_.removeprefix("azure-native:")
    given = _unmarked(inputs)
    id_, name = _id(kind, label, given)
    properties = {
        **given,
        "id": id_,
        "name": name,
        **COMPUTED.get(kind, lambda *_: {})(name, given),
    }
    return id_, properties


def shown(type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What a preview knows of a new resource: what it was given, and that there will be more."""
    kind = type_.removeprefix("azure-native:")
    answer = _as_answered(kind, _unmarked(inputs))
    for name in COMPUTED_BELOW.get(kind, ()):
        answer["properties"] = {**answer["properties"], name: rpc.UNKNOWN}
    if "userAssignedIdentities" in answer.get("identity", {}):
        answer["identity"] = {**answer["identity"], "userAssignedIdentities": rpc.UNKNOWN}
    return answer


COMPUTED_BELOW = {
    "keyvault:Secret": ("secretUri", "secretUriWithVersion"),
    "keyvault:Vault": ("vaultUri",),
}
"""What Azure adds to the group `properties` of a resource."""


_SIGNATURE = "4dabf18193072939515e22adb298388d"


def _unmarked(value: Any) -> Any:
    """`value` without the marks of secrets."""
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return _unmarked(value.get("value"))
        return {key: _unmarked(item) for key, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


def _id(kind: str, label: str, inputs: dict[str, Any]) -> tuple[str, str]:
    """The id of a resource, and its name."""
    if kind == "resources:ResourceGroup":
        name = inputs.get("resourceGroupName", f"{label}{GENERATED}")
        return f"{GROUP}/{name}", name
    if kind in OF_OTHERS:
        scope, below, key = OF_OTHERS[kind]
        name = inputs.get(key, guid(f"{kind} {label}"))
        return f"{inputs[scope]}/providers/{below}/{name}", name
    template = BELOW_GROUP[kind]
    last = template.rpartition("{")[2].rstrip("}")
    names = {last: f"{label}{GENERATED}", **inputs}
    path = template.format_map(names)
    return f"{GROUP}/{inputs['resourceGroupName']}/providers/{path}", names[last]


def _as_answered(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs as Azure shows them: without what is only written, and identities by their ids."""
    answer = dict(inputs)
    if kind == "keyvault:Secret":
        answer["properties"] = {k: v for k, v in inputs["properties"].items() if k != "value"}
    if kind == "redis:Redis":
        answer["redisConfiguration"] = {
            key: value
            for key, value in inputs.get("redisConfiguration", {}).items()
            if not key.endswith(("ConnectionString", "ConnectionString0"))
        }
    if "userAssignedIdentities" in answer.get("identity", {}):
        identities = answer["identity"]["userAssignedIdentities"]
        answer["identity"] = {
            **answer["identity"],
            "userAssignedIdentities": {
                str(each): {"clientId": guid(str(each))} for each in identities
            },
        }
    return answer


def _cluster(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        **_as_answered("redisenterprise:RedisEnterprise", inputs),
        "name": name,
        "hostName": f"{name}.{REGION}.redis.azure.net",
        "redisVersion": "7.4",
        "provisioningState": "Succeeded",
        "resourceState": "Running",
    }


def _classic(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        **_as_answered("redis:Redis", inputs),
        "hostName": f"{name}.redis.cache.windows.net",
        "redisVersion": "6.0",
        "sslPort": 6380,
        "port": 6379,
    }


def _vault(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {**inputs["properties"], "vaultUri": f"https://{name}.vault.azure.net/"}}


def _secret(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    uri = f"https://{inputs['vaultName']}.vault.azure.net/secrets/{name}"
    version = digits(inputs["properties"]["value"], 32)
    answered = _as_answered("keyvault:Secret", inputs)["properties"]
    return {
        "properties": {**answered, "secretUri": uri, "secretUriWithVersion": f"{uri}/{version}"}
    }


def _key(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    uri = f"https://{inputs['vaultName']}.vault.azure.net/keys/{name}"
    return {"keyUri": uri, "keyUriWithVersion": f"{uri}/{digits(uri, 32)}"}


COMPUTED: dict[str, Any] = {
    "keyvault:Key": _key,
    "keyvault:Secret": _secret,
    "keyvault:Vault": _vault,
    "managedidentity:UserAssignedIdentity": lambda name, _: {
        "principalId": guid(f"principal {name}"),
        "clientId": guid(f"client {name}"),
        "tenantId": TENANT,
    },
    "redis:Redis": _classic,
    "redisenterprise:RedisEnterprise": _cluster,
}
