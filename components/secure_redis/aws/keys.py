"""The key of a cache: encrypts its data at rest, its logs and its secrets."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from . import plan
from .site import Site

DELETION_DAYS = 30
"""Days in which a deleted key can be restored (API ScheduleKeyDeletion: 7 to 30)."""


def key(site: Site, owner: pulumi.Output[str]) -> aws.kms.Key:
    """A key with yearly rotation. owner: ARN of anything of the account in its region."""
    readers = site.given.access.secret_readers
    policy = pulumi.Output.all(owner, *readers).apply(
        lambda all_: json.dumps(key_policy(str(all_[0]), [str(reader) for reader in all_[1:]]))
    )
    made = aws.kms.Key(
        site.name,
        description="Data, logs and secrets of an ElastiCache cache",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_DAYS,
        policy=policy,
        tags=site.tags,
        # The last snapshot is encrypted with it, and must be readable when all else is gone.
        opts=site.holding_data(retain_on_delete=plan.final_snapshot(site.cache) or None),
    )
    alias = site.identity.apply(lambda identity: f"alias/{identity}")
    aws.kms.Alias(site.name, name=alias, target_key_id=made.key_id, opts=site.child())
    return made


def key_policy(owner: str, readers: Sequence[str]) -> dict[str, Any]:
    """What the key allows: the account by its IAM policies, its logs, and the secret's readers.

    owner: ARN of anything of the account in the key's region. readers: ARNs of principals.
    """
    _, partition, _, region, account, *_ = owner.split(":", 5)
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            "Resource": "*",
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:{partition}:logs:{region}:{account}:log-group:*"
                    )
                }
            },
        },
    ]
    if readers:
        statements.append(
            {
                "Sid": "SecretReaders",
                "Effect": "Allow",
                "Principal": {"AWS": sorted(readers)},
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": by_secrets_manager(region),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def by_secrets_manager(region: str) -> dict[str, Any]:
    """The condition of a statement that lets a key be used through Secrets Manager alone."""
    return {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}}
