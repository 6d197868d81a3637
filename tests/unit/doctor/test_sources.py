"""From URLs, variables and files to what the doctor looks at; broken ones above all."""

import base64
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given as drawn
from hypothesis import strategies as st
from redis.connection import parse_url
from secure_redis.connection import Auth, Connection, TlsVerify, redis_url
from secure_redis.doctor import sources, urls
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.endpoint import Declared, Endpoint, Given, secrets_of
from secure_redis.doctor.sources import NothingGivenError, OwnFiles
from secure_redis.rendering import dotenv
from secure_redis.rendering.env import DIALECTS, prefix_of, render

from tests.unit.doctor.issued import authority, issue
from tests.unit.rendering import samples

PASSWORD = samples.PASSWORD
HOST = "cache.example.org"
GOOD = {"REDIS_URL": f"rediss://app:{PASSWORD}@{HOST}:6380/0"}
RAW = "mJ8/x+Zk3vQ9==Tq7tPw3LmX9vKd2sRb"
"""What `openssl rand -base64` makes, put into a URL as it is."""


def problems(given: Given) -> list[str]:
    return [trouble.problem for trouble in given.problems]


def said(given: Given) -> str:
    """Every text that a person may see of it."""
    texts = [f"{one.problem} {one.observed} {one.where}" for one in given.problems]
    texts += [f"{one.observed} {one.where}" for one in given.remarks]
    return "\n".join([*texts, given.subject, repr(given), *given.variables])


def read(values: Mapping[str, str], **options: object) -> Given:
    return sources.from_env(values, Path("/nowhere"), **options)  # pyright: ignore[reportArgumentType]


def opened(given: Given) -> Endpoint:
    assert given.endpoint is not None, given.problems
    return given.endpoint


# --- every dialect, read back -------------------------------------------------------------


def certificates_in(directory: Path, connection: Connection) -> Path:
    """Writes what `secure-redis env --out` writes beside the variables; the CA's path."""
    files = {
        "ca.pem": connection.ca_pem,
        "ca.crt": connection.ca_pem,
        "client.crt": connection.client_cert_pem,
        "client.key": connection.client_key_pem,
    }
    for name, text in files.items():
        if text:
            (directory / name).write_text(text)
            (directory / name).chmod(0o600)
    return directory / "ca.pem"


@pytest.mark.parametrize("kind", samples.ALL.values(), ids=samples.ALL)
@pytest.mark.parametrize("prefix", ["", "SHOP"])
def test_all_dialects_together_are_the_connection(
    kind: Callable[[], Connection], prefix: str, tmp_path: Path
) -> None:
    connection = kind()
    ca = certificates_in(tmp_path, connection)
    dialects = [*DIALECTS]
    if prefix:
        # Those whose names are fixed are without a prefix, for other readers than the application.
        dialects = ["ssl", "tls", "certpath", "dotnet", "laravel"]
    values = render(connection, dialects, prefix=prefix, ca_path=str(ca))
    found = sources.from_env(
        values, tmp_path, prefix=prefix, declared=Declared(connection=connection)
    )
    # In mode `none` there is no user to log in as.
    same = connection if connection.auth is not Auth.NONE else replace(connection, username="")
    wanted = Endpoint.of(same)
    assert problems(found) == []
    assert replace(opened(found), auth=wanted.auth, tls_verify=wanted.tls_verify) == replace(wanted)
    if connection.auth is not Auth.NONE:
        assert opened(found).auth is connection.auth
    if connection.tls:
        assert opened(found).tls_verify is connection.tls_verify


@pytest.mark.parametrize("dialect", ["celery", "spring", "exporter", "aspire", "dotnet"])
@pytest.mark.parametrize("kind", ["local", "mutual", "public_ca", "chain_only", "plain"])
def test_a_dialect_without_the_core(dialect: str, kind: str, tmp_path: Path) -> None:
    connection: Connection = getattr(samples, kind)()
    ca = certificates_in(tmp_path, connection)
    names = {one.name.format(prefix="", cache="REDIS") for one in DIALECTS[dialect]}
    values = render(connection, [dialect], ca_path=str(ca))
    found = sources.from_env(
        {name: text for name, text in values.items() if name in names},
        tmp_path,
        declared=Declared(connection=connection),
    )
    endpoint = opened(found)
    assert problems(found) == []
    assert (endpoint.host, endpoint.port) == (connection.host, connection.port)
    assert (endpoint.tls, endpoint.password) == (connection.tls, connection.password)
    if connection.password:
        assert endpoint.username == connection.username
    if dialect in {"celery", "spring", "exporter"}:
        assert endpoint.ca_pem == connection.ca_pem
        assert endpoint.client_key_pem == connection.client_key_pem
    if dialect == "celery" and connection.tls:
        assert endpoint.tls_verify is connection.tls_verify


