"""Redis on AWS as a program without our components makes it."""

import json

from .model import ABSENT, Apart, Case, Part, Ref, Scene

EVERYBODY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}]}
)
NAMED = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:role/shop"},
                "Action": "*",
                "Resource": "*",
            }
        ]
    }
)
ALL_SECRETS = json.dumps(
    {
        "Statement": [
            {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": ["*"]}
        ]
    }
)
READ_ONE = (
    '{{"Statement": [{{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", '
    '"Resource": "{}"}}]}}'
)
SOME_AND_ALL = ALL_SECRETS.replace('["*"]', '["arn:aws:service:eu-west-1:1:redis-secret", "*"]')
"""That of the Redis, and all others too."""

NETWORK = (
    Part("vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.20.0.0/16"}),
    Part(
        "subnet",
        "aws:ec2/subnet:Subnet",
        {"vpcId": Ref("vpc"), "cidrBlock": "10.20.1.0/24", "mapPublicIpOnLaunch": False},
    ),
    Part(
        "redis-group",
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "vpcId": Ref("vpc"),
            "ingress": [
                {
                    "protocol": "tcp",
                    "fromPort": 6379,
                    "toPort": 6379,
                    "cidrBlocks": ["10.20.0.0/16"],
                    "ipv6CidrBlocks": ["fd00::/8"],
                }
            ],
        },
    ),
    Part(
        "redis-in",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Ref("redis-group"),
            "ipProtocol": "tcp",
            "fromPort": 6379,
            "toPort": 6379,
            "cidrIpv4": "10.20.0.0/16",
        },
    ),
    Part(
        "redis-in-6",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Ref("redis-group"),
            "ipProtocol": "tcp",
            "fromPort": 6379,
            "toPort": 6379,
            "cidrIpv6": "fd00::/8",
        },
    ),
    Part(
        "redis-in-older",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {
            "securityGroupId": Ref("redis-group"),
            "type": "ingress",
            "protocol": "tcp",
            "fromPort": 6379,
            "toPort": 6379,
            "cidrBlocks": ["10.20.0.0/16"],
            "ipv6CidrBlocks": ["fd00::/8"],
        },
    ),
    Part(
        "redis-out",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {
            "securityGroupId": Ref("redis-group"),
            "ipProtocol": "tcp",
            "cidrIpv4": "10.20.0.0/16",
        },
    ),
    Part(
        "redis-out-older",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {
            "securityGroupId": Ref("redis-group"),
            "type": "egress",
            "protocol": "-1",
            "fromPort": 0,
            "toPort": 0,
            "cidrBlocks": ["10.20.0.0/16"],
        },
    ),
)
"""A network, and every way to say who may reach the Redis in it."""

KEY = Part(
    "redis-key",
    "aws:kms/key:Key",
    {"enableKeyRotation": True, "deletionWindowInDays": 30, "policy": NAMED},
)

CREDENTIALS = (
    Part(
        "password",
        "random:index/randomPassword:RandomPassword",
        {"length": 48, "special": False},
        {"id": "none", "result": "made"},
    ),
    Part(
        "redis-secret",
        "aws:secretsmanager/secret:Secret",
        {"kmsKeyId": Ref("redis-key", "arn"), "recoveryWindowInDays": 30},
    ),
    Part(
        "redis-secret-value",
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": Ref("redis-secret"), "secretString": Ref("password", "result")},
    ),
    Part(
        "redis-secret-policy",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        {
            "secretArn": Ref("redis-secret", "arn"),
            "policy": NAMED,
            "blockPublicPolicy": True,
        },
    ),
    Part(
        "read-secret-inline",
        "aws:iam/rolePolicy:RolePolicy",
        {"policy": Ref("redis-secret", "arn", READ_ONE)},
    ),
    Part(
        "read-secret",
        "aws:iam/policy:Policy",
        {"policy": Ref("redis-secret", "arn", READ_ONE)},
    ),
)
"""A password that the program makes, and where it keeps it."""


def _user(name: str, access: str, user_name: str, *, type_: str = "elasticache") -> Part:
    return Part(
        name,
        f"aws:{type_}/user:User",
        {
            "engine": "valkey",
            "userId": name,
            "userName": user_name,
            "accessString": access,
            "authenticationMode": {"type": "password", "passwords": [Ref("password", "result")]},
            "noPasswordRequired": False,
        }
        if type_ == "elasticache"
        else {
            "userName": user_name,
            "accessString": access,
            "authenticationMode": {"type": "password", "passwords": [Ref("password", "result")]},
        },
    )


