"""What the rules of AWS refuse, in which words, and the nearest settings that they accept."""

from typing import Any

import pytest
from aws_cases import (
    ACCESS,
    ADOPTED,
    CACHE,
    KEY_ARN,
    READER_ARN,
    TOPIC_ARN,
    problems,
    settings,
    stack,
)
from hypothesis import assume, example, given
from hypothesis import strategies as st
from package_cases import accepted, error_of, one, paths_of
from secure_redis import configuration
from secure_redis.aws import rules
from secure_redis.aws.settings import LOG_RETENTION_DAYS
from secure_redis.configuration import parse_stack
from secure_redis.problems import ConfigurationError
from secure_redis.settings import Target

PRODUCTION = {"environment": "production"}

WRONG: list[tuple[dict[str, Any], str, str]] = [
    # The mode, and what ElastiCache has not.
    ({"mode": "none"}, "mode", "TLS and a login, always"),
    ({"mode": "password"}, "mode", "TLS and a login, always"),
    ({"mode": "mtls"}, "mode", "asks no client for a certificate"),
    ({"persistence": "aof"}, "persistence", "no append-only file"),
    ({"tlsProfile": "fips"}, "tlsProfile", "chooses its cipher suites itself"),
    ({"docker": {"port": 7000}}, "docker", "no effect on the target aws"),
    # Logins.
    ({"aws": {"auth": "password"}}, "aws.auth", "must be one of rbac, token or iam"),
    (
        {"aws": {"auth": "token", "serverless": {}}},
        "aws.auth",
        "a serverless cache knows users only",
    ),
    (
        {"engine": "redis", "aws": {"auth": "iam", "engineVersion": "6.2"}},
        "aws.auth",
        "IAM logins need redis 7.0 or later",
    ),
    (
        {"aws": {"auth": "token", "automaticRotation": True}},
        "aws.automaticRotation",
        "rotates the password of a user, and token has none",
    ),
    (
        {"aws": {"auth": "iam", "automaticRotation": True}},
        "aws.automaticRotation",
        "rotates the password of a user, and iam has none",
    ),
    (
        {
            "aws": {"automaticRotation": True},
            "rotation": {"generation": 2, "keepPrevious": True},
        },
        "rotation.keepPrevious",
        "Secrets Manager makes the passwords",
    ),
    (
        {"aws": {"auth": "iam"}, "rotation": {"generation": 2}},
        "rotation",
        "IAM has no password to rotate",
    ),
    (
        {"aws": {"automaticRotation": True}, "rotationDays": 1001},
        "rotationDays",
        "every 1 to 1000 days",
    ),
    # Nodes.
    ({"aws": {"nodeType": "r7g.large"}}, "aws.nodeType", "should match pattern"),
    ({"aws": {"nodeType": "cache.r7g"}}, "aws.nodeType", "should match pattern"),
    ({"aws": {"nodeType": "cache.R7G.large"}}, "aws.nodeType", "should match pattern"),
    ({"aws": {"nodeType": "cache.t1.micro"}}, "aws.nodeType", "takes no new caches"),
    ({"aws": {"nodeType": "cache.m3.large"}}, "aws.nodeType", "takes no new caches"),
    (
        {"replicas": 1, "aws": {"nodeType": "cache.t2.micro"}},
        "aws.nodeType",
        "t2 nodes have no failover",
    ),
    (
        {"memoryGb": 20, "aws": {"nodeType": "cache.r7g.large"}},
        "aws.nodeType",
        "holds 9.8 GiB after its reserve of 25 %",
    ),
    ({"memoryGb": 315}, "memoryGb", "no node type holds 315 GiB after its reserve of 25 %"),
    ({"memoryGb": 700, "aws": {"shards": 2}}, "memoryGb", "no node type holds 350 GiB"),
    ({"replicas": 6}, "replicas", "less than or equal to 5"),
    ({"replicas": -1}, "replicas", "greater than or equal to 0"),
    ({"aws": {"multiAz": True}}, "aws.multiAz", "needs a replica that can take over"),
    ({"aws": {"shards": 0}}, "aws.shards", "greater than or equal to 1"),
    ({"aws": {"shards": 501}}, "aws.shards", "less than or equal to 500"),
    ({"replicas": 1, "aws": {"shards": 251}}, "aws.shards", "makes 502 nodes"),
    ({"aws": {"port": 1149}}, "aws.port", "greater than or equal to 1150"),
    ({"aws": {"port": 65536}}, "aws.port", "less than or equal to 65535"),
    # Versions.
    ({"aws": {"engineVersion": "7.0"}}, "aws.engineVersion", "is no version of valkey"),
    ({"aws": {"engineVersion": "8.1.0"}}, "aws.engineVersion", "names a patch level"),
    ({"aws": {"engineVersion": "latest"}}, "aws.engineVersion", "is no version of valkey"),
    (
        {"engine": "redis", "aws": {"engineVersion": "7.1.0"}},
        "aws.engineVersion",
        "names a patch level",
    ),
    (
        {"engine": "redis", "aws": {"engineVersion": "5.0"}},
        "aws.engineVersion",
        "left standard support on 2026-01-31",
    ),
    (
        {"engine": "redis", "aws": {"engineVersion": "4.0.10"}},
        "aws.engineVersion",
        "left standard support on 2026-01-31",
    ),
    (
        {"engine": "redis", "aws": {"engineVersion": "8.0"}},
        "aws.engineVersion",
        "is no version of redis",
    ),
    ({"engine": "memcached"}, "engine", "must be one of redis or valkey"),
    ({"aws": {"durability": "sync"}}, "aws.durability", "needs Valkey 9.0 or later"),
    (
        {"aws": {"durability": "sync", "engineVersion": "9.0"}},
        "aws.durability",
        "in cluster mode",
    ),
    (
        {"engine": "redis", "aws": {"durability": "sync", "shards": 1}},
        "aws.durability",
        "needs Valkey 9.0",
    ),
    # Serverless.
    *(
        ({"aws": {"serverless": {}, key: value}}, f"aws.{key}", "has no such setting")
        for key, value in {
            "nodeType": "cache.r7g.large",
            "shards": 2,
            "multiAz": False,
            "port": 6379,
            "parameters": {"timeout": "300"},
            "logs": True,
            "logRetentionDays": 30,
            "maintenanceWindow": "sun:05:00-sun:06:00",
            "finalSnapshot": True,
            "applyImmediately": True,
            "autoMinorVersionUpgrade": True,
            "transitEncryption": "required",
        }.items()
    ),
    ({"replicas": 1, "aws": {"serverless": {}}}, "replicas", "AWS decides it"),
    (
        {"evictionPolicy": "allkeys-lfu", "aws": {"serverless": {}}},
        "evictionPolicy",
        "AWS decides it",
    ),
    (
        {"aws": {"serverless": {"maxEcpuPerSecond": 999}}},
        "aws.serverless.maxEcpuPerSecond",
        "greater than or equal to 1000",
    ),
    (
        {"aws": {"serverless": {"maxEcpuPerSecond": 15_000_001}}},
        "aws.serverless.maxEcpuPerSecond",
        "less than or equal to 15000000",
    ),
    (
        {"aws": {"serverless": {"maxStorageGb": 0}}},
        "aws.serverless.maxStorageGb",
        "greater than or equal to 1",
    ),
    (
        {"aws": {"serverless": {"maxStorageGb": 5001}}},
        "aws.serverless.maxStorageGb",
        "less than or equal to 5000",
    ),
    (
        {"engine": "redis", "aws": {"serverless": {}, "engineVersion": "6.2"}},
        "aws.engineVersion",
        "runs redis 7.0 or later",
    ),
    (
        {"aws": {"serverless": {}, "restore": {"snapshotName": "nightly"}}},
        "aws.restore.snapshotName",
        "by the ARNs of snapshots",
    ),
    ({"purpose": "queue", "aws": {"serverless": {}}}, "aws.serverless", "cluster protocol"),
    # Snapshots and windows.
    (
        {"aws": {"snapshotRetentionDays": 36}},
        "aws.snapshotRetentionDays",
        "less than or equal to 35",
    ),
    (
        {"persistence": "none", "aws": {"snapshotRetentionDays": 1}},
        "aws.snapshotRetentionDays",
        "1 contradicts persistence: none",
    ),
    (
        {"persistence": "rdb", "aws": {"snapshotRetentionDays": 0}},
        "aws.snapshotRetentionDays",
        "0 contradicts persistence: rdb",
    ),
    ({"aws": {"restore": {}}}, "aws.restore", "either snapshotName or snapshotArns"),
    (
        {"aws": {"restore": {"snapshotName": "a", "snapshotArns": ["arn:aws:s3:::b/c.rdb"]}}},
        "aws.restore",
        "either snapshotName or snapshotArns",
    ),
    ({"aws": {"snapshotWindow": "3-4"}}, "aws.snapshotWindow", "should match pattern"),
    ({"aws": {"snapshotWindow": "24:00-25:00"}}, "aws.snapshotWindow", "holds no time"),
    ({"aws": {"snapshotWindow": "03:00-03:59"}}, "aws.snapshotWindow", "shorter than 60 minutes"),
    ({"aws": {"snapshotWindow": "03:00-03:00"}}, "aws.snapshotWindow", "shorter than 60 minutes"),
    (
        {"aws": {"maintenanceWindow": "05:00-06:00"}},
        "aws.maintenanceWindow",
        "should match pattern",
    ),
    (
        {"aws": {"maintenanceWindow": "Sun:05:00-Sun:06:00"}},
        "aws.maintenanceWindow",
        "should match pattern",
    ),
    (
        {"aws": {"maintenanceWindow": "xyz:05:00-xyz:06:00"}},
        "aws.maintenanceWindow",
        "holds no time",
    ),
    (
        {"aws": {"maintenanceWindow": "sun:05:00-sun:05:30"}},
        "aws.maintenanceWindow",
        "shorter than 60 minutes",
    ),
    (
        {"aws": {"maintenanceWindow": "wed:03:30-wed:04:30"}},
        "aws.maintenanceWindow",
        "overlaps the snapshots' window",
    ),
    # Parameters and logs.
    (
        {"aws": {"parameters": {"maxmemory-policy": "noeviction"}}},
        "aws.parameters.maxmemory-policy",
        "is decided by evictionPolicy",
    ),
    (
        {"aws": {"parameters": {"cluster-enabled": "yes"}}},
        "aws.parameters.cluster-enabled",
        "is decided by aws.shards",
    ),
    (
        {"aws": {"parameters": {"reserved-memory": "0"}}},
        "aws.parameters.reserved-memory",
        "is decided by memoryGb",
    ),
    (
        {"aws": {"parameters": {"reserved-memory-percent": "0"}}},
        "aws.parameters.reserved-memory-percent",
        "is decided by memoryGb",
    ),
    (
        {"aws": {"parameters": {"requirepass": "x"}}},
        "aws.parameters.requirepass",
        "cannot be set on ElastiCache",
    ),
    (
        {"aws": {"parameters": {"timeout": 300}}},
        "aws.parameters.timeout",
        "must be text, not a number",
    ),
    ({"aws": {"logRetentionDays": 31}}, "aws.logRetentionDays", "31 is none of them"),
    # Secrets and keys.
    ({"aws": {"secretRecoveryDays": 6}}, "aws.secretRecoveryDays", "must be 0 or 7 to 30 days"),
    ({"aws": {"secretRecoveryDays": 31}}, "aws.secretRecoveryDays", "less than or equal to 30"),
    *(
        ({"aws": {"kmsKeyArn": key}}, "aws.kmsKeyArn", "must be the ARN of a key")
        for key in (
            "alias/mine",
            "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
            KEY_ARN.replace(":key/", ":alias/"),
            KEY_ARN.replace(":kms:", ":s3:"),
        )
    ),
    # What every target refuses.
    (
        {"purpose": "queue", "evictionPolicy": "allkeys-lru"},
        "evictionPolicy",
        "lets a full queue lose entries",
    ),
    ({"allowReplacement": ""}, "allowReplacement", "is empty"),
    ({"aws": {"nodetype": "cache.r7g.large"}}, "aws.nodetype", "unknown key"),
]