def test_the_variable_of_redis_cli_counts() -> None:
    found = read({"REDIS_HOST": HOST, "REDIS_SSL": "true", "REDISCLI_AUTH": PASSWORD})
    assert opened(found).password == PASSWORD
    found = read({**GOOD, "REDISCLI_AUTH": f"{PASSWORD}x"})
    assert problems(found) == ["settings-disagree"]


def test_variables_without_a_url() -> None:
    found = read(
        {
            "REDIS_HOST": HOST,
            "REDIS_PORT": "10000",
            "REDIS_USERNAME": "app",
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_SSL": "1",
            "REDIS_CLUSTER": "true",
            "REDIS_TLS_SERVER_NAME": "other.example.org",
            "REDIS_TLS_MIN_VERSION": "TLSv1.3",
        }
    )
    assert opened(found) == Endpoint(
        host=HOST,
        port=10000,
        tls=True,
        username="app",
        password=PASSWORD,
        cluster_mode=True,
        tls_server_name="other.example.org",
        tls_min_version="1.3",
    )
    assert problems(found) == []


def test_phpredis_writes_tls_before_the_host() -> None:
    found = opened(read({"REDIS_HOST": f"tls://{HOST}", "REDIS_PASSWORD": PASSWORD}))
    assert (found.host, found.tls) == (HOST, True)


def test_a_token_is_no_password_to_judge() -> None:
    values = render(samples.identity())
    found = read({**values, "REDIS_PASSWORD": "short-lived"})
    assert problems(found) == []
    assert opened(found).auth is Auth.IDENTITY
    assert opened(found).username == samples.identity().username
    assert opened(found).password == "short-lived"


def test_another_endpoint_beside_it_is_left_alone() -> None:
    broker = f"rediss://app:{PASSWORD}x@queue.example.org:6382/0"
    found = read({**GOOD, "CELERY_BROKER_URL": broker})
    assert problems(found) == []
    assert opened(found).host == HOST
    assert [one.observed for one in found.remarks] == [
        "CELERY_BROKER_URL goes to another endpoint: not looked at here"
    ]


def test_a_broker_of_another_kind_is_none_of_ours() -> None:
    with pytest.raises(NothingGivenError):
        read({"CELERY_BROKER_URL": "amqp://guest@rabbit:5672//"})


NAMES = [one.name.format(prefix="", cache="CACHE") for kind in DIALECTS.values() for one in kind]
ANYTHING = st.one_of(
    st.text(),
    st.text(st.characters(codec=None, categories=["Cs", "Lu", "Po"])),
    st.sampled_from(
        ["true", "0", "no", "/", "~nobody/x", "\x01", "[::1", "h:1:2", "%", "é", "..."]
    ),
    st.builds(
        lambda scheme, rest: f"{scheme}://{rest}", st.sampled_from(["redis", "rediss"]), st.text()
    ),
    st.builds(lambda text: f"-----BEGIN {text}", st.text()),
)


@drawn(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=6))
def test_nothing_that_somebody_writes_is_too_broken(values: dict[str, str]) -> None:
    try:
        found = read(values)
    except NothingGivenError:
        return
    assert found.endpoint or any(PROBLEMS[one.problem].fatal for one in found.problems)


# --- URLs ---------------------------------------------------------------------------------

LEGAL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=64)


@drawn(user=LEGAL, password=LEGAL)
def test_what_is_encoded_once_is_read_as_it_was(user: str, password: str) -> None:
    text = redis_url(tls=True, host=HOST, port=6380, username=user, password=password)
    found = urls.read(text)
    assert (found.username, found.password) == (user, password)
    assert (found.host, found.port, found.database, found.tls) == (HOST, 6380, 0, True)


RANDOM = random.Random(7)
BASE64 = [base64.b64encode(RANDOM.randbytes(32)).decode() for _ in range(300)]
PRINTABLE = [
    "".join(RANDOM.choice([chr(code) for code in range(33, 127)]) for _ in range(20))
    for _ in range(700)
]


