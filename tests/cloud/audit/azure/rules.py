"""Published rules about Redis on Azure and what is around it, each as a small function.

PSRule needs PowerShell, Azure Policy and Prowler look at live subscriptions, and there is none
here; Checkov has rules for the classic cache only. So each rule is written down here once, with
what its own source asserts. Read from: PSRule.Rules.Azure (what there is: baseline GA_2026_03);
Azure/azure-policy, built-in definitions of 2026-04; Prowler of 2026-08.
"""

import re

from cloud.audit.planned import Planned, PlannedStack
from cloud.audit.rules import CHECKOV, PROWLER, Holds, Rule, all_of, never

from . import facts
from .facts import caches, caches_and_vaults, parts, value

PSRULE = "PSRule for Azure"
POLICY = "Azure Policy"
BENCHMARK = "Microsoft cloud security benchmark"

MANAGED = all_of("RedisEnterprise")
CLASSIC = all_of("redis:Redis")
VAULTS = all_of("Vault")
SECRETS = all_of("keyvault:Secret")
KEYS = all_of("keyvault:Key")
GROUPS = all_of("NetworkSecurityGroup")
SUBNETS = all_of("Subnet")

HIGHEST_RULES = 10
"""Firewall rules, and addresses in them, of a classic cache that PSRule takes for too many."""

CLASSIC_MB = {
    "C0": 250, "C1": 1024, "C2": 2560, "C3": 6144, "C4": 13312, "C5": 26624, "C6": 54272,
    "P1": 6144, "P2": 13312, "P3": 26624, "P4": 54272, "P5": 122880,
}  # fmt: skip
"""Memory of classic caches (PSRule, GetCacheMemory)."""

ENTERPRISE = ("Enterprise_", "EnterpriseFlash_")
"""Sizes of the Enterprise tiers, which Azure makes no more."""


def _is(path: str, wanted: object) -> Holds:
    return lambda _stack, one: value(one, path) == wanted


def _tls_12(_stack: PlannedStack, one: Planned) -> bool:
    return facts.tls_version(one) >= (1, 2)


def _private(_stack: PlannedStack, one: Planned) -> bool:
    return not facts.public(one)


def _linked(stack: PlannedStack, one: Planned) -> bool:
    return bool(facts.endpoints(stack, one))


def _private_and_linked(stack: PlannedStack, one: Planned) -> bool:
    return not facts.public(one) and _linked(stack, one)


def _recorded(group: str) -> Holds:
    return lambda stack, one: (
        group not in facts.groups_of_endpoint(one) or facts.recorded(stack, one)
    )


def _endpoints_of(group: str):
    return lambda stack: [
        one for one in stack.of("PrivateEndpoint") if group in facts.groups_of_endpoint(one)
    ]


def _replicated(_stack: PlannedStack, one: Planned) -> bool:
    return value(one, "highAvailability") == "Enabled"


def _not_enterprise(_stack: PlannedStack, one: Planned) -> bool:
    return not str(value(one, "sku.name")).startswith(ENTERPRISE)


def _enterprise_tiers(stack: PlannedStack) -> list[Planned]:
    return [one for one in stack.of("RedisEnterprise") if not _not_enterprise(stack, one)]


def _at_least_standard_c1(_stack: PlannedStack, one: Planned) -> bool:
    tier, capacity = value(one, "sku.name"), value(one, "sku.capacity")
    return tier == "Premium" or (tier == "Standard" and capacity >= 1)


def _memory_reserved(_stack: PlannedStack, one: Planned) -> bool:
    memory = CLASSIC_MB[f"{value(one, 'sku.family')}{value(one, 'sku.capacity')}"]
    reserved = value(one, "redisConfiguration.maxmemoryReserved")
    return int(reserved or 0) >= memory * 0.1


def _premium(stack: PlannedStack) -> list[Planned]:
    return [one for one in CLASSIC(stack) if value(one, "sku.name") == "Premium"]


def _in_two_zones(_stack: PlannedStack, one: Planned) -> bool:
    zones = value(one, "zones") or []
    replicas = value(one, "replicasPerPrimary") or value(one, "replicasPerMaster") or 0
    return len(zones) > 1 and replicas >= len(zones) - 1


