"""Rules of the Google Cloud target: what Google would refuse, said before anything is touched."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from secure_redis import clouds
from secure_redis.problems import Problem
from secure_redis.schema import join
from secure_redis.settings import NewNetwork

from . import plan, sizes, versions
from .identifiers import (
    CHANNEL,
    KEY,
    NETWORK,
    RANGE,
    SUBNET,
    identifier_problems,
    member_problems,
    project_of,
)
from .names import LABEL_LENGTH
from .parameters import parameter_problems

if TYPE_CHECKING:
    from secure_redis.settings import (
        AccessSettings,
        AlarmSettings,
        Arguments,
        CacheSettings,
        NetworkSettings,
        PrivateServices,
        StackSettings,
    )

NETWORK_PREFIXES = range(8, 27)
"""Prefix lengths of a new network: its eight parts are /29 at least, the smallest subnet in Google
Cloud (VPC, valid ranges)."""

RANGE_PREFIXES = range(8, 25)
"""Prefix lengths of a range for Google's services (VPC, configure private services access: /24 or
larger)."""

LABELS = 58
"""Most labels of yours: Google takes 64 (API Instance.labels), four are ours, and the provider adds
one."""


def stack_problems(stack: "StackSettings") -> Iterator[Problem]:
    """What is wrong with the network, the labels and the access of a stack."""
    yield from network_problems(stack.network)
    yield from tag_problems("tags", stack.tags)
    yield from shared_problems(stack.access, stack.alarms)
    yield from _ways_in(stack)
    adopted = stack.network.adopt
    if adopted and adopted.network_id:
        yield from _shared_vpc(stack, adopted.network_id)


def argument_problems(name: str, given: "Arguments") -> Iterator[Problem]:
    """What is wrong with what a component was given beside the settings of its cache."""
    yield from clouds.name_problems(name)
    yield from location_problems()
    yield from tag_problems("tags", given.tags)
    yield from shared_problems(given.access, given.alarms)
    facts = given.network
    yield from identifier_problems("network.network_id", [facts.get("network_id")], NETWORK)
    if not plan.valkey(given.cache) and facts.get("reserved_range_name") == "":
        yield Problem(
            "network.reserved_range_name",
            "is empty: Redis takes its addresses of a range",
            "Give the network the engine redis, or name a range.",
        )


def location_problems() -> Iterator[Problem]:
    """What is wrong with a program that does not say where it is: names of resources have both."""
    for key, found in (("project", plan.project()), ("region", plan.region())):
        if not found:
            yield Problem(
                f"{plan.NAMESPACE}:{key}",
                f"is not set, nor is {' or '.join(plan.VARIABLES[key])}",
                "Set it in the stack's configuration, even beside a provider that knows it.",
            )


def cache_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """All that is wrong with one cache on Google Cloud."""
    yield from clouds.transport_problems(path, cache, "Memorystore")
    yield from _engine(path, cache)
    yield from _version(path, cache)
    yield from _availability(path, cache)
    if "snapshot_period" in cache.gcp.model_fields_set and cache.persistence.value != "rdb":
        reason = f"has no effect with persistence {cache.persistence.value}"
        yield Problem(join(path, "gcp.snapshotPeriod"), reason, "Remove it.")
    if plan.valkey(cache):
        yield from _valkey(path, cache)
    else:
        yield from _redis(path, cache)
    yield from _zones(path, cache)
    yield from parameter_problems(path, cache)
    yield from _keys(path, cache)
    yield from _secrets(path, cache)


def network_problems(network: "NetworkSettings") -> Iterator[Problem]:
    """What is wrong with the network of a stack."""
    yield from clouds.choice_problems(network)
    yield from clouds.foreign_problems("network", network, "gcp")
    if network.create:
        yield from clouds.foreign_problems("network.create", network.create, "gcp")
        yield from clouds.new_network_problems(
            "network.create.cidr", network.create.cidr, NETWORK_PREFIXES
        )
    if network.private_services:
        yield from _private_services(network, network.private_services)
    adopted = network.adopt
    if adopted is None:
        return
    yield from clouds.foreign_problems("network.adopt", adopted, "gcp")
    if adopted.network_id is None:
        yield Problem("network.adopt.networkId", "is required on gcp", "Set it.")
    yield from identifier_problems("network.adopt.networkId", [adopted.network_id], NETWORK)
    yield from identifier_problems("network.adopt.subnetIds", adopted.subnet_ids, SUBNET)
    yield from clouds.repeated("network.adopt.subnetIds", adopted.subnet_ids)
    region = plan.region()
    for number, subnet in enumerate(adopted.subnet_ids):
        known = isinstance(subnet, str) and SUBNET.pattern.fullmatch(subnet)
        if region and known and f"/regions/{region}/" not in subnet:
            where = join("network.adopt.subnetIds", number)
            yield Problem(where, f"is not in the region {region}", "Name one of that region.")


def _private_services(network: "NetworkSettings", services: "PrivateServices") -> Iterator[Problem]:
    path = "network.privateServices"
    if services.range_name is None:
        if services.cidr:
            yield from range_problems(join(path, "cidr"), services.cidr)
        return
    yield from identifier_problems(join(path, "rangeName"), [services.range_name], RANGE)
    for field in ("cidr", "remove_peering"):
        if getattr(services, field) is not None:
            where = join(path, to_camel(field))
            yield Problem(where, "has no effect on a range that exists", "Remove it.")
    if network.adopt is None:
        reason = "is in no network that is made: name the network it is in"
        yield Problem(join(path, "rangeName"), reason, "Set network.adopt.networkId.")


def range_problems(path: str, cidr: str) -> Iterator[Problem]:
    """What is wrong with the addresses of a range that is to be made."""
    yield from clouds.new_network_problems(path, cidr, RANGE_PREFIXES)


def _ways_in(stack: "StackSettings") -> Iterator[Problem]:
    """Settings of a network for an engine that no cache of the stack has."""
    engines = {cache.engine.value for cache in stack.caches.values()}
    network = stack.network
    if network.private_services and "redis" not in engines:
        reason = "is the way in of Redis, and every cache here is of Valkey"
        yield Problem("network.privateServices", reason, "Remove it.")
    if network.adopt and network.adopt.subnet_ids and "valkey" not in engines:
        reason = "is for the connection policy of Valkey, and no cache here is of it"
        yield Problem("network.adopt.subnetIds", reason, "Remove it.")
    own = network.private_services.cidr if network.private_services else None
    if own and network.adopt is None:
        cidr = (network.create or NewNetwork()).cidr
        blocks = ip_network(own), ip_network(cidr)
        if blocks[0].version == blocks[1].version and blocks[0].overlaps(blocks[1]):  # pyright: ignore[reportArgumentType]
            yield Problem(
                "network.privateServices.cidr",
                f"overlaps the network itself ({cidr})",
                "Use other private addresses, which no network has that this one is joined with.",
            )


def _shared_vpc(stack: "StackSettings", network_id: str) -> Iterator[Problem]:
    """A network of another project: what belongs to it is made there, by those who run it."""
    host, project = project_of(network_id), plan.project()
    if not host or not project or host == project:
        return
    engines = {plan.valkey(cache) for cache in stack.caches.values()}
    services = stack.network.private_services
    if False in engines and not (services and services.range_name):
        yield Problem(
            "network.privateServices.rangeName",
            "is required in a network of another project: its range and connection are made there",
            "Name the range that the host project has for private services.",
        )
    if stack.network.adopt and stack.network.adopt.subnet_ids:
        yield Problem(
            "network.adopt.subnetIds",
            "would make a connection policy, which belongs to the project of the network",
            f"Remove it, and let the host project have a policy for {plan.SERVICE_CLASS}.",
        )


def shared_problems(access: "AccessSettings", alarms: "AlarmSettings") -> Iterator[Problem]:
    """What is wrong with who may reach a cache, and who is told of its alarms."""
    yield from clouds.foreign_problems("access", access, "gcp")
    if access.cidrs:
        yield Problem(
            "access.cidrs",
            "Memorystore has no list of addresses: whoever is in the network can reach it",
            "Remove it; networkTags or serviceAccounts say who gets out to the caches.",
        )
    if access.network_tags and access.service_accounts:
        reason = "a firewall rule of Google takes networkTags or serviceAccounts, not both"
        yield Problem("access", reason, "Remove one.")
    for number, tag in enumerate(access.network_tags):
        if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", tag):
            where = join("access.networkTags", number)
            yield Problem(where, "is no network tag", "Use lower-case letters, digits and hyphens.")
    for number, account in enumerate(access.service_accounts):
        if isinstance(account, str) and not re.fullmatch(_ACCOUNT, account):
            where = join("access.serviceAccounts", number)
            yield Problem(where, "is no email of a service account", "Copy it from IAM.")
    for key in ("network_tags", "service_accounts", "secret_readers"):
        yield from clouds.repeated(join("access", to_camel(key)), getattr(access, key))
    yield from member_problems("access.secretReaders", access.secret_readers)
    yield from identifier_problems("alarms.notify", alarms.notify, CHANNEL)


_ACCOUNT = r"[a-z0-9-]+@[a-z0-9.:-]+\.gserviceaccount\.com"


def tag_problems(path: str, tags: Mapping[str, str]) -> Iterator[Problem]:
    """What Google would refuse of labels."""
    if len(tags) > LABELS:
        yield Problem(path, f"has more than {LABELS} labels", "Remove some.")
    for key, value in tags.items():
        where = join(path, key)
        if not re.fullmatch(rf"[a-z][a-z0-9_-]{{0,{LABEL_LENGTH - 1}}}", key):
            yield Problem(
                where,
                "is no key of a label: a lower-case letter, then lower-case letters, digits, _ and "
                f"-, {LABEL_LENGTH} at most",
                "Rename it.",
            )
        elif key.startswith(("goog", "secure-redis-")):
            reason = "begins with goog, which Google keeps to itself, or secure-redis-"
            yield Problem(where, reason, "Rename it.")
        if not re.fullmatch(rf"[a-z0-9_-]{{0,{LABEL_LENGTH}}}", value):
            yield Problem(
                where,
                "is no value of a label: lower-case letters, digits, _ and -, "
                f"{LABEL_LENGTH} at most",
                "Correct it.",
            )


REDIS_ONLY = ("memory_size_gb", "read_replicas", "secondary_range", "alternative_zone")
VALKEY_ONLY = ("node_type", "shards", "backup_retention_days", "principals")


def _engine(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    others = REDIS_ONLY if plan.valkey(cache) else VALKEY_ONLY
    for field in others:
        if field in cache.gcp.model_fields_set:
            reason = f"has no effect on the engine {cache.engine.value}"
            yield Problem(
                join(path, "gcp", to_camel(field)), reason, "Remove it, or change the engine."
            )
    if cache.purpose.value == "queue" and plan.cluster_mode(cache):
        yield Problem(
            join(path, "gcp.shards"),
            "speaks the cluster protocol, which brokers of queues do not",
            "Remove it.",
        )


def _version(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    version = cache.gcp.engine_version
    if version is None or versions.offered(cache.engine, version):
        return
    old = cache.engine.value == "redis" and version[:1] in {"3", "4", "5"}
    reason = (
        "is no longer maintained by anybody"
        if old
        else f"is no version of {cache.engine.value} on Memorystore that is known here"
    )
    known = ", ".join(versions.KNOWN[cache.engine])
    yield Problem(join(path, "gcp.engineVersion"), reason, f"Use one of {known}.")


def _availability(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.production and not cache.replicas:
        yield Problem(
            join(path, "replicas"),
            "0 is refused in production: without a copy the cache is empty after each maintenance, "
            "and gone while its zone is",
            "Leave it out.",
            rule="single-node",
        )


def _redis(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.persistence.value == "aof":
        yield Problem(
            join(path, "persistence"),
            "Memorystore for Redis has no append-only file",
            "Use rdb, or the engine valkey.",
        )
    size = plan.memory_size_gb(cache)
    where = "gcp.memorySizeGb" if cache.gcp.memory_size_gb is not None else "memoryGb"
    if size not in sizes.SIZES:
        reason = f"needs {size} GiB with its reserve, and {sizes.SIZES.stop - 1} is the most"
        yield Problem(join(path, where), reason, "Use the engine valkey with gcp.shards.")
    if cache.gcp.memory_size_gb is not None and "memory_gb" in cache.model_fields_set:
        usable = sizes.usable_gb(size)
        if usable < cache.memory_gb:
            reason = f"holds {usable:g} GiB of data, less than memoryGb asks of it"
            yield Problem(join(path, "gcp.memorySizeGb"), reason, "Raise it, or remove memoryGb.")
    yield from _replicas(path, cache, size)


def _replicas(path: str, cache: "CacheSettings", size: int) -> Iterator[Problem]:
    where = join(path, "gcp.readReplicas")
    if cache.gcp.read_replicas and not cache.replicas:
        yield Problem(where, "there is no replica", "Set replicas to 1 or more.")
    if cache.gcp.read_replicas is False and cache.replicas > 1:
        reason = "false leaves one replica, which takes over: more exist for reads only"
        yield Problem(where, reason, "Remove it, or set replicas to 1.")
    if cache.gcp.secondary_range and not plan.read_replicas(cache):
        reason = "is for read replicas, and there are none"
        yield Problem(join(path, "gcp.secondaryRange"), reason, "Remove it.")
    if plan.read_replicas(cache) and size < sizes.READ_REPLICAS_GB:
        yield Problem(
            join(path, "gcp.memorySizeGb"),
            f"read replicas need {sizes.READ_REPLICAS_GB} GiB",
            f"Set {sizes.READ_REPLICAS_GB} or more.",
        )


def _valkey(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    name = plan.node_type(cache)
    if not name:
        yield Problem(
            join(path, "memoryGb"),
            f"no type of node holds {plan.node_memory_gb(cache):g} GiB",
            "Spread the data over more shards (gcp.shards).",
        )
    known = sizes.node_type(name)
    where = join(path, "gcp.nodeType")
    if name and known is None:
        types = ", ".join(one.name for one in sizes.NODE_TYPES)
        yield Problem(where, "is no type of node that is known here", f"Use one of {types}.")
    elif known and cache.production and not known.guaranteed:
        reason = "has a shared processor and none of Google's guarantees"
        yield Problem(where, reason, "Use CUSTOM_PICO or a larger one in production.")
    elif known and cache.gcp.node_type and "memory_gb" in cache.model_fields_set:
        usable = known.usable_gb * sizes.GB_IN_GIB
        if usable < plan.node_memory_gb(cache):
            reason = f"holds {usable:.1f} GiB of data, less than memoryGb asks of it"
            yield Problem(where, reason, "Choose a larger one, or remove memoryGb.")
    yield from _principals(path, cache)
    yield from _no_password(path, cache)


def _principals(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    where = join(path, "gcp.principals")
    if not cache.gcp.principals:
        reason = "names nobody: logins are those of IAM, and nobody could get in"
        yield Problem(where, reason, "Name the service accounts of the applications.")
    yield from clouds.repeated(where, cache.gcp.principals)
    yield from member_problems(where, cache.gcp.principals, kinds=("serviceAccount", "user"))


def _no_password(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    if cache.rotation.generation > 1 or cache.rotation.keep_previous:
        yield Problem(join(path, "rotation"), "IAM has no password to rotate", "Remove it.")


def _zones(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    region = plan.region()
    for field in ("zone", "alternative_zone"):
        zone = getattr(cache.gcp, field)
        where = join(path, "gcp", to_camel(field))
        if zone is None:
            continue
        if not re.fullmatch(r"[a-z]+(-[a-z]+)+[0-9]+-[a-z]", zone):
            yield Problem(where, "is no zone", "Write it as in europe-west1-b.")
        elif region and zone.rpartition("-")[0] != region:
            yield Problem(where, f"is not in the region {region}", "Use one of its zones.")
    if cache.gcp.alternative_zone is None or plan.valkey(cache):
        return
    where = join(path, "gcp.alternativeZone")
    if not cache.replicas:
        yield Problem(where, "there is no replica", "Set replicas to 1 or more.")
    if cache.gcp.zone is None:
        yield Problem(where, "needs the zone of the primary beside it", "Set gcp.zone.")
    elif cache.gcp.zone == cache.gcp.alternative_zone:
        yield Problem(where, "is the zone of the primary", "Use another one.")


def _keys(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    key = cache.gcp.customer_managed_key
    if key and key.key_name is not None:
        where = join(path, "gcp.customerManagedKey.keyName")
        yield from identifier_problems(where, [key.key_name], KEY)
        yield from _key_location(where, key.key_name, plan.region())


def _key_location(path: str, key_name: Any, location: str) -> Iterator[Problem]:
    if not isinstance(key_name, str) or not KEY.pattern.fullmatch(key_name):
        return
    found = key_name.split("/")[3]
    if location and found != location:
        yield Problem(path, f"is in {found}", f"Use a key in {location}.")


def _secrets(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    settings = cache.gcp
    where = join(path, "gcp.secretLocations")
    yield from clouds.repeated(where, settings.secret_locations)
    for number, location in enumerate(settings.secret_locations):
        if not re.fullmatch(r"[a-z]+(-[a-z]+)+[0-9]+", location):
            yield Problem(join(where, number), "is no region", "Write it as in europe-west1.")
    if settings.secret_key_name is None:
        return
    where = join(path, "gcp.secretKeyName")
    yield from identifier_problems(where, [settings.secret_key_name], KEY)
    if len(settings.secret_locations) > 1:
        yield Problem(
            where, "one key is in one region, and the secrets are in several", "Name one."
        )
    else:
        location = (settings.secret_locations or ["global"])[0]
        yield from _key_location(where, settings.secret_key_name, location)
