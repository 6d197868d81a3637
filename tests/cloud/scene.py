"""A stack on a fake cloud with real servers for its caches, and clients that come to them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import redis
from cloud.cache_server import CacheServer, ServerSettings
from cloud.witness import Witness
from harness import client
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry
from secure_redis.connection import Connection
from signing import Authority

OwnWitness = TypeVar("OwnWitness", bound=Witness)


@dataclass
class Moment:
    """The stack at one moment of its life, with a server for each cache."""

    connections: dict[str, Connection]
    names: dict[tuple[str, int], int]


class Scene(Generic[OwnWitness]):
    """A stack, the CA that stands for the public one, and servers that follow the fake cloud.

    Args:
        witness: the stack.
        trusted: where the CA's certificate is written.
        settings: what the fake cloud says of the server of a cache.
        stranger: another cache's name in the place of this one's, which somebody's server claims.
    """

    def __init__(
        self,
        witness: OwnWitness,
        trusted: Path,
        settings: Callable[[OwnWitness, str], ServerSettings],
        stranger: Callable[[str], str],
    ) -> None:
        self.witness = witness
        self.authority = Authority.make("stands for a public CA")
        self.trusted = trusted
        self.trusted.write_text(self.authority.pem)
        self._settings, self._stranger = settings, stranger
        self._servers: dict[str, CacheServer] = {}

    def moment(self, caches: Mapping[str, Any], **others: Any) -> Moment:
        """Brings the stack up with a stack file, and the servers to its state."""
        self.witness.write(caches, **others)
        self.witness.applied()
        return self.followed(caches)

    def followed(self, caches: Mapping[str, Any]) -> Moment:
        """Brings the servers to the state of the fake cloud."""
        found = {name: self.witness.connection(name) for name in caches}
        names: dict[tuple[str, int], int] = {}
        for name, connection in found.items():
            server = self._servers.setdefault(name, CacheServer(self.authority))
            server.start(connection.host, self._settings(self.witness, name))
            for host in (connection.host, self._stranger(connection.host)):
                names[host, connection.port] = server.published
        return Moment(found, names)

    def close(self) -> None:
        """Stops the servers, and takes the stack down."""
        for server in self._servers.values():
            server.stop()
        self.witness.close()


def stranger(connection: Connection, **changes: Any) -> redis.Redis:
    """A client with something else than the contract says."""
    return client(replace(connection, **changes))


def without_login(connection: Connection) -> redis.Redis:
    """A client without a password."""
    return client(connection, url=connection.url_redacted)


def as_default(connection: Connection) -> redis.Redis:
    """A password without a user name is one for the user `default`."""
    parts = urlsplit(connection.url)
    url = f"rediss://:{parts.password}@{parts.hostname}:{parts.port}/0"
    return client(connection, url=url)


def in_plain_text(connection: Connection) -> redis.Redis:
    """A client without TLS."""
    return client(connection, url=re.sub("^rediss:", "redis:", connection.url), socket_timeout=3)


Login = tuple[Callable[[Connection], redis.Redis], str]
"""What makes a client, and how the server refuses it."""

LOGINS: dict[str, Login] = {
    "no login": (
        without_login,
        "NOAUTH|HELLO must be called with the client already authenticated",
    ),
    "wrong password": (lambda one: stranger(one, password="x" * 48), "WRONGPASS|invalid username"),
    "unknown user": (lambda one: stranger(one, username="nobody"), "WRONGPASS|invalid username"),
    "default user": (as_default, "WRONGPASS|invalid username"),
    "plain text": (in_plain_text, "Connection|closed|reset|Protocol|Timeout"),
}


def lets_in(connection: Connection) -> bool:
    """Whether a login with the contract works; any other failure than a refusal is raised."""
    url, retry = connection.url, Retry(NoBackoff(), 0)
    with redis.Redis.from_url(url, retry=retry, socket_timeout=10) as server:
        try:
            return bool(server.ping())
        except errors.AuthenticationError:
            return False


def is_verified(server: redis.Redis) -> bool:
    """Whether the connection that a client has open was made to a verified chain and name."""
    (used,) = server.connection_pool._available_connections
    context = used._sock.context
    return context.check_hostname and context.verify_mode.name == "CERT_REQUIRED"
