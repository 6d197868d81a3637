"""What a rule is, and what comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .resources import COMPONENTS, Resource, Resources, Value

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
    holds: Callable[[Any], bool]
    """Whether a value that is there and known is right."""
    reason: str
    fix: str
    missing: bool = True
    """Whether what the cloud takes where nothing is said is right."""
    when: Condition = always
    production: bool = False
    """Whether it is about production only."""
    exception: str = ""

    def judge(self, resource: Resource, stack: Resources) -> Iterator[Judgement]:
        """What it says of a resource: nothing where it is not about it."""
        if resource.type not in self.types or not self.when(resource, stack):
            return
        if self.production and not stack.production(resource):
            return
        broken: set[str] = set()
        for path, value in self._values(resource).items():
            declared = path.partition(" ")[0]
            outcome = self._outcome(value)
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
                fix=self.fix,
                exception=self.exception,
            )

    def _values(self, resource: Resource) -> dict[str, Any]:
        if self.path == "protect":
            return {"protect": resource.protect}
        found = resource.values(self.path) or {self.path: []}
        if not resource.type.startswith(COMPONENTS):
            return found
        # A component has all of its outputs, but not before it is made.
        return {at: Value.HIDDEN if one is Value.MISSING else one for at, one in found.items()}

    def _outcome(self, value: Any) -> Outcome:
        if value is Value.HIDDEN:
            return Outcome.UNKNOWN
        if value is Value.MISSING:
            return Outcome.HOLDS if self.missing else Outcome.BROKEN
        if isinstance(value, list) and "[]" in self.path and not value:
            return Outcome.HOLDS  # a list without elements has none that is wrong
        return Outcome.HOLDS if self.holds(value) else Outcome.BROKEN


@dataclass(frozen=True)
class Companion:
    """What a resource must have beside it, in the same component."""

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
    serves: Callable[[Resource, Resource], bool] = lambda _resource, _other: True
    """Whether one of the other types is right for the resource."""
    when: Condition = always
    production: bool = False
    exception: str = ""

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
            fix=self.fix,
            exception=self.exception,
        )
