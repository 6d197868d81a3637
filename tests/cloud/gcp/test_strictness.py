"""The stand-in refuses what Google and its provider refuse, in their words.

Each row is a resource that is accepted, with one thing changed; and the same resource with that
thing as it may be.
"""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from cloud.gcp.cloud import PROJECT_ID, REGION
from cloud.gcp.driver import TOKENS, RefusedError
from cloud.gcp.model import document, enum_values
from cloud.gcp.resources.redis import DAYS, PERIODS
from cloud.gcp.services.memorystore_rules import SIZES
from cloud.gcp.services.metrics import ALIGNERS
from cloud.gcp.services.redis_rules import VERSIONS
from cloud.gcp.strictness_cases import ROWS, Changes
from cloud.gcp.world import ORDER, World


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that nobody changes, to be copied."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture(scope="module")
def crowded(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that refusals leave as it was, so that all of them can share it."""
    return base.copy(tmp_path_factory.mktemp("crowded") / "cloud")


@pytest.fixture(scope="module")
def neighbours(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which what is right is made and taken away again."""
    return base.copy(tmp_path_factory.mktemp("neighbours") / "cloud")


def made(changes: Changes, world: World) -> dict[str, Any]:
    """The changes, with the names of the world where they need some."""
    return changes(world) if callable(changes) else changes


def things(world: World) -> set[tuple[str, str]]:
    """Everything there is, without what it looks like, operations that have ended, and agents."""
    kinds = {"operations", "iam.ServiceAgent"}
    found = set(world.cloud.kinds()) - kinds
    return {(kind, one) for kind in found for one in world.cloud.all(kind)}


NUMBERED = [
    pytest.param(kind, wrong, text, right, id=f"{number}-{kind}")
    for number, (kind, wrong, text, right) in enumerate(ROWS)
]


def test_one_valid_resource_of_every_type_is_accepted_and_then_unchanged(
    base: World, tmp_path: Path
) -> None:
    world = base.copy(tmp_path / "cloud")
    assert sorted(ORDER) == sorted(TOKENS)
    for kind in ORDER:
        world.make(kind, kind)
    for kind in ORDER:
        assert world.changes(kind, kind) == set(), kind
    before = things(base)
    for kind in reversed(ORDER):
        world.drop(kind, kind)
    left = {kind for kind, _ in things(world) - before}
    # Keys cannot be taken away, and a destroyed value goes with its secret.
    assert left <= {
        "cloudkms.googleapis.com/KeyRing",
        "cloudkms.googleapis.com/CryptoKey",
        "cloudkms.googleapis.com/CryptoKeyVersion",
        "secretmanager.googleapis.com/SecretVersion",
        "iam.Policy",
    }


def test_the_table_is_large_and_says_each_thing_once() -> None:
    assert len(ROWS) >= 100
    said = [(kind, repr(wrong), text) for kind, wrong, text, _ in ROWS if not callable(wrong)]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(("kind", "wrong", "text", "right"), NUMBERED)
def test_what_is_wrong_is_refused(
    crowded: World, kind: str, wrong: Changes, text: str, right: Changes
) -> None:
    before = things(crowded)
    with pytest.raises(RefusedError) as refused:
        crowded.make(kind, "wrong", **made(wrong, crowded))
    assert text in str(refused.value)
    assert things(crowded) == before
    assert (kind, "wrong") not in crowded.state


@pytest.mark.parametrize(("kind", "wrong", "text", "right"), NUMBERED)
def test_what_is_right_next_to_it_is_accepted(
    neighbours: World, kind: str, wrong: Changes, text: str, right: Changes
) -> None:
    neighbours.make(kind, "right", **made(right, neighbours))
    assert neighbours.changes(kind, "right") == set()
    neighbours.drop(kind, "right")
    neighbours.forget_operations()


RAW: list[tuple[str, str, dict[str, Any], str]] = [
    # what the provider never sends, Google would refuse too
    (
        "redis.googleapis.com/v1/{here}/instances?instanceId=raw",
        "POST",
        {"tier": "BASIC", "memorySizeGb": 1, "password": "x"},
        "Unknown name \"password\" at 'instance': Cannot find field.",
    ),
    (
        "redis.googleapis.com/v1/{here}/instances?instanceId=raw",
        "POST",
        {"tier": "PREMIUM", "memorySizeGb": 1},
        "Invalid value at 'instance.tier'",
    ),
    (
        "redis.googleapis.com/v1/{here}/instances?instanceId=raw",
        "POST",
        {"tier": "BASIC", "memorySizeGb": "1"},
        "Invalid value at 'instance.memorySizeGb'",
    ),
    (
        "redis.googleapis.com/v1/{here}/instances?instanceId=raw&color=red",
        "POST",
        {"tier": "BASIC", "memorySizeGb": 1},
        'Unknown name "color": Cannot bind query parameter.',
    ),
    (
        "redis.googleapis.com/v1/{here}/instances/raw",
        "GET",
        {},
        "Error 404, NOT_FOUND: Resource 'projects/",
    ),
    (
        "redis.googleapis.com/v1/{here}/caches",
        "GET",
        {},
        "Error 404, NOT_FOUND: Method not found",
    ),
    (
        "memorystore.googleapis.com/v1/{here}/instances?instanceId=raw1",
        "POST",
        {"shardCount": 1, "authMode": "IAM_AUTH"},
        'Unknown name "authMode"',
    ),
    (
        "memorystore.googleapis.com/v1/{here}/instances?instanceId=raw1",
        "POST",
        {"shardCount": 1, "authorizationMode": "AUTH_MODE_IAM_AUTH"},
        "Invalid value at 'instance.authorizationMode'",
    ),
    (
        "secretmanager.googleapis.com/v1/projects/{project}/secrets?secretId=raw",
        "POST",
        {"replication": {"auto": {}}},
        'Unknown name "auto"',
    ),
    (
        "secretmanager.googleapis.com/v1/projects/{project}/secrets?secretId=raw",
        "POST",
        {},
        "Exactly one replication policy must be provided.",
    ),
    (
        "secretmanager.googleapis.com/v1/projects/{project}/secrets/world:addVersion",
        "POST",
        {"payload": {"data": "eA==", "dataCrc32c": "1"}},
        "The payload does not match its checksum.",
    ),
    (
        "monitoring.googleapis.com/v3/projects/{project}/alertPolicies",
        "POST",
        {"displayName": "x", "combiner": "XOR"},
        "Invalid value at 'alertPolicy.combiner'",
    ),
    (
        "redis.googleapis.com/v1/projects/nobody/locations/europe-west1/instances",
        "GET",
        {},
        "Error 403, PERMISSION_DENIED: Permission denied on resource project nobody.",
    ),
]


@pytest.mark.parametrize(("address", "method", "body", "text"), RAW)
def test_what_the_provider_never_sends_is_refused_too(
    crowded: World, address: str, method: str, body: dict[str, Any], text: str
) -> None:
    here = f"projects/{PROJECT_ID}/locations/{REGION}"
    with pytest.raises(RefusedError) as refused:
        crowded.ask(method, address.format(here=here, project=PROJECT_ID), body)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("redis", "projects/{project}/locations/europe-west1/instances"),
        ("memorystore", "projects/{project}/locations/europe-west1/instances"),
        ("secretmanager", "projects/{project}/secrets"),
        ("cloudkms", "projects/{project}/locations/europe-west1/keyRings/world"),
    ],
)
def test_a_service_that_is_not_enabled_refuses_everything(
    base: World, tmp_path: Path, host: str, path: str
) -> None:
    world = base.copy(tmp_path / "cloud")
    address = f"{host}.googleapis.com/v1/{path.format(project=PROJECT_ID)}"
    world.ask("GET", address)
    world.cloud.disable(PROJECT_ID, f"{host}.googleapis.com")
    with pytest.raises(RefusedError, match=r"has not been used in project .* or it is disabled"):
        world.ask("GET", address)


