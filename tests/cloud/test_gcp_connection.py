"""Clients of a stack on the fake Google Cloud reach a real server by what the stack exports.

Its certificate is one that names an address, and nothing that a client compares: trust is the
chain, to any of the CAs that the cache has.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis
from cloud.cache_server import ServerSettings, resolving
from cloud.gcp import server
from cloud.gcp.services.redis import expire
from cloud.gcp.witness import GcpWitness
from cloud.scene import LOGINS, Moment, Scene
from engine.deployment import remember_secret
from harness import client
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry
from secure_redis import pem
from secure_redis.connection import CA_PATH, Connection
from signing import Authority
from test_docker_clients import LIBRARIES, node

pytestmark = pytest.mark.timeout(900)  # what a file shares is made by its first test

SHOP, WORKER, STRANGER = (
    f"serviceAccount:{name}@shop-tests.iam.gserviceaccount.com"
    for name in ("shop", "worker", "stranger")
)

CACHES: dict[str, dict[str, Any]] = {
    "cache": {"purpose": "sessions", "memoryGb": 4, "replicas": 2},
    "other": {},
    "tokens": {"engine": "valkey", "gcp": {"principals": [SHOP, WORKER]}},
}
ELSEWHERE = "192.0.2.77"
NAMES = {"other": (ELSEWHERE,)}
"""What certificates carry beside their common name: nothing, or an address of before."""

WITH_PASSWORD = ("cache", "other")
REDIRECTED = Path(__file__).parent / "gcp" / "redirected.mjs"

GcpScene = Scene[GcpWitness]
Tokens = Mapping[str, str]


def stranger_to(host: str) -> str:
    """An address of no cache, in the same network."""
    return f"{host.rpartition('.')[0]}.250"


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    """Access tokens that Google has issued, by member: some hundred characters, as they are."""
    issued = {one: f"ya29.{secrets.token_urlsafe(160)}" for one in (SHOP, WORKER, STRANGER)}
    for token in issued.values():
        remember_secret(token)
    return issued


@dataclass
class Servers:
    """What the caches say of their servers."""

    tokens: Tokens
    signer: int = server.OLDER
    """Which of a cache's CAs has signed its certificate."""

    def __call__(self, witness: GcpWitness, name: str) -> ServerSettings:
        names = NAMES.get(name, ())
        return server.server_settings(
            witness, name, signer=self.signer, names=names, tokens=self.tokens
        )


@pytest.fixture(scope="module")
def servers(tokens: Tokens) -> Servers:
    return Servers(tokens)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[GcpScene]:
    root = tmp_path_factory.mktemp("connection")
    made = Scene(GcpWitness(root), root / "trusted.pem", servers, stranger_to)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def first(scene: GcpScene) -> Moment:
    return scene.moment(CACHES)


@pytest.fixture
def reached(scene: GcpScene, first: Moment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moment]:
    """What the system trusts has no part in it: that is somebody else's CA."""
    with resolving(monkeypatch, with_readers(first), str(scene.trusted)):
        yield first


def with_readers(moment: Moment) -> dict[tuple[str, int], int]:
    """Where names lead; those of replicas to the same server."""
    return moment.names | {
        (one.reader_host, one.reader_port): moment.names[one.host, one.port]
        for one in moment.connections.values()
        if one.reader_host
    }


