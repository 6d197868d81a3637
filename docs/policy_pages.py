"""Writes the policy pack's configuration files, and the tables of docs/policy.md.

Usage: python docs/policy_pages.py [--check]
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from policy_comparison import CATALOGUES, COMPARISON, Row

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "policy"))

from redis_policies.levels import (  # noqa: E402 - after the path to it
    ENVIRONMENTS,
    GROUPS,
    LEVELS,
    PRODUCTION_ONLY,
    AnyRule,
    configuration,
    level,
)
from redis_policies.stages import needs_stack  # noqa: E402
from secure_redis.posture import COMPANIONS, RULES  # noqa: E402

PAGE = ROOT / "docs" / "policy.md"
CONFIG = ROOT / "policy" / "config"

ROOMS = {
    "AWS": "aws-",
    "Azure": "azure-",
    "Google Cloud": "gcp-",
    "Docker": "docker-",
    "Everywhere": "",
}
"""How the ids of the rules of a table begin; the last has all others."""


def levels() -> str:
    """The table of levels by what a rule protects."""
    rows = [f"| {name} | {' | '.join(LEVELS[name])} | {controls(name)} |" for name in GROUPS]
    only = " | ".join([*PRODUCTION_ONLY.values(), "as above"])
    head = ["what the rule protects", *ENVIRONMENTS, "controls"]
    return table(head, [*rows, f"| *rules for production only* | {only} | |"])


def controls(name: str) -> str:
    """The controls of a group: `RDS-TLS-*`, or single ones."""
    return ", ".join(f"{one}*" if one.endswith("-") else one for one in GROUPS[name])


def rules() -> str:
    """All policies, a table for each cloud."""
    left = [*RULES.values(), *COMPANIONS.values()]
    parts: list[str] = []
    for title, begin in ROOMS.items():
        of_room = [one for one in left if one.id.startswith(begin)]
        left = [one for one in left if one not in of_room]
        head = ["policy", "control", "what is reported", "judged", *ENVIRONMENTS]
        parts.append(f"### {title}\n\n{table(head, [rule_row(one) for one in of_room])}")
    return "\n".join(parts)


def rule_row(rule: AnyRule) -> str:
    """One policy."""
    found = [level(rule, environment) for environment in ENVIRONMENTS]
    judged = "with others" if needs_stack(rule) else "alone"
    return f"| `{rule.id}` | {rule.control} | {rule.reason} | {judged} | {' | '.join(found)} |"


def comparison() -> str:
    """Who has which rule about Redis."""
    parts = [
        f"### {title}\n\n{table(['asked', 'this pack', *CATALOGUES], map(compared, rows))}"
        for title, rows in COMPARISON.items()
    ]
    return "\n".join(parts)


def compared(row: Row) -> str:
    """One thing that can be asked."""
    ours = ", ".join(f"`{one}`" for one in row.ours) or "-"
    return f"| {row.what} | {ours} | {' | '.join(row.theirs.get(c, '-') for c in CATALOGUES)} |"


def table(head: list[str], rows: Iterable[str]) -> str:
    """A table of Markdown."""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *rows]) + "\n"


PARTS = {"levels": levels, "rules": rules, "comparison": comparison}
"""What stands in the page between its marks."""


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    for name, part in PARTS.items():
        begin = f"<!-- {name}: python docs/policy_pages.py -->"
        pattern = rf"{re.escape(begin)}.*?<!-- end of {name} -->"
        made = f"{begin}\n{part()}<!-- end of {name} -->"
        text, times = re.subn(pattern, lambda _found, made=made: made, text, flags=re.DOTALL)
        if times != 1:
            sys.exit(f"{PAGE} has {times} times {begin}")
    return text


def files() -> dict[Path, str]:
    """All that is written, by file."""
    made = {PAGE: page()}
    for environment in ENVIRONMENTS:
        text = json.dumps(configuration(environment), indent=2) + "\n"
        made[CONFIG / f"{environment}.json"] = text
    return made


def main() -> None:
    """Writes the files, or with --check tells whether they are up to date."""
    if "--check" in sys.argv[1:]:
        stale = [one for one, text in files().items() if one.read_text(encoding="utf-8") != text]
        sys.exit("".join(f"{one} is out of date: run {__file__}\n" for one in stale) or 0)
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
