"""Each stack file for AWS through its life: preview, up, nothing to do, outputs, down."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from cloud.aws.model import digest
from cloud.aws.witness import (
    REPLICATION_GROUP,
    SECRET,
    SERVERLESS,
    SNAPSHOT,
    USER,
    USER_GROUP,
    AwsWitness,
)
from cloud.deployment import repository_stack
from cloud.life import Life as AnyLife
from cloud.life import LifeTests, lived
from cloud.witness import forms, leaks
from engine.deployment import PROJECT_NAME
from secure_redis.connection import Connection

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

Life = AnyLife[AwsWitness]
STACKS = ("aws-dev", "aws-prod", "aws-serverless", "aws-adopted-network")
MADE_IDS = ("vpc-", "subnet-", "sg-")
PLANTED = "planted0123456789planted0123456789planted0123456"


def stack_text(name: str, witness: AwsWitness) -> str:
    """The stack file, with a network that exists where it adopts one."""
    text = repository_stack(name)
    if "adopt:" not in text:
        return text
    network = witness.cloud.add_network()
    adopted = yaml.safe_load(text)["config"][f"{PROJECT_NAME}:network"]["adopt"]
    pairs = {adopted["vpcId"]: network["vpcId"]}
    pairs |= dict(zip(adopted["subnetIds"], network["subnetIds"], strict=True))
    (group,) = witness.cloud.all("ec2.security-group")
    pairs[yaml.safe_load(text)["config"][f"{PROJECT_NAME}:access"]["securityGroupIds"][0]] = group
    for old, new in pairs.items():
        text = text.replace(old, new)
    return text


def unprotected(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The stack file with what docs/aws.md says to write before a production stack is destroyed."""
    config = document["config"]
    config[f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "moved to another region"}
    for cache in config[f"{PROJECT_NAME}:caches"].values():
        cache["protect"] = False
    return document


@pytest.fixture(scope="module", params=STACKS)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    name: str = request.param
    witness = AwsWitness(tmp_path_factory.mktemp(name))
    return lived(name, witness, stack_text(name, witness), unprotected)


class TestLife(LifeTests):
    """What must be true on every cloud."""

    PROVIDER = "aws:"
    # The key of a last snapshot is not deleted.
    STAYS = ("Key:",)


def test_the_contract_is_what_the_cloud_has(life: Life) -> None:
    for name, connection in life.connections.items():
        assert (connection.tls, connection.tls_verify.value) == (True, "full")
        assert (connection.ca_pem, connection.ca_source.value) == ("", "system")
        assert connection.host.endswith(".cache.amazonaws.com")
        assert connection.url.startswith(f"rediss://{connection.username}:")
        assert connection.url.endswith(f"@{connection.host}:{connection.port}/0")
        assert connection.rotate_by or life.name == "aws-prod"
        assert connection.resource_id == _cache(life, name)["ARN"]
        assert len(connection.password) == 48
        _same_password(life, name, connection)


def _cache(life: Life, name: str) -> dict[str, Any]:
    return life.of(SERVERLESS if life.name == "aws-serverless" else REPLICATION_GROUP, name)


def _same_password(life: Life, name: str, connection: Connection) -> None:
    """The cache, the secret and the contract have the same password."""
    secret = life.cloud[SECRET]
    held = [one for one in secret.values() if one["ARN"] == connection.secret_ref["id"]]
    (version,) = held[0]["Versions"].values()
    value = json.loads(version["SecretString"])
    assert value["username"] == connection.username
    assert value["password"] == connection.password
    hashed, cache = digest(connection.password), _cache(life, name)
    if connection.username == "default":
        assert cache["AuthTokens"] == [hashed]
        assert "user_arn" not in value
        return
    users = [one for one in life.cloud[USER].values() if one["ARN"] == value["user_arn"]]
    assert users[0]["Authentication"]["Passwords"] == [hashed]
    group = cache["UserGroupIds"][0] if "UserGroupIds" in cache else cache["UserGroupId"]
    assert users[0]["UserId"] in life.cloud[USER_GROUP][group]["UserIds"]


