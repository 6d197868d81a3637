"""What a container says of the Redis that it runs."""

from typing import Any

import pytest
from secure_redis.posture.resources import Resource, Resources
from secure_redis.posture.servers import (
    image_of_redis,
    logs_in,
    runs_server,
    settings,
    speaks_tls,
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
NONE = Resources.read([])


def told(**inputs: Any) -> tuple[bool | None, bool | None]:
    """Whether it speaks TLS, and whether it asks for a login."""
    found = settings(Resource("docker:index/container:Container", "u", inputs, {}), NONE)
    return speaks_tls(found), logs_in(found)


@pytest.mark.parametrize(
    ("image", "is_one"),
    [
        ("redis", True),
        ("redis:7.4-alpine", True),
        ("docker.io/library/redis@sha256:00", True),
        ("registry.internal:5000/mirror/valkey:8", True),
        ("valkey/valkey-bundle:8.1", True),
        ("bitnami/redis-cluster", True),
        ("redis/redis-stack-server:latest", True),
        ("eqalpha/keydb", True),
        ("oliver006/redis_exporter", False),
        ("redis/redisinsight", False),
        ("rediscommander/redis-commander", False),
        ("postgres:17", False),
        ("example/redis/backup", False),
        ("", False),
        (None, False),
    ],
)
def test_which_images_are_a_server(image: Any, is_one: bool) -> None:
    assert image_of_redis(image) is is_one


def test_which_commands_start_a_server() -> None:
    assert runs_server(["/usr/local/bin/redis-server", "--port", "0"])
    assert runs_server(["sh", "-c", "valkey-server"])
    assert not runs_server(["redis-cli", "ping"])
    assert not runs_server([{}, 1, None])


SERVER = ["redis-server"]
TLS = ["--tls-port", "6379", "--port", "0"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, (False, False)),
        ({"command": SERVER}, (False, False)),
        ({"command": [*SERVER, *TLS]}, (True, False)),
        ({"command": [*SERVER, "--tls-port", "6380"]}, (False, False)),
        ({"command": [*SERVER, "--port", "0"]}, (False, False)),
        ({"command": [*SERVER, *TLS, "--requirepass", "x"]}, (True, True)),
        ({"command": [*SERVER, *TLS, "--requirepass", ""]}, (True, False)),
        ({"command": [*SERVER, *TLS, "--requirepass", UNKNOWN]}, (True, True)),
        (
            {"command": ["sh", "-c", "redis-server --tls-port 1 --port 0 --aclfile /a"]},
            (True, True),
        ),
        ({"entrypoints": SERVER, "command": TLS}, (True, False)),
        ({"command": [*SERVER, "/etc/redis.conf"]}, (None, None)),
        ({"command": [*SERVER, "/etc/redis.conf", "--port", "6379"]}, (False, None)),
        ({"command": UNKNOWN}, (None, None)),
        ({"command": [*SERVER, UNKNOWN]}, (None, None)),
        ({"envs": ["REDIS_PASSWORD=x"]}, (False, True)),
        ({"envs": ["VALKEY_PASSWORD_FILE=/x", "VALKEY_TLS_ENABLED=yes"]}, (True, True)),
        ({"envs": ["ALLOW_EMPTY_PASSWORD=yes"]}, (False, False)),
        ({"envs": [UNKNOWN]}, (None, None)),
        ({"command": [*SERVER, "--save", "60", "1000", "--port", "7000"]}, (False, False)),
        ({"command": [*SERVER, "it's"]}, (False, False)),
    ],
)
def test_what_a_command_and_its_variables_say(
    inputs: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    assert told(**inputs) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port 0\ntls-port 6379\nrequirepass x", (True, True)),
        ("# requirepass x\nport 6379\n", (False, False)),
        ("PORT 0\n  tls-port 6379\nuser default off\nuser app on >x ~* +@all", (True, True)),
        ("port 0\ntls-port 6379\nuser default on nopass ~* +@all", (True, False)),
        ("port 0\ntls-port 6379\ninclude /etc/more.conf", (True, None)),
        ("", (False, False)),
    ],
)
def test_what_an_uploaded_configuration_says(
    text: str, expected: tuple[bool | None, bool | None]
) -> None:
    upload = {"file": "/etc/redis.conf", "content": text}
    assert told(command=[*SERVER, "/etc/redis.conf"], uploads=[upload]) == expected


def test_an_upload_that_is_encoded_is_read() -> None:
    upload = {"file": "/r.conf", "contentBase64": "cmVxdWlyZXBhc3MgeA=="}
    assert told(command=[*SERVER, "/r.conf"], uploads=[upload]) == (False, True)
    assert told(command=[*SERVER, "/r.conf"], uploads=[{**upload, "contentBase64": "%"}]) == (
        None,
        None,
    )


def test_a_file_that_is_not_known_yet_tells_nothing() -> None:
    upload = {"file": "/r.conf", "content": UNKNOWN}
    assert told(command=[*SERVER, "/r.conf"], uploads=[upload]) == (None, None)


def test_settings_are_not_shown() -> None:
    inputs = {"command": ["redis-server", "--requirepass", "k3eps-s3cret"]}
    found = settings(Resource("docker:index/container:Container", "u", inputs, {}), NONE)
    assert "k3eps-s3cret" in found.directives.values()
    assert "k3eps-s3cret" not in repr(found)
