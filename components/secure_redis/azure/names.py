"""Names in Azure: legal, unique, and told from another stack's at a glance."""

import re

import pulumi

from secure_redis.names import readable

PREFIX_LENGTH = 40
"""Longest prefix of a name: a cluster's has 60 characters at most (API redisEnterprise), a classic
cache's 63, and an identity of 8 characters and a word such as `endpoint` follow."""

VAULT_PREFIX_LENGTH = 15
"""The same for a vault, whose name has 24 characters at most (API vaults)."""

SECRET_LENGTH = 127
"""Longest name of a secret (API secrets)."""


def prefix(cache: str, length: int = PREFIX_LENGTH) -> str:
    """The readable part of the names of a cache of this stack."""
    return readable(pulumi.get_project(), pulumi.get_stack(), cache, length=length)


def vault_prefix(cache: str) -> str:
    """The readable part of a vault's name: of the stack and the cache, for want of room."""
    return readable(pulumi.get_stack(), cache, length=VAULT_PREFIX_LENGTH)


def secret(cache: str, what: str) -> str:
    """The readable part of a secret's name: letters, digits and hyphens (API secrets)."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', cache).strip('-')}-redis-{what}"


def identifier(*names: str) -> str:
    """Names as a part of a rule's name, which takes letters, digits and underscores."""
    return "_".join(re.sub(r"[^A-Za-z0-9]+", "_", name) for name in names)
