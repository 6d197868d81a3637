"""Who gets out to a cache: egress rules of the network, where access names anybody.

A rule for what comes in has no effect on Memorystore, which is in Google's own network.
"""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from . import plan
from .identifiers import project_of
from .site import Site

ALLOW, DENY = 1000, 1100
"""Priorities: lower ones come first (API Firewall.priority)."""


def firewall(
    site: Site, destinations: pulumi.Input[Sequence[pulumi.Input[str]]]
) -> list[gcp.compute.Firewall]:
    """Lets the named applications out to the cache, and nobody else; nothing where none is named.

    destinations: addresses of the cache, as networks.
    """
    access = site.given.access
    if not (access.network_tags or access.service_accounts):
        return []
    clients: dict[str, Any] = (
        {"target_tags": access.network_tags}
        if access.network_tags
        else {"target_service_accounts": access.service_accounts}
    )
    ports = [{"protocol": "tcp", "ports": list(plan.ports(site.cache))}]
    return [
        _rule(site, "clients", destinations, ALLOW, allows=ports, **clients),
        _rule(site, "everybody-else", destinations, DENY, denies=[{"protocol": "all"}]),
    ]


def _rule(
    site: Site,
    what: str,
    destinations: pulumi.Input[Sequence[pulumi.Input[str]]],
    priority: int,
    **action: Any,
) -> gcp.compute.Firewall:
    network_id = site.network["network_id"]
    return gcp.compute.Firewall(
        f"{site.name}-{what}",
        name=site.named(what),
        # A rule belongs to the project of its network.
        project=pulumi.Output.from_input(network_id).apply(lambda known: project_of(known) or None),
        network=network_id,
        description=f"Out to the cache {site.name} of {site.stack}",
        direction="EGRESS",
        priority=priority,
        destination_ranges=destinations,
        # Google moves no rule to another network.
        opts=site.child(replace_on_changes=["network"], delete_before_replace=True),
        **action,
    )
