"""Published rules, and what they say of a stack."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .checkov import Finding
from .planned import Planned, PlannedStack

Applies = Callable[[PlannedStack], Iterable[Planned]]
Holds = Callable[[PlannedStack, Planned], bool]

CHECKOV = "Checkov"
PROWLER = "Prowler"


@dataclass(frozen=True)
class Rule:
    """One rule of a catalogue, evaluated by functions of ours."""

    source: str
    id: str
    asks: str
    """What it wants, in a few words."""
    answer: str
    """The setting, or the part of the design, that answers it."""
    applies: Applies
    """The resources that it is about."""
    holds: Holds


@dataclass(frozen=True)
class Held:
    """A rule of Checkov's that the caches are held to, and Checkov evaluates."""

    id: str
    asks: str
    answer: str


@dataclass(frozen=True)
class Accepted:
    """A finding that stays, and why."""

    rule: str
    resources: str
    """Pattern of the resources: addresses in the plan for Checkov's rules, else logical names."""
    reason: str

    def covers(self, rule: str, resource: str) -> bool:
        """Whether this is the finding."""
        return self.rule == rule and bool(re.fullmatch(self.resources, resource))


@dataclass(frozen=True)
class Verdict:
    """What a rule says about one stack."""

    passed: tuple[str, ...]
    """Names of resources."""
    failed: tuple[str, ...]

    @property
    def words(self) -> str:
        """The verdict for a table."""
        if self.failed:
            total = len(self.passed) + len(self.failed)
            return f"fails: {len(self.failed)} of {total}"
        return f"passes ({len(self.passed)})" if self.passed else "passes: none there"


def judge(rule: Rule, stack: PlannedStack) -> Verdict:
    """Evaluates a rule."""
    outcome = [(one.name, rule.holds(stack, one)) for one in rule.applies(stack)]
    return Verdict(
        tuple(sorted(name for name, holds in outcome if holds)),
        tuple(sorted(name for name, holds in outcome if not holds)),
    )


def verdict(rule: str, findings: Iterable[Finding]) -> Verdict:
    """What Checkov says of one rule."""
    found = [finding for finding in findings if finding.rule == rule]
    return Verdict(
        tuple(finding.resource for finding in found if finding.passed),
        tuple(finding.resource for finding in found if not finding.passed),
    )


def unexpected(
    rule: str, failed: Iterable[str], accepted: Iterable[Accepted]
) -> list[tuple[str, str]]:
    """What does not pass although nothing accepts it: the rule, and each resource."""
    known = list(accepted)
    return [(rule, name) for name in failed if not any(one.covers(rule, name) for one in known)]


def all_of(*kinds: str) -> Applies:
    """All resources of some types."""
    return lambda stack: stack.of(*kinds)


def never(_stack: PlannedStack, _one: Planned) -> bool:
    """For types that should not be there at all."""
    return False
