"""Rules over resources of Azure."""

from . import conditions as its
from .relations import Anchor, kinds, serves, uses
from .resources import Resource, Resources, Value
from .rules import Companion, Rule

CLUSTER = "azure-native:redisenterprise:RedisEnterprise"
DATABASE = "azure-native:redisenterprise:Database"
ENTRA = "azure-native:redisenterprise:AccessPolicyAssignment"
CLASSIC = "azure-native:redis:Redis"
CLASSIC_ENTRA = "azure-native:redis:AccessPolicyAssignment"
CLASSIC_FIREWALL = "azure-native:redis:FirewallRule"
CACHES = (CLUSTER, CLASSIC)

SECURITY_GROUP = "azure-native:network:NetworkSecurityGroup"
SUBNET = "azure-native:network:Subnet"
ENDPOINT = "azure-native:network:PrivateEndpoint"

VAULT = "azure-native:keyvault:Vault"
SECRET = "azure-native:keyvault:Secret"  # noqa: S105 - a resource's type
KEY = "azure-native:keyvault:Key"
LOCK = "azure-native:authorization:ManagementLockByScope"
ROLE = "azure-native:authorization:RoleAssignment"
ALERT = "azure-native:monitor:MetricAlert"
DIAGNOSTICS = "azure-native:monitor:DiagnosticSetting"
WORKSPACE = "azure-native:operationalinsights:Workspace"
SECURITY_RULE = "azure-native:network:SecurityRule"
RESOURCE_LOCK = "azure-native:authorization:ManagementLockAtResourceLevel"
GROUP_LOCK = "azure-native:authorization:ManagementLockAtResourceGroupLevel"

RESOURCE_GROUPS = (
    "azure-native:resources:ResourceGroup",
    "azure:core/resourceGroup:ResourceGroup",
)

# The classic provider's names for the same things
OLD_CACHE = "azure:redis/cache:Cache"
OLD_FIREWALL = "azure:redis/firewallRule:FirewallRule"
OLD_LOGIN = "azure:redis/cacheAccessPolicyAssignment:CacheAccessPolicyAssignment"
OLD_CLUSTER = "azure:redis/enterpriseCluster:EnterpriseCluster"
OLD_DATABASE = "azure:redis/enterpriseDatabase:EnterpriseDatabase"
OLD_MANAGED = "azure:managedredis/managedRedis:ManagedRedis"
OLD_MANAGED_LOGIN = "azure:managedredis/accessPolicyAssignment:AccessPolicyAssignment"
OLD_CACHES = (OLD_CACHE, OLD_CLUSTER, OLD_MANAGED)
OLD_GROUP = "azure:network/networkSecurityGroup:NetworkSecurityGroup"
OLD_SUBNET = "azure:network/subnet:Subnet"
OLD_GROUP_OF_SUBNET = (
    "azure:network/subnetNetworkSecurityGroupAssociation:SubnetNetworkSecurityGroupAssociation"
)
OLD_RULE = "azure:network/networkSecurityRule:NetworkSecurityRule"
OLD_ENDPOINT = "azure:privatelink/endpoint:Endpoint"
OLD_VAULT = "azure:keyvault/keyVault:KeyVault"
OLD_SECRET = "azure:keyvault/secret:Secret"  # noqa: S105 - a resource's type
OLD_LOCK = "azure:management/lock:Lock"
OLD_ROLE = "azure:authorization/assignment:Assignment"
OLD_ALERT = "azure:monitoring/metricAlert:MetricAlert"
OLD_DIAGNOSTICS = "azure:monitoring/diagnosticSetting:DiagnosticSetting"

SECRET_ROLES = (
    "4633458b-17de-408a-b874-0445c86b69e6",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "key vault secrets user",
    "key vault secrets officer",
    "key vault administrator",
)
"""Roles that read the secrets of a vault: by id, and by name."""

OF_CACHES = "/providers/Microsoft.Cache/"
"""What the ids of all caches have, and those of vaults have not."""

