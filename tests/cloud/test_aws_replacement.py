"""What would put an empty cache in place of a full one: refused, or made as it was asked for."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cloud.aws.account import Account
from cloud.aws.resources import caches as cache_types
from cloud.aws.resources import serverless as serverless_types
from cloud.aws.services.encryption import create_key
from cloud.aws.witness import REPLICATION_GROUP, SERVERLESS, SNAPSHOT, AwsWitness
from cloud.changing import ChangingStack, Refusal, refused
from cloud.sweeps import chosen
from secure_redis.aws.keys import key_policy
from secure_redis.aws.replacement import REPLACING

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

REGION = "eu-west-1"
OWNER = "arn:aws:kms:eu-west-1:123456789012:key/any"
REASON = "the data can be computed again"

CACHES: dict[str, Any] = {
    "nodes": {"memoryGb": 3, "aws": {"engineVersion": "8.1"}},
    "serverless": {"memoryGb": 2, "aws": {"serverless": {}}},
    "elastic": {"memoryGb": 2, "engine": "redis", "aws": {"serverless": {}}},
    "token": {"aws": {"auth": "token"}},
}


KEY = "the key of another team"
NETWORK = "the network of another team"
REFUSALS = (
    Refusal(
        "nodes",
        {"aws.port": 6380, "aws.kmsKeyArn": KEY, "aws.nodeType": "cache.r6gd.xlarge"},
        {
            "nodes.aws.port": ("from 6379 to 6380", "Keep the port."),
            "nodes.aws.kmsKeyArn": ("from own to arn:aws:kms", "restore a snapshot"),
            "nodes.aws.nodeType": ("from False to True", "r6gd"),
        },
        ("port", "kmsKey", "dataTiering"),
    ),
    Refusal(
        "nodes",
        {"aws.engineVersion": "8.0", ":network": NETWORK},
        {
            "nodes.aws.engineVersion": ("from 8.1 to 8.0", "Keep the version."),
            "nodes.network": ("to vpc-", "Restore a snapshot into a second cache"),
        },
        ("vpcId", "engineVersion"),
    ),
    Refusal(
        "token",
        {"engine": "redis"},
        {"token.engine": ("from valkey to redis", "Stay with valkey")},
        ("engine",),
    ),
    Refusal(
        "nodes",
        {"aws": {"serverless": {}}},
        {"nodes.aws.serverless": ("from nodes to serverless", "Make a second cache")},
        ("kind",),
    ),
    Refusal(
        "serverless",
        {"aws.engineVersion": "7.2", "aws.kmsKeyArn": KEY},
        {
            "serverless.aws.engineVersion": ("from 8 to 7", "Restore a snapshot"),
            "serverless.aws.kmsKeyArn": ("from own to arn:aws:kms", "restore a snapshot"),
        },
        ("serverlessVersion",),
    ),
    Refusal(
        "elastic",
        {"engine": "valkey", ":network": NETWORK},
        {
            "elastic.engine": ("from redis to valkey", "Restore a snapshot"),
            "elastic.network": ("to subnet-", "Keep the subnets"),
        },
        ("serverlessEngine", "subnetIds"),
    ),
)


class AwsStack(ChangingStack[AwsWitness]):
    """A stack, and the things of another team that it could use."""

    def __init__(self, witness: AwsWitness, environment: str, caches: Mapping[str, Any]) -> None:
        account = Account(witness.cloud, REGION)
        policy = {"Policy": json.dumps(key_policy(OWNER, []))}
        self._key = create_key(account, policy)["KeyMetadata"]["Arn"]
        others = {
            "aws:region": REGION,
            "access": {"cidrs": ["10.30.0.0/16"]},
            "network": {"create": {"cidr": "10.20.0.0/16"}},
        }
        network = {"adopt": witness.cloud.add_network("10.77.0.0/16")}
        known = {KEY: self._key, NETWORK: network}
        super().__init__(witness, environment, caches, others, known)

    def close(self) -> None:
        """Lifts the protection and takes the stack down."""
        if self.environment == "production":
            self.unprotected()
            self.witness.run("up").succeeded()
        self.witness.run("down").succeeded()
        own = {"kms.key": [self._key.rpartition("/")[2]]}
        # The last snapshots of this stack may need it too.
        assert self.witness.forgotten in ({}, own)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    stack = AwsStack(AwsWitness(tmp_path_factory.mktemp("production")), "production", CACHES)
    stack.witness.applied()
    yield stack
    stack.close()


@pytest.mark.parametrize("refusal", chosen(REFUSALS, 0, -1), ids=str)
def test_production_refuses_to_replace_a_cache(production: AwsStack, refusal: Refusal) -> None:
    """In the preview already, and nothing is touched by `up` either."""
    before = production.things()
    production.write(of=refusal.cache, **refusal.changes)
    # The same hook refuses in both: one run of `up` for each kind of cache tells.
    both = refusal in (REFUSALS[0], REFUSALS[-1])
    for operation in ("preview", "up") if both else ("preview",):
        run = production.witness.run(operation)
        refused(run, refusal.says)
        text = " ".join(run.text.split())
        assert "puts a new, empty cache in place of this one" in text
        assert 'allowReplacement: "why"' in text
        assert production.things() == before
    production.write()


def test_what_was_refused_left_the_stack_as_it_was(production: AwsStack) -> None:
    production.write()
    assert set(production.witness.up().changes) == {"unchanged"}


def test_every_replacing_property_is_in_the_table() -> None:
    tried = {name for refusal in REFUSALS for name in refusal.identities}
    # A cache of a stack is always given its network; only a component alone can make its own.
    assert tried == (REPLACING.keys() | {"engine", "engineVersion"}) - {"network"}


NEVER_SET = {
    "globalReplicationGroupId",
    "networkType",
    "nodeGroupConfigurations",
    "replicationGroupId",
    "securityGroupNames",
    "name",
}
"""Inputs that the components leave to AWS and the provider, so that they cannot change."""
CONSTANT = {"atRestEncryptionEnabled": True, "transitEncryptionEnabled": True}
IGNORED = {"snapshotArns", "snapshotName", "snapshotArnsToRestores"}
GUARDED = {
    "dataTieringEnabled": "dataTiering",
    "engine": "engine",
    "engineVersion": "engineVersion",
    "kmsKeyId": "kmsKey",
    "port": "port",
    "subnetGroupName": "vpcId",
    "subnetIds": "subnetIds",
    "majorEngineVersion": "serverlessVersion",
}
"""Inputs that replace a cache, and the property by which their change is seen."""


def test_no_replacing_input_is_forgotten(production: AwsStack) -> None:
    """The stand-in's list of what replaces a cache, which was taken from the provider's sources."""
    kinds = {"ReplicationGroup": cache_types, "ServerlessCache": serverless_types}
    for kind, module in kinds.items():
        (resource,) = [one for one in module.RESOURCES if one.sdk.endswith(f":{kind}")]
        conditional = {"engine", "engineVersion", "transitEncryptionEnabled"}
        replacing = resource.replaces | {"nodeGroupConfigurations"} | conditional
        known = NEVER_SET | CONSTANT.keys() | IGNORED | GUARDED.keys()
        assert replacing <= known, replacing - known
        states = [one for one in production.witness.resources() if one["type"].endswith(f":{kind}")]
        assert states
        for state in states:
            # The name is the provider's own: it is marked as made by itself.
            named = {"replicationGroupId", "name"}
            assert not (NEVER_SET - named) & state["inputs"].keys()
            assert set(state["inputs"]["__defaults"]) & named
            for name, value in CONSTANT.items():
                assert state["inputs"].get(name, value) == value
    assert set(GUARDED.values()) - {"engine", "engineVersion"} <= REPLACING.keys()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"aws.kmsKeyArn": KEY}, "aws.kmsKeyArn"),
        ({"aws": {"serverless": {}}}, "aws.serverless"),
    ],
)
def test_protection_goes_before_what_it_protects(
    production: AwsStack, changes: Mapping[str, Any], path: str
) -> None:
    """A key or a group that is no longer in the program stays protected in the engine's state."""
    before = production.things()
    production.write(of="nodes", allowReplacement=REASON, **changes)
    run = production.witness.run("preview")
    refused(run, {f"nodes.{path}": ("still protected", "run once with allowReplacement alone")})
    assert production.things() == before


