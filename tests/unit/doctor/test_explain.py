"""`secure-redis explain` against the texts that clients really throw, and what it must never do."""

import json
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.cli.explain import command, lines
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.explain import (
    ADVICE,
    CLIENTS,
    LONGEST,
    NODE,
    SIGNS,
    STACKEXCHANGE,
    Strength,
    explain,
    holds_credential,
)

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS: list[dict[str, Any]] = [
    json.loads(path.read_text()) for path in sorted((ROOT / "tests/doctor/texts").glob("*.json"))
]
TEXTS = [(document, text) for document in DOCUMENTS for text in document["texts"]]
TEN = {
    "redis-py": 60,
    "redis-py (redis.asyncio)": 60,
    "Celery": 60,
    "node-redis": 50,
    "ioredis": 50,
    "go-redis": 50,
    "Jedis": 50,
    "Lettuce": 50,
    "redis-cli": 40,
    "StackExchange.Redis": 15,
}
"""The clients, and how many of their texts there are at least."""

UNCOLLECTED = {
    "open /etc/redis-tls/client.key: permission denied": "client-pair-missing",
    "ERR wrong number of arguments for 'auth' command": "login-without-users",
    "redis.exceptions.ConnectionError: Error -3 connecting to cache:6379. "
    "Temporary failure in name resolution.": "name-slow",
    "Error: getaddrinfo EAI_AGAIN cache": "name-slow",
    "dial tcp 10.0.0.9:6379: connect: no route to host": "host-unreachable",
    "System.IO.IOException: Cannot determine the frame size or a corrupted frame was "
    "received.": "tls-not-spoken",
    "ConnectionError: Error 61 connecting to localhost:6379. Connection refused.": "port-refused",
}
"""Texts that no server here could be brought to, and that have a phrase of their own."""


once = cache(explain)


def ids(explained: Any) -> list[str]:
    return [candidate.problem.id for candidate in explained.candidates]


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(command, [*arguments], input=given)


def about(pair: tuple[dict[str, Any], dict[str, Any]]) -> str:
    document, text = pair
    return f"{document['client']}-{text['situation']}"


@pytest.mark.parametrize("pair", TEXTS, ids=about)
def test_a_text_is_explained_by_its_problem_first(pair: tuple[dict[str, Any], dict[str, Any]]):
    _, text = pair
    found = ids(once(text["text"]))
    assert found[0] == text["problem"]
    # The fault that the server really had, where the text alone cannot tell it from another one.
    assert text["fault"] in found


@pytest.mark.parametrize("text", UNCOLLECTED)
def test_a_text_that_was_not_collected(text: str):
    assert ids(explain(text))[0] == UNCOLLECTED[text]


def test_the_likeliest_problem_is_mostly_the_fault():
    right = [text for _, text in TEXTS if ids(once(text["text"]))[0] == text["fault"]]
    assert len(right) / len(TEXTS) > 0.8


def test_there_are_texts_of_ten_clients():
    counted = dict.fromkeys(TEN, 0)
    for document in DOCUMENTS:
        asynchronous = " (redis.asyncio)" if "redis.asyncio" in document["version"] else ""
        counted[document["client"] + asynchronous] += len(document["texts"])
    assert {client: counted[client] >= least for client, least in TEN.items()} == dict.fromkeys(
        TEN, True
    ), counted


def test_the_texts_are_sound():
    for document, text in TEXTS:
        assert {text["fault"], text["problem"]} <= set(PROBLEMS)
        assert text["text"].strip()
        # A text of elsewhere says from where; the others were thrown, as their file says.
        assert ("source" in text) is (document["client"] == STACKEXCHANGE)
        # Nothing of the machine on which they were thrown.
        assert not re.search(r"/tmp/|/home/|/root/|site-packages|node_modules", text["text"])
    keys = [(d["client"], d["version"], t["fault"], t["text"]) for d, t in TEXTS]
    assert len(keys) == len(set(keys))


def test_every_phrase_belongs_to_a_text_and_to_problems():
    known = [text["text"] for _, text in TEXTS] + [*UNCOLLECTED]
    for sign in SIGNS:
        assert set(sign.problems) <= set(PROBLEMS), sign.phrase
        assert any(sign.pattern.search(text) for text in known), sign.phrase


