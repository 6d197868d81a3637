"""Sizes of caches on Google Cloud: what the tables say, against what Google's own SDKs carry."""

import inspect
import re
from itertools import pairwise
from typing import Any

import pulumi_gcp
import pytest
from gcp_cases import gcp, settings, valkey
from hypothesis import given
from hypothesis import strategies as st
from package_google import properties, values, words
from secure_redis.gcp import access, alarms, plan, sizes
from secure_redis.gcp import valkey as valkey_room
from secure_redis.gcp.settings import GcpSettings, SnapshotPeriod, Weekday
from secure_redis.gcp.sizes import GB_IN_GIB, NODE_TYPES, SIZES, NodeType
from secure_redis.settings import Persistence

MEMORY = st.floats(min_value=0.01, max_value=1024, allow_nan=False)
LARGEST = max(one.usable_gb for one in NODE_TYPES) * GB_IN_GIB
GUARANTEED = [one for one in NODE_TYPES if one.guaranteed]


def ours(enum: Any) -> set[str]:
    return {str(member.value) for member in enum}


# What Google says.

ENUMS: list[tuple[str, set[str], set[str], set[str]]] = [
    ("tiers", words("redis.v1", "Instance", "tier"), {"BASIC", "STANDARD_HA"}, set()),
    (
        "ways in",
        words("redis.v1", "Instance", "connectMode"),
        {"PRIVATE_SERVICE_ACCESS"},
        {"DIRECT_PEERING"},
    ),
    (
        "TLS of Redis",
        words("redis.v1", "Instance", "transitEncryptionMode"),
        {"SERVER_AUTHENTICATION"},
        {"DISABLED"},
    ),
    (
        "read replicas",
        words("redis.v1", "Instance", "readReplicasMode"),
        {"READ_REPLICAS_ENABLED"},
        {"READ_REPLICAS_DISABLED"},  # sent by nobody: it is what a cache is without a word
    ),
    (
        "persistence of Redis",
        words("redis.v1", "PersistenceConfig", "persistenceMode"),
        {"DISABLED", "RDB"},
        set(),
    ),
    (
        "snapshots of Redis",
        words("redis.v1", "PersistenceConfig", "rdbSnapshotPeriod"),
        ours(SnapshotPeriod),
        set(),
    ),
    (
        "days of Redis",
        words("redis.v1", "WeeklyMaintenanceWindow", "day"),
        ours(Weekday),
        set(),
    ),
    (
        "modes",
        values("Instance.Mode"),
        {"CLUSTER", "CLUSTER_DISABLED"},
        {"STANDALONE"},  # the old word for CLUSTER_DISABLED, which the provider does not take
    ),
    (
        "logins",
        values("Instance.AuthorizationMode"),
        {"IAM_AUTH"},
        {"AUTH_DISABLED", "TOKEN_AUTH"},  # no resource of the provider makes users and tokens
    ),
    (
        "TLS of Valkey",
        values("Instance.TransitEncryptionMode"),
        {"SERVER_AUTHENTICATION"},
        {"TRANSIT_ENCRYPTION_DISABLED"},
    ),
    (
        "persistence of Valkey",
        values("PersistenceConfig.PersistenceMode"),
        {"DISABLED", "RDB", "AOF"},
        set(),
    ),
    (
        "snapshots of Valkey",
        values("PersistenceConfig.RDBConfig.SnapshotPeriod"),
        ours(SnapshotPeriod),
        set(),
    ),
    (
        "the log of Valkey",
        values("PersistenceConfig.AOFConfig.AppendFsync"),
        {"EVERY_SEC"},
        {"NEVER", "ALWAYS"},
    ),
    (
        "zones",
        values("ZoneDistributionConfig.ZoneDistributionMode"),
        {"SINGLE_ZONE"},
        {"MULTI_ZONE"},
    ),
    (
        "endpoints",
        values("ConnectionType"),
        {*valkey_room.ENTRY.values(), valkey_room.READER},
        set(),
    ),
    (
        "severities",
        words("monitoring.v3", "AlertPolicy", "severity"),
        {"ERROR", "WARNING"},
        {"CRITICAL"},
    ),
]
"""Each enumeration: all that Google has, what is used here, and what is never used."""


@pytest.mark.parametrize(
    ("theirs", "used", "unused"), [e[1:] for e in ENUMS], ids=[e[0] for e in ENUMS]
)
def test_a_list_is_googles(theirs: set[str], used: set[str], unused: set[str]) -> None:
    assert theirs == used | unused
    assert not used & unused


