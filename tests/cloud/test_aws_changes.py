"""Every setting that can change in place does so: no cache is deleted, the next run is quiet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from cloud.aws.account import Account
from cloud.aws.model import digest
from cloud.aws.services.cache_users import modify_user
from cloud.aws.services.secrets_manager import put_value
from cloud.aws.witness import REPLICATION_GROUP, SECRET, SERVERLESS, USER, AwsWitness
from cloud.changes import Change, within, written
from cloud.witness import leaks, operations
from engine.deployment import PROJECT_NAME, Run, remember_secret
from pydantic.alias_generators import to_camel
from secure_redis.aws.settings import AwsSettings

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

REGION = "eu-west-1"
READER = "arn:aws:iam::123456789012:role/shop"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
ROTATED = "byTheFunction0123456789byTheFunction0123456789ab"
"""The password that Secrets Manager's function sets in a test."""

CACHES: dict[str, Any] = {
    "nodes": {"memoryGb": 3, "aws": {"applyImmediately": True, "engineVersion": "8.0"}},
    "cluster": {"memoryGb": 4, "aws": {"applyImmediately": True, "shards": 2}},
    "serverless": {"memoryGb": 2, "aws": {"serverless": {}}},
    "token": {"engine": "redis", "aws": {"applyImmediately": True, "auth": "token"}},
    "users": {"engine": "redis", "aws": {"applyImmediately": True, "engineVersion": "7.0"}},
}
STACK: dict[str, Any] = {
    "aws:region": REGION,
    "environment": "production",
    "access": {"cidrs": ["10.30.0.0/16"]},
}

MODIFY = "ModifyReplicationGroup"
SERVERLESSLY = "ModifyServerlessCache"
PARAMETERS = "ModifyCacheParameterGroup"


def parameter(name: str, value: str) -> dict[str, Any]:
    """What a request holds that sets one parameter of the engine."""
    return {"ParameterNameValues": [{"ParameterName": name, "ParameterValue": value}]}


