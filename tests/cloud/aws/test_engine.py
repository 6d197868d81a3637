"""The stand-in under the real engine, with programs that have nothing to do with ours."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.aws import emulator
from cloud.aws.package import NO_CREDENTIALS, NO_REGION
from cloud.aws.programs import WHOLE, small
from cloud.deployment import ProgramDeployment
from cloud.moments import MOMENTS, fail_at_each_moment, secret_outputs

CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
PASSWORD = "Abcdefghijklmnop1234567890"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramDeployment]:
    """A stack of nearly every type, planned and then made."""
    deployment = ProgramDeployment(
        tmp_path_factory.mktemp("whole"), WHOLE, {"secure-redis:password": PASSWORD}
    )
    deployment.pulumi("stack", "init").succeeded()
    deployment.pulumi("config", "set", "--secret", "password", stdin=PASSWORD).succeeded()
    try:
        yield deployment
    finally:
        deployment.close()


def test_a_plan_tells_nothing_that_only_the_cloud_knows(whole: ProgramDeployment) -> None:
    plan = whole.run("preview").succeeded()
    assert "host    : [unknown]" in plan.stdout
    assert "members : [unknown]" in plan.stdout
    assert plan.changes == {"to": 27}
    assert whole.cloud.journal == []
    assert whole.cloud.left == {}


def test_a_stack_is_made_and_stays_as_it_is(whole: ProgramDeployment) -> None:
    made = whole.up()
    assert made.changes == {"created": 27}
    host = whole.outputs()["host"]
    assert host.startswith("master.cache-")
    assert host.endswith(".euw1.cache.amazonaws.com")
    assert whole.outputs()["password"] == PASSWORD
    whole.unchanged()
    assert whole.refresh().changes == {"unchanged": 27}
    whole.run("up", "--expect-no-changes").succeeded()


def test_secrets_are_secret_where_the_sdk_says_so_and_nowhere_in_the_open(
    whole: ProgramDeployment,
) -> None:
    state = next(whole.backend.glob(f".pulumi/stacks/*/{whole.name}.json")).read_text()
    assert PASSWORD not in state
    assert PASSWORD not in json.dumps(whole.cloud.journal)
    secret = secret_outputs(whole)
    assert secret == {
        ("User", "passwords"),
        ("SecretVersion", "secretString"),
        ("SecretVersion", "secretBinary"),
        ("Stack", "password"),
    }


def test_requests_are_those_that_the_provider_sends(whole: ProgramDeployment) -> None:
    created = whole.cloud.requests("CreateReplicationGroup")[0]
    assert created["Engine"] == "valkey"
    assert created["UserGroupIds"] == ["users"]
    assert created["TransitEncryptionMode"] == "required"
    assert created["ReplicationGroupId"].startswith("cache-")
    assert whole.cloud.requests("CreateUser")[0]["Passwords"][0].startswith("sha256-")
    order = whole.cloud.order("create")
    assert order.index("UserGroup:users") < order.index("ReplicationGroup:Cache")
    assert order.index("LogGroup:slow") < order.index("ReplicationGroup:Cache")


def test_a_stack_goes_in_an_order_that_aws_takes(whole: ProgramDeployment) -> None:
    whole.down()
    order = whole.cloud.order("delete")
    for first, then in (
        ("ReplicationGroup:Cache", "SubnetGroup:places"),
        ("ReplicationGroup:Cache", "UserGroup:users"),
        ("UserGroup:users", "User:app"),
        ("ReplicationGroup:Cache", "SecurityGroup:cache"),
        ("Subnet:net-0", "Vpc:net"),
        ("RolePolicyAttachment:reader", "Policy:reader"),
    ):
        assert order.index(first) < order.index(then)
    assert whole.cloud.left == {}


def test_an_emulator_takes_the_same_requests(whole: ProgramDeployment, tmp_path: Path) -> None:
    with emulator.running(tmp_path / "log") as other:
        taken, refused = other.replay(whole.cloud.journal)
    assert refused == {}
    assert {"CreateReplicationGroup", "CreateUser", "CreateUserGroup", "PutSecretValue",
            "DeleteReplicationGroup", "DeleteVpc"} <= set(taken)  # fmt: skip


def test_a_new_resource_is_there_before_the_old_one_goes(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(version="8.1"))
    deployment.up()
    before = deployment.cloud.one("elasticache.parameter-group")["CacheParameterGroupName"]
    deployment.write_program(small(description="other"))
    deployment.up()
    after = deployment.cloud.one("elasticache.parameter-group")["CacheParameterGroupName"]
    assert before != after
    last = [
        (entry["operation"], entry["type"].rpartition(":")[2])
        for entry in deployment.cloud.journal[-3:]
    ]
    assert last == [
        ("create", "ParameterGroup"),
        ("update", "ReplicationGroup"),
        ("delete", "ParameterGroup"),
    ]
    deployment.write_program(small(description="other", name="fixed"))
    deployment.up()
    deployment.write_program(small(description="third", name="fixed"))
    taken = deployment.run("up")
    assert taken.code != 0
    assert "CacheParameterGroupAlreadyExists: Parameter group fixed already exists" in taken.text
    deployment.close()


def test_failures_are_followed_by_a_run_that_converges(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(caches=MOMENTS))
    fail_at_each_moment(deployment, CACHE)
    there = set(deployment.cloud.all("elasticache.replication-group"))
    assert {one.rpartition("-")[0] for one in there} == {"after", "lost"}
    deployment.up()
    deployment.unchanged()
    caches = deployment.cloud.all("elasticache.replication-group")
    # Nobody knows of the one whose answer was lost: it is what such a failure leaves behind.
    orphan = next(one for one in there if one.startswith("lost-"))
    assert len(caches) == 4
    deployment.cloud.remove("elasticache.replication-group", orphan)
    deployment.close()


def test_a_failed_update_is_made_up_for(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(version="8.0"))
    deployment.up()
    deployment.fail("update", type=CACHE)
    deployment.write_program(small(version="8.1"))
    assert deployment.run("up").code != 0
    deployment.up()
    assert deployment.cloud.one("elasticache.replication-group")["Actual"] == "8.1.0"
    deployment.unchanged()
    deployment.fail("delete", type="aws:ec2/subnet:Subnet")
    assert deployment.run("down").code != 0
    deployment.close()


def test_a_program_that_the_provider_refuses_ends_with_its_words(tmp_path: Path) -> None:
    deployment = ProgramDeployment(tmp_path, small(family="valkey8", version="8.1.0"))
    refused = deployment.run("preview")
    assert refused.code != 0
    assert "engine_version: 8.1.0 is invalid." in refused.text
    assert "Examine values at 'cache.engineVersion'." in refused.text
    deployment.write_program('import pulumi_aws as aws\naws.s3.Bucket("bucket")\n')
    refused = deployment.run("preview")
    assert "aws:s3/bucket:Bucket" in refused.text
    assert "The stand-in of aws has no such type" in refused.text
    deployment.write_program('import pulumi_aws as aws\naws.ec2.get_vpc(id="vpc-none")\n')
    refused = deployment.run("preview")
    assert "InvalidVpcID.NotFound" in refused.text
    deployment.write_program(small())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del deployment.environment[name]
    refused = deployment.run("preview")
    assert NO_CREDENTIALS.splitlines()[0] in refused.text
    deployment.write_file({"config": {}})
    refused = deployment.run("preview")
    assert NO_REGION.splitlines()[0] in refused.text
    assert deployment.cloud.journal == []
