"""What Redis itself cannot be made to do: ports that take connections and do not answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HELLO = b"\x16"
"""The first byte of a ClientHello."""


@contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """Packets to this port are not answered, as with a firewall that drops them.

    The queue of a listening socket that nobody accepts from has one place, and it is taken: the
    kernel drops whoever comes next.
    """
    with socket.socket() as listening, socket.socket() as first:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(0)
        first.connect((address, port))
        yield


@contextmanager
def mute(address: str, port: int) -> Iterator[None]:
    """Connections to this port are accepted, and nothing comes back, ever."""
    with _listening(address, port) as listening:
        kept: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    kept.append(listening.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield
        finally:
            for one in kept:
                one.close()


@contextmanager
def both(
    address: str, port: int, encrypted: tuple[str, int], clear: tuple[str, int]
) -> Iterator[None]:
    """One port that takes TLS and plaintext, as a cloud's proxy does while clients move to TLS."""

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            client.settimeout(20)
            first = client.recv(1, socket.MSG_PEEK)
            place = encrypted if first == HELLO else clear
            with socket.create_connection(place, 5) as server:
                there = threading.Thread(target=_pass_on, args=(client, server), daemon=True)
                there.start()
                _pass_on(server, client)

    with _listening(address, port) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield


@contextmanager
def _listening(address: str, port: int) -> Iterator[socket.socket]:
    with socket.create_server((address, port)) as listening:
        try:
            yield listening
        finally:
            # Wakes the thread that accepts; closing alone does not.
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
