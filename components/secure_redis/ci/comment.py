"""What the engine came to, as the Markdown of a comment on a pull request or of an issue.

On top what costs data, then what policies say, then what failed; the rest is a table and, folded
away, every property that changes. All text from outside stands in code, where Markdown, HTML and
the names of people do nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .events import Change, Finding, Operation, Outcome
from .github import QUIET

LIMIT = 64_000
"""Bytes of a comment, at most; GitHub takes 65,536 characters."""

ROWS = (40, 20, 10, 5, 2)
"""Rows of a table, at most; fewer where the comment would be too long otherwise."""

LONGEST_MESSAGE = 700
LONGEST_ERROR = 4_000
LONGEST_NAME = 160
_SHOWN_PATHS = 6
_SAYS_NOTHING = re.compile(r"(preview|refresh|update) failed|.*exited with non-zero exit code: \d+")
"""Errors that say no more than that there was one."""

_RESERVE = 400


class Task(str, Enum):
    """What was run."""

    PREVIEW = "preview"
    DRIFT = "drift"


@dataclass(frozen=True)
class Subject:
    """What it was run on."""

    project: str
    stack: str
    target: str = ""
    environment: str = ""
    commit: str = ""
    task: Task = Task.PREVIEW

    @property
    def marker(self) -> str:
        """The first line, by which the comment of an earlier run is found."""
        return f"<!-- secure-redis:{self.task.value}:{self.project}/{self.stack} -->"


def render(subject: Subject, outcome: Outcome) -> str:
    """The comment. Holds no secret, as the outcome holds none."""
    for rows in ROWS:
        text = _joined(_top(subject, outcome, rows))
        room = LIMIT - len(text.encode()) - _RESERVE
        if room > 0:
            break
    else:
        title = f"### {_title(subject, outcome)}"
        said = "There is too much to say for a comment: see the log of the job."
        return _joined([subject.marker, title, said], end="\n")
    return _joined([text, *_details(outcome.changes, room)], end="\n")


def _top(subject: Subject, outcome: Outcome, rows: int) -> list[str]:
    return [
        subject.marker,
        f"### {_title(subject, outcome)}",
        _facts(subject, outcome),
        *_losses(outcome, rows),
        *_refusals(outcome.findings, rows),
        *_errors(subject, outcome),
        *_changes(outcome.changes, rows),
        *_advice(outcome.findings, rows),
        *_warnings(outcome),
    ]


def verdict(subject: Subject, outcome: Outcome) -> str:
    """The outcome in a few words, without the stack's name."""
    if outcome.refused:
        number = sum(one.mandatory for one in outcome.findings)
        lost = f"; {_lost(outcome.losses)}" if outcome.losses else ""
        return f"refused by {_several(number, 'policy finding')}{lost}"
    if outcome.errors or not outcome.finished:
        return "failed"
    if outcome.losses:
        return f"{_lost(outcome.losses)}: all data in it would be lost"
    if not outcome.changes:
        return QUIET if subject.task is Task.DRIFT else "nothing changes"
    counts = Counter(one.operation for one in outcome.changes)
    if subject.task is Task.DRIFT:
        return f"{_several(len(outcome.changes), 'resource')} drifted"
    return ", ".join(f"{counts[one]} to {one.value}" for one in Operation if counts[one])


def _title(subject: Subject, outcome: Outcome) -> str:
    what = "Preview" if subject.task is Task.PREVIEW else "Drift"
    return f"{what} of {code(subject.stack)}: {verdict(subject, outcome)}"


def _facts(subject: Subject, outcome: Outcome) -> str:
    facts = [
        f"target {code(subject.target)}" if subject.target else "",
        f"environment {code(subject.environment)}" if subject.environment else "",
        f"commit {code(subject.commit[:12])}" if subject.commit else "",
        f"{outcome.unchanged} unchanged" if outcome.finished else "",
        f"policy pack {code(', '.join(outcome.policies))}" if outcome.policies else "",
    ]
    return ", ".join(fact for fact in facts if fact)


def _lost(losses: Sequence[Change]) -> str:
    replaced = sum(one.operation is Operation.REPLACE for one in losses)
    words = [
        f"replaces {_several(replaced, 'cache')}" if replaced else "",
        f"deletes {_several(len(losses) - replaced, 'cache')}" if replaced < len(losses) else "",
    ]
    return " and ".join(word for word in words if word)


def _losses(outcome: Outcome, rows: int) -> list[str]:
    if not outcome.losses:
        return []
    lines = [
        "> [!CAUTION]",
        f"> **This {_lost(outcome.losses)}. The data in it are lost**, and clients are cut off.",
        "> A new cache is empty, and can have another host name.",
        ">",
    ]
    for one in outcome.losses[:rows]:
        because = [
            f"{code(d.path)} {code(d.before)} → {code(d.after)}"
            for d in one.differences
            if d.replaces
        ]
        why = f", because of {'; '.join(because[:5])}" if because else ""
        done = "replaced" if one.operation is Operation.REPLACE else "deleted"
        lines.append(f"> - {code(f'{one.kind} {one.name}')} is {done}{why}")
    lines += _more(len(outcome.losses), rows, "> - ")
    return ["\n".join(lines)]


