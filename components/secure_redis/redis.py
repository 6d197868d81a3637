"""`SecureRedis`: a cache on any target."""

from importlib import import_module
from typing import Any

import pulumi

from .args import CacheArgs
from .component import OUTPUTS, CacheComponent
from .configuration import InvalidArguments, cache_from_args
from .problems import Problem
from .schema import suggestion
from .settings import Target

COMPONENTS = {
    Target.DOCKER: ("docker.redis", "DockerRedis"),
    Target.EXTERNAL: ("external.redis", "ExternalRedis"),
}
"""Where the component of a target is. Only the one that is used is imported, with its SDK."""

NETWORKS = {Target.DOCKER: ("docker.network", "DockerNetwork")}
"""Where the network component of a target is, for targets that have one."""


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
        component = _component(COMPONENTS, target)
        # Before anything is registered, this component included.
        cache_from_args(settings, target)
        super().__init__("secure-redis:index:SecureRedis", name, {}, opts)
        cache = component(name, settings, pulumi.ResourceOptions(parent=self))
        outputs = {output: getattr(cache, output) for output in OUTPUTS}
        for output, value in outputs.items():
            setattr(self, output, value)
        self.register_outputs(outputs)


def shared_network(target: Target, tags: dict[str, str]) -> dict[str, pulumi.Input[str]]:
    """One network for all caches of a stack: the value of their argument `network`.

    Empty on targets that have no networks.
    """
    if target not in NETWORKS:
        return {}
    return _component(NETWORKS, target)("network", {"tags": tags}).facts()


def _component(table: dict[Target, tuple[str, str]], target: Target) -> Any:
    module, name = table[target]
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
