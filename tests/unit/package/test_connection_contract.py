"""The connection contract: URLs that every parser reads back, and nothing lost on the way."""

import dataclasses
import json
import string
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import SSLConnection, parse_url
from secure_redis.connection import (
    CA_PATH,
    DERIVED_FIELDS,
    SECRET_FIELDS,
    CaSource,
    Connection,
    TlsVerify,
    authority,
    plain,
    redis_url,
)

HOSTS = st.one_of(
    st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z][a-z0-9]{0,10}){0,3}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
PORTS = st.integers(1, 65535)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
PASSWORDS = st.text(string.ascii_letters + string.digits, min_size=24, max_size=48)


def connection(**fields: Any) -> Connection:
    base: dict[str, Any] = {
        "target": "docker",
        "engine": "redis",
        "host": "redis.example.com",
        "port": 6380,
        "tls": True,
        "username": "app",
        "password": "x" * 48,
    }
    return Connection(**{**base, **fields})


CONNECTIONS = st.builds(
    connection,
    host=HOSTS,
    port=PORTS,
    tls=st.booleans(),
    username=TEXT,
    password=TEXT,
    tls_verify=st.sampled_from(TlsVerify),
    tls_server_name=st.one_of(st.just(""), HOSTS),
    cluster_mode=st.booleans(),
    ca_pem=st.sampled_from(["", "-----BEGIN CERTIFICATE-----\n"]),
    ca_source=st.sampled_from(CaSource),
    client_cert_pem=st.sampled_from(["", "certificate"]),
    client_key_pem=st.sampled_from(["", "key"]),
    readonly_username=st.one_of(st.just(""), TEXT),
    readonly_password=TEXT,
    reader_host=st.one_of(st.just(""), HOSTS),
    secret_ref=st.dictionaries(TEXT, TEXT, max_size=3),
    network=st.dictionaries(TEXT, TEXT, max_size=3),
    resource_id=st.text(max_size=10),
)


def test_the_url_has_user_password_port_and_database() -> None:
    assert connection().url == f"rediss://app:{'x' * 48}@redis.example.com:6380/0"
    assert connection(tls=False).url.startswith("redis://app:")


@pytest.mark.parametrize(
    ("password", "encoded"),
    [
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("%41", "%2541"),
        ("@:?#", "%40%3A%3F%23"),
    ],
)
def test_credentials_are_encoded_once(password: str, encoded: str) -> None:
    assert connection(password=password).url == f"rediss://app:{encoded}@redis.example.com:6380/0"
    assert connection(username=password).url.startswith(f"rediss://{encoded}:")


def test_without_a_password_there_is_no_user_part() -> None:
    url = redis_url(tls=False, host="127.0.0.1", port=6380, username="default")
    assert url == "redis://127.0.0.1:6380/0"


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert authority("::1", 6380) == "[::1]:6380"
    assert connection(host="::1").url_redacted == "rediss://[::1]:6380/0"


@given(HOSTS, PORTS, st.booleans(), TEXT, TEXT)
def test_the_standard_library_reads_the_url_back(
    host: str, port: int, tls: bool, username: str, password: str
) -> None:
    url = redis_url(tls=tls, host=host, port=port, username=username, password=password)
    parts = urlsplit(url)
    assert parts.scheme == ("rediss" if tls else "redis")
    assert (parts.hostname, parts.port) == (host.lower(), port)
    assert unquote(parts.username or "") == username
    assert unquote(parts.password or "") == password
    assert (parts.path, parts.query, parts.fragment) == ("/0", "", "")
    assert "?" not in url
    assert url.isascii()


@given(CONNECTIONS)
def test_redis_py_reads_the_url_back(given_connection: Connection) -> None:
    read: dict[str, Any] = dict(parse_url(given_connection.url))
    assert read["host"] == given_connection.host
    assert read["port"] == given_connection.port
    assert read["username"] == given_connection.username
    assert read["password"] == given_connection.password
    assert read["db"] == 0
    assert (read.get("connection_class") is SSLConnection) == given_connection.tls


