"""The tables of sizes in docs/azure.md are those of the code."""

import re
from pathlib import Path

from secure_redis.azure.sizes import CLASSIC_GB, SIZES, SUCCESSORS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "azure.md").read_text()


def test_sizes_that_memory_picks_from() -> None:
    rows = re.findall(
        r"^\| ([\d.]+) \| (Balanced_B\d+) \| ([\d.]+) \| (\d+) \|", PAGE, re.MULTILINE
    )
    ours = [size for size in SIZES if size.name.startswith("Balanced_") and not size.preview]
    assert rows == [
        (f"{size.usable_gb:g}", size.name, f"{size.memory_gb:g}", str(size.max_connections))
        for size in ours
    ]
    assert PAGE.count("| burstable: not in production |") == sum(size.burstable for size in ours)


def test_what_comes_after_a_classic_size() -> None:
    rows = re.findall(r"^\| ((?:[CP]\d(?:, )?)+) \| ([\d.]+) \| (\w+) \|", PAGE, re.MULTILINE)
    told = {size: (row[1], row[2]) for row in rows for size in row[0].split(", ")}
    assert told == {size: (f"{gb:g}", SUCCESSORS[size]) for size, gb in CLASSIC_GB.items()}
