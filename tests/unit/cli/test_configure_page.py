"""The commands of docs/configure.md, run in order in an empty project, and what they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.configurations import ROOT

PAGE = (ROOT / "docs" / "configure.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    return tmp_path


def run(project: Path, command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=project,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_commands_print_what_the_page_shows(project: Path) -> None:
    printed, compared = "", 0
    for kind, text in BLOCKS:
        if kind == "sh":
            printed = run(project, text)
        if kind == "text":
            # A line of dots stands for what is left out.
            for part in text.split("\n...\n"):
                assert part.rstrip("\n") in printed
                compared += 1
    assert compared == 5


def test_the_first_line_is_that_of_the_stack_files() -> None:
    (line,) = [text for kind, text in BLOCKS if kind == "yaml"]
    for path in ROOT.glob("stacks/*.yaml"):
        assert path.read_text().startswith(line)


def test_every_option_of_init_is_on_the_page(project: Path) -> None:
    shown = run(project, "secure-redis init --help")
    options = set(re.findall(r"^  (--[a-z-]+)", shown, re.MULTILINE))
    assert len(options) > 14
    assert options - set(re.findall(r"--[a-z-]+", PAGE)) == {"--project", "--name"}
