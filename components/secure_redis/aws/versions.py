"""Versions of the engines: which exist, what they are called, and what they can do."""

import re

from secure_redis.settings import Engine

KNOWN = {
    Engine.VALKEY: ("7.2", "8.0", "8.1", "8.2", "9.0", "9.1"),
    Engine.REDIS: ("6.2", "7.0", "7.1"),
}
"""Versions that the service offers, oldest first (ElastiCache User Guide, supported engine
versions). Redis 4 and 5 are left out: they left standard support on 2026-01-31."""

DEFAULT = {Engine.VALKEY: "8.1", Engine.REDIS: "7.1"}
"""Version of a cache that names none."""

DURABILITY = (9, 0)
"""First version of Valkey that knows durability (API CreateReplicationGroup, Durability)."""

SERVERLESS = {Engine.VALKEY: (7, 2), Engine.REDIS: (7, 0)}
"""First versions that a serverless cache runs (ElastiCache User Guide, serverless caches)."""

IAM = {Engine.VALKEY: (7, 2), Engine.REDIS: (7, 0)}
"""First versions that take IAM logins (ElastiCache User Guide, authenticating with IAM)."""


def number(version: str) -> tuple[int, int]:
    """A version as numbers that can be compared."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def offered(engine: Engine, version: str) -> bool:
    """Whether the service offers a version, as far as is known here.

    A newer Valkey than the newest known one passes: AWS knows better. Redis ends with 7.1 there.
    """
    if version in KNOWN[engine]:
        return True
    newest = number(KNOWN[engine][-1])
    form = re.fullmatch(r"\d{1,2}\.\d{1,2}", version)
    return engine is Engine.VALKEY and form is not None and number(version) > newest


def family(engine: Engine, version: str) -> str:
    """The family of parameter groups that a version takes (API CacheParameterGroupFamily).

    `valkey9` follows from the names before it; no source for it was found.
    """
    major = number(version)[0]
    if engine is Engine.REDIS and major == 6:  # noqa: PLR2004
        return "redis6.x"
    return f"{engine.value}{major}"


def major(version: str) -> str:
    """The major version: all that a serverless cache is asked for."""
    return version.partition(".")[0]
