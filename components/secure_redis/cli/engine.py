"""How this command runs the Pulumi engine on a stack: its file, its state, and runs that broke off.

With a file backend the engine gets a private copy of the stack file: it writes the salt of its
passphrase into the file that it is given, and a checkout that is committed must stay as it was.
"""

import difflib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import click
import yaml

NO_ENGINE = "there is no pulumi on the PATH. Run `make up`, which obtains it, or install Pulumi."

WRONG_PASSPHRASE = "incorrect passphrase"  # noqa: S105 - words of the engine
"""What the engine says of a passphrase with which the stack was not made."""

OWN_SECRETS = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack file that bind it to one state's secrets."""


class Failure(click.ClickException):
    """What the user can do something about: one message, no traceback."""

    exit_code = 2


class NotThere(Failure):
    """The backend has no such stack."""


class Interrupted(click.ClickException):
    """A run that a signal ended."""

    exit_code = 130


@dataclass(frozen=True)
class Stack:
    """A stack of a project, on the backend that the environment names."""

    name: str
    project: Path

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.project / "stacks" / f"Pulumi.{self.name}.yaml"

    @property
    def backend(self) -> str:
        """URL of the backend; empty where the engine's own login decides."""
        return os.environ.get("PULUMI_BACKEND_URL", "")

    @property
    def marker(self) -> Path:
        """A file that is there while a run on this stack is going on, or after one broke off."""
        key = f"{self.backend}\n{_project_name(self.project)}\n{self.name}"
        return state_dir() / "runs" / sha256(key.encode()).hexdigest()[:16]


def find(name: str, project: Path) -> Stack:
    """The stack `name`. Raises Failure, naming what there is, when it has no file."""
    stack = Stack(name, project)
    if not (project / "Pulumi.yaml").is_file():
        raise Failure(f"{project} has no Pulumi.yaml. Run this in the project's directory.")
    if not stack.file.is_file():
        known = sorted(
            path.name.removeprefix("Pulumi.").removesuffix(".yaml")
            for path in stack.file.parent.glob("Pulumi.*.yaml")
        )
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(known) or 'none'}."
        raise Failure(f"there is no stack file stacks/Pulumi.{name}.yaml. {hint}")
    settings_of(stack)
    return stack


def settings_of(stack: Stack) -> dict[str, Any]:
    """The configuration in the stack file. Raises Failure when it is no YAML."""
    try:
        document = yaml.safe_load(stack.file.read_text())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise Failure(f"{stack.file.name}{line} is not YAML. Correct it.") from None
    config = document.get("config") if isinstance(document, dict) else None
    return config if isinstance(config, dict) else {}


def environment() -> dict[str, str]:
    """The environment of the engine."""
    # The state's own salt, for a stack file that has none.
    return {**os.environ, "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true"}


def run(stack: Stack, command: str, *arguments: str) -> int:
    """Runs an operation of the engine on the stack, on this terminal; its exit code.

    Raises Interrupted after a signal: the engine first ends its current step, so that its state is
    whole. Raises Failure when the passphrase is wrong.
    """
    with config_file(stack) as extra:
        try:
            engine = subprocess.Popen(
                ["pulumi", command, "--stack", stack.name, *extra, *arguments],
                cwd=stack.project,
                env=environment(),
            )
        except FileNotFoundError:
            raise Failure(NO_ENGINE) from None
        with signals_to(engine) as signals:
            code = engine.wait()
    if code and not signals:
        # Something that needs the secrets, and nothing else, tells whether they can be read.
        probe = ("stack", "export", "--show-secrets", "--stack", stack.name)
        refused = _engine(stack.project, *probe).stderr
        if WRONG_PASSPHRASE in refused:
            raise Failure(explain(stack, refused))
    if signals:
        raise Interrupted("interrupted. Run the same command again: it goes on from here.")
    return code


@contextmanager
def signals_to(engine: "subprocess.Popen[Any]") -> Iterator[list[int]]:
    """The signals that come while a running engine is waited for: it ends its current step.

    Ctrl-C reaches the engine from the terminal; a termination reaches us alone.
    """
    signals: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        signals.append(number)
        if number == signal.SIGTERM:
            engine.send_signal(signal.SIGINT)

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def query(stack: Stack, *arguments: str) -> str:
    """What the engine answers about the stack. Raises Failure with the engine's own words."""
    done = _engine(stack.project, *arguments, "--stack", stack.name)
    if done.returncode:
        kind = NotThere if "no stack named" in done.stderr else Failure
        raise kind(explain(stack, done.stderr))
    return done.stdout


