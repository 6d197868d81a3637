"""What the rules of Google Cloud refuse, in which words, and the nearest settings they accept."""

from typing import Any

import pytest
from gcp_cases import (
    ACCOUNT,
    ALICE,
    CACHE,
    CHANNEL,
    GLOBAL_KEY,
    KEY,
    NETWORK,
    PRODUCTION,
    RANGE,
    SHARED_NETWORK,
    SHOP,
    SUBNET,
    accepted,
    gcp,
    located,
    paths,
    problems,
    settings,
    stack,
    valkey,
)
from hypothesis import given
from hypothesis import strategies as st
from package_cases import error_of, one, paths_of
from package_gcp_cloud import REGION
from secure_redis import configuration
from secure_redis.gcp import plan, rules, sizes
from secure_redis.gcp.settings import GcpSettings
from secure_redis.problems import ConfigurationError
from secure_redis.settings import Target

Case = tuple[str, dict[str, Any], str, str]
"""The rule in the design, settings, where something is wrong with them, and the words."""

B, C = f"{REGION}-b", f"{REGION}-c"
ELSEWHERE_KEY = KEY.replace(REGION, "us-east1")

WRONG: list[Case] = [
    # The size.
    ("memory", gcp(memorySizeGb=0), "gcp.memorySizeGb", "greater than or equal to 1"),
    ("memory", gcp(memorySizeGb=301), "gcp.memorySizeGb", "less than or equal to 300"),
    ("memory", gcp(memorySizeGb=1.5), "gcp.memorySizeGb", "must be a whole number"),
    ("memory", {"memoryGb": 241}, "memoryGb", "needs 302 GiB with its reserve, and 300 is the"),
    (
        "memory",
        {"memoryGb": 4, **gcp(memorySizeGb=4)},
        "gcp.memorySizeGb",
        "holds 3.2 GiB of data, less than memoryGb",
    ),
    # The tier follows from the replicas.
    ("tier", gcp(tier="BASIC"), "gcp.tier", "follows from replicas"),
    # Read replicas.
    ("replicas", {"replicas": 6}, "replicas", "less than or equal to 5"),
    ("replicas", {"replicas": -1}, "replicas", "greater than or equal to 0"),
    ("replicas", gcp(readReplicas=True), "gcp.readReplicas", "there is no replica"),
    (
        "replicas",
        {"replicas": 2, **gcp(readReplicas=False)},
        "gcp.readReplicas",
        "false leaves one replica, which takes over",
    ),
    (
        "replicas",
        {"replicas": 2, **gcp(memorySizeGb=4)},
        "gcp.memorySizeGb",
        "read replicas need 5 GiB",
    ),
    (
        "replicas",
        {"replicas": 1, **gcp(memorySizeGb=4, readReplicas=True)},
        "gcp.memorySizeGb",
        "read replicas need 5 GiB",
    ),
    ("replicas", gcp(readReplicas="yes"), "gcp.readReplicas", "must be true or false"),
    (
        "replicas",
        {"replicas": 1, **gcp(secondaryRange="auto")},
        "gcp.secondaryRange",
        "is for read replicas, and there are none",
    ),
    (
        "connect mode",
        {"replicas": 2, **gcp(secondaryRange="10.9.0.0/28")},
        "gcp.secondaryRange",
        "must be one of auto",
    ),
    # Versions.
    *(
        ("version", gcp(engineVersion=old), "gcp.engineVersion", "is no longer maintained by any")
        for old in ("3.2", "4.0", "5.0")
    ),
    *(
        ("version", gcp(engineVersion=bad), "gcp.engineVersion", "is no version of redis on Memo")
        for bad in ("6.0", "7.4", "8.0", "REDIS_7_2", "7")
    ),
    ("version", valkey(engineVersion="7.0"), "gcp.engineVersion", "is no version of valkey on"),
    ("version", valkey(engineVersion="5.0"), "gcp.engineVersion", "is no version of valkey on"),
    ("version", gcp(engineVersion=7.2), "gcp.engineVersion", "must be text"),
    # The way in, TLS, logins.
    ("connect mode", gcp(connectMode="DIRECT_PEERING"), "gcp.connectMode", "private service acc"),
    ("-", gcp(transitEncryptionMode="DISABLED"), "gcp.transitEncryptionMode", "TLS is on, always"),
    ("-", gcp(authEnabled=False), "gcp.authEnabled", "logins are required, always"),
    ("-", gcp(port=6379), "gcp.port", "is Google's choice"),
    ("-", gcp(database=1), "gcp.database", "database 0 is the only one"),
    ("-", gcp(deletionProtection=False), "gcp.deletionProtection", "follows from protect"),
    ("-", gcp(location=REGION), "gcp.location", "is the region of the stack"),
    ("-", gcp(region=REGION), "gcp.region", "is the region of the stack"),
    ("-", gcp(redisConfigs={}), "gcp.redisConfigs", "is gcp.parameters here"),
    ("-", {"mode": "none"}, "mode", "Memorystore has TLS and a login, always"),
    ("-", {"mode": "password"}, "mode", "Memorystore has TLS and a login, always"),
    ("-", {"mode": "mtls"}, "mode", "Memorystore asks no client for a certificate"),
    ("-", {"tlsProfile": "fips"}, "tlsProfile", "Memorystore chooses its cipher suites itself"),
    # Zones.
    ("zones", gcp(zone="b"), "gcp.zone", "is no zone"),
    ("zones", gcp(zone=REGION), "gcp.zone", "is no zone"),
    ("zones", gcp(zone="us-east1-b"), "gcp.zone", "is not in the region europe-west1"),
    (
        "zones",
        {"replicas": 1, **gcp(zone=B, alternativeZone="us-east1-b")},
        "gcp.alternativeZone",
        "is not in the region europe-west1",
    ),
    (
        "zones",
        {"replicas": 1, **gcp(zone=B, alternativeZone=B)},
        "gcp.alternativeZone",
        "is the zone of the primary",
    ),
    (
        "zones",
        {"replicas": 1, **gcp(alternativeZone=C)},
        "gcp.alternativeZone",
        "needs the zone of the primary beside it",
    ),
    ("zones", gcp(zone=B, alternativeZone=C), "gcp.alternativeZone", "there is no replica"),
    ("zones", valkey(zone="us-east1-b"), "gcp.zone", "is not in the region europe-west1"),
    # Persistence.
    ("persistence", {"persistence": "aof"}, "persistence", "has no append-only file"),
    (
        "persistence",
        {"persistence": "rdb", **gcp(snapshotPeriod="TWO_HOURS")},
        "gcp.snapshotPeriod",
        "must be one of ONE_HOUR",
    ),
    (
        "persistence",
        gcp(snapshotPeriod="ONE_HOUR"),
        "gcp.snapshotPeriod",
        "has no effect with persistence none",
    ),
    (
        "persistence",
        valkey({"persistence": "aof"}, snapshotPeriod="ONE_HOUR"),
        "gcp.snapshotPeriod",
        "has no effect with persistence aof",
    ),
    # Maintenance.
    (
        "maintenance",
        gcp(maintenanceWindow={"day": "SUNDAY", "hour": 24}),
        "gcp.maintenanceWindow.hour",
        "less than or equal to 23",
    ),
    (
        "maintenance",
        gcp(maintenanceWindow={"day": "sunday", "hour": 3}),
        "gcp.maintenanceWindow.day",
        "must be one of MONDAY",
    ),
    (
        "maintenance",
        gcp(maintenanceWindow={"day": "SUNDAY"}),
        "gcp.maintenanceWindow.hour",
        "is required",
    ),
    # Parameters: each one of them in test_gcp_parameters.
    (
        "parameters",
        gcp(parameters={"maxmemory-gb": "1"}),
        "gcp.parameters.maxmemory-gb",
        "follows from memoryGb",
    ),
    (
        "parameters",
        gcp(parameters={"requirepass": "x"}),
        "gcp.parameters.requirepass",
        "is no parameter of redis",
    ),
    # The key of the data.
    (
        "key",
        gcp(customerManagedKey={"keyName": ELSEWHERE_KEY}),
        "gcp.customerManagedKey.keyName",
        "is in us-east1",
    ),
    (
        "key",
        gcp(customerManagedKey={"keyName": GLOBAL_KEY}),
        "gcp.customerManagedKey.keyName",
        "is in global",
    ),
    (
        "key",
        gcp(customerManagedKey={"keyName": "data"}),
        "gcp.customerManagedKey.keyName",
        "is no name of a key",
    ),
    (
        "key",
        gcp(customerManagedKey={"keyName": f"{KEY}/cryptoKeyVersions/1"}),
        "gcp.customerManagedKey.keyName",
        "names a version of a key",
    ),
    # Where the secrets are.
    ("key", gcp(secretKeyName=KEY), "gcp.secretKeyName", "is in europe-west1"),
    (
        "key",
        gcp(secretKeyName=GLOBAL_KEY, secretLocations=[REGION]),
        "gcp.secretKeyName",
        "is in global",
    ),
    (
        "key",
        gcp(secretKeyName=KEY, secretLocations=[REGION, "europe-west4"]),
        "gcp.secretKeyName",
        "one key is in one region, and the secrets are in several",
    ),
    ("key", gcp(secretKeyName="data"), "gcp.secretKeyName", "is no name of a key"),
    (
        "-",
        gcp(secretLocations=[REGION, "europe"]),
        "gcp.secretLocations.1",
        "is no region",
    ),
    ("-", gcp(secretLocations=[REGION, REGION]), "gcp.secretLocations", "names one twice"),
    (
        "destroy delay",
        gcp(secretDestroyDelayDays=1001),
        "gcp.secretDestroyDelayDays",
        "less than or equal to 1000",
    ),
    (
        "destroy delay",
        gcp(secretDestroyDelayDays=-1),
        "gcp.secretDestroyDelayDays",
        "greater than or equal to 0",
    ),
    # Valkey.
    ("valkey", valkey(shards=0), "gcp.shards", "greater than or equal to 1"),
    ("valkey", valkey(shards=251), "gcp.shards", "less than or equal to 250"),
    ("valkey", valkey({"replicas": 6}), "replicas", "less than or equal to 5"),
    ("valkey", valkey({"purpose": "queue"}, shards=2), "gcp.shards", "brokers of queues do not"),
    ("valkey", valkey(nodeType="HIGHMEM_SMALL"), "gcp.nodeType", "is no type of node that is kn"),
    ("valkey", valkey(nodeType="custom_pico"), "gcp.nodeType", "should match pattern"),
    (
        "valkey",
        valkey({"memoryGb": 2}, nodeType="CUSTOM_MICRO"),
        "gcp.nodeType",
        "holds 1.9 GiB of data, less than memoryGb",
    ),
    ("valkey", valkey({"memoryGb": 90}), "memoryGb", "no type of node holds 90 GiB"),
    (
        "valkey",
        valkey(backupRetentionDays=366),
        "gcp.backupRetentionDays",
        "less than or equal to 365",
    ),
    ("valkey", valkey(principals=[]), "gcp.principals", "names nobody"),
    ("valkey", {"engine": "valkey"}, "gcp.principals", "names nobody"),
    (
        "valkey",
        valkey(principals=[SHOP, f"serviceAccount:{ACCOUNT.upper()}"]),
        "gcp.principals",
        "names one twice",
    ),
    (
        "valkey",
        valkey(principals=[SHOP, "group:shop@example.com"]),
        "gcp.principals.1",
        "is no member: serviceAccount, user, a colon",
    ),
    ("valkey", valkey(principals=["allUsers"]), "gcp.principals", "is everybody on the internet"),
    ("valkey", valkey({"rotation": {"generation": 2}}), "rotation", "IAM has no password"),
    # What belongs to the other engine.
    *(
        ("-", gcp(**{key: value}), f"gcp.{key}", "has no effect on the engine redis")
        for key, value in (
            ("nodeType", "CUSTOM_PICO"),
            ("shards", 1),
            ("backupRetentionDays", 7),
            ("principals", [SHOP]),
        )
    ),
    *(
        ("-", valkey(None, **{key: value}), f"gcp.{key}", "has no effect on the engine valkey")
        for key, value in (
            ("memorySizeGb", 5),
            ("readReplicas", False),
            ("secondaryRange", "auto"),
            ("alternativeZone", C),
        )
    ),
    # What is not of this target.
    ("-", {"aws": {"shards": 2}}, "aws", "no effect on the target gcp"),
    ("-", {"azure": {"sku": "Balanced_B0"}}, "azure", "no effect on the target gcp"),
    ("-", {"docker": {"port": 7000}}, "docker", "no effect on the target gcp"),
    ("-", gcp(colour="red"), "gcp.colour", "unknown key"),
]


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
    assert not problem.rule, "nothing may accept what Google refuses"


