"""Talking to a Docker daemon: by HTTP over its socket or TCP, by the docker command over ssh."""

import json
import shlex
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from .commands import Children, Result, must
from .errors import PreparationError

PING_SECONDS = 3.0
SSH_SECONDS = 20.0
IDLE_SECONDS = 60.0  # a pull that says nothing for this long is given up
RUN_SECONDS = 60.0
_OK, _CREATED, _NO_CONTENT = 200, 201, 204


class NoAnswerError(Exception):
    """The daemon does not answer; the text says why."""


class Daemon(Protocol):
    """What the image step needs of a daemon."""

    def has_image(self, name: str) -> bool:
        """True when the image is in the daemon."""
        ...

    def architecture(self) -> str:
        """The daemon's machine in Debian's words: amd64, arm64, ..."""
        ...

    def pull(self, name: str, progress: Callable[[str], None]) -> None:
        """Pulls an image; raises NoAnswerError with the reason if it cannot be had."""
        ...

    def import_image(self, archive: Path, name: str, changes: list[str]) -> None:
        """Makes an image of a tar file; raises PreparationError if the daemon refuses."""
        ...

    def run(self, name: str, command: list[str]) -> tuple[int, str]:
        """Runs a command in a new container without network: exit code, output. Leaves nothing."""
        ...

    def remove_image(self, name: str) -> None:
        """Removes an image's name."""
        ...


def connect(url: str, environ: Mapping[str, str], children: Children) -> Daemon:
    """The daemon at a DOCKER_HOST-like URL. Raises NoAnswerError if it does not answer."""
    if url.startswith("ssh://"):
        return SshDaemon(url, environ, children)
    daemon = HttpDaemon(url, environ, children)
    daemon.ping()
    return daemon


class HttpDaemon(Daemon):
    """A daemon at unix:// or tcp:// (with DOCKER_TLS_VERIFY: certificates of DOCKER_CERT_PATH)."""

    def __init__(self, url: str, environ: Mapping[str, str], children: Children) -> None:
        self._url = url
        self._environ = environ
        self._children = children

    def ping(self) -> None:
        """Asks for a sign of life; raises NoAnswerError."""
        try:
            status, body = self._quick("/_ping")
        except OSError as error:
            raise NoAnswerError((error.strerror or str(error)).lower()) from error
        if status != _OK or body.strip() != b"OK":
            raise NoAnswerError(f"something else answers there (HTTP {status})")

    def has_image(self, name: str) -> bool:
        """True when the image is in the daemon."""
        return self._quick(f"/images/{name}/json")[0] == _OK

    def architecture(self) -> str:
        """The daemon's machine in Debian's words."""
        _, body = self._request("GET", "/version")
        return str(json.loads(body).get("Arch", ""))

    def pull(self, name: str, progress: Callable[[str], None]) -> None:
        """Pulls an image; raises NoAnswerError with the reason if it cannot be had."""
        repository, _, tag = name.rpartition(":")
        layers: dict[str, tuple[int, int]] = {}
        try:
            for event in self._events(f"/images/create?fromImage={repository}&tag={tag}"):
                self._children.check()
                if "error" in event:
                    raise NoAnswerError(str(event["error"]))
                detail = event.get("progressDetail") or {}
                if event.get("status") == "Downloading" and detail.get("total"):
                    layers[str(event.get("id"))] = (detail["current"], detail["total"])
                    have, total = (sum(column) for column in zip(*layers.values(), strict=True))
                    progress(f"pulling {name}, {have >> 20} of {total >> 20} MB")
        except OSError as error:
            raise NoAnswerError(str(error)) from error

    def import_image(self, archive: Path, name: str, changes: list[str]) -> None:
        """Makes an image of a tar file."""
        repository, _, tag = name.rpartition(":")
        fields = [("fromSrc", "-"), ("repo", repository), ("tag", tag)]
        fields += [("changes", change) for change in changes]
        query = "&".join(f"{field}={quote(value, safe='')}" for field, value in fields)
        for event in self._events(f"/images/create?{query}", archive):
            if "error" in event:
                raise PreparationError(
                    f"the Docker daemon refuses the image {name}: {event['error']}"
                )

    def run(self, name: str, command: list[str]) -> tuple[int, str]:
        """Runs a command in a new container without network."""
        settings = {
            "Image": name,
            "Entrypoint": [],
            "Cmd": command,
            "Tty": True,  # one plain stream of output
            "HostConfig": {"NetworkMode": "none", "ReadonlyRootfs": True, "CapDrop": ["ALL"]},
        }
        status, body = self._request("POST", "/containers/create", json.dumps(settings).encode())
        if status != _CREATED:
            raise PreparationError(f"no container can be made of {name}: {_said(body)}")
        container = json.loads(body)["Id"]
        try:
            status, body = self._request("POST", f"/containers/{container}/start")
            if status != _NO_CONTENT:
                raise PreparationError(f"{name} does not start: {_said(body)}")
            _, body = self._request("POST", f"/containers/{container}/wait", timeout=RUN_SECONDS)
            code = int(json.loads(body)["StatusCode"])
            _, output = self._request("GET", f"/containers/{container}/logs?stdout=1&stderr=1")
            return code, output.decode("utf-8", "replace")
        finally:
            self._request("DELETE", f"/containers/{container}?force=1&v=1")

    def remove_image(self, name: str) -> None:
        """Removes an image's name."""
        self._request("DELETE", f"/images/{name}")

    def _quick(self, path: str) -> tuple[int, bytes]:
        """A GET without the price of importing an HTTP library: every run asks this way."""
        if not self._url.startswith("unix://"):
            return self._request("GET", path, timeout=PING_SECONDS)
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PING_SECONDS)
            link.connect(self._url.removeprefix("unix://"))
            link.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
            answer = b""
            while chunk := link.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(b"\r\n")[0].split()
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), body

    def _request(
        self, method: str, path: str, body: bytes | None = None, timeout: float = RUN_SECONDS
    ) -> tuple[int, bytes]:
        from . import docker_link  # noqa: PLC0415 - not needed on a prepared machine

        return docker_link.ask(self._url, self._environ, method, path, body=body, timeout=timeout)

    def _events(self, path: str, archive: Path | None = None) -> Iterator[dict[str, Any]]:
        from . import docker_link  # noqa: PLC0415 - not needed on a prepared machine

        return docker_link.events(
            self._url, self._environ, path, archive=archive, timeout=IDLE_SECONDS
        )


