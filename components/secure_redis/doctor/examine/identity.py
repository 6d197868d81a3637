"""Who gets in, and who does not: client certificates, no password, a wrong one, the right one."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Any

from secure_redis.connection import Auth
from secure_redis.doctor import tls
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.endpoint import Endpoint
from secure_redis.doctor.protocol import (
    ProtocolError,
    Reply,
    ServerError,
    Session,
    mapping,
    printable,
    said,
)
from secure_redis.doctor.wire import Closed, Silent, WireError

DEFAULT = "default"
"""The user that a client which names none logs in as."""

UNANSWERED = "the server did not answer a PING in time"

CROWDED = "the server takes no more clients: see memory and connections"
"""Said by all checks that meet it but the one that it is a problem of."""

CERTIFICATE_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
    "TLSV1_ALERT_DECRYPT_ERROR", "TLSV1_ALERT_DECODE_ERROR",
}  # fmt: skip
"""Alerts by which a server refuses a client's certificate, or that there is none."""

EITHER_WAY = "SSLV3_ALERT_HANDSHAKE_FAILURE"
"""The alert for want of a client certificate with TLS 1.2, and for want of a common cipher."""

PARTING = 1.0
"""Seconds to wait for an alert: it follows the handshake at once."""

BEHIND_THE_DOOR = {"LOADING", "MASTERDOWN", "BUSY", "MISCONF", "CLUSTERDOWN", "READONLY", "OOM"}
"""Errors that a server gives only to those whom it has let in."""


def client_certificate(checkup: Checkup) -> Iterator[Verdict]:
    """D10: connects without a client certificate, and with the one that was given.

    Only after the handshake it shows: with TLS 1.3 a server refuses a client when the client
    believes itself in. Keeps the handshake's facts in `learned.agreed`.
    """
    endpoint = checkup.endpoint
    if not endpoint.tls:
        yield skipped("no TLS")
        return
    try:
        with checkup.converse() as session:
            stream = session.stream
            answer = session.ask("PING")
    except Silent as error:
        checkup.learned.silent = True
        yield skipped(str(error))
        return
    except (tls.HandshakeRefused, Closed) as error:
        yield _not_let_in(checkup, _parting(checkup, tls.strict(endpoint), error))
        return
    if isinstance(stream, tls.TlsStream):
        checkup.learned.agreed = stream.agreed
    if not endpoint.mutual:
        yield good("clients need no certificate, as declared", answer=said(answer))
        return
    without = tls.lenient(replace(endpoint, client_cert_pem="", client_key_pem=""))
    try:
        under = tls.handshake(checkup.connect(), without, endpoint.verified_name)
        with Session(under, checkup.learned.errors) as session:
            answer = session.ask("PING")
    except (tls.HandshakeRefused, Closed) as error:
        seen = str(_parting(checkup, without, error))
        checkup.refused("connection without a client certificate", seen)
        yield good("the client certificate lets us in, and without one nobody gets in", answer=seen)
        return
    yield bad(
        "client-certificate-not-asked",
        f"a client that shows no certificate is answered: {said(answer)}",
    )


def _parting(checkup: Checkup, context: SSLContext, error: WireError) -> WireError:
    """The alert by which a server breaks off, where it was overtaken by the end of the connection.

    What we send after the handshake crosses the alert on its way, and the connection is reset: so
    this sends nothing and listens.
    """
    if isinstance(error, tls.HandshakeRefused):
        return error
    try:
        name = checkup.endpoint.verified_name
        with tls.handshake(checkup.connect(), context, name) as stream:
            stream.receive(seconds=PARTING)
    except tls.HandshakeRefused as alert:
        return alert
    except WireError:
        pass
    return error


def _not_let_in(checkup: Checkup, error: WireError) -> Verdict:
    """What it means that the server breaks off after a handshake that succeeded before."""
    endpoint, looked = checkup.endpoint, checkup.learned.looked
    if not (isinstance(error, tls.HandshakeRefused) and error.reason in CERTIFICATE_ALERTS):
        return skipped(f"the server breaks off after the handshake: {error}")
    if endpoint.mutual:
        return bad("client-certificate-refused", str(error))
    if error.reason == EITHER_WAY and looked is not None and not looked.asked:
        # Without a certificate the lenient handshake went through: it is for want of a cipher.
        return bad("tls-refused", f"with the ciphers of an application: {error}")
    return bad("client-certificate-required", str(error))


def without_password(checkup: Checkup) -> Iterator[Verdict]:
    """D11: sends PING, and what it may need, before any login."""
    if checkup.learned.silent:
        yield skipped(UNANSWERED)
        return
    try:
        answer = _stranger(checkup)
    except ProtocolError as error:
        yield bad("not-redis", str(error))
    except Silent as error:
        checkup.learned.silent = True
        yield skipped(str(error))
    else:
        yield _received(checkup, answer)


