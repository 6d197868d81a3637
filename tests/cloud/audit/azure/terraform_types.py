"""Resources of Azure in Terraform's notation.

Terraform has one resource where Azure's interface has a resource with its parts, and the other way
round: a database is a block of its cluster, the security group of a subnet is a resource. Every
input has its place here; one that has none is an error, so that nothing is left out unseen.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from cloud.audit.planned import Mark, Planned, PlannedStack, leaves
from cloud.audit.terraform import Rendered, UnrenderedError, put

from .facts import id_of, part_of

Convert = Callable[[Any], Any]
Place = str | tuple[str, Convert]
"""Where a value goes, such as `network_acls[0].bypass`, and what it becomes. `[]` keeps the index
that the value has among the inputs."""


@dataclass(frozen=True)
class Kind:
    """One resource type."""

    type: str
    """Terraform's."""
    places: Mapping[str, Place]
    """By path of the input."""
    without: frozenset[str] = frozenset()
    """Paths that Terraform has no argument for."""
    block_of: str = ""
    """Type token of the resource in which it is a block."""


def enabled(value: str) -> bool:
    """Azure's word as a truth value."""
    assert value in {"Enabled", "Disabled"}, value
    return value == "Enabled"


def truth(value: str) -> bool:
    """A text of the server's configuration as a truth value."""
    assert value in {"true", "false"}, value
    return value == "true"


def negated(value: bool) -> bool:
    """The opposite."""
    return not value


