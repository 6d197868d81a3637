"""The connection contract: what an application needs to reach a cache, and nothing it must guess.

One `Connection` has the same fields on every target. The base fields are facts of the cache;
everything else (URLs, the StackExchange string, telemetry attributes) is derived from them here,
once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

CONTRACT_VERSION = "1"

DATABASE = 0
"""The only database number that exists on every target: Azure Managed Redis and cluster mode have
no other."""

CA_PATH = "/etc/redis-tls/ca.pem"
"""Where an application finds a private CA when nothing else is agreed on."""


class TlsVerify(str, Enum):
    """How much of the server's certificate a client can and must check, in libpq's words."""

    FULL = "full"
    """Chain and host name."""
    CA = "ca"
    """Chain only: the certificate names no host a client could compare."""
    NONE = "none"
    """Nothing: only without TLS."""


class Auth(str, Enum):
    """How a client proves who it is."""

    NONE = "none"
    """Not at all: security mode `none`."""
    PASSWORD = "password"  # noqa: S105 - a kind of login
    """With the user and the password."""
    IDENTITY = "identity"
    """With the user and a short-lived token of the cloud's own identity service; `password` is
    empty, and URLs carry no credential."""


class CaSource(str, Enum):
    """Who issued the server's certificate."""

    SYSTEM = "system"
    """A public CA that operating systems trust: `ca_pem` is empty."""
    INSTANCE = "instance"
    """A CA of the service, for this cache: trust `ca_pem`."""
    LOCAL = "local"
    """A CA that this stack made or was given: trust `ca_pem`."""
    NONE = "none"
    """No TLS."""


