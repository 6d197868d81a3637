"""The page for a reviewer, as text: what stands in it, and what cannot get into it."""

import base64
import hashlib
import re
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.controls import CAUTIONS, CONTROLS
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.output import html
from secure_redis.doctor.output.standards import observed
from secure_redis.doctor.output.text import printable, visible
from secure_redis.doctor.report import Refusal, Status
from unit.doctor import output_samples as samples

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements with their attributes and texts, in order; refuses tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": ""}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attrs):
        return [
            one
            for one in self.elements
            if one["tag"] == tag and attrs.items() <= one["attrs"].items()
        ]

    def texts(self, tag):
        return [" ".join(one["text"].split()) for one in self.all(tag)]

    @property
    def body(self):
        return " ".join(self.all("body")[0]["text"].split())


def page(*reports):
    return Page(html.page(reports))


PAGES = [(make,) for make in samples.ALL] + [samples.ALL]


@pytest.mark.parametrize("makes", PAGES)
def test_the_page_holds_itself_together(makes):
    found = page(*(make() for make in makes))
    ids = [one["attrs"]["id"] for one in found.elements if "id" in one["attrs"]]
    assert len(ids) == len(set(ids))
    for link in found.all("a"):
        assert link["attrs"]["href"].removeprefix("#") in ids
    for one in found.elements:
        for name in ("aria-labelledby", "aria-describedby", "headers"):
            assert set(one["attrs"].get(name, "").split()) <= set(ids)


@pytest.mark.parametrize("makes", PAGES)
def test_nothing_is_loaded_and_nothing_runs(makes):
    found = page(*(make() for make in makes))
    tags = {one["tag"] for one in found.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "input", "svg"}
    for one in found.elements:
        for name, value in one["attrs"].items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "srcset", "action"}
            assert name != "href" or value.startswith("#")
    (style,) = found.all("style")
    assert "url(" not in style["text"]
    assert "@import" not in style["text"]


def test_the_policy_allows_the_style_sheet_and_nothing_else():
    found = page(samples.healthy())
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    (style,) = found.all("style")
    digest = base64.b64encode(hashlib.sha256(style["text"].encode()).digest()).decode()
    assert policy["attrs"]["content"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


@pytest.mark.parametrize("makes", PAGES)
def test_landmarks_headings_and_tables(makes):
    found = page(*(make() for make in makes))
    assert found.elements[0]["attrs"] == {"lang": "en"}
    for landmark in ("header", "main", "footer"):
        assert len(found.all(landmark)) == 1
    levels = [int(one["tag"][1]) for one in found.elements if re.fullmatch("h[1-6]", one["tag"])]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for header in found.all("th"):
        assert header["attrs"]["scope"] in {"col", "row", "rowgroup"}
    for region in found.all("div", role="region"):
        assert region["attrs"]["aria-labelledby"]
        assert region["attrs"]["tabindex"] == "0"


def test_all_checks_stand_with_what_was_seen():
    report = samples.troubled()
    text = page(report).body
    for check in CHECKS.values():
        assert check.id in text
        assert check.title in text
    for finding in report.findings:
        assert finding.observed in text
    for problem in (one for one in report.findings if one.problem):
        for words in (problem.cause, problem.fix):
            assert words.replace("`", "") in text


def test_failures_come_before_warnings():
    found = page(samples.troubled())
    titles = [one["text"].split()[0] for one in found.all("h3") if "D" in one["text"]]
    assert titles == ["failed"] * 4 + ["warning"] * 4


def test_chain_handshake_and_refusals_stand_there():
    text = page(samples.healthy()).body
    for words in (
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384, 256 bits",
        "chain and name, localhost",
        "CN=localhost server",
        "CN=secure-redis local CA root",
        "localhost, cache, 127.0.0.1, ::1",
        "2026-11-20 to 2027-02-18, ends in 88 days",
        "EC secp256r1, signed with sha256",
        "3f9a" * 16,
        "alert protocol version",
    ):
        assert words in text


def test_an_expired_certificate_is_said_to_have_ended():
    text = page(samples.stopped()).body
    assert "2026-11-20 to 2026-11-01, ended 20 days ago" in text
    assert "nothing: this was a handshake to look only" in text


def test_without_an_endpoint_nothing_is_made_up():
    text = page(samples.unread()).body
    assert "There was no TLS handshake to report." in text
    assert "1 of 26 checks were made" in text
    assert "Endpoint" not in text


def test_controls_stand_with_standards_and_cautions():
    text = page(samples.healthy()).body
    for control in (one for one in CONTROLS.values() if one.checks):
        assert control.id in text
        for name, ids in control.standards.items():
            assert f"{name} {', '.join(ids)}" in text
    for caution in CAUTIONS:
        assert caution.replace("`", "") in text


def test_several_reports_have_a_table_of_contents():
    found = page(samples.healthy(), samples.troubled())
    assert found.texts("title") == ["Redis connection report: 2 connections"]
    (contents,) = found.all("nav")
    assert "cache of stack local" in contents["text"]
    assert "deploy/.env" in contents["text"]
    assert not page(samples.healthy()).all("nav")


NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("begins", "ends", "status", "words"),
    [
        ("2026-01-01", "2026-11-22T12:00:00Z", "ok", "ends in 1 day"),
        ("2026-01-01", "2026-11-21T18:00:00Z", "ok", "ends in less than a day"),
        ("2026-01-01", "2026-11-21T06:00:00Z", "failed", "ended less than a day ago"),
        ("2026-01-01", "2026-11-19T12:00:00Z", "failed", "ended 2 days ago"),
        ("2026-11-24", "2027-11-24T00:00:00Z", "failed", "not valid yet, begins in 2 days"),
    ],
)
def test_lifetimes(begins, ends, status, words):
    certificate = samples.CHAIN[0].model_copy(
        update={"not_before": f"{begins}T00:00:00Z", "not_after": ends}
    )
    assert html.lifetime(certificate, NOW) == (Status(status), words)


