"""A deployable stack: its settings, one shared network, its caches, and what it exports."""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, cast

import pulumi

from .component import CacheComponent
from .configuration import read_stack
from .problems import report
from .redis import SecureRedis, SecureRedisArgs, shared_network
from .settings import StackSettings, Target


def quiet_when_interrupted() -> None:
    """Lets this program end without a traceback when the engine interrupts it.

    That is how a run ends in which a resource failed: the engine has said what it was.
    """
    shown = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, trace)

    sys.excepthook = hook


def load() -> StackSettings:
    """The settings of the current stack, checked against what only the target can tell.

    Raises RunError with all problems before any resource is made.
    """
    stack = read_stack()
    if stack.target.cloud:
        return _load_cloud(stack)
    return _load_docker(stack) if stack.target is Target.DOCKER else stack


def _load_cloud(stack: StackSettings) -> StackSettings:
    # A target's code runs for its stacks only.
    preflight = import_module(f".{stack.target.value}.preflight", __package__)
    problems = preflight.check()
    if stack.target is Target.AZURE:
        problems += preflight.not_offered(stack.caches)
    if problems:
        raise pulumi.RunError(report(problems))
    return stack


def _load_docker(stack: StackSettings) -> StackSettings:
    from .docker import preflight  # noqa: PLC0415 - a target's code runs for its stacks only

    images, problems = preflight.check(stack.caches, pulumi.Config("docker").get("host"))
    if problems:
        raise pulumi.RunError(report(problems))
    caches = {name: cache.with_docker_image(images[name]) for name, cache in stack.caches.items()}
    return stack.model_copy(update={"caches": caches})


def build(stack: StackSettings) -> dict[str, SecureRedis]:
    """The caches of a stack, by name, in one network."""
    common: dict[str, Any] = {
        "target": stack.target.value,
        "tags": stack.tags,
        "exceptions": stack.exceptions,
        "network": shared_network(stack),
        "access": stack.access.model_dump(exclude_unset=True),
        "alarms": stack.alarms.model_dump(exclude_unset=True),
    }
    return {
        name: SecureRedis(name, cast("SecureRedisArgs", {**cache.arguments(), **common}))
        for name, cache in sorted(stack.caches.items())
    }


def export(stack: StackSettings, caches: Mapping[str, CacheComponent]) -> None:
    """Exports the contract of every cache: URL and parts by name, and all in `connections`."""
    for name, cache in caches.items():
        prefix = output_prefix(name)
        pulumi.export(f"{prefix}Url", cache.url)
        pulumi.export(f"{prefix}UrlRedacted", cache.url_redacted)
        pulumi.export(f"{prefix}Host", cache.host)
        pulumi.export(f"{prefix}Port", cache.port)
        pulumi.export(f"{prefix}SecretRef", cache.secret_ref)
        pulumi.export(f"{prefix}Grants", cache.grants)
    pulumi.export("connections", {name: cache.connection() for name, cache in caches.items()})
    pulumi.export("exceptions", stack.exceptions)
    reasons = {name: cache.allow_replacement for name, cache in stack.caches.items()}
    pulumi.export("replacements", {name: reason for name, reason in reasons.items() if reason})


def output_prefix(name: str) -> str:
    """The name of a cache as the first part of an output's name: `job-queue` becomes `jobQueue`."""
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)
