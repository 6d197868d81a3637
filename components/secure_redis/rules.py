"""Rules that hold on every target: what goes together, and what production refuses."""

from collections.abc import Iterable, Iterator
from typing import Any

from .aws import rules as aws
from .azure import rules as azure
from .docker import rules as docker
from .external import rules as external
from .gcp import rules as gcp
from .problems import Problem
from .schema import join
from .settings import (
    Arguments,
    CacheSettings,
    EvictionPolicy,
    Mode,
    Persistence,
    Purpose,
    StackSettings,
    Target,
)

WAIVABLE = (
    "plaintext-in-production",
    "public-address",
    "single-node",
    "unprotected-data",
    "volatile-data",
)
"""Ids of the rules that `exceptions` may accept with a reason."""


ROOMS = {
    Target.AWS: aws.cache_problems,
    Target.AZURE: azure.cache_problems,
    Target.DOCKER: docker.cache_problems,
    Target.EXTERNAL: external.cache_problems,
    Target.GCP: gcp.cache_problems,
}
"""The rules of each target for one cache."""

CLOUDS = {Target.AWS: aws, Target.AZURE: azure, Target.GCP: gcp}
"""The rules of the clouds, which also judge networks, access, alarms and tags."""


def cache_problems(path: str, cache: CacheSettings) -> Iterator[Problem]:
    """All that is wrong with one cache."""
    yield from _combinations(path, cache)
    if cache.production:
        yield from _production(path, cache)
    yield from _sections(path, cache)
    yield from ROOMS[cache.target](path, cache)


def stack_problems(stack: StackSettings) -> Iterator[Problem]:
    """All that is wrong with a stack, beside what is wrong with single caches."""
    if stack.target is Target.DOCKER:
        yield from docker.stack_problems(stack.caches)
    if stack.target in CLOUDS:
        yield from CLOUDS[stack.target].stack_problems(stack)
    if not stack.target.cloud:
        yield from _without_effect(stack, ("access", "alarms", "network"), stack.target)


def argument_problems(name: str, given: Arguments) -> Iterator[Problem]:
    """What is wrong with what a component was given beside the settings of its cache."""
    target = given.cache.target
    if target in CLOUDS:
        yield from CLOUDS[target].argument_problems(name, given)
    if not target.cloud:
        yield from _without_effect(given, ("access", "alarms"), target)


def _without_effect(given: Any, keys: Iterable[str], target: Target) -> Iterator[Problem]:
    for key in keys:
        value = getattr(given, key)
        if value != type(value)():
            yield Problem(key, f"has no effect on the target {target.value}", "Remove it.")


def _combinations(path: str, cache: CacheSettings) -> Iterator[Problem]:
    if cache.purpose is Purpose.QUEUE and cache.eviction_policy is not EvictionPolicy.NOEVICTION:
        yield Problem(
            join(path, "evictionPolicy"),
            f"{cache.eviction_policy.value} lets a full queue lose entries without a word",
            "Use noeviction, or give the cache another purpose.",
        )
    if cache.rotation.keep_previous and cache.rotation.generation == 1:
        yield Problem(
            join(path, "rotation.keepPrevious"),
            "the first generation has no password before it",
            "Raise generation to 2 to get a new password beside the first.",
        )


def _production(path: str, cache: CacheSettings) -> Iterator[Problem]:
    # A cloud's own rules know no other mode at all.
    if not cache.mode.tls and not cache.target.cloud:
        yield Problem(
            join(path, "mode"),
            f"{cache.mode.value} is refused in production: everybody on the way can read along",
            "Use tls or mtls.",
            rule="plaintext-in-production",
        )
    if cache.persistence is Persistence.NONE and cache.purpose is not Purpose.CACHE:
        yield Problem(
            join(path, "persistence"),
            f"none is refused for {cache.purpose.value} in production: a restart loses all",
            f"Use {'rdb' if cache.target.cloud else 'aof'}.",
            rule="volatile-data",
        )
    keeps_data = cache.target is not Target.EXTERNAL and cache.mode is not Mode.NONE
    if keeps_data and not cache.protect:
        yield Problem(
            join(path, "protect"),
            "false is refused in production: one command could delete the data",
            "Leave it out.",
            rule="unprotected-data",
        )


def _sections(path: str, cache: CacheSettings) -> Iterator[Problem]:
    without_effect = {other.value: other.value for other in Target if other is not cache.target}
    if not cache.target.cloud:
        without_effect |= {"replicas": "replicas", "allow_replacement": "allowReplacement"}
    for field, key in without_effect.items():
        if field in cache.model_fields_set:
            yield Problem(
                join(path, key),
                f"has no effect on the target {cache.target.value}",
                "Remove it, or change the target.",
            )
