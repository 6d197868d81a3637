"""What would put an empty cache in place of a full one: refused, or made as it was asked for."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cloud.azure.resources.caches import TYPES
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.witness import CLASSIC, CLUSTER, LOCK, AzureWitness
from cloud.changing import ChangingStack, Refusal, refused
from cloud.sweeps import chosen
from cloud.witness import leaks
from secure_redis.azure.replacement import REPLACING

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

REASON = "the data can be computed again"
SHOP, BATCH = "5d9e2c4b-8a16-4f7d-b1c3-7e0a9d2f6b02", "5d9e2c4b-8a16-4f7d-b1c3-7e0a9d2f6b03"
ACCEPTED = {"acknowledgeRetirement": True}

CACHES: dict[str, Any] = {
    "managed": {"memoryGb": 2, "azure": {"clusteringPolicy": "EnterpriseCluster"}},
    "login": {
        "memoryGb": 2,
        "persistence": "none",
        "azure": {"auth": "entra", "principalIds": [SHOP, BATCH]},
    },
    "classic": {"azure": {"classic": {**ACCEPTED, "sku": "Premium_P1", "zones": ["1"]}}},
}
OTHERS: dict[str, Any] = {
    "azure-native:location": "westeurope",
    "access": {"cidrs": ["10.30.0.0/16"]},
    "network": {"create": {"cidr": "10.20.0.0/16"}},
    "alarms": {"profile": "off"},
}

POLICY = {"azure.clusteringPolicy": "OSSCluster"}
REFUSALS = (
    Refusal(
        "managed",
        POLICY,
        {
            "managed.azure.clusteringPolicy": (
                "from EnterpriseCluster to OSSCluster",
                "all data and both access keys would be lost",
                "Make a second cache with the other policy",
            )
        },
        ("clusteringPolicy",),
    ),
    Refusal(
        "managed",
        {"azure.modules": ["RedisJSON"]},
        {"managed.azure.modules": ("from none to RedisJSON", "Make a second cache")},
        ("modules",),
    ),
    Refusal(
        "classic",
        {"azure.classic.zones": ["2"]},
        {"classic.azure.classic.zones": ("from 1 to 2", "Keep the zones.")},
        ("zones",),
    ),
    Refusal(
        "managed",
        {**POLICY, "azure.modules": ["RedisJSON"]},
        {
            "managed.azure.clusteringPolicy": ("from EnterpriseCluster",),
            "managed.azure.modules": ("from none to RedisJSON",),
        },
        ("clusteringPolicy", "modules"),
    ),
)
ALSO_BY_UP = (REFUSALS[0], REFUSALS[2])
"""The same hook refuses in both: one run of `up` for each kind of cache tells."""


class AzureStack(ChangingStack[AzureWitness]):
    """A stack on Azure, and a resource group that it could use."""

    def __init__(
        self, witness: AzureWitness, environment: str, caches: Mapping[str, Any], **others: Any
    ) -> None:
        witness.cloud.add(
            f"/subscriptions/{witness.cloud.arm.subscription}/resourceGroups/shared",
            {"location": "westeurope"},
        )
        super().__init__(witness, environment, caches, {**OTHERS, **others})

    def keys(self, cache: str) -> set[str]:
        """Both access keys of a cache: secret."""
        return set(self.witness.keys(cache).values())


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStack]:
    witness = AzureWitness(tmp_path_factory.mktemp("production"))
    stack = AzureStack(witness, "production", CACHES)
    stack.witness.applied()
    yield stack
    stack.write()
    stack.witness.close()


@pytest.mark.parametrize("refusal", chosen(REFUSALS, 0, -1), ids=str)
def test_production_refuses_to_replace_a_cache(production: AzureStack, refusal: Refusal) -> None:
    """In the preview already, and nothing is touched by `up` either."""
    before = production.things()
    production.write(of=refusal.cache, **refusal.changes)
    for operation in ("preview", "up") if refusal in ALSO_BY_UP else ("preview",):
        run = production.witness.run(operation)
        refused(run, refusal.says)
        text = " ".join(run.text.split())
        assert "puts a new, empty cache in place of this one" in text
        assert 'allowReplacement: "why"' in text
        assert production.things() == before
    production.write()


REFUSED_TOO: tuple[tuple[str, Mapping[str, Any], str, tuple[str, ...]], ...] = (
    (
        "managed",
        {**POLICY, "azure.activeKey": "secondary"},
        "managed.azure.activeKey",
        ("cannot change together with what makes both keys anew", "Make one change, run"),
    ),
    (
        "managed",
        {**POLICY, "allowReplacement": REASON},
        "managed.azure.clusteringPolicy",
        ("still locked or protected", "run once with allowReplacement alone"),
    ),
    (
        "classic",
        {"azure.classic.zones": ["2"], "allowReplacement": REASON},
        "classic.azure.classic.zones",
        ("still locked or protected", "run once with allowReplacement alone"),
    ),
    (
        "managed",
        {"azure": {"classic": {**ACCEPTED, "sku": "Premium_P1"}}},
        "managed",
        ("moving it from azure to azure (classic)", "Make a second cache", "allowReplacement"),
    ),
    (
        "classic",
        {"azure": {}},
        "classic",
        ("moving it from azure (classic) to azure", "Make a second cache", "allowReplacement"),
    ),
    (
        "login",
        {"azure.principalIds": [BATCH]},
        "login.azure.principalIds",
        ("the lock of the cache keeps", "Set azure.lock: false in the same run"),
    ),
    (
        "login",
        {"azure.auth": None, "azure.principalIds": None},
        "login.azure.principalIds",
        ("the lock of the cache keeps",),
    ),
    (
        "classic",
        {"azure.logs": False},
        "classic.azure.logs",
        ("the lock of the cache keeps", "remove it afterwards"),
    ),
    (
        "managed",
        {":azure-native:location": "northeurope"},
        "azure-native:location",
        ("what is in westeurope stays there", "make a second stack in the other region"),
    ),
    (
        "managed",
        {":network.resourceGroup": "shared"},
        "network.resourceGroup",
        ("from own to shared makes the network and every cache in it anew", "a second stack"),
    ),
    (
        "managed",
        {"azure.vaultRecoveryDays": 30},
        "managed.azure.vaultRecoveryDays",
        ("is decided when the vault is made", "Set it back to 90"),
    ),
)


@pytest.mark.parametrize(("cache", "changes", "path", "words"), chosen(REFUSED_TOO, 0, -1))
def test_what_would_end_in_the_middle_is_refused(
    production: AzureStack,
    cache: str,
    changes: Mapping[str, Any],
    path: str,
    words: tuple[str, ...],
) -> None:
    before = production.things()
    production.write(of=cache, **changes)
    for operation in ("preview", "up") if path.startswith("network.") else ("preview",):
        refused(production.witness.run(operation), {path: words})
        assert production.things() == before
    production.write()


def test_what_was_refused_left_the_stack_as_it_was(production: AzureStack) -> None:
    production.write()
    assert set(production.witness.up().changes) == {"unchanged"}


def test_every_replacing_property_is_in_the_table() -> None:
    tried = {name for refusal in REFUSALS for name in refusal.identities}
    # The network of a stack refuses before its caches are asked; one cache alone has a guard too.
    assert tried == REPLACING.keys() - {"resourceGroup"}


NEVER_SET = {"geoReplication", "staticIP"}
"""Inputs that the components leave out."""
CONSTANT = {"port": 10000, "databaseName": "default"}
RANDOM = {"clusterName", "name"}
"""Names that end in a number of their own, which nothing changes."""
GUARDED = {"location": "westeurope", "resourceGroupName": "resourceGroup", "modules": "modules"}
"""Inputs that replace a cache; the guard sees their change."""


def test_no_replacing_input_is_forgotten(production: AzureStack) -> None:
    """The stand-in's list of what replaces a cache, which was taken from the provider's sources."""
    kinds = ("redisenterprise:RedisEnterprise", "redisenterprise:Database", "redis:Redis")
    for kind in kinds:
        (resource,) = [one for one in TYPES if one.sdk == kind]
        path = {part.strip("{}") for part in resource.path.split("/") if part.startswith("{")}
        replacing = resource.replaces | path - {"subscriptionId"}
        known = NEVER_SET | CONSTANT.keys() | RANDOM | GUARDED.keys()
        assert replacing <= known, replacing - known
        states = [
            one
            for one in production.witness.resources()
            if one["type"] == f"azure-native:{resource.sdk}"
        ]
        assert states
        for state in states:
            assert not NEVER_SET & state["inputs"].keys()
            for name, value in CONSTANT.items():
                assert state["inputs"].get(name, value) == value


def test_the_lock_goes_for_what_it_would_forbid(production: AzureStack) -> None:
    """A login is taken away, and keys come in place of tokens: without the lock, which returns."""
    cloud, witness = production.witness.cloud, production.witness
    production.change("login", {"azure.principalIds": [BATCH], "azure.lock": False})
    production.write()
    begin = len(cloud.journal)
    witness.applied()
    steps = witness.steps(begin)
    assert steps.index("delete ManagementLockByScope:login") < steps.index(
        f"delete AccessPolicyAssignment:login-{SHOP}"
    )
    production.change("login", {"azure.auth": None, "azure.principalIds": None})
    production.write()
    witness.heard("preview").succeeded()
    witness.applied()
    production.change("login", {"azure.lock": None})
    production.write()
    begin = len(cloud.journal)
    witness.applied()
    assert witness.steps(begin) == ["create ManagementLockByScope:login"]
    assert witness.connection("login").password in production.keys("login")
    assert _locked(production) == {"managed", "login", "classic"}


def test_an_accepted_replacement_takes_two_runs(production: AzureStack) -> None:
    """The lock goes, then the old cache and its keys; with the reason the lock comes back."""
    cloud, witness = production.witness.cloud, production.witness
    before = {name: production.keys(name) for name in CACHES}
    urls = {name: witness.secret("url", name) for name in ("managed", "classic")}
    clusters = cloud.all(CLUSTER)
    for name in ("managed", "classic"):
        production.change(name, {"allowReplacement": REASON})
    production.write()
    begin = len(cloud.journal)
    witness.applied()
    assert sorted(witness.steps(begin)) == [
        "delete ManagementLockByScope:classic",
        "delete ManagementLockByScope:managed",
    ]
    assert {name: production.keys(name) for name in CACHES} == before
    assert _locked(production) == {"login"}
    production.change("managed", POLICY)
    production.change("classic", {"azure.classic.zones": ["2"]})
    production.write()
    planned = witness.heard("preview").succeeded()
    begin = len(cloud.journal)
    witness.applied()
    assert "to replace" in planned.stdout
    steps = witness.steps(begin)
    for label in ("Database:managed", "Redis:classic", "PrivateEndpoint:classic-cache"):
        # There is one name only.
        assert steps.index(f"delete {label}") < steps.index(f"create {label}")
    assert steps.index("delete PrivateEndpoint:classic-cache") < steps.index("delete Redis:classic")
    assert steps.index("create Redis:classic") < steps.index("create PrivateEndpoint:classic-cache")
    assert not [one for one in steps if one.endswith((" RedisEnterprise:managed", "login"))]
    assert cloud.all(CLUSTER).keys() == clusters.keys()
    for name, old in urls.items():
        assert not production.keys(name) & before[name]
        url, connection = witness.secret("url", name), witness.connection(name)
        # Readers have the same name, and find a new version.
        assert url["id"] == old["id"]
        assert url["_versions"].items() > old["_versions"].items()
        assert value_of(url) == connection.url
        assert connection.password == witness.keys(name)["primary"]
    assert production.keys("login") == before["login"]
    outputs = json.loads(witness.pulumi("stack", "output", "--json").stdout)
    assert outputs["replacements"] == {"managed": REASON, "classic": REASON}
    _accepted(production)


def _locked(stack: AzureStack) -> set[str]:
    """The caches that have a lock."""
    both = {**stack.witness.cloud.all(CLUSTER), **stack.witness.cloud.all(CLASSIC)}
    names = {one["id"].lower(): one["tags"]["secure-redis:cache"] for one in both.values()}
    locks = stack.witness.cloud.all(LOCK).values()
    return {names[one["id"].lower().rpartition("/providers/")[0]] for one in locks}


def _accepted(stack: AzureStack) -> None:
    """After an accepted replacement: quiet, then without the reason, and protected again."""
    assert set(stack.witness.up().changes) == {"unchanged"}
    for name in stack.caches:
        stack.change(name, {"allowReplacement": None})
    stack.write()
    stack.witness.applied()
    stack.witness.unchanged()
    assert _locked(stack) == set(CACHES)
    kinds = (":RedisEnterprise", ":Database", ":Redis")
    caches = [one for one in stack.witness.resources() if one["type"].endswith(kinds)]
    assert len(caches) == 5
    assert all(one["protect"] for one in caches)


DEVELOPMENT: dict[str, Any] = {
    "plain": {"memoryGb": 2},
    "spread": {
        "memoryGb": 2,
        "replicas": 1,
        "azure": {"clusteringPolicy": "EnterpriseCluster", "snapshotFrequency": "1h"},
        "persistence": "rdb",
    },
    "shards": {"azure": {"classic": {**ACCEPTED, "sku": "Premium_P1", "shards": 2}}},
    "basic": {"azure": {"classic": {**ACCEPTED, "sku": "Basic_C1"}}},
    "standard": {"azure": {"classic": {**ACCEPTED, "sku": "Standard_C1"}}},
}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStack]:
    witness = AzureWitness(tmp_path_factory.mktemp("development"))
    stack = AzureStack(witness, "development", DEVELOPMENT)
    stack.witness.applied()
    yield stack
    stack.witness.close()


FIREWALL = {
    "azure.publicAccess": True,
    "azure.classic.firewallRules": [{"startIp": "203.0.113.4", "endIp": "203.0.113.4"}],
}
IMPOSSIBLE: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
    ("spread", {"replicas": 0}, "replicas", "never gives up its copy"),
    ("spread", POLICY, "azure.clusteringPolicy", "puts a new, empty cache in place"),
    ("plain", {"memoryGb": 40}, "azure.clusteringPolicy", "NoCluster ends at 24 GB"),
    (
        "plain",
        {"azure.clusteringPolicy": "EnterpriseCluster", "allowReplacement": REASON},
        "azure.clusteringPolicy",
        "changes in place",
    ),
    (
        "spread",
        {"azure.sku": "FlashOptimized_A250", "azure.allowPreview": True},
        "azure.sku",
        "cannot move to a size on flash",
    ),
    ("shards", {"azure.classic.shards": None}, "azure.classic.shards", "cannot be turned off"),
    ("basic", {"azure.classic.sku": "Premium_P1"}, "azure.classic.sku", "by way of Standard only"),
    ("standard", {"azure.classic.sku": "Basic_C1"}, "azure.classic.sku", "cannot go back from"),
    (
        "standard",
        {"azure.classic.sku": "Standard_C2", **FIREWALL},
        "azure.publicAccess",
        "Azure does not change it together with azure.classic.sku",
    ),
)


@pytest.mark.parametrize(("cache", "changes", "path", "words"), chosen(IMPOSSIBLE, 0, -1))
def test_what_cannot_be_is_refused_everywhere(
    development: AzureStack, cache: str, changes: Mapping[str, Any], path: str, words: str
) -> None:
    before = development.things()
    development.write(of=cache, **changes)
    refused(development.witness.run("preview"), {f"{cache}.{path}": (words,)})
    assert development.things() == before
    development.write()


def test_development_replaces_without_being_asked(development: AzureStack) -> None:
    """But for a clustering policy, which Azure would refuse to change: that takes a reason."""
    witness, cloud = development.witness, development.witness.cloud
    development.write()
    before = {name: development.keys(name) for name in DEVELOPMENT}
    development.change("plain", {"azure.modules": ["RedisJSON"]})
    development.change("shards", {"azure.classic.zones": ["1", "2"]})
    development.change("spread", {**POLICY, "allowReplacement": REASON})
    development.write()
    begin = len(cloud.journal)
    witness.applied()
    steps = witness.steps(begin)
    for label in ("Database:plain", "Database:spread", "Redis:shards"):
        assert steps.index(f"delete {label}") < steps.index(f"create {label}")
    for name in ("plain", "spread", "shards"):
        assert not development.keys(name) & before[name]
        assert value_of(witness.secret("url", name)) == witness.connection(name).url
    assert development.keys("standard") == before["standard"]
    development.change("spread", {"allowReplacement": None})
    development.write()
    witness.applied()
    witness.unchanged()


def test_development_moves_to_another_network(development: AzureStack) -> None:
    """New endpoints in a subnet that is there; the caches stay, and so do their keys."""
    witness, cloud = development.witness, development.witness.cloud
    development.write()
    before = {name: development.keys(name) for name in DEVELOPMENT}
    cloud.add_network()
    adopted = next(
        one["id"]
        for one in cloud.all("Microsoft.Network/virtualNetworks/subnets").values()
        if "/resourceGroups/shared/" in one["id"]
    )
    development.change("", {":network": {"adopt": {"subnetId": adopted}}, ":access": None})
    development.write()
    begin = len(cloud.journal)
    witness.applied()
    steps = witness.steps(begin)
    assert "delete VirtualNetwork:network" in steps
    assert not [one for one in steps if one.split()[1].startswith(("Redis", "Database"))]
    for name in DEVELOPMENT:
        label = f"PrivateEndpoint:{name}-cache"
        assert steps.index(f"delete {label}") < steps.index(f"create {label}")
        assert development.keys(name) == before[name]
    endpoints = cloud.all("Microsoft.Network/privateEndpoints").values()
    assert {one["properties"]["subnet"]["id"] for one in endpoints} == {adopted}
    witness.unchanged()


def test_another_service_takes_a_reason_nowhere_but_in_production(
    development: AzureStack,
) -> None:
    """The migration that no runbook recommends: development gets the successor, empty."""
    witness = development.witness
    old = witness.keys("standard")
    development.change("standard", {"azure": {}})
    development.write()
    witness.applied()
    connection = witness.connection("standard")
    assert connection.port == 10000
    assert connection.password not in old.values()
    assert value_of(witness.secret("url", "standard")) == connection.url
    witness.unchanged()


def test_no_key_is_said(production: AzureStack, development: AzureStack) -> None:
    for stack in (production, development):
        assert len(stack.witness.passwords) > 2 * len(stack.caches)
        assert leaks(stack.witness.passwords, stack.witness.places()) == []
