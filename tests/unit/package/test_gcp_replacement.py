"""Which changes put a new, empty cache in place of a full one, and which Google cannot make."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from gcp_cases import (
    ADOPTED,
    KEY,
    PRODUCTION,
    SHARED_NETWORK,
    VALKEY,
    gcp,
    gcp_cache,
    located,
    run,
    secure,
    settings,
    valkey,
)
from hypothesis import given
from hypothesis import strategies as st
from package_gcp_cloud import PROJECT, REGION
from pulumi.resource_hooks import ResourceHookArgs
from secure_redis import replacement
from secure_redis.gcp.replacement import REPLACING, identity, judge
from secure_redis.problems import Problem

Cache = dict[str, Any]
Facts = Mapping[str, Any]
B, C = f"{REGION}-b", f"{REGION}-c"
ACCEPTED = {"allowReplacement": "it holds nothing"}
LOSS = {"exceptions": {"single-node": "a test"}}
"""What lets a cache in production be without replicas."""


def wired(value: Any) -> Any:
    """A property as the engine hands it to a hook: it knows one kind of number."""
    if isinstance(value, Mapping):
        return {key: wired(item) for key, item in value.items()}
    if isinstance(value, list):
        return [wired(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def stated(cache: Cache, environment: str, facts: Facts = ADOPTED) -> tuple[Any, dict[str, Any]]:
    """The settings of a cache, and what its component states of it."""
    alone = environment == "production" and cache.get("replicas") == 0
    found = settings(cache, environment=environment, **(LOSS if alone else {}))
    with located():
        return found, wired(identity(found, facts))


def judged(
    before: Cache,
    after: Cache,
    environment: str = "production",
    networks: tuple[Facts, Facts] = (ADOPTED, ADOPTED),
) -> list[Problem]:
    """What is wrong with a change of settings."""
    _, old = stated(before, environment, networks[0])
    cache, new = stated(after, environment, networks[1])
    return list(judge("cache", cache)(old, new))


# Changes that replace the cache.

ONE, TWO = {"replicas": 1}, {"replicas": 2}
KEYED, OTHER_KEY = ({"keyName": KEY}, {"keyName": f"{KEY}-2"})
REPLACED: list[tuple[Cache, Cache, str, str]] = [
    ({}, {"replicas": 0}, "replicas", "STANDARD_HA to BASIC"),
    ({"replicas": 0}, {}, "replicas", "BASIC to STANDARD_HA"),
    (gcp(zone=B), gcp(zone=C), "gcp.zone", f"{B} to {C}"),
    ({}, gcp(zone=B), "gcp.zone", f"none to {B}"),
    (valkey(), valkey(zone=B), "gcp.zone", f"none to {B}"),
    (
        {**ONE, **gcp(zone=B, alternativeZone=C)},
        {**ONE, **gcp(zone=B, alternativeZone=f"{REGION}-d")},
        "gcp.alternativeZone",
        f"{C} to {REGION}-d",
    ),
    (
        {**ONE, **gcp(zone=B)},
        {**ONE, **gcp(zone=B, alternativeZone=C)},
        "gcp.alternativeZone",
        f"none to {C}",
    ),
    ({}, gcp(customerManagedKey={}), "gcp.customerManagedKey", "none to own"),
    (gcp(customerManagedKey={}), {}, "gcp.customerManagedKey", "own to none"),
    (
        gcp(customerManagedKey=KEYED),
        gcp(customerManagedKey=OTHER_KEY),
        "gcp.customerManagedKey",
        f"{KEY} to {KEY}-2",
    ),
    (
        valkey(customerManagedKey=KEYED),
        valkey(),
        "gcp.customerManagedKey",
        f"{KEY} to none",
    ),
    (valkey(), valkey(shards=1), "gcp.shards", "CLUSTER_DISABLED to CLUSTER"),
    (valkey(shards=3), valkey(), "gcp.shards", "CLUSTER to CLUSTER_DISABLED"),
]
EACH_REPLACED = pytest.mark.parametrize(("before", "after", "where", "change"), REPLACED)
GENERATION = ({}, {"rotation": {"generation": 2}})
"""Another generation without the one before: a cache in place of the cache."""


@EACH_REPLACED
def test_production_refuses_to_lose_the_data(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    (problem,) = judged(before, after)
    assert problem.path == f"cache.{where}"
    assert change in problem.reason
    assert "puts a new, empty cache in place of this one: all data would be lost" in problem.reason
    assert 'allowReplacement: "why"' in problem.fix
    assert len(problem.fix) > len(' Or accept the loss: allowReplacement: "why".'), "the safe way"


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
@EACH_REPLACED
def test_a_reason_accepts_the_loss(
    environment: str, before: Cache, after: Cache, where: str, change: str
) -> None:
    found = judged({**before, **ACCEPTED}, {**after, **ACCEPTED}, environment)
    assert found == [], (where, change)


@EACH_REPLACED
def test_what_goes_must_have_lost_its_protection_first(
    before: Cache, after: Cache, where: str, change: str
) -> None:
    (problem,) = judged(before, {**after, **ACCEPTED})
    assert problem.path == f"cache.{where}", change
    assert problem.reason == "what it would take away is still protected"
    assert "run once with allowReplacement alone" in problem.fix


@pytest.mark.parametrize("environment", ["development", "staging"])
@EACH_REPLACED
def test_other_environments_may_lose_what_they_hold(
    environment: str, before: Cache, after: Cache, where: str, change: str
) -> None:
    assert judged(before, after, environment) == [], (where, change)


def test_a_protected_cache_of_another_environment_is_not_taken_away() -> None:
    kept = {"protect": True}
    (problem,) = judged(kept, {**kept, **gcp(zone=B)}, "staging")
    assert problem.reason == "what it would take away is still protected"


# Another generation.


def test_production_makes_no_new_string_in_place_of_the_old_one() -> None:
    (problem,) = judged(*GENERATION)
    assert problem.path == "cache.rotation.generation"
    assert "keeps its AUTH string for as long as it lives" in problem.reason
    assert "which is empty: all data would be lost" in problem.reason
    assert problem.fix.startswith("Set rotation.keepPrevious: true beside it.")


@pytest.mark.parametrize(
    ("environment", "accepted"), [("development", {}), ("staging", {}), ("production", ACCEPTED)]
)
def test_elsewhere_it_is_said(
    environment: str, accepted: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, **_: said.append(text))
    before, after = GENERATION
    assert judged({**before, **accepted}, {**after, **accepted}, environment) == []
    (text,) = said
    assert text.startswith("cache: Memorystore for Redis keeps its AUTH string")
    assert text.endswith("without its data")


def rotation(generation: int, keep: bool = False) -> Cache:
    return {"rotation": {"generation": generation, "keepPrevious": keep}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rotation(1), rotation(2, keep=True)),
        (rotation(2, keep=True), rotation(2)),
        (rotation(2, keep=True), rotation(3, keep=True)),
        (rotation(2), rotation(3, keep=True)),
        (rotation(2), rotation(2)),
    ],
)
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_two_steps_of_a_rotation_lose_nothing(
    environment: str, before: Cache, after: Cache
) -> None:
    assert judged(before, after, environment) == []


@pytest.mark.parametrize(
    ("before", "after", "where", "words"),
    [
        (rotation(1), rotation(3, keep=True), "generation", "goes from 1 to 3"),
        (rotation(5), rotation(2, keep=True), "generation", "goes from 5 to 2"),
        (rotation(3), rotation(2), "generation", "counts the caches that there were, and never do"),
        (rotation(2, keep=True), rotation(1), "generation", "counts the caches that there were"),
        (rotation(2), rotation(2, keep=True), "keepPrevious", "comes too late"),
    ],
)
@pytest.mark.parametrize("accepted", [{}, ACCEPTED])
def test_generations_are_neither_skipped_nor_lowered(
    before: Cache, after: Cache, where: str, words: str, accepted: Cache
) -> None:
    found = judged({**before, **accepted}, {**after, **accepted}, "staging")
    (problem,) = found
    assert problem.path == f"cache.rotation.{where}"
    assert words in problem.reason


# What is not the cache's.


def test_every_property_that_replaces_is_among_the_cases() -> None:
    by_setting = {where for _, _, where, _ in REPLACED} | {"rotation.generation"}
    of_stack = {"gcp:project", "gcp:region", "network", "network.privateServices"}
    assert {setting for setting, _ in REPLACING.values()} == by_setting | of_stack
    for setting, safe_way in REPLACING.values():
        assert safe_way.endswith("."), setting


@pytest.mark.parametrize(("key", "here"), [("project", PROJECT), ("region", REGION)])
@pytest.mark.parametrize("cache", [{}, VALKEY])
def test_nothing_moves_to_another_place(key: str, here: str, cache: Cache) -> None:
    found, old = stated(cache, "production")
    assert old[key] == here
    (problem,) = judge("cache", found)(old, {**old, key: "elsewhere"})
    assert problem.path == f"gcp:{key}", "of the stack, not of the cache"
    assert f"{here} to elsewhere" in problem.reason
    assert problem.fix.startswith("Make a second stack")


@pytest.mark.parametrize("cache", [{}, VALKEY])
@pytest.mark.parametrize(
    ("networks", "change"),
    [
        ((ADOPTED, {**ADOPTED, "network_id": SHARED_NETWORK}), f"to {SHARED_NETWORK}"),
        (({}, ADOPTED), f"own to {ADOPTED['network_id']}"),
        ((ADOPTED, {}), "to own"),
    ],
)
def test_another_network_replaces_the_cache(
    cache: Cache, networks: tuple[Facts, Facts], change: str
) -> None:
    found = {problem.path: problem for problem in judged(cache, cache, networks=networks)}
    assert change in found["network"].reason
    ranges = cache is not VALKEY and ({} in networks)
    assert set(found) == {"network", *(["network.privateServices"] if ranges else [])}


def test_another_range_replaces_a_cache_of_redis() -> None:
    moved = {**ADOPTED, "reserved_range_name": "others"}
    (problem,) = judged({}, {}, networks=(ADOPTED, moved))
    assert problem.path == "network.privateServices"
    assert "google-services to others" in problem.reason
    assert judged(VALKEY, VALKEY, networks=(ADOPTED, moved)) == [], "it takes none of a range"


def test_a_policy_is_not_the_cache() -> None:
    moved = {**ADOPTED, "connection_policy_id": ""}
    for cache in ({}, VALKEY):
        assert judged(cache, cache, networks=(ADOPTED, moved)) == []
        assert judged(cache, cache, networks=({}, {})) == []


# Changes in place.

IN_PLACE: list[tuple[Cache, Cache]] = [
    ({}, {}),
    ({}, {"memoryGb": 40}),
    ({"memoryGb": 40}, {}),
    ({}, gcp(memorySizeGb=9)),
    ({"replicas": 2}, {"replicas": 5}),
    ({"replicas": 5}, {"replicas": 2}),
    (gcp(engineVersion="6.x"), gcp(engineVersion="7.0")),
    (gcp(engineVersion="7.0"), {}),
    # Left out of the program a zone stays what it is.
    (gcp(zone=B), {}),
    (gcp(zone=B, alternativeZone=C), gcp(zone=B)),
    (valkey(zone=B), valkey()),
    ({}, {"evictionPolicy": "allkeys-lfu"}),
    ({}, {"persistence": "none"}),
    ({}, gcp(snapshotPeriod="ONE_HOUR")),
    ({}, gcp(maintenanceWindow={"day": "MONDAY", "hour": 1})),
    ({}, gcp(parameters={"timeout": "300"})),
    ({}, gcp(secretDestroyDelayDays=1)),
    ({}, {"rotationDays": 30}),
    (valkey(), valkey({"replicas": 3})),
    (valkey(shards=2), valkey(shards=5)),
    (valkey(shards=5), valkey(shards=2)),
    (valkey(), valkey({"memoryGb": 40})),
    (valkey(), valkey(nodeType="STANDARD_SMALL")),
    (valkey(), valkey(backupRetentionDays=30)),
    (valkey(), valkey({"persistence": "aof"})),
    (valkey(engineVersion="7.2"), valkey(engineVersion="9.0")),
]


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("before", "after"), IN_PLACE)
def test_what_changes_in_place_passes(environment: str, before: Cache, after: Cache) -> None:
    assert judged({**ONE, **before}, {**ONE, **after}, environment) == []


# Changes that Google cannot make.

IMPOSSIBLE: list[tuple[Cache, Cache, str, str]] = [
    ({}, gcp(engineVersion="7.0"), "gcp.engineVersion", "version 7.2 cannot go back to 7.0"),
    (
        gcp(engineVersion="7.0"),
        gcp(engineVersion="6.x"),
        "gcp.engineVersion",
        "version 7.0 cannot go back to 6.x",
    ),
    (valkey(), valkey(engineVersion="7.2"), "gcp.engineVersion", "version 8.0 cannot go back"),
    (TWO, ONE, "gcp.readReplicas", "read replicas cannot be turned off again"),
    (
        {"replicas": 1, **gcp(readReplicas=True)},
        {"replicas": 1},
        "gcp.readReplicas",
        "read replicas cannot be turned off again",
    ),
    (ONE, TWO, "gcp.secondaryRange", "is needed to turn read replicas on"),
]
EACH_IMPOSSIBLE = pytest.mark.parametrize(("before", "after", "where", "words"), IMPOSSIBLE)


@EACH_IMPOSSIBLE
def test_what_google_cannot_do_is_said(before: Cache, after: Cache, where: str, words: str) -> None:
    for environment in ("staging", "production"):
        (problem,) = judged(before, after, environment)
        assert problem.path == f"cache.{where}"
        assert words in problem.reason


@EACH_IMPOSSIBLE
def test_no_reason_makes_it_possible(before: Cache, after: Cache, where: str, words: str) -> None:
    (problem,) = judged({**before, **ACCEPTED}, {**after, **ACCEPTED}, "staging")
    assert problem.path == f"cache.{where}", words


def test_read_replicas_go_with_the_tier() -> None:
    """The cache is made anew then, without them."""
    (problem,) = judged(TWO, {"replicas": 0})
    assert problem.path == "cache.replicas"
    assert judged(TWO, {"replicas": 0}, "staging") == []


def test_read_replicas_are_turned_on_with_addresses_of_their_own() -> None:
    ranged = {**TWO, **gcp(secondaryRange="auto")}
    for environment in ("staging", "production"):
        assert judged(ONE, ranged, environment) == []
        assert judged(ranged, TWO, environment) == [], "it is no longer needed then"
        assert judged(ranged, ranged, environment) == []


def test_a_new_cache_gets_no_range_of_one_that_exists() -> None:
    ranged = {**TWO, **gcp(secondaryRange="auto")}
    for before in ({"replicas": 0}, {**TWO, **gcp(zone=B)}):
        after = {**ranged, "gcp": {**ranged["gcp"], **({"zone": C} if "gcp" in before else {})}}
        (problem,) = judged(before, after, "staging")
        assert problem.path == "cache.gcp.secondaryRange"
        assert "this change makes a new one" in problem.reason


# The secrets.


@pytest.mark.parametrize("make", [gcp, valkey])
def test_secrets_do_not_move(make: Callable[..., Cache]) -> None:
    here, there = make(secretLocations=[REGION]), make(secretLocations=["us-central1"])
    for before, after in ((here, there), (make(), here), (here, make())):
        (problem,) = judged(before, after)
        assert problem.path == "cache.gcp.secretLocations"
        assert "Google moves no secret" in problem.reason
        assert judged(before, after, "staging") == []
        assert judged({**before, **ACCEPTED}, {**after, **ACCEPTED}) == []
        (protected,) = judged(before, {**after, **ACCEPTED})
        assert protected.path == "cache.gcp.secretLocations"
        assert protected.reason == "what it would take away is still protected"


def test_the_order_of_regions_is_no_change() -> None:
    one, other = (
        gcp(secretLocations=each) for each in ([REGION, "us-east1"], ["us-east1", REGION])
    )
    assert judged(one, other) == []


# What a preview cannot know, and what an older program did not say.


def test_a_network_that_is_made_anew_is_another() -> None:
    found, old = stated({}, "production")
    (problem,) = judge("cache", found)(old, {**old, "network": pulumi.output.UNKNOWN})
    assert problem.path == "network"
    assert "to one that is yet to be made" in problem.reason


@given(st.data(), st.sampled_from([{}, VALKEY, TWO]))
def test_a_property_that_the_state_lacks_is_no_change(data: st.DataObject, of: Cache) -> None:
    """An older version of the program did not state it."""
    found, whole = stated(of, "production")
    kept = data.draw(st.sets(st.sampled_from(sorted(whole))))
    part = {name: value for name, value in whole.items() if name in kept}
    assert list(judge("cache", found)(part, whole)) == []


@given(
    st.sampled_from([case[0] for case in [*REPLACED, *IMPOSSIBLE]]),
    st.sampled_from(["development", "staging", "production"]),
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
        type="secure-redis:index:MemorystoreRedis",
        new_inputs=dict(new) if new is not None else None,
        old_inputs=dict(old) if old is not None else None,
        new_outputs=None,
        old_outputs=None,
    )


@pytest.mark.parametrize("engine", [{}, VALKEY], ids=["redis", "valkey"])
def test_the_hook_refuses_with_the_whole_report(engine: Cache) -> None:
    compare = hook_of(gcp_cache, 0, **PRODUCTION, **engine)
    _, old = stated(engine, "production")
    new = {**old, "zone": B, "region": "us-east1"}
    with pytest.raises(pulumi.RunError) as caught:
        compare(change(old, new))
    text = str(caught.value)
    assert text.startswith("the configuration has 2 problems; nothing was changed:\n")
    assert f"  cache.gcp.zone: changing it from none to {B} puts a new, empty" in text
    assert "  gcp:region: " in text


def test_the_hook_passes_a_cache_without_a_past() -> None:
    compare = hook_of(gcp_cache, 0, **PRODUCTION)
    assert compare(change(None, stated({}, "production")[1])) is None


def test_a_new_cache_refuses_the_range_of_one_that_exists() -> None:
    ranged = {"replicas": 2, "gcp": {"secondary_range": "auto"}}
    refuse = hook_of(gcp_cache, -1, environment="staging", **ranged)
    with pytest.raises(pulumi.RunError, match=r"cache\.gcp\.secondaryRange: is for a cache that"):
        refuse(change(None, {}))


@pytest.mark.parametrize("old", ["gcp (valkey)", "aws", "azure", "docker"])
def test_a_portable_cache_moves_to_no_other_service(old: str) -> None:
    """It would be made anew there, and the one that holds the data deleted."""
    compare = hook_of(secure, 0, **PRODUCTION)
    with pytest.raises(pulumi.RunError) as caught:
        compare(change({"service": old}, {"service": "gcp"}))
    assert f"moving it from {old} to gcp makes a new, empty cache" in str(caught.value)
    assert compare(change({"service": "gcp"}, {"service": "gcp"})) is None
    assert compare(change({}, {"service": "gcp"})) is None, "an older program did not say it"


@pytest.mark.parametrize(
    "arguments",
    [
        {"environment": "staging", **VALKEY},
        {**PRODUCTION, **VALKEY, "allow_replacement": "it holds nothing"},
    ],
)
def test_it_moves_where_the_loss_is_accepted(arguments: dict[str, Any]) -> None:
    compare = hook_of(secure, 0, **arguments)
    assert compare(change({"service": "gcp"}, {"service": "gcp (valkey)"})) is None
