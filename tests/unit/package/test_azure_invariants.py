"""What holds for every cache on Azure that the settings accept, whatever they are."""

import re
from typing import Any

from azure_cases import (
    ACTION_GROUP,
    ADOPTED,
    ALICE,
    BOB,
    BY_POLICY,
    CLASSIC,
    CLASSIC_ZONE,
    CONNECTION_STRING,
    IDENTITY,
    KEY_URL,
    READER,
    VAULT,
    VAULT_ZONE,
    WORKSPACE,
    azure_cache,
)
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from package_components import outputs_of
from package_monitor import Secret, World, leaves, reveal, run
from secure_redis.azure.sizes import SIZES
from secure_redis.component import SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments

MEASURED: dict[str, Any] = {
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.generate],
}
"""An example takes a third of a second: to shrink a failing one would take minutes."""

ACCESS = st.fixed_dictionaries(
    {
        "cidrs": st.lists(
            st.sampled_from(["10.1.0.0/16", "192.168.7.0/24"]), min_size=1, unique=True
        )
    },
    optional={
        "secret_readers": st.lists(st.sampled_from([READER, f"user:{BOB}"]), unique=True),
    },
)
ALARMS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["off", "basic", "full"]),
        "notify": st.just([ACTION_GROUP]),
    },
)
LOGINS = st.one_of(
    st.just({}),
    st.sampled_from(["primary", "secondary"]).map(lambda key: {"active_key": key}),
    st.lists(st.sampled_from([ALICE, BOB]), min_size=1, unique=True).map(
        lambda ids: {"auth": "entra", "principal_ids": ids}
    ),
)
VAULTS = st.sampled_from(
    [{}, {}, {"vault_id": VAULT}, {"vault_recovery_days": 30}, {"secret_expires": "2099-01-01"}]
)
LOGS = st.sampled_from([{}, {}, {"logs": True, "workspace_id": WORKSPACE}, {"logs": False}])
DATA_KEYS = [{"key_url": KEY_URL, "identity_id": IDENTITY}, None]


@st.composite
def managed(draw: st.DrawFn, production: bool) -> dict[str, Any]:
    """What only Azure Managed Redis has."""
    size = draw(st.sampled_from([None, *SIZES]))
    azure: dict[str, Any] = {}
    if size is not None:
        azure["sku"] = size.name
        if size.preview or draw(st.booleans()):
            azure["allow_preview"] = True
    small = size is None or size.memory_gb <= 24
    policies = ["EnterpriseCluster", "OSSCluster", *(["NoCluster"] if small else [])]
    policy = draw(st.sampled_from([None, *policies]))
    if policy:
        azure["clustering_policy"] = policy
    flash = size is not None and size.flash
    modules = [["RedisJSON"]] if flash else [["RedisJSON", "RedisBloom"], ["RedisTimeSeries"]]
    chosen = draw(st.sampled_from([None, None, *modules]))
    if chosen:
        azure["modules"] = chosen
    key = draw(st.sampled_from(DATA_KEYS))
    if key is not None:
        azure["customer_managed_key"] = key
    if not production:
        azure["public_access"] = draw(st.booleans())
    replicas = 1 if production else draw(st.integers(0, 1))
    persistence = draw(st.sampled_from(["rdb", "aof"] if production else ["none", "rdb", "aof"]))
    return {"azure": azure, "replicas": replicas, "persistence": persistence}


