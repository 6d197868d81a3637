"""Rules over resources of Google Cloud."""

from typing import Any, cast

from . import conditions as its
from .relations import Anchor, kinds, serves, uses
from .resources import Resource, Resources
from .rules import Companion, Rule

REDIS = "gcp:redis/instance:Instance"
VALKEY = "gcp:memorystore/instance:Instance"
CLUSTER = "gcp:redis/cluster:Cluster"
CACHES = (REDIS, VALKEY, CLUSTER)

NETWORK = "gcp:compute/network:Network"
FIREWALL = "gcp:compute/firewall:Firewall"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"

KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_BINDING = "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105 - a resource's type
SECRET_VERSION = "gcp:secretmanager/secretVersion:SecretVersion"  # noqa: S105
SECRET_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105
SECRET_BINDING = "gcp:secretmanager/secretIamBinding:SecretIamBinding"  # noqa: S105
MEMBER = "gcp:projects/iAMMember:IAMMember"
BINDING = "gcp:projects/iAMBinding:IAMBinding"
POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"

LOGIN_ROLES = ("roles/memorystore.dbConnectionUser", "roles/redis.dbConnectionUser")
"""Roles that log in to Valkey and to Redis Cluster."""

REDIS_PORTS = frozenset({"6378", "6379"})
"""Where Memorystore listens: with TLS, and without."""


def _login(resource: Resource, _stack: Resources) -> bool:
    """Whether a grant lets somebody log in to a cache."""
    return its.one_of(*LOGIN_ROLES)(resource.value("role"))


def _login_or_ours(resource: Resource, stack: Resources) -> bool:
    """Whether a grant is about caches: our components make no others."""
    return stack.is_ours(resource) or _login(resource, stack)


def _names_redis_port(resource: Resource) -> bool:
    """Whether a firewall's rule is about a port of Memorystore."""
    listed = resource.values("allows[].ports").values()
    ports = (port for one in listed if isinstance(one, list) for port in cast("list[Any]", one))
    return bool({str(port) for port in ports} & REDIS_PORTS)


