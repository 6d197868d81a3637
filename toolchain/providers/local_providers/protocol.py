"""The provider protocol over resources that are described as data."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue

from .properties import (
    UNKNOWN,
    Difference,
    Failure,
    Kind,
    Property,
    Values,
    check_types,
    contains_unknown,
    differences,
    plain_map,
    with_defaults,
    wrap,
)


def token_of(urn_type: str) -> str:
    """The resource's own token: the SDK's server passes the types of its parents before it too."""
    return urn_type.rpartition("$")[2]


class ProviderError(Exception):
    """An operation that cannot be done. The message never holds an input's value."""


@dataclass(frozen=True)
class Made:
    """A resource that was made or imported."""

    id: str
    outputs: Values
    """Computed outputs; for an import, the inputs too."""


@dataclass(frozen=True)
class Resource:
    """A resource type: its properties and the pure functions that make it."""

    token: str
    properties: tuple[Property, ...]
    make: Callable[[Values, datetime], Made]
    """Makes it from inputs (defaults included) at a time (UTC). May raise ProviderError."""
    validate: Callable[[Values], Iterable[Failure]] = lambda _inputs: ()
    """Rules over several properties, or over a content. Unknown values are UNKNOWN and must be left
    alone.
    """
    complete: Callable[[Values], Values] = lambda inputs: inputs
    """Defaults that depend on other properties; runs after the plain defaults."""
    needs_official: Callable[[Values], str | None] = lambda _inputs: None
    """What in the inputs only the official plugin can do, if anything. An unchanged resource is let
    be.
    """
    refresh: Callable[[Values, datetime], Values] = lambda _outputs, _now: {}
    """Outputs that change with time alone, recomputed from the others."""
    expired: Callable[[Values, datetime], str | None] = lambda _outputs, _now: None
    """The output whose present value asks for a new resource, if there is one."""
    import_id: Callable[[str], Made] | None = None
    """Makes the resource from an existing value. May raise ProviderError."""
    id_is_output: bool = True
    """Whether the official plugin also keeps the id among the outputs."""
    schema_version: int = 0
    """Version of the official plugin's state layout: lets it read the state without an upgrade."""

    def effective(self, inputs: Values) -> Values:
        """The inputs with every default."""
        return self.complete(with_defaults(self.properties, inputs))


@dataclass(frozen=True)
class Function:
    """A function (data source) of a provider."""

    token: str
    inputs: tuple[Property, ...]
    outputs: tuple[Property, ...]
    call: Callable[[Values], Values]
    """May raise ProviderError."""
    validate: Callable[[Values], Iterable[Failure]] = lambda _inputs: ()


_KINDS = {
    ("add", False): api.PropertyDiffKind.ADD,
    ("add", True): api.PropertyDiffKind.ADD_REPLACE,
    ("delete", False): api.PropertyDiffKind.DELETE,
    ("delete", True): api.PropertyDiffKind.DELETE_REPLACE,
    ("update", False): api.PropertyDiffKind.UPDATE,
    ("update", True): api.PropertyDiffKind.UPDATE_REPLACE,
}


def top_level(path: str) -> str:
    """The property that a path such as `keepers.version` or `dnsNames[0]` starts from."""
    return path.split(".", 1)[0].split("[", 1)[0]


def secret_names(resource: Resource, inputs: Mapping[str, PropertyValue]) -> set[str]:
    """Outputs that must be secret.

    By nature, as an echo of a secret input, or because they show one.
    """
    names = {prop.name for prop in resource.properties if prop.secret}
    for prop in resource.properties:
        if prop.name in inputs and inputs[prop.name].contains_secret():
            names.update((prop.name, *prop.reveals))
    return names


