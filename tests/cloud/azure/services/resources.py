"""Microsoft.Resources: resource groups."""

from cloud.azure.arm import TYPES, Arm, ArmError, Body, declare, refuse
from cloud.azure.identifiers import GROUP, ArmId

RESOURCE_GROUP = declare(
    GROUP,
    api="2024-03-01",
    located="region",
    tagged=True,
    slow_delete=True,
    pattern=r"[-\w.()]{0,89}[-\w()]",
)


@RESOURCE_GROUP.puts
def put(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A resource group; where it is cannot change."""
    return {**body, "properties": {"provisioningState": "Succeeded"}}


@RESOURCE_GROUP.deletes
def delete(arm: Arm, place: ArmId, thing: Body) -> None:
    """Everything in it goes with it, in whatever order works, or nothing is said to be gone."""
    while True:
        inner = [
            one
            for one in arm.children(place)
            if one.parent is None and not TYPES[one.type.lower()].extension
        ]
        refusals: list[str] = []
        for one in inner:
            try:
                arm.drop(one)
            except ArmError as error:  # noqa: PERF203 - the others are tried all the same
                refusals.append(f"{one.text}: {error.message}")
        if not refusals:
            return
        if len(refusals) == len(inner):
            refuse(
                409,
                "ResourceGroupDeletionBlocked",
                f"Deletion of resource group '{place.name}' failed as resources with identifiers "
                f"'{', '.join(one.text for one in inner)}' could not be deleted. {refusals[0]}",
            )
