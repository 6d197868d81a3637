"""What a rule is, and what comes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .resources import COMPONENTS, Resource, Resources, Value, holds_hidden

Condition = Callable[[Resource, Resources], bool]
"""Whether a rule is about a resource."""


class Outcome(str, Enum):
    """What a rule says of a resource."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """The value is secret, or not known yet."""


@dataclass(frozen=True)
class Judgement:
    """What one rule says of one property of one resource. Holds no value, so no secret."""

    rule: str
    control: str
    resource: str
    urn: str
    path: str
    """The property; empty where the rule is about what is beside the resource."""
    outcome: Outcome
    reason: str
    """What it is not as it must be; for what is broken."""
    fix: str
    """What to change: in the stack file where it is a part of a component of ours, else in the
    program."""
    exception: str
    """Id of the rule that a stack may break with a reason, which covers this; else empty."""

    @property
    def where(self) -> str:
        """Resource and property."""
        return f"{self.resource}: {self.path}" if self.path else self.resource


def always(_resource: Resource, _stack: Resources) -> bool:
    """The condition of a rule that is about every resource of its types."""
    return True


@dataclass(frozen=True)
class Rule:
    """One property of resources of some types, and what must hold of it."""

    id: str
    control: str
    types: tuple[str, ...]
    path: str
    """Keys joined by dots; `[]` behind one for each element of a list. `protect` is the engine's
    own protection."""
    holds: Callable[[Any], bool | None]
    """Whether a value that is there and known is right; None where what is hidden in it decides."""
    reason: str
    fix: str
    """What to set in the stack file of a component of ours."""
    remedy: str
    """What to set in a program that uses none. `{property}` stands for the property."""
    missing: bool = True
    """Whether what the cloud takes where nothing is said is right."""
    when: Condition = always
    production: bool = False
    """Whether it is about production only."""
    exception: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Further types, which have the same property by another path."""
    defaults: tuple[str, ...] = ()
    """Types for which what the cloud takes where nothing is said is right, if it is not for all."""
    read: Callable[[Resource, Resources], Any] | None = None
    """What is judged in place of the property's value, where it takes several to tell."""

    @property
    def all_types(self) -> tuple[str, ...]:
        """Types of the resources that it is about."""
        return tuple(dict.fromkeys((*self.types, *self.paths)))

    def remedy_for(self, type_: str) -> str:
        """What to set in a program that makes a resource of a type, without our components."""
        path = self.paths.get(type_, self.path)
        return self.remedy.replace("{property}", f"`{path.replace('[]', '')}`")

    def judge(self, resource: Resource, stack: Resources) -> Iterator[Judgement]:
        """What it says of a resource: nothing where it is not about it."""
        if resource.type not in self.all_types or not self.when(resource, stack):
            return
        if self.production and not stack.production(resource):
            return
        fix = self.fix if stack.is_ours(resource) else self.remedy_for(resource.type)
        broken: set[str] = set()
        for path, value in self._values(resource, stack).items():
            declared = path.partition(" ")[0]
            outcome = self._outcome(resource, value)
            # One that is declared wrongly is not reported a second time as recorded.
            if outcome is Outcome.BROKEN and declared in broken:
                continue
            if outcome is Outcome.BROKEN:
                broken.add(declared)
            yield Judgement(
                rule=self.id,
                control=self.control,
                resource=resource.name,
                urn=resource.urn,
                path=path,
                outcome=outcome,
                reason=self.reason,
                fix=fix,
                exception=self.exception,
            )

    def _values(self, resource: Resource, stack: Resources) -> dict[str, Any]:
        path = self.paths.get(resource.type, self.path)
        if path == "protect":
            return {"protect": resource.protect}
        if self.read:
            return {path: self.read(resource, stack)}
        found = resource.values(path) or {path: []}
        if not resource.type.startswith(COMPONENTS):
            return found
        # A component has all of its outputs, but not before it is made.
        return {at: Value.HIDDEN if one is Value.MISSING else one for at, one in found.items()}

    def _outcome(self, resource: Resource, value: Any) -> Outcome:
        if value is Value.HIDDEN:
            return Outcome.UNKNOWN
        if value is Value.MISSING:
            right = self.missing or resource.type in self.defaults
            return Outcome.HOLDS if right else Outcome.BROKEN
        if value == [] and "[]" in self.paths.get(resource.type, self.path):
            return Outcome.HOLDS  # a list without elements has none that is wrong
        found = self.holds(value)
        # What a list lacks can be among its elements that are not known yet.
        if found is None or (isinstance(value, list) and not found and holds_hidden(value)):
            return Outcome.UNKNOWN
        return Outcome.HOLDS if found else Outcome.BROKEN


@dataclass(frozen=True)
class Companion:
    """What a resource must have beside it: in the same component, or referring to it."""

    id: str
    control: str
    types: tuple[str, ...]
    """Types of the resources that need one."""
    needs: tuple[str, ...]
    """Types of which one must be there."""
    what: str
    """What is missing, for people."""
    reason: str
    fix: str
    """What to set in the stack file of a component of ours."""
    remedy: str
    """What to add to a program that uses none."""
    serves: Callable[[Resource, Resource], bool] = lambda _resource, _other: True
    """Whether one of the other types is right for the resource."""
    when: Condition = always
    production: bool = False
    exception: str = ""

    @property
    def all_types(self) -> tuple[str, ...]:
        """Types of the resources that need one."""
        return self.types

    def remedy_for(self, _type: str) -> str:
        """What to add to a program that makes such a resource without our components."""
        return self.remedy

    def judge(self, resource: Resource, stack: Resources) -> Iterator[Judgement]:
        """What it says of a resource: nothing where it is not about it."""
        if resource.type not in self.types or not self.when(resource, stack):
            return
        if self.production and not stack.production(resource):
            return
        there = any(
            one.type in self.needs and self.serves(resource, one) for one in stack.beside(resource)
        )
        yield Judgement(
            rule=self.id,
            control=self.control,
            resource=resource.name,
            urn=resource.urn,
            path=self.what,
            outcome=Outcome.HOLDS if there else Outcome.BROKEN,
            reason=self.reason,
            fix=self.fix if stack.is_ours(resource) else self.remedy,
            exception=self.exception,
        )
