"""A run that breaks off anywhere is finished by the next one: nothing doubled, nothing lost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud.aws.witness import REPLICATION_GROUP, SNAPSHOT, AwsWitness
from cloud.deployment import repository_stack
from engine.deployment import PROJECT_NAME, Run, redacted
from harness import eventually

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


@dataclass
class Trial:
    """A stack each of whose resources failed once."""

    witness: AwsWitness
    whole: Mapping[str, int]
    """What the fake cloud holds of a stack that nothing disturbed, by kind."""
    resources: set[tuple[str, str]]
    """Types and names of those resources."""
    runs: list[Run] = field(default_factory=list[Run])
    failed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The entries of the journal for what failed."""


def counted(witness: AwsWitness) -> dict[str, int]:
    """How many objects of each kind a stack has in the fake cloud."""
    return {kind: len(ids) for kind, ids in witness.cloud.left.items()}


def disturbed(root: Path, stack: str, when: str) -> Trial:
    """Brings a stack up against one failure at each of its resources.

    All failures stand ready at once: a run meets those that it comes to, and the next one goes
    further. when: before or after the object came to exist.
    """
    twin = AwsWitness(root / "twin", stack)
    twin.applied()
    made = {
        (entry["type"], entry["name"])
        for entry in twin.cloud.journal
        if entry["operation"] == "create"
    }
    trial = Trial(AwsWitness(root / "trial", stack), counted(twin), made)
    twin.close()
    for number, (kind, name) in enumerate(sorted(made)):
        trial.witness.fail("create", kind, name, when=when, error=f"no luck with number {number}.")
    converge(trial, "up")
    return trial


def converge(trial: Trial, operation: str) -> None:
    """Repeats a command until it succeeds; each failed run must have said why."""
    # Each failed run uses up one of the failures at least.
    for _ in range(len(trial.resources) + 1):
        begin = len(trial.witness.cloud.journal)
        run = trial.witness.heard(operation)
        trial.runs.append(run)
        failed = [one for one in trial.witness.cloud.journal[begin:] if "error" in one]
        trial.failed += failed
        if not run.code:
            assert not failed
            return
        assert failed, redacted(run.text[-3000:])
        for entry in failed:
            assert entry["error"] in run.text, entry["error"]
            assert entry["error"].startswith("no luck with number "), entry["error"]
        assert "Traceback" not in run.text, redacted(run.text[-3000:])
    raise AssertionError("more failed runs than failures")


def finished(trial: Trial) -> None:
    """Asserts that every resource failed once, and that the stack is whole and quiet."""
    assert trial.witness.cloud.faults_left == 0
    assert {(one["type"], one["name"]) for one in trial.failed} == trial.resources
    assert counted(trial.witness) == trial.whole
    assert set(trial.witness.up().changes) == {"unchanged"}
    trial.witness.unchanged()
    assert trial.witness.connection("cache").url.startswith("rediss://")


def taken_down(trial: Trial) -> None:
    """Takes the stack down against one failure at each of its resources."""
    for number, (kind, name) in enumerate(sorted(trial.resources)):
        trial.witness.fail("delete", kind, name, error=f"no luck with number {number}.")
    trial.failed.clear()
    converge(trial, "down")
    kept = {("aws:kms/key:Key", "cache")} if trial.witness.cloud.all(SNAPSHOT) else set()
    assert {(one["type"], one["name"]) for one in trial.failed} >= trial.resources - kept
    assert trial.witness.forgotten == {}


@pytest.mark.timeout(600)
def test_development_survives_a_failure_at_each_resource(tmp_path: Path) -> None:
    trial = disturbed(tmp_path, repository_stack("aws-dev"), "before")
    finished(trial)
    assert len(trial.resources) > 15
    trial.witness.close()


@pytest.mark.timeout(600)
def test_production_survives_half_made_resources(tmp_path: Path) -> None:
    """What failed after it came to exist is not made a second time."""
    trial = disturbed(tmp_path, ROTATING, "after")
    finished(trial)
    kinds = {kind.rpartition(":")[2] for kind, _ in trial.resources}
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
    trial = disturbed(tmp_path, yaml.safe_dump(document), when)
    finished(trial)
    taken_down(trial)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_each_failure_alone_is_made_good_by_the_next_run(tmp_path: Path) -> None:
    """One failure, one more run, for each resource of the smallest stack."""
    text = repository_stack("aws-dev")
    twin = AwsWitness(tmp_path / "twin", text)
    twin.applied()
    whole, journal = counted(twin), twin.cloud.journal
    twin.close()
    made = sorted({(one["type"], one["name"]) for one in journal if one["operation"] == "create"})
    for number, (kind, name) in enumerate(made):
        witness = AwsWitness(tmp_path / str(number), text)
        witness.fail("create", kind, name, error="no luck.")
        assert "no luck." in witness.heard("up").text
        assert witness.heard("up").code == 0, f"{kind} {name}"
        assert counted(witness) == whole
        witness.close()


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
    tmp_path: Path, whole: Mapping[str, int], kind: str, when: str
) -> None:
    """SIGKILL to the command, the engine and the providers, while a resource is being made.

    Before AWS was asked for it, and after it came to exist, when nobody has written that down.
    """
    witness = AwsWitness(tmp_path, repository_stack("aws-dev"))
    witness.fail("create", f"aws:{kind}", when=when, delay=120.0)
    running = witness.start("up")
    eventually(lambda: not witness.cloud.faults_left, "the fault was met")
    if when == "after":
        eventually(lambda: kind_of(kind) in counted(witness), f"a {kind}")
    running.kill_tree()
    before = counted(witness)
    assert "ec2.vpc" in before
    assert before.get(kind_of(kind), 0) < whole[kind_of(kind)] or when == "after"
    witness.applied()
    assert counted(witness) == whole
    assert set(witness.up().changes) == {"unchanged"}
    witness.unchanged()
    witness.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """What the fake cloud holds of the smallest stack that nothing disturbed."""
    twin = AwsWitness(tmp_path_factory.mktemp("whole"), repository_stack("aws-dev"))
    twin.applied()
    found = counted(twin)
    twin.close()
    return found


def kind_of(token: str) -> str:
    """The fake cloud's word for a type of ElastiCache or EC2."""
    service, _, name = token.partition("/")
    words = re.sub(r"([A-Z])", r"-\1", name.partition(":")[2]).lower().strip("-")
    return f"{service}.{words}"
