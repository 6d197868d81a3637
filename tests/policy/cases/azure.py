"""Redis on Azure as a program without our components makes it, with either provider."""

from dataclasses import replace
from typing import Any

from .model import ABSENT, Apart, Case, Part, Ref, Scene

SECRETS_USER = (
    "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"
)
GROUP = "/subscriptions/0/resourceGroups/shop/providers"

RULES = [
    {
        "name": "apps",
        "direction": "Inbound",
        "access": "Allow",
        "sourceAddressPrefix": "10.30.0.0/16",
        "destinationPortRange": "10000",
    },
    {
        "name": "nothing-else",
        "direction": "Inbound",
        "access": "Deny",
        "sourceAddressPrefix": "*",
        "destinationPortRange": "*",
    },
]
"""Let applications in, and nothing else."""

NETWORK = (
    Part(
        "rules",
        "azure-native:network:NetworkSecurityGroup",
        {"securityRules": RULES},
    ),
    Part(
        "subnet",
        "azure-native:network:Subnet",
        {
            "networkSecurityGroup": {"id": Ref("rules")},
            "privateEndpointNetworkPolicies": "NetworkSecurityGroupEnabled",
        },
    ),
)
"""Where the private endpoint is."""

RULES_APART = (
    Part("rules", "azure-native:network:NetworkSecurityGroup", {}),
    Part(
        "subnet",
        "azure-native:network:Subnet",
        {
            "networkSecurityGroup": {"id": Ref("rules")},
            "privateEndpointNetworkPolicies": "Enabled",
        },
    ),
    Part(
        "rule",
        "azure-native:network:SecurityRule",
        {
            "networkSecurityGroupName": Ref("rules", "name"),
            "direction": "Inbound",
            "access": "Allow",
            "sourceAddressPrefix": "10.30.0.0/16",
            "destinationPortRange": "10000",
        },
    ),
    Part(
        "rule-older",
        "azure:network/networkSecurityRule:NetworkSecurityRule",
        {
            "networkSecurityGroupName": Ref("rules", "name"),
            "direction": "Inbound",
            "access": "Allow",
            "sourceAddressPrefix": "10.30.0.0/16",
            "destinationPortRange": "10000",
        },
    ),
)
"""The same with rules that are resources of their own."""


def _around(of: str, *, keys: bool = True) -> tuple[Part, ...]:
    """What a cache has around it."""
    vault = (
        Part(
            "shop",
            "azure-native:resources:ResourceGroup",
            {},
            {"id": "/subscriptions/0/resourceGroups/shop"},
        ),
        Part(
            "vault",
            "azure-native:keyvault:Vault",
            {
                "resourceGroupName": Ref("shop", "name"),
                "properties": {
                    "enableRbacAuthorization": True,
                    "publicNetworkAccess": "Disabled",
                    "enableSoftDelete": True,
                    "enablePurgeProtection": True,
                },
            },
            {"id": f"{GROUP}/Microsoft.KeyVault/vaults/vault"},
        ),
        Part(
            "redis-secret",
            "azure-native:keyvault:Secret",
            {"vaultName": Ref("vault", "name"), "properties": {"value": Ref(of, "name")}},
            {"id": f"{GROUP}/Microsoft.KeyVault/vaults/vault/secrets/redis"},
        ),
        Part(
            "reader",
            "azure-native:authorization:RoleAssignment",
            {"scope": Ref("redis-secret"), "roleDefinitionId": SECRETS_USER},
        ),
    )
    return (
        Part(
            "endpoint",
            "azure-native:network:PrivateEndpoint",
            {
                "privateLinkServiceConnections": [{"privateLinkServiceId": Ref(of)}],
                "subnet": {"id": Ref("subnet")},
            },
        ),
        Part(
            "lock",
            "azure-native:authorization:ManagementLockByScope",
            {"scope": Ref(of), "level": "CanNotDelete"},
        ),
        Part(
            "alert",
            "azure-native:monitor:MetricAlert",
            {"scopes": [Ref(of)], "enabled": True, "actions": [{"actionGroupId": "/on-call"}]},
        ),
        Part("workspace", "azure-native:operationalinsights:Workspace", {"retentionInDays": 90}),
        Part(
            "logs",
            "azure-native:monitor:DiagnosticSetting",
            {"resourceUri": Ref(of), "workspaceId": Ref("workspace")},
        ),
        *(vault if keys else ()),
    )


