"""One examination: layer by layer, the checks of a layer side by side, until something is fatal."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version

from secure_redis.controls import controls_of
from secure_redis.timestamps import rfc3339

from . import examine
from .catalogue import PROBLEMS
from .checks import CHECKS, Check, Layer
from .checkup import Checkup, Options, Verdict, bad, skipped
from .deadline import OutOfTime
from .endpoint import Given, secrets_of
from .redaction import Redaction
from .report import Finding, Report, counts, in_order, verdict
from .wire import WireError


def diagnose(given: Given, options: Options | None = None) -> Report:
    """Examines an endpoint; takes ten seconds at most. Never raises for what the endpoint does.

    The report holds no secret.
    """
    started, clock = datetime.now(timezone.utc), time.perf_counter()
    redaction = Redaction(secrets_of(given))
    if given.endpoint is None:
        findings = [*_unread(given)]
        checkup = None
    else:
        checkup = Checkup(given, given.endpoint, options or Options(), now=started)
        try:
            findings = [*_layers(checkup)]
        finally:
            if checkup.learned.session:
                checkup.learned.session.close()
    findings = redaction.findings(in_order(findings))
    return Report(
        tool=tool(),
        started_at=rfc3339(started),
        seconds=round(time.perf_counter() - clock, 2),
        subject=redaction.text(given.subject),
        endpoint=given.endpoint.redacted if given.endpoint else "",
        target=given.declared.connection.target if given.declared.connection else "",
        environment=given.declared.environment,
        server=examine.server(checkup) if checkup else "",
        verdict=verdict(findings),
        counts=counts(findings),
        findings=tuple(findings),
        handshake=examine.handshake(checkup) if checkup else None,
        refusals=redaction.refusals(checkup.learned.refusals) if checkup else (),
    )


def tool() -> str:
    """The program and its version."""
    with suppress(PackageNotFoundError):
        return f"secure-redis {version('secure-redis')}"
    return "secure-redis"


def _unread(given: Given) -> Iterator[Finding]:
    """The findings where there is no endpoint to look at."""
    yield from (_finding(CHECKS["D01"], one) for one in _troubles(given, "D01"))
    yield from (_finding(CHECKS["D02"], one) for one in _troubles(given, "D02"))
    seen = {PROBLEMS[trouble.problem].check for trouble in given.problems}
    for check in CHECKS.values():
        if check.id not in seen:
            yield _finding(check, skipped("what was given cannot be read"))


def _troubles(given: Given, check: str) -> Iterator[Verdict]:
    for trouble in given.problems:
        if PROBLEMS[trouble.problem].check == check:
            yield bad(trouble.problem, trouble.observed, trouble.where)


def _layers(checkup: Checkup) -> Iterator[Finding]:
    stopped = ""
    for layer in Layer:
        of_layer = [check for check in CHECKS.values() if check.layer is layer]
        if stopped:
            yield from (_finding(check, skipped(stopped)) for check in of_layer)
            continue
        verdicts = dict(zip(of_layer, _side_by_side(checkup, of_layer), strict=True))
        for check, found in verdicts.items():
            yield from (_finding(check, one) for one in found)
        fatal = [one for found in verdicts.values() for one in found if one.fatal]
        if fatal:
            stopped = _behind(fatal[0])


def _side_by_side(checkup: Checkup, checks: Sequence[Check]) -> list[list[Verdict]]:
    """What the checks of one layer say, in their order."""
    groups = examine.groups(checks)
    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        answers: dict[str, list[Verdict]] = {}
        for part in pool.map(lambda group: _one_by_one(checkup, group), groups):
            answers |= part
    return [answers[check.id] for check in checks]


def _one_by_one(checkup: Checkup, group: Iterable[Check]) -> dict[str, list[Verdict]]:
    """What checks say of which each needs what the one before it learned."""
    answers: dict[str, list[Verdict]] = {}
    fatal = ""
    for check in group:
        answers[check.id] = [skipped(fatal)] if fatal else _asked(checkup, check)
        worst = next((one for one in answers[check.id] if one.fatal), None)
        if worst:
            fatal = _behind(worst)
    return answers


def _behind(fatal: Verdict) -> str:
    """Why a check behind a fatal problem was not made."""
    return f"not looked at: {PROBLEMS[fatal.problem].title}"


def _asked(checkup: Checkup, check: Check) -> list[Verdict]:
    try:
        return [*examine.CHECKS[check.id](checkup)]
    except OutOfTime:
        if check.id == "D13":
            # Without it an endpoint that is slow enough would pass.
            return [bad("login-too-slow", "the time was used up before the login was done")]
        return [skipped("the time was used up")]
    except WireError as error:
        return [skipped(f"could not be looked at: {error}")]


def _finding(check: Check, found: Verdict) -> Finding:
    problem = PROBLEMS.get(found.problem)
    troubled = found.status.troubled
    return Finding(
        check=check.id,
        layer=check.layer,
        title=check.title,
        status=found.status,
        problem=found.problem,
        observed=found.observed,
        cause=problem.cause if problem and troubled else "",
        fix=(found.fix or problem.fix) if problem and troubled else "",
        controls=_controls(check, found),
        where=found.where,
        facts=found.facts,
    )


def _controls(check: Check, found: Verdict) -> tuple[str, ...]:
    """The controls that a finding bears on: a setting of a cloud's only on its own."""
    own = found.facts.get("control")
    if isinstance(own, str):
        return (own,)
    return tuple(control.id for control in controls_of(check.id, found.problem))
