"""A stack each of whose resources fails once, on any cloud: what the next runs make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from cloud.witness import Witness
from engine.deployment import Run, redacted
from harness import eventually

OwnWitness = TypeVar("OwnWitness", bound=Witness)

Resource = tuple[str, str]
"""Type and logical name."""


@dataclass(frozen=True)
class Twin:
    """What becomes of a stack that nothing disturbs."""

    whole: Mapping[str, int]
    """How many objects of each kind the fake cloud holds."""
    resources: frozenset[Resource]


@dataclass
class Trial(Generic[OwnWitness]):
    """A stack each of whose resources failed once."""

    witness: OwnWitness
    twin: Twin
    runs: list[Run] = field(default_factory=list[Run])
    failed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The entries of the journal for what failed."""


def counted(witness: Witness) -> dict[str, int]:
    """How many objects of each kind a stack has in the fake cloud."""
    return {kind: len(ids) for kind, ids in witness.cloud.left.items()}


def undisturbed(witness: Witness) -> Twin:
    """Brings a stack up and takes it down again."""
    witness.applied()
    whole = counted(witness)
    made = [one for one in witness.cloud.journal if one["operation"] == "create"]
    witness.close()
    return Twin(whole, frozenset((one["type"], one["name"]) for one in made))


def disturbed(witness: OwnWitness, twin: Twin, when: str) -> Trial[OwnWitness]:
    """Brings a stack up against one failure at each of its resources.

    All failures stand ready at once: a run meets those that it comes to, and the next one goes
    further. when: before or after the object came to exist.
    """
    trial = Trial(witness, twin)
    for number, (kind, name) in enumerate(sorted(twin.resources)):
        witness.fail("create", kind, name, when=when, error=f"no luck with number {number}.")
    converge(trial, "up")
    return trial


def converge(trial: Trial[Any], operation: str) -> None:
    """Repeats a command until it succeeds; each failed run must have said why."""
    # Each failed run uses up one of the failures at least.
    for _ in range(len(trial.twin.resources) + 1):
        begin = len(trial.witness.cloud.journal)
        run = trial.witness.heard(operation)
        trial.runs.append(run)
        failed = [one for one in trial.witness.cloud.journal[begin:] if "error" in one]
        trial.failed += failed
        if not run.code:
            assert not failed
            return
        assert failed, redacted(run.text[-3000:])
        for entry in failed:
            assert entry["error"] in run.text, entry["error"]
            assert entry["error"].startswith("no luck with number "), entry["error"]
        assert "Traceback" not in run.text, redacted(run.text[-3000:])
    raise AssertionError("more failed runs than failures")


def finished(trial: Trial[Any]) -> None:
    """Asserts that every resource failed once, and that the stack is whole and quiet."""
    assert trial.witness.cloud.faults_left == 0
    assert {(one["type"], one["name"]) for one in trial.failed} == trial.twin.resources
    assert counted(trial.witness) == trial.twin.whole
    assert set(trial.witness.up().changes) == {"unchanged"}
    trial.witness.unchanged()
    assert trial.witness.connection("cache").url.startswith("rediss://")


def taken_down(trial: Trial[Any], keeps: Callable[[Resource], bool]) -> None:
    """Takes the stack down against one failure at each of its resources.

    keeps: whether a resource stays in the cloud, so that nobody comes to delete it.
    """
    for number, (kind, name) in enumerate(sorted(trial.twin.resources)):
        trial.witness.fail("delete", kind, name, error=f"no luck with number {number}.")
    trial.failed.clear()
    converge(trial, "down")
    gone = {one for one in trial.twin.resources if not keeps(one)}
    assert {(one["type"], one["name"]) for one in trial.failed} >= gone
    assert trial.witness.forgotten == {}


def each_alone(root: Path, make: Callable[[Path], Witness], twin: Twin) -> None:
    """One failure, one more run, for each resource of a stack.

    make: makes a witness with its stack file in a directory.
    """
    for number, (kind, name) in enumerate(sorted(twin.resources)):
        witness = make(root / str(number))
        witness.fail("create", kind, name, error="no luck.")
        assert "no luck." in witness.heard("up").text
        assert witness.heard("up").code == 0, f"{kind} {name}"
        assert counted(witness) == twin.whole
        witness.close()


def killed_while_making(
    witness: Witness, token: str, kind: str, when: str, name: str | None = None
) -> dict[str, int]:
    """Kills a run while a resource is being made; what there is in the fake cloud then.

    SIGKILL to the command, the engine and the providers.

    Args:
        witness: the stack, not up yet.
        token: type of the resource.
        kind: what the fake cloud calls it.
        when: before the cloud is asked for it, or after it came to exist, when nobody has written
            that down.
        name: its logical name; the first one of that type if it is None.
    """
    witness.fail("create", token, name, when=when, delay=120.0)
    running = witness.start("up")
    eventually(lambda: not witness.cloud.faults_left, "the fault was met")
    if when == "after":
        eventually(lambda: kind in counted(witness), f"a {kind}")
    running.kill_tree()
    return counted(witness)


def finished_by_the_next_run(witness: Witness, twin: Twin) -> None:
    """Asserts that one more run makes a stack whole, with nothing doubled, and quiet."""
    witness.applied()
    assert counted(witness) == twin.whole
    assert set(witness.up().changes) == {"unchanged"}
    witness.unchanged()
    witness.close()
