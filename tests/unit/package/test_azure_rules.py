"""What the rules of Azure refuse, in which words, and the nearest settings that they accept."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from azure_cases import (
    ACCESS,
    ACKNOWLEDGED,
    ACTION_GROUP,
    ALICE,
    BOB,
    CACHE,
    CLASSIC_ZONE,
    CONNECTION_STRING,
    IDENTITY,
    KEY_URL,
    MANAGED_ZONE,
    PRODUCTION,
    READER,
    SUBNET,
    VAULT,
    VAULT_ZONE,
    WORKSPACE,
    classic,
    problems,
    settings,
    stack,
    zone_id,
)
from hypothesis import given
from hypothesis import strategies as st
from package_azure_cloud import SUBSCRIPTION
from package_cases import accepted, error_of, one, paths_of
from secure_redis import configuration
from secure_redis.azure import classic_rules, rules, sizes
from secure_redis.azure.settings import AzureSettings, Classic
from secure_redis.configuration import parse_stack
from secure_redis.problems import ConfigurationError
from secure_redis.settings import Target

Case = tuple[str, dict[str, Any], str, str]
"""The rule in the design, settings, where something is wrong with them, and the words."""


def azure(**keys: Any) -> dict[str, Any]:
    """A cache with settings of the Azure target."""
    return {"azure": keys}


SNAPSHOTS = {"connectionString": CONNECTION_STRING}
PREMIUM: dict[str, Any] = {"sku": "Premium_P1"}
OPEN = {"azure": {"publicAccess": True}}
FLASH: dict[str, Any] = {"sku": "FlashOptimized_A250", "allowPreview": True}


def addresses(start: str, end: str) -> dict[str, Any]:
    """A classic cache that some addresses may reach."""
    return classic(OPEN, firewallRules=[{"startIp": start, "endIp": end}])


MANAGED: list[Case] = [
    # V2: sizes.
    ("V2", azure(sku="Enterprise_E10"), "azure.sku", "nobody can make since 2026-04-01"),
    ("V2", azure(sku="EnterpriseFlash_F300"), "azure.sku", "ends on 2027-03-31"),
    ("V2", azure(sku="Enterprise_E99"), "azure.sku", "nobody can make since 2026-04-01"),
    ("V2", azure(sku="Premium_P1"), "azure.sku", "the retiring Azure Cache for Redis"),
    ("V2", azure(sku="Basic_C0"), "azure.sku", "the retiring Azure Cache for Redis"),
    ("V2", azure(sku="Balanced_B7"), "azure.sku", "is no size of Azure Managed Redis"),
    ("V2", azure(sku="balanced_b5"), "azure.sku", "is no size of Azure Managed Redis"),
    ("V2", azure(sku="Balanced-B5"), "azure.sku", "should match pattern"),
    (
        "V2",
        {"memoryGb": 20, **azure(sku="Balanced_B10")},
        "azure.sku",
        "holds 9.6 GB after its reserve of 20 %, less than memoryGb",
    ),
    ("V2", {"memoryGb": 193}, "memoryGb", "no size holds 193 GB after its reserve of 20 %"),
    # V3: no clustering.
    (
        "V3",
        azure(sku="Balanced_B50", clusteringPolicy="NoCluster"),
        "azure.clusteringPolicy",
        "NoCluster ends at 24 GB, and Balanced_B50 has 60",
    ),
    (
        "V3",
        {"memoryGb": 40, **azure(clusteringPolicy="NoCluster")},
        "azure.clusteringPolicy",
        "NoCluster ends at 24 GB",
    ),
    (
        "V3",
        azure(**FLASH, clusteringPolicy="NoCluster"),
        "azure.clusteringPolicy",
        "not there for sizes on flash",
    ),
    ("V3", azure(clusteringPolicy="Cluster"), "azure.clusteringPolicy", "must be one of"),
    (
        "V3",
        {"purpose": "queue", **azure(clusteringPolicy="OSSCluster")},
        "azure.clusteringPolicy",
        "which brokers of queues do not",
    ),
    # V4, V5: TLS.
    ("V4", azure(clientProtocol="Plaintext"), "azure.clientProtocol", "speaks TLS here, always"),
    ("V4", {"mode": "none"}, "mode", "Azure has TLS and a login, always"),
    ("V4", {"mode": "password"}, "mode", "Azure has TLS and a login, always"),
    ("V4", {"mode": "mtls"}, "mode", "Azure asks no client for a certificate"),
    ("V4", {"tlsProfile": "fips"}, "tlsProfile", "Azure chooses its cipher suites itself"),
    ("V5", azure(minimumTlsVersion="1.0"), "azure.minimumTlsVersion", "is 1.2, always"),
    # V6: snapshots or a log.
    ("V6", {"persistence": "both"}, "persistence", "must be one of none, rdb or aof"),
    (
        "V6",
        {"persistence": "rdb", **azure(snapshotFrequency="2h")},
        "azure.snapshotFrequency",
        "must be one of 1h, 6h or 12h",
    ),
    (
        "V6",
        {"persistence": "aof", **azure(snapshotFrequency="1h")},
        "azure.snapshotFrequency",
        "has no effect with persistence aof",
    ),
    (
        "V6",
        azure(snapshotFrequency="1h"),
        "azure.snapshotFrequency",
        "has no effect with persistence none",
    ),
    # V7: other regions.
    ("V7", azure(geoReplication={}), "azure.geoReplication", "to other regions is not made here"),
    # V8: RediSearch; V9: modules.
    (
        "V8",
        {
            "evictionPolicy": "noeviction",
            **azure(modules=["RediSearch"], clusteringPolicy="NoCluster"),
        },
        "azure.clusteringPolicy",
        "RediSearch needs EnterpriseCluster",
    ),
    (
        "V8",
        {
            "evictionPolicy": "noeviction",
            **azure(modules=["RediSearch"], clusteringPolicy="OSSCluster"),
        },
        "azure.clusteringPolicy",
        "RediSearch needs EnterpriseCluster",
    ),
    ("V8", azure(modules=["RediSearch"]), "evictionPolicy", "RediSearch needs noeviction"),
    (
        "V8",
        {"evictionPolicy": "noeviction", **azure(**FLASH, modules=["RediSearch"])},
        "azure.modules",
        "sizes on flash have RedisJSON only",
    ),
    (
        "V8",
        azure(**FLASH, modules=["RedisJSON", "RedisBloom"]),
        "azure.modules",
        "sizes on flash have RedisJSON only",
    ),
    ("V9", azure(modules=["RedisJSON", "RedisJSON"]), "azure.modules", "names one twice"),
    ("V9", azure(modules=["RedisGraph"]), "azure.modules.0", "must be one of RedisBloom"),
    ("V9", azure(modules="RedisJSON"), "azure.modules", "must be a list"),
    # V10: eviction.
    ("V10", {"evictionPolicy": "AllKeysLRU"}, "evictionPolicy", "must be one of noeviction"),
    ("V10", {"evictionPolicy": "volatile-lrm"}, "evictionPolicy", "must be one of noeviction"),
    (
        "V10",
        {"purpose": "queue", "evictionPolicy": "volatile-lru"},
        "evictionPolicy",
        "lets a full queue lose entries",
    ),
    # V12: logins.
    ("V12", azure(auth="token"), "azure.auth", "must be one of keys or entra"),
    ("V12", azure(auth="entra"), "azure.principalIds", "nobody could log in"),
    ("V12", azure(principalIds=[ALICE]), "azure.principalIds", "has an effect with auth entra"),
    (
        "V12",
        azure(auth="entra", principalIds=["shop"]),
        "azure.principalIds.0",
        "is no id of its kind",
    ),
    (
        "V12",
        azure(auth="entra", principalIds=[ALICE, IDENTITY]),
        "azure.principalIds.1",
        "is no id of its kind",
    ),
    (
        "V12",
        azure(auth="entra", principalIds=[ALICE, ALICE.upper()]),
        "azure.principalIds",
        "names one twice",
    ),
    (
        "V12",
        azure(auth="entra", principalIds=[ALICE], activeKey="primary"),
        "azure.activeKey",
        "has no effect with auth entra",
    ),
    ("V12", azure(activeKey="tertiary"), "azure.activeKey", "must be one of primary or secondary"),
    # V13-V15: what Azure Managed Redis has not, and what never changes.
    ("V13", azure(zones=["1"]), "azure.zones", "spreads over zones itself"),
    ("V13", azure(capacity=2), "azure.capacity", "Azure Managed Redis has none"),
    ("V13", azure(firewallRules=[]), "azure.firewallRules", "Azure Managed Redis has none"),
    ("V13", azure(subnetId=SUBNET), "azure.subnetId", "cannot be put into a subnet"),
    ("V14", azure(database=1), "azure.database", "has the database 0 only"),
    ("V15", azure(port=6380), "azure.port", "is 10000, always"),
    # V16: previews.
    ("V16", azure(sku="Balanced_B350"), "azure.sku", "is a preview"),
    ("V16", azure(sku="FlashOptimized_A250"), "azure.sku", "is a preview"),
    ("V16", azure(allowPreview="yes"), "azure.allowPreview", "must be true or false"),
    # V17: copies of the data.
    ("V17", {"replicas": 2}, "replicas", "keeps one copy of the data, or none"),
    # What Azure has not at all.
    ("-", {"engine": "valkey"}, "engine", "Azure runs Redis, not Valkey"),
    ("-", {"rotation": {"generation": 2}}, "rotation", "which makes the keys itself"),
    ("-", {"rotationDays": 30}, "rotationDays", "which does not tell the age of a key"),
    ("-", {"aws": {"shards": 2}}, "aws", "no effect on the target azure"),
    ("-", {"docker": {"port": 7000}}, "docker", "no effect on the target azure"),
    ("-", azure(skew="x"), "azure.skew", "unknown key"),
    # A key of the customer's.
    (
        "-",
        azure(customerManagedKey={"keyUrl": KEY_URL}),
        "azure.customerManagedKey",
        "needs both keyUrl and identityId",
    ),
    (
        "-",
        azure(customerManagedKey={}, vaultId=VAULT),
        "azure.customerManagedKey",
        "azure.vaultId names another one",
    ),
    *(
        (
            "-",
            azure(customerManagedKey={"keyUrl": url, "identityId": IDENTITY}),
            "azure.customerManagedKey.keyUrl",
            "is no URL of a key with its version",
        )
        for url in (
            KEY_URL.rpartition("/")[0],
            KEY_URL.replace("https", "http"),
            KEY_URL.replace("keys", "secrets"),
            "https://example.com/keys/a/b",
        )
    ),
    (
        "-",
        azure(customerManagedKey={"keyUrl": KEY_URL, "identityId": ALICE}),
        "azure.customerManagedKey.identityId",
        "is no resource id of a Microsoft.ManagedIdentity/userAssignedIdentities",
    ),
]

OLD: list[Case] = [
    # C2: sizes.
    ("C2", classic(sku="Premium_P6"), "azure.classic.sku", "is no size of Azure Cache for Redis"),
    ("C2", classic(sku="Standard_P1"), "azure.classic.sku", "is no size of Azure Cache for"),
    ("C2", classic(sku="Basic_C7"), "azure.classic.sku", "is no size of Azure Cache for"),
    ("C2", classic(sku="Enterprise_E10"), "azure.classic.sku", "nobody can make since 2026-04"),
    ("C2", classic(sku="Balanced_B5"), "azure.classic.sku", "is no size of Azure Cache for"),
    ("C2", classic({"memoryGb": 43}), "memoryGb", "no size of the classic cache holds 43 GB"),
    (
        "C2",
        classic({"memoryGb": 6}, sku="Standard_C3"),
        "azure.classic.sku",
        "holds 4.8 GB after its reserve",
    ),
    # C3: Premium only.
    ("C3", classic(shards=2), "azure.classic.shards", "the tier Premium only, and this is"),
    ("C3", classic(zones=["1"]), "azure.classic.zones", "the tier Premium only, and this is"),
    (
        "C3",
        classic({"persistence": "rdb"}, snapshots=SNAPSHOTS),
        "azure.classic.snapshots",
        "the tier Premium only, and this is Standard",
    ),
    ("C3", classic(zones=["4"], **PREMIUM), "azure.classic.zones", "must be different ones of"),
    ("C3", classic(zones=["1", "1"], **PREMIUM), "azure.classic.zones", "must be different"),
    ("C3", classic({"replicas": 4}, **PREMIUM), "replicas", "the tier Premium has 3 replicas"),
    ("C3", classic({"replicas": 2}), "replicas", "the tier Standard has 1 replica"),
    ("C3", classic({"replicas": 1}, sku="Basic_C1"), "replicas", "the tier Basic has no replica"),
    ("C3", classic({"replicas": 0}), "replicas", "the tier Standard always has one"),
    ("C3", classic(staticIp="10.0.0.4"), "azure.classic.staticIp", "is not made here"),
    ("C3", classic(linkedServers=[]), "azure.classic.linkedServers", "is not made here"),
    # C4, C5: persistence.
    *(
        (
            "C4",
            classic(
                {"persistence": "rdb"},
                **PREMIUM,
                snapshots={**SNAPSHOTS, "frequencyMinutes": minutes},
            ),
            "azure.classic.snapshots.frequencyMinutes",
            "must be one of 15, 30, 60, 360, 720, 1440",
        )
        for minutes in (0, 14, 45, 61, 1441)
    ),
    (
        "C4",
        classic({"persistence": "rdb"}, **PREMIUM, snapshots={}),
        "azure.classic.snapshots",
        "must have either connectionString or storageSubscriptionId",
    ),
    (
        "C4",
        classic(
            {"persistence": "rdb"},
            **PREMIUM,
            snapshots={**SNAPSHOTS, "storageSubscriptionId": SUBSCRIPTION},
        ),
        "azure.classic.snapshots",
        "must have either connectionString or storageSubscriptionId",
    ),
    (
        "C4",
        classic({"persistence": "rdb"}, **PREMIUM, snapshots={"storageSubscriptionId": "mine"}),
        "azure.classic.snapshots.storageSubscriptionId",
        "is no id of its kind",
    ),
    (
        "C4",
        classic({"persistence": "rdb"}, **PREMIUM),
        "persistence",
        "rdb needs a storage account",
    ),
    (
        "C4",
        classic({"persistence": "none"}, **PREMIUM, snapshots=SNAPSHOTS),
        "azure.classic.snapshots",
        "contradicts persistence: none",
    ),
    (
        "C5",
        classic({"persistence": "aof"}, **PREMIUM),
        "persistence",
        "aof needs a storage account",
    ),
    (
        "C5",
        classic({"persistence": "aof"}, **PREMIUM, snapshots={**SNAPSHOTS, "frequencyMinutes": 60}),
        "azure.classic.snapshots.frequencyMinutes",
        "has no effect with aof",
    ),
    # C6: shards.
    ("C6", classic(shards=0, **PREMIUM), "azure.classic.shards", "greater than or equal to 1"),
    ("C6", classic(shards=11, **PREMIUM), "azure.classic.shards", "less than or equal to 10"),
    # C8: addresses.
    ("C8", addresses("203.0.113.9", "203.0.113.4"), "azure.classic.firewallRules.0", "ends before"),
    ("C8", addresses("203.0.113.9", "shop"), "azure.classic.firewallRules.0", "two IPv4 addresses"),
    ("C8", addresses("::1", "::2"), "azure.classic.firewallRules.0", "two IPv4 addresses"),
    ("C8", addresses("0.0.0.0", "255.255.255.255"), "azure.classic.firewallRules.0", "large part"),
    ("C8", addresses("203.0.0.0", "203.1.0.0"), "azure.classic.firewallRules.0", "large part"),
    ("C8", classic(OPEN), "azure.classic.firewallRules", "the whole internet could try keys"),
    (
        "C8",
        classic(firewallRules=[{"startIp": "203.0.113.4", "endIp": "203.0.113.4"}]),
        "azure.classic.firewallRules",
        "does not answer on the internet",
    ),
    (
        "C8",
        classic(OPEN, firewallRules=[{"startIp": "203.0.113.4", "endIp": "203.0.113.4"}] * 2),
        "azure.classic.firewallRules",
        "names one twice",
    ),
    # C9-C11: what is never made.
    ("C9", classic(subnetId=SUBNET), "azure.classic.subnetId", "a private endpoint is the way in"),
    *(
        (
            "C10",
            classic(parameters={name: "true"}),
            f"azure.classic.parameters.{name}",
            "a cache without a login is never made",
        )
        for name in ("authnotrequired", "requirepass")
    ),
    ("C11", classic(enableNonSslPort=True), "azure.classic.enableNonSslPort", "is never opened"),
    (
        "C11",
        classic(parameters={"enable-non-ssl-port": "true"}),
        "azure.classic.parameters.enable-non-ssl-port",
        "a port without TLS is never opened",
    ),
    ("C11", classic(minimumTlsVersion="1.0"), "azure.classic.minimumTlsVersion", "is 1.2, always"),
    ("C11", classic(port=6379), "azure.classic.port", "is 6380, always"),
    # C12: times for patches.
    (
        "C12",
        classic(patchWindows=[{"day": "Sunday", "hour": 24}]),
        "azure.classic.patchWindows.0.hour",
        "less than or equal to 23",
    ),
    (
        "C12",
        classic(patchWindows=[{"day": "sunday", "hour": 3}]),
        "azure.classic.patchWindows.0.day",
        "must be one of Monday",
    ),
    (
        "C12",
        classic(patchWindows=[{"day": "Sunday", "hour": 3}, {"day": "Sunday", "hour": 9}]),
        "azure.classic.patchWindows",
        "names a day twice",
    ),
    # C13, C14: parameters.
    (
        "C13",
        classic(sku="Basic_C1", parameters={"maxmemory-reserved": "50"}),
        "azure.classic.parameters.maxmemory-reserved",
        "cannot be set in the tier Basic",
    ),
    (
        "C13",
        classic(parameters={"maxmemory-reserved": "10%"}),
        "azure.classic.parameters.maxmemory-reserved",
        "must be a number of megabytes",
    ),
    (
        "C14",
        classic(sku="Basic_C1", parameters={"notify-keyspace-events": "Ex"}),
        "azure.classic.parameters.notify-keyspace-events",
        "cannot be set in the tier Basic",
    ),
    (
        "-",
        classic({"evictionPolicy": "allkeys-lfu"}, sku="Basic_C1"),
        "evictionPolicy",
        "Basic knows no LFU",
    ),
    *(
        (
            "-",
            classic(parameters={name: "1"}),
            f"azure.classic.parameters.{name}",
            words,
        )
        for name, words in (
            ("maxmemory-policy", "evictionPolicy decides it"),
            ("aad-enabled", "azure.auth decides it"),
            ("rdb-backup-enabled", "azure.classic.snapshots decides it"),
            ("aof-storage-connection-string-0", "azure.classic.snapshots decides it"),
            ("hz", "is no parameter"),
        )
    ),
    # C15: the end.
    (
        "C15",
        azure(classic={}),
        "azure.classic.acknowledgeRetirement",
        "retires on 2028-09-30, and takes no new customers since 2026-04-01",
    ),
    (
        "C15",
        azure(classic={"acknowledgeRetirement": False}),
        "azure.classic.acknowledgeRetirement",
        "must be true",
    ),
    # What only Azure Managed Redis has.
    *(
        (
            "-",
            classic({"azure": {key: value}}),
            f"azure.{key}",
            "a classic cache has no such setting",
        )
        for key, value in (
            ("sku", "Balanced_B5"),
            ("allowPreview", True),
            ("clusteringPolicy", "NoCluster"),
            ("snapshotFrequency", "1h"),
            ("modules", ["RedisJSON"]),
            ("customerManagedKey", {}),
        )
    ),
]

VAULTS: list[Case] = [
    ("K2", azure(vaultRecoveryDays=6), "azure.vaultRecoveryDays", "greater than or equal to 7"),
    ("K2", azure(vaultRecoveryDays=91), "azure.vaultRecoveryDays", "less than or equal to 90"),
    (
        "K2",
        azure(vaultId=VAULT, vaultRecoveryDays=30),
        "azure.vaultRecoveryDays",
        "has no effect on a vault that exists",
    ),
    ("K5", azure(secretExpires="2020-01-01"), "azure.secretExpires", "has passed"),
    ("K5", azure(secretExpires="2099-02-30"), "azure.secretExpires", "must be a day such as"),
    ("K5", azure(secretExpires="1.1.2099"), "azure.secretExpires", "must be a day such as"),
    ("K5", azure(secretExpires=20990101), "azure.secretExpires", "must be text"),
    *(
        ("-", azure(vaultId=value), "azure.vaultId", "is no resource id of a Microsoft.KeyVault")
        for value in ("shop", "https://shop.vault.azure.net", f"{VAULT}/secrets/x", WORKSPACE)
    ),
    (
        "-",
        azure(logs=True, workspaceId=VAULT),
        "azure.workspaceId",
        "is no resource id of a Microsoft.OperationalInsights/workspaces",
    ),
    ("-", azure(workspaceId=WORKSPACE), "azure.workspaceId", "logs are off"),
    ("-", azure(logRetentionDays=60), "azure.logRetentionDays", "logs are off"),
    (
        "-",
        azure(logs=True, workspaceId=WORKSPACE, logRetentionDays=60),
        "azure.logRetentionDays",
        "the workspace exists",
    ),
    ("-", azure(logs=True, logRetentionDays=29), "azure.logRetentionDays", "equal to 30"),
    ("-", azure(logs=True, logRetentionDays=731), "azure.logRetentionDays", "equal to 730"),
]
WRONG = [*MANAGED, *OLD, *VAULTS]


@pytest.mark.parametrize(
    ("cache", "where", "words"),
    [case[1:] for case in WRONG],
    ids=[f"{number}-{case[0]}" for number, case in enumerate(WRONG)],
)
def test_what_is_wrong_with_a_cache(cache: dict[str, Any], where: str, words: str) -> None:
    found = problems(cache)
    assert list(found) == [f"{CACHE}.{where}"]
    problem = found[f"{CACHE}.{where}"]
    assert words in problem.reason
    assert problem.fix.endswith((".", "?"))
    assert not problem.rule, "nothing may accept what Azure refuses"


OF_THE_DESIGN = {
    *(f"V{number}" for number in range(1, 21)),
    *(f"C{number}" for number in range(1, 16)),
    *(f"K{number}" for number in range(1, 7)),
}
ELSEWHERE = {
    "V1": "names are made here, legal ones: test_azure_names, test_azure_component (components)",
    "V11": "refused below, unless it is another environment: PRODUCTION_NOT",
    "V18": "a cache gets one private endpoint, and there is no setting for more",
    "V19": "refused below, as a network of the stack: WRONG_STACKS",
    "V20": "what a cloud has not is known before anything is made: test_program_stacks",
    "C1": "names are made here, legal ones: test_azure_names",
    "C7": "one setting, azure.auth, turns keys off and Entra on: test_azure_component",
    "K1": "names are made here, legal ones: test_azure_names",
    "K3": "true or nothing is sent: test_azure_component",
    "K4": "names are made here, legal ones: test_azure_names",
    "K6": "every vault has RBAC, in every environment: test_azure_invariants",
}
"""Rules that no setting of one cache can break, and why."""


def test_every_rule_of_the_design_is_tried() -> None:
    tried = {case[0] for case in WRONG} - {"-"}
    assert tried | ELSEWHERE.keys() == OF_THE_DESIGN
    assert not tried & ELSEWHERE.keys()


def test_every_key_that_is_refused_with_a_reason_is_tried() -> None:
    tried = {case[2] for case in WRONG}
    for model, path in ((AzureSettings, "azure"), (Classic, "azure.classic")):
        assert {f"{path}.{key}" for key in model.ABSENT} <= tried


@pytest.mark.parametrize(("key", "words"), list(classic_rules._DECIDED.items()))
def test_every_parameter_that_something_else_decides_is_refused(key: str, words: str) -> None:
    found = problems(classic(parameters={key: "x"}))
    assert found[f"{CACHE}.azure.classic.parameters.{key}"].reason == words


# What production refuses.

EXCEPTED: list[tuple[dict[str, Any], str, str]] = [
    ({"replicas": 0}, "replicas", "single-node"),
    ({"purpose": "sessions", "persistence": "none"}, "persistence", "volatile-data"),
    ({"protect": False}, "protect", "unprotected-data"),
    (classic({"purpose": "sessions"}, **PREMIUM), "azure.classic.snapshots", "volatile-data"),
]


@pytest.mark.parametrize(("cache", "where", "rule"), EXCEPTED)
def test_production_refuses_unless_the_stack_says_why(
    cache: dict[str, Any], where: str, rule: str
) -> None:
    found = problems(cache, **PRODUCTION)
    assert list(found) == [f"{CACHE}.{where}"]
    assert found[f"{CACHE}.{where}"].rule == rule
    for environment in ("development", "staging"):
        assert settings(cache, environment=environment)
    assert settings(cache, **PRODUCTION, exceptions={rule: "the reason"})


def test_basic_in_production_needs_a_reason() -> None:
    cache = classic({"replicas": 0}, sku="Basic_C1")
    found = problems(cache, **PRODUCTION)
    assert {problem.rule for problem in found.values()} == {"single-node"}
    assert f"{CACHE}.azure.classic.sku" in found
    assert settings(cache, **PRODUCTION, exceptions={"single-node": "the reason"})


PRODUCTION_NOT: list[dict[str, Any]] = [
    OPEN,
    addresses("203.0.113.4", "203.0.113.9"),
]


@pytest.mark.parametrize("cache", PRODUCTION_NOT)
def test_nothing_opens_a_cache_of_production_to_the_internet(cache: dict[str, Any]) -> None:
    (problem,) = problems(cache, **PRODUCTION).values()
    assert problem.path == f"{CACHE}.azure.publicAccess"
    assert not problem.rule
    assert settings(cache, environment="staging")


# The nearest right settings.

RIGHT: list[dict[str, Any]] = [
    {},
    {"engine": "redis", "mode": "tls", "tlsProfile": "modern"},
    {"memoryGb": 192},
    {"memoryGb": 768, **azure(allowPreview=True)},
    {"memoryGb": 9.6, **azure(sku="Balanced_B10")},
    azure(sku="Balanced_B20", clusteringPolicy="NoCluster"),
    azure(sku="Balanced_B50", clusteringPolicy="EnterpriseCluster"),
    azure(sku="Balanced_B50", clusteringPolicy="OSSCluster"),
    azure(sku="Balanced_B350", allowPreview=True),
    azure(**FLASH, modules=["RedisJSON"]),
    azure(modules=["RedisBloom", "RedisTimeSeries", "RedisJSON"]),
    {"evictionPolicy": "noeviction", **azure(modules=["RediSearch", "RedisJSON"])},
    {"persistence": "rdb", **azure(snapshotFrequency="12h")},
    {"persistence": "aof"},
    {"replicas": 1},
    azure(auth="entra", principalIds=[ALICE, BOB.upper()]),
    azure(activeKey="secondary"),
    azure(customerManagedKey={}),
    azure(customerManagedKey={"keyUrl": KEY_URL, "identityId": IDENTITY}, vaultId=VAULT),
    azure(
        customerManagedKey={
            "keyUrl": KEY_URL.replace("vault.", "managedhsm."),
            "identityId": IDENTITY,
        }
    ),
    azure(vaultId=VAULT.lower()),
    azure(vaultRecoveryDays=7),
    azure(vaultRecoveryDays=90),
    azure(secretExpires="2099-12-31"),
    azure(secretExpires="2099-12-31 00:00:00 +0000 UTC"),  # without quotes
    azure(logs=True, logRetentionDays=730),
    azure(logs=True, workspaceId=WORKSPACE),
    azure(publicAccess=True),
    classic(),
    classic(sku="Basic_C0"),
    classic({"replicas": 1}),
    classic({"replicas": 3}, **PREMIUM),
    classic({"memoryGb": 4.8}, sku="Standard_C3"),
    classic({"memoryGb": 96}, sku="Premium_P5"),
    classic({"memoryGb": 42, "persistence": "none"}, sku="Premium_P4"),
    classic(shards=10, zones=["3", "1"], **PREMIUM),
    classic({"persistence": "rdb"}, **PREMIUM, snapshots={**SNAPSHOTS, "frequencyMinutes": 1440}),
    classic({"persistence": "aof"}, **PREMIUM, snapshots=SNAPSHOTS),
    classic({"persistence": "rdb"}, **PREMIUM, snapshots={"storageSubscriptionId": SUBSCRIPTION}),
    addresses("203.0.113.4", "203.0.113.4"),
    addresses("203.0.0.0", "203.0.255.255"),
    classic(patchWindows=[{"day": day, "hour": 23} for day in ("Sunday", "Monday")]),
    classic(parameters={"maxmemory-reserved": "50", "notify-keyspace-events": "Ex"}),
    classic({"evictionPolicy": "allkeys-lfu"}),
    classic({"azure": {"activeKey": "secondary"}}),
    classic({"azure": {"auth": "entra", "principalIds": [ALICE]}}),
]


@pytest.mark.parametrize("cache", RIGHT)
def test_the_nearest_right_settings(cache: dict[str, Any]) -> None:
    assert settings(cache)


def test_every_minute_that_azure_knows_is_accepted() -> None:
    for minutes in classic_rules.SNAPSHOT_MINUTES:
        snapshots = {**SNAPSHOTS, "frequencyMinutes": minutes}
        assert settings(classic({"persistence": "rdb"}, **PREMIUM, snapshots=snapshots))


# What the caches of a stack share.

GROUPS = [f"{ACTION_GROUP}-{number}" for number in range(6)]
OLD_ZONE = zone_id("privatelink.redisenterprise.cache.azure.net")
ADOPT = {"adopt": {"subnetId": SUBNET}}

WRONG_STACKS: list[tuple[dict[str, Any], str, str]] = [
    ({"access": {}}, "access", "names nobody"),
    ({"access": {"secretReaders": [READER]}}, "access", "names nobody"),
    ({"access": {"cidrs": ["0.0.0.0/0"]}}, "access.cidrs.0", "is the whole internet"),
    ({"access": {"cidrs": ["10.0.0.0/8", "8.0.0.0/8"]}}, "access.cidrs.1", "is a large part"),
    ({"access": {"cidrs": ["fd00:ec2::/32"]}}, "access.cidrs.0", "must be an IPv4 network"),
    ({"access": {"cidrs": ["10.1.0.1/16"]}}, "access.cidrs.0", "must be a network such as"),
    ({"access": {"cidrs": ["10.1.0.0/16"] * 2}}, "access.cidrs", "names one twice"),
    (
        {"access": {**ACCESS, "securityGroupIds": ["sg-0a1b2c3d"]}},
        "access.securityGroupIds",
        "on the target aws only",
    ),
    (
        {"access": {**ACCESS, "prefixListIds": ["pl-0a1b2c3d"]}},
        "access.prefixListIds",
        "on the target aws only",
    ),
    (
        {"access": {**ACCESS, "secretReaders": [READER, "shop"]}},
        "access.secretReaders.1",
        "is no id of its kind",
    ),
    (
        {"access": {**ACCESS, "secretReaders": [f"role:{READER}"]}},
        "access.secretReaders.0",
        "begins with no kind of principal",
    ),
    (
        {"access": {**ACCESS, "secretReaders": [READER, READER.upper()]}},
        "access.secretReaders",
        "names one twice",
    ),
    ({"alarms": {"notify": ["mail"]}}, "alarms.notify.0", "is no resource id of a"),
    ({"alarms": {"notify": [VAULT]}}, "alarms.notify.0", "Microsoft.Insights/actionGroups"),
    ({"alarms": {"notify": GROUPS}}, "alarms.notify", "5 action groups at most"),
    # V19: networks.
    ({"network": {"create": {"cidr": "10.0.0.0/27"}}}, "network.create.cidr", "of /8 to /26"),
    ({"network": {"create": {"cidr": "fd00::/24"}}}, "network.create.cidr", "an IPv4 network"),
    ({"network": {"create": {"cidr": "8.8.0.0/16"}}}, "network.create.cidr", "is not private"),
    ({"network": {"create": {"zones": 2}}}, "network.create.zones", "on the target aws only"),
    (
        {"network": {"create": {"availabilityZones": ["1"]}}},
        "network.create.availabilityZones",
        "on the target aws only",
    ),
    ({"network": {"resourceGroup": "a/b"}}, "network.resourceGroup", "is no name of a resource"),
    ({"network": {"resourceGroup": "shop."}}, "network.resourceGroup", "is no name of a resource"),
    ({"network": {"resourceGroup": "x" * 91}}, "network.resourceGroup", "90 characters at most"),
    ({"network": ADOPT}, "access.cidrs", "the security group of the adopted subnet decides"),
    (
        {"network": {"adopt": {}}, "access": {}},
        "network.adopt.subnetId",
        "is required on azure",
    ),
    (
        {"network": {"adopt": {"subnetId": "endpoints"}}, "access": {}},
        "network.adopt.subnetId",
        "is no resource id of a Microsoft.Network/virtualNetworks/*/subnets",
    ),
    (
        {
            "network": {"adopt": {"subnetId": SUBNET.rpartition("/subnets/")[0]}},
            "access": {},
        },
        "network.adopt.subnetId",
        "is no resource id of a",
    ),
    (
        {"network": {"adopt": {"subnetId": SUBNET, "vpcId": "vpc-0a1b2c3d"}}, "access": {}},
        "network.adopt.vpcId",
        "on the target aws only",
    ),
    (
        {"network": {"adopt": {"subnetId": SUBNET, "subnetIds": ["s"]}}, "access": {}},
        "network.adopt.subnetIds",
        "on the target aws and gcp only",
    ),
    (
        {"network": {"privateDns": {"zoneIds": ["privatelink.redis.azure.net"]}}},
        "network.privateDns.zoneIds.0",
        "is no resource id of a Microsoft.Network/privateDnsZones",
    ),
    (
        {"network": {"privateDns": {"zoneIds": [CLASSIC_ZONE]}}},
        "network.privateDns.zoneIds",
        "has no zone privatelink.redis.azure.net",
    ),
    (
        {"network": {"privateDns": {"zoneIds": [MANAGED_ZONE, OLD_ZONE]}}},
        "network.privateDns.zoneIds",
        "is the zone of another service",
    ),
    (
        {
            "network": {"privateDns": {"zoneIds": [MANAGED_ZONE]}},
            "environment": "staging",
        },
        "network.privateDns.zoneIds",
        "has no zone privatelink.vaultcore.azure.net",
    ),
    (
        {"network": {"privateDns": {"zoneIds": [MANAGED_ZONE], "byPolicy": True}}},
        "network.privateDns",
        "both zoneIds and byPolicy are given",
    ),
    # Tags.
    ({"tags": {"a<b": "x"}}, "tags.a<b", "may not hold"),
    ({"tags": {"azureTeam": "x"}}, "tags.azureTeam", "Azure keeps to itself"),
    ({"tags": {"team": "x" * 257}}, "tags.team", "is longer than 512 or, its value, 256"),
    ({"tags": {"x" * 513: "y"}}, f"tags.{'x' * 513}", "is longer than 512"),
    ({"tags": {f"t{n}": "x" for n in range(13)}}, "tags", "has 13 tags, and 12 is the most"),
]


@pytest.mark.parametrize(("keys", "where", "words"), WRONG_STACKS)
def test_what_is_wrong_with_a_stack(keys: dict[str, Any], where: str, words: str) -> None:
    found = problems(**keys)
    assert list(found) == [where]
    assert words in found[where].reason
    assert found[where].fix.endswith((".", "?"))
    assert not found[where].rule


def test_a_network_is_made_or_adopted() -> None:
    found = problems(network={"create": {}, **ADOPT}, access={})
    assert found["network"].reason == "both create and adopt are given, and only one can be"


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"network": {"create": {"cidr": "10.0.0.0/8"}}},
        {"network": {"create": {"cidr": "192.168.0.0/26"}}},
        {"network": {"resourceGroup": "Shop_(1).a-b"}},
        {"network": ADOPT, "access": {}},
        {"network": ADOPT, "access": {"secretReaders": [READER]}},
        {"network": {"privateDns": {"byPolicy": True}}},
        {"network": {"privateDns": {"zoneIds": [MANAGED_ZONE]}}},
        {
            "network": {"privateDns": {"zoneIds": [MANAGED_ZONE, VAULT_ZONE]}},
            "environment": "production",
        },
        {"network": {"privateDns": {"zoneIds": [MANAGED_ZONE.replace("privatel", "PRIVATEL")]}}},
        {"access": {**ACCESS, "secretReaders": [READER, f"user:{ALICE}", f"group:{BOB}"]}},
        {"access": {"cidrs": ["203.0.113.0/24", "10.0.0.0/8"]}},
        {"alarms": {"profile": "full", "notify": GROUPS[:5]}},
        {"tags": {f"t{n}": "x" * 256 for n in range(12)}},
    ],
)
def test_the_nearest_right_stacks(keys: dict[str, Any]) -> None:
    assert accepted(stack(**keys))


# Together.


def test_all_mistakes_are_told_at_once() -> None:
    raw = stack(
        {
            "mode": "none",
            "engine": "valkey",
            "memoryGb": "much",
            "azure": {
                "port": 6380,
                "sku": "Premium_P1",
                "auth": "entra",
                "modules": ["RedisJSON", "RedisJSON"],
                "colour": "red",
                "vaultRecoveryDays": 3,
                "vaultId": "shop",
                "secretExpires": "2020-01-01",
            },
        },
        access={"cidrs": ["0.0.0.0/0"], "secretReaders": ["*"]},
        alarms={"notify": ["mail"]},
        network={"create": {"cidr": "10.0.0.0/30"}, "resourceGroup": "a/b"},
        tags={"azure": "y"},
    )
    assert paths_of(raw) == [
        "access.cidrs.0",
        "access.secretReaders.0",
        "alarms.notify.0",
        f"{CACHE}.azure.colour",
        f"{CACHE}.azure.modules",
        f"{CACHE}.azure.port",
        f"{CACHE}.azure.principalIds",
        f"{CACHE}.azure.secretExpires",
        f"{CACHE}.azure.sku",
        f"{CACHE}.azure.vaultId",
        f"{CACHE}.azure.vaultRecoveryDays",
        f"{CACHE}.engine",
        f"{CACHE}.memoryGb",
        f"{CACHE}.mode",
        "network.create.cidr",
        "network.resourceGroup",
        "tags.azure",
    ]


SECRET = "HunterTwoHunterTwo"


@pytest.mark.parametrize(
    "settings_",
    [
        {"sku": SECRET},
        {"sku": f"Balanced_B{SECRET}"},
        {"auth": SECRET},
        {"vaultId": SECRET},
        {"workspaceId": SECRET},
        {"activeKey": SECRET},
        {"secretExpires": SECRET},
        {"principalIds": [SECRET], "auth": "entra"},
        {"customerManagedKey": {"keyUrl": SECRET, "identityId": SECRET}},
        {"customerManagedKey": SECRET},
        {"classic": SECRET},
        {"classic": {**ACKNOWLEDGED, "parameters": {"requirepass": SECRET}}},
        {"classic": {**ACKNOWLEDGED, "parameters": {"maxmemory-reserved": SECRET}}},
        {"classic": {**ACKNOWLEDGED, "snapshots": CONNECTION_STRING}},
        {"classic": {**ACKNOWLEDGED, "snapshots": SNAPSHOTS}},
        {"classic": {"snapshots": {"connectionString": [CONNECTION_STRING]}}},
        {"classic": {"snapshots": {"connectionString": CONNECTION_STRING, "frequencyMinutes": 7}}},
        {
            "classic": {
                **ACKNOWLEDGED,
                "sku": "Premium_P1",
                "snapshots": {"storageSubscriptionId": SECRET},
            }
        },
    ],
)
def test_a_value_in_the_wrong_place_is_not_shown(settings_: dict[str, Any]) -> None:
    """It can be a key that was pasted there; a storage account's connection string is one."""
    error = error_of(stack({"azure": settings_}))
    assert "HunterTwo" not in f"{error}{error!r}{error.problems!r}"


