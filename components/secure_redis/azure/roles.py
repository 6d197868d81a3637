"""Who may do what with parts of a cache: assignments of Azure's built-in roles."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from .site import Site

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Ids of roles, the same in every tenant (Azure RBAC, built-in roles)."""


SERVICE_PRINCIPAL = "ServicePrincipal"
"""Kind of an application's identity, managed ones included (API principalType)."""


@dataclass(frozen=True)
class Principal:
    """Somebody who gets a role."""

    object_id: pulumi.Input[str]
    kind: str = SERVICE_PRINCIPAL
    """Azure refuses another one than it finds, and looks up none of a kind that it is told."""


def principal(named: pulumi.Input[str]) -> Principal:
    """A principal as settings name it: `user:`, `group:` or nothing before the object id."""
    if not isinstance(named, str):
        return Principal(named)
    kind, _, object_id = named.rpartition(":")
    return Principal(object_id, (kind[:1].upper() + kind[1:]) or SERVICE_PRINCIPAL)


def assign(
    site: Site,
    label: str,
    scope: pulumi.Input[str],
    role: str,
    who: Principal,
) -> authorization.RoleAssignment:
    """Gives a principal a role. scope: resource id of what it may use."""
    return authorization.RoleAssignment(
        label,
        scope=scope,
        role_definition_id=pulumi.Output.from_input(scope).apply(
            lambda resource_id: role_id(resource_id, role)
        ),
        principal_id=who.object_id,
        # Without it the SDK would say that everybody is a user.
        principal_type=who.kind,
        opts=site.child(),
    )


def role_id(scope: str, role: str) -> str:
    """Resource id of a built-in role in the subscription of a resource."""
    subscription = "/".join(scope.split("/")[:3])
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
