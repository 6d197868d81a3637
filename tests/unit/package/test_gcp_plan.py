"""What settings mean on Google Cloud: every default, by environment and purpose."""

from typing import Any

import pytest
from gcp_cases import KEY, PROJECT, REGION, SHOP, gcp, located, settings, valkey
from package_google import document
from secure_redis.gcp import plan
from secure_redis.gcp.settings import GcpSettings, SnapshotPeriod
from secure_redis.settings import (
    ALARM_PROFILE,
    AlarmProfile,
    Engine,
    Environment,
    Persistence,
    PrivateServices,
)

DEFAULTS: dict[str, dict[str, Any]] = {
    "development": {
        "tier": "BASIC",
        "memory_size_gb": 1,
        "persistence": "DISABLED",
        "maintenance_policy": None,
        "secret_destroy_delay_days": 0,
    },
    "staging": {
        "tier": "BASIC",
        "memory_size_gb": 1,
        "persistence": "RDB",
        "maintenance_policy": None,
        "secret_destroy_delay_days": 0,
    },
    "production": {
        "tier": "STANDARD_HA",
        "memory_size_gb": 2,
        "persistence": "RDB",
        "maintenance_policy": {
            "weekly_maintenance_windows": [
                {
                    "day": "SUNDAY",
                    "start_time": {"hours": 3, "minutes": 0, "seconds": 0, "nanos": 0},
                }
            ]
        },
        "secret_destroy_delay_days": 30,
    },
}
SETTINGS: dict[str, dict[str, Any]] = {
    "development": {"replicas": 0, "protect": False, "persistence": Persistence.NONE},
    "staging": {"replicas": 0, "protect": False, "persistence": Persistence.RDB},
    "production": {"replicas": 1, "protect": True, "persistence": Persistence.RDB},
}
PROFILES = {
    "development": AlarmProfile.OFF,
    "staging": AlarmProfile.BASIC,
    "production": AlarmProfile.FULL,
}
ALWAYS: dict[str, Any] = {
    "engine_version": "7.2",
    "read_replicas": False,
    "cluster_mode": False,
    "ports": ("6378",),
    "generations": [1],
    "own_key": False,
    "valkey": False,
}
EVICTION = {"cache": "allkeys-lru", "sessions": "volatile-lru", "queue": "noeviction"}
EACH_ENVIRONMENT = pytest.mark.parametrize("environment", DEFAULTS)


@EACH_ENVIRONMENT
@pytest.mark.parametrize("purpose", ["cache", "sessions", "queue"])
def test_defaults_by_environment(environment: str, purpose: str) -> None:
    cache = settings({"purpose": purpose}, environment=environment)
    wanted = {**DEFAULTS[environment], **ALWAYS}
    assert {name: getattr(plan, name)(cache) for name in wanted} == wanted
    found = {name: getattr(cache, name) for name in SETTINGS[environment]}
    assert found == SETTINGS[environment]
    assert cache.engine is Engine.REDIS, "the one that knows passwords"
    assert ALARM_PROFILE[cache.environment] is PROFILES[environment]
    usable = {"development": "0.8", "staging": "0.8", "production": "1.6"}[environment]
    assert plan.parameters(cache) == {
        "maxmemory-policy": EVICTION[purpose],
        "maxmemory-gb": usable,
    }


@EACH_ENVIRONMENT
def test_defaults_of_valkey(environment: str) -> None:
    cache = settings(valkey(), environment=environment)
    production = environment == "production"
    assert plan.valkey(cache)
    assert plan.engine_version(cache) == "8.0"
    assert plan.mode(cache) == "CLUSTER_DISABLED"
    assert not plan.cluster_mode(cache)
    assert plan.node_type(cache) == ("CUSTOM_PICO" if production else "SHARED_CORE_NANO")
    assert plan.ports(cache) == ("6379", "11000-13047")
    assert plan.backup_days(cache) == (7 if production else 0)
    assert plan.parameters(cache) == {"maxmemory-policy": "allkeys-lru"}
    assert plan.persistence(cache) == ("DISABLED" if environment == "development" else "RDB")


def test_defaults_that_the_settings_state_themselves() -> None:
    found = GcpSettings()
    assert found.snapshot_period is SnapshotPeriod.SIX_HOURS
    assert (found.parameters, found.principals, found.secret_locations) == ({}, [], [])
    assert found.enable_apis is False
    for name in ("memory_size_gb", "node_type", "engine_version", "shards", "read_replicas"):
        assert getattr(found, name) is None, name
    for name in ("zone", "alternative_zone", "customer_managed_key", "maintenance_window"):
        assert getattr(found, name) is None, name


@pytest.mark.parametrize(
    ("cache", "tier", "reads", "size"),
    [
        ({"replicas": 0}, "BASIC", False, 1),
        ({"replicas": 1}, "STANDARD_HA", False, 1),
        ({"replicas": 2}, "STANDARD_HA", True, 5),
        ({"replicas": 5, "memoryGb": 8}, "STANDARD_HA", True, 10),
        ({"replicas": 1, **gcp(readReplicas=True)}, "STANDARD_HA", True, 5),
        ({"replicas": 1, **gcp(readReplicas=False)}, "STANDARD_HA", False, 1),
        ({"replicas": 1, **gcp(memorySizeGb=6, readReplicas=True)}, "STANDARD_HA", True, 6),
    ],
)
def test_what_follows_from_replicas(
    cache: dict[str, Any], tier: str, reads: bool, size: int
) -> None:
    found = settings(cache)
    assert (plan.tier(found), plan.read_replicas(found)) == (tier, reads)
    assert plan.memory_size_gb(found) == size


