"""Memorystore for Valkey.

Switches: `denied` (permissions that the caller does not have).
"""

import secrets
import uuid
from datetime import datetime, timezone
from typing import Any

from cloud.gcp.google import Body, Call, Google, GoogleError, declare, refuse
from cloud.gcp.iam import create_agent
from cloud.standin.store import Thing

from . import memorystore_rules as rules
from . import network_connectivity
from .answers import plain
from .certificates import new_authority, server_certificate, stamp
from .consumer import PATH, check_region
from .kms import agent_may_use, check_key
from .refusals import check_mask, invalid, permitted, taken, unready
from .resource_manager import shares

MEMORYSTORE = declare(
    "memorystore.googleapis.com",
    "v1",
    api="proto:google.cloud.memorystore_v1",
    title="Memorystore API",
    also=("v1beta",),
)
INSTANCE = rules.PRODUCT
INSTANCES = "projects/{project}/locations/{location}/instances"
ONE = f"{INSTANCES}/{{instance}}"
CLASS = "gcp-memorystore"
"""The service class that a connection policy must be for."""

PORT = 6379
ENDPOINTS = ("first", "second")
"""Every instance has two."""
UPDATABLE = frozenset(
    {"automatedBackupConfig", "replicaCount", "aclPolicy", "shardCount", "nodeType",
     "persistenceConfig", "maintenancePolicy", "maintenanceVersion", "engineVersion",
     "engineConfigs", "deletionProtectionEnabled", "crossInstanceReplicationConfig", "labels"}
)  # fmt: skip
UNKNOWN = frozenset(
    {"aclPolicy", "crossInstanceReplicationConfig", "gcsSource", "managedBackupSource",
     "maintenanceVersion"}
)  # fmt: skip
"""What is not modelled here."""


@MEMORYSTORE.answers("POST", INSTANCES, body="Instance", query=("instanceId",))
def create(google: Google, call: Call) -> Body:
    """Begins to make an instance."""
    location, body = call.values["location"], call.body
    check_region(location)
    identifier = call.query.get("instanceId", "")
    rules.check_name(identifier)
    name = f"{call.path}/{identifier}"
    permitted(google, "memorystore.instances.create", name)
    if google.find(INSTANCE, name):
        taken(f"Resource '{name}' already exists")
    _check_modelled(body)
    rules.check_instance(body, location)
    old_form = "endpoints" not in body
    wanted = _wanted(google, call.project, body)
    if body.get("kmsKey"):
        check_key(google, body["kmsKey"], location, "instance.kms_key")
    google.put(INSTANCE, name, _new(body, name))
    return google.begin(call, name, "created", network=wanted, old_form=old_form)


def _check_modelled(body: Body) -> None:
    for field in UNKNOWN & body.keys():
        refuse("UNIMPLEMENTED", f"This fake cloud does not know what {field} does.")


def _wanted(google: Google, project: str, body: Body) -> str:
    """The network in which the service makes its endpoints."""
    endpoints = body.pop("endpoints", [])
    connections = [
        one.get("pscAutoConnection", {})
        for endpoint in endpoints
        for one in endpoint.get("connections", [])
    ]
    connections += body.pop("pscAutoConnections", [])
    if len(connections) != 1:
        invalid(
            "Exactly one connection must be specified when an instance is created.",
            "instance.endpoints",
            len(connections),
        )
    asked = connections[0]
    if google.project(asked.get("projectId", ""))["projectId"] != project:
        invalid(
            "pscAutoConnection.project_id shall be the same as the consumer project for creating "
            "the cluster"
        )
    found = PATH.fullmatch(asked.get("network", ""))
    if found is None:
        invalid(
            "The network must have the form projects/{project}/global/networks/{network}.",
            "instance.endpoints.connections.psc_auto_connection.network",
            asked.get("network", ""),
        )
    owner = google.project(found["project"])["projectId"]
    return f"projects/{owner}/global/networks/{found['name']}"


def _new(body: Body, name: str) -> Thing:
    now = datetime.now(timezone.utc)
    secure = body.get("transitEncryptionMode") == "SERVER_AUTHENTICATION"
    made: Thing = {
        "authorizationMode": "AUTH_DISABLED",
        "transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED",
        "nodeType": rules.DEFAULT_NODE,
        "engineVersion": rules.DEFAULT_VERSION,
        "mode": "CLUSTER",
        "replicaCount": 0,
        "zoneDistributionConfig": {"mode": "MULTI_ZONE"},
        "automatedBackupConfig": {"automatedBackupMode": "DISABLED"},
        **body,
        "name": name,
        "uid": str(uuid.uuid4()),
        "createTime": stamp(now),
        "updateTime": stamp(now),
        "state": "CREATING",
        "persistenceConfig": _persistence(body.get("persistenceConfig"), now),
    }
    made["nodeConfig"] = {"sizeGb": rules.SIZES[made["nodeType"]]}
    if secure:
        made.setdefault("serverCaMode", "GOOGLE_MANAGED_PER_INSTANCE_CA")
    return made


