"""Connections to render: one for each kind that the contract knows."""

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from secure_redis.connection import Auth, CaSource, Connection, TlsVerify

PASSWORD = "Zq7tPw3LmX9vKd2sRb6nYc4hJf8gTa5uWe1oQi0pVxNjMzBk"
"""A password as the targets make them: 48 letters and digits."""

READONLY_PASSWORD = "rD4kXw8TqLz1VnYb6mJc3hGf9sPa2uEe7oQi5pKxNjMzBtRv"
"""Of the user that may only read."""

AWKWARD_PASSWORD = "p@ss/w:rd+=#$%'\"\\ x"
"""One that somebody else could have chosen; no reader takes it raw in a URL."""


@cache
def certificate(name: str) -> tuple[str, str]:
    """A self-signed certificate and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM).decode()
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, secret.decode()


def local(**changes: object) -> Connection:
    """A cache in Docker: TLS with a CA of its own, host name checked."""
    connection = Connection(
        target="docker",
        engine="redis",
        host="localhost",
        port=6380,
        tls=True,
        username="app",
        password=PASSWORD,
        readonly_username="readonly",
        readonly_password=READONLY_PASSWORD,
        ca_pem=certificate("secure-redis CA")[0],
        ca_source=CaSource.LOCAL,
        ca_not_after="2036-11-18T03:00:00Z",
        rotate_by="2027-02-19T03:00:00Z",
        network={"name": "secure-redis-local", "host": "cache", "port": "6379"},
    )
    return replace(connection, **changes)


def mutual() -> Connection:
    """As `local`, with a certificate for the client."""
    cert, key = certificate("client")
    return local(client_cert_pem=cert, client_key_pem=key)


def public_ca() -> Connection:
    """A managed service whose certificate operating systems trust; no Docker network."""
    return Connection(
        target="aws",
        engine="valkey",
        host="master.cache.example.org",
        port=6379,
        tls=True,
        username="app",
        password=PASSWORD,
        reader_host="replica.cache.example.org",
        reader_port=6380,
    )


def identity() -> Connection:
    """As `public_ca`, for clients that log in with a token of their cloud's identity service."""
    return replace(public_ca(), username="shop-prod-cache-app", password="", auth=Auth.IDENTITY)


def chain_only() -> Connection:
    """A service whose certificate names no host that a client could compare."""
    return local(
        target="gcp",
        host="10.20.0.3",
        port=6378,
        tls_verify=TlsVerify.CA,
        ca_source=CaSource.INSTANCE,
        network={},
    )


def identity_chain_only() -> Connection:
    """As `chain_only`, for clients that log in with a token of their cloud's identity service."""
    return replace(
        chain_only(),
        engine="valkey",
        username="default",
        password="",
        readonly_username="",
        readonly_password="",
        auth=Auth.IDENTITY,
    )


def plain() -> Connection:
    """Security mode `none`: no TLS, no password."""
    return Connection(
        target="docker",
        engine="redis",
        host="127.0.0.1",
        port=6379,
        tls=False,
        username="default",
        password="",
        auth=Auth.NONE,
        tls_verify=TlsVerify.NONE,
        ca_source=CaSource.NONE,
        network={"name": "secure-redis-local", "host": "cache", "port": "6379"},
    )


ALL = {
    "local": local,
    "mutual": mutual,
    "public_ca": public_ca,
    "identity": identity,
    "chain_only": chain_only,
    "identity_chain_only": identity_chain_only,
    "plain": plain,
}
"""Every kind by name."""

SCHEMA = Path(__file__).with_name("secret.schema.json")
"""Kubernetes' core/v1 Secret, written from its API reference."""
