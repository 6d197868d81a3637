"""Memorystore for Redis.

Switches: `denied` (permissions that the caller does not have, as redis.instances.getAuthString).
"""

import uuid
from datetime import datetime, timezone
from ipaddress import IPv4Network
from typing import Any

from cloud.gcp.google import Body, Call, Google, GoogleError, declare, refuse
from cloud.gcp.iam import create_agent
from cloud.standin.store import Thing

from . import redis_rules as rules
from . import service_networking
from .answers import plain
from .certificates import overlapping_authorities, server_certificate, stamp
from .consumer import PRIVATE, check_host, check_region, network_of, taken_ranges
from .kms import agent_may_use, check_key
from .refusals import check_mask, invalid, permitted, taken, unready

REDIS = declare(
    "redis.googleapis.com",
    "v1",
    api="redis.v1",
    title="Google Cloud Memorystore for Redis API",
    also=("v1beta1",),
)
INSTANCE = "redis.googleapis.com/Instance"
INSTANCES = "projects/{project}/locations/{location}/instances"
ONE = f"{INSTANCES}/{{instance}}"
ENABLED = "READ_REPLICAS_ENABLED"

PORT, PORT_WITH_TLS = 6379, 6378
RELEASE = "20261001_00_00"
"""The release of the service that new instances have."""
AGENT = "cloud-redis.iam.gserviceaccount.com"
UPDATABLE = frozenset(
    {"authEnabled", "displayName", "redisConfigs", "persistenceConfig", "maintenancePolicy",
     "maintenanceVersion", "memorySizeGb", "replicaCount", "readReplicasMode", "secondaryIpRange",
     "labels"}
)  # fmt: skip
GIVEN = frozenset(
    {"alternativeLocationId", "authEnabled", "connectMode", "customerManagedKey", "displayName",
     "labels", "locationId", "maintenancePolicy", "maintenanceVersion", "memorySizeGb",
     "persistenceConfig", "readReplicasMode", "redisConfigs", "redisVersion", "tier",
     "transitEncryptionMode"}
)  # fmt: skip
"""What is kept as it was given. An additional range at creation is ignored, as Google does it."""


@REDIS.answers("POST", INSTANCES, body="Instance", query=("instanceId",))
def create(google: Google, call: Call) -> Body:
    """Begins to make an instance."""
    location = call.values["location"]
    check_region(location)
    identifier = call.query.get("instanceId", "")
    rules.check_name(identifier)
    name = f"{call.path}/{identifier}"
    permitted(google, "redis.instances.create", name)
    if google.find(INSTANCE, name):
        taken(f"Resource '{name}' already exists")
    body = call.body
    rules.check_instance(body, location)
    body.setdefault("connectMode", "DIRECT_PEERING")
    network = network_of(google, body.get("authorizedNetwork"), call.project)
    if body["connectMode"] == "DIRECT_PEERING":
        _check_direct(google, call.project, network, body)
    else:
        _check_connection(google, call.project, network)
    if body.get("customerManagedKey"):
        check_key(google, body["customerManagedKey"], location, "instance.customer_managed_key")
    google.put(INSTANCE, name, _new(google, call, name, network))
    return google.begin(call, name, "created", wanted=body.get("reservedIpRange", ""))


def _check_connection(google: Google, project: str, network: str) -> None:
    """Private service access must be there before an instance can use it."""
    check_host(google, project, network)
    if service_networking.connection_of(google, network) is None:
        unready(
            "Google private service access is not enabled. Enable private service access and try "
            "again."
        )


def _check_direct(google: Google, project: str, network: str, body: Body) -> None:
    """A peering of the instance's own: in its project, with a block of addresses."""
    if network.split("/")[1] != project:
        invalid(
            "authorized_network must exist in the same project as redis instance",
            "instance.authorized_network",
            network,
        )
    if body.get("reservedIpRange"):
        check_block(body["reservedIpRange"], _length(body), "instance.reserved_ip_range")


def _length(body: Body) -> int:
    return 28 if body.get("readReplicasMode") == ENABLED else 29


def check_block(text: str, length: int, field: str) -> IPv4Network:
    """A block of private addresses that is large enough."""
    try:
        block = IPv4Network(text)
    except ValueError:
        invalid(f"Invalid IP range: {text}. It must be a CIDR block.", field, text)
    if block.prefixlen > length:
        when = " when read replica is enabled" if length == 28 else ""
        invalid(
            f"Invalid IP range: {text}. Require a minimum of /{length} block size{when}.",
            field,
            text,
        )
    if not any(block.subnet_of(one) for one in PRIVATE):
        invalid(f"Invalid IP range: {text}. It must be in a private range.", field, text)
    return block


