"""The credential: an AUTH string that Google makes, kept secret on its whole way."""

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import package_gcp_cloud
import pulumi
import pytest
import redis
from gcp_cases import GLOBAL_KEY, KEY, PRODUCTION, gcp_cache, run, succeed
from hypothesis import given
from hypothesis import strategies as st
from package_components import outputs_of
from package_gcp_cloud import REGION, auth_string
from package_monitor import Secret, reveal
from secure_redis.connection import redis_url
from secure_redis.gcp.component import url
from secure_redis.gcp.redis import _auth_string
from secure_redis.gcp.secret import replication
from test_gcp_component import NAME

BOTH: dict[str, Any] = {**PRODUCTION, "rotation": {"generation": 2, "keep_previous": True}}
HOST = "10.64.7.3"


def marks(program_output: Any) -> list[bool]:
    """Whether an output is secret, as the run tells."""
    found: list[bool] = []

    def program() -> None:
        output = program_output()
        pulumi.Output.from_input(output.is_secret()).apply(found.append)
        pulumi.export("it", output)

    succeed(program)
    return found


def test_an_auth_string_is_secret_also_where_the_sdk_does_not_say_so() -> None:
    """The SDK marks it by an option of the registration, which another monitor may not honour."""

    def made() -> Any:
        plain = pulumi.Output.from_input("0a1b2c3d")
        return _auth_string(cast("Any", SimpleNamespace(auth_string=plain)))

    assert marks(made) == [True]


def test_a_url_is_secret_even_if_nothing_in_it_is() -> None:
    def made() -> Any:
        host, password = (pulumi.Output.from_input(text) for text in (HOST, "p"))
        return url(host, pulumi.Output.from_input(6378), password)

    assert marks(made) == [True]


def test_a_port_that_came_as_a_float_is_none_in_a_url() -> None:
    """The engine knows one kind of number."""
    found: list[str] = []

    def program() -> None:
        port = cast("Any", pulumi.Output.from_input(6378.0))
        whole = url(pulumi.Output.from_input(HOST), port, pulumi.Output.from_input("p"))
        whole.apply(found.append)
        pulumi.export("url", whole)

    succeed(program)
    assert found == [f"rediss://default:p@{HOST}:6378/0"]


@given(st.uuids().map(str))
def test_an_auth_string_survives_every_reader_of_urls(password: str) -> None:
    found = redis_url(tls=True, host=HOST, port=6378, username="default", password=password)
    parts = urlsplit(found)
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("rediss", HOST, 6378, "/0")
    assert unquote(parts.password or "") == password
    pool = redis.ConnectionPool.from_url(found)
    assert pool.connection_class is redis.SSLConnection
    assert pool.connection_kwargs["password"] == password


# What Google does not tell.

UNTOLD = "Google does not tell the cache's AUTH string"


def answering(text: str | None, only: str = "") -> Any:
    """What Google answers for the AUTH string of one cache, or of all."""
    original = package_gcp_cloud.COMPUTED["redis/instance:Instance"]

    def changed(id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        found = original(id_, inputs)
        return found if only and inputs["name"] != only else {**found, "authString": text}

    return changed


@pytest.mark.parametrize("text", ["", None])
@pytest.mark.parametrize("only", ["", NAME, f"{NAME}-g2"])
def test_an_empty_auth_string_ends_the_run_with_words(
    text: str | None, only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may make a cache may lack the permission to read what it is opened with."""
    monkeypatch.setitem(
        package_gcp_cloud.COMPUTED, "redis/instance:Instance", answering(text, only)
    )
    world = run(lambda: gcp_cache(**BOTH))
    assert isinstance(world.error, pulumi.RunError), "no traceback"
    assert UNTOLD in str(world.error)
    assert "redis.instances.getAuthString" in str(world.error)
    for name in (NAME, f"{NAME}-g2"):
        assert auth_string(name) not in str(world.error)


def test_a_preview_does_not_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(package_gcp_cloud.COMPUTED, "redis/instance:Instance", answering(""))
    assert run(lambda: gcp_cache(**BOTH), preview=True).error is None


def test_a_new_generation_has_another_string_in_the_same_secret() -> None:
    one = succeed(lambda: gcp_cache(**PRODUCTION))
    two = succeed(lambda: gcp_cache(**BOTH))
    kept = [{r.urn: r.plain["secretId"] for r in secrets(w)} for w in (one, two)]
    assert kept[0] == kept[1], "readers keep their grants, and the name that they know"
    passwords = [reveal(outputs_of(world)["password"]) for world in (one, two)]
    assert len(set(passwords)) == 2
    previous = outputs_of(two)["previous_url"]
    assert isinstance(previous, Secret)
    assert passwords[0] in previous.value


def secrets(world: Any) -> Any:
    return world.all("secretmanager/secret:Secret")


# Where a secret is kept.


@pytest.mark.parametrize(
    ("locations", "key", "wanted"),
    [
        ([], None, {"auto": {}}),
        ([], GLOBAL_KEY, {"auto": {"customer_managed_encryption": {"kms_key_name": GLOBAL_KEY}}}),
        ([REGION], None, {"user_managed": {"replicas": [{"location": REGION}]}}),
        (
            [REGION],
            KEY,
            {
                "user_managed": {
                    "replicas": [
                        {
                            "location": REGION,
                            "customer_managed_encryption": {"kms_key_name": KEY},
                        }
                    ]
                }
            },
        ),
        (
            [REGION, "us-central1"],
            None,
            {"user_managed": {"replicas": [{"location": REGION}, {"location": "us-central1"}]}},
        ),
    ],
)
def test_where_a_secret_is_kept(locations: list[str], key: str | None, wanted: Any) -> None:
    assert replication(locations, key) == wanted
