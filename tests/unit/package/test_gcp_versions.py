"""Versions of the engines on Memorystore, against those that Google's API names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from package_google import redis_versions
from secure_redis.gcp import versions
from secure_redis.settings import Engine

UNMAINTAINED = {"REDIS_3_2", "REDIS_4_0", "REDIS_5_0"}
"""Offered by Google, and by nobody maintained any more."""
EACH_ENGINE = pytest.mark.parametrize("engine", list(Engine))
ALL = [(engine, version) for engine in Engine for version in versions.KNOWN[engine]]


def test_versions_of_redis_are_those_of_the_api_but_the_dead_ones() -> None:
    ours = {versions.api_name(Engine.REDIS, each) for each in versions.KNOWN[Engine.REDIS]}
    assert ours | UNMAINTAINED == redis_versions()
    assert not ours & UNMAINTAINED


@pytest.mark.parametrize(("engine", "version"), ALL)
def test_a_version_as_the_api_has_it(engine: Engine, version: str) -> None:
    name = versions.api_name(engine, version)
    assert re.fullmatch(r"(REDIS|VALKEY)_\d_(\d|X)", name)
    assert name.startswith(engine.value.upper())
    assert versions.offered(engine, version)


@EACH_ENGINE
def test_the_default_is_one_that_is_offered(engine: Engine) -> None:
    """Of Redis the newest: what the API chooses by itself depends on the day."""
    assert versions.offered(engine, versions.DEFAULT[engine])
    assert versions.DEFAULT[Engine.REDIS] == versions.KNOWN[Engine.REDIS][-1] == "7.2"
    assert versions.DEFAULT[Engine.VALKEY] == "8.0"


@EACH_ENGINE
def test_versions_are_in_order(engine: Engine) -> None:
    known = versions.KNOWN[engine]
    assert list(known) == sorted(known)
    for low, one in enumerate(known):
        for high, other in enumerate(known):
            assert versions.lower(engine, one, other) == (low < high)


@pytest.mark.parametrize("version", ["", "5.0", "7", "7.2.4", "8.2", "latest", "REDIS_7_2"])
def test_other_versions_are_neither_offered_nor_lower(version: str) -> None:
    for engine in Engine:
        assert not versions.offered(engine, version)
        assert not versions.lower(engine, version, versions.DEFAULT[engine])
        assert not versions.lower(engine, versions.DEFAULT[engine], version)


LIMITS = [(1, 1000), (4, 1000), (5, 2500), (10, 2500), (11, 15_000), (35, 15_000)]
LIMITS += [(36, 30_000), (100, 30_000), (101, 65_000), (300, 65_000)]


@pytest.mark.parametrize(("size", "most"), LIMITS)
def test_connections_with_tls(size: int, most: int) -> None:
    assert versions.connections("6.x", size) == most
    assert versions.connections("7.0", size) == versions.connections("7.2", size) == 65_000


@given(st.integers(1, 299), st.sampled_from(versions.KNOWN[Engine.REDIS]))
def test_a_larger_cache_takes_no_fewer_connections(size: int, version: str) -> None:
    assert versions.connections(version, size) <= versions.connections(version, size + 1)
