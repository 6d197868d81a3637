"""Every setting that can change in place does so: no cache is deleted, the next run is quiet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cloud.changes import Change, within, written
from cloud.changing import refused
from cloud.gcp.cloud import PROJECT_ID
from cloud.gcp.services.compute import FIREWALL
from cloud.gcp.services.kms import KEY, RING, USER
from cloud.gcp.services.kms import VERSION as KEY_VERSION
from cloud.gcp.services.memorystore import INSTANCE as VALKEY
from cloud.gcp.services.monitoring import POLICY as ALARM
from cloud.gcp.services.redis import INSTANCE as REDIS
from cloud.gcp.services.secret_manager import SECRET
from cloud.gcp.witness import GcpWitness, add_channel, of_cache, value_of, versions
from cloud.witness import leaks, operations
from engine.deployment import Run
from pydantic.alias_generators import to_camel
from secure_redis.connection import Connection
from secure_redis.gcp.settings import GcpSettings

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

CHANNEL = f"projects/{PROJECT_ID}/notificationChannels/42"
SHOP = f"serviceAccount:shop@{PROJECT_ID}.iam.gserviceaccount.com"
BATCH = f"serviceAccount:batch@{PROJECT_ID}.iam.gserviceaccount.com"
ACCOUNT = SHOP.partition(":")[2]
WRAPPING = f"projects/{PROJECT_ID}/locations/global/keyRings/platform/cryptoKeys/secrets"

CACHES: dict[str, Any] = {
    "basic": {"persistence": "none", "gcp": {"memorySizeGb": 1, "engineVersion": "7.0"}},
    "standard": {"replicas": 1, "gcp": {"memorySizeGb": 2}},
    "spread": {"replicas": 2, "memoryGb": 4},
    "valkey": {
        "engine": "valkey",
        "gcp": {"nodeType": "STANDARD_SMALL", "engineVersion": "7.2", "principals": [SHOP]},
    },
    "cluster": {
        "engine": "valkey",
        "gcp": {"nodeType": "CUSTOM_MICRO", "shards": 2, "principals": [SHOP]},
    },
}
STACK: dict[str, Any] = {"environment": "staging"}

PLACE = "projects/{project}/locations/{location}/instances/{instance}"
PATCH = f"PATCH redis {PLACE}"
UPGRADE = f"POST redis {PLACE}:upgrade"
PATCH_VALKEY = f"PATCH memorystore {PLACE}"
PATCH_SECRET = "PATCH secretmanager projects/{project}/secrets/{secret}"
GRANT_SECRET = "POST secretmanager projects/{project}/secrets/{secret}:setIamPolicy"
MAKE_RULE = "POST compute projects/{project}/global/firewalls"
PATCH_RULE = f"PATCH{MAKE_RULE.removeprefix('POST')}/{{firewall}}"
DELETE_RULE = f"DELETE{MAKE_RULE.removeprefix('POST')}/{{firewall}}"
MAKE_ALARM = "POST monitoring projects/{project}/alertPolicies"
PATCH_ALARM = f"PATCH{MAKE_ALARM.removeprefix('POST')}/{{alertPolicy}}"
DELETE_ALARM = f"DELETE{MAKE_ALARM.removeprefix('POST')}/{{alertPolicy}}"
GRANT_LOGIN = "POST cloudresourcemanager projects/{project}:setIamPolicy"


def body(**wanted: Any) -> dict[str, Any]:
    """What a request holds that sets some fields."""
    return {"body": wanted}


def window(day: str, hours: int) -> dict[str, Any]:
    """What a request holds that sets the maintenance window."""
    found = {"day": day, "startTime": {"hours": hours}}
    return body(maintenancePolicy={"weeklyMaintenanceWindow": [found]})


STEPS: tuple[tuple[Change, ...], ...] = (
    (
        Change("basic", "gcp.memorySizeGb", 3, PATCH,
               body(memorySizeGb=3, redisConfigs={"maxmemory-gb": "2.4"})),
        Change("basic", "persistence", "rdb", PATCH,
               body(persistenceConfig={"persistenceMode": "RDB",
                                       "rdbSnapshotPeriod": "SIX_HOURS"})),
        Change("basic", "gcp.engineVersion", "7.2", UPGRADE, body(redisVersion="REDIS_7_2")),
        Change("standard", "evictionPolicy", "volatile-lfu", PATCH,
               body(redisConfigs={"maxmemory-policy": "volatile-lfu"})),
        Change("standard", "gcp.maintenanceWindow", {"day": "SUNDAY", "hour": 3}, PATCH,
               window("SUNDAY", 3)),
        Change("spread", "replicas", 3, PATCH, body(replicaCount=3)),
        Change("valkey", "gcp.nodeType", "HIGHMEM_MEDIUM", PATCH_VALKEY,
               body(nodeType="HIGHMEM_MEDIUM")),
        Change("valkey", "replicas", 1, PATCH_VALKEY, body(replicaCount=1)),
        Change("valkey", "persistence", "aof", PATCH_VALKEY,
               body(persistenceConfig={"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}})),
        Change("valkey", "gcp.backupRetentionDays", 7, PATCH_VALKEY,
               body(automatedBackupConfig={"automatedBackupMode": "ENABLED",
                                           "retention": "604800s"})),
        Change("cluster", "gcp.shards", 3, PATCH_VALKEY, body(shardCount=3)),
        Change("cluster", "gcp.principals", [SHOP, BATCH], GRANT_LOGIN,
               body(policy={"bindings": [{"members": [BATCH]}]})),
        Change("", "access.networkTags", ["shop"], MAKE_RULE,
               body(direction="EGRESS", targetTags=["shop"], priority=1000), of="basic-clients"),
        Change("", "access.secretReaders", [SHOP], GRANT_SECRET,
               body(policy={"bindings": [{"role": "roles/secretmanager.secretAccessor",
                                          "members": [SHOP]}]}), of="standard-url"),
        Change("", "alarms", {"profile": "full", "notify": [CHANNEL]}, MAKE_ALARM,
               body(notificationChannels=[CHANNEL]), of="standard-failover"),
        Change("", "alarms", {"profile": "full", "notify": [CHANNEL]}, PATCH_ALARM,
               body(notificationChannels=[CHANNEL]), of="basic-memory"),
        Change("", "tags", {"team": "shop"}, PATCH, body(labels={"team": "shop"}), of="basic"),
    ),
    (
        Change("basic", "gcp.snapshotPeriod", "ONE_HOUR", PATCH,
               body(persistenceConfig={"rdbSnapshotPeriod": "ONE_HOUR"})),
        Change("basic", "gcp.parameters", {"notify-keyspace-events": "Ex"}, PATCH,
               body(redisConfigs={"notify-keyspace-events": "Ex"})),
        Change("basic", "gcp.secretDestroyDelayDays", 7, PATCH_SECRET,
               body(versionDestroyTtl="604800s"), of="basic-url"),
        Change("basic", "gcp.secretKeyName", WRAPPING, PATCH_SECRET,
               body(replication={"automatic": {
                   "customerManagedEncryption": {"kmsKeyName": WRAPPING}}}), of="basic-url"),
        Change("basic", "protect", True, ""),
        Change("basic", "gcp.enableApis", True, ""),
        Change("standard", "gcp.memorySizeGb", 4, PATCH, body(memorySizeGb=4)),
        Change("standard", "gcp.maintenanceWindow", {"day": "MONDAY", "hour": 5}, PATCH,
               window("MONDAY", 5)),
        Change("spread", "memoryGb", 8, PATCH,
               body(memorySizeGb=10, redisConfigs={"maxmemory-gb": "8"})),
        Change("valkey", "gcp.engineVersion", "8.0", PATCH_VALKEY,
               body(engineVersion="VALKEY_8_0")),
        Change("valkey", "gcp.principals", [BATCH], GRANT_LOGIN,
               body(policy={"bindings": [{"members": [BATCH]}]})),
        Change("valkey", "gcp.parameters", {"maxclients": "1000"}, PATCH_VALKEY,
               body(engineConfigs={"maxclients": "1000"})),
        Change("valkey", "gcp.maintenanceWindow", {"day": "SUNDAY", "hour": 3}, PATCH_VALKEY,
               window("SUNDAY", 3)),
        Change("cluster", "evictionPolicy", "noeviction", PATCH_VALKEY,
               body(engineConfigs={"maxmemory-policy": "noeviction"})),
        Change("cluster", "persistence", "none", PATCH_VALKEY,
               body(persistenceConfig={"mode": "DISABLED"})),
        Change("", "access.networkTags", ["shop", "batch"], PATCH_RULE,
               body(targetTags=["shop", "batch"]), of="basic-clients"),
        Change("", "access.secretReaders", [BATCH], GRANT_SECRET,
               body(policy={"bindings": [{"members": [BATCH]}]}), of="standard-url"),
        Change("", "alarms", {"profile": "basic"}, DELETE_ALARM, of="standard-failover"),
        Change("", "tags", {"team": "shop", "cost": "17"}, PATCH_SECRET,
               body(labels={"cost": "17"}), of="standard-url"),
    ),
    (
        Change("basic", "persistence", "none", PATCH,
               body(persistenceConfig={"persistenceMode": "DISABLED"})),
        Change("basic", "gcp.snapshotPeriod", None, ""),
        Change("basic", "gcp.parameters", None, PATCH),
        Change("basic", "gcp.secretDestroyDelayDays", None, PATCH_SECRET, of="basic-url"),
        Change("basic", "gcp.enableApis", None, ""),
        Change("basic", "protect", None, ""),
        Change("standard", "gcp.maintenanceWindow", None, PATCH),
        Change("spread", "replicas", 2, PATCH, body(replicaCount=2)),
        Change("valkey", "gcp.backupRetentionDays", None, PATCH_VALKEY,
               body(automatedBackupConfig={"automatedBackupMode": "DISABLED"})),
        Change("valkey", "persistence", None, PATCH_VALKEY,
               body(persistenceConfig={"mode": "RDB",
                                       "rdbConfig": {"rdbSnapshotPeriod": "SIX_HOURS"}})),
        Change("valkey", "protect", True, PATCH_VALKEY, body(deletionProtectionEnabled=True)),
        Change("cluster", "gcp.principals", [BATCH], GRANT_LOGIN),
        Change("cluster", "gcp.shards", 2, PATCH_VALKEY, body(shardCount=2)),
        Change("", "access.networkTags", None, ""),
        Change("", "access.serviceAccounts", [ACCOUNT], PATCH_RULE,
               body(targetServiceAccounts=[ACCOUNT]), of="basic-clients"),
        Change("", "alarms", {"profile": "off"}, DELETE_ALARM, of="basic-memory"),
        Change("", "tags", None, PATCH, of="spread"),
    ),
    (
        Change("basic", "gcp.secretKeyName", None, PATCH_SECRET, of="basic-url"),
        Change("basic", "gcp.memorySizeGb", 2, PATCH, body(memorySizeGb=2)),
        Change("valkey", "protect", None, PATCH_VALKEY),
        Change("valkey", "gcp.nodeType", "STANDARD_SMALL", PATCH_VALKEY,
               body(nodeType="STANDARD_SMALL")),
        Change("valkey", "replicas", None, PATCH_VALKEY),
        Change("", "access.serviceAccounts", None, DELETE_RULE, of="basic-clients"),
        Change("", "access.secretReaders", None, GRANT_SECRET, of="standard-url"),
    ),
)  # fmt: skip
"""What changes in each run; what is in one run does not depend on each other."""


@dataclass(frozen=True)
class Step:
    """One run with changes, and the run after it."""

    run: Run
    again: Run
    journal: Sequence[Mapping[str, Any]]
    things: Mapping[str, Mapping[str, Any]]
    """The fake cloud after it, by kind and name. Secret."""
    connections: Mapping[str, Connection]
    protected: frozenset[str]
    """The caches that the engine does not delete."""

    def requests(self, name: str) -> list[Mapping[str, Any]]:
        """The requests for resources whose logical names begin so."""
        return [
            request
            for entry in self.journal
            if entry["name"].startswith(name)
            for request in entry["requests"]
        ]

    def cache(self, name: str) -> Mapping[str, Any]:
        """What has the labels of a cache: secret."""
        both = {**self.things[REDIS], **self.things[VALKEY]}
        (found,) = [one for one in both.values() if of_cache(one, name)]
        return found


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcpWitness]:
    made = GcpWitness(tmp_path_factory.mktemp("changes"))
    made.write(CACHES, **STACK)
    add_channel(made.cloud, CHANNEL)
    add_key(made)
    yield made
    made.close()


def add_key(witness: GcpWitness) -> None:
    """A key of another team, which Secret Manager's account may use."""
    cloud = witness.cloud
    ring, version = WRAPPING.partition("/cryptoKeys/")[0], f"{WRAPPING}/cryptoKeyVersions/1"
    cloud.put(RING, ring, {"name": ring, "seeded": True})
    key = {"name": WRAPPING, "purpose": "ENCRYPT_DECRYPT", "_primary": version, "_versions": 1}
    cloud.put(KEY, WRAPPING, {**key, "seeded": True})
    cloud.put(KEY_VERSION, version, {"name": version, "state": "ENABLED", "seeded": True})
    address = cloud.add_agent(PROJECT_ID, "secretmanager.googleapis.com")
    cloud.add_grant(WRAPPING, USER, f"serviceAccount:{address}")