STEPS: tuple[tuple[Change, ...], ...] = (
    (
        Change(
            "nodes", "aws.nodeType", "cache.r7g.large", MODIFY, {"CacheNodeType": "cache.r7g.large"}
        ),
        Change("nodes", "replicas", 2, "IncreaseReplicaCount", {"NewReplicaCount": 2}),
        Change("nodes", "aws.engineVersion", "8.1", MODIFY, {"EngineVersion": "8.1"}),
        Change("nodes", "aws.snapshotRetentionDays", 14, MODIFY, {"SnapshotRetentionLimit": 14}),
        Change(
            "nodes", "aws.snapshotWindow", "02:00-03:00", MODIFY, {"SnapshotWindow": "02:00-03:00"}
        ),
        Change(
            "nodes",
            "aws.maintenanceWindow",
            "mon:05:00-mon:06:30",
            MODIFY,
            {"PreferredMaintenanceWindow": "mon:05:00-mon:06:30"},
        ),
        Change(
            "nodes",
            "aws.autoMinorVersionUpgrade",
            False,
            MODIFY,
            {"AutoMinorVersionUpgrade": False},
        ),
        Change("nodes", "aws.logRetentionDays", 30, "PutRetentionPolicy", {"retentionInDays": 30}),
        Change("nodes", "aws.secretRecoveryDays", 0, ""),
        Change("cluster", "replicas", 2, "IncreaseReplicaCount", {"NewReplicaCount": 2}),
        Change(
            "cluster", "aws.parameters", {"timeout": "300"}, PARAMETERS, parameter("timeout", "300")
        ),
        # Several settings of a serverless cache in one run: the provider sends a request for each.
        Change(
            "serverless",
            "aws.snapshotRetentionDays",
            5,
            SERVERLESSLY,
            {"SnapshotRetentionLimit": 5},
        ),
        Change(
            "serverless",
            "aws.serverless",
            {"maxEcpuPerSecond": 9000},
            SERVERLESSLY,
            {
                "CacheUsageLimits": {
                    "DataStorage": {"Maximum": 2, "Unit": "GB"},
                    "ECPUPerSecond": {"Maximum": 9000},
                }
            },
        ),
        Change(
            "token",
            "rotation",
            {"generation": 2, "keepPrevious": True},
            MODIFY,
            {"AuthTokenUpdateStrategy": "ROTATE", "ApplyImmediately": True},
        ),
        Change("users", "rotation", {"generation": 2, "keepPrevious": True}, "ModifyUser"),
        Change(
            "",
            "access.cidrs",
            ["10.30.0.0/16", "10.40.0.0/16"],
            "AuthorizeSecurityGroupIngress",
            of="nodes-from-10.40",
        ),
        Change("", "access.secretReaders", [READER], "PutResourcePolicy", of="users-credentials"),
        Change("", "access.secretReaders", [READER], "PutKeyPolicy", of="users"),
        Change(
            "",
            "alarms",
            {"profile": "basic", "notify": [TOPIC]},
            "PutMetricAlarm",
            {"AlarmActions": [TOPIC]},
            of="users-",
        ),
        Change("", "alarms", {"profile": "basic", "notify": [TOPIC]}, "DeleteAlarms", of="users-"),
        Change("", "tags", {"team": "shop"}, "AddTagsToResource", of="users"),
    ),
    (
        Change("nodes", "replicas", 0, "DecreaseReplicaCount", {"NewReplicaCount": 0}),
        Change(
            "nodes", "aws.nodeType", "cache.m7g.large", MODIFY, {"CacheNodeType": "cache.m7g.large"}
        ),
        Change("nodes", "aws.snapshotRetentionDays", 0, MODIFY, {"SnapshotRetentionLimit": 0}),
        Change(
            "nodes",
            "aws.logs",
            False,
            MODIFY,
            {
                "LogDeliveryConfigurations": [
                    {"LogType": "slow-log", "Enabled": False},
                    {"LogType": "engine-log", "Enabled": False},
                ]
            },
        ),
        Change("nodes", "aws.automaticRotation", True, "RotateSecret", of="nodes-rotation"),
        Change(
            "cluster",
            "aws.shards",
            3,
            "ModifyReplicationGroupShardConfiguration",
            {"NodeGroupCount": 3},
        ),
        Change(
            "cluster",
            "evictionPolicy",
            "volatile-lru",
            PARAMETERS,
            parameter("maxmemory-policy", "volatile-lru"),
        ),
        Change(
            "serverless",
            "memoryGb",
            5,
            SERVERLESSLY,
            {
                "CacheUsageLimits": {
                    "DataStorage": {"Maximum": 5, "Unit": "GB"},
                    "ECPUPerSecond": {"Maximum": 9000},
                }
            },
        ),
        Change("token", "rotation", {"generation": 2}, MODIFY, {"AuthTokenUpdateStrategy": "SET"}),
        Change("users", "rotation", {"generation": 2}, "ModifyUser"),
        Change(
            "",
            "access.cidrs",
            ["10.40.0.0/16"],
            "RevokeSecurityGroupIngress",
            of="nodes-from-10.30",
        ),
        Change("", "access.secretReaders", None, "DeleteResourcePolicy", of="users-credentials"),
        Change("", "alarms", {"profile": "off"}, "DeleteAlarms", of="users-"),
        Change("", "tags", None, "RemoveTagsFromResource", of="users"),
    ),
    (
        Change("nodes", "replicas", 1, "IncreaseReplicaCount", {"NewReplicaCount": 1}),
        Change("nodes", "aws.multiAz", False, ""),
        Change("nodes", "aws.snapshotRetentionDays", 7, MODIFY, {"SnapshotRetentionLimit": 7}),
        Change("nodes", "aws.logs", True, "CreateLogGroup"),
        Change("nodes", "aws.finalSnapshot", False, ""),
        Change(
            "cluster",
            "aws.shards",
            1,
            "ModifyReplicationGroupShardConfiguration",
            {"NodeGroupCount": 1},
        ),
        Change("cluster", "aws.multiAz", False, MODIFY, {"MultiAZEnabled": False}),
        Change("cluster", "aws.parameters", None, "ResetCacheParameterGroup"),
        Change(
            "serverless",
            "aws.snapshotRetentionDays",
            3,
            SERVERLESSLY,
            {"SnapshotRetentionLimit": 3},
        ),
        Change("token", "engine", "valkey", MODIFY, {"Engine": "valkey", "EngineVersion": "8.1"}),
        Change("users", "engine", "valkey", MODIFY, {"Engine": "valkey"}),
        Change("users", "aws.engineVersion", "8.0", MODIFY, {"EngineVersion": "8.0"}),
        Change("", "alarms", {"profile": "full"}, "PutMetricAlarm", of="users-"),
    ),
    (
        Change("nodes", "rotation", {"generation": 2}, "ModifyUser"),
        Change("nodes", "aws.automaticRotation", None, "CancelRotateSecret", of="nodes-rotation"),
        Change("cluster", "replicas", 0, "DecreaseReplicaCount", {"NewReplicaCount": 0}),
        Change("cluster", "aws.auth", "iam", "CreateUser"),
        Change(
            "serverless",
            "aws.snapshotWindow",
            "04:30-05:30",
            SERVERLESSLY,
            {"DailySnapshotTime": "04:30"},
        ),
        Change("token", "aws.auth", "rbac", MODIFY, {"AuthTokenUpdateStrategy": "DELETE"}),
        Change("users", "aws.engineVersion", "9.0", MODIFY, {"EngineVersion": "9.0"}),
    ),
)
"""What changes in each run; what is in one run does not depend on each other."""


