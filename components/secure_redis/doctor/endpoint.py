"""What the doctor looks at: an endpoint as an application is told of it, and what is declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from secure_redis.connection import Auth, Connection, TlsVerify, redis_url


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, with all that a client needs. Password and key are secret."""

    host: str
    port: int
    tls: bool
    username: str = ""
    """Empty: none was named."""
    password: str = field(default="", repr=False)
    """Secret. Empty: none was given."""
    auth: Auth = Auth.PASSWORD
    tls_verify: TlsVerify = TlsVerify.FULL
    tls_server_name: str = ""
    """The name to verify where it differs from `host`."""
    tls_min_version: str = "1.2"
    ca_pem: str = ""
    """Empty: the system's trust store is right."""
    system_ca_too: bool = False
    """Whether the system's trust store counts beside `ca_pem`, as with NODE_EXTRA_CA_CERTS."""
    client_cert_pem: str = ""
    client_key_pem: str = field(default="", repr=False)
    """Secret."""
    cluster_mode: bool = False
    sentinel_service: str = ""
    """The master's name where host and port are Sentinel's, else empty."""

    @property
    def verified_name(self) -> str:
        """The name that clients send as SNI and compare with the certificate."""
        return self.tls_server_name or self.host

    @property
    def mutual(self) -> bool:
        """Whether a client certificate was given."""
        return bool(self.client_cert_pem)

    @property
    def redacted(self) -> str:
        """The URL without credentials."""
        return redis_url(tls=self.tls, host=self.host, port=self.port)

    @classmethod
    def of(cls, connection: Connection) -> "Endpoint":
        """The endpoint that a stack exports."""
        return cls(
            host=connection.host,
            port=connection.port,
            tls=connection.tls,
            username=connection.username,
            password=connection.password,
            auth=connection.auth,
            tls_verify=connection.tls_verify,
            tls_server_name=connection.tls_server_name,
            tls_min_version=connection.tls_min_version,
            ca_pem=connection.ca_pem,
            client_cert_pem=connection.client_cert_pem,
            client_key_pem=connection.client_key_pem,
            cluster_mode=connection.cluster_mode,
        )


@dataclass(frozen=True)
class Declared:
    """What a stack says of the cache beside the connection; empty for an endpoint without one."""

    stack: str = ""
    cache: str = ""
    environment: str = ""
    connection: Connection | None = field(default=None, repr=False)
    """Secret as a whole. The stack's own contract, to compare with what the application has."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The cache's settings by their names in the stack file, after defaults: purpose, persistence,
    backupDays, mode, evictionPolicy, ..."""
    exceptions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Rules that the stack breaks on purpose, and why."""
    resources: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The cache's and its network's resources in the stack's state: type, urn, inputs, outputs.
    Secret as a whole."""


NO_STACK = Declared()
"""Nothing is declared."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine that carries a part of the connection."""

    path: str
    secret: bool
    """Whether it holds a password or a private key."""
    variable: str = ""
    """The variable that names it; empty for the .env file itself."""
    authority: bool = False
    """Whether it holds CA certificates."""


@dataclass(frozen=True)
class Given:
    """Everything about one subject of an examination."""

    subject: str
    """What it is, for people: `cache of stack local`, `.env`, `environment`, `standard input`."""
    endpoint: Endpoint | None
    """None where what was given cannot be read: then `problems` says why."""
    problems: tuple["Trouble", ...] = ()
    """What the configuration layer found while it read (D01, D02)."""
    remarks: tuple["Remark", ...] = ()
    """What it found that is no problem."""
    variables: tuple[str, ...] = ()
    """Names of what was read: variables, or `URL`."""
    files: tuple[LocalFile, ...] = ()
    declared: Declared = Declared()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Secret. What else must never be printed: passwords of other variables, and whatever in an
    unreadable URL could be one."""


@dataclass(frozen=True)
class Trouble:
    """A problem of the catalogue, with what was seen of it. Holds no secret."""

    problem: str
    observed: str
    where: str = ""


@dataclass(frozen=True)
class Remark:
    """What was seen and is no problem. Holds no secret."""

    check: str
    """D01 or D02."""
    observed: str
    where: str = ""


def secrets_of(given: Given) -> frozenset[str]:
    """Every value that must never be printed, as it is."""
    found = set(given.secrets)
    if given.endpoint:
        found |= {given.endpoint.password, given.endpoint.client_key_pem}
    if given.declared.connection:
        own = given.declared.connection
        found |= {own.password, own.readonly_password, own.client_key_pem}
    return frozenset(found - {""})
