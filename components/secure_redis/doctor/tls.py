"""TLS handshakes: as clients do them, and such that a server ought to refuse.

Python's ssl module does the work: what it accepts and says is what redis-py meets.
"""

import os
import ssl
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .endpoint import Endpoint
from .wire import Closed, Stream, WireError, in_time, milliseconds, told

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: dates are judged apart from the chain."""

PARTIAL_CHAIN = 0x80000
"""OpenSSL's X509_V_FLAG_PARTIAL_CHAIN: what is trusted need not be a root."""

EVERYTHING = "ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"
"""Cipher string that accepts whatever the library still has, and comes with a certificate."""

NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "UNEXPECTED_MESSAGE",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
}
"""OpenSSL's reasons for bytes that are no TLS at all."""


class NotTls(WireError):  # noqa: N818 - names say what happened
    """What came back is no TLS."""


class HandshakeRefused(WireError):  # noqa: N818 - names say what happened
    """The peer sent an alert, or an answer that cannot be accepted. `reason` is OpenSSL's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason.replace("_", " ").lower())
        self.reason = reason


class NotVerified(WireError):  # noqa: N818 - names say what happened
    """The certificate did not pass. `code` is OpenSSL's X509_V_ERR number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unreadable(WireError):  # noqa: N818 - names say what happened
    """What the server sent as a certificate is none."""


class Unusable(WireError):  # noqa: N818 - names say what happened
    """A CA, client certificate or key that Python's ssl does not take."""


@dataclass(frozen=True)
class Agreed:
    """What a handshake came to."""

    version: str
    cipher: str
    bits: int
    milliseconds: float
    chain: tuple[x509.Certificate, ...]
    """As the server sent them, its own first."""
    asked: bool = False
    """Whether the server ended the handshake because it was shown no client certificate. Only with
    TLS 1.2 and before; with TLS 1.3 it says so when the handshake is over."""


class TlsStream(Stream):
    """A TLS connection over a stream; the same operations.

    They raise HandshakeRefused too: with TLS 1.3 a server refuses a client after the handshake.
    """

    def __init__(self, under: Stream, agreed: Agreed, wrapped: ssl.SSLSocket) -> None:
        super().__init__(wrapped, under.deadline)
        self.agreed = agreed

    def failure(self, error: OSError) -> Exception:
        """As for a stream; HandshakeRefused for an alert, since TLS 1.3 refuses late."""
        return in_time(tls_error(error), self.deadline)


def lenient(endpoint: Endpoint | None = None) -> ssl.SSLContext:
    """Accepts every version, suite and certificate: for looking, never for sending a secret.

    Shows the endpoint's client certificate, if one is given. Raises Unusable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(EVERYTHING)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    # What OpenSSL 3 refuses otherwise, and such old servers do.
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    if endpoint:
        identify(context, endpoint)
    return context


def chain_only(endpoint: Endpoint) -> ssl.SSLContext:
    """Verifies the chain by the endpoint's CA, and neither dates, names nor strengths.

    Raises Unusable.
    """
    context = lenient(endpoint)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= NO_CHECK_TIME
    trust(context, endpoint)
    return context


def chain_strictly(endpoint: Endpoint) -> ssl.SSLContext:
    """As `chain_only`, by the letter of RFC 5280: what Python from 3.13 on does by default."""
    context = chain_only(endpoint)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def names_too(endpoint: Endpoint, own: x509.Certificate) -> ssl.SSLContext:
    """Compares the name with the SAN extension, never the common name, and nothing else.

    The server's own certificate is trusted for that, so that no fault of the chain is in the way.
    """
    context = lenient(endpoint)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= NO_CHECK_TIME | PARTIAL_CHAIN
    context.load_verify_locations(cadata=own.public_bytes(Encoding.DER))
    context.hostname_checks_common_name = False
    context.check_hostname = True
    return context


def strict(endpoint: Endpoint) -> ssl.SSLContext:
    """As an application with default settings connects: the one over which a password may go.

    With `tls_verify: ca` the name is not compared. Raises Unusable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The default, unless the machine's OpenSSL is configured to take less.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = endpoint.tls_verify == "full"
    trust(context, endpoint)
    identify(context, endpoint)
    return context


def trust(context: ssl.SSLContext, endpoint: Endpoint) -> None:
    """Trusts the endpoint's CA, the system's, or both. Raises Unusable."""
    try:
        if endpoint.ca_pem:
            context.load_verify_locations(cadata=endpoint.ca_pem)
        if endpoint.system_ca_too or not endpoint.ca_pem:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    except (OSError, ValueError):
        raise Unusable("the CA certificates cannot be read") from None


def identify(context: ssl.SSLContext, endpoint: Endpoint) -> None:
    """Shows the endpoint's client certificate, if it has one. Raises Unusable."""
    if not endpoint.mutual:
        return
    # Python's ssl reads a key from a file only: one that no other user can read, for a moment.
    descriptor, path = tempfile.mkstemp(prefix="secure-redis-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{endpoint.client_key_pem}\n{endpoint.client_cert_pem}")
        # An encrypted key would be asked for on the terminal.
        context.load_cert_chain(path, password=lambda: b"")
    except (OSError, ValueError):
        raise Unusable("the client's certificate and key cannot be used") from None
    finally:
        Path(path).unlink()


def handshake(under: Stream, context: ssl.SSLContext, server_name: str) -> TlsStream:
    """A handshake over a fresh connection. The name is sent as SNI unless it is an address.

    Raises Silent, Closed, NotTls, HandshakeRefused, NotVerified or Unreadable.
    """
    started = time.perf_counter()
    under.socket.settimeout(under.deadline.step())
    try:
        wrapped = context.wrap_socket(under.socket, server_hostname=server_name or None)
    except (OSError, ValueError) as error:
        under.close()
        raise in_time(tls_error(error), under.deadline) from None
    took = milliseconds(started)
    try:
        chain = certificates(sent(wrapped))
    except Unreadable:
        wrapped.close()
        raise
    cipher, version, bits = wrapped.cipher() or ("", "", 0)
    agreed = Agreed(wrapped.version() or version, cipher, bits or 0, took, chain)
    return TlsStream(under, agreed, wrapped)


def certificates(chain: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """Certificates from DER. Raises Unreadable."""
    try:
        read = tuple(map(x509.load_der_x509_certificate, chain))
        # The library reads the fields when they are asked for.
        for one in read:
            _ = one.subject, one.issuer, one.not_valid_before_utc, one.not_valid_after_utc
    except ValueError:
        raise Unreadable("the server sent a certificate that cannot be read") from None
    return read


def sent(wrapped: ssl.SSLSocket) -> Sequence[bytes]:
    """All certificates that the server sent, DER."""
    public: Any = getattr(wrapped, "get_unverified_chain", None)
    if public:
        return public()
    # Python 3.10 to 3.12 have it under this name only.
    inner: Any = getattr(wrapped, "_sslobj", None)
    chain = inner.get_unverified_chain() or ()
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain]


def tls_error(error: OSError | ValueError) -> WireError:
    """An error of the ssl module in our own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotVerified(error.verify_code, error.verify_message)
    if isinstance(error, ssl.SSLError):
        return _library_error(error)
    if isinstance(error, ValueError):
        return HandshakeRefused("unusable server name")
    return told(error)


def _library_error(error: ssl.SSLError) -> WireError:
    reason = error.reason or "unknown"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "UNEXPECTED_EOF" in reason:
        return Closed("the server closed the connection")
    if reason in NOT_TLS or reason.startswith("HTTP"):
        return NotTls("what came back is no TLS")
    return HandshakeRefused(reason)
