"""Each stack file for AWS through its life: preview, up, nothing to do, outputs, down."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from cloud.witness import forms, leaks
from engine.deployment import PROJECT_NAME, SECRET_MARK, Run
from secure_redis.component import OUTPUTS
from secure_redis.connection import SECRET_FIELDS, Connection

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

STACKS = ("aws-dev", "aws-prod", "aws-serverless", "aws-adopted-network")
MADE_IDS = ("vpc-", "subnet-", "sg-")
PLANTED = "planted0123456789planted0123456789planted0123456"


@dataclass(frozen=True)
class Life:
    """What happened to a stack from its first preview to its end."""

    name: str
    witness: AwsWitness
    preview: Run
    after_preview: Mapping[str, list[str]]
    preview_steps: list[str]
    second: Run
    refreshed: Run
    commands: Mapping[str, Run]
    outputs: Mapping[str, Any]
    state: list[dict[str, Any]]
    connections: Mapping[str, Connection]
    cloud: Mapping[str, dict[str, Any]]
    """What the fake cloud held while the stack was up, by kind and id."""
    refused: Run | None
    """In production: `down` before the protection was lifted."""
    after_refusal: Mapping[str, dict[str, Any]]
    down: Run
    left: Mapping[str, list[str]]
    """What nobody needs any more, and is there all the same."""

    def of(self, kind: str, cache: str) -> dict[str, Any]:
        """The object of a cache, by the tags that all of them carry."""
        found = [
            thing
            for thing in self.cloud[kind].values()
            if thing["Tags"].get("secure-redis:cache") == cache
        ]
        assert len(found) == 1, f"{len(found)} of {kind} for {cache}"
        return found[0]


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


def unprotected(text: str) -> dict[str, Any]:
    """The stack file with what docs/aws.md says to write before a production stack is destroyed."""
    document = yaml.safe_load(text)
    config = document["config"]
    config[f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "moved to another region"}
    for cache in config[f"{PROJECT_NAME}:caches"].values():
        cache["protect"] = False
    return document


def things(witness: AwsWitness) -> dict[str, dict[str, Any]]:
    """Everything in the fake cloud, by kind and id."""
    return {kind: witness.cloud.all(kind) for kind in witness.cloud.kinds()}


@pytest.fixture(scope="module", params=STACKS)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    name: str = request.param
    witness = AwsWitness(tmp_path_factory.mktemp(name))
    text = stack_text(name, witness)
    witness.write_file(text)
    preview = witness.heard("preview")
    after_preview, preview_steps = witness.cloud.left, witness.steps()
    witness.applied()
    second = witness.heard("up")
    refreshed = witness.heard("preview", "--refresh", "--expect-no-changes")
    caches = yaml.safe_load(text)["config"][f"{PROJECT_NAME}:caches"]
    first = min(caches)
    commands = {
        "output": witness.run("output"),
        "url": witness.run("url", "--cache", first),
        "env": witness.run("env", "--cache", first),
        "reveal": witness.run("env", "--cache", first, "--reveal"),
    }
    shown = witness.pulumi("stack", "output", "--json").succeeded()
    connections = {cache: witness.connection(cache) for cache in caches}
    state, cloud = witness.resources(), things(witness)
    refused = None
    if "production" in text:
        refused = witness.heard("down")
    after_refusal = things(witness)
    if refused is not None:
        witness.write_file(unprotected(text))
        witness.applied()
    down = witness.heard("down")
    return Life(
        name=name,
        witness=witness,
        preview=preview,
        after_preview=after_preview,
        preview_steps=preview_steps,
        second=second,
        refreshed=refreshed,
        commands=commands,
        outputs=json.loads(shown.stdout),
        state=state,
        connections=connections,
        cloud=cloud,
        refused=refused,
        after_refusal=after_refusal,
        down=down,
        left=witness.forgotten,
    )


def test_a_preview_makes_nothing(life: Life) -> None:
    life.preview.succeeded()
    assert life.after_preview == {}
    assert life.preview_steps == []
    planned = life.preview.changes["to"]
    assert planned == len([one for one in life.state if "pulumi:providers" not in one["type"]])


def test_a_preview_knows_no_address_and_shows_no_password(life: Life) -> None:
    """What AWS decides is unknown before: a value there would be an invention."""
    outputs = life.preview.stdout.partition("Outputs:")[2]
    for cache in life.connections:
        for output in ("Url", "UrlRedacted", "Host"):
            line = re.search(rf"^\W*{cache}{output} *: (.+)$", outputs, re.MULTILINE)
            assert line, f"no {cache}{output}"
            assert line[1] in {"[unknown]", "[secret]"}
    assert "rediss://" not in life.preview.text


def test_a_second_up_changes_nothing(life: Life) -> None:
    life.second.succeeded()
    known = [one for one in life.state if "pulumi:providers" not in one["type"]]
    assert life.second.changes == {"unchanged": len(known)}


def test_a_refresh_finds_nothing_to_do(life: Life) -> None:
    life.refreshed.succeeded()


def test_all_outputs_are_there(life: Life) -> None:
    parts = ("Url", "UrlRedacted", "Host", "Port", "SecretRef", "Grants")
    expected = {f"{cache}{part}" for cache in life.connections for part in parts}
    assert life.outputs.keys() >= expected | {"connections"}
    assert life.outputs.keys() <= expected | {"connections", "exceptions", "replacements"}
    (stack,) = [one for one in life.state if one["type"] == "pulumi:pulumi:Stack"]
    for cache in life.connections:
        contract = stack["outputs"]["connections"][cache]
        # One secret as a whole.
        assert contract[SECRET_MARK]
        assert "ciphertext" in contract
        assert life.outputs[f"{cache}Url"] == "[secret]"
    assert life.outputs["connections"] == dict.fromkeys(life.connections, "[secret]")


def test_the_components_keep_their_secrets_secret(life: Life) -> None:
    for resource in life.state:
        if resource["type"].startswith("secure-redis:index:") and "password" in resource["outputs"]:
            assert resource["outputs"].keys() >= set(OUTPUTS)
            for name in SECRET_FIELDS | {"env"}:
                value = resource["outputs"][name]
                assert isinstance(value, dict)
                assert value[SECRET_MARK], name
            assert isinstance(resource["outputs"]["host"], str)


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


def test_the_commands_read_the_contract(life: Life) -> None:
    connection = life.connections[min(life.connections)]
    for run in life.commands.values():
        run.succeeded()
    assert life.commands["url"].stdout == f"{connection.url}\n"
    assert connection.password in life.commands["reveal"].stdout
    for quiet in ("output", "env"):
        assert leaks({"password": connection.password}, _said(life.commands[quiet])) == []
        assert connection.host in life.commands[quiet].stdout


def _said(run: Run) -> dict[str, bytes]:
    return {"output": run.text.encode()}


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


def test_the_end_leaves_nothing(life: Life) -> None:
    life.down.succeeded()
    assert life.left == {}
    assert not any("aws:" in one["type"] for one in life.witness.resources())


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


def test_nothing_is_made_before_or_deleted_after_what_it_needs(life: Life) -> None:
    """By the dependencies in the state; the stand-in refuses what AWS would refuse besides."""
    made, gone = (life.witness.cloud.order(what) for what in ("create", "delete"))
    known = {one["urn"]: _label(one) for one in life.state}
    pairs = [
        (known[one["urn"]], known[other])
        for one in life.state
        for other in one.get("dependencies", [])
    ]
    pairs = [(one, other) for one, other in pairs if one in made and other in made]
    assert len(pairs) > 10
    for one, other in pairs:
        assert made.index(other) < made.index(one), f"{one} was made before {other}"
        # The key of a last snapshot is not deleted.
        kept = {label for label in (one, other) if label.startswith("Key:")} - set(gone)
        if not kept:
            assert gone.index(one) < gone.index(other), f"{other} was deleted before {one}"


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


def _label(resource: Mapping[str, Any]) -> str:
    return f"{resource['type'].rpartition(':')[2]}:{resource['urn'].rpartition('::')[2]}"


def test_no_password_is_where_it_does_not_belong(life: Life) -> None:
    passwords, places = life.witness.passwords, life.witness.places()
    for cache, connection in life.connections.items():
        assert connection.password in passwords.values(), cache
    found = leaks(passwords, places)
    assert "\n".join(found) == ""


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


def test_down_does_not_touch_protected_data(life: Life) -> None:
    """It says how to lift the protection; the run that follows that advice is the end above."""
    if life.name != "aws-prod":
        assert life.refused is None
        return
    assert life.refused is not None
    assert life.refused.code != 0
    for words in ("protect: false", "unprotected-data", "nothing was removed"):
        assert words in " ".join(life.refused.text.split())
    assert life.after_refusal == life.cloud
