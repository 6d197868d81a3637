"""Settings that only the Google Cloud target has."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from secure_redis.schema import Flag, Settings, Text, Whole, WiredText


class SnapshotPeriod(str, Enum):
    """How often Memorystore writes a snapshot (API PersistenceConfig.rdbSnapshotPeriod)."""

    ONE_HOUR = "ONE_HOUR"
    SIX_HOURS = "SIX_HOURS"
    TWELVE_HOURS = "TWELVE_HOURS"
    TWENTY_FOUR_HOURS = "TWENTY_FOUR_HOURS"


class Weekday(str, Enum):
    """A day of the week (API WeeklyMaintenanceWindow.day)."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class SecondaryRange(str, Enum):
    """Where read replicas that come later get addresses (API Instance.secondaryIpRange)."""

    AUTO = "auto"


class MaintenanceWindow(Settings):
    """A weekly hour in which Google may maintain a cache."""

    day: Weekday
    """Day of the week, such as SUNDAY."""
    hour: Annotated[Whole, Field(ge=0, le=23)]
    """Hour in which it begins, UTC."""


class KmsKey(Settings):
    """A key of yours for data at rest. `{}` makes one, and lets the service use it."""

    key_name: WiredText | None = None
    """Name of a key of Cloud KMS in the cache's region, which the service's own account may use,
    such as projects/shop-prod/locations/europe-west1/keyRings/redis/cryptoKeys/data."""


class GcpSettings(Settings):
    """One cache on Google Cloud."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "authEnabled": "logins are required, always",
        "connectMode": "private service access is the way in, always",
        "database": "database 0 is the only one that exists on every target: use key prefixes",
        "deletionProtection": "follows from protect",
        "location": "is the region of the stack: gcp:region",
        "port": "is Google's choice: 6378 of Redis with TLS, 6379 of Valkey",
        "redisConfigs": "is gcp.parameters here",
        "region": "is the region of the stack: gcp:region",
        "tier": "follows from replicas: BASIC without, STANDARD_HA with",
        "transitEncryptionMode": "TLS is on, always",
    }

    memory_size_gb: Annotated[Whole, Field(ge=1, le=300)] | None = None
    """Redis: memory in GiB that is paid for (API Instance.memorySizeGb). Default: the smallest of
    which 80 % hold memoryGb; 5 at least with readReplicas."""
    node_type: Annotated[Text, Field(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)+$")] | None = None
    """Valkey: type of the nodes, such as CUSTOM_MICRO, STANDARD_SMALL or HIGHMEM_MEDIUM. Default:
    the smallest that holds memoryGb; in production none without Google's guarantees."""
    engine_version: Text | None = None
    """Version without a patch level: 6.x, 7.0 or 7.2 of Redis, 7.2, 8.0 or 9.0 of Valkey. Default:
    7.2 of Redis, 8.0 of Valkey. It can be raised, never lowered."""
    shards: Annotated[Whole, Field(ge=1, le=250)] | None = None
    """Valkey: cluster mode with so many shards, replicas in each. Default: no cluster mode."""
    read_replicas: Flag | None = None
    """Redis: whether replicas answer reads, at an address of their own. It cannot be turned off
    again. Default: with two replicas or more."""
    secondary_range: SecondaryRange | None = None
    """Redis: `auto` lets Google choose addresses for the read replicas of a cache that had none.
    Needed by the change that turns them on, refused for a new cache."""
    zone: Text | None = None
    """Zone of the primary, such as europe-west1-b; of Valkey, the zone of all nodes. Default:
    Google chooses, and spreads. Changing it replaces the cache."""
    alternative_zone: Text | None = None
    """Redis: zone of the replica. Changing it replaces the cache."""
    snapshot_period: SnapshotPeriod = SnapshotPeriod.SIX_HOURS
    """With persistence rdb: ONE_HOUR, SIX_HOURS, TWELVE_HOURS or TWENTY_FOUR_HOURS."""
    backup_retention_days: Annotated[Whole, Field(ge=0, le=365)] | None = None
    """Valkey: days that daily backups are kept (API AutomatedBackupConfig.retention). Default: 7
    in production, else none."""
    maintenance_window: MaintenanceWindow | None = None
    """When Google may maintain the cache. Default: in production Sundays at 3, else any time."""
    parameters: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Further parameters of the engine, such as `notify-keyspace-events: Ex`."""
    customer_managed_key: KmsKey | None = None
    """A key of yours for data at rest; `{}` makes one. Default: a key of Google. Changing it
    replaces the cache."""
    principals: list[WiredText] = Field(default_factory=list[Any])
    """Valkey: who may log in, such as serviceAccount:shop@shop-prod.iam.gserviceaccount.com;
    service accounts and users."""
    secret_locations: list[Text] = Field(default_factory=list[Any])
    """Regions that keep the secrets. Default: Google chooses. Changing them makes the secrets
    anew."""
    secret_key_name: WiredText | None = None
    """Name of a key of Cloud KMS for the secrets: one in `global`, or in the only one of
    secretLocations. Secret Manager's own account must be allowed to use it. Default: a key of
    Google."""
    secret_destroy_delay_days: Annotated[Whole, Field(ge=0, le=1000)] | None = None
    """Days in which an old version of a secret can be restored (API Secret.versionDestroyTtl).
    Default: 30 in production, else 0."""
    enable_apis: Flag = False
    """Whether the APIs that the cache needs are turned on in the project. They stay on."""
