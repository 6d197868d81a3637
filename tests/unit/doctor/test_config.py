"""D01 and D02: what was found while reading becomes findings, and is redacted."""

from dataclasses import replace
from pathlib import Path

import pytest
from secure_redis.doctor import sources
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checkup import Checkup, Verdict
from secure_redis.doctor.endpoint import Declared, Endpoint, Given, Remark, Trouble
from secure_redis.doctor.examine import config
from secure_redis.doctor.report import Status
from secure_redis.doctor.run import diagnose

from tests.unit.doctor.issued import authority, issue
from tests.unit.rendering import samples

PASSWORD = samples.PASSWORD
ENDPOINT = Endpoint("h.example", 6380, tls=True, username="app", password=PASSWORD)


def asked(given: Given) -> tuple[list[Verdict], list[Verdict]]:
    assert given.endpoint
    checkup = Checkup(given, given.endpoint)
    return [*config.settings_agree(checkup)], [*config.files_are_usable(checkup)]


def test_all_is_well_with_a_url() -> None:
    settings, files = asked(sources.from_url(f"rediss://app:{PASSWORD}@h.example:6380/0"))
    assert [(one.status, one.observed) for one in settings] == [(Status.OK, "the URL can be read")]
    assert [one.status for one in files] == [Status.SKIPPED]


def test_all_is_well_with_variables(tmp_path: Path) -> None:
    ca, client = authority(), issue("client", authority())
    for name, text in (("ca", ca.pem), ("crt", client.pem), ("key", client.key_pem)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    values = {
        "REDIS_URL": f"rediss://app:{PASSWORD}@h.example:6380/0",
        "REDIS_HOST": "h.example",
        "REDIS_SSL_CA_CERTS": "ca",
        "REDIS_SSL_CERTFILE": "crt",
        "REDIS_SSL_KEYFILE": "key",
    }
    settings, files = asked(sources.from_env(values, tmp_path))
    assert settings[0].observed == "2 variables can be read and agree"
    assert settings[0].facts == {"variables": ["REDIS_URL", "REDIS_HOST"]}
    assert [one.status for one in files] == [Status.OK, Status.OK]
    assert files[0].observed.startswith("1 CA certificate, valid until 20")
    assert files[1].observed.startswith("1 client certificate, valid until 20")
    assert set(files[0].facts) == {"ca_not_after"}
    assert files[0].where == str(tmp_path / "ca")
    assert files[1].where == f"{tmp_path / 'crt'}, {tmp_path / 'key'}"


def test_a_stack_s_own_contract() -> None:
    settings, files = asked(sources.from_connection(samples.mutual(), Declared()))
    assert settings[0].observed == "the stack's own contract"
    assert [one.status for one in files] == [Status.OK, Status.OK]


@pytest.mark.parametrize("problem", [one for one in PROBLEMS.values() if one.check == "D01"])
def test_every_trouble_of_the_settings_is_said(problem: object) -> None:
    trouble = Trouble(problem.id, "seen", "here")  # pyright: ignore[reportAttributeAccessIssue]
    settings, files = asked(Given("x", ENDPOINT, problems=(trouble,)))
    (found,) = settings
    assert (found.problem, found.observed, found.where) == (trouble.problem, "seen", "here")
    assert found.status is PROBLEMS[trouble.problem].status
    assert not any(one.problem for one in files)


@pytest.mark.parametrize("problem", [one for one in PROBLEMS.values() if one.check == "D02"])
def test_every_trouble_of_the_files_is_said(problem: object) -> None:
    trouble = Trouble(problem.id, "seen", "here")  # pyright: ignore[reportAttributeAccessIssue]
    settings, files = asked(Given("x", ENDPOINT, problems=(trouble,)))
    assert [one.problem for one in files] == [trouble.problem]
    assert [one.status for one in settings] == [Status.OK]


def test_remarks_are_said_and_judge_nothing() -> None:
    remarks = (Remark("D01", "one"), Remark("D02", "two"))
    settings, files = asked(Given("x", ENDPOINT, remarks=remarks))
    assert [one.status for one in settings] == [Status.INFO, Status.OK]
    assert [(one.status, one.observed) for one in files] == [(Status.INFO, "two")]


def test_what_cannot_be_read_is_a_whole_report() -> None:
    raw = "mJ8/x+Zk3vQ9==Tq7tPw3LmX9vKd2sRb"
    report = diagnose(sources.from_url(f"rediss://app:{raw}@h.example:6380/0"))
    troubles = [one for one in report.findings if one.problem]
    assert [(one.check, one.problem) for one in troubles] == [("D01", "url-unreadable")]
    assert {one.status for one in report.findings} == {Status.FAILED, Status.SKIPPED}
    assert len(report.findings) == 26
    assert report.exit_code == 2
    assert "mJ8" not in report.model_dump_json()
    assert "Tq7tPw3LmX9vKd2sRb" not in report.model_dump_json()


def test_fatal_settings_end_the_examination_before_the_network() -> None:
    """The host would be looked up otherwise, and the name is none."""
    given = sources.from_env(
        {"REDIS_URL": f"redis://app:{PASSWORD}@h.invalid:6379/0", "REDIS_SSL": "true"}, Path.cwd()
    )
    report = diagnose(given)
    assert [one.problem for one in report.findings if one.problem] == ["url-without-tls"]
    assert {one.status for one in report.findings if one.check > "D02"} == {Status.SKIPPED}


def test_a_problem_that_is_not_fatal_lets_the_rest_be_looked_at() -> None:
    given = sources.from_env(
        {"REDIS_URL": f"rediss://app:{PASSWORD}@127.0.0.1:1/0", "REDIS_SSL_CERT_REQS": "none"},
        Path.cwd(),
    )
    report = diagnose(replace(given, subject="x"))
    assert [one.problem for one in report.findings if one.problem] == [
        "verification-off",
        "port-refused",
    ]
