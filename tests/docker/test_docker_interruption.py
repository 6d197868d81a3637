"""A run may be interrupted, and two may start at once."""

import signal
from pathlib import Path

import pytest
from broken_runs import MOMENTS, converges, end, stack_of_one, swept
from harness import client


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", swept(["Container cache creating"], MOMENTS))
def test_an_interrupted_up_is_put_right_by_the_next(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        process = deployment.start("up")
        process.wait_for(moment)
        end(process, number)
        converges(deployment)


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
    with stack_of_one(tmp_path) as (deployment, settings):
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


def test_of_two_runs_at_once_one_does_it(tmp_path: Path) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        first, second = deployment.start("up"), deployment.start("up")
        ended = sorted((first.ended(), second.ended()), key=lambda run: run.code)
        assert [run.code for run in ended] == [0, 2]
        assert f"another run on the stack {deployment.name} is going on" in ended[1].text
        assert "Traceback" not in ended[1].text
        converges(deployment)

        first = deployment.start("up")
        first.wait_for("Updating (")
        with first.paused():
            for operation in ("up", "down"):
                late = deployment.run(operation)
                assert late.code == 2
                assert "another run on the stack" in late.text
        first.ended().succeeded()
        deployment.unchanged()
