"""What must be refused is refused: plain text, old TLS, wrong names, users and commands."""

import re
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from harness import Deployment, client, file_in, write_certificates
from redis.exceptions import NoPermissionError
from secure_redis.connection import Connection
from signing import Authority

TLS_CACHES = ["cache", "sessions"]


def endpoint(connection: Connection) -> tuple[str, int]:
    return connection.host, connection.port


def options(connection: Connection, tmp_path: Path) -> dict[str, str]:
    return write_certificates(connection, tmp_path) if connection.tls else {}


# --- the transport -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TLS_CACHES)
def test_plain_text_is_refused(three: Deployment, name: str) -> None:
    connection = three.connection(name)
    with socket.create_connection(endpoint(connection), timeout=10) as plain:
        plain.sendall(b"PING\r\n")
        try:
            answer = plain.recv(64)
        except ConnectionResetError:
            answer = b""
    assert b"PONG" not in answer
    assert b"NOAUTH" not in answer
    with pytest.raises(redis.ConnectionError), redis.Redis.from_url(_plain(connection)) as server:
        server.ping()


def _plain(connection: Connection) -> str:
    return f"redis://{connection.username}:{connection.password}@127.0.0.1:{connection.port}/0"


def test_no_plain_port_is_open_inside_the_container(three: Deployment) -> None:
    listening = file_in(three.container(), "/proc/net/tcp")
    ports = {int(line.split()[1].rpartition(":")[2], 16) for line in _listening(listening)}
    # Docker's own resolver listens on 127.0.0.11.
    assert 6380 in ports
    assert 6379 not in ports


def _listening(table: str) -> list[str]:
    return [line for line in table.splitlines()[1:] if line.split()[3] == "0A"]


