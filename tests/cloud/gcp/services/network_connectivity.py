"""Service connection policies: they let a service make private endpoints in a network."""

import re

from cloud.gcp.google import SEEDED, Body, Call, Google, declare, refuse
from cloud.gcp.iam import agent, granted
from cloud.standin.store import Thing

from .compute import (
    NETWORK,
    REGIONS,
    SUBNETWORK,
    give_address,
    network_name,
    subnetwork_name,
    take_address,
)

NETWORK_CONNECTIVITY = declare(
    "networkconnectivity.googleapis.com",
    "v1",
    api="networkconnectivity.v1",
    title="Network Connectivity API",
)

SCP = "networkconnectivity.googleapis.com/ServiceConnectionPolicy"
ENDPOINT = "networkconnectivity.Endpoint"
"""Kind of the endpoints that were made by policies, by their full names."""

CLASSES = {
    "gcp-memorystore": "memorystore.googleapis.com",
    "gcp-memorystore-redis": "redis.googleapis.com",
    "google-cloud-sql": "sqladmin.googleapis.com",
}
"""Classes of services that make endpoints, and who they are."""

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LEVEL = re.compile(r"(projects|folders|organizations)/[^/]+")


def policy_for(google: Google, network: str, region: str, service_class: str) -> Thing | None:
    """The policy of a network, by its full name, in a region for a class of services."""
    for name, one in google.all(SCP).items():
        if (one["network"], one["serviceClass"]) == (network, service_class) and (
            name.split("/")[3] == region
        ):
            return one
    return None


def connect(google: Google, policy: Thing, endpoint: str) -> str:
    """Makes an endpoint in a subnetwork of a policy; its address.

    Args:
        google: where.
        policy: what `policy_for` gave.
        endpoint: its full name, which is the owner of the address.

    Raises GoogleError where the limit of the policy or the addresses are used up.
    """
    name = policy["name"]
    used = sum(one["policy"] == name for one in google.all(ENDPOINT).values())
    limit = policy.get("pscConfig", {}).get("limit")
    if limit is not None and used >= int(limit):
        refuse(
            "FAILED_PRECONDITION",
            f"The limit of {limit} connections of the service connection policy {name} is reached.",
        )
    subnetworks = policy["pscConfig"]["subnetworks"]
    address = take_address(google, subnetworks[0], endpoint)
    google.put(ENDPOINT, endpoint, {"policy": name, "address": address})
    return address


def disconnect(google: Google, endpoint: str) -> None:
    """Takes an endpoint away."""
    give_address(google, endpoint)
    google.remove(ENDPOINT, endpoint)


def _checked(google: Google, call: Call, body: Body, network: str) -> Body:
    """The policy's configuration with full names."""
    config = body.get("pscConfig", {})
    given = config.get("subnetworks", [])
    if not given:
        refuse("INVALID_ARGUMENT", "psc_config.subnetworks must not be empty.")
    found = []
    for text in given:
        name = subnetwork_name(google, text, call.project)
        subnetwork = google.find(SUBNETWORK, name) if name else None
        if name is None or subnetwork is None:
            refuse("INVALID_ARGUMENT", f"Subnetwork '{text}' was not found.")
        if name.split("/")[3] != call.values["location"]:
            refuse(
                "INVALID_ARGUMENT",
                f"Subnetwork '{text}' must be in the region of the policy, "
                f"{call.values['location']}.",
            )
        if not subnetwork["network"].endswith(f"/{network}"):
            refuse("INVALID_ARGUMENT", f"Subnetwork '{text}' is not in the network '{network}'.")
        found.append(name)
    custom = config.get("producerInstanceLocation") == "CUSTOM_RESOURCE_HIERARCHY_LEVELS"
    levels = config.get("allowedGoogleProducersResourceHierarchyLevel", [])
    if custom != bool(levels):
        refuse(
            "INVALID_ARGUMENT",
            "allowed_google_producers_resource_hierarchy_level must be set exactly when "
            "producer_instance_location is CUSTOM_RESOURCE_HIERARCHY_LEVELS.",
        )
    for one in levels:
        if not _LEVEL.fullmatch(one):
            refuse("INVALID_ARGUMENT", f"'{one}' is not a project, folder or organization.")
    return {**body, "pscConfig": {**config, "subnetworks": found}}


