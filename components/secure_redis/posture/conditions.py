"""What rules ask of a value, and of which resources."""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any, cast

from .resources import Resource, Resources, Value, document

LARGEST_PUBLIC_PREFIX = 16
"""Prefix length from which on a network on the internet is taken for one organization's."""

EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
"""Members of Google Cloud's policies that are no identities."""

OLDEST_ENGINE = (6, 2)
"""First version of Redis that is still good enough; every version of Valkey is."""


def true(value: Any) -> bool:
    """Whether a flag is set; some providers write it as text."""
    return str(value).lower() == "true"


def false(value: Any) -> bool:
    """Whether a flag is not set."""
    return str(value).lower() in {"false", ""}


def filled(value: Any) -> bool:
    """Whether there is anything in it."""
    return bool(value)


def empty(value: Any) -> bool:
    """Whether there is nothing in it."""
    return not value


def one_of(*allowed: str) -> Callable[[Any], bool]:
    """Whether it is one of some words, upper and lower case alike."""
    words = {word.lower() for word in allowed}
    return lambda value: str(value).lower() in words


def none_of(*refused: str) -> Callable[[Any], bool]:
    """Whether it is none of some words, upper and lower case alike."""
    allowed = one_of(*refused)
    return lambda value: not allowed(value)


def at_least(least: float) -> Callable[[Any], bool]:
    """Whether a number, also one written as text, is so large."""

    def holds(value: Any) -> bool:
        try:
            return float(value) >= least
        except (TypeError, ValueError):
            return False

    return holds


def seconds_at_least(least: int) -> Callable[[Any], bool]:
    """Whether a duration of Google Cloud, such as 2592000s, is so long."""
    return lambda value: at_least(least)(str(value).removesuffix("s"))


def seconds_at_most(most: int) -> Callable[[Any], bool]:
    """Whether a duration of Google Cloud, such as 7776000s, is so short."""
    return lambda value: not at_least(most + 1)(str(value).removesuffix("s"))


def named_source(value: Any) -> bool:
    """Whether a network is an organization's own: private, or a small part of the internet."""
    try:
        block = ip_network(str(value), strict=False)
    except ValueError:
        return str(value) not in {"*", "Internet", "Any"}
    if block.prefixlen == 0:
        return False
    large = isinstance(block, IPv4Network) and block.prefixlen < LARGEST_PUBLIC_PREFIX
    return block.is_private or not large


def named_sources(value: Any) -> bool:
    """Whether all networks of a list are organizations' own."""
    return all(map(named_source, _list(value)))


def private_address(value: Any) -> bool:
    """Whether an address of this machine is one that the internet does not reach."""
    try:
        address = ip_address(str(value).strip("[]"))
    except ValueError:
        return False
    return not (address.is_global or address.is_unspecified)


def current_engine(value: Any) -> bool:
    """Whether a version such as 7.1, REDIS_7_2 or VALKEY_8_0 is good enough."""
    found = re.search(r"(\d+)[._](\d+|[xX])", str(value))
    if not found:
        return True  # a name without a version
    minor = OLDEST_ENGINE[1] if found[2] in "xX" else int(found[2])
    return (int(found[1]), minor) >= OLDEST_ENGINE


def limited_user(value: Any) -> bool:
    """Whether an access string lets a user neither administer nor empty the server.

    What is given later in it counts more.
    """
    words = str(value).lower().split()
    if "off" in words:
        return True
    rights: dict[str, bool] = dict.fromkeys(("@admin", "@dangerous"), False)
    for word in words:
        if word in {"+@all", "allcommands", "-@all", "nocommands"}:
            rights = dict.fromkeys(rights, word in {"+@all", "allcommands"})
        elif word[:1] in "+-" and word[1:] in rights:
            rights[word[1:]] = word[0] == "+"
    return not any(rights.values())


def with_password(value: Any) -> bool:
    """Whether an access string asks for a login."""
    return "nopass" not in str(value).lower().split()


def no_access(value: Any) -> bool:
    """Whether an access string turns the user off."""
    return "off" in str(value).lower().split()


def policy_for_named(value: Any) -> bool:
    """Whether no statement of a policy of AWS allows something to everybody."""
    return not any(
        _everybody(statement.get("Principal"))
        for statement in _statements(value)
        if not statement.get("Condition")
    )


def policy_for_own_secrets(value: Any) -> bool:
    """Whether no statement of a policy of AWS lets anybody read all secrets of the account."""
    return not any(
        "*" in _list(statement.get("Resource"))
        and any(_reads_secrets(str(action)) for action in _list(statement.get("Action")))
        for statement in _statements(value)
    )


def named_member(value: Any) -> bool:
    """Whether a member of a policy of Google Cloud is an identity."""
    return str(value) not in EVERYBODY


def named_members(value: Any) -> bool:
    """Whether all members of a list are identities."""
    return all(map(named_member, _list(value)))


def source_of_azure(rule: Any) -> bool:
    """Whether a security rule of Azure lets in named networks only."""
    fields = _fields(rule)
    if not _lets_in(fields):
        return True
    sources = [fields.get("sourceAddressPrefix"), *_list(fields.get("sourceAddressPrefixes"))]
    return all(named_source(source) for source in sources if source)


def ports_of_azure(rule: Any) -> bool:
    """Whether a security rule of Azure lets in to named ports only."""
    fields = _fields(rule)
    if not _lets_in(fields):
        return True
    ports = [fields.get("destinationPortRange"), *_list(fields.get("destinationPortRanges"))]
    return "*" not in ports and "0-65535" not in ports


