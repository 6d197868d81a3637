"""Names in Google Cloud: legal, unique in the project, told from another stack's at a glance."""

import re
from collections.abc import Mapping

import pulumi

from secure_redis.names import readable

PREFIX_LENGTH = 22
"""Longest readable part of a name: a cache of Redis has 40 characters at most (API
Instance.name), and an identity of 8 follows, and `-g` with the generation."""

LABEL_LENGTH = 63
"""Characters of a label's key and of its value (Resource Manager, labels)."""


def prefix(name: str) -> str:
    """The readable part of the names of a cache or a network of this stack."""
    return readable(pulumi.get_project(), pulumi.get_stack(), name, length=PREFIX_LENGTH)


def labels(name: str, environment: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Labels by which everything of a cache or network is found, and those that were given."""
    ours = {
        "secure-redis-project": pulumi.get_project(),
        "secure-redis-stack": pulumi.get_stack(),
        "secure-redis-name": name,
        "secure-redis-environment": environment,
    }
    return {**{key: label(value) for key, value in ours.items() if value}, **tags}


def label(value: str) -> str:
    """A word as the value of a label: lower-case letters, digits, - and _, 63 at most."""
    return re.sub(r"[^a-z0-9_-]", "-", value.lower())[:LABEL_LENGTH]
