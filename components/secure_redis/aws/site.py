"""Where the parts of one cache belong in AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from secure_redis import site

from . import names


@dataclass(frozen=True)
class Site(site.Site):
    """The place of one cache."""

    network: Mapping[str, Any]
    """The facts of its network: vpc_id and subnet_ids."""

    @property
    def identity(self) -> pulumi.Output[str]:
        """A legal id that nothing else in the account has."""
        return self.suffix.apply(lambda suffix: f"{names.prefix(self.name)}-{suffix}")
