"""The AWS account and region in which the fake cloud's objects are."""

import secrets
from collections.abc import Callable
from typing import Any, NoReturn

from cloud.standin.store import FakeCloud, Thing

ACCOUNT = "123456789012"
ZONES = 3
"""Availability zones in every region."""

Params = dict[str, Any]
Handler = Callable[["Account", Params], Params]


class ServiceError(Exception):
    """A request that a service refuses, with the service's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


HANDLERS: dict[tuple[str, str], Handler] = {}
"""What answers an operation of a service."""


def answers(service: str, operation: str) -> Callable[[Handler], Handler]:
    """Registers what answers an operation."""

    def register(handler: Handler) -> Handler:
        HANDLERS[service, operation] = handler
        return handler

    return register


class Account:
    """The objects of an account in one region, for the services that keep them."""

    def __init__(self, cloud: FakeCloud, region: str) -> None:
        self.cloud = cloud
        self.region = region

    @property
    def partition(self) -> str:
        """The partition of the region."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def zones(self) -> list[str]:
        """The region's availability zones."""
        return [f"{self.region}{letter}" for letter in "abcdef"[:ZONES]]

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this region."""
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{ACCOUNT}:{resource}"

    @staticmethod
    def new_id(prefix: str) -> str:
        """An id as EC2 makes them."""
        return f"{prefix}-{secrets.token_hex(9)[:17]}"

    def find(self, kind: str, identifier: str) -> Thing | None:
        """An object, or None."""
        return self.cloud.get(kind, identifier)

    def need(self, kind: str, identifier: str, code: str, message: str) -> Thing:
        """An object. Raises ServiceError when there is none."""
        found = self.cloud.get(kind, identifier)
        if found is None:
            raise ServiceError(code, message)
        return found

    def put(self, kind: str, identifier: str, thing: Thing) -> None:
        """Stores an object."""
        self.cloud.put(kind, identifier, thing)

    def remove(self, kind: str, identifier: str) -> None:
        """Takes an object away."""
        self.cloud.remove(kind, identifier)

    def all(self, kind: str) -> dict[str, Thing]:
        """All objects of a kind."""
        return self.cloud.all(kind)


def refuse(code: str, message: str) -> NoReturn:
    """Refuses the request."""
    raise ServiceError(code, message)


def tags_of(items: Any) -> dict[str, str]:
    """Tags from the list or map in which a service takes them, after its checks."""
    if not items:
        return {}
    tags = (
        dict(items)
        if isinstance(items, dict)
        else {
            item.get("Key", item.get("TagKey")): item.get("Value", item.get("TagValue", ""))
            for item in items
        }
    )
    if len(tags) > 50:
        refuse("InvalidParameterValue", "The number of tags exceeds the maximum of 50")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            refuse("InvalidParameterValue", f"Tag keys starting with 'aws:' are reserved: {key}")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            refuse("InvalidParameterValue", "Tag keys have up to 128 characters and values 256")
    return tags
