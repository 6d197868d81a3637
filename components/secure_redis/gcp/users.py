"""Who may log in to Valkey: members of the project, to this cache alone."""

import pulumi
import pulumi_gcp as gcp

from .site import Site

ROLE = "roles/memorystore.dbConnectionUser"
"""Role of those who log in (Memorystore for Valkey, IAM authentication)."""


def condition(cache_id: str) -> str:
    """The condition that narrows the role to one cache. cache_id: its full name."""
    return f'resource.name == "{cache_id}"'


def logins(site: Site, cache_id: pulumi.Output[str]) -> list[gcp.projects.IAMMember]:
    """Lets the principals of a cache log in."""
    return [
        gcp.projects.IAMMember(
            f"{site.name}-{_label(member, number)}",
            project=cache_id.apply(lambda known: known.split("/")[1]),
            role=ROLE,
            member=member,
            condition={
                "title": f"cache {site.name}",
                "expression": cache_id.apply(condition),
            },
            opts=site.child(),
        )
        for number, member in enumerate(site.cache.gcp.principals)
    ]


def _label(member: pulumi.Input[str], number: int) -> str:
    """Part of a logical name: stays the same when other principals come and go."""
    return f"login-{member.partition(':')[2]}" if isinstance(member, str) else f"login-{number}"
