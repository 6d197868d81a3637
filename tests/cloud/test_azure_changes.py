"""Every setting that can change in place does so: no cache is deleted, the next run is quiet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud.azure.arm import SEEDED, TYPES
from cloud.azure.identifiers import ArmId
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.subscription import SUBSCRIPTION_SCOPE, TENANT_ID
from cloud.azure.witness import (
    CLASSIC,
    CLUSTER,
    DATABASE,
    LOCK,
    SECRET,
    VAULT,
    AzureWitness,
    of_cache,
)
from cloud.changes import Change, within, written
from cloud.witness import leaks, operations
from engine.deployment import PROJECT_NAME, Run, remember_secret
from pydantic.alias_generators import to_camel
from secure_redis.azure.roles import CRYPTO_SERVICE_ENCRYPTION_USER, role_id
from secure_redis.azure.settings import AzureSettings, Classic
from secure_redis.connection import Connection

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

OTHERS = f"{SUBSCRIPTION_SCOPE}/resourceGroups/platform/providers"
TEAM = f"{OTHERS}/Microsoft.Insights/actionGroups/on-call"
WORKSPACE = f"{OTHERS}/Microsoft.OperationalInsights/workspaces/shared"
SHARED_VAULT = f"{OTHERS}/{VAULT}/shared-secrets"
WRAPPING = f"{OTHERS}/Microsoft.ManagedIdentity/userAssignedIdentities/wrapping"
READER = "0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01"
SHOP, BATCH = "5d9e2c4b-8a16-4f7d-b1c3-7e0a9d2f6b02", "5d9e2c4b-8a16-4f7d-b1c3-7e0a9d2f6b03"
STORAGE = (
    "DefaultEndpointsProtocol=https;AccountName=backups;AccountKey=c3RvcmFnZStrZXkvYWNjb3VudD8+"
)
DAY = (datetime.now(timezone.utc) + timedelta(days=200)).date()
OTHER_KEY = "the key of another team"

CACHES: dict[str, Any] = {
    "managed": {"memoryGb": 2, "persistence": "none"},
    "login": {"persistence": "none", "azure": {"logs": False}},
    "standard": {
        "azure": {
            "logs": False,
            "classic": {"acknowledgeRetirement": True, "sku": "Standard_C1"},
        }
    },
    "premium": {
        "azure": {
            "logs": False,
            "classic": {"acknowledgeRetirement": True, "sku": "Premium_P1", "shards": 1},
        }
    },
}
STACK: dict[str, Any] = {
    "azure-native:location": "westeurope",
    "environment": "staging",
    "access": {"cidrs": ["10.30.0.0/16"]},
}

PUT_CLUSTER = f"PUT {CLUSTER}"
PUT_DATABASE = f"PUT {DATABASE}"
PUT_CLASSIC = f"PUT {CLASSIC}"
PUT_SECRET = f"PUT {SECRET}"
PUT_VAULT = f"PUT {VAULT}"
PUT_LOGIN = f"PUT {DATABASE}/accessPolicyAssignments"
PUT_RULE = f"PUT {CLASSIC}/firewallRules"
PUT_LOGS = "PUT Microsoft.Insights/diagnosticSettings"
PUT_ALERT = "PUT Microsoft.Insights/metricAlerts"


def properties(**wanted: Any) -> dict[str, Any]:
    """What a request holds that sets some properties."""
    return {"body": {"properties": wanted}}


def parameters(**wanted: str) -> dict[str, Any]:
    """What a request holds that sets some parameters of a classic cache."""
    return properties(redisConfiguration={k.replace("_", "-"): v for k, v in wanted.items()})


STEPS: tuple[tuple[Change, ...], ...] = (
    (
        Change(
            "managed",
            "azure.sku",
            "Balanced_B5",
            PUT_CLUSTER,
            {"body": {"sku": {"name": "Balanced_B5"}}},
        ),
        Change("managed", "replicas", 1, PUT_CLUSTER, properties(highAvailability="Enabled")),
        Change(
            "managed",
            "persistence",
            "aof",
            PUT_DATABASE,
            properties(persistence={"aofEnabled": True, "aofFrequency": "1s", "rdbEnabled": False}),
        ),
        Change("managed", "azure.activeKey", "secondary", PUT_SECRET, of="managed-url"),
        Change(
            "managed",
            "azure.logRetentionDays",
            60,
            "PUT Microsoft.OperationalInsights/workspaces",
            properties(retentionInDays=60),
        ),
        Change("managed", "azure.publicAccess", True, PUT_CLUSTER,
               properties(publicNetworkAccess="Enabled")),
        Change("login", "azure.auth", "entra", PUT_DATABASE,
               properties(accessKeysAuthentication="Disabled")),
        Change("login", "azure.principalIds", [SHOP], PUT_LOGIN,
               properties(accessPolicyName="default", user={"objectId": SHOP})),
        Change(
            "standard",
            "azure.classic.sku",
            "Standard_C2",
            PUT_CLASSIC,
            properties(sku={"name": "Standard", "family": "C", "capacity": 2}),
        ),
        Change(
            "standard",
            "evictionPolicy",
            "volatile-lru",
            PUT_CLASSIC,
            parameters(maxmemory_policy="volatile-lru"),
        ),
        Change("premium", "azure.classic.shards", 2, PUT_CLASSIC, properties(shardCount=2)),
        Change(
            "",
            "access.cidrs",
            ["10.30.0.0/16", "10.40.0.0/16"],
            "PUT Microsoft.Network/networkSecurityGroups",
            properties(
                securityRules=[
                    {"properties": {"sourceAddressPrefixes": ["10.30.0.0/16", "10.40.0.0/16"]}}
                ]
            ),
            of="network",
        ),
        Change(
            "",
            "access.secretReaders",
            [READER],
            "PUT Microsoft.Authorization/roleAssignments",
            properties(principalId=READER, principalType="ServicePrincipal"),
            of="managed-",
        ),
        Change(
            "",
            "alarms",
            {"profile": "full", "notify": [TEAM]},
            PUT_ALERT,
            properties(actions=[{"actionGroupId": TEAM}]),
            of="managed-processor",
        ),
        Change("", "alarms", {"profile": "full", "notify": [TEAM]}, PUT_ALERT,
               properties(severity=2), of="premium-latency"),
        Change("", "tags", {"team": "shop"}, PUT_CLUSTER, {"body": {"tags": {"team": "shop"}}},
               of="managed"),
    ),
    (
        Change("managed", "evictionPolicy", "volatile-lfu", PUT_DATABASE,
               properties(evictionPolicy="VolatileLFU")),
        Change("managed", "persistence", "rdb", PUT_DATABASE,
               properties(persistence={"rdbEnabled": True, "aofEnabled": False})),
        Change("managed", "azure.snapshotFrequency", "6h", PUT_DATABASE,
               properties(persistence={"rdbFrequency": "6h"})),
        Change("managed", "azure.clusteringPolicy", "EnterpriseCluster", PUT_DATABASE,
               properties(clusteringPolicy="EnterpriseCluster")),
        Change("managed", "azure.secretExpires", str(DAY), PUT_SECRET,
               properties(attributes={"exp": int(datetime(
                   DAY.year, DAY.month, DAY.day, tzinfo=timezone.utc).timestamp())}),
               of="managed-url"),
        Change("managed", "azure.customerManagedKey", {}, PUT_CLUSTER,
               {"body": {"identity": {"type": "UserAssigned"}}}),
        Change("managed", "azure.customerManagedKey", {}, PUT_VAULT,
               properties(enablePurgeProtection=True)),
        Change("managed", "azure.logRetentionDays", None, ""),
        Change("managed", "azure.workspaceId", WORKSPACE, PUT_LOGS,
               properties(workspaceId=WORKSPACE), of="managed-metrics"),
        Change("managed", "azure.publicAccess", None, PUT_CLUSTER,
               properties(publicNetworkAccess="Disabled")),
        Change("login", "azure.principalIds", [SHOP, BATCH], PUT_LOGIN,
               properties(user={"objectId": BATCH})),
        Change("login", "azure.lock", True, "PUT Microsoft.Authorization/locks",
               properties(level="CanNotDelete")),
        Change("standard", "azure.classic.parameters", {"maxmemory-reserved": "50"}, PUT_CLASSIC,
               parameters(maxmemory_reserved="50")),
        Change("standard", "azure.classic.patchWindows", [{"day": "Sunday", "hour": 3}],
               f"PUT {CLASSIC}/patchSchedules",
               properties(scheduleEntries=[{"dayOfWeek": "Sunday", "startHourUtc": 3}])),
        Change("standard", "azure.publicAccess", True, PUT_CLASSIC,
               properties(publicNetworkAccess="Enabled")),
        Change("standard", "azure.classic.firewallRules",
               [{"startIp": "203.0.113.4", "endIp": "203.0.113.7"}], PUT_RULE,
               properties(startIP="203.0.113.4", endIP="203.0.113.7")),
        Change("premium", "azure.classic.snapshots",
               {"frequencyMinutes": 360, "connectionString": STORAGE}, PUT_CLASSIC,
               parameters(rdb_backup_frequency="360")),
        Change("", "alarms", {"profile": "off"}, "DELETE Microsoft.Insights/metricAlerts",
               of="managed-processor"),
        Change("", "access.secretReaders", None, "DELETE Microsoft.Authorization/roleAssignments",
               of="managed-"),
        Change("", "access.cidrs", ["10.40.0.0/16"],
               "PUT Microsoft.Network/networkSecurityGroups", of="network"),
        Change("", "tags", None, PUT_CLUSTER, of="managed"),
    ),
    (
        Change("managed", "azure.sku", "Balanced_B50", PUT_CLUSTER,
               {"body": {"sku": {"name": "Balanced_B50"}}}),
        Change("managed", "persistence", "none", PUT_DATABASE,
               properties(persistence={"rdbEnabled": False, "aofEnabled": False})),
        Change("managed", "azure.snapshotFrequency", None, ""),
        Change("managed", "azure.activeKey", "primary", PUT_SECRET, of="managed-url"),
        Change("managed", "azure.logs", False, "DELETE Microsoft.Insights/diagnosticSettings",
               of="managed-metrics"),
        Change("managed", "azure.workspaceId", None, ""),
        Change("managed", "azure.customerManagedKey", OTHER_KEY, PUT_CLUSTER,
               {"body": {"identity": {"userAssignedIdentities": {WRAPPING: {}}}}}),
        Change("login", "azure.principalIds", [BATCH],
               f"DELETE {DATABASE}/accessPolicyAssignments"),
        Change("login", "azure.lock", False, "DELETE Microsoft.Authorization/locks"),
        Change("standard", "azure.classic.firewallRules",
               [{"startIp": "203.0.113.9", "endIp": "203.0.113.9"}],
               f"DELETE {CLASSIC}/firewallRules"),
        Change("standard", "azure.classic.patchWindows", None, f"DELETE {CLASSIC}/patchSchedules"),
        Change("standard", "azure.classic.sku", "Premium_P1", PUT_CLASSIC,
               properties(sku={"name": "Premium", "family": "P", "capacity": 1})),
        Change("premium", "azure.classic.snapshots",
               {"frequencyMinutes": 60, "connectionString": STORAGE}, PUT_CLASSIC,
               parameters(rdb_backup_frequency="60")),
        Change("premium", "replicas", 2, PUT_CLASSIC, properties(replicasPerPrimary=2)),
    ),
    (
        Change("managed", "azure.customerManagedKey", None, PUT_CLUSTER),
        Change("managed", "azure.vaultId", SHARED_VAULT, f"DELETE {VAULT}"),
        Change("managed", "azure.secretExpires", None, PUT_SECRET),
        Change("login", "azure.auth", None, PUT_DATABASE,
               properties(accessKeysAuthentication="Enabled")),
        Change("login", "azure.principalIds", None, f"DELETE {DATABASE}/accessPolicyAssignments"),
        Change("standard", "azure.classic.firewallRules", None, f"DELETE {CLASSIC}/firewallRules"),
        Change("standard", "azure.publicAccess", None, PUT_CLASSIC,
               properties(publicNetworkAccess="Disabled")),
        Change("premium", "azure.auth", "entra", PUT_CLASSIC,
               properties(disableAccessKeyAuthentication=True)),
        Change("premium", "azure.principalIds", [SHOP], f"PUT {CLASSIC}/accessPolicyAssignments",
               properties(objectId=SHOP, accessPolicyName="Data Contributor")),
    ),
    (
        Change("login", "azure.lock", None, ""),
        Change("premium", "azure.auth", None, PUT_CLASSIC,
               properties(disableAccessKeyAuthentication=False)),
        Change("premium", "azure.principalIds", None,
               f"DELETE {CLASSIC}/accessPolicyAssignments"),
    ),
)  # fmt: skip
"""What changes in each run; what is in one run does not depend on each other."""


@dataclass(frozen=True)
class Step:
    """One run with changes, and the run after it."""

    plan: Run | None
    """The preview before the run, where one was made."""
    run: Run
    again: Run
    journal: Sequence[Mapping[str, Any]]
    things: Mapping[str, Mapping[str, Any]]
    """The fake cloud after it, by kind and id. Secret."""
    connections: Mapping[str, Connection]
    secrets: Mapping[str, Mapping[str, str]]
    """URIs of the secrets in use, by cache and what they are."""

    def requests(self, name: str) -> list[Mapping[str, Any]]:
        """The requests for resources whose logical names begin so."""
        return [
            request
            for entry in self.journal
            if entry["name"].startswith(name)
            for request in entry["requests"]
        ]

    def cache(self, name: str) -> Mapping[str, Any]:
        """What has the private endpoints and the tags of a cache."""
        both = {**self.things[CLUSTER], **self.things[CLASSIC]}
        (found,) = [one for one in both.values() if of_cache(one, name)]
        return found

    def keys(self, name: str) -> Mapping[str, str]:
        """The access keys of a cache: secret."""
        cache = self.cache(name)
        for database in self.things[DATABASE].values():
            if ArmId.parse(database["id"]).within(cache["id"]):
                return database["_keys"]
        return cache["_keys"]

    def held(self, name: str, what: str) -> Mapping[str, Any]:
        """The secret in use of a cache, with all its versions: secret."""
        uri = self.secrets[name][what]
        (found,) = [
            one for one in self.things[SECRET].values() if one["properties"]["secretUri"] == uri
        ]
        return found


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureWitness]:
    made = AzureWitness(tmp_path_factory.mktemp("changes"))
    remember_secret(STORAGE)
    made.passwords["storage account"] = STORAGE
    made.passwords["storage account's key"] = STORAGE.partition("AccountKey=")[2]
    cloud = made.cloud
    cloud.add(TEAM, {"location": "global", "properties": {"groupShortName": "on-call"}})
    cloud.add(WORKSPACE, {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}})
    cloud.add(SHARED_VAULT, {"location": "westeurope", "properties": VAULT_PROPERTIES})
    yield made
    made.close()


VAULT_PROPERTIES = {
    "tenantId": TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "enableRbacAuthorization": True,
    "enablePurgeProtection": True,
}


def other_key(witness: AzureWitness) -> dict[str, str]:
    """A key of another team, and an identity that may use it."""
    cloud = witness.cloud
    cloud.add(WRAPPING, {"location": "westeurope"})
    key = f"{SHARED_VAULT}/keys/data"
    cloud.add(key, {"properties": {"kty": "RSA", "keySize": 3072}})
    principal = cloud.arm.need(WRAPPING)["properties"]["principalId"]
    role = {
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": role_id(SHARED_VAULT, CRYPTO_SERVICE_ENCRYPTION_USER),
    }
    name = "dddddddd-0000-4000-8000-000000000001"
    cloud.add(
        f"{SHARED_VAULT}/providers/Microsoft.Authorization/roleAssignments/{name}",
        {"properties": role},
    )
    return {
        "keyUrl": cloud.arm.need(key)["properties"]["keyUriWithVersion"],
        "identityId": WRAPPING,
    }


@pytest.fixture(scope="module")
def history(witness: AzureWitness) -> list[Step]:
    """The stack after its creation, and after each step."""
    caches, others = json.loads(json.dumps(CACHES)), json.loads(json.dumps(STACK))
    known: dict[str, Any] = {OTHER_KEY: other_key(witness)}
    steps: list[Step] = []
    for changes in ((), *STEPS):
        for change in changes:
            written(caches[change.cache] if change.cache else others, change)
        witness.write(_with(known, caches), **others)
        begin = len(witness.cloud.journal)
        logins = any(change.setting == "azure.auth" for change in changes)
        plan = witness.heard("preview") if logins else None
        run = witness.heard("up").succeeded()
        witness.learn()
        again = witness.heard("up", "--expect-no-changes")
        steps.append(taken(witness, plan, run, again, begin))
        if not changes:
            known[STORAGE] = encrypted(witness, STORAGE)
    return steps


def _with(known: Mapping[str, Any], value: Any) -> Any:
    """The same, with what is known in place of a text that stands for it."""
    if isinstance(value, dict):
        return {name: _with(known, item) for name, item in value.items()}
    return known.get(value, value) if isinstance(value, str) else value


def encrypted(witness: AzureWitness, secret: str) -> dict[str, str]:
    """A secret as a stack file has it."""
    key = f"{PROJECT_NAME}:scratch"
    witness.pulumi("config", "set", "--secret", key, stdin=secret).succeeded()
    return yaml.safe_load(witness.stack_file.read_text())["config"][key]


def taken(witness: AzureWitness, plan: Run | None, run: Run, again: Run, begin: int) -> Step:
    """A step as it is to be looked at later."""
    witness.run("output")
    return Step(
        plan,
        run,
        again,
        witness.cloud.journal[begin:],
        witness.things(),
        {cache: witness.connection(cache) for cache in CACHES},
        {cache: witness.component(cache)["secret_uris"] for cache in CACHES},
    )


NUMBERED = [(number, change) for number, step in enumerate(STEPS, 1) for change in step]
EVERY = range(len(STEPS) + 1)


@pytest.mark.parametrize("number", EVERY)
def test_the_run_succeeds_and_the_next_one_is_quiet(history: list[Step], number: int) -> None:
    step = history[number]
    if step.plan:
        step.plan.succeeded()
    step.run.succeeded()
    step.again.succeeded()
    assert set(step.again.changes) == {"unchanged"}


DATA = ("RedisEnterprise", "Database", "Redis", "PrivateEndpoint", "Subnet")


@pytest.mark.parametrize("number", EVERY[1:])
def test_no_cache_is_made_or_deleted(history: list[Step], number: int) -> None:
    step = history[number]
    done = {
        (entry["operation"], entry["name"])
        for entry in step.journal
        if entry["type"].rpartition(":")[2] in DATA and not entry["name"].endswith("-vault")
    }
    assert not [one for one in done if one[0] in {"create", "delete"}]
    for kind in (CLUSTER, DATABASE, CLASSIC):
        assert step.things[kind].keys() == history[0].things[kind].keys()
    assert not [one for one in step.journal if "error" in one]


@pytest.mark.parametrize(("number", "change"), NUMBERED, ids=str)
def test_a_setting_changes_in_place(history: list[Step], number: int, change: Change) -> None:
    requests = history[number].requests(change.of or change.cache)
    if change.operation:
        found = [one["params"] for one in requests if one["operation"] == change.operation]
        assert any(within(change.params, params) for params in found), operations(requests)


def test_every_in_place_setting_of_azure_is_in_the_table() -> None:
    """A setting that is added later must be here, or among those that say why not."""
    changed = {change.setting.partition("azure.")[2] for _, change in NUMBERED}
    elsewhere = {
        "classic": "the table has its settings",
        "modules": "replaces",
        "vaultRecoveryDays": "cannot change",
        "allowPreview": "only lets sizes be used",
    }
    settings = {to_camel(name) for name in AzureSettings.model_fields}
    assert settings == changed & settings | elsewhere.keys()
    inner = {one.partition("classic.")[2] for one in changed if one.startswith("classic.")}
    replacing = {"zones": "replaces", "acknowledgeRetirement": "must stay"}
    assert {to_camel(name) for name in Classic.model_fields} == inner | replacing.keys()


@pytest.mark.parametrize("cache", CACHES)
def test_the_keys_are_the_same_to_the_end(history: list[Step], cache: str) -> None:
    """Nothing of all this makes a key anew."""
    assert len({json.dumps(step.keys(cache)) for step in history}) == 1
    assert len({step.cache(cache)["id"] for step in history}) == 1


def test_another_active_key_is_a_new_version_of_the_url(history: list[Step]) -> None:
    before, after = history[0], history[1]
    old, new = before.held("managed", "url"), after.held("managed", "url")
    assert old["id"] == new["id"]
    assert len(new["_versions"]) == len(old["_versions"]) + 1
    # Who has read the old version goes on: its key is still there.
    assert new["_versions"].items() >= old["_versions"].items()
    keys = after.keys("managed")
    assert before.connections["managed"].password == keys["primaryKey"]
    assert after.connections["managed"].password == keys["secondaryKey"]
    assert value_of(dict(new)) == after.connections["managed"].url
    assert after.connections["managed"].grants["active_key"] == "secondary"
    written_keys = operations(after.requests("managed-primary-key"))
    assert value_of(dict(after.held("managed", "primary-key"))) == keys["primaryKey"]
    assert value_of(dict(after.held("managed", "secondary-key"))) == keys["secondaryKey"]
    # Only its tags have changed.
    assert written_keys == [PUT_SECRET]


@pytest.mark.parametrize(("cache", "there", "back"), [("login", 1, 4), ("premium", 4, 5)])
def test_keys_become_tokens_and_come_back(
    history: list[Step], cache: str, there: int, back: int
) -> None:
    before, tokens, after = history[there - 1], history[there], history[back]
    assert tokens.connections[cache].password == ""
    assert tokens.connections[cache].auth.value == "identity"
    assert tokens.connections[cache].username == SHOP
    assert tokens.secrets[cache].keys() == {"connection"}
    assert after.connections[cache].password == before.connections[cache].password
    assert after.secrets[cache].keys() == before.secrets[cache].keys()
    for what in ("url", "primary-key", "secondary-key"):
        # A secret that was given up keeps its name to itself.
        assert after.secrets[cache][what] != before.secrets[cache][what]
        assert value_of(dict(after.held(cache, what)))
    assert after.secrets[cache]["connection"] == before.secrets[cache]["connection"]


def test_logins_come_and_go_alone(history: list[Step]) -> None:
    def logins(number: int) -> list[tuple[str, str]]:
        return [
            (entry["operation"], entry["name"])
            for entry in history[number].journal
            if entry["type"] == "azure-native:redisenterprise:AccessPolicyAssignment"
        ]

    assert logins(1) == [("create", f"login-{SHOP}")]
    assert logins(2) == [("create", f"login-{BATCH}")]
    assert logins(3) == [("delete", f"login-{SHOP}")]
    order = [f"{one['operation']} {one['name']}" for one in history[3].journal]
    locks = [
        place
        for place, one in enumerate(history[3].journal)
        if one["type"].endswith(":ManagementLockByScope")
    ]
    # The lock holds for parts of the cache: it goes first.
    assert locks[0] < order.index(f"delete login-{SHOP}")


def test_secrets_move_to_another_vault(history: list[Step]) -> None:
    step = history[4]
    for what, uri in step.secrets["managed"].items():
        assert uri.startswith("https://shared-secrets.vault.azure.net/secrets/"), what
    assert value_of(dict(step.held("managed", "url"))) == step.connections["managed"].url
    assert step.connections["managed"].secret_ref["id"] == step.secrets["managed"]["url"]


def test_tags_reach_everything(history: list[Step]) -> None:
    used = {uri for uris in history[1].secrets.values() for uri in uris.values()}
    secrets = history[1].things[SECRET].values()
    # With tokens in place of keys, these stay in the vault and are nobody's.
    given_up = {one["id"] for one in secrets if one["properties"]["secretUri"] not in used}
    assert len(given_up) == 3
    for number, tagged in ((1, True), (2, False)):
        for kind in (CLUSTER, CLASSIC, VAULT, SECRET, "Microsoft.Network/privateEndpoints"):
            for thing in history[number].things[kind].values():
                if not thing.get(SEEDED) and thing["id"] not in given_up:
                    assert (thing["tags"].get("team") == "shop") is tagged
                    assert thing["tags"]["secure-redis:environment"] == "staging"


def test_no_key_is_said(history: list[Step], witness: AzureWitness) -> None:
    assert len(history) == len(STEPS) + 1
    assert len(witness.passwords) == 2 * len(CACHES) + 3
    assert leaks(witness.passwords, witness.places()) == []


TURNING: dict[str, Any] = {
    "managed": {"azure": {}},
    "standard": {"azure": {"classic": {"acknowledgeRetirement": True, "sku": "Standard_C1"}}},
}


@pytest.fixture
def turning(tmp_path: Path) -> Iterator[AzureWitness]:
    made = AzureWitness(tmp_path)
    write_turning(made, "development", "primary")
    made.applied()
    yield made
    made.close()


def write_turning(witness: AzureWitness, environment: str, active: str) -> None:
    """Both kinds of caches with one of their keys in use."""
    caches = json.loads(json.dumps(TURNING))
    for cache in caches.values():
        cache["azure"]["activeKey"] = active
    witness.write(caches, **{**STACK, "environment": environment})


def made_anew(witness: AzureWitness, key: str) -> None:
    """What `secure-redis rotate` asks Azure for, of all caches: a new access key."""
    for cache in TURNING:
        identifier = witness.connection(cache).resource_id
        api = TYPES[ArmId.parse(identifier).type.lower()].api
        arm = witness.cloud.arm
        arm.request("POST", f"{identifier}/regenerateKey", {"keyType": key.title()}, api)
    witness.learn()


def held(witness: AzureWitness, cache: str) -> dict[str, str]:
    """What the secrets of a cache say now: secret."""
    kinds = ("url", "primary-key", "secondary-key")
    return {what: value_of(witness.secret(what, cache)) for what in kinds}


def test_both_keys_are_made_anew_and_no_client_is_cut_off(turning: AzureWitness) -> None:
    """The whole rotation: at each moment the URL in use opens the cache."""
    first = {cache: (turning.keys(cache), held(turning, cache)) for cache in TURNING}
    made_anew(turning, "secondary")
    turning.applied()
    for cache, (keys, secrets) in first.items():
        now = turning.keys(cache)
        assert now["primary"] == keys["primary"]
        assert now["secondary"] != keys["secondary"]
        assert held(turning, cache) == {**secrets, "secondary-key": now["secondary"]}
        assert len(turning.secret("url", cache)["_versions"]) == 1
    write_turning(turning, "development", "secondary")
    turning.applied()
    for cache, (keys, secrets) in first.items():
        url = turning.secret("url", cache)
        old, new = url["_versions"].values()
        assert {old, new} == {secrets["url"], turning.connection(cache).url}
        assert turning.connection(cache).password == turning.keys(cache)["secondary"]
        # Clients that have not read the new version still get in.
        assert turning.keys(cache)["primary"] == keys["primary"]
    made_anew(turning, "primary")
    turning.applied()
    for cache, (keys, _) in first.items():
        now, secrets = turning.keys(cache), held(turning, cache)
        assert secrets["primary-key"] == now["primary"] != keys["primary"]
        assert secrets["url"] == turning.connection(cache).url
        assert turning.connection(cache).password == now["secondary"]
        assert len(turning.secret("url", cache)["_versions"]) == 2
    turning.unchanged()
    # Two keys each at first, and two made anew.
    assert len(turning.passwords) == 1 + 4 * len(TURNING)
    assert leaks(turning.passwords, turning.places()) == []


def test_development_becomes_production_in_place(turning: AzureWitness) -> None:
    """Every default that the environment decides changes, and the data stay."""
    before = {cache: turning.keys(cache) for cache in TURNING}
    ids = {kind: turning.cloud.all(kind).keys() for kind in (CLUSTER, DATABASE, CLASSIC, VAULT)}
    for environment in ("staging", "production"):
        write_turning(turning, environment, "primary")
        turning.heard("preview").succeeded()
        turning.applied()
        turning.unchanged()
    assert {cache: turning.keys(cache) for cache in TURNING} == before
    assert {kind: turning.cloud.all(kind).keys() for kind in ids} == ids
    assert len(turning.cloud.all(LOCK)) == len(TURNING)
    for vault in turning.cloud.all(VAULT).values():
        # Decided when it was made; the rest is production's.
        assert vault["properties"]["softDeleteRetentionInDays"] == 7
        assert vault["properties"]["enablePurgeProtection"] is True
        assert vault["properties"]["publicNetworkAccess"] == "Disabled"
    cluster = turning.cloud.one(CLUSTER)
    assert cluster["properties"]["highAvailability"] == "Enabled"
    assert cluster["sku"]["name"] == "Balanced_B3"
