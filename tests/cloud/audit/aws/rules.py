"""Published rules about ElastiCache, each as a small function over planned resources.

Prowler, Security Hub and auditors look at live accounts, and there is none here; Trivy reads
Terraform; Checkov has rules for a resource type (`aws_elasticache_cluster`) that a replication
group is not. So each rule is written down here once, with what its own source asserts.
"""

from cloud.audit.planned import Planned, PlannedStack
from cloud.audit.rules import CHECKOV, PROWLER, Holds, Rule, all_of, never

from . import facts
from .facts import caches, replication_groups

SECURITY_HUB = "Security Hub"
CIS = "CIS AWS Database Services 1.0"
TRIVY = "Trivy"


def _is_true(name: str) -> Holds:
    return lambda _stack, one: one.inputs.get(name) is True


def _encrypted(_stack: PlannedStack, one: Planned) -> bool:
    # A serverless cache is encrypted at rest and in transit, always.
    return one.type.endswith(":ServerlessCache") or (
        one.inputs.get("atRestEncryptionEnabled") is True
        and one.inputs.get("transitEncryptionEnabled") is True
        and one.inputs.get("transitEncryptionMode") == "required"
    )


def _own_subnet_group(stack: PlannedStack, one: Planned) -> bool:
    group = stack.target(one, "subnetGroupName")
    return group is not None and group.outputs["name"] != facts.DEFAULT_SUBNET_GROUP


def _logged_in(stack: PlannedStack, one: Planned) -> bool:
    return facts.with_users(stack, one) or facts.with_token(one)


def _token_before_6(stack: PlannedStack, one: Planned) -> bool:
    if facts.version(one) < (6, 0):
        return facts.with_token(one)
    return _logged_in(stack, one)


def _guarded(stack: PlannedStack, one: Planned) -> bool:
    groups = facts.security_groups(stack, one)
    return (
        bool(groups)
        and len(groups) == len(one.inputs["securityGroupIds"])
        and all(facts.rules_in(stack, group) for group in groups)
        and all(facts.closed(stack, group) for group in groups)
    )


def _closed_at_redis(stack: PlannedStack, one: Planned) -> bool:
    return facts.closed(stack, one, [facts.REDIS_PORT])


def _no_way_in(stack: PlannedStack, one: Planned) -> bool:
    return _guarded(stack, one) and facts.private(stack, one)


def _in_a_vpc(stack: PlannedStack, one: Planned) -> bool:
    return bool(facts.subnet_ids(stack, one)) and all(
        group.inputs.get("vpcId") for group in facts.security_groups(stack, one)
    )


def _watched(stack: PlannedStack, one: Planned) -> bool:
    serverless = one.type.endswith(":ServerlessCache")
    load = {"BytesUsedForCache"} if serverless else {"FreeableMemory"}
    delivered = serverless or facts.logs(one) == {"slow-log", "engine-log"}
    return load <= facts.alarmed(stack, one) and delivered


def _audited(stack: PlannedStack, one: Planned) -> bool:
    serverless = one.type.endswith(":ServerlessCache")
    return (serverless or "engine-log" in facts.logs(one)) and (
        "AuthenticationFailures" in facts.alarmed(stack, one)
    )


def _found_for_review(stack: PlannedStack, one: Planned) -> bool:
    tags = one.inputs.get("tags", {})
    wanted = ("secure-redis:stack", "secure-redis:cache", "secure-redis:environment")
    return all(tags.get(key) for key in wanted)


TLS = "always: TLS is required from creation"
AT_REST = "always: encryption at rest is on"
USERS = "`aws.auth`: users by default, the default user is off"
BACKUP = "`aws.snapshotRetentionDays`, `persistence`"
MINOR = "`aws.autoMinorVersionUpgrade`, on by default"
FAILOVER = "`replicas`: one or more in production"
ZONES = "`replicas`, `aws.multiAz`"
SUBNETS = "a subnet group of its own in private subnets"
ACCESS = "`access`: named sources only, 0.0.0.0/0 and ::/0 are refused"
OWN_KEY = "a key of its own in production, or `aws.kmsKeyArn`"
NOTHING = "the package makes none"

