"""Microsoft.Authorization: locks, roles, their assignments. Microsoft.ManagedIdentity."""

import re
import uuid

from cloud.azure.arm import LOCK, Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId
from cloud.azure.subscription import PRINCIPALS, TENANT_ID

GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
    "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
    "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
    "e0f68234-74aa-48ed-b826-c38b57376e17": "Redis Cache Contributor",
}
"""Built-in roles by their GUIDs, which are the same in every tenant."""

MANAGEMENT_LOCK = declare(LOCK, api="2020-05-01", extension=True, pattern=r"[^<>*%&:\\?+/]{1,260}")
ROLE_ASSIGNMENT = declare(
    "Microsoft.Authorization/roleAssignments", api="2022-04-01", extension=True
)
ROLE_DEFINITION = declare(
    "Microsoft.Authorization/roleDefinitions", api="2022-04-01", extension=True
)
IDENTITY = declare(
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    api="2023-01-31",
    located="region",
    tagged=True,
    pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
)


@MANAGEMENT_LOCK.puts
def put_lock(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A lock of a scope; it holds for everything under the scope."""
    properties = body.get("properties", {})
    if properties.get("level") not in {"CanNotDelete", "ReadOnly"}:
        refuse(
            400,
            "InvalidLockLevel",
            f"The lock level '{properties.get('level')}' is invalid. The supported lock levels are "
            "'CanNotDelete, ReadOnly'.",
        )
    if len(properties.get("notes", "")) > 512:
        refuse(400, "InvalidLockNotes", "The lock notes exceed the maximum of 512 characters.")
    return {"properties": properties}


@ROLE_ASSIGNMENT.puts
def put_assignment(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A role for a principal at a scope."""
    properties = dict(body.get("properties", {}))
    if not re.fullmatch(GUID, place.name):
        refuse(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{place.name}' is not valid. The role assignment ID must be a "
            "GUID.",
        )
    principal = str(properties.get("principalId", ""))
    if not re.fullmatch(GUID, principal):
        refuse(
            400,
            "InvalidPrincipalId",
            "A valid principal ID must be provided for role assignment.",
        )
    role = role_of(str(properties.get("roleDefinitionId", "")))
    _principal_fits(arm, principal, properties.get("principalType"))
    _condition(properties)
    properties["roleDefinitionId"] = (
        f"/subscriptions/{arm.subscription}/providers/{ROLE_DEFINITION.name}/{role}"
    )
    properties["scope"] = place.scope
    properties.setdefault("principalType", principal_type(arm, principal) or "User")
    if old is not None:
        fixed = ("principalId", "roleDefinitionId", "scope")
        if any(old["properties"][name] != properties[name] for name in fixed):
            refuse(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
    _not_twice(arm, place, properties)
    return {"properties": properties}


def role_of(definition: str) -> str:
    """The GUID of a role by the id of its definition. Raises ArmError if there is no such role."""
    found = re.fullmatch(
        rf"(?:/subscriptions/{GUID})?/providers/{ROLE_DEFINITION.name}/({GUID})",
        definition,
        re.IGNORECASE,
    )
    if found is None or found.group(1).lower() not in ROLES:
        refuse(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{definition.rpartition('/')[2]}' does not "
            "exist.",
        )
    return found.group(1).lower()


def principal_type(arm: Arm, principal: str) -> str | None:
    """What a principal is; None for one that the directory of the fake cloud does not list."""
    if any(
        one["properties"]["principalId"] == principal for one in arm.all(IDENTITY.name).values()
    ):
        return "ServicePrincipal"
    return arm.setting("principals", PRINCIPALS).get(principal.lower())


def has_role(arm: Arm, principal: str, roles: set[str], scope: str) -> bool:
    """Whether a principal has one of the named roles at a scope or above it."""
    target = ArmId.parse(scope)
    return any(
        one["properties"]["principalId"].lower() == principal.lower()
        and ROLES[one["properties"]["roleDefinitionId"].rpartition("/")[2]] in roles
        and target.within(one["properties"]["scope"])
        for one in arm.all(ROLE_ASSIGNMENT.name).values()
    )


def _principal_fits(arm: Arm, principal: str, given: str | None) -> None:
    actual = principal_type(arm, principal)
    if actual is None and arm.setting("directoryIsComplete", default=False):
        refuse(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory {TENANT_ID}. "
            "Check that you have the correct principal ID. If you are creating this principal and "
            "then immediately assigning a role, this error might be related to a replication "
            "delay. In this case, set the role assignment principalType property to a value, such "
            "as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
        )
    if actual is not None and given is not None and actual != given:
        refuse(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal.replace('-', '')}' has type '{actual}' , which is "
            f"different from specified PrinciaplType '{given}'.",
        )


def _condition(properties: Body) -> None:
    if properties.get("condition") and properties.get("conditionVersion") != "2.0":
        refuse(
            400,
            "InvalidConditionVersion",
            "The condition version is not valid. The supported condition version is '2.0'.",
        )


def _not_twice(arm: Arm, place: ArmId, properties: Body) -> None:
    for identifier, other in arm.all(ROLE_ASSIGNMENT.name).items():
        same = all(
            other["properties"][name].lower() == properties[name].lower()
            for name in ("principalId", "roleDefinitionId", "scope")
        )
        if same and ArmId.parse(identifier).name.lower() != place.name.lower():
            refuse(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is "
                f"{ArmId.parse(identifier).name.replace('-', '')}.",
            )


@IDENTITY.puts
def put_identity(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """An identity; its principal is there at once."""
    made = {
        "clientId": str(uuid.uuid4()),
        "principalId": str(uuid.uuid4()),
        "tenantId": TENANT_ID,
    }
    return {**body, "properties": old["properties"] if old else made}
