"""What the components of Azure register: children, names, tags, secrets, options, outputs."""

import inspect
import json
import re
from typing import Any
from urllib.parse import quote

import pulumi
import pulumi_azure_native
import pytest
from azure_cases import (
    ACCESS,
    ACTION_GROUP,
    ADOPTED,
    ALICE,
    BOB,
    BY_POLICY,
    CLASSIC,
    CLASSICS,
    CONNECTION_STRING,
    IDENTITY,
    KEY_URL,
    MANAGED,
    MANAGED_ZONE,
    PRODUCTION,
    READER,
    SUBNET,
    TAGS,
    VARIANTS,
    VAULT,
    WITHOUT_KEYS,
    WORKSPACE,
    azure_cache,
    built,
    secure,
)
from package_azure_cloud import GROUP, REGION, SUBSCRIPTION, TENANT, keys
from package_components import PREVIEW_AND_UPDATE, outputs_of
from package_monitor import OWNER, Registered, Secret, World, leaves, reveal, run, succeed
from pulumi.runtime import rpc
from secure_redis.azure.classic import ClassicRedis
from secure_redis.azure.network import AzureNetwork
from secure_redis.azure.redis import ManagedRedis
from secure_redis.component import OUTPUTS, SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments
from secure_redis.connection import Connection
from secure_redis.settings import CACHE_NAME, CACHE_NAME_LENGTH

EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)
SUFFIX = OWNER[:8]
NAME = f"secure-redis-local-cache-{SUFFIX}"
"""Project, stack and cache, and what tells two of them apart."""
VAULT_NAME = f"local-cache-{SUFFIX}"
OWN_OUTPUTS = {
    "secondary_url",
    "cache_id",
    "vault_id",
    "secret_uris",
    "private_endpoint_id",
    "alarm_ids",
}
AZURE_SECRET_OUTPUTS = SECRET_OUTPUTS | {"secondary_url"}
PRIVATE_VAULT = ["replica", "production", "production-entra", "production-full", "classic-premium"]
"""Variants whose vault has a private endpoint and a record; `by-policy` has no record."""


def kind(resource: Registered) -> str:
    """A type by its module and name, without the provider."""
    return resource.type.removeprefix("azure-native:")


def label(resource: Registered) -> tuple[str, str]:
    return kind(resource).rpartition(":")[2], resource.name


def cache_of(world: World, variant: str) -> Registered:
    """The cache itself."""
    old = variant.startswith("classic")
    return world.one("redis:Redis" if old else "RedisEnterprise", "cache")


def component_of(world: World, variant: str) -> Registered:
    return world.one("ClassicRedis" if variant.startswith("classic") else "ManagedRedis", "cache")


# Names.

Names = set[tuple[str, str]]
ZONES = {True: "privatelink.redis.cache.windows.net", False: "privatelink.redis.azure.net"}
NETWORK: Names = {
    ("AzureNetwork", "cache"),
    ("NetworkSecurityGroup", "cache"),
    ("ResourceGroup", "cache"),
    ("Subnet", "cache"),
    ("VirtualNetwork", "cache"),
}
CREDENTIALS: Names = {
    ("RandomId", "cache-secrets-name"),
    ("Secret", "cache-primary-key"),
    ("Secret", "cache-secondary-key"),
    ("Secret", "cache-url"),
}
OWN_VAULT: Names = {("RandomId", "cache-vault-name"), ("Vault", "cache")}
LOGS: Names = {("Workspace", "cache"), ("DiagnosticSetting", "cache-metrics")}
LOGS |= {("DiagnosticSetting", "cache-logs")}
OWN_KEY: Names = {
    ("Key", "cache-data"),
    ("RoleAssignment", "cache-data"),
    ("UserAssignedIdentity", "cache-data"),
}
LOCK: Names = {("ManagementLockByScope", "cache")}
ASSIGNMENTS: Names = {("AccessPolicyAssignment", f"cache-{each}") for each in (ALICE, BOB)}


def expected(variant: str) -> Names:
    """Logical names beside those of alarms. They are for ever: another name is another resource."""
    args = VARIANTS[variant]
    old = variant.startswith("classic")
    private = variant in PRIVATE_VAULT
    names: Names = {
        ("RandomId", "cache-identity"),
        ("RandomId", "cache-connection-name"),
        ("PrivateEndpoint", "cache-cache"),
        ("Secret", "cache-connection"),
    }
    names |= {("ClassicRedis", "cache"), ("Redis", "cache")} if old else set()
    managed = {("ManagedRedis", "cache"), ("RedisEnterprise", "cache"), ("Database", "cache")}
    names |= set() if old else managed
    if variant != "by-policy":
        names |= {("PrivateDnsZoneGroup", "cache-cache")}
    if "network" not in args:
        zones = [ZONES[old], *(["privatelink.vaultcore.azure.net"] if private else [])]
        names |= NETWORK | {("PrivateZone", f"cache-{zone}") for zone in zones}
        names |= {("VirtualNetworkLink", f"cache-{zone}") for zone in zones}
        names |= {("RandomId of the network", "cache-identity")}
    names |= set() if variant in WITHOUT_KEYS else CREDENTIALS
    names |= set() if variant == "adopted-vault" else OWN_VAULT
    if private or variant == "by-policy":
        names |= {("PrivateEndpoint", "cache-vault")}
        names |= {("PrivateDnsZoneGroup", "cache-vault")} if private else set()
    if args.get("environment", "development") != "development":
        names |= LOGS if not old else {("Workspace", "cache"), LOG_OF_CLASSIC}
        names |= {("DiagnosticSetting", "cache-vault")}
    return names | EXTRA.get(variant, set())


