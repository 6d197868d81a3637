"""Writes docs/<target>-audit.md from what the rules say of the stacks of the repository.

Usage: see COMMAND.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from . import checkov, evidence, terraform
from .checkov import Finding
from .planned import PlannedStack
from .rules import CHECKOV, Accepted, Verdict, judge, verdict
from .target import Target
from .targets import TARGETS

DOCS = Path(__file__).resolve().parents[3] / "docs"

COMMAND = "./toolchain/run --stack local --dev -- env PYTHONPATH=tests python -m cloud.audit.page"

Stacks = Mapping[str, PlannedStack]
Findings = Mapping[str, Sequence[Finding]]


def path(target: Target) -> Path:
    """Where the page of a target is."""
    return DOCS / f"{target.name}-audit.md"


def page(target: Target, stacks: Stacks, findings: Findings) -> str:
    """The page as it should be."""
    parts = [target.head.format(command=COMMAND), "## Rules\n"]
    for source in target.catalogues:
        rows = list(_checkov_rows(target, findings)) if source == CHECKOV else []
        rows += [
            (
                *(rule.id, rule.asks, rule.answer),
                *(_words(target, name, judge(rule, stacks[name])) for name in target.shown),
            )
            for rule in target.rules
            if rule.source == source
        ]
        head = ("rule", "what it asks", "what answers it", *target.shown)
        parts.append(f"### {source}\n\n{_table(head, rows)}")
    parts += _staying(target, stacks, findings[target.production])
    names = ", ".join(f"`{name}`" for name in (*_shown_others(target), *_unseen(target)))
    parts.append(
        f"## What {target.rest} need not pass\n\n"
        f"Rules that fail in one or more of {names}.\n\n"
        + _table(("rule", "why"), sorted(target.elsewhere.items(), key=_order(target)))
    )
    for section in target.sections:
        text = f"{section.text}\n\n" if section.text else ""
        parts.append(f"## {section.title}\n\n{text}{_table(*section.table)}")
    return "\n".join(parts)


def _shown_others(target: Target) -> list[str]:
    return [name for name in target.shown if name != target.production]


def _unseen(target: Target) -> list[str]:
    return [name for name in reversed(target.others) if name not in target.shown]


def _staying(target: Target, stacks: Stacks, held: Sequence[Finding]) -> Iterator[str]:
    """The findings in production that stay: Checkov's, and those of the rules here."""
    failed = {one.rule for one in held if not one.passed}
    checked = [one for one in target.accepted if one.rule in failed]
    rows = [(one.rule, _addresses(one, held), one.reason) for one in checked]
    applied = {finding.rule for finding in held}
    others = applied - {one.id for one in target.held}
    beside = ", those of the first table among them" if others else ""
    yield (
        f"## Findings of Checkov's in {target.production} that stay\n\n"
        f"Of Checkov's rules {len(applied)} apply to the resources of this stack{beside}; "
        f"{len(applied - failed)} pass for every resource. The others:\n\n"
        + _table(("rule", "resources", "why"), rows)
    )
    rest = [
        (one.rule, _names(names), one.reason)
        for rule in target.rules
        for one in target.accepted
        if one.rule == rule.id
        and (names := [n for n in judge(rule, stacks[target.production]).failed
                       if one.covers(rule.id, n)])
    ]  # fmt: skip
    if rest:
        yield (
            f"## Findings of the other catalogues in {target.production} that stay\n\n"
            + _table(("rule", "resources", "why"), rest)
        )


def _checkov_rows(target: Target, findings: Findings) -> Iterator[tuple[str, ...]]:
    for held in target.held:
        words = [_words(target, name, verdict(held.id, findings[name])) for name in target.shown]
        yield (held.id, held.asks, held.answer, *words)


def _words(target: Target, stack: str, found: Verdict) -> str:
    if stack != target.production or not found.failed:
        return found.words
    accepted = f"accepted: {len(found.failed)}"
    return f"passes ({len(found.passed)}), {accepted}" if found.passed else accepted


def _addresses(accepted: Accepted, findings: Iterable[Finding]) -> str:
    return _names(
        one.resource.partition(".")[2]
        for one in findings
        if not one.passed and accepted.covers(one.rule, one.resource)
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _order(target: Target):
    numbers = {rule.id: number for number, rule in enumerate(target.rules)}

    def key(row: tuple[str, str]) -> tuple[int, str]:
        return numbers.get(row[0], -1), row[0]

    return key


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def collect(root: Path) -> tuple[dict[str, PlannedStack], dict[str, list[Finding]]]:
    """The stacks, and what Checkov finds in them."""
    stacks = evidence.stacks(root)
    plans = {
        name: terraform.plan(stacks[name], target.terraform, target.render)
        for target in TARGETS
        for name in target.stacks
    }
    return stacks, checkov.evaluate(root / "checkov", plans)


def main() -> None:
    """Writes the pages."""
    with tempfile.TemporaryDirectory() as directory:
        stacks, findings = collect(Path(directory))
    for target in TARGETS:
        path(target).write_text(page(target, stacks, findings), encoding="utf-8")


if __name__ == "__main__":
    main()
