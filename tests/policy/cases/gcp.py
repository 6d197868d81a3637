"""Redis on Google Cloud as a program without our components makes it."""

from .model import ABSENT, Apart, Case, Part, Ref, Scene

NETWORK = Part(
    "net",
    "gcp:compute/network:Network",
    {"autoCreateSubnetworks": False},
    {"id": "projects/shop/global/networks/net", "selfLink": "https://compute/networks/net"},
)
FIREWALLS = (
    Part(
        "redis-in",
        "gcp:compute/firewall:Firewall",
        {
            "network": Ref("net"),
            "allows": [{"protocol": "tcp", "ports": ["6378"]}],
            "sourceRanges": ["10.40.0.0/16"],
        },
    ),
    Part(
        "redis-out",
        "gcp:compute/firewall:Firewall",
        {
            "network": Ref("net"),
            "direction": "EGRESS",
            "allows": [{"protocol": "tcp", "ports": ["6378"]}],
            "destinationRanges": ["10.41.0.0/28"],
        },
    ),
)
RANGE = Part(
    "range",
    "gcp:compute/globalAddress:GlobalAddress",
    {"addressType": "INTERNAL", "purpose": "VPC_PEERING"},
)
KEY = (
    Part(
        "redis-key",
        "gcp:kms/cryptoKey:CryptoKey",
        {"rotationPeriod": "7776000s"},
        {"id": "projects/shop/locations/eu/keyRings/ring/cryptoKeys/redis-key"},
        protect=True,
    ),
    Part(
        "redis-key-user",
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        {"cryptoKeyId": Ref("redis-key"), "member": "serviceAccount:redis@shop"},
    ),
    Part(
        "redis-key-users",
        "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding",
        {"cryptoKeyId": Ref("redis-key"), "members": ["serviceAccount:redis@shop"]},
    ),
)
ALERT = Part(
    "memory-alert",
    "gcp:monitoring/alertPolicy:AlertPolicy",
    {
        "conditions": [{"conditionThreshold": {"filter": Ref("redis", "id", 'id="{}"')}}],
        "notificationChannels": ["projects/shop/notificationChannels/1"],
        "enabled": True,
    },
)

INSTANCE = Scene(
    "gcp-redis",
    (
        NETWORK,
        *FIREWALLS,
        RANGE,
        *KEY,
        Part(
            "redis",
            "gcp:redis/instance:Instance",
            {
                "tier": "STANDARD_HA",
                "redisVersion": "REDIS_7_2",
                "transitEncryptionMode": "SERVER_AUTHENTICATION",
                "authEnabled": True,
                "authorizedNetwork": Ref("net"),
                "reservedIpRange": Ref("range", "name"),
                "customerManagedKey": Ref("redis-key"),
                "persistenceConfig": {"persistenceMode": "RDB"},
                "deletionProtection": True,
                "maintenancePolicy": {"weeklyMaintenanceWindows": [{"day": "SUNDAY"}]},
            },
            {"id": "projects/shop/locations/eu/instances/redis", "authString": "made"},
            protect=True,
        ),
        Part(
            "redis-secret",
            "gcp:secretmanager/secret:Secret",
            {"versionDestroyTtl": "604800s"},
            {"id": "projects/shop/secrets/redis-secret"},
        ),
        Part(
            "redis-secret-value",
            "gcp:secretmanager/secretVersion:SecretVersion",
            {"secret": Ref("redis-secret"), "secretData": Ref("redis", "id")},
        ),
        Part(
            "reader",
            "gcp:secretmanager/secretIamMember:SecretIamMember",
            {"secretId": Ref("redis-secret"), "member": "serviceAccount:shop@shop"},
        ),
        Part(
            "readers",
            "gcp:secretmanager/secretIamBinding:SecretIamBinding",
            {"secretId": Ref("redis-secret"), "members": ["serviceAccount:shop@shop"]},
        ),
        Part(
            "reader-by-condition",
            "gcp:projects/iAMMember:IAMMember",
            {
                "role": "roles/viewer",
                "member": "serviceAccount:shop@shop",
                "condition": {
                    "expression": Ref("redis-secret", "id", 'resource.name == "{}"'),
                    "title": "the secret",
                },
            },
        ),
        Part(
            "readers-by-condition",
            "gcp:projects/iAMBinding:IAMBinding",
            {
                "role": "roles/viewer",
                "members": ["serviceAccount:shop@shop"],
                "condition": {
                    "expression": Ref("redis-secret", "id", 'resource.name == "{}"'),
                    "title": "the secret",
                },
            },
        ),
        ALERT,
    ),
)
"""Memorystore for Redis."""


def _grants(role: str) -> tuple[Part, ...]:
    """Who may log in: one by one, and as a list."""
    condition = {"expression": Ref("redis", "id", 'resource.name == "{}"'), "title": "this one"}
    return (
        Part(
            "login",
            "gcp:projects/iAMMember:IAMMember",
            {"role": role, "member": "serviceAccount:shop@shop", "condition": condition},
        ),
        Part(
            "logins",
            "gcp:projects/iAMBinding:IAMBinding",
            {"role": role, "members": ["serviceAccount:shop@shop"], "condition": condition},
        ),
    )


