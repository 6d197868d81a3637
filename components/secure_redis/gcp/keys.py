"""The key that encrypts a cache's data at rest, where it is not Google's."""

from dataclasses import dataclass, field

import pulumi
import pulumi_gcp as gcp

from . import plan
from .site import Site

ENCRYPT_DECRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"

ROTATION_PERIOD = f"{90 * 24 * 60 * 60}s"
"""How often the key gets a new version (Cloud KMS, key rotation: 90 days are recommended)."""


@dataclass(frozen=True)
class DataKey:
    """A key for data at rest."""

    name: pulumi.Input[str] | None = None
    """None for a key of Google."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """What must be there before anything is encrypted with it."""


def data_key(site: Site) -> DataKey:
    """The key of a cache: Google's, the one that was named, or a new one.

    The service's own account uses it. In a new project it does not exist before it is asked for.
    """
    settings = site.cache.gcp.customer_managed_key
    if settings is None:
        return DataKey()
    if settings.key_name is not None:
        return DataKey(settings.key_name)
    # Rings and keys are never deleted: a stack that is made again gets others.
    ring = gcp.kms.KeyRing(site.name, name=site.identity, location=plan.region(), opts=site.child())
    key = gcp.kms.CryptoKey(
        site.name,
        name="data",
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=ROTATION_PERIOD,
        labels=site.labels,
        opts=site.holding_data(),
    )
    service = "memorystore" if plan.valkey(site.cache) else "redis"
    account = gcp.projects.ServiceIdentity(
        site.name, service=f"{service}.googleapis.com", opts=site.child()
    )
    granted = gcp.kms.CryptoKeyIAMMember(
        site.name,
        crypto_key_id=key.id,
        role=ENCRYPT_DECRYPT,
        member=account.member,
        opts=site.child(),
    )
    return DataKey(key.id, [granted])
