"""Settings and components of the Google Cloud target, as the tests make them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import package_monitor
import pulumi
from package_cases import cache_of, error_of, problems_of
from package_gcp_cloud import CONFIG, PROJECT, REGION
from package_monitor import World
from secure_redis import SecureRedis
from secure_redis.configuration import parse_stack
from secure_redis.gcp.component import GcpCache
from secure_redis.gcp.redis import component
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings, StackSettings

CACHE = "caches.cache"
PRODUCTION: dict[str, Any] = {"environment": "production"}
SHOP = f"serviceAccount:shop@{PROJECT}.iam.gserviceaccount.com"
ALICE = "user:alice@example.com"
ACCOUNT = f"shop@{PROJECT}.iam.gserviceaccount.com"
CHANNEL = f"projects/{PROJECT}/notificationChannels/1234567890"
NETWORK = f"projects/{PROJECT}/global/networks/shop"
SHARED_NETWORK = "projects/network-host/global/networks/shared"
SUBNET = f"projects/{PROJECT}/regions/{REGION}/subnetworks/caches"
RANGE = "google-services"
POLICY = f"projects/{PROJECT}/locations/{REGION}/serviceConnectionPolicies/caches"
KEY = f"projects/{PROJECT}/locations/{REGION}/keyRings/redis/cryptoKeys/data"
GLOBAL_KEY = KEY.replace(f"/{REGION}/", "/global/")
ADOPTED: dict[str, Any] = {
    "network_id": NETWORK,
    "reserved_range_name": RANGE,
    "connection_policy_id": POLICY,
}
"""The facts of a network that exists."""
VALKEY: dict[str, Any] = {"engine": "valkey", "gcp": {"principals": [SHOP]}}
"""The least that Valkey needs."""


@contextmanager
def located(project: str = PROJECT, region: str = REGION) -> Iterator[None]:
    """With a stack that says where it is; empty: it does not."""
    given = {"gcp:project": project, "gcp:region": region}
    pulumi.runtime.set_all_config({key: value for key, value in given.items() if value})
    try:
        yield
    finally:
        pulumi.runtime.set_all_config({})


def stack(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A stack's configuration: one cache on Google Cloud for development, unless said otherwise."""
    base = {"target": "gcp", "environment": "development"}
    return {**base, "caches": {"cache": dict(cache or {})}, **keys}


def gcp(**keys: Any) -> dict[str, Any]:
    """A cache with settings of the Google Cloud target."""
    return {"gcp": keys}


def valkey(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A cache of Valkey: settings of its own, and others."""
    return {**VALKEY, **(cache or {}), "gcp": {**VALKEY["gcp"], **keys}}


def settings(cache: Mapping[str, Any] | None = None, **keys: Any) -> CacheSettings:
    """The settings of the only cache; nothing may be wrong with them."""
    with located():
        return cache_of(stack(cache, **keys))


def problems(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Problem]:
    """What is wrong, by path."""
    with located():
        return problems_of(stack(cache, **keys))


def paths(cache: Mapping[str, Any] | None = None, **keys: Any) -> list[str]:
    """Where something is wrong, in the report's order."""
    with located():
        return [problem.path for problem in error_of(stack(cache, **keys)).problems]


def accepted(**keys: Any) -> StackSettings:
    """The settings of a stack; nothing may be wrong with them."""
    with located():
        return parse_stack({**stack(), **keys})


def run(program: Callable[[], Any], **options: Any) -> World:
    """Runs `program` as a stack that says where it is."""
    return package_monitor.run(program, **{"config": CONFIG, **options})


def succeed(program: Callable[[], Any], **options: Any) -> World:
    """The same for a program that must not raise."""
    return package_monitor.succeed(program, **{"config": CONFIG, **options})


def gcp_cache(
    name: str = "cache", opts: pulumi.ResourceOptions | None = None, **args: Any
) -> GcpCache:
    """The component, for development, unless said otherwise."""
    return component(name, cast("Any", {"environment": "development", **args}), opts)


def secure(name: str = "cache", **args: Any) -> SecureRedis:
    """The same through the portable component."""
    base = {"target": "gcp", "environment": "development"}
    return SecureRedis(name, cast("Any", {**base, **args}))


READERS = {"secret_readers": [SHOP, "group:shop@example.com"]}
TAGGED = {"network_tags": ["shop"]}

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "enabled": {"gcp": {"enable_apis": True}},
    "replica": {"replicas": 1, "environment": "staging", "purpose": "sessions"},
    "reads": {"replicas": 2, "gcp": {"zone": f"{REGION}-b", "alternative_zone": f"{REGION}-c"}},
    "one-read": {"replicas": 1, "memory_gb": 4, "gcp": {"read_replicas": True}},
    "turned-on": {"replicas": 3, "gcp": {"secondary_range": "auto"}},
    "own-key": {"gcp": {"customer_managed_key": {}}},
    "given-key": {"gcp": {"customer_managed_key": {"key_name": KEY}}},
    "adopted": {"network": ADOPTED},
    "tagged": {"access": {**TAGGED, **READERS}},
    "accounts": {"access": {"service_accounts": [ACCOUNT]}, "network": ADOPTED},
    "secrets": {
        "gcp": {
            "secret_locations": [REGION],
            "secret_key_name": KEY,
            "secret_destroy_delay_days": 7,
        }
    },
    "global-key": {"gcp": {"secret_key_name": GLOBAL_KEY}},
    "regions": {"gcp": {"secret_locations": [REGION, "europe-west4"]}},
    "second": {"rotation": {"generation": 2}},
    "both": {
        **PRODUCTION,
        "rotation": {"generation": 2, "keep_previous": True},
        "access": TAGGED,
    },
    "production": PRODUCTION,
    "production-full": {
        **PRODUCTION,
        "purpose": "queue",
        "replicas": 2,
        "gcp": {
            "customer_managed_key": {},
            "enable_apis": True,
            "maintenance_window": {"day": "TUESDAY", "hour": 4},
            "parameters": {"notify-keyspace-events": "Ex"},
            "snapshot_period": "ONE_HOUR",
        },
        "access": {**TAGGED, **READERS},
        "alarms": {"notify": [CHANNEL]},
    },
    "valkey": VALKEY,
    "valkey-replica": {**VALKEY, "replicas": 1, "persistence": "rdb", "environment": "staging"},
    "valkey-cluster": {
        **VALKEY,
        "replicas": 1,
        "persistence": "aof",
        "gcp": {"principals": [SHOP, ALICE], "shards": 2, "zone": f"{REGION}-b"},
    },
    "valkey-key": {**VALKEY, "gcp": {"principals": [SHOP], "customer_managed_key": {}}},
    "valkey-adopted": {**VALKEY, "network": {**ADOPTED, "reserved_range_name": ""}},
    "valkey-production": {
        **VALKEY,
        **PRODUCTION,
        "gcp": {"principals": [SHOP], "enable_apis": True, "backup_retention_days": 14},
        "access": {**TAGGED, **READERS},
        "alarms": {"notify": [CHANNEL]},
    },
}
"""Arguments of the component: each engine, tier, key, network, way in and environment at least
once."""

VALKEYS = [name for name in VARIANTS if name.startswith("valkey")]
REDISES = [name for name in VARIANTS if not name.startswith("valkey")]
TAGS = {"team": "platform"}


@cache
def built(variant: str, *, preview: bool = False) -> World:
    """What a variant registers: made once, and looked at by many tests."""
    return succeed(lambda: gcp_cache(**VARIANTS[variant], tags=TAGS), preview=preview)