USERS = (
    _user("app", "on ~* &* +@all -@admin -@dangerous +info", "app"),
    _user("nobody", "off ~* -@all", "default"),
    Part(
        "users",
        "aws:elasticache/userGroup:UserGroup",
        {"engine": "valkey", "userGroupId": "users", "userIds": [Ref("app"), Ref("nobody")]},
    ),
)


def _alarm(of: str) -> Part:
    return Part(
        "memory-alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "metricName": "DatabaseMemoryUsagePercentage",
            "dimensions": {"CacheClusterId": Ref(of, "id", "{}-001")},
            "alarmActions": ["arn:aws:sns:eu-west-1:111122223333:on-call"],
        },
    )


LOGS = Part(
    "redis-logs",
    "aws:cloudwatch/logGroup:LogGroup",
    {"kmsKeyId": Ref("redis-key", "arn"), "retentionInDays": 90},
)

GROUP = Scene(
    "aws-replication-group",
    (
        *NETWORK,
        KEY,
        *CREDENTIALS,
        *USERS,
        LOGS,
        Part(
            "redis-subnets",
            "aws:elasticache/subnetGroup:SubnetGroup",
            {"subnetIds": [Ref("subnet")]},
        ),
        Part(
            "redis-parameters",
            "aws:elasticache/parameterGroup:ParameterGroup",
            {
                "family": "valkey8",
                "parameters": [{"name": "maxmemory-policy", "value": "noeviction"}],
            },
        ),
        Part(
            "redis",
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {
                "engine": "valkey",
                "engineVersion": "8.0",
                "transitEncryptionEnabled": True,
                "transitEncryptionMode": "required",
                "atRestEncryptionEnabled": True,
                "kmsKeyId": Ref("redis-key", "arn"),
                "userGroupIds": [Ref("users")],
                "securityGroupIds": [Ref("redis-group")],
                "subnetGroupName": Ref("redis-subnets", "name"),
                "parameterGroupName": Ref("redis-parameters", "name"),
                "snapshotRetentionLimit": 7,
                "automaticFailoverEnabled": True,
                "multiAzEnabled": True,
                "autoMinorVersionUpgrade": True,
                "logDeliveryConfigurations": [
                    {"logType": "slow-log", "destination": Ref("redis-logs", "name")}
                ],
            },
            {"id": "redis-4f1a"},
            protect=True,
        ),
        Part(
            "redis-reader",
            "aws:elasticache/cluster:Cluster",
            {"replicationGroupId": Ref("redis")},
            {"engine": "valkey"},
        ),
        _alarm("redis"),
    ),
)
"""Valkey with users, in a replication group, and another node of it."""

TOKEN = Scene(
    "aws-token",
    (
        *(one for one in NETWORK if one.name in {"vpc", "subnet", "redis-group"}),
        Part(
            "default-group",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            {"vpcId": Ref("vpc"), "ingress": []},
        ),
        KEY,
        *CREDENTIALS,
        LOGS,
        Part(
            "redis-subnets",
            "aws:elasticache/subnetGroup:SubnetGroup",
            {"subnetIds": [Ref("subnet")]},
        ),
        Part(
            "redis",
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {
                "engine": "redis",
                "engineVersion": "7.1",
                "transitEncryptionEnabled": True,
                "atRestEncryptionEnabled": True,
                "kmsKeyId": Ref("redis-key", "arn"),
                "authToken": Ref("password", "result"),
                "securityGroupIds": [Ref("redis-group"), Ref("default-group")],
                "subnetGroupName": Ref("redis-subnets", "name"),
                "parameterGroupName": "default.redis7",
                "snapshotRetentionLimit": 7,
                "automaticFailoverEnabled": True,
                "multiAzEnabled": True,
                "logDeliveryConfigurations": [
                    {"logType": "slow-log", "destination": Ref("redis-logs", "name")}
                ],
            },
            {"id": "redis-77b0"},
            protect=True,
        ),
        _alarm("redis"),
    ),
)
"""Redis with a token."""

SERVERLESS = Scene(
    "aws-serverless",
    (
        *(one for one in NETWORK if one.name in {"vpc", "subnet", "redis-group"}),
        KEY,
        *CREDENTIALS,
        *USERS,
        Part(
            "redis",
            "aws:elasticache/serverlessCache:ServerlessCache",
            {
                "engine": "valkey",
                "kmsKeyId": Ref("redis-key", "arn"),
                "userGroupId": Ref("users"),
                "securityGroupIds": [Ref("redis-group")],
                "subnetIds": [Ref("subnet")],
                "snapshotRetentionLimit": 7,
            },
            {"id": "redis-51cc"},
            protect=True,
        ),
        _alarm("redis"),
    ),
)

