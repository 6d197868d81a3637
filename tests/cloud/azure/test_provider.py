"""The provider by itself: names, locations, differences, bodies, what a plan and a refresh know."""

from pathlib import Path
from typing import Any

import pytest
from cloud.azure.difference import changes, drifted
from cloud.azure.driver import CONFIG, TOKENS, Driver, RefusedError
from cloud.azure.model import violations
from cloud.azure.provider import CREATE_FIRST
from cloud.azure.resources import RESOURCES
from cloud.azure.subscription import SUBSCRIPTION_ID, SUBSCRIPTION_SCOPE
from cloud.standin.operations import Urn
from cloud.standin.wire import UNKNOWN

GROUP = {"resourceGroupName": "group"}
SPACE = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
CLUSTER = {**GROUP, "sku": {"name": "Balanced_B5"}, "publicNetworkAccess": "Disabled"}


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    made = Driver(tmp_path)
    made.cloud.settings(slow=0)
    made.put("ResourceGroup", "group", resourceGroupName="group", location="northeurope")
    return made


def checked(driver: Driver, kind: str, olds: Any = None, **inputs: Any) -> Any:
    return driver.stand_in.check(Urn(TOKENS[kind], "cache"), olds or {}, inputs, b"seed")


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_description_names_what_the_sdk_has(token: str) -> None:
    resource = RESOURCES[token]
    named = {name.partition(".")[0].removesuffix("[]") for name in resource.models}
    known = resource.schema.inputs.keys()
    assert resource.schema.token == token
    assert named <= known
    assert resource.replaces <= known
    assert resource.required <= known
    assert {name.partition(".")[0] for name in resource.keyed} <= known
    assert set(resource.parameters) <= known
    assert resource.rules.keys() <= known
    assert resource.api.startswith("20")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ResourceGroup", "random"),
        ("RedisEnterprise", "random"),
        ("PrivateZone", "random"),
        ("ManagementLockByScope", "random"),
        ("DiagnosticSetting", "random"),
        ("Database", "copy"),
        ("Subnet", "copy"),
        ("Secret", "copy"),
        ("PrivateDnsZoneGroup", "copy"),
        ("ManagedAccessPolicyAssignment", "copy"),
        ("RoleAssignment", "uuid"),
    ],
)
def test_names_are_made_as_the_provider_makes_them(driver: Driver, kind: str, name: str) -> None:
    resource = RESOURCES[TOKENS[kind]]
    key = resource.parameters[-1]
    inputs, _ = checked(driver, kind)
    if name == "copy":
        assert inputs[key] == "cache"
        assert CREATE_FIRST not in inputs
        return
    assert len(inputs[key]) == (13 if name == "random" else 36)
    assert inputs[CREATE_FIRST] is True
    # The plan and the run after it agree; a name that is there stays.
    assert checked(driver, kind)[0][key] == inputs[key]
    assert checked(driver, kind, {key: "old", CREATE_FIRST: True})[0][key] == "old"
    given, _ = checked(driver, kind, **{key: "given"})
    assert given[key] == "given"
    assert CREATE_FIRST not in given


