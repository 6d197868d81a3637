"""What holds for every cache on Google Cloud that the settings accept, whatever they are."""

import json
import re
from typing import Any

from gcp_cases import (
    ACCOUNT,
    ADOPTED,
    ALICE,
    CHANNEL,
    GLOBAL_KEY,
    KEY,
    SHARED_NETWORK,
    SHOP,
    gcp_cache,
    run,
)
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from package_components import outputs_of
from package_gcp_cloud import PROJECT, REGION, certificates
from package_monitor import Secret, World, leaves, reveal
from secure_redis.component import SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments
from secure_redis.gcp.sizes import NODE_TYPES

MEASURED: dict[str, Any] = {
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.generate],
}
"""An example takes a tenth of a second: to shrink a failing one would take long."""

ENVIRONMENTS = ["development", "staging", "production"]
ACCESS = st.fixed_dictionaries(
    {},
    optional={
        "secret_readers": st.lists(
            st.sampled_from([SHOP, "group:shop@example.com"]), unique=True, min_size=1
        ),
    },
).flatmap(
    lambda access: st.sampled_from(
        [
            access,
            {**access, "network_tags": ["shop"]},
            {**access, "service_accounts": [ACCOUNT]},
        ]
    )
)
ALARMS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["off", "basic", "full"]),
        "notify": st.just([CHANNEL]),
    },
)
KEYS = st.sampled_from(
    [{}, {}, {"customer_managed_key": {}}, {"customer_managed_key": {"key_name": KEY}}]
)
SECRETS = st.sampled_from(
    [
        {},
        {},
        {"secret_locations": [REGION], "secret_key_name": KEY},
        {"secret_key_name": GLOBAL_KEY},
        {"secret_locations": [REGION, "us-central1"], "secret_destroy_delay_days": 1000},
    ]
)
NETWORKS = st.sampled_from([None, ADOPTED, {**ADOPTED, "network_id": SHARED_NETWORK}])
WINDOWS = st.sampled_from([{}, {"maintenance_window": {"day": "MONDAY", "hour": 0}}])
ZONES = st.sampled_from([{}, {"zone": f"{REGION}-b"}])


@st.composite
def redis(draw: st.DrawFn, production: bool) -> dict[str, Any]:
    """What only Redis has."""
    own: dict[str, Any] = {**draw(ZONES)}
    replicas = draw(st.integers(int(production), 5))
    if replicas and "zone" in own and draw(st.booleans()):
        own["alternative_zone"] = f"{REGION}-c"
    if replicas == 1 and draw(st.booleans()):
        own["read_replicas"] = draw(st.booleans())
    if draw(st.booleans()):
        own["memory_size_gb"] = draw(st.integers(5, 300))
    if version := draw(st.sampled_from([None, "6.x", "7.0", "7.2"])):
        own["engine_version"] = version
    generation = draw(st.integers(1, 3))
    keep = generation > 1 and draw(st.booleans())
    memory = {} if "memory_size_gb" in own else {"memory_gb": draw(st.floats(0.1, 240))}
    return {
        "gcp": own,
        "replicas": replicas,
        "rotation": {"generation": generation, "keep_previous": keep},
        "persistence": draw(st.sampled_from(["rdb"] if production else ["none", "rdb"])),
        **memory,
    }


