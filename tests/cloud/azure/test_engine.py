"""The stand-in under the real engine, with programs that have nothing to do with ours."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.azure.configuration import NO_CLI
from cloud.azure.identifiers import ArmId
from cloud.azure.programs import WHOLE, caches, network
from cloud.azure.subscription import CALLER_ID
from cloud.deployment import ProgramDeployment
from cloud.moments import MOMENTS, fail_at_each_moment
from engine.deployment import SECRET_MARK

CLUSTER = "Microsoft.Cache/redisEnterprise"
CACHE = "azure-native:redisenterprise:RedisEnterprise"
SECRETS = "Microsoft.KeyVault/vaults/secrets"
TOKEN = "Abcdefghijklmnop1234567890"
COUNT = 22


def program(root: Path, text: str) -> ProgramDeployment:
    return ProgramDeployment(root, text, target="azure")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramDeployment]:
    """A stack of nearly every type, planned and then made."""
    deployment = program(tmp_path_factory.mktemp("whole"), WHOLE)
    deployment.pulumi("stack", "init").succeeded()
    deployment.pulumi("config", "set", "--secret", "token", stdin=TOKEN).succeeded()
    try:
        yield deployment
    finally:
        deployment.close()


def test_a_plan_tells_nothing_that_only_the_cloud_knows(whole: ProgramDeployment) -> None:
    plan = whole.run("preview").succeeded()
    assert "host       : [unknown]" in plan.stdout
    assert "vaultUri   : [unknown]" in plan.stdout
    assert plan.changes == {"to": COUNT}
    assert whole.cloud.journal == []
    assert whole.cloud.left == {}


def test_a_stack_is_made_and_stays_as_it_is(whole: ProgramDeployment) -> None:
    assert whole.up().changes == {"created": COUNT}
    outputs = whole.outputs()
    assert outputs["host"] == "whole-cache.westeurope.redis.azure.net"
    assert outputs["vaultUri"] == "https://whole-vault.vault.azure.net/"
    whole.run("up", "--expect-no-changes").succeeded()
    whole.unchanged()
    # Azure has emptied the endpoint's own list of names: its zone group publishes them.
    assert whole.refresh().changes == {"updated": 1, "unchanged": COUNT - 1}
    assert whole.refresh().changes == {"unchanged": COUNT}
    whole.run("up", "--expect-no-changes").succeeded()


def test_secrets_are_secret_and_answers_of_lists_are_not(whole: ProgramDeployment) -> None:
    written = whole.cloud.one(SECRETS)
    value = written["_versions"][written["_current"]]
    key = value.removesuffix(f"-{TOKEN}")
    assert value.endswith(TOKEN)
    state = next(whole.backend.glob(f".pulumi/stacks/*/{whole.name}.json")).read_text()
    journal = json.dumps(whole.cloud.journal)
    for secret in (TOKEN, key, value):
        assert secret not in state
        assert secret not in journal
    # The engine keeps the input's secret; the provider gives nothing back.
    kept = [one for one in whole.resources() if one["type"] == "azure-native:keyvault:Secret"]
    assert SECRET_MARK in json.dumps(kept[0]["inputs"]["properties"])
    assert "value" not in kept[0]["outputs"]["properties"]
    assert whole.outputs()["keyIsSecret"] is False


def test_requests_are_those_that_the_provider_sends(whole: ProgramDeployment) -> None:
    cluster = whole.cloud.requests(f"PUT {CLUSTER}")[0]
    assert cluster["id"].endswith(f"/resourceGroups/whole/providers/{CLUSTER}/whole-cache")
    assert cluster["apiVersion"] == "2025-07-01"
    assert cluster["body"] == {
        "location": "westeurope",
        "sku": {"name": "Balanced_B5"},
        "tags": {"team": "platform"},
        "properties": {
            "highAvailability": "Enabled",
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Disabled",
        },
    }
    alert = whole.cloud.requests("PUT Microsoft.Insights/metricAlerts")[0]["body"]
    assert alert["properties"]["criteria"]["odata.type"].startswith("Microsoft.Azure.Monitor.")
    endpoint = whole.cloud.requests("PUT Microsoft.Network/privateEndpoints")[0]["body"]
    link = endpoint["properties"]["privateLinkServiceConnections"][0]
    assert link["name"] == "redis"
    assert link["properties"]["groupIds"] == ["redisEnterprise"]
    secret = whole.cloud.requests(f"PUT {SECRETS}")[0]["body"]
    assert secret["properties"]["value"].startswith("sha256-")
    roles = whole.cloud.requests("PUT Microsoft.Authorization/roleAssignments")
    assert CALLER_ID in [one["body"]["properties"]["principalId"] for one in roles]
    vault = whole.cloud.requests("PUT Microsoft.KeyVault/vaults")[0]["body"]
    assert vault["properties"]["accessPolicies"] == []


def test_names_lead_to_the_endpoint(whole: ProgramDeployment) -> None:
    record = whole.cloud.one("Microsoft.Network/privateDnsZones/A")
    assert record["properties"]["fqdn"] == "whole-cache.westeurope.privatelink.redis.azure.net."
    assert record["properties"]["aRecords"] == [{"ipv4Address": "10.20.1.4"}]


def test_a_stack_goes_in_an_order_that_azure_takes(whole: ProgramDeployment) -> None:
    whole.down()
    order = whole.cloud.order("delete")
    for first, then in (
        ("ManagementLockByScope:lock", "PrivateEndpoint:endpoint"),
        ("PrivateEndpoint:endpoint", "Database:default"),
        ("PrivateEndpoint:endpoint", "Subnet:endpoints"),
        ("VirtualNetworkLink:link", "PrivateZone:zone"),
        ("Secret:url", "RoleAssignment:officer"),
        ("DiagnosticSetting:metrics", "RedisEnterprise:cache"),
        ("Vault:vault", "ResourceGroup:group"),
    ):
        assert order.index(first) < order.index(then)
    assert whole.cloud.left == {}
    assert {kind.rpartition("/")[2] for kind in whole.cloud.softly_deleted} == {
        "deletedSecrets",
        "deletedVaults",
        "deletedWorkspaces",
    }


def test_a_name_made_at_random_lets_the_new_one_come_first(tmp_path: Path) -> None:
    deployment = program(tmp_path, network(1))
    deployment.up()
    before = deployment.cloud.one("Microsoft.Network/virtualNetworks")["name"]
    # A group cannot move: everything that has its name in its path is made anew.
    deployment.set(**{"azure-native:location": "northeurope"})
    moved = network(1).replace('("group", ', '("group", location="northeurope", ')
    deployment.write_program(moved)
    deployment.up()
    after = deployment.cloud.one("Microsoft.Network/virtualNetworks")
    assert after["name"] != before
    assert after["location"] == "northeurope"
    groups = [
        entry["operation"]
        for entry in deployment.cloud.journal
        if entry["type"].endswith(":ResourceGroup")
    ]
    assert groups == ["create", "create", "delete"]
    deployment.close()


def test_subnets_of_their_own_survive_an_update_of_their_network(tmp_path: Path) -> None:
    deployment = program(tmp_path, network(3))
    deployment.up()
    deployment.write_program(network(3, {"team": "data"}))
    deployment.up()
    assert len(deployment.cloud.all("Microsoft.Network/virtualNetworks/subnets")) == 3
    sent = deployment.cloud.requests("PUT Microsoft.Network/virtualNetworks")[-1]["body"]
    assert len(sent["properties"]["subnets"]) == 3
    deployment.unchanged()
    deployment.close()


def test_failures_are_followed_by_a_run_that_converges(tmp_path: Path) -> None:
    deployment = program(tmp_path, caches(MOMENTS))
    fail_at_each_moment(deployment, CACHE)
    there = {one["name"]: one["id"] for one in deployment.cloud.all(CLUSTER).values()}
    assert {name[:-8] for name in there} == {"after", "lost"}
    deployment.up()
    deployment.unchanged()
    # Nobody knows of the one whose answer was lost: it is what such a failure leaves behind.
    assert len(deployment.cloud.all(CLUSTER)) == 4
    deployment.down()
    # ... until the group goes, and everything that is in it.
    assert deployment.cloud.left == {}


def test_a_name_whose_answer_was_lost_is_taken(tmp_path: Path) -> None:
    text = caches(("cache",), cluster_name="taken")
    deployment = program(tmp_path, text)
    deployment.fail("create", type=CACHE, when="lost")
    assert deployment.run("up").code != 0
    again = deployment.run("up")
    assert again.code != 0
    assert "cannot create already existing resource '/subscriptions/" in again.text
    deployment.close()


def test_a_failed_update_is_made_up_for(tmp_path: Path) -> None:
    deployment = program(tmp_path, caches())
    deployment.up()
    deployment.fail("update", type=CACHE)
    deployment.write_program(caches(sku="Balanced_B10"))
    assert deployment.run("up").code != 0
    deployment.up()
    assert deployment.cloud.one(CLUSTER)["sku"]["name"] == "Balanced_B10"
    deployment.unchanged()
    deployment.fail("delete", type=CACHE)
    assert deployment.run("down").code != 0
    deployment.close()


def test_what_changed_behind_the_programs_back_is_seen_and_put_right(tmp_path: Path) -> None:
    deployment = program(tmp_path, caches())
    deployment.up()
    cluster = deployment.cloud.one(CLUSTER)
    changed = {**cluster, "tags": {"who": "somebody"}}
    deployment.cloud.arm.put(ArmId.parse(cluster["id"]), changed)
    assert deployment.run("preview", "--", "--refresh", "--expect-no-changes").code != 0
    deployment.run("up", "--", "--refresh").succeeded()
    assert "tags" not in deployment.cloud.one(CLUSTER)
    deployment.cloud.arm.remove(ArmId.parse(cluster["id"]))
    deployment.run("up", "--", "--refresh").succeeded()
    assert deployment.cloud.one(CLUSTER)["properties"]["provisioningState"] == "Succeeded"
    deployment.close()


def test_a_program_that_is_refused_ends_with_the_words(tmp_path: Path) -> None:
    deployment = program(tmp_path, caches(sku="Balanced_B6"))
    refused = deployment.run("preview")
    assert refused.code != 0
    assert "cache: 'sku.name' must be one of Enterprise_E1, " in refused.text
    deployment.write_program(
        'import pulumi_azure_native as azure\nazure.storage.StorageAccount("a", kind="x",'
        ' resource_group_name="b", sku={"name": "c"})\n'
    )
    refused = deployment.run("preview")
    assert "Resource type azure-native:storage:StorageAccount not found" in refused.text
    deployment.write_program(
        "import pulumi_azure_native as azure\n"
        'azure.redisenterprise.list_database_keys("cache", "default", "none")\n'
    )
    refused = deployment.run("preview")
    assert "request failed /subscriptions/" in refused.text
    assert "Resource group 'none' could not be found." in refused.text
    deployment.write_program(caches())
    client_secret = deployment.environment["ARM_CLIENT_SECRET"]
    del deployment.environment["ARM_CLIENT_SECRET"]
    refused = deployment.run("preview")
    assert NO_CLI in refused.text
    deployment.environment["ARM_CLIENT_SECRET"] = client_secret
    del deployment.environment["ARM_SUBSCRIPTION_ID"]
    refused = deployment.run("preview")
    assert "A Subscription ID must be configured when authenticating as a Service" in refused.text
    assert client_secret not in refused.text
    assert deployment.cloud.journal == []
