"""Runs the benchmarks and prints a table: `make bench`.

Usage: python -m bench [--rounds N] [--skip-live | --only doctor]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from . import live
from .endpoint import examined
from .measure import Cost, in_turn, medians, ratio, run

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 10, 25, 50)
PEERS = {
    "docker": "one cache on Docker",
    "aws-prod": "three caches on AWS, stack aws-prod",
    "azure-prod": "three caches on Azure, stack azure-prod",
    "gcp-prod": "three caches on Google Cloud, stack gcp-prod",
}
"""Stacks that have a hand-written peer, `bench/handwritten`."""


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each command")
    parser.add_argument("--skip-live", action="store_true", help="without engine and Docker")
    parser.add_argument("--only", choices=["doctor"], help="this table alone")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    if options.only:
        doctor_table(options.rounds)
        return
    for stack in PEERS:
        program_table(stack, options.rounds)
    growth_table(options.rounds)
    if not options.skip_live:
        live_table(options.rounds)
        doctor_table(options.rounds)


def machine() -> str:
    """The machine, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    python = platform.python_version()
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, {system}, Python {python}"


def program(directory: str, stack: str, caches: int = 1) -> Cost:
    """A run of a Pulumi program against mocks."""
    command = [sys.executable, "bench/program.py", directory, stack, str(caches)]
    # Byte code is cached, as it is for anybody who runs a program twice.
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return run(command, cwd=ROOT, environ=environ)


def count_calls(caches: int) -> int:
    """Python calls of the program: the same on every machine, busy or not."""
    command = [sys.executable, "bench/program.py", ".", "docker", str(caches), "--calls"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def resources(directory: str, stack: str) -> dict[str, int]:
    """How many resources of each type a program makes, components left out."""
    command = [sys.executable, "bench/program.py", directory, stack, "--resources"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    made = json.loads(done.stdout.splitlines()[-1])
    return {kind: count for kind, count in made.items() if not kind.startswith("secure-redis:")}


def program_table(stack: str, rounds: int) -> None:
    """Program time and memory beside the shortest hand-written program."""
    peer_directory = f"bench/handwritten/{stack.partition('-')[0]}"
    if resources(".", stack) != resources(peer_directory, stack):
        raise SystemExit(f"{peer_directory} does not make the resources of {stack}")
    for directory in (".", peer_directory):
        program(directory, stack)  # not counted: it writes the byte code
    ours, peer = in_turn(
        lambda: program(".", stack), lambda: program(peer_directory, stack), rounds
    )
    print(f"| program, {PEERS[stack]} (mocks) | ours | hand-written | ratio (least to greatest) |")
    print("|---|---|---|---|")
    row("CPU time", "s", [c.cpu_seconds for c in ours], [c.cpu_seconds for c in peer])
    row("peak memory", "MiB", [c.peak_mib for c in ours], [c.peak_mib for c in peer])
    print()


def growth_table(rounds: int) -> None:
    """Program time and memory by number of caches."""
    title = "| caches in a stack (mocks) | CPU time | peak memory | calls |"
    print(f"{title} each further: CPU time | memory | calls |")
    print("|---|---|---|---|---|---|---|")
    before: tuple[int, Cost, int] | None = None
    for size in SIZES:
        cost = medians([program(".", "docker", size) for _ in range(rounds)])
        calls = count_calls(size)
        each = "| | |"
        if before:
            added = size - before[0]
            seconds = (cost.cpu_seconds - before[1].cpu_seconds) / added
            memory = (cost.peak_mib - before[1].peak_mib) / added
            each = f"{seconds * 1000:.0f} ms | {memory:.1f} MiB | {(calls - before[2]) // added} |"
        print(f"| {size} | {cost.cpu_seconds:.2f} s | {cost.peak_mib:.0f} MiB | {calls} | {each}")
        before = (size, cost, calls)
    print()


def live_table(rounds: int) -> None:
    """The life of a stack beside that of a compose file: real engine, real Docker."""
    steps: dict[str, tuple[list[float], list[float]]] = {}
    with live.stack() as ours, live.compose() as peer:
        for step in range(rounds + 1):
            for name in ("up", "again", "down"):
                pair = getattr(ours, name)().wall_seconds, getattr(peer, name)().wall_seconds
                if step:  # the first round warms the caches
                    lists = steps.setdefault(name, ([], []))
                    lists[0].append(pair[0])
                    lists[1].append(pair[1])
    print("| one cache, real engine and Docker | ours | compose | ratio (least to greatest) |")
    print("|---|---|---|---|")
    titles = {"up": "up until healthy", "again": "up again, no change", "down": "down"}
    for name, (mine, theirs) in steps.items():
        row(titles[name], "s", mine, theirs)
    print()


def doctor_table(rounds: int) -> None:
    """A whole examination beside the two commands that one would type by hand."""
    with examined() as (doctor, by_hand):
        for look in (doctor, by_hand):
            look()  # not counted: it warms the caches
        ours, peer = in_turn(doctor, by_hand, rounds)
    title = "doctor, one healthy endpoint in Docker"
    print(f"| {title} | ours | redis-cli and openssl | ratio (least to greatest) |")
    print("|---|---|---|---|")
    row("time", "s", [c.wall_seconds for c in ours], [c.wall_seconds for c in peer])
    row("CPU time", "s", [c.cpu_seconds for c in ours], [c.cpu_seconds for c in peer])
    row("peak memory", "MiB", [c.peak_mib for c in ours], [c.peak_mib for c in peer])
    print()


def row(title: str, unit: str, ours: list[float], peer: list[float]) -> None:
    """A row of medians and their ratio."""
    mine, theirs = sorted(ours)[len(ours) // 2], sorted(peer)[len(peer) // 2]
    print(f"| {title} | {mine:.2f} {unit} | {theirs:.2f} {unit} | {ratio(ours, peer)} |")


if __name__ == "__main__":
    main()
