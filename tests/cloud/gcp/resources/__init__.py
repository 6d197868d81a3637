"""The resource types: what the provider asks of Google for each."""

from collections.abc import Mapping

from cloud.standin.resource import Resource

from . import (
    compute,
    iam,
    kms,
    memorystore,
    monitoring,
    network_connectivity,
    projects,
    redis,
    secret_manager,
    service_networking,
)

_MODULES = (
    projects, iam, compute, service_networking, network_connectivity, kms, redis, memorystore,
    secret_manager, monitoring,
)  # fmt: skip


def _token(resource: Resource) -> str:
    """The type's token, from the SDK's names: its schema says the same, but takes its time."""
    module, name = resource.sdk.removeprefix("pulumi_gcp.").split(":")
    return f"gcp:{module}/{name[:1].lower()}{name[1:]}:{name}"


RESOURCES: Mapping[str, Resource] = {
    _token(resource): resource for module in _MODULES for resource in module.RESOURCES
}
"""By token."""
