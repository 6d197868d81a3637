"""Rights are asked for, and no dangerous command is ever run."""

from collections.abc import Callable
from typing import Any

import pytest
from secure_redis.acl import APPLICATION
from secure_redis.connection import Connection
from secure_redis.doctor.checkup import Checkup, Options
from secure_redis.doctor.endpoint import Declared
from secure_redis.doctor.examine import identity, rights
from secure_redis.doctor.examine.rights import DANGEROUS

from .scripted import INFO, OK, PASSWORD, SKIPPED, bulk, checkup_of, only, said, scripted
from .started import redis

NOBODY = "user default off"
ADMIN = f"user admin on >{PASSWORD} ~* &* +@all"
NEGATIVE = Options(negative=True)
NAMES = [" ".join(word for word in words[:2] if word.isupper()) for words in DANGEROUS]


def entered(port: int, **changes: Any) -> Checkup:
    """An examination that has logged in."""
    checkup = checkup_of(port, **changes)
    only(identity.login, checkup)
    assert checkup.learned.session is not None
    return checkup


class TestByAsking:
    """ACL DRYRUN, where the user may."""

    def test_all_rights(self) -> None:
        with redis(None, NOBODY, ADMIN) as port:
            found = only(rights.rights, entered(port, username="admin"))
        assert found.problem == "dangerous-rights"
        assert found.facts["commands"] == NAMES

    def test_no_dangerous_ones(self) -> None:
        users = (NOBODY, f"user app on >{PASSWORD} {APPLICATION} +acl|dryrun")
        with redis(None, *users) as port:
            checkup = entered(port)
            found = only(rights.rights, checkup)
        assert found.status.value == OK
        assert str(len(DANGEROUS)) in found.observed
        assert len(checkup.learned.refusals) == 1

    def test_one_of_them(self) -> None:
        users = (NOBODY, f"user app on >{PASSWORD} {APPLICATION} +acl|dryrun +keys")
        with redis(None, *users) as port:
            assert only(rights.rights, entered(port)).facts["commands"] == ["KEYS"]

    @pytest.mark.parametrize(
        ("target", "found"),
        [("", "default-user-in-use"), ("aws", "default-user-in-use"), ("gcp", INFO)],
    )
    def test_the_default_user(self, target: str, found: str) -> None:
        with redis(None, f"requirepass {PASSWORD}") as port:
            declared = Declared(connection=_connection(target)) if target else Declared()
            checkup = entered(port, username="default", declared=declared)
            assert said(rights.rights, checkup) == found

    def test_an_open_server_has_one_failure(self) -> None:
        with redis(None) as port:
            checkup = entered(port, username="default")
            only(identity.without_password, checkup)
            assert said(rights.rights, checkup) == SKIPPED