def moment(seconds: int) -> str:
    """Seconds of the epoch as a time."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(value: Any) -> list[Any]:
    """A list of one."""
    return [value]


GROUP = {"resourceGroupName": "resource_group_name"}
PLACED = {**GROUP, "location": "location", "tags": "tags"}
DATABASE = "default_database[0]"
CUSTOMER_KEY = "encryption.customerManagedKeyEncryption"

KINDS = {
    "azure-native:authorization:ManagementLockByScope": Kind(
        "azurerm_management_lock",
        {"lockName": "name", "scope": "scope", "level": "lock_level", "notes": "notes"},
    ),
    "azure-native:authorization:RoleAssignment": Kind(
        "azurerm_role_assignment",
        {
            "roleAssignmentName": "name",
            "scope": "scope",
            "roleDefinitionId": "role_definition_id",
            "principalId": "principal_id",
            "principalType": "principal_type",
        },
    ),
    "azure-native:keyvault:Key": Kind(
        "azurerm_key_vault_key",
        {
            "keyName": "name",
            "properties.kty": "key_type",
            "properties.keySize": "key_size",
            "properties.keyOps[]": "key_opts[]",
            "properties.attributes.exp": ("expiration_date", moment),
            "vaultName": "key_vault_id",
            "tags": "tags",
        },
        without=frozenset({"properties.attributes.enabled", "resourceGroupName"}),
    ),
    "azure-native:keyvault:Secret": Kind(
        "azurerm_key_vault_secret",
        {
            "secretName": "name",
            "properties.value": "value",
            "properties.contentType": "content_type",
            "properties.attributes.expires": ("expiration_date", moment),
            "vaultName": "key_vault_id",
            "tags": "tags",
        },
        without=frozenset({"properties.attributes.enabled", "resourceGroupName"}),
    ),
    "azure-native:keyvault:Vault": Kind(
        "azurerm_key_vault",
        {
            **PLACED,
            "vaultName": "name",
            "properties.tenantId": "tenant_id",
            "properties.sku.name": "sku_name",
            "properties.enableRbacAuthorization": "rbac_authorization_enabled",
            "properties.enablePurgeProtection": "purge_protection_enabled",
            # Gone from the provider, which turns it on always; Checkov reads it.
            "properties.enableSoftDelete": "soft_delete_enabled",
            "properties.softDeleteRetentionInDays": "soft_delete_retention_days",
            "properties.publicNetworkAccess": ("public_network_access_enabled", enabled),
            "properties.networkAcls.bypass": "network_acls[0].bypass",
            "properties.networkAcls.defaultAction": "network_acls[0].default_action",
        },
        without=frozenset({"properties.sku.family"}),
    ),
    "azure-native:managedidentity:UserAssignedIdentity": Kind(
        "azurerm_user_assigned_identity", {**PLACED, "resourceName": "name"}
    ),
    "azure-native:monitor:DiagnosticSetting": Kind(
        "azurerm_monitor_diagnostic_setting",
        {
            "name": "name",
            "resourceUri": "target_resource_id",
            "workspaceId": "log_analytics_workspace_id",
            "logs[].categoryGroup": "enabled_log[].category_group",
            "metrics[].category": "enabled_metric[].category",
        },
        without=frozenset({"logs[].enabled", "metrics[].enabled"}),
    ),
    "azure-native:monitor:MetricAlert": Kind(
        "azurerm_monitor_metric_alert",
        {
            **GROUP,
            "tags": "tags",
            "ruleName": "name",
            "description": "description",
            "severity": "severity",
            "enabled": "enabled",
            "scopes[]": "scopes[]",
            "windowSize": "window_size",
            "evaluationFrequency": "frequency",
            "autoMitigate": "auto_mitigate",
            "criteria.allOf[].metricName": "criteria[].metric_name",
            "criteria.allOf[].operator": "criteria[].operator",
            "criteria.allOf[].threshold": "criteria[].threshold",
            "criteria.allOf[].timeAggregation": "criteria[].aggregation",
            "actions[].actionGroupId": "action[].action_group_id",
        },
        without=frozenset(
            {
                "criteria.allOf[].criterionType",
                "criteria.allOf[].name",
                "criteria.odataType",
                "location",
            }
        ),
    ),
    "azure-native:network:NetworkSecurityGroup": Kind(
        "azurerm_network_security_group",
        {
            **PLACED,
            "networkSecurityGroupName": "name",
            "securityRules[].name": "security_rule[].name",
            "securityRules[].priority": "security_rule[].priority",
            "securityRules[].direction": "security_rule[].direction",
            "securityRules[].access": "security_rule[].access",
            "securityRules[].protocol": "security_rule[].protocol",
            "securityRules[].sourceAddressPrefix": "security_rule[].source_address_prefix",
            "securityRules[].sourceAddressPrefixes[]": "security_rule[].source_address_prefixes[]",
            "securityRules[].sourcePortRange": "security_rule[].source_port_range",
            "securityRules[].destinationAddressPrefix": (
                "security_rule[].destination_address_prefix"
            ),
            "securityRules[].destinationPortRange": "security_rule[].destination_port_range",
            "securityRules[].destinationPortRanges[]": "security_rule[].destination_port_ranges[]",
        },
    ),
    "azure-native:network:PrivateDnsZoneGroup": Kind(
        "azurerm_private_endpoint",
        {
            "privateDnsZoneGroupName": "private_dns_zone_group[0].name",
            "privateDnsZoneConfigs[].privateDnsZoneId": (
                "private_dns_zone_group[0].private_dns_zone_ids[]"
            ),
        },
        without=frozenset(
            {"privateDnsZoneConfigs[].name", "privateEndpointName", "resourceGroupName"}
        ),
        block_of="azure-native:network:PrivateEndpoint",
    ),
    "azure-native:network:PrivateEndpoint": Kind(
        "azurerm_private_endpoint",
        {
            **PLACED,
            "privateEndpointName": "name",
            "subnet.id": "subnet_id",
            "privateLinkServiceConnections[].name": "private_service_connection[].name",
            "privateLinkServiceConnections[].privateLinkServiceId": (
                "private_service_connection[].private_connection_resource_id"
            ),
            "privateLinkServiceConnections[].groupIds[]": (
                "private_service_connection[].subresource_names[]"
            ),
        },
    ),
    "azure-native:network:Subnet": Kind(
        "azurerm_subnet",
        {
            **GROUP,
            "subnetName": "name",
            "virtualNetworkName": "virtual_network_name",
            "addressPrefix": ("address_prefixes", listed),
            "defaultOutboundAccess": "default_outbound_access_enabled",
            "privateEndpointNetworkPolicies": "private_endpoint_network_policies",
            "privateLinkServiceNetworkPolicies": (
                "private_link_service_network_policies_enabled",
                enabled,
            ),
        },
        # A resource of its own: see _association.
        without=frozenset({"networkSecurityGroup.id"}),
    ),
    "azure-native:network:VirtualNetwork": Kind(
        "azurerm_virtual_network",
        {
            **PLACED,
            "virtualNetworkName": "name",
            "addressSpace.addressPrefixes[]": "address_space[]",
            "dhcpOptions.dnsServers[]": "dns_servers[]",
        },
        without=frozenset({"enableDdosProtection", "enableVmProtection"}),
    ),
    "azure-native:operationalinsights:Workspace": Kind(
        "azurerm_log_analytics_workspace",
        {
            **PLACED,
            "workspaceName": "name",
            "sku.name": "sku",
            "retentionInDays": "retention_in_days",
        },
    ),
    "azure-native:privatedns:PrivateZone": Kind(
        "azurerm_private_dns_zone",
        {**GROUP, "privateZoneName": "name", "tags": "tags"},
        without=frozenset({"location"}),
    ),
    "azure-native:privatedns:VirtualNetworkLink": Kind(
        "azurerm_private_dns_zone_virtual_network_link",
        {
            **GROUP,
            "tags": "tags",
            "virtualNetworkLinkName": "name",
            "privateZoneName": "private_dns_zone_name",
            "virtualNetwork.id": "virtual_network_id",
            "registrationEnabled": "registration_enabled",
        },
        without=frozenset({"location"}),
    ),
    "azure-native:redis:PatchSchedule": Kind(
        "azurerm_redis_cache",
        {
            "scheduleEntries[].dayOfWeek": "patch_schedule[].day_of_week",
            "scheduleEntries[].startHourUtc": "patch_schedule[].start_hour_utc",
            "scheduleEntries[].maintenanceWindow": "patch_schedule[].maintenance_window",
        },
        without=frozenset({"default", "name", "resourceGroupName"}),
        block_of="azure-native:redis:Redis",
    ),
    "azure-native:redis:Redis": Kind(
        "azurerm_redis_cache",
        {
            **PLACED,
            "name": "name",
            "sku.name": "sku_name",
            "sku.family": "family",
            "sku.capacity": "capacity",
            "redisVersion": "redis_version",
            # Its name up to version 3 of the provider; Checkov reads that one.
            "enableNonSslPort": "enable_non_ssl_port",
            "minimumTlsVersion": "minimum_tls_version",
            "publicNetworkAccess": ("public_network_access_enabled", enabled),
            "disableAccessKeyAuthentication": ("access_keys_authentication_enabled", negated),
            "redisConfiguration.maxmemoryPolicy": "redis_configuration[0].maxmemory_policy",
            "redisConfiguration.aadEnabled": (
                "redis_configuration[0].active_directory_authentication_enabled",
                truth,
            ),
        },
    ),
    "azure-native:redisenterprise:AccessPolicyAssignment": Kind(
        "azurerm_managed_redis_access_policy_assignment",
        {"user.objectId": "object_id", "clusterName": "managed_redis_id"},
        without=frozenset(
            {
                "accessPolicyAssignmentName",
                "accessPolicyName",
                "databaseName",
                "resourceGroupName",
            }
        ),
    ),
    "azure-native:redisenterprise:Database": Kind(
        "azurerm_managed_redis",
        {
            "accessKeysAuthentication": (
                f"{DATABASE}.access_keys_authentication_enabled",
                enabled,
            ),
            "clientProtocol": f"{DATABASE}.client_protocol",
            "clusteringPolicy": f"{DATABASE}.clustering_policy",
            "evictionPolicy": f"{DATABASE}.eviction_policy",
            "port": f"{DATABASE}.port",
            "persistence.rdbFrequency": (f"{DATABASE}.persistence_redis_database_backup_frequency"),
            "persistence.aofFrequency": (
                f"{DATABASE}.persistence_append_only_file_backup_frequency"
            ),
        },
        # Terraform has the frequency alone, which is there where it is on.
        without=frozenset(
            {
                "clusterName",
                "databaseName",
                "persistence.aofEnabled",
                "persistence.rdbEnabled",
                "resourceGroupName",
            }
        ),
        block_of="azure-native:redisenterprise:RedisEnterprise",
    ),
    "azure-native:redisenterprise:RedisEnterprise": Kind(
        "azurerm_managed_redis",
        {
            **PLACED,
            "clusterName": "name",
            "sku.name": "sku_name",
            "highAvailability": ("high_availability_enabled", enabled),
            "publicNetworkAccess": "public_network_access",
            "identity.type": "identity[0].type",
            "identity.userAssignedIdentities[]": "identity[0].identity_ids[]",
            f"{CUSTOMER_KEY}.keyEncryptionKeyUrl": "customer_managed_key[0].key_vault_key_id",
            f"{CUSTOMER_KEY}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId": (
                "customer_managed_key[0].user_assigned_identity_id"
            ),
        },
        # Terraform fixes the version of TLS at 1.2.
        without=frozenset(
            {"minimumTlsVersion", f"{CUSTOMER_KEY}.keyEncryptionKeyIdentity.identityType"}
        ),
    ),
    "azure-native:resources:ResourceGroup": Kind(
        "azurerm_resource_group",
        {"resourceGroupName": "name", "location": "location", "tags": "tags"},
    ),
}
"""Terraform's resource types and arguments."""