@dataclass(frozen=True)
class Step:
    """One run with changes, and the run after it."""

    run: Run
    again: Run
    journal: Sequence[Mapping[str, Any]]
    caches: Mapping[str, Any]
    """The caches of the fake cloud after it, by ARN."""
    users: Mapping[str, Any]
    passwords: Mapping[str, str] = field(repr=False)
    """What the secret with the credentials of a cache holds now."""

    def cache(self, name: str) -> Mapping[str, Any]:
        """A cache of the fake cloud."""
        (found,) = [
            one for one in self.caches.values() if one["Tags"]["secure-redis:cache"] == name
        ]
        return found

    def user(self, name: str) -> Mapping[str, Any]:
        """The application's user of a cache with a password."""
        (found,) = [
            one
            for one in self.users.values()
            if one["Tags"]["secure-redis:cache"] == name and one["UserName"] == "app"
        ]
        return found

    def requests(self, name: str) -> list[Mapping[str, Any]]:
        """The requests for resources whose logical names begin so."""
        return [
            request
            for entry in self.journal
            if entry["name"].startswith(name)
            for request in entry["requests"]
        ]


def taken(witness: AwsWitness, run: Run, again: Run, begin: int) -> Step:
    """A step as it is to be looked at later."""
    cloud = witness.cloud
    groups = {one["ARN"]: one for one in cloud.all(REPLICATION_GROUP).values()}
    serverless = {one["ARN"]: one for one in cloud.all(SERVERLESS).values()}
    passwords: dict[str, str] = {}
    for name, secret in cloud.all(SECRET).items():
        if "/credentials-" in name and not secret["Deleted"]:
            (current,) = [
                json.loads(one["SecretString"])["password"]
                for one in secret["Versions"].values()
                if "AWSCURRENT" in one["Stages"]
            ]
            passwords[secret["Tags"]["secure-redis:cache"]] = current
    users = cloud.all(USER)
    return Step(run, again, cloud.journal[begin:], groups | serverless, users, passwords)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsWitness]:
    made = AwsWitness(tmp_path_factory.mktemp("changes"))
    yield made
    finish(made)


@pytest.fixture(scope="module")
def history(witness: AwsWitness) -> list[Step]:
    """The stack after its creation, and after each step."""
    caches, others = json.loads(json.dumps(CACHES)), json.loads(json.dumps(STACK))
    steps: list[Step] = []
    for changes in ((), *STEPS):
        for change in changes:
            written(caches[change.cache] if change.cache else others, change)
        if len(steps) == 3:
            rotated_by_the_function(witness)
        witness.write(caches, **others)
        begin = len(witness.cloud.journal)
        run = witness.heard("up")
        witness.learn()
        again = witness.heard("up", "--expect-no-changes")
        steps.append(taken(witness, run, again, begin))
    steps += waiting(witness, caches, others)
    return steps


