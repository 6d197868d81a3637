"""Stacks of the tests' own: the real engine, nothing shared with a user's stacks.

A `Deployment` has a project directory, a backend, a passphrase and a state directory of its own,
and a stack name that nobody else has. It runs the `secure-redis` command as a user does.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from secure_redis.connection import SECRET_FIELDS, Connection

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT_NAME = "secure-redis"
SECRET_MARK = "4dabf18193072939515e22adb298388d"
"""The engine's sign of a secret value in an exported state."""

NO_DOCTOR = {"SECURE_REDIS_SKIP_DOCTOR": "true"}
"""What the doctor says at the end of `up` is asked for where it is tested. In a fake cloud there is
nothing to look at: its addresses are nobody's, or somebody else's."""

_known_secrets: set[str] = set()


def redacted(text: str) -> str:
    """The text without any secret that a deployment of this process has read."""
    for secret in _known_secrets:
        text = text.replace(secret, "[secret]")
    return text


def remember_secret(value: str) -> None:
    """Keeps a secret out of reports from now on, the lines of PEM texts too."""
    _known_secrets.update(part for part in (value, *value.splitlines()) if len(part) >= 16)


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr

    @property
    def changes(self) -> dict[str, int]:
        """How many resources were created, updated, replaced, deleted, unchanged."""
        _, _, summary = self.stdout.rpartition("Resources:")
        found = re.findall(r"^\s+(?:[-+~]+ ?)?(\d+) (\w+)\b", summary, re.MULTILINE)
        return {what: int(count) for count, what in found}

    def succeeded(self) -> "Run":
        """Itself, if the command succeeded; fails with the last lines of its output if not."""
        tail = "\n".join(redacted(self.text).splitlines()[-40:])
        assert self.code == 0, f"exit code {self.code} after {self.seconds:.0f} s:\n{tail}"
        return self


