"""`secure-redis doctor`, and what it says at the end of `up`.

The servers are Redis itself on loopback; the engine is a script. Nothing here needs Docker.
"""

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from secure_redis.cli import doctor as command
from secure_redis.cli import engine
from secure_redis.cli import stack as stacks
from secure_redis.cli.engine import Stack
from secure_redis.cli.env import connections
from secure_redis.cli.main import main
from secure_redis.connection import CaSource, Connection
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.report import Counts, Finding, Report, Status

from tests.unit.doctor import started
from tests.unit.doctor.issued import authority, issue
from tests.unit.rendering import samples

PASSWORD = samples.PASSWORD
CA = authority()
SERVER = issue("cache", CA, names=["127.0.0.1", "localhost"])
RIGHTS = "+@all -@admin -@dangerous +info"
HEALTHY = (
    "user default off",
    f"user app on >{PASSWORD} ~* &* {RIGHTS} +acl|dryrun",
    "maxmemory 64mb",
    "maxmemory-policy allkeys-lru",
)

ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> "$ANSWERS/calls"
case "$*" in
  "stack output"*) cat "$ANSWERS/outputs" ;;
  "stack export"*) cat "$ANSWERS/state" ;;
esac
"""


@pytest.fixture(scope="module")
def healthy() -> Iterator[int]:
    with started.redis(SERVER, *HEALTHY, ca=CA) as port:
        yield port


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[int]:
    """A Redis as many a tutorial starts it: no TLS, no password."""
    with started.redis(None, "protected-mode no", "maxmemory 64mb") as port:
        yield port


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables of the machine, and a state directory of the test's own."""
    for name in list(os.environ):
        if "REDIS" in name.upper() or name in {"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("SECURE_REDIS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")


def doctor(*arguments: str, stdin: str | None = None) -> Result:
    done = CliRunner().invoke(main, ["doctor", *arguments], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert PASSWORD not in done.output
    return done


def url(port: int, scheme: str = "rediss") -> str:
    return f"{scheme}://app:{PASSWORD}@127.0.0.1:{port}/0"


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_text(CA.pem)
    return file


# --- where it looks -------------------------------------------------------------------------


def test_a_healthy_endpoint(healthy: int, ca: Path) -> None:
    done = doctor("--url-stdin", "--ca", str(ca), stdin=url(healthy))
    assert done.exit_code == 0, done.output
    assert "standard input" in done.output
    assert "ok: 0 failed, 0 warnings" in done.output


def test_a_warning(healthy: int, ca: Path) -> None:
    text = url(healthy).replace("/0", "/3")
    done = doctor("--url-stdin", "--ca", str(ca), stdin=text)
    assert done.exit_code == 1
    assert "another database than 0" in done.output


def test_a_failure(open_to_all: int) -> None:
    done = doctor("--url-stdin", stdin=f"redis://127.0.0.1:{open_to_all}/0")
    assert done.exit_code == 2
    assert "the connection has no TLS" in done.output


def test_the_environment(healthy: int, ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_REDIS_URL", url(healthy))
    monkeypatch.setenv("SHOP_REDIS_SSL_CA_CERTS", str(ca))
    done = doctor("--prefix", "SHOP", "--json")
    report = json.loads(done.output)
    assert (done.exit_code, report["verdict"], report["subject"]) == (0, "ok", "environment")
    done = doctor()
    assert done.exit_code == 3
    assert "--prefix SHOP" in done.output


def test_a_file(healthy: int, ca: Path, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"REDIS_URL={url(healthy)}\nREDIS_SSL_CA_CERTS=ca.pem\n")
    file.chmod(0o600)
    assert doctor("--env-file", str(file)).exit_code == 0
    file.chmod(0o644)
    done = doctor("--env-file", str(file), "--json")
    assert done.exit_code == 2
    troubles = [one for one in json.loads(done.output)["findings"] if one["problem"]]
    assert [one["problem"] for one in troubles] == ["env-file-readable-by-others"]
    assert troubles[0]["where"] == str(file)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "there is no REDIS_URL"),
        (("--env-file", "/nowhere/.env"), "/nowhere/.env: no such file or directory"),
        (("--url-stdin",), "there is no URL"),
        (("--url-stdin", "--env-file", "x"), "exclude each other"),
        (("--cache", "x"), "need --stack"),
        (("--all",), "need --stack"),
        (("--prefix", "a-b"), "letters, digits and _ only"),
        (("--prefix", "X", "--url-stdin"), "--prefix is for"),
        (("--stack", "x"), "has no Pulumi.yaml"),
        (("--tls-profile", "ancient"), "'ancient' is not one of"),
        (("--password", "x"), "No such option"),
        (("--url", "x"), "No such option"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_code_3(
    arguments: tuple[str, ...], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = doctor(*arguments, stdin="")
    assert done.exit_code == 3
    assert len(done.output.splitlines()) == 1
    assert text in done.output


def test_no_option_takes_a_secret() -> None:
    for parameter in command.doctor.params:
        assert not {"password", "url", "token", "secret"} & set(parameter.name.split("_")) or (
            parameter.name == "url_stdin"
        )


def test_standard_input_that_is_no_text() -> None:
    done = CliRunner().invoke(main, ["doctor", "--url-stdin"], input=b"\xff\xfe\x80")
    assert done.exit_code == 3
    assert "no text" in done.output


# --- what it writes -------------------------------------------------------------------------


def test_json_is_all_there_is_on_standard_output(open_to_all: int) -> None:
    done = doctor("--url-stdin", "--json", stdin=f"redis://127.0.0.1:{open_to_all}/0")
    assert Report.model_validate_json(done.stdout).exit_code == done.exit_code == 2


def test_files_beside_the_table(healthy: int, ca: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("junit", "sarif", "html")}
    options = [text for kind, file in files.items() for text in (f"--{kind}", str(file))]
    done = doctor("--url-stdin", "--ca", str(ca), *options, stdin=url(healthy))
    assert done.exit_code == 0
    assert "ok: 0 failed" in done.output
    contents = {kind: file.read_text() for kind, file in files.items()}
    assert contents["junit"].startswith("<?xml")
    assert json.loads(contents["sarif"])["version"] == "2.1.0"
    assert contents["html"].lstrip().lower().startswith("<!doctype html>")
    assert not any(PASSWORD in text for text in contents.values())


def test_a_file_that_cannot_be_written(open_to_all: int) -> None:
    done = doctor(
        "--url-stdin", "--html", "/nowhere/x.html", stdin=f"redis://127.0.0.1:{open_to_all}/0"
    )
    assert done.exit_code == 3
    assert "/nowhere/x.html: No such file or directory" in done.output


def test_a_defect_is_no_verdict_and_shows_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def diagnose(given: Any, options: Any) -> Report:
        raise ValueError(given.endpoint.password)

    monkeypatch.setattr("secure_redis.doctor.run.diagnose", diagnose)
    done = doctor("--url-stdin", stdin=url(1))
    assert done.exit_code == 3
    assert re.fullmatch(
        r"Error: a defect of the doctor: ValueError at test_command\.py:\d+\n", done.output
    )


def test_options_reach_the_examination(
    healthy: int, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def diagnose(given: Any, options: Any) -> Report:
        seen.append((given, options))
        return report()

    monkeypatch.setattr("secure_redis.doctor.run.diagnose", diagnose)
    options = ["--negative", "--tls-profile", "fips", "--key-prefix", "shop:"]
    done = doctor(
        "--url-stdin", "--ca", str(ca), *options, "--sentinel-service", "mymaster", stdin=url(1)
    )
    assert done.exit_code == 0
    ((given, asked),) = seen
    assert (asked.negative, asked.profile.value, asked.key_prefix) == (True, "fips", "shop:")
    assert given.endpoint.sentinel_service == "mymaster"
    assert given.endpoint.ca_pem == CA.pem
    assert asked.state.parent == engine.state_dir() / "doctor"
    assert stat.S_IMODE(asked.state.parent.stat().st_mode) == 0o700


# --- stacks ---------------------------------------------------------------------------------


@dataclass
class World:
    """A project whose engine answers what a test says."""

    project: Path
    answers: Path

    def holds(self, connections: dict[str, Connection], *resources: dict[str, Any]) -> None:
        exported = {name: one.to_dict() for name, one in connections.items()}
        (self.answers / "outputs").write_text(json.dumps({"connections": exported}))
        state = {"deployment": {"resources": list(resources)}}
        (self.answers / "state").write_text(json.dumps(state))

    def says(self, **settings: Any) -> None:
        config = {f"secure-redis:{key}": value for key, value in settings.items()}
        file = self.project / "stacks" / "Pulumi.local.yaml"
        file.write_text(yaml.safe_dump({"config": config}))

    @property
    def stack(self) -> Stack:
        return engine.find("local", self.project)

    def doctor(self, *arguments: str, stdin: str | None = None) -> Result:
        return doctor("--stack", "local", "--project", str(self.project), *arguments, stdin=stdin)

    def up(self) -> Result:
        return CliRunner().invoke(main, ["up", "--project", str(self.project)])


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    programs, project, answers = (tmp_path / name for name in ("bin", "project", "answers"))
    for directory in (programs, project / "stacks", answers, tmp_path / "backend"):
        directory.mkdir(parents=True)
    (programs / "pulumi").write_text(ENGINE)
    (programs / "pulumi").chmod(0o755)
    (project / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("ANSWERS", str(answers))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}")
    found = World(project, answers)
    found.says(
        target="docker", environment="development", caches={"cache": {"persistence": "none"}}
    )
    return found


def contract(port: int, **changes: Any) -> Connection:
    connection = Connection(
        target="docker",
        engine="redis",
        host="127.0.0.1",
        port=port,
        tls=True,
        username="app",
        password=PASSWORD,
        ca_pem=CA.pem,
        ca_source=CaSource.LOCAL,
        rotate_by="2099-01-01T00:00:00Z",
    )
    return replace(connection, **changes)


def urn(name: str, kind: str, parents: str = "") -> str:
    return f"urn:pulumi:local::secure-redis::{parents}{kind}::{name}"


COMPONENT = "secure-redis:index:SecureRedis"


def test_a_cache_of_a_stack(world: World, healthy: int) -> None:
    world.holds({"cache": contract(healthy)})
    done = world.doctor("--json")
    found = json.loads(done.output)
    assert done.exit_code == 0, done.output
    assert found["subject"] == "cache of stack local"
    assert (found["target"], found["environment"]) == ("docker", "development")


def test_every_cache_of_a_stack_side_by_side(world: World, healthy: int) -> None:
    with started.dropping() as black_hole:
        names = ("a", "b", "c")
        caches = {name: contract(black_hole, password=PASSWORD) for name in names}
        world.holds({**caches, "cache": contract(healthy)})
        begun = time.monotonic()
        done = world.doctor("--all", "--json")
        assert time.monotonic() - begun < 10
    reports = json.loads(done.output)
    assert [one["subject"] for one in reports] == [
        f"{name} of stack local" for name in ("a", "b", "c", "cache")
    ]
    assert [one["verdict"] for one in reports] == ["failed"] * 3 + ["ok"]
    assert done.exit_code == 2


def test_a_file_is_compared_with_the_stack(world: World, healthy: int, tmp_path: Path) -> None:
    """The current password opens; the former one, which the file has, is what the stack has not."""
    world.holds({"cache": contract(healthy, password="Newer" * 9)})
    file = tmp_path / ".env"
    (tmp_path / "ca.pem").write_text(CA.pem)
    file.write_text(f"REDIS_URL={url(healthy)}\nREDIS_SSL_CA_CERTS=ca.pem\n")
    file.chmod(0o600)
    done = world.doctor("--env-file", str(file), "--json")
    found = json.loads(done.output)
    problems = [one["problem"] for one in found["findings"] if one["status"] == "failed"]
    assert problems == ["credential-differs"]
    assert "Newer" not in done.output
    assert found["subject"] == str(file)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--cache", "cahce"), "Did you mean cache?"),
        (("--cache", "cache", "--all"), "exclude each other"),
        (("--all", "--url-stdin"), "leave --env-file or --url-stdin out"),
        (("--prefix", "X"), "--prefix is for"),
    ],
)
def test_what_is_not_in_the_stack(world: World, arguments: tuple[str, ...], text: str) -> None:
    world.holds({"cache": contract(1)})
    done = world.doctor(*arguments)
    assert done.exit_code == 3
    assert text in done.output


def test_a_stack_that_is_not_up(world: World) -> None:
    (world.answers / "outputs").write_text("{}")
    done = world.doctor()
    assert done.exit_code == 3
    assert "is not up. Run: make up" in done.output


def test_the_settings_that_the_stack_declares(world: World) -> None:
    world.says(
        target="docker",
        environment="staging",
        caches={"cache": {}, "jobs": {"purpose": "queue", "tlsProfile": "fips"}},
    )
    environment, settings, exceptions = command.declared_settings(world.stack)
    assert (environment, exceptions) == ("staging", {})
    assert settings["cache"]["mode"] == "tls"
    assert settings["cache"]["evictionPolicy"] == "allkeys-lru"
    assert settings["jobs"]["evictionPolicy"] == "noeviction"
    assert settings["jobs"]["tlsProfile"] == "fips"


def test_encrypted_settings_are_no_obstacle_and_no_settings(world: World) -> None:
    external = {"host": "h.example", "port": 6380, "password": {"secure": "v1:abcdefgh"}}
    world.says(
        target="external",
        environment="development",
        caches={"cache": {"external": external, "purpose": "sessions"}},
    )
    environment, settings, _ = command.declared_settings(world.stack)
    assert environment == "development"
    assert settings["cache"]["purpose"] == "sessions"
    assert "external" not in settings["cache"]


def test_a_stack_file_that_up_would_refuse(world: World) -> None:
    world.says(target="docker", environment="staging", caches={"cache": {"purpos": "queue"}})
    assert command.declared_settings(world.stack) == ("staging", {}, {})


def test_a_cache_s_profile_is_the_default(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        "secure_redis.doctor.run.diagnose", lambda _, options: seen.append(options) or report()
    )
    world.says(target="docker", environment="staging", caches={"cache": {"tlsProfile": "fips"}})
    world.holds({"cache": contract(1)})
    world.doctor()
    world.doctor("--tls-profile", "modern")
    assert [one.profile.value for one in seen] == ["fips", "modern"]


def test_resources_of_one_cache_and_of_nothing_else() -> None:
    cache, queue = urn("cache", COMPONENT), urn("queue", COMPONENT)
    inner = urn("queue", "docker:index/container:Container", f"{COMPONENT}$x:y:Z$")
    middle = urn("queue", "x:y:Z", f"{COMPONENT}$")
    network = urn("network", "secure-redis:index:DockerNetwork")
    resources = [
        {"urn": cache},
        {"urn": queue},
        {"urn": middle, "parent": queue},
        {"urn": inner, "parent": middle},
        {"urn": network},
    ]
    names = ["cache", "queue"]
    found = command.of_cache(resources, "cache", names)
    assert [one["urn"] for one in found] == [cache, network]
    found = command.of_cache(resources, "queue", names)
    assert [one["urn"] for one in found] == [queue, middle, inner, network]


# --- at the end of `up` ---------------------------------------------------------------------


def finding(problem: str, status: Status, check: str = "D04") -> Finding:
    about = CHECKS[check]
    return Finding(
        check=check,
        layer=about.layer,
        title=about.title,
        status=status,
        problem=problem,
        observed="seen",
    )


def report(*findings: Finding, target: str = "aws") -> Report:
    statuses = [one.status for one in findings]
    verdict = next((one for one in (Status.FAILED, Status.WARNING) if one in statuses), Status.OK)
    return Report(
        tool="secure-redis",
        started_at="2027-01-01T00:00:00Z",
        seconds=0.1,
        subject="cache",
        endpoint="rediss://h:1/0",
        target=target,
        environment="development",
        verdict=verdict,
        counts=Counts(
            ok=20, failed=statuses.count(Status.FAILED), warning=statuses.count(Status.WARNING)
        ),
        findings=findings,
    )


AWAY = ["cache: not reachable from here; run it from the application's network"]


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("D03", "name-unknown"),
        ("D03", "name-slow"),
        ("D04", "port-silent"),
        ("D04", "host-unreachable"),
        ("D04", "port-refused"),
    ],
)
def test_a_private_network_s_cache_is_not_reachable_from_here(check: str, problem: str) -> None:
    found = finding(problem, Status.FAILED, check)
    for target in ("aws", "azure", "gcp"):
        assert command.closing_line(report(found, target=target)) == AWAY
    for target in ("docker", "external"):
        assert command.closing_line(report(found, target=target)) != AWAY


def test_what_is_more_than_a_private_network() -> None:
    found = finding("wrong-password", Status.FAILED, "D13")
    (line,) = command.closing_line(report(found))
    assert line.startswith("cache: FAILED: D13 the server refuses the user or the password")


def test_all_is_well_at_the_end() -> None:
    twice = finding("", Status.OK, "D24")
    found = (finding("", Status.OK, "D13"), twice, twice, finding("", Status.SKIPPED, "D12"))
    assert command.closing_line(report(*found)) == ["cache: ok (2 checks passed, 1 skipped)"]


def test_every_problem_has_a_line_at_the_end() -> None:
    lines = command.closing_line(
        report(
            finding("wrong-password", Status.FAILED, "D13"),
            finding("rotation-due", Status.WARNING, "D21"),
        )
    )
    assert lines == [
        "cache: 1 failed, 1 to look into",
        "  D13 the server refuses the user or the password (failed)",
        "  D21 the password is older than it may be (warning)",
    ]


def test_the_screen_at_the_end_of_up(world: World, healthy: int) -> None:
    closed = started.free_port()
    world.holds({"cache": contract(healthy), "queue": contract(closed)})
    done = world.up()
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    start = next(number for number, line in enumerate(lines) if "the doctor:" in line)
    assert lines[start].startswith("  the doctor: cache: ok (")
    assert lines[start + 1] == ("              queue: FAILED: D04 the connection is refused")
    assert lines[start + 2] == "              make doctor   looks again, and says more"
    assert lines[start - 1].startswith("  for an app: make env")
    assert PASSWORD not in done.output


def test_the_screen_names_the_stack(world: World) -> None:
    named = replace(world.stack, name="prod")
    screen = stacks.doctor_screen(["cache: ok", "queue: ok"], named)
    assert "make doctor STACK=prod   looks" in screen
    assert "\n              queue: ok\n" in screen


def test_a_doctor_that_cannot_run_fails_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.holds({"cache": contract(1)})
    (world.answers / "state").write_text("no JSON")
    assert command.closing_lines(world.stack, connections(world.stack)) == [
        "could not run: what pulumi printed of the stack local is no JSON"
    ]
    monkeypatch.setitem(sys.modules, "secure_redis.doctor.run", None)
    world.holds({"cache": contract(1)})
    assert command.closing_lines(world.stack, connections(world.stack))[0].startswith(
        "could not run: "
    )
    done = world.up()
    assert done.exit_code == 0
    assert "could not run" in done.output


# --- what other commands pay for it ----------------------------------------------------------


def loaded(program: str) -> set[str]:
    script = f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "program", ["import secure_redis", "import secure_redis.cli.main", "import secure_redis.stack"]
)
def test_what_examines_is_imported_when_it_is_needed(program: str) -> None:
    modules = loaded(program)
    assert not {"hiredis", "rich", "jinja2"} & modules
    assert not {"secure_redis.doctor.run", "secure_redis.doctor.sources"} & modules
    assert not any(name.startswith("secure_redis.posture") for name in modules)


def test_examining_alone_brings_no_table_and_no_page() -> None:
    modules = loaded(
        "import os\n"
        "os.environ['REDIS_URL'] = 'redis://127.0.0.1:1/0'\n"
        "from secure_redis.cli import doctor\n"
        "from secure_redis.doctor.sources import OwnFiles\n"
        "doctor.examine([doctor.outside(OwnFiles(), None, '', url_stdin=False)])"
    )
    assert "hiredis" in modules
    assert not {"jinja2", "rich"} & modules
