"""Resources of a bridged provider in Terraform's notation.

A bridged provider of Pulumi's is made from Terraform's: types and arguments are the same, but for
their notation and a few names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .planned import Archive, Mark, Planned, PlannedStack
from .terraform import Rendered, UnrenderedError

Of = tuple[str, str]
"""A type token and an input, or what is within one."""


@dataclass(frozen=True)
class Notation:
    """How the resources of one provider are written."""

    types: Mapping[str, str]
    """Terraform's resource types by token."""
    names: Mapping[Of, str]
    """Arguments whose name does not follow from Pulumi's: blocks are singular in Terraform."""
    maps: frozenset[str]
    """Inputs that are maps. Other groups are blocks, which a plan has as lists."""
    unset: Mapping[Of, Any] = field(default_factory=dict[Of, Any])
    """Defaults that mean the same as none, for rules that ask only whether there is a value."""

    def render(self, stack: PlannedStack) -> Iterator[Rendered]:
        """The resources of a stack. Raises UnrenderedError."""
        addresses = {urn: f"{self._kind(one)}.{one.name}" for urn, one in stack.resources.items()}
        for one in stack.resources.values():
            hidden = [key for key, value in one.inputs.items() if value is Mark.SECRET]
            yield Rendered(
                type=self._kind(one),
                name=one.name,
                values=self._values(one),
                secret=tuple(self._argument(one, key) for key in hidden),
                references={
                    self._argument(one, key): tuple(
                        addresses[urn] for urn in one.sources.get(key, ()) if urn in addresses
                    )
                    for key in one.inputs
                },
            )

    def _kind(self, one: Planned) -> str:
        if one.type not in self.types:
            raise UnrenderedError(f"{one.type} has no counterpart in Terraform")
        return self.types[one.type]

    def _argument(self, one: Planned, key: str) -> str:
        snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()
        return self.names.get((one.type, key), snake)

    def _values(self, one: Planned) -> dict[str, Any]:
        return {
            self._argument(one, key): self._rendered(one, key, value)
            for key, value in one.inputs.items()
            if value is not Mark.SECRET and value != self.unset.get((one.type, key), Mark.UNKNOWN)
        }

    def _rendered(self, one: Planned, key: str, value: Any) -> Any:
        if isinstance(value, Archive):
            return next(iter(value.files))
        if isinstance(value, Mapping) and key in self.maps:
            return dict(value)
        if isinstance(value, Mapping):
            block = {
                self._argument(one, name): self._rendered(one, name, item)
                for name, item in value.items()
            }
            return [block]
        if isinstance(value, list):
            return [
                self._rendered(one, key, item)[0] if isinstance(item, Mapping) else item
                for item in value
            ]
        return value
