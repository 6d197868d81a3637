"""`python -m release`: checks a tag, builds its files, publishes them. See docs/release.md.

It needs Python and nothing else: what it builds with is obtained, checked by hash.
"""

import argparse
import sys
from pathlib import Path

from . import version
from .distribution import REPOSITORY, build, publish


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="may this tag be released?")
    check.add_argument("tag", help="as in v1.2.3")
    actions.add_parser("notes", help="print what CHANGELOG.md says of the declared version")
    files = actions.add_parser("build", help="build wheel, source archive and checksums")
    files.add_argument("directory", type=Path, help="where to; must not hold another release")
    upload = actions.add_parser("publish", help="upload what `build` made; from CI only")
    upload.add_argument("directory", type=Path, help="where it is")
    options = parser.parse_args()

    pyproject = (REPOSITORY / "components" / "pyproject.toml").read_text(encoding="utf-8")
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    declared = version.declared(pyproject)
    if options.action == "check":
        found = version.problems(tag=options.tag, version=declared, changelog=changelog)
        for problem in found:
            print(problem, file=sys.stderr)
        return 1 if found else 0
    if options.action == "notes":
        print(version.notes(changelog, declared))
        return 0
    if options.action == "publish":
        publish(options.directory)
        return 0
    if options.directory.exists() and any(options.directory.iterdir()):
        print(f"{options.directory} is not empty", file=sys.stderr)
        return 1
    for file in build(options.directory):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
