"""Microsoft.Network: virtual networks, subnets, security groups and their rules."""

import ipaddress
import re
from typing import Any

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId, NotAnIdError

API = "2024-05-01"
NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"
BUSY = (
    "AnotherOperationInProgress",
    (
        "Another operation on this or dependent resource is in progress. To retrieve status of the "
        "operation use uri: https://management.azure.com/"
    ),
)

NETWORK = declare(
    "Microsoft.Network/virtualNetworks",
    api=API,
    located="region",
    tagged=True,
    slow=True,
    serialised=True,
    busy=BUSY,
    pattern=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
)
SUBNET = declare("Microsoft.Network/virtualNetworks/subnets", api=API, slow=True, pattern=NAME)
GROUP = declare(
    "Microsoft.Network/networkSecurityGroups",
    api=API,
    located="region",
    tagged=True,
    slow=True,
    serialised=True,
    busy=BUSY,
    pattern=NAME,
)
RULE = declare(
    "Microsoft.Network/networkSecurityGroups/securityRules", api=API, slow=True, pattern=NAME
)

ENDPOINT_POLICIES = {"Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"}
SMALLEST = 29
"""Prefix length of the smallest subnet: Azure keeps five of its eight addresses."""

PRIVATE_ENDPOINT = "Microsoft.Network/privateEndpoints"


def _prefix(place: ArmId, text: str) -> Any:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or "/" not in text:
        refuse(
            400,
            "InvalidAddressPrefixFormat",
            f"Address prefix {text} of resource {place.text} is not formatted correctly. It should "
            "follow CIDR notation, for example 10.0.0.0/24.",
        )
    if text.lower() != str(network):
        refuse(
            400,
            "InvalidCIDRNotation",
            f"The address prefix {text} in resource {place.text} has an invalid CIDR notation. For "
            f"the given prefix length, the address prefix should be {network}.",
        )
    return network


def _prefixes(subnet: Body) -> list[str]:
    properties = subnet["properties"]
    single = properties.get("addressPrefix")
    return [single] if single else list(properties.get("addressPrefixes") or [])