def test_raw_passwords_are_read_only_where_a_client_reads_them_right() -> None:
    """Compared with redis-py itself; none of the texts holds a part of the password."""
    unreadable = 0
    for password in [*BASE64, *PRINTABLE]:
        text = f"rediss://app:{password}@{HOST}:6380/0"
        found = sources.from_url(text)
        try:
            parsed = parse_url(text)
        except ValueError:
            parsed = {}
        if "url-unreadable" in problems(found):
            unreadable += 1
            assert found.endpoint is None
            (trouble,) = found.problems
            if "redis-py" in trouble.observed and "; Go " in trouble.observed:
                stops = "redis-py stops" in trouble.observed
                assert stops == (not parsed), password
                assert stops or parsed.get("host") != HOST
        elif "password-placeholder" not in problems(found):
            assert parsed["host"] == opened(found).host == HOST
            if "url-encoded-twice" not in problems(found):
                assert parsed["password"] == opened(found).password
        for length in range(6, len(password)):
            assert password[:length] not in said(found)
            assert password[-length:] not in said(found)
    assert unreadable > 300


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"rediss://app:{RAW}@{HOST}:6380/0", "redis-py stops (Port could not be cast); Go stops"),
        (f"rediss://app:p@ss/w:rd@{HOST}:6380/0", "redis-py takes a part of them for the host"),
        (f"rediss://app:p@x?pass=word@{HOST}:6380/0", "takes a part of them for the host"),
        (f"rediss://app:50%zz{PASSWORD}@{HOST}:6380/0", "a % in user or password encodes nothing"),
        (f"rediss://app:a^b{PASSWORD}@{HOST}:6380/0", "invalid userinfo"),
        (f"rediss://app:{PASSWORD}@{HOST}:6380/cache", "no database's number"),
        (f"rediss://app:{PASSWORD}@{HOST}:port/0", "no port's number"),
        (f"rediss://app:{PASSWORD}@{HOST}:0/0", "no port's number"),
        (f"rediss://app:{PASSWORD}@:6380/0", "names no host"),
        (f"rediss://app:{PASSWORD}@fe80::1:6380/0", "needs brackets"),
        (f"rediss://app:{PASSWORD}@[fe80:6380/0", "no IPv6 address"),
        (f"'rediss://app:{PASSWORD}@{HOST}:6380/0'", "quotes stand around it"),
        (f"rediss://app:{PASSWORD}@{HOST}:6380/0 ", "white space"),
        (f"rediss://app:{PASSWORD}@{HOST}:6380/0\r", "white space"),
        (f"https://app:{PASSWORD}@{HOST}:6380/0", "its scheme https is neither"),
        (f"{PASSWORD}://app@{HOST}", "its scheme is neither"),
        (f"{HOST}:6380,password={PASSWORD},ssl=True", "it is no URL"),
        (f"rediss://${{USER}}:{PASSWORD}@{HOST}:6380/0", "nothing has filled in"),
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_read_says_why_and_nothing_else(text: str, reason: str) -> None:
    found = read({"REDIS_URL": text})
    assert problems(found) == ["url-unreadable"]
    assert reason in found.problems[0].observed
    assert found.endpoint is None
    for secret in (PASSWORD, RAW, "mJ8", "w:rd", "pass=word"):
        assert secret not in said(found)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_no_url_is_nothing(text: str) -> None:
    with pytest.raises(NothingGivenError, match="there is no URL"):
        sources.from_url(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (f"rediss://app:{PASSWORD}@[::1]:6380/0", "::1", 6380),
        (f"rediss://app:{PASSWORD}@10.0.0.7:6380", "10.0.0.7", 6380),
        (f"REDISS://app:{PASSWORD}@{HOST}:6380/0\n", HOST, 6380),
        (f"valkeys://app:{PASSWORD}@{HOST}:6380/0", HOST, 6380),
    ],
)
def test_good_urls(text: str, host: str, port: int) -> None:
    found = sources.from_url(text)
    assert problems(found) == []
    assert (opened(found).host, opened(found).port) == (host, port)
    assert found.variables == ("the URL",)


def test_a_url_without_a_port_is_remarked_upon() -> None:
    found = sources.from_url(f"rediss://app:{PASSWORD}@{HOST}")
    assert opened(found).port == 6379
    assert "names no port" in found.remarks[0].observed


def test_the_secret_of_an_unreadable_url_is_known_to_the_last_net() -> None:
    found = sources.from_url(f"rediss://app:{RAW}@{HOST}:6380/0")
    assert RAW in secrets_of(found)
    assert "x+Zk3vQ9==Tq7tPw3LmX9vKd2sRb" in secrets_of(found)


# --- half-broken environments ---------------------------------------------------------------


def url(password: str = PASSWORD, user: str = "app", rest: str = f"@{HOST}:6380/0") -> str:
    return f"rediss://{user}:{password}{rest}"


