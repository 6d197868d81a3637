"""How long the doctor waits: never more than three seconds for one answer, ten for all."""

import time
from dataclasses import dataclass, field

STEP = 3.0
"""Seconds that one network operation may take."""

WHOLE = 10.0
"""Seconds that an examination may take."""

MARGIN = 0.5
"""Seconds of the whole that are kept for writing the report."""


class OutOfTime(Exception):  # noqa: N818 - names say what happened
    """The time for the whole examination is used up."""


@dataclass(frozen=True)
class Deadline:
    """When an examination must be over. Safe to share between threads."""

    ends: float = field(default_factory=lambda: time.monotonic() + WHOLE - MARGIN)

    def step(self, most: float = STEP) -> float:
        """Seconds that the next network operation may take. Raises OutOfTime if none is left."""
        left = min(most, self.ends - time.monotonic())
        if left <= 0:
            raise OutOfTime
        return left

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self.ends
