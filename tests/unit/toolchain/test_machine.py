"""Comparing versions, and the places where things are kept."""

from pathlib import Path

import pytest

from toolchain import machine


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3.250.0", (3, 250, 0)),
        ("v3.250.0", (3, 250, 0)),
        ("go1.25.11", (1, 25, 11)),
        ("1.27rc1", (1, 27)),
        ("3.250.0-alpha.1", (3, 250, 0)),
        ("devel", ()),
        ("", ()),
        ("..", ()),
    ],
)
def test_reads_the_numbers_of_a_version(text, parts):
    assert machine.parse_version(text) == parts


@pytest.mark.parametrize(
    ("found", "wanted", "enough"),
    [
        ("3.231.0", "3.231.0", True),
        ("3.250.0", "3.231.0", True),
        ("3.99.0", "3.231.0", False),  # as text it would be newer
        ("3.9", "3.10", False),
        ("4.0.0", "3.231.0", True),
        ("1.25.9", "1.25.11", False),
        ("1.26", "1.25.11", True),
        ("3.231", "3.231.0", True),
        ("unknown", "0.0.1", False),
    ],
)
def test_compares_versions_by_number(found, wanted, enough):
    assert machine.at_least(found, wanted) is enough


@pytest.mark.parametrize(
    ("environ", "cache", "state"),
    [
        ({}, "/h/.cache/secure-redis", "/h/.local/state/secure-redis"),
        (
            {"XDG_CACHE_HOME": "/c", "XDG_STATE_HOME": "/s"},
            "/c/secure-redis",
            "/s/secure-redis",
        ),
        ({"XDG_CACHE_HOME": "relative"}, "/h/.cache/secure-redis", "/h/.local/state/secure-redis"),
        (
            {
                "XDG_CACHE_HOME": "/c",
                "SECURE_REDIS_CACHE_DIR": "/own",
                "SECURE_REDIS_STATE_DIR": "/o",
            },
            "/own",
            "/o",
        ),
    ],
)
def test_places_outside_the_repository(environ, cache, state):
    found = machine.detect({"HOME": "/h", **environ})
    assert (found.cache, found.state) == (Path(cache), Path(state))


def test_free_space_is_that_of_the_nearest_directory_that_exists(tmp_path):
    assert machine.free_bytes(tmp_path / "not" / "there") > 0