def _public_classic(stack: PlannedStack) -> list[Planned]:
    return [one for one in CLASSIC(stack) if facts.public(one)]


def _few_firewall_rules(stack: PlannedStack, one: Planned) -> bool:
    return 0 < len(parts(stack, one, "redis:FirewallRule")) <= HIGHEST_RULES


def _few_addresses(stack: PlannedStack, one: Planned) -> bool:
    rules = parts(stack, one, "redis:FirewallRule")
    single = [rule for rule in rules if rule.inputs["startIp"] == rule.inputs["endIp"]]
    # Every range is of two addresses or more: what is no single one counts as too many.
    return bool(rules) and len(single) == len(rules) <= HIGHEST_RULES


def _version_6(_stack: PlannedStack, one: Planned) -> bool:
    version = value(one, "redisVersion") or "latest"
    return version == "latest" or int(version.partition(".")[0]) >= 6


def _named(path: str, pattern: str) -> Holds:
    return lambda _stack, one: bool(re.fullmatch(pattern, value(one, path)))


def _no_wide_policy(_stack: PlannedStack, one: Planned) -> bool:
    given = [
        right.lower()
        for policy in value(one, "properties.accessPolicies") or ()
        for rights in policy["permissions"].values()
        for right in rights
    ]
    return not {"all", "purge"} & set(given)


def _nobody_named(_stack: PlannedStack, one: Planned) -> bool:
    rules = [rule for rule in facts.rules(one, "Inbound") if rule["access"] == "Allow"]
    return not any(facts.from_everybody(rule) for rule in rules)


def _not_all_denied(_stack: PlannedStack, one: Planned) -> bool:
    inbound = facts.rules(one, "Inbound")
    first = inbound[0] if inbound else None
    return not (first and first["access"] == "Deny" and facts.from_everybody(first))


def _no_lateral(_stack: PlannedStack, one: Planned) -> bool:
    return not all(facts.may_leave(one, port) for port in facts.MANAGEMENT_PORTS)


def _in_use(stack: PlannedStack, one: Planned) -> bool:
    return any(facts.security_group(stack, subnet) is one for subnet in SUBNETS(stack))


def _guarded(stack: PlannedStack, one: Planned) -> bool:
    return facts.security_group(stack, one) is not None


def _no_single_dns(_stack: PlannedStack, one: Planned) -> bool:
    return len(value(one, "dhcpOptions.dnsServers") or [0, 0]) > 1


def _closed(port: int) -> Holds:
    return lambda _stack, one: not facts.open_to_everybody(one, [port], {"tcp"})


def _no_udp(_stack: PlannedStack, one: Planned) -> bool:
    rules = [rule for rule in facts.rules(one, "Inbound") if rule["protocol"].lower() == "udp"]
    return not any(rule["access"] == "Allow" and facts.from_everybody(rule) for rule in rules)


def _recoverable(_stack: PlannedStack, one: Planned) -> bool:
    kept = value(one, "properties.enableSoftDelete") is True
    return kept and value(one, "properties.enablePurgeProtection") is True


def _fenced(_stack: PlannedStack, one: Planned) -> bool:
    return value(one, "properties.networkAcls.defaultAction") == "Deny"


def _logged(stack: PlannedStack, one: Planned) -> bool:
    return bool(facts.logs(stack, one))


def _audit_group(stack: PlannedStack, one: Planned) -> bool:
    groups = {log.get("categoryGroup") for log in facts.logs(stack, one)}
    return bool(groups & {"audit", "allLogs"})


def _linked_vaults(stack: PlannedStack) -> list[Planned]:
    return [one for one in VAULTS(stack) if facts.endpoints(stack, one)]


def _by_permission_model(kind: str, *, rbac: bool):
    """Secrets or keys of the vaults that have Azure's RBAC, or have access policies."""

    def applies(stack: PlannedStack) -> list[Planned]:
        found = []
        for one in stack.of(kind):
            vault = facts.owner(stack, one, "Vault")
            has = vault is not None and value(vault, "properties.enableRbacAuthorization") is True
            if has is rbac and value(one, "properties.attributes.enabled") is not False:
                found.append(one)
        return found

    return applies


