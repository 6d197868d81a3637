"""Networks, private endpoints, private DNS."""

from .common import GROUPED, TRACKED, AzureResource

NETWORK = GROUPED + "Microsoft.Network/"
NAMED = frozenset({"id", "name"})
SUBNET = frozenset({"id", "name", "type"})

_RULES = {"securityRules[]": frozenset({"id", "name", "type"})}
_SUBNETS = {
    "subnets[]": SUBNET,
    "subnets[].networkSecurityGroup": frozenset({"id", "location", "tags"}),
}

TYPES = (
    AzureResource(
        sdk="network:VirtualNetwork",
        path=f"{NETWORK}virtualNetworks/{{virtualNetworkName}}",
        outside=TRACKED | {"id", "extendedLocation"},
        inner=_SUBNETS,
        replaces=frozenset({"location"}),
        models=frozenset(
            {
                "addressSpace",
                "addressSpace.addressPrefixes",
                "enableDdosProtection",
                "enableVmProtection",
                "location",
                "subnets",
                "subnets[].name",
                "subnets[].addressPrefix",
                "subnets[].addressPrefixes",
                "subnets[].networkSecurityGroup",
                "subnets[].privateEndpointNetworkPolicies",
                "subnets[].privateLinkServiceNetworkPolicies",
                "tags",
            }
        ),
        maintained=("properties.subnets",),
    ),
    AzureResource(
        sdk="network:Subnet",
        path=f"{NETWORK}virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}",
        outside=SUBNET,
        inner={"networkSecurityGroup": frozenset({"id", "location", "tags"})},
        models=frozenset(
            {
                "addressPrefix",
                "addressPrefixes",
                "defaultOutboundAccess",
                "networkSecurityGroup",
                "networkSecurityGroup.id",
                "privateEndpointNetworkPolicies",
                "privateLinkServiceNetworkPolicies",
            }
        ),
    ),
    AzureResource(
        sdk="network:NetworkSecurityGroup",
        path=f"{NETWORK}networkSecurityGroups/{{networkSecurityGroupName}}",
        outside=TRACKED | {"id"},
        inner=_RULES,
        models=frozenset({"location", "securityRules", "tags"}),
        maintained=("properties.securityRules",),
    ),
    AzureResource(
        sdk="network:SecurityRule",
        path=(
            f"{NETWORK}networkSecurityGroups/{{networkSecurityGroupName}}"
            "/securityRules/{securityRuleName}"
        ),
        outside=frozenset({"id", "name", "type"}),
        models=frozenset(
            {
                "access",
                "description",
                "destinationAddressPrefix",
                "destinationAddressPrefixes",
                "destinationPortRange",
                "destinationPortRanges",
                "direction",
                "priority",
                "protocol",
                "sourceAddressPrefix",
                "sourceAddressPrefixes",
                "sourcePortRange",
                "sourcePortRanges",
            }
        ),
    ),
    AzureResource(
        sdk="network:PrivateEndpoint",
        path=f"{NETWORK}privateEndpoints/{{privateEndpointName}}",
        outside=TRACKED | {"id", "extendedLocation"},
        inner={
            "privateLinkServiceConnections[]": NAMED,
            "manualPrivateLinkServiceConnections[]": NAMED,
            "subnet": SUBNET,
        },
        replaces=frozenset({"subnet"}),
        models=frozenset(
            {
                "customDnsConfigs",
                "customNetworkInterfaceName",
                "location",
                "privateLinkServiceConnections",
                "privateLinkServiceConnections[].groupIds",
                "privateLinkServiceConnections[].name",
                "privateLinkServiceConnections[].privateLinkServiceId",
                "privateLinkServiceConnections[].requestMessage",
                "subnet",
                "subnet.id",
                "tags",
            }
        ),
    ),
    AzureResource(
        sdk="network:PrivateDnsZoneGroup",
        path=(
            f"{NETWORK}privateEndpoints/{{privateEndpointName}}"
            "/privateDnsZoneGroups/{privateDnsZoneGroupName}"
        ),
        outside=NAMED,
        inner={"privateDnsZoneConfigs[]": frozenset({"name"})},
        models=frozenset({"privateDnsZoneConfigs"}),
    ),
    AzureResource(
        sdk="privatedns:PrivateZone",
        path=f"{NETWORK}privateDnsZones/{{privateZoneName}}",
        outside=TRACKED,
        replaces=frozenset({"location"}),
        models=TRACKED,
    ),
    AzureResource(
        sdk="privatedns:VirtualNetworkLink",
        path=(
            f"{NETWORK}privateDnsZones/{{privateZoneName}}"
            "/virtualNetworkLinks/{virtualNetworkLinkName}"
        ),
        outside=TRACKED,
        replaces=frozenset({"location"}),
        models=TRACKED | {"registrationEnabled", "resolutionPolicy", "virtualNetwork"},
    ),
)