def _persistence(config: Body | None, now: datetime) -> Body:
    kept: Body = {"mode": "DISABLED", **(config or {})}
    if kept["mode"] == "AOF":
        kept["aofConfig"] = {"appendFsync": "EVERY_SEC", **(kept.get("aofConfig") or {})}
    if kept["mode"] == "RDB":
        kept["rdbConfig"] = {
            "rdbSnapshotPeriod": "TWENTY_FOUR_HOURS",
            "rdbSnapshotStartTime": stamp(now),
            **(kept.get("rdbConfig") or {}),
        }
    return kept


@MEMORYSTORE.finishes("created")
def created(google: Google, target: str, parameters: Body) -> Body:
    """Connects the instance with its network, if a policy there lets the service do it."""
    instance = google.need(INSTANCE, target)
    try:
        _check_key_use(google, instance)
        connections = _connections(google, instance, parameters["network"])
    except GoogleError:
        deleted(google, target, {})
        raise
    instance |= {"state": "ACTIVE", "_connections": connections, "_network": parameters["network"]}
    if parameters["old_form"]:
        instance["_old_form"] = True
    if instance["transitEncryptionMode"] == "SERVER_AUTHENTICATION":
        now = datetime.now(timezone.utc)
        name = target.rpartition("/")[2]
        instance["_authorities"] = [new_authority(name, now) for _ in range(2)]
    google.put(INSTANCE, target, instance)
    create_agent(google, target.split("/")[1], "memorystore.googleapis.com")
    return _response(instance)


def _response(instance: Thing) -> Body:
    return {"@type": "type.googleapis.com/google.cloud.memorystore.v1.Instance", **shown(instance)}


def _check_key_use(google: Google, instance: Thing) -> None:
    key, project = instance.get("kmsKey"), instance["name"].split("/")[1]
    if key and not agent_may_use(google, project, "memorystore.googleapis.com", key):
        unready(
            f"Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{key}' (or "
            "it may not exist)."
        )


def _connections(google: Google, instance: Thing, network: str) -> list[Body]:
    """The endpoints that the service makes in the consumer's network, in the policy's subnet."""
    name = instance["name"]
    project, location = name.split("/")[1], name.split("/")[3]
    state = f'Invalid resource state for "{name}": '
    policy = network_connectivity.policy_for(google, network, location, CLASS)
    if policy is None:
        unready(
            f"{state}No service connection policy is associated with project: {project}, network: "
            f"{network}, region: {location}, service class: {CLASS}. Create a service connection "
            "policy and try again."
        )
    owner = network.split("/")[1]
    subnetwork = policy["pscConfig"]["subnetworks"][0]
    if not shares(google, project, owner):
        unready(
            f"{state}Failed to reserve IP from subnetwork {subnetwork} in consumer endpoint "
            f"project {project} because the endpoint project is not a Shared VPC service project. "
            "googleapi: Error 400: Cross-project references for this resource are not allowed."
        )
    owners = [f"{name}/endpoints/{one}" for one in ENDPOINTS]
    addresses = [network_connectivity.connect(google, policy, one) for one in owners]
    attachment = f"projects/{secrets.randbelow(10**12)}/regions/{location}/serviceAttachments"
    kinds = ("CONNECTION_TYPE_DISCOVERY", "")
    if instance["mode"] == "CLUSTER_DISABLED":
        kinds = ("CONNECTION_TYPE_PRIMARY", "CONNECTION_TYPE_READER")
    return [
        {
            "pscConnectionId": str(secrets.randbelow(10**18)),
            "ipAddress": address,
            "forwardingRule": "https://www.googleapis.com/compute/v1/projects/"
            f"{project}/regions/{location}/forwardingRules/sca-auto-fr-{uuid.uuid4()}",
            "projectId": project,
            "network": network,
            "serviceAttachment": f"{attachment}/gcp-memorystore-auto-{index}-psc-sa",
            "port": PORT,
            **({"connectionType": kind} if kind else {}),
        }
        for index, (address, kind) in enumerate(zip(addresses, kinds, strict=True))
    ]


@MEMORYSTORE.answers("GET", ONE)
def get(google: Google, call: Call) -> Body:
    """An instance as the service shows it."""
    return shown(google.need(INSTANCE, call.path))


@MEMORYSTORE.answers("GET", INSTANCES)
def listed(google: Google, call: Call) -> Body:
    """All instances of a region."""
    found = google.all(INSTANCE, f"{call.path}/").values()
    return {"instances": [shown(one) for one in found]}


