"""What the arguments of components change: several caches, certificates, endpoints, mistakes."""

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from package_cases import stack
from package_certificates import authority, server
from package_components import (
    DEVELOPMENT,
    ENDPOINT,
    PREVIEW_AND_UPDATE,
    built,
    docker,
    external,
    labels_of,
    outputs_of,
    secure,
    uploaded,
)
from package_monitor import (
    OWNER,
    Secret,
    leaves,
    reveal,
    rotation_deadline,
    run,
    succeed,
)
from secure_redis import ConfigurationError, SecureRedis
from secure_redis.configuration import InvalidArguments, parse_stack
from secure_redis.connection import Connection
from secure_redis.docker.network import DockerNetwork
from secure_redis.settings import CACHE_NAME, CACHE_NAME_LENGTH

# Several caches.


def test_caches_share_a_network_and_nothing_else() -> None:
    def program() -> None:
        facts = DockerNetwork("network", {}).facts()
        secure("a", network=facts, docker={"port": 7001})
        secure("b", network=facts, docker={"port": 7002}, mode="mtls")

    world = succeed(program)
    assert [r.name for r in world.all("Network")] == ["network"]
    assert [r.name for r in world.all("DockerNetwork")] == ["network"]
    urls = [reveal(r.outputs)["url"] for r in world.all("SecureRedis")]
    assert len(set(urls)) == 2
    results = [r.state["result"] for r in world.all("RandomPassword")]
    assert len(results) == len(set(results)) == 8
    for container in (c for c in world.containers() if "networksAdvanced" in c.plain):
        (network,) = container.plain["networksAdvanced"]
        assert network["name"] == "secure-redis.local"
    aliases = {
        n: world.one("Container", n).plain["networksAdvanced"][0]["aliases"] for n in ("a", "b")
    }
    assert aliases == {"a": ["a"], "b": ["b"]}
    mounts = {c.name: {m["source"] for m in c.plain["mounts"]} for c in world.containers()}
    assert not mounts["a"] & mounts["b"]


def test_a_cache_alone_has_a_network_of_its_own() -> None:
    world = succeed(lambda: (secure("a", docker={"port": 7001}), secure("b")))
    assert sorted(r.name for r in world.all("DockerNetwork")) == ["a", "b"]


def identities(name: str) -> set[tuple[str, str]]:
    """What the engine and Docker tell the resources of the cache `name` apart by."""

    def program() -> None:
        secure(name, mode="mtls", network={"name": "shared", "owner": OWNER})

    world = succeed(program)
    urns = {("urn", r.urn) for r in world.made}
    return urns | {(r.type, r.plain["name"]) for r in (*world.containers(), *world.all("Volume"))}


def test_no_two_resources_of_a_stack_have_one_name() -> None:
    """A cache may have the name of another's child only where that takes nothing from it."""
    mine = identities("jobs")
    children = {urn.rpartition("::")[2] for kind, urn in mine if kind == "urn"}
    refused = set()
    for child in sorted(children - {"jobs"}):
        if not re.fullmatch(CACHE_NAME, child) or len(child) > CACHE_NAME_LENGTH:
            continue
        try:
            parse_stack(stack({"jobs": {}, child: {"docker": {"port": 7000}}}))
        except ConfigurationError:
            refused.add(child)
        else:
            assert not mine & identities(child), child
    assert refused == {"jobs-files", "jobs-reload"}


def test_names_in_docker_tell_project_and_stack() -> None:
    world = succeed(secure, name="staging")
    assert world.one("Container", "cache").plain["name"] == "secure-redis.staging.cache"
    assert world.one("Network", "cache").plain["name"] == "secure-redis.staging"
    assert world.one("Volume", "cache-data").plain["name"] == "secure-redis.staging.cache-data"


# Certificates.


def test_the_own_ca_signs_for_every_name_a_client_may_use() -> None:
    world = succeed(
        lambda: secure(
            docker={
                "publish_address": "0.0.0.0",
                "advertised_host": "redis.internal",
                "host_names": ["10.0.0.7", "alias.internal"],
            }
        )
    )
    request = world.one("CertRequest", "cache-server").plain
    assert request["dnsNames"] == [
        "cache",
        "secure-redis.local.cache",
        "localhost",
        "redis.internal",
        "alias.internal",
    ]
    assert request["ipAddresses"] == ["127.0.0.1", "::1", "10.0.0.7"]
    assert reveal(outputs_of(world)["host"]) == "redis.internal"


