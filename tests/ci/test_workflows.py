"""The workflows: what they may do, what they run, and that it can be run without GitHub."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ci.fake_github import REPOSITORY, TOKEN, running
from ci.samples import outcome, replaced
from secure_redis.ci import comment

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
NAMES = ("test", "preview", "deploy", "drift", "doctor")
MAKEFILE = (ROOT / "Makefile").read_text()

FORKS = "github.event.pull_request.head.repo.full_name == github.repository"


class _Loader(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool" or first not in "oO"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def workflow(name: str) -> dict[str, Any]:
    return yaml.load((FOLDER / f"{name}.yml").read_text(), _Loader)


def jobs() -> list[Any]:
    return [
        pytest.param(name, job, body, id=f"{name}-{job}")
        for name in NAMES
        for job, body in workflow(name)["jobs"].items()
    ]


def steps(job: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
    return [one for one in job["steps"] if word in one.get("uses", "")]


@pytest.mark.parametrize(
    "command",
    [["actionlint"], ["zizmor", "--offline", "--pedantic", "--no-progress"]],
    ids=["actionlint", "zizmor"],
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    assert shutil.which(command[0]), f"{command[0]} belongs to the test tools"
    files = [str(FOLDER / f"{name}.yml") for name in NAMES]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_to_commits_and_say_their_version() -> None:
    pins: dict[str, set[str]] = {}
    for name in NAMES:
        for line in (FOLDER / f"{name}.yml").read_text().splitlines():
            if "uses:" not in line:
                continue
            match = re.search(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", line)
            assert match, line
            pins.setdefault(match[1], set()).add(f"{match[2]} {match[3]}")
    assert all(len(versions) == 1 for versions in pins.values()), pins
    assert len(pins) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_no_rights_by_itself(name: str) -> None:
    document = workflow(name)
    assert document["permissions"] == {}
    assert document["concurrency"]["group"]
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(document["on"])


@pytest.mark.parametrize(("name", "job", "body"), jobs())
def test_a_job_has_no_more_than_it_needs(name: str, job: str, body: Mapping[str, Any]) -> None:
    rights = body["permissions"]
    assert body["timeout-minutes"] <= 120
    assert set(rights.values()) <= {"read", "write"}
    writes = {right for right, level in rights.items() if level == "write"}
    assert writes <= {"id-token", "pull-requests", "issues"}
    text = json.dumps(body)
    # Credentials of a cloud and the right to write on GitHub are never together.
    assert len(writes) <= 1
    if "id-token" in writes:
        assert body["environment"]
        assert "github.token" not in text
        # One run a stack at a time, and none is cut off in the middle.
        assert "matrix.stack" in body["concurrency"]["group"]
        assert body["concurrency"]["cancel-in-progress"] is False
    else:
        assert "environment" not in body
        assert "secrets." not in text
    for checkout in steps(body, "actions/checkout"):
        assert checkout["with"]["persist-credentials"] is False
    assert name or job


def test_strangers_get_nothing_but_the_tests() -> None:
    """A pull request from a fork: the first job of `preview` is skipped, and all others need it."""
    first, *others = workflow("preview")["jobs"].items()
    assert FORKS in first[1]["if"]
    assert "dependabot[bot]" in first[1]["if"]
    for _, job in others:
        assert "stacks" in job["needs"]
        assert "needs.stacks.outputs.matrix" in job["if"] or "needs.stacks.result" in job["if"]
    for job in workflow("test")["jobs"].values():
        assert set(job["permissions"]) == {"contents"}
    for name in ("deploy", "drift", "doctor"):
        assert "pull_request" not in workflow(name)["on"]


@pytest.mark.parametrize("name", ["deploy", "drift", "doctor"])
def test_a_copy_of_the_repository_begins_with_nothing_that_runs_by_itself(name: str) -> None:
    assert "vars." in workflow(name)["jobs"]["stacks"]["if"]


def test_production_comes_last_and_each_environment_decides() -> None:
    document = workflow("deploy")["jobs"]
    names = ["development", "staging", "production"]
    assert list(document) == ["stacks", *names]
    for number, name in enumerate(names):
        job = document[name]
        assert job["environment"] == name
        assert job["needs"] == ["stacks", *names[:number]]
        assert "!failure()" in job["if"]
        assert "!cancelled()" in job["if"]


def test_no_commit_that_waits_to_be_deployed_is_dropped() -> None:
    """GitHub keeps one waiting run of a group: only what a later one covers may share one."""
    document = workflow("deploy")
    assert document["concurrency"]["group"] == "deploy-${{ github.run_id }}"
    for name in ("development", "staging", "production"):
        assert document["jobs"][name]["concurrency"]["group"] == "deploy-${{ matrix.stack }}"


def test_previews_and_drift_never_take_the_role_that_deploys() -> None:
    for name, job in (("preview", "preview"), ("drift", "drift"), ("doctor", "doctor")):
        assert workflow(name)["jobs"][job]["environment"] == "preview-${{ matrix.environment }}"


def test_the_same_credentials_everywhere() -> None:
    found: list[tuple[Any, ...]] = []
    for parameters in jobs():
        body = parameters.values[2]
        if "id-token" in body["permissions"]:
            (aws,) = steps(body, "configure-aws-credentials")
            (gcp,) = steps(body, "google-github-actions")
            made = next(one for one in body["steps"] if one.get("run", "").startswith("make"))
            common = {k: v for k, v in made["env"].items() if k != "HEAD_SHA"}
            found.append((aws, gcp, common))
    assert len(found) == 6
    assert all(one == found[0] for one in found)
    assert found[0][0]["if"] == "matrix.target == 'aws'"
    assert found[0][2]["ARM_USE_OIDC"] == "${{ matrix.target == 'azure' }}"


SCRIPT = re.compile(
    r"(sudo --preserve-env=CI )?make (-s )?(?P<target>[a-z-]+)( [A-Z]+=[\w^.-]+)*"
    r"|matrix=\$\(make -s (?P<inner>[a-z-]+)( [A-Z]+=(\"\$\w+\"|[\w^.-]+))*\)"
    r"|echo \"(matrix|\$environment)=\$matrix\" >>\"\$GITHUB_OUTPUT\""
    r"|for environment in development staging production; do|done"
)


@pytest.mark.parametrize(("name", "job", "body"), jobs())
def test_scripts_are_make_targets_and_hold_no_expression(
    name: str, job: str, body: Mapping[str, Any]
) -> None:
    scripts = [one["run"] for one in body["steps"] if "run" in one]
    assert scripts, (name, job)
    for line in (line.strip() for text in scripts for line in text.splitlines()):
        match = SCRIPT.fullmatch(line)
        assert match, line
        target = match["target"] or match["inner"]
        if target:
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"no target {target}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of a repository as the steps before any toolchain need, with two commits."""
    project = tmp_path_factory.mktemp("checkout")

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True)

    shutil.copy(ROOT / "Makefile", project)
    shutil.copytree(ROOT / "stacks", project / "stacks")
    shutil.copytree(ROOT / "components/secure_redis/ci", project / "components/secure_redis/ci")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "before")
    (project / "README.md").write_text("words")
    for name in ("aws-prod", "local"):
        file = project / "stacks" / f"Pulumi.{name}.yaml"
        file.write_text(f"{file.read_text()}# more\n")
    git("add", ".")
    git("commit", "-qm", "after")
    return project


