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
from cloud.gcp.services.alert_filters import FilterError, metric_of
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


INSTANCES = "redis.googleapis.com/v1/{here}/instances?instanceId=raw"
VALKEYS = "memorystore.googleapis.com/v1/{here}/instances?instanceId=raw1"
SECRETS = "secretmanager.googleapis.com/v1/projects/{project}/secrets"
KEYS = "cloudkms.googleapis.com/v1/{here}/keyRings/world/cryptoKeys"
ALERTS = "monitoring.googleapis.com/v3/projects/{project}/alertPolicies"
BASIC = {"tier": "BASIC", "memorySizeGb": 1}

RAW: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", INSTANCES, {**BASIC, "password": "x"}, "Unknown name \"password\" at 'instance'"),
    ("POST", INSTANCES, {**BASIC, "tier": "PREMIUM"}, "Invalid value at 'instance.tier'"),
    ("POST", INSTANCES, {**BASIC, "memorySizeGb": "1"}, "Invalid value at 'instance.memorySizeGb'"),
    ("POST", f"{INSTANCES}&color=red", BASIC, 'Unknown name "color": Cannot bind query parameter.'),
    ("POST", INSTANCES, {"memorySizeGb": 1}, "You must specify a tier."),
    (
        "POST",
        INSTANCES,
        {**BASIC, "authorizedNetwork": "main"},
        "invalid authorized_network format, value should be full path to network resource",
    ),
    (
        "POST",
        INSTANCES,
        {**BASIC, "maintenancePolicy": {"weeklyMaintenanceWindow": [{"day": "MONDAY"}]}},
        "The start time of a maintenance window must be specified.",
    ),
    (
        "GET",
        "redis.googleapis.com/v1/{here}/instances/raw",
        {},
        "Error 404, NOT_FOUND: Resource 'projects/",
    ),
    ("GET", "redis.googleapis.com/v1/{here}/caches", {}, "Error 404, NOT_FOUND: Method not found"),
    (
        "GET",
        "redis.googleapis.com/v1/projects/nobody/locations/europe-west1/instances",
        {},
        "Error 403, PERMISSION_DENIED: Permission denied on resource project nobody.",
    ),
    ("POST", VALKEYS, {"shardCount": 1, "authMode": "IAM_AUTH"}, 'Unknown name "authMode"'),
    (
        "POST",
        VALKEYS,
        {"shardCount": 1, "authorizationMode": "AUTH_MODE_IAM_AUTH"},
        "Invalid value at 'instance.authorizationMode'",
    ),
    (
        "POST",
        VALKEYS,
        {"shardCount": 1, "gcsSource": {"uris": ["gs://backups/one"]}},
        "Error 501, UNIMPLEMENTED: This fake cloud does not know what gcsSource does.",
    ),
    (
        "POST",
        f"{SECRETS}?secretId=raw",
        {"replication": {"auto": {}}},
        'Unknown name "auto"',
    ),
    ("POST", f"{SECRETS}?secretId=raw", {}, "Exactly one replication policy must be provided."),
    (
        "POST",
        f"{SECRETS}?secretId=raw",
        {"replication": {"userManaged": {}}},
        "At least one replica must be provided.",
    ),
    (
        "POST",
        f"{SECRETS}?secretId=raw",
        {
            "replication": {"automatic": {}},
            "rotation": {"rotationPeriod": "3600s", "nextRotationTime": "2126-01-01T00:00:00Z"},
        },
        "Topics must be set while the rotation is set.",
    ),
    (
        "POST",
        f"{SECRETS}/world:addVersion",
        {"payload": {"data": "eA==", "dataCrc32c": "1"}},
        "The payload does not match its checksum.",
    ),
    (
        "PATCH",
        f"{SECRETS}/world",
        {"labels": {"a": "b"}},
        "At least one path must be supplied in the update mask.",
    ),
    (
        "PATCH",
        f"{SECRETS}/world?updateMask=secretType",
        {"secretType": "OTHER"},
        "Updating the field 'secretType' of a secret is not supported.",
    ),
    ("POST", f"{KEYS}?cryptoKeyId=raw", {}, "The purpose of a crypto key must be set."),
    (
        "POST",
        f"{KEYS}?cryptoKeyId=raw",
        {"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "3600s"},
        "rotation_period must be at least 24 hours.",
    ),
    (
        "POST",
        f"{KEYS}?cryptoKeyId=raw",
        {"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "86400s"},
        "next_rotation_time must be set when rotation_period is set.",
    ),
    (
        "POST",
        ALERTS,
        {"displayName": "x", "combiner": "XOR"},
        "Invalid value at 'alertPolicy.combiner'",
    ),
    (
        "POST",
        ALERTS,
        {"displayName": "x", "conditions": [{"displayName": "x"}]},
        "Field alert_policy.combiner had an invalid value",
    ),
]
"""What the provider never sends: the method, the address, the body, what is said."""


@pytest.mark.parametrize(("method", "address", "body", "text"), RAW)
def test_what_the_provider_never_sends_is_refused_too(
    crowded: World, method: str, address: str, body: dict[str, Any], text: str
) -> None:
    here = f"projects/{PROJECT_ID}/locations/{REGION}"
    with pytest.raises(RefusedError) as refused:
        crowded.ask(method, address.format(here=here, project=PROJECT_ID), body)
    assert text in str(refused.value)


METRIC = 'metric.type="redis.googleapis.com/clients/connected"'
WHOLE = f'{METRIC} AND resource.type="redis_instance"'


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        WHOLE.replace('"', "'"),
        f'{WHOLE} AND resource.labels.instance_id = has_substring("cache")',
        f'{WHOLE} AND metric.labels.role = one_of("primary", "replica")',
        f'{WHOLE} AND resource.label."region" = "europe-west1"',
        f'{WHOLE} AND (metric.labels.role="primary" OR metric.labels.role="replica")',
        f'{WHOLE} AND resource.labels.node_id != "node-0"',
        f'{WHOLE} AND resource.labels.node_id : "node"',
    ],
)
def test_what_is_a_filter_is_taken(text: str) -> None:
    assert metric_of(text).kind == "GAUGE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must not be empty"),
        (" ", "must not be empty"),
        (f"({WHOLE}", "token 'end of filter'"),
        (f"{WHOLE} AND", "token 'end of filter'"),
        (f"AND {WHOLE}", "line 1, column 1, token 'AND'"),
        (f"{WHOLE} AND resource", "token 'resource'"),
        (f'{WHOLE} AND "x"="y"', "token '\"x\"'"),
        (f"{WHOLE} AND resource.labels.node_id = =", "token '='"),
        (f"{WHOLE} AND resource.labels.node_id = one_of", "token 'one_of'"),
        (f"{WHOLE} AND resource.labels.node_id = one_of()", "token 'one_of'"),
        (f"{WHOLE} AND resource.labels.node_id =~ x", "Could not parse filter"),
        (f"{WHOLE} AND node_id = 1", "does not specify a valid combination of node_id."),
        (f"{WHOLE} AND metric.labels.cmd = get", "Unknown metric label 'cmd'."),
        (f"{WHOLE} @", "token '@'"),
    ],
)
def test_what_is_no_filter_is_refused(text: str, said: str) -> None:
    with pytest.raises(FilterError) as refused:
        metric_of(text)
    assert said in str(refused.value)


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
