"""How the provider is configured: who it is, which subscription it works in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.standin.errors import Failure, ProviderError
from cloud.standin.schema import arguments_of

from .subscription import CALLER_ID

SETTLED = {"version", "pluginDownloadURL"}
"""Keys that the engine adds to every provider's configuration."""

VARIABLES = {
    "clientCertificatePath": "ARM_CLIENT_CERTIFICATE_PATH",
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "environment": "ARM_ENVIRONMENT",
    "oidcRequestToken": "ARM_OIDC_REQUEST_TOKEN",
    "oidcToken": "ARM_OIDC_TOKEN",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
    "tenantId": "ARM_TENANT_ID",
    "useDefaultAzureCredential": "ARM_USE_DEFAULT_AZURE_CREDENTIAL",
    "useMsi": "ARM_USE_MSI",
    "useOidc": "ARM_USE_OIDC",
}
"""Where a key is looked for when the configuration does not have it."""

MODELLED = {*VARIABLES, "location", "disablePulumiPartnerId", "partnerId"}
"""Keys whose effect is modelled, if only by being none. Others are refused."""

NO_CLI = (
    "Azure CLI not found on path. Please log in with 'az login' or configure the provider with a "
    "service principal: https://www.pulumi.com/registry/packages/azure-native/"
    "installation-configuration/"
)
"""What is said where no credential is configured: the tests' machines have no Azure CLI."""


@dataclass(frozen=True)
class Identity:
    """Who the provider is."""

    subscription: str
    tenant: str
    client: str
    principal: str = CALLER_ID


def check_config(values: Mapping[str, Any]) -> list[Failure]:
    """Keys that the provider does not have, or that are not modelled.

    The real provider lets everything through here and looks at it when it is configured.
    """
    given = {name for name in values if name not in SETTLED and not name.startswith("__")}
    known = arguments_of("pulumi_azure_native:ProviderArgs")
    failures = [
        Failure(name, f"unknown key of the provider's configuration: azure-native:{name}")
        for name in sorted(given - known.keys())
    ]
    return failures + [
        Failure(name, f'What the provider does with "{name}" is not known to this stand-in')
        for name in sorted((given & known.keys()) - MODELLED)
    ]


def identity(values: Mapping[str, Any]) -> Identity:
    """Who the provider is with this configuration. Raises ProviderError as it does."""

    def find(name: str) -> str:
        return str(values.get(name) or os.environ.get(VARIABLES[name], ""))

    found = {name: find(name) for name in ("subscriptionId", "tenantId", "clientId")}
    cloud = find("environment").lower()
    if cloud not in {"", "public", "azurecloud"}:
        raise ProviderError(f"The stand-in knows the public cloud only, not '{cloud}'")
    how = _method(find)
    if how is None:
        raise ProviderError(NO_CLI)
    text, needed = how
    for name, label in needed.items():
        if not found[name]:
            raise ProviderError(f"A {label} must be configured when authenticating {text}.")
    return Identity(found["subscriptionId"], found["tenantId"], found["clientId"])


def _method(find: Any) -> tuple[str, dict[str, str]] | None:
    """The first way of authentication that is configured, and what it needs."""
    subscription = {"subscriptionId": "Subscription ID"}
    everything = {**subscription, "tenantId": "Tenant ID", "clientId": "Client ID"}
    if find("useDefaultAzureCredential") == "true":
        return "using the Default Azure Credential", subscription
    if find("clientCertificatePath"):
        return "as a Service Principal using a Client Certificate", everything
    if find("clientSecret"):
        return "as a Service Principal using a Client Secret", everything
    if find("useOidc") == "true":
        return "with OIDC", everything
    if find("useMsi") == "true":
        return "as a Managed Identity using MSI", subscription
    return None
