"""Which of Checkov's rules the caches are held to, and what does not pass for a reason."""

from cloud.audit.rules import Accepted, Held

from .rules import ACCESS, AT_REST, FAILOVER, OWN_KEY, TLS, USERS

ROTATION = "`aws.automaticRotation`, `rotationDays`"

HELD = (
    Held("CKV_AWS_29", "data are encrypted at rest", AT_REST),
    Held("CKV_AWS_30", "TLS is on", TLS),
    Held("CKV_AWS_31", "TLS is on, and clients log in", USERS),
    Held("CKV_AWS_191", "data are encrypted with a key of the customer", OWN_KEY),
    Held("CKV2_AWS_50", "a replica takes over by itself", FAILOVER),
    Held("CKV_AWS_149", "secrets are encrypted with a key of the customer", OWN_KEY),
    Held("CKV_AWS_304", "secrets are rotated within 90 days", ROTATION),
    Held("CKV2_AWS_57", "secrets are rotated automatically", ROTATION),
    Held("CKV_AWS_23", "security groups and their rules say what they are for", "always"),
    Held("CKV_AWS_277", "nothing is open to the internet on all ports", ACCESS),
    Held("CKV_AWS_382", "nothing may leave to everywhere", "no rule lets anything out"),
    Held("CKV2_AWS_5", "security groups are in use", "always"),
)
"""Rules about types that a stack has, out of those that are published for Redis and its secrets."""

PRODUCTION = (
    Accepted(
        "CKV2_AWS_57",
        r"aws_secretsmanager_secret\..+-connection",
        "they hold host, port and names, no credential: there is nothing to rotate",
    ),
    Accepted(
        "CKV2_AWS_11",
        r"aws_vpc\.network",
        "flow logs are kept for an account as a whole, by whoever reads them",
    ),
    Accepted(
        "CKV_AWS_338",
        r"aws_cloudwatch_log_group\..+",
        "90 days by default; `aws.logRetentionDays: 365` for those who must keep them for a year",
    ),
    Accepted(
        "CKV_AWS_50",
        r"aws_lambda_function\..+-rotation",
        "they run for seconds, once a rotation; their log says what they did",
    ),
    Accepted(
        "CKV_AWS_115",
        r"aws_lambda_function\..+-rotation",
        "Secrets Manager alone may call them, one step after the other; a reserved concurrency "
        "would be taken from the account's other functions",
    ),
    Accepted(
        "CKV_AWS_116",
        r"aws_lambda_function\..+-rotation",
        "a rotation that fails shows at its secret and in CloudTrail; nobody would read a queue of "
        "its requests",
    ),
    Accepted(
        "CKV_AWS_117",
        r"aws_lambda_function\..+-rotation",
        "they call AWS's API and nothing in the network",
    ),
    Accepted(
        "CKV_AWS_173",
        r"aws_lambda_function\..+-rotation",
        "their variables are two ARNs, which are no secrets; Lambda encrypts them with a key of "
        "its own",
    ),
    Accepted(
        "CKV_AWS_272",
        r"aws_lambda_function\..+-rotation",
        "their code is a file of this package, uploaded by the program that makes them",
    ),
)
"""Findings in aws-prod that stay."""

ONE_NODE = "one node, without a replica, is what these stacks are for"
AWS_KEY = "a key of AWS outside of production: a key of one's own costs money; `aws.kmsKeyArn`"
DAILY = "caches of development and staging can be filled again: short snapshots, or none"
QUIET = "no alarms that tell somebody, and in development no logs: `alarms`, `aws.logs`"

ELSEWHERE = {
    "CKV2_AWS_11": "as in production",
    "CKV2_AWS_50": ONE_NODE,
    "CKV2_AWS_57": "passwords outside of production are rotated by `rotation.generation`",
    "CKV_AWS_134": DAILY,
    "CKV_AWS_149": AWS_KEY,
    "CKV_AWS_158": AWS_KEY,
    "CKV_AWS_191": AWS_KEY,
    "CKV_AWS_338": "as in production",
    "elasticache_redis_cluster_automatic_failover_enabled": ONE_NODE,
    "elasticache_redis_cluster_backup_enabled": DAILY,
    "elasticache_redis_cluster_multi_az_enabled": ONE_NODE,
    "ElastiCache.1": DAILY,
    "ElastiCache.3": ONE_NODE,
    "5.6": QUIET,
    "5.9": QUIET,
    "AWS-0050": DAILY,
    "AWS-0098": AWS_KEY,
}
"""Rules, of Checkov and of `rules`, that development and staging stacks need not pass, and why."""
