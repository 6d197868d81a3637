"""What settings mean on Azure: every default that follows from another setting, in one place."""

from collections.abc import Collection
from datetime import datetime, timezone

import pulumi

from secure_redis.settings import (
    CacheSettings,
    Environment,
    EvictionPolicy,
    Persistence,
)

from . import sizes
from .settings import Auth, Classic, ClusteringPolicy, Module

PORT = 10_000
"""Port of Azure Managed Redis (API Database.port)."""

NODE_PORTS = range(8500, 8600)
"""Further ports that clients of OSSCluster connect to (Azure Managed Redis, architecture)."""

CLASSIC_PORT = 6380
"""Port of the classic cache for TLS (API Redis.sslPort)."""

CLASSIC_NODE_PORTS = range(15_000, 15_020)
"""Further ports that clients of a classic cluster connect to: one for each node (Azure Cache for
Redis, clustering FAQ: 1500N; ten shards with a replica each)."""

VAULT_PORT = "443"
"""Port of Key Vault."""

MANAGED_ZONE = "privatelink.redis.azure.net"
CLASSIC_ZONE = "privatelink.redis.cache.windows.net"
VAULT_ZONE = "privatelink.vaultcore.azure.net"
"""Private DNS zones (Azure Private Link, private DNS zone values)."""

RECOVERY_DAYS = {
    Environment.DEVELOPMENT: 7,
    Environment.STAGING: 7,
    Environment.PRODUCTION: 90,
}
"""Days in which a deleted vault can be restored (API softDeleteRetentionInDays, 7 to 90)."""

EVICTION_POLICY = {
    EvictionPolicy.NOEVICTION: "NoEviction",
    EvictionPolicy.ALLKEYS_LRU: "AllKeysLRU",
    EvictionPolicy.ALLKEYS_LFU: "AllKeysLFU",
    EvictionPolicy.ALLKEYS_RANDOM: "AllKeysRandom",
    EvictionPolicy.VOLATILE_LRU: "VolatileLRU",
    EvictionPolicy.VOLATILE_LFU: "VolatileLFU",
    EvictionPolicy.VOLATILE_RANDOM: "VolatileRandom",
    EvictionPolicy.VOLATILE_TTL: "VolatileTTL",
}
"""Eviction policies as Azure Managed Redis spells them (API EvictionPolicy)."""


def location() -> str:
    """The region of the stack, as the provider has it; empty where only a provider knows."""
    return pulumi.Config("azure-native").get("location") or ""


def classic(cache: CacheSettings) -> Classic:
    """The settings of a classic cache. Only for caches that have them."""
    if cache.azure.classic is None:  # the rules have seen to it
        raise AssertionError(cache.azure)
    return cache.azure.classic


def sku(cache: CacheSettings) -> str:
    """The size; empty where memoryGb is more than any size has."""
    if cache.azure.classic:
        return cache.azure.classic.sku or sizes.smallest_classic(
            cache.memory_gb / (cache.azure.classic.shards or 1),
            "Premium" if cache.production else "Standard",
        )
    if cache.azure.sku:
        return cache.azure.sku
    found = sizes.smallest(
        cache.memory_gb, burstable=not cache.production, preview=cache.azure.allow_preview
    )
    return found.name if found else ""


def tier(cache: CacheSettings) -> str:
    """The tier of a classic cache: Basic, Standard or Premium."""
    return sku(cache).partition("_")[0]


def clustering_policy(cache: CacheSettings) -> ClusteringPolicy:
    """How keys are spread: not at all where the size allows it, so that every client works."""
    if cache.azure.clustering_policy:
        return cache.azure.clustering_policy
    size = sizes.named(sku(cache))
    searching = Module.SEARCH in cache.azure.modules
    if size is not None and size.runs_alone and not searching:
        return ClusteringPolicy.NO_CLUSTER
    return ClusteringPolicy.ENTERPRISE_CLUSTER


def policy_name(cache: CacheSettings) -> str:
    """The clustering policy in the contract: a classic cluster is one that clients address."""
    if cache.azure.classic is None:
        return clustering_policy(cache).value
    policies = ClusteringPolicy.OSS_CLUSTER, ClusteringPolicy.NO_CLUSTER
    return policies[0 if cache.azure.classic.shards else 1].value


