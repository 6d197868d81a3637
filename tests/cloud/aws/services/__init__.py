"""The fake services: each keeps its objects and refuses what AWS refuses."""

from cloud.aws.account import HANDLERS, Handler, ServiceError

from . import (  # noqa: F401 - each registers what it answers
    alarms,
    cache_groups,
    cache_serverless,
    cache_users,
    encryption,
    functions,
    identity,
    logs,
    network,
    replication_groups,
    secrets_manager,
    topics,
)


def handler(service: str, operation: str) -> Handler:
    """What answers an operation. Raises ServiceError for one that the stand-in does not know."""
    if (service, operation) not in HANDLERS:
        raise ServiceError("UnknownOperationException", f"{operation} is not known here")
    return HANDLERS[service, operation]
