"""Sizes of caches on Azure: what the tables say, against the lists that Azure's own SDKs carry."""

from itertools import pairwise
from typing import Any

import pulumi_azure_native as azure_native
import pytest
from azure.mgmt.redis import models as classic_models
from azure.mgmt.redisenterprise import models as managed_models
from azure_cases import classic, settings
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.azure import classic_rules, plan, retirement, sizes
from secure_redis.azure import settings as azure_settings
from secure_redis.azure.sizes import CLASSIC_GB, CLASSIC_SKUS, SIZES, SUCCESSORS, Size
from secure_redis.settings import EvictionPolicy

NAMES = {size.name for size in SIZES}
BALANCED = [size for size in SIZES if size.name.startswith("Balanced_")]
RETIRED = ("Enterprise_", "EnterpriseFlash_")
MEMORY = st.floats(min_value=0.01, max_value=1024, allow_nan=False)
LARGEST = max(size.usable_gb for size in BALANCED if not size.preview)


def values(enum: Any) -> set[str]:
    """The values of an enumeration of one of the SDKs."""
    return {str(member.value) for member in enum}


pulumi_enums = azure_native.redisenterprise
ENUMS: list[tuple[str, Any, Any, set[str]]] = [
    (
        "policies",
        pulumi_enums.ClusteringPolicy,
        managed_models.ClusteringPolicy,
        values(azure_settings.ClusteringPolicy),
    ),
    (
        "eviction",
        pulumi_enums.EvictionPolicy,
        managed_models.EvictionPolicy,
        set(plan.EVICTION_POLICY.values()),
    ),
    (
        "snapshots",
        pulumi_enums.RdbFrequency,
        managed_models.RdbFrequency,
        values(azure_settings.SnapshotFrequency),
    ),
    (
        "days",
        azure_native.redis.DayOfWeek,
        classic_models.DayOfWeek,
        values(azure_settings.Weekday) | {"Everyday", "Weekend"},
    ),
    (
        "tiers",
        azure_native.redis.SkuName,
        classic_models.SkuName,
        {sku.partition("_")[0] for sku in CLASSIC_SKUS},
    ),
    (
        "families",
        azure_native.redis.SkuFamily,
        classic_models.SkuFamily,
        {sku.partition("_")[2][0] for sku in CLASSIC_SKUS},
    ),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "mine"), [e[1:] for e in ENUMS], ids=[e[0] for e in ENUMS]
)
def test_a_list_is_that_of_both_sdks(ours: Any, theirs: Any, mine: set[str]) -> None:
    assert values(ours) == values(theirs) == mine


def test_the_table_has_every_size_that_can_be_made() -> None:
    both = values(pulumi_enums.SkuName), values(managed_models.SkuName)
    assert both[0] == both[1]
    assert {name for name in both[0] if not name.startswith(RETIRED)} == NAMES
    assert len(NAMES) == len(SIZES) == 44


def test_every_eviction_policy_has_its_name_in_azure() -> None:
    assert set(plan.EVICTION_POLICY) == set(EvictionPolicy)
    for ours, theirs in plan.EVICTION_POLICY.items():
        assert theirs.lower() == ours.value.replace("-", "")


def test_every_module_is_known_by_its_name() -> None:
    # The API takes any text; the names are those of its documentation.
    names = {"RedisBloom", "RedisTimeSeries", "RedisJSON", "RediSearch"}
    assert values(azure_settings.Module) == names


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_size_may_be_named(size: Size) -> None:
    preview = {"allowPreview": True} if size.preview else {}
    assert plan.sku(settings({"azure": {"sku": size.name, **preview}})) == size.name
    assert sizes.named(size.name) is size


@pytest.mark.parametrize(
    ("name", "memory_gb", "connections"),
    [
        ("Balanced_B0", 0.5, 15_000),
        ("Balanced_B5", 6, 15_000),
        ("Balanced_B20", 24, 75_000),
        ("Balanced_B250", 240, 200_000),
        ("MemoryOptimized_M10", 12, 15_000),
        ("MemoryOptimized_M150", 175, 200_000),
        ("MemoryOptimized_M2000", 1920, 200_000),
        ("ComputeOptimized_X3", 3, 30_000),
        ("ComputeOptimized_X20", 24, 150_000),
        ("FlashOptimized_A4500", 4500, 0),
    ],
)
def test_memory_and_connections(name: str, memory_gb: float, connections: int) -> None:
    size = sizes.named(name)
    assert size is not None
    assert (size.memory_gb, size.max_connections) == (memory_gb, connections)
    assert size.usable_gb == pytest.approx(0.8 * memory_gb)


def test_each_family_stands_in_its_order() -> None:
    for prefix in ("Balanced_", "MemoryOptimized_", "ComputeOptimized_", "FlashOptimized_"):
        family = [size for size in SIZES if size.name.startswith(prefix)]
        assert len(family) > 6
        for small, large in pairwise(family):
            assert small.memory_gb < large.memory_gb
            assert small.max_connections <= large.max_connections


def test_what_is_shared_and_what_is_a_preview() -> None:
    assert {size.name for size in SIZES if size.burstable} == {"Balanced_B0", "Balanced_B1"}
    for size in SIZES:
        assert size.preview == (size.flash or size.memory_gb >= 350)
        assert size.flash == size.name.startswith("FlashOptimized_")
        assert bool(size.max_connections) != size.flash


def test_sizes_that_run_without_clustering() -> None:
    small = {size.name for size in SIZES if size.memory_gb <= sizes.NO_CLUSTER_GB}
    assert small == {
        *(f"Balanced_B{n}" for n in (0, 1, 3, 5, 10, 20)),
        *(f"MemoryOptimized_M{n}" for n in (10, 20)),
        *(f"ComputeOptimized_X{n}" for n in (3, 5, 10, 20)),
    }


