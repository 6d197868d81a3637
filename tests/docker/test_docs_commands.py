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

ROOT = Path(__file__).resolve().parents[2]
STACK = "docs"
PAGES = ("README.md", "docs/connect.md", "docs/docker.md")
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
    printed = {page: run_page(clone, page) for page in PAGES}
    screen = printed["README.md"][0]
    assert screen.splitlines()[-1] == "PONG"
    assert f"make -s url STACK={STACK}" in screen
    assert any(out.strip().endswith("PONG") for out in printed["docs/connect.md"])


def test_the_checkout_stays_as_it_was(clone):
    """`up` writes no salt and reformats nothing in a stack file that is committed."""
    project, _ = clone
    for path in ROOT.glob("stacks/*.yaml"):
        assert (project / "stacks" / path.name).read_text() == path.read_text()
