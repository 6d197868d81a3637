"""Small programs for the stand-in, in the SDK alone: nothing of ours is in them."""

NETWORK = """
import pulumi
import pulumi_azure_native as azure

group = azure.resources.ResourceGroup("group", tags={"team": "platform"})
where = {"resource_group_name": group.name}
net = azure.network.VirtualNetwork(
    "net", **where, address_space={"address_prefixes": ["10.20.0.0/16"]}, tags=TAGS
)
for index in range(SUBNETS):
    azure.network.Subnet(
        f"subnet{index}",
        **where,
        virtual_network_name=net.name,
        address_prefix=f"10.20.{index}.0/24",
    )
"""

CACHES = """
import pulumi
import pulumi_azure_native as azure

group = azure.resources.ResourceGroup("group")
for name in CACHES:
    azure.redisenterprise.RedisEnterprise(
        name,
        resource_group_name=group.name,
        sku={"name": SKU},
        public_network_access="Disabled",
        minimum_tls_version="1.2",
        **MORE,
    )
"""

WHOLE = """
import pulumi
import pulumi_azure_native as azure

token = pulumi.Config().require_secret("token")
me = azure.authorization.get_client_config_output()
tags = {"team": "platform"}

group = azure.resources.ResourceGroup("group", resource_group_name="whole", tags=tags)
where = {"resource_group_name": group.name}

guard = azure.network.NetworkSecurityGroup("guard", **where, tags=tags)
azure.network.SecurityRule(
    "redis",
    **where,
    network_security_group_name=guard.name,
    access="Allow",
    direction="Inbound",
    priority=100,
    protocol="Tcp",
    source_address_prefix="10.20.0.0/16",
    source_port_range="*",
    destination_address_prefix="*",
    destination_port_range="10000",
)
net = azure.network.VirtualNetwork(
    "net", **where, address_space={"address_prefixes": ["10.20.0.0/16"]}, tags=tags
)
subnet = azure.network.Subnet(
    "endpoints",
    **where,
    virtual_network_name=net.name,
    address_prefix="10.20.1.0/24",
    private_endpoint_network_policies="NetworkSecurityGroupEnabled",
    network_security_group={"id": guard.id},
)

cluster = azure.redisenterprise.RedisEnterprise(
    "cache",
    **where,
    cluster_name="whole-cache",
    sku={"name": "Balanced_B5"},
    public_network_access="Disabled",
    minimum_tls_version="1.2",
    high_availability="Enabled",
    tags=tags,
)
database = azure.redisenterprise.Database(
    "default",
    **where,
    cluster_name=cluster.name,
    database_name="default",
    client_protocol="Encrypted",
    port=10000,
    clustering_policy="NoCluster",
    eviction_policy="VolatileLRU",
    access_keys_authentication="Enabled",
    persistence={"rdb_enabled": True, "rdb_frequency": "1h"},
)
keys = azure.redisenterprise.list_database_keys_output(
    cluster_name=cluster.name, database_name=database.name, **where
)

endpoint = azure.network.PrivateEndpoint(
    "endpoint",
    **where,
    subnet={"id": subnet.id},
    private_link_service_connections=[
        {"name": "redis", "group_ids": ["redisEnterprise"], "private_link_service_id": cluster.id}
    ],
    opts=pulumi.ResourceOptions(depends_on=[database], ignore_changes=["customDnsConfigs"]),
)
zone = azure.privatedns.PrivateZone(
    "zone", **where, private_zone_name="privatelink.redis.azure.net", location="Global"
)
link = azure.privatedns.VirtualNetworkLink(
    "link",
    **where,
    private_zone_name=zone.name,
    location="Global",
    registration_enabled=False,
    virtual_network={"id": net.id},
)
azure.network.PrivateDnsZoneGroup(
    "zones",
    **where,
    private_endpoint_name=endpoint.name,
    private_dns_zone_group_name="default",
    private_dns_zone_configs=[{"name": "redis", "private_dns_zone_id": zone.id}],
)

vault = azure.keyvault.Vault(
    "vault",
    **where,
    vault_name="whole-vault",
    properties={
        "sku": {"family": "A", "name": "standard"},
        "tenant_id": me.tenant_id,
        "enable_rbac_authorization": True,
        "soft_delete_retention_in_days": 7,
        "public_network_access": "Enabled",
    },
    tags=tags,
)
roles = "/providers/Microsoft.Authorization/roleDefinitions/"
officer = azure.authorization.RoleAssignment(
    "officer",
    scope=vault.id,
    principal_id=me.object_id,
    principal_type="ServicePrincipal",
    role_definition_id=roles + "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
)
secret = azure.keyvault.Secret(
    "url",
    **where,
    vault_name=vault.name,
    secret_name="redis-url",
    properties={"value": pulumi.Output.secret(pulumi.Output.concat(keys.primary_key, "-", token))},
    opts=pulumi.ResourceOptions(depends_on=[officer]),
)

reader = azure.managedidentity.UserAssignedIdentity("reader", **where)
azure.authorization.RoleAssignment(
    "reader",
    scope=vault.id,
    principal_id=reader.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id=roles + "4633458b-17de-408a-b874-0445c86b69e6",
)

logs = azure.operationalinsights.Workspace(
    "logs", **where, sku={"name": "PerGB2018"}, retention_in_days=30
)
metrics = azure.monitor.DiagnosticSetting(
    "metrics",
    resource_uri=cluster.id,
    workspace_id=logs.id,
    metrics=[{"category": "AllMetrics", "enabled": True}],
)
events = azure.monitor.DiagnosticSetting(
    "events",
    resource_uri=database.id,
    workspace_id=logs.id,
    logs=[{"category_group": "allLogs", "enabled": True}],
)
alert = azure.monitor.MetricAlert(
    "memory",
    **where,
    location="global",
    scopes=[cluster.id],
    severity=2,
    enabled=True,
    evaluation_frequency="PT5M",
    window_size="PT15M",
    criteria=azure.monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
        odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        all_of=[
            azure.monitor.MetricCriteriaArgs(
                criterion_type="StaticThresholdCriterion",
                name="memory",
                metric_name="usedmemorypercentage",
                operator="GreaterThan",
                threshold=80,
                time_aggregation="Maximum",
            )
        ],
    ),
)
azure.authorization.ManagementLockByScope(
    "lock",
    scope=cluster.id,
    level="CanNotDelete",
    opts=pulumi.ResourceOptions(depends_on=[endpoint, metrics, events, alert]),
)

pulumi.export("host", cluster.host_name)
pulumi.export("vaultUri", vault.properties.vault_uri)
pulumi.export("secret", secret.properties.secret_uri)
pulumi.export("keyIsSecret", keys.primary_key.is_secret())
"""


def network(subnets: int = 2, tags: object = None) -> str:
    """A group and a network with subnets."""
    return f"SUBNETS, TAGS = {subnets!r}, {tags!r}\n{NETWORK}"


def caches(names: tuple[str, ...] = ("cache",), sku: str = "Balanced_B5", **more: object) -> str:
    """A group and caches without databases; their names are made by the provider."""
    return f"CACHES, SKU, MORE = {names!r}, {sku!r}, {more!r}\n{CACHES}"
