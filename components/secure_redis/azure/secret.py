"""The credentials of a cache in Key Vault: its URL, both keys, and the facts of its connection.

Azure makes the keys; they are read from it in each run, so the vault follows a key that was made
anew. Secrets are written through Azure Resource Manager, which needs neither a way into the vault's
network nor a role for its data. Deleting one would need both: a secret goes with its vault, and in
a vault that exists it stays, with a key that no longer opens anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_azure_native import keyvault

from . import names, plan, questions
from .access import endpoint
from .roles import SECRETS_USER, assign, principal
from .site import Site


@dataclass(frozen=True)
class Vault:
    """Where secrets are kept."""

    id: pulumi.Output[str]
    """Its resource id."""
    name: pulumi.Output[str]
    group: pulumi.Output[str]
    """Name of its resource group."""
    own: pulumi.Resource | None = None
    """The resource; None for one that exists."""


def vault(site: Site) -> Vault:
    """The vault of a cache: one of its own, or the one that was named."""
    vault_id = site.cache.azure.vault_id
    if vault_id is not None:
        known = pulumi.Output.from_input(vault_id)
        parts = known.apply(lambda given: given.split("/"))
        return Vault(known, parts.apply(lambda p: p[8]), parts.apply(lambda p: p[4]))
    private = plan.private_vault(site.cache)
    # A deleted vault blocks its name until it is gone for good: made again it has another one.
    place = {"location": plan.location(), "resource_group": site.group}
    unique = random.RandomId(
        f"{site.name}-vault-name", byte_length=4, keepers=place, opts=site.child()
    )
    client = questions.then(
        lambda: questions.answer("authorization:getClientConfig", {}, site.parent, [])
    )
    # A key for data at rest must not be lost with it.
    # The days were decided when it was made, by an environment that may have been another one.
    fixed = {"ignore_changes": ["properties.softDeleteRetentionInDays"]}
    own_key = plan.own_key(site.cache)
    options = site.holding_data(**fixed) if own_key else site.child(**fixed)
    made = keyvault.Vault(
        site.name,
        vault_name=pulumi.Output.concat(names.vault_prefix(site.name), "-", unique.hex),
        resource_group_name=site.group,
        properties={
            "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
            "tenant_id": client["tenantId"],
            "enable_rbac_authorization": True,
            "enable_soft_delete": True,
            "soft_delete_retention_in_days": plan.recovery_days(site.cache),
            # Azure takes true or nothing: it can be turned on, never off.
            "enable_purge_protection": plan.purge_protection(site.cache) or None,
            "public_network_access": "Disabled" if private else "Enabled",
            "network_acls": {
                "bypass": "AzureServices",
                "default_action": "Deny" if private else "Allow",
            },
        },
        tags=site.tags,
        opts=options,
    )
    if private:
        endpoint(site, "vault", (made, "vault"), plan.VAULT_ZONE)
    return Vault(made.id, made.name, pulumi.Output.from_input(site.group), made)


def keep(
    site: Site,
    where: Vault,
    credentials: Mapping[str, pulumi.Output[str]],
    connection: pulumi.Output[str],
    names_end: random.RandomId | None,
) -> dict[str, keyvault.Secret]:
    """Puts the credentials and the connection into the vault, for the readers to read.

    credentials: values by what they are; none with Entra logins. Secret. connection: JSON.
    names_end: how the names of the credentials end, see `suffix`.
    """
    secrets: dict[str, keyvault.Secret] = {}
    if names_end is not None:
        for what, value in credentials.items():
            secrets[what] = _secret(site, where, what, value, names_end.hex)
    own = suffix(site, where, "connection").hex
    secrets["connection"] = _secret(site, where, "connection", connection, own)
    for number, reader in enumerate(site.given.access.secret_readers):
        who = principal(reader)
        label = who.object_id if isinstance(who.object_id, str) else f"reader-{number}"
        if plan.own_vault(site.cache):
            assign(site, f"{site.name}-{label}", where.id, SECRETS_USER, who)
            continue
        for what, secret in secrets.items():
            assign(site, f"{site.name}-{what}-{label}", secret.id, SECRETS_USER, who)
    return secrets


def suffix(site: Site, where: Vault, what: str) -> random.RandomId:
    """The end of names of secrets, such as 0a1b2c3d.

    Secrets that come back, after Entra logins or to a vault that they had left, must not have the
    names of the old ones, which are still there.
    """
    return random.RandomId(
        f"{site.name}-{what}-name",
        byte_length=4,
        keepers={"vault": where.id},
        opts=site.child(),
    )


def _secret(
    site: Site,
    where: Vault,
    what: str,
    value: pulumi.Output[str],
    name_end: pulumi.Output[str],
) -> keyvault.Secret:
    attributes: keyvault.SecretAttributesArgsDict = {"enabled": True}
    expires = plan.expires(site.cache)
    if expires is not None:
        attributes["expires"] = expires
    return keyvault.Secret(
        f"{site.name}-{what}",
        secret_name=pulumi.Output.concat(names.secret(site.name, what), "-", name_end),
        vault_name=where.name,
        resource_group_name=where.group,
        properties={
            "value": pulumi.Output.secret(value),
            "content_type": "application/json" if what == "connection" else "text/plain",
            "attributes": attributes,
        },
        tags=site.tags,
        opts=site.child(retain_on_delete=True),
    )
