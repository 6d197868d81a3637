"""The refusals that nearly every service has, and what several ask before they refuse."""

from typing import NoReturn

from cloud.azure.arm import Arm, Body, refuse
from cloud.azure.identifiers import ArmId

from .private_link import connections


def bad_request(message: str) -> NoReturn:
    """Refuses what is wrong in itself."""
    refuse(400, "BadRequest", message)


def conflict(message: str) -> NoReturn:
    """Refuses what is wrong now."""
    refuse(409, "Conflict", message)


def above(place: ArmId) -> ArmId:
    """The id of a child's parent."""
    parent = place.parent
    assert parent is not None, place.text
    return parent


def check_identities(arm: Arm, place: ArmId, identity: Body | None) -> None:
    """The identities that a resource is to have must exist, and its type must say which kind."""
    if not identity:
        return
    given, kind = identity.get("userAssignedIdentities") or {}, identity.get("type", "")
    if ("UserAssigned" in kind) != bool(given):
        refuse(
            400,
            "InvalidIdentityValues",
            "Invalid value for the identities. The 'UserAssigned' property keys should only be "
            "present, and must be present, for identity types that contain 'UserAssigned'.",
        )
    for one in given:
        message = (
            f"Identity operation for resource '{place.text}' failed with error 'Failed to perform "
            f"resource identity operation. Response: the resource '{one}' was not found.'."
        )
        arm.need(one, 400, "FailedIdentityOperation", message)


def check_no_endpoints(arm: Arm, place: ArmId) -> None:
    """Refuses to delete what private endpoints still lead to.

    Azure lets it go and leaves the endpoints disconnected. Here that is refused: a name that leads
    nowhere is what a wrong order leaves behind.
    """
    if connections(arm, place):
        conflict(
            f"The resource '{place.text}' still has private endpoint connections: delete the "
            "private endpoints first."
        )
