"""Reports as one self-contained page, for a reviewer: no script, nothing loaded, printable.

The page's own policy (Content-Security-Policy) allows its one style sheet, by hash, and nothing
else; so does a server that sends the same policy as a header.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from secure_redis.controls import CAUTIONS, CONTROLS, STANDARDS
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.report import Certificate, Finding, Report, Status
from secure_redis.timestamps import parse

from .standards import observed
from .text import printable, seen, several, visible


def page(reports: Iterable[Report]) -> str:
    """The page about one or more reports. Everything that a report quotes is escaped."""
    parts = [part(report, index) for index, report in enumerate(reports, start=1)]
    return render("report.html", parts=parts)


def render(template: str, **values: Any) -> str:
    """A template of this package, filled in; for pages that share the base.

    Values are escaped, and characters that cannot be seen are shown as escapes.
    """
    return _environment().get_template(template).render(**values)


@dataclass(frozen=True)
class Row:
    """A finding as the page shows it."""

    id: str
    """The anchor of it, unique on the page."""
    finding: Finding
    title: str
    """What is wrong where something is, else what was looked at."""
    how: str
    seen: str
    facts: tuple[tuple[str, str], ...]
    controls: tuple[str, ...]

    @property
    def troubled(self) -> bool:
        """Whether it is a failure or a warning."""
        return self.finding.status.troubled


@dataclass(frozen=True)
class Link:
    """A certificate of the chain as the page shows it."""

    role: str
    certificate: Certificate
    subject: str
    issuer: str
    names: tuple[str, ...]
    unnamed: int
    """How many names are not shown."""
    validity: str
    status: Status


def part(report: Report, index: int) -> dict[str, Any]:
    """What the template knows of one report."""
    rows = [_row(finding, f"r{index}-{n}") for n, finding in enumerate(report.findings, start=1)]
    layers = [(layer.value, [*found]) for layer, found in groupby(rows, lambda r: r.finding.layer)]
    troubled = sorted(
        (row for row in rows if row.troubled), key=lambda row: row.finding.status is Status.WARNING
    )
    return {
        "id": f"r{index}",
        "report": report,
        "sentence": sentence(report),
        "facts": _about(report),
        "verified": _verified(report),
        "troubles": troubled,
        "layers": layers,
        "glance": [(layer, _worst(found)) for layer, found in layers],
        "chain": _chain(report),
        "controls": observed(report.findings),
    }


def _worst(rows: Iterable[Row]) -> list[Row]:
    """The first row of each check, which is its worst."""
    return [next(found) for _, found in groupby(rows, lambda row: row.finding.check)]


def sentence(report: Report) -> str:
    """The verdict in words."""
    counts = report.counts
    found = [
        *([several(counts.failed, "failure")] if counts.failed else []),
        *([several(counts.warning, "warning")] if counts.warning else []),
    ]
    made = {one.check for one in report.findings if one.status is not Status.SKIPPED}
    looked = f"{len(made)} of {len(CHECKS)} checks were made, in {report.seconds:.2f} s."
    return f"{' and '.join(found).capitalize() or 'No problem was found'}. {looked}"


def _about(report: Report) -> list[tuple[str, str]]:
    target = ", ".join(word for word in (report.target, report.environment) if word)
    facts = {
        "Endpoint": report.endpoint,
        "Target, environment": target,
        "Server": report.server,
        "Examined": _moment(report.started_at),
    }
    return [(name, value) for name, value in facts.items() if value]


def _verified(report: Report) -> str:
    if not report.handshake or report.handshake.verify == "none":
        return "nothing: this was a handshake to look only"
    if report.handshake.verify == "ca":
        return "chain; not the name, as declared"
    return f"chain and name, {report.handshake.server_name}"


def _row(finding: Finding, anchor: str) -> Row:
    problem = PROBLEMS.get(finding.problem)
    return Row(
        id=anchor,
        finding=finding,
        title=problem.title if problem else finding.title,
        how=CHECKS[finding.check].how,
        seen=seen(finding),
        facts=tuple(
            (name.replace("_", " "), _value(value)) for name, value in finding.facts.items()
        ),
        controls=finding.controls,
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


NAMES_SHOWN = 24
"""Names of one certificate on the page; a hostile one has thousands."""

LONGEST = 300
"""Characters of a name on the page; certificates set no limit."""


def _short(text: str) -> str:
    line = printable(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} … ({len(line)} characters)"


def _chain(report: Report) -> list[Link]:
    certificates = report.handshake.chain if report.handshake else ()
    now = parse(report.started_at)
    return [_link(one, index, now) for index, one in enumerate(certificates)]


def _link(certificate: Certificate, index: int, now: datetime) -> Link:
    if index == 0:
        role = "server"
    else:
        role = "root" if certificate.subject == certificate.issuer else "intermediate"
    status, validity = lifetime(certificate, now)
    return Link(
        role=role,
        certificate=certificate,
        subject=_short(certificate.subject),
        issuer=_short(certificate.issuer),
        names=tuple(map(_short, certificate.names[:NAMES_SHOWN])),
        unnamed=max(0, len(certificate.names) - NAMES_SHOWN),
        validity=validity,
        status=status,
    )


def lifetime(certificate: Certificate, now: datetime) -> tuple[Status, str]:
    """Whether a certificate is valid at a moment, and for how long, to the day."""
    begins, ends = parse(certificate.not_before), parse(certificate.not_after)
    if now < begins:
        return Status.FAILED, f"not valid yet, begins in {_days((begins - now).days)}"
    if now > ends:
        return Status.FAILED, f"ended {_days((now - ends).days)} ago"
    return Status.OK, f"ends in {_days((ends - now).days)}"


def _days(number: int) -> str:
    return several(number, "day") if number else "less than a day"


def _shown(value: Any) -> Any:
    """What is put into the page; escaping comes after it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(text: str) -> Markup:
    """Escaped text, with what stands between backticks as code."""
    parts = visible(text).split("`")
    # An odd one at the end is a backtick alone.
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    forms = ("{}", "<code>{}</code>")
    return Markup("").join(
        Markup(forms[index % 2]).format(one)  # noqa: S704 - constant; `format` escapes
        for index, one in enumerate(parts)
    )


def _moment(rfc3339: str) -> str:
    """`2026-11-21 17:30 UTC`."""
    return parse(rfc3339).strftime("%Y-%m-%d %H:%M UTC")


def _day(rfc3339: str) -> str:
    return parse(rfc3339).strftime("%Y-%m-%d")


@cache
def _environment() -> Environment:
    loader = PackageLoader("secure_redis.doctor.output")
    environment = Environment(
        autoescape=True,
        finalize=_shown,
        loader=loader,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    style, _, _ = loader.get_source(environment, "style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.filters |= {"coded": _coded, "day": _day}
    environment.globals |= {
        "CAUTIONS": CAUTIONS,
        "CONTROLS": CONTROLS,
        "STANDARDS": STANDARDS,
        # Of this package alone, and without `<`.
        "STYLE": Markup(style),  # noqa: S704
        "POLICY": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
    }
    return environment