class TestByQueueing:
    """MULTI and DISCARD, with `negative`, where the user may not ask."""

    @pytest.mark.parametrize(
        ("rules", "found"),
        [("", OK), ("+flushall", "dangerous-rights"), ("+config|set", "dangerous-rights")],
    )
    def test_nothing_is_run(self, rules: str, found: str) -> None:
        users = (NOBODY, f"user app on >{PASSWORD} {APPLICATION} {rules}", ADMIN)
        with redis(None, *users) as port:
            admin = entered(port, username="admin").learned.session
            assert admin is not None
            assert admin.ask("SET", "key", "value") == "OK"
            admin.ask("CONFIG", "RESETSTAT")
            assert said(rights.rights, entered(port)) == SKIPPED
            assert said(rights.rights, entered(port, options=NEGATIVE)) == found
            assert admin.ask("GET", "key") == "value"
            ran = admin.ask("INFO", "commandstats")
        calls = {
            line.partition(":")[0]: int(line.partition("calls=")[2].partition(",")[0])
            for line in ran.splitlines()
            if line.startswith("cmdstat_")
        }
        dangerous = {f"cmdstat_{name.lower().replace(' ', '|')}" for name in NAMES}
        assert {name for name in dangerous if calls.get(name, 0)} == set()
        assert calls["cmdstat_discard"] == 1

    def test_without_negative_nothing_is_queued(self) -> None:
        with scripted(_denying()) as (port, heard):
            assert said(rights.rights, entered(port)) == SKIPPED
        assert {words[0] for words in heard} == {"HELLO", "AUTH", "ACL"}

    @pytest.mark.parametrize(
        "answers",
        [
            {"MULTI": b"-ERR unknown command 'MULTI'\r\n"},
            {"MULTI": b"+OK\r\n", "PING": b"+PONG\r\n"},
        ],
    )
    def test_what_does_not_queue_is_sent_nothing_dangerous(self, answers: dict[str, bytes]) -> None:
        with scripted(_denying(**answers)) as (port, heard):
            assert said(rights.rights, entered(port, options=NEGATIVE)) == SKIPPED
        assert not {words[0] for words in heard[3:]} & {words[0] for words in DANGEROUS} - {"ACL"}

    def test_a_queue_that_ends_is_left(self) -> None:
        """Something between that passes one command on in earnest gets no other."""
        answers = {"MULTI": b"+OK\r\n", "PING": b"+QUEUED\r\n", "FLUSHALL": b"+OK\r\n"}
        with scripted(_denying(**answers)) as (port, heard):
            assert said(rights.rights, entered(port, options=NEGATIVE)) == SKIPPED
        assert [words[0] for words in heard[-4:]] == ["MULTI", "PING", "FLUSHALL", "DISCARD"]

    def test_each_would_fail_if_it_were_run(self) -> None:
        with redis(None, "requirepass x", "user admin on nopass ~* +@all") as port:
            session = checkup_of(port).converse()
            assert session.ask("AUTH", "admin", "any") == "OK"
            session.ask("SET", "key", "value")
            before = session.ask("ACL", "LIST"), session.ask("CONFIG", "GET", "*")
            for words in DANGEROUS:
                reply = session.ask(*words)
                assert reply == [] if words[0] == "KEYS" else isinstance(reply, Exception), words
            assert session.ask("GET", "key") == "value"
            assert (session.ask("ACL", "LIST"), session.ask("CONFIG", "GET", "*")) == before


class TestOldServersAndServices:
    def test_version_6_has_no_dryrun(self) -> None:
        unknown = (
            b"-ERR Unknown subcommand or wrong number of arguments for 'DRYRUN'. Try ACL HELP.\r\n"
        )
        with scripted(_denying(dryrun=unknown)) as (port, _):
            assert said(rights.rights, entered(port)) == "dangerous-rights"

    def test_a_service_without_acl(self) -> None:
        with scripted(_denying(dryrun=b"-ERR unknown command 'ACL'\r\n")) as (port, _):
            assert said(rights.rights, entered(port)) == SKIPPED

    def test_a_service_that_removed_commands(self) -> None:
        removed = 'rename-command DEBUG ""', 'rename-command CONFIG ""', 'rename-command KEYS ""'
        with redis(None, NOBODY, ADMIN, *removed) as port:
            found = only(rights.rights, entered(port, username="admin"))
        assert set(NAMES) - set(_list(found)) == {"DEBUG", "CONFIG SET", "KEYS"}


def test_without_a_conversation_or_behind_a_wrong_mode() -> None:
    assert said(rights.rights, checkup_of(1)) == SKIPPED
    with scripted(_denying()) as (port, _):
        checkup = entered(port)
        checkup.learned.hello = {"mode": "sentinel"}
        assert said(rights.rights, checkup) == SKIPPED


def _denying(
    dryrun: bytes = b"-NOPERM this user has no permissions to run the 'acl|dryrun' command\r\n",
    **answers: bytes,
) -> Callable[[list[str]], bytes]:
    def answer(words: list[str]) -> bytes:
        if words[0] == "ACL":
            return bulk("app") if words[1] == "WHOAMI" else dryrun
        if words[0] == "HELLO":
            return b"-ERR unknown command\r\n"
        return answers.get(words[0], b"+OK\r\n")

    return answer


def _connection(target: str) -> Connection:
    return Connection(
        target=target, engine="redis", host="127.0.0.1", port=1, tls=False, username="default",
        password=PASSWORD,
    )  # fmt: skip


def _list(found: Any) -> list[str]:
    commands = found.facts["commands"]
    assert isinstance(commands, list)
    return commands
