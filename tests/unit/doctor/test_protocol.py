"""Which server it is, and whether all nodes that it names can be used."""

import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.doctor.checkup import Checkup
from secure_redis.doctor.examine import identity, protocol
from secure_redis.doctor.examine.protocol import (
    Node,
    cluster_nodes,
    host_in,
    named,
    numbers_of,
    port_in,
)
from secure_redis.doctor.report import Status

from .issued import authority, issue
from .scripted import INFO, OK, PASSWORD, SKIPPED, array, bulk, checkup_of, only, said, scripted
from .started import REDIS, free_port, process, redis

CA = authority()
LOCAL = issue("server", CA, names=("localhost", "127.0.0.1"))
BY_NAME = issue("server", CA, names=("localhost",))

NOBODY = "user default off"
APP = f"user app on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info"
ADMIN = f"user admin on >{PASSWORD} ~* &* +@all"
USERS = (NOBODY, APP, ADMIN)
SLOTS = ("CLUSTER", "ADDSLOTSRANGE", "0", "16383")


def entered(port: int, **changes: Any) -> Checkup:
    """An examination that has logged in."""
    checkup = checkup_of(port, **changes)
    only(identity.login, checkup)
    assert checkup.learned.session is not None
    return checkup


def done(port: int, *commands: tuple[str, ...], **changes: Any) -> None:
    """What an administrator does."""
    session = entered(port, username="admin", **changes).learned.session
    assert session is not None
    with session:
        for words in commands:
            assert session.ask(*words) == "OK"


def until(port: int, *words: str, holds: str, **changes: Any) -> None:
    """Waits until an answer contains a text."""
    session = entered(port, username="admin", **changes).learned.session
    assert session is not None
    with session:
        end = time.monotonic() + 20
        while holds not in str(session.ask(*words)):
            assert time.monotonic() < end
            time.sleep(0.05)


class TestEngine:
    def test_by_info(self) -> None:
        with redis(None, *USERS) as port:
            checkup = entered(port)
            found = only(protocol.engine, checkup)
            assert found.status is Status.OK
            assert checkup.learned.info is not None
            assert found.facts["version"] == checkup.learned.info["redis_version"]
            assert protocol.described(checkup) == f"redis {found.facts['version']}"

    def test_by_hello_where_info_is_denied(self) -> None:
        with redis(None, NOBODY, APP.replace("+info", "")) as port:
            checkup = entered(port)
            found = only(protocol.engine, checkup)
        assert (found.status, checkup.learned.info) == (Status.OK, None)
        assert "HELLO" in found.observed
        assert protocol.described(checkup).startswith("redis ")

    def test_busy_with_a_script(self) -> None:
        with redis(None, *USERS, "busy-reply-threshold 50") as port:
            checkup, other = entered(port), entered(port, username="admin").learned.session
            killer = entered(port, username="admin").learned.session
            assert other is not None
            assert killer is not None
            other.stream.send(b"*3\r\n$4\r\nEVAL\r\n$20\r\nwhile true do end   \r\n$1\r\n0\r\n")
            time.sleep(0.2)
            assert said(protocol.engine, checkup) == "server-busy"
            assert killer.ask("SCRIPT", "KILL") == "OK"

    @pytest.mark.parametrize(
        ("told", "found"),
        [
            ("redis_version:5.0.14", "engine-old"),
            ("redis_version:6.0.16", "engine-old"),
            ("redis_version:6.2.0", OK),
            ("redis_version:7.0.15", OK),
            ("redis_version:8.2.1\r\n", OK),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0", OK),
            (
                "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.240",
                "engine-unsupported",
            ),
            ("redis_version:255.255.255", "engine-unsupported"),
            ("redis_version:7.9.240", "engine-unsupported"),
            ("redis_version:newest", INFO),
            ("connected_clients:1", INFO),
            ("redis_version:7.0.15\r\nloading:1\r\nloading_eta_seconds:12", "server-loading"),
            ("redis_version:7.0.15\r\nloading:1\r\nloading_eta_seconds:x", "server-loading"),
        ],
    )
    def test_what_info_tells(self, told: str, found: str) -> None:
        with scripted(_server({"INFO": bulk(told)})) as (port, _):
            assert said(protocol.engine, entered(port)) == found

    def test_loading_where_info_is_denied(self) -> None:
        answers = {
            "INFO": b"-NOPERM this user has no permissions to run the 'info' command\r\n",
            "PING": b"-LOADING Redis is loading the dataset in memory\r\n",
        }
        with scripted(_server(answers)) as (port, _):
            assert said(protocol.engine, entered(port)) == "server-loading"

    def test_without_a_conversation(self) -> None:
        assert said(protocol.engine, checkup_of(1)) == SKIPPED
        assert said(protocol.mode, checkup_of(1)) == SKIPPED

    def test_valkey_goes_by_its_own_version(self) -> None:
        told = {"redis_version": "7.2.4", "valkey_version": "8.1.0", "server_name": "valkey"}
        assert named(told, {}) == ("valkey", "8.1.0")
        assert named(None, {"server": "valkey", "version": "9.0.0"}) == ("valkey", "9.0.0")
        assert named(None, {}) == ("redis", "")

    @given(st.text())
    def test_any_version_is_read_or_not(self, text: str) -> None:
        numbers = numbers_of(text)
        assert numbers is None or all(0 <= number < 10**6 for number in numbers)


