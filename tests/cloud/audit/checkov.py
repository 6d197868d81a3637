"""Checkov, run on a plan in its own environment, without a network."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = "SECURE_REDIS_CHECKOV"
"""The variable with the path of the program, which the toolchain sets for the tests."""

OFFLINE = {
    # A value that is known after the creation only, such as a password, counts as one that is
    # there.
    "EVAL_TF_PLAN_AFTER_UNKNOWN": "True",
    "BC_SKIP_MAPPING": "TRUE",
    "CHECKOV_RUN_SCA_PACKAGE_SCAN": "false",
    "LOG_LEVEL": "ERROR",
}


@dataclass(frozen=True, order=True)
class Finding:
    """What one rule says about one resource."""

    rule: str
    resource: str
    """Address in the plan."""
    passed: bool


def evaluate(folder: Path, plans: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Finding]]:
    """Findings by the name of the plan, of one run for all: starting Checkov takes seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, plan in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
    command = [os.environ[PROGRAM], "--framework", "terraform_plan", "--skip-download"]
    command += ["--compact", "--output", "json", "--soft-fail"]
    for name in plans:
        command += ["--file", str(folder / f"{name}.json")]
    result = subprocess.run(
        command,
        env={**os.environ, **OFFLINE},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    findings: dict[str, list[Finding]] = {name: [] for name in plans}
    for name, finding in _findings(json.loads(result.stdout)):
        findings[name].append(finding)
    return {name: sorted(found) for name, found in findings.items()}


def _findings(report: Any) -> Iterator[tuple[str, Finding]]:
    reports = report if isinstance(report, list) else [report]
    for one in reports:
        assert not one["results"].get("parsing_errors"), one["results"]["parsing_errors"]
        for outcome in ("passed_checks", "failed_checks"):
            for check in one["results"].get(outcome, []):
                plan = Path(check["file_path"]).stem
                passed = outcome == "passed_checks"
                yield plan, Finding(check["check_id"], check["resource"], passed)
