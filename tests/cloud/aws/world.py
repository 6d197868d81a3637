"""One valid resource of every type, in an account that has what they need.

Every wrong input of the strictness table is one of these with one thing changed, so that no row can
pass because everything is refused.
"""

import json
from pathlib import Path
from typing import Any

from .account import ACCOUNT
from .driver import REGION, Driver
from .services.network import add_vpc

TOKEN = "Abcdefgh12345678!&#$^<>-"
PASSWORD = "abcdefghijklmnop"

TRUST = json.dumps(
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
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
        ],
    }
)
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
                "Action": ["kms:Encrypt*", "kms:Decrypt*"],
                "Resource": "*",
            },
        ],
    }
)

ORDER = (
    "Vpc", "Subnet", "RouteTable", "RouteTableAssociation", "DefaultSecurityGroup", "SecurityGroup",
    "SecurityGroupIngressRule", "SecurityGroupEgressRule", "VpcEndpoint", "Key", "Alias",
    "LogGroup", "Topic", "SubnetGroup", "ParameterGroup", "User", "UserGroup",
    "UserGroupAssociation", "ReplicationGroup", "ServerlessCache", "Secret", "SecretVersion",
    "SecretPolicy", "Role", "RolePolicy", "Policy", "RolePolicyAttachment", "Function",
    "Permission", "SecretRotation", "MetricAlarm",
)  # fmt: skip
"""Every type, after those it needs."""