@pytest.fixture(scope="module")
def history(witness: GcpWitness) -> list[Step]:
    """The stack after its creation, and after each step."""
    caches, others = json.loads(json.dumps(CACHES)), json.loads(json.dumps(STACK))
    steps: list[Step] = []
    for changes in ((), *STEPS):
        for change in changes:
            written(caches[change.cache] if change.cache else others, change)
        witness.write(caches, **others)
        begin = len(witness.cloud.journal)
        run = witness.heard("up").succeeded()
        witness.learn()
        again = witness.heard("up", "--refresh", "--expect-no-changes")
        steps.append(taken(witness, run, again, begin))
    return steps


def taken(witness: GcpWitness, run: Run, again: Run, begin: int) -> Step:
    """A step as it is to be looked at later."""
    witness.run("output")
    return Step(
        run,
        again,
        witness.cloud.journal[begin:],
        witness.things(),
        {cache: witness.connection(cache) for cache in CACHES},
        frozenset(
            one["urn"].rpartition("::")[2] for one in witness.resources() if one.get("protect")
        ),
    )


NUMBERED = [(number, change) for number, step in enumerate(STEPS, 1) for change in step]
EVERY = range(len(STEPS) + 1)


@pytest.mark.parametrize("number", EVERY)
def test_the_run_succeeds_and_the_next_one_is_quiet(history: list[Step], number: int) -> None:
    """The next run asks Google for everything anew."""
    step = history[number]
    step.run.succeeded()
    step.again.succeeded()
    assert set(step.again.changes) == {"unchanged"}