def _said(body: bytes) -> str:
    from . import docker_link  # noqa: PLC0415 - not needed on a prepared machine

    return docker_link.message(body)


class SshDaemon(Daemon):
    """A daemon behind ssh, by the docker command: ours with -H, else the one over there."""

    def __init__(self, url: str, environ: Mapping[str, str], children: Children) -> None:
        self._children = children
        self._environ = environ
        docker = shutil.which("docker", path=environ.get("PATH"))
        self._prefix = [docker, "-H", url] if docker else ssh_prefix(url)
        result = self._docker("version", "--format", "{{.Server.Arch}}", timeout=SSH_SECONDS)
        if result.code != 0:
            raise NoAnswerError(result.tail[-1] if result.tail else f"exit code {result.code}")
        self._arch = result.tail[-1].strip()

    def has_image(self, name: str) -> bool:
        """True when the image is in the daemon."""
        return self._docker("image", "inspect", name).code == 0

    def architecture(self) -> str:
        """The daemon's machine in Debian's words."""
        return self._arch

    def pull(self, name: str, progress: Callable[[str], None]) -> None:
        """Pulls an image; raises NoAnswerError with the reason if it cannot be had."""
        result = self._docker("pull", name, on_line=progress)
        if result.code != 0:
            raise NoAnswerError(result.tail[-1] if result.tail else "refused")

    def import_image(self, archive: Path, name: str, changes: list[str]) -> None:
        """Makes an image of a tar file."""
        words = [word for change in changes for word in ("-c", change)]
        command = _shell_words([*self._prefix, "import", *words, "-", name])
        result = self._children.run(
            ["sh", "-c", f'exec {command} <"$0"', archive], env=self._environ
        )
        must(result, f"importing {name}", network=True)

    def run(self, name: str, command: list[str]) -> tuple[int, str]:
        """Runs a command in a new container without network."""
        options = [
            "--rm",
            "--network=none",
            "--read-only",
            "--cap-drop=ALL",
            "--entrypoint",
            command[0],
        ]
        result = self._docker("run", *options, name, *command[1:], timeout=RUN_SECONDS)
        return result.code, result.text

    def remove_image(self, name: str) -> None:
        """Removes an image's name."""
        self._docker("rmi", name)

    def _docker(
        self,
        *words: str,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Result:
        remote = self._prefix[0] == "ssh"
        argv = [*self._prefix, *(map(shlex.quote, words) if remote else words)]
        return self._children.run(argv, env=self._environ, timeout=timeout, on_line=on_line)


def ssh_prefix(url: str) -> list[str]:
    """The ssh command for an ssh://user@host:port URL, with docker over there."""
    place = url.removeprefix("ssh://").split("/")[0]
    target, _, port = place.partition(":")
    # Asking for a password would wait for ever behind a progress line.
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={SSH_SECONDS:.0f}"]
    return ["ssh", *options, *(["-p", port] if port else []), "--", target, "docker"]


def _shell_words(words: list[str]) -> str:
    """Words for `sh -c`; those after an ssh target are quoted again, for the shell over there."""
    if words[0] == "ssh":
        split = words.index("docker")
        words = [*words[:split], " ".join(map(shlex.quote, words[split:]))]
    return " ".join(map(shlex.quote, words))
