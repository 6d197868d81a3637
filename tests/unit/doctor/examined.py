"""Runs single checks against an endpoint, those before them first."""

from collections.abc import Iterable
from typing import Any

from secure_redis.doctor.checkup import Check, Checkup, Options, Verdict
from secure_redis.doctor.endpoint import Declared, Endpoint, Given
from secure_redis.doctor.examine import name, surface, trust, wire

BEFORE: tuple[Check, ...] = (name.resolves, wire.accepts, wire.speaks_tls)
"""What all others need to have run."""


def checkup(
    endpoint: Endpoint, *, options: Options | None = None, declared: Declared | None = None
) -> Checkup:
    """An examination in which nothing was looked at yet."""
    given = Given("test", endpoint, declared=declared or Declared())
    return Checkup(given, endpoint, options or Options())


def prepared(endpoint: Endpoint, **more: Any) -> Checkup:
    """An examination that has come to TLS."""
    found = checkup(endpoint, **more)
    for check in BEFORE:
        run(check, found)
    return found


def run(check: Check, found: Checkup) -> list[Verdict]:
    """What one check says."""
    return [*check(found)]


def problems(verdicts: Iterable[Verdict]) -> list[str]:
    """What is wrong, in its order."""
    return [one.problem for one in verdicts if one.problem]


def all_problems(found: Checkup) -> list[str]:
    """What the checks of trust say, all of them."""
    checks = (trust.chain, trust.names, trust.validity, trust.versions_and_ciphers)
    return [one for check in (*checks, surface.plaintext) for one in problems(run(check, found))]
