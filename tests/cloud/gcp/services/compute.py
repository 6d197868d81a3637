"""Networks, subnetworks, global addresses and firewall rules of Compute Engine."""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Iterator
from typing import Any, NoReturn

from cloud.gcp.google import SEEDED, Body, Call, Google, declare
from cloud.gcp.google import refuse as refuse_by_code
from cloud.standin.store import Thing

from .resource_manager import add_project

COMPUTE = declare(
    "compute.googleapis.com",
    "compute/v1",
    api="compute.v1",
    title="Compute Engine API",
    also=("compute/beta",),
)

NETWORK = "compute.googleapis.com/Network"
SUBNETWORK = "compute.googleapis.com/Subnetwork"
ADDRESS = "compute.googleapis.com/GlobalAddress"
FIREWALL = "compute.googleapis.com/Firewall"
INNER = "compute.InternalAddress"
"""Kind of the addresses that others have taken in subnetworks, by their owner's full name."""

ROOT = "https://www.googleapis.com/compute/v1/"

_REGIONS = (
    "africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia- "
    "south1 asia-south2 asia-southeast1 asia-southeast2 australia-southeast1 australia- "
    "southeast2 europe-central2 europe-north1 europe-southwest1 europe-west1 europe-west10 "
    "europe-west12 europe-west2 europe-west3 europe-west4 europe-west6 europe-west8 europe- "
    "west9 me-central1 me-central2 me-west1 northamerica-northeast1 northamerica-northeast2 "
    "southamerica-east1 southamerica-west1 us-central1 us-east1 us-east4 us-east5 us-south1 us- "
    "west1 us-west2 us-west3 us-west4 "
)
REGIONS = frozenset(_REGIONS.split())
"""Regions of Google Cloud."""

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_PRIVATE = [ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_PROTOCOLS = {"tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all"}


def refuse(status: str, message: str, reason: str) -> NoReturn:
    """Refuses in the form of Compute Engine's errors."""
    refuse_by_code(status, message, reason=reason)


def network_name(google: Google, text: str, project: str) -> str:
    """The full name of a network by a link, a partial one or the name with the project's number.

    Refuses what is no reference to a network.
    """
    short = re.sub(r"^https?://[^/]+/(compute/)?(v1|beta)/", "", text)
    if short.startswith("global/"):
        short = f"projects/{project}/{short}"
    found = re.fullmatch(r"projects/([^/]+)/global/networks/([^/]+)", short)
    if not found:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.network': '{text}'. The URL is malformed.",
            "invalid",
        )
    return (
        f"projects/{google.project(found.group(1))['projectId']}/global/networks/{found.group(2)}"
    )


def subnetwork_name(google: Google, text: str, project: str) -> str | None:
    """The full name of a subnetwork by a link or a partial one; None for what is none."""
    short = re.sub(r"^https?://[^/]+/(compute/)?(v1|beta)/", "", text)
    if short.startswith("regions/"):
        short = f"projects/{project}/{short}"
    found = re.fullmatch(r"projects/([^/]+)/regions/([^/]+)/subnetworks/([^/]+)", short)
    if not found:
        return None
    owner = google.project(found.group(1))["projectId"]
    return f"projects/{owner}/regions/{found.group(2)}/subnetworks/{found.group(3)}"


def take_address(google: Google, subnetwork: str, owner: str) -> str:
    """Takes a free address in a subnetwork; the address. Refuses where none is left."""
    whole = ipaddress.IPv4Network(google.need(SUBNETWORK, subnetwork)["ipCidrRange"])
    taken = {
        one["address"] for one in google.all(INNER).values() if one["subnetwork"] == subnetwork
    }
    hosts = [str(one) for one in whole.hosts()]
    # The first address is the gateway's, the last but one Google's own.
    for address in [*hosts[1:-1]]:
        if address not in taken:
            google.put(INNER, owner, {"subnetwork": subnetwork, "address": address})
            return address
    refuse(
        "RESOURCE_EXHAUSTED",
        f"Failed to reserve IP from subnetwork '{subnetwork}': the IP space is exhausted.",
        "ipSpaceExhausted",
    )


def give_address(google: Google, owner: str) -> None:
    """Gives an address back."""
    google.remove(INNER, owner)


