"""The alarms of a cache: which metric, which threshold, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from secure_redis.settings import ALARM_PROFILE, AlarmProfile, Purpose

from . import plan
from .settings import Durability
from .site import Site
from .sizes import MAX_CONNECTIONS, burstable, maxmemory, vcpus

NAMESPACE = "AWS/ElastiCache"
NODE_DIMENSION = "CacheClusterId"
SERVERLESS_DIMENSION = "clusterId"
"""The dimension's name in CloudWatch; the API's own name of a serverless cache finds no data."""

MINUTE = 60
"""Seconds between two values of a metric."""

MIB = 1024**2
GB = 1000**3


@dataclass(frozen=True)
class Alarm:
    """One alarm on one metric."""

    label: str
    """Part of the alarm's logical name."""
    metric: str
    threshold: float
    description: str
    """What is wrong when it rings, and what to do."""
    statistic: str = "Average"
    below: bool = False
    """Whether it rings below the threshold, not above."""
    minutes: int = 5
    """For how long the metric must be beyond the threshold."""


def node_alarms(
    profile: AlarmProfile, purpose: Purpose, node_type: str, *, replicas: bool
) -> Iterator[Alarm]:
    """The alarms of one node.

    Thresholds: ElastiCache User Guide, which metrics should I monitor.
    """
    if profile is AlarmProfile.OFF:
        return
    yield _processor(node_type)
    yield Alarm(
        "memory",
        "FreeableMemory",
        min(100 * MIB, maxmemory(node_type) // 10),
        "The node runs out of memory: choose a larger node type.",
        below=True,
    )
    yield Alarm(
        "swap",
        "SwapUsage",
        50 * MIB,
        "The node swaps and answers slowly: choose a larger node type.",
    )
    yield _failed_logins()
    if purpose is not Purpose.CACHE:
        # A cache that evicts is full as a rule; for the others full means refused writes.
        yield Alarm(
            "data",
            "DatabaseMemoryUsagePercentage",
            80,
            "Data fill the memory: writes will be refused or entries evicted. Raise memoryGb.",
        )
    if profile is AlarmProfile.BASIC:
        return
    yield from _full(purpose, replicas=replicas)
    if burstable(node_type):
        yield Alarm(
            "credits",
            "CPUCreditBalance",
            20,
            "The processor's credits run out: it will be slowed down. Choose an m or r node type.",
            statistic="Minimum",
            below=True,
            minutes=15,
        )


def durability_alarms(profile: AlarmProfile) -> Iterator[Alarm]:
    """The further alarms of a node whose writes are durable (Valkey 9.0 and later)."""
    if profile is AlarmProfile.OFF:
        return
    yield Alarm(
        "durability-lag",
        "DurabilityLag",
        8000,
        "Acknowledged writes reach the log more than 8 seconds late: lower the load.",
        statistic="Maximum",
    )
    yield Alarm(
        "durability-buffer",
        "DurabilityBufferExceededErrorCount",
        0,
        "Writes are refused because the durable log cannot keep up: lower the load.",
        statistic="Sum",
    )


def _full(purpose: Purpose, *, replicas: bool) -> Iterator[Alarm]:
    if purpose is not Purpose.CACHE:
        yield Alarm(
            "evictions",
            "Evictions",
            0,
            "Entries are dropped that should have stayed: raise memoryGb.",
            statistic="Sum",
        )
    yield Alarm(
        "connections",
        "CurrConnections",
        MAX_CONNECTIONS * 0.8,
        "Connections come near their limit: look for a client without a pool.",
        statistic="Maximum",
    )
    if replicas:
        yield Alarm(
            "replication",
            "ReplicationLag",
            5,
            "A replica is more than 5 seconds behind: a failover would lose that much.",
            statistic="Maximum",
        )
    for label, metric in _REFUSED.items():
        yield Alarm(
            label,
            metric,
            0,
            "A client tries what its user may not do: look into its code, or for an intruder.",
            statistic="Sum",
        )
    for label, metric in _NETWORK.items():
        yield Alarm(
            label,
            metric,
            0,
            "The node's network is at its limit and drops packets: choose a larger node type.",
            statistic="Sum",
        )


_REFUSED = {
    "commands-refused": "CommandAuthorizationFailures",
    "keys-refused": "KeyAuthorizationFailures",
}

_NETWORK = {
    "network-in": "NetworkBandwidthInAllowanceExceeded",
    "network-out": "NetworkBandwidthOutAllowanceExceeded",
    "network-connections": "NetworkConntrackAllowanceExceeded",
}


def serverless_alarms(
    profile: AlarmProfile, purpose: Purpose, storage_gb: int, ecpu_per_second: int
) -> Iterator[Alarm]:
    """The alarms of a serverless cache: at 80 % of its limits, and what it refuses."""
    if profile is AlarmProfile.OFF:
        return
    yield Alarm(
        "data",
        "BytesUsedForCache",
        0.8 * storage_gb * GB,
        "Data come near the limit: raise memoryGb or serverless.maxStorageGb.",
        statistic="Maximum",
    )
    yield _failed_logins()
    if profile is AlarmProfile.BASIC:
        return
    yield Alarm(
        "work",
        "ElastiCacheProcessingUnits",
        0.8 * ecpu_per_second * MINUTE,
        "Work comes near the limit: raise serverless.maxEcpuPerSecond.",
        statistic="Sum",
    )
    yield Alarm(
        "throttled",
        "ThrottledCmds",
        0,
        "Commands are refused because the work is at its limit: raise serverless.maxEcpuPerSecond.",
        statistic="Sum",
    )
    if purpose is not Purpose.CACHE:
        yield Alarm(
            "evictions",
            "Evictions",
            0,
            "Entries are dropped that should have stayed: raise memoryGb.",
            statistic="Sum",
        )


def _processor(node_type: str) -> Alarm:
    """The engine's own load says it best, but on two processors or fewer all of them count."""
    count = vcpus(node_type)
    text = "The processor is busy: look into the slow log, or choose a larger node type."
    if count < _MANY_PROCESSORS:
        return Alarm("processor", "CPUUtilization", 90 / count, text)
    return Alarm("processor", "EngineCPUUtilization", 90, text)


_MANY_PROCESSORS = 4


def _failed_logins() -> Alarm:
    return Alarm(
        "logins",
        "AuthenticationFailures",
        0,
        "A client fails to log in: it has an old password, or it is an intruder.",
        statistic="Sum",
    )


def node_numbers(shards: int | None, replicas: int) -> list[str]:
    """What follows the cache's id in the ids of its nodes (cluster mode: shard and node)."""
    nodes = [f"{node:03d}" for node in range(1, replicas + 2)]
    if shards is None:
        return nodes
    return [f"{shard:04d}-{node}" for shard in range(1, shards + 1) for node in nodes]


def alarms(site: Site, cache_id: pulumi.Output[str]) -> list[aws.cloudwatch.MetricAlarm]:
    """All alarms of a cache. cache_id: its id in ElastiCache."""
    cache, settings = site.cache, site.cache.aws
    profile = site.given.alarms.profile or ALARM_PROFILE[cache.environment]
    if settings.serverless:
        wanted = serverless_alarms(
            profile,
            cache.purpose,
            plan.storage_gb(cache),
            settings.serverless.max_ecpu_per_second,
        )
        return _declare(site, site.name, wanted, {SERVERLESS_DIMENSION: cache_id})
    node_type = plan.node_type_name(cache)
    durable = settings.durability not in {None, Durability.DISABLED}
    wanted = [
        *node_alarms(profile, cache.purpose, node_type, replicas=cache.replicas > 0),
        *(durability_alarms(profile) if durable else ()),
    ]
    return [
        alarm
        for number in node_numbers(settings.shards, cache.replicas)
        for alarm in _declare(
            site,
            f"{site.name}-{number}",
            wanted,
            # The service names the nodes after their group.
            {NODE_DIMENSION: pulumi.Output.concat(cache_id, "-", number)},
        )
    ]


def _declare(
    site: Site,
    label: str,
    wanted: Iterable[Alarm],
    dimensions: Mapping[str, pulumi.Input[str]],
) -> list[aws.cloudwatch.MetricAlarm]:
    notify = site.given.alarms.notify
    return [
        aws.cloudwatch.MetricAlarm(
            f"{label}-{alarm.label}",
            alarm_description=alarm.description,
            namespace=NAMESPACE,
            metric_name=alarm.metric,
            dimensions=dict(dimensions),
            statistic=alarm.statistic,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            threshold=alarm.threshold,
            period=MINUTE,
            evaluation_periods=alarm.minutes,
            datapoints_to_alarm=alarm.minutes if alarm.statistic != "Sum" else 1,
            # A metric that counts trouble has no values without trouble.
            treat_missing_data="notBreaching",
            alarm_actions=list(notify),
            ok_actions=list(notify),
            tags=site.tags,
            opts=site.child(),
        )
        for alarm in wanted
    ]
