"""Azure Cache for Redis: `redisConfiguration`, a map of texts with rules of its own."""

from cloud.azure.arm import Body

from .refusals import bad_request

POLICIES = frozenset(
    {
        "volatile-lru", "allkeys-lru", "volatile-random", "allkeys-random", "volatile-ttl",
        "noeviction", "volatile-lfu", "allkeys-lfu",
    }
)  # fmt: skip
MINUTES = frozenset({"15", "30", "60", "360", "720", "1440"})
SWITCHES = ("rdb-backup-enabled", "aof-backup-enabled", "authnotrequired", "aad-enabled")
NUMBERS = (
    "maxfragmentationmemory-reserved", "maxmemory-reserved", "maxmemory-delta",
    "rdb-backup-max-snapshot-count",
)  # fmt: skip
RESERVED = ("maxmemory-reserved", "maxmemory-delta", "maxfragmentationmemory-reserved")
KNOWN = frozenset(
    {
        *SWITCHES, *NUMBERS, "rdb-backup-frequency", "rdb-storage-connection-string",
        "aof-storage-connection-string-0", "aof-storage-connection-string-1", "maxmemory-policy",
        "notify-keyspace-events", "preferred-data-persistence-auth-method",
        "storage-subscription-id",
    }
)  # fmt: skip


def check_settings(tier: str, settings: Body) -> None:
    """Refuses settings that the service does not know, or not for this tier. Raises ArmError."""
    for name in settings:
        if name not in KNOWN:
            bad_request(f"The setting '{name}' is not known, or cannot be set.")
    _check_values(settings)
    basic = (*RESERVED, "notify-keyspace-events") if tier == "Basic" else ()
    for name in basic:
        if name in settings:
            bad_request(f"The setting '{name}' is not allowed on 'Basic' cache instances.")
    _check_persistence(settings)


def _check_values(settings: Body) -> None:
    for name in SWITCHES:
        if settings.get(name, "false") not in {"true", "false"}:
            bad_request(f"The value '{settings[name]}' of '{name}' is not true or false.")
    for name in NUMBERS:
        if not settings.get(name, "0").isdigit():
            bad_request(f"The value '{settings[name]}' of '{name}' is not a number.")
    policy = settings.get("maxmemory-policy", "volatile-lru")
    if policy not in POLICIES:
        bad_request(f"The value '{policy}' of 'maxmemory-policy' is not supported.")
    strange = set(settings.get("notify-keyspace-events", "")) - set("KEg$lshzxetdmA")
    if strange:
        bad_request(f"The value of 'notify-keyspace-events' has unknown letters: {strange}.")


def _check_persistence(settings: Body) -> None:
    rdb = settings.get("rdb-backup-enabled") == "true"
    aof = settings.get("aof-backup-enabled") == "true"
    method = settings.get("preferred-data-persistence-auth-method", "SAS")
    if method not in {"SAS", "ManagedIdentity"}:
        bad_request(
            "The value of 'preferred-data-persistence-auth-method' is not SAS or ManagedIdentity: "
            f"'{method}'."
        )
    if rdb and aof:
        bad_request("RDB and AOF persistence cannot be enabled together.")
    frequency = settings.get("rdb-backup-frequency")
    if frequency is not None and frequency not in MINUTES:
        bad_request(
            f"The value '{frequency}' of 'rdb-backup-frequency' is not one of 15, 30, 60, 360, 720 "
            "and 1440."
        )
    if rdb and not frequency:
        bad_request("RDB persistence needs the setting 'rdb-backup-frequency'.")
    if method == "ManagedIdentity":
        if (rdb or aof) and not settings.get("storage-subscription-id"):
            bad_request("Persistence with ManagedIdentity needs 'storage-subscription-id'.")
    elif rdb and not settings.get("rdb-storage-connection-string"):
        bad_request("RDB persistence needs the setting 'rdb-storage-connection-string'.")
    elif aof and not settings.get("aof-storage-connection-string-0"):
        bad_request("AOF persistence needs the setting 'aof-storage-connection-string-0'.")
