"""What rules ask of a value, and of which resources."""

import re
import shlex
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Any, cast

from .resources import Resource, Resources, Value, document, hidden, holds_hidden

LARGEST_PUBLIC_PREFIX = 16
"""Prefix length from which on a network on the internet is taken for one organization's."""

EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
"""Members of Google Cloud's policies that are no identities."""

LARGEST_RANGE = 2 ** (32 - LARGEST_PUBLIC_PREFIX)
"""Addresses in a range on the internet that is still taken for one organization's."""

PORTS_OF_A_CACHE = 2
"""As many neighbouring ports a cache has at most: one to write, one to read."""

OLDEST_ENGINE = (6, 2)
"""First version of Redis that is still good enough; every version of Valkey is."""


def true(value: Any) -> bool:
    """Whether a flag is set; some providers write it as text."""
    return str(value).lower() == "true"


def false(value: Any) -> bool:
    """Whether a flag is not set."""
    return str(value).lower() in {"false", ""}


def off(value: Any) -> bool:
    """Whether something is switched off, by a flag or by a word."""
    return false(value) or str(value).lower() == "disabled"


def on(value: Any) -> bool:
    """Whether something is switched on, by a flag or by a word."""
    return true(value) or str(value).lower() == "enabled"


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


def named_sources(value: Any) -> bool | None:
    """Whether all networks of a list are organizations' own."""
    return _every(named_source, value)


def small_range(value: Any) -> bool | None:
    """Whether addresses, first and last, are a network's of one organization.

    Azure takes 0.0.0.0 alone for all of its own customers.
    """
    if holds_hidden(value):
        return None
    try:
        first, last = (IPv4Address(str(one)) for one in value)
    except ValueError:
        return False
    few = int(last) - int(first) < LARGEST_RANGE
    return not first.is_unspecified and (few or (first.is_private and last.is_private))


def one_service(value: Any) -> bool | None:
    """Whether ports, first and last, are those of one cache."""
    if holds_hidden(value):
        return None
    first, last = (0 if one is Value.MISSING else one for one in value)
    try:
        return int(first) > 0 and int(last) - int(first) < PORTS_OF_A_CACHE
    except (TypeError, ValueError):
        return False


def one_service_by_tcp(value: Any) -> bool | None:
    """Whether a rule within a security group of AWS lets in to the ports of one cache."""
    fields = _fields(value)
    ports = [fields.get("fromPort", Value.MISSING), fields.get("toPort", Value.MISSING)]
    protocol = fields.get("protocol")
    if hidden(protocol):
        return None
    return one_service(ports) if one_of("tcp", "6")(protocol) else False


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


def named_members(value: Any) -> bool | None:
    """Whether all members of a list are identities."""
    return _every(named_member, value)


def source_of_azure(rule: Any) -> bool | None:
    """Whether a security rule of Azure lets in named networks only."""
    return _of_azure(rule, named_source, "sourceAddressPrefix", "sourceAddressPrefixes")


def ports_of_azure(rule: Any) -> bool | None:
    """Whether a security rule of Azure lets in to named ports only."""
    return _of_azure(
        rule,
        lambda port: str(port) not in {"*", "0-65535"},
        "destinationPortRange",
        "destinationPortRanges",
    )


def _of_azure(rule: Any, holds: Callable[[Any], bool], one: str, several: str) -> bool | None:
    fields = _fields(rule)
    if hidden(fields.get("direction")) or hidden(fields.get("access")):
        return None
    if not _lets_in(fields):
        return True
    found = fields.get(several)
    # A list that is not known as a whole is one element that is not known.
    values = [fields.get(one), *([found] if hidden(found) else _list(found))]
    return _every(holds, [value for value in values if value])


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
    """Whether a variable of a container, NAME=value, holds no secret, by its name and its form.

    Names of files with a secret are none.
    """
    name, _, text = str(value).partition("=")
    name = name.upper()
    if _CREDENTIALS.search(text):
        return False
    if name.endswith("_FILE") or name in _NO_SECRETS:
        return True
    return not any(word in name for word in ("PASSWORD", "SECRET", "TOKEN", "REDISCLI_AUTH"))


_URL = re.compile(r"\brediss?://")

_CREDENTIALS = re.compile(r"\brediss?://[^/@\s]*:[^/@\s]+@")
"""A URL of Redis with a password in it."""

_NO_SECRETS = frozenset({"ALLOW_EMPTY_PASSWORD"})
"""Variables of known images that only sound secret."""