DATA = ("Instance", "Network", "Subnetwork", "GlobalAddress", "Connection", "Secret",
        "ServiceConnectionPolicy")  # fmt: skip


@pytest.mark.parametrize("number", EVERY[1:])
def test_no_cache_is_made_or_deleted(history: list[Step], number: int) -> None:
    step = history[number]
    done = {
        (entry["operation"], entry["name"])
        for entry in step.journal
        if entry["type"].rpartition(":")[2] in DATA
    }
    assert not [one for one in done if one[0] in {"create", "delete"}]
    for kind in (REDIS, VALKEY, SECRET):
        assert step.things[kind].keys() == history[0].things[kind].keys()
    assert not [one for one in step.journal if "error" in one]


@pytest.mark.parametrize(("number", "change"), NUMBERED, ids=str)
def test_a_setting_changes_in_place(history: list[Step], number: int, change: Change) -> None:
    requests = history[number].requests(change.of or change.cache)
    if change.operation:
        found = [one["params"] for one in requests if one["operation"] == change.operation]
        assert any(within(change.params, params) for params in found), operations(requests)


def test_every_in_place_setting_of_google_is_in_the_table() -> None:
    """A setting that is added later must be here, or among those that say why not."""
    changed = {change.setting.partition("gcp.")[2] for _, change in NUMBERED}
    elsewhere = {
        "zone": "replaces",
        "alternativeZone": "replaces",
        "customerManagedKey": "replaces",
        "secretLocations": "replaces the secrets",
        "readReplicas": "a test of its own: Google turns them on only with further addresses",
        "secondaryRange": "the same test",
    }
    settings = {to_camel(name) for name in GcpSettings.model_fields}
    assert settings == changed & settings | elsewhere.keys()


