"""What a stack makes in a cloud, as the engine planned it and, against the stand-in, made it.

The preview says what is planned and which values are not known yet. The state after the creation
has those values too, and which resources each of them came from, so that a template or a plan in
another tool's notation can refer to the resource instead of repeating what the stand-in made up.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of the engine that marks a map as a secret, an asset or an archive."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"

UNKNOWNS = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
"""The engine's signs of a value that a preview does not know: text, bool, number, array, object."""

REDACTED = "[secret]"
"""What a preview prints in place of a secret."""


class Mark(Enum):
    """A value that is not shown."""

    SECRET = "secret"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Archive:
    """Files that a resource takes: their names, and where they are."""

    files: Mapping[str, str]


@dataclass(frozen=True)
class Reference:
    """A value that another resource has as its output, or as its id (`id`)."""

    urn: str
    output: str


@dataclass(frozen=True)
class Planned:
    """One resource of the cloud."""

    urn: str
    type: str
    """Type token, such as aws:kms/key:Key or azure-native:keyvault:Key."""
    name: str
    """Logical name."""
    protect: bool
    inputs: Mapping[str, Any]
    """As they were sent. Secrets are Mark.SECRET."""
    planned: Mapping[str, Any]
    """As the preview has them. What it cannot know is Mark.UNKNOWN."""
    outputs: Mapping[str, Any] = field(repr=False)
    """With `id`. Secrets are Mark.SECRET."""
    sources: Mapping[str, tuple[str, ...]] = field(repr=False)
    """By input, the URNs of the resources that its value was made from."""


@dataclass(frozen=True)
class PlannedStack:
    """All resources of the cloud of one stack."""

    name: str
    region: str
    resources: Mapping[str, Planned]

    def of(self, *kinds: str) -> list[Planned]:
        """Those of some types, given by the ends of their tokens: User, redis:FirewallRule."""
        ends = tuple(f":{kind}" for kind in kinds)
        return [one for one in self.resources.values() if one.type.endswith(ends)]

    def reference(self, owner: Planned, name: str, value: Any) -> Reference | None:
        """The resource and output that a text in the input `name` is, if it is one."""
        return next((ref for ref, text in self.candidates(owner, name) if text == value), None)

    def target(self, owner: Planned, name: str) -> Planned | None:
        """The resource that the input `name` refers to, if it is one of the stack."""
        reference = self.reference(owner, name, owner.inputs.get(name))
        return self.resources[reference.urn] if reference else None

    def candidates(self, owner: Planned, name: str) -> Iterator[tuple[Reference, str]]:
        """All that the input `name` may refer to: texts of the resources it was made from."""
        for urn in owner.sources.get(name, ()):
            source = self.resources.get(urn)
            for output in IDENTITIES if source else ():
                text = source.outputs.get(output) if source else None
                if isinstance(text, str):
                    yield Reference(urn, output), text


IDENTITIES = ("id", "arn", "keyId", "replicationGroupId", "userId", "userGroupId", "name")
"""Outputs by which one resource refers to another."""


REGIONS = {"aws": "region", "azure-native": "location", "gcp": "region"}
"""What the providers call the region that they work in."""


def planned_stack(
    name: str, package: str, preview: Mapping[str, Any], state: Mapping[str, Any]
) -> PlannedStack:
    """A stack from what `pulumi preview --json` printed and `pulumi stack export` after `up`.

    package: name of the cloud's provider. Raises AssertionError where the two do not hold the same
    resources.
    """
    everything = state["deployment"]["resources"]
    plans = {
        step["urn"]: step["newState"].get("inputs", {})
        for step in preview["steps"]
        if step["newState"]["type"].startswith(f"{package}:")
    }
    made = {one["urn"]: one for one in everything if one["type"].startswith(f"{package}:")}
    assert plans.keys() == made.keys(), sorted(plans.keys() ^ made.keys())
    region = next(
        one["inputs"][REGIONS[package]]
        for one in everything
        if one["type"] == f"pulumi:providers:{package}"
    )
    resources = {urn: _planned(one, plans[urn]) for urn, one in made.items()}
    return PlannedStack(name, region, resources)


def _planned(made: Mapping[str, Any], plan: Mapping[str, Any]) -> Planned:
    inputs = made.get("inputs", {})
    return Planned(
        urn=made["urn"],
        type=made["type"],
        name=made["urn"].rpartition("::")[2],
        protect=bool(made.get("protect")),
        inputs={key: plain(value) for key, value in inputs.items() if not _internal(key)},
        planned={key: plain(value) for key, value in plan.items() if not _internal(key)},
        outputs={
            **{key: plain(value) for key, value in made.get("outputs", {}).items()},
            "id": made["id"],
        },
        sources={
            key: tuple(urns) for key, urns in made.get("propertyDependencies", {}).items() if urns
        },
    )


def _internal(key: str) -> bool:
    return key.startswith("__")


def plain(value: Any) -> Any:
    """A value of the engine's notation, with marks in place of what is secret or unknown."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return Mark.SECRET
        if value.get(SIGNATURE) == ARCHIVE:
            return Archive({name: one.get("path", "") for name, one in value["assets"].items()})
        return {key: plain(item) for key, item in value.items() if not _internal(key)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value in UNKNOWNS:
        return Mark.UNKNOWN
    return Mark.SECRET if value == REDACTED else value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value in a value, with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def document(value: Any) -> Any:
    """A policy, from its JSON text."""
    return json.loads(value) if isinstance(value, str) else value
