"""The tables of docs/gcp.md are those of the code."""

import re
from pathlib import Path

import pytest
from secure_redis.gcp import alarms, sizes, versions
from secure_redis.settings import AlarmProfile, Purpose

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "gcp.md").read_text()
LIMIT = 1000
"""Most connections, where a row of the page says 80 % of the limit."""


def test_sizes_of_redis() -> None:
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 8
    for size, usable, connections in rows:
        assert int(size) in sizes.SIZES
        assert usable == f"{sizes.usable_gb(int(size)):g}"
        assert int(connections) == versions.connections("6.x", int(size))
    told = {int(size) for size, _, _ in rows}
    assert {sizes.SIZES.start, sizes.SIZES.stop - 1, sizes.READ_REPLICAS_GB} <= told
    assert {most for _, most in versions.CONNECTIONS} < {int(most) for _, _, most in rows}
    assert f"every size takes {versions.MOST_CONNECTIONS}" in PAGE


def test_types_of_nodes_of_valkey() -> None:
    rows = re.findall(
        r"^\| ([A-Z0-9_]+) \| ([\d.]+) \| ([\d.]+) \| ?(.*?) ?\|$", PAGE, re.MULTILINE
    )
    assert [row[:3] for row in rows] == [
        (one.name, f"{one.usable_gb:g}", f"{one.usable_gb * sizes.GB_IN_GIB:.1f}")
        for one in sizes.NODE_TYPES
    ]
    assert [bool(row[3]) for row in rows] == [not one.guaranteed for one in sizes.NODE_TYPES]


def test_versions() -> None:
    (row,) = re.findall(r"^\| versions \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [tuple(cell.split(", ")) for cell in row] == list(versions.KNOWN.values())
    for engine, version in versions.DEFAULT.items():
        assert f"{engine.value.capitalize()} {version}" in PAGE


@pytest.mark.parametrize("engine", ["Redis", "Valkey"])
def test_alarms(engine: str) -> None:
    rows = re.findall(
        r"^\| (\w+) \| `([\w/]+)` \| ([^|]+) \| (basic|full) \| ([^|]+) \|$", PAGE, re.MULTILINE
    )
    rows = [row for row in rows if row[4].startswith(engine)]
    at = alarms.REDIS if engine == "Redis" else alarms.VALKEY

    def known(profile: AlarmProfile, purpose: Purpose) -> dict[str, alarms.Alarm]:
        found = (
            alarms.redis_alarms(profile, purpose, LIMIT, replicas=1)
            if engine == "Redis"
            else alarms.valkey_alarms(profile, purpose)
        )
        return {one.label: one for one in found}

    every = known(AlarmProfile.FULL, Purpose.SESSIONS)
    assert [(row[0], f"{at}/{row[1]}") for row in rows] == [
        (one.label, one.metric) for one in every.values()
    ]
    basic, caches = (
        known(AlarmProfile.BASIC, Purpose.SESSIONS),
        known(AlarmProfile.FULL, Purpose.CACHE),
    )
    for label, _, above, profile, whom in rows:
        said = float(re.match(r"[\d.]+", above)[0])  # pyright: ignore[reportOptionalSubscript]
        threshold = every[label].threshold
        assert said == (threshold * 100 / LIMIT if "%" in above else threshold)
        assert (label in basic) == (profile == "basic")
        assert (label in caches) == ("sessions and queues" not in whom)
        assert ("ERROR" in whom) == (every[label].severity == "ERROR")
