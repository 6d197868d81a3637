"""The stand-in refuses what AWS and its provider refuse, in their words.

Each row is a resource that is accepted, with one thing changed. What is accepted as it stands, and
is no change when it comes again, is the first test.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from cloud.aws.driver import TOKENS, RefusedError
from cloud.aws.resources import RESOURCES
from cloud.aws.world import ORDER, PASSWORD, POLICY, TOKEN, TRUST, World, archive, delivery

NO_TLS = {"transitEncryptionEnabled": False, "transitEncryptionMode": None, "userGroupIds": None}
WITH_TOKEN = {"userGroupIds": None, "authToken": TOKEN}
CLUSTER = {
    "numCacheClusters": None,
    "numNodeGroups": 2,
    "replicasPerNodeGroup": 1,
    "parameterGroupName": "valkey8-on",
    "clusterMode": "enabled",
}
REDIS = {
    "engine": "redis",
    "engineVersion": "7.1",
    "parameterGroupName": "redis7",
    "userGroupIds": ["redis"],
}
OLD_REDIS = {**REDIS, "engineVersion": "6.2", "parameterGroupName": None}

WRONG_GROUPS: list[tuple[dict[str, Any], str]] = [
    # who may come in
    ({**WITH_TOKEN, **NO_TLS}, "AUTH token is only supported when encryption-in-transit is enabl"),
    ({"authToken": TOKEN}, '"authToken": conflicts with userGroupIds'),
    ({**WITH_TOKEN, "authToken": "short"}, "must contain from 16 to 128 alphanumeric characters"),
    ({**WITH_TOKEN, "authToken": "a" * 129}, "must contain from 16 to 128 alphanumeric characters"),
    ({**WITH_TOKEN, "authToken": TOKEN + "@"}, 'symbols (excluding @, ", and /) allowed in "auth'),
    ({**WITH_TOKEN, "authToken": TOKEN + "%"}, "InvalidParameterValue: Invalid AuthToken provided"),
    ({**NO_TLS, "userGroupIds": ["valkey"]}, "User group based access control requires encryption"),
    ({"userGroupIds": ["nobody"]}, "UserGroupNotFound: User group nobody not found."),
    ({"userGroupIds": ["valkey", "redis"]}, "A replication group can have one user group"),
    ({**REDIS, "userGroupIds": ["valkey"]}, "engine valkey cannot be attached to a redis cache"),
    ({"authTokenUpdateStrategy": "SET"}, '"auth_token_update_strategy": "auth_token" must be spec'),
    ({"authTokenUpdateStrategy": "ROTATE"}, '"auth_token_update_strategy": "auth_token" must be'),
    (
        {**WITH_TOKEN, "authTokenUpdateStrategy": "DELETE"},
        '"auth_token" must not be specified when "auth_token_update_strategy" is "DELETE"',
    ),
    ({"authTokenUpdateStrategy": "REPLACE"}, 'to be one of ["SET" "ROTATE" "DELETE"], got REPLACE'),
    # nodes
    (
        {"numCacheClusters": 1, "multiAzEnabled": False},
        '"num_cache_clusters": must be at least 2 if automatic_failover_enabled is true',
    ),
    (
        {"automaticFailoverEnabled": False},
        "automatic_failover_enabled must be true if multi_az_enabled is true",
    ),
    ({"subnetGroupName": "narrow"}, "Multi-AZ requires subnets in at least two availability zones"),
    ({"numNodeGroups": 2}, '"numCacheClusters": conflicts with numNodeGroups'),
    ({"replicasPerNodeGroup": 1}, '"numCacheClusters": conflicts with replicasPerNodeGroup'),
    ({"numCacheClusters": 7}, "NumCacheClusters must be between 1 and 6."),
    ({**CLUSTER, "replicasPerNodeGroup": 6}, "ReplicasPerNodeGroup must be between 0 and 5."),
    ({**CLUSTER, "numNodeGroups": 46}, "NodeQuotaForClusterExceeded"),
    (
        {**CLUSTER, "automaticFailoverEnabled": False, "multiAzEnabled": False},
        "Redis with cluster mode enabled cannot be created with auto failover turned off.",
    ),
    ({**CLUSTER, "parameterGroupName": "valkey8"}, "a parameter group with cluster-enabled=yes"),
    ({"parameterGroupName": "valkey8-on", "clusterMode": "disabled"}, "with cluster-enabled=no"),
    ({"nodeType": None}, '"node_type" is required unless "global_replication_group_id" is set.'),
    ({"nodeType": "t4g.small"}, "Invalid Cache Node Type: t4g.small"),
    ({"nodeType": "cache.m7g.huge"}, "Invalid Cache Node Type: cache.m7g.huge"),
    ({"nodeType": "cache.r6gd.xlarge"}, "Data tiering must be enabled for r6gd node types"),
    ({"dataTieringEnabled": True}, "Data tiering must be enabled for r6gd node types"),
    ({"nodeType": "cache.t2.small"}, "Automatic failover is not supported for T2 nodes"),
    ({"preferredCacheClusterAzs": ["eu-west-1a"]}, "must name one valid zone for each node"),
    ({"port": 80}, "The port 80 is not between 1150 and 65535"),
    # engine
    ({"engine": "memcached"}, 'expected engine to be one of ["redis" "valkey"], got memcached'),
    ({"engineVersion": "8.1.0"}, "engine_version: 8.1.0 is invalid."),
    ({"engineVersion": "8.9"}, "InvalidParameterCombination: Cannot find version 8.9 for valkey"),
    ({"engineVersion": "6.2"}, "Cannot find version 6.2 for valkey"),
    (
        {"parameterGroupName": "redis7"},
        "Expected a parameter group of family valkey8 but found one of family redis7",
    ),
    (
        {"parameterGroupName": "none"},
        "CacheParameterGroupNotFound: CacheParameterGroup none not fo",
    ),
    ({"durability": "sync"}, "Durability requires Valkey 9.0 or later with cluster mode enabled."),
    # network
    ({"subnetGroupName": "none"}, "CacheSubnetGroupNotFoundFault: Cache subnet group none does no"),
    ({"subnetGroupName": None}, "The account has no default VPC"),
    ({"securityGroupIds": ["sg-none"]}, "Some security groups are invalid: sg-none"),
    ({"networkType": "dual_stack"}, "The subnets do not support the network type dual_stack"),
    # encryption
    ({"kmsKeyId": "alias/cache"}, "The KMS key is not a valid key ARN or id: alias/cache"),
    ({"atRestEncryptionEnabled": False}, "KmsKeyId can only be specified if encryption at rest"),
    (
        {"kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/none"},
        "InvalidKMSKeyFault: The specified KMS key does not exist",
    ),
    (
        {**NO_TLS, "transitEncryptionMode": "required"},
        "TransitEncryptionMode can only be set when encryption-in-transit is enabled",
    ),
    ({"transitEncryptionMode": "always"}, 'to be one of ["preferred" "required"], got always'),
    (
        {**OLD_REDIS, "transitEncryptionMode": "preferred"},
        "Transit encryption mode preferred requires engine version 7.0.5 or later",
    ),
    # windows and snapshots
    (
        {"snapshotRetentionLimit": 36},
        "expected snapshot_retention_limit to be at most (35), got 36",
    ),
    ({"snapshotWindow": "3-4"}, 'must satisfy the format of "hh24:mi-hh24:mi"'),
    ({"snapshotWindow": "03:00-03:30"}, "The snapshot window must be at least 60 minutes."),
    ({"snapshotWindow": "05:30-06:30"}, "snapshot window and maintenance window must not overlap"),
    ({"maintenanceWindow": "Sunday 5am"}, 'must satisfy the format of "ddd:hh24:mi-ddd:hh24:mi"'),
    ({"maintenanceWindow": "sun:05:00-sun:05:30"}, "maintenance window must be at least 60 minut"),
    ({"snapshotName": "none"}, "SnapshotNotFoundFault: Snapshot not found: none"),
    # logs
    ({"logDeliveryConfigurations": [delivery("slow")] * 3}, "supports 2 item maximum, but config"),
    ({"logDeliveryConfigurations": [delivery("slow")] * 2}, "one log delivery configuration for e"),
    (
        {"logDeliveryConfigurations": [delivery("slow", destination="/none")]},
        "The CloudWatch Logs log group /none does not exist",
    ),
    (
        {"logDeliveryConfigurations": [delivery("slow", logFormat="xml")]},
        'expected logFormat to be one of ["text" "json"], got xml',
    ),
    (
        {
            **OLD_REDIS,
            "engineVersion": "6.0",
            "logDeliveryConfigurations": [delivery("engine")],
        },
        "engine-log requires engine version 6.2 or later",
    ),
    # names, types, tags
    ({"replicationGroupId": "a--b"}, "cannot contain two consecutive hyphens"),
    ({"replicationGroupId": "1cache"}, "must begin with a letter"),
    ({"replicationGroupId": "cache-"}, "cannot end with a hyphen"),
    ({"replicationGroupId": "a" * 41}, "to be in the range (1 - 40)"),
    ({"encrypted": True}, 'An argument named "encrypted" is not expected here'),
    ({"numCacheClusters": "2"}, "expected integer type, got string type"),
    ({"securityGroupIds": "sg-1"}, "expected array type, got string type"),
    ({"tags": {"team": 7}}, "expected string type, got integer type"),
    ({"tags": {"aws:team": "x"}}, "Tag keys starting with 'aws:' are reserved"),
    ({"description": None}, 'The argument "description" is required'),
    (
        {"logDeliveryConfigurations": [{"destination": "x"}]},
        'The argument "destinationType" is required',
    ),
    (
        {"logDeliveryConfigurations": [delivery("slow", colour="red")]},
        'An argument named "colour" is not expected here',
    ),
    ({"notificationTopicArn": "topic"}, "is an invalid ARN"),
]

WRONG: list[tuple[str, dict[str, Any], str]] = [
    *(("ReplicationGroup", changes, text) for changes, text in WRONG_GROUPS),
    # serverless
    ("ServerlessCache", {"name": "a" * 41}, "ServerlessCacheName is not a valid identifier"),
    ("ServerlessCache", {"nodeType": "cache.t4g.small"}, '"nodeType" is not expected here'),
    ("ServerlessCache", {"parameterGroupName": "x"}, '"parameterGroupName" is not expected here'),
    ("ServerlessCache", {"majorEngineVersion": "8.1"}, "version 8.1 is not available for valkey"),
    ("ServerlessCache", {"engine": "redis"}, "The major engine version 8 is not available for red"),
    (
        "ServerlessCache",
        {"engine": "redis", "majorEngineVersion": "7"},
        "A user group of engine valkey cannot be attached to a redis cache",
    ),
    ("ServerlessCache", {"description": "<b>"}, "up to 255 characters and neither < nor >"),
    ("ServerlessCache", {"snapshotRetentionLimit": 36}, "value must be at most 35, got: 36"),
    (
        "ServerlessCache",
        {"cacheUsageLimits": {"ecpuPerSeconds": [{"maximum": 10}]}},
        "expected maximum to be in the range (1000 - 15000000), got 10",
    ),
    (
        "ServerlessCache",
        {"cacheUsageLimits": {"dataStorage": {"maximum": 5001, "unit": "GB"}}},
        "DataStorage Maximum must be between 1 and 5000.",
    ),
    (
        "ServerlessCache",
        {"cacheUsageLimits": {"dataStorage": {"maximum": 5, "unit": "MB"}}},
        'expected unit to be one of ["GB"], got MB',
    ),
    (
        "ServerlessCache",
        {"cacheUsageLimits": {"ecpuPerSeconds": {"maximum": 1000}}},
        "expected array type, got object type",
    ),
    ("ServerlessCache", {"subnetIds": None}, "SubnetIds are required"),
    ("ServerlessCache", {"dailySnapshotTime": "3am"}, "Invalid daily snapshot time: 3am"),
    # users
    ("User", {"passwords": ["short"]}, "expected length of passwords to be in the range (16 - 12"),
    ("User", {"passwords": [PASSWORD + ","]}, "16 to 128 printable characters and none of"),
    ("User", {"passwords": [f"{PASSWORD}{n}" for n in "123"]}, "No more than 2 are allowed"),
    ("User", {"passwords": None}, "Either Passwords must be given or NoPasswordRequired must be t"),
    (
        "User",
        {"passwords": None, "noPasswordRequired": True},
        "No password required is not supported for engine valkey",
    ),
    (
        "User",
        {"noPasswordRequired": True},
        "Passwords cannot be set when NoPasswordRequired is true",
    ),
    (
        "User",
        {"passwords": None, "authenticationMode": {"type": "iam"}, "userName": "other"},
        "The user id and user name must be identical for IAM authentication",
    ),
    (
        "User",
        {"passwords": None, "authenticationMode": {"type": "kerberos"}},
        'expected type to be one of ["password" "no-password-required" "iam"], got kerberos',
    ),
    (
        "User",
        {"authenticationMode": {"type": "password", "passwords": [PASSWORD]}},
        "AuthenticationMode cannot be combined with Passwords",
    ),
    ("User", {"accessString": "~* +@all"}, "invalid access string"),
    ("User", {"accessString": "on ~* +@all !"}, "Unrecognized command or invalid access string: !"),
    ("User", {"userId": "1reader"}, "Member must satisfy regular expression pattern"),
    ("User", {"userId": "default"}, "UserAlreadyExists: User default already exists."),
    ("User", {"userId": None}, 'The argument "userId" is required'),
    ("User", {"engine": "memcached"}, 'expected engine to be one of ["redis" "valkey"]'),
    ("UserGroup", {"engine": "redis"}, "DefaultUserRequired: User group needs to contain a user"),
    (
        "UserGroup",
        {"engine": "redis", "userIds": ["redis-default", "valkey-app"]},
        "Users of another engine in a redis user group: valkey-app",
    ),
    ("UserGroup", {"userIds": ["valkey-app", "redis-app"]}, "DuplicateUserName: User group contai"),
    ("UserGroup", {"userIds": ["nobody"]}, "UserNotFound: User nobody not found."),
    ("UserGroup", {"userGroupId": "valkey"}, "UserGroupAlreadyExists"),
    # groups
    ("ParameterGroup", {"family": "valkey10"}, "valkey10 is not a valid parameter group family."),
    (
        "ParameterGroup",
        {"parameters": [{"name": "max-memory", "value": "1"}]},
        "InvalidParameterValue: Could not find parameter with name: max-memory",
    ),
    (
        "ParameterGroup",
        {"parameters": [{"name": "maxmemory-policy", "value": "lru"}]},
        "The value lru is not valid for the parameter maxmemory-policy",
    ),
    ("ParameterGroup", {"name": "a_b"}, "CacheParameterGroupName is not a valid identifier"),
    ("SubnetGroup", {"subnetIds": ["subnet-none"]}, "Some input subnets in :[subnet-none] are inv"),
    ("SubnetGroup", {"subnetIds": None}, 'The argument "subnetIds" is required'),
    # network
    ("Vpc", {"cidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid."),
    ("Vpc", {"cidrBlock": "10.0.0.1/16"}, 'did you mean "10.0.0.0/16"?'),
    ("Subnet", {"cidrBlock": "10.99.0.0/24"}, "InvalidSubnet.Range"),
    ("Subnet", {"cidrBlock": "10.10.0.0/24"}, "InvalidSubnet.Conflict"),
    ("Subnet", {"availabilityZone": "eu-west-1z"}, "parameter availabilityZone is invalid"),
    ("Subnet", {"vpcId": "vpc-none"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-none' does not exi"),
    ("SecurityGroup", {"name": "group-" + "a" * 250}, "have up to 255 characters"),
    (
        "SecurityGroupIngressRule",
        {"prefixListId": "pl-1"},
        "Exactly one of these attributes must be configured",
    ),
    (
        "SecurityGroupIngressRule",
        {"cidrIpv4": None},
        "Exactly one of these attributes must be configured",
    ),
    ("SecurityGroupIngressRule", {"cidrIpv4": "10.0.0.1/16"}, "is not a valid CIDR block"),
    ("SecurityGroupIngressRule", {"toPort": 70000}, "to be in the range (-1 - 65535), got 70000"),
    ("SecurityGroupIngressRule", {"toPort": 6378}, "Invalid TCP/UDP port range"),
    ("SecurityGroupIngressRule", {"toPort": None}, "Must specify both from and to"),
    (
        "SecurityGroupIngressRule",
        {"cidrIpv4": None, "referencedSecurityGroupId": "sg-none"},
        "InvalidGroup.NotFound: The security group 'sg-none' does not exist",
    ),
    ("VpcEndpoint", {"serviceName": "com.amazonaws.eu-west-1.none"}, "InvalidServiceName"),
    ("VpcEndpoint", {"privateDnsEnabled": True}, "Enabling private DNS requires both enableDnsSup"),
    # encryption
    ("Key", {"deletionWindowInDays": 5}, "to be in the range (7 - 30), got 5"),
    ("Key", {"rotationPeriodInDays": 30}, "to be in the range (90 - 2560), got 30"),
    ("Key", {"policy": "{"}, "contains an invalid JSON policy"),
    ("Key", {"policy": POLICY}, "MalformedPolicyDocumentException: Missing required field Princip"),
    (
        "Key",
        {
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                }
            )
        },
        "The new key policy will not allow you to update the key policy in the future.",
    ),
    ("Alias", {"name": "cache"}, "must begin with 'alias/'"),
    ("Alias", {"name": None}, "must begin with 'alias/'"),
    # logs and alarms
    ("LogGroup", {"retentionInDays": 31}, "expected retention_in_days to be one of [0 1 3 5 7 14"),
    ("LogGroup", {"name": "/cache slow"}, "Member must satisfy regular expression pattern"),
    ("LogGroup", {"name": "/world/slow"}, "ResourceAlreadyExistsException: The specified log gro"),
    ("MetricAlarm", {"comparisonOperator": None}, 'The argument "comparisonOperator" is required'),
    ("MetricAlarm", {"evaluationPeriods": None}, 'The argument "evaluationPeriods" is required'),
    ("MetricAlarm", {"statistic": "Median"}, "expected statistic to be one of"),
    ("MetricAlarm", {"statistic": None}, "One of `statistic` or `extended_statistic` must be set"),
    ("MetricAlarm", {"extendedStatistic": "p99"}, "conflicts with extendedStatistic"),
    ("MetricAlarm", {"period": 45}, "expected period to be one of [10 20 30] or divisible by 60"),
    ("MetricAlarm", {"period": None}, "ValidationError: The parameter Period is required"),
    ("MetricAlarm", {"datapointsToAlarm": 6}, "must be less than or equal to EvaluationPeriods"),
    ("MetricAlarm", {"threshold": None}, "parameter Threshold or ThresholdMetricId is required"),
    ("MetricAlarm", {"alarmActions": ["topic"]}, "is an invalid ARN"),
    ("MetricAlarm", {"treatMissingData": "ok"}, 'to be one of ["breaching" "notBreaching"'),
    # secrets
    ("Secret", {"recoveryWindowInDays": 3}, "to be in the range (7 - 30), got 3"),
    ("Secret", {"name": "a secret"}, "must contain only alphanumeric characters"),
    ("Secret", {"name": "cache-abc123"}, "Do not end your secret name with a hyphen followed by"),
    ("Secret", {"kmsKeyId": "none"}, "The specified KMS key does not exist or is not allowed"),
    ("Secret", {"policy": "no"}, "contains an invalid JSON policy"),
    ("Secret", {"name": "world"}, "ResourceExistsException: The operation failed because the sec"),
    ("SecretVersion", {"secretStringWo": "x"}, '"secretString": conflicts with secretStringWo'),
    ("SecretVersion", {"secretString": None}, "You must provide either SecretString or SecretBina"),
    (
        "SecretVersion",
        {"secretString": None, "secretStringWo": "x"},
        "all of `secretStringWo,secretStringWoVersion` must be specified",
    ),
    ("SecretVersion", {"secretId": "none"}, "Secrets Manager can't find the specified secret."),
    (
        "SecretPolicy",
        {"policy": POLICY},
        "MalformedPolicyDocumentException: Missing required field Principal",
    ),
    (
        "SecretRotation",
        {"rotationRules": {"automaticallyAfterDays": 1, "scheduleExpression": "rate(4 hours)"}},
        "rotation_rules.0.schedule_expression` must be specified",
    ),
    (
        "SecretRotation",
        {"rotationRules": {"automaticallyAfterDays": 1001}},
        "to be in the range (1 - 1000), got 1001",
    ),
    (
        "SecretRotation",
        {"rotationRules": {"scheduleExpression": "rate(2 hours)"}},
        "A secret can be rotated every four hours at most.",
    ),
    (
        "SecretRotation",
        {"rotationRules": None},
        "`rotation_rules` is required unless `rotation_enabled` is `false`",
    ),
    (
        "SecretRotation",
        {"rotationEnabled": False},
        "`rotation_rules` cannot be set when `rotation_enabled` is `false`",
    ),
    (
        "SecretRotation",
        {"rotationLambdaArn": "arn:aws:lambda:eu-west-1:123456789012:function:other"},
        "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function.",
    ),
    # functions and identities
    ("Function", {"runtime": "python2"}, "expected runtime to be one of"),
    ("Function", {"handler": None}, "Handler must not be empty for .zip packages"),
    ("Function", {"timeout": 901}, "to be in the range (1 - 900), got 901"),
    ("Function", {"code": None}, "one of `filename,image_uri,s3_bucket` must be specified"),
    ("Function", {"code": "index.zip"}, "expected asset type, got string type"),
    (
        "Function",
        {"role": "arn:aws:iam::123456789012:role/other"},
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    (
        "Function",
        {"environment": {"variables": {"AWS_REGION": "eu-west-1"}}},
        "Reserved keys used in this request: AWS_REGION",
    ),
    ("Permission", {"principal": "secretsmanager"}, "The provided principal was invalid."),
    ("Permission", {"statementId": "a b"}, "invalid value for statementId"),
    ("Permission", {"function": "other"}, "ResourceNotFoundException: Function not found"),
    ("Role", {"assumeRolePolicy": POLICY}, "MalformedPolicyDocument: Missing required field Princ"),
    ("Role", {"assumeRolePolicy": None}, 'The argument "assumeRolePolicy" is required'),
    ("Role", {"maxSessionDuration": 60}, "to be in the range (3600 - 43200), got 60"),
    ("RolePolicy", {"policy": TRUST}, "Policy document should not specify a principal."),
    ("RolePolicy", {"role": "other"}, "NoSuchEntity: The role with name other cannot be found."),
    ("Policy", {"policy": "[]"}, "MalformedPolicyDocument: Missing required field Statement"),
    ("Policy", {"policy": TRUST}, "Policy document should not specify a principal."),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that every test gets a copy of."""
    return World(tmp_path_factory.mktemp("base") / "cloud")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    return base.copy(tmp_path / "cloud")