@pytest.mark.parametrize(("cache", "where", "words"), WRONG)
def test_what_is_wrong_with_a_cache(cache: dict[str, Any], where: str, words: str) -> None:
    found = problems(cache)
    assert list(found) == [f"{CACHE}.{where}"]
    problem = found[f"{CACHE}.{where}"]
    assert words in problem.reason
    assert problem.fix.endswith((".", "?"))
    assert not problem.rule, "nothing may accept what AWS refuses"


SAFE_NOT: list[tuple[dict[str, Any], str, str]] = [
    (
        {"aws": {"transitEncryption": "preferred"}},
        "aws.transitEncryption",
        "plaintext-in-production",
    ),
    ({"purpose": "sessions", "persistence": "none"}, "persistence", "volatile-data"),
    (
        {"purpose": "queue", "aws": {"snapshotRetentionDays": 0}},
        "aws.snapshotRetentionDays",
        "volatile-data",
    ),
    ({"protect": False}, "protect", "unprotected-data"),
]


@pytest.mark.parametrize(("cache", "where", "rule"), SAFE_NOT)
def test_production_refuses_unless_the_stack_says_why(
    cache: dict[str, Any], where: str, rule: str
) -> None:
    found = problems(cache, **PRODUCTION)
    assert list(found) == [f"{CACHE}.{where}"]
    assert found[f"{CACHE}.{where}"].rule == rule
    for environment in ("development", "staging"):
        assert settings(cache, environment=environment)
    assert settings(cache, **PRODUCTION, exceptions={rule: "the reason"})


