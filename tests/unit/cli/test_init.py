"""`secure-redis init`: what it writes is right, says what it does, and replaces nothing."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from pulumi import Output
from secure_redis.cli import new_stack, stack_file
from secure_redis.cli.main import main
from secure_redis.cli.new_stack import NewStack
from secure_redis.configuration import parse_stack
from secure_redis.effective import Kind, explain
from secure_redis.problems import ConfigurationError
from secure_redis.settings import Environment, Purpose, StackSettings, Target

from tests.unit.cli.configurations import KINDS, ROOT, kind_id
from tests.unit.cli.test_stack_schema import SCHEMA

REGIONS = {Target.AWS: "eu-west-1", Target.AZURE: "westeurope", Target.GCP: "europe-west1"}
SUBNET = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/n/providers/"
    "Microsoft.Network/virtualNetworks/shop/subnets/endpoints"
)


def options(target: Target, environment: Environment, purpose: Purpose) -> list[str]:
    """What has to be said where nobody can be asked."""
    said = ["--target", target.value, "--environment", environment.value]
    said += ["--cache", f"one={purpose.value}"]
    if target in REGIONS:
        said += ["--region", REGIONS[target]]
    if target is Target.GCP:
        said += ["--google-project", "shop-dev"]
    if target is Target.EXTERNAL:
        said += ["--host", "redis.example.com", "--port", "6380"]
    return said


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments])


def only(project: Path) -> Path:
    (path,) = project.glob("stacks/*")
    return path


def settings(text: str) -> tuple[StackSettings, dict[str, Any]]:
    """The settings in a stack file, and its keys; the password as its author would set it."""
    raw = stack_file.parse(Path("x"), text).own
    for cache in raw["caches"].values():
        if "external" in cache:
            cache["external"]["password"] = Output.from_input("")
    return parse_stack(raw), raw


DEFAULT_LINE = re.compile(r"^      # (?=[a-z][A-Za-z]*: \S+$)", re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS, ids=kind_id)
def test_every_kind_of_stack_is_right(project: Path, kind: Any) -> None:
    done = init(*options(*kind))
    assert done.exit_code == 0, done.output
    text = only(project).read_text()
    stack, raw = settings(text)
    assert (stack.target, stack.environment) == kind[:2]
    assert {name: cache.purpose for name, cache in stack.caches.items()} == {"one": kind[2]}
    config = dict(stack_file.parse(Path("x"), text).config)
    assert list(jsonschema.Draft7Validator(SCHEMA).iter_errors({"config": config})) == []
    assert all(len(line) <= 102 for line in text.splitlines())

    # The defaults in its comments are those that take effect.
    assert len(DEFAULT_LINE.findall(text)) >= (1 if kind[0] is Target.EXTERNAL else 5)
    _, uncommented = settings(DEFAULT_LINE.sub("      ", text))
    before = {value.path: value for value in explain(raw)}
    after = {value.path: value for value in explain(uncommented)}
    assert {p: v.value for p, v in after.items()} == {p: v.value for p, v in before.items()}
    said = [p for p, v in after.items() if v.kind is Kind.SET and before[p].kind is Kind.DEFAULT]
    assert len(said) == len(DEFAULT_LINE.findall(text))


@pytest.mark.parametrize("target", Target)
def test_the_password_of_an_endpoint_is_the_only_thing_that_is_left_to_do(
    project: Path, target: Target
) -> None:
    assert init(*options(target, Environment.PRODUCTION, Purpose.CACHE)).exit_code == 0
    path = only(project)
    done = CliRunner().invoke(main, ["explain-config", str(path)])
    if target is Target.EXTERNAL:
        assert "1 problem" in done.stderr
        (command,) = re.findall(r"^#   (pulumi config set .*)$", path.read_text(), re.MULTILINE)
        assert command.endswith("--path 'secure-redis:caches.one.external.password'")
    else:
        assert done.exit_code == 0, done.output


NAMES = [
    (Target.DOCKER, Environment.DEVELOPMENT, "local"),
    (Target.DOCKER, Environment.STAGING, "docker-staging"),
    (Target.AWS, Environment.PRODUCTION, "aws-prod"),
    (Target.GCP, Environment.DEVELOPMENT, "gcp-dev"),
]


@pytest.mark.parametrize(("target", "environment", "name"), NAMES)
def test_a_stack_gets_a_name(
    project: Path, target: Target, environment: Environment, name: str
) -> None:
    done = init(*options(target, environment, Purpose.CACHE))
    assert only(project).name == f"Pulumi.{name}.yaml"
    assert done.stdout.splitlines() == [
        f"wrote stacks/Pulumi.{name}.yaml",
        f"  what takes effect:  secure-redis explain-config stacks/Pulumi.{name}.yaml",
        f"  what it would make: make preview STACK={name}",
    ]


def test_the_schema_is_named_where_the_project_has_it(project: Path) -> None:
    given = options(Target.DOCKER, Environment.DEVELOPMENT, Purpose.CACHE)
    init(*given, "--name", "without")
    (project / "docs").mkdir()
    (project / "docs" / "stack.schema.json").write_text("{}")
    init(*given, "--name", "with")
    first = {path.name: path.read_text().splitlines()[0] for path in (project / "stacks").iterdir()}
    assert first == {
        "Pulumi.without.yaml": "# Development: a container on Docker.",
        "Pulumi.with.yaml": "# yaml-language-server: $schema=../docs/stack.schema.json",
    }
    assert (
        first["Pulumi.with.yaml"]
        == ((ROOT / "stacks" / "Pulumi.local.yaml").read_text().splitlines()[0])
    )


def test_several_caches_of_one_purpose_get_ports_of_their_own(project: Path) -> None:
    given = ["--target", "docker", "--environment", "production"]
    caches = ["--cache", "a", "--cache", "b=cache", "--cache", "queue", "--cache", "c"]
    assert init(*given, *caches).exit_code == 0
    stack, _ = settings(only(project).read_text())
    ports = {name: cache.docker.port for name, cache in stack.caches.items()}
    assert ports == {"a": None, "b": 6383, "queue": None, "c": 6384}
    assert stack.caches["queue"].purpose is Purpose.QUEUE
    # What a key is for is said once.
    assert only(project).read_text().count("# What the data is") == 1


EXISTING = [
    (
        Target.AWS,
        [
            *("--vpc-id", "vpc-0a1b2c3d", "--subnet-id", "subnet-0a1b2c3d"),
            *("--subnet-id", "subnet-1a2b3c4d", "--security-group-id", "sg-0a1b2c3d"),
        ],
        {"vpcId": "vpc-0a1b2c3d", "subnetIds": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]},
        {"securityGroupIds": ["sg-0a1b2c3d"]},
    ),
    (Target.AZURE, ["--subnet-id", SUBNET], {"subnetId": SUBNET}, None),
    (
        Target.GCP,
        ["--network-id", "projects/shop-dev/global/networks/shop"],
        {"networkId": "projects/shop-dev/global/networks/shop"},
        None,
    ),
]


@pytest.mark.parametrize(("target", "given", "adopted", "access"), EXISTING)
def test_a_network_that_exists(
    project: Path, target: Target, given: list[str], adopted: Any, access: Any
) -> None:
    done = init(*options(target, Environment.STAGING, Purpose.CACHE), *given)
    assert done.exit_code == 0, done.output
    _, raw = settings(only(project).read_text())
    assert raw["network"] == {"adopt": adopted}
    assert raw.get("access") == access


def test_a_network_that_exists_may_have_a_range_for_google(project: Path) -> None:
    given = options(Target.GCP, Environment.STAGING, Purpose.CACHE)
    network = ["--network-id", "projects/shop-dev/global/networks/shop"]
    done = init(*given, *network, "--range-name", "google-services")
    assert done.exit_code == 0, done.output
    _, raw = settings(only(project).read_text())
    assert raw["network"]["privateServices"] == {"rangeName": "google-services"}
    done = init(*given, "--name", "other", "--range-name", "google-services")
    assert "--range-name: no effect" in done.stderr


def test_without_a_terminal_all_missing_options_are_named(project: Path) -> None:
    done = init()
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--target, --environment are missing, and there is no terminal to ask" in done.stderr
    done = init("--target", "gcp", "--environment", "staging")
    assert "--region, --google-project are missing" in done.stderr
    done = init("--target", "external", "--environment", "staging", "--host", "h")
    assert "--port is missing" in done.stderr
    done = init("--target", "aws", "--environment", "staging", "--region", "x", "--vpc-id", "vpc-1")
    assert "--subnet-id, --cidr are missing" in done.stderr
    assert not (project / "stacks").exists()


REFUSED = [
    ("docker", ["--region", "x"], "--region: no effect"),
    ("docker", ["--cidr", "x"], "--cidr: no effect"),
    ("docker", ["--name", "../x"], "no name of a stack"),
    ("docker", ["--name", "a/b"], "no name of a stack"),
    ("docker", ["--cache", "A"], "caches.A: "),
    ("docker", ["--cache", "a=b"], "one of cache,"),
    ("docker", ["--cache", "a", "--cache", "a=queue"], "--cache names a twice"),
    ("docker", ["--environment", "prod"], "'prod' is not one of"),
    ("aws", ["--region", "eu-west-1a"], "aws:region: it names an availability zone"),
    ("aws", ["--region", "eu-west-1", "--cidr", "0.0.0.0/0"], "0.0.0.0/0 is the whole internet"),
    ("azure", ["--region", "West Europe"], "azure-native:location: it is the display name"),
    (
        "azure",
        ["--region", "westeurope", "--subnet-id", SUBNET, "--subnet-id", SUBNET],
        "--subnet-id can be given once on azure",
    ),
    (
        "gcp",
        ["--region", "europe-west1", "--google-project", "12345678"],
        "gcp:project: it is the number of a project",
    ),
    ("external", ["--port", "0"], "0 is not in the range"),
    ("external", ["--host", "h.example.com", "--port", "1", "--cache", "A"], "caches.A: "),
    ("external", ["--host", "h", "--port", "1", "--name", "x" * 101], "no name of a stack"),
]


@pytest.mark.parametrize(("target", "given", "words"), REFUSED)
def test_what_cannot_be_right_is_refused_and_nothing_written(
    project: Path, target: str, given: list[str], words: str
) -> None:
    done = init("--target", target, "--environment", "staging", *given)
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert not (project / "stacks").exists()


def test_a_directory_that_is_no_project(tmp_path: Path) -> None:
    done = init("--project", str(tmp_path), "--target", "docker", "--environment", "staging")
    assert done.exit_code == 2
    assert "has no Pulumi.yaml" in done.stderr


def test_a_file_that_is_there_stays_but_for_force(project: Path) -> None:
    given = options(Target.DOCKER, Environment.DEVELOPMENT, Purpose.CACHE)
    assert init(*given).exit_code == 0
    path = only(project)
    path.write_text("mine")
    done = init(*given)
    assert done.exit_code == 2
    assert (
        "Pulumi.local.yaml is there already. Choose another --name, or use --force." in done.stderr
    )
    assert path.read_text() == "mine"
    assert init(*given, "--force").exit_code == 0
    assert path.read_text() != "mine"
    assert only(project) == path


def test_a_folder_that_cannot_be_written(project: Path) -> None:
    (project / "stacks").write_text("a file")
    done = init(*options(Target.DOCKER, Environment.DEVELOPMENT, Purpose.CACHE))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_stack_that_cannot_be_right_has_no_text() -> None:
    wrong = NewStack(Target.AWS, Environment.STAGING, {"a": Purpose.CACHE}, region="")
    with pytest.raises(ConfigurationError) as caught:
        new_stack.text(wrong, stack="x")
    assert [p.path for p in caught.value.problems] == ["access", "aws:region"]


class Terminal:
    """The command on a terminal of its own, and what is typed there."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.shown = ""
        self._read = 0
        program = [sys.executable, "-c", "from secure_redis.cli.main import main; main()"]
        own, theirs = pty.openpty()
        self._terminal = own
        self._process = subprocess.Popen(
            [*program, "init", *arguments],
            cwd=project,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
        )
        os.close(theirs)

    def answer(self, question: str, text: str) -> None:
        """Types an answer as soon as the question is there."""
        end = time.monotonic() + 30
        while question not in self.shown[self._read :]:
            ready, _, _ = select.select([self._terminal], [], [], 0.1)
            if ready:
                self.shown += os.read(self._terminal, 4096).decode()
            assert time.monotonic() < end, self.shown
        self._read = len(self.shown)
        os.write(self._terminal, f"{text}\n".encode())

    def ended(self) -> int:
        """Its exit code."""
        # An error once the other end is closed.
        with suppress(OSError):
            while chunk := os.read(self._terminal, 4096):
                self.shown += chunk.decode()
        os.close(self._terminal)
        return self._process.wait(30)


