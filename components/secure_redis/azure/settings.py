"""Settings that only the Azure target has."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from secure_redis.schema import Day, Flag, Settings, Text, Whole, WiredText


class Auth(str, Enum):
    """How a client proves who it is."""

    KEYS = "keys"
    """With one of the cache's two access keys, as the password of the user `default`."""
    ENTRA = "entra"
    """With a short-lived token of Microsoft Entra ID: no key lets anybody in."""


class Key(str, Enum):
    """One of the two access keys."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def other(self) -> "Key":
        """The other one."""
        return Key.SECONDARY if self is Key.PRIMARY else Key.PRIMARY


class ClusteringPolicy(str, Enum):
    """How Azure Managed Redis spreads keys, and what clients must know of it."""

    NO_CLUSTER = "NoCluster"
    """Not at all: every client and every command works. Up to 24 GB."""
    ENTERPRISE_CLUSTER = "EnterpriseCluster"
    """Over shards behind one endpoint: ordinary clients work, but most commands with several keys
    only when all keys are in one slot."""
    OSS_CLUSTER = "OSSCluster"
    """Over shards that clients address themselves: cluster clients only."""


class SnapshotFrequency(str, Enum):
    """How often Azure Managed Redis writes a snapshot (API RdbFrequency)."""

    HOURLY = "1h"
    SIX_HOURS = "6h"
    TWELVE_HOURS = "12h"


class Module(str, Enum):
    """What a server of Azure Managed Redis can do more."""

    BLOOM = "RedisBloom"
    TIME_SERIES = "RedisTimeSeries"
    JSON = "RedisJSON"
    SEARCH = "RediSearch"


class Weekday(str, Enum):
    """A day of the week (API DayOfWeek)."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


class CustomerManagedKey(Settings):
    """A key of yours for data at rest. `{}` makes one, in the cache's own vault."""

    key_url: WiredText | None = None
    """URL of a key with its version, such as https://shop.vault.azure.net/keys/redis/0a1b2c; its
    vault has purge protection."""
    identity_id: WiredText | None = None
    """Resource id of a user-assigned identity that may wrap and unwrap with the key."""


class PatchWindow(Settings):
    """A weekly time in which Azure may patch a classic cache; five hours."""

    day: Weekday
    """Day of the week."""
    hour: Annotated[Whole, Field(ge=0, le=23)]
    """Hour in which it begins, UTC."""


class FirewallRule(Settings):
    """Addresses that may reach a classic cache with public access."""

    start_ip: Text
    """First IPv4 address."""
    end_ip: Text
    """Last IPv4 address."""


class Snapshots(Settings):
    """Where a classic Premium cache writes its data: a storage account."""

    frequency_minutes: Whole = 60
    """Minutes between two snapshots: 15, 30, 60, 360, 720 or 1440."""
    connection_string: WiredText | None = None
    """Secret. Connection string of the storage account."""
    storage_subscription_id: Text | None = None
    """Id of the storage account's subscription, for access by the cache's managed identity in place
    of a connection string."""


class Classic(Settings):
    """The retiring Azure Cache for Redis instead of Azure Managed Redis."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "enableNonSslPort": "a port without TLS is never opened",
        "linkedServers": "replication to other regions is not made here",
        "minimumTlsVersion": "is 1.2, always",
        "port": "is 6380, always",
        "staticIp": "a cache in a subnet is not made here: a private endpoint is the way in",
        "subnetId": "a cache in a subnet is not made here: a private endpoint is the way in",
    }

    acknowledge_retirement: Flag = False
    """Must be true: Azure turns the service off on 2028-10-01, and takes no new customers."""
    sku: Annotated[Text, Field(pattern=r"^[A-Za-z]+_[A-Za-z]+[0-9]+$")] | None = None
    """Basic_C0 to Basic_C6, Standard_C0 to Standard_C6, or Premium_P1 to Premium_P5. Default: the
    smallest that holds memoryGb, of the tier Standard, in production Premium."""
    shards: Annotated[Whole, Field(ge=1, le=10)] | None = None
    """Cluster mode with so many shards; Premium only. Default: no cluster mode."""
    zones: list[Text] = Field(default_factory=list[Any])
    """Availability zones such as ["1", "2"]; Premium only. Default: Azure chooses."""
    snapshots: Snapshots | None = None
    """Data on a storage account; Premium only."""
    firewall_rules: list[FirewallRule] = Field(default_factory=list[Any])
    """Who may come from the internet; with azure.publicAccess only."""
    patch_windows: list[PatchWindow] = Field(default_factory=list[Any])
    """When Azure may patch."""
    parameters: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Further parameters: maxmemory-reserved, maxfragmentationmemory-reserved, maxmemory-delta and
    notify-keyspace-events."""


