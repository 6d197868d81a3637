"""HTTP to a Docker daemon. Imported only where it is used: it costs 60 ms at the start."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ERROR = 400


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(url: str, environ: Mapping[str, str], timeout: float) -> http.client.HTTPConnection:
    """A connection to unix://PATH or tcp://HOST:PORT, with TLS as the docker command decides it."""
    if url.startswith("unix://"):
        return _UnixConnection(url.removeprefix("unix://"), timeout)
    host, _, port = url.partition("://")[2].rstrip("/").partition(":")
    if environ.get("DOCKER_TLS_VERIFY") or url.startswith("https://"):
        tls = _client_tls(environ)
        return http.client.HTTPSConnection(host, int(port or 2376), timeout=timeout, context=tls)
    return http.client.HTTPConnection(host, int(port or 2375), timeout=timeout)


def _client_tls(environ: Mapping[str, str]) -> ssl.SSLContext:
    home = Path(environ.get("HOME") or Path.home())
    folder = Path(environ.get("DOCKER_CERT_PATH") or home / ".docker")
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except OSError as error:
        raise OSError(f"certificates in {folder}: {error.strerror or error}") from error
    return context


def ask(
    url: str,
    environ: Mapping[str, str],
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    timeout: float,
) -> tuple[int, bytes]:
    """One request; returns status and body. Raises OSError when there is no answer in HTTP."""
    link = _connection(url, environ, timeout)
    try:
        link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = link.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"not a Docker daemon: {error!r}") from error
    finally:
        link.close()


def events(
    url: str,
    environ: Mapping[str, str],
    path: str,
    *,
    archive: Path | None = None,
    timeout: float,
) -> Iterator[dict[str, Any]]:
    """The JSON lines of a POST's long answer. An error status is an event with `error` as well."""
    link = _connection(url, environ, timeout)
    try:
        if archive is None:
            link.request("POST", path)
        else:
            with archive.open("rb") as body:
                link.request("POST", path, body, {"Content-Type": "application/x-tar"})
        answer = link.getresponse()
        if answer.status >= _ERROR:
            yield {"error": message(answer.read())}
            return
        while line := answer.readline():
            if line.strip():
                yield json.loads(line)
    except http.client.HTTPException as error:
        raise OSError(f"the connection to the Docker daemon was lost ({error!r})") from error
    finally:
        link.close()


def message(body: bytes) -> str:
    """The daemon's own words in the body of an error."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip() or "no reason given"
