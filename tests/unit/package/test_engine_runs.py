"""How the command runs the engine: its stack file's copy, its marks, its locks, its words.

The engine itself is a script here, which notes how it was called.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from secure_redis.cli import engine
from secure_redis.cli import stack as commands
from secure_redis.cli.engine import Failure, Stack
from secure_redis.cli.env import connections
from secure_redis.cli.main import main
from secure_redis.connection import CaSource, Connection

ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> "$NOTES/calls"
while [ $# -gt 0 ]; do
  if [ "$1" = --config-file ]; then
    cp "$2" "$NOTES/config"
    stat -c %a "$(dirname "$2")" > "$NOTES/mode"
    printf '%s\\n' "$2" > "$NOTES/path"
  fi
  shift
done
printf '%s' "$ANSWER"
printf '%s' "$COMPLAINT" >&2
exit "${CODE:-0}"
"""

STACK_FILE = """# A comment that stays.
config:
  secure-redis:target: docker
  docker:host: ssh://me@there
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the stacks `local` and `prod`, a file backend, and an engine that notes."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    for name in ("local", "prod"):
        (folder / "stacks" / f"Pulumi.{name}.yaml").write_text(STACK_FILE)
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "pulumi"
    program.write_text(ENGINE)
    program.chmod(0o755)
    for name in ("notes", "backend", "state", "tmp"):
        (tmp_path / name).mkdir()
    settings = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "NOTES": str(tmp_path / "notes"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}",
        "SECURE_REDIS_STATE_DIR": str(tmp_path / "state"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name in ("ANSWER", "COMPLAINT", "CODE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def local(project: Path) -> Stack:
    return engine.find("local", project)


def notes(project: Path, name: str) -> str:
    return (project.parent / "notes" / name).read_text()


def state_file(stack: Stack) -> Path:
    folder = stack.project.parent / "backend" / ".pulumi" / "stacks" / "secure-redis"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{stack.name}.json"


# Finding a stack.


@pytest.mark.parametrize(
    ("name", "hint"), [("locl", "Did you mean local?"), ("zzz", "There is: local, prod.")]
)
def test_a_stack_without_a_file(project: Path, name: str, hint: str) -> None:
    with pytest.raises(Failure) as caught:
        engine.find(name, project)
    assert caught.value.message == f"there is no stack file stacks/Pulumi.{name}.yaml. {hint}"
    assert caught.value.exit_code == 2


def test_no_stack_files_at_all(project: Path) -> None:
    for file in (project / "stacks").iterdir():
        file.unlink()
    with pytest.raises(Failure, match="There is: none"):
        engine.find("local", project)


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"has no Pulumi\.yaml"):
        engine.find("local", tmp_path)


def test_a_stack_file_that_is_no_yaml(project: Path, local: Stack) -> None:
    local.file.write_text("config:\n  a: [1\n  password: hunter2hunter2\n")
    with pytest.raises(Failure) as caught:
        engine.find("local", project)
    assert "Pulumi.local.yaml, line " in caught.value.message
    assert "is not YAML" in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("text", ["", "config:\n", "config: 3\n", "- a\n", "other: 1\n"])
def test_a_stack_file_without_configuration(local: Stack, text: str) -> None:
    local.file.write_text(text)
    assert engine.settings_of(local) == {}


def test_the_configuration_of_a_stack_file(local: Stack) -> None:
    assert engine.settings_of(local)["docker:host"] == "ssh://me@there"


# The private copy of the stack file.


def test_the_engine_gets_a_private_copy_and_the_checkout_stays(local: Stack) -> None:
    assert engine.run(local, "up", "--yes") == 0
    assert notes(local.project, "config").rstrip() == STACK_FILE.rstrip()
    assert notes(local.project, "mode").strip() == "700"
    path = Path(notes(local.project, "path").strip())
    assert path.name == "Pulumi.local.yaml"
    assert not path.parent.exists(), "it is removed afterwards"
    assert local.file.read_text() == STACK_FILE
    calls = notes(local.project, "calls")
    assert calls == f"up --stack local --config-file {path} --yes\n"


def test_the_copy_is_removed_after_a_failure_too(local: Stack) -> None:
    copies: list[Path] = []

    def fail() -> None:
        with engine.config_file(local) as arguments:
            copies.append(Path(arguments[1]))
            assert copies[0].is_file()
            assert stat.S_IMODE(copies[0].parent.stat().st_mode) == 0o700
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not copies[0].parent.exists()


def test_the_copy_has_the_salt_of_the_state(local: Stack) -> None:
    salt = "v1:abc:v1:def"
    providers = {"type": "passphrase", "state": {"salt": salt}}
    checkpoint = {"checkpoint": {"latest": {"secrets_providers": providers}}}
    state_file(local).write_text(json.dumps(checkpoint))
    with engine.config_file(local) as arguments:
        document = yaml.safe_load(Path(arguments[1]).read_text())
    assert document["encryptionsalt"] == salt
    assert document["config"] == yaml.safe_load(STACK_FILE)["config"]


@pytest.mark.parametrize(
    "checkpoint",
    [
        {},
        {"checkpoint": {}},
        {"checkpoint": {"latest": None}},
        {"checkpoint": {"latest": {"secrets_providers": {"type": "cloud", "state": {}}}}},
    ],
)
def test_a_state_without_a_salt(local: Stack, checkpoint: dict[str, Any]) -> None:
    state_file(local).write_text(json.dumps(checkpoint))
    with engine.config_file(local) as arguments:
        assert "encryptionsalt" not in Path(arguments[1]).read_text()


@pytest.mark.parametrize("key", ["encryptionsalt", "encryptedkey", "secretsprovider"])
def test_a_stack_file_with_its_own_secrets_is_used_itself(local: Stack, key: str) -> None:
    local.file.write_text(f"{key}: v1:abc\n{STACK_FILE}")
    with engine.config_file(local) as arguments:
        assert arguments == []


@pytest.mark.parametrize("url", ["", "s3://bucket", "https://state.example.com"])
def test_another_backend_uses_the_stack_file_itself(
    local: Stack, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    with engine.config_file(local) as arguments:
        assert arguments == []


# Running the engine.


def test_the_engines_exit_code_is_passed_on(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "7")
    assert engine.run(local, "up") == 7


def test_without_an_engine(local: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for action in (lambda: engine.run(local, "up"), lambda: engine.query(local, "stack")):
        with pytest.raises(Failure, match="no pulumi on the PATH"):
            action()
    assert not list((tmp_path / "tmp").iterdir())


def test_a_query_gives_the_answer(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER", "the answer")
    assert engine.query(local, "stack", "output") == "the answer"
    assert notes(local.project, "calls") == "stack output --stack local\n"


def test_a_failing_query_explains_itself(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "255")
    monkeypatch.setenv("COMPLAINT", "error: no stack named 'local' found")
    with pytest.raises(Failure, match=r"the stack local is not up\. Run: make up STACK=local"):
        engine.query(local, "stack", "output")


def test_a_wrong_passphrase_is_named(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hunter2hunter2")
    message = engine.explain(local, "error: getting secrets manager: incorrect passphrase")
    assert "passphrase in PULUMI_CONFIG_PASSPHRASE is not the one" in message
    assert "hunter2" not in message
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/home/me/passphrase")
    assert "/home/me/passphrase" in engine.explain(local, "incorrect passphrase")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the engine failed without a word"),
        ("\n  a \n\n b\n", "a\nb"),
        ("error: x", "error: x"),
    ],
)
def test_other_complaints_are_the_engines_own(local: Stack, text: str, message: str) -> None:
    assert engine.explain(local, text) == message


def test_a_termination_ends_the_engine_first_and_is_told(local: Stack) -> None:
    """In a process of its own: signals are the process's."""
    program = local.project.parent / "bin" / "pulumi"
    program.write_text(
        "#!/bin/sh\ntrap 'echo stopped >> \"$NOTES/calls\"; exit 1' INT\n"
        'echo started >> "$NOTES/calls"\nwhile :; do sleep 0.05; done\n'
    )
    script = (
        "import sys\nfrom pathlib import Path\nfrom secure_redis.cli import engine\n"
        "stack = engine.find('local', Path(sys.argv[1]))\n"
        "try:\n    engine.run(stack, 'up')\n"
        "except engine.Interrupted as error:\n    sys.exit(error.exit_code)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(local.project)])
    calls = local.project.parent / "notes" / "calls"
    deadline = time.monotonic() + 20
    while not calls.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) == 130
    assert calls.read_text() == "started\nstopped\n"
    assert not list((local.project.parent / "tmp").iterdir()), "the copy is gone"