RESOURCE_LOCK = Part(
    "lock-of-resource",
    "azure-native:authorization:ManagementLockAtResourceLevel",
    {"resourceName": Ref("redis", "name"), "level": "CanNotDelete"},
)


LOCKED_GROUP = (
    Part(
        "shop",
        "azure-native:resources:ResourceGroup",
        {},
        {"id": "/subscriptions/0/resourceGroups/shop"},
    ),
    Part(
        "lock-of-group",
        "azure-native:authorization:ManagementLockAtResourceGroupLevel",
        {"resourceGroupName": Ref("shop", "name"), "level": "CanNotDelete"},
    ),
)


def _database(name: str = "data", **inputs: Any) -> Part:
    return Part(
        name,
        "azure-native:redisenterprise:Database",
        {
            "clusterName": Ref("redis", "name"),
            "clientProtocol": "Encrypted",
            "evictionPolicy": "NoEviction",
            "accessKeysAuthentication": "Enabled",
            "persistence": {"rdbEnabled": True, "rdbFrequency": "6h"},
            **inputs,
        },
        protect=True,
    )


CLUSTER = Part(
    "redis",
    "azure-native:redisenterprise:RedisEnterprise",
    {
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
        "highAvailability": "Enabled",
        "sku": {"name": "Balanced_B5"},
    },
    {"id": f"{GROUP}/Microsoft.Cache/redisEnterprise/redis"},
    protect=True,
)

MANAGED = Scene("azure-managed", (*NETWORK, CLUSTER, _database(), *_around("redis")))
"""Azure Managed Redis with access keys."""

VERSIONED = Scene(
    "azure-managed-versioned",
    (
        *NETWORK,
        replace(CLUSTER, type="azure-native:cache/v20241001:RedisEnterprise"),
        replace(_database(), type="azure-native:cache/v20241001:Database"),
        *_around("redis"),
    ),
)
"""The same with tokens that name a version of the API, in the module of earlier releases."""

ENTRA = Scene(
    "azure-entra",
    (
        *RULES_APART,
        CLUSTER,
        _database(accessKeysAuthentication="Disabled"),
        Part(
            "login",
            "azure-native:redisenterprise:AccessPolicyAssignment",
            {"clusterName": Ref("redis", "name"), "databaseName": Ref("data", "name")},
        ),
        *_around("redis", keys=False),
    ),
)
"""Azure Managed Redis with identities alone, and so without a secret to keep."""

CLASSIC_INPUTS = {
    "enableNonSslPort": False,
    "minimumTlsVersion": "1.2",
    "publicNetworkAccess": "Disabled",
    "disableAccessKeyAuthentication": False,
    "sku": {"name": "Premium", "family": "P", "capacity": 1},
    "redisConfiguration": {
        "rdbBackupEnabled": "true",
        "maxmemoryPolicy": "noeviction",
        "authnotrequired": "false",
    },
}

CLASSIC = Scene(
    "azure-classic",
    (
        *NETWORK,
        Part(
            "redis",
            "azure-native:redis:Redis",
            CLASSIC_INPUTS,
            {"id": f"{GROUP}/Microsoft.Cache/redis/redis"},
            protect=True,
        ),
        Part(
            "office",
            "azure-native:redis:FirewallRule",
            {"cacheName": Ref("redis", "name"), "startIP": "52.1.2.3", "endIP": "52.1.2.9"},
        ),
        *_around("redis"),
    ),
)

CLASSIC_VERSIONED = Scene(
    "azure-classic-versioned",
    (
        *NETWORK,
        replace(CLASSIC.part("redis"), type="azure-native:redis/v20240301:Redis"),
        replace(CLASSIC.part("office"), type="azure-native:cache/v20230801:FirewallRule"),
        *_around("redis"),
    ),
)

