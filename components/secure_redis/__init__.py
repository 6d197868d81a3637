"""A Redis that applications can use safely, the same way on every target."""

from .connection import Connection
from .problems import ConfigurationError
from .redis import SecureRedis, SecureRedisArgs

__all__ = ["ConfigurationError", "Connection", "SecureRedis", "SecureRedisArgs"]
