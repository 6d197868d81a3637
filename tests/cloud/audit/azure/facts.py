"""Single facts about planned resources, out of which the rules of every catalogue are made."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cloud.audit.planned import Planned, PlannedStack

EVERYBODY = {"*", "0.0.0.0", "0.0.0.0/0", "::/0", "any", "internet"}
"""Sources that are the whole internet."""

MANAGEMENT_PORTS = (22, 3389)
"""Ports of SSH and RDP."""

Values = Mapping[str, Any]


def id_of(one: Planned) -> str:
    """The resource id, as it is compared."""
    return str(one.outputs["id"]).lower()


def value(one: Planned, path: str) -> Any:
    """The input at a path such as `properties.sku.name`; None where there is none."""
    found: Any = one.inputs
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def part_of(part: Planned, whole: Planned) -> bool:
    """Whether a resource is a part of another, such as a secret of its vault."""
    return id_of(part).startswith(f"{id_of(whole)}/")


def parts(stack: PlannedStack, whole: Planned, *kinds: str) -> list[Planned]:
    """The parts of some types of a resource."""
    return [one for one in stack.of(*kinds) if part_of(one, whole)]


def owner(stack: PlannedStack, part: Planned, kind: str) -> Planned | None:
    """The resource of a type that another is a part of."""
    return next((one for one in stack.of(kind) if part_of(part, one)), None)


def caches(stack: PlannedStack) -> list[Planned]:
    """Every cache: of Azure Managed Redis, and classic."""
    return stack.of("RedisEnterprise", "redis:Redis")


def caches_and_vaults(stack: PlannedStack) -> list[Planned]:
    """All that holds data or credentials."""
    return stack.of("RedisEnterprise", "redis:Redis", "Vault")


def is_classic(one: Planned) -> bool:
    """Whether a cache is of the retiring service."""
    return one.type.endswith(":redis:Redis")


def endpoints(stack: PlannedStack, target: Planned) -> list[Planned]:
    """The private endpoints of a resource."""
    return [
        one
        for one in stack.of("PrivateEndpoint")
        for connection in one.inputs.get("privateLinkServiceConnections", ())
        if connection["privateLinkServiceId"].lower() == id_of(target)
    ]


def groups_of_endpoint(one: Planned) -> set[str]:
    """The groups of endpoints that one leads to, such as redisEnterprise."""
    connections = one.inputs.get("privateLinkServiceConnections", ())
    return {group for connection in connections for group in connection.get("groupIds", ())}


def recorded(stack: PlannedStack, endpoint: Planned) -> bool:
    """Whether a private DNS zone has the name that leads to an endpoint."""
    groups = parts(stack, endpoint, "PrivateDnsZoneGroup")
    return any(group.inputs.get("privateDnsZoneConfigs") for group in groups)


def public(one: Planned) -> bool:
    """Whether a cache or a vault answers on the internet. What is not said is what Azure does."""
    path = "properties.publicNetworkAccess" if one.type.endswith(":Vault") else None
    return value(one, path or "publicNetworkAccess") != "Disabled"


def tls_only(stack: PlannedStack, one: Planned) -> bool:
    """Whether a cache takes connections with TLS only."""
    if is_classic(one):
        return value(one, "enableNonSslPort") is False
    databases = parts(stack, one, "Database")
    return bool(databases) and all(
        value(database, "clientProtocol") == "Encrypted" for database in databases
    )


def tls_version(one: Planned) -> tuple[int, ...]:
    """The lowest version of TLS that a cache takes."""
    return tuple(int(part) for part in str(value(one, "minimumTlsVersion") or "0").split("."))


def keys_let_in(stack: PlannedStack, one: Planned) -> bool:
    """Whether an access key lets a client in. What is not said is what Azure does."""
    if is_classic(one):
        return value(one, "disableAccessKeyAuthentication") is not True
    return any(
        value(database, "accessKeysAuthentication") != "Disabled"
        for database in parts(stack, one, "Database")
    )


def identities(stack: PlannedStack, one: Planned) -> list[Planned]:
    """The assignments with which identities log in to a cache."""
    return parts(stack, one, "AccessPolicyAssignment")


def records(stack: PlannedStack, one: Planned) -> Iterator[Planned]:
    """The diagnostic settings of a resource and its databases that lead somewhere."""
    owners = {id_of(one), *(id_of(database) for database in parts(stack, one, "Database"))}
    for setting in stack.of("DiagnosticSetting"):
        leads = value(setting, "workspaceId") or value(setting, "storageAccountId")
        if leads and value(setting, "resourceUri").lower() in owners:
            yield setting


def logs(stack: PlannedStack, one: Planned) -> list[Values]:
    """The logs that a resource and its databases keep."""
    return [
        log
        for setting in records(stack, one)
        for log in setting.inputs.get("logs", ())
        if log["enabled"]
    ]


def audited(stack: PlannedStack, one: Planned) -> bool:
    """Whether a resource's accesses are recorded."""
    return any(
        log.get("category") == "AuditEvent" or log.get("categoryGroup") in {"audit", "allLogs"}
        for log in logs(stack, one)
    )


