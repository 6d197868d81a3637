"""What the resource types have in common."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from cloud.aws.api import AwsApi
from cloud.standin.errors import Failure
from cloud.standin.resource import Values
from cloud.standin.wire import UNKNOWN

COMMON = frozenset({"region", "tags"})
"""Inputs that every type takes in the same way."""

ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+")


def listed(tags: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())] or None


def specified(kind: str, tags: Mapping[str, str] | None) -> list[dict[str, Any]] | None:
    """Tags as EC2 takes them with a creation."""
    found = listed(tags)
    return [{"ResourceType": kind, "Tags": found}] if found else None


def tagged(api: AwsApi, tags: Mapping[str, str]) -> Values:
    """The outputs that every type has."""
    return {"tags": dict(tags) or None, "tagsAll": dict(tags), "region": api.region}


def tag_changes(old: Values, new: Values) -> tuple[list[str], dict[str, str]]:
    """Keys to take away and tags to set."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    gone = sorted(before.keys() - after.keys())
    return gone, {key: value for key, value in after.items() if before.get(key) != value}


def known(value: Any) -> TypeGuard[Any]:
    """Whether a value is there and known."""
    return value is not None and value is not UNKNOWN


def between(inputs: Values, name: str, low: int, high: int) -> Iterator[Failure]:
    """A number's range, in the words of the provider."""
    value = inputs.get(name)
    if known(value) and not low <= value <= high:
        yield Failure(name, f"expected {name} to be in the range ({low} - {high}), got {value}")


def one_of(inputs: Values, name: str, *choices: str) -> Iterator[Failure]:
    """A string's choices, in the words of the provider."""
    value = inputs.get(name)
    if known(value) and value not in choices:
        allowed = " ".join(f'"{choice}"' for choice in choices)
        yield Failure(name, f"expected {name} to be one of [{allowed}], got {value}")


def conflicting(inputs: Values, name: str, *others: str) -> Iterator[Failure]:
    """An input that others exclude."""
    if inputs.get(name) is not None:
        for other in others:
            if inputs.get(other) is not None:
                yield Failure(
                    name, f'Conflicting configuration arguments. "{name}": conflicts with {other}'
                )


def needing(inputs: Values, name: str, other: str) -> Iterator[Failure]:
    """An input that needs another one."""
    if inputs.get(name) is not None and inputs.get(other) is None:
        yield Failure(
            name, f'Missing required argument. "{name}": all of `{name},{other}` must be specified'
        )


def arns(inputs: Values, *names: str) -> Iterator[Failure]:
    """Strings that must be ARNs."""
    for name in names:
        values = inputs.get(name)
        for value in values if isinstance(values, list) else [values]:
            if known(value) and not ARN.fullmatch(value):
                yield Failure(name, f'"{name}" ({value}) is an invalid ARN: arn: invalid prefix')


def documents(inputs: Values, *names: str) -> Iterator[Failure]:
    """Strings that must be JSON."""
    for name in names:
        text = inputs.get(name)
        if known(text):
            try:
                json.loads(text)
            except ValueError:
                yield Failure(name, f'"{name}" contains an invalid JSON policy')
