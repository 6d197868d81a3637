"""Changes, deletions and orders that Azure refuses, and those that it makes.

What is refused for the state of something else: names that are taken, things in use, steps that
must follow one another. And which changes replace a resource.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from cloud.azure.arm import TYPES, ArmError
from cloud.azure.driver import TOKENS, RefusedError
from cloud.azure.identifiers import ArmId
from cloud.azure.services import key_vault, key_vault_items, managed_redis
from cloud.azure.world import (
    CALLER_ID,
    CRYPTO_USER,
    HOME,
    ORDER,
    PREMIUM,
    REGION,
    SECRETS_OFFICER,
    SERVICE,
    STANDARD,
    STORAGE,
    USER,
    World,
    role,
    secret,
    vault,
)
from cloud.standin.errors import ProviderError
from cloud.standin.operations import Urn

CLUSTER, DB = "RedisEnterprise", "Database"
ENTRA, CLASSIC = "ManagedAccessPolicyAssignment", "Redis"
VAULT, SECRET, KEY = "Vault", "Secret", "Key"
ENDPOINT, ROLE = "PrivateEndpoint", "RoleAssignment"
SETTING, LOCK = "DiagnosticSetting", "ManagementLockByScope"
BASIC = {"name": "Basic", "family": "C", "capacity": 1}
PLAIN = {"shardCount": None, "zones": None, "redisConfiguration": {"aadEnabled": "true"}}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that every test gets a copy of."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    return base.copy(tmp_path / "cloud")


def refusal(work: Any, *arguments: Any, **options: Any) -> str:
    """What is said when something is refused."""
    with pytest.raises(RefusedError) as refused:
        work(*arguments, **options)
    return str(refused.value)


def send(world: World, method: str, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Asks Azure and does not wait until it has done it. Raises ArmError."""
    api = TYPES[ArmId.parse(identifier).type.lower()].api
    return world.arm.request(method, identifier, body, api) or {}


def refused(world: World, method: str, identifier: str, body: dict[str, Any]) -> ArmError:
    """What Azure answers when it refuses a request."""
    with pytest.raises(ArmError) as found:
        send(world, method, identifier, body)
    return found.value


def keys(world: World, database: str) -> dict[str, str]:
    """Both keys of a cache or database."""
    return world.ask("POST", f"{database}/listKeys", {})


def officer(world: World) -> None:
    """Lets the provider delete what is in the world's vault."""
    world.put(
        ROLE, "officer",
        roleAssignmentName="dddddddd-0000-4000-8000-0000000000ff", principalId=CALLER_ID,
        principalType="ServicePrincipal", roleDefinitionId=role(SECRETS_OFFICER),
        scope=world.vault.identifier,
    )  # fmt: skip


# Azure Managed Redis


def test_a_database_comes_before_endpoints_and_keys(world: World) -> None:
    cluster = world.make(CLUSTER, "c")
    database = f"{cluster.identifier}/databases/default"
    assert 'Code="ResourceNotFound"' in refusal(keys, world, database)
    link = {"privateLinkServiceConnections": [world.link(privateLinkServiceId=cluster.identifier)]}
    assert "has no database yet" in refusal(world.make, ENDPOINT, "e", **link)
    world.make(DB, "d", clusterName="cluster")
    world.make(ENDPOINT, "e", **link)
    assert keys(world, database).keys() == {"primaryKey", "secondaryKey"}


def test_keys_are_of_base64_and_look_it(world: World) -> None:
    for key in (*keys(world, world.database.identifier).values(),
                *keys(world, world.cache.identifier).values()):  # fmt: skip
        assert len(key) == 44
        assert all(letter in key for letter in "/+=")


def test_keys_are_listed_only_while_they_work(world: World) -> None:
    before = keys(world, world.database.identifier)
    world.change(DB, "world-amr", accessKeysAuthentication="Disabled")
    assert "Access keys authentication is disabled" in refusal(
        keys, world, world.database.identifier
    )
    said = refusal(
        world.ask, "POST", f"{world.database.identifier}/regenerateKey", {"keyType": "Primary"}
    )
    assert "Access keys authentication is disabled" in said
    world.change(DB, "world-amr", accessKeysAuthentication="Enabled")
    assert keys(world, world.database.identifier) == before
    world.change(DB, "world-amr", accessKeysAuthentication=None)
    assert "is disabled" in refusal(keys, world, world.database.identifier)


@pytest.mark.parametrize("target", ["database", "cache"])
def test_one_key_is_made_anew_and_the_other_stays(world: World, target: str) -> None:
    identifier = getattr(world, target).identifier
    before = keys(world, identifier)
    answer = world.ask("POST", f"{identifier}/regenerateKey", {"keyType": "Secondary"})
    after = keys(world, identifier)
    assert after == answer
    assert after["primaryKey"] == before["primaryKey"]
    assert after["secondaryKey"] != before["secondaryKey"]
    said = refusal(world.ask, "POST", f"{identifier}/regenerateKey", {"keyType": "Both"})
    assert "'keyType' must be Primary or Secondary" in said