def test_values_of_secrets_are_in_no_refusal_and_not_in_the_journal(
    base: World, tmp_path: Path
) -> None:
    world = base.copy(tmp_path / "cloud")
    value = "correct-horse-battery-staple"
    with pytest.raises(RefusedError) as refused:
        world.make("SecretVersion", "wrong", secretData=value * 4000)
    assert value not in str(refused.value)
    world.make("SecretVersion", "right", secretData=value)
    world.make("Instance", "cache")
    told = (world.cloud.root / "journal.jsonl").read_text()
    encoded = base64.b64encode(value.encode()).decode()
    password = world.state["Instance", "cache"].outputs["authString"]
    for one in (value, encoded, password):
        assert one
        assert one not in told


def test_the_enums_are_those_of_googles_documents() -> None:
    redis, aggregation = "redis.v1", "Aggregation"
    assert set(enum_values(redis, "WeeklyMaintenanceWindow", "day")) == set(DAYS)
    periods = enum_values(redis, "PersistenceConfig", "rdbSnapshotPeriod")
    assert set(PERIODS) == set(periods) - {"SNAPSHOT_PERIOD_UNSPECIFIED"}
    aligners = enum_values("monitoring.v3", aggregation, "perSeriesAligner")
    assert {*ALIGNERS, "ALIGN_NONE"} == set(aligners)
    nodes = enum_values("proto:google.cloud.memorystore_v1", "Instance", "nodeType")
    assert set(SIZES) == set(nodes) - {"NODE_TYPE_UNSPECIFIED"}
    versions = document(redis)["schemas"]["Instance"]["properties"]["redisVersion"]["description"]
    assert set(re.findall(r"`(REDIS_\w+)`", versions)) == set(VERSIONS)
