"""Which alarms a cache on Azure gets, at which thresholds, and how they go over the wire."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure_cases import ACTION_GROUP, CLASSIC, azure_cache
from package_components import PREVIEW_AND_UPDATE, outputs_of
from package_monitor import reveal, succeed
from secure_redis.azure.alarms import Alarm, classic_alarms, managed_alarms
from secure_redis.azure.sizes import CLASSIC_CONNECTIONS, CLASSIC_SKUS, SIZES, Size
from secure_redis.settings import AlarmProfile, Purpose

Row = tuple[float, str, int]
"""Threshold, aggregation, severity."""

MANAGED_METRICS = {
    *("cachehits", "cachemisses", "cacheLatency", "cacheRead", "cacheWrite", "connectedclients"),
    *("evictedkeys", "expiredkeys", "geoReplicationHealthy", "getcommands", "setcommands"),
    *("operationsPerSecond", "percentProcessorTime", "serverLoad", "totalcommandsprocessed"),
    *("totalkeys", "usedmemory", "usedmemorypercentage"),
}
"""All that Azure Monitor has of Microsoft.Cache/redisEnterprise (2026-07): no `errors`."""

MEMORY: dict[str, Row] = {
    "memory": (80, "Maximum", 2),
    "memory-full": (90, "Maximum", 1),
}
EVICTIONS: dict[str, Row] = {"evictions": (0, "Total", 3)}
METRICS = {
    "memory": "usedmemorypercentage",
    "memory-full": "usedmemorypercentage",
    "processor": "percentProcessorTime",
    "connections": "connectedclients",
    "evictions": "evictedkeys",
}
OLD_METRICS = {**METRICS, "processor": "serverLoad", "errors": "errors", "latency": "cacheLatency"}


def table(alarms: Iterator[Alarm], metrics: dict[str, str]) -> dict[str, Row]:
    found = list(alarms)
    rows = {a.label: (a.threshold, a.aggregation, a.severity) for a in found}
    assert len(rows) == len(found)
    for alarm in found:
        assert alarm.metric == metrics[alarm.label]
        assert alarm.description.endswith("."), "what to do about it"
    return rows


@pytest.mark.parametrize("purpose", list(Purpose))
def test_alarms_of_a_managed_cache(purpose: Purpose) -> None:
    def found(profile: AlarmProfile) -> dict[str, Row]:
        return table(managed_alarms(profile, purpose, "Balanced_B5"), METRICS)

    keeps = purpose is not Purpose.CACHE
    basic = {"processor": (80, "Maximum", 2), **(MEMORY if keeps else {})}
    full = {**basic, "connections": (12_000, "Maximum", 2), **(EVICTIONS if keeps else {})}
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == basic
    assert found(AlarmProfile.FULL) == full


@pytest.mark.parametrize("purpose", list(Purpose))
def test_alarms_of_a_classic_cache(purpose: Purpose) -> None:
    def found(profile: AlarmProfile) -> dict[str, Row]:
        return table(classic_alarms(profile, purpose, "Premium_P1"), OLD_METRICS)

    keeps = purpose is not Purpose.CACHE
    basic = {
        "processor": (85, "Average", 2),
        "errors": (0, "Maximum", 3),
        **(MEMORY if keeps else {}),
    }
    full = {
        **basic,
        "connections": (6000, "Maximum", 2),
        "latency": (10_000, "Average", 2),
        **(EVICTIONS if keeps else {}),
    }
    assert found(AlarmProfile.OFF) == {}
    assert found(AlarmProfile.BASIC) == basic
    assert found(AlarmProfile.FULL) == full


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_connections_are_watched_where_their_limit_is_known(size: Size) -> None:
    alarms = list(managed_alarms(AlarmProfile.FULL, Purpose.QUEUE, size.name))
    assert {alarm.metric for alarm in alarms} <= MANAGED_METRICS
    limits = [alarm.threshold for alarm in alarms if alarm.metric == "connectedclients"]
    assert limits == ([0.8 * size.max_connections] if size.max_connections else [])


@pytest.mark.parametrize("sku", CLASSIC_SKUS)
def test_every_classic_size_has_a_limit(sku: str) -> None:
    alarms = classic_alarms(AlarmProfile.FULL, Purpose.CACHE, sku)
    (limit,) = [alarm.threshold for alarm in alarms if alarm.label == "connections"]
    assert limit == 0.8 * CLASSIC_CONNECTIONS[sku.partition("_")[2]]


# As they are registered.


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("azure", [{}, {"classic": CLASSIC}], ids=["managed", "classic"])
def test_an_alarm_is_complete_on_the_wire(azure: dict[str, Any], preview: bool) -> None:
    """The SDK renames keys of its own classes only: a dictionary would go out as it is written."""
    alarms = {"profile": "full", "notify": [ACTION_GROUP]}
    world = succeed(
        lambda: azure_cache(
            purpose="queue",
            azure=azure,
            alarms=alarms,
        ),
        preview=preview,
    )
    found = world.all("MetricAlert")
    assert len(found) == (7 if azure else 5)
    for resource in found:
        inputs = resource.plain
        assert inputs["location"] == "global"
        assert inputs["enabled"] is True
        assert inputs["autoMitigate"] is True
        assert (inputs["windowSize"], inputs["evaluationFrequency"]) == ("PT15M", "PT5M")
        assert inputs["actions"] == [{"actionGroupId": ACTION_GROUP}]
        assert inputs["severity"] in {1, 2, 3}
        assert inputs["description"]
        assert len(inputs["scopes"]) == 1
        criteria = inputs["criteria"]
        assert criteria.keys() == {"odataType", "allOf"}
        assert criteria["odataType"] == (
            "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
        )
        (criterion,) = criteria["allOf"]
        assert criterion.keys() == {
            "criterionType",
            "name",
            "metricName",
            "operator",
            "threshold",
            "timeAggregation",
        }
        assert criterion["criterionType"] == "StaticThresholdCriterion"
        assert criterion["operator"] == "GreaterThan"
        assert resource.name == f"cache-{criterion['name']}"
    if not preview:
        outputs = reveal(outputs_of(world))
        assert all(r.plain["scopes"] == [outputs["cache_id"]] for r in found)
        names = [each.rpartition("/")[2] for each in outputs["alarm_ids"]]
        assert sorted(names) == sorted(r.plain["ruleName"] for r in found)
        assert all("/metricAlerts/" in each for each in outputs["alarm_ids"])


@pytest.mark.parametrize(
    ("environment", "profile", "count"),
    [
        ("development", None, 0),
        ("development", "basic", 1),
        ("staging", None, 1),
        ("staging", "off", 0),
        ("production", None, 2),
        ("production", "off", 0),
    ],
)
def test_the_profile_follows_from_the_environment(
    environment: str, profile: str | None, count: int
) -> None:
    alarms = {"profile": profile} if profile else {}
    world = succeed(lambda: azure_cache(environment=environment, alarms=alarms))
    assert len(world.all("MetricAlert")) == count