def test_a_database_made_anew_has_new_keys(world: World) -> None:
    before = set(keys(world, world.database.identifier).values())
    world.drop(DB, "world-amr")
    assert 'Code="ResourceNotFound"' in refusal(keys, world, world.database.identifier)
    world.make(DB, "world-amr", clusterName="world-amr")
    assert not before & set(keys(world, world.database.identifier).values())


def test_the_clustering_policy_changes_once(world: World) -> None:
    before = keys(world, world.database.identifier)
    world.change(DB, "world-amr", clusteringPolicy="EnterpriseCluster")
    assert keys(world, world.database.identifier) == before
    for policy in ("OSSCluster", "NoCluster", None):
        said = refusal(world.change, DB, "world-amr", clusteringPolicy=policy)
        assert "only if the current value is NoCluster" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 10001),
        ("modules", [{"name": "RedisJSON"}]),
        ("geoReplication", {"groupNickname": "group", "linkedDatabases": []}),
    ],
)
def test_some_things_are_said_when_a_database_is_made(world: World, name: str, value: Any) -> None:
    shown = world.ask("GET", world.database.identifier)["properties"]
    kept = {one: shown[one] for one in ("clusteringPolicy", "persistence", "port")}
    body = {"properties": {**kept, name: value}}
    said = refusal(world.ask, "PUT", world.database.identifier, body)
    assert f"The property 'properties.{name}' can only be set when the database is created" in said


def test_functions_ask_what_is_there(world: World) -> None:
    names = {"clusterName": "world-bare", "resourceGroupName": "world", "databaseName": "default"}
    token = "azure-native:redisenterprise:listDatabaseKeys"
    with pytest.raises(ProviderError, match="ResourceNotFound"):
        world.stand_in.invoke(token, names)
    world.make(DB, "d")
    assert world.stand_in.invoke(token, names) == keys(
        world, f"{world.bare.identifier}/databases/default"
    )


def test_high_availability_is_for_ever(world: World) -> None:
    world.make(CLUSTER, "c", highAvailability="Disabled")
    world.change(CLUSTER, "c", highAvailability="Enabled")
    said = refusal(world.change, CLUSTER, "c", highAvailability="Disabled")
    assert "High availability cannot be disabled once it has been enabled." in said


def test_scaling_follows_the_data_and_the_policy(world: World) -> None:
    place = ArmId.parse(world.cluster.identifier)
    managed_redis.fill(world.arm, place, 5)
    said = refusal(world.change, CLUSTER, "world-amr", sku={"name": "Balanced_B50"})
    assert "does not support the clustering policy NoCluster" in said
    world.change(CLUSTER, "world-amr", sku={"name": "MemoryOptimized_M20"})
    listed = world.ask("POST", f"{place.text}/listSkusForScaling", {})["skus"]
    names = {one["name"] for one in listed}
    assert "Balanced_B10" in names
    assert not names & {"Balanced_B5", "MemoryOptimized_M20", "Balanced_B350"}
    said = refusal(world.change, CLUSTER, "world-amr", sku={"name": "Balanced_B5"})
    assert "the data does not fit" in said
    world.change(DB, "world-amr", clusteringPolicy="OSSCluster")
    world.change(CLUSTER, "world-amr", sku={"name": "Balanced_B50"})


def test_nothing_scales_to_or_from_flash(world: World) -> None:
    world.cloud.settings(preview_sizes=True)
    flash = {"name": "FlashOptimized_A250"}
    said = refusal(world.change, CLUSTER, "world-bare", sku=flash)
    assert "cannot be moved to or from the Flash Optimized tier" in said
    world.make(CLUSTER, "f", sku=flash)
    said = refusal(world.make, DB, "f", clusterName="cluster")
    assert "NoCluster is not supported on Flash Optimized SKUs: FlashOptimized_A250" in said
    whole = {"clusterName": "cluster", "clusteringPolicy": "OSSCluster"}
    for name in ("RediSearch", "RedisBloom", "RedisTimeSeries"):
        said = refusal(world.make, DB, "f", modules=[{"name": name}], **whole)
        assert f"The module {name} is not supported on FlashOptimized_A250" in said
    world.make(DB, "f", modules=[{"name": "RedisJSON"}], **whole)


@pytest.mark.parametrize(("sku", "accepted"), [
    ("Balanced_B20", True), ("Balanced_B50", False), ("MemoryOptimized_M20", True),
    ("MemoryOptimized_M50", False), ("ComputeOptimized_X20", True), ("ComputeOptimized_X50", False),
])  # fmt: skip
def test_a_database_without_shards_has_up_to_24_gigabytes(
    world: World, sku: str, accepted: bool
) -> None:
    world.make(CLUSTER, "c", sku={"name": sku})
    if accepted:
        world.make(DB, "c", clusterName="cluster")
        return
    said = refusal(world.make, DB, "c", clusterName="cluster")
    assert f"NoCluster is not supported above 25 GB: {sku}" in said