def in_ca_mode(connection: Connection, **options: Any) -> redis.Redis:
    """redis-py as the contract says: the chain is verified, no name is compared."""
    assert connection.tls_verify.value == "ca"
    return client(connection, ssl_check_hostname=False, **options)


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_the_exported_url_and_ca_are_enough(reached: Moment, name: str) -> None:
    connection = reached.connections[name]
    with in_ca_mode(connection) as cache:
        assert cache.ping()
        cache.set("key", "value", ex=60)
        assert cache.get("key") == "value"
        assert cache.execute_command("ACL", "WHOAMI") == connection.username == "default"
        (used,) = cache.connection_pool._available_connections
        assert used._sock.context.verify_mode.name == "CERT_REQUIRED"
        assert used._sock.version() in {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_comparing_names_would_fail(reached: Moment, name: str) -> None:
    """With the very same URL and CA: what earns the contract its `tls_verify: ca`."""
    with (
        client(reached.connections[name], ssl_check_hostname=True) as cache,
        pytest.raises(errors.ConnectionError, match=r"VERIFY_FAILED.*not valid for"),
    ):
        cache.ping()


def test_redis_py_compares_names_unless_told(reached: Moment) -> None:
    """Its default since version 6: a client that is given the URL and the CA alone is refused."""
    assert int(redis.__version__.partition(".")[0]) >= 6
    with (
        client(reached.connections["cache"]) as cache,
        pytest.raises(errors.ConnectionError, match=r"VERIFY_FAILED.*not valid for"),
    ):
        cache.ping()


def through_node(moment: Moment, connection: Connection, library: str, **tls: str) -> Any:
    """What a client of Node.js says that comes with the exported URL."""
    ports = {f"{host}:{port}": found for (host, port), found in moment.names.items()}
    environment = {"NODE_OPTIONS": f"--import={REDIRECTED}", "REDIRECTED": json.dumps(ports)}
    return node(connection, library, environment, **tls)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_node_connects_by_the_chain(first: Moment, name: str, library: str) -> None:
    connection = first.connections[name]
    answer = through_node(first, connection, library, ca=connection.ca_pem, verify="ca")
    assert answer == {"value": LIBRARIES[library]}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_node_that_compares_names_is_refused(first: Moment, name: str, library: str) -> None:
    connection = first.connections[name]
    answer = through_node(first, connection, library, ca=connection.ca_pem)
    assert answer == {"error": "ERR_TLS_CERT_ALTNAME_INVALID"}


@pytest.mark.parametrize("library", LIBRARIES)
def test_node_without_the_right_ca_is_refused(first: Moment, library: str) -> None:
    connection = first.connections["cache"]
    strange = Authority.make("somebody else").pem
    for trust in ({}, {"ca": strange}):
        answer = through_node(first, connection, library, verify="ca", **trust)
        assert answer == {"error": "UNABLE_TO_VERIFY_LEAF_SIGNATURE"}


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_the_url_for_celery_connects(reached: Moment, name: str, tmp_path: Path) -> None:
    """With nothing beside it but the CA in a file."""
    connection = reached.connections[name]
    assert connection.celery_url == connection.python_url(CA_PATH)
    assert "ssl_cert_reqs=required&ssl_check_hostname=false" in connection.celery_url
    file = tmp_path / "ca.pem"
    file.write_text(connection.ca_pem)
    url = connection.celery_url.replace(CA_PATH, str(file))
    with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=10) as cache:
        assert cache.ping()


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_the_string_for_stackexchange_connects(reached: Moment, name: str) -> None:
    """Read as its client reads it: at commas, then at the first equals sign; nothing is decoded."""
    connection = reached.connections[name]
    address, *options = connection.stackexchange.split(",")
    said = dict(option.split("=", 1) for option in options)
    assert (said["ssl"], said["abortConnect"], said["defaultDatabase"]) == ("True", "False", "0")
    host, _, port = address.rpartition(":")
    read = replace(
        connection, host=host, port=int(port), username=said["user"], password=said["password"]
    )
    with in_ca_mode(read) as cache:
        assert cache.ping()


def test_replicas_answer_at_their_own_address(reached: Moment) -> None:
    """With the same AUTH string and the same CAs."""
    connection = reached.connections["cache"]
    assert connection.reader_host not in {"", connection.host}
    with in_ca_mode(connection, url=connection.reader_url) as cache:
        assert cache.ping()
    assert reached.connections["other"].reader_url == ""


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_the_secrets_hold_what_the_contract_says(
    scene: GcpScene, reached: Moment, name: str
) -> None:
    """An application that reads nothing but Secret Manager gets in."""
    connection = reached.connections[name]
    assert scene.witness.value("url", name) == connection.url
    kept, contract = json.loads(scene.witness.value("connection", name)), connection.to_dict()
    assert kept == {key: contract[key] for key in kept}
    assert kept["password"] == scene.witness.auth(name)
    options = {"ssl_ca_data": kept["ca_pem"], "ssl_check_hostname": kept["tls_verify"] == "full"}
    with redis.Redis.from_url(kept["url"], retry=Retry(NoBackoff(), 0), **options) as cache:
        assert cache.ping()


FACTS = {"cache": (6378, "redis"), "other": (6378, "redis"), "tokens": (6379, "valkey")}


@pytest.mark.parametrize("name", FACTS)
def test_clients_are_told_what_they_talk_to(reached: Moment, name: str) -> None:
    """The port that the output says, one endpoint, two CAs."""
    connection = reached.connections[name]
    assert (connection.port, connection.engine) == FACTS[name]
    assert connection.cluster_mode is False
    assert connection.url_redacted == f"rediss://{connection.host}:{connection.port}/0"
    assert (connection.tls_verify.value, connection.ca_source.value) == ("ca", "instance")
    assert len(pem.certificates(connection.ca_pem)) == 2


def test_the_eviction_policy_of_the_purpose_is_at_work(reached: Moment) -> None:
    with in_ca_mode(reached.connections["cache"]) as cache:
        assert cache.info("memory")["maxmemory_policy"] == "volatile-lru"


