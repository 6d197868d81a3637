"""No generated secret can be read where it does not belong."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from harness import Deployment, Run, deployed, engine, free_port, redacted

PLANTED = "planted0123456789planted0123456789planted0123456"


def needles(secrets: Mapping[str, str]) -> dict[str, list[bytes]]:
    """What to search for: a password as it is, a private key by its lines.

    The last line of an EC private key is left out: it holds a part of the public key.
    """
    return {
        name: [line.encode() for line in secret.splitlines()[1:-2] or [secret]]
        for name, secret in secrets.items()
    }


def leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Every secret that stands in a place: names of both, never the secret itself."""
    return [
        f"{name} in {place}"
        for name, parts in needles(secrets).items()
        for place, content in places.items()
        if any(part in content for part in parts)
    ]


@contextmanager
def watched_processes() -> Iterator[list[set[bytes]]]:
    """Looks at the arguments of all processes, over and over; a set for each look."""
    looks: list[set[bytes]] = []
    end = threading.Event()

    def run() -> None:
        while not end.wait(0.02):
            looks.append(set(arguments_of_all()))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield looks
    finally:
        end.set()
        thread.join(30)


def arguments_of_all() -> Iterator[bytes]:
    for entry in os.listdir("/proc"):  # noqa: PTH208 - many times a second
        if entry.isdigit():
            with suppress(OSError):
                yield Path(f"/proc/{entry}/cmdline").read_bytes()


class Trial:
    """A stack that has been through its life, with everything that could have been overheard."""

    def __init__(self, deployment: Deployment, settings: dict[str, Any]) -> None:
        self.deployment = deployment
        self.places: dict[str, bytes] = {}
        events = deployment.files / "events.json"
        # The flag for the event log is one of the engine's debugging aids.
        debug: dict[str, Any] = {"PULUMI_DEBUG_COMMANDS": "true"}
        with watched_processes() as looks:
            deployment.write(settings)
            first_up = deployment.run("up", "--", "--event-log", str(events), **debug)
            self._keep("first up", first_up)
            first = deployment.secrets()
            settings["cache"]["rotation"] = {"generation": 2, "keepPrevious": True}
            settings["mutual"]["docker"]["certificates"] = {"validityDays": 100}
            deployment.write(settings)
            self._keep("preview", deployment.run("preview", "--", "--diff"))
            change = deployment.run("up", "--", "--diff", "--event-log", f"{events}.2", **debug)
            self._keep("change", change)
            self._keep("output", deployment.run("output"))
            self._keep("env", deployment.run("env"))
            self._keep("refresh", deployment.run("preview", "--", "--refresh", "--diff"))
            self._keep("ps", _run("ps", "axww", "-o", "args"))
        assert len(looks) > 100
        self.places["arguments of processes"] = b"\n".join(set().union(*looks))
        self.places["event log"] = events.read_bytes() + Path(f"{events}.2").read_bytes()
        self.secrets = {**first, **deployment.secrets()}
        self._look_into_docker()
        for path in (*deployment.backend.rglob("*"), *deployment.project.rglob("*")):
            if path.is_file():
                self.places[f"file {path.name}"] = path.read_bytes()

    def _keep(self, what: str, run: Any) -> None:
        run.succeeded()
        self.places[f"output of {what}"] = run.text.encode()

    def _look_into_docker(self) -> None:
        names = self.deployment.in_docker()
        self.places["docker inspect"] = _run("docker", "inspect", *names).text.encode()
        self.places["docker ps"] = _run("docker", "ps", "-a", "--no-trunc").text.encode()
        images = {c.attrs["Image"] for c in self._containers()}
        self.places["docker history"] = b"".join(
            _run("docker", "history", "--no-trunc", image).text.encode() for image in images
        )
        for container in self._containers():
            self.places[f"logs of {container.name}"] = container.logs()
            pid = container.attrs["State"]["Pid"]
            if pid:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                assert environment
                self.places[f"environment of {container.name}"] = environment

    def _containers(self) -> list[Any]:
        filters: Any = {"name": self.deployment.full_name}
        return engine().containers.list(all=True, filters=filters)


