"""Certificates as they should be, and with one thing wrong each."""

import subprocess
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Recipe:
    """How a certificate is to be."""

    names: tuple[str, ...] = ("{host}", "{address}")
    """Of the SAN extension; without any there is no such extension."""
    common_name: str = "a server"
    starts: int = -30
    """Days from now."""
    ends: int = 300
    """Days from now."""
    rsa_bits: int = 0
    """0: a key on the curve P-256."""
    sha1: bool = False
    """Whether the signature goes by SHA-1."""
    purposes: tuple[x509.ObjectIdentifier, ...] = (SERVER, CLIENT)
    """For what it may be used. Redis shows its own to other servers, as a client."""

    def for_server(self, host: str, address: str) -> "Recipe":
        """The same with a server's own name and address filled in."""
        return replace(
            self,
            names=tuple(name.format(host=host, address=address) for name in self.names),
            common_name=self.common_name.format(host=host, address=address),
        )


@dataclass(frozen=True)
class Pair:
    """A certificate, what is sent after it, and its private key; all PEM."""

    pem: str
    key_pem: str = field(repr=False)
    """Secret."""
    above: str = ""
    """Intermediate certificates."""

    @property
    def sent(self) -> str:
        """What a server sends: the certificate and the intermediates."""
        return self.pem + self.above


@dataclass(frozen=True)
class Authority:
    """A CA. `parent` is the one that signed it, None for a root."""

    name: str
    parent: "Authority | None" = None
    may_sign: bool = True
    """Whether its certificate says that it is a CA."""
    ends: int = 3000
    """Days from now."""

    @cached_property
    def key(self) -> Key:
        """Secret."""
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def certificate(self) -> x509.Certificate:
        issuer = self.parent or self
        builder = _builder(self.name, issuer.name, self.key, -60, self.ends)
        constraints = x509.BasicConstraints(ca=self.may_sign, path_length=None)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = builder.add_extension(constraints, critical=True)
        builder = builder.add_extension(_usage(signing=self.may_sign), critical=True)
        builder = builder.add_extension(identifier, critical=False)
        builder = builder.add_extension(issuer.identifier, critical=False)
        return builder.sign(issuer.key, hashes.SHA256())

    @property
    def identifier(self) -> x509.AuthorityKeyIdentifier:
        """Names its key in what it signed."""
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return _pem(self.certificate)

    def issue(self, recipe: Recipe) -> Pair:
        """A certificate signed by this CA."""
        key = _key(recipe.rsa_bits)
        common = recipe.common_name
        extensions = _extensions(recipe)
        if recipe.sha1:
            pem = self._signed_by_sha1(common, key, extensions)
        else:
            builder = _builder(common, self.name, key, recipe.starts, recipe.ends)
            for extension in [*extensions, self.identifier]:
                builder = builder.add_extension(extension, critical=False)
            pem = _pem(builder.sign(self.key, hashes.SHA256()))
        return Pair(pem, _key_pem(key), self.pem if self.parent else "")

    def _signed_by_sha1(self, common: str, key: Key, extensions: list[x509.ExtensionType]) -> str:
        # The library does not sign with SHA-1 any more; the command does.
        asked = x509.CertificateSigningRequestBuilder().subject_name(_name(common))
        for extension in extensions:
            asked = asked.add_extension(extension, critical=False)
        request = asked.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        with TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "ca.crt").write_text(self.pem)
            (folder / "ca.key").write_text(_key_pem(self.key))
            number = str(x509.random_serial_number())
            done = subprocess.run(
                [
                    *("openssl", "x509", "-req", "-sha1", "-days", "300"),
                    *("-copy_extensions", "copyall", "-set_serial", number),
                    *("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"),
                ],
                input=request,
                capture_output=True,
                check=True,
            )
        return done.stdout.decode()


def self_signed(recipe: Recipe) -> Pair:
    """A server's certificate as one openssl command makes it: its own CA."""
    key = _key(recipe.rsa_bits)
    common = recipe.common_name
    builder = _builder(common, common, key, recipe.starts, recipe.ends)
    names = x509.SubjectAlternativeName([_general_name(name) for name in recipe.names])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Pair(_pem(builder.sign(key, hashes.SHA256())), _key_pem(key))


def _builder(name: str, issuer: str, key: Key, starts: int, ends: int) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=starts))
        .not_valid_after(now + timedelta(days=ends))
    )


def _usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signing,
        crl_sign=signing,
        encipher_only=False,
        decipher_only=False,
    )


def _extensions(recipe: Recipe) -> list[x509.ExtensionType]:
    usage: list[x509.ExtensionType] = [x509.ExtendedKeyUsage(recipe.purposes)]
    names = [_general_name(name) for name in recipe.names]
    return [*usage, x509.SubjectAlternativeName(names)] if names else usage


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key(rsa_bits: int) -> Key:
    if rsa_bits:
        return rsa.generate_private_key(65537, rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
