"""`secure-redis explain-config`: what it prints, of which files, and in whose words."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from click.testing import CliRunner, Result
from pulumi import Output
from secure_redis.cli import stack_file
from secure_redis.cli.engine import Failure
from secure_redis.cli.main import main
from secure_redis.configuration import parse_stack, read_stack
from secure_redis.problems import ConfigurationError

from tests.unit.cli.configurations import STACKS, document

FILE = """\
config:
  aws:region: eu-west-1
  secure-redis:target: aws
  secure-redis:environment: staging
  secure-redis:caches:
    cache:
      purpose: sessions
      aws:
        # A comment.
        port: 7000
  secure-redis:access:
    cidrs: [10.20.0.0/16]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(text: str, *arguments: str) -> Result:
    """The command on a stack file with this text."""
    Path("stacks/Pulumi.x.yaml").write_text(text)
    return CliRunner().invoke(main, ["explain-config", "stacks/Pulumi.x.yaml", *arguments])


def of_docker(**cache: Any) -> str:
    raw = {"target": "docker", "environment": "development", "caches": {"cache": cache}}
    return yaml.safe_dump(document(raw), sort_keys=False)


@pytest.mark.usefixtures("project")
def test_each_value_has_its_line_or_its_default() -> None:
    done = explained(FILE)
    assert (done.exit_code, done.stderr) == (0, "")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines()}
    assert rows["aws:region"] == "eu-west-1 stacks/Pulumi.x.yaml:2"
    assert rows["target"] == "aws stacks/Pulumi.x.yaml:3"
    assert rows["environment"] == "staging stacks/Pulumi.x.yaml:4"
    assert rows["caches.cache.purpose"] == "sessions stacks/Pulumi.x.yaml:7"
    assert rows["caches.cache.aws.port"] == "7000 stacks/Pulumi.x.yaml:10"
    assert rows["access.cidrs"] == '["10.20.0.0/16"] stacks/Pulumi.x.yaml:12'
    assert rows["caches.cache.memoryGb"] == "0.5 default by environment (settings.MEMORY_GB)"
    assert rows["caches.cache.mode"] == "tls default (settings.CacheSettings.mode)"
    assert rows["caches.cache.aws.snapshotRetentionDays"] == (
        "1 default by persistence and environment (aws.plan.SNAPSHOT_DAYS)"
    )
    assert rows["caches.cache.ports"] == (
        "[7000] follows from aws.serverless and aws.port (aws.plan.ports)"
    )


@pytest.mark.usefixtures("project")
def test_a_setting_narrows_it_down() -> None:
    done = explained(FILE, "caches.cache.rotation", "target")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "target",
        "caches.cache.rotation.generation",
        "caches.cache.rotation.keepPrevious",
    ]
    done = explained(FILE, "caches.cach")
    assert done.exit_code == 2
    assert "Nothing takes effect at caches.cach." in done.stderr


@pytest.mark.usefixtures("project")
def test_programs_get_the_same() -> None:
    rows = explained(FILE).stdout.splitlines()
    values = json.loads(explained(FILE, "--json").stdout)["values"]
    assert [value["path"] for value in values] == [row.split()[0] for row in rows]
    found = {value["path"]: value for value in values}
    assert found["caches.cache.aws.port"] == {
        "path": "caches.cache.aws.port",
        "value": 7000,
        "origin": "set",
        "file": "stacks/Pulumi.x.yaml",
        "line": 10,
        "meaning": "Port of a node-based cache. Changing it replaces the cache.",
    }
    assert found["caches.cache.aws.secretRecoveryDays"] == {
        "path": "caches.cache.aws.secretRecoveryDays",
        "value": 7,
        "origin": "default",
        "source": "aws.plan.SECRET_RECOVERY_DAYS",
        "by": ["environment"],
        "meaning": "Days in which a deleted secret can be restored: 0, or 7 to 30. Default: 30 in "
        "production, 7 in staging, else 0.",
    }
    assert found["caches.cache.ownKey"]["origin"] == "follows"


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_every_stack_file_of_the_repository_is_explained(path: Path) -> None:
    done = CliRunner().invoke(main, ["explain-config", str(path)])
    if "external" in path.stem:
        # Its password is set by its author.
        assert done.exit_code == 1
        assert "caches.cache.external.password: is required" in done.stderr
        return
    assert done.exit_code == 0, done.output
    values = CliRunner().invoke(main, ["explain-config", str(path), "--json"]).stdout
    set_here = [one for one in json.loads(values)["values"] if one["origin"] == "set"]
    lines = path.read_text().splitlines()
    for one in set_here:
        assert one["path"].rpartition(".")[2] in lines[one["line"] - 1], one