def test_the_connection_secret_leads_to_the_credentials(life: Life) -> None:
    for name, connection in life.connections.items():
        grants = life.outputs[f"{name}Grants"]
        (held,) = [
            one
            for one in life.cloud[SECRET].values()
            if one["ARN"] == grants["connection_secret_arn"]
        ]
        (version,) = held["Versions"].values()
        value = json.loads(version["SecretString"])
        assert (value["host"], value["port"]) == (connection.host, connection.port)
        assert value["credentials"] == connection.secret_ref["id"]
        assert connection.password not in version["SecretString"]


UNTAGGED = {
    "DefaultSecurityGroup",
    "Alias",
    "Permission",
    "RolePolicy",
    "SecretPolicy",
    "SecretRotation",
    "SecretVersion",
}
"""Types that take no tags, and the group that AWS makes itself."""


def test_everything_is_tagged(life: Life) -> None:
    """All that takes tags says to which stack it belongs; the network bears its name."""
    kinds = set[str]()
    for one in life.state:
        if one["type"].startswith("aws:"):
            kind, tags = one["type"].rpartition(":")[2], one["outputs"].get("tagsAll", {})
            network = kind in {"Vpc", "Subnet"}
            assert network or kind in UNTAGGED or "secure-redis:stack" in tags, one["urn"]
            assert not network or tags["Name"].startswith(PROJECT_NAME)
            kinds.add(kind)
    assert len(kinds - UNTAGGED) > 5


def test_production_leaves_the_last_snapshots(life: Life) -> None:
    snapshots = life.witness.cloud.all(SNAPSHOT)
    if life.name != "aws-prod":
        assert snapshots == {}
        return
    groups = life.cloud[REPLICATION_GROUP]
    assert {one["Of"] for one in snapshots.values()} == set(groups)
    keys = life.witness.cloud.all("kms.key")
    needed = {one["KmsKeyId"].rpartition("/")[2] for one in groups.values()}
    assert {name for name, one in keys.items() if one["KeyState"] == "Enabled"} == needed


def test_the_end_comes_in_the_order_that_aws_demands(life: Life) -> None:
    gone = life.witness.cloud.order("delete")
    for cache in life.connections:
        own = "ServerlessCache" if life.name == "aws-serverless" else "ReplicationGroup"
        first = gone.index(f"{own}:{cache}")
        for kind in ("SubnetGroup", "ParameterGroup", "SecurityGroup", "UserGroup", "Key"):
            label = f"{kind}:{cache}"
            assert label not in gone or first < gone.index(label), label
        for user in ("app", "default"):
            label = f"User:{cache}-{user}"
            assert label not in gone or gone.index(f"UserGroup:{cache}") < gone.index(label)
        for label in gone:
            if label.startswith(f"SecurityGroupIngressRule:{cache}-from-"):
                assert gone.index(label) < gone.index(f"SecurityGroup:{cache}")
    if "Vpc:network" in gone:
        assert gone[-1] == "Vpc:network"


def test_the_places_are_searched(life: Life) -> None:
    """What is searched for is what was made, and the search finds what is there."""
    passwords, places = life.witness.passwords, life.witness.places()
    assert all(len(password) == 48 for password in passwords.values())
    kinds = {"journal", f"file {life.witness.name}.json", f"cloud {USER_GROUP}"}
    assert kinds <= places.keys()
    ups = [place for place in places if place.endswith(" events of up")]
    assert len(ups) >= 2
    assert all(b"aws:elasticache" in places[place] for place in ups)
    assert b"CreateSecret" in places["journal"]
    for form in (PLANTED, f"xy{PLANTED}z"):
        coded = forms(form)[1]
        assert leaks({"planted": PLANTED}, {"a": coded, "b": b"nothing"}) == ["planted in a"]
    assert leaks({"planted": PLANTED}, {"a": json.dumps({"x": PLANTED}).encode()})