@NETWORK_CONNECTIVITY.answers(
    "POST",
    "projects/{project}/locations/{location}/serviceConnectionPolicies",
    body="ServiceConnectionPolicy",
    query=("serviceConnectionPolicyId",),
)
def create(google: Google, call: Call) -> Body:
    """Makes a policy: one for a network, region and class."""
    short = call.query.get("serviceConnectionPolicyId", "")
    location, body = call.values["location"], call.body
    if not _NAME.fullmatch(short):
        refuse("INVALID_ARGUMENT", f"Invalid service connection policy id '{short}'.")
    if location not in REGIONS:
        refuse("INVALID_ARGUMENT", f"Location {location} is not found or access is unauthorized.")
    name = f"{call.path}/{short}"
    if google.find(SCP, name):
        refuse("ALREADY_EXISTS", f"Resource '{name}' already exists")
    if body.get("serviceClass") not in CLASSES:
        refuse("INVALID_ARGUMENT", f"Service class '{body.get('serviceClass')}' was not found.")
    if not re.fullmatch(r"projects/[^/]+/global/networks/[^/]+", body.get("network", "")):
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid network '{body.get('network')}': it must have the form "
            "projects/{project}/global/networks/{network}.",
        )
    network = network_name(google, body["network"], call.project)
    if google.find(NETWORK, network) is None:
        refuse("INVALID_ARGUMENT", f"Network '{network}' was not found.")
    _hosted(google, call, network)
    other = policy_for(google, network, location, body["serviceClass"])
    if other:
        refuse(
            "FAILED_PRECONDITION",
            f"A service connection policy for service class {body['serviceClass']} already exists "
            f"for network {network} in region {location}: {other['name']}.",
        )
    stored = {
        **_checked(google, call, body, network),
        "name": name,
        "network": network,
        "infrastructure": "PSC",
        "etag": call.service.host[:2] + str(google.cloud.count("etags")),
        "createTime": "2026-11-01T00:00:00Z",
        "updateTime": "2026-11-01T00:00:00Z",
    }
    google.put(SCP, name, stored)
    return google.begin(call, name, "made")


def _hosted(google: Google, call: Call, network: str) -> None:
    """A policy stands in the project of its network; for a shared one, its agent must act there."""
    host = network.split("/")[1]
    if host == call.project:
        return
    found = agent(google, call.project, "networkconnectivity.googleapis.com")
    member = f"serviceAccount:{found['email']}" if found else ""
    role = "roles/networkconnectivity.serviceAgent"
    if not member or not granted(google, f"projects/{host}", role, member):
        refuse(
            "PERMISSION_DENIED",
            f"The network connectivity service agent of {call.project} lacks the role {role} in "
            f"the host project {host}.",
        )


@NETWORK_CONNECTIVITY.finishes("made")
def made(google: Google, target: str, parameters: Body) -> Body:
    """The policy as it is."""
    return _shown(google, google.need(SCP, target))


@NETWORK_CONNECTIVITY.finishes("gone")
def gone(google: Google, target: str, parameters: Body) -> Body:
    """The policy is gone."""
    return {}


def _shown(google: Google, stored: Thing) -> Body:
    shown = {name: one for name, one in stored.items() if name != SEEDED}
    found = [
        {
            "state": "ACTIVE",
            "consumerAddress": one["address"],
            "consumerForwardingRule": name,
            "consumerTargetProject": name.split("/")[1],
        }
        for name, one in google.all(ENDPOINT).items()
        if one["policy"] == stored["name"]
    ]
    return {**shown, **({"pscConnections": found} if found else {})}


@NETWORK_CONNECTIVITY.answers(
    "GET", "projects/{project}/locations/{location}/serviceConnectionPolicies/{policy}"
)
def get(google: Google, call: Call) -> Body:
    """A policy with its connections."""
    return _shown(google, google.need(SCP, call.path))


@NETWORK_CONNECTIVITY.answers(
    "PATCH",
    "projects/{project}/locations/{location}/serviceConnectionPolicies/{policy}",
    body="ServiceConnectionPolicy",
)
def patch(google: Google, call: Call) -> Body:
    """Changes a policy's description, labels and configuration."""
    old = google.need(SCP, call.path)
    if call.body.get("etag") and call.body["etag"] != old["etag"]:
        refuse("ABORTED", "The etag does not match: the policy has changed.")
    fixed = set(call.mask) - {"description", "labels", "pscConfig", "etag"}
    if fixed:
        refuse("INVALID_ARGUMENT", f"The field {min(fixed)} cannot be updated.")
    checked = call.body
    if "pscConfig" in call.mask:
        checked = _checked(google, call, call.body, old["network"])
    changed = {name: checked.get(name) for name in call.mask if name != "etag"}
    whole = {name: one for name, one in {**old, **changed}.items() if one is not None}
    whole["etag"] = old["etag"] + "1"
    google.put(SCP, call.path, whole)
    return google.begin(call, call.path, "made")


@NETWORK_CONNECTIVITY.answers(
    "DELETE", "projects/{project}/locations/{location}/serviceConnectionPolicies/{policy}"
)
def delete(google: Google, call: Call) -> Body:
    """Takes a policy away, if no endpoint depends on it."""
    google.need(SCP, call.path)
    for name, one in google.all(ENDPOINT).items():
        if one["policy"] == call.path:
            refuse(
                "FAILED_PRECONDITION",
                f"The service connection policy {call.path} has connections and cannot be deleted: "
                f"{name}.",
            )
    google.remove(SCP, call.path)
    return google.begin(call, call.path, "gone")
