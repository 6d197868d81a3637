"""From raw configuration to settings: all mistakes at once, before any resource is touched."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, cast

import pulumi
from pulumi import Output
from pulumi.runtime import config as runtime_config
from pydantic import Field
from pydantic.alias_generators import to_camel

from . import rules
from .problems import ConfigurationError, Problem, report
from .schema import (
    Settings,
    Text,
    WiredText,
    covered,
    deepcopy_plain,
    join,
    parse,
    suggestion,
)
from .settings import (
    AccessSettings,
    AlarmSettings,
    Arguments,
    CacheSettings,
    StackSettings,
    Target,
)

NAMESPACE = "secure-redis"
"""Namespace of the keys in a stack file: the project's name."""


def own_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of ours in the configuration of a stack, without their namespace."""
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): v for key, v in config.items() if key.startswith(prefix)}


def is_encrypted(value: Any) -> bool:
    """Whether a value of a stack file is an encrypted one."""
    return isinstance(value, Mapping) and set(cast("Mapping[str, Any]", value)) == {"secure"}


class InvalidArguments(pulumi.RunError, pulumi.InputPropertiesError):
    """Arguments that a component cannot use.

    In a program it ends the run with its message and no traceback; to a program in another language
    the engine reports each property.
    """

    def __init__(self, problems: list[Problem]) -> None:
        details: list[Any] = [
            {"property_path": problem.path, "reason": f"{problem.reason}. {problem.fix}"}
            for problem in problems
        ]
        pulumi.InputPropertiesError.__init__(self, report(problems), details)


def parse_stack(raw: Mapping[str, Any]) -> StackSettings:
    """The settings of a stack from its configuration keys without their namespace.

    Raises ConfigurationError with all problems of the stack and of every cache.
    """
    data = deepcopy_plain(raw)
    own = list(_inherit(data))
    stack, problems = parse(StackSettings, data, "")
    # A cache's target and environment are the stack's: say once what is wrong with them.
    problems = own + [p for p in problems if not _inherited(p)]
    if stack is not None:
        misread = [problem.path for problem in problems]
        broken = [
            problem
            for name, cache in stack.caches.items()
            for problem in rules.cache_problems(join("caches", name), cache)
        ]
        broken += rules.stack_problems(stack)
        problems += _judged(broken, misread, stack.exceptions)
        if not misread:
            problems += _useless_exceptions(stack.exceptions, {p.rule for p in broken})
    if stack is None or problems:
        raise ConfigurationError(problems)
    return stack


def parse_cache(
    raw: Mapping[str, Any], target: Target, exceptions: Mapping[str, str]
) -> CacheSettings:
    """The settings of one cache. Raises ConfigurationError with all problems."""
    own = [_once(key, "by the component") for key in ("target",) if key in raw]
    cache, problems = parse(CacheSettings, {**raw, "target": target.value}, "")
    problems += own
    if cache is not None:
        misread = [problem.path for problem in problems]
        problems += _judged(rules.cache_problems("", cache), misread, exceptions)
    problems += _unknown_exceptions(exceptions)
    if cache is None or problems:
        raise ConfigurationError(problems)
    return cache


def cache_from_args(name: str, args: Mapping[str, Any], target: Target) -> Arguments:
    """The checked arguments of the component `name`.

    Raises InvalidArguments with all problems, before any resource is registered.
    """
    raw = camel_keys(args)
    beside = {key: raw.pop(key) for key in _FREE_KEYS if raw.get(key) is not None}
    shared, problems = parse(_Shared, beside, "")
    shared = shared or _Shared()
    problems += _network_problems(shared.network, target)
    try:
        cache = parse_cache(raw, target, shared.exceptions)
    except ConfigurationError as error:
        problems += error.problems
    else:
        given = Arguments(cache, shared.network, shared.access, shared.alarms, shared.tags)
        misread = [problem.path for problem in problems]
        broken = rules.argument_problems(name, given)
        problems += _judged(broken, misread, shared.exceptions)
        if not problems:
            return given
    raise InvalidArguments(ConfigurationError(problems).problems)


def read_stack(config: pulumi.Config | None = None) -> StackSettings:
    """The settings of the current stack, from its stack file.

    Raises RunError with all problems; no value is printed, since it can be a secret.
    """
    config = config or pulumi.Config(NAMESPACE)
    problems: list[Problem] = []
    raw = {key: _value(config, key, problems) for key in _keys()}
    try:
        stack = parse_stack({key: value for key, value in raw.items() if value is not None})
    except ConfigurationError as error:
        problems += error.problems
    else:
        if not problems:
            return stack
    raise pulumi.RunError(report(problems)) from None


def camel_keys(value: Any) -> Any:
    """Arguments in snake_case as the stack file spells them; names of tags and rules stay."""
    if isinstance(value, list | tuple):
        return [camel_keys(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        to_camel(key): dict(item)
        if key in _FREE_NAMES and isinstance(item, Mapping)
        else camel_keys(item)
        for key, item in value.items()
    }


Fact = Annotated[str, Field(strict=True)] | Output[str] | list[WiredText]
"""A fact of a network."""


class _Shared(Settings):
    """Arguments of a component that are no settings of its cache."""

    tags: dict[Text, Text] = Field(default_factory=dict[str, str])
    exceptions: dict[Text, Text] = Field(default_factory=dict[str, str])
    network: dict[Text, Fact] = Field(default_factory=dict[str, Any])
    access: AccessSettings = AccessSettings()
    alarms: AlarmSettings = AlarmSettings()


_FREE_KEYS = frozenset(_Shared.model_fields)

_FREE_NAMES = frozenset({"tags", "exceptions", "network", "parameters"})
"""Arguments whose keys are not ours to spell."""

NETWORK_FACTS = {
    Target.AWS: frozenset({"vpc_id", "subnet_ids"}),
    Target.AZURE: frozenset({"resource_group_name", "subnet_id", "private_dns_zone_ids"}),
    Target.DOCKER: frozenset({"name", "owner"}),
    Target.GCP: frozenset({"network_id", "reserved_range_name", "connection_policy_id"}),
}
"""What the argument `network` holds, on targets that have networks."""

MAY_BE_EMPTY = frozenset({"reserved_range_name", "connection_policy_id"})
"""Facts of which a network needs not have all: each is for one engine."""

_MAPPINGS = {"caches", "tags", "exceptions", "network", "access", "alarms"}


def _keys() -> Iterable[str]:
    # What the engine sets, and what a test or an embedding program sets.
    return sorted(own_keys({**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}))


def _value(config: pulumi.Config, key: str, problems: list[Problem]) -> Any:
    if key not in _MAPPINGS:
        return config.get(key)
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        # The exception's own text holds the value, which can be a secret.
        problems.append(Problem(key, "must be a mapping", "Write it as nested keys."))
        return None


_INHERITED = ("target", "environment")


def _inherit(data: dict[str, Any]) -> Iterator[Problem]:
    """Gives each cache what is the stack's: an environment of its own would dodge its refusals."""
    caches = data.get("caches")
    for name, cache in caches.items() if isinstance(caches, dict) else ():
        if not isinstance(cache, dict):
            continue
        for key in _INHERITED:
            if key in cache:
                yield _once(join("caches", name, key), "once, for the whole stack")
            cache[key] = data.get(key)


