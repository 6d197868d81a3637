"""A company's own CA, a server certificate as it is, and names by which clients come."""

import json
import socket
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from harness import Deployment, client, deployed, file_in, free_port, remember_secret
from secure_redis.connection import Connection
from signing import Authority


def peer(connection: Connection, ca_pem: str, name: str | None = None) -> x509.Certificate:
    """The server's certificate, verified for `name`."""
    context = ssl.create_default_context(cadata=ca_pem)
    with (
        socket.create_connection((connection.host, connection.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name or connection.host) as wrapped,
    ):
        return x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")


def test_certificates_of_the_companys_own(tmp_path: Path) -> None:
    """A CA that signs, by relative paths; a server certificate with its key as a config secret."""
    ours, theirs = Authority.make("company"), Authority.make("public")
    issued = theirs.issue("redis", names=("localhost", "127.0.0.1", "redis.company.example"))
    with deployed(tmp_path, "own") as deployment:
        folder = deployment.project / "certificates"
        folder.mkdir()
        (folder / "ca.pem").write_text(ours.pem)
        (folder / "ca.key").write_text(ours.key_pem)
        (folder / "server.pem").write_text(issued.pem)
        (folder / "theirs.pem").write_text(theirs.pem)
        authority = {"certificate": "certificates/ca.pem", "privateKey": "certificates/ca.key"}
        server = {"certificate": "certificates/server.pem", "authority": "certificates/theirs.pem"}
        deployment.write(
            {
                "signed": _cache(authority=authority),
                "mutual": {"mode": "mtls", **_cache(authority=authority)},
                "given": _cache(server=server),
            }
        )
        _set_secret(deployment, "given.docker.certificates.server.privateKey", issued.key_pem)
        text = deployment.stack_file.read_text()
        assert "encryptionsalt:" in text
        assert "BEGIN" not in text

        deployment.up()
        assert deployment.stack_file.read_text() == text
        signed, given = deployment.connection("signed"), deployment.connection("given")
        assert signed.ca_pem == ours.pem
        assert given.ca_pem == theirs.pem
        for connection in (signed, given):
            with client(connection) as cache:
                assert cache.ping()
        authority_certificate = x509.load_pem_x509_certificate(ours.pem.encode())
        peer(signed, ours.pem).verify_directly_issued_by(authority_certificate)
        served = peer(given, theirs.pem, "redis.company.example")
        assert served == x509.load_pem_x509_certificate(issued.pem.encode())
        _mutual(deployment, tmp_path)
        deployment.unchanged()

        state = "".join(f.read_text() for f in deployment.backend.rglob(f"{deployment.name}*.json"))
        for pem in (ours.key_pem, issued.key_pem):
            assert [line for line in pem.splitlines()[1:-1] if line in state] == []

        # The next certificate of the company reaches the server without a restart.
        started = deployment.container("given").attrs["State"]["StartedAt"]
        renewed = theirs.issue("redis", names=("localhost", "127.0.0.1"))
        (folder / "server.pem").write_text(renewed.pem)
        _set_secret(deployment, "given.docker.certificates.server.privateKey", renewed.key_pem)
        deployment.up()
        assert peer(given, theirs.pem) == x509.load_pem_x509_certificate(renewed.pem.encode())
        assert deployment.container("given").attrs["State"]["StartedAt"] == started


def _cache(**certificates: Any) -> dict[str, Any]:
    return {"docker": {"port": free_port(), "certificates": certificates}}


def _set_secret(deployment: Deployment, path: str, value: str) -> None:
    """A config secret, as the documentation says; the value goes through standard input."""
    remember_secret(value)
    deployment.pulumi("stack", "init")  # fails where the stack is there already
    key = f"secure-redis:caches.{path}"
    deployment.pulumi("config", "set", "--secret", "--path", key, stdin=value).succeeded()


def _mutual(deployment: Deployment, tmp_path: Path) -> None:
    connection = deployment.connection("mutual")
    names = {"ssl_certfile": connection.client_cert_pem, "ssl_keyfile": connection.client_key_pem}
    options: dict[str, str] = {}
    for option, pem in names.items():
        (tmp_path / option).write_text(pem)
        options[option] = str(tmp_path / option)
    with client(connection, **options) as cache:
        assert cache.ping()


def test_other_addresses_and_names(tmp_path: Path) -> None:
    cache = {
        "docker": {
            "port": free_port("127.0.0.2"),
            "publishAddress": "127.0.0.2",
            "hostNames": ["cache.company.example", "10.1.2.3"],
        }
    }
    advertised = {
        "purpose": "sessions",
        "docker": {
            "port": free_port("127.0.0.2"),
            "publishAddress": "127.0.0.2",
            "advertisedHost": "redis.company.example",
        },
    }
    caches = {"cache": cache, "advertised": advertised}
    with deployed(tmp_path, "named", caches) as deployment:
        connection = deployment.connection()
        assert connection.host == "127.0.0.2"
        with client(connection) as server:
            assert server.ping()
        for name in ("127.0.0.2", "127.0.0.1", "cache.company.example", "10.1.2.3"):
            peer(connection, connection.ca_pem, name)
        bound = deployment.container().attrs["NetworkSettings"]["Ports"]["6380/tcp"]
        assert [binding["HostIp"] for binding in bound] == ["127.0.0.2"]

        other = deployment.connection("advertised")
        assert other.host == "redis.company.example"
        assert "@redis.company.example:" in other.url
        address = ("127.0.0.2", other.port)
        context = ssl.create_default_context(cadata=other.ca_pem)
        with (
            socket.create_connection(address, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=other.host) as wrapped,
        ):
            assert wrapped.version() == "TLSv1.3"
        conf = file_in(deployment.container("advertised"), "/etc/redis/redis.conf")
        assert "company" not in conf
        assert json.loads(json.dumps(other.network))["host"] == "advertised"
