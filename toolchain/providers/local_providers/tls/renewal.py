"""When a certificate asks to be renewed."""

import re
from datetime import datetime, timedelta, timezone

_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def write_time(value: datetime) -> str:
    """An RFC 3339 time in UTC, in whole seconds."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    """An RFC 3339 time of any offset and precision.

    The official plugin writes nanoseconds in local time.

    :raises ValueError: if it is not one.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time")
    moment, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    parsed = datetime.fromisoformat(f"{moment.upper()}{offset}")
    return parsed + timedelta(seconds=float(fraction or 0))


def ready(validity_end: str, early_renewal_hours: int, now: datetime) -> bool:
    """Whether `now` is within `early_renewal_hours` of the end of validity, or after it.

    :raises ValueError: if `validity_end` is not an RFC 3339 time.
    """
    return now >= read_time(validity_end) - timedelta(hours=early_renewal_hours)
