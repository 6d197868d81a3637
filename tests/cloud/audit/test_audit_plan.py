"""What is audited is what the engine planned: nothing dropped, nothing invented, no secret."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloud.audit import terraform
from cloud.audit.aws import cloudformation
from cloud.audit.aws import terraform_types as aws_types
from cloud.audit.aws.target import AWS
from cloud.audit.azure import terraform_types as azure_types
from cloud.audit.azure.target import AZURE
from cloud.audit.gcp import terraform_types as gcp_types
from cloud.audit.gcp.target import GCP
from cloud.audit.mutations import with_inputs, with_resource
from cloud.audit.planned import Mark, PlannedStack, leaves
from cloud.audit.target import Target
from cloud.audit.targets import TARGETS

ROOT = Path(__file__).resolve().parents[3]

of_each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
of_each_stack = pytest.mark.parametrize(
    ("target", "name"),
    [pytest.param(target, name, id=name) for target in TARGETS for name in target.stacks],
)
of_aws = pytest.mark.parametrize("name", AWS.stacks)
of_azure = pytest.mark.parametrize("name", AZURE.stacks)
of_gcp = pytest.mark.parametrize("name", GCP.stacks)


@of_each_target
def test_every_stack_file_is_audited(target: Target):
    files = ROOT.glob(f"stacks/Pulumi.{target.name}-*.yaml")
    assert {path.name.split(".")[1] for path in files} == set(target.stacks)


def drawn(stack: PlannedStack) -> dict[str, str]:
    """Names that a preview and an update each draw at random: the planned to the made."""
    found = {}
    for one in stack.resources.values():
        for key in ("name", "replicationGroupId", "statementId", "roleAssignmentName"):
            planned, made = one.planned.get(key), one.inputs.get(key)
            ended = re.fullmatch(rf"{re.escape(one.name)}-[0-9a-f]{{7}}", str(planned))
            if made and (ended or key == "roleAssignmentName"):
                found[planned] = made
    return found


@of_each_stack
def test_the_preview_plans_what_is_made(stacks: dict[str, PlannedStack], target: Target, name: str):
    stack = stacks[name]
    names = drawn(stack)
    # Elsewhere the package draws its names itself: a preview does not know them.
    assert names or target is not AWS

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


@of_aws
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


@pytest.mark.parametrize("name", [*AZURE.stacks, *GCP.stacks])
def test_every_id_of_another_resource_is_a_reference(stacks: dict[str, PlannedStack], name: str):
    """Whatever holds the id of a resource of the stack came from it, or from a part of it."""
    stack = stacks[name]
    seen = 0
    for one in stack.resources.values():
        for path, value in leaves(one.inputs):
            key = re.split(r"[.\[]", path)[0]
            targets = [other for other in stack.resources.values() if value == other.outputs["id"]]
            for other in targets:
                sources = [stack.resources[u] for u in one.sources[key] if u in stack.resources]
                ids = [source.outputs["id"] for source in sources]
                assert any(found.startswith(other.outputs["id"]) for found in ids), (
                    f"{one.name} ({one.type}): {path}"
                )
                seen += 1
    assert seen >= 5


@of_aws
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


def plan(target: Target, stack: PlannedStack) -> dict[str, Any]:
    return terraform.plan(stack, target.terraform, target.render)


@of_aws
def test_the_plan_of_aws_has_every_resource(stacks: dict[str, PlannedStack], name: str):
    made = plan(AWS, stacks[name])
    planned = made["planned_values"]["root_module"]["resources"]
    assert len(planned) == len(stacks[name].resources)
    assert len(made["configuration"]["root_module"]["resources"]) == len(planned)


@of_gcp
def test_the_plan_of_gcp_has_every_resource(stacks: dict[str, PlannedStack], name: str):
    """With the blocks that Checkov reads: they are called otherwise than Pulumi's inputs."""
    stack = stacks[name]
    made = plan(GCP, stack)
    planned = made["planned_values"]["root_module"]["resources"]
    assert len(planned) == len(stack.resources)
    assert len(made["configuration"]["root_module"]["resources"]) == len(planned)
    caches = [one["values"] for one in planned if one["type"] == "google_redis_instance"]
    assert len(caches) == len(stack.of("redis/instance:Instance"))
    for cache in caches:
        assert cache["auth_enabled"] is True
        assert cache["redis_configs"]["maxmemory-policy"]
        for policy in cache.get("maintenance_policy", ()):
            assert policy["weekly_maintenance_window"][0]["start_time"][0]["hours"] == 3
    rules = [one["values"] for one in planned if one["type"] == "google_compute_firewall"]
    assert all(rule.get("allow") or rule.get("deny") for rule in rules)
    assert bool(rules) == (name == GCP.production)