class TestMode:
    def test_standalone(self) -> None:
        with redis(None, *USERS) as port:
            checkup = _examined(port)
            assert said(protocol.mode, checkup) == OK
            assert checkup.learned.mode_problem == ""

    def test_a_replica(self) -> None:
        with redis(None, *USERS) as primary:
            link = (f"replicaof 127.0.0.1 {primary}", "masteruser admin", f"masterauth {PASSWORD}")
            with redis(None, *USERS, *link) as port:
                until(port, "INFO", holds="master_link_status:up")
                found = only(protocol.mode, _examined(port))
        assert found.observed == "standalone, a replica whose link to its primary is up"

    @pytest.mark.parametrize(
        ("mode", "changes", "found"),
        [
            ("cluster", {}, "cluster-not-declared"),
            ("cluster", {"sentinel_service": "x"}, "sentinel-declared"),
            ("standalone", {"cluster_mode": True}, "cluster-declared"),
            ("standalone", {"sentinel_service": "x"}, "sentinel-declared"),
            ("sentinel", {}, "sentinel-not-declared"),
            ("sentinel", {"cluster_mode": True}, "sentinel-not-declared"),
        ],
    )
    @pytest.mark.parametrize("by", ["HELLO", "INFO"])
    def test_other_than_declared(
        self, mode: str, changes: dict[str, Any], found: str, by: str
    ) -> None:
        answers = {"INFO": bulk(f"redis_version:7.0.0\r\nredis_mode:{mode}")}
        if by == "HELLO":
            hello = array(bulk("version"), bulk("7.0.0"), bulk("mode"), bulk(mode))
            answers = {"HELLO": hello, "INFO": b"-NOPERM no\r\n"}
        with scripted(_server(answers)) as (port, _):
            checkup = _examined(port, **changes)
            assert said(protocol.mode, checkup) == found

    def test_a_cluster_is_known_where_neither_tells(self) -> None:
        answers = {"INFO": b"-NOPERM no\r\n", "CLUSTER": bulk("cluster_state:ok")}
        with scripted(_server(answers)) as (port, _):
            assert said(protocol.mode, _examined(port)) == "cluster-not-declared"

    def test_the_fix_names_the_masters_of_a_sentinel(self) -> None:
        masters = array(array(bulk("name"), bulk("orders"), bulk("ip"), bulk("10.0.0.1")))
        answers = {"INFO": bulk("redis_mode:sentinel"), "SENTINEL": masters}
        with scripted(_server(answers)) as (port, _):
            assert "orders" in only(protocol.mode, _examined(port)).fix


