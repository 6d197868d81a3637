"""Wrong inputs, and right ones that are next to them.

Each row is a valid resource of the world with something changed. A change is a map of inputs, or
made from the world where it needs an id.
"""

from collections.abc import Callable
from typing import Any

from .world import (
    DATABASE,
    GROUP_OF_USERS,
    HOME,
    NOBODY,
    PREMIUM,
    RDB,
    SINGLE,
    STANDARD,
    USER,
    World,
    criteria,
    criterion,
    secret,
    vault,
)

Changes = dict[str, Any] | Callable[[World], dict[str, Any]]

CLUSTER, DB = "RedisEnterprise", "Database"
ENTRA, CLASSIC = "ManagedAccessPolicyAssignment", "Redis"
VAULT, SECRET, KEY = "Vault", "Secret", "Key"
ALERT, SETTING = "MetricAlert", "DiagnosticSetting"
ENDPOINT = "PrivateEndpoint"

RETIRED = 'Code="BadRequest" Message="Creation of new Azure Cache for Redis Enterprise resources'


def sku(name: str, **more: Any) -> dict[str, Any]:
    """The input by which a cluster has a size."""
    return {"sku": {"name": name, **more}}


def persistence(**values: Any) -> dict[str, Any]:
    """The input by which a database has these settings of persistence."""
    return {"persistence": values}


def modules(*names: str, **more: Any) -> dict[str, Any]:
    """The inputs by which a database has modules."""
    return {"modules": [{"name": name} for name in names], **more}


SEARCH = {"clusteringPolicy": "EnterpriseCluster", "evictionPolicy": "NoEviction"}


def geo(world: World, **values: Any) -> dict[str, Any]:
    """The inputs by which a database is in a geo-replication group of its own."""
    me = f"{world.bare.identifier}/databases/default"
    return {
        "persistence": None,
        "clusteringPolicy": "EnterpriseCluster",
        "geoReplication": {"groupNickname": "group", "linkedDatabases": [{"id": me}], **values},
    }


def classic(**settings: Any) -> dict[str, Any]:
    """The inputs of a Standard cache with these settings."""
    return {
        "sku": STANDARD,
        "shardCount": None,
        "zones": None,
        "redisConfiguration": {"maxmemoryPolicy": "volatile-lru", **settings},
    }


def rdb(**settings: Any) -> dict[str, Any]:
    """The input by which a Premium cache has settings of its persistence changed."""
    found = {**RDB, **settings}
    return {"redisConfiguration": {name: one for name, one in found.items() if one is not None}}


def schedule(**entry: Any) -> dict[str, Any]:
    """The input by which a cache is patched at other times."""
    return {"scheduleEntries": [{"dayOfWeek": "Sunday", "startHourUtc": 3, **entry}]}


WRONG_CLUSTERS: list[tuple[Changes, str]] = [
    (sku("Enterprise_E10"), RETIRED),
    (sku("EnterpriseFlash_F300"), RETIRED),
    (sku("Balanced_B2"), "'sku.name' must be one of Enterprise_E1, "),
    (sku("B5"), "'sku.name' must be one of Enterprise_E1, "),
    (sku("Balanced_B5", capacity=2), "'sku.capacity' cannot be given for the SKU Balanced_B5"),
    ({"zones": ["1", "2", "3"]}, "'zones' is not supported for the SKU Balanced_B5"),
    (sku("Balanced_B350"), "The SKU Balanced_B350 is in preview"),
    (sku("FlashOptimized_A250"), "The SKU FlashOptimized_A250 is in preview"),
    ({"minimumTlsVersion": "1.0"}, "The value '1.0' of 'properties.minimumTlsVersion' is not sup"),
    ({"minimumTlsVersion": "1.1"}, "TLS 1.0 and 1.1 are obsolete"),
    ({"minimumTlsVersion": "1.3"}, "'minimumTlsVersion' must be one of 1.0, 1.1, 1.2"),
    ({"publicNetworkAccess": None}, "missing required property 'publicNetworkAccess'"),
    ({"publicNetworkAccess": "Allow"}, "must be one of Enabled, Disabled"),
    ({"highAvailability": "On"}, "'highAvailability' must be one of Enabled, Disabled"),
    ({"sku": None}, "missing required property 'sku'"),
    ({"sku": {}}, "missing required property 'sku.name'"),
    (
        {"location": "atlantis"},
        "The provided location 'atlantis' is not available for resource type 'Microsoft.C",
    ),
    (
        {"location": "global"},
        "The provided location 'global' is not available for resource type 'Microsoft.C",
    ),
    ({"clusterName": "a--b"}, 'Code="InvalidResourceName" Message="Resource name a--b is invalid.'),
    (
        {"clusterName": "cache-"},
        'Code="InvalidResourceName" Message="Resource name cache- is invalid.',
    ),
    ({"clusterName": "a" * 61}, "a" * 61 + " is invalid."),
    (
        {"clusterName": "my_cache"},
        'Code="InvalidResourceName" Message="Resource name my_cache is invalid.',
    ),
    ({"resourceGroupName": "nowhere"}, 'Code="ResourceGroupNotFound"'),
    ({"subnetId": "x"}, "unknown property 'subnetId'"),
    ({"tags": {"a<b": "x"}}, 'Code="InvalidTagName"'),
    # its own key
    (
        lambda world: world.wrapped(keyEncryptionKeyUrl=world.key.outputs["keyUri"]),
        "keyEncryptionKeyUrl must be versioned",
    ),
    (
        lambda world: world.wrapped(
            keyEncryptionKeyUrl=f"https://other.vault.azure.net/keys/wrap/{'0' * 32}"
        ),
        "was not found",
    ),
    (
        lambda world: world.wrapped(
            keyEncryptionKeyIdentity={"identityType": "systemAssignedIdentity"}
        ),
        "identityType 'userAssignedIdentity'; no other type is supported",
    ),
    (
        lambda world: {**world.wrapped(), "identity": None},
        "must be one of the cluster's identity.userAssignedIdentities",
    ),
    (
        lambda world: {
            **world.wrapped(),
            "identity": {"type": "SystemAssigned", "userAssignedIdentities": []},
        },
        "must be one of the cluster's identity.userAssignedIdentities",
    ),
    (
        {
            "encryption": None,
            "identity": {
                "type": "UserAssigned",
                "userAssignedIdentities": [
                    f"{HOME}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/no"
                ],
            },
        },
        'Code="FailedIdentityOperation"',
    ),
    (
        {"encryption": None, "identity": {"type": "UserAssigned"}},
        'Code="InvalidIdentityValues"',
    ),
]

