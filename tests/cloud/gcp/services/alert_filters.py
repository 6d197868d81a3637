"""Filters of alert policies: which time series a condition looks at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .metrics import METRICS, RESOURCE_LABELS, Metric

LONGEST = 2048
TOKEN = re.compile(
    r"\s+|(?P<word>AND|OR|NOT)\b|(?P<name>[A-Za-z_][\w]*(?:\.(?:\w+|\"[^\"]*\"))*)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<op>!=|>=|<=|=|:|<|>)"
    r"|(?P<paren>[()])|(?P<number>-?\d+(?:\.\d+)?)|(?P<comma>,)"
)
FUNCTION = re.compile(r"(starts_with|ends_with|has_substring|one_of|monitoring\.regex\.full_match)")


class FilterError(Exception):
    """What is wrong with a filter."""


@dataclass
class Selection:
    """What a filter says: comparisons by the name of what is compared."""

    text: str
    comparisons: list[tuple[str, str, str]] = field(default_factory=list)

    def only(self, name: str) -> str | None:
        """The one value that something must have."""
        found = {value for left, op, value in self.comparisons if left == name and op == "="}
        return next(iter(found)) if len(found) == 1 else None


def metric_of(text: str) -> Metric:
    """The metric that a filter selects. Raises FilterError."""
    if len(text) > LONGEST:
        raise FilterError(f"The filter must not exceed {LONGEST} characters.")
    chosen = parsed(text)
    name, resource = chosen.only("metric.type"), chosen.only("resource.type")
    if name is None:
        raise FilterError('must specify a restriction on "metric.type" in the filter')
    if resource is None:
        raise FilterError(
            'must specify a restriction on "resource.type" in the filter; see '
            '"https://cloud.google.com/monitoring/api/resources" for a list of available resource '
            "types."
        )
    metric = METRICS.get(name)
    if metric is None:
        raise FilterError(
            f"Cannot find metric that match type = '{name}'. If a metric was created recently, it "
            "could take up to 10 minutes to become available. Please try again soon."
        )
    if metric.resource != resource:
        raise FilterError(
            f"The metric '{name}' is not available for the resource type '{resource}'."
        )
    _check_labels(chosen, metric)
    return metric


def _check_labels(chosen: Selection, metric: Metric) -> None:
    for left, _, _ in chosen.comparisons:
        kind, _, label = left.partition(".")
        if label == "type":
            continue
        group, _, name = label.partition(".")
        name = name.strip('"')
        known = RESOURCE_LABELS[metric.resource] if kind == "resource" else metric.labels
        if kind not in {"resource", "metric"} or group not in {"label", "labels"}:
            raise FilterError(
                f"The supplied filter does not specify a valid combination of {left}."
            )
        if name not in known:
            raise FilterError(f"Unknown {kind} label '{name}'.")


def parsed(text: str) -> Selection:
    """The comparisons of a filter. Raises FilterError for what is no filter.

    Comparisons that are joined by OR or behind NOT restrict nothing by themselves.
    """
    found = Selection(text)
    tokens = list(_tokens(text))
    if not tokens:
        raise FilterError("The filter must not be empty.")
    place, free = 0, 0
    expects = True
    while place < len(tokens):
        kind, value = tokens[place]
        if kind == "paren":
            free += 1 if value == "(" else -1
            place += 1
            continue
        if kind == "word":
            if value != "NOT" and expects:
                raise _unparseable(text, value)
            expects = True
            place += 1
            continue
        place = _comparison(text, tokens, place, found, restricting=not _optional(tokens, place))
        expects = False
    if expects or free:
        raise _unparseable(text, "end of filter")
    return found


def _optional(tokens: list[tuple[str, str]], place: int) -> bool:
    """Whether a comparison is one of several alternatives or denied."""
    before = tokens[place - 1] if place else ("", "")
    after = tokens[place + 3] if place + 3 < len(tokens) else ("", "")
    return ("word", "OR") in {before, after} or before == ("word", "NOT")


def _comparison(
    text: str,
    tokens: list[tuple[str, str]],
    place: int,
    found: Selection,
    *,
    restricting: bool,
) -> int:
    """Takes one comparison; where the next token is."""
    kind, left = tokens[place]
    if kind != "name" or place + 2 >= len(tokens) or tokens[place + 1][0] != "op":
        raise _unparseable(text, left)
    op = tokens[place + 1][1]
    kind, right = tokens[place + 2]
    if kind == "name" and FUNCTION.fullmatch(right):
        return _call(text, tokens, place, found)
    if kind not in {"text", "number", "name"}:
        raise _unparseable(text, right)
    value = right[1:-1] if kind == "text" else right
    found.comparisons.append((left, op if restricting else "", value))
    return place + 3


def _call(text: str, tokens: list[tuple[str, str]], place: int, found: Selection) -> int:
    """Takes a comparison with a function, as has_substring("x")."""
    if tokens[place + 3 : place + 4] != [("paren", "(")]:
        raise _unparseable(text, tokens[place + 2][1])
    end = place + 4
    while end < len(tokens) and tokens[end][0] in {"text", "comma", "number"}:
        end += 1
    if end == place + 4 or tokens[end : end + 1] != [("paren", ")")]:
        raise _unparseable(text, tokens[place + 2][1])
    found.comparisons.append((tokens[place][1], "", ""))
    return end + 1


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise _unparseable(text, text[place])
        place = match.end()
        if match.lastgroup:
            yield match.lastgroup, match.group()


def _unparseable(text: str, token: str) -> FilterError:
    place = max(text.find(token), 0)
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return FilterError(
        f'Could not parse filter "{text}"; syntax error at line {line}, column {column}, token '
        f"'{token}'"
    )
