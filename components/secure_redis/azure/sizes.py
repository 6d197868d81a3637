"""Sizes of Azure Managed Redis and of the classic cache, and which one comes after which."""

from dataclasses import dataclass

RESERVED_PERCENT = 20
"""Part of the memory that Azure keeps for itself (Azure Managed Redis, reliability and memory)."""

NO_CLUSTER_GB = 24
"""Largest size that runs without clustering (Azure Managed Redis, architecture: up to 25 GB)."""


@dataclass(frozen=True)
class Size:
    """A size of Azure Managed Redis."""

    name: str
    """Name in the API (SkuName)."""
    memory_gb: float
    """Advertised memory."""
    max_connections: int
    """Connections that it accepts; 0 where Azure does not say."""
    burstable: bool = False
    """Whether its processors are shared."""
    preview: bool = False
    """Whether Azure offers it as a preview only."""

    @property
    def usable_gb(self) -> float:
        """GB for data: what is left of the memory after the reserve."""
        return self.memory_gb * (100 - RESERVED_PERCENT) / 100

    @property
    def flash(self) -> bool:
        """Whether seldom used data lie on a disk."""
        return self.name.startswith("FlashOptimized_")

    @property
    def runs_alone(self) -> bool:
        """Whether it runs without clustering."""
        return not self.flash and self.memory_gb <= NO_CLUSTER_GB


def _family(prefix: str, *members: tuple[str, float, int]) -> tuple[Size, ...]:
    return tuple(
        Size(
            f"{prefix}{number}",
            memory_gb,
            connections * 1000,
            burstable=prefix == "Balanced_B" and memory_gb <= 1,
            # From 350 GB on, and everything on flash.
            preview=memory_gb >= 350 or prefix.startswith("Flash"),  # noqa: PLR2004
        )
        for number, memory_gb, connections in members
    )


# Memory and connections: Azure Managed Redis, performance tiers and pricing (2026-05). Sizes that
# are listed with a range of memory have its lower end here.
SIZES = (
    *_family(
        "Balanced_B",
        *(("0", 0.5, 15), ("1", 1, 15), ("3", 3, 15), ("5", 6, 15), ("10", 12, 30)),
        *(("20", 24, 75), ("50", 60, 150), ("100", 120, 200), ("150", 180, 200)),
        *(("250", 240, 200), ("350", 360, 200), ("500", 480, 200), ("700", 720, 200)),
        ("1000", 960, 200),
    ),
    *_family(
        "MemoryOptimized_M",
        *(("10", 12, 15), ("20", 24, 30), ("50", 60, 75), ("100", 120, 150), ("150", 175, 200)),
        *(("250", 235, 200), ("350", 360, 200), ("500", 480, 200), ("700", 720, 200)),
        *(("1000", 960, 200), ("1500", 1440, 200), ("2000", 1920, 200)),
    ),
    *_family(
        "ComputeOptimized_X",
        *(("3", 3, 30), ("5", 6, 30), ("10", 12, 75), ("20", 24, 150), ("50", 60, 200)),
        *(("100", 120, 200), ("150", 180, 200), ("250", 240, 200), ("350", 360, 200)),
        *(("500", 480, 200), ("700", 720, 200)),
    ),
    *_family(
        "FlashOptimized_A",
        *(("250", 250, 0), ("500", 500, 0), ("700", 750, 0), ("1000", 1000, 0)),
        *(("1500", 1500, 0), ("2000", 2000, 0), ("4500", 4500, 0)),
    ),
)
"""All sizes that can be made today."""

_BY_NAME = {size.name: size for size in SIZES}


def named(sku: str) -> Size | None:
    """The size of that name; None where there is none."""
    return _BY_NAME.get(sku)


def smallest(memory_gb: float, *, burstable: bool, preview: bool) -> Size | None:
    """The smallest Balanced size that holds `memory_gb` GB of data; None where none does."""
    for size in SIZES:
        fits = size.name.startswith("Balanced_") and size.usable_gb >= memory_gb
        if fits and (burstable or not size.burstable) and (preview or not size.preview):
            return size
    return None


CLASSIC_GB = {
    **dict(zip((f"C{n}" for n in range(7)), (0.25, 1, 2.5, 6, 13, 26, 53), strict=True)),
    **dict(zip((f"P{n}" for n in range(1, 6)), (6, 13, 26, 53, 120), strict=True)),
}
"""Memory of the sizes of the classic cache, of one shard (Azure Cache for Redis, pricing)."""

CLASSIC_CONNECTIONS = {
    **dict(
        zip(
            (f"C{n}" for n in range(7)),
            (256, 1000, 2000, 5000, 10_000, 15_000, 20_000),
            strict=True,
        )
    ),
    **dict(
        zip((f"P{n}" for n in range(1, 6)), (7500, 15_000, 30_000, 40_000, 40_000), strict=True)
    ),
}
"""Connections of the sizes of the classic cache (Azure Cache for Redis, planning FAQ)."""

CLASSIC_SKUS = (
    *(f"Basic_C{n}" for n in range(7)),
    *(f"Standard_C{n}" for n in range(7)),
    *(f"Premium_P{n}" for n in range(1, 6)),
)
"""All sizes of the classic cache."""


def smallest_classic(memory_gb: float, tier: str) -> str:
    """The smallest size of the tier Standard or Premium that holds `memory_gb` GB of data.

    Empty where none does. The reserve is taken to be that of Azure Managed Redis.
    """
    for sku in CLASSIC_SKUS:
        usable = CLASSIC_GB[sku.partition("_")[2]] * (100 - RESERVED_PERCENT) / 100
        if sku.startswith(f"{tier}_") and usable >= memory_gb:
            return sku
    return ""


SUCCESSORS = {
    "C0": "Balanced_B0",
    "C1": "Balanced_B1",
    "C2": "Balanced_B3",
    "C3": "Balanced_B5",
    "C4": "Balanced_B20",
    "C5": "Balanced_B50",
    "C6": "Balanced_B50",
    "P1": "Balanced_B5",
    "P2": "Balanced_B20",
    "P3": "Balanced_B50",
    "P4": "Balanced_B50",
    "P5": "Balanced_B100",
    # Azure Cache for Redis Enterprise.
    "E1": "Balanced_B1",
    "E5": "Balanced_B5",
    "E10": "Balanced_B10",
    "E20": "Balanced_B20",
    "E50": "Balanced_B50",
    "E100": "Balanced_B100",
    "E200": "Balanced_B250",
    "E400": "Balanced_B500",
    "F300": "FlashOptimized_A500",
    "F700": "FlashOptimized_A700",
    "F1500": "FlashOptimized_A1500",
}
"""Size of Azure Managed Redis that takes the data of a retiring size, one shard of it (Azure
Managed Redis, migration guides). Where two are named there, the one that is not smaller."""


def successor(sku: str, shards: int = 1) -> str:
    """The size of Azure Managed Redis for a retiring one with so many shards; empty if unknown."""
    size = sku.partition("_")[2]
    first = named(SUCCESSORS.get(size, ""))
    if first is None or shards == 1:
        return first.name if first else ""
    needed = shards * CLASSIC_GB[size]
    fitting = (size for size in SIZES[: SIZES.index(_BY_NAME["Balanced_B1000"]) + 1])
    return next((size.name for size in fitting if size.memory_gb >= needed), "")
