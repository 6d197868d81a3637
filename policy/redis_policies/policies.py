"""A CrossGuard policy for each rule."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from pulumi_policy import (  # pyright: ignore[reportMissingImports]
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from secure_redis.controls import CONTROLS
from secure_redis.posture import (
    COMPANIONS,
    RULES,
    Judgement,
    Outcome,
)
from secure_redis.posture.tokens import canonical

from .documents import Run
from .levels import AnyRule, group
from .stages import needs_stack

SEVERITIES: Mapping[str, Severity] = {
    "TLS": Severity.HIGH,
    "login": Severity.CRITICAL,
    "network": Severity.CRITICAL,
    "secrets": Severity.HIGH,
    "encryption at rest": Severity.HIGH,
    "keys": Severity.MEDIUM,
    "backups": Severity.MEDIUM,
    "protection": Severity.MEDIUM,
    "availability": Severity.MEDIUM,
    "containers": Severity.MEDIUM,
    "alarms": Severity.LOW,
    "logs": Severity.LOW,
    "upkeep": Severity.LOW,
}
"""How bad a broken rule is, by what it protects."""

NOTES = "declared-resources"
"""Name of the policy that is about no rule."""

EXCEPTIONS = PolicyConfigSchema(
    {
        "exceptions": {
            "type": "object",
            "description": "Resources that may break the rule: a name or URN, with * and ?, and "
            "why.",
            "additionalProperties": {"type": "string", "minLength": 1},
        }
    }
)
"""What every policy takes beside its level."""


def policies(level: Callable[[AnyRule], str]) -> list[Policy]:
    """The policies of the pack. `level` tells what comes of a broken rule by default."""
    run = Run()
    rules = (*RULES.values(), *COMPANIONS.values())
    return [
        _notes(run),
        *(
            _of_stack(rule, level(rule), run, position)
            if needs_stack(rule)
            else _of_resource(rule, level(rule), run)
            for position, rule in enumerate(rules)
        ),
    ]


def _notes(run: Run) -> Policy:
    def validate(args: ResourceValidationArgs, _report: ReportViolation) -> None:
        run.note(args)

    return ResourceValidationPolicy(
        NOTES, "Reports nothing: it reads what resources declare, for the others.", validate
    )


def _of_resource(rule: AnyRule, level: str, run: Run) -> Policy:
    types = rule.all_types

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if canonical(args.resource_type) not in types:
            args.not_applicable()
        _report(rule, run.of_resource(args), args.get_config(), report)

    return ResourceValidationPolicy(validate=validate, **_about(rule, level))


def _of_stack(rule: AnyRule, level: str, run: Run, position: int) -> Policy:
    types = rule.all_types

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        if not any(canonical(one.resource_type) in types for one in args.resources):
            args.not_applicable()
        _report(rule, run.of_stack(args.resources, position), args.get_config(), report)

    return StackValidationPolicy(validate=validate, **_about(rule, level))


def _about(rule: AnyRule, level: str) -> dict[str, Any]:
    return {
        "name": rule.id,
        "description": f"{rule.control}: {CONTROLS[rule.control].title}.",
        "enforcement_level": EnforcementLevel(level),
        "config_schema": EXCEPTIONS,
        "display_name": CONTROLS[rule.control].title,
        "severity": SEVERITIES[group(rule)],
        "framework": PolicyComplianceFramework(name="secure-redis", reference=rule.control),
        "tags": [group(rule)],
        "remediation_steps": remediation(rule),
    }


def remediation(rule: AnyRule) -> str:
    """What to set in a program of any kind; a finding says it for its own resource."""
    return " Or: ".join(dict.fromkeys(map(rule.remedy_for, rule.all_types)))


def _report(
    rule: AnyRule,
    found: Iterable[Judgement],
    config: Mapping[str, Any],
    report: ReportViolation,
) -> None:
    accepted: Mapping[str, str] = config.get("exceptions") or {}
    for one in found:
        if one.rule != rule.id or one.outcome is not Outcome.BROKEN:
            continue
        if not _matches(one.urn, accepted):
            report(f"{one.where}: {one.reason}. {one.fix}", one.urn)


def _matches(urn: str, patterns: Iterable[str]) -> bool:
    name = urn.rpartition("::")[2]
    return any(fnmatchcase(name, one) or fnmatchcase(urn, one) for one in patterns)
