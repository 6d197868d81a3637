"""The shortest hand-written program with the resources of gcp-prod: no checks, no choices."""

from typing import Any
from urllib.parse import quote

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

REGION = "europe-west1"
READER = "serviceAccount:shop@shop-prod.iam.gserviceaccount.com"
ON_CALL = "projects/shop-prod/notificationChannels/1234567890"
LABELS = {"team": "platform"}
CACHES = {
    # name: size, memory for data, eviction policy, read replicas, snapshots, keeps data
    "cache": (10, "8", "allkeys-lru", 2, "SIX_HOURS", False),
    "sessions": (3, "2.4", "volatile-lru", 0, "SIX_HOURS", True),
    "queue": (5, "4", "noeviction", 0, "ONE_HOUR", True),
}
ALARMS = {
    # name: metric, threshold, aligner
    "memory": ("stats/memory/system_memory_usage_ratio", 0.8, "ALIGN_MEAN"),
    "processor": ("stats/cpu_utilization_main_thread", 0.9, "ALIGN_RATE"),
    "connections": ("clients/connected", 52_000, "ALIGN_MAX"),
    "rejected": ("stats/reject_connections_count", 0, "ALIGN_DELTA"),
    "failover": ("replication/role", 0, "ALIGN_STDDEV"),
    "replication": ("replication/master/slaves/lag", 30, "ALIGN_MAX"),
}
BY_NODE = ["resource.label.instance_id", "resource.label.node_id"]
DATA_ALARMS = {
    "data": ("stats/memory/usage_ratio", 0.9, "ALIGN_MEAN"),
    "evictions": ("stats/evicted_keys", 0, "ALIGN_DELTA"),
}

net_name = random.RandomId("network", byte_length=4).hex
net = gcp.compute.Network("network", name=net_name, auto_create_subnetworks=False)
gcp.compute.Subnetwork(
    "network",
    name=net_name,
    network=net.id,
    region=REGION,
    ip_cidr_range="10.20.0.0/19",
    private_ip_google_access=True,
)
reserved = gcp.compute.GlobalAddress(
    "network",
    name=net_name,
    purpose="VPC_PEERING",
    address_type="INTERNAL",
    prefix_length=20,
    network=net.id,
    labels=LABELS,
)
connection = gcp.servicenetworking.Connection(
    "network",
    network=net.id,
    service="servicenetworking.googleapis.com",
    reserved_peering_ranges=[reserved.name],
)
for name, (size, data_gb, eviction, replicas, snapshots, keeps) in CACHES.items():
    suffix = random.RandomId(name, byte_length=4).hex
    identity = pulumi.Output.concat(name, "-", suffix)
    optional: dict[str, Any] = {}
    after: list[pulumi.Resource] = [connection]
    if replicas:
        optional = {"read_replicas_mode": "READ_REPLICAS_ENABLED", "replica_count": replicas}
    if name == "sessions":
        ring = gcp.kms.KeyRing(name, name=identity, location=REGION)
        key = gcp.kms.CryptoKey(
            name,
            name="data",
            key_ring=ring.id,
            rotation_period="7776000s",
            labels=LABELS,
            opts=pulumi.ResourceOptions(protect=True),
        )
        agent = gcp.projects.ServiceIdentity(name, service="redis.googleapis.com")
        granted = gcp.kms.CryptoKeyIAMMember(
            name,
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=agent.member,
        )
        optional = {"customer_managed_key": key.id}
        after.append(granted)
    cache = gcp.redis.Instance(
        name,
        name=identity,
        region=REGION,
        tier="STANDARD_HA",
        memory_size_gb=size,
        redis_version="REDIS_7_2",
        auth_enabled=True,
        transit_encryption_mode="SERVER_AUTHENTICATION",
        connect_mode="PRIVATE_SERVICE_ACCESS",
        authorized_network=net.id,
        reserved_ip_range=reserved.name,
        persistence_config={"persistence_mode": "RDB", "rdb_snapshot_period": snapshots},
        maintenance_policy={
            "weekly_maintenance_windows": [
                {
                    "day": "SUNDAY",
                    "start_time": {"hours": 3, "minutes": 0, "seconds": 0, "nanos": 0},
                }
            ]
        },
        redis_configs={"maxmemory-policy": eviction, "maxmemory-gb": data_gb},
        deletion_protection=True,
        labels=LABELS,
        opts=pulumi.ResourceOptions(protect=True, depends_on=after),
        **optional,
    )
    clients = {"allows": [{"protocol": "tcp", "ports": ["6378"]}], "target_tags": ["shop"]}
    rules: dict[str, dict[str, Any]] = {
        "clients": {"priority": 1000, **clients},
        "everybody-else": {"priority": 1100, "denies": [{"protocol": "all"}]},
    }
    for what, rule in rules.items():
        gcp.compute.Firewall(
            f"{name}-{what}",
            name=pulumi.Output.concat(identity, "-", what),
            network=net.id,
            direction="EGRESS",
            destination_ranges=[cache.effective_reserved_ip_range],
            **rule,
        )
    for what, (metric, threshold, aligner) in {**ALARMS, **(DATA_ALARMS if keeps else {})}.items():
        aggregation: Any = {"alignment_period": "300s", "per_series_aligner": aligner}
        if what == "processor":
            aggregation |= {"cross_series_reducer": "REDUCE_SUM", "group_by_fields": BY_NODE}
        gcp.monitoring.AlertPolicy(
            f"{name}-{what}",
            display_name=f"{name}: {what}",
            combiner="OR",
            conditions=[
                {
                    "display_name": what,
                    "condition_threshold": {
                        "filter": pulumi.Output.concat(
                            'resource.type = "redis_instance" AND resource.labels.instance_id = "',
                            cache.id,
                            f'" AND metric.type = "redis.googleapis.com/{metric}"',
                        ),
                        "comparison": "COMPARISON_GT",
                        "threshold_value": threshold,
                        "duration": "0s",
                        "aggregations": [aggregation],
                    },
                }
            ],
            alert_strategy={"auto_close": "604800s"},
            notification_channels=[ON_CALL],
            user_labels=LABELS,
        )
    word = pulumi.Output.secret(cache.auth_string)
    url = pulumi.Output.all(word, cache.host, cache.port).apply(
        lambda known: f"rediss://default:{quote(known[0], safe='')}@{known[1]}:{int(known[2])}/0"
    )
    ca_pem = cache.server_ca_certs.apply(lambda found: "".join(ca.cert or "" for ca in found))
    contents = {
        "connection": pulumi.Output.json_dumps(
            {
                "host": cache.host,
                "port": cache.port,
                "username": "default",
                "password": word,
                "ca_pem": ca_pem,
                "url": url,
            }
        ),
        "url": url,
    }
    for what, content in contents.items():
        secret = gcp.secretmanager.Secret(
            f"{name}-{what}",
            secret_id=pulumi.Output.concat(identity, "-", what),
            replication={"auto": {}},
            version_destroy_ttl="2592000s",
            deletion_protection=True,
            labels=LABELS,
        )
        gcp.secretmanager.SecretVersion(
            f"{name}-{what}", secret=secret.id, secret_data=pulumi.Output.secret(content)
        )
        gcp.secretmanager.SecretIamMember(
            f"{name}-{what}",
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=READER,
        )
    pulumi.export(f"{name}Url", url)
    pulumi.export(
        f"{name}UrlRedacted",
        pulumi.Output.all(cache.host, cache.port).apply(
            lambda known: f"rediss://{known[0]}:{int(known[1])}/0"
        ),
    )
    pulumi.export(f"{name}CaPem", ca_pem)