WRONG_DATABASES: list[tuple[Changes, str]] = [
    ({"databaseName": "cache"}, "its name is 'default'"),
    ({"clusterName": "none"}, 'Code="ParentResourceNotFound"'),
    ({"clusterName": None}, "missing required property 'clusterName'"),
    ({"port": 6379}, "The port 6379 is invalid: databases listen on port 10000."),
    ({"port": 6380}, "The port 6380 is invalid"),
    ({"port": "10000"}, "'port' should be of type 'integer' but got a string"),
    ({"clientProtocol": "TLS"}, "'clientProtocol' must be one of Encrypted, Plaintext"),
    ({"clusteringPolicy": "NoEviction"}, "must be one of EnterpriseCluster, OSSCluster, NoCl"),
    ({"evictionPolicy": "allkeys-lru"}, "'evictionPolicy' must be one of AllKeysLFU, AllK"),
    ({"accessKeysAuthentication": True}, "should be of type 'string' but got a boolean"),
    ({"deferUpgrade": "Yes"}, "'deferUpgrade' must be one of Deferred, NotDeferred"),
    (
        persistence(rdbEnabled=True, rdbFrequency="1h", aofEnabled=True, aofFrequency="1s"),
        "At most one of AOF and RDB persistence may be enabled.",
    ),
    (persistence(rdbEnabled=True), "RDB persistence needs 'persistence.rdbFrequency'"),
    (persistence(rdbEnabled=True, rdbFrequency="2h"), "must be one of 1h, 6h, 12h"),
    (persistence(aofEnabled=True, aofFrequency="always"), "'always' of 'persistence.aofFrequen"),
    (persistence(rdbEnabled=False, rdbFrequency="1h"), "needs 'persistence.rdbEnabled' to be true"),
    (persistence(rdbEnabled="true", rdbFrequency="1h"), "'boolean' but got a string"),
    (modules("RedisGraph"), "The module 'RedisGraph' is not one of RedisBloom"),
    (modules("RedisJSON", "RedisJSON"), "A module can be enabled only once."),
    (modules("RediSearch"), "RediSearch needs the clustering policy EnterpriseCluster"),
    (
        modules("RediSearch", clusteringPolicy="EnterpriseCluster"),
        "The module RediSearch needs the eviction policy NoEviction.",
    ),
    ({"modules": [{"args": "x"}]}, "missing required property 'modules[0].name'"),
    (
        lambda world: {**geo(world), "persistence": DATABASE["persistence"]},
        "Persistence is not supported for a database in a geo-replication group.",
    ),
    (
        lambda world: {**geo(world), **modules("RedisBloom")},
        "The module RedisBloom does not support geo-replication.",
    ),
    (
        lambda world: geo(world, linkedDatabases=[{"id": world.database.identifier}]),
        "'geoReplication.linkedDatabases' must name the database itself, too.",
    ),
    (lambda world: geo(world, groupNickname=""), "needs 'geoReplication.groupNickname'"),
    ({"firewallRules": []}, "unknown property 'firewallRules'"),
]