VERSION = "azureApiVersion"
"""Of every resource: which version of the interface is asked."""


def render(stack: PlannedStack) -> Iterator[Rendered]:
    """The resources of a stack. Raises UnrenderedError."""
    whole = [one for one in stack.resources.values() if not kind_of(one).block_of]
    addresses = {one.urn: address(one) for one in whole}
    blocks: dict[str, list[Planned]] = {one.urn: [] for one in whole}
    for block in stack.resources.values():
        token = kind_of(block).block_of
        if token:
            owners = [one for one in whole if one.type == token and part_of(block, one)]
            if not owners:
                raise UnrenderedError(f"{block.type}: {block.name} is a part of nothing")
            blocks[owners[0].urn].append(block)
    for one in whole:
        yield _rendered(addresses, [one, *blocks[one.urn]])
        if one.type == "azure-native:network:Subnet":
            yield from _association(addresses, one)


def kind_of(one: Planned) -> Kind:
    """How a resource is written."""
    if one.type not in KINDS:
        raise UnrenderedError(f"{one.type} has no counterpart in Terraform")
    return KINDS[one.type]


def address(one: Planned) -> str:
    """The resource's address."""
    return f"{kind_of(one).type}.{one.name.replace('.', '-')}"


def _rendered(addresses: Mapping[str, str], parts: list[Planned]) -> Rendered:
    values: dict[str, Any] = {}
    secret: list[str] = []
    references: dict[str, tuple[str, ...]] = {}
    one = parts[0]
    for part in parts:
        for path, value in _values(part):
            place, convert = _place(part, path)
            if not place:
                continue
            if value is Mark.SECRET:
                secret.append(place)
                continue
            put(values, place, convert(value))
            found = _sources(addresses, part, path)
            if found:
                references[place] = tuple(to for to in found if to != addresses[one.urn])
    kind, _, name = address(one).partition(".")
    return Rendered(kind, name, values, tuple(secret), references)


