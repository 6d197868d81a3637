"""What the doctor says of the cases, each examined once."""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from secure_redis.doctor.checkup import Options
from secure_redis.doctor.endpoint import Given
from secure_redis.doctor.report import Report
from secure_redis.doctor.run import diagnose

from .cases import Case
from .hall import Gallery

AT_ONCE = 5
"""Examinations side by side: most of their time is waiting."""

SLOW = {"slow-name", "black-hole", "half-black-hole", "tls-hang", "maxclients"}

Asked = tuple[Case, Options]


@dataclass(frozen=True)
class Examined:
    """What was given for a case, and what came of it."""

    given: Given
    report: Report


class Reports:
    """What the doctor says of cases. They are examined side by side."""

    def __init__(self, gallery: Gallery, folder: Path, asked: Iterable[Asked]) -> None:
        self._gallery, self._folder = gallery, folder
        self._pool = ThreadPoolExecutor(AT_ONCE)
        # Those that wait longest are begun first.
        slow_first = sorted(dict.fromkeys(asked), key=lambda one: one[0].name not in SLOW)
        self._running = {one: self._pool.submit(self._examine, *one) for one in slow_first}

    def of(self, case: Case, options: Options) -> Examined:
        """The report on a case."""
        return self._running[case, options].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _examine(self, case: Case, options: Options) -> Examined:
        given = case.given(self._gallery, Path(tempfile.mkdtemp(dir=self._folder)))
        return Examined(given, diagnose(given, options))