LOG_OF_CLASSIC = ("DiagnosticSetting", "cache-diagnostics")
EXTRA: dict[str, Names] = {
    "entra": ASSIGNMENTS,
    "own-key": OWN_KEY,
    "adopted-vault": {
        ("RoleAssignment", f"cache-{what}-{READER}")
        for what in ("url", "primary-key", "secondary-key", "connection")
    },
    "production": LOCK,
    "production-entra": LOCK | ASSIGNMENTS,
    "production-full": LOCK
    | OWN_KEY
    | {("RoleAssignment", f"cache-{READER}"), ("RoleAssignment", f"cache-{BOB}")},
    "classic-entra": ASSIGNMENTS,
    "classic-public": {
        ("FirewallRule", "cache-from_203_0_113_4_to_203_0_113_9"),
        ("FirewallRule", "cache-from_203_0_113_20_to_203_0_113_20"),
        ("PatchSchedule", "cache"),
    },
    "classic-premium": LOCK,
}
WITHOUT: dict[str, Names] = {"production-full": {("Workspace", "cache")}}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_logical_names_are_for_ever(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    networks = {r.urn for r in world.all("AzureNetwork")}
    found = [
        ("RandomId of the network", r.name)
        if r.parent in networks and kind(r).endswith(":RandomId")
        else label(r)
        for r in world.made
    ]
    assert len(found) == len(set(found)), "two resources of one name"
    wanted = expected(variant) - WITHOUT.get(variant, set())
    assert {each for each in found if each[0] != "MetricAlert"} == wanted


@pytest.mark.parametrize("variant", ["oss", "entra", "production-full", "classic-public"])
def test_a_second_run_registers_the_same(variant: str) -> None:
    again = succeed(lambda: azure_cache(**VARIANTS[variant], tags=TAGS))
    first = {r.urn: r.inputs for r in built(variant).made}
    assert {r.urn: r.inputs for r in again.made} == first


def identities(name: str) -> set[tuple[str, str]]:
    """What the engine and Azure tell the resources of the cache `name` apart by."""
    access = {**ACCESS, "secret_readers": [READER]}
    world = succeed(
        lambda: azure_cache(
            name,
            environment="production",
            network=ADOPTED,
            access=access,
            azure={"customer_managed_key": {}},
            alarms={"profile": "off"},
        )
    )
    urns = {("urn", r.urn) for r in world.made}
    ids = {("id", r.state["id"]) for r in world.made if "id" in r.state}
    named = {
        (kind(r), reveal(r.plain)[key])
        for r in world.made
        if r.type.startswith("azure-native:")
        for key in r.plain.keys() & TOP_LEVEL
    }
    return urns | ids | named


TOP_LEVEL = {
    "clusterName",
    "privateEndpointName",
    "ruleName",
    "secretName",
    "vaultName",
    "workspaceName",
    "lockName",
    "resourceName",
}


def test_a_cache_may_have_the_name_of_anothers_child() -> None:
    mine = identities("jobs")
    children = {urn.rpartition("::")[2] for what, urn in mine if what == "urn"} - {"jobs"}
    legal = [c for c in children if re.fullmatch(CACHE_NAME, c) and len(c) <= CACHE_NAME_LENGTH]
    assert {"jobs-cache", "jobs-url", "jobs-data", "jobs-vault"} <= set(legal)
    # The engine tells by the type as well: names of the same type are what could meet.
    chosen = {"jobs-cache", "jobs-url", "jobs-connection", "jobs-data", "jobs-vault", "jobs-logs"}
    for child in sorted(chosen & set(legal)):
        shared = {each for each in mine & identities(child) if each[0] != "keyvault:Key"}
        assert not shared, child


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("cache", True),
        ("Cache", True),
        ("a-b-1", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("1cache", False),
        ("a--b", False),
        ("a-", False),
        ("a_b", False),
        ("a.b", False),
    ],
)
def test_a_components_name_becomes_a_part_of_the_caches_name(name: str, fine: bool) -> None:
    world = run(lambda: azure_cache(name))
    if fine:
        own = world.one("RedisEnterprise", name).plain["clusterName"]
        assert re.fullmatch(r"(?=.{1,60}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", own)
        return
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["name"]
    assert world.made == []