RULES = (
    Rule(
        "gcp-tls",
        "RDS-TLS-01",
        CACHES,
        "transitEncryptionMode",
        its.one_of("SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"),
        "clients connect without TLS",
        "TLS cannot be turned on later: make a second cache with our component.",
        "Set {property} to SERVER_AUTHENTICATION, with TRANSIT_ENCRYPTION_MODE_ before it for "
        "Redis Cluster; it cannot be changed later, so make a second cache and move over.",
        missing=False,
    ),
    Rule(
        "gcp-login",
        "RDS-AUTH-01",
        (REDIS,),
        "authEnabled",
        its.true,
        "nobody has to log in",
        "Turn AUTH on; our components always do.",
        "Set {property} to true.",
        missing=False,
    ),
    Rule(
        "gcp-valkey-login",
        "RDS-AUTH-01",
        (VALKEY, CLUSTER),
        "authorizationMode",
        its.one_of("IAM_AUTH", "AUTH_MODE_IAM_AUTH"),
        "nobody has to log in",
        "Make the cache anew with IAM; our components always do.",
        "Set {property} to IAM_AUTH, for Redis Cluster to AUTH_MODE_IAM_AUTH; it cannot be changed "
        "later, so make a second cache and move over.",
        missing=False,
    ),
    Rule(
        "gcp-login-condition",
        "RDS-AUTH-05",
        (MEMBER, BINDING),
        "condition.expression",
        its.filled,
        "the role is for every cache of the project",
        "Bind it to this cache by a condition; `gcp.principals` does.",
        "Set {property} so that the role is for this cache alone.",
        missing=False,
        when=_login,
    ),
    Rule(
        "gcp-login-member",
        "RDS-AUTH-05",
        (MEMBER,),
        "member",
        its.named_member,
        "everybody may log in",
        "Name who may: `gcp.principals`.",
        "Name an identity in {property} instead of everybody.",
        missing=False,
        when=_login_or_ours,
        paths={BINDING: "members[]"},
    ),
    Rule(
        "gcp-address",
        "RDS-NET-01",
        (ADDRESS,),
        "addressType",
        its.one_of("INTERNAL"),
        "the range is on the internet",
        "Reserve an internal range; our network does.",
        "Set {property} to INTERNAL.",
        missing=False,
    ),
    Rule(
        "gcp-firewall-in",
        "RDS-NET-01",
        (FIREWALL,),
        "sourceRanges",
        its.named_sources,
        "a large part of the internet is let in",
        "Remove the rule, or name its sources.",
        "Remove the rule, or name the applications' networks in {property}.",
        missing=False,
        when=its.both(
            its.unless("direction", "EGRESS"),
            its.has("allows"),
            its.lacks("sourceTags"),
            its.lacks("sourceServiceAccounts"),
        ),
    ),
    Rule(
        "gcp-firewall-out",
        "RDS-NET-02",
        (FIREWALL,),
        "destinationRanges",
        its.named_sources,
        "the rule lets out to everywhere",
        "Name the addresses of the cache.",
        "Name the addresses of the cache in {property}.",
        missing=False,
        when=its.both(its.enabled_by("direction", "EGRESS"), its.has("allows")),
    ),
    Rule(
        "gcp-network",
        "RDS-NET-03",
        (REDIS,),
        "authorizedNetwork",
        its.own_network,
        "the cache is in the project's default network",
        "Make a network or adopt one: `network`.",
        "Set {property} to a network that you made.",
        missing=False,
    ),
    Rule(
        "gcp-valkey-network",
        "RDS-NET-03",
        (VALKEY,),
        "desiredAutoCreatedEndpoints[].network",
        its.own_network,
        "the cache is in the project's default network",
        "Make a network or adopt one: `network`.",
        "Set {property} to a network that you made.",
        missing=False,
        paths={CLUSTER: "pscConfigs[].network"},
    ),
    Rule(
        "gcp-own-subnets",
        "RDS-NET-03",
        (NETWORK,),
        "autoCreateSubnetworks",
        its.false,
        "the network gets a subnet in every region by itself",
        "Make subnets by hand; our network does.",
        "Set {property} to false.",
        missing=False,
    ),
    Rule(
        "gcp-key-rotation",
        "RDS-DATA-02",
        (KEY,),
        "rotationPeriod",
        its.seconds_at_most(90 * 86400),
        "the key is not rotated within 90 days",
        "Give it a rotation period of 90 days; `gcp.customerManagedKey: {}` does.",
        "Set {property} to 7776000s (90 days) or less.",
        missing=False,
    ),
    Rule(
        "gcp-key-protect",
        "RDS-DATA-02",
        (KEY,),
        "protect",
        its.true,
        "one command could delete the key, and the data with it",
        "Take `protect: false` or `allowReplacement` out.",
        "Set the resource option `protect` to true.",
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "gcp-key-member",
        "RDS-DATA-02",
        (KEY_MEMBER,),
        "member",
        its.named_member,
        "everybody may use the key",
        "Name the service's own account.",
        "Name the service's own account in {property}.",
        missing=False,
        paths={KEY_BINDING: "members[]"},
    ),
    Rule(
        "gcp-backups",
        "RDS-DATA-03",
        (REDIS,),
        "persistenceConfig.persistenceMode",
        its.one_of("RDB"),
        "data that need it are not persisted",
        "`persistence: rdb`.",
        "Set {property} to RDB; or evict by an allkeys policy if nothing in it is worth keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
    ),
    Rule(
        "gcp-valkey-persistence",
        "RDS-DATA-03",
        (VALKEY, CLUSTER),
        "persistenceConfig.mode",
        its.one_of("RDB", "AOF"),
        "data that need it are not persisted",
        "`persistence`: rdb or aof.",
        "Set {property} to RDB or AOF; or evict by an allkeys policy if nothing in it is worth "
        "keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
    ),
    Rule(
        "gcp-valkey-backups",
        "RDS-DATA-03",
        (VALKEY, CLUSTER),
        "automatedBackupConfig.retention",
        its.seconds_at_least(86400),
        "there are no backups of data that need them",
        "`gcp.backupRetentionDays`: 1 or more.",
        "Set {property} to 86400s (a day) or more; or evict by an allkeys policy if nothing in it "
        "is worth keeping.",
        missing=False,
        when=its.durable,
        production=True,
        exception="volatile-data",
    ),
    Rule(
        "gcp-deletion",
        "RDS-DATA-04",
        (REDIS,),
        "deletionProtection",
        its.true,
        "one command could delete the data",
        "Take `protect: false` or `allowReplacement` out.",
        "Set {property} to true.",
        missing=False,
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "gcp-valkey-deletion",
        "RDS-DATA-04",
        (VALKEY, CLUSTER),
        "deletionProtectionEnabled",
        its.true,
        "one command could delete the data",
        "Take `protect: false` or `allowReplacement` out.",
        "Set {property} to true, or leave it out.",
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "gcp-protect",
        "RDS-DATA-04",
        CACHES,
        "protect",
        its.true,
        "one command could delete the data",
        "Take `protect: false` or `allowReplacement` out.",
        "Set the resource option `protect` to true.",
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "gcp-failover",
        "RDS-OPS-01",
        (REDIS,),
        "tier",
        its.one_of("STANDARD_HA"),
        "no replica takes over when the node fails",
        "`replicas`: 1 or more.",
        "Set {property} to STANDARD_HA.",
        missing=False,
        production=True,
        exception="single-node",
    ),
    Rule(
        "gcp-valkey-failover",
        "RDS-OPS-01",
        (VALKEY, CLUSTER),
        "replicaCount",
        its.at_least(1),
        "no replica takes over when a node fails",
        "`replicas`: 1 or more.",
        "Set {property} to 1 or more.",
        missing=False,
        production=True,
        exception="single-node",
    ),
    Rule(
        "gcp-alarm-channels",
        "RDS-OPS-02",
        (POLICY,),
        "notificationChannels",
        its.filled,
        "the alarm tells nobody",
        "`alarms.notify`.",
        "Set {property} to a channel that somebody reads.",
        missing=False,
        production=True,
    ),
    Rule(
        "gcp-alarm-enabled",
        "RDS-OPS-02",
        (POLICY,),
        "enabled",
        its.true,
        "the alarm is off",
        "Turn it on.",
        "Set {property} to true, or leave it out.",
    ),
    Rule(
        "gcp-engine",
        "RDS-OPS-04",
        (REDIS,),
        "redisVersion",
        its.current_engine,
        "the engine is too old",
        "`gcp.engineVersion`: 6.x or newer.",
        "Set {property} to REDIS_6_X or newer.",
    ),
    Rule(
        "gcp-maintenance",
        "RDS-OPS-04",
        CACHES,
        "maintenancePolicy",
        its.filled,
        "the cache is maintained at any time",
        "`gcp.maintenanceWindow`.",
        "Set {property} to a weekly window.",
        missing=False,
        production=True,
    ),
    Rule(
        "gcp-secret-member",
        "RDS-SEC-02",
        (SECRET_MEMBER,),
        "member",
        its.named_member,
        "everybody may read the secret",
        "Name who may: `access.secretReaders`.",
        "Name an identity in {property} instead of everybody.",
        missing=False,
    ),
    Rule(
        "gcp-secret-members",
        "RDS-SEC-02",
        (SECRET_BINDING,),
        "members",
        its.named_members,
        "everybody may read the secret",
        "Name who may: `access.secretReaders`.",
        "Name identities in {property} instead of everybody.",
        missing=False,
    ),
    Rule(
        "gcp-project-member",
        "RDS-SEC-02",
        (MEMBER, BINDING),
        "role",
        its.none_of(
            "roles/owner",
            "roles/editor",
            "roles/secretmanager.secretAccessor",
            "roles/secretmanager.admin",
        ),
        "the role reads all secrets of the project",
        "Give a role for the secrets of this cache: `access.secretReaders`.",
        "Give the role for this Redis' secrets alone, by `gcp.secretmanager.SecretIamMember`.",
        missing=False,
    ),
    Rule(
        "gcp-secret-recovery",
        "RDS-SEC-03",
        (SECRET,),
        "versionDestroyTtl",
        its.seconds_at_least(86400),
        "a destroyed version of the secret cannot be restored",
        "`gcp.secretDestroyDelayDays`: 1 or more.",
        "Set {property} to 86400s (a day) or more.",
        missing=False,
        production=True,
    ),
)


