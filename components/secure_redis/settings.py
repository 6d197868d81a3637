"""The settings of a stack and of its caches: one validated, frozen definition.

Keys stand in `stacks/Pulumi.<stack>.yaml` below the namespace `secure-redis`, in camelCase; the
same names in snake_case are the components' arguments. Everything but `target` and `environment`
has a default, which follows from the environment or the purpose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from .aws.settings import AwsSettings
from .azure.settings import AzureSettings
from .docker.settings import DockerSettings
from .external.settings import ExternalSettings
from .gcp.settings import GcpSettings
from .schema import Cidr, Flag, Number, Settings, Text, Whole, WiredText


class Target(str, Enum):
    """Where a cache runs."""

    AWS = "aws"
    """Amazon ElastiCache."""
    AZURE = "azure"
    """Azure Managed Redis."""
    GCP = "gcp"
    """Google Cloud Memorystore."""
    DOCKER = "docker"
    """A container."""
    EXTERNAL = "external"
    """An endpoint that somebody else runs."""

    @property
    def cloud(self) -> bool:
        """Whether it is a cloud's own service: it takes replicas, alarms and a private network."""
        return self in {Target.AWS, Target.AZURE, Target.GCP}


class Environment(str, Enum):
    """What the stack is for; sets the defaults and what is refused."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Purpose(str, Enum):
    """What the data of a cache is: sets eviction, alarms and the Docker target's port."""

    CACHE = "cache"
    """Can be computed again: may be evicted."""
    SESSIONS = "sessions"
    """Ends by itself: keys with an expiry may be evicted, the rest stays."""
    QUEUE = "queue"
    """Must never vanish: nothing is evicted."""


class Engine(str, Enum):
    """The server software."""

    REDIS = "redis"
    VALKEY = "valkey"


class Mode(str, Enum):
    """Security mode: what a client must bring to get in."""

    NONE = "none"
    """Nothing. Plain text, on a loopback address only."""
    PASSWORD = "password"  # noqa: S105 - a mode's name
    """A password, in plain text over the wire, on a loopback address only."""
    TLS = "tls"
    """A user and a password over TLS that the client verifies."""
    MTLS = "mtls"
    """The same, and a client certificate."""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted and verified."""
        return self in {Mode.TLS, Mode.MTLS}


class TlsProfile(str, Enum):
    """Which TLS cipher suites the server accepts, all with forward secrecy and AEAD."""

    MODERN = "modern"
    """AES-GCM and ChaCha20-Poly1305."""
    FIPS = "fips"
    """AES-GCM only: ChaCha20-Poly1305 is not among the suites of NIST SP 800-52r2."""


class Persistence(str, Enum):
    """What survives a restart of the server."""

    NONE = "none"
    """Nothing."""
    RDB = "rdb"
    """Snapshots: what came after the last one may be lost."""
    AOF = "aof"
    """A log, synced each second: at most the last second may be lost."""


class AlarmProfile(str, Enum):
    """Which alarms watch a cache."""

    OFF = "off"
    """None."""
    BASIC = "basic"
    """Memory, processor and failed logins."""
    FULL = "full"
    """Also evictions, connections, replication and the network's limits."""


class EvictionPolicy(str, Enum):
    """What the server does when memory is full (redis.conf, `maxmemory-policy`)."""

    NOEVICTION = "noeviction"
    ALLKEYS_LRU = "allkeys-lru"
    ALLKEYS_LFU = "allkeys-lfu"
    ALLKEYS_RANDOM = "allkeys-random"
    VOLATILE_LRU = "volatile-lru"
    VOLATILE_LFU = "volatile-lfu"
    VOLATILE_RANDOM = "volatile-random"
    VOLATILE_TTL = "volatile-ttl"


MEMORY_GB = {Environment.DEVELOPMENT: 0.25, Environment.STAGING: 0.5, Environment.PRODUCTION: 1.0}
"""Default memory of a cache in GiB."""

EVICTION_POLICY = {
    Purpose.CACHE: EvictionPolicy.ALLKEYS_LRU,
    Purpose.SESSIONS: EvictionPolicy.VOLATILE_LRU,
    Purpose.QUEUE: EvictionPolicy.NOEVICTION,
}
"""Default eviction policy."""

ENGINE = {
    Target.AWS: Engine.VALKEY,
    Target.AZURE: Engine.REDIS,
    Target.GCP: Engine.REDIS,
    Target.DOCKER: Engine.REDIS,
    Target.EXTERNAL: Engine.REDIS,
}
"""Default server software. Where a cloud offers both, Valkey costs less; but on Google Cloud it
knows no passwords, which most applications bring."""

ALARM_PROFILE = {
    Environment.DEVELOPMENT: AlarmProfile.OFF,
    Environment.STAGING: AlarmProfile.BASIC,
    Environment.PRODUCTION: AlarmProfile.FULL,
}
"""Default alarms on a cloud."""

