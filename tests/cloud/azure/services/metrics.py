"""Which metrics and log categories Azure Monitor has of which resource type.

From Azure Monitor's reference of supported metrics and logs. The reference names the usual
aggregation of a metric; here a counter can only be summed up and a gauge never, because an alert
on the other one says nothing.
"""

from dataclasses import dataclass, field

GAUGE = frozenset({"Average", "Minimum", "Maximum"})
COUNTER = frozenset({"Total"})

_COUNTED = (
    "cachehits", "cachemisses", "evictedkeys", "expiredkeys", "getcommands", "setcommands",
    "totalcommandsprocessed",
)  # fmt: skip
_MEASURED = (
    "cacheLatency", "cacheRead", "cacheWrite", "connectedclients", "operationsPerSecond",
    "percentProcessorTime", "serverLoad", "totalkeys", "usedmemory", "usedmemorypercentage",
)  # fmt: skip


def _of(counted: tuple[str, ...], measured: tuple[str, ...]) -> dict[str, frozenset[str]]:
    return {**dict.fromkeys(counted, COUNTER), **dict.fromkeys(measured, GAUGE)}


@dataclass(frozen=True)
class Monitored:
    """What a resource type can tell about itself."""

    metrics: dict[str, frozenset[str]] = field(default_factory=dict)
    """Names, and the aggregations that an alert may ask of each."""
    dimensions: frozenset[str] = frozenset()
    logs: frozenset[str] = frozenset()
    """Categories of resource logs."""
    exports: bool = True
    """Whether a diagnostic setting may send its metrics on."""


MONITORED: dict[str, Monitored] = {
    "microsoft.cache/redisenterprise": Monitored(
        metrics=_of(_COUNTED, (*_MEASURED, "geoReplicationHealthy")),
        dimensions=frozenset({"InstanceId", "GeoReplicationHealthy"}),
    ),
    "microsoft.cache/redisenterprise/databases": Monitored(
        logs=frozenset({"ConnectionEvents"}), exports=False
    ),
    "microsoft.cache/redis": Monitored(
        metrics=_of(
            (*_COUNTED, *(f"all{name}" for name in _COUNTED)),
            (
                *_MEASURED, "errors", "usedmemoryRss", "cachemissrate", "LatencyP99",
                "GeoReplicationHealthy", "GeoReplicationConnectivityLag",
                "allcacheRead", "allcacheWrite", "allconnectedclients", "alloperationsPerSecond",
                "allpercentprocessortime", "allserverLoad", "alltotalkeys", "allusedmemory",
                "allusedmemorypercentage", "allusedmemoryRss", "allConnectionsClosedPerSecond",
                "allConnectionsCreatedPerSecond",
            ),
        ),
        dimensions=frozenset({"ShardId", "Port", "Primary", "Ssl", "ErrorType"}),
        logs=frozenset({"ConnectedClientList", "MSEntraAuthenticationAuditLog"}),
    ),
    "microsoft.keyvault/vaults": Monitored(
        metrics=_of(
            ("ServiceApiHit", "ServiceApiResult"),
            ("ServiceApiLatency", "Availability", "SaturationShoebox"),
        ),
        dimensions=frozenset({"ActivityType", "ActivityName", "StatusCode", "StatusCodeClass"}),
        logs=frozenset({"AuditEvent", "AzurePolicyEvaluationDetails"}),
    ),
}  # fmt: skip
"""By resource type in lower case. What is not here cannot be monitored in the fake cloud."""
