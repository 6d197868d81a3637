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


class ServerlessArgs(TypedDict, total=False):
    """A cache without nodes; see `aws.settings.Serverless`."""

    max_storage_gb: int
    max_ecpu_per_second: int


class RestoreArgs(TypedDict, total=False):
    """Data to start with; see `aws.settings.Restore`."""

    snapshot_name: str
    snapshot_arns: Sequence[str]


class AwsArgs(TypedDict, total=False):
    """What only the AWS target knows; see `aws.settings.AwsSettings`."""

    node_type: str
    engine_version: str
    auth: str
    serverless: ServerlessArgs
    shards: int
    multi_az: bool
    port: int
    kms_key_arn: pulumi.Input[str]
    snapshot_retention_days: int
    snapshot_window: str
    maintenance_window: str
    final_snapshot: bool
    restore: RestoreArgs
    apply_immediately: bool
    auto_minor_version_upgrade: bool
    parameters: Mapping[str, str]
    logs: bool
    log_retention_days: int
    transit_encryption: str
    durability: str
    automatic_rotation: bool
    secret_recovery_days: int


class CustomerManagedKeyArgs(TypedDict, total=False):
    """A key of yours for data at rest; see `azure.settings.CustomerManagedKey`."""

    key_url: pulumi.Input[str]
    identity_id: pulumi.Input[str]


class SnapshotsArgs(TypedDict, total=False):
    """Where a classic cache writes its data; see `azure.settings.Snapshots`."""

    frequency_minutes: int
    connection_string: pulumi.Input[str]
    storage_subscription_id: str


class FirewallRuleArgs(TypedDict):
    """Addresses that may reach a classic cache; see `azure.settings.FirewallRule`."""

    start_ip: str
    end_ip: str


class PatchWindowArgs(TypedDict):
    """When Azure may patch a classic cache; see `azure.settings.PatchWindow`."""

    day: str
    hour: int


class ClassicArgs(TypedDict, total=False):
    """The retiring Azure Cache for Redis; see `azure.settings.Classic`."""

    acknowledge_retirement: bool
    sku: str
    shards: int
    zones: Sequence[str]
    snapshots: SnapshotsArgs
    firewall_rules: Sequence[FirewallRuleArgs]
    patch_windows: Sequence[PatchWindowArgs]
    parameters: Mapping[str, str]


class AzureArgs(TypedDict, total=False):
    """What only the Azure target knows; see `azure.settings.AzureSettings`."""

    sku: str
    allow_preview: bool
    auth: str
    active_key: str
    principal_ids: Sequence[pulumi.Input[str]]
    clustering_policy: str
    snapshot_frequency: str
    modules: Sequence[str]
    customer_managed_key: CustomerManagedKeyArgs
    public_access: bool
    lock: bool
    vault_id: pulumi.Input[str]
    vault_recovery_days: int
    secret_expires: str
    logs: bool
    workspace_id: pulumi.Input[str]
    log_retention_days: int
    classic: ClassicArgs


class KmsKeyArgs(TypedDict, total=False):
    """A key of yours for data at rest; see `gcp.settings.KmsKey`."""

    key_name: pulumi.Input[str]


class MaintenanceWindowArgs(TypedDict):
    """When Google may maintain a cache; see `gcp.settings.MaintenanceWindow`."""

    day: str
    hour: int


class GcpArgs(TypedDict, total=False):
    """What only the Google Cloud target knows; see `gcp.settings.GcpSettings`."""

    memory_size_gb: int
    node_type: str
    engine_version: str
    shards: int
    read_replicas: bool
    secondary_range: str
    zone: str
    alternative_zone: str
    snapshot_period: str
    backup_retention_days: int
    maintenance_window: MaintenanceWindowArgs
    parameters: Mapping[str, str]
    customer_managed_key: KmsKeyArgs
    principals: Sequence[pulumi.Input[str]]
    secret_locations: Sequence[str]
    secret_key_name: pulumi.Input[str]
    secret_destroy_delay_days: int
    enable_apis: bool


class AccessArgs(TypedDict, total=False):
    """Who may reach a cache and read its credentials; see `settings.AccessSettings`."""

    security_group_ids: Sequence[pulumi.Input[str]]
    cidrs: Sequence[str]
    prefix_list_ids: Sequence[pulumi.Input[str]]
    network_tags: Sequence[str]
    service_accounts: Sequence[pulumi.Input[str]]
    secret_readers: Sequence[pulumi.Input[str]]


class AlarmArgs(TypedDict, total=False):
    """What watches a cache; see `settings.AlarmSettings`."""

    profile: str
    notify: Sequence[pulumi.Input[str]]


class NetworkArgs(TypedDict, total=False):
    """The network that several caches share: what the target's network component has as facts."""

    name: pulumi.Input[str]
    """docker: name of the network."""
    owner: pulumi.Input[str]
    """docker: identity of the state that made it."""
    vpc_id: pulumi.Input[str]
    """aws: id of the VPC."""
    subnet_ids: Sequence[pulumi.Input[str]]
    """aws: ids of private subnets."""
    resource_group_name: pulumi.Input[str]
    """azure: name of the resource group."""
    subnet_id: pulumi.Input[str]
    """azure: resource id of the subnet of private endpoints."""
    private_dns_zone_ids: Sequence[pulumi.Input[str]]
    """azure: resource ids of the private DNS zones; empty where a policy makes the records."""
    network_id: pulumi.Input[str]
    """gcp: name of the network."""
    reserved_range_name: pulumi.Input[str]
    """gcp: name of the range that Redis takes addresses of; empty without Redis."""
    connection_policy_id: pulumi.Input[str]
    """gcp: name of the policy for endpoints of Valkey; empty where it was not made here."""


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
    replicas: int
    protect: bool
    allow_replacement: str
    rotation: RotationArgs
    rotation_days: int
    tls_profile: str
    aws: AwsArgs
    azure: AzureArgs
    docker: DockerArgs
    external: ExternalArgs
    gcp: GcpArgs
    tags: Mapping[str, str]
    """Put on everything that takes tags or labels. Not secret."""
    exceptions: Mapping[str, str]
    """Rules that are broken on purpose: the rule's id and the reason."""
    network: NetworkArgs
    """The network that several caches share: the facts that the target's network component gives.
    Default: one of its own, where the target has networks."""
    access: AccessArgs
    """Who may reach the cache and read its credentials, on a cloud."""
    alarms: AlarmArgs
    """What watches the cache, on a cloud."""
