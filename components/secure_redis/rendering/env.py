"""Environment variables: one table of names for each way in which programs read a Redis connection.

A dialect is a set of names. `core` is always rendered; the others are chosen. Where a fact does not
apply (a CA path with a public CA, say) its variable is left out, not set to nothing.

Where clients log in with a cloud's identity there is no password to render: URLs carry no
credential, and user and password are left out. `REDIS_AUTH_MODE` says so, and
`REDIS_IDENTITY_USER` names the user for whom the application asks its cloud for a token.
"""

import difflib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from secure_redis.connection import CA_PATH, Auth, Connection, TlsVerify, authority
from secure_redis.rendering.errors import RenderingError

MASK = "[secret]"
"""What stands in place of a secret value when it is not to be shown."""

CORE = "core"
"""The dialect that every other one adds to."""

DEFAULT_DIALECTS = ("ssl", "tls")
"""Chosen when nobody chooses: what libraries and hand-written settings modules most often read."""


@dataclass(frozen=True)
class Facts:
    """A connection, and where on the application's side its files are."""

    connection: Connection
    ca_path: str

    @property
    def directory(self) -> str:
        """The directory of the CA file, which holds the client's certificate too."""
        return self.ca_path.rpartition("/")[0] or "/"

    @property
    def client_cert_path(self) -> str:
        """Path of the client's certificate."""
        return f"{self.directory.rstrip('/')}/client.crt"

    @property
    def client_key_path(self) -> str:
        """Path of the client's private key."""
        return f"{self.directory.rstrip('/')}/client.key"

    @property
    def python_url(self) -> str:
        """Secret. The URL with the TLS query that redis-py and Celery read."""
        return self.connection.python_url(self.ca_path, self.directory.rstrip("/"))


def _always(_: Connection) -> bool:
    return True


def _tls(connection: Connection) -> bool:
    return connection.tls


def _private_ca(connection: Connection) -> bool:
    return connection.tls and bool(connection.ca_pem)


def _mutual_tls(connection: Connection) -> bool:
    return connection.tls and bool(connection.client_cert_pem)


def _server_name(connection: Connection) -> bool:
    return connection.tls and bool(connection.tls_server_name)


def _own_trust(connection: Connection) -> bool:
    return _private_ca(connection) or _mutual_tls(connection)


def _login(connection: Connection) -> bool:
    # Told by the kind of login, not by the password: variables without a credential are rendered
    # where the password is not known.
    return connection.auth == Auth.PASSWORD


def _identity(connection: Connection) -> bool:
    return connection.auth == Auth.IDENTITY


def _no_identity(connection: Connection) -> bool:
    # Left out, not empty: a client that is given a user logs in as it with an empty password.
    return not _identity(connection)


@dataclass(frozen=True)
class Variable:
    """One environment variable of a dialect."""

    name: str
    """The name; `{prefix}` and `{cache}` are filled in. Others are fixed by who reads them."""
    value: Callable[[Facts], str]
    """Its value."""
    when: Callable[[Connection], bool] = _always
    """Whether it is there at all."""
    secret: bool = False
    """Whether the value carries a credential."""


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _url(facts: Facts) -> str:
    return facts.connection.url


def _host(facts: Facts) -> str:
    return facts.connection.host


def _port(facts: Facts) -> str:
    return str(facts.connection.port)


def _username(facts: Facts) -> str:
    # Without a password there is no user to log in as, in the URL as here.
    return facts.connection.username if _login(facts.connection) else ""


def _password_value(facts: Facts) -> str:
    return facts.connection.password


def _tls_on(facts: Facts) -> str:
    return _flag(facts.connection.tls)


def _yes(_: Facts) -> str:
    return "true"


def _check_hostname(facts: Facts) -> str:
    return _flag(facts.connection.tls_verify is TlsVerify.FULL)


def _ca_path(facts: Facts) -> str:
    return facts.ca_path


def _client_cert(facts: Facts) -> str:
    return facts.client_cert_path


def _client_key(facts: Facts) -> str:
    return facts.client_key_path


def _celery(facts: Facts) -> str:
    return facts.python_url


def _stackexchange(facts: Facts) -> str:
    if not facts.connection.stackexchange:
        raise RenderingError(
            "dialect dotnet: the user name or password holds a comma, which the format of "
            "StackExchange.Redis cannot express; choose one without, or read REDIS_PASSWORD"
        )
    return facts.connection.stackexchange


def _address(facts: Facts) -> str:
    scheme = "rediss" if facts.connection.tls else "redis"
    return f"{scheme}://{authority(facts.connection.host, facts.connection.port)}"


def _ca_base64(facts: Facts) -> str:
    return b64encode(facts.connection.ca_pem.encode()).decode()


