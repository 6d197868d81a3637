"""From a name to a handshake: resolver, TCP, ClientHello, and what can go wrong on the way."""

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import Any

import pytest
from secure_redis.connection import Connection
from secure_redis.doctor import deadline, tls, wire
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.deadline import Deadline, OutOfTime
from secure_redis.doctor.endpoint import Declared, Endpoint
from secure_redis.doctor.examine import name
from secure_redis.doctor.examine import wire as examined
from secure_redis.doctor.report import Status

from . import started
from .examined import checkup, prepared, problems, run
from .issued import authority, issue, rsa_key

LOOPBACK = ip_address("127.0.0.1")
CA = authority()
OWN = issue("server", CA, names=["localhost", "127.0.0.1", "::1"], key=rsa_key())


def at(port: int, host: str = "127.0.0.1", **more: Any) -> Endpoint:
    return Endpoint(host, port, **{"tls": True, "ca_pem": CA.pem, **more})


def over(seconds: float = 0.2) -> Deadline:
    return Deadline(time.monotonic() + seconds)


# --- time -----------------------------------------------------------------------------------


def test_a_step_takes_three_seconds_at_most() -> None:
    assert deadline.STEP == 3
    assert Deadline().step() == 3
    assert Deadline().step(1.5) == 1.5


def test_a_step_takes_no_more_than_is_left() -> None:
    assert 0 < over(0.5).step() <= 0.5


def test_there_is_no_step_after_the_end() -> None:
    ended = over(-1)
    assert ended.over
    with pytest.raises(OutOfTime):
        ended.step()


def test_the_whole_ends_before_ten_seconds() -> None:
    assert Deadline().ends - time.monotonic() < 10


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "[::1]", "10.1.2.3"])
def test_an_address_is_its_own(text: str) -> None:
    assert wire.resolve(text, Deadline()) == [ip_address(text.strip("[]"))]


def test_a_name_is_looked_up() -> None:
    assert LOOPBACK in wire.resolve("localhost", Deadline())


def test_addresses_come_once_and_in_the_order_of_the_resolver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [(0, 0, 0, "", (one, 0)) for one in ("10.0.0.2", "fe80::1%eth0", "10.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    found = wire.resolve("two", Deadline())
    assert [*map(str, found)] == ["10.0.0.2", "fe80::1"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "", "a" * 64 + ".x", "a..b", "a\0b"])
def test_what_is_no_name_is_said_so(host: str) -> None:
    with pytest.raises(wire.UnknownName):
        wire.resolve(host, Deadline())


def test_a_resolver_without_an_answer_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait(5) and [])
    with pytest.raises(wire.SlowName):
        wire.resolve("slow", over())
    hanging.set()


def test_a_resolver_that_cannot_reach_its_servers_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", again)
    with pytest.raises(wire.SlowName, match="Temporary failure"):
        wire.resolve("name", Deadline())


def test_d03_keeps_the_addresses() -> None:
    found = checkup(at(1, "localhost"))
    [verdict] = run(name.resolves, found)
    assert verdict.status is Status.OK
    assert LOOPBACK in found.learned.addresses
    assert "127.0.0.1" in verdict.facts["addresses"]  # type: ignore[operator]


def test_d03_unknown_name() -> None:
    assert problems(run(name.resolves, checkup(at(1, "nowhere.invalid")))) == ["name-unknown"]


def test_d03_slow_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise wire.SlowName("no answer")

    monkeypatch.setattr(name, "resolve", slow)
    assert problems(run(name.resolves, checkup(at(1, "slow")))) == ["name-slow"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", ["address-public"]),
        ("2606:4700::1", ["address-public"]),
        ("10.0.0.1", []),
        ("172.16.0.1", []),
        ("100.64.0.1", []),
        ("fd00::1", []),
        ("169.254.0.1", []),
    ],
)
def test_d03_public_addresses(address: str, expected: list[str]) -> None:
    assert problems(run(name.resolves, checkup(at(6380, address)))) == expected