def cluster_mode(cache: CacheSettings) -> bool:
    """Whether clients must speak the cluster protocol."""
    if cache.azure.classic:
        return cache.azure.classic.shards is not None
    return clustering_policy(cache) is ClusteringPolicy.OSS_CLUSTER


def port(cache: CacheSettings) -> int:
    """The port for TLS; there is no other."""
    return CLASSIC_PORT if cache.azure.classic else PORT


def ports(cache: CacheSettings) -> tuple[str, ...]:
    """Ports that clients connect to, as rules of a network security group have them."""
    nodes = CLASSIC_NODE_PORTS if cache.azure.classic else NODE_PORTS
    further = (f"{nodes.start}-{nodes.stop - 1}",) if cluster_mode(cache) else ()
    return (str(port(cache)), *further)


def zone(cache: CacheSettings) -> str:
    """The private DNS zone of the cache's name."""
    return CLASSIC_ZONE if cache.azure.classic else MANAGED_ZONE


def private_vault(cache: CacheSettings) -> bool:
    """Whether the cache's own vault is reached by a private endpoint only."""
    return own_vault(cache) and cache.environment is not Environment.DEVELOPMENT


def zones(caches: Collection[CacheSettings]) -> list[str]:
    """The private DNS zones that some caches need."""
    needed = {zone(cache) for cache in caches}
    if any(private_vault(cache) for cache in caches):
        needed.add(VAULT_ZONE)
    return sorted(needed)


def network_ports(caches: Collection[CacheSettings]) -> list[str]:
    """Ports of some caches and their vaults, as rules of a network security group have them."""
    needed = {port for cache in caches for port in ports(cache)}
    if any(private_vault(cache) for cache in caches):
        needed.add(VAULT_PORT)
    return sorted(needed)


def keys(cache: CacheSettings) -> bool:
    """Whether clients log in with access keys."""
    return cache.azure.auth is Auth.KEYS


def high_availability(cache: CacheSettings) -> bool:
    """Whether a second node has a copy of all data and takes over."""
    return cache.replicas > 0


def classic_replicas(cache: CacheSettings) -> int | None:
    """Replicas of each primary of a classic cache; None where the tier decides."""
    return cache.replicas if tier(cache) == "Premium" and cache.replicas > 1 else None


def managed_identity(cache: CacheSettings) -> bool:
    """Whether a classic cache writes to its storage account with an identity of its own."""
    snapshots = classic(cache).snapshots
    return snapshots is not None and snapshots.connection_string is None


def persistence(cache: CacheSettings) -> Persistence:
    """What survives a restart: of a classic cache nothing, unless it has a storage account."""
    if cache.azure.classic is None:
        return cache.persistence
    asked = "persistence" in cache.model_fields_set
    return cache.persistence if asked or cache.azure.classic.snapshots else Persistence.NONE


def locked(cache: CacheSettings) -> bool:
    """Whether a lock keeps the cache from being deleted; it would stop a replacement as well."""
    wanted = cache.production if cache.azure.lock is None else cache.azure.lock
    return wanted and not cache.allow_replacement


def own_vault(cache: CacheSettings) -> bool:
    """Whether the cache gets a vault of its own."""
    return cache.azure.vault_id is None


def own_key(cache: CacheSettings) -> bool:
    """Whether a key for data at rest is made."""
    key = cache.azure.customer_managed_key
    return key is not None and key.key_url is None


def recovery_days(cache: CacheSettings) -> int:
    """Days in which the deleted vault can be restored."""
    wanted = cache.azure.vault_recovery_days
    return RECOVERY_DAYS[cache.environment] if wanted is None else wanted


def purge_protection(cache: CacheSettings) -> bool:
    """Whether a deleted vault can be removed for good before its time: not where it matters.

    A key that encrypts data demands it (Azure Managed Redis, disk encryption).
    """
    return cache.production or own_key(cache)


def logs(cache: CacheSettings) -> bool:
    """Whether logs and metrics are kept."""
    wanted = cache.azure.logs
    return cache.environment is not Environment.DEVELOPMENT if wanted is None else wanted


def expires(cache: CacheSettings) -> int | None:
    """When the secrets expire, in seconds of the epoch; None for never."""
    if cache.azure.secret_expires is None:
        return None
    return int(midnight(cache.azure.secret_expires).timestamp())


def midnight(day: str) -> datetime:
    """The beginning of a day, UTC."""
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