OF_THE_DESIGN = {
    *("instance name", "cluster name", "valkey id", "memory", "tier", "replicas", "version"),
    *("connect mode", "Shared VPC", "prefix", "zones", "persistence", "maintenance", "parameters"),
    *("key", "labels", "secret id", "accessors", "rotation", "destroy delay", "valkey"),
    *("firewall", "alert"),
}
"""What can be wrong with a program for Memorystore."""
INEXPRESSIBLE = {
    "instance name": "names are made here, legal ones: test_gcp_names",
    "cluster name": "Memorystore for Redis Cluster is not made: Valkey does what it does",
    "valkey id": "names are made here, legal ones: test_gcp_names",
    "secret id": "names are made here, legal ones: test_gcp_names",
    "rotation": "no secret announces a rotation: an AUTH string has none, and IAM needs none",
    "alert": "no setting reaches an alarm's duration and comparison: test_gcp_alarms",
}
"""Rules that no setting can break, and why."""


def test_every_rule_of_the_design_is_tried() -> None:
    tried = {case[0] for case in [*WRONG, *WRONG_STACKS]} - {"-"}
    assert tried | INEXPRESSIBLE.keys() == OF_THE_DESIGN
    assert not tried & INEXPRESSIBLE.keys()


def test_every_key_that_is_refused_with_a_reason_is_tried() -> None:
    tried = {case[2] for case in WRONG}
    assert {f"gcp.{key}" for key in GcpSettings.ABSENT} <= tried


