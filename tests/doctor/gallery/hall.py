"""The hall: all servers side by side, prepared, with names that lead to them."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis

from . import fakes
from .plans import Authorities, plans
from .server import ADMIN, SECONDS, TLS_PORT, Plan, Secrets, Server

DOMAIN = ".gallery.test"

SLOW_NAME = f"slow{DOMAIN}"
"""A name that the resolver is asked for in vain."""

ServerT = TypeVar("ServerT", bound=Server)

LOADING_KEYS, LOADING_DELAY = 40_000, 20_000
"""Keys, and microseconds for each of them: loading takes longer than any run of a file."""


class Gallery:
    """All servers. Use it as a context; servers and CAs are ready inside of it."""

    def __init__(self, folder: Path) -> None:
        self.authorities, self.secrets = Authorities(), Secrets.new()
        self.folder, self._network = folder, _network(os.getpid())
        self._given = 0
        self.servers: dict[str, Server] = {
            name: Server(
                name,
                plan,
                self.address(),
                folder / name,
                authority=self.authorities.own,
                known=self.secrets,
            )
            for name, plan in plans(self.authorities, 20_000 + os.getpid() % 10_000).items()
        }
        self.names: dict[str, list[str]] = {
            server.host: [server.address] for server in self.servers.values()
        }
        self.names[f"alias{DOMAIN}"] = self.names[f"cluster-alias{DOMAIN}"]
        self._open = ExitStack()

    def address(self) -> str:
        """An address of its own on this machine."""
        self._given += 1
        return f"{self._network}.{self._given}"

    def __getitem__(self, name: str) -> Server:
        return self.servers[name]

    def __enter__(self) -> "Gallery":  # noqa: PYI034 - Self needs Python 3.11
        with ExitStack() as starting:
            starting.callback(self.close)
            # From this thread: a server ends with the thread that started it.
            for server in self.servers.values():
                server.start()
            self._fakes()
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(Server.wait, self.servers.values()))
                list(pool.map(lambda prepare: prepare(self), PREPARATIONS))
            starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all of them."""
        for server in self.servers.values():
            server.stop()
        self._open.close()

    def another(self, name: str, plan: Plan, kind: type[ServerT]) -> ServerT:
        """A server more, not started, with an address and a name of its own."""
        folder, own = self.folder / name, self.authorities.own
        server = kind(name, plan, self.address(), folder, authority=own, known=self.secrets)
        self.names[server.host] = [server.address]
        return server

    def keep(self, connection: socket.socket) -> None:
        """Keeps a connection until the end."""
        self._open.callback(connection.close)

    def _fakes(self) -> None:
        for name, fake in {"black-hole": fakes.silent, "hanging": fakes.mute}.items():
            address = self.address()
            self.names[f"{name}{DOMAIN}"] = [address]
            self._open.enter_context(fake(address, TLS_PORT))
        self.names[self["half"].host].append(self.names[f"black-hole{DOMAIN}"][0])
        behind = self["behind-proxy"]
        address = self.address()
        self.names[f"both{DOMAIN}"] = [address]
        encrypted, clear = (behind.address, TLS_PORT), (behind.address, 6379)
        self._open.enter_context(fakes.both(address, TLS_PORT, encrypted, clear))


def _network(process: int) -> str:
    """The first three numbers of addresses that no other session on this machine has."""
    return f"127.{64 + process // 250 % 128}.{1 + process % 250}"


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, "a server of the gallery was not ready in time"
        time.sleep(0.05)


