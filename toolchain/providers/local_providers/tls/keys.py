"""Private and public keys in the forms that the `tls` package gives out."""

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

ALGORITHMS = ("RSA", "ECDSA", "ED25519")
CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
RSA_BITS = (1024, 16384)
"""Sizes of RSA keys in bits that are made: `cryptography` refuses smaller ones, larger ones take
minutes.
"""

# What Go's strings.TrimSpace removes: the official plugin trims a binary value before it hashes it
# into an id.
_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(code) for code in range(0x2000, 0x200B)
)


class KeyFormatError(ValueError):
    """A text that is not a usable private key. The message never quotes it."""


def generate(algorithm: str, rsa_bits: int, ecdsa_curve: str) -> PrivateKey:
    """A new private key (secret).

    :param algorithm: one of ALGORITHMS.
    :param rsa_bits: size of an RSA key, within RSA_BITS.
    :param ecdsa_curve: one of CURVES.
    """
    if algorithm == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[ecdsa_curve]())
    return ed25519.Ed25519PrivateKey.generate()


def _supported(key: object) -> PrivateKey:
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(
        key.curve, tuple(CURVES.values())
    ):
        raise KeyFormatError(f"uses a curve other than {', '.join(CURVES)}")
    if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        return key
    raise KeyFormatError(f"is a key of another algorithm than {', '.join(ALGORITHMS)}")


def load_private_pem(text: str) -> PrivateKey:
    """The private key in an unencrypted PKCS#1, SEC 1 or PKCS#8 PEM text.

    :raises KeyFormatError: without quoting the text.
    """
    try:
        return _supported(load_pem_private_key(text.encode(), None))
    except KeyFormatError:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFormatError("is not an unencrypted private key in PEM form") from None


def load_private_openssh(text: str) -> PrivateKey:
    """The private key in an unencrypted OpenSSH text.

    :raises KeyFormatError: without quoting the text.
    """
    try:
        return _supported(load_ssh_private_key(text.encode(), None))
    except KeyFormatError:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFormatError("is not an unencrypted private key in OpenSSH form") from None


def algorithm_of(key: PrivateKey) -> str:
    """The name of a key's algorithm: one of ALGORITHMS."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def has_openssh_form(key: PublicKey) -> bool:
    """OpenSSH knows no P224."""
    return not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP224R1))


def _pem(key: PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def private_forms(key: PrivateKey) -> dict[str, str]:
    """A private key in its PEM, PKCS#8 and OpenSSH forms (secret).

    The OpenSSH form of a P224 key is empty.
    """
    ed25519_key = isinstance(key, ed25519.Ed25519PrivateKey)
    openssh = has_openssh_form(key.public_key())
    return {
        "privateKeyPem": _pem(
            key, PrivateFormat.PKCS8 if ed25519_key else PrivateFormat.TraditionalOpenSSL
        ),
        "privateKeyPemPkcs8": _pem(key, PrivateFormat.PKCS8),
        "privateKeyOpenssh": _pem(key, PrivateFormat.OpenSSH) if openssh else "",
    }


def public_forms(key: PublicKey) -> dict[str, str]:
    """A public key in its PEM and OpenSSH forms, and its fingerprints as OpenSSH has them.

    The forms end in a newline. For P224 the OpenSSH form and the fingerprints are empty.
    """
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    openssh = md5 = sha256 = ""
    if has_openssh_form(key):
        line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        blob = base64.b64decode(line.split()[1])
        openssh = line + "\n"
        md5 = hashlib.md5(blob, usedforsecurity=False).digest().hex(":")
        sha256 = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyPem": pem,
        "publicKeyOpenssh": openssh,
        "publicKeyFingerprintMd5": md5,
        "publicKeyFingerprintSha256": sha256,
    }


def state_id(value: bytes) -> str:
    """The official plugin's id of a value: the SHA-1 (hex) of it, trimmed of white space."""
    trimmed = value.decode("utf-8", "surrogateescape").strip(_GO_SPACE)
    return hashlib.sha1(
        trimmed.encode("utf-8", "surrogateescape"), usedforsecurity=False
    ).hexdigest()


def public_id(key: PublicKey) -> str:
    """The id of a key pair: `state_id` of the public key in DER."""
    return state_id(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