def waiting(witness: AwsWitness, caches: dict[str, Any], others: dict[str, Any]) -> Iterator[Step]:
    """A change that waits for the maintenance window: before it, and after it."""
    caches["nodes"]["aws"] |= {"nodeType": "cache.r7g.xlarge", "applyImmediately": False}
    witness.write(caches, **others)
    begin = len(witness.cloud.journal)
    run, again = witness.heard("up"), witness.heard("preview")
    yield taken(witness, run, again, begin)
    witness.cloud.maintenance_window(REGION)
    begin = len(witness.cloud.journal)
    run, again = witness.heard("up"), witness.heard("preview", "--refresh", "--expect-no-changes")
    yield taken(witness, run, again, begin)


def finish(witness: AwsWitness) -> None:
    """Takes the protection away, and the stack down."""
    document = yaml.safe_load(witness.stack_file.read_text())
    config = document["config"]
    config[f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "the test is over"}
    for cache in config[f"{PROJECT_NAME}:caches"].values():
        cache["protect"] = False
    witness.write_file(document)
    witness.run("up").succeeded()
    witness.close()


def rotated_by_the_function(witness: AwsWitness) -> None:
    """Does in the fake cloud what Secrets Manager's function does: a new password, both work."""
    account = Account(witness.cloud, REGION)
    secret = next(one for one in account.all(SECRET) if "/nodes/credentials-" in one)
    (version,) = account.all(SECRET)[secret]["Versions"].values()
    value = json.loads(version["SecretString"])
    remember_secret(ROTATED)
    witness.passwords["by the function"] = ROTATED
    user = value["user_arn"].rpartition(":")[2]
    modify_user(account, {"UserId": user, "Passwords": [ROTATED, value["password"]]})
    changed = {**value, "password": ROTATED}
    put_value(account, {"SecretId": secret, "SecretString": json.dumps(changed)})


NUMBERED = [(number, change) for number, step in enumerate(STEPS, 1) for change in step]
QUIET = range(len(STEPS) + 1)
WAITING, AFTER_THE_WINDOW = len(STEPS) + 1, len(STEPS) + 2


@pytest.mark.parametrize("number", QUIET)
def test_the_run_succeeds_and_the_next_one_is_quiet(history: list[Step], number: int) -> None:
    history[number].run.succeeded()
    history[number].again.succeeded()
    assert set(history[number].again.changes) == {"unchanged"}


@pytest.mark.parametrize("number", QUIET[1:])
def test_no_cache_is_made_or_deleted(history: list[Step], number: int) -> None:
    step = history[number]
    done = {
        (entry["operation"], entry["type"].rpartition(":")[2], entry["name"])
        for entry in step.journal
    }
    for kind in ("ReplicationGroup", "ServerlessCache", "Key", "SubnetGroup", "SecurityGroup"):
        for cache in CACHES:
            assert ("create", kind, cache) not in done
            assert ("delete", kind, cache) not in done
    assert step.caches.keys() == history[0].caches.keys()
    assert not [one for one in step.journal if "error" in one]


@pytest.mark.parametrize(("number", "change"), NUMBERED, ids=str)
def test_a_setting_changes_in_place(history: list[Step], number: int, change: Change) -> None:
    requests = history[number].requests(change.of or change.cache)
    if change.operation:
        found = [one["params"] for one in requests if one["operation"] == change.operation]
        assert any(within(change.params, params) for params in found), operations(requests)


FURTHER: dict[str, Any] = {
    "moving": {"aws": {"transitEncryption": "preferred", "auth": "token"}},
    "durable": {"aws": {"engineVersion": "9.0", "shards": 1, "durability": "async"}},
}


