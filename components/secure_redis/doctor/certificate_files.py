"""CA and client certificates as an application is given them: files, PEM text, or base64 of it.

Whatever is wrong with them becomes a `Trouble`; private keys are never put into one.
"""

import binascii
import re
import stat
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from secure_redis.timestamps import rfc3339

from .endpoint import LocalFile, Remark, Trouble

MARK = "-----BEGIN "
"""How PEM begins."""

LARGEST = 8 * 1024 * 1024
"""Bytes of a file that are read: a system's bundle of CAs has a quarter of a megabyte."""

LIKE_A_KEY = re.compile(r"[A-Za-z0-9+=]{60}|PRIVATE KEY|^(LS0t|MII|MIG|MC4)")
"""What stands in PEM, or in base64 of it, and in no path."""

LONGEST_PATH = 1024

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""Mode bits of a file for everybody but its owner."""


@dataclass(frozen=True)
class Place:
    """Where a certificate or key stands: a path or PEM text, and who names it."""

    variable: str
    """A variable's or an option's name."""
    value: str = field(repr=False)
    """A path, or PEM text: secret where it may be a key."""


@dataclass
class Material:
    """What was read, and what is wrong with it."""

    ca_pem: str = ""
    ca_from: str = ""
    client_cert_pem: str = ""
    client_key_pem: str = field(default="", repr=False)
    """Secret."""
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    remarks: list[Remark] = field(default_factory=list[Remark])
    files: list[LocalFile] = field(default_factory=list[LocalFile])


class UnusableError(Exception):
    """A file that cannot be used; the text says why. `kind` is missing, unreadable or invalid."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def read(place: Place, base: Path) -> tuple[bytes, Path | None]:
    """The bytes of PEM text or of a file, and the file's path. Raises UnusableError."""
    if place.value.lstrip().startswith(MARK):
        return place.value.replace("\\n", "\n").encode(errors="surrogatepass"), None
    if not shown(place, base):
        raise UnusableError("invalid", "is neither a path nor PEM")
    path = path_of(place, base)
    try:
        with path.open("rb") as file:
            return file.read(LARGEST), path
    except FileNotFoundError:
        raise UnusableError("missing", "no such file") from None
    except NotADirectoryError:
        raise UnusableError("missing", "no such directory") from None
    except IsADirectoryError:
        reason = "is a directory, which Docker makes where a file that is mounted is not there"
        raise UnusableError("invalid", reason) from None
    except OSError as error:
        raise UnusableError("unreadable", (error.strerror or "cannot be read").lower()) from None


def shown(place: Place, base: Path) -> str:
    """The path that a value names; empty where it is no path: then it can be a key, in base64 say.

    Only what this returns may be printed.
    """
    text = place.value
    if not text.isprintable() or LIKE_A_KEY.search(text) or len(text) > LONGEST_PATH:
        return ""
    return str(path_of(place, base))


def path_of(place: Place, base: Path) -> Path:
    """The path that a value names, with `file:` as Spring Boot writes it; relative to `base`."""
    text = re.sub(r"^file:(//)?", "", place.value)
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # ~somebody who does not exist
        path = Path(text)
    return path if path.is_absolute() else base / path


def authorities(data: bytes) -> list[x509.Certificate]:
    """CA certificates in PEM. Raises UnusableError, saying what it is instead."""
    try:
        found = x509.load_pem_x509_certificates(data)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableError("invalid", _instead(data)) from None
    return found


def _instead(data: bytes) -> str:
    """What something that is no PEM certificate looks like."""
    likely = {
        "is empty": not data.strip(),
        "holds a private key and no certificate": b"PRIVATE KEY-----" in data,
        "is damaged PEM": MARK.encode() in data,
        "is HTML or XML, perhaps the error page of a download": re.match(rb"\s*<", data),
        "is DER, not PEM": data[:1] == b"\x30",
    }
    for words, so in likely.items():
        if so:
            return words
    try:
        if MARK.encode() in b64decode(data, validate=False):
            return "is base64 of PEM that was not decoded"
    except (ValueError, binascii.Error):
        pass
    return "is no PEM"


def pem(certificates: Iterable[x509.Certificate]) -> str:
    """Certificates as PEM, joined."""
    encoding = serialization.Encoding.PEM
    return "".join(certificate.public_bytes(encoding).decode() for certificate in certificates)


