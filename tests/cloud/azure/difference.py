"""What the provider sees as changed: old inputs against new ones, and which of it replaces.

The provider compares what the program asked for then and asks for now; the cloud's state has no
part in it but through a refresh.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.standin.difference import Difference

from .resources.common import AzureResource

ABSENT = object()


@dataclass(frozen=True)
class Change:
    """A property that differs."""

    path: str
    """As the engine writes it: `modules[0].name`."""
    kind: str
    """add, update or delete."""
    replaces: bool


def changes(
    resource: AzureResource,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    state: Mapping[str, Any],
) -> list[Change]:
    """Every property of the inputs that differs."""
    found = _object(resource, _plain(old), _plain(new), "", "")
    return [_softened(change, old, new, state) for change in found]


def _object(
    resource: AzureResource, old: Mapping[str, Any], new: Mapping[str, Any], path: str, place: str
) -> list[Change]:
    found: list[Change] = []
    for name in sorted({*old, *new}):
        inner, where = _join(path, name), _join(place, name)
        before, after = old.get(name, ABSENT), new.get(name, ABSENT)
        if before is ABSENT:
            found.append(Change(inner, "add", where in resource.replacing))
        elif after is ABSENT:
            found.append(Change(inner, "delete", where in resource.replacing))
        else:
            found += _value(resource, before, after, inner, where)
    return found


def _value(resource: AzureResource, old: Any, new: Any, path: str, place: str) -> list[Change]:
    replaces = place in resource.replacing
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            # Only what is updated inside counts as a change of the whole.
            Change(one.path, one.kind, one.replaces or (replaces and one.kind == "update"))
            for one in _object(resource, old, new, path, place)
        ]
    if isinstance(old, list) and isinstance(new, list):
        if key := resource.keyed.get(place):
            return _keyed_array(resource, key, (old, new), path, place)
        return _array(resource, old, new, path, place)
    if old == new or _same_place(path, old, new):
        return []
    return [Change(path, "update", replaces)]


def _array(resource: AzureResource, old: Any, new: Any, path: str, place: str) -> list[Change]:
    """What differs in a list. Items that come or go replace nothing, whatever the list does."""
    found: list[Change] = []
    for index in range(max(len(old), len(new))):
        inner = f"{path}[{index}]"
        if index >= len(old):
            found.append(Change(inner, "add", replaces=False))
        elif index >= len(new):
            found.append(Change(inner, "delete", replaces=False))
        else:
            found += _value(resource, old[index], new[index], inner, f"{place}[]")
    return found


def _keyed_array(
    resource: AzureResource, key: str, lists: tuple[Any, Any], path: str, place: str
) -> list[Change]:
    old, new = lists
    before = {item.get(key): item for item in old}
    after = {item.get(key) for item in new}
    found: list[Change] = []
    for index, item in enumerate(new):
        inner = f"{path}[{index}]"
        if item.get(key) in before:
            found += _value(resource, before[item.get(key)], item, inner, f"{place}[]")
        else:
            found.append(Change(inner, "add", replaces=False))
    gone = [index for index, item in enumerate(old) if item.get(key) not in after]
    return [*found, *(Change(f"{path}[{index}]", "delete", replaces=False) for index in gone)]


def _same_place(path: str, old: Any, new: Any) -> bool:
    """Whether case and spaces alone differ in a property where they do not count."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    if path == "resourceGroupName":
        return old.lower() == new.lower()
    return path == "location" and _location(old) == _location(new)


def _location(text: str) -> str:
    return text.replace(" ", "").lower()


def _softened(
    change: Change, old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any]
) -> Change:
    """An input that is new and says what the cloud has anyway replaces nothing."""
    name = change.path
    if change.kind == "add" and name not in old and name in new and state.get(name) == new[name]:
        return Change(change.path, change.kind, replaces=False)
    return change


def differences(found: list[Change]) -> list[Difference]:
    """For the engine."""
    return [Difference(one.path, one.kind) for one in found]


def drifted(inputs: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
    """The inputs with what changed from the old to the new outputs, as a refresh leaves them.

    `old` and `new` are outputs with nothing in them that is no input.
    """
    merged = {name: value for name, value in inputs.items() if name not in old or name in new}
    for name, value in new.items():
        if name not in old:
            merged[name] = value
        elif old[name] != value:
            merged[name] = _drift(inputs[name], old[name], value) if name in inputs else value
    return merged


def _drift(base: Any, old: Any, new: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(old, Mapping) and isinstance(new, Mapping):
        return drifted(base, old, new)
    if isinstance(base, list) and isinstance(old, list) and isinstance(new, list):
        return [
            _drift(base[index], old[index], item)
            if index < len(base) and index < len(old)
            else item
            for index, item in enumerate(new)
        ]
    return new


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
