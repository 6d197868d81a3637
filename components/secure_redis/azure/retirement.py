"""When the classic cache ends, and what Azure still lets anybody make.

Dates: Microsoft's retirement announcements of Azure Cache for Redis (last read 2026-08).
"""

from datetime import date

from . import sizes

CLOSED_TO_NEW_CUSTOMERS = date(2026, 4, 1)
"""Since then a tenant that had no classic cache before cannot make one."""

RETIREMENT = date(2028, 9, 30)
"""Last day of the tiers Basic, Standard and Premium; on the next one they are turned off."""

ENTERPRISE_CLOSED = date(2026, 4, 1)
"""Since then nobody can make a cache of the tiers Enterprise and Enterprise Flash."""

ENTERPRISE_RETIREMENT = date(2027, 3, 31)
"""Last day of the tiers Enterprise and Enterprise Flash."""


def retired(today: date) -> bool:
    """Whether a classic cache can no longer be used."""
    return today >= RETIREMENT


def warning(sku: str, shards: int, today: date) -> str:
    """What somebody who runs a classic cache must know. sku: such as Premium_P1."""
    days = (RETIREMENT - today).days
    target = sizes.successor(sku, shards)
    return (
        f"Azure Cache for Redis retires on {RETIREMENT} ({days} days from now); it takes no new "
        f"customers since {CLOSED_TO_NEW_CUSTOMERS}. Move to Azure Managed Redis: "
        f"{_size(sku, shards)} becomes {target or 'a size that holds its data'}, the port 6380 "
        "becomes 10000 and the host name changes."
    )


def enterprise(sku: str) -> str:
    """Why a cache of the tiers Enterprise and Enterprise Flash is refused."""
    return (
        f"{sku} is of a tier that nobody can make since {ENTERPRISE_CLOSED}, and that ends on "
        f"{ENTERPRISE_RETIREMENT}"
    )


def _size(sku: str, shards: int) -> str:
    return f"{sku} with {shards} shards" if shards > 1 else sku
