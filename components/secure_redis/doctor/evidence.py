"""What is declared, what was seen, and which controls that speaks for: for a reviewer's file.

Evidence is not certification. It says nothing of what was not looked at, and says so. Nothing in it
is secret.

Usage: python -m secure_redis.doctor.evidence > docs/evidence.schema.json
"""

import json
import platform
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from secure_redis.configuration import is_encrypted
from secure_redis.controls import CAUTIONS, CONTROLS, Control
from secure_redis.posture import Judgement, Outcome, judgements
from secure_redis.timestamps import rfc3339

from .endpoint import Given
from .output.json_document import DIALECT
from .output.standards import Observed, observed
from .redaction import MASK, Redaction
from .report import Finding, Report, Status
from .run import tool

EVIDENCE_VERSION = "1"
"""Raised when a field changes its meaning or goes away."""

SETTINGS_CHECK = "D25"
"""The check that judges a state's resources: what it says of a control, the rules say in full."""

SECRET_KEYS = frozenset({"password", "privateKey", "connectionString"})
"""Keys of a stack file with values that are secret."""

PACKAGES = ("secure-redis", "pulumi", "cryptography", "hiredis")
"""Whose versions are told, where they are installed."""


class ControlStatus(str, Enum):
    """What the evidence says of a control, from good to bad."""

    MET = "met"
    """All of its checks were made on every cache, and none found a problem."""
    PART = "met in part"
    """What was looked at is right; something was not looked at."""
    NOT_OBSERVED = "not observed"
    """Nothing was looked at: no word for or against it."""
    ACCEPTED = "broken on purpose"
    """Something is wrong that the stack file names with a reason."""
    LOOK = "to look into"
    """A warning bears on it."""
    NOT_MET = "not met"
    """Something is wrong."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Model):
    """Something that speaks against a control."""

    source: str = Field(description="The check, D01 to D26, or the rule over the stack's state.")
    what: str = Field(description="What was seen.")
    where: str = Field(description="Place, resource and property; empty where there is only one.")
    fix: str = Field(description="What to change.")
    accepted: str = Field(default="", description="The reason by which the stack file accepts it.")


class Observation(_Model):
    """What is known of one control for one cache."""

    cache: str
    status: ControlStatus
    checks: tuple[str, ...] = Field(description="Ids of its checks that were made.")
    not_made: tuple[str, ...] = Field(description="Ids of its checks that were not made.")
    rules: tuple[str, ...] = Field(description="Ids of rules over the state that were applied.")
    problems: tuple[Problem, ...]


class ControlEvidence(_Model):
    """One control, and what speaks for it."""

    id: str
    title: str
    statement: str
    status: ControlStatus = Field(description="Over all caches.")
    settings: Mapping[str, Any] = Field(description="Declared values that bear on it, by key.")
    observations: tuple[Observation, ...]
    standards: Mapping[str, tuple[str, ...]] = Field(description="Who asks for it, by standard.")


class CacheEvidence(_Model):
    """One cache: what is declared of it and what the doctor saw."""

    name: str
    reached: bool = Field(description="False: from here nothing could be seen of the server.")
    resources: int = Field(description="How many resources of the stack's state were judged.")
    report: Report


class Evidence(_Model):
    """The evidence about a stack at one time."""

    evidence_version: str = EVIDENCE_VERSION
    tool: str = Field(description="secure-redis and its version.")
    made_at: str = Field(description="RFC 3339.")
    versions: Mapping[str, str] = Field(description="Of what looked: packages, Python, OpenSSL.")
    stack: str
    environment: str
    target: str
    stack_file_sha256: str = Field(description="SHA-256 of the stack file, hex.")
    settings: Mapping[str, Any] = Field(
        description="The stack file after defaults, without secrets; a key that is left out has "
        "the target's own default."
    )
    exceptions: Mapping[str, str] = Field(description="Rules broken on purpose, and the reasons.")
    caches: tuple[CacheEvidence, ...]
    controls: tuple[ControlEvidence, ...]
    cautions: tuple[str, ...] = CAUTIONS


def evidence(
    subjects: Sequence[tuple[Given, Report]],
    settings: Mapping[str, Any],
    *,
    stack: str,
    stack_file_sha256: str = "",
    away: frozenset[str] = frozenset(),
    secrets: Iterable[str] = (),
    now: datetime | None = None,
) -> Evidence:
    """The evidence about a stack's caches.

    subjects: each cache, and what the doctor says of it. settings: the stack file after defaults.
    away: problems that say nothing of a cache but that this machine does not reach its private
    network; they count as not observed. secrets: what must not be in it, as a last net.
    """
    caches = [_Cache(given, report, away) for given, report in subjects]
    declared = masked(settings)
    first = subjects[0][0].declared if subjects else None
    found = Evidence(
        tool=tool(),
        made_at=rfc3339(now or datetime.now(timezone.utc)),
        versions=versions(),
        stack=stack,
        environment=first.environment if first else "",
        target=str(declared.get("target", "")),
        stack_file_sha256=stack_file_sha256,
        settings=declared,
        exceptions=first.exceptions if first else {},
        caches=tuple(
            CacheEvidence(
                name=one.name,
                reached=one.reached,
                resources=len(one.given.declared.resources),
                report=one.report,
            )
            for one in caches
        ),
        controls=tuple(_control(control, caches, declared) for control in CONTROLS.values()),
    )
    redaction = Redaction(secrets)
    return Evidence.model_validate(_redacted(found.model_dump(mode="json"), redaction))


class _Cache:
    """One cache as the controls are judged by it."""

    def __init__(self, given: Given, report: Report, away: frozenset[str]) -> None:
        declared = given.declared
        self.given, self.report = given, report
        self.name = declared.cache
        self.exceptions = declared.exceptions
        problems = {one.problem for one in report.findings if one.status is Status.FAILED}
        unreached = bool(problems & away) and report.handshake is None
        self.reached = not unreached
        # What says no more than where this machine is speaks for or against nothing.
        self.findings = [
            one.model_copy(update={"status": Status.SKIPPED})
            if unreached and one.problem in away
            else one
            for one in report.findings
        ]
        self.judged = [*judgements(declared.resources, environment=declared.environment)]
        self.seen = {one.control.id: one for one in observed(self.findings)}


def _control(
    control: Control, caches: Sequence[_Cache], settings: Mapping[str, Any]
) -> ControlEvidence:
    observations = tuple(_observation(control, cache) for cache in caches)
    return ControlEvidence(
        id=control.id,
        title=control.title,
        statement=control.statement,
        status=overall([one.status for one in observations]),
        settings={
            path: value for key in control.settings for path, value in _declared(settings, key)
        },
        observations=observations,
        standards=control.standards,
    )


def _observation(control: Control, cache: _Cache) -> Observation:
    seen = cache.seen.get(control.id) or Observed(control, Status.SKIPPED, (), control.checks)
    about = [one for one in cache.judged if one.control == control.id]
    judged = [one for one in about if one.outcome is not Outcome.UNKNOWN]
    # The rules are applied here, also where the doctor came to no end: the check of settings is
    # made for a control when one of them was, not before.
    made = [one for one in control.checks if one in seen.made and one != SETTINGS_CHECK]
    made += [SETTINGS_CHECK] * (SETTINGS_CHECK in control.checks and bool(judged))
    not_made = [one for one in control.checks if one not in made]
    if not_made != list(control.checks) and cache.given.declared.resources and not about:
        # No rule is about this kind of service: other checks speak for it.
        not_made = [one for one in not_made if one != SETTINGS_CHECK]
    problems = [
        *(_seen(one) for one in cache.findings if _against(control, one)),
        *(_broken(one, cache) for one in judged if one.outcome is Outcome.BROKEN),
    ]
    against = {one.status for one in cache.findings if _against(control, one)}
    broken = any(one.outcome is Outcome.BROKEN and not _excused(one, cache) for one in judged)
    return Observation(
        cache=cache.name,
        status=_status(
            failed=broken or Status.FAILED in against,
            warned=Status.WARNING in against,
            accepted=any(one.accepted for one in problems),
            made=bool(made),
            complete=not not_made,
        ),
        checks=tuple(made),
        not_made=tuple(not_made),
        rules=tuple(dict.fromkeys(one.rule for one in judged)),
        problems=tuple(problems),
    )


def _status(
    *, failed: bool, warned: bool, accepted: bool, made: bool, complete: bool
) -> ControlStatus:
    if failed:
        return ControlStatus.NOT_MET
    if warned:
        return ControlStatus.LOOK
    if accepted:
        return ControlStatus.ACCEPTED
    if not made:
        return ControlStatus.NOT_OBSERVED
    return ControlStatus.MET if complete else ControlStatus.PART


def overall(statuses: Sequence[ControlStatus]) -> ControlStatus:
    """What caches together come to: the worst of what is wrong, else how much was looked at."""
    for bad in (ControlStatus.NOT_MET, ControlStatus.LOOK, ControlStatus.ACCEPTED):
        if bad in statuses:
            return bad
    kinds = set(statuses)
    if not kinds:
        return ControlStatus.NOT_OBSERVED
    return kinds.pop() if len(kinds) == 1 else ControlStatus.PART


def _against(control: Control, finding: Finding) -> bool:
    """Whether a finding speaks against a control. The rules speak for the check of settings."""
    ours = finding.check != SETTINGS_CHECK
    return finding.status.troubled and ours and control.id in finding.controls


def _seen(finding: Finding) -> Problem:
    return Problem(
        source=finding.check, what=finding.observed, where=finding.where, fix=finding.fix
    )


def _excused(one: Judgement, cache: _Cache) -> str:
    """The reason by which the stack accepts a broken rule; empty where it does not."""
    return cache.exceptions.get(one.exception, "") if one.exception else ""


def _broken(one: Judgement, cache: _Cache) -> Problem:
    return Problem(
        source=one.rule,
        what=one.reason,
        where=one.where,
        fix=one.fix,
        accepted=_excused(one, cache),
    )


def masked(settings: Any) -> Any:
    """Settings without secrets: those of an encrypted or a secret key read `[secret]`."""
    if is_encrypted(settings):
        return MASK
    if isinstance(settings, Mapping):
        found = cast("Mapping[str, Any]", settings)
        return {
            key: MASK if key in SECRET_KEYS and value is not None else masked(value)
            for key, value in found.items()
        }
    if isinstance(settings, list):
        return [masked(one) for one in cast("list[Any]", settings)]
    return settings


def _declared(settings: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    """The values of a key of the stack file, by their paths: one for each cache where it has it.

    Nothing where it is not set and has no portable default.
    """
    found: list[tuple[str, Any]] = [("", settings)]
    for key in path.split("."):
        deeper: list[tuple[str, Any]] = []
        for at, value in found:
            here = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
            names = list(here) if key == "<name>" else [key]
            deeper += [
                (f"{at}.{name}" if at else name, here[name]) for name in names if name in here
            ]
        found = deeper
    return found


def declared_values(control: ControlEvidence) -> list[tuple[str, str]]:
    """The declared values of a control as a page shows them: once where caches agree."""
    by_key: dict[str, dict[str, str]] = {}
    for path, value in control.settings.items():
        top, _, rest = path.partition(".")
        cache, _, key = rest.partition(".")
        of_cache = top == "caches" and bool(key)
        by_key.setdefault(key if of_cache else path, {})[cache if of_cache else ""] = _worded(value)
    return [
        (
            key,
            next(iter(values.values()))
            if len(set(values.values())) == 1
            else ", ".join(f"{value} ({cache})" for cache, value in values.items()),
        )
        for key, values in by_key.items()
    ]


def versions() -> dict[str, str]:
    """The versions of what looked."""
    found = {"Python": platform.python_version(), "OpenSSL": ssl.OPENSSL_VERSION}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return dict(sorted(found.items(), key=lambda one: one[0].lower()))


def counts(found: Evidence) -> dict[ControlStatus, int]:
    """How many controls have which status, from good to bad."""
    statuses = [one.status for one in found.controls]
    return {status: statuses.count(status) for status in ControlStatus}


def text(found: Evidence) -> str:
    """The evidence as a JSON object, with a newline at the end."""
    return found.model_dump_json(indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of `text`, derived from the models."""
    return {
        "$schema": DIALECT,
        "$comment": "Generated by python -m secure_redis.doctor.evidence",
        **Evidence.model_json_schema(mode="serialization"),
        "title": f"Evidence of secure-redis, version {EVIDENCE_VERSION}",
    }


