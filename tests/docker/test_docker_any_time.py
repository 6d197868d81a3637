"""A run ends at any time, in any way: the next one puts things right."""

import signal
import time
from pathlib import Path

import pytest
from broken_runs import SIGNALS, converges, stack_of_one


@pytest.mark.sweep
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("tenths", range(3, 80, 11))
def test_an_up_that_ends_at_any_time(tmp_path: Path, tenths: int, number: signal.Signals) -> None:
    with stack_of_one(tmp_path) as (deployment, _):
        process = deployment.start("up")
        time.sleep(tenths / 10)
        if process.running:
            if number is signal.SIGKILL:
                process.kill_tree()
            else:
                process.interrupt(number)
                process.ended()
        converges(deployment)