WRONG_CLASSIC: list[tuple[Changes, str]] = [
    ({"sku": {**STANDARD, "name": "Gold"}}, "must be one of Basic, Standard, Premium"),
    ({"sku": {**PREMIUM, "family": "C"}}, "SkuFamilyNotSupportedException"),
    ({"sku": {**PREMIUM, "capacity": 6}}, "SkuFamilyNotSupportedException"),
    ({"sku": {**PREMIUM, "capacity": 0}}, "SkuFamilyNotSupportedException"),
    ({**classic(), "sku": {**STANDARD, "capacity": 7}}, "SkuFamilyNotSupportedException"),
    ({**classic(), "sku": {**STANDARD, "family": "P"}}, "SkuFamilyNotSupportedException"),
    ({"sku": {"name": "Premium", "family": "P"}}, "missing required property 'sku.capacity'"),
    ({**classic(), "shardCount": 2}, "The property 'shardCount' is only supported on Premium"),
    ({**classic(), "replicasPerPrimary": 1}, "'replicasPerPrimary' is only supported on Premium"),
    ({**classic(), "zones": ["1"]}, "The property 'zones' is only supported on Premium caches"),
    (
        lambda world: {**classic(), "subnetId": world.subnet.identifier},
        'Code="InvalidRequestBody" Message="The property \'subnetId\' is only supported on Premi',
    ),
    ({**classic(), "redisConfiguration": RDB}, "'rdb-backup-enabled' is only supported on Premium"),
    ({"shardCount": 31}, "The value 31 of 'properties.shardCount' is not between 1 and 30."),
    ({"replicasPerPrimary": 4}, "The number of replicas must be between 1 and 3, not 4."),
    (
        {"replicasPerPrimary": 1, "replicasPerMaster": 2},
        "'replicasPerPrimary' and 'replicasPerMaster' must have the same value.",
    ),
    ({"zones": ["1", "4"]}, "The zones 1, 4 are not valid"),
    ({"zonalAllocationPolicy": "Automatic"}, "'zones' cannot be given with the zonal allocation p"),
    (
        {"zonalAllocationPolicy": "UserDefined", "zones": None},
        "The zonal allocation policy UserDefined needs 'zones'.",
    ),
    ({"staticIP": "10.10.1.9"}, "'properties.staticIP' needs 'properties.subnetId'."),
    (
        lambda world: {"subnetId": world.subnet.identifier, "staticIP": "10.99.0.1"},
        "The address '10.99.0.1' of 'properties.staticIP' is not in the subnet.",
    ),
    ({"subnetId": "endpoints"}, "'subnetId' does not match expression"),
    ({"minimumTlsVersion": "1.0"}, "The TLS version 1.0 is not supported any more: use 1.2."),
    ({"redisVersion": "4"}, "The Redis version '4' is not supported: use 6."),
    (
        {**classic(), "disableAccessKeyAuthentication": True},
        "can only be disabled when Microsoft Entra authentication is enabled",
    ),
    (classic(aadEnabled=True), "should be of type 'string' but got a boolean"),
    (classic(aadEnabled="yes"), "The value 'yes' of 'aad-enabled' is not true or false."),
    (classic(maxmemoryPolicy="lru"), "The value 'lru' of 'maxmemory-policy' is not supported."),
    (classic(maxmemoryReserved="many"), "The value 'many' of 'maxmemory-reserved' is not a numbe"),
    (classic(authnotrequired="true"), "can only be switched off for a cache in a virtual network"),
    (classic(notifyKeyspaceEvents="KQ"), "'notify-keyspace-events' has unknown letters"),
    (
        {
            **classic(maxmemoryReserved="50"),
            "sku": {"name": "Basic", "family": "C", "capacity": 1},
        },
        "The setting 'maxmemory-reserved' is not allowed on 'Basic' cache instances.",
    ),
    (rdb(rdbBackupFrequency="45"), "The value '45' of 'rdb-backup-frequency' is not one of 15"),
    (rdb(rdbBackupFrequency=None), "RDB persistence needs the setting 'rdb-backup-frequency'."),
    (rdb(rdbStorageConnectionString=None), "needs the setting 'rdb-storage-connection-string'"),
    (
        rdb(preferredDataPersistenceAuthMethod="ManagedIdentity"),
        "Persistence with ManagedIdentity needs 'storage-subscription-id'.",
    ),
    (rdb(aofBackupEnabled="true"), "RDB and AOF persistence cannot be enabled together."),
    (
        {"redisConfiguration": {"aofBackupEnabled": "true"}},
        "AOF persistence needs the setting 'aof-storage-connection-string-0'.",
    ),
    ({"name": "a--b"}, "The name 'a--b' is invalid"),
    ({"name": "a" * 64}, "is invalid: 1 to 63 letters, digits and hyphens"),
    ({"name": "cache-"}, "The name 'cache-' is invalid"),
]

