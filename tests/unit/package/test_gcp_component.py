"""What the components of Google Cloud register: children, names, labels, secrets, options."""

import inspect
import json
import re
from typing import Any

import pulumi
import pulumi_gcp
import pytest
from gcp_cases import (
    ADOPTED,
    ALICE,
    CHANNEL,
    GLOBAL_KEY,
    KEY,
    NETWORK,
    PRODUCTION,
    RANGE,
    READERS,
    REDISES,
    SHOP,
    TAGS,
    VALKEY,
    VALKEYS,
    VARIANTS,
    built,
    gcp_cache,
    run,
    secure,
    succeed,
)
from package_components import PREVIEW_AND_UPDATE, outputs_of
from package_gcp_cloud import ISSUED, KINDS, NUMBER, PROJECT, REGION, auth_string, certificates
from package_monitor import (
    OWNER,
    Registered,
    Secret,
    World,
    leaves,
    reveal,
    rotation_deadline,
)
from pulumi.runtime import rpc
from secure_redis.component import OUTPUTS, SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments
from secure_redis.connection import Connection
from secure_redis.gcp.network import GcpNetwork
from secure_redis.gcp.redis import MemorystoreRedis
from secure_redis.gcp.valkey import MemorystoreValkey
from secure_redis.names import readable
from secure_redis.settings import CACHE_NAME, CACHE_NAME_LENGTH

EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)
EACH_REDIS = pytest.mark.parametrize("variant", REDISES)
EACH_VALKEY = pytest.mark.parametrize("variant", VALKEYS)
SUFFIX = OWNER[:8]
NAME = f"{readable('secure-redis', 'local', 'cache', length=22)}-{SUFFIX}"
"""Project, stack and cache, shortened, and what tells two of them apart."""
OWN_OUTPUTS = {"cache_id", "secret_ids", "alarm_ids"}
AUTH = auth_string(NAME)


def kind(resource: Registered) -> str:
    """A type by its module and name, without the provider."""
    return resource.type.removeprefix("gcp:")


def label(resource: Registered) -> tuple[str, str]:
    return kind(resource).rpartition(":")[2], resource.name


def environment_of(variant: str) -> str:
    return VARIANTS[variant].get("environment", "development")


def settings_of(variant: str) -> dict[str, Any]:
    """Settings of the target's own."""
    return VARIANTS[variant].get("gcp", {})


def component_of(world: World) -> Registered:
    (found,) = world.all("MemorystoreRedis") + world.all("MemorystoreValkey")
    return found


def cache_of(world: World, variant: str) -> Registered:
    """The cache itself, of the current generation."""
    if variant in VALKEYS:
        return world.one("memorystore/instance:Instance", "cache")
    later = "rotation" in VARIANTS[variant]
    return world.one("redis/instance:Instance", "cache-generation-2" if later else "cache")


def googles(world: World) -> list[Registered]:
    return [r for r in world.made if r.type.startswith("gcp:")]


# Names.

Names = set[tuple[str, str]]
NETWORK_PARTS: Names = {
    ("GcpNetwork", "cache"),
    ("Network", "cache"),
    ("RandomId of the network", "cache-identity"),
    ("Subnetwork", "cache"),
}
OF_ENGINE: dict[bool, Names] = {
    True: {("ServiceConnectionPolicy", "cache")},
    False: {("GlobalAddress", "cache"), ("Connection", "cache")},
}
OWN_KEY: Names = {
    ("KeyRing", "cache"),
    ("CryptoKey", "cache"),
    ("CryptoKeyIAMMember", "cache"),
    ("ServiceIdentity", "cache"),
}
FIREWALL: Names = {("Firewall", "cache-clients"), ("Firewall", "cache-everybody-else")}


def secret_names(variant: str) -> list[str]:
    return ["connection"] if variant in VALKEYS else ["connection", "url"]


def expected(variant: str) -> Names:
    """Logical names beside those of alarms. They are for ever: another name is another resource."""
    args, own = VARIANTS[variant], settings_of(variant)
    valkey = variant in VALKEYS
    names: Names = {
        ("MemorystoreValkey" if valkey else "MemorystoreRedis", "cache"),
        ("RandomId", "cache-identity"),
    }
    rotation = args.get("rotation", {})
    if rotation:
        names.add(("Instance", "cache-generation-2"))
    if not rotation or rotation.get("keep_previous"):
        names.add(("Instance", "cache"))
    if "network" not in args:
        names |= NETWORK_PARTS | OF_ENGINE[valkey]
    for what in secret_names(variant):
        names |= {("Secret", f"cache-{what}"), ("SecretVersion", f"cache-{what}")}
        for reader in args.get("access", {}).get("secret_readers", ()):
            names.add(("SecretIamMember", f"cache-{what}-{reader.partition(':')[2]}"))
    names |= {
        ("IAMMember", f"cache-login-{m.partition(':')[2]}") for m in own.get("principals", ())
    }
    if own.get("customer_managed_key") == {}:
        names |= OWN_KEY
    if "secret_key_name" in own:
        names.add(("ServiceIdentity", "cache-secrets"))
    if args.get("access", {}).keys() & {"network_tags", "service_accounts"}:
        names |= FIREWALL
    if own.get("enable_apis"):
        apis = ["secretmanager", "compute"]
        apis += ["memorystore", "networkconnectivity"] if valkey else ["redis", "servicenetworking"]
        apis += ["cloudkms"] if "customer_managed_key" in own else []
        apis += ["cloudresourcemanager"]
        apis += ["monitoring"] if environment_of(variant) != "development" else []
        names |= {("Service", f"cache-{api}") for api in apis}
    return names