def _expires(_stack: PlannedStack, one: Planned) -> bool:
    return facts.expires(one)


def _rotated(_stack: PlannedStack, one: Planned) -> bool:
    return facts.rotated(one)


def _zoned(_stack: PlannedStack, one: Planned) -> bool:
    return len(value(one, "zones") or ()) >= 3


def _classic_zoned(_stack: PlannedStack, one: Planned) -> bool:
    zones, policy = value(one, "zones"), value(one, "zonalAllocationPolicy")
    if policy == "NoZones" or value(one, "sku.name") == "Basic":
        return False
    return zones is None or len(zones) > 1 or policy == "Automatic"


def _segmented(stack: PlannedStack, one: Planned) -> bool:
    """A subnet whose security group holds for private endpoints and ends with a refusal."""
    group = facts.security_group(stack, one)
    if group is None:
        return False
    policies = {"NetworkSecurityGroupEnabled", "Enabled"}
    last = facts.rules(group, "Inbound")[-1]
    refused = last["access"] == "Deny" and facts.from_everybody(last)
    named = _nobody_named(stack, group)
    return refused and named and value(one, "privateEndpointNetworkPolicies") in policies


def _in_transit(stack: PlannedStack, one: Planned) -> bool:
    return facts.tls_only(stack, one) and facts.tls_version(one) >= (1, 2)


def _safe_vault(stack: PlannedStack, one: Planned) -> bool:
    held = (_recoverable(stack, one), _fenced(stack, one), _private_and_linked(stack, one))
    return all(held) and facts.audited(stack, one)


def _by_identity_only(stack: PlannedStack, one: Planned) -> bool:
    return not facts.keys_let_in(stack, one) and bool(facts.identities(stack, one))


def _least_rights(_stack: PlannedStack, one: Planned) -> bool:
    if one.type.endswith(":Vault"):
        return value(one, "properties.enableRbacAuthorization") is True
    return facts.narrow(one)


PRIVATE = "always, but for `azure.publicAccess` outside of production"
ENDPOINT = "always: a private endpoint"
TLS = "always: TLS only"
TLS_12 = "always: TLS 1.2 or newer"
REPLICAS = "`replicas`: one in production"
LOGIN = "`azure.auth: entra`; keys by default"
OWN_KEY = "`azure.customerManagedKey`"
VAULT_ENDPOINT = "in staging and production: the vault has a private endpoint and no other way in"
PURGE = "purge protection in production"
SOFT = "always"
RBAC = "always: the vault has Azure's RBAC"
DATE = "`azure.secretExpires`"
LOGS = "`azure.logs`: in staging and production by default"
RULES_IN = "`access.cidrs`: named sources only, 0.0.0.0/0 is refused"
GROUP = "always: the subnet has a security group"
RETIRING = "no classic cache without `azure.classic.acknowledgeRetirement`"
DNS = "the package names none"
ZONES = "Azure spreads the nodes where `replicas` is one or more and the region has zones"
TYPES = "always"
KEY = "`azure.customerManagedKey.keyUrl` takes a key of yours"
HERE = "(evaluated here: Checkov's own is about the classic cache)"

