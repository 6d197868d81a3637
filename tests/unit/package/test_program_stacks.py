"""The real program with each real stack file: what it checks first, makes, and exports."""

import json
import runpy
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from package_monitor import Secret, World, leaves, reveal, run
from secure_redis import stack
from secure_redis.aws import preflight as aws_preflight
from secure_redis.azure import preflight as azure_preflight
from secure_redis.connection import Auth, Connection
from secure_redis.docker import preflight
from secure_redis.docker.images import candidates
from secure_redis.gcp import preflight as gcp_preflight
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings

ROOT = Path(__file__).resolve().parents[3]
FILES = {
    path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
    for path in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
}
STACKS = pytest.mark.parametrize("name", FILES)
PASSWORD = "ExternalPasswordExternalPasswordExternalPassword"
PARTS = ("Url", "UrlRedacted", "Host", "Port", "SecretRef", "Grants")
"""What follows the name of a cache in the names of its outputs."""


def configuration(name: str) -> dict[str, Any]:
    """The stack file's configuration, with the secret that its author sets by command."""
    config = yaml.safe_load(FILES[name].read_text())["config"]
    if config["secure-redis:target"] == "external":
        for settings in config["secure-redis:caches"].values():
            settings["external"].setdefault("password", PASSWORD)
    return config


def start(config: Mapping[str, Any], name: str = "local", *, preview: bool = False) -> World:
    """Runs the program on `config` as the engine hands it over."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
    program = str(ROOT / "__main__.py")
    return run(
        lambda: runpy.run_path(program, run_name="__main__"),
        name=name,
        config=texts,
        secret_keys=("secure-redis:caches",),
        preview=preview,
    )


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """In place of the Docker daemon: it has the official images, and says who asked."""
    asked: list[str | None] = []

    def check(
        caches: Mapping[str, CacheSettings], host: str | None = None
    ) -> tuple[dict[str, str], list[Problem]]:
        asked.append(host)
        return {name: candidates(settings)[-1] for name, settings in caches.items()}, []

    monkeypatch.setattr(preflight, "check", check)
    return asked


@pytest.fixture(autouse=True)
def aws_account(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of this machine's way to AWS: there is one, and who asks for it is noted."""
    asked: list[str] = []

    def check() -> list[Problem]:
        asked.append(pulumi.get_stack())
        return []

    monkeypatch.setattr(aws_preflight, "check", check)
    return asked


