"""Memorystore for Valkey: what of an instance must fit together, whatever network it is in."""

import re
from typing import Any

from .redis_rules import EVENTS, POLICIES, check_time, check_window
from .refusals import check_labels, check_one, check_within, invalid

Body = dict[str, Any]

NAME = re.compile(r"[a-z0-9][a-z0-9-]{2,61}[a-z0-9]")
VERSIONS = ("VALKEY_7_2", "VALKEY_8_0", "VALKEY_9_0", "VALKEY_9_1")
"""Versions, the oldest first."""
DEFAULT_VERSION = "VALKEY_8_0"
SIZES = {
    "SHARED_CORE_NANO": 1.4,
    "CUSTOM_PICO": 1.0,
    "CUSTOM_MICRO": 2.0,
    "CUSTOM_MINI": 3.0,
    "STANDARD_SMALL": 6.5,
    "STANDARD_LARGE": 13.0,
    "HIGHCPU_MEDIUM": 6.5,
    "HIGHMEM_MEDIUM": 13.0,
    "HIGHMEM_XLARGE": 58.0,
    "HIGHMEM_2XLARGE": 116.0,
}
"""Memory of a node in GB, by its type."""
DEFAULT_NODE = "HIGHMEM_MEDIUM"
SHARDS = range(1, 251)
REPLICAS = range(6)
DAY, YEAR = 86_400, 31_536_000
DEFAULT_RETENTION = "3024000s"
UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 2**10, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}
PRODUCT = "memorystore.googleapis.com/Instance"


def check_name(name: str) -> None:
    """4 to 63 lowercase letters, digits and hyphens."""
    if not NAME.fullmatch(name):
        invalid(
            f"Invalid instance id '{name}': it must be 4-63 lowercase letters, digits and hyphens, "
            "begin with a letter or digit, and not end with a hyphen.",
            "instance_id",
            name,
        )


def check_instance(body: Body, location: str) -> None:
    """What is asked for, by itself. Raises GoogleError."""
    _check_topology(body)
    check_version(body)
    check_node(body)
    _check_zones(body, location)
    check_persistence(body.get("persistenceConfig") or {})
    check_backups(body.get("automatedBackupConfig") or {})
    check_maintenance(body)
    check_configs(body)
    _check_authority(body)
    _check_authorization(body)
    check_labels(body.get("labels") or {}, "instance.labels")


def _check_topology(body: Body) -> None:
    shards, replicas = body.get("shardCount", 0), body.get("replicaCount", 0)
    check_within("Shard count", shards, SHARDS, "instance.shard_count")
    if body.get("mode") == "CLUSTER_DISABLED" and shards != 1:
        invalid(
            "Shard count must be 1 when cluster mode is disabled.", "instance.shard_count", shards
        )
    check_within("Replica count", replicas, REPLICAS, "instance.replica_count")


def check_version(body: Body) -> None:
    """One of those that there are."""
    version = body.get("engineVersion")
    if version is not None and version not in VERSIONS:
        invalid(f"Invalid engine version: {version}.", "instance.engine_version", version)


def check_node(body: Body) -> None:
    """A type of node."""
    kind = body.get("nodeType", DEFAULT_NODE)
    if kind not in SIZES:
        invalid(f"Invalid node type: {kind}.", "instance.node_type", kind)


def _check_zones(body: Body, location: str) -> None:
    config = body.get("zoneDistributionConfig") or {}
    zone, single = config.get("zone"), config.get("mode") == "SINGLE_ZONE"
    field = "instance.zone_distribution_config.zone"
    if single and not zone:
        invalid("A zone must be specified for SINGLE_ZONE.", field, "")
    if zone and not single:
        invalid("A zone can only be specified for SINGLE_ZONE.", field, zone)
    if zone and not re.fullmatch(rf"{re.escape(location)}-[a-z]", zone):
        invalid(f"Zone {zone} is not in region {location}.", field, zone)


def check_persistence(config: Body) -> None:
    """Snapshots, a log of writes, or none; what is said of another mode is ignored."""
    mode = config.get("mode", "DISABLED")
    for name, needed in (("rdbConfig", "RDB"), ("aofConfig", "AOF")):
        if mode != needed:
            config.pop(name, None)
    if mode == "RDB":
        check_time(
            (config.get("rdbConfig") or {}).get("rdbSnapshotStartTime"), "rdb_snapshot_start"
        )