def test_the_table_has_every_type_of_node() -> None:
    assert {one.name for one in NODE_TYPES} == values("Instance.NodeType")
    assert len({one.name for one in NODE_TYPES}) == len(NODE_TYPES)


def test_the_sdk_names_the_types_of_nodes() -> None:
    """In its words for users; a type that it did not know would still be sent as it is."""
    module = inspect.getmodule(pulumi_gcp.memorystore.Instance)
    assert module is not None
    source = inspect.getsource(module)
    assert [one.name for one in NODE_TYPES if one.name not in source] == []


@pytest.mark.parametrize(
    ("resource", "taken"),
    [
        (
            pulumi_gcp.redis.Instance,
            {"auth_enabled", "transit_encryption_mode", "connect_mode", "deletion_protection"}
            | {"persistence_config", "read_replicas_mode", "replica_count", "redis_configs"},
        ),
        (
            pulumi_gcp.memorystore.Instance,
            {"authorization_mode", "transit_encryption_mode", "desired_auto_created_endpoints"}
            | {"deletion_protection_enabled", "kms_key", "automated_backup_config", "mode"},
        ),
        (
            pulumi_gcp.secretmanager.Secret,
            {"replication", "version_destroy_ttl", "deletion_protection", "labels"},
        ),
        (
            pulumi_gcp.servicenetworking.Connection,
            {"reserved_peering_ranges", "update_on_creation_fail", "deletion_policy"},
        ),
    ],
)
def test_the_sdk_takes_what_is_sent(resource: Any, taken: set[str]) -> None:
    assert taken <= set(inspect.signature(resource._internal_init).parameters)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (
            "Instance",
            {"authEnabled", "authorizedNetwork", "reservedIpRange", "customerManagedKey"}
            | {"locationId", "alternativeLocationId", "maintenancePolicy", "redisConfigs"},
        ),
        ("PersistenceConfig", {"persistenceMode", "rdbSnapshotPeriod"}),
        ("TlsCertificate", {"cert", "createTime", "expireTime"}),
    ],
)
def test_the_api_has_what_is_sent_and_read(name: str, fields: set[str]) -> None:
    assert fields <= properties("redis.v1", name).keys()


def test_alarms_speak_monitorings_words() -> None:
    aligners = words("monitoring.v3", "Aggregation", "perSeriesAligner")
    kinds = {a.aligner for a in alarms.valkey_alarms(*FULL)}
    kinds |= {a.aligner for a in alarms.redis_alarms(*FULL, 1, replicas=1)}
    assert kinds <= aligners
    assert "COMPARISON_GT" in words("monitoring.v3", "MetricThreshold", "comparison")


FULL = (alarms.AlarmProfile.FULL, alarms.Purpose.QUEUE)


def test_rules_of_a_firewall_have_a_priority_that_there_is() -> None:
    description = properties("compute.v1", "Firewall")["priority"]["description"]
    assert "`0` and `65535`" in description
    assert 0 < access.ALLOW < access.DENY < 65535
    assert "EGRESS" in properties("compute.v1", "Firewall")["direction"]["enum"]


# Redis.


def test_sizes_of_redis_are_those_of_the_setting() -> None:
    (field,) = [f for name, f in GcpSettings.model_fields.items() if name == "memory_size_gb"]
    assert "ge=1" in str(field.annotation)
    assert "le=300" in str(field.annotation)
    assert (SIZES.start, SIZES.stop - 1) == (1, 300)


@pytest.mark.parametrize(
    ("memory_gb", "size", "usable"),
    [
        *((0.25, 1, 0.8), (0.8, 1, 0.8), (0.81, 2, 1.6), (1, 2, 1.6), (4, 5, 4), (8, 10, 8)),
        *((239.9, 300, 240), (240, 300, 240), (240.1, 301, 240.8)),
    ],
)
def test_a_size_and_what_it_holds(memory_gb: float, size: int, usable: float) -> None:
    assert sizes.smallest_size(memory_gb) == size
    assert sizes.usable_gb(size) == usable


@given(MEMORY)
def test_the_size_is_the_smallest_that_holds_the_data(memory_gb: float) -> None:
    size = sizes.smallest_size(memory_gb)
    assert sizes.usable_gb(size) >= memory_gb - 1e-6
    if size > 1:
        assert sizes.usable_gb(size - 1) < memory_gb


@given(MEMORY, MEMORY)
def test_more_memory_is_no_smaller_size(one: float, other: float) -> None:
    small, large = sorted([one, other])
    assert sizes.smallest_size(small) <= sizes.smallest_size(large)


