"""ElastiCache: serverless caches."""

import re
import secrets
from typing import Any

from cloud.aws.account import Account, Params, answers, refuse, tags_of

from .cache_users import group_of
from .encryption import usable
from .network import GROUP, SUBNET

KIND = "elasticache.serverless"
MAJOR = {"redis": ("7",), "valkey": ("7", "8", "9")}
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


def cache_of(account: Account, name: str) -> Params:
    """A serverless cache. Raises when there is none."""
    message = f"Serverless cache {name} not found."
    return account.need(KIND, name.lower(), "ServerlessCacheNotFoundFault", message)


@answers("elasticache", "CreateServerlessCache")
def create(account: Account, params: Params) -> Params:
    """A cache that has neither nodes nor parameters."""
    name = params["ServerlessCacheName"]
    good = re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,39}", name)
    if not good or name.endswith("-") or "--" in name:
        refuse(
            VALUE,
            "The parameter ServerlessCacheName is not a valid identifier. Identifiers must begin "
            "with a letter, have up to 40 letters, digits and hyphens, and must not end with a "
            "hyphen or contain two consecutive hyphens.",
        )
    name = name.lower()
    if account.find(KIND, name):
        refuse("ServerlessCacheAlreadyExistsFault", f"Serverless cache {name} already exists.")
    engine = params["Engine"].lower()
    if engine not in MAJOR:
        refuse(VALUE, "The parameter Engine must be one of: redis, valkey, memcached")
    major = params.get("MajorEngineVersion", MAJOR[engine][-1] if engine == "redis" else "8")
    if major not in MAJOR[engine]:
        refuse(VALUE, f"The major engine version {major} is not available for {engine}")
    cache = {
        "ServerlessCacheName": name,
        "Engine": engine,
        "MajorEngineVersion": major,
        "FullEngineVersion": {"7": "7.2", "8": "8.1", "9": "9.0"}[major],
        "Description": params.get("Description", " "),
        "CacheUsageLimits": params.get("CacheUsageLimits"),
        "KmsKeyId": params.get("KmsKeyId"),
        "SecurityGroupIds": sorted(params.get("SecurityGroupIds", [])),
        "SubnetIds": sorted(params.get("SubnetIds", [])),
        "UserGroupId": (params.get("UserGroupId") or "").lower() or None,
        "SnapshotRetentionLimit": params.get("SnapshotRetentionLimit", 0),
        "DailySnapshotTime": params.get("DailySnapshotTime", "03:00"),
        "NetworkType": params.get("NetworkType", "ipv4"),
        "Status": "available",
        "Hash": secrets.token_hex(3),
        "CreateTime": "2026-01-01T00:00:00Z",
        "ARN": account.arn("elasticache", f"serverlesscache:{name}"),
        "Tags": tags_of(params.get("Tags")),
    }
    _check(account, cache)
    account.put(KIND, name, cache)
    return {"ServerlessCache": _described(account, cache)}


def _check(account: Account, cache: Params) -> None:
    if len(cache["Description"]) > 255 or set(cache["Description"]) & set("<>"):
        refuse(VALUE, "The description has up to 255 characters and neither < nor >")
    if not 0 <= cache["SnapshotRetentionLimit"] <= 35:
        refuse(VALUE, "SnapshotRetentionLimit must be between 0 and 35.")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", cache["DailySnapshotTime"]):
        refuse(VALUE, f"Invalid daily snapshot time: {cache['DailySnapshotTime']}")
    _check_limits(cache["CacheUsageLimits"] or {})
    _check_network(account, cache)
    if cache["KmsKeyId"]:
        usable(account, cache["KmsKeyId"], "InvalidKMSKeyFault")
    if cache["UserGroupId"]:
        group = group_of(account, cache["UserGroupId"])
        if cache["Engine"] == "redis" and group["Engine"] != "redis":
            refuse(COMBINATION, "A user group of engine valkey cannot be attached to a redis cache")