BROKEN: dict[str, tuple[Mapping[str, str], list[str], str]] = {
    "REDIS_SSL beside a plain URL": (
        {"REDIS_URL": f"redis://app:{PASSWORD}@{HOST}:6379/0", "REDIS_SSL": "true"},
        ["url-without-tls"],
        "REDIS_SSL asks for TLS, REDIS_URL has none",
    ),
    "REDIS_TLS_ENABLED beside a plain URL": (
        {"REDIS_URL": f"redis://app:{PASSWORD}@{HOST}:6379/0", "REDIS_TLS_ENABLED": "yes"},
        ["url-without-tls"],
        "REDIS_TLS_ENABLED asks",
    ),
    "REDIS_SSL off beside a TLS URL": (
        {**GOOD, "REDIS_SSL": "false"},
        ["settings-disagree"],
        "REDIS_URL and REDIS_SSL have different kinds of connection",
    ),
    "another host": (
        {**GOOD, "REDIS_HOST": "old.example.org"},
        ["settings-disagree"],
        "REDIS_URL and REDIS_HOST have different hosts (cache.example.org, old.example.org)",
    ),
    "another port": (
        {**GOOD, "REDIS_PORT": "6379"},
        ["settings-disagree"],
        "different ports (6380, 6379)",
    ),
    "another user, which can be a password in the wrong place": (
        {**GOOD, "REDIS_USERNAME": PASSWORD},
        ["settings-disagree"],
        "REDIS_URL and REDIS_USERNAME have different users",
    ),
    "another password": (
        {**GOOD, "REDIS_PASSWORD": f"{PASSWORD}2"},
        ["settings-disagree"],
        "REDIS_URL and REDIS_PASSWORD have different passwords",
    ),
    "several differ": (
        {**GOOD, "REDIS_PASSWORD": f"{PASSWORD}2", "REDIS_PORT": "1", "REDIS_DB": "3"},
        ["settings-disagree"],
        "REDIS_URL and REDIS_PASSWORD have different passwords; REDIS_URL and REDIS_DB have",
    ),
    "encoded twice": (
        {"REDIS_URL": url(quote(quote("aa/bb+cc==" * 4, safe=""), safe=""))},
        ["url-encoded-twice"],
        "%25",
    ),
    "encoded twice, and the password beside it": (
        {
            "REDIS_URL": url(quote(quote("aa/bb+cc==" * 4, safe=""), safe="")),
            "REDIS_PASSWORD": "aa/bb+cc==" * 4,
        },
        ["url-encoded-twice"],
        "%25",
    ),
    "an @ as it is": ({"REDIS_URL": url(f"{PASSWORD}@x")}, ["url-not-encoded"], "an @"),
    "no user": ({"REDIS_URL": url(user="")}, ["user-missing"], "begins with a colon"),
    "verification off": (
        {**GOOD, "REDIS_SSL_CERT_REQS": "none"},
        ["verification-off"],
        "REDIS_SSL_CERT_REQS",
    ),
    "verification off, twice": (
        {**GOOD, "REDIS_SSL_CERT_REQS": "CERT_NONE", "REDIS_TLS_VERIFY": "false"},
        ["verification-off"],
        "REDIS_SSL_CERT_REQS, REDIS_TLS_VERIFY",
    ),
    "verification off in Node.js": (
        {**GOOD, "NODE_TLS_REJECT_UNAUTHORIZED": "0"},
        ["verification-off"],
        "NODE_TLS_REJECT_UNAUTHORIZED",
    ),
    "verification off in the query": (
        {"REDIS_URL": url(rest=f"@{HOST}:6380/0?ssl_cert_reqs=none")},
        ["verification-off"],
        "ssl_cert_reqs in REDIS_URL",
    ),
    "verification off for Go": (
        {"REDIS_URL": url(rest=f"@{HOST}:6380/0?skip_verify=true")},
        ["verification-off"],
        "skip_verify in REDIS_URL",
    ),
    "names not compared": (
        {**GOOD, "REDIS_SSL_CHECK_HOSTNAME": "false"},
        ["names-not-compared"],
        "REDIS_SSL_CHECK_HOSTNAME",
    ),
    "a query": (
        {"REDIS_URL": url(rest=f"@{HOST}:6380/0?protocol=3&{PASSWORD}=x")},
        ["url-query"],
        "REDIS_URL has protocol, others",
    ),
    "Celery's backend without its query": (
        {"CELERY_BROKER_URL": url(), "CELERY_RESULT_BACKEND": url()},
        ["celery-query-missing"],
        "CELERY_RESULT_BACKEND",
    ),
    "another database": (
        {"REDIS_URL": url(rest=f"@{HOST}:6380/2")},
        ["database-not-portable"],
        "2",
    ),
    "Laravel's own database": (
        {**GOOD, "REDIS_CACHE_DB": "1"},
        ["database-not-portable"],
        "REDIS_CACHE_DB",
    ),
    "a short password": ({"REDIS_URL": url("hunter2hunter2")}, ["password-weak"], "14 characters"),
    "Kubernetes' own REDIS_PORT": (
        {"REDIS_HOST": HOST, "REDIS_PORT": "tcp://10.96.0.12:6379"},
        ["setting-unreadable"],
        "REDIS_PORT is an address, as Kubernetes sets it",
    ),
    "a URL for a host": (
        {"REDIS_HOST": f"rediss://{HOST}:6380"},
        ["setting-unreadable"],
        "REDIS_HOST is no name or address",
    ),
    "a host with its port": (
        {"REDIS_HOST": f"{HOST}:6380"},
        ["setting-unreadable"],
        "REDIS_HOST is no name or address",
    ),
    "no switch": ({**GOOD, "REDIS_SSL": "required"}, ["setting-unreadable"], "neither true"),
    "no number": ({**GOOD, "REDIS_DB": "zero"}, ["setting-unreadable"], "REDIS_DB is no number"),
    "no configuration string": (
        {"ConnectionStrings__Redis": f"password={PASSWORD},ssl=True"},
        ["setting-unreadable"],
        "begins with no host",
    ),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_one_cause_is_one_trouble(case: tuple[Mapping[str, str], list[str], str]) -> None:
    values, wanted, text = case
    found = read(values)
    assert problems(found) == wanted
    assert text in found.problems[0].observed
    assert PASSWORD not in said(found)
    assert found.endpoint or PROBLEMS[wanted[0]].fatal


@pytest.mark.parametrize(
    "password",
    ["change-me", "CHANGE_ME_IN_PRODUCTION", "your-redis-password", "<password>", "xxxxxxxx",
     "${REDIS_PASSWORD}", "$REDIS_PASSWORD", "{{ redis.password }}", "my-password-here", "[secret]",
     "placeholder", "****", "replace-with-a-strong-one", "insert-token"],
)  # fmt: skip
def test_placeholders(password: str) -> None:
    found = read({"REDIS_HOST": HOST, "REDIS_SSL": "true", "REDIS_PASSWORD": password})
    assert problems(found) == ["password-placeholder"]
    assert problems(read({"REDIS_URL": url(quote(password, safe=""))})) == ["password-placeholder"]


@drawn(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=32))
def test_a_generated_password_is_no_placeholder(password: str) -> None:
    if "todo" not in password.lower() and len(set(password.lower())) > 4:
        assert problems(read({"REDIS_URL": url(password)})) == []


