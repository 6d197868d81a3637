"""When certificates are due."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.providers.local_providers.tls import renewal

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T03:04:05Z", datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)),
        ("2026-11-21T03:04:05.5Z", datetime(2026, 11, 21, 3, 4, 5, 500000, tzinfo=UTC)),
        (
            "2026-11-21T05:04:05.123456789+02:00",
            datetime(2026, 11, 21, 3, 4, 5, 123457, tzinfo=UTC),
        ),
        ("2026-11-20t20:34:05-06:30", datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_times_of_the_official_plugin_are_read(text: str, expected: datetime) -> None:
    assert renewal.read_time(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "2026-11-21", "2026-11-21T03:04:05"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        renewal.read_time(text)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_written_times_are_read_back(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert renewal.read_time(renewal.write_time(aware)) == aware.replace(microsecond=0)


@given(st.integers(0, 5000), st.integers(-400_000, 400_000))
def test_due_within_the_hours_before_the_end(early: int, seconds_to_window: int) -> None:
    end = datetime(2026, 6, 1, tzinfo=UTC)
    now = end - timedelta(hours=early) - timedelta(seconds=seconds_to_window)
    assert renewal.ready(renewal.write_time(end), early, now) == (seconds_to_window <= 0)
