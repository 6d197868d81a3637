"""Runs of the ci commands in tests, and the reports that they write."""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from engine.deployment import REPOSITORY, Deployment, Run
from secure_redis.ci.comment import LIMIT
from secure_redis.ci.github import marker_of

PACK = REPOSITORY / "policy"
"""The project's own policy pack."""


@dataclass(frozen=True)
class Report:
    """How a command ended, and what it wrote."""

    run: Run
    text: str = field(repr=False)
    summary: str = field(repr=False)

    @property
    def places(self) -> dict[str, bytes]:
        """Everything that can be read afterwards."""
        return {
            "comment": self.text.encode(),
            "summary": self.summary.encode(),
            "output": self.run.text.encode(),
        }

    @property
    def title(self) -> str:
        """The line under the marker, without the stack's name."""
        return self.text.splitlines()[2].partition("`: ")[2]


def reported(deployment: Deployment, operation: str, *arguments: str, **environment: str) -> Report:
    """Runs a command that writes a report, which must be one whatever the command came to."""
    out = deployment.files / "out"
    summary = deployment.files / "summary.md"
    shutil.rmtree(out, ignore_errors=True)
    summary.write_text("")
    environment = {"GITHUB_STEP_SUMMARY": str(summary), **environment}
    run = deployment.run(operation, "--out", str(out), *arguments, timeout=240, **environment)
    assert "Traceback" not in run.text
    text = (out / "comment.md").read_text()
    match = marker_of(text)
    assert match
    assert match["stack"] == deployment.name
    assert len(text.encode()) <= LIMIT
    assert text in summary.read_text()
    return Report(run, text, summary.read_text())


def quoting_pack(directory: Path) -> Path:
    """The pack that quotes every secret, with the interpreter of this run."""
    pack = directory / "quoting_pack"
    if not pack.exists():
        shutil.copytree(Path(__file__).parent / "quoting_pack", pack)
        options = f"{{ name: python, options: {{ virtualenv: {sys.prefix} }} }}"
        (pack / "PulumiPolicy.yaml").write_text(f"runtime: {options}\nversion: 1.2.3\n")
        (pack / "config").mkdir()
        for environment in ("development", "staging", "production"):
            (pack / "config" / f"{environment}.json").write_text("{}")
    return pack
