"""Rules of the classic Azure Cache for Redis: its end, its tiers, and what only it has."""

from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_camel

from secure_redis.problems import Problem
from secure_redis.schema import join

from . import plan, retirement, sizes
from .identifiers import guid_problems

if TYPE_CHECKING:
    from secure_redis.settings import CacheSettings

MANAGED_ONLY = (
    "sku",
    "allow_preview",
    "clustering_policy",
    "snapshot_frequency",
    "modules",
    "customer_managed_key",
)
"""Settings of Azure Managed Redis that a classic cache does not take."""


def classic_problems(path: str, cache: "CacheSettings", today: date) -> Iterator[Problem]:
    """All that is wrong with a classic cache, beside what every cache on Azure has."""
    settings, base = plan.classic(cache), join(path, "azure.classic")
    for field in MANAGED_ONLY:
        if field in cache.azure.model_fields_set:
            yield Problem(
                join(path, "azure", to_camel(field)),
                "a classic cache has no such setting",
                "Remove it, or remove azure.classic.",
            )
    if retirement.retired(today):
        reason = f"Azure Cache for Redis was turned off after {retirement.RETIREMENT}"
        yield Problem(base, reason, "Remove it: Azure Managed Redis takes its place.")
    elif not settings.acknowledge_retirement:
        reason = (
            f"must be true: Azure Cache for Redis retires on {retirement.RETIREMENT}, and takes "
            f"no new customers since {retirement.CLOSED_TO_NEW_CUSTOMERS}"
        )
        fix = "Remove azure.classic and get Azure Managed Redis, or accept it."
        yield Problem(join(base, "acknowledgeRetirement"), reason, fix)
    if cache.eviction_policy.value.endswith("-lfu") and plan.tier(cache) == "Basic":
        yield Problem(join(path, "evictionPolicy"), "Basic knows no LFU", "Use an LRU policy.")
    yield from _classic_size(path, cache)
    yield from _classic_persistence(path, cache)
    yield from _classic_parameters(base, cache)
    yield from _firewall(base, cache)
    days = [window.day for window in settings.patch_windows]
    if len(set(days)) != len(days):
        yield Problem(join(base, "patchWindows"), "names a day twice", "Remove one.")


