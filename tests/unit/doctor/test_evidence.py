"""The evidence: what it says of controls, what it leaves unsaid, and that it holds no secret."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from secure_redis.cli import engine
from secure_redis.cli import evidence as command
from secure_redis.cli.doctor import AWAY
from secure_redis.cli.engine import Stack
from secure_redis.connection import Connection
from secure_redis.controls import CAUTIONS, CONTROLS, STANDARDS
from secure_redis.doctor import evidence as of
from secure_redis.doctor.endpoint import Declared, Endpoint, Given
from secure_redis.doctor.evidence import ControlStatus, Evidence, evidence, flat, masked, overall
from secure_redis.doctor.report import Report, Status
from unit.doctor.output_samples import finding, report

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "SecretSecretSecretSecretSecretSecretSecretSecret"
NOW = datetime(2026, 11, 21, 18, tzinfo=timezone.utc)

COMPONENT = "urn:pulumi:prod::p::secure-redis:index:ElastiCacheRedis::cache"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
TAGS = {"secure-redis:environment": "production"}
SETTINGS = {
    "target": "aws",
    "environment": "production",
    "alarms": {"notify": ["arn:aws:sns:eu-west-1:123456789012:on-call"]},
    "caches": {
        "cache": {
            "mode": "tls",
            "rotationDays": 90,
            "aws": {"transitEncryption": "required"},
            "external": {"password": PASSWORD},
        }
    },
}


def resources(**changes: Any) -> tuple[dict[str, Any], ...]:
    inputs = {
        "tags": TAGS,
        "engine": "valkey",
        "transitEncryptionEnabled": True,
        "transitEncryptionMode": "required",
        "atRestEncryptionEnabled": True,
        "automaticFailoverEnabled": True,
        "subnetGroupName": "own",
        "userGroupIds": ["own"],
        **changes,
    }
    return (
        {"type": "secure-redis:index:ElastiCacheRedis", "urn": COMPONENT},
        {"type": GROUP, "urn": f"urn:pulumi:prod::p::{GROUP}::cache", "parent": COMPONENT}
        | {"inputs": inputs, "outputs": {}},
    )


def given(cache: str = "cache", exceptions: dict[str, str] | None = None, **changes: Any) -> Given:
    connection = Connection(
        target="aws", engine="valkey", host="h", port=6379, tls=True, username="app",
        password=PASSWORD,
    )  # fmt: skip
    return Given(
        subject=f"{cache} of stack prod",
        endpoint=Endpoint.of(connection),
        declared=Declared(
            stack="prod",
            cache=cache,
            environment="production",
            connection=connection,
            resources=resources(**changes),
            exceptions=exceptions or {},
        ),
    )


def made(subject: Given | None = None, found: Report | None = None, **options: Any) -> Evidence:
    pair = (subject or given(), found or report())
    return evidence([pair], SETTINGS, stack="prod", now=NOW, **options)


def of_control(found: Evidence, id_: str) -> Any:
    return next(one for one in found.controls if one.id == id_)


def test_every_control_is_there_with_its_standards() -> None:
    found = made()
    assert [one.id for one in found.controls] == list(CONTROLS)
    for one in found.controls:
        assert {k: tuple(v) for k, v in one.standards.items()} == dict(CONTROLS[one.id].standards)
    assert found.cautions == CAUTIONS
    assert found.made_at == "2026-11-21T18:00:00Z"
    assert {"Python", "OpenSSL", "pulumi"} <= found.versions.keys()


def test_what_was_looked_at_and_is_right_is_met() -> None:
    one = of_control(made(), "RDS-TLS-01")
    assert one.status is ControlStatus.MET
    (seen,) = one.observations
    assert seen.checks == ("D01", "D05", "D14", "D15", "D25")
    assert seen.not_made == ()
    assert set(seen.rules) == {"aws-tls", "aws-tls-required"}
    assert seen.problems == ()
    assert one.settings == {
        "caches.cache.mode": "tls",
        "caches.cache.aws.transitEncryption": "required",
    }


def test_a_check_that_was_skipped_is_not_observed() -> None:
    skipped = [finding(check, Status.SKIPPED, "no time") for check in ("D02", "D10")]
    one = of_control(made(found=report(replaced=skipped)), "RDS-TLS-05")
    assert one.observations[0].not_made == ("D02", "D10")
    assert one.status is ControlStatus.NOT_OBSERVED


def test_a_server_that_answers_proves_no_alarm_and_no_replica() -> None:
    """What only the cloud's settings can tell is not observed on the running server."""
    subject = given()
    bare = replace(subject, declared=replace(subject.declared, resources=resources()[:1]))
    found = made(bare)
    for control in ("RDS-OPS-01", "RDS-OPS-02", "RDS-NET-03", "RDS-DATA-04", "RDS-AUTH-05"):
        assert of_control(found, control).status is ControlStatus.NOT_OBSERVED, control


