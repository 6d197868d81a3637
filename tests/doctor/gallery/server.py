"""A redis-server of this machine: its configuration, its start and its end."""

import os
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from string import ascii_letters, digits

import redis
from secure_redis.acl import APPLICATION, APPLICATION_USER
from secure_redis.docker.config import CIPHERS, CIPHERSUITES
from secure_redis.settings import TlsProfile

from .certificates import Authority, Pair, Recipe

TLS_PORT, PLAIN_PORT, SENTINEL_PORT = 6380, 6379, 26379

ADMIN = "admin"
"""A user with all rights: the gallery prepares servers through their Unix sockets."""

OLD_OPENSSL = """openssl_conf = start
[start]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = DEFAULT@SECLEVEL=0
"""
"""Lets OpenSSL load and speak what it refuses today."""

SECONDS = 60
"""How long a server may take until it answers, on a machine that is busy."""


@dataclass(frozen=True)
class Secrets:
    """What nobody may see. New for each session."""

    app: str = field(repr=False)
    """The application's password."""
    former: str = field(repr=False)
    """The application's password before it was rotated."""
    awkward: str = field(repr=False)
    """A password with characters that mean something in a URL."""
    short: str = field(repr=False)
    """A password that somebody chose."""
    admin: str = field(repr=False)
    """The gallery's own."""

    @classmethod
    def new(cls) -> "Secrets":
        """Other ones each time."""
        # As `openssl rand -base64 32` prints it, with a slash and a plus among its bytes.
        awkward = secrets.token_bytes(12) + b"\xff\xef\xbe" + secrets.token_bytes(17)
        return cls(
            app=_generated(48),
            former=_generated(48),
            awkward=b64encode(awkward).decode(),
            short=_generated(12),
            admin=_generated(48),
        )

    @property
    def all(self) -> list[str]:
        """All of them."""
        return [getattr(self, one.name) for one in fields(self)]

    @property
    def hashes(self) -> dict[str, str]:
        """As ACL files have them, by name."""
        return {
            one.name: sha256(getattr(self, one.name).encode()).hexdigest() for one in fields(self)
        }


def _generated(length: int) -> str:
    return "".join(secrets.choice(ascii_letters + digits) for _ in range(length))


