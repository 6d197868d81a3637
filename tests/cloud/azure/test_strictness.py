"""The stand-in refuses what Azure and its provider refuse, in their words.

Each row is a resource that is accepted, with one thing changed. What is accepted as it stands, and
is no change when it comes again, is the first test; what is accepted right next to a refusal is the
second.
"""

from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.redis import models as classic_models
from azure.mgmt.redisenterprise import models as managed_models
from cloud.azure.driver import TOKENS, RefusedError
from cloud.azure.functions import path_of
from cloud.azure.services import (
    classic_redis,
    classic_redis_access,
    classic_redis_settings,
    managed_redis_sizes,
    metrics,
    monitoring,
)
from cloud.azure.strictness_cases import NEIGHBOURS, RAW, WRONG, Changes
from cloud.azure.world import NO_GROUP, ORDER, World
from pulumi_azure_native import monitor, redisenterprise


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that every test gets a copy of."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture(scope="module")
def crowded(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that refusals leave as it was, so that all of them can share it."""
    return base.copy(tmp_path_factory.mktemp("crowded") / "cloud")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    return base.copy(tmp_path / "cloud")


def made(changes: Changes, world: World) -> dict[str, Any]:
    """The changes, with the ids of the world where they need some."""
    return changes(world) if callable(changes) else changes


DRIFTS = {"PrivateEndpoint": {"customDnsConfigs"}}
"""What a refresh changes among the inputs: an endpoint lists names of its own only until a zone
group publishes them, and that is an input of the endpoint too.
"""


def test_every_kind_is_accepted_once_and_then_unchanged(world: World) -> None:
    for kind in ORDER:
        world.make(kind, "valid")
    for kind in ORDER:
        assert world.changes(kind, "valid") == DRIFTS.get(kind, set()), kind
        before = world.state[kind, "valid"].outputs
        assert world.change(kind, "valid").outputs.keys() == before.keys()


def test_the_table_has_every_kind_and_says_each_thing_once() -> None:
    assert len(WRONG) >= 100
    assert {kind for kind, _, _ in WRONG} <= set(ORDER)
    rows = [(kind, repr(changes)) for kind, changes, _ in WRONG if not callable(changes)]
    assert len(set(rows)) == len(rows)
    assert set(ORDER) >= NO_GROUP


def test_the_tables_are_those_of_azure() -> None:
    managed = {one.value for one in managed_models.SkuName}
    assert set(managed_redis_sizes.SIZES) == {
        one for one in managed if not managed_redis_sizes.is_enterprise(one)
    }
    assert managed == {one.value for one in redisenterprise.SkuName}
    settings = classic_models.RedisCommonPropertiesRedisConfiguration
    fields: dict[str, Any] = settings._attribute_map
    written = {
        one["key"]
        for name, one in fields.items()
        if one["key"] and name not in settings._validation
    }
    assert written == classic_redis_settings.KNOWN
    assert {one.value for one in classic_models.DayOfWeek} == {
        *classic_redis_access.DAYS,
        *classic_redis_access.SEVERAL,
    }
    assert {one.value for one in classic_models.SkuName} == set(classic_redis.TIERS)
    assert {one.value for one in monitor.Operator} == monitoring.OPERATORS
    assert {one.value for one in monitor.AggregationTypeEnum} >= metrics.GAUGE | metrics.COUNTER


MODELS: dict[str, list[Any]] = {
    "RedisEnterprise": [managed_models.Cluster],
    "Database": [managed_models.Database],
    "ManagedAccessPolicyAssignment": [managed_models.AccessPolicyAssignment],
    "Redis": [classic_models.RedisCreateParameters, classic_models.RedisResource],
    "AccessPolicy": [classic_models.RedisCacheAccessPolicy],
    "AccessPolicyAssignment": [classic_models.RedisCacheAccessPolicyAssignment],
    "FirewallRule": [classic_models.RedisFirewallRule],
    "PatchSchedule": [classic_models.RedisPatchSchedule],
}
"""Azure's own models for Python: of what is asked, and where it is another, of the answer."""


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        *((kind, {}) for kind in MODELS),
        *((kind, changes) for kind, changes in NEIGHBOURS if kind in MODELS),
    ],
)
def test_requests_and_answers_are_those_of_azures_own_models(
    world: World, kind: str, changes: Changes
) -> None:
    asked, answered = MODELS[kind][0], MODELS[kind][-1]
    inputs = {**world.valid(kind), **made(changes, world)}
    given = {name: value for name, value in inputs.items() if value is not None}
    body = world.stand_in.resource(TOKENS[kind]).body(given)
    assert asked.deserialize(body).serialize() == body
    held = world.put(kind, "modelled", **given)
    answer = world.ask("GET", held.identifier)
    assert answered.deserialize(answer).serialize(keep_readonly=True) == answer


@pytest.mark.parametrize(("kind", "changes"), NEIGHBOURS)
def test_what_is_right_next_to_it_is_accepted(world: World, kind: str, changes: Changes) -> None:
    world.make(kind, "neighbour", **made(changes, world))
    assert world.changes(kind, "neighbour") == set()


@pytest.mark.parametrize(("kind", "changes", "text"), WRONG)
def test_what_is_wrong_is_refused(crowded: World, kind: str, changes: Changes, text: str) -> None:
    before = things(crowded)
    with pytest.raises(RefusedError) as refused:
        crowded.make(kind, "wrong", **made(changes, crowded))
    assert text in str(refused.value)
    assert things(crowded) == before
    assert (kind, "wrong") not in crowded.state


def things(world: World) -> set[tuple[str, str]]:
    """Everything there is, without what it looks like."""
    return {(kind, one) for kind in world.cloud.kinds() for one in world.cloud.all(kind)}


@pytest.mark.parametrize(("kind", "path", "value", "text"), RAW)
def test_what_the_provider_stops_azure_would_refuse_too(
    crowded: World, kind: str, path: str, value: Any, text: str
) -> None:
    inputs = crowded.valid(kind)
    resource = crowded.stand_in.resource(TOKENS[kind])
    identifier = path_of(resource, crowded.stand_in.identity.subscription, inputs)
    body = resource.body(inputs)
    *way, last = [name.replace("~", ".") for name in path.split(".")]
    place: Any = body
    for name in way:
        place = place[int(name)] if name.isdigit() else place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    before = things(crowded)
    with pytest.raises(RefusedError) as refused:
        crowded.ask("PUT", identifier, body)
    assert "Status=400" in str(refused.value)
    assert text in str(refused.value)
    assert things(crowded) == before
