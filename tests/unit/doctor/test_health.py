"""What INFO tells of memory, persistence, errors and times, and counters from run to run."""

import json
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.connection import Connection
from secure_redis.doctor.checkup import Check, Checkup, Options, Verdict
from secure_redis.doctor.endpoint import Declared
from secure_redis.doctor.examine import health, identity, protocol, rights
from secure_redis.doctor.examine.health import Counters, counted, number
from secure_redis.doctor.report import Status
from secure_redis.settings import Persistence, Purpose

from .scripted import INFO, OK, PASSWORD, SKIPPED, bulk, checkup_of, only, said, scripted
from .started import answering, listener, redis

NOBODY = "user default off"
APP = f"user app on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info"
ADMIN = f"user admin on >{PASSWORD} ~* &* +@all"
USERS = (NOBODY, APP, ADMIN)

MIB = 1048576
HEALTHY = {
    "maxmemory": 100 * MIB, "used_memory": 10 * MIB, "maxmemory_policy": "noeviction",
    "connected_clients": 3, "maxclients": 1000, "rejected_connections": 0, "evicted_keys": 0,
}  # fmt: skip


SAVING = {"rdb_last_bgsave_status": "ok", "aof_enabled": "1", "aof_last_write_status": "ok"}


def entered(port: int, **changes: Any) -> Checkup:
    """An examination that has logged in and asked for INFO."""
    checkup = checkup_of(port, **changes)
    only(identity.login, checkup)
    only(protocol.engine, checkup)
    return checkup


def told(check: Check, fields: dict[str, Any], **changes: Any) -> list[Verdict]:
    """What a check says of an answer to INFO."""
    session = object()
    checkup = checkup_of(1, **changes)
    checkup.learned.session = session  # type: ignore[assignment]
    checkup.learned.info = {name: str(value) for name, value in fields.items()}
    return [*check(checkup)]


def problems(verdicts: list[Verdict]) -> list[str]:
    """Problems, or the statuses where there are none."""
    return [one.problem or one.status.value for one in verdicts]


def declared(target: str = "docker", environment: str = "production", **settings: Any) -> Declared:
    connection = Connection(
        target=target, engine="redis", host="127.0.0.1", port=1, tls=True, username="app",
        password=PASSWORD,
    )  # fmt: skip
    return Declared(connection=connection, environment=environment, settings=settings)