RULES = (
    Rule(
        CHECKOV,
        "CKV_AWS_134",
        "automatic backups are on (evaluated here: Checkov's own is about single clusters)",
        BACKUP,
        replication_groups,
        lambda _, one: facts.snapshots(one, 1),
    ),
    Rule(
        CHECKOV,
        "CKV_AWS_196",
        "no security group of EC2-Classic",
        NOTHING,
        all_of("ElastiCacheSecurityGroup"),
        never,
    ),
    Rule(
        CHECKOV,
        "CKV_AWS_322",
        "minor versions are installed (evaluated here: Checkov's own is about single clusters)",
        MINOR,
        replication_groups,
        _is_true("autoMinorVersionUpgrade"),
    ),
    Rule(
        CHECKOV,
        "CKV_AWS_323",
        "not in the default subnet group (evaluated here: Checkov's own is about single clusters)",
        SUBNETS,
        replication_groups,
        _own_subnet_group,
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_in_transit_encryption_enabled",
        "TLS is on",
        TLS,
        replication_groups,
        _is_true("transitEncryptionEnabled"),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_rest_encryption_enabled",
        "data are encrypted at rest",
        AT_REST,
        replication_groups,
        _is_true("atRestEncryptionEnabled"),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_backup_enabled",
        "snapshots are kept for 7 days",
        BACKUP,
        replication_groups,
        lambda _, one: facts.snapshots(one, 7),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_multi_az_enabled",
        "replicas are in other zones",
        ZONES,
        replication_groups,
        _is_true("multiAzEnabled"),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_automatic_failover_enabled",
        "a replica takes over by itself",
        FAILOVER,
        replication_groups,
        _is_true("automaticFailoverEnabled"),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_cluster_auto_minor_version_upgrades",
        "minor versions are installed",
        MINOR,
        replication_groups,
        _is_true("autoMinorVersionUpgrade"),
    ),
    Rule(
        PROWLER,
        "elasticache_redis_replication_group_auth_enabled",
        "below 6.0 an AUTH token; from 6.0 on Prowler asks to look by hand whether there is an ACL,"
        " and here it is looked at",
        USERS,
        replication_groups,
        _token_before_6,
    ),
    Rule(
        PROWLER,
        "elasticache_cluster_uses_public_subnet",
        "no subnet with a way to the internet",
        SUBNETS,
        replication_groups,
        facts.private,
    ),
    Rule(
        PROWLER,
        "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379",
        "port 6379 is not open to the internet",
        ACCESS,
        all_of("SecurityGroup", "DefaultSecurityGroup"),
        _closed_at_redis,
    ),
    Rule(
        PROWLER,
        "ec2_instance_port_redis_exposed_to_internet",
        "no virtual machine serves Redis to the internet",
        NOTHING,
        all_of("Instance"),
        never,
    ),
    Rule(
        PROWLER,
        "dms_endpoint_redis_in_transit_encryption_enabled",
        "migration endpoints use TLS",
        NOTHING,
        all_of("Endpoint"),
        never,
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.1",
        "snapshots are kept for a day or longer",
        BACKUP,
        replication_groups,
        lambda _, one: facts.snapshots(one, 1),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.2",
        "minor versions are installed",
        MINOR,
        replication_groups,
        _is_true("autoMinorVersionUpgrade"),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.3",
        "a replica takes over by itself",
        FAILOVER,
        replication_groups,
        _is_true("automaticFailoverEnabled"),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.4",
        "data are encrypted at rest",
        AT_REST,
        replication_groups,
        _is_true("atRestEncryptionEnabled"),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.5",
        "TLS is on",
        TLS,
        replication_groups,
        _is_true("transitEncryptionEnabled"),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.6",
        "below 6.0 an AUTH token",
        "older versions are refused",
        replication_groups,
        lambda _, one: facts.version(one) >= (6, 0) or facts.with_token(one),
    ),
    Rule(
        SECURITY_HUB,
        "ElastiCache.7",
        "not in the default subnet group",
        SUBNETS,
        replication_groups,
        _own_subnet_group,
    ),
    Rule(
        CIS,
        "5.1",
        "access is secure: a security group with named sources only",
        ACCESS,
        caches,
        _guarded,
    ),
    Rule(
        CIS,
        "5.2",
        "the network is secure: no way in from the internet",
        f"{SUBNETS}; {ACCESS}",
        caches,
        _no_way_in,
    ),
    Rule(
        CIS,
        "5.3",
        "encryption at rest, and in transit for every client",
        f"{TLS}; {AT_REST}",
        caches,
        _encrypted,
    ),
    Rule(
        CIS,
        "5.4",
        "updates are installed (of a serverless cache AWS does it)",
        MINOR,
        replication_groups,
        _is_true("autoMinorVersionUpgrade"),
    ),
    Rule(CIS, "5.5", "in a VPC", "always", caches, _in_a_vpc),
    Rule(
        CIS,
        "5.6",
        "monitored and logged: alarms, slow log, engine log",
        "`alarms`, `aws.logs`: in production by default",
        caches,
        _watched,
    ),
    Rule(
        CIS,
        "5.7",
        "reviewed regularly: people's work; what is looked at is that tags find every cache",
        "tags of stack, cache and environment",
        caches,
        _found_for_review,
    ),
    Rule(
        CIS,
        "5.8",
        "clients prove who they are",
        USERS,
        caches,
        _logged_in,
    ),
    Rule(
        CIS,
        "5.9",
        "attempts leave traces: the engine's log, and an alarm on failed logins",
        "`alarms`, `aws.logs`: in production by default",
        caches,
        _audited,
    ),
    Rule(
        TRIVY,
        "AWS-0045",
        "data are encrypted at rest",
        AT_REST,
        replication_groups,
        _is_true("atRestEncryptionEnabled"),
    ),
    Rule(
        TRIVY,
        "AWS-0051",
        "TLS is on",
        TLS,
        replication_groups,
        _is_true("transitEncryptionEnabled"),
    ),
    Rule(
        TRIVY,
        "AWS-0050",
        "automatic backups are on (Trivy's own is about single clusters)",
        BACKUP,
        replication_groups,
        lambda _, one: facts.snapshots(one, 1),
    ),
    Rule(
        TRIVY,
        "AWS-0049",
        "security groups say what they are for",
        "always",
        all_of("SecurityGroup"),
        lambda _, one: bool(one.inputs.get("description")),
    ),
    Rule(
        TRIVY,
        "AWS-0098",
        "secrets are encrypted with a key of the customer",
        OWN_KEY,
        all_of("Secret"),
        facts.own_key,
    ),
)
"""All rules that are evaluated here. Those of Checkov's own are in `checkov_rules`."""