@pytest.mark.parametrize("sku", ["Balanced_B0", "Balanced_B1"])
def test_the_smallest_sizes_have_no_geo_replication(world: World, sku: str) -> None:
    cluster = world.make(CLUSTER, "c", sku={"name": sku})
    geo = {
        "persistence": None,
        "geoReplication": {
            "groupNickname": "group",
            "linkedDatabases": [{"id": f"{cluster.identifier}/databases/default"}],
        },
    }
    said = refusal(world.make, DB, "c", clusterName="cluster", **geo)
    assert f"Geo-replication is not supported for the SKU {sku}" in said


def test_a_geo_replication_group_is_of_one_kind(world: World) -> None:
    def linked(name: str, other: str, **changes: Any) -> dict[str, Any]:
        ids = [f"{HOME}/providers/{managed_redis.CLUSTER.name}/{one}/databases/default"
               for one in (name, other)]  # fmt: skip
        return {
            "clusterName": name,
            "persistence": None,
            "geoReplication": {"groupNickname": "g", "linkedDatabases": [{"id": i} for i in ids]},
            **changes,
        }

    said = refusal(world.make, DB, "d", **linked("world-bare", "world-amr", clusteringPolicy=None))
    assert "must have the same policy" in said
    world.make(CLUSTER, "c", sku={"name": "Balanced_B10"})
    said = refusal(world.make, DB, "d", **linked("cluster", "world-amr"))
    assert "must have the same SKU" in said
    assert 'Code="ResourceNotFound"' in refusal(
        world.make, DB, "d", **linked("world-bare", "nowhere")
    )
    world.make(DB, "d", **linked("world-bare", "world-amr"))


def test_preview_sizes_need_a_registration(world: World) -> None:
    sku = {"name": "Balanced_B350"}
    assert "is in preview" in refusal(world.make, CLUSTER, "c", sku=sku)
    world.cloud.settings(preview_sizes=True)
    world.make(CLUSTER, "c", sku=sku)
    world.cloud.settings(preview_sizes=False)
    world.change(CLUSTER, "c", tags={"team": "other"})


def test_a_cluster_takes_one_operation_at_a_time(world: World) -> None:
    world.cloud.settings(slow=600)
    body = {
        "location": REGION,
        "sku": {"name": "Balanced_B5"},
        "properties": {"publicNetworkAccess": "Disabled"},
    }
    cluster = f"{HOME}/providers/Microsoft.Cache/redisEnterprise/busy"
    answer = send(world, "PUT", cluster, body)
    assert answer["properties"]["provisioningState"] == "Creating"
    assert answer["properties"]["resourceState"] == "Creating"
    for method, path in (
        ("PUT", f"{cluster}/databases/default"),
        ("PUT", cluster),
        ("DELETE", cluster),
    ):
        error = refused(world, method, path, body if path == cluster else {"properties": {}})
        assert (error.status, error.code) == (409, "Conflict")
        assert "when its resourceState is Running" in error.message


@pytest.mark.parametrize(
    ("target", "who", "text"),
    [
        ("database", {"accessPolicyName": "default", "user": {"objectId": USER}}, "is Running"),
        (
            "cache",
            {"accessPolicyName": "Data Reader", "objectId": USER, "objectIdAlias": "me"},
            "is busy processing a previous update request or is undergoing system maintenance",
        ),
    ],
)
def test_assignments_are_made_one_after_another(
    world: World, target: str, who: dict[str, Any], text: str
) -> None:
    world.cloud.settings(slow=600)
    path = f"{getattr(world, target).identifier}/accessPolicyAssignments"
    send(world, "PUT", f"{path}/one", {"properties": who})
    error = refused(world, "PUT", f"{path}/two", {"properties": who})
    assert (error.status, error.code) == (409, "Conflict")
    assert text in error.message


def test_a_user_is_assigned_once(world: World) -> None:
    world.make(ENTRA, "first")
    said = refusal(world.make, ENTRA, "second", accessPolicyAssignmentName="again")
    assert f"The user '{USER}' has an access policy assignment already: reader." in said
    world.make("AccessPolicyAssignment", "first")
    said = refusal(
        world.make, "AccessPolicyAssignment", "second", accessPolicyAssignmentName="again"
    )
    assert f"The user '{USER}' has an access policy assignment already: app-reader." in said


def test_entra_needs_tls(world: World) -> None:
    world.change(DB, "world-amr", clientProtocol="Plaintext")
    assert "Microsoft Entra authentication needs TLS" in refusal(world.make, ENTRA, "a")


def test_a_cluster_waits_for_its_endpoints(world: World) -> None:
    world.make(ENDPOINT, "e")
    said = refusal(world.drop, CLUSTER, "world-amr")
    assert "still has private endpoint connections" in said
    world.drop(DB, "world-amr")
    world.drop(ENDPOINT, "e")
    world.drop(CLUSTER, "world-amr")