CLASSIC_ENTRA = Scene(
    "azure-classic-entra",
    (
        *NETWORK,
        Part(
            "redis",
            "azure-native:redis:Redis",
            {
                **CLASSIC_INPUTS,
                "disableAccessKeyAuthentication": True,
                "resourceGroupName": Ref("shop", "name"),
            },
            {"id": f"{GROUP}/Microsoft.Cache/redis/redis"},
            protect=True,
        ),
        Part(
            "login",
            "azure-native:redis:AccessPolicyAssignment",
            {"cacheName": Ref("redis", "name")},
        ),
        *_around("redis", keys=False),
        RESOURCE_LOCK,
        *LOCKED_GROUP,
    ),
)


def _around_older(of: str) -> tuple[Part, ...]:
    """What a cache has around it, by the classic provider."""
    return (
        Part(
            "endpoint",
            "azure:privatelink/endpoint:Endpoint",
            {
                "privateServiceConnection": {"privateConnectionResourceId": Ref(of)},
                "subnetId": Ref("subnet"),
            },
        ),
        Part(
            "lock",
            "azure:management/lock:Lock",
            {"scope": Ref(of), "lockLevel": "CanNotDelete"},
        ),
        Part(
            "alert",
            "azure:monitoring/metricAlert:MetricAlert",
            {"scopes": [Ref(of)], "enabled": True, "actions": [{"actionGroupId": "/on-call"}]},
        ),
        Part("workspace", "azure:operationalinsights/analyticsWorkspace:AnalyticsWorkspace", {}),
        Part(
            "logs",
            "azure:monitoring/diagnosticSetting:DiagnosticSetting",
            {"targetResourceId": Ref(of), "logAnalyticsWorkspaceId": Ref("workspace")},
        ),
        Part(
            "shop",
            "azure:core/resourceGroup:ResourceGroup",
            {},
            {"id": "/subscriptions/0/resourceGroups/shop"},
        ),
        Part(
            "vault",
            "azure:keyvault/keyVault:KeyVault",
            {
                "resourceGroupName": Ref("shop", "name"),
                "rbacAuthorizationEnabled": True,
                "publicNetworkAccessEnabled": False,
                "purgeProtectionEnabled": True,
            },
            {"id": f"{GROUP}/Microsoft.KeyVault/vaults/vault"},
        ),
        Part(
            "redis-secret",
            "azure:keyvault/secret:Secret",
            {"keyVaultId": Ref("vault"), "value": Ref(of)},
            {"id": f"{GROUP}/Microsoft.KeyVault/vaults/vault/secrets/redis"},
        ),
        Part(
            "reader",
            "azure:authorization/assignment:Assignment",
            {"scope": Ref("redis-secret"), "roleDefinitionName": "Key Vault Secrets User"},
        ),
        Part(
            "rules",
            "azure:network/networkSecurityGroup:NetworkSecurityGroup",
            {"securityRules": RULES},
        ),
        Part("subnet", "azure:network/subnet:Subnet", {}),
        Part(
            "rules-of-subnet",
            "azure:network/subnetNetworkSecurityGroupAssociation:"
            "SubnetNetworkSecurityGroupAssociation",
            {"subnetId": Ref("subnet"), "networkSecurityGroupId": Ref("rules")},
        ),
    )


OLDER = Scene(
    "azure-older-classic",
    (
        Part(
            "redis",
            "azure:redis/cache:Cache",
            {
                "skuName": "Premium",
                "nonSslPortEnabled": False,
                "minimumTlsVersion": "1.2",
                "publicNetworkAccessEnabled": False,
                "accessKeysAuthenticationEnabled": True,
                "redisConfiguration": {
                    "authenticationEnabled": True,
                    "rdbBackupEnabled": True,
                    "maxmemoryPolicy": "noeviction",
                },
            },
            {"id": f"{GROUP}/Microsoft.Cache/redis/redis"},
            protect=True,
        ),
        Part(
            "office",
            "azure:redis/firewallRule:FirewallRule",
            {"redisCacheName": Ref("redis", "name"), "startIp": "52.1.2.3", "endIp": "52.1.2.9"},
        ),
        *_around_older("redis"),
    ),
)
"""A classic cache, by the classic provider."""