@of_gcp
def test_the_plan_of_gcp_refers_to_what_roles_are_given_on(
    stacks: dict[str, PlannedStack], name: str
):
    made = plan(GCP, stacks[name])
    configured = made["configuration"]["root_module"]["resources"]
    given = {
        (one["type"], one["expressions"][key]["references"][1].partition(".")[0])
        for one in configured
        for key in ("secret_id", "crypto_key_id")
        if one["type"].endswith("_iam_member") and key in one["expressions"]
    }
    secrets = {("google_secret_manager_secret_iam_member", "google_secret_manager_secret")}
    keys = {("google_kms_crypto_key_iam_member", "google_kms_crypto_key")}
    wanted = {"gcp-dev": set(), GCP.production: secrets | keys}.get(name, secrets)
    assert given == wanted


@of_azure
def test_the_plan_of_azure_has_every_value(stacks: dict[str, PlannedStack], name: str):
    """Each with its parts as blocks; the security group of a subnet is a resource more."""
    stack = stacks[name]
    made = plan(AZURE, stack)
    planned = made["planned_values"]["root_module"]["resources"]
    blocks = [one for one in stack.resources.values() if azure_types.KINDS[one.type].block_of]
    groups = [one for one in stack.of("Subnet") if one.inputs.get("networkSecurityGroup")]
    assert len(planned) == len(stack.resources) - len(blocks) + len(groups)
    caches = [one["values"] for one in planned if one["type"] == "azurerm_managed_redis"]
    assert len(caches) == len(stack.of("RedisEnterprise"))
    for cache in caches:
        assert cache["default_database"][0]["client_protocol"] == "Encrypted"
        assert cache["default_database"][0]["port"] == 10000
    endpoints = [one["values"] for one in planned if one["type"] == "azurerm_private_endpoint"]
    assert len(endpoints) == len(stack.of("PrivateEndpoint"))
    for endpoint in endpoints:
        (connection,) = endpoint["private_service_connection"]
        assert connection["private_connection_resource_id"]
        assert endpoint["private_dns_zone_group"][0]["private_dns_zone_ids"]


@of_azure
def test_the_plan_of_azure_refers_to_what_endpoints_lead_to(
    stacks: dict[str, PlannedStack], name: str
):
    made = plan(AZURE, stacks[name])
    configured = made["configuration"]["root_module"]["resources"]
    targets = {
        reference.rpartition(".")[0].partition(".")[0]
        for one in configured
        if one["type"] == "azurerm_private_endpoint"
        for connection in one["expressions"]["private_service_connection"]
        for reference in connection["private_connection_resource_id"]["references"]
        if reference.endswith(".id")
    }
    assert targets & {"azurerm_managed_redis", "azurerm_redis_cache"}
    assert ("azurerm_key_vault" in targets) == (name != "azure-dev")


@of_each_stack
def test_secrets_are_left_out(
    stacks: dict[str, PlannedStack], shared: Path, target: Target, name: str
):
    stack = stacks[name]
    secret = [
        (one.name, path)
        for one in stack.resources.values()
        for path, value in leaves(one.inputs)
        if value is Mark.SECRET
    ]
    rendered = plan(target, stack)
    exported = json.loads((shared / f"{name}.json").read_text())
    assert "plaintext" not in json.dumps(exported["state"])
    hidden = [one["change"]["after_sensitive"] for one in rendered["resource_changes"]]
    assert len([key for one in hidden for key in one]) == len(secret)
    for word in ("secret_string", "passwords", "auth_token"):
        assert f'"{word}": "' not in json.dumps(rendered)
        assert f'"{word}": [' not in json.dumps(rendered)
    vaulted = [
        one["values"]
        for one in rendered["planned_values"]["root_module"]["resources"]
        if one["type"] in {"azurerm_key_vault_secret", "google_secret_manager_secret_version"}
    ]
    assert not any({"value", "secret_data"} & values.keys() for values in vaulted)
    if target is AZURE:
        assert len(secret) == len(vaulted) == len(stack.of("Secret"))
    elif target is GCP:
        assert len(secret) == len(vaulted) == len(stack.of("SecretVersion")) > 0
    else:
        assert len(secret) >= 3
        template = cloudformation.text(cloudformation.template(stack))
        assert template.count('"NoEcho": true') == len(stack.of("SecretVersion"))


