"""What a scene, a case and a document are."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Document = dict[str, Any]
"""A resource as a state has it."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a text that a preview does not know."""

SECRET: Mapping[str, str] = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": "AAAA",
}
"""What the engine writes for a secret value."""

ABSENT = object()
"""In place of a value: the property is not there."""


@dataclass(frozen=True)
class Ref:
    """A value that comes from another resource of the program, by its name."""

    name: str
    output: str = "id"
    text: str = "{}"
    """What it is a part of."""


@dataclass(frozen=True)
class Part:
    """A resource as a program declares it."""

    name: str
    type: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the cloud computes; `id` and `arn` are made from the name where they are not here."""
    protect: bool = False

    @property
    def urn(self) -> str:
        """As the engine makes it."""
        return f"urn:pulumi:live::shop::{self.type}::{self.name}"

    def output(self, name: str) -> Any:
        """One of its outputs."""
        made = {"id": f"{self.name}-id", "arn": f"arn:aws:service:eu-west-1:1:{self.name}"}
        return {**made, "name": self.name, **self.inputs, **self.outputs}[name]


@dataclass(frozen=True)
class Scene:
    """A program with a Redis in it that keeps every rule."""

    name: str
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part:
        """One of its resources."""
        return next(one for one in self.parts if one.name == name)

    def documents(self, *, preview: bool = False) -> list[Document]:
        """Its resources as the engine has them after an update, or in its first preview."""
        by_name = {one.name: one for one in self.parts}
        return [_document(one, by_name, preview=preview) for one in self.parts]


@dataclass(frozen=True)
class Case:
    """One change of a scene that breaks one rule and no other."""

    rule: str
    scene: Scene
    subject_name: str
    """The resource that is judged."""
    path: str = ""
    """What is changed of it: keys joined by dots, numbers for elements of a list."""
    value: Any = ABSENT
    good: Any = None
    """Another right value, where the scene's own is to be left out or is not of interest."""
    without: tuple[str, ...] = ()
    """In place of a change: resources that are taken away."""
    add: tuple[Part, ...] = ()
    """Resources that are there in the passing and in the failing form."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of the judged resource, which break nothing by themselves."""
    spoils: tuple[str, ...] = ()
    """Rules that say the same of another side, and cannot but break with it."""
    early: bool = True
    """Whether the first preview can tell. Else that form is the one of a later preview."""
    environment: str = "production"
    note: str = ""
    """What tells it from other cases of the rule."""

    @property
    def id(self) -> str:
        """A name for a test."""
        words = (self.rule, self.scene.name, self.subject_name, self.path, self.note)
        return "-".join(one for one in words if one).replace(" ", "-")

    @property
    def subject(self) -> str:
        """URN of the resource that is judged."""
        parts = (*self.scene.parts, *self.add)
        return next(one.urn for one in parts if one.name == self.subject_name)

    def passing(self, *, preview: bool = False) -> list[Document]:
        """Resources that keep the rule."""
        found = self._base(preview=preview)
        if self.good is not None:
            self._put(found, self.good)
        return found

    def failing(self, *, preview: bool = False) -> list[Document]:
        """Resources that break it, and only it."""
        found = self._base(preview=preview)
        gone = {self.scene.part(name).urn for name in self.without}
        found = [one for one in found if one["urn"] not in gone]
        if not self.without:
            self._put(found, self.value)
        return found

    def unknown(self, *, preview: bool = False) -> list[Document]:
        """Resources of which it cannot be told yet; empty where there is no such value."""
        return self._sign(UNKNOWN, preview=preview)

    def secret(self, *, preview: bool = False) -> list[Document]:
        """Resources of which it cannot be told, for the value is secret; empty as `unknown`."""
        return self._sign(dict(SECRET), preview=preview)

    def _base(self, *, preview: bool) -> list[Document]:
        whole = Scene(self.scene.name, (*self.scene.parts, *self.add))
        found = whole.documents(preview=preview and self.early)
        for path, value in self.also.items():
            put(self._judged(found), path, value)
        return found

    def _sign(self, sign: Any, *, preview: bool) -> list[Document]:
        if self.without or self.path == "protect":
            return []
        found = self._base(preview=preview)
        self._put(found, sign)
        return found

    def _put(self, documents: Iterable[Document], value: Any) -> None:
        put(self._judged(documents), self.path, value)

    def _judged(self, documents: Iterable[Document]) -> Document:
        return next(one for one in documents if one["urn"] == self.subject)


@dataclass(frozen=True)
class Apart:
    """A program in which something is not about Redis."""

    name: str
    scene: Scene
    others: tuple[Part, ...]
    """What no rule may say anything of."""

    @property
    def subjects(self) -> frozenset[str]:
        """URNs of what is not about Redis."""
        return frozenset(one.urn for one in self.others)

    def documents(self, *, preview: bool = False) -> list[Document]:
        """All of the program."""
        whole = Scene(self.name, (*self.scene.parts, *self.others))
        return whole.documents(preview=preview)


def put(document: Document, path: str, value: Any) -> None:
    """Changes a property in what is declared and in what is recorded."""
    if path == "protect":
        document.pop("protect", None)
        document.update({} if value is ABSENT else {"protect": value})
        return
    keys = path.split(".")
    document.get("propertyDependencies", {}).pop(keys[0], None)
    for side in ("inputs", "outputs"):
        # The sides of a document that came from a state are two maps with equal values.
        if side == "outputs" and not document["outputs"]:
            continue
        at = document[side]
        for key, following in pairwise(keys):
            made: Any = [] if following.isdigit() else {}
            at = at[int(key)] if isinstance(at, list) else at.setdefault(key, made)
        last: Any = int(keys[-1]) if isinstance(at, list) else keys[-1]
        if value is not ABSENT:
            at[last] = copy.deepcopy(value)
        elif isinstance(at, list):
            at.pop(last)
        else:
            at.pop(last, None)


def _document(part: Part, by_name: Mapping[str, Part], *, preview: bool) -> Document:
    inputs = {key: _resolved(value, by_name, preview=preview) for key, value in part.inputs.items()}
    sources = {key: sorted(_sources(value, by_name)) for key, value in part.inputs.items()}
    made: Document = {
        "type": part.type,
        "urn": part.urn,
        "custom": True,
        "inputs": inputs,
        "outputs": {},
        "parent": "urn:pulumi:live::shop::pulumi:pulumi:Stack::shop-live",
        "propertyDependencies": {key: urns for key, urns in sources.items() if urns},
        "dependencies": sorted({urn for urns in sources.values() for urn in urns}),
        **({"protect": True} if part.protect else {}),
    }
    if not preview:
        made["id"] = part.output("id")
        made["outputs"] = {
            **copy.deepcopy(inputs),
            **{key: copy.deepcopy(value) for key, value in part.outputs.items()},
            "id": part.output("id"),
            "arn": part.output("arn"),
        }
        made["outputs"].setdefault("name", part.output("name"))
    return made


def _resolved(value: Any, by_name: Mapping[str, Part], *, preview: bool) -> Any:
    if isinstance(value, Ref):
        # An unknown part makes all of a text unknown.
        return UNKNOWN if preview else value.text.format(by_name[value.name].output(value.output))
    if isinstance(value, Mapping):
        return {k: _resolved(one, by_name, preview=preview) for k, one in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(one, by_name, preview=preview) for one in value]
    return value


def _sources(value: Any, by_name: Mapping[str, Part]) -> set[str]:
    if isinstance(value, Ref):
        return {by_name[value.name].urn}
    inside = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        return {urn for one in inside for urn in _sources(one, by_name)}
    return set()