@NETWORK.puts
def put_network(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A network; the subnets in the body are all that it has afterwards."""
    properties = dict(body.get("properties", {}))
    space = properties.get("addressSpace", {}).get("addressPrefixes") or []
    if not space:
        refuse(
            400,
            "AddressSpaceNotSpecified",
            f"Address space of virtual network {place.text} is not specified.",
        )
    networks = [_prefix(place, text) for text in space]
    for index, one in enumerate(networks):
        if any(one.overlaps(other) for other in networks[:index] if one.version == other.version):
            refuse(
                400,
                "VnetAddressSpaceOverlaps",
                f"The address prefixes of virtual network {place.name} overlap.",
            )
    wanted = properties.pop("subnets", None) or []
    names = {str(one.get("name", "")).lower() for one in wanted}
    for inner in _subnets(arm, place):
        if inner.name.lower() not in names:
            _unused(arm, inner)
            arm.take(inner)
        elif not _inside(arm.need(inner), networks):
            refuse(
                400,
                "InUsePrefixCannotBeDeleted",
                f"The address space of virtual network {place.name} is in use by subnet "
                f"{inner.name} and cannot be deleted.",
            )
    made = {**body, "properties": properties}
    properties.setdefault("enableDdosProtection", False)
    arm.put(place, made)
    for one in wanted:
        inner = place.child("subnets", str(one.get("name", "")))
        before = arm.find(inner)
        subnet = put_subnet(arm, inner, {"properties": one.get("properties", {})}, before)
        subnet["properties"]["provisioningState"] = "Succeeded"
        arm.put(inner, subnet)
    return made


@NETWORK.shows
def show_network(arm: Arm, place: ArmId, thing: Body) -> Body:
    """A network with its subnets."""
    found = [(inner, arm.find(inner)) for inner in _subnets(arm, place)]
    thing["properties"]["subnets"] = [
        SUBNET.show(arm, inner, dict(one)) if SUBNET.show else one for inner, one in found if one
    ]
    thing["properties"]["virtualNetworkPeerings"] = []
    return thing


@NETWORK.deletes
def delete_network(arm: Arm, place: ArmId, thing: Body) -> None:
    """A network whose subnets nobody uses. Links of DNS zones to it are cleared."""
    for inner in _subnets(arm, place):
        _unused(arm, inner)
    for identifier, link in arm.all(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
    ).items():
        if link["properties"]["virtualNetwork"]["id"].lower() == place.key:
            arm.remove(ArmId.parse(identifier))


def _subnets(arm: Arm, place: ArmId) -> list[ArmId]:
    return [one for one in arm.children(place) if one.type == SUBNET.name]


def _inside(subnet: Body, networks: list[Any]) -> bool:
    inner = [ipaddress.ip_network(text) for text in _prefixes(subnet)]
    return all(
        any(one.version == other.version and one.subnet_of(other) for other in networks)
        for one in inner
    )


@SUBNET.puts
def put_subnet(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A subnet of a network."""
    properties = dict(body.get("properties", {}))
    assert place.parent is not None
    network = arm.need(place.parent)
    prefixes = _prefixes({"properties": properties})
    if not prefixes or (properties.get("addressPrefix") and properties.get("addressPrefixes")):
        refuse(
            400,
            "InvalidRequestFormat",
            f"Subnet {place.name} must have exactly one of addressPrefix and addressPrefixes.",
        )
    for text in prefixes:
        _range_fits(arm, place, _prefix(place, text), network)
    changed = old is not None and _prefixes(old) != prefixes
    if changed:
        _unused(arm, place, "InUseSubnetCannotBeUpdated", "updated")
    policies = properties.setdefault("privateEndpointNetworkPolicies", "Disabled")
    if policies not in ENDPOINT_POLICIES:
        refuse(
            400,
            "InvalidRequestFormat",
            f"Cannot parse the request: '{policies}' is no value of privateEndpointNetworkPolicies",
        )
    group = properties.get("networkSecurityGroup")
    if group:
        _group_fits(arm, place, str(group.get("id", "")), network["location"])
        properties["networkSecurityGroup"] = {"id": group["id"]}
    properties.setdefault("privateLinkServiceNetworkPolicies", "Enabled")
    properties.setdefault("delegations", [])
    return {"properties": properties}


def _range_fits(arm: Arm, place: ArmId, wanted: Any, network: Body) -> None:
    assert place.parent is not None
    outer = [
        ipaddress.ip_network(one)
        for one in network["properties"]["addressSpace"]["addressPrefixes"]
    ]
    if not any(one.version == wanted.version and wanted.subnet_of(one) for one in outer):
        refuse(
            400,
            "NetcfgSubnetRangeOutsideVnet",
            f"Subnet '{place.name}' is not valid because its IP address range is outside the IP "
            f"address range of virtual network '{place.parent.name}'.",
        )
    if wanted.version == 4 and wanted.prefixlen > SMALLEST:
        refuse(
            400,
            "NetcfgInvalidSubnet",
            f"Subnet '{place.name}' is not valid in virtual network '{place.parent.name}': the "
            f"smallest subnet is /{SMALLEST}.",
        )
    for other in _subnets(arm, place.parent):
        thing = arm.find(other)
        if other.key != place.key and thing is not None:
            ranges = [ipaddress.ip_network(text) for text in _prefixes(thing)]
            if any(one.version == wanted.version and one.overlaps(wanted) for one in ranges):
                refuse(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{place.name}' is not valid because its IP address range overlaps "
                    "with that of an existing subnet in virtual network "
                    f"'{place.parent.name}'.",
                )


def _group_fits(arm: Arm, place: ArmId, group: str, location: str) -> None:
    try:
        found = arm.find(group)
    except NotAnIdError:
        found = None
    if found is None or found["type"] != GROUP.name or found["location"] != location:
        refuse(
            400,
            "InvalidResourceReference",
            f"Resource {group} referenced by resource {place.text} was not found. Please make sure "
            "that the referenced resource exists, and that both resources are in the same region.",
        )


def _unused(
    arm: Arm, place: ArmId, code: str = "InUseSubnetCannotBeDeleted", what: str = "deleted"
) -> None:
    """Raises ArmError when something is in a subnet."""
    for endpoint in arm.all(PRIVATE_ENDPOINT).values():
        if endpoint["properties"]["subnet"]["id"].lower() == place.key:
            interface = endpoint["properties"]["networkInterfaces"][0]["id"]
            refuse(
                400,
                code,
                f"Subnet {place.name} is in use by {interface}/ipConfigurations/privateEndpointIp "
                f"and cannot be {what}. In order to delete the subnet, delete all the resources "
                "within the subnet. See aka.ms/deletesubnet.",
            )
    for cache in arm.all("Microsoft.Cache/redis").values():
        if str(cache["properties"].get("subnetId", "")).lower() == place.key:
            refuse(
                400,
                code,
                f"Subnet {place.name} is in use by {cache['id']} and cannot be {what}.",
            )


@SUBNET.deletes
def delete_subnet(arm: Arm, place: ArmId, thing: Body) -> None:
    """Only an empty subnet can go."""
    _unused(arm, place)


@SUBNET.shows
def show_subnet(arm: Arm, place: ArmId, thing: Body) -> Body:
    """A subnet with the endpoints in it."""
    inner = [
        identifier
        for identifier, one in arm.all(PRIVATE_ENDPOINT).items()
        if one["properties"]["subnet"]["id"].lower() == place.key
    ]
    if inner:
        thing["properties"]["privateEndpoints"] = [{"id": one} for one in inner]
    return thing


@GROUP.puts
def put_group(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A security group; the rules in the body are all that it has afterwards."""
    properties = dict(body.get("properties", {}))
    wanted = properties.pop("securityRules", None) or []
    names = {str(one.get("name", "")).lower() for one in wanted}
    for inner in _rules(arm, place):
        if inner.name.lower() not in names:
            arm.take(inner)
    made = {**body, "properties": properties}
    arm.put(place, made)
    for one in wanted:
        inner = place.child("securityRules", str(one.get("name", "")))
        rule = put_rule(arm, inner, {"properties": one.get("properties", {})}, arm.find(inner))
        rule["properties"]["provisioningState"] = "Succeeded"
        arm.put(inner, rule)
    return made


@GROUP.shows
def show_group(arm: Arm, place: ArmId, thing: Body) -> Body:
    """A security group with its rules, and the subnets that use it."""
    thing["properties"]["securityRules"] = [
        one for inner in _rules(arm, place) if (one := arm.find(inner))
    ]
    used = [{"id": one} for one in _users(arm, place)]
    if used:
        thing["properties"]["subnets"] = used
    return thing


@GROUP.deletes
def delete_group(arm: Arm, place: ArmId, thing: Body) -> None:
    """Only a group that no subnet uses can go."""
    used = _users(arm, place)
    if used:
        refuse(
            400,
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {place.text} cannot be deleted because it is in use by the "
            f"following resources: {', '.join(used)}. In order to delete the Network security "
            "group, remove the association with the resource(s). To learn how to do this, see "
            "aka.ms/deletensg.",
        )


def _users(arm: Arm, place: ArmId) -> list[str]:
    return [
        identifier
        for identifier, one in arm.all(SUBNET.name).items()
        if str(one["properties"].get("networkSecurityGroup", {}).get("id", "")).lower() == place.key
    ]


def _rules(arm: Arm, place: ArmId) -> list[ArmId]:
    return [one for one in arm.children(place) if one.type == RULE.name]


@RULE.puts
def put_rule(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A rule of a security group."""
    properties = dict(body.get("properties", {}))
    assert place.parent is not None
    for name, allowed in (
        ("direction", {"Inbound", "Outbound"}),
        ("access", {"Allow", "Deny"}),
        ("protocol", {"*", "Tcp", "Udp", "Icmp", "Esp", "Ah"}),
    ):
        if properties.get(name) not in allowed:
            refuse(
                400,
                "InvalidRequestFormat",
                f"Cannot parse the request: '{properties.get(name)}' is no value of {name}",
            )
    priority = properties.get("priority")
    if not isinstance(priority, int) or not 100 <= priority <= 4096:
        refuse(
            400,
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {priority} Allowed range "
            "100-4096.",
        )
    for name in ("sourceAddressPrefix", "destinationAddressPrefix"):
        _one_of(place, properties, name, f"{name}es", _is_address)
    for name in ("sourcePortRange", "destinationPortRange"):
        _one_of(place, properties, name, f"{name}s", _is_port)
    for inner in _rules(arm, place.parent):
        other = (arm.find(inner) or {}).get("properties", {})
        same = (other.get("priority"), other.get("direction")) == (
            priority,
            properties["direction"],
        )
        if same and inner.key != place.key:
            refuse(
                400,
                "SecurityRuleConflict",
                f"Security rule {inner.name} conflicts with rule {place.name}. Rules cannot have "
                "the same Priority and Direction.",
            )
    return {"properties": properties}


def _one_of(place: ArmId, properties: Body, single: str, several: str, fits: Any) -> None:
    given = [properties[single]] if properties.get(single) else list(properties.get(several) or [])
    if not given or (properties.get(single) and properties.get(several)):
        refuse(
            400,
            "SecurityRuleParameterNotProvided",
            f"Security rule {place.name} must have either {single} or {several}.",
        )
    for one in given:
        if not fits(str(one)):
            refuse(
                400,
                "SecurityRuleInvalidParameter",
                f"Security rule {place.name} has an invalid {single}. Value provided: {one}",
            )


def _is_address(text: str) -> bool:
    if text == "*" or re.fullmatch(r"[A-Z][A-Za-z]+(\.[A-Za-z0-9]+)?", text):
        return True
    try:
        return (
            str(ipaddress.ip_network(text, strict=False)).split("/")[0]
            == text.split("/", maxsplit=1)[0]
        )
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    if text == "*":
        return True
    ends = text.split("-")
    if len(ends) > 2 or not all(one.isdecimal() for one in ends):
        return False
    numbers = [int(one) for one in ends]
    return numbers == sorted(numbers) and numbers[-1] <= 65535
