"""How applications reach a cache and its vault: private endpoints, and records of their names."""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_azure_native import network

from .site import Site


def endpoint(
    site: Site,
    what: str,
    target: tuple[pulumi.CustomResource, str],
    zone: str,
    depends_on: Sequence[pulumi.Resource] = (),
) -> list[pulumi.Resource]:
    """A private endpoint, and the record in its zone unless a policy makes it.

    what: the word that tells it from others. target: what it leads to, and the name of that one's
    group of endpoints.
    """
    resource, group = target
    label = f"{site.name}-{what}"
    made = network.PrivateEndpoint(
        label,
        private_endpoint_name=site.named(what),
        resource_group_name=site.group,
        subnet={"id": site.network["subnet_id"]},
        private_link_service_connections=[
            {"name": what, "group_ids": [group], "private_link_service_id": resource.id}
        ],
        tags=site.tags,
        # Azure lists names here until the record is there: a refresh would see a change.
        opts=site.child(
            depends_on=list(depends_on),
            ignore_changes=["customDnsConfigs"],
            # Its connection ends with what it leads to, also where a successor has the same name.
            replace_with=[resource],
            delete_before_replace=True,
        ),
    )
    zone_ids = site.network["private_dns_zone_ids"]
    if not zone_ids:
        return [made]
    record = network.PrivateDnsZoneGroup(
        label,
        private_dns_zone_group_name="default",
        private_endpoint_name=made.name,
        resource_group_name=site.group,
        private_dns_zone_configs=[
            {
                "name": zone.replace(".", "-"),
                "private_dns_zone_id": pulumi.Output.all(*zone_ids).apply(
                    lambda known: zone_of(known, zone)
                ),
            }
        ],
        # It goes with its endpoint.
        opts=site.child(replace_with=[resource, made], delete_before_replace=True),
    )
    return [made, record]


def zone_of(zone_ids: Sequence[Any], zone: str) -> str:
    """The resource id of the zone of that name. Raises RunError where there is none."""
    for zone_id in zone_ids:
        if str(zone_id).rpartition("/")[2].lower() == zone:
            return str(zone_id)
    raise pulumi.RunError(f"private_dns_zone_ids has no zone {zone}: add its resource id")
