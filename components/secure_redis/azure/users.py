"""Who may log in to a cache with a token of Microsoft Entra ID."""

from collections.abc import Callable, Sequence
from typing import Any

import pulumi

from .site import Site

Declare = Callable[[str, pulumi.Output[str], pulumi.Output[str], pulumi.ResourceOptions], Any]
"""Declares one assignment: logical name, name, object id, options."""


def assignments(
    site: Site, declare: Declare, depends_on: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """An assignment for each principal, one after the other: Azure changes a cache step by step."""
    made: list[pulumi.Resource] = []
    for number, principal in enumerate(site.cache.azure.principal_ids):
        # An id that is known keeps its name when others come and go.
        label = principal if isinstance(principal, str) else f"principal-{number}"
        object_id = pulumi.Output.from_input(principal)
        made.append(
            declare(
                f"{site.name}-{label}",
                object_id.apply(assignment_name),
                object_id,
                site.child(depends_on=[*depends_on, *made[-1:]]),
            )
        )
    return made


def assignment_name(object_id: str) -> str:
    """Name of a principal's assignment: letters and digits (API accessPolicyAssignments)."""
    return f"p{object_id.replace('-', '').lower()}"