@pytest.mark.parametrize("cache", CACHES)
def test_the_cache_and_its_auth_string_are_the_same_to_the_end(
    history: list[Step], cache: str
) -> None:
    assert len({step.cache(cache).get("_auth", "") for step in history}) == 1
    assert len({step.cache(cache)["createTime"] for step in history}) == 1
    assert len({step.connections[cache].url for step in history}) == 1
    assert len({step.connections[cache].ca_pem for step in history}) == 1


def test_what_is_off_is_off(history: list[Step]) -> None:
    """What a program leaves out stays what it is at Google; so it is said."""
    last, third = history[-1], history[3]
    assert history[2].cache("basic")["persistenceConfig"]["persistenceMode"] == "RDB"
    assert third.cache("basic")["persistenceConfig"]["persistenceMode"] == "DISABLED"
    assert history[2].cache("standard")["maintenancePolicy"]
    assert "maintenancePolicy" not in third.cache("standard")
    assert "notify-keyspace-events" not in third.cache("basic")["redisConfigs"]
    assert third.cache("valkey")["automatedBackupConfig"] == {"automatedBackupMode": "DISABLED"}
    assert last.cache("valkey").get("replicaCount", 0) == 0
    assert last.cache("valkey")["persistenceConfig"]["mode"] == "RDB"


