"""The table in a terminal: of any width, with and without colours, in any encoding."""

import io
import re
import unicodedata

import pytest
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS, Layer
from secure_redis.doctor.output import table
from secure_redis.doctor.report import Status
from unit.doctor import output_samples as samples

WIDTHS = (20, 40, 80, table.WIDE, 200)


def shown(report, width=120, encoding="utf-8"):
    """What `render` writes to a stream that is no terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = table.console(stream)
    console.width = width
    table.render(report, console)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def words(text):
    """The text without white space, as wrapping changes nothing else."""
    return re.sub(r"\s+", "", text)


def test_layers_and_checks_stand_in_order():
    text = shown(samples.healthy())
    heads = [line for line in text.splitlines() if line in {layer.value for layer in Layer}]
    assert heads == [layer.value for layer in Layer]
    assert re.findall(r"^  \w+ +(D\d\d)", text, re.MULTILINE) == list(CHECKS)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_shows_everything(width):
    report = samples.troubled()
    text = words(shown(report, width))
    for finding in report.findings:
        assert finding.check in text
        # From a certain width on, the lines of two columns alternate; below another, words break.
        if width >= 40:
            assert all(word in text for word in finding.observed.split())
    assert text.endswith(words("FAILED: 4 failed, 4 warnings, 15 ok, 1 info, 3 skipped, in 0.84 s"))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(width):
    text = shown(samples.troubled(), width)
    assert max(map(len, text.splitlines())) <= width


def test_only_problems_have_cause_and_fix():
    report = samples.troubled()
    text = shown(report, 300)
    problems = [one for one in report.findings if one.problem]
    assert text.count("cause ") == text.count("fix   ") == len(problems) == 8
    for finding in problems:
        assert f"cause {finding.cause}" in text
        assert f"fix   {finding.fix}" in text
        assert PROBLEMS[finding.problem].title in text
    assert "cause " not in shown(samples.healthy())


def test_the_place_stands_before_what_was_seen_there():
    assert "[2001:db8::17]:6379: no answer within 3 s" in shown(samples.troubled(), 200)


def test_layers_that_were_not_looked_at_are_one_row():
    text = shown(samples.stopped())
    assert "identity, surface, protocol, function, health, governance" in text
    assert text.count("not looked at: a certificate has expired") == 1
    for check in CHECKS:
        assert len(re.findall(rf"\b{check}\b", text)) == 1


def test_layers_skipped_for_different_reasons_stay_apart():
    report = samples.report(
        replaced=[
            samples.finding("D17", Status.SKIPPED, "first reason"),
            samples.finding("D18", Status.SKIPPED, "first reason"),
            samples.finding("D16", Status.SKIPPED, "second reason"),
        ]
    )
    text = shown(report)
    assert "\nprotocol\n" in text
    assert "\nfunction\n" in text


@pytest.mark.parametrize("make", samples.ALL)
def test_no_commands_for_the_terminal_where_there_is_none(make):
    text = shown(make())
    unseen = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
    assert unseen <= {"\n"}


def terminal(monkeypatch, report, **environment):
    """What `render` writes to a terminal with colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: True
    table.render(report, table.console(stream))
    return stream.getvalue()


def test_a_terminal_gets_colours_and_nothing_else(monkeypatch):
    text = terminal(monkeypatch, samples.hostile())
    assert "\x1b[1;31mFAILED" in text
    without = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert "\x1b" not in without
    assert r"\x1b[2J\x1b]0;owned\x07" in words(without)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_off(monkeypatch, environment):
    text = terminal(monkeypatch, samples.troubled(), **environment)
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", text)
    assert "FAILED" in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("make", samples.ALL)
def test_any_encoding_will_do(make, encoding):
    report = make().model_copy(update={"subject": "caché ✓ 缓存"})
    assert "cach" in shown(report, encoding=encoding)


@pytest.mark.parametrize("make", samples.ALL)
def test_the_summary_is_one_line(make):
    line = table.summary(make())
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_the_summary_says_the_worst():
    assert (
        table.summary(samples.healthy()) == "cache of stack local: ok (24 checks passed, 1 skipped)"
    )
    assert table.summary(samples.troubled()) == (
        "deploy/.env: FAILED: D09 the server accepts TLS 1.0 or 1.1 (and 7 more)"
    )
    assert table.summary(samples.stopped()).endswith("FAILED: D08 a certificate has expired")
    warned = samples.report(
        replaced=[samples.finding("D19", problem="memory-unlimited", observed="maxmemory 0")]
    )
    assert table.summary(warned).endswith("local: warning: D19 memory has no limit")
