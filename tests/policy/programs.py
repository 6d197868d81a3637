"""Programs of somebody else: Redis in the SDKs of the clouds alone, nothing of ours in them.

Each reads `good` of its configuration: without it nothing is as it must be, with it everything is.
What has nothing to do with Redis is wrong in both, and nobody's business.
"""

PASSWORD = "correct-horse-battery-staple"

AWS = """
import json
import pulumi
import pulumi_aws as aws

good = pulumi.Config().get_bool("good")
password = pulumi.Config().require_secret("password")

vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16")
zones = aws.get_availability_zones(state="available").names
subnets = [
    aws.ec2.Subnet(f"net-{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone)
    for i, zone in enumerate(zones[:2])
]
places = aws.elasticache.SubnetGroup("places", subnet_ids=[one.id for one in subnets])
group = aws.ec2.SecurityGroup("redis", vpc_id=vpc.id, description="Redis")
aws.vpc.SecurityGroupIngressRule(
    "redis",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=6379,
    to_port=6379,
    cidr_ipv4="10.0.0.0/16" if good else "0.0.0.0/0",
)
web = aws.ec2.SecurityGroup("web", vpc_id=vpc.id, description="a web server's, open to everybody")
aws.vpc.SecurityGroupIngressRule(
    "web",
    security_group_id=web.id,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    cidr_ipv4="0.0.0.0/0",
)
key = aws.kms.Key("redis", enable_key_rotation=True) if good else None
users = []
for name, rights in {"app": "on ~* &* +@all -@admin -@dangerous +info", "off": "off -@all"}.items():
    login, nothing = {"type": "password", "passwords": [password]}, {"type": "no-password-required"}
    users.append(
        aws.elasticache.User(
            name,
            user_id=f"shop-{name}",
            user_name="default" if name == "off" else name,
            engine="valkey",
            access_string=rights if good or name == "off" else "on ~* +@all",
            authentication_mode=login if good or name == "off" else nothing,
        )
    )
members = aws.elasticache.UserGroup(
    "users", user_group_id="shop", engine="valkey", user_ids=[one.user_id for one in users]
)
safe = {
    "transit_encryption_enabled": True,
    "transit_encryption_mode": "required",
    "at_rest_encryption_enabled": True,
    "kms_key_id": key and key.arn,
    "user_group_ids": [members.user_group_id],
    "security_group_ids": [group.id],
    "snapshot_retention_limit": 7,
    "auto_minor_version_upgrade": True,
}
aws.elasticache.ReplicationGroup(
    "sessions",
    replication_group_id="sessions",
    description="sessions of the shop",
    engine="valkey",
    engine_version="8.0",
    node_type="cache.t4g.small",
    num_cache_clusters=2,
    automatic_failover_enabled=True,
    multi_az_enabled=True,
    subnet_group_name=places.name,
    opts=pulumi.ResourceOptions(protect=good),
    **(safe if good else {"security_group_ids": [group.id]}),
)
"""

AZURE = """
import pulumi
import pulumi_azure_native as azure

good = pulumi.Config().get_bool("good")

group = azure.resources.ResourceGroup("group")
where = {"resource_group_name": group.name}
net = azure.network.VirtualNetwork(
    "net", **where, address_space={"address_prefixes": ["10.20.0.0/16"]}
)
guard = azure.network.NetworkSecurityGroup("guard", **where)
subnet = azure.network.Subnet(
    "endpoints",
    **where,
    virtual_network_name=net.name,
    address_prefix="10.20.1.0/24",
    private_endpoint_network_policies="NetworkSecurityGroupEnabled",
    network_security_group={"id": guard.id},
)
kept = pulumi.ResourceOptions(protect=good)
cluster = azure.redisenterprise.RedisEnterprise(
    "managed",
    **where,
    sku={"name": "Balanced_B5"},
    high_availability="Enabled" if good else "Disabled",
    minimum_tls_version="1.2",
    public_network_access="Disabled" if good else "Enabled",
    opts=kept,
)
azure.redisenterprise.Database(
    "managed",
    **where,
    cluster_name=cluster.name,
    database_name="default",
    client_protocol="Encrypted" if good else "Plaintext",
    eviction_policy="AllKeysLRU",
    port=10000,
    access_keys_authentication="Enabled",
    opts=kept,
)
classic = azure.redis.Redis(
    "classic",
    **where,
    sku={"name": "Standard", "family": "C", "capacity": 1},
    enable_non_ssl_port=not good,
    redis_configuration={"maxmemory_policy": "allkeys-lru"},
    minimum_tls_version="1.2",
    public_network_access="Disabled" if good else "Enabled",
    opts=kept,
)
"""

