"""The alarms of a cache: which metric, which threshold, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from secure_redis.settings import ALARM_PROFILE, AlarmProfile, Arguments, Purpose

from . import plan, versions
from .site import Site

REDIS, VALKEY = "redis.googleapis.com", "memorystore.googleapis.com/instance"
"""Where the metrics are (Cloud Monitoring, Google Cloud metrics)."""

PERIOD = "300s"
"""Time over which values of a metric become one (API Aggregation.alignmentPeriod)."""

AUTO_CLOSE = "604800s"
"""When an incident ends that nothing is heard of any more (API AlertStrategy.autoClose)."""


@dataclass(frozen=True)
class Alarm:
    """One alarm on one metric. It rings above the threshold."""

    label: str
    """Part of the alarm's logical name."""
    metric: str
    threshold: float
    description: str
    """What is wrong when it rings, and what to do."""
    aligner: str = "ALIGN_MEAN"
    """How values within the period become one (API Aggregation.Aligner)."""
    per_node: bool = False
    """Whether the values of a node are added up: they come one for each kind of work."""
    severity: str = "WARNING"


def redis_alarms(
    profile: AlarmProfile, purpose: Purpose, most_connections: int, *, replicas: int
) -> Iterator[Alarm]:
    """The alarms of Memorystore for Redis.

    Metrics and most thresholds: Google's own alert policies for Memorystore
    (monitoring-dashboard-samples, google-cloud-redis).
    """
    if profile is AlarmProfile.OFF:
        return
    yield Alarm(
        "memory",
        f"{REDIS}/stats/memory/system_memory_usage_ratio",
        0.8,
        "The server runs out of memory: lower the load of writes, or raise memoryGb.",
        severity="ERROR",
    )
    yield Alarm(
        "processor",
        f"{REDIS}/stats/cpu_utilization_main_thread",
        0.9,
        "The one thread that answers is busy: look for slow commands, or read from replicas.",
        aligner="ALIGN_RATE",
        per_node=True,
    )
    if purpose is not Purpose.CACHE:
        # A cache that evicts is full as a rule: what it evicts can be computed again.
        yield Alarm(
            "data",
            f"{REDIS}/stats/memory/usage_ratio",
            0.9,
            "Data fill the memory: writes will be refused or entries evicted. Raise memoryGb.",
        )
    if profile is AlarmProfile.BASIC:
        return
    yield Alarm(
        "connections",
        f"{REDIS}/clients/connected",
        most_connections * 0.8,
        "Connections come near their limit: look for a client without a pool.",
        aligner="ALIGN_MAX",
    )
    yield Alarm(
        "rejected",
        f"{REDIS}/stats/reject_connections_count",
        0,
        "Connections were refused: look for a client without a pool.",
        aligner="ALIGN_DELTA",
    )
    if purpose is not Purpose.CACHE:
        yield Alarm(
            "evictions",
            f"{REDIS}/stats/evicted_keys",
            0,
            "Entries are dropped that should have stayed: raise memoryGb.",
            aligner="ALIGN_DELTA",
        )
    if replicas:
        yield Alarm(
            "failover",
            f"{REDIS}/replication/role",
            0,
            "The replica took over: clients had to connect anew, and the last writes may be lost.",
            aligner="ALIGN_STDDEV",
        )
        yield Alarm(
            "replication",
            f"{REDIS}/replication/master/slaves/lag",
            30,
            "A replica is half a minute behind: what it does not have is lost if it takes over.",
            aligner="ALIGN_MAX",
        )


def valkey_alarms(profile: AlarmProfile, purpose: Purpose) -> Iterator[Alarm]:
    """The alarms of Memorystore for Valkey.

    Metrics: Cloud Monitoring, Google Cloud metrics, memorystore.
    """
    if profile is AlarmProfile.OFF:
        return
    if purpose is not Purpose.CACHE:
        yield Alarm(
            "memory",
            f"{VALKEY}/memory/maximum_utilization",
            0.9,
            "Data fill the memory of a node: writes will be refused or entries evicted. Raise "
            "memoryGb.",
            severity="ERROR",
        )
    yield Alarm(
        "processor",
        f"{VALKEY}/cpu/maximum_utilization",
        0.9,
        "The processor of a node is busy: look for slow commands, or choose a larger node type.",
    )
    if profile is AlarmProfile.BASIC:
        return
    yield Alarm(
        "rejected",
        f"{VALKEY}/stats/total_rejected_connections_count",
        0,
        "Connections were refused: look for a client without a pool.",
        aligner="ALIGN_DELTA",
    )


def profile(given: Arguments) -> AlarmProfile:
    """Which alarms watch a cache."""
    return given.alarms.profile or ALARM_PROFILE[given.cache.environment]


def wanted(site: Site) -> Iterator[Alarm]:
    """The alarms that watch a cache."""
    cache, chosen = site.cache, profile(site.given)
    if plan.valkey(cache):
        return valkey_alarms(chosen, cache.purpose)
    most = versions.connections(plan.engine_version(cache), plan.memory_size_gb(cache))
    return redis_alarms(chosen, cache.purpose, most, replicas=cache.replicas)


def watched(cache_id: str, alarm: Alarm) -> str:
    """The filter of an alarm. cache_id: full name of the cache."""
    kind = "redis_instance"
    label = "instance_id"
    value = cache_id
    if alarm.metric.startswith(VALKEY):
        kind, value = "memorystore.googleapis.com/Instance", cache_id.rpartition("/")[2]
    return (
        f'resource.type = "{kind}" AND resource.labels.{label} = "{value}"'
        f' AND metric.type = "{alarm.metric}"'
    )


def declare(site: Site, cache_id: pulumi.Output[str]) -> list[gcp.monitoring.AlertPolicy]:
    """The alarms as resources. cache_id: full name of the cache."""
    return [
        gcp.monitoring.AlertPolicy(
            f"{site.name}-{alarm.label}",
            display_name=f"{site.stack} {site.name}: {alarm.label}",
            combiner="OR",
            conditions=[
                {
                    "display_name": alarm.label,
                    "condition_threshold": {
                        "filter": cache_id.apply(lambda known, of=alarm: watched(known, of)),
                        "comparison": "COMPARISON_GT",
                        "threshold_value": alarm.threshold,
                        "duration": "0s",
                        "aggregations": [_aggregation(alarm)],
                    },
                }
            ],
            alert_strategy={"auto_close": AUTO_CLOSE},
            documentation={"content": alarm.description, "mime_type": "text/markdown"},
            severity=alarm.severity,
            notification_channels=list(site.given.alarms.notify),
            user_labels=site.labels,
            opts=site.child(),
        )
        for alarm in wanted(site)
    ]


def _aggregation(alarm: Alarm) -> Any:
    summed = {
        "cross_series_reducer": "REDUCE_SUM",
        "group_by_fields": ["resource.label.instance_id", "resource.label.node_id"],
    }
    return {
        "alignment_period": PERIOD,
        "per_series_aligner": alarm.aligner,
        **(summed if alarm.per_node else {}),
    }
