"""What the catalogues say: everything passes in production, and each rule bites."""

import pytest
from cloud.audit.aws.target import AWS
from cloud.audit.azure.target import AZURE
from cloud.audit.checkov import Finding
from cloud.audit.gcp.target import GCP
from cloud.audit.page import page, path
from cloud.audit.planned import PlannedStack
from cloud.audit.rules import PROWLER, Rule, judge, never, unexpected, verdict
from cloud.audit.target import Target
from cloud.audit.targets import TARGETS

Stacks = dict[str, PlannedStack]
Findings = dict[str, list[Finding]]

RULES = [
    pytest.param(target, rule, id=f"{target.name}-{rule.id}")
    for target in TARGETS
    for rule in target.rules
]
of_each_rule = pytest.mark.parametrize(("target", "rule"), RULES)
of_each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@of_each_rule
def test_production_passes(stacks: Stacks, target: Target, rule: Rule):
    failed = judge(rule, stacks[target.production]).failed
    assert unexpected(rule.id, failed, target.accepted) == []


@of_each_target
def test_rules_about_what_is_there_look_at_something(stacks: Stacks, target: Target):
    """A rule that looks at nothing passes too."""
    seen = {
        rule.id
        for rule in target.rules
        for name in target.stacks
        if (found := judge(rule, stacks[name])).passed or found.failed
    }
    assert {rule.id for rule in target.rules} - seen == target.nowhere


def start(stacks: Stacks, target: Target, rule: Rule) -> PlannedStack:
    """A stack in which a resource passes a rule: as it is if there is one, else altered."""
    if rule.id in target.starts:
        name, mutation = target.starts[rule.id]
        return mutation(stacks[name])
    passing = [name for name in target.stacks if judge(rule, stacks[name]).passed]
    return stacks[passing[0] if passing else target.production]


@of_each_rule
def test_each_rule_bites(stacks: Stacks, target: Target, rule: Rule):
    whole = start(stacks, target, rule)
    before = judge(rule, whole)
    for mutate in target.mutations[rule.id]:
        after = judge(rule, mutate(whole))
        assert len(after.failed) > len(before.failed), rule.id


@of_each_target
def test_each_rule_can_be_passed(stacks: Stacks, target: Target):
    """What passes nowhere does when a setting, or another resource, is there."""
    nowhere = {
        rule.id
        for rule in target.rules
        if not any(judge(rule, stacks[name]).passed for name in target.stacks)
    }
    assert nowhere - set(target.starts) <= target.nowhere
    assert set(target.starts) <= nowhere
    for rule in target.rules:
        if rule.id in target.starts:
            found = judge(rule, start(stacks, target, rule))
            assert found.failed == (), rule.id
            # Where there should be none at all, there is none.
            assert found.passed or rule.holds is never, rule.id


@of_each_target
def test_rules_have_ids_of_their_own_and_mutations(target: Target):
    ids = [rule.id for rule in target.rules]
    assert ids == list(target.mutations)
    assert len(set(ids)) == len(ids)
    held = [one.id for one in target.held]
    assert len(set(held)) == len(held)
    assert {rule.source for rule in target.rules} <= set(target.catalogues)


def test_the_catalogues_of_aws_are_whole():
    ids = {rule.id for rule in AWS.rules}
    assert {f"ElastiCache.{number}" for number in range(1, 8)} <= ids
    assert {f"5.{number}" for number in range(1, 10)} <= ids
    assert {f"AWS-{number}" for number in ("0045", "0049", "0050", "0051", "0098")} <= ids
    assert len([rule for rule in AWS.rules if rule.source == PROWLER]) == 11


def test_the_catalogues_of_azure_are_whole():
    """Rules about Redis: of PSRule (docs/en/baselines/Azure.GA_2026_03) without naming, Checkov."""
    ids = {rule.id for rule in AZURE.rules}
    classic = "AvailabilityZone EntraID FirewallIPRange FirewallRuleCount LocalAuth MigrateAMR"
    classic += " MaxMemoryReserved MinSKU MinTLS NonSslPort PublicNetworkAccess Version"
    assert {f"Azure.Redis.{name}" for name in classic.split()} <= ids
    enterprise = ("MigrateAMR", "MinTLS", "Zones")
    assert {f"Azure.RedisEnterprise.{name}" for name in enterprise} <= ids
    for number in (89, 91, 148, 230):
        assert f"CKV_AZURE_{number}" in ids & {one.id for one in AZURE.held}


