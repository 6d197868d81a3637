"""The cases: what is given to the doctor, and the one finding that must come of it."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from secure_redis.acl import APPLICATION_USER, DEFAULT_USER
from secure_redis.connection import Connection, redis_url
from secure_redis.doctor.checkup import Options, Profile
from secure_redis.doctor.endpoint import Declared, Endpoint, Given
from secure_redis.doctor.report import Report, Status
from secure_redis.doctor.sources import from_connection, from_env, from_env_file
from secure_redis.rendering import dotenv, env
from secure_redis.timestamps import rfc3339

from .certificates import CLIENT, Authority, Pair, Recipe
from .hall import DOMAIN, SERVICE, SLOW_NAME, Gallery
from .privileges import powerless
from .server import TLS_PORT

Source = Callable[[Gallery, Path], Given]
"""From the gallery and an empty folder to what is given to the doctor."""


@dataclass(frozen=True)
class Case:
    """One examination."""

    name: str
    given: Source
    problem: str = ""
    """The one problem to be found, empty where all is well."""
    also: frozenset[str] = frozenset()
    """Warnings that such an endpoint cannot be without."""
    options: Options = field(default_factory=Options)

    def __str__(self) -> str:
        return self.name

    @property
    def troubles(self) -> set[str]:
        """All problems that must be found, and no others."""
        return {self.problem, *self.also} - {""}


def troubles(report: Report) -> set[str]:
    """All warnings and failures of a report."""
    found = {Status.WARNING, Status.FAILED}
    return {one.problem for one in report.findings if one.status in found}


def told(report: Report) -> str:
    """A whole report, for the message of a test."""
    return "\n".join(f"{one.check} {one.status.value}: {one.observed}" for one in report.findings)


# --- what is given --------------------------------------------------------------------------


def endpoint(gallery: Gallery, name: str, **changes: Any) -> Endpoint:
    """A server as an application is told of it; what is said differently in `changes`."""
    server = gallery[name]
    found = Endpoint(
        host=server.host,
        port=server.port,
        tls=server.plan.tls,
        username=APPLICATION_USER,
        password=gallery.secrets.app,
        ca_pem=gallery.authorities.own.pem if server.plan.tls else "",
    )
    return replace(found, **changes)


def at(name: str, **changes: Any) -> Source:
    """A server, with what is told of it wrongly."""
    return lambda gallery, _: Given(name, endpoint(gallery, name, **changes))


def contract(gallery: Gallery, name: str, **changes: Any) -> Connection:
    """What a stack exports for a server."""
    found = endpoint(gallery, name)
    connection = Connection(
        target="docker",
        engine="redis",
        host=found.host,
        port=found.port,
        tls=found.tls,
        username=found.username,
        password=found.password,
        ca_pem=found.ca_pem,
        rotate_by=_in_days(60),
    )
    return replace(connection, **changes)


def declared(connection: Connection, **settings: Any) -> Declared:
    """What a stack says of a cache."""
    return Declared("local", "cache", "development", connection, settings)


def stack(name: str, settings: Mapping[str, Any], **changes: Any) -> Source:
    """A cache of a stack, with settings, as `--stack` reads it."""

    def given(gallery: Gallery, _: Path) -> Given:
        connection = contract(gallery, name, **changes)
        return from_connection(connection, declared(connection, **settings))

    return given


def url(name: str, text: Callable[[Gallery], str] | None = None, **changes: Any) -> Source:
    """A URL, with a stack's CA beside it. The URL is the right one unless another is given."""

    def given(gallery: Gallery, folder: Path) -> Given:
        found = endpoint(gallery, name, **changes)
        right = redis_url(
            tls=found.tls,
            host=found.host,
            port=found.port,
            username=found.username,
            password=found.password,
        )
        values = {"REDIS_URL": text(gallery) if text else right, **_ca(gallery, folder)}
        return from_env(values, folder)

    return given


def variables(name: str, changes: Mapping[str, str | None], **other: Any) -> Source:
    """All variables as this project renders them, with some changed or, by None, left out."""

    def given(gallery: Gallery, folder: Path) -> Given:
        values = rendered(gallery, folder, name, **other)
        changed = {**values, **changes}
        return from_env({key: text for key, text in changed.items() if text is not None}, folder)

    return given


