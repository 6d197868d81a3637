"""A key goes in and comes out, or the check says why not."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from secure_redis.connection import Connection
from secure_redis.doctor.checkup import Checkup, Options
from secure_redis.doctor.endpoint import Declared
from secure_redis.doctor.examine import function, health, identity, protocol
from secure_redis.doctor.examine.function import moved_to
from secure_redis.doctor.protocol import ServerError
from secure_redis.doctor.report import Status

from .scripted import INFO, OK, PASSWORD, SKIPPED, bulk, checkup_of, only, said, scripted
from .started import free_port, redis

NOBODY = "user default off"
APP = f"user app on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info"
ADMIN = f"user admin on >{PASSWORD} ~* &* +@all"
USERS = (NOBODY, APP, ADMIN)


def entered(port: int, **changes: Any) -> Checkup:
    """An examination that has logged in."""
    checkup = checkup_of(port, **changes)
    only(identity.login, checkup)
    assert checkup.learned.session is not None
    return checkup


def test_a_key_goes_in_comes_out_and_goes() -> None:
    with redis(None, *USERS) as port:
        checkup = entered(port)
        assert said(function.round_trip, checkup) == OK
        assert checkup.learned.session is not None
        assert checkup.learned.session.ask("DBSIZE") == 0


def test_one_write_with_a_unique_name_and_an_end() -> None:
    store: dict[str, str] = {}
    with scripted(_store(store)) as (port, heard):
        for _ in range(2):
            checkup = entered(port, options=Options(key_prefix="orders:"))
            assert said(function.round_trip, checkup) == OK
    written = [words for words in heard if words[0] == "SET"]
    assert len(written) == 2
    assert written[0][1] != written[1][1]
    assert all(words[1].startswith("orders:doctor:") for words in written)
    assert all(words[3:] == ["EX", "5"] for words in written)
    assert [words[0] for words in heard if words[0] in {"GET", "DEL"}] == ["GET", "DEL"] * 2
    assert store == {}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (("maxmemory 1", "maxmemory-policy noeviction"), "out-of-memory"),
        (("min-replicas-to-write 1",), "too-few-replicas"),
        (("replicaof 127.0.0.1 1", "replica-serve-stale-data yes"), "read-only"),
        (("replicaof 127.0.0.1 1", "replica-serve-stale-data no"), "read-only"),
    ],
)
def test_writes_that_the_server_refuses(settings: tuple[str, ...], found: str) -> None:
    with redis(None, *USERS, *settings) as port:
        checkup = entered(port)
        assert said(function.round_trip, checkup) == found
        assert checkup.learned.write_problem == found


def test_a_server_that_cannot_save(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    with redis(None, *USERS, "save 3600 1", "enable-protected-configs yes") as port:
        admin = entered(port, username="admin").learned.session
        assert admin is not None
        assert admin.ask("CONFIG", "SET", "dir", str(place)) == "OK"
        place.rmdir()
        admin.ask("BGSAVE")
        end = time.monotonic() + 20
        while "rdb_last_bgsave_status:err" not in admin.ask("INFO", "persistence"):
            assert time.monotonic() < end
            time.sleep(0.05)
        checkup = entered(port)
        only(protocol.engine, checkup)
        assert said(function.round_trip, checkup) == "writes-stopped"
        assert said(health.persistence, checkup) == SKIPPED
        checkup.learned.write_problem = ""
        assert said(health.persistence, checkup) == "snapshot-failing"


class TestRights:
    @pytest.mark.parametrize(
        ("rules", "prefix", "found"),
        [
            ("~orders:* +@all -@dangerous", "", "write-not-permitted"),
            ("~orders:* +@all -@dangerous", "orders:", OK),
            ("~* +@read", "", "write-not-permitted"),
            ("~* +set", "", "write-not-permitted"),
            ("~* +set +get", "", OK),
        ],
    )
    def test_a_user_that_may_not_all(self, rules: str, prefix: str, found: str) -> None:
        with redis(None, NOBODY, f"user app on >{PASSWORD} {rules}") as port:
            checkup = entered(port, options=Options(key_prefix=prefix))
            assert said(function.round_trip, checkup) == found

    def test_a_user_that_is_declared_to_read_only(self) -> None:
        with redis(None, NOBODY, f"user reader on >{PASSWORD} ~* +@read") as port:
            declared = Declared(connection=_connection(port, readonly_username="reader"))
            checkup = entered(port, username="reader", declared=declared)
            assert said(function.round_trip, checkup) == OK
        assert [one.attempt for one in checkup.learned.refusals] == [
            "write through what is declared to read only"
        ]

    def test_a_reader_endpoint(self) -> None:
        with redis(None, *USERS, "replicaof 127.0.0.1 1") as port:
            declared = Declared(
                connection=_connection(1, reader_host="127.0.0.1", reader_port=port)
            )
            assert said(function.round_trip, entered(port, declared=declared)) == OK

    def test_a_reader_that_has_lost_its_master(self) -> None:
        link = "replicaof 127.0.0.1 1", "replica-serve-stale-data no"
        with redis(None, *USERS, *link) as port:
            declared = Declared(
                connection=_connection(1, reader_host="127.0.0.1", reader_port=port)
            )
            found = said(function.round_trip, entered(port, declared=declared))
        assert found == "replica-without-master"

    def test_a_reader_endpoint_that_takes_writes(self) -> None:
        with redis(None, *USERS) as port:
            declared = Declared(
                connection=_connection(1, reader_host="127.0.0.1", reader_port=port)
            )
            assert said(function.round_trip, entered(port, declared=declared)) == INFO


class TestCluster:
    @pytest.mark.parametrize("code", ["MOVED", "ASK"])
    def test_the_node_that_has_the_key_is_asked(self, code: str) -> None:
        store: dict[str, str] = {}
        with scripted(_store(store)) as (second, heard):
            moved = f"-{code} 3999 127.0.0.1:{second}\r\n".encode()
            with scripted(_store({}, SET=moved)) as (port, _):
                assert said(function.round_trip, entered(port)) == OK
        assert [words[0] for words in heard].count("SET") == 1
        assert ("ASKING" in [words[0] for words in heard]) == (code == "ASK")
        assert store == {}

    def test_a_node_that_is_gone(self) -> None:
        with scripted(_store({}, SET=b"-MOVED 3999 127.0.0.1:1\r\n")) as (port, _):
            assert said(function.round_trip, entered(port)) == "write-failed"

    def test_a_node_that_is_known_to_be_gone_is_told_once(self) -> None:
        with scripted(_store({}, SET=b"-MOVED 3999 127.0.0.1:1\r\n")) as (port, _):
            checkup = entered(port, cluster_mode=True)
            checkup.learned.mode_problem = "node-unreachable"
            assert said(function.round_trip, checkup) == SKIPPED

    def test_the_other_nodes_are_still_written_to(self) -> None:
        with scripted(_store({})) as (port, _):
            checkup = entered(port, cluster_mode=True)
            checkup.learned.mode_problem = "node-unreachable"
            assert said(function.round_trip, checkup) == OK

    def test_nodes_that_send_on_for_ever(self) -> None:
        to_itself: dict[str, bytes] = {}

        def answer(words: list[str]) -> bytes:
            return _store({}, **to_itself)(words)

        with scripted(answer) as (port, heard):
            to_itself["SET"] = f"-MOVED 3999 127.0.0.1:{port}\r\n".encode()
            assert said(function.round_trip, entered(port)) == SKIPPED
        assert [words[0] for words in heard].count("SET") == function.MOVES + 1

    def test_what_the_mode_explains_is_no_second_failure(self) -> None:
        with redis(None, *USERS, "cluster-enabled yes", f"cluster-port {free_port()}") as port:
            checkup = entered(port)
            only(protocol.engine, checkup)
            assert said(protocol.mode, checkup) == "cluster-not-declared"
            assert said(function.round_trip, checkup) == SKIPPED

    @pytest.mark.parametrize(
        ("text", "node"),
        [
            ("MOVED 3999 127.0.0.1:6381", "127.0.0.1:6381"),
            ("MOVED 3999 :6381", "own:6381"),
            ("MOVED 3999 ::1:6381", "[::1]:6381"),
            ("ASK 3999 node.example:6381", "node.example:6381"),
            ("MOVED 3999 a:99999", "None"),
            ("MOVED 3999", "None"),
            ("MOVED x y", "None"),
        ],
    )
    def test_where_it_sends_us(self, text: str, node: str) -> None:
        assert str(moved_to(ServerError(text), "own")) == node


class TestBetween:
    """By script: what proxies do."""

    @pytest.mark.parametrize(
        ("answers", "found"),
        [
            ({"GET": b"$-1\r\n"}, "read-back-differs"),
            ({"GET": bulk("another")}, "read-back-differs"),
            ({"GET": b"-ERR no\r\n"}, "read-back-differs"),
            ({"SET": b"-ERR unknown command 'SET'\r\n"}, "write-failed"),
            ({"DEL": b"-NOPERM no\r\n"}, OK),
        ],
    )
    def test_an_answer(self, answers: dict[str, bytes], found: str) -> None:
        with scripted(_store({}, **answers)) as (port, _):
            assert said(function.round_trip, entered(port)) == found

    def test_a_key_that_stays_is_told(self) -> None:
        with scripted(_store({}, DEL=b"-NOPERM no\r\n")) as (port, _):
            assert "ends by itself" in only(function.round_trip, entered(port)).observed

    def test_an_end_in_the_middle(self) -> None:
        def proxy(words: list[str]) -> bytes | None:
            return None if words[0] == "SET" else _store({})(words)

        with scripted(proxy) as (port, _):
            found = only(function.round_trip, entered(port))
        assert (found.problem, found.status) == ("write-failed", Status.FAILED)


def test_without_a_conversation() -> None:
    assert said(function.round_trip, checkup_of(1)) == SKIPPED


def _store(store: dict[str, str], **answers: bytes) -> Callable[[list[str]], bytes]:
    """A server of RESP2 with keys, but for the commands that it answers as told."""

    def answer(words: list[str]) -> bytes:
        if words[0] in answers:
            return answers[words[0]]
        if words[0] == "SET":
            store[words[1]] = words[2]
        if words[0] == "GET":
            return bulk(store[words[1]])
        if words[0] == "DEL":
            return b":%d\r\n" % (store.pop(words[1], None) is not None)
        return b"-ERR unknown command\r\n" if words[0] == "HELLO" else b"+OK\r\n"

    return answer


def _connection(port: int, **changes: Any) -> Connection:
    return Connection(
        target="docker", engine="redis", host="127.0.0.1", port=port, tls=False,
        username="app", password=PASSWORD, **changes,
    )  # fmt: skip
