"""Every command in the pages, run as a newcomer would: in a fresh copy, with a state of its own."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[2]
STACK = "docs"
PAGES = ("README.md", "docs/connect.md", "docs/doctor.md", "docs/docker.md", "docs/ci.md")
SECONDS = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def newcomers_environment(state: Path) -> dict[str, str]:
    """Without what this test itself was started with: engine, backend and passphrase."""
    cache = os.environ.get("SECURE_REDIS_CACHE_DIR", str(Path.home() / ".cache" / "secure-redis"))
    ours = (sys.prefix, cache)
    path = os.pathsep.join(
        p for p in os.environ["PATH"].split(os.pathsep) if not p.startswith(ours)
    )
    plain = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PULUMI_", "PYTEST_", "MAKE", "MFLAGS")) and key != "VIRTUAL_ENV"
    }
    return {**plain, "PATH": path, "STACK": STACK, "SECURE_REDIS_STATE_DIR": str(state)}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    project = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    # The same stack under another name and port: the user's own may be up.
    text = (project / "stacks" / "Pulumi.local.yaml").read_text()
    text = text.replace("purpose: cache", f"purpose: cache, docker: {{ port: {free_port()} }}")
    (project / "stacks" / f"Pulumi.{STACK}.yaml").write_text(text)
    environ = newcomers_environment(tmp_path_factory.mktemp("state"))
    try:
        yield project, environ
    finally:
        script(project, environ, "make down")


def script(project: Path, environ: dict[str, str], text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=project,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )


def blocks(page: str) -> list[str]:
    found = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [block.replace("--stack local", f"--stack {STACK}") for block in found]


def screens(page: str) -> list[tuple[int, str]]:
    """What the page shows of a block's output: the block's number, and what stands after it."""
    kinds = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    found, number = [], -1
    for (before, _), (kind, text) in zip([("", ""), *kinds], kinds, strict=False):
        number += kind == "sh"
        if kind == "text" and before == "sh":
            found.append((number, text))
    return found


def plain(text: str) -> str:
    """A screen without what differs from run to run and from terminal to terminal."""
    named = text.replace(f" STACK={STACK}", "").replace(f"stack {STACK}", "stack local")
    return re.sub(r"\d+", "0", " ".join(named.split()))


def run_page(clone: tuple[Path, dict[str, str]], page: str) -> list[str]:
    """Runs the blocks of a page in order; what each printed."""
    project, environ = clone
    printed = []
    for block in blocks(page):
        text = block
        if not block.startswith(("make", "./toolchain/run")):
            # These pages speak from within `make shell`.
            (project / "block.sh").write_text(block)
            text = f"./toolchain/run --stack {STACK} -- bash -euo pipefail block.sh"
        done = script(project, environ, text)
        assert done.returncode == 0, f"{page}:\n{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        printed.append(done.stdout)
    return printed


@pytest.mark.timeout(900)
def test_commands_in_the_pages(clone):
    printed: dict[str, list[str]] = {}
    for page in PAGES:
        printed[page] = run_page(clone, page)
        if page == "docs/doctor.md":
            # Later pages change the password.
            run_in_ci(*clone)
    screen = printed["README.md"][0]
    assert screen.splitlines()[-1] == "PONG"
    assert f"make -s url STACK={STACK}" in screen
    assert any(out.strip().endswith("PONG") for out in printed["docs/connect.md"])
    for page in ("README.md", "docs/doctor.md"):
        for number, shown in screens(page):
            # A line of dots stands for what is left out.
            for part in shown.split("\n...\n"):
                assert plain(part) in plain(printed[page][number])


def run_in_ci(project: Path, environ: dict[str, str]) -> None:
    """The step of docs/doctor.md, with the variables that the application has."""
    (block,) = re.findall(
        r"^```yaml\n(steps:.*?)^```",
        (ROOT / "docs" / "doctor.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    step = yaml.safe_load(block)["steps"][0]
    values = dotenv_values(project / "connection" / ".env")
    given = {name: values[name] or "" for name in step["env"]}
    for name, expression in step["env"].items():
        assert expression == f"${{{{ secrets.{name} }}}}"
    written = [project / f"doctor.{end}" for end in ("xml", "sarif", "html")]
    for path in written:
        path.unlink()
    (project / "step.sh").write_text(step["run"])
    command = f"./toolchain/run --stack {STACK} -- bash -euo pipefail step.sh"
    done = script(project, {**environ, **given}, command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [name for name, text in given.items() if text in done.stdout + done.stderr] == []
    assert "0 failed" in done.stdout
    assert all(path.stat().st_size for path in written)


def test_the_checkout_stays_as_it_was(clone):
    """`up` writes no salt and reformats nothing in a stack file that is committed."""
    project, _ = clone
    for path in ROOT.glob("stacks/*.yaml"):
        assert (project / "stacks" / path.name).read_text() == path.read_text()
