"""A run may end at any moment: the next one puts things right, and `down` leaves nothing."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from harness import Deployment, Process, client, free_port

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
REPRESENTATIVE = ["cache-ca-key created", "Network network creating"]
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
    assert ended.code != 0
    assert "Traceback" not in ended.text


def converges(deployment: Deployment) -> None:
    """The next `up` succeeds, its Redis serves, and there is nothing more to do."""
    deployment.up()
    with client(deployment.connection()) as server:
        assert server.set("after", "the break", ex=60)
    deployment.unchanged()
    assert len(deployment.in_docker()) == 6


def stack_of_one(root: Path) -> tuple[Deployment, dict[str, Any]]:
    settings: dict[str, Any] = {"docker": {"port": free_port()}}
    deployment = Deployment(root, "broken-off")
    deployment.write({"cache": settings})
    return deployment, settings


@pytest.mark.parametrize("moment", swept(REPRESENTATIVE, MOMENTS))
def test_a_killed_up_is_put_right_by_the_next(tmp_path: Path, moment: str) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        process = deployment.start("up")
        process.wait_for(moment)
        end(process, signal.SIGKILL)
        converges(deployment)
    finally:
        deployment.close()


def test_a_state_that_was_written_by_half_is_mended(tmp_path: Path) -> None:
    """The engine replaces its state at once, but not the attributes beside it."""
    deployment, _ = stack_of_one(tmp_path)
    try:
        deployment.up()
        process = deployment.start("up")
        process.wait_for("Updating (")
        process.kill_tree()
        (attributes,) = deployment.backend.rglob(f"{deployment.name}.json.attrs")
        attributes.write_text("")
        assert deployment.pulumi("stack", "export").code != 0
        converges(deployment)
    finally:
        deployment.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", swept(["Container cache creating"], MOMENTS))
def test_an_interrupted_up_is_put_right_by_the_next(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        process = deployment.start("up")
        process.wait_for(moment)
        end(process, number)
        converges(deployment)
    finally:
        deployment.close()


@pytest.mark.sweep
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("tenths", range(2, 80, 6))
def test_an_up_that_ends_at_any_time(tmp_path: Path, tenths: int, number: signal.Signals) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        process = deployment.start("up")
        time.sleep(tenths / 10)
        if process.running:
            if number is signal.SIGKILL:
                process.kill_tree()
            else:
                process.interrupt(number)
                process.ended()
        converges(deployment)
    finally:
        deployment.close()


@pytest.mark.parametrize("moment", swept(["Container cache creating"], MOMENTS))
def test_down_after_a_killed_up_leaves_nothing(tmp_path: Path, moment: str) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        process = deployment.start("up")
        process.wait_for(moment)
        process.kill_tree()
        deployment.down()
        assert deployment.in_docker() == []
    finally:
        deployment.close()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("Container cache deleting", signal.SIGKILL),
        pytest.param("Container cache creating", signal.SIGKILL, marks=pytest.mark.sweep),
        *(
            pytest.param(moment, number, marks=pytest.mark.sweep)
            for moment in ("Container cache deleting", "Container cache creating")
            for number in (signal.SIGINT, signal.SIGTERM)
        ),
    ],
)
def test_a_replacement_that_breaks_off_keeps_the_data(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    deployment, settings = stack_of_one(tmp_path)
    try:
        deployment.up()
        before = deployment.connection()
        with client(before) as server:
            server.set("key", "kept")
        settings["docker"]["maxClients"] = 500
        deployment.write({"cache": settings})
        process = deployment.start("up")
        process.wait_for(moment)
        end(process, number)
        converges(deployment)
        with client(before) as server:
            assert server.get("key") == "kept"
    finally:
        deployment.close()


def test_a_killed_down_is_finished_by_the_next(tmp_path: Path) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        deployment.up()
        process = deployment.start("down")
        process.wait_for("Container cache deleting")
        process.kill_tree()
        deployment.down()
        assert deployment.in_docker() == []
    finally:
        deployment.close()


def test_of_two_runs_at_once_one_does_it(tmp_path: Path) -> None:
    deployment, _ = stack_of_one(tmp_path)
    try:
        first, second = deployment.start("up"), deployment.start("up")
        ended = sorted((first.ended(), second.ended()), key=lambda run: run.code)
        assert [run.code for run in ended] == [0, 2]
        assert f"another run on the stack {deployment.name} is going on" in ended[1].text
        assert "Traceback" not in ended[1].text
        converges(deployment)

        first = deployment.start("up")
        first.wait_for("Updating (")
        for operation in ("up", "down"):
            late = deployment.run(operation)
            assert late.code == 2
            assert "another run on the stack" in late.text
        first.ended().succeeded()
        deployment.unchanged()
    finally:
        deployment.close()
