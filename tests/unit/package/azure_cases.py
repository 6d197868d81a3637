"""Settings and components of the Azure target, as the tests make them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pulumi
from package_azure_cloud import GROUP, SUBSCRIPTION
from package_cases import cache_of, problems_of
from package_monitor import World, succeed
from secure_redis import SecureRedis
from secure_redis.azure.classic import ClassicRedis
from secure_redis.azure.component import AzureCache
from secure_redis.azure.redis import ManagedRedis
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings

CACHE = "caches.cache"
ACCESS = {"cidrs": ["10.1.0.0/16"]}
PRODUCTION: dict[str, Any] = {"environment": "production"}
ALICE, BOB = "0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01", "5d9e2c4b-8a16-4f7d-b1c3-7e0a9d2f6b02"
"""Object ids of two identities."""
READER = "7a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
ACTION_GROUP = f"{GROUP}/monitoring/providers/Microsoft.Insights/actionGroups/on-call"
WORKSPACE = f"{GROUP}/monitoring/providers/Microsoft.OperationalInsights/workspaces/all"
VAULT = f"{GROUP}/secrets/providers/Microsoft.KeyVault/vaults/shop"
SUBNET = f"{GROUP}/network/providers/Microsoft.Network/virtualNetworks/shop/subnets/endpoints"
KEY_URL = "https://shop.vault.azure.net/keys/redis/0a1b2c3d4e5f"
IDENTITY = f"{GROUP}/secrets/providers/Microsoft.ManagedIdentity/userAssignedIdentities/redis-data"
CONNECTION_STRING = (
    "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=HunterTwoHunterTwo==;"
    "EndpointSuffix=core.windows.net"
)
"""Secret, as a storage account has it."""


def zone_id(zone: str) -> str:
    """Resource id of a private DNS zone that exists."""
    return f"{GROUP}/dns/providers/Microsoft.Network/privateDnsZones/{zone}"


MANAGED_ZONE = zone_id("privatelink.redis.azure.net")
CLASSIC_ZONE = zone_id("privatelink.redis.cache.windows.net")
VAULT_ZONE = zone_id("privatelink.vaultcore.azure.net")
ADOPTED: dict[str, Any] = {
    "resource_group_name": "caches",
    "subnet_id": SUBNET,
    "private_dns_zone_ids": [MANAGED_ZONE, VAULT_ZONE],
}
"""The facts of a network that exists."""
BY_POLICY = {**ADOPTED, "private_dns_zone_ids": []}
"""The same, where a policy makes the DNS records."""
ACKNOWLEDGED = {"acknowledgeRetirement": True}


def stack(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A stack's configuration: one cache on Azure for development, unless said otherwise."""
    base = {"target": "azure", "environment": "development", "access": ACCESS}
    return {**base, "caches": {"cache": dict(cache or {})}, **keys}


def classic(cache: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Settings of a classic cache: those of its own, and others."""
    others = dict(cache or {})
    azure = {**others.pop("azure", {}), "classic": {**ACKNOWLEDGED, **settings}}
    return {**others, "azure": azure}


def settings(cache: Mapping[str, Any] | None = None, **keys: Any) -> CacheSettings:
    """The settings of the only cache; nothing may be wrong with them."""
    return cache_of(stack(cache, **keys))


def problems(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Problem]:
    """What is wrong, by path."""
    return problems_of(stack(cache, **keys))


def azure_cache(
    name: str = "cache", opts: pulumi.ResourceOptions | None = None, **args: Any
) -> AzureCache:
    """The component, for development, unless said otherwise."""
    given = cast("Any", {"environment": "development", "access": ACCESS, **args})
    kind = ClassicRedis if "classic" in args.get("azure", {}) else ManagedRedis
    return kind(name, given, opts)


def secure(name: str = "cache", **args: Any) -> SecureRedis:
    """The same through the portable component."""
    base = {"target": "azure", "environment": "development", "access": ACCESS}
    return SecureRedis(name, cast("Any", {**base, **args}))


CLASSIC: dict[str, Any] = {"acknowledge_retirement": True}
ENTRA: dict[str, Any] = {"auth": "entra", "principal_ids": [ALICE, BOB]}

VARIANTS: dict[str, dict[str, Any]] = {
    "keys": {},
    "secondary": {"azure": {"active_key": "secondary"}},
    "public": {"azure": {"public_access": True}},
    "replica": {"replicas": 1, "environment": "staging", "purpose": "sessions"},
    "enterprise": {"azure": {"sku": "Balanced_B50"}},
    "oss": {"azure": {"clustering_policy": "OSSCluster"}},
    "search": {
        "eviction_policy": "noeviction",
        "azure": {"modules": ["RediSearch", "RedisJSON"]},
    },
    "aof": {"persistence": "aof"},
    "entra": {"azure": ENTRA},
    "own-key": {"azure": {"customer_managed_key": {}}},
    "given-key": {"azure": {"customer_managed_key": {"key_url": KEY_URL, "identity_id": IDENTITY}}},
    "adopted": {"network": ADOPTED},
    "by-policy": {"environment": "staging", "network": BY_POLICY},
    "adopted-vault": {
        "azure": {"vault_id": VAULT, "secret_expires": "2099-03-31"},
        "access": {**ACCESS, "secret_readers": [READER]},
    },
    "production": PRODUCTION,
    "production-entra": {**PRODUCTION, "azure": {**ENTRA, "lock": True}},
    "production-full": {
        **PRODUCTION,
        "purpose": "queue",
        "azure": {"customer_managed_key": {}, "workspace_id": WORKSPACE},
        "access": {**ACCESS, "secret_readers": [READER, f"group:{BOB}"]},
        "alarms": {"notify": [ACTION_GROUP]},
    },
    "classic": {"azure": {"classic": CLASSIC}},
    "classic-entra": {"azure": {**ENTRA, "classic": CLASSIC}},
    "classic-public": {
        "azure": {
            "public_access": True,
            "classic": {
                **CLASSIC,
                "firewall_rules": [
                    {"start_ip": "203.0.113.4", "end_ip": "203.0.113.9"},
                    {"start_ip": "203.0.113.20", "end_ip": "203.0.113.20"},
                ],
                "patch_windows": [{"day": "Sunday", "hour": 3}, {"day": "Tuesday", "hour": 2}],
            },
        }
    },
    "classic-premium": {
        "environment": "production",
        "purpose": "sessions",
        "azure": {
            "classic": {
                **CLASSIC,
                "shards": 2,
                "zones": ["1", "2"],
                "snapshots": {"connection_string": CONNECTION_STRING},
                "parameters": {"maxmemory-reserved": "200", "notify-keyspace-events": "Ex"},
            }
        },
    },
    "classic-identity": {
        "replicas": 2,
        "persistence": "aof",
        "azure": {
            "classic": {
                **CLASSIC,
                "sku": "Premium_P1",
                "snapshots": {"storage_subscription_id": SUBSCRIPTION},
            }
        },
    },
}
"""Arguments of the component: each kind of cache, login, key, vault, network and environment at
least once."""

MANAGED = [name for name in VARIANTS if not name.startswith("classic")]
CLASSICS = [name for name in VARIANTS if name.startswith("classic")]
WITHOUT_KEYS = [name for name in VARIANTS if name.endswith("entra")]
TAGS = {"team": "platform"}


@cache
def built(variant: str, *, preview: bool = False) -> World:
    """What a variant registers: made once, and looked at by many tests."""
    return succeed(lambda: azure_cache(**VARIANTS[variant], tags=TAGS), preview=preview)
