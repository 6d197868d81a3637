"""What a run that broke off left behind in Azure: made, but never written into the state.

Azure is not asked here: the engine then looks under these ids, and drops what is not there.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_GROUP = "/resourceGroups/{resourceGroupName}"
_CLUSTER = f"{_GROUP}/providers/Microsoft.Cache/redisEnterprise/{{clusterName}}"
_CLASSIC = f"{_GROUP}/providers/Microsoft.Cache/redis"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"

PATHS = {
    "resources:ResourceGroup": _GROUP,
    "network:NetworkSecurityGroup": (
        f"{_NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}"
    ),
    "network:VirtualNetwork": f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}",
    "network:Subnet": f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}",
    "network:PrivateEndpoint": f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}",
    "network:PrivateDnsZoneGroup": (
        f"{_NETWORK}/privateEndpoints/{{privateEndpointName}}"
        "/privateDnsZoneGroups/{privateDnsZoneGroupName}"
    ),
    "privatedns:PrivateZone": f"{_NETWORK}/privateDnsZones/{{privateZoneName}}",
    "privatedns:VirtualNetworkLink": (
        f"{_NETWORK}/privateDnsZones/{{privateZoneName}}"
        "/virtualNetworkLinks/{virtualNetworkLinkName}"
    ),
    "redisenterprise:RedisEnterprise": _CLUSTER,
    "redisenterprise:Database": f"{_CLUSTER}/databases/{{databaseName}}",
    "redisenterprise:AccessPolicyAssignment": (
        f"{_CLUSTER}/databases/{{databaseName}}"
        "/accessPolicyAssignments/{accessPolicyAssignmentName}"
    ),
    "redis:Redis": f"{_CLASSIC}/{{name}}",
    "redis:AccessPolicyAssignment": (
        f"{_CLASSIC}/{{cacheName}}/accessPolicyAssignments/{{accessPolicyAssignmentName}}"
    ),
    "redis:FirewallRule": f"{_CLASSIC}/{{cacheName}}/firewallRules/{{ruleName}}",
    "redis:PatchSchedule": f"{_CLASSIC}/{{name}}/patchSchedules/{{default}}",
    "keyvault:Vault": _VAULT,
    "keyvault:Secret": f"{_VAULT}/secrets/{{secretName}}",
    "keyvault:Key": f"{_VAULT}/keys/{{keyName}}",
    "managedidentity:UserAssignedIdentity": (
        f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
    ),
    "operationalinsights:Workspace": (
        f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspaceName}}"
    ),
    "monitor:MetricAlert": f"{_GROUP}/providers/Microsoft.Insights/metricAlerts/{{ruleName}}",
}
"""Resource ids in a subscription, by type and inputs (API paths, in the SDK's documentation)."""

SCOPED = {
    "monitor:DiagnosticSetting": (
        "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}"
    ),
    "authorization:ManagementLockByScope": (
        "{scope}/providers/Microsoft.Authorization/locks/{lockName}"
    ),
    "authorization:RoleAssignment": (
        "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
    ),
}
"""The same for what belongs to another resource, whose id is among the inputs."""

_SUBSCRIPTION = re.compile(r"(?i)/subscriptions/[0-9a-f-]{36}")


def ids(
    pending: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """URN and id of each resource whose creation was begun and never recorded.

    Both are resources as the state has them.
    """
    subscription = _subscription(recorded)
    for resource in pending:
        kind = resource["type"].removeprefix("azure-native:")
        template = SCOPED.get(kind) or _below(subscription, PATHS.get(kind, ""))
        try:
            identifier = template.format_map(resource.get("inputs", {}))
        except (KeyError, ValueError):
            continue
        if identifier:
            yield resource["urn"], identifier


def _subscription(recorded: Iterable[Mapping[str, Any]]) -> str:
    """Resource id of the subscription: that of what is recorded, else the one of the next run."""
    given = os.environ.get("ARM_SUBSCRIPTION_ID") or os.environ.get("AZURE_SUBSCRIPTION_ID")
    for resource in recorded:
        if match := _SUBSCRIPTION.match(str(resource.get("id", ""))):
            return match.group()
        if resource.get("type") == "pulumi:providers:azure-native":
            given = resource.get("inputs", {}).get("subscriptionId") or given
    return f"/subscriptions/{given}" if given else ""


def _below(subscription: str, path: str) -> str:
    return subscription + path if subscription and path else ""
