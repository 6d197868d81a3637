"""Engines, versions and parameter families of ElastiCache, as far as requests are judged by them.

The patch levels are examples of what a region answers; nothing depends on which they are.
"""

import re

from .account import refuse

ACTUAL = {
    "redis": {
        "5.0.6": "5.0.6", "6.0": "6.0.5", "6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0",
    },
    "valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0", "8.2": "8.2.0", "9.0": "9.0.0"},
}  # fmt: skip
"""By engine and requested version: the version with its patch level."""

LATEST = {"redis": "7.1", "valkey": "8.1"}
"""What an engine gets when no version is asked for."""

FAMILIES = {
    "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8", "valkey9",
}  # fmt: skip

PARAMETERS = {
    "acl-pubsub-default": r"allchannels|resetchannels",
    "acllog-max-len": r"\d+",
    "activedefrag": "yes|no",
    "active-defrag-cycle-max": r"\d+",
    "active-defrag-cycle-min": r"\d+",
    "active-defrag-ignore-bytes": r"\d+",
    "active-defrag-max-scan-fields": r"\d+",
    "active-defrag-threshold-lower": r"\d+",
    "active-defrag-threshold-upper": r"\d+",
    "activerehashing": "yes|no",
    "client-output-buffer-limit-pubsub-hard-limit": r"\d+",
    "client-output-buffer-limit-pubsub-soft-limit": r"\d+",
    "client-output-buffer-limit-pubsub-soft-seconds": r"\d+",
    "client-output-buffer-limit-replica-soft-seconds": r"\d+",
    "client-query-buffer-limit": r"\d+",
    "close-on-replica-write": "yes|no",
    "cluster-allow-pubsubshard-when-down": "yes|no",
    "cluster-allow-reads-when-down": "yes|no",
    "cluster-enabled": "yes|no",
    "cluster-require-full-coverage": "yes|no",
    "hash-max-listpack-entries": r"\d+",
    "hash-max-listpack-value": r"\d+",
    "hash-max-ziplist-entries": r"\d+",
    "hash-max-ziplist-value": r"\d+",
    "hll-sparse-max-bytes": r"\d+",
    "latency-tracking": "yes|no",
    "lazyfree-lazy-eviction": "yes|no",
    "lazyfree-lazy-expire": "yes|no",
    "lazyfree-lazy-server-del": "yes|no",
    "lazyfree-lazy-user-del": "yes|no",
    "lazyfree-lazy-user-flush": "yes|no",
    "lfu-decay-time": r"\d+",
    "lfu-log-factor": r"\d+",
    "list-compress-depth": r"\d+",
    "list-max-listpack-size": r"-?\d+",
    "list-max-ziplist-size": r"-?\d+",
    "lua-replicate-commands": "yes|no",
    "maxmemory-clients": r"\d+%?",
    "maxmemory-policy": "volatile-lru|allkeys-lru|volatile-lfu|allkeys-lfu|volatile-random"
    "|allkeys-random|volatile-ttl|noeviction",
    "maxmemory-samples": r"\d+",
    "min-replicas-max-lag": r"\d+",
    "min-replicas-to-write": r"\d+",
    "notify-keyspace-events": r"[KEg$lshzxetdmnA]*",
    "proto-max-bulk-len": r"\d+",
    "rename-commands": r"\S*",
    "repl-backlog-size": r"\d+",
    "repl-backlog-ttl": r"\d+",
    "replica-allow-chaining": "yes|no",
    "replica-ignore-maxmemory": "yes|no",
    "replica-lazy-flush": "yes|no",
    "reserved-memory-percent": r"\d{1,3}",
    "set-max-intset-entries": r"\d+",
    "set-max-listpack-entries": r"\d+",
    "set-max-listpack-value": r"\d+",
    "slowlog-log-slower-than": r"-?\d+",
    "slowlog-max-len": r"\d+",
    "stream-node-max-bytes": r"\d+",
    "stream-node-max-entries": r"\d+",
    "tcp-keepalive": r"\d+",
    "timeout": r"0|[2-9]\d|\d{3,}",
    "tracking-table-max-keys": r"\d+",
    "zset-max-listpack-entries": r"\d+",
    "zset-max-listpack-value": r"\d+",
    "zset-max-ziplist-entries": r"\d+",
    "zset-max-ziplist-value": r"\d+",
}
"""Parameters that a group may set, and what their values look like."""


def actual_version(engine: str, version: str | None) -> str:
    """The version with its patch level. Refuses one that does not exist."""
    if engine not in ACTUAL:
        refuse("InvalidParameterValue", "The parameter Engine must be one of: redis, valkey")
    wanted = version or LATEST[engine]
    known = ACTUAL[engine]
    if wanted == "6.x" and engine == "redis":
        wanted = "6.2"
    if wanted not in known:
        refuse("InvalidParameterCombination", f"Cannot find version {wanted} for {engine}")
    return known[wanted]


def numbers(version: str) -> tuple[int, ...]:
    """A version that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def family_of(engine: str, actual: str) -> str:
    """The parameter family of an engine's version."""
    major = numbers(actual)[0]
    if engine == "valkey":
        return f"valkey{major}"
    return {5: "redis5.0", 6: "redis6.x", 7: "redis7"}[major]


def check_parameter(name: str, value: str) -> None:
    """Refuses a parameter that does not exist or a value that it does not take."""
    if name not in PARAMETERS:
        refuse("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if not re.fullmatch(PARAMETERS[name], value):
        refuse(
            "InvalidParameterValue",
            f"The value {value} is not valid for the parameter {name}. "
            f"Allowed values: {PARAMETERS[name]}",
        )
    if name == "reserved-memory-percent" and int(value) > 100:
        refuse("InvalidParameterValue", "reserved-memory-percent must be between 0 and 100")
