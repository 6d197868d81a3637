"""SARIF: what code scanning makes alerts of."""

import json
from pathlib import Path

import jsonschema
import pytest
from secure_redis.controls import CONTROLS
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.output import sarif
from secure_redis.doctor.report import Report, Status
from unit.doctor import output_samples as samples

SCHEMA = json.loads(Path(__file__).with_name("sarif.schema.json").read_text())


def log(*reports):
    found = json.loads(sarif.text(reports))
    jsonschema.validate(found, SCHEMA)
    return found


def run(report):
    (only,) = log(report)["runs"]
    return only


@pytest.mark.parametrize("make", samples.ALL)
def test_logs_are_valid(make):
    runs = log(make(), samples.healthy())["runs"]
    assert len(runs) == 2


def test_every_problem_of_the_catalogue_can_be_told():
    replaced = [
        samples.finding(one.check, problem=one.id, observed=f"{{0}} [x](y) {one.id}")
        for one in PROBLEMS.values()
    ]
    found = run(samples.report(replaced=replaced))
    rules = found["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == set(PROBLEMS)
    for result in found["results"]:
        problem = PROBLEMS[result["ruleId"]]
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == problem.id
        level = {Status.FAILED: "error", Status.WARNING: "warning"}[problem.status]
        assert result["level"] == rule["defaultConfiguration"]["level"] == level
        assert problem.check in rule["properties"]["tags"]


def test_only_failures_and_warnings_are_results():
    assert run(samples.healthy())["results"] == []
    assert len(run(samples.troubled())["results"]) == 8


def test_a_result_tells_what_was_seen_why_and_what_to_do():
    found = run(samples.troubled())["results"]
    (result,) = [one for one in found if one["ruleId"] == "plaintext-port-open"]
    assert result["message"]["text"] == (
        "10.20.4.17:6380: PING in the clear: NOAUTH Authentication required. "
        "The plain port was left open when TLS was turned on. "
        "port 0 in redis.conf; on Azure, disable the non-TLS port."
    )
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/.env"},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{"fullyQualifiedName": "10.20.4.17:6380", "kind": "resource"}],
        }
    ]


def test_results_name_controls_that_the_taxonomy_has():
    found = run(samples.troubled())
    (taxonomy,) = found["taxonomies"]
    taxa = {taxon["id"]: taxon for taxon in taxonomy["taxa"]}
    named = {taxon["id"] for result in found["results"] for taxon in result["taxa"]}
    assert named == set(taxa)
    for control, taxon in taxa.items():
        standards = taxon["properties"]["standards"]
        assert standards == {name: [*ids] for name, ids in CONTROLS[control].standards.items()}
    assert found["tool"]["driver"]["supportedTaxonomies"] == [
        {"name": taxonomy["name"], "index": 0}
    ]


def test_what_was_not_looked_at_is_noted():
    (invocation,) = run(samples.stopped())["invocations"]
    notes = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert len(notes) == 17
    assert notes[0].startswith("D10, client certificates as declared: not looked at: a certificate")
    assert invocation["exitCode"] == 2
    assert invocation["startTimeUtc"] == "2026-11-21T17:30:04Z"


@pytest.mark.parametrize(
    ("subject", "file"),
    [
        ("cache of stack local", "stacks/Pulumi.local.yaml"),
        ("my cache of stack aws-prod", "stacks/Pulumi.aws-prod.yaml"),
        (".env", ".env"),
        ("deploy/a b.env", "deploy/a%20b.env"),
        ("/etc/app.env", ""),
        ("environment", ""),
        ("standard input", ""),
        ("", ""),
    ],
)
def test_the_file_behind_a_subject(subject, file):
    assert sarif.source(subject) == file


def fingerprints(report):
    return [one["partialFingerprints"] for one in run(report)["results"]]


def test_fingerprints_stay_while_measured_values_change():
    first = samples.finding("D19", problem="memory-nearly-full", observed="94 %")
    later = samples.finding("D19", problem="memory-nearly-full", observed="97 %")
    before, after = (samples.report(replaced=[one]) for one in (first, later))
    assert fingerprints(before) == fingerprints(after)


def test_fingerprints_differ_by_place_and_endpoint():
    report = samples.troubled()
    other = report.model_copy(update={"endpoint": "rediss://other:6379/0"})
    everything = [
        one["secureRedisFinding/v1"] for one in fingerprints(report) + fingerprints(other)
    ]
    assert len(set(everything)) == 16


def test_a_tool_without_a_version():
    report = samples.healthy().model_copy(update={"tool": "secure-redis"})
    assert "version" not in run(report)["tool"]["driver"]


def test_a_problem_that_is_not_in_the_catalogue_is_still_told():
    finding = samples.finding("D25", Status.FAILED, "something new")
    report: Report = samples.report(replaced=[finding])
    (result,) = run(report)["results"]
    assert result["ruleId"] == "D25"
    assert "ruleIndex" not in result
