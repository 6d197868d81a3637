"""The alarms of a cache: which metric, which threshold, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from secure_redis.settings import ALARM_PROFILE, AlarmProfile, Purpose

from . import sizes
from .site import Site

CRITERIA = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"

WINDOW = "PT15M"
"""Time over which a metric is judged (API windowSize)."""

FREQUENCY = "PT5M"
"""How often it is judged (API evaluationFrequency)."""

ERROR, WARNING, INFORMATIONAL = 1, 2, 3
"""Severities (Azure Monitor, alert severity)."""


@dataclass(frozen=True)
class Alarm:
    """One alarm on one metric."""

    label: str
    """Part of the alarm's name."""
    metric: str
    threshold: float
    description: str
    """What is wrong when it rings, and what to do."""
    severity: int = WARNING
    aggregation: str = "Maximum"


def managed_alarms(profile: AlarmProfile, purpose: Purpose, sku: str) -> Iterator[Alarm]:
    """The alarms of Azure Managed Redis.

    Metrics: Azure Monitor, supported metrics of Microsoft.Cache/redisEnterprise (2026-07).
    """
    if profile is AlarmProfile.OFF:
        return
    yield from _memory(purpose)
    yield Alarm(
        "processor",
        "percentProcessorTime",
        80,
        "The processor is busy: look for slow commands, or choose a larger size.",
    )
    if profile is AlarmProfile.BASIC:
        return
    size = sizes.named(sku)
    if size is not None and size.max_connections:
        yield _connections(size.max_connections)
    if purpose is not Purpose.CACHE:
        yield _evictions()


def classic_alarms(profile: AlarmProfile, purpose: Purpose, sku: str) -> Iterator[Alarm]:
    """The alarms of a classic cache.

    Metrics and thresholds: Azure Monitor baseline alerts for Microsoft.Cache/Redis (2026-05).
    """
    if profile is AlarmProfile.OFF:
        return
    yield from _memory(purpose)
    yield Alarm(
        "processor",
        "serverLoad",
        85,
        "The server is busy and answers slowly: look for slow commands, or choose a larger size.",
        aggregation="Average",
    )
    yield Alarm(
        "errors",
        "errors",
        0,
        "The cache reports errors of its own: look at its health in Azure.",
        severity=INFORMATIONAL,
    )
    if profile is AlarmProfile.BASIC:
        return
    yield _connections(sizes.CLASSIC_CONNECTIONS[sku.partition("_")[2]])
    yield Alarm(
        "latency",
        "cacheLatency",
        10_000,
        "Answers take more than 10 ms inside the cache: look for slow commands.",
        aggregation="Average",
    )
    if purpose is not Purpose.CACHE:
        yield _evictions()


def _memory(purpose: Purpose) -> Iterator[Alarm]:
    if purpose is Purpose.CACHE:
        # A cache that evicts is full as a rule: what it evicts can be computed again.
        return
    for label, threshold, severity in (("memory", 80, WARNING), ("memory-full", 90, ERROR)):
        yield Alarm(
            label,
            "usedmemorypercentage",
            threshold,
            "Data fill the memory: writes will be refused or entries evicted. Raise memoryGb.",
            severity,
        )


def _connections(limit: int) -> Alarm:
    return Alarm(
        "connections",
        "connectedclients",
        limit * 0.8,
        "Connections come near their limit: look for a client without a pool.",
    )


def _evictions() -> Alarm:
    return Alarm(
        "evictions",
        "evictedkeys",
        0,
        "Entries are dropped that should have stayed: raise memoryGb.",
        severity=INFORMATIONAL,
        aggregation="Total",
    )


def profile(site: Site) -> AlarmProfile:
    """Which alarms watch the cache."""
    return site.given.alarms.profile or ALARM_PROFILE[site.cache.environment]


def declare(
    site: Site, cache_id: pulumi.Input[str], wanted: Iterator[Alarm]
) -> list[monitor.MetricAlert]:
    """The alarms as resources. cache_id: resource id of what has the metrics."""
    return [
        monitor.MetricAlert(
            f"{site.name}-{alarm.label}",
            rule_name=site.named(alarm.label),
            resource_group_name=site.group,
            # The provider would put it into the stack's region, where there are none.
            location="global",
            description=alarm.description,
            severity=alarm.severity,
            enabled=True,
            scopes=[cache_id],
            window_size=WINDOW,
            evaluation_frequency=FREQUENCY,
            auto_mitigate=True,
            # Not as a dictionary: the SDK would send its keys as they are written here.
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type=CRITERIA,
                all_of=[
                    monitor.MetricCriteriaArgs(
                        criterion_type="StaticThresholdCriterion",
                        name=alarm.label,
                        metric_name=alarm.metric,
                        operator="GreaterThan",
                        threshold=alarm.threshold,
                        time_aggregation=alarm.aggregation,
                    )
                ],
            ),
            actions=[{"action_group_id": group} for group in site.given.alarms.notify],
            tags=site.tags,
            opts=site.child(),
        )
        for alarm in wanted
    ]