def test_on_a_terminal_it_asks_for_what_is_missing(project: Path) -> None:
    """And again where an answer cannot be right."""
    terminal = Terminal(project, "--environment", "production")
    terminal.answer("Where does it run", "moon")
    terminal.answer("Where does it run", "aws")
    terminal.answer("Name of the stack [aws-prod]", "")
    terminal.answer("What is the data", "sessions")
    terminal.answer("Region, such as eu-west-1", "eu-west-1a")
    terminal.answer("Private network", "existing")
    terminal.answer("Id of the VPC", "vpc-0a1b2c3d")
    terminal.answer("Ids of its subnets (several with commas)", "subnet-0a1b2c3d, subnet-1a2b3c4d")
    terminal.answer("Networks of the applications (several with commas)", "10.1.0.0/16")
    terminal.answer("Region, such as eu-west-1", "eu-west-1")
    assert terminal.ended() == 0, terminal.shown
    assert "it names an availability zone, not a region" in terminal.shown
    stack, raw = settings(only(project).read_text())
    assert list(stack.caches) == ["sessions"]
    assert stack.caches["sessions"].purpose is Purpose.SESSIONS
    assert raw["network"] == {
        "adopt": {"vpcId": "vpc-0a1b2c3d", "subnetIds": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]}
    }
    assert raw["access"] == {"cidrs": ["10.1.0.0/16"]}