@given(CONNECTIONS)
def test_the_redacted_url_has_the_place_and_no_credential(given_connection: Connection) -> None:
    parts = urlsplit(given_connection.url_redacted)
    assert parts.username is parts.password is None
    assert "@" not in given_connection.url_redacted
    assert parts.port == given_connection.port


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({}, {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}),
        (
            {"ca_pem": "pem"},
            {
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": "true",
                "ssl_ca_certs": CA_PATH,
            },
        ),
        (
            {"tls_verify": TlsVerify.CA, "ca_pem": "pem"},
            {
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": "false",
                "ssl_ca_certs": CA_PATH,
            },
        ),
        ({"tls_verify": TlsVerify.NONE}, {"ssl_cert_reqs": "none", "ssl_check_hostname": "false"}),
        (
            {"ca_pem": "pem", "client_cert_pem": "pem"},
            {
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": "true",
                "ssl_ca_certs": CA_PATH,
                "ssl_certfile": "/etc/redis-tls/client.crt",
                "ssl_keyfile": "/etc/redis-tls/client.key",
            },
        ),
    ],
)
def test_the_query_of_a_celery_url(fields: dict[str, Any], query: dict[str, str]) -> None:
    made = connection(**fields)
    bare, _, found = made.celery_url.partition("?")
    assert bare == made.url
    assert {key: value for key, (value,) in parse_qs(found).items()} == query


def test_paths_of_a_python_url_are_the_callers() -> None:
    made = connection(ca_pem="pem", client_cert_pem="pem")
    query = parse_qs(urlsplit(made.python_url("/my ca/ca.pem", "/client")).query)
    assert query["ssl_ca_certs"] == ["/my ca/ca.pem"]
    assert query["ssl_certfile"] == ["/client/client.crt"]
    beside = parse_qs(urlsplit(made.python_url("/my ca/ca.pem")).query)
    assert beside["ssl_keyfile"] == ["/my ca/client.key"]


def test_without_tls_a_python_url_is_bare() -> None:
    made = connection(tls=False)
    assert made.celery_url == made.python_url("/x") == made.url


@given(CONNECTIONS)
def test_redis_py_takes_the_query(given_connection: Connection) -> None:
    read: dict[str, Any] = dict(parse_url(given_connection.celery_url))
    if not given_connection.tls:
        return
    verified = given_connection.tls_verify is not TlsVerify.NONE
    assert read["ssl_cert_reqs"] == ("required" if verified else "none")
    assert read["ssl_check_hostname"] is (given_connection.tls_verify is TlsVerify.FULL)
    assert ("ssl_ca_certs" in read) == bool(given_connection.ca_pem)
    assert ("ssl_certfile" in read) == bool(given_connection.client_cert_pem)
    # Every key is an argument of the connection: redis-py raises TypeError for others.
    SSLConnection(**{k: v for k, v in read.items() if k != "connection_class"})


def test_stackexchange() -> None:
    assert connection(tls_server_name="name.example").stackexchange == (
        f"redis.example.com:6380,user=app,password={'x' * 48},ssl=True,abortConnect=False,"
        "sslProtocols=Tls12|Tls13,defaultDatabase=0,sslHost=name.example"
    )
    assert connection(tls=False, password="", username="").stackexchange == (
        "redis.example.com:6380,ssl=False,abortConnect=False,defaultDatabase=0"
    )


@given(CONNECTIONS)
def test_stackexchange_reads_back_at_commas_or_is_empty(given_connection: Connection) -> None:
    text = given_connection.stackexchange
    if "," in given_connection.password + given_connection.username:
        assert text == ""
        return
    place, *options = text.split(",")
    assert place == authority(given_connection.host, given_connection.port)
    found = dict(option.split("=", 1) for option in options)
    assert found["user"] == given_connection.username
    assert found["password"] == given_connection.password
    assert found["ssl"] == str(given_connection.tls)