def test_a_cluster_takes_its_database_along(world: World) -> None:
    world.make(ENTRA, "a")
    world.drop(CLUSTER, "world-amr")
    assert world.arm.find(world.database.identifier) is None
    assert world.arm.find(world.state[ENTRA, "a"].identifier) is None


def test_a_host_name_is_taken_once_in_a_region(world: World) -> None:
    world.make("ResourceGroup", "other")
    other = {"resourceGroupName": "other"}
    for kind, name, key in (
        (CLUSTER, "world-amr", "clusterName"),
        (CLASSIC, "world-classic", "name"),
    ):
        said = refusal(world.make, kind, "again", **{key: name}, **other)
        assert 'Status=409 Code="NameNotAvailable"' in said
        world.cloud.settings(taken_hosts=[f"cache.{REGION}.redis.azure.net",
                                          "cache.redis.cache.windows.net"])  # fmt: skip
        assert "NameNotAvailable" in refusal(world.make, kind, "taken", **{key: "cache"})
    world.make(CLUSTER, "north", clusterName="world-amr", location="northeurope", **other,
               encryption=None, identity=None)  # fmt: skip


def test_a_key_of_ones_own_needs_a_right_and_a_protected_vault(world: World) -> None:
    world.drop(ROLE, "wrap")
    said = refusal(world.make, CLUSTER, "c")
    assert "may not use the key" in said
    assert "Key Vault Crypto Service Encryption User" in said
    world.put(
        ROLE, "again", roleAssignmentName="dddddddd-0000-4000-8000-0000000000aa",
        principalId=world.identity.outputs["principalId"], principalType="ServicePrincipal",
        roleDefinitionId=role(CRYPTO_USER), scope=HOME,
    )  # fmt: skip
    world.make(CLUSTER, "c")
    only = world.make(KEY, "k", properties={"kty": "RSA", "keyOps": ["sign", "verify"]}).identifier
    url = world.ask("GET", only)["properties"]["keyUriWithVersion"]
    said = refusal(
        world.make, CLUSTER, "d", clusterName="other", **world.wrapped(keyEncryptionKeyUrl=url)
    )
    assert "cannot wrap and unwrap" in said
    curve = world.make(KEY, "e", keyName="curve", properties={"kty": "EC", "curveName": "P-256"})
    url = world.ask("GET", curve.identifier)["properties"]["keyUriWithVersion"]
    said = refusal(
        world.make, CLUSTER, "d", clusterName="other", **world.wrapped(keyEncryptionKeyUrl=url)
    )
    assert "is not an RSA key" in said
    world.drop(CLUSTER, "c")
    world.make(VAULT, "v", properties=vault(enablePurgeProtection=None))
    key = world.make(KEY, "l", vaultName="cache-vault").identifier
    url = world.ask("GET", key)["properties"]["keyUriWithVersion"]
    wrapped = world.wrapped(keyEncryptionKeyUrl=url)
    said = refusal(world.make, CLUSTER, "d", clusterName="other", **wrapped)
    assert "must have soft delete and purge protection enabled" in said


# Azure Cache for Redis


def test_tiers_are_climbed_one_by_one(world: World) -> None:
    world.make(CLASSIC, "c", sku=BASIC, **PLAIN)
    said = refusal(world.change, CLASSIC, "c", sku=PREMIUM)
    assert "first scale from Basic to Standard" in said
    said = refusal(world.change, CLASSIC, "c", sku={**STANDARD, "capacity": 2})
    assert "The tier and the size cannot be changed in one operation" in said
    world.change(CLASSIC, "c", sku=STANDARD)
    world.change(CLASSIC, "c", sku=PREMIUM)
    for lower in (STANDARD, BASIC):
        said = refusal(world.change, CLASSIC, "c", sku=lower)
        assert "a cache cannot be moved to a lower tier" in said


def test_a_cache_does_not_shrink_to_the_smallest(world: World) -> None:
    world.make(CLASSIC, "c", sku={**STANDARD, "capacity": 2}, **PLAIN)
    world.change(CLASSIC, "c", sku=STANDARD)
    said = refusal(world.change, CLASSIC, "c", sku={**STANDARD, "capacity": 0})
    assert "A cache cannot be scaled down to C0." in said


@pytest.mark.parametrize(("changes", "listed"), [
    ({"sku": {**PREMIUM, "capacity": 2}, "publicNetworkAccess": "Enabled"},
     "'properties.sku,properties.publicNetworkAccess'"),
    ({"publicNetworkAccess": "Enabled", "identity": {"type": "SystemAssigned"}},
     "'properties.publicNetworkAccess,identity'"),
])  # fmt: skip
def test_big_changes_are_made_one_at_a_time(
    world: World, changes: dict[str, Any], listed: str
) -> None:
    world.make(CLASSIC, "c")
    said = refusal(world.change, CLASSIC, "c", **changes)
    assert "The following updates can't be processed in one single request" in said
    assert listed in said
    for name, value in changes.items():
        world.change(CLASSIC, "c", **{name: value})