def _run(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    settings: dict[str, Any] = {
        "cache": {"docker": {"port": free_port()}},
        "mutual": {"mode": "mtls", "docker": {"port": free_port()}},
        "plain": {"mode": "password", "docker": {"port": free_port()}},
    }
    with deployed(tmp_path_factory.mktemp("secrets"), "secrets") as deployment:
        yield Trial(deployment, settings)


def test_all_secrets_are_known(trial: Trial) -> None:
    """What is searched for is what was made: a search for nothing finds nothing."""
    passwords = {
        f"{cache}-{user}" for cache in ("cache", "mutual", "plain") for user in ("health-password",)
    }
    assert passwords <= trial.secrets.keys()
    expected = {
        "cache-app-password-1",
        "cache-app-password-2",
        "cache-readonly-password-1",
        "cache-readonly-password-2",
        "cache-operator-password",
        "cache-ca-key",
        "cache-server-key",
        "mutual-app-password-1",
        "mutual-client-key",
        "mutual-server-key",
        "plain-app-password-1",
    }
    assert expected <= trial.secrets.keys()
    for parts in needles(trial.secrets).values():
        assert sum(len(part) for part in parts) >= 48


def test_the_search_finds_what_it_looks_for(trial: Trial) -> None:
    key = trial.secrets["cache-server-key"]
    known = {"password": PLANTED, "key": key}
    assert leaks(known, {"a": b"nothing"}) == []
    assert leaks(known, {"a": json.dumps({"x": PLANTED}).encode()}) == ["password in a"]
    # As a line feed is written in JSON, and in a file as it is.
    assert leaks(known, {"b": json.dumps(key).encode()}) == ["key in b"]
    assert leaks(known, {"b": key.encode()}) == ["key in b"]
    # The places are the true ones, and the searched process list is of this machine.
    with watched_processes() as looks, subprocess.Popen(["sleep", "1.5", "0", "0"]) as planted:
        planted.wait()
    assert any(b"sleep\x001.5\x000\x000\x00" in look for look in looks)
    assert b"secure-redis" in trial.places["arguments of processes"]
    assert b"cache-app-password-2" in trial.places["event log"]
    assert b"cache-app-password-2" in trial.places["output of change"]
    assert b"REDISCLI_AUTH" in trial.places["docker inspect"]
    assert any(place.startswith("file ") for place in trial.places)


def test_no_secret_is_where_it_does_not_belong(trial: Trial) -> None:
    found = leaks(trial.secrets, trial.places)
    assert "\n".join(found) == ""


def test_reports_of_tests_are_cleaned(trial: Trial) -> None:
    for secret in (trial.secrets["cache-app-password-2"], trial.secrets["cache-server-key"]):
        cleaned = redacted(f"assert {secret!r} == {json.dumps(secret)}\n{secret}")
        assert leaks({"secret": secret}, {"report": cleaned.encode()}) == []
        assert "[secret]" in cleaned


def test_the_places_are_all_there(trial: Trial) -> None:
    kinds = {place.partition(" ")[0] for place in trial.places}
    assert kinds == {"output", "arguments", "event", "docker", "logs", "environment", "file"}
    environments = [place for place in trial.places if place.startswith("environment of ")]
    assert len([place for place in environments if not place.endswith("-reload")]) == 3
    state = trial.places[f"file {trial.deployment.name}.json"]
    assert b"ciphertext" in state or b'"4dabf18193072939515e22adb298388d"' in state


def test_the_command_prints_secrets_only_when_asked(trial: Trial) -> None:
    connection = trial.deployment.connection()
    assert trial.deployment.run("url").stdout == f"{connection.url}\n"
    for operation in (["output"], ["env"], ["env", "--format", "json"], ["ca"]):
        assert connection.password not in trial.deployment.run(*operation).text