def test_a_version_is_raised_by_a_request_of_its_own(history: list[Step]) -> None:
    """And all other fields of that step go in one."""
    asked = [one for one in history[1].requests("basic") if one["operation"] in {PATCH, UPGRADE}]
    assert operations(asked) == [PATCH, UPGRADE]
    assert history[1].cache("basic")["redisVersion"] == "REDIS_7_2"
    assert history[1].connections["basic"].engine_version == "7.2"
    assert history[2].cache("valkey")["engineVersion"] == "VALKEY_8_0"


def test_read_replicas_come_and_go_at_one_address(history: list[Step]) -> None:
    counts = [step.cache("spread")["replicaCount"] for step in history]
    assert counts == [2, 3, 3, 2, 2]
    readers = {step.connections["spread"].reader_url for step in history}
    assert len(readers) == 1
    assert readers.pop().startswith("rediss://")


def test_logins_come_and_go_alone(history: list[Step]) -> None:
    def logins(number: int) -> list[tuple[str, str]]:
        return sorted(
            (entry["operation"], entry["name"])
            for entry in history[number].journal
            if entry["type"].endswith(":IAMMember")
        )

    shop, batch = (one.partition(":")[2] for one in (SHOP, BATCH))
    assert logins(1) == [("create", f"cluster-login-{batch}")]
    assert logins(2) == [("create", f"valkey-login-{batch}"), ("delete", f"valkey-login-{shop}")]
    assert logins(3) == [("delete", f"cluster-login-{shop}")]


def test_the_firewall_comes_changes_and_goes(history: list[Step]) -> None:
    """For each cache, at its own addresses; from tags to accounts in place."""
    counts = [len(step.things.get(FIREWALL, {})) for step in history]
    assert counts == [0, 2 * len(CACHES), 2 * len(CACHES), 2 * len(CACHES), 0]
    for number in (2, 3):
        rules = [one for one in history[number].journal if one["type"].endswith(":Firewall")]
        assert {one["operation"] for one in rules} == {"update"}
    for rule in history[3].things[FIREWALL].values():
        assert not rule.get("targetTags")
        if rule["priority"] == 1000:
            assert rule["targetServiceAccounts"] == [ACCOUNT]
    allowed = [one for one in history[1].things[FIREWALL].values() if one["priority"] == 1000]
    ports = sorted({tuple(one["allowed"][0]["ports"]) for one in allowed})
    assert ports == [("6378",), ("6379", "11000-13047")]


def test_alarms_come_and_go(history: list[Step]) -> None:
    counts = [len(step.things.get(ALARM, {})) for step in history]
    assert 0 < counts[0] < counts[1]
    assert counts[2] == counts[0]
    assert counts[3:] == [0, 0]
    told = [bool(one.get("notificationChannels")) for one in history[1].things[ALARM].values()]
    assert all(told)


def test_protection_follows_the_setting(history: list[Step]) -> None:
    assert [step.protected for step in history] == [
        frozenset(), frozenset(), {"basic"}, {"valkey"}, frozenset(),
    ]  # fmt: skip
    flags = [bool(step.cache("valkey").get("deletionProtectionEnabled")) for step in history]
    assert flags == [False, False, False, True, False]


def test_labels_reach_everything(history: list[Step]) -> None:
    for number, labels in enumerate(({}, {"team": "shop"}, {"team": "shop", "cost": "17"}, {})):
        for kind in (REDIS, VALKEY, SECRET):
            for thing in history[number].things[kind].values():
                own = {key: thing["labels"].get(key) for key in ("team", "cost")}
                assert {key: one for key, one in own.items() if one} == labels
                assert thing["labels"]["secure-redis-environment"] == "staging"
                # Put there by the provider at the beginning, and not lost.
                assert thing["labels"]["goog-pulumi-provisioned"] == "true"


