"""Names in AWS: legal, unique in the account, and told from another stack's at a glance."""

import re
from hashlib import sha256

import pulumi

PREFIX_LENGTH = 23
"""Longest prefix of an id: user and user group ids have 40 characters at most, and a prefix is
followed by an identity of 8 characters and a word such as `default`."""


def readable(*words: str) -> str:
    """Words joined by hyphens as an id of ElastiCache takes them, shortened where they are long.

    Letters, digits and single hyphens in lower case, a letter first (API CreateUser, UserId). What
    is shortened ends in a part of its hash, so that two long names stay two.
    """
    name = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
    if not name[:1].isalpha():
        name = f"r-{name}".rstrip("-")
    if len(name) > PREFIX_LENGTH:
        digest = sha256("-".join(words).encode()).hexdigest()[:5]
        name = f"{name[: PREFIX_LENGTH - 6].rstrip('-')}-{digest}"
    return name


def prefix(cache: str) -> str:
    """The readable part of the ids of a cache of this stack."""
    return readable(pulumi.get_project(), pulumi.get_stack(), cache)


def path(cache: str) -> str:
    """The readable part of names that may have slashes: of secrets and log groups."""
    parts = (pulumi.get_project(), pulumi.get_stack(), cache)
    return "/".join(re.sub(r"[^A-Za-z0-9_.-]+", "-", part) for part in parts)
