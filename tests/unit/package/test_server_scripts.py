"""The health check and the reload script, in a real shell, with a client that plays the server."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from package_cases import cache_of, one
from secure_redis.docker import config
from secure_redis.settings import Engine, Mode

OPERATOR_PASSWORD = "OperatorPasswordOperatorPassword"
HEALTH_PASSWORD = "HealthPasswordHealthPassword"

REFUSED = "Could not connect to Redis at cache:6380: Connection refused"
UNKNOWN_NAME = "Could not connect to Redis at cache:6380: Name or service not known"
UNKNOWN_NAME_MUSL = "Could not connect to Redis at cache:6380: Name does not resolve"
NOAUTH = "NOAUTH Authentication required."
LOADING = "LOADING Redis is loading the dataset in memory"

CLIENT = """#!/bin/sh
# Plays the server: the next line of `pings` answers a ping, the next of `replies` a command.
cd "$(dirname "$0")" || exit 9
printf '%s\\n' "$*" >> arguments
printf '%s\\n' "$REDISCLI_AUTH" >> passwords
next() {
  head -n 1 "$1"
  if [ "$(wc -l < "$1")" -gt 1 ]; then sed -i 1d "$1"; fi
}
case $* in
  *" ping") next pings ;;
  *) while IFS= read -r line; do printf '%s\\n' "$line" >> commands; next replies; done ;;
