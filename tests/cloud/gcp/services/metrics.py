"""Metrics of the caches: on which resource they are, of which kind their points are.

Transcribed from Google's list of metrics of Memorystore.
"""

from dataclasses import dataclass

REDIS, CLUSTER, VALKEY = (
    "redis_instance",
    "redis.googleapis.com/Cluster",
    ("memorystore.googleapis.com/Instance"),
)


@dataclass(frozen=True)
class Metric:
    """What is measured."""

    resource: str
    kind: str
    """GAUGE, DELTA or CUMULATIVE."""
    value: str
    """BOOL, INT64, DOUBLE or DISTRIBUTION."""
    labels: frozenset[str] = frozenset()


def _redis(kind: str, value: str, *labels: str) -> Metric:
    return Metric(REDIS, kind, value, frozenset(labels))


METRICS: dict[str, Metric] = {
    **{
        f"redis.googleapis.com/{name}": metric
        for name, metric in {
            "clients/blocked": _redis("GAUGE", "INT64"),
            "clients/connected": _redis("GAUGE", "INT64", "role"),
            "commands/calls": _redis("DELTA", "INT64", "cmd", "role"),
            "keyspace/keys": _redis("GAUGE", "INT64", "db", "role"),
            "keyspace/keys_with_expiration": _redis("GAUGE", "INT64", "db", "role"),
            "persistence/rdb/bgsave_in_progress": _redis("GAUGE", "BOOL", "role"),
            "rdb/snapshot/attempt_count": _redis("DELTA", "INT64", "status_code"),
            "rdb/snapshot/last_status": _redis("GAUGE", "INT64", "status_code"),
            "rdb/snapshot/last_success_age": _redis("GAUGE", "INT64"),
            "replication/master/slaves/lag": _redis("GAUGE", "INT64", "replica_ip", "replica_port"),
            "replication/master/slaves/offset": _redis(
                "GAUGE", "INT64", "replica_ip", "replica_port"
            ),
            "replication/offset_diff": _redis("GAUGE", "INT64"),
            "replication/role": _redis("GAUGE", "INT64", "role"),
            "server/uptime": _redis("GAUGE", "INT64", "role"),
            "stats/cache_hit_ratio": _redis("GAUGE", "DOUBLE", "role"),
            "stats/connections/total": _redis("DELTA", "INT64", "role"),
            "stats/cpu_utilization": _redis("DELTA", "DOUBLE", "relationship", "space", "role"),
            "stats/cpu_utilization_main_thread": _redis(
                "DELTA", "DOUBLE", "relationship", "space", "role"
            ),
            "stats/evicted_keys": _redis("DELTA", "INT64", "role"),
            "stats/expired_keys": _redis("DELTA", "INT64", "role"),
            "stats/keyspace_hits": _redis("DELTA", "INT64", "role"),
            "stats/keyspace_misses": _redis("DELTA", "INT64", "role"),
            "stats/memory/maxmemory": _redis("GAUGE", "INT64", "role"),
            "stats/memory/system_memory_overload_duration": _redis("DELTA", "INT64", "role"),
            "stats/memory/system_memory_usage_ratio": _redis("GAUGE", "DOUBLE", "role"),
            "stats/memory/usage": _redis("GAUGE", "INT64", "role"),
            "stats/memory/usage_ratio": _redis("GAUGE", "DOUBLE", "role"),
            "stats/network_traffic": _redis("DELTA", "INT64", "direction", "role"),
            "stats/reject_connections_count": _redis("DELTA", "INT64", "role"),
        }.items()
    },
    **{
        f"redis.googleapis.com/cluster/{name}": Metric(CLUSTER, kind, value)
        for name, kind, value in (
            ("memory/maximum_utilization", "GAUGE", "DOUBLE"),
            ("memory/average_utilization", "GAUGE", "DOUBLE"),
            ("cpu/maximum_utilization", "GAUGE", "DOUBLE"),
            ("cpu/average_utilization", "GAUGE", "DOUBLE"),
            ("clients/maximum_connected_clients", "GAUGE", "INT64"),
            ("stats/total_rejected_connections_count", "DELTA", "INT64"),
            ("stats/total_evicted_keys_count", "DELTA", "INT64"),
            ("security/rotate_tls_cert_count", "DELTA", "INT64"),
        )
    },
    **{
        f"memorystore.googleapis.com/instance/{name}": Metric(VALKEY, kind, value)
        for name, kind, value in (
            ("memory/maximum_utilization", "GAUGE", "DOUBLE"),
            ("memory/average_utilization", "GAUGE", "DOUBLE"),
            ("cpu/maximum_utilization", "GAUGE", "DOUBLE"),
            ("cpu/average_utilization", "GAUGE", "DOUBLE"),
            ("clients/maximum_connected_clients", "GAUGE", "INT64"),
            ("clients/average_connected_clients", "GAUGE", "INT64"),
            ("replication/maximum_ack_lag", "GAUGE", "DOUBLE"),
            ("replication/maximum_offset_diff", "GAUGE", "INT64"),
            ("stats/total_rejected_connections_count", "DELTA", "INT64"),
            ("stats/total_evicted_keys_count", "DELTA", "INT64"),
            ("stats/total_expired_keys_count", "DELTA", "INT64"),
            ("security/rotate_tls_cert_count", "DELTA", "INT64"),
        )
    },
}
"""Metrics by their type."""

