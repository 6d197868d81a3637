"""Clients of a stack on the fake Azure reach a real server by what the stack exports."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud.azure.arm import TYPES
from cloud.azure.server import server_settings
from cloud.azure.services.key_vault_items import value_of
from cloud.azure.witness import CLASSIC, DATABASE, AzureWitness
from cloud.cache_server import resolving
from cloud.scene import LOGINS, Moment, Scene, is_verified, lets_in
from engine.deployment import remember_secret
from harness import client
from redis import exceptions as errors
from secure_redis.connection import Connection
from signing import Authority

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

SHOP, WORKER, STRANGER = (f"0f4c1d7e-5b7a-4c38-9a3e-2f1d6c8b9a0{number}" for number in (1, 2, 3))
"""Object ids of identities; the last one is of an application that nobody let in."""

CACHES: dict[str, dict[str, Any]] = {
    "cache": {"purpose": "sessions"},
    "shared": {"azure": {"clusteringPolicy": "EnterpriseCluster"}},
    "tokens": {"azure": {"auth": "entra", "principalIds": [SHOP, WORKER]}},
    "legacy": {"azure": {"classic": {"acknowledgeRetirement": True}}},
}
SWITCHED: dict[str, dict[str, Any]] = {
    **CACHES,
    "cache": {"purpose": "sessions", "azure": {"activeKey": "secondary"}},
    "legacy": {"azure": {"activeKey": "secondary", **CACHES["legacy"]["azure"]}},
    "tokens": {"azure": {"auth": "entra", "principalIds": [SHOP]}},
}
WITH_KEYS = ("cache", "shared", "legacy")
PLACE = {"access": {"cidrs": ["10.20.0.0/16"]}, "azure-native:location": "westeurope"}

AzureScene = Scene[AzureWitness]


def in_private_zone(host: str) -> str:
    """The name of a cache in its private zone, which no certificate carries."""
    return host.replace(".redis.", ".privatelink.redis.", 1)


@pytest.fixture(scope="module")
def tokens() -> dict[str, str]:
    """What Microsoft Entra ID has issued, by object id: texts of 1200 characters, as JWTs are."""
    issued = {one: f"eyJ{secrets.token_urlsafe(900)}" for one in (SHOP, WORKER, STRANGER)}
    for token in issued.values():
        remember_secret(token)
    return issued


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, tokens: dict[str, str]) -> Iterator[AzureScene]:
    root = tmp_path_factory.mktemp("connection")
    made = Scene(
        AzureWitness(root),
        root / "trusted.pem",
        lambda witness, name: server_settings(witness.cloud, name, tokens),
        in_private_zone,
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def first(scene: AzureScene) -> Moment:
    return scene.moment(CACHES, **PLACE)


@pytest.fixture
def reached(scene: AzureScene, first: Moment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moment]:
    with resolving(monkeypatch, first.names, str(scene.trusted)):
        yield first


@pytest.mark.parametrize("name", WITH_KEYS)
def test_the_exported_url_is_enough(reached: Moment, name: str) -> None:
    """Chain and host name verified, with a key that a URL cannot hold as it is."""
    connection = reached.connections[name]
    assert {*"/+="} <= set(connection.password)
    with client(connection) as server:
        assert server.ping()
        server.set("key", "value", ex=60)
        assert server.get("key") == "value"
        assert server.execute_command("ACL", "WHOAMI") == connection.username == "default"
        assert is_verified(server)


@pytest.mark.parametrize("name", WITH_KEYS)
def test_the_url_for_celery_connects(reached: Moment, name: str) -> None:
    connection = reached.connections[name]
    assert "ssl_cert_reqs=required" in connection.celery_url
    with client(connection, url=connection.celery_url) as server:
        assert server.ping()


@pytest.mark.parametrize("name", WITH_KEYS)
def test_the_string_for_stackexchange_connects(reached: Moment, name: str) -> None:
    """Read as its client reads it: at commas, then at the first equals sign; nothing is decoded."""
    connection = reached.connections[name]
    address, *options = connection.stackexchange.split(",")
    said = dict(option.split("=", 1) for option in options)
    assert said["ssl"] == "True"
    assert said["abortConnect"] == "False"
    host, _, port = address.rpartition(":")
    read = replace(
        connection, host=host, port=int(port), username=said["user"], password=said["password"]
    )
    with client(read) as server:
        assert server.ping()


@pytest.mark.parametrize("name", WITH_KEYS)
def test_the_secret_in_the_vault_is_enough(scene: AzureScene, reached: Moment, name: str) -> None:
    connection = reached.connections[name]
    assert value_of(scene.witness.secret("url", name)) == connection.url
    for key, secret in scene.witness.keys(name).items():
        assert value_of(scene.witness.secret(f"{key}-key", name)) == secret
        assert lets_in(replace(connection, password=secret))


@pytest.mark.parametrize("name", CACHES)
def test_the_facts_in_the_vault_are_those_of_the_contract(
    scene: AzureScene, reached: Moment, name: str
) -> None:
    """Nothing secret: what a client with a token needs besides it."""
    facts = json.loads(value_of(scene.witness.secret("connection", name)))
    contract = reached.connections[name].to_dict()
    assert facts == {key: contract[key] for key in facts}
    assert facts.keys() >= {"host", "port", "tls", "username", "auth", "clustering_policy"}
    assert "password" not in facts


FACTS = {
    "cache": (10000, "NoCluster"),
    "shared": (10000, "EnterpriseCluster"),
    "tokens": (10000, "NoCluster"),
    "legacy": (6380, "NoCluster"),
}


@pytest.mark.parametrize("name", FACTS)
def test_clients_are_told_what_they_talk_to(reached: Moment, name: str) -> None:
    """One endpoint that ordinary clients understand, a public chain, and the first database."""
    connection = reached.connections[name]
    assert (connection.port, connection.clustering_policy) == FACTS[name]
    assert connection.cluster_mode is False
    assert connection.url_redacted == f"rediss://{connection.host}:{connection.port}/0"
    assert (connection.ca_pem, connection.tls_verify.value) == ("", "full")


def test_the_eviction_policy_of_the_purpose_is_at_work(reached: Moment) -> None:
    with client(reached.connections["cache"]) as server:
        assert server.info("memory")["maxmemory_policy"] == "volatile-lru"


@pytest.mark.parametrize("what", ["no login", "wrong password", "unknown user", "plain text"])
@pytest.mark.parametrize("name", ["cache", "legacy"])
def test_a_stranger_is_refused(reached: Moment, name: str, what: str) -> None:
    make, message = LOGINS[what]
    with (
        make(reached.connections[name]) as server,
        pytest.raises(errors.RedisError, match=message),
    ):
        server.ping()


def test_the_name_of_the_private_zone_is_refused(reached: Moment) -> None:
    """The same server under a name that its certificate does not hold."""
    real = reached.connections["cache"]
    host = in_private_zone(real.host)
    with (
        client(replace(real, host=host)) as server,
        pytest.raises(errors.ConnectionError, match=r"(?i)hostname mismatch|not valid"),
    ):
        server.ping()


def test_another_authority_is_refused(
    first: Moment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same names in a certificate of a CA that the system does not trust."""
    strange = tmp_path / "strange.pem"
    strange.write_text(Authority.make("somebody else").pem)
    with (
        resolving(monkeypatch, first.names, str(strange)),
        client(first.connections["cache"]) as server,
        pytest.raises(errors.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        server.ping()


def test_a_token_lets_the_applications_identity_in(reached: Moment, tokens: dict[str, str]) -> None:
    """Its object id is the user name; the URL holds no credential."""
    connection = reached.connections["tokens"]
    assert connection.url == connection.url_redacted
    assert (connection.username, connection.password) == (SHOP, "")
    assert connection.auth.value == "identity"
    for principal in (SHOP, WORKER):
        with client(with_token(connection, principal, tokens)) as server:
            assert server.ping()
            assert server.execute_command("ACL", "WHOAMI") == principal
            assert is_verified(server)


def test_other_logins_to_a_cache_with_tokens_are_refused(
    scene: AzureScene, reached: Moment, tokens: dict[str, str]
) -> None:
    """Another application's token, somebody else's under this name, and the cache's own keys."""
    connection = reached.connections["tokens"]
    assert not lets_in(with_token(connection, STRANGER, tokens))
    assert not lets_in(replace(connection, password=tokens[STRANGER]))
    for key in scene.witness.keys("tokens").values():
        assert not lets_in(replace(connection, username="default", password=key))
    make, message = LOGINS["no login"]
    with make(connection) as server, pytest.raises(errors.RedisError, match=message):
        server.ping()


def with_token(connection: Connection, principal: str, tokens: dict[str, str]) -> Connection:
    """The contract with a token in the place of the password, as a client puts it there."""
    return replace(connection, username=principal, password=tokens[principal])


def test_keys_change_without_a_client_that_is_refused(
    scene: AzureScene, first: Moment, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]
) -> None:
    """The unused key made anew, then used, then the other one: the last login is the last to go."""
    old = {name: scene.witness.keys(name) for name in WITH_KEYS}
    for name in ("cache", "legacy"):
        regenerate(scene.witness, name, "Secondary")
    with resolving(monkeypatch, scene.followed(CACHES).names, str(scene.trusted)):
        for name in ("cache", "legacy"):
            connection = first.connections[name]
            unused = replace(connection, password=old[name]["secondary"])
            fresh = replace(connection, password=scene.witness.keys(name)["secondary"])
            assert [lets_in(one) for one in (connection, unused, fresh)] == [True, False, True]
    switched = scene.moment(SWITCHED, **PLACE)
    with resolving(monkeypatch, switched.names, str(scene.trusted)):
        for name in ("cache", "legacy"):
            before, after = first.connections[name], switched.connections[name]
            assert (before.host, before.port) == (after.host, after.port)
            assert after.password == scene.witness.keys(name)["secondary"]
            assert (lets_in(before), lets_in(after)) == (True, True)
            assert value_of(scene.witness.secret("url", name)) == after.url
        assert switched.connections["shared"].password == first.connections["shared"].password
        # In the same run, one of the applications with tokens has lost its access.
        worker, shop = (with_token(first.connections["tokens"], one, tokens)
                        for one in (WORKER, SHOP))  # fmt: skip
        assert (lets_in(shop), lets_in(worker)) == (True, False)
    for name in ("cache", "legacy"):
        regenerate(scene.witness, name, "Primary")
    with resolving(monkeypatch, scene.followed(SWITCHED).names, str(scene.trusted)):
        for name in ("cache", "legacy"):
            before, after = first.connections[name], switched.connections[name]
            assert (lets_in(before), lets_in(after)) == (False, True)


def regenerate(witness: AzureWitness, cache: str, key: str) -> None:
    """Makes a key anew, as `secure-redis rotate` has Azure do."""
    kind = DATABASE if witness.is_managed(cache) else CLASSIC
    identifier = witness.thing(kind, cache)["id"]
    witness.cloud.arm.request(
        "POST", f"{identifier}/regenerateKey", {"keyType": key}, TYPES[kind.lower()].api
    )