def test_no_auth_string_is_said(history: list[Step], witness: GcpWitness) -> None:
    assert len(history) == len(STEPS) + 1
    assert len(witness.passwords) == 1 + 3
    assert leaks(witness.passwords, witness.places()) == []


TURNING: dict[str, Any] = {
    "login": {"replicas": 1, "memoryGb": 1},
    "tokens": {
        "engine": "valkey",
        "memoryGb": 1,
        "replicas": 1,
        "gcp": {"principals": [SHOP], "nodeType": "CUSTOM_MICRO"},
    },
}


@pytest.fixture
def turning(tmp_path: Path) -> Iterator[GcpWitness]:
    made = GcpWitness(tmp_path)
    made.write(TURNING, environment="development")
    made.applied()
    yield made
    made.close()


def test_development_becomes_production_in_place(turning: GcpWitness) -> None:
    """Every default that the environment decides changes, and the data stay."""
    cloud = turning.cloud
    auth, ids = turning.auth("login"), {kind: cloud.all(kind).keys() for kind in (REDIS, VALKEY)}
    born = {name: one["createTime"] for kind in ids for name, one in cloud.all(kind).items()}
    for environment in ("staging", "production"):
        turning.write(TURNING, environment=environment)
        turning.heard("preview").succeeded()
        turning.applied()
        turning.unchanged()
    assert turning.auth("login") == auth
    assert {kind: cloud.all(kind).keys() for kind in ids} == ids
    assert {
        name: one["createTime"] for kind in ids for name, one in cloud.all(kind).items()
    } == born
    redis, valkey = cloud.one(REDIS), cloud.one(VALKEY)
    assert redis["persistenceConfig"]["persistenceMode"] == "RDB"
    assert redis["maintenancePolicy"]["weeklyMaintenanceWindow"][0]["day"] == "SUNDAY"
    assert valkey["automatedBackupConfig"]["retention"] == "604800s"
    assert valkey["deletionProtectionEnabled"]
    assert {one["versionDestroyTtl"] for one in cloud.all(SECRET).values()} == {"2592000s"}
    assert len(cloud.all(ALARM)) > 6
    protected = {
        one["urn"].rpartition("::")[2] for one in turning.resources() if one.get("protect")
    }
    assert protected == {"login", "tokens"}
    assert len(turning.passwords) == 2
    assert leaks(turning.passwords, turning.places()) == []


@pytest.mark.parametrize(
    "environment", [pytest.param("development", marks=pytest.mark.sweep), "production"]
)
def test_blue_and_green(tmp_path: Path, environment: str) -> None:
    """The whole rotation: at each moment the URL in use opens a cache, and so does the old one."""
    cache: dict[str, Any] = {"replicas": 1, "memoryGb": 1}
    stack = GcpWitness(tmp_path)
    stack.write({"cache": cache}, environment=environment)
    stack.applied()
    first, name = stack.auth(), stack.connection().resource_id
    old_url = stack.value("url")
    cache["rotation"] = {"generation": 2, "keepPrevious": True}
    stack.write({"cache": cache}, environment=environment)
    plan = stack.heard("preview").succeeded()
    assert "Generation 2 is a second cache, empty at first" in " ".join(plan.text.split())
    stack.applied()
    both = stack.cloud.all(REDIS)
    connection = stack.connection()
    assert both.keys() == {name, connection.resource_id}
    assert connection.resource_id == f"{name}-g2"
    # Nobody's connection was touched: the old one is what it was.
    assert both[name]["_auth"] == first
    assert both[connection.resource_id]["_auth"] == connection.password != first
    held = [value_of(one) for one in stack.versions("url") if "_data" in one]
    # Production keeps the old version for a month; elsewhere it is destroyed.
    kept = [old_url] if environment == "production" else []
    assert held == [*kept, connection.url]
    assert len(stack.versions("url")) == 2
    assert stack.previous_url() == old_url
    assert json.loads(stack.value("connection"))["password"] == connection.password
    stack.unchanged()
    cache["rotation"] = {"generation": 2}
    stack.write({"cache": cache}, environment=environment)
    begin = len(stack.cloud.journal)
    # In production too: what goes is no longer protected.
    stack.applied()
    assert [one for one in stack.steps(begin) if "Instance:" in one] == ["delete Instance:cache"]
    assert stack.cloud.all(REDIS).keys() == {connection.resource_id}
    assert stack.connection().url == connection.url == stack.value("url")
    assert stack.previous_url() == ""
    stack.unchanged()
    assert len(stack.passwords) == 3
    assert leaks(stack.passwords, stack.places()) == []
    stack.close()


