"""A real server in the place of a cache of a fake cloud: TLS, users and parameters as it says.

A cloud's service itself cannot run here. What its objects say can, and a client cannot tell whose
server it talks to, as long as the name and the certificate are right.
"""

import io
import socket
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import NotFound
from harness import engine, free_port
from signing import Authority, Pair

if TYPE_CHECKING:
    from docker.models.containers import Container

IMAGES = {
    "valkey": ("secure-redis/valkey:debian-trixie", "valkey-server"),
    "redis": ("secure-redis/redis:debian-bookworm", "redis-server"),
}
FOLDER = "etc/cache"


@dataclass(frozen=True)
class ServerSettings:
    """What a cache of a fake cloud says of its server."""

    engine: str
    """valkey or redis."""
    port: int
    """Its port for TLS; there is no other."""
    users: str
    """The users in the server's own language. Holds hashes of passwords only."""
    eviction_policy: str
    databases: int = 16
    pair: Pair | None = None
    """Its certificate, where the service has a CA of its own for it."""

    @property
    def configuration(self) -> str:
        """The server's configuration."""
        return "\n".join(
            [
                "port 0",
                f"tls-port {self.port}",
                f"tls-cert-file /{FOLDER}/server.crt",
                f"tls-key-file /{FOLDER}/server.key",
                "tls-auth-clients no",
                f"aclfile /{FOLDER}/users.acl",
                f"maxmemory-policy {self.eviction_policy}",
                f"databases {self.databases}",
                'save ""',
                "",
            ]
        )


class CacheServer:
    """A container that answers for a cache of a fake cloud.

    authority: who issues the certificate; stands for the public CA.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.published = free_port()
        self._container: Container | None = None

    def start(self, host: str, settings: ServerSettings) -> None:
        """Starts the server under the name of an endpoint; one that runs already is stopped."""
        self.stop()
        image, program = IMAGES[settings.engine]
        # One certificate for all names of a cache: its first label is left open.
        names = (f"*.{host.partition('.')[2]}",)
        pair = settings.pair or self._authority.issue("a cache", names)
        files = {
            "server.conf": settings.configuration,
            "users.acl": settings.users,
            "server.crt": pair.pem,
            "server.key": pair.key_pem,
        }
        self._container = engine().containers.create(
            image,
            [program, f"/{FOLDER}/server.conf"],
            ports={f"{settings.port}/tcp": ("127.0.0.1", self.published)},
        )
        self._container.put_archive("/", _archive(files))
        self._container.start()
        if not _answers(self.published):
            raise AssertionError(f"the server does not answer: {self._container.logs().decode()}")

    def stop(self) -> None:
        """Takes the container away."""
        if self._container is not None:
            with suppress(NotFound):
                self._container.remove(force=True, v=True)
            self._container = None


def _archive(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{FOLDER}/{name}")
            entry.size, entry.mode = len(text.encode()), 0o444
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _answers(port: int, seconds: float = 20) -> bool:
    """Whether a connection is taken and kept before long.

    Docker's proxy takes them before the server does.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.settimeout(0.2)
            try:
                if probe.recv(1):
                    return True
            except TimeoutError:
                return True
        time.sleep(0.1)
    return False


DOMAINS = (".amazonaws.com", ".azure.net", ".windows.net")
"""How the names of caches end."""


@contextmanager
def resolving(
    patch: pytest.MonkeyPatch, names: Mapping[tuple[str, int], int], authority: str
) -> Iterator[None]:
    """Lets names of the fake cloud lead to ports of this machine, and trusts one CA file.

    names: the published port by name, or address, and port. Other names of clouds lead nowhere.
    """
    real = socket.getaddrinfo
    known = {name for name, _ in names}

    def found(host: Any, port: Any, *arguments: Any, **others: Any) -> Any:
        if host in known or str(host).endswith(DOMAINS):
            if (host, int(port)) not in names:
                raise socket.gaierror(socket.EAI_NONAME, "no such name in the fake cloud")
            return real("127.0.0.1", names[host, int(port)], *arguments, **others)
        return real(host, port, *arguments, **others)

    with patch.context() as patched:
        patched.setattr(socket, "getaddrinfo", found)
        patched.setenv("SSL_CERT_FILE", authority)
        patched.delenv("SSL_CERT_DIR", raising=False)
        yield
