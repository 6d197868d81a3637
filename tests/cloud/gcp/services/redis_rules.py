"""Memorystore for Redis: what of an instance must fit together, whatever network it is in."""

import re
from datetime import datetime
from typing import Any

from .refusals import check_labels, check_one, check_within, invalid

Body = dict[str, Any]

NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
VERSIONS = ("REDIS_3_2", "REDIS_4_0", "REDIS_5_0", "REDIS_6_X", "REDIS_7_0", "REDIS_7_2")
"""Versions, the oldest first."""
DEFAULT_VERSION = "REDIS_7_2"
SIZES = range(1, 301)
SMALLEST_WITH_REPLICAS = 5
REPLICAS = range(1, 6)
DEFAULT_REPLICAS = 2
DESCRIPTION = 512

POLICIES = {
    "noeviction": 0, "allkeys-lru": 0, "allkeys-lfu": 1, "allkeys-random": 0, "volatile-lru": 0,
    "volatile-lfu": 1, "volatile-random": 0, "volatile-ttl": 0,
}  # fmt: skip
"""What may be evicted, and the place in VERSIONS from which on there is such a policy."""
EVENTS = frozenset("KEg$lshzxeAtdmn")
SWITCHES = {
    "activedefrag": 1,
    "lazyfree-lazy-eviction": 4,
    "lazyfree-lazy-expire": 4,
    "lazyfree-lazy-user-del": 4,
    "lazyfree-lazy-user-flush": 4,
}
"""Settings that are yes or no, with the version from which on they are known."""
NUMBERS: dict[str, tuple[int, int, int]] = {
    "lfu-decay-time": (1, 1, 2**63 - 1),
    "lfu-log-factor": (1, 1, 2**63 - 1),
    "stream-node-max-bytes": (2, 0, 2**63 - 1),
    "stream-node-max-entries": (2, 0, 2**63 - 1),
    "databases": (0, 1, 100),
}
"""Settings that are whole numbers: the version, and between what."""


def check_name(name: str) -> None:
    """1 to 40 lowercase letters, digits and hyphens."""
    if not NAME.fullmatch(name):
        invalid(
            f"Invalid instance id '{name}': it must be 1-40 lowercase letters, numbers and "
            "hyphens, begin with a letter and end with a letter or number.",
            "instance_id",
            name,
        )


def check_instance(body: Body, location: str) -> None:
    """What is asked for, by itself. Raises GoogleError."""
    if body.get("tier") not in {"BASIC", "STANDARD_HA"}:
        invalid("You must specify a tier.", "instance.tier", body.get("tier", ""))
    check_size(body)
    check_version(body)
    check_replicas(body)
    _check_zones(body, location)
    check_persistence(body.get("persistenceConfig") or {})
    check_maintenance(body)
    check_configs(body)
    check_labels(body.get("labels") or {}, "instance.labels")


def check_size(body: Body) -> None:
    """Between 1 and 300 GiB."""
    size = body.get("memorySizeGb", 0)
    if size not in SIZES:
        invalid(
            f"Memory size must be between {SIZES[0]} GB and {SIZES[-1]} GB.",
            "instance.memory_size_gb",
            size,
        )


def check_version(body: Body) -> None:
    """One of those that there are."""
    version = body.get("redisVersion")
    if version is not None and version not in VERSIONS:
        invalid(f"Invalid redis version: {version}.", "instance.redis_version", version)


def check_replicas(body: Body) -> None:
    """Read replicas and their number."""
    count = body.get("replicaCount")
    if body.get("readReplicasMode") != "READ_REPLICAS_ENABLED":
        if count:
            invalid(
                'Setting replica count requires read-replicas-mode to be "READ_REPLICAS_ENABLED"',
                "instance.replica_count",
                count,
            )
        return
    if body["tier"] != "STANDARD_HA":
        invalid(
            "Read replicas are only supported for the standard tier.",
            "instance.read_replicas_mode",
            body["readReplicasMode"],
        )
    if body["memorySizeGb"] < SMALLEST_WITH_REPLICAS:
        invalid(
            f"Read replicas require a memory size of at least {SMALLEST_WITH_REPLICAS} GB.",
            "instance.memory_size_gb",
            body["memorySizeGb"],
        )
    version = body.get("redisVersion", DEFAULT_VERSION)
    if VERSIONS.index(version) < VERSIONS.index("REDIS_5_0"):
        invalid(
            "Read replicas require Redis version 5.0 or newer.", "instance.redis_version", version
        )
    if count is not None:
        check_within("Replica count", count, REPLICAS, "instance.replica_count")


def _check_zones(body: Body, location: str) -> None:
    first, second = body.get("locationId"), body.get("alternativeLocationId")
    for field, zone in (("location_id", first), ("alternative_location_id", second)):
        if zone is not None and not re.fullmatch(rf"{re.escape(location)}-[a-z]", zone):
            invalid(f"Zone {zone} is not in region {location}.", f"instance.{field}", zone)
    if second is None:
        return
    field = "instance.alternative_location_id"
    if body["tier"] != "STANDARD_HA":
        invalid("alternative_location_id is only supported for STANDARD_HA.", field, second)
    if second == first:
        invalid("alternative_location_id must be different from location_id.", field, second)


