"""The consumer's side of a managed service: its region, its network, its key's agent."""

import re
from ipaddress import IPv4Network

from cloud.gcp.google import Google
from cloud.standin.store import Thing

from .compute import NETWORK, REGIONS, SUBNETWORK
from .refusals import invalid
from .resource_manager import shares

PATH = re.compile(r"projects/(?P<project>[^/]+)/global/networks/(?P<name>[^/]+)")
PRIVATE = tuple(IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def check_region(location: str) -> None:
    """A managed service lives in a region."""
    if location not in REGIONS:
        invalid(f"Location {location} is not found or access is unauthorized.")


def network_of(google: Google, given: str | None, project: str) -> str:
    """Full name of the network that a request names; nothing names the default network.

    Raises GoogleError when it is no full name, or there is no such network.
    """
    field = "instance.authorized_network"
    text = given or f"projects/{project}/global/networks/default"
    found = PATH.fullmatch(text)
    if found is None:
        invalid(
            "invalid authorized_network format, value should be full path to network resource",
            field,
            text,
        )
    owner = google.project(found["project"])["projectId"]
    name = f"projects/{owner}/global/networks/{found['name']}"
    if google.find(NETWORK, name) is None:
        if not given:
            invalid("You must specify an authorized network.", field, "")
        invalid("Network name is not valid. Specify a valid name and try again.", field, text)
    return name


def check_host(google: Google, project: str, network: str) -> None:
    """A network of another project must be that of a host which the project is attached to."""
    owner = network.split("/")[1]
    if not shares(google, project, owner):
        invalid(
            f"Invalid network name {network}. Project {owner} referenced is not the host project "
            f"for {project}.",
            "instance.authorized_network",
            network,
        )


def subnetworks_in(google: Google, network: str) -> list[Thing]:
    """The subnetworks of a network."""
    return [
        one
        for one in google.all(SUBNETWORK).values()
        if str(one.get("network", "")).endswith(network)
    ]


def taken_ranges(google: Google, network: str) -> list[IPv4Network]:
    """The ranges of a network's subnetworks."""
    return [IPv4Network(one["ipCidrRange"]) for one in subnetworks_in(google, network)]
