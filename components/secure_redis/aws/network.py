"""The private network of a stack's caches: a new VPC without a way to the internet, or yours."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from secure_redis.configuration import InvalidArguments, camel_keys
from secure_redis.schema import parse
from secure_redis.settings import NewNetwork, StackSettings

from . import rules

PARTS = 8
"""Equal parts of the VPC's addresses; subnets of caches take the first ones, the rest is free."""


class AwsNetworkArgs(TypedDict, total=False):
    """Arguments of `AwsNetwork`; see `settings.NewNetwork`."""

    cidr: str
    zones: int
    availability_zones: Sequence[str]
    tags: Mapping[str, str]
    """Put on everything that takes tags. Not secret."""


class AwsNetwork(pulumi.ComponentResource):
    """A VPC with private subnets in two or three availability zones.

    It has no internet gateway and no NAT, and its default security group lets nothing through:
    applications join it, or reach it by peering or a transit gateway. Raises `InvalidArguments`
    with everything that is wrong before any resource is made.
    """

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    subnet_ids: pulumi.Output[Sequence[str]]
    """Ids of the subnets, one in each zone."""

    def __init__(
        self,
        name: str,
        args: AwsNetworkArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        new = _checked(args)
        super().__init__("secure-redis:index:AwsNetwork", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = {**args.get("tags", {}), "Name": f"{pulumi.get_project()}-{pulumi.get_stack()}"}
        count = len(new.availability_zones) or new.zones
        zones = new.availability_zones or _first_zones(count, self)
        vpc = aws.ec2.Vpc(
            name,
            # Not before the zones are known: whatever then ends the program, a failure or a change
            # that is refused, no question is open any more, which would end it with a traceback.
            cidr_block=pulumi.Output.all(new.cidr, zones).apply(lambda known: str(known[0])),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=tags,
            opts=child,
        )
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, tags=tags, opts=child)
        subnets = [
            aws.ec2.Subnet(
                f"{name}-{number}",
                vpc_id=vpc.id,
                cidr_block=block,
                availability_zone=zones[number],
                map_public_ip_on_launch=False,
                tags=tags,
                # A zone that the region gets later must not move the subnets of those before it.
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["availabilityZone"]),
            )
            for number, block in enumerate(subnet_blocks(new.cidr, count))
        ]
        self.vpc_id = vpc.id
        self._subnet_ids = [subnet.id for subnet in subnets]
        self.subnet_ids = pulumi.Output.all(*self._subnet_ids)
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids})

    def facts(self) -> dict[str, Any]:
        """What a cache must know of the network: the value of its argument `network`."""
        return {"vpc_id": self.vpc_id, "subnet_ids": self._subnet_ids}


def shared(stack: StackSettings) -> dict[str, Any]:
    """The network of a stack, made or adopted: the value of its caches' argument `network`."""
    if stack.network.adopt:
        return {
            "vpc_id": stack.network.adopt.vpc_id,
            "subnet_ids": stack.network.adopt.subnet_ids,
        }
    new = stack.network.create or NewNetwork()
    args: Any = {**new.model_dump(), "tags": stack.tags}
    return AwsNetwork("network", args).facts()


def _checked(args: AwsNetworkArgs) -> NewNetwork:
    given: dict[str, Any] = {**args}
    tags = given.pop("tags", {})
    new, problems = parse(NewNetwork, camel_keys(given), "")
    if new is not None:
        problems += rules.new_network_problems("", new)
    problems += rules.tag_problems("tags", tags)
    if new is None or problems:
        raise InvalidArguments(problems)
    return new


def subnet_blocks(cidr: str, count: int) -> list[str]:
    """The addresses of the subnets: the first ones of eight equal parts of the VPC."""
    prefix = PARTS.bit_length() - 1
    return [str(block) for block in IPv4Network(cidr).subnets(prefixlen_diff=prefix)][:count]


def _first_zones(count: int, parent: pulumi.Resource) -> pulumi.Output[Sequence[str]]:
    # Asked, because no rule gives the names: some regions have no zone b.
    answer = aws.get_availability_zones_output(
        state="available",
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        # Of the region in which the subnets are made, whose provider the parent has.
        opts=pulumi.InvokeOutputOptions(parent=parent),
    )
    return answer.names.apply(lambda names: sorted(names)[:count])