WRONG_VAULTS: list[tuple[Changes, str]] = [
    ({"vaultName": "ab"}, "'vaultName' does not match expression"),
    ({"vaultName": "1vault"}, 'Code="VaultNameNotValid" Message="The vault name \'1vault\' is inv'),
    ({"vaultName": "vault--one"}, "not contain consecutive hyphens"),
    ({"vaultName": "vault-"}, "end with a letter or digit"),
    ({"vaultName": "a" * 25}, "'vaultName' does not match expression"),
    ({"vaultName": "my_vault"}, "'vaultName' does not match expression"),
    (
        {"properties": vault(enablePurgeProtection=False)},
        'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protecti',
    ),
    ({"properties": vault(enableSoftDelete=False)}, '"enableSoftDelete" cannot be set to false'),
    ({"properties": vault(softDeleteRetentionInDays=6)}, "must be between 7 and 90, not 6"),
    ({"properties": vault(softDeleteRetentionInDays=91)}, "must be between 7 and 90, not 91"),
    ({"properties": vault(tenantId="tenant")}, "The tenant ID 'tenant' is not a GUID."),
    ({"properties": vault(tenantId=NOBODY)}, "is not the one of the subscription"),
    ({"properties": vault(tenantId=None)}, "missing required property 'properties.tenantId'"),
    ({"properties": vault(sku=None)}, "missing required property 'properties.sku'"),
    ({"properties": vault(sku={"family": "B", "name": "standard"})}, "must be one of A"),
    (
        {"properties": vault(sku={"family": "A", "name": "basic"})},
        "must be one of standard, premium",
    ),
    ({"properties": vault(publicNetworkAccess="No")}, "'No' of 'publicNetworkAccess' is not Enab"),
    ({"properties": vault(networkAcls={"defaultAction": "Block"})}, "must be one of Allow, Deny"),
    (
        {"properties": vault(networkAcls={"ipRules": [{"value": "10.0.0.0/8"}]})},
        "The value '10.0.0.0/8' of 'networkAcls.ipRules' is a private address.",
    ),
    (
        {"properties": vault(networkAcls={"ipRules": [{"value": "office"}]})},
        "is not an IPv4 address or range",
    ),
    (
        {"properties": vault(networkAcls={"virtualNetworkRules": [{"id": "subnet"}]})},
        "Rules for virtual networks are not known",
    ),
    ({"properties": vault(createMode="recover")}, "There is no deleted vault 'cache-vault' to rec"),
]

WRONG_SECRETS: list[tuple[Changes, str]] = [
    ({"secretName": "cache_url"}, "'secretName' does not match expression"),
    ({"secretName": "cache.url"}, "'secretName' does not match expression"),
    ({"secretName": "a" * 128}, "'secretName' does not match expression"),
    ({"vaultName": "none"}, 'Code="ParentResourceNotFound"'),
    ({"properties": secret(value=None)}, "a secret must have a value"),
    ({"properties": secret(value="")}, "a secret must have a value"),
    ({"properties": secret(value="x" * 25601)}, "The secret's value is larger than 25600 bytes."),
    ({"properties": secret(attributes={"expires": "2027-01-01"})}, "should be of type 'integer'"),
    ({"properties": secret(attributes={"expires": 1900000000000})}, "must be the seconds since 19"),
    ({"properties": secret(contentType="x" * 256)}, "is longer than 255 characters"),
    ({"properties": secret(attributes={"expires": -1})}, "must be the seconds since 1970"),
    (
        {"properties": secret(attributes={"expires": 1900000000, "notBefore": 1900000001})},
        "The value of 'attributes.nbf' must be before the one of 'attributes.exp'.",
    ),
    (
        {"properties": secret(attributes={"exp": 1900000000})},
        "unknown property 'properties.attributes.exp'",
    ),
]

