"""Each stack file for Azure through its life: preview, up, nothing to do, down, and up again."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from cloud.azure.identifiers import ArmId
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.subscription import SUBSCRIPTION_SCOPE
from cloud.azure.witness import (
    CLASSIC,
    CLUSTER,
    DATABASE,
    DELETED_VAULT,
    LOCK,
    SECRET,
    VAULT,
    AzureWitness,
    stack_text,
    unprotected,
)
from cloud.deployment import ProgramDeployment
from cloud.life import Life as AnyLife
from cloud.life import LifeTests, label, lived
from cloud.witness import forms, leaks
from engine.deployment import PROJECT_NAME, SECRET_MARK, Run
from secure_redis.azure.retirement import RETIREMENT
from secure_redis.connection import Connection

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

STACKS = ("azure-dev", "azure-prod", "azure-entra", "azure-classic", "adopted-vault")
MANAGED_STACKS = {"azure-dev", "azure-prod", "azure-entra", "adopted-vault"}
READER = "0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01"
SHARED_VAULT = f"{SUBSCRIPTION_SCOPE}/resourceGroups/security/providers/{VAULT}/shop-secrets"
PLANTED = "planted+planted/planted+planted/planted+AAA="

Life = AnyLife[AzureWitness]


@dataclass(frozen=True)
class Twice:
    """A life, and the same stack made once more in the same place, with all names still taken."""

    life: Life
    again: Run
    secrets: Mapping[str, dict[str, Any]]
    """The secrets of the second life, by id."""
    reserved: Mapping[str, list[str]]
    """What was deleted softly when the second life began."""
    down: Run
    left: Mapping[str, list[str]]


def adopted_vault(witness: AzureWitness) -> str:
    """The development stack with its secrets in a vault that is there already."""
    vault: dict[str, Any] = {
        "location": "westeurope",
        "properties": {
            "tenantId": "72f988bf-0000-4000-8000-2d7cd011db47",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
        },
    }
    witness.cloud.add(SHARED_VAULT, vault)
    document = yaml.safe_load(stack_text("azure-dev", witness.cloud))
    config = document["config"]
    config[f"{PROJECT_NAME}:caches"]["cache"]["azure"] = {"vaultId": SHARED_VAULT}
    config[f"{PROJECT_NAME}:access"]["secretReaders"] = [READER]
    return yaml.safe_dump(document)


@pytest.fixture(scope="module", params=STACKS)
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    name: str = request.param
    witness = AzureWitness(tmp_path_factory.mktemp(name))
    own = name == "adopted-vault"
    text = adopted_vault(witness) if own else stack_text(name, witness.cloud)
    life = lived(name, witness, text, unprotected)
    reserved = witness.cloud.softly_deleted
    again = witness.heard("up")
    witness.learn()
    secrets = witness.cloud.all(SECRET)
    down = witness.heard("down")
    return Twice(life, again, secrets, reserved, down, witness.forgotten)


@pytest.fixture(scope="module")
def life(twice: Twice) -> Life:
    return twice.life


class TestLife(LifeTests):
    """What must be true on every cloud."""

    PROVIDER = "azure-native:"
    # Secrets and keys go with their vaults, and the provider does not ask for each.
    STAYS = ("Secret:", "Key:")


def test_the_contract_is_what_the_cloud_has(life: Life) -> None:
    for name, connection in life.connections.items():
        assert (connection.tls, connection.tls_verify.value) == (True, "full")
        assert (connection.ca_pem, connection.ca_source.value) == ("", "system")
        place = ArmId.parse(connection.resource_id)
        kind, port, domain = (
            (DATABASE, 10000, ".westeurope.redis.azure.net")
            if life.name in MANAGED_STACKS
            else (CLASSIC, 6380, ".redis.cache.windows.net")
        )
        assert (place.type, connection.port) == (kind, port)
        assert connection.host == f"{place.names[0]}{domain}"
        assert "privatelink" not in connection.host
        assert connection.url.startswith("rediss://")
        assert connection.url.endswith(f"{connection.host}:{connection.port}/0")
        assert (connection.clustering_policy, connection.cluster_mode) == ("NoCluster", False)
        stored = [one for one in life.cloud[kind].values() if one["id"] == place.text]
        assert len(stored) == 1, name
        if life.name == "azure-entra":
            _tokens(connection)
        else:
            _active_key(connection, stored[0]["_keys"]["primaryKey"])


def _tokens(connection: Connection) -> None:
    """No password anywhere, and the user is an identity."""
    assert (connection.auth.value, connection.password) == ("identity", "")
    assert connection.username == READER
    assert connection.url == f"rediss://{connection.host}:{connection.port}/0"
    assert connection.secret_ref == {}
    assert READER in connection.grants["principal_ids"].split(",")


def _active_key(connection: Connection, key: str) -> None:
    """The primary key is the password, encoded once in the URL."""
    assert (connection.auth.value, connection.username) == ("password", "default")
    assert connection.password == key
    # As the stand-in's keys all have them.
    assert set("/+=") <= set(key)
    assert f":{quote(key, safe='')}@{connection.host}:" in connection.url
    assert key not in connection.url
    assert connection.grants["active_key"] == "primary"


def test_the_secrets_hold_the_connection(life: Life) -> None:
    for name, connection in life.connections.items():
        held = {
            re.sub(r"-[0-9a-f]{8}$", "", one["name"]): one
            for one in life.cloud[SECRET].values()
            if one["tags"]["secure-redis:cache"] == name
        }
        facts = json.loads(value_of(held.pop(f"{name}-redis-connection")))
        expected = {"host": connection.host, "port": connection.port, "tls": True}
        assert facts.items() >= expected.items()
        assert facts["resource_id"] == connection.resource_id
        assert not connection.password or connection.password not in json.dumps(facts)
        if life.name == "azure-entra":
            assert held == {}
            continue
        cache = only_cache(life, connection)
        expected = {
            f"{name}-redis-url": connection.url,
            f"{name}-redis-primary-key": cache["_keys"]["primaryKey"],
            f"{name}-redis-secondary-key": cache["_keys"]["secondaryKey"],
        }
        assert {what: value_of(secret) for what, secret in held.items()} == expected
        url = held[f"{name}-redis-url"]["properties"]
        assert connection.secret_ref["id"] == url["secretUri"]
        assert connection.secret_ref["version"] == url["secretUriWithVersion"].rpartition("/")[2]


def only_cache(life: Life, connection: Connection) -> dict[str, Any]:
    """What has the keys of a connection."""
    kind = ArmId.parse(connection.resource_id).type
    (found,) = [one for one in life.cloud[kind].values() if one["id"] == connection.resource_id]
    return found


def test_secrets_expire_on_their_day_only(life: Life) -> None:
    for name in life.connections:
        days = {
            one["properties"]["attributes"].get("exp")
            for one in life.cloud[SECRET].values()
            if one["tags"]["secure-redis:cache"] == name
        }
        assert len(days) == 1
        (expires,) = days
        rotate_by = life.connections[name].rotate_by
        assert bool(expires) is bool(rotate_by)
        if expires:
            day = datetime.fromtimestamp(expires, timezone.utc)
            assert rotate_by == f"{day.date()}T00:00:00Z"


def test_no_answer_of_a_list_is_in_the_state(life: Life) -> None:
    """The provider does not mark keys as secret; whatever is made of them is encrypted."""
    secrets = [one for one in life.state if one["type"] == "azure-native:keyvault:Secret"]
    assert len(secrets) >= len(life.connections)
    for secret in secrets:
        value = secret["inputs"]["properties"]["value"]
        assert value[SECRET_MARK]
        assert "ciphertext" in value
        assert "value" not in secret["outputs"]["properties"]


UNTAGGED = {
    "AccessPolicyAssignment",
    "Database",
    "DiagnosticSetting",
    "ManagementLockByScope",
    "PatchSchedule",
    "PrivateDnsZoneGroup",
    "RoleAssignment",
    "Subnet",
}
"""Types that take no tags."""

SHARED = {
    "NetworkSecurityGroup",
    "PrivateZone",
    "ResourceGroup",
    "VirtualNetwork",
    "VirtualNetworkLink",
}
"""What belongs to no cache: it has the tags of the stack file only."""


def test_everything_is_tagged(life: Life) -> None:
    kinds = set[str]()
    for one in life.state:
        if one["type"].startswith("azure-native:"):
            kind, tags = one["type"].rpartition(":")[2], one["inputs"].get("tags", {})
            shared = kind in UNTAGGED | SHARED
            assert shared or "secure-redis:stack" in tags, one["urn"]
            if life.name == "azure-prod" and kind not in UNTAGGED:
                assert tags["team"] == "platform"
            kinds.add(kind)
    assert len(kinds - UNTAGGED) >= 4


def test_no_way_in_but_the_private_one(life: Life) -> None:
    caches = [*life.cloud.get(CLUSTER, {}).values(), *life.cloud.get(CLASSIC, {}).values()]
    assert len(caches) == len(life.connections)
    endpoints = life.cloud["Microsoft.Network/privateEndpoints"].values()
    reached = {
        link["properties"]["privateLinkServiceId"]
        for endpoint in endpoints
        for link in endpoint["properties"]["privateLinkServiceConnections"]
    }
    for cache in caches:
        assert cache["properties"]["publicNetworkAccess"] == "Disabled"
        assert cache["properties"]["minimumTlsVersion"] == "1.2"
        assert cache["id"] in reached
    for vault in life.cloud[VAULT].values():
        assert vault["properties"]["enableRbacAuthorization"] is True
        if life.name not in {"azure-dev", "adopted-vault"}:
            assert vault["properties"]["publicNetworkAccess"] == "Disabled"
            assert vault["id"] in reached


def test_names_lead_to_the_endpoints(life: Life) -> None:
    """The private zone answers for the name that is in the URL, and its certificate."""
    records = {
        one["properties"]["fqdn"]
        for one in life.cloud["Microsoft.Network/privateDnsZones/A"].values()
    }
    for connection in life.connections.values():
        first, _, rest = connection.host.partition(".")
        zone = {
            "westeurope.redis.azure.net": f"{first}.westeurope.privatelink.redis.azure.net.",
            "redis.cache.windows.net": f"{first}.privatelink.redis.cache.windows.net.",
        }
        assert zone[rest] in records


def test_only_production_is_locked(life: Life) -> None:
    scopes = {ArmId.parse(one["id"]).scope for one in life.cloud.get(LOCK, {}).values()}
    protected = [one for one in life.state if one.get("protect")]
    if life.name != "azure-prod":
        assert (scopes, protected) == (set(), [])
        return
    assert scopes == {one["id"] for one in life.cloud[CLUSTER].values()}
    levels = {one["properties"]["level"] for one in life.cloud[LOCK].values()}
    assert levels == {"CanNotDelete"}
    kinds = {one["type"].rpartition(":")[2] for one in protected}
    # The vault and the key without which the data of `sessions` could not be read.
    assert kinds == {"RedisEnterprise", "Database", "Vault", "Key", "UserAssignedIdentity"}


def test_the_beginning_comes_in_the_order_that_azure_demands(life: Life) -> None:
    made = life.witness.cloud.order("create")
    for cache in life.connections:
        order = (f"RedisEnterprise:{cache}", f"Database:{cache}", f"PrivateEndpoint:{cache}-cache")
        if life.name == "azure-classic":
            order = (f"Redis:{cache}", f"PatchSchedule:{cache}", f"PrivateEndpoint:{cache}-cache")
        places = [made.index(one) for one in order]
        assert places == sorted(places)
        if life.name == "azure-entra":
            logins = [one for one in made if one.startswith(f"AccessPolicyAssignment:{cache}-")]
            # One after the other, and all of them before the endpoint.
            assert len(logins[:2]) == 2
            assert max(map(made.index, logins[:2])) < places[-1]
    if life.name == "azure-prod":
        # What encrypts is there, and may be used, before the data.
        key = [made.index(f"{kind}:sessions-data") for kind in ("Key", "RoleAssignment")]
        assert max(key) < made.index("RedisEnterprise:sessions")
        for cache in life.connections:
            others = [one for one in made if one.endswith(f":{cache}") or f":{cache}-" in one]
            known = [one for one in others if made.index(one) <= made.index(f"Database:{cache}")]
            assert f"ManagementLockByScope:{cache}" not in known


def test_the_end_comes_in_the_order_that_azure_demands(life: Life) -> None:
    whole = life.witness.cloud.order("delete")
    # The first life's: nothing is deleted before its end, but the locks in production.
    gone = whole[: _first_end(whole)]
    for cache in life.connections:
        if life.name == "azure-prod":
            lock = gone.index(f"ManagementLockByScope:{cache}")
            own = [one for one in gone if f":{cache}-" in one or one.endswith(f":{cache}")]
            assert own[0] == f"ManagementLockByScope:{cache}"
            assert gone[lock] == own[0]
        kinds = ["Redis"] if life.name == "azure-classic" else ["Database", "RedisEnterprise"]
        order = [
            f"PrivateDnsZoneGroup:{cache}-cache",
            f"PrivateEndpoint:{cache}-cache",
            *(f"{kind}:{cache}" for kind in kinds),
        ]
        places = [gone.index(one) for one in order]
        assert places == sorted(places)
        if f"PrivateEndpoint:{cache}-vault" in gone:
            assert gone.index(f"PrivateEndpoint:{cache}-vault") < gone.index(f"Vault:{cache}")
        assert not [one for one in gone if one.startswith("Secret:")]
    assert gone[-1] == "ResourceGroup:network"


def _first_end(gone: list[str]) -> int:
    """Where the deletions of the first life end."""
    return gone.index("ResourceGroup:network") + 1


def test_what_is_left_is_deleted_softly(twice: Twice) -> None:
    """Vaults keep their names for days, and production's for good until then."""
    caches = len(twice.life.connections)
    if twice.life.name == "adopted-vault":
        assert DELETED_VAULT not in twice.reserved
        return
    assert len(twice.reserved[DELETED_VAULT]) == caches
    kinds = {kind.rpartition("/")[2] for kind in twice.reserved}
    assert kinds <= {"deletedVaults", "deletedWorkspaces"}
    vaults = twice.life.witness.cloud.all(DELETED_VAULT).values()
    for vault in vaults:
        days = vault["vault"]["properties"]["softDeleteRetentionInDays"]
        protected = vault["vault"]["properties"].get("enablePurgeProtection", False)
        expected = (90, True) if twice.life.name == "azure-prod" else (7, False)
        assert (days, protected) == expected


