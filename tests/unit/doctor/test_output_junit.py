"""JUnit XML: what CI systems count."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.output import junit
from secure_redis.doctor.report import Status
from unit.doctor import output_samples as samples


def read(*reports) -> Any:
    return ET.fromstring(junit.text(reports).encode())


def cases(root) -> dict[str, Any]:
    return {case.get("name")[:3]: case for case in root.iter("testcase")}


@pytest.mark.parametrize("make", samples.ALL)
def test_each_check_is_a_case_once(make):
    root = read(make())
    assert [case.get("name") for case in root.iter("testcase")] == [
        f"{check.id} {check.title}" for check in CHECKS.values()
    ]


@pytest.mark.parametrize("make", samples.ALL)
def test_totals_are_what_is_there(make):
    root = read(make(), samples.stopped())
    for element in [root, *root]:
        assert int(element.get("tests")) == len([*element.iter("testcase")])
        assert int(element.get("failures")) == len([*element.iter("failure")])
        assert int(element.get("skipped")) == len([*element.iter("skipped")])
        assert element.get("errors") == "0"
    assert float(root.get("time")) == pytest.approx(1.68)


def test_failures_tell_what_was_seen_and_what_to_do():
    found = cases(read(samples.troubled()))
    failure = found["D15"].find("failure")
    assert failure.get("type") == "plaintext-port-open"
    assert failure.get("message").startswith("10.20.4.17:6380: PING in the clear")
    assert "fix: port 0 in redis.conf" in failure.text
    assert "cause: The plain port was left open" in failure.text
    assert "controls: RDS-" in failure.text
    failed = [check for check, case in found.items() if case.find("failure") is not None]
    assert failed == ["D09", "D15", "D21", "D26"]


def test_warnings_pass_and_are_told():
    found = cases(read(samples.troubled()))
    assert found["D19"].find("failure") is None
    assert "warning: memory 94 % of 2 GB" in found["D19"].find("system-out").text


def test_skipped_is_skipped_with_its_reason():
    found = cases(read(samples.stopped()))
    assert found["D13"].find("skipped").get("message").endswith("a certificate has expired")
    assert found["D13"].find("system-out") is None


def test_a_check_with_several_findings_is_one_case():
    report = samples.report(
        replaced=[
            samples.finding("D02", problem="ca-expired", observed="one"),
            samples.finding("D02", problem="key-readable-by-others", observed="two", where="k.pem"),
            samples.finding("D02", Status.OK, "three"),
            samples.finding("D02", Status.SKIPPED, "four"),
        ]
    )
    case = cases(read(report))["D02"]
    (failure,) = case.iter("failure")
    assert failure.get("message") == "one; k.pem: two"
    assert "problem: key-readable-by-others" in failure.text
    controls = ", ".join(samples.finding("D02").controls)
    assert case.find("system-out").text == f"ok: three\ncontrols: {controls}"
    assert case.find("skipped") is None


def test_the_suite_says_what_was_examined():
    (suite,) = read(samples.healthy())
    assert suite.get("name") == "cache of stack local"
    assert suite.get("timestamp") == "2026-11-21T17:30:04"
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties == {
        "tool": "secure-redis 0.1.0",
        "endpoint": "rediss://localhost:6390/0",
        "target": "docker",
        "environment": "development",
        "server": "Redis 7.0.15",
        "verdict": "ok",
    }


def test_no_reports_are_an_empty_document():
    root = read()
    assert root.get("tests") == "0"
    assert [*root] == []