OLDER_MANAGED = Scene(
    "azure-older-managed",
    (
        Part(
            "redis",
            "azure:managedredis/managedRedis:ManagedRedis",
            {
                "skuName": "Balanced_B5",
                "publicNetworkAccess": "Disabled",
                "highAvailabilityEnabled": True,
                "defaultDatabase": {
                    "clientProtocol": "Encrypted",
                    "accessKeysAuthenticationEnabled": False,
                    "evictionPolicy": "NoEviction",
                    "persistenceRedisDatabaseBackupFrequency": "6h",
                },
            },
            {"id": f"{GROUP}/Microsoft.Cache/redisEnterprise/redis"},
            protect=True,
        ),
        Part(
            "login",
            "azure:managedredis/accessPolicyAssignment:AccessPolicyAssignment",
            {"managedRedisId": Ref("redis")},
        ),
        *_around_older("redis"),
    ),
)

OLDER_ENTERPRISE = Scene(
    "azure-older-enterprise",
    (
        Part(
            "redis",
            "azure:redis/enterpriseCluster:EnterpriseCluster",
            {"skuName": "Enterprise_E10-2", "minimumTlsVersion": "1.2"},
            {"id": f"{GROUP}/Microsoft.Cache/redisEnterprise/redis"},
            protect=True,
        ),
        Part(
            "data",
            "azure:redis/enterpriseDatabase:EnterpriseDatabase",
            {"clusterId": Ref("redis"), "clientProtocol": "Encrypted"},
        ),
        *_around_older("redis"),
    ),
)

SCENES = (
    MANAGED,
    VERSIONED,
    ENTRA,
    CLASSIC,
    CLASSIC_VERSIONED,
    CLASSIC_ENTRA,
    OLDER,
    OLDER_MANAGED,
    OLDER_ENTERPRISE,
)

WIDE = "securityRules.0.destinationPortRange"

_EACH = (MANAGED, CLASSIC, OLDER, OLDER_MANAGED, OLDER_ENTERPRISE)

