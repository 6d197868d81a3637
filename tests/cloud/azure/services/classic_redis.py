"""Azure Cache for Redis, the product that retires: caches and their keys."""

import ipaddress
import re
from typing import Any

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

from .access_keys import new_key, new_keys
from .classic_redis_settings import check_settings
from .private_link import connections, target
from .refusals import bad_request, check_identities, check_no_endpoints

API = "2024-11-01"
BUSY = (
    "Conflict",
    (
        "The resource is busy processing a previous update request or is undergoing system "
        "maintenance.  As such, it is currently unable to accept the update request.  Please try "
        "again later."
    ),
)
CACHE = declare(
    "Microsoft.Cache/redis",
    api=API,
    slow=True,
    located="region",
    tagged=True,
    serialised=True,
    busy=BUSY,
    secrets=(
        "properties.redisConfiguration.rdb-storage-connection-string",
        "properties.redisConfiguration.aof-storage-connection-string-0",
        "properties.redisConfiguration.aof-storage-connection-string-1",
    ),
)

TIERS = {"Basic": ("C", range(7)), "Standard": ("C", range(7)), "Premium": ("P", range(1, 6))}
ORDER = tuple(TIERS)
HIDDEN = (
    "rdb-storage-connection-string",
    "aof-storage-connection-string-0",
    "aof-storage-connection-string-1",
)
"""Settings that the service takes and never gives back."""


