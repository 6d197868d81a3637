"""Rules over Redis that anybody's program makes: each is kept, broken, or cannot be told."""

import copy
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secure_redis.posture import (
    COMPANIONS,
    RULES,
    Companion,
    Judgement,
    Outcome,
    Rule,
    breaches,
    judgements,
)
from secure_redis.posture.tokens import canonical

from tests.policy.cases import APART, CASES, SCENES, UNKNOWN, Apart, Case, Document, Scene
from tests.policy.cases.aws import GROUP, TOKEN
from tests.policy.cases.azure import CLASSIC
from tests.policy.cases.docker import ARGUMENTS, UPLOADED, WEB
from tests.policy.cases.gcp import INSTANCE
from tests.policy.cases.model import Part, Ref

ALL: dict[str, Rule | Companion] = {**RULES, **COMPANIONS}
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
WHEN = pytest.mark.parametrize("preview", [False, True], ids=["recorded", "planned"])
BY_ID = {case.id: case for case in CASES}

OURS_ALONE = {
    ("gcp-secret", "gcp:memorystore/instance:Instance"),  # keeps its address; it has no password
}
"""What a rule says of resources in components of ours alone."""


def judged(documents: Iterable[Document], environment: str = "production") -> list[Judgement]:
    return [*judgements(documents, environment=environment, everything=True)]


@cache
def right(id_: str, preview: bool) -> tuple[Judgement, ...]:
    case = BY_ID[id_]
    return tuple(judged(case.passing(preview=preview), case.environment))


def outcomes(found: Iterable[Judgement], case: Case) -> set[Outcome]:
    return {one.outcome for one in found if (one.rule, one.urn) == (case.rule, case.subject)}


def broken(found: Iterable[Judgement]) -> set[str]:
    return {one.rule for one in found if one.outcome is Outcome.BROKEN}


# Every rule, by its cases


def test_cases_are_told_apart() -> None:
    assert len(BY_ID) == len(CASES)


def test_every_rule_has_a_case_for_every_type_it_is_about() -> None:
    covered = {
        (case.rule, canonical(part.type))
        for case in CASES
        for part in (*case.scene.parts, *case.add)
        if part.urn == case.subject
    }
    wanted = {(id_, type_) for id_, rule in ALL.items() for type_ in rule.all_types}
    assert {rule for rule, _ in covered} == set(ALL)
    assert wanted - covered == OURS_ALONE


@WHEN
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_good_program_keeps_every_rule(scene: Scene, preview: bool) -> None:
    found = judged(scene.documents(preview=preview))
    assert found
    assert [(one.rule, one.where) for one in found if one.outcome is Outcome.BROKEN] == []


@WHEN
@EACH
def test_what_is_right_passes(case: Case, preview: bool) -> None:
    told = outcomes(right(case.id, preview), case)
    assert told
    # What comes from another resource is not known in the first preview.
    assert told <= ({Outcome.HOLDS, Outcome.UNKNOWN} if preview else {Outcome.HOLDS})


@WHEN
@EACH
def test_what_is_wrong_breaks_its_rule_and_no_other(case: Case, preview: bool) -> None:
    found = judged(case.failing(preview=preview), case.environment)
    assert Outcome.BROKEN in outcomes(found, case)
    assert broken(found) - broken(right(case.id, preview)) - set(case.spoils) <= {case.rule}


@WHEN
@pytest.mark.parametrize("form", ["unknown", "secret"])
@EACH
def test_what_cannot_be_told_breaks_nothing(case: Case, form: str, preview: bool) -> None:
    documents = getattr(case, form)(preview=preview)
    if not documents:
        assert case.without or case.path == "protect", "there is no value that could be so"
        return
    found = judged(documents, case.environment)
    assert Outcome.BROKEN not in outcomes(found, case)
    assert broken(found) <= broken(right(case.id, preview))


