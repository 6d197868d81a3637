"""The provider protocol over a package of resource types and a fake cloud.

What a bridged Terraform provider does with a request of the engine, with every step that asks the
cloud left to the resource types. Nothing here knows a cloud or our component.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from .difference import differences
from .errors import Failure, PlanError, ProviderError
from .operations import CloudError, Diff, Operations, Urn
from .resource import Resource, Values, Work
from .schema import check
from .store import FakeCloud
from .wire import UNKNOWN

DEFAULTED = "__defaults"
"""Names of inputs that the provider filled in, kept among the inputs as the bridge keeps them."""


class Package(Protocol):
    """A cloud's part of a stand-in."""

    name: str
    version: str
    resources: Mapping[str, Resource]

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the provider's own configuration."""
        ...

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """Keys of the configuration whose change means another provider."""
        ...

    def api(self, cloud: FakeCloud, config: Values, work: Work, inputs: Values) -> Any:
        """The cloud's interface, as a resource type asks it during one operation."""
        ...

    def invoke(self, cloud: FakeCloud, config: Values, token: str, arguments: Values) -> Values:
        """Answers a function. Raises ProviderError."""
        ...


class StandIn(Operations):
    """A provider of one package, over one fake cloud."""

    def __init__(self, package: Package, cloud: FakeCloud) -> None:
        super().__init__(cloud)
        self.package = package
        self.name, self.version = package.name, package.version
        self.config: Values = {}

    def told(self, text: str) -> str:
        """An error as the bridge prints the one of a Terraform provider."""
        return _listed(text)

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the provider's own configuration."""
        return self.package.check_config(values)

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """Keys of the configuration whose change means another provider."""
        return self.package.replaces_provider(old, new)

    def configure(self, values: Values) -> None:
        """Takes the configuration."""
        self.config = values

    def resource(self, token: str) -> Resource:
        """The type. Raises ProviderError for one that the package does not have."""
        if token not in self.package.resources:
            raise ProviderError(
                f"Unrecognized resource type (Check): {token}. The stand-in of {self.package.name} "
                "has no such type"
            )
        return self.package.resources[token]

    def check(
        self, urn: Urn, olds: Values, news: Values, seed: bytes = b""
    ) -> tuple[Values, list[Failure]]:
        """The inputs with defaults and names, and what is wrong with them."""
        resource = self.resource(urn.token)
        given = {name: value for name, value in news.items() if not name.startswith("__")}
        inputs, defaulted = self._complete(resource, urn.name, olds, given, seed)
        failures = check(resource.schema.inputs, given)
        strange = given.keys() & resource.schema.inputs.keys() - resource.models
        failures += [
            Failure(one, f'What the cloud does with "{one}" is not known to this stand-in')
            for one in sorted(strange)
        ]
        failures += [
            Failure(name, _missing(name)) for name in sorted(resource.required - inputs.keys())
        ]
        if not failures:
            failures += resource.validate(inputs)
        failures = [_located(urn.name, failure) for failure in failures]
        return {**inputs, DEFAULTED: sorted(defaulted)}, failures

    @staticmethod
    def _complete(
        resource: Resource, name: str, olds: Values, given: Values, seed: bytes
    ) -> tuple[Values, set[str]]:
        inputs = dict(given)
        defaulted = {key for key in resource.defaults if key not in inputs}
        inputs.update({key: resource.defaults[key] for key in defaulted})
        auto = resource.named
        if auto and auto.prop not in inputs and f"{auto.prop}Prefix" not in inputs:
            defaulted.add(auto.prop)
            # A name that was made once stays as long as the resource.
            if auto.prop in (olds.get(DEFAULTED) or ()) and olds.get(auto.prop):
                inputs[auto.prop] = olds[auto.prop]
            else:
                inputs[auto.prop] = auto.make(name, seed)
        return inputs, defaulted

    def diff(
        self,
        urn: Urn,
        state: Values,
        news: Values,
        ignored: Collection[str] = (),
        old_inputs: Values | None = None,
    ) -> Diff:
        """What an update from the state to the inputs would do."""
        resource = self.resource(urn.token)
        return self._diff(resource, state, news, ignored)

    def _diff(
        self, resource: Resource, state: Values, news: Values, ignored: Collection[str] = ()
    ) -> Diff:
        wanted = self._settled(resource, _inputs(news))
        found = differences(resource.rules, resource.schema.inputs, state, wanted, ignored)
        changed = {difference.name for difference in found}
        replacing = changed & resource.replaces
        if found:
            replacing |= changed & set(resource.plan(state, wanted))
        fixed = resource.fixed_first and _named_by_program(resource, news)
        first = resource.delete_first or fixed
        return Diff(found, frozenset(replacing), first and bool(replacing))

    def _settled(self, resource: Resource, inputs: Values) -> Values:
        try:
            return resource.settled(self.config, inputs)
        except PlanError as error:
            raise ProviderError(_listed(str(error))) from None

    def create(self, urn: Urn, news: Values, *, preview: bool = False) -> tuple[str, Values]:
        """Makes the resource, or says what a preview can know of it: id and outputs."""
        resource = self.resource(urn.token)
        inputs = self._settled(resource, _inputs(news))
        _only(resource.plan(None, inputs))
        if preview:
            return "", self._planned(resource, inputs)
        work = self.work("create", urn)
        api = self.package.api(self.cloud, self.config, work, inputs)

        def make() -> tuple[str, Values]:
            work.made = resource.create(api, inputs)
            return work.made, self._outputs(resource, api, work.made, inputs)

        known = self._knower(resource, api, inputs)
        return self.operation(work, make, _inputs(news), known)

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
        """Changes the resource, or says what a preview can know: its outputs."""
        resource = self.resource(urn.token)
        wanted = {**_inputs(news), **{name: state[name] for name in ignored if name in state}}
        inputs = self._settled(resource, wanted)
        diff = self._diff(resource, state, inputs)
        changed = frozenset(difference.name for difference in diff.found)
        if preview:
            gone = {one.name for one in diff.found if one.kind == "delete"}
            stays = {name: value for name, value in state.items() if name not in gone}
            unknown = dict.fromkeys(resource.unstable(changed), UNKNOWN)
            return {**stays, **inputs, **unknown, **resource.planned(self.config, state, inputs)}
        work = self.work("update", urn, identifier)
        api = self.package.api(self.cloud, self.config, work, inputs)

        def change() -> tuple[str, Values]:
            if changed:
                resource.update(api, identifier, state, inputs, changed)
            return identifier, self._outputs(resource, api, identifier, {**inputs})

        known = self._knower(resource, api, state)
        return self.operation(work, change, wanted, known)[1]

    def read(self, urn: Urn, identifier: str, state: Values, olds: Values) -> tuple[Values, Values]:
        """Outputs and inputs as the cloud has them now; both empty when the resource is gone."""
        resource = self.resource(urn.token)
        work = self.work("read", urn, identifier)
        api = self.package.api(self.cloud, self.config, work, _inputs(olds))
        fault = self.before(work)
        found = resource.read(api, identifier, state)
        self.after(fault)
        if found is None:
            return {}, {}
        known = {name: state[name] for name in resource.kept if name in state}
        outputs = _present({**known, **found})
        return outputs, self._inputs_as_read(resource, outputs, olds)

    @staticmethod
    def _inputs_as_read(resource: Resource, outputs: Values, olds: Values) -> Values:
        """The inputs after a read: the old ones, with those that drifted as they are now.

        Without old ones it is an import: everything that is an input and has a value.
        """
        named = resource.schema.inputs
        if not olds:
            empty = ("", [], {})
            found = {name: value for name, value in outputs.items() if name in named}
            kept = {name: value for name, value in found.items() if value not in empty}
            return {**kept, DEFAULTED: []}
        drifted = {one.name for one in differences(resource.rules, named, outputs, _inputs(olds))}
        return {
            name: outputs[name] if name in drifted else value
            for name, value in olds.items()
            if name.startswith("__") or name in outputs
        }

    def delete(
        self, urn: Urn, identifier: str, state: Values, old_inputs: Values | None = None
    ) -> None:
        """Takes the resource away."""
        resource = self.resource(urn.token)
        work = self.work("delete", urn, identifier)
        api = self.package.api(self.cloud, self.config, work, state)

        def take() -> tuple[str, Values]:
            resource.delete(api, identifier, state)
            return identifier, {}

        self.operation(work, take, state, self._knower(resource, api, state))

    def invoke(self, token: str, arguments: Values) -> Values:
        """Answers a function."""
        return self.package.invoke(self.cloud, self.config, token, arguments)

    def _knower(self, resource: Resource, api: Any, values: Values) -> Callable[[str], Values]:
        """What reads as much of the outputs as can be read after a failure."""

        def known(identifier: str) -> Values:
            try:
                return self._outputs(resource, api, identifier, values)
            except (CloudError, ProviderError):
                return _present(_inputs(values))

        return known

    @staticmethod
    def _outputs(resource: Resource, api: Any, identifier: str, inputs: Values) -> Values:
        found = resource.read(api, identifier, inputs)
        if found is None:
            raise ProviderError(f"reading {resource.schema.token} ({identifier}): not found")
        known = {name: inputs[name] for name in resource.kept if name in inputs}
        return _present({**known, **found})

    def _planned(self, resource: Resource, inputs: Values) -> Values:
        """Outputs of a creation that is only planned: what the cloud decides is unknown."""
        schema = resource.schema
        decided = (schema.outputs - schema.inputs.keys()) | (
            resource.rules.computed & schema.inputs.keys()
        )
        unknown = dict.fromkeys(decided - inputs.keys(), UNKNOWN)
        return {**unknown, **_present(inputs), **resource.planned(self.config, None, inputs)}


