"""Long tables of cases that the engine is run for: some in every run, the others with `--sweep`."""

from collections.abc import Sequence
from typing import Any

import pytest


def chosen(cases: Sequence[Any], *always: int) -> list[Any]:
    """All cases, those that are not at the given places for the sweep only.

    The rules behind them are tested one by one without an engine.
    """
    kept = {number % len(cases) for number in always}
    return [
        case if number in kept else pytest.param(*values(case), marks=pytest.mark.sweep)
        for number, case in enumerate(cases)
    ]


def values(case: Any) -> tuple[Any, ...]:
    """The arguments of a case, which is a tuple of them or the only one."""
    return case if type(case) is tuple else (case,)
