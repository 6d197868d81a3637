"""A program that the engine interrupts says nothing; one that fails says everything."""

import subprocess
import sys

import pytest

PROGRAM = "from secure_redis import stack; stack.quiet_when_interrupted(); raise {error}"


@pytest.mark.parametrize(
    ("error", "said"), [("KeyboardInterrupt", ""), ("ValueError('no')", "ValueError: no")]
)
def test_only_an_interruption_is_quiet(error: str, said: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    assert run.stderr.rpartition("\n")[0].rpartition("\n")[2] == said
    assert ("Traceback" in run.stderr) is bool(said)
