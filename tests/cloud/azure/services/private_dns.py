"""Microsoft.Network: private DNS zones, their links to networks, their records."""

import re

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

ZONE = declare(
    "Microsoft.Network/privateDnsZones",
    api="2024-06-01",
    located="global",
    tagged=True,
    slow=True,
)
LINK = declare(
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    api="2024-06-01",
    located="global",
    tagged=True,
    slow=True,
    pattern=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?",
)
RECORD = declare("Microsoft.Network/privateDnsZones/A", api="2024-06-01")


@ZONE.puts
def put_zone(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A zone."""
    labels = place.name.split(".")
    fits = 2 <= len(labels) <= 34 and all(
        re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", label) for label in labels
    )
    if not fits:
        refuse(
            400,
            "InvalidPrivateDnsZoneName",
            f"The private DNS zone name '{place.name}' is invalid: it has 2 to 34 labels of up to "
            "63 letters, digits and hyphens.",
        )
    return {**body, "properties": {}}


@ZONE.shows
def show_zone(arm: Arm, place: ArmId, thing: Body) -> Body:
    """A zone with the counts of what is in it."""
    links = [one for one in arm.children(place) if one.type == LINK.name]
    records = [one for one in arm.children(place) if one.type == RECORD.name]
    thing["properties"] |= {
        "maxNumberOfRecordSets": 25000,
        "maxNumberOfVirtualNetworkLinks": 1000,
        "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        # The zone's own SOA record is one.
        "numberOfRecordSets": 1 + len(records),
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": 0,
    }
    return thing


@ZONE.deletes
def delete_zone(arm: Arm, place: ArmId, thing: Body) -> None:
    """Only a zone without links can go; its records go with it."""
    links = [one for one in arm.children(place) if one.type == LINK.name]
    if links:
        inner = f"{LINK.name}".replace("/virtualNetworkLinks", f"/{place.name}/virtualNetworkLinks")
        refuse(
            409,
            "CannotDeleteResource",
            "Cannot delete resource while nested resources exist. Some existing nested resource "
            f"IDs include: '{inner}/{links[0].name}'. Please delete all nested resources before "
            "deleting this resource.",
        )


@LINK.puts
def put_link(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A link of the zone to a network."""
    properties = dict(body.get("properties", {}))
    network = properties.get("virtualNetwork", {}).get("id", "")
    if not network:
        refuse(400, "BadRequest", "The property 'virtualNetwork' of the link is missing.")
    arm.need(network)
    if old is not None and old["properties"]["virtualNetwork"]["id"].lower() != network.lower():
        refuse(400, "BadRequest", "The virtual network of a virtual network link cannot change.")
    assert place.parent is not None
    for identifier, other in arm.all(LINK.name).items():
        zone = ArmId.parse(identifier).parent
        same = other["properties"]["virtualNetwork"]["id"].lower() == network.lower()
        if same and zone and zone.name == place.parent.name and identifier.lower() != place.key:
            refuse(
                400,
                "BadRequest",
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. "
                f"You tried to link virtual network with '{place.parent.name}' and '{zone.name}' "
                "zones.",
            )
    properties.setdefault("registrationEnabled", False)
    properties["virtualNetworkLinkState"] = "Completed"
    return {**body, "properties": properties}


def write_record(arm: Arm, zone: ArmId, name: str, addresses: list[str]) -> None:
    """An A record that Azure itself keeps."""
    fqdn = f"{name}.{zone.name}."
    records = [{"ipv4Address": address} for address in addresses]
    arm.put(
        zone.child("A", name),
        {"properties": {"fqdn": fqdn, "ttl": 10, "aRecords": records, "isAutoRegistered": False}},
    )
