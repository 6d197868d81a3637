"""An endpoint that somebody else runs: here, the Docker cache of another stack."""

from collections.abc import Iterator
from typing import Any

import pytest
from harness import Deployment, client, deployed, remember_secret
from secure_redis.connection import Connection


@pytest.fixture(scope="module")
def external(three: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack whose caches are those of `three`, known by address and credentials alone."""
    caches: dict[str, Any] = {}
    with deployed(tmp_path_factory.mktemp("external"), "external") as deployment:
        for name in ("cache", "sessions", "queue"):
            caches[name] = _settings(three.connection(name), deployment)
        deployment.write(caches, target="external")
        deployment.pulumi("stack", "init").succeeded()
        for name in caches:
            _set_secret(deployment, f"{name}.external.password", three.connection(name).password)
        client_key = three.connection("sessions").client_key_pem
        _set_secret(deployment, "sessions.external.client.privateKey", client_key)
        deployment.up()
        yield deployment


def _settings(connection: Connection, deployment: Deployment) -> dict[str, Any]:
    endpoint: dict[str, Any] = {
        "host": connection.host,
        "port": connection.port,
        "username": connection.username,
        "issuedAt": "2026-01-31T09:00:00Z",
    }
    mode = "tls" if connection.tls else "password"
    if connection.ca_pem:
        path = deployment.project / f"{connection.port}.pem"
        path.write_text(connection.ca_pem)
        endpoint["authority"] = path.name
    if connection.client_cert_pem:
        mode = "mtls"
        endpoint["client"] = {"certificate": connection.client_cert_pem}
    return {"mode": mode, "external": endpoint}


def _set_secret(deployment: Deployment, path: str, value: str) -> None:
    remember_secret(value)
    key = f"secure-redis:caches.{path}"
    deployment.pulumi("config", "set", "--secret", "--path", key, stdin=value).succeeded()


@pytest.mark.parametrize("name", ["cache", "sessions", "queue"])
def test_the_contract_is_the_same_as_that_of_the_stack_that_runs_it(
    three: Deployment, external: Deployment, name: str
) -> None:
    ours, theirs = external.connection(name), three.connection(name)
    assert ours.target == "external"
    for field in (
        "url",
        "tls",
        "tls_verify",
        "ca_pem",
        "ca_not_after",
        "client_cert_pem",
        "client_key_pem",
        "url_redacted",
        "celery_url",
        "stackexchange",
    ):
        # The engine takes the last line feed off a config secret.
        same = str(getattr(ours, field)).rstrip() == str(getattr(theirs, field)).rstrip()
        assert same, field
    assert ours.rotate_by == "2026-05-01T09:00:00Z"


def test_its_contract_connects(external: Deployment, three: Deployment) -> None:
    for name in ("cache", "queue"):
        with client(external.connection(name)) as server:
            assert server.ping()
    with client(external.connection("cache")) as ours, client(three.connection("cache")) as theirs:
        ours.set("from", "outside", ex=60)
        assert theirs.get("from") == "outside"


def test_it_makes_nothing_in_docker(external: Deployment) -> None:
    assert external.in_docker() == []
    kinds = {r["type"].partition(":")[0] for r in external.resources()}
    assert kinds == {"pulumi", "secure-redis"}
    assert external.up().changes.keys() == {"unchanged"}


def test_the_password_is_encrypted_everywhere(external: Deployment, three: Deployment) -> None:
    files = [*external.backend.rglob("*"), *external.project.rglob("*")]
    text = "".join(path.read_text() for path in files if path.is_file())
    for name in ("cache", "sessions", "queue"):
        leaked = three.connection(name).password in text
        assert not leaked


def test_mistakes_are_named(external: Deployment) -> None:
    kept = external.stack_file.read_text()
    far = {"host": "redis.company.example", "port": 6379}
    secret = "planted-secret-0123456789abcdef"
    try:
        external.stack_file.unlink()
        external.write(
            {
                "empty": {},
                "open": {"external": far},
                "plain": {"mode": "password", "external": {**far, "password": secret}},
                "blind": {"external": {**far, "password": secret, "tlsVerify": "none"}},
                "loose": {"external": {**far, "password": secret, "tlsVerify": "ca"}},
                "bare": {"mode": "mtls", "external": {**far, "password": secret}},
                "ours": {"memoryGb": 1, "docker": {}, "external": {**far, "password": secret}},
                "typed": {"external": {**far, "port": secret, "password": secret}},
            },
            target="external",
        )
        ended = external.run("preview")
    finally:
        external.stack_file.write_text(kept)
    assert ended.code != 0
    assert "Traceback" not in ended.text
    assert secret not in ended.text
    for line in (
        "caches.empty.external: is required on the target external",
        "caches.open.external.password: is required",
        "caches.plain.external.host: the mode password is for this machine alone",
        "caches.blind.external.tlsVerify: none would let anybody in the middle read along",
        "caches.loose.external.tlsVerify: ca without an authority",
        "caches.bare.external.client: is required by the mode mtls",
        "caches.ours.memoryGb: has no effect: memory is decided where the endpoint runs",
        "caches.ours.docker: has no effect on the target external",
        "caches.typed.external.port: must be a whole number, not text",
    ):
        assert line in ended.text
