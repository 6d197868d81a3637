"""The network: which addresses the endpoints get, who comes in, and where their names lead."""

from ipaddress import IPv4Network, ip_network
from typing import Any, cast

import pytest
from azure_cases import MANAGED_ZONE, PRODUCTION, SUBNET, VAULT_ZONE, stack
from hypothesis import given
from hypothesis import strategies as st
from package_components import PREVIEW_AND_UPDATE
from package_monitor import OWNER, World, reveal, run, succeed
from secure_redis.azure.network import (
    AzureNetwork,
    network_id,
    security_rules,
    shared,
    subnet_block,
)
from secure_redis.azure.rules import NETWORK_PREFIXES
from secure_redis.configuration import InvalidArguments, parse_stack

ZONES = ["privatelink.redis.azure.net", "privatelink.vaultcore.azure.net"]
NAME = f"secure-redis-local-network-{OWNER[:8]}"


def network(preview: bool = False, **args: Any) -> World:
    return succeed(lambda: AzureNetwork("network", cast("Any", args)), preview=preview)


@given(st.integers(0, 2**24 - 1), st.sampled_from(list(NETWORK_PREFIXES)))
def test_the_endpoints_get_the_first_eighth(bits: int, prefix: int) -> None:
    whole = cast("IPv4Network", ip_network((0x0A000000 | bits, prefix), strict=False))
    block = IPv4Network(subnet_block(str(whole)))
    assert block.subnet_of(whole)
    assert block.network_address == whole.network_address
    assert block.num_addresses * 8 == whole.num_addresses
    assert block.prefixlen <= 29, "what Azure takes as a subnet"


def test_the_addresses_of_the_default_network() -> None:
    assert subnet_block("10.20.0.0/16") == "10.20.0.0/19"
    assert network_id(SUBNET).endswith("/virtualNetworks/shop")


CIDRS = st.lists(st.sampled_from(["10.1.0.0/16", "10.2.0.0/16", "192.168.7.0/24"]), unique=True)
PORTS = st.lists(st.sampled_from(["10000", "443", "8500-8599"]), unique=True)


@given(CIDRS, PORTS)
def test_the_applications_come_in_and_nobody_else(cidrs: list[str], ports: list[str]) -> None:
    rules = [cast("dict[str, Any]", rule) for rule in security_rules(cidrs, ports)]
    allowed = [rule for rule in rules if rule["access"] == "Allow"]
    assert len(allowed) == bool(cidrs and ports)
    for rule in allowed:
        assert (rule["direction"], rule["protocol"]) == ("Inbound", "Tcp")
        assert rule["source_address_prefixes"] == cidrs
        assert rule["destination_port_ranges"] == ports
    denied = {rule["direction"]: rule for rule in rules if rule["access"] == "Deny"}
    assert set(denied) == {"Inbound", "Outbound"}
    for rule in denied.values():
        assert rule["protocol"] == rule["source_address_prefix"] == "*"
        assert rule["destination_port_range"] == "*"
        assert all(rule["priority"] > other["priority"] for other in allowed)
        assert rule["priority"] <= 4096, "before Azure's own rules"
    assert len({rule["name"] for rule in rules}) == len(rules)
    keys = [(rule["direction"], rule["priority"]) for rule in rules]
    assert len(set(keys)) == len(keys)


@PREVIEW_AND_UPDATE
def test_a_network_word_for_word(preview: bool) -> None:
    world = network(
        preview=preview,
        cidr="10.9.0.0/20",
        cidrs=["10.1.0.0/16"],
        ports=["10000", "443"],
        private_dns_zones=ZONES,
        tags={"team": "platform"},
    )
    kinds = sorted(r.type.rpartition(":")[2] for r in world.made)
    assert kinds == [
        "AzureNetwork",
        "NetworkSecurityGroup",
        "PrivateZone",
        "PrivateZone",
        "RandomId",
        "ResourceGroup",
        "Subnet",
        "VirtualNetwork",
        "VirtualNetworkLink",
        "VirtualNetworkLink",
    ]
    vnet = world.one("VirtualNetwork", "network").plain
    assert vnet["addressSpace"] == {"addressPrefixes": ["10.9.0.0/20"]}
    assert "subnets" not in vnet, "the subnet is a resource of its own"
    subnet = world.one("Subnet", "network").plain
    assert (subnet["addressPrefix"], subnet["subnetName"]) == ("10.9.0.0/23", "endpoints")
    assert subnet["privateEndpointNetworkPolicies"] == "NetworkSecurityGroupEnabled"
    assert subnet["defaultOutboundAccess"] is False
    group = world.one("NetworkSecurityGroup", "network").plain
    first, second, third = group["securityRules"]
    assert first == {
        "name": "applications",
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefixes": ["10.1.0.0/16"],
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRanges": ["10000", "443"],
    }
    assert (second["direction"], third["direction"]) == ("Inbound", "Outbound")
    for zone in ZONES:
        made = world.one("PrivateZone", f"network-{zone}").plain
        assert (made["privateZoneName"], made["location"]) == (zone, "global")
        link = world.one("VirtualNetworkLink", f"network-{zone}").plain
        assert (link["location"], link["registrationEnabled"]) == ("global", False)
    if preview:
        return
    assert {r.plain["resourceGroupName"] for r in world.made if "resourceGroupName" in r.plain} == {
        NAME
    }
    for link in world.all("VirtualNetworkLink"):
        assert link.plain["virtualNetwork"]["id"].endswith(f"/virtualNetworks/{NAME}")
    assert subnet["networkSecurityGroup"]["id"].endswith(f"/networkSecurityGroups/{NAME}")


