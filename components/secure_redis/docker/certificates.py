"""Certificates of a cache: an own CA that signs, a CA of yours that signs, or yours as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from secure_redis import pem
from secure_redis.settings import CacheSettings, Mode

from .names import LOOPBACK, is_address, is_wildcard
from .settings import Certificates

CA_DAYS = 3650
"""Days that an own CA is valid. Its key stays when its certificate is renewed, so clients with the
old certificate go on verifying."""

HOURS = 24


@dataclass(frozen=True)
class Material:
    """What the server and its clients need. Private keys are secret."""

    ca_pem: pulumi.Output[str]
    server_pem: pulumi.Output[str]
    server_key_pem: pulumi.Output[str]
    client_pem: pulumi.Output[str] | None = None
    client_key_pem: pulumi.Output[str] | None = None


@dataclass(frozen=True)
class Authority:
    """A CA that can sign. The private key is secret."""

    pem: pulumi.Input[str]
    private_key_pem: pulumi.Input[str]


def issue(
    name: str, cache: CacheSettings, names: Sequence[str], opts: pulumi.ResourceOptions
) -> Material | None:
    """The certificates of the cache `name`, the server's carrying `names`; None without TLS."""
    if not cache.mode.tls:
        return None
    settings = cache.docker.certificates
    if settings.server:
        return Material(
            ca_pem=pulumi.Output.from_input(pem.text(settings.server.authority)),
            server_pem=pulumi.Output.from_input(pem.text(settings.server.certificate)),
            server_key_pem=pulumi.Output.secret(pem.text(settings.server.private_key)),
        )
    authority = _authority(name, settings, opts)
    server_pem, server_key = _signed(
        f"{name}-server", authority, settings, opts, names, server=True
    )
    material = Material(
        ca_pem=pulumi.Output.from_input(authority.pem),
        server_pem=server_pem,
        server_key_pem=server_key,
    )
    if cache.mode is not Mode.MTLS:
        return material
    client_pem, client_key = _signed(f"{name}-client", authority, settings, opts, [], server=False)
    return Material(
        ca_pem=material.ca_pem,
        server_pem=server_pem,
        server_key_pem=server_key,
        client_pem=client_pem,
        client_key_pem=client_key,
    )


def server_names(cache: CacheSettings, *own: str) -> list[str]:
    """Names and addresses of the server certificate: all by which a client may connect."""
    wanted = [
        *own,
        *LOOPBACK,
        cache.docker.publish_address,
        cache.docker.advertised_host or "",
        *cache.docker.host_names,
    ]
    return list(dict.fromkeys(name for name in wanted if name and not is_wildcard(name)))


def _authority(name: str, settings: Certificates, opts: pulumi.ResourceOptions) -> Authority:
    if settings.authority:
        return Authority(
            pem=pem.text(settings.authority.certificate),
            private_key_pem=pulumi.Output.secret(pem.text(settings.authority.private_key)),
        )
    key = _private_key(f"{name}-ca", opts)
    certificate = tls.SelfSignedCert(
        f"{name}-ca",
        private_key_pem=key,
        is_ca_certificate=True,
        subject={"common_name": f"{name} CA", "organization": "secure-redis"},
        allowed_uses=["cert_signing", "crl_signing"],
        set_subject_key_id=True,
        validity_period_hours=CA_DAYS * HOURS,
        # Longer than any certificate it signs, so that no leaf outlives its CA.
        early_renewal_hours=(settings.validity_days + settings.renew_before_days) * HOURS,
        opts=opts,
    )
    return Authority(pem=certificate.cert_pem, private_key_pem=key)


def _signed(
    name: str,
    authority: Authority,
    settings: Certificates,
    opts: pulumi.ResourceOptions,
    names: Sequence[str],
    *,
    server: bool,
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    key = _private_key(name, opts)
    request = tls.CertRequest(
        name,
        private_key_pem=key,
        subject={"common_name": name, "organization": "secure-redis"},
        dns_names=[n for n in names if not is_address(n)],
        ip_addresses=[n for n in names if is_address(n)],
        opts=opts,
    )
    certificate = tls.LocallySignedCert(
        name,
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=authority.pem,
        ca_private_key_pem=authority.private_key_pem,
        # The server is a client too, of itself, when its health is checked under mutual TLS.
        allowed_uses=["digital_signature", "client_auth", *(["server_auth"] if server else [])],
        set_subject_key_id=True,
        validity_period_hours=settings.validity_days * HOURS,
        early_renewal_hours=settings.renew_before_days * HOURS,
        opts=opts,
    )
    return certificate.cert_pem, key


def _private_key(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    return pulumi.Output.secret(key.private_key_pem)