def rendered(gallery: Gallery, folder: Path, name: str, **changes: Any) -> dict[str, str]:
    """Variables for a server, and the files that they name."""
    connection = contract(gallery, name, **changes)
    (folder / "ca.pem").write_text(connection.ca_pem)
    if connection.client_cert_pem:
        (folder / "client.crt").write_text(connection.client_cert_pem)
        key = folder / "client.key"
        key.touch(mode=0o600)
        key.write_text(connection.client_key_pem)
    return env.render(connection, ca_path=str(folder / "ca.pem"))


def env_file(
    name: str, prepare: Callable[[Path], object] = lambda _: None, **changes: Any
) -> Source:
    """A `.env` file as this project writes it, and what is done to its folder after that."""

    def given(gallery: Gallery, folder: Path) -> Given:
        file = folder / ".env"
        file.touch(mode=0o600)
        file.write_text(dotenv.document(rendered(gallery, folder, name, **changes), "a cache"))
        prepare(folder)
        return from_env_file(file)

    return given


def client_pair(authority: Authority, **recipe: Any) -> dict[str, str]:
    """A client's certificate and key, as fields of an endpoint or a contract."""
    pair: Pair = authority.issue(
        Recipe(names=(), common_name=APPLICATION_USER, purposes=(CLIENT,), **recipe)
    )
    return {"client_cert_pem": pair.pem, "client_key_pem": pair.key_pem}


def _ca(gallery: Gallery, folder: Path) -> dict[str, str]:
    (folder / "ca.pem").write_text(gallery.authorities.own.pem)
    return {"REDIS_SSL_CA_CERTS": str(folder / "ca.pem")}


def _in_days(days: float) -> str:
    return rfc3339(datetime.now(timezone.utc) + timedelta(days=days))


# --- D01, D02: what was given is wrong ------------------------------------------------------


def _raw(gallery: Gallery) -> str:
    """A generated password as it is."""
    return f"rediss://app:{gallery.secrets.awkward}@{gallery['awkward'].host}:{TLS_PORT}/0"


def _raw_slash(gallery: Gallery) -> str:
    """Read as the host `app` and a path, without an error."""
    return f"rediss://app:/{gallery.secrets.app}@{gallery['healthy'].host}:{TLS_PORT}/0"


def _raw_at(gallery: Gallery) -> str:
    """Read as another host, a part of the password, without an error in Go."""
    one, two, three = (gallery.secrets.app[start : start + 16] for start in (0, 16, 32))
    return f"rediss://app:{one}@{two}/{three}@{gallery['healthy'].host}:{TLS_PORT}/0"


def _twice(gallery: Gallery) -> str:
    password = quote(quote(gallery.secrets.awkward, safe=""), safe="")
    return f"rediss://app:{password}@{gallery['awkward'].host}:{TLS_PORT}/0"


def _without_user(gallery: Gallery) -> str:
    server = gallery["default-limited"]
    return f"rediss://:{gallery.secrets.app}@{server.host}:{server.port}/0"


def _with_end(end: str) -> Callable[[Gallery], str]:
    def text(gallery: Gallery) -> str:
        return f"rediss://app:{gallery.secrets.app}@{gallery['healthy'].host}:{TLS_PORT}{end}"

    return text


def _placeholder(gallery: Gallery) -> str:
    return f"rediss://app:change-me@{gallery['healthy'].host}:{TLS_PORT}/0"


def _lost_tls(gallery: Gallery, folder: Path) -> Given:
    values = rendered(gallery, folder, "healthy")
    return from_env({**values, "REDIS_URL": values["REDIS_URL"].replace("rediss", "redis")}, folder)


def _former_beside(gallery: Gallery, folder: Path) -> Given:
    values = rendered(gallery, folder, "healthy")
    return from_env({**values, "REDIS_PASSWORD": gallery.secrets.former}, folder)


def _celery(gallery: Gallery, folder: Path) -> Given:
    values = rendered(gallery, folder, "healthy")
    return from_env({**values, "CELERY_RESULT_BACKEND": values["REDIS_URL"]}, folder)


