"""One number: declared in one place, and the same in the tag, the changelog and the pages."""

import re
from pathlib import Path

import pytest

from release import version
from release.distribution import REPOSITORY
from tests.release.environments import run

DECLARED = version.declared((REPOSITORY / "components" / "pyproject.toml").read_text())
LOG = """# Changelog

All notable changes.

## [Unreleased]

## [1.2.0] - 2026-01-31

### Added

- Something.

## [1.1.0] - 2025-12-01

### Fixed

- Something else.
"""


def test_the_notes_of_a_version_are_its_section() -> None:
    assert version.notes(LOG, "1.2.0") == "### Added\n\n- Something."
    assert version.notes(LOG, "1.1.0") == "### Fixed\n\n- Something else."
    assert not version.notes(LOG, "1.0.0")
    assert not version.notes(LOG, "Unreleased")


@pytest.mark.parametrize("number", ["0.1.0", "1.2.0", "10.20.30", "1.2.0a1", "1.2.0rc12"])
def test_a_tag_that_agrees_may_be_released(number: str) -> None:
    log = LOG.replace("1.2.0", number)
    assert not version.problems(tag=f"v{number}", version=number, changelog=log)


@pytest.mark.parametrize(
    ("tag", "number", "change", "expected"),
    [
        ("v1.3.0", "1.2.0", ("", ""), "the tag is v1.3.0, and components/pyproject.toml says v1.2"),
        ("1.2.0", "1.2.0", ("", ""), "the tag is 1.2.0"),
        ("v1.2", "1.2", ("1.2.0", "1.2"), "three numbers"),
        ("v01.2.0", "01.2.0", ("1.2.0", "01.2.0"), "three numbers"),
        ("v1.2.0.dev1", "1.2.0.dev1", ("1.2.0", "1.2.0.dev1"), "three numbers"),
        ("v1.3.0", "1.3.0", ("", ""), "CHANGELOG.md has nothing about [1.3.0]"),
        ("v1.2.0", "1.2.0", ("### Added\n\n- Something.\n", ""), "nothing about [1.2.0]"),
        ("v1.2.0", "1.2.0", (" - 2026-01-31", ""), "needs its day"),
        ("v1.2.0", "1.2.0", ("2026-01-31", "2026-02-30"), "needs its day"),
        ("v1.2.0", "1.2.0", ("2026-01-31", "20260131"), "needs its day"),
        (
            "v1.2.0",
            "1.2.0",
            ("## [Unreleased]\n", "## [Unreleased]\n\n- Forgotten.\n"),
            "what stands under [Unreleased] belongs to [1.2.0]",
        ),
    ],
)
def test_a_tag_that_does_not_agree_is_refused(
    tag: str, number: str, change: tuple[str, str], expected: str
) -> None:
    log = LOG.replace(*change) if change[0] else LOG
    found = version.problems(tag=tag, version=number, changelog=log)
    assert [one for one in found if expected in one], found


@pytest.mark.parametrize("text", ['name = "x"\n', 'version = "1.0.0"\nversion = "2.0.0"\n'])
def test_a_version_is_declared_once(text: str) -> None:
    with pytest.raises(ValueError, match="not 1"):
        version.declared(text)


def test_pages_and_examples_name_the_declared_version() -> None:
    """`@v1.2.3` is what a reader copies: the tag that this tree will have."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"])
    named: dict[str, set[str]] = {}
    for name in filter(None, listed.split("\0")):
        file = REPOSITORY / name
        if not file.is_file() or Path(name).parts[0] not in {"README.md", "docs", "examples"}:
            continue
        found = re.findall(
            r"(?:secure-redis(?:\.git)?|components)@v?(\d[\w.]*\w)", file.read_text(errors="ignore")
        )
        if found:
            named[name] = set(found)
    assert named, "the examples name the tag that they install"
    assert set().union(*named.values()) == {DECLARED}, named


def test_a_commit_with_a_tag_is_a_release() -> None:
    """In a checkout of a tag, that tag may be released; between releases there is none to judge."""
    tags = run(["git", "tag", "--points-at", "HEAD", "v*"]).split()
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    assert version.notes(changelog, version.UNRELEASED) or version.notes(changelog, DECLARED)
    for tag in tags:
        assert not version.problems(tag=tag, version=DECLARED, changelog=changelog)