CACHE_NAME = r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"
"""Names of caches: legal for containers, hosts and outputs, and distinct in camelCase too."""

CACHE_NAME_LENGTH = 30
"""Longest name of a cache: leaves room for the prefixes and limits of every target."""


class Rotation(Settings):
    """Password rotation in two steps.

    Raise `generation` with `keepPrevious: true`, move the clients to the new password, then set
    `keepPrevious: false`.
    """

    generation: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    """Counts the passwords: raise it by one to get a new one."""
    keep_previous: Flag = False
    """Whether the password of the generation before still works."""


# A field before one that was refused is missing: before 2.14 Pydantic asks for the default all the
# same. What it gets then does not matter, for the settings are refused.


def _by(table: Mapping[Any, Any], key: str) -> Callable[[Mapping[str, Any]], Any]:
    """Default of a field that follows from a field before it."""
    return lambda data: table.get(data.get(key))


def _on_cloud(data: Mapping[str, Any]) -> bool:
    target = data.get("target")
    return target is not None and target.cloud


def _persistence(data: Mapping[str, Any]) -> Persistence:
    if not _on_cloud(data):
        return Persistence.AOF
    development = data.get("environment") is Environment.DEVELOPMENT
    return Persistence.NONE if development else Persistence.RDB


def _replicas(data: Mapping[str, Any]) -> int:
    return int(_on_cloud(data) and data.get("environment") is Environment.PRODUCTION)


class CacheSettings(Settings):
    """One cache: the portable settings, the same on every target, and the target's own."""

    target: Target
    """Where it runs. In a stack file, set once for all."""
    environment: Environment
    """What it is for: development, staging or production. In a stack file, set once for all."""
    purpose: Purpose = Purpose.CACHE
    """What the data is: cache, sessions or queue."""
    engine: Engine = Field(default_factory=_by(ENGINE, "target"))
    """The server software: redis or valkey. Default: valkey on aws, redis elsewhere."""
    mode: Mode = Mode.TLS
    """Security mode: none, password, tls or mtls."""
    memory_gb: Annotated[Number, Field(gt=0, le=1024)] = Field(
        default_factory=_by(MEMORY_GB, "environment")
    )
    """Memory in GiB, fractions allowed: of the container on docker, for data of all shards together
    on a cloud. Default: 0.25, 0.5 or 1, by environment."""
    eviction_policy: EvictionPolicy = Field(default_factory=_by(EVICTION_POLICY, "purpose"))
    """What happens when memory is full. Default by purpose: allkeys-lru for a cache, volatile-lru
    for sessions, noeviction for a queue, which accepts no other."""
    persistence: Persistence = Field(default_factory=_persistence)
    """What survives a restart of the server: none, rdb or aof. Default: aof on docker; on a cloud
    snapshots (rdb), and none in development."""
    replicas: Annotated[Whole, Field(ge=0, le=5)] = Field(default_factory=_replicas)
    """Copies of each primary on a cloud, which take over when it fails. Default: 1 in production on
    a cloud, else 0."""
    protect: Flag = Field(
        default_factory=lambda data: data.get("environment") is Environment.PRODUCTION
    )
    """Whether Pulumi refuses to delete the data. Default: in production only."""
    allow_replacement: Text | None = None
    """Accepts that a change makes a new, empty cache in place of this one; the value is the reason,
    which is exported. Remove it after the change."""
    rotation: Rotation = Rotation()
    """Password rotation."""
    rotation_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Days after which a password should have been replaced; `rotate_by` in the contract."""
    tls_profile: TlsProfile = TlsProfile.MODERN
    """Cipher suites: modern or fips."""
    aws: AwsSettings = AwsSettings()
    """What only the AWS target knows."""
    azure: AzureSettings = AzureSettings()
    """What only the Azure target knows."""
    docker: DockerSettings = DockerSettings()
    """What only the Docker target knows."""
    external: ExternalSettings | None = None
    """What only the external target knows; required there."""
    gcp: GcpSettings = GcpSettings()
    """What only the Google Cloud target knows."""

    @property
    def production(self) -> bool:
        """Whether it is in production."""
        return self.environment is Environment.PRODUCTION

    def arguments(self) -> dict[str, Any]:
        """What was set, as arguments of a component."""
        return self.model_dump(exclude_unset=True, exclude={"target"})

    def with_docker_image(self, image: str) -> "CacheSettings":
        """The same cache, running `image` on the Docker target."""
        return self.model_copy(update={"docker": self.docker.model_copy(update={"image": image})})


class AccessSettings(Settings):
    """Who may reach the caches of a stack, and who may read their credentials."""

    security_group_ids: list[WiredText] = Field(default_factory=list[Any])
    """AWS: security groups of the applications."""
    cidrs: list[Cidr] = Field(default_factory=list[Any])
    """Networks of the applications, such as 10.1.0.0/16. Never the whole internet."""
    prefix_list_ids: list[WiredText] = Field(default_factory=list[Any])
    """AWS: prefix lists with the networks of the applications."""
    network_tags: list[Text] = Field(default_factory=list[Any])
    """Google Cloud: network tags of the applications' machines. With them or with serviceAccounts
    a firewall lets nobody else out to the caches."""
    service_accounts: list[WiredText] = Field(default_factory=list[Any])
    """Google Cloud: the same by the emails of the machines' service accounts."""
    secret_readers: list[WiredText] = Field(default_factory=list[Any])
    """Principals that may read the credentials: on AWS the ARNs of roles or users; on Azure object
    ids of applications' identities, of users and groups with `user:` or `group:` before them; on
    Google Cloud members, such as serviceAccount:shop@shop-prod.iam.gserviceaccount.com."""