def test_every_setting_of_one_engine_is_tried_with_the_other() -> None:
    told = {case[2] for case in WRONG if case[3].startswith("has no effect on the engine")}
    assert len(told) == len(rules.REDIS_ONLY) + len(rules.VALKEY_ONLY)


# What production refuses.

EXCEPTED: list[tuple[dict[str, Any], str, str]] = [
    ({"replicas": 0}, "replicas", "single-node"),
    ({"purpose": "sessions", "persistence": "none"}, "persistence", "volatile-data"),
    ({"protect": False}, "protect", "unprotected-data"),
    (valkey({"replicas": 0}), "replicas", "single-node"),
    (valkey({"purpose": "queue", "persistence": "none"}), "persistence", "volatile-data"),
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


def test_nothing_is_without_guarantees_in_production() -> None:
    cache = valkey(nodeType="SHARED_CORE_NANO")
    (problem,) = problems(cache, **PRODUCTION).values()
    assert problem.path == f"{CACHE}.gcp.nodeType"
    assert "none of Google's guarantees" in problem.reason
    assert not problem.rule
    for environment in ("development", "staging"):
        assert settings(cache, environment=environment)


def test_a_volatile_cache_may_lose_what_can_be_computed_again() -> None:
    assert settings({"persistence": "none"}, **PRODUCTION)


# The nearest right settings.

RIGHT: list[dict[str, Any]] = [
    {},
    {"engine": "redis", "mode": "tls", "tlsProfile": "modern"},
    {"memoryGb": 240},
    {"memoryGb": 3.2, **gcp(memorySizeGb=4)},
    gcp(memorySizeGb=1),
    gcp(memorySizeGb=300),
    {"replicas": 5},
    {"replicas": 2, **gcp(memorySizeGb=5)},
    {"replicas": 1, **gcp(memorySizeGb=1, readReplicas=False)},
    {"replicas": 1, **gcp(memorySizeGb=5, readReplicas=True)},
    {"replicas": 0, **gcp(readReplicas=False)},
    {"replicas": 2, **gcp(secondaryRange="auto")},
    valkey({"persistence": "rdb"}, snapshotPeriod="ONE_HOUR"),
    *(gcp(engineVersion=version) for version in ("6.x", "7.0", "7.2")),
    *(valkey(engineVersion=version) for version in ("7.2", "8.0", "9.0")),
    gcp(zone=B),
    {"replicas": 1, **gcp(zone=B, alternativeZone=C)},
    {"persistence": "rdb", **gcp(snapshotPeriod="TWENTY_FOUR_HOURS")},
    gcp(maintenanceWindow={"day": "MONDAY", "hour": 0}),
    gcp(maintenanceWindow={"day": "SUNDAY", "hour": 23}),
    gcp(customerManagedKey={}),
    gcp(customerManagedKey={"keyName": KEY}),
    gcp(secretLocations=[REGION, "us-central1"]),
    gcp(secretLocations=[REGION], secretKeyName=KEY),
    gcp(secretKeyName=GLOBAL_KEY),
    gcp(secretDestroyDelayDays=0),
    gcp(secretDestroyDelayDays=1000),
    gcp(enableApis=True),
    {"rotation": {"generation": 2, "keepPrevious": True}},
    valkey(),
    valkey({"replicas": 5, "persistence": "aof"}, shards=250),
    valkey({"purpose": "queue"}),
    valkey({"memoryGb": 80}),
    valkey({"memoryGb": 1.8}, nodeType="CUSTOM_MICRO"),
    valkey({"memoryGb": 1024}, shards=250),
    valkey(zone=B, backupRetentionDays=365),
    valkey(principals=[SHOP, ALICE]),
    valkey({"rotation": {"generation": 1}}),
]


@pytest.mark.parametrize("cache", RIGHT)
def test_the_nearest_right_settings(cache: dict[str, Any]) -> None:
    assert settings(cache)


# What the caches of a stack share.

ADOPT: dict[str, Any] = {"adopt": {"networkId": NETWORK}}
SHARED: dict[str, Any] = {"adopt": {"networkId": SHARED_NETWORK}}
NAMED = {"privateServices": {"rangeName": RANGE}}
TAKEN = {f"t{number}": "x" for number in range(rules.LABELS + 1)}
ONE_VALKEY = {"caches": {"cache": valkey()}}

WRONG_STACKS: list[Case] = [
    # Networks.
    (
        "prefix",
        {"network": {"create": {"cidr": "10.0.0.0/27"}}},
        "network.create.cidr",
        "must be an IPv4 network of /8 to /26",
    ),
    (
        "prefix",
        {"network": {"create": {"cidr": "fd00::/24"}}},
        "network.create.cidr",
        "must be an IPv4 network",
    ),
    ("-", {"network": {"create": {"cidr": "8.8.0.0/16"}}}, "network.create.cidr", "is not priv"),
    (
        "prefix",
        {"network": {"privateServices": {"cidr": "10.64.0.0/25"}}},
        "network.privateServices.cidr",
        "must be an IPv4 network of /8 to /24",
    ),
    (
        "prefix",
        {"network": {"privateServices": {"cidr": "8.8.0.0/20"}}},
        "network.privateServices.cidr",
        "is not private",
    ),
    (
        "connect mode",
        {"network": {**ADOPT, "privateServices": {"rangeName": "10.64.0.0/20"}}},
        "network.privateServices.rangeName",
        "is the addresses of a range, or a path, and not its name",
    ),
    (
        "connect mode",
        {"network": {**ADOPT, "privateServices": {"rangeName": f"x/{RANGE}"}}},
        "network.privateServices.rangeName",
        "is the addresses of a range, or a path, and not its name",
    ),
    (
        "connect mode",
        {"network": {**ADOPT, "privateServices": {"rangeName": "Services"}}},
        "network.privateServices.rangeName",
        "is no name of a range",
    ),
    (
        "-",
        {"network": NAMED},
        "network.privateServices.rangeName",
        "is in no network that is made",
    ),
    *(
        (
            "-",
            {"network": {**ADOPT, "privateServices": {"rangeName": RANGE, key: value}}},
            f"network.privateServices.{key}",
            "has no effect on a range that exists",
        )
        for key, value in (("cidr", "10.64.0.0/20"), ("removePeering", True))
    ),
    ("-", {"network": {"adopt": {}}}, "network.adopt.networkId", "is required on gcp"),
    (
        "-",
        {"network": {"adopt": {"networkId": "shop"}}},
        "network.adopt.networkId",
        "is no name of a network",
    ),
    (
        "-",
        {"network": {"adopt": {"networkId": NETWORK.replace("shop-test", "123456789012")}}},
        "network.adopt.networkId",
        "is no name of a network",
    ),
    (
        "-",
        {"network": {"adopt": {"networkId": NETWORK, "subnetIds": ["caches"]}}, **ONE_VALKEY},
        "network.adopt.subnetIds",
        "is no name of a subnet",
    ),
    (
        "-",
        {"network": {"adopt": {"networkId": NETWORK, "subnetIds": [SUBNET] * 2}}, **ONE_VALKEY},
        "network.adopt.subnetIds",
        "names one twice",
    ),
    (
        "-",
        {
            "network": {
                "adopt": {
                    "networkId": NETWORK,
                    "subnetIds": [SUBNET, SUBNET.replace(REGION, "us-east1")],
                }
            },
            **ONE_VALKEY,
        },
        "network.adopt.subnetIds.1",
        "is not in the region europe-west1",
    ),
    # A way in that nobody takes.
    (
        "-",
        {"network": {"privateServices": {"cidr": "10.64.0.0/20"}}, **ONE_VALKEY},
        "network.privateServices",
        "is the way in of Redis, and every cache here is of Valkey",
    ),
    (
        "-",
        {"network": {"adopt": {"networkId": NETWORK, "subnetIds": [SUBNET]}}},
        "network.adopt.subnetIds",
        "is for the connection policy of Valkey, and no cache here is of it",
    ),
    *(
        (
            "prefix",
            {"network": {"create": {"cidr": own}, "privateServices": {"cidr": services}}},
            "network.privateServices.cidr",
            f"overlaps the network itself ({own})",
        )
        for own, services in (
            ("10.20.0.0/16", "10.20.16.0/20"),
            ("10.20.0.0/20", "10.20.0.0/16"),
        )
    ),
    (
        "prefix",
        {"network": {"privateServices": {"cidr": "10.20.0.0/20"}}},
        "network.privateServices.cidr",
        "overlaps the network itself (10.20.0.0/16)",
    ),
    # A network of another project.
    (
        "Shared VPC",
        {"network": SHARED},
        "network.privateServices.rangeName",
        "is required in a network of another project",
    ),
    (
        "Shared VPC",
        {"network": {**SHARED, "privateServices": {"cidr": "10.64.0.0/20"}}},
        "network.privateServices.rangeName",
        "is required in a network of another project",
    ),
    (
        "Shared VPC",
        {
            "network": {"adopt": {"networkId": SHARED_NETWORK, "subnetIds": [SUBNET]}},
            **ONE_VALKEY,
        },
        "network.adopt.subnetIds",
        "would make a connection policy, which belongs to the project of the network",
    ),
    # Who gets out to the caches.
    (
        "firewall",
        {"access": {"networkTags": ["shop"], "serviceAccounts": [ACCOUNT]}},
        "access",
        "takes networkTags or serviceAccounts, not both",
    ),
    *(
        ("firewall", {"access": {"networkTags": ["shop", tag]}}, "access.networkTags.1", "is no ne")
        for tag in ("Machines", "1shop", "shop-", "a" * 64, "shop_x")
    ),
    (
        "firewall",
        {"access": {"serviceAccounts": ["shop@example.com"]}},
        "access.serviceAccounts.0",
        "is no email of a service account",
    ),
    (
        "firewall",
        {"access": {"serviceAccounts": [SHOP]}},
        "access.serviceAccounts.0",
        "is no email of a service account",
    ),
    ("firewall", {"access": {"networkTags": ["a", "a"]}}, "access.networkTags", "names one twice"),
    (
        "firewall",
        {"access": {"serviceAccounts": [ACCOUNT, ACCOUNT]}},
        "access.serviceAccounts",
        "names one twice",
    ),
    ("-", {"access": {"cidrs": ["10.1.0.0/16"]}}, "access.cidrs", "has no list of addresses"),
    # Who reads the secrets.
    (
        "accessors",
        {"access": {"secretReaders": [SHOP, "allUsers"]}},
        "access.secretReaders.1",
        "is everybody on the internet",
    ),
    (
        "accessors",
        {"access": {"secretReaders": ["allAuthenticatedUsers"]}},
        "access.secretReaders",
        "is everybody on the internet",
    ),
    (
        "accessors",
        {"access": {"secretReaders": [ACCOUNT]}},
        "access.secretReaders",
        "is no member: serviceAccount, user, group, domain, principal, principalSet",
    ),
    (
        "accessors",
        {"access": {"secretReaders": [SHOP, SHOP]}},
        "access.secretReaders",
        "names one twice",
    ),
    (
        "-",
        {"alarms": {"notify": ["on-call@example.com"]}},
        "alarms.notify",
        "is no name of a notification channel",
    ),
    (
        "-",
        {"alarms": {"notify": [CHANNEL, "x"]}},
        "alarms.notify.1",
        "is no name of a notification channel",
    ),
    # Labels.
    ("labels", {"tags": TAKEN}, "tags", "has more than 58 labels"),
    *(
        ("labels", {"tags": {key: "x"}}, f"tags.{key}", "is no key of a label")
        for key in ("Team", "1team", "te am", "a" * 64, "équipe")
    ),
    ("labels", {"tags": {"goog-team": "x"}}, "tags.goog-team", "begins with goog"),
    ("labels", {"tags": {"secure-redis-x": "x"}}, "tags.secure-redis-x", "or secure-redis-"),
    *(
        ("labels", {"tags": {"team": value}}, "tags.team", "is no value of a label")
        for value in ("Platform", "a" * 64, "a b", "a.b")
    ),
    # What other clouds have.
    *(
        ("-", {"network": {key: value}}, f"network.{key}", "on the target azure only")
        for key, value in (("resourceGroup", "shop"), ("privateDns", {"byPolicy": True}))
    ),
    *(
        ("-", {"network": {"create": {key: value}}}, f"network.create.{key}", "target aws only")
        for key, value in (("zones", 2), ("availabilityZones", [B]))
    ),
    *(
        (
            "-",
            {"network": {"adopt": {"networkId": NETWORK, key: value}}},
            f"network.adopt.{key}",
            f"on the target {cloud} only",
        )
        for key, value, cloud in (("vpcId", "vpc-1", "aws"), ("subnetId", "s", "azure"))
    ),
    *(
        ("-", {"access": {key: ["x"]}}, f"access.{key}", "on the target aws only")
        for key in ("securityGroupIds", "prefixListIds")
    ),
]


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [case[1:] for case in WRONG_STACKS],
    ids=[f"{number}-{case[0]}" for number, case in enumerate(WRONG_STACKS)],
)
def test_what_is_wrong_with_a_stack(keys: dict[str, Any], where: str, words: str) -> None:
    found = problems(**keys)
    assert list(found) == [where]
    assert words in found[where].reason
    assert found[where].fix.endswith((".", "?"))
    assert not found[where].rule


