"""Stacks on Azure that are wrong on purpose: what each rule must notice."""

from collections.abc import Mapping
from typing import Any

from cloud.audit.mutations import (
    REMOVED,
    Mutation,
    both,
    with_inputs,
    with_resource,
    with_values,
    without,
)
from cloud.audit.planned import PlannedStack

CLUSTER, DATABASE, CLASSIC = "RedisEnterprise", "Database", "redis:Redis"
VAULT, SECRET, KEY = "Vault", "keyvault:Secret", "keyvault:Key"
GROUP, SUBNET, NETWORK = "NetworkSecurityGroup", "Subnet", "VirtualNetwork"
TOKENS = {CLASSIC: "azure-native:redis:Redis"}

END = 1_900_000_000
"""A day on which something ends: 2030-03-17."""


def with_rule(**inputs: Any) -> Mutation:
    """One more inbound rule, before the others, in every security group."""
    rule = {
        "name": "wrong",
        "priority": 99,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
        **inputs,
    }

    def mutate(stack: PlannedStack) -> PlannedStack:
        wrong = {key: value for key, value in rule.items() if value is not REMOVED}
        rules = [wrong, *stack.of(GROUP)[0].inputs["securityRules"]]
        return with_inputs(GROUP, securityRules=rules)(stack)

    return mutate


def with_firewall(*ranges: tuple[str, str]) -> Mutation:
    """Firewall rules of the classic cache, which is open to the internet."""

    def mutate(stack: PlannedStack) -> PlannedStack:
        stack = OPEN_CLASSIC(stack)
        place = f"{stack.of(CLASSIC)[0].outputs['id']}/firewallRules"
        for number, (start, end) in enumerate(ranges):
            stack = with_resource(
                "azure-native:redis:FirewallRule",
                f"{place}/{number}",
                startIp=start,
                endIp=end,
            )(stack)
        return stack

    return mutate


NO_TLS = with_inputs(DATABASE, clientProtocol="Plaintext")
NO_DATABASE = without(DATABASE)
OLD_TLS = with_inputs(CLUSTER, minimumTlsVersion="1.1")
OPEN = with_inputs(CLUSTER, publicNetworkAccess="Enabled")
UNSAID = with_inputs(CLUSTER, publicNetworkAccess=REMOVED)
NO_REPLICA = with_inputs(CLUSTER, highAvailability="Disabled")
ENTERPRISE = with_values(CLUSTER, {"sku.name": "Enterprise_E10"})
ZONED = with_inputs(CLUSTER, zones=["1", "2", "3"])
TWO_ZONES = with_inputs(CLUSTER, zones=["1", "2"])
LET_IN_BY_KEY = with_inputs(DATABASE, accessKeysAuthentication="Enabled")
KEY_UNSAID = with_inputs(DATABASE, accessKeysAuthentication=REMOVED)

NON_TLS_PORT = with_inputs(CLASSIC, enableNonSslPort=True)
OLD_TLS_CLASSIC = with_inputs(CLASSIC, minimumTlsVersion="1.0")
OPEN_CLASSIC = with_inputs(CLASSIC, publicNetworkAccess="Enabled")
OLD_CLASSIC = with_inputs(CLASSIC, redisVersion="4")
BASIC = with_inputs(CLASSIC, sku={"name": "Basic", "family": "C", "capacity": 2})
SMALLEST = with_inputs(CLASSIC, sku={"name": "Standard", "family": "C", "capacity": 0})
PREMIUM = with_inputs(
    CLASSIC,
    sku={"name": "Premium", "family": "P", "capacity": 1},
    zones=["1", "2"],
    replicasPerPrimary=1,
)
ENTRA = with_values(
    CLASSIC, {"redisConfiguration.aadEnabled": "true", "disableAccessKeyAuthentication": True}
)
NOT_ENTRA = with_values(CLASSIC, {"redisConfiguration.aadEnabled": "false"})
KEYS_TOO = with_inputs(CLASSIC, disableAccessKeyAuthentication=False)
RESERVED = with_values(CLASSIC, {"redisConfiguration.maxmemoryReserved": "300"})
LITTLE = with_values(CLASSIC, {"redisConfiguration.maxmemoryReserved": "100"})