WRONG_ALERTS: list[tuple[Changes, str]] = [
    (
        {"criteria": criteria(metricName="errors")},
        "The following metric name(s) were not found: errors.",
    ),
    ({"criteria": criteria(metricName="UsedMemory%")}, "were not found: UsedMemory%."),
    (
        {"criteria": criteria(metricNamespace="Microsoft.Cache/Redis")},
        "were not found: usedmemorypercentage.",
    ),
    ({"criteria": criteria(timeAggregation="Total")}, "does not support the aggregation type 'To"),
    (
        {"criteria": criteria(metricName="evictedkeys")},
        "The metric 'evictedkeys' does not support the aggregation type 'Maximum'.",
    ),
    (
        {"criteria": criteria(timeAggregation="Max")},
        "must be one of Average, Count, Minimum, Maximum,",
    ),
    ({"criteria": criteria(operator=">")}, "must be one of Equals, GreaterThan, "),
    ({"criteria": criteria(threshold="80")}, "should be of type 'number' but got a string"),
    ({"criteria": criteria(criterionType="Static")}, "Criteria of the type 'Static' are not known"),
    (
        {
            "criteria": criteria(
                dimensions=[{"name": "Shard", "operator": "Include", "values": ["*"]}]
            )
        },
        "does not have the dimension 'Shard'",
    ),
    (
        {"criteria": {"odataType": SINGLE, "allOf": [criterion(), criterion()]}},
        "names must be unique within a rule",
    ),
    ({"criteria": {"odataType": SINGLE, "allOf": []}}, "needs 1 to 5 criteria"),
    # What a map in Python's way of writing becomes: it goes out as it is.
    (
        {"criteria": {"odata_type": SINGLE, "all_of": [criterion()]}},
        "'criteria' is of no known kind",
    ),
    (
        {
            "criteria": {
                "odataType": SINGLE,
                "allOf": [
                    {
                        "name": "a",
                        "criterion_type": "StaticThresholdCriterion",
                        "metric_name": "usedmemory",
                        "operator": "GreaterThan",
                        "threshold": 1.0,
                        "time_aggregation": "Maximum",
                    }
                ],
            }
        },
        "missing required property 'criteria.allOf[0].criterionType'",
    ),
    ({"severity": 5}, "The severity 5 is not valid: it must be between 0 and 4."),
    ({"severity": -1}, "The severity -1 is not valid"),
    ({"windowSize": "PT10M"}, "The window size 'PT10M' is not valid"),
    ({"windowSize": "15m"}, "The window size '15m' is not valid"),
    ({"evaluationFrequency": "PT2M"}, "The evaluation frequency 'PT2M' is not valid"),
    ({"evaluationFrequency": "PT30M"}, "must not be longer than the window size PT15M"),
    ({"location": "westeurope"}, 'Code="LocationNotAvailableForResourceType"'),
    ({"scopes": []}, "need exactly one scope"),
    ({"scopes": ["cluster"]}, "Scope is not valid"),
    (
        {"scopes": [f"{HOME}/providers/Microsoft.Cache/redisEnterprise/none"]},
        'Code="ResourceNotFound"',
    ),
    (
        lambda world: {"scopes": [world.network.identifier]},
        "Alerts are currently not supported with the resource type 'Microsoft.Network/virtualNetw",
    ),
    (
        lambda world: {"scopes": [world.database.identifier]},
        "Alerts are currently not supported with the resource type 'Microsoft.Cache/redisEnterpr",
    ),
    (
        {"actions": [{"actionGroupId": f"{HOME}/providers/Microsoft.Insights/actionGroups/none"}]},
        "was not found",
    ),
    (
        lambda world: {"actions": [{"actionGroupId": world.cluster.identifier}]},
        "is not the id of an action group",
    ),
]

LOGS = [{"categoryGroup": "allLogs", "enabled": True}]
METRICS = [{"category": "AllMetrics", "enabled": True}]

WRONG_SETTINGS: list[tuple[Changes, str]] = [
    ({"metrics": None, "logs": LOGS}, "Category group 'allLogs' is not supported."),
    (
        {"metrics": None, "logs": [{"category": "ConnectionEvents", "enabled": True}]},
        'Code="BadRequest" Message="Category \'ConnectionEvents\' is not supported."',
    ),
    (
        lambda world: {"resourceUri": world.database.identifier},
        "Metric category 'AllMetrics' is not supported.",
    ),
    (
        {"metrics": [{"category": "Basic", "enabled": True}]},
        "Metric category 'Basic' is not supported, supported categories are: 'AllMetrics'",
    ),
    (
        lambda world: {
            "resourceUri": world.database.identifier,
            "metrics": None,
            "logs": [*LOGS, {"category": "ConnectionEvents", "enabled": True}],
        },
        "Diagnostic setting does not support mix of log category and log category group.",
    ),
    ({"workspaceId": None}, "At least one data sink needs to be specified."),
    (
        {"workspaceId": f"{HOME}/providers/Microsoft.OperationalInsights/workspaces/none"},
        'Code="ResourceNotFound"',
    ),
    (
        lambda world: {"workspaceId": world.cluster.identifier},
        "is not the id of a Log Analytics workspace",
    ),
    ({"metrics": None}, "At least one category of logs or metrics must be enabled."),
    (
        {"metrics": [{"category": "AllMetrics", "enabled": False}]},
        "At least one category of logs or metrics must be enabled.",
    ),
    (
        {
            "metrics": [
                {
                    "category": "AllMetrics",
                    "enabled": True,
                    "retentionPolicy": {"enabled": True, "days": 30},
                }
            ]
        },
        "Diagnostic settings do not support retention for new diagnostic settings.",
    ),
    (
        lambda world: {"resourceUri": world.workspace.identifier},
        "does not support diagnostic settings",
    ),
]