def s_client(connection: Connection, *arguments: str) -> str:
    where = f"{connection.host}:{connection.port}"
    done = subprocess.run(
        ["openssl", "s_client", "-connect", where, *arguments],
        input="",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


ALERTS = {
    "TLS 1.0": (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "alert number 70"),
    "TLS 1.1": (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "alert number 70"),
    "no forward secrecy": (
        ["-tls1_2", "-cipher", "AES256-GCM-SHA384:@SECLEVEL=0"],
        "alert number 40",
    ),
    "no AEAD": (
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"],
        "alert number 40",
    ),
    "AES-CCM": (["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"], "alert number 40"),
}


@pytest.mark.parametrize("what", ALERTS)
@pytest.mark.parametrize("name", TLS_CACHES)
def test_weak_tls_is_refused(three: Deployment, name: str, what: str) -> None:
    arguments, alert = ALERTS[what]
    assert alert in s_client(three.connection(name), *arguments)


GOOD = {
    "TLSv1.2": (["-tls1_2"], "ECDHE-ECDSA-AES256-GCM-SHA384"),
    "TLSv1.3": (["-tls1_3"], "TLS_AES_256_GCM_SHA384"),
}
CHACHA = {
    "TLSv1.2": ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    "TLSv1.3": ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
}


@pytest.mark.parametrize("version", GOOD)
@pytest.mark.parametrize("profile", ["modern", "fips"])
def test_the_best_cipher_is_chosen(
    three: Deployment, other: Deployment, profile: str, version: str
) -> None:
    arguments, cipher = GOOD[version]
    stack = three if profile == "modern" else other
    assert f"{version}, Cipher is {cipher}" in s_client(stack.connection(), *arguments)


@pytest.mark.parametrize("version", CHACHA)
def test_chacha_is_accepted_by_the_profile_modern_only(
    three: Deployment, other: Deployment, version: str
) -> None:
    assert f"{version}, Cipher is " in s_client(three.connection(), *CHACHA[version])
    assert "CHACHA20" in s_client(three.connection(), *CHACHA[version])
    assert "alert number 40" in s_client(other.connection(), *CHACHA[version])


# --- the server's identity -----------------------------------------------------------------------


@pytest.mark.parametrize("name", TLS_CACHES)
def test_another_ca_does_not_verify(three: Deployment, name: str, tmp_path: Path) -> None:
    connection = three.connection(name)
    for ca in (Authority.make("other").pem, three.connection(_neighbour(name)).ca_pem):
        trusted = {**options(connection, tmp_path), "ssl_ca_data": ca}
        trusted.pop("ssl_ca_certs")
        with (
            pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
            client(connection, **trusted) as server,
        ):
            server.ping()


def _neighbour(name: str) -> str:
    return "sessions" if name == "cache" else "cache"


@pytest.mark.parametrize("name", TLS_CACHES)
def test_the_cas_of_the_operating_system_do_not_verify(three: Deployment, name: str) -> None:
    connection = three.connection(name)
    with (
        pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
        client(connection, ssl_ca_data=None) as server,
    ):
        server.ping()


def test_another_host_name_does_not_verify(three: Deployment) -> None:
    connection = three.connection()
    context = ssl.create_default_context(cadata=connection.ca_pem)
    for name in ("localhost", "127.0.0.1", "::1", "cache", f"{three.full_name}.cache"):
        with (
            socket.create_connection(endpoint(connection), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as wrapped,
        ):
            assert wrapped.version() == "TLSv1.3"
    for name in ("redis.example", "sessions", "127.0.0.2"):
        with (
            socket.create_connection(endpoint(connection), timeout=10) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match=r"[Mm]ismatch"),
        ):
            context.wrap_socket(plain, server_hostname=name)


def test_the_address_of_the_container_is_no_name_of_it(three: Deployment) -> None:
    connection = three.connection()
    networks = three.container().attrs["NetworkSettings"]["Networks"]
    address = networks[three.full_name]["IPAddress"]
    url = connection.url.replace(f"127.0.0.1:{connection.port}", f"{address}:6380")
    with (
        pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
        client(connection, url=url) as server,
    ):
        server.ping()


# --- the client's certificate --------------------------------------------------------------------


def test_mtls_without_a_certificate_is_refused(three: Deployment) -> None:
    with (
        pytest.raises(redis.ConnectionError, match="certificate required"),
        client(three.connection("sessions")) as server,
    ):
        server.ping()


def test_mtls_with_a_foreign_certificate_is_refused(three: Deployment, tmp_path: Path) -> None:
    connection = three.connection("sessions")
    foreign = Authority.make("sessions CA").issue("sessions-client", client=True)
    (tmp_path / "foreign.crt").write_text(foreign.pem)
    (tmp_path / "foreign.key").write_text(foreign.key_pem)
    pair = {"ssl_certfile": f"{tmp_path}/foreign.crt", "ssl_keyfile": f"{tmp_path}/foreign.key"}
    with (
        pytest.raises(redis.ConnectionError, match="unknown ca"),
        client(connection, **pair) as server,
    ):
        server.ping()


def test_mtls_with_the_certificate_of_another_cache_is_refused(
    three: Deployment, tmp_path: Path
) -> None:
    container = three.container("cache")
    (tmp_path / "server.crt").write_text(file_in(container, "/etc/redis/tls/server.crt"))
    (tmp_path / "server.key").write_text(file_in(container, "/etc/redis/tls/server.key"))
    pair = {"ssl_certfile": f"{tmp_path}/server.crt", "ssl_keyfile": f"{tmp_path}/server.key"}
    with (
        pytest.raises(redis.ConnectionError, match="unknown ca"),
        client(three.connection("sessions"), **pair) as server,
    ):
        server.ping()


def test_a_client_certificate_does_not_replace_the_password(
    three: Deployment, tmp_path: Path
) -> None:
    connection = three.connection("sessions")
    url = f"rediss://{connection.host}:{connection.port}/0"
    with (
        pytest.raises(redis.AuthenticationError),
        client(connection, url=url, **options(connection, tmp_path)) as server,
    ):
        server.ping()


def test_the_client_certificate_is_none_of_a_server(three: Deployment) -> None:
    pem = three.connection("sessions").client_cert_pem
    certificate = x509.load_pem_x509_certificate(pem.encode())
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


# --- users ---------------------------------------------------------------------------------------

CACHES = ["cache", "sessions", "queue"]


def login(
    three: Deployment, name: str, tmp_path: Path, username: str, password: str
) -> redis.Redis:
    connection = three.connection(name)
    scheme = "rediss" if connection.tls else "redis"
    url = f"{scheme}://{connection.host}:{connection.port}/0"
    credentials = {"username": username, "password": password} if password else {}
    return client(connection, url=url, **options(connection, tmp_path), **credentials)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("name", CACHES)
def test_without_a_password_nothing_is_answered(
    three: Deployment, name: str, protocol: int, tmp_path: Path
) -> None:
    connection = three.connection(name)
    scheme = "rediss" if connection.tls else "redis"
    url = f"{scheme}://{connection.host}:{connection.port}/0?protocol={protocol}"
    with (
        pytest.raises(redis.AuthenticationError),
        client(connection, url=url, **options(connection, tmp_path)) as server,
    ):
        server.ping()


@pytest.mark.parametrize("user", ["app", "default", "readonly", "health", "operator", "nobody"])
@pytest.mark.parametrize("name", CACHES)
def test_a_wrong_password_lets_nobody_in(
    three: Deployment, name: str, user: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(redis.AuthenticationError),
        login(three, name, tmp_path, user, "x" * 48) as server,
    ):
        server.ping()


@pytest.mark.parametrize("name", TLS_CACHES)
def test_the_default_user_is_off(three: Deployment, name: str, tmp_path: Path) -> None:
    password = three.connection(name).password
    with (
        pytest.raises(redis.AuthenticationError, match=r"(WRONGPASS|invalid username-password)"),
        login(three, name, tmp_path, "default", password) as server,
    ):
        server.ping()


@pytest.mark.parametrize("name", CACHES)
def test_the_password_of_a_cache_opens_no_other(
    three: Deployment, name: str, tmp_path: Path
) -> None:
    user = three.connection(name).username
    for other in CACHES:
        if other != name:
            password = three.connection(other).password
            with (
                pytest.raises(redis.AuthenticationError),
                login(three, name, tmp_path, user, password) as server,
            ):
                server.ping()


def test_every_password_is_its_own_and_long(three: Deployment) -> None:
    passwords = [secret for secret in three.secrets().values() if "PRIVATE KEY" not in secret]
    assert len(passwords) == 3 * 4
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(r"[A-Za-z0-9]{48}", password) for password in passwords)