GCP = """
import pulumi
import pulumi_gcp as gcp

good = pulumi.Config().get_bool("good")
net = gcp.compute.Network("net", auto_create_subnetworks=False)
subnet = gcp.compute.Subnetwork("net", network=net.id, ip_cidr_range="10.10.0.0/24")
kept = pulumi.ResourceOptions(protect=good)
redis = gcp.redis.Instance(
    "queue",
    memory_size_gb=5,
    tier="STANDARD_HA",
    connect_mode="PRIVATE_SERVICE_ACCESS",
    authorized_network=net.id,
    redis_version="REDIS_7_2",
    redis_configs={"maxmemory-policy": "allkeys-lru"},
    auth_enabled=bool(good),
    transit_encryption_mode="SERVER_AUTHENTICATION" if good else "DISABLED",
    deletion_protection=bool(good),
    opts=kept,
)
valkey = gcp.memorystore.Instance(
    "sessions",
    instance_id="sessions",
    location="europe-west1",
    shard_count=1,
    replica_count=1,
    node_type="STANDARD_SMALL",
    engine_version="VALKEY_8_0",
    engine_configs={"maxmemory-policy": "allkeys-lru"},
    authorization_mode="IAM_AUTH" if good else "AUTH_DISABLED",
    transit_encryption_mode="SERVER_AUTHENTICATION" if good else "TRANSIT_ENCRYPTION_DISABLED",
    deletion_protection_enabled=bool(good),
    desired_auto_created_endpoints=[
        {"network": net.id, "project_id": pulumi.Config("gcp").require("project")}
    ],
    opts=kept,
)
"""

DOCKER = f"""
import pulumi
import pulumi_docker as docker

good = pulumi.Config().get_bool("good")
hardening = {{
    "user": "999:999",
    "read_only": True,
    "capabilities": {{"drops": ["ALL"]}},
    "security_opts": ["no-new-privileges:true"],
    "memory": 256,
}}
files = "/etc/redis/redis.conf"
docker.Container(
    "redis",
    image="redis:7.4",
    command=["redis-server", files]
    if good
    else ["redis-server", "--requirepass", "{PASSWORD}"],
    uploads=[
        {{
            "file": files,
            "content": "port 0\\ntls-port 6379\\naclfile /etc/redis/users.acl\\n",
        }}
    ]
    if good
    else [],
    envs=[] if good else ["REDIS_PASSWORD={PASSWORD}"],
    ports=[{{"internal": 6379, "external": 16379, "ip": "127.0.0.1" if good else "0.0.0.0"}}],
    **(hardening if good else {{"privileged": True}}),
)
docker.Container("web", image="nginx:1.29", ports=[{{"internal": 80, "external": 18080}}])
"""

REFUSED = {
    "aws": ("aws-tls", "aws-login", "aws-backups", "aws-ingress-ipv4", "aws-user-authentication"),
    "azure": ("azure-public", "azure-tls", "azure-classic-tls"),
    "gcp": ("gcp-tls", "gcp-login", "gcp-valkey-login"),
    "docker": ("docker-address", "docker-command", "docker-variables", "docker-privileged"),
}
"""Rules of which each program breaks every one, by target; not all that it breaks."""
