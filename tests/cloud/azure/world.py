"""One valid resource of every kind, in a subscription that has what they need.

Every wrong input of the strictness table is one of these with one thing changed, so that no row can
pass because everything is refused.
"""

import shutil
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

from .driver import Driver, Held
from .subscription import CALLER_ID, SUBSCRIPTION_SCOPE, TENANT_ID

USER = "bbbbbbbb-0000-4000-8000-000000000001"
GROUP_OF_USERS = "bbbbbbbb-0000-4000-8000-000000000002"
SERVICE = "bbbbbbbb-0000-4000-8000-000000000003"
NOBODY = "cccccccc-0000-4000-8000-000000000009"
HOME = f"{SUBSCRIPTION_SCOPE}/resourceGroups/world"
REGION = "westeurope"

CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"

ORDER = (
    "ResourceGroup", "VirtualNetwork", "Subnet",
    "UserAssignedIdentity", "Workspace",
    "RedisEnterprise", "Database",
    "ManagedAccessPolicyAssignment", "Redis", "AccessPolicy",
    "AccessPolicyAssignment", "FirewallRule", "PatchSchedule",
    "PrivateEndpoint", "PrivateZone", "VirtualNetworkLink",
    "PrivateDnsZoneGroup", "Vault", "Secret", "Key",
    "RoleAssignment", "ActionGroup", "MetricAlert",
    "DiagnosticSetting", "ManagementLockByScope",
)  # fmt: skip
"""Every kind, after those it needs."""


def role(guid: str) -> str:
    """The id of a built-in role."""
    return f"{SUBSCRIPTION_SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


