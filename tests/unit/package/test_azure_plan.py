"""What settings mean on Azure: every default, by environment and purpose."""

from datetime import date, datetime, timezone
from typing import Any

import pytest
from azure_cases import (
    ACKNOWLEDGED,
    ALICE,
    CLASSIC_ZONE,
    CONNECTION_STRING,
    IDENTITY,
    KEY_URL,
    MANAGED_ZONE,
    VAULT,
    classic,
    settings,
)
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.azure import plan
from secure_redis.azure.settings import Auth, AzureSettings, ClusteringPolicy, Key
from secure_redis.settings import ALARM_PROFILE, AlarmProfile, CacheSettings, Engine, Persistence

DEFAULTS: dict[str, dict[str, Any]] = {
    "development": {
        "sku": "Balanced_B0",
        "high_availability": False,
        "private_vault": False,
        "recovery_days": 7,
        "purge_protection": False,
        "locked": False,
        "logs": False,
    },
    "staging": {
        "sku": "Balanced_B1",
        "high_availability": False,
        "private_vault": True,
        "recovery_days": 7,
        "purge_protection": False,
        "locked": False,
        "logs": True,
    },
    "production": {
        "sku": "Balanced_B3",
        "high_availability": True,
        "private_vault": True,
        "recovery_days": 90,
        "purge_protection": True,
        "locked": True,
        "logs": True,
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
    "clustering_policy": ClusteringPolicy.NO_CLUSTER,
    "policy_name": "NoCluster",
    "cluster_mode": False,
    "port": 10_000,
    "ports": ("10000",),
    "zone": "privatelink.redis.azure.net",
    "keys": True,
    "own_vault": True,
    "own_key": False,
    "expires": None,
}
EACH_ENVIRONMENT = pytest.mark.parametrize("environment", DEFAULTS)


@EACH_ENVIRONMENT
@pytest.mark.parametrize("purpose", ["cache", "sessions", "queue"])
def test_defaults_by_environment(environment: str, purpose: str) -> None:
    cache = settings({"purpose": purpose}, environment=environment)
    wanted = {**DEFAULTS[environment], **ALWAYS}
    assert {name: getattr(plan, name)(cache) for name in wanted} == wanted
    found = {name: getattr(cache, name) for name in SETTINGS[environment]}
    assert found == SETTINGS[environment]
    assert cache.engine is Engine.REDIS
    assert ALARM_PROFILE[cache.environment] is PROFILES[environment]


@EACH_ENVIRONMENT
def test_defaults_of_a_classic_cache(environment: str) -> None:
    cache = settings(classic(), environment=environment)
    production = environment == "production"
    assert plan.sku(cache) == ("Premium_P1" if production else "Standard_C1")
    assert plan.tier(cache) == ("Premium" if production else "Standard")
    assert plan.persistence(cache) is Persistence.NONE, "it has no storage account"
    assert plan.classic_replicas(cache) is None
    assert (plan.port(cache), plan.ports(cache)) == (6380, ("6380",))
    assert plan.zone(cache) == "privatelink.redis.cache.windows.net"
    assert (plan.policy_name(cache), plan.cluster_mode(cache)) == ("NoCluster", False)


def test_defaults_that_the_settings_state_themselves() -> None:
    found = AzureSettings()
    assert (found.auth, found.active_key) == (Auth.KEYS, Key.PRIMARY)
    assert not found.public_access
    assert not found.allow_preview
    assert found.snapshot_frequency.value == "1h"
    assert (found.log_retention_days, found.modules, found.principal_ids) == (30, [], [])
    for name in ("lock", "logs", "sku", "classic", "vault_id", "customer_managed_key"):
        assert getattr(found, name) is None, name
    assert Key.PRIMARY.other is Key.SECONDARY
    assert Key.SECONDARY.other is Key.PRIMARY


SPREAD: list[tuple[dict[str, Any], str, bool]] = [
    ({"memoryGb": 19.2}, "NoCluster", False),
    ({"memoryGb": 19.3}, "EnterpriseCluster", False),
    ({"azure": {"sku": "MemoryOptimized_M20"}}, "NoCluster", False),
    ({"azure": {"sku": "MemoryOptimized_M50"}}, "EnterpriseCluster", False),
    (
        {"azure": {"sku": "FlashOptimized_A250", "allowPreview": True}},
        "EnterpriseCluster",
        False,
    ),
    (
        {"evictionPolicy": "noeviction", "azure": {"modules": ["RediSearch"]}},
        "EnterpriseCluster",
        False,
    ),
    ({"azure": {"modules": ["RedisBloom"]}}, "NoCluster", False),
    ({"azure": {"clusteringPolicy": "EnterpriseCluster"}}, "EnterpriseCluster", False),
    ({"azure": {"clusteringPolicy": "OSSCluster"}}, "OSSCluster", True),
    (classic(sku="Premium_P1"), "NoCluster", False),
    (classic(sku="Premium_P1", shards=1), "OSSCluster", True),
    (classic(sku="Premium_P1", shards=3), "OSSCluster", True),
]


@pytest.mark.parametrize(("cache", "policy", "cluster_mode"), SPREAD)
def test_ordinary_clients_work_unless_somebody_chose_otherwise(
    cache: dict[str, Any], policy: str, cluster_mode: bool
) -> None:
    found = settings(cache)
    assert (plan.policy_name(found), plan.cluster_mode(found)) == (policy, cluster_mode)


@pytest.mark.parametrize(
    ("cache", "ports"),
    [
        ({}, ("10000",)),
        ({"azure": {"clusteringPolicy": "EnterpriseCluster"}}, ("10000",)),
        ({"azure": {"clusteringPolicy": "OSSCluster"}}, ("10000", "8500-8599")),
        (classic(), ("6380",)),
        (classic(sku="Premium_P1", shards=2), ("6380", "15000-15019")),
    ],
)
def test_ports_that_clients_need(cache: dict[str, Any], ports: tuple[str, ...]) -> None:
    assert plan.ports(settings(cache)) == ports


def test_ports_and_zones_of_a_stack() -> None:
    development = [settings(), settings(classic())]
    staging = [settings({"azure": {"clusteringPolicy": "OSSCluster"}}, environment="staging")]
    managed, old = MANAGED_ZONE.rpartition("/")[2], CLASSIC_ZONE.rpartition("/")[2]
    assert plan.zones(development) == [managed, old]
    assert plan.network_ports(development) == ["10000", "6380"]
    assert plan.zones(staging) == [managed, "privatelink.vaultcore.azure.net"]
    assert plan.network_ports(staging) == ["10000", "443", "8500-8599"]
    elsewhere = [settings({"azure": {"vaultId": VAULT}}, environment="staging")]
    assert plan.zones(elsewhere) == [managed]
    assert plan.network_ports(elsewhere) == ["10000"]


@pytest.mark.parametrize(
    ("environment", "cache", "locked"),
    [
        ("production", {}, True),
        ("production", {"azure": {"lock": False}}, False),
        ("production", {"allowReplacement": "why"}, False),
        ("staging", {}, False),
        ("staging", {"azure": {"lock": True}}, True),
        ("staging", {"azure": {"lock": True}, "allowReplacement": "why"}, False),
    ],
)
def test_a_lock_stands_in_no_accepted_replacements_way(
    environment: str, cache: dict[str, Any], locked: bool
) -> None:
    assert plan.locked(settings(cache, environment=environment)) is locked


@pytest.mark.parametrize(
    ("key", "own", "purge"),
    [
        (None, False, False),
        ({}, True, True),
        ({"keyUrl": KEY_URL, "identityId": IDENTITY}, False, False),
    ],
)
def test_a_key_of_the_caches_own_cannot_be_purged(
    key: dict[str, Any] | None, own: bool, purge: bool
) -> None:
    cache = settings({"azure": {"customerManagedKey": key}} if key is not None else {})
    assert (plan.own_key(cache), plan.purge_protection(cache)) == (own, purge)


def test_what_is_asked_for_wins() -> None:
    cache = settings({"azure": {"vaultRecoveryDays": 30, "logs": True}})
    assert (plan.recovery_days(cache), plan.logs(cache)) == (30, True)
    assert not plan.logs(settings({"azure": {"logs": False}}, environment="production"))
    assert not plan.keys(settings({"azure": {"auth": "entra", "principalIds": [ALICE]}}))


@pytest.mark.parametrize(
    ("cache", "replicas"),
    [
        (classic(), None),
        (classic(sku="Premium_P1"), None),
        (classic({"replicas": 1}, sku="Premium_P1"), None),
        (classic({"replicas": 2}, sku="Premium_P1"), 2),
        (classic({"replicas": 3}, sku="Premium_P1"), 3),
        (classic({"replicas": 1}, sku="Standard_C1"), None),
    ],
)
def test_replicas_of_a_classic_cache(cache: dict[str, Any], replicas: int | None) -> None:
    assert plan.classic_replicas(settings(cache)) == replicas


def test_what_survives_in_a_classic_cache() -> None:
    snapshots = {"connectionString": CONNECTION_STRING}
    kept = classic({"persistence": "aof"}, sku="Premium_P1", snapshots=snapshots)
    assert plan.persistence(settings(kept)) is Persistence.AOF
    by_default = classic(sku="Premium_P1", snapshots=snapshots)
    assert plan.persistence(settings(by_default, environment="staging")) is Persistence.RDB


@given(st.dates(min_value=date(2030, 1, 1), max_value=date(2900, 1, 1)))
def test_secrets_expire_when_their_day_begins(day: Any) -> None:
    cache = settings({"azure": {"secretExpires": day.isoformat()}})
    expires = plan.expires(cache)
    assert isinstance(expires, int)
    moment = datetime.fromtimestamp(expires, timezone.utc)
    assert (moment.date(), moment.hour, moment.minute) == (day, 0, 0)


def test_a_classic_cache_is_asked_for_by_name() -> None:
    with pytest.raises(AssertionError):
        plan.classic(settings())
    assert plan.classic(settings(classic())).acknowledge_retirement
    assert settings({"azure": {"classic": ACKNOWLEDGED}}) == settings(classic())


def test_the_policies_of_all_modes() -> None:
    assert isinstance(settings(), CacheSettings)
    assert {policy for _, policy, _ in SPREAD} == {policy.value for policy in ClusteringPolicy}
