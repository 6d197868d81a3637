"""Requests for every type, sent to an emulator that other people wrote."""

from pathlib import Path

import pytest
from cloud.aws import emulator
from cloud.aws.emulator import GARBLED, REFUSED, Emulator
from cloud.aws.world import ORDER, World

CHANGES = (
    ("ReplicationGroup", {"nodeType": "cache.m7g.large", "numCacheClusters": 3}),
    ("ReplicationGroup", {"description": "another", "snapshotRetentionLimit": 14}),
    ("User", {"accessString": "on ~* &* +@all"}),
    ("UserGroup", {"userIds": ["valkey-app", "valkey-default"]}),
    ("ParameterGroup", {"parameters": [{"name": "timeout", "value": "300"}]}),
    ("Secret", {"description": "another"}),
    ("LogGroup", {"retentionInDays": 90}),
    ("MetricAlarm", {"threshold": 80}),
    ("SecurityGroup", {"tags": {"team": "other"}}),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One resource of every type, made, changed and taken away."""
    world = World(tmp_path / "cloud")
    names = {kind: kind.lower() for kind in ORDER}
    for kind in ORDER:
        # RouteTable and Policy are looked for under the names of their types.
        channels = {"accessString": "on ~* &* -@all +@read"} if kind == "User" else {}
        world.make(kind, kind if kind in {"RouteTable", "Policy"} else names[kind], **channels)
    for kind, changes in CHANGES:
        world.change(kind, names[kind], **changes)
    for kind in reversed(ORDER):
        world.drop(kind, kind if kind in {"RouteTable", "Policy"} else names[kind])
    return world


def add_networks(other: Emulator, world: World) -> None:
    """The two networks that were there before, in the emulator too."""
    client = other.client("ec2")
    for network, start in ((world.net, "10.10"), (world.other, "10.20")):
        made = client.create_vpc(CidrBlock=f"{start}.0.0/16")["Vpc"]["VpcId"]
        other.names[network["vpcId"]] = made
        for number, subnet in enumerate(network["subnetIds"]):
            block = f"{start}.{16 * number}.0/20"
            answer = client.create_subnet(VpcId=made, CidrBlock=block)
            other.names[subnet] = answer["Subnet"]["SubnetId"]


def test_an_emulator_takes_the_requests_but_for_those_that_it_lacks(
    world: World, tmp_path: Path
) -> None:
    with emulator.running(tmp_path / "log") as other:
        add_networks(other, world)
        taken, refused = other.replay(world.cloud.journal)
    assert set(refused) == set(REFUSED)
    assert all("nknown" in answer for answer in refused.values())
    assert other.garbled == set(GARBLED)
    assert len(set(taken)) > 50