esac
"""


class Machine:
    """A folder with a configuration, and a PATH on which the client plays the server."""

    def __init__(self, folder: Path, mode: Mode = Mode.TLS, engine: Engine = Engine.REDIS) -> None:
        self.folder = folder
        self.etc = folder / "etc"
        self.etc.mkdir()
        self.cache = cache_of(one({"mode": mode.value, "engine": engine.value}))
        self.bin = folder / "bin"
        self.bin.mkdir()
        self._program(f"{engine.value}-cli", CLIENT)
        # Waiting is counted, not done.
        self._program("sleep", '#!/bin/sh\nprintf "%s\\n" "$1" >> "$(dirname "$0")/slept"\n')
        accounts = config.users(mode, app=["A", "B"], readonly=["R"], health="H", operator="O")
        self.acl = config.acl_file(accounts)
        (self.etc / "users.acl").write_text(self.acl)
        (self.etc / "operator_password").write_text(f"{OPERATOR_PASSWORD}\n")
        (self.etc / "health_password").write_text(f"{HEALTH_PASSWORD}\n")
        self.answers(["PONG"], ["OK"])

    def _program(self, name: str, text: str) -> None:
        program = self.bin / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def answers(self, pings: list[str], replies: list[str]) -> None:
        (self.bin / "pings").write_text("".join(f"{line}\n" for line in pings))
        (self.bin / "replies").write_text("".join(f"{line}\n" for line in replies))

    def here(self, script: str) -> str:
        script = script.replace(config.RELOADED, str(self.folder / "reloaded"))
        return script.replace(config.CONFIG_DIR, str(self.etc))

    def sh(self, script: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", self.here(script)],
            env={"PATH": f"{self.bin}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def reload(self) -> "subprocess.CompletedProcess[str]":
        return self.sh(config.reload_script(self.cache, "cache"))

    def health(self) -> int:
        return self.sh(config.health_command(self.cache)).returncode

    def said(self, name: str) -> list[str]:
        file = self.bin / name
        return file.read_text().splitlines() if file.exists() else []

    @property
    def reloaded(self) -> bool:
        return (self.folder / "reloaded").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("mode", [Mode.PASSWORD, Mode.TLS, Mode.MTLS])
@pytest.mark.parametrize("engine", list(Engine))
def test_the_reload_script_is_a_shell_script(mode: Mode, engine: Engine) -> None:
    cache = cache_of(one({"mode": mode.value, "engine": engine.value}))
    script = config.reload_script(cache, "cache")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert f"{engine.value}-cli " in script
    assert ("--tls" in script) == mode.tls


@pytest.mark.parametrize("mode", [Mode.PASSWORD, Mode.TLS, Mode.MTLS])
@pytest.mark.parametrize("engine", list(Engine))
def test_a_server_that_answers_gets_users_and_certificates(
    tmp_path: Path, mode: Mode, engine: Engine
) -> None:
    machine = Machine(tmp_path, mode, engine)
    done = machine.reload()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.reloaded
    commands = machine.said("commands")
    users = [line.split(" ", 2)[1:] for line in machine.acl.splitlines()]
    expected = [f"ACL SETUSER {name} reset {rules}" for name, rules in users]
    tls = machine.etc / "tls"
    certificates = (
        f"CONFIG SET tls-cert-file {tls}/server.crt tls-key-file {tls}/server.key "
        f"tls-ca-cert-file {tls}/ca.crt"
    )
    assert commands == [*expected, *([certificates] if mode.tls else [])]
    assert machine.said("slept") == ["60"], "the health check must find the mark"


def test_no_password_and_no_hash_stands_in_an_argument(machine: Machine) -> None:
    machine.reload()
    arguments = "\n".join(machine.said("arguments"))
    assert OPERATOR_PASSWORD not in arguments
    assert "#" not in arguments
    assert "--user operator" in arguments
    assert set(machine.said("passwords")) == {OPERATOR_PASSWORD}


def test_both_passwords_of_a_rotation_arrive(machine: Machine) -> None:
    machine.reload()
    (app,) = [line for line in machine.said("commands") if line.startswith("ACL SETUSER app ")]
    assert app.count("#") == 2


@pytest.mark.parametrize("answer", [UNKNOWN_NAME, UNKNOWN_NAME_MUSL])
def test_a_server_that_is_not_there_reads_the_files_when_it_starts(
    machine: Machine, answer: str
) -> None:
    machine.answers([answer], ["OK"])
    assert machine.reload().returncode == 0
    assert machine.reloaded
    assert machine.said("commands") == []
    assert len(machine.said("arguments")) == 1, "it is not asked again"


def test_a_server_that_is_starting_is_waited_for(machine: Machine) -> None:
    machine.answers([REFUSED, REFUSED, REFUSED, "PONG"], ["OK"])
    assert machine.reload().returncode == 0
    assert machine.reloaded
    assert machine.said("slept") == ["0.5", "0.5", "0.5", "60"]
    assert len(machine.said("commands")) == 6


def test_a_server_that_stays_away_is_given_up(machine: Machine) -> None:
    machine.answers([REFUSED], ["OK"])
    assert machine.reload().returncode == 0
    assert machine.reloaded
    assert machine.said("commands") == []
    assert machine.said("slept") == ["0.5"] * 20 + ["60"]


def test_a_server_that_loads_its_data_takes_new_users(machine: Machine) -> None:
    machine.answers([LOADING], ["OK"])
    assert machine.reload().returncode == 0
    assert machine.reloaded
    assert len(machine.said("commands")) == 6


@pytest.mark.parametrize(
    "answer", [NOAUTH, "AUTH failed: WRONGPASS invalid username-password pair"]
)
def test_a_server_that_refuses_the_operator_fails_the_script(machine: Machine, answer: str) -> None:
    machine.answers([answer], ["OK"])
    done = machine.reload()
    assert done.returncode == 1
    assert done.stderr == f"the server refuses: {answer}\n"
    assert not machine.reloaded
    assert machine.said("commands") == []


@pytest.mark.parametrize("position", range(6))
def test_a_command_that_is_refused_fails_the_script(machine: Machine, position: int) -> None:
    replies = ["OK"] * position + ["ERR Error in ACL SETUSER modifier: Syntax error"] + ["OK"]
    machine.answers(["PONG"], replies)
    done = machine.reload()
    assert done.returncode == 1
    assert "the server refuses: " in done.stderr
    assert "Syntax error" in done.stderr
    assert not machine.reloaded


def test_a_server_that_says_nothing_fails_the_script(machine: Machine) -> None:
    machine.answers([""], ["OK"])
    done = machine.reload()
    assert done.returncode == 1
    assert done.stderr == "the server does not answer\n"
    assert not machine.reloaded


@pytest.mark.parametrize("missing", ["operator_password", "users.acl"])
def test_a_file_that_is_missing_fails_the_script(machine: Machine, missing: str) -> None:
    (machine.etc / missing).unlink()
    assert machine.reload().returncode != 0
    assert not machine.reloaded


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        ("PONG", True),
        (NOAUTH, False),
        (LOADING, False),
        (REFUSED, False),
        ("", False),
        ("PONG PONG", False),
        ("WRONGPASS invalid", False),
    ],
)
def test_only_pong_is_healthy(tmp_path: Path, mode: Mode, answer: str, healthy: bool) -> None:
    machine = Machine(tmp_path, mode)
    machine.answers([answer], ["OK"])
    assert (machine.health() == 0) is healthy
    password = "" if mode is Mode.NONE else HEALTH_PASSWORD
    assert machine.said("passwords") == [password]
    assert HEALTH_PASSWORD not in "\n".join(machine.said("arguments"))


def test_the_health_check_says_nothing(machine: Machine) -> None:
    for answer in ("PONG", NOAUTH):
        machine.answers([answer], ["OK"])
        done: Any = machine.sh(config.health_command(machine.cache))
        assert (done.stdout, done.stderr) == ("", "")
