"""The `azure-native` provider: one algorithm for all resource types, and their descriptions.

A resource is one PUT at the path that its inputs make, read by a GET, taken away by a DELETE.
"""

import hashlib
import secrets
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from cloud.standin.errors import Failure, ProviderError
from cloud.standin.operations import CloudError, Diff, Operations, Urn
from cloud.standin.resource import Values, Work
from cloud.standin.schema import Shape
from cloud.standin.store import FakeCloud
from cloud.standin.wire import UNKNOWN, contains_unknown

from . import configuration, validation
from .api import DATA_PLANE, ApiError, AzureApi
from .arm import Arm, ArmError
from .difference import changes, differences, drifted
from .functions import invoke, path_of
from .resources import RESOURCES, AzureResource

CREATE_FIRST = "__createBeforeDelete"
"""Among the inputs: the name was made at random, so a successor can be there at the same time."""

RANDOM_DIGITS = 8


class AzureProvider(Operations):
    """The provider over one fake cloud."""

    name = "azure-native"
    version = "3.29.0"

    def __init__(self, cloud: FakeCloud) -> None:
        super().__init__(cloud)
        self.config: Values = {}
        self._identity: configuration.Identity | None = None

    @property
    def identity(self) -> configuration.Identity:
        """Who the provider is. Raises ProviderError when it was not told."""
        if self._identity is None:
            self._identity = configuration.identity(self.config)
        return self._identity

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the keys of the provider's own configuration."""
        return configuration.check_config(values)

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """The provider itself is never replaced."""
        return []

    def configure(self, values: Values) -> None:
        """Takes the configuration. Raises ProviderError where credentials are missing."""
        self.config = values
        self._identity = configuration.identity(values)

    def resource(self, token: str) -> AzureResource:
        """The type. Raises ProviderError for one that is not modelled."""
        if token not in RESOURCES:
            raise ProviderError(
                f"Resource type {token} not found. The stand-in of {self.name} has no such type"
            )
        return RESOURCES[token]

    def check(
        self, urn: Urn, olds: Values, news: Values, seed: bytes = b""
    ) -> tuple[Values, list[Failure]]:
        """The inputs with names and locations, and what is wrong with them."""
        resource = self.resource(urn.token)
        inputs = {name: value for name, value in news.items() if not name.startswith("__")}
        self._name(resource, urn.name, olds, inputs, seed)
        if resource.located and "location" not in inputs:
            location = self._location(olds, inputs)
            if location is not None:
                inputs["location"] = location
        failures = validation.check(resource, inputs)
        inputs["azureApiVersion"] = resource.api
        return inputs, [Failure(one.path, f"{urn.name}: {one.reason}") for one in failures]

    def _name(
        self, resource: AzureResource, logical: str, olds: Values, inputs: Values, seed: bytes
    ) -> None:
        key = resource.parameters[-1]
        if key in inputs:
            return
        if key in olds:
            inputs[key] = olds[key]
            at_random = bool(olds.get(CREATE_FIRST))
        else:
            digits = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(32)
            inputs[key] = {
                "random": logical + digits[:RANDOM_DIGITS],
                "uuid": str(uuid.UUID(digits[:32])),
                "copy": logical,
            }[resource.naming]
            at_random = resource.naming != "copy"
        if at_random:
            inputs[CREATE_FIRST] = True

    def _location(self, olds: Values, inputs: Values) -> Any:
        """The old location, the configured one, or the resource group's."""
        if "location" in olds:
            return olds["location"]
        if self.config.get("location"):
            return self.config["location"]
        group = inputs.get("resourceGroupName")
        if group is None:
            return None
        if contains_unknown(group):
            return UNKNOWN
        arm = Arm(self.cloud, self.identity.subscription)
        try:
            found = arm.find(f"/subscriptions/{arm.subscription}/resourceGroups/{group}")
        except (ArmError, ValueError):
            return None
        return found["location"] if found else None

    def diff(
        self,
        urn: Urn,
        state: Values,
        news: Values,
        ignored: Collection[str] = (),
        old_inputs: Values | None = None,
    ) -> Diff:
        """What an update from the old inputs to the new ones would do."""
        found = changes(self.resource(urn.token), old_inputs or {}, news, state)
        replacing = frozenset(one.path for one in found if one.replaces)
        first = bool(replacing) and not (old_inputs or {}).get(CREATE_FIRST)
        return Diff(differences(found), replacing, first)

    def create(self, urn: Urn, news: Values, *, preview: bool = False) -> tuple[str, Values]:
        """Makes the resource, or says what a preview can know of it."""
        resource = self.resource(urn.token)
        if preview:
            return "", self._planned(resource, news)
        work = self.work("create", urn)
        identifier = path_of(resource, self.identity.subscription, news)
        api = self._api(work)

        def make() -> tuple[str, Values]:
            if api.get(identifier, resource.api) is not None:
                raise ProviderError(f"cannot create already existing resource '{identifier}'")
            body = resource.body(_inputs(news))
            for path in resource.maintained:
                _set_default(body, path, [])
            api.put(identifier, body, resource.api)
            found = self._outputs(resource, api, identifier)
            work.made = found[0]
            return found

        return self.operation(work, make, news, self._knower(resource, api))

    def update(
        self,
        urn: Urn,
        identifier: str,
        state: Values,
        news: Values,
        *,
        preview: bool = False,
        ignored: Collection[str] = (),
        old_inputs: Values | None = None,
    ) -> Values:
        """Sends the whole resource again, or says what a preview can know."""
        resource = self.resource(urn.token)
        if preview:
            settled = {name: state[name] for name in ("name", "location") if name in state}
            return {**self._planned(resource, news), **settled}
        work = self.work("update", urn, identifier)
        api = self._api(work)

        def change() -> tuple[str, Values]:
            body = resource.body(_inputs(news))
            for path in resource.maintained:
                if _reached(body, path) is None:
                    kept = _reached(api.get(identifier, resource.api) or {}, path)
                    _set_default(body, path, kept or [])
            api.put(identifier, body, resource.api)
            return self._outputs(resource, api, identifier)

        return self.operation(work, change, news, self._knower(resource, api))[1]

    def read(self, urn: Urn, identifier: str, state: Values, olds: Values) -> tuple[Values, Values]:
        """Outputs as they are now; inputs with what drifted since the last look."""
        resource = self.resource(urn.token)
        work = self.work("read", urn, identifier)
        api = self._api(work)
        fault = self.before(work)
        try:
            found = api.get(identifier, resource.api)
        except ApiError as error:
            raise ProviderError(str(error)) from None
        self.after(fault)
        if found is None:
            return {}, {}
        outputs = resource.outputs_from(found)
        if not olds:
            return outputs, self._imported(resource, identifier, found)
        ours = [path.removeprefix("properties.") for path in resource.maintained]
        unset = {name for name in ours if name not in olds}
        before, now = (
            {key: one for key, one in resource.as_inputs(values).items() if key not in unset}
            for values in (state, outputs)
        )
        return outputs, drifted(olds, before, now)

    @staticmethod
    def _imported(resource: AzureResource, identifier: str, response: Values) -> Values:
        """Inputs for a resource that nobody has described yet: from its id and what is there."""
        names = validation.path_values(resource, identifier)
        inputs = {**resource.inputs_from(response), **names, "azureApiVersion": resource.api}
        return {name: value for name, value in inputs.items() if value not in ("", [], {})}

    def delete(
        self, urn: Urn, identifier: str, state: Values, old_inputs: Values | None = None
    ) -> None:
        """Takes the resource away."""
        resource = self.resource(urn.token)
        work = self.work("delete", urn, identifier)
        api = self._api(work)

        def take() -> tuple[str, Values]:
            if resource.data_plane_delete:
                self._delete_at_service(resource, api, identifier)
            else:
                api.delete(identifier, resource.api)
            return identifier, {}

        self.operation(work, take, state, self._knower(resource, api))

    @staticmethod
    def _delete_at_service(resource: AzureResource, api: AzureApi, identifier: str) -> None:
        try:
            api.post(identifier, DATA_PLANE, {}, resource.api)
        except ApiError as error:
            if error.status != 404:
                raise

    def invoke(self, token: str, arguments: Values) -> Values:
        """Answers a function, late or not at all if that was asked for. Raises ProviderError."""
        self.before(Work("invoke", token, ""))
        return invoke(self.cloud, self.identity, token, arguments)

    def _api(self, work: Any) -> AzureApi:
        return AzureApi(self.cloud, work, self.identity.subscription)

    @staticmethod
    def _outputs(resource: AzureResource, api: AzureApi, identifier: str) -> tuple[str, Values]:
        found = api.get(identifier, resource.api)
        if found is None:
            raise ProviderError(f"resource created but read failed: {identifier} was not found")
        return found["id"], resource.outputs_from(found)

    def _knower(self, resource: AzureResource, api: AzureApi) -> Any:
        """What reads as much of the outputs as can be read after a failure."""

        def known(identifier: str) -> Values:
            try:
                return self._outputs(resource, api, identifier)[1]
            except (CloudError, ProviderError):
                return {}

        return known

    @staticmethod
    def _planned(resource: AzureResource, news: Values) -> Values:
        """Outputs of a resource that is only planned: what the cloud decides is unknown."""
        own = _inputs(news)
        return {
            name: _planned_value(shape, own[name], resource, name) if name in own else UNKNOWN
            for name, shape in resource.outputs.items()
        }


def _planned_value(shape: Shape, value: Any, resource: AzureResource, name: str) -> Any:
    """An input as an output: fields that the input does not have are unknown."""
    if shape.kind == "object" and isinstance(value, Mapping):
        return {
            inner: _planned_value(one.shape, value[inner], resource, name)
            if inner in value
            else UNKNOWN
            for inner, one in shape.fields.items()
        }
    if shape.kind == "array" and isinstance(value, list) and shape.item is not None:
        return [_planned_value(shape.item, one, resource, name) for one in value]
    if shape.kind == "map" and not isinstance(value, Mapping):
        # A list of names on the way in, a map of what the cloud knows of them on the way out.
        return UNKNOWN
    return value


def _inputs(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _reached(body: Mapping[str, Any], path: str) -> Any:
    found: Any = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _set_default(body: Values, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        body = body.setdefault(name, {})
    body.setdefault(last, value)
