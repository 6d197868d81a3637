"""What ElastiCacheRedis registers: children, names, tags, secrets, protection, options, outputs."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws
import pytest
from aws_cases import (
    ACCESS,
    ADOPTED,
    KEY_ARN,
    READER_ARN,
    TAGS,
    TOPIC_ARN,
    VARIANTS,
    built,
    elasticache,
    group,
    secure,
)
from package_aws_cloud import ACCOUNT, GENERATED, REGION
from package_components import PREVIEW_AND_UPDATE, outputs_of
from package_monitor import (
    ISSUED,
    OWNER,
    Registered,
    Secret,
    World,
    leaves,
    reveal,
    rotation_deadline,
    run,
    succeed,
)
from pulumi.runtime import rpc
from secure_redis.aws.network import AwsNetwork
from secure_redis.component import OUTPUTS, SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments
from secure_redis.connection import Connection
from secure_redis.settings import CACHE_NAME, CACHE_NAME_LENGTH

EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)
SUFFIX = OWNER[:8]
PREFIX = "secure-redis-loca-76852"
"""Project, stack and cache, shortened, with a part of their hash."""
USER_GROUP = f"{PREFIX}-{SUFFIX}"

# Names.

NETWORK = {
    ("AwsNetwork", "cache"),
    ("DefaultSecurityGroup", "cache"),
    ("Subnet", "cache-0"),
    ("Subnet", "cache-1"),
    ("Vpc", "cache"),
}
ALONE = {
    ("ElastiCacheRedis", "cache"),
    ("Policy", "cache"),
    ("RandomId", "cache-connection-name"),
    ("RandomId", "cache-identity"),
    ("Secret", "cache-connection"),
    ("SecretVersion", "cache-connection"),
    ("SecurityGroup", "cache"),
    ("SecurityGroupIngressRule", "cache-from-10.1.0.0-16"),
}
COMMON = ALONE | NETWORK
NODES = {("ParameterGroup", "cache"), ("ReplicationGroup", "cache"), ("SubnetGroup", "cache")}
SERVERLESS = {("ServerlessCache", "cache")}
CREDENTIALS = {
    ("RandomId", "cache-credentials-name"),
    ("RandomPassword", "cache-app-password-1"),
    ("RandomUuid7", "cache-app-issued-1"),
    ("Secret", "cache-credentials"),
    ("SecretVersion", "cache-credentials"),
}
USERS = {
    ("RandomPassword", "cache-default-password"),
    ("User", "cache-app"),
    ("User", "cache-default"),
    ("UserGroup", "cache"),
}
ROTATION = {
    ("Function", "cache-rotation"),
    ("LogGroup", "cache-rotation"),
    ("Permission", "cache-rotation"),
    ("Role", "cache-rotation"),
    ("RolePolicy", "cache-rotation"),
    ("SecretRotation", "cache-rotation"),
}
OWN_KEY = {("Alias", "cache"), ("Key", "cache")}
PRODUCTION_NODES = {
    ("LogGroup", "cache-engine-log"),
    ("LogGroup", "cache-slow-log"),
    ("RandomId", "cache-final-snapshot"),
}

NAMES: dict[str, set[tuple[str, str]]] = {
    "nodes": COMMON | NODES | CREDENTIALS | USERS,
    "replicas": COMMON | NODES | CREDENTIALS | USERS,
    "cluster": COMMON | NODES | CREDENTIALS | USERS,
    "redis": COMMON | NODES | CREDENTIALS | USERS,
    "token": COMMON | NODES | CREDENTIALS,
    "iam": COMMON | NODES | USERS,
    "serverless": COMMON | SERVERLESS | CREDENTIALS | USERS,
    "serverless-redis": COMMON | SERVERLESS | CREDENTIALS | USERS,
    "serverless-iam": COMMON | SERVERLESS | USERS,
    "rotated": COMMON | NODES | CREDENTIALS | USERS | ROTATION,
    "serverless-rotated": COMMON | SERVERLESS | CREDENTIALS | USERS | ROTATION,
    "production": COMMON | NODES | CREDENTIALS | USERS | OWN_KEY | PRODUCTION_NODES,
    "production-cluster": COMMON | NODES | CREDENTIALS | USERS | OWN_KEY | PRODUCTION_NODES,
    "production-serverless": COMMON | SERVERLESS | CREDENTIALS | USERS | OWN_KEY,
    "production-rotated": COMMON
    | NODES
    | CREDENTIALS
    | USERS
    | OWN_KEY
    | PRODUCTION_NODES
    | ROTATION
    | {("SecretPolicy", "cache-connection"), ("SecretPolicy", "cache-credentials")},
    "production-iam": COMMON | NODES | USERS | OWN_KEY | PRODUCTION_NODES,
    "production-token": COMMON | NODES | CREDENTIALS | OWN_KEY | PRODUCTION_NODES,
    "moving": COMMON
    | NODES
    | USERS
    | CREDENTIALS - {("RandomUuid7", "cache-app-issued-1")}
    | {("RandomPassword", "cache-app-password-2"), ("RandomUuid7", "cache-app-issued-2")},
    "moving-token": COMMON
    | NODES
    | CREDENTIALS - {("RandomUuid7", "cache-app-issued-1")}
    | {("RandomPassword", "cache-app-password-2"), ("RandomUuid7", "cache-app-issued-2")},
    "adopted": ALONE | NODES | CREDENTIALS | USERS,
    "adopted-serverless": ALONE | SERVERLESS | CREDENTIALS | USERS,
}
"""Logical names beside those of alarms. They are for ever: another name is another resource."""


def kind(resource: Registered) -> str:
    return resource.type.rpartition(":")[2]


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_logical_names_are_for_ever(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    found = [(kind(r), r.name) for r in world.made]
    assert len(found) == len(set(found)), "two resources of one name"
    assert {each for each in found if each[0] != "MetricAlarm"} == NAMES[variant]


@pytest.mark.parametrize("variant", ["cluster", "serverless", "production-rotated", "moving"])
def test_a_second_run_registers_the_same(variant: str) -> None:
    again = succeed(lambda: elasticache(**VARIANTS[variant], tags=TAGS))
    first = {r.urn: r.inputs for r in built(variant).made}
    assert {r.urn: r.inputs for r in again.made} == first


def identities(name: str) -> set[tuple[str, str]]:
    """What the engine and AWS tell the resources of the cache `name` apart by."""
    world = succeed(
        lambda: elasticache(
            name,
            environment="production",
            network=ADOPTED,
            access={**ACCESS, "secret_readers": [READER_ARN]},
            aws={"automatic_rotation": True},
            alarms={"profile": "off"},
        )
    )
    urns = {("urn", r.urn) for r in world.made}
    named = {"name", "userId", "userGroupId"}
    return urns | {
        (kind(r), r.plain[key])
        for r in world.made
        for key in named & r.plain.keys()
        if r.type.startswith("aws:")
    }


def test_a_cache_may_have_the_name_of_anothers_child() -> None:
    mine = identities("jobs")
    children = {urn.rpartition("::")[2] for what, urn in mine if what == "urn"} - {"jobs"}
    legal = [c for c in children if re.fullmatch(CACHE_NAME, c) and len(c) <= CACHE_NAME_LENGTH]
    assert {"jobs-app", "jobs-credentials", "jobs-rotation"} <= set(legal)
    for child in legal:
        assert not mine & identities(child), child


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("cache", True),
        ("Cache", True),
        ("a-b-1", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("1cache", False),
        ("a--b", False),
        ("a-", False),
        ("a_b", False),
        ("a.b", False),
    ],
)
def test_a_components_name_becomes_a_part_of_the_caches_id(name: str, fine: bool) -> None:
    world = run(lambda: elasticache(name))
    if fine:
        own = world.one("ReplicationGroup", name).state["replicationGroupId"]
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", own)
        assert len(own) <= 40
        return
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["name"]
    assert world.made == []


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_every_child_belongs_to_its_component(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    cache = world.one("ElastiCacheRedis", "cache")
    assert cache.parent == world.stack.urn
    of_network = {"Vpc", "Subnet", "DefaultSecurityGroup"}
    for resource in world.made:
        if resource is not cache:
            parent = world.one("AwsNetwork", "cache") if kind(resource) in of_network else cache
            assert resource.parent == parent.urn, resource.urn
    for component in (cache, *world.all("AwsNetwork")):
        assert component.outputs is not None, component.urn


# Tags.


def resource_class(type_: str) -> type:
    module = type_.split(":")[1].partition("/")[0]
    package = getattr(pulumi_aws, "lambda_" if module == "lambda" else module)
    return getattr(package, type_.rpartition(":")[2])


def takes_tags(type_: str) -> bool:
    return "tags" in inspect.signature(resource_class(type_)._internal_init).parameters


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_whatever_takes_tags_is_tagged(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    expected = {
        "secure-redis:stack": "secure-redis/local",
        "secure-redis:cache": "cache",
        "secure-redis:environment": VARIANTS[variant].get("environment", "development"),
        **TAGS,
    }
    tagged = [r for r in world.made if r.type.startswith("aws:") and takes_tags(r.type)]
    assert len(tagged) > 8
    for resource in tagged:
        tags = resource.plain["tags"]
        if kind(resource) in {"Vpc", "Subnet", "DefaultSecurityGroup"}:
            assert tags["team"] == "platform", resource.urn
        else:
            assert tags == expected, resource.urn
    for resource in world.made:
        assert resource in tagged or "tags" not in resource.plain, resource.urn


# Secrets.

SECRET_INPUTS = {"passwords", "authToken", "secretString"}


@EACH_VARIANT
def test_no_secret_is_in_any_input_but_marked_ones(variant: str) -> None:
    world = built(variant)
    secrets = world.secrets()
    assert secrets
    found: set[str] = set()
    for resource in world.made:
        for path, value, marked in leaves(resource.inputs):
            if any(secret in str(value) for secret in secrets):
                assert marked, f"{resource.urn}{path} holds a secret in plain text"
                found.add(path.split(".")[1].split("[")[0])
    assert found
    assert found <= SECRET_INPUTS


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_inputs_for_secrets_are_marked_before_they_are_known(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    marked = 0
    for resource in world.made:
        for name in SECRET_INPUTS & resource.inputs.keys():
            assert isinstance(resource.inputs[name], Secret), f"{resource.urn}.{name}"
            marked += 1
    assert marked >= 2


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_outputs_with_a_credential_are_secret_and_the_others_are_not(
    variant: str, preview: bool
) -> None:
    world = built(variant, preview=preview)
    outputs = outputs_of(world)
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == SECRET_OUTPUTS
    secrets = set() if preview else world.secrets()
    for path, value, marked in leaves(outputs):
        assert marked or not any(secret in str(value) for secret in secrets), path


PLAIN_FACTS = {
    "kind",
    "network",
    "kmsKey",
    "vpcId",
    "subnetIds",
    "auth",
    "automaticRotation",
    "generation",
    "keepPrevious",
    "port",
    "engine",
    "engineVersion",
    "dataTiering",
    "shards",
    "replicas",
    "snapshotDays",
    "transitEncryption",
    "serverlessEngine",
    "serverlessVersion",
    "multiAz",
    "protected",
}


@EACH_VARIANT
def test_a_components_inputs_are_plain_facts(variant: str) -> None:
    """They are stored in plain text, and the guard against replacement compares them."""
    world = built(variant)
    inputs = world.one("ElastiCacheRedis", "cache").inputs
    assert inputs.keys() <= PLAIN_FACTS
    assert {"kind", "kmsKey", "auth", "generation"} <= inputs.keys()
    assert inputs.get("vpcId") == VARIANTS[variant].get("network", {}).get("vpc_id")
    for path, value, marked in leaves(inputs):
        assert not marked, path
        assert isinstance(value, str | int | float | bool), path
    assert not any(secret in str(inputs) for secret in world.secrets())


# Options.


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_production_protects_the_data_and_their_key(variant: str, preview: bool) -> None:
    protected = {
        (kind(r), r.name) for r in built(variant, preview=preview).made if r.request.protect
    }
    expected: set[tuple[str, str]] = set()
    if variant.startswith("production"):
        expected = (NODES | SERVERLESS | OWN_KEY) & NAMES[variant]
        expected &= {(k, "cache") for k in ("ReplicationGroup", "ServerlessCache", "Key")}
        assert len(expected) == 2
    assert protected == expected


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ({}, True),
        ({"aws": {"final_snapshot": False}}, False),
        ({"aws": {"serverless": {}}}, False),
    ],
)
def test_the_key_outlives_the_last_snapshot(arguments: dict[str, Any], kept: bool) -> None:
    quiet = {"environment": "production", "alarms": {"profile": "off"}}
    world = succeed(lambda: elasticache(**quiet, **arguments))
    assert bool(world.one("Key", "cache").request.retainOnDelete) is kept
    others = [r for r in world.made if kind(r) != "Key"]
    assert not any(r.request.retainOnDelete for r in others)


@pytest.mark.parametrize(
    ("arguments", "protected"),
    [
        ({"protect": True}, True),
        ({"environment": "staging"}, False),
        ({"environment": "production", "allow_replacement": "an empty cache will do"}, False),
        ({"environment": "production"}, True),
    ],
)
def test_protection_steps_aside_for_an_accepted_replacement(
    arguments: dict[str, Any], protected: bool
) -> None:
    world = succeed(lambda: elasticache(**arguments))
    assert bool(world.one("ReplicationGroup", "cache").request.protect) is protected


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_what_pulumi_must_not_set_back(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    rotated = ["secretString"] if variant.endswith("rotated") else []
    passwords = ["passwords"] if variant.endswith("rotated") else []
    expected = {
        ("ReplicationGroup", "cache"): ["snapshotName", "snapshotArns"],
        ("ServerlessCache", "cache"): ["snapshotArnsToRestores"],
        ("SecretVersion", "cache-credentials"): rotated,
        ("User", "cache-app"): ["engine", *passwords],
        ("User", "cache-default"): ["engine"],
        ("UserGroup", "cache"): ["engine"],
        ("Subnet", "cache-0"): ["availabilityZone"],
        ("Subnet", "cache-1"): ["availabilityZone"],
    }
    for resource in world.made:
        wanted = expected.get((kind(resource), resource.name), [])
        assert list(resource.request.ignoreChanges) == wanted, resource.urn


def depends(world: World, type_: str, name: str) -> set[tuple[str, str]]:
    """What a resource waits for."""
    by_urn = {r.urn: (kind(r), r.name) for r in world.made}
    return {by_urn[urn] for urn in world.one(type_, name).request.dependencies}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_the_order_that_aws_needs(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    names = NAMES[variant]
    if ("User", "cache-default") in names:
        assert ("User", "cache-app") in depends(world, "User", "cache-default"), (
            "ElastiCache refuses to change two users of a group at once"
        )
        users = {("User", "cache-app"), ("User", "cache-default")}
        assert users <= depends(world, "UserGroup", "cache")
        cache = "ServerlessCache" if "serverless" in variant else "ReplicationGroup"
        assert ("UserGroup", "cache") in depends(world, cache, "cache")
        if ("SecretVersion", "cache-credentials") in names:
            assert ("UserGroup", "cache") in depends(world, "SecretVersion", "cache-credentials"), (
                "who reads the new password must get in with it"
            )
    if variant.endswith("token"):
        version = depends(world, "SecretVersion", "cache-credentials")
        assert ("ReplicationGroup", "cache") in version, "first the token, then who reads it"
    if variant.endswith("rotated"):
        assert {
            ("Permission", "cache-rotation"),
            ("RolePolicy", "cache-rotation"),
            ("SecretVersion", "cache-credentials"),
        } <= depends(world, "SecretRotation", "cache-rotation")
        function = depends(world, "Function", "cache-rotation")
        assert ("RolePolicy", "cache-rotation") in function


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_changes_are_judged_before_they_are_made(variant: str, preview: bool) -> None:
    hooks = built(variant, preview=preview).one("ElastiCacheRedis", "cache").request.hooks
    assert list(hooks.before_update) == ["data of cache"]


class Platform(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Platform", name, {})


def test_options_reach_the_children() -> None:
    def program() -> None:
        provider = pulumi_aws.Provider("frankfurt", region="eu-central-1")
        options = pulumi.ResourceOptions(
            parent=Platform("platform"), providers=[provider], protect=True
        )
        elasticache(opts=options)

    world = succeed(program)
    ours = [r for r in world.made if r.type.startswith("aws:")]
    assert len(ours) > 10
    assert all("::frankfurt::" in r.request.provider for r in ours)
    assert all(r.request.protect for r in ours)
    cache = world.one("ElastiCacheRedis", "cache")
    assert cache.parent == world.one("Platform", "platform").urn
    assert list(cache.request.hooks.before_update) == ["data of platform/cache"]


# The cache itself.


def test_a_cache_for_development_word_for_word() -> None:
    assert group(built("nodes")) == {
        "description": "Cache cache of secure-redis/local",
        "engine": "valkey",
        "engineVersion": "8.1",
        "nodeType": "cache.t4g.micro",
        "dataTieringEnabled": False,
        "clusterMode": "disabled",
        "numCacheClusters": 1,
        "multiAzEnabled": False,
        "automaticFailoverEnabled": False,
        "port": 6379,
        "subnetGroupName": f"cache-{GENERATED}",
        "securityGroupIds": [reveal(outputs_of(built("nodes")))["security_group_id"]],
        "parameterGroupName": f"cache-{GENERATED}",
        "transitEncryptionEnabled": True,
        "transitEncryptionMode": "required",
        "atRestEncryptionEnabled": True,
        "userGroupIds": [USER_GROUP],
        "authTokenUpdateStrategy": "DELETE",
        "logDeliveryConfigurations": [],
        "snapshotRetentionLimit": 0,
        "snapshotWindow": "03:00-04:00",
        "maintenanceWindow": "sun:05:00-sun:06:00",
        "applyImmediately": True,
        "autoMinorVersionUpgrade": True,
        "tags": {
            "secure-redis:stack": "secure-redis/local",
            "secure-redis:cache": "cache",
            "secure-redis:environment": "development",
            **TAGS,
        },
    }


def test_what_production_adds() -> None:
    world = built("production")
    key = world.one("Key", "cache").state["arn"]
    folder = f"/aws/vendedlogs/elasticache/secure-redis/local/cache-{SUFFIX}"
    development, production = group(built("nodes")), group(world)
    assert {n: v for n, v in production.items() if development.get(n) != v} == {
        "nodeType": "cache.m7g.large",
        "numCacheClusters": 2,
        "multiAzEnabled": True,
        "automaticFailoverEnabled": True,
        "kmsKeyId": key,
        "snapshotRetentionLimit": 7,
        "finalSnapshotIdentifier": f"{PREFIX}-final-{SUFFIX}",
        "applyImmediately": False,
        "logDeliveryConfigurations": [
            {
                "destination": f"{folder}/{log_type}",
                "destinationType": "cloudwatch-logs",
                "logFormat": "json",
                "logType": log_type,
            }
            for log_type in ("slow-log", "engine-log")
        ],
        "tags": {**development["tags"], "secure-redis:environment": "production"},
    }
    for log_type in ("slow-log", "engine-log"):
        log = world.one("LogGroup", f"cache-{log_type}").plain
        assert (log["retentionInDays"], log["kmsKeyId"]) == (90, key)
    assert world.one("Secret", "cache-credentials").plain["kmsKeyId"] == key
    assert world.one("Key", "cache").plain["enableKeyRotation"] is True
    assert world.one("Key", "cache").plain["deletionWindowInDays"] == 30
    assert world.one("Alias", "cache").plain["name"] == f"alias/{PREFIX}-{SUFFIX}"


SHAPES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"clusterMode": "disabled", "numCacheClusters": 1}),
    ({"replicas": 2}, {"clusterMode": "disabled", "numCacheClusters": 3}),
    (
        {"aws": {"shards": 1}},
        {"clusterMode": "enabled", "numNodeGroups": 1, "replicasPerNodeGroup": 0},
    ),
    (
        {"replicas": 2, "aws": {"shards": 3}},
        {"clusterMode": "enabled", "numNodeGroups": 3, "replicasPerNodeGroup": 2},
    ),
]
COUNTS = {"clusterMode", "numCacheClusters", "numNodeGroups", "replicasPerNodeGroup"}


@pytest.mark.parametrize(("arguments", "shape"), SHAPES)
def test_the_shape_of_a_cache(arguments: dict[str, Any], shape: dict[str, Any]) -> None:
    world = succeed(lambda: elasticache(**arguments))
    assert {n: v for n, v in group(world).items() if n in COUNTS} == shape
    parameters = {
        p["name"]: p["value"] for p in world.one("ParameterGroup", "cache").plain["parameters"]
    }
    clustered = shape["clusterMode"] == "enabled"
    assert parameters == {
        "maxmemory-policy": "allkeys-lru",
        "reserved-memory-percent": "25",
        **({"cluster-enabled": "yes"} if clustered else {}),
    }


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("valkey", "7.2", "valkey7"),
        ("valkey", None, "valkey8"),
        ("valkey", "9.0", "valkey9"),
        ("redis", "6.2", "redis6.x"),
        ("redis", "7.0", "redis7"),
        ("redis", None, "redis7"),
    ],
)
def test_the_parameters_family_is_the_engines(
    engine: str, version: str | None, family: str
) -> None:
    settings = {"engine_version": version} if version else {}
    world = succeed(
        lambda: elasticache(
            engine=engine, purpose="sessions", aws={**settings, "parameters": {"timeout": "300"}}
        )
    )
    parameters = world.one("ParameterGroup", "cache").plain
    assert parameters["family"] == family
    assert {"name": "timeout", "value": "300"} in parameters["parameters"]
    assert {"name": "maxmemory-policy", "value": "volatile-lru"} in parameters["parameters"]
    # A change of either replaces the group: none of ours, and the SDK's for ever.
    assert "name" not in parameters
    assert parameters["description"] == "Managed by Pulumi"


@pytest.mark.parametrize("variant", ["serverless", "production-serverless"])
def test_a_serverless_cache_word_for_word(variant: str) -> None:
    world = built(variant)
    inputs = world.one("ServerlessCache", "cache").plain
    production = variant.startswith("production")
    subnets = [world.one("Subnet", f"cache-{n}") for n in (0, 1)]
    expected: dict[str, Any] = {
        "description": "Cache cache of secure-redis/local",
        "engine": "valkey",
        "majorEngineVersion": "8",
        "cacheUsageLimits": {
            "dataStorage": {"maximum": 1, "unit": "GB"},
            "ecpuPerSeconds": [{"maximum": 5000}],
        },
        "subnetIds": [id_of(subnet) for subnet in subnets],
        "securityGroupIds": [reveal(outputs_of(world))["security_group_id"]],
        "userGroupId": USER_GROUP,
        "snapshotRetentionLimit": 7 if production else 0,
        "tags": {
            "secure-redis:stack": "secure-redis/local",
            "secure-redis:cache": "cache",
            "secure-redis:environment": "production" if production else "development",
            **TAGS,
        },
    }
    if production:
        expected |= {
            "kmsKeyId": world.one("Key", "cache").state["arn"],
            "dailySnapshotTime": "03:00",
        }
    assert inputs == expected


def id_of(resource: Registered) -> str:
    """The id that the provider gave, as it stands at the end of the resource's ARN."""
    return str(resource.state["arn"]).rpartition("/")[2]


