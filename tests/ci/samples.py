"""Events as the engine writes them, and outcomes, for tests that need no engine."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from secure_redis.ci.events import Change, Difference, Finding, Operation, Outcome

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
STACK = "urn:pulumi:prod::shop"


def urn(type_: str = GROUP, name: str = "cache") -> str:
    return f"{STACK}::secure-redis:index:SecureRedis${type_}::{name}"


def step(
    operation: str,
    type_: str = GROUP,
    name: str = "cache",
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """A resourcePreEvent."""
    return {
        "resourcePreEvent": {
            "metadata": {
                "op": operation,
                "urn": urn(type_, name),
                "type": type_,
                "old": old and {"inputs": old, "outputs": old},
                "new": new and {"inputs": new},
                **metadata,
            }
        }
    }


def diagnostic(severity: str, message: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message}}


def violation(level: str, message: str, policy: str = "aws-tls") -> dict[str, Any]:
    return {
        "policyEvent": {
            "policyName": policy,
            "enforcementLevel": level,
            "resourceUrn": urn(),
            "message": message,
        }
    }


def summary(result: str = "succeeded", **changes: int) -> dict[str, Any]:
    packs = {"secure-redis|local|/x": "0.1.0"}
    return {"summaryEvent": {"result": result, "resourceChanges": changes, "PolicyPacks": packs}}


def log(*events: Mapping[str, Any]) -> list[str]:
    return [f"{json.dumps(one)}\n" for one in events]


def replaced(name: str = "cache", type_: str = GROUP) -> Change:
    differences = (
        Difference("port", "6379", "6380", replaces=True),
        Difference("tags.team", '"a"', '"b"', replaces=False),
    )
    return Change(urn(type_, name), type_, Operation.REPLACE, differences)


def finding(level: str = "mandatory", message: str = "TLS is off. Set it.") -> Finding:
    return Finding("aws-tls", level, urn(), message)


def outcome(
    changes: Iterable[Change] = (),
    findings: Iterable[Finding] = (),
    errors: Iterable[str] = (),
    *,
    finished: bool = True,
) -> Outcome:
    return Outcome(tuple(changes), tuple(findings), tuple(errors), (), 7, finished)