RESOURCE_LABELS: dict[str, frozenset[str]] = {
    REDIS: frozenset({"project_id", "region", "instance_id", "node_id"}),
    CLUSTER: frozenset({"resource_container", "location", "cluster_id"}),
    VALKEY: frozenset({"resource_container", "location", "instance_id"}),
}
"""Labels of the monitored resources, by type."""

NUMBERS = frozenset({"INT64", "DOUBLE"})
ALIGNERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "ALIGN_DELTA": (frozenset({"CUMULATIVE", "DELTA"}), NUMBERS | {"DISTRIBUTION"}),
    "ALIGN_RATE": (frozenset({"CUMULATIVE", "DELTA"}), NUMBERS),
    "ALIGN_INTERPOLATE": (frozenset({"GAUGE"}), NUMBERS),
    "ALIGN_NEXT_OLDER": (frozenset({"GAUGE"}), NUMBERS | {"BOOL", "DISTRIBUTION"}),
    "ALIGN_MIN": (frozenset({"GAUGE", "DELTA"}), NUMBERS),
    "ALIGN_MAX": (frozenset({"GAUGE", "DELTA"}), NUMBERS),
    "ALIGN_MEAN": (frozenset({"GAUGE", "DELTA"}), NUMBERS),
    "ALIGN_COUNT": (frozenset({"GAUGE", "DELTA"}), NUMBERS | {"BOOL"}),
    "ALIGN_SUM": (frozenset({"GAUGE", "DELTA"}), NUMBERS | {"DISTRIBUTION"}),
    "ALIGN_STDDEV": (frozenset({"GAUGE", "DELTA"}), NUMBERS),
    "ALIGN_COUNT_TRUE": (frozenset({"GAUGE"}), frozenset({"BOOL"})),
    "ALIGN_COUNT_FALSE": (frozenset({"GAUGE"}), frozenset({"BOOL"})),
    "ALIGN_FRACTION_TRUE": (frozenset({"GAUGE"}), frozenset({"BOOL"})),
    "ALIGN_PERCENTILE_99": (frozenset({"GAUGE", "DELTA"}), frozenset({"DISTRIBUTION"})),
    "ALIGN_PERCENTILE_95": (frozenset({"GAUGE", "DELTA"}), frozenset({"DISTRIBUTION"})),
    "ALIGN_PERCENTILE_50": (frozenset({"GAUGE", "DELTA"}), frozenset({"DISTRIBUTION"})),
    "ALIGN_PERCENTILE_05": (frozenset({"GAUGE", "DELTA"}), frozenset({"DISTRIBUTION"})),
    "ALIGN_PERCENT_CHANGE": (frozenset({"GAUGE", "DELTA"}), NUMBERS),
}
"""To which kinds and values of metrics an aligner can be applied, as Monitoring's API says it."""
