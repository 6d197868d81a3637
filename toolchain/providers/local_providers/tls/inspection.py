"""What a certificate says, in the official plugin's words (those of Go's crypto/x509)."""

import hashlib
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from cryptography.x509.oid import SignatureAlgorithmOID as Signature

from .certificates import pem
from .keys import state_id
from .renewal import write_time

UNKNOWN_ALGORITHM = "0"
"""What Go prints for an algorithm it has no name for."""

_SIGNATURES = {
    Signature.RSA_WITH_MD5: "MD5-RSA",
    Signature.RSA_WITH_SHA1: "SHA1-RSA",
    Signature.RSA_WITH_SHA256: "SHA256-RSA",
    Signature.RSA_WITH_SHA384: "SHA384-RSA",
    Signature.RSA_WITH_SHA512: "SHA512-RSA",
    Signature.ECDSA_WITH_SHA1: "ECDSA-SHA1",
    Signature.ECDSA_WITH_SHA256: "ECDSA-SHA256",
    Signature.ECDSA_WITH_SHA384: "ECDSA-SHA384",
    Signature.ECDSA_WITH_SHA512: "ECDSA-SHA512",
    Signature.ED25519: "Ed25519",
}
_PSS = {"sha256": "SHA256-RSAPSS", "sha384": "SHA384-RSAPSS", "sha512": "SHA512-RSAPSS"}

# Order in which Go writes a name (the text has the reverse), and its words.
_NAMES = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.POSTAL_CODE: "POSTALCODE",
    NameOID.COMMON_NAME: "CN",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
}


_DER_UTF8, _DER_IA5 = 0x0C, 0x16
_DER_LONG = 0x80


def _signature(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    if oid == Signature.RSASSA_PSS:
        algorithm = certificate.signature_hash_algorithm
        return _PSS.get(algorithm.name if algorithm else "", UNKNOWN_ALGORITHM)
    return _SIGNATURES.get(oid, UNKNOWN_ALGORITHM)


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except ValueError:
        return UNKNOWN_ALGORITHM
    kinds = (
        (rsa.RSAPublicKey, "RSA"),
        (ec.EllipticCurvePublicKey, "ECDSA"),
        (ed25519.Ed25519PublicKey, "Ed25519"),
        (dsa.DSAPublicKey, "DSA"),
    )
    return next((name for kind, name in kinds if isinstance(key, kind)), UNKNOWN_ALGORITHM)


def _escaped(value: str) -> str:
    """A value of a name, escaped as RFC 2253 wants it."""
    text = "".join("\\" + char if char in ',+"\\<>;' else char for char in value)
    if text[:1] in (" ", "#"):
        text = "\\" + text
    return text[:-1] + "\\ " if len(value) > 1 and value.endswith(" ") else text


def _der(tag: int, value: bytes) -> bytes:
    """A DER value of at most 65535 bytes."""
    short = len(value) < _DER_LONG
    length = bytes([len(value)]) if short else b"\x82" + len(value).to_bytes(2, "big")
    return bytes([tag]) + length + value


def name_text(name: x509.Name) -> str:
    """A name as Go prints it.

    Known fields in reverse order, the others after them as OID=#DER (hex).
    """
    parts: list[str] = []
    for oid, word in reversed(_NAMES.items()):
        values = [_escaped(str(attribute.value)) for attribute in name.get_attributes_for_oid(oid)]
        if values:
            parts.append("+".join(f"{word}={value}" for value in values))
    for attribute in reversed(list(name)):
        if attribute.oid not in _NAMES:
            value = str(attribute.value).encode()
            tag = _DER_IA5 if attribute.oid == NameOID.EMAIL_ADDRESS else _DER_UTF8
            parts.append(f"{attribute.oid.dotted_string}=#{_der(tag, value).hex()}")
    return ",".join(parts)


def _constraints(certificate: x509.Certificate) -> tuple[bool, int]:
    """(is a CA, path length): -1 without a limit, 0 when the extension is not there."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False, 0
    return found.ca, -1 if found.path_length is None else found.path_length


def description(certificate: x509.Certificate) -> dict[str, Any]:
    """One element of `getCertificate`'s `certificates`."""
    is_ca, max_path_length = _constraints(certificate)
    der = certificate.public_bytes(Encoding.DER)
    return {
        "signatureAlgorithm": _signature(certificate),
        "publicKeyAlgorithm": _key(certificate),
        "serialNumber": str(certificate.serial_number),
        "isCa": is_ca,
        "maxPathLength": max_path_length,
        "version": certificate.version.value + 1,
        "issuer": name_text(certificate.issuer),
        "subject": name_text(certificate.subject),
        "notBefore": write_time(certificate.not_valid_before_utc),
        "notAfter": write_time(certificate.not_valid_after_utc),
        "sha1Fingerprint": hashlib.sha1(der, usedforsecurity=False).hexdigest(),
        "certPem": pem(certificate),
    }


def descriptions_id(descriptions: list[dict[str, Any]]) -> str:
    """The id of `getCertificate`'s result: `state_id` of Go's print of the descriptions."""

    def printed(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    rows = ("{" + " ".join(map(printed, row.values())) + "}" for row in descriptions)
    return state_id(f"[{' '.join(rows)}]".encode())
