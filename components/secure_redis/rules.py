"""Rules that hold on every target: what goes together, and what production refuses."""

from collections.abc import Iterator, Mapping

from .docker import rules as docker
from .external import rules as external
from .problems import Problem
from .schema import join
from .settings import CacheSettings, Environment, EvictionPolicy, Mode, Persistence, Purpose, Target

WAIVABLE = ("plaintext-in-production", "public-address", "volatile-data", "unprotected-data")
"""Ids of the rules that `exceptions` may accept with a reason."""


def cache_problems(path: str, cache: CacheSettings, target: Target) -> Iterator[Problem]:
    """All that is wrong with one cache."""
    yield from _combinations(path, cache)
    if cache.environment is Environment.PRODUCTION:
        yield from _production(path, cache)
    yield from _sections(path, cache, target)
    if target is Target.DOCKER:
        yield from docker.cache_problems(path, cache)
    else:
        yield from external.cache_problems(path, cache)


def stack_problems(caches: Mapping[str, CacheSettings], target: Target) -> Iterator[Problem]:
    """All that is wrong with the caches of a stack together."""
    if target is Target.DOCKER:
        yield from docker.stack_problems(caches)


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
    if not cache.mode.tls:
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
            "Use aof.",
            rule="volatile-data",
        )
    if not cache.protect and cache.mode is not Mode.NONE and cache.external is None:
        yield Problem(
            join(path, "protect"),
            "false is refused in production: one command could delete the data",
            "Leave it out.",
            rule="unprotected-data",
        )


def _sections(path: str, cache: CacheSettings, target: Target) -> Iterator[Problem]:
    for other in Target:
        if other is not target and other.value in cache.model_fields_set:
            yield Problem(
                join(path, other.value),
                f"has no effect on the target {target.value}",
                "Remove it, or change the target.",
            )