@st.composite
def valkey(draw: st.DrawFn, production: bool) -> dict[str, Any]:
    """What only Valkey has."""
    own: dict[str, Any] = {
        **draw(ZONES),
        "principals": draw(st.lists(st.sampled_from([SHOP, ALICE]), min_size=1, unique=True)),
    }
    shards = draw(st.sampled_from([None, 1, 7]))
    if shards:
        own["shards"] = shards
    if draw(st.booleans()):
        types = [one.name for one in NODE_TYPES if one.guaranteed or not production]
        own["node_type"] = draw(st.sampled_from(types))
    if draw(st.booleans()):
        own["backup_retention_days"] = draw(st.integers(0, 365))
    if version := draw(st.sampled_from([None, "7.2", "8.0", "9.0"])):
        own["engine_version"] = version
    memory = {} if "node_type" in own else {"memory_gb": draw(st.floats(0.1, 80))}
    persistences = ["rdb", "aof"] if production else ["none", "rdb", "aof"]
    return {
        "engine": "valkey",
        "gcp": own,
        "replicas": draw(st.integers(int(production), 5)),
        "persistence": draw(st.sampled_from(persistences)),
        **memory,
    }


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a cache: what goes together, since what is refused proves nothing."""
    environment = draw(st.sampled_from(ENVIRONMENTS))
    production = environment == "production"
    iam = draw(st.booleans())
    found = draw(valkey(production) if iam else redis(production))
    own = {**found["gcp"], **draw(KEYS), **draw(SECRETS), **draw(WINDOWS)}
    own["enable_apis"] = draw(st.booleans())
    network = draw(NETWORKS)
    cluster = "shards" in own
    return {
        **found,
        "purpose": draw(st.sampled_from(["cache", "sessions", *([] if cluster else ["queue"])])),
        "environment": environment,
        "gcp": own,
        "access": draw(ACCESS),
        "alarms": draw(ALARMS),
        **({"network": network} if network else {}),
        **draw(st.sampled_from([{}, {}, {"allow_replacement": "it holds nothing"}])),
        **draw(st.sampled_from([{}, {} if production else {"protect": True}])),
    }


def protected(args: dict[str, Any]) -> bool:
    wanted = args.get("protect", args["environment"] == "production")
    return wanted and "allow_replacement" not in args


def assert_a_safe_redis(world: World, args: dict[str, Any]) -> None:
    found = world.all("redis/instance:Instance")
    assert len(found) == 1 + args["rotation"]["keep_previous"]
    (current,) = [r for r in found if r.state["id"] == reveal(outputs_of(world))["cache_id"]]
    for resource in found:
        inputs = resource.plain
        assert inputs["authEnabled"] is True
        assert inputs["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
        assert inputs["connectMode"] == "PRIVATE_SERVICE_ACCESS"
        assert inputs["authorizedNetwork"]
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", inputs["reservedIpRange"])
        assert inputs["deletionProtection"] is (resource is current and protected(args))
        assert bool(resource.request.protect) is inputs["deletionProtection"]
        assert 1 <= inputs["memorySizeGb"] <= 300
        reads = inputs.get("readReplicasMode") == "READ_REPLICAS_ENABLED"
        assert ("replicaCount" in inputs) == reads == ("readReplicasMode" in inputs)
        assert not reads or inputs["memorySizeGb"] >= 5
        assert not reads or inputs["tier"] == "STANDARD_HA"
        assert not reads or 1 <= inputs["replicaCount"] <= 5
        assert ("alternativeLocationId" in inputs) <= ("locationId" in inputs)
        kept = inputs["persistenceConfig"]
        assert ("rdbSnapshotPeriod" in kept) == (kept["persistenceMode"] == "RDB")
        configs = inputs["redisConfigs"]
        assert all(isinstance(value, str) for value in configs.values())
        usable = float(configs["maxmemory-gb"])
        assert 0.2 * inputs["memorySizeGb"] <= usable <= inputs["memorySizeGb"]
        assert usable >= args.get("memory_gb", 0) - 1e-6
        for window in inputs.get("maintenancePolicy", {}).get("weeklyMaintenanceWindows", []):
            assert 0 <= window["startTime"]["hours"] <= 23
        assert resource.request.customTimeouts.create == "40m"


def assert_a_safe_valkey(world: World, args: dict[str, Any]) -> None:
    (found,) = world.all("memorystore/instance:Instance")
    inputs = found.plain
    assert inputs["authorizationMode"] == "IAM_AUTH"
    assert inputs["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
    (endpoint,) = inputs["desiredAutoCreatedEndpoints"]
    assert endpoint["projectId"] == PROJECT, "of the cache, also where the network is another's"
    assert "desiredPscAutoConnections" not in inputs
    assert inputs["deletionProtectionEnabled"] is bool(found.request.protect) is protected(args)
    assert (inputs["mode"] == "CLUSTER") == ("shards" in args["gcp"])
    assert inputs["shardCount"] == 1 or inputs["mode"] == "CLUSTER"
    assert 0 <= inputs["replicaCount"] <= 5
    assert inputs["nodeType"] in {one.name for one in NODE_TYPES}
    assert args["environment"] != "production" or inputs["nodeType"] != "SHARED_CORE_NANO"
    kept = inputs["persistenceConfig"]
    assert kept.keys() - {"mode"} == {"RDB": {"rdbConfig"}, "AOF": {"aofConfig"}}.get(
        kept["mode"], set()
    )
    if backups := inputs.get("automatedBackupConfig"):
        days = int(backups["retention"].removesuffix("s")) / 86_400
        assert 1 <= days <= 365
        assert backups["fixedFrequencySchedule"]["startTime"]["hours"] in range(1, 24)


def assert_one_way_in(world: World, args: dict[str, Any]) -> None:
    iam = args.get("engine") == "valkey"
    outputs = reveal(outputs_of(world))
    assert outputs["auth"] == ("identity" if iam else "password")
    assert bool(outputs["password"]) is not iam
    assert bool(world.all("IAMMember")) is iam, "exactly one way to log in"
    assert (outputs["tls"], outputs["tls_verify"]) == (True, "ca")
    assert all(pem.strip() in outputs["ca_pem"] for pem in certificates())
    assert outputs["port"] == (6379 if iam else 6378)
    assert outputs["url"].startswith("rediss://")
    assert bool(outputs["reader_host"]) == (bool(outputs["reader_port"]))
    names = {r.name for r in world.all("secretmanager/secret:Secret")}
    assert names == {"cache-connection", *([] if iam else ["cache-url"])}
    for grant in (*world.all("SecretIamMember"), *world.all("IAMMember")):
        assert not grant.plain["member"].startswith("all")
    for member in world.all("IAMMember"):
        assert outputs["cache_id"] in member.plain["condition"]["expression"]
    closed = args["access"].keys() & {"network_tags", "service_accounts"}
    rules = [r.plain for r in world.all("Firewall")]
    assert [("denies" in rule) for rule in sorted(rules, key=lambda r: r["priority"])] == (
        [False, True] if closed else []
    )
    for rule in rules:
        assert rule["direction"] == "EGRESS"
        assert rule["destinationRanges"]
        assert all(
            re.fullmatch(r"10\.[\d.]+/(28|29|32)", each) for each in rule["destinationRanges"]
        )
    networks = {r.plain.get("authorizedNetwork") for r in world.all("redis/instance:Instance")}
    wanted = args.get("network", {}).get("network_id")
    assert iam or wanted is None or networks == {wanted}


NAMED = {
    "redis/instance:Instance": ("name", r"[a-z][a-z0-9-]{0,38}[a-z0-9]"),
    "memorystore/instance:Instance": ("instanceId", r"[a-z][a-z0-9-]{2,61}[a-z0-9]"),
    "secretmanager/secret:Secret": ("secretId", r"[A-Za-z0-9_-]{1,255}"),
    "compute/firewall:Firewall": ("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
    "compute/network:Network": ("name", r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
    "kms/keyRing:KeyRing": ("name", r"[a-zA-Z0-9_-]{1,63}"),
}


def assert_legal_names(world: World) -> None:
    for type_, (key, pattern) in NAMED.items():
        for resource in world.all(type_):
            assert re.fullmatch(pattern, resource.plain[key]), (type_, resource.plain[key])
    urns = [r.urn for r in world.resources]
    assert len(urns) == len(set(urns))
    accounts = "ServiceIdentity"
    ids = [
        r.state["id"]
        for r in world.made
        if r.type.startswith("gcp:") and not r.type.endswith(accounts)
    ]
    assert len(ids) == len(set(ids))
    for resource in world.made:
        for key in ("labels", "userLabels"):
            for name, value in resource.plain.get(key, {}).items():
                assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name)
                assert re.fullmatch(r"[a-z0-9_-]{0,63}", value)


def assert_secrets_are_kept(world: World, args: dict[str, Any]) -> None:
    secrets = world.secrets()
    assert bool(secrets) == (args.get("engine") != "valkey")
    for resource in world.made:
        for path, value, marked in leaves({"in": resource.inputs, "out": resource.outputs}):
            assert marked or not any(secret in str(value) for secret in secrets), (
                f"{resource.urn} {path}"
            )
    outputs = outputs_of(world)
    both = args.get("rotation", {}).get("keep_previous")
    wanted = SECRET_OUTPUTS | ({"previous_url"} if both else set())
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == wanted
    for version in world.all("SecretVersion"):
        assert isinstance(version.inputs["secretData"], Secret)
    held = json.loads(world.one("SecretVersion", "cache-connection").plain["secretData"])
    assert held["url"] == reveal(outputs)["url"] if "url" in held else not secrets
    assert "None" not in str(reveal(outputs)["url"])


def assert_safe(world: World, args: dict[str, Any]) -> None:
    if args.get("engine") == "valkey":
        assert world.all("redis/instance:Instance") == []
        assert_a_safe_valkey(world, args)
    else:
        assert world.all("memorystore/instance:Instance") == []
        assert_a_safe_redis(world, args)
    assert_one_way_in(world, args)
    assert_legal_names(world)
    assert_secrets_are_kept(world, args)
    for secret in world.all("secretmanager/secret:Secret"):
        assert secret.plain["deletionProtection"] is protected(args)
    for key in world.all("CryptoKey"):
        assert bool(key.request.protect) is protected(args)


def test_every_cache_that_is_accepted_is_safe() -> None:
    accepted: list[bool] = []

    @hypothesis_settings(max_examples=40, **MEASURED)
    @given(arguments())
    def check(args: dict[str, Any]) -> None:
        world = run(lambda: gcp_cache(**args))
        accepted.append(world.error is None)
        if isinstance(world.error, InvalidArguments):
            assert world.made == []
            return
        assert world.error is None, world.error
        assert_safe(world, args)

    check()
    assert sum(accepted) > len(accepted) * 0.6, "what is refused proves nothing"


@hypothesis_settings(max_examples=12, **MEASURED)
@given(arguments())
def test_a_preview_registers_what_the_update_will(args: dict[str, Any]) -> None:
    """What depended on an answer of Google's would make a preview that promises something else."""
    shown, made = (run(lambda: gcp_cache(**args), preview=p) for p in (True, False))
    assert (shown.error is None) == (made.error is None)
    assert sorted(r.urn for r in shown.resources) == sorted(r.urn for r in made.resources)
