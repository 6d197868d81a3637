"""Which alarms a cache on Google Cloud gets, at which thresholds, and how they go over the wire."""

from collections.abc import Iterator
from typing import Any

import pytest
from gcp_cases import CHANNEL, VALKEY, gcp_cache, succeed
from hypothesis import given
from hypothesis import strategies as st
from package_components import PREVIEW_AND_UPDATE, outputs_of
from package_monitor import World, reveal
from secure_redis.gcp import alarms
from secure_redis.gcp.alarms import Alarm, redis_alarms, valkey_alarms
from secure_redis.settings import AlarmProfile, Purpose

Row = tuple[str, float, str, str]
"""Metric, threshold, aligner, severity."""

OF_REDIS, OF_VALKEY = "redis.googleapis.com", "memorystore.googleapis.com/instance"
MEMORY = f"{OF_REDIS}/stats/memory/system_memory_usage_ratio"
BASIC: dict[str, Row] = {
    "memory": (MEMORY, 0.8, "ALIGN_MEAN", "ERROR"),
    "processor": (f"{OF_REDIS}/stats/cpu_utilization_main_thread", 0.9, "ALIGN_RATE", "WARNING"),
}
DATA: dict[str, Row] = {
    "data": (f"{OF_REDIS}/stats/memory/usage_ratio", 0.9, "ALIGN_MEAN", "WARNING")
}
MORE: dict[str, Row] = {
    "connections": (f"{OF_REDIS}/clients/connected", 800, "ALIGN_MAX", "WARNING"),
    "rejected": (f"{OF_REDIS}/stats/reject_connections_count", 0, "ALIGN_DELTA", "WARNING"),
}
EVICTIONS: dict[str, Row] = {
    "evictions": (f"{OF_REDIS}/stats/evicted_keys", 0, "ALIGN_DELTA", "WARNING")
}
REPLICAS: dict[str, Row] = {
    "failover": (f"{OF_REDIS}/replication/role", 0, "ALIGN_STDDEV", "WARNING"),
    "replication": (f"{OF_REDIS}/replication/master/slaves/lag", 30, "ALIGN_MAX", "WARNING"),
}
VALKEY_MEMORY: dict[str, Row] = {
    "memory": (f"{OF_VALKEY}/memory/maximum_utilization", 0.9, "ALIGN_MEAN", "ERROR")
}
VALKEY_BASIC: dict[str, Row] = {
    "processor": (f"{OF_VALKEY}/cpu/maximum_utilization", 0.9, "ALIGN_MEAN", "WARNING")
}
VALKEY_MORE: dict[str, Row] = {
    "rejected": (
        f"{OF_VALKEY}/stats/total_rejected_connections_count",
        0,
        "ALIGN_DELTA",
        "WARNING",
    )
}


def table(found: Iterator[Alarm]) -> dict[str, Row]:
    known = list(found)
    rows = {a.label: (a.metric, a.threshold, a.aligner, a.severity) for a in known}
    assert len(rows) == len(known)
    for alarm in known:
        assert alarm.description.endswith("."), "what to do about it"
        assert alarm.per_node == (alarm.label == "processor" and OF_REDIS in alarm.metric)
    return rows


@pytest.mark.parametrize("replicas", [0, 1, 5])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_alarms_of_redis(purpose: Purpose, replicas: int) -> None:
    def found(profile: AlarmProfile) -> dict[str, Row]:
        return table(redis_alarms(profile, purpose, 1000, replicas=replicas))

    keeps = purpose is not Purpose.CACHE
    basic = {**BASIC, **(DATA if keeps else {})}
    full = {**basic, **MORE, **(EVICTIONS if keeps else {}), **(REPLICAS if replicas else {})}
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == basic
    assert found(AlarmProfile.FULL) == full


@pytest.mark.parametrize("purpose", list(Purpose))
def test_alarms_of_valkey(purpose: Purpose) -> None:
    def found(profile: AlarmProfile) -> dict[str, Row]:
        return table(valkey_alarms(profile, purpose))

    basic = {**VALKEY_BASIC, **({} if purpose is Purpose.CACHE else VALKEY_MEMORY)}
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == basic
    assert found(AlarmProfile.FULL) == {**basic, **VALKEY_MORE}


@given(st.integers(1, 65_000))
def test_connections_ring_before_their_limit(most: int) -> None:
    found = table(redis_alarms(AlarmProfile.FULL, Purpose.CACHE, most, replicas=0))
    assert 0 < found["connections"][1] < most


# As they are registered.


