"""What settings mean on Google Cloud: every default that follows from another setting."""

import os
from collections.abc import Collection
from typing import Any

import pulumi

from secure_redis.settings import (
    CacheSettings,
    Engine,
    Environment,
    Persistence,
    PrivateServices,
)

from . import sizes, versions
from .settings import MaintenanceWindow, Weekday

NAMESPACE = "gcp"
"""Namespace of the provider's settings in a stack."""

VARIABLES = {
    "project": (
        "GOOGLE_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        "CLOUDSDK_CORE_PROJECT",
    ),
    "region": ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
}
"""Where the provider looks for what the stack does not say (provider for Google Cloud,
configuration)."""

VALKEY_PORTS = ("6379", "11000-13047")
"""Ports that clients of Valkey connect to (Memorystore for Valkey, networking)."""

REDIS_PORTS = ("6378",)
"""Port of Redis with TLS (Memorystore for Redis, in-transit encryption)."""

SERVICE_CLASS = "gcp-memorystore"
"""Service class of Valkey's connections (Memorystore for Valkey, networking)."""

BACKUP_HOUR = 2
"""Hour of the daily backups, UTC."""

BACKUP_DAYS = {Environment.DEVELOPMENT: 0, Environment.STAGING: 0, Environment.PRODUCTION: 7}
"""Days that backups are kept."""

SECRET_DESTROY_DELAY_DAYS = {
    Environment.DEVELOPMENT: 0,
    Environment.STAGING: 0,
    Environment.PRODUCTION: 30,
}
"""Days in which an old version of a secret can be restored."""

PRODUCTION_WINDOW = MaintenanceWindow(day=Weekday.SUNDAY, hour=3)
"""When Google maintains caches in production."""


def project() -> str:
    """Id of the project of the stack; empty where only a provider knows."""
    return _configured("project")


def region() -> str:
    """The region of the stack; empty where only a provider knows."""
    return _configured("region")


def _configured(key: str) -> str:
    return pulumi.Config(NAMESPACE).get(key) or environment_value(key)


def environment_value(key: str) -> str:
    """What the environment says of the project or the region, where the stack does not."""
    return next(filter(None, map(os.environ.get, VARIABLES[key])), "")


def valkey(cache: CacheSettings) -> bool:
    """Whether it is Memorystore for Valkey, not for Redis."""
    return cache.engine is Engine.VALKEY


def engine_version(cache: CacheSettings) -> str:
    """Version of the engine."""
    return cache.gcp.engine_version or versions.DEFAULT[cache.engine]


def tier(cache: CacheSettings) -> str:
    """Tier of a cache of Redis: with a replica that takes over, or without."""
    return "STANDARD_HA" if cache.replicas else "BASIC"


def read_replicas(cache: CacheSettings) -> bool:
    """Whether replicas of Redis answer reads: more than one exist for nothing else."""
    wanted = cache.gcp.read_replicas
    return cache.replicas > 1 if wanted is None else wanted


def memory_size_gb(cache: CacheSettings) -> int:
    """GiB of a cache of Redis; more than there is where memoryGb asks for it."""
    if cache.gcp.memory_size_gb is not None:
        return cache.gcp.memory_size_gb
    smallest = sizes.smallest_size(cache.memory_gb)
    return max(smallest, sizes.READ_REPLICAS_GB) if read_replicas(cache) else smallest


def node_memory_gb(cache: CacheSettings) -> float:
    """GiB of data on one node of Valkey: each shard has its part of the cache's memory."""
    return cache.memory_gb / (cache.gcp.shards or 1)


def node_type(cache: CacheSettings) -> str:
    """Type of the nodes of Valkey; empty where memoryGb is more than any has."""
    if cache.gcp.node_type:
        return cache.gcp.node_type
    found = sizes.smallest_node(node_memory_gb(cache), guaranteed=cache.production)
    return found.name if found else ""


def cluster_mode(cache: CacheSettings) -> bool:
    """Whether clients must speak the cluster protocol."""
    return valkey(cache) and cache.gcp.shards is not None


