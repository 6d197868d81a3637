"""`secure-redis explain`: an error text of a Redis client, its cause and its cure.

It reads a text and nothing else: no network, no stack. It never prints any of the text.
"""

import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from secure_redis.doctor.explain import Candidate, Explanation

DETAILED = 3
"""Problems that are shown with cause and fix; further ones by title."""

WIDEST = 100
"""Columns, at most."""

UNKNOWN = 1
"""Exit code for a text that is not known."""


# No -h: an answer of a server begins with a minus, as in -ERR max number of clients reached.
@click.command(
    "explain",
    short_help="Cause and cure for the error text of a Redis client.",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("words", nargs=-1, metavar="[TEXT]")
def command(words: tuple[str, ...]) -> None:
    """Say what is behind an error text of a Redis client, and what to change.

    TEXT is a message, a traceback or a part of a log, of any client; without it, standard input is
    read. Use standard input for a text with a password in it. Nothing of the text is printed.

    Exit code: 0 if the text is known, 1 if not.
    """
    from secure_redis.doctor.explain import LONGEST, explain  # noqa: PLC0415 - many patterns

    text = " ".join(words) if words and words != ("-",) else _standard_input(LONGEST)
    if not text.strip():
        raise click.UsageError("Give an error text, or pipe one in.")
    explanation = explain(text)
    for line in lines(explanation, min(shutil.get_terminal_size().columns, WIDEST)):
        click.echo(line)
    if not explanation.candidates:
        raise click.exceptions.Exit(UNKNOWN)


def _standard_input(longest: int) -> str:
    if sys.stdin.isatty():
        return ""
    # A character takes four bytes at most; what is no UTF-8 says nothing to the table either.
    return sys.stdin.buffer.read(4 * longest).decode(errors="replace")


def lines(explanation: "Explanation", width: int) -> Iterator[str]:
    """The explanation for people, `width` columns wide.

    Nothing in it is taken from the text that was explained.
    """
    if explanation.client:
        yield f"A text of {explanation.client}."
        yield ""
    candidates = explanation.candidates
    for number, candidate in enumerate(candidates[:DETAILED], 1):
        yield from _detailed(number, candidate, explanation.client, width)
        yield ""
    further = "; ".join(candidate.problem.title for candidate in candidates[DETAILED:])
    if further:
        yield _wrapped("Less likely: ", further, width)
        yield ""
    if candidates:
        yield from _sure(candidates, width)
    else:
        yield from _unknown(explanation, width)
    if explanation.credential:
        yield ""
        yield _wrapped(
            "Take care: ",
            "the text seems to hold a password. Logs and the history of the shell keep it: if "
            "others can read them, rotate it.",
            width,
        )


def _detailed(number: int, candidate: "Candidate", client: str, width: int) -> Iterator[str]:
    problem = candidate.problem
    yield _wrapped(f"{number}. ", f"{problem.title} [{problem.id}, {problem.check}]", width)
    yield _wrapped("   seen:  ", f"{candidate.phrase} (line {candidate.line})", width)
    yield _wrapped("   cause: ", problem.cause, width)
    yield _wrapped("   fix:   ", problem.fix, width)
    if candidate.advice:
        yield _wrapped(f"   in {client}: ", candidate.advice, width)


def _sure(candidates: "tuple[Candidate, ...]", width: int) -> Iterator[str]:
    if len(candidates) > 1:
        advice = "`secure-redis doctor` finds out which of them it is, from where it is run."
    else:
        advice = "`secure-redis doctor` looks at the rest of the connection."
    yield _wrapped("", advice, width)


def _unknown(explanation: "Explanation", width: int) -> Iterator[str]:
    yield "This text is not known."
    if explanation.nearest:
        yield _wrapped("Nearest: ", "; ".join(explanation.nearest), width)
    yield _wrapped(
        "",
        "`secure-redis doctor` examines the connection itself, and names what is wrong with it.",
        width,
    )


def _wrapped(before: str, text: str, width: int) -> str:
    return click.wrap_text(text, width, before, " " * min(len(before), 10))