def check_backups(config: Body) -> None:
    """A backup a day, kept for one to 365 days."""
    if config.get("automatedBackupMode") != "ENABLED":
        return
    field = "instance.automated_backup_config"
    schedule = config.get("fixedFrequencySchedule") or {}
    if "startTime" not in schedule:
        invalid("The start time of automated backups must be set.", field, "")
    start = schedule["startTime"]
    if not 0 <= start.get("hours", 0) <= 23 or any(
        start.get(part) for part in ("minutes", "seconds", "nanos")
    ):
        invalid(
            "The start time of automated backups must be the start of an hour.",
            f"{field}.fixed_frequency_schedule.start_time",
            start,
        )
    retention = config.get("retention", DEFAULT_RETENTION)
    if not DAY <= float(retention.removesuffix("s")) <= YEAR:
        invalid(
            "The retention of automated backups must be between 1 day and 365 days.",
            f"{field}.retention",
            retention,
        )


def check_maintenance(body: Body) -> None:
    """One window a week."""
    policy = body.get("maintenancePolicy")
    if not policy:
        return
    field = "instance.maintenance_policy.weekly_maintenance_window"
    windows = policy.get("weeklyMaintenanceWindow", [])
    check_one(windows, field)
    check_window(windows[0], field)
    start = windows[0]["startTime"]
    if any(start.get(part) for part in ("minutes", "seconds", "nanos")):
        invalid("The start time of a maintenance window must be the start of an hour.", field, "")


def check_configs(body: Body) -> None:
    """Settings of the server that can be changed."""
    size = SIZES[body.get("nodeType", DEFAULT_NODE)]
    for key, value in (body.get("engineConfigs") or {}).items():
        good = {
            "maxmemory-policy": lambda text: text in POLICIES,
            "maxmemory": lambda text: _fits(text, size),
            "maxmemory-clients": lambda text: re.fullmatch(r"(100|[1-9]?[0-9])%", text),
            "maxclients": lambda text: re.fullmatch(r"[1-9]\d{0,5}", text),
            "notify-keyspace-events": lambda text: not set(text) - EVENTS,
        }.get(key)
        if good is None:
            invalid(f"Unsupported engine config: {key}.", "instance.engine_configs", key)
        if not good(value):
            invalid(
                f"Invalid value for engine config {key}: '{value}'.",
                "instance.engine_configs",
                value,
            )


def _fits(text: str, size: float) -> bool:
    """Whether an amount of memory with its unit is no more than a node has."""
    found = re.fullmatch(r"(\d+)(b|k|kb|m|mb|g|gb)?", text.lower())
    return bool(found) and 0 < int(found[1]) * UNITS[found[2] or ""] <= size * 2**30


def _check_authority(body: Body) -> None:
    mode, pool = body.get("serverCaMode"), body.get("serverCaPool")
    secure = body.get("transitEncryptionMode") == "SERVER_AUTHENTICATION"
    own = mode == "CUSTOMER_MANAGED_CAS_CA"
    if own and not pool:
        invalid(
            "server_ca_pool must be set for CUSTOMER_MANAGED_CAS_CA.", "instance.server_ca_pool"
        )
    if pool and not own:
        invalid(
            "server_ca_pool can only be set for CUSTOMER_MANAGED_CAS_CA.",
            "instance.server_ca_pool",
            pool,
        )
    if mode and not secure:
        invalid(
            "server_ca_mode can only be set with in-transit encryption.",
            "instance.server_ca_mode",
            mode,
        )


def _check_authorization(body: Body) -> None:
    """A token in plain text would be anybody's."""
    secure = body.get("transitEncryptionMode") == "SERVER_AUTHENTICATION"
    if body.get("authorizationMode") in {"IAM_AUTH", "TOKEN_AUTH"} and not secure:
        # Google's pages say that in-transit encryption is needed for it; no report of a refusal.
        invalid(
            f"{body['authorizationMode']} requires transit encryption mode SERVER_AUTHENTICATION.",
            "instance.authorization_mode",
            body["authorizationMode"],
        )
