"""What a resource type takes and gives, read from the SDK's own classes.

Nothing is written down twice: names, types, required inputs, nested inputs, enums, outputs and
secret outputs are those of the installed SDK, so a program that the real provider would refuse for
its inputs is refused here, whatever our component believes.
"""

import ast
import difflib
import enum
import importlib
import inspect
import json
import os
import re
import sys
import textwrap
import threading
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from pulumi import _types as sdk_types

from .errors import Failure
from .wire import UNKNOWN, is_asset

CACHE = "SECURE_REDIS_SCHEMA_CACHE"
"""Environment variable with a directory for what was read from the SDK, by the SDK's version."""


@dataclass(frozen=True)
class Shape:
    """The type of a value."""

    kind: str
    """string, number, integer, boolean, array, map, object, union, asset or any."""
    item: "Shape | None" = None
    """Of an array's or a map's elements."""
    fields: Mapping[str, "Field"] = field(default_factory=dict)
    """Of an object, by name on the wire."""
    choices: tuple[str, ...] = ()
    """Of an enum that allows nothing else."""
    known: tuple[str, ...] = ()
    """Of a string for which the SDK lists values but takes others: newer ones, for instance."""
    options: tuple["Shape", ...] = ()
    """Of a union: the objects of which one is given."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Of an object in a union: fields whose value says that it is this one."""


@dataclass(frozen=True)
class Field:
    """One named property."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Schema:
    """A resource type."""

    token: str
    inputs: Mapping[str, Field]
    outputs: frozenset[str]
    """Every property of the resource in the engine's state, inputs included."""
    secrets: frozenset[str]
    """Outputs that the SDK declares secret."""


_reading = threading.RLock()
"""Kept while the SDK is read: two threads that import a part of it at once see it half made."""


@cache
def schema_of(sdk: str) -> Schema:
    """The schema of an SDK resource class, named as `module:Name`."""
    found = _kept(sdk, _read_resource)
    return Schema(
        token=found["token"],
        inputs=_fields_from(found["inputs"]),
        outputs=frozenset(found["outputs"]),
        secrets=frozenset(found["secrets"]),
    )


@cache
def arguments_of(sdk: str) -> Mapping[str, Field]:
    """The properties of an SDK class of arguments, named as `module:Name`."""
    return _fields_from(_kept(sdk, lambda arguments: {"inputs": _fields(arguments)})["inputs"])


@cache
def outputs_of(sdk: str) -> Mapping[str, Shape]:
    """The shapes of the outputs of an SDK resource class, named as `module:Name`."""
    found = _kept(sdk, _read_outputs, ".outputs")
    return {name: _shape_from(one) for name, one in found.items()}


@cache
def api_version_of(sdk: str) -> str:
    """The version of the cloud's interface that an SDK resource class names in its docstring."""
    return _kept(sdk, _read_api_version, ".api")["version"]


def _kept(sdk: str, read: Callable[[type], dict[str, Any]], what: str = "") -> dict[str, Any]:
    """What is read from a class, from the cache where the environment names one.

    Reading it needs the SDK's modules, whose import takes longer than everything else that a
    provider's process does in a short run.
    """
    module, name = sdk.split(":")
    path = None
    if os.environ.get(CACHE):
        version = metadata.version(module.partition(".")[0])
        path = Path(os.environ[CACHE]) / version / f"{sdk}{what}.json"
        with suppress(FileNotFoundError):
            return json.loads(path.read_text())
    with _reading:
        found = read(getattr(importlib.import_module(module), name))
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        staging.write_text(json.dumps(found))
        staging.replace(path)
    return found


def _read_resource(resource: type) -> dict[str, Any]:
    module = sys.modules[resource.__module__]
    return {
        "token": vars(resource)["pulumi_type"],
        "inputs": _fields(_arguments(module, resource.__name__)),
        "outputs": sorted(sdk_types.resource_types(resource)),
        "secrets": _secret_outputs(resource),
    }


def _arguments(module: types.ModuleType, name: str) -> type:
    """The class of a resource's arguments; another one where a nested type has that name."""
    return getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")


def _read_outputs(resource: type) -> dict[str, Any]:
    return {name: _shape(hint) for name, hint in sdk_types.resource_types(resource).items()}


def _read_api_version(resource: type) -> dict[str, Any]:
    found = re.search(r"REST API version ([\w-]+)\.", inspect.getsource(resource))
    return {"version": found.group(1) if found else ""}


def _fields(arguments: type) -> dict[str, Any]:
    """The properties of a class of arguments, by name on the wire."""
    parameters = inspect.signature(arguments.__init__).parameters
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    shapes = sdk_types.input_type_types(arguments)
    return {
        wire: {
            "shape": _shape(shapes.get(wire, Any)),
            "required": parameters[python].default is inspect.Parameter.empty,
        }
        for python, wire in names.items()
    }


def _fields_from(found: Mapping[str, Any]) -> Mapping[str, Field]:
    return {
        name: Field(_shape_from(one["shape"]), required=one["required"])
        for name, one in found.items()
    }


def _shape_from(found: Mapping[str, Any]) -> Shape:
    return Shape(
        found["kind"],
        item=_shape_from(found["item"]) if "item" in found else None,
        fields=_fields_from(found.get("fields", {})),
        choices=tuple(found.get("choices", ())),
        known=tuple(found.get("known", ())),
        options=tuple(_shape_from(one) for one in found.get("options", ())),
        constants=found.get("constants", {}),
    )


def check(fields: Mapping[str, Field], values: Mapping[str, Any], path: str = "") -> list[Failure]:
    """What is wrong with the values, in the words of the bridge."""
    return list(_check_object(fields, values, path))


