"""What is in the wheel and in the source archive, and what is not."""

import hashlib
import re
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from release import version
from release.distribution import REPOSITORY, SUMS, build
from tests.release.environments import PYTHONS

COMPONENTS = REPOSITORY / "components"
PYPROJECT = (COMPONENTS / "pyproject.toml").read_text()
VERSION = version.declared(PYPROJECT)
SUFFIXES = {".py", ".json", ".html", ".css", ".typed"}
"""All that the package is made of."""


def sources() -> set[str]:
    package = COMPONENTS / "secure_redis"
    return {
        file.relative_to(COMPONENTS).as_posix()
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return message_from_bytes(archive.read(f"secure_redis-{VERSION}.dist-info/METADATA"))


def in_sdist(sdist: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(sdist) as archive:
        return {one.name.partition("/")[2]: one for one in archive.getmembers()}


def test_the_wheel_holds_the_package_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = f"secure_redis-{VERSION}.dist-info"
        licence = archive.read(f"{about}/licenses/LICENSE")
        entry_points = archive.read(f"{about}/entry_points.txt").decode()
    assert {name for name in names if not name.startswith(about)} == sources()
    assert {Path(name).suffix for name in sources()} == SUFFIXES
    assert "secure_redis/py.typed" in names
    assert "secure_redis/doctor/output/templates/report.html" in names
    assert licence == (REPOSITORY / "LICENSE").read_bytes()
    assert "secure-redis = secure_redis.cli.main:main" in entry_points


def test_the_source_archive_holds_what_the_wheel_is_made_of(sdist: Path) -> None:
    members = in_sdist(sdist)
    beside = {name for name in members if not name.startswith("secure_redis/")}
    assert members.keys() - beside == sources()
    assert "secure_redis/schema.json" in sources()
    assert beside == {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    # The engine refuses packages with symbolic links, and so do we.
    assert all(one.isfile() for one in members.values())
    assert not any("test" in Path(name).parts[0] for name in members)


def test_the_licence_is_that_of_the_repository() -> None:
    assert (COMPONENTS / "LICENSE").read_bytes() == (REPOSITORY / "LICENSE").read_bytes()


def test_what_the_index_is_told(wheel: Path) -> None:
    told = metadata(wheel)
    assert told["Name"] == "secure-redis"
    assert told["Version"] == VERSION
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_payload() == (COMPONENTS / "README.md").read_text()
    extras = set(told.get_all("Provides-Extra", []))
    assert extras == {"aws", "azure", "cli", "docker", "gcp", "rotate"}


def test_the_versions_of_python_are_those_that_are_tested(wheel: Path) -> None:
    told = metadata(wheel)
    prefix = "Programming Language :: Python :: 3."
    named = [
        one.rpartition(" ")[2] for one in told.get_all("Classifier", []) if one.startswith(prefix)
    ]
    assert named == list(PYTHONS)
    assert told["Requires-Python"] == f">={PYTHONS[0]}"


def test_every_dependency_has_two_bounds_or_is_stable() -> None:
    """An SDK's next major version changes names: it comes when it was tried, not by itself."""
    wanted = re.findall(r'"([a-z0-9-]+[<>=!~][^"]*)"', PYPROJECT.partition("[project.scripts]")[0])
    assert {"hatchling>=1.27", "pulumi>=3.260,<4"} <= set(wanted)
    assert all(">=" in one for one in wanted)
    assert all(",<" in one for one in wanted if one.startswith("pulumi"))


def test_the_same_source_gives_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    build(tmp_path)
    assert (tmp_path / SUMS).read_text() == (dist / SUMS).read_text()
    for line in (dist / SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", ["__init__.py", "settings.py", "docker/images.json"])
def test_sources_are_packed_as_they_are(wheel: Path, name: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read(f"secure_redis/{name}")
    assert packed == (COMPONENTS / "secure_redis" / name).read_bytes()
