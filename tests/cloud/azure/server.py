"""A real server for a cache of the fake Azure: its keys, its principals, its one port."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from cloud.cache_server import ServerSettings

from .cloud import AzureCloud
from .identifiers import ArmId
from .witness import CLASSIC, CLUSTER, DATABASE, KEYS, of_cache

ASSIGNMENT = f"{DATABASE}/accessPolicyAssignments"

COMMANDS = "~* &* +@all -@admin"
"""What both services let an application do: everything but what is theirs to do."""


def server_settings(
    cloud: AzureCloud, cache: str, tokens: Mapping[str, str] | None = None
) -> ServerSettings:
    """What a cache says of its server.

    Args:
        cloud: the fake cloud.
        cache: name of the cache in its stack.
        tokens: what Microsoft Entra ID has issued, by object id: secret. Principals that the cache
            does not know cannot log in with theirs.
    """
    (cluster,) = [
        one
        for kind in (CLUSTER, CLASSIC)
        for one in cloud.all(kind).values()
        if of_cache(one, cache)
    ]
    if cluster["type"] == CLASSIC:
        return _classic(cluster)
    (database,) = _parts(cloud, DATABASE, cluster)
    said = database["properties"]
    assert said["clientProtocol"] == "Encrypted"
    assert said["clusteringPolicy"] != "OSSCluster"
    keys = database["_keys"] if said["accessKeysAuthentication"] == "Enabled" else {}
    known = [one["properties"]["user"]["objectId"] for one in _parts(cloud, ASSIGNMENT, cluster)]
    let_in = {one: token for one, token in (tokens or {}).items() if one in known}
    return ServerSettings(
        engine="redis",
        port=said["port"],
        users=_users(keys, let_in),
        eviction_policy=_policy(said["evictionPolicy"]),
        databases=1,
    )


def _classic(cache: Mapping[str, Any]) -> ServerSettings:
    said = cache["properties"]
    assert not said["enableNonSslPort"]
    return ServerSettings(
        engine="redis",
        port=said["sslPort"],
        users=_users({} if said["disableAccessKeyAuthentication"] else cache["_keys"], {}),
        eviction_policy=said["redisConfiguration"]["maxmemory-policy"],
    )


def _policy(name: str) -> str:
    """An eviction policy in the server's own words, such as `allkeys-lru` for AllKeysLRU."""
    found = re.fullmatch("(AllKeys|Volatile|No)(.+)", name)
    assert found, name
    between = "" if found[1] == "No" else "-"
    return f"{found[1]}{between}{found[2]}".lower()


def _parts(cloud: AzureCloud, kind: str, cluster: Mapping[str, Any]) -> list[dict[str, Any]]:
    things = cloud.all(kind).values()
    return [one for one in things if ArmId.parse(one["id"]).within(cluster["id"])]


def _users(keys: Mapping[str, str], tokens: Mapping[str, str]) -> str:
    """Both keys are passwords of one user, which is off without them. Holds hashes only."""
    hashes = " ".join(_hashed(keys[name]) for name in KEYS if keys)
    default = f"on {COMMANDS} {hashes}" if keys else "off"
    lines = [f"user default reset {default}"]
    lines += [f"user {one} reset on {COMMANDS} {_hashed(token)}" for one, token in tokens.items()]
    return "\n".join(lines) + "\n"


def _hashed(password: str) -> str:
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"
