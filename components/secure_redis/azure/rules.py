"""Rules of the Azure target: what Azure would refuse, said before anything is touched."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from ipaddress import IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from secure_redis import clouds
from secure_redis.problems import Problem
from secure_redis.schema import join

from . import plan, retirement, sizes
from .classic_rules import classic_problems
from .identifiers import guid_problems, reader_problems, resource_id_problems
from .settings import Auth, ClusteringPolicy, Module

if TYPE_CHECKING:
    from secure_redis.settings import (
        AccessSettings,
        AlarmSettings,
        Arguments,
        CacheSettings,
        NetworkSettings,
        NewNetwork,
        PrivateDns,
        StackSettings,
    )

NETWORK_PREFIXES = range(8, 27)
"""Prefix lengths of a new network: its eight parts are /29 at least, the smallest subnet in Azure
(Azure Virtual Network, FAQ)."""

TAG_KEY_LENGTH, TAG_VALUE_LENGTH, TAGS = 512, 256, 12
"""Limits of tags (Azure Resource Manager, tag limitations: 512, 256 and, for private DNS zones, 15,
less the tags that are ours)."""


def stack_problems(stack: "StackSettings") -> Iterator[Problem]:
    """What is wrong with the network, the tags and the access of a stack."""
    yield from network_problems(stack.network)
    yield from tag_problems("tags", stack.tags)
    yield from shared_problems(stack.access, stack.alarms)
    dns = stack.network.private_dns
    if dns and dns.zone_ids:
        yield from _zones("network.privateDns.zoneIds", dns.zone_ids, stack.caches.values())
    adopted = stack.network.adopt is not None
    if adopted and stack.access.cidrs:
        yield Problem(
            "access.cidrs",
            "has no effect: the security group of the adopted subnet decides who comes in",
            "Remove it.",
        )
    elif not adopted:
        yield from _sources(stack.access)


def argument_problems(name: str, given: "Arguments") -> Iterator[Problem]:
    """What is wrong with what a component was given beside the settings of its cache."""
    yield from clouds.name_problems(name)
    yield from tag_problems("tags", given.tags)
    yield from shared_problems(given.access, given.alarms)
    if not given.network:
        yield from _sources(given.access)
    zones = given.network.get("private_dns_zone_ids")
    if zones:
        yield from _zones("network.private_dns_zone_ids", zones, [given.cache])
    for fact, kind in _FACTS.items():
        yield from resource_id_problems(join("network", fact), [given.network.get(fact)], kind)


_SUBNET = "Microsoft.Network/virtualNetworks/*/subnets"
_ZONE = "Microsoft.Network/privateDnsZones"
_FACTS = {"subnet_id": _SUBNET}


def cache_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """All that is wrong with one cache on Azure."""
    today = datetime.now(timezone.utc).date()
    yield from _mode(path, cache)
    yield from _auth(path, cache)
    yield from _rotation(path, cache)
    if cache.azure.classic:
        yield from classic_problems(path, cache, today)
    else:
        yield from _managed(path, cache)
    yield from _exposure(path, cache)
    yield from _vault(path, cache, today)
    yield from _logs(path, cache)


def network_problems(network: "NetworkSettings") -> Iterator[Problem]:
    """What is wrong with the network of a stack."""
    yield from clouds.choice_problems(network)
    yield from clouds.foreign_problems("network", network, "azure")
    if network.create:
        yield from clouds.foreign_problems("network.create", network.create, "azure")
        yield from new_network_problems("network.create", network.create)
    if network.adopt:
        adopted = network.adopt
        yield from clouds.foreign_problems("network.adopt", adopted, "azure")
        if adopted.subnet_id is None:
            yield Problem("network.adopt.subnetId", "is required on azure", "Set it.")
        yield from resource_id_problems("network.adopt.subnetId", [adopted.subnet_id], _SUBNET)
    if network.resource_group is not None:
        yield from resource_group_problems("network.resourceGroup", network.resource_group)
    if network.private_dns:
        yield from private_dns_problems("network.privateDns", network.private_dns)


def new_network_problems(base: str, new: "NewNetwork") -> Iterator[Problem]:
    """What is wrong with a network that is to be made."""
    yield from clouds.new_network_problems(join(base, "cidr"), new.cidr, NETWORK_PREFIXES)


def resource_group_problems(path: str, name: str) -> Iterator[Problem]:
    """What is wrong with the name of a resource group (API resourceGroups)."""
    if not re.fullmatch(r"[-\w._()]{0,89}[-\w_()]", name):
        yield Problem(
            path,
            "is no name of a resource group: letters, digits and -._(), 90 characters at most",
            "Copy its name from Azure, without the path before it.",
        )


def private_dns_problems(path: str, dns: "PrivateDns") -> Iterator[Problem]:
    """What is wrong with the private DNS zones of a stack."""
    if dns.zone_ids and dns.by_policy:
        reason = "both zoneIds and byPolicy are given, and only one can be"
        yield Problem(path, reason, "Remove one.")
    yield from resource_id_problems(join(path, "zoneIds"), dns.zone_ids, _ZONE)


def _zones(
    path: str, zone_ids: Sequence[Any], caches: "Sequence[CacheSettings] | Any"
) -> Iterator[Problem]:
    """What is missing among zones that were given."""
    if not all(isinstance(zone_id, str) for zone_id in zone_ids):
        return
    names = {zone_id.rpartition("/")[2].lower() for zone_id in zone_ids}
    for zone in plan.zones(caches):
        if zone not in names:
            yield Problem(path, f"has no zone {zone}", "Add its resource id.")
    for old, right in _OLD_ZONES.items():
        if old in names:
            yield Problem(path, f"{old} is the zone of another service", f"Use {right}.")


_OLD_ZONES = {"privatelink.redisenterprise.cache.azure.net": plan.MANAGED_ZONE}
"""Zones that old guides name."""


def tag_problems(path: str, tags: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with tags."""
    if len(tags) > TAGS:
        yield Problem(path, f"has {len(tags)} tags, and {TAGS} is the most", "Remove some.")
    for key, value in tags.items():
        where = join(path, key)
        if re.search(r"[<>%&\\?/]", key):
            yield Problem(where, r"may not hold < > % & \ ? or /", "Choose another name.")
        elif key.lower().startswith(("microsoft", "azure", "windows")):
            yield Problem(where, "begins with a word that Azure keeps to itself", "Rename it.")
        elif len(key) > TAG_KEY_LENGTH or len(value) > TAG_VALUE_LENGTH:
            reason = f"is longer than {TAG_KEY_LENGTH} or, its value, {TAG_VALUE_LENGTH} characters"
            yield Problem(where, reason, "Shorten it.")