def test_each_cache_of_a_stack_is_judged() -> None:
    raw = stack()
    raw["caches"] = {"a": {"azure": {"port": 1}}, "b": {"mode": "none"}, "c": {}}
    assert paths_of(raw) == ["caches.a.azure.port", "caches.b.mode"]


@pytest.mark.parametrize("cache", [{"mode": "none"}, azure(sku="Premium_P1"), classic(shards=2)])
def test_a_component_is_judged_like_a_stack(cache: dict[str, Any]) -> None:
    raw = {**cache, "environment": "development"}
    with pytest.raises(ConfigurationError) as caught:
        configuration.parse_cache(raw, Target.AZURE, {})
    alone = [f"{CACHE}.{problem.path}" for problem in caught.value.problems]
    assert alone == paths_of(stack(cache))


@pytest.mark.parametrize("target", ["aws", "docker", "external"])
def test_what_only_azure_has(target: str) -> None:
    raw = one({"azure": {"activeKey": "primary"}}, target=target, access=ACCESS)
    problem = next(p for p in error_of(raw).problems if p.path == f"{CACHE}.azure")
    assert problem.reason == f"has no effect on the target {target}"


def test_aws_takes_no_setting_of_azures_networks() -> None:
    for network in (
        {"resourceGroup": "shop"},
        {"privateDns": {"byPolicy": True}},
        {"adopt": {"subnetId": SUBNET, "vpcId": "vpc-0a1b2c3d", "subnetIds": ["subnet-0a1b2c3d"]}},
    ):
        raw = one(target="aws", access=ACCESS, network=network)
        assert len(paths_of(raw)) == 1
        assert paths_of(raw)[0].startswith("network.")