def test_entra_and_its_consequences_are_two_steps(world: World) -> None:
    world.make(CLASSIC, "c", sku=STANDARD, **{**PLAIN, "redisConfiguration": {}})
    both = {"redisConfiguration": {"aadEnabled": "true"}, "disableAccessKeyAuthentication": True}
    assert "can't be processed in one single request" in refusal(world.change, CLASSIC, "c", **both)
    world.change(CLASSIC, "c", redisConfiguration={"aadEnabled": "true"})
    world.change(CLASSIC, "c", disableAccessKeyAuthentication=True)


def test_policies_need_entra_and_stay_while_assigned(world: World) -> None:
    world.make("AccessPolicy", "p")
    world.make("AccessPolicyAssignment", "a", accessPolicyName="app only")
    said = refusal(world.drop, "AccessPolicy", "p")
    assert "The access policy 'app only' is assigned: app-reader." in said
    world.drop("AccessPolicyAssignment", "a")
    world.drop("AccessPolicy", "p")
    world.change(CLASSIC, "world-classic", redisConfiguration={})
    for kind in ("AccessPolicy", "AccessPolicyAssignment"):
        assert "need Microsoft Entra authentication" in refusal(world.make, kind, "again")


def test_a_firewall_rule_needs_a_public_endpoint(world: World) -> None:
    world.change(CLASSIC, "world-classic", publicNetworkAccess="Disabled")
    said = refusal(world.make, "FirewallRule", "r")
    assert "has no effect while public network access is Disabled" in said


def test_a_cache_in_a_network_has_no_endpoints(world: World) -> None:
    cache = world.make(CLASSIC, "c", subnetId=world.subnet.identifier)
    link = world.link(privateLinkServiceId=cache.identifier, groupIds=["redisCache"])
    said = refusal(world.make, ENDPOINT, "e", privateLinkServiceConnections=[link])
    assert "is in a virtual network and cannot have private endpoints" in said


def test_where_a_cache_is_stays(world: World) -> None:
    world.make(CLASSIC, "c")
    assert "'zones' cannot be changed" in refusal(world.change, CLASSIC, "c", zones=["1"])
    inside = {"subnetId": world.subnet.identifier}
    said = refusal(world.change, CLASSIC, "c", **inside)
    assert "'properties.subnetId' cannot be changed after creation" in said


def test_a_new_tenant_gets_no_classic_cache(world: World) -> None:
    world.cloud.settings(had_classic_cache=False)
    said = refusal(world.make, CLASSIC, "c")
    assert "no longer supported for new customers" in said
    world.change(CLASSIC, "world-classic", tags={"team": "platform"})


def test_connection_strings_never_come_back(world: World) -> None:
    held = world.make(CLASSIC, "c")
    assert STORAGE not in str(world.cloud.journal)
    answer = world.ask("GET", held.identifier)
    assert "rdb-storage-connection-string" not in answer["properties"]["redisConfiguration"]
    assert world.changes(CLASSIC, "c") == set()


# Key Vault


def test_a_deleted_vault_keeps_its_name_and_can_come_back(world: World) -> None:
    world.make(VAULT, "v")
    value = world.make(SECRET, "s", vaultName="cache-vault").outputs["properties"]
    world.drop(VAULT, "v")
    said = refusal(world.make, VAULT, "v")
    assert 'Status=409 Code="ConflictError"' in said
    assert "A vault with the same name already exists in deleted state." in said
    recover = {"properties": vault(createMode="recover")}
    said = refusal(world.make, VAULT, "v", location="northeurope", **recover)
    assert "can only be recovered in the resource group and location" in said
    held = world.make(VAULT, "v", **recover)
    back = world.ask("GET", f"{held.identifier}/secrets/cache-url")
    assert back["properties"]["secretUriWithVersion"] == value["secretUriWithVersion"]


def test_only_what_is_not_protected_can_be_purged(world: World) -> None:
    world.make(VAULT, "v")
    world.drop(VAULT, "v")
    with pytest.raises(ArmError) as refused:
        key_vault.purge_vault(world.arm, "cache-vault")
    assert "cannot be purged before its time" in refused.value.message
    with pytest.raises(ArmError) as refused:
        key_vault.purge_vault(world.arm, "none")
    assert refused.value.code == "DeletedVaultNotFound"
    other = {"vaultName": "open-vault", "properties": vault(enablePurgeProtection=None)}
    world.make(VAULT, "w", **other)
    world.drop(VAULT, "w")
    assert "ConflictError" in refusal(world.make, VAULT, "w", **other)
    key_vault.purge_vault(world.arm, "open-vault")
    world.make(VAULT, "w", **other)