def _new(google: Google, call: Call, name: str, network: str) -> Thing:
    body, location = call.body, call.values["location"]
    now = datetime.now(timezone.utc)
    number = google.project(call.project)["projectNumber"]
    replicated = body.get("readReplicasMode") == ENABLED
    standard = body["tier"] == "STANDARD_HA"
    zone = body.get("locationId") or f"{location}-a"
    made: Thing = {
        **{field: value for field, value in body.items() if field in GIVEN},
        "name": name,
        "authorizedNetwork": network,
        "createTime": stamp(now),
        "locationId": zone,
        "currentLocationId": zone,
        "redisVersion": body.get("redisVersion") or rules.DEFAULT_VERSION,
        "maintenanceVersion": body.get("maintenanceVersion") or RELEASE,
        "readReplicasMode": body.get("readReplicasMode") or "READ_REPLICAS_DISABLED",
        "transitEncryptionMode": body.get("transitEncryptionMode") or "DISABLED",
        "persistenceConfig": _persistence(body.get("persistenceConfig"), now),
        "replicaCount": (body.get("replicaCount") or rules.DEFAULT_REPLICAS)
        if replicated
        else int(standard),
        "persistenceIamIdentity": f"serviceAccount:service-{number}@{AGENT}",
        "state": "CREATING",
        "_auth": str(uuid.uuid4()) if body.get("authEnabled") else "",
    }
    if standard:
        second = next(f"{location}-{one}" for one in "bca" if f"{location}-{one}" != zone)
        made["alternativeLocationId"] = body.get("alternativeLocationId") or second
    if body.get("maintenancePolicy"):
        made["maintenancePolicy"] = _maintenance(body["maintenancePolicy"], now)
    return made


def _persistence(config: Body | None, now: datetime) -> Body:
    kept = {"persistenceMode": "DISABLED", **(config or {})}
    if kept["persistenceMode"] == "RDB":
        kept.setdefault("rdbSnapshotStartTime", stamp(now))
        kept["rdbNextSnapshotTime"] = kept["rdbSnapshotStartTime"]
    return kept


def _maintenance(policy: Body, now: datetime) -> Body:
    windows = [{**one, "duration": "3600s"} for one in policy["weeklyMaintenanceWindow"]]
    return {
        **policy,
        "createTime": stamp(now),
        "updateTime": stamp(now),
        "weeklyMaintenanceWindow": windows,
    }