def test_a_placeholder_as_it_stands_in_a_url() -> None:
    assert problems(read({"REDIS_URL": url("<password>")})) == ["password-placeholder"]
    assert problems(read({"REDIS_URL": url("{{password}}")})) == ["password-placeholder"]


def test_names_need_not_be_compared_where_the_host_is_an_address() -> None:
    values = {"REDIS_URL": url(rest="@10.20.0.3:6378/0"), "REDIS_SSL_CHECK_HOSTNAME": "false"}
    found = read(values)
    assert problems(found) == []
    assert opened(found).tls_verify is TlsVerify.CA


def test_names_are_compared_where_the_stack_says_so() -> None:
    declared = Declared(connection=samples.local())
    found = read({**GOOD, "REDIS_SSL_CHECK_HOSTNAME": "false"}, declared=declared)
    assert problems(found) == ["verification-off"]
    assert opened(found).tls_verify is TlsVerify.FULL


def test_what_turns_verification_off_is_not_done_by_the_doctor() -> None:
    assert opened(read({**GOOD, "REDIS_SSL_CERT_REQS": "none"})).tls_verify is TlsVerify.FULL


def test_the_password_that_was_encoded_twice_is_tried_decoded() -> None:
    found = read({"REDIS_URL": url(quote(quote(RAW, safe=""), safe=""))})
    assert opened(found).password == RAW


def test_an_empty_variable_is_none() -> None:
    assert problems(read({**GOOD, "REDIS_PASSWORD": "", "REDIS_HOST": " "})) == []


def test_without_tls_no_certificate_is_looked_at() -> None:
    found = read({"REDIS_URL": f"redis://app:{PASSWORD}@{HOST}:6379/0",
                  "REDIS_SSL_CA_CERTS": "/nowhere/ca.pem"})  # fmt: skip
    assert problems(found) == []


@pytest.mark.parametrize(
    ("values", "prefix", "text"),
    [
        ({}, "", "there is no REDIS_URL, no REDIS_HOST, and nothing of another dialect"),
        ({"REDIS_PASSWORD": PASSWORD}, "", "there is no REDIS_URL"),
        ({"CACHE_REDIS_URL": url()}, "", "but CACHE_REDIS_URL: --prefix CACHE"),
        (GOOD, "SHOP", "there is no SHOP_REDIS_URL and no SHOP_REDIS_HOST"),
    ],
)
def test_nothing_at_all(values: Mapping[str, str], prefix: str, text: str) -> None:
    with pytest.raises(NothingGivenError, match=text):
        read(values, prefix=prefix)


def test_a_prefix_with_or_without_its_underscore() -> None:
    for prefix in ("CACHE", "CACHE_"):
        assert opened(read({"CACHE_REDIS_URL": url(), **GOOD}, prefix=prefix)).host == HOST
    assert prefix_of("cache") == "CACHE_"
    assert opened(read({"CACHE_REDIS_URL": url()}, prefix="cache")).host == HOST


# --- certificate files ----------------------------------------------------------------------

CA = authority()
OTHER_CA = authority("Other CA")
CLIENT = issue("client", CA)
OLD_CA = authority("Old CA", begins=timedelta(days=-9), ends=timedelta(days=-2))


def with_ca(tmp_path: Path, content: bytes | str, **more: str) -> Given:
    file = tmp_path / "ca.pem"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read({**GOOD, "REDIS_SSL_CA_CERTS": str(file), **more})


