"""What is asked of the Docker daemon before anything is made, and what a broken run left in it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import docker
import docker.errors
import pytest
import requests
from package_cases import accepted, cache_of, one, stack
from secure_redis.docker import leftovers, preflight
from secure_redis.docker.labels import CACHE, OWNER
from secure_redis.docker.names import container_name

LOCAL = "unix:///var/run/docker.sock"


class Daemon:
    """A Docker daemon with some images, and containers that hold ports."""

    def __init__(self, *images: str, holders: list[dict[str, Any]] | None = None) -> None:
        self.images_here = set(images)
        self.holders = holders or []
        self.pulled: list[str] = []
        self.refusal: str | None = None
        self.timeouts: list[int] = []
        self.api = SimpleNamespace(
            containers=self.containers, inspect_image=self.inspect_image, timeout=20
        )
        self.images = SimpleNamespace(pull=self.pull)

    def containers(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        port = int(filters["publish"])
        # The daemon's filter also finds ports inside of containers.
        return [
            holder
            for holder in self.holders
            if any(port in (p.get("PublicPort"), p.get("PrivatePort")) for p in holder["Ports"])
        ]

    def inspect_image(self, name: str) -> None:
        if name not in self.images_here:
            raise docker.errors.ImageNotFound(name)

    def pull(self, name: str) -> None:
        self.timeouts.append(self.api.timeout)
        if self.refusal:
            response = requests.Response()
            response.status_code = 404
            raise docker.errors.APIError("error", response=response, explanation=self.refusal)
        self.pulled.append(name)


def holder(name: str, port: int, cache: str = "", private: int = 6380) -> dict[str, Any]:
    labels = {CACHE: cache} if cache else {}
    ports = [{"PrivatePort": private, "PublicPort": port, "Type": "tcp", "IP": "127.0.0.1"}]
    return {"Names": [f"/{name}"], "Labels": labels, "Ports": ports}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks a daemon about caches; remembers where it was looked for."""

    def asked(daemon: Daemon, caches: Any = None, host: str | None = "ssh://remote") -> Any:
        @contextmanager
        def at(_: str) -> Iterator[Daemon]:
            yield daemon

        monkeypatch.setattr(preflight, "daemon", at)
        return preflight.check(accepted(stack(caches)).caches, host)

    return asked


MINE = {"cache": {"docker": {"image": "mine:1", "port": 7000}}}


def test_an_image_that_is_there_is_used(ask: Any) -> None:
    daemon = Daemon("mine:1")
    assert ask(daemon, MINE) == ({"cache": "mine:1"}, [])
    assert daemon.pulled == []


def test_the_image_of_this_machine_comes_first(ask: Any) -> None:
    from secure_redis.docker.images import candidates

    local, official = candidates(cache_of(one()))
    assert ask(Daemon(local, official))[0] == {"cache": local}
    assert ask(Daemon(official))[0] == {"cache": official}


def test_an_image_that_is_missing_is_pulled_with_patience(ask: Any) -> None:
    daemon = Daemon()
    images, problems = ask(daemon, MINE)
    assert (images, problems) == ({"cache": "mine:1"}, [])
    assert daemon.pulled == ["mine:1"]
    assert daemon.timeouts == [preflight.PULL_TIMEOUT_SECONDS]
    assert daemon.api.timeout == preflight.TIMEOUT_SECONDS


def test_images_that_cannot_be_had_are_all_reported(ask: Any) -> None:
    daemon = Daemon()
    daemon.refusal = "manifest unknown\n"
    caches = {**MINE, "b": {"docker": {"image": "theirs:2", "port": 7001}}}
    _, problems = ask(daemon, caches)
    assert [problem.path for problem in problems] == [
        "caches.cache.docker.image",
        "caches.b.docker.image",
    ]
    assert problems[0].reason.endswith("cannot be pulled: manifest unknown")


def test_a_port_that_a_container_holds(ask: Any) -> None:
    daemon = Daemon("mine:1", holders=[holder("web", 7000)])
    _, (problem,) = ask(daemon, MINE)
    assert problem.path == "caches.cache.docker.port"
    assert problem.reason == "port 7000 of the machine is in use by the container web"


def test_a_port_that_the_cache_itself_holds(ask: Any) -> None:
    own = holder(container_name("cache"), 7000, "cache")
    assert ask(Daemon("mine:1", holders=[own]), MINE)[1] == []