DIALECTS: Mapping[str, tuple[Variable, ...]] = MappingProxyType(
    {
        CORE: (
            Variable("{prefix}REDIS_URL", _url, secret=True),
            Variable("{prefix}REDIS_HOST", _host),
            Variable("{prefix}REDIS_PORT", _port),
            Variable("{prefix}REDIS_DB", lambda facts: str(facts.connection.database)),
            Variable("{prefix}REDIS_USERNAME", _username, _no_identity),
            Variable("{prefix}REDIS_PASSWORD", _password_value, _no_identity, secret=True),
            # Names that no library takes for a login: what sends a token reads them.
            Variable(
                "{prefix}REDIS_AUTH_MODE", lambda facts: facts.connection.auth.value, _identity
            ),
            Variable(
                "{prefix}REDIS_IDENTITY_USER", lambda facts: facts.connection.username, _identity
            ),
            Variable("{prefix}REDIS_SSL", _tls_on),
            Variable("{prefix}REDIS_TLS_ENABLED", _tls_on),
            Variable("{prefix}REDIS_CLUSTER", lambda facts: _flag(facts.connection.cluster_mode)),
        ),
        "ssl": (
            Variable("{prefix}REDIS_SSL_CERT_REQS", lambda _: "required", _tls),
            Variable("{prefix}REDIS_SSL_CHECK_HOSTNAME", _check_hostname, _tls),
            Variable("{prefix}REDIS_SSL_CA_CERTS", _ca_path, _private_ca),
            Variable("{prefix}REDIS_SSL_CERTFILE", _client_cert, _mutual_tls),
            Variable("{prefix}REDIS_SSL_KEYFILE", _client_key, _mutual_tls),
        ),
        "tls": (
            Variable("{prefix}REDIS_TLS_VERIFY", _yes, _tls),
            Variable(
                "{prefix}REDIS_TLS_SERVER_NAME",
                lambda facts: facts.connection.tls_server_name,
                _server_name,
            ),
            Variable(
                "{prefix}REDIS_TLS_MIN_VERSION",
                lambda facts: facts.connection.tls_min_version,
                _tls,
            ),
            # Both spellings are in use for the same thing: the path of a file.
            Variable("{prefix}REDIS_TLS_CA_PATH", _ca_path, _private_ca),
            Variable("{prefix}REDIS_TLS_CA_CERT", _ca_path, _private_ca),
            Variable("{prefix}REDIS_CA_PEM_B64", _ca_base64, _private_ca),
            Variable("{prefix}REDIS_TLS_CERT_PATH", _client_cert, _mutual_tls),
            Variable("{prefix}REDIS_TLS_KEY_PATH", _client_key, _mutual_tls),
            Variable("{prefix}REDIS_TLS_CERT", _client_cert, _mutual_tls),
            Variable("{prefix}REDIS_TLS_KEY", _client_key, _mutual_tls),
        ),
        "certpath": (
            Variable("{prefix}REDIS_CERT_PATH", lambda facts: facts.directory, _own_trust),
        ),
        "celery": (
            Variable("CELERY_BROKER_URL", _celery, secret=True),
            Variable("CELERY_RESULT_BACKEND", _celery, secret=True),
        ),
        "dotnet": (Variable("ConnectionStrings__{prefix}Redis", _stackexchange, secret=True),),
        "spring": (
            Variable("SPRING_DATA_REDIS_URL", _url, secret=True),
            Variable("SPRING_DATA_REDIS_SSL_ENABLED", _tls_on),
            Variable("SPRING_DATA_REDIS_SSL_BUNDLE", lambda _: "redis", _own_trust),
            Variable(
                "SPRING_SSL_BUNDLE_PEM_REDIS_TRUSTSTORE_CERTIFICATE",
                lambda facts: f"file:{facts.ca_path}",
                _private_ca,
            ),
            Variable(
                "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_CERTIFICATE",
                lambda facts: f"file:{facts.client_cert_path}",
                _mutual_tls,
            ),
            Variable(
                "SPRING_SSL_BUNDLE_PEM_REDIS_KEYSTORE_PRIVATEKEY",
                lambda facts: f"file:{facts.client_key_path}",
                _mutual_tls,
            ),
        ),
        "laravel": (
            Variable(
                "{prefix}REDIS_SCHEME", lambda facts: "tls" if facts.connection.tls else "tcp"
            ),
            # Laravel's own default for its cache is database 1, which not every target has.
            Variable("{prefix}REDIS_CACHE_DB", lambda facts: str(facts.connection.database)),
        ),
        "exporter": (
            Variable("REDIS_ADDR", _address),
            Variable("REDIS_USER", _username, _login),
            Variable("REDIS_PASSWORD", _password_value, _login, secret=True),
            Variable("REDIS_EXPORTER_TLS_CA_CERT_FILE", _ca_path, _private_ca),
            Variable("REDIS_EXPORTER_TLS_CLIENT_CERT_FILE", _client_cert, _mutual_tls),
            Variable("REDIS_EXPORTER_TLS_CLIENT_KEY_FILE", _client_key, _mutual_tls),
        ),
        "cli": (Variable("REDISCLI_AUTH", _password_value, _login, secret=True),),
        "aspire": (
            Variable("{cache}_HOST", _host),
            Variable("{cache}_PORT", _port),
            Variable("{cache}_PASSWORD", _password_value, _no_identity, secret=True),
            Variable("{cache}_URI", _url, secret=True),
        ),
        "node": (Variable("NODE_EXTRA_CA_CERTS", _ca_path, _private_ca),),
    }
)
"""Every dialect by name: names, facts, conditions and secrecy of its variables.

Names of `core`, `ssl`, `tls`, `certpath` and `laravel` are read by the application's own settings,
so they take a prefix. Those of Spring Boot (`spring.data.redis`, `spring.ssl.bundle.pem`),
redis_exporter (its main.go), redis-cli and Node.js are fixed by these programs, those of `celery`
by habit; .NET Aspire puts the name of the resource in front.
"""


