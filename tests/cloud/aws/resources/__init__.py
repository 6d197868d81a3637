"""The resource types: what the provider asks of AWS for each."""

from collections.abc import Mapping
from dataclasses import replace

from cloud.standin.resource import Resource

from . import (
    alarms,
    caches,
    encryption,
    functions,
    identity,
    logs,
    network,
    secret,
    serverless,
    topics,
    users,
)

_MODULES = (
    network, encryption, logs, alarms, topics, identity, functions, secret, users, caches,
    serverless,
)  # fmt: skip

_REGION = frozenset({"region"})


def _regional(resource: Resource) -> Resource:
    """With `region` as the provider adds it to every type: filled in, and fixed once it is."""
    if "region" not in resource.models:
        return resource
    rules = replace(resource.rules, computed=resource.rules.computed | _REGION)
    return replace(resource, rules=rules, replaces=resource.replaces | _REGION)


def _token(resource: Resource) -> str:
    """The type's token, from the SDK's names: its schema says the same, but takes its time."""
    module, name = resource.sdk.removeprefix("pulumi_aws.").split(":")
    return f"aws:{module.rstrip('_')}/{name[:1].lower()}{name[1:]}:{name}"


RESOURCES: Mapping[str, Resource] = {
    _token(resource): _regional(resource) for module in _MODULES for resource in module.RESOURCES
}
"""By token."""
