"""AWS's own models of its services, and requests held against them.

botocore checks types, required members and lower bounds. It leaves patterns, enums and upper bounds
to the service, so they are checked here.
"""

import hashlib
import importlib.util
import re
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import OperationModel
from botocore.validate import ParamValidator
from cloud.standin.provider import CloudError

from .account import ServiceError

SECRET_MEMBERS = {"AuthToken", "Passwords", "SecretString", "SecretBinary"}
"""Members that hold a secret, also where the model does not call them sensitive."""


class ApiError(CloudError):
    """A request that a service refused, as the AWS SDK prints it."""

    def __init__(self, operation: OperationModel, error: ServiceError) -> None:
        errors: Any = operation.error_shapes
        shapes = {_code(shape): shape for shape in errors}
        shape = shapes.get(error.code)
        status = (
            400 if shape is None else shape.metadata.get("error", {}).get("httpStatusCode", 400)
        )
        said = f"{error.code}: {error.message}"
        service = operation.service_model.metadata["serviceId"]
        super().__init__(
            f"operation error {service}: {operation.name}, https response error "
            f"StatusCode: {status}, RequestID: {uuid.uuid4()}, "
            # An error that the service's model does not know has no type of its own in the SDK.
            + (said if shape is not None else f"api error {said}")
        )
        self.code = error.code
        self.message = error.message


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """An operation of a service."""
    return _service(service).operation_model(operation)


@cache
def _service(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@cache
def node_types() -> frozenset[str]:
    """The cache node types that AWS knows.

    Those that AWS's own description of the request lists, old generations included, and those of
    CloudFormation's schema as cfn-lint carries it, which knows the newer ones.
    """
    shape: Any = operation_model("elasticache", "CreateReplicationGroup").input_shape
    text = shape.members["CacheNodeType"].documentation
    package = importlib.util.find_spec("cfnlint")
    assert package is not None
    assert package.origin is not None
    schema = Path(package.origin).parent / "data/schemas/extensions/aws_elasticache_cachecluster"
    text += "".join(path.read_text() for path in sorted(schema.glob("*.json")))
    return frozenset(re.findall(r"cache\.[a-z0-9]+\.[a-z0-9]+", text))


def validate(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Holds a request against the model. Raises ServiceError with what is wrong."""
    shape = operation_model(service, operation).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(dict(params), shape)
    if report.has_errors():
        # The report may quote a value; only where and what is told.
        first = re.sub(r"(value|got): .*?(, type|, valid|$)", r"\2", report.generate_report())
        raise ServiceError("ParamValidationError", f"Parameter validation failed: {first}")
    wrong = list(_violations(shape, params, ""))
    if wrong:
        query = "query" in str(_service(service).metadata.get("protocol"))
        raise ServiceError(
            "ValidationError" if query else "ValidationException",
            f"{len(wrong)} validation error{'s' if wrong[1:] else ''} detected: {'; '.join(wrong)}",
        )


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        for name, item in value.items():
            yield from _violations(shape.members[name], item, f"{path}.{name}" if path else name)
    elif kind == "list":
        yield from _size(shape, value, path)
        for index, item in enumerate(value):
            yield from _violations(shape.member, item, f"{path}.{index + 1}.member")
    elif kind == "map":
        yield from _size(shape, value, path)
        for key, item in value.items():
            yield from _violations(shape.key, key, f"{path}.key")
            yield from _violations(shape.value, item, f"{path}.{key}.member")
    elif kind == "string":
        yield from _string_violations(shape, value, path)
    elif kind in {"integer", "long", "float", "double"}:
        yield from _bounds(shape, value, path, "value")


def _string_violations(shape: Any, value: str, path: str) -> Iterator[str]:
    yield from _size(shape, value, path)
    if shape.enum and value not in shape.enum:
        yield _failed(path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield _failed(path, f"Member must satisfy regular expression pattern: {pattern}")


def _size(shape: Any, value: Any, path: str) -> Iterator[str]:
    return _bounds(shape, len(value), path, "length")


def _bounds(shape: Any, amount: float, path: str, what: str) -> Iterator[str]:
    limits = shape.metadata
    if "max" in limits and amount > limits["max"]:
        yield _failed(path, f"Member must have {what} less than or equal to {limits['max']}")
    if "min" in limits and amount < limits["min"]:
        yield _failed(path, f"Member must have {what} greater than or equal to {limits['min']}")


def _failed(path: str, constraint: str) -> str:
    shown = path[:1].lower() + path[1:]
    return f"Value at '{shown}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> "re.Pattern[str]":
    """A pattern of AWS in Python's dialect: the Unicode classes are Java's."""
    for java, python in (
        (r"\p{L}", "a-zA-Z\u00c0-\uffff"),
        (r"\p{Z}", r"\s"),
        (r"\p{N}", "0-9"),
        (r"\p{ASCII}", "\x00-\x7f"),
        (r"\p{Graph}", "!-~"),
        (r"\p{Print}", " -~"),
    ):
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


def hashed(service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A request for the journal: every secret in it is a hash that tells same from different."""
    shape = operation_model(service, operation).input_shape
    return {} if shape is None else _hashed(shape, params, secret=False)


def digest(secret: str | bytes) -> str:
    """What stands for a secret, in the journal and in the objects of services that forget it."""
    data = secret if isinstance(secret, bytes) else secret.encode()
    return f"sha256-{hashlib.sha256(data).hexdigest()}"


def _hashed(shape: Any, value: Any, *, secret: bool) -> Any:
    secret = secret or bool(shape.metadata.get("sensitive"))
    if shape.type_name == "structure":
        return {
            name: _hashed(shape.members[name], item, secret=secret or name in SECRET_MEMBERS)
            for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_hashed(shape.member, item, secret=secret) for item in value]
    if shape.type_name == "map":
        return {key: _hashed(shape.value, item, secret=secret) for key, item in value.items()}
    if isinstance(value, bytes) or (secret and isinstance(value, str)):
        return digest(value)
    return value


def _code(shape: Any) -> str:
    return shape.metadata.get("error", {}).get("code", shape.name)