class Deployment:
    """One stack, from its file to its end."""

    target = ""
    """The target that `write` puts into the stack file."""

    def __init__(self, root: Path, label: str) -> None:
        self.name = f"{label}-{secrets.token_hex(3)}"
        self.project = root / "project"
        self.files = root / "files"
        self.backend = root / "backend"
        self.state = root / "state"
        for directory in (self.project / "stacks", self.files, self.backend, self.state):
            directory.mkdir(parents=True)
        self.passphrase = root / "passphrase"
        self.passphrase.write_text(secrets.token_hex(16))
        remember_secret(self.passphrase.read_text())
        (self.project / "Pulumi.yaml").write_text(yaml.safe_dump(self._manifest()))
        shutil.copy(REPOSITORY / "__main__.py", self.project)
        self._connections: dict[str, Any] = {}
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "SECURE_REDIS_STATE_DIR": str(self.state),
            **NO_DOCTOR,
        }
        for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK"):
            self.environment.pop(name, None)

    def _manifest(self) -> dict[str, Any]:
        """The project's Pulumi.yaml: the repository's, with the interpreter of this run."""
        manifest = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
        manifest["runtime"]["options"]["virtualenv"] = sys.prefix
        return manifest

    @property
    def stack_file(self) -> Path:
        """The stack file."""
        return self.project / "stacks" / f"Pulumi.{self.name}.yaml"

    def write(self, caches: Mapping[str, Any], **others: Any) -> None:
        """Writes the stack file: the caches, further keys of ours, and whole keys with a colon.

        A salt that is in the file stays.
        """
        settings = {"target": self.target, "environment": "development", **others, "caches": caches}
        config = {
            key if ":" in key else f"{PROJECT_NAME}:{key}": value
            for key, value in settings.items()
            if value is not None
        }
        document: dict[str, Any] = {}
        if self.stack_file.exists():
            document = yaml.safe_load(self.stack_file.read_text())
        self.stack_file.write_text(yaml.safe_dump({**document, "config": config}))

    def command(self, operation: str, *arguments: str) -> list[str]:
        """The command line of an operation on this stack."""
        where = ["--stack", self.name, "--project", str(self.project)]
        return ["secure-redis", operation, *where, *arguments]

    def run(self, operation: str, *arguments: str, timeout: float = 240, **environment: str) -> Run:
        """Runs `secure-redis`, with changes to its environment."""
        self._connections = {}
        return self._execute(self.command(operation, *arguments), timeout, environment)

    def pulumi(self, *arguments: str, stdin: str | None = None) -> Run:
        """Runs the engine itself in the project."""
        command = ["pulumi", *arguments, "--stack", self.name, "--non-interactive"]
        return self._execute(command, 120, {}, stdin)

    def start(self, operation: str, *arguments: str) -> "Process":
        """Starts `secure-redis` in a session of its own and returns at once."""
        self._connections = {}
        return Process(self.command(operation, *arguments), self.environment)

    def up(self, *arguments: str) -> Run:
        """`secure-redis up`, which must succeed."""
        return self.run("up", *arguments).succeeded()

    def down(self) -> Run:
        """`secure-redis down`, which must succeed."""
        return self.run("down").succeeded()

    def unchanged(self) -> None:
        """Asserts that a preview with a look at the real world finds nothing to do."""
        self.run("preview", "--", "--refresh", "--expect-no-changes").succeeded()

    def connection(self, cache_name: str = "cache") -> Connection:
        """The contract of a cache, from the stack's outputs."""
        if not self._connections:
            answer = self.pulumi("stack", "output", "connections", "--json", "--show-secrets")
            self._connections = json.loads(answer.succeeded().stdout)
        contract = self._connections[cache_name]
        for name in SECRET_FIELDS:
            remember_secret(contract[name])
        return Connection.from_dict(contract)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, secrets encrypted."""
        deployment = json.loads(self.pulumi("stack", "export").succeeded().stdout)["deployment"]
        return deployment.get("resources") or []

    def secrets(self) -> dict[str, str]:
        """Passwords and private keys in the state, by the name of their resource."""
        exported = self.pulumi("stack", "export", "--show-secrets").succeeded().stdout
        found: dict[str, str] = {}
        for resource in json.loads(exported)["deployment"].get("resources") or []:
            name = resource["urn"].rpartition("::")[2]
            outputs = _plain(resource.get("outputs") or {})
            for key in ("result", "privateKeyPem"):
                if isinstance(outputs.get(key), str) and "Uuid" not in resource["type"]:
                    found[name] = outputs[key]
                    remember_secret(outputs[key])
        return found

    @property
    def exists(self) -> bool:
        """Whether the backend has a state of the stack."""
        return bool(list(self.backend.glob(f".pulumi/stacks/*/{self.name}.json")))

    def _execute(
        self,
        command: list[str],
        timeout: float,
        environment: Mapping[str, str],
        stdin: str | None = None,
    ) -> Run:
        begin = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.project,
            env={**self.environment, **environment},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


class Process:
    """A running command, its output at hand as it comes."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.begin = time.monotonic()
        self._log = Path(environment["SECURE_REDIS_STATE_DIR"]) / f"log-{secrets.token_hex(4)}"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self._log.read_text()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def members(self) -> list[int]:
        """Ids of the command and of everything that it started, as far as they live."""
        return _session(self._process.pid)

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Returns as soon as it has printed `text`. Fails if it ends without."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert self.running, f"ended without {text!r}:\n{redacted(self.text)[-2000:]}"
            assert time.monotonic() < end, f"no {text!r} within {seconds} s"
            time.sleep(0.01)

    def kill_tree(self) -> None:
        """SIGKILL to the command and everything it started."""
        for _ in range(100):
            # More than once: what is being started at this moment, too.
            for pid in self.members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not self.members:
                break
            time.sleep(0.05)
        self._process.wait(10)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The command and everything it started stand still: it is not over before the end."""
        members = self.members
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def interrupt(self, number: signal.Signals) -> None:
        """SIGINT as Ctrl-C sends it, to the whole group; any other signal to the command alone."""
        if number is signal.SIGINT:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def ended(self, seconds: float = 120) -> Run:
        """Waits for its end."""
        code = self._process.wait(seconds)
        return Run(code, self.text, "", time.monotonic() - self.begin)


def _session(leader: int) -> list[int]:
    """The living processes of a session."""
    members: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(") ")[2].split()
                if int(fields[3]) == leader and fields[0] not in "ZX":
                    members.append(int(entry.name))
    return members


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if SECRET_MARK in value and "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