@dataclass(frozen=True)
class Plan:
    """How a server is to be. What is left out is as it should be."""

    certificate: Recipe = field(default_factory=Recipe)
    pair: Pair | None = None
    """A certificate that was made already, in the place of one of the gallery's CA."""
    issuer: Authority | None = None
    """Who signs the certificate; None: the gallery's CA."""
    sends_chain: bool = True
    """Whether intermediate certificates are sent."""
    tls: bool = True
    plain: bool = False
    """Whether it listens in the clear, too."""
    users: tuple[str, ...] | None = None
    """Lines of the ACL file, with fields of `Secrets` for hashes; None: as it should be."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """More of its configuration, {address} for its own; empty: the line is left out."""
    old_openssl: bool = False
    sentinel: bool = False
    address: str = ""
    """Where it listens; empty: an address of its own."""
    port: int = 0
    """0: the usual one."""


DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"
APP = f"user {APPLICATION_USER} on #{{app}} {APPLICATION}"
ADMINISTRATOR = f"user {ADMIN} on #{{admin}} ~* &* +@all"
USERS = (DEFAULT_OFF, APP)
"""The users of a cache as this project makes them."""

CONFIGURATION: Mapping[str, str] = {
    "protected-mode": "no",
    "maxmemory": "100mb",
    "maxmemory-policy": "allkeys-lru",
    "maxclients": "1000",
    "save": '""',
    "appendonly": "no",
    "databases": "1",
    "enable-debug-command": "local",
}
"""The settings of a cache as this project makes them."""

TLS: Mapping[str, str] = {
    "tls-auth-clients": "no",
    "tls-protocols": '"TLSv1.2 TLSv1.3"',
    "tls-ciphers": ":".join(CIPHERS[TlsProfile.MODERN]),
    "tls-ciphersuites": ":".join(CIPHERSUITES[TlsProfile.MODERN]),
    "tls-prefer-server-ciphers": "yes",
    "tls-replication": "yes",
}
"""Those of TLS."""


class Server:
    """One server. `start` returns at once, `wait` when it answers."""

    def __init__(
        self,
        name: str,
        plan: Plan,
        address: str,
        folder: Path,
        *,
        authority: Authority,
        known: Secrets,
    ) -> None:
        self.name, self.plan, self.address = name, plan, plan.address or address
        self.folder, self._secrets = folder, known
        self.host = f"{name}.gallery.test"
        issuer = plan.issuer or authority
        self.pair = plan.pair or issuer.issue(plan.certificate.for_server(self.host, self.address))
        self.ca_pem = authority.pem
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port that clients are told."""
        if self.plan.port:
            return self.plan.port
        if self.plan.sentinel:
            return SENTINEL_PORT
        return TLS_PORT if self.plan.tls else PLAIN_PORT

    @property
    def inside(self) -> str:
        """Where the server itself sees its files."""
        return str(self.folder)

    @property
    def socket(self) -> str:
        """The Unix socket, for the gallery itself."""
        return f"{self.inside}/s"

    def start(self) -> None:
        """Starts it; it ends with the process that called this, however that ends."""
        self.folder.mkdir(mode=0o700)
        (self.folder / "data").mkdir()
        for name, text in self.files().items():
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(text)
        environment = {"PATH": os.environ["PATH"]}
        if self.plan.old_openssl:
            environment["OPENSSL_CONF"] = str(self.folder / "openssl.cnf")
        words = [*_program(self.folder), "server.conf"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                words + ["--sentinel"] * self.plan.sentinel,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Returns when it answers."""
        end = time.monotonic() + SECONDS
        while True:
            with suppress(redis.ConnectionError), self.admin() as admin:
                with suppress(redis.ResponseError):
                    admin.ping()
                return
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > end:
                log = (self.folder / "log").read_text()
                raise AssertionError(f"the server {self.name} does not answer: {log}")
            time.sleep(0.02)

    def admin(self) -> redis.Redis:
        """A connection with all rights."""
        return redis.Redis(
            unix_socket_path=self.socket,
            username=ADMIN,
            password=self._secrets.admin,
            protocol=2,
            decode_responses=True,
        )

    def client(self) -> redis.Redis:
        """A connection as an application has it, with a verified certificate."""
        return redis.Redis(
            host=self.address,
            port=self.port,
            username=APPLICATION_USER,
            password=self._secrets.app,
            ssl=self.plan.tls,
            ssl_ca_data=self.ca_pem,
            ssl_min_version=ssl.TLSVersion.TLSv1_2,
            protocol=2,
            decode_responses=True,
        )

    def stop(self) -> None:
        """Ends it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def files(self) -> dict[str, str]:
        """Its files: names and texts. Secret as a whole."""
        pair, plan = self.pair, self.plan
        lines = USERS if plan.users is None else plan.users
        hashes = self._secrets.hashes
        filled = [line.format_map(hashes) for line in (*lines, ADMINISTRATOR)]
        settings = "\n".join(f"{name} {value}" for name, value in self._settings().items() if value)
        return {
            "server.crt": pair.sent if plan.sends_chain else pair.pem,
            "server.key": pair.key_pem,
            "ca.crt": self.ca_pem,
            "users.acl": "\n".join([*filled, ""]),
            "openssl.cnf": OLD_OPENSSL,
            "server.conf": f"{settings}\n",
        }

    def _settings(self) -> dict[str, str]:
        plan = self.plan
        settings = {
            "bind": self.address,
            "port": str(PLAIN_PORT if plan.plain else 0),
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": f"{self.inside}/data",
            "aclfile": f"{self.inside}/users.acl",
            **({} if plan.sentinel else CONFIGURATION),
        }
        if plan.tls:
            settings |= {
                **TLS,
                "tls-port": str(self.port),
                "tls-cert-file": f"{self.inside}/server.crt",
                "tls-key-file": f"{self.inside}/server.key",
                "tls-ca-cert-file": f"{self.inside}/ca.crt",
            }
        else:
            settings["port"] = str(self.port)
        own = {name: value.format(address=self.address) for name, value in plan.settings.items()}
        return settings | own


def _program(folder: Path) -> list[str]:
    """The words that start the server, and end it when this process ends."""
    program = shutil.which("redis-server")
    if program is None:
        # Debian's redis-tools has the server under the name of a tool: one program, several names.
        tool = shutil.which("redis-check-rdb")
        assert tool, "no redis-server on this machine: apt-get install redis-tools"
        program = str(folder / "redis-server")
        Path(program).symlink_to(tool)
    with_us = shutil.which("setpriv")
    return [*([with_us, "--pdeathsig", "KILL", "--"] if with_us else []), program]