def test_on_a_terminal_a_container_takes_little(project: Path) -> None:
    terminal = Terminal(project)
    terminal.answer("Where does it run", "docker")
    terminal.answer("What is it for", "development")
    terminal.answer("Name of the stack [local]", "")
    terminal.answer("What is the data (cache, sessions, queue) [cache]", "")
    assert terminal.ended() == 0, terminal.shown
    assert "wrote stacks/Pulumi.local.yaml" in terminal.shown
    assert settings(only(project).read_text())[0].target is Target.DOCKER


def test_on_a_terminal_a_name_that_is_taken_is_asked_for_again(project: Path) -> None:
    given = options(Target.DOCKER, Environment.DEVELOPMENT, Purpose.CACHE)
    assert init(*given).exit_code == 0
    before = only(project).read_text()
    terminal = Terminal(project, *given)
    terminal.answer("Name of the stack [local]", "")
    terminal.answer("Name of the stack [local]", "../local")
    terminal.answer("Name of the stack [local]", "other")
    assert terminal.ended() == 0, terminal.shown
    assert "Pulumi.local.yaml is there already" in terminal.shown
    assert "is no name of a stack" in terminal.shown
    assert {path.name for path in project.glob("stacks/*")} == {
        "Pulumi.local.yaml",
        "Pulumi.other.yaml",
    }
    assert (project / "stacks" / "Pulumi.local.yaml").read_text() == before


def test_on_a_terminal_an_endpoint(project: Path) -> None:
    terminal = Terminal(project, "--target", "external", "--environment", "staging")
    terminal.answer("Name of the stack [external-staging]", "")
    terminal.answer("What is the data", "")
    terminal.answer("Name of the endpoint", "redis.example.com")
    terminal.answer("Port of the endpoint", "70000")
    terminal.answer("Port of the endpoint", "6380")
    terminal.answer("User of the application [default]", "shop")
    assert terminal.ended() == 0, terminal.shown
    _, raw = settings(only(project).read_text())
    endpoint = raw["caches"]["cache"]["external"]
    assert (endpoint["host"], endpoint["port"], endpoint["username"]) == (
        "redis.example.com",
        6380,
        "shop",
    )
    assert "password" not in terminal.shown.lower()


def test_what_was_said_by_options_is_not_asked_again(project: Path) -> None:
    terminal = Terminal(
        project, *options(Target.GCP, Environment.STAGING, Purpose.QUEUE), "--region", "nowhere"
    )
    terminal.answer("Name of the stack", "")
    terminal.answer("Private network", "")
    assert terminal.ended() == 2
    assert "gcp:region: it is not the name of a Google Cloud region" in terminal.shown
    assert not (project / "stacks").exists()