def fingerprints(text: str) -> frozenset[bytes]:
    """SHA-256 of each certificate in PEM text; none for text without one."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return frozenset()
    return frozenset(certificate.fingerprint(hashes.SHA256()) for certificate in found)


def not_after(text: str) -> str:
    """When the last of the certificates in PEM text ends, RFC 3339."""
    ends = [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(text.encode())]
    return rfc3339(max(ends))


def described(kind: str, text: str) -> str:
    """How many certificates PEM text holds and until when they are good, for people."""
    number = len(x509.load_pem_x509_certificates(text.encode()))
    plural = "" if number == 1 else "s"
    return f"{number} {kind}{plural}, valid until {not_after(text)[:10]}"


def trusted(material: Material, places: Sequence[Place], encoded: Place | None, base: Path) -> None:
    """Reads the CA from all places that name one, and from base64 of PEM; they must agree.

    A file that is not there is no trouble where the base64 has the same: an application on a
    platform without files reads that.
    """
    read_so_far: dict[str, tuple[str, list[x509.Certificate]]] = {}
    lacking: list[tuple[str, Trouble]] = []
    for names, place in _by_value(places):
        try:
            data, path = read(place, base)
            found = authorities(data)
        except UnusableError as error:
            where = shown(place, base)
            lacking.append(
                (error.kind, Trouble(f"ca-file-{error.kind}", f"{names}: {error}", where))
            )
            continue
        if path is not None:
            material.files += [LocalFile(str(path), secret=False, variable=names, authority=True)]
        read_so_far[names] = (str(path or names), found)
    if encoded is not None:
        try:
            found = authorities(_decoded(encoded.value))
            read_so_far[encoded.variable] = (encoded.variable, found)
        except UnusableError as error:
            lacking.append(("invalid", Trouble("ca-file-invalid", f"{encoded.variable}: {error}")))
    for kind, trouble in lacking:
        if kind == "missing" and encoded is not None and encoded.variable in read_so_far:
            text = f"{trouble.observed}; {encoded.variable} has the CA"
            material.remarks.append(Remark("D02", text, trouble.where))
        else:
            material.troubles.append(trouble)
    _agree(material, read_so_far)
    if read_so_far:
        names, (_, found) = next(iter(read_so_far.items()))
        material.ca_pem, material.ca_from = pem(found), names
        material.troubles += _expired(names, found, material)


def _agree(material: Material, read_so_far: dict[str, tuple[str, list[x509.Certificate]]]) -> None:
    kinds = {names: fingerprints(pem(found)) for names, (_, found) in read_so_far.items()}
    if len(set(kinds.values())) > 1:
        text = f"{' and '.join(kinds)} hold different CA certificates"
        material.troubles.append(Trouble("settings-disagree", text))


def _expired(
    names: str, found: Sequence[x509.Certificate], material: Material
) -> Iterator[Trouble]:
    now = datetime.now(timezone.utc)
    over = [one for one in found if one.not_valid_after_utc <= now]
    if over and len(over) == len(found):
        end = max(one.not_valid_after_utc for one in over)
        yield Trouble("ca-expired", f"{names}: expired on {end:%Y-%m-%d}")
    elif over:
        text = f"{names}: {len(over)} of {len(found)} CA certificates have expired"
        material.remarks.append(Remark("D02", text))


def _decoded(text: str) -> bytes:
    if text.lstrip().startswith(MARK):
        raise UnusableError("invalid", "holds PEM as it is, not base64 of it")
    try:
        return b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise UnusableError("invalid", "is no base64") from None


def _by_value(places: Iterable[Place]) -> Iterator[tuple[str, Place]]:
    """Each value once, with all names that have it."""
    names: dict[str, list[str]] = {}
    for place in places:
        names.setdefault(place.value, []).append(place.variable)
    for value, who in names.items():
        yield " and ".join(who), Place(who[0], value)


def client_pair(
    material: Material, pairs: Sequence[tuple[Place | None, Place | None]], base: Path
) -> None:
    """Reads the client's certificate and key, the first pair of those that name one."""
    given = [pair for pair in pairs if pair[0] or pair[1]]
    seen: set[tuple[str, str]] = set()
    for certificate, key in given:
        values = (certificate.value if certificate else "", key.value if key else "")
        if values in seen:
            continue
        seen.add(values)
        found = _pair(material, certificate, key, base)
        if found and not material.client_cert_pem:
            material.client_cert_pem, material.client_key_pem = found


def _pair(
    material: Material, certificate: Place | None, key: Place | None, base: Path
) -> tuple[str, str] | None:
    if certificate is None or key is None:
        there = certificate or key
        what = "key" if key is None else "certificate"
        name = there.variable if there else ""
        text = f"{name} is given, and no {what} belongs to it"
        material.troubles.append(Trouble("client-pair-missing", text))
        return None
    texts: list[bytes] = []
    for place in (certificate, key):
        try:
            data, path = read(place, base)
        except UnusableError as error:
            where = shown(place, base)
            text = f"{place.variable}: {error}"
            material.troubles.append(Trouble("client-pair-missing", text, where))
            return None
        texts.append(data)
        if path is not None:
            secret = place is key
            material.files.append(LocalFile(str(path), secret=secret, variable=place.variable))
            if secret:
                material.troubles += key_mode(path)
    troubles = [*pair_troubles(certificate.variable, key.variable, *texts)]
    material.troubles += troubles
    if any(trouble.problem == "client-pair-missing" for trouble in troubles):
        return None
    return texts[0].decode(), texts[1].decode()


def key_mode(path: Path) -> Iterator[Trouble]:
    """A trouble where others than its owner can read a private key."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        yield Trouble("key-readable-by-others", f"its mode is {mode:04o}", str(path))


def pair_troubles(
    certificate_name: str, key_name: str, certificate: bytes, key: bytes
) -> Iterator[Trouble]:
    """Troubles of a client's certificate and key: unusable, expired, not belonging together."""
    try:
        leaf = authorities(certificate)[0]
    except UnusableError as error:
        yield Trouble("client-pair-missing", f"{certificate_name}: {error}")
        return
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except TypeError:
        yield Trouble("client-pair-missing", f"{key_name}: the key is encrypted")
        return
    except (ValueError, UnsupportedAlgorithm):
        yield Trouble("client-pair-missing", f"{key_name}: is no PEM of a private key")
        return
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if leaf.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        text = f"{key_name} does not belong to {certificate_name}"
        yield Trouble("client-pair-mismatch", text)
    end = leaf.not_valid_after_utc
    if end <= datetime.now(timezone.utc):
        text = f"{certificate_name}: expired on {end:%Y-%m-%d}"
        yield Trouble("client-certificate-expired", text)
