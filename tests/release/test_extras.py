"""Each extra alone, in a fresh environment: what it brings, what it does not, and that it works."""

import json
import os
from pathlib import Path

import pytest

from release.distribution import REPOSITORY
from tests.release.environments import Environment, run

PROGRAM = REPOSITORY / "tests" / "release" / "minimal_program.py"
PINS = tuple(
    REPOSITORY / "requirements" / f"{name}.txt" for name in ("docker", "aws", "azure", "gcp")
)
SDKS = {
    "aws": {"pulumi-aws", "pulumi-random"},
    "azure": {"pulumi-azure-native", "pulumi-random"},
    "docker": {"pulumi-docker", "pulumi-random", "pulumi-tls"},
    "external": set[str](),
    "gcp": {"pulumi-gcp", "pulumi-random"},
}
"""The Pulumi packages that a target's extra brings, all of them; `external` needs no extra."""
CACHES = {
    "aws": "aws:elasticache/replicationGroup:ReplicationGroup",
    "azure": "azure-native:redisenterprise:RedisEnterprise",
    "docker": "docker:index/container:Container",
    "external": "secure-redis:index:ExternalRedis",
    "gcp": "gcp:redis/instance:Instance",
}
ALONE = {"pulumi"}
OF_CLOUDS = ("azure-", "boto", "google-", "msal")
"""How names of cloud libraries begin that a target without that cloud has no use for."""
OF_GOOGLE = {"googleapis-common-protos"}
"""Brought by OpenTelemetry, which Pulumi brings."""


def fresh(directory: Path, wheel: Path, extra: str) -> Environment:
    environment = Environment(directory)
    wanted = f"secure-redis[{extra}]" if extra else "secure-redis"
    environment.install(f"{wanted} @ {wheel.as_uri()}", constraints=PINS)
    return environment


@pytest.mark.parametrize("target", SDKS)
def test_the_extra_of_a_target_is_all_that_it_needs(
    target: str, wheel: Path, tmp_path: Path
) -> None:
    environment = fresh(tmp_path / "venv", wheel, "" if target == "external" else target)
    names = environment.distributions()
    assert {name for name in names if name.startswith("pulumi")} == ALONE | SDKS[target]
    assert not {name for name in names if name.startswith(OF_CLOUDS)} - OF_GOOGLE

    # In an empty directory, with nothing of this repository but the fake providers.
    plain = {"PYTHONPATH": ""}
    answer = json.loads(
        run([environment.python, str(PROGRAM), target], directory=tmp_path, environment=plain)
    )
    for when in ("preview", "up"):
        assert CACHES[target] in answer[when]
        assert answer[when][0] == "secure-redis:index:SecureRedis"
    imported = {name for name in answer["imported"] if name.startswith("pulumi_")}
    assert imported == {name.replace("-", "_") for name in SDKS[target]}

    others = [other for other in SDKS if other not in {target, "external"}]
    refused = run(
        [environment.python, "-c", REFUSALS, *others], directory=tmp_path, environment=plain
    )
    assert refused.split("\n")[:-1] == [f"install secure-redis[{other}]" for other in others]


REFUSALS = """
import sys
import pulumi
import secure_redis
from secure_redis import SecureRedis

DIRECT = {
    "aws": "ElastiCacheRedis", "azure": "ManagedRedis", "docker": "DockerRedis",
    "gcp": "MemorystoreRedis",
}
for target in sys.argv[1:]:
    advice = f"install secure-redis[{target}]"
    try:
        SecureRedis("cache", {"target": target, "environment": "development"})
    except pulumi.RunError as error:
        assert advice in str(error), error
    else:
        raise AssertionError(target)
    try:
        getattr(secure_redis, DIRECT[target])
    except ModuleNotFoundError as error:
        assert str(error).endswith(advice), error
        assert error.name and not error.name.startswith("secure_redis"), error
    else:
        raise AssertionError(target)
    print(advice)
"""
"""What a program is told that names a target whose SDK is not there."""


def test_the_command_comes_with_its_extra(wheel: Path, tmp_path: Path) -> None:
    environment = fresh(tmp_path / "venv", wheel, "cli")
    names = environment.distributions()
    assert {name for name in names if name.startswith("pulumi")} == ALONE
    command = str(environment.directory / "bin" / "secure-redis")
    plain = {"PYTHONPATH": "", "PATH": os.defpath}
    version = run([command, "--version"], directory=tmp_path, environment=plain)
    assert version.split()[-1] in wheel.name
    commands = run([command, "--help"], directory=tmp_path, environment=plain)
    assert {"doctor", "env", "evidence", "explain", "up"} <= set(commands.split())
    told = run(
        [command, "explain", "NOAUTH Authentication required."],
        directory=tmp_path,
        environment=plain,
    )
    assert "password" in told


def test_rotation_on_azure_comes_with_its_extra(wheel: Path, tmp_path: Path) -> None:
    environment = fresh(tmp_path / "venv", wheel, "cli,rotate")
    names = environment.distributions()
    assert {name for name in names if name.startswith("pulumi")} == ALONE
    assert names >= {"azure-identity", "azure-mgmt-redis", "azure-mgmt-redisenterprise"}
    script = "import secure_redis.cli.rotate, azure.identity, azure.mgmt.redisenterprise"
    run([environment.python, "-I", "-c", script], directory=tmp_path)