def _check_limits(limits: Params) -> None:
    storage, units = limits.get("DataStorage", {}), limits.get("ECPUPerSecond", {})
    for amounts, low, high, noun in (
        (storage, 1, 5000, "DataStorage"),
        (units, 1000, 15_000_000, "ECPUPerSecond"),
    ):
        for name in ("Minimum", "Maximum"):
            if name in amounts and not low <= amounts[name] <= high:
                refuse(VALUE, f"{noun} {name} must be between {low} and {high}.")
        if amounts.get("Minimum", low) > amounts.get("Maximum", high):
            refuse(COMBINATION, f"{noun} Minimum must not be greater than Maximum.")


def _check_network(account: Account, cache: Params) -> None:
    subnets, groups = account.all(SUBNET), account.all(GROUP)
    if not cache["SubnetIds"]:
        refuse(VALUE, "SubnetIds are required: the account has no default VPC.")
    for identifier in cache["SubnetIds"]:
        if identifier not in subnets:
            refuse(VALUE, f"The subnet ID '{identifier}' does not exist")
    networks = {subnets[one]["VpcId"] for one in cache["SubnetIds"]}
    zones = {subnets[one]["AvailabilityZone"] for one in cache["SubnetIds"]}
    if len(networks) != 1:
        refuse(COMBINATION, "The subnets must be in one VPC")
    if not 2 <= len(cache["SubnetIds"]) <= 3 or len(zones) != len(cache["SubnetIds"]):
        refuse(VALUE, "Two or three subnets in different availability zones are required")
    for identifier in cache["SecurityGroupIds"]:
        if identifier not in groups:
            refuse(VALUE, f"The security group '{identifier}' does not exist")
        if groups[identifier]["VpcId"] not in networks:
            refuse(COMBINATION, f"The security group {identifier} is of another VPC")


def _described(account: Account, cache: Params) -> Params:
    parts = account.region.split("-")
    code = parts[0] + "".join(part[0] for part in parts[1:-1]) + parts[-1]
    name = cache["ServerlessCacheName"]
    address = f"{name}-{cache['Hash']}.serverless.{code}.cache.amazonaws.com"
    return {
        **cache,
        "Endpoint": {"Address": address, "Port": 6379},
        "ReaderEndpoint": {"Address": address, "Port": 6380},
    }


@answers("elasticache", "DescribeServerlessCaches")
def describe(account: Account, params: Params) -> Params:
    """A serverless cache by name."""
    cache = cache_of(account, params["ServerlessCacheName"])
    return {"ServerlessCaches": [_described(account, cache)]}


@answers("elasticache", "ModifyServerlessCache")
def modify(account: Account, params: Params) -> Params:
    """Changes one field a request."""
    cache = cache_of(account, params["ServerlessCacheName"])
    if cache["Status"] != "available":
        refuse("InvalidServerlessCacheStateFault", f"The cache is {cache['Status']}")
    fields = params.keys() - {"ServerlessCacheName", "RemoveUserGroup"}
    if params.get("RemoveUserGroup"):
        fields |= {"UserGroupId"}
    if "Engine" in fields or "MajorEngineVersion" in fields:
        refuse(VALUE, "This API supports only cross-engine upgrades to Valkey engine currently")
    if len(fields) != 1:
        refuse(
            COMBINATION,
            "Serverless Cache modifications only support modifying one field per request."
            if fields
            else "No modifications were requested",
        )
    name = fields.pop()
    value: Any = params.get(name)
    if name == "SecurityGroupIds":
        value = sorted(value)
    elif name == "UserGroupId" and value:
        value = value.lower()
    changed = {**cache, name: value}
    _check(account, changed)
    account.put(KIND, cache["ServerlessCacheName"], changed)
    return {"ServerlessCache": _described(account, changed)}


@answers("elasticache", "DeleteServerlessCache")
def delete(account: Account, params: Params) -> Params:
    """The cache and its data."""
    cache = cache_of(account, params["ServerlessCacheName"])
    account.remove(KIND, cache["ServerlessCacheName"])
    return {"ServerlessCache": {"ServerlessCacheName": cache["ServerlessCacheName"]}}
