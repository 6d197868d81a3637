"""The settings of a stack and of its caches: one validated, frozen definition.

Keys stand in `stacks/Pulumi.<stack>.yaml` below the namespace `secure-redis`, in camelCase; the
same names in snake_case are the components' arguments. Everything but `target` and `environment`
has a default, which follows from the environment or the purpose.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from .docker.settings import DockerSettings
from .external.settings import ExternalSettings
from .schema import Flag, Number, Settings, Text, Whole


class Target(str, Enum):
    """Where a cache runs."""

    DOCKER = "docker"
    EXTERNAL = "external"


class Environment(str, Enum):
    """What the stack is for; sets the defaults and what is refused."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Purpose(str, Enum):
    """What the data of a cache is: sets eviction and the Docker target's port."""

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
    """A snapshot: the last minutes may be lost."""
    AOF = "aof"
    """A log, synced each second: at most the last second may be lost."""


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


def _by(table: Mapping[Any, Any], key: str) -> Callable[[dict[str, Any]], Any]:
    """Default of a field that follows from a field before it."""
    return lambda data: table[data[key]]


class CacheSettings(Settings):
    """One cache: the portable settings, the same on every target, and the target's own."""

    environment: Environment
    """What it is for: development, staging or production. In a stack file, set once for all."""
    purpose: Purpose = Purpose.CACHE
    """What the data is: cache, sessions or queue."""
    engine: Engine = Engine.REDIS
    """The server software: redis or valkey."""
    mode: Mode = Mode.TLS
    """Security mode: none, password, tls or mtls."""
    memory_gb: Annotated[Number, Field(gt=0, le=1024)] = Field(
        default_factory=_by(MEMORY_GB, "environment")
    )
    """Memory in GiB, fractions allowed. Default: 0.25, 0.5 or 1, by environment."""
    eviction_policy: EvictionPolicy = Field(default_factory=_by(EVICTION_POLICY, "purpose"))
    """What happens when memory is full. Default by purpose: allkeys-lru for a cache, volatile-lru
    for sessions, noeviction for a queue, which accepts no other."""
    persistence: Persistence = Persistence.AOF
    """What survives a restart of the server: none, rdb or aof."""
    protect: Flag = Field(
        default_factory=lambda data: data["environment"] is Environment.PRODUCTION
    )
    """Whether Pulumi refuses to delete the data. Default: in production only."""
    rotation: Rotation = Rotation()
    """Password rotation."""
    rotation_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Days after which a password should have been replaced; `rotate_by` in the contract."""
    tls_profile: TlsProfile = TlsProfile.MODERN
    """Cipher suites: modern or fips."""
    docker: DockerSettings = DockerSettings()
    """What only the Docker target knows."""
    external: ExternalSettings | None = None
    """What only the external target knows; required there."""

    def arguments(self) -> dict[str, Any]:
        """What was set, as arguments of a component."""
        return self.model_dump(exclude_unset=True)

    def with_docker_image(self, image: str) -> "CacheSettings":
        """The same cache, running `image` on the Docker target."""
        return self.model_copy(update={"docker": self.docker.model_copy(update={"image": image})})


class StackSettings(Settings):
    """A stack: one environment with one or more caches."""

    target: Target
    """Where the caches run: docker or external."""
    environment: Environment
    """What the stack is for: development, staging or production."""
    caches: Annotated[
        dict[
            Annotated[Text, Field(pattern=CACHE_NAME, max_length=CACHE_NAME_LENGTH)], CacheSettings
        ],
        Field(min_length=1),
    ]
    """The caches by name: lower-case words joined by hyphens, 30 characters at most."""
    tags: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Put on everything that takes tags or labels. Not secret."""
    exceptions: dict[Text, Text] = Field(default_factory=dict[str, str])
    """Rules that this stack breaks on purpose: the rule's id and the reason, which is exported."""