NO_SOFT_DELETE = with_values(VAULT, {"properties.enableSoftDelete": False})
PURGEABLE = with_values(VAULT, {"properties.enablePurgeProtection": REMOVED})
OPEN_VAULT = with_values(VAULT, {"properties.publicNetworkAccess": "Enabled"})
NO_FIREWALL = with_values(VAULT, {"properties.networkAcls.defaultAction": "Allow"})
POLICIES = with_values(VAULT, {"properties.enableRbacAuthorization": False})
ALL_RIGHTS = with_values(
    VAULT, {"properties.accessPolicies": [{"permissions": {"secrets": ["get", "All"]}}]}
)
NO_TYPE = with_values(SECRET, {"properties.contentType": REMOVED})
DATED = with_values(SECRET, {"properties.attributes.expires": END})
ENDLESS = with_values(SECRET, {"properties.attributes.expires": REMOVED})
DATED_KEY = with_values(KEY, {"properties.attributes.exp": END})
ENDLESS_KEY = with_values(KEY, {"properties.attributes.exp": REMOVED})
ROTATED_KEY = with_values(
    KEY, {"properties.rotationPolicy.lifetimeActions": [{"action": {"type": "rotate"}}]}
)
NOTIFIED_KEY = with_values(
    KEY, {"properties.rotationPolicy.lifetimeActions": [{"action": {"type": "notify"}}]}
)
HSM = with_values(KEY, {"properties.kty": "RSA-HSM"})
SOFTWARE = with_values(KEY, {"properties.kty": "RSA"})
SHORT = with_values(KEY, {"properties.keySize": 2048})

NO_ENDPOINT = without("PrivateEndpoint")
NO_RECORD = without("PrivateDnsZoneGroup")
NO_SETTING = without("DiagnosticSetting")
SILENT = with_values("DiagnosticSetting", {"logs": [{"category": "AuditEvent", "enabled": False}]})
ONE_GROUP = with_values(
    "DiagnosticSetting", {"logs": [{"categoryGroup": "allLogs", "enabled": True}]}
)
NOWHERE = with_inputs("DiagnosticSetting", workspaceId=REMOVED)
NO_GROUP = with_inputs(SUBNET, networkSecurityGroup=REMOVED)
NO_POLICIES = with_inputs(SUBNET, privateEndpointNetworkPolicies="Disabled")
OUTBOUND = with_inputs(SUBNET, defaultOutboundAccess=True)
ANYBODY = with_rule()
ANYBODY_V6 = with_rule(sourceAddressPrefix=REMOVED, sourceAddressPrefixes=["10.0.0.0/8", "::/0"])
DENY_FIRST = with_rule(access="Deny", protocol="*")
UDP = with_rule(protocol="Udp")
WAY_OUT = with_rule(direction="Outbound", destinationPortRange="1-65535")
ONE_DNS = with_values(NETWORK, {"dhcpOptions.dnsServers": ["8.8.8.8"]})
WIDE_ROLE = with_inputs(
    "RoleAssignment", scope="/subscriptions/00000000-1111-4222-8333-444444444444"
)


def without_refusals(stack: PlannedStack) -> PlannedStack:
    """Security groups that let in whom they name, and leave the rest to Azure's own rules."""
    rules = [
        rule for rule in stack.of(GROUP)[0].inputs["securityRules"] if rule["access"] == "Allow"
    ]
    return with_inputs(GROUP, securityRules=rules)(stack)


def port(number: int) -> tuple[Mutation, ...]:
    """A port that is open to the internet: alone, in a range, and with all others."""
    ranges = (str(number), f"{number - 1}-{number + 1}", "*")
    return (
        *(with_rule(destinationPortRange=one) for one in ranges),
        with_rule(
            destinationPortRange=REMOVED,
            destinationPortRanges=["1", str(number)],
            sourceAddressPrefix="Internet",
        ),
    )


IN_CLASSIC: Mapping[str, Mutation] = {
    "Azure.Redis.LocalAuth": ENTRA,
    "Azure.Redis.MaxMemoryReserved": RESERVED,
    "Azure.Redis.AvailabilityZone": PREMIUM,
    "Azure.Redis.FirewallRuleCount": with_firewall(("20.1.2.3", "20.1.2.3")),
    "Azure.Redis.FirewallIPRange": with_firewall(("20.1.2.3", "20.1.2.3")),
    "Azure.Redis.MigrateAMR": without(CLASSIC),
    "3827af20-8f80-4b15-8300-6db0873ec901": ENTRA,
}
IN_PRODUCTION: Mapping[str, Mutation] = {
    "Azure.RedisEnterprise.Zones": both(ENTERPRISE, ZONED),
    "Azure.KeyVault.AutoRotationPolicy": ROTATED_KEY,
    "Azure.Log.Replication": with_values("Workspace", {"replication.enabled": True}),
    "408934a8-941a-4c1e-ba88-dd035d9688f4": ZONED,
    "98728c90-32c7-4049-8429-847dc0f4fe37": DATED,
    "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0": DATED_KEY,
    "587c79fe-dd04-4a5e-9d0b-f89598c7261b": HSM,
    "d8cf8476-a2ec-4916-896e-992351803c44": ROTATED_KEY,
    "DP-6": both(DATED, DATED_KEY),
    "keyvault_rbac_secret_expiration_set": DATED,
    "keyvault_rbac_key_expiration_set": DATED_KEY,
    "keyvault_non_rbac_secret_expiration_set": both(POLICIES, DATED),
    "keyvault_key_expiration_set_in_non_rbac": both(POLICIES, DATED_KEY),
    "keyvault_key_rotation_enabled": ROTATED_KEY,
}
STARTS = {
    **{rule: ("azure-classic", mutation) for rule, mutation in IN_CLASSIC.items()},
    **{rule: ("azure-prod", mutation) for rule, mutation in IN_PRODUCTION.items()},
}
"""What makes a rule pass that passes in no stack, or looks at nothing there."""

