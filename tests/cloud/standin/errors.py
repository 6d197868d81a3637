"""What a provider tells the engine when it refuses or fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Failure:
    """One input that Check refuses. The reason never holds a secret's value."""

    path: str
    reason: str


class PlanError(Exception):
    """A plan that the provider refuses by itself, before it asks the cloud."""


class ProviderError(Exception):
    """An operation that failed and left nothing that the engine must know of."""


class PartialError(Exception):
    """An operation that failed after the resource came to exist.

    The engine records the resource with these outputs and its reasons, and tries to finish it in
    the next run.
    """

    def __init__(
        self, resource_id: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any], reason: str
    ) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.outputs = outputs
        self.inputs = inputs
        self.reason = reason