def without_redis_credentials(value: Any) -> bool:
    """Whether a variable of an application's container, NAME=value, holds no password of a Redis.

    What is secret in it otherwise is somebody else's business.
    """
    return public_variable(value) or not of_a_client(value)


def of_a_client(value: Any) -> bool:
    """Whether a variable of a container, NAME=value, is about a Redis."""
    name, _, text = str(value).partition("=")
    return any(word in name.upper() for word in ("REDIS", "VALKEY")) or bool(_URL.search(text))


def without_passwords(value: Any) -> bool | None:
    """Whether a command has no option that takes a password."""
    options = {"--requirepass", "--masterauth", "-a", "--pass"}
    found = {
        part.partition("=")[0]
        for word in _list(value)
        if isinstance(word, str) and not hidden(word)
        for part in split(word)
    }
    if found & options:
        return False
    return None if holds_hidden(value) else True


def split(text: str) -> list[str]:
    """The words of a command, as a shell parts them."""
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark without its other half
        return text.split()


def drops_all(value: Any) -> bool:
    """Whether a container is without capabilities."""
    return bool({"ALL", "CAP_ALL"} & {str(one).upper() for one in _list(value)})


def no_new_privileges(value: Any) -> bool:
    """Whether a program in a container can get no more rights than it starts with."""
    return any(str(one).startswith("no-new-privileges") for one in _list(value))


def numeric_user(value: Any) -> bool:
    """Whether a container's user is one, and not root."""
    return str(value).partition(":")[0] not in {"", "0", "root"}


def label_with_tls(value: Any) -> bool | None:
    """Whether a label of Docker, where it tells the security mode, tells one with TLS."""
    label = _fields(value)
    if hidden(label.get("label")):
        return None
    if label.get("label") != "secure-redis.mode":
        return True
    mode = label.get("value")
    return None if hidden(mode) else str(mode) in {"tls", "mtls"}


def own_network(value: Any) -> bool:
    """Whether a network of Google Cloud is one that was made, not the project's default."""
    return str(value).rpartition("/")[2] not in {"", "default"}


def strong_curve(value: Any) -> bool:
    """Whether an elliptic curve has 256 bits or more."""
    return str(value) in {"P256", "P384", "P521"}


# Of which resources


def durable(resource: Resource, stack: Resources) -> bool:
    """Whether a cache holds data that its server does not evict as it likes: sessions, or a queue.

    False where its policy is not told. What nobody chose keeps all that has no time to live.
    """
    policies = {_policy(one) for one in stack.beside(resource)} - {""}
    if not policies and not stack.is_ours(resource):
        return _default_policy(resource, stack)
    return bool(policies) and not any(policy.startswith("allkeys") for policy in policies)


def _default_policy(resource: Resource, stack: Resources) -> bool:
    """Whether a cache that names no policy has the cloud's own, which is volatile-lru."""
    group = resource.value("parameterGroupName")
    if group is Value.MISSING or any(
        one.type in PARAMETER_GROUPS for one in stack.beside(resource)
    ):
        return True
    return isinstance(group, str) and group.startswith("default.")


def data_volume(resource: Resource, stack: Resources) -> bool:
    """Whether a volume holds a cache's data, not its configuration; of others', every one does."""
    return resource.urn.endswith("-data") or not stack.is_ours(resource)


def foreign(resource: Resource, stack: Resources) -> bool:
    """Whether no component of ours made the resource."""
    return not stack.is_ours(resource)


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


