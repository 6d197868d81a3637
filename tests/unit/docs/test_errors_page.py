"""The commands of docs/errors.md do what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "errors.md").read_text()
LOG = """started
redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.
"""


def test_the_commands_explain_a_message_and_a_log(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(LOG)
    (block,) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    message, log = block.splitlines()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said: list[str] = []
    for command in (message, log):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout)
    assert "tls-not-spoken" in said[0]
    assert "wrong-password" in said[1]
