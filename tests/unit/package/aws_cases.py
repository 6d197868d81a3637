"""Settings and components of the AWS target, as the tests make them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pulumi
from package_cases import cache_of, problems_of
from package_monitor import World, succeed
from secure_redis import SecureRedis
from secure_redis.aws.redis import ElastiCacheRedis
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings

CACHE = "caches.cache"
ACCESS = {"cidrs": ["10.1.0.0/16"]}
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:on-call"
READER_ARN = "arn:aws:iam::123456789012:role/shop"
ADOPTED = {"vpc_id": "vpc-0a1b2c3d4e5f60718", "subnet_ids": ["subnet-0a1b2c3d", "subnet-4e5f6071"]}
"""The facts of a network that exists."""


def stack(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A stack's configuration: one cache on AWS for development, unless said otherwise."""
    base = {"target": "aws", "environment": "development", "access": ACCESS}
    return {**base, "caches": {"cache": dict(cache or {})}, **keys}


def settings(cache: Mapping[str, Any] | None = None, **keys: Any) -> CacheSettings:
    """The settings of the only cache; nothing may be wrong with them."""
    return cache_of(stack(cache, **keys))


def problems(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Problem]:
    """What is wrong, by path."""
    return problems_of(stack(cache, **keys))


def elasticache(
    name: str = "cache", opts: pulumi.ResourceOptions | None = None, **args: Any
) -> ElastiCacheRedis:
    """The component, for development, unless said otherwise."""
    base = {"environment": "development", "access": ACCESS}
    return ElastiCacheRedis(name, cast("Any", {**base, **args}), opts)


def secure(name: str = "cache", **args: Any) -> SecureRedis:
    """The same through the portable component."""
    base = {"target": "aws", "environment": "development", "access": ACCESS}
    return SecureRedis(name, cast("Any", {**base, **args}))


VARIANTS: dict[str, dict[str, Any]] = {
    "nodes": {},
    "replicas": {"replicas": 2},
    "cluster": {"replicas": 1, "aws": {"shards": 2}},
    "redis": {"engine": "redis"},
    "token": {"aws": {"auth": "token"}},
    "iam": {"aws": {"auth": "iam"}},
    "serverless": {"aws": {"serverless": {}}},
    "serverless-redis": {"engine": "redis", "aws": {"serverless": {}}},
    "serverless-iam": {"aws": {"serverless": {}, "auth": "iam"}},
    "rotated": {"aws": {"automatic_rotation": True}, "rotation_days": 30},
    "serverless-rotated": {"aws": {"serverless": {}, "automatic_rotation": True}},
    "production": {"environment": "production"},
    "production-cluster": {
        "environment": "production",
        "purpose": "sessions",
        "aws": {"shards": 2, "node_type": "cache.r7g.large"},
    },
    "production-serverless": {"environment": "production", "aws": {"serverless": {}}},
    "production-rotated": {
        "environment": "production",
        "aws": {"automatic_rotation": True},
        "access": {**ACCESS, "secret_readers": [READER_ARN]},
        "alarms": {"notify": [TOPIC_ARN]},
    },
    "production-iam": {"environment": "production", "aws": {"auth": "iam"}},
    "production-token": {"environment": "production", "aws": {"auth": "token"}},
    "moving": {"rotation": {"generation": 2, "keep_previous": True}},
    "moving-token": {
        "aws": {"auth": "token"},
        "rotation": {"generation": 2, "keep_previous": True},
    },
    "adopted": {"network": ADOPTED},
    "adopted-serverless": {"network": ADOPTED, "aws": {"serverless": {}}},
}
"""Arguments of the component: each kind of cache, login, environment and network at least once,
and the time in which clients move from one password to the next."""

TAGS = {"team": "platform", "Name": "mine"}


@cache
def built(variant: str, *, preview: bool = False) -> World:
    """What a variant registers: made once, and looked at by many tests."""
    return succeed(lambda: elasticache(**VARIANTS[variant], tags=TAGS), preview=preview)


def group(world: World) -> dict[str, Any]:
    """The inputs of the only replication group."""
    return world.one("ReplicationGroup", "cache").plain
