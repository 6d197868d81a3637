"""The fake services: each keeps its objects and refuses what Google refuses."""

from . import (  # noqa: F401 - each declares itself
    compute,
    kms,
    memorystore,
    monitoring,
    network_connectivity,
    redis,
    resource_manager,
    secret_manager,
    service_networking,
    service_usage,
)
