"""Stacks that are wrong on purpose: each rule must notice what it is there for."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .planned import Mark, Planned, PlannedStack

Mutation = Callable[[PlannedStack], PlannedStack]

REMOVED = Mark.UNKNOWN


def with_inputs(kind: str, **changes: Any) -> Mutation:
    """All resources of a type with other inputs. REMOVED takes one away."""
    return with_values(kind, changes)


def with_values(kind: str, changes: Mapping[str, Any]) -> Mutation:
    """All resources of a type with other values at some paths, such as `rules[].access`.

    `[]` means every item of a list. REMOVED takes a value away.
    """

    def mutate(stack: PlannedStack) -> PlannedStack:
        assert stack.of(kind), f"no {kind}"
        changed = {one.urn: replace(one, inputs=_merged(one, changes)) for one in stack.of(kind)}
        return replace(stack, resources={**stack.resources, **changed})

    return mutate


def _merged(one: Planned, changes: Mapping[str, Any]) -> dict[str, Any]:
    inputs = copy.deepcopy(dict(one.inputs))
    for path, value in changes.items():
        _set(inputs, path.split("."), value)
    return inputs


def _set(within: dict[str, Any], path: list[str], value: Any) -> None:
    key, *rest = path
    name = key.removesuffix("[]")
    if rest:
        inner = within.setdefault(name, {})
        for item in inner if key.endswith("[]") else [inner]:
            _set(item, rest, value)
    elif value is REMOVED:
        within.pop(name, None)
    else:
        within[name] = value


def without(kind: str) -> Mutation:
    """No resource of a type."""

    def mutate(stack: PlannedStack) -> PlannedStack:
        gone = {one.urn for one in stack.of(kind)}
        assert gone, f"no {kind}"
        left = {urn: one for urn, one in stack.resources.items() if urn not in gone}
        return replace(stack, resources=left)

    return mutate


def with_resource(token: str, identifier: str = "extra", /, **inputs: Any) -> Mutation:
    """One more resource. identifier: its id in the cloud."""

    def mutate(stack: PlannedStack) -> PlannedStack:
        one = Planned(
            urn=f"urn:pulumi:test::test::{token}::{identifier}",
            type=token,
            name=identifier.rpartition("/")[2],
            protect=False,
            inputs=inputs,
            planned=inputs,
            outputs={"id": identifier},
            sources={},
        )
        return replace(stack, resources={**stack.resources, one.urn: one})

    return mutate


def both(*mutations: Mutation) -> Mutation:
    """Several at once."""

    def mutate(stack: PlannedStack) -> PlannedStack:
        for mutation in mutations:
            stack = mutation(stack)
        return stack

    return mutate
