"""What differs between a resource in the state and its new inputs, as Terraform's plan sees it."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .wire import UNKNOWN, contains_unknown


@dataclass(frozen=True)
class Difference:
    """One input that differs."""

    name: str
    kind: str
    """add, update or delete."""


@dataclass(frozen=True)
class Rules:
    """How the inputs of a resource type are compared."""

    computed: frozenset[str] = frozenset()
    """Inputs that the cloud fills in: leaving one out leaves it as it is. `a.b` names a field."""
    ordered: frozenset[str] = frozenset()
    """Lists whose order counts; all others are sets."""
    documents: frozenset[str] = frozenset()
    """Strings that hold JSON: spacing and order of keys do not count."""
    caseless: frozenset[str] = frozenset()
    """Strings that are the same in upper and lower case."""
    suppressed: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict)
    """By input: whether an old and a new value mean the same. `a.b` names a field."""


def differences(
    rules: Rules,
    inputs: Collection[str],
    state: Mapping[str, Any],
    wanted: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> list[Difference]:
    """The inputs that differ from the state."""
    found: list[Difference] = []
    for name in inputs:
        if name in ignored:
            continue
        old, new = state.get(name), wanted.get(name)
        if new is None:
            if name not in rules.computed and not _empty(old):
                found.append(Difference(name, "delete"))
        elif contains_unknown(new) or not same(rules, name, old, new):
            kind = "add" if old is None else "update"
            found.append(Difference(name, kind))
    return found


def same(rules: Rules, name: str, old: Any, new: Any) -> bool:
    """Whether two values of an input mean the same."""
    if _empty(old) and _empty(new):
        return True
    if name in rules.suppressed and not contains_unknown(old) and rules.suppressed[name](old, new):
        return True
    if name in rules.documents and isinstance(old, str) and isinstance(new, str):
        return _document(old) == _document(new)
    if name in rules.caseless and isinstance(old, str) and isinstance(new, str):
        return old.lower() == new.lower()
    return _normal(rules, name, old, new) == _normal(rules, name, new, new)


def _normal(rules: Rules, path: str, value: Any, like: Any) -> Any:
    """The value as it is compared: without what the cloud filled in where `like` is silent."""
    if isinstance(value, Mapping):
        others = like if isinstance(like, Mapping) else {}
        return {
            name: _normal(rules, f"{path}.{name}", item, others.get(name))
            for name, item in value.items()
            if not _empty(item) and (name in others or f"{path}.{name}" not in rules.computed)
        }
    same_meaning = rules.suppressed.get(path)
    if same_meaning and value is not like and like is not None and same_meaning(value, like):
        return like
    if isinstance(value, list):
        template = like[0] if isinstance(like, list) and like else None
        items = [_normal(rules, path, item, template) for item in value]
        if path in rules.ordered:
            return items
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _empty(value: Any) -> bool:
    return value is None or (value is not UNKNOWN and value in ("", [], {}, False, 0))


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
