"""Stacks on AWS that are wrong on purpose: what each rule must notice."""

from collections.abc import Mapping

from cloud.audit.mutations import (
    REMOVED,
    Mutation,
    both,
    with_inputs,
    with_resource,
    without,
)

from .facts import REDIS_PORT

GROUP, RULE = "ReplicationGroup", "SecurityGroupIngressRule"

NO_TLS = with_inputs(GROUP, transitEncryptionEnabled=False)
OPTIONAL_TLS = with_inputs(GROUP, transitEncryptionMode="preferred")
NOT_AT_REST = with_inputs(GROUP, atRestEncryptionEnabled=False)
NO_BACKUP = with_inputs(GROUP, snapshotRetentionLimit=0)
SHORT_BACKUP = with_inputs(GROUP, snapshotRetentionLimit=6)
NO_MINOR = with_inputs(GROUP, autoMinorVersionUpgrade=False)
NO_FAILOVER = with_inputs(GROUP, automaticFailoverEnabled=False)
ONE_ZONE = with_inputs(GROUP, multiAzEnabled=False)
NO_SUBNETS = with_inputs(GROUP, subnetGroupName=REMOVED)
NO_LOGIN = with_inputs(GROUP, userGroupIds=REMOVED)
DEFAULT_ON = with_inputs("User", userName="default", accessString="on ~* +@all")
NO_PASSWORD = with_inputs("User", passwords=REMOVED, noPasswordRequired=True)
OLD_ENGINE = both(with_inputs(GROUP, engine="redis", engineVersion="5.0.6"), NO_LOGIN)
PUBLIC_SUBNETS = with_inputs("Subnet", mapPublicIpOnLaunch=True)
GATEWAY = with_resource("aws:ec2/internetGateway:InternetGateway")
OPEN_V4 = with_inputs(RULE, cidrIpv4="0.0.0.0/0")
OPEN_V6 = with_inputs(RULE, cidrIpv4=REMOVED, cidrIpv6="::/0")
OPEN_WIDE = with_inputs(RULE, cidrIpv4="0.0.0.0/0", ipProtocol="-1", fromPort=-1, toPort=-1)
OPEN_BESIDE = with_inputs(
    RULE, cidrIpv4="0.0.0.0/0", fromPort=REDIS_PORT + 1, toPort=REDIS_PORT + 1
)
NO_RULES = without(RULE)
NO_GROUP = without("SecurityGroup")
NO_ALARMS = without("MetricAlarm")
DEAF_ALARMS = with_inputs("MetricAlarm", alarmActions=[])
NO_LOGS = with_inputs(GROUP, logDeliveryConfigurations=[])
NO_TAGS = with_inputs(GROUP, tags={})
AWS_KEY = with_inputs("Secret", kmsKeyId=REMOVED)

MUTATIONS: Mapping[str, tuple[Mutation, ...]] = {
    "CKV_AWS_134": (NO_BACKUP,),
    "CKV_AWS_196": (with_resource("aws:elasticache/securityGroup:ElastiCacheSecurityGroup"),),
    "CKV_AWS_322": (NO_MINOR,),
    "CKV_AWS_323": (NO_SUBNETS,),
    "elasticache_redis_cluster_in_transit_encryption_enabled": (NO_TLS,),
    "elasticache_redis_cluster_rest_encryption_enabled": (NOT_AT_REST,),
    "elasticache_redis_cluster_backup_enabled": (NO_BACKUP, SHORT_BACKUP),
    "elasticache_redis_cluster_multi_az_enabled": (ONE_ZONE,),
    "elasticache_redis_cluster_automatic_failover_enabled": (NO_FAILOVER,),
    "elasticache_redis_cluster_auto_minor_version_upgrades": (NO_MINOR,),
    "elasticache_redis_replication_group_auth_enabled": (NO_LOGIN, OLD_ENGINE, DEFAULT_ON),
    "elasticache_cluster_uses_public_subnet": (PUBLIC_SUBNETS, GATEWAY),
    "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379": (
        OPEN_V4,
        OPEN_V6,
        OPEN_WIDE,
    ),
    "ec2_instance_port_redis_exposed_to_internet": (with_resource("aws:ec2/instance:Instance"),),
    "dms_endpoint_redis_in_transit_encryption_enabled": (
        with_resource("aws:dms/endpoint:Endpoint"),
    ),
    "ElastiCache.1": (NO_BACKUP,),
    "ElastiCache.2": (NO_MINOR,),
    "ElastiCache.3": (NO_FAILOVER,),
    "ElastiCache.4": (NOT_AT_REST,),
    "ElastiCache.5": (NO_TLS,),
    "ElastiCache.6": (OLD_ENGINE,),
    "ElastiCache.7": (NO_SUBNETS,),
    "5.1": (NO_RULES, NO_GROUP, OPEN_V4, OPEN_V6, OPEN_BESIDE),
    "5.2": (PUBLIC_SUBNETS, GATEWAY, OPEN_WIDE),
    "5.3": (NO_TLS, OPTIONAL_TLS, NOT_AT_REST),
    "5.4": (NO_MINOR,),
    "5.5": (NO_SUBNETS, with_inputs("SecurityGroup", vpcId=REMOVED)),
    "5.6": (NO_ALARMS, DEAF_ALARMS, NO_LOGS),
    "5.7": (NO_TAGS,),
    "5.8": (NO_LOGIN, DEFAULT_ON, NO_PASSWORD),
    "5.9": (NO_ALARMS, NO_LOGS),
    "AWS-0045": (NOT_AT_REST,),
    "AWS-0051": (NO_TLS,),
    "AWS-0050": (NO_BACKUP,),
    "AWS-0049": (with_inputs("SecurityGroup", description=""),),
    "AWS-0098": (AWS_KEY,),
}
"""What each rule of `rules` must notice."""

BROKEN = both(
    NO_TLS,
    NOT_AT_REST,
    NO_FAILOVER,
    NO_LOGIN,
    AWS_KEY,
    without("SecretRotation"),
    with_inputs(GROUP, kmsKeyId=REMOVED, securityGroupIds=REMOVED),
    OPEN_WIDE,
    with_inputs(RULE, description=REMOVED),
    with_inputs(
        "SecurityGroup",
        egress=[{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
    ),
)
"""All that the rules of Checkov's must notice, but for a rotation that is too seldom."""

SELDOM = with_inputs("SecretRotation", rotationRules={"automaticallyAfterDays": 91})