def add_network(
    google: Google,
    project: str,
    *,
    name: str = "shared",
    region: str = "europe-west1",
    cidr: str = "10.200.0.0/24",
    subnetwork: str = "shared",
) -> dict[str, str]:
    """A network with one subnetwork that somebody else made: `network` and `subnetwork` by name."""
    network = f"projects/{project}/global/networks/{name}"
    inner = f"projects/{project}/regions/{region}/subnetworks/{subnetwork}"
    google.put(
        NETWORK,
        network,
        {
            **_born("compute#network", network),
            "autoCreateSubnetworks": False,
            "routingConfig": {"routingMode": "REGIONAL"},
            "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
            SEEDED: True,
        },
    )
    first = str(next(ipaddress.IPv4Network(cidr).hosts()))
    google.put(
        SUBNETWORK,
        inner,
        {
            **_born("compute#subnetwork", inner),
            "network": ROOT + network,
            "ipCidrRange": cidr,
            "gatewayAddress": first,
            "region": f"{ROOT}projects/{project}/regions/{region}",
            "privateIpGoogleAccess": True,
            "purpose": "PRIVATE",
            "stackType": "IPV4_ONLY",
            "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
            SEEDED: True,
        },
    )
    return {"network": network, "subnetwork": inner}


def _born(kind: str, name: str) -> Thing:
    """What every object has from its creation on."""
    return {
        "kind": kind,
        "id": str(int(hashlib.sha256((name + secrets.token_hex(4)).encode()).hexdigest()[:15], 16)),
        "name": name.rpartition("/")[2],
        "creationTimestamp": "2026-11-01T00:00:00.000-07:00",
        "selfLink": ROOT + name,
    }


def _named(body: Body) -> str:
    name = body.get("name", "")
    if not _NAME.fullmatch(name):
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.name': '{name}'. Must be a match of regex "
            "'(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'",
            "invalid",
        )
    return name


def _new(google: Google, call: Call, kind: str) -> str:
    """The full name of what is made, which must be free."""
    name = f"{call.path}/{_named(call.body)}"
    if google.find(kind, name):
        refuse("ALREADY_EXISTS", f"The resource '{name}' already exists", "alreadyExists")
    return name


def _existing(google: Google, kind: str, name: str) -> Thing:
    found = google.find(kind, name)
    if found is None:
        refuse("NOT_FOUND", f"The resource '{name}' was not found", "notFound")
    return found


def _shown(thing: Thing) -> Body:
    return {name: one for name, one in thing.items() if name != SEEDED and one is not None}


def _linked_network(google: Google, call: Call, *, same: bool = True) -> str:
    """The network that a body names, which must be there; mostly in the same project."""
    text = call.body.get("network", "")
    name = network_name(google, text, call.project)
    if same and name.split("/")[1] != call.project:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.network': '{text}'. Cross project referencing is "
            "not allowed for this resource.",
            "invalid",
        )
    if google.find(NETWORK, name) is None:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.network': '{text}'. The referenced network "
            "resource cannot be found.",
            "invalid",
        )
    if google.busy(name, COMPUTE.host, "create"):
        refuse(
            "INVALID_ARGUMENT",
            f"The resource '{name}' is not ready",
            "resourceNotReady",
        )
    return name


def _cidr(text: str, field: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field '{field}': '{text}'. Must be a CIDR address range.",
            "invalid",
        )


def _subnetworks(google: Google, network: str) -> Iterator[tuple[str, Thing]]:
    for name, one in google.all(SUBNETWORK).items():
        if one["network"] == ROOT + network:
            yield name, one


def _ranges(google: Google, network: str) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
    """The addresses that are reserved in a network for peerings, by name."""
    for name, one in google.all(ADDRESS).items():
        if one.get("network") == ROOT + network:
            yield name, ipaddress.IPv4Network(f"{one['address']}/{one['prefixLength']}")


# Networks.


@COMPUTE.answers("POST", "projects/{project}/global/networks", body="Network")
def create_network(google: Google, call: Call) -> Body:
    """Makes a network; subnetworks are made by hand in all that are made here."""
    name = _new(google, call, NETWORK)
    if call.body.get("autoCreateSubnetworks") is not False:
        refuse("INVALID_ARGUMENT", "Networks of the automatic kind are not known here.", "invalid")
    mtu = call.body.get("mtu", 1460)
    if not 1300 <= mtu <= 8896:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.mtu': '{mtu}'. Must be between 1300 and 8896.",
            "invalid",
        )
    defaults = {
        "routingConfig": {"routingMode": "REGIONAL"},
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
    }
    google.put(NETWORK, name, {**_born("compute#network", name), **defaults, **call.body})
    return google.begin(call, name, "done")