def test_d03_public_addresses_are_usual_for_the_services_of_others() -> None:
    connection = Connection(
        target="external",
        engine="redis",
        host="8.8.8.8",
        port=1,
        tls=True,
        username="",
        password="",
    )
    found = checkup(at(6380, "8.8.8.8"), declared=Declared(connection=connection))
    [verdict] = run(name.resolves, found)
    assert verdict.status is Status.INFO


# --- TCP ------------------------------------------------------------------------------------


def place(port: int, address: str = "127.0.0.1") -> wire.Place:
    return wire.Place(ip_address(address), port)


def test_a_place_as_text() -> None:
    assert str(place(1)) == "127.0.0.1:1"
    assert str(place(1, "::1")) == "[::1]:1"


def test_a_connection_is_refused() -> None:
    with pytest.raises(wire.Refused, match=r"^127\.0\.0\.1:\d+: connection refused$"):
        wire.connect(place(started.free_port()), Deadline())


def test_a_connection_is_not_answered() -> None:
    with started.dropping() as port:
        before = time.monotonic()
        with pytest.raises(wire.Silent):
            wire.connect(place(port), Deadline(), 0.3)
        assert time.monotonic() - before < 2


def test_a_silence_when_all_time_is_used_up_is_our_own() -> None:
    with started.dropping() as port, pytest.raises(OutOfTime):
        wire.connect(place(port), over())


def test_there_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_family(*_: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", no_family)
    with pytest.raises(wire.Unreachable, match="Address family"):
        wire.connect(place(1, "2001:db8::1"), Deadline())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), wire.Silent),
        (OSError(110, "Connection timed out"), wire.Silent),
        (ConnectionRefusedError(111, "Connection refused"), wire.Refused),
        (ConnectionResetError(104, "reset"), wire.Closed),
        (BrokenPipeError(32, "pipe"), wire.Closed),
        (OSError(113, "No route to host"), wire.Unreachable),
        (OSError(101, "Network is unreachable"), wire.Unreachable),
        (PermissionError(13, "Permission denied"), wire.Unreachable),
    ],
)
def test_errors_in_our_own_words(error: OSError, kind: type[wire.WireError]) -> None:
    assert type(wire.told(error, "there")) is kind
    assert str(wire.told(error, "there")).startswith("there: ")


def test_what_comes_next_is_received() -> None:
    with (
        started.listener(started.answering(b"hello")) as port,
        wire.connect(place(port), Deadline()) as stream,
    ):
        stream.send(b"x")
        assert stream.receive() == b"hello"


def test_the_end_of_a_stream_is_said() -> None:
    with (
        started.listener(started.closing) as port,
        wire.connect(place(port), Deadline()) as stream,
        pytest.raises(wire.Closed),
    ):
        stream.receive()


def test_silence_is_said() -> None:
    with started.listener(started.silent) as port:
        with wire.connect(place(port), Deadline()) as stream, pytest.raises(wire.Silent):
            stream.receive(seconds=0.2)
        with wire.connect(place(port), over()) as stream, pytest.raises(OutOfTime):
            stream.receive()


def test_who_reads_nothing_does_not_stop_us() -> None:
    enough = threading.Event()
    with started.listener(lambda _: enough.wait(5) and None) as port:
        with wire.connect(place(port), over(0.5)) as stream, pytest.raises(OutOfTime):
            stream.send(b"x" * 50_000_000)
        enough.set()


# --- D04 ------------------------------------------------------------------------------------


def reaching(found_at: Endpoint, *addresses: str) -> Any:
    found = checkup(found_at)
    found.learned.addresses = [*map(ip_address, addresses)]
    return found


def test_d04_takes_the_first_address_that_answers() -> None:
    with started.listener(started.silent, "127.0.0.2") as port:
        found = reaching(at(port), "127.0.0.1", "127.0.0.2")
        verdicts = run(examined.accepts, found)
        assert str(found.learned.place) == f"127.0.0.2:{port}"
        # On loopback a refusal is known at once, and costs clients nothing.
        assert [one.status for one in verdicts] == [Status.OK, Status.INFO]