def test_an_unknown_type_or_input_of_aws_is_refused(production: PlannedStack):
    strange = with_resource("aws:ec2/natGateway:NatGateway")(production)
    with pytest.raises(cloudformation.UnrenderedError, match="NatGateway"):
        cloudformation.template(strange)
    with pytest.raises(terraform.UnrenderedError, match="NatGateway"):
        plan(AWS, strange)
    with pytest.raises(cloudformation.UnrenderedError, match="outpostArn"):
        cloudformation.template(with_inputs("Subnet", outpostArn="arn")(production))


def test_an_unknown_type_or_input_of_azure_is_refused(stacks: dict[str, PlannedStack]):
    stack = stacks[AZURE.production]
    with pytest.raises(terraform.UnrenderedError, match="NatGateway"):
        plan(AZURE, with_resource("azure-native:network:NatGateway")(stack))
    with pytest.raises(terraform.UnrenderedError, match="serviceEndpoints"):
        plan(AZURE, with_inputs("Subnet", serviceEndpoints=["all"])(stack))
    alone = with_resource("azure-native:redisenterprise:Database", clientProtocol="Plaintext")
    with pytest.raises(terraform.UnrenderedError, match="part of nothing"):
        plan(AZURE, alone(stack))


def test_an_unknown_type_of_gcp_is_refused(stacks: dict[str, PlannedStack]):
    strange = with_resource("gcp:compute/routerNat:RouterNat")(stacks[GCP.production])
    with pytest.raises(terraform.UnrenderedError, match="RouterNat"):
        plan(GCP, strange)


def test_an_open_secret_is_refused(production: PlannedStack):
    with pytest.raises(cloudformation.UnrenderedError, match="open"):
        cloudformation.template(with_inputs("SecretVersion", secretString="plain")(production))


def used(stacks: dict[str, PlannedStack], target: Target) -> set[str]:
    return {one.type for name in target.stacks for one in stacks[name].resources.values()}


def test_the_tables_of_types_of_aws_have_no_dead_entry(stacks: dict[str, PlannedStack]):
    types = used(stacks, AWS)
    listed = set(cloudformation.KINDS) | set(cloudformation.MERGED) | set(cloudformation.LEFT_OUT)
    assert listed == types
    assert set(aws_types.TYPES) == types
    sent = {
        (one.type, key)
        for name in AWS.stacks
        for one in stacks[name].resources.values()
        for key in one.inputs
    }
    for token, kind in cloudformation.KINDS.items():
        for key in kind.without:
            assert (token, key) in sent, f"{token}: {key}"


def test_the_tables_of_types_of_azure_have_no_dead_entry(stacks: dict[str, PlannedStack]):
    """Those that only an altered stack uses are used too."""
    assert set(azure_types.KINDS) == used(stacks, AZURE)
    everything = [stacks[name] for name in AZURE.stacks]
    everything += [one.mutation(stacks[one.stack]) for one in AZURE.altered.values()]
    sent = {
        (one.type, re.sub(r"\[\d+\]", "[]", path).partition("tags.")[0] or "tags")
        for stack in everything
        for one in stack.resources.values()
        for path, _ in leaves(one.inputs)
    }
    for token, kind in azure_types.KINDS.items():
        for path in {*kind.places, *kind.without} - {"tags"}:
            assert (token, path) in sent, f"{token}: {path}"


def test_the_tables_of_types_of_gcp_have_no_dead_entry(stacks: dict[str, PlannedStack]):
    """Those that only an altered stack uses are used too."""
    everything = [stacks[name] for name in GCP.stacks]
    everything += [one.mutation(stacks[one.stack]) for one in GCP.altered.values()]
    resources = [one for stack in everything for one in stack.resources.values()]
    assert set(gcp_types.TYPES) == {one.type for one in resources}
    sent = {
        (one.type, key)
        for one in resources
        for path, _ in leaves(one.inputs)
        for key in re.split(r"\[\d+\]\.?|\.", path)
    }
    assert set(gcp_types.NAMES) <= sent
    # Whatever is a list of groups has a name of its own there, or is called so in Terraform too.
    groups = {
        (one.type, key)
        for one in resources
        for path, _ in leaves(one.inputs)
        for key in re.findall(r"(\w+)\[\d+\]\.", path)
    }
    assert groups - set(gcp_types.NAMES) == {
        ("gcp:memorystore/instance:Instance", "desiredAutoCreatedEndpoints"),
        ("gcp:monitoring/alertPolicy:AlertPolicy", "aggregations"),
        ("gcp:monitoring/alertPolicy:AlertPolicy", "conditions"),
        ("gcp:secretmanager/secret:Secret", "replicas"),
    }