# Logins.


def users(world: World) -> dict[str, dict[str, Any]]:
    return {r.name: r.plain for r in world.all("User")}


@pytest.mark.parametrize(
    ("variant", "engine"), [("nodes", "valkey"), ("redis", "redis"), ("serverless", "valkey")]
)
def test_two_users_one_who_may_work_and_one_who_is_off(variant: str, engine: str) -> None:
    world = built(variant)
    found = users(world)
    assert found.keys() == {"cache-app", "cache-default"}
    app, default = found["cache-app"], found["cache-default"]
    assert (app["userName"], default["userName"]) == ("app", "default")
    assert app["accessString"] == "on ~* &* +@all -@admin -@dangerous +info"
    assert default["accessString"] == "off ~keys* -@all +get"
    assert {app["engine"], default["engine"]} == {engine}
    assert app["userId"] == f"{USER_GROUP}-app"
    assert default["userId"] == f"{USER_GROUP}-default"
    assert "noPasswordRequired" not in {**app, **default}
    (mine,), (other,) = app["passwords"], default["passwords"]
    assert mine != other
    users_group = world.one("UserGroup", "cache").plain
    assert users_group["userIds"] == [app["userId"], default["userId"]]
    assert (users_group["userGroupId"], users_group["engine"]) == (USER_GROUP, engine)


