"""Which stacks a change touches, from the names of the files that it changes.

The table errs on one side only: a file that it does not know touches every stack. Nothing but the
standard library, and no other file of this package: the job that asks needs nothing installed.

    python3 -I components/secure_redis/ci/touched.py --base HEAD^1
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

TARGETS = ("aws", "azure", "docker", "external", "gcp")
ENVIRONMENTS = ("development", "staging", "production")
"""In the order in which a change goes through them."""

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Names of stacks that Pulumi takes. They end up in a shell of the workflow: nothing else may."""

STACK_FILE = re.compile(r"stacks/Pulumi\.(?P<stack>.+)\.yaml")

NO_EFFECT = (
    "*.md",
    "LICENSE",
    ".gitignore",
    ".ci/*",
    ".github/*",
    "bench/*",
    "docs/*",
    "examples/*",
    "release/*",
    "tests/*",
    "pytest.ini",
    "pyrightconfig.json",
    "ruff.toml",
    "requirements/*.in",
    "requirements/checkov.*",
    "requirements/compile",
    "requirements/dev.*",
    "requirements/lower-bounds*",
    "components/PulumiPlugin.yaml",
    "components/__main__.py",
    "components/requirements.txt",
    "components/secure_redis/effective.py",
    "components/secure_redis/plugin.py",
    "components/secure_redis/schema.json",
    "components/secure_redis/stack_schema.py",
    "components/secure_redis/ci/*",
    "components/secure_redis/cli/*",
    "components/secure_redis/doctor/*",
)
"""Files that no program of a stack and no policy reads; `*` stands for slashes too."""

OF_TARGET: Mapping[str, str] = MappingProxyType(
    {
        **{f"components/secure_redis/{one}/*": one for one in TARGETS},
        **{f"requirements/{one}.txt": one for one in TARGETS},
        "toolchain/docker-provider/*": "docker",
        "toolchain/image/*": "docker",
    }
)
"""Files that are read for the stacks of one target only."""

OF_ENVIRONMENT = re.compile(r"policy/config/(?P<environment>[^/]+)\.json")


@dataclass(frozen=True)
class StackFacts:
    """What a workflow must know of a stack before it can run anything on it. Nothing secret."""

    stack: str
    target: str
    environment: str
    region: str = ""
    """Of AWS, where the stack file names it."""

    @classmethod
    def of(cls, name: str, text: str) -> "StackFacts":
        """The facts in a stack file's text; empty where it does not say.

        They are read as the toolchain reads them: a key and its value on a line of their own.
        Raises ValueError for a name or a value with other characters than letters, digits, and
        `_.-`: they are put into a shell's environment and a job's name.
        """
        facts = cls(
            stack=name,
            target=_value(text, "secure-redis:target"),
            environment=_value(text, "secure-redis:environment"),
            region=_value(text, "aws:region"),
        )
        for fact in (facts.stack, facts.target, facts.environment, facts.region):
            if fact and not SAFE_NAME.fullmatch(fact):
                raise ValueError(f"{fact!r} has characters that no name of a stack may have")
        return facts


def _value(text: str, key: str) -> str:
    found = re.search(rf"""^\s*["']?{key}["']?\s*:\s*["']?([^"'\s#]+)""", text, re.MULTILINE)
    return found[1] if found else ""


def in_project(project: Path) -> list[StackFacts]:
    """The stacks that a project has files of: development first, production last, then by name.

    Raises ValueError for one with a name that no stack can have.
    """
    found = [
        StackFacts.of(
            file.name.removeprefix("Pulumi.").removesuffix(".yaml"),
            file.read_text(encoding="utf-8"),
        )
        for file in (project / "stacks").glob("Pulumi.*.yaml")
    ]
    return sorted(found, key=lambda one: (_turn(one.environment), one.stack))


def _turn(environment: str) -> int:
    known = environment in ENVIRONMENTS
    return ENVIRONMENTS.index(environment) if known else len(ENVIRONMENTS)


def touched(files: Iterable[str], stacks: Sequence[StackFacts]) -> list[StackFacts]:
    """The stacks that a change of these files touches, in the order in which they are given.

    files: paths from the project's directory, with slashes; both names of what was moved.
    """
    names: set[str] = set()
    for file in files:
        names |= _by(file, stacks)
    return [one for one in stacks if one.stack in names]


def _by(file: str, stacks: Sequence[StackFacts]) -> set[str]:
    """Names of the stacks that one file touches."""
    own = STACK_FILE.fullmatch(file)
    if own:
        return {own["stack"]}
    policy = OF_ENVIRONMENT.fullmatch(file)
    if policy:
        return {one.stack for one in stacks if one.environment == policy["environment"]}
    if any(fnmatchcase(file, pattern) for pattern in NO_EFFECT):
        return set()
    for pattern, target in OF_TARGET.items():
        if fnmatchcase(file, pattern):
            return {one.stack for one in stacks if one.target == target}
    return {one.stack for one in stacks}


def gone(files: Iterable[str], stacks: Sequence[StackFacts]) -> list[str]:
    """Names of stacks whose file a change takes away: nothing takes down what they have made."""
    there = {one.stack for one in stacks}
    found = [match["stack"] for file in files if (match := STACK_FILE.fullmatch(file))]
    return sorted({name for name in found if name not in there})


def matrix(stacks: Iterable[StackFacts]) -> dict[str, Any]:
    """The stacks as a `matrix` of a workflow: one job a stack."""
    return {"include": [asdict(one) for one in stacks]}


def changed_files(project: Path, base: str) -> list[str] | None:
    """Files that differ between a commit and the current one; None where there is no such commit.

    That is so for a branch's first push, which names a commit of zeros as the one before.
    """
    command = ["git", "-C", str(project), "diff", "--name-only", "--no-renames", "-z"]
    if base.startswith("-"):
        return None
    done = subprocess.run(
        [*command, base, "HEAD", "--"], capture_output=True, text=True, check=False
    )
    return None if done.returncode else [one for one in done.stdout.split("\0") if one]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: the matrix on standard output, what it says to people on stderr."""
    parser = argparse.ArgumentParser(description="The stacks that a change touches, as JSON.")
    parser.add_argument("--base", default="", help="the commit before the change")
    parser.add_argument("--all", action="store_true", help="every stack, whatever has changed")
    parser.add_argument("--stack", default="", help="this stack alone")
    parser.add_argument("--environment", default="", help="stacks of this environment only")
    parser.add_argument("--project", type=Path, default=Path(), help="default: this directory")
    options = parser.parse_args(arguments)
    if not (options.base or options.all or options.stack):
        parser.error("give --base, --all or --stack")
    try:
        stacks = in_project(options.project)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    chosen = stacks
    if options.stack:
        chosen = [one for one in stacks if one.stack == options.stack]
        if not chosen:
            print(f"error: there is no stack {options.stack!r}", file=sys.stderr)
            return 2
    elif not options.all:
        files = changed_files(options.project, options.base)
        if files is None:
            print(f"{options.base} is no commit here: every stack", file=sys.stderr)
        else:
            chosen = touched(files, stacks)
            for name in gone(files, stacks):
                print(f"{name}: its file is gone, what it made is not", file=sys.stderr)
    if options.environment:
        chosen = [one for one in chosen if one.environment == options.environment]
    print(json.dumps(matrix(chosen), separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
