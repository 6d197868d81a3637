"""Certificates as a company's own CA would issue them, and as it should not."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from harness import remember_secret

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM."""

    pem: str
    key_pem: str


class Authority:
    """A CA."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key, self._certificate = key, certificate

    @classmethod
    def make(cls, name: str, days: int = 365) -> "Authority":
        """A new root CA."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, name, key.public_key(), days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        """Its certificate."""
        return _pem(self._certificate)

    @property
    def key_pem(self) -> str:
        """Secret. Its private key."""
        return _key_pem(self._key)

    def issue(
        self,
        name: str,
        names: tuple[str, ...] = NAMES,
        days: int = 365,
        *,
        client: bool = False,
    ) -> Pair:
        """A server's certificate for `names`, or a client's; expired with negative `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        builder = _builder(name, str(issuer), key.public_key(), days)
        oid = ExtendedKeyUsageOID
        usage = [oid.CLIENT_AUTH] if client else [oid.SERVER_AUTH, oid.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), False)
        if names and not client:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(n) for n in names]), False
            )
        return Pair(_pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key))


def _builder(name: str, issuer: str, key: Any, days: int) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    remember_secret(pem)
    return pem