def test_an_accepted_replacement_makes_before_it_deletes(production: AwsStack) -> None:
    """A reason in the settings, then a new cache, then the old one's end with a last snapshot."""
    cloud = production.witness.cloud
    old = {**_caches(production)}
    for name in CACHES:
        production.change(name, {"allowReplacement": REASON})
    production.write()
    production.witness.applied()
    changes = {"aws.port": 6380, "aws.kmsKeyArn": KEY, "aws.nodeType": "cache.r6gd.xlarge"}
    production.change("nodes", changes)
    production.change("serverless", {"aws.engineVersion": "7.2"})
    production.change("elastic", {"engine": "valkey"})
    production.change("token", {"engine": "redis"})
    production.write()
    begin = len(cloud.journal)
    production.witness.applied()
    steps = production.witness.steps(begin)
    for cache in CACHES:
        own = "ReplicationGroup" if cache in {"nodes", "token"} else "ServerlessCache"
        label = f"{own}:{cache}"
        assert steps.index(f"create {label}") < steps.index(f"delete {label}")
    new = _caches(production)
    assert new.keys() == old.keys()
    assert not set(new.values()) & set(old.values())
    # A serverless cache is deleted without one.
    saved = [one["Of"] for one in cloud.all(SNAPSHOT).values()]
    assert sorted(saved) == sorted([old["nodes"], old["token"]])
    assert cloud.all(REPLICATION_GROUP)[new["nodes"]]["Port"] == 6380
    outputs = json.loads(production.witness.pulumi("stack", "output", "--json").stdout)
    assert outputs["replacements"] == dict.fromkeys(CACHES, REASON)
    _accepted(production)