def test_a_vault_name_is_taken_in_the_whole_cloud(world: World) -> None:
    world.make("ResourceGroup", "other")
    said = refusal(world.make, VAULT, "v", vaultName="World-Vault", resourceGroupName="other")
    assert 'Status=409 Code="VaultAlreadyExists"' in said
    world.cloud.settings(taken_vaults=["cache-vault"])
    assert "The vault name 'cache-vault' is already in use." in refusal(world.make, VAULT, "v")


def test_protection_stays_and_retention_is_fixed(world: World) -> None:
    world.change(VAULT, "world-vault", properties=vault(enablePurgeProtection=None))
    shown = world.ask("GET", world.vault.identifier)["properties"]
    assert shown["enablePurgeProtection"] is True
    for days in (7, 89):
        said = refusal(
            world.change, VAULT, "world-vault", properties=vault(softDeleteRetentionInDays=days)
        )
        assert "has been set already and it can't be modified" in said
    said = refusal(
        world.change, VAULT, "world-vault", properties=vault(enablePurgeProtection=False)
    )
    assert "is an irreversible action" in said


def test_a_deleted_secret_keeps_its_name(world: World) -> None:
    officer(world)
    world.make(SECRET, "s")
    world.drop(SECRET, "s")
    said = refusal(world.make, SECRET, "s")
    assert 'Status=409 Code="Conflict"' in said
    assert "Secret cache-url is currently in a deleted but recoverable state, and its name" in said
    place = ArmId.parse(f"{world.vault.identifier}/secrets/cache-url")
    with pytest.raises(ArmError) as refused:
        key_vault_items.purge_secret(world.arm, place)
    assert "purge protection is enabled" in refused.value.message


def test_deleting_a_secret_asks_for_more_than_making_it(world: World) -> None:
    world.make(SECRET, "s")
    said = refusal(world.drop, SECRET, "s")
    assert "Caller is not authorized to perform action on resource." in said
    assert "ForbiddenByRbac" in said
    officer(world)
    closed = vault(publicNetworkAccess="Disabled")
    world.change(VAULT, "world-vault", properties=closed)
    world.change(SECRET, "s", properties=secret(value="other"))
    said = refusal(world.drop, SECRET, "s")
    assert "Public network access is disabled and request is not from a trusted service" in said
    assert "ForbiddenByConnection" in said
    world.cloud.settings(caller_inside=True)
    world.drop(SECRET, "s")


def test_a_vault_without_roles_asks_its_policies(world: World) -> None:
    world.make(VAULT, "v", properties=vault(enableRbacAuthorization=False))
    world.make(SECRET, "s", vaultName="cache-vault")
    said = refusal(world.drop, SECRET, "s")
    assert "does not have secrets delete permission on key vault 'cache-vault" in said
    policy = {"tenantId": vault()["tenantId"], "objectId": CALLER_ID,
              "permissions": {"secrets": ["get", "delete"]}}  # fmt: skip
    world.change(
        VAULT, "v", properties=vault(enableRbacAuthorization=False, accessPolicies=[policy])
    )
    world.drop(SECRET, "s")


def test_a_closed_vault_lets_azure_in_unless_told_not_to(world: World) -> None:
    for properties in (
        vault(publicNetworkAccess="Disabled", networkAcls={"bypass": "None"}),
        vault(networkAcls={"bypass": "None", "defaultAction": "Deny"}),
    ):
        world.change(VAULT, "world-vault", properties=properties)
        assert "ForbiddenByFirewall" in refusal(world.make, SECRET, "s")
    world.change(VAULT, "world-vault", properties=vault(publicNetworkAccess="Disabled"))
    world.make(SECRET, "s")


def test_every_write_is_a_version_and_no_value_is_shown(world: World) -> None:
    first = world.make(SECRET, "s").outputs["properties"]["secretUriWithVersion"]
    held = world.change(SECRET, "s", properties=secret(value="another value"))
    assert held.outputs["properties"]["secretUriWithVersion"] != first
    assert held.outputs["properties"]["secretUri"] in first
    assert "value" not in world.ask("GET", held.identifier)["properties"]
    stored = world.arm.need(held.identifier)
    assert key_vault_items.value_of(stored) == "another value"
    assert key_vault_items.value_of(stored, first.rpartition("/")[2]) == secret()["value"]
    assert "another value" not in str(world.cloud.journal)
    assert secret()["value"] not in str(world.cloud.journal)


def test_names_in_a_vault_are_plain(world: World) -> None:
    path = f"{world.vault.identifier}/secrets/a_b"
    said = refusal(world.ask, "PUT", path, {"properties": {"value": "x"}})
    assert "The secret name 'a_b' is invalid: 1 to 127 letters, digits and hyphens." in said


def test_a_vault_waits_for_its_endpoints(world: World) -> None:
    link = world.link(privateLinkServiceId=world.vault.identifier, groupIds=["vault"])
    world.make(ENDPOINT, "e", privateLinkServiceConnections=[link])
    said = refusal(world.drop, VAULT, "world-vault")
    assert "still has private endpoint connections" in said


# Monitoring


