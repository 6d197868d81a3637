"""What Secrets Manager needs to replace a password by itself: a function, its role, a schedule."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from secure_redis.aws.keys import by_secrets_manager
from secure_redis.aws.site import Site

RUNTIME = "python3.13"
"""Runtime of the function (API Lambda Runtime); it brings boto3."""

TIMEOUT_SECONDS = 900
"""Longest run of a function: a user that is being changed is waited for (Lambda quotas)."""

LOG_RETENTION_DAYS = 90


def rotate(
    site: Site,
    secret: aws.secretsmanager.Secret,
    version: aws.secretsmanager.SecretVersion,
    user_arn: pulumi.Output[str],
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.secretsmanager.SecretRotation:
    """Lets Secrets Manager replace the password of a user every `rotationDays`.

    The function calls AWS's API only, so it needs no network of yours.
    """
    child = site.child()
    label = f"{site.name}-rotation"
    description = f"Rotates the password of the cache {site.name} of {site.stack}"
    role = aws.iam.Role(
        label,
        description=description,
        assume_role_policy=json.dumps(trust_policy()),
        tags=site.tags,
        opts=child,
    )
    group = aws.cloudwatch.LogGroup(
        label,
        retention_in_days=LOG_RETENTION_DAYS,
        kms_key_id=kms_key_arn,
        tags=site.tags,
        opts=child,
    )
    permissions = aws.iam.RolePolicy(
        label,
        role=role.name,
        policy=pulumi.Output.all(secret.arn, user_arn, group.arn, kms_key_arn or "").apply(
            lambda arns: json.dumps(function_policy(*arns))
        ),
        opts=child,
    )
    function = aws.lambda_.Function(
        label,
        description=description,
        runtime=RUNTIME,
        architectures=["arm64"],
        handler="function.handler",
        code=pulumi.AssetArchive({"function.py": pulumi.FileAsset(str(SOURCE))}),
        role=role.arn,
        timeout=TIMEOUT_SECONDS,
        memory_size=128,
        environment={"variables": {"SECRET_ARN": secret.arn, "USER_ARN": user_arn}},
        logging_config={"log_format": "JSON", "log_group": group.name},
        tags=site.tags,
        opts=site.child(depends_on=[permissions]),
    )
    permission = aws.lambda_.Permission(
        label,
        action="lambda:InvokeFunction",
        function=function.name,
        principal="secretsmanager.amazonaws.com",
        # No other account's secret, and no other secret of this one.
        source_account=secret.arn.apply(lambda arn: arn.split(":")[4]),
        source_arn=secret.arn,
        opts=child,
    )
    return aws.secretsmanager.SecretRotation(
        label,
        secret_id=secret.id,
        rotation_lambda_arn=function.arn,
        rotation_rules={"automatically_after_days": site.cache.rotation_days},
        # At once would make the password that was just exported an old one.
        rotate_immediately=False,
        opts=site.child(depends_on=[permission, permissions, version]),
    )


SOURCE = Path(__file__).with_name("function.py")
"""The function's code: one file that imports nothing of this package."""


def trust_policy() -> dict[str, Any]:
    """Who may take the role: Lambda."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def function_policy(
    secret_arn: str, user_arn: str, log_group_arn: str, kms_key_arn: str
) -> dict[str, Any]:
    """What the function may do: change one user, one secret, and write its log."""
    statements: list[dict[str, Any]] = [
        {
            "Sid": "User",
            "Effect": "Allow",
            "Action": ["elasticache:DescribeUsers", "elasticache:ModifyUser"],
            "Resource": user_arn,
        },
        {
            "Sid": "Secret",
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": secret_arn,
        },
        {
            "Sid": "Log",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn}:*",
        },
    ]
    if kms_key_arn:
        statements.append(
            {
                "Sid": "Key",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": kms_key_arn,
                "Condition": by_secrets_manager(kms_key_arn.split(":")[3]),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
