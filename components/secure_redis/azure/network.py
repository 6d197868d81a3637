"""The private network of a stack's caches: a subnet for private endpoints, and their DNS zones."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, TypedDict

import pulumi
import pulumi_random as random
from pulumi_azure_native import network, privatedns, resources

from secure_redis import clouds, replacement
from secure_redis.configuration import InvalidArguments
from secure_redis.problems import Problem
from secure_redis.settings import Arguments, NewNetwork, PrivateDns, StackSettings

from . import names, plan, questions, rules

PARTS = 8
"""Equal parts of the network's addresses; private endpoints take the first one, the rest is for
applications."""


class AzureNetworkArgs(TypedDict, total=False):
    """Arguments of `AzureNetwork`."""

    cidr: str
    """IPv4 addresses of a new network, /8 to /26. Default: 10.20.0.0/16."""
    subnet_id: pulumi.Input[str]
    """Resource id of a subnet that exists, in place of a new network."""
    resource_group_name: pulumi.Input[str]
    """Name of a resource group that exists. Default: a new one."""
    private_dns_zones: Sequence[str]
    """Names of private DNS zones to make and to link to the network. Default: none."""
    private_dns_zone_ids: Sequence[pulumi.Input[str]]
    """Resource ids of private DNS zones that exist."""
    cidrs: Sequence[str]
    """Networks of the applications, which a new subnet lets in."""
    ports: Sequence[str]
    """Ports or ranges of ports that it lets them in to, such as 10000."""
    tags: Mapping[str, str]
    """Put on everything that takes tags. Not secret."""


class AzureNetwork(pulumi.ComponentResource):
    """A resource group, a subnet for private endpoints, and the private DNS zones they need.

    A new network has no way in from the internet, and its security group lets the applications in
    to the ports of the caches only. Raises `InvalidArguments` with everything that is wrong before
    any resource is made.
    """

    resource_group_name: pulumi.Output[str]
    """Name of the resource group."""
    subnet_id: pulumi.Output[str]
    """Resource id of the subnet."""

    def __init__(
        self,
        name: str,
        args: AzureNetworkArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _check(args)
        inputs = {"resourceGroup": args.get("resource_group_name") or "own"}
        guarded = replacement.guarded(opts, name, _judge)
        super().__init__("secure-redis:index:AzureNetwork", name, inputs, guarded)
        self._name, self._tags = name, dict(args.get("tags", {}))
        suffix = random.RandomId(f"{name}-identity", byte_length=4, opts=self._child()).hex
        identity = pulumi.Output.concat(names.prefix(name), "-", suffix)
        # The caches of a stack are told the group; all else waits until no change is refused.
        self._identity = questions.then(lambda: identity)
        group = args.get("resource_group_name") or self._resource_group(identity)
        self.resource_group_name = pulumi.Output.from_input(group)
        adopted = args.get("subnet_id")
        subnet_id = adopted or self._subnet(args.get("cidr") or NewNetwork().cidr, args)
        self.subnet_id = pulumi.Output.from_input(subnet_id)
        self._zone_ids = [
            *args.get("private_dns_zone_ids", ()),
            *(self._zone(zone) for zone in args.get("private_dns_zones", ())),
        ]
        self.register_outputs(
            {"resource_group_name": self.resource_group_name, "subnet_id": self.subnet_id}
        )

    def facts(self) -> dict[str, Any]:
        """What a cache must know of the network: the value of its argument `network`."""
        return {
            "resource_group_name": self.resource_group_name,
            "subnet_id": self.subnet_id,
            "private_dns_zone_ids": self._zone_ids,
        }

    def _child(self, **others: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, **others)

    def _resource_group(self, identity: pulumi.Output[str]) -> pulumi.Output[str]:
        return resources.ResourceGroup(
            self._name, resource_group_name=identity, tags=self._tags, opts=self._child()
        ).name

    def _subnet(self, cidr: str, args: AzureNetworkArgs) -> pulumi.Output[str]:
        security = network.NetworkSecurityGroup(
            self._name,
            network_security_group_name=self._identity,
            resource_group_name=self.resource_group_name,
            security_rules=list(security_rules(args.get("cidrs", ()), args.get("ports", ()))),
            tags=self._tags,
            opts=self._child(),
        )
        net = network.VirtualNetwork(
            self._name,
            virtual_network_name=self._identity,
            resource_group_name=self.resource_group_name,
            address_space={"address_prefixes": [cidr]},
            tags=self._tags,
            opts=self._child(),
        )
        subnet = network.Subnet(
            self._name,
            subnet_name="endpoints",
            virtual_network_name=net.name,
            resource_group_name=self.resource_group_name,
            address_prefix=subnet_block(cidr),
            network_security_group={"id": security.id},
            # Without it the security group would not hold for private endpoints.
            private_endpoint_network_policies="NetworkSecurityGroupEnabled",
            default_outbound_access=False,
            opts=self._child(),
        )
        return subnet.id

    def _zone(self, zone: str) -> pulumi.Output[str]:
        made = privatedns.PrivateZone(
            f"{self._name}-{zone}",
            private_zone_name=zone,
            resource_group_name=self.resource_group_name,
            # The provider would put them into the stack's region, where there are none.
            location="global",
            tags=self._tags,
            opts=self._child(),
        )
        privatedns.VirtualNetworkLink(
            f"{self._name}-{zone}",
            virtual_network_link_name=self._identity,
            private_zone_name=made.name,
            resource_group_name=self.resource_group_name,
            location="global",
            registration_enabled=False,
            virtual_network={"id": self.subnet_id.apply(network_id)},
            tags=self._tags,
            # Azure never moves a link to another network, and its name is the one it had.
            opts=self._child(replace_on_changes=["virtualNetwork"], delete_before_replace=True),
        )
        return made.id


def shared(stack: StackSettings) -> dict[str, Any]:
    """The network of a stack, made or adopted: the value of its caches' argument `network`."""
    caches = list(stack.caches.values())
    dns = stack.network.private_dns or PrivateDns()
    args: AzureNetworkArgs = {"tags": stack.tags}
    if stack.network.resource_group:
        args["resource_group_name"] = stack.network.resource_group
    if dns.zone_ids:
        args["private_dns_zone_ids"] = dns.zone_ids
    elif not dns.by_policy:
        args["private_dns_zones"] = plan.zones(caches)
    if stack.network.adopt and stack.network.adopt.subnet_id:
        args["subnet_id"] = stack.network.adopt.subnet_id
    else:
        args["cidr"] = (stack.network.create or NewNetwork()).cidr
        args["cidrs"] = stack.access.cidrs
        args["ports"] = plan.network_ports(caches)
    return AzureNetwork("network", args).facts()


