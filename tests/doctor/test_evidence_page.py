"""The page of evidence in a real browser."""

from datetime import datetime, timezone

import pytest
from doctor.chromium import DARK, LIGHT, Chromium, with_script, without_policy
from secure_redis.doctor import evidence as of
from secure_redis.doctor.endpoint import Declared, Given
from unit.doctor import output_samples as samples

READABLE = 4.5
"""The contrast that WCAG 2.2 wants of text at level AA."""

SETTINGS = {
    "target": "docker",
    "environment": "production",
    "caches": {name: {"mode": "tls", "rotationDays": 90} for name in ("cache", "queue")},
}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    return Chromium(tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="module")
def page():
    reports = {"cache": samples.healthy(), "queue": samples.troubled()}
    subjects = [
        (
            Given(
                subject=name,
                endpoint=None,
                declared=Declared(
                    stack="prod",
                    cache=name,
                    environment="production",
                    exceptions={"single-node": "it can be filled again"},
                ),
            ),
            report,
        )
        for name, report in reports.items()
    ]
    found = of.evidence(
        subjects, SETTINGS, stack="prod", now=datetime(2026, 11, 21, tzinfo=timezone.utc)
    )
    return of.page(found)


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_every_text_can_be_read(chromium, page, scheme, record_property):
    found = chromium.measured(page, scheme=scheme)
    assert found["texts"] > 500
    ratio, text = found["contrast"]
    assert ratio >= READABLE, text
    name = "dark" if scheme == DARK else "light"
    record_property("measured", f"least contrast of the evidence page, {name}: {ratio:.2f} to 1")


@pytest.mark.parametrize("width", [1200, 700, 390, 320])
def test_the_page_fits_the_window(chromium, page, width):
    found = chromium.measured_in_frame(page, width)
    assert found["width"] == width
    assert found["needed"] <= width


def test_the_schemes_differ_under_the_pages_own_policy(chromium, page):
    assert chromium.corner(page, scheme=LIGHT) == (0xFF, 0xFF, 0xFF)
    assert chromium.corner(page, scheme=DARK) == (0x14, 0x17, 0x1A)


def test_the_policy_stops_a_script_that_got_in(chromium, page):
    text = with_script(page, "document.title = 'owned'")
    assert "<title>owned" not in chromium.dom(text)
    assert "<title>owned" in chromium.dom(without_policy(text))


def test_it_can_be_printed(chromium, page):
    assert chromium.pdf(page).startswith(b"%PDF")
