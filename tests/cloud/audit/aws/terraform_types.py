"""Resources of AWS in Terraform's notation.

Pulumi's provider of AWS is made from Terraform's: types and arguments are the same, but for their
notation and a few names that are listed here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloud.audit.planned import Archive, Mark, Planned, PlannedStack
from cloud.audit.terraform import Rendered, UnrenderedError

TYPES = {
    "aws:cloudwatch/logGroup:LogGroup": "aws_cloudwatch_log_group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "aws_cloudwatch_metric_alarm",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws_default_security_group",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
    "aws:ec2/subnet:Subnet": "aws_subnet",
    "aws:ec2/vpc:Vpc": "aws_vpc",
    "aws:elasticache/parameterGroup:ParameterGroup": "aws_elasticache_parameter_group",
    "aws:elasticache/replicationGroup:ReplicationGroup": "aws_elasticache_replication_group",
    "aws:elasticache/serverlessCache:ServerlessCache": "aws_elasticache_serverless_cache",
    "aws:elasticache/subnetGroup:SubnetGroup": "aws_elasticache_subnet_group",
    "aws:elasticache/user:User": "aws_elasticache_user",
    "aws:elasticache/userGroup:UserGroup": "aws_elasticache_user_group",
    "aws:iam/policy:Policy": "aws_iam_policy",
    "aws:iam/role:Role": "aws_iam_role",
    "aws:iam/rolePolicy:RolePolicy": "aws_iam_role_policy",
    "aws:kms/alias:Alias": "aws_kms_alias",
    "aws:kms/key:Key": "aws_kms_key",
    "aws:lambda/function:Function": "aws_lambda_function",
    "aws:lambda/permission:Permission": "aws_lambda_permission",
    "aws:secretsmanager/secret:Secret": "aws_secretsmanager_secret",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "aws_secretsmanager_secret_policy",
    "aws:secretsmanager/secretRotation:SecretRotation": "aws_secretsmanager_secret_rotation",
    "aws:secretsmanager/secretVersion:SecretVersion": "aws_secretsmanager_secret_version",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        "aws_vpc_security_group_ingress_rule"
    ),
}
"""Terraform's resource types."""

NAMES = {
    ("aws:lambda/function:Function", "name"): "function_name",
    ("aws:lambda/function:Function", "code"): "filename",
    ("aws:lambda/permission:Permission", "function"): "function_name",
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "name"): "alarm_name",
    ("aws:elasticache/replicationGroup:ReplicationGroup", "logDeliveryConfigurations"): (
        "log_delivery_configuration"
    ),
    ("aws:elasticache/parameterGroup:ParameterGroup", "parameters"): "parameter",
    ("aws:elasticache/serverlessCache:ServerlessCache", "ecpuPerSeconds"): "ecpu_per_second",
}
"""Arguments whose name in Terraform does not follow from Pulumi's: blocks are singular there."""

UNSET = {("aws:lambda/function:Function", "reservedConcurrentExecutions"): -1}
"""Defaults that mean the same as none, for rules that ask only whether there is a value."""

MAPS = {"tags", "variables", "dimensions"}
"""Arguments that are maps. Other groups are blocks, which a plan has as lists."""


def render(stack: PlannedStack) -> Iterator[Rendered]:
    """The resources of a stack. Raises UnrenderedError."""
    addresses = {urn: f"{kind(one)}.{one.name}" for urn, one in stack.resources.items()}
    for one in stack.resources.values():
        yield Rendered(
            type=kind(one),
            name=one.name,
            values=_values(one),
            secret=tuple(argument(one, key) for key, it in one.inputs.items() if it is Mark.SECRET),
            references={
                argument(one, key): tuple(
                    addresses[urn] for urn in one.sources.get(key, ()) if urn in addresses
                )
                for key in one.inputs
            },
        )


def kind(one: Planned) -> str:
    """Terraform's type of a resource."""
    if one.type not in TYPES:
        raise UnrenderedError(f"{one.type} has no counterpart in Terraform")
    return TYPES[one.type]


def argument(one: Planned, key: str) -> str:
    """Terraform's name of an input."""
    return NAMES.get((one.type, key)) or re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def _values(one: Planned) -> dict[str, Any]:
    return {
        argument(one, key): _rendered(one, key, value)
        for key, value in one.inputs.items()
        if value is not Mark.SECRET and value != UNSET.get((one.type, key), Mark.UNKNOWN)
    }


def _rendered(one: Planned, key: str, value: Any) -> Any:
    if isinstance(value, Archive):
        return next(iter(value.files))
    if isinstance(value, Mapping) and key in MAPS:
        return dict(value)
    if isinstance(value, Mapping):
        return [{argument(one, name): _rendered(one, name, item) for name, item in value.items()}]
    if isinstance(value, list):
        return [
            _rendered(one, key, item)[0] if isinstance(item, Mapping) else item for item in value
        ]
    return value
