"""Maintenance and snapshot windows."""

import re

from .account import refuse

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
DAILY = re.compile(rf"{_TIME}-{_TIME}")
WEEKLY = re.compile(rf"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}")
DAY, WEEK = 24 * 60, 7 * 24 * 60


def daily(text: str) -> tuple[int, int]:
    """Begin and length in minutes. Refuses what is no window of at least an hour."""
    match = DAILY.fullmatch(text)
    if not match:
        refuse("InvalidParameterValue", f"Invalid snapshot window format: {text}")
    begin, end = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    return begin, _long_enough((end - begin) % DAY, "snapshot")


def weekly(text: str) -> tuple[int, int]:
    """Begin and length in minutes from Sunday. Refuses what is no window of at least an hour."""
    match = WEEKLY.fullmatch(text.lower())
    if not match:
        refuse("InvalidParameterValue", f"Invalid maintenance window format: {text}")
    begin = _DAYS.index(match[1]) * DAY + _minutes(match[2], match[3])
    end = _DAYS.index(match[4]) * DAY + _minutes(match[5], match[6])
    length = _long_enough((end - begin) % WEEK, "maintenance")
    if length > DAY:
        refuse("InvalidParameterValue", "The maintenance window must be at most 24 hours")
    return begin, length


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)


def _long_enough(length: int, what: str) -> int:
    if length < 60:
        refuse("InvalidParameterValue", f"The {what} window must be at least 60 minutes.")
    return length


def check_apart(snapshot: str | None, maintenance: str | None) -> None:
    """Refuses windows that overlap."""
    begin, length = daily(snapshot) if snapshot else (0, 0)
    start, duration = weekly(maintenance) if maintenance else (0, 0)
    if not snapshot or not maintenance:
        return
    for day in range(-1, 8):
        first = begin + day * DAY
        if first < start + duration and start < first + length:
            refuse(
                "InvalidParameterValue",
                "The snapshot window and maintenance window must not overlap.",
            )
