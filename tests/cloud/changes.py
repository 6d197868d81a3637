"""Settings that change from one run to the next, and the requests in which that must show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """One setting that gets another value, and a request in which that must show."""

    cache: str
    """Name of the cache; empty for a setting of the stack."""
    setting: str
    value: Any
    operation: str
    """Name of the request; empty where none is needed."""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What stands in the request among others."""
    of: str = ""
    """How the logical names of the changed resources begin; else the cache's name."""

    def __str__(self) -> str:
        name = f"{self.cache}.{self.setting}" if self.cache else self.setting
        return f"{name}={json.dumps(self.value)}"


def written(settings: dict[str, Any], change: Change) -> None:
    """Sets what a change says in the settings that it is about."""
    *path, last = change.setting.split(".")
    for key in path:
        settings = settings.setdefault(key, {})
    settings.pop(last, None)
    if change.value is not None:
        settings[last] = change.value


def within(wanted: Any, given: Any) -> bool:
    """Whether a request says what is wanted; mappings and lists in it may say more."""
    if isinstance(wanted, Mapping):
        return isinstance(given, Mapping) and all(
            within(value, given.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(given, list) and all(
            any(within(part, one) for one in given) for part in wanted
        )
    return wanted == given