def test_an_adopted_subnet_is_left_alone() -> None:
    world = network(
        subnet_id=SUBNET, resource_group_name="caches", private_dns_zone_ids=[MANAGED_ZONE]
    )
    assert {r.type.rpartition(":")[2] for r in world.made} == {"AzureNetwork", "RandomId"}
    outputs = reveal(world.one("AzureNetwork", "network").outputs)
    assert outputs == {"resource_group_name": "caches", "subnet_id": SUBNET}


def test_zones_that_are_made_are_linked_to_the_adopted_network() -> None:
    world = network(subnet_id=SUBNET, private_dns_zones=ZONES[:1])
    (link,) = world.all("VirtualNetworkLink")
    assert link.plain["virtualNetwork"] == {"id": network_id(SUBNET)}
    assert len(world.all("ResourceGroup")) == 1


@pytest.mark.parametrize(
    ("args", "paths"),
    [
        ({"cidr": "10.0.0.0/27"}, ["cidr"]),
        ({"cidr": "8.8.0.0/16"}, ["cidr"]),
        ({"tags": {"azure": "x"}}, ["tags.azure"]),
        ({"subnet_id": SUBNET, "cidr": "10.0.0.0/16"}, ["cidr"]),
        ({"subnet_id": SUBNET, "cidrs": ["10.1.0.0/16"], "ports": ["443"]}, ["cidrs", "ports"]),
    ],
)
def test_a_network_that_cannot_be(args: dict[str, Any], paths: list[str]) -> None:
    world = run(lambda: AzureNetwork("network", cast("Any", args)))
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == paths
    assert world.made == []


# Of a stack.

CACHES: dict[str, Any] = {"a": {}, "b": {"azure": {"clusteringPolicy": "OSSCluster"}}}


def of_stack(**keys: Any) -> tuple[World, dict[str, Any]]:
    """What a stack's network registers, and its facts."""
    facts: dict[str, Any] = {}
    settings = parse_stack({**stack(), "caches": CACHES, **keys})
    return succeed(lambda: facts.update(shared(settings))), facts


@pytest.mark.parametrize(
    ("keys", "zones", "ports"),
    [
        ({}, ZONES[:1], ["10000", "8500-8599"]),
        (PRODUCTION, ZONES, ["10000", "443", "8500-8599"]),
        (
            {"network": {"privateDns": {"byPolicy": True}}},
            [],
            ["10000", "8500-8599"],
        ),
        (
            {"network": {"privateDns": {"zoneIds": [MANAGED_ZONE, VAULT_ZONE]}}},
            [],
            ["10000", "8500-8599"],
        ),
    ],
)
def test_the_network_of_a_stack(keys: dict[str, Any], zones: list[str], ports: list[str]) -> None:
    world, facts = of_stack(**keys)
    assert sorted(r.plain["privateZoneName"] for r in world.all("PrivateZone")) == zones
    rules = world.one("NetworkSecurityGroup", "network").plain["securityRules"]
    assert rules[0]["destinationPortRanges"] == ports
    assert facts.keys() == {"resource_group_name", "subnet_id", "private_dns_zone_ids"}
    given_ids = keys.get("network", {}).get("privateDns", {}).get("zoneIds", [])
    assert len(facts["private_dns_zone_ids"]) == len(zones) + len(given_ids)


def test_the_adopted_network_of_a_stack() -> None:
    network_ = {"adopt": {"subnetId": SUBNET}, "resourceGroup": "caches"}
    world, _ = of_stack(network=network_, access={})
    assert {r.type.rpartition(":")[2] for r in world.made} == {
        "AzureNetwork",
        "PrivateZone",
        "RandomId",
        "VirtualNetworkLink",
    }
