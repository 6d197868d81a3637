"""The real program with stack files as `secure-redis init` writes them."""

import json
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from package_monitor import World, run
from secure_redis.aws import preflight as aws
from secure_redis.azure import preflight as azure
from secure_redis.cli.new_stack import NewStack, text
from secure_redis.docker import preflight as docker
from secure_redis.docker.images import candidates
from secure_redis.effective import explain
from secure_redis.gcp import preflight as gcp
from secure_redis.settings import Environment, Purpose, Target

PROGRAM = Path(__file__).resolve().parents[3] / "__main__.py"
REGIONS = {Target.AWS: "eu-west-1", Target.AZURE: "westeurope", Target.GCP: "europe-west1"}
CACHES = {"cache": Purpose.CACHE, "sessions": Purpose.SESSIONS, "queue": Purpose.QUEUE}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that reaches every cloud, and a Docker daemon that has the images."""
    for cloud in (aws, azure, gcp):
        monkeypatch.setattr(cloud, "check", list)
    monkeypatch.setattr(
        docker,
        "check",
        lambda caches, _: ({name: candidates(one)[-1] for name, one in caches.items()}, []),
    )


def caches_of(environment: Environment) -> dict[str, Purpose]:
    """A cache of each purpose in production, elsewhere one."""
    return CACHES if environment is Environment.PRODUCTION else {"cache": Purpose.CACHE}


def config_of(target: Target, environment: Environment) -> dict[str, Any]:
    """The configuration in a new stack file."""
    new = NewStack(
        target,
        environment,
        caches_of(environment),
        region=REGIONS.get(target, ""),
        project="shop-dev" if target is Target.GCP else "",
        access={"cidrs": ["10.20.0.0/16"]} if target in {Target.AWS, Target.AZURE} else {},
        endpoint={"host": "redis.example.com", "port": 6380} if target is Target.EXTERNAL else {},
    )
    config = yaml.safe_load(text(new, stack="x"))["config"]
    for settings in config["secure-redis:caches"].values():
        if "external" in settings:
            settings["external"]["password"] = "p" * 48
    return config


@cache
def planned(target: Target, environment: Environment) -> World:
    """What the program would make of a new stack."""
    config = config_of(target, environment)
    return run(
        lambda: runpy.run_path(str(PROGRAM), run_name="__main__"),
        config={k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()},
        secret_keys=("secure-redis:caches",),
        preview=True,
    )


@pytest.mark.parametrize("environment", Environment)
@pytest.mark.parametrize("target", Target)
def test_the_program_makes_the_caches_of_a_new_stack(
    target: Target, environment: Environment
) -> None:
    world, names = planned(target, environment), caches_of(environment)
    assert world.error is None
    assert sorted(one.name for one in world.all("SecureRedis")) == sorted(names)
    assert {f"{name}Url" for name in names} <= world.exports.keys()


SHOWN = {
    Target.AWS: ("ReplicationGroup", "nodeType", "aws.nodeType"),
    Target.AZURE: ("RedisEnterprise", "sku", "azure.sku"),
    Target.GCP: ("Instance", "memorySizeGb", "gcp.memorySizeGb"),
    Target.DOCKER: ("Container", "memory", "containerMb"),
}
"""What a cache is made of, an input of it, and the effective value that says what it is."""


@pytest.mark.parametrize("target", SHOWN)
def test_what_is_explained_is_what_the_program_makes(target: Target) -> None:
    config, prefix = config_of(target, Environment.PRODUCTION), "secure-redis:"
    raw = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
    values = {value.path: value.value for value in explain(raw)}
    kind, key, path = SHOWN[target]
    made = {one.name: one.plain for one in planned(target, Environment.PRODUCTION).all(kind)}
    for name in CACHES:
        found = made[name][key]
        shown = found["name"] if isinstance(found, dict) else found
        assert shown == values[f"caches.{name}.{path}"]
