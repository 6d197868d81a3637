"""Azure Managed Redis: clusters."""

from typing import Any

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

from .key_vault import check_wrapping_key
from .managed_redis_sizes import SIZES, is_enterprise, is_flash, is_preview, takes_no_cluster
from .private_link import connections, target
from .refusals import bad_request, check_identities, check_no_endpoints

API = "2025-07-01"
BUSY = (
    "Conflict",
    (
        "The cluster has an operation under way: another one can only start when its resourceState "
        "is Running. Please try again later."
    ),
)
CLUSTER = declare(
    "Microsoft.Cache/redisEnterprise",
    api=API,
    slow=True,
    located="region",
    tagged=True,
    pattern=r"(?=.{1,60}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*",
    serialised=True,
    busy=BUSY,
)
DATABASE = "Microsoft.Cache/redisEnterprise/databases"

RETIRED = (
    "Creation of new Azure Cache for Redis Enterprise resources is no longer supported. Azure "
    "Cache for Redis Enterprise is retiring, please create Azure Managed Redis instead."
)


@CLUSTER.puts
def put_cluster(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Makes a cluster, or brings it to the body.

    Switches of the subscription: `preview_sizes` (True when it is registered for them),
    `taken_hosts` (host names that somebody else has).
    """
    asked = body.setdefault("properties", {})
    _check_sku(arm, body, old)
    _check_properties(asked)
    host = f"{place.name.lower()}.{body['location']}.redis.azure.net"
    _check_host(arm, place, host)
    check_identities(arm, place, body.get("identity"))
    _check_encryption(arm, body)
    if old:
        _check_change(arm, place, old, body)
    redundant = asked.get("highAvailability", "Enabled") == "Enabled"
    return {
        **body,
        "kind": "v2",
        "_usedGb": (old or {}).get("_usedGb", 0),
        "properties": {
            "highAvailability": "Enabled",
            "minimumTlsVersion": "1.2",
            **asked,
            "hostName": host,
            "redisVersion": "7.4",
            "redundancyMode": "ZR" if redundant else "None",
            "resourceState": "Updating" if old else "Creating",
        },
    }


@CLUSTER.settles
def settle_cluster(arm: Arm, place: ArmId, cluster: Body) -> Body:
    """What a cluster is when its operation has ended."""
    del arm, place
    cluster["properties"]["resourceState"] = "Running"
    return cluster


@CLUSTER.shows
def show_cluster(arm: Arm, place: ArmId, cluster: Body) -> Body:
    """A cluster with the private endpoints that lead to it."""
    cluster["properties"]["privateEndpointConnections"] = connections(arm, place)
    return cluster


def _check_sku(arm: Arm, body: Body, old: Body | None) -> None:
    name = body["sku"]["name"]
    if is_enterprise(name):
        bad_request(RETIRED)
    if name not in SIZES:
        bad_request(f"The value of the parameter 'sku.name' is invalid: {name}.")
    if body["sku"].get("capacity") is not None:
        bad_request(
            f"The parameter 'sku.capacity' cannot be given for the SKU {name}: the SKU's name "
            "decides the capacity."
        )
    if body.get("zones"):
        bad_request(
            f"The parameter 'zones' is not supported for the SKU {name}: the service spreads "
            "clusters with high availability over the region's zones by itself."
        )
    has_it = old is not None and old["sku"]["name"] == name
    if is_preview(name) and not has_it and not arm.setting("preview_sizes", False):
        bad_request(
            f"The SKU {name} is in preview: the subscription is not registered for preview sizes."
        )


def _check_properties(asked: Body) -> None:
    if not asked.get("publicNetworkAccess"):
        bad_request(
            "The required property 'properties.publicNetworkAccess' is missing: it must be Enabled "
            "or Disabled."
        )
    version = asked.get("minimumTlsVersion", "1.2")
    if version != "1.2":
        bad_request(
            f"The value '{version}' of 'properties.minimumTlsVersion' is not supported: TLS 1.0 "
            "and 1.1 are obsolete, use 1.2."
        )


def _check_host(arm: Arm, place: ArmId, host: str) -> None:
    """A cluster's name is a host name, so nobody else in the region may have it."""
    others = {
        one["properties"]["hostName"]
        for identifier, one in arm.all(CLUSTER.name).items()
        if ArmId.parse(identifier).key != place.key
    }
    if host in others.union(arm.setting("taken_hosts", [])):
        refuse(
            409,
            "NameNotAvailable",
            "An error occured when trying to reserve the DNS name for the cache: the name "
            f"'{host}' is not available.",
        )


def _check_encryption(arm: Arm, body: Body) -> None:
    key = (body["properties"].get("encryption") or {}).get("customerManagedKeyEncryption")
    if not key:
        return
    who = key.get("keyEncryptionKeyIdentity") or {}
    identity = who.get("userAssignedIdentityResourceId") or ""
    if who.get("identityType") != "userAssignedIdentity":
        bad_request(
            "A customer-managed key needs keyEncryptionKeyIdentity.identityType "
            "'userAssignedIdentity'; no other type is supported."
        )
    assigned = (body.get("identity") or {}).get("userAssignedIdentities") or {}
    if identity.lower() not in {one.lower() for one in assigned}:
        bad_request(
            f"The identity '{identity}' of the customer-managed key must be one of the cluster's "
            "identity.userAssignedIdentities."
        )
    check_wrapping_key(arm, key.get("keyEncryptionKeyUrl") or "", arm.need(identity))


def _check_change(arm: Arm, place: ArmId, old: Body, body: Body) -> None:
    if (
        old["properties"]["highAvailability"] == "Enabled"
        and body["properties"].get("highAvailability") == "Disabled"
    ):
        bad_request("High availability cannot be disabled once it has been enabled.")
    before, after = old["sku"]["name"], body["sku"]["name"]
    if before == after:
        return
    if is_flash(before) != is_flash(after):
        bad_request(
            f"Scaling from {before} to {after} is not supported: a cluster cannot be moved to or "
            "from the Flash Optimized tier."
        )
    database = arm.find(place.child("databases", "default"))
    policy = database["properties"]["clusteringPolicy"] if database else ""
    if policy == "NoCluster" and not takes_no_cluster(after):
        bad_request(
            f"The SKU {after} does not support the clustering policy NoCluster of the database: "
            "change the policy before scaling."
        )
    if after not in {one["name"] for one in _scalings(arm, old)}:
        bad_request(
            f"Scaling from {before} to {after} is not possible: the data does not fit. The SKUs "
            "that are possible are those of listSkusForScaling."
        )


def _scalings(arm: Arm, cluster: Body) -> list[dict[str, Any]]:
    """The SKUs that a cluster may be scaled to: of its kind, and large enough for its data.

    A fifth of the memory is kept back for the service.
    """
    current, used = cluster["sku"]["name"], cluster["_usedGb"]
    registered = arm.setting("preview_sizes", False)
    return [
        {"name": name, "sizeInGB": size}
        for name, size in SIZES.items()
        if name != current
        and is_flash(name) == is_flash(current)
        and (registered or not is_preview(name))
        and used <= 0.8 * size
    ]


@CLUSTER.acts("listSkusForScaling")
def list_scalings(arm: Arm, place: ArmId, cluster: Body, body: Body) -> Body:
    """What a cluster may be scaled to."""
    del place, body
    return {"skus": _scalings(arm, cluster)}


@CLUSTER.deletes
def delete_cluster(arm: Arm, place: ArmId, cluster: Body) -> None:
    """A cluster goes with its database, but not while private endpoints lead to it."""
    del cluster
    check_no_endpoints(arm, place)


def _ready(arm: Arm, place: ArmId, cluster: Body) -> None:
    """A private endpoint can be made when the cluster has its database.

    Azure may make one earlier. But it updates the cluster meanwhile, and the database is then
    refused, or the other way round: which of the two is decided by chance.
    """
    del cluster
    if arm.find(place.child("databases", "default")) is None:
        bad_request(
            f"Call to {CLUSTER.name} failed. Error message: the cluster '{place.name}' has no "
            "database yet that a private endpoint could lead to."
        )


target(
    CLUSTER.name,
    group="redisEnterprise",
    zone="privatelink.redis.azure.net",
    record=lambda place, cluster: f"{place.name.lower()}.{cluster['location']}",
    ready=_ready,
    limit=84,
)


def fill(arm: Arm, place: ArmId, gigabytes: float) -> None:
    """Puts data into a cluster, for tests of scaling."""
    arm.put(place, {**arm.need(place), "_usedGb": gigabytes})