def test_a_client_is_known_by_its_texts():
    known = dict.fromkeys((document["client"] for document in DOCUMENTS), 0)
    for document, text in TEXTS:
        client, own = once(text["text"]).client, document["client"]
        # Celery passes on what redis-py says, and the clients of Node what Node says.
        wrapped = {"Celery": "redis-py", "node-redis": NODE, "ioredis": NODE}.get(own, "")
        assert client in {own, wrapped, ""}, text["text"]
        known[own] += client == own
    assert min(known.values()) >= 10, known


def test_advice_is_for_clients_that_are_known():
    assert set(ADVICE) <= set(PROBLEMS)
    for advised in ADVICE.values():
        assert set(advised) <= set(CLIENTS)


@pytest.mark.parametrize(
    ("text", "client", "advice"),
    [
        (
            "redis.exceptions.ConnectionError: certificate signed by unknown authority",
            "redis-py",
            "ssl_ca_certs",
        ),
        ("Error: self-signed certificate\n  code: 'DEPTH_ZERO_SELF_SIGNED_CERT'", NODE, "NODE_EX"),
        (
            "Could not connect to Redis at h:6380: SSL_connect failed: certificate verify failed",
            "redis-cli",
            "--cacert",
        ),
        ("go-redis: remote error: tls: certificate required", "go-redis", "TLSConfig.Certif"),
    ],
)
def test_advice_of_the_client(text: str, client: str, advice: str):
    explained = explain(text)
    assert explained.client == client
    assert advice in explained.candidates[0].advice
    assert f"in {client}: " in run(text).output


def test_what_is_exact_makes_vague_phrases_worthless():
    wrapper = "Error: Connection is closed.\n"
    assert ids(explain(wrapper))[0] == "port-refused"
    assert ids(explain(f"{wrapper}Error: connect ECONNREFUSED 127.0.0.1:6379")) == ["port-refused"]
    assert ids(explain(f"{wrapper}NOAUTH Authentication required.")) == ["password-missing"]
    assert {sign.strength for sign in SIGNS} == set(Strength)


def test_the_line_is_told_also_within_a_line_of_json():
    first = "starting\n\nok\n"
    assert explain(f"{first}NOAUTH Authentication required.").candidates[0].line == 4
    record = json.dumps({"error": "A: x\n\tat b.C\nCaused by: java.net.UnknownHostException: h"})
    explained = explain(f"{first}{record}")
    assert (ids(explained)[0], explained.candidates[0].line) == ("name-unknown", 4)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "MODULENOTFOUNDERROR: something else",
        "a readonly property of the store",
        "",
        "\0\ud800\n",
    ],
)
def test_an_unknown_text(text: str):
    assert explain(text).candidates == ()


def test_the_nearest_phrases_of_an_unknown_text():
    explained = explain("the certificate of the server is somehow expired, it seems")
    assert "certificate has expired" in explained.nearest
    assert explain("qwertz").nearest == ()


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("redis://default:abcdefgh@h:6379/0", True),
        ("input: 'rediss://default:ab/cd+ef==@h:6379'", True),
        ("rediss://:abcdefgh@h", True),
        ("redis://default:****@h:6379?timeout=2s", False),
        ("redis://h:6379/0", False),
        ("connecting to default@h", False),
        ("command: { name: 'auth', args: [ 'AUTH', 'default', 'abcdefgh' ] }", True),
        ("args: [\n  '3',\n  'AUTH',\n  'default',\n  'abcdefgh'\n]", True),
        ("unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'a' 'abcdefgh'", True),
        ("HELLO AUTH <user> <pass> option", False),
        ("AUTH failed: WRONGPASS invalid username-password pair", False),
        ("ERR AUTH <password> called without any password configured", False),
        ("cache:6380,password=abcdefgh,ssl=True", True),
        ("cache:6380,password=*****,ssl=True", False),
        ("REDIS_PASSWORD=abcdefgh", True),
        ("REDISCLI_AUTH: [secret]", False),
    ],
)
def test_a_credential_is_noticed(text: str, holds: bool):
    assert holds_credential(text) is holds


def test_credentials_in_the_texts_are_noticed():
    for document, text in TEXTS:
        leaks = any(secret in text["text"] for secret in document["secrets"])
        assert once(text["text"]).credential is leaks, text["text"]
    # Seven of nine clients do it.
    assert len({document["client"] for document in DOCUMENTS if document["secrets"]}) >= 7