def said_by_the_program(text: str) -> str:
    """What the program says of a stack file, as the engine hands it over."""
    config = yaml.safe_load(text)["config"]
    values = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
    pulumi.runtime.set_all_config(values)
    with pytest.raises(pulumi.RunError) as caught:
        read_stack()
    return str(caught.value)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "text",
    [
        of_docker(purpos="x", memoryGb="1", docker={"port": 99999}),
        of_docker(purpose="queue", evictionPolicy="allkeys-lru", replicas=1),
        "config:\n  secure-redis:target: docker\n",
        "config:\n  secure-redis:cache: {}\n",
        FILE.replace("purpose: sessions", "mode: none").replace("staging", "production"),
    ],
)
def test_problems_are_told_in_the_words_of_the_program(text: str) -> None:
    done = explained(text)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"error: {said_by_the_program(text)}\n"


@pytest.mark.usefixtures("project")
def test_problems_have_their_lines_for_programs() -> None:
    text = of_docker(purpose="cache", memoryGb="1", evictionPolicy="x")
    problems = json.loads(explained(text, "--json").stdout)["problems"]
    assert [(one["path"], one["line"]) for one in problems] == [
        ("caches.cache.evictionPolicy", 8),
        ("caches.cache.memoryGb", 7),
    ]
    (missing,) = json.loads(
        explained(text.replace("  secure-redis:environment: development\n", ""), "--json").stdout
    )["problems"][-1:]
    assert (missing["path"], missing["line"]) == ("environment", 0)


@pytest.mark.usefixtures("project")
def test_no_secret_is_printed() -> None:
    secret = "hunter2hunter2"
    text = f"""\
config:
  aws:region: eu-west-1
  aws:secretKey: {secret}
  azure-native:clientSecret: {{ secure: {secret} }}
  secure-redis:target: external
  secure-redis:environment: production
  secure-redis:tags: {{ team: {{ secure: {secret} }} }}
  secure-redis:caches:
    plain: {{ external: {{ host: a.example.com, port: 1, password: {secret} }} }}
    encrypted: {{ external: {{ host: b.example.com, port: 1, password: {{ secure: {secret} }} }} }}
"""
    for arguments in ((), ("--json",)):
        done = explained(text, *arguments)
        assert done.exit_code == 0, done.output
        assert secret not in done.output
        assert done.stdout.count("[secret]") == 5
    wrong = text.replace("port: 1,", f"port: {secret}, username: [{secret}],")
    done = explained(wrong, "--json")
    assert done.exit_code == 1
    assert secret not in done.output


@pytest.mark.usefixtures("project")
def test_a_mistake_in_what_is_not_encrypted_is_found_beside_it() -> None:
    done = explained(of_docker(purpose="x", docker={"image": {"secure": "v1:abc"}}))
    assert done.stderr.splitlines()[1:] == [
        "  caches.cache.purpose: must be one of cache, sessions or queue. Choose one of them."
    ]
    done = explained(of_docker(purpose="cache", docker={"image": {"secure": "v1:abc"}}))
    assert done.exit_code == 0
    assert "caches.cache.docker.image" in done.stdout


