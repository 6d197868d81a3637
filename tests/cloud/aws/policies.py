"""Policy documents, as far as services look into them."""

import fnmatch
import json
from typing import Any

from .account import Params, refuse

VERSIONS = {"2008-10-17", "2012-10-17"}
STATEMENT_KEYS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition",
}  # fmt: skip


def parse(text: str, code: str, *, principal: bool | None) -> list[Params]:
    """The statements of a document. Refuses, with the service's code, what no service takes.

    `principal`: whether statements must (True) or must not (False) name one; None: either.
    """
    try:
        document = json.loads(text)
    except ValueError:
        refuse(code, "This policy contains invalid Json")
    if not isinstance(document, dict) or "Statement" not in document:
        refuse(code, "Missing required field Statement")
    if document.get("Version", "2008-10-17") not in VERSIONS:
        refuse(code, "The policy's Version must be 2012-10-17")
    found = document["Statement"]
    statements: list[Params] = found if isinstance(found, list) else [found]
    for statement in statements:
        _check(statement, code, principal)
    return statements


def _check(statement: Any, code: str, principal: bool | None) -> None:
    if not isinstance(statement, dict) or set(statement) - STATEMENT_KEYS:
        refuse(code, "Syntax errors in policy: an element is not known")
    if statement.get("Effect") not in {"Allow", "Deny"}:
        refuse(code, "Invalid effect: it must be Allow or Deny")
    if not {"Action", "NotAction"} & set(statement):
        refuse(code, "Policy statement must contain actions.")
    for action in _many(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and ":" not in action:
            refuse(
                code, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
    named = {"Principal", "NotPrincipal"} & set(statement)
    if principal is True and not named:
        refuse(code, "Missing required field Principal")
    if principal is False:
        if named:
            refuse(code, "Policy document should not specify a principal.")
        if not {"Resource", "NotResource"} & set(statement):
            refuse(code, "Policy statement must contain resources.")


def allowed(statements: list[Params], service: str, action: str) -> bool:
    """Whether a statement allows an AWS service (or everybody) to do something."""
    return any(
        statement["Effect"] == "Allow"
        and _names(statement.get("Principal"), "Service", service)
        and _acts(statement, action)
        for statement in statements
    )


def allows_account(statements: list[Params], account: str, action: str) -> bool:
    """Whether a statement allows the account's own principals to do something."""
    return any(
        statement["Effect"] == "Allow"
        and any(
            account in name or name == "*"
            for name in [
                *_many(_of(statement.get("Principal"), "AWS")),
                *(["*"] if statement.get("Principal") == "*" else []),
            ]
        )
        and _acts(statement, action)
        for statement in statements
    )


def _names(principal: Any, kind: str, wanted: str) -> bool:
    if principal == "*":
        return True
    return wanted in _many(_of(principal, kind)) or "*" in _many(_of(principal, "AWS"))


def _of(principal: Any, kind: str) -> Any:
    return principal.get(kind) if isinstance(principal, dict) else None


def _acts(statement: Params, action: str) -> bool:
    patterns = _many(statement.get("Action"))
    return any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in patterns)


def _many(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
