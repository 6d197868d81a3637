"""Prepares a machine for the project and runs a command there. Started by `toolchain/run`.

Nothing is printed, and 0.1 s is spent, when everything is there already. All messages go to stderr.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from . import (
    backend,
    dev_programs,
    dev_tools,
    docker_engine,
    engine,
    policy_env,
    python_env,
)
from .commands import Children, run_together
from .errors import PreparationError, StoppedError
from .image import step as image
from .machine import Machine, detect
from .progress import PREFIX, Board
from .stack_file import read_stack_file
from .steps import Finding, Setup, Step
from .store import Store

INTERRUPTED = 130
ROUNDS = 2


def _uses_docker(setup: Setup) -> bool:
    return setup.stack.target == "docker"


def _for_tests(setup: Setup) -> bool:
    return setup.dev


def _for_policies(setup: Setup) -> bool:
    return setup.policy or setup.dev


_ONLY_WITH: dict[Callable[[Setup], bool], str] = {
    _for_tests: "only with --dev",
    _for_policies: "only with --policy",
}

# Each lane is worked through in order; the lanes run side by side.
LANES: tuple[tuple[Step, ...], ...] = (
    (
        Step("state", backend.look, backend.obtain),
        Step("Python packages", python_env.look, python_env.obtain),
        Step("Pulumi", engine.look, engine.obtain),
    ),
    (
        Step("Docker", docker_engine.look, docker_engine.obtain, _uses_docker),
        Step("image", image.look, image.obtain, _uses_docker),
    ),
    (
        Step("test tools", dev_tools.look, dev_tools.obtain, _for_tests),
        Step("test programs", dev_programs.look, dev_programs.obtain, _for_tests),
    ),
    (Step("policy pack", policy_env.look, policy_env.obtain, _for_policies),),
)


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code (a prepared command replaces this process)."""
    options = _parse(arguments)
    children = Children()
    board = Board()
    _stop_on_signals()
    try:
        machine = detect(os.environ)
        project = options.project.absolute()
        setup = Setup(
            project=project,
            stack=read_stack_file(project, options.stack),
            dev=options.dev,
            policy=options.policy,
            machine=machine,
            store=Store(machine.cache, board.say),
            board=board,
            children=children,
            environ=clean_environment(dict(os.environ), machine),
        )
        if options.action == "doctor":
            setup.thorough = True
            return doctor(setup)
        findings = prepare(setup)
        if options.action == "prepare":
            return 0
        return _become(options.command, command_environment(setup, findings))
    except PreparationError as problem:
        children.stop()
        board.say(f"cannot go on: {problem}")
        return 1
    except (StoppedError, KeyboardInterrupt):
        _ignore_signals()
        children.stop()
        board.say("interrupted; finished parts are kept, run the same command again to go on")
        return INTERRUPTED


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    words = list(arguments)
    command: list[str] = []
    if "--" in words:
        split = words.index("--")
        words, command = words[:split], words[split + 1 :]
    parser = argparse.ArgumentParser(
        prog="toolchain/run",
        usage="%(prog)s [prepare|doctor] [--stack NAME] [--dev] [--policy] [--project DIR]"
        " [-- COMMAND]",
        description="Gets Pulumi, its plugins, the Python packages, Docker and the Redis image "
        "onto this machine (what is there is used), and runs a command with them.",
    )
    parser.add_argument("action", nargs="?", choices=("prepare", "doctor"), default=None)
    parser.add_argument("--stack", default="local", help="stacks/Pulumi.NAME.yaml (default: local)")
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    parser.add_argument("--policy", action="store_true", help="also what the policy pack needs")
    default = Path(__file__).resolve().parent.parent
    parser.add_argument("--project", type=Path, default=default, help="default: this repository")
    options = parser.parse_args(words)
    if bool(options.action) == bool(command):
        parser.error("give either prepare or doctor, or a command after --")
    options.command = command
    return options


def clean_environment(environ: dict[str, str], machine: Machine) -> dict[str, str]:
    """The caller's environment without what an outer run of ours has set (`make shell`)."""
    cache = str(machine.cache) + os.sep
    path = environ.get("PATH", os.defpath).split(os.pathsep)
    environ["PATH"] = os.pathsep.join(p for p in path if not f"{p}{os.sep}".startswith(cache))
    if environ.get("PULUMI_HOME", "").startswith(cache):
        for name in ("PULUMI_HOME", *_WITH_OUR_HOME):
            environ.pop(name, None)
    return environ


