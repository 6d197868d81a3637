"""Passwords that we make, by generation.

The password of a generation is a resource of its own, so raising the generation makes a new one
and, for as long as the old one is kept, leaves the old one as it is.
"""

import pulumi
import pulumi_random as random

from .settings import Rotation
from .timestamps import made_at

LENGTH = 48
"""Characters of a password: [A-Za-z0-9] only, so that no parser of any client can misread a URL."""


def password(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A generated password. Secret."""
    resource = random.RandomPassword(
        name, length=LENGTH, special=False, min_lower=4, min_upper=4, min_numeric=4, opts=opts
    )
    return pulumi.Output.secret(resource.result)


def generations(
    name: str, user: str, rotation: Rotation, opts: pulumi.ResourceOptions
) -> list[pulumi.Output[str]]:
    """All passwords that let a user of the cache `name` in, the current one first. Secret."""
    numbers = [rotation.generation]
    if rotation.keep_previous:
        numbers.append(rotation.generation - 1)
    return [password(f"{name}-{user}-password-{number}", opts) for number in numbers]


def issued_at(
    name: str, user: str, rotation: Rotation, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """When the current password was made, RFC 3339. Not secret."""
    issued = random.RandomUuid7(f"{name}-{user}-issued-{rotation.generation}", opts=opts)
    return issued.result.apply(made_at)
