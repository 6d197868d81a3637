"""Node types and versions: what the tables say, against lists that AWS's own tools carry."""

import json
from importlib.resources import files
from typing import Any

import pytest
from aws_cases import settings
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.aws import plan, versions
from secure_redis.aws.sizes import (
    GIB,
    NODE_TYPES,
    RESERVED_PERCENT,
    NodeType,
    burstable,
    maxmemory,
    node_type,
    vcpus,
)
from secure_redis.settings import Engine

CFN_LINT = files("cfnlint") / "data/schemas/extensions/aws_elasticache_cachecluster"

GAPS = {
    "cache.t4g.micro": {"me-central-1", "me-south-1"},
    "cache.t4g.small": {"me-central-1", "me-south-1"},
    "cache.t4g.medium": {"me-central-1", "me-south-1"},
    "cache.m7g.large": {"ca-west-1", "eu-south-1"},
}
"""Regions that cfn-lint does not name for a type: there `nodeType` must say another one."""

MEMORY = st.floats(min_value=0.01, max_value=1024, allow_nan=False)
LARGEST = NODE_TYPES[-1].usable_gb


def offered() -> dict[str, set[str]]:
    """The node types of each region."""
    document = json.loads((CFN_LINT / "cachenodetype_enum.json").read_text())
    return {region: set(each["enum"]) for region, each in document.items() if "-" in region}


EVERYWHERE = sorted(set().union(*offered().values()))


def test_every_type_exists_wherever_it_is_said_to() -> None:
    regions = offered()
    assert len(regions) > 30
    missing = {
        candidate.name: {region for region, names in regions.items() if candidate.name not in names}
        for candidate in NODE_TYPES
    }
    assert {name: gaps for name, gaps in missing.items() if gaps} == GAPS


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_type_that_aws_has_may_be_named(name: str) -> None:
    cache = settings({"aws": {"nodeType": name}})
    assert plan.node_type_name(cache) == name
    assert vcpus(name) >= 1
    assert maxmemory(name) >= NODE_TYPES[0].maxmemory
    assert burstable(name) == (name.split(".")[1] in {"t2", "t3", "t4g"})


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cache.t2.micro", 1),
        ("cache.t2.medium", 2),
        ("cache.t3.micro", 2),
        ("cache.m5.large", 2),
        ("cache.m5.xlarge", 4),
        ("cache.r6g.2xlarge", 8),
        ("cache.r6gd.16xlarge", 64),
        ("cache.r5.24xlarge", 96),
        *((candidate.name, candidate.vcpus) for candidate in NODE_TYPES),
    ],
)
def test_processors_by_size(name: str, count: int) -> None:
    assert vcpus(name) == count


def test_the_table_is_sorted_and_says_which_are_burstable() -> None:
    sizes = [candidate.maxmemory for candidate in NODE_TYPES]
    assert sizes == sorted(set(sizes))
    assert RESERVED_PERCENT == 25
    for candidate in NODE_TYPES:
        assert candidate.burstable == burstable(candidate.name)
        assert candidate.usable_gb == candidate.maxmemory * 0.75 / GIB


def fits(candidate: NodeType, memory: float, allowed: bool) -> bool:
    return candidate.maxmemory * 3 / 4 >= memory * GIB and (allowed or not candidate.burstable)


@given(MEMORY, st.booleans())
def test_the_smallest_that_fits_is_chosen(memory: float, allowed: bool) -> None:
    every = [c for c in NODE_TYPES if fits(c, memory, allowed)]
    smallest = min(every, key=lambda c: c.maxmemory, default=None)
    assert node_type(memory, burstable=allowed) == smallest


@pytest.mark.parametrize("candidate", NODE_TYPES, ids=lambda c: c.name)
def test_a_type_is_filled_to_its_reserve_and_not_beyond(candidate: NodeType) -> None:
    assert node_type(candidate.usable_gb, burstable=True) == candidate
    beyond = node_type(candidate.usable_gb + 0.001, burstable=True)
    assert beyond is None or beyond.maxmemory > candidate.maxmemory
    assert (beyond is None) == (candidate is NODE_TYPES[-1])


