"""The last net: whatever a check says, no known secret leaves in it, in any spelling."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from secure_redis.rendering.env import MASK

from .report import Finding, Refusal

SHORTEST = 4
"""Secrets with fewer characters are not searched for: they occur in every other word."""


class Redaction:
    """Puts `[secret]` in the place of secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {one for secret in secrets for one in _spellings(secret)}
        # The longest first: one spelling can be a part of another.
        self._spellings = sorted(
            (one for one in spellings if len(one) >= SHORTEST), key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """The text without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings without secrets in what was seen."""
        return [
            one.model_copy(
                update={
                    "observed": self.text(one.observed),
                    "where": self.text(one.where),
                    "fix": self.text(one.fix),
                    "facts": {name: self._value(value) for name, value in one.facts.items()},
                }
            )
            for one in findings
        ]

    def refusals(self, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
        """Refusals without secrets."""
        return tuple(
            Refusal(attempt=self.text(one.attempt), answer=self.text(one.answer))
            for one in refusals
        )

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        return [self.text(one) for one in value] if isinstance(value, list) else value


def _spellings(secret: str) -> set[str]:
    plain = {secret, unquote(secret), *secret.splitlines()}
    # The environment can hold what is no UTF-8.
    quoted = {
        form(one, safe="", errors="surrogatepass") for one in plain for form in (quote, quote_plus)
    }
    encoded = {b64encode(one.encode("utf-8", "surrogatepass")).decode() for one in plain}
    return {one for one in plain | quoted | encoded if one and not one.startswith("-----")}
