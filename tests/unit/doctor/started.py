"""Servers that tests really start on loopback: Redis, OpenSSL's, and sockets that misbehave."""

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .issued import Issued

REDIS = Path("/usr/bin/redis-check-rdb")
"""Debian's redis-tools holds the server: what it is goes by the name it is started under."""

WEAKEST = (
    "[x]\nssl_conf=s\n[s]\nsystem_default=d\n[d]\nMinProtocol=None\nCipherString=ALL:@SECLEVEL=0\n"
)
"""An OpenSSL configuration under which a server does whatever it is told."""

GOOD_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
)


def free_port(host: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as one:
        one.bind((host, 0))
        return one.getsockname()[1]


@contextmanager
def process(
    command: Sequence[str], host: str, port: int, directory: Path, environment: dict[str, str]
) -> Iterator[None]:
    """A process, from when its port answers."""
    with (directory / "log").open("wb") as log:
        running = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _answers(running, host, port, directory)
            yield
        finally:
            running.kill()
            running.wait()


def _answers(running: subprocess.Popen[bytes], host: str, port: int, directory: Path) -> None:
    for _ in range(200):
        if running.poll() is not None:
            break
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError((directory / "log").read_text())


@contextmanager
def openssl_server(
    own: Issued,
    *options: str,
    above: Sequence[Issued] = (),
    host: str = "127.0.0.1",
) -> Iterator[int]:
    """`openssl s_server` that accepts what the options say, on a free port."""
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), free_port(host)
        _write(directory, own, above)
        command = ["openssl", "s_server", "-accept", f"{host}:{port}", "-quiet"]
        command += ["-cert", "own.pem", "-key", "own.key", "-cert_chain", "own.pem", *options]
        if "-CAfile" not in options:
            command += ["-no-CAfile", "-no-CApath", "-no-CAstore"]
        with process(command, host, port, directory, _weakest(directory)):
            yield port


@contextmanager
def redis(
    own: Issued | None,
    *settings: str,
    above: Sequence[Issued] = (),
    ca: Issued | None = None,
    host: str = "127.0.0.1",
) -> Iterator[int]:
    """A Redis, with TLS if it has a certificate; its port."""
    with tempfile.TemporaryDirectory() as name:
        directory, port = Path(name), free_port(host)
        server = directory / "redis-server"
        server.symlink_to(REDIS)
        lines = [f"bind {host}", 'save ""', "appendonly no", f"dir {directory}", *settings]
        if own:
            _write(directory, own, above)
            (directory / "ca.pem").write_text((ca or own).pem)
            lines += [f"tls-port {port}", "tls-cert-file own.pem", "tls-key-file own.key"]
            lines += ["tls-ca-cert-file ca.pem"]
            if not any(one.startswith("port ") for one in settings):
                lines += ["port 0"]
            if not any(one.startswith("tls-auth-clients") for one in settings):
                lines += ["tls-auth-clients no"]
            if not any(one.startswith("tls-ciphers ") for one in settings):
                lines += [f"tls-ciphers {GOOD_CIPHERS}"]
        else:
            lines += [f"port {port}"]
        (directory / "redis.conf").write_text("\n".join(lines) + "\n")
        with process([str(server), "redis.conf"], host, port, directory, _weakest(directory)):
            yield port


def _weakest(directory: Path) -> dict[str, str]:
    (directory / "openssl.cnf").write_text(f"openssl_conf=x\n{WEAKEST}")
    return {"OPENSSL_CONF": str(directory / "openssl.cnf")}


def _write(directory: Path, own: Issued, above: Sequence[Issued]) -> None:
    (directory / "own.pem").write_text(own.pem + "".join(one.pem for one in above))
    (directory / "own.key").write_text(own.key_pem)


@contextmanager
def listener(behave: Callable[[socket.socket], object], host: str = "127.0.0.1") -> Iterator[int]:
    """Accepts connections and does with each what it is told; its port."""
    over = threading.Event()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen(64)
        listening.settimeout(0.05)

        def serve(one: socket.socket) -> None:
            with one:
                one.settimeout(10)
                with suppress(OSError):
                    behave(one)

        def accept() -> None:
            while not over.is_set():
                try:
                    one, _ = listening.accept()
                except OSError:
                    continue
                threading.Thread(target=serve, args=(one,), daemon=True).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            accepting.join()


def answering(answer: bytes) -> Callable[[socket.socket], object]:
    """Waits for the first bytes and answers with these, whatever they were."""

    def behave(one: socket.socket) -> None:
        one.recv(4096)
        one.sendall(answer)
        one.recv(4096)

    return behave


def silent(one: socket.socket) -> None:
    """Takes everything and says nothing."""
    while one.recv(4096):
        pass


def closing(one: socket.socket) -> None:
    """Closes at once."""


@contextmanager
def dropping(host: str = "127.0.0.1") -> Iterator[int]:
    """A port whose packets get no answer: the queue in front of it is full."""
    with socket.socket() as listening, socket.socket() as first:
        listening.bind((host, 0))
        listening.listen(0)
        first.connect(listening.getsockname())
        yield listening.getsockname()[1]