# Making a stack.


def test_a_stack_that_is_there_is_not_made(local: Stack) -> None:
    state_file(local).write_text("{}")
    engine.ensure(local)
    assert not (local.project.parent / "notes" / "calls").exists()


def test_a_stack_that_is_missing_is_made_away_from_the_checkout(local: Stack) -> None:
    engine.ensure(local)
    assert notes(local.project, "calls") == "stack init local --non-interactive\n"
    assert local.file.read_text() == STACK_FILE


def test_a_stack_that_cannot_be_made(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "1")
    monkeypatch.setenv("COMPLAINT", "error: the disk is full")
    with pytest.raises(Failure, match="the disk is full"):
        engine.ensure(local)
    monkeypatch.setenv("COMPLAINT", "error: stack 'local' already exists")
    engine.ensure(local)


# Marks of runs.


def test_a_run_that_ends_leaves_no_mark(local: Stack) -> None:
    for _ in range(2):
        with engine.recorded(local) as broke_off:
            assert broke_off is False


@pytest.mark.parametrize("error", [KeyboardInterrupt, Failure("x"), SystemExit])
def test_a_run_that_breaks_off_is_known_to_the_next(local: Stack, error: Any) -> None:
    with pytest.raises(BaseException), engine.recorded(local):  # noqa: B017, PT011
        raise error
    with engine.recorded(local) as broke_off:
        assert broke_off is True
    with engine.recorded(local) as broke_off:
        assert broke_off is False