RULES = (
    Rule(
        "azure-tls",
        "RDS-TLS-01",
        (DATABASE,),
        "clientProtocol",
        its.one_of("Encrypted"),
        "clients connect without TLS",
        "Set clientProtocol to Encrypted; our components always do.",
        "Set {property} to Encrypted.",
        paths={
            OLD_DATABASE: "clientProtocol",
            OLD_MANAGED: "defaultDatabase.clientProtocol",
        },
    ),
    Rule(
        "azure-classic-tls",
        "RDS-TLS-01",
        (CLASSIC,),
        "enableNonSslPort",
        its.false,
        "the port without TLS is open",
        "Turn the non-TLS port off; our components always do.",
        "Set {property} to false.",
        paths={OLD_CACHE: "nonSslPortEnabled"},
    ),
    Rule(
        "azure-tls-version",
        "RDS-TLS-02",
        (*CACHES, OLD_CACHE, OLD_CLUSTER),
        "minimumTlsVersion",
        its.at_least(1.2),
        "TLS before 1.2 is accepted",
        "Set minimumTlsVersion to 1.2; our components always do.",
        "Set {property} to 1.2.",
        missing=False,
    ),
    Rule(
        "azure-keys-beside-entra",
        "RDS-AUTH-05",
        (DATABASE,),
        "accessKeysAuthentication",
        its.off,
        "access keys let in beside the named identities",
        "Turn the keys off: `azure.auth: entra` does.",
        "Turn access keys off by {property}.",
        when=its.beside(ENTRA, OLD_MANAGED_LOGIN),
        paths={OLD_MANAGED: "defaultDatabase.accessKeysAuthenticationEnabled"},
    ),
    Rule(
        "azure-classic-keys-beside-entra",
        "RDS-AUTH-05",
        (CLASSIC,),
        "disableAccessKeyAuthentication",
        its.true,
        "access keys let in beside the named identities",
        "Turn the keys off: `azure.auth: entra` does.",
        "Turn access keys off by {property}.",
        missing=False,
        when=its.beside(CLASSIC_ENTRA),
    ),
    Rule(
        "azure-public",
        "RDS-NET-01",
        (*CACHES, OLD_MANAGED),
        "publicNetworkAccess",
        its.off,
        "the cache answers on the internet",
        "Take `azure.publicAccess: true` out.",
        "Turn public access off by {property}, and add a private endpoint.",
        missing=False,
        when=its.lacks("subnetId"),
        paths={OLD_CACHE: "publicNetworkAccessEnabled"},
    ),
    Rule(
        "azure-group-source",
        "RDS-NET-01",
        (SECURITY_GROUP, OLD_GROUP),
        "securityRules[]",
        its.source_of_azure,
        "a large part of the internet is let in",
        "Name the networks of the applications: `access.cidrs`.",
        "Name the networks of the applications as the sources of rules that allow.",
    ),
    Rule(
        "azure-firewall",
        "RDS-NET-02",
        (CLASSIC_FIREWALL,),
        "startIP",
        its.small_range,
        "a large part of the internet is let in",
        "Name the applications' addresses: `azure.classic.firewallRules`.",
        "Set {property} and the end of the range to the applications' addresses; or turn public "
        "access off.",
        paths={OLD_FIREWALL: "startIp"},
        read=lambda resource, stack: [
            its.first("startIP", "startIp")(resource, stack),
            its.first("endIP", "endIp")(resource, stack),
        ],
    ),
    Rule(
        "azure-group-ports",
        "RDS-NET-02",
        (SECURITY_GROUP, OLD_GROUP),
        "securityRules[]",
        its.ports_of_azure,
        "every port is let in",
        "Let in to the ports of cache and vault.",
        "Set the destination ports of rules that allow to the cache's port.",
    ),
    Rule(
        "azure-group-closed",
        "RDS-NET-02",
        (SECURITY_GROUP, OLD_GROUP),
        "securityRules",
        its.closes_by_itself,
        "what no rule names is let in from all of the network",
        "Add a last rule that refuses everything; our network has it.",
        "Add a last inbound rule that denies * to port *.",
        missing=False,
        when=its.without(SECURITY_RULE, OLD_RULE),
    ),
    Rule(
        "azure-subnet-group",
        "RDS-NET-02",
        (SUBNET,),
        "networkSecurityGroup",
        its.filled,
        "the subnet has no security group",
        "Give it one; our network does.",
        "Set {property}.",
        missing=False,
    ),
    Rule(
        "azure-subnet-policies",
        "RDS-NET-02",
        (SUBNET,),
        "privateEndpointNetworkPolicies",
        its.one_of("Enabled", "NetworkSecurityGroupEnabled"),
        "the security group does not hold for private endpoints",
        "Set privateEndpointNetworkPolicies; our network does.",
        "Set {property} to NetworkSecurityGroupEnabled.",
        missing=False,
    ),
    Rule(
        "azure-backups",
        "RDS-DATA-03",
        (DATABASE,),
        "persistence",
        its.persisted,
        "data that need it are not persisted",
        "`persistence`: rdb or aof.",
        "Turn persistence on by {property}; or evict by an allkeys policy if nothing in it is "
        "worth keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
    ),
    Rule(
        "azure-protect",
        "RDS-DATA-04",
        (*CACHES, DATABASE, *OLD_CACHES),
        "protect",
        its.true,
        "one command could delete the data",
        "Take `protect: false` or `allowReplacement` out.",
        "Set the resource option `protect` to true.",
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "azure-lock-level",
        "RDS-DATA-04",
        (LOCK, RESOURCE_LOCK, GROUP_LOCK),
        "level",
        its.one_of("CanNotDelete", "ReadOnly"),
        "the lock keeps nobody from deleting",
        "Set its level to CanNotDelete.",
        "Set {property} to CanNotDelete.",
        missing=False,
        paths={OLD_LOCK: "lockLevel"},
    ),
    Rule(
        "azure-failover",
        "RDS-OPS-01",
        (CLUSTER,),
        "highAvailability",
        its.on,
        "no replica takes over when a node fails",
        "`replicas: 1`.",
        "Turn high availability on by {property}.",
        missing=False,
        production=True,
        exception="single-node",
        paths={OLD_MANAGED: "highAvailabilityEnabled"},
        defaults=(OLD_MANAGED,),
    ),
    Rule(
        "azure-classic-failover",
        "RDS-OPS-01",
        (CLASSIC,),
        "sku.name",
        its.none_of("Basic"),
        "no replica takes over when the node fails",
        "`azure.classic.sku`: Standard or Premium.",
        "Set {property} to Standard or Premium.",
        missing=False,
        production=True,
        exception="single-node",
        paths={OLD_CACHE: "skuName"},
    ),
    Rule(
        "azure-alert-enabled",
        "RDS-OPS-02",
        (ALERT, OLD_ALERT),
        "enabled",
        its.true,
        "the alert is off",
        "Turn it on.",
        "Set {property} to true.",
    ),
    Rule(
        "azure-alert-actions",
        "RDS-OPS-02",
        (ALERT, OLD_ALERT),
        "actions",
        its.filled,
        "the alert tells nobody",
        "`alarms.notify`.",
        "Set {property} to an action group that tells somebody.",
        missing=False,
        production=True,
    ),
    Rule(
        "azure-log-retention",
        "RDS-OPS-03",
        (WORKSPACE,),
        "retentionInDays",
        its.at_least(30),
        "logs are kept for less than 30 days",
        "`azure.logRetentionDays`: 30 or more.",
        "Set {property} to 30 or more.",
    ),
    Rule(
        "azure-vault-roles",
        "RDS-SEC-02",
        (VAULT,),
        "properties.enableRbacAuthorization",
        its.true,
        "the vault does not go by Azure's roles",
        "Turn its RBAC authorization on; our components always do.",
        "Set {property} to true.",
        missing=False,
        paths={OLD_VAULT: "rbacAuthorizationEnabled"},
        read=its.first(
            "properties.enableRbacAuthorization",
            "rbacAuthorizationEnabled",
            "enableRbacAuthorization",
        ),
    ),
    Rule(
        "azure-vault-public",
        "RDS-SEC-02",
        (VAULT,),
        "properties.publicNetworkAccess",
        its.off,
        "the vault answers on the internet",
        "Turn its public network access off; our components do in staging and production.",
        "Turn public access to the vault off by {property}.",
        missing=False,
        production=True,
        paths={OLD_VAULT: "publicNetworkAccessEnabled"},
    ),
    Rule(
        "azure-role-scope",
        "RDS-SEC-02",
        (ROLE, OLD_ROLE),
        "scope",
        lambda value: "/providers/" in str(value),
        "the role is for a whole resource group or subscription",
        "Give it for the secrets, or the vault, of this cache.",
        "Set {property} to the id of the secret, or of the vault.",
        missing=False,
    ),
    Rule(
        "azure-vault-soft-delete",
        "RDS-SEC-03",
        (VAULT,),
        "properties.enableSoftDelete",
        its.true,
        "a deleted vault cannot be restored",
        "Turn soft deletion on; our components always do.",
        "Set {property} to true, or leave it out.",
    ),
    Rule(
        "azure-vault-purge",
        "RDS-SEC-03",
        (VAULT,),
        "properties.enablePurgeProtection",
        its.true,
        "a deleted vault can be purged",
        "Turn purge protection on; our components do in production.",
        "Set {property} to true.",
        missing=False,
        production=True,
        paths={OLD_VAULT: "purgeProtectionEnabled"},
    ),
    Rule(
        "azure-classic-login",
        "RDS-AUTH-01",
        (CLASSIC,),
        "redisConfiguration.authnotrequired",
        its.off,
        "nobody has to log in",
        "Take authnotrequired out; our components never set it.",
        "Take {property} out.",
    ),
    Rule(
        "azure-old-login",
        "RDS-AUTH-01",
        (OLD_CACHE,),
        "redisConfiguration.authenticationEnabled",
        its.true,
        "nobody has to log in",
        "Use our component.",
        "Take {property} out, or set it to true.",
    ),
    Rule(
        "azure-old-keys-beside-entra",
        "RDS-AUTH-05",
        (OLD_CACHE,),
        "accessKeysAuthenticationEnabled",
        its.false,
        "access keys let in beside the named identities",
        "Use our component.",
        "Set {property} to false.",
        missing=False,
        when=its.beside(OLD_LOGIN),
    ),
    Rule(
        "azure-rule-source",
        "RDS-NET-01",
        (SECURITY_RULE, OLD_RULE),
        "sourceAddressPrefix",
        its.source_of_azure,
        "a large part of the internet is let in",
        "Name the networks of the applications: `access.cidrs`.",
        "Name the networks of the applications in {property}, or deny.",
        read=its.all_of_it,
    ),
    Rule(
        "azure-rule-ports",
        "RDS-NET-02",
        (SECURITY_RULE, OLD_RULE),
        "destinationPortRange",
        its.ports_of_azure,
        "every port is let in",
        "Let in to the ports of cache and vault.",
        "Set {property} to the cache's port, or deny.",
        read=its.all_of_it,
    ),
    Rule(
        "azure-classic-backups",
        "RDS-DATA-03",
        (CLASSIC, OLD_CACHE),
        "redisConfiguration",
        its.any_on,
        "data that need it are not persisted",
        "`persistence`: rdb or aof, with a Premium SKU.",
        "Set `rdbBackupEnabled` or `aofBackupEnabled` of {property} to true, with a Premium SKU; "
        "or evict by an allkeys policy if nothing in it is worth keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
        read=its.of("redisConfiguration.rdbBackupEnabled", "redisConfiguration.aofBackupEnabled"),
    ),
    Rule(
        "azure-old-backups",
        "RDS-DATA-03",
        (OLD_MANAGED,),
        "defaultDatabase",
        its.any_there,
        "data that need it are not persisted",
        "Use our component.",
        "Set `persistenceRedisDatabaseBackupFrequency` of {property}; or evict by an allkeys "
        "policy if nothing in it is worth keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
        read=its.of(
            "defaultDatabase.persistenceRedisDatabaseBackupFrequency",
            "defaultDatabase.persistenceAppendOnlyFileBackupFrequency",
        ),
    ),
)