@given(st.integers(SIZES.start, SIZES.stop - 1))
def test_data_never_fill_a_cache_and_never_less_than_a_fifth(size: int) -> None:
    """What Memorystore takes as maxmemory-gb."""
    assert 0.2 * size <= sizes.usable_gb(size) <= 0.8 * size
    assert sizes.usable_gb(size) == round(sizes.usable_gb(size), 1)


# Valkey.


def test_types_of_nodes_go_upwards() -> None:
    for one, other in pairwise(NODE_TYPES):
        assert one.usable_gb <= other.usable_gb
    assert [one.name for one in NODE_TYPES if not one.guaranteed] == ["SHARED_CORE_NANO"]


@given(st.floats(0.01, LARGEST), st.booleans())
def test_the_node_is_one_that_holds_the_data(memory_gb: float, guaranteed: bool) -> None:
    found = sizes.smallest_node(memory_gb, guaranteed=guaranteed)
    assert found is not None
    assert found.usable_gb * GB_IN_GIB >= memory_gb
    assert found.guaranteed or not guaranteed
    if found.guaranteed:
        # Nothing that is covered holds them for less, and nothing that is not holds them at all.
        fitting = [one for one in GUARANTEED if one.usable_gb * GB_IN_GIB >= memory_gb]
        assert found.usable_gb == min(one.usable_gb for one in fitting)
        assert guaranteed or NODE_TYPES[1].usable_gb * GB_IN_GIB < memory_gb


@given(st.floats(0.01, LARGEST), st.floats(0.01, LARGEST), st.booleans())
def test_more_data_is_no_smaller_node(one: float, other: float, guaranteed: bool) -> None:
    small, large = (
        sizes.smallest_node(each, guaranteed=guaranteed) for each in sorted([one, other])
    )
    assert small is not None
    assert large is not None
    assert small.usable_gb <= large.usable_gb or not small.guaranteed


@given(MEMORY.filter(lambda memory_gb: memory_gb > LARGEST), st.booleans())
def test_nothing_holds_more_than_the_largest(memory_gb: float, guaranteed: bool) -> None:
    assert sizes.smallest_node(memory_gb, guaranteed=guaranteed) is None


@given(MEMORY.filter(lambda memory_gb: memory_gb <= LARGEST))
def test_production_is_never_without_guarantees(memory_gb: float) -> None:
    cache = settings(valkey({"memoryGb": memory_gb}), environment="production")
    found = sizes.node_type(plan.node_type(cache))
    assert found is not None
    assert found.guaranteed


@pytest.mark.parametrize("one", NODE_TYPES, ids=lambda one: one.name)
def test_each_type_is_accepted_up_to_what_it_holds(one: NodeType) -> None:
    memory_gb = round(one.usable_gb * GB_IN_GIB - 0.01, 2)
    assert settings(valkey({"memoryGb": memory_gb}, nodeType=one.name))
    assert sizes.node_type(one.name) is one


def test_shards_share_the_data() -> None:
    whole = settings(valkey({"memoryGb": 40}))
    spread = settings(valkey({"memoryGb": 40}, shards=4))
    assert plan.node_type(whole) == "HIGHMEM_XLARGE"
    # 10 GiB a shard are more than the 10.4 GB of the next type.
    assert plan.node_type(spread) == "STANDARD_LARGE"
    assert plan.node_type(settings(valkey({"memoryGb": 36}, shards=4))) == "HIGHMEM_MEDIUM"
    assert sizes.node_type("HIGHMEM_3XLARGE") is None


@given(
    memory_gb=st.floats(0.1, 200),
    replicas=st.integers(0, 5),
    environment=st.sampled_from(["development", "staging"]),
    persistence=st.sampled_from([Persistence.NONE, Persistence.RDB]),
)
def test_read_replicas_have_the_memory_that_they_need(
    memory_gb: float, replicas: int, environment: str, persistence: Persistence
) -> None:
    cache = settings(
        {"memoryGb": memory_gb, "replicas": replicas, "persistence": persistence.value},
        environment=environment,
    )
    size = plan.memory_size_gb(cache)
    assert size in SIZES
    assert size >= sizes.READ_REPLICAS_GB or not plan.read_replicas(cache)
    assert sizes.usable_gb(size) >= memory_gb - 1e-6


def test_a_size_that_was_named_stays() -> None:
    assert plan.memory_size_gb(settings(gcp(memorySizeGb=7))) == 7
    assert plan.parameters(settings(gcp(memorySizeGb=7)))["maxmemory-gb"] == "5.6"
    found = plan.parameters(settings(gcp(memorySizeGb=300)))["maxmemory-gb"]
    assert re.fullmatch(r"\d+(\.\d)?", found)
    assert found == "240"
