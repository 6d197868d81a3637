"""X.509 certificate requests and certificates, as the official `tls` plugin makes them."""

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .keys import PrivateKey, PublicKey

KEY_USAGES = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
"""Allowed uses that are key usages, and their names in `cryptography`."""

EXTENDED_KEY_USAGES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec_end_system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft_server_gated_crypto": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
    "microsoft_commercial_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
}
"""Allowed uses that are extended key usages."""

ALLOWED_USES = tuple(sorted((*KEY_USAGES, *EXTENDED_KEY_USAGES)))

SUBJECT_OIDS = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
"""Fields of a subject, in the order in which they stand in a name."""


class ContentError(ValueError):
    """A content that cannot stand in a certificate. The message never quotes it."""


@dataclass(frozen=True)
class Terms:
    """What a certificate is issued for."""

    allowed_uses: Sequence[str]
    validity_hours: int
    is_ca: bool = False
    max_path_length: int | None = None
    """Intermediate certificates that may follow; absent or negative: no limit. Of no effect unless
    `is_ca`.
    """
    set_subject_key_id: bool = False
    """A CA always has one."""
    set_authority_key_id: bool = False
    """For self-signed certificates; issued ones have it whenever the CA certificate has a subject
    key id.
    """


def name_attributes(field: str, value: str | Sequence[str]) -> list[x509.NameAttribute]:
    """The attributes of one field of a subject.

    :param field: a key of SUBJECT_OIDS; `streetAddresses` takes a list.
    :raises ContentError: if X.509 does not allow the value (length, two letters for a country).
    """
    values = [value] if isinstance(value, str) else value
    try:
        return [x509.NameAttribute(SUBJECT_OIDS[field], item) for item in values if item]
    except ValueError:
        limit = "two letters" if field == "country" else "within X.509's length limit"
        raise ContentError(f"must be {limit}") from None


def subject_name(subject: Mapping[str, Any]) -> x509.Name:
    """The distinguished name of a subject; empty fields are left out.

    :param subject: values by the keys of SUBJECT_OIDS.
    :raises ContentError: if X.509 does not allow a value.
    """
    present = [
        name_attributes(field, subject[field]) for field in SUBJECT_OIDS if subject.get(field)
    ]
    # Several street addresses stand in one relative name, as the official plugin writes them.
    return x509.Name(
        [x509.RelativeDistinguishedName(attributes) for attributes in present if attributes]
    )


def dns_name(value: str) -> x509.DNSName:
    """:raises ContentError: for a name that is not ASCII (write it in punycode)."""
    if not value or not value.isascii():
        raise ContentError("must be a DNS name in ASCII (punycode for other letters)")
    return x509.DNSName(value)


def ip_address(value: str) -> x509.IPAddress:
    """:raises ContentError: for what is not an IPv4 or IPv6 address."""
    try:
        return x509.IPAddress(ipaddress.ip_address(value))
    except ValueError:
        raise ContentError("must be an IPv4 or IPv6 address") from None


def uri(value: str) -> x509.UniformResourceIdentifier:
    """:raises ContentError: for what is not an ASCII URI."""
    if not value.isascii() or any(character.isspace() for character in value):
        raise ContentError("must be a URI in ASCII without spaces")
    return x509.UniformResourceIdentifier(value)


