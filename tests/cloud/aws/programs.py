"""Small programs for the stand-in, in the SDK alone: nothing of ours is in them."""

SMALL = """
import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16")
zones = aws.get_availability_zones(state="available").names
subnets = [
    aws.ec2.Subnet(f"net-{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone)
    for i, zone in enumerate(zones[:2])
]
places = aws.elasticache.SubnetGroup("places", subnet_ids=[subnet.id for subnet in subnets])
settings = aws.elasticache.ParameterGroup("settings", family=FAMILY, **PARAMETERS)
for name in CACHES:
    aws.elasticache.ReplicationGroup(
        name,
        description="a cache",
        engine="valkey",
        engine_version=VERSION,
        node_type="cache.t4g.small",
        num_cache_clusters=1,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        at_rest_encryption_enabled=True,
        subnet_group_name=places.name,
        parameter_group_name=settings.name,
        apply_immediately=True,
    )
"""

WHOLE = """
import json

import pulumi
import pulumi_aws as aws

password = pulumi.Config().require_secret("password")
region = aws.get_region().region
me = aws.get_caller_identity().account_id
zones = aws.get_availability_zones(state="available").names
tags = {"team": "platform"}

vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags=tags)
subnets = [
    aws.ec2.Subnet(f"net-{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone)
    for i, zone in enumerate(zones[:2])
]
table = aws.ec2.RouteTable("table", vpc_id=vpc.id)
for i, subnet in enumerate(subnets):
    aws.ec2.RouteTableAssociation(f"table-{i}", subnet_id=subnet.id, route_table_id=table.id)
aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id)
group = aws.ec2.SecurityGroup("cache", vpc_id=vpc.id, tags=tags)
aws.vpc.SecurityGroupIngressRule(
    "cache", security_group_id=group.id, ip_protocol="tcp", from_port=6379, to_port=6379,
    cidr_ipv4="10.0.0.0/16",
)
key = aws.kms.Key(
    "key", enable_key_rotation=True, deletion_window_in_days=7,
    policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{me}:root"}, "Action": "kms:*",
         "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": f"logs.{region}.amazonaws.com"},
         "Action": ["kms:Encrypt*", "kms:Decrypt*"], "Resource": "*"},
    ]}),
)
aws.kms.Alias("key", name="alias/cache", target_key_id=key.key_id)
logs = aws.cloudwatch.LogGroup("slow", name="/cache/slow", retention_in_days=30, kms_key_id=key.arn)
places = aws.elasticache.SubnetGroup("places", subnet_ids=[subnet.id for subnet in subnets])
settings = aws.elasticache.ParameterGroup(
    "settings", family="valkey8",
    parameters=[{"name": "maxmemory-policy", "value": "volatile-lru"}],
)
user = aws.elasticache.User(
    "app", user_id="app", user_name="app", engine="valkey",
    access_string="on ~* &* -@all +@read", passwords=[password],
)
users = aws.elasticache.UserGroup(
    "users", user_group_id="users", engine="valkey", user_ids=[user.user_id]
)
cache = aws.elasticache.ReplicationGroup(
    "Cache", description="a cache", engine="valkey", engine_version="8.1",
    node_type="cache.t4g.small", num_cache_clusters=2, automatic_failover_enabled=True,
    multi_az_enabled=True, transit_encryption_enabled=True, transit_encryption_mode="required",
    at_rest_encryption_enabled=True, kms_key_id=key.arn, subnet_group_name=places.name,
    parameter_group_name=settings.name, security_group_ids=[group.id],
    user_group_ids=[users.user_group_id], apply_immediately=True, tags=tags,
    log_delivery_configurations=[{
        "destination": logs.name, "destination_type": "cloudwatch-logs", "log_format": "json",
        "log_type": "slow-log",
    }],
)
secret = aws.secretsmanager.Secret("cache", kms_key_id=key.arn, recovery_window_in_days=0)
aws.secretsmanager.SecretVersion(
    "cache", secret_id=secret.id,
    secret_string=pulumi.Output.json_dumps({"username": "app", "password": password}),
)
topic = aws.sns.Topic("alarms")
aws.cloudwatch.MetricAlarm(
    "cpu", comparison_operator="GreaterThanThreshold", evaluation_periods=5,
    metric_name="EngineCPUUtilization", namespace="AWS/ElastiCache", period=60,
    statistic="Average", threshold=90, alarm_actions=[topic.arn],
    dimensions={"CacheClusterId": pulumi.Output.format("{0}-001", cache.id)},
)
role = aws.iam.Role("rotator", assume_role_policy=json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                            "Principal": {"Service": "lambda.amazonaws.com"}}],
}))
policy = aws.iam.Policy("reader", policy=secret.arn.apply(lambda arn: json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": arn,
                                            "Action": "secretsmanager:GetSecretValue"}],
})))
aws.iam.RolePolicyAttachment("reader", role=role.name, policy_arn=policy.arn)
function = aws.lambda_.Function(
    "rotator", role=role.arn, runtime="python3.12", handler="index.handler",
    code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): pass")}),
)
aws.lambda_.Permission(
    "rotator", function=function.name, action="lambda:InvokeFunction",
    principal="secretsmanager.amazonaws.com", source_account=me,
)
pulumi.export("host", cache.primary_endpoint_address)
pulumi.export("members", cache.member_clusters)
pulumi.export("password", user.passwords[0])
"""


def small(
    family: str = "valkey8",
    version: str = "8.1",
    caches: tuple[str, ...] = ("cache",),
    **parameters: str,
) -> str:
    """Caches in a network: eight resources with the stack if there is one cache."""
    values = (family, version, caches, parameters)
    return f"FAMILY, VERSION, CACHES, PARAMETERS = {values!r}\n{SMALL}"