def test_a_cache_of_the_same_name_in_another_stack_is_another(ask: Any) -> None:
    other = holder("other.stack.cache", 7000, "cache")
    _, (problem,) = ask(Daemon("mine:1", holders=[other]), MINE)
    assert "other.stack.cache" in problem.reason


def test_a_port_inside_of_a_container_is_no_port_of_the_machine(ask: Any) -> None:
    inside = holder("web", 9999, private=7000)
    assert ask(Daemon("mine:1", holders=[inside]), MINE)[1] == []


def test_a_port_that_another_program_holds() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        cache = cache_of(one({"docker": {"port": port}}))
        client: Any = Daemon()
        (problem,) = preflight.port_problems("cache", cache, client, local=True)
        assert problem.path == "caches.cache.docker.port"
        assert f"port {port} of the machine is in use by another program" == problem.reason
        assert list(preflight.port_problems("cache", cache, client, local=False)) == []
    assert list(preflight.port_problems("cache", cache, client, local=True)) == []


def test_an_address_that_the_machine_does_not_have() -> None:
    cache = cache_of(one({"docker": {"publishAddress": "192.0.2.1", "port": 7000}}))
    client: Any = Daemon()
    (problem,) = preflight.port_problems("cache", cache, client, local=True)
    assert problem.path == "caches.cache.docker.publishAddress"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (docker.errors.DockerException("Error: Connection refused"), "connection refused"),
        (requests.ConnectionError("[Errno 2] No such file or directory"), "no such file"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission denied"),
        (docker.errors.DockerException("user:password@host is odd"), "DockerException"),
    ],
)
@pytest.mark.parametrize("host", [None, "tcp://10.0.0.1:2376"])
def test_no_daemon(
    monkeypatch: pytest.MonkeyPatch, error: Exception, cause: str, host: str | None
) -> None:
    @contextmanager
    def nowhere(_: str) -> Iterator[Daemon]:
        raise error
        yield

    monkeypatch.setattr(preflight, "daemon", nowhere)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    images, (problem,) = preflight.check(accepted(stack()).caches, host)
    assert images == {}
    assert problem.path == ("docker:host" if host else "docker")
    assert cause in problem.reason
    assert (host or LOCAL) in problem.reason
    assert "password" not in problem.reason


def test_where_the_daemon_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert preflight.location(None) == LOCAL
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
    assert preflight.location(None) == "tcp://10.0.0.1:2376"
    assert preflight.location("ssh://me@there") == "ssh://me@there"


# Leftovers.


class Thing:
    """A container, network or volume that notes how it is removed."""

    def __init__(self, kind: str, id_: str, removed: list[Any], *, gone: bool = False) -> None:
        self.kind, self.id, self.name = kind, id_, f"{kind}-{id_}"
        self._removed, self._gone = removed, gone

    def remove(self, **options: Any) -> None:
        if self._gone:
            raise docker.errors.NotFound("gone")
        self._removed.append((self.name, options))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A daemon with two things of each kind; what is removed from it."""
    removed: list[Any] = []
    filters: list[Any] = []

    def listing(kind: str) -> Any:
        def listed(**options: Any) -> list[Thing]:
            filters.append(options["filters"])
            return [Thing(kind, "known", removed), Thing(kind, "lost", removed)]

        return SimpleNamespace(list=listed)

    client = SimpleNamespace(
        containers=listing("container"), networks=listing("network"), volumes=listing("volume")
    )

    @contextmanager
    def at(_: str) -> Iterator[Any]:
        yield client

    monkeypatch.setattr(leftovers, "daemon", at)
    return SimpleNamespace(removed=removed, filters=filters, client=client)


@pytest.mark.parametrize("volumes", [False, True])
def test_only_what_is_not_in_the_state_is_removed(world: Any, volumes: bool) -> None:
    found = leftovers.remove("where", "owner", {"known"}, volumes=volumes)
    expected = ["container-lost", "network-lost", *(["volume-lost"] if volumes else [])]
    assert found == expected
    assert [name for name, _ in world.removed] == expected
    assert world.removed[0][1] == {"force": True}
    assert all(f == {"label": f"{OWNER}=owner"} for f in world.filters)


def test_what_went_by_itself_is_no_failure(world: Any) -> None:
    world.client.containers = SimpleNamespace(
        list=lambda **_: [Thing("container", "lost", world.removed, gone=True)]
    )
    assert leftovers.remove("where", "owner", {"known"}, volumes=False) == ["network-lost"]
