"""A run may be killed at any moment: the next one puts things right, and `down` leaves nothing."""

import signal
from pathlib import Path

import pytest
from broken_runs import MOMENTS, converges, end, stack_of_one, swept

REPRESENTATIVE = ["cache-ca-key created", "Network network creating"]


@pytest.mark.parametrize("moment", swept(REPRESENTATIVE, MOMENTS))
def test_a_killed_up_is_put_right_by_the_next(tmp_path: Path, moment: str) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        process = deployment.start("up")
        process.wait_for(moment)
        end(process, signal.SIGKILL)
        converges(deployment)


def test_a_state_that_was_written_by_half_is_mended(tmp_path: Path) -> None:
    """The engine replaces its state at once, but not the attributes beside it."""
    with stack_of_one(tmp_path) as (deployment, _):
        deployment.up()
        process = deployment.start("up")
        process.wait_for("Updating (")
        process.kill_tree()
        (attributes,) = deployment.backend.rglob(f"{deployment.name}.json.attrs")
        attributes.write_text("")
        assert deployment.pulumi("stack", "export").code != 0
        converges(deployment)


@pytest.mark.parametrize("moment", swept(["Container cache creating"], MOMENTS))
def test_down_after_a_killed_up_leaves_nothing(tmp_path: Path, moment: str) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        process = deployment.start("up")
        process.wait_for(moment)
        process.kill_tree()
        deployment.down()
        assert deployment.in_docker() == []


def test_a_killed_down_is_finished_by_the_next(tmp_path: Path) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        deployment.up()
        process = deployment.start("down")
        process.wait_for("Container cache deleting")
        process.kill_tree()
        deployment.down()
        assert deployment.in_docker() == []