def test_nodes_and_serverless_can_change_places(production: AwsStack) -> None:
    cloud = production.witness.cloud
    taken = len(cloud.all(SNAPSHOT))
    for name in ("nodes", "serverless"):
        production.change(name, {"allowReplacement": REASON})
    production.write()
    production.witness.applied()
    production.caches["nodes"]["aws"] = {"serverless": {}}
    production.caches["serverless"]["aws"] = {}
    production.write()
    begin = len(cloud.journal)
    production.witness.applied()
    steps = production.witness.steps(begin)
    assert steps.index("create ServerlessCache:nodes") < steps.index(
        "delete ReplicationGroup:nodes"
    )
    assert "delete ServerlessCache:serverless" in steps
    assert len(cloud.all(SNAPSHOT)) == taken + 1
    _accepted(production)


def _caches(stack: AwsStack) -> dict[str, str]:
    """Ids of the caches in the fake cloud, by the names that they have in the stack file."""
    kinds = (REPLICATION_GROUP, SERVERLESS)
    return {
        thing["Tags"]["secure-redis:cache"]: identifier
        for kind in kinds
        for identifier, thing in stack.witness.cloud.all(kind).items()
    }


def _accepted(stack: AwsStack) -> None:
    """After an accepted replacement: quiet, also without the reason, and protected again."""
    assert set(stack.witness.up().changes) == {"unchanged"}
    for name in stack.caches:
        stack.change(name, {"allowReplacement": None})
    stack.write()
    stack.witness.applied()
    stack.witness.unchanged()
    kinds = ("ReplicationGroup", "ServerlessCache")
    caches = [one for one in stack.witness.resources() if one["type"].endswith(kinds)]
    assert len(caches) == len(CACHES)
    assert all(one["protect"] for one in caches)


REDIS = {"engine": "redis", "aws.engineVersion": "7.1"}

DEVELOPMENT: dict[str, Any] = {
    "nodes": CACHES["nodes"],
    "serverless": CACHES["serverless"],
    "cluster": {"aws": {"shards": 2}},
    "wide": {"replicas": 1, "aws": {"shards": 1}},
    "token": {"aws": {"auth": "token"}},
    "rotating": {"aws": {"automaticRotation": True}},
}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    stack = AwsStack(AwsWitness(tmp_path_factory.mktemp("development")), "development", DEVELOPMENT)
    stack.witness.applied()
    yield stack
    stack.close()


IMPOSSIBLE: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
    ("nodes", {"aws.auth": "token"}, "aws.auth", "without any password"),
    ("nodes", REDIS, "engine", "refuses the users that were made for Valkey"),
    ("serverless", {"engine": "redis"}, "engine", "refuses the users"),
    ("nodes", {"aws.shards": 2}, "aws.shards", "cluster mode is decided when the cache is made"),
    ("cluster", {"aws.shards": None}, "aws.shards", "cluster mode is decided"),
    ("wide", {"replicas": 0}, "replicas", "the last replicas cannot go"),
    ("cluster", {"aws.snapshotRetentionDays": 3}, "aws.snapshotRetentionDays", "cannot turn"),
    ("token", {"rotation": {"generation": 2}}, "rotation.generation", "only beside the old one"),
    ("rotating", {"rotation": {"generation": 2}}, "rotation.generation", "has no effect"),
    ("rotating", {"aws.automaticRotation": None}, "rotation.generation", "does not know"),
)


@pytest.mark.parametrize(("cache", "changes", "path", "words"), chosen(IMPOSSIBLE, 0, -1))
def test_what_cannot_be_is_refused_everywhere(
    development: AwsStack, cache: str, changes: Mapping[str, Any], path: str, words: str
) -> None:
    before = development.things()
    development.write(of=cache, **changes)
    refused(development.witness.run("preview"), {f"{cache}.{path}": (words,)})
    assert development.things() == before
    development.write()


def test_development_replaces_without_being_asked(development: AwsStack) -> None:
    cloud, witness = development.witness.cloud, development.witness
    development.write()
    groups, serverless = set(cloud.all(REPLICATION_GROUP)), set(cloud.all(SERVERLESS))
    changes = {"aws.port": 6380, "aws.kmsKeyArn": KEY, "aws.engineVersion": "8.0"}
    development.change("nodes", changes)
    development.change("serverless", {"aws.engineVersion": "7.2"})
    development.write()
    witness.applied()
    assert len(set(cloud.all(REPLICATION_GROUP)) - groups) == 1
    assert len(set(cloud.all(SERVERLESS)) - serverless) == 1
    assert len(cloud.all(REPLICATION_GROUP)) == len(groups)
    assert cloud.all(SNAPSHOT) == {}
    witness.unchanged()


def test_development_moves_to_another_network(development: AwsStack) -> None:
    """Every cache of the stack: new ones there first, then the old ones' end, and the network's."""
    development.change("", {":network": NETWORK})
    development.write()
    begin = len(development.witness.cloud.journal)
    development.witness.applied()
    steps = development.witness.steps(begin)
    assert "delete Vpc:network" in steps
    for cache in ("nodes", "cluster", "wide", "token", "rotating"):
        label = f"ReplicationGroup:{cache}"
        assert steps.index(f"create {label}") < steps.index(f"delete {label}")
    development.witness.unchanged()