@pytest.mark.parametrize("variant", ["iam", "serverless-iam", "production-iam"])
def test_an_iam_user_has_one_name_and_no_password(variant: str) -> None:
    world = built(variant)
    app = users(world)["cache-app"]
    assert app["authenticationMode"] == {"type": "iam"}
    assert app["userId"] == app["userName"] == f"{USER_GROUP}-iam"
    assert "passwords" not in app
    assert [r.name for r in world.all("RandomPassword")] == ["cache-default-password"]
    contract = Connection.from_dict(reveal(outputs_of(world)))
    assert (contract.auth.value, contract.password) == ("identity", "")
    assert contract.username == app["userName"]
    assert "@" not in contract.url
    assert contract.secret_ref == {}
    outputs = reveal(outputs_of(world))
    assert outputs["secret_arn"] == ""
    assert outputs["env"]["REDIS_AUTH_MODE"] == "identity"
    assert outputs["env"]["REDIS_IDENTITY_USER"] == contract.username
    assert not {"REDIS_USERNAME", "REDIS_PASSWORD"} & outputs["env"].keys()


PHASES = [(1, False), (2, True), (2, False)]
"""A rotation by hand: before, while both passwords work, after."""


def test_users_have_both_passwords_while_clients_move() -> None:
    worlds = [
        succeed(lambda g=g, k=k: elasticache(rotation={"generation": g, "keep_previous": k}))
        for g, k in PHASES
    ]
    old, new = (
        worlds[1].one("RandomPassword", f"cache-app-password-{n}").state["result"] for n in (1, 2)
    )
    assert [users(w)["cache-app"]["passwords"] for w in worlds] == [[old], [new, old], [new]]
    kept = [secret_value(w, "credentials")["password"] for w in worlds]
    assert kept == [old, new, new]
    assert [reveal(outputs_of(w))["password"] for w in worlds] == kept
    assert len({users(w)["cache-default"]["passwords"][0] for w in worlds}) == 1


