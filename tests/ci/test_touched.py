"""Which stacks a change touches: the table, and that what it passes over is really not read."""

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
import yaml
from secure_redis.ci import touched
from secure_redis.ci.touched import NO_EFFECT, StackFacts
from secure_redis.settings import Environment, Target

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "components" / "secure_redis" / "ci" / "touched.py"

STACKS = [
    StackFacts("dev", "docker", "development"),
    StackFacts("aws-stage", "aws", "staging", "eu-west-1"),
    StackFacts("aws-prod", "aws", "production", "eu-west-1"),
    StackFacts("azure-prod", "azure", "production"),
]
EVERY = {one.stack for one in STACKS}


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("stacks/Pulumi.aws-prod.yaml", {"aws-prod"}),
        ("stacks/Pulumi.gone.yaml", set()),
        ("stacks/README", EVERY),
        ("policy/config/production.json", {"aws-prod", "azure-prod"}),
        ("policy/redis_policies/pack.py", EVERY),
        ("components/secure_redis/aws/redis.py", {"aws-stage", "aws-prod"}),
        ("components/secure_redis/gcp/redis.py", set()),
        ("components/secure_redis/settings.py", EVERY),
        ("components/secure_redis/posture/aws.py", EVERY),
        ("components/pyproject.toml", EVERY),
        ("components/secure_redis/cli/doctor.py", set()),
        ("requirements/azure.txt", {"azure-prod"}),
        ("requirements/dev.txt", set()),
        ("requirements/build.txt", EVERY),
        ("toolchain/docker-provider/go.mod", {"dev"}),
        ("toolchain/engine/go.mod", EVERY),
        ("__main__.py", EVERY),
        ("Pulumi.yaml", EVERY),
        ("Makefile", EVERY),
        ("docs/aws.md", set()),
        ("tests/unit/test_x.py", set()),
        (".github/workflows/preview.yml", set()),
        ("README.md", set()),
        ("infrastructure/other.py", EVERY),
        ("a folder/öther.py", EVERY),
    ],
)
def test_the_table(file: str, names: set[str]) -> None:
    assert {one.stack for one in touched.touched([file], STACKS)} == names


def test_several_files_touch_together_and_in_the_order_of_the_stacks() -> None:
    files = ["stacks/Pulumi.azure-prod.yaml", "docs/x.md", "stacks/Pulumi.dev.yaml"]
    assert [one.stack for one in touched.touched(files, STACKS)] == ["dev", "azure-prod"]
    assert touched.touched([], STACKS) == []
    assert touched.gone(["stacks/Pulumi.old.yaml", *files], STACKS) == ["old"]


def test_facts_are_those_of_a_yaml_parser() -> None:
    facts = touched.in_project(ROOT)
    assert len(facts) == len(list((ROOT / "stacks").glob("*.yaml"))) > 10
    for one in facts:
        file = ROOT / "stacks" / f"Pulumi.{one.stack}.yaml"
        config = yaml.safe_load(file.read_text())["config"]
        assert one.target == config["secure-redis:target"]
        assert one.environment == config["secure-redis:environment"]
        assert one.region == config.get("aws:region", "")
    order = [touched.ENVIRONMENTS.index(one.environment) for one in facts]
    assert order == sorted(order)


def test_words_are_those_of_the_settings() -> None:
    assert set(touched.TARGETS) == {one.value for one in Target}
    assert set(touched.ENVIRONMENTS) == {one.value for one in Environment}


@pytest.mark.parametrize(
    "line",
    [
        "  secure-redis:target: aws",
        "  'secure-redis:target': \"aws\" # where",
        '  "secure-redis:target":   aws#x',
    ],
)
def test_spellings_of_a_fact(line: str) -> None:
    assert StackFacts.of("x", f"config:\n{line}\n").target == "aws"
    assert StackFacts.of("x", f"config:\n#{line}\n").target == ""


@pytest.mark.parametrize("name", ["a b", "$(id)", "x;y", "`id`", '"', "-rf", "", "é", "a/b"])
def test_what_a_shell_could_understand_is_refused(name: str) -> None:
    if name:
        with pytest.raises(ValueError, match="characters"):
            StackFacts.of(name, "")
        quoted = name.replace('"', "")
        if quoted and "#" not in quoted and not quoted.startswith(" "):
            value = f'config:\n  aws:region: "{quoted}"\n'
            if touched._value(value, "aws:region") == quoted:
                with pytest.raises(ValueError, match="characters"):
                    StackFacts.of("x", value)


