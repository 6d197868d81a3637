"""docs/module.md, as a first-time reader follows it: in an empty directory, with the page alone.

Three things are not as on the page. The package comes from this working tree, as a tag of a git
repository on this machine; Pulumi is there already, as the toolchain prepared it; and what others
on the machine may have is named apart: stack, port and image.
"""

import importlib
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from docker.models.containers import Container
from dotenv import dotenv_values
from harness import engine, free_port, redacted, remember_secret
from secure_redis.configuration import InvalidArguments, cache_from_args
from secure_redis.docker.images import candidates
from secure_redis.settings import Target

from examples import module_source

PAGE = module_source.REPOSITORY / "docs" / "module.md"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"`([\w.]+\.(?:yaml|txt|py))`")
SECONDS = 240

# A virtual environment is filled by pip, from the package index.
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Block:
    """A block of the page."""

    kind: str
    text: str
    before: str
    """The paragraph that leads to it."""


def blocks() -> list[Block]:
    page, end, found = PAGE.read_text(), 0, []
    for match in FENCED.finditer(page):
        leading = page[end : match.start()].strip().split("\n\n")[-1]
        found.append(Block(match[1], match[2], leading))
        end = match.end()
    return found


def files() -> dict[str, str]:
    """The files that the page has its reader write: the paragraph names them, and ends so."""
    found = {}
    for block in blocks():
        names = FILE_NAME.findall(block.before)
        if block.kind != "sh" and names and block.before.endswith(":"):
            found[names[-1]] = block.text
    return found


def commands() -> list[str]:
    return [block.text for block in blocks() if block.kind == "sh"]


def screens() -> dict[int, str]:
    """What the page shows right after a block of commands, by the number of that block."""
    found, number, last = {}, -1, ""
    for block in blocks():
        number += block.kind == "sh"
        if block.kind == "text" and last == "sh" and not block.before:
            found[number] = block.text
        last = block.kind
    return found


class Shell:
    """One shell, in which the blocks of commands run one after the other."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self._end = f"end of block {secrets.token_hex(8)}"
        self._process = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=directory,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, block: str) -> str:
        """What the block prints. Fails if one of its commands does."""
        assert self._process.stdin
        assert self._process.stdout
        # Its own input is the script: the commands shall have none.
        self._process.stdin.write(f"{{\n{block}}} </dev/null\necho; echo '{self._end}'\n")
        self._process.stdin.flush()
        watch = threading.Timer(SECONDS, self._process.kill)
        watch.start()
        printed = []
        for line in self._process.stdout:
            if line.strip() == self._end:
                watch.cancel()
                return "".join(printed)
            printed.append(line)
        watch.cancel()
        raise AssertionError(f"{block}\n{redacted(''.join(printed))[-3000:]}")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


@dataclass
class Visit:
    """What a reader of the page has done and seen."""

    directory: Path
    stack: str
    printed: list[str] = field(default_factory=list)
    basket: Any = None
    packages: set[str] = field(default_factory=set)
    modes: dict[str, int] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    in_docker: list[str] = field(default_factory=list)
    seconds: float = 0.0


def environment() -> dict[str, str]:
    """That of somebody who has Pulumi, and nothing else of what the tests were started with."""
    kept = {"PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK"}
    # The toolchain's plugins are all that there is on a machine without Pulumi's download site.
    kept.add("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION")
    found = {
        name: value
        for name, value in os.environ.items()
        if name in kept or not name.startswith(("PULUMI_", "PYTEST_", "SECURE_REDIS_", "VIRTUAL_"))
    }
    path = found["PATH"].split(os.pathsep)
    found["PATH"] = os.pathsep.join(part for part in path if not part.startswith(sys.prefix))
    return found


def image() -> str:
    """The image on this machine: made here, or the official one."""
    cache = cache_from_args("cache", {"environment": "development"}, Target.DOCKER).cache
    there = [name for name in candidates(cache) if engine().images.list(name)]
    return [*there, *candidates(cache)][0]


def adapted(block: str, stack: str, port: int) -> str:
    """The block with names of its own for what others on the machine may have too."""
    block = re.sub(r"\bdev$", stack, block, flags=re.MULTILINE)
    block = re.sub(r"\bdev(?= )", stack, block)
    block = block.replace("docker.port 6390", f"docker.port {port}")
    return re.sub(r"(docker\.image) \S+", rf"\1 {image()}", block)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    url = module_source.git_repository(tmp_path_factory.mktemp("release"), "v0.1.0")
    visit = Visit(tmp_path_factory.mktemp("shop"), f"dev{secrets.token_hex(3)}")
    for name, text in files().items():
        address = "git+https://github.com/your-organization/secure-redis"
        assert (address in text) == (name == "requirements.txt")
        (visit.directory / name).write_text(text.replace(address, url))
    shell = Shell(visit.directory, environment())
    try:
        follow(visit, shell)
        yield visit
    finally:
        shell.close()
        remove_by_force(visit)


def follow(visit: Visit, shell: Shell) -> None:
    port, begin = free_port(), time.monotonic()
    for block in commands():
        visit.printed.append(shell.run(adapted(block, visit.stack, port)))
        if "secure-redis env" in block:
            look(visit)
    visit.seconds = time.monotonic() - begin


def look(visit: Visit) -> None:
    """Uses what the reader has in the middle of the page: a cache, and how to connect to it."""
    folder = visit.directory / "connection"
    variables = dotenv_values(folder / ".env")
    visit.secrets = {variables["REDIS_PASSWORD"] or "", variables["REDIS_URL"] or ""}
    for secret in visit.secrets:
        remember_secret(secret)
    visit.modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    authority = str(folder / "ca.pem")
    with redis.Redis.from_url(variables["REDIS_URL"] or "", ssl_ca_certs=authority) as server:
        server.set("basket", "full")
        visit.basket = server.get("basket")
    (packages,) = visit.directory.glob("venv/lib/python3.*/site-packages")
    visit.packages = {path.name for path in packages.iterdir()}
    visit.in_docker = [str(thing.name) for thing in things_of(visit)]


def things_of(visit: Visit) -> list[Any]:
    """Containers, volumes and networks of the reader's stack, in the order of their removal."""
    docker, names = engine(), {"name": f"shop.{visit.stack}"}
    return [
        *docker.containers.list(all=True, filters=dict(names), ignore_removed=True),
        *docker.volumes.list(filters=dict(names)),
        *docker.networks.list(filters=dict(names)),
    ]