@pytest.mark.sweep
def test_a_third_generation_and_a_change_beside_it(tmp_path: Path) -> None:
    """Blue and green also lead to another size, which the old cache does not get."""
    cache: dict[str, Any] = {"gcp": {"memorySizeGb": 1}, "rotation": {"generation": 2}}
    stack = GcpWitness(tmp_path)
    stack.write({"cache": cache})
    stack.applied()
    assert stack.connection().resource_id.endswith("-g2")
    cache["rotation"] = {"generation": 3, "keepPrevious": True}
    stack.write({"cache": cache})
    stack.applied()
    names = sorted(one.rpartition("-")[2] for one in stack.cloud.all(REDIS))
    assert names == ["g2", "g3"]
    numbers = [one["name"].rpartition("/")[2] for one in stack.versions("url")]
    assert numbers == ["1", "2"]
    stack.close()


def test_read_replicas_are_turned_on_later(tmp_path: Path) -> None:
    """In place, with addresses of their own, which the firewall knows; a refusal leads there."""
    size = {"memorySizeGb": 5}
    cache: dict[str, Any] = {"replicas": 1, "gcp": size}
    reads = {"replicas": 2, "gcp": {**size, "secondaryRange": "auto"}}
    stack = GcpWitness(tmp_path)
    access = {"access": {"networkTags": ["shop"]}}
    stack.write({"cache": reads}, **access)
    # Google ignores it for a new cache; the provider would then show it at every run.
    words = ("is for a cache that exists: Google ignores it for a new one", "Remove it.")
    refused(stack.run("preview"), {"cache.gcp.secondaryRange": words})
    stack.write({"cache": cache}, **access)
    stack.applied()
    before, auth = stack.instance(), stack.auth()
    assert stack.connection().reader_url == ""
    stack.write({"cache": {**reads, "gcp": size}}, **access)
    words = ("is needed to turn read replicas on", "Set it to auto.")
    refused(stack.heard("preview"), {"cache.gcp.secondaryRange": words})
    stack.write({"cache": {**reads, "rotation": {"generation": 2, "keepPrevious": True}}}, **access)
    says = {
        "cache.gcp.secondaryRange": ("this change makes a new one",),
        "cache.rotation.keepPrevious": ("read replicas are turned on for one", "Make one change,"),
    }
    refused(stack.heard("up"), says)
    assert stack.instance() == before
    stack.write({"cache": reads}, **access)
    # Google refuses; the next run must not believe that they are there.
    stack.fail("update", "gcp:redis/instance:Instance", error="no addresses today.")
    assert "no addresses today." in stack.heard("up").text
    stack.applied()
    after = stack.instance()
    assert (after["readReplicasMode"], after["replicaCount"]) == ("READ_REPLICAS_ENABLED", 2)
    assert (after["createTime"], stack.auth()) == (before["createTime"], auth)
    assert stack.connection().reader_host == after["readEndpoint"]
    stack.unchanged()
    stack.write({"cache": {**reads, "gcp": size}}, **access)
    stack.applied()
    assert stack.instance() == after
    stack.unchanged()
    assert leaks(stack.passwords, stack.places()) == []
    stack.close()


def test_a_ca_that_ends_leaves_the_contract(tmp_path: Path) -> None:
    """Years later: a refresh sees what Google changed, and readers get a new version."""
    stack = GcpWitness(tmp_path)
    stack.write({"cache": {}})
    stack.applied()
    before = stack.connection()
    google = stack.cloud.google
    instance = stack.instance()
    google.put(REDIS, instance["name"], {**instance, "_authorities": instance["_authorities"][:1]})
    stack.refreshed()
    stack.applied()
    after = stack.connection()
    assert (before.ca_pem.count("BEGIN"), after.ca_pem.count("BEGIN")) == (2, 1)
    assert after.ca_not_after == after.ca_last_not_after == before.ca_last_not_after
    secret = stack.component()["secret_ids"]["connection"]
    assert len(versions(stack.cloud, secret)) == 2
    assert json.loads(stack.value("connection"))["ca_pem"] == after.ca_pem
    assert after.url == before.url
    # The URL says nothing of CAs.
    assert len(stack.versions("url")) == 1
    stack.unchanged()
    stack.close()
