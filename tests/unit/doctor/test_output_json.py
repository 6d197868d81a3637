"""The JSON document and its published schema."""

import json
import math
from pathlib import Path

import jsonschema
import pytest
from secure_redis.doctor.output import json_document
from secure_redis.doctor.report import Report, Status
from unit.doctor import output_samples as samples

PUBLISHED = Path(__file__).parents[3] / "docs" / "doctor.schema.json"


def schema():
    return json.loads(PUBLISHED.read_text())


def test_the_published_schema_is_the_models():
    assert schema() == json_document.schema(), (
        "python -m secure_redis.doctor.output.json_document > docs/doctor.schema.json"
    )


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("make", samples.ALL)
def test_documents_are_valid_and_read_back(make):
    report = make()
    text = json_document.text(report)
    jsonschema.validate(json.loads(text), schema())
    assert text.isascii()
    if make is not samples.hostile:  # lone surrogates come back as they are from `loads` alone
        assert Report.model_validate_json(text) == report
    assert Report.model_validate(json.loads(text)) == report


def broken(change):
    document = json.loads(json_document.text(samples.troubled()))
    change(document)
    return document


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("verdict"),
        lambda d: d.update(verdict="fine"),
        lambda d: d.update(password="x"),
        lambda d: d["findings"][0].update(layer="nowhere"),
        lambda d: d["findings"][0].pop("observed"),
        lambda d: d["findings"][0].update(facts={"a": {"b": 1}}),
        lambda d: d["counts"].update(failed="4"),
        lambda d: d["handshake"]["chain"][0].pop("not_after"),
    ],
)
def test_the_schema_refuses_what_is_no_report(change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken(change), schema())


def test_an_array_holds_the_same_documents():
    reports = [make() for make in samples.ALL]
    documents = json.loads(json_document.array(reports))
    assert documents == [json.loads(json_document.text(one)) for one in reports]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_has_not_are_text(value):
    report = samples.report(
        replaced=[samples.finding("D19", Status.INFO, "as the server says", ratio=value)]
    )

    def refuse(name):
        raise AssertionError(name)

    document = json.loads(json_document.text(report), parse_constant=refuse)
    jsonschema.validate(document, schema())
    (found,) = [one for one in document["findings"] if one["check"] == "D19"]
    assert found["facts"] == {"ratio": str(value)}
