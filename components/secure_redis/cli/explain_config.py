"""`secure-redis explain-config`: the effective settings of a stack, and where each comes from.

It reads one stack file and nothing else: no engine, no state, no cloud. It decrypts nothing, and
prints no secret that stands in the file in plain text.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from secure_redis.effective import Value
    from secure_redis.problems import Problem

    from .stack_file import StackFile

REFUSED = 1
"""Exit code for a stack file that the program would refuse."""


@click.command(
    "explain-config", short_help="Effective settings of a stack, and where each comes from."
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("paths", nargs=-1, metavar="[SETTING]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain_config(file: Path, paths: tuple[str, ...], *, as_json: bool) -> None:
    """Show every value that takes effect for the stack file FILE, and where it comes from.

    A line of the file, or a default: a fixed one, or one that follows from other settings, with the
    table or function in the package that decides it. With a SETTING, such as caches.cache.aws, only
    that and what is below it.

    Secrets read [secret]. Exit code: 0 if the file is right, 1 if the program would refuse it; all
    problems are shown as the program shows them.
    """
    from secure_redis.problems import ConfigurationError, report  # noqa: PLC0415 - with the rules

    from . import stack_file  # noqa: PLC0415 - with the rules

    found = stack_file.read(file)
    try:
        values = effective(found)
    except ConfigurationError as error:
        if as_json:
            click.echo(json.dumps({"problems": problems_document(found, error.problems)}, indent=2))
        click.echo(f"error: {report(error.problems)}", err=True)
        raise click.exceptions.Exit(REFUSED) from None
    chosen = [value for value in values if not paths or _below(value.path, paths)]
    if not chosen:
        raise click.UsageError(f"Nothing takes effect at {', '.join(paths)}.")
    if as_json:
        click.echo(json.dumps({"values": values_document(found, chosen)}, indent=2))
    else:
        for line in table(found, chosen):
            click.echo(line)


def effective(file: "StackFile") -> "list[Value]":
    """The values of a stack file, those of the providers first.

    Raises ConfigurationError with all problems. Paths of certificates in the file are those that
    the program would read: relative to its project's directory.
    """
    from secure_redis.effective import MASK, Kind, Value, explain  # noqa: PLC0415 - with the rules
    from secure_redis.stack_schema import PROVIDER_KEYS  # noqa: PLC0415 - with the rules

    others = [
        Value(
            key,
            # Keys of access can stand in the namespaces of providers, in plain text too.
            value if key in PROVIDER_KEYS and isinstance(value, str) else MASK,
            Kind.SET,
            meaning=PROVIDER_KEYS.get(key, ""),
        )
        for key, value in file.others.items()
    ]
    with _directory(project_of(file.path)):
        return [*others, *copy_context().run(_explained, file, explain)]


def _explained(file: "StackFile", explain: Any) -> "list[Value]":
    from pulumi.runtime import set_all_config  # noqa: PLC0415 - with the rules

    # Rules of a cloud look at where its provider works.
    set_all_config({key: value for key, value in file.others.items() if isinstance(value, str)})
    return explain(file.own)


def project_of(file: Path) -> Path:
    """The directory of the project that a stack file belongs to: the nearest one that is one."""
    folder = file.resolve().parent
    return next(
        (one for one in (folder, *folder.parents) if (one / "Pulumi.yaml").is_file()), folder
    )


@contextmanager
def _directory(path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def _below(path: str, wanted: Sequence[str]) -> bool:
    return any(f"{path}.".startswith(f"{one}.") for one in wanted)


def origin(file: "StackFile", value: "Value") -> str:
    """Where a value comes from, in words."""
    if value.kind.value == "set":
        return f"{file.path}:{file.line(value.path)}"
    if value.kind.value == "follows":
        return f"follows from {_listed(value.by) or 'the target'} ({value.source})"
    by = f" by {_listed(value.by)}" if value.by else ""
    return f"default{by} ({value.source})"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def table(file: "StackFile", values: "Sequence[Value]") -> Iterator[str]:
    """The values for people: setting, value, origin."""
    rows = [(value.path, shown(value.value), origin(file, value)) for value in values]
    first = max(len(path) for path, _, _ in rows)
    second = min(max(len(text) for _, text, _ in rows), WIDEST)
    for path, text, where in rows:
        yield f"{path:<{first}}  {text:<{second}}  {where}"


WIDEST = 36
"""Columns for values: a longer one moves only its own origin."""


def shown(value: Any) -> str:
    """A value as a stack file has it, on one line."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def values_document(file: "StackFile", values: "Sequence[Value]") -> list[dict[str, Any]]:
    """The values for programs."""
    return [
        {
            "path": value.path,
            "value": value.value,
            "origin": value.kind.value,
            **({"file": str(file.path), "line": file.line(value.path)} if not value.source else {}),
            **({"source": value.source, "by": list(value.by)} if value.source else {}),
            "meaning": value.meaning,
        }
        for value in values
    ]


def problems_document(file: "StackFile", problems: "Sequence[Problem]") -> list[Mapping[str, Any]]:
    """The problems for programs. Holds no value."""
    return [
        {
            "path": problem.path,
            "reason": problem.reason,
            "fix": problem.fix,
            "rule": problem.rule,
            "file": str(file.path),
            "line": file.line(problem.path),
        }
        for problem in problems
    ]