VALKEY = Scene(
    "gcp-valkey",
    (
        NETWORK,
        *KEY,
        Part(
            "redis",
            "gcp:memorystore/instance:Instance",
            {
                "engineVersion": "VALKEY_8_0",
                "transitEncryptionMode": "SERVER_AUTHENTICATION",
                "authorizationMode": "IAM_AUTH",
                "desiredAutoCreatedEndpoints": [{"network": Ref("net"), "projectId": "shop"}],
                "kmsKey": Ref("redis-key"),
                "replicaCount": 1,
                "persistenceConfig": {"mode": "AOF"},
                "automatedBackupConfig": {"retention": "604800s"},
                "deletionProtectionEnabled": True,
                "engineConfigs": {"maxmemory-policy": "noeviction"},
                "maintenancePolicy": {"weeklyMaintenanceWindows": [{"day": "SUNDAY"}]},
            },
            {"id": "projects/shop/locations/eu/instances/redis"},
            protect=True,
        ),
        *_grants("roles/memorystore.dbConnectionUser"),
        ALERT,
    ),
)
"""Memorystore for Valkey."""

CLUSTER = Scene(
    "gcp-cluster",
    (
        NETWORK,
        *KEY,
        Part(
            "redis",
            "gcp:redis/cluster:Cluster",
            {
                "shardCount": 3,
                "transitEncryptionMode": "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION",
                "authorizationMode": "AUTH_MODE_IAM_AUTH",
                "pscConfigs": [{"network": Ref("net")}],
                "kmsKey": Ref("redis-key"),
                "replicaCount": 1,
                "persistenceConfig": {"mode": "RDB"},
                "automatedBackupConfig": {"retention": "604800s"},
                "deletionProtectionEnabled": True,
                "redisConfigs": {"maxmemory-policy": "volatile-lru"},
                "maintenancePolicy": {"weeklyMaintenanceWindows": [{"day": "SUNDAY"}]},
            },
            {"id": "projects/shop/locations/eu/clusters/redis"},
            protect=True,
        ),
        *_grants("roles/redis.dbConnectionUser"),
        ALERT,
    ),
)
"""Memorystore for Redis Cluster."""

SCENES = (INSTANCE, VALKEY, CLUSTER)

DEFAULT = "projects/shop/global/networks/default"
PLAIN = "TRANSIT_ENCRYPTION_MODE_DISABLED"

