"""The report as a table in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.report import Finding, Report, Status

from .text import printable, seen, several

WIDE = 110
"""Columns of a terminal from which title and observation stand side by side."""

_SHOWN = {
    Status.OK: ("ok", "green"),
    Status.INFO: ("info", "cyan"),
    Status.SKIPPED: ("skipped", "dim"),
    Status.WARNING: ("warning", "bold yellow"),
    Status.FAILED: ("FAILED", "bold red"),
}
"""Words and styles; the word alone says it all where there is no colour."""


def console(stream: TextIO | None = None) -> Console:
    """A console for `render`; standard output by default. Colours as terminal and NO_COLOR say."""
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def render(report: Report, console: Console) -> None:
    """Prints the report: layers in order, cause and fix of problems only, the verdict last."""
    console.print(_heading(report, console))
    for layers, findings in _blocks(report.findings):
        console.print()
        console.print(_said(", ".join(layers), console, "bold"))
        rows = _together(findings, console) if len(layers) > 1 else _rows(findings, console)
        console.print(Padding(rows, (0, 0, 0, 2)))
    console.print()
    console.print(_verdict(report))


def summary(report: Report) -> str:
    """One line: the subject, the verdict, and the worst problem if there is one."""
    line = f"{printable(report.subject)}: {_SHOWN[report.verdict][0]}"
    troubles = [one for one in report.findings if one.status.troubled]
    if not troubles:
        passed = {one.check for one in report.findings if one.status is Status.OK}
        skipped = {one.check for one in report.findings if one.status is Status.SKIPPED} - passed
        return f"{line} ({several(len(passed), 'check')} passed, {len(skipped)} skipped)"
    worst = next((one for one in troubles if one.status is Status.FAILED), troubles[0])
    more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"{line}: {worst.check} {_title(worst)}{more}"


def _heading(report: Report, console: Console) -> RenderableType:
    first = _said(report.subject, console, "bold")
    if report.endpoint and report.endpoint != report.subject:
        first.append("  ").append_text(_said(report.endpoint, console))
    facts = [report.target, report.environment, report.server]
    if report.handshake:
        facts.append(f"{report.handshake.version} {report.handshake.cipher}")
    second = ", ".join(fact for fact in facts if fact)
    return Group(first, _said(second, console, "dim")) if second else first


def _blocks(findings: Iterable[Finding]) -> Iterator[tuple[list[str], list[Finding]]]:
    """Layers with their findings; neighbours that were skipped for one reason stand together."""
    layers = [[*found] for _, found in groupby(findings, lambda one: one.layer)]
    for _, alike in groupby(layers, _reason):
        block = [*alike]
        yield [found[0].layer.value for found in block], [one for found in block for one in found]


def _reason(layer: Sequence[Finding]) -> str:
    """Why all of a layer was skipped; else the layer's own name, which no other layer has."""
    reasons = {one.observed for one in layer}
    skipped = all(one.status is Status.SKIPPED for one in layer) and len(reasons) == 1
    return f"skipped: {reasons.pop()}" if skipped else layer[0].layer.value


def _together(findings: Sequence[Finding], console: Console) -> RenderableType:
    """One row for checks that were skipped for one reason."""
    word, style = _SHOWN[Status.SKIPPED]
    checks = " ".join(dict.fromkeys(one.check for one in findings))
    grid = _grid(columns=2)
    said = Group(_said(checks, console, style), _said(seen(findings[0]), console, style))
    grid.add_row(Text(word, style), said)
    return grid


def _rows(findings: Iterable[Finding], console: Console) -> RenderableType:
    wide = console.width >= WIDE
    grid = _grid(columns=4 if wide else 3)
    for finding in findings:
        word, style = _SHOWN[finding.status]
        troubled = finding.status.troubled
        quiet = "dim" if finding.status is Status.SKIPPED else ""
        title = _said(_title(finding), console, style if troubled else quiet)
        told = _said(seen(finding), console, "" if troubled else "dim")
        cure = [_cure(finding, console)] if troubled else []
        if wide:
            cells = [title, Group(told, *cure)]
        else:
            cells = [Group(Text(": ").join([title, told]), *cure)]
        grid.add_row(Text(word, style), Text(finding.check, quiet), *cells)
    return grid


def _grid(columns: int) -> Table:
    """A grid whose first column is the status, and whose last takes what is left."""
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True, min_width=len(_SHOWN[Status.WARNING][0]))
    if columns > 2:  # noqa: PLR2004 - status, check and the rest
        grid.add_column(no_wrap=True)
    shares = [2, 3] if columns > 3 else [1]  # noqa: PLR2004
    for share in shares:
        grid.add_column(overflow="fold", ratio=share)
    return grid


def _cure(finding: Finding, console: Console) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in (("cause", finding.cause), ("fix", finding.fix)):
        if value:
            grid.add_row(Text(name, "dim"), _said(value, console))
    return grid


def _title(finding: Finding) -> str:
    """What is wrong where something is, else what was looked at."""
    problem = PROBLEMS.get(finding.problem) if finding.status.troubled else None
    return problem.title if problem else finding.title


def _verdict(report: Report) -> Text:
    counts = report.counts
    word, style = _SHOWN[report.verdict]
    numbers = [
        f"{counts.failed} failed",
        several(counts.warning, "warning"),
        f"{counts.ok} ok",
        f"{counts.info} info",
        f"{counts.skipped} skipped",
    ]
    return Text.assemble((word, style), f": {', '.join(numbers)}, in {report.seconds:.2f} s")


def _said(text: str, console: Console, style: str = "") -> Text:
    """Text that can neither command the terminal nor fail to be encoded for it."""
    encoding = console.encoding
    known = printable(text).encode(encoding, "backslashreplace").decode(encoding)
    return Text(known, style)
