"""The command line against a stack that is up, and what it writes, read by those who use it."""

import json
import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from dotenv import dotenv_values
from harness import REPOSITORY, Deployment, Run, client, engine, write_certificates

CACHES = ["cache", "sessions", "queue"]


def run(command: list[str], **options: Any) -> Run:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return Run(done.returncode, done.stdout, done.stderr)


def test_the_url_is_printed_and_nothing_else(three: Deployment) -> None:
    # The first cache by name.
    answer = three.run("url")
    assert (answer.stdout == f"{three.connection('cache').url}\n", answer.stderr) == (True, "")


@pytest.mark.parametrize("name", CACHES)
def test_the_url_of_a_named_cache(three: Deployment, name: str) -> None:
    same = three.run("url", "--cache", name).stdout == f"{three.connection(name).url}\n"
    assert same


def test_a_cache_that_is_not_there(three: Deployment) -> None:
    for operation in ("url", "ca", "env"):
        answer = three.run(operation, "--cache", "session")
        assert (answer.code, answer.stdout) == (2, "")
        assert answer.stderr.count("\n") == 1
        assert "Did you mean sessions?" in answer.stderr


def test_the_ca_is_printed_and_nothing_else(three: Deployment) -> None:
    assert three.run("ca").stdout == three.connection("cache").ca_pem
    assert three.run("ca", "--cache", "queue").stdout == ""


def test_a_stack_that_is_not_up(three: Deployment) -> None:
    other = three.stack_file.with_name("Pulumi.not-up.yaml")
    other.write_text(three.stack_file.read_text())
    command = three.command("url")
    command[command.index(three.name)] = "not-up"
    try:
        answer = run(command, env=three.environment)
    finally:
        other.unlink()
    assert (answer.code, answer.stdout) == (2, "")
    assert "make up STACK=not-up" in answer.stderr


def test_redis_cli_connects_as_the_screen_says(three: Deployment) -> None:
    command = shlex.join
    url, ca = command(three.command("url")), command(three.command("ca"))
    script = f'redis-cli -u "$({url})" --cacert <({ca}) ping'
    answer = run(["bash", "-c", script], env=three.environment)
    assert answer.stdout.strip() == "PONG"


def test_make_prints_nothing_but_the_answer(three: Deployment) -> None:
    """The real Makefile and the real toolchain, on this stack's backend and passphrase."""
    stack_file = REPOSITORY / "stacks" / three.stack_file.name
    stack_file.write_text(three.stack_file.read_text())
    try:
        named = ["make", "-s", "url", f"STACK={three.name}", "CACHE=queue"]
        answer = run(named, cwd=REPOSITORY, env=three.environment)
    finally:
        stack_file.unlink()
    same = answer.stdout == f"{three.connection('queue').url}\n"
    assert same
    assert answer.code == 0


# --- env -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(three: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("connection")
    for cache in CACHES:
        answer = three.run("env", "--cache", cache, "--out", str(directory / cache)).succeeded()
        assert three.connection(cache).password not in answer.text
    return directory


@pytest.mark.parametrize("name", CACHES)
def test_the_dotenv_file_connects(three: Deployment, written: Path, name: str) -> None:
    values = dotenv_values(written / name / ".env")
    assert values["REDIS_HOST"] == "127.0.0.1"
    options = {"ssl_ca_certs": values["REDIS_SSL_CA_CERTS"]} if name != "queue" else {}
    if name == "sessions":
        options |= {
            "ssl_certfile": str(written / name / "client.crt"),
            "ssl_keyfile": str(written / name / "client.key"),
        }
    with redis.Redis.from_url(str(values["REDIS_URL"]), **options) as server:
        assert server.ping()


def test_what_it_writes_is_for_its_owner_alone(written: Path) -> None:
    for cache in CACHES:
        assert (written / cache / ".gitignore").read_text() == "*\n"
    for path in written.rglob("*"):
        if path.is_file() and path.name not in {".gitignore", "ca.pem", "client.crt"}:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_shell_reads_the_dotenv_file(three: Deployment, written: Path) -> None:
    script = f'set -a; . {written}/cache/.env; printf %s "$REDIS_URL"'
    same = run(["bash", "-c", script]).stdout == three.connection().url
    assert same


def test_node_reads_the_dotenv_file(three: Deployment, written: Path) -> None:
    program = "process.stdout.write(process.env.REDIS_URL)"
    answer = run(["node", f"--env-file={written}/cache/.env", "-e", program])
    same = answer.stdout == three.connection().url
    assert same


def test_json_and_kubernetes_hold_the_contract(three: Deployment) -> None:
    connection = three.connection()
    document = json.loads(three.run("env", "--format", "json", "--reveal").succeeded().stdout)
    same = connection.url in json.dumps(document)
    assert same
    hidden = three.run("env", "--format", "json").succeeded().stdout
    assert json.loads(hidden)
    shown = connection.password in hidden
    assert not shown
    manifest = yaml.safe_load(three.run("env", "--format", "k8s", "--reveal").succeeded().stdout)
    assert manifest["kind"] == "Secret"
    same = connection.password in json.dumps(manifest.get("stringData", {}))
    assert same


@pytest.mark.parametrize("name", CACHES)
def test_an_application_in_the_network_connects(
    three: Deployment, tmp_path: Path, name: str
) -> None:
    """A Compose file for an application: it joins the network and finds the cache by its name."""
    out = tmp_path / "app"
    arguments = ["--cache", name, "--format", "compose", "--internal", "--out", str(out)]
    three.run("env", *arguments).succeeded()
    snippet = out / "compose.yaml"
    document = yaml.safe_load(snippet.read_text())
    (service,) = document["services"].values()
    assert three.connection(name).password not in snippet.read_text()
    image = engine().images.get(three.container(name).attrs["Image"])
    mounted = {Path(v["target"]).name: v["target"] for v in service.get("volumes", [])}
    assert all(v["read_only"] for v in service.get("volumes", []))
    options = {"--cacert": "ca.pem", "--cert": "client.crt", "--key": "client.key"}
    trust = " ".join(f"{o} {mounted[file]}" for o, file in options.items() if file in mounted)
    program = f'redis-cli -u "$$REDIS_URL" {trust} set from compose'
    override = {
        "services": {
            key: {"image": image.id, "entrypoint": ["sh", "-c", program], "user": "0:0"}
            for key in document["services"]
        },
    }
    (out / "override.yaml").write_text(yaml.safe_dump(override))
    files = ["-f", str(snippet), "-f", str(out / "override.yaml")]
    compose = ["docker-compose", "-p", f"app-{three.name}-{name}", *files]
    environment = {**os.environ, "COMPOSE_INTERACTIVE_NO_CLI": "1"}
    try:
        (key,) = document["services"]
        ended = run([*compose, "run", "--rm", "-T", key], env=environment, cwd=out)
        # Compose can lose the last words of a container that ends at once: the cache is asked.
        connection = three.connection(name)
        with client(connection, **write_certificates(connection, tmp_path / "tls")) as cache:
            assert cache.get("from") == "compose", ended.text[-500:]
    finally:
        run([*compose, "down", "--volumes"], env=environment, cwd=out)
