"""The text of a new stack file: few answers, everything else a default that is shown as a comment.

Comments are the words of the settings themselves, and what is commented out is what takes effect
anyway: a line without its sign changes nothing.
"""

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import yaml
from pulumi import Output
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from secure_redis.aws import preflight as aws
from secure_redis.azure import preflight as azure
from secure_redis.configuration import NAMESPACE, own_keys, parse_stack
from secure_redis.docker.rules import PORTS
from secure_redis.effective import has_effect, plain
from secure_redis.gcp import preflight as gcp
from secure_redis.problems import ConfigurationError, Problem
from secure_redis.settings import (
    CacheSettings,
    Environment,
    NewNetwork,
    Purpose,
    StackSettings,
    Target,
)
from secure_redis.stack_schema import PROVIDER_KEYS

SERVICES = {
    Target.AWS: "Amazon ElastiCache",
    Target.AZURE: "Azure Managed Redis",
    Target.GCP: "Google Cloud Memorystore",
    Target.DOCKER: "a container on Docker",
    Target.EXTERNAL: "an endpoint that somebody else runs",
}
"""What a target is, in the first line of a file."""

REGION_KEYS = {
    Target.AWS: "aws:region",
    Target.AZURE: "azure-native:location",
    Target.GCP: "gcp:region",
}
"""The provider's key that says where a cloud makes things."""

PROJECT_KEY = "gcp:project"

WIDTH = 100
"""Columns of a comment."""


@dataclass(frozen=True)
class NewStack:
    """What somebody says of a stack that is to be: what has no default, and little more."""

    target: Target
    environment: Environment
    caches: Mapping[str, Purpose] = field(default_factory=lambda: {"cache": Purpose.CACHE})
    """Purposes of the caches, by name."""
    region: str = ""
    """On a cloud: its region."""
    project: str = ""
    """On Google Cloud: id of the project."""
    adopt: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """On a cloud: the network that exists, as `network.adopt` has it; empty for a new one."""
    range_name: str = ""
    """On Google Cloud: the range of that network for Google's services; empty for a new one."""
    access: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """On a cloud: who may reach the caches, as `access` has it."""
    endpoint: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the target external: host, port and username."""


def configuration(new: NewStack) -> dict[str, Any]:
    """The keys of the stack file, with their namespaces."""
    found: dict[str, Any] = {}
    if new.target in REGION_KEYS:
        found[REGION_KEYS[new.target]] = new.region
    if new.target is Target.GCP:
        found[PROJECT_KEY] = new.project
    own: dict[str, Any] = {"target": new.target.value, "environment": new.environment.value}
    if new.target.cloud:
        made: dict[str, Any] = {"create": {"cidr": NewNetwork().cidr}}
        own["network"] = {"adopt": dict(new.adopt)} if new.adopt else made
        if new.range_name:
            own["network"]["privateServices"] = {"rangeName": new.range_name}
    own["caches"] = dict(_caches(new))
    if new.target.cloud and new.access:
        own["access"] = dict(new.access)
    return {**found, **{f"{NAMESPACE}:{key}": value for key, value in own.items()}}


def _caches(new: NewStack) -> Iterator[tuple[str, dict[str, Any]]]:
    taken: set[int] = set()
    for name, purpose in new.caches.items():
        cache: dict[str, Any] = {"purpose": purpose.value}
        if new.target is Target.EXTERNAL:
            cache["external"] = dict(new.endpoint)
        if new.target is Target.DOCKER:
            port = PORTS[purpose.value]
            if port in taken:
                # A second cache of a purpose, beside the ports of all purposes.
                port = max(*taken, *PORTS.values()) + 1
                cache["docker"] = {"port": port}
            taken.add(port)
        yield name, cache


def problems(new: NewStack) -> list[Problem]:
    """All that is wrong with a stack, as its program would say it; without its credentials."""
    config = configuration(new)
    found = list(_place_problems(new, config))
    try:
        parse_stack(_own(config))
    except ConfigurationError as error:
        found += error.problems
    return found


def _own(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of ours; the password of an endpoint is set as a secret, after the file is there."""
    own = own_keys(config)
    own["caches"] = {
        name: {**cache, "external": {**cache["external"], "password": Output.from_input("")}}
        if "external" in cache
        else cache
        for name, cache in own["caches"].items()
    }
    return own


