"""The network: its addresses, the ways into it, what is adopted, and what never changes."""

from ipaddress import IPv4Network, ip_network
from typing import Any, cast

import pulumi_gcp
import pytest
from gcp_cases import (
    ADOPTED,
    NETWORK,
    PRODUCTION,
    RANGE,
    SHARED_NETWORK,
    SUBNET,
    accepted,
    gcp,
    run,
    succeed,
    valkey,
)
from hypothesis import given
from hypothesis import strategies as st
from package_components import PREVIEW_AND_UPDATE
from package_gcp_cloud import PROJECT, REGION
from package_monitor import OWNER, World, reveal
from secure_redis.configuration import NETWORK_FACTS, InvalidArguments
from secure_redis.gcp import network as room
from secure_redis.gcp.network import GcpNetwork, shared, subnet_block
from secure_redis.gcp.rules import NETWORK_PREFIXES, RANGE_PREFIXES
from secure_redis.names import readable
from secure_redis.settings import Target

NAME = f"{readable('secure-redis', 'local', 'network', length=22)}-{OWNER[:8]}"
NETWORK_ID = f"projects/{PROJECT}/global/networks/{NAME}"
LABELS = {
    "secure-redis-project": "secure-redis",
    "secure-redis-stack": "local",
    "secure-redis-name": "network",
    "team": "platform",
}
BOTH = ["redis", "valkey"]


def network(preview: bool = False, **args: Any) -> World:
    return succeed(lambda: GcpNetwork("network", cast("Any", args)), preview=preview)


def kinds(world: World) -> list[str]:
    return sorted(r.type.rpartition(":")[2] for r in world.made)


def facts_of(world: World) -> dict[str, Any]:
    outputs = reveal(world.one("GcpNetwork", "network").outputs)
    return {key: outputs[key] for key in NETWORK_FACTS[Target.GCP]}


@given(st.integers(0, 2**24 - 1), st.sampled_from(list(NETWORK_PREFIXES)))
def test_the_subnet_gets_the_first_eighth(bits: int, prefix: int) -> None:
    whole = cast("IPv4Network", ip_network((0x0A000000 | bits, prefix), strict=False))
    block = IPv4Network(subnet_block(str(whole)))
    assert block.subnet_of(whole)
    assert block.network_address == whole.network_address
    assert block.num_addresses * 8 == whole.num_addresses
    assert block.prefixlen <= 29, "what Google takes as a subnet"


def test_the_addresses_of_the_default_network() -> None:
    assert subnet_block("10.20.0.0/16") == "10.20.0.0/19"
    assert room.RANGE_PREFIX in RANGE_PREFIXES
    assert network().one("Subnetwork", "network").plain["ipCidrRange"] == "10.20.0.0/19"


@PREVIEW_AND_UPDATE
def test_a_network_word_for_word(preview: bool) -> None:
    world = network(
        preview, cidr="10.9.0.0/20", engines=BOTH, remove_peering=True, tags={"team": "platform"}
    )
    assert kinds(world) == [
        "Connection",
        "GcpNetwork",
        "GlobalAddress",
        "Network",
        "RandomId",
        "ServiceConnectionPolicy",
        "Subnetwork",
    ]
    if preview:
        return
    assert world.one("compute/network:Network", "network").plain == {
        "name": NAME,
        "description": "Caches",
        "autoCreateSubnetworks": False,
    }
    assert world.one("Subnetwork", "network").plain == {
        "name": NAME,
        "network": NETWORK_ID,
        "region": REGION,
        "ipCidrRange": "10.9.0.0/23",
        "privateIpGoogleAccess": True,
    }
    assert world.one("GlobalAddress", "network").plain == {
        "name": NAME,
        "description": "Memorystore for Redis",
        "purpose": "VPC_PEERING",
        "addressType": "INTERNAL",
        "prefixLength": 20,
        "network": NETWORK_ID,
        "labels": LABELS,
    }
    assert world.one("Connection", "network").plain == {
        "network": NETWORK_ID,
        "service": "servicenetworking.googleapis.com",
        "reservedPeeringRanges": [NAME],
        "updateOnCreationFail": True,
        "deletionPolicy": "REMOVE_PEERING",
    }
    assert world.one("ServiceConnectionPolicy", "network").plain == {
        "name": NAME,
        "description": "Memorystore for Valkey",
        "location": REGION,
        "network": NETWORK_ID,
        "serviceClass": "gcp-memorystore",
        "pscConfig": {"subnetworks": [f"projects/{PROJECT}/regions/{REGION}/subnetworks/{NAME}"]},
        "labels": LABELS,
    }
    policies = f"projects/{PROJECT}/locations/{REGION}/serviceConnectionPolicies"
    assert facts_of(world) == {
        "network_id": NETWORK_ID,
        "reserved_range_name": NAME,
        "connection_policy_id": f"{policies}/{NAME}",
    }