class TestRoom:
    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({}, [OK]),
            ({"used_memory": 91 * MIB}, ["memory-nearly-full"]),
            ({"used_memory": 91 * MIB, "maxmemory_policy": "volatile-lru"}, ["memory-nearly-full"]),
            ({"used_memory": 99 * MIB, "maxmemory_policy": "allkeys-lru"}, [OK]),
            ({"maxmemory": 0}, ["memory-unlimited"]),
            ({"connected_clients": 901}, ["clients-many"]),
            ({"connected_clients": 900}, [OK]),
            ({"rejected_connections": 1}, ["connections-rejected"]),
            ({"connected_clients": 950, "rejected_connections": 1}, ["clients-many"]),
            (
                {"maxmemory": 0, "rejected_connections": 2},
                ["memory-unlimited", "connections-rejected"],
            ),
            ({"maxmemory": "much", "used_memory": "-1"}, [OK]),
        ],
    )
    def test_what_info_tells(self, changes: dict[str, Any], found: list[str]) -> None:
        assert problems(told(health.room, {**HEALTHY, **changes})) == found

    @pytest.mark.parametrize(
        ("purpose", "policy", "found"),
        [
            (Purpose.QUEUE, "allkeys-lru", "eviction-loses-data"),
            ("queue", "volatile-lru", "eviction-loses-data"),
            ("queue", "noeviction", OK),
            ("sessions", "allkeys-lfu", "eviction-loses-data"),
            ("sessions", "volatile-lru", OK),
            ("cache", "allkeys-lru", OK),
        ],
    )
    def test_eviction_and_purpose(self, purpose: str, policy: str, found: str) -> None:
        fields = {**HEALTHY, "maxmemory_policy": policy}
        verdicts = told(health.room, fields, declared=declared(purpose=purpose))
        assert problems(verdicts) == [found]

    def test_a_refused_write_is_told_once(self) -> None:
        checkup = checkup_of(1)
        checkup.learned.write_problem = "out-of-memory"
        checkup.learned.session = object()  # type: ignore[assignment]
        checkup.learned.info = {name: str(one) for name, one in HEALTHY.items()}
        checkup.learned.info["used_memory"] = str(100 * MIB)
        assert said(health.room, checkup) == OK

    @pytest.mark.parametrize(
        ("target", "found"), [("docker", "memory-unlimited"), ("azure", OK), ("gcp", OK)]
    )
    def test_a_cloud_limits_memory_itself(self, target: str, found: str) -> None:
        fields = {**HEALTHY, "maxmemory": 0}
        assert problems(told(health.room, fields, declared=declared(target))) == [found]

    def test_nothing_is_told(self) -> None:
        assert problems(told(health.room, {})) == [OK]

    def test_of_a_server(self) -> None:
        with redis(None, *USERS, "maxmemory 100mb", "maxmemory-policy allkeys-lru") as port:
            found = only(health.room, entered(port))
        assert found.status is Status.OK
        assert "of 100.0 MiB in use, allkeys-lru" in found.observed

    def test_info_is_denied(self) -> None:
        with redis(None, NOBODY, APP.replace("+info", "")) as port:
            checkup = entered(port)
            for check in (health.room, health.persistence, health.refusals):
                assert said(check, checkup) == SKIPPED

    def test_a_server_that_takes_no_more_clients(self) -> None:
        with listener(answering(b"-ERR max number of clients reached\r\n")) as port:
            assert said(health.room, checkup_of(port)) == "clients-exhausted"

    def test_really(self) -> None:
        with redis(None, *USERS, "maxclients 4") as port, ExitStack() as others:
            for _ in range(4):
                others.enter_context(checkup_of(port).converse()).ask("PING")
            checkup = checkup_of(port)
            assert said(identity.without_password, checkup) == SKIPPED
            assert said(identity.login, checkup) == SKIPPED
            assert said(health.room, checkup) == "clients-exhausted"


class TestPersistence:
    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({}, [OK]),
            ({"aof_enabled": "0"}, [INFO]),
            ({"aof_enabled": "0", "rdb_last_save_time": "9999999999"}, [OK]),
            ({"rdb_last_bgsave_status": "err"}, ["snapshot-failing"]),
            ({"aof_last_write_status": "err"}, ["append-failing"]),
            ({"aof_last_bgrewrite_status": "err"}, ["append-failing"]),
            ({"aof_last_write_status": "err", "aof_enabled": "0"}, [INFO]),
        ],
    )
    def test_what_info_tells(self, changes: dict[str, str], found: list[str]) -> None:
        assert problems(told(health.persistence, {**SAVING, **changes})) == found

    def test_a_refused_write_is_told_once(self) -> None:
        checkup = checkup_of(1)
        checkup.learned.write_problem = "writes-stopped"
        checkup.learned.session = object()  # type: ignore[assignment]
        checkup.learned.info = {**SAVING, "aof_last_write_status": "err"}
        assert said(health.persistence, checkup) == SKIPPED

    @pytest.mark.parametrize(
        ("target", "persistence", "aof", "found"),
        [
            ("docker", "aof", "0", "persistence-off"),
            ("docker", Persistence.AOF, "0", "persistence-off"),
            ("docker", "aof", "1", OK),
            ("docker", "none", "0", INFO),
            ("aws", "rdb", "0", INFO),
        ],
    )
    def test_and_what_is_declared(
        self, target: str, persistence: str, aof: str, found: str
    ) -> None:
        of_stack = declared(target, persistence=persistence)
        fields = {**SAVING, "aof_enabled": aof}
        assert problems(told(health.persistence, fields, declared=of_stack)) == [found]

    @pytest.mark.parametrize(
        ("target", "environment", "settings", "found"),
        [
            ("aws", "production", {"purpose": "queue", "aws": {"snapshotRetentionDays": 0}}, True),
            ("aws", "production", {"purpose": "queue", "aws": {"snapshotRetentionDays": 7}}, False),
            ("aws", "production", {"purpose": "queue", "persistence": "none"}, True),
            ("aws", "production", {"purpose": "cache", "persistence": "none"}, False),
            ("aws", "development", {"purpose": "queue", "persistence": "none"}, False),
            ("gcp", "production", {"purpose": "sessions", "gcp": {"backupRetentionDays": 0}}, True),
            ("azure", "production", {"purpose": "sessions", "persistence": "none"}, True),
            ("azure", "production", {"purpose": "sessions", "persistence": "rdb"}, False),
            ("docker", "production", {"purpose": "queue", "persistence": "none"}, False),
            ("external", "", {"purpose": "queue"}, False),
        ],
    )
    def test_backups_that_the_stack_declares(
        self, target: str, environment: str, settings: dict[str, Any], found: bool
    ) -> None:
        of_stack = declared(target, environment, **settings)
        verdicts = told(health.persistence, SAVING, declared=of_stack)
        assert ("backup-missing" in problems(verdicts)) is found

    def test_of_a_server(self) -> None:
        with redis(None, *USERS, "appendonly yes") as port:
            assert only(health.persistence, entered(port)).facts["kind"] == "aof"
        with redis(None, *USERS) as port:
            assert said(health.persistence, entered(port)) == INFO