def _place_problems(new: NewStack, config: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with where a cloud is to make things."""
    nowhere = Path(os.devnull)
    judges = {
        Target.AWS: lambda given: aws.region_problems(given, {}),
        Target.AZURE: lambda given: azure.problems(given, {}, nowhere),
        # With a source of credentials, so that none is looked for.
        Target.GCP: lambda given: gcp.problems(
            given, {"GOOGLE_OAUTH_ACCESS_TOKEN": "none"}, nowhere
        ),
    }
    if new.target in judges:
        places = {key: value for key, value in config.items() if key in PROVIDER_KEYS}
        given = {key.partition(":")[2]: value for key, value in places.items() if value}
        for problem in judges[new.target](given):
            if problem.path in places:
                yield problem


def text(new: NewStack, *, stack: str, schema: str = "") -> str:
    """The stack file. Raises ConfigurationError with all problems of what was asked for.

    stack: the name of the stack. schema: path of its JSON Schema from the file; empty for none.
    """
    wrong = problems(new)
    if wrong:
        raise ConfigurationError(wrong)
    config = configuration(new)
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [
        f"# {new.environment.value.capitalize()}: {SERVICES[new.target]}.",
        "# Every key that is not here has a default. What takes effect, and why:",
        f"#   secure-redis explain-config stacks/Pulumi.{stack}.yaml",
        *_password(new, stack),
        "config:",
    ]
    for key, value in config.items():
        name = key.removeprefix(f"{NAMESPACE}:")
        if name == key:
            lines += [*_comment(PROVIDER_KEYS[key], "  "), f"  {key}: {_scalar(value)}"]
        elif name == "caches":
            lines += [*_comment(_meaning(StackSettings, name), "  "), f"  {key}:"]
            for number, one in enumerate(value):
                lines += _cache(config, one, said=number > 0)
        else:
            lines += _entry(StackSettings, name, key, value, "  ")
    return "\n".join(lines) + "\n"


def _password(new: NewStack, stack: str) -> Iterator[str]:
    if new.target is Target.EXTERNAL:
        yield "# The password is a secret of the stack, encrypted in this file:"
        yield f"#   make shell STACK={stack}"
        for name in new.caches:
            path = f"{NAMESPACE}:caches.{name}.external.password"
            yield f"#   pulumi config set --secret --path '{path}'"


def _entry(
    model: type[BaseModel], name: str, key: str, value: Any, indent: str, *, said: bool = False
) -> Iterator[str]:
    """A setting with its meaning above it, and those below it.

    said: whether the meaning stands above another one already.
    """
    if not said:
        yield from _comment(_meaning(model, name), indent)
    if isinstance(value, Mapping):
        yield f"{indent}{key}:"
        group = _group(model, name)
        for below, item in value.items():
            yield from _entry(group, _field(group, below), below, item, f"{indent}  ", said=said)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{indent}{key}:"
        yield from (f"{indent}  - {_scalar(item)}" for item in value)
    else:
        yield f"{indent}{key}: {_scalar(value)}"


def _cache(config: Mapping[str, Any], name: str, *, said: bool) -> Iterator[str]:
    yield f"    {name}:"
    for key, value in config[f"{NAMESPACE}:caches"][name].items():
        field_name = _field(CacheSettings, key)
        yield from _entry(CacheSettings, field_name, key, value, "      ", said=said)
    defaults = dict(_defaults(_own(config), name))
    if defaults:
        yield "      # Its defaults. Take the sign away to change one:"
        yield from (f"      # {key}: {_scalar(value)}" for key, value in defaults.items())


def _defaults(own: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """The portable settings of a cache whose defaults follow from others, where they count."""
    cache = parse_stack(own).caches[name]
    for key, one in CacheSettings.model_fields.items():
        if one.default_factory_takes_validated_data:
            value = plain(getattr(cache, key))
            if has_effect(own, f"caches.{name}.{to_camel(key)}", value):
                yield to_camel(key), value


def _comment(meaning: str, indent: str) -> list[str]:
    return textwrap.wrap(
        meaning,
        WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _meaning(model: type[BaseModel], name: str) -> str:
    return " ".join((model.model_fields[name].description or "").split())


def _field(model: type[BaseModel], key: str) -> str:
    return next(name for name in model.model_fields if to_camel(name) == key)


def _group(model: type[BaseModel], name: str) -> type[BaseModel]:
    annotation = model.model_fields[name].annotation
    kinds = (annotation, *get_args(annotation))
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def _scalar(value: Any) -> str:
    """A plain value as YAML, on one line."""
    given = value.value if isinstance(value, Enum) else value
    whole = int(given) if isinstance(given, float) and given.is_integer() else given
    return yaml.safe_dump(whole, width=2**16, allow_unicode=True).removesuffix("...\n").strip()
