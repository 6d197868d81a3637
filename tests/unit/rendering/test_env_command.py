"""`secure-redis env` as a program, over an engine that prints a stack's outputs."""

import contextlib
import json
import os
import pty
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from secure_redis.cli.env import env
from secure_redis.connection import Connection
from secure_redis.rendering.env import render

from tests.unit.rendering import readers, samples

ENGINE = """#!/bin/sh
printf '%s\\n' "$@" > "$FAKE_ENGINE/arguments"
cat "$FAKE_ENGINE/stdout"
cat "$FAKE_ENGINE/stderr" >&2
exit "$(cat "$FAKE_ENGINE/status")"
"""
PROGRAM = [sys.executable, "-c", "from secure_redis.cli.env import env; env()"]


@dataclass(frozen=True)
class Engine:
    """A `pulumi` on PATH that answers what it is told to, and notes how it was called."""

    directory: Path
    environment: Mapping[str, str]

    def exports(self, connections: Mapping[str, Connection]) -> None:
        outputs = {
            "cacheHost": "localhost",
            "connections": {name: one.to_dict() for name, one in connections.items()},
        }
        self.answers(json.dumps(outputs, indent=2))

    def answers(self, stdout: str, stderr: str = "", status: int = 0) -> None:
        (self.directory / "stdout").write_text(stdout)
        (self.directory / "stderr").write_text(stderr)
        (self.directory / "status").write_text(str(status))

    @property
    def arguments(self) -> list[str]:
        return (self.directory / "arguments").read_text().splitlines()

    def run(self, *arguments: str) -> Result:
        return CliRunner(env=self.environment).invoke(env, arguments)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    directory = tmp_path / "engine"
    directory.mkdir()
    program = directory / "pulumi"
    program.write_text(ENGINE)
    program.chmod(0o755)
    work = tmp_path / "work"
    (work / "stacks").mkdir(parents=True)
    (work / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    (work / "stacks" / "Pulumi.local.yaml").write_text("config: {}\n")
    (work / "stacks" / "Pulumi.prod.yaml").write_text("config: {}\n")
    monkeypatch.chdir(work)
    path = f"{directory}:{os.environ['PATH']}"
    fake = Engine(directory, {"PATH": path, "FAKE_ENGINE": str(directory)})
    fake.exports({"cache": samples.local()})
    return fake


def succeeded(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def failed(result: Result, *words: str) -> None:
    """One line, status 2, no traceback, no secret."""
    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for word in words:
        assert word in line
    assert samples.PASSWORD not in line


def names_in(directory: str = ".") -> list[str]:
    project = {"Pulumi.yaml", "stacks"}
    return sorted({path.name for path in Path(directory).iterdir()} - project)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def variables_of(path: Path) -> dict[str, str | None]:
    """What python-dotenv, Node.js and bash agree a file says."""
    said = [dict(read(path)) for read in (readers.by_python, readers.by_node, readers.by_bash)]
    names = said[0].keys()
    for other in said[1:]:
        assert {name: other.get(name) for name in names} == said[0]
    return said[0]


def test_the_engine_is_asked_for_exactly_this(engine: Engine) -> None:
    succeeded(engine.run("--stack", "prod"))
    assert engine.arguments == [
        "stack",
        "output",
        "--json",
        "--show-secrets",
        "--stack",
        "prod",
    ]
    succeeded(engine.run())
    assert engine.arguments[-1] == "local"


@pytest.mark.parametrize("form", ["dotenv", "docker", "json", "k8s"])
def test_secrets_are_printed_only_when_asked_for(engine: Engine, form: str) -> None:
    engine.exports({"cache": samples.mutual()})
    arguments = ["--format", form, "--dialect", "celery", "--dialect", "cli"]
    key = samples.mutual().client_key_pem.splitlines()[1]

    hidden = succeeded(engine.run(*arguments))
    assert samples.PASSWORD not in hidden.output
    assert key not in hidden.output
    assert "[secret]" in hidden.stdout
    assert "--reveal" in hidden.stderr
    assert "--out" in hidden.stderr

    shown = succeeded(engine.run(*arguments, "--reveal"))
    assert samples.PASSWORD in shown.stdout
    assert samples.PASSWORD not in shown.stderr
    assert "--reveal" not in shown.stderr


def test_a_terminal_shows_no_secret(engine: Engine) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        PROGRAM,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **engine.environment},
    ) as program:
        os.close(theirs)
        output = b"".join(_chunks(ours))
    os.close(ours)
    assert program.returncode == 0
    assert b"REDIS_PASSWORD=[secret]" in output
    assert b"REDIS_HOST=localhost" in output
    assert samples.PASSWORD.encode() not in output