def test_hostile_words_are_text():
    found = page(samples.hostile())
    for words in samples.HOSTILE:
        assert printable(words) in found.body
    assert "and 1176 more" in found.body
    assert "(13300 characters)" in found.body


def test_backticks_are_code_and_what_stands_between_is_escaped():
    report = samples.report(replaced=[samples.finding("D24", problem="rotation-due", observed="x")])
    assert "make up" in page(report).texts("code")
    hostile = report.findings[0].model_copy(
        update={"status": Status.FAILED, "fix": "`<script>` and ` alone", "problem": "ca-differs"}
    )
    found = page(samples.report([hostile]))
    assert "<script>" in found.texts("code")
    assert "` alone" in found.body
    assert not found.all("script")


ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1)


@settings(max_examples=12, deadline=None)
@given(st.lists(ANY_TEXT, min_size=10, max_size=40))
def test_any_text_is_shown_as_it_is(texts):
    refusals = tuple(Refusal(attempt="tried", answer=words) for words in texts)
    found = page(samples.unread().model_copy(update={"refusals": refusals}))
    cells = {" ".join(cell["text"].split()) for cell in found.all("td")}
    assert {" ".join(visible(words).split()) for words in texts} <= cells


@given(ANY_TEXT)
def test_printable_text_is_one_line_of_characters_that_can_be_seen(words):
    line = printable(words)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", line)
    assert line.encode().decode() == line
    assert printable(line) == line


def judged(report):
    return {one.control.id: one for one in observed(report.findings)}


def test_a_control_is_met_when_all_of_its_checks_were_made_and_found_nothing():
    found = judged(samples.healthy())
    assert found["RDS-TLS-03"].status is Status.OK
    assert found["RDS-TLS-03"].skipped == ()
    assert found["RDS-AUTH-01"].status is Status.INFO
    assert found["RDS-AUTH-01"].skipped == ("D12",)


def test_a_control_that_nobody_looked_at_is_not_observed():
    found = judged(samples.unread())
    assert found["RDS-TLS-02"].status is Status.SKIPPED
    assert found["RDS-TLS-02"].made == ()


def test_a_problem_bears_on_the_control_of_its_own_thing():
    weak = samples.finding("D01", problem="password-weak", observed="12 characters")
    found = judged(samples.report(replaced=[weak]))
    assert found["RDS-AUTH-02"].status is Status.WARNING
    assert found["RDS-TLS-01"].status is Status.OK


def test_a_setting_bears_on_the_control_that_it_names():
    open_group = samples.finding(
        "D25", problem="setting-insecure", observed="0.0.0.0/0", control="RDS-NET-02"
    )
    found = judged(samples.report(replaced=[open_group]))
    assert found["RDS-NET-02"].status is Status.FAILED
    assert {one for one, seen in found.items() if seen.status is Status.FAILED} == {"RDS-NET-02"}
