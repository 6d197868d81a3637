"""Private service access: a peering of a network with Google's, and the ranges it may use."""

import ipaddress
import re

from cloud.gcp.google import SEEDED, Body, Call, Google, GoogleError, declare, refuse
from cloud.standin.store import Thing

from .compute import ADDRESS, NETWORK, ROOT, network_name

SERVICE_NETWORKING = declare(
    "servicenetworking.googleapis.com",
    "v1",
    api="servicenetworking.v1",
    title="Service Networking API",
)

CONNECTION = "servicenetworking.googleapis.com/Connection"
ALLOCATION = "servicenetworking.Allocation"
"""Kind of the blocks that services have taken out of ranges, by their owner's full name."""

PRODUCER = "servicenetworking.googleapis.com"
STILL_USED = (
    "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are "
    "still using this connection."
)


def connection_of(google: Google, network: str) -> Thing | None:
    """The connection of a network with Google's services, by the network's full name."""
    return google.find(CONNECTION, f"{network}|{PRODUCER}")


def allocate(google: Google, network: str, range_name: str | None, prefix: int, owner: str) -> str:
    """Takes a free block out of a network's ranges for a service; its CIDR.

    Args:
        google: where.
        network: full name of the network.
        range_name: name of one range of the connection; None: any.
        prefix: length of the block's prefix: 29.
        owner: full name of what takes it.

    Raises GoogleError: no connection, no such range, nothing free.
    """
    connection = connection_of(google, network)
    if connection is None:
        refuse(
            "FAILED_PRECONDITION",
            "Google private service access is not enabled. Enable private service access and try "
            "again.",
        )
    ranges = _ranges(google, network, connection["reservedPeeringRanges"])
    if range_name is not None:
        if range_name not in ranges:
            refuse(
                "FAILED_PRECONDITION", f"Allocated IP range '{range_name}' not found in network."
            )
        ranges = {range_name: ranges[range_name]}
    taken = [
        ipaddress.IPv4Network(one["cidr"])
        for one in google.all(ALLOCATION).values()
        if one["network"] == network
    ]
    for whole in ranges.values():
        if whole.prefixlen > prefix:
            continue
        for block in whole.subnets(new_prefix=prefix):
            if not any(block.overlaps(one) for one in taken):
                google.put(ALLOCATION, owner, {"network": network, "cidr": str(block)})
                return str(block)
    raise GoogleError(
        "FAILED_PRECONDITION",
        "The IP ranges for the connection do not have enough available IPs. Allocate a new range "
        "or expand existing range and try again.",
    )


def release(google: Google, owner: str) -> None:
    """Gives back what an owner has taken."""
    google.remove(ALLOCATION, owner)


def _ranges(google: Google, network: str, names: list[str]) -> dict[str, ipaddress.IPv4Network]:
    """The addresses of ranges by name; those that are not there any more are left out."""
    project = network.split("/")[1]
    found = {}
    for name in names:
        one = google.find(ADDRESS, f"projects/{project}/global/addresses/{name}")
        if one:
            found[name] = ipaddress.IPv4Network(f"{one['address']}/{one['prefixLength']}")
    return found


def _network(google: Google, text: str) -> str:
    found = re.fullmatch(r"projects/(\d+)/global/networks/([^/]+)", text)
    if not found:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid network '{text}': it must have the form "
            "projects/{project_number}/global/networks/{network}.",
        )
    project = google.project(found.group(1))
    google.enabled(PRODUCER, project)
    name = network_name(google, text, project["projectId"])
    if google.find(NETWORK, name) is None:
        refuse("FAILED_PRECONDITION", f"Network '{text}' was not found.")
    return name


def _producer(call: Call) -> str:
    if call.values["service"] != PRODUCER:
        refuse("PERMISSION_DENIED", f"The caller may not use the service {call.values['service']}.")
    return PRODUCER


def _checked(google: Google, network: str, names: list[str]) -> None:
    """The ranges must be there, in the network, and for peering."""
    project = network.split("/")[1]
    if not names:
        refuse("INVALID_ARGUMENT", "At least one allocated range is required.")
    for name in names:
        one = google.find(ADDRESS, f"projects/{project}/global/addresses/{name}")
        if (
            one is None
            or one.get("purpose") != "VPC_PEERING"
            or one.get("addressType") != "INTERNAL"
            or network_name(google, one.get("network", ""), project) != network
        ):
            refuse("FAILED_PRECONDITION", f"Allocated IP range '{name}' not found in network.")


@SERVICE_NETWORKING.answers("POST", "services/{service}/connections", body="Connection")
def create(google: Google, call: Call) -> Body:
    """Connects a network with a service."""
    service = _producer(call)
    network = _network(google, call.body.get("network", ""))
    parameters = {
        "service": service,
        "network": network,
        "ranges": call.body.get("reservedPeeringRanges", []),
    }
    return google.begin(call, network, "created", **parameters)


@SERVICE_NETWORKING.finishes("created")
def created(google: Google, target: str, parameters: Body) -> Body:
    """The peering is there; the same ranges again change nothing, others are refused."""
    name = f"{target}|{parameters['service']}"
    _checked(google, target, parameters["ranges"])
    old = google.find(CONNECTION, name)
    if old and sorted(old["reservedPeeringRanges"]) != sorted(parameters["ranges"]):
        refuse(
            "FAILED_PRECONDITION",
            "Cannot modify allocated ranges in CreateConnection. Please use UpdateConnection.",
        )
    return _stored(google, target, parameters)


