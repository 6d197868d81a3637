"""Parameters of the engines that Memorystore takes, and what it refuses of them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from secure_redis.problems import Problem
from secure_redis.schema import join, suggestion

from . import plan

if TYPE_CHECKING:
    from secure_redis.settings import CacheSettings

_YES_NO, _POSITIVE, _COUNT = r"yes|no", r"[1-9]\d*", r"\d+"
_EVENTS = r"[KEg$lshzxeAtdmn]*"

REDIS = {
    "activedefrag": _YES_NO,
    "databases": r"[1-9]\d?|100",
    "lazyfree-lazy-eviction": _YES_NO,
    "lazyfree-lazy-expire": _YES_NO,
    "lazyfree-lazy-user-del": _YES_NO,
    "lazyfree-lazy-user-flush": _YES_NO,
    "lfu-decay-time": _POSITIVE,
    "lfu-log-factor": _POSITIVE,
    "maxmemory-clients": r"\d+(\.\d+)?%?",
    "notify-keyspace-events": _EVENTS,
    "stream-node-max-bytes": _COUNT,
    "stream-node-max-entries": _COUNT,
    "timeout": _COUNT,
}
"""Parameters of Redis and what their values look like (Memorystore for Redis, supported
configurations)."""

SINCE_7 = frozenset(name for name in REDIS if name.startswith("lazyfree-")) | {"maxmemory-clients"}
"""Those that Redis 6 does not take."""

VALKEY = {
    "maxclients": _POSITIVE,
    "maxmemory": r"\d+(mb|gb)?|\d{1,2}(\.\d+)?%|100%",
    "maxmemory-clients": r"\d+(\.\d+)?%?",
    "notify-keyspace-events": _EVENTS,
}
"""Parameters of Valkey (Memorystore for Valkey, supported configurations)."""


def parameter_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """What is wrong with the parameters of a cache."""
    known = VALKEY if plan.valkey(cache) else REDIS
    for name, value in cache.gcp.parameters.items():
        where = join(path, "gcp.parameters", name)
        if name in plan.OWN_PARAMETERS:
            yield Problem(where, f"follows from {plan.OWN_PARAMETERS[name]}", "Remove it.")
        elif name not in known:
            reason = f"is no parameter of {cache.engine.value} that Memorystore takes"
            yield Problem(where, reason, suggestion(name, list(known)))
        elif not re.fullmatch(known[name], value):
            yield Problem(where, "has no value that Memorystore takes", "Correct it.")
        elif name in SINCE_7 and plan.engine_version(cache) == "6.x" and not plan.valkey(cache):
            yield Problem(where, "needs Redis 7.0 or later", "Raise gcp.engineVersion.")