def _received(checkup: Checkup, answer: Reply) -> Verdict:
    """How a server receives somebody who has not logged in."""
    if isinstance(answer, ServerError):
        if crowded(answer):
            return skipped(CROWDED)
        if answer.code == "DENIED":
            return bad("protected-mode", said(answer))
        if denied(answer):
            checkup.refused("PING before any login", said(answer))
            return good(f"refused: {said(answer)}")
        if answer.code not in BEHIND_THE_DOOR:
            return noted(f"an answer that is neither a refusal nor a welcome: {said(answer)}")
    checkup.learned.open = True
    seen = f"the answer to a client that has not logged in: {said(answer)}"
    return bad("no-password-declared" if declared_open(checkup) else "no-password", seen)


def _stranger(checkup: Checkup) -> Reply:
    """The answer to somebody who has not logged in."""
    with checkup.converse() as session:
        answer = session.ask("PING")
        if isinstance(answer, ServerError) and answer.code == "NOPERM":
            # The default user has no password, and may not PING: may it do anything?
            more = (session.ask("INFO", "server"), session.ask("GET", "doctor"))
            answer = next((one for one in more if not denied(one)), answer)
    return answer


def wrong_password(checkup: Checkup) -> Iterator[Verdict]:
    """D12: logs in with a random password, with `negative` only."""
    if not checkup.options.negative:
        yield skipped("only with --negative: a refused login raises alarms")
        return
    user = checkup.endpoint.username or DEFAULT
    with checkup.converse() as session:
        before = session.ask("PING")
        if isinstance(before, ServerError) and crowded(before):
            yield skipped(CROWDED)
            return
        if user == DEFAULT and not (isinstance(before, ServerError) and denied(before)):
            yield skipped("the server asks for no password at all")
            return
        invented = secrets.token_urlsafe(32)
        answer = session.ask_secret("AUTH", user, invented)
        if isinstance(answer, ServerError) and answer.says("wrong number of arguments"):
            answer = session.ask_secret("AUTH", invented)
    if isinstance(answer, ServerError):
        checkup.refused("login with a wrong password", said(answer))
        yield good(f"refused: {said(answer)}")
    else:
        yield bad("any-password", f"user {user} got in with a password made up by chance")


def login(checkup: Checkup) -> Iterator[Verdict]:
    """D13: logs in, and asks the server who it takes us for. Keeps the conversation."""
    endpoint, learned = checkup.endpoint, checkup.learned
    if endpoint.auth is Auth.IDENTITY and not endpoint.password:
        yield bad("token-missing", "clients log in with a token, and none was given")
        return
    if learned.silent:
        # It was waited for once: the time is needed for the checks behind.
        yield bad("no-answer", UNANSWERED)
        return
    try:
        entered, endpoint = _entered(checkup)
    except EntryError as error:
        yield _no_entry(checkup, error)
    except ProtocolError as error:
        yield bad("not-redis", str(error))
    except WireError as error:
        yield bad("no-answer", str(error))
    else:
        learned.session, learned.hello = entered.session, entered.hello
        learned.user = _whoami(entered.session)
        yield _recognised(endpoint, learned.user, entered)


def _no_entry(checkup: Checkup, error: "EntryError") -> Verdict:
    """What it means that the login did not succeed."""
    learned = checkup.learned
    if not error.problem:
        return skipped(error.observed)
    if not (learned.open and _no_such_user(checkup)):
        return bad(error.problem, error.observed)
    # One cause, one failure: a server without a password has no such user either.
    entered = open_entry(checkup.converse)
    learned.session, learned.hello = entered.session, entered.hello
    learned.user = _whoami(entered.session) or DEFAULT
    return skipped("the server has no such user, and asks nobody for a password")


def _entered(checkup: Checkup) -> tuple["Entered", Endpoint]:
    """A conversation, and as whom; a Sentinel often has a password and no users of its own."""
    endpoint = checkup.endpoint
    try:
        return enter(checkup.converse, endpoint), endpoint
    except EntryError as error:
        if error.problem != "wrong-password" or not endpoint.sentinel_service:
            raise
    endpoint = replace(endpoint, username=DEFAULT)
    return enter(checkup.converse, endpoint), endpoint


@dataclass(frozen=True)
class Entered:
    """A conversation after the login."""

    session: Session
    hello: Mapping[str, Any]
    """The answer to HELLO; empty where the server has none, and RESP2 is spoken."""

    @property
    def dialect(self) -> str:
        """RESP3 or RESP2."""
        return "RESP3" if self.hello else "RESP2"


class EntryError(Exception):
    """The login did not succeed. `problem` is empty where another check tells of it."""

    def __init__(self, problem: str, observed: str) -> None:
        super().__init__(observed)
        self.problem = problem
        self.observed = observed


