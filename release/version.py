"""The number of a release, and whether tag and changelog agree with it. Pure functions."""

import re
from datetime import date

_VERSION = re.compile(r'^version = "([^"]*)"$', re.MULTILINE)
_NUMBER = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:(?:a|b|rc)[1-9]\d*)?")
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<day>\S+))?$", re.MULTILINE)
UNRELEASED = "Unreleased"


def declared(pyproject: str) -> str:
    """The version that the text of components/pyproject.toml declares.

    Raises ValueError where it declares none, or several.
    """
    found = _VERSION.findall(pyproject)
    if len(found) != 1:
        raise ValueError(f"components/pyproject.toml has {len(found)} lines `version = ...`, not 1")
    return found[0]


def tag_of(version: str) -> str:
    """The git tag of a version: at the root of the repository, where the engine looks for it."""
    return f"v{version}"


def notes(changelog: str, version: str) -> str:
    """The section of a version in the text of CHANGELOG.md, without its heading.

    Empty where there is no such section.
    """
    headings = list(_HEADING.finditer(changelog))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["version"] == version:
            end = following.start() if following else len(changelog)
            return changelog[heading.end() : end].strip()
    return ""


def problems(*, tag: str, version: str, changelog: str) -> list[str]:
    """What keeps a tag from being released, a line each; empty if nothing does."""
    found: list[str] = []
    if not _NUMBER.fullmatch(version):
        found.append(f"version {version!r}: three numbers, or those and a1, b1, rc1 are wanted")
    if tag != tag_of(version):
        found.append(f"the tag is {tag}, and components/pyproject.toml says {tag_of(version)}")
    days = {heading["version"]: heading["day"] for heading in _HEADING.finditer(changelog)}
    if not notes(changelog, version):
        found.append(f"CHANGELOG.md has nothing about [{version}]")
    elif not _is_day(days[version]):
        found.append(f"CHANGELOG.md: [{version}] needs its day, as in [{version}] - 2026-01-31")
    if notes(changelog, UNRELEASED):
        found.append(f"CHANGELOG.md: what stands under [{UNRELEASED}] belongs to [{version}]")
    return found


def _is_day(text: str | None) -> bool:
    try:
        return date.fromisoformat(text or "").isoformat() == text
    except ValueError:
        return False
