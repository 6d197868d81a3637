"""Stack files for the tests: those of the repository, and one of each kind."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pulumi import Output
from secure_redis.cli import stack_file
from secure_redis.settings import Environment, Purpose, Target

ROOT = Path(__file__).resolve().parents[3]
STACKS = sorted(ROOT.glob("stacks/*.yaml"))
KINDS = list(product(Target, Environment, Purpose))
PREFIX = "secure-redis:"


def kind_id(kind: tuple[Target, Environment, Purpose]) -> str:
    return "-".join(part.value for part in kind)


def written(path: Path) -> dict[str, Any]:
    """The keys of ours in a stack file; an endpoint gets the password that its author would set."""
    raw = stack_file.read(path).own
    for cache in raw["caches"].values():
        if "external" in cache:
            cache["external"]["password"] = Output.from_input("")
    return raw


def smallest(target: Target, environment: Environment, purpose: Purpose) -> dict[str, Any]:
    """The least that a stack says."""
    cache: dict[str, Any] = {"purpose": purpose.value}
    if target is Target.EXTERNAL:
        endpoint = {"host": "redis.example.com", "port": 6380, "password": Output.from_input("")}
        cache["external"] = endpoint
    raw: dict[str, Any] = {
        "target": target.value,
        "environment": environment.value,
        "caches": {"cache": cache},
    }
    if target in {Target.AWS, Target.AZURE}:
        raw["access"] = {"cidrs": ["10.20.0.0/16"]}
    return raw


def document(raw: dict[str, Any]) -> dict[str, Any]:
    """A stack file with these keys."""
    return {"config": {f"{PREFIX}{key}": value for key, value in raw.items()}}


def at(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Puts a value at a path of keys with dots between them."""
    *groups, key = path.split(".")
    group = raw
    for name in groups:
        if not isinstance(group.get(name), dict):
            group[name] = {}
        group = group[name]
    group[key] = value
    return raw


def plain_yaml(raw: dict[str, Any]) -> str:
    return yaml.safe_dump(document(raw), sort_keys=False)


def leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings in a schema, by their paths; caches are named `cache`."""
    for key, value in schema.get("properties", {}).items():
        below = f"{path}.{key}".lstrip(".").removeprefix(PREFIX)
        several = below == "caches"
        inner = value["additionalProperties"] if several else value
        if inner.get("properties") and "secure" not in inner["properties"]:
            yield from leaves(inner, f"{below}.cache" if several else below)
        else:
            yield below, value
