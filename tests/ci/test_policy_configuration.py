"""What the policy pack is told of a stack: levels of its environment, exceptions with reasons."""

from secure_redis.ci.policy import configuration
from secure_redis.posture import COMPANIONS, RULES

EXCUSED = {rule.id: rule.exception for rule in (*RULES.values(), *COMPANIONS.values())}
LEVELS = dict.fromkeys(EXCUSED, "mandatory")


def test_without_exceptions_the_levels_stay() -> None:
    assert configuration(LEVELS, {}) == LEVELS
    assert configuration(LEVELS, {"no-such-rule": "why", "": "why"}) == LEVELS


def test_an_exception_reaches_the_rules_that_know_it_and_no_other() -> None:
    found = configuration(LEVELS, {"unprotected-data": "copies"})
    changed = {rule for rule in found if found[rule] != "mandatory"}
    assert changed == {
        rule for rule, exception in EXCUSED.items() if exception == "unprotected-data"
    }
    assert changed
    for rule in changed:
        assert found[rule] == {"enforcementLevel": "mandatory", "exceptions": {"*": "copies"}}


def test_what_an_environment_configures_is_kept() -> None:
    (rule, *_) = [one for one, exception in EXCUSED.items() if exception == "unprotected-data"]
    own = {"enforcementLevel": "advisory", "exceptions": {"theirs": "old"}}
    found = configuration({rule: own}, {"unprotected-data": "copies"})
    assert found == {
        rule: {"enforcementLevel": "advisory", "exceptions": {"theirs": "old", "*": "copies"}}
    }
    assert own["exceptions"] == {"theirs": "old"}


def test_rules_without_a_level_get_none() -> None:
    assert configuration({}, {"unprotected-data": "copies"}) == {}