def test_what_production_says_can_be_done_on_aws() -> None:
    found = problems({"purpose": "sessions", "persistence": "none"}, **PRODUCTION)
    fix = found[f"{CACHE}.persistence"].fix
    assert fix == "Use rdb."
    assert settings({"purpose": "sessions", "persistence": "rdb"}, **PRODUCTION)


RIGHT: list[dict[str, Any]] = [
    {},
    {"mode": "tls"},
    {"tlsProfile": "modern"},
    {"persistence": "none"},
    {"persistence": "rdb", "aws": {"snapshotRetentionDays": 1}},
    {"persistence": "none", "aws": {"snapshotRetentionDays": 0}},
    {"aws": {"auth": "token"}, "rotation": {"generation": 2, "keepPrevious": True}},
    {"aws": {"auth": "iam", "serverless": {}}},
    {"aws": {"auth": "iam", "engineVersion": "7.2"}},
    {"engine": "redis", "aws": {"auth": "iam", "engineVersion": "7.0"}},
    {"aws": {"automaticRotation": True}, "rotationDays": 1000},
    {"aws": {"automaticRotation": True}, "rotation": {"generation": 2}},
    {"aws": {"nodeType": "cache.t2.micro"}},
    {"replicas": 1, "aws": {"nodeType": "cache.t2.small", "shards": 1}},
    {"memoryGb": 9.8, "aws": {"nodeType": "cache.r7g.large"}},
    {"memoryGb": 314},
    {"memoryGb": 620, "aws": {"shards": 2}},
    {"replicas": 5},
    {"replicas": 1, "aws": {"multiAz": True}},
    {"replicas": 1, "aws": {"multiAz": False}},
    {"aws": {"multiAz": False}},
    {"aws": {"shards": 500}},
    {"replicas": 1, "aws": {"shards": 250}},
    {"aws": {"port": 1150}},
    {"aws": {"port": 65535}},
    {"aws": {"engineVersion": "9.2"}},
    {"engine": "redis", "aws": {"engineVersion": "6.2"}},
    {"aws": {"durability": "sync", "engineVersion": "9.0", "shards": 1}},
    {"aws": {"serverless": {"maxEcpuPerSecond": 1000, "maxStorageGb": 1}}},
    {"aws": {"serverless": {"maxEcpuPerSecond": 15_000_000, "maxStorageGb": 5000}}},
    {"aws": {"serverless": {}, "engineVersion": "7.2"}},
    {"aws": {"serverless": {}, "snapshotWindow": "05:00-06:00", "snapshotRetentionDays": 35}},
    {"aws": {"serverless": {}, "restore": {"snapshotArns": ["arn:aws:elasticache:x"]}}},
    {"aws": {"snapshotRetentionDays": 35}},
    {"aws": {"snapshotWindow": "03:00-04:00", "maintenanceWindow": "wed:04:00-wed:05:00"}},
    {"aws": {"snapshotWindow": "23:30-00:30", "maintenanceWindow": "sat:22:30-sat:23:30"}},
    {"aws": {"maintenanceWindow": "sat:23:30-sun:00:30"}},
    {"aws": {"parameters": {"timeout": "300", "maxmemory-samples": "10"}}},
    {"aws": {"logRetentionDays": 30}},
    {"aws": {"secretRecoveryDays": 0}},
    {"aws": {"secretRecoveryDays": 7}},
    {"aws": {"secretRecoveryDays": 30}},
    {"aws": {"kmsKeyArn": KEY_ARN}},
    {"aws": {"kmsKeyArn": KEY_ARN.replace("arn:aws:", "arn:aws-us-gov:")}},
    {"allowReplacement": "it holds nothing of worth"},
]


