"""Single facts about planned resources, out of which the rules of every catalogue are made."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from cloud.audit.planned import Planned, PlannedStack

PUBLIC = {"allUsers", "allAuthenticatedUsers"}
"""Members that are everybody."""

GRANTS = {
    "CryptoKeyIAMMember": "cryptoKeyId",
    "KeyRingIAMMember": "keyRingId",
    "SecretIamMember": "secretId",
}
"""What gives a role on one thing to somebody: type, and the input that says on what."""

ON_PROJECTS = "projects/iAMMember:IAMMember"

ABOVE_PROJECTS = ("organizations/iAMMember:IAMMember", "folder/iAMMember:IAMMember")

DAY = 24 * 60 * 60

MOST_DAYS = 90
"""Days after which every catalogue wants a key, or a secret, to be another one."""

CRYPT = {
    "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    "roles/cloudkms.cryptoKeyEncrypter",
    "roles/cloudkms.cryptoKeyDecrypter",
}
"""Roles of those who use keys."""

KEY_ADMIN = "roles/cloudkms.admin"

IMPERSONATION = {"roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator"}
"""Roles with which somebody acts as a service account."""

BASIC = {"roles/owner", "roles/editor", "roles/viewer"}

DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")
"""How the addresses of service accounts end that Google makes, with many rights."""

Rule = Mapping[str, Any]


def id_of(one: Planned) -> str:
    """The full name of a resource."""
    return str(one.outputs["id"])


def value(one: Planned, path: str) -> Any:
    """The input at a path such as `replication.auto`; None where there is none."""
    found: Any = one.inputs
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def caches(stack: PlannedStack) -> list[Planned]:
    """Every cache, of Redis and of Valkey."""
    return stack.of("redis/instance:Instance", "memorystore/instance:Instance")


def grants(stack: PlannedStack) -> list[Planned]:
    """All roles that are given to somebody, on whatever."""
    return stack.of(*GRANTS, ON_PROJECTS, *ABOVE_PROJECTS)


def grants_on(stack: PlannedStack, one: Planned) -> list[Planned]:
    """The roles that are given on one resource."""
    return [
        grant
        for kind, key in GRANTS.items()
        for grant in stack.of(kind)
        if grant.inputs.get(key) == id_of(one)
    ]


def members_on(stack: PlannedStack, one: Planned) -> set[str]:
    """Who has a role on a resource."""
    return {str(grant.inputs["member"]) for grant in grants_on(stack, one)}


def admin(role: str) -> bool:
    """Whether a role is one of administration."""
    return "admin" in role.lower() or role in {"roles/owner", "roles/editor"}


def service_account(grant: Planned) -> bool:
    """Whether a role is given to a service account."""
    return str(grant.inputs["member"]).startswith("serviceAccount:")


def rotated(seconds: str | None, most_days: int = MOST_DAYS) -> bool:
    """Whether a period such as 7776000s is short enough."""
    return bool(seconds) and int(str(seconds).removesuffix("s")) <= most_days * DAY


def logged(one: Planned) -> bool:
    """Whether a subnet, or a firewall rule, writes a log."""
    return bool(one.inputs.get("logConfig"))


def incoming(one: Planned) -> bool:
    """Whether a firewall rule is about what comes in: where it does not say, it is."""
    return one.inputs.get("direction", "INGRESS") == "INGRESS"


def active(one: Planned) -> bool:
    """Whether a firewall rule has an effect."""
    return not one.inputs.get("disabled")


def allowed(one: Planned) -> list[Rule]:
    """What a firewall rule lets through."""
    return list(one.inputs.get("allows") or ())


def everything(blocks: Iterable[str]) -> bool:
    """Whether addresses are all that there are."""
    return any(ip_network(block).prefixlen == 0 for block in blocks)


def sources(one: Planned) -> list[str]:
    """Where what an incoming rule is about comes from: where nothing is said, everywhere."""
    named = [
        *(one.inputs.get("sourceTags") or ()),
        *(one.inputs.get("sourceServiceAccounts") or ()),
    ]
    return list(one.inputs.get("sourceRanges") or ([] if named else ["0.0.0.0/0"]))


def targeted(one: Planned) -> bool:
    """Whether a firewall rule is for some machines only."""
    return bool(one.inputs.get("targetTags") or one.inputs.get("targetServiceAccounts"))


def open_to_everybody(one: Planned) -> bool:
    """Whether a firewall rule lets anything in from the whole internet."""
    return incoming(one) and active(one) and bool(allowed(one)) and everything(sources(one))


def covers(rule: Rule, port: int, protocols: Iterable[str] = ("tcp",)) -> bool:
    """Whether a port is among those that are let through."""
    if str(rule["protocol"]).lower() == "all":
        return True
    ports = rule.get("ports")
    return str(rule["protocol"]).lower() in protocols and (
        not ports or any(low <= port <= high for low, high in map(span, ports))
    )


def span(ports: str) -> tuple[int, int]:
    """The first and the last port of a text such as 6378 or 11000-13047."""
    low, _, high = ports.partition("-")
    return int(low), int(high or low)


def exposes(one: Planned, port: int, protocols: Iterable[str] = ("tcp",)) -> bool:
    """Whether a port is open to the internet."""
    return open_to_everybody(one) and any(covers(rule, port, protocols) for rule in allowed(one))


def all_ports(rule: Rule) -> bool:
    """Whether every port is let through."""
    ports = rule.get("ports")
    return (
        str(rule["protocol"]).lower() == "all"
        or not ports
        or any(span(one) == (0, 65535) for one in ports)
    )


def firewalls(stack: PlannedStack, network: Planned) -> list[Planned]:
    """The firewall rules of a network."""
    return [one for one in stack.of("Firewall") if one.inputs.get("network") == id_of(network)]


def denies_the_rest(one: Planned) -> bool:
    """Whether a firewall rule lets nothing out to anywhere."""
    return (
        not incoming(one)
        and active(one)
        and everything(one.inputs.get("destinationRanges") or ["0.0.0.0/0"])
        and any(rule["protocol"] == "all" for rule in one.inputs.get("denies") or ())
    )


def names_recorded(stack: PlannedStack, network: Planned) -> bool:
    """Whether a policy of Cloud DNS records which names are asked for in a network."""
    return any(
        policy.inputs.get("enableLogging") is True
        and any(one["networkUrl"] == id_of(network) for one in policy.inputs.get("networks", ()))
        for policy in stack.of("dns/policy:Policy")
    )


def own_key(one: Planned) -> bool:
    """Whether data of a cache on disk are encrypted with a key of the customer."""
    return bool(one.inputs.get("customerManagedKey") or one.inputs.get("kmsKey"))


def logins(one: Planned) -> bool:
    """Whether clients of a cache must log in."""
    if one.type.endswith("redis/instance:Instance"):
        return one.inputs.get("authEnabled") is True
    return one.inputs.get("authorizationMode") == "IAM_AUTH"


def encrypted_in_transit(one: Planned) -> bool:
    """Whether a cache takes connections with TLS only."""
    return one.inputs.get("transitEncryptionMode") == "SERVER_AUTHENTICATION"
