"""Wrong inputs of caches, each with what is said of it and a right one that is next to it.

A row is a valid resource of the world with something changed in two ways. A change is a map of
inputs, or made from the world where it needs a name.
"""

from collections.abc import Callable
from typing import Any

from .cloud import PROJECT_ID, REGION
from .world import STRANGER, World

Changes = dict[str, Any] | Callable[[World], dict[str, Any]]
Row = tuple[Changes, str, Changes]

VALKEY_NETWORK = "desiredAutoCreatedEndpoints"
NO_REPLICAS = {"readReplicasMode": None, "replicaCount": None}
NEEDS_MODE = 'Setting replica count requires read-replicas-mode to be "READ_REPLICAS_ENABLED"'
NOT_ENABLED = "Google private service access is not enabled. Enable private service access and try"


def window(day: str = "SUNDAY", **start: int) -> dict[str, Any]:
    """A maintenance window."""
    return {"day": day, "startTime": start or {"hours": 3}}


def policy(*windows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The input by which there are these maintenance windows."""
    return {"maintenancePolicy": {"weeklyMaintenanceWindows": list(windows), **more}}


def persistence(**values: Any) -> dict[str, Any]:
    """The input by which persistence is like this."""
    return {"persistenceConfig": values}


def configs(version: str = "REDIS_7_2", /, **values: str) -> dict[str, Any]:
    """The inputs by which a version of Redis has settings; `_` stands for a hyphen."""
    found = {name.replace("_", "-"): value for name, value in values.items()}
    return {"redisVersion": version, "redisConfigs": found, **NO_REPLICAS}


def direct(text: str | None, **more: Any) -> dict[str, Any]:
    """The inputs by which an instance has a peering of its own."""
    return {"connectMode": "DIRECT_PEERING", "reservedIpRange": text, **more}


def labels(count: int) -> dict[str, Any]:
    """The input by which there are so many labels."""
    return {"labels": {f"label-{index}": "x" for index in range(count)}}


def network(path: Callable[[World], str], **more: Any) -> Callable[[World], dict[str, Any]]:
    """The inputs by which an instance is in another network."""
    return lambda world: {"authorizedNetwork": path(world), "reservedIpRange": None, **more}


REDIS_CHECKED: list[Row] = [
    # what the provider sees before it asks
    ({"memorySizeGb": None}, "memorySizeGb", {"memorySizeGb": 6}),
    ({"colour": "red"}, "colour", {"displayName": "red"}),
    (
        {"name": "a" * 42},
        'doesn\'t match regexp "^[a-z][a-z0-9-]{0,39}[a-z0-9]$"',
        {"name": "a" * 40},
    ),
    ({"name": "Cache"}, "doesn't match regexp \"^[a-z]", {"name": "cache-2"}),
    ({"name": "cache-"}, "doesn't match regexp \"^[a-z]", {"name": "cache-3"}),
    ({"name": "a"}, "doesn't match regexp \"^[a-z]", {"name": "ab"}),
    (
        {"tier": "PREMIUM"},
        'expected tier to be one of ["BASIC" "STANDARD_HA" ""], got PREMIUM',
        {"tier": "BASIC", **NO_REPLICAS},
    ),
    (
        {"connectMode": "PSC"},
        'one of ["DIRECT_PEERING" "PRIVATE_SERVICE_ACCESS" ""], got PSC',
        direct(None),
    ),
    (
        {"transitEncryptionMode": "ENABLED"},
        'expected transit_encryption_mode to be one of ["SERVER_AUTHENTICATION" "DISABLED" ""]',
        {"transitEncryptionMode": "DISABLED"},
    ),
    (
        {"readReplicasMode": "ON"},
        'one of ["READ_REPLICAS_DISABLED" "READ_REPLICAS_ENABLED" ""], got ON',
        {"readReplicasMode": "READ_REPLICAS_DISABLED", "replicaCount": None},
    ),
    (
        persistence(persistenceMode="AOF"),
        'persistence_config.0.persistence_mode to be one of ["DISABLED" "RDB"], got AOF',
        persistence(persistenceMode="DISABLED"),
    ),
    (
        persistence(persistenceMode="RDB", rdbSnapshotPeriod="TWO_HOURS"),
        "expected persistence_config.0.rdb_snapshot_period to be one of",
        persistence(persistenceMode="RDB", rdbSnapshotPeriod="ONE_HOUR"),
    ),
    (policy(window("FUNDAY")), "got FUNDAY", policy(window("MONDAY"))),
    (policy(window(hours=24)), "to be in the range (0 - 23), got 24", policy(window(hours=23))),
    (
        policy(window(minutes=60)),
        "to be in the range (0 - 59), got 60",
        policy(window(minutes=59)),
    ),
    (
        policy(window(seconds=61)),
        "to be in the range (0 - 60), got 61",
        policy(window(seconds=59)),
    ),
    (
        policy(window(nanos=10**9)),
        "to be in the range (0 - 999999999), got 1000000000",
        policy(window(nanos=10**9 - 1)),
    ),
]

REDIS: list[Row] = [
    # its name, size and version
    ({"name": "a" * 41}, "Error 400: Invalid instance id", {"name": "a" * 39}),
    (
        {"memorySizeGb": 0},
        "Error 400: Memory size must be between 1 GB and 300 GB.",
        {"memorySizeGb": 5},
    ),
    (
        {"memorySizeGb": 301, "redisConfigs": None},
        "Error 400: Memory size must be between 1 GB and 300 GB.",
        {"memorySizeGb": 300, "redisConfigs": None},
    ),
    (
        {"redisVersion": "REDIS_8_0"},
        "Error 400: Invalid redis version: REDIS_8_0.",
        {"redisVersion": "REDIS_7_0"},
    ),
    ({"redisVersion": "7.2"}, "Invalid redis version: 7.2.", {"redisVersion": None}),
    ({"region": "mars-north1"}, "mars-north1", {"region": REGION}),
    (
        {"project": "nobody"},
        "Permission denied on resource project nobody.",
        {"project": PROJECT_ID},
    ),
    # read replicas
    ({"readReplicasMode": None}, f"googleapi: Error 400: {NEEDS_MODE}", NO_REPLICAS),
    (
        {"readReplicasMode": "READ_REPLICAS_DISABLED", "replicaCount": 1},
        NEEDS_MODE,
        {"readReplicasMode": "READ_REPLICAS_DISABLED", "replicaCount": None},
    ),
    (
        {"tier": "BASIC", "readReplicasMode": None, "replicaCount": 1},
        NEEDS_MODE,
        {"tier": "BASIC", **NO_REPLICAS},
    ),
    ({"tier": "BASIC"}, "only supported for the standard tier", {"tier": "STANDARD_HA"}),
    ({"replicaCount": 6}, "Replica count must be between 1 and 5.", {"replicaCount": 5}),
    (
        {"memorySizeGb": 4},
        "Read replicas require a memory size of at least 5 GB.",
        {"memorySizeGb": 4, **NO_REPLICAS},
    ),
    (
        {"redisVersion": "REDIS_4_0"},
        "Read replicas require Redis version 5.0 or newer.",
        {"redisVersion": "REDIS_5_0"},
    ),
    # its network
    (
        {"reservedIpRange": "10.20.1.0/28"},
        (
            "Error waiting to create Instance: Error waiting for Creating Instance: Error code 9, "
            "message: Allocated IP range '10.20.1.0/28' not found in network"
        ),
        {"reservedIpRange": "services"},
    ),
    (
        {"reservedIpRange": "nothing"},
        "Error code 9, message: Allocated IP range 'nothing' not found in network",
        {"reservedIpRange": None},
    ),
    (
        lambda world: direct(None, authorizedNetwork=world.shared["network"]),
        "Error 400: authorized_network must exist in the same project as redis instance",
        lambda world: {
            "authorizedNetwork": world.shared["network"],
            "reservedIpRange": world.shared_range,
        },
    ),
    (direct("services"), "Invalid IP range: services. It must be a CIDR", direct("10.50.0.0/28")),
    (
        direct("10.50.0.0/29"),
        "Invalid IP range: 10.50.0.0/29. Require a minimum of /28 block size when read replica is",
        direct("10.50.0.0/29", **NO_REPLICAS),
    ),
    (
        direct("10.50.0.0/30", **NO_REPLICAS),
        "Invalid IP range: 10.50.0.0/30. Require a minimum of /29 block size.",
        direct("10.50.0.8/29", **NO_REPLICAS),
    ),
    (direct("8.8.8.0/28"), "It must be in a private range.", direct("192.168.7.0/28")),
    (
        direct("10.10.0.0/28"),
        "Error code 9, message: New subnetwork IP range (10.10.0.0/28) overlaps with an active",
        direct("10.60.0.0/28"),
    ),
    (
        network(lambda world: world.bare["network"]),
        f"Error creating Instance: googleapi: Error 400: {NOT_ENABLED}",
        network(lambda world: world.net["network"]),
    ),
    (
        network(lambda world: world.foreign["network"]),
        f"Project {STRANGER} referenced is not the host project for {PROJECT_ID}.",
        network(lambda world: world.shared["network"]),
    ),
    (
        network(lambda world: world.net["network"] + "-2"),
        "Network name is not valid. Specify a valid name and try again.",
        {"authorizedNetwork": "main"},
    ),
    (
        {"authorizedNetwork": None},
        "You must specify an authorized network.",
        network(lambda world: f"https://www.googleapis.com/compute/v1/{world.net['network']}"),
    ),
    (
        network(lambda world: world.tiny["network"]),
        "Error code 9, message: The IP ranges for the connection do not have enough available IPs.",
        network(lambda world: world.tiny["network"], **NO_REPLICAS),
    ),
    # its zones
    (
        {"locationId": "europe-west2-a"},
        "is not in region europe-w",
        {"locationId": "europe-west1-c"},
    ),
    (
        {"locationId": "europe-west1-b", "alternativeLocationId": "europe-west1-b"},
        "alternative_location_id must be different from location_id.",
        {"locationId": "europe-west1-b", "alternativeLocationId": "europe-west1-c"},
    ),
    (
        {"tier": "BASIC", "alternativeLocationId": "europe-west1-c", **NO_REPLICAS},
        "alternative_location_id is only supported for STANDARD_HA.",
        {"alternativeLocationId": "europe-west1-c", **NO_REPLICAS},
    ),
    # persistence and maintenance
    (
        persistence(persistenceMode="DISABLED", rdbSnapshotPeriod="ONE_HOUR"),
        "RDB snapshot period requires persistence mode RDB.",
        persistence(persistenceMode="RDB", rdbSnapshotPeriod="TWENTY_FOUR_HOURS"),
    ),
    (
        persistence(persistenceMode="RDB", rdbSnapshotStartTime="tomorrow"),
        "rdbSnapshotStartTime': it is not of the type google-datetime",
        persistence(
            persistenceMode="RDB",
            rdbSnapshotPeriod="TWELVE_HOURS",
            rdbSnapshotStartTime="2026-12-01T03:00:00Z",
        ),
    ),
    (
        persistence(
            persistenceMode="RDB",
            rdbSnapshotPeriod="ONE_HOUR",
            rdbSnapshotStartTime="2026-13-01T00:00:00Z",
        ),
        "Illegal timestamp format; timestamps must end with 'Z' or have a valid timezone offset.",
        persistence(
            persistenceMode="RDB",
            rdbSnapshotPeriod="ONE_HOUR",
            rdbSnapshotStartTime="2026-12-01T04:00:00+01:00",
        ),
    ),
    (
        policy(window("DAY_OF_WEEK_UNSPECIFIED")),
        "The day of a maintenance window must be specified.",
        policy(window("SATURDAY")),
    ),
    (
        policy(window("MONDAY"), window("FRIDAY")),
        "A maintenance policy must have exactly one weekly maintenance window.",
        policy(window("FRIDAY")),
    ),
    (policy(window(seconds=60)), "must be between 0 and 59.", policy(window(seconds=58))),
    (
        policy(window(), description="x" * 513),
        "must not exceed 512 characters.",
        policy(window(), description="x" * 512),
    ),
    # settings of the server
    (configs(maxmemory="4gb"), "Unsupported Redis config: maxmemory.", configs(maxmemory_gb="4")),
    (
        configs(maxmemory_policy="lru"),
        "Invalid value for Redis config maxmemory-policy: 'lru'.",
        configs(maxmemory_policy="allkeys-lru"),
    ),
    (
        configs(maxmemory_gb="5.1"),
        "between 20% and 100% of the instance's capacity of 5 GB",
        configs(maxmemory_gb="5"),
    ),
    (configs(maxmemory_gb="0.9"), "between 20% and 100%", configs(maxmemory_gb="1")),
    (
        configs(maxmemory_gb="four"),
        "Invalid value for Redis config maxmemory-gb: 'four'.",
        configs(maxmemory_gb="4.5"),
    ),
    (configs(databases="101"), "Redis config databases: '101'.", configs(databases="100")),
    (configs(activedefrag="true"), "Redis config activedefrag: 't", configs(activedefrag="yes")),
    (
        configs("REDIS_6_X", lazyfree_lazy_expire="yes"),
        "is not supported by REDIS_6_X: it needs REDIS_7_0 or newer.",
        configs("REDIS_7_0", lazyfree_lazy_expire="yes"),
    ),
    (
        configs("REDIS_3_2", maxmemory_policy="allkeys-lfu"),
        "is not supported by REDIS_3_2: it needs REDIS_4_0 or newer.",
        configs("REDIS_4_0", maxmemory_policy="allkeys-lfu"),
    ),
    (
        configs("REDIS_4_0", stream_node_max_bytes="0"),
        "is not supported by REDIS_4_0: it needs REDIS_5_0 or newer.",
        configs("REDIS_5_0", stream_node_max_bytes="0"),
    ),
    (
        configs(notify_keyspace_events="KQ"),
        "Redis config notify-keyspace-events: 'KQ'.",
        configs(notify_keyspace_events="KEA"),
    ),
    (configs(lfu_decay_time="0"), "Redis config lfu-decay-time: '0'.", configs(lfu_decay_time="1")),
    (
        configs(maxmemory_clients="101%"),
        "Redis config maxmemory-clients: '101%'.",
        configs(maxmemory_clients="100%"),
    ),
    # labels
    ({"labels": {"Team": "x"}}, "Invalid label key 'Team'", {"labels": {"team": "x"}}),
    ({"labels": {"team": "A B"}}, "Invalid value 'A B' of label 'team'", {"labels": {"team": ""}}),
    (labels(64), "Too many labels: at most 64 are allowed.", labels(63)),
    # its key
    ({"customerManagedKey": "key"}, "Invalid KMS key name: key.", {"customerManagedKey": None}),
    (
        lambda world: {"customerManagedKey": world.far_key},
        f"The KMS key must be in the location {REGION}",
        lambda world: {"customerManagedKey": world.key},
    ),
    (
        lambda world: {"customerManagedKey": world.key + "-2"},
        "key-2 not found.",
        lambda world: {"customerManagedKey": world.key},
    ),
    (
        lambda world: {"customerManagedKey": world.locked_key},
        "Error code 9, message: Unable to delegate the access of CMEK. Please try again later.",
        lambda world: {"customerManagedKey": world.key},
    ),
]


def endpoints(*pairs: tuple[str, Callable[[World], str]]) -> Callable[[World], dict[str, Any]]:
    """The input by which an instance is connected with these networks of these projects."""
    return lambda world: {
        VALKEY_NETWORK: [{"projectId": one, "network": path(world)} for one, path in pairs]
    }


def backups(hours: int, retention: str) -> dict[str, Any]:
    """The input by which there are backups."""
    schedule = {"startTime": {"hours": hours}}
    return {"automatedBackupConfig": {"fixedFrequencySchedule": schedule, "retention": retention}}


def zone(mode: str, name: str | None) -> dict[str, Any]:
    """The input by which nodes are spread over zones, or are in one."""
    return {"zoneDistributionConfig": {"mode": mode, **({"zone": name} if name else {})}}


MAIN = endpoints((PROJECT_ID, lambda world: world.net["network"]))

VALKEY: list[Row] = [
    ({"instanceId": None}, "instanceId", {"instanceId": "valkey"}),
    ({"instanceId": "abc"}, "Error 400: Invalid instance id 'abc'", {"instanceId": "abcd"}),
    ({"instanceId": "a" * 64}, "it must be 4-63 lowercase letters", {"instanceId": "a" * 63}),
    ({"instanceId": "Cache"}, "Invalid instance id 'Cache'", {"instanceId": "4cache"}),
    ({"instanceId": "cache-"}, "Invalid instance id 'cache-'", {"instanceId": "cache-2"}),
    ({"location": "mars-north1"}, "mars-north1", {"location": REGION}),
    ({"shardCount": 0}, "Shard count must be between 1 and 250.", {"shardCount": 1}),
    (
        {"mode": "CLUSTER", "shardCount": 251},
        "Shard count must be between 1 and 250.",
        {"mode": "CLUSTER", "shardCount": 250},
    ),
    (
        {"shardCount": 2},
        "Shard count must be 1 when cluster mode is disabled.",
        {"mode": "CLUSTER", "shardCount": 2},
    ),
    ({"replicaCount": 6}, "Replica count must be between 0 and 5.", {"replicaCount": 5}),
    (
        {"mode": "SINGLE"},
        'expected mode to be one of ["CLUSTER" "CLUSTER_DISABLED" ""], got SINGLE',
        {"mode": "CLUSTER"},
    ),
    (
        {"authorizationMode": "PASSWORD"},
        "Invalid value at 'instance.authorizationMode'",
        {"authorizationMode": "AUTH_DISABLED"},
    ),
    (
        {"transitEncryptionMode": "TLS"},
        "Invalid value at 'instance.transitEncryptionMode'",
        {
            "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
            "authorizationMode": "AUTH_DISABLED",
        },
    ),
    (
        {"transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED"},
        "IAM_AUTH requires transit encryption mode SERVER_AUTHENTICATION.",
        {"transitEncryptionMode": "SERVER_AUTHENTICATION"},
    ),
    ({"nodeType": "HUGE"}, "Invalid value at 'instance.nodeType'", {"nodeType": "HIGHMEM_XLARGE"}),
    (
        {"nodeType": "NODE_TYPE_UNSPECIFIED"},
        "Invalid node type: NODE_TYPE_UNSPECIFIED.",
        {"nodeType": "SHARED_CORE_NANO"},
    ),
    (
        {"engineVersion": "VALKEY_6_2"},
        "Invalid engine version: VALKEY_6_2.",
        {"engineVersion": "VALKEY_7_2"},
    ),
    ({"engineVersion": "8.0"}, "Invalid engine version: 8.0.", {"engineVersion": None}),
    (
        {"serverCaMode": "PRIVATE"},
        'expected server_ca_mode to be one of ["GOOGLE_MANAGED_PER_INSTANCE_CA"',
        {"serverCaMode": "GOOGLE_MANAGED_PER_INSTANCE_CA"},
    ),
    (
        {"serverCaMode": "CUSTOMER_MANAGED_CAS_CA"},
        "server_ca_pool must be set for CUSTOMER_MANAGED_CAS_CA.",
        {
            "serverCaMode": "CUSTOMER_MANAGED_CAS_CA",
            "serverCaPool": f"projects/{PROJECT_ID}/locations/{REGION}/caPools/pool",
        },
    ),
    (
        {"serverCaPool": f"projects/{PROJECT_ID}/locations/{REGION}/caPools/pool"},
        "server_ca_pool can only be set for CUSTOMER_MANAGED_CAS_CA.",
        {"serverCaMode": "GOOGLE_MANAGED_SHARED_CA"},
    ),
    (
        {
            "serverCaMode": "GOOGLE_MANAGED_SHARED_CA",
            "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
            "authorizationMode": "AUTH_DISABLED",
        },
        "server_ca_mode can only be set with in-transit encryption.",
        {
            "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
            "authorizationMode": "AUTH_DISABLED",
        },
    ),
    # what is kept
    (
        persistence(mode="BOTH"),
        'expected persistence_config.0.mode to be one of ["DISABLED" "RDB" "AOF" ""], got BOTH',
        persistence(mode="DISABLED"),
    ),
    (
        persistence(mode="AOF", aofConfig={"appendFsync": "EVERYSEC"}),
        "Invalid value at 'instance.persistenceConfig.aofConfig.appendFsync'",
        persistence(mode="AOF", aofConfig={"appendFsync": "ALWAYS"}),
    ),
    (backups(2, "86399s"), "between 1 day and 365 days.", backups(2, "86400s")),
    (backups(2, "31536001s"), "between 1 day and 365 days.", backups(2, "31536000s")),
    (backups(2, "1d"), "it is not of the type google-duration", backups(2, "90000s")),
    (backups(24, "86400s"), "must be the start of an hour.", backups(23, "86400s")),
    (
        backups(0, "86400s"),
        "The start time of automated backups must be set.",
        backups(1, "86400s"),
    ),
    # where it is
    (zone("SINGLE_ZONE", None), "A zone must be specified for SINGLE", zone("MULTI_ZONE", None)),
    (
        zone("MULTI_ZONE", "europe-west1-b"),
        "A zone can only be specified for SINGLE_ZONE.",
        zone("SINGLE_ZONE", "europe-west1-b"),
    ),
    (
        zone("SINGLE_ZONE", "us-east1-b"),
        "Zone us-east1-b is not in region europe-west1.",
        zone("SINGLE_ZONE", "europe-west1-c"),
    ),
    (
        zone("ONE", None),
        'zone_distribution_config.0.mode to be one of ["MULTI_ZONE" "SINGLE_ZONE" ""], got ONE',
        zone("MULTI_ZONE", None),
    ),
    # how it is reached
    ({VALKEY_NETWORK: None}, "Exactly one connection must be specified", MAIN),
    (
        endpoints(
            (PROJECT_ID, lambda world: world.net["network"]),
            (PROJECT_ID, lambda world: world.bare["network"]),
        ),
        "Exactly one connection must be specified when an instance is created.",
        MAIN,
    ),
    (
        lambda world: {
            "desiredPscAutoConnections": [
                {"projectId": PROJECT_ID, "network": world.net["network"]}
            ]
        },
        "conflicts with",
        lambda world: {
            "desiredPscAutoConnections": [
                {"projectId": PROJECT_ID, "network": world.net["network"]}
            ],
            VALKEY_NETWORK: None,
        },
    ),
    (
        endpoints((STRANGER, lambda world: world.net["network"])),
        "pscAutoConnection.project_id shall be the same as the consumer project for creating",
        MAIN,
    ),
    (
        endpoints((PROJECT_ID, lambda _: "main")),
        "The network must have the form projects/{project}/global/networks/{network}.",
        MAIN,
    ),
    (
        endpoints((PROJECT_ID, lambda world: world.bare["network"])),
        (
            "Error waiting to create Instance: Error waiting for Creating Instance: Error code 9, "
            'message: Invalid resource state for "projects/'
        ),
        MAIN,
    ),
    (
        endpoints((PROJECT_ID, lambda world: world.shared["network"])),
        "No service connection policy is associated with project",
        MAIN,
    ),
    # settings of the server
    (
        {"engineConfigs": {"maxmemory-gb": "4"}},
        "Unsupported engine config: maxmemory-gb.",
        {"engineConfigs": {"maxmemory": "4gb"}},
    ),
    (
        {"engineConfigs": {"maxmemory": "7gb"}},
        "Invalid value for engine config maxmemory: '7gb'.",
        {"engineConfigs": {"maxmemory": "6gb"}},
    ),
    (
        {"engineConfigs": {"maxmemory-policy": "lru"}},
        "Invalid value for engine config maxmemory-policy: 'lru'.",
        {"engineConfigs": {"maxmemory-policy": "noeviction"}},
    ),
    (
        {"engineConfigs": {"maxmemory-clients": "half"}},
        "Invalid value for engine config maxmemory-clients: 'half'.",
        {"engineConfigs": {"maxmemory-clients": "50%"}},
    ),
    # maintenance, labels, key
    (policy(window(minutes=30)), "must be the start of an hour.", policy(window(hours=4))),
    (policy(window(hours=24)), "to be in the range (0 - 23), got 24", policy(window(hours=23))),
    (
        policy(window("MONDAY"), window("FRIDAY")),
        "exactly one weekly maintenance window.",
        policy(window("FRIDAY")),
    ),
    ({"labels": {"Team": "x"}}, "Invalid label key 'Team'", {"labels": {"team": "x"}}),
    (
        lambda world: {"kmsKey": world.far_key},
        f"The KMS key must be in the location {REGION}",
        {"kmsKey": None},
    ),
    (
        lambda world: {"kmsKey": world.locked_key},
        "Error code 9, message: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied",
        lambda world: {"kmsKey": world.key},
    ),
]

CACHES: dict[str, list[Row]] = {"Instance": [*REDIS_CHECKED, *REDIS], "Valkey": VALKEY}
