"""What else is open: the same port in the clear, and other ports of the host."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.doctor.checkup import Checkup, Options
from secure_redis.doctor.endpoint import Endpoint
from secure_redis.doctor.examine import surface, wire
from secure_redis.doctor.protocol import Session
from secure_redis.doctor.report import Status
from secure_redis.doctor.wire import Refused

from . import started
from .examined import checkup, prepared, problems, run
from .issued import authority, issue

CA = authority()
OWN = issue("server", CA, names=["localhost", "127.0.0.1"])


def at(port: int, **more: Any) -> Endpoint:
    return Endpoint("127.0.0.1", port, **{"tls": True, "ca_pem": CA.pem, **more})


def reached(port: int, *others: int) -> Checkup:
    """An examination that has come to a connection."""
    found = checkup(at(port), options=Options(other_ports=others))
    found.learned.addresses = [*prepared(at(port)).learned.addresses]
    run(wire.accepts, found)
    return found


# --- D14 ------------------------------------------------------------------------------------


def test_d14_tls_only() -> None:
    with started.redis(OWN, ca=CA) as port:
        found = prepared(at(port))
        [verdict] = run(surface.plaintext, found)
    assert verdict.status is Status.OK
    [refusal] = found.learned.refusals
    assert refusal.attempt == "PING in the clear on the TLS port"
    assert refusal.answer in ("the server reset the connection", "a TLS alert")


@pytest.mark.parametrize(
    "answer",
    [
        b"+PONG\r\n",
        b"-NOAUTH Authentication required.\r\n",
        b"-ERR max number of clients reached\r\n",
        b"-DENIED Redis is running in protected mode because...\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-NOPERM this user has no permissions to run the 'ping' command\r\n",
    ],
)
def test_d14_a_redis_in_the_clear(answer: bytes) -> None:
    with started.listener(started.answering(answer)) as port:
        found = reached_plainly(port)
        assert problems(run(surface.plaintext, found)) == ["plaintext-on-tls-port"]
    assert found.learned.refusals == []


def reached_plainly(port: int) -> Checkup:
    """As `reached`, without a handshake."""
    from ipaddress import ip_address

    found = checkup(at(port))
    found.learned.addresses = [ip_address("127.0.0.1")]
    run(wire.accepts, found)
    return found


@pytest.mark.parametrize(
    ("behave", "seen"),
    [
        (started.answering(b"\x15\x03\x01\x00\x02\x02\x0a"), "a TLS alert"),
        (started.answering(b"HTTP/1.1 400 Bad Request\r\n"), "HTTP/1.1 400 Bad Request"),
        (started.answering(b"\x1b[2J\xff\x00bell\x07\r\n"), "?[2J??bell?"),
        (started.answering(b"\r\n"), ""),
        (started.answering(b"+PONGO\r\n"), "+PONGO"),
        (started.closing, "the server"),
        (started.silent, "no answer in time"),
    ],
)
def test_d14_other_answers_are_refusals(
    behave: Callable[[socket.socket], object], seen: str
) -> None:
    with started.listener(behave) as port:
        found = reached_plainly(port)
        before = time.monotonic()
        [verdict] = run(surface.plaintext, found)
        assert time.monotonic() - before < 3
    assert verdict.status is Status.OK
    assert seen in verdict.observed
    assert len(found.learned.refusals) == 1


def test_d14_a_server_that_went_away_has_refused_nothing() -> None:
    with started.listener(started.closing) as port:
        found = reached_plainly(port)
    with pytest.raises(Refused):
        run(surface.plaintext, found)
    assert found.learned.refusals == []


def test_d14_without_tls() -> None:
    [verdict] = run(surface.plaintext, checkup(at(1, tls=False)))
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, "no TLS")


@given(st.binary(max_size=600))
def test_what_is_shown_of_an_answer_can_be_printed(answer: bytes) -> None:
    text = surface.shown(answer)
    assert text.isprintable()
    assert text.isascii()
    assert len(text) <= 60


def test_an_error_is_an_answer() -> None:
    assert surface.shown(Refused("there: connection refused")) == "there: connection refused"
    assert not surface.speaks_redis(Refused("+PONG"))


# --- D15 ------------------------------------------------------------------------------------


def test_the_ports_are_those_of_the_clouds() -> None:
    assert set(Options().other_ports) == {6379, 6380, 6378, 10000}


def test_d15_nothing_else_is_open() -> None:
    closed = started.free_port()
    with started.redis(OWN, ca=CA) as port:
        found = reached(port, closed)
        [verdict] = run(surface.other_ports, found)
    assert verdict.status is Status.OK
    assert str(closed) in verdict.observed
    [refusal] = found.learned.refusals
    assert refusal.attempt == f"PING in the clear to 127.0.0.1:{closed}"
    assert refusal.answer == "connection refused"


@pytest.mark.parametrize("lines", [(), ("requirepass something-long",)])
def test_d15_the_plain_port_is_still_open(
    lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surface, "THIS_MACHINE", ())
    plain = started.free_port()
    with started.redis(OWN, f"port {plain}", *lines, ca=CA) as port:
        found = reached(port, plain)
        [verdict] = run(surface.other_ports, found)
    assert verdict.problem == "plaintext-port-open"
    assert verdict.where == f"127.0.0.1:{plain}"


def test_d15_its_own_port_is_left_out() -> None:
    with started.redis(OWN, ca=CA) as port:
        [verdict] = run(surface.other_ports, reached(port, port))
    assert verdict.status is Status.SKIPPED


def test_d15_another_port_in_tls_is_in_order() -> None:
    with started.redis(OWN, ca=CA) as port, started.redis(OWN, ca=CA) as other:
        found = reached(port, other)
        [verdict] = run(surface.other_ports, found)
    assert verdict.status is Status.OK
    assert len(found.learned.refusals) == 1


def test_d15_something_else_is_noted() -> None:
    web = started.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with started.redis(OWN, ca=CA) as port, started.listener(web) as other:
        verdicts = run(surface.other_ports, reached(port, other))
    assert [one.status for one in verdicts] == [Status.INFO, Status.OK]


def logged_in(found: Checkup) -> Checkup:
    found.learned.session = found.converse()
    return found


def test_d15_another_redis_of_this_machine_is_none_of_this_one() -> None:
    with started.redis(OWN, ca=CA) as port, started.redis(None) as other:
        found = logged_in(reached(port, other))
        verdicts = run(surface.other_ports, found)
        assert found.learned.session
        found.learned.session.close()
    assert problems(verdicts) == []
    assert verdicts[0].status is Status.INFO
    assert "another Redis" in verdicts[0].observed


def test_d15_this_very_redis_is_recognized() -> None:
    plain = started.free_port()
    with started.redis(OWN, f"port {plain}", ca=CA) as port:
        found = logged_in(reached(port, plain))
        assert problems(run(surface.other_ports, found)) == ["plaintext-port-open"]
        assert isinstance(found.learned.session, Session)
        found.learned.session.close()


def test_d15_whoever_cannot_be_told_is_a_failure_but_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a password on the other Redis nothing tells that it is another one."""
    with started.redis(OWN, ca=CA) as port, started.redis(None, "requirepass long-enough") as other:
        found = logged_in(reached(port, other))
        near = run(surface.other_ports, found)
        monkeypatch.setattr(surface, "THIS_MACHINE", ())
        far = run(surface.other_ports, found)
    assert [verdict.status for verdict in near] == [Status.INFO]
    assert problems(far) == ["plaintext-port-open"]


def test_d15_dropped_packets_are_a_refusal_and_do_not_take_long() -> None:
    with started.redis(OWN, ca=CA) as port, started.dropping() as one, started.dropping() as two:
        found = reached(port, one, two)
        before = time.monotonic()
        [verdict] = run(surface.other_ports, found)
        assert time.monotonic() - before < 2.5
    assert verdict.status is Status.OK
    assert {one.answer for one in found.learned.refusals} == {"no answer in time"}


def test_d15_without_tls() -> None:
    [verdict] = run(surface.other_ports, checkup(at(1, tls=False)))
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, "no TLS")