RULES = (
    Rule(CHECKOV, "CKV_AZURE_89", f"no public access {HERE}", PRIVATE, MANAGED, _private),
    Rule(CHECKOV, "CKV_AZURE_91", f"TLS only {HERE}", TLS, MANAGED, facts.tls_only),
    Rule(CHECKOV, "CKV_AZURE_148", f"TLS 1.2 {HERE}", TLS_12, MANAGED, _tls_12),
    Rule(CHECKOV, "CKV_AZURE_230", f"there is a replica {HERE}", REPLICAS, MANAGED, _replicated),
    Rule(PSRULE, "Azure.RedisEnterprise.MinTLS", "TLS 1.2 or newer", TLS_12, MANAGED, _tls_12),
    Rule(
        PSRULE,
        "Azure.RedisEnterprise.MigrateAMR",
        "no size of the retired Enterprise tiers",
        "such sizes are refused",
        MANAGED,
        _not_enterprise,
    ),
    Rule(
        PSRULE,
        "Azure.RedisEnterprise.Zones",
        "caches of the retired Enterprise tiers are in three zones",
        "such sizes are refused",
        _enterprise_tiers,
        _zoned,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.NonSslPort",
        "no port without TLS",
        TLS,
        CLASSIC,
        _is("enableNonSslPort", wanted=False),
    ),
    Rule(PSRULE, "Azure.Redis.MinTLS", "TLS 1.2 or newer", TLS_12, CLASSIC, _tls_12),
    Rule(PSRULE, "Azure.Redis.PublicNetworkAccess", "no public access", PRIVATE, CLASSIC, _private),
    Rule(
        PSRULE,
        "Azure.Redis.EntraID",
        "identities may log in",
        "always",
        CLASSIC,
        _is("redisConfiguration.aadEnabled", wanted="true"),
    ),
    Rule(
        PSRULE,
        "Azure.Redis.LocalAuth",
        "access keys let nobody in",
        LOGIN,
        CLASSIC,
        _is("disableAccessKeyAuthentication", wanted=True),
    ),
    Rule(
        PSRULE,
        "Azure.Redis.Version",
        "Redis 6 or newer",
        "always",
        CLASSIC,
        _version_6,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.MinSKU",
        "Standard C1 or larger",
        "`memoryGb`, `azure.classic.sku`",
        CLASSIC,
        _at_least_standard_c1,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.MaxMemoryReserved",
        "a tenth of the memory is kept for other work than data",
        "`azure.classic.parameters`: maxmemory-reserved",
        CLASSIC,
        _memory_reserved,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.AvailabilityZone",
        "Premium caches are in two zones, with a replica in each other one",
        "`azure.classic.zones`, `replicas`",
        _premium,
        _in_two_zones,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.FirewallRuleCount",
        "with public access: firewall rules, ten at most",
        "`azure.classic.firewallRules`",
        _public_classic,
        _few_firewall_rules,
    ),
    Rule(
        PSRULE,
        "Azure.Redis.FirewallIPRange",
        "with public access: ten addresses at most",
        "`azure.classic.firewallRules`",
        _public_classic,
        _few_addresses,
    ),
    Rule(PSRULE, "Azure.Redis.MigrateAMR", "no classic cache", RETIRING, CLASSIC, never),
    Rule(
        PSRULE,
        "Azure.KeyVault.AccessPolicy",
        "no access policy with all rights",
        RBAC,
        VAULTS,
        _no_wide_policy,
    ),
    Rule(PSRULE, "Azure.KeyVault.Logs", "accesses are recorded", LOGS, VAULTS, facts.audited),
    Rule(
        PSRULE,
        "Azure.KeyVault.Name",
        "the name is one that Azure takes",
        "names are made",
        VAULTS,
        _named("vaultName", r"(?=.{3,24}$)[A-Za-z](-|[A-Za-z0-9])*[A-Za-z0-9]"),
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.SecretName",
        "the name is one that Azure takes",
        "names are made",
        SECRETS,
        _named("secretName", r"[A-Za-z0-9-]{1,127}"),
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.KeyName",
        "the name is one that Azure takes",
        "names are made",
        KEYS,
        _named("keyName", r"[A-Za-z0-9-]{1,127}"),
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.AutoRotationPolicy",
        "keys are rotated automatically",
        KEY,
        KEYS,
        _rotated,
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.SoftDelete",
        "what is deleted can be restored",
        SOFT,
        VAULTS,
        _is("properties.enableSoftDelete", wanted=True),
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.PurgeProtect",
        "what is deleted cannot be purged",
        PURGE,
        VAULTS,
        _is("properties.enablePurgeProtection", wanted=True),
    ),
    Rule(
        PSRULE,
        "Azure.KeyVault.RBAC",
        "Azure's RBAC instead of access policies",
        RBAC,
        VAULTS,
        _is("properties.enableRbacAuthorization", wanted=True),
    ),
    Rule(
        PSRULE, "Azure.KeyVault.Firewall", "the firewall refuses", VAULT_ENDPOINT, VAULTS, _fenced
    ),
    Rule(
        PSRULE,
        "Azure.NSG.AnyInboundSource",
        "nobody is let in from everywhere",
        RULES_IN,
        GROUPS,
        _nobody_named,
    ),
    Rule(
        PSRULE,
        "Azure.NSG.DenyAllInbound",
        "the first rule does not refuse everything",
        RULES_IN,
        GROUPS,
        _not_all_denied,
    ),
    Rule(
        PSRULE,
        "Azure.NSG.LateralTraversal",
        "no way out to SSH and RDP",
        "always: nothing may leave the subnet",
        GROUPS,
        _no_lateral,
    ),
    Rule(PSRULE, "Azure.NSG.Associated", "security groups are in use", GROUP, GROUPS, _in_use),
    Rule(PSRULE, "Azure.VNET.UseNSGs", "subnets have security groups", GROUP, SUBNETS, _guarded),
    Rule(
        PSRULE,
        "Azure.VNET.PrivateSubnet",
        "no way out to the internet by default",
        "always",
        SUBNETS,
        _is("defaultOutboundAccess", wanted=False),
    ),
    Rule(
        PSRULE,
        "Azure.VNET.SingleDNS",
        "none of one's own, or two DNS servers",
        DNS,
        all_of("VirtualNetwork"),
        _no_single_dns,
    ),
    Rule(
        PSRULE,
        "Azure.Log.Replication",
        "workspaces are replicated to another region",
        "`azure.workspaceId` takes a workspace of yours",
        all_of("Workspace"),
        _is("replication.enabled", wanted=True),
    ),
    Rule(
        PSRULE,
        "Azure.Alert.MetricAutoMitigate",
        "alerts end by themselves",
        "always",
        all_of("MetricAlert"),
        _is("autoMitigate", wanted=True),
    ),
    Rule(
        POLICY,
        "960e650e-9ce3-4316-9590-8ee2c016ca2f",
        "Azure Managed Redis: a private endpoint",
        ENDPOINT,
        MANAGED,
        _linked,
    ),
    Rule(
        POLICY,
        "7473e756-98d9-4d10-9a22-8101ef32cd74",
        "Azure Managed Redis: the endpoint's name is in a private DNS zone",
        "`network.privateDns`",
        _endpoints_of("redisEnterprise"),
        _recorded("redisEnterprise"),
    ),
    Rule(
        POLICY,
        "09aa11bb-87ec-409f-bf0b-49b7c1561a87",
        "Azure Managed Redis: data on disk are encrypted with a key of the customer",
        OWN_KEY,
        MANAGED,
        lambda _, one: facts.own_key(one),
    ),
    Rule(
        POLICY,
        "408934a8-941a-4c1e-ba88-dd035d9688f4",
        "Azure Managed Redis: three zones are named (preview)",
        ZONES,
        MANAGED,
        _zoned,
    ),
    Rule(
        POLICY,
        "22bee202-a82f-4305-9a2a-6d7f44d4dedb",
        "classic cache: secure connections only",
        TLS,
        CLASSIC,
        facts.tls_only,
    ),
    Rule(
        POLICY,
        "470baccb-7e51-4549-8b1a-3e5be069f663",
        "classic cache: no public access",
        PRIVATE,
        CLASSIC,
        _private,
    ),
    Rule(
        POLICY,
        "7803067c-7d34-46e3-8c79-0ca68fc4036d",
        "classic cache: a private endpoint",
        ENDPOINT,
        CLASSIC,
        _linked,
    ),
    Rule(
        POLICY,
        "e016b22b-e0eb-436d-8fd7-160c4eaed6e2",
        "classic cache: the endpoint's name is in a private DNS zone",
        "`network.privateDns`",
        _endpoints_of("redisCache"),
        _recorded("redisCache"),
    ),
    Rule(
        POLICY,
        "3827af20-8f80-4b15-8300-6db0873ec901",
        "classic cache: access keys let nobody in",
        LOGIN,
        CLASSIC,
        lambda stack, one: not facts.keys_let_in(stack, one),
    ),
    Rule(
        POLICY,
        "1bf67da8-b100-45bf-b89d-e4669fc54411",
        "classic cache: not in one zone only (preview)",
        "`azure.classic.zones`; else Azure chooses",
        CLASSIC,
        _classic_zoned,
    ),
    Rule(
        POLICY,
        "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d",
        "vaults: what is deleted can be restored",
        SOFT,
        VAULTS,
        _is("properties.enableSoftDelete", wanted=True),
    ),
    Rule(
        POLICY,
        "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
        "vaults: protected against deletion and purge",
        PURGE,
        VAULTS,
        _recoverable,
    ),
    Rule(
        POLICY,
        "12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5",
        "vaults: Azure's RBAC",
        RBAC,
        VAULTS,
        _is("properties.enableRbacAuthorization", wanted=True),
    ),
    Rule(
        POLICY,
        "55615ac9-af46-4a59-874e-391cc3dfb490",
        "vaults: the firewall refuses",
        VAULT_ENDPOINT,
        VAULTS,
        _fenced,
    ),
    Rule(
        POLICY,
        "405c5871-3e91-4644-8a63-58e19d68ff5b",
        "vaults: no public access",
        VAULT_ENDPOINT,
        VAULTS,
        _private,
    ),
    Rule(
        POLICY,
        "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9",
        "vaults: a private endpoint",
        VAULT_ENDPOINT,
        VAULTS,
        _linked,
    ),
    Rule(
        POLICY,
        "cf820ca0-f99e-4f3e-84fb-66e913812d21",
        "vaults: logs are kept",
        LOGS,
        VAULTS,
        _logged,
    ),
    Rule(
        POLICY,
        "187242f4-89c6-4c43-9a4e-188c0efacc5f",
        "classic caches and vaults: the category group audit, or all logs",
        LOGS,
        all_of("redis:Redis", "Vault"),
        _audit_group,
    ),
    Rule(
        POLICY,
        "98728c90-32c7-4049-8429-847dc0f4fe37",
        "secrets have a day on which they end",
        DATE,
        SECRETS,
        _expires,
    ),
    Rule(
        POLICY,
        "75262d3e-ba4a-4f43-85f8-9f72c090e5e3",
        "secrets have a content type",
        TYPES,
        SECRETS,
        lambda _, one: bool(value(one, "properties.contentType")),
    ),
    Rule(
        POLICY,
        "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0",
        "keys have a day on which they end",
        KEY,
        KEYS,
        _expires,
    ),
    Rule(
        POLICY,
        "587c79fe-dd04-4a5e-9d0b-f89598c7261b",
        "keys are in a hardware security module",
        KEY,
        KEYS,
        lambda _, one: str(value(one, "properties.kty")).endswith("-HSM"),
    ),
    Rule(
        POLICY,
        "82067dbb-e53b-4e06-b631-546d197452d9",
        "RSA keys have the bits that one asks for (here: 3072)",
        "always",
        KEYS,
        lambda _, one: value(one, "properties.keySize") >= 3072,
    ),
    Rule(
        POLICY,
        "d8cf8476-a2ec-4916-896e-992351803c44",
        "keys have a rotation policy",
        KEY,
        KEYS,
        _rotated,
    ),
    Rule(
        BENCHMARK,
        "NS-1",
        "networks are segmented: the subnet's security group holds for private endpoints, names who"
        " may come in and refuses the rest",
        RULES_IN,
        SUBNETS,
        _segmented,
    ),
    Rule(
        BENCHMARK,
        "NS-2",
        "caches and vaults are reached by private endpoints only",
        f"{PRIVATE}; {VAULT_ENDPOINT}",
        caches_and_vaults,
        _private_and_linked,
    ),
    Rule(
        BENCHMARK,
        "DP-3",
        "data in transit are encrypted: TLS 1.2 or newer only",
        f"{TLS}; {TLS_12}",
        caches,
        _in_transit,
    ),
    Rule(
        BENCHMARK,
        "DP-6",
        "keys and secrets have a life that ends",
        f"{DATE}; {KEY}",
        all_of("keyvault:Secret", "keyvault:Key"),
        _expires,
    ),
    Rule(
        BENCHMARK,
        "DP-8",
        "vaults are safe: soft delete, purge protection, private endpoint, firewall, audit log",
        f"{PURGE}; {VAULT_ENDPOINT}; {LOGS}",
        VAULTS,
        _safe_vault,
    ),
    Rule(
        BENCHMARK,
        "IM-1",
        "clients log in as identities of Entra ID, and with nothing else",
        LOGIN,
        caches,
        _by_identity_only,
    ),
    Rule(
        BENCHMARK,
        "PA-7",
        "no more rights than needed: Azure's RBAC, roles for single vaults or secrets",
        RBAC,
        all_of("Vault", "RoleAssignment"),
        _least_rights,
    ),
    Rule(
        BENCHMARK,
        "LT-3",
        "caches and vaults keep logs for an investigation",
        LOGS,
        caches_and_vaults,
        _logged,
    ),
    Rule(
        PROWLER,
        "keyvault_access_only_through_private_endpoints",
        "vaults with a private endpoint have no other way in",
        VAULT_ENDPOINT,
        _linked_vaults,
        _private,
    ),
    Rule(
        PROWLER,
        "keyvault_private_endpoints",
        "vaults have private endpoints",
        VAULT_ENDPOINT,
        VAULTS,
        _linked,
    ),
    Rule(
        PROWLER,
        "keyvault_rbac_enabled",
        "Azure's RBAC",
        RBAC,
        VAULTS,
        _is("properties.enableRbacAuthorization", wanted=True),
    ),
    Rule(
        PROWLER,
        "keyvault_recoverable",
        "soft delete and purge protection",
        PURGE,
        VAULTS,
        _recoverable,
    ),
    Rule(
        PROWLER,
        "keyvault_logging_enabled",
        "accesses are recorded",
        LOGS,
        VAULTS,
        lambda stack, one: (
            any(log.get("category") == "AuditEvent" for log in facts.logs(stack, one))
            or {"audit", "allLogs"} <= {log.get("categoryGroup") for log in facts.logs(stack, one)}
        ),
    ),
    Rule(
        PROWLER,
        "keyvault_rbac_secret_expiration_set",
        "secrets have a day on which they end",
        DATE,
        _by_permission_model("keyvault:Secret", rbac=True),
        _expires,
    ),
    Rule(
        PROWLER,
        "keyvault_non_rbac_secret_expiration_set",
        "the same for vaults without RBAC",
        RBAC,
        _by_permission_model("keyvault:Secret", rbac=False),
        _expires,
    ),
    Rule(
        PROWLER,
        "keyvault_rbac_key_expiration_set",
        "keys have a day on which they end",
        KEY,
        _by_permission_model("keyvault:Key", rbac=True),
        _expires,
    ),
    Rule(
        PROWLER,
        "keyvault_key_expiration_set_in_non_rbac",
        "the same for vaults without RBAC",
        RBAC,
        _by_permission_model("keyvault:Key", rbac=False),
        _expires,
    ),
    Rule(
        PROWLER,
        "keyvault_key_rotation_enabled",
        "keys are rotated automatically",
        KEY,
        KEYS,
        _rotated,
    ),
    Rule(
        PROWLER,
        "network_http_internet_access_restricted",
        "port 80 is not open to the internet",
        RULES_IN,
        GROUPS,
        _closed(80),
    ),
    Rule(
        PROWLER,
        "network_ssh_internet_access_restricted",
        "port 22 is not open to the internet",
        RULES_IN,
        GROUPS,
        _closed(22),
    ),
    Rule(
        PROWLER,
        "network_rdp_internet_access_restricted",
        "port 3389 is not open to the internet",
        RULES_IN,
        GROUPS,
        _closed(3389),
    ),
    Rule(
        PROWLER,
        "network_udp_internet_access_restricted",
        "no UDP from the internet",
        RULES_IN,
        GROUPS,
        _no_udp,
    ),
    Rule(
        PROWLER,
        "network_subnet_nsg_associated",
        "subnets have security groups",
        GROUP,
        SUBNETS,
        _guarded,
    ),
)
"""All rules that are evaluated here. Those of Checkov's own are in `checkov_rules`."""
