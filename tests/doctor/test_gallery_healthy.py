"""Endpoints that are as they must be get no warning, whatever kind they are."""

import pytest
from doctor.gallery.cases import HEALTHY, Case, told, troubles
from doctor.gallery.container import ContainerServer, running
from doctor.gallery.hall import Gallery
from doctor.gallery.reports import Reports
from doctor.gallery.server import Plan
from secure_redis.acl import APPLICATION_USER
from secure_redis.doctor.deadline import WHOLE
from secure_redis.doctor.endpoint import Endpoint, Given
from secure_redis.doctor.report import Report, Status
from secure_redis.doctor.run import diagnose

REACHED = {"D04", "D13", "D16", "D17", "D18"}
"""What is found to be right, not skipped, wherever all is well."""


@pytest.mark.parametrize("case", HEALTHY, ids=str)
def test_nothing_is_found(case: Case, reports: Reports) -> None:
    _is_healthy(reports.of(case, case.options).report)


def test_valkey_in_a_container(gallery: Gallery) -> None:
    server = gallery.another("valkey", Plan(), ContainerServer)
    with running(server, "valkey"):
        found = Endpoint(
            host=server.host,
            port=server.port,
            tls=True,
            username=APPLICATION_USER,
            password=gallery.secrets.app,
            ca_pem=gallery.authorities.own.pem,
        )
        report = diagnose(Given("valkey", found))
        _is_healthy(report)
        assert report.server.startswith("valkey ")


def _is_healthy(report: Report) -> None:
    assert not troubles(report), told(report)
    right = {one.check for one in report.findings if one.status is Status.OK}
    assert right >= REACHED
    assert report.exit_code == 0
    assert report.seconds < WHOLE
    assert report.handshake
    assert report.handshake.verify == "full"
    assert report.handshake.version in {"TLSv1.2", "TLSv1.3"}
    assert report.refusals