class TestCluster:
    def test_all_nodes_are_reached_verified_and_logged_in(self) -> None:
        with cluster(LOCAL) as port:
            found = only(protocol.mode, _examined(port, **_tls(), cluster_mode=True))
        assert (found.status, found.facts["primaries"]) == (Status.OK, 1)

    def test_an_announced_address_that_the_certificate_does_not_name(self) -> None:
        with cluster(BY_NAME) as port:
            changes = {**_tls(), "cluster_mode": True}
            found = only(protocol.mode, _examined(port, host="localhost", **changes))
            assert (found.problem, found.where) == ("node-unreachable", f"127.0.0.1:{port}")
            changes["tls_server_name"] = "localhost"
            assert said(protocol.mode, _examined(port, host="localhost", **changes)) == OK

    def test_no_slots(self) -> None:
        with redis(None, *USERS, "cluster-enabled yes", f"cluster-port {free_port()}") as port:
            checkup = _examined(port, cluster_mode=True)
            assert said(protocol.mode, checkup) == "cluster-down"
            assert checkup.learned.mode_problem == "cluster-down"

    def test_a_node_that_does_not_know_the_user(self) -> None:
        with redis(None, NOBODY, ADMIN) as other:
            answers = _cluster_of((("127.0.0.1", other),))
            with scripted(_server(answers)) as (port, _):
                found = only(protocol.mode, _examined(port, cluster_mode=True))
        assert (found.problem, found.where) == ("node-unreachable", f"127.0.0.1:{other}")
        assert "WRONGPASS" in found.observed

    def test_nodes_are_looked_at_side_by_side_and_within_a_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protocol, "FOLLOWING", 1.0)
        with ExitStack() as holes:
            nodes = [("127.0.0.1", holes.enter_context(black_hole())) for _ in range(40)]
            with scripted(_server(_cluster_of(nodes))) as (port, _):
                checkup = _examined(port, cluster_mode=True)
                started = time.monotonic()
                found = [*protocol.mode(checkup)]
        assert time.monotonic() - started < 3
        assert [one.problem for one in found] == ["node-unreachable"] * 40

    def test_a_node_that_refuses(self) -> None:
        nodes = [("127.0.0.1", free_port()), ("no such host\x1b[31m", 6379)]
        with scripted(_server(_cluster_of(nodes))) as (port, _):
            found = [*protocol.mode(_examined(port, cluster_mode=True))]
        assert [one.problem for one in found] == ["node-unreachable"] * 2
        assert found[1].where == "no?such?host??31m:6379"

    def test_a_cluster_that_hides_its_nodes(self) -> None:
        answers = {
            "INFO": bulk("redis_mode:cluster"),
            "CLUSTER INFO": bulk("cluster_state:ok\r\ncluster_slots_ok:16384"),
            "CLUSTER SLOTS": b"-NOPERM no\r\n",
        }
        with scripted(_server(answers)) as (port, _):
            assert said(protocol.mode, _examined(port, cluster_mode=True)) == INFO


class TestSentinel:
    def test_it_leads_to_the_master(self) -> None:
        with redis(LOCAL, *USERS, ca=CA) as master, sentinel(master) as port:
            checkup = _examined(port, **_tls(), sentinel_service="cache")
            first = checkup.learned.session
            found = only(protocol.mode, checkup)
            assert (found.status, found.where) == (Status.OK, f"127.0.0.1:{master}")
            assert checkup.learned.session is not first
            assert checkup.learned.session is not None
            assert checkup.learned.session.ask("SET", "key", "value", "EX", "5") == "OK"
            assert checkup.learned.info is not None
            assert checkup.learned.info["tcp_port"] == str(master)

    def test_another_name(self) -> None:
        with redis(LOCAL, *USERS, ca=CA) as master, sentinel(master) as port:
            checkup = _examined(port, **_tls(), sentinel_service="orders")
            assert said(protocol.mode, checkup) == "master-unknown"
            assert checkup.learned.mode_problem == "master-unknown"

    def test_too_few_sentinels(self) -> None:
        with redis(LOCAL, *USERS, ca=CA) as master, sentinel(master, quorum=2) as port:
            checkup = _examined(port, **_tls(), sentinel_service="cache")
            assert said(protocol.mode, checkup) == "master-unknown"

    def test_a_user_that_may_not_ask(self) -> None:
        with redis(LOCAL, *USERS, ca=CA) as master, sentinel(master, allowed="") as port:
            checkup = _examined(port, **_tls(), sentinel_service="cache")
            assert said(protocol.mode, checkup) == "sentinel-not-permitted"

    def test_a_master_that_is_gone(self) -> None:
        answers = {
            "INFO": bulk("redis_mode:sentinel"),
            "SENTINEL GET-MASTER-ADDR-BY-NAME": array(bulk("127.0.0.1"), bulk(str(free_port()))),
            "SENTINEL CKQUORUM": bulk("OK 1 usable Sentinels."),
        }
        with scripted(_server(answers)) as (port, _):
            checkup = _examined(port, sentinel_service="cache")
            assert said(protocol.mode, checkup) == "node-unreachable"
            assert checkup.learned.session is not None


