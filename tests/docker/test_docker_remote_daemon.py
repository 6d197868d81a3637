"""`docker:host` names another machine's Docker: here, this machine's behind a TCP port."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from harness import client, deployed, engine, free_port

SOCKET = "/var/run/docker.sock"


class Tunnel(socketserver.BaseRequestHandler):
    """One connection, passed on to the daemon's socket."""

    connections = 0

    def handle(self) -> None:
        type(self).connections += 1
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(SOCKET)
            answers = threading.Thread(target=pump, args=[daemon, self.request])
            answers.start()
            pump(self.request, daemon)
            answers.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def remote() -> Iterator[str]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Tunnel) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_stack_file_names_the_daemon(
    tmp_path: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = {"cache": {"docker": {"port": free_port()}}}
    engine()
    # Whatever does not go through the stack file's daemon fails.
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with deployed(tmp_path, "remote", caches, **{"docker:host": remote}) as deployment:
        assert Tunnel.connections >= 2
        with client(deployment.connection()) as server:
            assert server.ping()
        deployment.unchanged()
        process = deployment.start("up")
        process.wait_for("Updating (")
        process.kill_tree()
        deployment.down()
        assert deployment.in_docker() == []