def _check_object(
    fields: Mapping[str, Field], values: Mapping[str, Any], path: str
) -> Iterator[Failure]:
    for name, one in fields.items():
        if one.required and values.get(name) is None:
            yield Failure(
                _join(path, name),
                f'Missing required argument. The argument "{name}" is required'
                ", but no definition was found",
            )
    for name, value in values.items():
        if name.startswith("__") or value is None:
            continue
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f'. Did you mean "{near[0]}"?' if near else ""
            yield Failure(
                _join(path, name),
                f'Unsupported argument. An argument named "{name}" is not expected here{hint}',
            )
            continue
        yield from _check_value(fields[name].shape, value, _join(path, name))


def _check_value(shape: Shape, value: Any, path: str) -> Iterator[Failure]:
    if value is UNKNOWN or shape.kind == "any" or value is None:
        return
    actual = _kind(value)
    expected = shape.kind
    fits = {
        "number": ("number", "integer"),
        "map": ("object",),
        "union": ("object",),
    }.get(expected, (expected,))
    if actual not in fits:
        wanted = "object" if expected in {"map", "union"} else expected
        # Without the value: it may be a password.
        yield Failure(path, f"expected {wanted} type, got {actual} type")
    elif shape.choices and value not in shape.choices:
        allowed = ", ".join(f'"{choice}"' for choice in shape.choices)
        yield Failure(path, f"expected one of [{allowed}]")
    elif expected == "array" and shape.item:
        for index, item in enumerate(value):
            yield from _check_value(shape.item, item, f"{path}[{index}]")
    elif expected == "map" and shape.item:
        for name, item in value.items():
            yield from _check_value(shape.item, item, _join(path, name))
    elif expected == "object":
        yield from _check_object(shape.fields, value, path)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "asset" if is_asset(value) else "object"


_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number"}


DEEPEST = 3
"""How deep outputs are described: those of networks contain each other without end."""


def _shape(hint: Any, depth: int = 0) -> dict[str, Any]:
    """The shape behind a type hint with all its wrappings of inputs."""
    several = _objects(hint)
    if len(several) > 1:
        return {"kind": "union", "options": [_option_shape(one, depth) for one in several]}
    listed = _listed(hint)
    hint = _unwrapped(hint)
    if hint is str and listed:
        return {"kind": "string", "known": listed}
    if hint in _SIMPLE:
        return {"kind": _SIMPLE[hint]}
    origin = typing.get_origin(hint)
    if origin is not None and issubclass(origin, Mapping):
        return {"kind": "map", "item": _shape(typing.get_args(hint)[1], depth)}
    if origin is not None and issubclass(origin, Sequence):
        return {"kind": "array", "item": _shape(typing.get_args(hint)[0], depth)}
    return _class_shape(hint, depth) if inspect.isclass(hint) else {"kind": "any"}


def _class_shape(hint: type, depth: int) -> dict[str, Any]:
    if issubclass(hint, enum.Enum):
        return {"kind": "string", "choices": [str(member.value) for member in hint]}
    if hint.__name__ in {"Archive", "Asset"}:
        return {"kind": "asset"}
    if sdk_types.is_input_type(hint):
        return {"kind": "object", "fields": _fields(hint)}
    if sdk_types.is_output_type(hint) and depth < DEEPEST:
        found = sdk_types.output_type_types(hint).items()
        fields = {
            name: {"shape": _shape(inner, depth + 1), "required": False} for name, inner in found
        }
        return {"kind": "object", "fields": fields}
    return {"kind": "any"}


def _option_shape(hint: type, depth: int) -> dict[str, Any]:
    """The shape of an object in a union, with what tells it from the others."""
    names = {}
    if sdk_types.is_input_type(hint):
        names = sdk_types.input_type_py_to_pulumi_names(hint)
    source = inspect.getsource(hint)
    found = re.findall(r'pulumi\.set\(__self__, "(\w+)", \'([^\']+)\'\)', source)
    return {
        **_class_shape(hint, depth),
        "constants": {names.get(name, name): one for name, one in found},
    }


def _members(hint: Any) -> list[Any]:
    """The members of a union, None and the wrappings of inputs left out."""
    if typing.get_origin(hint) not in {typing.Union, types.UnionType}:
        return [hint]
    return [
        member
        for one in typing.get_args(hint)
        if one is not type(None) and not _is_plumbing(one)
        for member in _members(one)
    ]


def _objects(hint: Any) -> list[type]:
    """The classes of objects of which a value is one."""
    return [
        one
        for one in _members(hint)
        if inspect.isclass(one) and (sdk_types.is_input_type(one) or sdk_types.is_output_type(one))
    ]


def _listed(hint: Any) -> list[str]:
    """The values that the SDK lists for a string that may be another one as well."""
    return [
        str(member.value)
        for one in _members(hint)
        if inspect.isclass(one) and issubclass(one, enum.Enum)
        for member in one
    ]


def _unwrapped(hint: Any) -> Any:
    """The first member that is a plain value: of Optional, Awaitable, Output and Input."""
    while typing.get_origin(hint) in {typing.Union, types.UnionType}:
        members = [
            member
            for member in typing.get_args(hint)
            if member is not type(None) and not _is_plumbing(member)
        ]
        plain = [member for member in members if member in _SIMPLE]
        # A string or an enum of known strings: any string will do, as for the bridge.
        hint = plain[0] if plain else members[0] if members else Any
    return hint


def _is_plumbing(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return getattr(origin, "__name__", "") in {"Awaitable", "Output"} or isinstance(
        hint, typing.ForwardRef
    )


def _secret_outputs(resource: type) -> list[str]:
    """The names in `additional_secret_outputs` of the class's own source."""
    init = vars(resource).get("_internal_init")
    if init is None:
        return []
    tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    return [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "additional_secret_outputs"
        for name in ast.literal_eval(node.value)
    ]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