def explain(stack: Stack, text: str) -> str:
    """The engine's complaint with its cause and cure where we know them. No secret in either."""
    if WRONG_PASSPHRASE in text:
        source = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE") or "PULUMI_CONFIG_PASSPHRASE"
        return (
            f"the passphrase in {source} is not the one with which the stack {stack.name} was "
            "made. Give the right one; without it nobody can read the stack's secrets."
        )
    if "no stack named" in text:
        return f"the stack {stack.name} is not up. Run: make up STACK={stack.name}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines) or "the engine failed without a word"


@contextmanager
def config_file(stack: Stack) -> Iterator[list[str]]:
    """Arguments that make the engine use a private copy of the stack file, where it needs one."""
    text = stack.file.read_text()
    bound = any(line.startswith(f"{key}:") for line in text.splitlines() for key in OWN_SECRETS)
    if bound or not stack.backend.startswith("file:"):
        yield []
        return
    directory = Path(tempfile.mkdtemp(prefix="secure-redis-"))
    try:
        copy = directory / stack.file.name
        # With the state's salt in it, the engine refuses a wrong passphrase before all else.
        copy.write_text(f"{text}\n{_salt_line(stack)}")
        yield ["--config-file", str(copy)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def ensure(stack: Stack) -> None:
    """Makes the stack in its backend if it is not there. Raises Failure."""
    if _is_there(stack):
        return
    # In a project of the same name elsewhere: the engine would write a salt into the stack file.
    with tempfile.TemporaryDirectory(prefix="secure-redis-") as directory:
        copy = {"name": _project_name(stack.project), "runtime": "python"}
        (Path(directory) / "Pulumi.yaml").write_text(yaml.safe_dump(copy))
        done = _engine(Path(directory), "stack", "init", stack.name, "--non-interactive")
    if done.returncode and "already exists" not in done.stderr:
        raise Failure(explain(stack, done.stderr))


@contextmanager
def recorded(stack: Stack) -> Iterator[bool]:
    """Marks that a run is going on; tells whether the one before broke off.

    Raises Failure when another run on the same stack is going on.
    """
    marker = stack.marker
    marker.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with marker.open("a+") as file:
        try:
            # The kernel lets go of this lock when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = f"another run on the stack {stack.name} is going on"
            raise Failure(f"{reason}. Wait for its end.") from None
        file.seek(0)
        broke_off = bool(file.read())
        file.truncate(0)
        file.write("running")
        file.flush()
        yield broke_off
        # Not in a `finally`: what ends otherwise keeps its mark, and the next run tidies up.
        file.truncate(0)


def unlock(stack: Stack) -> None:
    """Takes away the engine's locks of runs that no longer live on this machine.

    Raises Failure when one still lives.
    """
    folder = _backend_dir(stack)
    if folder is None:
        return
    locks = folder / ".pulumi" / "locks" / "organization" / _project_name(stack.project)
    for lock in (locks / stack.name).glob("*.json"):
        with suppress(OSError, ValueError, KeyError):
            holder = json.loads(lock.read_text())
            if holder["hostname"] != os.uname().nodename:
                continue
            if _alive(int(holder["pid"])):
                reason = f"a run on the stack {stack.name} is still going on"
                raise Failure(f"{reason} (process {holder['pid']}). Wait for its end.")
            lock.unlink()


def mend(stack: Stack) -> None:
    """Takes away what a killed engine wrote by half beside the state.

    It replaces the state at once, but not the attributes file beside it; it refuses to read a state
    with half of one, and needs none.
    """
    state = _state_file(stack)
    if state is None:
        return
    for attributes in state.parent.glob(f"{state.name}*.attrs"):
        if not _is_json(attributes):
            attributes.unlink(missing_ok=True)


def resources(stack: Stack) -> list[dict[str, Any]]:
    """The resources in the stack's state; secrets in them stay encrypted."""
    deployment = json.loads(query(stack, "stack", "export")).get("deployment") or {}
    return deployment.get("resources") or []


def take_over(
    stack: Stack,
    ids: Callable[
        [Iterable[Mapping[str, Any]], Iterable[Mapping[str, Any]]], Iterable[tuple[str, str]]
    ],
) -> bool:
    """Writes into the state what a run began to make and did not record; whether there was any.

    ids: URN and id of each such resource whose id can be told, from what was begun and what is
    recorded. A refresh must follow: it drops what is not there after all. Secrets stay encrypted.
    Raises Failure.
    """
    state = json.loads(query(stack, "stack", "export"))
    deployment = state.get("deployment") or {}
    operations = deployment.get("pending_operations") or []
    begun = {op["resource"]["urn"]: op["resource"] for op in operations if op["type"] == "creating"}
    recorded = deployment.get("resources") or []
    known = {resource["urn"] for resource in recorded}
    told = ids(begun.values(), recorded)
    found = [(urn, identifier) for urn, identifier in told if urn not in known]
    if not found:
        return False
    for urn, identifier in found:
        inputs = begun[urn]["inputs"]
        made = {**begun[urn], "id": identifier, "outputs": {**inputs, "id": identifier}}
        deployment["resources"].append(made)
    taken = {urn for urn, _ in found}
    deployment["pending_operations"] = [
        op for op in operations if op["resource"]["urn"] not in taken
    ]
    arguments = ("stack", "import", "--stack", stack.name)
    done = _engine(stack.project, *arguments, stdin=json.dumps(state))
    if done.returncode:
        raise Failure(explain(stack, done.stderr))
    return True


def outputs(stack: Stack) -> Mapping[str, Any]:
    """Secret. The outputs of the stack. Raises Failure when there are none."""
    found = json.loads(query(stack, "stack", "output", "--json", "--show-secrets"))
    if not found:
        raise Failure(f"the stack {stack.name} is not up. Run: make up STACK={stack.name}")
    return found


def connection(stack: Stack, cache: str | None) -> tuple[str, Mapping[str, Any]]:
    """Secret. Name and contract of a cache: the named one, or the first by name."""
    connections = outputs(stack).get("connections") or {}
    name = cache or min(connections, default="")
    if name not in connections:
        near = difflib.get_close_matches(name, connections, n=1)
        hint = (
            f"Did you mean {near[0]}?" if near else f"There is: {', '.join(sorted(connections))}."
        )
        raise Failure(f"the stack {stack.name} has no cache {name}. {hint}")
    return name, connections[name]


def _engine(
    directory: Path, *arguments: str, stdin: str | None = None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=directory,
            env=environment(),
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise Failure(NO_ENGINE) from None


def _backend_dir(stack: Stack) -> Path | None:
    if not stack.backend.startswith("file:"):
        return None
    return Path(unquote(urlparse(stack.backend).path)).expanduser()


def _state_file(stack: Stack) -> Path | None:
    folder = _backend_dir(stack)
    if folder is None:
        return None
    return folder / ".pulumi" / "stacks" / _project_name(stack.project) / f"{stack.name}.json"


def _is_there(stack: Stack) -> bool:
    state = _state_file(stack)
    if state is not None:
        return state.is_file()
    return not _engine(stack.project, "stack", "select", stack.name, "--non-interactive").returncode


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except ValueError:
        return False
    return True


def _salt_line(stack: Stack) -> str:
    """The salt of the state's passphrase as a line of a stack file; empty where there is none."""
    state = _state_file(stack)
    if state is None or not state.is_file():
        return ""
    checkpoint = json.loads(state.read_text()).get("checkpoint") or {}
    providers = (checkpoint.get("latest") or {}).get("secrets_providers") or {}
    salt = (providers.get("state") or {}).get("salt")
    return f"encryptionsalt: {salt}\n" if providers.get("type") == "passphrase" and salt else ""


def _project_name(project: Path) -> str:
    return str(yaml.safe_load((project / "Pulumi.yaml").read_text())["name"])


def state_dir() -> Path:
    """Where this command keeps what it must remember between runs."""
    own = os.environ.get("SECURE_REDIS_STATE_DIR")
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(own) if own else Path(base) / "secure-redis"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # Killed, but not yet collected by its parent: nothing of it runs any more.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return True
