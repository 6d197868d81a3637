"""What is particular to the audits of one cloud."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud.deployment import CloudDeployment

from .checkov import Finding
from .mutations import Mutation
from .planned import PlannedStack
from .rules import Accepted, Held, Rule, judge
from .terraform import Render

Document = dict[str, Any]
"""A stack file."""


@dataclass(frozen=True)
class Altered:
    """A stack with something else in it, for Checkov."""

    stack: str
    mutation: Mutation
    fails: tuple[str, ...] = ()
    """Checkov's rules that must notice."""
    passes: tuple[str, ...] = ()
    """Checkov's rules that pass, though they do in no stack."""


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str
    text: str
    table: tuple[Sequence[str], Sequence[Sequence[str]]]
    """Head and rows."""


@dataclass(frozen=True)
class Target:
    """The audits of one cloud."""

    name: str
    """As stack files have it."""
    package: str
    """Name of the provider."""
    terraform: str
    """Name of Terraform's provider."""
    production: str
    """The stack that passes."""
    others: tuple[str, ...]
    rules: tuple[Rule, ...]
    """What is evaluated here."""
    held: tuple[Held, ...]
    """What Checkov evaluates."""
    accepted: tuple[Accepted, ...]
    """Findings in production that stay."""
    elsewhere: Mapping[str, str]
    """Rules that the other stacks need not pass, and why."""
    nowhere: frozenset[str]
    """Rules that look at nothing in any stack: the package does not make such things."""
    mutations: Mapping[str, tuple[Mutation, ...]]
    """What each rule must notice."""
    starts: Mapping[str, tuple[str, Mutation]]
    """What makes a rule pass that passes in no stack: the stack, and what is changed in it."""
    altered: Mapping[str, Altered]
    """What Checkov must notice, by a name of the stack."""
    render: Render
    """Terraform's notation."""
    settle: Callable[[CloudDeployment, Document], Document]
    """The stack file with ids that exist in the fake cloud in place of the example's."""
    catalogues: tuple[str, ...]
    """Sources of the rules in the order of the page."""
    shown: tuple[str, ...]
    """Stacks that have a column on the page."""
    head: str
    """How the page begins."""
    sections: tuple[Section, ...] = ()
    """How it ends."""
    rest: str = "development and staging"
    """What the stacks are called that need not pass."""

    @property
    def stacks(self) -> tuple[str, ...]:
        """Every stack of the repository for this cloud."""
        return (self.production, *self.others)

    def failing(
        self, stacks: Mapping[str, PlannedStack], findings: Mapping[str, Sequence[Finding]]
    ) -> set[str]:
        """Rules that fail in another stack than production."""
        checked = {one.rule for name in self.others for one in findings[name] if not one.passed}
        return checked | {
            rule.id
            for rule in self.rules
            for name in self.others
            if judge(rule, stacks[name]).failed
        }
