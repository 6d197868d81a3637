"""The private network that the caches of a stack share."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from secure_redis.settings import StackSettings

from .labels import OWNER, labels
from .names import stack_name


def shared(stack: StackSettings) -> dict[str, Any]:
    """The network of a stack: the value of its caches' argument `network`."""
    return DockerNetwork("network", {"tags": stack.tags}).facts()


class DockerNetworkArgs(TypedDict, total=False):
    """Arguments of `DockerNetwork`."""

    tags: Mapping[str, str]
    """Labels, put on at creation. Not secret."""


class DockerNetwork(pulumi.ComponentResource):
    """A bridge network of its own; published ports stay on loopback unless a cache says more."""

    name: pulumi.Output[str]
    """Name of the network: containers of the application join it by this name."""
    owner: pulumi.Output[str]
    """Identity of this stack's state, a label of everything the stack makes in Docker."""

    def __init__(
        self,
        name: str,
        args: DockerNetworkArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("secure-redis:index:DockerNetwork", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        # By this identity a later run tells what an interrupted run of the same state left behind
        # from what another checkout runs under the same names.
        identity = random.RandomId(f"{name}-owner", byte_length=8, opts=child)
        self.owner = identity.hex
        network = docker.Network(
            name,
            name=stack_name(),
            driver="bridge",
            options={"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"},
            labels=labels({**args.get("tags", {}), OWNER: self.owner}),
            # Changed labels would replace the network, and with it every container.
            opts=pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, ignore_changes=["labels"]
            ),
        )
        self.name = network.name
        self.register_outputs({"name": self.name, "owner": self.owner})

    def facts(self) -> dict[str, pulumi.Input[Any]]:
        """What a cache must know of the network: the value of its argument `network`."""
        return {"name": self.name, "owner": self.owner}