def test_a_token_is_rotated_in_two_phases() -> None:
    worlds = [
        succeed(
            lambda g=g, k=k: elasticache(
                aws={"auth": "token"}, rotation={"generation": g, "keep_previous": k}
            )
        )
        for g, k in PHASES
    ]
    assert [group(w)["authTokenUpdateStrategy"] for w in worlds] == ["SET", "ROTATE", "SET"]
    tokens = [group(w)["authToken"] for w in worlds]
    assert tokens[0] != tokens[1] == tokens[2], "SET takes the token that ROTATE brought"
    for world in worlds:
        assert "userGroupIds" not in group(world)
        assert reveal(outputs_of(world))["username"] == "default"
        assert reveal(outputs_of(world))["password"] == group(world)["authToken"]


# What is kept in Secrets Manager.


def secret_value(world: World, what: str) -> dict[str, Any]:
    return json.loads(world.one("SecretVersion", f"cache-{what}").plain["secretString"])


@pytest.mark.parametrize("variant", [v for v in VARIANTS if not v.endswith("iam")])
def test_the_credentials_are_in_the_shape_of_aws_own_function(variant: str) -> None:
    world = built(variant)
    generation = VARIANTS[variant].get("rotation", {}).get("generation", 1)
    app = world.one("RandomPassword", f"cache-app-password-{generation}").state["result"]
    value = secret_value(world, "credentials")
    if variant.endswith("token"):
        assert value == {"username": "default", "password": app}
    else:
        user_arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:user:{USER_GROUP}-app"
        assert value == {"username": "app", "password": app, "user_arn": user_arn}


