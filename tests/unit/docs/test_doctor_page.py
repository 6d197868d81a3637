"""docs/doctor.md and docs/problems.md say what the doctor is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from secure_redis.cli.doctor import CouldNotRun, doctor
from secure_redis.doctor import checkup, deadline
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.examine import function
from secure_redis.doctor.report import Counts, Finding, Report, Status
from secure_redis.doctor.sources import NothingGivenError, from_env

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    """The cells of the table whose first column has this title."""
    (table,) = re.findall(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()
    ]


def test_generated_parts_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs" / "doctor_pages.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_problem_and_check_is_there() -> None:
    problems = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert [one for one in PROBLEMS if f"| `{one}` |" not in problems] == []
    assert [row[1] for row in rows("layer")] == list(CHECKS)


def test_every_option_is_described() -> None:
    options = {
        name
        for parameter in doctor.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if name.startswith("--")
    }
    told = set(
        re.findall(r"`(--[a-z-]+)", "\n".join(row[0] for row in rows("option") + rows("given")))
    )
    assert told == options - {"--help"}


def test_commands_name_options_that_exist() -> None:
    known = {name for parameter in doctor.params for name in parameter.opts}
    lines = [line for line in PAGE.splitlines() if "secure-redis doctor " in line]
    used = {name for line in lines for name in re.findall(r"doctor (.*)", line)}
    named = {word for text in used for word in re.findall(r"(?<!\S)--[a-z-]+", text)}
    assert named
    assert named <= known


def report(status: Status) -> Report:
    return Report(
        tool="", started_at="", seconds=0, subject="", endpoint="", target="", environment="",
        verdict=status, counts=Counts(), findings=(),
    )  # fmt: skip


def test_exit_codes() -> None:
    codes = {row[0]: row[1] for row in rows("code")}
    assert list(codes) == ["0", "1", "2", "3"]
    assert codes[str(report(Status.OK).exit_code)].startswith("all is well")
    assert codes[str(report(Status.WARNING).exit_code)].startswith("warnings")
    assert codes[str(report(Status.FAILED).exit_code)].startswith("something failed")
    assert codes[str(CouldNotRun.exit_code)].startswith("nothing was examined")


def test_the_finding_in_json_is_one() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    finding = Finding.model_validate(json.loads(block))
    problem = PROBLEMS[finding.problem]
    assert (finding.check, finding.status) == (problem.check, problem.status)
    assert (finding.title, finding.layer) == (
        CHECKS[finding.check].title,
        CHECKS[finding.check].layer,
    )
    assert (finding.cause, finding.fix) == (problem.cause, problem.fix)
    from secure_redis.controls import controls_of

    assert finding.controls == tuple(one.id for one in controls_of(finding.check, finding.problem))


def test_numbers_are_those_of_the_code() -> None:
    assert f"{deadline.STEP:.0f} seconds for any one answer, {deadline.WHOLE:.0f} for all" in PAGE
    assert f"`{function.KEY}` and a random UUID, with {function.SECONDS} seconds to live" in PAGE
    ports = ", ".join(map(str, checkup.Options().other_ports[:-1]))
    assert ports in CHECKS["D15"].how
    assert f"in {len(CHECKS)} checks" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_step_for_ci_is_yaml_and_keeps_secrets_out_of_it() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    first = yaml.safe_load(block)["steps"][0]
    assert "secrets" not in first["run"]
    assert all(text.startswith("${{ secrets.") for text in first["env"].values())


PASSWORD = "p" * 48


def url(host: str) -> str:
    return f"rediss://app:{PASSWORD}@{host}:6380/0"


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({"REDIS_URL": url("a"), "CELERY_BROKER_URL": url("b")}, "a"),
        ({"REDIS_HOST": "a", "SPRING_DATA_REDIS_URL": url("b")}, "a"),
        ({"CELERY_BROKER_URL": url("a"), "SPRING_DATA_REDIS_URL": url("b")}, "a"),
        ({"SPRING_DATA_REDIS_URL": url("a"), "ConnectionStrings__Redis": "b:6380,ssl=true"}, "a"),
        ({"ConnectionStrings__Redis": "a:6380,ssl=true", "REDIS_ADDR": "rediss://b:6380"}, "a"),
        ({"REDIS_ADDR": "rediss://a:6380", "CACHE_URI": url("b")}, "a"),
        ({"CACHE_URI": url("a")}, "a"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_the_order_of_variables(values: dict[str, str], host: str, tmp_path: Path) -> None:
    given = from_env(values, tmp_path)
    assert given.endpoint
    assert given.endpoint.host == host
    if len(values) > 1:
        assert any("goes to another endpoint" in one.observed for one in given.remarks)


def test_variables_beside_the_url_must_agree(tmp_path: Path) -> None:
    def problems(**others: Any) -> list[str]:
        given = from_env({"REDIS_URL": url("a"), **others}, tmp_path)
        return [one.problem for one in given.problems]

    assert problems(REDIS_HOST="a", REDIS_PORT="6380", REDIS_PASSWORD=PASSWORD) == []
    assert problems(REDIS_HOST="b") == ["settings-disagree"]


def test_what_the_url_leaves_open_others_fill_in(tmp_path: Path) -> None:
    values = {"REDIS_URL": "rediss://a:6380/0", "REDIS_USERNAME": "app", "REDIS_PASSWORD": PASSWORD}
    given = from_env(values, tmp_path)
    assert given.endpoint
    assert (given.endpoint.username, given.endpoint.password) == ("app", PASSWORD)


def test_relative_paths_begin_at_the_file(tmp_path: Path) -> None:
    given = from_env({"REDIS_URL": url("a"), "REDIS_SSL_CA_CERTS": "ca.pem"}, tmp_path)
    (trouble,) = given.problems
    assert trouble.problem == "ca-file-missing"
    assert trouble.where == str(tmp_path / "ca.pem")


def test_nothing_is_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(NothingGivenError):
        from_env({"HOME": "/root"}, tmp_path)