class TestRefusals:
    def test_counted_from_run_to_run(self, tmp_path: Path) -> None:
        options = Options(state=tmp_path / "state" / "doctor.json", negative=True)
        with redis(None, *USERS) as port:
            assert self._run(port, options) == INFO
            assert self._run(port, options) == OK
            self._attacked(port, password="wrong")
            assert self._run(port, options) == "logins-refused"
            assert self._run(port, options) == OK
            self._attacked(port, command="FLUSHALL")
            assert self._run(port, options) == "commands-refused"
            assert self._run(port, options) == OK
        assert stat.S_IMODE((tmp_path / "state" / "doctor.json").stat().st_mode) == 0o600
        assert [one.name for one in (tmp_path / "state").iterdir()] == ["doctor.json"]
        assert PASSWORD not in (tmp_path / "state" / "doctor.json").read_text()

    def test_both_at_once(self, tmp_path: Path) -> None:
        options = Options(state=tmp_path / "doctor.json")
        with redis(None, *USERS) as port:
            assert self._run(port, options) == INFO
            self._attacked(port, password="wrong")
            self._attacked(port, command="KEYS")
            checkup = entered(port, options=options)
            found = [*health.refusals(checkup)]
        assert problems(found) == ["logins-refused", "commands-refused"]
        assert [found[0].facts["logins"], found[1].facts["commands"]] == [1, 1]

    def test_a_server_that_was_restarted_begins_anew(self, tmp_path: Path) -> None:
        options = Options(state=tmp_path / "doctor.json")
        told = {"run_id": "a", "errorstat_WRONGPASS": "count=5", "total_error_replies": "5"}
        assert self._told(told, options) == INFO
        assert self._told(told, options) == OK
        assert (
            self._told({**told, "run_id": "b", "errorstat_WRONGPASS": "count=9"}, options) == INFO
        )
        assert self._told({**told, "run_id": "b", "errorstat_WRONGPASS": "count=9"}, options) == OK
        assert (
            self._told({**told, "run_id": "", "errorstat_WRONGPASS": "count=99"}, options) == INFO
        )

    def test_without_a_file_nothing_is_kept(self, tmp_path: Path) -> None:
        with redis(None, *USERS) as port:
            self._attacked(port, password="wrong")
            for _ in range(2):
                found = only(health.refusals, entered(port))
                assert found.status is Status.INFO
                assert found.facts["logins"] == 1
        assert [*tmp_path.iterdir()] == []

    def test_an_old_server_does_not_count(self) -> None:
        assert self._told({"redis_version": "5.0.0"}, Options()) == INFO
        assert counted({"redis_version": "5.0.0"}) is None

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "7", '{"version": 1}', '{"version": 1, "servers": {"a:1": 7}}',
         '{"version": 1, "servers": {"127.0.0.1:1": {"run": "a", "counters": {"NOPERM": "x"}}}}',
         '{"version": 2, "servers": {}}', "[" * 100_000],
    )  # fmt: skip
    def test_a_file_that_cannot_be_read_is_written_anew(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "doctor.json"
        path.write_text(text)
        told = {"run_id": "b", "errorstat_NOPERM": "count=5"}
        assert self._told(told, Options(state=path)) == INFO
        assert self._told(told, Options(state=path)) == OK
        assert json.loads(path.read_text())["version"] == 1

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        told = {"run_id": "a", "errorstat_NOPERM": "count=5"}
        for path in (tmp_path / "file" / "below", tmp_path):
            assert self._told(told, Options(state=path)) == INFO
        assert [one.name for one in tmp_path.iterdir()] == ["file"]

    def test_only_so_many_servers_are_kept(self, tmp_path: Path) -> None:
        counters = Counters(tmp_path / "doctor.json")
        for count in range(health.KEPT + 5):
            counters.keep(f"host:{count}", "run", {"NOPERM": count}, "now")
        assert counters.of("host:4", "run") is None
        assert counters.of("host:5", "run") == {"NOPERM": 5}

    @given(st.dictionaries(st.sampled_from(["errorstat_NOPERM", "errorstat_NOAUTH"]), st.text()))
    def test_any_counter_is_a_number(self, fields: dict[str, str]) -> None:
        numbers = counted(fields) or {}
        assert all(isinstance(one, int) and one >= 0 for one in numbers.values())

    @staticmethod
    def _run(port: int, options: Options) -> str:
        """The checks that are refused something themselves, in their order."""
        checkup = checkup_of(port, options=options)
        only(identity.without_password, checkup)
        only(identity.wrong_password, checkup)
        only(identity.login, checkup)
        only(protocol.engine, checkup)
        found = said(health.refusals, checkup)
        only(rights.rights, checkup)
        return found

    @staticmethod
    def _attacked(port: int, password: str = PASSWORD, command: str = "PING") -> None:
        with checkup_of(port).converse() as session:
            session.ask("AUTH", "app", password)
            if password == PASSWORD:
                assert session.ask(command, *["x"] * (command == "KEYS")).code == "NOPERM"

    @staticmethod
    def _told(fields: dict[str, str], options: Options) -> str:
        text = "\r\n".join(f"{name}:{value}" for name, value in fields.items())

        def answer(words: list[str]) -> bytes:
            return bulk(text) if words[0] == "INFO" else b"+OK\r\n"

        with scripted(answer) as (port, _):
            checkup = checkup_of(port, options=options)
            only(identity.login, checkup)
            checkup.learned.info = fields
            # The file goes by the endpoint, and each server of a test has another port.
            object.__setattr__(checkup.endpoint, "port", 1)
            return said(health.refusals, checkup)


class TestTimes:
    def test_of_a_server(self) -> None:
        with redis(None, *USERS) as port:
            found = only(health.times, entered(port))
        assert found.status is Status.INFO
        assert found.facts["pings"] == health.PINGS
        median, worst = found.facts["median_ms"], found.facts["worst_ms"]
        assert isinstance(median, float)
        assert isinstance(worst, float)
        assert 0 < median <= worst < 3000

    def test_a_slow_server_is_asked_less_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "PINGING", 0.0)
        with redis(None, *USERS) as port:
            assert only(health.times, entered(port)).facts["pings"] == 1

    def test_without_a_conversation(self) -> None:
        for check in (health.persistence, health.refusals, health.times):
            assert said(check, checkup_of(1)) == SKIPPED


@given(st.text())
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = number({"one": text}, "one")
    assert found is None or str(found) == (text.lstrip("0") or "0")
