"""A program of somebody who checks their types strictly. Checked by a test, never run."""

from collections.abc import Mapping
from typing import Any

import pulumi
from secure_redis import (
    AwsNetwork,
    AwsNetworkArgs,
    AzureNetwork,
    CacheArgs,
    ClassicRedis,
    ConfigurationError,
    Connection,
    DockerNetwork,
    DockerNetworkArgs,
    DockerRedis,
    ElastiCacheRedis,
    ExternalRedis,
    GcpNetwork,
    InvalidArguments,
    ManagedRedis,
    MemorystoreRedis,
    MemorystoreValkey,
    SecureRedis,
    SecureRedisArgs,
)
from secure_redis.rendering import dotenv, kubernetes
from secure_redis.rendering.env import Rendered, rendered
from typing_extensions import assert_type

# Arguments: in place, and as values of their own.
shared: SecureRedisArgs = {"target": "docker", "environment": "production", "purpose": "queue"}
cache = SecureRedis("cache", shared, pulumi.ResourceOptions(protect=True))
other = SecureRedis(
    "other",
    {
        "target": "aws",
        "environment": "production",
        "replicas": 2,
        "aws": {"engine_version": "8.1"},
        "access": {"security_group_ids": [pulumi.Output.from_input("sg-1")]},
        "tags": {"team": "platform"},
    },
)

# Outputs have the types of what they hold.
assert_type(cache.url, pulumi.Output[str])
assert_type(cache.port, pulumi.Output[int])
assert_type(cache.tls, pulumi.Output[bool])
assert_type(cache.secret_ref, pulumi.Output[Mapping[str, str]])
assert_type(cache.connection(), pulumi.Output[dict[str, Any]])

# The components of one target, and their networks.
direct: CacheArgs = {"environment": "development", "memory_gb": 0.5}
for made in (
    ClassicRedis("classic", direct),
    DockerRedis("docker", direct),
    ElastiCacheRedis("elasticache", direct),
    ExternalRedis("external", direct),
    ManagedRedis("managed", direct),
    MemorystoreRedis("memorystore", direct),
    MemorystoreValkey("valkey", direct),
):
    assert_type(made.host, pulumi.Output[str])
zones: AwsNetworkArgs = {"cidr": "10.0.0.0/16", "zones": 3}
labels: DockerNetworkArgs = {"tags": {"team": "platform"}}
AwsNetwork("aws", zones)
AzureNetwork("azure", {"cidr": "10.1.0.0/16"})
GcpNetwork("gcp", {"engines": ["redis"]})
assert_type(DockerNetwork("docker", labels).name, pulumi.Output[str])


# The contract in another program.
def read(document: Mapping[str, Any]) -> str:
    """The variables of a connection as a file."""
    connection = assert_type(Connection.from_dict(document), Connection)
    variables = assert_type(rendered(connection, ["celery"]), tuple[Rendered, ...])
    assert_type(connection.url_redacted, str)
    assert_type(kubernetes.binding(connection), dict[str, str])
    return dotenv.document({one.name: one.value for one in variables}, "mine")


try:
    SecureRedis("wrong", {"target": "docker", "environment": "development"})
except InvalidArguments as error:
    assert_type(error.args, tuple[Any, ...])


def paths(error: ConfigurationError) -> list[str]:
    """Where the mistakes of a configuration are."""
    return [problem.path for problem in error.problems]


# What must not pass: each line is an error, or the comment on it is one.
SecureRedis("wrong", {"target": 1})  # pyright: ignore[reportArgumentType]
SecureRedis("wrong", {"target": "aws", "replica": 1})  # pyright: ignore[reportArgumentType]
print(cache.port + 1)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
print(cache.uri)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
