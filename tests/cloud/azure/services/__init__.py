"""Fake Azure services. Importing this declares their types."""

from . import (
    authorization,
    classic_redis,
    classic_redis_access,
    key_vault,
    key_vault_items,
    managed_redis,
    managed_redis_database,
    monitoring,
    network,
    private_dns,
    private_link,
    resources,
    workspaces,
)

__all__ = [
    "authorization",
    "classic_redis",
    "classic_redis_access",
    "key_vault",
    "key_vault_items",
    "managed_redis",
    "managed_redis_database",
    "monitoring",
    "network",
    "private_dns",
    "private_link",
    "resources",
    "workspaces",
]
