"""Sizes of Azure Managed Redis: what each SKU holds, and which ones belong together."""

SIZES: dict[str, float] = {
    **{
        f"Balanced_B{number}": size
        for number, size in {
            0: 0.5, 1: 1, 3: 3, 5: 6, 10: 12, 20: 24, 50: 60, 100: 120, 150: 180, 250: 240,
            350: 360, 500: 480, 700: 720, 1000: 960,
        }.items()
    },
    **{
        f"MemoryOptimized_M{number}": size
        for number, size in {
            10: 12, 20: 24, 50: 60, 100: 120, 150: 175, 250: 235, 350: 360, 500: 480, 700: 720,
            1000: 960, 1500: 1440, 2000: 1920,
        }.items()
    },
    **{
        f"ComputeOptimized_X{number}": size
        for number, size in {
            3: 3, 5: 6, 10: 12, 20: 24, 50: 60, 100: 120, 150: 180, 250: 240, 350: 360, 500: 480,
            700: 720,
        }.items()
    },
    **{
        f"FlashOptimized_A{number}": float(number)
        for number in (250, 500, 700, 1000, 1500, 2000, 4500)
    },
}  # fmt: skip
"""Memory in GB that each SKU is sold with."""

LARGEST_GENERAL = 250
"""The number in a SKU's name up to which it is generally available; larger ones are previews."""


def is_enterprise(sku: str) -> bool:
    """Whether the SKU is one of the product that Azure Managed Redis took the place of."""
    return sku.startswith(("Enterprise_", "EnterpriseFlash_"))


def is_flash(sku: str) -> bool:
    """Whether the SKU keeps part of the data on disk."""
    return sku.startswith("FlashOptimized_")


def is_preview(sku: str) -> bool:
    """Whether a subscription must be registered for the SKU: all of Flash and the largest."""
    return is_flash(sku) or int(sku.rpartition("_")[2][1:]) > LARGEST_GENERAL


def takes_no_cluster(sku: str) -> bool:
    """Whether a database of the SKU may be without shards: up to 24 GB, and none on Flash."""
    return not is_flash(sku) and SIZES[sku] <= 24