def without(*types: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether no resource of some types is for the same Redis."""
    there = beside(*types)
    return lambda resource, stack: not there(resource, stack)


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

    True where that id is not known yet, and of resources that name what they are about otherwise.
    """

    def holds(_resource: Resource, other: Resource) -> bool:
        named = set(map(str, other.values(path).values())) - {str(Value.MISSING)}
        return not named or any(
            one == str(Value.HIDDEN) or word.lower() in one.lower() for one in named
        )

    return holds


def alone(resource: Resource, stack: Resources) -> bool:
    """Whether a cache of ElastiCache is no member of a replication group, which is judged itself.

    False where that cannot be told.
    """
    return resource.type != CLUSTER or (is_redis(resource) and in_group(resource, stack) is False)


def of_redis(resource: Resource, stack: Resources) -> bool:
    """Whether a cluster of ElastiCache is not one of memcached, which is in no group."""
    return is_redis(resource) or in_group(resource, stack) is True


def in_group(resource: Resource, _stack: Resources) -> Any:
    """Whether a cluster of ElastiCache is a member of a replication group, where that is known."""
    group = resource.value("replicationGroupId")
    if group is Value.HIDDEN:
        # An id that comes from another resource is one, whatever it will be.
        return True if "replicationGroupId" in resource.sources else Value.HIDDEN
    return group not in (Value.MISSING, "")


def own(path: str) -> Callable[[Resource, Resources], bool]:
    """A condition: whether a replication group has a setting of its own, or none at all.

    One that follows another region's takes the settings of that one, and may not declare them.
    """
    return lambda resource, _stack: (
        resource.value(path) is not Value.MISSING
        or "globalReplicationGroupId" not in resource.inputs
    )


def login_of_group(resource: Resource, _stack: Resources) -> Any:
    """What lets users in to a replication group: a token, else its users."""
    tokens = (resource.value(path) for path in ("authToken", "authTokenWo", "authTokenWoVersion"))
    given = any(token not in (Value.MISSING, "") for token in tokens)
    return ["token"] if given else resource.value("userGroupIds")


def is_redis(resource: Resource) -> bool:
    """Whether a cache of ElastiCache is not one of memcached."""
    return str(resource.value("engine")).lower() in {"redis", "valkey"}


def generated_login(resource: Resource, stack: Resources) -> bool:
    """Whether a program knows a credential of its cache; our components always do.

    Where the cache's login is one by identities, or what comes from a secrets manager as it is,
    there is nothing to be kept there.
    """
    return stack.is_ours(resource) or any(one.type in PASSWORDS for one in stack.beside(resource))


# What it takes several properties to tell


def of(*paths: str) -> Callable[[Resource, Resources], Any]:
    """A list of properties."""
    return lambda resource, _stack: [resource.value(path) for path in paths]


def first(*paths: str) -> Callable[[Resource, Resources], Any]:
    """The first of some properties that is there."""
    return lambda resource, _stack: next(
        (found for found in map(resource.value, paths) if found is not Value.MISSING),
        Value.MISSING,
    )


def words(*paths: str) -> Callable[[Resource, Resources], Any]:
    """The elements of several lists; not there where none of them is."""

    def read(resource: Resource, stack: Resources) -> Any:
        there = [one for one in of(*paths)(resource, stack) if one is not Value.MISSING]
        return [word for one in there for word in _list(one)] if there else Value.MISSING

    return read


def all_of_it(resource: Resource, _stack: Resources) -> Any:
    """All properties of the resource, as they are recorded where they are."""
    return {**resource.inputs, **resource.outputs}


def encrypted_by_engine(resource: Resource, _stack: Resources) -> Any:
    """Whether data of a cache of ElastiCache are encrypted: of Valkey they are by themselves."""
    declared = resource.value("atRestEncryptionEnabled")
    by_itself = declared is Value.MISSING and resource.value("engine") == "valkey"
    return True if by_itself else declared


def any_on(value: Any) -> bool | None:
    """Whether one of some things is switched on."""
    found = _list(value)
    if any(true(one) for one in found):
        return True
    return None if holds_hidden(found) or Value.HIDDEN in found else False


def persisted(value: Any) -> bool | None:
    """Whether Azure Managed Redis writes its data to disk, in one of its two ways."""
    fields = _fields(value)
    return any_on([fields.get("rdbEnabled"), fields.get("aofEnabled")])


def any_there(value: Any) -> bool:
    """Whether one of some properties is there."""
    return any(one not in (Value.MISSING, "") for one in _list(value))


CLUSTER = "aws:elasticache/cluster:Cluster"
"""A single cache of ElastiCache, or one node of a replication group."""

PARAMETER_GROUPS = (
    "aws:elasticache/parameterGroup:ParameterGroup",
    "aws:memorydb/parameterGroup:ParameterGroup",
)
"""Resources that tell a cache's eviction policy."""

PASSWORDS = ("random:index/randomPassword:RandomPassword", "random:index/randomString:RandomString")
"""Resources that are credentials made by a program."""

POLICIES = (
    "evictionPolicy",
    "defaultDatabase.evictionPolicy",
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


def _every(holds: Callable[[Any], bool], value: Any) -> bool | None:
    """Whether it holds of all elements; None where it does of those that are known."""
    found = _list(value)
    if not all(holds(one) for one in found if not hidden(one)):
        return False
    return None if any(map(hidden, found)) else True


def _lets_in(rule: Mapping[str, Any]) -> bool:
    inbound = str(rule.get("direction")).lower() == "inbound"
    return inbound and str(rule.get("access")).lower() == "allow"


def _fields(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]
