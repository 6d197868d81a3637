"""From what an application is given to what the doctor looks at.

A URL, environment variables, a `.env` file, or the contract of a stack become a `Given`. Whatever
is wrong with them becomes a `Trouble` in it (D01, D02): only where there is nothing at all to look
at is `NothingGivenError` raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

from secure_redis.connection import Auth, Connection, TlsVerify
from secure_redis.rendering.env import prefix_of
from secure_redis.rendering.errors import RenderingError

from .certificate_files import MARK, Material, Place, client_pair, pair_troubles, trusted
from .endpoint import NO_STACK, Declared, Endpoint, Given, LocalFile
from .variables import (
    LONG_ENOUGH,
    PLACEHOLDER,
    Collected,
    NothingGivenError,
    Reading,
    authorities,
    chosen,
    client_certificate,
    compare,
    endpoint,
    judge_databases,
    url_reading,
    verification,
)

__all__ = [
    "NothingGivenError",
    "OwnFiles",
    "from_connection",
    "from_env",
    "from_env_file",
    "from_url",
]


@dataclass(frozen=True)
class OwnFiles:
    """Files that are named to the doctor itself, in place of those that the application reads."""

    ca: str = ""
    """Path of the CA certificates."""
    cert: str = ""
    """Path of the client's certificate."""
    key: str = ""
    """Path of its private key."""

    @property
    def pair(self) -> bool:
        """Whether there is a client's certificate or key."""
        return bool(self.cert or self.key)

    def read(self, material: Material) -> None:
        """Reads what there is of them."""
        here = Path.cwd()
        if self.ca:
            trusted(material, [Place("--ca", self.ca)], None, here)
        certificate = Place("--cert", self.cert) if self.cert else None
        client_pair(material, [(certificate, Place("--key", self.key) if self.key else None)], here)


@dataclass(frozen=True)
class Asked:
    """What is to be read, and beside what."""

    values: Mapping[str, str] = field(repr=False)
    """Secret. Variables by name."""
    prefix: str
    base: Path
    own: OwnFiles
    declared: Declared
    subject: str


def from_url(
    text: str,
    *,
    own: OwnFiles = OwnFiles(),
    declared: Declared = NO_STACK,
    subject: str = "standard input",
) -> Given:
    """What a URL alone says. Raises NothingGivenError for empty text."""
    if not text.strip():
        raise NothingGivenError("there is no URL")
    collected = Collected()
    asked = Asked({}, "", Path.cwd(), own, declared, subject)
    return _given(asked, [url_reading("the URL", text.strip("\r\n"), collected)], collected)


def from_env(
    values: Mapping[str, str],
    base: Path,
    *,
    prefix: str = "",
    own: OwnFiles = OwnFiles(),
    declared: Declared = NO_STACK,
    subject: str = "environment",
) -> Given:
    """What environment variables say, of any dialect. Relative paths begin at `base`.

    `prefix` stands before the names, as in CACHE_REDIS_URL. Raises NothingGivenError where no
    Redis is named.
    """
    values = {name: text for name, text in values.items() if text.strip()}
    try:
        prefix = prefix_of(prefix)
    except RenderingError as error:
        raise NothingGivenError(str(error)) from None
    collected = Collected()
    readings = chosen(values, prefix, collected)
    compare(readings, collected)
    return _given(Asked(values, prefix, base, own, declared, subject), readings, collected)