def test_a_network_is_made_or_adopted() -> None:
    found = problems(network={"create": {}, **ADOPT})
    assert found["network"].reason == "both create and adopt are given, and only one can be"


RIGHT_STACKS: list[dict[str, Any]] = [
    {},
    {"network": {"create": {"cidr": "10.0.0.0/8"}}},
    {"network": {"create": {"cidr": "192.168.0.0/26"}}},
    {"network": {"privateServices": {"cidr": "10.64.0.0/24", "removePeering": False}}},
    {"network": ADOPT},
    {"network": {**ADOPT, "privateServices": {"cidr": "10.64.0.0/20"}}},
    {"network": {**ADOPT, **NAMED}},
    {"network": {"adopt": {"networkId": NETWORK, "subnetIds": [SUBNET]}}, **ONE_VALKEY},
    {"network": {**SHARED, **NAMED}},
    {"network": SHARED, **ONE_VALKEY},
    {"access": {"networkTags": ["shop", "a" * 63]}},
    {"access": {"serviceAccounts": [ACCOUNT, "1-compute@developer.gserviceaccount.com"]}},
    {"access": {"secretReaders": [SHOP, "group:shop@example.com", "domain:example.com"]}},
    {"alarms": {"profile": "full", "notify": [CHANNEL]}},
    {"tags": {f"t{number}": "x" for number in range(rules.LABELS)}},
    {"tags": {"a" * 63: "a" * 63, "b": "1-_"}},
]


