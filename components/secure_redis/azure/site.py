"""Where the parts of one cache belong in Azure."""

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
    """The facts of its network: resource_group_name, subnet_id and private_dns_zone_ids."""

    @property
    def group(self) -> pulumi.Input[str]:
        """Name of the resource group of all parts."""
        return self.network["resource_group_name"]

    @property
    def identity(self) -> pulumi.Output[str]:
        """A legal name that nothing else has."""
        return self.suffix.apply(lambda suffix: f"{names.prefix(self.name)}-{suffix}")

    def named(self, what: str) -> pulumi.Output[str]:
        """The name of a part."""
        return pulumi.Output.concat(self.identity, "-", what)
