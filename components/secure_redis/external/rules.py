"""Rules of the external target."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pulumi import Output

from secure_redis.connection import TlsVerify
from secure_redis.problems import Problem
from secure_redis.schema import join
from secure_redis.timestamps import parse

if TYPE_CHECKING:
    from secure_redis.settings import CacheSettings

    from .settings import ExternalSettings

MADE_HERE = {
    "memory_gb": "memory",
    "eviction_policy": "eviction",
    "persistence": "persistence",
    "protect": "protection",
    "rotation": "the password",
}
"""Settings of servers that we make; whoever runs the endpoint decides on them there."""


def cache_problems(path: str, cache: "CacheSettings") -> Iterator[Problem]:
    """All that is wrong with one external endpoint."""
    for name, what in MADE_HERE.items():
        if name in cache.model_fields_set:
            key = "".join(w if i == 0 else w.title() for i, w in enumerate(name.split("_")))
            reason = f"has no effect: {what} is decided where the endpoint runs"
            yield Problem(join(path, key), reason, "Remove it.")
    base = join(path, "external")
    if cache.external is None:
        yield Problem(base, "is required on the target external", "Give host, port and password.")
        return
    yield from _credentials(base, cache, cache.external)
    yield from _transport(base, cache, cache.external)
    yield from _certificates(base, cache, cache.external)


def _credentials(
    base: str, cache: "CacheSettings", endpoint: "ExternalSettings"
) -> Iterator[Problem]:
    where = join(base, "password")
    if cache.mode.value == "none":
        if endpoint.password is not None:
            yield Problem(
                where, "has no effect in the mode none", "Remove it, or use another mode."
            )
    elif endpoint.password is None:
        key = "secure-redis:caches.<name>.external.password"
        fix = f"Set it: pulumi config set --secret --path '{key}'."
        yield Problem(where, "is required", fix)
    if endpoint.issued_at:
        try:
            parse(endpoint.issued_at)
        except ValueError:
            reason = "must be a moment with a time zone"
            yield Problem(join(base, "issuedAt"), reason, "Write it like 2026-01-31T09:00:00Z.")


def _transport(
    base: str, cache: "CacheSettings", endpoint: "ExternalSettings"
) -> Iterator[Problem]:
    if cache.mode.tls:
        if endpoint.tls_verify is TlsVerify.NONE:
            reason = "none would let anybody in the middle read along"
            yield Problem(join(base, "tlsVerify"), reason, "Use full, or ca with an own authority.")
        if endpoint.tls_verify is TlsVerify.CA and endpoint.authority is None:
            reason = "ca without an authority would accept every public certificate"
            yield Problem(join(base, "tlsVerify"), reason, "Give the endpoint's authority.")
        return
    if isinstance(endpoint.host, Output) or _is_loopback(endpoint.host):
        return
    yield Problem(
        join(base, "host"),
        f"the mode {cache.mode.value} is for this machine alone: what goes over a network must be "
        "encrypted",
        "Use the mode tls.",
    )


def _certificates(
    base: str, cache: "CacheSettings", endpoint: "ExternalSettings"
) -> Iterator[Problem]:
    from secure_redis import pem  # noqa: PLC0415 - cryptography, where it is needed

    where = join(base, "authority")
    problems: list[Problem] = []
    if endpoint.authority is not None:
        authority = pem.known(endpoint.authority, where, problems)
        if authority is not None:
            problems += pem.check_authority(authority, where)
    yield from problems
    where = join(base, "client")
    if (cache.mode.value == "mtls") != (endpoint.client is not None):
        reason = (
            "is required by the mode mtls" if endpoint.client is None else "needs the mode mtls"
        )
        yield Problem(where, reason, "Give both or neither.")
    elif endpoint.client:
        pair, problems = pem.load_pair(
            where, endpoint.client.certificate, endpoint.client.private_key
        )
        yield from problems
        yield from pem.check_pair(pair)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