def test_nothing_secret_of_a_text_is_printed():
    for document, text in TEXTS:
        if document["secrets"]:
            output = run(given=text["text"]).output
            assert not [secret for secret in document["secrets"] if secret in output]
    assert "seems to hold a password" in run(given="redis://default:abcdefgh@h: refused").output


@settings(max_examples=40, deadline=None)
@given(
    before=st.text(max_size=60),
    mark=st.text(alphabet="qxzjvk", min_size=6, max_size=40),
    sign=st.sampled_from([text["text"] for _, text in TEXTS] + [""]),
    after=st.text(max_size=60),
)
def test_nothing_of_a_text_is_ever_repeated(before: str, mark: str, sign: str, after: str):
    for text in (f"{before}{mark}{after}\n{sign}", f"{sign} {mark}", f"redis://{mark}:{mark}@h"):
        explained = explain(text)
        assert mark not in "\n".join(lines(explained, 80))
        assert mark not in repr(explained)


@pytest.mark.parametrize(
    "part",
    ["a://", "x://a:", "AUTH\n'", "permission denied ", "resolve '", "\\n"],
)
def test_a_hostile_text_takes_no_longer_than_a_long_one(part: str):
    started = time.process_time()
    explain(part * (2 * LONGEST // len(part)))
    assert time.process_time() - started < 20


def test_the_command_explains_an_argument():
    done = run("redis.exceptions.ResponseError: NOREPLICAS Not enough good replicas to write.")
    assert done.exit_code == 0
    assert "A text of redis-py." in done.output
    assert PROBLEMS["too-few-replicas"].title in done.output
    assert "[too-few-replicas," in done.output
    assert "secure-redis doctor" in done.output


def test_the_command_takes_an_answer_of_a_server_for_no_option():
    # It has the letters of -h in it, and begins with a minus.
    for words in (
        ["-ERR max number of clients reached"],
        ["-ERR", "max", "number", "of", "clients"],
    ):
        done = run(*words)
        assert (done.exit_code, "clients-exhausted" in done.output) == (0, True)


def test_the_command_reads_standard_input():
    for arguments in ([], ["-"]):
        done = run(*arguments, given="x\nOOM command not allowed when used memory > 'maxmemory'.")
        assert done.exit_code == 0
        assert "out-of-memory" in done.output
        assert "(line 2)" in done.output
    assert run(given=b"\xff\xfe NOAUTH Authentication required. \xc3").exit_code == 0


def test_the_command_ends_with_1_for_an_unknown_text():
    done = run("qwertz")
    assert done.exit_code == 1
    assert "not known" in done.output
    assert "secure-redis doctor" in done.output
    assert "Nearest: " not in done.output
    assert "Nearest: " in run("it has a certificate that expired").output


def test_the_command_wants_a_text():
    for nothing in ("", "\n \n"):
        done = run(given=nothing)
        assert done.exit_code == 2
        assert "Traceback" not in done.output


def test_several_candidates_are_ranked_and_the_rest_is_named():
    output = run("Error: read ECONNRESET").output
    places = [output.index(f"{number}. ") for number in (1, 2, 3)]
    assert places == sorted(places)
    assert "4. " not in output
    assert f"Less likely: {PROBLEMS['clients-exhausted'].title}" in output
    assert "finds out which of them it is" in output


@pytest.mark.parametrize("width", [40, 80, 100])
def test_lines_fit_the_terminal(width: int):
    for _, text in TEXTS[::25]:
        for line in "\n".join(lines(once(text["text"]), width)).splitlines():
            words = line.split()
            assert len(line) <= width or len(words) <= 2, line


def test_the_page_is_what_catalogue_and_texts_say():
    page = [sys.executable, str(ROOT / "docs/error_pages.py"), "--check"]
    done = subprocess.run(page, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_has_what_a_reader_searches_for_and_no_secret():
    page = (ROOT / "docs/errors.md").read_text()
    for wanted in (
        "wrong version number",
        "x509: certificate signed by unknown authority",
        "PKIX path building failed",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "must have parameter ssl_cert_reqs",
        "RemoteCertificateNameMismatch",
    ):
        assert wanted in page
    for document in DOCUMENTS:
        assert not [secret for secret in document["secrets"] if secret in page]
