"""Clients of a stack on the fake cloud reach a real server by what the stack exports."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud.aws.server import server_settings
from cloud.aws.witness import AwsWitness
from cloud.cache_server import resolving
from cloud.scene import LOGINS, Moment, Scene, as_default, is_verified, lets_in
from harness import client
from redis import exceptions as errors
from signing import Authority

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

CACHES: dict[str, dict[str, Any]] = {
    "cache": {"purpose": "sessions"},
    "legacy": {"engine": "redis", "aws": {"auth": "token"}},
}
FORBIDDEN = (
    ["CONFIG", "GET", "maxmemory"],
    ["FLUSHALL"],
    ["FLUSHDB"],
    ["KEYS", "*"],
    ["ACL", "LIST"],
    ["SHUTDOWN", "NOSAVE"],
)


PLACE = {"access": {"cidrs": ["10.30.0.0/16"]}, "aws:region": "eu-west-1"}

AwsScene = Scene[AwsWitness]


def rotated(**rotation: Any) -> dict[str, Any]:
    """The stack's caches with a rotation of all passwords."""
    added = {"rotation": rotation} if rotation else {}
    return {name: {**settings, **added} for name, settings in CACHES.items()}


def elsewhere(host: str) -> str:
    """A name that the certificate of a cache does not hold."""
    return host.replace(".cache.amazonaws.com", ".other.cache.amazonaws.com")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsScene]:
    root = tmp_path_factory.mktemp("connection")
    made = Scene(
        AwsWitness(root),
        root / "trusted.pem",
        lambda witness, name: server_settings(witness.cloud, name),
        elsewhere,
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def first(scene: AwsScene) -> Moment:
    return scene.moment(CACHES, **PLACE)


@pytest.fixture
def reached(scene: AwsScene, first: Moment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moment]:
    with resolving(monkeypatch, first.names, str(scene.trusted)):
        yield first


@pytest.mark.parametrize("name", CACHES)
def test_the_exported_url_is_enough(reached: Moment, name: str) -> None:
    """Chain and host name verified, with nothing but the URL and the system's trust store."""
    connection = reached.connections[name]
    with client(connection) as server:
        assert server.ping()
        server.set("key", "value", ex=60)
        assert server.get("key") == "value"
        assert server.execute_command("ACL", "WHOAMI") == connection.username
        assert is_verified(server)


@pytest.mark.parametrize("name", CACHES)
def test_the_url_for_celery_connects(reached: Moment, name: str) -> None:
    connection = reached.connections[name]
    assert "ssl_cert_reqs=required" in connection.celery_url
    with client(connection, url=connection.celery_url) as server:
        assert server.ping()


def test_the_eviction_policy_of_the_purpose_is_at_work(reached: Moment) -> None:
    with client(reached.connections["cache"]) as server:
        assert server.info("memory")["maxmemory_policy"] == "volatile-lru"


@pytest.mark.parametrize("command", FORBIDDEN, ids=lambda words: words[0])
def test_the_application_may_not_administer(reached: Moment, command: list[str]) -> None:
    with client(reached.connections["cache"]) as server:
        with pytest.raises(errors.NoPermissionError):
            server.execute_command(*command)
        assert server.ping()


@pytest.mark.parametrize("what", LOGINS)
def test_a_stranger_is_refused(reached: Moment, what: str) -> None:
    make, message = LOGINS[what]
    with (
        make(reached.connections["cache"]) as server,
        pytest.raises(errors.RedisError, match=message),
    ):
        server.ping()


@pytest.mark.parametrize("what", ["no login", "wrong password", "unknown user", "plain text"])
def test_a_token_guards_the_cache_as_a_password_does(reached: Moment, what: str) -> None:
    make, message = LOGINS[what]
    with (
        make(reached.connections["legacy"]) as server,
        pytest.raises(errors.RedisError, match=message),
    ):
        server.ping()


def test_a_token_is_enough_without_a_user(reached: Moment) -> None:
    """For clients that know no user names, which is what a token is for."""
    connection = reached.connections["legacy"]
    assert connection.username == "default"
    with as_default(connection) as server:
        assert server.ping()


def test_another_name_is_refused(reached: Moment) -> None:
    """The same server under a name that its certificate does not hold."""
    real = reached.connections["cache"]
    connection = replace(real, host=elsewhere(real.host))
    with (
        client(connection) as server,
        pytest.raises(errors.ConnectionError, match=r"(?i)hostname mismatch|not valid"),
    ):
        server.ping()


def test_another_authority_is_refused(
    scene: AwsScene, first: Moment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same names in a certificate of a CA that the system does not trust."""
    strange = tmp_path / "strange.pem"
    strange.write_text(Authority.make("somebody else").pem)
    with (
        resolving(monkeypatch, first.names, str(strange)),
        client(first.connections["cache"]) as server,
        pytest.raises(errors.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        server.ping()
    assert scene.trusted.read_text() == scene.authority.pem


def test_an_old_password_works_as_long_as_it_should(
    scene: AwsScene, first: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of users and of tokens: beside the new one, then no more."""
    both = scene.moment(rotated(generation=2, keepPrevious=True), **PLACE)
    with resolving(monkeypatch, both.names, str(scene.trusted)):
        for name in CACHES:
            old, new = first.connections[name], both.connections[name]
            assert (old.host, old.port) == (new.host, new.port)
            assert old.password != new.password
            assert (lets_in(old), lets_in(new)) == (True, True)
    after = scene.moment(rotated(generation=2), **PLACE)
    with resolving(monkeypatch, after.names, str(scene.trusted)):
        for name in CACHES:
            old, new = first.connections[name], after.connections[name]
            assert new.password == both.connections[name].password
            assert (lets_in(old), lets_in(new)) == (False, True)
