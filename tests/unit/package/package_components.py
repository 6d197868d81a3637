"""The components as tests make them, and what is read from what they registered."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import pytest
from package_certificates import authority, issue
from package_monitor import (
    Registered,
    World,
    succeed,
)
from secure_redis import SecureRedis
from secure_redis.docker.redis import DockerRedis
from secure_redis.external.redis import ExternalRedis
from secure_redis.settings import Mode

PREVIEW_AND_UPDATE = pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
ALL_MODES = pytest.mark.parametrize("mode", [mode.value for mode in Mode])
DEVELOPMENT = {"environment": "development"}
ENDPOINT = {"host": "redis.example.com", "port": 6380, "password": "ExternalPassword" * 3}


PASSWORD_MODES = ["password", "tls", "mtls"]


def secure(name: str = "cache", opts: Any = None, **args: Any) -> SecureRedis:
    base = {"target": "docker", **DEVELOPMENT}
    return SecureRedis(name, cast("Any", {**base, **args}), opts)


def docker(name: str = "cache", opts: Any = None, **args: Any) -> DockerRedis:
    return DockerRedis(name, cast("Any", {**DEVELOPMENT, **args}), opts)


def external(name: str = "cache", opts: Any = None, **args: Any) -> ExternalRedis:
    base = {**DEVELOPMENT, "external": ENDPOINT}
    return ExternalRedis(name, cast("Any", {**base, **args}), opts)


@cache
def built(make: Callable[..., Any], mode: str = "tls", *, preview: bool = False) -> World:
    """What a component registers in `mode`: made once, and looked at by many tests."""
    return succeed(lambda: make(**arguments_for(make, mode)), preview=preview)


def arguments_for(make: Callable[..., Any], mode: str) -> dict[str, Any]:
    """Arguments in `mode`, for the Docker target or an endpoint."""
    if make is not external:
        return {"mode": mode}
    endpoint: dict[str, Any] = {**ENDPOINT, "host": "localhost"}
    if mode == "none":
        del endpoint["password"]
    if mode == "mtls":
        pair = issue("client", issuer=authority())
        endpoint["client"] = {"certificate": pair.certificate_pem, "private_key": pair.key_pem}
    return {"mode": mode, "external": endpoint}


def outputs_of(world: World) -> dict[str, Any]:
    outputs = world.made[0].outputs
    assert outputs is not None
    return outputs


def uploaded(world: World, path: str, name: str = "cache") -> str:
    files = world.one("Container", f"{name}-files").plain["uploads"]
    (content,) = [f["content"] for f in files if f["file"] == f"/etc/redis/{path}"]
    return content


def labels_of(resource: Registered) -> dict[str, str]:
    return {entry["label"]: entry["value"] for entry in resource.plain["labels"]}