_WITH_OUR_HOME = ("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "PULUMI_CREDENTIALS_PATH")


def prepare(setup: Setup) -> list[Finding]:
    """Obtains what is missing; returns what the steps found.

    Raises PreparationError or StoppedError.
    """
    lanes = [[step for step in lane if step.wanted(setup)] for lane in LANES]
    # Twice at most: the sources may have changed (a `git pull`) while a part was built for minutes.
    for _ in range(ROUNDS):
        looks = [[step.look(setup) for step in lane] for lane in lanes]
        unready = [lane for lane, found in zip(lanes, looks, strict=True) if not _all_ready(found)]
        findings = [finding for found in looks for finding in found]
        if not unready:
            return findings
        # Said at once, before minutes are spent on another part.
        for finding in findings:
            if finding.blocked:
                raise PreparationError(finding.blocked)
        run_together(setup.children, [partial(_work, setup, lane) for lane in unready])
    findings = [step.look(setup) for lane in lanes for step in lane]
    for step, finding in zip((s for lane in lanes for s in lane), findings, strict=True):
        if not finding.ready:
            raise PreparationError(finding.blocked or f"{step.name} is missing: {finding.found}")
    return findings


def _all_ready(findings: Sequence[Finding]) -> bool:
    return all(finding.ready for finding in findings)


def _work(setup: Setup, lane: Sequence[Step]) -> None:
    for step in lane:
        finding = step.look(setup)
        if finding.ready:
            continue
        if finding.blocked:
            raise PreparationError(finding.blocked)
        usual = f" (usually {finding.usual})" if finding.usual else ""
        with setup.board.task(step.name, f"{finding.found}; {finding.plan}{usual}") as task:
            step.obtain(setup, task)


def command_environment(setup: Setup, findings: Sequence[Finding]) -> dict[str, str]:
    """The environment of the command: the caller's, and what the steps found on top."""
    environment = dict(setup.environ)
    for finding in findings:
        environment.update(finding.environment)
    before = [str(folder) for finding in reversed(findings) for folder in finding.path]
    path = [p for p in environment["PATH"].split(os.pathsep) if p not in before]
    environment["PATH"] = os.pathsep.join([*before, *path])
    environment["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    environment["PULUMI_STACK"] = setup.stack.name
    return environment


def _become(command: Sequence[str], environment: dict[str, str]) -> int:
    """Replaces this process by the command; returns (127, 126) only if there is no such command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), environment)  # noqa: S606 - the purpose of this
    except OSError as error:
        print(f"{PREFIX}cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


def doctor(setup: Setup) -> int:
    """Prints what each step found and would do, on stderr; 0 if everything is or can be there."""
    rows: list[tuple[str, str, str]] = []
    problems: list[str] = []
    for lane in LANES:
        for step in lane:
            if not step.wanted(setup):
                why = _ONLY_WITH.get(step.wanted, "not this target")
                rows.append((step.name, "not needed", why))
                continue
            try:
                finding = step.look(setup)
            except PreparationError as problem:
                finding = Finding(False, "", blocked=str(problem))
            if finding.ready:
                rows.append((step.name, "ready", finding.found))
            elif finding.blocked:
                rows.append((step.name, "PROBLEM", finding.found or "see below"))
                problems.append(f"{step.name}: {finding.blocked}")
            else:
                usual = f" (usually {finding.usual})" if finding.usual else ""
                rows.append((step.name, "to get", f"{finding.found}: {finding.plan}{usual}"))
    width = max(len(name) for name, _, _ in rows)
    machine = setup.machine
    kind = [machine.system, machine.arch]
    kind += ["root"] if machine.root else []
    kind += ["Debian family"] if machine.debian_family else []
    lines = [
        f"stack {setup.stack.name}, target {setup.stack.target}; {', '.join(kind)}",
        *(f"  {name:<{width}}  {state:<10}  {text}" for name, state, text in rows),
        f"  {'kept in':<{width}}  {'':<10}  {machine.cache} (parts), {machine.state} (state)",
        *problems,
    ]
    print("\n".join(lines), file=sys.stderr)
    return 1 if problems else 0


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _ignore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