def test_a_location_is_the_old_one_the_configured_one_or_the_groups(driver: Driver) -> None:
    assert checked(driver, "RedisEnterprise", **GROUP)[0]["location"] == CONFIG["location"]
    assert checked(driver, "RedisEnterprise", {"location": "uksouth"})[0]["location"] == "uksouth"
    driver.stand_in.configure({**CONFIG, "location": ""})
    assert checked(driver, "RedisEnterprise", **GROUP)[0]["location"] == "northeurope"
    planned, _ = checked(driver, "RedisEnterprise", resourceGroupName=UNKNOWN)
    assert planned["location"] is UNKNOWN
    _, failures = checked(driver, "ResourceGroup")
    assert "missing required property 'location'. Either set it" in failures[0].reason
    assert "location" not in checked(driver, "Database", **GROUP)[0]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("RedisEnterprise", {"skus": 1}, "unknown property 'skus'. Did you mean 'sku'?"),
    ("RedisEnterprise", {"sku": None}, "missing required property 'sku'"),
    ("RedisEnterprise", {"sku": {}}, "missing required property 'sku.name'"),
    ("RedisEnterprise", {"sku": "B5"}, "'sku' should be of type 'object' but got a string"),
    ("RedisEnterprise", {"sku": {"name": "B5"}}, "'sku.name' must be one of Enterprise_E1"),
    ("RedisEnterprise", {"zones": "1"}, "'zones' should be of type 'array' but got a string"),
    ("RedisEnterprise", {"zones": [1]}, "'zones[0]' should be of type 'string' but got a number"),
    ("RedisEnterprise", {"tags": {"a": 1}}, "'tags.a' should be of type 'string' but got a number"),
    ("RedisEnterprise", {"minimumTlsVersion": "1.4"}, "'minimumTlsVersion' must be one of 1.0"),
    ("Database", {"port": "10000"}, "'port' should be of type 'integer' but got a string"),
    ("Database", {"persistence": {"rdb": True}}, "unknown property 'persistence.rdb'"),
    ("Database", {"databaseName": "my-db"}, "'databaseName' does not match expression"),
    ("Vault", {"vaultName": "a_b"}, "'vaultName' does not match expression"),
    ("Secret", {"secretName": "redis_url"}, "'secretName' does not match expression"),
    ("ResourceGroup", {"managedBy": "x"}, "What the cloud does with 'managedBy' is not known"),
    ("ResourceGroup", {"resourceGroupName": "x" * 91}, "is too long (91): at most 90 characters"),
    (
        "AccessPolicy",
        {"accessPolicyName": "ab"},
        "is too short (2): at least 3 characters required",
    ),
    (
        "VirtualNetwork",
        {"subnets": [{"name": "a", "delegations": []}]},
        "What the cloud does with 'subnets[].delegations' is not known",
    ),
    ("PrivateEndpoint", {"subnet": {"name": "x"}}, "What the cloud does with 'subnet.name' is not"),
    (
        "MetricAlert",
        {"criteria": {"odata_type": "x", "all_of": []}},
        "'criteria' is of no known kind: none has these values of odataType; its properties are a",
    ),
    (
        "MetricAlert",
        {
            "criteria": {
                "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [{"metric_name": "x"}],
            }
        },
        "unknown property 'criteria.allOf[0].metric_name'. Did you mean 'metricName'?",
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "reason"), WRONG)
def test_wrong_inputs_are_refused_before_anything_is_asked(
    driver: Driver, kind: str, inputs: dict[str, Any], reason: str
) -> None:
    given = {name: value for name, value in inputs.items() if value is not None}
    _, failures = checked(driver, kind, **given)
    assert any(reason in failure.reason for failure in failures)
    # Each says which resource it is about.
    assert all(failure.reason.startswith("cache: ") for failure in failures)


def test_unknown_values_are_let_through(driver: Driver) -> None:
    inputs = dict.fromkeys(("resourceGroupName", "sku", "publicNetworkAccess", "tags"), UNKNOWN)
    assert checked(driver, "RedisEnterprise", **inputs)[1] == []


