"""Checks of requests, answers and errors against AWS's own description of its services."""

import re
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Errors that any operation may answer with, whatever its model lists.
COMMON_ERRORS = {"AccessDenied", "AccessDeniedException", "InternalFailure", "ThrottlingException"}


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation_model(service: str, operation: str) -> Any:
    return service_model(service).operation_model(operation)


def check_request(service: str, operation: str, request: dict[str, Any]) -> None:
    """Raises AssertionError for a request that the service's model does not allow."""
    problems = _problems(operation_model(service, operation).input_shape, request)
    assert not problems, f"{operation}: request: {'; '.join(problems)}"


def check_answer(service: str, operation: str, answer: dict[str, Any]) -> None:
    """Raises AssertionError for an answer that the service could not give."""
    problems = _problems(operation_model(service, operation).output_shape, answer)
    assert not problems, f"{operation}: answer: {'; '.join(problems)}"


def check_error(service: str, operation: str, code: str) -> None:
    """Raises AssertionError for an error that the operation does not know."""
    model = operation_model(service, operation)
    known = {
        shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes
    }
    assert code in known | COMMON_ERRORS, f"{operation} has no error {code}"


def _problems(shape: Any, value: Any) -> list[str]:
    report = ParamValidator().validate(value, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return found + _constraints(shape, value, shape.name)


def _constraints(shape: Any, value: Any, path: str) -> list[str]:
    """Patterns, enumerations and upper limits: what botocore itself leaves to the service."""
    if shape.type_name == "structure":
        members = {name: item for name, item in value.items() if name in shape.members}
        return [
            problem
            for name, item in members.items()
            for problem in _constraints(shape.members[name], item, f"{path}.{name}")
        ]
    if shape.type_name == "list":
        return [p for item in value for p in _constraints(shape.member, item, f"{path}[]")]
    if shape.type_name != "string":
        return []
    limits, found = shape.metadata, []
    if limits.get("enum") and value not in limits["enum"]:
        found.append(f"{path}: not one of {limits['enum']}")
    if limits.get("pattern") and not re.fullmatch(limits["pattern"], value):
        found.append(f"{path}: does not match {limits['pattern']}")
    if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        found.append(f"{path}: length {len(value)} not in {limits.get('min')}..{limits.get('max')}")
    return found
