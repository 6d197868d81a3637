"""The private network of a stack's caches: a new VPC network, or yours, and the ways into it.

Redis comes into a network by private service access: a range of addresses that Google's own network
uses, and one peering with it. Valkey comes by Private Service Connect: endpoints with addresses of
a subnet, which a connection policy allows. Both exist once in a network, for all caches.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from secure_redis import clouds, replacement
from secure_redis.configuration import InvalidArguments
from secure_redis.problems import Problem
from secure_redis.settings import Arguments, Engine, NewNetwork, PrivateServices, StackSettings

from . import apis, names, plan, rules

PARTS = 8
"""Equal parts of the network's addresses; the subnet takes the first one, the rest is free."""

RANGE_PREFIX = 20
"""Prefix length of the range that Redis takes addresses of: each cache takes 8, or 16 with read
replicas."""

SERVICE_NETWORKING = "servicenetworking.googleapis.com"


class GcpNetworkArgs(TypedDict, total=False):
    """Arguments of `GcpNetwork`; see `settings.NetworkSettings`."""

    engines: Sequence[str]
    """What comes into it: redis, valkey or both. Default: redis."""
    cidr: str
    """Addresses of a new network. Default: 10.20.0.0/16."""
    network_id: pulumi.Input[str]
    """A network that exists, in place of a new one."""
    subnet_ids: Sequence[pulumi.Input[str]]
    """Subnets of that network for a connection policy that is to be made. None: it has one."""
    reserved_range_name: pulumi.Input[str]
    """A range of that network that exists, with its connection. None: both are made."""
    reserved_range_cidr: str
    """Addresses of a range that is made. Default: Google chooses."""
    remove_peering: bool
    """Whether the connection goes with the stack even while Google still holds on to it."""
    enable_apis: bool
    """Whether the APIs that are needed are turned on."""
    tags: Mapping[str, str]
    """Put on everything that takes labels. Not secret."""