def fits(size: Size, memory: float, burstable: bool, preview: bool) -> bool:
    return (
        size.memory_gb * 0.8 >= memory
        and (burstable or size.memory_gb > 1)
        and (preview or size.memory_gb < 350)
    )


@given(MEMORY, st.booleans(), st.booleans())
def test_the_smallest_that_fits_is_chosen(memory: float, burstable: bool, preview: bool) -> None:
    every = [size for size in BALANCED if fits(size, memory, burstable, preview)]
    smallest = min(every, key=lambda size: size.memory_gb, default=None)
    assert sizes.smallest(memory, burstable=burstable, preview=preview) == smallest


@pytest.mark.parametrize("size", BALANCED, ids=lambda size: size.name)
def test_a_size_is_filled_to_its_reserve_and_not_beyond(size: Size) -> None:
    assert sizes.smallest(size.usable_gb, burstable=True, preview=True) == size
    beyond = sizes.smallest(size.usable_gb + 0.001, burstable=True, preview=True)
    assert (beyond is None) == (size is BALANCED[-1])
    assert beyond is None or beyond.memory_gb > size.memory_gb


@given(MEMORY, MEMORY, st.sampled_from(["development", "staging", "production"]))
def test_more_memory_is_never_a_smaller_size(a: float, b: float, environment: str) -> None:
    low, high = sorted((min(a, LARGEST), min(b, LARGEST)))
    small, large = (
        sizes.named(plan.sku(settings({"memoryGb": m}, environment=environment)))
        for m in (low, high)
    )
    assert small is not None
    assert large is not None
    assert small.usable_gb >= low
    assert small.memory_gb <= large.memory_gb
    assert not (environment == "production" and small.burstable)


@given(st.floats(min_value=0.01, max_value=96), st.sampled_from(["development", "production"]))
def test_the_smallest_classic_size(memory: float, environment: str) -> None:
    keep = {"persistence": "none"}
    tier = "Premium" if environment == "production" else "Standard"
    sku = sizes.smallest_classic(memory, tier)
    if sku:
        cache = settings(classic({**keep, "memoryGb": memory}), environment=environment)
        assert plan.sku(cache) == sku
    family = {s: CLASSIC_GB[s.partition("_")[2]] for s in CLASSIC_SKUS if s.startswith(tier)}
    fitting = [(gb, name) for name, gb in family.items() if gb * 0.8 >= memory]
    assert sku == (min(fitting)[1] if fitting else "")


def test_classic_sizes() -> None:
    assert len(CLASSIC_SKUS) == len(set(CLASSIC_SKUS)) == 19
    assert set(CLASSIC_GB) == {sku.partition("_")[2] for sku in CLASSIC_SKUS}
    assert set(sizes.CLASSIC_CONNECTIONS) == set(CLASSIC_GB)
    assert (CLASSIC_GB["C0"], CLASSIC_GB["C6"], CLASSIC_GB["P5"]) == (0.25, 53, 120)
    assert sizes.smallest_classic(0.2, "Standard") == "Standard_C0"
    assert sizes.smallest_classic(97, "Premium") == ""
    assert set(classic_rules.REPLICAS) == {sku.partition("_")[0] for sku in CLASSIC_SKUS}


# Successors of what retires.


def retired_memory(size: str) -> float:
    """GB of a size that retires: of the classic tiers by the table, of Enterprise by its name."""
    return CLASSIC_GB[size] if size in CLASSIC_GB else float(size[1:])


@pytest.mark.parametrize("size", sorted(SUCCESSORS))
def test_a_successor_is_never_smaller(size: str) -> None:
    found = sizes.named(sizes.successor(f"Any_{size}"))
    assert found is not None
    assert found.memory_gb >= retired_memory(size)


def test_everything_that_retires_has_a_successor() -> None:
    names = {name for name in values(managed_models.SkuName) if name.startswith(RETIRED)}
    assert len(names) == 11
    for name in (*CLASSIC_SKUS, *names):
        assert sizes.successor(name) in NAMES, name
    assert set(SUCCESSORS) == {name.partition("_")[2] for name in (*CLASSIC_SKUS, *names)}


@pytest.mark.parametrize(
    ("sku", "shards", "successor"),
    [
        ("Standard_C1", 1, "Balanced_B1"),
        ("Premium_P1", 1, "Balanced_B5"),
        ("Premium_P1", 2, "Balanced_B10"),
        ("Premium_P1", 3, "Balanced_B20"),
        ("Premium_P5", 2, "Balanced_B250"),
        ("Premium_P5", 8, "Balanced_B1000"),
        ("Premium_P5", 9, ""),
        ("Standard_C9", 1, ""),
    ],
)
def test_a_cluster_moves_as_a_whole(sku: str, shards: int, successor: str) -> None:
    assert sizes.successor(sku, shards) == successor


@given(st.sampled_from([s for s in CLASSIC_SKUS if s.startswith("Premium")]), st.integers(1, 10))
def test_a_clusters_successor_holds_its_data(sku: str, shards: int) -> None:
    found = sizes.named(sizes.successor(sku, shards))
    needed = CLASSIC_GB[sku.partition("_")[2]] * shards
    if found is None:
        assert needed > 960
    else:
        assert found.memory_gb >= needed


def test_an_enterprise_size_is_refused_with_its_dates() -> None:
    text = retirement.enterprise("Enterprise_E10")
    assert "Enterprise_E10" in text
    assert "2026-04-01" in text
    assert "2027-03-31" in text
