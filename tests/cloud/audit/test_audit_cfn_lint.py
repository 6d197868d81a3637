"""The rendered templates satisfy AWS's own resource schemas, and cfn-lint bites."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from cloud.audit.aws import cloudformation
from cloud.audit.aws.lint_rules import NOT_APPLICABLE, complaints
from cloud.audit.aws.target import AWS
from cloud.audit.planned import PlannedStack


def ids(template: Mapping[str, Any], region: str) -> set[str]:
    return {found.rule.id for found in complaints(template, region)}


@pytest.mark.parametrize("name", AWS.stacks)
def test_no_error_and_no_warning(stacks: dict[str, PlannedStack], name: str):
    stack = stacks[name]
    found = complaints(cloudformation.template(stack), stack.region)
    wrong = [
        f"{one.rule.id} {one.message} at {getattr(one, 'path', '')}"
        for one in found
        if one.rule.id not in NOT_APPLICABLE
    ]
    assert wrong == []


NODES, CLUSTER, SERVERLESS = "aws-dev", "aws-adopted-network", "aws-serverless"


def test_what_does_not_apply_is_found_somewhere(stacks: dict[str, PlannedStack]):
    stack = stacks[NODES]
    assert ids(cloudformation.template(stack), stack.region) == set(NOT_APPLICABLE)


BROKEN: list[tuple[str, str, str, dict[str, Any]]] = [
    ("E9001", NODES, "CacheReplicationGroup", {"CacheNodeType": "cache.r7g.huge"}),
    ("E9002", NODES, "CacheReplicationGroup", {"EngineVersion": "8.9"}),
    ("E9002", CLUSTER, "LegacyReplicationGroup", {"EngineVersion": "7.2"}),
    ("E9003", NODES, "CacheParameterGroup", {"CacheParameterGroupFamily": "valkey88"}),
    ("E9003", NODES, "CacheParameterGroup", {"CacheParameterGroupFamily": "valkey7"}),
    ("E9003", CLUSTER, "LegacyReplicationGroup", {"EngineVersion": "6.2"}),
    ("E3026", CLUSTER, "CacheReplicationGroup", {"AutomaticFailoverEnabled": False}),
    ("E3704", NODES, "CacheReplicationGroup", {"TransitEncryptionEnabled": None}),
    ("E3002", NODES, "CacheReplicationGroup", {"NodeType": "cache.r7g.large"}),
    ("E3012", NODES, "CacheReplicationGroup", {"SnapshotRetentionLimit": "seven"}),
    ("E3003", SERVERLESS, "CacheServerlessCache", {"Engine": None}),
    ("E3030", CLUSTER, "CacheSlowLogLogGroup", {"RetentionInDays": 91}),
    ("E1010", NODES, "CacheReplicationGroup", {"KmsKeyId": {"Fn::GetAtt": ["No", "Arn"]}}),
    ("E3510", NODES, "CachePolicy", {"PolicyDocument": {"Statement": 1}}),
]


def without_alarms(template: dict[str, Any]) -> dict[str, Any]:
    """A copy that is linted faster: alarms are most of a stack."""
    kept = {
        name: one
        for name, one in template["Resources"].items()
        if one["Type"] != "AWS::CloudWatch::Alarm"
    }
    return copy.deepcopy({**template, "Resources": kept})


@pytest.mark.parametrize(("rule", "name", "resource", "change"), BROKEN)
def test_a_broken_copy_is_refused(
    stacks: dict[str, PlannedStack], rule: str, name: str, resource: str, change: dict[str, Any]
):
    """What is whole passes, as the test of the whole templates shows."""
    stack = stacks[name]
    broken = without_alarms(cloudformation.template(stack))
    properties = broken["Resources"][resource]["Properties"]
    for key, value in change.items():
        properties.pop(key, None)
        if value is not None:
            properties[key] = value
    assert rule in ids(broken, stack.region)


def test_the_region_matters(stacks: dict[str, PlannedStack]):
    """A node type that is sold, but not everywhere."""
    template = without_alarms(cloudformation.template(stacks[NODES]))
    properties = template["Resources"]["CacheReplicationGroup"]["Properties"]
    assert properties["CacheNodeType"] == "cache.t4g.micro"
    assert "E9001" in ids(template, "me-central-1")
