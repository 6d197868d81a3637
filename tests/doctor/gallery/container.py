"""A server in a container: the engine that this machine need not have itself."""

import io
import json
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import redis
import secure_redis
from docker.errors import ImageNotFound, NotFound

from .server import SECONDS, Server

FOLDER = "tmp/server"

LIFE = "900"
"""Seconds after which it ends by itself, if the session could not end it."""


class ContainerServer(Server):
    """A server in a container that has this machine's addresses."""

    @property
    def inside(self) -> str:
        return f"/{FOLDER}"

    def wait(self) -> None:
        """Returns when it answers."""
        end = time.monotonic() + SECONDS
        while True:
            with suppress(redis.ConnectionError), self.client() as client:
                client.ping()
                return
            assert time.monotonic() < end, f"the server {self.name} does not answer"
            time.sleep(0.05)


@contextmanager
def running(server: ContainerServer, engine: str) -> Iterator[None]:
    """Runs it: redis or valkey, from the image that the project's caches run."""
    daemon = docker.from_env()
    container = daemon.containers.create(
        _image(daemon, engine),
        [LIFE, f"{engine}-server", f"/{FOLDER}/server.conf"],
        entrypoint=["timeout"],
        network_mode="host",
        auto_remove=True,
    )
    try:
        container.put_archive("/", _archive(server.files()))
        container.start()
        server.wait()
        yield
    finally:
        with suppress(NotFound):
            container.remove(force=True, v=True)


def _image(daemon: docker.DockerClient, engine: str) -> str:
    table = Path(secure_redis.__file__).with_name("docker") / "images.json"
    names: dict[str, Any] = json.loads(table.read_text())[engine]
    for name in (names["local"], names["official"]):
        with suppress(ImageNotFound):
            daemon.images.get(name)
            return name
    raise AssertionError(f"no image of {engine}: `make test` gets it")


def _archive(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in (FOLDER, f"{FOLDER}/data"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{FOLDER}/{name}")
            entry.size, entry.mode = len(text.encode()), 0o444
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()