WRONG_OTHERS: list[tuple[str, Changes, str]] = [
    # who may come in
    (ENTRA, {"accessPolicyName": "reader"}, "The access policy 'reader' is not supported"),
    (ENTRA, {"user": {"objectId": "me@example.com"}}, "must be the object id of a user: a GUID"),
    (ENTRA, {"user": {}}, "must be the object id of a user: a GUID"),
    (ENTRA, {"user": {"objectId": GROUP_OF_USERS}}, "is a group: only users and service principa"),
    (
        ENTRA,
        {"accessPolicyAssignmentName": "app-reader"},
        "does not match expression '^[A-Za-z0-9]{1,60}$'",
    ),
    (ENTRA, {"databaseName": "none"}, 'Code="ParentResourceNotFound"'),
    ("AccessPolicy", {"accessPolicyName": "Data Reader"}, "is built in and cannot be changed"),
    ("AccessPolicy", {"permissions": "read everything"}, "The permission 'read' is not valid"),
    ("AccessPolicy", {"permissions": " "}, "'properties.permissions' is missing"),
    (
        "AccessPolicy",
        {"accessPolicyName": "ab"},
        "is too short (2): at least 3 characters required",
    ),
    ("AccessPolicyAssignment", {"accessPolicyName": "Writer"}, "'Writer' does not exist"),
    ("AccessPolicyAssignment", {"objectId": "me"}, "'objectId' must be the object id of a u"),
    ("AccessPolicyAssignment", {"objectId": GROUP_OF_USERS}, "is a group: only users and"),
    ("AccessPolicyAssignment", {"objectIdAlias": ""}, "'properties.objectIdAlias' is missing"),
    ("AccessPolicyAssignment", {"accessPolicyAssignmentName": "a_b"}, "does not match expression"),
    ("FirewallRule", {"startIP": "203.0.113.10"}, "is after the end address 203.0.113.9"),
    ("FirewallRule", {"endIP": "::1"}, "must be IPv4 addresses"),
    ("FirewallRule", {"ruleName": "the-office"}, "Resource name the-office is invalid."),
    ("PatchSchedule", schedule(dayOfWeek="Someday"), "must be one of Monday, Tuesday, "),
    ("PatchSchedule", schedule(startHourUtc=24), "The value 24 of 'startHourUtc' is not betw"),
    ("PatchSchedule", schedule(maintenanceWindow="PT2H"), "of 5 hours or more"),
    ("PatchSchedule", {"scheduleEntries": []}, "needs at least one entry"),
    ("PatchSchedule", {"default": "weekly"}, "must be 'default', not 'weekly'"),
    (
        "PatchSchedule",
        {
            "scheduleEntries": [
                {"dayOfWeek": "Weekend", "startHourUtc": 3},
                {"dayOfWeek": "Sunday", "startHourUtc": 5},
            ]
        },
        "one entry for each day",
    ),
    # keys
    (KEY, {"properties": {"kty": "RSA", "keySize": 1024}}, "The key size 1024 is not supported"),
    (
        KEY,
        {"properties": {"kty": "EC", "curveName": "P-1"}},
        "must be one of P-256, P-384, P-521, P-256K",
    ),
    (KEY, {"properties": {"kty": "RSA-HSM"}}, "need a vault of the SKU premium"),
    (KEY, {"properties": {"kty": "DES"}}, "must be one of EC, EC-HSM, RSA, RSA-HSM"),
    (KEY, {"keyName": "my_key"}, "'keyName' does not match expression"),
    # whom to tell
    ("ActionGroup", {"groupShortName": "a" * 13}, "must have 1 to 12 characters"),
    ("ActionGroup", {"groupShortName": ""}, "must have 1 to 12 characters"),
    (
        "ActionGroup",
        {"emailReceivers": [{"name": "team", "emailAddress": "team"}]},
        "The email address of the receiver 'team' is not valid.",
    ),
    (
        "ActionGroup",
        {"emailReceivers": [{"name": "a", "emailAddress": "a@example.com"}] * 2},
        "The names of receivers must be unique",
    ),
    # network
    (
        ENDPOINT,
        lambda world: {"privateLinkServiceConnections": [world.link(groupIds=["redisCache"])]},
        'Code="InvalidGroupIds"',
    ),
    (
        ENDPOINT,
        lambda world: {"privateLinkServiceConnections": [world.link(groupIds=[])]},
        'Code="InvalidGroupIds"',
    ),
    (
        ENDPOINT,
        lambda world: {
            "privateLinkServiceConnections": [
                world.link(privateLinkServiceId=world.bare.identifier)
            ]
        },
        "has no database yet that a private endpoint could lead to",
    ),
    (
        ENDPOINT,
        lambda world: {
            "privateLinkServiceConnections": [
                world.link(privateLinkServiceId=world.database.identifier)
            ]
        },
        "Private endpoints cannot be connected to a resource of type 'Microsoft.Cache/redisEnte",
    ),
    (
        ENDPOINT,
        lambda world: {"subnet": {"id": f"{world.network.identifier}/subnets/none"}},
        'Code="InvalidResourceReference"',
    ),
    (ENDPOINT, {"location": "northeurope"}, 'Code="InvalidResourceReference"'),
    ("Subnet", {"addressPrefix": "10.99.0.0/24"}, 'Code="NetcfgSubnetRangeOutsideVnet"'),
    ("Subnet", {"addressPrefix": "10.10.1.128/25"}, 'Code="NetcfgSubnetRangesOverlap"'),
    ("Subnet", {"addressPrefix": "10.10.2.0/30"}, "the smallest subnet is /29"),
    ("Subnet", {"addressPrefix": "10.10.2.5/24"}, 'Code="InvalidCIDRNotation"'),
    ("PrivateZone", {"location": "westeurope"}, "LocationNotAvailableForResourceType"),
    (
        "VirtualNetworkLink",
        {"virtualNetwork": {"id": f"{HOME}/none"}},
        'Code="LinkedInvalidPropertyId"',
    ),
    # roles and locks
    ("RoleAssignment", {"roleAssignmentName": "reader"}, "The role assignment ID must be a GUID."),
    ("RoleAssignment", {"principalId": "me"}, 'Code="InvalidPrincipalId"'),
    ("RoleAssignment", {"principalType": "User"}, 'Code="UnmatchedPrincipalType"'),
    (
        "RoleAssignment",
        {"roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/" + NOBODY},
        'Code="RoleDefinitionDoesNotExist"',
    ),
    (
        "ManagementLockByScope",
        {"level": "NoDelete"},
        "must be one of NotSpecified, CanNotDelete, ReadOnly",
    ),
    ("ManagementLockByScope", {"notes": "x" * 513}, "The lock notes exceed the maximum of 512"),
    (
        "ManagementLockByScope",
        {"scope": f"{HOME}/providers/Microsoft.Cache/redisEnterprise/none"},
        'Code="ResourceNotFound"',
    ),
    ("Workspace", {"retentionInDays": 10}, "property doesn't match the SKU limits. Value: 10"),
    ("ResourceGroup", {"resourceGroupName": "group."}, "Resource name group. is invalid."),
]