@pytest.mark.parametrize(
    ("engines", "present"),
    [
        (["redis"], {"GlobalAddress", "Connection"}),
        (["valkey"], {"ServiceConnectionPolicy"}),
        ([], set()),
    ],
)
def test_a_network_has_the_ways_in_that_its_caches_need(
    engines: list[str], present: set[str]
) -> None:
    world = network(engines=engines)
    ways = {"GlobalAddress", "Connection", "ServiceConnectionPolicy"}
    assert set(kinds(world)) & ways == present
    facts = facts_of(world)
    assert bool(facts["reserved_range_name"]) == ("redis" in engines)
    assert bool(facts["connection_policy_id"]) == ("valkey" in engines)


def test_a_range_with_addresses_of_ones_own() -> None:
    made = network(reserved_range_cidr="10.64.0.0/22").one("GlobalAddress", "network").plain
    assert (made["address"], made["prefixLength"]) == ("10.64.0.0", 22)


@pytest.mark.parametrize(("wanted", "policy"), [(True, "REMOVE_PEERING"), (False, "DELETE")])
def test_how_the_connection_goes(wanted: bool, policy: str) -> None:
    made = network(remove_peering=wanted).one("Connection", "network").plain
    assert made["deletionPolicy"] == policy


@PREVIEW_AND_UPDATE
def test_the_range_has_no_name_before_the_connection_is_there(preview: bool) -> None:
    """Whoever takes an address of it waits for both."""

    def program() -> None:
        facts = GcpNetwork("network", {}).facts()
        pulumi_gcp.compute.Network("probe", name=facts["reserved_range_name"])

    world = succeed(program, preview=preview)
    waits = set(world.one("compute/network:Network", "probe").request.dependencies)
    connection = world.one("Connection", "network")
    assert connection.urn in waits
    assert world.one("GlobalAddress", "network").urn in set(connection.request.dependencies)


# A network that exists.


def test_an_adopted_network_with_its_range_is_left_alone() -> None:
    world = network(network_id=NETWORK, reserved_range_name=RANGE)
    assert kinds(world) == ["GcpNetwork", "RandomId"]
    assert facts_of(world) == {
        "network_id": NETWORK,
        "reserved_range_name": RANGE,
        "connection_policy_id": "",
    }


def test_a_connection_of_an_adopted_network_takes_nothing_over() -> None:
    """What is there already belongs to others, with ranges of theirs."""
    made = network(network_id=NETWORK).one("Connection", "network").plain
    assert made["updateOnCreationFail"] is False
    assert (made["network"], made["deletionPolicy"]) == (NETWORK, "DELETE")


def test_a_policy_for_subnets_of_an_adopted_network() -> None:
    world = network(network_id=NETWORK, engines=["valkey"], subnet_ids=[SUBNET])
    assert kinds(world) == ["GcpNetwork", "RandomId", "ServiceConnectionPolicy"]
    made = world.one("ServiceConnectionPolicy", "network").plain
    assert made["pscConfig"] == {"subnetworks": [SUBNET]}
    without = network(network_id=NETWORK, engines=["valkey"])
    assert kinds(without) == ["GcpNetwork", "RandomId"]


@PREVIEW_AND_UPDATE
def test_a_network_may_come_from_another_resource(preview: bool) -> None:
    def program() -> None:
        other = pulumi_gcp.compute.Network("other", name="other")
        args: Any = {"network_id": other.id, "engines": BOTH, "subnet_ids": [SUBNET]}
        GcpNetwork("network", args)

    world = succeed(program, preview=preview)
    assert len(world.all("compute/network:Network")) == 1
    if not preview:
        wanted = f"projects/{PROJECT}/global/networks/other"
        assert facts_of(world)["network_id"] == wanted


# Arguments that cannot be.


