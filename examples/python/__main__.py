"""A platform team's own program: a shop and its cache, by the rules of the team.

What is said once, on the cache or above it, reaches every part of the cache: the providers that
make it, the team's rules, its tags, its protection.
"""

from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls
from secure_redis import SecureRedis, SecureRedisArgs

config = pulumi.Config()

CACHE: SecureRedisArgs = {
    "target": "docker",
    "environment": "development",
    "tags": {"team": "platform"},
    # What differs from machine to machine: port, image.
    "docker": config.get_object("docker") or {},
}

PROVIDERS = [
    docker.Provider("daemon", host=config.get("dockerHost") or "unix:///var/run/docker.sock"),
    random.Provider("words"),
    tls.Provider("certificates"),
]


def note(change: pulumi.ResourceHookArgs) -> None:
    """A line in the log for everything that was made or changed."""
    pulumi.log.info(f"diary: {change.type} {change.name}")


DIARY = pulumi.ResourceHook("diary", note)


def team_rules(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    """What the team asks of everything, whoever wrote the component: a diary and a cost center."""
    props: dict[str, Any] = dict(args.props)
    if args.type_ == "docker:index/container:Container":
        props["labels"] = [*props["labels"], {"label": "cost-center", "value": "4711"}]
    hooks = pulumi.ResourceHookBinding(after_create=[DIARY], after_update=[DIARY])
    # Merged: a part has options of its own, and a component hooks of its own.
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
    return pulumi.ResourceTransformResult(props, opts)


OPTIONS = pulumi.ResourceOptions(
    providers=PROVIDERS,
    transforms=[team_rules],
    # To delete or replace anything: `pulumi config set protect false`, and one run with that.
    protect=config.get_bool("protect", default=True),
)


class Shop(pulumi.ComponentResource):
    """All that the shop needs."""

    cache: SecureRedis

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:index:Shop", name, {}, opts)
        # It stood alone before there was a shop, and stays the same cache.
        alone = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
        self.cache = SecureRedis(
            "cache", CACHE, pulumi.ResourceOptions(parent=self, aliases=[alone])
        )
        self.register_outputs({})


shop = Shop("shop", OPTIONS)
pulumi.export("url", shop.cache.url)
pulumi.export("ca", shop.cache.ca_pem)