def _reads_secrets(role: Resource) -> bool:
    """Whether a role that is given to somebody reads the secrets of vaults."""
    named = (role.value("roleDefinitionId"), role.value("roleDefinitionName"))
    return any(one in str(name).lower() for one in SECRET_ROLES for name in named)


def _keeps_cache(resource: Resource, lock: Resource) -> bool:
    """Whether a lock is one of caches, or of all that is in a resource group."""
    scope = lock.value("scope")
    whole = isinstance(scope, str) and scope != "" and "/providers/" not in scope
    return whole or its.about("scope", OF_CACHES)(resource, lock)


def _has_keys(resource: Resource, stack: Resources) -> bool:
    """Whether a cache has access keys that somebody has to keep; our components keep all they make.

    Azure Managed Redis has them where its database says so, a classic cache unless it says not.
    """
    if stack.is_ours(resource):
        return True
    beside = stack.beside(resource)
    if resource.type in {CLASSIC, OLD_CACHE}:
        disabled = resource.value("disableAccessKeyAuthentication")
        enabled = resource.value("accessKeysAuthenticationEnabled")
        if Value.HIDDEN in (disabled, enabled):
            return False
        return not its.true(disabled) and enabled is not False
    if resource.type == OLD_CLUSTER:
        return True  # it knows no other login
    named = ("accessKeysAuthentication", "defaultDatabase.accessKeysAuthenticationEnabled")
    return any(its.on(one.value(path)) for one in beside for path in named)