@pytest.mark.parametrize("keys", RIGHT_STACKS)
def test_the_nearest_right_stacks(keys: dict[str, Any]) -> None:
    assert accepted(**keys)


def test_labels_leave_room_for_ours_and_the_providers() -> None:
    assert rules.LABELS + 4 + 1 <= 64


@pytest.mark.parametrize("project", ["network-host", ""])
def test_a_network_is_shared_where_it_is_of_another_project(project: str) -> None:
    """In a stack of the host itself, and where nobody knows, nothing is asked for."""
    with located(project):
        assert configuration.parse_stack(stack(network=SHARED))


# Where it is.


def test_a_component_must_know_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in plan.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    with located("", ""):
        found = {problem.path: problem for problem in rules.location_problems()}
    assert set(found) == {"gcp:project", "gcp:region"}
    assert "GOOGLE_PROJECT or GOOGLE_CLOUD_PROJECT" in found["gcp:project"].reason
    assert "GOOGLE_REGION" in found["gcp:region"].reason
    with located():
        assert list(rules.location_problems()) == []


def test_without_a_region_nothing_is_said_of_other_regions() -> None:
    """The preflight asks for it; a zone alone is no mistake."""
    with located(region=""):
        assert configuration.parse_stack(stack(gcp(zone="us-east1-b")))
        assert configuration.parse_stack(stack(gcp(customerManagedKey={"keyName": KEY})))


