"""The fake Azure subscription, as a test looks at it."""

import re
from typing import Any

from cloud.standin.observed import ObservedCloud
from cloud.standin.store import Thing

from . import services  # noqa: F401 - declares the types
from .arm import Arm
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


class AzureCloud(ObservedCloud):
    """A fake Azure subscription with the questions that tests ask."""

    @property
    def arm(self) -> Arm:
        """Azure Resource Manager, for a test that asks by itself."""
        return Arm(self)

    def settings(self, **values: Any) -> None:
        """Sets switches of the subscription, as `slow` (seconds of long-running operations)."""
        for name, value in values.items():
            self.put("Microsoft.Resources/settings", name, {"value": value})

    def is_left(self, kind: str, thing: Thing) -> bool:
        """Not what is deleted softly, and no switches."""
        softly = kind.rpartition("/")[2].startswith("deleted")
        return super().is_left(kind, thing) and not softly and not kind.endswith("/settings")

    @property
    def softly_deleted(self) -> dict[str, list[str]]:
        """Names that are still reserved for what was deleted, by kind."""
        found = {
            kind: list(self.all(kind))
            for kind in self.kinds()
            if kind.rpartition("/")[2].startswith("deleted")
        }
        return {kind: names for kind, names in found.items() if names}