@COMPUTE.finishes("done")
def done(google: Google, target: str, parameters: Body) -> Body:
    """Nothing more to do."""
    return {}


@COMPUTE.answers("GET", "projects/{project}/global/networks/{network}")
def get_network(google: Google, call: Call) -> Body:
    """A network with its subnetworks and peerings."""
    found = _existing(google, NETWORK, call.path)
    inner = [ROOT + name for name, _ in _subnetworks(google, call.path)]
    return {**_shown(found), **({"subnetworks": inner} if inner else {})}


@COMPUTE.answers("PATCH", "projects/{project}/global/networks/{network}", body="Network")
def patch_network(google: Google, call: Call) -> Body:
    """Changes what of a network can be changed."""
    found = _existing(google, NETWORK, call.path)
    strange = call.body.keys() - {
        "routingConfig", "networkFirewallPolicyEnforcementOrder", "mtu", "fingerprint",
        "enableUlaInternalIpv6",
    }  # fmt: skip
    if strange:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.{min(strange)}': it cannot be changed.",
            "invalid",
        )
    google.put(NETWORK, call.path, {**found, **call.body})
    return google.begin(call, call.path, "done")


@COMPUTE.answers("DELETE", "projects/{project}/global/networks/{network}")
def delete_network(google: Google, call: Call) -> Body:
    """Takes a network away, if nothing uses it."""
    _existing(google, NETWORK, call.path)
    return google.begin(call, call.path, "network deleted")


@COMPUTE.finishes("network deleted")
def network_deleted(google: Google, target: str, parameters: Body) -> Body:
    """The network is gone, unless something uses it."""
    for user in _users(google, target):
        refuse(
            "INVALID_ARGUMENT",
            f"The network resource '{target}' is already being used by '{user}'",
            "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
        )
    google.remove(NETWORK, target)
    return {}


def _users(google: Google, network: str) -> Iterator[str]:
    yield from (name for name, _ in _subnetworks(google, network))
    for kind in (FIREWALL, ADDRESS):
        for name, one in google.all(kind).items():
            if one.get("network") == ROOT + network:
                yield name
    for peering in google.need(NETWORK, network).get("peerings", []):
        yield peering["network"].removeprefix(ROOT)


@COMPUTE.answers(
    "POST",
    "projects/{project}/global/networks/{network}/removePeering",
    body="NetworksRemovePeeringRequest",
)
def remove_peering(google: Google, call: Call) -> Body:
    """Takes a peering out of a network, whatever uses it."""
    network = call.path.rpartition("/")[0]
    found = _existing(google, NETWORK, network)
    name = call.body.get("name")
    left = [one for one in found.get("peerings", []) if one["name"] != name]
    if len(left) == len(found.get("peerings", [])):
        refuse("INVALID_ARGUMENT", f"There is no peering connection with name '{name}'.", "invalid")
    google.put(NETWORK, network, {**found, "peerings": left})
    return google.begin(call, network, "done")


# Subnetworks.


@COMPUTE.answers("POST", "projects/{project}/regions/{region}/subnetworks", body="Subnetwork")
def create_subnetwork(google: Google, call: Call) -> Body:
    """Makes a subnetwork."""
    _region(call)
    name = _new(google, call, SUBNETWORK)
    network = _linked_network(google, call)
    inner = _free_cidr(google, network, call.body.get("ipCidrRange", ""), name)
    stored = {
        **_born("compute#subnetwork", name),
        "purpose": "PRIVATE",
        "privateIpGoogleAccess": False,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "stackType": "IPV4_ONLY",
        **call.body,
        "network": ROOT + network,
        "region": f"{ROOT}projects/{call.project}/regions/{call.values['region']}",
        "gatewayAddress": str(next(inner.hosts())),
        "fingerprint": secrets.token_hex(6),
    }
    google.put(SUBNETWORK, name, stored)
    return google.begin(call, name, "done")


def _region(call: Call) -> None:
    region = call.values["region"]
    if region not in REGIONS:
        refuse(
            "NOT_FOUND",
            f"The resource 'projects/{call.project}/regions/{region}' was not found",
            "notFound",
        )