def test_certificates_are_read_where_the_program_reads_them(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the project, wherever the command is run."""
    text = of_docker(
        docker={"certificates": {"authority": {"certificate": "ca.pem", "privateKey": "ca.key"}}}
    )
    assert "the file cannot be read" in explained(text).stderr
    (project / "ca.pem").write_text("x")
    (project / "ca.key").write_text("x")
    monkeypatch.chdir(project / "stacks")
    done = CliRunner().invoke(main, ["explain-config", "Pulumi.x.yaml"])
    assert done.exit_code == 1
    assert "cannot be read" not in done.stderr
    assert Path.cwd() == project / "stacks"


@pytest.mark.usefixtures("project")
def test_the_rules_know_where_the_provider_works() -> None:
    text = """\
config:
  gcp:project: shop-dev
  gcp:region: europe-west1
  secure-redis:target: gcp
  secure-redis:environment: development
  secure-redis:network:
    adopt:
      networkId: projects/shop-dev/global/networks/shop
      subnetIds: [projects/shop-dev/regions/us-east1/subnetworks/a]
    privateServices: { rangeName: google }
  secure-redis:caches: { cache: { purpose: cache } }
"""
    before = dict(pulumi.runtime.config.CONFIG.get())
    done = explained(text)
    assert "is not in the region europe-west1" in done.stderr, done.output
    assert pulumi.runtime.config.CONFIG.get() == before


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("config: [", "Pulumi.x.yaml, line 1 is not YAML."),
        ("config:\n  a: b: c\n", "Pulumi.x.yaml, line 2 is not YAML."),
        ("config: &a\n  x:y: *a\n", "Pulumi.x.yaml is not YAML."),
        ("config:\n  x:y: \x07\n", "Pulumi.x.yaml is not YAML."),
        ("", "has no configuration"),
        ("config:\n", "has no configuration"),
        ("- config\n", "has no configuration"),
        ("config:\n  1: x\n", "has no configuration"),
        (
            "config:\n  secure-redis:target: aws\n  secure-redis:target: docker\n",
            "line 3: the key secure-redis:target is there already",
        ),
    ],
)
def test_what_is_no_stack_file_is_one_line(text: str, words: str) -> None:
    done = explained(text)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there(project: Path) -> None:
    done = CliRunner().invoke(main, ["explain-config", "stacks/Pulumi.none.yaml"])
    assert done.exit_code == 2
    assert "stacks/Pulumi.none.yaml: No such file or directory." in done.stderr
    (project / "stacks" / "Pulumi.prod.yaml").write_text(FILE)
    done = CliRunner().invoke(main, ["explain-config", "prod"])
    assert "Did you mean stacks/Pulumi.prod.yaml?" in done.stderr
    (project / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    done = CliRunner().invoke(main, ["explain-config", "bad.yaml"])
    assert "is not UTF-8 text." in done.stderr


WORDS = [
    ("off", "off"),
    ("yes", "yes"),
    ("No", "No"),
    ("12:30", "12:30"),
    ("2027-03-31", "2027-03-31"),
    ("true", True),
    ("False", False),
    ("'true'", "true"),
    ("1", 1),
    ("1.5", 1.5),
    ("0x10", 16),
    ("~", None),
    ("", None),
    ("null", None),
    ("{ secure: v1:x }", Output),
]


@pytest.mark.parametrize(("word", "value"), WORDS)
def test_plain_words_are_read_as_the_engine_reads_them(word: str, value: Any) -> None:
    found = stack_file.parse(Path("x"), f"config:\n  a:b: {word}\n").config["a:b"]
    if value is Output:
        assert isinstance(found, Output)
    else:
        assert found == value
        assert type(found) is type(value)


def test_merged_keys_and_groups_that_were_set_as_text() -> None:
    text = """\
config:
  secure-redis:target: docker
  secure-redis:environment: development
  secure-redis:tags: '{"team": "a"}'
  secure-redis:caches:
    a: &base { purpose: queue, docker: { port: 7000 } }
    b: { <<: *base, docker: { port: 7001 } }
"""
    file = stack_file.parse(Path("x"), text)
    assert parse_stack(file.own).tags == {"team": "a"}
    assert file.line("caches.b.docker.port") == 7
    assert file.line("caches.b.purpose") == 6
    assert file.line("caches.b.memoryGb") == 7
    assert file.line("network.create") == 0


def test_an_empty_key_is_none() -> None:
    file = stack_file.parse(Path("x"), "config:\n  secure-redis:caches:\n")
    assert file.own == {}
    with pytest.raises(ConfigurationError):
        parse_stack(file.own)


def test_a_failure_repeats_no_value() -> None:
    with pytest.raises(Failure) as caught:
        stack_file.parse(Path("x"), "config:\n  a:b: 'hunter2\n")
    assert "hunter2" not in caught.value.message
    assert caught.value.__cause__ is None
