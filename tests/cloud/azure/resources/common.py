"""What the provider knows of a resource type: where it is, what its body looks like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.standin.schema import Schema, Shape, api_version_of, outputs_of, schema_of

GROUPED = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/"
TRACKED = frozenset({"location", "tags"})


@dataclass(frozen=True)
class Rule:
    """What the interface's description says of a string or number."""

    pattern: str = ""
    shortest: int = 0
    longest: int = 0
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True, kw_only=True)
class AzureResource:
    """A resource type of the provider, which treats all types alike.

    Paths of properties are written as `a.b[].c`.
    """

    sdk: str
    """The SDK's class, as `module:Name` below pulumi_azure_native."""
    path: str
    """The id, with names of inputs in braces."""
    outside: frozenset[str] | None = None
    """Names of the body that do not belong into `properties`; None when nothing does."""
    inner: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same for nested objects that have `properties` of their own, by path."""
    replaces: frozenset[str] = frozenset()
    """Properties of the body whose change makes a new resource."""
    keyed: Mapping[str, str] = field(default_factory=dict)
    """Lists that are sets by the value of a field: path and field."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Names that differ on the wire, by path in the SDK."""
    sets: frozenset[str] = frozenset()
    """Lists of strings that are maps with empty values on the wire."""
    models: frozenset[str] = frozenset()
    """Inputs whose effect is modelled: others are refused. `a.b` opens an object of the inputs."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    """Inputs that the interface requires although the SDK's class does not."""
    maintained: tuple[str, ...] = ()
    """Lists of the body that can also be resources: kept as they are when not given."""
    flat_outputs: bool = False
    """Whether the response's `properties` are merged into the outputs, though not the inputs'."""
    data_plane_delete: bool = False
    """Whether it is deleted at its service's own endpoint, not by Azure Resource Manager."""

    @property
    def schema(self) -> Schema:
        """The SDK's schema of the type."""
        return schema_of(f"pulumi_azure_native.{self.sdk}")

    @property
    def outputs(self) -> Mapping[str, Shape]:
        """The shapes of its outputs."""
        return outputs_of(f"pulumi_azure_native.{self.sdk}")

    @property
    def api(self) -> str:
        """The version of the interface that the SDK asks by default."""
        return api_version_of(f"pulumi_azure_native.{self.sdk}")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Inputs that are part of the id, the last one its name."""
        found = re.findall(r"{(\w+)}", self.path)
        return tuple(name for name in found if name != "subscriptionId")

    @property
    def replacing(self) -> frozenset[str]:
        """Properties whose change makes a new resource."""
        return self.replaces | set(self.parameters)

    @property
    def naming(self) -> str:
        """How the last name is made when none is given: random, copy or uuid."""
        if self.parameters[-1] == "roleAssignmentName":
            return "uuid"
        _, microsoft, rest = self.path.lower().rpartition("microsoft.")
        return "random" if not microsoft or rest.count("{") == 1 else "copy"

    @property
    def located(self) -> bool:
        """Whether it has a location, which is then found by the provider."""
        return "location" in self.schema.inputs and "location" not in self.parameters

    def containers(self, path: str) -> frozenset[str] | None:
        """Names outside `properties` in the object at a path; None if it has no `properties`."""
        return self.outside if not path else self.inner.get(path)

    def body(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The request's body."""
        own = {name: one for name, one in inputs.items() if name not in self.parameters}
        own.pop("azureApiVersion", None)
        return self._to_wire(own, "")

    def _to_wire(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            outside, made = self.containers(path), {}
            for name, item in value.items():
                inner = f"{path}.{name}" if path else name
                nested = outside is not None and name not in outside
                holder = made.setdefault("properties", {}) if nested else made
                holder[self.renamed.get(inner, name)] = self._to_wire(item, inner)
            return made
        if isinstance(value, list):
            if path in self.sets:
                return {item: {} for item in value}
            return [self._to_wire(item, f"{path}[]") for item in value]
        return value

    def outputs_from(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that a response holds: nothing that the SDK does not know."""
        found = self._from_wire(response, "", flat=self.flat_outputs)
        known = {
            name: _known(self.outputs[name], value)
            for name, value in found.items()
            if name in self.outputs
        }
        return {**known, "azureApiVersion": self.api}

    def inputs_from(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of the body that would make what a response shows."""
        return self.as_inputs(self._from_wire(response, "", flat=False))

    def _from_wire(self, value: Any, path: str, *, flat: bool) -> Any:
        if isinstance(value, Mapping):
            if self.containers(path) is not None or (not path and flat):
                inner = value.get("properties")
                outside = {name: item for name, item in value.items() if name != "properties"}
                value = {**outside, **inner} if isinstance(inner, Mapping) else outside
            made = {}
            for name, item in value.items():
                plain = self._sdk_name(path, name)
                made[plain] = self._from_wire(item, f"{path}.{plain}" if path else plain, flat=flat)
            return made
        if isinstance(value, list):
            return [self._from_wire(item, f"{path}[]", flat=flat) for item in value]
        return value

    def _sdk_name(self, path: str, wire: str) -> str:
        for place, name in self.renamed.items():
            before, _, last = place.rpartition(".")
            if before == path and name == wire:
                return last
        return wire

    def as_inputs(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs as inputs of the body: without what can only be read."""
        fields = self.schema.inputs
        return {
            name: _projected(fields[name].shape, value)
            for name, value in outputs.items()
            if name in fields and name not in self.parameters
        }


def _known(shape: Shape, value: Any) -> Any:
    """A value without fields that its shape does not have."""
    if shape.kind == "object" and isinstance(value, Mapping):
        fields = shape.fields
        return {
            name: _known(fields[name].shape, one) for name, one in value.items() if name in fields
        }
    if shape.kind in {"array", "map"} and shape.item is not None:
        if isinstance(value, list):
            return [_known(shape.item, one) for one in value]
        if isinstance(value, Mapping):
            return {name: _known(shape.item, one) for name, one in value.items()}
    return value


def _projected(shape: Shape, value: Any) -> Any:
    """An output's value in the shape of the input of the same name."""
    if shape.kind == "array" and isinstance(value, Mapping):
        return sorted(value)
    if shape.kind == "union" and isinstance(value, Mapping):
        found = option(shape, value)
        return _projected(found, value) if found else dict(value)
    if shape.kind == "array" and shape.item is not None and isinstance(value, list):
        return [_projected(shape.item, one) for one in value]
    if shape.kind == "object" and isinstance(value, Mapping):
        fields = shape.fields
        return {
            name: _projected(fields[name].shape, one)
            for name, one in value.items()
            if name in fields
        }
    return value


def option(shape: Shape, value: Mapping[str, Any]) -> Shape | None:
    """The object of a union that a value is one of, by the constants in it."""
    for one in shape.options:
        if all(value.get(name) == constant for name, constant in one.constants.items()):
            return one
    return None
