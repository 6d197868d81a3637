"""Microsoft.Network: private endpoints, their interfaces, their groups of DNS zones."""

import copy
import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from cloud.azure.arm import TYPES, Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

from . import private_dns

ENDPOINT = declare(
    "Microsoft.Network/privateEndpoints",
    api="2024-05-01",
    located="region",
    tagged=True,
    slow=True,
    serialised=True,
    pattern=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
)
ZONE_GROUP = declare(
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", api="2024-05-01", slow=True
)
INTERFACE = declare("Microsoft.Network/networkInterfaces", api="2024-05-01", located="region")

ENDPOINTS = 84
"""Private endpoints that one cache may have."""


@dataclass(frozen=True)
class Target:
    """A resource type that private endpoints can lead to."""

    group: str
    """The only group id that it has."""
    zone: str
    """The zone in which its private names are."""
    record: Callable[[ArmId, Body], str]
    """Name of its record in that zone."""
    ready: Callable[[Arm, ArmId, Body], None]
    """Raises ArmError when no endpoint can be made yet."""
    limit: int = 1000


TARGETS: dict[str, Target] = {}
"""By resource type in lower case; each service says what of its own can be led to."""


def target(kind: str, **options: object) -> None:
    """Says that endpoints can lead to a type. Options as the fields of Target."""
    TARGETS[kind.lower()] = Target(**options)  # pyright: ignore[reportArgumentType]


def connections(arm: Arm, place: ArmId) -> list[Body]:
    """`privateEndpointConnections` of a resource, for its GET."""
    found: list[Body] = []
    for identifier, endpoint in arm.all(ENDPOINT.name).items():
        for one in endpoint["properties"]["privateLinkServiceConnections"]:
            inner = one["properties"]
            if inner["privateLinkServiceId"].lower() == place.key:
                name = f"{ArmId.parse(identifier).name}.{endpoint['_guid']}"
                found.append(
                    {
                        "id": f"{place.text}/privateEndpointConnections/{name}",
                        "name": name,
                        "properties": {
                            "privateEndpoint": {"id": identifier},
                            "privateLinkServiceConnectionState": inner[
                                "privateLinkServiceConnectionState"
                            ],
                            "provisioningState": "Succeeded",
                        },
                    }
                )
    return found


