"""Only what was built is uploaded, and without a token that somebody keeps."""

import os
import shutil
from pathlib import Path

import pytest

from release.distribution import SUMS, publish, verify
from tests.release.environments import run


@pytest.fixture
def files(dist: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dist, tmp_path / "dist"))


def test_what_was_built_is_what_is_listed(files: Path) -> None:
    names = [file.name for file in verify(files)]
    assert [Path(name).suffix for name in names] == [".whl", ".gz"]
    run(["sha256sum", "--check", "--strict", SUMS], directory=files)


def test_another_byte_another_file_or_a_missing_one_is_refused(files: Path) -> None:
    wheel, archive = verify(files)
    content = wheel.read_bytes()
    wheel.write_bytes(content + b"\0")
    with pytest.raises(ValueError, match=wheel.name):
        verify(files)
    wheel.write_bytes(content)
    (files / "other.whl").write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.whl"):
        verify(files)
    (files / "other.whl").unlink()
    archive.unlink()
    with pytest.raises(ValueError, match=archive.name):
        verify(files)
    (files / SUMS).write_text("")
    with pytest.raises(ValueError, match="not as"):
        verify(files)


def test_the_upload_is_by_the_identity_of_ci(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo uv 9.0.0; else\n'
        f'printf "%s\\n" "$@" >"{asked}"\nfi\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    publish(files)
    wheel, archive = verify(files)
    assert asked.read_text().split() == [
        *("publish", "--trusted-publishing", "always"),
        *(str(wheel), str(archive)),
    ]
    wheel.write_bytes(b"")
    asked.unlink()
    with pytest.raises(ValueError, match=wheel.name):
        publish(files)
    assert not asked.exists()
