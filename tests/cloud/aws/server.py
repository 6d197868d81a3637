"""A real server for a cache of the fake AWS.

Access strings and password hashes of ElastiCache are the server's own ACL language.
"""

from collections.abc import Mapping
from typing import Any

from cloud.cache_server import ServerSettings

from .cloud import AwsCloud
from .witness import REPLICATION_GROUP, USER, USER_GROUP

TOKEN_USER = "on ~* &* +@all -@admin"
"""The user of a cache with an AUTH token: everything but what ElastiCache offers to nobody
(ElastiCache User Guide, restricted commands)."""


def server_settings(cloud: AwsCloud, cache: str) -> ServerSettings:
    """What a cache says of its server. Only for caches that demand TLS, without cluster mode."""
    (group,) = [
        one
        for one in cloud.all(REPLICATION_GROUP).values()
        if one["Tags"]["secure-redis:cache"] == cache
    ]
    assert group["TransitEncryptionMode"] == "required"
    assert not group["ClusterEnabled"]
    parameters = cloud.all("elasticache.parameter-group")[group["CacheParameterGroupName"]]
    return ServerSettings(
        engine=group["Engine"],
        port=group["Port"],
        users=acl_file(cloud, group),
        eviction_policy=parameters["Parameters"]["maxmemory-policy"],
    )


def acl_file(cloud: AwsCloud, cache: Mapping[str, Any]) -> str:
    """The users of a cache as the server reads them. Holds hashes of passwords only."""
    if not cache["UserGroupIds"]:
        return _user("default", TOKEN_USER, cache["AuthTokens"])
    (group,) = cache["UserGroupIds"]
    members = cloud.all(USER_GROUP)[group]["UserIds"]
    users = [cloud.all(USER)[one] for one in members]
    lines = [
        _user(one["UserName"], one["AccessString"], one["Authentication"]["Passwords"])
        for one in users
    ]
    if "default" not in {one["UserName"] for one in users}:
        # What the service does to a group that names none.
        lines.append("user default on nopass ~* &* +@all\n")
    return "".join(lines)


def _user(name: str, access: str, hashes: list[str]) -> str:
    passwords = " ".join(f"#{one.removeprefix('sha256-')}" for one in hashes)
    return f"user {name} reset {access} {passwords}\n"
