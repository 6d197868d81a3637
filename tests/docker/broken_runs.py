"""Runs that break off, for the tests of what comes after."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import Deployment, Process, client, deployed, eventually, free_port

MOMENTS = [
    "Updating (",
    "cache-ca-key created",
    "Volume cache-data creating",
    "Container cache-files creating",
    "Network network creating",
    "Container cache creating",
    "Container cache-reload creating",
    "Container cache created",
]
"""What the engine prints as it goes: the moments at which a run ends in these tests."""

SIGNALS = [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]


def swept(representative: list[Any], everything: list[Any]) -> list[Any]:
    """Parameters: the representative ones always, all the others in a sweep."""
    others = [item for item in everything if item not in representative]
    return [*representative, *(pytest.param(item, marks=pytest.mark.sweep) for item in others)]


def end(process: Process, number: signal.Signals) -> None:
    """Ends a run; any but SIGKILL must lead to its own end, with everything it started."""
    if number is signal.SIGKILL:
        process.kill_tree()
        return
    process.interrupt(number)
    ended = process.ended()
    # Close to its end it may have come to it all the same.
    assert ended.code != 0 or "Duration:" in ended.text
    assert "Traceback" not in ended.text
    eventually(lambda: not process.members, "the end of all that the run started", 20)


def converges(deployment: Deployment) -> None:
    """The next `up` succeeds, its Redis serves, and there is nothing more to do."""
    deployment.up()
    with client(deployment.connection()) as server:
        assert server.set("after", "the break", ex=60)
    deployment.unchanged()
    assert len(deployment.in_docker()) == 6


@contextmanager
def stack_of_one(root: Path) -> Iterator[tuple[Deployment, dict[str, Any]]]:
    """A stack with one cache, not up, and the settings of that cache."""
    settings: dict[str, Any] = {"docker": {"port": free_port()}}
    with deployed(root, "broken-off") as deployment:
        deployment.write({"cache": settings})
        yield deployment, settings