def refusal(work: Any, *arguments: Any, **options: Any) -> str:
    """What is said when something is refused."""
    with pytest.raises(RefusedError) as refused:
        work(*arguments, **options)
    return str(refused.value)


def test_every_type_is_the_sdks_and_all_that_is_said_of_it_is_one_of_its_inputs() -> None:
    for token, resource in RESOURCES.items():
        schema = resource.schema
        assert schema.token == token
        rules = resource.rules
        told = {
            *resource.models, *resource.defaults, *resource.replaces, *resource.kept,
            *resource.required, *rules.computed, *rules.ordered, *rules.documents, *rules.caseless,
        }  # fmt: skip
        assert {name.partition(".")[0] for name in told} <= schema.inputs.keys()


def test_one_valid_resource_of_every_type_is_accepted_and_then_unchanged(world: World) -> None:
    assert sorted(ORDER) == sorted(TOKENS)
    for kind in ORDER:
        world.make(kind, kind)
        assert world.changes(kind, kind) == set()
    for kind in reversed(ORDER):
        world.drop(kind, kind)


@pytest.mark.parametrize(
    "changes",
    [
        WITH_TOKEN,
        {"userGroupIds": None, "authTokenUpdateStrategy": "DELETE"},
        CLUSTER,
        REDIS,
        OLD_REDIS,
        {**REDIS, "userGroupIds": None, **NO_TLS},
        {"nodeType": "cache.r6gd.xlarge", "dataTieringEnabled": True},
        {"numCacheClusters": 1, "automaticFailoverEnabled": False, "multiAzEnabled": False},
        {"engineVersion": None, "parameterGroupName": None},
        {"replicationGroupId": None},
        {"securityGroupIds": None, "logDeliveryConfigurations": None},
        {**CLUSTER, "durability": "sync", "engineVersion": "9.0", "parameterGroupName": None},
    ],
)
def test_other_valid_groups_are_accepted(world: World, changes: dict[str, Any]) -> None:
    world.make("ReplicationGroup", "cache", **changes)
    assert world.changes("ReplicationGroup", "cache") == set()


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    WRONG,
    ids=[
        f"{number}-{kind}-{'-'.join(changes)}"[:70]
        for number, (kind, changes, _) in enumerate(WRONG)
    ],
)
def test_a_wrong_input_is_refused_in_the_clouds_words(
    world: World, kind: str, changes: dict[str, Any], text: str
) -> None:
    said = refusal(world.make, kind, "wrong", **changes)
    assert text in said
    assert PASSWORD not in said
    assert TOKEN not in said


