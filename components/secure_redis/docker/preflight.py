"""What only the Docker daemon can tell before a resource is made.

Whether it is there, whether the ports are free, and which image there is. The daemon is asked
and not changed, but for pulling an image that is missing.
"""

import errno
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from secure_redis.problems import Problem
from secure_redis.schema import join

from .images import candidates
from .labels import CACHE
from .names import container_name
from .rules import published_port

if TYPE_CHECKING:
    from docker import DockerClient

    from secure_redis.settings import CacheSettings

TIMEOUT_SECONDS = 20
PULL_TIMEOUT_SECONDS = 600


def check(
    caches: "Mapping[str, CacheSettings]", host: str | None = None
) -> tuple[dict[str, str], list[Problem]]:
    """The image of each cache, and what stands in the way of making them.

    `host` is the provider's setting `docker:host`; by default the environment names the daemon.
    """
    import docker.errors  # noqa: PLC0415 - only where the daemon is asked
    import requests  # noqa: PLC0415

    where = location(host)
    try:
        with daemon(where) as client:
            problems = [
                problem
                for name, cache in caches.items()
                for problem in port_problems(name, cache, client, local=where.startswith("unix:"))
            ]
            images: dict[str, str] = {}
            for name, cache in caches.items():
                image, reason = _image(candidates(cache), client)
                images[name] = image
                if reason:
                    problems.append(_no_image(name, image, reason))
            return images, problems
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        return {}, [
            Problem(
                "docker:host" if host else "docker",
                f"no Docker daemon answers at {where} ({_cause(error)})",
                "Start Docker, or set docker:host to a daemon that runs.",
            )
        ]


def location(host: str | None) -> str:
    """URL of the daemon: the provider's setting `docker:host`, or what the environment names."""
    return host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


@contextmanager
def daemon(where: str) -> "Iterator[DockerClient]":
    """A client of the Docker daemon at `where`. Raises DockerException when there is none."""
    import docker  # noqa: PLC0415

    client = docker.DockerClient(
        base_url=where,
        version="auto",
        timeout=TIMEOUT_SECONDS,
        use_ssh_client=where.startswith("ssh:"),
        tls=_client_tls(where),
    )
    try:
        yield client
    finally:
        client.close()


def port_problems(
    name: str, cache: "CacheSettings", client: "DockerClient", *, local: bool
) -> Iterator[Problem]:
    """Who else has the port of the cache `name`: another container, or another program."""
    port, address = published_port(cache), cache.docker.publish_address
    holders = client.api.containers(filters={"publish": str(port)})
    path = join("caches", name, "docker.port")
    for holder in holders:
        if f"/{container_name(name)}" in holder["Names"] and holder["Labels"].get(CACHE) == name:
            return
        if any(p.get("PublicPort") == port for p in holder["Ports"]):
            container = holder["Names"][0].lstrip("/")
            reason = f"port {port} of the machine is in use by the container {container}"
            yield Problem(path, reason, "Stop that container, or choose another port.")
            return
    if local:
        yield from _unbindable(path, address, port)


def _unbindable(path: str, address: str, port: int) -> Iterator[Problem]:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                yield Problem(
                    path,
                    f"port {port} of the machine is in use by another program",
                    f"Stop it (ss -ltnp 'sport = :{port}' names it), or choose another port.",
                )
            elif error.errno == errno.EADDRNOTAVAIL:
                yield Problem(
                    path.removesuffix("port") + "publishAddress",
                    f"{address} is no address of this machine",
                    "Give one of its addresses.",
                )


def _image(names: list[str], client: "DockerClient") -> tuple[str, str]:
    """The first image that is there, or can be pulled; else the reason why not."""
    import docker.errors  # noqa: PLC0415

    for name in names:
        try:
            client.api.inspect_image(name)
        except docker.errors.ImageNotFound:
            continue
        return name, ""
    wanted = names[-1]
    client.api.timeout = PULL_TIMEOUT_SECONDS
    try:
        client.images.pull(wanted)
    except docker.errors.APIError as error:
        return wanted, error.explanation or str(error)
    finally:
        client.api.timeout = TIMEOUT_SECONDS
    return wanted, ""


def _no_image(name: str, image: str, reason: str) -> Problem:
    return Problem(
        join("caches", name, "docker.image"),
        f"the image {image} is not on this machine and cannot be pulled: {reason.strip()}",
        "Correct the name, log in to its registry, or load it with docker load.",
    )


def _client_tls(where: str) -> Any:
    """The client certificate that DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name, as for the CLI."""
    if not where.startswith("tcp:") or not os.environ.get("DOCKER_TLS_VERIFY"):
        return False
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    return kwargs_from_env().get("tls", False)


def _cause(error: BaseException) -> str:
    text = str(error)
    for known in ("Connection refused", "No such file or directory", "Permission denied"):
        if known in text:
            return known.lower()
    return type(error).__name__