def _connection(server: Server) -> socket.socket:
    """Some client's connection, not logged in."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    connection.connect(server.socket)
    return connection


def _taken(connection: socket.socket) -> bool:
    """Whether the server took a connection, and did not reject it for its limit."""
    with suppress(BrokenPipeError):
        connection.sendall(b"PING\r\n")
    return not connection.recv(100).startswith(b"-ERR max")


def _crowd(server: Server) -> Iterator[socket.socket]:
    """Connections until the server takes no more."""
    while _taken(connection := _connection(server)):
        yield connection
    connection.close()


def _crowded(name: str, gallery: Gallery) -> None:
    for connection in _crowd(gallery[name]):
        gallery.keep(connection)


def _busy(gallery: Gallery) -> None:
    for _ in range(185):
        gallery.keep(_connection(gallery["busy"]))


def _rejecting(gallery: Gallery) -> None:
    for connection in [*_crowd(gallery["rejecting"])]:
        connection.close()


def _nearly_full(gallery: Gallery) -> None:
    with gallery["nearly-full"].admin() as admin:
        admin.execute_command("DEBUG", "POPULATE", 20_000, "key", 1000)
        admin.config_set("maxmemory", int(admin.info("memory")["used_memory"] / 0.95))


def _unsaved(name: str, gallery: Gallery) -> None:
    """The directory of the snapshots goes away, and the next one fails."""
    server = gallery[name]
    (server.folder / "data").rmdir()
    with server.admin() as admin:
        admin.bgsave()
        _until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err")


def _loading(gallery: Gallery) -> None:
    with gallery["loading"].admin() as admin:
        admin.execute_command("DEBUG", "POPULATE", LOADING_KEYS, "key", 1000)
        admin.config_set("key-load-delay", LOADING_DELAY)

    # Not by the client: it would ask again when no answer comes in its time.
    waiting = _connection(gallery["loading"])
    gallery.keep(waiting)
    waiting.sendall(f"AUTH {ADMIN} {gallery.secrets.admin}\r\nDEBUG RELOAD\r\n".encode())
    with gallery["loading"].admin() as admin:
        _until(lambda: admin.info("persistence")["loading"] == 1)


def _follow(gallery: Gallery) -> None:
    """A replica, and a Sentinel that watches its primary."""
    primary = gallery["primary"]
    with gallery["replica"].admin() as admin:
        admin.config_set("masteruser", ADMIN)
        admin.config_set("masterauth", gallery.secrets.admin)
        admin.replicaof(primary.address, str(primary.port))
        _until(lambda: admin.info("replication")["master_link_status"] == "up")


def _watch(gallery: Gallery) -> None:
    primary = gallery["primary"]
    with gallery["sentinel"].admin() as admin:
        words = ("SENTINEL", "MONITOR", SERVICE, primary.address, primary.port, 1)
        admin.execute_command(*words)
        admin.execute_command("SENTINEL", "SET", SERVICE, "auth-user", ADMIN)
        admin.execute_command("SENTINEL", "SET", SERVICE, "auth-pass", gallery.secrets.admin)
        _until(lambda: _flags(admin) == "master")


def _flags(admin: redis.Redis) -> Any:
    answer: Any = admin.execute_command("SENTINEL", "MASTER", SERVICE)
    return answer["flags"] if isinstance(answer, dict) else answer[answer.index("flags") + 1]


SERVICE = "cache"
"""What the Sentinel calls the primary."""

SLOTS = 16384


def _cluster(gallery: Gallery) -> None:
    """Three nodes that know each other, each with a third of the slots."""
    nodes = [gallery[f"cluster-{number}"] for number in (1, 2, 3)]
    for number, node in enumerate(nodes):
        with node.admin() as admin:
            _own(admin, SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1)
            admin.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    with nodes[0].admin() as admin:
        for node in nodes[1:]:
            admin.execute_command("CLUSTER", "MEET", node.address, node.port)
    for node in nodes:
        with node.admin() as admin:
            _until(partial(_in_order, admin, 3))


def _alias(gallery: Gallery) -> None:
    """A cluster of one node, which gives itself another name than its certificate."""
    with gallery["cluster-alias"].admin() as admin:
        _own(admin, 0, SLOTS - 1)
        _until(partial(_in_order, admin, 1))


def _own(admin: redis.Redis, first: int, last: int) -> None:
    admin.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)


def _in_order(admin: redis.Redis, nodes: int) -> bool:
    answer: Any = admin.execute_command("CLUSTER", "INFO")
    return {"cluster_state:ok", f"cluster_known_nodes:{nodes}"} <= set(answer.split())


PREPARATIONS: tuple[Callable[[Gallery], None], ...] = (
    partial(_crowded, "crowded"),
    partial(_crowded, "crowded-plain"),
    _busy,
    _rejecting,
    _nearly_full,
    partial(_unsaved, "unsaved"),
    partial(_unsaved, "unsaved-writing"),
    _loading,
    _follow,
    _watch,
    _cluster,
    _alias,
)
"""What is done to servers after their start."""


@contextmanager
def resolving(names: Mapping[str, list[str]]) -> Iterator[None]:
    """Lets this process know the names of the gallery, and no other names in its domain."""
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *arguments: Any, **others: Any) -> Any:
        if host == SLOW_NAME:
            time.sleep(6)
        if not str(host).endswith(DOMAIN):
            return real(host, port, *arguments, **others)
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [one for name in names[host] for one in real(name, port, *arguments, **others)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", found)
        yield
