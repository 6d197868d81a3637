"""The shortest hand-written program with the resources of azure-prod: no checks, no choices."""

import json
from urllib.parse import quote

import pulumi
import pulumi_azure_native as azure
import pulumi_random as random
from pulumi_azure_native import keyvault, monitor, network, redisenterprise

READER = "0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a01"
SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555"
ON_CALL = (
    f"{SUBSCRIPTION}/resourceGroups/monitoring/providers/Microsoft.Insights/actionGroups/on-call"
)
ROLES = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
TAGS = {"team": "platform"}
RDB = {"rdb_enabled": True, "rdb_frequency": "1h", "aof_enabled": False}
AOF = {"aof_enabled": True, "aof_frequency": "1s", "rdb_enabled": False}
CACHES = {
    # name: size, connections, eviction policy, persistence, keeps data
    "cache": ("Balanced_B10", 30_000, "AllKeysLRU", RDB, False),
    "sessions": ("Balanced_B3", 15_000, "VolatileLRU", RDB, True),
    "queue": ("ComputeOptimized_X5", 30_000, "NoEviction", AOF, True),
}
ZONES = ("privatelink.redis.azure.net", "privatelink.vaultcore.azure.net")

group = azure.resources.ResourceGroup("network", tags=TAGS)
random.RandomId("network", byte_length=4)
security = network.NetworkSecurityGroup(
    "network",
    resource_group_name=group.name,
    security_rules=[
        {
            "name": "applications",
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "source_address_prefix": "10.30.0.0/16",
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_ranges": ["10000", "443"],
        },
        {
            "name": "everybody-else",
            "priority": 4096,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "source_address_prefix": "*",
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_range": "*",
        },
        {
            "name": "nothing-out",
            "priority": 4096,
            "direction": "Outbound",
            "access": "Deny",
            "protocol": "*",
            "source_address_prefix": "*",
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_range": "*",
        },
    ],
    tags=TAGS,
)
net = network.VirtualNetwork(
    "network",
    resource_group_name=group.name,
    address_space={"address_prefixes": ["10.20.0.0/16"]},
    tags=TAGS,
)
subnet = network.Subnet(
    "network",
    virtual_network_name=net.name,
    resource_group_name=group.name,
    address_prefix="10.20.0.0/19",
    network_security_group={"id": security.id},
    private_endpoint_network_policies="NetworkSecurityGroupEnabled",
)
zones = {}
for zone in ZONES:
    zones[zone] = azure.privatedns.PrivateZone(
        zone,
        private_zone_name=zone,
        resource_group_name=group.name,
        location="global",
        tags=TAGS,
    )
    azure.privatedns.VirtualNetworkLink(
        zone,
        private_zone_name=zones[zone].name,
        resource_group_name=group.name,
        location="global",
        registration_enabled=False,
        virtual_network={"id": net.id},
        tags=TAGS,
    )
tenant = azure.authorization.get_client_config_output().tenant_id


def endpoint(name: str, target: pulumi.Output[str], kind: str, zone: str) -> None:
    made = network.PrivateEndpoint(
        name,
        resource_group_name=group.name,
        subnet={"id": subnet.id},
        private_link_service_connections=[
            {"name": name, "group_ids": [kind], "private_link_service_id": target}
        ],
        tags=TAGS,
    )
    network.PrivateDnsZoneGroup(
        name,
        private_endpoint_name=made.name,
        resource_group_name=group.name,
        private_dns_zone_configs=[{"name": "zone", "private_dns_zone_id": zones[zone].id}],
    )


def alarm(
    name: str, scope: pulumi.Output[str], metric: str, threshold: float, how: str = "Maximum"
) -> None:
    monitor.MetricAlert(
        name,
        resource_group_name=group.name,
        location="global",
        severity=2,
        enabled=True,
        scopes=[scope],
        window_size="PT15M",
        evaluation_frequency="PT5M",
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            all_of=[
                monitor.MetricCriteriaArgs(
                    criterion_type="StaticThresholdCriterion",
                    name=metric,
                    metric_name=metric,
                    operator="GreaterThan",
                    threshold=threshold,
                    time_aggregation=how,
                )
            ],
        ),
        actions=[{"action_group_id": ON_CALL}],
        tags=TAGS,
    )


