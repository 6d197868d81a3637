"""What is read from the engine's event log."""

import json

import pytest
from ci.samples import GROUP, diagnostic, log, step, summary, urn, violation
from secure_redis.ci.events import (
    FILE,
    LONGEST_VALUE,
    NOTHING,
    UNKNOWN,
    Change,
    Operation,
    read,
)
from secure_redis.ci.redaction import MASK, SIGNATURE, Redaction

PASSWORD = "Zr7Kq2mW9xTb4LcV8nHy3PdGs6FjUaE5RkQoXiBwCvMz1YtN"
NET = Redaction({PASSWORD})
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_a_replacement_is_one_change_with_its_reasons() -> None:
    reasons = {"keys": ["port"], "detailedDiff": {"port": {"diffKind": "update-replace"}}}
    old, new = {"port": 6379}, {"port": 6380}
    created = step("create-replacement", old=old, new=new, **reasons)
    told = step("replace", old=old, new=new, **reasons)
    for events in ([created, told], [told, created]):
        ended = (step("delete-replaced", old=old), summary(replace=1, same=4))
        outcome = read(log(*events, *ended), NET)
        (change,) = outcome.changes
        assert (change.operation, change.kind) == (
            Operation.REPLACE,
            "aws:elasticache:ReplicationGroup",
        )
        (one,) = change.differences
        assert (one.path, one.before, one.after, one.replaces) == ("port", "6379", "6380", True)
        assert outcome.losses == (change,)
        assert (outcome.unchanged, outcome.finished) == (4, True)
        assert outcome.policies == ("secure-redis 0.1.0",)


def test_a_cache_that_is_deleted_before_it_is_made_anew_is_replaced() -> None:
    events = [step("delete-replaced", old={"a": 1}), step("replace", old={"a": 1}, new={"a": 2})]
    (change,) = read(log(*events), NET).changes
    assert change.operation is Operation.REPLACE
    assert [one.path for one in change.differences] == ["a"]


def test_what_stays_and_what_is_of_the_engine_is_no_change() -> None:
    provider = step("create", "pulumi:providers:aws", "default_7_51_1")
    events = [step("same"), step("refresh"), step("read-discard"), provider, summary()]
    assert read(log(*events), NET).changes == ()


def test_without_a_diff_the_inputs_are_compared() -> None:
    old = {"port": 6379, "same": 1, "__defaults": [], "gone": True}
    new = {"port": 6380, "same": 1, "__defaults": ["x"], "more": "x"}
    (change,) = read(log(step("update", "secure-redis:index:X", old=old, new=new)), NET).changes
    assert {one.path: (one.before, one.after) for one in change.differences} == {
        "gone": ("true", NOTHING),
        "more": (NOTHING, '"x"'),
        "port": ("6379", "6380"),
    }


def test_values_are_short_and_hide_what_is_secret_or_not_known() -> None:
    old = {
        "a": {"b": [{"c": "x"}, {"c": "y"}], "k.d": 1},
        "password": SECRET,
        "open": f"is {PASSWORD}",
        "long": "z" * 500,
        "code": {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "abc"},
    }
    new = {**old, "a": {"b": [{"c": "x"}, {"c": NOT_YET}], "k.d": 2}, "password": {"x": SECRET}}
    paths = ["a.b[1].c", 'a["k.d"]', "password", "password.inner", "open", "long", "code", "none"]
    diff = {path: {"diffKind": "update", "inputDiff": True} for path in paths}
    (change,) = read(log(step("update", old=old, new=new, detailedDiff=diff)), NET).changes
    shown = {one.path: (one.before, one.after) for one in change.differences}
    assert shown["a.b[1].c"] == ('"y"', UNKNOWN)
    assert shown['a["k.d"]'] == ("1", "2")
    assert shown["password"] == (MASK, f'{{"x": "{MASK}"}}')
    assert MASK in shown["password.inner"][0] or shown["password.inner"][0] == NOTHING
    assert shown["open"][0] == f'"is {MASK}"'
    assert len(shown["long"][0]) == LONGEST_VALUE
    assert shown["code"][0] == FILE
    assert shown["none"] == (NOTHING, NOTHING)
    assert PASSWORD not in repr(change)


