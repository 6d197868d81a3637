"""The Markdown: what stands on top, how long it is, and that nothing in it can do harm."""

import re
from dataclasses import replace

import pytest
from ci.samples import GROUP, finding, outcome, replaced, urn
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.ci.comment import LIMIT, Subject, Task, code, fence, render, verdict
from secure_redis.ci.events import Change, Difference, Finding, Operation
from secure_redis.ci.github import LIMIT as GITHUBS
from secure_redis.ci.github import QUIET, marker_of

SUBJECT = Subject("shop", "aws-prod", "aws", "production", "0123456789abcdef")


def at(text: str, *parts: str) -> list[int]:
    places = [text.index(part) for part in parts]
    assert len(set(places)) == len(places)
    return places


def test_losses_then_policies_then_errors_then_changes_then_details() -> None:
    update = Change(urn(name="other"), GROUP, Operation.UPDATE)
    text = render(
        SUBJECT,
        outcome(
            [update, replaced()],
            [finding("advisory", "advice"), finding()],
            ["broke"],
            finished=False,
        ),
    )
    places = at(
        text,
        "<!-- secure-redis:preview:shop/aws-prod -->",
        "### Preview of `aws-prod`: refused by 1 policy finding",
        "> [!CAUTION]",
        "> [!WARNING]",
        "TLS is off. Set it.",
        "broke",
        "| change | type | name |",
        "advice",
        "Every property that changes",
    )
    assert places == sorted(places)
    assert places[0] == 0
    rows = re.findall(r"^\| (\S+) \| `aws:", text, re.MULTILINE)
    assert rows == ["**replace**", "update"]
    assert (
        "`aws:elasticache:ReplicationGroup cache` is replaced, because of `port` `6379` → `6380`"
        in text
    )
    assert "tags.team" not in text[: places[6]]
    assert "commit `0123456789ab`" in text


def test_the_first_line_is_what_finds_it() -> None:
    for task in Task:
        match = marker_of(render(replace(SUBJECT, task=task), outcome()))
        assert match
        assert (match["task"], match["subject"], match["stack"]) == (
            task.value,
            "shop/aws-prod",
            "aws-prod",
        )


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (outcome(), "nothing changes"),
        (outcome(finished=False), "failed"),
        (outcome(errors=["x"]), "failed"),
        (outcome([replaced()]), "replaces 1 cache: all data in it would be lost"),
        (outcome([replaced(), replaced("b")]), "replaces 2 caches: all data in it would be lost"),
        (
            outcome([replaced()], [finding()]),
            "refused by 1 policy finding; replaces 1 cache",
        ),
        (outcome([], [finding()]), "refused by 1 policy finding"),
        (outcome([], [finding(), finding(message="b")]), "refused by 2 policy findings"),
        (outcome([], [finding("advisory")]), "nothing changes"),
        (
            outcome(
                [
                    Change(urn(name="a"), "x:y:Z", Operation.CREATE),
                    Change(urn(name="b"), "x:y:Z", Operation.UPDATE),
                    Change(urn(name="c"), "x:y:Z", Operation.UPDATE),
                ]
            ),
            "1 to create, 2 to update",
        ),
    ],
)
def test_verdicts(given_, words: str) -> None:
    assert verdict(SUBJECT, given_) == words


def test_drift_has_words_of_its_own() -> None:
    subject = replace(SUBJECT, task=Task.DRIFT)
    assert verdict(subject, outcome()) == QUIET
    changed = outcome([Change(urn(name="a"), "x:y:Z", Operation.UPDATE)])
    assert verdict(subject, changed) == "1 resource drifted"
    assert render(subject, outcome()).splitlines()[2].endswith(f": {QUIET}")


def many(number: int, length: int = 100) -> list[Change]:
    differences = tuple(
        Difference(f"property{one}." + "p" * 60, "b" * length, "a" * length, replaces=False)
        for one in range(9)
    )
    return [
        Change(urn(name=f"{n}-" + "n" * 80), GROUP, Operation.UPDATE, differences)
        for n in range(number)
    ]


@pytest.mark.parametrize("size", [0, 10, 39, 40, 41, 100, 1000])
def test_it_is_never_too_long(size: int) -> None:
    findings = [
        finding(level, f"{n} " + "m" * 2000)
        for n in range(size)
        for level in ("mandatory", "advisory")
    ]
    text = render(SUBJECT, outcome(many(size), findings, ["e" * 100_000] * bool(size)))
    assert len(text) <= len(text.encode()) <= LIMIT <= 64_000 < GITHUBS
    assert marker_of(text)
    assert text.count("<details>") == text.count("</details>")
    assert len(re.findall("^```", text, re.MULTILINE)) % 2 == 0
    if size > 40:
        assert "more" in text


def test_wide_characters_count_by_their_bytes() -> None:
    wide = [replaced(f"{n}" + "漢" * 100) for n in range(400)]
    assert len(render(SUBJECT, outcome(wide)).encode()) <= LIMIT


def test_what_is_left_out_of_the_details_is_counted() -> None:
    text = render(SUBJECT, outcome(many(200)))
    (left,) = re.findall(r"(\d+) further resources left out", text)
    shown = len(re.findall(r"^  update ", text, re.MULTILINE))
    assert shown + int(left) == 200
    assert shown > 5


WICKED = "@everyone | `x` ``y`` <img src=x> <!-- --> [a](b) #1 \n\n### title\n```\nout"


def test_text_from_outside_stands_in_code() -> None:
    change = Change(
        urn("a:b:C", WICKED),
        "a:b:C",
        Operation.UPDATE,
        (Difference(WICKED, WICKED, "x", replaces=True),),
    )
    text = render(
        replace(SUBJECT, stack="s"),
        outcome(
            [change, replace(replaced(), urn=urn(name=WICKED))],
            [Finding("p|`", "mandatory", urn(name=WICKED), WICKED)],
            [WICKED],
        ),
    )
    # Blocks of code first, then code in lines: what is left must be our own words.
    bare = re.sub(r"^(`{3,})(?:text|diff)\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    bare = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", bare)
    for sign in ("@everyone", "<img", "#1", "[a](b)", "### title"):
        assert sign not in bare
    for line in bare.splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") == 5


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("`ab |\n"), max_size=30))
def test_code_cannot_be_left(text: str) -> None:
    for quoted in (code(text), fence(text)):
        ticks = re.match("`+", quoted)
        assert ticks
        inner = quoted[len(ticks[0]) : -len(ticks[0])]
        assert ticks[0] not in [run for run in re.findall("`+", inner) if len(run) >= len(ticks[0])]
    assert "\n" not in code(text)


def test_a_report_that_never_began_says_so() -> None:
    text = render(SUBJECT, outcome(finished=False))
    assert "did not come to its end" in text
    silent = render(
        SUBJECT, outcome(errors=["preview failed"], findings=[finding()], finished=False)
    )
    assert "preview failed" not in silent