def _classic_size(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings, base, sku = plan.classic(cache), join(path, "azure.classic"), plan.sku(cache)
    if not sku:
        yield Problem(
            join(path, "memoryGb"),
            f"no size of the classic cache holds {cache.memory_gb:g} GB after its reserve of "
            f"{sizes.RESERVED_PERCENT} %",
            "Spread the data over shards (azure.classic.shards), or remove azure.classic.",
        )
        return
    if sku.startswith("Enterprise"):
        fix = f"Remove azure.classic and use azure.sku: {sizes.successor(sku) or 'Balanced_B10'}."
        yield Problem(join(base, "sku"), retirement.enterprise(sku), fix)
        return
    if sku not in sizes.CLASSIC_SKUS:
        yield Problem(
            join(base, "sku"),
            "is no size of Azure Cache for Redis",
            "Use Basic_C0 to C6, Standard_C0 to C6, or Premium_P1 to P5.",
        )
        return
    if "memory_gb" in cache.model_fields_set and settings.sku:
        usable = sizes.CLASSIC_GB[sku.partition("_")[2]] * (settings.shards or 1)
        usable *= (100 - sizes.RESERVED_PERCENT) / 100
        if usable < cache.memory_gb:
            reason = f"holds {usable:g} GB after its reserve, less than memoryGb"
            yield Problem(join(base, "sku"), reason, "Choose a larger one, or remove memoryGb.")
    yield from _tiers(path, cache)


def _tiers(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings, base, tier = plan.classic(cache), join(path, "azure.classic"), plan.tier(cache)
    if tier != "Premium":
        for field in ("shards", "zones", "snapshots"):
            if getattr(settings, field):
                reason = f"is there for the tier Premium only, and this is {tier}"
                yield Problem(join(base, field), reason, "Remove it, or set sku: Premium_P1.")
    if cache.replicas > (limit := REPLICAS[tier]):
        yield Problem(
            join(path, "replicas"),
            f"the tier {tier} has {limit or 'no'} replica{'s' if limit > 1 else ''}",
            f"Use {limit} at most.",
        )
    elif tier != "Basic" and not cache.replicas and "replicas" in cache.model_fields_set:
        yield Problem(join(path, "replicas"), f"the tier {tier} always has one", "Remove it.")
    if tier == "Basic" and cache.production:
        yield Problem(
            join(base, "sku"),
            "Basic is refused in production: it is one node, without a copy of its data",
            "Use Standard or Premium.",
            rule="single-node",
        )
    if settings.zones and (
        len(set(settings.zones)) != len(settings.zones) or not set(settings.zones) <= ZONES
    ):
        yield Problem(join(base, "zones"), 'must be different ones of "1", "2", "3"', "Correct it.")


REPLICAS = {"Basic": 0, "Standard": 1, "Premium": 3}
"""Most replicas of a primary by tier (API replicasPerPrimary)."""

ZONES = {"1", "2", "3"}

SNAPSHOT_MINUTES = (15, 30, 60, 360, 720, 1440)
"""Frequencies of snapshots in minutes (API rdb-backup-frequency)."""


def _classic_persistence(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings, where = plan.classic(cache).snapshots, join(path, "azure.classic.snapshots")
    persistence = plan.persistence(cache)
    if settings is None:
        if persistence.value != "none":
            yield Problem(
                join(path, "persistence"),
                f"{persistence.value} needs a storage account, which a classic cache writes to",
                "Set azure.classic.snapshots, or persistence: none.",
            )
        elif cache.production and cache.purpose.value != "cache":
            yield Problem(
                where,
                f"is missing, and {cache.purpose.value} in production would be lost with a restart",
                "Set it, with the tier Premium.",
                rule="volatile-data",
            )
        return
    if persistence.value == "none":
        yield Problem(where, "contradicts persistence: none", "Remove one of the two.")
    if settings.frequency_minutes not in SNAPSHOT_MINUTES:
        known = ", ".join(str(minutes) for minutes in SNAPSHOT_MINUTES)
        yield Problem(join(where, "frequencyMinutes"), f"must be one of {known}", "Correct it.")
    elif persistence.value == "aof" and "frequency_minutes" in settings.model_fields_set:
        yield Problem(join(where, "frequencyMinutes"), "has no effect with aof", "Remove it.")
    by_identity = settings.storage_subscription_id is not None
    if by_identity == (settings.connection_string is not None):
        yield Problem(
            where,
            "must have either connectionString or storageSubscriptionId",
            "Give one of the two.",
        )
    yield from guid_problems(
        join(where, "storageSubscriptionId"), [settings.storage_subscription_id]
    )


PARAMETERS = (
    "maxfragmentationmemory-reserved",
    "maxmemory-delta",
    "maxmemory-reserved",
    "notify-keyspace-events",
)
"""What azure.classic.parameters takes (API redisConfiguration)."""

_DECIDED = {
    "aad-enabled": "azure.auth decides it",
    "authnotrequired": "a cache without a login is never made",
    "enable-non-ssl-port": "a port without TLS is never opened",
    "maxmemory-policy": "evictionPolicy decides it",
    "requirepass": "a cache without a login is never made",
}
"""Parameters that other settings decide, or nobody."""


def _classic_parameters(base: str, cache: "CacheSettings") -> Iterator[Problem]:
    for name in plan.classic(cache).parameters:
        where = join(base, "parameters", name)
        if name in _DECIDED:
            yield Problem(where, _DECIDED[name], "Remove it.")
        elif name.startswith(("rdb-", "aof-", "storage-")):
            yield Problem(where, "azure.classic.snapshots decides it", "Remove it.")
        elif name not in PARAMETERS:
            yield Problem(where, "is no parameter", f"Known: {', '.join(PARAMETERS)}.")
        elif plan.tier(cache) == "Basic":
            yield Problem(where, "cannot be set in the tier Basic", "Remove it.")
        elif (
            name != "notify-keyspace-events"
            and not plan.classic(cache).parameters[name].isdecimal()
        ):
            yield Problem(where, "must be a number of megabytes", "Correct it.")


def _firewall(base: str, cache: "CacheSettings") -> Iterator[Problem]:
    rules, where = plan.classic(cache).firewall_rules, join(base, "firewallRules")
    if rules and not cache.azure.public_access:
        reason = "has no effect: the cache does not answer on the internet"
        yield Problem(where, reason, "Remove it.")
    if cache.azure.public_access and not rules:
        reason = "is empty: the whole internet could try keys"
        yield Problem(where, reason, "Name the addresses that may come.")
    ranges = [(rule.start_ip, rule.end_ip) for rule in rules]
    if len(set(ranges)) != len(ranges):
        yield Problem(where, "names one twice", "Remove one.")
    for number, (first, last) in enumerate(ranges):
        count = _addresses(first, last)
        if count is None:
            reason = "must hold two IPv4 addresses"
            yield Problem(join(where, number), reason, "Correct it.")
        elif count < 1:
            yield Problem(join(where, number), "ends before it begins", "Swap the two.")
        elif count > FIREWALL_ADDRESSES:
            reason = "is a large part of the internet"
            yield Problem(join(where, number), reason, "Name fewer addresses.")


FIREWALL_ADDRESSES = 2**16
"""Most addresses of a firewall rule: those of a /16."""


def _addresses(first: str, last: str) -> int | None:
    """How many addresses there are from one to another; None where one is none."""
    try:
        return int(IPv4Address(last)) - int(IPv4Address(first)) + 1
    except ValueError:
        return None
