"""JSON, Kubernetes Secrets and Compose files, read by what reads them."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from secure_redis.connection import SECRET_FIELDS, Connection
from secure_redis.rendering import compose, json_document, kubernetes
from secure_redis.rendering.env import MASK, rendered
from secure_redis.rendering.errors import RenderingError

from tests.unit.rendering import readers, samples

ALL_KINDS = pytest.mark.parametrize("kind", samples.ALL.values(), ids=samples.ALL)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(samples.SCHEMA.read_text()))


def as_json(connection: Connection, *, reveal: bool) -> dict[str, Any]:
    path = "/run/tls/ca.pem"
    variables = rendered(connection, ca_path=path)
    return json.loads(json_document.document(connection, variables, ca_path=path, reveal=reveal))


def as_secrets(
    connection: Connection, *, env: bool = False, reveal: bool = True, cache: str = "cache"
) -> list[dict[str, Any]]:
    text = kubernetes.manifest(
        connection,
        cache=cache,
        heading="secure-redis",
        variables=rendered(connection) if env else (),
        reveal=reveal,
    )
    documents = list(yaml.safe_load_all(text))
    for document in documents:
        VALIDATOR.validate(document)
    return documents


@ALL_KINDS
def test_json_is_the_contract_and_can_be_read_back(kind: Callable[[], Connection]) -> None:
    document = as_json(kind(), reveal=True)
    assert Connection.from_dict(document) == kind()
    assert next(iter(document)) == "contract_version"
    assert document["url"] == kind().url
    assert document["env"]["REDIS_URL"] == kind().url
    assert document["env_public"].items() <= document["env"].items()
    assert "REDIS_URL" not in document["env_public"]
    if kind().tls and kind().ca_pem:
        assert "ssl_ca_certs=/run/tls/ca.pem" in document["celery_url"]


@ALL_KINDS
def test_json_masks_every_secret_and_nothing_else(kind: Callable[[], Connection]) -> None:
    clear, hidden = as_json(kind(), reveal=True), as_json(kind(), reveal=False)
    assert clear.keys() == hidden.keys()
    for name in clear.keys() - {"env"}:
        secret = name in SECRET_FIELDS and clear[name]
        assert hidden[name] == (MASK if secret else clear[name]), name
    text = json.dumps(hidden)
    for secret in (kind().password, kind().readonly_password, kind().client_key_pem):
        assert not secret or json.dumps(secret)[1:-1] not in text


def test_the_binding_of_a_local_cache() -> None:
    (secret,) = as_secrets(samples.local())
    assert secret["metadata"]["name"] == "cache-redis"
    assert secret["type"] == "servicebinding.io/redis"
    assert secret["immutable"] is False
    assert secret["stringData"] == {
        "type": "redis",
        "provider": "docker",
        "host": "localhost",
        "port": "6380",
        "username": "app",
        "password": samples.PASSWORD,
        "uri": samples.local().url,
        "ssl": "true",
        "tls-verify": "full",
        "ca.crt": samples.local().ca_pem,
    }
    annotations = secret["metadata"]["annotations"]
    assert annotations["redis.contract/version"] == "1"
    assert annotations["redis.contract/ca-not-after"] == "2036-11-18T03:00:00Z"
    assert annotations["redis.contract/rotate-by"] == "2027-02-19T03:00:00Z"
    assert re.fullmatch(r"[0-9a-f]{64}", annotations["redis.contract/checksum"])


def test_the_binding_of_an_identity_has_no_login_that_a_library_would_send() -> None:
    assert kubernetes.binding(samples.identity()) == {
        "type": "redis",
        "provider": "aws",
        "host": "master.cache.example.org",
        "port": "6379",
        "uri": "rediss://master.cache.example.org:6379/0",
        "auth": "identity",
        "identity-user": "shop-prod-cache-app",
        "ssl": "true",
        "tls-verify": "full",
    }


def test_the_reserved_entries_hold_the_clients_pair_and_never_the_ca() -> None:
    (secret,) = as_secrets(samples.mutual())
    connection = samples.mutual()
    assert secret["stringData"]["certificates"] == connection.client_cert_pem
    assert secret["stringData"]["private-key"] == connection.client_key_pem
    assert secret["stringData"]["ca.crt"] == connection.ca_pem
    (without,) = as_secrets(samples.local())
    assert not {"certificates", "private-key"} & without["stringData"].keys()


def test_other_entries_follow_the_connection() -> None:
    (chain_only,) = as_secrets(samples.chain_only())
    assert chain_only["stringData"]["tls-verify"] == "ca"
    (plain,) = as_secrets(samples.plain())
    assert plain["stringData"]["ssl"] == "false"
    assert not {"tls-verify", "ca.crt", "username", "password"} & plain["stringData"].keys()
    (named,) = as_secrets(samples.local(tls_server_name="cache.internal"))
    assert named["stringData"]["tls-server-name"] == "cache.internal"


@ALL_KINDS
def test_variables_go_into_a_second_secret_for_env_from(kind: Callable[[], Connection]) -> None:
    binding, env = as_secrets(kind(), env=True)
    assert binding == as_secrets(kind())[0]
    assert env["metadata"]["name"] == "cache-redis-env"
    assert env["type"] == "Opaque"
    assert env["stringData"] == {v.name: v.value for v in rendered(kind())}
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in env["stringData"])


@ALL_KINDS
def test_a_masked_manifest_shows_no_secret_and_no_digest_of_one(
    kind: Callable[[], Connection],
) -> None:
    for document in as_secrets(kind(), env=True, reveal=False):
        text = yaml.safe_dump(document, width=10_000)
        for secret in (kind().password, kind().client_key_pem[30:80]):
            assert not secret or secret not in text
        if kind().password:
            assert document["metadata"]["annotations"]["redis.contract/checksum"] == MASK


def test_the_checksum_follows_what_an_application_would_have_to_reload() -> None:
    def checksum(connection: Connection) -> str:
        (secret,) = as_secrets(connection)
        return secret["metadata"]["annotations"]["redis.contract/checksum"]

    first = checksum(samples.local())
    assert checksum(samples.local()) == first
    assert checksum(samples.local(password="another")) != first
    assert checksum(samples.local(ca_pem=samples.certificate("next CA")[0])) != first
    assert checksum(samples.local(rotate_by="2030-01-01T00:00:00Z")) == first


def test_a_checksum_is_too_slow_to_guess_passwords_by() -> None:
    started = time.process_time()
    kubernetes.checksum("cache-redis", {"password": "short"})
    assert time.process_time() - started > 0.005


@pytest.mark.parametrize(
    ("cache", "name"),
    [("cache", "cache-redis"), ("My_Cache", "my-cache-redis"), ("-a..b-", "a-b-redis")],
)
def test_names_are_made_fit_for_kubernetes(cache: str, name: str) -> None:
    assert as_secrets(samples.local(), cache=cache, env=True)[0]["metadata"]["name"] == name


@pytest.mark.parametrize("cache", ["", "___", "a" * 250])
def test_a_name_of_which_nothing_is_left_is_refused(cache: str) -> None:
    with pytest.raises(RenderingError, match="no name for a Kubernetes Secret"):
        as_secrets(samples.local(), cache=cache)


@pytest.mark.parametrize(
    "value", ["true", "0123", "1e3", "null", "~", "12:34", "a: b", "- x", "é\u0085"]
)
def test_yaml_keeps_every_value_a_string(value: str) -> None:
    (secret,) = as_secrets(samples.local(password=value))
    assert secret["stringData"]["password"] == value


APPLICATION = {
    "services": {"web": {"image": "example", "environment": {"OWN": "1"}}, "db": {"image": "x"}}
}


def composed(directory: Path, **changes: Any) -> dict[str, Any]:
    env_file = directory / "variables.env"
    env_file.write_text("REDIS_HOST=cache\n")
    base = directory / "app" / "compose.yaml"
    base.parent.mkdir()
    base.write_text(yaml.safe_dump(APPLICATION))
    addition = directory / "compose.yaml"
    options: dict[str, Any] = {
        "service": "web",
        "env_file": str(env_file),
        "mounts": {str(directory / "ca.pem"): "/etc/redis-tls/ca.pem"},
        "network": "secure-redis-local",
        "heading": "secure-redis",
    }
    addition.write_text(compose.snippet(**{**options, **changes}))
    return readers.compose_config(base, addition)


def test_compose_adds_variables_ca_and_network_to_that_service_only(tmp_path: Path) -> None:
    config = composed(tmp_path)
    web = config["services"]["web"]
    assert web["environment"] == {"OWN": "1", "REDIS_HOST": "cache"}
    (volume,) = web["volumes"]
    expected = {
        "type": "bind",
        "source": str(tmp_path / "ca.pem"),
        "target": "/etc/redis-tls/ca.pem",
        "read_only": True,
    }
    # v1 prints the short form, v2 the long one with more keys.
    assert volume == f"{tmp_path}/ca.pem:/etc/redis-tls/ca.pem:ro" or (
        expected.items() <= volume.items()
    )
    assert set(web["networks"]) == {"default", "secure-redis"}
    network = config["networks"]["secure-redis"]
    assert network["name"] == "secure-redis-local"
    assert network["external"]
    database = config["services"]["db"]
    assert not database["environment"]
    assert "volumes" not in database
    assert "secure-redis" not in (database.get("networks") or {})


def test_compose_without_network_and_with_paths_as_they_are(tmp_path: Path) -> None:
    directory = tmp_path / "a $HOME b"
    directory.mkdir()
    config = composed(directory, network="")
    assert "secure-redis" not in (config.get("networks") or {})
    assert config["services"]["web"]["environment"]["REDIS_HOST"] == "cache"
    (volume,) = config["services"]["web"]["volumes"]
    # Printed with `$` doubled, so that the output is a Compose file again.
    assert "a $$HOME b" in str(volume)


@pytest.mark.parametrize("service", ["", "a b", "a\nb", "a:"])
def test_compose_refuses_what_cannot_be_a_service(service: str) -> None:
    with pytest.raises(RenderingError, match="service"):
        compose.snippet(service=service, env_file="/x", mounts={}, heading="secure-redis")
