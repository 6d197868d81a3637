"""A stand-in of a bridged provider driven in process, as the engine would drive it."""

import shutil
from collections.abc import Mapping
from copy import copy, deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .errors import PartialError, PlanError, ProviderError
from .operations import Urn
from .provider import DEFAULTED, StandIn
from .resource import Values

OwnDriver = TypeVar("OwnDriver", bound="BridgedDriver")


class RefusedError(Exception):
    """What the provider or the cloud said."""


@dataclass
class Held:
    """A resource in the state."""

    identifier: str
    inputs: Values
    outputs: Values


class BridgedDriver:
    """A stack without an engine: what it holds, and operations on it.

    A cloud's driver says what stands in and how its types are called.
    """

    stand_in: StandIn
    tokens: Mapping[str, str]
    """Tokens by the names that tests use."""

    def __init__(self) -> None:
        self.state: dict[tuple[str, str], Held] = {}

    def attach(self, root: Path) -> None:
        """Works on the fake cloud in a directory from now on."""
        raise NotImplementedError

    def copy(self: OwnDriver, root: Path) -> OwnDriver:  # noqa: PYI019 - Python 3.10
        """The same stack and the same cloud in another directory."""
        shutil.copytree(self.stand_in.cloud.root, root)
        twin = copy(self)
        twin.state = deepcopy(self.state)
        twin.attach(root)
        return twin

    def all_valid(self) -> Mapping[str, Values]:
        """Inputs that are accepted, by type."""
        raise NotImplementedError

    def valid(self, kind: str) -> Values:
        """Inputs of a type that are accepted."""
        return dict(self.all_valid()[kind])

    def make(self, kind: str, name: str, /, **changes: Any) -> Held:
        """A valid resource of a type with some inputs changed; None leaves one out."""
        return self.put(kind, name, **{**self.valid(kind), **changes})

    def urn(self, kind: str, name: str) -> Urn:
        """A resource's place in the stack."""
        return Urn(self.tokens[kind], name)

    def put(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Makes the resource, or brings it to these inputs. Raises RefusedError."""
        try:
            return self._put(self.urn(kind, name), (kind, name), inputs)
        except (PartialError, PlanError, ProviderError) as error:
            raise RefusedError(str(error)) from None

    def _put(self, urn: Urn, key: tuple[str, str], inputs: Mapping[str, Any]) -> Held:
        old = self.state.get(key)
        given = {name: value for name, value in inputs.items() if value is not None}
        checked, failures = self.stand_in.check(urn, old.inputs if old else {}, given)
        if failures:
            raise RefusedError("\n".join(failure.reason for failure in failures))
        if old is None:
            self.state[key] = self._create(urn, checked)
            return self.state[key]
        diff = self.stand_in.diff(urn, old.outputs, checked)
        if not diff.replaces:
            outputs = self.stand_in.update(urn, old.identifier, old.outputs, checked)
            self.state[key] = Held(old.identifier, checked, outputs)
            return self.state[key]
        # As the engine does: without the old inputs, so that names are made anew.
        checked, _ = self.stand_in.check(urn, {}, given)
        if diff.delete_first:
            self.stand_in.delete(urn, old.identifier, old.outputs)
        self.state[key] = self._create(urn, checked)
        if not diff.delete_first:
            self.stand_in.delete(urn, old.identifier, old.outputs)
        return self.state[key]

    def _create(self, urn: Urn, checked: Values) -> Held:
        identifier, outputs = self.stand_in.create(urn, checked)
        return Held(identifier, checked, outputs)

    def change(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Brings the resource to its inputs with some of them changed; None leaves one out."""
        return self.put(kind, name, **{**self.given(kind, name), **inputs})

    def replaces(self, kind: str, name: str, /, **inputs: Any) -> set[str]:
        """The inputs because of which such a change would make a new resource."""
        old = self.state[kind, name]
        urn = self.urn(kind, name)
        wanted = {**self.given(kind, name), **inputs}
        given = {key: value for key, value in wanted.items() if value is not None}
        checked, failures = self.stand_in.check(urn, old.inputs, given)
        assert failures == []
        return set(self.stand_in.diff(urn, old.outputs, checked).replaces)

    def given(self, kind: str, name: str) -> Values:
        """What the program gave: the inputs without those that the provider filled in."""
        inputs = self.state[kind, name].inputs
        filled = {DEFAULTED, *inputs[DEFAULTED]}
        return {key: value for key, value in inputs.items() if key not in filled}

    def drop(self, kind: str, name: str, /) -> None:
        """Takes the resource away. Raises RefusedError."""
        held = self.state[kind, name]
        try:
            self.stand_in.delete(self.urn(kind, name), held.identifier, held.outputs)
        except (PartialError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        del self.state[kind, name]
