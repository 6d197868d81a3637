"""Small programs for the stand-in, in the SDK alone: nothing of ours is in them."""

WHOLE = """
import pulumi
import pulumi_gcp as gcp

config = pulumi.Config("gcp")
project, region = config.require("project"), config.require("region")
labels = {"team": "platform"}
number = gcp.organizations.get_project(project_id=project).number

services = [
    gcp.projects.Service(name, service=f"{name}.googleapis.com", disable_on_destroy=False)
    for name in ("redis", "servicenetworking")
]
network = gcp.compute.Network("Net", auto_create_subnetworks=False)
subnetwork = gcp.compute.Subnetwork(
    "net", network=network.id, region=region, ip_cidr_range="10.0.0.0/24",
    private_ip_google_access=True,
)
addresses = gcp.compute.GlobalAddress(
    "services", purpose="VPC_PEERING", address_type="INTERNAL", prefix_length=20,
    network=network.id, labels=labels,
)
connection = gcp.servicenetworking.Connection(
    "services", network=network.id, service="servicenetworking.googleapis.com",
    reserved_peering_ranges=[addresses.name], update_on_creation_fail=True,
)
identity = gcp.projects.ServiceIdentity("redis", service="redis.googleapis.com",
                                        opts=pulumi.ResourceOptions(depends_on=services))
ring = gcp.kms.KeyRing("ring", location=region)
key = gcp.kms.CryptoKey("key", key_ring=ring.id, rotation_period="7776000s")
grant = gcp.kms.CryptoKeyIAMMember(
    "redis", crypto_key_id=key.id, role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
    member=identity.member,
)
cache = gcp.redis.Instance(
    "cache", tier="STANDARD_HA", memory_size_gb=5, region=region, redis_version="REDIS_7_2",
    auth_enabled=True, transit_encryption_mode="SERVER_AUTHENTICATION",
    authorized_network=network.id, connect_mode="PRIVATE_SERVICE_ACCESS",
    reserved_ip_range=addresses.name, read_replicas_mode="READ_REPLICAS_ENABLED", replica_count=1,
    persistence_config={"persistence_mode": "RDB", "rdb_snapshot_period": "SIX_HOURS"},
    maintenance_policy={"weekly_maintenance_windows": [
        {"day": "SUNDAY", "start_time": {"hours": 3, "minutes": 0}}]},
    redis_configs={"maxmemory-policy": "volatile-lru"}, customer_managed_key=key.id,
    deletion_protection=False, labels=labels,
    opts=pulumi.ResourceOptions(depends_on=[connection, grant]),
)
secret = gcp.secretmanager.Secret("cache", replication={"auto": {}}, labels=labels)
version = gcp.secretmanager.SecretVersion(
    "cache", secret=secret.id,
    secret_data=pulumi.Output.json_dumps({"host": cache.host, "password": cache.auth_string}),
)
gcp.secretmanager.SecretIamMember(
    "reader", secret_id=secret.id, role="roles/secretmanager.secretAccessor",
    member=f"serviceAccount:app@{project}.iam.gserviceaccount.com",
)
gcp.compute.Firewall(
    "cache", network=network.id, direction="EGRESS", priority=1000,
    allows=[{"protocol": "tcp", "ports": ["6378"]}],
    destination_ranges=[cache.effective_reserved_ip_range], target_tags=["app"],
)
channel = gcp.monitoring.NotificationChannel(
    "team", display_name="team", type="email", labels={"email_address": "team@example.com"},
)
gcp.monitoring.AlertPolicy(
    "memory", display_name="memory", combiner="OR", notification_channels=[channel.id],
    conditions=[{
        "display_name": "memory",
        "condition_threshold": {
            "filter": cache.id.apply(lambda id:
                'resource.type="redis_instance" AND resource.labels.instance_id="' + id +
                '" AND metric.type="redis.googleapis.com/stats/memory/system_memory_usage_ratio"'),
            "comparison": "COMPARISON_GT", "threshold_value": 0.8, "duration": "300s",
            "aggregations": [{"alignment_period": "300s", "per_series_aligner": "ALIGN_MEAN"}],
        },
    }],
)
policy = gcp.networkconnectivity.ServiceConnectionPolicy(
    "valkey", network=network.id, location=region, service_class="gcp-memorystore",
    psc_config={"subnetworks": [subnetwork.id]}, labels=labels,
)
valkey = gcp.memorystore.Instance(
    "valkey", instance_id="valkey", location=region, shard_count=1, mode="CLUSTER_DISABLED",
    node_type="STANDARD_SMALL", engine_version="VALKEY_8_0", authorization_mode="IAM_AUTH",
    transit_encryption_mode="SERVER_AUTHENTICATION", deletion_protection_enabled=False,
    desired_auto_created_endpoints=[{"network": network.id, "project_id": project}],
    labels=labels, opts=pulumi.ResourceOptions(depends_on=[policy]),
)
pulumi.export("number", number)
pulumi.export("host", cache.host)
pulumi.export("port", cache.port)
pulumi.export("authorities", cache.server_ca_certs)
pulumi.export("password", cache.auth_string)
pulumi.export("valkey", valkey.endpoints)
"""
"""Nearly every type: 22 resources with the stack."""

SMALL = """
import pulumi
import pulumi_gcp as gcp

network = gcp.compute.Network("net", auto_create_subnetworks=False, routing_mode=MODE)
names = {"name": NAME} if NAME else {}
for name in RANGES:
    gcp.compute.GlobalAddress(
        name, purpose="VPC_PEERING", address_type="INTERNAL", prefix_length=PREFIX,
        network=network.id, **names,
    )
"""


def small(
    ranges: tuple[str, ...] = ("range",),
    prefix: int = 24,
    mode: str = "REGIONAL",
    name: str | None = None,
) -> str:
    """Reserved ranges in a network: three resources with the stack if there is one range."""
    return f"RANGES, PREFIX, MODE, NAME = {(ranges, prefix, mode, name)!r}\n{SMALL}"
