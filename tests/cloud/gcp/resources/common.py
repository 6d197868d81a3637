"""What the resource types of the provider have in common.

Most of the provider is generated from one template, which `GoogleResource` follows: project and
labels filled in by the plan, the same requests in the same order, `deletionPolicy`, texts of
errors. A type that is generated says only its addresses and fields; one that is written by hand
overrides the steps.

Transcribed from terraform-provider-google-beta (`tpgresource/labels.go`, `tpgresource/utils.go`,
`services/*/resource_*.go`) and pulumi-gcp (`provider/resources.go`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from cloud.gcp.api import ApiError, GoogleApi, doing
from cloud.standin.errors import Failure, PlanError, ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.resource import IDENTIFIER, Resource, Values
from cloud.standin.schema import Shape, outputs_of
from cloud.standin.wire import UNKNOWN, contains_unknown

Body = dict[str, Any]

ATTRIBUTION = "goog-pulumi-provisioned"
"""The label that the provider adds when it makes something."""

COMMON = frozenset({"project", "deletionPolicy"})
"""Inputs that nearly every type takes in the same way."""

GCE_NAME = r"^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$"

LOWER_NAME = AutoName("name", 63, lower=True)
"""Automatic names of types for which the bridge says so."""

NAME = AutoName("name", 255)
"""Automatic names of all others: as long as the logical name, and not in lower case."""


@dataclass(frozen=True, kw_only=True)
class GoogleResource(Resource):
    """A resource type of the provider's template.

    Addresses have inputs' names in braces: `projects/{project}/global/networks`; `{project}` and
    `{region}` come from the provider's configuration where the resource says nothing.
    """

    what: str
    """As the provider calls it in its texts: Instance."""
    long: str
    """As it calls it with its product: RedisInstance."""
    base: str
    """The service's address with its version: https://redis.googleapis.com/v1beta1."""
    collection: str
    """Where it is made."""
    creation: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the creation's address, with names in braces: {"instanceId": "{name}"}."""
    identifier: str
    """Its id."""
    imports: tuple[str, ...] = ()
    """Further forms of the id that an import takes."""
    sent: tuple[str, ...] = ()
    """Inputs that a creation sends."""
    changeable: tuple[str, ...] = ()
    """Those of them that an update sends."""
    always: frozenset[str] = frozenset()
    """Those that are sent even when they are false, 0 or empty."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names in the interface where the SDK has others, at any depth."""
    client: frozenset[str] = frozenset()
    """Inputs that never leave the provider, besides `deletionPolicy`."""
    policies: tuple[str, ...] = ("DELETE", "ABANDON", "PREVENT")
    compute: bool = False
    """Whether it belongs to Compute Engine: its operations have a form of their own."""
    slow: bool = True
    """Whether creation, update and deletion are long-running operations."""
    masked: bool = True
    """Whether an update names its fields."""
    fixed_first: bool = True
    required: frozenset[str] = frozenset()

    # What the plan fills in.

    def settled(self, config: Values, inputs: Values) -> Values:
        """With the project and the deletion policy of the provider's configuration."""
        found = dict(inputs)
        if "project" in self.models and "project" not in found:
            project = config.get("project")
            if not project:
                raise PlanError(
                    "Failed to retrieve project, pid: , err: project: required field is not set"
                )
            found["project"] = project
        if "deletionPolicy" in self.models and "deletionPolicy" not in found:
            found["deletionPolicy"] = "DELETE"
        return found

    def planned(self, config: Values, state: Values | None, inputs: Values) -> Values:
        """The labels as they will be."""
        if "effectiveLabels" not in self.schema.outputs:
            return {}
        labels = inputs.get("labels") or {}
        if contains_unknown(labels):
            return {"pulumiLabels": UNKNOWN, "effectiveLabels": UNKNOWN}
        return self.labelled(config, state, labels)

    def labelled(self, config: Values, state: Values | None, labels: Values) -> Values:
        """The outputs `pulumiLabels` and `effectiveLabels` for these labels."""
        before = dict((state or {}).get("effectiveLabels") or {})
        ours = dict((state or {}).get("pulumiLabels") or {})
        managed = dict(labels)
        adds = state is None and config.get("addPulumiAttributionLabel", True) is not False
        if adds or ATTRIBUTION in before:
            managed = {ATTRIBUTION: "true", **managed}
        kept = {name: one for name, one in before.items() if name not in ours}
        return {"pulumiLabels": managed, "effectiveLabels": {**kept, **managed}}

    # Addresses.

    def places(self, api: GoogleApi, inputs: Values) -> dict[str, str]:
        """What stands for the names in addresses. Raises ProviderError."""
        found = {name: one for name, one in inputs.items() if isinstance(one, str)}
        text = self.collection + self.identifier + "".join(self.creation.values())
        if "{project}" in text and not found.get("project"):
            if not api.config.get("project"):
                raise ProviderError(
                    f"Error fetching project for {self.what}: project: required field is not set"
                )
            found["project"] = api.config["project"]
        if "{region}" in text:
            found["region"] = self.region(api, inputs)
        return found

    @staticmethod
    def region(api: GoogleApi, inputs: Values) -> str:
        """The region of the resource or of the provider. Raises ProviderError."""
        region = inputs.get("region") or api.config.get("region")
        if not region:
            raise ProviderError(
                "Cannot determine region: set in this resource, or set provider-level 'region' or "
                "'zone'."
            )
        return last(str(region))

    def address(self, identifier: str) -> str:
        """The full address of a resource by its id."""
        return f"{self.base}/{identifier}"

    def parsed(self, api: GoogleApi, identifier: str) -> Values:
        """The inputs that an id tells. Raises ProviderError for one of another form."""
        for form in (self.identifier, *self.imports):
            expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", form)
            found = re.fullmatch(expression, identifier)
            if found:
                told = found.groupdict()
                # Shorter forms leave out what the provider's own configuration says.
                for name in ("project", "region"):
                    if f"{{{name}}}" in self.identifier and name not in told:
                        told[name] = self.places(api, {})[name]
                return told
        raise ProviderError(
            f'Import id "{identifier}" doesn\'t match any of the accepted formats: '
            f"[{' '.join((self.identifier, *self.imports))}]"
        )

    # Bodies.

    def encoded(self, api: GoogleApi, inputs: Values, names: Iterable[str]) -> Body:
        """The body for these inputs: those that say nothing are left out."""
        shapes = self.schema.inputs
        body: Body = {}
        for name in names:
            value = inputs.get(name)
            if value is None or (empty(value) and name not in self.always):
                continue
            body[self.names.get(name, name)] = self._encode(shapes[name].shape, value)
        return body

    def _encode(self, shape: Shape | None, value: Any) -> Any:
        if isinstance(value, dict) and shape is not None and shape.kind == "object":
            found = {
                self.names.get(name, name): self._encode(shape.fields[name].shape, item)
                for name, item in value.items()
                if name in shape.fields
            }
            return {name: item for name, item in found.items() if not self.dropped(name, item)}
        if isinstance(value, list) and shape is not None:
            return [self._encode(shape.item, item) for item in value]
        return value

    def dropped(self, name: str, value: Any) -> bool:
        """Whether a nested field with this value is left out of a body."""
        return value is None or (empty(value) and value != {})

    def shown(self, api: GoogleApi, thing: Body, state: Values) -> Values:
        """The outputs for what the cloud answers, without those that every type has."""
        backwards = {one: name for name, one in self.names.items()}
        shapes = outputs_of(self.sdk)
        return {
            name: _decode(shapes[name], thing[self.names.get(name, name)], backwards)
            for name in self.schema.outputs
            if self.names.get(name, name) in thing
        }

    # Steps.

    def create(self, api: GoogleApi, inputs: Values) -> str:
        """Makes it: one request, and the wait for its end."""
        where = self.places(api, inputs)
        body = self.body_of_creation(api, inputs)
        query = {name: one.format_map(where) for name, one in self.creation.items()}
        with doing(f"Error creating {self.what}"):
            answer = api.send(
                "POST", f"{self.base}/{self.collection.format_map(where)}", body, query
            )
        if self.slow:
            with doing(f"Error waiting to create {self.what}"):
                self.waited(api, answer, f"Creating {self.what}")
        identifier = self.identified(where, answer)
        api.work.made = identifier
        self.created(api, identifier, inputs)
        return identifier

    def identified(self, where: Mapping[str, str], answer: Body) -> str:
        """The id of what was made."""
        return self.identifier.format_map(where)

    def created(self, api: GoogleApi, identifier: str, inputs: Values) -> None:
        """What the provider does after a creation."""

    def body_of_creation(self, api: GoogleApi, inputs: Values) -> Body:
        """The body of a creation, labels included."""
        body = self.encoded(api, inputs, self.sent)
        if "labels" in self.models:
            labels = self.labelled(api.config, None, inputs.get("labels") or {})
            if labels["effectiveLabels"]:
                body["labels"] = labels["effectiveLabels"]
        return body

    def waited(self, api: GoogleApi, answer: Body, activity: str) -> None:
        """Waits for the end of a long-running operation."""
        if self.compute:
            api.wait_for_compute(answer, activity)
        else:
            api.wait(self.base, answer, activity)

    def read(self, api: GoogleApi, identifier: str, state: Values) -> Values | None:
        """What the cloud says of it, and what the provider keeps: project, labels, its policy."""
        told = self.parsed(api, identifier)
        canonical = self.identifier.format_map(told)
        thing = self.fetched(api, canonical, {**told, **state})
        if thing is None:
            return None
        # Names that an id tells are short ones, also where the interface answers with full ones.
        found = {**self.shown(api, thing, state), **told}
        found = {name: one for name, one in found.items() if name in self.schema.outputs}
        if "labels" in self.models:
            found |= self._labels_as_read(api, thing.get("labels") or {}, state)
        if "deletionPolicy" in self.models:
            found["deletionPolicy"] = state.get("deletionPolicy") or "DELETE"
        for name in self.client:
            if state.get(name) is not None:
                found[name] = state[name]
        return {**found, IDENTIFIER: canonical} if canonical != identifier else found

    def fetched(self, api: GoogleApi, identifier: str, state: Values) -> Body | None:
        """The object at the resource's address, or None."""
        with doing(f'Error when reading or editing {self.long} "{identifier}"'):
            return api.get(self.address(identifier))

    def _labels_as_read(self, api: GoogleApi, labels: Values, state: Values) -> Values:
        managed = state.get("pulumiLabels")
        if managed is None:
            managed = self.labelled(api.config, None, state.get("labels") or {})["pulumiLabels"]
        given = state.get("labels") or {}
        return {
            "labels": {name: labels.get(name, "") for name in given},
            "pulumiLabels": {
                name: labels.get(name, "") for name in managed if name in labels or name in given
            },
            "effectiveLabels": labels,
        }

    def update(
        self,
        api: GoogleApi,
        identifier: str,
        old: Values,
        new: Values,
        changed: frozenset[str],
    ) -> None:
        """One PATCH with the fields that changed in its mask; nothing for the provider's own."""
        fields = [name for name in self.changeable if name in changed]
        labelled = "labels" in self.models and "labels" in changed
        if not fields and not labelled:
            return
        body = self.encoded(api, new, self.changeable)
        mask = [self.names.get(name, name) for name in fields]
        if "labels" in self.models:
            labels = self.labelled(api.config, old, new.get("labels") or {})["effectiveLabels"]
            if labels:
                body["labels"] = labels
            mask += ["labels"] * labelled
        self.patched(api, identifier, body, mask)

    def patched(self, api: GoogleApi, identifier: str, body: Body, mask: list[str]) -> None:
        """Sends a PATCH and waits."""
        query = {"updateMask": ",".join(mask)} if self.masked else {}
        with doing(f'Error updating {self.what} "{identifier}"'):
            answer = api.send("PATCH", self.address(identifier), body, query)
        if self.slow:
            self.waited(api, answer, f"Updating {self.what}")

    def delete(self, api: GoogleApi, identifier: str, state: Values) -> None:
        """Takes it away, as far as its deletion policy and protection let it."""
        policy = state.get("deletionPolicy")
        if policy == "PREVENT" and "PREVENT" in self.policies:
            raise ProviderError(
                f'cannot destroy {self.long} without setting deletion_policy="DELETE" and running '
                "`terraform apply`"
            )
        if policy == "ABANDON" and "ABANDON" in self.policies:
            return
        self.unprotected(state)
        try:
            answer = api.send("DELETE", self.address(identifier))
        except ApiError as error:
            if error.http == 404:
                return
            raise ProviderError(f"Error when reading or editing {self.what}: {error}") from None
        if self.slow:
            self.waited(api, answer, f"Deleting {self.what}")

    def unprotected(self, state: Values) -> None:
        """Refuses the deletion of what the provider protects by an input."""


