"""The doctor at a healthy endpoint, beside the commands that one would type by hand."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from .live import fresh_project
from .measure import Cost, run

Look = Callable[[], Cost]


@contextmanager
def examined() -> Iterator[tuple[Look, Look]]:
    """A cache in Docker, with TLS and a password, and two ways to look at it.

    `secure-redis doctor` with the `.env` file of an application; and `redis-cli --tls ping` with
    `openssl s_client -verify_return_error` after it. Either raises RuntimeError where it is not
    content.
    """
    with fresh_project() as ours:
        ours.on_stack("up")
        ours.on_stack("env", "--out", "connection")
        file = Path("connection", ".env")
        values = {key: text or "" for key, text in dotenv_values(ours.directory / file).items()}

        def doctor() -> Cost:
            return ours.command("doctor", "--env-file", str(file))

        def by_hand() -> Cost:
            return _together(_ping(ours.directory, values), _handshake(ours.directory, values))

        yield doctor, by_hand


def _ping(directory: Path, values: dict[str, str]) -> Cost:
    """redis-cli; the password is in its environment, where it looks for it."""
    command = ["redis-cli", "-e", "-h", values["REDIS_HOST"], "-p", values["REDIS_PORT"], "--tls"]
    command += ["--cacert", values["REDIS_SSL_CA_CERTS"], "--user", values["REDIS_USERNAME"]]
    environ = {**os.environ, "REDISCLI_AUTH": values["REDIS_PASSWORD"]}
    return run([*command, "ping"], cwd=directory, environ=environ)


def _handshake(directory: Path, values: dict[str, str]) -> Cost:
    """openssl; chain, dates and the address in the certificate are verified."""
    host, port = values["REDIS_HOST"], values["REDIS_PORT"]
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-verify_return_error"]
    command += ["-verify_ip", host, "-CAfile", values["REDIS_SSL_CA_CERTS"]]
    return run(command, cwd=directory, environ=os.environ)


def _together(first: Cost, second: Cost) -> Cost:
    """The cost of one command after the other."""
    return Cost(
        first.wall_seconds + second.wall_seconds,
        first.cpu_seconds + second.cpu_seconds,
        max(first.peak_mib, second.peak_mib),
    )