@st.composite
def classics(draw: st.DrawFn, production: bool) -> dict[str, Any]:
    """What only a classic cache has."""
    sku = draw(st.sampled_from(["Premium_P1", "Premium_P3", "Standard_C1", None]))
    chosen: dict[str, Any] = {**CLASSIC, **({"sku": sku} if sku else {})}
    premium = (sku or "").startswith("Premium") or (sku is None and production)
    azure: dict[str, Any] = {"classic": chosen}
    if premium:
        chosen |= draw(
            st.fixed_dictionaries(
                {"snapshots": st.just({"connection_string": CONNECTION_STRING})},
                optional={"shards": st.integers(1, 3), "zones": st.just(["1", "2"])},
            )
        )
    if not production and draw(st.booleans()):
        azure["public_access"] = True
        chosen["firewall_rules"] = [{"start_ip": "203.0.113.4", "end_ip": "203.0.113.9"}]
    return {"azure": azure, **({"persistence": "rdb"} if premium else {"purpose": "cache"})}


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a cache: what goes together, since what is refused proves nothing."""
    environment = draw(st.sampled_from(["development", "staging", "production"]))
    production = environment == "production"
    old = draw(st.booleans())
    found = draw(classics(production) if old else managed(production))
    lock = draw(st.sampled_from([None, True, False]))
    azure = {**found["azure"], **draw(LOGINS), **draw(VAULTS), **draw(LOGS)}
    zones = {"private_dns_zone_ids": [CLASSIC_ZONE, VAULT_ZONE]} if old else {}
    network = draw(st.sampled_from([None, {**ADOPTED, **zones}, BY_POLICY]))
    oss = azure.get("clustering_policy") == "OSSCluster"
    return {
        "purpose": draw(st.sampled_from(["cache", "sessions", *([] if oss else ["queue"])])),
        **{k: v for k, v in found.items() if k != "azure"},
        "environment": environment,
        "azure": azure if lock is None else {**azure, "lock": lock},
        "access": draw(ACCESS),
        "alarms": draw(ALARMS),
        **({"network": network} if network else {}),
        **draw(st.sampled_from([{}, {}, {"allow_replacement": "it holds nothing"}])),
    }


def assert_a_safe_cluster(world: World, entra: bool) -> None:
    for cluster in world.all("RedisEnterprise"):
        inputs = cluster.plain
        assert inputs["minimumTlsVersion"] == "1.2"
        assert not {"zones", "capacity"} & inputs.keys()
        assert inputs["sku"].keys() == {"name"}, "capacity is for retired tiers"
        assert inputs["highAvailability"] in {"Enabled", "Disabled"}
        assert ("identity" in inputs) == ("encryption" in inputs)
    for database in world.all("Database"):
        inputs = database.plain
        assert (inputs["databaseName"], inputs["port"]) == ("default", 10_000)
        assert inputs["clientProtocol"] == "Encrypted"
        assert inputs["accessKeysAuthentication"] == ("Disabled" if entra else "Enabled")
        kept = inputs["persistence"]
        assert not (kept["aofEnabled"] and kept["rdbEnabled"])
        assert kept.get("aofFrequency", "1s") == "1s"
        assert ("rdbFrequency" in kept) == kept["rdbEnabled"]
    for cache in world.all("redis:Redis"):
        inputs = cache.plain
        assert inputs["enableNonSslPort"] is False
        assert inputs["minimumTlsVersion"] == "1.2"
        assert inputs["disableAccessKeyAuthentication"] is entra
        configuration = inputs["redisConfiguration"]
        assert not {"authnotrequired", "requirepass"} & configuration.keys()
        assert not entra or configuration["aadEnabled"] == "true"
        assert not {"subnetId", "staticIp"} & inputs.keys()


def assert_one_way_in(world: World, args: dict[str, Any], entra: bool) -> None:
    production = args["environment"] == "production"
    (cache,) = world.all("RedisEnterprise") + world.all("redis:Redis")
    public = args["azure"].get("public_access", False)
    assert cache.plain["publicNetworkAccess"] == ("Enabled" if public else "Disabled")
    assert not (production and public)
    assert bool(world.all("FirewallRule")) == (public and "classic" in args["azure"])
    endpoints = [r.plain["privateLinkServiceConnections"] for r in world.all("PrivateEndpoint")]
    leading = [c["privateLinkServiceId"] for connections in endpoints for c in connections]
    assert cache.state["id"] in leading, "always a private endpoint"
    for vault in world.all("keyvault:Vault"):
        properties = vault.plain["properties"]
        assert properties["enableRbacAuthorization"] is True
        assert properties["enableSoftDelete"] is True
        assert 7 <= properties["softDeleteRetentionInDays"] <= 90
        assert properties.get("enablePurgeProtection") in {True, None}, "true or nothing"
        private = args["environment"] != "development"
        assert properties["publicNetworkAccess"] == ("Disabled" if private else "Enabled")
        assert (vault.state["id"] in leading) == private
        assert not production or properties["enablePurgeProtection"]
    for group in world.all("NetworkSecurityGroup"):
        allowed = [r for r in group.plain["securityRules"] if r["access"] == "Allow"]
        assert [r["sourceAddressPrefixes"] for r in allowed] == [args["access"]["cidrs"]]
    names = sorted(r.name for r in world.all("keyvault:Secret"))
    keys = [] if entra else ["cache-primary-key", "cache-secondary-key", "cache-url"]
    assert names == sorted(["cache-connection", *keys])
    assert bool(world.all("AccessPolicyAssignment")) is entra, "exactly one way to log in"
    outputs = reveal(outputs_of(world))
    assert outputs["auth"] == ("identity" if entra else "password")
    assert bool(outputs["password"]) is not entra
    assert (outputs["tls"], outputs["tls_verify"]) == (True, "full")


NAMED = {
    "clusterName": r"(?=.{1,60}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*",
    "vaultName": r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    "secretName": r"[A-Za-z0-9-]{1,127}",
    "accessPolicyAssignmentName": r"[A-Za-z0-9]{1,60}",
    "privateEndpointName": r"[A-Za-z0-9][A-Za-z0-9._-]{0,78}[A-Za-z0-9_]",
    "workspaceName": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
}


def assert_legal_names(world: World) -> None:
    for resource in world.made:
        for key in NAMED.keys() & resource.plain.keys():
            assert re.fullmatch(NAMED[key], resource.plain[key]), (key, resource.plain[key])
    urns = [r.urn for r in world.resources]
    assert len(urns) == len(set(urns))
    ids = [r.state["id"] for r in world.made if r.type.startswith("azure-native:")]
    assert len(ids) == len(set(ids))


def assert_secrets_are_kept(world: World, entra: bool) -> None:
    secrets = world.secrets() | {CONNECTION_STRING}
    for resource in world.made:
        for path, value, marked in leaves({"in": resource.inputs, "out": resource.outputs}):
            assert marked or not any(secret in str(value) for secret in secrets), (
                f"{resource.urn} {path}"
            )
    outputs = outputs_of(world)
    wanted = SECRET_OUTPUTS | (set() if entra else {"secondary_url"})
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == wanted
    assert "None" not in str(reveal(outputs)["url"])


def assert_safe(world: World, args: dict[str, Any]) -> None:
    entra = args["azure"].get("auth") == "entra"
    assert_a_safe_cluster(world, entra)
    assert_one_way_in(world, args, entra)
    assert_legal_names(world)
    assert_secrets_are_kept(world, entra)
    production, accepted = args["environment"] == "production", "allow_replacement" in args
    lock = args["azure"].get("lock", production)
    assert bool(world.all("ManagementLockByScope")) == (lock and not accepted)
    for holder in (
        *world.all("RedisEnterprise"),
        *world.all("Database"),
        *world.all("redis:Redis"),
    ):
        assert bool(holder.request.protect) == (production and not accepted)


def test_every_cache_that_is_accepted_is_safe() -> None:
    accepted: list[bool] = []

    @hypothesis_settings(max_examples=18, **MEASURED)
    @given(arguments())
    def check(args: dict[str, Any]) -> None:
        world = run(lambda: azure_cache(**args))
        accepted.append(world.error is None)
        if isinstance(world.error, InvalidArguments):
            assert world.made == []
            return
        assert world.error is None, world.error
        assert_safe(world, args)

    check()
    assert sum(accepted) > len(accepted) / 2, "what is refused proves nothing"


@hypothesis_settings(max_examples=6, **MEASURED)
@given(arguments())
def test_a_preview_registers_what_the_update_will(args: dict[str, Any]) -> None:
    """What depended on an answer of Azure's would make a preview that promises something else."""
    shown, made = (run(lambda: azure_cache(**args), preview=p) for p in (True, False))
    assert (shown.error is None) == (made.error is None)
    assert sorted(r.urn for r in shown.resources) == sorted(r.urn for r in made.resources)