def alternative_names(
    dns_names: Iterable[str], ip_addresses: Iterable[str], uris: Iterable[str]
) -> x509.SubjectAlternativeName | None:
    """The subject alternative names, or None if there are none.

    :raises ContentError: if one is not valid.
    """
    names: list[x509.GeneralName] = [
        *(dns_name(value) for value in dns_names),
        *(ip_address(value) for value in ip_addresses),
        *(uri(value) for value in uris),
    ]
    return x509.SubjectAlternativeName(names) if names else None


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """The hash that goes with a key.

    SHA-384 for P384, SHA-512 for P521, none for Ed25519, else SHA-256.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if isinstance(key.curve, ec.SECP384R1):
            return hashes.SHA384()
        if isinstance(key.curve, ec.SECP521R1):
            return hashes.SHA512()
    return hashes.SHA256()


def subject_key_id(key: PublicKey) -> x509.SubjectKeyIdentifier:
    """The subject key id: SHA-1 of the public key, as the official plugin computes it.

    RFC 5280 method 1; an Ed25519 key is hashed inside its OCTET STRING.
    """
    if isinstance(key, rsa.RSAPublicKey):
        data = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        data = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        data = b"\x04\x20" + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return x509.SubjectKeyIdentifier(hashlib.sha1(data, usedforsecurity=False).digest())


def check_ca_key(ca_certificate: x509.Certificate, ca_key: PrivateKey) -> None:
    """Makes sure that a CA's key and certificate belong together.

    :raises ContentError: if they do not.
    """
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if ca_key.public_key().public_bytes(*form) != ca_certificate.public_key().public_bytes(*form):
        raise ContentError("is not the key of caCertPem")


def _key_usage(uses: Iterable[str]) -> x509.KeyUsage | None:
    wanted = {KEY_USAGES[use] for use in uses if use in KEY_USAGES}
    if not wanted:
        return None
    return x509.KeyUsage(**{flag: flag in wanted for flag in KEY_USAGES.values()})


def _issued(
    subject: x509.Name,
    public_key: PublicKey,
    names: x509.SubjectAlternativeName | None,
    terms: Terms,
    now: datetime,
) -> x509.CertificateBuilder:
    """A certificate without its issuer and authority key id."""
    start = now.astimezone(timezone.utc).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(secrets.randbelow(2**128 - 1) + 1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(hours=terms.validity_hours))
    )
    usage = _key_usage(terms.allowed_uses)
    if usage:
        builder = builder.add_extension(usage, critical=True)
    extended = [
        EXTENDED_KEY_USAGES[use]
        for use in dict.fromkeys(terms.allowed_uses)
        if use in EXTENDED_KEY_USAGES
    ]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    limited = terms.is_ca and terms.max_path_length is not None and terms.max_path_length >= 0
    constraints = x509.BasicConstraints(terms.is_ca, terms.max_path_length if limited else None)
    builder = builder.add_extension(constraints, critical=True)
    if terms.is_ca or terms.set_subject_key_id:
        builder = builder.add_extension(subject_key_id(public_key), critical=False)
    if names:
        builder = builder.add_extension(names, critical=not list(subject))
    return builder


def self_signed(
    key: PrivateKey,
    subject: x509.Name,
    names: x509.SubjectAlternativeName | None,
    terms: Terms,
    now: datetime,
) -> x509.Certificate:
    """A certificate that its own key signs, valid from `now` (whole seconds, UTC)."""
    builder = _issued(subject, key.public_key(), names, terms, now).issuer_name(subject)
    if terms.set_authority_key_id:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            subject_key_id(key.public_key())
        )
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(key, signature_hash(key))


def request(
    key: PrivateKey, subject: x509.Name, names: x509.SubjectAlternativeName | None
) -> x509.CertificateSigningRequest:
    """A certificate request (PKCS#10) signed by its own key."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names:
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, signature_hash(key))


def _requested_names(csr: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName | None:
    """The DNS names, addresses and URIs that a request asks for; other kinds are left out."""
    try:
        asked = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    kinds = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    names = [name for kind in kinds for name in asked if isinstance(name, kind)]
    return x509.SubjectAlternativeName(names) if names else None


def signed_by(
    csr: x509.CertificateSigningRequest,
    ca_certificate: x509.Certificate,
    ca_key: PrivateKey,
    terms: Terms,
    now: datetime,
) -> x509.Certificate:
    """A certificate for a request, signed by a CA, valid from `now` (whole seconds, UTC).

    :raises ContentError: if the CA's key and certificate do not belong together, or the request's
        signature is wrong.
    """
    check_ca_key(ca_certificate, ca_key)
    public_key: Any = csr.public_key()
    builder = _issued(csr.subject, public_key, _requested_names(csr), terms, now).issuer_name(
        ca_certificate.subject
    )
    try:
        extension = ca_certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        pass
    else:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(extension.value)
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(ca_key, signature_hash(ca_key))


def load_certificate(text: str) -> x509.Certificate:
    """:raises ContentError: if the text is not a certificate in PEM form."""
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise ContentError("is not a certificate in PEM form") from None


def load_request(text: str) -> x509.CertificateSigningRequest:
    """A certificate request whose own signature is right.

    :raises ContentError: if the text is not one in PEM form.
    """
    try:
        request = x509.load_pem_x509_csr(text.encode())
        signed = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        raise ContentError("is not a certificate request in PEM form") from None
    if not signed:
        raise ContentError("has a wrong signature")
    return request


def pem(value: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """PEM text, ending in a newline."""
    return value.public_bytes(Encoding.PEM).decode()
