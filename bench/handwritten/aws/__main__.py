"""The shortest hand-written program with the resources of aws-prod: no checks, no choices."""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_random as random

ACCOUNT, READER = "123456789012", "arn:aws:iam::123456789012:role/shop"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
TAGS = {"team": "platform"}
CACHES = {
    # name: node type, nodes, eviction policy, keeps data
    "cache": ("cache.r7g.large", 2, "allkeys-lru", False),
    "sessions": ("cache.m7g.large", 2, "volatile-lru", True),
    "queue": ("cache.r7g.large", 3, "noeviction", True),
}
ALARMS = {
    "CPUUtilization": 45,
    "SwapUsage": 50 * 1024**2,
    "AuthenticationFailures": 0,
    "CurrConnections": 52_000,
    "ReplicationLag": 5,
    "CommandAuthorizationFailures": 0,
    "KeyAuthorizationFailures": 0,
    "NetworkBandwidthInAllowanceExceeded": 0,
    "NetworkBandwidthOutAllowanceExceeded": 0,
    "NetworkConntrackAllowanceExceeded": 0,
}
DATA_ALARMS = {"DatabaseMemoryUsagePercentage": 80, "Evictions": 0}
ROTATION = Path(__file__).parents[3] / "components/secure_redis/aws/rotation/function.py"


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: object, resource: object, **others: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


READ = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]

