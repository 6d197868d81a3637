"""`SecureRedis`: a cache on any target."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pulumi

from . import replacement
from .args import CacheArgs
from .component import OUTPUTS, CacheComponent
from .configuration import InvalidArguments, cache_from_args
from .problems import Problem
from .schema import suggestion
from .settings import CacheSettings, Engine, StackSettings, Target

COMPONENTS = {
    Target.AWS: ("aws.redis", "ElastiCacheRedis"),
    Target.AZURE: ("azure.redis", "component"),
    Target.DOCKER: ("docker.redis", "DockerRedis"),
    Target.EXTERNAL: ("external.redis", "ExternalRedis"),
    Target.GCP: ("gcp.redis", "component"),
}
"""Where the component of a target is. Only the one that is used is imported, with its SDK."""

NETWORKS = {
    Target.AWS: "aws.network",
    Target.AZURE: "azure.network",
    Target.DOCKER: "docker.network",
    Target.GCP: "gcp.network",
}
"""Where the network of a target is, for targets that have one."""


class _TargetRequired(CacheArgs):
    target: str


class SecureRedisArgs(_TargetRequired, total=False):
    """Arguments of `SecureRedis`: the settings of a cache, and its target."""


class SecureRedis(CacheComponent):
    """A cache that applications can use safely, on the target that its arguments name.

    Raises `InvalidArguments` with everything that is wrong before any resource is made.
    """

    def __init__(
        self,
        name: str,
        args: SecureRedisArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        settings: dict[str, Any] = dict(args)
        target = _target(settings.pop("target", ""))
        component = _part(target, *COMPONENTS[target])
        # Before anything is registered, this component included.
        given = cache_from_args(name, settings, target)
        service = {"service": _service(given.cache)}
        guarded = replacement.guarded(opts, f"service of {name}", _judge(name, given.cache))
        super().__init__("secure-redis:index:SecureRedis", name, service, guarded)
        cache = component(name, settings, pulumi.ResourceOptions(parent=self))
        outputs = {output: getattr(cache, output) for output in OUTPUTS}
        for output, value in outputs.items():
            setattr(self, output, value)
        self.register_outputs(outputs)


def shared_network(stack: StackSettings) -> dict[str, Any]:
    """One network for all caches of a stack: the value of their argument `network`.

    Empty on targets that have no networks.
    """
    if stack.target not in NETWORKS:
        return {}
    return _part(stack.target, NETWORKS[stack.target], "shared")(stack)


def _service(cache: CacheSettings) -> str:
    """What runs the cache, in words."""
    if cache.azure.classic:
        return f"{cache.target.value} (classic)"
    # On Google Cloud each engine is a service of its own.
    own = cache.target is Target.GCP and cache.engine is Engine.VALKEY
    return f"{cache.target.value} ({cache.engine.value})" if own else cache.target.value


def _judge(name: str, cache: CacheSettings) -> replacement.Judge:
    """What is wrong with a cache that goes from one service to another."""

    def problems(old: replacement.Identity, new: replacement.Identity) -> Iterator[Problem]:
        if "service" in replacement.changes(old, new) and replacement.refused(cache):
            yield Problem(
                name,
                f"moving it from {old['service']} to {new['service']} makes a new, empty cache and "
                "takes this one away with all data",
                "Make a second cache, and move the clients and their data to it. Or accept the "
                'loss: allowReplacement: "why".',
            )

    return problems


def _part(target: Target, module: str, name: str) -> Any:
    try:
        return getattr(import_module(f".{module}", __package__), name)
    except ModuleNotFoundError as error:
        raise pulumi.RunError(
            f"the target {target.value} needs the Python package {error.name}: "
            f"install secure-redis[{target.value}]"
        ) from None


def _target(name: str) -> Target:
    try:
        return Target(name)
    except ValueError:
        fix = suggestion(str(name), [target.value for target in Target])
        raise InvalidArguments([Problem("target", "is not a target", fix)]) from None
