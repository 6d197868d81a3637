"""The key that encrypts a cache's data at rest, where it is not Microsoft's."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from .roles import CRYPTO_SERVICE_ENCRYPTION_USER, Principal, assign
from .secret import Vault
from .site import Site

KEY_BITS = 3072
"""Size of the RSA key (API keySize: 2048, 3072 or 4096)."""


@dataclass(frozen=True)
class DataKey:
    """A key, and the identity with which a cache uses it."""

    url: pulumi.Input[str]
    """Of the key, with its version."""
    identity_id: pulumi.Input[str]
    """Resource id of a user-assigned identity."""
    granted: list[pulumi.Resource]
    """What must be there before the key can be used."""


def data_key(site: Site, where: Vault) -> DataKey | None:
    """The key for data at rest: the given one, or a new one. None for a key of Microsoft."""
    given = site.cache.azure.customer_managed_key
    if given is None:
        return None
    if given.key_url is not None and given.identity_id is not None:
        return DataKey(given.key_url, given.identity_id, [])
    label = f"{site.name}-data"
    identity = managedidentity.UserAssignedIdentity(
        label,
        resource_name_=site.named("data"),
        resource_group_name=site.group,
        tags=site.tags,
        opts=site.holding_data(),
    )
    key = keyvault.Key(
        label,
        key_name="data",
        vault_name=where.name,
        resource_group_name=where.group,
        properties={
            "kty": "RSA",
            "key_size": KEY_BITS,
            "key_ops": ["wrapKey", "unwrapKey"],
            "attributes": {"enabled": True},
        },
        tags=site.tags,
        # It goes with its vault.
        opts=site.holding_data(retain_on_delete=True),
    )
    who = Principal(identity.principal_id)
    granted = assign(site, label, where.id, CRYPTO_SERVICE_ENCRYPTION_USER, who)
    return DataKey(key.key_uri_with_version, identity.id, [granted])
