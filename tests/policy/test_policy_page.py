"""docs/policy.md, the configuration files and the pack say the same."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from engine.deployment import REPOSITORY
from secure_redis.controls import CONTROLS
from secure_redis.posture import COMPANIONS, RULES

from .analyzer import ADVISORY, DISABLED, MANDATORY, PACK, Pack, running
from .cases import CASES

PAGE = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
LEVELS = {"advisory": ADVISORY, "mandatory": MANDATORY, "disabled": DISABLED}
ALL = {**RULES, **COMPANIONS}


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as pack:
        yield pack


def levels(environment: str) -> dict[str, str]:
    return json.loads((PACK / "config" / f"{environment}.json").read_text(encoding="utf-8"))


def commands() -> list[list[str]]:
    """The shell blocks of the page, a list of commands each."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [block.replace("\\\n", "").splitlines() for block in blocks]


def test_generated_parts_are_up_to_date() -> None:
    command = [sys.executable, str(REPOSITORY / "docs" / "policy_pages.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_pack_has_a_policy_for_each_rule(pack) -> None:
    assert set(pack.policies) == {*ALL, "declared-resources"}
    for name, rule in ALL.items():
        policy = pack.policies[name]
        assert policy.description == f"{rule.control}: {CONTROLS[rule.control].title}."
        assert policy.framework.reference == rule.control
        assert all(rule.remedy_for(one) in policy.remediation_steps for one in rule.all_types)
        assert set(policy.configSchema.properties) == {"exceptions"}
        assert policy.severity != 0, "it is specified"
        assert policy.enforcementLevel == LEVELS[levels("production")[name]]


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_every_policy_has_a_level_in_each_environment(environment) -> None:
    assert list(levels(environment)) == list(ALL)
    assert set(levels(environment).values()) <= set(LEVELS)


def test_levels_only_rise_from_development_to_production() -> None:
    order = ["disabled", "advisory", "mandatory"]
    for name in ALL:
        found = [order.index(levels(one)[name]) for one in ("development", "staging", "production")]
        assert found == sorted(found), name


def test_what_must_be_beside_a_cache_is_never_more_than_advice() -> None:
    for environment in ("development", "staging", "production"):
        assert not {levels(environment)[name] for name in COMPANIONS} & {"mandatory"}


def test_the_pack_has_the_version_of_the_distribution() -> None:
    project = (REPOSITORY / "components" / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    manifest = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert found
    assert manifest["version"] == found[1]


def test_every_rule_is_in_the_comparison_once_or_about_what_is_around() -> None:
    sys.path.insert(0, str(REPOSITORY / "docs"))
    try:
        from policy_comparison import (  # pyright: ignore[reportMissingImports]
            AROUND,
            CATALOGUES,
            COMPARISON,
        )
    finally:
        sys.path.pop(0)
    rows = [row for of_place in COMPARISON.values() for row in of_place]
    named = [*AROUND, *(one for row in rows for one in row.ours)]
    assert sorted(named) == sorted(ALL)
    for row in rows:
        assert row.ours or row.theirs, f"nobody asks for: {row.what}"
        assert set(row.theirs) <= set(CATALOGUES)


def test_catalogues_named_by_controls_are_in_the_comparison() -> None:
    """Rules of others about Redis that our controls name are in the table, under the same id."""
    for control in CONTROLS.values():
        for name in ("Checkov", "Prowler", "Trivy", "AWS Security Hub"):
            for one in control.standards.get(name, ()):
                if re.search(r"redis|memorydb|^ElastiCache\.|^AWS-00(45|50|51)$", one):
                    assert one.split()[0] in PAGE, f"{control.id}: {one}"


def test_what_a_finding_looks_like_is_what_the_pack_says(pack) -> None:
    (example,) = re.findall(r"<!-- example: .*?```\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.strip() for line in example.splitlines()]
    case = next(one for one in CASES if one.rule == "docker-command")
    (found, *_) = [one for one in pack.analyze(case.failing()) if one.policy == "docker-command"]
    said = found.message.splitlines()
    assert said[0] == lines[2]
    name = found.urn.rpartition("::")[2]
    assert said[1].replace(f"Container {name}:", "Container redis:") == lines[3]
    version = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["version"]
    assert lines[0].startswith(f"❌ secure-redis@v{version} ")


def test_the_commands_name_what_is_there() -> None:
    ours, own = commands()
    for text in (" ".join(ours), " ".join(own)):
        assert "--policy-pack-config" in text
        for path in re.findall(r"policy/[\w./]+", text):
            if ".venv" not in path:
                assert (REPOSITORY / path).exists(), path


def test_the_example_of_a_configuration_names_policies() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    names = set(json.loads(example))
    assert names > {"all"}
    assert names - {"all"} <= set(ALL)


@pytest.mark.sweep
def test_the_pack_runs_with_an_environment_made_by_hand(tmp_path) -> None:
    copy = tmp_path / "secure-redis"
    skip = shutil.ignore_patterns(".venv", "__pycache__", "node_modules")
    for name in ("policy", "components"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=skip)
    program = tmp_path / "program"
    program.mkdir()
    _, own = commands()
    for command in own[:2]:
        subprocess.run(["sh", "-c", command], cwd=program, check=True, stdout=subprocess.DEVNULL)
    with running(copy / "policy") as pack:
        assert set(ALL) < set(pack.policies)


def test_no_file_of_the_pack_names_an_index() -> None:
    files = [one for one in PACK.rglob("*") if one.is_file() and ".venv" not in one.parts]
    for file in files:
        if file.suffix in {".py", ".txt", ".in", ".yaml", ".json"}:
            assert "http" not in file.read_text(encoding="utf-8"), file


def test_the_packs_pure_parts_need_no_policy_sdk() -> None:
    modules = "redis_policies.levels, redis_policies.stages"
    script = f"import {modules}, sys; sys.exit('pulumi_policy' in sys.modules)"
    paths = [str(PACK), str(Path(REPOSITORY, "components"))]
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": ":".join(paths)}, check=False
    )
    assert done.returncode == 0
