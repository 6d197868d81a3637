"""ClientHellos of our own making: offers one TLS version and some suites, and reads the answer.

What a server accepts must not depend on what this machine's OpenSSL can still offer: distributions
remove RC4, 3DES, SSL 3.0 and TLS 1.0, and Python cannot offer a single suite of TLS 1.3. Nothing is
sent after the ClientHello; a server has chosen, or refused, by then.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import ip_address
from types import MappingProxyType

from .suites import name
from .tls import NotTls
from .wire import Stream, WireError


class Version(IntEnum):
    """Protocol versions as they go over the wire."""

    SSL3 = 0x0300
    TLS10 = 0x0301
    TLS11 = 0x0302
    TLS12 = 0x0303
    TLS13 = 0x0304


NAMES = MappingProxyType(
    {
        Version.SSL3: "SSLv3",
        Version.TLS10: "TLSv1",
        Version.TLS11: "TLSv1.1",
        Version.TLS12: "TLSv1.2",
        Version.TLS13: "TLSv1.3",
    }
)
"""OpenSSL's names of the versions."""

ALERTS = MappingProxyType(
    {
        0: "close notify", 10: "unexpected message", 20: "bad record mac", 22: "record overflow",
        40: "handshake failure", 42: "bad certificate", 43: "unsupported certificate",
        44: "certificate revoked", 45: "certificate expired", 46: "certificate unknown",
        47: "illegal parameter", 48: "unknown ca", 49: "access denied", 50: "decode error",
        51: "decrypt error", 70: "protocol version", 71: "insufficient security",
        80: "internal error", 86: "inappropriate fallback", 109: "missing extension",
        110: "unsupported extension", 112: "unrecognized name", 116: "certificate required",
        120: "no application protocol",
    }
)  # fmt: skip
"""Descriptions of alerts (RFC 8446, section 6)."""

ALERT, HANDSHAKE = 21, 22
FATAL = 2
MAJOR = 3
SUPPORTED_VERSIONS = 43
SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_REQUEST, DONE = 2, 11, 12, 13, 14

HEADER, PREFIX, ALERT_SIZE = 5, 4, 2
"""Bytes before a record's content, before a handshake message's, and in an alert."""

GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102)
"""x25519, P-256, P-384, P-521, ffdhe2048 to 4096."""

SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
    0x0401, 0x0501, 0x0601, 0x0402, 0x0203, 0x0201, 0x0202, 0x0301, 0x0303, 0x0101,
)  # fmt: skip
"""Every algorithm for signatures, the old ones too: what is asked is which suites are accepted."""

LONGEST = 1 << 18
"""Bytes after which an answer is none: a chain of certificates has a few thousand."""


class Declined(WireError):  # noqa: N818 - names say what happened
    """The server answered the ClientHello with an alert."""


@dataclass(frozen=True)
class Choice:
    """What a server chose from an offer."""

    version: Version
    suite: int
    """Number of the cipher suite."""
    chain: tuple[bytes, ...] = ()
    """The certificates, DER, its own first; TLS 1.3 does not show them."""
    asks_certificate: bool = False
    """Whether it asks for a client certificate; TLS 1.3 does not show it."""
    prime_bits: int = 0
    """Size of the Diffie-Hellman prime; 0 with other key exchanges."""


def offer(stream: Stream, server_name: str, version: Version, suites: Iterable[int]) -> Choice:
    """Offers one version and these suites, alone, and reads what the server chooses.

    With TLS 1.2 and before the server must have gone on to the end of its part: some choose a
    suite and find then that they cannot do it. Raises Declined, NotTls, Silent or Closed.
    """
    stream.send(client_hello(server_name, version, tuple(suites)))
    answer = _Answer()
    while not answer.complete:
        answer.feed(stream.receive())
    return answer.choice()


def client_hello(server_name: str, version: Version, suites: Sequence[int]) -> bytes:
    """A whole record with a ClientHello."""
    new = version is Version.TLS13
    body = b"".join(
        (
            _number(min(version, Version.TLS12), 2),
            os.urandom(32),
            _counted(os.urandom(32) if new else b"", 1),
            _counted(
                b"".join(_number(suite, 2) for suite in (*suites, *(() if new else (0xFF,)))), 2
            ),
            _counted(b"\0", 1),  # no compression
            b"" if version is Version.SSL3 else _counted(_extensions(server_name, version), 2),
        )
    )
    handshake = b"\x01" + _counted(body, 3)
    return b"\x16" + _number(min(version, Version.TLS10), 2) + _counted(handshake, 2)