def seed_of(urn: str) -> bytes:
    """A seed for names that stays the same for a resource, where the engine gives none."""
    return hashlib.sha256(urn.encode()).digest()


def _inputs(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _present(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if value is not None}


def _named_by_program(resource: Resource, news: Values) -> bool:
    """Whether the property that could have an automatic name was given."""
    auto = resource.named
    defaulted = news.get(DEFAULTED)
    if auto is None or not isinstance(defaulted, list):
        return False
    return auto.prop in news and auto.prop not in defaulted


def _only(names: Iterable[str]) -> None:
    """Runs a plan for its errors."""
    try:
        list(names)
    except PlanError as error:
        raise ProviderError(_listed(str(error))) from None


def _missing(name: str) -> str:
    return (
        f'Missing required argument. The argument "{name}" is required, but no definition was found'
    )


def _located(resource_name: str, failure: Failure) -> Failure:
    where = f"{resource_name}.{failure.path}" if failure.path else resource_name
    return Failure(failure.path, f"{failure.reason}. Examine values at '{where}'.")


__all__ = ["DEFAULTED", "CloudError", "Diff", "Package", "StandIn", "Urn", "seed_of"]


def _listed(text: str) -> str:
    """An error as the bridge prints the one of a Terraform provider."""
    return f"1 error occurred:\n\t* {text}\n\n"