@pytest.fixture(scope="module")
def further(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Step]:
    """What goes with certain caches only: TLS that becomes required, writes that become durable."""
    caches = json.loads(json.dumps(FURTHER))
    made = AwsWitness(tmp_path_factory.mktemp("further"))
    made.write(caches, **{**STACK, "environment": "development"})
    made.up()
    caches["moving"]["aws"]["transitEncryption"] = "required"
    caches["durable"]["aws"]["durability"] = "sync"
    made.write(caches, **{**STACK, "environment": "development"})
    begin = len(made.cloud.journal)
    run = made.heard("up")
    made.learn()
    yield taken(made, run, made.heard("up", "--expect-no-changes"), begin)
    made.close()


@pytest.mark.parametrize(
    ("cache", "params"),
    [("moving", {"TransitEncryptionMode": "required"}), ("durable", {"Durability": "sync"})],
)
def test_tls_can_be_preferred_for_a_while_and_durability_changes(
    further: Step, cache: str, params: Mapping[str, Any]
) -> None:
    further.run.succeeded()
    further.again.succeeded()
    found = [one["params"] for one in further.requests(cache) if one["operation"] == MODIFY]
    assert any(within(params, given) for given in found)


def test_every_in_place_setting_of_aws_is_in_the_table() -> None:
    """A setting that is added later must be here, or among those that say why not."""
    changed = {change.setting.partition(".")[2] for _, change in NUMBERED}
    elsewhere = {
        "port": "replaces",
        "kmsKeyArn": "replaces",
        "restore": "read once, when the cache is made",
        "applyImmediately": "the step that waits",
        "transitEncryption": "the caches FURTHER",
        "durability": "the caches FURTHER: only Valkey 9 in cluster mode has it",
    }
    settings = {to_camel(name) for name in AwsSettings.model_fields}
    assert settings == changed & settings | elsewhere.keys()


@pytest.mark.parametrize("cache", ["nodes", "cluster", "serverless", "token", "users"])
def test_the_cache_is_the_same_to_the_end(history: list[Step], cache: str) -> None:
    identities = {history[number].cache(cache)["ARN"] for number in range(len(history))}
    assert len(identities) == 1


def test_a_user_has_two_passwords_for_a_moment(history: list[Step]) -> None:
    before, both, after = (history[number] for number in (0, 1, 2))
    old, new = digest(before.passwords["users"]), digest(both.passwords["users"])
    assert old != new
    assert before.user("users")["Authentication"]["Passwords"] == [old]
    assert sorted(both.user("users")["Authentication"]["Passwords"]) == sorted([old, new])
    assert after.user("users")["Authentication"]["Passwords"] == [new]
    assert after.passwords["users"] == both.passwords["users"]


def test_the_new_password_is_at_the_cache_before_it_is_in_the_secret(history: list[Step]) -> None:
    order = [f"{one['type'].rpartition(':')[2]}:{one['name']}" for one in history[1].journal]
    assert order.index("User:users-app") < order.index("SecretVersion:users-credentials")
    assert order.index("ReplicationGroup:token") < order.index("SecretVersion:token-credentials")


def test_a_token_is_rotated_then_set(history: list[Step]) -> None:
    before, both, after = (history[number] for number in (0, 1, 2))
    old, new = digest(before.passwords["token"]), digest(both.passwords["token"])
    assert [step.cache("token")["AuthTokens"] for step in (before, both, after)] == [
        [old],
        [old, new],
        [new],
    ]
    for step in (both, after):
        tokens = [
            one["params"]["AuthToken"]
            for one in step.requests("token")
            if "AuthToken" in one["params"]
        ]
        assert tokens == [new]


@pytest.mark.parametrize(("cache", "version"), [("token", "8.1"), ("users", "8.0")])
def test_redis_becomes_valkey_with_its_logins(
    history: list[Step], cache: str, version: str
) -> None:
    before, after = history[2], history[3]
    assert before.cache(cache)["Engine"] == "redis"
    assert after.cache(cache)["Engine"] == "valkey"
    assert after.cache(cache)["Actual"].startswith(f"{version}.")
    assert after.cache(cache)["AuthTokens"] == before.cache(cache)["AuthTokens"]
    assert after.cache(cache)["UserGroupIds"] == before.cache(cache)["UserGroupIds"]
    assert _users_of(after, cache) == _users_of(before, cache)
    assert after.passwords[cache] == before.passwords[cache]