@pytest.mark.parametrize("cache", RIGHT)
def test_the_nearest_right_settings(cache: dict[str, Any]) -> None:
    assert settings(cache)


# What the caches of a stack share.

WRONG_STACKS: list[tuple[dict[str, Any], str, str]] = [
    ({"access": {}}, "access", "names nobody"),
    ({"access": {"secretReaders": [READER_ARN]}}, "access", "names nobody"),
    ({"access": {"cidrs": ["0.0.0.0/0"]}}, "access.cidrs.0", "is the whole internet"),
    ({"access": {"cidrs": ["::/0"]}}, "access.cidrs.0", "is the whole internet"),
    (
        {"access": {"cidrs": ["10.0.0.0/8", "8.0.0.0/8"]}},
        "access.cidrs.1",
        "is a large part of the internet",
    ),
    ({"access": {"cidrs": ["10.1.0.1/16"]}}, "access.cidrs.0", "must be a network such as"),
    ({"access": {"cidrs": ["10.1.0.0/33"]}}, "access.cidrs.0", "must be a network such as"),
    (
        {"access": {"cidrs": ["10.1.0.0/16", "10.1.0.0/16"]}},
        "access.cidrs",
        "names one twice",
    ),
    (
        {"access": {"securityGroupIds": ["sg-0a1b2c3d", "sg-0a1b2c3d"]}},
        "access.securityGroupIds",
        "names one twice",
    ),
    (
        {"access": {"securityGroupIds": ["clients"]}},
        "access.securityGroupIds.0",
        "is no id of its kind (sg-...)",
    ),
    (
        {"access": {"prefixListIds": ["sg-0a1b2c3d"]}},
        "access.prefixListIds.0",
        "is no id of its kind (pl-...)",
    ),
    (
        {"access": {**ACCESS, "secretReaders": ["shop"]}},
        "access.secretReaders.0",
        "is no ARN of its kind",
    ),
    (
        {"access": {**ACCESS, "secretReaders": ["*"]}},
        "access.secretReaders.0",
        "is no ARN of its kind",
    ),
    ({"access": {**ACCESS, "cidr": []}}, "access.cidr", "unknown key"),
    (
        {"alarms": {"notify": [READER_ARN]}},
        "alarms.notify.0",
        "is no ARN of its kind",
    ),
    ({"alarms": {"profile": "loud"}}, "alarms.profile", "must be one of off, basic or full"),
    (
        {
            "network": {
                "create": {},
                "adopt": {
                    "vpcId": ADOPTED["vpc_id"],
                    "subnetIds": ["subnet-0a1b2c3d", "subnet-4e5f6071"],
                },
            }
        },
        "network",
        "both create and adopt",
    ),
    (
        {"network": {"create": {"cidr": "10.20.0.0/26"}}},
        "network.create.cidr",
        "must be an IPv4 network of /16 to /25",
    ),
    (
        {"network": {"create": {"cidr": "10.0.0.0/15"}}},
        "network.create.cidr",
        "must be an IPv4 network of /16 to /25",
    ),
    (
        {"network": {"create": {"cidr": "fd00::/56"}}},
        "network.create.cidr",
        "must be an IPv4 network of /16 to /25",
    ),
    ({"network": {"create": {"cidr": "8.8.0.0/16"}}}, "network.create.cidr", "is not private"),
    ({"network": {"create": {"zones": 1}}}, "network.create.zones", "greater than or equal to 2"),
    ({"network": {"create": {"zones": 4}}}, "network.create.zones", "less than or equal to 3"),
    (
        {"network": {"create": {"availabilityZones": ["eu-west-1a"]}}},
        "network.create.availabilityZones",
        "two or three different zones",
    ),
    (
        {"network": {"create": {"availabilityZones": ["eu-west-1a", "eu-west-1a"]}}},
        "network.create.availabilityZones",
        "two or three different zones",
    ),
    (
        {"network": {"adopt": {"vpcId": "shop", "subnetIds": ["subnet-0a1b2c3d"]}}},
        "network.adopt.vpcId",
        "is no id of its kind (vpc-...)",
    ),
    (
        {"network": {"adopt": {"vpcId": ADOPTED["vpc_id"], "subnetIds": ["a"]}}},
        "network.adopt.subnetIds.0",
        "is no id of its kind (subnet-...)",
    ),
    (
        {"network": {"adopt": {"vpcId": ADOPTED["vpc_id"], "subnetIds": []}}},
        "network.adopt.subnetIds",
        "is required on aws",
    ),
    ({"tags": {"aws:team": "x"}}, "tags.aws:team", "begins with aws:"),
    ({"tags": {"k" * 129: "x"}}, f"tags.{'k' * 129}", "is longer than 128 (key)"),
    ({"tags": {"k": "x" * 257}}, "tags.k", "256 (value)"),
    ({"tags": {"k": "a*b"}}, "tags.k", "letters, digits, spaces and"),
    ({"tags": {f"k{n}": "v" for n in range(46)}}, "tags", "more than 45 tags"),
]


