"""Resources as a state records them or a preview plans them, and what belongs together."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, cast

from .tokens import canonical

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks a map that is a secret, an asset or an output."""

UNKNOWN_SIGNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What the engine writes for a value that a preview does not know, by its kind."""

ENVIRONMENT_TAGS = ("secure-redis:environment", "secure-redis-environment")
"""Tags and labels by which our components say what a resource is for."""

COMPONENTS = "secure-redis:index:"
"""How the types of our components begin."""


REFERRED_BY = (
    "arn",
    "id",
    "imageId",
    "keyId",
    "name",
    "repoDigest",
    "secretId",
    "selfLink",
    "userGroupId",
    "userId",
    "versionlessId",
)
"""Outputs by which clouds let other resources refer to one."""

NO_NAMES = frozenset({"", "none", "default"})
"""What stands in the place of an id, and names nothing."""


class Value(Enum):
    """A value that cannot be judged."""

    HIDDEN = "hidden"
    """It is there, and secret or not known yet."""
    MISSING = "missing"
    """It is not there."""


@dataclass(frozen=True)
class Resource:
    """One resource. `inputs` and `outputs` are secret as a whole."""

    type: str
    """Its type as the rules write it: see `tokens.canonical`."""
    urn: str
    inputs: Mapping[str, Any] = field(repr=False)
    outputs: Mapping[str, Any] = field(repr=False)
    parent: str = ""
    protect: bool = False
    """Whether the engine refuses to delete it."""
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs of the resources from which a property's value comes, by property."""
    id: str = ""
    """Its cloud's id; empty before it is made."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Resource":
        """A resource of a state's list."""
        type_ = str(document.get("type", ""))
        # The inputs of a component of ours are what it compares itself with, not its settings.
        inputs = {} if type_.startswith(COMPONENTS) else document.get("inputs")
        return cls(
            type=canonical(type_),
            urn=str(document.get("urn", "")),
            inputs=_mapping(inputs),
            outputs=_mapping(document.get("outputs")),
            parent=str(document.get("parent") or ""),
            protect=bool(document.get("protect")),
            sources={
                key: frozenset(map(str, urns))
                for key, urns in _mapping(document.get("propertyDependencies")).items()
                if isinstance(urns, list | tuple | set | frozenset)
            },
            id=str(document.get("id") or ""),
        )

    @property
    def name(self) -> str:
        """What people know it by: the last word of its type, and its name in the program."""
        return f"{self.type.rpartition(':')[2]} {self.urn.rpartition('::')[2]}"

    def values(self, path: str) -> dict[str, Any]:
        """What is known of a property: the declared value, and the recorded one where it differs.

        path: keys joined by dots; `[]` behind one goes through its elements. The keys of the answer
        are paths with numbers in the place of `[]`. A list without elements answers with nothing, a
        property that is in neither inputs nor outputs with `Value.MISSING`.
        """
        declared, recorded = dict(_walk(self.inputs, path)), dict(_walk(self.outputs, path))
        # Not declared: what the provider recorded. Recorded otherwise: it has drifted.
        if all(value is Value.MISSING for value in declared.values()):
            declared = recorded or declared
        drifted = {
            f"{at} (recorded)": value
            for at, value in recorded.items()
            if value not in (Value.MISSING, Value.HIDDEN) and _differs(declared.get(at), value)
        }
        return {**declared, **drifted}

    def value(self, path: str) -> Any:
        """One property without `[]`: the recorded value, else the declared one, or a `Value`."""
        found = [*self.values(path).values()]
        return found[-1] if found else Value.MISSING

    @cached_property
    def names(self) -> frozenset[str]:
        """By which other resources can refer to it, as far as that is known."""
        told = (self.id, *(self.value(key) for key in REFERRED_BY))
        return frozenset(one for one in told if isinstance(one, str) and one not in NO_NAMES)

    @property
    def environment(self) -> str:
        """What it is for, by its tags; empty where it does not tell."""
        for key in ("tags", "labels", "userLabels"):
            tags = self.inputs.get(key)
            found = _mapping(tags)
            if isinstance(tags, list):  # Docker's labels are a list
                entries = [_mapping(one) for one in cast("list[Any]", tags)]
                found = {str(one.get("label")): one.get("value") for one in entries}
            for tag in ENVIRONMENT_TAGS:
                if isinstance(found.get(tag), str):
                    return str(found[tag])
        return ""