def test_an_api_error_is_printed_as_the_provider_prints_it(world: World) -> None:
    said = refusal(world.make, "ReplicationGroup", "x", userGroupIds=["nobody"])
    assert said.startswith(
        "1 error occurred:\n\t* creating ElastiCache Replication Group (cache): operation error "
        "ElastiCache: CreateReplicationGroup, https response error StatusCode: 404, RequestID: "
    )
    assert said.rstrip().endswith(", UserGroupNotFound: User group nobody not found.")


def test_a_name_that_gets_too_long_is_refused(world: World) -> None:
    said = refusal(world.make, "ReplicationGroup", "n" * 33, replicationGroupId=None)
    assert "is longer than maximum length 40" in said
    world.make("ReplicationGroup", "N" * 32, replicationGroupId=None)
    assert world.state["ReplicationGroup", "N" * 32].identifier.startswith("n" * 32 + "-")


def test_a_log_group_needs_a_key_that_is_open_to_the_service(world: World) -> None:
    said = refusal(world.make, "LogGroup", "x", kmsKeyId=world.plain_key.outputs["arn"])
    assert "is not allowed to be used with LogGroup" in said


def test_a_security_group_of_another_network_is_refused(world: World) -> None:
    said = refusal(world.make, "ReplicationGroup", "x", securityGroupIds=[world.stranger])
    assert "are of different VPCs" in said
    said = refusal(
        world.make,
        "SecurityGroupIngressRule",
        "x",
        cidrIpv4=None,
        referencedSecurityGroupId=world.stranger,
    )
    assert "belong to different networks" in said
    both = [world.net["subnetIds"][0], world.other["subnetIds"][0]]
    assert "must be in one VPC" in refusal(world.make, "SubnetGroup", "x", subnetIds=both)


def test_an_input_that_is_not_modelled_is_refused(world: World) -> None:
    said = refusal(world.make, "ReplicationGroup", "x", securityGroupNames=["x"])
    assert "is not known to this stand-in" in said


def test_a_function_from_a_missing_file_is_refused(world: World) -> None:
    code = {**archive(""), "assets": None, "path": "/none"}
    said = refusal(world.make, "Function", "x", code=code)
    assert "open /none: no such file or directory" in said