@pytest.mark.parametrize(("keys", "where", "words"), WRONG_STACKS)
def test_what_is_wrong_with_a_stack(keys: dict[str, Any], where: str, words: str) -> None:
    found = problems({}, **keys)
    assert list(found) == [where]
    assert words in found[where].reason
    assert not found[where].rule


@pytest.mark.parametrize(
    "keys",
    [
        {"access": {"securityGroupIds": ["sg-0a1b2c3d4e5f60718"]}},
        {"access": {"prefixListIds": ["pl-0a1b2c3d"]}},
        {"access": {"cidrs": ["10.0.0.0/8", "8.8.0.0/16", "fd00::/8"]}},
        {"access": {**ACCESS, "secretReaders": [READER_ARN]}},
        {"alarms": {"profile": "full", "notify": [TOPIC_ARN]}},
        {"network": {"create": {"cidr": "10.20.0.0/25", "zones": 3}}},
        {"network": {"create": {"availabilityZones": ["eu-west-1a", "eu-west-1c"]}}},
        {"tags": {"cost centre": "a/b:c=d+e-f@g.h_i", "k" * 128: "v" * 256}},
        {"tags": {f"k{n}": "v" for n in range(45)}},
    ],
)
def test_the_nearest_right_stacks(keys: dict[str, Any]) -> None:
    assert settings({}, **keys)