MEMORYDB = Scene(
    "aws-memorydb",
    (
        *(one for one in NETWORK if one.name in {"vpc", "subnet", "redis-group"}),
        KEY,
        *CREDENTIALS,
        _user("app", "on ~* &* +@all -@admin -@dangerous +info", "app", type_="memorydb"),
        Part("users", "aws:memorydb/acl:Acl", {"userNames": [Ref("app", "userName")]}),
        Part(
            "redis-subnets", "aws:memorydb/subnetGroup:SubnetGroup", {"subnetIds": [Ref("subnet")]}
        ),
        Part(
            "redis",
            "aws:memorydb/cluster:Cluster",
            {
                "engine": "redis",
                "engineVersion": "7.1",
                "aclName": Ref("users", "name"),
                "tlsEnabled": True,
                "kmsKeyArn": Ref("redis-key", "arn"),
                "securityGroupIds": [Ref("redis-group")],
                "subnetGroupName": Ref("redis-subnets", "name"),
                "snapshotRetentionLimit": 7,
                "numReplicasPerShard": 1,
                "autoMinorVersionUpgrade": True,
            },
            {"id": "redis-mem"},
            protect=True,
        ),
        _alarm("redis"),
    ),
)

ALONE = Scene(
    "aws-cluster-alone",
    (
        *(one for one in NETWORK if one.name in {"vpc", "subnet", "redis-group"}),
        KEY,
        LOGS,
        Part(
            "redis-subnets",
            "aws:elasticache/subnetGroup:SubnetGroup",
            {"subnetIds": [Ref("subnet")]},
        ),
        Part(
            "redis",
            "aws:elasticache/cluster:Cluster",
            {
                "engine": "redis",
                "engineVersion": "7.1",
                "securityGroupIds": [Ref("redis-group")],
                "subnetGroupName": Ref("redis-subnets", "name"),
                "snapshotRetentionLimit": 7,
                "autoMinorVersionUpgrade": True,
                "logDeliveryConfigurations": [
                    {"logType": "slow-log", "destination": Ref("redis-logs", "name")}
                ],
            },
            protect=True,
        ),
        _alarm("redis"),
    ),
)
"""A cluster outside of a replication group: it has all that such a one can have, and no more."""

SCENES = (GROUP, TOKEN, SERVERLESS, MEMORYDB)

OF_CLUSTERS = (
    "aws-cluster-tls",
    "aws-cluster-login",
    "aws-cluster-encrypted",
    "aws-cluster-failover",
)


def _cluster(rule: str) -> Case:
    """A node that leaves its replication group, and has of its own what it can have."""
    return Case(
        rule,
        GROUP,
        "redis-reader",
        "replicationGroupId",
        ABSENT,
        also={
            "engine": "redis",
            "engineVersion": "7.1",
            "securityGroupIds": ["sg-1"],
            "subnetGroupName": "private",
            "snapshotRetentionLimit": 7,
            "logDeliveryConfigurations": [{"logType": "slow-log"}],
        },
        spoils=(*OF_CLUSTERS, "aws-alarms", "aws-protect"),
    )