DIFFERENT: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, tuple[str, bool]]]] = [
    ("RedisEnterprise", {"sku": {"name": "a"}}, {"sku": {"name": "a"}}, {}),
    (
        "RedisEnterprise",
        {"sku": {"name": "a"}},
        {"sku": {"name": "b"}},
        {"sku.name": ("update", False)},
    ),
    ("RedisEnterprise", {"location": "West Europe"}, {"location": "westeurope"}, {}),
    (
        "RedisEnterprise",
        {"location": "westeurope"},
        {"location": "eastus"},
        {"location": ("update", True)},
    ),
    ("RedisEnterprise", {"resourceGroupName": "A"}, {"resourceGroupName": "a"}, {}),
    (
        "RedisEnterprise",
        {"clusterName": "A"},
        {"clusterName": "a"},
        {"clusterName": ("update", True)},
    ),
    ("RedisEnterprise", {"tags": {}}, {}, {"tags": ("delete", False)}),
    ("RedisEnterprise", {}, {"zones": ["1"]}, {"zones": ("add", False)}),
    ("RedisEnterprise", {"zones": ["1"]}, {"zones": UNKNOWN}, {"zones": ("update", False)}),
    ("RedisEnterprise", {"__x": 1}, {}, {}),
    ("Database", {}, {"port": 10000}, {"port": ("add", True)}),
    ("Database", {"port": 10000}, {}, {"port": ("delete", True)}),
    (
        "Database",
        {"clusteringPolicy": "NoCluster"},
        {"clusteringPolicy": "OSSCluster"},
        {"clusteringPolicy": ("update", False)},
    ),
    ("Database", {}, {"modules": [{"name": "a"}]}, {"modules": ("add", True)}),
    # Items of a list replace nothing, whatever the list does; these are known by their names.
    (
        "Database",
        {"modules": [{"name": "a"}]},
        {"modules": [{"name": "b"}, {"name": "a"}]},
        {"modules[0]": ("add", False)},
    ),
    (
        "Database",
        {"modules": [{"name": "a"}, {"name": "b"}]},
        {"modules": [{"name": "b"}]},
        {"modules[0]": ("delete", False)},
    ),
    (
        "PrivateEndpoint",
        {"subnet": {"id": "a"}},
        {"subnet": {"id": "b"}},
        {"subnet.id": ("update", True)},
    ),
    ("PrivateEndpoint", {"location": "a"}, {"location": "b"}, {"location": ("update", False)}),
    ("PrivateZone", {"location": "a"}, {"location": "b"}, {"location": ("update", True)}),
    (
        "VirtualNetworkLink",
        {"virtualNetwork": {"id": "a"}},
        {"virtualNetwork": {"id": "b"}},
        {"virtualNetwork.id": ("update", False)},
    ),
    ("VirtualNetwork", {"location": "a"}, {"location": "b"}, {"location": ("update", True)}),
    (
        "RoleAssignment",
        {"roleDefinitionId": "a", "principalId": "a"},
        {"roleDefinitionId": "b", "principalId": "b"},
        {"roleDefinitionId": ("update", False), "principalId": ("update", True)},
    ),
    ("Redis", {"staticIP": "a"}, {"staticIP": "b"}, {"staticIP": ("update", True)}),
    ("Redis", {"subnetId": "a"}, {"subnetId": "b"}, {"subnetId": ("update", False)}),
    (
        "Redis",
        {"redisConfiguration": {"aadEnabled": "true"}},
        {"redisConfiguration": {}},
        {"redisConfiguration.aadEnabled": ("delete", False)},
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "expected"), DIFFERENT)
def test_what_differs_is_what_the_program_asks_for_now(
    kind: str, old: dict[str, Any], new: dict[str, Any], expected: dict[str, tuple[str, bool]]
) -> None:
    found = changes(RESOURCES[TOKENS[kind]], old, new, {})
    assert {one.path: (one.kind, one.replaces) for one in found} == expected


def test_saying_what_azure_has_anyway_replaces_nothing() -> None:
    found = changes(RESOURCES[TOKENS["Database"]], {}, {"port": 10000}, {"port": 10000})
    assert [(one.path, one.replaces) for one in found] == [("port", False)]