@EACH_VARIANT
def test_the_connection_is_kept_apart_and_holds_no_credential(variant: str) -> None:
    world = built(variant)
    value, outputs = secret_value(world, "connection"), reveal(outputs_of(world))
    assert value == {
        **{name: outputs[name] for name in ("target", "engine", "host", "port", "tls")},
        **{n: outputs[n] for n in ("reader_host", "reader_port", "cluster_mode", "username")},
        "auth": outputs["auth"],
        "cache_id": f"cache-{GENERATED}",
        "serverless": "serverless" in variant,
        "credentials": outputs["secret_arn"],
    }
    assert not any(secret in json.dumps(value) for secret in world.secrets())


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        ({}, 0),
        ({"environment": "staging"}, 7),
        ({"environment": "production"}, 30),
        ({"environment": "production", "aws": {"secret_recovery_days": 8}}, 8),
    ],
)
def test_how_long_a_deleted_secret_can_come_back(arguments: dict[str, Any], days: int) -> None:
    world = succeed(lambda: elasticache(**arguments))
    for what in ("credentials", "connection"):
        inputs = world.one("Secret", f"cache-{what}").plain
        assert inputs["recoveryWindowInDays"] == days
        assert inputs["name"] == f"secure-redis/local/cache/{what}-{SUFFIX}"