def test_shards_are_cluster_mode_also_when_there_is_one() -> None:
    for shards in (1, 2):
        cache = settings(valkey(shards=shards))
        assert plan.cluster_mode(cache)
        assert plan.mode(cache) == "CLUSTER"


@pytest.mark.parametrize(
    ("rotation", "running"),
    [
        ({}, [1]),
        ({"generation": 4}, [4]),
        ({"generation": 2, "keepPrevious": True}, [2, 1]),
        ({"generation": 1_000_000, "keepPrevious": True}, [1_000_000, 999_999]),
    ],
)
def test_generations_that_run(rotation: dict[str, Any], running: list[int]) -> None:
    assert plan.generations(settings({"rotation": rotation})) == running


def test_a_window_that_was_given() -> None:
    cache = settings(gcp(maintenanceWindow={"day": "TUESDAY", "hour": 23}))
    (window,) = plan.maintenance_policy(cache)["weekly_maintenance_windows"]
    assert (window["day"], window["start_time"]["hours"]) == ("TUESDAY", 23)
    assert plan.PRODUCTION_WINDOW.hour, "zero could be taken for nothing"
    assert plan.BACKUP_HOUR


@EACH_ENVIRONMENT
@pytest.mark.parametrize("days", [0, 1, 14])
def test_days_that_were_given_win(environment: str, days: int) -> None:
    cache = settings(valkey(backupRetentionDays=days, secretDestroyDelayDays=days))
    assert (plan.backup_days(cache), plan.secret_destroy_delay_days(cache)) == (days, days)


@EACH_ENVIRONMENT
def test_the_peering_goes_with_the_stack_but_in_production(environment: str) -> None:
    found = plan.remove_peering(PrivateServices(), Environment(environment))
    assert found == (environment != "production")
    for wanted in (True, False):
        said = PrivateServices.model_validate({"removePeering": wanted})
        assert plan.remove_peering(said, Environment(environment)) is wanted


@pytest.mark.parametrize(
    ("cache", "apis"),
    [
        ({}, {"redis", "secretmanager"}),
        (valkey(), {"memorystore", "secretmanager", "cloudresourcemanager"}),
        (gcp(customerManagedKey={}), {"redis", "secretmanager", "cloudkms"}),
        (gcp(customerManagedKey={"keyName": KEY}), {"redis", "secretmanager", "cloudkms"}),
        (
            gcp(secretLocations=[REGION], secretKeyName=KEY),
            {"redis", "secretmanager", "cloudkms"},
        ),
    ],
)
def test_apis_that_a_cache_needs(cache: dict[str, Any], apis: set[str]) -> None:
    for alarms in (False, True):
        found = plan.apis(settings(cache), alarms=alarms)
        wanted = apis | ({"monitoring"} if alarms else set())
        assert set(found) == {f"{name}.googleapis.com" for name in wanted}
        assert found == sorted(found)


@pytest.mark.parametrize(
    ("engines", "apis"),
    [
        (["redis"], ["cloudresourcemanager", "compute", "servicenetworking"]),
        (["valkey"], ["compute", "networkconnectivity"]),
        (
            ["redis", "valkey"],
            ["cloudresourcemanager", "compute", "networkconnectivity", "servicenetworking"],
        ),
    ],
)
def test_apis_that_a_network_needs(engines: list[str], apis: list[str]) -> None:
    assert plan.network_apis(engines) == [f"{name}.googleapis.com" for name in apis]


def test_apis_are_called_what_google_calls_them() -> None:
    for name, version in (
        *(("redis", "v1"), ("secretmanager", "v1"), ("cloudkms", "v1"), ("compute", "v1")),
        *(("servicenetworking", "v1"), ("networkconnectivity", "v1"), ("monitoring", "v3")),
        ("cloudresourcemanager", "v1"),
    ):
        host = document(f"{name}.{version}")["rootUrl"].removeprefix("https://").rstrip("/")
        # Compute's requests go to a host of all APIs; the service has the name all the same.
        assert host in {f"{name}.googleapis.com", "www.googleapis.com", "compute.googleapis.com"}


# Where the stack is.

EACH_VARIABLE = pytest.mark.parametrize(
    ("key", "variable"), [(key, each) for key in plan.VARIABLES for each in plan.VARIABLES[key]]
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in plan.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def test_the_stack_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with located():
        assert (plan.project(), plan.region()) == (PROJECT, REGION)
        for names in plan.VARIABLES.values():
            monkeypatch.setenv(names[0], "elsewhere")
        assert (plan.project(), plan.region()) == (PROJECT, REGION), "before the environment"


@EACH_VARIABLE
def test_or_the_environment_does(key: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "there")
    with located("", ""):
        assert getattr(plan, key)() == "there"
        assert plan.environment_value(key) == "there"
        other = "region" if key == "project" else "project"
        assert getattr(plan, other)() == ""


def test_variables_are_asked_in_the_providers_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, names in plan.VARIABLES.items():
        for name in reversed(names):
            monkeypatch.setenv(name, name.lower())
            assert plan.environment_value(key) == name.lower()


def test_principals_are_kept_in_their_order() -> None:
    members = [SHOP, "user:alice@example.com"]
    assert settings(valkey(principals=members)).gcp.principals == members