@dataclass(frozen=True)
class Rendered:
    """One variable with its value."""

    name: str
    value: str = field(repr=False)
    secret: bool


def prefix_of(text: str) -> str:
    """The prefix for variable names: capitals, ending in `_`; empty stays empty.

    Raises RenderingError where the text cannot begin the name of an environment variable.
    """
    if not text:
        return ""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise RenderingError(f"prefix {text!r}: letters, digits and _ only, no digit first")
    return text.upper() if text.endswith("_") else f"{text.upper()}_"


def checked_ca_path(path: str) -> str:
    """The path of the CA file on the application's side, if every reader can take it.

    Raises RenderingError for one that is relative, or holds control characters or `%`: redis-py
    before 7 decodes the query of a URL twice.
    """
    if not path.startswith("/") or path.endswith("/") or "%" in path or not path.isprintable():
        raise RenderingError(
            f"CA path {path!r}: an absolute path of a file, without % and control characters"
        )
    return path


def rendered(
    connection: Connection,
    dialects: Iterable[str] = DEFAULT_DIALECTS,
    *,
    prefix: str = "",
    ca_path: str = CA_PATH,
    cache: str = "redis",
) -> tuple[Rendered, ...]:
    """The variables of `core` and the given dialects, in the order of the table; secret as a whole.

    `ca_path` is the file with the connection's `ca_pem` where the application runs; a client's
    certificate lies beside it as `client.crt` and `client.key`. `cache` names the cache in the
    dialect `aspire`. Raises RenderingError for an unknown dialect, an unusable prefix or path, a
    connection with TLS but without verification, and a credential that a dialect cannot express.
    """
    if connection.tls and connection.tls_verify is TlsVerify.NONE:
        raise RenderingError("TLS without verification of the server is not rendered")
    facts = Facts(connection, checked_ca_path(ca_path))
    names = {"prefix": prefix_of(prefix), "cache": _resource(cache)}
    result: dict[str, Rendered] = {}
    for variable in _chosen(dialects):
        if variable.when(connection):
            name = variable.name.format_map(names)
            one = Rendered(name, variable.value(facts), variable.secret)
            if result.setdefault(name, one) != one:
                raise RenderingError(f"{name} would have two values; choose another name or prefix")
    return tuple(result.values())


def render(
    connection: Connection,
    dialects: Iterable[str] = DEFAULT_DIALECTS,
    *,
    prefix: str = "",
    ca_path: str = CA_PATH,
    cache: str = "redis",
) -> dict[str, str]:
    """Secret as a whole. Names and values of all variables; arguments and errors as `rendered`."""
    variables = rendered(connection, dialects, prefix=prefix, ca_path=ca_path, cache=cache)
    return {variable.name: variable.value for variable in variables}


def public(
    connection: Connection,
    dialects: Iterable[str] = DEFAULT_DIALECTS,
    *,
    prefix: str = "",
    ca_path: str = CA_PATH,
    cache: str = "redis",
) -> dict[str, str]:
    """The variables that carry no credential; arguments and errors as `rendered`."""
    variables = rendered(connection, dialects, prefix=prefix, ca_path=ca_path, cache=cache)
    return {variable.name: variable.value for variable in variables if not variable.secret}


def masked(variables: Iterable[Rendered]) -> dict[str, str]:
    """Names and values with `MASK` in place of every secret; an empty value hides nothing."""
    return {
        variable.name: MASK if variable.secret and variable.value else variable.value
        for variable in variables
    }


def _chosen(dialects: Iterable[str]) -> Iterator[Variable]:
    chosen = set(dialects) | {CORE}
    for name in sorted(chosen - DIALECTS.keys()):
        near = difflib.get_close_matches(name, DIALECTS, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(DIALECTS)}"
        raise RenderingError(f"unknown dialect {name!r}{hint}")
    for name, variables in DIALECTS.items():
        if name in chosen:
            yield from variables


def _resource(cache: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]", "_", cache).upper()
    return f"_{name}" if name[:1].isdigit() else name
