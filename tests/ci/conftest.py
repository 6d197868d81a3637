"""Reports that hold no secret whatever fails."""

from collections.abc import Iterator

import pytest
from engine.deployment import redacted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield  # pyright: ignore[reportAssignmentType]
    if report.longrepr is not None and redacted(str(report.longrepr)) != str(report.longrepr):
        report.longrepr = redacted(str(report.longrepr))
    report.sections = [(title, redacted(text)) for title, text in report.sections]
    return report  # pyright: ignore[reportReturnType]
