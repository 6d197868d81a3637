"""Rules over the resources of a stack: which settings of a cloud are not as they must be.

They read what a state records or a preview plans, and nothing else: no cloud is asked, no SDK is
imported. A value that is not known yet breaks no rule. They are about Redis made by components of
ours and, where that is asked for, by anybody's program; what is about no Redis is left alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from . import aws, azure, docker, everywhere, gcp, relations
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


_OF_TYPE: dict[str, list[Rule | Companion]] = defaultdict(list)
"""What is about resources of a type."""

for _one in (*RULES.values(), *COMPANIONS.values()):
    for _type in _one.all_types:
        _OF_TYPE[_type].append(_one)

_circles = partial(
    relations.circles,
    links=tuple(link for room in _ROOMS for link in room.LINKS),
    anchors=tuple(anchor for room in _ROOMS for anchor in room.ANCHORS),
    clients=docker.CLIENTS,
)


def breaches(
    resources: Iterable[Mapping[str, Any]],
    *,
    environment: str = "",
    exceptions: Iterable[str] = (),
    everything: bool = False,
) -> list[Judgement]:
    """What of these resources is not as it must be. Holds no value of theirs, so no secret.

    resources: as a stack's state has them: type, urn, id, inputs, outputs, parent, protect and
    propertyDependencies.
    environment: of the stack, for resources that do not tell; by default what the others tell.
    exceptions: ids of rules that the stack breaks on purpose; their breaches are left out.
    everything: whether Redis that is no part of a component of ours is judged too, and what is for
    it.
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
    stack = Resources.read(resources, environment, _circles if everything else None)
    for resource in stack.about_redis if everything else stack.ours:
        for rule in _OF_TYPE.get(resource.type, ()):
            yield from rule.judge(resource, stack)