class World(Driver):
    """An account with two networks and what caches need, and valid inputs for every type."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.net = add_vpc(self.account, "10.10.0.0/16", 2)
        self.other = add_vpc(self.account, "10.20.0.0/16", 2)
        self.group = self.put("SecurityGroup", "group", vpcId=self.net["vpcId"]).identifier
        self.stranger = self.put("SecurityGroup", "stranger", vpcId=self.other["vpcId"]).identifier
        self.key = self.put("Key", "world", policy=KEY_POLICY)
        self.plain_key = self.put("Key", "plain")
        self.subnets = self.put(
            "SubnetGroup", "world", name="world", subnetIds=self.net["subnetIds"]
        )
        self.put("SubnetGroup", "narrow", name="narrow", subnetIds=self.net["subnetIds"][:1])
        for name, family, on in (
            ("valkey8", "valkey8", "no"),
            ("valkey8-on", "valkey8", "yes"),
            ("redis7", "redis7", "no"),
        ):
            self.put(
                "ParameterGroup",
                name,
                name=name,
                family=family,
                parameters=[{"name": "cluster-enabled", "value": on}],
            )
        for kind in ("slow", "engine"):
            self.put("LogGroup", kind, name=f"/world/{kind}")
        for engine in ("valkey", "redis"):
            for who in ("app", "default"):
                self.put(
                    "User",
                    f"{engine}-{who}",
                    userId=f"{engine}-{who}",
                    userName=who,
                    engine=engine,
                    accessString="on ~* +@all",
                    passwords=[PASSWORD],
                )
            self.put(
                "UserGroup",
                engine,
                userGroupId=engine,
                engine=engine,
                userIds=[f"{engine}-app", f"{engine}-default"],
            )
        self.secret = self.put("Secret", "world", name="world")
        self.put("SecretVersion", "world", secretId=self.secret.identifier, secretString="{}")
        self.role = self.put("Role", "world", assumeRolePolicy=TRUST).outputs["arn"]
        self.function = self.put(
            "Function",
            "world",
            name="world",
            role=self.role,
            runtime="python3.12",
            handler="index.handler",
            code=archive("def handler(event, context): pass"),
        )
        self.put(
            "Permission",
            "world",
            function="world",
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
        )

    def all_valid(self) -> dict[str, dict[str, Any]]:
        """Inputs that are accepted, by type."""
        vpc, subnets = self.net["vpcId"], self.net["subnetIds"]
        return {
            **self._network(vpc, subnets),
            **self._caches(subnets),
            **self._secrets(),
            **self._others(),
        }

    def _network(self, vpc: str, subnets: list[str]) -> dict[str, dict[str, Any]]:
        table = self.state.get(("RouteTable", "RouteTable"))
        return {
            "Vpc": {"cidrBlock": "10.30.0.0/16", "enableDnsHostnames": True},
            "Subnet": {
                "vpcId": vpc,
                "cidrBlock": "10.10.240.0/24",
                "availabilityZone": f"{REGION}c",
            },
            "RouteTable": {"vpcId": vpc},
            "RouteTableAssociation": {
                "subnetId": subnets[0],
                "routeTableId": table.identifier if table else "",
            },
            "DefaultSecurityGroup": {"vpcId": vpc},
            "SecurityGroup": {"vpcId": vpc, "tags": {"team": "platform"}},
            "SecurityGroupIngressRule": {
                "securityGroupId": self.group,
                "ipProtocol": "tcp",
                "fromPort": 6379,
                "toPort": 6379,
                "cidrIpv4": "10.10.0.0/16",
            },
            "SecurityGroupEgressRule": {
                "securityGroupId": self.group,
                "ipProtocol": "-1",
                "referencedSecurityGroupId": self.group,
            },
            "VpcEndpoint": {
                "vpcId": vpc,
                "serviceName": f"com.amazonaws.{REGION}.secretsmanager",
                "vpcEndpointType": "Interface",
                "subnetIds": subnets,
                "securityGroupIds": [self.group],
            },
        }

    def _caches(self, subnets: list[str]) -> dict[str, dict[str, Any]]:
        return {
            "SubnetGroup": {"subnetIds": subnets},
            "ParameterGroup": {
                "family": "valkey8",
                "parameters": [{"name": "maxmemory-policy", "value": "volatile-lru"}],
            },
            "User": {
                "userId": "reader",
                "userName": "reader",
                "engine": "valkey",
                "accessString": "on ~* -@all +@read",
                "passwords": [PASSWORD],
            },
            "UserGroup": {
                "userGroupId": "readers",
                "engine": "valkey",
                "userIds": ["valkey-app"],
            },
            "UserGroupAssociation": {"userGroupId": "readers", "userId": "reader"},
            "ReplicationGroup": {
                "replicationGroupId": "cache",
                "description": "a cache",
                "engine": "valkey",
                "engineVersion": "8.1",
                "nodeType": "cache.t4g.small",
                "numCacheClusters": 2,
                "automaticFailoverEnabled": True,
                "multiAzEnabled": True,
                "atRestEncryptionEnabled": True,
                "kmsKeyId": self.key.outputs["arn"],
                "transitEncryptionEnabled": True,
                "transitEncryptionMode": "required",
                "userGroupIds": ["valkey"],
                "subnetGroupName": "world",
                "parameterGroupName": "valkey8",
                "securityGroupIds": [self.group],
                "snapshotRetentionLimit": 7,
                "snapshotWindow": "03:00-04:00",
                "maintenanceWindow": "sun:05:00-sun:06:00",
                "applyImmediately": True,
                "logDeliveryConfigurations": [delivery("slow"), delivery("engine")],
            },
            "ServerlessCache": {
                "name": "serverless",
                "engine": "valkey",
                "majorEngineVersion": "8",
                "subnetIds": subnets,
                "securityGroupIds": [self.group],
                "userGroupId": "valkey",
                "cacheUsageLimits": {
                    "dataStorage": {"maximum": 5, "unit": "GB"},
                    "ecpuPerSeconds": [{"maximum": 1000}],
                },
                "snapshotRetentionLimit": 1,
                "dailySnapshotTime": "03:00",
            },
        }

    def _secrets(self) -> dict[str, dict[str, Any]]:
        reader = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"}
        statement = {
            "Effect": "Allow",
            "Principal": reader,
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        }
        return {
            "Secret": {"kmsKeyId": self.key.outputs["arn"], "recoveryWindowInDays": 7},
            "SecretVersion": {"secretId": self.secret.identifier, "secretString": '{"a": 1}'},
            "SecretPolicy": {
                "secretArn": self.secret.identifier,
                "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            },
            "SecretRotation": {
                "secretId": self.secret.identifier,
                "rotationLambdaArn": self.function.outputs["arn"],
                "rotationRules": {"automaticallyAfterDays": 30},
                "rotateImmediately": False,
            },
        }

    def _others(self) -> dict[str, dict[str, Any]]:
        policy = self.state.get(("Policy", "Policy"))
        return {
            "Key": {
                "enableKeyRotation": True,
                "rotationPeriodInDays": 365,
                "deletionWindowInDays": 7,
            },
            "Alias": {"name": "alias/cache", "targetKeyId": self.key.identifier},
            "LogGroup": {
                "name": "/cache/slow",
                "retentionInDays": 30,
                "kmsKeyId": self.key.outputs["arn"],
            },
            "Topic": {},
            "Role": {"assumeRolePolicy": TRUST},
            "RolePolicy": {"role": self.role.rpartition("/")[2], "policy": POLICY},
            "Policy": {"policy": POLICY},
            "RolePolicyAttachment": {
                "role": self.role.rpartition("/")[2],
                "policyArn": policy.identifier if policy else "",
            },
            "Function": {
                "role": self.role,
                "runtime": "python3.12",
                "handler": "index.handler",
                "timeout": 900,
                "code": archive("def handler(event, context): pass"),
                "environment": {"variables": {"SECRET_ARN": self.secret.identifier}},
            },
            "Permission": {
                "function": "world",
                "action": "lambda:InvokeFunction",
                "principal": "secretsmanager.amazonaws.com",
                "sourceAccount": ACCOUNT,
            },
            "MetricAlarm": {
                "comparisonOperator": "GreaterThanThreshold",
                "evaluationPeriods": 5,
                "metricName": "EngineCPUUtilization",
                "namespace": "AWS/ElastiCache",
                "period": 60,
                "statistic": "Average",
                "threshold": 90,
                "dimensions": {"CacheClusterId": "cache-001"},
            },
        }


def delivery(kind: str, **changes: Any) -> dict[str, Any]:
    """A log delivery to a group of the world."""
    return {
        "destination": f"/world/{kind}",
        "destinationType": "cloudwatch-logs",
        "logFormat": "json",
        "logType": f"{kind}-log",
        **changes,
    }


def archive(text: str) -> dict[str, Any]:
    """An archive with one file, as the engine sends it."""
    mark = "4dabf18193072939515e22adb298388d"
    asset = {mark: "c44067f5952c0a294b673a41bacd8c17", "text": text}
    return {mark: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": {"index.py": asset}}