def test_readers_are_named_in_the_secrets_own_policies() -> None:
    world = built("production-rotated")
    for what in ("credentials", "connection"):
        policy = world.one("SecretPolicy", f"cache-{what}").plain
        assert policy["blockPublicPolicy"] is True
        (statement,) = json.loads(policy["policy"])["Statement"]
        assert statement["Principal"] == {"AWS": [READER_ARN]}
        assert statement["Resource"] == world.one("Secret", f"cache-{what}").state["arn"]


# Rotation by Secrets Manager.


@pytest.mark.parametrize("variant", ["rotated", "serverless-rotated", "production-rotated"])
def test_a_function_that_secrets_manager_alone_may_call(variant: str) -> None:
    world = built(variant)
    secret_arn = world.one("Secret", "cache-credentials").state["arn"]
    function = world.one("Function", "cache-rotation").plain
    user_arn = world.one("User", "cache-app").state["arn"]
    assert function["handler"] == "function.handler"
    assert function["timeout"] == 900
    assert function["environment"] == {
        "variables": {"SECRET_ARN": secret_arn, "USER_ARN": user_arn}
    }
    assert "vpcConfig" not in function, "it calls AWS's API only"
    archive = function["code"]
    assert list(archive["assets"]) == ["function.py"]
    assert archive["assets"]["function.py"]["path"].endswith("aws/rotation/function.py")
    permission = world.one("Permission", "cache-rotation").plain
    assert permission == {
        "action": "lambda:InvokeFunction",
        "function": world.one("Function", "cache-rotation").state["name"],
        "principal": "secretsmanager.amazonaws.com",
        "sourceAccount": ACCOUNT,
        "sourceArn": secret_arn,
    }
    rotation = world.one("SecretRotation", "cache-rotation").plain
    days = VARIANTS[variant].get("rotation_days", 90)
    assert rotation["rotationRules"] == {"automaticallyAfterDays": days}
    assert rotation["rotateImmediately"] is False, "the exported password would be an old one"
    assert rotation["rotationLambdaArn"] == world.one("Function", "cache-rotation").state["arn"]


@pytest.mark.parametrize(("variant", "known"), [("rotated", False), ("nodes", True)])
def test_only_a_password_that_stays_has_a_date(variant: str, known: bool) -> None:
    outputs = reveal(outputs_of(built(variant)))
    assert outputs["credential_issued_at"] == (ISSUED if known else "")
    assert outputs["rotate_by"] == (rotation_deadline(90) if known else "")


# Who reaches it.


def rules_of(world: World) -> list[dict[str, Any]]:
    shown = ("cidrIpv4", "cidrIpv6", "referencedSecurityGroupId", "prefixListId")
    return [
        {k: v for k, v in r.plain.items() if k in shown}
        for r in world.all("SecurityGroupIngressRule")
    ]


