"""Where the parts of one cache belong in Google Cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from secure_redis import site

from . import names


@dataclass(frozen=True)
class Site(site.Site):
    """The place of one cache."""

    network: Mapping[str, Any]
    """The facts of its network: network_id, reserved_range_name and connection_policy_id."""
    apis: Sequence[pulumi.Resource] = ()
    """What must be there before anything else: the APIs, where they are turned on here."""

    @property
    def identity(self) -> pulumi.Output[str]:
        """A legal name that nothing else in the project has."""
        return self.named("")

    @property
    def labels(self) -> dict[str, str]:
        """Labels by which everything of the cache is found, and those it was given."""
        return names.labels(self.name, self.cache.environment.value, self.given.tags)

    def named(self, what: str) -> pulumi.Output[str]:
        """The name of a part; what: the word that tells it from others."""
        prefix, end = names.prefix(self.name), f"-{what}" if what else ""
        return self.suffix.apply(lambda suffix: f"{prefix}-{suffix}{end}")

    def child(self, **others: Any) -> pulumi.ResourceOptions:
        """Options of a part."""
        after = [*self.apis, *others.pop("depends_on", ())]
        return super().child(depends_on=after, **others)
