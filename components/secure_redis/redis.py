"""`SecureRedis`: a cache on any target."""

from importlib import import_module
from typing import Any

import pulumi

from .args import CacheArgs
from .component import OUTPUTS, CacheComponent
from .configuration import InvalidArguments, cache_from_args
from .problems import Problem
from .schema import suggestion
from .settings import StackSettings, Target

COMPONENTS = {
    Target.AWS: ("aws.redis", "ElastiCacheRedis"),
    Target.DOCKER: ("docker.redis", "DockerRedis"),
    Target.EXTERNAL: ("external.redis", "ExternalRedis"),
}
"""Where the component of a target is. Only the one that is used is imported, with its SDK."""

NETWORKS = {Target.AWS: "aws.network", Target.DOCKER: "docker.network"}
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
        cache_from_args(name, settings, target)
        super().__init__("secure-redis:index:SecureRedis", name, {}, opts)
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