CASES = (
    *(
        Case(rule, scene, "redis", without=(name,))
        for rule, name in (
            ("azure-lock", "lock"),
            ("azure-alerts", "alert"),
            ("azure-logs", "logs"),
        )
        for scene in _EACH
    ),
    Case("azure-lock-level", CLASSIC_ENTRA, "lock-of-group", "level", "NotSpecified"),
    Case("azure-lock-level", CLASSIC_ENTRA, "lock-of-resource", "level", "NotSpecified"),
    Case("azure-group-source", OLDER, "rules", "securityRules.0.sourceAddressPrefix", "*"),
    Case("azure-group-ports", OLDER, "rules", WIDE, "*"),
    Case("azure-group-closed", OLDER, "rules", "securityRules", []),
    Case(
        "azure-role-scope",
        OLDER,
        "reader",
        "scope",
        "/subscriptions/0/resourceGroups/shop",
        early=False,
    ),
    Case("azure-tls", MANAGED, "data", "clientProtocol", "Plaintext"),
    Case("azure-tls", VERSIONED, "data", "clientProtocol", "Plaintext"),
    Case("azure-tls", OLDER_MANAGED, "redis", "defaultDatabase.clientProtocol", "Plaintext"),
    Case("azure-tls", OLDER_ENTERPRISE, "data", "clientProtocol", "Plaintext"),
    Case("azure-classic-tls", CLASSIC, "redis", "enableNonSslPort", True),
    Case("azure-classic-tls", CLASSIC_VERSIONED, "redis", "enableNonSslPort", True),
    Case("azure-classic-tls", OLDER, "redis", "nonSslPortEnabled", True),
    Case("azure-tls-version", MANAGED, "redis", "minimumTlsVersion", "1.1"),
    Case("azure-tls-version", CLASSIC, "redis", "minimumTlsVersion", ABSENT),
    Case("azure-tls-version", OLDER, "redis", "minimumTlsVersion", ABSENT),
    Case("azure-tls-version", OLDER_ENTERPRISE, "redis", "minimumTlsVersion", "1.0"),
    Case("azure-classic-login", CLASSIC, "redis", "redisConfiguration.authnotrequired", "true"),
    Case("azure-old-login", OLDER, "redis", "redisConfiguration.authenticationEnabled", False),
    Case(
        "azure-keys-beside-entra",
        ENTRA,
        "data",
        "accessKeysAuthentication",
        "Enabled",
        spoils=("azure-secret",),
    ),
    Case(
        "azure-keys-beside-entra",
        OLDER_MANAGED,
        "redis",
        "defaultDatabase.accessKeysAuthenticationEnabled",
        True,
    ),
    Case(
        "azure-classic-keys-beside-entra",
        CLASSIC_ENTRA,
        "redis",
        "disableAccessKeyAuthentication",
        False,
        spoils=("azure-secret",),
    ),
    Case(
        "azure-old-keys-beside-entra",
        OLDER,
        "redis",
        "accessKeysAuthenticationEnabled",
        True,
        good=False,
        add=(
            Part(
                "login",
                "azure:redis/cacheAccessPolicyAssignment:CacheAccessPolicyAssignment",
                {"redisCacheId": Ref("redis")},
            ),
        ),
    ),
    Case("azure-public", MANAGED, "redis", "publicNetworkAccess", "Enabled"),
    Case("azure-public", VERSIONED, "redis", "publicNetworkAccess", ABSENT),
    Case("azure-public", CLASSIC, "redis", "publicNetworkAccess", ABSENT),
    Case("azure-public", OLDER, "redis", "publicNetworkAccessEnabled", ABSENT),
    Case("azure-public", OLDER_MANAGED, "redis", "publicNetworkAccess", "Enabled"),
    Case("azure-group-source", MANAGED, "rules", "securityRules.0.sourceAddressPrefix", "Internet"),
    Case("azure-group-ports", MANAGED, "rules", WIDE, "*"),
    Case(
        "azure-group-closed",
        MANAGED,
        "rules",
        "securityRules.1.access",
        "Allow",
        spoils=("azure-group-source", "azure-group-ports"),
    ),
    Case("azure-rule-source", ENTRA, "rule", "sourceAddressPrefix", "*"),
    Case("azure-rule-source", ENTRA, "rule-older", "sourceAddressPrefix", "0.0.0.0/0"),
    Case("azure-rule-ports", ENTRA, "rule", "destinationPortRange", "*"),
    Case("azure-rule-ports", ENTRA, "rule-older", "destinationPortRange", "0-65535"),
    Case("azure-firewall", CLASSIC, "office", "startIP", "0.0.0.0"),
    Case("azure-firewall", CLASSIC_VERSIONED, "office", "endIP", "255.255.255.255"),
    Case("azure-firewall", OLDER, "office", "endIp", "52.200.0.0"),
    Case("azure-subnet-group", MANAGED, "subnet", "networkSecurityGroup", ABSENT),
    Case("azure-subnet-policies", MANAGED, "subnet", "privateEndpointNetworkPolicies", "Disabled"),
    Case("azure-endpoint", MANAGED, "redis", without=("endpoint",)),
    Case("azure-endpoint", CLASSIC, "redis", without=("endpoint",)),
    Case("azure-endpoint", OLDER, "redis", without=("endpoint",)),
    Case("azure-endpoint", OLDER_MANAGED, "redis", without=("endpoint",)),
    Case("azure-backups", MANAGED, "data", "persistence", {"rdbEnabled": False}),
    Case("azure-backups", ENTRA, "data", "persistence", ABSENT),
    Case(
        "azure-classic-backups",
        CLASSIC,
        "redis",
        "redisConfiguration.rdbBackupEnabled",
        "false",
    ),
    Case("azure-classic-backups", OLDER, "redis", "redisConfiguration.rdbBackupEnabled", ABSENT),
    Case(
        "azure-old-backups",
        OLDER_MANAGED,
        "redis",
        "defaultDatabase.persistenceRedisDatabaseBackupFrequency",
        ABSENT,
    ),
    Case("azure-protect", MANAGED, "redis", "protect"),
    Case("azure-protect", MANAGED, "data", "protect", note="database"),
    Case("azure-protect", CLASSIC, "redis", "protect"),
    Case("azure-protect", OLDER, "redis", "protect"),
    Case("azure-protect", OLDER_MANAGED, "redis", "protect"),
    Case("azure-protect", OLDER_ENTERPRISE, "redis", "protect"),
    Case("azure-lock-level", MANAGED, "lock", "level", "NotSpecified"),
    Case("azure-lock-level", OLDER, "lock", "lockLevel", "NotSpecified"),
    Case("azure-failover", MANAGED, "redis", "highAvailability", "Disabled"),
    Case("azure-failover", OLDER_MANAGED, "redis", "highAvailabilityEnabled", False),
    Case("azure-classic-failover", CLASSIC, "redis", "sku.name", "Basic"),
    Case("azure-classic-failover", OLDER, "redis", "skuName", "Basic"),
    Case("azure-alert-enabled", MANAGED, "alert", "enabled", False),
    Case("azure-alert-enabled", OLDER, "alert", "enabled", False),
    Case("azure-alert-actions", MANAGED, "alert", "actions", []),
    Case("azure-alert-actions", OLDER, "alert", "actions", ABSENT),
    Case("azure-log-retention", MANAGED, "workspace", "retentionInDays", 7),
    Case("azure-secret", MANAGED, "redis", without=("redis-secret",)),
    Case("azure-secret", CLASSIC, "redis", without=("redis-secret",)),
    Case("azure-secret", OLDER, "redis", without=("redis-secret",)),
    Case(
        "azure-secret",
        OLDER_MANAGED,
        "redis",
        without=("redis-secret",),
        also={"defaultDatabase.accessKeysAuthenticationEnabled": True},
    ),
    Case("azure-secret", OLDER_ENTERPRISE, "redis", without=("redis-secret",)),
    Case("azure-vault-roles", MANAGED, "vault", "properties.enableRbacAuthorization", False),
    Case("azure-vault-roles", OLDER, "vault", "rbacAuthorizationEnabled", ABSENT),
    Case("azure-vault-public", MANAGED, "vault", "properties.publicNetworkAccess", "Enabled"),
    Case("azure-vault-public", OLDER, "vault", "publicNetworkAccessEnabled", ABSENT),
    Case("azure-vault-soft-delete", MANAGED, "vault", "properties.enableSoftDelete", False),
    Case("azure-vault-purge", MANAGED, "vault", "properties.enablePurgeProtection", ABSENT),
    Case("azure-vault-purge", OLDER, "vault", "purgeProtectionEnabled", False),
    Case(
        "azure-role-scope",
        MANAGED,
        "reader",
        "scope",
        "/subscriptions/0/resourceGroups/shop",
        early=False,
    ),
)

