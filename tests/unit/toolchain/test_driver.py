"""The driver from the outside: `toolchain/run` as a process, on a scratch machine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "toolchain" / "run"
PYTHON = Path(os.path.realpath(sys.executable))
UV = f"""
case "$1" in
--version) echo "uv 0.13.8" ;;
venv)
  for last; do :; done
  mkdir -p "$last/bin"
  ln -sf {PYTHON} "$last/bin/python"
  echo "home = x" > "$last/pyvenv.cfg" ;;
pip) if [ -e "$(dirname "$0")/slow" ]; then echo $$ > "$(dirname "$0")/pid"; sleep 300; fi ;;
esac
"""


class Machine:
    """A machine with Docker, its image, an engine and plugins: only Python packages miss."""

    def __init__(self, tmp_path, project, fake):
        self.programs = fake("uv", UV).parent
        fake("pulumi", "echo v3.260.0\n")
        fake("pulumi-language-python", "")
        for name in ("docker", "random", "tls"):
            fake(f"pulumi-resource-{name}", "")
        self.daemon = FakeDaemon(tmp_path / "docker.sock")
        images = json.loads(
            (project / "components" / "secure_redis" / "docker" / "images.json").read_text()
        )
        self.daemon.images |= {image["official"] for image in images.values()}
        self.project, self.state, self.cache = project, tmp_path / "state", tmp_path / "cache"
        self.environ = {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{self.programs}:{PYTHON.parent}:/usr/bin:/bin",
            "DOCKER_HOST": self.daemon.url,
            "SECURE_REDIS_CACHE_DIR": str(self.cache),
            "SECURE_REDIS_STATE_DIR": str(self.state),
        }
        (tmp_path / "home").mkdir()

    def start(self, *words, **extra):
        return subprocess.Popen(
            [RUN, *words],
            env={**self.environ, **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.project,
        )

    def run(self, *words, **extra):
        process = self.start(*words, **extra)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def command(self, *words, **extra):
        return self.run("--project", str(self.project), "--", *words, **extra)


@pytest.fixture
def machine(tmp_path, project, fake):
    machine = Machine(tmp_path, project, fake)
    yield machine
    machine.daemon.shutdown()
    machine.daemon.server_close()


def test_the_first_run_says_what_it_does_on_stderr_only(machine):
    code, out, err = machine.command("echo", "answer")
    assert (code, out) == (0, "answer\n")
    assert "Python packages: docker installed" in err
    assert "usually half a minute" in err
    assert all(line.startswith("secure-redis: ") for line in err.splitlines())


def test_a_prepared_machine_is_told_nothing(machine):
    machine.command("true")
    assert machine.command("echo", "answer") == (0, "answer\n", "")


def test_the_command_gets_the_environment_and_only_paths_of_secrets(machine):
    machine.command("true")
    code, out, _ = machine.command("env", PULUMI_STACK="other")
    env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert code == 0
    assert env["PULUMI_STACK"] == "local"
    assert env["PULUMI_BACKEND_URL"] == f"file://{machine.state}/backend"
    assert env["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert env["VIRTUAL_ENV"] == str(machine.project / ".venv")
    assert env["PATH"].startswith(str(machine.project / ".venv" / "bin"))
    assert env["DOCKER_HOST"] == machine.daemon.url
    secret = (machine.state / "passphrase").read_text()
    assert secret not in out
    assert "PULUMI_HOME" not in env


def test_the_commands_own_exit_code_and_signals_are_the_answer(machine):
    machine.command("true")
    assert machine.command("sh", "-c", "exit 7")[0] == 7
    code, _, err = machine.command("no-such-command")
    assert (code, err) == (
        127,
        "secure-redis: cannot run no-such-command: No such file or directory\n",
    )
    process = machine.start(
        "--project", str(machine.project), "--", "sh", "-c", "echo up; sleep 60"
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM, "the command has replaced us"


def test_inside_make_shell_the_same_things_are_found(machine):
    machine.command("true")
    inner = [str(RUN), "--project", str(machine.project), "--", "env"]
    _, plain, _ = machine.command("env")
    code, nested, err = machine.command(*inner)
    assert (code, err) == (0, "")

    def facts(text):
        return {line for line in text.splitlines() if not re.match(r"(_|SHLVL|OLDPWD)=", line)}

    assert facts(nested) == facts(plain)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_what_it_started_and_goes_on_the_next_time(machine, number):
    (machine.programs / "slow").touch()
    process = machine.start("prepare", "--project", str(machine.project))
    note = machine.programs / "pid"
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int(note.read_text())
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("secure-redis: interrupted; finished parts are kept")
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(os.getpgid(child), 0)
    (machine.programs / "slow").unlink()
    assert machine.command("echo", "answer")[:2] == (0, "answer\n")


def test_killed_outright_it_leaves_no_program_running(machine):
    (machine.programs / "slow").touch()
    process = machine.start("prepare", "--project", str(machine.project))
    note = machine.programs / "pid"
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=20)
    child = int(note.read_text())
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (machine.programs / "slow").unlink()
    assert machine.command("echo", "answer")[:2] == (0, "answer\n")


def test_two_at_once_both_succeed(machine):
    words = ("--project", str(machine.project), "--", "echo", "answer")
    runs = [machine.start(*words) for _ in range(2)]
    assert [run.communicate(timeout=60)[0] for run in runs] == ["answer\n", "answer\n"]


def test_the_doctor_tells_and_touches_nothing(machine):
    code, out, err = machine.run("doctor", "--project", str(machine.project))
    assert (code, out) == (0, "")
    assert re.search(r"Pulumi +ready +Pulumi 3\.260\.0", err)
    assert re.search(r"Python packages +to get", err)
    assert re.search(r"test tools +not needed +only with --dev", err)
    assert not machine.state.exists()
    assert not (machine.project / ".venv").exists()


def test_the_doctor_ends_with_1_where_something_cannot_be_had(machine, tmp_path):
    gone = f"unix://{tmp_path}/gone.sock"
    code, _, err = machine.run("doctor", "--project", str(machine.project), DOCKER_HOST=gone)
    assert code == 1
    assert re.search(r"Docker +PROBLEM", err)
    assert f"Start the daemon at {gone}" in err


def test_a_problem_is_said_before_anything_is_obtained(machine, tmp_path):
    gone = f"unix://{tmp_path}/gone.sock"
    code, out, err = machine.command("echo", "answer", DOCKER_HOST=gone)
    assert (code, out) == (1, "")
    assert err.startswith("secure-redis: cannot go on: no Docker daemon answers")
    assert not (machine.project / ".venv").exists()


def test_a_stack_that_needs_no_docker_does_not_look_for_it(machine, tmp_path):
    words = ("--project", str(machine.project), "--stack", "elsewhere", "--", "echo", "answer")
    code, out, _ = machine.run(*words, DOCKER_HOST=f"unix://{tmp_path}/gone.sock")
    assert (code, out) == (0, "answer\n")


@pytest.mark.parametrize("engine", [True, False])
def test_a_plugin_that_cannot_be_had_is_said_before_anything_is_obtained(machine, engine):
    if not engine:
        (machine.programs / "pulumi").unlink()
    nowhere = "http://127.0.0.1:9"
    sites = dict.fromkeys(
        ("SECURE_REDIS_PULUMI_DOWNLOADS", "SECURE_REDIS_PULUMI_CHECKSUMS"), nowhere
    )
    words = ("--project", str(machine.project), "--stack", "cloud", "--", "echo", "answer")
    code, out, err = machine.run(*words, **sites)
    assert (code, out) == (1, "")
    assert err.startswith("secure-redis: cannot go on: the Pulumi plugin aws ")
    assert err.count("secure-redis: ") == 1
    assert "Traceback" not in err
    assert "\n  pulumi plugin install resource aws " in err
    assert not (machine.project / ".venv").exists()
    assert not machine.state.exists()
    assert not list(machine.cache.glob("*-*"))


def test_with_the_plugin_on_path_the_run_goes_on(machine):
    program = machine.programs / "pulumi-resource-aws"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    words = ("--project", str(machine.project), "--stack", "cloud", "--", "echo", "answer")
    code, out, err = machine.run(*words)
    assert (code, out) == (0, "answer\n")
    assert "Python packages: aws installed" in err


def test_a_missing_stack_is_one_message(machine):
    code, out, err = machine.run("--project", str(machine.project), "--stack", "loca", "--", "true")
    assert (code, out) == (1, "")
    assert "Did you mean local?" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [(), ("prepare", "--", "true"), ("nonsense",), ("--stack",)])
def test_a_wrong_call_shows_the_usage(machine, words):
    code, _, err = machine.run(*words)
    assert code == 2
    assert err.startswith("usage: toolchain/run")


def test_a_state_directory_that_cannot_be_made_is_one_message(machine, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = machine.command("true", SECURE_REDIS_STATE_DIR=str(tmp_path / "file" / "state"))
    assert code == 1
    assert "cannot write the state directory" in err
    assert "Traceback" not in err


def test_an_old_python_is_passed_over_by_the_start_script(machine, tmp_path):
    (tmp_path / "toolchain").symlink_to(ROOT / "toolchain")  # a copy without a .venv of its own
    old = tmp_path / "old"
    old.mkdir()
    (old / "python3").write_text(f"#!/bin/sh\necho asked >> {old}/log\nexit 1\n")
    (old / "python3").chmod(0o755)
    words = [tmp_path / "toolchain" / "run", "--project", machine.project, "--", "echo", "answer"]
    env = {**machine.environ, "PATH": f"{old}:{machine.environ['PATH']}"}
    result = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "answer\n")
    assert (old / "log").read_text() == "asked\n"
