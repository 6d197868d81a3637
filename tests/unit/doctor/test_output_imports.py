"""What the forms of a report load: none pays for another's library."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
before = set(sys.modules)
import {module}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(loaded & {{"jinja2", "rich"}}))
"""
OUTPUT = "secure_redis.doctor.output"


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("secure_redis", ""),
        ("secure_redis.doctor", ""),
        ("secure_redis.doctor.run", ""),
        (OUTPUT, ""),
        (f"{OUTPUT}.json_document", ""),
        (f"{OUTPUT}.junit", ""),
        (f"{OUTPUT}.sarif", ""),
        (f"{OUTPUT}.html", "jinja2"),
        (f"{OUTPUT}.table", "rich"),
    ],
)
def test_libraries_are_loaded_where_they_are_used(module, libraries):
    program = PROGRAM.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == libraries
