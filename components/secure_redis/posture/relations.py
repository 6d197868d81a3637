"""What is about which Redis, in programs that do not say it by a component of ours.

A security group, a secret or a key is judged only where a Redis uses it or it uses a Redis. That is
read from where values come from, which a preview knows before it knows the values, and from ids.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .resources import Resource


@dataclass(frozen=True)
class Link:
    """A property by which one resource refers to another."""

    sources: tuple[str, ...]
    """Types of what refers."""
    path: str
    targets: tuple[str, ...]
    """Types of what is referred to."""
    backwards: bool = False
    """Whether what refers belongs to the Redis of what it refers to. Else it is the other way."""
    when: Callable[[Resource], bool] = lambda _source: True
    """Of which sources it holds."""


def uses(sources: tuple[str, ...] | str, path: str, *targets: str) -> Link:
    """What a Redis, or something for it, uses: that is for the Redis too."""
    return Link((sources,) if isinstance(sources, str) else sources, path, targets)


def serves(
    sources: tuple[str, ...] | str,
    path: str,
    *targets: str,
    when: Callable[[Resource], bool] = lambda _source: True,
) -> Link:
    """What refers to a Redis, or to something for it: it is for the Redis."""
    found = (sources,) if isinstance(sources, str) else sources
    return Link(found, path, targets, backwards=True, when=when)


Anchor = Callable[[Resource, tuple[Resource, ...]], bool]
"""Whether a resource is about Redis by itself, also by what else there is."""


def kinds(*types: str) -> Anchor:
    """Resources of some types: all of them are about Redis."""
    return lambda resource, _all: resource.type in types


def circles(
    resources: tuple[Resource, ...],
    ours: frozenset[str] = frozenset(),
    *,
    links: Iterable[Link],
    anchors: Iterable[Anchor],
    clients: Iterable[Anchor] = (),
) -> dict[str, frozenset[str]]:
    """URNs of what is about the same Redis, by URN; nothing of what is about none.

    ours: URNs of what components of ours made, which is all about Redis. clients: find what only
    uses a Redis; what else such a resource has is about other things.

    What several caches share is in the circle of each, and brings them into no circle together.
    """
    reached = _reached(resources, tuple(links))
    tests = tuple(anchors)
    own = {
        one.urn: _closure(one.urn, reached)
        for one in resources
        if one.urn in ours or any(test(one, resources) for test in tests)
    }
    guests = tuple(clients)
    for one in resources:
        if one.urn not in own and any(test(one, resources) for test in guests):
            own[one.urn] = {one.urn}
    found: dict[str, set[str]] = defaultdict(set)
    for circle in own.values():
        for urn in circle:
            found[urn] |= circle
    # What is shared is in the circles of all that share it; a cache has only its own.
    return {urn: frozenset(own.get(urn, circle)) for urn, circle in found.items()}


def references(source: Resource, path: str, candidates: Iterable[Resource]) -> list[Resource]:
    """To which of some resources a property refers, by where its value comes from or by its id."""
    return _Named(candidates).by(source, path)


class _Named:
    """Resources by their URNs, and by the names with which others refer to them."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_urn = {one.urn: one for one in resources}
        self._by_name: dict[str, list[Resource]] = defaultdict(list)
        for one in self._by_urn.values():
            for name in one.names:
                self._by_name[name].append(one)

    def by(self, source: Resource, path: str) -> list[Resource]:
        """To which of them a property refers."""
        key = path.partition(".")[0]
        origins = source.sources.get(key, frozenset())
        found = {urn: self._by_urn[urn] for urn in sorted(origins) if urn in self._by_urn}
        for text in _texts(source.inputs.get(key)):
            for name in _words(text):
                found.update((one.urn, one) for one in self._by_name.get(name, ()))
        return list(found.values())


def _reached(resources: tuple[Resource, ...], links: tuple[Link, ...]) -> dict[str, set[str]]:
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for one in resources:
        by_type[one.type].append(one)
    found: dict[str, set[str]] = defaultdict(set)
    for link in links:
        targets = [one for type_ in link.targets for one in by_type.get(type_, ())]
        if not targets:
            continue
        named = _Named(targets)
        for source in (one for type_ in link.sources for one in by_type.get(type_, ())):
            for target in named.by(source, link.path) if link.when(source) else ():
                first, second = (target, source) if link.backwards else (source, target)
                found[first.urn].add(second.urn)
    return found


def _closure(urn: str, reached: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {urn}, [urn]
    while waiting:
        for one in reached.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in cast("Mapping[str, Any]", value).values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _texts(one)


_NODE = re.compile(r"(-\d{4})?-\d{3}$")
"""How the name of a node of ElastiCache ends, behind that of its group."""

_BREAKS = re.compile(r"[\s\"'(),;=\[\]{}]+")
"""What stands around an id in a policy, a filter or an expression."""


def _words(text: str) -> set[str]:
    """The names that a text can be, or hold where it is a policy, a filter or an expression."""
    inside = _BREAKS.split(text) if len(text) < LONGEST else [text]
    longer = {one.removesuffix(":*") for one in inside if "/" in one or ":" in one}
    return {text, _NODE.sub("", text), *longer}


LONGEST = 100_000
"""A text of more characters is data, in which no id is looked for."""
