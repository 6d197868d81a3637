"""New passwords and certificates reach a running server, and nobody notices."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from harness import Deployment, client, deployed, file_in, free_port
from secure_redis.connection import Connection

WRITERS = 4


@dataclass
class Writer:
    """One thread of an application: counts up, and remembers what the server acknowledged."""

    key: str
    pool: redis.Redis
    acknowledged: int = 0
    errors: list[str] = field(default_factory=list[str])
    longest: float = 0.0

    def run(self, end: threading.Event) -> None:
        last = time.monotonic()
        while not end.is_set():
            try:
                self.pool.incr(self.key)
                self.pool.set(f"{self.key}:last", self.acknowledged + 1)
            except redis.RedisError as error:
                self.errors.append(f"{type(error).__name__}: {error}")
                time.sleep(0.05)
                continue
            self.acknowledged += 1
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            time.sleep(0.001)


@dataclass
class Load:
    """Writers at work, each through the pool that it is given."""

    writers: list[Writer]

    def use(self, connection: Connection) -> None:
        """What an application does in a rotation: takes the new URL for all that follows."""
        for writer in self.writers:
            writer.pool = client(connection)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[tuple[Deployment, dict[str, Any]]]:
    settings: dict[str, Any] = {"docker": {"port": free_port()}}
    with deployed(tmp_path, "rotate", {"cache": settings}) as deployment:
        yield deployment, settings


def load_on(connection: Connection) -> tuple[Load, threading.Event, list[threading.Thread]]:
    load = Load([Writer(f"counter:{n}", client(connection)) for n in range(WRITERS)])
    end = threading.Event()
    threads = [threading.Thread(target=writer.run, args=[end]) for writer in load.writers]
    for thread in threads:
        thread.start()
    return load, end, threads


def run_id(connection: Connection) -> str:
    with client(connection) as server:
        return server.info("server")["run_id"]


def lets_in(connection: Connection) -> bool:
    try:
        with client(connection) as server:
            return bool(server.ping())
    except redis.AuthenticationError:
        return False


def reads(connection: Connection) -> bool:
    try:
        with client(connection, url=connection.readonly_url) as server:
            return int(str(server.get("counter:0"))) > 0
    except redis.AuthenticationError:
        return False


def test_a_password_rotates_under_load(
    cache: tuple[Deployment, dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    deployment, settings = cache
    first = deployment.connection()
    server = run_id(first)
    with client(first) as session:
        session_id = session.client_id()
        load, end, threads = load_on(first)
        try:
            settings["rotation"] = {"generation": 2, "keepPrevious": True}
            deployment.write({"cache": settings})
            both = deployment.up()
            second = deployment.connection()
            assert second.password != first.password
            assert lets_in(first)
            assert lets_in(second)
            assert reads(first)
            assert reads(second)
            assert second.readonly_password != first.readonly_password

            load.use(second)

            settings["rotation"] = {"generation": 2, "keepPrevious": False}
            deployment.write({"cache": settings})
            only_new = deployment.up()
            assert deployment.connection() == second
            assert not lets_in(first)
            assert not reads(first)
            assert lets_in(second)
            assert reads(second)
        finally:
            end.set()
            for thread in threads:
                thread.join(30)
        # Whoever was in stays in.
        assert session.client_id() == session_id
    errors = [error for writer in load.writers for error in writer.errors]
    assert errors == []
    with client(second) as session:
        for writer in load.writers:
            assert writer.acknowledged > 100
            assert int(str(session.get(writer.key))) == writer.acknowledged
            assert int(str(session.get(f"{writer.key}:last"))) == writer.acknowledged
    assert run_id(second) == server
    assert not both.changes.keys() & {"failed"}
    assert second.credential_issued_at >= first.credential_issued_at
    assert second.secret_ref["version"] == "2"
    deployment.unchanged()
    total = sum(writer.acknowledged for writer in load.writers)
    stall = max(writer.longest for writer in load.writers)
    record_property(
        "measured",
        f"password rotation under load: {total} writes acknowledged, none lost, none failed; "
        f"longest pause of a writer {stall * 1000:.0f} ms, server not restarted; "
        f"up {both.seconds:.1f} s and {only_new.seconds:.1f} s",
    )


# --- certificates --------------------------------------------------------------------------------


def served_certificate(connection: Connection, ca_pem: str) -> x509.Certificate:
    """What a new connection is shown, verified by `ca_pem`."""
    context = ssl.create_default_context(cadata=ca_pem)
    with (
        socket.create_connection((connection.host, connection.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=connection.host) as wrapped,
    ):
        return x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")


def test_a_certificate_is_renewed_under_open_connections(
    cache: tuple[Deployment, dict[str, Any]],
) -> None:
    deployment, settings = cache
    before = deployment.connection()
    old = served_certificate(before, before.ca_pem)
    server = run_id(before)
    with client(before) as session:
        session_id = session.client_id()

        settings["docker"]["certificates"] = {"validityDays": 200}
        deployment.write({"cache": settings})
        deployment.up()
        new = _renewed(deployment, before, old, server)
        assert new.not_valid_after_utc - new.not_valid_before_utc <= timedelta(days=200)

        _let_certificate_age(deployment, "cache-server")
        deployment.up()
        new = _renewed(deployment, before, new, server)
        assert deployment.connection().ca_pem == before.ca_pem

        # A renewed CA has the key that it had.
        _let_certificate_age(deployment, "cache-ca")
        deployment.up()
        _renewed(deployment, before, new, server)
        assert deployment.connection().ca_pem != before.ca_pem
        deployment.unchanged()

        assert session.client_id() == session_id


def _renewed(
    deployment: Deployment, before: Connection, old: x509.Certificate, server: str
) -> x509.Certificate:
    after = deployment.connection()
    # Clients that were never told go on verifying.
    new = served_certificate(before, before.ca_pem)
    assert served_certificate(after, after.ca_pem) == new
    assert new.serial_number != old.serial_number
    assert after.password == before.password
    assert run_id(before) == server
    return new


def _let_certificate_age(deployment: Deployment, name: str) -> None:
    """Moves the end of a certificate, as the state knows it, into its renewal window."""
    exported = json.loads(deployment.pulumi("stack", "export").succeeded().stdout)
    soon = (datetime.now(timezone.utc) + timedelta(days=3)).isoformat(timespec="seconds")
    aged = [
        resource
        for resource in exported["deployment"]["resources"]
        if resource["type"].endswith("Cert") and resource["urn"].endswith(f"::{name}")
    ]
    assert len(aged) == 1
    aged[0]["outputs"]["validityEndTime"] = soon
    deployment.pulumi("stack", "import", stdin=json.dumps(exported)).succeeded()


def test_what_the_server_refuses_fails_the_run(cache: tuple[Deployment, dict[str, Any]]) -> None:
    """A new password that did not reach the server must not look as if it had."""
    deployment, settings = cache
    before = deployment.connection()
    password = file_in(deployment.container(), "/etc/redis/operator_password")
    url = f"rediss://operator:{password}@127.0.0.1:{before.port}/0"
    with client(before, url=url) as operator:
        # As if somebody had changed the users by hand.
        operator.execute_command("ACL", "SETUSER", "operator", "resetpass", f">{'x' * 48}")
    settings["rotation"] = {"generation": 2, "keepPrevious": True}
    deployment.write({"cache": settings})
    failed = deployment.run("up")
    assert failed.code != 0
    assert "Traceback" not in failed.text

    # A restart reads the files, which are new already.
    deployment.container().restart()
    deployment.up()
    assert lets_in(before)
    assert lets_in(deployment.connection())
    deployment.unchanged()