# Together.


def test_all_mistakes_are_told_at_once() -> None:
    found = paths(
        {
            "mode": "none",
            "memoryGb": "much",
            "persistence": "aof",
            "gcp": {
                "tier": "BASIC",
                "memorySizeGb": 4,
                "engineVersion": "5.0",
                "shards": 2,
                "readReplicas": True,
                "zone": "b",
                "colour": "red",
                "customerManagedKey": {"keyName": "data"},
                "parameters": {"save": "1"},
                "secretDestroyDelayDays": 1001,
                "secretLocations": ["europe"],
            },
        },
        access={"cidrs": ["10.0.0.0/8"], "secretReaders": ["allUsers"]},
        alarms={"notify": ["mail"]},
        network={"create": {"cidr": "10.0.0.0/30"}, "resourceGroup": "shop"},
        tags={"Team": "x"},
    )
    assert found == [
        "access.cidrs",
        "access.secretReaders",
        "alarms.notify",
        f"{CACHE}.gcp.colour",
        f"{CACHE}.gcp.customerManagedKey.keyName",
        f"{CACHE}.gcp.engineVersion",
        f"{CACHE}.gcp.memorySizeGb",
        f"{CACHE}.gcp.parameters.save",
        f"{CACHE}.gcp.readReplicas",
        f"{CACHE}.gcp.secretDestroyDelayDays",
        f"{CACHE}.gcp.secretLocations.0",
        f"{CACHE}.gcp.shards",
        f"{CACHE}.gcp.tier",
        f"{CACHE}.gcp.zone",
        f"{CACHE}.memoryGb",
        f"{CACHE}.mode",
        f"{CACHE}.persistence",
        "network.create.cidr",
        "network.resourceGroup",
        "tags.Team",
    ]


