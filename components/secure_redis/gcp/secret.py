"""What applications read: the connection and its URL, in Secret Manager.

Two secrets: the connection as one JSON object with everything, and the URL alone, for services that
put a secret into one variable of the environment. Where logins are those of IAM there is no URL
with a credential, and so no secret for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from secure_redis import replacement

from . import plan
from .site import Site

READER = "roles/secretmanager.secretAccessor"
"""Role of those who read a secret (Secret Manager, access control)."""

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Kept:
    """A secret and its newest version."""

    secret: gcp.secretmanager.Secret
    version: gcp.secretmanager.SecretVersion


def keep(site: Site, values: Mapping[str, pulumi.Output[str]]) -> dict[str, Kept]:
    """Puts values into Secret Manager, for the readers to read.

    values: by what they are. Secret.
    """
    ready = _agent(site)
    kept: dict[str, Kept] = {}
    for what, value in values.items():
        secret = _secret(site, what, ready)
        version = gcp.secretmanager.SecretVersion(
            f"{site.name}-{what}",
            secret=secret.id,
            secret_data=pulumi.Output.secret(value),
            deletion_policy="DELETE",
            opts=site.child(),
        )
        for number, reader in enumerate(site.given.access.secret_readers):
            label = reader.partition(":")[2] if isinstance(reader, str) else f"reader-{number}"
            gcp.secretmanager.SecretIamMember(
                f"{site.name}-{what}-{label}",
                secret_id=secret.id,
                role=READER,
                member=reader,
                opts=site.child(),
            )
        kept[what] = Kept(secret, version)
    return kept


def _secret(site: Site, what: str, ready: list[pulumi.Resource]) -> gcp.secretmanager.Secret:
    delay = plan.secret_destroy_delay_days(site.cache)
    return gcp.secretmanager.Secret(
        f"{site.name}-{what}",
        secret_id=site.named(what),
        replication=replication(site.cache.gcp.secret_locations, site.cache.gcp.secret_key_name),
        version_destroy_ttl=f"{delay * DAY}s" if delay else None,
        deletion_protection=replacement.protected(site.cache),
        labels=site.labels,
        opts=site.child(depends_on=ready),
    )


def replication(locations: list[str], key_name: pulumi.Input[str] | None) -> Any:
    """Where a secret is kept, and with which key: Google's choice without locations."""
    encryption: dict[str, Any] = (
        {"customer_managed_encryption": {"kms_key_name": key_name}} if key_name is not None else {}
    )
    if not locations:
        return {"auto": encryption}
    return {"user_managed": {"replicas": [{"location": one, **encryption} for one in locations]}}


def _agent(site: Site) -> list[pulumi.Resource]:
    """The account of Secret Manager, which uses the key: it is there when it is asked for."""
    if site.cache.gcp.secret_key_name is None:
        return []
    return [
        gcp.projects.ServiceIdentity(
            f"{site.name}-secrets", service="secretmanager.googleapis.com", opts=site.child()
        )
    ]