def adopted(*subnets: str) -> dict[str, Any]:
    return {"network": {"adopt": {"vpcId": ADOPTED["vpc_id"], "subnetIds": list(subnets)}}}


SUBNETS = [f"subnet-0a1b2c3{n}" for n in range(4)]


@pytest.mark.parametrize(
    ("cache", "count", "words"),
    [
        ({}, 1, None),
        ({"replicas": 1}, 1, "several availability zones"),
        ({"replicas": 1, "aws": {"multiAz": False}}, 1, None),
        ({"replicas": 1}, 2, None),
        ({"aws": {"serverless": {}}}, 1, "two or three subnets"),
        ({"aws": {"serverless": {}}}, 2, None),
        ({"aws": {"serverless": {}}}, 3, None),
        ({"aws": {"serverless": {}}}, 4, "two or three subnets"),
    ],
)
def test_subnets_for_the_caches_that_want_them(
    cache: dict[str, Any], count: int, words: str | None
) -> None:
    keys = adopted(*SUBNETS[:count])
    if words is None:
        assert settings(cache, **keys)
    else:
        assert words in problems(cache, **keys)["network.adopt.subnetIds"].reason


@pytest.mark.parametrize("target", ["docker", "external"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network", {"create": {}}),
        ("access", ACCESS),
        ("alarms", {"profile": "off"}),
    ],
)
def test_what_only_clouds_have(target: str, key: str, value: Any) -> None:
    endpoint = {"host": "redis.example.com", "port": 6380, "password": "p" * 32}
    cache = {"external": endpoint} if target == "external" else {}
    assert paths_of(one(cache, target=target, **{key: value})) == [key]


