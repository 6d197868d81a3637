"""Reports as JUnit XML, which CI systems show as test results.

A report is a test suite and a check is a test case: failed, skipped or passed. JUnit knows no
warnings; they stand in `system-out` of a case that passed.
"""

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from secure_redis.doctor.report import Finding, Report, Status

from .text import printable, seen

_LINE_BREAK = "\n"


def text(reports: Iterable[Report]) -> str:
    """The XML document, with a newline at the end."""
    root = ET.Element("testsuites", name="secure-redis doctor")
    for report in reports:
        root.append(_suite(report))
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.2f}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(report: Report) -> ET.Element:
    suite = ET.Element("testsuite", name=printable(report.subject))
    properties = ET.SubElement(suite, "properties")
    for name in ("tool", "endpoint", "target", "environment", "server"):
        value = printable(getattr(report, name))
        if value:
            ET.SubElement(properties, "property", name=name, value=value)
    ET.SubElement(properties, "property", name="verdict", value=report.verdict.value)
    cases = [_case(report, [*found]) for _, found in groupby(report.findings, lambda f: f.check)]
    suite.extend(cases)
    counted = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    for name, number in counted.items():
        suite.set(name, str(number))
    suite.set("time", f"{report.seconds:.2f}")
    # JUnit's form: no zone, read as UTC.
    suite.set("timestamp", report.started_at.removesuffix("Z"))
    return suite


def _case(report: Report, findings: list[Finding]) -> ET.Element:
    """The findings of one check. How long a check took is not measured, and not invented here."""
    first = findings[0]
    case = ET.Element(
        "testcase",
        classname=f"{printable(report.subject)}.{first.layer.value}",
        name=f"{first.check} {first.title}",
    )
    failed = [one for one in findings if one.status is Status.FAILED]
    if failed:
        # One element, as most readers show the first alone.
        said = "; ".join(seen(one) for one in failed)
        failure = ET.SubElement(case, "failure", message=said, type=failed[0].problem)
        failure.text = _LINE_BREAK.join(_lines(one) for one in failed)
    elif all(one.status is Status.SKIPPED for one in findings):
        ET.SubElement(case, "skipped", message=seen(first))
    others = [one for one in findings if one not in failed and one.status is not Status.SKIPPED]
    if others:
        ET.SubElement(case, "system-out").text = _LINE_BREAK.join(_lines(one) for one in others)
    return case


def _lines(finding: Finding) -> str:
    lines = [f"{finding.status.value}: {seen(finding)}"]
    lines += [f"problem: {finding.problem}"] if finding.problem else []
    lines += [f"cause: {printable(finding.cause)}"] if finding.cause else []
    lines += [f"fix: {printable(finding.fix)}"] if finding.fix else []
    lines += [f"controls: {', '.join(finding.controls)}"] if finding.controls else []
    return _LINE_BREAK.join(lines)
