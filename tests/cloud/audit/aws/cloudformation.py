"""Planned resources as a CloudFormation template, which AWS's own resource schemas can judge."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloud.audit.planned import Mark, Planned, PlannedStack, Reference

from .cloudformation_types import KINDS, LEFT_OUT, MERGED, policy, tags

MIN_INNER = 8
"""Fewest characters of an id that is looked for inside of longer texts."""


class UnrenderedError(Exception):
    """A planned resource, or an input of one, that has no place in the other notation."""


def template(stack: PlannedStack) -> dict[str, Any]:
    """The stack as a template. Raises UnrenderedError for what it has no word for."""
    names = logical_names(stack)
    resources, arguments = {}, {}
    for one in stack.resources.values():
        if one.type in MERGED or one.type in LEFT_OUT:
            continue
        resources[names[one.urn]] = _resource(stack, names, one)
    for version in stack.of("SecretVersion"):
        secret = stack.target(version, "secretId")
        if secret is None or version.inputs["secretString"] is not Mark.SECRET:
            raise UnrenderedError(f"{version.name}: a value that belongs to no secret, or is open")
        parameter = f"{names[secret.urn]}Value"
        arguments[parameter] = {"Type": "String", "NoEcho": True}
        resources[names[secret.urn]]["Properties"]["SecretString"] = {"Ref": parameter}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": arguments,
        "Resources": resources,
    }


def logical_names(stack: PlannedStack) -> dict[str, str]:
    """A logical name for each resource, by URN: letters and digits."""
    names = {
        urn: re.sub(r"[^A-Za-z0-9]", "", f"{one.name.title()}{one.type.rpartition(':')[2]}")
        for urn, one in stack.resources.items()
    }
    if len(set(names.values())) != len(names):
        raise UnrenderedError("two resources have one name")
    return names


def _resource(stack: PlannedStack, names: Mapping[str, str], one: Planned) -> dict[str, Any]:
    if one.type not in KINDS:
        raise UnrenderedError(f"{one.type} has no counterpart in CloudFormation")
    kind = KINDS[one.type]
    properties: dict[str, Any] = {}
    for key, value in one.inputs.items():
        if key in kind.without:
            continue
        if key not in kind.properties:
            raise UnrenderedError(f"{one.type}: the input {key} has no counterpart")
        if value in ([], "", {}) or value == kind.unset.get(key, Mark.UNKNOWN):
            continue
        convert = kind.convert.get(key) or (tags if key == "tags" else _same)
        # A policy is read before its texts are looked at: its references are inside.
        before, after = (policy, _same) if convert is policy else (_same, convert)
        properties[kind.properties[key]] = after(_referring(stack, names, one, key, before(value)))
    rendered: dict[str, Any] = {"Type": kind.type, "Properties": properties}
    if "finalSnapshotIdentifier" in one.inputs:
        rendered |= {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return rendered


def _same(value: Any) -> Any:
    return value


def _referring(
    stack: PlannedStack, names: Mapping[str, str], one: Planned, key: str, value: Any
) -> Any:
    """A value with references in place of what other resources made."""
    if isinstance(value, Mapping):
        return {name: _referring(stack, names, one, key, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_referring(stack, names, one, key, item) for item in value]
    if value is Mark.SECRET:
        secret = f"{{{{resolve:secretsmanager:{names[one.urn]}:SecretString}}}}"
        # A list of passwords is secret as a whole.
        return [secret] if key == "passwords" else secret
    return _text(stack, names, one, key, value) if isinstance(value, str) else value


def _text(stack: PlannedStack, names: Mapping[str, str], one: Planned, key: str, value: str) -> Any:
    found = {
        text: expression
        for reference, text in stack.candidates(one, key)
        if (expression := _expression(stack, names, reference))
    }
    if value in found:
        return found[value]
    # The longest first: an ARN holds the name that it ends with.
    for text in sorted(found, key=len, reverse=True):
        if len(text) >= MIN_INNER and text in value:
            before, after = (part.replace("${", "${!") for part in value.split(text, maxsplit=1))
            target = found[text].get("Ref") or ".".join(found[text]["Fn::GetAtt"])
            return {"Fn::Sub": f"{before}${{{target}}}{after}"}
    return value


def _expression(
    stack: PlannedStack, names: Mapping[str, str], reference: Reference
) -> dict[str, Any] | None:
    kind = KINDS.get(stack.resources[reference.urn].type)
    attribute = kind.references.get(reference.output) if kind else None
    if attribute is None:
        return None
    name = names[reference.urn]
    return {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}


def references(value: Any) -> Iterator[str]:
    """Logical names that a value of a template refers to."""
    if isinstance(value, Mapping):
        if "Ref" in value:
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        elif "Fn::Sub" in value:
            yield from re.findall(r"\$\{([A-Za-z0-9]+)", value["Fn::Sub"])
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def text(rendered: Mapping[str, Any]) -> str:
    """A template as JSON."""
    return json.dumps(rendered, indent=1)
