"""Parameters of the engines: which Memorystore takes, with which values."""

import re
from typing import Any

import pytest
from gcp_cases import CACHE, gcp, problems, settings, valkey
from package_google import properties
from secure_redis.gcp import parameters, plan
from secure_redis.gcp.parameters import REDIS, SINCE_7, VALKEY
from secure_redis.settings import EvictionPolicy

GOOD: dict[str, list[str]] = {
    "activedefrag": ["yes", "no"],
    "databases": ["1", "16", "100"],
    "lazyfree-lazy-eviction": ["yes", "no"],
    "lazyfree-lazy-expire": ["yes", "no"],
    "lazyfree-lazy-user-del": ["yes", "no"],
    "lazyfree-lazy-user-flush": ["yes", "no"],
    "lfu-decay-time": ["1", "60"],
    "lfu-log-factor": ["1", "10"],
    "maxmemory-clients": ["0", "50%", "100000"],
    "notify-keyspace-events": ["Ex", "KEA", "KEg$lshzxeAtdmn"],
    "stream-node-max-bytes": ["0", "4096"],
    "stream-node-max-entries": ["0", "100"],
    "timeout": ["0", "300"],
}
BAD: dict[str, list[str]] = {
    "activedefrag": ["true", "1", "YES"],
    "databases": ["0", "101", "-1", "many"],
    "lazyfree-lazy-eviction": ["true"],
    "lazyfree-lazy-expire": ["true"],
    "lazyfree-lazy-user-del": ["true"],
    "lazyfree-lazy-user-flush": ["true"],
    "lfu-decay-time": ["0", "-1", "1.5"],
    "lfu-log-factor": ["0", "-1", "1.5"],
    "maxmemory-clients": ["half", "-1", "50 %"],
    "notify-keyspace-events": ["Q", "E x", "on"],
    "stream-node-max-bytes": ["-1", "1kb"],
    "stream-node-max-entries": ["-1", "1.0"],
    "timeout": ["-1", "5m"],
}
VALKEY_GOOD: dict[str, list[str]] = {
    "maxclients": ["1", "10000"],
    "maxmemory": ["1073741824", "10gb", "500mb", "80%", "100%", "99.5%"],
    "maxmemory-clients": ["50%", "0"],
    "notify-keyspace-events": ["Ex"],
}
VALKEY_BAD: dict[str, list[str]] = {
    "maxclients": ["0", "-1", "many"],
    "maxmemory": ["10 gb", "101%", "10tb", "-1"],
    "maxmemory-clients": ["half"],
    "notify-keyspace-events": ["Q"],
}


def each(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in table.items() for value in values]


def test_every_parameter_is_tried() -> None:
    assert GOOD.keys() == BAD.keys() == REDIS.keys()
    assert VALKEY_GOOD.keys() == VALKEY_BAD.keys() == VALKEY.keys()


def test_the_parameters_that_the_api_names_are_known() -> None:
    description = properties("redis.v1", "Instance")["redisConfigs"]["description"]
    named = set(re.findall(r"\* ([a-z-]+)", description))
    assert len(named) == 8
    assert named <= REDIS.keys() | plan.OWN_PARAMETERS.keys()


@pytest.mark.parametrize(("name", "value"), each(GOOD))
def test_redis_takes(name: str, value: str) -> None:
    found = plan.parameters(settings(gcp(parameters={name: value})))
    assert found[name] == value
    assert found.keys() == {name, *plan.OWN_PARAMETERS}


@pytest.mark.parametrize(("name", "value"), each(BAD))
def test_redis_does_not_take(name: str, value: str) -> None:
    found = problems(gcp(parameters={name: value}))
    assert list(found) == [f"{CACHE}.gcp.parameters.{name}"]
    assert found[f"{CACHE}.gcp.parameters.{name}"].reason == "has no value that Memorystore takes"


@pytest.mark.parametrize(("name", "value"), each(VALKEY_GOOD))
def test_valkey_takes(name: str, value: str) -> None:
    found = plan.parameters(settings(valkey(parameters={name: value})))
    assert found == {name: value, "maxmemory-policy": "allkeys-lru"}


@pytest.mark.parametrize(("name", "value"), each(VALKEY_BAD))
def test_valkey_does_not_take(name: str, value: str) -> None:
    found = problems(valkey(parameters={name: value}))
    assert found[f"{CACHE}.gcp.parameters.{name}"].reason == "has no value that Memorystore takes"


@pytest.mark.parametrize("name", plan.OWN_PARAMETERS)
@pytest.mark.parametrize("cache", [gcp, valkey])
def test_what_another_setting_decides_is_refused(name: str, cache: Any) -> None:
    found = problems(cache(parameters={name: "1"}))
    reason = found[f"{CACHE}.gcp.parameters.{name}"].reason
    assert reason == f"follows from {plan.OWN_PARAMETERS[name]}"


@pytest.mark.parametrize("name", ["requirepass", "tls-port", "save", "appendonly", "maxclients"])
def test_unknown_parameters_of_redis(name: str) -> None:
    (problem,) = problems(gcp(parameters={name: "HunterTwo"})).values()
    assert problem.reason == "is no parameter of redis that Memorystore takes"
    assert "HunterTwo" not in f"{problem}"


def test_a_typing_error_is_answered_with_what_was_meant() -> None:
    (problem,) = problems(gcp(parameters={"activedefragg": "yes"})).values()
    assert "activedefrag" in problem.fix


@pytest.mark.parametrize("name", sorted(SINCE_7))
def test_what_redis_6_does_not_take(name: str) -> None:
    value = GOOD[name][0]
    found = problems(gcp(engineVersion="6.x", parameters={name: value}))
    assert found[f"{CACHE}.gcp.parameters.{name}"].reason == "needs Redis 7.0 or later"
    for version in ("7.0", "7.2"):
        assert settings(gcp(engineVersion=version, parameters={name: value}))


def test_what_came_with_redis_7() -> None:
    lazy = {name for name in REDIS if name.startswith("lazyfree-")}
    assert lazy | {"maxmemory-clients"} == SINCE_7
    assert len(lazy) == 4


@pytest.mark.parametrize("policy", list(EvictionPolicy))
def test_every_eviction_policy_is_one_of_memorystores(policy: EvictionPolicy) -> None:
    for cache in ({"evictionPolicy": policy.value}, valkey({"evictionPolicy": policy.value})):
        assert plan.parameters(settings(cache))["maxmemory-policy"] == policy.value


def test_every_value_of_a_parameter_is_text() -> None:
    """The API takes texts only: what reads as a number in a stack file is refused."""
    found = problems({"gcp": {"parameters": {"databases": 16}}})
    assert found[f"{CACHE}.gcp.parameters.databases"].reason.startswith("must be text")
    for value in plan.parameters(settings(gcp(memorySizeGb=3))).values():
        assert isinstance(value, str)
    assert parameters.REDIS["notify-keyspace-events"] == parameters.VALKEY["notify-keyspace-events"]
