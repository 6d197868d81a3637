"""Properties of a resource as data, and what follows from the data alone.

Types, defaults, ranges and differences.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc


class Unknown:
    """A value the engine does not know yet, during a preview. Compare with `is UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

Plain = Any
"""None, bool, int, str, UNKNOWN, or a list or string-keyed dict of them."""

Values = dict[str, Plain]


class Kind(Enum):
    """The type of a property."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRINGS = "array"
    STRING_MAP = "map"
    OBJECT = "object"
    OBJECTS = "objects"
    """A list of objects. For outputs of functions only."""


@dataclass(frozen=True)
class Property:
    """One property of a resource.

    An input is also an output with the same name (the official plugins echo every input), unless it
    is write-only.
    """

    name: str
    """Name on the wire (camelCase)."""
    kind: Kind
    is_input: bool = True
    required: bool = False
    default: Plain = None
    """Taken when the input is absent. Defaults are not written into the checked inputs, as in the
    official plugins.
    """
    computed: bool = False
    """An absent input leaves the stored value alone, and is unknown in the preview of a creation.
    """
    secret: bool = False
    """Secret whatever the caller says."""
    write_only: bool = False
    """Kept out of the outputs, so a change of it alone is not a difference."""
    replaces: bool | Callable[[Plain, Plain], bool] = True
    """Whether a change (old, new) makes a new resource."""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    """Allowed values of a string, or of the elements of a list."""
    no_empty_elements: bool = False
    fields: "tuple[Property, ...]" = ()
    """The properties of an object."""
    reveals: tuple[str, ...] = ()
    """Outputs that show the content of this input: they are secret when it is."""
    always_output: bool = True
    """Whether the SDK types the output as always there (schema: `required`)."""


@dataclass(frozen=True)
class Failure:
    """An input that is refused. `reason` never holds the value, which may be secret."""

    path: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """A difference between the stored outputs and the wanted inputs."""

    path: str
    kind: str
    """add, delete or update."""
    replaces: bool


def plain(value: PropertyValue) -> Plain:
    """The value without its secret marks.

    Reserved keys (`__defaults` and such) and nulls inside maps are left out.
    """
    inner = value.value
    if isinstance(inner, Computed) or (isinstance(inner, str) and inner == rpc.UNKNOWN):
        return UNKNOWN
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping):
        return {
            key: plain(item)
            for key, item in inner.items()
            if not key.startswith("__") and item.value is not None
        }
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(item) for item in inner]
    return inner


def plain_map(values: Mapping[str, PropertyValue]) -> Values:
    """`plain` over a property map."""
    return cast("Values", plain(PropertyValue(dict(values))))


def wrap(value: Plain, secret: bool = False) -> PropertyValue:
    """A plain value as the engine takes it.

    Unknowns travel as the marker string of the SDK: `Computed` cannot travel.
    """
    if value is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN, is_secret=secret)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value), is_secret=secret)
    if isinstance(value, dict):
        return PropertyValue({key: wrap(item) for key, item in value.items()}, is_secret=secret)
    if isinstance(value, list):
        return PropertyValue([wrap(item) for item in value], is_secret=secret)
    return PropertyValue(value, is_secret=secret)


def contains_unknown(value: Plain) -> bool:
    """Whether a plain value is or holds an unknown."""
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def _number(value: Plain) -> int | None:
    """The integer, which may come as digits: the official plugins accept both."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None


def _text(value: Plain) -> str | None:
    """The string, which may come as a number or boolean: the official plugins accept all."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return value if isinstance(value, str) else None


_SCALARS: dict[Kind, tuple[Callable[[Plain], Plain], str]] = {
    Kind.STRING: (_text, "must be a string"),
    Kind.INTEGER: (_number, "must be a whole number"),
    Kind.BOOLEAN: (
        lambda value: value if isinstance(value, bool) else None,
        "must be true or false",
    ),
}


def child_path(path: str, key: str) -> str:
    """The property path of a map key, quoted where it is not a plain word."""
    return f"{path}.{key}" if re.fullmatch(r"\w+", key) else f'{path}["{key}"]'


def _limits(prop: Property, path: str, value: Plain) -> Iterator[Failure]:
    if prop.minimum is not None and value < prop.minimum:
        yield Failure(path, f"must be at least {prop.minimum}")
    if prop.maximum is not None and value > prop.maximum:
        yield Failure(path, f"must be at most {prop.maximum}")
    if prop.choices and value not in prop.choices:
        yield Failure(path, f"must be one of {', '.join(prop.choices)}")


def _scalar(
    prop: Property, kind: Kind, path: str, value: PropertyValue, failures: list[Failure]
) -> PropertyValue:
    content = plain(value)
    if content is UNKNOWN:
        return value
    convert, complaint = _SCALARS[kind]
    converted = convert(content)
    if converted is None:
        failures.append(Failure(path, complaint))
        return value
    failures.extend(_limits(prop, path, converted))
    return wrap(converted, value.is_secret)


def _checked_list(
    prop: Property, path: str, value: PropertyValue, failures: list[Failure]
) -> PropertyValue:
    inner = value.value
    if not isinstance(inner, Sequence) or isinstance(inner, str):
        failures.append(Failure(path, "must be a list of strings"))
        return value
    items = [
        _scalar(prop, Kind.STRING, f"{path}[{index}]", item, failures)
        for index, item in enumerate(inner)
    ]
    if prop.no_empty_elements:
        failures.extend(
            Failure(f"{path}[{index}]", "must not be empty")
            for index, item in enumerate(items)
            if item.value == ""
        )
    return PropertyValue(items, is_secret=value.is_secret)


def _checked(
    prop: Property, path: str, value: PropertyValue, failures: list[Failure]
) -> PropertyValue:
    """The value in the property's own type, with the secret marks it came with."""
    if prop.kind in _SCALARS:
        return _scalar(prop, prop.kind, path, value, failures)
    inner = value.value
    if plain(value) is UNKNOWN:
        return value
    if prop.kind is Kind.STRINGS:
        return _checked_list(prop, path, value, failures)
    if not isinstance(inner, Mapping):
        failures.append(
            Failure(path, "must be a map" if prop.kind is Kind.STRING_MAP else "must be an object")
        )
        return value
    if prop.kind is Kind.OBJECT:
        return PropertyValue(
            check_types(prop.fields, inner, failures, path), is_secret=value.is_secret
        )
    entries = {
        key: _scalar(prop, Kind.STRING, child_path(path, key), item, failures)
        for key, item in inner.items()
        if not key.startswith("__") and item.value is not None
    }
    return PropertyValue(entries, is_secret=value.is_secret)


def check_types(
    properties: Iterable[Property],
    values: Mapping[str, PropertyValue],
    failures: list[Failure],
    path: str = "",
) -> dict[str, PropertyValue]:
    """The given inputs, each in its property's type and marked secret where the property is.

    Nulls and the bridge's reserved keys are dropped. Adds to `failures` what is unknown, missing,
    of a wrong type or out of range.
    """
    inputs = {prop.name: prop for prop in properties if prop.is_input}
    checked: dict[str, PropertyValue] = {}
    for name, value in values.items():
        if name.startswith("__") or value.value is None:
            continue
        where = child_path(path, name) if path else name
        if name not in inputs:
            close = difflib.get_close_matches(name, inputs, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            failures.append(Failure(where, f"is not a property of this resource{hint}"))
            continue
        prop = inputs[name]
        result = _checked(prop, where, value, failures)
        checked[name] = result.with_secret(True) if prop.secret else result
    failures.extend(
        Failure(child_path(path, name) if path else name, "is required")
        for name, prop in inputs.items()
        if prop.required and name not in checked
    )
    return checked


def with_defaults(properties: Iterable[Property], inputs: Values) -> Values:
    """The inputs with the default of each absent property."""
    defaults = {
        prop.name: prop.default
        for prop in properties
        if prop.is_input and prop.default is not None and prop.name not in inputs
    }
    return {**inputs, **defaults}


def _kind_of_change(old: Plain, new: Plain) -> str:
    if old is None:
        return "add"
    return "delete" if new is None else "update"


def _leaves(path: str, old: Plain, new: Plain) -> Iterator[tuple[str, str]]:
    """Where two values differ: (path, add|delete|update), as deep as both are maps or lists."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _leaves(child_path(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _leaves(f"{path}[{index}]", before, after)
    else:
        yield path, _kind_of_change(old, new)


def differences(
    properties: Iterable[Property], old: Values, new: Values, ignored: Iterable[str] = ()
) -> list[Difference]:
    """What the wanted inputs change in the stored outputs, both with defaults.

    :param ignored: names of properties whose changes do not count.
    """
    found: list[Difference] = []
    for prop in properties:
        if not prop.is_input or prop.write_only or prop.name in ignored:
            continue
        before = old.get(prop.name)
        after = new.get(prop.name)
        if before == after or (prop.computed and after is None):
            continue
        replaces = prop.replaces(before, after) if callable(prop.replaces) else prop.replaces
        leaves = list(_leaves(prop.name, before, after))
        found.extend(Difference(path, kind, replaces) for path, kind in leaves)
    return found