def test_secrets_stay_in_a_vault_that_is_not_ours(twice: Twice) -> None:
    """The provider deletes them in the vault, where it may not get; their keys open nothing."""
    if twice.life.name != "adopted-vault":
        assert twice.life.witness.cloud.all(SECRET) == {}
        return
    names = [one["name"].rpartition("-")[0] for one in twice.secrets.values()]
    kinds = ("connection", "primary-key", "secondary-key", "url")
    # Those of the first life, and those of the second one under new names.
    assert sorted(names) == sorted(2 * [f"cache-redis-{kind}" for kind in kinds])
    assert all(one["id"].startswith(f"{SHARED_VAULT}/") for one in twice.secrets.values())
    assert twice.life.witness.cloud.all(SECRET).keys() == twice.secrets.keys()
    roles = [one for one in twice.life.state if one["type"].endswith(":RoleAssignment")]
    # The reader may read these, and nothing else of the vault.
    assert {one["inputs"]["scope"].rpartition("/")[0] for one in roles} == {
        f"{SHARED_VAULT}/secrets"
    }
    assert len(roles) == len(kinds)


def test_the_same_stack_can_be_made_again(twice: Twice) -> None:
    """The names of the first life are still taken, in part for ninety days."""
    locks = len(twice.life.cloud.get(LOCK, {}))
    planned = twice.life.preview.changes["to"] - locks
    assert twice.again.succeeded().changes == {"created": planned}
    twice.down.succeeded()
    assert twice.left == {}


