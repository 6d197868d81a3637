"""Which alarms a cache gets, at which thresholds, on which nodes."""

from typing import Any

import pytest
from aws_cases import TOPIC_ARN, elasticache
from package_aws_cloud import GENERATED
from package_components import PREVIEW_AND_UPDATE
from package_monitor import World, succeed
from secure_redis.aws.alarms import (
    MIB,
    Alarm,
    durability_alarms,
    node_alarms,
    node_numbers,
    serverless_alarms,
)
from secure_redis.settings import AlarmProfile, Purpose

BELOW, ABOVE = "LessThanThreshold", "GreaterThanThreshold"
BASIC_NODE = {
    "EngineCPUUtilization": (ABOVE, 90, "Average"),
    "FreeableMemory": (BELOW, 100 * MIB, "Average"),
    "SwapUsage": (ABOVE, 50 * MIB, "Average"),
    "AuthenticationFailures": (ABOVE, 0, "Sum"),
}
FULL_NODE = {
    **BASIC_NODE,
    "CurrConnections": (ABOVE, 52_000, "Maximum"),
    "CommandAuthorizationFailures": (ABOVE, 0, "Sum"),
    "KeyAuthorizationFailures": (ABOVE, 0, "Sum"),
    "NetworkBandwidthInAllowanceExceeded": (ABOVE, 0, "Sum"),
    "NetworkBandwidthOutAllowanceExceeded": (ABOVE, 0, "Sum"),
    "NetworkConntrackAllowanceExceeded": (ABOVE, 0, "Sum"),
}
REPLICATION = {"ReplicationLag": (ABOVE, 5, "Maximum")}
KEEPS_DATA = {"DatabaseMemoryUsagePercentage": (ABOVE, 80, "Average")}
EVICTS_NOTHING = {"Evictions": (ABOVE, 0, "Sum")}


def table(alarms: Any) -> dict[str, tuple[str, float, str]]:
    found: list[Alarm] = list(alarms)
    rows = {a.metric: (BELOW if a.below else ABOVE, a.threshold, a.statistic) for a in found}
    assert len(rows) == len(found) == len({a.label for a in found})
    for alarm in found:
        assert alarm.description.endswith("."), "what to do about it"
    return rows


BIG = "cache.r7g.xlarge"


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("replicas", [False, True])
def test_alarms_of_a_node_by_profile(purpose: Purpose, replicas: bool) -> None:
    def found(profile: AlarmProfile) -> dict[str, tuple[str, float, str]]:
        return table(node_alarms(profile, purpose, BIG, replicas=replicas))

    data = {} if purpose is Purpose.CACHE else KEEPS_DATA
    evictions = {} if purpose is Purpose.CACHE else EVICTS_NOTHING
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == BASIC_NODE | data
    lag = REPLICATION if replicas else {}
    assert found(AlarmProfile.FULL) == FULL_NODE | data | evictions | lag


@pytest.mark.parametrize(
    ("node_type", "metric", "threshold"),
    [
        ("cache.t4g.micro", "CPUUtilization", 45),
        ("cache.m7g.large", "CPUUtilization", 45),
        ("cache.r7g.large", "CPUUtilization", 45),
        ("cache.r7g.xlarge", "EngineCPUUtilization", 90),
        ("cache.r7g.16xlarge", "EngineCPUUtilization", 90),
        ("cache.m5.2xlarge", "EngineCPUUtilization", 90),
    ],
)
def test_the_engine_runs_on_one_processor(node_type: str, metric: str, threshold: float) -> None:
    found = table(node_alarms(AlarmProfile.BASIC, Purpose.CACHE, node_type, replicas=False))
    assert found[metric] == (ABOVE, threshold, "Average")
    assert len({"CPUUtilization", "EngineCPUUtilization"} & found.keys()) == 1


def test_a_small_node_is_not_alarmed_from_the_start() -> None:
    found = table(node_alarms(AlarmProfile.BASIC, Purpose.CACHE, "cache.t4g.micro", replicas=False))
    threshold = found["FreeableMemory"][1]
    assert threshold == 536_870_912 // 10
    assert threshold < 100 * MIB


@pytest.mark.parametrize(
    ("node_type", "watched"), [("cache.t4g.small", True), ("cache.t3.micro", True), (BIG, False)]
)
def test_credits_are_watched_where_there_are_any(node_type: str, watched: bool) -> None:
    found = table(node_alarms(AlarmProfile.FULL, Purpose.CACHE, node_type, replicas=False))
    assert ("CPUCreditBalance" in found) == watched
    if watched:
        assert found["CPUCreditBalance"] == (BELOW, 20, "Minimum")


def test_alarms_of_durable_writes() -> None:
    assert table(durability_alarms(AlarmProfile.OFF)) == {}
    for profile in (AlarmProfile.BASIC, AlarmProfile.FULL):
        assert table(durability_alarms(profile)) == {
            "DurabilityLag": (ABOVE, 8000, "Maximum"),
            "DurabilityBufferExceededErrorCount": (ABOVE, 0, "Sum"),
        }