def _free_cidr(google: Google, network: str, text: str, owner: str) -> ipaddress.IPv4Network:
    """A subnetwork's addresses, which nothing in the network may have."""
    field = "resource.ipCidrRange"
    inner = _cidr(text, field)
    if inner.prefixlen > 29:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field '{field}': '{text}'. The prefix must not be longer than 29.",
            "invalid",
        )
    for name, one in _subnetworks(google, network):
        if name != owner and inner.overlaps(ipaddress.IPv4Network(one["ipCidrRange"])):
            region = name.split("/")[3]
            refuse(
                "INVALID_ARGUMENT",
                f"Invalid IPCidrRange: {text} conflicts with existing subnetwork '{one['name']}' "
                f"in region '{region}'.",
                "badRequest",
            )
    for name, taken in _ranges(google, network):
        if inner.overlaps(taken):
            refuse(
                "INVALID_ARGUMENT",
                f"Invalid IPCidrRange: {text} conflicts with the allocated range "
                f"'{name.rpartition('/')[2]}'.",
                "badRequest",
            )
    return inner


@COMPUTE.answers("GET", "projects/{project}/regions/{region}/subnetworks/{subnetwork}")
def get_subnetwork(google: Google, call: Call) -> Body:
    """A subnetwork."""
    return _shown(_existing(google, SUBNETWORK, call.path))


@COMPUTE.answers(
    "PATCH", "projects/{project}/regions/{region}/subnetworks/{subnetwork}", body="Subnetwork"
)
def patch_subnetwork(google: Google, call: Call) -> Body:
    """Changes what of a subnetwork can be changed by a patch: its log, for one."""
    found = _existing(google, SUBNETWORK, call.path)
    if call.body.get("fingerprint") != found.get("fingerprint"):
        refuse(
            "FAILED_PRECONDITION",
            "Supplied fingerprint does not match current metadata fingerprint.",
            "conditionNotMet",
        )
    google.put(SUBNETWORK, call.path, {**found, **call.body, "fingerprint": secrets.token_hex(6)})
    return google.begin(call, call.path, "done")


@COMPUTE.answers(
    "POST",
    "projects/{project}/regions/{region}/subnetworks/{subnetwork}/expandIpCidrRange",
    body="SubnetworksExpandIpCidrRangeRequest",
)
def expand(google: Google, call: Call) -> Body:
    """Gives a subnetwork more addresses around those that it has."""
    name = call.parent
    found = _existing(google, SUBNETWORK, name)
    network = found["network"].removeprefix(ROOT)
    inner = _free_cidr(google, network, call.body.get("ipCidrRange", ""), name)
    if not ipaddress.IPv4Network(found["ipCidrRange"]).subnet_of(inner):
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'ipCidrRange': '{inner}'. The new range must contain "
            f"the old one, {found['ipCidrRange']}.",
            "invalid",
        )
    google.put(SUBNETWORK, name, {**found, "ipCidrRange": str(inner)})
    return google.begin(call, name, "done", verb="update")


@COMPUTE.answers(
    "POST",
    "projects/{project}/regions/{region}/subnetworks/{subnetwork}/setPrivateIpGoogleAccess",
    body="SubnetworksSetPrivateIpGoogleAccessRequest",
)
def set_private_access(google: Google, call: Call) -> Body:
    """Lets machines without an outer address reach Google's services, or not."""
    name = call.parent
    found = _existing(google, SUBNETWORK, name)
    access = call.body.get("privateIpGoogleAccess", False)
    google.put(SUBNETWORK, name, {**found, "privateIpGoogleAccess": access})
    return google.begin(call, name, "done", verb="update")


@COMPUTE.answers("DELETE", "projects/{project}/regions/{region}/subnetworks/{subnetwork}")
def delete_subnetwork(google: Google, call: Call) -> Body:
    """Takes a subnetwork away, if nothing has an address in it."""
    _existing(google, SUBNETWORK, call.path)
    for user, one in google.all(INNER).items():
        if one["subnetwork"] == call.path:
            refuse(
                "INVALID_ARGUMENT",
                f"The subnetwork resource '{call.path}' is already being used by '{user}'",
                "resourceInUseByAnotherResource",
            )
    google.remove(SUBNETWORK, call.path)
    return google.begin(call, call.path, "done")


# Global addresses.


