"""What settings mean on AWS: every default that follows from another setting, in one place."""

import math

from secure_redis.settings import CacheSettings, Environment, Persistence

from . import versions
from .sizes import RESERVED_PERCENT, node_type

SNAPSHOT_DAYS = {
    Environment.DEVELOPMENT: 1,
    Environment.STAGING: 1,
    Environment.PRODUCTION: 7,
}
"""Days that snapshots are kept where there are any (API SnapshotRetentionLimit)."""

SECRET_RECOVERY_DAYS = {
    Environment.DEVELOPMENT: 0,
    Environment.STAGING: 7,
    Environment.PRODUCTION: 30,
}
"""Days in which a deleted secret can be restored (API RecoveryWindowInDays)."""

SERVERLESS_PORT = 6379
SERVERLESS_READER_PORT = 6380
"""Ports of a serverless cache (ElastiCache User Guide, serverless caches)."""


def engine_version(cache: CacheSettings) -> str:
    """Version of the engine."""
    return cache.aws.engine_version or versions.DEFAULT[cache.engine]


def node_memory_gb(cache: CacheSettings) -> float:
    """GiB of data on one node: in cluster mode each shard has its part of the cache's memory."""
    return cache.memory_gb / (cache.aws.shards or 1)


def node_type_name(cache: CacheSettings) -> str:
    """The node type; empty where memoryGb is more than any node has."""
    if cache.aws.node_type:
        return cache.aws.node_type
    found = node_type(node_memory_gb(cache), burstable=not cache.production)
    return found.name if found else ""


def multi_az(cache: CacheSettings) -> bool:
    """Whether replicas are in other availability zones."""
    return cache.replicas > 0 if cache.aws.multi_az is None else cache.aws.multi_az


def data_tiering(node_type: str) -> bool:
    """Whether data that are seldom used go to a disk: what r6gd nodes are for."""
    return node_type.startswith("cache.r6gd.")


def snapshot_days(cache: CacheSettings) -> int:
    """Days that daily snapshots are kept; 0 for none."""
    if cache.aws.snapshot_retention_days is not None:
        return cache.aws.snapshot_retention_days
    return 0 if cache.persistence is Persistence.NONE else SNAPSHOT_DAYS[cache.environment]


def final_snapshot(cache: CacheSettings) -> bool:
    """Whether the cache is saved before it is deleted: with nodes only."""
    if cache.aws.serverless:
        return False
    wanted = cache.aws.final_snapshot
    return cache.production if wanted is None else wanted


def apply_immediately(cache: CacheSettings) -> bool:
    """Whether changes are made at once."""
    wanted = cache.aws.apply_immediately
    return not cache.production if wanted is None else wanted


def logs(cache: CacheSettings) -> bool:
    """Whether logs are kept."""
    wanted = cache.aws.logs
    return cache.environment is not Environment.DEVELOPMENT if wanted is None else wanted


def secret_recovery_days(cache: CacheSettings) -> int:
    """Days in which a deleted secret can be restored."""
    wanted = cache.aws.secret_recovery_days
    return SECRET_RECOVERY_DAYS[cache.environment] if wanted is None else wanted


def own_key(cache: CacheSettings) -> bool:
    """Whether the cache gets a key of its own."""
    return cache.aws.kms_key_arn is None and cache.production


def storage_gb(cache: CacheSettings) -> int:
    """Most data of a serverless cache, in GB."""
    wanted = cache.aws.serverless.max_storage_gb if cache.aws.serverless else None
    return wanted or math.ceil(cache.memory_gb)


def ports(cache: CacheSettings) -> range:
    """Ports that clients connect to."""
    if cache.aws.serverless:
        return range(SERVERLESS_PORT, SERVERLESS_READER_PORT + 1)
    return range(cache.aws.port, cache.aws.port + 1)


def parameters(cache: CacheSettings) -> dict[str, str]:
    """Parameters of the engine: what settings say, and what was given beside them."""
    ours = {
        "maxmemory-policy": cache.eviction_policy.value,
        "reserved-memory-percent": str(RESERVED_PERCENT),
    }
    if cache.aws.shards is not None:
        ours["cluster-enabled"] = "yes"
    return {**cache.aws.parameters, **ours}


OWN_PARAMETERS = {
    "maxmemory-policy": "evictionPolicy",
    "cluster-enabled": "aws.shards",
    "reserved-memory": "memoryGb",
    "reserved-memory-percent": "memoryGb",
}
"""Parameters that other settings decide, and the settings."""
