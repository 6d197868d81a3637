"""Settings that only the AWS target has."""

from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from secure_redis.schema import Flag, Settings, Text, Whole, WiredText


class Auth(str, Enum):
    """How a client proves who it is."""

    RBAC = "rbac"
    """A user of the cache with a password."""
    TOKEN = "token"  # noqa: S105 - a kind of login
    """One password for all, the AUTH token: for clients that know no user names."""
    IAM = "iam"
    """A user of the cache who logs in with short-lived tokens of an IAM identity: no password."""


class TransitEncryption(str, Enum):
    """What a group with TLS does with clients that come without."""

    REQUIRED = "required"
    """Refuses them."""
    PREFERRED = "preferred"
    """Serves them: for the time in which the clients of an existing group move to TLS."""


class Durability(str, Enum):
    """What an acknowledged write survives (Valkey 9.0 and later, cluster mode)."""

    DEFAULT = "default"
    ASYNC = "async"
    SYNC = "sync"
    DISABLED = "disabled"


LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs accepts (API PutRetentionPolicy, retentionInDays)."""


class Serverless(Settings):
    """A cache without nodes: AWS scales it, and bills what is stored and what is done."""

    max_storage_gb: Annotated[Whole, Field(ge=1, le=5000)] | None = None
    """Most data, in GB (API DataStorage.Maximum). Default: memoryGb, rounded up."""
    max_ecpu_per_second: Annotated[Whole, Field(ge=1000, le=15_000_000)] = 5000
    """Most work, in ElastiCache processing units a second (API ECPUPerSecond.Maximum): what goes
    beyond is throttled, so a runaway client cannot run up the bill."""


class Restore(Settings):
    """Data that a new cache starts with; without effect on a cache that exists."""

    snapshot_name: Text | None = None
    """Name of a snapshot of a node-based cache."""
    snapshot_arns: list[Text] = Field(default_factory=list[Any])
    """RDB files in S3; for a serverless cache, ARNs of snapshots."""


class AwsSettings(Settings):
    """One ElastiCache cache."""

    node_type: Annotated[Text, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] | None = None
    """Node type, such as cache.r7g.large. Default: the smallest current one whose memory less 25 %
    holds memoryGb; in production none with burstable processors."""
    engine_version: Text | None = None
    """Version without a patch level: 7.2, 8.0, 8.1, 8.2, 9.0, 9.1 or later of Valkey, 6.2, 7.0 or
    7.1 of Redis. Default: 8.1 of Valkey, 7.1 of Redis. Never lower it: that replaces the cache."""
    auth: Auth = Auth.RBAC
    """How clients log in: rbac, token or iam."""
    serverless: Serverless | None = None
    """A serverless cache instead of nodes: `{}` for its defaults."""
    shards: Annotated[Whole, Field(ge=1, le=500)] | None = None
    """Cluster mode with so many shards, replicas in each. Default: no cluster mode."""
    multi_az: Flag | None = None
    """Whether replicas are in other availability zones. Default: with one replica or more."""
    port: Annotated[Whole, Field(ge=1150, le=65535)] = 6379
    """Port of a node-based cache. Changing it replaces the cache."""
    kms_key_arn: WiredText | None = None
    """ARN of your key for data at rest, logs and secrets. Default: in production one of its own,
    else a key of AWS. Changing it replaces the cache."""
    snapshot_retention_days: Annotated[Whole, Field(ge=0, le=35)] | None = None
    """Days that daily snapshots are kept. Default: 7 in production, 1 in staging, else none."""
    snapshot_window: Annotated[Text, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] = "03:00-04:00"
    """When snapshots are taken, UTC, an hour or longer."""
    maintenance_window: Annotated[
        Text, Field(pattern=r"^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$")
    ] = "sun:05:00-sun:06:00"
    """When AWS maintains the cache, UTC, an hour or longer, apart from the snapshots."""
    final_snapshot: Flag | None = None
    """Whether a node-based cache is saved before it is deleted. Default: in production only."""
    restore: Restore | None = None
    """Start with data from a snapshot."""
    apply_immediately: Flag | None = None
    """Whether changes are made at once instead of in the maintenance window. Default: outside of
    production only."""
    auto_minor_version_upgrade: Flag = True
    """Whether AWS installs minor versions in the maintenance window."""
    parameters: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Further parameters of the engine, such as `timeout: "300"`."""
    logs: Flag | None = None
    """Whether slow and engine logs go to CloudWatch. Default: in staging and production."""
    log_retention_days: Whole = 90
    """Days that logs are kept; one of the numbers that CloudWatch knows."""
    transit_encryption: TransitEncryption = TransitEncryption.REQUIRED
    """What happens to clients without TLS: required or preferred."""
    durability: Durability | None = None
    """What an acknowledged write survives, for Valkey 9.0 and later in cluster mode."""
    automatic_rotation: Flag = False
    """Whether Secrets Manager replaces the password every `rotationDays` with a function of ours.
    The stack's outputs then hold the first password only: read the secret."""
    secret_recovery_days: Annotated[Whole, Field(ge=0, le=30)] | None = None
    """Days in which a deleted secret can be restored: 0, or 7 to 30. Default: 30 in production, 7
    in staging, else 0."""
