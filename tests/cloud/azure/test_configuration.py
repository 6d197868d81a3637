"""What the provider needs to be told, and what functions answer."""

from pathlib import Path
from typing import Any

import pytest
from cloud.azure.cloud import CREDENTIALS
from cloud.azure.configuration import NO_CLI
from cloud.azure.driver import CONFIG, Driver
from cloud.azure.provider import AzureProvider
from cloud.azure.subscription import CALLER_ID, CLIENT_ID, SUBSCRIPTION_ID, TENANT_ID
from cloud.standin.errors import ProviderError
from cloud.standin.operations import Urn
from cloud.standin.store import FakeCloud

SERVICE_PRINCIPAL = "as a Service Principal using a Client Secret"


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CREDENTIALS, "ARM_USE_MSI", "ARM_USE_OIDC", "ARM_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def provider(tmp_path: Path) -> AzureProvider:
    return AzureProvider(FakeCloud(tmp_path))


def without(*names: str, **others: Any) -> dict[str, Any]:
    return {**{name: value for name, value in CONFIG.items() if name not in names}, **others}


def test_the_configuration_or_the_environment_says_who_the_provider_is(
    provider: AzureProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.configure(CONFIG)
    assert provider.identity.subscription == SUBSCRIPTION_ID
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "other")
    provider.configure({})
    assert (provider.identity.subscription, provider.identity.tenant) == ("other", TENANT_ID)
    provider.configure({"subscriptionId": SUBSCRIPTION_ID})
    assert provider.identity.subscription == SUBSCRIPTION_ID


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, NO_CLI),
        (without("clientSecret"), NO_CLI),
        (
            without("subscriptionId"),
            f"A Subscription ID must be configured when authenticating {SERVICE_PRINCIPAL}.",
        ),
        (
            without("tenantId"),
            f"A Tenant ID must be configured when authenticating {SERVICE_PRINCIPAL}.",
        ),
        (
            without("clientId"),
            f"A Client ID must be configured when authenticating {SERVICE_PRINCIPAL}.",
        ),
        (
            {"useMsi": "true"},
            "A Subscription ID must be configured when authenticating as a Managed Identity",
        ),
        (
            {"useOidc": "true", "subscriptionId": SUBSCRIPTION_ID},
            "A Tenant ID must be configured when authenticating with OIDC.",
        ),
        ({**CONFIG, "environment": "usgovernment"}, "knows the public cloud only"),
    ],
)
def test_a_wrong_configuration_is_refused(
    provider: AzureProvider, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderError) as refused:
        provider.configure(values)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"subscription": "x"}, "unknown key of the provider's configuration: azure-native:subscr"),
        ({"auxiliaryTenantIds": "[]"}, 'What the provider does with "auxiliaryTenantIds" is not'),
    ],
)
def test_keys_that_nobody_knows_are_refused(
    provider: AzureProvider, values: dict[str, Any], reason: str
) -> None:
    assert provider.check_config({**CONFIG, "version": "3.29.0"}) == []
    reasons = [failure.reason for failure in provider.check_config({**CONFIG, **values})]
    assert any(reason in one for one in reasons)


def test_functions_answer_from_the_fake_cloud(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    ask = driver.stand_in.invoke
    assert ask("azure-native:authorization:getClientConfig", {}) == {
        "clientId": CLIENT_ID,
        "objectId": CALLER_ID,
        "subscriptionId": SUBSCRIPTION_ID,
        "tenantId": TENANT_ID,
    }
    driver.put("ResourceGroup", "group", resourceGroupName="group")
    found = ask("azure-native:resources:getResourceGroup", {"resourceGroupName": "GROUP"})
    assert found["location"] == "westeurope"
    assert found["id"] == f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/group"
    driver.put(
        "VirtualNetwork",
        "net",
        resourceGroupName="group",
        virtualNetworkName="net",
        addressSpace={"addressPrefixes": ["10.0.0.0/16"]},
    )
    where = {"resourceGroupName": "group", "virtualNetworkName": "net"}
    network = ask("azure-native:network:getVirtualNetwork", where)
    assert network["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert network["azureApiVersion"] == "2024-05-01"


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        (
            "azure-native:resources:getResourceGroup",
            {"resourceGroupName": "none"},
            'Status=404 Code="ResourceNotFound"',
        ),
        (
            "azure-native:redisenterprise:listDatabaseKeys",
            {"resourceGroupName": "none", "clusterName": "a", "databaseName": "default"},
            "Resource group 'none' could not be found.",
        ),
        (
            "azure-native:redisenterprise:listDatabaseKeys",
            {"resourceGroupName": "none", "clusterName": "a"},
            "missing required property 'databaseName'",
        ),
        (
            "azure-native:resources:getResourceGroup",
            {"resourceGroupName": "a", "name": "b"},
            "has no argument 'name'",
        ),
        ("azure-native:storage:getStorageAccount", {}, "storage:getStorageAccount not found"),
    ],
)
def test_a_wrong_question_is_refused(
    tmp_path: Path, token: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderError, match=reason):
        Driver(tmp_path).stand_in.invoke(token, arguments)


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="has no such type"):
        Driver(tmp_path).stand_in.check(Urn("azure-native:storage:Blob", "x"), {}, {})
