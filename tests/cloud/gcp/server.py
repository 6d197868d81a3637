"""A real server for a cache of the fake Google Cloud: its AUTH string, its CAs, its one port."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from cloud.cache_server import ServerSettings
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from signing import Authority

from .cloud import GcpCloud
from .iam import policy_of
from .services import redis
from .witness import GcpWitness

COMMANDS = "~* &* +@all -@admin"
"""What the service lets an application do: everything but what is Google's to do."""

NEWER, OLDER = 0, -1
"""Which of a cache's CAs has signed its certificate: Google moves from the older one some day."""


def server_settings(
    witness: GcpWitness,
    cache: str,
    *,
    signer: int = OLDER,
    names: tuple[str, ...] = (),
    tokens: Mapping[str, str] | None = None,
) -> ServerSettings:
    """What a cache says of its server.

    Args:
        witness: the stack.
        cache: name of the cache in its stack.
        signer: which of its CAs has signed the certificate, NEWER or OLDER.
        names: what the certificate carries beside its common name, the address.
        tokens: access tokens by principal: secret. Those of principals that no grant lets in are
            refused.
    """
    instance, connection = witness.instance(cache), witness.connection(cache)
    authority = authorities(instance)[signer]
    valkey = "engineVersion" in instance
    said = instance["engineConfigs" if valkey else "redisConfigs"]
    if valkey:
        assert instance["authorizationMode"] == "IAM_AUTH"
        assert instance["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
        port, allowed = connection.port, grantees(witness.cloud, instance["name"])
        passwords = [token for member, token in (tokens or {}).items() if member in allowed]
    else:
        assert instance["authEnabled"]
        assert instance["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
        port, passwords = redis.PORT_WITH_TLS, [instance["_auth"]]
    return ServerSettings(
        engine="valkey" if valkey else "redis",
        port=port,
        users=_default_user(passwords),
        eviction_policy=said["maxmemory-policy"],
        pair=authority.issue(connection.host, names),
    )


def authorities(instance: Mapping[str, Any]) -> list[Authority]:
    """The CAs of a cache, as its certificate authority has them: secret."""
    return [_authority(one) for one in instance["_authorities"]]


def _authority(one: Mapping[str, str]) -> Authority:
    key = serialization.load_pem_private_key(one["key"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(key, x509.load_pem_x509_certificate(one["cert"].encode()))


def grantees(cloud: GcpCloud, cache: str) -> set[str]:
    """Who may log in to a cache of Valkey by a role of its project, narrowed to it or not."""
    return {
        member
        for binding in policy_of(cloud.google, f"projects/{cache.split('/')[1]}")["bindings"]
        if binding["role"] == "roles/memorystore.dbConnectionUser"
        if (binding.get("condition") or {}).get("expression") in {None, _only(cache)}
        for member in binding["members"]
    }


def _only(cache: str) -> str:
    return f'resource.name == "{cache}"'


def _default_user(passwords: Iterable[str]) -> str:
    """The only user, who has a password, or as many as there are tokens. Holds hashes only."""
    hashes = [f"#{hashlib.sha256(one.encode()).hexdigest()}" for one in passwords]
    return f"user default reset on {COMMANDS} {' '.join(hashes)}\n"