SECRET = "HunterTwoHunterTwo"


@pytest.mark.parametrize(
    "settings_",
    [
        {"memorySizeGb": SECRET},
        {"nodeType": SECRET},
        {"engineVersion": SECRET},
        {"shards": SECRET},
        {"readReplicas": SECRET},
        {"zone": SECRET},
        {"alternativeZone": SECRET},
        {"snapshotPeriod": SECRET},
        {"maintenanceWindow": SECRET},
        {"maintenanceWindow": {"day": SECRET, "hour": SECRET}},
        {"parameters": {"requirepass": SECRET}},
        {"parameters": {"timeout": SECRET}},
        {"parameters": SECRET},
        {"customerManagedKey": SECRET},
        {"customerManagedKey": {"keyName": SECRET}},
        {"principals": [SECRET]},
        {"principals": SECRET},
        {"secretLocations": [SECRET]},
        {"secretKeyName": SECRET},
        {"secretDestroyDelayDays": SECRET},
        {"enableApis": SECRET},
        {"authEnabled": SECRET},
    ],
)
@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_a_value_in_the_wrong_place_is_not_shown(settings_: dict[str, Any], engine: str) -> None:
    """It can be an AUTH string that was pasted there."""
    with located():
        error = error_of(stack({"engine": engine, "gcp": settings_}))
    assert "HunterTwo" not in f"{error}{error!r}{error.problems!r}"


