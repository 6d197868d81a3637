"""The stand-in of Azure driven in process, as the engine would drive it, a resource at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.standin.errors import PartialError, ProviderError
from cloud.standin.operations import CloudError, Urn
from cloud.standin.resource import Values, Work

from .api import AzureApi
from .arm import TYPES, Arm
from .cloud import CREDENTIALS, AzureCloud
from .identifiers import ArmId
from .provider import CREATE_FIRST, AzureProvider
from .resources import RESOURCES

TOKENS = {
    # Two services have a type of this name.
    "ManagedAccessPolicyAssignment": "azure-native:redisenterprise:AccessPolicyAssignment",
    **{
        token.rpartition(":")[2]: token
        for token in RESOURCES
        if token != "azure-native:redisenterprise:AccessPolicyAssignment"
    },
}
"""Tokens by the name of the SDK's class."""

assert len(TOKENS) == len(RESOURCES)

TOKENS |= {token.removeprefix("azure-native:"): token for token in RESOURCES}
"""Also by module and class: `redis:AccessPolicyAssignment`."""

CONFIG = {
    "subscriptionId": CREDENTIALS["ARM_SUBSCRIPTION_ID"],
    "tenantId": CREDENTIALS["ARM_TENANT_ID"],
    "clientId": CREDENTIALS["ARM_CLIENT_ID"],
    "clientSecret": CREDENTIALS["ARM_CLIENT_SECRET"],
    "location": "westeurope",
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
        self._given: dict[tuple[str, str], Values] = {}
        self.attach(root)

    def attach(self, root: Path) -> None:
        """Works on the fake cloud in a directory from now on."""
        self.cloud = AzureCloud(root)
        self.stand_in = AzureProvider(self.cloud)
        self.stand_in.configure(CONFIG)
        self.arm = Arm(self.cloud)

    def put(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Makes the resource, or brings it to these inputs. Raises RefusedError."""
        given = {key: value for key, value in inputs.items() if value is not None}
        try:
            held = self._put(Urn(TOKENS[kind], name), (kind, name), given)
        except (PartialError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        self._given[kind, name] = given
        return held

    def _put(self, urn: Urn, key: tuple[str, str], given: Mapping[str, Any]) -> Held:
        old = self.state.get(key)
        checked, failures = self.stand_in.check(urn, old.inputs if old else {}, dict(given))
        if failures:
            raise RefusedError("\n".join(failure.reason for failure in failures))
        if old is None:
            self.state[key] = self._create(urn, checked)
            return self.state[key]
        diff = self.stand_in.diff(urn, old.outputs, checked, old_inputs=old.inputs)
        if not diff.replaces:
            outputs = old.outputs
            if diff.found:
                outputs = self.stand_in.update(
                    urn, old.identifier, old.outputs, checked, old_inputs=old.inputs
                )
            self.state[key] = Held(old.identifier, checked, outputs)
            return self.state[key]
        # As the engine does: without the old inputs, so that names are made anew.
        checked, _ = self.stand_in.check(urn, {}, dict(given))
        if diff.delete_first:
            self.stand_in.delete(urn, old.identifier, old.outputs, old.inputs)
        self.state[key] = self._create(urn, checked)
        if not diff.delete_first:
            self.stand_in.delete(urn, old.identifier, old.outputs, old.inputs)
        return self.state[key]

    def _create(self, urn: Urn, checked: Values) -> Held:
        identifier, outputs = self.stand_in.create(urn, checked)
        return Held(identifier, checked, outputs)

    def change(self, kind: str, name: str, /, **inputs: Any) -> Held:
        """Brings the resource to its inputs with some of them changed; None leaves one out."""
        return self.put(kind, name, **{**self._given[kind, name], **inputs})

    def replaces(self, kind: str, name: str, /, **inputs: Any) -> set[str]:
        """The properties because of which such a change would make a new resource."""
        old = self.state[kind, name]
        urn = Urn(TOKENS[kind], name)
        wanted = {**self._given[kind, name], **inputs}
        given = {key: value for key, value in wanted.items() if value is not None}
        checked, failures = self.stand_in.check(urn, old.inputs, given)
        assert failures == []
        return set(self.stand_in.diff(urn, old.outputs, checked, old_inputs=old.inputs).replaces)

    def changes(self, kind: str, name: str, /) -> set[str]:
        """The properties that would change if the same inputs came again after a refresh."""
        held = self.state[kind, name]
        urn = Urn(TOKENS[kind], name)
        outputs, inputs = self.stand_in.read(urn, held.identifier, held.outputs, held.inputs)
        checked, failures = self.stand_in.check(urn, inputs, dict(self._given[kind, name]))
        assert failures == []
        diff = self.stand_in.diff(urn, outputs, checked, old_inputs=inputs)
        return {one.name for one in diff.found}

    def drop(self, kind: str, name: str, /) -> None:
        """Takes the resource away. Raises RefusedError."""
        held = self.state[kind, name]
        try:
            urn = Urn(TOKENS[kind], name)
            self.stand_in.delete(urn, held.identifier, held.outputs, held.inputs)
        except (PartialError, ProviderError) as error:
            raise RefusedError(str(error)) from None
        del self.state[kind, name]

    def ask(self, method: str, identifier: str, body: Values | None = None) -> Values:
        """Asks Azure directly: `POST` with the action at the end of the id. Raises RefusedError.

        A PUT is waited for.
        """
        place = identifier.rpartition("/")[0] if method == "POST" else identifier
        api_version = TYPES[ArmId.parse(place).type.lower()].api
        api = AzureApi(self.cloud, Work("", "", ""))
        try:
            if method == "PUT":
                api.put(identifier, body or {}, api_version)
            elif method == "DELETE":
                api.delete(identifier, api_version)
            elif method == "POST":
                inner, _, action = identifier.rpartition("/")
                return api.post(inner, action, body or {}, api_version)
            return api.get(identifier, api_version) or {}
        except CloudError as error:
            raise RefusedError(str(error)) from None


__all__ = ["CONFIG", "CREATE_FIRST", "TOKENS", "Driver", "Held", "RefusedError"]