def _chunks(terminal: int) -> Iterator[bytes]:
    """What is printed until nobody holds the other end, which Linux reports as an error."""
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65536):
            yield chunk


def test_a_revealed_pipe_is_a_working_env_file(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "piped.env"
    path.write_text(succeeded(engine.run("--reveal")).stdout)
    assert variables_of(path) == render(samples.local())


def test_out_writes_private_files_and_names_them(engine: Engine) -> None:
    engine.exports({"cache": samples.mutual()})
    result = succeeded(engine.run("--out", "redis", "--dialect", "celery", "--dialect", "certpath"))
    directory = Path.cwd() / "redis"
    names = ["ca.pem", "ca.crt", "client.crt", "client.key", ".env"]
    assert result.stderr.splitlines() == [f"wrote {directory / name}" for name in names]
    assert result.stdout == ""
    assert {name: mode(directory / name) for name in names} == {
        "ca.pem": 0o644,
        "ca.crt": 0o644,
        "client.crt": 0o644,
        "client.key": 0o600,
        ".env": 0o600,
    }
    assert mode(directory) == 0o700
    found = variables_of(directory / ".env")
    expected = render(
        samples.mutual(),
        ["celery", "certpath"],
        ca_path=str(directory / "ca.pem"),
        cache="cache",
    )
    assert found == expected
    assert found["REDIS_CERT_PATH"] == str(directory)
    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    assert len(context.get_ca_certs()) == 1
    context.load_cert_chain(directory / "client.crt", directory / "client.key")


def test_out_again_follows_a_rotation(engine: Engine) -> None:
    succeeded(engine.run("--out", "redis"))
    engine.exports(
        {"cache": samples.local(password="next", ca_pem=samples.certificate("next CA")[0])}
    )
    succeeded(engine.run("--out", "redis"))
    assert variables_of(Path("redis/.env"))["REDIS_PASSWORD"] == "next"
    assert Path("redis/ca.pem").read_text() == samples.certificate("next CA")[0]


def test_out_with_a_public_ca_writes_no_certificates(engine: Engine) -> None:
    engine.exports({"cache": samples.public_ca()})
    succeeded(engine.run("--out", "redis"))
    assert names_in("redis") == [".env", ".gitignore"]


def test_out_never_replaces_the_applications_own_env_file(engine: Engine) -> None:
    Path(".env").write_text("OWN=1\n")
    failed(engine.run("--out", "."), ".env exists and was not written by secure-redis")
    assert Path(".env").read_text() == "OWN=1\n"
    assert names_in() == [".env"]


def test_an_explicit_ca_path_is_where_the_variables_point(engine: Engine) -> None:
    succeeded(engine.run("--out", "redis", "--ca-path", "/opt/app/ca.pem"))
    assert variables_of(Path("redis/.env"))["REDIS_TLS_CA_PATH"] == "/opt/app/ca.pem"
    assert Path("redis/ca.pem").exists()


def test_a_directory_with_a_blank_works_too(engine: Engine) -> None:
    succeeded(engine.run("--out", "my redis"))
    found = variables_of(Path("my redis/.env"))["REDIS_TLS_CA_PATH"]
    assert found == str(Path.cwd() / "my redis" / "ca.pem")


def test_json_holds_the_contract(engine: Engine) -> None:
    result = succeeded(engine.run("--format", "json", "--reveal", "--dialect", "celery"))
    document = json.loads(result.stdout)
    assert Connection.from_dict(document) == samples.local()
    assert document["env"] == render(samples.local(), ["celery"])
    succeeded(engine.run("--format", "json", "--out", "redis"))
    written = json.loads(Path("redis/connection.json").read_text())
    assert written["env"]["REDIS_TLS_CA_PATH"] == str(Path.cwd() / "redis/ca.pem")
    assert mode(Path("redis/connection.json")) == 0o600


def test_k8s_adds_variables_when_dialects_are_named(engine: Engine) -> None:
    alone = succeeded(engine.run("--format", "k8s", "--reveal")).stdout
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(alone)] == ["cache-redis"]
    succeeded(engine.run("--format", "k8s", "--out", "redis", "--dialect", "celery"))
    written = list(yaml.safe_load_all(Path("redis/secret.yaml").read_text()))
    assert [one["metadata"]["name"] for one in written] == ["cache-redis", "cache-redis-env"]
    assert written[1]["stringData"] == render(samples.local(), ["celery"])
    assert mode(Path("redis/secret.yaml")) == 0o600
    assert names_in("redis") == [".gitignore", "secret.yaml"]