@COMPUTE.answers("POST", "projects/{project}/global/addresses", body="Address")
def create_address(google: Google, call: Call) -> Body:
    """Reserves a global address or, for peering, a range of them."""
    name = _new(google, call, ADDRESS)
    body = call.body
    if body.get("addressType", "EXTERNAL") != "INTERNAL":
        if body.get("purpose") or body.get("network"):
            refuse(
                "INVALID_ARGUMENT",
                f"Invalid value for field 'resource.purpose': '{body.get('purpose', '')}'. Purpose "
                "and network can only be specified for internal addresses.",
                "invalid",
            )
        refuse("INVALID_ARGUMENT", "External addresses are not known here.", "invalid")
    if body.get("purpose") != "VPC_PEERING":
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.purpose': '{body.get('purpose', '')}'. Only "
            "addresses for peering are known here.",
            "invalid",
        )
    network = _linked_network(google, call)
    stored = {
        **_born("compute#address", name),
        "status": "RESERVED",
        "networkTier": "PREMIUM",
        "labelFingerprint": secrets.token_hex(6),
        **{key: one for key, one in body.items() if key != "labels"},
        **_range(google, network, body),
        "network": ROOT + network,
    }
    google.put(ADDRESS, name, stored)
    return google.begin(call, name, "done")


def _range(google: Google, network: str, body: Body) -> dict[str, Any]:
    """The range of a body: the one that it names, or a free one of its length."""
    prefix = body.get("prefixLength")
    if prefix is None or not 8 <= prefix <= 29:
        refuse(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'resource.prefixLength': '{prefix or ''}'. Prefix length "
            "must be between 8 and 29.",
            "invalid",
        )
    taken = [ipaddress.IPv4Network(one["ipCidrRange"]) for _, one in _subnetworks(google, network)]
    taken += [one for _, one in _ranges(google, network)]
    if body.get("address"):
        wanted = _cidr(f"{body['address']}/{prefix}", "resource.address")
        if not any(wanted.subnet_of(one) for one in _PRIVATE):
            refuse(
                "INVALID_ARGUMENT",
                f"Invalid value for field 'resource.address': '{body['address']}'. Requested range "
                "is not private.",
                "invalid",
            )
        if any(wanted.overlaps(one) for one in taken):
            refuse(
                "INVALID_ARGUMENT",
                f"Invalid value for field 'resource.address': '{body['address']}'. Requested range "
                "conflicts with other resources: The provided IP range overlaps with existing "
                "subnetwork IP range.",
                "invalid",
            )
        return {"address": body["address"], "prefixLength": prefix}
    size = 2 ** (32 - prefix)
    for whole in _PRIVATE:
        # From the top, where programs seldom put subnetworks.
        place = int(whole.broadcast_address) + 1 - size
        while place >= int(whole.network_address):
            free = ipaddress.IPv4Network((place, prefix))
            in_the_way = [one for one in taken if free.overlaps(one)]
            if not in_the_way:
                return {"address": str(free.network_address), "prefixLength": prefix}
            below = min(int(one.network_address) for one in in_the_way)
            place = below // size * size - size if below <= place else place - size
    refuse("RESOURCE_EXHAUSTED", "The network has no free range.", "ipSpaceExhausted")


@COMPUTE.answers("GET", "projects/{project}/global/addresses/{address}")
def get_address(google: Google, call: Call) -> Body:
    """A global address."""
    return _shown(_existing(google, ADDRESS, call.path))


@COMPUTE.answers(
    "POST", "projects/{project}/global/addresses/{address}/setLabels", body="GlobalSetLabelsRequest"
)
def label_address(google: Google, call: Call) -> Body:
    """Gives an address other labels."""
    name = call.parent
    found = _existing(google, ADDRESS, name)
    if call.body.get("labelFingerprint") != found["labelFingerprint"]:
        refuse(
            "FAILED_PRECONDITION",
            "Labels fingerprint either invalid or resource labels have changed",
            "conditionNotMet",
        )
    labels = call.body.get("labels", {})
    google.put(ADDRESS, name, {**found, "labels": labels, "labelFingerprint": secrets.token_hex(6)})
    return google.begin(call, name, "done", verb="setLabels")


@COMPUTE.answers("DELETE", "projects/{project}/global/addresses/{address}")
def delete_address(google: Google, call: Call) -> Body:
    """Takes an address away. Ranges of a connection may go: what was allocated stays."""
    _existing(google, ADDRESS, call.path)
    google.remove(ADDRESS, call.path)
    return google.begin(call, call.path, "done")


# Firewall rules.


@COMPUTE.answers("POST", "projects/{project}/global/firewalls", body="Firewall")
def create_firewall(google: Google, call: Call) -> Body:
    """Makes a firewall rule."""
    name = _new(google, call, FIREWALL)
    network = _linked_network(google, call)
    stored = {
        **_born("compute#firewall", name),
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
        **call.body,
        "network": ROOT + network,
    }
    google.put(FIREWALL, name, _ruled(stored))
    return google.begin(call, name, "done")


