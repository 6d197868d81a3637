"""The credentials of a cache: made here, kept in Secrets Manager, readable by those who need them.

Two secrets: the credentials, in the shape that AWS's own rotation function expects, and the
connection, which holds none and is not rotated, so that no host is ever older than a password.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from secure_redis.passwords import generations, issued_at, password
from secure_redis.settings import Rotation

from . import names, plan
from .keys import by_secrets_manager
from .settings import Auth
from .site import Site

READ_ACTIONS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
"""What a reader may do with the two secrets."""


@dataclass(frozen=True)
class Passwords:
    """Passwords of the users of a cache. All secret."""

    application: list[pulumi.Output[str]]
    """All passwords that let the application in, the current one first; none with IAM."""
    default: list[pulumi.Output[str]]
    """Password of the default user, who is off; none with an AUTH token, which knows no users."""
    issued_at: pulumi.Output[str] | str
    """When the current password was made, RFC 3339. Not secret. Empty with IAM."""


def passwords(name: str, auth: Auth, rotation: Rotation, opts: pulumi.ResourceOptions) -> Passwords:
    """The passwords of the cache `name`; see `Rotation` for what the generation does."""
    default = [] if auth is Auth.TOKEN else [password(f"{name}-default-password", opts)]
    if auth is Auth.IAM:
        return Passwords([], default, "")
    return Passwords(
        application=generations(name, "app", rotation, opts),
        default=default,
        issued_at=issued_at(name, "app", rotation, opts),
    )


def keep(
    site: Site,
    what: str,
    value: Mapping[str, pulumi.Input[Any]],
    kms_key_arn: pulumi.Input[str] | None,
    version_opts: pulumi.ResourceOptions,
) -> tuple[aws.secretsmanager.Secret, aws.secretsmanager.SecretVersion]:
    """A secret with `value` as JSON. what: credentials or connection."""
    label = f"{site.name}-{what}"
    folder = names.path(site.name)
    # A deleted secret blocks its name until it is gone for good: made again it has another one.
    unique = random.RandomId(f"{label}-name", byte_length=4, opts=site.child())
    secret = aws.secretsmanager.Secret(
        label,
        name=pulumi.Output.concat(folder, "/", what, "-", unique.hex),
        description=f"Redis: {what} of the cache {site.name} of {site.stack}",
        kms_key_id=kms_key_arn,
        recovery_window_in_days=plan.secret_recovery_days(site.cache),
        tags=site.tags,
        opts=site.child(),
    )
    readers = site.given.access.secret_readers
    if readers:
        aws.secretsmanager.SecretPolicy(
            label,
            secret_arn=secret.arn,
            policy=pulumi.Output.all(secret.arn, *readers).apply(
                lambda all_: json.dumps(reader_policy(all_[0], all_[1:]))
            ),
            block_public_policy=True,
            opts=site.child(),
        )
    version = aws.secretsmanager.SecretVersion(
        label,
        secret_id=secret.id,
        secret_string=pulumi.Output.secret(pulumi.Output.json_dumps(dict(value), sort_keys=True)),
        opts=version_opts,
    )
    return secret, version


def credentials(
    username: pulumi.Input[str],
    secret: pulumi.Input[str],
    user_arn: pulumi.Input[str] | None,
) -> dict[str, pulumi.Input[str]]:
    """The value of the credentials' secret, with what a rotation function asks for. Secret."""
    value = {"username": username, "password": secret}
    return value if user_arn is None else {**value, "user_arn": user_arn}


def reader_policy(secret_arn: str, readers: Sequence[str]) -> dict[str, Any]:
    """A secret's own policy: these principals may read it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Readers",
                "Effect": "Allow",
                "Principal": {"AWS": sorted(readers)},
                "Action": list(READ_ACTIONS),
                "Resource": secret_arn,
            }
        ],
    }


def client_policy(secrets: Sequence[str], key: str, connect: Sequence[str]) -> dict[str, Any]:
    """What an application's role needs: to read the secrets, and to connect where IAM decides.

    All are ARNs. key: empty without a key of yours. connect: the cache and its user, with IAM only.
    """
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ReadSecrets",
            "Effect": "Allow",
            "Action": list(READ_ACTIONS),
            "Resource": sorted(secrets),
        }
    ]
    if key:
        statements.append(
            {
                "Sid": "DecryptSecrets",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": key,
                "Condition": by_secrets_manager(key.split(":")[3]),
            }
        )
    if connect:
        statements.append(
            {
                "Sid": "Connect",
                "Effect": "Allow",
                "Action": "elasticache:Connect",
                "Resource": sorted(connect),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
