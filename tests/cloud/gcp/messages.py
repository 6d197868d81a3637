"""The messages of a client's package in the form of a discovery document's schemas.

Run with a package's name (`google.cloud.memorystore_v1`) it prints them as JSON.
"""

import importlib
import json
import re
import sys
from typing import Any

_MESSAGE_TYPES = {
    "Timestamp": {"type": "string", "format": "google-datetime"},
    "Duration": {"type": "string", "format": "google-duration"},
    "FieldMask": {"type": "string", "format": "google-fieldmask"},
    "Struct": {"type": "object", "additionalProperties": {"type": "any"}},
}
"""Messages of Google's that stand for a value in JSON."""


def schemas(package: str) -> dict[str, Any]:
    """The messages of a client's package in the form of a discovery document's schemas.

    Its descriptors have no options, so what is for output alone is taken from the classes' texts.
    """
    types = importlib.import_module(f"{package}.types")
    found: dict[str, Any] = {}
    for name in types.__all__:
        kind = getattr(types, name)
        if hasattr(kind, "pb"):
            _add_message(found, kind.pb().DESCRIPTOR)
            _mark_output(found, kind)
    return found


def _mark_output(found: dict[str, Any], kind: Any) -> None:
    """Marks the fields that a message class and those within it say are for output alone."""
    properties = found.get(_name(kind.pb().DESCRIPTOR), {}).get("properties", {})
    fields = {one.name: one.json_name for one in kind.pb().DESCRIPTOR.fields}
    for name in re.findall(r"^ {8}(\w+) \(.*\):\n\s+Output only", kind.__doc__ or "", re.MULTILINE):
        json_name = fields.get(name)
        if json_name:
            properties[json_name]["readOnly"] = True
    for inner in vars(kind).values():
        if isinstance(inner, type) and hasattr(inner, "pb"):
            _mark_output(found, inner)


def _name(descriptor: Any) -> str:
    """A message's name without its package, nested ones run together."""
    return descriptor.full_name.removeprefix(f"{descriptor.file.package}.").replace(".", "")


def _add_message(found: dict[str, Any], descriptor: Any) -> str:
    name = _name(descriptor)
    if name not in found:
        found[name] = {"type": "object", "properties": {}}
        for one in descriptor.fields:
            found[name]["properties"][one.json_name] = _proto_field(found, one)
    return name


def _proto_field(found: dict[str, Any], one: Any) -> dict[str, Any]:
    if one.message_type and one.message_type.GetOptions().map_entry:
        value = _proto_value(found, one.message_type.fields_by_name["value"])
        return {"type": "object", "additionalProperties": value}
    if one.is_repeated:
        return {"type": "array", "items": _proto_value(found, one)}
    return _proto_value(found, one)


def _proto_value(found: dict[str, Any], one: Any) -> dict[str, Any]:
    if one.message_type:
        known = _MESSAGE_TYPES.get(one.message_type.name)
        if known and one.message_type.file.package == "google.protobuf":
            return dict(known)
        return {"$ref": _add_message(found, one.message_type)}
    if one.enum_type:
        return {"type": "string", "enum": [value.name for value in one.enum_type.values]}
    return {
        one.CPPTYPE_BOOL: {"type": "boolean"},
        one.CPPTYPE_STRING: {"type": "string"},
        one.CPPTYPE_DOUBLE: {"type": "number"},
        one.CPPTYPE_FLOAT: {"type": "number"},
        one.CPPTYPE_INT64: {"type": "string", "format": "int64"},
        one.CPPTYPE_UINT64: {"type": "string", "format": "uint64"},
    }.get(one.cpp_type, {"type": "integer", "format": "int32"})


if __name__ == "__main__":
    print(json.dumps(schemas(sys.argv[1])))
