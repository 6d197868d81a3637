"""`secure-redis evidence`: what is declared and what was seen of a stack, by control."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from secure_redis.settings import Target

from . import engine
from .declared import declared
from .doctor import AWAY, examine, inside
from .engine import Failure, Stack
from .env import connections

NAMES = ("evidence.json", "evidence.html")
"""The files that are written."""


@click.command(
    "evidence", short_help="Evidence for a reviewer: controls, and what speaks for them."
)
@click.option("--stack", "name", default="local", show_default=True, help="The stack.")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's directory. [default: this one]",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Write evidence.json and evidence.html into this directory.",
)
@click.option(
    "--negative",
    is_flag=True,
    help="Also try what must be refused and raises alarms: a wrong password, dangerous commands.",
)
def evidence(*, name: str, project: Path, out: Path, negative: bool) -> None:
    """Write what is declared of a stack, what the doctor sees of its caches, and the controls.

    Evidence is not certification. It holds no secret. The exit code says whether it was written,
    not what is in it.
    """
    from secure_redis.doctor import evidence as of  # noqa: PLC0415 - brings what examines
    from secure_redis.doctor.endpoint import secrets_of  # noqa: PLC0415 - with it

    stack = engine.find(name, project.resolve())
    settings = declaration(stack)
    available = connections(stack)
    subjects = inside(stack, available, sorted(available))
    reports = examine(subjects, negative=negative)
    cloud = settings.get("target") in [target.value for target in Target if target.cloud]
    found = of.evidence(
        list(zip(subjects, reports, strict=True)),
        settings,
        stack=stack.name,
        stack_file_sha256=sha256(stack.file.read_bytes()).hexdigest(),
        away=AWAY if cloud else frozenset(),
        secrets={secret for given in subjects for secret in secrets_of(given)},
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, content in zip(NAMES, (of.text(found), of.page(found)), strict=True):
            (out / file).write_text(content, encoding="utf-8")
            click.echo(f"wrote {out / file}", err=True)
    except OSError as error:
        raise Failure(f"{error.filename or out}: {error.strerror}") from None
    numbers = [f"{number} {status.value}" for status, number in of.counts(found).items() if number]
    click.echo(f"{len(found.controls)} controls: {', '.join(numbers)}")


def declaration(stack: Stack) -> dict[str, Any]:
    """The stack file after defaults, by the names in it, without secrets.

    Of each cache only the portable settings and its target's own. A file that the stack's program
    would refuse is given as it is: certificates that are encrypted in it cannot be judged here.
    """
    from secure_redis.doctor.evidence import masked  # noqa: PLC0415 - brings what examines

    written, parsed = declared(stack)
    if parsed is None:
        return written
    found = parsed.model_dump(mode="json", by_alias=True, exclude_none=True)
    others = {target.value for target in Target} - {parsed.target.value}
    found["caches"] = {
        name: {key: value for key, value in cache.items() if key not in others}
        for name, cache in found["caches"].items()
    }
    return masked(found)