def mode(cache: CacheSettings) -> str:
    """Mode of a cache of Valkey (API Instance.mode)."""
    return "CLUSTER" if cluster_mode(cache) else "CLUSTER_DISABLED"


def ports(cache: CacheSettings) -> tuple[str, ...]:
    """Ports that clients connect to, as firewall rules have them."""
    return VALKEY_PORTS if valkey(cache) else REDIS_PORTS


def generations(cache: CacheSettings) -> list[int]:
    """Generations of a cache of Redis that run, the current one first."""
    current = cache.rotation.generation
    return [current, current - 1] if cache.rotation.keep_previous else [current]


def maintenance_window(cache: CacheSettings) -> MaintenanceWindow | None:
    """When Google may maintain the cache; None for any time."""
    if cache.gcp.maintenance_window:
        return cache.gcp.maintenance_window
    return PRODUCTION_WINDOW if cache.production else None


def maintenance_policy(cache: CacheSettings) -> Any:
    """When Google may maintain the cache, as an argument: a weekly window, an hour long."""
    window = maintenance_window(cache)
    if window is None:
        return None
    start = {"hours": window.hour, "minutes": 0, "seconds": 0, "nanos": 0}
    return {"weekly_maintenance_windows": [{"day": window.day.value, "start_time": start}]}


def backup_days(cache: CacheSettings) -> int:
    """Days that backups of Valkey are kept; 0 for none."""
    wanted = cache.gcp.backup_retention_days
    return BACKUP_DAYS[cache.environment] if wanted is None else wanted


def secret_destroy_delay_days(cache: CacheSettings) -> int:
    """Days in which an old version of a secret can be restored; 0 for none."""
    wanted = cache.gcp.secret_destroy_delay_days
    return SECRET_DESTROY_DELAY_DAYS[cache.environment] if wanted is None else wanted


def own_key(cache: CacheSettings) -> bool:
    """Whether a key for data at rest is made."""
    key = cache.gcp.customer_managed_key
    return key is not None and key.key_name is None


def parameters(cache: CacheSettings) -> dict[str, str]:
    """Parameters of the engine: what settings say, and what was given beside them."""
    ours = {"maxmemory-policy": cache.eviction_policy.value}
    if not valkey(cache):
        ours["maxmemory-gb"] = f"{sizes.usable_gb(memory_size_gb(cache)):g}"
    return {**cache.gcp.parameters, **ours}


def persistence(cache: CacheSettings) -> str:
    """What survives a restart, in the API's words."""
    if cache.persistence is Persistence.NONE:
        return "DISABLED"
    return cache.persistence.value.upper()


def apis(cache: CacheSettings, *, alarms: bool) -> list[str]:
    """APIs that a cache needs, beside those of its network. alarms: whether it has any."""
    needed = {"secretmanager"}
    # Logins are members of the project.
    needed |= {"memorystore", "cloudresourcemanager"} if valkey(cache) else {"redis"}
    if alarms:
        needed.add("monitoring")
    if cache.gcp.customer_managed_key or cache.gcp.secret_key_name is not None:
        needed.add("cloudkms")
    return sorted(f"{name}.googleapis.com" for name in needed)


def network_apis(engines: Collection[str]) -> list[str]:
    """APIs that the network of caches of some engines needs."""
    needed = {"compute"}
    if Engine.REDIS.value in engines:
        # The connection names the project by its number, which is asked for there.
        needed |= {"servicenetworking", "cloudresourcemanager"}
    if Engine.VALKEY.value in engines:
        needed.add("networkconnectivity")
    return sorted(f"{name}.googleapis.com" for name in needed)


OWN_PARAMETERS = {"maxmemory-policy": "evictionPolicy", "maxmemory-gb": "memoryGb"}
"""Parameters that other settings decide, and the settings."""


def remove_peering(services: PrivateServices, environment: Environment) -> bool:
    """Whether the connection goes even while Google still holds on to it."""
    wanted = services.remove_peering
    return environment is not Environment.PRODUCTION if wanted is None else wanted