vpc = aws.ec2.Vpc(
    "vpc",
    cidr_block="10.20.0.0/16",
    enable_dns_support=True,
    enable_dns_hostnames=True,
    tags=TAGS,
)
aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, tags=TAGS)
zones = aws.get_availability_zones_output(state="available").names
subnets = [
    aws.ec2.Subnet(
        f"subnet-{n}",
        vpc_id=vpc.id,
        cidr_block=f"10.20.{32 * n}.0/19",
        availability_zone=zones[n],
        tags=TAGS,
    )
    for n in range(3)
]
for name, (node_type, nodes, eviction, keeps_data) in CACHES.items():
    identity = random.RandomId(f"{name}-identity", byte_length=4).hex
    last = random.RandomId(f"{name}-last", byte_length=4).hex
    word, off = (
        random.RandomPassword(f"{name}-{user}", length=48, special=False).result
        for user in ("app", "default")
    )
    random.RandomUuid7(f"{name}-issued")
    group = aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description="Clients", tags=TAGS)
    aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=6379,
        to_port=6379,
        cidr_ipv4="10.30.0.0/16",
        tags=TAGS,
    )
    key = aws.kms.Key(
        name,
        enable_key_rotation=True,
        policy=policy(
            {**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
            {
                **allow(["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"], "*"),
                "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
            },
        ),
        tags=TAGS,
        opts=pulumi.ResourceOptions(protect=True),
    )
    aws.kms.Alias(name, name=identity.apply(lambda i: f"alias/{i}"), target_key_id=key.key_id)
    app = aws.elasticache.User(
        f"{name}-app",
        user_id=identity.apply(lambda i: f"app-{i}"),
        user_name="app",
        access_string="on ~* &* +@all -@admin -@dangerous +info",
        engine="valkey",
        passwords=[word],
        tags=TAGS,
    )
    default = aws.elasticache.User(
        f"{name}-default",
        user_id=identity.apply(lambda i: f"default-{i}"),
        user_name="default",
        access_string="off ~keys* -@all +get",
        engine="valkey",
        passwords=[off],
        tags=TAGS,
    )
    users = aws.elasticache.UserGroup(
        name,
        user_group_id=identity.apply(lambda i: f"group-{i}"),
        engine="valkey",
        user_ids=[app.user_id, default.user_id],
        tags=TAGS,
    )
    logs = {
        kind: aws.cloudwatch.LogGroup(
            f"{name}-{kind}",
            name=identity.apply(lambda i, kind=kind: f"/aws/vendedlogs/elasticache/{i}/{kind}"),
            retention_in_days=90,
            kms_key_id=key.arn,
            tags=TAGS,
        )
        for kind in ("slow-log", "engine-log")
    }
    cache = aws.elasticache.ReplicationGroup(
        name,
        description=name,
        engine="valkey",
        engine_version="8.1",
        node_type=node_type,
        num_cache_clusters=nodes,
        multi_az_enabled=True,
        automatic_failover_enabled=True,
        port=6379,
        subnet_group_name=aws.elasticache.SubnetGroup(
            name, subnet_ids=[subnet.id for subnet in subnets], tags=TAGS
        ).name,
        security_group_ids=[group.id],
        parameter_group_name=aws.elasticache.ParameterGroup(
            name,
            family="valkey8",
            parameters=[{"name": "maxmemory-policy", "value": eviction}],
            tags=TAGS,
        ).name,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        at_rest_encryption_enabled=True,
        kms_key_id=key.arn,
        user_group_ids=[users.id],
        log_delivery_configurations=[
            {
                "destination": log.name,
                "destination_type": "cloudwatch-logs",
                "log_format": "json",
                "log_type": kind,
            }
            for kind, log in logs.items()
        ],
        snapshot_retention_limit=7,
        final_snapshot_identifier=last.apply(lambda i: f"final-{i}"),
        tags=TAGS,
        opts=pulumi.ResourceOptions(protect=True),
    )
    for number in range(1, nodes + 1):
        alarms = {**ALARMS, **(DATA_ALARMS if keeps_data else {})}
        for metric, threshold in [*alarms.items(), ("FreeableMemory", 100 * 1024**2)]:
            aws.cloudwatch.MetricAlarm(
                f"{name}-{number}-{metric}",
                namespace="AWS/ElastiCache",
                metric_name=metric,
                dimensions={"CacheClusterId": pulumi.Output.concat(cache.id, f"-{number:03d}")},
                statistic="Average",
                comparison_operator="GreaterThanThreshold"
                if metric != "FreeableMemory"
                else "LessThanThreshold",
                threshold=threshold,
                period=60,
                evaluation_periods=5,
                treat_missing_data="notBreaching",
                alarm_actions=[TOPIC],
                tags=TAGS,
            )
    contents = {
        "credentials": pulumi.Output.json_dumps(
            {"username": "app", "password": word, "user_arn": app.arn}
        ),
        "connection": pulumi.Output.json_dumps({"host": cache.primary_endpoint_address}),
    }
    secrets = {}
    for what, content in contents.items():
        secret = aws.secretsmanager.Secret(
            f"{name}-{what}",
            name=random.RandomId(f"{name}-{what}", byte_length=4).hex,
            kms_key_id=key.arn,
            tags=TAGS,
        )
        aws.secretsmanager.SecretPolicy(
            f"{name}-{what}",
            secret_arn=secret.arn,
            policy=secret.arn.apply(
                lambda arn: policy({**allow(READ, arn), "Principal": {"AWS": READER}})
            ),
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-{what}", secret_id=secret.id, secret_string=content
        )
        secrets[what] = secret
    aws.iam.Policy(
        name,
        policy=pulumi.Output.all(secrets["credentials"].arn, key.arn).apply(
            lambda arns: policy(allow(READ, arns[0]), allow("kms:Decrypt", arns[1]))
        ),
        tags=TAGS,
    )
    role = aws.iam.Role(
        name,
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                    }
                ],
            }
        ),
        tags=TAGS,
    )
    aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=pulumi.Output.all(app.arn, secrets["credentials"].arn).apply(
            lambda arns: policy(
                allow(["elasticache:DescribeUsers", "elasticache:ModifyUser"], arns[0]),
                allow([*READ, "secretsmanager:PutSecretValue"], arns[1]),
            )
        ),
    )
    function = aws.lambda_.Function(
        name,
        runtime="python3.13",
        handler="function.handler",
        code=pulumi.AssetArchive({"function.py": pulumi.FileAsset(str(ROTATION))}),
        role=role.arn,
        timeout=900,
        logging_config={
            "log_format": "JSON",
            "log_group": aws.cloudwatch.LogGroup(f"{name}-rotation", tags=TAGS).name,
        },
        tags=TAGS,
    )
    permission = aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function.name,
        principal="secretsmanager.amazonaws.com",
    )
    aws.secretsmanager.SecretRotation(
        name,
        secret_id=secrets["credentials"].id,
        rotation_lambda_arn=function.arn,
        rotation_rules={"automatically_after_days": 30},
        rotate_immediately=False,
        opts=pulumi.ResourceOptions(depends_on=[permission]),
    )
    pulumi.export(
        f"{name}Url",
        pulumi.Output.secret(
            pulumi.Output.concat("rediss://app:", word, "@", cache.primary_endpoint_address)
        ),
    )