def remove_by_force(visit: Visit) -> None:
    """Takes away what a visit that broke off has left behind."""
    for thing in things_of(visit):
        thing.remove(**({"force": True} if isinstance(thing, Container) else {}))


def test_the_reader_writes_three_files() -> None:
    assert list(files()) == ["Pulumi.yaml", "requirements.txt", "__main__.py"]


def test_each_command_succeeds_and_shows_what_the_page_shows(
    visit: Visit, record_property: Callable[[str, str], None]
) -> None:
    record_property("measured", f"docs/module.md, all its commands: {visit.seconds:.0f} s")
    assert len(visit.printed) == len(commands())
    shown = screens()
    assert len(shown) == 2
    for number, text in shown.items():
        assert plain(text) in plain(visit.printed[number])


def plain(text: str) -> str:
    """A screen without what differs from run to run and from terminal to terminal."""
    return re.sub(r"\d+", "0", " ".join(text.split()))


def test_the_package_comes_from_the_tag_with_its_extras_and_no_sdk_of_a_cloud(visit: Visit) -> None:
    (installed,) = [name for name in visit.packages if re.match(r"secure_redis-.*dist-info", name)]
    (packages,) = visit.directory.glob("venv/lib/python3.*/site-packages")
    origin = json.loads((packages / installed / "direct_url.json").read_text())
    assert origin["subdirectory"] == "components"
    assert origin["vcs_info"]["requested_revision"] == "v0.1.0"
    assert {name for name in visit.packages if re.fullmatch(r"pulumi_[a-z_]+", name)} == {
        "pulumi_docker",
        "pulumi_random",
        "pulumi_tls",
    }


def test_the_reader_has_a_cache_that_works(visit: Visit) -> None:
    assert visit.basket == b"full"
    # Three containers, two volumes, a network.
    assert len(visit.in_docker) == 6


def test_the_doctor_finds_nothing(visit: Visit) -> None:
    (number,) = [n for n, block in enumerate(commands()) if "secure-redis doctor" in block]
    last = visit.printed[number].strip().splitlines()[-1]
    assert last.startswith("ok: 0 failed, 0 warnings, ")


def test_what_is_secret_is_in_files_for_the_reader_alone(visit: Visit) -> None:
    assert visit.modes[".env"] == 0o600
    assert len(visit.secrets) == 2
    printed = "".join(visit.printed)
    assert len([secret for secret in visit.secrets if secret in printed]) == 0


def test_nothing_is_left(visit: Visit) -> None:
    assert [thing.name for thing in things_of(visit)] == []
    assert list(visit.directory.glob("state/.pulumi/stacks/*/*.json")) == []


def test_mistakes_are_told_as_the_page_shows_them() -> None:
    (shown,) = [block.text for block in blocks() if block.text.startswith("error: ")]
    mistaken: Any = {
        "environment": "development",
        "purpose": "queue",
        "eviction_policy": "allkeys-lru",
        "memory_gb": 0,
    }
    with pytest.raises(InvalidArguments) as raised:
        cache_from_args("cache", mistaken, Target.DOCKER)
    assert f"error: {raised.value}\n" == shown


def test_the_program_for_a_cloud_registers_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the monitor of the unit tests: every part in the region of the provider."""
    monkeypatch.syspath_prepend(str(module_source.REPOSITORY / "tests" / "unit" / "package"))
    package_monitor = importlib.import_module("package_monitor")
    (program,) = [b.text for b in blocks() if b.kind == "python" and "pulumi_aws" in b.text]
    world = package_monitor.succeed(lambda: exec(compile(program, str(PAGE), "exec"), {}))
    (provider,) = [r for r in world.made if r.type == "pulumi:providers:aws"]
    parts = [r for r in world.made if r.type.startswith("aws:")]
    assert len(parts) > 20
    assert {r.request.provider.rpartition("::")[0] for r in parts} == {provider.urn}
    assert world.exports["secret"]["kind"] == "aws-secrets-manager"
    assert world.exports["policy"].startswith("arn:aws:iam::")