for name, (sku, connections, eviction, persistence, keeps) in CACHES.items():
    for what in ("identity", "vault", "secrets", "connection"):
        random.RandomId(f"{name}-{what}", byte_length=4)
    vault = keyvault.Vault(
        name,
        resource_group_name=group.name,
        properties={
            "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
            "tenant_id": tenant,
            "enable_rbac_authorization": True,
            "enable_purge_protection": True,
            "public_network_access": "Disabled",
        },
        tags=TAGS,
    )
    endpoint(f"{name}-vault", vault.id, "vault", ZONES[1])
    encryption = {}
    if name == "sessions":
        identity = azure.managedidentity.UserAssignedIdentity(
            name, resource_group_name=group.name, tags=TAGS
        )
        key = keyvault.Key(
            name,
            vault_name=vault.name,
            resource_group_name=group.name,
            properties={"kty": "RSA", "key_size": 3072},
            tags=TAGS,
        )
        azure.authorization.RoleAssignment(
            name,
            scope=vault.id,
            role_definition_id=f"{ROLES}/e147488a-f6f5-4113-8e2d-b22465e65bf6",
            principal_id=identity.principal_id,
            principal_type="ServicePrincipal",
        )
        encryption = {
            "identity": {
                "type": redisenterprise.ManagedServiceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [identity.id],
            },
            "encryption": {
                "customer_managed_key_encryption": {
                    "key_encryption_key_url": key.key_uri_with_version,
                    "key_encryption_key_identity": {
                        "identity_type": redisenterprise.CmkIdentityType.USER_ASSIGNED_IDENTITY,
                        "user_assigned_identity_resource_id": identity.id,
                    },
                }
            },
        }
    cluster = redisenterprise.RedisEnterprise(
        name,
        resource_group_name=group.name,
        sku={"name": sku},
        high_availability="Enabled",
        minimum_tls_version="1.2",
        public_network_access="Disabled",
        tags=TAGS,
        opts=pulumi.ResourceOptions(protect=True),
        **encryption,
    )
    database = redisenterprise.Database(
        name,
        database_name="default",
        cluster_name=cluster.name,
        resource_group_name=group.name,
        client_protocol="Encrypted",
        port=10000,
        clustering_policy="NoCluster",
        eviction_policy=eviction,
        access_keys_authentication="Enabled",
        persistence=persistence,  # pyright: ignore[reportArgumentType]
    )
    endpoint(name, cluster.id, "redisEnterprise", ZONES[0])
    keys = pulumi.Output.secret(
        redisenterprise.list_database_keys_output(
            cluster_name=cluster.name, database_name=database.name, resource_group_name=group.name
        )
    )
    url = pulumi.Output.all(keys, cluster.host_name).apply(
        lambda known: f"rediss://default:{quote(known[0].primary_key, safe='')}@{known[1]}:10000/0"
    )
    values = {
        "url": url,
        "primary-key": keys.primary_key,
        "secondary-key": keys.secondary_key,
        "connection": pulumi.Output.json_dumps({"host": cluster.host_name, "port": 10000}),
    }
    for what, value in values.items():
        keyvault.Secret(
            f"{name}-{what}",
            vault_name=vault.name,
            resource_group_name=group.name,
            properties={"value": value},
            tags=TAGS,
        )
    azure.authorization.RoleAssignment(
        f"{name}-reader",
        scope=vault.id,
        role_definition_id=f"{ROLES}/4633458b-17de-408a-b874-0445c86b69e6",
        principal_id=READER,
    )
    workspace = azure.operationalinsights.Workspace(
        name,
        resource_group_name=group.name,
        sku={"name": "PerGB2018"},
        retention_in_days=30,
        tags=TAGS,
    )
    monitor.DiagnosticSetting(
        f"{name}-metrics",
        resource_uri=cluster.id,
        workspace_id=workspace.id,
        metrics=[{"category": "AllMetrics", "enabled": True}],
    )
    monitor.DiagnosticSetting(
        f"{name}-logs",
        resource_uri=database.id,
        workspace_id=workspace.id,
        logs=[{"category_group": "allLogs", "enabled": True}],
    )
    monitor.DiagnosticSetting(
        f"{name}-vault",
        resource_uri=vault.id,
        workspace_id=workspace.id,
        logs=[{"category_group": "audit", "enabled": True}],
    )
    alarm(f"{name}-processor", cluster.id, "percentProcessorTime", 80)
    alarm(f"{name}-connections", cluster.id, "connectedclients", connections * 0.8)
    if keeps:
        alarm(f"{name}-memory", cluster.id, "usedmemorypercentage", 80)
        alarm(f"{name}-memory-full", cluster.id, "usedmemorypercentage", 90)
        alarm(f"{name}-evictions", cluster.id, "evictedkeys", 0, "Total")
    azure.authorization.ManagementLockByScope(name, scope=cluster.id, level="CanNotDelete")
    pulumi.export(f"{name}Url", url)
    pulumi.export(f"{name}UrlRedacted", cluster.host_name.apply(lambda h: f"rediss://{h}:10000/0"))
    pulumi.export(f"{name}Connection", json.dumps({"vault": name}))
