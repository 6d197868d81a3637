"""The fake AWS, as a test looks at it, and what a test's process must know of AWS."""

import re
from typing import Any

from cloud.standin.observed import ObservedCloud
from cloud.standin.store import Thing

from .account import Account
from .services.network import add_vpc
from .services.replication_groups import pass_window

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "fake", "AWS_SECRET_ACCESS_KEY": "fake"}
"""What the provider takes for credentials; nobody ever checks them."""

VARIABLES = re.compile(r"AWS_.*")
"""Variables of a real account, which must not reach a test."""


class AwsCloud(ObservedCloud):
    """The fake AWS."""

    def is_left(self, kind: str, thing: Thing) -> bool:
        """Without what only waits for its deletion, and without final snapshots."""
        if kind == "ec2.rule":
            group = self.get("ec2.security-group", thing["GroupId"]) or {}
            return not group.get("seeded")
        waiting = thing.get("KeyState") == "PendingDeletion" or thing.get("Deleted") is True
        return super().is_left(kind, thing) and not waiting and kind != "elasticache.snapshot"

    def maintenance_window(self, region: str = "eu-west-1") -> None:
        """Lets a maintenance window pass: changes that waited for it are made."""
        with self.locked():
            pass_window(Account(self, region))

    def add_network(
        self, cidr: str = "10.99.0.0/16", subnets: int = 2, region: str = "eu-west-1"
    ) -> dict[str, Any]:
        """A VPC with subnets that somebody else made: `vpcId` and `subnetIds`."""
        with self.locked():
            return add_vpc(Account(self, region), cidr, subnets)