RANGE = with_firewall(("20.1.2.3", "20.1.2.4"))
ELEVEN = with_firewall(*[(f"20.1.2.{number}", f"20.1.2.{number}") for number in range(11)])

MUTATIONS: Mapping[str, tuple[Mutation, ...]] = {
    "CKV_AZURE_89": (OPEN, UNSAID),
    "CKV_AZURE_91": (NO_TLS, NO_DATABASE),
    "CKV_AZURE_148": (OLD_TLS,),
    "CKV_AZURE_230": (NO_REPLICA,),
    "Azure.RedisEnterprise.MinTLS": (OLD_TLS,),
    "Azure.RedisEnterprise.MigrateAMR": (ENTERPRISE,),
    "Azure.RedisEnterprise.Zones": (TWO_ZONES,),
    "Azure.Redis.NonSslPort": (NON_TLS_PORT,),
    "Azure.Redis.MinTLS": (OLD_TLS_CLASSIC,),
    "Azure.Redis.PublicNetworkAccess": (OPEN_CLASSIC,),
    "Azure.Redis.EntraID": (NOT_ENTRA,),
    "Azure.Redis.LocalAuth": (KEYS_TOO,),
    "Azure.Redis.Version": (OLD_CLASSIC,),
    "Azure.Redis.MinSKU": (BASIC, SMALLEST),
    "Azure.Redis.MaxMemoryReserved": (LITTLE,),
    "Azure.Redis.AvailabilityZone": (
        with_inputs(CLASSIC, zones=["1"]),
        with_inputs(CLASSIC, zones=["1", "2", "3"]),
    ),
    "Azure.Redis.FirewallRuleCount": (without("redis:FirewallRule"), ELEVEN),
    "Azure.Redis.FirewallIPRange": (without("redis:FirewallRule"), RANGE),
    "Azure.Redis.MigrateAMR": (with_resource(TOKENS[CLASSIC]),),
    "Azure.KeyVault.AccessPolicy": (ALL_RIGHTS,),
    "Azure.KeyVault.Logs": (NO_SETTING, SILENT, NOWHERE),
    "Azure.KeyVault.Name": (with_inputs(VAULT, vaultName="a" * 25),),
    "Azure.KeyVault.SecretName": (with_inputs(SECRET, secretName="with_underscore"),),
    "Azure.KeyVault.KeyName": (with_inputs(KEY, keyName="with_underscore"),),
    "Azure.KeyVault.AutoRotationPolicy": (NOTIFIED_KEY,),
    "Azure.KeyVault.SoftDelete": (NO_SOFT_DELETE,),
    "Azure.KeyVault.PurgeProtect": (PURGEABLE,),
    "Azure.KeyVault.RBAC": (POLICIES,),
    "Azure.KeyVault.Firewall": (NO_FIREWALL,),
    "Azure.NSG.AnyInboundSource": (ANYBODY, ANYBODY_V6),
    "Azure.NSG.DenyAllInbound": (DENY_FIRST,),
    "Azure.NSG.LateralTraversal": (WAY_OUT,),
    "Azure.NSG.Associated": (NO_GROUP,),
    "Azure.VNET.UseNSGs": (NO_GROUP,),
    "Azure.VNET.PrivateSubnet": (OUTBOUND,),
    "Azure.VNET.SingleDNS": (ONE_DNS,),
    "Azure.Log.Replication": (with_values("Workspace", {"replication.enabled": False}),),
    "Azure.Alert.MetricAutoMitigate": (with_inputs("MetricAlert", autoMitigate=False),),
    "960e650e-9ce3-4316-9590-8ee2c016ca2f": (NO_ENDPOINT,),
    "7473e756-98d9-4d10-9a22-8101ef32cd74": (NO_RECORD,),
    "09aa11bb-87ec-409f-bf0b-49b7c1561a87": (with_inputs(CLUSTER, encryption=REMOVED),),
    "408934a8-941a-4c1e-ba88-dd035d9688f4": (TWO_ZONES,),
    "22bee202-a82f-4305-9a2a-6d7f44d4dedb": (NON_TLS_PORT,),
    "470baccb-7e51-4549-8b1a-3e5be069f663": (OPEN_CLASSIC,),
    "7803067c-7d34-46e3-8c79-0ca68fc4036d": (NO_ENDPOINT,),
    "e016b22b-e0eb-436d-8fd7-160c4eaed6e2": (NO_RECORD,),
    "3827af20-8f80-4b15-8300-6db0873ec901": (KEYS_TOO,),
    "1bf67da8-b100-45bf-b89d-e4669fc54411": (
        BASIC,
        with_inputs(CLASSIC, zones=["1"]),
        with_inputs(CLASSIC, zonalAllocationPolicy="NoZones"),
    ),
    "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d": (NO_SOFT_DELETE,),
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": (PURGEABLE, NO_SOFT_DELETE),
    "12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5": (POLICIES,),
    "55615ac9-af46-4a59-874e-391cc3dfb490": (NO_FIREWALL,),
    "405c5871-3e91-4644-8a63-58e19d68ff5b": (OPEN_VAULT,),
    "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9": (NO_ENDPOINT,),
    "cf820ca0-f99e-4f3e-84fb-66e913812d21": (NO_SETTING, SILENT, NOWHERE),
    "187242f4-89c6-4c43-9a4e-188c0efacc5f": (NO_SETTING, SILENT, NOWHERE),
    "98728c90-32c7-4049-8429-847dc0f4fe37": (ENDLESS,),
    "75262d3e-ba4a-4f43-85f8-9f72c090e5e3": (NO_TYPE,),
    "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0": (ENDLESS_KEY,),
    "587c79fe-dd04-4a5e-9d0b-f89598c7261b": (SOFTWARE,),
    "82067dbb-e53b-4e06-b631-546d197452d9": (SHORT,),
    "d8cf8476-a2ec-4916-896e-992351803c44": (NOTIFIED_KEY,),
    "NS-1": (NO_GROUP, NO_POLICIES, ANYBODY, without_refusals),
    "NS-2": (OPEN, OPEN_VAULT, NO_ENDPOINT),
    "DP-3": (NO_TLS, OLD_TLS),
    "DP-6": (ENDLESS, ENDLESS_KEY),
    "DP-8": (NO_SOFT_DELETE, PURGEABLE, OPEN_VAULT, NO_FIREWALL, NO_ENDPOINT, NO_SETTING),
    "IM-1": (LET_IN_BY_KEY, KEY_UNSAID, without("AccessPolicyAssignment")),
    "PA-7": (POLICIES, WIDE_ROLE),
    "LT-3": (NO_SETTING, SILENT, NOWHERE),
    "keyvault_access_only_through_private_endpoints": (OPEN_VAULT,),
    "keyvault_private_endpoints": (NO_ENDPOINT,),
    "keyvault_rbac_enabled": (POLICIES,),
    "keyvault_recoverable": (PURGEABLE, NO_SOFT_DELETE),
    "keyvault_logging_enabled": (NO_SETTING, SILENT, ONE_GROUP),
    "keyvault_rbac_secret_expiration_set": (ENDLESS,),
    "keyvault_non_rbac_secret_expiration_set": (ENDLESS,),
    "keyvault_rbac_key_expiration_set": (ENDLESS_KEY,),
    "keyvault_key_expiration_set_in_non_rbac": (ENDLESS_KEY,),
    "keyvault_key_rotation_enabled": (NOTIFIED_KEY,),
    "network_http_internet_access_restricted": port(80),
    "network_ssh_internet_access_restricted": port(22),
    "network_rdp_internet_access_restricted": port(3389),
    "network_udp_internet_access_restricted": (UDP,),
    "network_subnet_nsg_associated": (NO_GROUP,),
}
"""What each rule of `rules` must notice."""

BROKEN = both(
    NO_SOFT_DELETE,
    PURGEABLE,
    OPEN_VAULT,
    NO_FIREWALL,
    NO_TYPE,
    NO_RECORD,
    NO_ENDPOINT,
    NO_GROUP,
    ANYBODY,
    ONE_DNS,
)
BROKEN_CLASSIC = both(NON_TLS_PORT, OLD_TLS_CLASSIC, OPEN_CLASSIC, BASIC)
WHOLE = both(DATED, DATED_KEY, HSM)
"""What passes the rules of Checkov's that no stack passes."""
