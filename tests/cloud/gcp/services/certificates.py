"""Certificates of the managed services: private CAs of an instance, and what a server shows.

The private keys stay in the fake cloud, so that a test can put a server in the place of an
instance which shows what Google's shows: a certificate that names nothing but an address.
"""

import hashlib
import ipaddress
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

YEAR = timedelta(days=365)
LIFE = 10 * YEAR
"""How long a CA of Memorystore for Redis is valid. Its successor comes when half of it is over."""
SERVER_LIFE = timedelta(days=180)
"""How long a server's certificate is valid."""


def new_authority(name: str, begins: datetime, life: timedelta = LIFE) -> dict[str, Any]:
    """A self-signed CA: `cert` and `key` (secret) as PEM, and what is said about it."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has at most 64 characters. No two CAs have the same one: verifiers look a CA up
    # by its name, and try no second one.
    common = f"{name[:40]} server CA {secrets.token_hex(4)}"
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {
        "cert": _pem(certificate),
        "key": _key_pem(key),
        "serialNumber": str(certificate.serial_number),
        "createTime": stamp(begins),
        "expireTime": stamp(begins + life),
        "sha1Fingerprint": hashlib.sha1(der, usedforsecurity=False).hexdigest(),
    }


def overlapping_authorities(name: str, now: datetime) -> list[dict[str, Any]]:
    """The CAs of an instance in the second half of the older one's life.

    Both are valid. The newer one comes first: nobody promises an order.
    """
    older = new_authority(name, now - LIFE / 2 - timedelta(days=30))
    newer = new_authority(name, now - timedelta(days=30))
    return [newer, older]


def server_certificate(authority: dict[str, Any], address: str) -> tuple[str, str]:
    """A server's certificate and private key (secret), PEM, for an IP address and nothing else."""
    issuer = x509.load_pem_x509_certificate(authority["cert"].encode())
    signer = serialization.load_pem_private_key(authority["key"].encode(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + SERVER_LIFE)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def stamp(moment: datetime) -> str:
    """A moment as Google writes it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