def _extensions(server_name: str, version: Version) -> bytes:
    def extension(number: int, content: bytes) -> bytes:
        return _number(number, 2) + _counted(content, 2)

    def listed(numbers: Iterable[int]) -> bytes:
        return _counted(b"".join(_number(one, 2) for one in numbers), 2)

    found = [extension(10, listed(GROUPS)), extension(11, _counted(b"\0", 1)), extension(23, b"")]
    if named(server_name):
        found.append(extension(0, _counted(b"\0" + _counted(_encoded(server_name), 2), 2)))
    if version >= Version.TLS12:
        found.append(extension(13, listed(SIGNATURES)))
    if version is Version.TLS13:
        # Any 32 bytes are a public key of x25519; nobody is going to use it.
        share = _number(GROUPS[0], 2) + _counted(os.urandom(32), 2)
        found += [
            extension(SUPPORTED_VERSIONS, _counted(_number(version, 2), 1)),
            extension(45, _counted(b"\1", 1)),
            extension(51, _counted(share, 2)),
        ]
    return b"".join(found)


def named(server: str) -> bool:
    """Whether it is a name: addresses are not sent as SNI."""
    try:
        ip_address(server)
    except ValueError:
        return bool(server)
    return False


def _encoded(name: str) -> bytes:
    try:
        return name.encode("idna")
    except UnicodeError:  # a label of more than 63 letters, say
        return name.encode()


@dataclass
class _Answer:
    """A server's answer as far as it has come in."""

    records: bytes = b""
    messages: bytes = b""
    complete: bool = False
    size: int = 0
    read: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > LONGEST:
            raise NotTls("what came back is no TLS")
        self.records += data
        while len(self.records) >= HEADER and not self.complete:
            kind, major = self.records[0], self.records[1]
            if kind not in (ALERT, HANDSHAKE) or major != MAJOR:
                raise NotTls("what came back is no TLS")
            length = int.from_bytes(self.records[3:HEADER], "big")
            if len(self.records) < HEADER + length:
                break
            content, self.records = (
                self.records[HEADER : HEADER + length],
                self.records[HEADER + length :],
            )
            if kind == ALERT:
                self._alert(content)
            else:
                self.messages += content
                self._messages()
        # Something else than TLS need not be five bytes long.
        if self.records and self.records[0] not in (ALERT, HANDSHAKE) and not self.complete:
            raise NotTls("what came back is no TLS")

    def _alert(self, content: bytes) -> None:
        if len(content) != ALERT_SIZE:
            raise NotTls("what came back is no TLS")
        # A warning is no refusal, unless it says goodbye.
        if content[0] == FATAL or content[1] == 0:
            raise Declined(f"alert: {ALERTS.get(content[1], f'number {content[1]}')}")

    def _messages(self) -> None:
        while len(self.messages) >= PREFIX and not self.complete:
            kind, length = self.messages[0], int.from_bytes(self.messages[1:PREFIX], "big")
            if len(self.messages) < PREFIX + length:
                return
            self.read[kind] = self.messages[PREFIX : PREFIX + length]
            self.messages = self.messages[PREFIX + length :]
            if kind == DONE or (kind == SERVER_HELLO and self._version is Version.TLS13):
                self.complete = True

    @property
    def _version(self) -> Version:
        return self.choice().version

    def choice(self) -> Choice:
        """What the messages say. Raises NotTls for what no server may send."""
        try:
            return self._choice()
        except (IndexError, ValueError):
            raise NotTls("what came back is no TLS") from None

    def _choice(self) -> Choice:
        hello = _Bytes(self.read.get(SERVER_HELLO, b""))
        version = Version(hello.number(2))
        hello.take(32)
        hello.counted(1)
        suite = hello.number(2)
        hello.number(1)
        if hello.left:
            extensions = _Bytes(hello.counted(2))
            while extensions.left:
                number, content = extensions.number(2), extensions.counted(2)
                if number == SUPPORTED_VERSIONS:
                    version = Version(int.from_bytes(content, "big"))
        return Choice(
            version=version,
            suite=suite,
            chain=_certificates(self.read.get(CERTIFICATE)),
            asks_certificate=CERTIFICATE_REQUEST in self.read,
            prime_bits=_prime_bits(suite, self.read.get(KEY_EXCHANGE)),
        )


def _certificates(message: bytes | None) -> tuple[bytes, ...]:
    if message is None:
        return ()
    found: list[bytes] = []
    rest = _Bytes(_Bytes(message).counted(3))
    while rest.left:
        found.append(rest.counted(3))
    return tuple(found)


def _prime_bits(suite: int, message: bytes | None) -> int:
    if message is None or not name(suite).startswith(("DHE-", "ADH-", "EXP-DHE-", "EXP-ADH-")):
        return 0
    return int.from_bytes(_Bytes(message).counted(2), "big").bit_length()


@dataclass
class _Bytes:
    """Reads one field after the other. Raises IndexError at the end."""

    rest: bytes

    @property
    def left(self) -> bool:
        return bool(self.rest)

    def take(self, length: int) -> bytes:
        if len(self.rest) < length:
            raise IndexError
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def counted(self, size: int) -> bytes:
        return self.take(self.number(size))


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def _counted(content: bytes, size: int) -> bytes:
    return _number(len(content), size) + content