def test_docker_writes_values_as_they_are_with_paths_in_the_container(engine: Engine) -> None:
    connection = samples.local(password=samples.AWKWARD_PASSWORD)
    engine.exports({"cache": connection})
    arguments = ["--format", "docker", "--out", "redis", "--dialect", "celery", "--internal"]
    succeeded(engine.run(*arguments))
    found = readers.by_docker(Path("redis/docker.env"))
    assert found["REDIS_PASSWORD"] == samples.AWKWARD_PASSWORD
    assert found["REDIS_HOST"] == "cache"
    assert "ssl_ca_certs=/etc/redis-tls/ca.pem" in (found["CELERY_BROKER_URL"] or "")
    assert names_in("redis") == [".gitignore", "ca.pem", "docker.env"]


def test_compose_joins_an_application_to_the_cache(engine: Engine) -> None:
    engine.exports({"cache": samples.mutual()})
    arguments = ["--format", "compose", "--service", "web", "--out", "redis", "--dialect", "celery"]
    result = succeeded(engine.run(*arguments))
    assert samples.PASSWORD not in result.output
    assert samples.PASSWORD not in Path("redis/compose.yaml").read_text()
    base = Path("compose.yaml")
    base.write_text(yaml.safe_dump({"services": {"web": {"image": "example"}}}))
    web = readers.compose_config(base, Path("redis/compose.yaml"))["services"]["web"]
    inside = samples.mutual()
    expected = render(
        samples.local(
            host="cache",
            port=6379,
            client_cert_pem=inside.client_cert_pem,
            client_key_pem=inside.client_key_pem,
        ),
        ["celery"],
    )
    assert web["environment"] == expected
    mounts = json.dumps(web["volumes"])
    for name in ("ca.pem", "client.crt", "client.key"):
        assert str(Path.cwd() / "redis" / name) in mounts
        assert f"/etc/redis-tls/{name}" in mounts


def test_compose_for_a_cache_without_docker_network(engine: Engine) -> None:
    engine.exports({"cache": samples.public_ca()})
    succeeded(engine.run("--format", "compose", "--out", "redis"))
    text = Path("redis/compose.yaml").read_text()
    assert "network" not in text
    assert variables_of(Path("redis/.env"))["REDIS_HOST"] == samples.public_ca().host


def test_internal_gives_the_address_in_the_network(engine: Engine) -> None:
    output = succeeded(engine.run("--internal", "--reveal")).stdout
    assert "REDIS_HOST=cache\nREDIS_PORT=6379\n" in output
    assert f"REDIS_URL=rediss://app:{samples.PASSWORD}@cache:6379/0\n" in output


def test_of_several_caches_the_first_by_name_is_meant(engine: Engine) -> None:
    engine.exports({"queue": samples.local(port=6381), "cache": samples.local()})
    assert "REDIS_PORT=6380\n" in succeeded(engine.run()).stdout
    found = succeeded(engine.run("--cache", "queue", "--prefix", "queue")).stdout
    assert "QUEUE_REDIS_PORT=6381" in found
    assert not [line for line in found.splitlines() if line.startswith("REDIS_")]
    failed(engine.run("--cache", "queues"), "no cache 'queues'", "Did you mean queue?")
    failed(engine.run("--cache", "sessions"), "no cache 'sessions'", "cache, queue")


