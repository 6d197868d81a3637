"""The pack under the real engine: our own stacks, and programs of other people.

The clouds are stand-ins, the engine and the pack are what users run.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud.deployment import CloudDeployment, ProgramDeployment, repository_stack, target_of
from cloud.sweeps import chosen
from engine.deployment import PROJECT_NAME, REPOSITORY, Deployment, Run
from secure_redis.posture import RULES

from . import programs
from .analyzer import PACK

NOTHING = {"mandatory": set[str](), "advisory": set[str]()}


def with_pack(levels: str | Path) -> tuple[str, ...]:
    """The engine's options: the pack with the levels of an environment, or of a file."""
    config = levels if isinstance(levels, Path) else PACK / "config" / f"{levels}.json"
    return ("--policy-pack", str(PACK), "--policy-pack-config", str(config))


def reported(run: Run) -> dict[str, set[str]]:
    """The policies that a run reported, by level. Fails if the pack did not run, or not wholly."""
    assert re.search(r"secure-redis@v\d+\.\d+", run.text), run.text[-2000:]
    assert "can't run policy" not in run.text
    found = {level: set[str]() for level in NOTHING}
    for level, name in re.findall(r"- \[(\w+)](?: \[.*?])?\s+([a-z0-9-]+)  \(", run.text):
        found[level].add(name)
    return found


# Our own stacks


def cloud_stacks() -> list[str]:
    names = [one.name.removeprefix("Pulumi.") for one in (REPOSITORY / "stacks").glob("*.yaml")]
    stacks = sorted(one.removesuffix(".yaml") for one in names)
    found = [one for one in stacks if target_of(yaml.safe_load(repository_stack(one)))]
    first = ["aws-prod", "azure-prod", "gcp-prod"]
    return [*first, *(one for one in found if one not in first)]


@pytest.mark.parametrize("name", chosen(cloud_stacks(), 0, 1, 2))
def test_our_own_stacks_pass_in_their_environment(tmp_path, name):
    stack = repository_stack(name)
    environment = yaml.safe_load(stack)["config"][f"{PROJECT_NAME}:environment"]
    deployment = CloudDeployment(tmp_path, stack)
    run = deployment.run("preview", "--", *with_pack(environment)).succeeded()
    found = reported(run)
    assert found["mandatory"] == set()
    if environment == "production":
        assert found == NOTHING, "not even advice"


def test_our_own_containers_pass(tmp_path):
    deployment = Deployment(tmp_path, "policy")
    deployment.stack_file.write_text(repository_stack("local-three"))
    run = deployment.run("preview", "--", *with_pack("development")).succeeded()
    assert reported(run) == NOTHING


# Programs of other people


class DockerProgram(Deployment):
    """A stack of somebody's program on Docker, which is only previewed."""

    def __init__(self, root: Path, config: Mapping[str, str]) -> None:
        super().__init__(root, "policy")
        (self.project / "__main__.py").write_text(programs.DOCKER)
        self._write({"config": dict(config)})
        self.pulumi("stack", "init").succeeded()

    def set(self, **values: str) -> None:
        document = yaml.safe_load(self.stack_file.read_text())
        document["config"].update({f"{PROJECT_NAME}:{key}": one for key, one in values.items()})
        self._write(document)

    def _write(self, document: Mapping[str, Any]) -> None:
        self.stack_file.write_text(yaml.safe_dump(document))

    def run(self, operation: str, *arguments: str, **options: Any) -> Run:
        return self.pulumi(operation, *arguments)


def program(root: Path, target: str, *, good: bool) -> Any:
    """A stack of the other people's program for a target."""
    config = {"good": str(good).lower(), "password": programs.PASSWORD}
    keys = {f"{PROJECT_NAME}:{key}": value for key, value in config.items()}
    if target == "docker":
        return DockerProgram(root, keys)
    return ProgramDeployment(root, getattr(programs, target.upper()), keys, target=target)


@pytest.mark.parametrize("target", sorted(programs.REFUSED))
def test_bad_redis_of_any_program_is_refused_and_mended_it_passes(tmp_path, target):
    deployment = program(tmp_path, target, good=False)
    run = deployment.run("preview", *with_pack("production"))
    assert run.code != 0
    assert reported(run)["mandatory"] >= set(programs.REFUSED[target])
    text = " ".join(run.text.split())
    for name in programs.REFUSED[target]:
        rule = RULES[name]
        assert f"{rule.control}:" in text
        assert any(rule.remedy_for(one) in text for one in rule.all_types), name
    assert not re.search(r"\((\w|:)+: web\)", run.text), "what is not about Redis is let alone"
    deployment.set(good="true")
    mended = deployment.run("preview", *with_pack("production")).succeeded()
    assert reported(mended)["mandatory"] == set()
    assert programs.PASSWORD not in run.text + mended.text


def test_an_update_without_a_preview_does_not_make_what_is_refused(tmp_path):
    deployment = program(tmp_path, "gcp", good=False)
    run = deployment.run("up", *with_pack("production"))
    assert run.code != 0
    # The engine stops at the first that it refuses, whichever that is.
    assert reported(run)["mandatory"] & {"gcp-tls", "gcp-login", "gcp-valkey-login"}
    made = {one["type"] for one in deployment.resources()}
    assert "gcp:compute/network:Network" in made
    assert not made & {"gcp:redis/instance:Instance", "gcp:memorystore/instance:Instance"}
    deployment.close()


# Levels and exceptions


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> DockerProgram:
    return program(tmp_path_factory.mktemp("levels"), "docker", good=False)


def config(root: Path, policies: Mapping[str, Any]) -> Path:
    """A configuration file with all other policies off."""
    file = root / "levels.json"
    file.write_text(json.dumps({"all": "disabled", **policies}))
    return file


def test_in_development_what_harms_nobody_else_is_advice(bad):
    found = reported(bad.run("preview", *with_pack("development")))
    assert found["mandatory"] == {"docker-command", "docker-variables"}
    assert {"docker-capabilities", "docker-privileged"} <= found["advisory"]
    assert "docker-address" not in {*found["advisory"], *found["mandatory"]}


def test_staging_tells_what_production_will_refuse(bad):
    found = reported(bad.run("preview", *with_pack("staging")))
    assert {"docker-address", "docker-server-tls"} <= found["advisory"]
    assert {"docker-capabilities", "docker-privileged"} <= found["mandatory"]


def test_a_level_can_be_advice(bad, tmp_path):
    run = bad.run("preview", *with_pack(config(tmp_path, {"docker-privileged": "advisory"})))
    assert reported(run.succeeded()) == {**NOTHING, "advisory": {"docker-privileged"}}


@pytest.mark.parametrize(("pattern", "accepted"), [("redis", True), ("other*", False)])
def test_a_resource_can_be_excepted_with_a_reason(bad, tmp_path, pattern, accepted):
    policy = {"enforcementLevel": "mandatory", "exceptions": {pattern: "leaves in March"}}
    run = bad.run("preview", *with_pack(config(tmp_path, {"docker-privileged": policy})))
    assert (run.code == 0) is accepted
    assert reported(run)["mandatory"] == (set() if accepted else {"docker-privileged"})


def test_an_exception_without_a_reason_is_refused_by_the_engine(bad, tmp_path):
    policy = {"enforcementLevel": "mandatory", "exceptions": {"redis": ""}}
    run = bad.run("preview", *with_pack(config(tmp_path, {"docker-privileged": policy})))
    assert run.code != 0
    assert "docker-privileged: exceptions.redis" in run.text