@ENDPOINT.puts
def put_endpoint(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """An endpoint in a subnet, with an address, connected at once."""
    properties = dict(body.get("properties", {}))
    subnet = str(properties.get("subnet", {}).get("id", ""))
    if not subnet:
        refuse(
            400,
            "SubnetNotProvidedForPrivateEndpoint",
            f"A subnet must be provided for private endpoint {place.text}.",
        )
    _subnet_fits(arm, place, subnet, body["location"])
    links = properties.get("privateLinkServiceConnections") or []
    if len(links) != 1:
        refuse(
            400,
            "PrivateEndpointMustHaveOneConnection",
            f"Private endpoint {place.text} must have exactly one private link service connection.",
        )
    if old is not None and old["properties"]["subnet"]["id"].lower() != subnet.lower():
        refuse(
            400,
            "PrivateEndpointSubnetCannotBeChanged",
            f"The subnet of private endpoint {place.text} cannot be changed.",
        )
    if properties.get("customDnsConfigs"):
        # A list that a program keeps as it was read is empty, or Azure's own.
        _own_names(arm, place, properties["customDnsConfigs"], old)
    link = _link(arm, place, links[0], old)
    guid = old["_guid"] if old else str(uuid.uuid4())
    address = old["_address"] if old else free_address(arm, subnet)
    interface = properties.pop("customNetworkInterfaceName", "") or f"{place.name}.nic.{guid}"
    made = {
        "subnet": {"id": subnet},
        "privateLinkServiceConnections": [link],
        "manualPrivateLinkServiceConnections": [],
        "networkInterfaces": [{"id": place.beside(INTERFACE.name, interface).text}],
        "customNetworkInterfaceName": "" if interface.endswith(guid) else interface,
        "ipConfigurations": [],
        "_interface": interface,
    }
    if old is None:
        arm.put(
            place.beside(INTERFACE.name, interface),
            {
                "location": body["location"],
                "properties": {
                    "privateEndpoint": {"id": place.text},
                    "ipConfigurations": [
                        {"properties": {"privateIPAddress": address, "subnet": {"id": subnet}}}
                    ],
                },
            },
        )
    occupy(arm, ArmId.parse(link["properties"]["privateLinkServiceId"]))
    return {**body, "properties": made, "_guid": guid, "_address": address}


def _own_names(arm: Arm, place: ArmId, given: list[Body], old: Body | None) -> None:
    shown = show_endpoint(arm, place, copy.deepcopy(old)) if old else {"properties": {}}
    if given != shown["properties"].get("customDnsConfigs"):
        refuse(
            400,
            "InvalidRequestFormat",
            "What Azure does with names that are given to a private endpoint is not known to this "
            "stand-in.",
        )


def _subnet_fits(arm: Arm, place: ArmId, subnet: str, location: str) -> None:
    found = arm.find(subnet) if "/subnets/" in subnet.lower() else None
    network = ArmId.parse(subnet).parent if found else None
    near = network is not None and (arm.find(network) or {}).get("location") == location
    if found is None or not near:
        refuse(
            400,
            "InvalidResourceReference",
            f"Resource {subnet} referenced by resource {place.text} was not found. Please make "
            "sure that the referenced resource exists, and that both resources are in the same "
            "region.",
        )
    if found["properties"].get("delegations"):
        refuse(
            400,
            "PrivateEndpointCannotBeCreatedInSubnetThatHasDelegation",
            f"Private endpoint {place.text} cannot be created in a subnet {subnet} since it is "
            "delegated.",
        )


def _link(arm: Arm, place: ArmId, link: Body, old: Body | None) -> Body:
    """The connection as it is kept, when its target allows it."""
    given = link.get("properties", {})
    if not link.get("name"):
        refuse(400, "InvalidRequestFormat", "A private link service connection has no name.")
    identifier = str(given.get("privateLinkServiceId", ""))
    thing = arm.need(identifier)
    aim = ArmId.parse(identifier)
    known = TARGETS.get(aim.type.lower())
    if known is None:
        refuse(
            400,
            "PrivateEndpointUnsupportedResourceType",
            f"Private endpoints cannot be connected to a resource of type '{aim.type}'.",
        )
    if given.get("groupIds") != [known.group]:
        refuse(
            400,
            "InvalidGroupIds",
            f"Call to {aim.type} failed. Error message: the group ids {given.get('groupIds')} are "
            f"not valid for the resource, which has ['{known.group}'].",
        )
    if len(given.get("requestMessage", "")) > 140:
        refuse(400, "InvalidRequestMessage", "The request message exceeds 140 characters.")
    if old is None:
        known.ready(arm, aim, thing)
        if len(connections(arm, aim)) >= known.limit:
            refuse(400, "PrivateEndpointLimitReached", f"{aim.text} has {known.limit} endpoints.")
        arm.not_busy(aim)
    else:
        before = old["properties"]["privateLinkServiceConnections"][0]["properties"]
        if before["privateLinkServiceId"].lower() != identifier.lower():
            refuse(
                400,
                "PrivateEndpointConnectionCannotBeChanged",
                f"The target of private endpoint {place.text} cannot be changed.",
            )
    state = {
        "status": "Approved",
        "description": "Auto-Approved",
        "actionsRequired": "None",
    }
    inner = {
        "privateLinkServiceId": identifier,
        "groupIds": [known.group],
        "requestMessage": given.get("requestMessage", ""),
        "privateLinkServiceConnectionState": state,
        "provisioningState": "Succeeded",
    }
    return {
        "name": link["name"],
        "id": f"{place.text}/privateLinkServiceConnections/{link['name']}",
        "properties": inner,
    }


def occupy(arm: Arm, place: ArmId) -> None:
    """A resource that an endpoint is made or taken away for is being updated meanwhile."""
    thing = arm.find(place)
    if thing is not None and TYPES[place.type.lower()].slow:
        arm.begin(place, thing, "Updating")
        arm.put(place, thing)


def free_address(arm: Arm, subnet: str) -> str:
    """The first address of a subnet that is neither Azure's nor taken."""
    thing = arm.need(subnet)
    properties = thing["properties"]
    prefix = properties.get("addressPrefix") or properties["addressPrefixes"][0]
    network = ipaddress.ip_network(prefix)
    taken = {
        one["_address"]
        for one in arm.all(ENDPOINT.name).values()
        if one["properties"]["subnet"]["id"].lower() == subnet.lower()
    }
    # Azure keeps the first four addresses and the last one.
    usable = (str(network[number]) for number in range(4, network.num_addresses - 1))
    free = next((one for one in usable if one not in taken), "")
    if not free:
        refuse(
            400,
            "SubnetIsFull",
            f"Subnet {ArmId.parse(subnet).name} with address prefix {prefix} does not have enough "
            "capacity for 1 IP addresses.",
        )
    return free


@ENDPOINT.shows
def show_endpoint(arm: Arm, place: ArmId, thing: Body) -> Body:
    """An endpoint; names that the owner must publish, if no zone group does."""
    properties = thing["properties"]
    properties.pop("_interface", None)
    groups = [one for one in arm.children(place) if one.type == ZONE_GROUP.name]
    link = properties["privateLinkServiceConnections"][0]["properties"]
    aim = ArmId.parse(link["privateLinkServiceId"])
    known = TARGETS[aim.type.lower()]
    found = arm.find(aim)
    name = known.record(aim, found) if found else aim.name
    public = known.zone.removeprefix("privatelink.").replace("vaultcore", "vault")
    properties["customDnsConfigs"] = (
        [] if groups else [{"fqdn": f"{name}.{public}", "ipAddresses": [thing["_address"]]}]
    )
    return thing


@ENDPOINT.deletes
def delete_endpoint(arm: Arm, place: ArmId, thing: Body) -> None:
    """Its interface and the records that it has published go with it."""
    arm.remove(place.beside(INTERFACE.name, thing["properties"]["_interface"]))
    for one in list(arm.children(place)):
        if one.type == ZONE_GROUP.name:
            _unpublish(arm, arm.need(one))
    for link in thing["properties"]["privateLinkServiceConnections"]:
        aim = ArmId.parse(link["properties"]["privateLinkServiceId"])
        arm.not_busy(aim)
        occupy(arm, aim)


@INTERFACE.puts
def put_interface(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """Interfaces are an endpoint's: nobody else makes them here."""
    refuse(400, "OperationNotAllowed", "Network interfaces of private endpoints are read-only.")


@INTERFACE.deletes
def delete_interface(arm: Arm, place: ArmId, thing: Body) -> None:
    """It goes with its endpoint only."""
    endpoint = thing["properties"]["privateEndpoint"]["id"]
    refuse(
        400,
        "NicInUseWithPrivateEndpoint",
        f"Network interface {place.text} is currently in use with an private endpoint {endpoint}",
    )


@ZONE_GROUP.puts
def put_zone_group(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """The endpoint's record in each of the zones."""
    assert place.parent is not None
    endpoint = arm.need(place.parent)
    others = [
        one
        for one in arm.children(place.parent)
        if one.type == ZONE_GROUP.name and one.key != place.key
    ]
    if others:
        refuse(
            400,
            "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed",
            "Cannot create more than one private dns zone groups in the private endpoint "
            f"{place.parent.text}.",
        )
    configs = body.get("properties", {}).get("privateDnsZoneConfigs") or []
    if not 1 <= len(configs) <= 5:
        refuse(
            400,
            "InvalidPrivateDnsZoneGroup",
            "A private dns zone group has 1 to 5 private dns zone configurations.",
        )
    link = endpoint["properties"]["privateLinkServiceConnections"][0]["properties"]
    aim = ArmId.parse(link["privateLinkServiceId"])
    known = TARGETS[aim.type.lower()]
    found = arm.find(aim)
    name = known.record(aim, found) if found else aim.name
    if old is not None:
        _unpublish(arm, old)
    made = []
    for config in configs:
        zone = ArmId.parse(str(config.get("properties", {}).get("privateDnsZoneId", "")))
        arm.need(zone)
        if not config.get("name"):
            refuse(400, "InvalidRequestFormat", "A private dns zone configuration has no name.")
        if zone.type.lower() != private_dns.ZONE.name.lower() or zone.name.lower() != known.zone:
            # Azure takes any zone, and the name then leads nowhere.
            refuse(
                400,
                "InvalidPrivateDnsZoneIds",
                f"Private Dns Zone {zone.name} is not the zone of {aim.type}, which is "
                f"{known.zone}.",
            )
        private_dns.write_record(arm, zone, name, [endpoint["_address"]])
        record = {
            "fqdn": f"{name}.{zone.name}",
            "ipAddresses": [endpoint["_address"]],
            "provisioningState": "Succeeded",
            "recordSetName": name,
            "recordType": "A",
            "ttl": 10,
        }
        inner = {"privateDnsZoneId": zone.text, "recordSets": [record]}
        made.append({"name": config["name"], "properties": inner})
    return {"properties": {"privateDnsZoneConfigs": made}}


@ZONE_GROUP.deletes
def delete_zone_group(arm: Arm, place: ArmId, thing: Body) -> None:
    """Its records go with it."""
    _unpublish(arm, thing)


def _unpublish(arm: Arm, group: Body) -> None:
    for config in group["properties"]["privateDnsZoneConfigs"]:
        zone = ArmId.parse(config["properties"]["privateDnsZoneId"])
        for record in config["properties"]["recordSets"]:
            arm.remove(zone.child("A", record["recordSetName"]))