@given(st.sampled_from([size for size in sizes.SIZES if size.memory_gb > sizes.NO_CLUSTER_GB]))
def test_no_large_size_goes_without_clustering(size: sizes.Size) -> None:
    cache = azure(sku=size.name, allowPreview=True, clusteringPolicy="NoCluster")
    assert paths_of(stack(cache)) == [f"{CACHE}.azure.clusteringPolicy"]
    del cache["azure"]["clusteringPolicy"]
    assert settings(cache)


# Today.


def at(today: date) -> Iterator[None]:
    """Runs with another date."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls(today.year, today.month, today.day, 12, tzinfo=tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "datetime", Clock)
        yield


@pytest.mark.parametrize(
    ("today", "fine"),
    [("2026-11-21", True), ("2028-09-29", True), ("2028-09-30", False), ("2029-01-01", False)],
)
def test_the_end_of_the_classic_cache(today: str, fine: bool) -> None:
    for _ in at(date.fromisoformat(today)):
        assert settings(), "Azure Managed Redis goes on"
        if fine:
            assert settings(classic())
            continue
        (problem,) = problems(classic()).values()
        assert problem.path == f"{CACHE}.azure.classic"
        assert problem.reason == "Azure Cache for Redis was turned off after 2028-09-30"
        assert "Azure Managed Redis takes its place" in problem.fix


@given(st.dates(date(2026, 1, 1), date(2100, 1, 1)), st.integers(-400, 400))
def test_a_secret_must_outlive_today(today: date, days: int) -> None:
    raw = stack(azure(secretExpires=(today + timedelta(days=days)).isoformat()))
    for _ in at(today):
        if days > 0:
            assert parse_stack(raw)
        else:
            assert paths_of(raw) == [f"{CACHE}.azure.secretExpires"]


def test_today_is_todays() -> None:
    tomorrow = datetime.now(timezone.utc).date() + timedelta(days=2)
    assert settings(azure(secretExpires=tomorrow.isoformat()))
