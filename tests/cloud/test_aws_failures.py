"""A run that breaks off anywhere is finished by the next one: nothing doubled, nothing lost."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cloud.aws.witness import REPLICATION_GROUP, SNAPSHOT, AwsWitness
from cloud.deployment import repository_stack
from cloud.trial import (
    Twin,
    disturbed,
    each_alone,
    finished,
    finished_by_the_next_run,
    killed_while_making,
    taken_down,
    undisturbed,
)
from engine.deployment import PROJECT_NAME

ROTATING = f"""\
config:
  aws:region: eu-west-1
  {PROJECT_NAME}:target: aws
  {PROJECT_NAME}:environment: production
  {PROJECT_NAME}:caches:
    cache: {{ purpose: cache, memoryGb: 3, protect: false, aws: {{ automaticRotation: true }} }}
  {PROJECT_NAME}:exceptions: {{ unprotected-data: "a test" }}
  {PROJECT_NAME}:access:
    cidrs: [10.30.0.0/16]
    secretReaders: ["arn:aws:iam::123456789012:role/shop"]
  {PROJECT_NAME}:alarms: {{ profile: basic }}
"""
"""A production cache with all that development has not: key, logs, alarms, rotation, policies."""


def making(text: str) -> Callable[[Path], AwsWitness]:
    """What makes a witness of a stack file in a directory."""
    return lambda root: AwsWitness(root, text)


@pytest.mark.timeout(600)
def test_development_survives_a_failure_at_each_resource(tmp_path: Path, twin: Twin) -> None:
    trial = disturbed(making(repository_stack("aws-dev"))(tmp_path), twin, "before")
    finished(trial)
    assert len(twin.resources) > 15
    trial.witness.close()


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_production_survives_half_made_resources(tmp_path: Path) -> None:
    """What failed after it came to exist is not made a second time."""
    rotating = undisturbed(making(ROTATING)(tmp_path / "twin"))
    trial = disturbed(making(ROTATING)(tmp_path / "trial"), rotating, "after")
    finished(trial)
    kinds = {kind.rpartition(":")[2] for kind, _ in rotating.resources}
    assert kinds >= {"Function", "SecretRotation", "Key", "LogGroup", "MetricAlarm", "Role"}
    trial.witness.close()
    assert len(trial.witness.cloud.all(SNAPSHOT)) == 1


@pytest.mark.sweep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["aws-dev", "aws-serverless", "aws-prod", "rotating"])
def test_every_stack_survives_a_failure_at_each_resource(
    tmp_path: Path, name: str, when: str
) -> None:
    """On the way up and on the way down."""
    text = ROTATING if name == "rotating" else repository_stack(name)
    document = yaml.safe_load(text)
    if name == "aws-prod":
        document["config"][f"{PROJECT_NAME}:exceptions"] = {"unprotected-data": "a test"}
        for cache in document["config"][f"{PROJECT_NAME}:caches"].values():
            cache["protect"] = False
    make = making(yaml.safe_dump(document))
    trial = disturbed(make(tmp_path / "trial"), undisturbed(make(tmp_path / "twin")), when)
    finished(trial)
    # A key stays where a last snapshot needs it.
    key = ("aws:kms/key:Key", "cache")
    taken_down(trial, lambda one: one == key and bool(trial.witness.cloud.all(SNAPSHOT)))


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_each_failure_alone_is_made_good_by_the_next_run(tmp_path: Path, twin: Twin) -> None:
    """One failure, one more run, for each resource of the smallest stack."""
    each_alone(tmp_path, making(repository_stack("aws-dev")), twin)


@pytest.mark.timeout(600)
def test_a_stack_in_trouble_can_be_taken_down(tmp_path: Path) -> None:
    """Half up, and with failures on the way down."""
    witness = AwsWitness(tmp_path, repository_stack("aws-dev"))
    witness.fail("create", "aws:elasticache/replicationGroup:ReplicationGroup", when="after")
    assert witness.heard("up").code != 0
    assert len(witness.cloud.all(REPLICATION_GROUP)) == 1
    for kind in ("elasticache/replicationGroup:ReplicationGroup", "ec2/vpc:Vpc"):
        witness.fail("delete", f"aws:{kind}", error="AWS is busy.")
        down = witness.heard("down")
        assert down.code != 0
        assert "AWS is busy." in down.text
        assert witness.cloud.left != {}
    witness.heard("down").succeeded()
    assert witness.cloud.left == {}


@pytest.mark.timeout(600)
def test_a_change_that_fails_is_made_by_the_next_run(tmp_path: Path) -> None:
    """A rotation that breaks off between the user and the secret lets clients in all the time."""
    witness = AwsWitness(tmp_path, repository_stack("aws-dev"))
    witness.applied()
    first = witness.connection("cache")
    witness.set(caches={"cache": {"rotation": {"generation": 2, "keepPrevious": True}}})
    witness.fail("update", "aws:elasticache/user:User", "cache-app", error="AWS is busy.")
    assert "AWS is busy." in witness.heard("up").text
    secret = "aws:secretsmanager/secretVersion:SecretVersion"
    witness.fail("create", secret, "cache-credentials", error="AWS is busy.")
    assert "AWS is busy." in witness.heard("up").text
    (user,) = [
        one for one in witness.cloud.all("elasticache.user").values() if one["UserName"] == "app"
    ]
    assert len(user["Authentication"]["Passwords"]) == 2
    witness.applied()
    witness.unchanged()
    second = witness.connection("cache")
    assert second.password != first.password
    witness.close()


KILLED = (
    ("elasticache/replicationGroup:ReplicationGroup", "before"),
    ("elasticache/replicationGroup:ReplicationGroup", "after"),
    pytest.param("ec2/subnet:Subnet", "before", marks=pytest.mark.sweep),
    pytest.param("elasticache/user:User", "after", marks=pytest.mark.sweep),
    pytest.param("elasticache/userGroup:UserGroup", "after", marks=pytest.mark.sweep),
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "when"), KILLED)
def test_a_killed_run_is_finished_by_the_next_one(
    tmp_path: Path, twin: Twin, kind: str, when: str
) -> None:
    """SIGKILL to the command, the engine and the providers, while a resource is being made.

    Before AWS was asked for it, and after it came to exist, when nobody has written that down.
    """
    witness = AwsWitness(tmp_path, repository_stack("aws-dev"))
    before = killed_while_making(witness, f"aws:{kind}", kind_of(kind), when)
    assert "ec2.vpc" in before
    assert before.get(kind_of(kind), 0) < twin.whole[kind_of(kind)] or when == "after"
    finished_by_the_next_run(witness, twin)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """The smallest stack, undisturbed."""
    return undisturbed(making(repository_stack("aws-dev"))(tmp_path_factory.mktemp("twin")))


def kind_of(token: str) -> str:
    """The fake cloud's word for a type of ElastiCache or EC2."""
    service, _, name = token.partition("/")
    words = re.sub(r"([A-Z])", r"-\1", name.partition(":")[2]).lower().strip("-")
    return f"{service}.{words}"