def step_of(name: str, job: str, word: str) -> Mapping[str, Any]:
    body = workflow(name)["jobs"][job]
    return next(one for one in body["steps"] if word in one.get("run", ""))


def run_step(project: Path, script: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A step's script, as a runner starts it."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "GITHUB_", "STACK", "OUT", "BASE", "ONLY"))
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=project,
        env={**plain, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def outputs(done: "subprocess.CompletedProcess[str]", file: Path) -> dict[str, list[str]]:
    assert done.returncode == 0, done.stderr
    found = dict(line.split("=", 1) for line in file.read_text().splitlines())
    return {
        name: [one["stack"] for one in json.loads(text)["include"]] for name, text in found.items()
    }


def test_the_step_that_finds_the_stacks_of_a_pull_request(checkout: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = step_of("preview", "stacks", "ci-stacks")["run"]
    done = run_step(checkout, script, GITHUB_OUTPUT=str(output))
    assert outputs(done, output) == {"matrix": ["local", "aws-prod"]}


@pytest.mark.parametrize(
    ("base", "only", "expected"),
    [
        ("HEAD^1", "", {"development": ["local"], "staging": [], "production": ["aws-prod"]}),
        ("", "gcp-dev", {"development": ["gcp-dev"], "staging": [], "production": []}),
    ],
)
def test_the_step_that_finds_the_stacks_to_deploy(
    checkout: Path, tmp_path: Path, base: str, only: str, expected: dict[str, list[str]]
) -> None:
    output = tmp_path / "output"
    step = step_of("deploy", "stacks", "ci-stacks")
    assert set(step["env"]) == {"BASE", "ONLY"}
    done = run_step(checkout, step["run"], GITHUB_OUTPUT=str(output), BASE=base, ONLY=only)
    assert outputs(done, output) == expected


def test_who_starts_a_deployment_cannot_slip_in_a_command(checkout: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = step_of("deploy", "stacks", "ci-stacks")["run"]
    for only in ("$(touch slipped)", '"; touch slipped; "', "`touch slipped`", "$$(touch slipped)"):
        done = run_step(checkout, script, GITHUB_OUTPUT=str(output), ONLY=only)
        assert done.returncode != 0
        assert not (checkout / "slipped").exists()


def test_all_stacks_are_looked_at_for_drift(checkout: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = step_of("drift", "stacks", "ci-stacks")["run"]
    done = run_step(checkout, script, GITHUB_OUTPUT=str(output), ONLY="")
    assert len(outputs(done, output)["matrix"]) == len(list((ROOT / "stacks").glob("*.yaml")))


def test_the_steps_that_write_to_github(checkout: Path) -> None:
    (checkout / "ci-out" / "preview-dev").mkdir(parents=True)
    subject = comment.Subject("secure-redis", "dev")
    text = comment.render(subject, outcome([replaced()]))
    (checkout / "ci-out" / "preview-dev" / "comment.md").write_text(text)
    (checkout / "ci-out" / "drift-dev").mkdir()
    report = comment.render(
        comment.Subject("secure-redis", "dev", task=comment.Task.DRIFT), outcome([replaced()])
    )
    (checkout / "ci-out" / "drift-dev" / "comment.md").write_text(report)
    step = step_of("preview", "comment", "ci-comment")
    assert set(step["env"]) == {"GITHUB_TOKEN", "PULL_REQUEST", "STACKS"}
    with running() as server:
        github = {
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": server.url,
        }
        # As toJSON writes a list: over several lines.
        stacks = json.dumps(["dev", "prod"], indent=2)
        done = run_step(checkout, step["run"], **github, PULL_REQUEST="7", STACKS=stacks)
        assert done.returncode == 0, done.stderr
        assert server.comments[7][0]["body"] == text
        assert len(server.comments[7]) == 2
        script = step_of("drift", "issues", "ci-issues")["run"]
        done = run_step(checkout, script, **github)
        assert done.returncode == 0, done.stderr
        assert [one["body"] for one in server.issues] == [report]
        assert TOKEN not in done.stdout + done.stderr