@pytest.mark.parametrize("key", ["replicas", "allowReplacement", "aws"])
def test_what_caches_have_on_clouds_only(key: str) -> None:
    value = {"replicas": 1, "allowReplacement": "why", "aws": {"port": 7000}}[key]
    assert paths_of(one({key: value})) == [f"{CACHE}.{key}"]


# Together.


def test_all_mistakes_are_told_at_once() -> None:
    raw = stack(
        {
            "mode": "none",
            "memoryGb": "much",
            "aws": {
                "port": 80,
                "auth": "token",
                "automaticRotation": True,
                "snapshotWindow": "03:00-03:30",
                "parameters": {"maxmemory-policy": "noeviction"},
                "secretRecoveryDays": 3,
                "kmsKeyArn": "alias/mine",
                "colour": "red",
            },
        },
        access={"cidrs": ["0.0.0.0/0"], "secretReaders": ["*"]},
        alarms={"notify": ["mail"]},
        network={"create": {"cidr": "10.0.0.0/30"}},
        tags={"aws:x": "y"},
    )
    assert paths_of(raw) == [
        "access.cidrs.0",
        "access.secretReaders.0",
        "alarms.notify.0",
        f"{CACHE}.aws.automaticRotation",
        f"{CACHE}.aws.colour",
        f"{CACHE}.aws.kmsKeyArn",
        f"{CACHE}.aws.parameters.maxmemory-policy",
        f"{CACHE}.aws.port",
        f"{CACHE}.aws.secretRecoveryDays",
        f"{CACHE}.aws.snapshotWindow",
        f"{CACHE}.memoryGb",
        f"{CACHE}.mode",
        "network.create.cidr",
        "tags.aws:x",
    ]


@pytest.mark.parametrize(
    "aws",
    [
        {"kmsKeyArn": "HunterTwoHunterTwo"},
        {"engineVersion": "HunterTwoHunterTwo"},
        {"parameters": {"requirepass": "HunterTwoHunterTwo"}},
        {"auth": "HunterTwoHunterTwo"},
        {"nodeType": "HunterTwoHunterTwo"},
        {"snapshotWindow": "HunterTwoHunterTwo"},
        {"serverless": "HunterTwoHunterTwo"},
        {"restore": {"snapshotName": ["HunterTwoHunterTwo"]}},
    ],
)
def test_a_value_in_the_wrong_place_is_not_shown(aws: dict[str, Any]) -> None:
    """It can be a password that was pasted there."""
    error = error_of(stack({"aws": aws}))
    assert "HunterTwo" not in f"{error}{error!r}{error.problems!r}"


def test_each_cache_of_a_stack_is_judged() -> None:
    raw = stack()
    raw["caches"] = {"a": {"aws": {"port": 1}}, "b": {"mode": "none"}, "c": {}}
    assert paths_of(raw) == ["caches.a.aws.port", "caches.b.mode"]


