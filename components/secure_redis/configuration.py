"""From raw configuration to settings: all mistakes found at once, before any resource is touched."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic.alias_generators import to_camel

from . import rules
from .problems import ConfigurationError, Problem, report
from .schema import deepcopy_plain, join, parse, suggestion
from .settings import CacheSettings, StackSettings, Target

NAMESPACE = "secure-redis"
"""Namespace of the keys in a stack file: the project's name."""


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
    caches = data.get("caches")
    if isinstance(caches, dict):
        for cache in caches.values():
            if isinstance(cache, dict):
                cache.setdefault("environment", data.get("environment"))
    stack, problems = parse(StackSettings, data, "")
    # A cache's environment is the stack's: say once what is wrong with it.
    problems = [p for p in problems if not _inherited(p)]
    if stack is not None:
        for name, cache in stack.caches.items():
            problems += rules.cache_problems(join("caches", name), cache, stack.target)
        problems += rules.stack_problems(stack.caches, stack.target)
        broken = {problem.rule for problem in problems}
        problems = _without_exceptions(problems, stack.exceptions)
        problems += _useless_exceptions(stack.exceptions, broken)
    if stack is None or problems:
        raise ConfigurationError(problems)
    return stack


def parse_cache(
    raw: Mapping[str, Any], target: Target, exceptions: Mapping[str, str]
) -> CacheSettings:
    """The settings of one cache. Raises ConfigurationError with all problems."""
    cache, problems = parse(CacheSettings, raw, "")
    if cache is not None:
        problems += rules.cache_problems("", cache, target)
        problems = _without_exceptions(problems, exceptions)
    if cache is None or problems:
        raise ConfigurationError(problems)
    return cache


def cache_from_args(
    args: Mapping[str, Any], target: Target
) -> tuple[CacheSettings, Mapping[str, Any], dict[str, str]]:
    """Settings, network and tags from the arguments of a component.

    Raises InvalidArguments with all problems, before any resource is registered.
    """
    raw = camel_keys(args)
    network = raw.pop("network", None) or {}
    tags = raw.pop("tags", None) or {}
    exceptions = raw.pop("exceptions", None) or {}
    try:
        return parse_cache(raw, target, exceptions), network, dict(tags)
    except ConfigurationError as error:
        raise InvalidArguments(error.problems) from None


def read_stack(config: pulumi.Config | None = None) -> StackSettings:
    """The settings of the current stack, from its stack file.

    Raises RunError with all problems; no value is printed, since it can be a secret.
    """
    config = config or pulumi.Config(NAMESPACE)
    problems: list[Problem] = []
    raw = {key: _value(config, key, problems) for key in _keys(config)}
    try:
        stack = parse_stack({key: value for key, value in raw.items() if value is not None})
    except ConfigurationError as error:
        problems += error.problems
    else:
        if not problems:
            return stack
    raise pulumi.RunError(report(problems)) from None


def camel_keys(value: Any) -> Any:
    """Arguments in snake_case as the stack file spells them. Names of tags and rules stay as they are."""
    if not isinstance(value, Mapping):
        return list(value) if isinstance(value, tuple) else value
    return {
        to_camel(key): dict(item)
        if key in _FREE_KEYS and isinstance(item, Mapping)
        else camel_keys(item)
        for key, item in value.items()
    }


_FREE_KEYS = {"tags", "exceptions", "network"}

_SCALARS = {"target", "environment"}


def _keys(config: pulumi.Config) -> Iterable[str]:
    prefix = f"{NAMESPACE}:"
    # What the engine sets, and what a test or an embedding program sets.
    names = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    return sorted(key.removeprefix(prefix) for key in names if key.startswith(prefix))


def _value(config: pulumi.Config, key: str, problems: list[Problem]) -> Any:
    if key in _SCALARS:
        return config.get(key)
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        # The exception's own text holds the value, which can be a secret.
        problems.append(Problem(key, "must be a mapping", "Write it as nested keys."))
        return None


def _inherited(problem: Problem) -> bool:
    parts = problem.path.split(".")
    return len(parts) == 3 and parts[0] == "caches" and parts[2] == "environment"  # noqa: PLR2004


def _without_exceptions(
    problems: Iterable[Problem], exceptions: Mapping[str, str]
) -> list[Problem]:
    return [p for p in problems if not (p.rule and p.rule in exceptions)]


def _useless_exceptions(exceptions: Iterable[str], broken: set[str]) -> Iterator[Problem]:
    for rule in exceptions:
        path = join("exceptions", rule)
        if rule not in rules.WAIVABLE:
            fix = suggestion(rule, list(rules.WAIVABLE))
            yield Problem(path, "no such rule can be excepted", fix)
        elif rule not in broken:
            yield Problem(path, "nothing here breaks this rule", "Remove it.")
