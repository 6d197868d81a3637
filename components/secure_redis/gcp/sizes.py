"""Sizes of Memorystore: of Redis in GiB, of Valkey by the type of its nodes."""

import math
from dataclasses import dataclass

USABLE_PERCENT = 80
"""Part of the memory of Redis that data may fill: the rest is for snapshots, replication and
fragmentation (Memorystore for Redis, memory management best practices: maxmemory-gb at 80 %)."""

SIZES = range(1, 301)
"""GiB that a cache of Redis can have (API Instance.memorySizeGb)."""

READ_REPLICAS_GB = 5
"""GiB that read replicas need (Memorystore for Redis, read replicas)."""


@dataclass(frozen=True)
class NodeType:
    """A type of nodes of Valkey."""

    name: str
    usable_gb: float
    """GB for data of a node."""
    guaranteed: bool = True
    """Whether Google's service level agreement covers it."""


NODE_TYPES = (
    NodeType("CUSTOM_PICO", 1.08),
    NodeType("SHARED_CORE_NANO", 1.12, guaranteed=False),
    NodeType("CUSTOM_MICRO", 2),
    NodeType("CUSTOM_MINI", 3),
    NodeType("STANDARD_SMALL", 5.2),
    NodeType("HIGHMEM_MEDIUM", 10.4),
    NodeType("HIGHCPU_MEDIUM", 10.4),
    NodeType("STANDARD_LARGE", 20.8),
    NodeType("HIGHMEM_XLARGE", 46.4),
    NodeType("HIGHMEM_2XLARGE", 88),
)
"""Types of nodes, smallest first (Memorystore for Valkey, instance and node specification, default
writable keyspace capacity)."""

GB_IN_GIB = 1000**3 / 1024**3
"""GiB in a GB."""


def node_type(name: str) -> NodeType | None:
    """The type of that name; None for one that is not known here."""
    return next((one for one in NODE_TYPES if one.name == name), None)


def smallest_node(memory_gb: float, *, guaranteed: bool) -> NodeType | None:
    """The smallest type whose nodes hold `memory_gb` GiB; None where none does.

    guaranteed: whether only those count that the service level agreement covers; where it need not,
    a node with a shared processor is the cheapest.
    """
    fitting = [one for one in NODE_TYPES if one.usable_gb * GB_IN_GIB >= memory_gb]
    if guaranteed:
        fitting = [one for one in fitting if one.guaranteed]
    return min(fitting, key=lambda one: (one.guaranteed, one.usable_gb), default=None)


def smallest_size(memory_gb: float) -> int:
    """GiB of Redis of which the usable part holds `memory_gb` GiB; may be more than there is."""
    return max(SIZES.start, math.ceil(round(memory_gb * 100 / USABLE_PERCENT, 6)))


def usable_gb(memory_size_gb: int) -> float:
    """GiB for data in a cache of Redis, in tenths."""
    return math.floor(memory_size_gb * USABLE_PERCENT / 10) / 10
