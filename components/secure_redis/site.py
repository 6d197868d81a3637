"""Where the parts of one cache belong in a cloud, and what they have in common."""

from dataclasses import dataclass
from typing import Any

import pulumi

from . import replacement
from .settings import Arguments, CacheSettings


@dataclass(frozen=True)
class Site:
    """The place of one cache."""

    name: str
    """Logical name of the cache, with which those of its parts begin."""
    given: Arguments
    """What it was asked to be."""
    parent: pulumi.Resource
    """Its component."""
    suffix: pulumi.Output[str]
    """Its identity in the account: 8 hexadecimal digits."""

    @property
    def cache(self) -> CacheSettings:
        """Its settings."""
        return self.given.cache

    @property
    def tags(self) -> dict[str, str]:
        """Tags by which everything of the cache is found in the account, and those it was given."""
        return {
            "secure-redis:stack": self.stack,
            "secure-redis:cache": self.name,
            "secure-redis:environment": self.cache.environment.value,
            **self.given.tags,
        }

    @property
    def stack(self) -> str:
        """The stack that it belongs to, in words."""
        return f"{pulumi.get_project()}/{pulumi.get_stack()}"

    def child(self, **others: Any) -> pulumi.ResourceOptions:
        """Options of a part."""
        return pulumi.ResourceOptions(parent=self.parent, **others)

    def holding_data(self, **others: Any) -> pulumi.ResourceOptions:
        """Options of a part that holds data, or without which they cannot be read."""
        return self.child(protect=replacement.protected(self.cache) or None, **others)
