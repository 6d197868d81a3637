"""How services say no: codes, texts and details as Google answers them."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from cloud.gcp.google import Google, refuse

LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
MOST_LABELS = 64


def invalid(message: str, field: str = "", value: Any = None) -> NoReturn:
    """400 INVALID_ARGUMENT; with the field and its value in the details, if one is named."""
    if not field:
        refuse("INVALID_ARGUMENT", message)
    violation = {"field": field, "description": f"Invalid value: {value}"}
    details = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [violation],
    }
    refuse("INVALID_ARGUMENT", message, details=[details])


def unready(message: str) -> NoReturn:
    """400 FAILED_PRECONDITION."""
    refuse("FAILED_PRECONDITION", message)


def taken(message: str) -> NoReturn:
    """409 ALREADY_EXISTS."""
    refuse("ALREADY_EXISTS", message)


def denied(message: str) -> NoReturn:
    """403 PERMISSION_DENIED."""
    refuse("PERMISSION_DENIED", message)


def check_within(what: str, value: Any, allowed: range, field: str) -> None:
    """A whole number between two others."""
    if value not in allowed:
        invalid(f"{what} must be between {allowed[0]} and {allowed[-1]}.", field, value)


def check_one(windows: list[Any], field: str) -> None:
    """A maintenance policy has one window."""
    if len(windows) != 1:
        invalid(
            "A maintenance policy must have exactly one weekly maintenance window.",
            field,
            len(windows),
        )


def check_labels(labels: Mapping[str, str], field: str) -> None:
    """Keys, values and number of labels."""
    if len(labels) > MOST_LABELS:
        invalid(f"Too many labels: at most {MOST_LABELS} are allowed.", field, len(labels))
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key):
            invalid(
                f"Invalid label key '{key}': keys must start with a lowercase letter and contain "
                "only lowercase letters, digits, underscores and dashes, at most 63 of them.",
                field,
                key,
            )
        if not LABEL_VALUE.fullmatch(value):
            invalid(
                f"Invalid value '{value}' of label '{key}': values must contain only lowercase "
                "letters, digits, underscores and dashes, at most 63 of them.",
                field,
                value,
            )


def check_mask(mask: list[str], updatable: frozenset[str], kind: str) -> None:
    """An update names fields, and only those that can be updated."""
    if not mask:
        invalid("At least one path must be supplied in the update mask.", "update_mask", "")
    for field in mask:
        if field.partition(".")[0] not in updatable:
            invalid(
                f"Updating the field '{field}' of {kind} is not supported.", "update_mask", field
            )


def permitted(google: Google, permission: str, resource: str) -> None:
    """Refuses what the caller may not do: the setting `denied` lists permissions."""
    if permission in google.setting("denied", []):
        denied(f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).")