def _refusals(findings: Iterable[Finding], rows: int) -> list[str]:
    mandatory = [one for one in findings if one.mandatory]
    if not mandatory:
        return []
    heading = (
        "> [!WARNING]\n"
        f"> **{_several(len(mandatory), 'policy finding')} must be resolved** before this can be "
        "deployed."
    )
    return [heading, _finding_table(mandatory, rows)]


def _advice(findings: Iterable[Finding], rows: int) -> list[str]:
    advisory = [one for one in findings if not one.mandatory]
    if not advisory:
        return []
    summary = f"Advice of policies: {_several(len(advisory), 'finding')}"
    return [_folded(summary, _finding_table(advisory, rows))]


def _finding_table(findings: Sequence[Finding], rows: int) -> str:
    lines = ["| level | policy | resource | what is wrong, and what to set |", "|---|---|---|---|"]
    for one in findings[:rows]:
        message = _short(" ".join(one.message.split()), LONGEST_MESSAGE)
        lines.append(_row(one.level, cell(one.policy), cell(one.subject), cell(message)))
    return "\n".join([*lines, *_more(len(findings), rows, "\n")])


def _errors(subject: Subject, outcome: Outcome) -> list[str]:
    told = [one for one in outcome.errors if not _SAYS_NOTHING.fullmatch(one)]
    if told:
        text = _short("\n\n".join(told), LONGEST_ERROR)
        return [f"**The {subject.task.value} failed:**", fence(text)]
    if not outcome.finished and not outcome.refused:
        return [
            f"**The {subject.task.value} did not come to its end.** The log of the job says more."
        ]
    return []


def _changes(changes: Sequence[Change], rows: int) -> list[str]:
    if not changes:
        return []
    order = list(Operation)
    ranked = sorted(changes, key=lambda one: (not one.loses_data, order.index(one.operation)))
    lines = ["| change | type | name | properties |", "|---|---|---|---|"]
    for one in ranked[:rows]:
        strong = one.operation in {Operation.REPLACE, Operation.DELETE}
        word = f"**{one.operation.value}**" if strong else one.operation.value
        lines.append(_row(word, cell(one.kind), cell(one.name), _properties(one)))
    return ["\n".join([*lines, *_more(len(changes), rows, "\n")])]


def _properties(change: Change) -> str:
    paths = [one.path for one in change.differences]
    shown = ", ".join(cell(_short(path, 80)) for path in paths[:_SHOWN_PATHS])
    more = len(paths) - _SHOWN_PATHS
    return f"{shown} and {more} more" if more > 0 else shown


def _details(changes: Sequence[Change], room: int) -> list[str]:
    """Every property that changes, as far as there is room; no resource is shown by half."""
    if not any(one.differences for one in changes):
        return []
    blocks: list[str] = []
    left_out = 0
    for change in changes:
        if not change.differences:
            continue
        block = "\n".join(_lines(change))
        room -= len(block.encode()) + 1
        if room < 0:
            left_out += 1
        else:
            blocks.append(block)
    if not blocks:
        return []
    tail = f"\n\n{_several(left_out, 'further resource')} left out." if left_out else ""
    return [_folded("Every property that changes", fence("\n".join(blocks), "diff") + tail)]


def _lines(change: Change) -> list[str]:
    head = f"  {change.operation.value} {change.kind} {change.name}"
    lines = [head]
    for one in change.differences:
        reason = "   (cannot change in place)" if one.replaces else ""
        lines += [f"-     {one.path}: {one.before}{reason}", f"+     {one.path}: {one.after}"]
    return lines


def _warnings(outcome: Outcome) -> list[str]:
    if not outcome.warnings:
        return []
    text = _short("\n".join(outcome.warnings), LONGEST_ERROR // 2)
    return [_folded(_several(len(outcome.warnings), "warning"), fence(text))]


def cell(text: str) -> str:
    """A text as code in a cell of a table, which this sign ends even in code."""
    return code(_short(text, LONGEST_NAME + LONGEST_MESSAGE)).replace("|", "\\|")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """A text as code in a line, whatever is in it."""
    line = " ".join(text.split()) or " "
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, language: str = "text") -> str:
    """A text as a block of code, whatever is in it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _joined(parts: Iterable[str], end: str = "") -> str:
    return "\n\n".join(part for part in parts if part) + end


def _more(number: int, rows: int, before: str) -> list[str]:
    return [f"{before}and {number - rows} more"] if number > rows else []


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _several(number: int, one: str) -> str:
    if number == 1:
        return f"1 {one}"
    return f"{number} {one[:-1]}ies" if one.endswith("y") else f"{number} {one}s"