def _decode(shape: Shape | None, value: Any, names: Mapping[str, str]) -> Any:
    """A value of the interface as an output: only what the SDK's type has, by its names."""
    if shape is None:
        return value
    if isinstance(value, dict) and shape.kind == "object":
        found = {names.get(name, name): one for name, one in value.items()}
        return {
            name: _decode(shape.fields[name].shape, one, names)
            for name, one in found.items()
            if name in shape.fields
        }
    if isinstance(value, list):
        return [_decode(shape.item, one, names) for one in value]
    if shape.kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if shape.kind == "string" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def empty(value: Any) -> bool:
    """Whether a value says nothing to the provider: it leaves such ones out of bodies."""
    return value is None or value in ("", 0, False, [], {})


def last(link: str) -> str:
    """The last part of a link or name."""
    return link.rstrip("/").rpartition("/")[2]


def relative(link: str) -> str:
    """A link without the address of a service: projects/p/global/networks/n."""
    return re.sub(r"^https?://[^/]+/(compute/)?(v1|beta)?/*", "", link).lstrip("/")


def same_link_or_name(old: Any, new: Any) -> bool:
    """Whether two references mean the same: by link, or by a name alone."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    if "/" not in new and last(old) == new:
        return True
    return relative(old) == relative(new)


def same_link(old: Any, new: Any) -> bool:
    """Whether two links lead to the same, whatever their addresses."""
    return isinstance(old, str) and isinstance(new, str) and relative(old) == relative(new)


def or_default(default: str) -> Callable[[Any, Any], bool]:
    """Whether two values mean the same where one that is left out means this one."""
    return lambda old, new: (old or default) == (new or default)


def known(value: Any) -> TypeGuard[Any]:
    """Whether a value is there and known."""
    return value is not None and value is not UNKNOWN


def snake(name: str) -> str:
    """A name as Terraform has it."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def matching(inputs: Values, name: str, expression: str) -> Iterator[Failure]:
    """A string's form, in the words of the provider."""
    value = inputs.get(name)
    if known(value) and not re.search(expression, value):
        text = expression.replace("\\", "\\\\")
        yield Failure(name, f'"{snake(name)}" ("{value}") doesn\'t match regexp "{text}"')


