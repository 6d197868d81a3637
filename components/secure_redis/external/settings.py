"""Settings that only the external target has."""

from typing import Annotated

from pydantic import Field

from secure_redis.connection import TlsVerify
from secure_redis.schema import Flag, HostName, Settings, Text, Whole, WiredText


class ClientCertificate(Settings):
    """What a client shows a server that asks for a certificate (mode mtls)."""

    certificate: WiredText
    """The client's certificate: PEM text or a file's path."""
    private_key: WiredText
    """Secret. The client's private key: PEM text or a file's path."""


class ExternalSettings(Settings):
    """An endpoint that exists: Redis Cloud, Upstash, a server of the company."""

    host: WiredText
    """Name of the endpoint, as its certificate carries it."""
    port: Annotated[Whole, Field(ge=1, le=65535)]
    """TCP port of the endpoint."""
    username: WiredText = "default"
    """User of the application."""
    password: WiredText | None = None
    """Secret. Password of that user; required unless the mode is none."""
    tls_verify: TlsVerify = TlsVerify.FULL
    """What clients verify: full (chain and host name), or ca if the certificate names no host."""
    tls_server_name: HostName | None = None
    """Name in the certificate, where it differs from `host`."""
    authority: WiredText | None = None
    """CA certificates by which clients verify the endpoint: PEM text or a file's path. Default: the
    operating system's trust store."""
    client: ClientCertificate | None = None
    """Client certificate, required by the mode mtls."""
    reader_host: HostName | None = None
    """Name of an endpoint for reads that may be stale."""
    cluster_mode: Flag = False
    """Whether the endpoint speaks the cluster protocol."""
    issued_at: Text | None = None
    """When the password was made, RFC 3339; gives the contract its `rotate_by`."""