CASES = (
    Case("aws-tls", GROUP, "redis", "transitEncryptionEnabled", False),
    Case("aws-tls", TOKEN, "redis", "transitEncryptionEnabled", ABSENT, note="left out"),
    Case("aws-tls", MEMORYDB, "redis", "tlsEnabled", False),
    Case("aws-tls-required", GROUP, "redis", "transitEncryptionMode", "preferred"),
    Case("aws-login", GROUP, "redis", "userGroupIds", []),
    Case("aws-login", TOKEN, "redis", "authToken", ABSENT, spoils=("aws-secret",)),
    Case("aws-serverless-login", SERVERLESS, "redis", "userGroupId", ABSENT),
    Case("aws-memorydb-login", MEMORYDB, "redis", "aclName", "open-access"),
    *map(_cluster, OF_CLUSTERS),
    Case("aws-user-password", GROUP, "app", "accessString", "on nopass ~* +get"),
    Case("aws-user-password", MEMORYDB, "app", "accessString", "on nopass ~* +get"),
    Case("aws-user-no-password-required", GROUP, "app", "noPasswordRequired", True),
    Case(
        "aws-user-authentication", GROUP, "app", "authenticationMode.type", "no-password-required"
    ),
    Case("aws-user-rights", GROUP, "app", "accessString", "on ~* +@all"),
    Case("aws-user-rights", MEMORYDB, "app", "accessString", "on ~* +@all"),
    Case("aws-default-user", GROUP, "nobody", "accessString", "on ~* -@all +get"),
    Case("aws-ingress-ipv4", GROUP, "redis-in", "cidrIpv4", "0.0.0.0/0"),
    Case("aws-ingress-ipv4", GROUP, "redis-in-older", "cidrBlocks.0", "0.0.0.0/0"),
    Case("aws-ingress-ipv6", GROUP, "redis-in-6", "cidrIpv6", "::/0"),
    Case("aws-ingress-ipv6", GROUP, "redis-in-older", "ipv6CidrBlocks.0", "::/0"),
    Case("aws-group-ingress-ipv4", GROUP, "redis-group", "ingress.0.cidrBlocks", ["0.0.0.0/0"]),
    Case("aws-group-ingress-ipv6", GROUP, "redis-group", "ingress.0.ipv6CidrBlocks", ["::/0"]),
    Case("aws-group-ingress-ports", GROUP, "redis-group", "ingress.0.toPort", 65535),
    Case("aws-group-ingress-ports", GROUP, "redis-group", "ingress.0.protocol", "-1"),
    Case("aws-ingress-protocol", GROUP, "redis-in", "ipProtocol", "-1"),
    Case("aws-ingress-protocol", GROUP, "redis-in-older", "protocol", "all"),
    Case("aws-ingress-ports", GROUP, "redis-in", "toPort", 65535),
    Case("aws-ingress-ports", GROUP, "redis-in-older", "fromPort", 0),
    Case("aws-egress", GROUP, "redis-out", "cidrIpv4", "0.0.0.0/0"),
    Case("aws-egress", GROUP, "redis-out-older", "cidrBlocks.0", "0.0.0.0/0"),
    Case("aws-default-group", TOKEN, "default-group", "ingress", [{"self": True}]),
    Case("aws-security-group", GROUP, "redis", "securityGroupIds", []),
    Case("aws-security-group", SERVERLESS, "redis", "securityGroupIds", ABSENT),
    Case("aws-security-group", MEMORYDB, "redis", "securityGroupIds", ABSENT),
    Case("aws-subnets", GROUP, "redis", "subnetGroupName", "default"),
    Case("aws-subnets", MEMORYDB, "redis", "subnetGroupName", ABSENT),
    Case("aws-serverless-subnets", SERVERLESS, "redis", "subnetIds", ABSENT),
    Case("aws-public-subnet", GROUP, "subnet", "mapPublicIpOnLaunch", True),
    Case("aws-encrypted", GROUP, "redis", "atRestEncryptionEnabled", False),
    Case("aws-encrypted", TOKEN, "redis", "atRestEncryptionEnabled", ABSENT),
    Case("aws-own-key", GROUP, "redis", "kmsKeyId", ABSENT),
    Case("aws-own-key", SERVERLESS, "redis", "kmsKeyId", ABSENT),
    Case("aws-own-key", MEMORYDB, "redis", "kmsKeyArn", ABSENT),
    Case("aws-secret-key", GROUP, "redis-secret", "kmsKeyId", ABSENT),
    Case("aws-log-key", GROUP, "redis-logs", "kmsKeyId", ABSENT),
    Case("aws-key-rotation", GROUP, "redis-key", "enableKeyRotation", False),
    Case("aws-key-deletion", GROUP, "redis-key", "deletionWindowInDays", 1),
    Case("aws-key-policy", GROUP, "redis-key", "policy", EVERYBODY),
    Case("aws-backups", GROUP, "redis", "snapshotRetentionLimit", 0),
    Case("aws-backups", TOKEN, "redis", "snapshotRetentionLimit", ABSENT),
    Case("aws-backups", SERVERLESS, "redis", "snapshotRetentionLimit", ABSENT),
    Case("aws-backups", MEMORYDB, "redis", "snapshotRetentionLimit", ABSENT),
    Case("aws-protect", GROUP, "redis", "protect"),
    Case("aws-protect", SERVERLESS, "redis", "protect"),
    Case("aws-protect", MEMORYDB, "redis", "protect"),
    Case("aws-failover", GROUP, "redis", "automaticFailoverEnabled", False),
    Case("aws-zones", GROUP, "redis", "multiAzEnabled", False),
    Case("aws-memorydb-replicas", MEMORYDB, "redis", "numReplicasPerShard", 0),
    Case("aws-alarm-actions", GROUP, "memory-alarm", "alarmActions", []),
    Case("aws-alarms", GROUP, "redis", without=("memory-alarm",)),
    Case("aws-alarms", MEMORYDB, "redis", without=("memory-alarm",)),
    Case("aws-logs", GROUP, "redis", "logDeliveryConfigurations", ABSENT),
    Case("aws-updates", GROUP, "redis", "autoMinorVersionUpgrade", False),
    Case("aws-updates", MEMORYDB, "redis", "autoMinorVersionUpgrade", False),
    Case("aws-engine", TOKEN, "redis", "engineVersion", "5.0.6"),
    Case("aws-engine", MEMORYDB, "redis", "engineVersion", "6.0"),
    Case("aws-secret-policy", GROUP, "redis-secret-policy", "policy", EVERYBODY),
    Case("aws-secret-public", GROUP, "redis-secret-policy", "blockPublicPolicy", False),
    Case(
        "aws-policy-secrets",
        GROUP,
        "read-secret",
        "policy",
        SOME_AND_ALL,
        early=False,
    ),
    Case("aws-secret-recovery", GROUP, "redis-secret", "recoveryWindowInDays", 0),
    Case("aws-secret", GROUP, "redis", without=("redis-secret-value",)),
    Case("aws-policy-secrets", TOKEN, "read-secret-inline", "policy", SOME_AND_ALL, early=False),
    *(
        Case("aws-secret", scene, "redis", without=("redis-secret-value",))
        for scene in (TOKEN, SERVERLESS, MEMORYDB)
    ),
    Case("aws-alarms", SERVERLESS, "redis", without=("memory-alarm",)),
    Case("aws-alarms", ALONE, "redis", without=("memory-alarm",)),
    Case("aws-backups", ALONE, "redis", "snapshotRetentionLimit", ABSENT),
    Case("aws-engine", ALONE, "redis", "engineVersion", "5.0.6"),
    Case("aws-logs", ALONE, "redis", "logDeliveryConfigurations", ABSENT),
    Case("aws-protect", ALONE, "redis", "protect"),
    Case("aws-security-group", ALONE, "redis", "securityGroupIds", ABSENT),
    Case("aws-subnets", ALONE, "redis", "subnetGroupName", ABSENT),
    Case("aws-updates", ALONE, "redis", "autoMinorVersionUpgrade", "false"),
    Case("aws-user-authentication", MEMORYDB, "app", "authenticationMode.type", "no-password"),
)

