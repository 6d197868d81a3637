"""No secret, and no part of one, stands in any output of any format, over the whole gallery."""

import io
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1, sha256
from urllib.parse import quote

import pytest
from doctor.gallery.cases import BROKEN, HEALTHY, Case, told, troubles
from doctor.gallery.hall import Gallery
from doctor.gallery.reports import Reports
from rich.console import Console
from secure_redis.doctor.checkup import Options
from secure_redis.doctor.endpoint import Given
from secure_redis.doctor.output import html, json_document, junit, sarif, table
from secure_redis.doctor.report import Report

PART = 8
"""Characters of a secret that must not stand side by side anywhere."""

ALL = [(case, replace(case.options, negative=True)) for case in (*BROKEN, *HEALTHY)]
"""Every case, with the attempts that are made on demand only."""

CASES = pytest.mark.parametrize(("case", "options"), ALL, ids=[case.name for case, _ in ALL])


def outputs(given: Given, report: Report) -> Iterator[tuple[str, str]]:
    """Every form in which a report leaves the program."""
    yield "repr", f"{given!r} {report!r}"
    yield "summary", table.summary(report)
    for width, colours in ((40, False), (100, True), (400, False)):
        written = io.StringIO()
        console = Console(
            file=written, width=width, force_terminal=colours, highlight=False, markup=False
        )
        table.render(report, console)
        yield f"table of {width} columns", written.getvalue()
    yield "json", json_document.text(report)
    yield "json array", json_document.array([report])
    yield "junit", junit.text([report])
    yield "sarif", sarif.text([report])
    yield "html", html.page([report])


def forms(secret: str) -> set[str]:
    """A secret as it could be spelled."""
    data = secret.encode()
    return {
        secret,
        secret[::-1],
        quote(secret, safe=""),
        quote(quote(secret, safe=""), safe=""),
        b64encode(data).decode(),
        data.hex(),
        sha256(data).hexdigest(),
        sha1(data).hexdigest(),
    }


def parts(secret: str) -> set[str]:
    """All parts of a secret in all spellings."""
    return {
        form[start : start + PART]
        for form in forms(secret)
        for start in range(max(1, len(form) - PART + 1))
    }


def secrets_of(gallery: Gallery, given: Given) -> set[str]:
    """Parts of all that is secret about a case: passwords, and private keys line by line."""
    found = {part for secret in gallery.secrets.all for part in parts(secret)}
    keys = [given.endpoint.client_key_pem] if given.endpoint else []
    lines = [line for key in keys for line in key.splitlines() if not line.startswith("-----")]
    # The first line of such a key is the same for all of them.
    return found | {line[start : start + 16] for line in lines[1:] for start in range(0, 48, 8)}


def seen(text: str, secrets: set[str]) -> set[str]:
    """Which of these parts a text has, however its lines are broken."""
    without = re.sub(r"\x1b\[[0-9;]*m|[\s│|]", "", text)
    found = (windows(text, PART) | windows(without, PART)) & secrets
    return found | {one for one in secrets if len(one) != PART and one in without}


def windows(text: str, length: int) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


@CASES
def test_no_secret_in_any_output(
    case: Case, options: Options, reports: Reports, gallery: Gallery
) -> None:
    examined = reports.of(case, options)
    secrets = secrets_of(gallery, examined.given)
    # Not the parts themselves: this message is an output, too.
    told = [
        (name, len(found))
        for name, text in outputs(examined.given, examined.report)
        if (found := seen(text, secrets))
    ]
    assert not told, "outputs with parts of secrets, and how many"


@CASES
def test_attempts_on_demand_find_nothing_more(
    case: Case, options: Options, reports: Reports
) -> None:
    report = reports.of(case, options).report
    assert troubles(report) == case.troubles, told(report)


def test_the_search_finds_what_it_is_to_find(gallery: Gallery) -> None:
    secrets = {part for secret in gallery.secrets.all for part in parts(secret)}
    password = gallery.secrets.app
    assert seen(f"-ERR unknown command, with args beginning with: '{password}'", secrets)
    assert seen(f"host {password[16:26]} is unknown", secrets)
    assert seen(f"{password[:5]}\n   {password[5:9]}", secrets)
    assert seen(quote(gallery.secrets.awkward, safe=""), secrets)
    assert seen(b64encode(password.encode()).decode(), secrets)
    assert not seen("the password is not the stack's current one", secrets)


def test_the_search_looks_into_every_output(reports: Reports, gallery: Gallery) -> None:
    examined = reports.of(*ALL[0])
    text = f"the server answered: unknown command, with args {gallery.secrets.app}"
    leaking = [one.model_copy(update={"observed": text}) for one in examined.report.findings]
    report = examined.report.model_copy(update={"findings": tuple(leaking)})
    secrets = secrets_of(gallery, examined.given)
    found = {name for name, output in outputs(examined.given, report) if seen(output, secrets)}
    # The summary quotes nothing that was seen.
    assert found == {name for name, _ in outputs(examined.given, report)} - {"summary"}
