"""The controls that a report bears on, and what came out of the checks that speak for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from secure_redis.controls import CONTROLS, Control
from secure_redis.doctor.report import Finding, Status, worst


@dataclass(frozen=True)
class Observed:
    """One control and what the checks of one report say of it."""

    control: Control
    status: Status
    """failed or warning: the worst problem that bears on it; ok: all of its checks were made and
    found none; info: some were made and found none; skipped: none was made."""
    made: tuple[str, ...]
    """Ids of its checks that were made."""
    skipped: tuple[str, ...]
    """Ids of its checks that were not made."""


def observed(findings: Iterable[Finding]) -> list[Observed]:
    """Every control that has checks, judged by the findings of one report."""
    of_check: dict[str, list[Finding]] = {}
    for finding in findings:
        of_check.setdefault(finding.check, []).append(finding)
    return [_judged(control, of_check) for control in CONTROLS.values() if control.checks]


def _judged(control: Control, of_check: Mapping[str, list[Finding]]) -> Observed:
    made = tuple(check for check in control.checks if _made(of_check.get(check, ())))
    skipped = tuple(check for check in control.checks if check not in made)
    bearing = worst(
        finding.status
        for check in made
        for finding in of_check[check]
        if control.id in finding.controls
    )
    complete = Status.INFO if skipped else Status.OK
    return Observed(control, bearing or (complete if made else Status.SKIPPED), made, skipped)


def _made(findings: Iterable[Finding]) -> bool:
    return any(finding.status is not Status.SKIPPED for finding in findings)