def test_certificates_are_short_lived_and_fit_for_their_use() -> None:
    world = built(secure, "mtls")
    ca = world.one("SelfSignedCert", "cache-ca").plain
    assert ca["isCaCertificate"] is True
    assert set(ca["allowedUses"]) == {"cert_signing", "crl_signing"}
    leaf_hours = world.one("LocallySignedCert", "cache-server").plain["validityPeriodHours"]
    assert leaf_hours == 365 * 24
    assert ca["earlyRenewalHours"] >= leaf_hours, "no leaf outlives its CA"
    uses = {
        name: set(world.one("LocallySignedCert", f"cache-{name}").plain["allowedUses"])
        for name in ("server", "client")
    }
    assert uses["server"] == {"digital_signature", "client_auth", "server_auth"}
    assert uses["client"] == {"digital_signature", "client_auth"}
    for key in world.all("PrivateKey"):
        assert key.plain == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


def test_a_ca_of_the_users_signs() -> None:
    given = {"certificate": authority().certificate_pem, "private_key": authority().key_pem}
    world = succeed(lambda: secure(docker={"certificates": {"authority": given}}))
    assert not world.all("SelfSignedCert")
    signed = world.one("LocallySignedCert", "cache-server")
    assert signed.inputs["caPrivateKeyPem"] == Secret(authority().key_pem)
    assert reveal(outputs_of(world)["ca_pem"]) == authority().certificate_pem
    assert authority().key_pem not in str([c.plain for c in world.containers()])


def test_a_certificate_of_the_users_is_used_as_it_is() -> None:
    given = {
        "certificate": server().certificate_pem,
        "private_key": pulumi.Output.secret(server().key_pem),
        "authority": authority().certificate_pem,
    }
    world = succeed(lambda: secure(docker={"certificates": {"server": given}}))
    assert not [r for r in world.made if r.type.startswith("tls:")]
    assert uploaded(world, "tls/server.crt") == server().certificate_pem
    assert uploaded(world, "tls/server.key") == server().key_pem
    uploads = world.one("Container", "cache-files").inputs["uploads"]
    for path, value, marked in leaves(uploads):
        if server().key_pem in str(value):
            assert marked, path


# External.


def test_an_external_endpoint_makes_nothing() -> None:
    world = succeed(external)
    assert [r.type for r in world.made] == ["secure-redis:index:ExternalRedis"]


def test_an_external_endpoint_may_be_wired() -> None:
    def program() -> None:
        external(
            external={
                "host": pulumi.Output.from_input("wired.example"),
                "port": 6380,
                "username": pulumi.Output.from_input("wired-user"),
                "password": pulumi.Output.secret("wired/password"),
            }
        )

    world = succeed(program)
    outputs = outputs_of(world)
    assert outputs["url"] == Secret("rediss://wired-user:wired%2Fpassword@wired.example:6380/0")
    assert outputs["host"] == "wired.example"
    assert outputs["ca_source"] == "system"


def test_what_the_contract_says_of_an_external_endpoint() -> None:
    settings = {
        **ENDPOINT,
        "authority": authority().certificate_pem,
        "tls_verify": "ca",
        "reader_host": "reader.example.com",
        "cluster_mode": True,
        "issued_at": "2026-03-01T12:00:00Z",
        "tls_server_name": "name.example.com",
    }
    world = succeed(lambda: external(external=settings, rotation_days=10))
    contract = Connection.from_dict(reveal(outputs_of(world)))
    assert contract.target == "external"
    assert contract.tls_verify.value == "ca"
    assert contract.ca_source.value == "instance"
    assert contract.rotate_by == rotation_deadline(10)
    assert contract.reader_url.endswith("@reader.example.com:6380/0")
    assert contract.cluster_mode is True
    assert contract.tls_server_name == "name.example.com"


