"""Time and memory of whole processes, as the operating system accounts for them."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> Cost:
    """Runs a command to its end. Raises RuntimeError with the end of its output when it fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        tail = output.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} failed:\n{tail}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def medians(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(cost.wall_seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
        statistics.median(cost.peak_mib for cost in costs),
    )


def in_turn(
    ours: Callable[[], Cost], peer: Callable[[], Cost], rounds: int
) -> tuple[list[Cost], list[Cost]]:
    """Runs two things in turn, so that a machine that slows down slows both."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def ratio(ours: Sequence[float], peer: Sequence[float]) -> str:
    """The median of the ratios pair by pair, with the least and the greatest."""
    ratios = sorted(a / b for a, b in zip(ours, peer, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