def test_a_workspace_gets_a_category_once(world: World) -> None:
    world.make(SETTING, "s")
    said = refusal(world.make, SETTING, "t", name="again")
    assert 'Status=409 Code="Conflict"' in said
    assert "is already used in diagnostic setting 'metrics' for category 'AllMetrics'." in said
    world.make("Workspace", "w")
    other = world.state["Workspace", "w"].identifier
    world.make(SETTING, "t", name="again", workspaceId=other)
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    world.make(SETTING, "u", name="logs", resourceUri=world.database.identifier,
               metrics=None, logs=logs)  # fmt: skip
    one = [{"category": "ConnectionEvents", "enabled": True}]
    said = refusal(world.make, SETTING, "v", name="more", resourceUri=world.database.identifier,
                   metrics=None, logs=one)  # fmt: skip
    assert "for category 'ConnectionEvents'" in said


def test_an_action_group_stays_while_an_alert_names_it(world: World) -> None:
    world.make("MetricAlert", "a")
    said = refusal(world.drop, "ActionGroup", "world-team")
    assert "The action group 'world-team' is used by the alert memory." in said
    world.drop("MetricAlert", "a")
    world.drop("ActionGroup", "world-team")


# Network, roles, locks, groups


def test_a_lock_holds_all_that_is_under_it(world: World) -> None:
    world.make(ENTRA, "a")
    world.make(LOCK, "lock")
    for kind, name in ((CLUSTER, "world-amr"), (DB, "world-amr"), (ENTRA, "a")):
        said = refusal(world.drop, kind, name)
        assert 'Status=409 Code="ScopeLocked"' in said
    assert "ScopeLocked" in refusal(world.drop, "ResourceGroup", "world")
    world.change(DB, "world-amr", evictionPolicy="NoEviction")
    world.change(LOCK, "lock", level="ReadOnly")
    assert "ScopeLocked" in refusal(world.change, DB, "world-amr", evictionPolicy="AllKeysLRU")
    world.drop(LOCK, "lock")
    world.drop(ENTRA, "a")


def test_a_service_that_is_not_registered_is_refused(world: World) -> None:
    world.cloud.settings(unregistered=["Microsoft.Cache"])
    for kind in (CLUSTER, CLASSIC):
        assert 'Code="MissingSubscriptionRegistration"' in refusal(world.make, kind, "c")


def test_a_zone_waits_for_its_links(world: World) -> None:
    world.make("VirtualNetworkLink", "l")
    said = refusal(world.drop, "PrivateZone", "privatelink.redis.azure.net")
    assert "privatelink.redis.azure.net" in said
    world.drop("VirtualNetworkLink", "l")
    world.drop("PrivateZone", "privatelink.redis.azure.net")


def test_a_subnet_waits_for_its_endpoints(world: World) -> None:
    world.make(ENDPOINT, "e")
    for kind, name in (("Subnet", "endpoints"), ("VirtualNetwork", "world")):
        assert "InUse" in refusal(world.drop, kind, name)
    world.drop(ENDPOINT, "e")
    world.drop("Subnet", "endpoints")
    world.drop("VirtualNetwork", "world")


def test_a_role_is_assigned_once(world: World) -> None:
    world.make(ROLE, "r")
    said = refusal(world.make, ROLE, "s", roleAssignmentName="dddddddd-0000-4000-8000-00000000000b")
    assert 'Code="RoleAssignmentExists"' in said


def test_an_endpoint_of_each_kind_gets_its_name(world: World) -> None:
    world.make(ENDPOINT, "e")
    world.make("PrivateDnsZoneGroup", "g")
    records = world.arm.all("Microsoft.Network/privateDnsZones/A")
    names = [ArmId.parse(identifier).name for identifier in records]
    assert names == [f"world-amr.{REGION}"]
    host = world.cluster.outputs["hostName"]
    assert host == f"{names[0]}.redis.azure.net"


def test_a_group_takes_everything_along(world: World) -> None:
    for kind in ORDER:
        if kind != LOCK:
            world.make(kind, "valid")
    world.drop("ResourceGroup", "world")
    for kind in ("Microsoft.Cache/redisEnterprise", "Microsoft.Cache/redis",
                 "Microsoft.KeyVault/vaults", "Microsoft.KeyVault/vaults/secrets",
                 "Microsoft.Insights/metricAlerts"):  # fmt: skip
        assert world.arm.all(kind) == {}
    assert set(world.cloud.all("Microsoft.KeyVault/deletedVaults")) == {
        "world-vault",
        "cache-vault",
    }