@pytest.mark.parametrize(
    ("inputs", "old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 3}),
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": 1}, {}, {}),
        # What was never given back cannot drift.
        ({"value": "secret"}, {}, {}, {"value": "secret"}),
        (
            {"p": {"value": "secret", "type": "x"}},
            {"p": {"type": "x", "enabled": True}},
            {"p": {"type": "y", "enabled": True}},
            {"p": {"value": "secret", "type": "y"}},
        ),
        (
            {"l": [{"a": 1}]},
            {"l": [{"a": 1, "b": 2}]},
            {"l": [{"a": 3, "b": 2}]},
            {"l": [{"a": 3}]},
        ),
        ({"l": [1, 2]}, {"l": [1, 2]}, {"l": [1]}, {"l": [1]}),
    ],
)
def test_a_refresh_changes_the_inputs_that_drifted(
    inputs: dict[str, Any], old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert drifted(inputs, old, new) == expected


def test_bodies_are_nested_as_azure_wants_them() -> None:
    endpoint = RESOURCES[TOKENS["PrivateEndpoint"]]
    inputs = {
        **GROUP,
        "privateEndpointName": "pe",
        "location": "westeurope",
        "subnet": {"id": "subnet"},
        "privateLinkServiceConnections": [{"name": "a", "groupIds": ["vault"]}],
        "azureApiVersion": "2024-05-01",
    }
    body = {
        "location": "westeurope",
        "properties": {
            "subnet": {"id": "subnet"},
            "privateLinkServiceConnections": [{"name": "a", "properties": {"groupIds": ["vault"]}}],
        },
    }
    assert endpoint.body(inputs) == body
    back = endpoint.outputs_from({**body, "id": "x", "name": "pe", "etag": "y", "strange": 1})
    assert back == {
        "location": "westeurope",
        "name": "pe",
        "etag": "y",
        "subnet": {"id": "subnet"},
        "privateLinkServiceConnections": [{"name": "a", "groupIds": ["vault"]}],
        "azureApiVersion": "2024-05-01",
    }
    classic = RESOURCES[TOKENS["Redis"]]
    settings = {"redisConfiguration": {"aadEnabled": "true"}, "sku": {"name": "Basic"}}
    body = {"properties": {"redisConfiguration": {"aad-enabled": "true"}, "sku": {"name": "Basic"}}}
    assert classic.body(settings) == body
    assert classic.outputs_from(body)["redisConfiguration"] == {"aadEnabled": "true"}
    identity = {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["a"]}}
    cluster = RESOURCES[TOKENS["RedisEnterprise"]]
    assert cluster.body(identity)["identity"]["userAssignedIdentities"] == {"a": {}}
    shown = cluster.outputs_from({"identity": {"userAssignedIdentities": {"a": {"clientId": "b"}}}})
    assert shown["identity"]["userAssignedIdentities"] == {"a": {"clientId": "b"}}
    assert cluster.as_inputs(shown)["identity"]["userAssignedIdentities"] == ["a"]


def test_a_plan_knows_the_inputs_and_nothing_else(driver: Driver) -> None:
    urn = Urn(TOKENS["Vault"], "vault")
    inputs, failures = driver.stand_in.check(
        urn, {}, {**GROUP, "properties": {"sku": {"family": "A", "name": "standard"},
                                          "tenantId": CONFIG["tenantId"]}}, b"seed"
    )  # fmt: skip
    assert failures == []
    identifier, planned = driver.stand_in.create(urn, inputs, preview=True)
    assert identifier == ""
    assert planned["name"] is UNKNOWN
    assert planned["location"] == "westeurope"
    assert planned["properties"]["vaultUri"] is UNKNOWN
    assert planned["properties"]["sku"] == {"family": "A", "name": "standard"}
    # A list that comes back as a map is not known before it does.
    urn = Urn(TOKENS["RedisEnterprise"], "cache")
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["a"]}
    inputs, _ = driver.stand_in.check(urn, {}, {**CLUSTER, "identity": identity}, b"seed")
    _, planned = driver.stand_in.create(urn, inputs, preview=True)
    assert planned["identity"]["userAssignedIdentities"] is UNKNOWN
    assert driver.cloud.journal == driver.cloud.journal[:1]


def test_what_exists_is_not_taken_over(driver: Driver) -> None:
    driver.put("VirtualNetwork", "one", **GROUP, **SPACE, virtualNetworkName="net")
    with pytest.raises(RefusedError) as refused:
        driver.put("VirtualNetwork", "two", **GROUP, **SPACE, virtualNetworkName="NET")
    path = "resourceGroups/group/providers/Microsoft.Network/virtualNetworks/NET"
    expected = f"cannot create already existing resource '{SUBSCRIPTION_SCOPE}/{path}'"
    assert str(refused.value) == expected