class GcpNetwork(pulumi.ComponentResource):
    """A VPC network with a subnet, a range and a connection for Redis, a policy for Valkey.

    Nothing in it has a way to the internet. Raises `InvalidArguments` with everything that is wrong
    before any resource is made.
    """

    network_id: pulumi.Output[str]
    """Name of the network, such as projects/shop-prod/global/networks/shop."""
    subnet_ids: pulumi.Output[Sequence[str]]
    """Names of the subnets that the policy uses; empty where none is made."""
    reserved_range_name: pulumi.Output[str]
    """Name of the range that Redis takes addresses of; empty without Redis."""
    connection_policy_id: pulumi.Output[str]
    """Name of the connection policy; empty where none is made."""

    def __init__(
        self,
        name: str,
        args: GcpNetworkArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _check(args)
        super().__init__(
            "secure-redis:index:GcpNetwork",
            name,
            _identity(args),
            replacement.guarded(opts, name, _judge),
        )
        self._name, self._args = name, args
        engines = args.get("engines", (Engine.REDIS.value,))
        self._after: list[pulumi.Resource] = []
        if args.get("enable_apis"):
            self._after = [*apis.enabled(name, plan.network_apis(engines), self._child())]
        self._suffix = random.RandomId(f"{name}-identity", byte_length=4, opts=self._child()).hex
        adopted = args.get("network_id")
        self.network_id = pulumi.Output.from_input(adopted) if adopted else self._network()
        subnets = list(args.get("subnet_ids", ())) if adopted else [self._subnet()]
        redis, valkey = Engine.REDIS.value in engines, Engine.VALKEY.value in engines
        range_name = args.get("reserved_range_name") or (self._range() if redis else "")
        policy_id = self._policy(subnets) if valkey and subnets else ""
        self.subnet_ids = pulumi.Output.all(*subnets)
        self.reserved_range_name = pulumi.Output.from_input(range_name)
        self.connection_policy_id = pulumi.Output.from_input(policy_id)
        self.register_outputs({"subnet_ids": self.subnet_ids, **self.facts()})

    def facts(self) -> dict[str, Any]:
        """What a cache must know of the network: the value of its argument `network`."""
        return {
            "network_id": self.network_id,
            "reserved_range_name": self.reserved_range_name,
            "connection_policy_id": self.connection_policy_id,
        }

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=self._after)

    @property
    def _identity(self) -> pulumi.Output[str]:
        prefix = names.prefix(self._name)
        return self._suffix.apply(lambda suffix: f"{prefix}-{suffix}")

    @property
    def _labels(self) -> dict[str, str]:
        return names.labels(self._name, "", self._args.get("tags", {}))

    def _network(self) -> pulumi.Output[str]:
        return gcp.compute.Network(
            self._name,
            name=self._identity,
            description="Caches",
            auto_create_subnetworks=False,
            opts=self._child(),
        ).id

    def _subnet(self) -> pulumi.Output[str]:
        return gcp.compute.Subnetwork(
            self._name,
            name=self._identity,
            network=self.network_id,
            region=plan.region(),
            ip_cidr_range=subnet_block(_cidr(self._args)),
            # Machines without an address on the internet reach Secret Manager by it.
            private_ip_google_access=True,
            opts=self._child(),
        ).id

    def _range(self) -> pulumi.Output[str]:
        """The range and the connection. Its name is not known before there is the connection."""
        cidr = self._args.get("reserved_range_cidr")
        block = IPv4Network(cidr) if cidr else None
        reserved = gcp.compute.GlobalAddress(
            self._name,
            name=self._identity,
            description="Memorystore for Redis",
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            address=str(block.network_address) if block else None,
            prefix_length=block.prefixlen if block else RANGE_PREFIX,
            network=self.network_id,
            labels=self._labels,
            opts=self._child(),
        )
        own = not self._args.get("network_id")
        connection = gcp.servicenetworking.Connection(
            self._name,
            network=self.network_id,
            service=SERVICE_NETWORKING,
            reserved_peering_ranges=[reserved.name],
            # Left behind by a network of this stack it is taken over. In one that others use it
            # would lose their ranges.
            update_on_creation_fail=own,
            deletion_policy="REMOVE_PEERING" if self._args.get("remove_peering") else "DELETE",
            opts=self._child(),
        )
        return pulumi.Output.all(reserved.name, connection.id).apply(lambda known: known[0])

    def _policy(self, subnets: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
        return gcp.networkconnectivity.ServiceConnectionPolicy(
            self._name,
            name=self._identity,
            description="Memorystore for Valkey",
            location=plan.region(),
            network=self.network_id,
            service_class=plan.SERVICE_CLASS,
            psc_config={"subnetworks": list(subnets)},
            labels=self._labels,
            opts=self._child(),
        ).id


def shared(stack: StackSettings) -> dict[str, Any]:
    """The network of a stack, made or adopted: the value of its caches' argument `network`."""
    caches = list(stack.caches.values())
    adopted, services = stack.network.adopt, stack.network.private_services or PrivateServices()
    args: GcpNetworkArgs = {
        "engines": sorted({cache.engine.value for cache in caches}),
        "enable_apis": any(cache.gcp.enable_apis for cache in caches),
        "remove_peering": plan.remove_peering(services, stack.environment),
        "tags": stack.tags,
    }
    if services.range_name:
        args["reserved_range_name"] = services.range_name
    if services.cidr:
        args["reserved_range_cidr"] = services.cidr
    if adopted and adopted.network_id:
        args["network_id"] = adopted.network_id
        args["subnet_ids"] = adopted.subnet_ids
    else:
        args["cidr"] = (stack.network.create or NewNetwork()).cidr
    return GcpNetwork("network", args).facts()


def own(name: str, given: Arguments, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """The network of one cache that was given none."""
    cache = given.cache
    args: GcpNetworkArgs = {
        "engines": [cache.engine.value],
        "enable_apis": cache.gcp.enable_apis,
        "remove_peering": plan.remove_peering(PrivateServices(), cache.environment),
        "tags": given.tags,
    }
    return GcpNetwork(name, args, opts).facts()


def subnet_block(cidr: str) -> str:
    """The addresses of the subnet: the first of eight equal parts of the network."""
    prefix = PARTS.bit_length() - 1
    return str(next(IPv4Network(cidr).subnets(prefixlen_diff=prefix)))


def _cidr(args: GcpNetworkArgs) -> str:
    """Addresses of the network; empty for one that exists."""
    return "" if args.get("network_id") else args.get("cidr") or NewNetwork().cidr


def _identity(args: GcpNetworkArgs) -> dict[str, pulumi.Input[Any]]:
    """The properties of a network that do not change in place."""
    new = not args.get("network_id")
    return {
        "cidr": _cidr(args),
        "reservedRangeCidr": args.get("reserved_range_cidr", ""),
        "project": plan.project() if new else "",
        "region": plan.region() if new else "",
    }


def _judge(old: replacement.Identity, new: replacement.Identity) -> Iterator[Problem]:
    """What is wrong with a change: Google moves no addresses that something uses."""
    for name in replacement.changes(old, new):
        if name != "reservedRangeCidr" and "" in {old[name], new[name]}:
            # A network that exists in place of a new one, or the other way: the caches judge that.
            continue
        before, after = (replacement.shown(known[name]) or "none" for known in (old, new))
        yield Problem(
            PLACES[name],
            f"changing it from {before} to {after} makes anew what caches have addresses of",
            "Set it back, and make a second stack with the other one.",
        )


PLACES = {
    "cidr": "network.create.cidr",
    "reservedRangeCidr": "network.privateServices.cidr",
    "project": f"{plan.NAMESPACE}:project",
    "region": f"{plan.NAMESPACE}:region",
}
"""What of a network does not change in place, and its settings."""


def _check(args: GcpNetworkArgs) -> None:
    problems = [*rules.tag_problems("tags", args.get("tags", {})), *_choice_problems(args)]
    problems += rules.location_problems()
    if not args.get("network_id"):
        problems += clouds.new_network_problems("cidr", _cidr(args), rules.NETWORK_PREFIXES)
    if block := args.get("reserved_range_cidr"):
        problems += rules.range_problems("reserved_range_cidr", block)
    if problems:
        raise InvalidArguments(problems)


def _choice_problems(args: GcpNetworkArgs) -> Iterator[Problem]:
    known = {engine.value for engine in Engine}
    if not set(args.get("engines", ())) <= known:
        yield Problem("engines", "holds what is no engine", f"Use {' or '.join(sorted(known))}.")
    useless = ("cidr",) if args.get("network_id") else ("subnet_ids", "reserved_range_name")
    for key in useless:
        if args.get(key):
            where = "a network that exists" if args.get("network_id") else "a new network"
            yield Problem(key, f"has no effect on {where}", "Remove it.")
    if args.get("reserved_range_name") and args.get("reserved_range_cidr"):
        reason = "has no effect on a range that exists"
        yield Problem("reserved_range_cidr", reason, "Remove it.")
