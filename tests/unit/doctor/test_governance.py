"""D24, D25 and D26: credentials and settings as the stack has them, and this machine's files."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from secure_redis import posture
from secure_redis.connection import Connection
from secure_redis.doctor import wire
from secure_redis.doctor.checkup import Checkup, Verdict
from secure_redis.doctor.deadline import Deadline
from secure_redis.doctor.endpoint import Declared, Endpoint, Given, LocalFile
from secure_redis.doctor.examine import governance
from secure_redis.doctor.report import Status

from tests.unit.doctor.issued import authority
from tests.unit.rendering import samples

NOW = datetime(2027, 1, 1, tzinfo=timezone.utc)
DUE = {"rotate_by": "2027-02-19T03:00:00Z", "credential_issued_at": "2026-11-21T03:00:00Z"}


def checkup(given: Given) -> Checkup:
    assert given.endpoint
    return Checkup(given, given.endpoint, now=NOW)


def application(own: Connection, **changes: Any) -> Checkup:
    """An application's variables beside the stack's own contract."""
    endpoint = replace(Endpoint.of(own), **changes)
    given = Given("x", endpoint, variables=("REDIS_URL",), declared=Declared(connection=own))
    return checkup(given)


def told(verdicts: Iterator[Verdict]) -> list[tuple[str, str]]:
    return [(one.problem or one.status.value, one.observed) for one in verdicts]


def problems(verdicts: Iterator[Verdict]) -> list[str]:
    return [one.problem for one in verdicts if one.problem]


# --- D24 ----------------------------------------------------------------------------------


def test_nothing_to_compare_with() -> None:
    given = Given("x", Endpoint("h", 1, tls=True))
    assert [one.status for one in governance.credentials(checkup(given))] == [Status.SKIPPED]


def test_the_current_credentials() -> None:
    (found,) = governance.credentials(application(samples.local(**DUE)))
    assert found.status is Status.OK
    assert found.observed.split("; ") == [
        "the password is the stack's current one",
        "the application has the stack's CA",
        "the password is to be replaced by 2027-02-19, in 49 days",
    ]
    facts = {"issued_at": DUE["credential_issued_at"], "rotate_by": DUE["rotate_by"]}
    assert found.facts == facts


def test_the_stack_s_own_contract_is_not_compared_with_itself() -> None:
    own = samples.local(**DUE)
    given = Given("x", Endpoint.of(own), declared=Declared(connection=own))
    found = told(governance.credentials(checkup(given)))
    assert found == [("ok", "the password is to be replaced by 2027-02-19, in 49 days")]


def test_a_rotation_that_stopped_half_way() -> None:
    looked = application(samples.local(**DUE), password="Former" * 8)
    found = [*governance.credentials(looked)]
    assert problems(iter(found)) == ["credential-differs"]
    assert not any(samples.PASSWORD in one.observed or "Former" in one.observed for one in found)


def test_a_password_that_is_no_text() -> None:
    looked = application(samples.local(), password="\udcff" * 32)
    assert problems(governance.credentials(looked)) == ["credential-differs"]


def test_the_user_that_may_only_read_has_a_password_of_its_own() -> None:
    reading = {"username": "readonly", "password": samples.READONLY_PASSWORD}
    assert problems(governance.credentials(application(samples.local(), **reading))) == []
    reading["password"] = samples.PASSWORD
    looked = application(samples.local(), **reading)
    assert problems(governance.credentials(looked)) == ["credential-differs"]


def test_another_endpoint_with_another_password() -> None:
    looked = application(samples.local(), host="old.example.org", password="Other" * 9)
    (found,) = [one for one in governance.credentials(looked) if one.problem]
    assert found.problem == "credential-differs"
    assert "old.example.org:6380 is not its endpoint localhost:6380" in found.observed


@pytest.mark.parametrize(
    ("own", "changes", "noted"),
    [
        (samples.local(), {"host": "tunnel.example.org"}, True),
        (samples.local(), {"host": "cache", "port": 6379}, False),
        (samples.public_ca(), {"host": "replica.cache.example.org", "port": 6380}, False),
    ],
    ids=["tunnel", "inside", "reader"],
)
def test_where_the_stack_s_cache_can_be_reached(
    own: Connection, changes: dict[str, Any], noted: bool
) -> None:
    found = told(governance.credentials(application(own, **changes)))
    assert any("the application goes to" in text for _, text in found) is noted
    assert any("the password is the stack's current one" in text for _, text in found)


def test_another_ca() -> None:
    looked = application(samples.local(), ca_pem=authority("Other CA").pem)
    assert problems(governance.credentials(looked)) == ["ca-differs"]


def test_a_ca_that_is_being_replaced() -> None:
    """The application needs both, or it is cut off when the server gets the new certificate."""
    old, new = authority("Old CA"), authority("New CA")
    own = samples.local(ca_pem=old.pem + new.pem)
    assert problems(governance.credentials(application(own))) == []
    (found,) = [
        one for one in governance.credentials(application(own, ca_pem=old.pem)) if one.problem
    ]
    assert found.problem == "ca-differs"
    assert found.observed.startswith("1 of the stack's 2 CA certificates are not among the 1")


def test_more_cas_than_the_stack_has_do_no_harm() -> None:
    own = samples.local()
    looked = application(own, ca_pem=authority("Company CA").pem + own.ca_pem)
    assert problems(governance.credentials(looked)) == []


@pytest.mark.parametrize(
    ("rotate_by", "problem", "text"),
    [
        ("2027-01-01T00:00:00Z", "rotation-due", "due since 2027-01-01"),
        ("2026-12-31T00:00:00Z", "rotation-due", "due since 2026-12-31"),
        ("2027-01-01T00:00:01Z", "", "in 0 days"),
        ("", "", "is not known"),
    ],
)
def test_the_age_of_the_password(rotate_by: str, problem: str, text: str) -> None:
    found = [*governance.credentials(application(samples.local(rotate_by=rotate_by)))]
    assert [one.problem for one in found if one.problem] == ([problem] if problem else [])
    assert any(text in one.observed for one in found)


@pytest.mark.parametrize("kind", [samples.identity(), samples.plain()])
def test_without_a_password_there_is_nothing_to_compare(kind: Connection) -> None:
    found = told(governance.credentials(application(kind)))
    assert [status for status, _ in found] == ["info"]


# --- D25 ----------------------------------------------------------------------------------


def test_without_a_state_nothing_is_said_of_the_cloud() -> None:
    given = Given("x", Endpoint("h", 1, tls=True))
    assert [one.status for one in governance.settings(checkup(given))] == [Status.SKIPPED]


def in_state(*resources: dict[str, Any]) -> Checkup:
    declared = Declared(stack="prod", cache="cache", resources=resources)
    return checkup(Given("x", Endpoint("h", 1, tls=True), declared=declared))


CACHE = {
    "type": "secure-redis:index:SecureRedis",
    "urn": "urn:pulumi:prod::p::secure-redis:index:SecureRedis::cache",
}


def group(**inputs: Any) -> dict[str, Any]:
    """An ElastiCache replication group in the state of a stack."""
    kind = "aws:elasticache/replicationGroup:ReplicationGroup"
    urn = f"urn:pulumi:prod::p::secure-redis:index:SecureRedis${kind}::cache"
    return {"type": kind, "urn": urn, "parent": CACHE["urn"], "inputs": inputs, "outputs": inputs}


def test_resources_that_no_rule_is_about() -> None:
    (found,) = governance.settings(in_state(CACHE))
    assert (found.status, found.observed) == (
        Status.SKIPPED,
        "no rule is about what this stack has",
    )


def test_a_setting_of_a_cloud_that_was_changed() -> None:
    """By the real rules: TLS is off, and nothing else is known of the group."""
    looked = in_state(CACHE, group(transitEncryptionEnabled=False))
    found = [
        one
        for one in governance.settings(looked)
        if one.problem == "setting-insecure" and one.where.endswith("transitEncryptionEnabled")
    ]
    assert [one.where for one in found] == ["ReplicationGroup cache: transitEncryptionEnabled"]
    assert found[0].fix
    assert str(found[0].facts["control"]).startswith("RDS-TLS-")


def judgement(outcome: posture.Outcome, exception: str = "", control: str = "RDS-NET-01") -> Any:
    return posture.Judgement(
        rule="public",
        control=control,
        resource="Cache cache",
        urn="a",
        path="publicAccess",
        outcome=outcome,
        reason="is on",
        fix="Off.",
        exception=exception,
    )


HOLDS, BROKEN, UNKNOWN = posture.Outcome.HOLDS, posture.Outcome.BROKEN, posture.Outcome.UNKNOWN


def judged(
    monkeypatch: pytest.MonkeyPatch, *judgements: Any, exceptions: tuple[str, ...] = ()
) -> list[Verdict]:
    def answer(resources: Any, *, environment: str) -> list[Any]:
        assert (resources, environment) == ((CACHE,), "production")
        return list(judgements)

    monkeypatch.setattr(posture, "judgements", answer)
    declared = Declared(
        environment="production",
        exceptions=dict.fromkeys(exceptions, "why"),
        resources=(CACHE,),
    )
    looked = checkup(Given("x", Endpoint("h", 1, tls=True), declared=declared))
    return [*governance.settings(looked)]


def test_rules_that_hold_speak_for_their_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(
        monkeypatch,
        judgement(HOLDS),
        judgement(HOLDS, control="RDS-DATA-01"),
        judgement(UNKNOWN, control="RDS-OPS-01"),
    )
    assert (found.status, found.observed) == (Status.OK, "rules that hold: 2")
    assert found.facts == {"controls": ["RDS-DATA-01", "RDS-NET-01"]}


def test_each_broken_rule_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(monkeypatch, judgement(BROKEN), judgement(HOLDS), judgement(BROKEN))
    assert [one.problem for one in found] == ["setting-insecure"] * 2
    assert (found[0].where, found[0].observed, found[0].fix) == (
        "Cache cache: publicAccess",
        "is on",
        "Off.",
    )
    assert found[0].facts == {"control": "RDS-NET-01", "controls": ["RDS-NET-01"]}


def test_what_the_stack_breaks_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(
        monkeypatch,
        judgement(BROKEN, "public-access"),
        judgement(HOLDS),
        exceptions=("public-access",),
    )
    assert told(iter(found)) == [
        ("info", "broken on purpose (public-access): is on"),
        ("ok", "rules that hold: 1"),
    ]
    found = judged(monkeypatch, judgement(BROKEN, "public-access"), exceptions=("other",))
    assert [one.problem for one in found] == ["setting-insecure"]


def test_nothing_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(monkeypatch, judgement(UNKNOWN))
    assert found.status is Status.SKIPPED


# --- D26 ----------------------------------------------------------------------------------


def at_hand(*files: LocalFile) -> Checkup:
    return checkup(Given("x", Endpoint("h", 1, tls=True), files=files))


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(
        ["git", "-C", str(directory), *identity, *arguments], check=True, capture_output=True
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("REDIS_PASSWORD=x\n")
    path.chmod(0o600)
    return path


def test_no_files_and_no_port() -> None:
    assert [one.status for one in governance.machine(at_hand())] == [Status.SKIPPED]


def test_a_private_file_outside_of_git(file: Path) -> None:
    found = [*governance.machine(at_hand(LocalFile(str(file), secret=True)))]
    assert told(iter(found)) == [("ok", "private: its mode is 0600")]
    assert found[0].where == str(file)


def test_a_file_that_others_can_read(file: Path) -> None:
    file.chmod(0o644)
    found = told(governance.machine(at_hand(LocalFile(str(file), secret=True))))
    assert found == [("env-file-readable-by-others", "its mode is 0644")]


def test_the_mode_of_a_key_is_said_by_another_check(file: Path) -> None:
    file.chmod(0o644)
    key = LocalFile(str(file), secret=True, variable="REDIS_SSL_KEYFILE")
    assert problems(governance.machine(at_hand(key))) == []


def test_a_ca_is_no_secret(file: Path) -> None:
    file.chmod(0o644)
    ca = LocalFile(str(file), secret=False, variable="REDIS_SSL_CA_CERTS")
    assert [one.status for one in governance.machine(at_hand(ca))] == [Status.SKIPPED]


def test_a_file_that_git_does_not_ignore(file: Path) -> None:
    git(file.parent, "init", "--quiet")
    found = told(governance.machine(at_hand(LocalFile(str(file), secret=True))))
    assert found == [("env-file-in-git", "no .gitignore names it")]


def test_a_file_that_git_ignores(file: Path) -> None:
    git(file.parent, "init", "--quiet")
    (file.parent / ".gitignore").write_text(".env\n")
    assert problems(governance.machine(at_hand(LocalFile(str(file), secret=True)))) == []


def test_a_file_that_is_committed_although_it_is_ignored(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(file.parent, "init", "--quiet")
    git(file.parent, "add", ".env")
    (file.parent / ".gitignore").write_text(".env\n")
    # What a hook of another repository leaves in the environment leads nowhere.
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    found = told(governance.machine(at_hand(LocalFile(str(file), secret=True))))
    assert found == [("env-file-in-git", "it is committed, or will be with the next commit")]


def test_without_git_nothing_is_said_of_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert problems(governance.machine(at_hand(LocalFile(str(file), secret=True)))) == []


def test_a_file_that_is_gone(file: Path) -> None:
    file.unlink()
    assert problems(governance.machine(at_hand(LocalFile(str(file), secret=True)))) == []


@contextmanager
def plain_server(host: str, port: int = 0, answer: bytes = b"-NOAUTH x\r\n") -> Iterator[int]:
    """Answers every connection with the same line."""
    with socket.create_server((host, port)) as listening:

        def serve() -> None:
            while True:
                try:
                    connected, _ = listening.accept()
                except OSError:
                    return
                with connected:
                    connected.recv(1024)
                    connected.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def local(port: int, host: str = "127.0.0.1") -> Checkup:
    looked = checkup(Given("x", Endpoint(host, port, tls=False)))
    looked.learned.place = wire.Place(ip_address(host), port)
    return looked


def test_a_port_on_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governance, "own_addresses", lambda _: [ip_address("127.9.9.9")])
    with plain_server("0.0.0.0") as port:
        found = told(governance.machine(local(port)))
    assert found == [("port-on-all-addresses", f"port {port} answers on 127.9.9.9 too")]


def test_a_port_on_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governance, "own_addresses", lambda _: [ip_address("127.9.9.9")])
    with plain_server("127.0.0.1") as port:
        found = told(governance.machine(local(port)))
    assert found == [("ok", f"port {port} answers on 127.0.0.1 and on no other address tried")]


def test_another_server_on_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governance, "own_addresses", lambda _: [ip_address("127.9.9.9")])
    with plain_server("127.0.0.1") as port, plain_server("127.9.9.9", port, b"220 mail\r\n"):
        assert problems(governance.machine(local(port))) == []


def test_a_machine_without_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governance, "own_addresses", lambda _: [])
    assert [status for status, _ in told(governance.machine(local(1)))] == ["info"]


def test_a_server_elsewhere_is_no_matter_of_this_machine() -> None:
    looked = checkup(Given("x", Endpoint("10.0.0.9", 1, tls=False)))
    looked.learned.place = wire.Place(ip_address("10.0.0.9"), 1)
    assert [one.status for one in governance.machine(looked)] == [Status.SKIPPED]


def test_own_addresses_are_this_machine_s_and_no_loopback() -> None:
    for address in governance.own_addresses(Deadline()):
        assert not address.is_loopback
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        with socket.socket(family) as probe:
            probe.bind((str(address), 0))