def _stored(google: Google, network: str, parameters: Body) -> Body:
    peering = parameters["service"].replace(".", "-")
    stored = {
        "network": network,
        "service": f"services/{parameters['service']}",
        "peering": peering,
        "reservedPeeringRanges": parameters["ranges"],
    }
    google.put(CONNECTION, f"{network}|{parameters['service']}", stored)
    found = google.need(NETWORK, network)
    others = [one for one in found.get("peerings", []) if one["name"] != peering]
    google.put(
        NETWORK, network, {**found, "peerings": [*others, _peering(google, network, peering)]}
    )
    return _shown(google, stored)


def _peering(google: Google, network: str, name: str) -> Body:
    number = google.project(network.split("/")[1])["projectNumber"]
    return {
        "name": name,
        "network": "https://www.googleapis.com/compute/v1/projects/"
        f"x{number}-tp/global/networks/servicenetworking",
        "state": "ACTIVE",
    }


def _shown(google: Google, stored: Thing) -> Body:
    project = google.project(stored["network"].split("/")[1])
    shown = {name: one for name, one in stored.items() if name != SEEDED}
    name = stored["network"].rpartition("/")[2]
    return {**shown, "network": f"projects/{project['projectNumber']}/global/networks/{name}"}


@SERVICE_NETWORKING.answers("GET", "services/{service}/connections", query=("network",))
def listed(google: Google, call: Call) -> Body:
    """The connections of a network with a service."""
    network = _network(google, call.query.get("network", ""))
    found = google.find(CONNECTION, f"{network}|{call.values['service']}")
    return {"connections": [_shown(google, found)]} if found else {}


@SERVICE_NETWORKING.answers(
    "PATCH", "services/{service}/connections/{connection}", body="Connection", query=("force",)
)
def patch(google: Google, call: Call) -> Body:
    """Gives a connection other ranges."""
    service = _producer(call)
    network = _network(google, call.body.get("network", ""))
    if google.find(CONNECTION, f"{network}|{service}") is None:
        refuse("NOT_FOUND", "Connection not found.")
    parameters = {"service": service, "ranges": call.body.get("reservedPeeringRanges", [])}
    if call.mask != ["reservedPeeringRanges"]:
        refuse("INVALID_ARGUMENT", "Only reservedPeeringRanges can be updated.")
    return google.begin(call, network, "patched", force=call.query.get("force"), **parameters)


@SERVICE_NETWORKING.finishes("patched")
def patched(google: Google, target: str, parameters: Body) -> Body:
    """The connection has the ranges; without force none of those in use may go."""
    _checked(google, target, parameters["ranges"])
    old = google.need(CONNECTION, f"{target}|{parameters['service']}")
    gone = [one for one in old["reservedPeeringRanges"] if one not in parameters["ranges"]]
    if gone and parameters["force"] != "true":
        refuse("FAILED_PRECONDITION", f"Removing allocated ranges {gone} needs force.")
    return _stored(google, target, parameters)


@SERVICE_NETWORKING.answers(
    "POST", "services/{service}/connections/{connection}", body="DeleteConnectionRequest"
)
def delete(google: Google, call: Call) -> Body:
    """Takes a connection away."""
    service = _producer(call)
    network = _network(google, call.body.get("consumerNetwork", ""))
    if google.find(CONNECTION, f"{network}|{service}") is None:
        refuse("NOT_FOUND", "Connection not found.")
    return google.begin(call, network, "deleted", verb="delete", service=service)


@SERVICE_NETWORKING.finishes("deleted")
def deleted(google: Google, target: str, parameters: Body) -> Body:
    """The connection is gone, unless services still use it."""
    if any(one["network"] == target for one in google.all(ALLOCATION).values()):
        refuse("FAILED_PRECONDITION", STILL_USED)
    google.remove(CONNECTION, f"{target}|{parameters['service']}")
    found = google.need(NETWORK, target)
    name = parameters["service"].replace(".", "-")
    others = [one for one in found.get("peerings", []) if one["name"] != name]
    google.put(NETWORK, target, {**found, "peerings": others})
    return {}


def add_private_access(google: Google, network: str, name: str, cidr: str) -> str:
    """A range and a connection that somebody else made; the range's name."""
    project = network.split("/")[1]
    whole = ipaddress.IPv4Network(cidr)
    google.put(
        ADDRESS,
        f"projects/{project}/global/addresses/{name}",
        {
            "kind": "compute#address",
            "id": "1",
            "name": name,
            "address": str(whole.network_address),
            "prefixLength": whole.prefixlen,
            "addressType": "INTERNAL",
            "purpose": "VPC_PEERING",
            "network": ROOT + network,
            "status": "RESERVED",
            "selfLink": f"{ROOT}projects/{project}/global/addresses/{name}",
            "labelFingerprint": "seed",
            SEEDED: True,
        },
    )
    _stored(google, network, {"service": PRODUCER, "ranges": [name]})
    connection = f"{network}|{PRODUCER}"
    google.put(CONNECTION, connection, {**google.need(CONNECTION, connection), SEEDED: True})
    return name
