"""The slow log and the engine's log of a node-based cache, in CloudWatch."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from . import names, plan
from .site import Site

LOG_TYPES = ("slow-log", "engine-log")
"""What ElastiCache delivers (API LogType)."""

FOLDER = "/aws/vendedlogs/elasticache"
"""Below it CloudWatch needs no resource policy that would grow with each cache (CloudWatch Logs
User Guide, logging from AWS services)."""


def log_groups(
    site: Site, kms_key_arn: pulumi.Input[str] | None
) -> dict[str, aws.cloudwatch.LogGroup]:
    """The log groups by log type; none where logs are off."""
    if not plan.logs(site.cache):
        return {}
    folder = pulumi.Output.concat(FOLDER, "/", names.path(site.name), "-", site.suffix)
    return {
        log_type: aws.cloudwatch.LogGroup(
            f"{site.name}-{log_type}",
            name=pulumi.Output.concat(folder, "/", log_type),
            retention_in_days=site.cache.aws.log_retention_days,
            kms_key_id=kms_key_arn,
            tags=site.tags,
            opts=site.child(),
        )
        for log_type in LOG_TYPES
    }


def deliveries(
    groups: Mapping[str, aws.cloudwatch.LogGroup],
) -> list[aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgsDict]:
    """What the cache is told of its log groups."""
    return [
        {
            "destination": group.name,
            "destination_type": "cloudwatch-logs",
            "log_format": "json",
            "log_type": log_type,
        }
        for log_type, group in groups.items()
    ]
