"""The passwords of a cache, by generation.

The password of a generation is a resource of its own, so raising the generation makes a new one
and, for as long as the old one is kept, leaves the old one as it is.
"""

from dataclasses import dataclass

import pulumi
import pulumi_random as random

from secure_redis.settings import Rotation
from secure_redis.timestamps import made_at

LENGTH = 48
"""Characters of a password: [A-Za-z0-9] only, so that no parser of any client can misread a URL."""


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


def password(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A generated password. Secret."""
    resource = random.RandomPassword(
        name, length=LENGTH, special=False, min_lower=4, min_upper=4, min_numeric=4, opts=opts
    )
    return pulumi.Output.secret(resource.result)


def passwords(name: str, rotation: Rotation, opts: pulumi.ResourceOptions) -> Passwords:
    """The passwords of the cache `name`; see `Rotation` for what the generation does."""
    generations = [rotation.generation]
    if rotation.keep_previous:
        generations.append(rotation.generation - 1)
    app, readonly = (
        [password(f"{name}-{user}-password-{number}", opts) for number in generations]
        for user in ("app", "readonly")
    )
    issued = random.RandomUuid7(f"{name}-app-issued-{rotation.generation}", opts=opts)
    return Passwords(
        app=app,
        readonly=readonly,
        health=password(f"{name}-health-password", opts),
        operator=password(f"{name}-operator-password", opts),
        issued_at=issued.result.apply(made_at),
    )