def test_what_was_looked_at_by_half_is_met_in_part() -> None:
    skipped = finding("D14", Status.SKIPPED, "the time was used up")
    one = of_control(made(found=report(replaced=[skipped])), "RDS-TLS-01")
    assert one.status is ControlStatus.PART
    assert one.observations[0].not_made == ("D14",)


def test_a_check_of_settings_without_a_rule_says_nothing() -> None:
    """RDS-SEC-03 has D25 alone, and here is no secret that a rule of it could be about."""
    one = of_control(made(), "RDS-SEC-03")
    assert one.observations[0].rules == ()
    assert one.status is ControlStatus.NOT_OBSERVED


def test_a_control_that_other_checks_speak_for_needs_no_rule() -> None:
    one = of_control(made(), "RDS-TLS-02")
    assert one.observations[0].rules == ()
    assert one.status is ControlStatus.MET


def test_a_failed_check_and_a_warning() -> None:
    found = report(
        replaced=[
            finding("D14", problem="plaintext-on-tls-port", observed="+PONG in the clear"),
            finding("D08", problem="certificate-ends-soon", observed="ends in 20 days"),
        ]
    )
    plaintext = of_control(made(found=found), "RDS-TLS-01")
    assert plaintext.status is ControlStatus.NOT_MET
    (problem,) = plaintext.observations[0].problems
    assert (problem.source, problem.what) == ("D14", "+PONG in the clear")
    assert problem.fix == "Require TLS."
    assert of_control(made(found=found), "RDS-TLS-04").status is ControlStatus.LOOK


def test_a_problem_speaks_against_what_it_is_about_alone() -> None:
    found = made(found=report(replaced=[finding("D01", problem="password-weak", observed="8")]))
    assert of_control(found, "RDS-AUTH-02").status is ControlStatus.LOOK
    assert of_control(found, "RDS-TLS-01").status is ControlStatus.MET


def test_a_broken_rule_speaks_against_its_own_control_alone() -> None:
    subject = given(transitEncryptionMode="preferred")
    failed = finding(
        "D25", problem="setting-insecure", observed="x", where="y", control="RDS-TLS-01"
    )
    found = made(subject, report(replaced=[failed]))
    one = of_control(found, "RDS-TLS-01")
    assert one.status is ControlStatus.NOT_MET
    (problem,) = one.observations[0].problems
    assert problem.source == "aws-tls-required"
    assert problem.where == "ReplicationGroup cache: transitEncryptionMode"
    assert of_control(found, "RDS-DATA-01").status is ControlStatus.MET


def test_what_the_stack_accepts_is_said_with_its_reason() -> None:
    changes: dict[str, Any] = {"automaticFailoverEnabled": False, "multiAzEnabled": True}
    assert of_control(made(given(**changes)), "RDS-OPS-01").status is ControlStatus.NOT_MET
    subject = given(exceptions={"single-node": "it can be filled again"}, **changes)
    found = made(subject)
    one = of_control(found, "RDS-OPS-01")
    assert one.status is ControlStatus.ACCEPTED
    (problem,) = one.observations[0].problems
    assert problem.accepted == "it can be filled again"
    assert found.exceptions == {"single-node": "it can be filled again"}


def test_the_state_is_judged_where_the_server_is_not_reached() -> None:
    silent = [finding("D04", problem="port-silent", observed="no answer within 3 s")]
    silent += [finding("D25", Status.SKIPPED, "not looked at")]
    found = made(found=report(silent, handshake=None), away=AWAY)
    (seen,) = of_control(found, "RDS-DATA-01").observations
    assert (seen.status, seen.checks) == (ControlStatus.MET, ("D25",))
    (seen,) = of_control(found, "RDS-TLS-01").observations
    assert (seen.status, seen.checks) == (ControlStatus.PART, ("D25",))


def test_without_a_state_nothing_is_said_of_settings() -> None:
    subject = given()
    bare = replace(subject, declared=replace(subject.declared, resources=()))
    found = made(bare)
    assert of_control(found, "RDS-DATA-01").status is ControlStatus.NOT_OBSERVED
    (seen,) = of_control(found, "RDS-TLS-01").observations
    assert (seen.status, seen.not_made) == (ControlStatus.PART, ("D25",))