COMPANIONS = (
    Companion(
        "azure-endpoint",
        "RDS-NET-03",
        (*CACHES, OLD_CACHE, OLD_MANAGED),
        (ENDPOINT, OLD_ENDPOINT),
        "private endpoint",
        "there is no private way in",
        "Let our component make the endpoint: `network`.",
        "Add a private endpoint that names the cache as its connection's resource.",
        serves=its.about("privateLinkServiceConnections[].privateLinkServiceId", OF_CACHES),
        when=its.lacks("subnetId"),
    ),
    Companion(
        "azure-lock",
        "RDS-DATA-04",
        (*CACHES, *OLD_CACHES),
        (LOCK, RESOURCE_LOCK, GROUP_LOCK, OLD_LOCK),
        "lock",
        "Azure lets everybody with rights delete the cache",
        "Take `azure.lock: false` out.",
        "Add a management lock of the level CanNotDelete with the cache as its scope.",
        serves=_keeps_cache,
        production=True,
        exception="unprotected-data",
    ),
    Companion(
        "azure-alerts",
        "RDS-OPS-02",
        (*CACHES, *OLD_CACHES),
        (ALERT, OLD_ALERT),
        "alerts",
        "nothing watches the cache",
        "`alarms.profile`: basic or full.",
        "Add a metric alert with the cache among its scopes.",
        production=True,
    ),
    Companion(
        "azure-logs",
        "RDS-OPS-03",
        (*CACHES, *OLD_CACHES),
        (DIAGNOSTICS, OLD_DIAGNOSTICS),
        "diagnostic settings",
        "logs of the cache are not kept",
        "Take `azure.logs: false` out.",
        "Add a diagnostic setting for the cache that sends its logs to a workspace.",
        serves=its.about("resourceUri", OF_CACHES),
        production=True,
    ),
    Companion(
        "azure-secret",
        "RDS-SEC-01",
        (*CACHES, *OLD_CACHES),
        (SECRET, OLD_SECRET),
        "secret",
        "its connection is not in a Key Vault",
        "Let our component write the secret: `azure.vaultId`.",
        "Put its connection into a secret of a Key Vault, and let applications read it there; or "
        "turn access keys off.",
        when=_has_keys,
    ),
)