def watching(preview: bool = False, **args: Any) -> World:
    profile = {"profile": "full", "notify": [CHANNEL]}
    return succeed(lambda: gcp_cache(alarms=profile, **args), preview=preview)


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize(
    ("args", "count"),
    [
        ({"purpose": "queue", "replicas": 1}, 8),
        ({"purpose": "cache"}, 4),
        ({**VALKEY, "purpose": "queue"}, 3),
    ],
)
def test_an_alarm_is_complete_on_the_wire(args: dict[str, Any], count: int, preview: bool) -> None:
    world = watching(preview, **args)
    found = world.all("AlertPolicy")
    assert len(found) == count
    for resource in found:
        inputs = resource.plain
        label = resource.name.removeprefix("cache-")
        assert inputs["displayName"] == f"secure-redis/local cache: {label}"
        assert inputs["combiner"] == "OR"
        assert inputs["alertStrategy"] == {"autoClose": "604800s"}
        assert inputs["notificationChannels"] == [CHANNEL]
        assert inputs["documentation"]["mimeType"] == "text/markdown"
        assert inputs["documentation"]["content"].endswith(".")
        assert inputs["severity"] in {"ERROR", "WARNING"}
        (condition,) = inputs["conditions"]
        assert condition.keys() == {"displayName", "conditionThreshold"}
        threshold = condition["conditionThreshold"]
        assert threshold.keys() == {
            "filter",
            "comparison",
            "thresholdValue",
            "duration",
            "aggregations",
        }
        assert threshold["comparison"] == "COMPARISON_GT"
        assert int(threshold["duration"].removesuffix("s")) % 60 == 0
        (aggregation,) = threshold["aggregations"]
        assert aggregation["alignmentPeriod"] == "300s"
        summed = {"crossSeriesReducer", "groupByFields"} & aggregation.keys()
        assert bool(summed) == (label == "processor" and "engine" not in args)
        assert len(summed) in {0, 2}
    if not preview:
        ids = reveal(outputs_of(world))["alarm_ids"]
        assert sorted(ids) == sorted(r.state["id"] for r in found)


def filters(world: World) -> set[str]:
    return {
        r.plain["conditions"][0]["conditionThreshold"]["filter"] for r in world.all("AlertPolicy")
    }


def test_alarms_watch_this_cache_alone() -> None:
    world = watching(purpose="queue", replicas=1)
    cache_id = reveal(outputs_of(world))["cache_id"]
    metrics = [row[0] for row in (BASIC | DATA | MORE | EVICTIONS | REPLICAS).values()]
    assert filters(world) == {
        f'resource.type = "redis_instance" AND resource.labels.instance_id = "{cache_id}"'
        f' AND metric.type = "{metric}"'
        for metric in metrics
    }


def test_alarms_of_valkey_name_the_cache_by_its_last_word() -> None:
    world = watching(**VALKEY)
    name = reveal(outputs_of(world))["cache_id"].rpartition("/")[2]
    kind = "memorystore.googleapis.com/Instance"
    assert filters(world) == {
        f'resource.type = "{kind}" AND resource.labels.instance_id = "{name}"'
        f' AND metric.type = "{row[0]}"'
        for row in (VALKEY_BASIC | VALKEY_MORE).values()
    }


@pytest.mark.parametrize(
    ("args", "most"),
    [
        ({}, 65_000),
        ({"gcp": {"engine_version": "6.x"}}, 1000),
        ({"gcp": {"engine_version": "6.x", "memory_size_gb": 5}}, 2500),
        ({"gcp": {"engine_version": "6.x", "memory_size_gb": 101}}, 65_000),
    ],
)
def test_the_limit_of_connections_is_that_of_the_size_and_version(
    args: dict[str, Any], most: int
) -> None:
    policy = watching(**args).one("AlertPolicy", "cache-connections").plain
    assert policy["conditions"][0]["conditionThreshold"]["thresholdValue"] == most * 0.8


def test_the_current_generation_is_watched() -> None:
    world = watching(rotation={"generation": 2, "keep_previous": True})
    assert all("-g2" in each for each in filters(world))


@pytest.mark.parametrize("engine", [{}, VALKEY], ids=["redis", "valkey"])
@pytest.mark.parametrize(
    ("environment", "profile", "counts"),
    [
        ("development", None, (0, 0)),
        ("development", "basic", (2, 1)),
        ("staging", None, (2, 1)),
        ("staging", "off", (0, 0)),
        ("production", None, (6, 2)),
        ("production", "off", (0, 0)),
    ],
)
def test_the_profile_follows_from_the_environment(
    engine: dict[str, Any], environment: str, profile: str | None, counts: tuple[int, int]
) -> None:
    given_ = {"profile": profile} if profile else {}
    world = succeed(lambda: gcp_cache(environment=environment, alarms=given_, **engine))
    assert len(world.all("AlertPolicy")) == counts[bool(engine)]


def test_the_period_and_the_end_of_an_incident_are_durations() -> None:
    for duration in (alarms.PERIOD, alarms.AUTO_CLOSE):
        assert int(duration.removesuffix("s")) % 60 == 0
