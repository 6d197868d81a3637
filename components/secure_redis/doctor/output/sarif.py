"""Reports as SARIF 2.1.0, which code scanning shows as alerts.

A run a report; the rules are the catalogue's problems. Only failures and warnings are results:
code scanning would show everything else as an alert too. What was not looked at stands in the
run's notifications.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from secure_redis.controls import CONTROLS
from secure_redis.doctor.catalogue import PROBLEMS, Problem
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.report import Finding, Report, Status
from secure_redis.timestamps import parse, rfc3339

from .text import facts, printable, seen

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS: Mapping[Status, str] = {Status.FAILED: "error", Status.WARNING: "warning"}
TAXONOMY = "secure-redis controls"


def text(reports: Iterable[Report]) -> str:
    """The SARIF log, with a newline at the end."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report) for report in reports]}
    return json.dumps(log, indent=2) + "\n"


def _run(report: Report) -> dict[str, Any]:
    name, _, version = report.tool.partition(" ")
    troubles = [one for one in report.findings if one.status in LEVELS]
    rules = list(dict.fromkeys(one.problem for one in troubles if one.problem in PROBLEMS))
    return {
        "tool": {
            "driver": {
                "name": name,
                **({"version": version} if version else {}),
                "rules": [_rule(PROBLEMS[rule]) for rule in rules],
                "supportedTaxonomies": [{"name": TAXONOMY, "index": 0}],
            }
        },
        "automationDetails": {
            "id": f"secure-redis/doctor/{quote(printable(report.subject), safe='')}/"
        },
        "invocations": [_invocation(report)],
        "taxonomies": [_taxonomy(troubles)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, one, rules) for one in troubles],
    }


def _rule(problem: Problem) -> dict[str, Any]:
    return {
        "id": problem.id,
        "name": "".join(word.capitalize() for word in problem.id.split("-")),
        "shortDescription": {"text": _message(problem.title)},
        "fullDescription": {"text": _message(f"{problem.title}. {problem.cause}")},
        "help": {"text": _message(problem.fix)},
        "defaultConfiguration": {"level": LEVELS[problem.status]},
        "properties": {"tags": ["security", "redis", problem.check]},
    }


def _taxonomy(troubles: Iterable[Finding]) -> dict[str, Any]:
    """The controls that the results bear on, with what the standards call them."""
    named = {control for finding in troubles for control in finding.controls}
    taxa = [
        {
            "id": control.id,
            "shortDescription": {"text": _message(control.title)},
            "fullDescription": {"text": _message(control.statement)},
            "properties": {
                "standards": {name: [*ids] for name, ids in control.standards.items()},
            },
        }
        for control in CONTROLS.values()
        if control.id in named
    ]
    return {"name": TAXONOMY, "isComprehensive": False, "taxa": taxa}


def _result(report: Report, finding: Finding, rules: list[str]) -> dict[str, Any]:
    known = finding.problem in rules
    parts = [seen(finding), finding.cause, finding.fix]
    return {
        "ruleId": finding.problem or finding.check,
        **({"ruleIndex": rules.index(finding.problem)} if known else {}),
        "level": LEVELS[finding.status],
        "kind": "fail",
        "message": {"text": _message(". ".join(part.rstrip(".") for part in parts if part) + ".")},
        "locations": [_location(report, finding)],
        "partialFingerprints": {"secureRedisFinding/v1": _fingerprint(report, finding)},
        "taxa": [{"id": one, "toolComponent": {"name": TAXONOMY}} for one in finding.controls],
        "properties": {
            "check": finding.check,
            "layer": finding.layer.value,
            "facts": facts(finding),
        },
    }


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    """The endpoint; and the file that leads to it, without which code scanning shows nothing."""
    place = printable(finding.where or report.endpoint or report.subject)
    logical = {"fullyQualifiedName": place, "kind": "resource"}
    uri = source(printable(report.subject))
    # Code scanning wants a line; the first stands for the whole file.
    file = {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
    physical = {"physicalLocation": file} if uri else {}
    return {**physical, "logicalLocations": [logical]}


def source(subject: str) -> str:
    """The file, relative to the project, that a subject comes from; empty if it is no file.

    For a cache of a stack it is the stack's file.
    """
    of_stack = re.fullmatch(r".+ of stack (\S+)", subject)
    if of_stack:
        return f"stacks/Pulumi.{quote(of_stack.group(1))}.yaml"
    if not subject or subject in {"environment", "standard input"}:
        return ""
    path = PurePath(subject)
    return "" if path.is_absolute() else quote(path.as_posix())


def _fingerprint(report: Report, finding: Finding) -> str:
    """The same for the same problem at the same place, whatever was measured."""
    parts = (report.subject, report.endpoint, finding.check, finding.problem, finding.where)
    return hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()


def _invocation(report: Report) -> dict[str, Any]:
    ended = parse(report.started_at) + timedelta(seconds=report.seconds)
    skipped = [one for one in report.findings if one.status is Status.SKIPPED]
    return {
        "executionSuccessful": True,
        "exitCode": report.exit_code,
        "startTimeUtc": report.started_at,
        "endTimeUtc": rfc3339(ended),
        "toolExecutionNotifications": [
            {
                "level": "note",
                "message": {
                    "text": _message(f"{one.check}, {CHECKS[one.check].title}: {seen(one)}")
                },
            }
            for one in skipped
        ],
    }


def _message(text: str) -> str:
    """Text as SARIF's messages want it, so that nothing quoted becomes a placeholder or a link."""
    plain = printable(text).replace("{", "{{").replace("}", "}}")
    return plain.replace("](", "] (")
