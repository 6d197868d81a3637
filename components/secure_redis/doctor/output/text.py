"""What a server or a certificate says, made fit to be shown to people."""

import math
import re
import unicodedata

from secure_redis.doctor.report import Fact, Finding

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of characters that move the cursor, turn the direction of the text, or
cannot be seen."""


def printable(text: str) -> str:
    r"""The text on one line, with an escape such as `\x1b` for each character that cannot be seen.

    A certificate's subject can hold terminal commands, or marks that show text backwards.
    """
    return visible(re.sub(r"[ \t\r\n\f\v]+", " ", text).strip(" "))


def visible(text: str) -> str:
    """The text with such escapes, its spaces as they are."""
    return "".join(_seen(character) for character in text)


def _seen(character: str) -> str:
    shown = unicodedata.category(character) not in _UNSEEN
    return character if shown else ascii(character)[1:-1]


def seen(finding: Finding) -> str:
    """What was observed, with the place before it where it does not name the place itself."""
    observed, where = printable(finding.observed), printable(finding.where)
    return observed if not where or where in observed else f"{where}: {observed}"


def several(number: int, one: str, many: str = "") -> str:
    """`1 warning`, `2 warnings`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def facts(finding: Finding) -> dict[str, Fact]:
    """The measured values, fit for JSON: it knows no infinity, which a server can well report."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in finding.facts.items()
    }
