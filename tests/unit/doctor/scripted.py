"""Servers that speak the protocol and answer what a test tells them; and checks to run at them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import hiredis
from secure_redis.doctor.checkup import Check, Checkup, Learned, Options, Verdict
from secure_redis.doctor.endpoint import Declared, Endpoint, Given
from secure_redis.doctor.report import Status
from secure_redis.doctor.wire import Place

from .started import listener

PASSWORD = "k3pt-Secret/with+signs=and-length-48-000000000000"

Script = Callable[[list[str]], bytes | None]
"""The answer to a command, as the wire has it; None closes the connection."""


@contextmanager
def scripted(script: Script) -> Iterator[tuple[int, list[list[str]]]]:
    """A server that answers by the script; its port, and all commands that it got."""
    heard: list[list[str]] = []

    def behave(one: socket.socket) -> None:
        reader = hiredis.Reader(encoding="utf-8")
        while data := one.recv(65536):
            reader.feed(data)
            while words := reader.gets():
                heard.append(words)
                answer = script(words)
                if answer is None:
                    return
                one.sendall(answer)

    with listener(behave) as port:
        yield port, heard


def bulk(text: str) -> bytes:
    """A text as RESP2 has it."""
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def array(*parts: bytes) -> bytes:
    """A list."""
    return b"*%d\r\n%s" % (len(parts), b"".join(parts))


def checkup_of(port: int, host: str = "127.0.0.1", **changes: Any) -> Checkup:
    """An examination of a server on this machine; the name is resolved and the port open."""
    options = changes.pop("options", Options())
    declared = changes.pop("declared", Declared())
    fields = {"tls": False, "username": "app", "password": PASSWORD, **changes}
    endpoint = Endpoint(host=host, port=port, **fields)
    learned = Learned(place=Place(ip_address("127.0.0.1" if host == "localhost" else host), port))
    return Checkup(Given("a test", endpoint, declared=declared), endpoint, options, learned=learned)


def only(check: Check, checkup: Checkup) -> Verdict:
    """What a check says, where it says one thing."""
    verdicts = [*check(checkup)]
    assert len(verdicts) == 1, verdicts
    assert PASSWORD not in repr(verdicts)
    return verdicts[0]


def said(check: Check, checkup: Checkup) -> str:
    """The problem that a check finds, else the status."""
    found = only(check, checkup)
    return found.problem or found.status.value


OK, INFO, SKIPPED = Status.OK.value, Status.INFO.value, Status.SKIPPED.value
