"""What a type checker sees of the installed package: that of the wheel, checked strictly."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from release.distribution import REPOSITORY
from tests.release.environments import Environment
from tests.release.test_extras import PINS

CONSUMER = REPOSITORY / "tests" / "release" / "consumer.py"
STRICT = {
    "typeCheckingMode": "strict",
    "reportUnnecessaryTypeIgnoreComment": "error",
    "pythonVersion": "3.10",
}
INTERNAL = ("secure_redis.ci", "secure_redis.cli", "secure_redis.doctor")
"""Behind the command `secure-redis`: no program imports them."""
SCRIPT = "secure_redis.aws.rotation.function"
"""Runs in Lambda, and is imported by nothing."""


@pytest.fixture(scope="module")
def everything(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("everything") / "venv")
    environment.install(
        f"secure-redis[aws,azure,cli,docker,gcp] @ {wheel.as_uri()}", constraints=PINS
    )
    return environment


def checker(directory: Path, environment: Environment, *arguments: str) -> dict[str, Any]:
    """What basedpyright says, from a directory in which there is nothing of this repository."""
    scripts = environment.directory / "bin"
    done = subprocess.run(
        ["basedpyright", "--outputjson", *arguments],
        cwd=directory,
        env={
            "PATH": f"{scripts}:{Path(shutil.which('basedpyright') or '').parent}:/usr/bin:/bin",
            "VIRTUAL_ENV": str(environment.directory),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    return json.loads(done.stdout)


def test_a_strict_consumer_has_no_error_and_every_error(
    everything: Environment, tmp_path: Path
) -> None:
    """Wrong lines are marked as such in it: a mark without an error is an error too."""
    shutil.copy(CONSUMER, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(STRICT))
    found = checker(tmp_path, everything)
    assert found["summary"]["filesAnalyzed"] == 1
    assert found["generalDiagnostics"] == []


@pytest.mark.sweep
def test_every_public_symbol_has_a_type(everything: Environment, tmp_path: Path) -> None:
    found = checker(tmp_path, everything, "--verifytypes", "secure_redis", "--ignoreexternal")
    completeness = found["typeCompleteness"]
    assert completeness["pyTypedPath"].endswith("secure_redis/py.typed")
    symbols = [
        one
        for one in completeness["symbols"]
        if one["isExported"]
        and one["name"].startswith("secure_redis.")
        and not one["name"].startswith((*INTERNAL, SCRIPT))
        and not one["name"].rpartition(".")[2].startswith("_")
    ]
    assert len(symbols) > 1000
    assert [one["name"] for one in symbols if not one["isTypeKnown"]] == []
