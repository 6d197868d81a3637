"""Configurations for the tests, and the ways to judge them."""

from collections.abc import Mapping
from typing import Any

from secure_redis.configuration import parse_stack
from secure_redis.problems import ConfigurationError, Problem
from secure_redis.settings import CacheSettings, StackSettings


def stack(caches: Any = None, **keys: Any) -> dict[str, Any]:
    """A stack's configuration: one cache on Docker for development, unless said otherwise."""
    base = {"target": "docker", "environment": "development"}
    return {**base, "caches": {"cache": {}} if caches is None else caches, **keys}


def one(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A stack with a single cache of the given settings."""
    return stack({"cache": dict(cache or {})}, **keys)


def endpoint(**keys: Any) -> dict[str, Any]:
    """The settings of an external endpoint."""
    return {"host": "redis.example.com", "port": 6380, "password": "p" * 32, **keys}


def external(cache: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    """A stack with one external endpoint."""
    return one({"external": endpoint(), **(cache or {})}, target="external", **keys)


def accepted(raw: Mapping[str, Any]) -> StackSettings:
    """The settings; nothing may be wrong with them."""
    return parse_stack(raw)


def cache_of(raw: Mapping[str, Any]) -> CacheSettings:
    """The settings of the only cache."""
    return parse_stack(raw).caches["cache"]


def error_of(raw: Mapping[str, Any]) -> ConfigurationError:
    """The error; something must be wrong."""
    try:
        found = parse_stack(raw)
    except ConfigurationError as error:
        return error
    raise AssertionError(f"nothing is wrong with {found!r}")


def problems_of(raw: Mapping[str, Any]) -> dict[str, Problem]:
    """What is wrong, by path; two problems at one path are a mistake."""
    problems = error_of(raw).problems
    by_path = {problem.path: problem for problem in problems}
    assert len(by_path) == len(problems), problems
    return by_path


def paths_of(raw: Mapping[str, Any]) -> list[str]:
    """Where something is wrong."""
    return [problem.path for problem in error_of(raw).problems]
