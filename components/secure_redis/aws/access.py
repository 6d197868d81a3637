"""Who reaches a cache: its security group, with one rule for each source that is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pulumi
import pulumi_aws as aws

from secure_redis.settings import AccessSettings

from . import plan
from .site import Site


@dataclass(frozen=True)
class Source:
    """One source of connections, as the arguments of a rule."""

    label: str
    """Part of the rule's logical name: stays the same when other sources come and go."""
    arguments: Mapping[str, pulumi.Input[str]]


def sources(access: AccessSettings) -> Iterator[Source]:
    """The sources that may connect, in a stable order."""
    for number, group in enumerate(access.security_group_ids):
        label = _label(group, f"security-group-{number}")
        yield Source(label, {"referenced_security_group_id": group})
    for number, prefix_list in enumerate(access.prefix_list_ids):
        label = _label(prefix_list, f"prefix-list-{number}")
        yield Source(label, {"prefix_list_id": prefix_list})
    for cidr in access.cidrs:
        key = "cidr_ipv4" if ip_network(cidr).version == 4 else "cidr_ipv6"  # noqa: PLR2004
        yield Source(_label(cidr, ""), {key: cidr})


def security_group(site: Site) -> aws.ec2.SecurityGroup:
    """The group of a cache and its rules: in from the sources, out to nowhere."""
    ports = plan.ports(site.cache)
    group = aws.ec2.SecurityGroup(
        site.name,
        # Another description replaces the group, and a group in use cannot be deleted: the same
        # for ever.
        description="Clients of an ElastiCache cache",
        vpc_id=site.network["vpc_id"],
        tags=site.tags,
        opts=site.child(),
    )
    for source in sources(site.given.access):
        aws.vpc.SecurityGroupIngressRule(
            f"{site.name}-from-{source.label}",
            security_group_id=group.id,
            description="Application",
            ip_protocol="tcp",
            from_port=ports.start,
            to_port=ports.stop - 1,
            tags=site.tags,
            opts=site.child(),
            **source.arguments,
        )
    return group


def _label(value: Any, otherwise: str) -> str:
    text = value if isinstance(value, str) else otherwise
    return text.replace("/", "-").replace(":", "-")