class World(Driver):
    """A resource group with a network, a vault, a workspace and caches of both products."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.cloud.settings(slow=0)
        self.put("ResourceGroup", "world", resourceGroupName="world", location=REGION)
        self.network = self.named(
            "VirtualNetwork", "world", "virtualNetworkName",
            addressSpace={"addressPrefixes": ["10.10.0.0/16"]},
        )  # fmt: skip
        self.subnet = self.named(
            "Subnet", "endpoints", "subnetName",
            virtualNetworkName="world", addressPrefix="10.10.1.0/24",
        )  # fmt: skip
        self.identity = self.named("UserAssignedIdentity", "wrap", "resourceName")
        self.vault = self.named(
            "Vault", "world-vault", "vaultName", properties=vault(), location=REGION
        )
        self.key = self.named(
            "Key", "wrap", "keyName",
            vaultName="world-vault", properties={"kty": "RSA", "keySize": 2048},
        )  # fmt: skip
        self.put(
            "RoleAssignment", "wrap",
            principalId=self.identity.outputs["principalId"], principalType="ServicePrincipal",
            roleDefinitionId=role(CRYPTO_USER), scope=self.vault.identifier,
            roleAssignmentName="dddddddd-0000-4000-8000-000000000001",
        )  # fmt: skip
        self.workspace = self.named(
            "Workspace", "world-logs", "workspaceName",
            sku={"name": "PerGB2018"}, retentionInDays=30,
        )  # fmt: skip
        self.cluster = self.named(
            "RedisEnterprise", "world-amr", "clusterName",
            sku={"name": "Balanced_B5"}, publicNetworkAccess="Disabled", location=REGION,
        )  # fmt: skip
        self.database = self.put(
            "Database", "world-amr", clusterName="world-amr",
            databaseName="default", resourceGroupName="world", **DATABASE,
        )  # fmt: skip
        self.bare = self.named(
            "RedisEnterprise", "world-bare", "clusterName",
            sku={"name": "Balanced_B5"}, publicNetworkAccess="Disabled", location=REGION,
        )  # fmt: skip
        self.cache = self.named(
            "Redis", "world-classic", "name",
            sku=STANDARD, redisConfiguration={"aadEnabled": "true"}, location=REGION,
        )  # fmt: skip
        self.group = self.named(
            "ActionGroup", "world-team", "actionGroupName",
            groupShortName="team", enabled=True, location="global",
        )  # fmt: skip
        self.named("PrivateZone", ZONE, "privateZoneName", location="global")

    def named(self, kind: str, name: str, key: str, /, **inputs: Any) -> Held:
        """Makes a resource under a name of ours in the world's group."""
        return self.put(kind, name, **{key: name, "resourceGroupName": "world", **inputs})

    def copy(self, root: Path) -> "World":
        """The same world in another directory."""
        shutil.copytree(self.cloud.root, root)
        twin = copy(self)
        twin.state, twin._given = deepcopy((self.state, self._given))
        twin.attach(root)
        return twin

    def valid(self, kind: str) -> dict[str, Any]:
        """Inputs of a kind that are accepted."""
        found = deepcopy(self._valid()[kind])
        if kind not in NO_GROUP:
            found.setdefault("resourceGroupName", "world")
        return found

    def make(self, kind: str, name: str, /, **changes: Any) -> Held:
        """A valid resource of a kind with some inputs changed; None leaves one out."""
        return self.put(kind, name, **{**self.valid(kind), **changes})

    def _valid(self) -> dict[str, dict[str, Any]]:
        return {**self._network(), **self._caches(), **self._secrets(), **self._others()}

    def _network(self) -> dict[str, dict[str, Any]]:
        return {
            "ResourceGroup": {"resourceGroupName": "other", "location": REGION},
            "VirtualNetwork": {
                "virtualNetworkName": "net",
                "location": REGION,
                "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
            },
            "Subnet": {
                "virtualNetworkName": "world",
                "subnetName": "more",
                "addressPrefix": "10.10.2.0/24",
            },
            "PrivateEndpoint": {
                "privateEndpointName": "endpoint",
                "location": REGION,
                "subnet": {"id": self.subnet.identifier},
                "privateLinkServiceConnections": [self.link()],
            },
            "PrivateDnsZoneGroup": {
                "privateEndpointName": "endpoint",
                "privateDnsZoneGroupName": "default",
                "privateDnsZoneConfigs": [
                    {
                        "name": "privatelink-redis-azure-net",
                        "privateDnsZoneId": self.state["PrivateZone", ZONE].identifier,
                    }
                ],
            },
            "PrivateZone": {
                "privateZoneName": "privatelink.vaultcore.azure.net",
                "location": "global",
            },
            "VirtualNetworkLink": {
                "privateZoneName": ZONE,
                "virtualNetworkLinkName": "link",
                "location": "global",
                "registrationEnabled": False,
                "virtualNetwork": {"id": self.network.identifier},
            },
        }

    def _caches(self) -> dict[str, dict[str, Any]]:
        return {
            "RedisEnterprise": {
                "clusterName": "cluster",
                "location": REGION,
                "sku": {"name": "Balanced_B5"},
                "publicNetworkAccess": "Disabled",
                "minimumTlsVersion": "1.2",
                "highAvailability": "Enabled",
                "tags": {"team": "platform"},
                **self.wrapped(),
            },
            "Database": {
                "clusterName": "world-bare",
                "databaseName": "default",
                **DATABASE,
            },
            "ManagedAccessPolicyAssignment": {
                "clusterName": "world-amr",
                "databaseName": "default",
                "accessPolicyAssignmentName": "reader",
                "accessPolicyName": "default",
                "user": {"objectId": USER},
            },
            "Redis": {
                "name": "cache",
                "location": REGION,
                "sku": PREMIUM,
                "enableNonSslPort": False,
                "minimumTlsVersion": "1.2",
                "publicNetworkAccess": "Disabled",
                "redisVersion": "6",
                "shardCount": 2,
                "zones": ["1", "2"],
                "redisConfiguration": RDB,
            },
            "AccessPolicy": {
                "cacheName": "world-classic",
                "accessPolicyName": "app only",
                "permissions": "+@read +set ~app:*",
            },
            "AccessPolicyAssignment": {
                "cacheName": "world-classic",
                "accessPolicyAssignmentName": "app-reader",
                "accessPolicyName": "Data Reader",
                "objectId": USER,
                "objectIdAlias": "app",
            },
            "FirewallRule": {
                "cacheName": "world-classic",
                "ruleName": "office",
                "startIP": "203.0.113.1",
                "endIP": "203.0.113.9",
            },
            "PatchSchedule": {
                "name": "world-classic",
                "default": "default",
                "scheduleEntries": [
                    {"dayOfWeek": "Sunday", "startHourUtc": 3, "maintenanceWindow": "PT5H"}
                ],
            },
        }

    def _secrets(self) -> dict[str, dict[str, Any]]:
        return {
            "UserAssignedIdentity": {"resourceName": "app", "location": REGION},
            "Vault": {
                "vaultName": "cache-vault",
                "location": REGION,
                "properties": vault(),
            },
            "Secret": {
                "vaultName": "world-vault",
                "secretName": "cache-url",
                "properties": secret(),
            },
            "Key": {
                "vaultName": "world-vault",
                "keyName": "other",
                "properties": {"kty": "RSA", "keySize": 3072},
            },
            "RoleAssignment": {
                "roleAssignmentName": "dddddddd-0000-4000-8000-000000000002",
                "principalId": SERVICE,
                "principalType": "ServicePrincipal",
                "roleDefinitionId": role(SECRETS_USER),
                "scope": self.vault.identifier,
            },
        }

    def _others(self) -> dict[str, dict[str, Any]]:
        return {
            "Workspace": {
                "workspaceName": "more-logs",
                "location": REGION,
                "sku": {"name": "PerGB2018"},
                "retentionInDays": 30,
            },
            "ActionGroup": {
                "actionGroupName": "team",
                "location": "global",
                "groupShortName": "platform",
                "enabled": True,
                "emailReceivers": [{"name": "team", "emailAddress": "team@example.com"}],
            },
            "MetricAlert": {
                "ruleName": "memory",
                "location": "global",
                "enabled": True,
                "severity": 2,
                "windowSize": "PT15M",
                "evaluationFrequency": "PT5M",
                "scopes": [self.cluster.identifier],
                "criteria": criteria(),
                "actions": [{"actionGroupId": self.group.identifier}],
            },
            "DiagnosticSetting": {
                "name": "metrics",
                "resourceUri": self.cluster.identifier,
                "workspaceId": self.workspace.identifier,
                "metrics": [{"category": "AllMetrics", "enabled": True}],
            },
            "ManagementLockByScope": {
                "lockName": "keep",
                "scope": self.cluster.identifier,
                "level": "CanNotDelete",
                "notes": "production",
            },
        }

    def link(self, **changes: Any) -> dict[str, Any]:
        """A private link connection to the world's cluster."""
        return {
            "name": "cache",
            "groupIds": ["redisEnterprise"],
            "privateLinkServiceId": self.cluster.identifier,
            **changes,
        }

    def wrapped(self, **changes: Any) -> dict[str, Any]:
        """The inputs by which a cluster uses the world's key."""
        identity = self.identity.identifier
        key = {
            "keyEncryptionKeyIdentity": {
                "identityType": "userAssignedIdentity",
                "userAssignedIdentityResourceId": identity,
            },
            "keyEncryptionKeyUrl": self.key.outputs["keyUriWithVersion"],
            **changes,
        }
        return {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity]},
            "encryption": {"customerManagedKeyEncryption": key},
        }


