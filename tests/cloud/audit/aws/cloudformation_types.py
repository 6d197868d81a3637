"""Resource types in CloudFormation's words: names of properties, references, shapes of values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud.audit.planned import Archive, document

Convert = Callable[[Any], Any]


def policy(value: Any) -> Any:
    """A policy document, which came as its text."""
    return document(value)


def tags(value: Mapping[str, str]) -> list[dict[str, Any]]:
    """Tags as a list."""
    return [{"Key": key, "Value": text} for key, text in value.items()]


def dimensions(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a metric is about."""
    return [{"Name": key, "Value": text} for key, text in value.items()]


def parameters(value: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Parameters of an engine as a map."""
    return {one["name"]: one["value"] for one in value}


def deliveries(value: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Where logs go."""
    return [
        {
            "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": one["destination"]}},
            "DestinationType": one["destinationType"],
            "LogFormat": one["logFormat"],
            "LogType": one["logType"],
        }
        for one in value
    ]


def limits(value: Mapping[str, Any]) -> dict[str, Any]:
    """Limits of a serverless cache."""
    (work,) = value["ecpuPerSeconds"]
    return {"DataStorage": pascal(value["dataStorage"]), "ECPUPerSecond": pascal(work)}


def code(value: Archive) -> dict[str, Any]:
    """The code of a function that is one file."""
    (path,) = value.files.values()
    return {"ZipFile": Path(path).read_text(encoding="utf-8")}


def handler(value: str) -> str:
    """The handler: CloudFormation puts code that stands in the template into `index`."""
    return f"index.{value.rpartition('.')[2]}"


def pascal(value: Mapping[str, Any]) -> dict[str, Any]:
    """A group whose names differ in their first letter only."""
    return {key[0].upper() + key[1:]: item for key, item in value.items()}


@dataclass(frozen=True)
class Kind:
    """A resource type in CloudFormation."""

    type: str
    properties: Mapping[str, str]
    """Names of inputs here and there."""
    references: Mapping[str, str] = field(default_factory=dict)
    """What another resource says for an output of this one: `Ref`, or an attribute."""
    convert: Mapping[str, Convert] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    """Inputs that CloudFormation has no word for, and why nothing is lost."""
    unset: Mapping[str, Any] = field(default_factory=dict)
    """Values that mean the same as none."""


TAGS = {"tags": "Tags"}
NO_TAGS = "CloudFormation has no tags on this type"
DELETIONS = "it has a meaning for deletions only"
SCHEDULING = "CloudFormation decides when it applies a change"