def from_env_file(
    path: Path,
    *,
    prefix: str = "",
    own: OwnFiles = OwnFiles(),
    declared: Declared = NO_STACK,
) -> Given:
    """What a `.env` file says, read as python-dotenv reads it.

    Nothing of the process's own environment is mixed in. Raises NothingGivenError where it cannot
    be read or names no Redis.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - for such files only

    try:
        with path.open(encoding="utf-8") as file:
            values = dotenv_values(stream=file, interpolate=False)
    except UnicodeDecodeError:
        raise NothingGivenError(f"{path} is no text") from None
    except OSError as error:
        raise NothingGivenError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    found = {name: text for name, text in values.items() if text is not None}
    base = path.absolute().parent
    try:
        given = from_env(found, base, prefix=prefix, own=own, declared=declared, subject=str(path))
    except NothingGivenError as error:
        raise NothingGivenError(f"{path}: {error}") from None
    file = LocalFile(str(path.absolute()), secret=True)
    return replace(given, files=(file, *given.files))


def from_connection(
    connection: Connection, declared: Declared, *, own: OwnFiles = OwnFiles()
) -> Given:
    """What a stack exports for one cache."""
    collected = Collected()
    found = Endpoint.of(connection)
    _judge_password(found, collected)
    if found.tls and found.tls_verify is TlsVerify.NONE:
        collected.trouble("verification-off", "the contract says tls_verify none")
        found = replace(found, tls_verify=TlsVerify.FULL)
    material = Material()
    own.read(material)
    _inline(connection, own, material)
    if found.tls:
        found = _with(found, material, system_too=False)
    subject = f"{declared.cache} of stack {declared.stack}" if declared.stack else "connection"
    return Given(
        subject=subject,
        endpoint=found,
        problems=(*collected.troubles, *(material.troubles if found.tls else [])),
        remarks=tuple(material.remarks),
        files=tuple(material.files),
        declared=declared,
        secrets=frozenset(collected.secrets),
    )


def _given(asked: Asked, readings: Sequence[Reading], collected: Collected) -> Given:
    """What the readings of one endpoint and the certificates beside them come to."""
    values, prefix = asked.values, asked.prefix
    found = endpoint(values, readings, prefix, collected)
    if any(one.problem in _UNREAD for one in collected.troubles):
        # One cause: what cannot be read agrees with nothing either, and is no place to go to.
        found = None
        collected.troubles = [one for one in collected.troubles if one.problem in _UNREAD]
    material = Material()
    if found:
        _judge_password(found, collected)
        judge_databases(values, readings, prefix, collected)
    if found and found.tls:
        found = _verifying(found, asked, readings, collected)
        asked.own.read(material)
        where = values, readings, prefix, asked.base, material
        if not asked.own.pair:
            client_certificate(*where)
        system_too = authorities(*where) if not asked.own.ca else False
        found = _with(found, material, system_too=system_too)
    return Given(
        subject=asked.subject,
        endpoint=found,
        problems=(*collected.troubles, *material.troubles),
        remarks=(*collected.remarks, *material.remarks),
        variables=tuple(dict.fromkeys(one.name for one in readings)),
        files=tuple(material.files),
        declared=asked.declared,
        secrets=frozenset(collected.secrets),
    )


_UNREAD = ("url-unreadable", "setting-unreadable")


def _inline(connection: Connection, own: OwnFiles, material: Material) -> None:
    """Reads the certificates in a contract, but for those that others stand in for."""
    if connection.ca_pem and not own.ca:
        text = connection.ca_pem if MARK in connection.ca_pem else f"{MARK}{connection.ca_pem}"
        trusted(material, [Place("ca_pem", text)], None, Path.cwd())
    certificate, key = connection.client_cert_pem, connection.client_key_pem
    if (certificate or key) and not own.pair:
        material.troubles += pair_troubles(
            "client_cert_pem", "client_key_pem", certificate.encode(), key.encode()
        )
        material.client_cert_pem, material.client_key_pem = certificate, key


def _with(found: Endpoint, material: Material, *, system_too: bool) -> Endpoint:
    return replace(
        found,
        ca_pem=material.ca_pem,
        system_ca_too=system_too,
        client_cert_pem=material.client_cert_pem,
        client_key_pem=material.client_key_pem,
    )


def _judge_password(found: Endpoint, collected: Collected) -> None:
    if found.auth is not Auth.PASSWORD or not found.password:
        return
    if PLACEHOLDER.fullmatch(found.password):
        collected.trouble("password-placeholder", "it reads like an example's")
    elif len(found.password) < LONG_ENOUGH:
        collected.trouble("password-weak", f"it has {len(found.password)} characters")


def _verifying(
    found: Endpoint, asked: Asked, readings: Sequence[Reading], collected: Collected
) -> Endpoint:
    """The endpoint with what is to be verified: all, unless names cannot be compared."""
    off, no_names = verification(asked.values, readings, asked.prefix)
    own = asked.declared.connection
    if own is not None and own.tls_verify is TlsVerify.FULL:
        off, no_names = [*off, *no_names], []
    if off:
        collected.trouble("verification-off", ", ".join(off))
    elif no_names:
        if own is None and not _is_address(found.host):
            collected.trouble("names-not-compared", ", ".join(no_names))
        return replace(found, tls_verify=TlsVerify.CA)
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
