"""What settings mean on AWS: every default, by environment and purpose."""

from typing import Any

import pytest
from aws_cases import KEY_ARN, settings
from secure_redis.aws import plan
from secure_redis.aws.settings import Auth, AwsSettings, Serverless, TransitEncryption
from secure_redis.settings import (
    ALARM_PROFILE,
    AlarmProfile,
    CacheSettings,
    Engine,
    Environment,
    Persistence,
)

DEFAULTS: dict[str, dict[str, Any]] = {
    "development": {
        "node_type_name": "cache.t4g.micro",
        "multi_az": False,
        "snapshot_days": 0,
        "final_snapshot": False,
        "apply_immediately": True,
        "logs": False,
        "secret_recovery_days": 0,
        "own_key": False,
    },
    "staging": {
        "node_type_name": "cache.t4g.small",
        "multi_az": False,
        "snapshot_days": 1,
        "final_snapshot": False,
        "apply_immediately": True,
        "logs": True,
        "secret_recovery_days": 7,
        "own_key": False,
    },
    "production": {
        "node_type_name": "cache.m7g.large",
        "multi_az": True,
        "snapshot_days": 7,
        "final_snapshot": True,
        "apply_immediately": False,
        "logs": True,
        "secret_recovery_days": 30,
        "own_key": True,
    },
}
SETTINGS: dict[str, dict[str, Any]] = {
    "development": {
        "production": False,
        "replicas": 0,
        "protect": False,
        "persistence": Persistence.NONE,
    },
    "staging": {
        "production": False,
        "replicas": 0,
        "protect": False,
        "persistence": Persistence.RDB,
    },
    "production": {
        "production": True,
        "replicas": 1,
        "protect": True,
        "persistence": Persistence.RDB,
    },
}
PROFILES = {
    "development": AlarmProfile.OFF,
    "staging": AlarmProfile.BASIC,
    "production": AlarmProfile.FULL,
}
EACH_ENVIRONMENT = pytest.mark.parametrize("environment", DEFAULTS)


@EACH_ENVIRONMENT
@pytest.mark.parametrize("purpose", ["cache", "sessions", "queue"])
def test_defaults_by_environment(environment: str, purpose: str) -> None:
    cache = settings({"purpose": purpose}, environment=environment)
    found = {name: getattr(plan, name)(cache) for name in DEFAULTS[environment]}
    assert found == DEFAULTS[environment]
    assert {name: getattr(cache, name) for name in SETTINGS[environment]} == SETTINGS[environment]
    assert ALARM_PROFILE[Environment(environment)] is PROFILES[environment]


def test_defaults_that_depend_on_nothing() -> None:
    cache = settings()
    assert cache.engine is Engine.VALKEY
    assert plan.engine_version(cache) == "8.1"
    aws = cache.aws
    assert aws.auth is Auth.RBAC
    assert aws.transit_encryption is TransitEncryption.REQUIRED
    assert (aws.port, plan.ports(cache)) == (6379, range(6379, 6380))
    assert (aws.snapshot_window, aws.maintenance_window) == ("03:00-04:00", "sun:05:00-sun:06:00")
    assert aws.auto_minor_version_upgrade is True
    assert aws.automatic_rotation is False
    assert aws.log_retention_days == 90
    assert aws.serverless is aws.shards is aws.restore is aws.durability is None
    assert plan.parameters(cache) == {
        "maxmemory-policy": "allkeys-lru",
        "reserved-memory-percent": "25",
    }


SAID: list[tuple[str, dict[str, Any], Any]] = [
    ("multi_az", {"replicas": 1, "aws": {"multiAz": False}}, False),
    ("multi_az", {"replicas": 1}, True),
    ("snapshot_days", {"aws": {"snapshotRetentionDays": 35}}, 35),
    ("snapshot_days", {"aws": {"snapshotRetentionDays": 0}}, 0),
    ("snapshot_days", {"persistence": "none"}, 0),
    ("final_snapshot", {"aws": {"finalSnapshot": False}}, False),
    ("final_snapshot", {"aws": {"finalSnapshot": True}}, True),
    ("apply_immediately", {"aws": {"applyImmediately": True}}, True),
    ("apply_immediately", {"aws": {"applyImmediately": False}}, False),
    ("logs", {"aws": {"logs": False}}, False),
    ("logs", {"aws": {"logs": True}}, True),
    ("secret_recovery_days", {"aws": {"secretRecoveryDays": 0}}, 0),
    ("secret_recovery_days", {"aws": {"secretRecoveryDays": 7}}, 7),
    ("own_key", {"aws": {"kmsKeyArn": KEY_ARN}}, False),
    ("engine_version", {"engine": "redis"}, "7.1"),
    ("engine_version", {"aws": {"engineVersion": "7.2"}}, "7.2"),
    ("ports", {"aws": {"port": 7000}}, range(7000, 7001)),
    ("ports", {"aws": {"serverless": {}}}, range(6379, 6381)),
    ("storage_gb", {"memoryGb": 2.5, "aws": {"serverless": {}}}, 3),
    ("storage_gb", {"memoryGb": 0.1, "aws": {"serverless": {}}}, 1),
    ("storage_gb", {"memoryGb": 2.5, "aws": {"serverless": {"maxStorageGb": 9}}}, 9),
]


@EACH_ENVIRONMENT
@pytest.mark.parametrize(("what", "cache", "value"), SAID)
def test_what_was_said_wins(environment: str, what: str, cache: dict[str, Any], value: Any) -> None:
    assert getattr(plan, what)(settings(cache, environment=environment)) == value


@pytest.mark.parametrize(
    ("purpose", "policy"),
    [("cache", "allkeys-lru"), ("sessions", "volatile-lru"), ("queue", "noeviction")],
)
def test_the_purpose_decides_what_is_evicted(purpose: str, policy: str) -> None:
    given = {"purpose": purpose, "aws": {"parameters": {"timeout": "300"}, "shards": 2}}
    assert plan.parameters(settings(given)) == {
        "timeout": "300",
        "maxmemory-policy": policy,
        "reserved-memory-percent": "25",
        "cluster-enabled": "yes",
    }


def test_every_setting_says_what_it_means() -> None:
    for model in (AwsSettings, Serverless):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_a_cache_read_again_from_its_arguments_is_the_same() -> None:
    cache = settings({"aws": {"shards": 3, "serverless": None, "parameters": {"timeout": "1"}}})
    again = CacheSettings.model_validate(
        {"target": "aws", **cache.model_dump(by_alias=True, exclude_unset=True)}
    )
    assert again == cache