def enter(converse: Callable[[], Session], endpoint: Endpoint) -> Entered:
    """A new conversation, logged in: with HELLO 3, else, as with old servers and proxies, AUTH.

    `converse` makes a verified connection. Raises EntryError or WireError.
    """
    if not endpoint.password:
        return open_entry(converse)
    session = converse()
    with _closed_on_error(session):
        hello = _hello(session, endpoint)
    if hello:
        return Entered(session, hello)
    # Anew: some proxies hang up on a command that they do not know.
    session.close()
    session = converse()
    with _closed_on_error(session):
        _authenticate(session, endpoint)
    return Entered(session, {})


def _hello(session: Session, endpoint: Endpoint) -> Mapping[str, Any]:
    """The answer to HELLO with a login; empty where the server knows no such command."""
    user = endpoint.username or DEFAULT
    try:
        answer: Reply = session.ask_secret("HELLO", "3", "AUTH", user, endpoint.password)
    except (Closed, ProtocolError):
        return {}
    if isinstance(answer, ServerError) and (refused := _refusal(answer)):
        raise refused
    return mapping(answer)


def _authenticate(session: Session, endpoint: Endpoint) -> None:
    """AUTH as clients of RESP2 send it. Raises EntryError."""
    words = (endpoint.username, endpoint.password) if endpoint.username else (endpoint.password,)
    answer: Reply = session.ask_secret("AUTH", *words)
    if not isinstance(answer, ServerError):
        if answer != "OK":
            raise EntryError("wrong-password", "the answer to AUTH is none of a Redis")
        return
    if refused := _refusal(answer):
        raise refused
    if answer.says("wrong number of arguments"):
        raise EntryError("login-without-users", said(answer))
    if answer.says("no password is configured"):
        # It lets everybody in, which is another check's finding.
        if isinstance(session.ask("PING"), ServerError):
            raise EntryError("wrong-password", said(answer))
        return
    raise EntryError("wrong-password", said(answer))


def _refusal(answer: ServerError) -> EntryError | None:
    """What an error says about the login itself; None where it is about the command."""
    if crowded(answer):
        return EntryError("", CROWDED)
    if answer.code == "DENIED":
        return EntryError("", "the server is in protected mode")
    if answer.code == "WRONGPASS" or answer.says("invalid password"):
        return EntryError("wrong-password", said(answer))
    return None


def open_entry(converse: Callable[[], Session]) -> Entered:
    """A conversation without a login. Raises EntryError where the server wants one."""
    session = converse()
    with _closed_on_error(session):
        return Entered(session, _unasked(session))


def _unasked(session: Session) -> Mapping[str, Any]:
    """The answer to HELLO without a login. Raises EntryError where the server wants one."""
    if hello := mapping(session.ask("HELLO", "3")):
        return hello
    answer: Reply = session.ask("PING")
    if isinstance(answer, ServerError):
        if refused := _refusal(answer):
            raise refused
        if denied(answer):
            raise EntryError("password-missing", said(answer))
    return {}


@contextmanager
def _closed_on_error(session: Session) -> Iterator[None]:
    try:
        yield
    except BaseException:
        session.close()
        raise


def _recognised(endpoint: Endpoint, user: str, entered: Entered) -> Verdict:
    expected = (endpoint.username or DEFAULT) if endpoint.password else DEFAULT
    if not endpoint.password:
        return good(f"no login is needed, {entered.dialect}", protocol=entered.dialect)
    if not user:
        return good(
            f"the login works, {entered.dialect}; the server does not say who we are",
            protocol=entered.dialect,
        )
    if user != expected:
        return bad("another-user", f"logged in as {expected}, and taken for {user}")
    return good(f"logged in as {user}, {entered.dialect}", protocol=entered.dialect, user=user)


def _whoami(session: Session) -> str:
    """Who the server says we are; empty where it does not say."""
    answer = session.ask("ACL", "WHOAMI")
    return printable(answer) if isinstance(answer, str) else ""


def _no_such_user(checkup: Checkup) -> bool:
    """Whether a server that asks for no password says that it has no such user."""
    user = checkup.endpoint.username or DEFAULT
    with suppress(WireError), checkup.converse() as session:
        users = session.ask("ACL", "USERS")
        return isinstance(users, list) and user not in users
    return False


def declared_open(checkup: Checkup) -> bool:
    """Whether the stack declares that the server asks for no password."""
    declared = checkup.given.declared
    mode = getattr(declared.settings.get("mode"), "value", declared.settings.get("mode"))
    return mode == "none" or (
        declared.connection is not None and declared.connection.auth is Auth.NONE
    )


def crowded(answer: ServerError) -> bool:
    """Whether the server refuses the connection because it has too many."""
    return answer.says("max number of clients")


def denied(answer: Reply) -> bool:
    """Whether the server refuses a client that has not logged in."""
    return isinstance(answer, ServerError) and (
        answer.code in {"NOAUTH", "NOPERM", "DENIED", "WRONGPASS"}
        or answer.says("operation not permitted", "authentication required")
    )
