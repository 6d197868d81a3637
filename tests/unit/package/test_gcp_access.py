"""Who gets out to a cache: egress rules, for named machines, to the cache's own addresses."""

from typing import Any

import package_gcp_cloud
import pytest
from gcp_cases import ACCOUNT, ADOPTED, SHARED_NETWORK, VALKEY, VARIANTS, built, gcp_cache, succeed
from package_components import PREVIEW_AND_UPDATE
from package_gcp_cloud import PROJECT, auth_string
from package_monitor import World
from secure_redis.gcp import access
from test_gcp_component import NAME, NETWORK_ID

TAGGED = {"network_tags": ["shop", "worker"]}
BY_ACCOUNT = {"service_accounts": [ACCOUNT]}


def rules(world: World) -> dict[str, dict[str, Any]]:
    return {r.name.removeprefix("cache-"): r.plain for r in world.all("Firewall")}


@pytest.mark.parametrize(
    ("args", "ports", "destinations"),
    [
        ({}, ["6378"], "effectiveReservedIpRange"),
        (VALKEY, ["6379", "11000-13047"], ["10.20.0.8/32", "10.20.0.9/32"]),
    ],
    ids=["redis", "valkey"],
)
@pytest.mark.parametrize(
    ("given", "clients"),
    [
        (TAGGED, {"targetTags": ["shop", "worker"]}),
        (BY_ACCOUNT, {"targetServiceAccounts": [ACCOUNT]}),
    ],
    ids=["tags", "accounts"],
)
def test_rules_word_for_word(
    args: dict[str, Any],
    ports: list[str],
    destinations: Any,
    given: dict[str, Any],
    clients: dict[str, Any],
) -> None:
    world = succeed(lambda: gcp_cache(access=given, **args))
    (cache,) = world.all("Instance")
    found = [cache.state[destinations]] if isinstance(destinations, str) else destinations
    common = {
        "project": PROJECT,
        "network": NETWORK_ID,
        "description": "Out to the cache cache of secure-redis/local",
        "direction": "EGRESS",
        "destinationRanges": found,
    }
    assert rules(world) == {
        "clients": {
            **common,
            "name": f"{NAME}-clients",
            "priority": 1000,
            "allows": [{"protocol": "tcp", "ports": ports}],
            **clients,
        },
        "everybody-else": {
            **common,
            "name": f"{NAME}-everybody-else",
            "priority": 1100,
            "denies": [{"protocol": "all"}],
        },
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_rule_where_nobody_is_named(variant: str) -> None:
    given = VARIANTS[variant].get("access", {})
    named = bool(given.keys() & {"network_tags", "service_accounts"})
    assert len(rules(built(variant))) == (2 if named else 0)


@PREVIEW_AND_UPDATE
def test_the_ones_that_are_named_come_first(preview: bool) -> None:
    found = rules(built("tagged", preview=preview))
    assert found["clients"]["priority"] < found["everybody-else"]["priority"]
    assert found["clients"]["priority"] == access.ALLOW
    for rule in found.values():
        assert ("allows" in rule) != ("denies" in rule)
        assert not any(key.startswith("source") for key in rule), "what comes in is not of this"
        assert not {"targetTags", "targetServiceAccounts"} <= rule.keys()


def test_a_rule_belongs_to_the_project_of_its_network() -> None:
    shared = {**ADOPTED, "network_id": SHARED_NETWORK}
    world = succeed(lambda: gcp_cache(access=TAGGED, network=shared))
    for rule in rules(world).values():
        assert (rule["project"], rule["network"]) == ("network-host", SHARED_NETWORK)


def test_replicas_of_a_range_of_their_own_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read replicas that came later answer outside the range of the cache."""
    original = package_gcp_cloud.COMPUTED["redis/instance:Instance"]

    def apart(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        return {**original(id_, inputs), "readEndpoint": "10.99.0.7"}

    monkeypatch.setitem(package_gcp_cloud.COMPUTED, "redis/instance:Instance", apart)
    world = succeed(lambda: gcp_cache(access=TAGGED, replicas=2))
    (cache,) = world.all("Instance")
    assert cache.state["authString"] == auth_string(NAME)
    for rule in rules(world).values():
        block = cache.state["effectiveReservedIpRange"]
        assert rule["destinationRanges"] == [block, "10.99.0.7/32"]