def closes_by_itself(rules: Any) -> bool:
    """Whether a list of security rules of Azure refuses what no rule before lets in."""
    return any(
        str(_fields(rule).get("direction")).lower() == "inbound"
        and str(_fields(rule).get("access")).lower() == "deny"
        and _fields(rule).get("sourceAddressPrefix") == "*"
        and _fields(rule).get("destinationPortRange") == "*"
        for rule in _list(rules)
    )


def public_variable(value: Any) -> bool:
    """Whether a variable of a container, NAME=value, has a name that is none of a secret's."""
    name = str(value).partition("=")[0].upper()
    return not any(word in name for word in ("PASSWORD", "SECRET", "TOKEN", "REDISCLI_AUTH"))


def without_passwords(value: Any) -> bool:
    """Whether a command has no option that takes a password."""
    words = {str(word) for word in _list(value)}
    return not words & {"--requirepass", "--masterauth", "-a", "--pass"}


def drops_all(value: Any) -> bool:
    """Whether a container is without capabilities."""
    return bool({"ALL", "CAP_ALL"} & {str(one).upper() for one in _list(value)})


def no_new_privileges(value: Any) -> bool:
    """Whether a program in a container can get no more rights than it starts with."""
    return any(str(one).startswith("no-new-privileges") for one in _list(value))


def numeric_user(value: Any) -> bool:
    """Whether a container's user is one, and not root."""
    return str(value).partition(":")[0] not in {"", "0", "root"}


def label_with_tls(value: Any) -> bool:
    """Whether a label of Docker, where it tells the security mode, tells one with TLS."""
    label = _fields(value)
    return label.get("label") != "secure-redis.mode" or label.get("value") in {"tls", "mtls"}


def own_network(value: Any) -> bool:
    """Whether a network of Google Cloud is one that was made, not the project's default."""
    return str(value).rpartition("/")[2] not in {"", "default"}


def strong_curve(value: Any) -> bool:
    """Whether an elliptic curve has 256 bits or more."""
    return str(value) in {"P256", "P384", "P521"}


# Of which resources


def durable(resource: Resource, stack: Resources) -> bool:
    """Whether a cache holds data that its server does not evict as it likes: sessions, or a queue.

    False where its policy is not told.
    """
    policies = {_policy(one) for one in stack.beside(resource)} - {""}
    return bool(policies) and not any(policy.startswith("allkeys") for policy in policies)


def data_volume(resource: Resource, _stack: Resources) -> bool:
    """Whether a volume of ours holds a cache's data, not its configuration."""
    return resource.urn.endswith("-data")


def starts(resource: Resource, _stack: Resources) -> bool:
    """Whether a container is one that runs."""
    return not (resource.value("start") is not Value.MISSING and false(resource.value("start")))


def enabled_by(path: str, *values: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether a property of the resource has one of some values."""
    matches = one_of(*values)
    return lambda resource, _stack: matches(resource.value(path))


def unless(path: str, *values: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether a property of the resource is known and none of some values."""
    matches = enabled_by(path, *values)
    return lambda resource, stack: (
        resource.value(path) is not Value.HIDDEN and not matches(resource, stack)
    )


def beside(*types: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether a resource of one of some types is in the same component."""
    return lambda resource, stack: any(one.type in types for one in stack.beside(resource))


def has(path: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether the resource has a property, with anything in it."""
    return lambda resource, _stack: resource.value(path) not in (Value.MISSING, [], "")


def lacks(path: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether the resource does not have it."""
    there = has(path)
    return lambda resource, stack: not there(resource, stack)


def both(
    *conditions: Callable[[Resource, Resources], bool],
) -> Callable[[Resource, Resources], bool]:
    """A condition: whether all of some hold."""
    return lambda resource, stack: all(condition(resource, stack) for condition in conditions)


def about(path: str, word: str) -> Callable[[Resource, Resource], bool]:
    """Whether another resource is about one of some kind, by a word in the id that it names.

    True where that id is not known yet.
    """

    def holds(_resource: Resource, other: Resource) -> bool:
        named = other.values(path).values()
        return any(one is Value.HIDDEN or word.lower() in str(one).lower() for one in named)

    return holds


POLICIES = (
    "evictionPolicy",
    "redisConfiguration.maxmemoryPolicy",
    "redisConfigs.maxmemory-policy",
    "engineConfigs.maxmemory-policy",
)
"""Where clouds keep the policy by which a full server evicts."""


def _policy(resource: Resource) -> str:
    """The eviction policy, in lower case; empty where the resource tells none."""
    for path in POLICIES:
        found = resource.value(path)
        if isinstance(found, str):
            return found.lower()
    for entry in resource.values("parameters[]").values():
        if _fields(entry).get("name") == "maxmemory-policy":
            return str(_fields(entry).get("value")).lower()
    return ""


def _statements(policy: Any) -> list[Mapping[str, Any]]:
    """The statements of a policy of AWS that allow something."""
    found = document(policy).get("Statement")
    statements = map(_fields, found if isinstance(found, list) else [found])
    return [one for one in statements if one.get("Effect") == "Allow"]


def _everybody(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        of_kinds = cast("Mapping[str, Any]", principal).values()
        return any("*" in _list(one) for one in of_kinds)
    return principal == "*"


def _reads_secrets(action: str) -> bool:
    return action == "*" or action.lower() in {"secretsmanager:*", "secretsmanager:getsecretvalue"}


def _lets_in(rule: Mapping[str, Any]) -> bool:
    inbound = str(rule.get("direction")).lower() == "inbound"
    return inbound and str(rule.get("access")).lower() == "allow"


def _fields(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]