def check_persistence(config: Body) -> None:
    """Snapshots, or none."""
    mode = config.get("persistenceMode", "DISABLED")
    if mode == "RDB":
        if not config.get("rdbSnapshotPeriod"):
            config["rdbSnapshotPeriod"] = "TWENTY_FOUR_HOURS"
        check_time(config.get("rdbSnapshotStartTime"), "rdb_snapshot_start_time")
        return
    if config.get("rdbSnapshotPeriod"):
        invalid(
            "RDB snapshot period requires persistence mode RDB.",
            "instance.persistence_config.rdb_snapshot_period",
            config["rdbSnapshotPeriod"],
        )
    # The provider sends back the time that it read.
    config.pop("rdbSnapshotStartTime", None)


def check_time(text: str | None, field: str) -> None:
    """A moment with its zone."""
    if text is None:
        return
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        invalid(
            f"Invalid value at '{field}' (type.googleapis.com/google.protobuf.Timestamp), Field "
            f"'{field}', Illegal timestamp format; timestamps must end with 'Z' or have a valid "
            "timezone offset.",
            field,
            text,
        )


def check_maintenance(body: Body) -> None:
    """One window a week."""
    policy = body.get("maintenancePolicy")
    if policy is None:
        return
    field = "instance.maintenance_policy"
    if len(policy.get("description", "")) > DESCRIPTION:
        invalid(
            f"The description of a maintenance policy must not exceed {DESCRIPTION} characters.",
            f"{field}.description",
            policy["description"],
        )
    windows = policy.get("weeklyMaintenanceWindow", [])
    check_one(windows, f"{field}.weekly_maintenance_window")
    check_window(windows[0], f"{field}.weekly_maintenance_window")


def check_window(window: Body, field: str) -> None:
    """A day of the week and a time of day."""
    day = window.get("day", "DAY_OF_WEEK_UNSPECIFIED")
    if day == "DAY_OF_WEEK_UNSPECIFIED":
        invalid("The day of a maintenance window must be specified.", f"{field}.day", day)
    if "startTime" not in window:
        invalid("The start time of a maintenance window must be specified.", field, "")
    for part, most in (("hours", 23), ("minutes", 59), ("seconds", 59), ("nanos", 999_999_999)):
        value = window["startTime"].get(part, 0)
        if not 0 <= value <= most:
            invalid(
                f"The {part} of a start time must be between 0 and {most}.",
                f"{field}.start_time.{part}",
                value,
            )


def check_configs(body: Body) -> None:
    """Settings of the server that can be changed, with values that the version takes."""
    version = VERSIONS.index(body.get("redisVersion", DEFAULT_VERSION))
    for key, value in (body.get("redisConfigs") or {}).items():
        _check_config(key, value, version, body["memorySizeGb"])


def _check_config(key: str, value: str, version: int, size: int) -> None:
    since = _since(key, value)
    if since is None:
        invalid(f"Unsupported Redis config: {key}.", "instance.redis_configs", key)
    if key == "maxmemory-gb":
        _check_maxmemory(value, size)
    elif not _fits(key, value):
        _bad_value(key, value)
    if version < since:
        invalid(
            f"Redis config {key}={value} is not supported by {VERSIONS[version]}: it needs "
            f"{VERSIONS[since]} or newer.",
            "instance.redis_configs",
            key,
        )


def _since(key: str, value: str) -> int | None:
    """The place in VERSIONS from which on a setting is known; None for one that is not."""
    if key in NUMBERS:
        return NUMBERS[key][0]
    return {
        "maxmemory-policy": POLICIES.get(value, 0),
        "maxmemory-gb": 1,
        "maxmemory-clients": 4,
        "notify-keyspace-events": 0,
        **SWITCHES,
    }.get(key)


def _fits(key: str, value: str) -> bool:
    if key in NUMBERS:
        _, low, high = NUMBERS[key]
        return re.fullmatch(r"\d{1,19}", value) is not None and low <= int(value) <= high
    if key in SWITCHES:
        return value in {"yes", "no"}
    if key == "maxmemory-policy":
        return value in POLICIES
    if key == "maxmemory-clients":
        return re.fullmatch(r"(100|[1-9]?[0-9])%", value) is not None
    return not set(value) - EVENTS


def _check_maxmemory(value: str, size: int) -> None:
    if not re.fullmatch(r"\d+(\.\d+)?", value):
        _bad_value("maxmemory-gb", value)
    if not 0.2 * size <= float(value) <= size:
        invalid(
            f"maxmemory-gb must be between 20% and 100% of the instance's capacity of {size} GB: "
            f"{value}.",
            "instance.redis_configs",
            value,
        )


def _bad_value(key: str, value: str) -> None:
    invalid(f"Invalid value for Redis config {key}: '{value}'.", "instance.redis_configs", value)