def test_a_good_ca(tmp_path: Path) -> None:
    found = with_ca(tmp_path, CA.pem)
    assert problems(found) == []
    assert opened(found).ca_pem == CA.pem
    assert not opened(found).system_ca_too
    assert [(one.path, one.secret) for one in found.files] == [(str(tmp_path / "ca.pem"), False)]


def test_several_certificates_and_text_around_them(tmp_path: Path) -> None:
    found = with_ca(tmp_path, f"# ours\n{CA.pem}\n# theirs\n{OTHER_CA.pem}")
    assert problems(found) == []
    assert opened(found).ca_pem == CA.pem + OTHER_CA.pem


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (CLIENT.key_pem, "holds a private key and no certificate"),
        (CA.pem[:200], "is damaged PEM"),
        ("<html><body>403</body></html>", "is HTML or XML, perhaps the error page of a download"),
        (CA.certificate.public_bytes(Encoding.DER), "is DER, not PEM"),
        (encoded(CA.pem), "is base64 of PEM that was not decoded"),
        ("hello", "is no PEM"),
    ],
    ids=["empty", "key", "damaged", "html", "der", "base64", "text"],
)  # fmt: skip
def test_what_is_no_ca(tmp_path: Path, content: bytes | str, reason: str) -> None:
    found = with_ca(tmp_path, content)
    assert problems(found) == ["ca-file-invalid"]
    assert found.problems[0].observed == f"REDIS_SSL_CA_CERTS: {reason}"
    assert found.problems[0].where == str(tmp_path / "ca.pem")


def test_a_directory_in_place_of_the_ca(tmp_path: Path) -> None:
    found = read({**GOOD, "REDIS_SSL_CA_CERTS": str(tmp_path)})
    assert problems(found) == ["ca-file-invalid"]
    assert "is a directory, which Docker makes" in found.problems[0].observed


def test_a_missing_ca_is_one_trouble_for_all_its_names() -> None:
    path = "/etc/redis-tls/not-there.pem"
    found = read({**GOOD, "REDIS_SSL_CA_CERTS": path, "REDIS_TLS_CA_PATH": path})
    assert problems(found) == ["ca-file-missing"]
    assert found.problems[0].observed == "REDIS_SSL_CA_CERTS and REDIS_TLS_CA_PATH: no such file"
    assert found.problems[0].where == path


def test_a_missing_ca_that_stands_beside_it_in_base64() -> None:
    found = read({**GOOD, "REDIS_SSL_CA_CERTS": "/no/ca.pem", "REDIS_CA_PEM_B64": encoded(CA.pem)})
    assert problems(found) == []
    assert opened(found).ca_pem == CA.pem
    assert "REDIS_CA_PEM_B64 has the CA" in found.remarks[0].observed


@pytest.mark.parametrize(
    ("value", "reason"),
    [("???", "is no base64"), (CA.pem, "holds PEM as it is"), (encoded("x"), "is no PEM")],
)
def test_base64_that_is_none(value: str, reason: str) -> None:
    found = read({**GOOD, "REDIS_CA_PEM_B64": value})
    assert problems(found) == ["ca-file-invalid"]
    assert reason in found.problems[0].observed


def test_a_ca_that_may_not_be_read(tmp_path: Path) -> None:
    """As another user than root: root may read everything."""
    file = tmp_path / "ca.pem"
    file.write_text(CA.pem)
    file.chmod(0)
    for directory in (tmp_path, *tmp_path.parents[:3]):
        directory.chmod(0o755)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        found = read({**GOOD, "REDIS_SSL_CA_CERTS": str(file)})
    finally:
        os.seteuid(before)
    assert problems(found) == ["ca-file-unreadable"]
    assert found.problems[0].observed == "REDIS_SSL_CA_CERTS: permission denied"


def test_an_expired_ca(tmp_path: Path) -> None:
    assert problems(with_ca(tmp_path, OLD_CA.pem)) == ["ca-expired"]


def test_one_of_several_expired(tmp_path: Path) -> None:
    found = with_ca(tmp_path, OLD_CA.pem + CA.pem)
    assert problems(found) == []
    assert "1 of 2 CA certificates have expired" in found.remarks[0].observed


def test_two_cas_that_differ(tmp_path: Path) -> None:
    found = with_ca(tmp_path, CA.pem, REDIS_CA_PEM_B64=encoded(OTHER_CA.pem))
    assert problems(found) == ["settings-disagree"]
    assert "REDIS_SSL_CA_CERTS and REDIS_CA_PEM_B64 hold different CA" in found.problems[0].observed


def test_the_same_ca_twice_is_fine(tmp_path: Path) -> None:
    assert problems(with_ca(tmp_path, CA.pem, REDIS_CA_PEM_B64=encoded(CA.pem))) == []


@pytest.mark.parametrize("name", ["ca.crt", "ca.pem"])
def test_a_directory_of_certificates(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CA.pem)
    assert opened(read({**GOOD, "REDIS_CERT_PATH": str(tmp_path)})).ca_pem == CA.pem