KINDS = {
    "aws:ec2/vpc:Vpc": Kind(
        "AWS::EC2::VPC",
        {
            "cidrBlock": "CidrBlock",
            "enableDnsSupport": "EnableDnsSupport",
            "enableDnsHostnames": "EnableDnsHostnames",
            "instanceTenancy": "InstanceTenancy",
            **TAGS,
        },
        {"id": "Ref"},
    ),
    "aws:ec2/subnet:Subnet": Kind(
        "AWS::EC2::Subnet",
        {
            "vpcId": "VpcId",
            "cidrBlock": "CidrBlock",
            "availabilityZone": "AvailabilityZone",
            "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
            "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
            **TAGS,
        },
        {"id": "Ref"},
    ),
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        "AWS::EC2::SecurityGroup",
        {"description": "GroupDescription", "name": "GroupName", "vpcId": "VpcId", **TAGS},
        {"id": "GroupId"},
        without={"revokeRulesOnDelete": DELETIONS},
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Kind(
        "AWS::EC2::SecurityGroupIngress",
        {
            "securityGroupId": "GroupId",
            "description": "Description",
            "ipProtocol": "IpProtocol",
            "fromPort": "FromPort",
            "toPort": "ToPort",
            "cidrIpv4": "CidrIp",
            "cidrIpv6": "CidrIpv6",
            "referencedSecurityGroupId": "SourceSecurityGroupId",
            "prefixListId": "SourcePrefixListId",
        },
        without={"tags": NO_TAGS},
    ),
    "aws:kms/key:Key": Kind(
        "AWS::KMS::Key",
        {
            "description": "Description",
            "enableKeyRotation": "EnableKeyRotation",
            "deletionWindowInDays": "PendingWindowInDays",
            "policy": "KeyPolicy",
            "isEnabled": "Enabled",
            "keyUsage": "KeyUsage",
            "customerMasterKeySpec": "KeySpec",
            "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
            **TAGS,
        },
        {"arn": "Arn", "keyId": "Ref", "id": "Ref"},
        {"policy": policy},
    ),
    "aws:kms/alias:Alias": Kind(
        "AWS::KMS::Alias", {"name": "AliasName", "targetKeyId": "TargetKeyId"}
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Kind(
        "AWS::ElastiCache::SubnetGroup",
        {
            "name": "CacheSubnetGroupName",
            "description": "Description",
            "subnetIds": "SubnetIds",
            **TAGS,
        },
        {"name": "Ref"},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Kind(
        "AWS::ElastiCache::ParameterGroup",
        {
            "description": "Description",
            "family": "CacheParameterGroupFamily",
            "parameters": "Properties",
            **TAGS,
        },
        {"name": "Ref"},
        {"parameters": parameters},
        {"name": "CloudFormation makes the names of parameter groups"},
    ),
    "aws:elasticache/user:User": Kind(
        "AWS::ElastiCache::User",
        {
            "accessString": "AccessString",
            "authenticationMode": "AuthenticationMode",
            "engine": "Engine",
            "noPasswordRequired": "NoPasswordRequired",
            "passwords": "Passwords",
            "userId": "UserId",
            "userName": "UserName",
            **TAGS,
        },
        {"userId": "Ref", "arn": "Arn"},
        {"authenticationMode": pascal},
    ),
    "aws:elasticache/userGroup:UserGroup": Kind(
        "AWS::ElastiCache::UserGroup",
        {"engine": "Engine", "userGroupId": "UserGroupId", "userIds": "UserIds", **TAGS},
        {"id": "Ref", "userGroupId": "Ref"},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind(
        "AWS::ElastiCache::ReplicationGroup",
        {
            "atRestEncryptionEnabled": "AtRestEncryptionEnabled",
            "authToken": "AuthToken",
            "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
            "automaticFailoverEnabled": "AutomaticFailoverEnabled",
            "clusterMode": "ClusterMode",
            "dataTieringEnabled": "DataTieringEnabled",
            "description": "ReplicationGroupDescription",
            "durability": "Durability",
            "engine": "Engine",
            "engineVersion": "EngineVersion",
            "kmsKeyId": "KmsKeyId",
            "logDeliveryConfigurations": "LogDeliveryConfigurations",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "multiAzEnabled": "MultiAZEnabled",
            "nodeType": "CacheNodeType",
            "numCacheClusters": "NumCacheClusters",
            "numNodeGroups": "NumNodeGroups",
            "parameterGroupName": "CacheParameterGroupName",
            "port": "Port",
            "replicasPerNodeGroup": "ReplicasPerNodeGroup",
            "replicationGroupId": "ReplicationGroupId",
            "securityGroupIds": "SecurityGroupIds",
            "snapshotName": "SnapshotName",
            "snapshotArns": "SnapshotArns",
            "snapshotRetentionLimit": "SnapshotRetentionLimit",
            "snapshotWindow": "SnapshotWindow",
            "subnetGroupName": "CacheSubnetGroupName",
            "transitEncryptionEnabled": "TransitEncryptionEnabled",
            "transitEncryptionMode": "TransitEncryptionMode",
            "userGroupIds": "UserGroupIds",
            **TAGS,
        },
        {"id": "Ref", "replicationGroupId": "Ref"},
        {"logDeliveryConfigurations": deliveries},
        {
            "applyImmediately": SCHEDULING,
            "authTokenUpdateStrategy": "it has a meaning for changes only",
            "finalSnapshotIdentifier": "rendered as DeletionPolicy: Snapshot",
        },
    ),
    "aws:elasticache/serverlessCache:ServerlessCache": Kind(
        "AWS::ElastiCache::ServerlessCache",
        {
            "name": "ServerlessCacheName",
            "description": "Description",
            "engine": "Engine",
            "majorEngineVersion": "MajorEngineVersion",
            "cacheUsageLimits": "CacheUsageLimits",
            "subnetIds": "SubnetIds",
            "securityGroupIds": "SecurityGroupIds",
            "userGroupId": "UserGroupId",
            "kmsKeyId": "KmsKeyId",
            "snapshotRetentionLimit": "SnapshotRetentionLimit",
            "dailySnapshotTime": "DailySnapshotTime",
            "snapshotArnsToRestores": "SnapshotArnsToRestore",
            **TAGS,
        },
        {"name": "Ref"},
        {"cacheUsageLimits": limits},
    ),
    "aws:secretsmanager/secret:Secret": Kind(
        "AWS::SecretsManager::Secret",
        {"name": "Name", "description": "Description", "kmsKeyId": "KmsKeyId", **TAGS},
        {"id": "Ref", "arn": "Ref"},
        without={
            "recoveryWindowInDays": "CloudFormation deletes secrets with the longest window, 30",
            "forceOverwriteReplicaSecret": "there are no replicas",
        },
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Kind(
        "AWS::SecretsManager::ResourcePolicy",
        {
            "secretArn": "SecretId",
            "policy": "ResourcePolicy",
            "blockPublicPolicy": "BlockPublicPolicy",
        },
        convert={"policy": policy},
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Kind(
        "AWS::SecretsManager::RotationSchedule",
        {
            "secretId": "SecretId",
            "rotationLambdaArn": "RotationLambdaARN",
            "rotationRules": "RotationRules",
            "rotateImmediately": "RotateImmediatelyOnUpdate",
        },
        convert={"rotationRules": pascal},
    ),
    "aws:iam/role:Role": Kind(
        "AWS::IAM::Role",
        {
            "name": "RoleName",
            "path": "Path",
            "maxSessionDuration": "MaxSessionDuration",
            "description": "Description",
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            **TAGS,
        },
        {"name": "Ref", "id": "Ref", "arn": "Arn"},
        {"assumeRolePolicy": policy},
        {"forceDetachPolicies": DELETIONS},
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        "AWS::IAM::RolePolicy",
        {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
        convert={"policy": policy},
    ),
    "aws:iam/policy:Policy": Kind(
        "AWS::IAM::ManagedPolicy",
        {
            "name": "ManagedPolicyName",
            "path": "Path",
            "description": "Description",
            "policy": "PolicyDocument",
        },
        convert={"policy": policy},
        without={"tags": NO_TAGS},
    ),
    "aws:lambda/function:Function": Kind(
        "AWS::Lambda::Function",
        {
            "name": "FunctionName",
            "description": "Description",
            "architectures": "Architectures",
            "code": "Code",
            "environment": "Environment",
            "handler": "Handler",
            "kmsKeyArn": "KmsKeyArn",
            "loggingConfig": "LoggingConfig",
            "memorySize": "MemorySize",
            "packageType": "PackageType",
            "reservedConcurrentExecutions": "ReservedConcurrentExecutions",
            "role": "Role",
            "runtime": "Runtime",
            "timeout": "Timeout",
            **TAGS,
        },
        {"name": "Ref", "id": "Ref", "arn": "Arn"},
        {"code": code, "environment": pascal, "handler": handler, "loggingConfig": pascal},
        {
            "publish": "a new version is published at a change only",
            "skipDestroy": DELETIONS,
        },
        {"reservedConcurrentExecutions": -1},
    ),
    "aws:lambda/permission:Permission": Kind(
        "AWS::Lambda::Permission",
        {
            "action": "Action",
            "function": "FunctionName",
            "principal": "Principal",
            "sourceAccount": "SourceAccount",
            "sourceArn": "SourceArn",
        },
        without={"statementId": "CloudFormation makes the ids of statements"},
    ),
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        "AWS::Logs::LogGroup",
        {
            "name": "LogGroupName",
            "retentionInDays": "RetentionInDays",
            "kmsKeyId": "KmsKeyId",
            "logGroupClass": "LogGroupClass",
            "deletionProtectionEnabled": "DeletionProtectionEnabled",
            **TAGS,
        },
        {"name": "Ref", "id": "Ref"},
        without={"skipDestroy": DELETIONS},
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
        "AWS::CloudWatch::Alarm",
        {
            "name": "AlarmName",
            "actionsEnabled": "ActionsEnabled",
            "alarmActions": "AlarmActions",
            "alarmDescription": "AlarmDescription",
            "comparisonOperator": "ComparisonOperator",
            "datapointsToAlarm": "DatapointsToAlarm",
            "dimensions": "Dimensions",
            "evaluationPeriods": "EvaluationPeriods",
            "metricName": "MetricName",
            "namespace": "Namespace",
            "okActions": "OKActions",
            "period": "Period",
            "statistic": "Statistic",
            "threshold": "Threshold",
            "treatMissingData": "TreatMissingData",
            **TAGS,
        },
        convert={"dimensions": dimensions},
    ),
}
"""CloudFormation's words (CloudFormation User Guide, resource and property types)."""

MERGED = {
    "aws:secretsmanager/secretVersion:SecretVersion": "is its secret's SecretString",
}
"""Types that are a property of another resource in CloudFormation."""

LEFT_OUT = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "CloudFormation cannot take over what a "
    "VPC comes with",
}
"""Types that CloudFormation does not have."""
