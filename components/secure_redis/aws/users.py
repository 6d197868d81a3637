"""Who may log in to a cache: its users and their group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from secure_redis import acl

from .secret import Passwords
from .settings import Auth
from .site import Site

APPLICATION = f"on {acl.APPLICATION}"
"""Access string of the application, in the order in which ElastiCache gives it back."""

DEFAULT_OFF = "off ~keys* -@all +get"
"""Access string of the default user, who is off (ElastiCache User Guide, RBAC: creating a custom
default user). Without a user of this name the service would add its own, who is on."""


@dataclass(frozen=True)
class Users:
    """The users of a cache."""

    application: aws.elasticache.User
    group: aws.elasticache.UserGroup


def users(site: Site, passwords: Passwords) -> Users | None:
    """The application's user, the default user, who is off, and their group.

    None with an AUTH token, beside which there are no users.
    """
    settings, engine = site.cache.aws, site.cache.engine.value
    if settings.auth is Auth.TOKEN:
        return None
    # What was made for Redis serves Valkey too, and a Redis group that is in use takes no Valkey
    # users: when the cache changes its engine in place, its users stay what they are.
    keep_engine = ["engine"]
    # Another way to log in is another user, and both must exist for a moment.
    word = "iam" if settings.auth is Auth.IAM else "app"
    user_id = pulumi.Output.concat(site.identity, "-", word)
    application = aws.elasticache.User(
        f"{site.name}-app",
        user_id=user_id,
        # With IAM the name and the id of a user must be the same.
        user_name=user_id if settings.auth is Auth.IAM else acl.APPLICATION_USER,
        access_string=APPLICATION,
        engine=engine,
        **_credential(settings.auth, passwords.application),
        tags=site.tags,
        # What Secrets Manager's function has set Pulumi must not set back.
        opts=site.child(
            ignore_changes=[*keep_engine, *(["passwords"] if settings.automatic_rotation else [])]
        ),
    )
    default = aws.elasticache.User(
        f"{site.name}-default",
        user_id=pulumi.Output.concat(site.identity, "-default"),
        user_name=acl.DEFAULT_USER,
        access_string=DEFAULT_OFF,
        engine=engine,
        passwords=passwords.default,
        tags=site.tags,
        # One after the other: ElastiCache refuses to change two users of a group at once.
        opts=site.child(ignore_changes=keep_engine, depends_on=[application]),
    )
    group = aws.elasticache.UserGroup(
        site.name,
        user_group_id=site.identity,
        engine=engine,
        user_ids=[application.user_id, default.user_id],
        tags=site.tags,
        opts=site.child(ignore_changes=keep_engine),
    )
    return Users(application, group)


def _credential(auth: Auth, passwords: Sequence[pulumi.Output[str]]) -> dict[str, Any]:
    if auth is Auth.IAM:
        return {"authentication_mode": {"type": "iam"}}
    return {"passwords": list(passwords)}