def test_an_empty_directory_of_certificates(tmp_path: Path) -> None:
    found = read({**GOOD, "REDIS_CERT_PATH": str(tmp_path)})
    assert problems(found) == ["ca-file-missing"]
    assert found.problems[0].where == str(tmp_path / "ca.crt")


def test_a_ca_as_text_in_the_variable() -> None:
    escaped = CA.pem.replace("\n", "\\n")
    assert opened(read({**GOOD, "REDIS_TLS_CA_CERT": escaped})).ca_pem == CA.pem


def test_trust_in_general_counts_where_nothing_is_said_for_redis(tmp_path: Path) -> None:
    file = tmp_path / "bundle.pem"
    file.write_text(CA.pem)
    found = opened(read({**GOOD, "NODE_EXTRA_CA_CERTS": str(file)}))
    assert (found.ca_pem, found.system_ca_too) == (CA.pem, True)
    found = opened(read({**GOOD, "SSL_CERT_FILE": str(file)}))
    assert (found.ca_pem, found.system_ca_too) == (CA.pem, False)
    own = {"REDIS_CA_PEM_B64": encoded(OTHER_CA.pem), "SSL_CERT_FILE": str(file)}
    assert opened(read({**GOOD, **own})).ca_pem == OTHER_CA.pem


def pair_in(
    tmp_path: Path, certificate: str = CLIENT.pem, key: str = CLIENT.key_pem
) -> dict[str, str]:
    (tmp_path / "client.crt").write_text(certificate)
    (tmp_path / "client.key").write_text(key)
    (tmp_path / "client.key").chmod(0o600)
    return {
        "REDIS_SSL_CERTFILE": str(tmp_path / "client.crt"),
        "REDIS_SSL_KEYFILE": str(tmp_path / "client.key"),
    }


def test_a_good_pair(tmp_path: Path) -> None:
    found = read({**GOOD, **pair_in(tmp_path)})
    assert problems(found) == []
    assert opened(found).mutual
    assert opened(found).client_key_pem == CLIENT.key_pem
    assert [one.secret for one in found.files] == [False, True]
    assert CLIENT.key_pem.splitlines()[1] not in said(found)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read(tmp_path: Path, mode: int) -> None:
    values = pair_in(tmp_path)
    (tmp_path / "client.key").chmod(mode)
    found = read({**GOOD, **values})
    assert problems(found) == ["key-readable-by-others"]
    assert found.problems[0].observed == f"its mode is {mode:04o}"
    assert found.problems[0].where == str(tmp_path / "client.key")


def test_a_pair_that_does_not_belong_together(tmp_path: Path) -> None:
    found = read({**GOOD, **pair_in(tmp_path, key=issue("client", CA).key_pem)})
    assert problems(found) == ["client-pair-mismatch"]


def test_an_expired_pair(tmp_path: Path) -> None:
    old = issue("client", CA, begins=timedelta(days=-9), ends=timedelta(days=-2))
    found = read({**GOOD, **pair_in(tmp_path, old.pem, old.key_pem)})
    assert problems(found) == ["client-certificate-expired"]


@pytest.mark.parametrize("lacking", ["REDIS_SSL_CERTFILE", "REDIS_SSL_KEYFILE"])
def test_half_a_pair(tmp_path: Path, lacking: str) -> None:
    values = pair_in(tmp_path)
    del values[lacking]
    assert problems(read({**GOOD, **values})) == ["client-pair-missing"]


@pytest.mark.parametrize("lacking", ["client.crt", "client.key"])
def test_a_pair_whose_file_is_not_there(tmp_path: Path, lacking: str) -> None:
    values = pair_in(tmp_path)
    (tmp_path / lacking).unlink()
    found = read({**GOOD, **values})
    assert problems(found) == ["client-pair-missing"]
    assert found.problems[0].where == str(tmp_path / lacking)


def test_a_key_that_is_none(tmp_path: Path) -> None:
    found = read({**GOOD, **pair_in(tmp_path, key="hello")})
    assert problems(found) == ["client-pair-missing"]
    found = read({**GOOD, **pair_in(tmp_path, certificate=CLIENT.key_pem)})
    assert problems(found) == ["client-pair-missing"]


KEY_TEXT = CLIENT.key_pem
FLAT = "".join(KEY_TEXT.splitlines()[1:-1])


@pytest.mark.parametrize(
    "value",
    [encoded(KEY_TEXT), FLAT, KEY_TEXT.replace("\n", " ").strip("-"), f"x{KEY_TEXT}"],
    ids=["base64", "no header", "one line", "before"],
)
@pytest.mark.parametrize("name", ["REDIS_SSL_KEYFILE", "REDIS_SSL_CA_CERTS"])
def test_a_key_where_a_path_belongs_is_not_repeated(tmp_path: Path, value: str, name: str) -> None:
    found = read({**GOOD, **pair_in(tmp_path), name: value})
    assert problems(found) == [
        "client-pair-missing" if name == "REDIS_SSL_KEYFILE" else "ca-file-invalid"
    ]
    assert found.problems[0].observed == f"{name}: is neither a path nor PEM"
    # Before it stands the kind of key, behind it the public half, both of which certificates have.
    for start in range(48, 80):
        assert FLAT[start : start + 10] not in said(found)


