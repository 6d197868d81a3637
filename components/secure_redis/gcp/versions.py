"""Versions of the engines on Memorystore."""

from secure_redis.settings import Engine

KNOWN = {
    Engine.REDIS: ("6.x", "7.0", "7.2"),
    Engine.VALKEY: ("7.2", "8.0", "9.0"),
}
"""Versions that are offered, in order (Memorystore for Redis and for Valkey, supported versions;
Redis 3.2, 4.0 and 5.0 are offered too, and no longer maintained by anybody)."""

DEFAULT = {Engine.REDIS: "7.2", Engine.VALKEY: "8.0"}
"""Versions that a cache gets: a cache without one would get what Google's default is that day."""

CONNECTIONS = ((4, 1000), (10, 2500), (35, 15_000), (100, 30_000))
"""Most connections with TLS before Redis 7.0: up to a memory in GiB (Memorystore for Redis,
in-transit encryption, connection limits)."""

MOST_CONNECTIONS = 65_000
"""The same above, and of Redis 7.0 and later at every size."""


def api_name(engine: Engine, version: str) -> str:
    """A version as the API has it, such as REDIS_7_2."""
    return f"{engine.value}_{version.replace('.', '_')}".upper()


def offered(engine: Engine, version: str) -> bool:
    """Whether the engine has the version."""
    return version in KNOWN[engine]


def lower(engine: Engine, version: str, than: str) -> bool:
    """Whether a known version is lower than another known one."""
    known = KNOWN[engine]
    return version in known and than in known and known.index(version) < known.index(than)


def connections(version: str, memory_size_gb: int) -> int:
    """Most connections with TLS to a cache of Redis."""
    if version == "6.x":
        for size, most in CONNECTIONS:
            if memory_size_gb <= size:
                return most
    return MOST_CONNECTIONS