def _ca_file(change: Callable[[Path], object]) -> Source:
    def given(gallery: Gallery, folder: Path) -> Given:
        values = rendered(gallery, folder, "healthy")
        change(folder / "ca.pem")
        # Variables with the CA's text would do where the file does not.
        kept = {name: text for name, text in values.items() if name != "REDIS_CA_PEM_B64"}
        with powerless():
            return from_env(kept, folder)

    return given


def _expired_ca(gallery: Gallery, folder: Path) -> Given:
    values = rendered(gallery, folder, "old-ca", ca_pem=gallery.authorities.former.pem)
    return from_env(values, folder)


def _mutual(change: Callable[[Path, Gallery], object], **recipe: Any) -> Source:
    def given(gallery: Gallery, folder: Path) -> Given:
        pair = client_pair(gallery.authorities.own, **recipe)
        values = rendered(gallery, folder, "mutual", **pair)
        change(folder, gallery)
        return from_env(values, folder)

    return given


def _another_key(folder: Path, gallery: Gallery) -> None:
    other = client_pair(gallery.authorities.own)
    (folder / "client.key").write_text(other["client_key_pem"])


def _repository(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", folder], check=True)


GIVEN_WRONGLY = (
    Case("raw-password", url("awkward", _raw), "url-unreadable"),
    Case("raw-password-slash-first", url("healthy", _raw_slash), "url-unreadable"),
    Case("raw-password-at", url("healthy", _raw_at), "url-unreadable"),
    Case("encoded-twice", url("awkward", _twice), "url-encoded-twice"),
    Case("tls-lost-in-url", _lost_tls, "url-without-tls"),
    Case("password-beside-differs", _former_beside, "settings-disagree"),
    Case("celery-bare", _celery, "celery-query-missing"),
    Case(
        "verification-off",
        variables("healthy", {"REDIS_SSL_CERT_REQS": "none"}),
        "verification-off",
    ),
    Case(
        "names-not-compared",
        variables("healthy", {"REDIS_SSL_CHECK_HOSTNAME": "false"}),
        "names-not-compared",
    ),
    Case("url-with-query", url("healthy", _with_end("/0?timeout=5")), "url-query"),
    Case("url-with-database", url("healthy", _with_end("/3")), "database-not-portable"),
    Case("url-without-user", url("default-limited", _without_user), "user-missing"),
    Case("placeholder", url("healthy", _placeholder), "password-placeholder"),
    Case("ca-missing", _ca_file(Path.unlink), "ca-file-missing"),
    Case("ca-unreadable", _ca_file(partial(Path.chmod, mode=0)), "ca-file-unreadable"),
    Case("ca-no-certificate", _ca_file(lambda file: file.write_text("<html>")), "ca-file-invalid"),
    Case("ca-expired", _expired_ca, "ca-expired"),
    Case(
        "key-for-all-to-read",
        _mutual(lambda folder, _: (folder / "client.key").chmod(0o644)),
        "key-readable-by-others",
    ),
    Case("key-of-another-certificate", _mutual(_another_key), "client-pair-mismatch"),
    Case(
        "key-missing",
        _mutual(lambda folder, _: (folder / "client.key").unlink()),
        "client-pair-missing",
    ),
    Case("client-expired", _mutual(lambda *_: None, ends=-2), "client-certificate-expired"),
    Case(
        "env-for-all-to-read",
        env_file("healthy", lambda folder: (folder / ".env").chmod(0o644)),
        "env-file-readable-by-others",
    ),
    Case("env-in-git", env_file("healthy", _repository), "env-file-in-git"),
)


# --- D03 to D09: name, wire and trust -------------------------------------------------------


def elsewhere(host: str, port: int = TLS_PORT) -> Source:
    """What a healthy server's application is told, at a place where it is not."""
    return at("healthy", host=f"{host}{DOMAIN}", port=port)


def _another_ca(gallery: Gallery, _: Path) -> Given:
    return Given("another CA", endpoint(gallery, "healthy", ca_pem=gallery.authorities.other.pem))


CONNECTION_WRONG = (
    Case("unknown-name", elsewhere("unknown"), "name-unknown"),
    Case("slow-name", at("healthy", host=SLOW_NAME), "name-slow"),
    Case("wrong-port", elsewhere("healthy", 6381), "port-refused"),
    Case("black-hole", elsewhere("black-hole"), "port-silent"),
    Case("half-black-hole", at("half"), "address-unreachable"),
    Case("tls-hang", elsewhere("hanging"), "tls-hang"),
    Case("plain-server", at("plain", tls=True, ca_pem=""), "tls-not-spoken"),
    Case("tls-not-used", at("healthy", tls=False, ca_pem=""), "tls-not-used"),
    Case("no-tls", at("password-only"), "tls-off"),
    Case("no-tls-declared", stack("password-only", {"mode": "password"}), "tls-off-declared"),
    Case("another-ca", _another_ca, "ca-unknown"),
    Case("unknown-ca", at("unknown-ca"), "ca-unknown"),
    Case("self-signed", at("self-signed"), "self-signed"),
    Case("chain-incomplete", at("incomplete"), "chain-incomplete"),
    Case("chain-invalid", at("invalid"), "chain-invalid"),
    Case("wrong-host", at("wrong-host"), "name-mismatch"),
    Case("by-address", lambda gallery, _: _by_address(gallery, "by-name"), "name-mismatch"),
    Case("no-names", at("no-names"), "name-missing"),
    Case("common-name-only", at("common-name"), "name-common-name-only"),
    Case("address-only", at("address-only"), "name-address-only"),
    Case("expired", at("expired"), "certificate-expired"),
    Case("not-yet-valid", at("early"), "certificate-not-yet-valid"),
    Case("ends-within-days", at("ends-within-days"), "certificate-ends-within-days"),
    Case("ends-soon", at("ends-soon"), "certificate-ends-soon"),
    Case("rsa-1024", at("rsa-1024"), "key-weak"),
    Case("sha-1", at("sha-1"), "signature-weak"),
    Case("client-certificate-at-server", at("client-certificate"), "purpose-wrong"),
    Case("tls-1.0-accepted", at("old-accepted"), "tls-old-accepted"),
    Case("tls-1.0-only", at("old-only"), "tls-old-only"),
    Case("below-declared", at("healthy", tls_min_version="1.3"), "tls-below-declared"),
    Case("stock-ciphers-rsa", at("stock-rsa"), "cipher-weak"),
    Case("stock-ciphers-elliptic", at("stock-elliptic"), "cipher-legacy"),
    Case(
        "not-approved", at("healthy"), "cipher-not-approved", options=Options(profile=Profile.FIPS)
    ),
)


def _by_address(gallery: Gallery, name: str) -> Given:
    return Given(name, endpoint(gallery, name, host=gallery[name].address))


# --- D10 to D15: who gets in, and where -----------------------------------------------------


def _foreign_pair(name: str) -> Source:
    def given(gallery: Gallery, _: Path) -> Given:
        pair = client_pair(gallery.authorities.other)
        return Given("another CA's client", endpoint(gallery, name, **pair))

    return given


def _own_pair(name: str) -> Source:
    def given(gallery: Gallery, _: Path) -> Given:
        return Given(name, endpoint(gallery, name, **client_pair(gallery.authorities.own)))

    return given


def _former(gallery: Gallery, _: Path) -> Given:
    return Given("former", endpoint(gallery, "healthy", password=gallery.secrets.former))


def _short(gallery: Gallery, folder: Path) -> Given:
    return url("short", password=gallery.secrets.short)(gallery, folder)


NEGATIVE = Options(negative=True)

ENTRANCE_WRONG = (
    Case("client-certificate-required", at("mutual"), "client-certificate-required"),
    Case("client-certificate-required-1.2", at("mutual-1.2"), "client-certificate-required"),
    Case("client-certificate-refused", _foreign_pair("mutual"), "client-certificate-refused"),
    Case(
        "client-certificate-refused-1.2", _foreign_pair("mutual-1.2"), "client-certificate-refused"
    ),
    Case("client-certificate-not-asked", _own_pair("healthy"), "client-certificate-not-asked"),
    Case("no-password", at("no-password"), "no-password"),
    Case("no-password-default", at("no-password", username=DEFAULT_USER), "no-password"),
    Case("nopass-default", at("nopass-default"), "no-password"),
    Case("any-password", at("decorative"), "any-password", options=NEGATIVE),
    Case("short-password", _short, "password-weak"),
    Case("wrong-password", _former, "wrong-password"),
    Case("user-off", at("user-off"), "wrong-password"),
    Case("unknown-user", at("healthy", username="somebody"), "wrong-password"),
    Case("no-password-given", at("healthy", username="", password=""), "password-missing"),
    Case("plaintext-too", elsewhere("both"), "plaintext-on-tls-port"),
    Case("plaintext-port", at("open-also"), "plaintext-port-open"),
)


# --- D16 to D24: what the server does -------------------------------------------------------


def _half_rotated(gallery: Gallery, _: Path) -> Given:
    """The server takes both passwords; the application has the former."""
    found = endpoint(gallery, "rotating", password=gallery.secrets.former)
    return Given("half rotated", found, declared=declared(contract(gallery, "rotating")))


def _rotated_away(gallery: Gallery, _: Path) -> Given:
    """The server takes the new password only; the application has the former."""
    found = endpoint(gallery, "healthy", password=gallery.secrets.former)
    return Given("rotated", found, declared=declared(contract(gallery, "healthy")))


def _old_ca_too(gallery: Gallery, _: Path) -> Given:
    """The stack has a second CA, which will issue the next certificate."""
    own, other = gallery.authorities.own, gallery.authorities.other
    connection = contract(gallery, "healthy", ca_pem=own.pem + other.pem)
    return Given("old CA", endpoint(gallery, "healthy"), declared=declared(connection))


def _orphan(gallery: Gallery, _: Path) -> Given:
    """The reader's endpoint leads to a replica that has lost its primary."""
    reader = gallery["orphan"]
    connection = contract(gallery, "primary", reader_host=reader.host, reader_port=reader.port)
    return Given("orphan", endpoint(gallery, "orphan"), declared=declared(connection))


SERVER_WRONG = (
    Case("replica", at("replica"), "read-only"),
    Case("out-of-memory", at("full"), "out-of-memory"),
    Case("misconf", at("unsaved"), "writes-stopped"),
    Case("snapshot-failing", at("unsaved-writing"), "snapshot-failing"),
    Case("no-replicas", at("lonely"), "too-few-replicas"),
    Case("orphaned-replica", _orphan, "replica-without-master"),
    Case("may-not-write", at("reading"), "write-not-permitted"),
    Case("may-not-read", at("writing"), "write-not-permitted"),
    Case("other-keys", at("other-keys"), "write-not-permitted"),
    Case("loading", at("loading"), "server-loading"),
    Case("maxclients", at("crowded"), "tls-closed"),
    Case(
        "maxclients-plain",
        stack("crowded-plain", {"mode": "password"}),
        "clients-exhausted",
        frozenset({"tls-off-declared"}),
    ),
    Case("nearly-maxclients", at("busy"), "clients-many"),
    Case("rejected-clients", at("rejecting"), "connections-rejected"),
    Case("no-memory-limit", at("unlimited"), "memory-unlimited"),
    Case("memory-nearly-full", at("nearly-full"), "memory-nearly-full"),
    Case("queue-evicts", stack("healthy", {"purpose": "queue"}), "eviction-loses-data"),
    Case("not-persistent", stack("healthy", {"persistence": "aof"}), "persistence-off"),
    Case("cluster-not-declared", at("cluster-1"), "cluster-not-declared"),
    Case("cluster-declared", at("healthy", cluster_mode=True), "cluster-declared"),
    Case("cluster-down", at("cluster-empty", cluster_mode=True), "cluster-down"),
    Case("cluster-alias", at("cluster-alias", cluster_mode=True), "node-unreachable"),
    Case("sentinel-not-declared", at("sentinel"), "sentinel-not-declared"),
    Case("sentinel-declared", at("healthy", sentinel_service=SERVICE), "sentinel-declared"),
    Case(
        "sentinel-not-permitted",
        at("sentinel-strict", sentinel_service=SERVICE),
        "sentinel-not-permitted",
    ),
    Case("unknown-master", at("sentinel", sentinel_service="nobody"), "master-unknown"),
    Case("all-rights", at("all-rights"), "dangerous-rights"),
    Case("may-flushall", at("flushing"), "dangerous-rights", options=NEGATIVE),
    Case("default-user", at("default-user", username=DEFAULT_USER), "default-user-in-use"),
    Case("half-rotated", _half_rotated, "credential-differs"),
    Case("rotated-away", _rotated_away, "wrong-password"),
    Case("old-ca", _old_ca_too, "ca-differs"),
    Case("rotation-due", stack("healthy", {}, rotate_by=_in_days(-3)), "rotation-due"),
)


# --- all is well ----------------------------------------------------------------------------


def _reader(gallery: Gallery, _: Path) -> Given:
    reader = gallery["replica"]
    connection = contract(gallery, "primary", reader_host=reader.host, reader_port=reader.port)
    return Given("reader", endpoint(gallery, "replica"), declared=declared(connection))


def _own_ca(gallery: Gallery, _: Path) -> Given:
    """A self-signed certificate that clients were given."""
    found = endpoint(gallery, "own-ca", ca_pem=gallery["own-ca"].pair.pem)
    return Given("own CA", found)


def _rotated(gallery: Gallery, _: Path) -> Given:
    declaration = declared(contract(gallery, "rotating"))
    return Given("rotated", endpoint(gallery, "rotating"), declared=declaration)


def _awkward(gallery: Gallery, folder: Path) -> Given:
    return url("awkward", password=gallery.secrets.awkward)(gallery, folder)


def _mutual_env_file(gallery: Gallery, folder: Path) -> Given:
    pair: dict[str, Any] = {**client_pair(gallery.authorities.own)}
    return env_file("mutual", **pair)(gallery, folder)


HEALTHY = (
    Case("tls", at("healthy")),
    Case("tls-negative", at("healthy"), options=NEGATIVE),
    Case("mutual-tls", _own_pair("mutual")),
    Case("mutual-tls-1.2", _own_pair("mutual-1.2")),
    Case("mutual-tls-possible", at("optional")),
    Case("tls-1.2-only", at("newest-but-one")),
    Case("wildcard", at("wildcard")),
    Case("certificate-as-ca", _own_ca),
    Case("few-rights", at("few-rights")),
    Case("queue", stack("appending", {"purpose": "queue", "persistence": "aof", "mode": "tls"})),
    Case("intermediate-ca", at("intermediate")),
    Case("rsa", at("rsa")),
    Case("tls-1.3-only", at("newest", tls_min_version="1.3")),
    Case("fips", at("approved"), options=Options(profile=Profile.FIPS)),
    Case("ipv6", lambda gallery, _: _by_address(gallery, "six")),
    Case("address", lambda gallery, _: _by_address(gallery, "healthy")),
    Case("another-server-name", lambda gallery, _: _tunnel(gallery)),
    Case("no-hello", at("hello-less")),
    Case("no-info", at("info-less")),
    Case("default-user-limited", at("default-limited", username=DEFAULT_USER)),
    Case("reader", _reader),
    Case("sentinel", at("sentinel", sentinel_service=SERVICE)),
    Case("cluster", at("cluster-1", cluster_mode=True)),
    Case("url-encoded-once", _awkward),
    Case("variables", variables("healthy", {})),
    Case("env-file", env_file("healthy")),
    Case("env-file-mutual", _mutual_env_file),
    Case("stack", stack("healthy", {"mode": "tls", "purpose": "cache", "persistence": "none"})),
    Case("rotated", _rotated),
)


def _tunnel(gallery: Gallery) -> Given:
    """By an address, as through a tunnel, with the name to verify said apart."""
    server = gallery["by-name"]
    found = endpoint(gallery, "by-name", host=server.address, tls_server_name=server.host)
    return Given("tunnel", found)


BROKEN = (*GIVEN_WRONGLY, *CONNECTION_WRONG, *ENTRANCE_WRONG, *SERVER_WRONG)
"""All cases with something wrong."""