def check_failures(
    failures: Iterable[Failure], inputs: Mapping[str, PropertyValue]
) -> list[api.CheckFailure]:
    """Failures as the engine takes them.

    The engine prints the value of the property a failure names, so a failure of a secret one names
    it in its text only.
    """
    result: list[api.CheckFailure] = []
    for failure in failures:
        value = inputs.get(top_level(failure.path))
        if value is not None and value.contains_secret():
            result.append(api.CheckFailure("", f"{failure.path}: {failure.reason}"))
        else:
            result.append(api.CheckFailure(failure.path, failure.reason))
    return result


class LocalProvider(api.Provider):
    """A provider whose resources need nothing but this machine."""

    def __init__(
        self,
        package: str,
        version: str,
        *,
        resources: Iterable[Resource],
        functions: Iterable[Function] = (),
        needs_official: Iterable[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Describes the package.

        :param package: name of the package, for the schema and messages.
        :param version: version of the official plugin it answers for.
        :param needs_official: tokens that only the official plugin implements.
        :param now: the clock (UTC).
        """
        self.package = package
        self.version = version
        self.resources = {resource.token: resource for resource in resources}
        self.functions = {function.token: function for function in functions}
        self.needs_official = frozenset(needs_official)
        self.now = now

    def official(self, what: str) -> str:
        """The message for what is not implemented here."""
        return (
            f"{what} needs the official plugin: run "
            f"`pulumi plugin install resource {self.package} {self.version}` "
            "on a machine that reaches Pulumi's download site"
        )

    def _resource(self, token: str) -> Resource:
        if token in self.resources:
            return self.resources[token]
        raise NotImplementedError(self.official(token))

    async def configure(
        self,
        request: api.ConfigureRequest,  # noqa: ARG002 - the interface
    ) -> api.ConfigureResponse:
        """Secrets and previews are understood.

        Output values are not: the SDK fails to read those without a value.
        """
        return api.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """The inputs in their own types, without defaults, or what is wrong with them."""
        old, new = plain_map(request.old_inputs), plain_map(request.new_inputs)
        resource = self.resources.get(token_of(request.type))
        if resource is None:
            if old and old == new:
                return api.CheckResponse(inputs=request.new_inputs)
            return api.CheckResponse(
                inputs=request.new_inputs,
                failures=[api.CheckFailure("", self.official(token_of(request.type)))],
            )
        failures: list[Failure] = []
        inputs = check_types(resource.properties, request.new_inputs, failures)
        if not failures:
            effective = resource.effective(plain_map(inputs))
            failures.extend(resource.validate(effective))
            what = resource.needs_official(effective)
            if what and (not old or resource.effective(old) != effective):
                failures.append(Failure("", self.official(what)))
        return api.CheckResponse(
            inputs=inputs, failures=check_failures(failures, {**request.new_inputs, **inputs})
        )

    def _differences(self, resource: Resource, request: api.DiffRequest) -> list[Difference]:
        # Older states lack what later versions added: the defaults stand in, as in the official
        # plugins' upgrades.
        old = resource.effective(plain_map(request.old_state))
        new = resource.effective(plain_map(request.new_inputs))
        found = differences(resource.properties, old, new, request.ignore_changes)
        if not any(difference.replaces for difference in found):
            now = self.now()
            kept = {**old, **{name: value for name, value in new.items() if value is not UNKNOWN}}
            expired = resource.expired(kept, now)
            if expired:
                found.append(Difference(expired, "update", replaces=True))
            else:
                found.extend(
                    Difference(name, "update", replaces=False)
                    for name, value in resource.refresh(kept, now).items()
                    if old.get(name, value) != value
                )
        return found

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """What the new inputs, or the time gone by, change.

        A replacement is made before the old one is deleted.
        """
        resource = self.resources.get(token_of(request.type))
        if resource is None:
            # `check` lets only unchanged ones through.
            return api.DiffResponse(changes=False)
        found = self._differences(resource, request)
        names = list(dict.fromkeys(top_level(difference.path) for difference in found))
        replacing = {top_level(difference.path) for difference in found if difference.replaces}
        return api.DiffResponse(
            changes=bool(found),
            replaces=[name for name in names if name in replacing],
            diffs=names,
            delete_before_replace=False,
            detailed_diff={
                difference.path: api.PropertyDiff(
                    _KINDS[difference.kind, difference.replaces], input_diff=False
                )
                for difference in found
            },
        )

    def _outputs(
        self, resource: Resource, inputs: Mapping[str, PropertyValue], values: Values
    ) -> dict[str, PropertyValue]:
        """Outputs to store, secret where they must be, with the marks the official plugin keeps."""
        secret = secret_names(resource, inputs)
        written = {prop.name for prop in resource.properties if prop.write_only}
        outputs = {
            name: wrap(value, name in secret)
            for name, value in values.items()
            if name not in written and value is not None
        }
        if resource.schema_version:
            outputs["__meta"] = wrap(
                json.dumps({"schema_version": str(resource.schema_version)}, separators=(",", ":"))
            )
        return outputs

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Makes the resource; in a preview, tells which outputs are known."""
        resource = self._resource(token_of(request.type))
        effective = resource.effective(plain_map(request.properties))
        if request.preview:
            unknown = {
                prop.name: UNKNOWN
                for prop in resource.properties
                if not prop.write_only and (not prop.is_input or prop.computed)
            }
            values = {**unknown, **effective}
            if resource.id_is_output:
                values["id"] = UNKNOWN
            return api.CreateResponse(
                properties=self._outputs(resource, request.properties, values)
            )
        # In a thread: an RSA key takes seconds, and other requests must not wait for it.
        made = await asyncio.to_thread(
            self._guarded, resource.token, lambda: resource.make(effective, self.now())
        )
        values = {**effective, **made.outputs}
        if resource.id_is_output:
            values["id"] = made.id
        return api.CreateResponse(
            resource_id=made.id, properties=self._outputs(resource, request.properties, values)
        )

    @staticmethod
    def _guarded(token: str, work: Callable[[], Made]) -> Made:
        """Runs work whose errors may quote an input.

        Only ProviderError, written here, keeps its message.
        """
        try:
            return work()
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - any message might quote a secret
            raise ProviderError(f"{token} could not be made: {type(error).__name__}") from None

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """The stored state, with what time changes recomputed; without a state, an import."""
        if not request.properties:
            return self._imported(request)
        resource = self.resources.get(token_of(request.type))
        properties = dict(request.properties)
        if resource:
            refreshed = resource.refresh(plain_map(properties), self.now())
            properties.update({name: wrap(value) for name, value in refreshed.items()})
        return api.ReadResponse(
            resource_id=request.resource_id, properties=properties, inputs=request.inputs
        )

    def _imported(self, request: api.ReadRequest) -> api.ReadResponse:
        resource = self._resource(token_of(request.type))
        importer = resource.import_id
        if importer is None:
            raise NotImplementedError(f"{resource.token} cannot be imported")
        made = self._guarded(resource.token, lambda: importer(request.resource_id))
        values = dict(made.outputs)
        if resource.id_is_output:
            values["id"] = made.id
        defaults = resource.effective({})
        inputs = {
            prop.name: wrap(values[prop.name], prop.secret)
            for prop in resource.properties
            if prop.is_input
            and prop.name in values
            and values[prop.name] != defaults.get(prop.name)
        }
        return api.ReadResponse(
            resource_id=made.id, properties=self._outputs(resource, inputs, values), inputs=inputs
        )

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """Stores the new inputs beside the outputs that stay."""
        resource = self._resource(token_of(request.type))
        inputs = {prop.name: prop for prop in resource.properties if prop.is_input}
        old = plain_map(request.olds)
        new = resource.effective(plain_map(request.news))
        kept = {
            name: value
            for name, value in old.items()
            if name not in inputs or (inputs[name].computed and name not in new)
        }
        values = {**kept, **new}
        if not any(contains_unknown(value) for value in values.values()):
            values.update(resource.refresh(values, self.now()))
        outputs = self._outputs(resource, request.news, values)
        for name, value in request.olds.items():
            # An output that was secret stays so, unless it is an input that no longer is.
            if name in outputs and name not in inputs and value.contains_secret():
                outputs[name] = outputs[name].with_secret(True)
        return api.UpdateResponse(properties=outputs)

    async def delete(self, request: api.DeleteRequest) -> None:
        """Nothing to do: the state is all there is."""

    async def invoke(self, request: api.InvokeRequest) -> api.InvokeResponse:
        """Runs a function. What is wrong with its arguments comes back as failures."""
        function = self.functions.get(request.tok)
        if function is None:
            return api.InvokeResponse(failures=[api.CheckFailure("", self.official(request.tok))])
        failures: list[Failure] = []
        inputs = check_types(function.inputs, request.args, failures)
        values = plain_map(inputs)
        if not failures:
            failures.extend(function.validate(values))
        if failures:
            return api.InvokeResponse(failures=check_failures(failures, inputs))
        try:
            result = function.call(values)
        except ProviderError as error:
            return api.InvokeResponse(failures=[api.CheckFailure("", str(error))])
        secret = {prop.name for prop in (*function.inputs, *function.outputs) if prop.secret}
        secret.update(name for name, value in inputs.items() if value.contains_secret())
        return api.InvokeResponse(
            return_value={
                name: wrap(value, name in secret)
                for name, value in {**values, **result}.items()
                if value is not None
            }
        )

    async def get_schema(
        self,
        request: api.GetSchemaRequest,  # noqa: ARG002 - the interface
    ) -> api.GetSchemaResponse:
        """The package schema of what is implemented here."""
        return api.GetSchemaResponse(schema=json.dumps(self.schema()))

    def schema(self) -> dict[str, Any]:
        """The package schema of what is implemented here, as data."""
        types: dict[str, Any] = {}
        resources = {
            token: _resource_schema(resource, types) for token, resource in self.resources.items()
        }
        functions: dict[str, Any] = {}
        for token, function in self.functions.items():
            functions[token] = {
                "inputs": _object_schema(function.inputs, token, types),
                "outputs": {
                    **_object_schema((*function.inputs, *function.outputs), token, types),
                    "required": sorted(prop.name for prop in function.outputs),
                },
            }
        return {
            "name": self.package,
            "version": self.version,
            "types": types,
            "provider": {"type": "object"},
            "resources": resources,
            "functions": functions,
        }


def _type_schema(prop: Property, token: str, types: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any]
    if prop.kind is Kind.STRINGS:
        spec = {"type": "array", "items": {"type": "string"}}
    elif prop.kind is Kind.STRING_MAP:
        spec = {"type": "object", "additionalProperties": {"type": "string"}}
    elif prop.kind in (Kind.OBJECT, Kind.OBJECTS):
        package, _, name = token.split(":")
        noun = prop.name.removesuffix("s") if prop.kind is Kind.OBJECTS else prop.name
        type_name = f"{name}{noun[0].upper()}{noun[1:]}"
        type_token = f"{package}:index/{type_name}:{type_name}"
        types[type_token] = _object_schema(prop.fields, type_token, types)
        reference = {"$ref": f"#/types/{type_token}"}
        spec = {"type": "array", "items": reference} if prop.kind is Kind.OBJECTS else reference
    else:
        spec = {"type": prop.kind.value}
    if prop.secret:
        spec["secret"] = True
    return spec


def _object_schema(
    properties: Iterable[Property], token: str, types: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {prop.name: _type_schema(prop, token, types) for prop in properties},
    }


def _resource_schema(resource: Resource, types: dict[str, Any]) -> dict[str, Any]:
    inputs = [prop for prop in resource.properties if prop.is_input]
    return {
        "properties": _object_schema(resource.properties, resource.token, types)["properties"],
        "required": sorted(prop.name for prop in resource.properties if prop.always_output),
        "inputProperties": _object_schema(inputs, resource.token, types)["properties"],
        "requiredInputs": sorted(prop.name for prop in inputs if prop.required),
    }
