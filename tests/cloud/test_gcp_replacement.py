"""What would put an empty cache in place of a full one: refused, or made as it was asked for."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloud.changing import ChangingStack, Refusal, refused
from cloud.gcp.cloud import PROJECT_ID, REGION
from cloud.gcp.resources.memorystore import RESOURCES as VALKEY_TYPES
from cloud.gcp.resources.redis import RESOURCES as REDIS_TYPES
from cloud.gcp.services.compute import NETWORK
from cloud.gcp.services.memorystore import INSTANCE as VALKEY
from cloud.gcp.services.redis import INSTANCE as REDIS
from cloud.gcp.witness import GcpWitness, add_shared_network
from cloud.sweeps import chosen
from cloud.witness import leaks
from secure_redis.gcp.replacement import REPLACING

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

REASON = "the data can be computed again"
SHOP = f"serviceAccount:shop@{PROJECT_ID}.iam.gserviceaccount.com"
OTHER = f"projects/{PROJECT_ID}/global/networks/platform"
LOGINS = {"principals": [SHOP]}

CACHES: dict[str, Any] = {
    "main": {"memoryGb": 1},
    "reader": {"memoryGb": 4, "replicas": 2, "rotation": {"generation": 2}},
    "tokens": {"engine": "valkey", "memoryGb": 1, "gcp": LOGINS},
}
OTHERS: dict[str, Any] = {
    "gcp:project": PROJECT_ID,
    "gcp:region": REGION,
    "network": {"create": {"cidr": "10.20.0.0/16"}},
    "alarms": {"profile": "off"},
}

ADOPTED: dict[str, Any] = {
    ":network": {
        "adopt": {"networkId": OTHER},
        "privateServices": {"rangeName": "platform-services"},
    }
}
ZONES = {"gcp.zone": "europe-west1-b", "gcp.alternativeZone": "europe-west1-c"}
REFUSALS = (
    Refusal(
        "main",
        ZONES,
        {
            "main.gcp.zone": ("from none to europe-west1-b", "Keep the zone."),
            "main.gcp.alternativeZone": ("from none to europe-west1-c", "Keep the zone."),
        },
        ("zone", "alternativeZone"),
    ),
    Refusal(
        "main",
        {"gcp.customerManagedKey": {}},
        {"main.gcp.customerManagedKey": ("from none to own", "Make a second cache")},
        ("key",),
    ),
    Refusal(
        "main",
        {"replicas": 0, ":exceptions": {"single-node": "only for a short time"}},
        {"main.replicas": ("from STANDARD_HA to BASIC", "Google turns no cache of one tier")},
        ("tier",),
    ),
    Refusal(
        "tokens",
        {"gcp.shards": 2},
        {"tokens.gcp.shards": ("from CLUSTER_DISABLED to CLUSTER", "neither on nor off")},
        ("mode",),
    ),
    Refusal(
        "main",
        ADOPTED,
        {
            "network": (f"to {OTHER}", "Make a second cache, and move the clients"),
            "network.privateServices": ("to platform-services", "addresses do not move"),
        },
        ("network", "range"),
    ),
)


ALSO_BY_UP = (REFUSALS[0], REFUSALS[4])
"""The same hook refuses in both: `up` is tried where the network would change beside the cache."""


class GcpStack(ChangingStack[GcpWitness]):
    """A stack on Google Cloud, and a network of somebody else that it could use."""

    def __init__(self, witness: GcpWitness, environment: str, caches: Mapping[str, Any]) -> None:
        super().__init__(witness, environment, caches, OTHERS)
        add_shared_network(witness.cloud, PROJECT_ID, OTHER, REGION, "platform-services")
        witness.cloud.add_project("another-project")

    def things(self) -> dict[str, Any]:
        """Everything in the fake cloud but what tells how busy it is."""
        return {kind: one for kind, one in super().things().items() if kind != "operations"}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcpStack]:
    witness = GcpWitness(tmp_path_factory.mktemp("production"))
    stack = GcpStack(witness, "production", CACHES)
    stack.witness.applied()
    yield stack
    stack.write()
    stack.witness.close()


@pytest.mark.parametrize("refusal", chosen(REFUSALS, 0, -1), ids=str)
def test_production_refuses_to_replace_a_cache(production: GcpStack, refusal: Refusal) -> None:
    """In the preview already, and nothing is touched by `up` either."""
    before = production.things()
    production.write(of=refusal.cache, **refusal.changes)
    for operation in ("preview", "up") if refusal in ALSO_BY_UP else ("preview",):
        run = production.witness.run(operation)
        refused(run, refusal.says)
        text = " ".join(run.text.split())
        assert "puts a new, empty cache in place of this one: all data would be lost" in text
        assert 'allowReplacement: "why"' in text
        assert production.things() == before
    production.write()
    if refusal in ALSO_BY_UP:
        # The network's component, which refused nothing, has the settings of the refused run.
        production.witness.up()
        assert production.things() == before


def test_a_new_auth_string_is_a_new_cache_and_refused(production: GcpStack) -> None:
    """Without the generation before: told in words of its own, and what to set beside it."""
    before = production.things()
    production.write(of="main", **{"rotation.generation": 2})
    words = ("keeps its AUTH string for as long as it lives", "which is empty",
             "all data would be lost", "Set rotation.keepPrevious: true beside it.")  # fmt: skip
    refused(production.witness.run("preview"), {"main.rotation.generation": words})
    assert production.things() == before
    production.write()


REFUSED_TOO: tuple[tuple[str, Mapping[str, Any], str, tuple[str, ...]], ...] = (
    (
        "main",
        {**ZONES, "allowReplacement": REASON},
        "main.gcp.alternativeZone",
        ("still protected", "run once with allowReplacement alone"),
    ),
    (
        "tokens",
        {"gcp.shards": 2, "allowReplacement": REASON},
        "tokens.gcp.shards",
        ("still protected", "run once with allowReplacement alone"),
    ),
    (
        "main",
        {"gcp.secretLocations": [REGION]},
        "main.gcp.secretLocations",
        ("Google moves no secret", "readers find none", "Set it back.", "allowReplacement"),
    ),
    (
        "main",
        {"engine": "valkey", "gcp": LOGINS},
        "main",
        ("moving it from gcp to gcp (valkey)", "Make a second cache", "allowReplacement"),
    ),
    (
        "tokens",
        {"engine": "redis", "gcp": None},
        "tokens",
        ("moving it from gcp (valkey) to gcp", "Make a second cache", "allowReplacement"),
    ),
    (
        "main",
        {":network": {"create": {"cidr": "10.30.0.0/16"}}},
        "network.create.cidr",
        ("from 10.20.0.0/16 to 10.30.0.0/16", "makes anew what caches have addresses of",
         "make a second stack"),
    ),
    (
        "main",
        {":network": {"create": {"cidr": "10.20.0.0/16"},
                      "privateServices": {"cidr": "10.60.0.0/20"}}},
        "network.privateServices.cidr",
        ("from none to 10.60.0.0/20", "a second stack with the other one"),
    ),
    (
        "main",
        {":gcp:region": "europe-west4"},
        "gcp:region",
        ("from europe-west1 to europe-west4", "makes anew what caches have addresses of"),
    ),
    (
        "main",
        {":gcp:project": "another-project"},
        "gcp:project",
        (f"from {PROJECT_ID} to another-project", "make a second stack with the other one"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("cache", "changes", "path", "words"), chosen(REFUSED_TOO, 0, -2))
def test_what_would_end_in_the_middle_is_refused(
    production: GcpStack,
    cache: str,
    changes: Mapping[str, Any],
    path: str,
    words: tuple[str, ...],
) -> None:
    before = production.things()
    production.write(of=cache, **changes)
    for operation in ("preview", "up") if path.startswith(("network.", "gcp:")) else ("preview",):
        refused(production.witness.run(operation), {path: words})
        assert production.things() == before
    production.write()


ELSEWHERE = (("region", REGION, "europe-west4"), ("project", PROJECT_ID, "another-project"))


def test_another_place_is_refused_for_a_network_of_somebody_else(tmp_path: Path) -> None:
    """Which makes nothing itself that would refuse before the cache does."""
    stack = GcpStack(GcpWitness(tmp_path), "production", {"main": {"memoryGb": 1}})
    stack.change("main", ADOPTED)
    stack.write()
    stack.witness.applied()
    before = stack.things()
    for key, old, new in ELSEWHERE:
        stack.write(of="main", **{f":gcp:{key}": new})
        for operation in ("preview", "up"):
            words = (f"from {old} to {new} puts a new, empty cache", f"in the other {key}")
            refused(stack.witness.run(operation), {f"gcp:{key}": words})
            assert stack.things() == before
    stack.write()
    stack.witness.close()


IMPOSSIBLE: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
    ("main", {"gcp.engineVersion": "7.0"}, "gcp.engineVersion", "cannot go back to 7.0"),
    ("tokens", {"gcp.engineVersion": "7.2"}, "gcp.engineVersion", "cannot go back to 7.2"),
    ("reader", {"replicas": 1}, "gcp.readReplicas", "cannot be turned off again"),
    ("reader", {"rotation.generation": 1}, "rotation.generation", "never down"),
    (
        "reader",
        {"rotation": {"generation": 4, "keepPrevious": True}},
        "rotation.generation",
        "goes from 2 to 4: the cache before it would be a new, empty one too",
    ),
    ("reader", {"rotation.keepPrevious": True}, "rotation.keepPrevious", "comes too late"),
    ("tokens", {"rotation": {"generation": 2}}, "rotation", "IAM has no password to rotate"),
)


def impossible(
    stack: GcpStack, cache: str, changes: Mapping[str, Any], path: str, words: str
) -> None:
    """Asserts that a change is refused in the preview and that nothing is touched."""
    before = stack.things()
    stack.write(of=cache, **changes)
    run = stack.witness.run("preview")
    refused(run, {f"{cache}.{path}": (words,)})
    assert stack.things() == before
    stack.write()


@pytest.mark.parametrize(("cache", "changes", "path", "words"), chosen(IMPOSSIBLE, 0, 3))
def test_what_cannot_be_is_refused_in_production(
    production: GcpStack, cache: str, changes: Mapping[str, Any], path: str, words: str
) -> None:
    impossible(production, cache, changes, path, words)


def test_what_was_refused_left_the_stack_as_it_was(production: GcpStack) -> None:
    production.write()
    assert set(production.witness.up().changes) == {"unchanged"}
    production.witness.unchanged()


def test_every_replacing_property_is_in_the_table() -> None:
    tried = {name for refusal in REFUSALS for name in refusal.identities}
    # These have tests of their own: other words, or a network that does not refuse first.
    assert tried | {"generation", "project", "region"} == REPLACING.keys()


GUARDED = {
    "alternativeLocationId": "alternativeZone",
    "authorizedNetwork": "network",
    "customerManagedKey": "key",
    "desiredAutoCreatedEndpoints": "network",
    "kmsKey": "key",
    "location": "region",
    "locationId": "zone",
    "mode": "mode",
    "project": "project",
    "region": "region",
    "reservedIpRange": "range",
    "tier": "tier",
    "zoneDistributionConfig": "zone",
}
"""Inputs that replace a cache, and the property by whose change the guard sees it."""
CONSTANT = {
    "authorizationMode": "IAM_AUTH",
    "connectMode": "PRIVATE_SERVICE_ACCESS",
    "transitEncryptionMode": "SERVER_AUTHENTICATION",
}
RANDOM = {"instanceId", "name"}
"""Names that end in a number of their own, and in the generation."""
NEVER_SET = {
    "desiredPscAutoConnections",
    "gcsSource",
    "managedBackupSource",
    "serverCaMode",
    "serverCaPool",
}
"""Inputs that the components leave out."""


def test_no_replacing_input_is_forgotten(production: GcpStack) -> None:
    """The stand-in's list of what replaces a cache, which was taken from the provider's sources."""
    assert set(GUARDED.values()) | {"generation"} == REPLACING.keys()
    for kind, (resource,) in (("redis", REDIS_TYPES), ("memorystore", VALKEY_TYPES)):
        replacing = {one.partition(".")[0] for one in resource.replaces}
        known = GUARDED.keys() | CONSTANT.keys() | RANDOM | NEVER_SET
        assert replacing <= known, replacing - known
        states = [
            one
            for one in production.witness.resources()
            if one["type"] == f"gcp:{kind}/instance:Instance"
        ]
        assert states
        for state in states:
            assert not NEVER_SET & state["inputs"].keys()
            constant = CONSTANT.keys() & state["inputs"].keys()
            assert {name: state["inputs"][name] for name in constant} == {
                name: CONSTANT[name] for name in constant
            }
            assert "transitEncryptionMode" in constant


def test_an_accepted_replacement_takes_two_runs(production: GcpStack) -> None:
    """The protection goes, then the old cache and its AUTH string; then the protection is back."""
    cloud, witness = production.witness.cloud, production.witness
    auth = {name: witness.auth(name) for name in ("main", "reader")}
    url = witness.secret("url", "main")
    born = {name: witness.instance(name)["createTime"] for name in CACHES}
    for name in ("main", "tokens"):
        production.change(name, {"allowReplacement": REASON})
    production.write()
    begin = len(cloud.journal)
    witness.applied()
    assert {one for one in witness.steps(begin) if "Instance:" in one} == {
        "update Instance:main", "update Instance:tokens",
    }  # fmt: skip
    assert {name: witness.auth(name) for name in auth} == auth
    assert _protected(production) == {"reader"}
    production.change("main", ZONES)
    production.change("tokens", {"gcp.shards": 2})
    production.write()
    planned = witness.heard("preview").succeeded()
    assert "to replace" in planned.stdout
    begin = len(cloud.journal)
    witness.applied()
    steps = witness.steps(begin)
    for name in ("main", "tokens"):
        # There is one name only.
        assert steps.index(f"delete Instance:{name}") < steps.index(f"create Instance:{name}")
    assert not [one for one in steps if one.endswith(":reader") or ":reader-" in one]
    assert {name for name in CACHES if witness.instance(name)["createTime"] != born[name]} == {
        "main", "tokens",
    }  # fmt: skip
    assert witness.auth("main") != auth["main"]
    assert witness.auth("reader") == auth["reader"]
    connection = witness.connection("main")
    assert connection.password == witness.auth("main")
    # Readers have the same name, and find a new version.
    assert witness.secret("url", "main")["name"] == url["name"]
    assert len(witness.versions("url", "main")) == 2
    assert witness.value("url", "main") == connection.url
    assert json.loads(witness.value("connection", "main"))["ca_pem"] == connection.ca_pem
    assert witness.connection("tokens").cluster_mode is True
    outputs = json.loads(witness.pulumi("stack", "output", "--json").stdout)
    assert outputs["replacements"] == {"main": REASON, "tokens": REASON}
    _accepted(production)


def _protected(stack: GcpStack) -> set[str]:
    """The caches that neither the engine nor the provider deletes."""
    found = {
        one["urn"].rpartition("::")[2]: one
        for one in stack.witness.resources()
        if one["type"].endswith("/instance:Instance") and one.get("protect")
    }
    for one in found.values():
        inputs = one["inputs"]
        assert inputs.get("deletionProtection") or inputs.get("deletionProtectionEnabled")
    return {name.partition("-generation")[0] for name in found}


def _accepted(stack: GcpStack) -> None:
    """After an accepted replacement: quiet, then without the reason, and protected again."""
    assert set(stack.witness.up().changes) == {"unchanged"}
    for name in stack.caches:
        stack.change(name, {"allowReplacement": None})
    stack.write()
    stack.witness.applied()
    stack.witness.unchanged()
    assert _protected(stack) == set(CACHES)


def test_a_zone_that_is_no_longer_named_stays(production: GcpStack) -> None:
    """Left out of the program it is no change: Google keeps what it has."""
    production.change("main", dict.fromkeys(ZONES))
    production.write()
    begin = len(production.witness.cloud.journal)
    production.witness.applied()
    assert not [one for one in production.witness.steps(begin) if one.startswith("delete")]
    assert production.witness.instance("main")["locationId"] == "europe-west1-b"
    production.witness.unchanged()


DEVELOPMENT: dict[str, Any] = {
    "main": {},
    "reader": {"memoryGb": 4, "replicas": 2, "rotation": {"generation": 2}},
    "key": {},
    "tokens": {"engine": "valkey", "gcp": LOGINS},
    "moving": {},
}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcpStack]:
    witness = GcpWitness(tmp_path_factory.mktemp("development"))
    stack = GcpStack(witness, "development", DEVELOPMENT)
    stack.witness.applied()
    yield stack
    stack.witness.close()


@pytest.mark.sweep
@pytest.mark.parametrize(("cache", "changes", "path", "words"), IMPOSSIBLE)
def test_what_cannot_be_is_refused_everywhere(
    development: GcpStack, cache: str, changes: Mapping[str, Any], path: str, words: str
) -> None:
    impossible(development, cache, changes, path, words)


def test_development_replaces_without_being_asked(development: GcpStack) -> None:
    """But never silently where the AUTH string is what was meant to change."""
    witness, cloud = development.witness, development.witness.cloud
    development.write()
    redis = ("main", "reader", "key")
    before = {name: witness.auth(name) for name in (*redis, "moving")}
    development.change("main", {"gcp.zone": "europe-west1-b", "gcp.secretLocations": [REGION]})
    development.change("reader", {"rotation.generation": 3})
    development.change("key", {"gcp.customerManagedKey": {}, "replicas": 1})
    development.change("tokens", {"gcp.shards": 2})
    development.write()
    plan = witness.heard("preview").succeeded()
    words = "a new one is that of a new cache in place of this one, without its data"
    assert words in " ".join(plan.text.split())
    begin = len(cloud.journal)
    witness.applied()
    steps = witness.steps(begin)
    for name in ("main", "key", "tokens"):
        assert steps.index(f"delete Instance:{name}") < steps.index(f"create Instance:{name}")
    # Another generation has another name: the old one goes when clients have the new one's URL.
    new, old = "create Instance:reader-generation-3", "delete Instance:reader-generation-2"
    assert steps.index(new) < steps.index("create SecretVersion:reader-url") < steps.index(old)
    for name in redis:
        assert witness.auth(name) != before[name]
        assert witness.value("url", name) == witness.connection(name).url
    (kept,) = witness.secret("url", "main")["replication"]["userManaged"]["replicas"]
    assert kept["location"] == REGION
    assert witness.auth("moving") == before["moving"]
    witness.unchanged()


def test_development_moves_to_the_other_engine(development: GcpStack) -> None:
    """Which takes a reason in production: the successor is empty, and knows no password."""
    witness, cloud = development.witness, development.witness.cloud
    development.change("moving", {"engine": "valkey", "gcp": LOGINS})
    development.write()
    witness.applied()
    connection = witness.connection("moving")
    assert (connection.auth.value, connection.password) == ("identity", "")
    assert connection.resource_id in cloud.all(VALKEY)
    assert len(cloud.all(VALKEY)) == 2
    assert len(cloud.all(REDIS)) == 3
    witness.unchanged()


def test_development_moves_to_another_network(development: GcpStack) -> None:
    """One that is there, with its range and its policy: the caches are made anew in it."""
    witness, cloud = development.witness, development.witness.cloud
    before = {name: witness.auth(name) for name in ("main", "reader", "key")}
    development.change("", ADOPTED)
    development.write()
    witness.applied()
    assert list(cloud.all(NETWORK)) == [OTHER]
    for name, old in before.items():
        assert witness.auth(name) != old
        assert witness.instance(name)["authorizedNetwork"] == OTHER
        assert witness.value("url", name) == witness.connection(name).url
    for one in cloud.all(VALKEY).values():
        assert one["_network"] == OTHER
    witness.unchanged()


def test_no_auth_string_is_said(production: GcpStack, development: GcpStack) -> None:
    for stack, strings in ((production, 3), (development, 10)):
        # Those that were, and the access token.
        assert len(stack.witness.passwords) >= strings + 1
        assert leaks(stack.witness.passwords, stack.witness.places()) == []
