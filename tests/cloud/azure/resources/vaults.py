"""Key Vault: vaults, secrets, keys."""

from .common import GROUPED, TRACKED, AzureResource, Rule

VAULT = f"{GROUPED}Microsoft.KeyVault/vaults/{{vaultName}}"
NAME = r"^[a-zA-Z0-9-]{1,127}$"
TIMES = {
    f"{place}attributes.{name}": wire
    for place in ("", "properties.")
    for name, wire in (("expires", "exp"), ("notBefore", "nbf"))
}
"""Names of times: in the SDK, of inputs and of flat outputs, and on the wire."""

TYPES = (
    AzureResource(
        sdk="keyvault:Vault",
        path=VAULT,
        rules={"vaultName": Rule(r"^[a-zA-Z0-9-]{3,24}$")},
        models=TRACKED | {"properties"},
        required=frozenset({"location"}),
        maintained=("properties.accessPolicies",),
    ),
    AzureResource(
        sdk="keyvault:Secret",
        path=f"{VAULT}/secrets/{{secretName}}",
        renamed=TIMES,
        rules={"secretName": Rule(NAME)},
        models=frozenset({"properties", "tags"}),
        data_plane_delete=True,
    ),
    AzureResource(
        sdk="keyvault:Key",
        path=f"{VAULT}/keys/{{keyName}}",
        renamed=TIMES,
        rules={"keyName": Rule(NAME)},
        flat_outputs=True,
        models=frozenset({"properties", "tags"}),
        data_plane_delete=True,
    ),
)