@PREVIEW_AND_UPDATE
def test_one_rule_for_each_source_and_none_beside(preview: bool) -> None:
    access = {
        "security_group_ids": ["sg-0a1b2c3d", "sg-4e5f6071"],
        "cidrs": ["10.1.0.0/16", "fd00:ec2::/32"],
        "prefix_list_ids": ["pl-0a1b2c3d"],
    }
    world = succeed(lambda: elasticache(access=access, aws={"port": 7000}), preview=preview)
    key = {"cidrIpv4": "10.1.0.0/16"}, {"cidrIpv6": "fd00:ec2::/32"}
    groups = [{"referencedSecurityGroupId": g} for g in access["security_group_ids"]]
    expected = [*groups, {"prefixListId": "pl-0a1b2c3d"}, *key]
    assert sorted(rules_of(world), key=str) == sorted(expected, key=str)
    for rule in world.all("SecurityGroupIngressRule"):
        assert (rule.plain["fromPort"], rule.plain["toPort"]) == (7000, 7000)
        assert rule.plain["ipProtocol"] == "tcp"
    security = world.one("SecurityGroup", "cache").plain
    assert not {"ingress", "egress", "name", "namePrefix"} & security.keys()
    assert not world.all("SecurityGroupEgressRule"), "a cache opens no connection"


def test_a_serverless_cache_has_a_port_for_readers() -> None:
    for rule in built("serverless").all("SecurityGroupIngressRule"):
        assert (rule.plain["fromPort"], rule.plain["toPort"]) == (6379, 6380)


def test_a_source_that_goes_takes_its_own_rule_along() -> None:
    def names(*groups: str) -> dict[str, Any]:
        world = succeed(lambda: elasticache(access={"security_group_ids": list(groups)}))
        return {r.name: r.plain for r in world.all("SecurityGroupIngressRule")}

    both, second = names("sg-0a1b2c3d", "sg-4e5f6071"), names("sg-4e5f6071")
    assert second.items() <= both.items()


# Outputs.


@EACH_VARIANT
def test_the_outputs_are_the_contract(variant: str) -> None:
    outputs = reveal(outputs_of(built(variant)))
    contract = Connection.from_dict(outputs)
    for name, value in contract.to_dict().items():
        assert outputs[name] == value, name
    assert contract.tls
    assert (contract.tls_verify.value, contract.ca_source.value) == ("full", "system")
    assert contract.ca_pem == ""
    assert contract.target == "aws"
    for grant in ("security_group_id", "connection_secret_arn"):
        assert outputs["grants"][grant] == outputs[grant]
    assert set(outputs["grants"]) == {
        "policy_arn",
        "policy",
        "security_group_id",
        "connection_secret_arn",
    }
    assert outputs["env_public"].items() <= outputs["env"].items()
    if contract.auth.value == "password":
        assert outputs["env"]["REDIS_USERNAME"] == contract.username
        assert outputs["env"]["REDIS_PASSWORD"] == contract.password
    serverless = "serverless" in variant
    assert contract.cluster_mode == (serverless or variant.endswith("cluster"))
    assert contract.port == 6379


@pytest.mark.parametrize(
    ("variant", "host", "reader"),
    [
        ("nodes", "master.", ""),
        ("replicas", "master.", "replica."),
        ("cluster", "clustercfg.", ""),
        ("production", "master.", "replica."),
        ("serverless", f"cache-{GENERATED}-abc123.", f"cache-{GENERATED}-abc123."),
    ],
)
def test_the_endpoints(variant: str, host: str, reader: str) -> None:
    outputs = reveal(outputs_of(built(variant)))
    assert outputs["host"].startswith(host)
    assert outputs["reader_host"].startswith(reader)
    assert bool(outputs["reader_host"]) == bool(reader)
    assert outputs["reader_port"] == (6380 if variant == "serverless" else 0)
    if variant == "serverless":
        assert outputs["reader_url"].endswith(":6380/0")


@pytest.mark.parametrize(
    ("variant", "numbers"),
    [
        ("nodes", ["001"]),
        ("replicas", ["001", "002", "003"]),
        ("cluster", ["0001-001", "0001-002", "0002-001", "0002-002"]),
        ("serverless", []),
    ],
)
def test_the_nodes_by_name(variant: str, numbers: list[str]) -> None:
    outputs = reveal(outputs_of(built(variant)))
    assert outputs["node_ids"] == [f"cache-{GENERATED}-{number}" for number in numbers]


def test_where_the_credential_is_kept() -> None:
    world = built("nodes")
    secret = world.one("Secret", "cache-credentials").state
    assert reveal(outputs_of(world)["secret_ref"]) == {
        "kind": "aws-secrets-manager",
        "id": secret["arn"],
        "version": world.one("SecretVersion", "cache-credentials").state["versionId"],
        "json_key": "password",
    }


COMPUTED = {
    "alarm_arns",
    "connection_secret_arn",
    "engine_version",
    "grants",
    "host",
    "log_group_names",
    "node_ids",
    "resource_id",
    "secret_ref",
    "security_group_id",
}
"""Outputs that nobody knows before AWS has answered."""


@pytest.mark.parametrize("variant", ["nodes", "production", "cluster"])
def test_a_preview_invents_nothing_and_knows_the_settings(variant: str) -> None:
    update = outputs_of(built(variant))
    preview = outputs_of(built(variant, preview=True))
    settings = {"target", "engine", "port", "tls", "tls_verify", "database", "cluster_mode"}
    for name in (*settings, "username", "auth", "ca_pem", "reader_port"):
        assert preview[name] == update[name], name
    for name in COMPUTED - (
        {"alarm_arns", "log_group_names"} if variant != "production" else set()
    ):
        assert rpc.UNKNOWN in str(preview[name]), name
    assert "None" not in str(reveal(preview))


