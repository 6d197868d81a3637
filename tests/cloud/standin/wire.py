"""Property maps of the Pulumi protocol as plain Python values, and back."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value


class Unknown:
    """A value that the engine does not know yet. Compare with `is UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = {
    _UNKNOWN_STRING,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
    "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
}
"""The engine's signs of an unknown value, one for each type."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a map as something else: a secret, an asset, an output."""

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSETS = {"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"}


def from_struct(struct: Struct) -> dict[str, Any]:
    """A property map without its nulls. Secrets come open: the engine marks outputs by itself."""
    values = {name: _from_value(value) for name, value in struct.fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def to_struct(values: Mapping[str, Any]) -> Struct:
    """A property map for the engine. UNKNOWN becomes the engine's sign of an unknown value."""
    struct = Struct()
    for name, value in values.items():
        if value is not None:
            struct.fields[name].CopyFrom(_to_value(value))
    return struct


def contains_unknown(value: Any) -> bool:
    """Whether the value, or anything in it, is unknown."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    return isinstance(value, list) and any(contains_unknown(item) for item in value)


def is_asset(value: Any) -> bool:
    """Whether the value is an asset or an archive."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) in _ASSETS


def _from_value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _from_map(value.struct_value)
    return None


def _from_map(struct: Struct) -> Any:
    values = from_struct(struct)
    mark = values.get(SIGNATURE)
    if mark == _SECRET:
        return values.get("value")
    if mark == _OUTPUT:
        return values.get("value", UNKNOWN)
    return values


def _to_value(value: Any) -> Value:
    if value is UNKNOWN:
        return Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, Mapping):
        return Value(struct_value=to_struct(value))
    if isinstance(value, list | tuple):
        wrapped = Value()
        wrapped.list_value.SetInParent()
        wrapped.list_value.values.extend(_to_value(item) for item in value)
        return wrapped
    # bool before int: it is one.
    for kind, field in ((bool, "bool_value"), (int | float, "number_value"), (str, "string_value")):
        if isinstance(value, kind):
            return Value(**{field: value})
    raise TypeError(f"not a property value: {type(value).__name__}")
