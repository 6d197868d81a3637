"""Stacks of the tests' own on Docker: real engine, real containers, ports that are free.

A `Deployment` takes everything down at its end, whatever happened.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import docker
import redis
from docker.errors import APIError
from docker.models.containers import Container
from engine import deployment as generic
from engine.deployment import (
    PROJECT_NAME,
    REPOSITORY,
    SECRET_MARK,
    Process,
    Run,
    redacted,
    remember_secret,
)
from redis.backoff import NoBackoff
from redis.retry import Retry
from secure_redis.connection import Connection
from secure_redis.docker.labels import OWNER

__all__ = [
    "PROJECT_NAME",
    "REPOSITORY",
    "SECRET_MARK",
    "Deployment",
    "Process",
    "Run",
    "client",
    "deployed",
    "engine",
    "eventually",
    "file_in",
    "free_port",
    "health",
    "redacted",
    "remember_secret",
    "write_certificates",
]


@cache
def engine() -> docker.DockerClient:
    """The Docker daemon."""
    return docker.from_env()


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on, outside of the range that outgoing connections take."""
    for _ in range(500):
        # Each worker of a parallel run has ports of its own.
        port = 20_000 + 8 * secrets.randbelow(1500) + _worker() % 8
        if port in _ports_given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
        _ports_given.add(port)
        return port
    raise AssertionError("no free port")


_ports_given: set[int] = set()


def _worker() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


class Deployment(generic.Deployment):
    """One stack on Docker, from its file to its end."""

    target = "docker"

    def __init__(self, root: Path, label: str) -> None:
        super().__init__(root, label)
        self._owners: set[str] = set()

    @property
    def full_name(self) -> str:
        """The network's name, with which the names of everything of this stack in Docker begin."""
        return f"{PROJECT_NAME}.{self.name}"

    def container(self, cache_name: str = "cache") -> Container:
        """The server of a cache."""
        return engine().containers.get(f"{self.full_name}.{cache_name}")

    def in_docker(self) -> list[str]:
        """Names of all containers, volumes and networks of this stack, by name or by label."""
        return sorted({str(thing.name) for thing in self._all_things()})

    def _all_things(self) -> list[Any]:
        things = _things({"name": self.full_name})
        for thing in things:
            labels = getattr(thing, "labels", None) or thing.attrs.get("Labels") or {}
            self._owners |= {labels[OWNER]} if OWNER in labels else set()
        for owner in self._owners:
            things += _things({"label": f"{OWNER}={owner}"})
        return list({thing.id: thing for thing in things}.values())

    def close(self) -> None:
        """Takes the stack down. Asserts that nothing is left; removes what is left first."""
        ended = Run(0, "", "")
        if self.exists:
            try:
                self._owners |= {
                    resource["outputs"]["hex"]
                    for resource in self.resources()
                    if resource["type"] == "random:index/randomId:RandomId"
                }
            finally:
                ended = self.run("down")
        left = self.in_docker()
        self._remove_by_force()
        ended.succeeded()
        assert left == []

    def _remove_by_force(self) -> None:
        for thing in self._all_things():
            # What cannot be removed is told by what asserts that nothing is left.
            with suppress(APIError):
                thing.remove(**({"force": True} if isinstance(thing, Container) else {}))


def _things(filters: Mapping[str, str]) -> list[Any]:
    """Containers, volumes and networks, in the order in which they can be removed."""
    client = engine()
    return [
        *client.containers.list(all=True, filters=dict(filters), ignore_removed=True),
        *client.volumes.list(filters=dict(filters)),
        *client.networks.list(filters=dict(filters)),
    ]


@contextmanager
def deployed(
    root: Path, label: str, caches: Mapping[str, Any] | None = None, **others: Any
) -> Iterator[Deployment]:
    """A deployment that is closed at the end; up already, if `caches` are given."""
    deployment = Deployment(root, label)
    try:
        if caches is not None:
            deployment.write(caches, **others)
            deployment.up()
        yield deployment
    finally:
        deployment.close()


def client(connection: Connection, **options: Any) -> redis.Redis:
    """redis-py as the documentation tells applications to use it, without retries."""
    trust = {"ssl_ca_data": connection.ca_pem} if connection.ca_pem else {}
    url = options.pop("url", connection.url)
    settings = {"socket_timeout": 10, "decode_responses": True, **trust, **options}
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **settings)


def write_certificates(connection: Connection, directory: Path) -> dict[str, str]:
    """The CA and the client certificate as files; redis-py's options that name them."""
    directory.mkdir(parents=True, exist_ok=True)
    contents = {
        "ssl_ca_certs": ("ca.pem", connection.ca_pem),
        "ssl_certfile": ("client.crt", connection.client_cert_pem),
        "ssl_keyfile": ("client.key", connection.client_key_pem),
    }
    options: dict[str, str] = {}
    for option, (name, content) in contents.items():
        if content:
            path = directory / name
            path.touch(mode=0o600)
            path.write_text(content)
            options[option] = str(path)
    return options


def file_in(container: Container, path: str) -> str:
    """A file of a container, as its own user reads it. What it holds is taken for a secret."""
    code, output = container.exec_run(["cat", path])
    assert code == 0, path
    content = bytes(output).decode().strip()  # pyright: ignore[reportArgumentType]
    remember_secret(content)
    return content


def eventually(check: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Waits until something is true."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)


def health(container: Container) -> str:
    """What Docker says of a container's health: starting, healthy or unhealthy."""
    container.reload()
    return container.attrs["State"]["Health"]["Status"]