@dataclass(frozen=True)
class Resources:
    """The resources of a stack, and what belongs together."""

    all: tuple[Resource, ...]
    components: Mapping[str, str] = field(repr=False)
    """URN of the component of ours that a resource, by its URN, is a part of; empty for none."""
    groups: Mapping[str, tuple[Resource, ...]] = field(repr=False)
    """The parts of each component."""
    environments: Mapping[str, str] = field(repr=False)
    """What each component is for."""
    default: str = ""
    """What those are for that do not tell."""
    circles: Mapping[str, tuple["Resource", ...]] = field(default_factory=dict, repr=False)
    """All that is about the same Redis as a resource, by its URN; not of what is about no Redis."""

    @classmethod
    def read(
        cls,
        documents: Iterable[Mapping[str, Any]],
        environment: str = "",
        circles: "Circles | None" = None,
    ) -> "Resources":
        """What a state lists, without what is only waiting to be deleted.

        circles: tells what is about which Redis; without it only components say that.
        """
        found = tuple(Resource.of(one) for one in documents if not one.get("delete"))
        by_urn = {one.urn: one for one in found}
        components = {one.urn: _component(one, by_urn) for one in found}
        of_ours = frozenset(urn for urn, component in components.items() if component)
        groups: dict[str, list[Resource]] = {}
        for one in found:
            groups.setdefault(components[one.urn], []).append(one)
        told = {
            component: next((one.environment for one in parts if one.environment), "")
            for component, parts in groups.items()
        }
        kinds = {one for one in told.values() if one}
        # What several caches share has to be good enough for the one that needs most.
        sole = next(iter(kinds), "") if len(kinds) == 1 else ""
        shared = "production" if "production" in kinds else sole
        return cls(
            all=found,
            components=components,
            groups={component: tuple(parts) for component, parts in groups.items()},
            environments=told,
            default=environment or shared,
            circles=_in_order(found, circles(found, of_ours)) if circles else {},
        )

    @property
    def about_redis(self) -> tuple[Resource, ...]:
        """Components of ours with their parts, and what is about a Redis that others made."""
        return tuple(
            one for one in self.all if self.components[one.urn] or self.circles.get(one.urn)
        )

    def is_ours(self, resource: Resource) -> bool:
        """Whether it is a component of ours or a part of one."""
        return bool(self.components.get(resource.urn))

    @property
    def ours(self) -> tuple[Resource, ...]:
        """Components of ours and their parts, without what else a program makes."""
        return tuple(one for one in self.all if self.components[one.urn])

    def beside(self, resource: Resource) -> tuple[Resource, ...]:
        """What is for the same Redis, itself among it: the parts of the same component of ours.

        In other programs: what refers to the Redis, and to what it refers.
        """
        component = self.components.get(resource.urn, "")
        if component or not self.circles:
            return self.groups.get(component, (resource,))
        return self.circles.get(resource.urn, (resource,))

    def production(self, resource: Resource) -> bool:
        """Whether it serves production."""
        component = self.components.get(resource.urn, "")
        of_component = self.environments.get(component) if component else ""
        return (resource.environment or of_component or self.default) == "production"


Circles = Callable[[tuple[Resource, ...], frozenset[str]], Mapping[str, frozenset[str]]]
"""What belongs to the same Redis, by URN; of some resources it is known that they are for one."""


def _in_order(
    resources: tuple[Resource, ...], circles: Mapping[str, frozenset[str]]
) -> dict[str, tuple[Resource, ...]]:
    """The resources of each circle, in the order of the stack."""
    places = {one.urn: place for place, one in enumerate(resources)}
    same = {
        circle: tuple(resources[place] for place in sorted(places[urn] for urn in circle))
        for circle in set(circles.values())
    }
    return {urn: same[circle] for urn, circle in circles.items()}


def _component(resource: Resource, by_urn: Mapping[str, Resource]) -> str:
    """URN of the innermost component of ours around a resource; empty where there is none."""
    at: Resource | None = resource
    seen: set[str] = set()
    while at is not None and at.urn not in seen:
        if at.type.startswith(COMPONENTS):
            return at.urn
        seen.add(at.urn)
        at = by_urn.get(at.parent)
    return ""


def _walk(value: Any, path: str, at: str = "") -> Iterator[tuple[str, Any]]:
    if hidden(value):
        yield _joined(at, path), Value.HIDDEN
        return
    if not path:
        yield at, value
        return
    key, _, rest = path.partition(".")
    name, several = key.removesuffix("[]"), key.endswith("[]")
    found = _mapping(value).get(name)
    where = f"{at}.{name}" if at else name
    if found is None:
        # A list that is not there has no elements.
        yield from () if several else [(where, Value.MISSING)]
    elif not several or hidden(found):
        yield from _walk(found, rest, where)
    elif isinstance(found, list):
        for number, element in enumerate(cast("list[Any]", found)):
            yield from _walk(element, rest, f"{where}[{number}]")
    else:
        yield where, Value.HIDDEN


def _joined(at: str, path: str) -> str:
    return f"{at}.{path}" if at and path else at or path


def hidden(value: Any) -> bool:
    """Whether a value is secret or not known yet."""
    if isinstance(value, str):
        return value in UNKNOWN_SIGNS
    if isinstance(value, Value):
        return value is Value.HIDDEN
    if isinstance(value, Mapping):
        return SIGNATURE in value
    # What is no JSON stands for a value that is not known yet.
    return not (value is None or isinstance(value, bool | int | float | list))


def holds_hidden(value: Any) -> bool:
    """Whether it, or anything in it, is secret or not known yet."""
    if hidden(value):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list) and any(map(holds_hidden, cast("Any", inside)))


def _differs(declared: Any, recorded: Any) -> bool:
    if isinstance(declared, Value):
        return declared is Value.MISSING
    return _plain(declared) != _plain(recorded)


def _plain(value: Any) -> Any:
    """A value so that equal ones compare equal: providers write some flags and numbers as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def document(value: Any) -> Mapping[str, Any]:
    """A JSON document, such as a policy; empty where it is none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return _mapping(value)