def test_a_replaced_resource_with_a_fixed_name_goes_first(driver: Driver) -> None:
    driver.put("RedisEnterprise", "cache", **CLUSTER, clusterName="cache")
    urn = Urn(TOKENS["RedisEnterprise"], "cache")
    held = driver.state["RedisEnterprise", "cache"]
    moved, _ = driver.stand_in.check(
        urn, held.inputs, {**CLUSTER, "clusterName": "cache", "location": "eastus"}
    )
    diff = driver.stand_in.diff(urn, held.outputs, moved, old_inputs=held.inputs)
    assert diff.replaces == {"location"}
    assert diff.delete_first
    driver.put("RedisEnterprise", "other", **CLUSTER)
    held = driver.state["RedisEnterprise", "other"]
    moved, _ = driver.stand_in.check(
        Urn(urn.token, "other"), held.inputs, {**CLUSTER, "location": "eastus"}
    )
    diff = driver.stand_in.diff(urn, held.outputs, moved, old_inputs=held.inputs)
    assert not diff.delete_first


def test_the_body_of_a_cache_is_held_against_azures_own_model() -> None:
    cluster = {
        "location": "westeurope",
        "sku": {"name": "Balanced_B5"},
        "properties": {"publicNetworkAccess": "Disabled"},
    }
    kind = "Microsoft.Cache/redisEnterprise"
    assert violations(kind, cluster) == []
    assert violations("Microsoft.Network/virtualNetworks", {"anything": 1}) == []
    for changed, text in (
        (
            {**cluster, "sku": {"tier": "x", "name": "Balanced_B5"}},
            "sku.tier is not a member of Sku",
        ),
        ({**cluster, "sku": {}}, "sku.name is missing"),
        ({**cluster, "zones": "1"}, "zones is not an array"),
        ({**cluster, "properties": {"hostName": "x"}}, "properties.hostName can only be read"),
        ({**cluster, "properties": {"tls": "x"}}, "properties.tls is not a member of Cluster"),
        ({"location": "x"}, "sku is missing"),
    ):
        assert any(text in one for one in violations(kind, changed))
    database = {"properties": {"port": True}}
    assert violations(f"{kind}/databases", database) == ["properties.port is not of type int"]


@pytest.mark.parametrize(
    ("module", "pairs"),
    [
        (
            "redisenterprise",
            {
                "SkuName": "SkuName",
                "ClusteringPolicy": "ClusteringPolicy",
                "EvictionPolicy": "EvictionPolicy",
                "RdbFrequency": "RdbFrequency",
                "AofFrequency": "AofFrequency",
                "Protocol": "Protocol",
                "PublicNetworkAccess": "PublicNetworkAccess",
                "HighAvailability": "HighAvailability",
                "TlsVersion": "TlsVersion",
            },
        ),
        (
            "redis",
            {"SkuName": "SkuName", "SkuFamily": "SkuFamily", "DayOfWeek": "DayOfWeek"},
        ),
    ],
)
def test_the_values_that_the_two_sdks_list_are_the_same(module: str, pairs: dict[str, str]) -> None:
    import importlib

    ours = importlib.import_module(f"pulumi_azure_native.{module}")
    theirs = importlib.import_module(f"azure.mgmt.{module}.models")
    for our, their in pairs.items():
        values = {member.value for member in getattr(ours, our)}
        assert values == {member.value for member in getattr(theirs, their)}


def test_ids_of_other_subscriptions_are_not_found(driver: Driver) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    with pytest.raises(RefusedError, match="SubscriptionNotFound"):
        driver.ask("PUT", f"/subscriptions/{other}/resourceGroups/x", {"location": "eastus"})
    driver.cloud.add(f"/subscriptions/{other}/resourceGroups/x", {"location": "eastus"})
    driver.ask("PUT", f"/subscriptions/{other}/resourceGroups/y", {"location": "eastus"})
    assert driver.cloud.left == {"Microsoft.Resources/resourceGroups": [f"{other}:y", "group"]}
    assert SUBSCRIPTION_ID in driver.arm.setting("subscriptions", [])