def test_the_classic_cache_warns_in_every_run(life: Life) -> None:
    warned = life.name == "azure-classic"
    for run in (life.preview, life.second):
        assert ("retires on" in run.text) is warned
        if warned:
            text = " ".join(run.text.split())
            today = datetime.now(timezone.utc).date()
            assert date(2028, 9, 30) == RETIREMENT
            left = (RETIREMENT - today).days
            assert f"retires on 2028-09-30 ({left} days from now)" in text
            assert "no new customers since 2026-04-01" in text
            assert "Standard_C2 becomes Balanced_B3" in text
            assert "6380 becomes 10000" in text


def test_the_places_are_searched(life: Life) -> None:
    """What is searched for is what was made, and the search finds what is there, in any form."""
    passwords, places = life.witness.passwords, life.witness.places()
    keys = {name: one for name, one in passwords.items() if name != "client secret"}
    # Two lives with two keys for each cache; with Entra nobody ever asks for them.
    assert len(keys) == 4 * len(life.connections)
    assert all(len(base64.b64decode(key, validate=True)) == 32 for key in keys.values())
    needed = {
        "journal",
        f"file {life.witness.name}.json",
        f"cloud {SECRET}",
        f"cloud {DELETED_VAULT}",
    }
    assert needed - {f"cloud {DELETED_VAULT}"} <= places.keys()
    ups = [place for place in places if place.endswith(" events of up")]
    assert len(ups) >= 2
    assert all(b"azure-native:keyvault" in places[place] for place in ups)
    assert b"PUT Microsoft.KeyVault/vaults/secrets" in places["journal"]
    planted = (
        PLANTED,
        quote(PLANTED, safe=""),
        base64.b64encode(f"xy{PLANTED}z".encode()).decode(),
        base64.b64encode(f"rediss://:{quote(PLANTED, safe='')}@h".encode()).decode(),
        PLANTED.replace("+", "-").replace("/", "_"),
        PLANTED.encode().hex(),
        base64.b64decode(PLANTED).hex(),
        json.dumps({"x": PLANTED}),
    )
    for text in planted:
        found = leaks({"planted": PLANTED}, {"a": text.encode(), "b": b"nothing"})
        assert found == ["planted in a"]
    assert len(forms(PLANTED)) > len(forms("abcdefghijklmnop"))


def test_labels_are_read_from_the_state(life: Life) -> None:
    """The orders above compare the journal with the state: both name the same things."""
    made = set(life.witness.cloud.order("create"))
    native = {label(one) for one in life.state if one["type"].startswith("azure-native:")}
    assert native <= made


CHAINED = """\
import pulumi
from secure_redis.azure.redis import ManagedRedis

given = {"environment": "development", "access": {"cidrs": ["10.30.0.0/16"]}}
first = ManagedRedis("first", given)
second = ManagedRedis("second", given, pulumi.ResourceOptions(depends_on=[first]))
pulumi.export("hosts", [first.host, second.host])
"""


def test_a_cache_may_wait_for_another_one(tmp_path: Path) -> None:
    """Each asks Azure when no other one is refused; the first does not wait for the second."""
    deployment = ProgramDeployment(tmp_path, CHAINED, target="azure")
    deployment.up()
    made = deployment.cloud.order("create")
    assert made.index("Secret:first-url") < made.index("RedisEnterprise:second")
    assert len(set(deployment.outputs()["hosts"])) == 2
    deployment.unchanged()
    deployment.close()
