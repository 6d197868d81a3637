"""Each broken endpoint gets the one finding that it must get, and no other."""

from pathlib import Path

import pytest
from doctor.gallery.cases import BROKEN, Case, endpoint, told, troubles
from doctor.gallery.hall import Gallery
from doctor.gallery.reports import Reports
from redis.exceptions import NoPermissionError
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.checkup import Options
from secure_redis.doctor.deadline import WHOLE
from secure_redis.doctor.endpoint import Given
from secure_redis.doctor.report import Status
from secure_redis.doctor.run import diagnose


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_the_one_finding(case: Case, reports: Reports) -> None:
    report = reports.of(case, case.options).report
    assert troubles(report) == case.troubles, told(report)
    problem = PROBLEMS[case.problem]
    finding = next(one for one in report.findings if one.problem == case.problem)
    assert (finding.check, finding.status) == (problem.check, problem.status)
    assert finding.observed
    assert finding.cause
    assert finding.fix
    assert report.exit_code == (2 if problem.status is Status.FAILED else 1)
    assert {one.check for one in report.findings} == set(CHECKS)
    assert report.seconds < WHOLE


def test_what_was_refused_since_the_last_run(gallery: Gallery, tmp_path: Path) -> None:
    given = Given("attacked", endpoint(gallery, "attacked"))
    stale = Given("stale", endpoint(gallery, "attacked", password="stale"))

    def found() -> set[str]:
        return troubles(diagnose(given, Options(state=tmp_path / "counters.json")))

    assert found() == set()
    # What the doctor itself tries in vain does not count.
    assert found() == set()
    assert troubles(diagnose(stale)) == {"wrong-password"}
    assert found() == {"logins-refused"}
    assert found() == set()
    with gallery["attacked"].client() as client, pytest.raises(NoPermissionError):
        client.flushall()
    assert found() == {"commands-refused"}
