"""Ids of Azure Resource Manager, taken apart."""

import re
from dataclasses import dataclass

GROUP = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION = "Microsoft.Resources/subscriptions"


class NotAnIdError(ValueError):
    """A text that is no id of a resource."""


@dataclass(frozen=True)
class ArmId:
    """One id. Ids that differ only in upper and lower case are the same: compare `key`."""

    text: str
    type: str
    """As `Microsoft.Cache/redisEnterprise/databases`, in the case of the text."""
    names: tuple[str, ...]
    """One for each part of the type after the provider's name."""
    scope: str
    """What stands before the provider's name: a group, a subscription, or another resource."""

    @property
    def key(self) -> str:
        """The id as it is compared."""
        return self.text.lower()

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def namespace(self) -> str:
        """The resource provider, as `Microsoft.Cache`."""
        return self.type.partition("/")[0]

    @property
    def subscription(self) -> str:
        """The subscription's GUID."""
        return self.text.split("/")[2]

    @property
    def group(self) -> str:
        """The resource group's name, empty for what is in none."""
        found = re.match(r"/subscriptions/[^/]+/resourceGroups/([^/]+)", self.text, re.IGNORECASE)
        return found.group(1) if found else ""

    @property
    def parent(self) -> "ArmId | None":
        """The resource that this one is a child of, if it is one."""
        if len(self.names) < 2:
            return None
        return ArmId.parse(self.text.rsplit("/", 2)[0])

    def child(self, kind: str, name: str) -> "ArmId":
        """A child's id: `database.child("accessPolicyAssignments", "reader")`."""
        return ArmId.parse(f"{self.text}/{kind}/{name}")

    def beside(self, kind: str, name: str) -> "ArmId":
        """The id of a resource of a type in the same group: `Microsoft.Network/x`, name."""
        return ArmId.parse(f"{self.scope}/providers/{kind}/{name}")

    def within(self, scope: str) -> bool:
        """Whether it is the scope itself or anything under it."""
        other = scope.lower().rstrip("/")
        return self.key == other or self.key.startswith(f"{other}/")

    @classmethod
    def parse(cls, text: str) -> "ArmId":
        """Takes an id apart. Raises NotAnIdError."""
        plain = text.rstrip("/")
        scope, providers, rest = _split_provider(plain)
        if not plain.lower().startswith("/subscriptions/") or "//" in plain:
            raise NotAnIdError(f"'{text}' is not a valid resource id")
        if not providers:
            return cls._container(plain)
        namespace, *path = rest.split("/")
        if not path or len(path) % 2:
            raise NotAnIdError(f"'{text}' is not a valid resource id")
        kinds, names = path[::2], path[1::2]
        return cls(plain, "/".join((namespace, *kinds)), tuple(names), scope)

    @classmethod
    def _container(cls, text: str) -> "ArmId":
        parts = text.strip("/").split("/")
        if len(parts) == 2:
            return cls(text, SUBSCRIPTION, (parts[1],), "")
        if len(parts) == 4 and parts[2].lower() == "resourcegroups":
            return cls(text, GROUP, (parts[3],), f"/subscriptions/{parts[1]}")
        raise NotAnIdError(f"'{text}' is not a valid resource id")


def _split_provider(text: str) -> tuple[str, str, str]:
    """What stands before the last `/providers/`, that word, and what follows."""
    at = text.lower().rfind("/providers/")
    return (text, "", "") if at < 0 else (text[:at], "providers", text[at + 11 :])