@REDIS.finishes("created")
def created(google: Google, target: str, parameters: Body) -> Body:
    """Places the instance, if the network and the key let it."""
    instance = google.need(INSTANCE, target)
    try:
        _check_key_use(google, target, instance)
        block = _block(google, instance, parameters["wanted"])
    except GoogleError:
        deleted(google, target, {})
        raise
    instance |= {"state": "READY", "reservedIpRange": str(block)}
    secure = instance["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
    instance |= {"host": str(block[3]), "port": PORT_WITH_TLS if secure else PORT}
    if secure:
        name = target.rpartition("/")[2]
        instance["_authorities"] = overlapping_authorities(name, datetime.now(timezone.utc))
    _place_nodes(instance, block)
    google.put(INSTANCE, target, instance)
    create_agent(google, target.split("/")[1], "redis.googleapis.com")
    return {"@type": "type.googleapis.com/google.cloud.redis.v1.Instance", **shown(instance)}


def _check_key_use(google: Google, target: str, instance: Thing) -> None:
    """The service's agent of the project must be able to use the key."""
    key, project = instance.get("customerManagedKey"), target.split("/")[1]
    if key and not agent_may_use(google, project, "redis.googleapis.com", key):
        refuse(
            "FAILED_PRECONDITION",
            "Unable to delegate the access of CMEK. Please try again later.",
        )


def _block(google: Google, instance: Thing, wanted: str) -> IPv4Network:
    """Addresses for the nodes, from the network's ranges or beside them."""
    network, length = instance["authorizedNetwork"], _length(instance)
    if instance["connectMode"] != "DIRECT_PEERING":
        return IPv4Network(
            service_networking.allocate(google, network, wanted or None, length, instance["name"])
        )
    others = [
        IPv4Network(one["reservedIpRange"])
        for one in google.all(INSTANCE).values()
        if one["authorizedNetwork"] == network and "reservedIpRange" in one
    ]
    occupied = [*taken_ranges(google, network), *others]
    if not wanted:
        candidates = IPv4Network("10.220.0.0/16").subnets(new_prefix=length)
        return next(one for one in candidates if not any(one.overlaps(other) for other in occupied))
    block = IPv4Network(wanted)
    if any(block.overlaps(one) for one in occupied):
        unready(f"New subnetwork IP range ({wanted}) overlaps with an active peer network.")
    return block


def _place_nodes(instance: Thing, block: IPv4Network) -> None:
    location = instance["name"].split("/")[3]
    count = 1 + instance["replicaCount"]
    first, second = instance["locationId"], instance.get("alternativeLocationId", "")
    zones = [first, second, *(f"{location}-{one}" for one in "cab")]
    instance["nodes"] = [
        {"id": f"node-{index}", "zone": zones[index % len(zones)]} for index in range(count)
    ]
    if instance["readReplicasMode"] == ENABLED:
        instance |= {"readEndpoint": str(block[4]), "readEndpointPort": instance["port"]}


@REDIS.answers("GET", ONE)
def get(google: Google, call: Call) -> Body:
    """An instance as the service shows it."""
    return shown(google.need(INSTANCE, call.path))


@REDIS.answers("GET", INSTANCES)
def listed(google: Google, call: Call) -> Body:
    """All instances of a region."""
    found = google.all(INSTANCE, f"{call.path}/").values()
    return {"instances": [shown(one) for one in found]}


def shown(instance: Thing) -> Body:
    """An instance as the service shows it."""
    kept = plain(instance)
    authorities = instance.get("_authorities")
    if authorities:
        kept["serverCaCerts"] = [
            {field: value for field, value in one.items() if field != "key"} for one in authorities
        ]
    return kept


@REDIS.answers("GET", f"{ONE}/authString")
def auth_string(google: Google, call: Call) -> Body:
    """The password of an instance, for who may see it."""
    instance = google.need(INSTANCE, call.parent)
    permitted(google, "redis.instances.getAuthString", call.parent)
    if instance["state"] == "CREATING":
        unready("Unable to get the AUTH string. Please wait until instance is in READY state.")
    return {"authString": instance["_auth"]} if instance["_auth"] else {}


@REDIS.answers("PATCH", ONE, body="Instance")
def patch(google: Google, call: Call) -> Body:
    """Begins to change an instance."""
    old = google.need(INSTANCE, call.path)
    permitted(google, "redis.instances.update", call.path)
    check_mask(call.mask, UPDATABLE, "an instance")
    _check_ready(old, "update")
    new = {**old, **{field: call.body.get(field) for field in call.mask}}
    new = {field: value for field, value in new.items() if value is not None}
    _check_patch(old, new, call)
    google.put(INSTANCE, call.path, {**old, "state": "UPDATING"})
    return google.begin(call, call.path, "updated", old=old, instance=new)


def _check_ready(instance: Thing, what: str) -> None:
    if instance["state"] != "READY":
        unready(
            f"Unable to {what} due to ongoing operations. Please wait until instance is in READY "
            "state."
        )


def _check_patch(old: Thing, new: Thing, call: Call) -> None:
    mode = new.setdefault("readReplicasMode", "READ_REPLICAS_DISABLED")
    turned_on = mode == ENABLED != old["readReplicasMode"]
    if mode != ENABLED and old["readReplicasMode"] == ENABLED:
        unready("Read replicas cannot be disabled on an instance once they have been enabled.")
    if mode != ENABLED and "replicaCount" in call.mask:
        unready(
            "Read Replicas mode must be enabled on the instance in order to update replica count."
        )
    _check_second_range(old, call, turned_on=turned_on)
    if turned_on and "replicaCount" not in call.mask:
        new["replicaCount"] = rules.DEFAULT_REPLICAS
    location = call.values["location"]
    asked = new if mode == ENABLED else {**new, "replicaCount": None}
    rules.check_instance(
        {**asked, "persistenceConfig": dict(new.get("persistenceConfig") or {})}, location
    )
    if "persistenceConfig" in call.mask:
        config = dict(call.body.get("persistenceConfig") or {})
        rules.check_persistence(config)
        new["persistenceConfig"] = _persistence(config, datetime.now(timezone.utc))
    if "maintenancePolicy" in call.mask and new.get("maintenancePolicy"):
        new["maintenancePolicy"] = _maintenance(
            new["maintenancePolicy"], datetime.now(timezone.utc)
        )
    if "authEnabled" in call.mask:
        new["_auth"] = _next_auth(old, enabled=bool(new.get("authEnabled")))


def _next_auth(old: Thing, *, enabled: bool) -> str:
    """The password after a change: a new one each time that AUTH is turned on."""
    if not enabled:
        return ""
    return old["_auth"] or str(uuid.uuid4())


def _check_second_range(old: Thing, call: Call, *, turned_on: bool) -> None:
    """Read replicas of an instance that had none need room for their nodes."""
    wanted = call.body.get("secondaryIpRange")
    field = "instance.secondary_ip_range"
    if not turned_on:
        if "secondaryIpRange" in call.mask:
            invalid(
                "secondary_ip_range can only be set when read replicas are enabled on an existing "
                "instance.",
                field,
                wanted,
            )
        return
    if "secondaryIpRange" not in call.mask or not wanted:
        invalid(
            "secondary_ip_range is required when enabling read replicas on an existing instance.",
            field,
            "",
        )
    if wanted != "auto" and old["connectMode"] == "DIRECT_PEERING":
        check_block(wanted, 28, field)


@REDIS.finishes("updated")
def updated(google: Google, target: str, parameters: Body) -> Body:
    """Puts the change in place."""
    instance = {**parameters["instance"], "state": "READY"}
    wanted = instance.get("secondaryIpRange")
    if wanted and wanted != parameters["old"].get("secondaryIpRange"):
        try:
            _allocate_second(google, instance, wanted)
        except GoogleError:
            google.put(INSTANCE, target, parameters["old"])
            raise
    _place_nodes(instance, IPv4Network(instance["reservedIpRange"]))
    google.put(INSTANCE, target, instance)
    return {"@type": "type.googleapis.com/google.cloud.redis.v1.Instance", **shown(instance)}


def _allocate_second(google: Google, instance: Thing, wanted: str) -> None:
    """Addresses for read replicas of an instance that had none."""
    if instance["connectMode"] != "DIRECT_PEERING":
        name = None if wanted == "auto" else wanted
        owner = f"{instance['name']}#replicas"
        service_networking.allocate(google, instance["authorizedNetwork"], name, 28, owner)


@REDIS.answers("POST", f"{ONE}:upgrade", body="UpgradeInstanceRequest")
def upgrade(google: Google, call: Call) -> Body:
    """Begins to bring an instance to a newer version."""
    old = google.need(INSTANCE, call.path)
    permitted(google, "redis.instances.upgrade", call.path)
    wanted = call.body.get("redisVersion")
    rules.check_version({"redisVersion": wanted or ""})
    _check_ready(old, "upgrade")
    if rules.VERSIONS.index(wanted) <= rules.VERSIONS.index(old["redisVersion"]):
        invalid(
            f"Instance can only be upgraded to a newer version than {old['redisVersion']}.",
            "redis_version",
            wanted,
        )
    google.put(INSTANCE, call.path, {**old, "state": "UPDATING"})
    new = {**old, "redisVersion": wanted}
    return google.begin(call, call.path, "updated", verb="upgrade", old=old, instance=new)


@REDIS.answers("DELETE", ONE)
def delete(google: Google, call: Call) -> Body:
    """Begins to take an instance away."""
    old = google.need(INSTANCE, call.path)
    permitted(google, "redis.instances.delete", call.path)
    _check_ready(old, "delete")
    google.put(INSTANCE, call.path, {**old, "state": "DELETING"})
    return google.begin(call, call.path, "deleted")


@REDIS.finishes("deleted")
def deleted(google: Google, target: str, parameters: Body) -> Body:
    """Takes an instance away."""
    google.remove(INSTANCE, target)
    for owner in (target, f"{target}#replicas"):
        service_networking.release(google, owner)
    return {"@type": "type.googleapis.com/google.protobuf.Empty"}


# What other services and tests ask.


def peered_with(google: Google, network: str) -> list[str]:
    """Instances that have a peering of their own with a network."""
    return [
        name
        for name, one in google.all(INSTANCE).items()
        if one["connectMode"] == "DIRECT_PEERING" and one["authorizedNetwork"] == network
    ]


def serving(google: Google, name: str, address: str) -> dict[str, Any]:
    """What a server in the place of an instance needs: password and certificate (secret).

    The certificate names nothing but the address, and is signed by the older CA, which clients
    that know only the first of the list do not trust.
    """
    instance = google.need(INSTANCE, name)
    certificate, key = server_certificate(instance["_authorities"][-1], address)
    return {"password": instance["_auth"], "certificate": certificate, "key": key}


def expire(google: Google, name: str) -> None:
    """Takes the older of an instance's two CAs away, as time does."""
    instance = google.need(INSTANCE, name)
    google.put(INSTANCE, name, {**instance, "_authorities": instance["_authorities"][:1]})