def test_the_catalogues_of_gcp_are_whole():
    """Prowler's checks about what a stack has; Trivy's; CIS, of what is not a project's."""
    ids = {rule.id for rule in GCP.rules}
    assert len([rule for rule in GCP.rules if rule.source == PROWLER]) == 14
    assert {f"GCP-00{number}" for number in (27, 29, 35, 65, *range(70, 77))} <= ids
    assert {"1.5", "1.6", "1.9", "1.10", "1.11", "2.12", "3.1", "3.2", "3.6", "3.7", "3.8"} <= ids
    assert {"CKV_GCP_95", "CKV_GCP_97"} <= ids & {one.id for one in GCP.held}


@of_each_target
def test_checkov_evaluates_what_a_stack_is_held_to(findings: Findings, target: Target):
    for held in target.held:
        found = [verdict(held.id, findings[name]) for name in target.stacks]
        assert any(one.passed or one.failed for one in found), f"{held.id} is not evaluated"


@pytest.mark.parametrize("target", [AZURE, GCP], ids=lambda target: target.name)
def test_every_rule_of_checkov_that_applies_is_listed(findings: Findings, target: Target):
    applied = {finding.rule for name in target.stacks for finding in findings[name]}
    assert applied == {held.id for held in target.held}


@of_each_target
def test_production_passes_checkov(findings: Findings, target: Target):
    failed = [finding for finding in findings[target.production] if not finding.passed]
    wrong = [
        found for one in failed for found in unexpected(one.rule, [one.resource], target.accepted)
    ]
    assert wrong == []


@of_each_target
def test_what_is_accepted_is_found(stacks: Stacks, findings: Findings, target: Target):
    failed = [(one.rule, one.resource) for one in findings[target.production] if not one.passed]
    failed += [
        (rule.id, name)
        for rule in target.rules
        for name in judge(rule, stacks[target.production]).failed
    ]
    for accepted in target.accepted:
        assert any(accepted.covers(*one) for one in failed), accepted


def test_secrets_with_credentials_are_rotated(findings: Findings):
    """What is accepted of the rule about rotation is about secrets that hold none."""
    found = verdict("CKV2_AWS_57", findings[AWS.production])
    assert len(found.passed) == 3
    assert all(address.endswith("-credentials") for address in found.passed)
    assert all(address.endswith("-connection") for address in found.failed)


def test_secrets_that_are_called_no_credential_hold_none(stacks: Stacks):
    """What is accepted of them is true: they are the ones with JSON, which has no key in it."""
    named = {
        one.name
        for one in stacks[AZURE.production].of("Secret")
        if one.inputs["properties"]["contentType"] == "application/json"
    }
    assert named == {f"{cache}-connection" for cache in ("cache", "queue", "sessions")}


def test_valkey_passes_all_that_production_does(stacks: Stacks):
    """But for what is accepted there, and for firewall rules: its stack names no application."""
    accepted = {one.rule for one in GCP.accepted} | {"CKV2_GCP_18"}
    failed = {rule.id for rule in GCP.rules if judge(rule, stacks["gcp-valkey"]).failed}
    assert failed <= accepted


@of_each_target
def test_what_other_stacks_need_not_pass(stacks: Stacks, findings: Findings, target: Target):
    """All that fails there is on the list, and nothing that does not."""
    assert target.failing(stacks, findings) == set(target.elsewhere)


@of_each_target
def test_checkov_bites_on_the_rendered_plan(checked: Findings, target: Target):
    """Each rule fails on a plan in which it is broken: it reads what was rendered."""
    for name, altered in target.altered.items():
        for rule in altered.fails:
            assert verdict(rule, checked[name]).failed, rule
        for rule in altered.passes:
            found = verdict(rule, checked[name])
            assert found.passed, rule
            assert not found.failed, rule
    proven = {rule for altered in target.altered.values() for rule in altered.fails}
    assert proven == {held.id for held in target.held}


@of_each_target
def test_checkov_passes_what_is_right(checked: Findings, target: Target):
    """And each passes somewhere."""
    for held in target.held:
        found = [verdict(held.id, checked[name]) for name in (*target.stacks, *target.altered)]
        assert any(one.passed for one in found), held.id


@of_each_target
def test_the_page_is_what_the_rules_say(stacks: Stacks, findings: Findings, target: Target):
    assert path(target).read_text(encoding="utf-8") == page(target, stacks, findings)