def named(world: World, resource: Registered) -> tuple[str, str]:
    networks = {r.urn for r in world.all("GcpNetwork")}
    if resource.parent in networks and kind(resource).endswith(":RandomId"):
        return "RandomId of the network", resource.name
    return label(resource)


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_logical_names_are_for_ever(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    found = [named(world, r) for r in world.made]
    assert len(found) == len(set(found)), "two resources of one name"
    assert {each for each in found if each[0] != "AlertPolicy"} == expected(variant)


def test_every_type_is_registered_by_some_variant() -> None:
    """What the other tests say of every variant, they say of every type."""
    assert {kind(r) for variant in VARIANTS for r in googles(built(variant))} == KINDS


@pytest.mark.parametrize("variant", ["both", "production-full", "valkey-production"])
def test_a_second_run_registers_the_same(variant: str) -> None:
    again = succeed(lambda: gcp_cache(**VARIANTS[variant], tags=TAGS))
    first = {r.urn: r.inputs for r in built(variant).made}
    assert {r.urn: r.inputs for r in again.made} == first


def identities(name: str) -> set[tuple[str, str]]:
    """What the engine and Google tell the resources of the cache `name` apart by."""
    access = {"network_tags": ["shop"], "secret_readers": [SHOP]}
    own = {"customer_managed_key": {}}
    world = succeed(lambda: gcp_cache(name, network=ADOPTED, access=access, gcp=own, replicas=1))
    urns = {("urn", r.urn) for r in world.made}
    # An account of a service is there once in a project, whoever asks for it.
    ids = {(kind(r), r.state["id"]) for r in googles(world) if label(r)[0] != "ServiceIdentity"}
    return urns | ids


def test_a_cache_may_have_the_name_of_anothers_child() -> None:
    mine = identities("jobs")
    children = {urn.rpartition("::")[2] for what, urn in mine if what == "urn"} - {"jobs"}
    legal = [c for c in children if re.fullmatch(CACHE_NAME, c) and len(c) <= CACHE_NAME_LENGTH]
    assert {"jobs-clients", "jobs-url", "jobs-connection", "jobs-everybody-else"} <= set(legal)
    for child in sorted(legal):
        assert not mine & identities(child), child


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
@pytest.mark.parametrize("args", [{}, VALKEY], ids=["redis", "valkey"])
def test_a_components_name_becomes_a_part_of_the_caches_name(
    args: dict[str, Any], name: str, fine: bool
) -> None:
    world = run(lambda: gcp_cache(name, **args))
    if fine:
        (cache,) = world.all("Instance")
        own = cache.plain["instanceId" if args else "name"]
        assert re.fullmatch(r"[a-z][a-z0-9-]{2,38}[a-z0-9]", own)
        return
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["name"]
    assert world.made == []


OF_NETWORK = {"Network", "Subnetwork", "GlobalAddress", "Connection", "ServiceConnectionPolicy"}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_every_child_belongs_to_its_component(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    cache = component_of(world)
    assert cache.parent == world.stack.urn
    networks = world.all("GcpNetwork")
    assert len(networks) == ("network" not in VARIANTS[variant])
    parents = {cache.urn, *(network.urn for network in networks)}
    for resource in world.made:
        if resource is not cache:
            assert resource.parent in parents, resource.urn
            of_network = label(resource)[0] in OF_NETWORK
            assert not of_network or resource.parent == networks[0].urn, resource.urn
    for component in (cache, *networks):
        assert component.outputs is not None, component.urn


# Labels.


def taken(resource: Registered) -> str:
    """The property that takes labels; empty where none does."""
    module, _, name = kind(resource).partition("/")
    resource_class = getattr(getattr(pulumi_gcp, module), name.rpartition(":")[2])
    arguments = inspect.signature(resource_class._internal_init).parameters
    found = {"labels": "labels", "user_labels": "userLabels"}
    return next((found[key] for key in found if key in arguments), "")


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_whatever_takes_labels_is_labelled(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    of_network = {
        "secure-redis-project": "secure-redis",
        "secure-redis-stack": "local",
        "secure-redis-name": "cache",
        **TAGS,
    }
    own = {**of_network, "secure-redis-environment": environment_of(variant)}
    count = 0
    for resource in googles(world):
        if key := taken(resource):
            wanted = of_network if label(resource)[0] in OF_NETWORK else own
            assert resource.plain[key] == wanted, resource.urn
            count += 1
        else:
            assert not {"labels", "userLabels"} & resource.plain.keys(), resource.urn
    assert count >= 2


# Secrets.


@EACH_VARIANT
def test_no_secret_is_in_any_input_but_marked_ones(variant: str) -> None:
    world = built(variant)
    secrets = world.secrets()
    assert bool(secrets) == (variant in REDISES)
    found: set[tuple[str, str]] = set()
    for resource in world.made:
        for path, value, marked in leaves(resource.inputs):
            if any(secret in str(value) for secret in secrets):
                assert marked, f"{resource.urn}{path} holds a secret in plain text"
                found.add((label(resource)[0], path))
    assert found == (set() if variant in VALKEYS else {("SecretVersion", ".secretData")})


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_values_of_secrets_are_marked_before_they_are_known(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    versions = world.all("SecretVersion")
    assert len(versions) == len(secret_names(variant))
    for version in versions:
        marks = {path: marked for path, _, marked in leaves(version.inputs)}
        assert {path for path, marked in marks.items() if marked} == {".secretData"}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_outputs_with_a_credential_are_secret_and_the_others_are_not(
    variant: str, preview: bool
) -> None:
    outputs = outputs_of(built(variant, preview=preview))
    own = OWN_OUTPUTS | (set() if variant in VALKEYS else {"previous_url"})
    assert set(outputs) == {*OUTPUTS, *own}
    wanted = SECRET_OUTPUTS | ({"previous_url"} if variant == "both" else set())
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == wanted
    secrets = set() if preview else built(variant).secrets()
    for path, value, marked in leaves(outputs):
        assert marked or not any(secret in str(value) for secret in secrets), path


@EACH_VARIANT
def test_a_components_inputs_are_plain_facts(variant: str) -> None:
    """They are stored in plain text, and the guard against replacement compares them."""
    world = built(variant)
    inputs = component_of(world).inputs
    assert {"project", "region", "network", "protected", "engineVersion", "key"} <= inputs.keys()
    for path, value, marked in leaves(inputs):
        assert not marked, path
        assert isinstance(value, str | int | float | bool), path
    assert not any(secret in str(inputs) for secret in world.secrets())


# Options.


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_production_protects_the_data_and_their_key(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    protected = {label(r) for r in world.made if r.request.protect}
    wanted: Names = set()
    if environment_of(variant) == "production":
        wanted = {label(cache_of(world, variant))}
        wanted |= expected(variant) & {("CryptoKey", "cache")}
    assert protected == wanted


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_google_is_told_of_the_protection_always(variant: str, preview: bool) -> None:
    """What is left out means another thing for each type."""
    world = built(variant, preview=preview)
    production = environment_of(variant) == "production"
    current = cache_of(world, variant)
    for resource in world.all("redis/instance:Instance"):
        wanted = production and resource is current
        assert resource.inputs["deletionProtection"] is wanted, resource.urn
    for resource in world.all("memorystore/instance:Instance"):
        assert resource.inputs["deletionProtectionEnabled"] is production
    for resource in world.all("secretmanager/secret:Secret"):
        assert resource.inputs["deletionProtection"] is production


@pytest.mark.parametrize("engine", [{}, VALKEY], ids=["redis", "valkey"])
@pytest.mark.parametrize(
    ("arguments", "protected"),
    [
        ({"protect": True}, True),
        ({"protect": True, "environment": "staging"}, True),
        (PRODUCTION, True),
        ({**PRODUCTION, "allow_replacement": "an empty cache will do"}, False),
        ({"environment": "staging"}, False),
    ],
)
def test_protection_steps_aside_for_an_accepted_replacement(
    engine: dict[str, Any], arguments: dict[str, Any], protected: bool
) -> None:
    world = succeed(lambda: gcp_cache(**engine, **{**arguments, "alarms": {"profile": "off"}}))
    (cache,) = world.all("Instance")
    assert bool(cache.request.protect) is protected
    sent = cache.plain.get("deletionProtection", cache.plain.get("deletionProtectionEnabled"))
    assert sent is protected
    assert {s.plain["deletionProtection"] for s in secrets(world)} == {protected}


def secrets(world: World) -> list[Registered]:
    return world.all("secretmanager/secret:Secret")


REPLACED = {
    "compute/firewall:Firewall": ["network"],
    "memorystore/instance:Instance": ["desiredAutoCreatedEndpoints"],
}
"""What Google or its provider does not change, and does not say so."""


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_what_makes_a_thing_anew(variant: str, preview: bool) -> None:
    for resource in built(variant, preview=preview).made:
        wanted = REPLACED.get(kind(resource), [])
        assert list(resource.request.replaceOnChanges) == wanted, resource.urn
        assert resource.request.deleteBeforeReplace == bool(wanted), resource.urn
        assert list(resource.request.ignoreChanges) == [], resource.urn
        assert not resource.request.retainOnDelete, resource.urn


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_google_is_given_the_time_it_takes(variant: str, preview: bool) -> None:
    for resource in built(variant, preview=preview).made:
        given = resource.request.customTimeouts
        wanted = "40m" if kind(resource) == "redis/instance:Instance" else ""
        assert (given.create, given.update, given.delete) == (wanted,) * 3, resource.urn


def depends(world: World, resource: Registered) -> Names:
    """What a resource waits for."""
    by_urn = {r.urn: label(r) for r in world.made}
    return {by_urn[urn] for urn in resource.request.dependencies if urn in by_urn}


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_the_order_that_google_needs(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    names = expected(variant)
    caches = world.all("Instance")
    for cache in caches:
        waits = depends(world, cache)
        if "network" not in VARIANTS[variant]:
            assert ("Network", "cache") in waits
            way_in = "ServiceConnectionPolicy" if variant in VALKEYS else "Connection"
            assert (way_in, "cache") in waits, "no address before the way in is there"
        if names >= OWN_KEY:
            assert ("CryptoKeyIAMMember", "cache") in waits, "it must be allowed to use its key"
    current = label(cache_of(world, variant))
    for version in world.all("SecretVersion"):
        assert current in depends(world, version)
    if ("ServiceIdentity", "cache-secrets") in names:
        for secret in secrets(world):
            assert ("ServiceIdentity", "cache-secrets") in depends(world, secret)


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("variant", [v for v in VARIANTS if settings_of(v).get("enable_apis")])
def test_apis_are_on_before_anything_is_asked_of_them(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    for parent in (component_of(world), *world.all("GcpNetwork")):
        children = [r for r in googles(world) if r.parent == parent.urn]
        services = {label(r) for r in children if label(r)[0] == "Service"}
        assert services
        for child in children:
            if label(child) in services:
                assert child.plain["disableOnDestroy"] is False, "others may use it by then"
                assert child.plain["service"] == f"{child.name.partition('-')[2]}.googleapis.com"
            else:
                assert services <= depends(world, child), child.urn


@PREVIEW_AND_UPDATE
@EACH_VARIANT
def test_changes_are_judged_before_they_are_made(variant: str, preview: bool) -> None:
    world = built(variant, preview=preview)
    assert list(component_of(world).request.hooks.before_update) == ["data of cache"]
    for network in world.all("GcpNetwork"):
        assert list(network.request.hooks.before_update) == ["data of cache/cache"]
    hooks = {r.name: list(r.request.hooks.before_create) for r in world.all("Instance")}
    ranged = "secondary_range" in settings_of(variant)
    assert {bool(found) for found in hooks.values()} == {ranged}


class Platform(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Platform", name, {})


@pytest.mark.parametrize("engine", [{}, VALKEY], ids=["redis", "valkey"])
def test_options_reach_the_children(engine: dict[str, Any]) -> None:
    def program() -> None:
        provider = pulumi_gcp.Provider("other", project="elsewhere")
        options = pulumi.ResourceOptions(
            parent=Platform("platform"), providers=[provider], protect=True
        )
        gcp_cache(opts=options, **engine)

    world = succeed(program)
    ours = googles(world)
    assert len(ours) >= 7
    assert all("::other::" in r.request.provider for r in ours)
    assert all(r.request.protect for r in ours)
    cache = component_of(world)
    assert cache.parent == world.one("Platform", "platform").urn
    assert list(cache.request.hooks.before_update) == ["data of platform/cache"]


# Memorystore for Redis, word for word.

OWN_LABELS = {
    "secure-redis-project": "secure-redis",
    "secure-redis-stack": "local",
    "secure-redis-name": "cache",
    "secure-redis-environment": "development",
    **TAGS,
}
NETWORK_ID = f"projects/{PROJECT}/global/networks/{NAME}"


def test_a_cache_for_development_word_for_word() -> None:
    assert cache_of(built("plain"), "plain").plain == {
        "name": NAME,
        "displayName": "secure-redis/local cache",
        "region": REGION,
        "tier": "BASIC",
        "memorySizeGb": 1,
        "redisVersion": "REDIS_7_2",
        "authEnabled": True,
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
        "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": NETWORK_ID,
        "reservedIpRange": NAME,
        "persistenceConfig": {"persistenceMode": "DISABLED"},
        "redisConfigs": {"maxmemory-policy": "allkeys-lru", "maxmemory-gb": "0.8"},
        "deletionProtection": False,
        "labels": OWN_LABELS,
    }


def changed(variant: str) -> dict[str, Any]:
    """What a variant says otherwise than the cache for development of its engine."""
    base = "valkey" if variant in VALKEYS else "plain"
    before = cache_of(built(base), base).plain
    after = cache_of(built(variant), variant).plain
    assert before.keys() <= after.keys(), "nothing is left out that was said"
    return {k: v for k, v in after.items() if before.get(k) != v and k != "labels"}


def window(day: str, hour: int) -> dict[str, Any]:
    start = {"hours": hour, "minutes": 0, "seconds": 0, "nanos": 0}
    return {"weeklyMaintenanceWindows": [{"day": day, "startTime": start}]}


SNAPSHOTS = {"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"}
READS: dict[str, Any] = {
    "tier": "STANDARD_HA",
    "memorySizeGb": 5,
    "readReplicasMode": "READ_REPLICAS_ENABLED",
    "replicaCount": 2,
}
FOUR = {"maxmemory-policy": "allkeys-lru", "maxmemory-gb": "4"}
PRODUCTIVE: dict[str, Any] = {
    "tier": "STANDARD_HA",
    "memorySizeGb": 2,
    "persistenceConfig": SNAPSHOTS,
    "maintenancePolicy": window("SUNDAY", 3),
    "redisConfigs": {"maxmemory-policy": "allkeys-lru", "maxmemory-gb": "1.6"},
    "deletionProtection": True,
}
RING = f"projects/{PROJECT}/locations/{REGION}/keyRings/{NAME}"
SHAPES: dict[str, dict[str, Any]] = {
    "enabled": {},
    "replica": {
        "tier": "STANDARD_HA",
        "persistenceConfig": SNAPSHOTS,
        "redisConfigs": {"maxmemory-policy": "volatile-lru", "maxmemory-gb": "0.8"},
    },
    "reads": {
        **READS,
        "redisConfigs": FOUR,
        "locationId": f"{REGION}-b",
        "alternativeLocationId": f"{REGION}-c",
    },
    "one-read": {**READS, "replicaCount": 1, "redisConfigs": FOUR},
    "turned-on": {**READS, "replicaCount": 3, "redisConfigs": FOUR, "secondaryIpRange": "auto"},
    "own-key": {"customerManagedKey": f"{RING}/cryptoKeys/data"},
    "given-key": {"customerManagedKey": KEY},
    "adopted": {"authorizedNetwork": NETWORK, "reservedIpRange": RANGE},
    "tagged": {},
    "accounts": {"authorizedNetwork": NETWORK, "reservedIpRange": RANGE},
    "secrets": {},
    "global-key": {},
    "regions": {},
    "second": {"name": f"{NAME}-g2"},
    "both": {**PRODUCTIVE, "name": f"{NAME}-g2"},
    "production": PRODUCTIVE,
    "production-full": {
        **PRODUCTIVE,
        **READS,
        "customerManagedKey": f"{RING}/cryptoKeys/data",
        "maintenancePolicy": window("TUESDAY", 4),
        "persistenceConfig": {**SNAPSHOTS, "rdbSnapshotPeriod": "ONE_HOUR"},
        "redisConfigs": {
            "maxmemory-policy": "noeviction",
            "maxmemory-gb": "4",
            "notify-keyspace-events": "Ex",
        },
    },
}


def test_every_variant_of_redis_has_a_shape() -> None:
    assert SHAPES.keys() | {"plain"} == set(REDISES)


@pytest.mark.parametrize("variant", SHAPES)
def test_the_shape_of_a_cache_of_redis(variant: str) -> None:
    assert changed(variant) == SHAPES[variant]


# Memorystore for Valkey, word for word.


def test_a_cache_of_valkey_word_for_word() -> None:
    assert cache_of(built("valkey"), "valkey").plain == {
        "instanceId": NAME,
        "location": REGION,
        "mode": "CLUSTER_DISABLED",
        "shardCount": 1,
        "replicaCount": 0,
        "nodeType": "SHARED_CORE_NANO",
        "engineVersion": "VALKEY_8_0",
        "engineConfigs": {"maxmemory-policy": "allkeys-lru"},
        "authorizationMode": "IAM_AUTH",
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
        "desiredAutoCreatedEndpoints": [{"network": NETWORK_ID, "projectId": PROJECT}],
        "persistenceConfig": {"mode": "DISABLED"},
        "deletionProtectionEnabled": False,
        "labels": OWN_LABELS,
    }


VALKEY_SHAPES: dict[str, dict[str, Any]] = {
    "valkey-replica": {
        "replicaCount": 1,
        "persistenceConfig": {"mode": "RDB", "rdbConfig": {"rdbSnapshotPeriod": "SIX_HOURS"}},
    },
    "valkey-cluster": {
        "mode": "CLUSTER",
        "shardCount": 2,
        "replicaCount": 1,
        "persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}},
        "zoneDistributionConfig": {"mode": "SINGLE_ZONE", "zone": f"{REGION}-b"},
    },
    "valkey-key": {"kmsKey": f"{RING}/cryptoKeys/data"},
    "valkey-adopted": {"desiredAutoCreatedEndpoints": [{"network": NETWORK, "projectId": PROJECT}]},
    "valkey-production": {
        "replicaCount": 1,
        "nodeType": "CUSTOM_PICO",
        "persistenceConfig": {"mode": "RDB", "rdbConfig": {"rdbSnapshotPeriod": "SIX_HOURS"}},
        "automatedBackupConfig": {
            "retention": "1209600s",
            "fixedFrequencySchedule": {"startTime": {"hours": 2}},
        },
        "maintenancePolicy": window("SUNDAY", 3),
        "deletionProtectionEnabled": True,
    },
}


def test_every_variant_of_valkey_has_a_shape() -> None:
    assert VALKEY_SHAPES.keys() | {"valkey"} == set(VALKEYS)


@pytest.mark.parametrize("variant", VALKEY_SHAPES)
def test_the_shape_of_a_cache_of_valkey(variant: str) -> None:
    assert changed(variant) == VALKEY_SHAPES[variant]


@EACH_VALKEY
def test_iam_lets_in_who_is_named_and_to_this_cache_alone(variant: str) -> None:
    world = built(variant)
    cache_id = f"projects/{PROJECT}/locations/{REGION}/instances/{NAME}"
    found = world.all("IAMMember")
    assert {r.plain["member"] for r in found} == set(settings_of(variant)["principals"])
    for resource in found:
        assert resource.plain == {
            "project": PROJECT,
            "role": "roles/memorystore.dbConnectionUser",
            "member": resource.plain["member"],
            "condition": {
                "title": "cache cache",
                "expression": f'resource.name == "{cache_id}"',
            },
        }
    contract = Connection.from_dict(reveal(outputs_of(world)))
    assert (contract.auth.value, contract.username, contract.password) == (
        "identity",
        "default",
        "",
    )
    assert contract.grants["role"] == "roles/memorystore.dbConnectionUser"
    assert contract.grants["condition"] == f'resource.name == "{cache_id}"'
    assert contract.secret_ref == {}
    assert "@" not in contract.url
    assert [r.name for r in secrets(world)] == ["cache-connection"]


# The key.


@pytest.mark.parametrize(
    ("variant", "agent"),
    [("own-key", "cloud-redis"), ("valkey-key", "gcp-sa-memorystore")],
)
def test_a_key_of_the_caches_own(variant: str, agent: str) -> None:
    world = built(variant)
    ring = world.one("KeyRing", "cache").plain
    assert ring == {"name": NAME, "location": REGION}
    key = world.one("CryptoKey", "cache").plain
    assert key == {
        "name": "data",
        "keyRing": RING,
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "labels": OWN_LABELS,
    }
    assert world.one("CryptoKeyIAMMember", "cache").plain == {
        "cryptoKeyId": f"{RING}/cryptoKeys/data",
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "member": f"serviceAccount:service-{NUMBER}@{agent}.iam.gserviceaccount.com",
    }


def test_a_key_that_was_named_is_left_alone() -> None:
    for type_ in ("KeyRing", "CryptoKey", "CryptoKeyIAMMember", "ServiceIdentity"):
        assert built("given-key").all(type_) == []


# The secrets.

REPLICATIONS: dict[str, Any] = {
    "secrets": {
        "userManaged": {
            "replicas": [
                {"location": REGION, "customerManagedEncryption": {"kmsKeyName": KEY}},
            ]
        }
    },
    "global-key": {"auto": {"customerManagedEncryption": {"kmsKeyName": GLOBAL_KEY}}},
    "regions": {"userManaged": {"replicas": [{"location": REGION}, {"location": "europe-west4"}]}},
}


@EACH_VARIANT
def test_the_secrets_of_a_cache(variant: str) -> None:
    world = built(variant)
    days = {"production": 30}.get(environment_of(variant), 0)
    days = settings_of(variant).get("secret_destroy_delay_days", days)
    made = sorted(secrets(world), key=lambda resource: resource.name)
    for resource, what in zip(made, secret_names(variant), strict=True):
        assert resource.name == f"cache-{what}"
        inputs = resource.plain
        assert inputs["secretId"] == f"{NAME}-{what}"
        assert inputs["replication"] == REPLICATIONS.get(variant, {"auto": {}})
        assert inputs.get("versionDestroyTtl") == (f"{days * 86_400}s" if days else None)
    for resource in world.all("SecretVersion"):
        what = resource.name.partition("-")[2]
        assert resource.plain["secret"] == f"projects/{PROJECT}/secrets/{NAME}-{what}"
        assert resource.plain["deletionPolicy"] == "DELETE"
        assert resource.plain.keys() == {"secret", "secretData", "deletionPolicy"}


CONNECTION_FACTS = {
    *("target", "engine", "host", "port", "reader_host", "reader_port", "tls", "tls_verify"),
    *("ca_pem", "cluster_mode", "username", "auth", "resource_id"),
}


@EACH_VARIANT
def test_what_the_secrets_hold(variant: str) -> None:
    world = built(variant)
    outputs = reveal(outputs_of(world))
    held = {r.name.partition("-")[2]: r.plain["secretData"] for r in world.all("SecretVersion")}
    connection = json.loads(held["connection"])
    facts = CONNECTION_FACTS | (set() if variant in VALKEYS else {"password", "url"})
    assert connection.keys() == facts
    assert connection == {name: outputs[name] for name in facts}
    assert len(held["connection"].encode()) <= 65_536
    assert held.get("url") == (None if variant in VALKEYS else outputs["url"])


@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if "secret_readers" in VARIANTS[v].get("access", {})]
)
def test_readers_get_the_role_for_secrets_and_no_more(variant: str) -> None:
    found = [r.plain for r in built(variant).all("SecretIamMember")]
    assert sorted((r["secretId"].rpartition("-")[2], r["member"]) for r in found) == sorted(
        (what, reader) for what in secret_names(variant) for reader in READERS["secret_readers"]
    )
    for grant in found:
        assert grant["role"] == "roles/secretmanager.secretAccessor"
        assert grant.keys() == {"secretId", "member", "role"}


def test_where_the_credential_is_kept() -> None:
    outputs = outputs_of(built("plain"))
    kept = f"projects/{PROJECT}/secrets/{NAME}"
    assert outputs["secret_ref"] == {
        "kind": "gcp-secret-manager",
        "id": f"{kept}-connection",
        "version": "1",
        "json_key": "password",
    }
    assert outputs["secret_ids"] == {"connection": f"{kept}-connection", "url": f"{kept}-url"}
    assert outputs["grants"] == {
        "connection_secret": f"{kept}-connection",
        "url_secret": f"{kept}-url",
    }


# Outputs.


@EACH_VARIANT
def test_the_outputs_are_the_contract(variant: str) -> None:
    world = built(variant)
    outputs = reveal(outputs_of(world))
    contract = Connection.from_dict(outputs)
    for name, value in contract.to_dict().items():
        assert outputs[name] == value, name
    valkey = variant in VALKEYS
    assert contract.tls
    assert (contract.tls_verify.value, contract.ca_source.value) == ("ca", "instance")
    assert sorted(contract.ca_pem.split("-----BEGIN")) == sorted(
        "".join(certificates()).split("-----BEGIN")
    )
    assert contract.ca_not_after < contract.ca_last_not_after
    assert (contract.target, contract.engine) == ("gcp", "valkey" if valkey else "redis")
    assert contract.engine_version == ("8.0" if valkey else "7.2")
    assert contract.port == (6379 if valkey else 6378)
    assert contract.database == 0
    assert contract.username == "default"
    assert contract.clustering_policy == ""
    assert contract.cluster_mode == (variant == "valkey-cluster")
    cache = cache_of(world, variant)
    assert outputs["cache_id"] == contract.resource_id == cache.state["id"]
    assert set(contract.network) == {"network_id"}
    adopted = "network" in VARIANTS[variant]
    assert contract.network["network_id"] == (NETWORK if adopted else NETWORK_ID)
    assert outputs["env_public"].items() <= outputs["env"].items()
    issued = "" if valkey else f"{ISSUED[:19]}Z"
    assert contract.credential_issued_at == issued
    assert contract.rotate_by == ("" if valkey else rotation_deadline(90))


@EACH_REDIS
def test_the_auth_string_opens_the_cache(variant: str) -> None:
    world = built(variant)
    outputs = reveal(outputs_of(world))
    own = auth_string(cache_of(world, variant).plain["name"])
    assert outputs["password"] == own
    tail = f"@{outputs['host']}:6378/0"
    assert outputs["url"] == f"rediss://default:{own}{tail}"
    assert outputs["port"] == 6378
    assert isinstance(int(outputs["port"]), int)
    assert "6378.0" not in json.dumps(outputs["url"])
    assert outputs["auth"] == "password"


READING = ["reads", "one-read", "turned-on", "production-full"]


@EACH_REDIS
def test_the_address_for_reads(variant: str) -> None:
    """Without read replicas Google answers an empty text and 0."""
    outputs = reveal(outputs_of(built(variant)))
    state = cache_of(built(variant), variant).state
    if variant in READING:
        assert (outputs["reader_host"], outputs["reader_port"]) == (state["readEndpoint"], 6378)
        assert outputs["reader_host"] != outputs["host"]
        assert outputs["reader_url"].endswith(f"@{state['readEndpoint']}:6378/0")
    else:
        assert (outputs["reader_host"], outputs["reader_port"]) == ("", 0)
        assert outputs["reader_url"] == ""
        assert (
            not {"replicaCount", "readReplicasMode"}
            & cache_of(built(variant), variant).plain.keys()
        )


@EACH_VALKEY
def test_the_addresses_of_valkey(variant: str) -> None:
    outputs = reveal(outputs_of(built(variant)))
    assert (outputs["host"], outputs["port"]) == ("10.20.0.8", 6379)
    reads = variant in {"valkey-replica", "valkey-production"}
    wanted = ("10.20.0.9", 6379) if reads else ("", 0)
    assert (outputs["reader_host"], outputs["reader_port"]) == wanted
    assert outputs["url"] == "rediss://10.20.0.8:6379/0"


KNOWN = {"target", "engine", "engine_version", "tls", "tls_verify", "database", "cluster_mode"}
KNOWN |= {"username", "auth", "ca_source", "clustering_policy"}
COMPUTED = {"host", "port", "ca_pem", "ca_not_after", "ca_last_not_after", "resource_id", "url"}
COMPUTED |= {"cache_id", "secret_ids", "grants", "network"}


@pytest.mark.parametrize("variant", ["plain", "production", "reads", "valkey", "valkey-cluster"])
def test_a_preview_invents_nothing_and_knows_the_settings(variant: str) -> None:
    update = outputs_of(built(variant))
    preview = outputs_of(built(variant, preview=True))
    for name in KNOWN:
        assert preview[name] == update[name], name
    for name in COMPUTED | ({"password"} if variant in REDISES else set()):
        assert rpc.UNKNOWN in str(preview[name]), name
    assert "None" not in str(reveal(preview))


@pytest.mark.parametrize("variant", ["plain", "valkey"])
def test_the_portable_component_has_the_same_outputs(variant: str) -> None:
    world = succeed(lambda: secure(**VARIANTS[variant], tags=TAGS))
    assert set(reveal(outputs_of(world))) == set(OUTPUTS)
    direct = reveal(outputs_of(built(variant)))
    assert reveal(outputs_of(world)) == {name: direct[name] for name in OUTPUTS}
    portable = world.one("SecureRedis", "cache")
    assert component_of(world).parent == portable.urn
    assert portable.inputs == {"service": "gcp (valkey)" if variant == "valkey" else "gcp"}
    assert list(portable.request.hooks.before_update) == ["data of service of cache"]


# Two generations at once.


def test_both_generations_run_and_only_the_current_one_is_protected() -> None:
    world = built("both")
    before = world.one("redis/instance:Instance", "cache")
    current = world.one("redis/instance:Instance", "cache-generation-2")
    assert (before.plain["name"], current.plain["name"]) == (NAME, f"{NAME}-g2")
    assert (bool(before.request.protect), bool(current.request.protect)) == (False, True)
    kept = {"name", "deletionProtection"}
    assert {k: v for k, v in before.plain.items() if k not in kept} == {
        k: v for k, v in current.plain.items() if k not in kept
    }
    outputs = outputs_of(world)
    previous = outputs["previous_url"]
    assert isinstance(previous, Secret)
    host = before.state["host"]
    assert previous.value == f"rediss://default:{AUTH}@{host}:6378/0"
    assert reveal(outputs["url"]) != previous.value
    assert current.state["authString"] in reveal(outputs["url"])
    assert AUTH not in json.dumps([r.plain["secretData"] for r in world.all("SecretVersion")])


def test_the_firewall_covers_both_generations() -> None:
    world = built("both")
    ranges = {r.state["effectiveReservedIpRange"] for r in world.all("Instance")}
    assert len(ranges) == 2
    for rule in world.all("Firewall"):
        assert set(rule.plain["destinationRanges"]) == ranges


def test_a_generation_of_its_own_has_no_predecessor() -> None:
    world = built("second")
    (only,) = world.all("Instance")
    assert only.plain["name"] == f"{NAME}-g2"
    assert outputs_of(world)["previous_url"] == ""


def test_the_first_generation_keeps_its_name() -> None:
    """It is the one that there was before anybody counted."""
    one, both = (built(v).one("redis/instance:Instance", "cache") for v in ("production", "both"))
    assert one.urn == both.urn
    assert one.plain["name"] == both.plain["name"]
    differing = {k for k in one.plain if one.plain[k] != both.plain[k]}
    assert differing == {"deletionProtection"}


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize(("variant", "count"), [("both", 1), ("second", 0), ("plain", 0)])
def test_that_both_cost_is_said(
    variant: str, count: int, preview: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, **_: said.append(text))
    succeed(lambda: gcp_cache(**VARIANTS[variant]), preview=preview)
    assert len(said) == count
    for text in said:
        assert "Generation 2 is a second cache, empty at first" in text
        assert "both run and cost until rotation.keepPrevious is false" in text


# What other resources provide.


@PREVIEW_AND_UPDATE
def test_names_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        app = pulumi_gcp.projects.ServiceIdentity("app", service="redis.googleapis.com")
        member = app.member
        network = GcpNetwork("network", {"engines": ["redis", "valkey"], "cidr": "10.9.0.0/16"})
        access = {"secret_readers": [member], "service_accounts": [app.email]}
        gcp_cache("a", network=network.facts(), access=access)
        logins: Any = {"engine": "valkey", "gcp": {"principals": [member]}}
        gcp_cache("b", network=network.facts(), **logins)

    world = succeed(program, preview=preview)
    assert [r.name for r in world.all("compute/network:Network")] == ["network"]
    assert [r.name for r in world.all("IAMMember")] == ["b-login-0"]
    readers = sorted(r.name for r in world.all("SecretIamMember"))
    assert readers == ["a-connection-reader-0", "a-url-reader-0"]
    if not preview:
        member = world.one("ServiceIdentity", "app").state["member"]
        for resource in (*world.all("IAMMember"), *world.all("SecretIamMember")):
            assert resource.plain["member"] == member
        for rule in world.all("Firewall"):
            assert rule.plain["project"] == PROJECT


# Arguments that cannot be used.

BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"network": {"network_id": NETWORK}}, ["network"]),
    ({"network": {**ADOPTED, "network_id": "shop"}}, ["network.network_id"]),
    ({"network": {**ADOPTED, "network_id": ""}}, ["network.network_id"]),
    ({"network": {**ADOPTED, "reserved_range_name": ""}}, ["network.reserved_range_name"]),
    ({"access": {"cidrs": ["10.1.0.0/16"]}}, ["access.cidrs"]),
    ({"access": {"secret_readers": ["allUsers"]}}, ["access.secretReaders"]),
    ({"tags": {"Team": "x"}}, ["tags.Team"]),
    ({"alarms": {"notify": ["on-call"]}}, ["alarms.notify"]),
    ({"gcp": {"prt": 1, "tier": "BASIC"}}, ["gcp.prt", "gcp.tier"]),
    ({"mode": "none", "engine": "memcached"}, ["engine", "mode"]),
]


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize("make", [gcp_cache, secure], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("args", "where"), BAD)
def test_invalid_arguments_stop_before_anything_is_registered(
    make: Any, args: dict[str, Any], where: list[str], preview: bool
) -> None:
    world = run(lambda: make(**args), preview=preview)
    assert isinstance(world.error, InvalidArguments)
    assert world.made == []
    assert sorted(e["property_path"] for e in world.error.errors or []) == where


def test_a_program_that_does_not_say_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GOOGLE_REGION"):
        monkeypatch.delenv(name, raising=False)
    world = run(gcp_cache, config={})
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["gcp:project", "gcp:region"]
    assert world.made == []


@pytest.mark.parametrize("kind_", [MemorystoreRedis, MemorystoreValkey])
@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_each_component_makes_its_own_engine(kind_: Any, engine: str) -> None:
    own = {"principals": [SHOP, ALICE]} if engine == "valkey" else {}
    args = {"environment": "development", "engine": engine, "gcp": own}
    world = run(lambda: kind_("cache", args))
    if (kind_ is MemorystoreValkey) == (engine == "valkey"):
        assert world.error is None
        return
    assert isinstance(world.error, InvalidArguments)
    assert [e["property_path"] for e in world.error.errors or []] == ["engine"]
    assert f"Use {'MemorystoreValkey' if engine == 'valkey' else 'MemorystoreRedis'}." in str(
        world.error
    )
    assert world.made == []


@pytest.mark.parametrize("kind_", [MemorystoreRedis, MemorystoreValkey])
def test_a_component_needs_not_be_told_its_engine(kind_: Any) -> None:
    valkey = kind_ is MemorystoreValkey
    args = {"environment": "development", "gcp": {"principals": [SHOP]} if valkey else {}}
    world = succeed(lambda: kind_("cache", args))
    assert reveal(outputs_of(world))["engine"] == ("valkey" if valkey else "redis")
    assert bool(world.all("memorystore/instance:Instance")) == valkey


def test_channels_are_told_of_every_alarm() -> None:
    found = built("production-full").all("AlertPolicy")
    assert found
    for alarm in found:
        assert alarm.plain["notificationChannels"] == [CHANNEL]
