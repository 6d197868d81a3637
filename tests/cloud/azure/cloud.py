"""The fake Azure subscription, as a test looks at it."""

import ipaddress
import re
import time
from collections.abc import Iterable
from typing import Any

from cloud.standin.observed import ObservedCloud
from cloud.standin.store import Thing

from . import services  # noqa: F401 - declares the types
from .arm import SEEDED, SETTINGS, TYPES, Arm, Body, group_of
from .identifiers import GROUP, ArmId
from .subscription import CLIENT_ID, SUBSCRIPTION_ID, TENANT_ID

CREDENTIALS = {
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
    "ARM_TENANT_ID": TENANT_ID,
    "ARM_CLIENT_ID": CLIENT_ID,
    "ARM_CLIENT_SECRET": "fake-client-secret",
}
"""What the provider needs to be told."""

VARIABLES = re.compile(r"(ARM|AZURE)_.*")
"""Variables of the environment that tell the real tools of a real account."""


NETWORK = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/shared/providers/Microsoft.Network"
"""Where the network of somebody else is, if nothing else is said."""


class AzureCloud(ObservedCloud):
    """A fake Azure subscription with the questions that tests ask."""

    @property
    def arm(self) -> Arm:
        """Azure Resource Manager, for a test that asks by itself."""
        return Arm(self)

    def settings(self, **values: Any) -> None:
        """Sets switches of the subscription, as `slow` (seconds of long-running operations)."""
        for name, value in values.items():
            self.put(SETTINGS, name, {"value": value})

    def add(self, identifier: str, body: Body | None = None) -> None:
        """A resource that somebody else made, with its resource group and subscription."""
        place = ArmId.parse(identifier)
        known = {SUBSCRIPTION_ID, *self.arm.setting("subscriptions", [])}
        self.settings(subscriptions=sorted({*known, place.subscription.lower()}))
        if place.type != GROUP and self.arm.find(group_of(place)) is None:
            self.add(group_of(place).text, {"location": "westeurope"})
        self.arm.request("PUT", identifier, body, TYPES[place.type.lower()].api)
        with self.locked():
            while self.arm.pending(identifier):
                time.sleep(0.01)
            made = self.arm.need(identifier)
            self.arm.put(place, {**made, SEEDED: True})

    def add_network(
        self,
        subnet: str = f"{NETWORK}/virtualNetworks/shared/subnets/endpoints",
        cidr: str = "10.99.0.0/16",
        zones: Iterable[str] = (),
        location: str = "westeurope",
    ) -> None:
        """A network with a subnet, and private DNS zones linked to it, that somebody else made.

        Args:
            subnet: the subnet's id, which says where the network is.
            cidr: addresses of the network; the subnet has the first /24 of them.
            zones: ids of the zones.
            location: region of the network.
        """
        place = ArmId.parse(subnet)
        network = place.parent
        assert network is not None
        self.add(network.text, {"location": location, "properties": {
            "addressSpace": {"addressPrefixes": [cidr]}}})  # fmt: skip
        first = str(next(ipaddress.ip_network(cidr).subnets(new_prefix=24)))
        self.add(subnet, {"properties": {"addressPrefix": first}})
        for zone in zones:
            self.add(zone, {"location": "global"})
            link = {"location": "global", "properties": {"virtualNetwork": {"id": network.text}}}
            self.add(f"{zone}/virtualNetworkLinks/shared", link)

    def is_left(self, kind: str, thing: Thing) -> bool:
        """Not what was there before, not what is deleted softly, and no switches."""
        softly = kind.rpartition("/")[2].startswith("deleted")
        return not thing.get(SEEDED) and not softly and kind != SETTINGS

    @property
    def softly_deleted(self) -> dict[str, list[str]]:
        """Names that are still reserved for what was deleted, by kind."""
        found = {
            kind: list(self.all(kind))
            for kind in self.kinds()
            if kind.rpartition("/")[2].startswith("deleted")
        }
        return {kind: names for kind, names in found.items() if names}