WRONG: list[tuple[str, Changes, str]] = [
    *((CLUSTER, changes, text) for changes, text in WRONG_CLUSTERS),
    *((DB, changes, text) for changes, text in WRONG_DATABASES),
    *((CLASSIC, changes, text) for changes, text in WRONG_CLASSIC),
    *((VAULT, changes, text) for changes, text in WRONG_VAULTS),
    *((SECRET, changes, text) for changes, text in WRONG_SECRETS),
    *((ALERT, changes, text) for changes, text in WRONG_ALERTS),
    *((SETTING, changes, text) for changes, text in WRONG_SETTINGS),
    *WRONG_OTHERS,
]

NEIGHBOURS: list[tuple[str, Changes]] = [
    (CLUSTER, sku("Balanced_B0")),
    (CLUSTER, sku("Balanced_B250")),
    (CLUSTER, sku("MemoryOptimized_M10")),
    (CLUSTER, sku("ComputeOptimized_X3")),
    (CLUSTER, {"highAvailability": "Disabled"}),
    (CLUSTER, {"minimumTlsVersion": None}),
    (CLUSTER, {"publicNetworkAccess": "Enabled"}),
    (CLUSTER, {"clusterName": "A1-b2-c3"}),
    (CLUSTER, {"clusterName": "a" * 60}),
    (CLUSTER, {"encryption": None, "identity": None}),
    (CLUSTER, {"encryption": None, "identity": {"type": "SystemAssigned"}}),
    (DB, {"port": None}),
    (DB, {"clusteringPolicy": "OSSCluster"}),
    (DB, {"clusteringPolicy": None, "evictionPolicy": None, "clientProtocol": None}),
    (DB, {"clientProtocol": "Plaintext"}),
    (DB, {"accessKeysAuthentication": None}),
    (DB, {"persistence": None}),
    (DB, persistence(rdbEnabled=True, rdbFrequency="12h")),
    (DB, persistence(aofEnabled=True, aofFrequency="1s")),
    (DB, persistence(aofEnabled=True)),
    (DB, persistence(aofEnabled=False, rdbEnabled=False)),
    (DB, modules("RedisJSON", "RedisBloom", "RedisTimeSeries")),
    (DB, modules("RediSearch", **SEARCH)),
    (DB, geo),
    (ENTRA, {"accessPolicyAssignmentName": USER.replace("-", "")}),
    (CLASSIC, classic()),
    (CLASSIC, {**classic(), "sku": {"name": "Basic", "family": "C", "capacity": 0}}),
    (CLASSIC, {**classic(aadEnabled="true"), "disableAccessKeyAuthentication": True}),
    (CLASSIC, {**classic(notifyKeyspaceEvents="KEA", maxmemoryReserved="50")}),
    (CLASSIC, {"sku": {**PREMIUM, "capacity": 5}, "shardCount": 30}),
    (CLASSIC, {"replicasPerPrimary": 3}),
    (CLASSIC, {"zonalAllocationPolicy": "UserDefined"}),
    (CLASSIC, {"zonalAllocationPolicy": "Automatic", "zones": None}),
    (CLASSIC, lambda world: {"subnetId": world.subnet.identifier, "staticIP": "10.10.1.9"}),
    (CLASSIC, rdb(rdbBackupFrequency="1440")),
    (
        CLASSIC,
        rdb(
            rdbStorageConnectionString=None,
            preferredDataPersistenceAuthMethod="ManagedIdentity",
            storageSubscriptionId=NOBODY,
        ),
    ),
    (VAULT, {"properties": vault(enablePurgeProtection=None)}),
    (VAULT, {"properties": vault(softDeleteRetentionInDays=7)}),
    (VAULT, {"properties": vault(publicNetworkAccess="Disabled")}),
    (VAULT, {"properties": vault(enableRbacAuthorization=False)}),
    (VAULT, {"properties": vault(networkAcls={"ipRules": [{"value": "20.50.1.7"}]})}),
    (VAULT, {"vaultName": "a" * 24}),
    (SECRET, {"secretName": "a" * 127}),
    (SECRET, {"properties": secret(value="x" * 25600)}),
    (SECRET, {"properties": secret(attributes=None, contentType=None)}),
    (KEY, {"properties": {"kty": "EC", "curveName": "P-256"}}),
    (ALERT, {"criteria": criteria(metricName="evictedkeys", timeAggregation="Total")}),
    (ALERT, {"criteria": criteria(metricName="errors", skipMetricValidation=True)}),
    (ALERT, {"criteria": criteria(metricNamespace="Microsoft.Cache/redisEnterprise")}),
    (
        ALERT,
        lambda world: {
            "scopes": [world.cache.identifier],
            "criteria": criteria(metricName="errors"),
        },
    ),
    (ALERT, {"severity": 0, "windowSize": "P1D", "evaluationFrequency": "PT1H"}),
    (ALERT, {"windowSize": "PT5M", "evaluationFrequency": "PT5M", "actions": None}),
    (
        SETTING,
        lambda world: {"resourceUri": world.database.identifier, "metrics": None, "logs": LOGS},
    ),
    (SETTING, lambda world: {"resourceUri": world.cache.identifier, "logs": LOGS}),
    (SETTING, lambda world: {"resourceUri": world.vault.identifier, "logs": LOGS}),
    ("PatchSchedule", schedule(dayOfWeek="Everyday", startHourUtc=0)),
    ("AccessPolicy", {"permissions": "+@all -flushall allkeys"}),
    (
        ENDPOINT,
        lambda world: {
            "privateLinkServiceConnections": [
                world.link(privateLinkServiceId=world.vault.identifier, groupIds=["vault"])
            ]
        },
    ),
    (
        ENDPOINT,
        lambda world: {
            "privateLinkServiceConnections": [
                world.link(privateLinkServiceId=world.cache.identifier, groupIds=["redisCache"])
            ]
        },
    ),
    ("Subnet", {"addressPrefix": "10.10.2.0/29"}),
    ("RoleAssignment", {"principalType": None}),
    ("ManagementLockByScope", {"level": "ReadOnly", "notes": None}),
]
"""Inputs right next to wrong ones: they are accepted."""