@pytest.mark.parametrize("pattern", [*NO_EFFECT, *touched.OF_TARGET])
def test_the_table_names_what_there_is(pattern: str) -> None:
    assert any(fnmatchcase(file, pattern) for file in tracked()), pattern


@cache
def tracked() -> list[str]:
    command = ["git", "-C", str(ROOT), "ls-files"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_what_is_passed_over_is_not_read_by_a_program() -> None:
    """The modules that a stack's program has loaded, for every target, when it declares a cache."""
    rooms = [
        pattern.removeprefix("components/").removesuffix("/*").removesuffix(".py").replace("/", ".")
        for pattern in NO_EFFECT
        if pattern.startswith("components/secure_redis/") and not pattern.endswith(".json")
    ]
    assert {"secure_redis.ci", "secure_redis.cli", "secure_redis.doctor"} <= set(rooms)
    code = """
import importlib, json, sys
from secure_redis import stack
for target in sys.argv[1:]:
    importlib.import_module(f"secure_redis.{target}.redis")
    try:
        importlib.import_module(f"secure_redis.{target}.preflight")
    except ModuleNotFoundError:
        assert target == "external"
print(json.dumps(sorted(name for name in sys.modules if name.startswith("secure_redis."))))
"""
    command = [sys.executable, "-c", code, *touched.TARGETS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert "secure_redis.gcp.redis" in loaded
    assert [name for name in loaded if name.startswith(tuple(rooms))] == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)

    git("init", "-q", "-b", "main")
    for one in STACKS:
        text = f"config:\n  secure-redis:target: {one.target}\n"
        text += f"  secure-redis:environment: {one.environment}\n"
        write(f"stacks/Pulumi.{one.stack}.yaml", text)
    git("add", ".")
    git("commit", "-qm", "first")
    write("docs/page.md", "text")
    git("mv", "stacks/Pulumi.aws-stage.yaml", "stacks/Pulumi.aws-test.yaml")
    write("stacks/Pulumi.dev.yaml", (tmp_path / "stacks/Pulumi.dev.yaml").read_text() + "# more\n")
    git("add", ".")
    git("commit", "-qm", "second")
    return tmp_path


def asked(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The script as a workflow runs it: isolated, with no package at hand."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), "--project", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def stacks_of(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr
    return [one["stack"] for one in json.loads(done.stdout)["include"]]


def test_from_commits_to_a_matrix(repository: Path) -> None:
    done = asked(repository, "--base", "HEAD^1")
    assert stacks_of(done) == ["dev", "aws-test"]
    assert "aws-stage: its file is gone" in done.stderr
    assert json.loads(done.stdout)["include"][0] == {
        "stack": "dev",
        "target": "docker",
        "environment": "development",
        "region": "",
    }
    assert stacks_of(asked(repository, "--base", "HEAD")) == []
    assert asked(repository, "--base", "HEAD").stdout == '{"include":[]}\n'
    chosen = asked(repository, "--base", "HEAD^1", "--environment", "staging")
    assert stacks_of(chosen) == ["aws-test"]


@pytest.mark.parametrize("base", ["0" * 40, "nowhere", "--output=x"])
def test_an_unknown_commit_touches_everything(repository: Path, base: str) -> None:
    done = asked(repository, f"--base={base}")
    assert len(stacks_of(done)) == 4
    assert "every stack" in done.stderr
    assert not (repository / "x").exists()


def test_one_or_all(repository: Path) -> None:
    assert len(stacks_of(asked(repository, "--all"))) == 4
    assert stacks_of(asked(repository, "--stack", "dev")) == ["dev"]
    wrong = asked(repository, "--stack", "$(id)")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert asked(repository).returncode == 2


def test_a_stack_with_a_wicked_name_stops_the_workflow(repository: Path) -> None:
    (repository / "stacks" / "Pulumi.$(id).yaml").write_text("config: {}\n")
    done = asked(repository, "--all")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no name of a stack" in done.stderr


def test_the_command_says_the_same(repository: Path) -> None:
    for options in (
        ["--base", "HEAD^1"],
        ["--all", "--environment", "staging"],
        ["--stack", "dev"],
    ):
        command = ["secure-redis", "ci-stacks", "--project", str(repository), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert stacks_of(done) == stacks_of(asked(repository, *options))
    wrong = subprocess.run(["secure-redis", "ci-stacks"], capture_output=True, check=False)
    assert wrong.returncode == 2