@pytest.mark.parametrize("purpose", [Purpose.CACHE, Purpose.SESSIONS])
def test_alarms_of_a_serverless_cache(purpose: Purpose) -> None:
    def found(profile: AlarmProfile) -> dict[str, tuple[str, float, str]]:
        return table(serverless_alarms(profile, purpose, 10, 5000))

    basic = {
        "BytesUsedForCache": (ABOVE, 8_000_000_000, "Maximum"),
        "AuthenticationFailures": (ABOVE, 0, "Sum"),
    }
    full = {
        **basic,
        "ElastiCacheProcessingUnits": (ABOVE, 0.8 * 5000 * 60, "Sum"),
        "ThrottledCmds": (ABOVE, 0, "Sum"),
        **({} if purpose is Purpose.CACHE else EVICTS_NOTHING),
    }
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == basic
    assert full.items() <= found(AlarmProfile.FULL).items()


@pytest.mark.parametrize(
    ("shards", "replicas", "numbers"),
    [
        (None, 0, ["001"]),
        (None, 2, ["001", "002", "003"]),
        (1, 0, ["0001-001"]),
        (2, 1, ["0001-001", "0001-002", "0002-001", "0002-002"]),
    ],
)
def test_what_follows_the_caches_id(shards: int | None, replicas: int, numbers: list[str]) -> None:
    assert node_numbers(shards, replicas) == numbers


# As they are registered.

ALARMS = {"profile": "full", "notify": [TOPIC_ARN]}


def watched(world: World) -> dict[str, list[str]]:
    """The metrics by what they are of, as CloudWatch names it."""
    found: dict[str, list[str]] = {}
    for alarm in world.all("MetricAlarm"):
        ((dimension, value),) = alarm.plain["dimensions"].items()
        found.setdefault(f"{dimension}={value}", []).append(alarm.plain["metricName"])
    return found


@pytest.mark.parametrize(
    ("arguments", "nodes"),
    [
        ({}, ["001"]),
        ({"replicas": 2}, ["001", "002", "003"]),
        (
            {"replicas": 1, "aws": {"shards": 2}},
            ["0001-001", "0001-002", "0002-001", "0002-002"],
        ),
    ],
)
def test_every_node_has_all_alarms(arguments: dict[str, Any], nodes: list[str]) -> None:
    found = watched(succeed(lambda: elasticache(**arguments, alarms=ALARMS)))
    assert set(found) == {f"CacheClusterId=cache-{GENERATED}-{number}" for number in nodes}
    metrics = [sorted(names) for names in found.values()]
    assert all(names == metrics[0] for names in metrics)
    assert len(metrics[0]) == len(set(metrics[0])) == 11 + bool(arguments.get("replicas"))


def test_a_serverless_cache_is_watched_as_a_whole() -> None:
    world = succeed(lambda: elasticache(aws={"serverless": {}}, alarms=ALARMS))
    assert list(watched(world)) == [f"clusterId=cache-{GENERATED}"]


@pytest.mark.parametrize(
    ("durability", "count"), [(None, 0), ("sync", 2), ("async", 2), ("disabled", 0)]
)
def test_durable_writes_are_watched_on_every_node(durability: str | None, count: int) -> None:
    aws = {
        "shards": 1,
        "engine_version": "9.0",
        **({"durability": durability} if durability else {}),
    }
    found = watched(succeed(lambda: elasticache(aws=aws, alarms=ALARMS)))
    for metrics in found.values():
        assert len([name for name in metrics if name.startswith("Durability")]) == count


@pytest.mark.parametrize(
    ("environment", "profile", "metric_count"),
    [
        ("development", None, 0),
        ("development", "basic", 4),
        ("staging", None, 4),
        ("staging", "off", 0),
        ("production", "off", 0),
    ],
)
def test_the_profile_follows_from_the_environment(
    environment: str, profile: str | None, metric_count: int
) -> None:
    alarms = {"profile": profile} if profile else {}
    arguments: dict[str, Any] = {"environment": environment, "replicas": 0, "alarms": alarms}
    assert len(succeed(lambda: elasticache(**arguments)).all("MetricAlarm")) == metric_count


@PREVIEW_AND_UPDATE
def test_an_alarm_is_complete(preview: bool) -> None:
    """The SDK asks for nothing; what is missing fails at the provider."""
    world = succeed(lambda: elasticache(alarms=ALARMS), preview=preview)
    for alarm in world.all("MetricAlarm"):
        inputs = alarm.plain
        assert inputs["namespace"] == "AWS/ElastiCache"
        assert inputs["comparisonOperator"] in {ABOVE, BELOW}
        assert inputs["period"] == 60
        assert inputs["treatMissingData"] == "notBreaching"
        counted = inputs["statistic"] == "Sum"
        assert inputs["datapointsToAlarm"] == (1 if counted else inputs["evaluationPeriods"])
        assert inputs["alarmActions"] == inputs["okActions"] == [TOPIC_ARN]
        assert inputs["alarmDescription"]
        assert "name" not in inputs, "two stacks may have a cache of one name"
