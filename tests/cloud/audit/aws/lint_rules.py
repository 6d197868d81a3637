"""cfn-lint with the rules that it lacks for replication groups.

It knows node types and engine versions, from AWS's own lists, but asks for them of single clusters
only. The same lists are asked here for replication groups.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
from cfnlint.api import lint
from cfnlint.rules import CloudFormationLintRule, Match, RuleMatch

# As modules: cfnlint takes every rule that is a name here for one of ours.
from cfnlint.rules.resources.elasticache import CacheClusterCacheNodeTypeEnum as node_types  # noqa: N813
from cfnlint.rules.resources.elasticache import CacheClusterEngine as engines  # noqa: N813
from cfnlint.template import Template

from .cloudformation import text

GROUP = "AWS::ElastiCache::ReplicationGroup"

NOT_APPLICABLE = {
    "W3010": "zones are asked of the region by the program; the plan holds the answer",
}
"""cfn-lint's rules that cannot apply to a rendered plan, and why."""


class NodeType(node_types.CacheClusterCacheNodeTypeEnum):
    """A node type that is sold in the region (AWS's price list, as cfn-lint has it)."""

    id = "E9001"
    shortdesc = "Validate the node type of a replication group"

    def __init__(self) -> None:
        super().__init__()
        self.keywords = [f"Resources/{GROUP}/Properties/CacheNodeType"]


class EngineVersion(engines.CacheClusterEngine):
    """An engine and a version that exist (AWS's API, as cfn-lint has it)."""

    id = "E9002"
    shortdesc = "Validate engine and version of a replication group"

    def __init__(self) -> None:
        super().__init__()
        self.keywords = [f"Resources/{GROUP}/Properties"]


class Family(CloudFormationLintRule):
    """A parameter group whose family exists and is that of the groups that use it."""

    id = "E9003"
    shortdesc = "Validate the family of a parameter group"
    description = "The family must exist, and must be that of the engine and version"

    def match(self, cfn: Template) -> list[RuleMatch]:
        """What is wrong in a template."""
        return [RuleMatch(path, message) for path, message in self._wrong(cfn)]

    def _wrong(self, cfn: Template) -> Iterator[tuple[list[str | int], str]]:
        families = {}
        for name, one in cfn.get_resources(["AWS::ElastiCache::ParameterGroup"]).items():
            key = "CacheParameterGroupFamily"
            families[name] = one["Properties"][key]
            if f"<code>{families[name]}</code>" not in known_families():
                message = f"there is no family {families[name]}"
                yield ["Resources", name, "Properties", key], message
        for name, one in cfn.get_resources([GROUP]).items():
            key = "CacheParameterGroupName"
            used = families.get(one["Properties"][key]["Ref"])
            if used != family(one["Properties"]):
                message = f"{used} is not the family of the engine's version"
                yield ["Resources", name, "Properties", key], message


def known_families() -> str:
    """The families that AWS's API names (botocore, CreateCacheParameterGroup)."""
    model = botocore.session.get_session().get_service_model("elasticache")
    shape: Any = model.operation_model("CreateCacheParameterGroup").input_shape
    return shape.members["CacheParameterGroupFamily"].documentation


def family(properties: Mapping[str, Any]) -> str:
    """The family of an engine's version: the major one, but `redis6.x`."""
    engine, version = properties["Engine"], str(properties["EngineVersion"])
    major = version.partition(".")[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"


def complaints(template: Mapping[str, Any], region: str) -> list[Match]:
    """Errors and warnings of cfn-lint and of the rules here, for one region."""
    config: Any = {"regions": [region], "append_rules": [__name__]}
    return lint(text(template), config=config)