def test_a_secret_that_would_be_cut_is_masked_before() -> None:
    value = "x " * (LONGEST_VALUE // 2 - 4) + PASSWORD
    events = log(step("update", old={"a": "b"}, new={"a": value}))
    (change,) = read(events, NET).changes
    assert PASSWORD[:6] not in change.differences[0].after


def test_findings_and_errors_are_cleaned() -> None:
    events = [
        violation("mandatory", f"<{{%reset%}}>got {PASSWORD}\n"),
        violation("mandatory", f"<{{%reset%}}>got {PASSWORD}\n"),
        violation("advisory", "advice"),
        diagnostic("debug", f"debug {PASSWORD}"),
        diagnostic("info", "nothing to worry about"),
        diagnostic("warning", f"\x1b[31mtake care of {PASSWORD}"),
        diagnostic("error", f"cannot log in with {PASSWORD}"),
        diagnostic("error", f"cannot log in with {PASSWORD}"),
        summary("failed"),
    ]
    outcome = read(log(*events), NET)
    assert [(one.level, one.message) for one in outcome.findings] == [
        ("mandatory", f"got {MASK}"),
        ("advisory", "advice"),
    ]
    assert outcome.findings[0].subject == "ReplicationGroup cache"
    assert outcome.errors == (f"cannot log in with {MASK}",)
    assert outcome.warnings == (f"take care of {MASK}",)
    assert outcome.refused
    assert not outcome.finished
    assert PASSWORD not in repr(outcome)


def test_a_remediation_that_is_reported_counts_as_a_refusal() -> None:
    assert read(log(violation("remediate", "x")), NET).refused
    assert not read(log(violation("advisory", "x")), NET).refused


def test_half_of_a_log_says_that_it_did_not_finish() -> None:
    whole = "".join(log(step("create", new={"a": 1}), summary()))
    outcome = read([*log(step("create", new={"a": 1})), whole[-40:-5], "[]\n", "\n"], NET)
    assert len(outcome.changes) == 1
    assert not outcome.finished


def test_a_refresh_compares_what_was_with_what_is() -> None:
    state = {"inputs": {"port": 1, "tag": "old"}, "outputs": {"port": 1, "tag": "old", "size": 1}}
    there = {"inputs": {"port": 1, "tag": "old"}, "outputs": {"port": 1, "tag": "new", "size": 2}}
    event = {
        "resOutputsEvent": {
            "metadata": {"op": "update", "urn": urn(), "type": GROUP, "old": state, "new": there}
        }
    }
    (change,) = read([json.dumps(event)], NET, refresh=True).changes
    assert {one.path: (one.before, one.after) for one in change.differences} == {
        "size": ("1", "2"),
        "tag": ('"old"', '"new"'),
    }


DATA = [
    GROUP,
    "aws:elasticache/serverlessCache:ServerlessCache",
    "aws:elasticache/cluster:Cluster",
    "aws:memorydb/cluster:Cluster",
    "azure-native:redisenterprise:RedisEnterprise",
    "azure-native:redisenterprise:Database",
    "azure-native:redis:Redis",
    "azure-native:cache:Redis",
    "azure-native:redis/v20240301:Redis",
    "azure-native:cache/v20230815preview:Redis",
    "azure-native_redis_v20240301:redis:Redis",
    "azure:redis/cache:Cache",
    "gcp:redis/instance:Instance",
    "gcp:redis/cluster:Cluster",
    "gcp:memorystore/instance:Instance",
    "docker:index/volume:Volume",
]
OTHERS = [
    "aws:elasticache/user:User",
    "aws:elasticache/subnetGroup:SubnetGroup",
    "azure-native:redis:FirewallRule",
    "gcp:compute/instance:Instance",
    "docker:index/container:Container",
    "secure-redis:index:SecureRedis",
    "aws:rds/cluster:Cluster",
]


@pytest.mark.parametrize("type_", DATA)
def test_caches_lose_data(type_: str) -> None:
    for operation in Operation:
        change = Change(urn(type_), type_, operation)
        assert change.loses_data == (operation in {Operation.REPLACE, Operation.DELETE})


@pytest.mark.parametrize("type_", OTHERS)
def test_other_resources_do_not(type_: str) -> None:
    assert not Change(urn(type_), type_, Operation.REPLACE).loses_data


def test_the_volume_with_our_configuration_holds_no_data() -> None:
    own = f"{urn()}$secure-redis:index:DockerRedis$docker:index/volume:Volume::cache-config"
    assert not Change(own, "docker:index/volume:Volume", Operation.REPLACE).loses_data
    data = own.removesuffix("config") + "data"
    assert Change(data, "docker:index/volume:Volume", Operation.REPLACE).loses_data


def test_the_rules_know_no_cache_that_is_missing_here() -> None:
    from secure_redis.posture import aws, azure, gcp

    for room in (aws, azure, gcp):
        for type_ in getattr(room, "CACHES", ()):
            assert Change(urn(type_), type_, Operation.REPLACE).loses_data, type_