def test_the_portable_component_has_the_same_outputs() -> None:
    world = succeed(lambda: secure(tags=TAGS))
    assert set(reveal(outputs_of(world))) == set(OUTPUTS)
    direct = reveal(outputs_of(built("nodes")))
    assert reveal(outputs_of(world)) == {name: direct[name] for name in OUTPUTS}
    assert world.one("ElastiCacheRedis", "cache").parent == world.one("SecureRedis", "cache").urn
    assert world.one("SecureRedis", "cache").inputs == {"service": "aws"}


# What other resources provide.


@PREVIEW_AND_UPDATE
def test_ids_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        clients = pulumi_aws.ec2.SecurityGroup("clients")
        key = pulumi_aws.kms.Key("mine")
        reader = pulumi_aws.iam.Role("reader", assume_role_policy="{}")
        network = AwsNetwork("network", {"cidr": "10.9.0.0/16", "zones": 3})
        elasticache(
            environment="production",
            network=network.facts(),
            access={"security_group_ids": [clients.id], "secret_readers": [reader.arn]},
            aws={"kms_key_arn": key.arn},
            alarms={"profile": "off"},
        )

    world = succeed(program, preview=preview)
    mine = world.one("Key", "mine")
    assert [r.name for r in world.all("Key")] == ["mine"]
    assert [r.name for r in world.all("Vpc")] == ["network"]
    (rule,) = world.all("SecurityGroupIngressRule")
    assert rule.name == "cache-from-security-group-0"
    assert mine.urn in world.one("ReplicationGroup", "cache").request.dependencies
    if not preview:
        assert group(world)["kmsKeyId"] == mine.state["arn"]
        assert world.one("ElastiCacheRedis", "cache").inputs["kmsKey"] == mine.state["arn"]


def test_a_restored_cache_names_its_snapshot() -> None:
    restored = group(succeed(lambda: elasticache(aws={"restore": {"snapshot_name": "nightly"}})))
    assert restored["snapshotName"] == "nightly"
    assert "snapshotArns" not in restored
    from_files = {"snapshot_arns": ["arn:aws:s3:::backups/dump.rdb"]}
    group_inputs = group(succeed(lambda: elasticache(aws={"restore": from_files})))
    assert group_inputs["snapshotArns"] == from_files["snapshot_arns"]
    serverless = succeed(lambda: elasticache(aws={"serverless": {}, "restore": from_files}))
    inputs = serverless.one("ServerlessCache", "cache").plain
    assert inputs["snapshotArnsToRestores"] == from_files["snapshot_arns"]


FINAL: list[tuple[dict[str, Any], bool]] = [
    ({"port": 6380}, True),
    ({"kms_key_arn": KEY_ARN}, True),
    ({"node_type": "cache.r6gd.xlarge"}, True),
    ({"node_type": "cache.r7g.xlarge"}, False),
    ({"snapshot_retention_days": 9}, False),
]


@pytest.mark.parametrize(("aws", "another"), FINAL)
def test_a_replacement_leaves_the_last_snapshots_name_to_the_old_one(
    aws: Mapping[str, Any], another: bool
) -> None:
    def marks(**settings: Any) -> Any:
        world = succeed(
            lambda: elasticache(
                environment="production",
                allow_replacement="why",
                aws=settings,
                alarms={"profile": "off"},
            )
        )
        return world.one("RandomId", "cache-final-snapshot").plain["keepers"]

    assert (marks(**aws) != marks()) is another


# Arguments that cannot be used.

BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"access": {}}, ["access"]),
    ({"access": {"cidrs": ["0.0.0.0/0"]}}, ["access.cidrs.0"]),
    ({"network": {"vpc_id": "vpc-0a1b2c3d"}}, ["network"]),
    (
        {"replicas": 1, "network": {**ADOPTED, "subnet_ids": ["subnet-0a1b2c3d"]}},
        ["network.subnet_ids"],
    ),
    (
        {"aws": {"serverless": {}}, "network": {**ADOPTED, "subnet_ids": ["subnet-0a1b2c3d"]}},
        ["network.subnet_ids"],
    ),
    ({"tags": {"aws:team": "x"}}, ["tags.aws:team"]),
    ({"alarms": {"notify": ["on-call"]}}, ["alarms.notify.0"]),
    ({"aws": {"kms_key_arn": "alias/mine"}}, ["aws.kmsKeyArn"]),
    ({"aws": {"nodetype": "x", "port": 80}}, ["aws.nodetype", "aws.port"]),
    ({"mode": "none", "engine": "memcached"}, ["engine", "mode"]),
]


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("make", [elasticache, secure], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("args", "paths"), BAD)
def test_invalid_arguments_stop_before_anything_is_registered(
    make: Any, args: dict[str, Any], paths: list[str], preview: bool
) -> None:
    world = run(lambda: make(**args), preview=preview)
    assert isinstance(world.error, InvalidArguments)
    assert world.made == []
    assert sorted(e["property_path"] for e in world.error.errors or []) == paths


def test_topics_are_told_of_every_alarm() -> None:
    found = built("production-rotated").all("MetricAlarm")
    assert found
    for alarm in found:
        assert alarm.plain["alarmActions"] == alarm.plain["okActions"] == [TOPIC_ARN]


def test_access_is_the_argument_that_has_no_default() -> None:
    world = run(lambda: elasticache(access=None))
    assert isinstance(world.error, InvalidArguments)
    assert succeed(lambda: elasticache(access=ACCESS))