def rules(group: Planned, direction: str) -> list[Values]:
    """The rules of a network security group in one direction, the first first."""
    found = [one for one in group.inputs["securityRules"] if one["direction"] == direction]
    return sorted(found, key=lambda one: one["priority"])


def sources(rule: Values) -> list[str]:
    """Where a rule's traffic comes from."""
    return [
        *filter(None, [rule.get("sourceAddressPrefix")]),
        *rule.get("sourceAddressPrefixes", ()),
    ]


def from_everybody(rule: Values) -> bool:
    """Whether a rule is about the whole internet."""
    return any(source.lower() in EVERYBODY for source in sources(rule))


def covers(rule: Values, port: int) -> bool:
    """Whether a port is among those of a rule."""
    single = [*filter(None, [rule.get("destinationPortRange")])]
    return any(_within(text, port) for text in [*single, *rule.get("destinationPortRanges", ())])


def _within(ports: str, port: int) -> bool:
    low, _, high = ports.partition("-")
    return ports == "*" or int(low) <= port <= int(high or low)


def open_to_everybody(group: Planned, ports: Iterable[int], protocols: set[str]) -> bool:
    """Whether the internet reaches one of the ports by one of the protocols."""
    return any(
        rule["access"] == "Allow"
        and rule["protocol"].lower() in {*protocols, "*"}
        and from_everybody(rule)
        and any(covers(rule, port) for port in ports)
        for rule in rules(group, "Inbound")
    )


def may_leave(group: Planned, port: int) -> bool:
    """Whether a connection to a port of the network may be opened from the group's subnets."""
    for rule in rules(group, "Outbound"):
        if rule["protocol"].lower() in {"tcp", "*"} and covers(rule, port):
            # The first that fits decides; Azure's own rules let everything out.
            return rule["access"] == "Allow"
    return True


def security_group(stack: PlannedStack, subnet: Planned) -> Planned | None:
    """The security group of a subnet."""
    named = str(value(subnet, "networkSecurityGroup.id")).lower()
    return next((one for one in stack.of("NetworkSecurityGroup") if id_of(one) == named), None)


def own_key(one: Planned) -> bool:
    """Whether data on disk are encrypted with a key of the customer."""
    return bool(value(one, "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl"))


def expires(one: Planned) -> bool:
    """Whether a secret or a key has a day on which it ends."""
    return bool(
        value(one, "properties.attributes.expires") or value(one, "properties.attributes.exp")
    )


def rotated(key: Planned) -> bool:
    """Whether Key Vault makes a new version of a key by itself."""
    actions = value(key, "properties.rotationPolicy.lifetimeActions") or ()
    return any(action["action"]["type"].lower() == "rotate" for action in actions)


def narrow(assignment: Planned) -> bool:
    """Whether a role is given for one resource, and not for a whole group or subscription."""
    return bool(re.search(r"/providers/[^/]+/[^/]+/[^/]+", value(assignment, "scope")))