def test_d04_over_ipv6() -> None:
    with started.listener(started.silent, "::1") as port:
        found = reaching(at(port), "::1")
        assert problems(run(examined.accepts, found)) == []
        assert str(found.learned.place) == f"[::1]:{port}"


def test_d04_nothing_listens() -> None:
    found = reaching(at(started.free_port()), "127.0.0.1", "127.0.0.2")
    [verdict] = run(examined.accepts, found)
    assert verdict.problem == "port-refused"
    assert verdict.observed.count("connection refused") == 2
    assert found.learned.place is None


def test_d04_a_silent_address_beside_one_that_answers() -> None:
    with started.listener(started.silent, "127.0.0.2") as port:
        with socket.socket() as full, socket.socket() as first:
            full.bind(("127.0.0.3", port))
            full.listen(0)
            first.connect(("127.0.0.3", port))
            found = reaching(at(port), "127.0.0.3", "127.0.0.2")
            before = time.monotonic()
            verdicts = run(examined.accepts, found)
            assert time.monotonic() - before < 4
        assert problems(verdicts) == ["address-unreachable"]
        assert verdicts[1].where == f"127.0.0.3:{port}"
        assert verdicts[1].status is Status.WARNING


@pytest.mark.parametrize(
    ("errors", "problem"),
    [
        ([wire.Silent("a")], "port-silent"),
        ([wire.Silent("a"), wire.Refused("b")], "port-refused"),
        ([wire.Closed("a")], "port-refused"),
        ([wire.Unreachable("a"), wire.Silent("b")], "port-silent"),
        ([wire.Unreachable("a")], "host-unreachable"),
    ],
)
def test_d04_says_what_says_most(
    monkeypatch: pytest.MonkeyPatch, errors: list[wire.WireError], problem: str
) -> None:
    answers = {f"10.0.0.{number}": error for number, error in enumerate(errors, 1)}

    def failing(there: wire.Place, _: Deadline) -> None:
        raise answers[str(there.address)]

    monkeypatch.setattr(examined, "connect", failing)
    found = reaching(at(6380), *answers)
    [verdict] = run(examined.accepts, found)
    assert verdict.problem == problem
    assert PROBLEMS[problem].fatal


# --- D05 ------------------------------------------------------------------------------------


def to_d05(endpoint: Endpoint, **more: Any) -> tuple[Any, list[Any]]:
    found = checkup(endpoint, **more)
    run(name.resolves, found)
    run(examined.accepts, found)
    return found, run(examined.speaks_tls, found)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_d05_tls(host: str) -> None:
    with started.redis(OWN, ca=CA, host=host) as port:
        found, [verdict] = to_d05(at(port, host))
    assert verdict.status is Status.OK
    assert found.learned.looked.version == "TLSv1.3"
    assert found.learned.looked.chain[0] == OWN.certificate
    assert not found.learned.looked.asked


def test_d05_tls_with_whatever_is_wrong() -> None:
    """Versions, dates, names and CAs are for later: here it is TLS or not."""
    poor = issue("x", key=rsa_key(1024), ends=-rsa_days(1), begins=-rsa_days(2))
    with started.openssl_server(poor, "-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0") as port:
        found, verdicts = to_d05(at(port))
    assert problems(verdicts) == []
    assert found.learned.looked.version == "TLSv1"
    assert found.learned.looked.chain[0] == poor.certificate


def rsa_days(days: int) -> Any:
    return datetime.fromtimestamp(86400 * days, timezone.utc) - datetime.fromtimestamp(
        0, timezone.utc
    )


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("shown", [False, True])
def test_d05_a_server_that_wants_a_client_certificate_speaks_tls(version: str, shown: bool) -> None:
    client = issue("client", CA, purposes=[])
    pair = {"client_cert_pem": client.pem, "client_key_pem": client.key_pem}
    with started.redis(OWN, "tls-auth-clients yes", f"tls-protocols {version}", ca=CA) as port:
        found, verdicts = to_d05(at(port, **(pair if shown else {})))
    assert problems(verdicts) == []
    assert found.learned.looked.version == version
    assert found.learned.looked.chain[0] == OWN.certificate
    assert found.learned.looked.asked is (version == "TLSv1.2" and not shown)


