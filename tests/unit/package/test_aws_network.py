"""The network: which addresses and zones the subnets get, and that nothing leads out of it."""

from ipaddress import IPv4Network, ip_network
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from package_components import PREVIEW_AND_UPDATE
from package_monitor import World, reveal, succeed
from secure_redis.aws.network import AwsNetwork, subnet_blocks
from secure_redis.aws.rules import VPC_PREFIXES


def network(preview: bool = False, **args: Any) -> World:
    return succeed(lambda: AwsNetwork("network", cast("Any", args)), preview=preview)


def subnets(world: World) -> list[tuple[str, str]]:
    found = sorted(world.all("Subnet"), key=lambda r: r.name)
    return [(r.plain["availabilityZone"], r.plain["cidrBlock"]) for r in found]


@given(
    st.integers(0, 2**24 - 1),
    st.sampled_from(list(VPC_PREFIXES)),
    st.integers(min_value=2, max_value=3),
)
def test_subnets_are_parts_that_do_not_meet(bits: int, prefix: int, count: int) -> None:
    vpc = ip_network((0x0A000000 | bits, prefix), strict=False)
    blocks = [IPv4Network(block) for block in subnet_blocks(str(vpc), count)]
    assert len(blocks) == count
    for number, block in enumerate(blocks):
        assert block.subnet_of(cast("IPv4Network", vpc))
        assert 16 <= block.prefixlen <= 28, "what AWS takes as a subnet"
        assert not any(block.overlaps(other) for other in blocks[:number])


def test_a_third_zone_does_not_move_the_first_two() -> None:
    assert subnet_blocks("10.20.0.0/16", 3)[:2] == subnet_blocks("10.20.0.0/16", 2)


def test_the_addresses_of_the_default_network() -> None:
    assert subnet_blocks("10.20.0.0/16", 3) == ["10.20.0.0/19", "10.20.32.0/19", "10.20.64.0/19"]


@pytest.mark.parametrize(
    ("args", "zones"),
    [
        ({}, ["eu-west-1a", "eu-west-1b"]),
        ({"zones": 3}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"zones": 2.0}, ["eu-west-1a", "eu-west-1b"]),
        ({"availability_zones": ["eu-west-1c", "eu-west-1a"]}, ["eu-west-1c", "eu-west-1a"]),
        (
            {"availability_zones": ["eu-west-1c", "eu-west-1a", "eu-west-1b"], "zones": 2},
            ["eu-west-1c", "eu-west-1a", "eu-west-1b"],
        ),
    ],
)
@PREVIEW_AND_UPDATE
def test_zones_in_a_stable_order(args: dict[str, Any], zones: list[str], preview: bool) -> None:
    found = subnets(network(preview=preview, **args))
    assert [zone for zone, _ in found] == zones
    assert [block for _, block in found] == subnet_blocks("10.20.0.0/16", len(zones))


@PREVIEW_AND_UPDATE
def test_nothing_leads_out(preview: bool) -> None:
    world = network(preview=preview, cidr="10.9.0.0/20", tags={"team": "platform"})
    assert {r.type.rpartition(":")[2] for r in world.made} == {
        "AwsNetwork",
        "Vpc",
        "DefaultSecurityGroup",
        "Subnet",
    }
    vpc = world.one("Vpc", "network").plain
    assert vpc == {
        "cidrBlock": "10.9.0.0/20",
        "enableDnsSupport": True,
        "enableDnsHostnames": True,
        "tags": {"team": "platform", "Name": "secure-redis-local"},
    }
    default = world.one("DefaultSecurityGroup", "network").plain
    assert not {"ingress", "egress"} & default.keys(), "it lets nothing through"
    for subnet in world.all("Subnet"):
        assert subnet.plain["mapPublicIpOnLaunch"] is False
        assert list(subnet.request.ignoreChanges) == ["availabilityZone"]
        assert subnet.plain["tags"]["team"] == "platform"


def test_what_a_network_says_of_itself() -> None:
    world = network()
    component = world.one("AwsNetwork", "network")
    assert component.inputs == {}
    outputs = reveal(component.outputs)
    assert outputs["vpc_id"].startswith("vpc-")
    assert len(outputs["subnet_ids"]) == 2
    assert all(each.startswith("subnet-") for each in outputs["subnet_ids"])