# Invalid arguments.

BAD: list[tuple[Callable[..., Any], dict[str, Any], list[str]]] = [
    (secure, {"target": "oracle"}, ["target"]),
    (secure, {"target": "gcp"}, ["gcp:project", "gcp:region"]),
    (secure, {"target": None}, ["target"]),
    (secure, {"environment": "prod"}, ["environment"]),
    (secure, {"colour": "red"}, ["colour"]),
    (secure, {"docker": {"prt": 1, "port": "x"}}, ["docker.port", "docker.prt"]),
    (secure, {"mode": "none", "environment": "production"}, ["mode"]),
    (secure, {"tags": "x"}, ["tags"]),
    (secure, {"tags": {"a": 1}}, ["tags.a"]),
    (secure, {"exceptions": ["x"]}, ["exceptions"]),
    (secure, {"exceptions": {"no-such-rule": "why"}}, ["exceptions.no-such-rule"]),
    (secure, {"network": {"name": "x"}}, ["network"]),
    (secure, {"network": "bridge"}, ["network"]),
    (secure, {"target": "external"}, ["external"]),
    (docker, {"memory_gb": 0.01}, ["memoryGb"]),
    (docker, {"target": "docker"}, ["target"]),
    (docker, {"network": {"name": "x", "owner": "y", "id": "z"}}, ["network"]),
    (docker, {"purpose": "queue", "eviction_policy": "allkeys-lru"}, ["evictionPolicy"]),
    (external, {"network": {"name": "x", "owner": "y"}}, ["network"]),
    (external, {"external": {**ENDPOINT, "port": "x"}}, ["external.port"]),
]


@PREVIEW_AND_UPDATE
@pytest.mark.parametrize(("make", "args", "paths"), BAD)
def test_invalid_arguments_stop_before_anything_is_registered(
    make: Callable[..., Any], args: dict[str, Any], paths: list[str], preview: bool
) -> None:
    world = run(lambda: make(**args), preview=preview)
    error = world.error
    assert isinstance(error, InvalidArguments)
    assert isinstance(error, pulumi.RunError), "a program ends without a traceback"
    assert isinstance(error, pulumi.InputPropertiesError), "the engine names each property"
    assert world.made == []
    reported = [e["property_path"] for e in error.errors or []]
    assert sorted(reported) == sorted(paths)
    for path in paths:
        assert f"  {path}: " in str(error)


def test_invalid_arguments_show_no_value() -> None:
    secret = "HunterTwoHunterTwo"
    endpoint = {**ENDPOINT, "port": secret, "password": [secret], "client": secret}
    error = run(lambda: external(external=endpoint)).error
    assert isinstance(error, InvalidArguments)
    assert secret not in str(error) + repr(error) + repr(error.errors)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def test_arguments_may_be_spelled_as_in_a_stack_file() -> None:
    world = succeed(lambda: secure(memoryGb=0.5, docker={"maxClients": 50}))
    assert world.one("Container", "cache").plain["memory"] == 512


def test_numbers_may_arrive_as_floats() -> None:
    world = succeed(lambda: secure(docker={"port": 7000.0}, rotation={"generation": 2.0}))
    assert world.one("Container", "cache").plain["ports"][0]["external"] == 7000
    assert world.one("RandomPassword", "cache-app-password-2")


def test_the_arguments_are_left_as_they_were() -> None:
    args: Any = {"target": "docker", **DEVELOPMENT, "docker": {"port": 7000}, "tags": {"a": "b"}}
    succeed(lambda: SecureRedis("cache", args))
    assert args == {"target": "docker", **DEVELOPMENT, "docker": {"port": 7000}, "tags": {"a": "b"}}


def test_a_network_component_registers_what_caches_need() -> None:
    world = succeed(lambda: DockerNetwork("network", {"tags": {"team": "a"}}))
    component = world.one("DockerNetwork", "network")
    assert component.outputs == {"name": "secure-redis.local", "owner": OWNER}
    network = world.one("Network", "network")
    assert network.plain["driver"] == "bridge"
    assert network.plain["options"] == {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}
    assert labels_of(network)["team"] == "a"