APART = (
    Apart(
        "aws-shop",
        GROUP,
        (
            Part(
                "web",
                "aws:ec2/securityGroup:SecurityGroup",
                {
                    "vpcId": Ref("vpc"),
                    "ingress": [
                        {
                            "protocol": "tcp",
                            "fromPort": 443,
                            "toPort": 443,
                            "cidrBlocks": ["0.0.0.0/0"],
                        }
                    ],
                },
            ),
            Part(
                "web-in",
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                {"securityGroupId": Ref("web"), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
            ),
            Part(
                "web-out",
                "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
                {"securityGroupId": Ref("web"), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
            ),
            Part(
                "public",
                "aws:ec2/subnet:Subnet",
                {"vpcId": Ref("vpc"), "mapPublicIpOnLaunch": True},
            ),
            Part(
                "default",
                "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
                {"vpcId": Ref("vpc"), "ingress": [{"self": True}]},
            ),
            Part("files-key", "aws:kms/key:Key", {"policy": EVERYBODY}),
            Part("mail-secret", "aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}),
            Part(
                "mail-secret-value",
                "aws:secretsmanager/secretVersion:SecretVersion",
                {"secretId": Ref("mail-secret"), "secretString": Ref("short", "result")},
            ),
            Part(
                "short",
                "random:index/randomPassword:RandomPassword",
                {"length": 8},
                {"id": "none", "result": "made"},
            ),
            Part("admin", "aws:iam/policy:Policy", {"policy": ALL_SECRETS}),
            Part("web-logs", "aws:cloudwatch/logGroup:LogGroup", {}),
            Part(
                "web-alarm",
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                {"dimensions": {"LoadBalancer": "app/web/1"}},
            ),
            Part(
                "memcached",
                "aws:elasticache/cluster:Cluster",
                {"engine": "memcached", "numCacheNodes": 2},
            ),
            Part(
                "memcached-serverless",
                "aws:elasticache/serverlessCache:ServerlessCache",
                {"engine": "memcached"},
            ),
        ),
    ),
)
