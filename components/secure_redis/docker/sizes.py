"""From memory in GiB to the container's limit and the server's own."""

from math import floor

MINIMUM_MB = 64
"""Below this the server's own needs leave too little for data."""

MAXMEMORY_SHARE = 0.75
"""Part of the container's memory for data. The rest is for connections, the copy-on-write of a
background save or log rewrite, and fragmentation: without it the kernel kills the container."""


def memory_mb(memory_gb: float) -> int:
    """The container's memory limit in MiB."""
    return round(memory_gb * 1024)


def maxmemory_mb(memory_gb: float) -> int:
    """The server's limit for data in MiB."""
    return floor(memory_mb(memory_gb) * MAXMEMORY_SHARE)
