"""Node types: from memory in GiB to the smallest one that holds it, and what each one has."""

from dataclasses import dataclass

GIB = 1024**3

RESERVED_PERCENT = 25
"""Part of a node's memory that is kept free for snapshots and failover (ElastiCache User Guide,
managing reserved memory; default of reserved-memory-percent in the current families)."""

MAX_CONNECTIONS = 65_000
"""Connections that a node accepts (ElastiCache User Guide, parameter maxclients)."""


@dataclass(frozen=True)
class NodeType:
    """A node type that exists today."""

    name: str
    """Name in the API."""
    maxmemory: int
    """Bytes that the engine sees before the reserve is taken off."""
    vcpus: int
    """Processors; the engine runs commands on one of them."""
    burstable: bool = False
    """Whether it lives on processor credits."""

    @property
    def usable_gb(self) -> float:
        """GiB for data: what is left of the memory after the reserve."""
        return self.maxmemory * (100 - RESERVED_PERCENT) / 100 / GIB


# maxmemory: ElastiCache User Guide, node-type specific parameters. Processors: the EC2 instance
# family of the same name.
NODE_TYPES = (
    NodeType("cache.t4g.micro", 536_870_912, 2, burstable=True),
    NodeType("cache.t4g.small", 1_471_026_299, 2, burstable=True),
    NodeType("cache.t4g.medium", 3_317_862_236, 2, burstable=True),
    NodeType("cache.m7g.large", 6_854_542_746, 2),
    NodeType("cache.r7g.large", 14_037_181_030, 2),
    NodeType("cache.r7g.xlarge", 28_261_849_702, 4),
    NodeType("cache.r7g.2xlarge", 56_711_183_565, 8),
    NodeType("cache.r7g.4xlarge", 113_609_865_216, 16),
    NodeType("cache.r7g.8xlarge", 225_000_375_228, 32),
    NodeType("cache.r7g.12xlarge", 341_206_346_547, 48),
    NodeType("cache.r7g.16xlarge", 450_000_750_456, 64),
)
"""What `memoryGb` chooses from, by memory: current families that run every version of both engines.
Of the general family only the smallest is here: its larger members have the memory of the next
smaller one of the memory family, for more processors that an engine cannot use, and more money."""


def node_type(memory_gb: float, *, burstable: bool) -> NodeType | None:
    """The smallest node type that holds `memory_gb` GiB of data; None where none does."""
    for candidate in NODE_TYPES:
        if candidate.usable_gb >= memory_gb and (burstable or not candidate.burstable):
            return candidate
    return None


def vcpus(name: str) -> int:
    """Processors of a node type, by its size where the table does not have it."""
    if name in _BY_NAME:
        return _BY_NAME[name].vcpus
    _, family, size = name.split(".")
    if family == "t2" and size in {"micro", "small"}:
        return 1
    if size.endswith("xlarge"):
        return 4 * int(size.removesuffix("xlarge") or 1)
    return 2


def maxmemory(name: str) -> int:
    """Bytes that the engine sees; for a node type that is not in the table, at least so much."""
    return _BY_NAME[name].maxmemory if name in _BY_NAME else NODE_TYPES[0].maxmemory


def burstable(name: str) -> bool:
    """Whether a node type lives on processor credits."""
    return name.startswith("cache.t")


_BY_NAME = {candidate.name: candidate for candidate in NODE_TYPES}