def _has_password(resource: Resource, stack: Resources) -> bool:
    """Whether a cache has a password that somebody has to keep; our components keep more."""
    return stack.is_ours(resource) or its.true(resource.value("authEnabled"))


COMPANIONS = (
    Companion(
        "gcp-alarms",
        "RDS-OPS-02",
        CACHES,
        (POLICY,),
        "alarms",
        "nothing watches the cache",
        "`alarms.profile`: basic or full.",
        "Add a `gcp.monitoring.AlertPolicy` that filters by the cache's id.",
        production=True,
    ),
    Companion(
        "gcp-secret",
        "RDS-SEC-01",
        (REDIS, VALKEY),
        (SECRET,),
        "secret",
        "its connection is not in Secret Manager",
        "Let our component make the secret.",
        "Put its connection into a `gcp.secretmanager.SecretVersion`, and let applications read "
        "it there.",
        when=_has_password,
    ),
)

LINKS = (
    uses(REDIS, "authorizedNetwork", NETWORK),
    uses(REDIS, "reservedIpRange", ADDRESS),
    uses(CLUSTER, "pscConfigs", NETWORK),
    uses(VALKEY, "desiredAutoCreatedEndpoints", NETWORK),
    uses(VALKEY, "desiredPscAutoConnections", NETWORK),
    uses(REDIS, "customerManagedKey", KEY),
    uses((VALKEY, CLUSTER), "kmsKey", KEY),
    serves((KEY_MEMBER, KEY_BINDING), "cryptoKeyId", KEY),
    serves(FIREWALL, "destinationRanges", *CACHES),
    serves(FIREWALL, "sourceRanges", *CACHES),
    serves(FIREWALL, "network", NETWORK, when=_names_redis_port),
    serves(SECRET_VERSION, "secretData", *CACHES),
    uses(SECRET_VERSION, "secret", SECRET),
    serves((SECRET_MEMBER, SECRET_BINDING), "secretId", SECRET),
    serves((MEMBER, BINDING), "condition", *CACHES, SECRET),
    serves(POLICY, "conditions", *CACHES),
)
"""What is about which Redis."""


def _login_grant(resource: Resource, _all: tuple[Resource, ...]) -> bool:
    """Whether a grant of a project's role lets somebody log in to a cache."""
    return resource.type in {MEMBER, BINDING} and its.one_of(*LOGIN_ROLES)(resource.value("role"))


ANCHORS: tuple[Anchor, ...] = (kinds(*CACHES), _login_grant)
"""What is about Redis by itself."""