@pytest.mark.parametrize(
    ("stdout", "stderr", "status", "words"),
    [
        ("", "error: no stack named 'local' found\n", 255, ["stack local is not up"]),
        ("", "error: incorrect passphrase\n", 255, ["passphrase", "stack local"]),
        ("", "error: backend unreachable\n", 1, ["backend unreachable"]),
        ("not json " + samples.PASSWORD, "", 0, ["is no JSON object"]),
        (json.dumps([samples.PASSWORD]), "", 0, ["is no JSON object"]),
        ("{}", "", 0, ["stack local is not up"]),
        (json.dumps({"connections": {}}), "", 0, ["exports no connections"]),
        (json.dumps({"connections": samples.PASSWORD}), "", 0, ["exports no connections"]),
        (json.dumps({"connections": {"a": samples.PASSWORD}}), "", 0, ["cache a", "None"]),
        (
            json.dumps(
                {"connections": {"a": {**samples.local().to_dict(), "contract_version": "9"}}}
            ),
            "",
            0,
            ["cache a", "contract version '9'"],
        ),
        (
            json.dumps({"connections": {"a": {"contract_version": "1", "host": "x"}}}),
            "",
            0,
            ["not a connection"],
        ),
        (
            json.dumps(
                {"connections": {"a": {**samples.local().to_dict(), "port": samples.PASSWORD}}}
            ),
            "",
            0,
            ["not a connection"],
        ),
    ],
)
def test_what_the_engine_can_get_wrong(
    engine: Engine, stdout: str, stderr: str, status: int, words: list[str]
) -> None:
    engine.answers(stdout, stderr, status)
    failed(engine.run(), *words)


def test_no_engine_at_all(engine: Engine) -> None:
    (engine.directory / "pulumi").unlink()
    result = CliRunner(env={"PATH": str(engine.directory)}).invoke(env, [])
    failed(result, "there is no pulumi on the PATH", "make up")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stack", "prdo"], ["stacks/Pulumi.prdo.yaml", "Did you mean prod?"]),
        (["--project", "stacks"], ["no Pulumi.yaml"]),
        (["--format", "compose"], ["--format compose needs --out"]),
        (["--format", "compose", "--out", "x", "--service", "a b"], ["service 'a b'"]),
        (["--prefix", "1"], ["prefix '1'"]),
        (["--ca-path", "ca.pem"], ["CA path 'ca.pem'"]),
        (["--out", "a%41"], ["CA path"]),
    ],
)
def test_what_the_user_can_get_wrong(
    engine: Engine, arguments: list[str], words: list[str]
) -> None:
    failed(engine.run(*arguments), *words)
    assert not names_in()


def test_a_password_that_a_form_cannot_express_is_not_shown(engine: Engine) -> None:
    engine.exports({"cache": samples.local(password="left,'right\"")})
    for arguments in (["--reveal"], ["--out", "redis"], ["--dialect", "dotnet"]):
        result = engine.run(*arguments)
        failed(result)
        assert "right" not in result.stderr
        assert "left" not in result.stderr
    assert not names_in()


def test_internal_without_a_network(engine: Engine) -> None:
    engine.exports({"cache": samples.public_ca()})
    failed(engine.run("--internal"), "no Docker network")


def test_out_that_is_a_file_or_may_not_be_written(engine: Engine) -> None:
    Path("file").write_text("")
    assert engine.run("--out", "file").exit_code == 2
    failed(engine.run("--out", "file/below"), "file")


def test_as_a_program_a_failure_is_one_line(engine: Engine) -> None:
    engine.answers("", "error: no stack named 'local' found\n", 255)
    answer = subprocess.run(
        PROGRAM,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **engine.environment},
        timeout=60,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Error: the stack local is not up.")
    assert len(answer.stderr.splitlines()) == 1


def test_help_names_every_format(engine: Engine) -> None:
    text = succeeded(engine.run("--help")).stdout
    options: Any = ["--stack", "--cache", "--dialect", "--format", "--prefix", "--ca-path"]
    for word in [*options, "--out", "--reveal", "--internal", "dotenv|docker|json|k8s|compose"]:
        assert word in text