def page(found: Evidence) -> str:
    """The evidence as one self-contained page. Everything that it quotes is escaped."""
    from .output import html  # noqa: PLC0415 - brings jinja2

    return html.render(
        "evidence.html",
        evidence=found,
        counts=counts(found),
        settings=flat(found.settings),
        declared={one.id: declared_values(one) for one in found.controls},
        classes={status.value: CLASSES[status] for status in ControlStatus},
    )


CLASSES = {
    ControlStatus.MET: "ok",
    ControlStatus.PART: "info",
    ControlStatus.NOT_OBSERVED: "skipped",
    ControlStatus.ACCEPTED: "warning",
    ControlStatus.LOOK: "warning",
    ControlStatus.NOT_MET: "failed",
}
"""The pages' class of each status."""


def flat(settings: Any, at: str = "") -> list[tuple[str, str]]:
    """Settings as key and value, a line each."""
    if isinstance(settings, Mapping) and settings:
        entries = cast("Mapping[str, Any]", settings).items()
        return [
            line for key, value in entries for line in flat(value, f"{at}.{key}" if at else key)
        ]
    return [(at, _worded(settings))]


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_worded, cast("list[Any]", value))) or "none"
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        return ", ".join(f"{key} {_worded(one)}" for key, one in entries) or "defaults"
    return str(value)


def _redacted(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, list):
        return [_redacted(one, redaction) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        return {key: _redacted(one, redaction) for key, one in entries}
    return value


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