def shared_problems(access: "AccessSettings", alarms: "AlarmSettings") -> Iterator[Problem]:
    """What is wrong with who may reach a cache, and who is told of its alarms."""
    yield from clouds.foreign_problems("access", access, "azure")
    for number, cidr in enumerate(access.cidrs):
        yield from _cidr(join("access.cidrs", number), cidr)
    for key in ("cidrs", "secret_readers"):
        yield from clouds.repeated(join("access", to_camel(key)), getattr(access, key))
    yield from reader_problems("access.secretReaders", access.secret_readers)
    yield from resource_id_problems(
        "alarms.notify", alarms.notify, "Microsoft.Insights/actionGroups"
    )
    if len(alarms.notify) > ACTION_GROUPS:
        reason = f"an alert tells {ACTION_GROUPS} action groups at most"
        yield Problem("alarms.notify", reason, "Shorten the list.")


ACTION_GROUPS = 5
"""Action groups of one alert rule (Azure Monitor, service limits)."""


def _sources(access: "AccessSettings") -> Iterator[Problem]:
    if not access.cidrs:
        yield Problem(
            "access",
            "names nobody: no application could reach the cache",
            "Name the networks of the applications (cidrs), such as a subnet of the new network.",
        )


def _cidr(path: str, cidr: str) -> Iterator[Problem]:
    if isinstance(ip_network(cidr), IPv6Network):
        yield Problem(path, "must be an IPv4 network", "Private endpoints have IPv4 addresses.")
    else:
        yield from clouds.source_problems(path, cidr)