def test_readers_and_read_only_users_have_urls_of_their_own() -> None:
    made = connection(
        reader_host="reader.example", readonly_username="readonly", readonly_password="r/o"
    )
    assert made.reader_url == f"rediss://app:{'x' * 48}@reader.example:6380/0"
    assert made.readonly_url == "rediss://readonly:r%2Fo@redis.example.com:6380/0"
    assert connection().reader_url == connection().readonly_url == ""


def test_telemetry_names_the_server_and_no_credential() -> None:
    made = connection()
    assert made.otel_attributes == {
        "db.system.name": "redis",
        "db.namespace": "0",
        "server.address": "redis.example.com",
        "server.port": "6380",
    }


def as_floats(value: Any) -> Any:
    """As Pulumi hands numbers on."""
    if isinstance(value, dict):
        return {key: as_floats(item) for key, item in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(CONNECTIONS)
def test_the_contract_survives_the_way_through_a_stack(given_connection: Connection) -> None:
    document = given_connection.to_dict()
    for changed in (document, json.loads(json.dumps(document)), as_floats(document)):
        read = Connection.from_dict(changed)
        assert read == given_connection
        assert type(read.port) is int
        assert type(read.database) is int
        assert isinstance(read.tls_verify, TlsVerify)
        assert isinstance(read.ca_source, CaSource)
        assert read.to_dict() == document


def test_the_document_has_every_field_and_only_json() -> None:
    document = connection(secret_ref={"kind": "x"}).to_dict()
    base = [field.name for field in dataclasses.fields(Connection)]
    assert list(document) == [*base, *DERIVED_FIELDS]
    assert json.loads(json.dumps(document)) == document


def test_derived_fields_in_a_document_are_made_anew() -> None:
    document = {**connection().to_dict(), "url": "rediss://elsewhere", "unknown": 1}
    assert Connection.from_dict(document).url == connection().url


@pytest.mark.parametrize("version", ["0", "2", "", None, 1])
def test_another_version_is_refused(version: Any) -> None:
    document = {**connection().to_dict(), "contract_version": version}
    with pytest.raises(ValueError, match="contract version"):
        Connection.from_dict(document)


def test_a_document_without_a_version_is_refused() -> None:
    with pytest.raises(ValueError, match="contract version None"):
        Connection.from_dict({})


@pytest.mark.parametrize(
    "field", ["target", "engine", "host", "port", "tls", "username", "password"]
)
def test_a_missing_field_is_refused(field: str) -> None:
    document = connection().to_dict()
    del document[field]
    with pytest.raises(ValueError, match="required field is missing"):
        Connection.from_dict(document)


def test_a_missing_optional_field_has_its_default() -> None:
    document = connection().to_dict()
    for field in ("tls_verify", "ca_source", "database", "network"):
        del document[field]
    assert Connection.from_dict(document) == connection()


@given(PASSWORDS, PASSWORDS, PASSWORDS)
def test_no_credential_is_in_the_representation(app: str, readonly: str, key: str) -> None:
    made = connection(
        password=app, readonly_username="ro", readonly_password=readonly, client_key_pem=key
    )
    for shown in (repr(made), str(made), f"{made}"):
        assert app not in shown
        assert readonly not in shown
        assert key not in shown


@given(PASSWORDS, PASSWORDS, PASSWORDS)
def test_every_field_with_a_credential_is_called_secret(app: str, readonly: str, key: str) -> None:
    made = connection(
        password=app,
        readonly_username="ro",
        readonly_password=readonly,
        client_key_pem=key,
        client_cert_pem="certificate",
        reader_host="reader.example",
        ca_pem="pem",
    )
    telling = {
        name
        for name, value in made.to_dict().items()
        if any(secret in str(value) for secret in (app, readonly, key))
    }
    assert telling == SECRET_FIELDS


def test_a_connection_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        connection().host = "elsewhere"  # pyright: ignore[reportAttributeAccessIssue]


def test_fields_become_plain() -> None:
    assert plain(TlsVerify.FULL) == "full"
    assert type(plain(TlsVerify.FULL)) is str
    assert plain({"a": "b"}) == {"a": "b"}
    assert plain(3) == 3