def _values(one: Planned) -> Iterator[tuple[str, Any]]:
    """Every value with its path; tags as a whole."""
    for key, value in one.inputs.items():
        if key == "tags":
            yield key, dict(value)
        elif key != VERSION:
            yield from leaves(value, key)


def _place(one: Planned, path: str) -> tuple[str, Convert]:
    """Where a value goes; nowhere if Terraform has no argument for it."""
    kind = kind_of(one)
    indexes = re.findall(r"\[\d+\]", path)
    general = re.sub(r"\[\d+\]", "[]", path)
    if general in kind.without:
        return "", _same
    if general not in kind.places:
        raise UnrenderedError(f"{one.type}: the input {general} has no counterpart")
    place = kind.places[general]
    target, convert = place if isinstance(place, tuple) else (place, _same)
    for index in indexes:
        target = target.replace("[]", index, 1)
    return target, convert


def _same(value: Any) -> Any:
    return value


def _sources(addresses: Mapping[str, str], one: Planned, path: str) -> list[str]:
    key = re.split(r"[.\[]", path)[0]
    return [addresses[urn] for urn in one.sources.get(key, ()) if urn in addresses]


def _association(addresses: Mapping[str, str], subnet: Planned) -> Iterator[Rendered]:
    """The security group of a subnet, which Terraform has as a resource."""
    group = subnet.inputs.get("networkSecurityGroup")
    if group is not None:
        yield Rendered(
            "azurerm_subnet_network_security_group_association",
            subnet.name,
            {"subnet_id": id_of(subnet), "network_security_group_id": group["id"]},
            references={
                "subnet_id": (addresses[subnet.urn],),
                "network_security_group_id": tuple(
                    _sources(addresses, subnet, "networkSecurityGroup")
                ),
            },
        )