@pytest.fixture(autouse=True)
def azure_account(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of this machine's way to Azure: there is one, and who asks for it is noted."""
    asked: list[str] = []

    def check() -> list[Problem]:
        asked.append(pulumi.get_stack())
        return []

    monkeypatch.setattr(azure_preflight, "check", check)
    return asked


@pytest.fixture(autouse=True)
def gcp_account(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of this machine's way to Google Cloud: there is one, and who asks is noted."""
    asked: list[str] = []

    def check() -> list[Problem]:
        asked.append(pulumi.get_stack())
        return []

    monkeypatch.setattr(gcp_preflight, "check", check)
    return asked


@cache
def _result(name: str, preview: bool) -> World:
    world = start(configuration(name), name, preview=preview)
    if world.error:
        raise world.error
    return world


def names_of(name: str) -> list[str]:
    return sorted(configuration(name)["secure-redis:caches"])


NETWORKS = {"Vpc": "aws", "VirtualNetwork": "azure", "compute/network:Network": "gcp"}
"""What a cloud calls a network that a stack makes."""


def test_there_are_stack_files() -> None:
    assert {"local", "external"} <= FILES.keys()


@STACKS
@pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
def test_every_stack_file_makes_its_caches(name: str, preview: bool) -> None:
    world = _result(name, preview)
    assert sorted(r.name for r in world.all("SecureRedis")) == names_of(name)
    urns = [r.urn for r in world.resources]
    assert len(urns) == len(set(urns))
    for resource in world.made:
        assert resource.parent, resource.urn
        if resource.type.startswith("secure-redis:"):
            assert resource.outputs is not None, resource.urn
    target = configuration(name)["secure-redis:target"]
    adopted = "adopt" in configuration(name).get("secure-redis:network", {})
    assert [r.name for r in world.all("index/network:Network")] == ["network"] * (
        target == "docker"
    )
    for kind, cloud in NETWORKS.items():
        made = ["network"] * (target == cloud and not adopted)
        assert [r.name for r in world.all(kind)] == made


@STACKS
def test_what_a_stack_exports(name: str) -> None:
    exports = _result(name, preview=False).exports
    expected = {"connections", "exceptions", "replacements"}
    for cache_name in names_of(name):
        prefix = stack.output_prefix(cache_name)
        expected |= {f"{prefix}{part}" for part in PARTS}
        url = exports[f"{prefix}Url"]
        assert isinstance(url, Secret)
        contract = Connection.from_dict(reveal(exports["connections"])[cache_name])
        assert reveal(url) == contract.url
        assert exports[f"{prefix}UrlRedacted"] == contract.url_redacted
        assert exports[f"{prefix}Host"] == contract.host
        assert exports[f"{prefix}Port"] == contract.port
        assert exports[f"{prefix}SecretRef"] == contract.secret_ref
        assert exports[f"{prefix}Grants"] == contract.grants
        assert bool(contract.grants) == (contract.target in {"aws", "azure", "gcp"})
        assert contract.tls
        assert bool(contract.password) == (contract.auth is not Auth.IDENTITY)
    assert set(exports) == expected


@STACKS
def test_no_export_shows_a_credential(name: str) -> None:
    world = _result(name, preview=False)
    secrets = world.secrets() | {PASSWORD}
    found = 0
    for path, value, marked in leaves(world.exports):
        if any(secret in str(value) for secret in secrets):
            assert marked, path
            found += 1
    without = name in {"azure-entra", "gcp-valkey"}
    assert bool(found) != without, "the URLs hold passwords where there are any"
    connections = world.exports["connections"]
    assert isinstance(connections, Secret) or all(
        isinstance(contract, Secret) for contract in connections.values()
    )


@STACKS
def test_a_second_run_registers_the_same(name: str) -> None:
    first, second = _result(name, preview=False), start(configuration(name), name)
    shown = [
        sorted((r.urn, json.dumps(reveal(r.inputs), sort_keys=True)) for r in world.made)
        for world in (first, second)
    ]
    assert shown[0] == shown[1]


def test_the_daemon_is_asked_once_and_before_anything_is_made(daemon: list[str | None]) -> None:
    config = {**configuration("local"), "docker:host": "ssh://me@example.com"}
    assert start(config).error is None
    assert daemon == ["ssh://me@example.com"]


def test_what_the_daemon_objects_to_stops_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [
        Problem("caches.cache.docker.port", "port 6380 is in use", "Choose another."),
        Problem("caches.cache.docker.image", "cannot be pulled", "Correct the name."),
    ]
    monkeypatch.setattr(preflight, "check", lambda *_: ({}, problems))
    world = start(configuration("local"))
    assert isinstance(world.error, pulumi.RunError)
    assert str(world.error).startswith("the configuration has 2 problems; nothing was changed:\n")
    assert "port 6380 is in use" in str(world.error)
    assert world.made == []


def test_a_stack_without_containers_asks_no_daemon(daemon: list[str | None]) -> None:
    for name in ("external", "aws-dev", "azure-dev", "gcp-dev"):
        assert start(configuration(name)).error is None
    assert daemon == []


def test_the_way_to_a_cloud_is_asked_for_once_and_by_its_stacks_alone(
    aws_account: list[str], azure_account: list[str], gcp_account: list[str]
) -> None:
    for name in ("external", "local", "aws-dev", "azure-dev", "gcp-dev"):
        assert start(configuration(name), name).error is None
    assert (aws_account, azure_account, gcp_account) == (["aws-dev"], ["azure-dev"], ["gcp-dev"])


def test_without_a_way_to_aws_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Problem("aws:region", "no AWS region is set", "Set it.")
    monkeypatch.setattr(aws_preflight, "check", lambda: [missing])
    world = start(configuration("aws-dev"))
    assert isinstance(world.error, pulumi.RunError)
    assert "aws:region: no AWS region is set. Set it." in str(world.error)
    assert world.made == []


@pytest.mark.parametrize("environ", [{}, {"ARM_ENVIRONMENT": "china"}], ids=["none", "china"])
def test_without_a_way_to_azure_nothing_is_made(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither without credentials, nor where Azure does not offer what is asked for."""
    missing = Problem("azure-native", "no Azure credentials were found", "Log in.")
    monkeypatch.setattr(azure_preflight, "check", lambda: [] if environ else [missing])
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    config = configuration("azure-dev")
    del config["azure-native:location"]
    world = start(config)
    assert isinstance(world.error, pulumi.RunError)
    words = "offered in Azure's public cloud only" if environ else "no Azure credentials were found"
    assert words in str(world.error)
    assert world.made == []
    classic = start(configuration("azure-classic")) if environ else None
    assert classic is None or classic.error is None


def test_without_a_way_to_google_cloud_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Problem("gcp:credentials", "no credentials were found", "Log in.")
    monkeypatch.setattr(gcp_preflight, "check", lambda: [missing])
    world = start(configuration("gcp-dev"))
    assert isinstance(world.error, pulumi.RunError)
    assert "gcp:credentials: no credentials were found. Log in." in str(world.error)
    assert world.made == []


def test_reasons_for_replacements_are_exported() -> None:
    config = configuration("aws-prod")
    config["secure-redis:caches"]["cache"]["allowReplacement"] = "it holds nothing of worth"
    exports = start(config).exports
    assert exports["replacements"] == {"cache": "it holds nothing of worth"}


def test_a_bad_stack_file_stops_the_program_before_the_daemon(daemon: list[str | None]) -> None:
    config = configuration("local")
    config["secure-redis:caches"]["cache"] = {"mod": "tls", "docker": {"port": "6380"}}
    world = start(config)
    assert isinstance(world.error, pulumi.RunError)
    assert "caches.cache.mod: unknown key. Did you mean mode?" in str(world.error)
    assert "caches.cache.docker.port: must be a whole number" in str(world.error)
    assert world.made == []
    assert daemon == []


def test_the_image_that_was_found_is_the_one_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "check", lambda *_: ({"cache": "found/redis:7"}, []))
    world = start(configuration("local"))
    assert world.error is None
    assert world.one("RemoteImage", "cache").plain["name"] == "found/redis:7"


def test_tags_and_exceptions_of_the_stack_reach_every_cache() -> None:
    config = {
        "secure-redis:target": "docker",
        "secure-redis:environment": "production",
        "secure-redis:tags": {"team": "platform"},
        "secure-redis:exceptions": {"plaintext-in-production": "a demonstration"},
        "secure-redis:caches": {
            "cache": {"mode": "password"},
            "job-queue": {"purpose": "queue"},
        },
    }
    world = start(config)
    assert world.error is None
    for container in world.containers():
        found = {entry["label"]: entry["value"] for entry in container.plain["labels"]}
        assert found["team"] == "platform"
    assert world.exports["exceptions"] == {"plaintext-in-production": "a demonstration"}
    assert "jobQueueUrl" in world.exports
    assert sorted(r.name for r in world.made if r.request.protect) == [
        "cache-data",
        "job-queue-data",
    ]


def test_names_of_outputs() -> None:
    names = ["cache", "job-queue", "a-b-c", "a-url"]
    assert [stack.output_prefix(n) for n in names] == ["cache", "jobQueue", "aBC", "aUrl"]
    outputs = [
        f"{stack.output_prefix(n)}{part}"
        for n in ("a", "a-url", "a-url-redacted", "a-host", "a-grants", "ab", "a-b")
        for part in PARTS
    ]
    assert len(outputs) == len(set(outputs))


def test_the_program_leaves_nothing_behind_in_the_interpreter() -> None:
    before = set(sys.path)
    start(configuration("local"))
    assert set(sys.path) == before