@given(MEMORY, MEMORY, st.sampled_from(["development", "staging", "production"]))
def test_more_memory_is_never_a_smaller_node(a: float, b: float, environment: str) -> None:
    low, high = sorted((min(a, LARGEST), min(b, LARGEST)))
    small, large = (
        plan.node_type_name(settings({"memoryGb": m}, environment=environment)) for m in (low, high)
    )
    assert maxmemory(small) <= maxmemory(large)
    assert vcpus(small) <= vcpus(large)


@given(st.floats(min_value=0.01, max_value=LARGEST))
def test_production_gets_no_burstable_processors(memory: float) -> None:
    name = plan.node_type_name(settings({"memoryGb": memory}, environment="production"))
    assert not burstable(name)
    assert maxmemory(name) * 3 / 4 >= memory * GIB


@pytest.mark.parametrize(
    ("environment", "cache", "name"),
    [
        ("development", {}, "cache.t4g.micro"),
        ("staging", {}, "cache.t4g.small"),
        ("production", {}, "cache.m7g.large"),
        ("production", {"memoryGb": 6}, "cache.r7g.large"),
        ("development", {"memoryGb": 6}, "cache.r7g.large"),
        ("production", {"aws": {"nodeType": "cache.t4g.micro"}}, "cache.t4g.micro"),
        ("production", {"aws": {"nodeType": "cache.m5.large"}}, "cache.m5.large"),
    ],
)
def test_defaults_by_environment_and_what_wins(
    environment: str, cache: dict[str, Any], name: str
) -> None:
    assert plan.node_type_name(settings(cache, environment=environment)) == name


# Versions.

LEFT_OUT = {Engine.REDIS: {"4.0.10", "5.0.6", "6.0"}, Engine.VALKEY: set[str]()}
"""Versions that CloudFormation takes and that this package does not: they cost extra, or have a
successor without a difference."""


def known_to_cfn_lint(engine: Engine) -> set[str]:
    document = json.loads((CFN_LINT / "engine_version.json").read_text())
    for branch in document["allOf"]:
        condition, then = branch["if"]["properties"], branch["then"]["properties"]
        if condition["Engine"].get("const") == engine.value and "EngineVersion" in then:
            return set(then["EngineVersion"]["enum"])
    raise LookupError(engine)


@pytest.mark.parametrize("engine", list(Engine))
def test_every_version_exists(engine: Engine) -> None:
    assert known_to_cfn_lint(engine) == set(versions.KNOWN[engine]) | LEFT_OUT[engine]


@pytest.mark.parametrize("engine", list(Engine))
def test_versions_stand_in_their_order(engine: Engine) -> None:
    known = versions.KNOWN[engine]
    assert list(known) == sorted(known, key=versions.number)
    assert versions.DEFAULT[engine] in known
    for version in known:
        assert (
            plan.engine_version(
                settings({"engine": engine.value, "aws": {"engineVersion": version}})
            )
            == version
        )
        assert versions.major(version) == version.split(".")[0]


@given(st.tuples(st.integers(1, 99), st.integers(0, 99)))
def test_versions_compare_as_numbers(version: tuple[int, int]) -> None:
    text = f"{version[0]}.{version[1]}"
    assert versions.number(text) == version
    assert versions.number("7.10") > versions.number("7.9")


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        (Engine.REDIS, "6.2", "redis6.x"),
        (Engine.REDIS, "7.0", "redis7"),
        (Engine.REDIS, "7.1", "redis7"),
        (Engine.VALKEY, "7.2", "valkey7"),
        (Engine.VALKEY, "8.0", "valkey8"),
        (Engine.VALKEY, "8.2", "valkey8"),
        (Engine.VALKEY, "9.0", "valkey9"),
    ],
)
def test_families_of_parameters(engine: Engine, version: str, family: str) -> None:
    assert versions.family(engine, version) == family