@pytest.mark.parametrize(
    ("args", "paths"),
    [
        ({"cidr": "10.0.0.0/27"}, ["cidr"]),
        ({"cidr": "8.8.0.0/16"}, ["cidr"]),
        ({"reserved_range_cidr": "10.64.0.0/25"}, ["reserved_range_cidr"]),
        ({"tags": {"Team": "x"}}, ["tags.Team"]),
        ({"engines": ["memcached"]}, ["engines"]),
        ({"network_id": NETWORK, "cidr": "10.0.0.0/16"}, ["cidr"]),
        (
            {"subnet_ids": [SUBNET], "reserved_range_name": RANGE},
            ["reserved_range_name", "subnet_ids"],
        ),
        (
            {
                "network_id": NETWORK,
                "reserved_range_name": RANGE,
                "reserved_range_cidr": "10.64.0.0/20",
            },
            ["reserved_range_cidr"],
        ),
        (
            {
                "cidr": "10.0.0.0/30",
                "reserved_range_cidr": "8.8.0.0/16",
                "engines": ["x"],
                "subnet_ids": [SUBNET],
                "tags": {"team": "A", "goog": "x"},
            },
            ["cidr", "engines", "reserved_range_cidr", "subnet_ids", "tags.goog", "tags.team"],
        ),
    ],
)
def test_a_network_that_cannot_be(args: dict[str, Any], paths: list[str]) -> None:
    world = run(lambda: GcpNetwork("network", cast("Any", args)))
    assert isinstance(world.error, InvalidArguments)
    assert sorted(e["property_path"] for e in world.error.errors or []) == paths
    assert world.made == []


def test_a_network_must_know_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GOOGLE_REGION"):
        monkeypatch.delenv(name, raising=False)
    world = run(lambda: GcpNetwork("network", {}), config={})
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["gcp:project", "gcp:region"]


# Of a stack.


def of_stack(**keys: Any) -> tuple[World, dict[str, Any]]:
    """What a stack's network registers, and its facts."""
    facts: dict[str, Any] = {}
    settings = accepted(**{"caches": {"a": {}, "b": valkey()}, **keys})
    world = succeed(lambda: facts.update(shared(settings)))
    return world, facts


@pytest.mark.parametrize(
    ("caches", "engines"),
    [
        ({"a": {}}, {"redis"}),
        ({"a": valkey()}, {"valkey"}),
        ({"a": {}, "b": valkey(), "c": {}}, {"redis", "valkey"}),
    ],
)
def test_the_network_of_a_stack_is_for_all_its_caches(
    caches: dict[str, Any], engines: set[str]
) -> None:
    world, facts = of_stack(caches=caches)
    assert len(world.all("GcpNetwork")) == 1
    assert bool(world.all("Connection")) == ("redis" in engines)
    assert bool(world.all("ServiceConnectionPolicy")) == ("valkey" in engines)
    assert facts.keys() == NETWORK_FACTS[Target.GCP] == ADOPTED.keys()


@pytest.mark.parametrize(
    ("keys", "policy"),
    [
        ({}, "REMOVE_PEERING"),
        ({"environment": "staging"}, "REMOVE_PEERING"),
        (PRODUCTION, "DELETE"),
        ({**PRODUCTION, "network": {"privateServices": {"removePeering": True}}}, "REMOVE_PEERING"),
        ({"network": {"privateServices": {"removePeering": False}}}, "DELETE"),
    ],
)
def test_the_peering_goes_with_the_stack_or_waits_for_google(
    keys: dict[str, Any], policy: str
) -> None:
    world, _ = of_stack(**keys)
    assert world.one("Connection", "network").plain["deletionPolicy"] == policy


def test_what_a_stack_says_of_its_network() -> None:
    private = {"cidr": "10.64.0.0/24"}
    world, _ = of_stack(
        network={"create": {"cidr": "10.1.0.0/16"}, "privateServices": private},
        tags={"team": "platform"},
    )
    assert world.one("Subnetwork", "network").plain["ipCidrRange"] == "10.1.0.0/19"
    address = world.one("GlobalAddress", "network").plain
    assert (address["address"], address["prefixLength"]) == ("10.64.0.0", 24)
    assert address["labels"] == LABELS


def test_the_adopted_network_of_a_stack() -> None:
    own = {"networkId": NETWORK, "subnetIds": [SUBNET]}
    world, _ = of_stack(network={"adopt": own, "privateServices": {"rangeName": RANGE}})
    assert kinds(world) == ["GcpNetwork", "RandomId", "ServiceConnectionPolicy"]


