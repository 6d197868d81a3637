"""Google's own descriptions of its services, and bodies of requests held against them.

Discovery documents come with google-api-python-client, message descriptors with the client of a
service whose document that package does not have.
"""

import difflib
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from cloud.standin.schema import CACHE

PROTO = "proto:"
"""What begins the name of a description that is made of message descriptors."""

Schemas = Mapping[str, Any]

_UNDOCUMENTED = {
    "NetworkRoutingConfig": {"deleteBgpAlwaysCompareMed": {"type": "boolean"}},
    "WeeklyMaintenanceWindow": {"duration": {"type": "string", "readOnly": True}},
}
"""Fields that the provider sends although Google's document does not have them, by schema."""

_OUTPUT = re.compile(r"\s*\[?output[ -]only", re.IGNORECASE)


@cache
def schemas_of(api: str, schema: str) -> Schemas:
    """A schema of a description with all that it refers to, by name."""
    proto = api.startswith(PROTO)
    package = api.removeprefix(PROTO) if proto else ""
    source = package.rpartition("_")[0].replace(".", "-") if proto else "google-api-python-client"
    path = None
    if os.environ.get(CACHE):
        folder = f"{source}-{metadata.version(source)}-{_format()}"
        path = Path(os.environ[CACHE]) / folder / f"{api.replace(':', '.')}.{schema}.json"
        with suppress(FileNotFoundError):
            return json.loads(path.read_text())
    found = _closure(_messages(package) if proto else document(api)["schemas"], schema)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        staging.write_text(json.dumps(found))
        staging.replace(path)
    return found


@cache
def _format() -> str:
    """What changes when this code does: what it kept before is not read then."""
    files = (Path(__file__), Path(__file__).with_name("messages.py"))
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:8]


@cache
def document(api: str) -> Mapping[str, Any]:
    """A discovery document, as `redis.v1`."""
    folder = resources.files("googleapiclient.discovery_cache") / "documents"
    return json.loads((folder / f"{api}.json").read_text())


@cache
def _messages(package: str) -> Schemas:
    """The messages of a client's package, read in a process of its own.

    The client and Pulumi's own messages both bring `google.rpc.Status` along, and one process does
    not take it twice.
    """
    script = Path(__file__).with_name("messages.py")
    # Isolated: modules next to the script have names of packages.
    command = [sys.executable, "-I", str(script), package]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def violations(api: str, schema: str, body: Any, mask: list[str]) -> list[str]:
    """What a service refuses of a body, in its words; values are not told.

    Unknown fields, wrong types, values that an enum does not have, fields that only the service
    sets; and a mask that names what the schema does not have or does not let be set.
    """
    known = schemas_of(api, schema)
    package = document(api)["name"] if not api.startswith(PROTO) else api.rpartition(".")[2]
    where = schema[:1].lower() + schema[1:]
    found = list(_object(known, known[schema], body, where, f"{package}.{schema}"))
    found += [wrong for one in mask for wrong in _masked(known, schema, one)]
    return found


def settable(api: str, schema: str, body: Any) -> Any:
    """A body without the fields that only the service sets, which it overlooks in a change."""
    known = schemas_of(api, schema)
    return _settable(known, known[schema], body)


def _settable(known: Schemas, schema: Any, value: Any) -> Any:
    schema = known[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(value, list) and "items" in schema:
        return [_settable(known, schema["items"], item) for item in value]
    if not isinstance(value, Mapping) or "properties" not in schema:
        return value
    fields = schema["properties"]
    return {
        name: _settable(known, fields[name], item) if name in fields else item
        for name, item in value.items()
        if not fields.get(name, {}).get("readOnly")
    }


def enum_values(api: str, schema: str, name: str) -> tuple[str, ...]:
    """The values of an enum field of a schema."""
    return tuple(schemas_of(api, schema)[schema]["properties"][name].get("enum", ()))


def _closure(schemas: Schemas, wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [wanted]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _lean(schemas[name])
        if name in _UNDOCUMENTED:
            found[name]["properties"] |= _UNDOCUMENTED[name]
        waiting += re.findall(r'"\$ref": "([^"]+)"', json.dumps(found[name]))
    return found


def _lean(schema: Any) -> Any:
    """A schema without its prose; of that, only whether a field is for output alone."""
    if not isinstance(schema, Mapping):
        return schema
    kept = {
        key: schema[key] for key in ("type", "format", "enum", "$ref", "pattern") if key in schema
    }
    if schema.get("readOnly") or _OUTPUT.match(schema.get("description", "")):
        kept["readOnly"] = True
    if "properties" in schema:
        kept["properties"] = {name: _lean(one) for name, one in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            kept[key] = _lean(schema[key])
    return kept


def _masked(known: Schemas, schema: str, path: str) -> Iterator[str]:
    """What is wrong with one path of a mask."""
    place: Any = known[schema]
    for part in path.split("."):
        place = known[place["$ref"]] if "$ref" in place else place
        if "additionalProperties" in place:
            return
        inner = place.get("properties", {}).get(part)
        if inner is None:
            yield f"Invalid update mask: field '{path}' is not in {schema}."
            return
        if inner.get("readOnly"):
            yield f"Invalid update mask: field '{path}' cannot be set."
            return
        place = inner


def _value(known: Schemas, schema: Any, value: Any, path: str, kind: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from _object(known, known[schema["$ref"]], value, path, kind)
        return
    expected = schema.get("type", "any")
    if expected == "any" or value is None:
        return
    if expected == "object":
        yield from _object(known, schema, value, path, kind)
    elif expected == "array":
        if not isinstance(value, list):
            yield _wrong(path, "list")
            return
        for index, item in enumerate(value):
            yield from _value(known, schema["items"], item, f"{path}[{index}]", kind)
    elif not _fits(expected, schema.get("format", ""), value):
        yield _wrong(path, schema.get("format") or expected)
    elif "enum" in schema and value not in schema["enum"]:
        yield f"Invalid value at '{path}' ({kind}), \"{value}\""


def _object(known: Schemas, schema: Any, value: Any, path: str, kind: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _wrong(path, "object")
        return
    others = schema.get("additionalProperties")
    properties = schema.get("properties", {})
    for name, item in value.items():
        inner = properties.get(name, others)
        if inner is None:
            near = difflib.get_close_matches(name, properties, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            yield (
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find "
                f"field.{hint}"
            )
        elif inner.get("readOnly"):
            yield f"Invalid value at '{path}.{name}': the field is output only."
        elif item is not None:
            yield from _value(known, inner, item, f"{path}.{name}", f"{kind}.{name}")


_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"
_FORMS = {
    "google-duration": r"-?\d+(\.\d{1,9})?s",
    "google-datetime": _STAMP,
    "date-time": _STAMP,
    "int64": r"-?\d+",
    "uint64": r"\d+",
}
"""What strings of a format look like."""


def _fits(expected: str, form: str, value: Any) -> bool:
    if expected == "boolean" or isinstance(value, bool):
        return expected == "boolean" and isinstance(value, bool)
    if expected in {"integer", "number"}:
        return isinstance(value, int if expected == "integer" else (int, float))
    if form in {"int64", "uint64"}:
        value = str(value)
    return isinstance(value, str) and re.fullmatch(_FORMS.get(form, r"[\s\S]*"), value) is not None


def _wrong(path: str, expected: str) -> str:
    return f"Invalid value at '{path}': it is not of the type {expected}."
