"""Who may do what with parts of a cache: assignments of Azure's built-in roles."""

import pulumi
from pulumi_azure_native import authorization

from .site import Site

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Ids of roles, the same in every tenant (Azure RBAC, built-in roles)."""


def assign(
    site: Site,
    label: str,
    scope: pulumi.Input[str],
    role: str,
    principal_id: pulumi.Input[str],
) -> authorization.RoleAssignment:
    """Gives a principal a role. scope: resource id of what it may use."""
    made_here = not isinstance(principal_id, str)
    return authorization.RoleAssignment(
        label,
        scope=scope,
        role_definition_id=pulumi.Output.from_input(scope).apply(
            lambda resource_id: role_id(resource_id, role)
        ),
        principal_id=principal_id,
        # Azure need not look up an identity that may be too new to be found. What is only named
        # may be a user or a group as well.
        principal_type="ServicePrincipal" if made_here else None,
        opts=site.child(),
    )


def role_id(scope: str, role: str) -> str:
    """Resource id of a built-in role in the subscription of a resource."""
    subscription = "/".join(scope.split("/")[:3])
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