def _ruled(rule: Thing) -> Thing:
    """A rule with its defaults, after the checks."""
    egress = rule["direction"] == "EGRESS"
    for field in ("sourceRanges", "sourceTags", "sourceServiceAccounts"):
        if egress and rule.get(field):
            _wrong(field, rule[field], "Source fields cannot be set for EGRESS rules.")
    if bool(rule.get("allowed")) == bool(rule.get("denied")):
        _wrong("allowed", "", "Exactly one of allowed and denied must be specified.")
    if not 0 <= rule["priority"] <= 65535:
        _wrong("priority", rule["priority"], "Must be between 0 and 65535.")
    for entry in [*rule.get("allowed", []), *rule.get("denied", [])]:
        _entry(entry)
    _tagged(rule)
    for field in ("destinationRanges", "sourceRanges"):
        for one in rule.get(field, []):
            _ranged(field, one)
    whole = {"destinationRanges": ["0.0.0.0/0"]} if egress else {}
    if not egress and not (rule.get("sourceTags") or rule.get("sourceServiceAccounts")):
        whole = {"sourceRanges": ["0.0.0.0/0"]}
    return {**rule, **{key: one for key, one in whole.items() if not rule.get(key)}}


def _tagged(rule: Thing) -> None:
    tags = [*rule.get("sourceTags", []), *rule.get("targetTags", [])]
    for tag in tags:
        if not _NAME.fullmatch(tag):
            _wrong("targetTags", tag, "Must be a match of regex '[a-z]([-a-z0-9]*[a-z0-9])?'")
    if tags and (rule.get("targetServiceAccounts") or rule.get("sourceServiceAccounts")):
        _wrong("targetTags", tags[0], "Tags and service accounts cannot be used together.")


def _ranged(field: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        _wrong(field, text, "Must be a valid CIDR range.")


def _entry(entry: Body) -> None:
    protocol = str(entry.get("IPProtocol", "")).lower()
    if protocol not in _PROTOCOLS and not (protocol.isdigit() and int(protocol) < 256):
        _wrong("allowed.IPProtocol", protocol, "Unknown protocol.")
    for port in entry.get("ports", []):
        found = re.fullmatch(r"(\d+)(-(\d+))?", str(port))
        ends = [int(one) for one in found.group(1, 3) if one] if found else [70000]
        if max(ends) > 65535 or ends != sorted(ends):
            _wrong("allowed.ports", port, "Must be a port number or a range of them.")
        if protocol not in {"tcp", "udp", "sctp", "6", "17", "132"}:
            _wrong("allowed.ports", port, "Ports may only be specified on rules with TCP or UDP.")


def _wrong(field: str, value: Any, reason: str) -> NoReturn:
    refuse(
        "INVALID_ARGUMENT",
        f"Invalid value for field 'resource.{field}': '{value}'. {reason}",
        "invalid",
    )


@COMPUTE.answers("GET", "projects/{project}/global/firewalls/{firewall}")
def get_firewall(google: Google, call: Call) -> Body:
    """A firewall rule."""
    return _shown(_existing(google, FIREWALL, call.path))


@COMPUTE.answers("PATCH", "projects/{project}/global/firewalls/{firewall}", body="Firewall")
def patch_firewall(google: Google, call: Call) -> Body:
    """Changes a firewall rule."""
    found = _existing(google, FIREWALL, call.path)
    changed = {**found, **call.body}
    if "network" in call.body:
        network = _linked_network(google, call)
        if ROOT + network != found["network"]:
            _wrong("network", call.body["network"], "The network of a rule cannot be changed.")
        changed["network"] = found["network"]
    google.put(FIREWALL, call.path, _ruled(changed))
    return google.begin(call, call.path, "done")


@COMPUTE.answers("DELETE", "projects/{project}/global/firewalls/{firewall}")
def delete_firewall(google: Google, call: Call) -> Body:
    """Takes a firewall rule away."""
    _existing(google, FIREWALL, call.path)
    google.remove(FIREWALL, call.path)
    return google.begin(call, call.path, "done")


__all__ = [
    "ADDRESS", "COMPUTE", "FIREWALL", "INNER", "NETWORK", "REGIONS", "SUBNETWORK", "add_network",
    "add_project", "give_address", "network_name", "subnetwork_name", "take_address",
]  # fmt: skip