def _mode(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.engine.value != "redis":
        yield Problem(join(path, "engine"), "Azure runs Redis, not Valkey", "Use redis.")
    yield from clouds.transport_problems(path, cache, "Azure")


def _auth(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.azure
    where = join(path, "azure.principalIds")
    if settings.auth is Auth.ENTRA and not settings.principal_ids:
        yield Problem(
            where,
            "is empty: with auth entra nobody could log in",
            "Name the object ids of the applications' identities.",
        )
    if settings.auth is Auth.KEYS and settings.principal_ids:
        yield Problem(where, "has an effect with auth entra only", "Remove it, or set auth.")
    if settings.auth is Auth.ENTRA and "active_key" in settings.model_fields_set:
        reason = "has no effect with auth entra: no key lets anybody in"
        yield Problem(join(path, "azure.activeKey"), reason, "Remove it.")
    yield from guid_problems(where, settings.principal_ids)
    yield from clouds.repeated(where, settings.principal_ids)


def _rotation(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if "rotation" in cache.model_fields_set:
        yield Problem(
            join(path, "rotation"),
            "has no effect on the target azure, which makes the keys itself",
            "Remove it; rotate with azure.activeKey.",
        )
    if "rotation_days" in cache.model_fields_set:
        yield Problem(
            join(path, "rotationDays"),
            "has no effect on the target azure, which does not tell the age of a key",
            "Remove it; set azure.secretExpires.",
        )


def _managed(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    yield from _size(path, cache)
    yield from _clustering(path, cache)
    if cache.replicas > 1:
        yield Problem(
            join(path, "replicas"),
            "Azure Managed Redis keeps one copy of the data, or none",
            "Use 0 or 1.",
        )
    asked = "snapshot_frequency" in cache.azure.model_fields_set
    if asked and cache.persistence.value != "rdb":
        reason = f"has no effect with persistence {cache.persistence.value}"
        yield Problem(join(path, "azure.snapshotFrequency"), reason, "Remove it.")
    yield from _availability(path, cache)
    yield from _modules(path, cache)
    yield from _key(path, cache)


def _availability(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.production and not cache.replicas:
        yield Problem(
            join(path, "replicas"),
            "0 is refused in production: without a copy the cache and its data are gone while a "
            "node is replaced or the size changed, and Azure promises nothing",
            "Leave it out.",
            rule="single-node",
        )


def _size(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    sku, where = cache.azure.sku, join(path, "azure.sku")
    if sku is None:
        if not plan.sku(cache):
            yield Problem(
                join(path, "memoryGb"),
                f"no size holds {cache.memory_gb:g} GB after its reserve of "
                f"{sizes.RESERVED_PERCENT} %",
                "Name one (azure.sku), or set azure.allowPreview: larger ones are previews.",
            )
        return
    size = sizes.named(sku)
    if sku.startswith(("Enterprise_", "EnterpriseFlash_")):
        successor = sizes.successor(sku)
        yield Problem(where, retirement.enterprise(sku), f"Use {successor or 'a Balanced size'}.")
    elif sku in sizes.CLASSIC_SKUS:
        yield Problem(
            where,
            "is a size of the retiring Azure Cache for Redis",
            f"Use {sizes.successor(sku)}.",
        )
    elif size is None:
        near = ", ".join(known.name for known in sizes.SIZES if not known.preview)
        yield Problem(where, "is no size of Azure Managed Redis", f"Use one of {near}.")
    else:
        if size.preview and not cache.azure.allow_preview:
            reason = "is a preview, which Azure promises nothing for"
            yield Problem(where, reason, "Use a smaller one, or set azure.allowPreview.")
        if "memory_gb" in cache.model_fields_set and size.usable_gb < cache.memory_gb:
            yield Problem(
                where,
                f"holds {size.usable_gb:g} GB after its reserve of {sizes.RESERVED_PERCENT} %, "
                "less than memoryGb",
                "Choose a larger one, or remove memoryGb.",
            )


def _clustering(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    where = join(path, "azure.clusteringPolicy")
    policy, size = plan.clustering_policy(cache), sizes.named(plan.sku(cache))
    if size is not None and policy is ClusteringPolicy.NO_CLUSTER:
        if size.flash:
            reason = "NoCluster is not there for sizes on flash"
            yield Problem(where, reason, "Use EnterpriseCluster.")
        elif size.memory_gb > sizes.NO_CLUSTER_GB:
            yield Problem(
                where,
                f"NoCluster ends at {sizes.NO_CLUSTER_GB} GB, and {size.name} has "
                f"{size.memory_gb:g}",
                "Use EnterpriseCluster, or a smaller size.",
            )
    if policy is ClusteringPolicy.OSS_CLUSTER and cache.purpose.value == "queue":
        yield Problem(
            where,
            "OSSCluster speaks the cluster protocol, which brokers of queues do not",
            "Use NoCluster.",
        )


def _modules(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    modules, where = cache.azure.modules, join(path, "azure.modules")
    if len(set(modules)) != len(modules):
        yield Problem(where, "names one twice", "Remove one.")
    size = sizes.named(plan.sku(cache))
    if size is not None and size.flash and set(modules) - {Module.JSON}:
        yield Problem(where, "sizes on flash have RedisJSON only", "Remove the others.")
    if Module.SEARCH not in modules:
        return
    if plan.clustering_policy(cache) is not ClusteringPolicy.ENTERPRISE_CLUSTER:
        yield Problem(
            join(path, "azure.clusteringPolicy"),
            "RediSearch needs EnterpriseCluster",
            "Use EnterpriseCluster, or remove it.",
        )
    if cache.eviction_policy.value != "noeviction":
        yield Problem(
            join(path, "evictionPolicy"),
            "RediSearch needs noeviction: an index over entries that vanish would be wrong",
            "Use noeviction.",
        )


def _key(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    key, where = cache.azure.customer_managed_key, join(path, "azure.customerManagedKey")
    if key is None:
        return
    if (key.key_url is None) != (key.identity_id is None):
        yield Problem(
            where,
            "needs both keyUrl and identityId, or neither",
            "Give the key and an identity that may use it, or {} for a new key.",
        )
    if plan.own_key(cache) and not plan.own_vault(cache):
        yield Problem(
            where,
            "a new key is made in the cache's own vault, and azure.vaultId names another one",
            "Give keyUrl and identityId, or remove azure.vaultId.",
        )
    if isinstance(key.key_url, str) and not _KEY_URL.fullmatch(key.key_url):
        yield Problem(
            join(where, "keyUrl"),
            "is no URL of a key with its version",
            "Copy it from Azure: https://NAME.vault.azure.net/keys/KEY/VERSION.",
        )
    yield from resource_id_problems(
        join(where, "identityId"),
        [key.identity_id],
        "Microsoft.ManagedIdentity/userAssignedIdentities",
    )


_KEY_URL = re.compile(r"https://[A-Za-z0-9-]+\.(vault|managedhsm)\.azure\.net/keys/[^/]+/[^/]+")


def _exposure(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.azure.public_access and cache.production:
        yield Problem(
            join(path, "azure.publicAccess"),
            "is refused in production: a cache belongs into a private network",
            "Remove it.",
        )


def _vault(path: str, cache: "CacheSettings", today: date) -> Iterator[Problem]:
    settings = cache.azure
    yield from resource_id_problems(
        join(path, "azure.vaultId"), [settings.vault_id], "Microsoft.KeyVault/vaults"
    )
    if not plan.own_vault(cache) and settings.vault_recovery_days is not None:
        reason = "has no effect on a vault that exists"
        yield Problem(join(path, "azure.vaultRecoveryDays"), reason, "Remove it.")
    if settings.secret_expires and date.fromisoformat(settings.secret_expires) <= today:
        yield Problem(
            join(path, "azure.secretExpires"),
            "has passed: tools that read the date would refuse the secrets",
            "Rotate the key, and set a later day.",
        )


def _logs(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.azure
    yield from resource_id_problems(
        join(path, "azure.workspaceId"),
        [settings.workspace_id],
        "Microsoft.OperationalInsights/workspaces",
    )
    without = None
    if not plan.logs(cache):
        without = "logs are off"
    elif settings.workspace_id is not None:
        without = "the workspace exists"
    if without and "log_retention_days" in settings.model_fields_set:
        yield Problem(
            join(path, "azure.logRetentionDays"), f"has no effect: {without}", "Remove it."
        )
    if not plan.logs(cache) and settings.workspace_id is not None:
        yield Problem(
            join(path, "azure.workspaceId"), "has no effect: logs are off", "Set azure.logs: true."
        )