def test_one_file_named_to_the_doctor_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text(OTHER_CA.pem)
    own = OwnFiles(ca=str(tmp_path / "own.pem"))
    found = opened(read({**GOOD, **pair_in(tmp_path)}, own=own))
    assert (found.ca_pem, found.client_cert_pem) == (OTHER_CA.pem, CLIENT.pem)
    pair = OwnFiles(cert=str(tmp_path / "client.crt"), key=str(tmp_path / "client.key"))
    found = opened(read({**GOOD, "REDIS_CA_PEM_B64": encoded(CA.pem)}, own=pair))
    assert (found.ca_pem, found.client_cert_pem) == (CA.pem, CLIENT.pem)
    stack = samples.mutual()
    found = opened(sources.from_connection(stack, Declared(), own=own))
    assert (found.ca_pem, found.client_cert_pem) == (OTHER_CA.pem, stack.client_cert_pem)


def test_files_named_to_the_doctor_replace_all_others(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text(OTHER_CA.pem)
    broken = {**GOOD, "REDIS_SSL_CA_CERTS": "/no/ca.pem", "REDIS_CA_PEM_B64": "?"}
    found = read(broken, own=OwnFiles(ca=str(tmp_path / "own.pem")))
    assert problems(found) == []
    assert opened(found).ca_pem == OTHER_CA.pem
    found = read(GOOD, own=OwnFiles(ca="/no/own.pem"))
    assert problems(found) == ["ca-file-missing"]
    assert found.problems[0].observed == "--ca: no such file"
    assert problems(read(GOOD, own=OwnFiles(cert=str(tmp_path / "own.pem")))) == [
        "client-pair-missing"
    ]


# --- .env files and stacks ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["local", "mutual", "public_ca", "chain_only"])
def test_the_file_that_env_writes(tmp_path: Path, kind: str) -> None:
    connection: Connection = getattr(samples, kind)()
    ca = certificates_in(tmp_path, connection)
    file = tmp_path / ".env"
    file.write_text(dotenv.document(render(connection, ca_path=str(ca)), "heading"))
    found = sources.from_env_file(file)
    assert problems(found) == []
    assert opened(found) == Endpoint.of(connection)
    assert found.subject == str(file)
    assert (found.files[0].path, found.files[0].secret) == (str(file), True)


def test_relative_paths_begin_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CA.pem)
    file = tmp_path / "app.env"
    file.write_text(f"export REDIS_URL='{url()}'\nREDIS_SSL_CA_CERTS=ca.pem\n")
    assert opened(sources.from_env_file(file)).ca_pem == CA.pem


def test_a_file_beside_the_process_s_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_HOST", "other.example.org")
    file = tmp_path / ".env"
    file.write_text(f"REDIS_URL={url()}\nREDIS_PASSWORD=${{REDIS_HOST}}\n")
    found = sources.from_env_file(file)
    assert "other.example.org" not in said(found)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "no such file"),
        (b"", "there is no REDIS_URL"),
        (b"\xff\xfe\x00bad", "is no text"),
        (b"}{ not an assignment", "there is no REDIS_URL"),
    ],
)
def test_a_file_that_has_nothing(tmp_path: Path, content: bytes | None, text: str) -> None:
    file = tmp_path / ".env"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NothingGivenError, match=text) as caught:
        sources.from_env_file(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("kind", samples.ALL.values(), ids=samples.ALL)
def test_a_stack_s_own_connection(kind: Callable[[], Connection]) -> None:
    connection = kind()
    declared = Declared(stack="local", cache="cache", connection=connection)
    found = sources.from_connection(connection, declared)
    assert problems(found) == []
    assert opened(found) == Endpoint.of(connection)
    assert found.subject == "cache of stack local"
    assert found.declared is declared


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"ca_pem": "garbage"}, ["ca-file-invalid"]),
        ({"ca_pem": OLD_CA.pem}, ["ca-expired"]),
        ({"password": "short"}, ["password-weak"]),
        ({"tls_verify": TlsVerify.NONE}, ["verification-off"]),
        ({"client_cert_pem": CLIENT.pem, "client_key_pem": ""}, ["client-pair-missing"]),
        (
            {"client_cert_pem": CLIENT.pem, "client_key_pem": CA.key_pem},
            ["client-pair-mismatch"],
        ),
    ],
)
def test_a_connection_that_is_broken(changes: dict[str, str], wanted: list[str]) -> None:
    connection = samples.local(**changes)
    assert problems(sources.from_connection(connection, Declared())) == wanted
