"""Certificates and keys that the user brings: read, and checked before anything uses them.

Private keys are secrets: no function here puts a word of one into a message.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from pulumi import Output

from .problems import Problem
from .schema import join
from .timestamps import rfc3339

EXPIRES_SOON = timedelta(days=7)
"""A certificate that ends sooner is refused: it would end before anybody looks again."""

MARK = "-----BEGIN "


def text(value: str | Output[str]) -> str | Output[str]:
    """PEM text: `value` itself, or what stands in the file that it names.

    Raises OSError, ValueError or RuntimeError when there is no such file, or it is not text.
    """
    if isinstance(value, Output) or MARK in value:
        return value
    return Path(value).expanduser().read_text()


def known(value: str | Output[str], path: str, problems: list[Problem]) -> str | None:
    """PEM text that can be checked now; None for an Output, and with a problem for a bad file."""
    try:
        found = text(value)
    except (OSError, ValueError, RuntimeError) as error:
        # Not the error's own text: it repeats the value, which can be a key put in the wrong place.
        reason = getattr(error, "strerror", None) or "it is no text file"
        problems.append(Problem(path, f"the file cannot be read: {reason}", "Correct the path."))
        return None
    return None if isinstance(found, Output) else found


def certificates(pem: str) -> list[x509.Certificate]:
    """The certificates in `pem`. Raises ValueError when there is none or one is damaged."""
    return x509.load_pem_x509_certificates(pem.encode())


def not_after(pem: str) -> str:
    """When the first certificate of `pem` ends, RFC 3339; empty for empty text."""
    return rfc3339(min(_ends(pem))) if pem else ""


def last_not_after(pem: str) -> str:
    """When the last certificate of `pem` ends, RFC 3339; empty for empty text."""
    return rfc3339(max(_ends(pem))) if pem else ""


def _ends(pem: str) -> list[datetime]:
    return [certificate.not_valid_after_utc for certificate in certificates(pem)]


@dataclass(frozen=True)
class Checked:
    """PEM material under the paths by which messages name it."""

    certificate: str | None
    certificate_path: str
    private_key: str | None
    private_key_path: str


def load_pair(
    base: str, certificate: str | Output[str], private_key: str | Output[str]
) -> tuple[Checked, list[Problem]]:
    """A certificate and its key below the setting `base`, and problems with their files."""
    problems: list[Problem] = []
    paths = join(base, "certificate"), join(base, "privateKey")
    pair = Checked(
        certificate=known(certificate, paths[0], problems),
        certificate_path=paths[0],
        private_key=known(private_key, paths[1], problems),
        private_key_path=paths[1],
    )
    return pair, problems


def check_pair(pair: Checked, now: datetime | None = None) -> Iterator[Problem]:
    """Problems of a certificate and its key: unreadable, expired, not belonging together."""
    chain = list(_load(pair.certificate, pair.certificate_path, certificates))
    keys = list(_load(pair.private_key, pair.private_key_path, _private_key))
    for kind in (*chain, *keys):
        if isinstance(kind, Problem):
            yield kind
    leaf = next((c[0] for c in chain if not isinstance(c, Problem)), None)
    key = next((k for k in keys if not isinstance(k, Problem)), None)
    if leaf is not None:
        yield from check_validity(leaf, pair.certificate_path, now)
    if leaf is not None and key is not None and _public(leaf) != _public(key):
        yield Problem(
            pair.private_key_path,
            f"does not match the certificate in {pair.certificate_path}",
            "Give the key with which the certificate was requested.",
        )


def check_validity(
    certificate: x509.Certificate, path: str, now: datetime | None = None
) -> Iterator[Problem]:
    """Problems of a certificate's dates."""
    now = now or datetime.now(timezone.utc)
    end = certificate.not_valid_after_utc
    if certificate.not_valid_before_utc > now:
        begin = certificate.not_valid_before_utc
        yield Problem(path, f"is not valid before {begin:%Y-%m-%d}", "Check the machine's clock.")
    if end <= now:
        yield Problem(path, f"expired on {end:%Y-%m-%d}", "Give a valid certificate.")
    elif end - now < EXPIRES_SOON:
        yield Problem(path, f"expires on {end:%Y-%m-%d}, within 7 days", "Renew it first.")


def check_names(
    certificate: x509.Certificate, path: str, names: Iterable[str]
) -> Iterator[Problem]:
    """Problems of the names in a server certificate: clients compare subject alternative names."""
    carried = _names(certificate)
    for name in names:
        if not _covered(name, carried):
            yield Problem(
                path,
                f"does not carry the subject alternative name {name}",
                "Issue it with the name by which clients connect.",
            )


def check_usage(certificate: x509.Certificate, path: str, *, client: bool) -> Iterator[Problem]:
    """Problems of the extended key usage: a server certificate must allow serverAuth."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    wanted = {"serverAuth": ExtendedKeyUsageOID.SERVER_AUTH}
    if client:
        # The health check shows the server's own certificate where one is asked for.
        wanted["clientAuth"] = ExtendedKeyUsageOID.CLIENT_AUTH
    for name, oid in wanted.items():
        if oid not in usage:
            yield Problem(path, f"does not allow {name}", f"Issue it with the key usage {name}.")


def check_authority(pem: str, path: str) -> Iterator[Problem]:
    """Problems of CA certificates."""
    for loaded in _load(pem, path, certificates):
        if isinstance(loaded, Problem):
            yield loaded
            continue
        for certificate in loaded:
            yield from check_validity(certificate, path)


def check_may_sign(certificate: x509.Certificate, path: str) -> Iterator[Problem]:
    """Problems of a certificate that is to sign others."""
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        basic = None
    if basic is None or not basic.ca:
        yield Problem(path, "is not a CA certificate", "Give one with basicConstraints CA:TRUE.")


def check_issued(chain_pem: str, path: str, authority_pem: str) -> Iterator[Problem]:
    """Problems of the chain: each certificate must be signed by the next, the last by the CA."""
    chain, authorities = certificates(chain_pem), certificates(authority_pem)
    for certificate, issuer in pairwise(chain):
        if not _signed_by(certificate, issuer):
            yield Problem(path, "is not a chain in order", "Put the leaf first, then its issuers.")
            return
    if not any(_signed_by(chain[-1], authority) for authority in authorities):
        yield Problem(
            path, "is not signed by the given CA", "Give the CA that issued it, with intermediates."
        )


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _load(pem: str | None, path: str, loader: Any) -> Iterator[Any]:
    if pem is None:
        return
    try:
        yield loader(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        yield Problem(path, "is not usable PEM", "Give unencrypted PEM, whole and undamaged.")


def _private_key(pem: str) -> Any:
    return serialization.load_pem_private_key(pem.encode(), password=None)


def _public(holder: Any) -> bytes:
    return holder.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return {*names.get_values_for_type(x509.DNSName), *addresses}


def _covered(name: str, carried: set[str]) -> bool:
    try:
        return str(ip_address(name)) in carried
    except ValueError:
        wildcard = f"*.{name.partition('.')[2]}"
        return name.lower() in {c.lower() for c in carried} or ("." in name and wildcard in carried)