def test_nothing_is_made_in_a_network_of_another_project() -> None:
    adopted = {"adopt": {"networkId": SHARED_NETWORK}, "privateServices": {"rangeName": RANGE}}
    world, _ = of_stack(network=adopted)
    assert kinds(world) == ["GcpNetwork", "RandomId"]
    assert facts_of(world) == {
        "network_id": SHARED_NETWORK,
        "reserved_range_name": RANGE,
        "connection_policy_id": "",
    }


@pytest.mark.parametrize("enabled", [True, False])
def test_apis_are_turned_on_where_a_cache_asks_for_it(enabled: bool) -> None:
    world, _ = of_stack(caches={"a": {}, "b": valkey(enableApis=enabled)})
    names = {r.plain["service"] for r in world.all("Service")}
    apis = {"cloudresourcemanager", "compute", "networkconnectivity", "servicenetworking"}
    assert names == ({f"{api}.googleapis.com" for api in apis} if enabled else set())
    services = {r.urn for r in world.all("Service")}
    for resource in world.made:
        if resource.type.startswith("gcp:") and resource.urn not in services:
            assert services <= set(resource.request.dependencies), resource.urn


def test_a_zone_of_a_cache_is_no_matter_of_the_network() -> None:
    one, other = (of_stack(caches={"a": cache})[0] for cache in ({}, gcp(zone=f"{REGION}-b")))
    assert {r.urn: r.inputs for r in one.made} == {r.urn: r.inputs for r in other.made}


# What never changes.

CHANGES = [
    (
        {"cidr": "10.0.0.0/16"},
        {"cidr": "10.1.0.0/16"},
        "network.create.cidr",
        "10.0.0.0/16 to 10.1.0.0/16",
    ),
    (
        {"reservedRangeCidr": ""},
        {"reservedRangeCidr": "10.64.0.0/20"},
        "network.privateServices.cidr",
        "none to 10.64.0.0/20",
    ),
    (
        {"reservedRangeCidr": "10.64.0.0/20"},
        {"reservedRangeCidr": ""},
        "network.privateServices.cidr",
        "10.64.0.0/20 to none",
    ),
    ({"project": PROJECT}, {"project": "elsewhere"}, "gcp:project", f"{PROJECT} to elsewhere"),
    ({"region": REGION}, {"region": "us-east1"}, "gcp:region", f"{REGION} to us-east1"),
]


@pytest.mark.parametrize(("old", "new", "where", "change"), CHANGES)
def test_addresses_that_something_uses_do_not_move(
    old: dict[str, str], new: dict[str, str], where: str, change: str
) -> None:
    (problem,) = room._judge(old, new)
    assert problem.path == where
    assert f"changing it from {change} makes anew what caches have addresses of" in problem.reason
    assert problem.fix == "Set it back, and make a second stack with the other one."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"cidr": "10.0.0.0/16", "reservedRangeCidr": ""}),
        ({"cidr": "10.0.0.0/16"}, {"cidr": "10.0.0.0/16"}),
        # Of another network the caches are told, by its name.
        ({"cidr": "10.0.0.0/16"}, {"cidr": ""}),
        ({"cidr": ""}, {"cidr": "10.0.0.0/16"}),
        ({"project": PROJECT, "region": REGION}, {"project": "", "region": ""}),
        ({"project": "", "region": ""}, {"project": PROJECT, "region": REGION}),
    ],
)
def test_other_changes_pass(old: dict[str, str], new: dict[str, str]) -> None:
    assert list(room._judge(old, new)) == []


def test_the_network_states_its_addresses() -> None:
    made = network(cidr="10.9.0.0/20", reserved_range_cidr="10.64.0.0/22")
    assert made.one("GcpNetwork", "network").inputs == {
        "cidr": "10.9.0.0/20",
        "reservedRangeCidr": "10.64.0.0/22",
        "project": PROJECT,
        "region": REGION,
    }
    adopted = network(network_id=NETWORK).one("GcpNetwork", "network")
    stated = {"cidr", "reservedRangeCidr", "project", "region"}
    assert adopted.inputs == dict.fromkeys(stated, "")
    assert list(adopted.request.hooks.before_update) == ["data of network"]
