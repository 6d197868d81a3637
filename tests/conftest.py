"""What all tests have in common.

The exhaustive ones run on demand, what was measured is shown, and no report holds a secret of a
deployment, whatever fails.
"""

from collections.abc import Iterator

import pytest
from engine.deployment import redacted


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sweep", action="store_true", help="run the exhaustive tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--sweep"):
        return
    exhaustive = [item for item in items if item.get_closest_marker("sweep")]
    if exhaustive:
        config.hook.pytest_deselected(items=exhaustive)
        items[:] = [item for item in items if item not in exhaustive]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield  # pyright: ignore[reportAssignmentType]
    if report.longrepr is not None and redacted(str(report.longrepr)) != str(report.longrepr):
        report.longrepr = redacted(str(report.longrepr))
    report.sections = [(title, redacted(text)) for title, text in report.sections]
    return report  # pyright: ignore[reportReturnType]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what tests measured: their property `measured`, a line each."""
    measured = [
        str(value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "measured"
    ]
    if measured:
        terminalreporter.section("measured")
    for line in measured:
        terminalreporter.line(line)