def gce_name(inputs: Values, name: str = "name") -> Iterator[Failure]:
    """A name as Compute Engine takes them."""
    yield from matching(inputs, name, GCE_NAME)


def one_of(inputs: Values, name: str, *choices: str, path: str = "") -> Iterator[Failure]:
    """A string's choices, in the words of the provider. Most take the empty string as well."""
    value = inputs.get(name)
    if known(value) and value not in choices:
        allowed = " ".join(f'"{one}"' for one in choices)
        where = path or snake(name)
        yield Failure(name, f"expected {where} to be one of [{allowed}], got {value}")


def between(inputs: Values, name: str, low: int, high: int, path: str = "") -> Iterator[Failure]:
    """A number's range, in the words of the provider."""
    value = inputs.get(name)
    if known(value) and not low <= value <= high:
        where = path or snake(name)
        yield Failure(name, f"expected {where} to be in the range ({low} - {high}), got {value}")


def exactly_one(inputs: Values, *names: str) -> Iterator[Failure]:
    """Inputs of which one must be given."""
    given = [name for name in names if inputs.get(name) is not None]
    if len(given) == 1:
        return
    listed = ",".join(snake(name) for name in names)
    said = ",".join(snake(name) for name in given)
    wrong = (
        f"only one of `{listed}` can be specified, but `{said}` were specified."
        if given
        else f"one of `{listed}` must be specified"
    )
    for name in given or names:
        yield Failure(name, f'Invalid combination of arguments. "{snake(name)}": {wrong}')


def conflicting(inputs: Values, name: str, *others: str) -> Iterator[Failure]:
    """An input that others exclude."""
    if inputs.get(name) is not None:
        for other in others:
            if inputs.get(other) is not None:
                yield Failure(
                    name,
                    f'Conflicting configuration arguments. "{snake(name)}": conflicts with '
                    f"{snake(other)}",
                )


def required_with(inputs: Values, name: str, *others: str) -> Iterator[Failure]:
    """An input that needs others."""
    if inputs.get(name) is not None and any(inputs.get(one) is None for one in others):
        listed = ",".join(snake(one) for one in (name, *others))
        yield Failure(
            name,
            f'Missing required argument. "{snake(name)}": all of `{listed}` must be specified',
        )
