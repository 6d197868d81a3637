"""The stand-in under the real engine, with programs that have nothing to do with ours."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.deployment import ProgramDeployment
from cloud.gcp.package import NO_CREDENTIALS
from cloud.gcp.programs import WHOLE, small
from cloud.gcp.services.compute import ADDRESS, NETWORK
from cloud.moments import MOMENTS, fail_at_each_moment, secret_outputs

RANGE = "gcp:compute/globalAddress:GlobalAddress"
INSTANCE = "redis.googleapis.com/Instance"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramDeployment]:
    """A stack of nearly every type, planned and then made."""
    deployment = ProgramDeployment(tmp_path_factory.mktemp("whole"), WHOLE, target="gcp")
    deployment.cloud.disable(deployment.cloud.project, "redis.googleapis.com")
    try:
        yield deployment
    finally:
        deployment.close()


def test_a_plan_tells_nothing_that_only_the_cloud_knows(whole: ProgramDeployment) -> None:
    plan = whole.run("preview").succeeded()
    for name in ("authorities", "host       ", "port       ", "valkey     "):
        assert f"{name}: [unknown]" in plan.stdout
    assert plan.changes == {"to": 20}
    assert whole.cloud.journal == []
    assert whole.cloud.left == {}


def test_a_stack_is_made_and_stays_as_it_is(whole: ProgramDeployment) -> None:
    made = whole.up()
    assert made.changes == {"created": 20}
    outputs = whole.outputs()
    assert outputs["port"] == 6378
    assert len(outputs["authorities"]) == 2
    assert len(outputs["password"]) == 36
    assert outputs["valkey"][0]["connections"]
    whole.unchanged()
    assert whole.refresh().changes == {"unchanged": 20}
    whole.run("up", "--expect-no-changes").succeeded()


def test_secrets_are_secret_where_the_sdk_says_so_and_nowhere_in_the_open(
    whole: ProgramDeployment,
) -> None:
    state = next(whole.backend.glob(f".pulumi/stacks/*/{whole.name}.json")).read_text()
    password = whole.outputs()["password"]
    assert password not in state
    assert password not in json.dumps(whole.cloud.journal)
    secret = secret_outputs(whole)
    labels = {"effectiveLabels", "pulumiLabels"}
    assert {one for one in secret if one[1] not in labels} == {
        ("Instance", "authString"),
        ("SecretVersion", "secretData"),
        ("Stack", "password"),
    }
    assert ("Instance", "effectiveLabels") in secret


def test_requests_are_those_that_the_provider_sends(whole: ProgramDeployment) -> None:
    cloud = whole.cloud
    asked = cloud.requests("POST redis projects/{project}/locations/{location}/instances")[0]
    assert asked["url"] == (
        "https://redis.googleapis.com/v1beta1/projects/secure-redis-tests/locations/europe-west1/"
        "instances"
    )
    name = asked["query"]["instanceId"]
    assert name.startswith("cache-")
    assert asked["body"]["labels"] == {"goog-pulumi-provisioned": "true", "team": "platform"}
    assert asked["body"]["connectMode"] == "PRIVATE_SERVICE_ACCESS"
    assert "deletionProtection" not in asked["body"]
    version = cloud.requests("POST secretmanager projects/{project}/secrets/{secret}:addVersion")
    assert version[0]["body"]["payload"]["data"].startswith("sha256-")
    connection = cloud.requests("POST servicenetworking services/{service}/connections")[0]["body"]
    number = whole.outputs()["number"]
    assert connection["network"].startswith(f"projects/{number}/global/networks/net-")
    enabled = cloud.requests("POST serviceusage projects/{project}/services/{name}:enable")
    assert [one["url"].rpartition("/")[2] for one in enabled] == ["redis.googleapis.com:enable"]
    order = cloud.order("create")
    for first, then in (
        ("Connection:services", "Instance:cache"),
        ("CryptoKeyIAMMember:redis", "Instance:cache"),
        ("ServiceConnectionPolicy:valkey", "Instance:valkey"),
        ("Instance:cache", "SecretVersion:cache"),
    ):
        assert order.index(first) < order.index(then)


def test_a_stack_goes_in_an_order_that_google_takes(whole: ProgramDeployment) -> None:
    whole.down()
    order = whole.cloud.order("delete")
    for first, then in (
        ("Instance:cache", "Connection:services"),
        ("Instance:valkey", "ServiceConnectionPolicy:valkey"),
        ("ServiceConnectionPolicy:valkey", "Subnetwork:net"),
        ("Connection:services", "GlobalAddress:services"),
        ("Firewall:cache", "Network:Net"),
    ):
        assert order.index(first) < order.index(then)
    assert whole.cloud.left == {}


def test_a_new_resource_is_there_before_the_old_one_goes_unless_its_name_is_fixed(
    tmp_path: Path,
) -> None:
    deployment = ProgramDeployment(tmp_path, small(prefix=24), target="gcp")
    deployment.up()
    before = deployment.cloud.one(ADDRESS)["name"]
    deployment.write_program(small(prefix=25))
    deployment.up()
    assert before.startswith("range-")
    assert deployment.cloud.one(ADDRESS)["name"] not in {before, "range"}
    last = [(entry["operation"], entry["name"]) for entry in deployment.cloud.journal[-2:]]
    assert last == [("create", "range"), ("delete", "range")]
    deployment.write_program(small(prefix=25, name="fixed"))
    deployment.up()
    deployment.write_program(small(prefix=26, name="fixed"))
    deployment.up()
    assert deployment.cloud.one(ADDRESS)["prefixLength"] == 26
    last = [(entry["operation"], entry["name"]) for entry in deployment.cloud.journal[-2:]]
    assert last == [("delete", "range"), ("create", "range")]
    deployment.close()


def test_a_change_in_place_is_one(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(), target="gcp")
    deployment.up()
    deployment.write_program(small(mode="GLOBAL"))
    assert deployment.up().changes == {"updated": 1, "unchanged": 2}
    assert deployment.cloud.one(NETWORK)["routingConfig"]["routingMode"] == "GLOBAL"
    deployment.unchanged()
    deployment.close()


def test_failures_are_followed_by_a_run_that_converges(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(ranges=MOMENTS), target="gcp")
    fail_at_each_moment(deployment, RANGE)
    there = {one["name"]: key for key, one in deployment.cloud.all(ADDRESS).items()}
    assert {one.rpartition("-")[0] for one in there} == {"after", "lost"}
    deployment.up()
    deployment.unchanged()
    assert len(deployment.cloud.all(ADDRESS)) == 4
    # Nobody knows of the one whose answer was lost: it is what such a failure leaves behind.
    orphan = next(key for name, key in there.items() if name.startswith("lost-"))
    deployment.cloud.remove(ADDRESS, orphan)
    deployment.close()


def test_a_failed_deletion_is_made_up_for(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(), target="gcp")
    deployment.up()
    deployment.fail("delete", type=RANGE)
    assert deployment.run("down").code != 0
    assert list(deployment.cloud.left) == [ADDRESS, NETWORK]
    deployment.close()


def test_a_program_that_is_refused_ends_with_the_words_of_who_refuses(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(mode="LOCAL"), target="gcp")
    refused = deployment.run("preview")
    assert refused.code != 0
    assert 'expected routing_mode to be one of ["REGIONAL" "GLOBAL" ""], got LOCAL' in refused.text
    assert "Examine values at 'net.routingMode'." in refused.text
    deployment.write_program(small(prefix=7))
    deployment.run("preview").succeeded()
    refused = deployment.run("up")
    assert "Error creating GlobalAddress: googleapi: Error 400: Invalid value for field" in (
        refused.text
    )
    assert refused.code != 0
    deployment.write_program('import pulumi_gcp as gcp\ngcp.storage.Bucket("b", location="EU")\n')
    refused = deployment.run("preview")
    assert "gcp:storage/bucket:Bucket" in refused.text
    assert "The stand-in of gcp has no such type" in refused.text
    deployment.close()


def test_a_service_that_is_not_enabled_is_told(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(), target="gcp")
    deployment.cloud.disable(deployment.cloud.project, "compute.googleapis.com")
    refused = deployment.run("up")
    assert refused.code != 0
    assert "Compute Engine API has not been used in project" in refused.text
    assert "SERVICE_DISABLED" in refused.text
    deployment.cloud.enable(deployment.cloud.project, "compute.googleapis.com")
    deployment.up()
    deployment.close()


def test_a_provider_without_credentials_or_project_says_so(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(), target="gcp")
    del deployment.environment["GOOGLE_OAUTH_ACCESS_TOKEN"]
    refused = deployment.run("preview")
    assert refused.code != 0
    assert NO_CREDENTIALS.splitlines()[0] in refused.text
    deployment.write_file({"config": {}})
    refused = deployment.run("preview")
    assert refused.code != 0
    assert "project: required field is not set" in refused.text
    assert deployment.cloud.journal == []
