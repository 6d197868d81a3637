"""Arguments of the components, as Pulumi's component analyzer reads them.

The names and meanings are those of `settings`, in snake_case; a test compares the two. What is
plain here is decided when the program runs; an `Input` may come from another resource.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi


class RotationArgs(TypedDict, total=False):
    """Password rotation in two steps; see `settings.Rotation`."""

    generation: int
    keep_previous: bool


class AuthorityCertificateArgs(TypedDict):
    """A CA of yours that signs; see `docker.settings.AuthorityCertificate`."""

    certificate: pulumi.Input[str]
    private_key: pulumi.Input[str]


class ServerCertificateArgs(TypedDict):
    """A server certificate of yours; see `docker.settings.ServerCertificate`."""

    certificate: pulumi.Input[str]
    private_key: pulumi.Input[str]
    authority: pulumi.Input[str]


class CertificatesArgs(TypedDict, total=False):
    """Certificates of the modes tls and mtls; see `docker.settings.Certificates`."""

    authority: AuthorityCertificateArgs
    server: ServerCertificateArgs
    validity_days: int
    renew_before_days: int


class DockerArgs(TypedDict, total=False):
    """What only the Docker target knows; see `docker.settings.DockerSettings`."""

    port: int
    publish_address: str
    advertised_host: str
    host_names: Sequence[str]
    image: str
    user: str
    cpus: float
    max_clients: int
    certificates: CertificatesArgs


class ClientCertificateArgs(TypedDict):
    """What a client shows; see `external.settings.ClientCertificate`."""

    certificate: pulumi.Input[str]
    private_key: pulumi.Input[str]


class _ExternalRequired(TypedDict):
    host: pulumi.Input[str]
    port: int


class ExternalArgs(_ExternalRequired, total=False):
    """An endpoint that exists; see `external.settings.ExternalSettings`."""

    username: pulumi.Input[str]
    password: pulumi.Input[str]
    tls_verify: str
    tls_server_name: str
    authority: pulumi.Input[str]
    client: ClientCertificateArgs
    reader_host: str
    cluster_mode: bool
    issued_at: str


class _CacheRequired(TypedDict):
    environment: str


class CacheArgs(_CacheRequired, total=False):
    """Settings of a cache on any target; see `settings.CacheSettings`."""

    purpose: str
    engine: str
    mode: str
    memory_gb: float
    eviction_policy: str
    persistence: str
    protect: bool
    rotation: RotationArgs
    rotation_days: int
    tls_profile: str
    docker: DockerArgs
    external: ExternalArgs
    tags: Mapping[str, str]
    """Put on everything that takes tags or labels. Not secret."""
    exceptions: Mapping[str, str]
    """Rules that are broken on purpose: the rule's id and the reason."""
    network: Mapping[str, pulumi.Input[str]]
    """The network that several caches share: the facts that the target's network component gives.
    Default: one of its own, where the target has networks."""