ZONE = "privatelink.redis.azure.net"
NO_GROUP = frozenset(
    {
        "ResourceGroup", "RoleAssignment",
        "ManagementLockByScope", "DiagnosticSetting",
    }
)  # fmt: skip
"""Kinds that are in no resource group, or in the one of what they hang on."""

DATABASE: dict[str, Any] = {
    "clientProtocol": "Encrypted",
    "port": 10000,
    "clusteringPolicy": "NoCluster",
    "evictionPolicy": "VolatileLRU",
    "accessKeysAuthentication": "Enabled",
    "persistence": {"rdbEnabled": True, "rdbFrequency": "1h"},
}
STANDARD = {"name": "Standard", "family": "C", "capacity": 1}
PREMIUM = {"name": "Premium", "family": "P", "capacity": 1}
STORAGE = "DefaultEndpointsProtocol=https;AccountName=backups;AccountKey=bm90LWEta2V5"
RDB = {
    "maxmemoryPolicy": "volatile-lru",
    "rdbBackupEnabled": "true",
    "rdbBackupFrequency": "60",
    "rdbStorageConnectionString": STORAGE,
}


def vault(**changes: Any) -> dict[str, Any]:
    """Properties of a vault with some changed; None leaves one out."""
    return _without_none(
        {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enablePurgeProtection": True,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
            **changes,
        }
    )


def secret(**changes: Any) -> dict[str, Any]:
    """Properties of a secret with some changed; None leaves one out."""
    return _without_none(
        {
            "value": "rediss://:a%2Fb%3D@cache.example:10000/0",
            "contentType": "text/plain",
            "attributes": {"enabled": True, "expires": 1900000000},
            **changes,
        }
    )


def criteria(**changes: Any) -> dict[str, Any]:
    """Criteria of an alert, with members of its one criterion changed."""
    return {"odataType": SINGLE, "allOf": [criterion(**changes)]}


def criterion(**changes: Any) -> dict[str, Any]:
    """One criterion with some members changed; None leaves one out."""
    return _without_none(
        {
            "name": "memory",
            "criterionType": "StaticThresholdCriterion",
            "metricName": "usedmemorypercentage",
            "operator": "GreaterThan",
            "threshold": 80.0,
            "timeAggregation": "Maximum",
            **changes,
        }
    )


SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


__all__ = ["CALLER_ID", "ORDER", "World", "criteria", "criterion", "secret", "vault"]
