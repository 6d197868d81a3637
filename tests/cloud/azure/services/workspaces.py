"""Microsoft.OperationalInsights: Log Analytics workspaces."""

import uuid

from cloud.azure.arm import Arm, Body, declare, refuse
from cloud.azure.identifiers import ArmId

WORKSPACE = declare(
    "Microsoft.OperationalInsights/workspaces",
    api="2023-09-01",
    located="region",
    tagged=True,
    slow=True,
    pattern=r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
)
DELETED = "Microsoft.OperationalInsights/deletedWorkspaces"
"""A workspace can be got back for 14 days; until then a new one of its name is the old one."""

DAYS = range(30, 731)
"""For how long records are kept, where every gigabyte is paid for."""


@WORKSPACE.puts
def put(arm: Arm, place: ArmId, body: Body, old: Body | None) -> Body:
    """A workspace, new or got back."""
    properties = dict(body.get("properties", {}))
    sku = properties.get("sku", {"name": "PerGB2018"})
    if sku.get("name") != "PerGB2018":
        refuse(
            400,
            "InvalidPricingTier",
            "Pricing tier doesn't match the subscription's billing model. Read "
            "http://aka.ms/PricingTierWarning for more details",
        )
    days = properties.get("retentionInDays", 30)
    if days not in DAYS:
        refuse(
            400,
            "InvalidParameter",
            f"'RetentionInDays' property doesn't match the SKU limits. Value: {days}, allowed: "
            f"{DAYS[0]} to {DAYS[-1]}",
        )
    gone = arm.cloud.get(DELETED, place.key)
    arm.cloud.remove(DELETED, place.key)
    former = (old or gone or {}).get("properties", {})
    kept = {
        "customerId": former.get("customerId", str(uuid.uuid4())),
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return {**body, "properties": {**kept, **properties, "sku": sku, "retentionInDays": days}}


@WORKSPACE.deletes
def delete(arm: Arm, place: ArmId, thing: Body) -> None:
    """It can still be got back."""
    arm.cloud.put(DELETED, place.key, thing)