class AlarmSettings(Settings):
    """What watches the caches of a stack on a cloud."""

    profile: AlarmProfile | None = None
    """off, basic or full. Default by environment: off in development, basic in staging, full in
    production."""
    notify: list[WiredText] = Field(default_factory=list[Any])
    """Who is told: on AWS the ARNs of SNS topics, on Azure the resource ids of action groups, on
    Google Cloud the names of notification channels."""


class NewNetwork(Settings):
    """A private network that the stack makes."""

    cidr: Cidr = "10.20.0.0/16"
    """Its IPv4 addresses: /16 to /25 on AWS, /8 to /26 on Azure and Google Cloud."""
    zones: Annotated[Whole, Field(ge=2, le=3)] = 2
    """AWS: availability zones that it spans, with one subnet in each."""
    availability_zones: list[Text] = Field(default_factory=list[str])
    """AWS: their names. Default: the first ones of the region that need no opt-in."""


class AdoptedNetwork(Settings):
    """A private network that exists."""

    vpc_id: Text | None = None
    """AWS: id of the VPC."""
    subnet_ids: list[Text] = Field(default_factory=list[Any])
    """AWS: ids of private subnets; several replicas need subnets in two availability zones or
    more. Google Cloud: names of subnets for a connection policy for Valkey that is to be made; none
    where the network has one."""
    subnet_id: Text | None = None
    """Azure: resource id of the subnet that gets the private endpoints."""
    network_id: Text | None = None
    """Google Cloud: name of the network, such as projects/shop-prod/global/networks/shop; with a
    Shared VPC that of the host project."""


class PrivateDns(Settings):
    """Azure: the private DNS zones that lead the names of caches and vaults to their endpoints.

    Default: the stack makes them, and links them to the network.
    """

    zone_ids: list[Text] = Field(default_factory=list[Any])
    """Resource ids of zones that exist, one for each kind that the stack needs."""
    by_policy: Flag = False
    """Whether a policy of yours makes the records, so that nothing is made here."""


class PrivateServices(Settings):
    """Google Cloud: private service access, the way in of Redis. A network has it once.

    Default: the stack makes a range of 4096 addresses and the connection.
    """

    range_name: Text | None = None
    """Name of a range of the adopted network that exists, with its connection."""
    cidr: Cidr | None = None
    """Addresses of the range that is made, /8 to /24. Default: Google chooses 4096 free ones."""
    remove_peering: Flag | None = None
    """Whether the connection that is made goes with the stack even while Google still holds on to
    it, as it does for some time after the last cache. Default: not in production."""


class NetworkSettings(Settings):
    """The private network of a stack on a cloud: a new one, or one that exists."""

    create: NewNetwork | None = None
    """Make one. Default, when none is adopted."""
    adopt: AdoptedNetwork | None = None
    """Use one that exists."""
    resource_group: Text | None = None
    """Azure: name of a resource group that exists, for all that is made. Default: a new one."""
    private_dns: PrivateDns | None = None
    """Azure: private DNS zones."""
    private_services: PrivateServices | None = None
    """Google Cloud: private service access."""


class StackSettings(Settings):
    """A stack: one environment with one or more caches."""

    target: Target
    """Where the caches run: aws, azure, gcp, docker or external."""
    environment: Environment
    """What the stack is for: development, staging or production."""
    caches: Annotated[
        dict[
            Annotated[Text, Field(pattern=CACHE_NAME, max_length=CACHE_NAME_LENGTH)], CacheSettings
        ],
        Field(min_length=1),
    ]
    """The caches by name: lower-case words joined by hyphens, 30 characters at most."""
    network: NetworkSettings = NetworkSettings()
    """The private network, on a cloud."""
    access: AccessSettings = AccessSettings()
    """Who may reach the caches and read their credentials, on a cloud."""
    alarms: AlarmSettings = AlarmSettings()
    """What watches the caches, on a cloud."""
    tags: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Put on everything that takes tags or labels. Not secret."""
    exceptions: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Rules that this stack breaks on purpose: the rule's id and the reason, which is exported."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a cache's component, checked."""

    cache: CacheSettings
    network: Mapping[str, Any]
    """What the target's network component has as its facts; empty if none was given."""
    access: AccessSettings
    alarms: AlarmSettings
    tags: dict[str, str]