def _users_of(step: Step, cache: str) -> list[Mapping[str, Any]]:
    return [one for one in step.users.values() if one["Tags"]["secure-redis:cache"] == cache]


def test_a_token_becomes_users_in_one_request(history: list[Step]) -> None:
    after = history[4]
    modified = [one for one in after.requests("token") if one["operation"] == MODIFY]
    assert len(modified) == 1
    assert after.cache("token")["AuthTokens"] == []
    assert len(after.cache("token")["UserGroupIds"]) == 1
    assert after.user("token")["Authentication"]["Passwords"] == [digest(after.passwords["token"])]
    assert after.passwords["token"] == history[3].passwords["token"]


def test_users_with_passwords_become_users_of_iam(history: list[Step]) -> None:
    group = history[4].cache("cluster")["UserGroupIds"]
    assert group == history[3].cache("cluster")["UserGroupIds"]
    kinds = sorted(
        (one["UserName"] == one["UserId"], one["Authentication"]["Type"])
        for one in history[4].users.values()
        if one["Tags"]["secure-redis:cache"] == "cluster"
    )
    assert kinds == [(False, "password"), (True, "iam")]
    assert "cluster" not in history[4].passwords


def test_what_the_function_rotates_stays(history: list[Step]) -> None:
    """Pulumi leaves alone what Secrets Manager's function has set, until it is turned off."""
    rotated, off = history[3], history[4]
    first = history[2].passwords["nodes"]
    assert rotated.passwords["nodes"] == ROTATED
    assert rotated.user("nodes")["Authentication"]["Passwords"] == [digest(ROTATED), digest(first)]
    assert off.passwords["nodes"] not in {ROTATED, first}
    assert off.user("nodes")["Authentication"]["Passwords"] == [digest(off.passwords["nodes"])]


def test_sources_come_and_go_alone(history: list[Step]) -> None:
    def rules(number: int) -> set[tuple[str, str]]:
        return {
            (entry["operation"], entry["name"])
            for entry in history[number].journal
            if entry["type"].endswith(":SecurityGroupIngressRule")
            and any("SecurityGroup" in one["operation"] for one in entry["requests"])
        }

    assert rules(1) == {("create", f"{cache}-from-10.40.0.0-16") for cache in CACHES}
    assert rules(2) == {("delete", f"{cache}-from-10.30.0.0-16") for cache in CACHES}


def test_tags_reach_everything(history: list[Step]) -> None:
    for number, tagged in ((1, True), (2, False)):
        for thing in (*history[number].caches.values(), *history[number].users.values()):
            assert (thing["Tags"].get("team") == "shop") is tagged
            assert thing["Tags"]["secure-redis:environment"] == "production"


def test_a_change_waits_for_its_window(history: list[Step]) -> None:
    step = history[WAITING]
    step.run.succeeded()
    assert step.cache("nodes")["CacheNodeType"] == "cache.m7g.large"
    assert step.cache("nodes")["Pending"] == {"CacheNodeType": "cache.r7g.xlarge"}
    (asked,) = [one for one in step.requests("nodes") if one["operation"] == MODIFY]
    assert asked["params"]["ApplyImmediately"] is False
    # The preview goes on showing it, in place, until AWS has done it.
    assert step.again.succeeded().changes["to"] == 1
    after = history[AFTER_THE_WINDOW]
    assert after.cache("nodes")["CacheNodeType"] == "cache.r7g.xlarge"
    assert operations(after.requests("nodes")) in ([], [MODIFY])
    after.again.succeeded()


def test_no_password_is_said(history: list[Step], witness: AwsWitness) -> None:
    assert len(history) == AFTER_THE_WINDOW + 1
    names = witness.passwords.keys()
    assert {"users-app-password-1", "users-app-password-2", "token-app-password-2"} <= names
    assert leaks(witness.passwords, witness.places()) == []
