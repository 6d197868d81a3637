"""Azure Managed Redis and the classic Azure Cache for Redis."""

from .common import GROUPED, TRACKED, AzureResource, Rule

CACHE = GROUPED + "Microsoft.Cache/"
MANAGED = f"{CACHE}redisEnterprise/{{clusterName}}"
DATABASE = f"{MANAGED}/databases/{{databaseName}}"
POLICY_NAME = r"^([a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]|[a-zA-Z0-9])$"

SETTINGS = {
    "aadEnabled": "aad-enabled",
    "aofBackupEnabled": "aof-backup-enabled",
    "aofStorageConnectionString0": "aof-storage-connection-string-0",
    "aofStorageConnectionString1": "aof-storage-connection-string-1",
    "maxfragmentationmemoryReserved": "maxfragmentationmemory-reserved",
    "maxmemoryDelta": "maxmemory-delta",
    "maxmemoryPolicy": "maxmemory-policy",
    "maxmemoryReserved": "maxmemory-reserved",
    "notifyKeyspaceEvents": "notify-keyspace-events",
    "preferredDataArchiveAuthMethod": "preferred-data-archive-auth-method",
    "preferredDataPersistenceAuthMethod": "preferred-data-persistence-auth-method",
    "rdbBackupEnabled": "rdb-backup-enabled",
    "rdbBackupFrequency": "rdb-backup-frequency",
    "rdbBackupMaxSnapshotCount": "rdb-backup-max-snapshot-count",
    "rdbStorageConnectionString": "rdb-storage-connection-string",
    "storageSubscriptionId": "storage-subscription-id",
    "zonalConfiguration": "zonal-configuration",
}
"""Names of a classic cache's Redis settings: in the SDK and on the wire."""

TYPES = (
    AzureResource(
        sdk="redisenterprise:RedisEnterprise",
        path=MANAGED,
        outside=TRACKED | {"identity", "kind", "sku", "zones"},
        replaces=frozenset({"location"}),
        sets=frozenset({"identity.userAssignedIdentities"}),
        models=TRACKED
        | {
            "encryption",
            "highAvailability",
            "identity",
            "minimumTlsVersion",
            "publicNetworkAccess",
            "sku",
            "zones",
        },
    ),
    AzureResource(
        sdk="redisenterprise:Database",
        path=DATABASE,
        outside=frozenset(),
        replaces=frozenset({"geoReplication", "modules", "port"}),
        keyed={"modules": "name"},
        rules={"databaseName": Rule(r"^[A-Za-z0-9]{1,60}$")},
        models=frozenset(
            {
                "accessKeysAuthentication",
                "clientProtocol",
                "clusteringPolicy",
                "deferUpgrade",
                "evictionPolicy",
                "geoReplication",
                "modules",
                "persistence",
                "port",
            }
        ),
    ),
    AzureResource(
        sdk="redisenterprise:AccessPolicyAssignment",
        path=f"{DATABASE}/accessPolicyAssignments/{{accessPolicyAssignmentName}}",
        outside=frozenset(),
        rules={
            "accessPolicyAssignmentName": Rule(r"^[A-Za-z0-9]{1,60}$"),
            "accessPolicyName": Rule(POLICY_NAME),
        },
        models=frozenset({"accessPolicyName", "user"}),
    ),
    AzureResource(
        sdk="redis:Redis",
        path=f"{CACHE}redis/{{name}}",
        outside=TRACKED | {"identity", "zones"},
        replaces=frozenset({"location", "staticIP"}),
        renamed={f"redisConfiguration.{name}": wire for name, wire in SETTINGS.items()},
        sets=frozenset({"identity.userAssignedIdentities"}),
        rules={
            "subnetId": Rule(
                r"^/subscriptions/[^/]*/resourceGroups/[^/]*/providers/Microsoft."
                r"(ClassicNetwork|Network)/virtualNetworks/[^/]*/subnets/[^/]*$"
            ),
            "staticIP": Rule(r"^\d+\.\d+\.\d+\.\d+$"),
        },
        models=TRACKED
        | {
            "disableAccessKeyAuthentication",
            "enableNonSslPort",
            "identity",
            "minimumTlsVersion",
            "publicNetworkAccess",
            "redisConfiguration",
            "redisVersion",
            "replicasPerMaster",
            "replicasPerPrimary",
            "shardCount",
            "sku",
            "staticIP",
            "subnetId",
            "tenantSettings",
            "updateChannel",
            "zonalAllocationPolicy",
            "zones",
        },
    ),
    AzureResource(
        sdk="redis:AccessPolicy",
        path=f"{CACHE}redis/{{cacheName}}/accessPolicies/{{accessPolicyName}}",
        outside=frozenset(),
        models=frozenset({"permissions"}),
        rules={"accessPolicyName": Rule(shortest=3, longest=63)},
    ),
    AzureResource(
        sdk="redis:AccessPolicyAssignment",
        path=f"{CACHE}redis/{{cacheName}}/accessPolicyAssignments/{{accessPolicyAssignmentName}}",
        outside=frozenset(),
        models=frozenset({"accessPolicyName", "objectId", "objectIdAlias"}),
        rules={"accessPolicyAssignmentName": Rule(POLICY_NAME, shortest=3, longest=63)},
    ),
    AzureResource(
        sdk="redis:FirewallRule",
        path=f"{CACHE}redis/{{cacheName}}/firewallRules/{{ruleName}}",
        outside=frozenset(),
        models=frozenset({"endIP", "startIP"}),
    ),
    AzureResource(
        sdk="redis:PatchSchedule",
        path=f"{CACHE}redis/{{name}}/patchSchedules/{{default}}",
        outside=frozenset(),
        models=frozenset({"scheduleEntries"}),
    ),
)
