"""A real server in the place of a cache of the fake cloud: TLS, users and parameters as it says.

ElastiCache itself cannot run here. What its objects say can: access strings and password hashes
are the server's own ACL language, and a client cannot tell whose server it talks to, as long as
the name and the certificate are right.
"""

import io
import socket
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from cloud.aws.cloud import AwsCloud
from cloud.aws.witness import REPLICATION_GROUP, USER, USER_GROUP
from docker.errors import NotFound
from harness import engine, free_port
from signing import Authority

if TYPE_CHECKING:
    from docker.models.containers import Container

IMAGES = {
    "valkey": ("secure-redis/valkey:debian-trixie", "valkey-server"),
    "redis": ("secure-redis/redis:debian-bookworm", "redis-server"),
}
FOLDER = "etc/cache"

TOKEN_USER = "on ~* &* +@all -@admin"
"""The user of a cache with an AUTH token: everything but what ElastiCache offers to nobody
(ElastiCache User Guide, restricted commands)."""


def acl_file(cloud: AwsCloud, cache: Mapping[str, Any]) -> str:
    """The users of a cache as the server reads them. Holds hashes of passwords only."""
    if not cache["UserGroupIds"]:
        return _user("default", TOKEN_USER, cache["AuthTokens"])
    (group,) = cache["UserGroupIds"]
    members = cloud.all(USER_GROUP)[group]["UserIds"]
    users = [cloud.all(USER)[one] for one in members]
    lines = [
        _user(one["UserName"], one["AccessString"], one["Authentication"]["Passwords"])
        for one in users
    ]
    if "default" not in {one["UserName"] for one in users}:
        # What the service does to a group that names none.
        lines.append("user default on nopass ~* &* +@all\n")
    return "".join(lines)


def _user(name: str, access: str, hashes: list[str]) -> str:
    passwords = " ".join(f"#{one.removeprefix('sha256-')}" for one in hashes)
    return f"user {name} reset {access} {passwords}\n"


def configuration(cloud: AwsCloud, cache: Mapping[str, Any]) -> str:
    """The server's configuration. Only for caches that demand TLS, without cluster mode."""
    assert cache["TransitEncryptionMode"] == "required"
    assert not cache["ClusterEnabled"]
    group = cloud.all("elasticache.parameter-group")[cache["CacheParameterGroupName"]]
    policy = group["Parameters"]["maxmemory-policy"]
    return "\n".join(
        [
            "port 0",
            f"tls-port {cache['Port']}",
            f"tls-cert-file /{FOLDER}/server.crt",
            f"tls-key-file /{FOLDER}/server.key",
            "tls-auth-clients no",
            f"aclfile /{FOLDER}/users.acl",
            f"maxmemory-policy {policy}",
            'save ""',
            "",
        ]
    )


class CacheServer:
    """A container that answers for a cache of the fake cloud.

    Args:
        cloud: the fake cloud.
        cache: id of the replication group.
        authority: who issues the certificate; stands for the public CA.
    """

    def __init__(self, cloud: AwsCloud, cache: str, authority: Authority) -> None:
        self._cloud, self._id = cloud, cache
        self._authority = authority
        self.published = free_port()
        self._container: Container | None = None

    @property
    def cache(self) -> dict[str, Any]:
        """The replication group as it is now."""
        return self._cloud.all(REPLICATION_GROUP)[self._id]

    def start(self, host: str) -> None:
        """Starts the server with what the cloud says now, under the name of an endpoint."""
        cache = self.cache
        image, program = IMAGES[cache["Engine"]]
        # One certificate for all names of a cache: its first label is left open.
        pair = self._authority.issue(host, (f"*.{host.partition('.')[2]}",))
        files = {
            "server.conf": configuration(self._cloud, cache),
            "users.acl": acl_file(self._cloud, cache),
            "server.crt": pair.pem,
            "server.key": pair.key_pem,
        }
        self._container = engine().containers.create(
            image,
            [program, f"/{FOLDER}/server.conf"],
            ports={f"{cache['Port']}/tcp": ("127.0.0.1", self.published)},
        )
        self._container.put_archive("/", _archive(files))
        self._container.start()
        _answers(self.published)

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


def _answers(port: int, seconds: float = 20) -> None:
    """Waits until a connection is taken and kept: Docker's proxy takes them before the server."""
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.settimeout(0.2)
            try:
                if probe.recv(1):
                    return
            except TimeoutError:
                return
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.1)


@contextmanager
def resolving(
    patch: pytest.MonkeyPatch, names: Mapping[tuple[str, int], int], authority: str
) -> Iterator[None]:
    """Lets names of the fake cloud lead to ports of this machine, and trusts one CA file.

    names: the published port by name and port. Other names of AWS lead nowhere.
    """
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *arguments: Any, **others: Any) -> Any:
        if str(host).endswith(".amazonaws.com"):
            if (host, int(port)) not in names:
                raise socket.gaierror(socket.EAI_NONAME, "no such name in the fake cloud")
            return real("127.0.0.1", names[host, int(port)], *arguments, **others)
        return real(host, port, *arguments, **others)

    with patch.context() as patched:
        patched.setattr(socket, "getaddrinfo", found)
        patched.setenv("SSL_CERT_FILE", authority)
        patched.delenv("SSL_CERT_DIR", raising=False)
        yield