class AzureSettings(Settings):
    """One cache on Azure."""

    ABSENT: ClassVar[Mapping[str, str]] = {
        "capacity": "Azure Managed Redis has none: its sizes are in the name (azure.sku)",
        "clientProtocol": "Azure Managed Redis speaks TLS here, always",
        "database": "Azure Managed Redis has the database 0 only: use key prefixes",
        "firewallRules": "Azure Managed Redis has none: a private endpoint is the way in",
        "geoReplication": "replication to other regions is not made here",
        "minimumTlsVersion": "is 1.2, always",
        "port": "is 10000, always",
        "subnetId": "Azure Managed Redis cannot be put into a subnet: a private endpoint is",
        "zones": "Azure Managed Redis spreads over zones itself, with replicas: 1",
    }

    sku: Annotated[Text, Field(pattern=r"^[A-Za-z]+_[A-Za-z]+[0-9]+$")] | None = None
    """Size of Azure Managed Redis, such as Balanced_B5, MemoryOptimized_M20 or
    ComputeOptimized_X10. Default: the smallest Balanced one whose memory less 20 % holds memoryGb;
    in production none with burstable processors."""
    allow_preview: Flag = False
    """Whether sizes may be used that Azure offers as a preview, without its guarantees."""
    auth: Auth = Auth.KEYS
    """How clients log in: keys or entra."""
    active_key: Key = Key.PRIMARY
    """The access key that clients use: primary or secondary. The other one can be made anew."""
    principal_ids: list[WiredText] = Field(default_factory=list[Any])
    """Entra: object ids of the identities that may log in; users, service principals or managed
    identities, not groups."""
    clustering_policy: ClusteringPolicy | None = None
    """NoCluster, EnterpriseCluster or OSSCluster. Default: NoCluster where the size allows it, else
    EnterpriseCluster. Only NoCluster can be changed without losing the data."""
    snapshot_frequency: SnapshotFrequency = SnapshotFrequency.HOURLY
    """With persistence rdb: 1h, 6h or 12h."""
    modules: list[Module] = Field(default_factory=list[Any])
    """RedisBloom, RedisTimeSeries, RedisJSON, RediSearch. Changing them replaces the data."""
    customer_managed_key: CustomerManagedKey | None = None
    """A key of yours for data at rest; `{}` makes one. Default: a key of Microsoft."""
    public_access: Flag = False
    """Whether the cache answers on the internet too, beside its private endpoint. Never in
    production."""
    lock: Flag | None = None
    """Whether a lock of Azure keeps everybody from deleting the cache. Default: in production."""
    vault_id: WiredText | None = None
    """Resource id of a Key Vault that exists, with Azure's RBAC. Default: the cache has its own."""
    vault_recovery_days: Annotated[Whole, Field(ge=7, le=90)] | None = None
    """Days in which the cache's own vault can be restored after its deletion (API
    softDeleteRetentionInDays). Default: 90 in production, else 7. Cannot be changed later."""
    secret_expires: Day | None = None
    """Day on which the secrets in the vault expire, UTC, such as 2027-03-31. Default: never."""
    logs: Flag | None = None
    """Whether logs and metrics go to a Log Analytics workspace. Default: in staging and
    production."""
    workspace_id: WiredText | None = None
    """Resource id of a workspace that exists. Default: one of the cache's own."""
    log_retention_days: Annotated[Whole, Field(ge=30, le=730)] = 30
    """Days that the cache's own workspace keeps them (API retentionInDays)."""
    classic: Classic | None = None
    """The retiring Azure Cache for Redis instead: `{ acknowledgeRetirement: true }`."""