@CACHE.puts
def put_cache(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Makes a cache with new keys, or brings it to the body.

    Switches of the subscription: `had_classic_cache` (False: a tenant that never had one before
    April 2026, and gets none any more), `taken_hosts` (host names that somebody else has).
    """
    if not old and not arm.setting("had_classic_cache", True):
        # No report of this refusal was found: the code and the words are a guess.
        bad_request(
            "Creation of new Azure Cache for Redis resources is no longer supported for new "
            "customers. Azure Cache for Redis is retiring, please create Azure Managed Redis "
            "instead."
        )
    _check_name(arm, place)
    asked = body.setdefault("properties", {})
    settings = asked.get("redisConfiguration") or {}
    _check_sku(asked)
    _check_premium(body)
    _check_zones(body)
    _check_subnet(arm, asked)
    check_settings(asked["sku"]["name"], settings)
    _check_access(asked, settings)
    check_identities(arm, place, body.get("identity"))
    if old:
        _check_change(old, body)
    return {
        **body,
        "_keys": old["_keys"] if old else new_keys(),
        "properties": {
            "enableNonSslPort": False,
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "disableAccessKeyAuthentication": False,
            "redisVersion": "6.0",
            "updateChannel": "Stable",
            **asked,
            "redisConfiguration": settings,
            "hostName": f"{place.name.lower()}.redis.cache.windows.net",
            "port": 6379,
            "sslPort": 6380,
        },
    }


@CACHE.shows
def show_cache(arm: Arm, place: ArmId, cache: Body) -> Body:
    """A cache without what the service keeps to itself."""
    properties = cache["properties"]
    settings = properties["redisConfiguration"]
    properties["redisConfiguration"] = {
        name: value for name, value in settings.items() if name not in HIDDEN
    }
    properties["privateEndpointConnections"] = connections(arm, place)
    return cache


def _check_name(arm: Arm, place: ArmId) -> None:
    name = place.name
    if not re.fullmatch(r"(?=.{1,63}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", name):
        bad_request(
            f"The name '{name}' is invalid: 1 to 63 letters, digits and hyphens, beginning and "
            "ending with a letter or digit, without consecutive hyphens."
        )
    host = f"{name.lower()}.redis.cache.windows.net"
    others = {
        one["properties"]["hostName"]
        for identifier, one in arm.all(CACHE.name).items()
        if ArmId.parse(identifier).key != place.key
    }
    if host in others.union(arm.setting("taken_hosts", [])):
        refuse(
            409,
            "NameNotAvailable",
            "An error occured when trying to reserve the DNS name for the cache: the name "
            f"'{host}' is not available.",
        )


def _check_sku(asked: Body) -> None:
    sku = asked.get("sku") or {}
    tier, family, capacity = sku.get("name"), sku.get("family"), sku.get("capacity")
    if tier not in TIERS:
        bad_request(f"The value of the parameter 'properties.sku.name' is invalid: {tier}.")
    wanted, sizes = TIERS[tier]
    if family != wanted or capacity not in sizes:
        # What the service says, word for word, for a family or size that the tier does not have.
        bad_request(
            "Exception of type 'AzCacheRP.Exceptions.SkuFamilyNotSupportedException' was thrown."
        )


def _check_premium(body: Body) -> None:
    asked = body["properties"]
    settings = asked.get("redisConfiguration") or {}
    premium = {
        "shardCount": asked.get("shardCount"),
        "replicasPerPrimary": asked.get("replicasPerPrimary"),
        "replicasPerMaster": asked.get("replicasPerMaster"),
        "subnetId": asked.get("subnetId"),
        "staticIP": asked.get("staticIP"),
        "zones": body.get("zones"),
        "rdb-backup-enabled": settings.get("rdb-backup-enabled") == "true",
        "aof-backup-enabled": settings.get("aof-backup-enabled") == "true",
    }
    wanting = [name for name, value in premium.items() if value]
    tier = asked["sku"]["name"]
    if wanting and tier != "Premium":
        refuse(
            400,
            "InvalidRequestBody",
            f"The property '{wanting[0]}' is only supported on Premium caches, not on {tier}.",
        )
    if tier != "Premium":
        return
    shards = asked.get("shardCount")
    if shards is not None and not 1 <= shards <= 30:
        bad_request(f"The value {shards} of 'properties.shardCount' is not between 1 and 30.")
    primary, master = asked.get("replicasPerPrimary"), asked.get("replicasPerMaster")
    for value in (primary, master):
        if value is not None and not 1 <= value <= 3:
            bad_request(f"The number of replicas must be between 1 and 3, not {value}.")
    if primary is not None and master is not None and primary != master:
        bad_request("'replicasPerPrimary' and 'replicasPerMaster' must have the same value.")


def _check_zones(body: Body) -> None:
    policy, zones = body["properties"].get("zonalAllocationPolicy"), body.get("zones") or []
    if set(zones) - {"1", "2", "3"} or len(set(zones)) < len(zones):
        bad_request(f"The zones {', '.join(zones)} are not valid: 1, 2 and 3, each once.")
    if policy == "UserDefined" and not zones:
        bad_request("The zonal allocation policy UserDefined needs 'zones'.")
    if policy in {"Automatic", "NoZones"} and zones:
        bad_request(f"'zones' cannot be given with the zonal allocation policy {policy}.")


def _check_subnet(arm: Arm, asked: Body) -> None:
    subnet, address = asked.get("subnetId"), asked.get("staticIP")
    if address and not subnet:
        bad_request("'properties.staticIP' needs 'properties.subnetId'.")
    if not subnet:
        return
    found = arm.need(subnet)
    if address:
        ranges = found["properties"].get("addressPrefixes") or []
        ranges = ranges or [found["properties"].get("addressPrefix")]
        if not any(_inside(address, one) for one in ranges if one):
            bad_request(f"The address '{address}' of 'properties.staticIP' is not in the subnet.")


def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False


def _check_access(asked: Body, settings: Body) -> None:
    version = asked.get("minimumTlsVersion", "1.2")
    if version != "1.2":
        bad_request(f"The TLS version {version} is not supported any more: use 1.2.")
    if asked.get("disableAccessKeyAuthentication") and settings.get("aad-enabled") != "true":
        bad_request(
            "Access key authentication can only be disabled when Microsoft Entra authentication is "
            "enabled: 'redisConfiguration.aad-enabled' must be \"true\"."
        )
    if settings.get("authnotrequired") == "true" and not asked.get("subnetId"):
        bad_request("Authentication can only be switched off for a cache in a virtual network.")
    if not re.fullmatch(r"6(\.\d+)*|latest|default", asked.get("redisVersion", "6")):
        bad_request(f"The Redis version '{asked['redisVersion']}' is not supported: use 6.")


def _check_change(old: Body, body: Body) -> None:
    now, asked = old["properties"], body["properties"]
    for name in ("subnetId", "staticIP"):
        if asked.get(name) != now.get(name):
            bad_request(f"The property 'properties.{name}' cannot be changed after creation.")
    if (body.get("zones") or []) != (old.get("zones") or []):
        bad_request("The property 'zones' cannot be changed after creation.")
    before, after = _parts(old), _parts(body)
    changed = [name for name in before if before[name] != after[name]]
    if len(changed) > 1:
        bad_request(
            "The following updates can't be processed in one single request, please send seperate "
            f"request to update them: '{','.join(changed)}'."
        )
    _check_scaling(now["sku"], asked["sku"])


def _parts(cache: Body) -> dict[str, Any]:
    """What the service changes in steps of its own: a request may change one of them."""
    properties = cache["properties"]
    settings = properties.get("redisConfiguration") or {}
    size = [properties.get(name) for name in ("sku", "shardCount", "replicasPerPrimary")]
    return {
        "properties.sku": size,
        "properties.publicNetworkAccess": properties.get("publicNetworkAccess", "Enabled"),
        "identity": cache.get("identity"),
        "properties.disableAccessKeyAuthentication": bool(
            properties.get("disableAccessKeyAuthentication")
        ),
        "properties.redisConfiguration.aad-enabled": settings.get("aad-enabled", "false"),
    }


def _check_scaling(before: Body, after: Body) -> None:
    lower, upper = ORDER.index(before["name"]), ORDER.index(after["name"])
    if upper < lower:
        bad_request(
            f"Scaling from {before['name']} to {after['name']} is not supported: a cache cannot be "
            "moved to a lower tier."
        )
    if upper - lower > 1:
        bad_request(
            "Scaling from a Basic cache directly to a Premium cache is not supported: first scale "
            "from Basic to Standard, and then from Standard to Premium."
        )
    if upper > lower == 0 and before["capacity"] != after["capacity"]:
        bad_request("The tier and the size cannot be changed in one operation: Basic to Standard.")
    if upper == lower and after["capacity"] == 0 < before["capacity"]:
        bad_request("A cache cannot be scaled down to C0.")


@CACHE.acts("listKeys")
def list_keys(arm: Arm, place: ArmId, cache: Body, body: Body) -> Body:
    """Both keys: secret. Answered also while they are disabled, as the service does."""
    del arm, place, body
    return dict(cache["_keys"])


@CACHE.acts("regenerateKey")
def regenerate_key(arm: Arm, place: ArmId, cache: Body, body: Body) -> Body:
    """Makes one key anew; the other stays valid. Answers both: secret."""
    kind = body.get("keyType")
    if kind not in {"Primary", "Secondary"}:
        bad_request("The parameter 'keyType' must be Primary or Secondary.")
    keys = {**cache["_keys"], f"{kind.lower()}Key": new_key()}
    arm.put(place, {**cache, "_keys": keys})
    return keys


@CACHE.deletes
def delete_cache(arm: Arm, place: ArmId, cache: Body) -> None:
    """A cache goes with its policies and rules, but not while private endpoints lead to it."""
    del cache
    check_no_endpoints(arm, place)


def _ready(arm: Arm, place: ArmId, cache: Body) -> None:
    """A cache in a virtual network is private already."""
    del arm
    if cache["properties"].get("subnetId"):
        bad_request(
            f"Call to {CACHE.name} failed. Error message: the cache '{place.name}' is in a virtual "
            "network and cannot have private endpoints."
        )


target(
    CACHE.name,
    group="redisCache",
    zone="privatelink.redis.cache.windows.net",
    record=lambda place, cache: place.name.lower(),
    ready=_ready,
)
