"""One command, one answer: whatever a peer sends, it is a reply or an error of ours."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.doctor import protocol
from secure_redis.doctor.checkup import Options
from secure_redis.doctor.deadline import Deadline, OutOfTime
from secure_redis.doctor.examine import function, health, identity, rights
from secure_redis.doctor.examine import protocol as examined
from secure_redis.doctor.protocol import ProtocolError, ServerError, Session, info, mapping, said
from secure_redis.doctor.wire import Closed, Silent, Stream, WireError

from .scripted import PASSWORD, array, bulk, checkup_of, scripted


@contextmanager
def pair(*parts: bytes, close: bool = True) -> Iterator[Session]:
    """A conversation with a peer that has sent these parts already."""
    ours, theirs = socket.socketpair()
    with theirs, Session(Stream(ours, Deadline())) as session:
        for part in parts:
            theirs.sendall(part)
        if close:
            theirs.shutdown(socket.SHUT_WR)
        yield session


def test_commands_go_out_as_the_protocol_has_them() -> None:
    with (
        scripted(lambda words: bulk(" ".join(words))) as (port, heard),
        Session(_connected(port)) as session,
    ):
        assert session.ask("SET", "a key", "über\r\n") == "SET a key über\r\n"
    assert heard == [["SET", "a key", "über\r\n"]]


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"+PONG\r\n", "PONG"),
        (b":7\r\n", 7),
        (b"$-1\r\n", None),
        (b"_\r\n", None),
        (b"#t\r\n", True),
        (b",1.5\r\n", 1.5),
        (b"=7\r\ntxt:one\r\n", "one"),
        (b"$3\r\n\xff\xfea\r\n", "\ufffd\ufffda"),
        (array(b":1\r\n", bulk("a")), [1, "a"]),
        (b"%1\r\n+server\r\n+redis\r\n", {"server": "redis"}),
        (b">2\r\n+invalidate\r\n*0\r\n+PONG\r\n", "PONG"),
    ],
)
def test_replies_of_both_versions_are_read(sent: bytes, reply: object) -> None:
    with pair(sent) as session:
        assert session.answer() == reply


def test_an_error_is_a_reply_and_is_counted() -> None:
    with pair(b"-NOAUTH Authentication required.\r\n", b"*1\r\n-ERR no\r\n") as session:
        reply = session.ask("PING")
        assert isinstance(reply, ServerError)
        assert (reply.code, said(reply)) == ("NOAUTH", "-NOAUTH Authentication required.")
        assert isinstance(session.answer()[0], ServerError)
        assert session.errors == ["NOAUTH"]


def test_an_error_is_one_short_printable_line() -> None:
    with pair(b"-\x1b[31mERR\x07 " + b"x" * 5000 + b"\r\n") as session:
        error = session.answer()
    assert error.code == "ERR"
    assert said(error).isprintable()
    assert len(said(error)) < 200


@given(st.text("ABCDEFGHIJKLMNOP '`\"", min_size=8, max_size=60))
def test_an_unknown_command_does_not_repeat_its_arguments(password: str) -> None:
    text = f"ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'app' '{password}"
    assert str(ServerError(text)) == "ERR unknown command 'HELLO'"


@given(st.sampled_from(["ERR", "WRONGPASS", "", "NOPROTO x"]), st.booleans())
def test_nothing_of_the_answer_to_a_login_is_kept(code: str, cut: bool) -> None:
    part = PASSWORD[: len(PASSWORD) // 2] if cut else PASSWORD
    with pair(f"-{code} you sent {part} and unknown command\r\n".encode()) as session:
        error = session.ask_secret("AUTH", "app", PASSWORD)
    assert part not in f"{error!r}{said(error)}"
    assert error.says("unknown command")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_a_peer_sends_is_a_reply_or_an_error_of_ours(data: bytes) -> None:
    with pair(data) as session:
        try:
            for _ in range(400):
                session.answer()
        except WireError:
            pass
        else:
            raise AssertionError("the peer closed, and nobody noticed")


HOSTILE = (
    b"%1\r\n%1\r\n+a\r\n+b\r\n+c\r\n",
    b"~1\r\n*1\r\n+a\r\n",
    b"*1\r\n" * 40 + b"+a\r\n",
    b"*99999999999\r\n",
    b"$99999999999999999999\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b":999999999999999999999999\r\n",
    b"(3492890328409238509324850943850943825024385\r\n",
)


@pytest.mark.parametrize("data", HOSTILE)
def test_hostile_answers_are_no_answers_of_a_redis(data: bytes) -> None:
    with pair(data) as session:
        try:
            reply = session.answer()
        except WireError:
            with pytest.raises(Closed):
                session.ask("PING")
        else:
            assert isinstance(reply, int | str | list)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_an_answer_may_come_in_pieces(sizes: list[int]) -> None:
    whole = array(bulk("x" * 30), b"%1\r\n+a\r\n:1\r\n", b"-ERR no\r\n")
    parts, rest = [], whole
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    with pair(*[part for part in (*parts, rest) if part]) as session:
        text, table, error = session.answer()
    assert (text, table, str(error)) == ("x" * 30, {"a": 1}, "ERR no")


def test_after_an_error_the_conversation_is_over() -> None:
    with pair(b"nonsense\r\n+PONG\r\n") as session:
        with pytest.raises(ProtocolError):
            session.answer()
        with pytest.raises(Closed, match="over"):
            session.ask("PING")


def test_an_end_in_the_middle_of_an_answer_is_told() -> None:
    with pair(b"$10\r\nabc") as session, pytest.raises(Closed):
        session.answer()


def test_an_answer_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "LONGEST", 100_000)
    with (
        pair(b"$900000000\r\n", b"x" * 120_000, close=False) as session,
        pytest.raises(ProtocolError, match="too long"),
    ):
        session.answer()


def test_an_answer_by_drops_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STEP", 0.3)
    ours, theirs = socket.socketpair()

    def drip() -> None:
        for _ in range(40):
            try:
                theirs.sendall(b"$1000\r\n"[:1] if not _ else b"1")
            except OSError:
                return
            time.sleep(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    started = time.monotonic()
    with Session(Stream(ours, Deadline())) as session, pytest.raises(Silent):
        session.answer()
    theirs.close()
    dripping.join()
    assert time.monotonic() - started < 2.5


def test_what_a_server_says_before_it_hangs_up_is_heard() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"-ERR max number of clients reached\r\n")
    theirs.close()
    with Session(Stream(ours, Deadline())) as session:
        reply = session.ask("PING")
        assert isinstance(reply, ServerError)
        assert reply.says("max number")
        with pytest.raises(Closed):
            session.ask("PING")


def test_a_silent_server_is_told_in_time() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Session(Stream(ours, Deadline(time.monotonic() + 0.2))) as session:
        started = time.monotonic()
        with pytest.raises((Silent, OutOfTime)):
            session.ask("PING")
    assert time.monotonic() - started < 1


def test_info_is_read_and_made_printable() -> None:
    text = "# Server\r\nredis_version:7.0.15\r\nos:a\x1b[0mb:c\r\n\r\nnothing\r\n"
    assert info(text) == {"redis_version": "7.0.15", "os": "a [0mb:c"}


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=5))
def test_maps_of_both_versions_are_the_same(table: dict[str, int]) -> None:
    flat = [one for pair in table.items() for one in pair]
    assert mapping(table) == mapping(flat) == table


@pytest.mark.parametrize("reply", [None, "OK", 7, [["a"], 1], ["odd"], {1, 2}])
def test_what_is_no_map_is_an_empty_one(reply: object) -> None:
    assert mapping(reply) == {}


def _connected(port: int) -> Stream:
    return Stream(socket.create_connection(("127.0.0.1", port)), Deadline())


WORDS = st.sampled_from(
    ["OK", "PONG", "QUEUED", "", "app", "mode", "cluster", "sentinel", "version", "7.0.15",
     "\x1b[2J", "cluster_state:ok\r\nredis_mode:cluster",
     "redis_version:7.0.0\r\nmaxmemory:x\r\nused_memory:1", "127.0.0.1", "1", "-1", "99999999999"]
)  # fmt: skip
ERRORS = st.sampled_from(
    ["NOAUTH", "WRONGPASS no", "MOVED 1 127.0.0.1:1", "MOVED", "ASK 1 :0", "LOADING", "BUSY", "OOM",
     "NOPERM", "ERR unknown command", "ERR wrong number of arguments", "NOPROTO", "MASTERDOWN",
     "ERR Unknown subcommand 'x'. Try ACL HELP.", "ERR max number of clients reached", "", "\x07"]
)  # fmt: skip
ANY_REPLY = st.recursive(
    WORDS.map(bulk)
    | ERRORS.map(lambda text: f"-{text}\r\n".encode())
    | st.integers(-5, 70000).map(lambda one: b":%d\r\n" % one)
    | st.sampled_from([b"$-1\r\n", b"_\r\n", b"#t\r\n", b",nan\r\n", b"%0\r\n", b"?", b""]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: array(*parts))
        | st.lists(st.tuples(WORDS.map(bulk), inner), max_size=3).map(
            lambda pairs: (
                b"%%%d\r\n%s" % (len(pairs), b"".join(one for pair in pairs for one in pair))
            )
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["HELLO", "AUTH", "ACL", "PING", "INFO", "CLUSTER", "SENTINEL", "SET",
                         "GET", "DEL", "MULTI", "FLUSHALL", "DISCARD"]),
        ANY_REPLY,
    ),
    st.booleans(),
    st.sampled_from([{}, {"cluster_mode": True}, {"sentinel_service": "cache"}, {"password": ""}]),
)  # fmt: skip
@settings(deadline=None, max_examples=100)
def test_whatever_a_server_answers_no_check_fails_itself(
    answers: dict[str, bytes], negative: bool, changes: dict[str, Any]
) -> None:
    def answer(words: list[str]) -> bytes | None:
        return answers.get(words[0], b"+OK\r\n") or None

    with scripted(answer) as (port, _):
        checkup = checkup_of(port, options=Options(negative=negative), **changes)
        # A part of an answer is waited for, and this peer never sends the rest.
        checkup.deadline = Deadline(time.monotonic() + 0.3)
        for check in CHECKS_OF_THE_SERVER:
            try:
                found = [*check(checkup)]
            except (WireError, OutOfTime):
                continue
            assert found
            assert all(one.observed.isprintable() for one in found), found
            assert PASSWORD not in repr(found)
        if checkup.learned.session:
            checkup.learned.session.close()


CHECKS_OF_THE_SERVER = (
    identity.client_certificate, identity.without_password, identity.wrong_password,
    identity.login, examined.engine, examined.mode, function.round_trip, health.room,
    health.persistence, health.refusals, health.times, rights.rights,
)  # fmt: skip
