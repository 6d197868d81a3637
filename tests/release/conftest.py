"""The files of the release that this working tree would be: built once."""

from pathlib import Path

import pytest

from release.distribution import build


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with wheel, source archive and checksums. Tests leave it as it is."""
    directory = tmp_path_factory.mktemp("dist")
    build(directory)
    return directory


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (file,) = dist.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    (file,) = dist.glob("*.tar.gz")
    return file
