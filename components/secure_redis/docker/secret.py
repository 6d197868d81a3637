"""The passwords of a cache: of its application, its reader, its health check and its operator."""

from dataclasses import dataclass

import pulumi

from secure_redis.passwords import generations, issued_at, password
from secure_redis.settings import Rotation


@dataclass(frozen=True)
class Passwords:
    """Passwords of the users of a cache. All secret."""

    app: list[pulumi.Output[str]]
    """All passwords that let the application in, the current one first."""
    readonly: list[pulumi.Output[str]]
    """All passwords of the user that may only read, the current one first."""
    health: pulumi.Output[str]
    operator: pulumi.Output[str]
    issued_at: pulumi.Output[str]
    """When the current password was made, RFC 3339. Not secret."""


def passwords(name: str, rotation: Rotation, opts: pulumi.ResourceOptions) -> Passwords:
    """The passwords of the cache `name`; see `Rotation` for what the generation does."""
    return Passwords(
        app=generations(name, "app", rotation, opts),
        readonly=generations(name, "readonly", rotation, opts),
        health=password(f"{name}-health-password", opts),
        operator=password(f"{name}-operator-password", opts),
        issued_at=issued_at(name, "app", rotation, opts),
    )
