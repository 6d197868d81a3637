"""What certificates say. All of it is the issuer's word, or a stranger's: nothing here raises."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from secure_redis.timestamps import rfc3339

from .report import Certificate

RSA_BITS, CURVE_BITS = 2048, 256
"""The smallest keys that today's systems accept (OpenSSL's security level 2)."""

WEAK_HASHES = (hashes.SHA1, hashes.MD5)

SHOWN = 8
"""Names of a certificate that are listed in a sentence."""

Kind = TypeVar("Kind", bound=x509.ExtensionType)


def described(certificate: x509.Certificate) -> Certificate:
    """A certificate for the report."""
    return Certificate(
        subject=subject(certificate),
        issuer=issuer(certificate),
        names=tuple(names(certificate)),
        not_before=rfc3339(certificate.not_valid_before_utc),
        not_after=rfc3339(certificate.not_valid_after_utc),
        key=key(certificate),
        signature=signature(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def subject(certificate: x509.Certificate) -> str:
    """Whom it is for (RFC 4514)."""
    return certificate.subject.rfc4514_string() or "(no name)"


def issuer(certificate: x509.Certificate) -> str:
    """Who signed it (RFC 4514)."""
    return certificate.issuer.rfc4514_string() or "(no name)"


def common_names(certificate: x509.Certificate) -> list[str]:
    """The common names of the subject: one as a rule."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(one.value) for one in found]


def hosts(certificate: x509.Certificate) -> list[str]:
    """Host names of the SAN extension, with wildcards as they stand there."""
    found = extension(certificate, x509.SubjectAlternativeName)
    return found.get_values_for_type(x509.DNSName) if found else []


def names(certificate: x509.Certificate) -> list[str]:
    """Host names and addresses of the SAN extension."""
    found = extension(certificate, x509.SubjectAlternativeName)
    addresses = found.get_values_for_type(x509.IPAddress) if found else []
    return [*hosts(certificate), *map(str, addresses)]


def listed(certificate: x509.Certificate) -> str:
    """The names, for a sentence."""
    found = names(certificate)
    if not found:
        return f"no names at all (subject {subject(certificate)})"
    more = len(found) - SHOWN
    return ", ".join(found[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def key(certificate: x509.Certificate) -> str:
    """Kind and size of the key, such as `RSA 2048` or `EC secp256r1`."""
    found = _public_key(certificate)
    if isinstance(found, rsa.RSAPublicKey):
        return f"RSA {found.key_size}"
    if isinstance(found, dsa.DSAPublicKey):
        return f"DSA {found.key_size}"
    if isinstance(found, ec.EllipticCurvePublicKey):
        return f"EC {found.curve.name}"
    if isinstance(found, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "Ed448" if isinstance(found, ed448.Ed448PublicKey) else "unknown"


def key_is_small(certificate: x509.Certificate) -> bool:
    """Whether today's systems refuse the key for its size."""
    found = _public_key(certificate)
    if isinstance(found, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return found.key_size < RSA_BITS
    return isinstance(found, ec.EllipticCurvePublicKey) and found.key_size < CURVE_BITS


def signature(certificate: x509.Certificate) -> str:
    """Hash of the signature, such as `sha256`."""
    found = _hash(certificate)
    return found.name if found else "none of its own"


def signature_is_weak(certificate: x509.Certificate) -> bool:
    """Whether today's systems refuse the hash.

    Who trusts a certificate that signed itself does not do so by its signature.
    """
    return isinstance(_hash(certificate), WEAK_HASHES) and not signed_itself(certificate)


def signed_itself(certificate: x509.Certificate) -> bool:
    """Whether it says that it is its own issuer."""
    return certificate.issuer == certificate.subject


def is_for_servers(certificate: x509.Certificate) -> bool:
    """Whether its extended key usage lets servers, and what they sign, use it."""
    found = extension(certificate, x509.ExtendedKeyUsage)
    wanted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return found is None or bool(wanted & {*found})


def may_do_handshakes(certificate: x509.Certificate) -> bool:
    """Whether its key usage lets a server use the key in a handshake."""
    found = extension(certificate, x509.KeyUsage)
    return found is None or (
        found.digital_signature or found.key_encipherment or found.key_agreement
    )


def purposes(certificate: x509.Certificate) -> list[str]:
    """Numbers of the extended key usage; empty where there is none."""
    found = extension(certificate, x509.ExtendedKeyUsage)
    return [one.dotted_string for one in found or ()]


def issuers_of_issuer(certificate: x509.Certificate) -> set[x509.Name]:
    """Who issued its issuer, where it says that."""
    found = extension(certificate, x509.AuthorityKeyIdentifier)
    said = (found.authority_cert_issuer or ()) if found else ()
    return {one.value for one in said if isinstance(one, x509.DirectoryName)}


def tells_issuer_location(certificate: x509.Certificate) -> bool:
    """Whether it says where its issuer's certificate is to be fetched."""
    found = extension(certificate, x509.AuthorityInformationAccess)
    return any(one.access_method == AuthorityInformationAccessOID.CA_ISSUERS for one in found or ())


def path(sent: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The first and those that issued one another, as far as they were sent."""
    found = [sent[0]]
    while not signed_itself(found[-1]):
        wanted = found[-1].issuer
        above = next((one for one in sent if one.subject == wanted and one not in found), None)
        if above is None:
            break
        found.append(above)
    return found


def is_signed(found: Sequence[x509.Certificate]) -> bool:
    """Whether each is signed by the next."""
    return all(is_signed_by(below, above) for below, above in pairwise(found))


def is_signed_by(below: x509.Certificate, above: x509.Certificate) -> bool:
    """Whether one was signed with the key of the other."""
    try:
        below.verify_directly_issued_by(above)
    except Exception:  # noqa: BLE001 - keys and hashes of all kinds, each with its own error
        return False
    return True


def extension(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    """An extension; None where there is none, or none that can be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _public_key(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except Exception:  # noqa: BLE001 - kinds that the library does not know, each with its own error
        return None


def _hash(certificate: x509.Certificate) -> hashes.HashAlgorithm | None:
    try:
        return certificate.signature_hash_algorithm
    except Exception:  # noqa: BLE001 - kinds that the library does not know, each with its own error
        return None
