"""How the `ci-*` commands run the engine, and write what it came to as Markdown.

What the engine prints goes through the redaction on its way, line by line: a policy or a provider
may quote what the engine itself hides.
"""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import yaml

from secure_redis.ci import COMMENT, comment, events, policy, redaction, touched
from secure_redis.configuration import own_keys

from . import engine
from .engine import Failure, NotThere, Stack

_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True)
class Subject:
    """A stack, and what is said of it."""

    stack: Stack
    project: str
    facts: touched.StackFacts
    commit: str

    def of(self, task: comment.Task) -> comment.Subject:
        """The same as the heading of a comment."""
        return comment.Subject(
            project=self.project,
            stack=self.stack.name,
            target=self.facts.target,
            environment=self.facts.environment,
            commit=self.commit,
            task=task,
        )


def subject_of(name: str, project: Path) -> Subject:
    """The stack `name`, even if its file is no YAML. Raises Failure where there is no such file."""
    stack = Stack(name, project.resolve())
    if not stack.file.is_file() or not (stack.project / "Pulumi.yaml").is_file():
        stack = engine.find(name, project.resolve())
    try:
        facts = touched.StackFacts.of(name, stack.file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Failure(str(error)) from None
    manifest = yaml.safe_load((stack.project / "Pulumi.yaml").read_text(encoding="utf-8"))
    return Subject(stack, str(manifest["name"]), facts, _commit(stack.project))


def _commit(project: Path) -> str:
    """The commit that is checked out; of a pull request the one that it ends with."""
    told = os.environ.get("HEAD_SHA", "")
    if told:
        return told
    command = ["git", "-C", str(project), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def preview(subject: Subject, out: Path, summary: Path | None, pack: Path | None) -> int:
    """Previews the stack and writes the comment; the exit code."""
    try:
        outcome = _preview(subject.stack, pack)
    except Failure as failure:
        outcome = _failed(failure)
    _write(subject.of(comment.Task.PREVIEW), outcome, out, summary)
    return 1 if outcome.errors or outcome.refused or not outcome.finished else 0


def drift(subject: Subject, out: Path, summary: Path | None) -> int:
    """Compares the state with what there is and writes the difference; the exit code.

    Raises NotThere for a stack that was never deployed.
    """
    stack = subject.stack
    try:
        outcome = observed(stack, "refresh", ["--preview-only"], known(stack))
    except NotThere:
        raise
    except Failure as failure:
        outcome = _failed(failure)
    _write(subject.of(comment.Task.DRIFT), outcome, out, summary)
    return 1 if outcome.changes or outcome.errors or not outcome.finished else 0


def _preview(stack: Stack, pack: Path | None) -> events.Outcome:
    """Raises Failure where the engine cannot even begin."""
    engine.settings_of(stack)
    try:
        net = known(stack)
    except NotThere:
        with scratch_backend():
            engine.ensure(stack)
            with policy_arguments(stack, pack) as arguments:
                return observed(stack, "preview", arguments, known(stack))
    with policy_arguments(stack, pack) as arguments:
        return observed(stack, "preview", arguments, net)


def _failed(failure: Failure) -> events.Outcome:
    net = redaction.Redaction(redaction.of_environment(os.environ, _read))
    return events.Outcome(errors=(net.text(failure.format_message()),))


@contextmanager
def scratch_backend() -> Iterator[None]:
    """Runs of the engine in here see an empty backend, which is thrown away.

    The passphrase stays what it is: the stack file may have values that are encrypted with it.
    """
    before = {name: os.environ.get(name) for name in ("PULUMI_BACKEND_URL", *_PASSPHRASES)}
    with TemporaryDirectory(prefix="secure-redis-") as directory:
        os.environ["PULUMI_BACKEND_URL"] = f"file://{directory}"
        if not any(os.environ.get(name) for name in _PASSPHRASES):
            passphrase = Path(directory) / "passphrase"
            passphrase.touch(mode=0o600)
            passphrase.write_text(secrets.token_hex(16))
            os.environ["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def known(stack: Stack) -> redaction.Redaction:
    """What hides the secrets of a stack's state, of its file and of this process's environment.

    Raises NotThere, and Failure where they cannot be read: nothing may be said then that could
    hold one.
    """
    state = json.loads(engine.query(stack, "stack", "export", "--show-secrets"))
    found, plain = redaction.of_state(state)
    if "secure:" in stack.file.read_text(encoding="utf-8"):
        with engine.config_file(stack) as extra:
            shown = json.loads(engine.query(stack, "config", "--json", "--show-secrets", *extra))
        found |= redaction.of_config(shown, engine.settings_of(stack))
    found |= redaction.of_environment(os.environ, _read)
    return redaction.Redaction(found, plain)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def policy_arguments(stack: Stack, pack: Path | None) -> Iterator[list[str]]:
    """Arguments that put a run under the policy pack, at the levels of the stack's environment.

    Raises Failure for an environment that the pack has no levels for.
    """
    folder = (pack or stack.project / "policy").resolve()
    if not (folder / "PulumiPolicy.yaml").is_file():
        if pack:
            raise Failure(f"{folder} has no PulumiPolicy.yaml: it is no policy pack.")
        yield []
        return
    settings = own_keys(engine.settings_of(stack))
    environment = settings.get("environment")
    if not isinstance(environment, str) or environment not in touched.ENVIRONMENTS:
        # The program says what is wrong with the file; until then the pack's own levels hold.
        yield ["--policy-pack", str(folder)]
        return
    levels = folder / "config" / f"{environment}.json"
    if not levels.is_file():
        raise Failure(f"{levels} is missing: the levels of the policies for {environment}.")
    with TemporaryDirectory(prefix="secure-redis-") as directory:
        config = Path(directory) / "policy.json"
        of_environment = json.loads(levels.read_text(encoding="utf-8"))
        accepted = settings.get("exceptions")
        reasons = accepted if isinstance(accepted, dict) else {}
        config.write_text(json.dumps(policy.configuration(of_environment, reasons)))
        yield ["--policy-pack", str(folder), "--policy-pack-config", str(config)]


def observed(
    stack: Stack, operation: str, arguments: Sequence[str], net: redaction.Redaction
) -> events.Outcome:
    """Runs an operation of the engine that changes nothing, and says what it came to.

    What it prints is printed without secrets. Raises Interrupted after a signal.
    """
    with (
        TemporaryDirectory(prefix="secure-redis-") as directory,
        engine.config_file(stack) as extra,
    ):
        log = Path(directory) / "events.json"
        command = ["pulumi", operation, "--stack", stack.name, "--non-interactive"]
        command += ["--color", "never", *extra, "--event-log", str(log), *arguments]
        code, said = _printed(command, stack.project, net)
        with log.open(encoding="utf-8") if log.exists() else open(os.devnull) as lines:  # noqa: PTH123
            outcome = events.read(lines, net, refresh=operation == "refresh")
    if not code:
        return outcome
    if not outcome.errors and not outcome.refused:
        # Said before there was a log: no such plugin, a lock, a wrong login.
        outcome = replace(outcome, errors=tuple(_complaint(said)))
    return replace(outcome, finished=False)


def _printed(
    command: list[str], directory: Path, net: redaction.Redaction
) -> tuple[int, list[str]]:
    """Runs the engine and prints its lines without secrets; its exit code, and the lines."""
    # The flag for the event log is one of the engine's debugging aids.
    environment = {**engine.environment(), "PULUMI_DEBUG_COMMANDS": "true"}
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise Failure(engine.NO_ENGINE) from None
    said: list[str] = []
    with engine.signals_to(process) as signals:
        for line in process.stdout or ():
            said.append(net.text(line.rstrip("\n")))
            click.echo(said[-1], err=True)
        code = process.wait()
    if signals:
        raise engine.Interrupted("interrupted: there is no result.")
    return code, said


def _complaint(said: Sequence[str]) -> list[str]:
    """What the engine says last, from its first word of an error on."""
    begin = next((n for n, line in enumerate(said) if line.startswith("error:")), None)
    text = "" if begin is None else "\n".join(said[begin:]).removeprefix("error:").strip()
    return [text] if text else []


def _write(
    subject: comment.Subject, outcome: events.Outcome, out: Path, summary: Path | None
) -> None:
    text = comment.render(subject, outcome)
    file = out / COMMENT
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if summary:
            with summary.open("a", encoding="utf-8") as page:
                page.write(f"{text}\n")
    except OSError as error:
        raise Failure(f"{error.filename or out}: {error.strerror}") from None
    click.echo(f"{subject.stack}: {comment.verdict(subject, outcome)}")
    click.echo(f"wrote {file}", err=True)
