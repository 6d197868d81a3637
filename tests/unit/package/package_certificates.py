"""Certificates for the tests: a CA, and leaves with whatever is wrong with them on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from secure_redis.docker.names import is_address

NOW = datetime.now(timezone.utc)
BOTH_USES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
SERVER_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.private_pem(serialization.NoEncryption())

    @property
    def encrypted_key_pem(self) -> str:
        return self.private_pem(serialization.BestAvailableEncryption(b"phrase"))

    def private_pem(self, encryption: serialization.KeySerializationEncryption) -> str:
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, encryption).decode()


def issue(
    name: str = "server",
    *,
    issuer: Issued | None = None,
    names: Sequence[str] = SERVER_NAMES,
    starts: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=90),
    uses: Sequence[Any] | None = BOTH_USES,
    is_ca: bool | None = False,
) -> Issued:
    """A certificate by `issuer`, or by itself; `is_ca` None leaves basicConstraints out."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + starts)
        .not_valid_after(NOW + ends)
    )
    if is_ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), True)
    if uses is not None and not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), False)
    if names and not is_ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(_names(names)), False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _names(names: Sequence[str]) -> list[x509.GeneralName]:
    return [
        x509.IPAddress(ip_address(name)) if is_address(name) else x509.DNSName(name)
        for name in names
    ]


@cache
def authority(name: str = "CA", days: int = 3650) -> Issued:
    """A CA; the same one for the same arguments."""
    return issue(name, is_ca=True, ends=timedelta(days=days))


@cache
def server() -> Issued:
    """A server certificate with nothing wrong."""
    return issue(issuer=authority())