def test_caches_of_a_stack_may_all_have_one_port() -> None:
    raw = stack()
    raw["caches"] = {"a": {}, "b": {}}
    assert accepted(raw).caches.keys() == {"a", "b"}


@pytest.mark.parametrize("cache", [{"mode": "none"}, {"aws": {"auth": "token", "serverless": {}}}])
def test_a_component_is_judged_like_a_stack(cache: dict[str, Any]) -> None:
    raw = {**cache, "environment": "development"}
    with pytest.raises(ConfigurationError) as caught:
        configuration.parse_cache(raw, Target.AWS, {})
    alone = [f"{CACHE}.{problem.path}" for problem in caught.value.problems]
    assert alone == paths_of(stack(cache))


# Retention of logs.


@given(st.integers(min_value=-1, max_value=4000))
def test_logs_are_kept_for_a_number_of_days_that_cloudwatch_knows(days: int) -> None:
    raw = stack({"aws": {"logRetentionDays": days}})
    if days in LOG_RETENTION_DAYS:
        assert parse_stack(raw)
    else:
        (problem,) = error_of(raw).problems
        named = int(problem.fix.removeprefix("Use ").rstrip("."))
        assert named in LOG_RETENTION_DAYS
        assert all(abs(named - days) <= abs(known - days) for known in LOG_RETENTION_DAYS)


# Windows, against a set of minutes.

DAY, WEEK = 24 * 60, 7 * 24 * 60
MINUTE_OF_DAY, MINUTE_OF_WEEK = st.integers(0, DAY - 1), st.integers(0, WEEK - 1)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def daily(begin: int, length: int) -> str:
    return f"{clock(begin)}-{clock((begin + length) % DAY)}"


def weekly(begin: int, length: int) -> str:
    ends = [(minute // DAY, minute % DAY) for minute in (begin, (begin + length) % WEEK)]
    return "-".join(f"{rules.DAYS[day]}:{clock(minute)}" for day, minute in ends)


def minutes_of_the_week(begin: int, length: int, times: range = range(1)) -> set[int]:
    return {(begin + day * DAY + n) % WEEK for day in times for n in range(length)}


@example(daily_begin=180, daily_length=60, weekly_begin=240, weekly_length=60)
@example(daily_begin=180, daily_length=60, weekly_begin=120, weekly_length=60)
@example(daily_begin=180, daily_length=60, weekly_begin=239, weekly_length=60)
@example(daily_begin=180, daily_length=60, weekly_begin=121, weekly_length=60)
@example(daily_begin=1410, daily_length=60, weekly_begin=WEEK - 30, weekly_length=60)
@example(daily_begin=0, daily_length=60, weekly_begin=WEEK - 60, weekly_length=61)
@given(
    daily_begin=MINUTE_OF_DAY,
    daily_length=st.integers(60, DAY - 1),
    weekly_begin=MINUTE_OF_WEEK,
    weekly_length=st.integers(60, 3000),
)
def test_windows_that_meet_on_any_day_are_refused(
    daily_begin: int, daily_length: int, weekly_begin: int, weekly_length: int
) -> None:
    snapshots = minutes_of_the_week(daily_begin, daily_length, range(7))
    meet = bool(snapshots & minutes_of_the_week(weekly_begin, weekly_length))
    raw = stack(
        {
            "aws": {
                "snapshotWindow": daily(daily_begin, daily_length),
                "maintenanceWindow": weekly(weekly_begin, weekly_length),
            }
        }
    )
    if meet:
        assert paths_of(raw) == [f"{CACHE}.aws.maintenanceWindow"]
    else:
        assert parse_stack(raw)


@given(MINUTE_OF_DAY, st.integers(0, DAY - 1))
def test_a_window_lasts_an_hour(begin: int, length: int) -> None:
    assume(length > 0)
    raw = stack({"aws": {"serverless": {}, "snapshotWindow": daily(begin, length)}})
    if length >= 60:
        assert parse_stack(raw)
    else:
        assert paths_of(raw) == [f"{CACHE}.aws.snapshotWindow"]
