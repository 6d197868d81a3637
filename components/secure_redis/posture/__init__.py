"""Rules over the resources of a stack: which settings of a cloud are not as they must be.

They read what a state records or a preview plans, and nothing else: no cloud is asked, no SDK is
imported. A value that is not known yet breaks no rule.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from . import aws, azure, docker, everywhere, gcp
from .resources import Resource, Resources, Value
from .rules import Companion, Judgement, Outcome, Rule

__all__ = [
    "COMPANIONS",
    "RULES",
    "Companion",
    "Judgement",
    "Outcome",
    "Resource",
    "Resources",
    "Rule",
    "Value",
    "breaches",
    "judgements",
]

_ROOMS = (aws, azure, gcp, docker, everywhere)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.id: rule for room in _ROOMS for rule in room.RULES}
)
"""All rules about one resource, by id."""

COMPANIONS: Mapping[str, Companion] = MappingProxyType(
    {rule.id: rule for room in _ROOMS for rule in room.COMPANIONS}
)
"""All rules about what a cache must have beside it, by id."""


def breaches(
    resources: Iterable[Mapping[str, Any]],
    *,
    environment: str = "",
    exceptions: Iterable[str] = (),
    everything: bool = False,
) -> list[Judgement]:
    """What of these resources is not as it must be. Holds no value of theirs, so no secret.

    resources: as a stack's state has them: type, urn, inputs, outputs, parent, protect.
    environment: of the stack, for resources that do not tell; by default what the others tell.
    exceptions: ids of rules that the stack breaks on purpose; their breaches are left out.
    everything: whether what is no part of a component of ours is judged too.
    """
    accepted = frozenset(exceptions)
    return [
        one
        for one in judgements(resources, environment=environment, everything=everything)
        if one.outcome is Outcome.BROKEN and one.exception not in accepted
    ]


def judgements(
    resources: Iterable[Mapping[str, Any]], *, environment: str = "", everything: bool = False
) -> Iterator[Judgement]:
    """What each rule says of each resource that it is about; see `breaches`."""
    stack = Resources.read(resources, environment)
    for resource in stack.all if everything else stack.ours:
        for rule in RULES.values():
            yield from rule.judge(resource, stack)
        for companion in COMPANIONS.values():
            yield from companion.judge(resource, stack)
