"""A Redis that applications can use safely, the same way on every target."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .args import CacheArgs
from .configuration import InvalidArguments
from .connection import Connection
from .problems import ConfigurationError
from .redis import SecureRedis, SecureRedisArgs

if TYPE_CHECKING:
    from .aws.network import AwsNetwork, AwsNetworkArgs
    from .aws.redis import ElastiCacheRedis
    from .azure.classic import ClassicRedis
    from .azure.network import AzureNetwork, AzureNetworkArgs
    from .azure.redis import ManagedRedis
    from .docker.network import DockerNetwork, DockerNetworkArgs
    from .docker.redis import DockerRedis
    from .external.redis import ExternalRedis
    from .gcp.network import GcpNetwork, GcpNetworkArgs
    from .gcp.redis import MemorystoreRedis
    from .gcp.valkey import MemorystoreValkey

__all__ = [
    "AwsNetwork",
    "AwsNetworkArgs",
    "AzureNetwork",
    "AzureNetworkArgs",
    "CacheArgs",
    "ClassicRedis",
    "ConfigurationError",
    "Connection",
    "DockerNetwork",
    "DockerNetworkArgs",
    "DockerRedis",
    "ElastiCacheRedis",
    "ExternalRedis",
    "GcpNetwork",
    "GcpNetworkArgs",
    "InvalidArguments",
    "ManagedRedis",
    "MemorystoreRedis",
    "MemorystoreValkey",
    "SecureRedis",
    "SecureRedisArgs",
]

_OF_TARGETS = {
    "AwsNetwork": ".aws.network",
    "AwsNetworkArgs": ".aws.network",
    "AzureNetwork": ".azure.network",
    "AzureNetworkArgs": ".azure.network",
    "ClassicRedis": ".azure.classic",
    "DockerNetwork": ".docker.network",
    "DockerNetworkArgs": ".docker.network",
    "DockerRedis": ".docker.redis",
    "ElastiCacheRedis": ".aws.redis",
    "ExternalRedis": ".external.redis",
    "GcpNetwork": ".gcp.network",
    "GcpNetworkArgs": ".gcp.network",
    "ManagedRedis": ".azure.redis",
    "MemorystoreRedis": ".gcp.redis",
    "MemorystoreValkey": ".gcp.valkey",
}


def __getattr__(name: str) -> Any:
    """Components of one target: imported, with the target's SDK, when they are first named.

    Raises ModuleNotFoundError, with what to install, where that SDK is not there.
    """
    if name not in _OF_TARGETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _OF_TARGETS[name]
    try:
        return getattr(import_module(module, __name__), name)
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith(__name__):
            raise
        target = module.split(".")[1]
        raise ModuleNotFoundError(
            f"{name} needs {error.name}: install {__name__.replace('_', '-')}[{target}]",
            name=error.name,
            path=error.path,
        ) from error