@pytest.mark.parametrize(
    "keys",
    [
        {"network": {"adopt": {"networkId": SECRET, "subnetIds": [SECRET]}}},
        {"network": {**ADOPT, "privateServices": {"rangeName": SECRET}}},
        {"access": {"networkTags": [SECRET]}},
        {"access": {"serviceAccounts": [SECRET]}},
        {"access": {"secretReaders": [SECRET]}},
        {"alarms": {"notify": [SECRET]}},
        {"tags": {"team": SECRET}},
    ],
)
def test_nor_is_one_of_the_stack(keys: dict[str, Any]) -> None:
    with located():
        error = error_of(stack(**keys))
    assert "HunterTwo" not in f"{error}{error!r}{error.problems!r}"


def test_each_cache_of_a_stack_is_judged() -> None:
    raw = stack()
    raw["caches"] = {"a": gcp(port=1), "b": {"mode": "none"}, "c": {}}
    with located():
        assert paths_of(raw) == ["caches.a.gcp.port", "caches.b.mode"]


@pytest.mark.parametrize("cache", [{"mode": "none"}, gcp(tier="BASIC"), gcp(zone="us-east1-b")])
def test_a_component_is_judged_like_a_stack(cache: dict[str, Any]) -> None:
    raw = {**cache, "environment": "development"}
    with located(), pytest.raises(ConfigurationError) as caught:
        configuration.parse_cache(raw, Target.GCP, {})
    alone = [f"{CACHE}.{problem.path}" for problem in caught.value.problems]
    assert alone == paths(cache)


@pytest.mark.parametrize("target", ["aws", "azure", "docker", "external"])
def test_what_only_google_cloud_has(target: str) -> None:
    raw = one({"gcp": {"zone": B}}, target=target, access={"cidrs": ["10.1.0.0/16"]})
    problem = next(p for p in error_of(raw).problems if p.path == f"{CACHE}.gcp")
    assert problem.reason == f"has no effect on the target {target}"


@pytest.mark.parametrize("target", ["aws", "azure"])
@pytest.mark.parametrize(
    "keys",
    [
        {"network": {"privateServices": {"cidr": "10.64.0.0/20"}}},
        {"access": {"cidrs": ["10.1.0.0/16"], "networkTags": ["shop"]}},
        {"access": {"cidrs": ["10.1.0.0/16"], "serviceAccounts": [ACCOUNT]}},
    ],
)
def test_other_clouds_take_nothing_of_google_clouds(target: str, keys: dict[str, Any]) -> None:
    raw = one(**{"target": target, "access": {"cidrs": ["10.1.0.0/16"]}, **keys})
    (problem,) = error_of(raw).problems
    assert problem.path in {"network.privateServices", "access.networkTags"} | {
        "access.serviceAccounts"
    }
    assert problem.reason == "has an effect on the target gcp only"
    assert problem.fix == "Remove it."


@given(st.integers(1, 300), st.integers(0, 5), st.sampled_from([None, True, False]))
def test_read_replicas_are_judged_at_every_size(
    size: int, replicas: int, reads: bool | None
) -> None:
    given_ = {"memorySizeGb": size, **({} if reads is None else {"readReplicas": reads})}
    raw = stack({"replicas": replicas, "gcp": given_})
    on = replicas > 1 if reads is None else reads
    wrong = set()
    if (on and not replicas) or (reads is False and replicas > 1):
        wrong.add(f"{CACHE}.gcp.readReplicas")
    if on and size < sizes.READ_REPLICAS_GB:
        wrong.add(f"{CACHE}.gcp.memorySizeGb")
    with located():
        if wrong:
            assert set(paths_of(raw)) == wrong
        else:
            assert configuration.parse_stack(raw)
