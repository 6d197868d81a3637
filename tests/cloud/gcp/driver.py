"""The stand-in of Google Cloud driven in process, as the engine would drive it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.standin.errors import PartialError, PlanError, ProviderError
from cloud.standin.operations import CloudError, Urn
from cloud.standin.provider import DEFAULTED
from cloud.standin.resource import Values

from .cloud import CREDENTIALS, PROJECT_ID, REGION, GcpCloud
from .google import Body, GoogleError
from .package import GoogleStandIn
from .resources import RESOURCES

TOKENS = {
    # Two services have a type of this name.
    "Valkey": "gcp:memorystore/instance:Instance",
    **{
        token.rpartition(":")[2]: token
        for token in RESOURCES
        if token != "gcp:memorystore/instance:Instance"
    },
}
"""Tokens by the name of the SDK's class; `Instance` is the one of Redis."""

assert len(TOKENS) == len(RESOURCES)

CONFIG = {
    "project": PROJECT_ID,
    "region": REGION,
    "accessToken": CREDENTIALS["GOOGLE_OAUTH_ACCESS_TOKEN"],
}


class RefusedError(Exception):
    """What the provider or the cloud said."""


@dataclass
class Held:
    """A resource in the state."""

    identifier: str
    inputs: Values
    outputs: Values


class Driver:
    """A stack without an engine: what it holds, and operations on it."""

    def __init__(self, root: Path) -> None:
        self.state: dict[tuple[str, str], Held] = {}
        self.attach(root)
        self.cloud.add_project(PROJECT_ID)

    def attach(self, root: Path) -> None:
        """Works on the fake cloud in a directory from now on."""
        self.cloud = GcpCloud(root)
        self.stand_in = GoogleStandIn(self.cloud)
        self.stand_in.configure(CONFIG)

    def put(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Makes the resource, or brings it to these inputs. Raises RefusedError."""
        try:
            return self._put(Urn(TOKENS[kind], name), (kind, name), inputs)
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
            outputs = old.outputs
            if diff.found:
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
        self.stand_in.create(urn, checked, preview=True)
        identifier, outputs = self.stand_in.create(urn, checked)
        return Held(identifier, checked, outputs)

    def change(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Brings the resource to its inputs with some of them changed; None leaves one out."""
        return self.put(kind, name, **{**self._given(kind, name), **inputs})

    def replaces(self, kind: str, name: str, /, **inputs: Any) -> set[str]:
        """The inputs because of which such a change would make a new resource."""
        old = self.state[kind, name]
        urn = Urn(TOKENS[kind], name)
        wanted = {**self._given(kind, name), **inputs}
        given = {key: value for key, value in wanted.items() if value is not None}
        checked, failures = self.stand_in.check(urn, old.inputs, given)
        assert failures == []
        return set(self.stand_in.diff(urn, old.outputs, checked).replaces)

    def _given(self, kind: str, name: str) -> Values:
        """What the program gave: the inputs without those that the provider filled in."""
        inputs = self.state[kind, name].inputs
        filled = {DEFAULTED, *inputs[DEFAULTED]}
        return {key: value for key, value in inputs.items() if key not in filled}

    def changes(self, kind: str, name: str, /) -> set[str]:
        """The inputs that would change if the same inputs came again after a refresh."""
        held = self.state[kind, name]
        urn = Urn(TOKENS[kind], name)
        outputs, inputs = self.stand_in.read(urn, held.identifier, held.outputs, held.inputs)
        given = self._given(kind, name)
        checked, failures = self.stand_in.check(urn, inputs, given)
        assert failures == []
        return {one.name for one in self.stand_in.diff(urn, outputs, checked).found}

    def refresh(self, kind: str, name: str, /) -> Held | None:
        """What the cloud has now in the place of what the state has; None: it is gone."""
        held = self.state[kind, name]
        urn = Urn(TOKENS[kind], name)
        try:
            outputs, inputs = self.stand_in.read(urn, held.identifier, held.outputs, held.inputs)
        except (CloudError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        if not outputs:
            del self.state[kind, name]
            return None
        self.state[kind, name] = Held(held.identifier, inputs, outputs)
        return self.state[kind, name]

    def drop(self, kind: str, name: str, /) -> None:
        """Takes the resource away. Raises RefusedError."""
        held = self.state[kind, name]
        try:
            self.stand_in.delete(Urn(TOKENS[kind], name), held.identifier, held.outputs)
        except (PartialError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        del self.state[kind, name]

    def ask(
        self, method: str, address: str, body: Body | None = None, /, **query: str
    ) -> dict[str, Any]:
        """Asks a service directly: `redis.googleapis.com/v1/projects/...`. Raises RefusedError.

        A long-running operation is not waited for.
        """
        try:
            return self.cloud.google.ask(method, f"https://{address}", body, query)
        except GoogleError as error:
            raise RefusedError(f"Error {error.http}, {error.status}: {error.message}") from None
