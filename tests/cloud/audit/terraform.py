"""Planned resources as the JSON of a Terraform plan, which Checkov reads."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .planned import PlannedStack


class UnrenderedError(Exception):
    """A planned resource, or an input, that has no counterpart in Terraform."""


@dataclass(frozen=True)
class Rendered:
    """One resource in Terraform's notation."""

    type: str
    name: str
    values: Mapping[str, Any]
    secret: tuple[str, ...] = ()
    """Arguments that are left out because they are secret: known after the creation."""
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, Any])
    """By place of the argument, addresses of the resources that it came from."""

    @property
    def address(self) -> str:
        """The resource's address in the plan."""
        return f"{self.type}.{self.name}"


Render = Callable[[PlannedStack], Iterable[Rendered]]
"""Writes the resources of a stack in Terraform's notation. Raises UnrenderedError."""


def plan(stack: PlannedStack, provider: str, render: Render) -> dict[str, Any]:
    """The stack as a plan that creates everything.

    Values are those that the resources got, so that no rule passes on an unknown one; secrets are
    left out and marked as known after the creation; where a value came from another resource, the
    configuration refers to it.
    """
    everything = list(render(stack))
    if len({one.address for one in everything}) != len(everything):
        raise UnrenderedError("two resources have one address")
    identities = [_identity(one, provider) for one in everything]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {**identity, "values": dict(one.values)}
                    for identity, one in zip(identities, everything, strict=True)
                ]
            }
        },
        "resource_changes": [
            {**identity, "change": _change(one)}
            for identity, one in zip(identities, everything, strict=True)
        ],
        "configuration": {
            "provider_config": {
                provider: {
                    "name": provider,
                    "expressions": {"region": {"constant_value": stack.region}},
                }
            },
            "root_module": {
                "resources": [
                    {**identity, "expressions": _expressions(one)}
                    for identity, one in zip(identities, everything, strict=True)
                ]
            },
        },
    }


def _identity(one: Rendered, provider: str) -> dict[str, Any]:
    return {
        "address": one.address,
        "mode": "managed",
        "type": one.type,
        "name": one.name,
        "provider_name": provider,
    }


def _change(one: Rendered) -> dict[str, Any]:
    return {
        "actions": ["create"],
        "before": None,
        "after": dict(one.values),
        "after_unknown": {**dict.fromkeys(one.secret, True), "id": True},
        "after_sensitive": dict.fromkeys(one.secret, True),
    }


def _expressions(one: Rendered) -> dict[str, Any]:
    expressions: dict[str, Any] = {}
    for place, addresses in one.references.items():
        if addresses:
            names = [name for to in addresses for name in (f"{to}.id", to)]
            put(expressions, place.removesuffix("[0]"), {"references": names})
    return expressions


def put(values: dict[str, Any], place: str, value: Any) -> None:
    """Puts a value at a place such as `security_rule[1].name`, and makes what is above it."""
    within: Any = values
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", place)]
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        new = value if after is None else [] if isinstance(after, int) else {}
        if isinstance(step, int):
            # What has no value of its own stands between two that have.
            within.extend({} for _ in range(step + 1 - len(within)))
            if after is None or not within[step]:
                within[step] = new
        elif after is None or step not in within:
            within[step] = new
        within = within[step]
