"""The end of the classic cache: dates, days left and the size to move to, in every run."""

from datetime import date, datetime, timezone
from typing import Any

import pytest
from azure_cases import ACCESS, CLASSIC, CONNECTION_STRING, PRODUCTION, azure_cache, secure
from hypothesis import given
from hypothesis import strategies as st
from package_monitor import run, succeed
from secure_redis.azure import classic, retirement, sizes
from secure_redis.azure.retirement import RETIREMENT, warning

TODAY = date(2026, 11, 21)


def test_the_dates() -> None:
    dates = {
        name: str(value)
        for name, value in vars(retirement).items()
        if isinstance(value, date) and name.isupper()
    }
    assert dates == {
        "CLOSED_TO_NEW_CUSTOMERS": "2026-04-01",
        "RETIREMENT": "2028-09-30",
        "ENTERPRISE_CLOSED": "2026-04-01",
        "ENTERPRISE_RETIREMENT": "2027-03-31",
    }


@given(st.dates())
def test_it_is_over_from_its_last_day_on(today: date) -> None:
    assert retirement.retired(today) == (today >= date(2028, 9, 30))


def test_the_warning_word_for_word() -> None:
    assert warning("Premium_P1", 1, TODAY) == (
        "Azure Cache for Redis retires on 2028-09-30 (679 days from now); it takes no new "
        "customers since 2026-04-01. Move to Azure Managed Redis: Premium_P1 becomes "
        "Balanced_B5, the port 6380 becomes 10000 and the host name changes."
    )


@given(
    st.sampled_from(sizes.CLASSIC_SKUS),
    st.integers(1, 10),
    st.dates(date(2026, 1, 1), date(2028, 9, 29)),
)
def test_a_warning_has_the_dates_the_days_and_the_successor(
    sku: str, shards: int, today: date
) -> None:
    text = warning(sku, shards, today)
    days = int(text.partition("(")[2].partition(" days")[0])
    assert date.fromordinal(today.toordinal() + days) == RETIREMENT
    assert "2026-04-01" in text
    assert sku in text
    assert (sizes.successor(sku, shards) or "a size that holds its data") in text
    assert ("shards" in text) == (shards > 1)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar shows `TODAY`."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls(TODAY.year, TODAY.month, TODAY.day, 23, 59, tzinfo=tz)

    monkeypatch.setattr(classic, "datetime", Clock)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "retires" in r.getMessage()]


@pytest.mark.parametrize(
    ("make", "preview", "arguments", "words"),
    [
        (azure_cache, False, {}, "Standard_C1 becomes Balanced_B1"),
        (azure_cache, True, PRODUCTION, "Premium_P1 becomes Balanced_B5"),
        (secure, True, {"sku": "Basic_C6"}, "Basic_C6 becomes Balanced_B50"),
        (
            secure,
            False,
            {"sku": "Premium_P2", "shards": 3},
            "Premium_P2 with 3 shards becomes Balanced_B50",
        ),
    ],
)
@pytest.mark.usefixtures("today")
def test_every_run_says_so(
    make: Any,
    preview: bool,
    arguments: dict[str, Any],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen = {**CLASSIC, **{k: v for k, v in arguments.items() if k != "environment"}}
    given_ = {k: v for k, v in arguments.items() if k == "environment"}
    args = {**given_, "azure": {"classic": chosen}, "access": ACCESS}
    succeed(lambda: make(**args, alarms={"profile": "off"}), preview=preview)
    (text,) = warnings(caplog)
    assert words in text
    assert "2028-09-30 (679 days from now)" in text


def test_a_managed_cache_has_nothing_to_warn_of(caplog: pytest.LogCaptureFixture) -> None:
    succeed(azure_cache)
    assert warnings(caplog) == []


def test_a_warning_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    snapshots = {"connection_string": CONNECTION_STRING}
    chosen = {**CLASSIC, "sku": "Premium_P1", "snapshots": snapshots}
    world = run(lambda: azure_cache(persistence="rdb", azure={"classic": chosen}))
    assert world.error is None
    assert len(warnings(caplog)) == 1
    text = "".join(record.getMessage() for record in caplog.records)
    assert "HunterTwo" not in text
    assert not any(secret in text for secret in world.secrets())


def test_days_are_counted_in_utc() -> None:
    now = datetime.now(timezone.utc).date()
    assert f"({(RETIREMENT - now).days} days" in warning("Basic_C0", 1, now)
