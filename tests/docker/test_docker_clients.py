"""Clients connect as the documentation tells them, each with full verification."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from harness import Deployment, client, write_certificates
from redis.asyncio import Redis as AsyncRedis
from secure_redis.connection import Connection

CLIENTS = Path(__file__).with_name("clients")
CACHES = ["cache", "sessions", "queue"]


def certificates(connection: Connection, tmp_path: Path) -> dict[str, Any]:
    return write_certificates(connection, tmp_path) if connection.tls else {}


@pytest.mark.parametrize("name", CACHES)
def test_redis_py_connects_with_certificate_files(
    three: Deployment, name: str, tmp_path: Path
) -> None:
    connection = three.connection(name)
    options = certificates(connection, tmp_path)
    with redis.Redis.from_url(connection.url, decode_responses=True, **options) as server:
        assert server.set("greeting", name, ex=60)
        assert server.get("greeting") == name
        assert server.acl_whoami() == connection.username


def test_redis_py_connects_with_the_ca_as_text(three: Deployment) -> None:
    with client(three.connection()) as server:
        assert server.ping()


@pytest.mark.parametrize("name", CACHES)
def test_the_url_for_python_needs_no_other_option(
    three: Deployment, name: str, tmp_path: Path
) -> None:
    connection = three.connection(name)
    certificates(connection, tmp_path)
    with redis.Redis.from_url(connection.python_url(f"{tmp_path}/ca.pem")) as server:
        assert server.ping()


@pytest.mark.parametrize("name", CACHES)
def test_redis_py_asyncio(three: Deployment, name: str, tmp_path: Path) -> None:
    connection = three.connection(name)
    options = certificates(connection, tmp_path)

    async def round_trip() -> Any:
        async with AsyncRedis.from_url(connection.url, decode_responses=True, **options) as server:
            await server.set("async", name, ex=60)
            return await server.get("async")

    assert asyncio.run(round_trip()) == name


@pytest.mark.parametrize("name", CACHES)
def test_transactions_scripts_and_messages_work(
    three: Deployment, name: str, tmp_path: Path
) -> None:
    connection = three.connection(name)
    options = certificates(connection, tmp_path)
    with redis.Redis.from_url(connection.url, decode_responses=True, **options) as server:
        with server.pipeline(transaction=True) as pipeline:
            pipeline.set("a", 1, ex=60)
            pipeline.incr("a")
            assert pipeline.execute() == [True, 2]
        assert server.eval("return redis.call('get', KEYS[1])", 1, "a") == "2"
        assert server.xadd("stream", {"field": "value"})
        assert server.delete("stream", "a") == 2
        assert server.info("server")["redis_version"]
        with server.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe("news")
            assert server.publish("news", "hello") in {0, 1}


@pytest.mark.parametrize("name", CACHES)
def test_the_readonly_user_reads_what_the_application_wrote(
    three: Deployment, name: str, tmp_path: Path
) -> None:
    connection = three.connection(name)
    options = {"decode_responses": True, **certificates(connection, tmp_path)}
    with (
        redis.Redis.from_url(connection.url, **options) as writer,
        redis.Redis.from_url(connection.readonly_url, **options) as reader,
    ):
        writer.set("shared", "value", ex=60)
        assert reader.get("shared") == "value"


def test_the_mode_none_needs_no_credentials(other: Deployment) -> None:
    connection = other.connection("scratch")
    assert (connection.password, connection.username, connection.tls) == ("", "", False)
    with client(connection) as server:
        assert server.ping()


def test_valkey_serves_a_client_of_redis(other: Deployment) -> None:
    with client(other.connection()) as server:
        assert server.info("server")["server_name"] == "valkey"


@pytest.mark.parametrize("name", CACHES)
def test_a_celery_task_makes_the_round_trip(three: Deployment, name: str, tmp_path: Path) -> None:
    connection = three.connection(name)
    certificates(connection, tmp_path)
    url = connection.python_url(f"{tmp_path}/ca.pem")
    secret_file = tmp_path / "url"
    secret_file.touch(mode=0o600)
    secret_file.write_text(url)
    app = Celery(broker=url, backend=url)
    log = (tmp_path / "worker.log").open("w+")
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--pool", "solo"],
        cwd=CLIENTS,
        env={**os.environ, "CELERY_URL_FILE": str(secret_file), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        result = app.send_task("celery_app.add", (2, 3))
        assert result.get(timeout=60) == 5
    finally:
        worker.terminate()
        worker.wait(30)
        app.close()
    log.seek(0)
    lines = log.read()
    log.close()
    assert "NOPERM" not in lines
    assert "insecure" not in lines.lower()


def node(
    connection: Connection, library: str, environment: dict[str, str] | None = None, **tls: str
) -> dict[str, str]:
    done = subprocess.run(
        ["node", "connect.mjs"],
        cwd=CLIENTS,
        env={**os.environ, **(environment or {})},
        input=json.dumps({"client": library, "url": connection.url, **tls}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


LIBRARIES = {"ioredis": "written by ioredis", "redis": "written by node-redis"}


@pytest.mark.parametrize("library", LIBRARIES)
def test_node_connects_with_the_ca_in_its_options(three: Deployment, library: str) -> None:
    connection = three.connection()
    assert node(connection, library, ca=connection.ca_pem) == {"value": LIBRARIES[library]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_node_connects_with_the_ca_in_its_environment(
    three: Deployment, library: str, tmp_path: Path
) -> None:
    connection = three.connection()
    trust = {"NODE_EXTRA_CA_CERTS": certificates(connection, tmp_path)["ssl_ca_certs"]}
    assert node(connection, library, trust) == {"value": LIBRARIES[library]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_node_connects_with_a_client_certificate(three: Deployment, library: str) -> None:
    connection = three.connection("sessions")
    tls: dict[str, Any] = {"cert": connection.client_cert_pem, "key": connection.client_key_pem}
    answer = node(connection, library, ca=connection.ca_pem, **tls)
    assert answer == {"value": LIBRARIES[library]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_node_without_the_ca_refuses_to_connect(three: Deployment, library: str) -> None:
    answer = node(three.connection(), library)
    assert answer == {"error": "SELF_SIGNED_CERT_IN_CHAIN"}
