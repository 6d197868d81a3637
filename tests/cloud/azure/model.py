"""Azure's own models of the caches' requests, and bodies held against them.

They are those of the management SDK, which itself checks next to nothing when it sends. What its
classes say of a body is all here: names on the wire, types, what is required, patterns, bounds.
"""

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

MANAGED, CLASSIC = "azure.mgmt.redisenterprise.models", "azure.mgmt.redis.models"

BODIES = {
    "microsoft.cache/redisenterprise": (MANAGED, "Cluster"),
    "microsoft.cache/redisenterprise/databases": (MANAGED, "Database"),
    "microsoft.cache/redisenterprise/databases/accesspolicyassignments": (
        MANAGED,
        "AccessPolicyAssignment",
    ),
    "microsoft.cache/redis": (CLASSIC, "RedisCreateParameters"),
    "microsoft.cache/redis/accesspolicies": (CLASSIC, "RedisCacheAccessPolicy"),
    "microsoft.cache/redis/accesspolicyassignments": (CLASSIC, "RedisCacheAccessPolicyAssignment"),
    "microsoft.cache/redis/firewallrules": (CLASSIC, "RedisFirewallRule"),
    "microsoft.cache/redis/patchschedules": (CLASSIC, "RedisPatchSchedule"),
}
"""The class of a PUT's body, by resource type in lower case."""

_WRAPPED = {"[": (list, "an array"), "{": (Mapping, "an object")}
_SIMPLE = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def violations(kind: str, body: Mapping[str, Any]) -> list[str]:
    """What is wrong with the body of a PUT; nothing for types that the SDK here does not have."""
    found = BODIES.get(kind.lower())
    if found is None:
        return []
    return list(_object(*found, body, ""))


@cache
def _members(module: str, name: str) -> dict[tuple[str, ...], tuple[str, dict[str, Any]]]:
    """A class's members: path on the wire, type, and what is said of the value."""
    model = getattr(importlib.import_module(module), name)
    rules = getattr(model, "_validation", {})
    return {
        tuple(part.replace("\0", ".") for part in one["key"].replace("\\.", "\0").split(".")): (
            one["type"],
            rules.get(member, {}),
        )
        for member, one in model._attribute_map.items()
        if one["key"]
    }


@cache
def _is_open(module: str, name: str) -> bool:
    """Whether a class takes names that it does not list."""
    model = getattr(importlib.import_module(module), name)
    return any(not one["key"] for one in model._attribute_map.values())


def _object(module: str, name: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'the body'} is not an object"
        return
    members = _members(module, name)
    for wire, (_, rules) in members.items():
        if rules.get("required") and not rules.get("readonly") and _at(value, wire) is None:
            yield f"{_join(path, '.'.join(wire))} is missing"
    for wire, item in _leaves(members, value):
        where = _join(path, ".".join(wire))
        known = members.get(wire)
        if known is None:
            if not _is_open(module, name):
                yield f"{where} is not a member of {name}"
        elif known[1].get("readonly"):
            yield f"{where} can only be read"
        else:
            yield from _value(module, known[0], item, where)
            yield from _ruled(known[1], item, where)


def _leaves(members: Any, value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What a class's members are in a body: flattened objects are gone into."""
    flattened = {wire[0] for wire in members if len(wire) > 1}
    for name, item in value.items():
        if name in flattened and isinstance(item, Mapping):
            yield from (((name, inner), one) for inner, one in item.items())
        else:
            yield (name,), item


def _value(module: str, kind: str, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if kind[0] in _WRAPPED:
        wanted, label = _WRAPPED[kind[0]]
        if not isinstance(value, wanted):
            yield f"{path} is not {label}"
            return
        items = enumerate(value) if isinstance(value, list) else value.items()
        for name, item in items:
            yield from _value(module, kind[1:-1], item, f"{path}[{name}]")
    elif kind in _SIMPLE:
        # bool is an int for Python, not for Azure.
        wrong = isinstance(value, bool) != (kind == "bool")
        if wrong or not isinstance(value, _SIMPLE[kind]):
            yield f"{path} is not of type {kind}"
    elif hasattr(importlib.import_module(module), kind):
        model = getattr(importlib.import_module(module), kind)
        if hasattr(model, "_attribute_map"):
            yield from _object(module, kind, value, path)


def _ruled(rules: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if rules.get("pattern") and not re.search(rules["pattern"], value):
            yield f"{path} does not match {rules['pattern']}"
        if len(value) < rules.get("min_length", 0):
            yield f"{path} is shorter than {rules['min_length']}"
        if len(value) > rules.get("max_length", len(value)):
            yield f"{path} is longer than {rules['max_length']}"


def _at(value: Mapping[str, Any], wire: tuple[str, ...]) -> Any:
    found: Any = value
    for name in wire:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