def unverified(what: str, connection: Connection) -> redis.Redis:
    """A stranger of `LOGINS`; no name stands in its way."""
    make = LOGINS[what][0]
    if what == "plain text":
        # Such a client takes no CA.
        return make(replace(connection, ca_pem=""))
    cache = make(connection)
    cache.connection_pool.connection_kwargs["ssl_check_hostname"] = False
    return cache


@pytest.mark.parametrize("what", ["no login", "wrong password", "unknown user", "plain text"])
@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_a_stranger_is_refused(reached: Moment, name: str, what: str) -> None:
    with (
        unverified(what, reached.connections[name]) as cache,
        pytest.raises(errors.RedisError, match=LOGINS[what][1]),
    ):
        cache.ping()


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_a_server_of_another_authority_is_refused(reached: Moment, name: str) -> None:
    """The cache's address in a certificate of a CA that is not in the bundle."""
    strange = Authority.make("somebody else").pem
    assert strange not in reached.connections[name].ca_pem
    with (
        in_ca_mode(replace(reached.connections[name], ca_pem=strange)) as cache,
        pytest.raises(errors.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        cache.ping()


def test_the_cas_of_a_neighbour_are_not_enough(reached: Moment) -> None:
    """Each cache has CAs of its own: another cache's server cannot take its place."""
    connections = reached.connections
    with (
        in_ca_mode(replace(connections["cache"], ca_pem=connections["other"].ca_pem)) as cache,
        pytest.raises(errors.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        cache.ping()


def trusting(connection: Connection, *authorities: Authority) -> Connection:
    """The contract with some CAs in place of all."""
    return replace(connection, ca_pem="".join(one.pem for one in authorities))


def trusts(connection: Connection) -> bool:
    """Whether a client gets through the handshake and logs in; what is not about trust raises."""
    with in_ca_mode(connection) as cache:
        try:
            return bool(cache.ping())
        except errors.ConnectionError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise
            return False


def test_a_token_lets_a_principal_in(reached: Moment, tokens: Tokens) -> None:
    """In the place of the password; the contract itself holds no credential."""
    connection = reached.connections["tokens"]
    assert connection.url == connection.url_redacted
    assert (connection.username, connection.password) == ("default", "")
    assert connection.auth.value == "identity"
    assert connection.stackexchange.startswith(f"{connection.host}:6379,ssl=True,")
    assert "password" not in connection.stackexchange
    for principal in (SHOP, WORKER):
        with in_ca_mode(replace(connection, password=tokens[principal])) as cache:
            assert cache.ping()


def test_other_logins_to_a_cache_with_tokens_are_refused(reached: Moment, tokens: Tokens) -> None:
    """Another principal's token, nobody's, a neighbour's AUTH string, and none."""
    connection = reached.connections["tokens"]
    for wrong in (tokens[STRANGER], "x" * 200, reached.connections["cache"].password):
        with (
            in_ca_mode(replace(connection, password=wrong)) as cache,
            pytest.raises(errors.AuthenticationError),
        ):
            cache.ping()
    for what in ("no login", "plain text"):
        with (
            unverified(what, connection) as cache,
            pytest.raises(errors.RedisError, match=LOGINS[what][1]),
        ):
            cache.ping()


def test_a_ca_that_moves_cuts_nobody_off(
    scene: GcpScene, first: Moment, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google moves servers to the newer CA: who trusts all of them notices nothing.

    And once the older one is over, a refresh takes it out of the contract.
    """
    witness = scene.witness
    cas = {name: server.authorities(witness.instance(name)) for name in CACHES}

    def believed(signer: int) -> None:
        for name, connection in first.connections.items():
            one = replace(connection, password=connection.password or servers.tokens[SHOP])
            newer, older = cas[name]
            assert trusts(one), name
            assert trusts(trusting(one, newer)) is (signer == server.NEWER), name
            assert trusts(trusting(one, older)) is (signer == server.OLDER), name

    with resolving(monkeypatch, first.names, str(scene.trusted)):
        believed(server.OLDER)
    servers.signer = server.NEWER
    with resolving(monkeypatch, scene.followed(CACHES).names, str(scene.trusted)):
        believed(server.NEWER)
    with witness.cloud.locked():
        expire(witness.cloud.google, first.connections["cache"].resource_id)
    witness.refreshed()
    after = scene.moment(CACHES)
    before, connection = first.connections["cache"], after.connections["cache"]
    assert connection.ca_pem.strip() == cas["cache"][server.NEWER].pem.strip()
    assert connection.ca_not_after == connection.ca_last_not_after == before.ca_last_not_after
    assert connection.ca_not_after > before.ca_not_after
    assert json.loads(witness.value("connection"))["ca_pem"] == connection.ca_pem
    assert connection.url == before.url
    with resolving(monkeypatch, after.names, str(scene.trusted)):
        assert trusts(connection)
