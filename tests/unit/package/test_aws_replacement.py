"""Which changes put a new, empty cache in place of a full one, and which ones AWS cannot make."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from aws_cases import ADOPTED, KEY_ARN, elasticache, settings
from hypothesis import given
from hypothesis import strategies as st
from package_monitor import run
from pulumi.resource_hooks import ResourceHookArgs
from secure_redis import replacement
from secure_redis.aws.replacement import REPLACING, identity, judge
from secure_redis.problems import Problem

Cache = dict[str, Any]
OTHER_KEY = KEY_ARN.replace("0f1e2d3c", "ffffffff")
OTHER_NETWORK = {"vpc_id": "vpc-ffffffff", "subnet_ids": ["subnet-ffffffff", "subnet-eeeeeeee"]}


def wired(value: Any) -> Any:
    """A property as the engine hands it to a hook: it knows one kind of number."""
    if isinstance(value, Mapping):
        return {key: wired(item) for key, item in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def judged(
    before: Cache,
    after: Cache,
    environment: str = "production",
    networks: tuple[Mapping[str, Any], Mapping[str, Any]] = (ADOPTED, ADOPTED),
) -> list[Problem]:
    """What is wrong with a change of settings."""
    old = identity(settings(before, environment=environment), networks[0])
    cache = settings(after, environment=environment)
    new = identity(cache, networks[1])
    return list(judge("cache", cache)(wired(old), wired(new)))


def serverless(**keys: Any) -> Cache:
    return {**keys, "aws": {"serverless": {}, **keys.pop("aws", {})}}


# Changes that replace the cache.

R6GD = {"aws": {"nodeType": "cache.r6gd.xlarge"}}
R7G = {"aws": {"nodeType": "cache.r7g.xlarge"}}
REDIS = {"engine": "redis"}
V72 = {"aws": {"engineVersion": "7.2"}}

TOKEN = {"auth": "token"}
REPLACED: list[tuple[Cache, Cache, str, str]] = [
    ({}, serverless(), "aws.serverless", "nodes to serverless"),
    (serverless(), {}, "aws.serverless", "serverless to nodes"),
    ({}, {"aws": {"port": 7000}}, "aws.port", "6379 to 7000"),
    ({}, {"aws": {"kmsKeyArn": KEY_ARN}}, "aws.kmsKeyArn", f"own to {KEY_ARN}"),
    ({"aws": {"kmsKeyArn": KEY_ARN}}, {}, "aws.kmsKeyArn", f"{KEY_ARN} to own"),
    (
        {"aws": {"kmsKeyArn": KEY_ARN}},
        {"aws": {"kmsKeyArn": OTHER_KEY}},
        "aws.kmsKeyArn",
        f"{KEY_ARN} to {OTHER_KEY}",
    ),
    (R7G, R6GD, "aws.nodeType", "False to True"),
    (R6GD, R7G, "aws.nodeType", "True to False"),
    ({"aws": TOKEN}, {**REDIS, "aws": TOKEN}, "engine", "valkey to redis"),
    ({}, V72, "aws.engineVersion", "8.1 to 7.2"),
    (
        {**REDIS},
        {**REDIS, "aws": {"engineVersion": "6.2"}},
        "aws.engineVersion",
        "7.1 to 6.2",
    ),
    (serverless(aws={"engineVersion": "7.2"}), serverless(), "aws.engineVersion", "7 to 8"),
    (serverless(), serverless(aws={"engineVersion": "7.2"}), "aws.engineVersion", "8 to 7"),
]


@pytest.mark.parametrize(("before", "after", "where", "change"), REPLACED)
def test_production_refuses_to_lose_the_data(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    found = {problem.path: problem for problem in judged(before, after)}
    problem = found[f"cache.{where}"]
    assert change in problem.reason
    assert "puts a new, empty cache in place of this one" in problem.reason
    assert 'allowReplacement: "why"' in problem.fix
    assert len(problem.fix) > len(' Or accept the loss: allowReplacement: "why".'), "the safe way"


@pytest.mark.parametrize(("before", "after", "where", "change"), REPLACED)
def test_a_reason_accepts_the_loss(before: Cache, after: Cache, where: str, change: str) -> None:
    accepted = {"allowReplacement": "it holds nothing"}
    assert judged({**before, **accepted}, {**after, **accepted}) == []


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ({}, serverless(), "aws.serverless"),
        (serverless(), {}, "aws.serverless"),
        ({}, {"aws": {"kmsKeyArn": KEY_ARN}}, "aws.kmsKeyArn"),
    ],
)
def test_what_goes_for_good_must_have_lost_its_protection_first(
    before: Cache, after: Cache, where: str
) -> None:
    """The engine would make the new cache, and then refuse to delete the old one."""
    (problem,) = judged(before, {**after, "allowReplacement": "it holds nothing"})
    assert problem.path == f"cache.{where}"
    assert "still protected" in problem.reason
    assert "run once with allowReplacement alone" in problem.fix


@pytest.mark.parametrize("environment", ["development", "staging"])
@pytest.mark.parametrize(("before", "after", "where", "change"), REPLACED)
def test_other_environments_may_lose_theirs(
    environment: str, before: Cache, after: Cache, where: str, change: str
) -> None:
    assert judged(before, after, environment) == []


def test_every_property_that_replaces_is_among_the_cases() -> None:
    by_setting = {setting for setting, _ in REPLACING.values()} - {"network"}
    assert by_setting <= {where for _, _, where, _ in REPLACED}
    for setting, safe_way in REPLACING.values():
        assert safe_way.endswith("."), setting


def test_another_kind_is_one_problem_and_not_many() -> None:
    assert [p.path for p in judged({}, serverless())] == ["cache.aws.serverless"]


# Networks.


def test_another_vpc_replaces_the_cache() -> None:
    (problem,) = judged({}, {}, networks=(ADOPTED, OTHER_NETWORK))
    assert problem.path == "cache.network"
    assert "vpc-0a1b2c3d4e5f60718 to vpc-ffffffff" in problem.reason


def test_nodes_move_to_other_subnets_of_their_vpc() -> None:
    moved = {**ADOPTED, "subnet_ids": OTHER_NETWORK["subnet_ids"]}
    assert judged({}, {}, networks=(ADOPTED, moved)) == []


def test_a_serverless_cache_stays_in_its_subnets() -> None:
    moved = {**ADOPTED, "subnet_ids": OTHER_NETWORK["subnet_ids"]}
    (problem,) = judged(serverless(), serverless(), networks=(ADOPTED, moved))
    assert problem.path == "cache.network"
    assert "subnet-0a1b2c3d, subnet-4e5f6071 to subnet-ffffffff, subnet-eeeeeeee" in problem.reason


@pytest.mark.parametrize(
    ("networks", "change"), [(({}, ADOPTED), "own to given"), ((ADOPTED, {}), "given to own")]
)
def test_a_network_of_the_caches_own_is_another_one(networks: Any, change: str) -> None:
    (problem,) = judged({}, {}, networks=networks)
    assert problem.path == "cache.network"
    assert change in problem.reason


def test_a_network_of_the_caches_own_is_no_change() -> None:
    assert judged({}, {}, networks=({}, {})) == []


# Changes in place.

IN_PLACE: list[tuple[Cache, Cache]] = [
    ({}, {}),
    ({}, {"memoryGb": 20}),
    ({}, R7G),
    ({"replicas": 1}, {"replicas": 3}),
    ({"replicas": 3}, {"replicas": 0}),
    (
        {"replicas": 1, "aws": {"shards": 2, "multiAz": False}},
        {"replicas": 0, "aws": {"shards": 2, "multiAz": False}},
    ),
    ({"aws": {"shards": 1}}, {"aws": {"shards": 4}}),
    ({"aws": {"shards": 4}}, {"aws": {"shards": 1}}),
    (V72, {}),
    ({}, {"aws": {"engineVersion": "9.0"}}),
    (REDIS, {}),
    ({**REDIS, "aws": {"engineVersion": "6.2"}}, V72),
    ({}, {"aws": {"snapshotRetentionDays": 30}}),
    (
        {"aws": {"shards": 2, "snapshotRetentionDays": 1}},
        {"aws": {"shards": 2, "snapshotRetentionDays": 30}},
    ),
    ({}, {"aws": {"maintenanceWindow": "mon:05:00-mon:06:00"}}),
    ({}, {"aws": {"parameters": {"timeout": "300"}}}),
    ({}, {"evictionPolicy": "allkeys-lfu"}),
    ({}, {"aws": {"auth": "iam"}}),
    ({"aws": {"auth": "iam"}}, {}),
    ({"aws": {"auth": "token"}}, {}),
    ({"aws": {"auth": "token"}}, {"aws": {"auth": "iam"}}),
    ({}, {"rotation": {"generation": 2}}),
    ({}, {"rotation": {"generation": 2, "keepPrevious": True}}),
    (
        {"aws": {"auth": "token"}},
        {"aws": {"auth": "token"}, "rotation": {"generation": 2, "keepPrevious": True}},
    ),
    (
        {"aws": {"auth": "token"}, "rotation": {"generation": 2, "keepPrevious": True}},
        {"aws": {"auth": "token"}, "rotation": {"generation": 2}},
    ),
    ({}, {"aws": {"automaticRotation": True}}),
    ({"aws": {"automaticRotation": True}}, {"rotation": {"generation": 2}}),
    (serverless(), serverless(memoryGb=9)),
    (serverless(), serverless(aws={"snapshotRetentionDays": 30})),
]


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize(("before", "after"), IN_PLACE)
def test_what_changes_in_place_passes(environment: str, before: Cache, after: Cache) -> None:
    assert judged(before, after, environment) == []


# Changes that AWS cannot make.

IMPOSSIBLE: list[tuple[Cache, Cache, str, str]] = [
    ({}, {"aws": TOKEN}, "aws.auth", "it would answer without any password"),
    ({"aws": {"auth": "iam"}}, {"aws": TOKEN}, "aws.auth", "it would answer without any password"),
    (
        {"aws": TOKEN},
        {"aws": TOKEN, "rotation": {"generation": 2}},
        "rotation.generation",
        "takes a new AUTH token only beside the old one",
    ),
    ({}, REDIS, "engine", "refuses the users that were made for Valkey"),
    (
        serverless(),
        serverless(engine="redis", aws={"engineVersion": "7.1"}),
        "engine",
        "refuses the users that were made for Valkey",
    ),
    (
        {"replicas": 1, "aws": {"shards": 2}},
        {"replicas": 0, "aws": {"shards": 2}},
        "replicas",
        "the last replicas cannot go",
    ),
    ({}, {"aws": {"shards": 2}}, "aws.shards", "cluster mode is decided when the cache is made"),
    ({"aws": {"shards": 2}}, {}, "aws.shards", "cluster mode is decided when the cache is made"),
    (
        {"persistence": "none", "aws": {"shards": 2}},
        {"persistence": "rdb", "aws": {"shards": 2}},
        "aws.snapshotRetentionDays",
        "cannot turn snapshots on for a cache in cluster mode",
    ),
    (
        {"aws": {"automaticRotation": True}},
        {},
        "rotation.generation",
        "does not know the password that Secrets Manager made last",
    ),
    (
        {"aws": {"automaticRotation": True}},
        {"aws": {"automaticRotation": True}, "rotation": {"generation": 2}},
        "rotation.generation",
        "has no effect while Secrets Manager makes the passwords",
    ),
]


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
@pytest.mark.parametrize(("before", "after", "where", "words"), IMPOSSIBLE)
def test_what_aws_cannot_do_is_said_everywhere(
    environment: str, before: Cache, after: Cache, where: str, words: str
) -> None:
    (problem,) = judged(before, after, environment)
    assert problem.path == f"cache.{where}"
    assert words in problem.reason


@pytest.mark.parametrize(("before", "after", "where", "words"), IMPOSSIBLE)
def test_no_reason_makes_it_possible(before: Cache, after: Cache, where: str, words: str) -> None:
    found = judged(before, {**after, "allowReplacement": "why"})
    assert [problem.path for problem in found] == [f"cache.{where}"]


# What a preview cannot know, and what an older program did not say.


def test_a_thing_that_is_made_anew_is_another() -> None:
    cache = settings({}, environment="production")
    old = identity(cache, ADOPTED)
    (problem,) = judge("cache", cache)(old, {**old, "vpcId": pulumi.output.UNKNOWN})
    assert problem.path == "cache.network"
    assert "to one that is yet to be made" in problem.reason


@given(st.data())
def test_a_property_that_one_side_lacks_is_no_change(data: st.DataObject) -> None:
    """An older version of the program did not state it."""
    cache = settings({}, environment="production")
    whole = identity(cache, ADOPTED)
    kept = data.draw(st.sets(st.sampled_from(sorted(whole))))
    part = {name: value for name, value in whole.items() if name in kept}
    assert list(judge("cache", cache)(part, whole)) == []
    assert list(judge("cache", cache)(whole, part)) == []


@given(
    st.sampled_from([case[0] for case in REPLACED]),
    st.sampled_from(["development", "staging", "production"]),
)
def test_no_change_is_no_problem(cache: Cache, environment: str) -> None:
    assert judged(cache, cache, environment) == []


# As the engine calls it.


def hook_of(arguments: dict[str, Any]) -> Callable[[ResourceHookArgs], Any]:
    """The callback that a cache with these arguments registers."""
    found: list[pulumi.ResourceHook] = []
    original = replacement.pulumi.ResourceHook

    def record(*args: Any, **keywords: Any) -> pulumi.ResourceHook:
        hook = original(*args, **keywords)
        found.append(hook)
        return hook

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replacement.pulumi, "ResourceHook", record)
        world = run(lambda: elasticache(**arguments))
    assert world.error is None
    (hook,) = found
    assert hook.opts is not None
    assert hook.opts.on_dry_run is True, "a preview asks too"
    return hook.callback


def change(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ResourceHookArgs:
    return ResourceHookArgs(
        urn="urn",
        id="",
        name="cache",
        type="secure-redis:index:ElastiCacheRedis",
        new_inputs=dict(new) if new is not None else None,
        old_inputs=dict(old) if old is not None else None,
        new_outputs=None,
        old_outputs=None,
    )


def test_the_hook_refuses_with_the_whole_report() -> None:
    compare = hook_of({"environment": "production"})
    old = wired(identity(settings({}, environment="production"), ADOPTED))
    with pytest.raises(pulumi.RunError) as caught:
        compare(change(old, {**old, "port": 7000.0, "vpcId": "vpc-ffffffff"}))
    text = str(caught.value)
    assert text.startswith("the configuration has 2 problems; nothing was changed:\n")
    assert "  cache.aws.port: changing it from 6379 to 7000 puts a new, empty cache" in text
    assert "  cache.network: " in text


@pytest.mark.parametrize(
    "arguments",
    [
        {"environment": "development"},
        {"environment": "production", "allow_replacement": "it holds nothing"},
    ],
)
def test_the_hook_lets_an_accepted_replacement_pass(arguments: dict[str, Any]) -> None:
    compare = hook_of(arguments)
    old = wired(identity(settings({}), ADOPTED))
    assert compare(change(old, {**old, "port": 7000.0})) is None


def test_the_hook_passes_a_cache_without_a_past() -> None:
    compare = hook_of({"environment": "production"})
    new = wired(identity(settings({}, environment="production"), ADOPTED))
    assert compare(change(None, new)) is None