def test_declared_values_are_said_once_where_caches_agree() -> None:
    settings = {
        "alarms": {"profile": "full"},
        "caches": {
            "cache": {"mode": "tls", "aws": {"transitEncryption": "required"}},
            "queue": {"mode": "tls", "aws": {"transitEncryption": "preferred"}},
        },
    }
    found = evidence([(given(), report())], settings, stack="prod", now=NOW)
    assert of.declared_values(of_control(found, "RDS-TLS-01")) == [
        ("mode", "tls"),
        ("aws.transitEncryption", "required (cache), preferred (queue)"),
    ]
    assert of.declared_values(of_control(found, "RDS-OPS-02")) == [("alarms.profile", "full")]


def test_a_network_that_is_not_reached_speaks_for_and_against_nothing() -> None:
    silent = [finding("D04", problem="port-silent", observed="no answer within 3 s")]
    silent += [finding(check, Status.SKIPPED, "not looked at") for check in ("D05", "D14", "D15")]
    seen = report(silent, handshake=None)
    found = made(found=seen, away=AWAY)
    assert not found.caches[0].reached
    assert of_control(found, "RDS-OPS-05").status is ControlStatus.NOT_OBSERVED
    assert of_control(found, "RDS-NET-03").observations[0].problems == ()
    assert "Not reachable from here" in of.page(found)
    elsewhere = made(found=seen)
    assert elsewhere.caches[0].reached
    assert of_control(elsewhere, "RDS-OPS-05").status is ControlStatus.NOT_MET


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], ControlStatus.NOT_OBSERVED),
        ([ControlStatus.MET, ControlStatus.MET], ControlStatus.MET),
        ([ControlStatus.MET, ControlStatus.NOT_OBSERVED], ControlStatus.PART),
        ([ControlStatus.MET, ControlStatus.PART], ControlStatus.PART),
        ([ControlStatus.NOT_OBSERVED], ControlStatus.NOT_OBSERVED),
        ([ControlStatus.MET, ControlStatus.ACCEPTED], ControlStatus.ACCEPTED),
        ([ControlStatus.ACCEPTED, ControlStatus.LOOK], ControlStatus.LOOK),
        ([ControlStatus.LOOK, ControlStatus.NOT_MET, ControlStatus.MET], ControlStatus.NOT_MET),
    ],
)
def test_what_several_caches_come_to(
    statuses: list[ControlStatus], expected: ControlStatus
) -> None:
    assert overall(statuses) is expected


def test_each_cache_is_judged_by_itself() -> None:
    bad = report(replaced=[finding("D11", problem="no-password", observed="+PONG")])
    pairs = [(given("cache"), report()), (given("queue"), bad)]
    found = evidence(pairs, SETTINGS, stack="prod", now=NOW)
    one = of_control(found, "RDS-AUTH-01")
    assert {seen.cache: seen.status for seen in one.observations}["queue"] is ControlStatus.NOT_MET
    assert one.status is ControlStatus.NOT_MET
    assert one.observations[0].problems == ()
    assert [cache.name for cache in found.caches] == ["cache", "queue"]


def test_nothing_in_it_is_secret() -> None:
    leaking = report(replaced=[finding("D18", observed=f"it said {PASSWORD}")])
    found = made(found=leaking, secrets={PASSWORD})
    for written in (of.text(found), of.page(found)):
        assert PASSWORD not in written
        assert "[secret]" in written


def test_settings_are_masked_by_their_keys() -> None:
    settings = {
        "a": {"secure": "v1:abc"},
        "b": [{"privateKey": "-----BEGIN"}, {"connectionString": "x", "password": None}],
        "password": {"secure": "v1:abc"},
        "n": 1,
    }
    assert masked(settings) == {
        "a": "[secret]",
        "b": [{"privateKey": "[secret]"}, {"connectionString": "[secret]", "password": None}],
        "password": "[secret]",
        "n": 1,
    }


def test_the_document_fits_the_published_schema() -> None:
    published = json.loads((ROOT / "docs" / "evidence.schema.json").read_text())
    assert published == json.loads(json.dumps(of.schema()))
    Draft202012Validator.check_schema(published)
    document = json.loads(of.text(made()))
    Draft202012Validator(published).validate(document)
    assert Evidence.model_validate(document) == made()
    assert [*Draft202012Validator(published).iter_errors({**document, "controls": 1})]


def test_settings_as_lines() -> None:
    assert flat({"a": {"b": True, "c": []}, "d": {}, "e": [{"f": 1}, 2]}) == [
        ("a.b", "true"),
        ("a.c", "none"),
        ("d", "defaults"),
        ("e", "f 1, 2"),
    ]