_ALL = (*CACHES, DATABASE, *OLD_CACHES, OLD_DATABASE)

LINKS = (
    serves(DATABASE, "clusterName", CLUSTER),
    serves(OLD_DATABASE, "clusterId", OLD_CLUSTER),
    serves(ENTRA, "databaseName", DATABASE),
    serves(ENTRA, "clusterName", CLUSTER),
    serves((CLASSIC_ENTRA, CLASSIC_FIREWALL), "cacheName", CLASSIC),
    serves(OLD_FIREWALL, "redisCacheName", OLD_CACHE),
    serves(OLD_LOGIN, "redisCacheId", OLD_CACHE),
    serves(OLD_MANAGED_LOGIN, "managedRedisId", OLD_MANAGED),
    serves(ENDPOINT, "privateLinkServiceConnections", *CACHES),
    serves(ENDPOINT, "manualPrivateLinkServiceConnections", *CACHES),
    serves(OLD_ENDPOINT, "privateServiceConnection", *OLD_CACHES),
    uses(ENDPOINT, "subnet", SUBNET),
    uses((CLASSIC, OLD_CACHE, OLD_ENDPOINT), "subnetId", SUBNET, OLD_SUBNET),
    serves(OLD_GROUP_OF_SUBNET, "subnetId", SUBNET, OLD_SUBNET),
    uses(OLD_GROUP_OF_SUBNET, "networkSecurityGroupId", SECURITY_GROUP, OLD_GROUP),
    uses(SUBNET, "networkSecurityGroup", SECURITY_GROUP),
    serves((SECURITY_RULE, OLD_RULE), "networkSecurityGroupName", SECURITY_GROUP, OLD_GROUP),
    serves((LOCK, OLD_LOCK), "scope", *_ALL),
    serves(RESOURCE_LOCK, "resourceName", *_ALL),
    serves((ALERT, OLD_ALERT), "scopes", *_ALL),
    serves(DIAGNOSTICS, "resourceUri", *_ALL),
    serves(OLD_DIAGNOSTICS, "targetResourceId", *_ALL),
    uses(DIAGNOSTICS, "workspaceId", WORKSPACE),
    uses(OLD_DIAGNOSTICS, "logAnalyticsWorkspaceId", WORKSPACE),
    serves(SECRET, "properties", *_ALL),
    serves(OLD_SECRET, "value", *_ALL),
    uses(SECRET, "vaultName", VAULT),
    uses(OLD_SECRET, "keyVaultId", OLD_VAULT, VAULT),
    serves((ROLE, OLD_ROLE), "scope", SECRET, OLD_SECRET, VAULT, OLD_VAULT),
    uses((*_ALL, VAULT, OLD_VAULT), "resourceGroupName", *RESOURCE_GROUPS),
    serves((LOCK, OLD_LOCK), "scope", *RESOURCE_GROUPS),
    serves(GROUP_LOCK, "resourceGroupName", *RESOURCE_GROUPS),
    serves((ROLE, OLD_ROLE), "scope", *RESOURCE_GROUPS, when=_reads_secrets),
    uses(CLUSTER, "encryption", KEY),
    uses(KEY, "vaultName", VAULT),
)
"""What is about which Redis."""

ANCHORS: tuple[Anchor, ...] = (
    kinds(
        *_ALL,
        ENTRA,
        CLASSIC_ENTRA,
        CLASSIC_FIREWALL,
        OLD_FIREWALL,
        OLD_LOGIN,
        OLD_MANAGED_LOGIN,
    ),
)
"""What is about Redis by itself."""