CASES = (
    Case("gcp-tls", INSTANCE, "redis", "transitEncryptionMode", ABSENT),
    Case("gcp-tls", VALKEY, "redis", "transitEncryptionMode", "TRANSIT_ENCRYPTION_DISABLED"),
    Case("gcp-tls", CLUSTER, "redis", "transitEncryptionMode", PLAIN),
    Case("gcp-login", INSTANCE, "redis", "authEnabled", False, spoils=("gcp-secret",)),
    Case("gcp-login", INSTANCE, "redis", "authEnabled", ABSENT, note="left out"),
    Case("gcp-valkey-login", VALKEY, "redis", "authorizationMode", "AUTH_DISABLED"),
    Case("gcp-valkey-login", CLUSTER, "redis", "authorizationMode", ABSENT),
    Case("gcp-login-condition", VALKEY, "login", "condition", ABSENT),
    Case("gcp-login-condition", CLUSTER, "logins", "condition", ABSENT),
    Case("gcp-login-member", VALKEY, "login", "member", "allUsers"),
    Case("gcp-login-member", CLUSTER, "logins", "members.0", "allAuthenticatedUsers"),
    Case("gcp-address", INSTANCE, "range", "addressType", "EXTERNAL"),
    Case("gcp-firewall-in", INSTANCE, "redis-in", "sourceRanges", ["0.0.0.0/0"]),
    Case("gcp-firewall-in", INSTANCE, "redis-in", "sourceRanges", ABSENT, note="left out"),
    Case("gcp-firewall-out", INSTANCE, "redis-out", "destinationRanges", ["0.0.0.0/0"]),
    Case("gcp-network", INSTANCE, "redis", "authorizedNetwork", DEFAULT),
    Case("gcp-network", INSTANCE, "redis", "authorizedNetwork", ABSENT, note="left out"),
    Case("gcp-valkey-network", VALKEY, "redis", "desiredAutoCreatedEndpoints.0.network", DEFAULT),
    Case("gcp-valkey-network", CLUSTER, "redis", "pscConfigs.0.network", DEFAULT),
    Case("gcp-own-subnets", INSTANCE, "net", "autoCreateSubnetworks", ABSENT),
    Case("gcp-own-subnets", CLUSTER, "net", "autoCreateSubnetworks", True),
    Case("gcp-key-rotation", INSTANCE, "redis-key", "rotationPeriod", "31536000s"),
    Case("gcp-key-rotation", CLUSTER, "redis-key", "rotationPeriod", ABSENT),
    Case("gcp-key-protect", INSTANCE, "redis-key", "protect"),
    Case("gcp-key-member", INSTANCE, "redis-key-user", "member", "allUsers"),
    Case("gcp-key-member", INSTANCE, "redis-key-users", "members.0", "allUsers"),
    Case("gcp-backups", INSTANCE, "redis", "persistenceConfig.persistenceMode", "DISABLED"),
    Case("gcp-valkey-persistence", VALKEY, "redis", "persistenceConfig", ABSENT),
    Case("gcp-valkey-persistence", CLUSTER, "redis", "persistenceConfig.mode", "DISABLED"),
    Case("gcp-valkey-backups", VALKEY, "redis", "automatedBackupConfig", ABSENT),
    Case("gcp-valkey-backups", CLUSTER, "redis", "automatedBackupConfig", ABSENT),
    Case("gcp-deletion", INSTANCE, "redis", "deletionProtection", False),
    Case("gcp-valkey-deletion", VALKEY, "redis", "deletionProtectionEnabled", False),
    Case("gcp-valkey-deletion", CLUSTER, "redis", "deletionProtectionEnabled", False),
    Case("gcp-protect", INSTANCE, "redis", "protect"),
    Case("gcp-protect", VALKEY, "redis", "protect"),
    Case("gcp-protect", CLUSTER, "redis", "protect"),
    Case("gcp-failover", INSTANCE, "redis", "tier", "BASIC"),
    Case("gcp-valkey-failover", VALKEY, "redis", "replicaCount", ABSENT),
    Case("gcp-valkey-failover", CLUSTER, "redis", "replicaCount", 0),
    Case("gcp-alarm-channels", INSTANCE, "memory-alert", "notificationChannels", []),
    Case("gcp-alarm-enabled", INSTANCE, "memory-alert", "enabled", False),
    Case("gcp-alarms", INSTANCE, "redis", without=("memory-alert",)),
    Case("gcp-alarms", VALKEY, "redis", without=("memory-alert",)),
    Case("gcp-alarms", CLUSTER, "redis", without=("memory-alert",)),
    Case("gcp-engine", INSTANCE, "redis", "redisVersion", "REDIS_5_0"),
    Case("gcp-maintenance", INSTANCE, "redis", "maintenancePolicy", ABSENT),
    Case("gcp-maintenance", VALKEY, "redis", "maintenancePolicy", ABSENT),
    Case("gcp-maintenance", CLUSTER, "redis", "maintenancePolicy", ABSENT),
    Case("gcp-secret-member", INSTANCE, "reader", "member", "allUsers"),
    Case("gcp-secret-members", INSTANCE, "readers", "members", ["user:a@x", "allUsers"]),
    Case("gcp-project-member", INSTANCE, "reader-by-condition", "role", "roles/editor"),
    Case("gcp-project-member", INSTANCE, "readers-by-condition", "role", "roles/owner"),
    Case("gcp-secret-recovery", INSTANCE, "redis-secret", "versionDestroyTtl", ABSENT),
    Case("gcp-secret", INSTANCE, "redis", without=("redis-secret-value",)),
)

APART = (
    Apart(
        "gcp-shop",
        INSTANCE,
        (
            Part("other-net", "gcp:compute/network:Network", {"autoCreateSubnetworks": True}),
            Part(
                "web-in",
                "gcp:compute/firewall:Firewall",
                {
                    "network": Ref("net"),
                    "allows": [{"protocol": "tcp", "ports": ["443"]}],
                    "sourceRanges": ["0.0.0.0/0"],
                },
            ),
            Part(
                "redis-elsewhere",
                "gcp:compute/firewall:Firewall",
                {
                    "network": Ref("other-net"),
                    "allows": [{"protocol": "tcp", "ports": ["6379"]}],
                    "sourceRanges": ["0.0.0.0/0"],
                },
            ),
            Part(
                "web-address",
                "gcp:compute/globalAddress:GlobalAddress",
                {"addressType": "EXTERNAL"},
            ),
            Part("files-key", "gcp:kms/cryptoKey:CryptoKey", {}),
            Part(
                "files-key-user",
                "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
                {"cryptoKeyId": Ref("files-key"), "member": "allUsers"},
            ),
            Part("mail-secret", "gcp:secretmanager/secret:Secret", {}),
            Part(
                "mail-secret-reader",
                "gcp:secretmanager/secretIamMember:SecretIamMember",
                {"secretId": Ref("mail-secret"), "member": "allUsers"},
            ),
            Part(
                "editor",
                "gcp:projects/iAMMember:IAMMember",
                {"role": "roles/editor", "member": "allUsers"},
            ),
            Part("web-alert", "gcp:monitoring/alertPolicy:AlertPolicy", {"enabled": False}),
        ),
    ),
)