def test_d05_a_plain_redis() -> None:
    with started.redis(None, "requirepass something-long") as port:
        _, [verdict] = to_d05(at(port))
    assert verdict.problem == "tls-not-spoken"
    assert "Redis answers in the clear" in verdict.observed


@pytest.mark.parametrize(
    ("behave", "problem"),
    [
        (started.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "tls-not-spoken"),
        (started.answering(b"-ERR unknown command\r\n"), "tls-not-spoken"),
        (started.answering(b"220 mail.example.com ESMTP\r\n"), "tls-not-spoken"),
        (started.answering(bytes(range(256))), "tls-not-spoken"),
        (started.answering(b"\x15\x03\x03\x00\x02\x02\x28"), "tls-refused"),
        (started.answering(b"\x15\x03\x03\x00\x02\x02\x46"), "tls-refused"),
        (started.closing, "tls-closed"),
        (lambda one: one.recv(5) and None, "tls-closed"),
    ],
)
def test_d05_other_answers(behave: Callable[[socket.socket], object], problem: str) -> None:
    with started.listener(behave) as port:
        _, verdicts = to_d05(at(port))
    assert problems(verdicts) == [problem]
    assert PROBLEMS[problem].fatal


def test_d05_no_answer() -> None:
    with started.listener(started.silent) as port:
        before = time.monotonic()
        _, verdicts = to_d05(at(port))
        assert time.monotonic() - before < 6
    assert problems(verdicts) == ["tls-hang"]


def test_d05_a_server_at_its_limit_of_clients() -> None:
    with started.redis(OWN, "maxclients 1", ca=CA) as port, held(port):
        found = reaching(at(port), "127.0.0.1")
        run(examined.accepts, found)
        assert problems(run(examined.speaks_tls, found)) == ["tls-closed"]


def held(port: int) -> socket.socket:
    """A connection that the server keeps; one that still counts the one before closes it."""
    while True:
        connected = socket.create_connection(("127.0.0.1", port))
        connected.settimeout(0.3)
        try:
            connected.recv(1)
        except TimeoutError:
            return connected
        except OSError:
            pass
        connected.close()


def test_d05_nothing_in_common() -> None:
    with started.openssl_server(OWN, "-tls1_2", "-cipher", "PSK:@SECLEVEL=0", "-psk", "00") as port:
        _, verdicts = to_d05(at(port))
    assert problems(verdicts) == ["tls-refused"]


@pytest.mark.parametrize(
    ("declared", "problem", "status"),
    [
        (Declared(), "tls-off", Status.FAILED),
        (Declared(settings={"mode": "tls"}), "tls-off", Status.FAILED),
        (Declared(settings={"mode": "password"}), "tls-off-declared", Status.WARNING),
        (Declared(settings={"mode": "none"}), "tls-off-declared", Status.WARNING),
    ],
)
def test_d05_without_tls(declared: Declared, problem: str, status: Status) -> None:
    with started.redis(None) as port:
        found, [verdict] = to_d05(at(port, tls=False), declared=declared)
    assert (verdict.problem, verdict.status) == (problem, status)
    assert not verdict.fatal
    assert found.learned.looked is None


def test_d05_the_s_was_forgotten() -> None:
    with started.redis(OWN, ca=CA) as port:
        _, [verdict] = to_d05(at(port, tls=False))
    assert verdict.problem == "tls-not-used"
    assert verdict.fatal


# --- handshakes -----------------------------------------------------------------------------


def test_a_certificate_that_cannot_be_read_is_no_traceback() -> None:
    with pytest.raises(tls.Unreadable):
        tls.certificates([b"\x30\x03\x02\x01\x01"])


def test_all_that_a_server_sends_is_kept() -> None:
    middle = issue("Middle CA", CA, ca=True)
    own = issue("server", middle, names=["localhost"])
    with started.redis(own, above=[middle], ca=CA) as port:
        found = prepared(at(port))
    assert found.learned.looked
    assert [*found.learned.looked.chain[:2]] == [own.certificate, middle.certificate]