@pytest.mark.parametrize("id_", ALL)
def test_a_rule_says_what_to_set_without_our_components(id_: str) -> None:
    rule = ALL[id_]
    for text in map(rule.remedy_for, rule.all_types):
        assert text.endswith(".")
        assert "{" not in text
        assert not re.search(r"\bour\b|stack file|<name>|secure-redis", text, re.IGNORECASE)
        assert "`" in text or text.startswith(("Remove", "Add", "Put", "Start", "Name", "Set"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_judgement_names_the_remedy_and_no_value(case: Case) -> None:
    marker = "k3eps-s3cret"
    wrong = case.failing()
    (own,) = [
        one
        for one in judged(wrong, case.environment)
        if (one.rule, one.urn, one.outcome) == (case.rule, case.subject, Outcome.BROKEN)
    ][:1]
    rule = ALL[case.rule]
    ours = "secure-redis:" in case.subject
    assert own.fix == (rule.fix if ours else rule.remedy_for(type_of(case)))
    text = json.dumps(wrong).replace(': "', f': "{marker}')
    marked = [{**new, "urn": old["urn"]} for new, old in zip(json.loads(text), wrong, strict=True)]
    assert marker not in str(judged(marked, case.environment))


def type_of(case: Case) -> str:
    parts = (*case.scene.parts, *case.add)
    return canonical(next(one.type for one in parts if one.urn == case.subject))


# What is about Redis


@pytest.mark.parametrize("apart", APART, ids=lambda one: one.name)
@WHEN
def test_what_is_not_about_redis_is_not_judged(apart: Apart, preview: bool) -> None:
    found = judged(apart.documents(preview=preview))
    assert [(one.rule, one.where) for one in found if one.urn in apart.subjects] == []
    assert found == judged(apart.scene.documents(preview=preview)), "and it changes nothing"


@pytest.mark.parametrize("apart", APART, ids=lambda one: one.name)
def test_a_program_without_redis_is_not_judged(apart: Apart) -> None:
    others = [one for one in apart.documents() if one["urn"] in apart.subjects]
    assert others
    assert judged(others) == []


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_ids_tell_what_belongs_together_where_origins_do_not(scene: Scene) -> None:
    """A state that an older engine wrote does not say where values come from."""
    documents = scene.documents()
    with_origins = {(one.rule, one.urn) for one in judged(documents)}
    for one in documents:
        one.pop("propertyDependencies")
    by_id = {(one.rule, one.urn) for one in judged(documents)}
    assert by_id <= with_origins
    # A generated value is no id: what is reached through it alone is left out.
    lost = {one for one in with_origins - by_id if not one[0].endswith("-secret")}
    generated = ("random:", "tls:", "aws:secretsmanager", "aws:iam", "aws:kms", "azure-native:key")
    assert all(any(word in urn for word in generated) for _, urn in lost), lost


def two_caches() -> list[Document]:
    """Two replication groups that share a key and users; one of them has no alarm."""
    second = Part(
        "second",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        GROUP.part("redis").inputs,
        {"id": "second-77"},
        protect=True,
    )
    return Scene("two", (*GROUP.parts, second)).documents(preview=True)


def test_what_one_cache_has_beside_it_does_not_count_for_another() -> None:
    found = [one for one in judged(two_caches()) if one.outcome is Outcome.BROKEN]
    assert [(one.rule, one.resource) for one in found] == [
        ("aws-alarms", "ReplicationGroup second")
    ]


def test_what_several_caches_share_is_judged_once() -> None:
    keys = [one for one in judged(two_caches()) if one.rule == "aws-key-rotation"]
    assert len(keys) == 1


def test_an_alarm_that_is_for_one_of_two_is_for_it_alone() -> None:
    found = two_caches()
    (alarm,) = [one for one in found if one["urn"].endswith("memory-alarm")]
    (second,) = [one for one in found if one["urn"].endswith("::second")]
    alarm["propertyDependencies"] = {"dimensions": [second["urn"]]}
    (told,) = [one for one in judged(found) if one.outcome is Outcome.BROKEN]
    assert (told.rule, told.resource) == ("aws-alarms", "ReplicationGroup redis")


def test_a_rule_that_is_about_production_is_silent_elsewhere() -> None:
    case = BY_ID["aws-own-key-aws-replication-group-redis-kmsKeyId"]
    assert case.rule in broken(judged(case.failing(), "production"))
    assert case.rule not in broken(judged(case.failing(), "development"))


def test_only_components_of_ours_are_judged_where_not_everything_is_asked_for() -> None:
    case = BY_ID["aws-tls-aws-replication-group-redis-transitEncryptionEnabled"]
    assert breaches(case.failing(), environment="production") == []


@pytest.mark.parametrize(
    ("parameters", "group", "asked"),
    [
        (None, None, True),  # the cloud's own policy keeps what has no time to live
        (None, "default.redis7", True),
        (None, "made-elsewhere", None),
        ([{"name": "maxmemory-policy", "value": "allkeys-lru"}], Ref("parameters", "name"), None),
        ([{"name": "maxmemory-policy", "value": "volatile-ttl"}], Ref("parameters", "name"), True),
        ([{"name": "timeout", "value": "20"}], Ref("parameters", "name"), True),
    ],
)
def test_backups_are_asked_for_where_a_cache_holds_what_it_does_not_evict(
    parameters: Any, group: Any, asked: bool | None
) -> None:
    redis = TOKEN.part("redis")
    inputs = {k: v for k, v in redis.inputs.items() if not k.startswith(("param", "snapshot"))}
    if group:
        inputs["parameterGroupName"] = group
    made = Part("parameters", "aws:elasticache/parameterGroup:ParameterGroup", {})
    parts = [Part("redis", redis.type, inputs, redis.outputs, protect=True)]
    parts += [one for one in TOKEN.parts if one.name != "redis"]
    if parameters:
        parts.append(Part(made.name, made.type, {"parameters": parameters}))
    for preview in (False, True):
        found = broken(judged(Scene("s", tuple(parts)).documents(preview=preview)))
        assert ("aws-backups" in found) is bool(asked)


def test_a_port_of_another_service_is_no_business_of_ours() -> None:
    """A firewall of Google Cloud is about Redis by its port, in the network of one."""
    found = INSTANCE.documents()
    (rule,) = [one for one in found if one["urn"].endswith("redis-in")]
    for side in ("inputs", "outputs"):
        rule[side]["allows"] = [{"protocol": "tcp", "ports": ["443"]}]
        rule[side]["sourceRanges"] = ["0.0.0.0/0"]
    assert "gcp-firewall-in" not in broken(judged(found))


LOCKS = [
    ("azure-native:authorization:ManagementLockByScope", {"scope": Ref("shop")}),
    ("azure:management/lock:Lock", {"scope": Ref("shop"), "lockLevel": "CanNotDelete"}),
    (
        "azure-native:authorization:ManagementLockAtResourceGroupLevel",
        {"resourceGroupName": Ref("shop", "name")},
    ),
]


@WHEN
@pytest.mark.parametrize(("type_", "inputs"), LOCKS, ids=[type_ for type_, _ in LOCKS])
def test_a_lock_of_the_resource_group_is_one_of_the_cache(
    type_: str, inputs: dict[str, Any], preview: bool
) -> None:
    redis = CLASSIC.part("redis")
    inside = {**redis.inputs, "resourceGroupName": Ref("shop", "name")}
    parts = (
        *(one for one in CLASSIC.parts if one.name not in {"redis", "lock"}),
        Part("redis", redis.type, inside, redis.outputs, protect=True),
    )
    lock = Part("lock", type_, {"level": "CanNotDelete", **inputs})
    without = Scene("s", parts).documents(preview=preview)
    assert broken(judged(without)) == {"azure-lock"}
    assert broken(judged(Scene("s", (*parts, lock)).documents(preview=preview))) == set()


def test_a_cache_inside_of_a_network_needs_no_endpoint() -> None:
    redis = CLASSIC.part("redis")
    inside = {k: v for k, v in redis.inputs.items() if k != "publicNetworkAccess"}
    parts = (
        *(one for one in CLASSIC.parts if one.name not in {"redis", "endpoint"}),
        Part(
            "redis", redis.type, {**inside, "subnetId": Ref("subnet")}, redis.outputs, protect=True
        ),
    )
    for preview in (False, True):
        assert broken(judged(Scene("s", parts).documents(preview=preview))) == set()


def test_a_group_that_follows_another_regions_has_its_settings() -> None:
    redis = GROUP.part("redis")
    taken = {"transitEncryptionEnabled", "atRestEncryptionEnabled", "engine", "engineVersion"}
    inputs = {k: v for k, v in redis.inputs.items() if k not in taken}
    for known, expected in ((True, set[str]()), (False, {"aws-tls", "aws-encrypted"})):
        more = {"globalReplicationGroupId": "ldgnf-shop"} if known else {}
        second = Part("redis", redis.type, {**inputs, **more}, redis.outputs, protect=True)
        others = tuple(one for one in GROUP.parts if one.name != "redis")
        found = judged(Scene("s", (*others, second)).documents(preview=True))
        assert broken(found) == expected


@WHEN
def test_what_an_application_has_besides_its_redis_is_not_judged(preview: bool) -> None:
    (shop,) = [one for one in APART if one.name == "docker-shop"]
    documents = Scene("s", (*shop.scene.parts, *shop.others, WEB)).documents(preview=preview)
    found = judged(documents)
    assert [one for one in found if one.urn in shop.subjects] == []
    assert {one.rule for one in found if one.urn == WEB.urn} == {"docker-client-variables"}
    assert broken(found) == set()


# Values that are odd

TYPES = sorted({type_ for rule in ALL.values() for type_ in rule.all_types})
KEYS = sorted(
    {
        key
        for rule in RULES.values()
        for path in (rule.path, *rule.paths.values())
        for key in path.replace("[]", "").split(".")
    }
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=5)
    | st.sampled_from([UNKNOWN, "redis", "valkey", "--requirepass 'x", "0.0.0.0/0", "a://"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
ODD = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(TYPES),
            "urn": st.sampled_from(["a::x", "b::y", "c::z"]),
            "inputs": st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
            "outputs": st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
            "propertyDependencies": st.dictionaries(
                st.sampled_from(KEYS), st.lists(st.sampled_from(["a::x", "b::y"])), max_size=3
            ),
        }
    ),
    max_size=4,
)


@given(ODD)
def test_no_value_makes_a_rule_stumble(documents: list[Document]) -> None:
    before = copy.deepcopy(documents)
    for one in judged(documents):
        assert one.outcome in Outcome
    assert repr(documents) == repr(before), "and none is changed"


@pytest.mark.parametrize(
    "scene", [GROUP, CLASSIC, INSTANCE, UPLOADED, ARGUMENTS], ids=lambda one: one.name
)
def test_a_program_of_which_nothing_is_known_breaks_nothing(scene: Scene) -> None:
    found = scene.documents(preview=True)
    for one in found:
        one["inputs"] = dict.fromkeys(one["inputs"], UNKNOWN)
    told = judged(found)
    assert told or scene in (UPLOADED, ARGUMENTS)
    assert broken(told) == set()