OF_NETWORK = {
    "NetworkSecurityGroup",
    "PrivateZone",
    "ResourceGroup",
    "Subnet",
    "VirtualNetwork",
    "VirtualNetworkLink",
}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_every_child_belongs_to_its_component(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    cache = component_of(world, variant)
    assert cache.parent == world.stack.urn
    networks = world.all("AzureNetwork")
    assert len(networks) == ("network" not in VARIANTS[variant])
    parents = {cache.urn, *(network.urn for network in networks)}
    for resource in world.made:
        if resource is not cache:
            assert resource.parent in parents, resource.urn
            of_network = label(resource)[0] in OF_NETWORK
            assert not of_network or resource.parent == networks[0].urn, resource.urn
    for component in (cache, *networks):
        assert component.outputs is not None, component.urn


# Tags.


def takes_tags(type_: str) -> bool:
    module, _, name = type_.removeprefix("azure-native:").partition(":")
    resource_class = getattr(getattr(pulumi_azure_native, module), name)
    return "tags" in inspect.signature(resource_class._internal_init).parameters


UNTAGGED = {"VirtualNetworkLink"}
"""Take tags, and are a part of the zone, which has them: none, if this is empty."""


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_whatever_takes_tags_is_tagged(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    own = {
        "secure-redis:stack": "secure-redis/local",
        "secure-redis:cache": "cache",
        "secure-redis:environment": VARIANTS[variant].get("environment", "development"),
        **TAGS,
    }
    ours = [r for r in world.made if r.type.startswith("azure-native:")]
    tagged = [r for r in ours if takes_tags(r.type)]
    assert len(tagged) > 5
    for resource in tagged:
        wanted = TAGS if label(resource)[0] in OF_NETWORK else own
        assert resource.plain["tags"] == wanted, resource.urn
    for resource in world.made:
        assert resource in tagged or "tags" not in resource.plain, resource.urn


# Secrets.


@EACH_VARIANT
def test_no_secret_is_in_any_input_but_marked_ones(variant: str) -> None:
    world = built(variant)
    secrets = world.secrets() | {CONNECTION_STRING}
    found: set[tuple[str, str]] = set()
    for resource in world.made:
        for path, value, marked in leaves(resource.inputs):
            if any(secret in str(value) for secret in secrets):
                assert marked, f"{resource.urn}{path} holds a secret in plain text"
                found.add((label(resource)[0], path))
    wanted = set() if variant in WITHOUT_KEYS else {("Secret", ".properties.value")}
    if variant == "classic-premium":
        wanted |= {("Redis", ".redisConfiguration.rdbStorageConnectionString")}
    assert found == wanted


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_values_in_the_vault_are_marked_before_they_are_known(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    secrets = world.all("keyvault:Secret")
    assert len(secrets) == (1 if variant in WITHOUT_KEYS else 4)
    for secret in secrets:
        marks = {path: marked for path, _, marked in leaves(secret.inputs)}
        assert marks[".properties.value"], secret.urn
        assert {path for path, marked in marks.items() if marked} == {".properties.value"}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_outputs_with_a_credential_are_secret_and_the_others_are_not(
    variant: str, preview: bool
) -> None:
    world = built(variant, preview=preview)
    outputs = outputs_of(world)
    assert set(outputs) == {*OUTPUTS, *OWN_OUTPUTS}
    wanted = AZURE_SECRET_OUTPUTS - ({"secondary_url"} if variant in WITHOUT_KEYS else set())
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == wanted
    secrets = set() if preview else world.secrets()
    for path, value, marked in leaves(outputs):
        assert marked or not any(secret in str(value) for secret in secrets), path


PLAIN_FACTS = {
    "activeKey",
    "auth",
    "clusteringPolicy",
    "firewallRules",
    "flash",
    "highAvailability",
    "location",
    "locked",
    "logs",
    "modules",
    "managedIdentity",
    "principals",
    "protected",
    "publicAccess",
    "recoveryDays",
    "replicas",
    "resourceGroup",
    "shards",
    "size",
    "tier",
    "zones",
}


@EACH_VARIANT
def test_a_components_inputs_are_plain_facts(variant: str) -> None:
    """They are stored in plain text, and the guard against replacement compares them."""
    world = built(variant)
    inputs = component_of(world, variant).inputs
    assert inputs.keys() <= PLAIN_FACTS
    assert {"location", "resourceGroup", "protected", "locked", "auth"} <= inputs.keys()
    for path, value, marked in leaves(inputs):
        assert not marked, path
        assert isinstance(value, str | int | float | bool), path
    assert not any(secret in str(inputs) for secret in world.secrets() | {CONNECTION_STRING})


# Options.


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_production_protects_the_data_and_their_key(variant: str, preview: bool) -> None:
    protected = {label(r) for r in built(variant, preview=preview).made if r.request.protect}
    wanted: Names = set()
    if VARIANTS[variant].get("environment") == "production":
        old = variant.startswith("classic")
        wanted = {("Redis", "cache")} if old else {("RedisEnterprise", "cache")}
        wanted |= set() if old else {("Database", "cache")}
        if "customer_managed_key" in VARIANTS[variant].get("azure", {}):
            wanted |= {("Vault", "cache"), ("Key", "cache-data")}
            wanted |= {("UserAssignedIdentity", "cache-data")}
    assert protected == wanted


@pytest.mark.parametrize(
    ("arguments", "protected", "locked"),
    [
        ({"protect": True}, True, False),
        ({"environment": "staging", "azure": {"lock": True}}, False, True),
        ({**PRODUCTION, "allow_replacement": "an empty cache will do"}, False, False),
        ({**PRODUCTION, "azure": {"lock": False}}, True, False),
        (PRODUCTION, True, True),
    ],
)
def test_protection_steps_aside_for_an_accepted_replacement(
    arguments: dict[str, Any], protected: bool, locked: bool
) -> None:
    world = succeed(lambda: azure_cache(**{**arguments, "alarms": {"profile": "off"}}))
    for type_ in ("RedisEnterprise", "Database"):
        assert bool(world.one(type_, "cache").request.protect) is protected
    assert bool(world.all("ManagementLockByScope")) is locked


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_what_stays_when_it_is_forgotten(variant: str, preview: bool) -> None:
    """Deleting a secret or a key would need a way into the vault and a role for its data."""
    kept = {label(r)[0] for r in built(variant, preview=preview).made if r.request.retainOnDelete}
    wanted = {label(r)[0] for r in built(variant).made} & {"Secret", "Key"}
    assert kept == wanted
    for resource in built(variant).made:
        assert bool(resource.request.retainOnDelete) == (label(resource)[0] in kept), resource.urn


IGNORED = {
    "PrivateEndpoint": ["customDnsConfigs"],
    "Vault": ["properties.softDeleteRetentionInDays"],
}
REPLACED = {
    "Database": ["modules"],
    "Redis": ["zones"],
    "VirtualNetworkLink": ["virtualNetwork"],
}
GONE_FIRST = {"Database", "PrivateDnsZoneGroup", "PrivateEndpoint", "Redis", "VirtualNetworkLink"}
"""Have names that their successors have too."""


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_what_makes_a_thing_anew_and_what_pulumi_must_not_set_back(
    variant: str, preview: bool
) -> None:
    for resource in built(variant, preview=preview).made:
        found = list(resource.request.replaceOnChanges)
        assert found == REPLACED.get(label(resource)[0], []), resource.urn
        first = label(resource)[0] in GONE_FIRST
        assert resource.request.deleteBeforeReplace == first, resource.urn
        ignored = IGNORED.get(label(resource)[0], [])
        assert list(resource.request.ignoreChanges) == ignored, resource.urn


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("variant", ["keys", "production", "classic", "classic-premium"])
def test_an_endpoint_goes_with_what_it_leads_to(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    old = variant.startswith("classic")
    targets = {"cache-cache": cache_of(world, variant).urn}
    if variant in PRIVATE_VAULT:
        targets["cache-vault"] = world.one("keyvault:Vault", "cache").urn
    found = {r.name: list(r.request.replace_with) for r in world.all("PrivateEndpoint")}
    assert found == {name: [urn] for name, urn in targets.items()}
    endpoints = {r.name: r.urn for r in world.all("PrivateEndpoint")}
    # Its record is gone with it, under a name that stays the same.
    records = {r.name: set(r.request.replace_with) for r in world.all("PrivateDnsZoneGroup")}
    assert records == {name: {urn, endpoints[name]} for name, urn in targets.items()}
    assert old == (world.all("Database") == [])


def test_an_accepted_loss_makes_the_database_anew() -> None:
    def replacing(**args: Any) -> list[str]:
        world = succeed(lambda: azure_cache(**PRODUCTION, alarms={"profile": "off"}, **args))
        return list(world.one("Database", "cache").request.replaceOnChanges)

    assert replacing() == ["modules"]
    assert replacing(allow_replacement="why") == ["modules", "clusteringPolicy"]


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_azure_is_given_the_time_it_takes(variant: str, preview: bool) -> None:
    minutes = {"RedisEnterprise": "60m", "Database": "60m", "Redis": "180m"}
    for resource in built(variant, preview=preview).made:
        given = resource.request.customTimeouts
        wanted = minutes.get(label(resource)[0], "")
        assert (given.create, given.update, given.delete) == (wanted,) * 3, resource.urn


def depends(world: World, type_: str, name: str) -> Names:
    """What a resource waits for."""
    by_urn = {r.urn: label(r) for r in world.made}
    return {by_urn[urn] for urn in world.one(type_, name).request.dependencies}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_the_order_that_azure_needs(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    names = expected(variant)
    old = variant.startswith("classic")
    database = ("Redis", "cache") if old else ("Database", "cache")
    assert database in depends(world, "PrivateEndpoint", "cache-cache"), "no endpoint before it"
    steps = [("AccessPolicyAssignment", f"cache-{each}") for each in (ALICE, BOB)]
    if steps[0] in names:
        assert database in depends(world, *steps[0])
        assert steps[0] in depends(world, *steps[1]), "Azure takes one change at a time"
        assert set(steps) <= depends(world, "PrivateEndpoint", "cache-cache")
    if variant == "classic-public":
        rules = [name for name in sorted(EXTRA[variant]) if name[0] == "FirewallRule"]
        second, first = rules
        assert first in depends(world, *second)
        assert second in depends(world, "PatchSchedule", "cache")
        last = depends(world, "PrivateEndpoint", "cache-cache")
        assert {*rules, ("PatchSchedule", "cache")} <= last
    if names >= OWN_KEY:
        assert ("RoleAssignment", "cache-data") in depends(world, "RedisEnterprise", "cache"), (
            "the cache must be allowed to use its key"
        )
    if not old and "cache-logs" in {name for _, name in names}:
        for what in ("metrics", "logs"):
            assert database in depends(world, "DiagnosticSetting", f"cache-{what}")
    if names >= LOCK:
        last = depends(world, "ManagementLockByScope", "cache")
        parts = ("AccessPolicyAssignment", "DiagnosticSetting", "MetricAlert", "Secret")
        wanted = {each for each in names if each[0] in parts}
        wanted |= {label(r) for r in world.all("MetricAlert")}
        assert {*wanted, database, ("PrivateEndpoint", "cache-cache")} <= last
        assert not any(
            LOCK & depends(world, *label(r)) for r in world.made if r.type.startswith("azure-")
        )


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_changes_are_judged_before_they_are_made(variant: str, preview: bool) -> None:
    hooks = component_of(built(variant, preview=preview), variant).request.hooks
    assert list(hooks.before_update) == ["data of cache"]


class Platform(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Platform", name, {})


def test_options_reach_the_children() -> None:
    def program() -> None:
        provider = pulumi_azure_native.Provider("other", location="northeurope")
        options = pulumi.ResourceOptions(
            parent=Platform("platform"), providers=[provider], protect=True
        )
        azure_cache(opts=options)

    world = succeed(program)
    ours = [r for r in world.made if r.type.startswith("azure-native:")]
    assert len(ours) > 10
    assert all("::other::" in r.request.provider for r in ours)
    assert all(r.request.protect for r in ours)
    cache = world.one("ManagedRedis", "cache")
    assert cache.parent == world.one("Platform", "platform").urn
    assert list(cache.request.hooks.before_update) == ["data of platform/cache"]


# Azure Managed Redis, word for word.

GROUP_NAME = NAME
OWN_TAGS = {
    "secure-redis:stack": "secure-redis/local",
    "secure-redis:cache": "cache",
    "secure-redis:environment": "development",
    **TAGS,
}


def test_a_cache_for_development_word_for_word() -> None:
    world = built("keys")
    assert world.one("RedisEnterprise", "cache").plain == {
        "clusterName": NAME,
        "resourceGroupName": GROUP_NAME,
        "sku": {"name": "Balanced_B0"},
        "highAvailability": "Disabled",
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
        "tags": OWN_TAGS,
    }
    assert world.one("Database", "cache").plain == {
        "databaseName": "default",
        "clusterName": NAME,
        "resourceGroupName": GROUP_NAME,
        "clientProtocol": "Encrypted",
        "port": 10_000,
        "clusteringPolicy": "NoCluster",
        "evictionPolicy": "AllKeysLRU",
        "accessKeysAuthentication": "Enabled",
        "persistence": {"aofEnabled": False, "rdbEnabled": False},
    }


def changed(variant: str, type_: str, base: str = "keys") -> dict[str, Any]:
    """What a variant says otherwise than the cache for development."""
    before = built(base).one(type_, "cache").plain
    after = built(variant).one(type_, "cache").plain
    assert before.keys() <= after.keys()
    tags = {"tags"}
    return {k: v for k, v in after.items() if before.get(k) != v and k not in tags}


SHAPES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("secondary", {}, {}),
    ("public", {"publicNetworkAccess": "Enabled"}, {}),
    (
        "replica",
        {"sku": {"name": "Balanced_B1"}, "highAvailability": "Enabled"},
        {
            "evictionPolicy": "VolatileLRU",
            "persistence": {"aofEnabled": False, "rdbEnabled": True, "rdbFrequency": "1h"},
        },
    ),
    (
        "enterprise",
        {"sku": {"name": "Balanced_B50"}},
        {"clusteringPolicy": "EnterpriseCluster"},
    ),
    ("oss", {}, {"clusteringPolicy": "OSSCluster"}),
    (
        "search",
        {},
        {
            "clusteringPolicy": "EnterpriseCluster",
            "evictionPolicy": "NoEviction",
            "modules": [{"name": "RediSearch"}, {"name": "RedisJSON"}],
        },
    ),
    (
        "aof",
        {},
        {"persistence": {"aofEnabled": True, "aofFrequency": "1s", "rdbEnabled": False}},
    ),
    ("entra", {}, {"accessKeysAuthentication": "Disabled"}),
    ("adopted", {"resourceGroupName": "caches"}, {"resourceGroupName": "caches"}),
    (
        "given-key",
        {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
            "encryption": {
                "customerManagedKeyEncryption": {
                    "keyEncryptionKeyUrl": KEY_URL,
                    "keyEncryptionKeyIdentity": {
                        "identityType": "userAssignedIdentity",
                        "userAssignedIdentityResourceId": IDENTITY,
                    },
                }
            },
        },
        {},
    ),
    (
        "production",
        {"sku": {"name": "Balanced_B3"}, "highAvailability": "Enabled"},
        {"persistence": {"aofEnabled": False, "rdbEnabled": True, "rdbFrequency": "1h"}},
    ),
]


@pytest.mark.parametrize(("variant", "cluster", "database"), SHAPES, ids=[s[0] for s in SHAPES])
def test_the_shape_of_a_cache(
    variant: str, cluster: dict[str, Any], database: dict[str, Any]
) -> None:
    assert changed(variant, "RedisEnterprise") == cluster
    assert changed(variant, "Database") == database


def test_a_key_of_the_caches_own() -> None:
    world = built("own-key")
    identity = world.one("UserAssignedIdentity", "cache-data")
    identity_id = changed("own-key", "RedisEnterprise")["identity"]["userAssignedIdentities"][0]
    assert identity_id.endswith(f"/userAssignedIdentities/{NAME}-data")
    encryption = changed("own-key", "RedisEnterprise")["encryption"]
    given = encryption["customerManagedKeyEncryption"]
    assert re.fullmatch(
        rf"https://{VAULT_NAME}\.vault\.azure\.net/keys/data/[0-9a-f]{{32}}",
        given["keyEncryptionKeyUrl"],
    )
    key = world.one("Key", "cache-data").plain
    assert key["properties"] == {
        "kty": "RSA",
        "keySize": 3072,
        "keyOps": ["wrapKey", "unwrapKey"],
        "attributes": {"enabled": True},
    }
    role = world.one("RoleAssignment", "cache-data").plain
    assert role["principalId"] == identity.state["principalId"]
    assert role["principalType"] == "ServicePrincipal"
    assert role["scope"].endswith(f"/vaults/{VAULT_NAME}")
    assert role["roleDefinitionId"] == (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
        "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    )
    assert world.one("Vault", "cache").plain["properties"]["enablePurgeProtection"] is True


@pytest.mark.parametrize("variant", ["entra", "production-entra", "classic-entra"])
def test_entra_lets_in_who_is_named_and_no_key(variant: str) -> None:
    world = built(variant)
    old = variant.startswith("classic")
    found = world.all("AccessPolicyAssignment")
    names = [r.plain["accessPolicyAssignmentName"] for r in found]
    assert names == [f"p{each.replace('-', '')}" for each in (ALICE, BOB)]
    for resource, object_id in zip(found, (ALICE, BOB), strict=True):
        inputs = resource.plain
        if old:
            assert (inputs["objectId"], inputs["objectIdAlias"]) == (object_id, object_id)
            assert inputs["accessPolicyName"] == "Data Contributor"
        else:
            assert inputs["user"] == {"objectId": object_id}
            assert (inputs["accessPolicyName"], inputs["databaseName"]) == ("default", "default")
    cache = cache_of(world, variant).plain
    if old:
        assert cache["disableAccessKeyAuthentication"] is True
        assert cache["redisConfiguration"]["aadEnabled"] == "true"
    assert [r.name for r in world.all("keyvault:Secret")] == ["cache-connection"]
    contract = Connection.from_dict(reveal(outputs_of(world)))
    assert (contract.auth.value, contract.username, contract.password) == ("identity", ALICE, "")
    assert contract.grants["principal_ids"] == f"{ALICE},{BOB}"
    assert "active_key" not in contract.grants
    assert reveal(outputs_of(world))["secondary_url"] == ""


# A classic cache, word for word.


def test_a_classic_cache_word_for_word() -> None:
    assert built("classic").one("redis:Redis", "cache").plain == {
        "name": NAME,
        "resourceGroupName": GROUP_NAME,
        "sku": {"name": "Standard", "family": "C", "capacity": 1},
        "redisVersion": "6",
        "enableNonSslPort": False,
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
        "disableAccessKeyAuthentication": False,
        # Tokens are always let in, once somebody is named: keys can then go in one step.
        "redisConfiguration": {"maxmemoryPolicy": "allkeys-lru", "aadEnabled": "true"},
        "tags": OWN_TAGS,
    }


OLD_SHAPES: list[tuple[str, dict[str, Any]]] = [
    (
        "classic-entra",
        {
            "disableAccessKeyAuthentication": True,
        },
    ),
    ("classic-public", {"publicNetworkAccess": "Enabled"}),
    (
        "classic-premium",
        {
            "sku": {"name": "Premium", "family": "P", "capacity": 1},
            "shardCount": 2,
            "zones": ["1", "2"],
            "redisConfiguration": {
                "aadEnabled": "true",
                "maxmemoryPolicy": "volatile-lru",
                "maxmemoryReserved": "200",
                "notifyKeyspaceEvents": "Ex",
                "preferredDataPersistenceAuthMethod": "SAS",
                "rdbBackupEnabled": "true",
                "rdbBackupFrequency": "60",
                "rdbStorageConnectionString": CONNECTION_STRING,
            },
        },
    ),
    (
        "classic-identity",
        {
            "sku": {"name": "Premium", "family": "P", "capacity": 1},
            "replicasPerPrimary": 2,
            "identity": {"type": "SystemAssigned"},
            "redisConfiguration": {
                "aadEnabled": "true",
                "maxmemoryPolicy": "allkeys-lru",
                "aofBackupEnabled": "true",
                "preferredDataPersistenceAuthMethod": "ManagedIdentity",
                "storageSubscriptionId": SUBSCRIPTION,
            },
        },
    ),
]


@pytest.mark.parametrize(("variant", "shape"), OLD_SHAPES, ids=[s[0] for s in OLD_SHAPES])
def test_the_shape_of_a_classic_cache(variant: str, shape: dict[str, Any]) -> None:
    assert changed(variant, "redis:Redis", "classic") == shape
    for value in built(variant).one("redis:Redis", "cache").plain["redisConfiguration"].values():
        assert isinstance(value, str), "Azure takes texts only"


def test_a_log_of_a_classic_cache_goes_to_the_first_account() -> None:
    snapshots = {"connection_string": CONNECTION_STRING}
    chosen = {**CLASSIC, "sku": "Premium_P1", "snapshots": snapshots}
    world = succeed(lambda: azure_cache(persistence="aof", azure={"classic": chosen}))
    configuration = world.one("redis:Redis", "cache").plain["redisConfiguration"]
    assert configuration["aofStorageConnectionString0"] == CONNECTION_STRING
    assert not any(key.startswith("rdb") for key in configuration)


def test_who_may_come_from_the_internet_and_when_azure_may_patch() -> None:
    world = built("classic-public")
    rules = {
        r.plain["ruleName"]: (r.plain["startIP"], r.plain["endIP"])
        for r in world.all("FirewallRule")
    }
    assert rules == {
        "from_203_0_113_4_to_203_0_113_9": ("203.0.113.4", "203.0.113.9"),
        "from_203_0_113_20_to_203_0_113_20": ("203.0.113.20", "203.0.113.20"),
    }
    schedule = world.one("PatchSchedule", "cache").plain
    assert (schedule["name"], schedule["default"]) == (NAME, "default")
    assert schedule["scheduleEntries"] == [
        {"dayOfWeek": "Sunday", "startHourUtc": 3, "maintenanceWindow": "PT5H"},
        {"dayOfWeek": "Tuesday", "startHourUtc": 2, "maintenanceWindow": "PT5H"},
    ]


# Vault and network.


@EACH_VARIANT
def test_a_vault_of_the_caches_own(variant: str) -> None:
    world = built(variant)
    if variant == "adopted-vault":
        assert world.all("keyvault:Vault") == []
        assert {(r.plain["vaultName"], r.plain["resourceGroupName"]) for r in secrets(world)} == {
            ("shop", "secrets")
        }
        return
    environment = VARIANTS[variant].get("environment", "development")
    private, production = environment != "development", environment == "production"
    vault = world.one("keyvault:Vault", "cache").plain
    assert vault["vaultName"] == VAULT_NAME
    properties = dict(vault["properties"])
    purge = production or variant == "own-key"
    assert properties.pop("enablePurgeProtection", None) == (True if purge else None)
    assert properties == {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": TENANT,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90 if production else 7,
        "publicNetworkAccess": "Disabled" if private else "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny" if private else "Allow",
        },
    }


def secrets(world: World) -> list[Registered]:
    return world.all("keyvault:Secret")


@EACH_VARIANT
def test_what_is_in_the_vault(variant: str) -> None:
    world = built(variant)
    by_what = {r.name.removeprefix("cache-"): r.plain for r in secrets(world)}
    for what, secret in by_what.items():
        assert secret["secretName"] == f"cache-redis-{what}-{SUFFIX}"
        wanted: dict[str, Any] = {"enabled": True}
        if variant == "adopted-vault":
            wanted["expires"] = 4_078_598_400
        assert secret["properties"]["attributes"] == wanted
        content = "application/json" if what == "connection" else "text/plain"
        assert secret["properties"]["contentType"] == content
    outputs = reveal(outputs_of(world))
    connection = json.loads(by_what["connection"]["properties"]["value"])
    assert connection == {
        name: outputs[name] for name in (*CONNECTION_FACTS, "host", "username", "resource_id")
    }
    if variant in WITHOUT_KEYS:
        return
    both = keys(NAME)
    assert by_what["primary-key"]["properties"]["value"] == both["primaryKey"]
    assert by_what["secondary-key"]["properties"]["value"] == both["secondaryKey"]
    assert by_what["url"]["properties"]["value"] == outputs["url"]


CONNECTION_FACTS = (
    "target",
    "engine",
    "auth",
    "port",
    "tls",
    "cluster_mode",
    "clustering_policy",
)


@pytest.mark.parametrize(
    ("variant", "scopes", "principals"),
    [
        (
            "production-full",
            [f"/vaults/{VAULT_NAME}"] * 2,
            [(READER, "ServicePrincipal"), (BOB, "Group")],
        ),
        (
            "adopted-vault",
            [
                f"/secrets/cache-redis-{what}-{SUFFIX}"
                for what in ("url", "primary-key", "secondary-key", "connection")
            ],
            [(READER, "ServicePrincipal")] * 4,
        ),
    ],
)
def test_readers_get_the_role_for_secrets_and_no_more(
    variant: str, scopes: list[str], principals: list[tuple[str, str]]
) -> None:
    roles = [r.plain for r in built(variant).all("RoleAssignment") if r.name != "cache-data"]
    found = [(role["principalId"], role["principalType"]) for role in roles]
    assert sorted(found) == sorted(principals)
    below_vault = [re.sub(r".*(?=/vaults/local)|.*/shop(?=/)", "", role["scope"]) for role in roles]
    assert sorted(below_vault) == sorted(scopes)
    for role in roles:
        assert role["roleDefinitionId"].endswith("/4633458b-17de-408a-b874-0445c86b69e6")


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_the_way_in(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    old = variant.startswith("classic")
    endpoints = {r.name.removeprefix("cache-"): r for r in world.all("PrivateEndpoint")}
    private = variant in {*PRIVATE_VAULT, "by-policy"}
    assert set(endpoints) == ({"cache", "vault"} if private else {"cache"})
    groups = {"cache": "redisCache" if old else "redisEnterprise", "vault": "vault"}
    for what, endpoint in endpoints.items():
        (connection,) = endpoint.plain["privateLinkServiceConnections"]
        assert (connection["name"], connection["groupIds"]) == (what, [groups[what]])
        if "network" in VARIANTS[variant]:
            assert endpoint.plain["subnet"] == {"id": SUBNET}
    if preview:
        return
    (connection,) = endpoints["cache"].plain["privateLinkServiceConnections"]
    outputs = reveal(outputs_of(world))
    assert connection["privateLinkServiceId"] == outputs["cache_id"]
    assert outputs["private_endpoint_id"].endswith(f"/privateEndpoints/{NAME}-cache")
    zones = {
        r.name.removeprefix("cache-"): r.plain["privateDnsZoneConfigs"]
        for r in world.all("PrivateDnsZoneGroup")
    }
    wanted = {"cache": ZONES[old], "vault": "privatelink.vaultcore.azure.net"}
    assert set(zones) == (set() if variant == "by-policy" else set(endpoints))
    for what, (config,) in zones.items():
        assert config["privateDnsZoneId"].endswith(f"/privateDnsZones/{wanted[what]}")
        assert config["name"] == wanted[what].replace(".", "-")
        if "network" in VARIANTS[variant]:
            assert config["privateDnsZoneId"] == MANAGED_ZONE


# Logs and locks.


@pytest.mark.parametrize("variant", [*MANAGED, *CLASSICS])
def test_logs_and_metrics(variant: str) -> None:
    world = built(variant)
    sources = {r.name: r.plain for r in world.all("DiagnosticSetting")}
    if VARIANTS[variant].get("environment", "development") == "development":
        assert sources == {}
        return
    outputs = reveal(outputs_of(world))
    found = {
        name.removeprefix("cache-"): (
            s["resourceUri"],
            [each["categoryGroup"] for each in s.get("logs", [])],
            [each["category"] for each in s.get("metrics", [])],
        )
        for name, s in sources.items()
    }
    if variant.startswith("classic"):
        wanted = {"diagnostics": (outputs["cache_id"], ["allLogs"], ["AllMetrics"])}
    else:
        wanted = {
            "metrics": (outputs["cache_id"], [], ["AllMetrics"]),
            "logs": (outputs["resource_id"], ["allLogs"], []),
        }
    groups = ["audit", "allLogs"]
    assert found == {**wanted, "vault": (outputs["vault_id"], groups, [])}
    for source in sources.values():
        assert all(
            each["enabled"] for each in (*source.get("logs", []), *source.get("metrics", []))
        )
        own = f"{GROUP}/{outputs['cache_id'].split('/')[4]}/providers/Microsoft.OperationalInsights"
        wanted_id = WORKSPACE if variant == "production-full" else f"{own}/workspaces/{NAME}"
        assert source["workspaceId"] == wanted_id
    for made in world.all("Workspace"):
        assert made.plain["retentionInDays"] == 30
        assert made.plain["sku"] == {"name": "PerGB2018"}


@pytest.mark.parametrize("variant", [v for v in VARIANTS if expected(v) >= LOCK])
def test_a_lock_on_the_cache(variant: str) -> None:
    world = built(variant)
    lock = world.one("ManagementLockByScope", "cache").plain
    assert lock["scope"] == reveal(outputs_of(world))["cache_id"]
    assert (lock["level"], lock["lockName"]) == ("CanNotDelete", NAME)
    assert "secure-redis/local" in lock["notes"]


# Outputs.


@EACH_VARIANT
def test_the_outputs_are_the_contract(variant: str) -> None:
    outputs = reveal(outputs_of(built(variant)))
    old = variant.startswith("classic")
    contract = Connection.from_dict(outputs)
    for name, value in contract.to_dict().items():
        assert outputs[name] == value, name
    assert contract.tls
    assert (contract.tls_verify.value, contract.ca_source.value) == ("full", "system")
    assert (contract.ca_pem, contract.target, contract.engine) == ("", "azure", "redis")
    domain = "redis.cache.windows.net" if old else f"{REGION}.redis.azure.net"
    assert contract.host == f"{NAME}.{domain}", "the name that the certificate carries"
    assert "privatelink" not in json.dumps(outputs["url"])
    assert contract.port == (6380 if old else 10_000)
    assert contract.database == 0
    kind_ = "redis" if old else "redisEnterprise"
    assert outputs["cache_id"].endswith(f"/Microsoft.Cache/{kind_}/{NAME}")
    tail = "" if old else "/databases/default"
    assert contract.resource_id == f"{outputs['cache_id']}{tail}"
    assert outputs["vault_id"] == contract.grants["vault_id"]
    assert outputs["env_public"].items() <= outputs["env"].items()
    spread = {"enterprise": "EnterpriseCluster", "search": "EnterpriseCluster"}
    spread |= {"oss": "OSSCluster", "classic-premium": "OSSCluster"}
    assert contract.clustering_policy == spread.get(variant, "NoCluster")
    assert contract.cluster_mode == (contract.clustering_policy == "OSSCluster")
    assert contract.rotate_by == ("2099-03-31T00:00:00Z" if variant == "adopted-vault" else "")
    assert set(contract.network) == {"subnet_id"}


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v not in WITHOUT_KEYS])
def test_the_active_key_opens_the_cache(variant: str) -> None:
    outputs = reveal(outputs_of(built(variant)))
    both = keys(NAME)
    active, other = both["primaryKey"], both["secondaryKey"]
    if variant == "secondary":
        active, other = other, active
    assert outputs["password"] == active
    assert outputs["username"] == "default"
    tail = f"@{outputs['host']}:{int(outputs['port'])}/0"
    assert outputs["url"] == f"rediss://default:{quote(active, safe='')}{tail}"
    assert outputs["secondary_url"] == f"rediss://default:{quote(other, safe='')}{tail}"
    wanted = "secondary" if variant == "secondary" else "primary"
    assert outputs["grants"]["active_key"] == wanted


def test_where_the_credential_is_kept() -> None:
    world = built("keys")
    secret = world.one("keyvault:Secret", "cache-url").state["properties"]
    found = outputs_of(world)["secret_ref"]
    assert found == {
        "kind": "azure-key-vault",
        "id": f"https://{VAULT_NAME}.vault.azure.net/secrets/cache-redis-url-{SUFFIX}",
        "version": secret["secretUriWithVersion"].rpartition("/")[2],
        "json_key": "",
    }
    uris = outputs_of(world)["secret_uris"]
    assert uris["url"] == found["id"]
    assert set(uris) == {"url", "primary-key", "secondary-key", "connection"}
    assert outputs_of(built("entra"))["secret_ref"] == {}


def test_another_active_key_changes_the_url_and_nothing_else() -> None:
    """The other key worked all the time: so clients move without a pause."""
    one, other = ({label(r): r.inputs for r in built(v).made} for v in ("keys", "secondary"))
    assert one.keys() == other.keys()
    differing = {each for each in one if one[each] != other[each]}
    assert differing == {("ManagedRedis", "cache"), ("Secret", "cache-url")}


COMPUTED = {"grants", "host", "resource_id", "secret_ref", "secret_uris"}
COMPUTED |= {"cache_id", "private_endpoint_id", "url", "secondary_url", "password"}


@pytest.mark.parametrize("variant", ["keys", "production", "classic"])
def test_a_preview_invents_nothing_and_knows_the_settings(variant: str) -> None:
    update = outputs_of(built(variant))
    preview = outputs_of(built(variant, preview=True))
    settings = {"target", "engine", "port", "tls", "tls_verify", "database", "cluster_mode"}
    for name in (*settings, "clustering_policy", "username", "auth", "ca_pem", "rotate_by"):
        assert preview[name] == update[name], name
    for name in COMPUTED:
        assert rpc.UNKNOWN in str(preview[name]), name
    assert "None" not in str(reveal(preview))


@pytest.mark.parametrize("variant", ["keys", "classic"])
def test_the_portable_component_has_the_same_outputs(variant: str) -> None:
    world = succeed(lambda: secure(**VARIANTS[variant], tags=TAGS))
    assert set(reveal(outputs_of(world))) == set(OUTPUTS)
    direct = reveal(outputs_of(built(variant)))
    assert reveal(outputs_of(world)) == {name: direct[name] for name in OUTPUTS}
    portable = world.one("SecureRedis", "cache")
    assert component_of(world, variant).parent == portable.urn
    service = "azure (classic)" if variant == "classic" else "azure"
    assert portable.inputs == {"service": service}
    assert list(portable.request.hooks.before_update) == ["data of service of cache"]


# What other resources provide.


@PREVIEW_AND_UPDATE
def test_ids_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        app = pulumi_azure_native.managedidentity.UserAssignedIdentity(
            "app", resource_group_name="apps"
        )
        network = AzureNetwork(
            "network",
            {
                "cidr": "10.9.0.0/16",
                "cidrs": ["10.9.128.0/20"],
                "ports": ["10000"],
                "private_dns_zones": ["privatelink.redis.azure.net"],
            },
        )
        azure_cache(
            network=network.facts(),
            access={"secret_readers": [app.principal_id]},
            azure={"auth": "entra", "principal_ids": [app.principal_id]},
        )

    world = succeed(program, preview=preview)
    assert [r.name for r in world.all("VirtualNetwork")] == ["network"]
    assert [r.name for r in world.all("AccessPolicyAssignment")] == ["cache-principal-0"]
    (reader,) = world.all("RoleAssignment")
    assert reader.name == "cache-reader-0"
    assert reader.plain["principalType"] == "ServicePrincipal"
    if not preview:
        principal = world.one("UserAssignedIdentity", "app").state["principalId"]
        (assignment,) = world.all("AccessPolicyAssignment")
        assert assignment.plain["user"] == {"objectId": principal}
        assert reader.plain["principalId"] == principal
        assert reveal(outputs_of_cache(world))["username"] == principal


def outputs_of_cache(world: World) -> dict[str, Any]:
    outputs = world.one("ManagedRedis", "cache").outputs
    assert outputs is not None
    return outputs


# Arguments that cannot be used.

BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"access": {}}, ["access"]),
    ({"access": {"cidrs": ["0.0.0.0/0"]}}, ["access.cidrs.0"]),
    ({"network": {"subnet_id": SUBNET}}, ["network"]),
    ({"network": {**ADOPTED, "subnet_id": "endpoints"}}, ["network.subnet_id"]),
    (
        {"network": {**ADOPTED, "private_dns_zone_ids": [MANAGED_ZONE]}, **PRODUCTION},
        ["network.private_dns_zone_ids"],
    ),
    ({"tags": {"azure": "x"}}, ["tags.azure"]),
    ({"alarms": {"notify": ["on-call"]}}, ["alarms.notify.0"]),
    ({"azure": {"sku": "Premium_P1", "prt": 1}}, ["azure.prt", "azure.sku"]),
    ({"azure": {"classic": {}}}, ["azure.classic.acknowledgeRetirement"]),
    ({"mode": "none", "engine": "memcached"}, ["engine", "mode"]),
]


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("make", [azure_cache, secure], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("args", "paths"), BAD)
def test_invalid_arguments_stop_before_anything_is_registered(
    make: Any, args: dict[str, Any], paths: list[str], preview: bool
) -> None:
    world = run(lambda: make(**args), preview=preview)
    assert isinstance(world.error, InvalidArguments)
    assert world.made == []
    assert sorted(e["property_path"] for e in world.error.errors or []) == paths


@pytest.mark.parametrize(
    ("make", "azure", "words"),
    [
        (ManagedRedis, {"classic": CLASSIC}, "Use ClassicRedis."),
        (ClassicRedis, {}, "or use ManagedRedis."),
    ],
)
def test_each_component_makes_its_own_kind(make: Any, azure: dict[str, Any], words: str) -> None:
    args = {"environment": "development", "access": ACCESS, "azure": azure}
    world = run(lambda: make("cache", args))
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["azure.classic"]
    assert words in str(world.error)
    assert world.made == []


def test_groups_are_told_of_every_alarm() -> None:
    found = built("production-full").all("MetricAlert")
    assert found
    for alarm in found:
        assert alarm.plain["actions"] == [{"actionGroupId": ACTION_GROUP}]


def test_a_policy_makes_the_records_where_it_is_said_to() -> None:
    world = succeed(lambda: azure_cache(network=BY_POLICY, **PRODUCTION))
    assert len(world.all("PrivateEndpoint")) == 2
    assert world.all("PrivateDnsZoneGroup") == []
    assert VAULT not in json.dumps(reveal(outputs_of(world)))