REPLACING: list[tuple[str, dict[str, Any]]] = [
    (CLUSTER, {"clusterName": "other"}),
    (CLUSTER, {"location": "northeurope"}),
    (DB, {"clusterName": "world-amr"}),
    (DB, {"port": 10001}),
    (DB, {"modules": [{"name": "RedisJSON"}]}),
    (ENTRA, {"accessPolicyAssignmentName": "other"}),
    (CLASSIC, {"name": "other"}),
    (CLASSIC, {"location": "northeurope"}),
    ("AccessPolicy", {"accessPolicyName": "other"}),
    ("FirewallRule", {"ruleName": "other"}),
    (VAULT, {"vaultName": "other"}),
    (SECRET, {"secretName": "other"}),
    (SECRET, {"vaultName": "cache-vault"}),
    (ROLE, {"principalId": USER}),
    (ROLE, {"scope": HOME}),
    (SETTING, {"resourceUri": HOME}),
    ("MetricAlert", {"ruleName": "other"}),
    (LOCK, {"lockName": "other"}),
    (ENDPOINT, {"subnet": {"id": "other"}}),
    ("Subnet", {"subnetName": "other"}),
]

IN_PLACE: list[tuple[str, dict[str, Any]]] = [
    (CLUSTER, {"sku": {"name": "Balanced_B10"}}),
    (CLUSTER, {"publicNetworkAccess": "Enabled"}),
    (CLUSTER, {"tags": {"team": "other"}}),
    (CLUSTER, {"encryption": None, "identity": None}),
    (DB, {"clusteringPolicy": "OSSCluster"}),
    (DB, {"evictionPolicy": "NoEviction"}),
    (DB, {"persistence": None}),
    (DB, {"accessKeysAuthentication": "Disabled"}),
    (DB, {"clientProtocol": "Plaintext"}),
    (ENTRA, {"user": {"objectId": SERVICE}}),
    (CLASSIC, {"sku": {**PREMIUM, "capacity": 2}}),
    (CLASSIC, {"publicNetworkAccess": "Enabled"}),
    (CLASSIC, {"redisConfiguration": {"maxmemoryPolicy": "noeviction"}}),
    ("AccessPolicy", {"permissions": "+@read allkeys"}),
    ("FirewallRule", {"endIP": "203.0.113.20"}),
    ("PatchSchedule", {"scheduleEntries": [{"dayOfWeek": "Weekend", "startHourUtc": 1}]}),
    (VAULT, {"properties": vault(publicNetworkAccess="Disabled")}),
    (SECRET, {"properties": secret(value="another")}),
    ("MetricAlert", {"severity": 1}),
    ("ActionGroup", {"enabled": False}),
    (LOCK, {"level": "ReadOnly"}),
]


@pytest.fixture(scope="module")
def full(base: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one resource of every kind, that nobody changes."""
    world = base.copy(tmp_path_factory.mktemp("full") / "cloud")
    for kind in ORDER:
        world.make(kind, kind)
    return world


@pytest.mark.parametrize(("kind", "changes"), REPLACING)
def test_what_cannot_change_in_place_makes_a_new_resource(
    full: World, kind: str, changes: dict[str, Any]
) -> None:
    found = full.replaces(kind, kind, **changes)
    assert {re.split(r"[.\[]", path)[0] for path in found} == set(changes)


@pytest.mark.parametrize(("kind", "changes"), IN_PLACE)
def test_what_can_change_in_place_makes_no_new_resource(
    full: World, kind: str, changes: dict[str, Any]
) -> None:
    assert full.replaces(kind, kind, **changes) == set()


@pytest.mark.parametrize(("kind", "changes"), IN_PLACE)
def test_a_change_in_place_is_made_and_then_unchanged(
    base: World, tmp_path: Path, kind: str, changes: dict[str, Any]
) -> None:
    world = base.copy(tmp_path / "cloud")
    before = world.make(kind, kind).identifier
    assert world.change(kind, kind, **changes).identifier == before
    assert world.changes(kind, kind) == set()


@pytest.mark.parametrize("kind", [kind for kind in ORDER if kind != "ResourceGroup"])
def test_what_is_there_is_not_made_again(full: World, kind: str) -> None:
    said = refusal(full.make, kind, "again")
    assert "cannot create already existing resource" in said or "already exists" in said


@pytest.mark.parametrize("kind", [kind for kind in ORDER if kind != "ResourceGroup"])
def test_what_is_there_can_be_read_by_its_id_alone(full: World, kind: str) -> None:
    held = full.state[kind, kind]
    outputs, inputs = full.stand_in.read(Urn(TOKENS[kind], kind), held.identifier, {}, {})
    assert outputs.keys() >= held.outputs.keys() - {"customDnsConfigs"}
    # What a key was made with comes back in another shape.
    unread = {"Key": {"properties"}}.get(kind, set[str]())
    given = {one for one in held.inputs if not one.startswith("__")}
    assert given - unread <= inputs.keys()


@pytest.mark.parametrize("kind", [CLUSTER, DB, CLASSIC, VAULT, "MetricAlert", SETTING, ROLE])
def test_what_is_gone_is_read_as_gone(world: World, kind: str) -> None:
    held = world.make(kind, kind)
    world.drop(kind, kind)
    urn = Urn(TOKENS[kind], kind)
    assert world.stand_in.read(urn, held.identifier, held.outputs, held.inputs) == ({}, {})
