"""Moments in the contract: RFC 3339, in UTC."""

from datetime import datetime, timedelta, timezone
from uuid import UUID


def made_at(identifier: str) -> str:
    """When a version 7 UUID was made: its first 48 bits count milliseconds (RFC 9562).

    Made together with a password and kept in the state, it dates the password, which no clock in a
    program could.
    """
    milliseconds = UUID(identifier).int >> 80
    return rfc3339(datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc))


def rotate_by(issued_at: str, days: int) -> str:
    """When a password made at `issued_at` should have been replaced; empty if that is unknown."""
    return rfc3339(parse(issued_at) + timedelta(days=days)) if issued_at else ""


def parse(moment: str) -> datetime:
    """A moment with its time zone. Raises ValueError for anything but RFC 3339."""
    parsed = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    if parsed.tzinfo is None:
        raise ValueError("has no time zone")
    return parsed


def rfc3339(moment: datetime) -> str:
    """A moment to the second."""
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
