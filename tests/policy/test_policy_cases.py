"""Every rule as a policy: what keeps it, what breaks it, what cannot be told yet, and secrets.

The pack is asked over gRPC, as the engine asks it, with the values that the engine sends: signs for
what a preview does not know, and maps for secrets.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from secure_redis.controls import CONTROLS
from secure_redis.posture import COMPANIONS, RULES

from .analyzer import (
    ADVISORY,
    DISABLED,
    MANDATORY,
    POLICY_TYPE_RESOURCE,
    Pack,
    Violation,
    running,
)
from .cases import APART, CASES, SCENES, UNKNOWN, Case, Document
from .cases.model import put

ALL = {**RULES, **COMPANIONS}
NOTES = "declared-resources"
SECRET_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGN = "1b47061264138c4ac30d75fd1eb44270"

RUNS = pytest.mark.parametrize(
    "preview",
    [pytest.param(True, id="preview"), pytest.param(False, id="update", marks=pytest.mark.sweep)],
)
"""Before anything is made, and when all of it is there."""

BY_ID = {case.id: case for case in CASES}


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as pack:
        yield pack


@pytest.fixture(params=sorted(BY_ID))
def case(request: pytest.FixtureRequest, pack: Pack) -> Case:
    """A case, with the pack asked for its rule alone: the SDK takes its time for each policy."""
    found = BY_ID[request.param]
    pack.configure({NOTES: ADVISORY, found.rule: MANDATORY}, others=DISABLED)
    return found


def sealed(documents: list[Document], urn: str, path: str) -> list[Document]:
    """The same with the property as the engine sends a secret, wherever it is declared."""
    found = copy.deepcopy(documents)
    for one in found:
        key = path.partition(".")[0]
        if one["urn"] == urn and key in one["inputs"]:
            one["inputs"][key] = {SECRET_KEY: SECRET_SIGN, "value": one["inputs"][key]}
    return found


def of_subject(found: list[Violation], case: Case) -> list[Violation]:
    return [one for one in found if one.urn == case.subject]


@RUNS
def test_what_keeps_the_rule_is_let_through(pack, case, preview):
    assert pack.analyze(case.passing(preview=preview)) == []


@RUNS
def test_what_breaks_it_is_reported_with_what_to_do(pack, case, preview):
    rule = ALL[case.rule]
    found = of_subject(pack.analyze(case.failing(preview=preview)), case)
    assert found, "nothing was reported"
    for one in found:
        assert (one.policy, one.level) == (case.rule, MANDATORY)
        assert one.message.startswith(f"{rule.control}: {CONTROLS[rule.control].title}.\n")
        assert rule.reason in one.message
        fixes = {rule.fix, rule.remedy}
        if case.rule in RULES:
            fixes |= {RULES[case.rule].remedy_for(type_) for type_ in RULES[case.rule].all_types}
        assert one.message.endswith(tuple(fixes))


def test_what_a_preview_does_not_know_breaks_nothing(pack, case):
    found = pack.analyze(case.unknown(preview=True))
    assert of_subject(found, case) == [], "and no policy says that it cannot run"


def test_a_secret_is_judged_and_not_shown(pack, case):
    good, bad = case.passing(preview=True), case.failing(preview=True)
    assert of_subject(pack.analyze(sealed(good, case.subject, case.path)), case) == []
    found = of_subject(pack.analyze(sealed(bad, case.subject, case.path)), case)
    assert found
    for value in long_texts(bad, case):
        assert all(value not in one.message for one in found)


def long_texts(documents: list[Document], case: Case) -> set[str]:
    """Texts of the judged property that could be nothing but a value."""
    words = {case.rule, case.path, *case.path.split(".")}
    (subject,) = [one for one in documents if one["urn"] == case.subject] or [{"inputs": {}}]
    found = set(texts(subject["inputs"].get(case.path.partition(".")[0])))
    said = json.dumps([ALL[case.rule].reason, ALL[case.rule].fix, ALL[case.rule].remedy])
    return {one for one in found if len(one) > 8 and one not in words and one not in said}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def test_every_rule_has_a_case():
    assert {case.rule for case in CASES} == set(ALL)


@pytest.fixture
def whole(pack: Pack) -> Pack:
    """All policies, as in production."""
    pack.configure()
    return pack


@pytest.mark.parametrize("name", sorted(SCENES))
@RUNS
def test_programs_that_keep_every_rule_are_let_through(whole, name, preview):
    assert whole.analyze(SCENES[name].documents(preview=preview)) == []


@pytest.mark.parametrize("apart", APART, ids=lambda one: one.name)
def test_what_is_not_about_redis_is_not_judged(whole, apart):
    found = whole.analyze(apart.documents(preview=True))
    assert [one for one in found if one.urn in apart.subjects] == []


def unknown_everywhere(documents: list[Document]) -> list[Document]:
    found = copy.deepcopy(documents)
    for one in found:
        one["inputs"] = dict.fromkeys(one["inputs"], UNKNOWN)
        one["outputs"] = {}
    return found


@pytest.mark.parametrize("name", sorted(SCENES))
def test_no_policy_stops_at_values_that_are_not_known(whole, name):
    found = whole.analyze(unknown_everywhere(SCENES[name].documents(preview=True)))
    assert [one.message for one in found if "can't run" in one.message] == []


def test_what_a_cache_tells_by_itself_stops_it_before_it_is_made(pack):
    resource_policies = [
        one.name for one in pack.info.policies if one.policy_type == POLICY_TYPE_RESOURCE
    ]
    assert {"aws-tls", "aws-login", "azure-tls", "gcp-tls", "gcp-login"} <= set(resource_policies)
    for rule in set(resource_policies) - {NOTES}:
        case = next(one for one in CASES if one.rule == rule)
        pack.configure({rule: MANDATORY}, others=DISABLED)
        (subject,) = [one for one in case.failing(preview=True) if one["urn"] == case.subject]
        assert pack.analyze_resource(subject), f"{rule} needs more than its resource"


def test_a_second_run_in_the_same_process_does_not_remember_the_first(whole):
    case = next(one for one in CASES if one.rule == "aws-alarms")
    assert of_subject(whole.analyze(case.failing(preview=True)), case)
    assert of_subject(whole.analyze(case.passing(preview=True)), case) == []
    assert of_subject(whole.analyze_stack(case.failing(preview=True)), case)
    assert of_subject(whole.analyze_stack(case.passing(preview=True)), case) == []


@pytest.mark.parametrize("rule", ["aws-tls", "aws-protect"])
def test_exceptions_name_resources_and_say_why(pack, rule):
    case = next(one for one in CASES if one.rule == rule)
    name = case.subject.rpartition("::")[2]
    alone = {NOTES: ADVISORY, rule: MANDATORY}
    for pattern, accepted in (
        (name, True),
        (name[:2] + "*", True),
        (case.subject, True),
        ("*", True),
        ("another", False),
        (name[:-1], False),
    ):
        pack.configure(alone, {rule: {pattern: "it is moved next week"}}, others=DISABLED)
        assert bool(of_subject(pack.analyze(case.failing()), case)) is not accepted, pattern


def test_what_was_not_declared_is_judged_by_what_is_recorded(pack):
    """The engine asks no resource's policies before it reads one, or leaves it alone."""
    case = next(one for one in CASES if one.rule == "aws-protect")
    pack.configure({NOTES: ADVISORY, case.rule: MANDATORY}, others=DISABLED)
    for documents, expected in ((case.failing(), True), (case.passing(), False)):
        for number, one in enumerate(documents):
            one["inputs"] = {}
            one["urn"] = f"{one['urn']}-{number}"
        found = [one for one in pack.analyze_stack(documents) if one.policy == case.rule]
        assert bool(found) is expected


def test_tags_of_a_program_make_nothing_milder(pack):
    case = next(one for one in CASES if one.rule == "aws-protect")
    documents = case.failing(preview=True)
    (subject,) = [one for one in documents if one["urn"] == case.subject]
    put(subject, "tags", {"secure-redis:environment": "development"})
    pack.configure({NOTES: ADVISORY, case.rule: MANDATORY}, others=DISABLED)
    assert of_subject(pack.analyze(documents), case)