def authority(host: str, port: int) -> str:
    """`host:port` as it stands in a URL; an IPv6 address goes into brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def redis_url(*, tls: bool, host: str, port: int, username: str = "", password: str = "") -> str:
    """The bare URL of a cache: user, password, port and `/0` always there, no query.

    User and password are percent-encoded exactly once. There is no query because the clients
    disagree on it: go-redis refuses unknown keys and redis-py raises TypeError for them.
    Without a password (security mode `none`) the URL has no user part. Secret when a password
    is given.
    """
    scheme = "rediss" if tls else "redis"
    credentials = f"{quote(username, safe='')}:{quote(password, safe='')}@" if password else ""
    return f"{scheme}://{credentials}{authority(host, port)}/{DATABASE}"


@dataclass(frozen=True)
class Connection:
    """Everything an application needs to connect to one cache.

    Constructing one costs nothing and raises nothing; `from_dict` raises ValueError for a contract
    of another version.
    """

    target: str
    """Where the cache runs: aws, azure, gcp, docker or external."""
    engine: str
    """redis or valkey."""
    host: str
    """The name or address that the server's certificate carries."""
    port: int
    """TCP port."""
    tls: bool
    """Whether the port speaks TLS. Never to be inferred from the port's number."""
    username: str
    """Always explicit: Jedis and redis-cli fail on URLs that leave it out."""
    password: str = field(repr=False)
    """Secret. Empty in security mode `none`, and where clients log in with a cloud's identity."""
    auth: Auth = Auth.PASSWORD
    """How a client proves who it is."""
    tls_verify: TlsVerify = TlsVerify.FULL
    """What a client must verify."""
    tls_server_name: str = ""
    """The name to verify where it differs from `host` (a tunnel, an address); else empty."""
    tls_min_version: str = "1.2"
    """Lowest TLS version the server accepts."""
    engine_version: str = ""
    """Version of the server where it is known before connecting, else empty."""
    database: int = DATABASE
    """Always 0, the only one that exists everywhere. Use key prefixes."""
    cluster_mode: bool = False
    """Whether clients must speak the cluster protocol."""
    clustering_policy: str = ""
    """How keys are spread, in the cloud's own word where it has several ways: on Azure NoCluster,
    EnterpriseCluster (ordinary clients, but most commands with several keys work only when all are
    in one slot) or OSSCluster; else empty."""
    ca_pem: str = ""
    """Current CA certificates, PEM, joined. Empty: the operating system's trust store is right."""
    ca_source: CaSource = CaSource.SYSTEM
    """Who issued the server's certificate."""
    ca_not_after: str = ""
    """When the first of the CA certificates ends, RFC 3339, for an alarm. Empty with `system`."""
    ca_last_not_after: str = ""
    """When the last of them ends: until then clients need newer ones. Empty with `system`."""
    client_cert_pem: str = ""
    """Client certificate for security mode `mtls`, PEM, else empty."""
    client_key_pem: str = field(default="", repr=False)
    """Secret. Private key of the client certificate, PEM, else empty."""
    readonly_username: str = ""
    """A user that may only read, where the target has one, else empty."""
    readonly_password: str = field(default="", repr=False)
    """Secret. Password of that user."""
    reader_host: str = ""
    """Host for reads that may be stale, else empty."""
    reader_port: int = 0
    """Port of that host where it differs from `port`, else 0."""
    secret_ref: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where the credential is kept: kind, id, version, json_key. A reference, not a secret."""
    credential_issued_at: str = ""
    """When the current password was made, RFC 3339; empty if somebody else made it."""
    rotate_by: str = ""
    """When the current password should have been replaced, RFC 3339; empty if unknown."""
    resource_id: str = ""
    """Id of the cache in its target, for permissions and look-ups."""
    network: Mapping[str, str] = field(default_factory=dict[str, str])
    """How to reach the cache from inside its network: name, host, port; empty if there is none."""
    grants: Mapping[str, str] = field(default_factory=dict[str, str])
    """What to give an application so that it gets in: on AWS the policy for its role (policy_arn,
    policy), the secret that tells where all is (connection_secret_arn), and the cache's security
    group (security_group_id); on Azure the vault (vault_id) and in it that secret's URI
    (connection_secret), and which key is in use (active_key) or who may log in (principal_ids); on
    Google Cloud the secrets (connection_secret, url_secret), and with Valkey who may log in (role,
    condition); empty where nothing is needed."""
    contract_version: str = CONTRACT_VERSION
    """Raised when a field changes its meaning or goes away."""

    @property
    def url(self) -> str:
        """Secret. The bare URL, right for every client that takes one; see `redis_url`."""
        return self._url(self.host, self.port)

    @property
    def url_redacted(self) -> str:
        """The URL without credentials, for logs and screens."""
        return redis_url(tls=self.tls, host=self.host, port=self.port)

    @property
    def readonly_url(self) -> str:
        """Secret. The URL of the user that may only read, empty where there is none."""
        if not self.readonly_username:
            return ""
        return redis_url(
            tls=self.tls,
            host=self.host,
            port=self.port,
            username=self.readonly_username,
            password=self.readonly_password,
        )

    @property
    def reader_url(self) -> str:
        """Secret. The URL of the reader endpoint, empty where there is none."""
        if not self.reader_host:
            return ""
        return self._url(self.reader_host, self.reader_port or self.port)

    @property
    def celery_url(self) -> str:
        """Secret. The URL for Celery's broker and result backend, CA at the path `CA_PATH`."""
        return self.python_url(CA_PATH)

    @property
    def stackexchange(self) -> str:
        """Secret. The configuration string of StackExchange.Redis.

        Its parser splits at commas and knows no escape: a password with a comma cannot be
        expressed, and the string is then empty rather than wrong.
        """
        if "," in self.password or "," in self.username:
            return ""
        parts = [authority(self.host, self.port)]
        if self.password:
            parts += [f"user={self.username}", f"password={self.password}"]
        parts += [f"ssl={self.tls}", "abortConnect=False"]
        if self.tls:
            parts.append("sslProtocols=Tls12|Tls13")
        parts.append(f"defaultDatabase={self.database}")
        if self.tls_server_name:
            parts.append(f"sslHost={self.tls_server_name}")
        return ",".join(parts)

    @property
    def otel_attributes(self) -> dict[str, str]:
        """OpenTelemetry attributes of a client span. Never the URL: it holds the password."""
        return {
            "db.system.name": "redis",
            "db.namespace": str(self.database),
            "server.address": self.host,
            "server.port": str(self.port),
        }

    def python_url(self, ca_path: str = CA_PATH, client_dir: str = "") -> str:
        """Secret. The URL with the query that redis-py and Celery understand (and others refuse).

        Celery's result backend refuses a `rediss://` URL without `ssl_cert_reqs`, and redis-py
        before 6.0 checks no host name unless told. `ca_path` is the file with `ca_pem`;
        `client_dir`, for mutual TLS, the directory with `client.crt` and `client.key`.
        """
        if not self.tls:
            return self.url
        query = {
            "ssl_cert_reqs": "none" if self.tls_verify is TlsVerify.NONE else "required",
            "ssl_check_hostname": str(self.tls_verify is TlsVerify.FULL).lower(),
        }
        if self.ca_pem:
            query["ssl_ca_certs"] = ca_path
        if self.client_cert_pem:
            directory = client_dir or ca_path.rsplit("/", 1)[0]
            query["ssl_certfile"] = f"{directory}/client.crt"
            query["ssl_keyfile"] = f"{directory}/client.key"
        return f"{self.url}?{urlencode(query, safe='/')}"

    def to_dict(self) -> dict[str, Any]:
        """The contract as one JSON object: base fields and derived ones. Secret as a whole."""
        names = [f.name for f in fields(self)] + list(DERIVED_FIELDS)
        return {name: plain(getattr(self, name)) for name in names}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Connection":
        """Reads what `to_dict` wrote; derived and unknown fields are passed over.

        Raises ValueError when the document is of another contract version or lacks a field.
        """
        version = document.get("contract_version")
        if version != CONTRACT_VERSION:
            raise ValueError(
                f"connection contract version {version!r}; this program reads {CONTRACT_VERSION}"
            )
        known = {f.name: document[f.name] for f in fields(cls) if f.name in document}
        try:
            return cls(
                **{
                    **known,
                    # Pulumi's property maps hold every number as a float.
                    "port": int(known["port"]),
                    "reader_port": int(known.get("reader_port", 0)),
                    "database": int(known.get("database", DATABASE)),
                    "auth": Auth(known.get("auth", Auth.PASSWORD)),
                    "tls_verify": TlsVerify(known.get("tls_verify", TlsVerify.FULL)),
                    "ca_source": CaSource(known.get("ca_source", CaSource.SYSTEM)),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a connection: a required field is missing") from error

    def _url(self, host: str, port: int) -> str:
        return redis_url(
            tls=self.tls,
            host=host,
            port=port,
            username=self.username,
            password=self.password,
        )


DERIVED_FIELDS = (
    "url",
    "url_redacted",
    "readonly_url",
    "reader_url",
    "celery_url",
    "stackexchange",
    "otel_attributes",
)
"""Properties of `Connection` that are part of the exported contract."""

SECRET_FIELDS = frozenset(
    {
        "password",
        "readonly_password",
        "client_key_pem",
        "url",
        "readonly_url",
        "reader_url",
        "celery_url",
        "stackexchange",
    }
)
"""Fields that carry a credential, and are secret wherever they go."""


def plain(value: Any) -> Any:
    """A field of the contract as JSON knows it."""
    if isinstance(value, Enum):
        return value.value
    return dict(value) if isinstance(value, Mapping) else value
