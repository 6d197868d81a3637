"""Which changes put a new, empty cache in place of a full one, and which ones Azure cannot make."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from azure_cases import (
    ADOPTED,
    ALICE,
    BOB,
    CLASSIC,
    CONNECTION_STRING,
    PRODUCTION,
    VAULT,
    azure_cache,
    classic,
    secure,
    settings,
)
from hypothesis import given
from hypothesis import strategies as st
from package_azure_cloud import SUBSCRIPTION
from package_monitor import run
from pulumi.resource_hooks import ResourceHookArgs
from secure_redis import replacement
from secure_redis.azure.replacement import REPLACING, identity, judge
from secure_redis.problems import Problem

Cache = dict[str, Any]
OTHER_GROUP = {**ADOPTED, "resource_group_name": "elsewhere"}


def azure(**keys: Any) -> Cache:
    """A cache with settings of the Azure target."""
    return {"azure": keys}


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
    accepted = {"exceptions": {}} if environment != "production" else {}
    old = identity(settings(before, environment=environment, **accepted), networks[0])
    cache = settings(after, environment=environment, **accepted)
    new = identity(cache, networks[1])
    return list(judge("cache", cache)(wired(old), wired(new)))


# Changes that replace the cache.

OSS, ENTERPRISE = azure(clusteringPolicy="OSSCluster"), azure(clusteringPolicy="EnterpriseCluster")
JSON, BLOOM = azure(modules=["RedisJSON"]), azure(modules=["RedisBloom"])
PREMIUM: dict[str, Any] = {"sku": "Premium_P1"}
ZONED = classic(**PREMIUM, zones=["1"])
POLICIES: list[tuple[Cache, Cache, str, str]] = [
    (OSS, ENTERPRISE, "azure.clusteringPolicy", "OSSCluster to EnterpriseCluster"),
    (ENTERPRISE, OSS, "azure.clusteringPolicy", "EnterpriseCluster to OSSCluster"),
    (ENTERPRISE, {}, "azure.clusteringPolicy", "EnterpriseCluster to NoCluster"),
    (OSS, {}, "azure.clusteringPolicy", "OSSCluster to NoCluster"),
    ({"memoryGb": 40}, {"memoryGb": 4}, "azure.clusteringPolicy", "EnterpriseCluster to NoClus"),
]
REPLACED: list[tuple[Cache, Cache, str, str]] = [
    *POLICIES,
    ({}, JSON, "azure.modules", "none to RedisJSON"),
    (JSON, {}, "azure.modules", "RedisJSON to none"),
    (JSON, BLOOM, "azure.modules", "RedisJSON to RedisBloom"),
    (
        JSON,
        azure(modules=["RedisJSON", "RedisBloom"]),
        "azure.modules",
        "RedisJSON to RedisBloom, RedisJSON",
    ),
    (classic(**PREMIUM), ZONED, "azure.classic.zones", "none to 1"),
    (ZONED, classic(**PREMIUM), "azure.classic.zones", "1 to none"),
    (ZONED, classic(**PREMIUM, zones=["1", "2"]), "azure.classic.zones", "1 to 1, 2"),
]
EACH_REPLACED = pytest.mark.parametrize(("before", "after", "where", "change"), REPLACED)


@EACH_REPLACED
def test_production_refuses_to_lose_the_data(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    (problem,) = judged(before, after)
    assert problem.path == f"cache.{where}"
    assert change in problem.reason
    assert "puts a new, empty cache in place of this one" in problem.reason
    assert "both access keys would be lost" in problem.reason
    assert 'allowReplacement: "why"' in problem.fix
    assert len(problem.fix) > len(' Or accept the loss: allowReplacement: "why".'), "the safe way"


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
@EACH_REPLACED
def test_a_reason_accepts_the_loss(
    environment: str, before: Cache, after: Cache, where: str, change: str
) -> None:
    accepted = {"allowReplacement": "it holds nothing"}
    assert judged({**before, **accepted}, {**after, **accepted}, environment) == []


@EACH_REPLACED
def test_what_goes_must_have_lost_its_protection_and_its_lock_first(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    (problem,) = judged(before, {**after, "allowReplacement": "it holds nothing"})
    assert problem.path == f"cache.{where}"
    assert "still locked or protected" in problem.reason
    assert "run once with allowReplacement alone" in problem.fix


@pytest.mark.parametrize("environment", ["development", "staging"])
@EACH_REPLACED
def test_other_environments_may_lose_what_azure_lets_go(
    environment: str, before: Cache, after: Cache, where: str, change: str
) -> None:
    """A policy cannot change in place: without a reason nothing would happen but an error."""
    found = judged(before, after, environment)
    policy = where == "azure.clusteringPolicy"
    assert [problem.path for problem in found] == ([f"cache.{where}"] if policy else [])


def test_every_property_that_replaces_is_among_the_cases() -> None:
    by_setting = {setting for setting, _ in REPLACING.values()} - {"network.resourceGroup"}
    assert by_setting == {where for _, _, where, _ in REPLACED}
    for setting, safe_way in REPLACING.values():
        assert safe_way.endswith("."), setting


def test_the_order_of_modules_is_no_change() -> None:
    one, other = (
        azure(modules=m) for m in (["RedisJSON", "RedisBloom"], ["RedisBloom", "RedisJSON"])
    )
    assert judged(one, other) == []


@pytest.mark.parametrize(
    ("networks", "change"),
    [
        ((ADOPTED, OTHER_GROUP), "caches to elsewhere"),
        (({}, ADOPTED), "own to caches"),
        ((ADOPTED, {}), "caches to own"),
    ],
)
def test_another_resource_group_replaces_the_cache(networks: Any, change: str) -> None:
    for cache in ({}, classic(**PREMIUM)):
        (problem,) = judged(cache, cache, networks=networks)
        assert problem.path == "network.resourceGroup", "of the stack, not of the cache"
        assert change in problem.reason


def test_a_network_of_the_caches_own_is_no_change() -> None:
    assert judged({}, {}, networks=({}, {})) == []
    moved = {**ADOPTED, "subnet_id": f"{ADOPTED['subnet_id']}-2", "private_dns_zone_ids": []}
    assert judged({}, {}, networks=(ADOPTED, moved)) == [], "an endpoint is not the cache"


@EACH_REPLACED
def test_a_key_does_not_change_while_both_are_made_anew(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    accepted = {"allowReplacement": "it holds nothing"}
    other = {**after, "azure": {**after.get("azure", {}), "activeKey": "secondary"}}
    (problem,) = judged({**before, **accepted}, {**other, **accepted})
    assert problem.path == "cache.azure.activeKey"
    assert "makes both keys anew" in problem.reason
    paths = {problem.path for problem in judged(before, other)}
    assert paths == {"cache.azure.activeKey", f"cache.{where}"}


# Changes in place.

SNAPSHOTS = {"connectionString": CONNECTION_STRING}
IDENTITY = {"storageSubscriptionId": SUBSCRIPTION}
IN_PLACE: list[tuple[Cache, Cache]] = [
    ({}, {}),
    ({}, {"memoryGb": 12}),
    ({"memoryGb": 12}, {}),
    ({}, ENTERPRISE),
    ({}, OSS),
    (ENTERPRISE, azure(clusteringPolicy="EnterpriseCluster", sku="Balanced_B100")),
    ({}, azure(sku="MemoryOptimized_M10")),
    ({}, azure(activeKey="secondary")),
    ({}, azure(auth="entra", principalIds=[ALICE])),
    (azure(auth="entra", principalIds=[ALICE], lock=False), azure(lock=False)),
    (azure(auth="entra", principalIds=[ALICE]), azure(auth="entra", principalIds=[ALICE, BOB])),
    ({}, {"persistence": "aof"}),
    ({"persistence": "aof"}, {"persistence": "rdb"}),
    ({}, {"evictionPolicy": "allkeys-lfu"}),
    ({}, azure(customerManagedKey={})),
    ({}, azure(lock=False)),
    ({}, azure(secretExpires="2099-01-01")),
    ({}, azure(vaultId=VAULT)),
    (classic(**PREMIUM), classic(sku="Premium_P2")),
    (classic(**PREMIUM), classic(**PREMIUM, shards=2)),
    (classic(**PREMIUM, shards=2), classic(**PREMIUM, shards=1)),
    (classic(sku="Standard_C1"), classic(**PREMIUM)),
    (classic(sku="Standard_C1"), classic(sku="Standard_C0")),
    (classic({"replicas": 3}, **PREMIUM), classic({"replicas": 2}, **PREMIUM)),
    (classic(**PREMIUM), classic(**PREMIUM, parameters={"maxmemory-reserved": "100"})),
    (classic(**PREMIUM), classic({"azure": {"activeKey": "secondary"}}, **PREMIUM)),
]


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("before", "after"), IN_PLACE)
def test_what_changes_in_place_passes(environment: str, before: Cache, after: Cache) -> None:
    assert judged(before, after, environment) == []


def test_a_cache_may_get_a_copy_of_its_data() -> None:
    assert judged({"replicas": 0}, {"replicas": 1}, "staging") == []


@pytest.mark.parametrize("policy", ["EnterpriseCluster", "OSSCluster"])
def test_no_reason_is_given_for_what_changes_in_place(policy: str) -> None:
    """With one the provider would delete the database first."""
    accepted = {"allowReplacement": "why"}
    after = {**azure(clusteringPolicy=policy), **accepted}
    (problem,) = judged(accepted, after)
    assert problem.path == "cache.azure.clusteringPolicy"
    assert "changes in place" in problem.reason
    assert problem.fix == "Remove allowReplacement."


# Changes that Azure cannot make.

FLASH = azure(sku="FlashOptimized_A250", allowPreview=True)
IMPOSSIBLE: list[tuple[Cache, Cache, str, str]] = [
    ({"replicas": 1}, {"replicas": 0}, "replicas", "never gives up its copy of the data"),
    (ENTERPRISE, FLASH, "azure.sku", "cannot move to a size on flash"),
    (FLASH, azure(sku="Balanced_B250"), "azure.sku", "or away from one"),
    ({"memoryGb": 4}, {"memoryGb": 40}, "azure.clusteringPolicy", "the size changes before"),
    (
        azure(sku="Balanced_B20"),
        azure(sku="Balanced_B50", clusteringPolicy="OSSCluster"),
        "azure.clusteringPolicy",
        "NoCluster ends at 24 GB",
    ),
    (
        classic(**PREMIUM),
        classic(sku="Standard_C3"),
        "azure.classic.sku",
        "cannot go back from Premium to Standard",
    ),
    (
        classic(sku="Standard_C1"),
        classic(sku="Basic_C1"),
        "azure.classic.sku",
        "cannot go back from Standard to Basic",
    ),
    (
        classic(**PREMIUM),
        classic(sku="Basic_C6"),
        "azure.classic.sku",
        "cannot go back from Premium to Basic",
    ),
    (
        classic(sku="Basic_C1"),
        classic(**PREMIUM),
        "azure.classic.sku",
        "by way of Standard only",
    ),
    (
        classic(**PREMIUM, shards=1),
        classic(**PREMIUM),
        "azure.classic.shards",
        "cluster mode cannot be turned off again",
    ),
    ({}, azure(vaultRecoveryDays=30), "azure.vaultRecoveryDays", "when the vault is made"),
    (
        classic(**PREMIUM),
        classic({"azure": {"auth": "entra", "principalIds": [ALICE]}}, sku="Premium_P2"),
        "azure.classic.sku",
        "does not change it together with azure.auth",
    ),
    (
        classic({"persistence": "rdb"}, **PREMIUM, snapshots=SNAPSHOTS),
        classic({"persistence": "rdb"}, sku="Premium_P2", snapshots=IDENTITY),
        "azure.classic.snapshots",
        "does not change it together with azure.classic.sku",
    ),
]
EACH_IMPOSSIBLE = pytest.mark.parametrize(("before", "after", "where", "words"), IMPOSSIBLE)


@EACH_IMPOSSIBLE
def test_what_azure_cannot_do_is_said(before: Cache, after: Cache, where: str, words: str) -> None:
    found = {problem.path: problem for problem in judged(before, after, "staging")}
    assert list(found) == [f"cache.{where}"]
    assert words in found[f"cache.{where}"].reason


@EACH_IMPOSSIBLE
def test_no_reason_makes_it_possible(before: Cache, after: Cache, where: str, words: str) -> None:
    accepted = {"allowReplacement": "why"}
    found = judged({**before, **accepted}, {**after, **accepted}, "staging")
    assert f"cache.{where}" in [problem.path for problem in found]


def test_nothing_moves_to_another_region() -> None:
    cache = settings(**PRODUCTION)
    old = wired(identity(cache, ADOPTED))
    there = {**old, "location": "westeurope"}
    for accepted in ({}, {"allowReplacement": "why"}):
        judge_ = judge("cache", settings(accepted, **PRODUCTION))
        (problem,) = judge_(there, {**there, "location": "northeurope"})
        assert problem.path == "azure-native:location"
        assert "what is in westeurope stays there" in problem.reason


def test_days_that_follow_from_the_environment_change_nothing() -> None:
    """A stack that becomes one of production keeps the vault that it has."""
    old = identity(settings(environment="staging"), ADOPTED)
    cache = settings(**PRODUCTION)
    new = identity(cache, ADOPTED)
    assert old["recoveryDays"] != new["recoveryDays"]
    paths = [problem.path for problem in judge("cache", cache)(wired(old), wired(new))]
    assert "cache.azure.vaultRecoveryDays" not in paths


# What the lock of a cache keeps.

BOTH = {"auth": "entra", "principalIds": [ALICE, BOB]}
KEPT: list[tuple[Cache, Cache, str]] = [
    (
        azure(lock=True, **BOTH),
        azure(lock=True, auth="entra", principalIds=[ALICE]),
        "azure.principalIds",
    ),
    (azure(lock=True, **BOTH), azure(lock=True), "azure.principalIds"),
    (azure(lock=True), azure(lock=True, logs=False), "azure.logs"),
]


@pytest.mark.parametrize(("before", "after", "where"), KEPT)
def test_a_lock_keeps_the_parts_as_well(before: Cache, after: Cache, where: str) -> None:
    (problem,) = judged(before, after, "staging")
    assert problem.path == f"cache.{where}"
    assert "the lock of the cache keeps" in problem.reason
    assert "azure.lock: false in the same run" in problem.fix
    opened = {**after, "azure": {**after["azure"], "lock": False}}
    assert judged(before, opened, "staging") == []
    never = {**before, "azure": {**before["azure"], "lock": False}}
    assert judged(never, after, "staging") == []


def test_a_lock_keeps_firewall_rules() -> None:
    def cache(*numbers: int) -> Cache:
        rules = [{"startIp": f"203.0.113.{n}", "endIp": f"203.0.113.{n}"} for n in numbers]
        return classic(azure(lock=True, publicAccess=True), firewallRules=rules)

    (problem,) = judged(cache(4, 5), cache(4), "staging")
    assert problem.path == "cache.azure.classic.firewallRules"
    assert judged(cache(4), cache(5, 4), "staging") == []


def test_an_identity_that_is_yet_to_be_made_takes_nothing_away() -> None:
    cache = settings(azure(lock=True, **BOTH), environment="staging")
    old = identity(cache, ADOPTED)
    new = {**old, "principals": pulumi.output.UNKNOWN}
    assert list(judge("cache", cache)(old, new)) == []


# What a preview cannot know, and what an older program did not say.


def test_a_group_that_is_made_anew_is_another() -> None:
    cache = settings(**PRODUCTION)
    old = identity(cache, ADOPTED)
    (problem,) = judge("cache", cache)(old, {**old, "resourceGroup": pulumi.output.UNKNOWN})
    assert problem.path == "network.resourceGroup"
    assert "to one that is yet to be made" in problem.reason


@given(st.data(), st.sampled_from([{}, classic(**PREMIUM, shards=2)]))
def test_a_property_that_the_state_lacks_is_no_change(data: st.DataObject, of: Cache) -> None:
    """An older version of the program did not state it."""
    cache = settings(of, **PRODUCTION)
    whole = identity(cache, ADOPTED)
    kept = data.draw(st.sets(st.sampled_from(sorted(whole))))
    part = {name: value for name, value in whole.items() if name in kept}
    assert list(judge("cache", cache)(part, whole)) == []


@given(
    st.sampled_from([case[0] for case in [*REPLACED, *IMPOSSIBLE]]),
    st.sampled_from(["development", "staging"]),
)
def test_no_change_is_no_problem(cache: Cache, environment: str) -> None:
    assert judged(cache, cache, environment) == []


# As the engine calls it.


def hook_of(make: Callable[..., Any], which: int, **arguments: Any) -> Callable[..., Any]:
    """The callback that a component with these arguments registers."""
    found: list[pulumi.ResourceHook] = []
    original = replacement.pulumi.ResourceHook

    def record(*args: Any, **keywords: Any) -> pulumi.ResourceHook:
        hook = original(*args, **keywords)
        found.append(hook)
        return hook

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replacement.pulumi, "ResourceHook", record)
        world = run(lambda: make(**arguments))
    assert world.error is None
    assert all(hook.opts is not None and hook.opts.on_dry_run for hook in found), "previews too"
    return found[which].callback


def change(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ResourceHookArgs:
    return ResourceHookArgs(
        urn="urn",
        id="",
        name="cache",
        type="secure-redis:index:ManagedRedis",
        new_inputs=dict(new) if new is not None else None,
        old_inputs=dict(old) if old is not None else None,
        new_outputs=None,
        old_outputs=None,
    )


def test_the_hook_refuses_with_the_whole_report() -> None:
    compare = hook_of(azure_cache, 0, **PRODUCTION)
    old = wired(identity(settings(**PRODUCTION), ADOPTED))
    new = {**old, "modules": ["RedisJSON"], "highAvailability": False}
    with pytest.raises(pulumi.RunError) as caught:
        compare(change(old, new))
    text = str(caught.value)
    assert text.startswith("the configuration has 2 problems; nothing was changed:\n")
    assert "  cache.azure.modules: changing it from none to RedisJSON puts a new, empty" in text
    assert "  cache.replicas: " in text


def test_the_hook_passes_a_cache_without_a_past() -> None:
    compare = hook_of(azure_cache, 0, **PRODUCTION)
    assert compare(change(None, wired(identity(settings(**PRODUCTION), ADOPTED)))) is None


SERVICES = ["azure", "azure (classic)", "aws", "docker"]


@pytest.mark.parametrize("old", SERVICES[1:])
def test_a_portable_cache_moves_to_no_other_service(old: str) -> None:
    """It would be made anew there, and the one that holds the data deleted."""
    compare = hook_of(secure, 0, **PRODUCTION)
    with pytest.raises(pulumi.RunError) as caught:
        compare(change({"service": old}, {"service": "azure"}))
    assert f"moving it from {old} to azure makes a new, empty cache" in str(caught.value)
    assert compare(change({"service": "azure"}, {"service": "azure"})) is None
    assert compare(change({}, {"service": "azure"})) is None, "an older program did not say it"


@pytest.mark.parametrize(
    "arguments",
    [
        {"environment": "staging"},
        {**PRODUCTION, "allow_replacement": "it holds nothing", "azure": {"classic": CLASSIC}},
    ],
)
def test_it_moves_where_the_loss_is_accepted(arguments: dict[str, Any]) -> None:
    compare = hook_of(secure, 0, **arguments)
    assert compare(change({"service": "docker"}, {"service": "azure"})) is None
