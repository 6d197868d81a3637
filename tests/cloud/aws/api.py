"""AWS's interface, as the provider's resource types ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cloud.standin.provider import CloudError
from cloud.standin.resource import Work
from cloud.standin.store import FakeCloud

from . import services
from .account import Account, Params, ServiceError
from .model import ApiError, hashed, operation_model, validate


class AwsApi:
    """Sends requests for one operation of the provider: checks, writes down, answers."""

    def __init__(self, cloud: FakeCloud, region: str, work: Work) -> None:
        self.account = Account(cloud, region)
        self.work = work

    @property
    def region(self) -> str:
        """The region that is asked."""
        return self.account.region

    def call(self, service: str, operation: str, **params: Any) -> Params:
        """Asks a service. Members that are None are not sent. Raises ApiError."""
        sent = {name: value for name, value in params.items() if value is not None}
        try:
            validate(service, operation, sent)
            self.work.requests.append(
                {
                    "service": service,
                    "operation": operation,
                    "params": hashed(service, operation, sent),
                }
            )
            with self.account.cloud.locked():
                return services.handler(service, operation)(self.account, sent)
        except ServiceError as error:
            raise ApiError(operation_model(service, operation), error) from None

    def ask(self, service: str, operation: str, *missing: str, **params: Any) -> Params | None:
        """Asks without writing it down; None for an error whose code is in `missing`."""
        kept = len(self.work.requests)
        try:
            return self.call(service, operation, **params)
        except ApiError as error:
            if error.code in missing:
                return None
            raise
        finally:
            del self.work.requests[kept:]

    def drop(self, service: str, operation: str, *missing: str, **params: Any) -> Params | None:
        """Asks for a deletion; what is gone already is no error."""
        try:
            return self.call(service, operation, **params)
        except ApiError as error:
            if error.code in missing:
                return None
            raise


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Says what the provider was doing when the cloud refused."""
    try:
        yield
    except CloudError as error:
        raise CloudError(f"{what}: {error}") from None
