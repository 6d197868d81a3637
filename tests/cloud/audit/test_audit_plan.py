"""What is audited is what the engine planned: nothing dropped, nothing invented, no secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloud.audit import cloudformation, terraform
from cloud.audit.evidence import STACKS
from cloud.audit.planned import Mark, PlannedStack, leaves

ROOT = Path(__file__).resolve().parents[3]


def test_every_stack_file_for_aws_is_audited():
    files = ROOT.glob("stacks/Pulumi.aws-*.yaml")
    assert {path.name.split(".")[1] for path in files} == set(STACKS)


def autonames(stack: PlannedStack) -> dict[str, str]:
    """Names with random ends, which a preview and an update each draw: the planned to the made."""
    return {
        one.planned[key]: one.inputs[key]
        for one in stack.resources.values()
        for key in ("name", "replicationGroupId", "statementId")
        if re.fullmatch(rf"{re.escape(one.name)}-[0-9a-f]{{7}}", str(one.planned.get(key)))
    }


@pytest.mark.parametrize("name", STACKS)
def test_the_preview_plans_what_is_made(stacks: dict[str, PlannedStack], name: str):
    stack = stacks[name]
    names = autonames(stack)
    assert names

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            for planned, made in names.items():
                value = value.replace(planned, made)
        return value

    for one in stack.resources.values():
        made = dict(leaves(one.inputs))
        for path, value in leaves(one.planned):
            if value is Mark.UNKNOWN:
                # A policy is one text; a list of subnets may be unknown as a whole.
                assert any(key.startswith(path) for key in made), f"{one.name}: {path}"
            else:
                assert renamed(value) == made[path], f"{one.name}: {path}"


@pytest.mark.parametrize("name", STACKS)
def test_what_a_preview_does_not_know_becomes_a_reference(
    stacks: dict[str, PlannedStack], name: str
):
    """But for policies and ids, which are texts with what is known in them."""
    stack = stacks[name]
    composed = {"policy", "userId", "userGroupId", "userIds", "userName", "finalSnapshotIdentifier"}
    composed |= {"name", "sourceAccount"}
    for one in stack.resources.values():
        for path, value in leaves(one.planned):
            key = re.split(r"[.\[]", path)[0]
            if value is Mark.UNKNOWN and key not in composed:
                made = dict(leaves(one.inputs))
                texts = [made[found] for found in made if found.startswith(path)]
                assert any(
                    stack.reference(one, key, text) or cited(stack, one, key, text)
                    for text in texts
                ), f"{one.name} ({one.type}): {path}"


def cited(stack: PlannedStack, one: Any, key: str, text: Any) -> bool:
    return any(part in str(text) for _, part in stack.candidates(one, key))


@pytest.mark.parametrize("name", STACKS)
def test_the_template_has_every_resource(stacks: dict[str, PlannedStack], name: str):
    stack = stacks[name]
    template = cloudformation.template(stack)
    outside = set(cloudformation.MERGED) | set(cloudformation.LEFT_OUT)
    rendered = [one for one in stack.resources.values() if one.type not in outside]
    assert len(template["Resources"]) == len(rendered)
    known = template["Resources"].keys() | template["Parameters"].keys()
    referred = set(cloudformation.references(template["Resources"]))
    assert referred <= known
    # Every cache refers to what it is made of.
    for one in stack.of("ReplicationGroup", "ServerlessCache"):
        label = cloudformation.logical_names(stack)[one.urn]
        properties = template["Resources"][label]["Properties"]
        assert len(set(cloudformation.references(properties))) >= 2, label


@pytest.mark.parametrize("name", STACKS)
def test_the_plan_has_every_resource(stacks: dict[str, PlannedStack], name: str):
    plan = terraform.plan(stacks[name])
    planned = plan["planned_values"]["root_module"]["resources"]
    assert len(planned) == len(stacks[name].resources)
    assert len(plan["configuration"]["root_module"]["resources"]) == len(planned)


@pytest.mark.parametrize("name", STACKS)
def test_secrets_are_left_out(stacks: dict[str, PlannedStack], shared: Path, name: str):
    stack = stacks[name]
    secret = [
        (one.name, key)
        for one in stack.resources.values()
        for key, value in one.inputs.items()
        if value is Mark.SECRET
    ]
    assert len(secret) >= 3
    template = cloudformation.text(cloudformation.template(stack))
    assert template.count('"NoEcho": true') == len(stack.of("SecretVersion"))
    plan = json.dumps(terraform.plan(stack))
    exported = json.loads((shared / f"{name}.json").read_text())
    assert "plaintext" not in json.dumps(exported["state"])
    for word in ("secret_string", "passwords", "auth_token"):
        assert f'"{word}": "' not in plan
        assert f'"{word}": [' not in plan


def test_an_unknown_type_or_input_is_refused(production: PlannedStack):
    from cloud.audit.mutations import with_inputs, with_resource

    strange = with_resource("aws:ec2/natGateway:NatGateway")(production)
    with pytest.raises(cloudformation.UnrenderedError, match="NatGateway"):
        cloudformation.template(strange)
    with pytest.raises(terraform.UnrenderedError, match="NatGateway"):
        terraform.plan(strange)
    with pytest.raises(cloudformation.UnrenderedError, match="outpostArn"):
        cloudformation.template(with_inputs("Subnet", outpostArn="arn")(production))


def test_an_open_secret_is_refused(production: PlannedStack):
    from cloud.audit.mutations import with_inputs

    with pytest.raises(cloudformation.UnrenderedError, match="open"):
        cloudformation.template(with_inputs("SecretVersion", secretString="plain")(production))


def test_the_tables_of_types_have_no_dead_entry(stacks: dict[str, PlannedStack]):
    used = {one.type for stack in stacks.values() for one in stack.resources.values()}
    listed = set(cloudformation.KINDS) | set(cloudformation.MERGED) | set(cloudformation.LEFT_OUT)
    assert listed == used
    assert set(terraform.TYPES) == used
    sent = {
        (one.type, key)
        for stack in stacks.values()
        for one in stack.resources.values()
        for key in one.inputs
    }
    for token, kind in cloudformation.KINDS.items():
        for key in kind.without:
            assert (token, key) in sent, f"{token}: {key}"