def test_a_run_that_was_killed_is_known_to_the_next(local: Stack) -> None:
    script = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom secure_redis.cli import engine\n"
        "with engine.recorded(engine.find('local', Path(sys.argv[1]))):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(local.project)], check=False)
    assert done.returncode == -signal.SIGKILL
    with engine.recorded(local) as broke_off:
        assert broke_off is True


def test_two_runs_on_one_stack_do_not_meet(local: Stack) -> None:
    refused = pytest.raises(Failure, match="another run on the stack local is going on")
    with engine.recorded(local), refused, engine.recorded(local):
        raise AssertionError
    with engine.recorded(local) as broke_off:
        assert broke_off is False, "the one that was refused left no mark"


def test_runs_on_different_stacks_and_backends_do_not_meet(
    project: Path, local: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.recorded(local):
        with engine.recorded(engine.find("prod", project)) as broke_off:
            assert broke_off is False
        monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
        with engine.recorded(local) as broke_off:
            assert broke_off is False


def test_marks_lie_outside_of_the_checkout(local: Stack) -> None:
    with engine.recorded(local):
        assert local.marker.is_file()
        assert not local.marker.is_relative_to(local.project)
        assert stat.S_IMODE(local.marker.parent.stat().st_mode) == 0o700


# Locks of the engine.


def lock(stack: Stack, name: str, text: str) -> Path:
    locks = stack.project.parent / "backend" / ".pulumi" / "locks" / "organization"
    folder = locks / "secure-redis" / stack.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(text)
    return file


def dead_pid() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_locks_of_the_dead_are_taken_away(local: Stack, project: Path) -> None:
    here = os.uname().nodename
    dead = lock(local, "dead", json.dumps({"pid": dead_pid(), "hostname": here}))
    far = lock(local, "far", json.dumps({"pid": dead_pid(), "hostname": "another-machine"}))
    other = engine.find("prod", project)
    others = lock(other, "dead", json.dumps({"pid": dead_pid(), "hostname": here}))
    damaged = [lock(local, f"bad{i}", text) for i, text in enumerate(["", "{}", "[]x"])]
    engine.unlock(local)
    assert not dead.exists()
    assert far.exists(), "nobody here can tell whether it lives"
    assert others.exists()
    assert all(file.exists() for file in damaged)


def test_a_lock_of_the_living_stays(local: Stack) -> None:
    text = json.dumps({"pid": os.getpid(), "hostname": os.uname().nodename})
    living = lock(local, "living", text)
    with pytest.raises(Failure, match="is still going on"):
        engine.unlock(local)
    assert living.exists()


def test_without_locks_there_is_nothing_to_do(
    local: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.unlock(local)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    engine.unlock(local)


# What a stack has.


def contract(**fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "target": "docker",
        "engine": "redis",
        "host": "127.0.0.1",
        "port": 6380,
        "tls": True,
        "username": "app",
        "password": "PasswordPassword",
        "ca_pem": "-----BEGIN CERTIFICATE-----\n",
        "ca_source": CaSource.LOCAL,
    }
    return Connection(**{**base, **fields}).to_dict()


@pytest.fixture
def two(local: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack `local` with the caches `cache` and `queue`."""
    connections = {"queue": contract(port=6382), "cache": contract()}
    monkeypatch.setenv("ANSWER", json.dumps({"connections": connections}))
    return local


def test_the_first_cache_by_name_or_the_named_one(two: Stack) -> None:
    assert engine.connection(two, None)[0] == "cache"
    name, found = engine.connection(two, "queue")
    assert (name, found["port"]) == ("queue", 6382)


@pytest.mark.parametrize(
    ("cache", "hint"), [("quue", "Did you mean queue?"), ("zzz", "There is: cache, queue.")]
)
def test_a_cache_that_the_stack_does_not_have(two: Stack, cache: str, hint: str) -> None:
    with pytest.raises(Failure) as caught:
        engine.connection(two, cache)
    assert caught.value.message == f"the stack local has no cache {cache}. {hint}"
    assert "Password" not in caught.value.message


def test_a_stack_without_outputs_is_not_up(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWER", "{}")
    with pytest.raises(Failure, match="is not up"):
        engine.outputs(local)


@pytest.mark.parametrize("answer", ['{"deployment": null}', '{"deployment": {}}', "{}"])
def test_a_state_without_resources(
    local: Stack, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setenv("ANSWER", answer)
    assert engine.resources(local) == []


# The commands.


def invoke(project: Path, *arguments: str) -> Any:
    return CliRunner().invoke(main, [*arguments, "--project", str(project)])


def test_url_prints_the_url_and_nothing_else(two: Stack) -> None:
    done = invoke(two.project, "url", "--cache", "queue")
    assert done.output == "rediss://app:PasswordPassword@127.0.0.1:6382/0\n"
    assert done.exit_code == 0


def test_ca_prints_the_certificates_and_nothing_else(two: Stack) -> None:
    assert invoke(two.project, "ca").output == "-----BEGIN CERTIFICATE-----\n"


def test_output_asks_for_no_secret(two: Stack) -> None:
    invoke(two.project, "output")
    assert "--show-secrets" not in notes(two.project, "calls")


def test_a_failure_is_one_line(project: Path) -> None:
    done = invoke(project, "url", "--stack", "locl")
    assert done.exit_code == 2
    assert done.output.startswith("Error: there is no stack file")
    assert len(done.output.splitlines()) == 1


def test_the_closing_screen_shows_places_and_no_password(two: Stack) -> None:
    screen = commands.closing_screen(two, connections(two))
    assert "rediss://127.0.0.1:6380/0" in screen
    assert "rediss://127.0.0.1:6382/0" in screen
    assert "TLS 1.2+ verified, user app" in screen
    assert "make -s url" in screen
    assert "PasswordPassword" not in screen


def test_up_passes_a_failing_engine_on(two: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    state_file(two).write_text("{}")
    done = invoke(two.project, "up")
    assert done.exit_code == 3
    assert "make -s url" not in done.output


def test_the_copy_of_the_settings_is_the_file_that_the_program_reads(local: Stack) -> None:
    """What a run sees is what the checkout says, comments included."""
    with engine.config_file(local) as arguments:
        copied = yaml.safe_load(Path(arguments[1]).read_text())
    assert copied == yaml.safe_load(local.file.read_text())
