"""Settings that only the Docker target has."""

from typing import Annotated

from pydantic import Field

from secure_redis.schema import HostName, Number, Settings, Text, Whole, WiredText


class AuthorityCertificate(Settings):
    """A certificate authority of yours that signs the server's and the client's certificates."""

    certificate: WiredText
    """The CA's certificate: PEM text, or the path of a PEM file."""
    private_key: WiredText
    """Secret. The CA's private key: PEM text, or the path of a PEM file."""


class ServerCertificate(Settings):
    """A server certificate of yours, used as it is."""

    certificate: WiredText
    """The server's certificate, with intermediates if there are any: PEM text or a file's path."""
    private_key: WiredText
    """Secret. The server's private key: PEM text or a file's path."""
    authority: WiredText
    """The CA certificates by which clients verify it: PEM text or a file's path."""


class Certificates(Settings):
    """Certificates of the modes tls and mtls. Default: the stack makes a CA and signs with it."""

    authority: AuthorityCertificate | None = None
    """Sign with this CA instead of an own one."""
    server: ServerCertificate | None = None
    """Use this server certificate instead of a signed one."""
    validity_days: Annotated[Whole, Field(ge=2, le=3650)] = 365
    """Days that a signed certificate is valid."""
    renew_before_days: Annotated[Whole, Field(ge=1, le=3649)] = 30
    """Days before its end from which the next `up` renews a signed certificate."""


class DockerSettings(Settings):
    """One container."""

    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    """Port published on the machine. Default by purpose: 6380 for a cache, 6381 for sessions,
    6382 for a queue."""
    publish_address: Text = "127.0.0.1"
    """Address of the machine on which the port is published. The modes none and password accept
    loopback addresses only."""
    advertised_host: HostName | None = None
    """Name or address by which clients reach the machine, when that is not `publishAddress`; the
    certificate carries it."""
    host_names: list[HostName] = Field(default_factory=list[str])
    """Further names and addresses that the certificate carries."""
    image: Text | None = None
    """Image of the server. Default: the engine's official one, or the one built on this machine."""
    user: Annotated[Text, Field(pattern=r"^[0-9]+:[0-9]+$")] = "999:999"
    """Numeric user and group of the server: 999:999 in Debian images, 999:1000 in Alpine ones."""
    cpus: Annotated[Number, Field(gt=0, le=256)] = 1.0
    """Processors the container may use."""
    max_clients: Annotated[Whole, Field(ge=10, le=1_000_000)] = 10_000
    """Connections the server accepts at once."""
    certificates: Certificates = Certificates()
    """Certificates of the modes tls and mtls."""
