"""Names in AWS: legal, unique in the account, and told from another stack's at a glance."""

import re

import pulumi

from secure_redis.names import readable

PREFIX_LENGTH = 23
"""Longest prefix of an id: user and user group ids have 40 characters at most, and a prefix is
followed by an identity of 8 characters and a word such as `default`."""


def prefix(cache: str) -> str:
    """The readable part of the ids of a cache of this stack."""
    return readable(pulumi.get_project(), pulumi.get_stack(), cache, length=PREFIX_LENGTH)


def path(cache: str) -> str:
    """The readable part of names that may have slashes: of secrets and log groups."""
    parts = (pulumi.get_project(), pulumi.get_stack(), cache)
    return "/".join(re.sub(r"[^A-Za-z0-9_.-]+", "-", part) for part in parts)
