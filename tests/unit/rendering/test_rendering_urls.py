"""The URL means the same to every parser, whatever the password."""

import ipaddress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st
from kombu.utils.url import parse_url as kombu_parse_url
from kombu.utils.url import url_to_parts
from redis.asyncio.connection import parse_url as redis_asyncio_parse_url
from redis.connection import SSLConnection
from redis.connection import parse_url as redis_parse_url
from secure_redis.connection import Connection, TlsVerify

from tests.unit.rendering import readers, samples

PASSWORDS = st.text(
    st.one_of(
        st.sampled_from("/+=@:#$%'\"\\ ?&;[]{}<>|^`~,!*()._-"),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.characters(exclude_categories=("C", "Z")),
    ),
    min_size=1,
    max_size=64,
)
USERNAMES = st.from_regex(r"[a-z][a-z0-9_.@/+ -]{0,20}", fullmatch=True)
LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
CONNECTIONS = st.builds(
    Connection,
    target=st.just("external"),
    engine=st.just("redis"),
    host=HOSTS,
    port=st.integers(1, 65535),
    tls=st.booleans(),
    username=USERNAMES,
    password=PASSWORDS,
)


def fields(connection: Connection) -> tuple[str, str, str, int, int]:
    return (
        connection.username,
        connection.password,
        canonical(connection.host),
        connection.port,
        connection.database,
    )


def canonical(host: str) -> str:
    text = host.strip("[]")
    return str(ipaddress.IPv6Address(text)) if ":" in text else text


@given(CONNECTIONS)
@settings(deadline=None)
def test_python_parsers_get_the_five_fields_back(connection: Connection) -> None:
    expected = fields(connection)

    parts = urlsplit(connection.url)
    assert parts.scheme == ("rediss" if connection.tls else "redis")
    assert (
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        canonical(parts.hostname or ""),
        parts.port,
        int(parts.path.removeprefix("/")),
    ) == expected
    assert (parts.query, parts.fragment) == ("", "")

    for parse in (redis_parse_url, redis_asyncio_parse_url):
        options: dict[str, Any] = {**parse(connection.url)}
        assert (
            options["username"],
            options["password"],
            canonical(options["host"]),
            options["port"],
            options["db"],
        ) == expected
        assert ("connection_class" in options) == connection.tls

    kombu = url_to_parts(connection.url)
    assert (
        kombu.username,
        kombu.password,
        canonical(kombu.hostname),
        kombu.port,
        int(kombu.path),
    ) == expected


@given(st.lists(CONNECTIONS, min_size=5, max_size=40))
@settings(deadline=None, max_examples=15)
def test_node_parsers_get_the_five_fields_back(connections: list[Connection]) -> None:
    for connection, found in zip(
        connections, readers.node_urls([one.url for one in connections]), strict=True
    ):
        for parser in ("whatwg", "old"):
            scheme, username, password, host, port, rest = found[parser]
            assert scheme == ("rediss:" if connection.tls else "redis:"), parser
            expected = fields(connection)
            assert (
                username,
                password,
                canonical(host),
                int(port),
                int(rest.removeprefix("/")),
            ) == expected, parser


def test_a_raw_password_would_go_to_another_host() -> None:
    raw = f"rediss://app:{samples.AWKWARD_PASSWORD}@localhost:6380/0"
    assert redis_parse_url(raw)["host"] == "ss"
    encoded = redis_parse_url(samples.local(password=samples.AWKWARD_PASSWORD).url)
    assert (encoded["host"], encoded["password"]) == ("localhost", samples.AWKWARD_PASSWORD)


@given(
    CONNECTIONS,
    st.sampled_from([TlsVerify.FULL, TlsVerify.CA]),
    st.from_regex(r"(/[A-Za-z0-9 ._+,@=&#?$-]{1,12}){1,4}", fullmatch=True),
)
@settings(deadline=None)
def test_the_query_of_the_python_url_arrives(
    connection: Connection, verify: TlsVerify, path: str
) -> None:
    connection = replace(connection, tls=True, tls_verify=verify, ca_pem="CA", client_cert_pem="C")
    url = connection.python_url(path)
    options = redis_parse_url(url)
    directory = path.rpartition("/")[0]
    assert options["connection_class"] is SSLConnection
    assert options["password"] == connection.password
    assert options["ssl_ca_certs"] == path
    assert options["ssl_certfile"] == f"{directory}/client.crt"
    assert options["ssl_keyfile"] == f"{directory}/client.key"
    assert options["ssl_cert_reqs"] == "required"
    # redis-py and kombu take every value from the URL as text or flag: both must say the same.
    assert options["ssl_check_hostname"] is (verify is TlsVerify.FULL)
    kombu = kombu_parse_url(url)
    assert kombu["password"] == connection.password
    assert kombu["ssl"]["ssl_ca_certs"] == path
    assert kombu["ssl"]["ssl_check_hostname"] is (verify is TlsVerify.FULL)