class Page(HTMLParser):
    """What a page loads, links and is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "a":
            self.links.append(found.get("href") or "")
        elif "src" in found or tag in {"link", "script", "iframe"}:
            self.loads.append(tag)


def test_the_page_says_all_that_the_document_says() -> None:
    subject = given(transitEncryptionMode="preferred", exceptions={"single-node": "why <b>not"})
    found = made(subject, report(replaced=[finding("D14", Status.SKIPPED, "no time")]))
    text = of.page(found)
    page = Page(text)
    assert page.loads == []
    assert len(page.ids) == len(set(page.ids))
    assert set(CONTROLS) <= set(page.ids)
    for control in CONTROLS.values():
        assert control.title in text.replace("&#39;", "'")
    for name in STANDARDS:
        assert name in text
    assert "not a certificate" in text
    assert "was not observed" in text
    assert "clients without TLS are served too" in text
    assert "ReplicationGroup cache: transitEncryptionMode" in text
    assert "why &lt;b&gt;not" in text
    for caution in CAUTIONS:
        assert re.sub(r"`[^`]*`.*", "", caution)[:60] in text.replace("&#39;", "'")


def test_what_servers_say_is_escaped() -> None:
    hostile = report(
        replaced=[finding("D18", observed="<script>alert(1)</script>\x1b[2J")],
        server="<img src=x>",
    )
    text = of.page(made(found=hostile))
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;" in text


STACK_FILE = """config:
  secure-redis:target: docker
  secure-redis:environment: development
  secure-redis:caches:
    cache: { purpose: sessions }
  secure-redis:tags: { team: platform }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: secure-redis\n")
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(STACK_FILE)
    asked: dict[str, Any] = {}

    def examine(subjects: list[Given], *, negative: bool) -> list[Report]:
        asked["negative"] = negative
        return [report() for _ in subjects]

    def inside(stack: Stack, available: dict[str, Connection], names: list[str]) -> list[Given]:
        assert [*available] == names
        return [given(name) for name in names]

    connection = given().declared.connection
    monkeypatch.setattr(command, "connections", lambda _stack: {"cache": connection})
    monkeypatch.setattr(command, "inside", inside)
    monkeypatch.setattr(command, "examine", examine)
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command.evidence, arguments)


def test_the_command_writes_both_files(project: Path) -> None:
    out = project / "deep" / "evidence"
    done = run("--stack", "prod", "--project", str(project), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert f"{len(CONTROLS)} controls: " in done.output
    document = json.loads((out / "evidence.json").read_text())
    assert document["settings"]["caches"]["cache"]["evictionPolicy"] == "volatile-lru"
    assert document["settings"]["tags"] == {"team": "platform"}
    assert "aws" not in document["settings"]["caches"]["cache"]
    assert re.fullmatch(r"[0-9a-f]{64}", document["stack_file_sha256"])
    assert document["stack"] == "prod"
    assert (out / "evidence.html").read_text().startswith("<!doctype html>")
    for file in out.iterdir():
        assert PASSWORD not in file.read_text()


def test_a_directory_that_cannot_be_made_is_told_in_one_line(project: Path) -> None:
    (project / "file").write_text("")
    done = run("--stack", "prod", "--project", str(project), "--out", str(project / "file" / "x"))
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert "Not a directory" in done.output


def test_a_stack_that_is_not_there(project: Path) -> None:
    done = run("--stack", "prd", "--project", str(project), "--out", str(project / "out"))
    assert done.exit_code == 2
    assert "Did you mean prod?" in done.output
    assert not (project / "out").exists()


def test_encrypted_settings_are_not_shown(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    file.write_text(
        "config:\n  secure-redis:target: external\n  secure-redis:environment: production\n"
        "  secure-redis:caches:\n    cache:\n      external:\n"
        "        { host: h.example, port: 1, password: { secure: v1:cipher } }\n"
    )
    found = command.declaration(engine.find("prod", project))
    assert found["caches"]["cache"]["external"]["password"] == "[secret]"
    assert found["caches"]["cache"]["external"]["tlsVerify"] == "full"


def test_a_file_that_is_refused_is_given_as_it_is(project: Path) -> None:
    file = project / "stacks" / "Pulumi.prod.yaml"
    file.write_text("config:\n  secure-redis:target: nowhere\n  secure-redis:x: {secure: v1:c}\n")
    found = command.declaration(engine.find("prod", project))
    assert found == {"target": "nowhere", "x": "[secret]"}


def test_the_pages_of_controls_are_what_the_table_says() -> None:
    script = ROOT / "docs" / "control_pages.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
