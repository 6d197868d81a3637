"""What the catalogues say: everything passes in production, and each rule bites."""

import pytest
from cloud.audit.checkov import Finding
from cloud.audit.checkov_rules import ELSEWHERE, HELD, PRODUCTION, unexpected, verdict
from cloud.audit.evidence import OTHERS
from cloud.audit.evidence import PRODUCTION as PROD
from cloud.audit.mutations import MUTATIONS
from cloud.audit.page import PAGE, page
from cloud.audit.planned import PlannedStack
from cloud.audit.rules import RULES, Rule, judge


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_production_passes(production: PlannedStack, rule: Rule):
    assert judge(rule, production).failed == ()


def test_rules_about_types_that_a_stack_has_look_at_something(production: PlannedStack):
    """A rule that looks at nothing passes too."""
    none = {rule.id for rule in RULES if not judge(rule, production).passed}
    assert none == {
        "CKV_AWS_196",
        "ec2_instance_port_redis_exposed_to_internet",
        "dms_endpoint_redis_in_transit_encryption_enabled",
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_bites(production: PlannedStack, rule: Rule):
    for mutate in MUTATIONS[rule.id]:
        assert judge(rule, mutate(production)).failed != (), rule.id


def test_rules_have_ids_of_their_own_and_mutations():
    assert [rule.id for rule in RULES] == list(MUTATIONS)
    ids = [rule.id for rule in RULES] + [held.id for held in HELD]
    assert len(set(ids)) == len(ids)


def test_the_catalogues_are_whole():
    ids = {rule.id for rule in RULES}
    assert {f"ElastiCache.{number}" for number in range(1, 8)} <= ids
    assert {f"5.{number}" for number in range(1, 10)} <= ids
    assert {f"AWS-{number}" for number in ("0045", "0049", "0050", "0051", "0098")} <= ids
    assert len([rule for rule in RULES if rule.source == "Prowler"]) == 11


def test_checkov_evaluates_what_production_is_held_to(findings: dict[str, list[Finding]]):
    for held in HELD:
        found = verdict(held.id, findings[PROD])
        assert found.passed, f"{held.id} is not evaluated"


def test_production_passes_checkov(findings: dict[str, list[Finding]]):
    assert unexpected(findings[PROD], PRODUCTION) == []


def test_what_is_accepted_is_found(findings: dict[str, list[Finding]]):
    failed = [finding for finding in findings[PROD] if not finding.passed]
    for accepted in PRODUCTION:
        assert any(accepted.covers(finding) for finding in failed), accepted


def test_secrets_with_credentials_are_rotated(findings: dict[str, list[Finding]]):
    """What is accepted of the rule about rotation is about secrets that hold none."""
    found = verdict("CKV2_AWS_57", findings[PROD])
    assert len(found.passed) == 3
    assert all(address.endswith("-credentials") for address in found.passed)
    assert all(address.endswith("-connection") for address in found.failed)


def test_what_other_stacks_need_not_pass(
    stacks: dict[str, PlannedStack], findings: dict[str, list[Finding]]
):
    """All that fails there is on the list, and nothing that does not."""
    failed = {finding.rule for name in OTHERS for finding in findings[name] if not finding.passed}
    failed |= {rule.id for rule in RULES for name in OTHERS if judge(rule, stacks[name]).failed}
    assert failed == set(ELSEWHERE)


def test_checkov_bites_on_the_rendered_plan(checked: dict[str, list[Finding]]):
    """Each rule fails on a plan in which it is broken: it reads what was rendered."""
    for held in HELD:
        name = "seldom" if held.id == "CKV_AWS_304" else "broken"
        assert verdict(held.id, checked[name]).failed, held.id


def test_the_page_is_what_the_rules_say(
    stacks: dict[str, PlannedStack], findings: dict[str, list[Finding]]
):
    assert PAGE.read_text(encoding="utf-8") == page(stacks, findings)
