"""Who gets in: at servers that are really started, and at old ones and proxies by script."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from secure_redis.connection import Auth
from secure_redis.doctor import tls
from secure_redis.doctor.checkup import Options
from secure_redis.doctor.endpoint import Declared, Given
from secure_redis.doctor.examine import identity
from secure_redis.doctor.report import Status
from secure_redis.doctor.run import diagnose

from .issued import Issued, authority, issue, rsa_key
from .scripted import OK, PASSWORD, SKIPPED, bulk, checkup_of, only, said, scripted
from .started import (
    GOOD_CIPHERS,
    answering,
    closing,
    listener,
    openssl_server,
    redis,
    silent,
)

CA = authority()
SERVER = issue("server", CA, names=("localhost", "127.0.0.1"))
FOR_CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH,)
CLIENT = issue("client", CA, purposes=FOR_CLIENTS)
STRANGER = issue("client", authority("Another CA"), purposes=FOR_CLIENTS)

NOBODY = "user default off"
APP = f"user app on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info"
NEGATIVE = Options(negative=True)


@contextmanager
def server(*settings: str, own: Issued | None = None) -> Iterator[int]:
    with redis(own, *settings, ca=CA) as port:
        yield port


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    """As it should be, in the clear."""
    with server(NOBODY, APP) as port:
        yield port


@pytest.fixture(scope="module")
def opened() -> Iterator[int]:
    """Without any password."""
    with server() as port:
        yield port


class TestClientCertificate:
    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    def test_one_that_is_asked_for_and_was_not_given(self, version: str) -> None:
        with server("tls-auth-clients yes", f"tls-protocols {version}", own=SERVER) as port:
            for _ in range(5):
                checkup = checkup_of(port, tls=True, ca_pem=CA.pem)
                assert said(identity.client_certificate, checkup) == "client-certificate-required"
                assert checkup.learned.agreed is None

    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    def test_one_that_lets_in_while_nobody_else_gets_in(self, version: str) -> None:
        with server("tls-auth-clients yes", f"tls-protocols {version}", own=SERVER) as port:
            checkup = checkup_of(port, **_mutual(CLIENT))
            assert said(identity.client_certificate, checkup) == OK
        assert [one.attempt for one in checkup.learned.refusals] == [
            "connection without a client certificate"
        ]
        assert checkup.learned.agreed is not None
        assert checkup.learned.agreed.version == version

    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    def test_one_of_another_ca_is_refused(self, version: str) -> None:
        with server("tls-auth-clients yes", f"tls-protocols {version}", own=SERVER) as port:
            checkup = checkup_of(port, **_mutual(STRANGER))
            assert said(identity.client_certificate, checkup) == "client-certificate-refused"

    @pytest.mark.parametrize("setting", ["no", "optional"])
    def test_declared_and_not_asked_for(self, setting: str) -> None:
        with server(f"tls-auth-clients {setting}", own=SERVER) as port:
            checkup = checkup_of(port, **_mutual(CLIENT))
            assert said(identity.client_certificate, checkup) == "client-certificate-not-asked"

    def test_none_is_needed(self) -> None:
        with server(NOBODY, APP, own=SERVER) as port:
            checkup = checkup_of(port, tls=True, ca_pem=CA.pem)
            assert said(identity.client_certificate, checkup) == OK
        assert checkup.learned.agreed is not None
        assert checkup.learned.agreed.cipher in {"TLS_AES_256_GCM_SHA384", *GOOD_CIPHERS.split(":")}

    def test_ciphers_that_applications_do_not_offer(self) -> None:
        weak = "tls-ciphers AES128-SHA:@SECLEVEL=0", "tls-protocols TLSv1.2"
        by_rsa = issue("server", CA, names=("localhost", "127.0.0.1"), key=rsa_key())
        with server(*weak, own=by_rsa) as port:
            checkup = checkup_of(port, tls=True, ca_pem=CA.pem)
            with tls.handshake(checkup.connect(), tls.lenient(checkup.endpoint), "") as stream:
                assert isinstance(stream, tls.TlsStream)
                checkup.learned.looked = stream.agreed
            assert said(identity.client_certificate, checkup) == "tls-refused"

    def test_without_tls_there_is_none(self, guarded: int) -> None:
        assert said(identity.client_certificate, checkup_of(guarded)) == SKIPPED


class TestWithoutPassword:
    def test_refused(self, guarded: int) -> None:
        checkup = checkup_of(guarded)
        assert said(identity.without_password, checkup) == OK
        assert not checkup.learned.open
        assert [one.answer for one in checkup.learned.refusals] == [
            "-NOAUTH Authentication required."
        ]

    def test_a_server_without_a_password(self, opened: int) -> None:
        checkup = checkup_of(opened)
        assert said(identity.without_password, checkup) == "no-password"
        assert checkup.learned.open

    def test_one_that_the_stack_declares_so(self, opened: int) -> None:
        declared = Declared(settings={"mode": "none"})
        checkup = checkup_of(opened, password="", auth=Auth.NONE, declared=declared)
        assert said(identity.without_password, checkup) == "no-password-declared"

    @pytest.mark.parametrize(
        ("rules", "found"),
        [("-@all", OK), ("-@all +get ~*", "no-password"), ("-ping +info", "no-password")],
    )
    def test_a_default_user_without_password_that_may_little(self, rules: str, found: str) -> None:
        with server(f"user default on nopass {rules}", APP) as port:
            assert said(identity.without_password, checkup_of(port)) == found

    @pytest.mark.parametrize(
        ("answer", "found"),
        [
            (b"-LOADING Redis is loading the dataset in memory\r\n", "no-password"),
            (b"-MISCONF Errors writing to the AOF file\r\n", "no-password"),
            (b"-DENIED Redis is running in protected mode because ...\r\n", "protected-mode"),
            (b"-ERR max number of clients reached\r\n", SKIPPED),
            (b"-ERR operation not permitted\r\n", OK),
            (b"-ERR who are you\r\n", "info"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not-redis"),
        ],
    )
    def test_other_answers(self, answer: bytes, found: str) -> None:
        with listener(answering(answer)) as port:
            assert said(identity.without_password, checkup_of(port)) == found


class TestWrongPassword:
    def test_is_not_tried_unless_asked_for(self) -> None:
        with scripted(lambda _: b"+OK\r\n") as (port, heard):
            assert said(identity.wrong_password, checkup_of(port)) == SKIPPED
        assert heard == []

    def test_refused(self, guarded: int) -> None:
        checkup = checkup_of(guarded, options=NEGATIVE)
        assert said(identity.wrong_password, checkup) == OK
        assert [one.attempt for one in checkup.learned.refusals] == ["login with a wrong password"]

    def test_accepted(self) -> None:
        with server(NOBODY, "user app on nopass ~* +@all") as port:
            assert (
                said(identity.wrong_password, checkup_of(port, options=NEGATIVE)) == "any-password"
            )

    def test_a_server_without_passwords_is_another_checks_matter(self, opened: int) -> None:
        checkup = checkup_of(opened, username="default", options=NEGATIVE)
        assert said(identity.wrong_password, checkup) == SKIPPED

    def test_the_given_password_is_never_a_part_of_it(self) -> None:
        with scripted(lambda _: b"-ERR wrong number of arguments for 'auth'\r\n") as (port, heard):
            only(identity.wrong_password, checkup_of(port, options=NEGATIVE))
        assert [words[0] for words in heard] == ["PING", "AUTH", "AUTH"]
        assert PASSWORD not in repr(heard)


class TestLogin:
    def test_as_the_application(self, guarded: int) -> None:
        checkup = checkup_of(guarded)
        found = only(identity.login, checkup)
        assert (found.status, found.observed) == (Status.OK, "logged in as app, RESP3")
        assert checkup.learned.user == "app"
        assert checkup.learned.hello["server"] == "redis"
        with _kept(checkup) as session:
            assert session.ask("PING") == "PONG"

    @pytest.mark.parametrize("rename", ["HELLO", "ACL"])
    def test_where_a_command_was_taken_away(self, rename: str) -> None:
        with server(NOBODY, APP, f'rename-command {rename} ""') as port:
            checkup = checkup_of(port)
            found = only(identity.login, checkup)
        assert found.status is Status.OK
        assert found.facts["protocol"] == {"HELLO": "RESP2", "ACL": "RESP3"}[rename]

    @pytest.mark.parametrize(
        "changes",
        [{"password": "wrong"}, {"username": "nobody"}, {"username": ""}, {"username": "default"}],
    )
    def test_refused(self, guarded: int, changes: dict[str, str]) -> None:
        checkup = checkup_of(guarded, **changes)
        assert said(identity.login, checkup) == "wrong-password"
        assert checkup.learned.session is None

    def test_the_default_user_without_a_name(self) -> None:
        with server(f"requirepass {PASSWORD}") as port:
            checkup = checkup_of(port, username="")
            assert said(identity.login, checkup) == OK
        assert checkup.learned.user == "default"

    def test_no_password_where_one_is_needed(self, guarded: int) -> None:
        assert said(identity.login, checkup_of(guarded, password="")) == "password-missing"

    def test_no_password_where_none_is_needed(self, opened: int) -> None:
        checkup = checkup_of(opened, password="", username="", auth=Auth.NONE)
        assert said(identity.login, checkup) == OK
        assert checkup.learned.session is not None

    def test_an_open_server_has_one_failure_and_is_looked_at_further(self, opened: int) -> None:
        checkup = checkup_of(opened)
        assert said(identity.without_password, checkup) == "no-password"
        assert said(identity.login, checkup) == SKIPPED
        with _kept(checkup) as session:
            assert session.ask("PING") == "PONG"

    def test_a_wrong_password_beside_an_open_door_is_told(self) -> None:
        with server("user default on nopass ~* +@all", APP) as port:
            checkup = checkup_of(port, password="wrong")
            only(identity.without_password, checkup)
            assert said(identity.login, checkup) == "wrong-password"

    def test_a_token_that_was_not_given(self) -> None:
        with scripted(lambda _: b"+OK\r\n") as (port, heard):
            checkup = checkup_of(port, password="", auth=Auth.IDENTITY)
            assert said(identity.login, checkup) == "token-missing"
        assert heard == []

    def test_somebody_else(self) -> None:
        def proxy(words: list[str]) -> bytes:
            return {
                "HELLO": b"%1\r\n+server\r\n+redis\r\n",
                "ACL": bulk("pool"),
            }[words[0]]

        with scripted(proxy) as (port, _):
            assert said(identity.login, checkup_of(port)) == "another-user"


class TestOldServersAndProxies:
    """By the words of their sources."""

    def test_a_server_before_6_and_a_url_without_user(self) -> None:
        with scripted(old_server(PASSWORD)) as (port, heard):
            checkup = checkup_of(port, username="")
            found = only(identity.login, checkup)
        assert found.status is Status.OK
        assert found.facts["protocol"] == "RESP2"
        assert [words[0] for words in heard] == ["HELLO", "AUTH", "ACL"]

    def test_a_server_before_6_and_a_url_with_a_user(self) -> None:
        with scripted(old_server(PASSWORD)) as (port, _):
            assert said(identity.login, checkup_of(port)) == "login-without-users"

    def test_a_server_before_6_and_a_wrong_password(self) -> None:
        with scripted(old_server("another")) as (port, _):
            assert said(identity.login, checkup_of(port, username="")) == "wrong-password"

    def test_a_server_before_6_without_a_password(self) -> None:
        with scripted(old_server("")) as (port, _):
            assert said(identity.login, checkup_of(port, username="")) == OK

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            b"-NOPROTO unsupported protocol version\r\n",
            b"-ERR unknown command\r\n",
            b"+OK\r\n",
        ],
    )
    def test_a_proxy_that_knows_no_hello(self, answer: bytes | None) -> None:
        def proxy(words: list[str]) -> bytes | None:
            if words[0] == "HELLO":
                return answer
            return (
                b"+OK\r\n"
                if words[:3] == ["AUTH", "app", PASSWORD]
                else b"-ERR unknown command\r\n"
            )

        with scripted(proxy) as (port, _):
            checkup = checkup_of(port)
            assert said(identity.login, checkup) == OK
            assert checkup.learned.session is not None

    @pytest.mark.parametrize(
        ("answer", "found"),
        [
            (b"-ERR max number of clients reached\r\n", SKIPPED),
            (b"-DENIED Redis is running in protected mode\r\n", SKIPPED),
            (b"-WRONGPASS invalid or missing auth token\r\n", "wrong-password"),
            (b"-ERR invalid password\r\n", "wrong-password"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not-redis"),
        ],
    )
    def test_what_else_answers(self, answer: bytes, found: str) -> None:
        with listener(answering(answer)) as port:
            assert said(identity.login, checkup_of(port)) == found

    def test_what_hangs_up(self) -> None:
        with listener(closing) as port:
            assert said(identity.login, checkup_of(port)) == "no-answer"


def test_a_server_that_hangs_is_waited_for_once() -> None:
    with listener(silent) as port:
        checkup = checkup_of(port)
        started = time.monotonic()
        assert said(identity.without_password, checkup) == SKIPPED
        assert said(identity.login, checkup) == "no-answer"
    assert time.monotonic() - started < 3.5


def test_a_server_that_hangs_after_the_handshake_is_one_failure_in_time() -> None:
    with openssl_server(SERVER) as port:
        endpoint = checkup_of(port, tls=True, ca_pem=CA.pem).endpoint
        report = diagnose(Given("a test", endpoint), Options(negative=True, other_ports=()))
    bad = [one for one in report.findings if one.status is Status.FAILED]
    assert [(one.check, one.problem) for one in bad if one.check != "D09"] == [("D13", "no-answer")]
    assert report.seconds < 10
    assert report.server == ""


def test_a_password_that_is_no_text_is_sent_as_it_is() -> None:
    secret = b"\xff\xfe-not-utf-8".decode("utf-8", "surrogateescape")
    with listener(_expecting(b"\xff\xfe-not-utf-8")) as port:
        assert said(identity.login, checkup_of(port, password=secret)) == OK
        assert said(identity.login, checkup_of(port, password="\ud800")) == "wrong-password"


def test_a_sentinel_has_a_password_and_no_user() -> None:
    with server(f"requirepass {PASSWORD}") as port:
        checkup = checkup_of(port, sentinel_service="cache")
        found = only(identity.login, checkup)
    assert (found.status, checkup.learned.user) == (Status.OK, "default")


def old_server(password: str) -> Any:
    """Redis 5."""

    def answer(words: list[str]) -> bytes:
        if words[0] in {"HELLO", "ACL"}:
            given = "".join(f"`{one}`, " for one in words[1:])
            return (
                f"-ERR unknown command `{words[0]}`, with args beginning with: {given}\r\n".encode()
            )
        if words[0] != "AUTH":
            return b"+PONG\r\n"
        if len(words) != 2:
            return b"-ERR wrong number of arguments for 'auth' command\r\n"
        if not password:
            return b"-ERR Client sent AUTH, but no password is set\r\n"
        return b"+OK\r\n" if words[1] == password else b"-ERR invalid password\r\n"

    return answer


def _expecting(password: bytes) -> Any:
    def behave(one: Any) -> None:
        while data := one.recv(4096):
            if b"HELLO" in data:
                one.sendall(b"-ERR unknown command\r\n")
            else:
                one.sendall(b"+OK\r\n" if password in data else b"-WRONGPASS no\r\n")

    return behave


def _mutual(pair: Issued) -> dict[str, Any]:
    return {
        "tls": True,
        "ca_pem": CA.pem,
        "client_cert_pem": pair.pem,
        "client_key_pem": pair.key_pem,
    }


def _kept(checkup: Any) -> Any:
    assert checkup.learned.session is not None
    return checkup.learned.session
