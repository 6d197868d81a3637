"""Clients of a stack on the fake cloud reach a real server by what the stack exports."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from cloud.aws.witness import REPLICATION_GROUP, AwsWitness
from cloud.cache_server import CacheServer, resolving
from harness import client
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry
from secure_redis.connection import Connection
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


@dataclass
class Moment:
    """The stack at one moment of its life, with a server for each cache."""

    connections: dict[str, Connection]
    names: dict[tuple[str, int], int]


class Scene:
    """A stack, the CA that stands for the public one, and servers that follow the fake cloud."""

    def __init__(self, root: Path) -> None:
        self.witness = AwsWitness(root)
        self.authority = Authority.make("stands for Amazon Trust Services")
        self.trusted = root / "trusted.pem"
        self.trusted.write_text(self.authority.pem)
        self._servers: dict[str, CacheServer] = {}

    def moment(self, **rotation: Any) -> Moment:
        """Brings the stack up with a rotation of all passwords, and the servers to its state."""
        caches = {
            name: {**settings, **({"rotation": rotation} if rotation else {})}
            for name, settings in CACHES.items()
        }
        access = {"cidrs": ["10.30.0.0/16"]}
        self.witness.write(caches, access=access, **{"aws:region": "eu-west-1"})
        self.witness.applied()
        found = {name: self.witness.connection(name) for name in CACHES}
        names: dict[tuple[str, int], int] = {}
        for identifier, group in self.witness.cloud.all(REPLICATION_GROUP).items():
            name = group["Tags"]["secure-redis:cache"]
            server = self._servers.setdefault(
                name, CacheServer(self.witness.cloud, identifier, self.authority)
            )
            server.stop()
            server.start(found[name].host)
            names[found[name].host, found[name].port] = server.published
            # Another cache's name, which somebody else's server claims.
            names[f"other.{name}.cache.amazonaws.com", found[name].port] = server.published
        return Moment(found, names)

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()
        self.witness.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("connection"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def first(scene: Scene) -> Moment:
    return scene.moment()


@pytest.fixture
def reached(scene: Scene, first: Moment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moment]:
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
        (used,) = server.connection_pool._available_connections
        context = used._sock.context
        assert context.check_hostname
        assert context.verify_mode.name == "CERT_REQUIRED"


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


def stranger(connection: Connection, **changes: Any) -> redis.Redis:
    """A client with something else than the contract says."""
    return client(replace(connection, **changes))


def without_login(connection: Connection) -> redis.Redis:
    return client(connection, url=connection.url_redacted)


def as_default(connection: Connection) -> redis.Redis:
    """A password without a user name is one for the user `default`."""
    parts = urlsplit(connection.url)
    url = f"rediss://:{connection.password}@{parts.hostname}:{parts.port}/0"
    return client(connection, url=url)


def in_plain_text(connection: Connection) -> redis.Redis:
    return client(connection, url=re.sub("^rediss:", "redis:", connection.url), socket_timeout=3)


LOGINS: dict[str, tuple[Callable[[Connection], redis.Redis], str]] = {
    "no login": (
        without_login,
        "NOAUTH|HELLO must be called with the client already authenticated",
    ),
    "wrong password": (lambda one: stranger(one, password="x" * 48), "WRONGPASS|invalid username"),
    "unknown user": (lambda one: stranger(one, username="nobody"), "WRONGPASS|invalid username"),
    "default user": (as_default, "WRONGPASS|invalid username"),
    "plain text": (in_plain_text, "Connection|closed|reset|Protocol|Timeout"),
}


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
    connection = replace(reached.connections["cache"], host="other.cache.cache.amazonaws.com")
    with (
        client(connection) as server,
        pytest.raises(errors.ConnectionError, match=r"(?i)hostname mismatch|not valid"),
    ):
        server.ping()


def test_another_authority_is_refused(
    scene: Scene, first: Moment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
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


def lets_in(connection: Connection) -> bool:
    """Whether a login with the contract works; any other failure than a refusal is raised."""
    url, retry = connection.url, Retry(NoBackoff(), 0)
    with redis.Redis.from_url(url, retry=retry, socket_timeout=10) as server:
        try:
            return bool(server.ping())
        except errors.AuthenticationError:
            return False


def test_an_old_password_works_as_long_as_it_should(
    scene: Scene, first: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of users and of tokens: beside the new one, then no more."""
    both = scene.moment(generation=2, keepPrevious=True)
    with resolving(monkeypatch, both.names, str(scene.trusted)):
        for name in CACHES:
            old, new = first.connections[name], both.connections[name]
            assert (old.host, old.port) == (new.host, new.port)
            assert old.password != new.password
            assert (lets_in(old), lets_in(new)) == (True, True)
    after = scene.moment(generation=2)
    with resolving(monkeypatch, after.names, str(scene.trusted)):
        for name in CACHES:
            old, new = first.connections[name], after.connections[name]
            assert new.password == both.connections[name].password
            assert (lets_in(old), lets_in(new)) == (False, True)
