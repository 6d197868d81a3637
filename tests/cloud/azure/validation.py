"""What Check refuses.

Required inputs, types, lengths and patterns are refused by the real provider too, in these words.
It lets through misspelt inputs, values that no enum has, and what it does not send; here they are
refused, because Azure would ignore or refuse them later.
"""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloud.standin.errors import Failure
from cloud.standin.schema import Field, Shape
from cloud.standin.wire import UNKNOWN, contains_unknown

from .identifiers import ArmId
from .resources.common import AzureResource, Rule, option

SETTLED = {"azureApiVersion"}


def check(resource: AzureResource, inputs: Mapping[str, Any]) -> list[Failure]:
    """What is wrong with the inputs of a resource."""
    fields = resource.schema.inputs
    given = {
        name: value
        for name, value in inputs.items()
        if name not in SETTLED and not name.startswith("__")
    }
    failures = list(_object(fields, given, ""))
    failures += [Failure(name, _missing(name)) for name in sorted(resource.required - given.keys())]
    failures += list(_unmodelled(resource, given, ""))
    for name, rule in resource.rules.items():
        if name in given and not contains_unknown(given[name]):
            failures += _ruled(rule, given[name], name)
    return failures


def _missing(path: str) -> str:
    reason = f"missing required property '{path}'"
    if path == "location":
        reason += (
            ". Either set it explicitly or configure it with "
            "'pulumi config set azure-native:location <value>'."
        )
    return reason


def _object(fields: Mapping[str, Field], values: Mapping[str, Any], path: str) -> Iterator[Failure]:
    for name, one in fields.items():
        if one.required and values.get(name) is None:
            yield Failure(_join(path, name), _missing(_join(path, name)))
    for name, value in values.items():
        where = _join(path, name)
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f". Did you mean '{near[0]}'?" if near else ""
            yield Failure(where, f"unknown property '{where}'{hint}")
        else:
            yield from _value(fields[name].shape, value, where)


def _value(shape: Shape, value: Any, path: str) -> Iterator[Failure]:
    if value is not UNKNOWN and value is not None and shape.kind != "any":
        yield from _known_value(shape, value, path)


def _known_value(shape: Shape, value: Any, path: str) -> Iterator[Failure]:
    actual = _kind(value)
    fits = {"number": ("number", "integer"), "map": ("object",), "union": ("object",)}
    if actual not in fits.get(shape.kind, (shape.kind,)):
        wanted = shape.kind if shape.kind not in {"map", "union"} else "object"
        # Without the value: it may be a secret.
        yield Failure(path, f"'{path}' should be of type '{wanted}' but got {_a(actual)}")
    elif shape.kind == "string":
        allowed = shape.choices or shape.known
        if allowed and value not in allowed:
            yield Failure(path, f"'{path}' must be one of {', '.join(allowed)}")
    elif shape.kind == "array" and shape.item:
        for index, item in enumerate(value):
            yield from _value(shape.item, item, f"{path}[{index}]")
    elif shape.kind == "map" and shape.item:
        for name, item in value.items():
            yield from _value(shape.item, item, _join(path, name))
    elif shape.kind == "union":
        yield from _union(shape, value, path)
    elif shape.kind == "object":
        yield from _object(shape.fields, value, path)


def _union(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Failure]:
    """A value of several kinds: its constants say which, and its names are that one's.

    The SDK does not translate the names of a plain dictionary here, and the provider drops those
    that it does not know: Azure would get an empty object.
    """
    found = option(shape, value)
    if found is None:
        constants = sorted({name for one in shape.options for name in one.constants})
        yield Failure(
            path,
            f"'{path}' is of no known kind: none has these values of {', '.join(constants)}; its "
            f"properties are {', '.join(sorted(value))}",
        )
    else:
        yield from _object(found.fields, value, path)


def _unmodelled(resource: AzureResource, values: Mapping[str, Any], path: str) -> Iterator[Failure]:
    """Inputs whose effect on the cloud is not modelled."""
    listed = {
        name.removeprefix(f"{path}.") if path else name
        for name in resource.models
        if not path or name.startswith(f"{path}.")
    }
    names = {name for name in listed if "." not in name}
    if not names:
        return
    for name, value in values.items():
        inner = _join(path, name)
        if name not in names and not (not path and name in resource.parameters):
            yield Failure(
                inner, f"What the cloud does with '{inner}' is not known to this stand-in"
            )
        elif isinstance(value, Mapping):
            yield from _unmodelled(resource, value, inner)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _unmodelled(resource, item, f"{inner}[]")


def _ruled(rule: Rule, value: Any, path: str) -> Iterator[Failure]:
    if isinstance(value, str):
        length = len(value)
        if length < rule.shortest:
            yield Failure(
                path,
                f"'{path}' is too short ({length}): at least {rule.shortest} characters required",
            )
        if rule.longest and length > rule.longest:
            yield Failure(
                path, f"'{path}' is too long ({length}): at most {rule.longest} characters allowed"
            )
        if rule.pattern and not re.search(rule.pattern, value):
            yield Failure(path, f"'{path}' does not match expression '{rule.pattern}'")
    elif isinstance(value, int | float):
        if rule.lowest is not None and value < rule.lowest:
            yield Failure(path, f"'{path}' is too low ({value:f} < {rule.lowest:f})")
        if rule.highest is not None and value > rule.highest:
            yield Failure(path, f"'{path}' is too high ({value:f} > {rule.highest:f})")


def path_values(resource: AzureResource, identifier: str) -> dict[str, str]:
    """The values of the path's inputs in an id."""
    place = ArmId.parse(identifier)
    parameters = list(resource.parameters)
    if parameters[0] in {"scope", "resourceUri"}:
        return {parameters[0]: place.scope, parameters[1]: place.name}
    if parameters == ["resourceGroupName"]:
        return {"resourceGroupName": place.name}
    return dict(zip(parameters, (place.group, *place.names), strict=True))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number" if not math.isfinite(value) or not value.is_integer() else "integer"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _a(kind: str) -> str:
    return {"integer": "a number", "array": "an array", "object": "an object"}.get(
        kind, f"a {kind}"
    )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