_OPEN_RULE = {
    "direction": "Inbound",
    "access": "Allow",
    "sourceAddressPrefix": "Internet",
    "destinationPortRange": "*",
}

APART = (
    Apart(
        "azure-shop",
        MANAGED,
        (
            Part(
                "web-rules",
                "azure-native:network:NetworkSecurityGroup",
                {"securityRules": [_OPEN_RULE]},
            ),
            Part(
                "web-subnet",
                "azure-native:network:Subnet",
                {"privateEndpointNetworkPolicies": "Disabled"},
            ),
            Part(
                "web-rule",
                "azure-native:network:SecurityRule",
                {"networkSecurityGroupName": Ref("web-rules", "name"), **_OPEN_RULE},
            ),
            Part("mail-vault", "azure-native:keyvault:Vault", {"properties": {}}),
            Part(
                "mail-secret",
                "azure-native:keyvault:Secret",
                {"vaultName": Ref("mail-vault", "name"), "properties": {"value": "x"}},
            ),
            Part(
                "owner",
                "azure-native:authorization:RoleAssignment",
                {"scope": Ref("shop")},
            ),
            Part(
                "web-alert",
                "azure-native:monitor:MetricAlert",
                {"scopes": [f"{GROUP}/Microsoft.Web/sites/web"], "enabled": False, "actions": []},
            ),
            Part(
                "web-workspace",
                "azure-native:operationalinsights:Workspace",
                {"retentionInDays": 7},
            ),
            Part(
                "web-lock",
                "azure-native:authorization:ManagementLockByScope",
                {"scope": f"{GROUP}/Microsoft.Web/sites/web", "level": "NotSpecified"},
            ),
        ),
    ),
)