def own(name: str, given: Arguments, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """The network of one cache that was given none."""
    args: AzureNetworkArgs = {
        "cidrs": given.access.cidrs,
        "ports": plan.network_ports([given.cache]),
        "private_dns_zones": plan.zones([given.cache]),
        "tags": given.tags,
    }
    return AzureNetwork(name, args, opts).facts()


def subnet_block(cidr: str) -> str:
    """The addresses of the private endpoints: the first of eight equal parts of the network."""
    prefix = PARTS.bit_length() - 1
    return str(next(IPv4Network(cidr).subnets(prefixlen_diff=prefix)))


def network_id(subnet_id: str) -> str:
    """Resource id of the network that a subnet is part of."""
    return subnet_id.rpartition("/subnets/")[0]


def security_rules(
    cidrs: Sequence[str], ports: Sequence[str]
) -> Iterator[network.SecurityRuleArgsDict]:
    """The rules of a subnet: in from the applications to the caches, and nothing else.

    Private endpoints open no connections: nothing goes out.
    """
    if cidrs and ports:
        yield {
            "name": "applications",
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "source_address_prefixes": list(cidrs),
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_ranges": list(ports),
        }
    yield {
        "name": "everybody-else",
        # After it are Azure's own rules, which let in the whole network.
        "priority": 4096,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }
    yield {
        "name": "nothing-out",
        "priority": 4096,
        "direction": "Outbound",
        "access": "Deny",
        "protocol": "*",
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }


def _judge(old: replacement.Identity, new: replacement.Identity) -> Iterator[Problem]:
    """What is wrong with a change: a network goes before the caches that it is for are asked."""
    if "resourceGroup" in replacement.changes(old, new):
        before, after = (replacement.shown(known["resourceGroup"]) for known in (old, new))
        yield Problem(
            "network.resourceGroup",
            f"changing it from {before} to {after} makes the network and every cache in it anew",
            "Set it back, and make a second stack with the other resource group.",
        )


def _check(args: AzureNetworkArgs) -> None:
    problems = list(rules.tag_problems("tags", args.get("tags", {})))
    adopted = args.get("subnet_id") is not None
    if adopted:
        useless = [key for key in ("cidr", "cidrs", "ports") if args.get(key)]
        reason = "has no effect on a subnet that exists"
        problems += [Problem(key, reason, "Remove it.") for key in useless]
    else:
        problems += clouds.new_network_problems(
            "cidr", args.get("cidr") or NewNetwork().cidr, rules.NETWORK_PREFIXES
        )
    if problems:
        raise InvalidArguments(problems)