# --- commands ------------------------------------------------------------------------------------

ADMINISTRATION = [
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "CONFIG GET *",
    "CONFIG SET maxmemory 0",
    "CONFIG REWRITE",
    "DEBUG SLEEP 0",
    "SHUTDOWN NOSAVE",
    "ACL LIST",
    "ACL SETUSER intruder on nopass ~* +@all",
    "ACL LOAD",
    "MODULE LIST",
    "MONITOR",
    "REPLICAOF NO ONE",
    "CLIENT LIST",
    "CLIENT KILL TYPE normal",
    "SAVE",
    "BGREWRITEAOF",
    "SLOWLOG GET",
    "SWAPDB 0 1",
    "MIGRATE 127.0.0.1 1 key 0 1",
]
WRITING = ["SET key value", "DEL key", "INCR key", "LPUSH list 1", "EXPIRE key 1", "XADD s * a b"]
SCRIPTING = ["EVAL return 1 0", "PUBLISH channel message", "SUBSCRIBE channel"]
READING = ["GET key", "EXISTS key", "SCAN 0", "LRANGE list 0 1", "TTL key", "DBSIZE"]
DENIED = {
    "app": ADMINISTRATION,
    "readonly": [*ADMINISTRATION, *WRITING, *SCRIPTING, "INFO"],
    "health": [*ADMINISTRATION, *WRITING, *SCRIPTING, *READING, "INFO"],
    "operator": [
        *[c for c in ADMINISTRATION if not c.startswith(("ACL SETUSER", "CONFIG SET"))],
        *WRITING,
        *SCRIPTING,
        *READING,
    ],
}
ALLOWED = {
    "app": [*READING, *WRITING, "PUBLISH channel message", "PING", "INFO", "SELECT 0"],
    "readonly": [*READING, "PING"],
    "health": ["PING"],
    "operator": ["PING"],
}


def password_of(three: Deployment, name: str, user: str) -> str:
    connection = three.connection(name)
    if user == "app":
        return connection.password
    if user == "readonly":
        return connection.readonly_password
    return file_in(three.container(name), f"/etc/redis/{user}_password")


@pytest.mark.parametrize("user", DENIED)
@pytest.mark.parametrize("name", CACHES)
def test_users_may_do_what_they_need_and_no_more(
    three: Deployment, name: str, user: str, tmp_path: Path
) -> None:
    username = three.connection(name).username if user == "app" else user
    secret = password_of(three, name, user)
    with login(three, name, tmp_path, username, secret) as server:
        denied = {command: answer(server, command) for command in DENIED[user]}
        allowed = {command: answer(server, command) for command in ALLOWED[user]}
        if user == "app":
            server.delete("key", "list", "s")
    assert {command: what for command, what in denied.items() if what != "NOPERM"} == {}
    assert {command: what for command, what in allowed.items() if what != "done"} == {}


def answer(server: redis.Redis, command: str) -> str:
    """Whether the command was done, or why not."""
    try:
        server.execute_command(*command.split())
    except NoPermissionError:
        return "NOPERM"
    except redis.RedisError as error:
        # Some servers refuse DEBUG to everybody before they look at the user.
        return "NOPERM" if "DEBUG command not allowed" in str(error) else type(error).__name__
    return "done"