RAW: list[tuple[str, str, Any, str]] = [
    (CLUSTER, "sku.name", "Balanced_B2", "'sku.name' is invalid: Balanced_B2."),
    (CLUSTER, "properties.publicNetworkAccess", None, "publicNetworkAccess' is missing"),
    (CLASSIC, "properties.sku.name", "Gold", "'properties.sku.name' is invalid: Gold."),
    (CLASSIC, "properties.subnetId", "endpoints", "properties.subnetId does not match ^/subscr"),
    (CLASSIC, "properties.redisConfiguration.colour", "red", "The setting 'colour' is not known"),
    (CLASSIC, "properties.redisConfiguration.aad-enabled", True, "aad-enabled is not of type str."),
    (
        CLASSIC,
        "properties.redisConfiguration.preferred-data-persistence-auth-method",
        "Key",
        "is not SAS or ManagedIdentity: 'Key'",
    ),
    ("PatchSchedule", "properties.scheduleEntries.0.dayOfWeek", "Someday", "'Someday' of 'dayOfWe"),
    (VAULT, "properties.sku.family", "B", "The property 'sku.family' must be 'A'."),
    (VAULT, "properties.accessPolicies", [{"objectId": "me"}], "for 'accessPolicies': 'me'"),
    (KEY, "properties", {"kty": "EC", "curveName": "P-1"}, "The curve P-1 is not one of P-256"),
    (ALERT, "properties.criteria.odata~type", None, "The property 'odata.type' is missing"),
    (ALERT, "properties.criteria.all_of", [], "Could not find member 'all_of' in 'properties.cri"),
    (ALERT, "properties.criteria.odata~type", "Microsoft.Azure.Monitor.Other", "are not known to"),
    (ALERT, "properties.criteria.allOf.0.metric_name", "x", "Could not find member 'metric_name'"),
    (ALERT, "properties.criteria.allOf.0.metricName", None, "The property 'metricName' is missin"),
    (ALERT, "properties.criteria.allOf.0.operator", ">", "The operator '>' is not valid."),
    (ALERT, "properties.criteria.allOf.0.threshold", "80", "The threshold of a criterion must be"),
    (ALERT, "properties.actions.0.actionGroupId", "team", "The action group is not valid"),
    (SETTING, "properties.storageAccountId", "x", "'storageAccountId' is not known to this stan"),
    (SETTING, "properties.logAnalyticsDestinationType", "Table", "'Table' of 'logAnalyticsDestina"),
]
"""Requests that the provider does not let through, sent without it: a place in the body of a valid
one, what stands there instead, and what is said. A dot that is part of a name is written `~`.
"""