def shown(instance: Thing) -> Body:
    """An instance without what the service keeps to itself."""
    kept = plain(instance)
    connections = [plain(one) for one in instance.get("_connections", [])]
    if connections:
        kept["endpoints"] = [{"connections": [{"pscAutoConnection": one} for one in connections]}]
        if instance.get("_old_form"):
            kept["pscAutoConnections"] = [
                {**one, "pscConnectionStatus": "ACTIVE"} for one in connections
            ]
            kept["discoveryEndpoints"] = [
                {field: one[field] for field in ("network", "port")} | {"address": one["ipAddress"]}
                for one in connections[:1]
            ]
        kept["pscAttachmentDetails"] = [
            {field: one[field] for field in ("serviceAttachment", "connectionType") if field in one}
            for one in connections
        ]
    return kept


@MEMORYSTORE.answers("GET", f"{ONE}/certificateAuthority")
def certificate_authority(google: Google, call: Call) -> Body:
    """The CAs that servers of an instance have certificates of: chains, each from leaf to root."""
    instance = google.need(INSTANCE, call.parent)
    if "_authorities" not in instance:
        unready(f"Instance {call.parent} does not have in-transit encryption enabled.")
    chains = [{"certificates": [one["cert"]]} for one in instance["_authorities"]]
    return {"name": call.path, "managedServerCa": {"caCerts": chains}}


@MEMORYSTORE.answers("PATCH", ONE, body="Instance")
def patch(google: Google, call: Call) -> Body:
    """Begins to change an instance."""
    old = google.need(INSTANCE, call.path)
    permitted(google, "memorystore.instances.update", call.path)
    check_mask(call.mask, UPDATABLE, "an instance")
    _check_modelled(dict.fromkeys(call.mask))
    _check_ready(old, "update")
    new = {**old, **{field: call.body.get(field) for field in call.mask}}
    new = {field: value for field, value in new.items() if value is not None}
    new.setdefault("nodeType", rules.DEFAULT_NODE)
    now = datetime.now(timezone.utc)
    if "persistenceConfig" in call.mask:
        rules.check_persistence(new.get("persistenceConfig") or {})
        new["persistenceConfig"] = _persistence(new.get("persistenceConfig"), now)
    rules.check_instance(new, call.values["location"])
    if rules.VERSIONS.index(new["engineVersion"]) < rules.VERSIONS.index(old["engineVersion"]):
        invalid(
            f"Engine version cannot be downgraded from {old['engineVersion']}.",
            "instance.engine_version",
            new["engineVersion"],
        )
    new |= {"nodeConfig": {"sizeGb": rules.SIZES[new["nodeType"]]}, "updateTime": stamp(now)}
    google.put(INSTANCE, call.path, {**old, "state": "UPDATING"})
    return google.begin(call, call.path, "updated", instance=new)


def _check_ready(instance: Thing, what: str) -> None:
    if instance["state"] != "ACTIVE":
        unready(
            f'Invalid resource state for "{instance["name"]}": unable to {what} an instance in the '
            f"state {instance['state']}."
        )


@MEMORYSTORE.finishes("updated")
def updated(google: Google, target: str, parameters: Body) -> Body:
    """Puts the change in place."""
    instance = {**parameters["instance"], "state": "ACTIVE"}
    google.put(INSTANCE, target, instance)
    return _response(instance)


@MEMORYSTORE.answers("DELETE", ONE)
def delete(google: Google, call: Call) -> Body:
    """Begins to take an instance away, unless it is protected."""
    old = google.need(INSTANCE, call.path)
    permitted(google, "memorystore.instances.delete", call.path)
    if old.get("deletionProtectionEnabled"):
        unready(
            f'Invalid resource state for "{call.path}": The instance is deletion protected. Please '
            "disable deletion protection to delete the instance."
        )
    _check_ready(old, "delete")
    google.put(INSTANCE, call.path, {**old, "state": "DELETING"})
    return google.begin(call, call.path, "deleted")


@MEMORYSTORE.finishes("deleted")
def deleted(google: Google, target: str, parameters: Body) -> Body:
    """Takes an instance away, with its endpoints."""
    google.remove(INSTANCE, target)
    for one in ENDPOINTS:
        network_connectivity.disconnect(google, f"{target}/endpoints/{one}")
    return {"@type": "type.googleapis.com/google.protobuf.Empty"}


# What other services and tests ask.


def serving(google: Google, name: str, address: str) -> dict[str, Any]:
    """What a server in the place of an instance needs: its certificate and key (secret)."""
    instance = google.need(INSTANCE, name)
    certificate, key = server_certificate(instance["_authorities"][-1], address)
    return {"certificate": certificate, "key": key}