REPLIES = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from([6379, "6379", "", "::1"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@given(REPLIES)
def test_any_answer_to_cluster_slots_is_read_or_passed_over(reply: object) -> None:
    for node in cluster_nodes(reply, "own"):
        assert 0 < node.port < 65536
        assert str(node).isascii()
        assert str(node).isprintable()


def test_nodes_are_found_once_each_and_replicas_told_apart() -> None:
    slots = [
        [0, 5, ["a", 1, "id", []], ["b", 2, "id", []]],
        [6, 9, ["a", 1, "id", {}], [None, 3, "id"], ["", 4]],
    ]
    assert cluster_nodes(slots, "own") == [
        Node("a", 1), Node("b", 2, primary=False), Node("own", 3, primary=False),
        Node("own", 4, primary=False),
    ]  # fmt: skip


@given(st.text())
def test_hosts_and_ports_of_a_server_are_fit_to_be_used(text: str) -> None:
    assert host_in(text, "own").isascii()
    assert " " not in host_in(text, "own")
    assert 0 <= port_in(text) < 65536


@contextmanager
def cluster(server: Any) -> Iterator[int]:
    """A cluster of one node."""
    settings = (
        "cluster-enabled yes", "tls-cluster yes", "cluster-announce-ip 127.0.0.1",
        f"cluster-port {free_port()}",
    )  # fmt: skip
    with redis(server, *USERS, *settings, ca=CA) as port:
        done(port, SLOTS, **_tls(), host="localhost", tls_server_name="localhost")
        until(
            port, "CLUSTER", "INFO", holds="cluster_state:ok",
            **_tls(), host="localhost", tls_server_name="localhost",
        )  # fmt: skip
        yield port


@contextmanager
def sentinel(
    master: int,
    quorum: int = 1,
    allowed: str = "+sentinel|get-master-addr-by-name +sentinel|ckquorum",
) -> Iterator[int]:
    """A Sentinel, with TLS as its master."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "own.pem").write_text(LOCAL.pem)
        (directory / "own.key").write_text(LOCAL.key_pem)
        (directory / "ca.pem").write_text(CA.pem)
        (directory / "redis-server").symlink_to(REDIS)
        settings = (
            "bind 127.0.0.1", "port 0", f"tls-port {port}", "tls-auth-clients no",
            "tls-cert-file own.pem", "tls-key-file own.key", "tls-ca-cert-file ca.pem",
            NOBODY, f"{APP} {allowed}", ADMIN, "tls-replication yes", f"dir {directory}",
            f"sentinel monitor cache 127.0.0.1 {master} {quorum}",
            "sentinel auth-user cache admin", f"sentinel auth-pass cache {PASSWORD}",
        )  # fmt: skip
        (directory / "sentinel.conf").write_text("\n".join([*settings, ""]))
        command = [str(directory / "redis-server"), "sentinel.conf", "--sentinel"]
        with process(command, "127.0.0.1", port, directory, {}):
            until(port, "SENTINEL", "MASTERS", holds="'flags': 'master'", **_tls())
            yield port


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose queue of connections is full: it never answers."""
    with socket.socket() as listening, ExitStack() as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        for _ in range(2):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        time.sleep(0.01)
        yield port


def _examined(port: int, **changes: Any) -> Checkup:
    checkup = entered(port, **changes)
    assert only(protocol.engine, checkup).status in {Status.OK, Status.INFO}
    return checkup


def _tls() -> dict[str, Any]:
    return {"tls": True, "ca_pem": CA.pem}


def _server(answers: Mapping[str, bytes]) -> Any:
    """RESP2, lets everybody in, and answers by one word or two."""
    default = {"AUTH": b"+OK\r\n", "ACL": bulk("app"), "PING": b"+PONG\r\n"}

    def answer(words: list[str]) -> bytes:
        two = " ".join(words[:2]).upper()
        table = {**default, **answers}
        return table.get(two) or table.get(words[0]) or b"-ERR unknown command\r\n"

    return answer


def _cluster_of(nodes: Any) -> dict[str, bytes]:
    slots = [
        array(b":0\r\n", b":1\r\n", array(bulk(host), b":%d\r\n" % port, bulk("id")))
        for host, port in nodes
    ]
    return {
        "INFO": bulk("redis_mode:cluster"),
        "CLUSTER INFO": bulk("cluster_state:ok\r\ncluster_slots_ok:16384"),
        "CLUSTER SLOTS": array(*slots),
    }