def _once(path: str, where: str) -> Problem:
    return Problem(path, f"is set {where}", "Remove it here.")


def _inherited(problem: Problem) -> bool:
    parts = problem.path.split(".")
    return len(parts) == 3 and parts[0] == "caches" and parts[2] in _INHERITED  # noqa: PLR2004


def _network_problems(network: Mapping[str, Any], target: Target) -> Iterator[Problem]:
    facts = NETWORK_FACTS.get(target, frozenset())
    for fact in sorted(facts - MAY_BE_EMPTY):
        if network.get(fact) == "":
            yield Problem(join("network", fact), "is empty", "Give it a value.")
    if not network or network.keys() == facts:
        return
    if not facts:
        yield Problem("network", f"has no effect on the target {target.value}", "Remove it.")
        return
    reason = f"must hold {' and '.join(sorted(facts))} and nothing else"
    yield Problem("network", reason, "Give what the target's network component has as its facts.")


def _judged(
    broken: Iterable[Problem], misread: Iterable[str], exceptions: Mapping[str, str]
) -> list[Problem]:
    """The broken rules that no exception accepts, and that do not follow from a misread value."""
    return [
        problem
        for problem in broken
        if not (problem.rule and problem.rule in exceptions) and not covered(problem.path, misread)
    ]


def _unknown_exceptions(exceptions: Iterable[str]) -> Iterator[Problem]:
    for rule in exceptions:
        if rule not in rules.WAIVABLE:
            fix = suggestion(rule, list(rules.WAIVABLE))
            yield Problem(join("exceptions", rule), "no such rule can be excepted", fix)


def _useless_exceptions(exceptions: Iterable[str], broken: set[str]) -> Iterator[Problem]:
    yield from _unknown_exceptions(exceptions)
    for rule in exceptions:
        if rule in rules.WAIVABLE and rule not in broken:
            path = join("exceptions", rule)
            yield Problem(path, "nothing here breaks this rule", "Remove it.")
