"""docs/ci.md says what the workflows and commands are."""

import json
import re
from pathlib import Path

import click
import pytest
import yaml
from ci.samples import replaced
from secure_redis.ci import comment, touched
from secure_redis.ci.events import Outcome
from secure_redis.cli.ci import ci_deploy, ci_drift, ci_preview

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOWS = {
    file.stem: file.read_text()
    for file in (ROOT / ".github" / "workflows").glob("*.yml")
    if file.stem != "release"
}


def rows(title: str) -> list[list[str]]:
    (table,) = re.findall(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def test_every_workflow_is_there() -> None:
    assert {row[0].strip("` ") for row in rows("workflow")} == set(WORKFLOWS)


def test_every_target_of_make_is_there_and_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^(ci-[a-z]+):", makefile, re.MULTILINE))
    assert {re.findall("`make ([a-z-]+)`", row[0])[0] for row in rows("command")} == targets


def test_every_variable_and_secret_is_there() -> None:
    used = set(re.findall(r"(?:vars|secrets)\.(\w+)", "\n".join(WORKFLOWS.values())))
    told = {name for row in rows("name") for name in re.findall(r"`(\w+)`", row[0])}
    assert used == told | {"DEPLOY", "DRIFT", "DOCTOR_RUNNER"}
    for row in rows("name"):
        for name in re.findall(r"`(\w+)`", row[0]):
            kind = "vars" if row[1] == "variable" else "secrets"
            assert any(f"{kind}.{name} " in text for text in WORKFLOWS.values()), name


@pytest.mark.parametrize("command", [ci_preview, ci_deploy, ci_drift], ids=lambda one: one.name)
def test_every_option_is_there(command: click.Command) -> None:
    options = {name for one in command.params for name in one.opts}
    assert options <= set(re.findall(r"`(--[a-z-]+)`", PAGE))


def test_the_example_is_what_is_rendered() -> None:
    (shown,) = re.findall(r"^```markdown\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    subject = comment.Subject("shop", "shop-prod", "aws", "development", "3f9c2e1a7b40aaaa")
    outcome = Outcome((replaced(),), unchanged=23, finished=True, policies=("secure-redis 0.1.0",))
    assert comment.render(subject, outcome).startswith(f"{subject.marker}\n\n{shown}")


def test_the_condition_names_repository_and_environment() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (condition,) = json.loads(block)["Condition"].values()
    subject = condition["token.actions.githubusercontent.com:sub"]
    assert subject == "repo:OWNER/REPOSITORY:environment:preview-production"
    preview = yaml.safe_load(WORKFLOWS["preview"])["jobs"]["preview"]
    assert preview["environment"] == "preview-${{ matrix.environment }}"


def test_the_table_of_files_is_that_of_the_code() -> None:
    stacks = [
        touched.StackFacts(f"{target}-{environment}", target, environment)
        for target in touched.TARGETS
        for environment in touched.ENVIRONMENTS
    ]

    def names(file: str) -> set[str]:
        return {one.stack for one in touched.touched([file], stacks)}

    every = {one.stack for one in stacks}
    expected = {
        "stacks/Pulumi.gcp-staging.yaml": {"gcp-staging"},
        "components/secure_redis/gcp/redis.py": {one for one in every if one.startswith("gcp")},
        "requirements/gcp.txt": {one for one in every if one.startswith("gcp")},
        "policy/config/staging.json": {one for one in every if one.endswith("staging")},
        "docs/x.md": set(),
        "examples/python/__main__.py": set(),
        "bench/measure.py": set(),
        "anything/else": every,
    }
    assert {file: names(file) for file in expected} == expected
    assert len(rows("file")) == 5


def test_numbers_are_those_of_the_code() -> None:
    assert f"{comment.LIMIT:,} bytes" in PAGE
