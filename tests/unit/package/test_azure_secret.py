"""URLs with Azure's keys: base64, whose signs a URL must not hold as they are."""

import base64
from urllib.parse import unquote, urlsplit

import pulumi
import pytest
import redis
from azure_cases import azure_cache
from hypothesis import example, given
from hypothesis import strategies as st
from package_azure_cloud import keys
from package_components import outputs_of
from package_monitor import reveal, succeed
from secure_redis.azure.component import url
from secure_redis.azure.settings import Key
from secure_redis.connection import redis_url

HOST = "shop-prod-cache-0a1b2c3d.westeurope.redis.azure.net"
KEYS = st.one_of(
    st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode()),
    st.text("+/=Aa0%:@?#&", min_size=1, max_size=60),
)
"""Keys like Azure's, and worse ones."""
PORTS = st.sampled_from([6380, 10_000])


@example("/+" * 20 + "=", 10_000)
@given(KEYS, PORTS)
def test_a_key_survives_every_reader_of_urls(key: str, port: int) -> None:
    found = redis_url(tls=True, host=HOST, port=port, username="default", password=key)
    parts = urlsplit(found)
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("rediss", HOST, port, "/0")
    assert (parts.query, parts.fragment) == ("", "")
    assert parts.username == "default"
    assert unquote(parts.password or "") == key
    pool = redis.ConnectionPool.from_url(found)
    assert pool.connection_class is redis.SSLConnection
    settings = pool.connection_kwargs
    assert (settings["host"], settings["port"], settings["db"]) == (HOST, port, 0)
    assert (settings["username"], settings["password"]) == ("default", key)


@pytest.mark.parametrize("active", list(Key))
def test_the_key_of_that_name(active: Key) -> None:
    world = succeed(lambda: azure_cache(azure={"active_key": active.value}))
    outputs = reveal(outputs_of(world))
    name = world.one("RedisEnterprise", "cache").state["name"]
    found = keys(name)
    urls = [outputs["url"], outputs["secondary_url"]]
    passwords = [unquote(urlsplit(each).password or "") for each in urls]
    order = ["primaryKey", "secondaryKey"]
    if active is Key.SECONDARY:
        order.reverse()
    assert passwords == [found[each] for each in order]
    assert outputs["password"] == passwords[0]
    assert len(set(passwords)) == 2


def test_a_url_is_secret_if_its_key_is() -> None:
    marks: list[bool] = []

    def program() -> None:
        key = pulumi.Output.secret("a/+=")
        found = url(pulumi.Output.from_input(HOST), 10_000, key)
        pulumi.export("url", found)
        pulumi.export("plain", pulumi.Output.from_input(found.is_secret()).apply(marks.append))

    world = succeed(program)
    assert reveal(world.exports["url"]) == f"rediss://default:a%2F%2B%3D@{HOST}:10000/0"
    assert marks == [True]
