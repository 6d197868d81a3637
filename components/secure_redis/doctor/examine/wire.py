"""Whether the port answers (D04), and in TLS (D05)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from secure_redis.doctor import hello, suites, tls
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted
from secure_redis.doctor.deadline import OutOfTime
from secure_redis.doctor.wire import (
    Closed,
    Place,
    Refused,
    Silent,
    WireError,
    connect,
    milliseconds,
)

from .surface import plain_answer, speaks_redis

PLAIN_MODES = frozenset({"none", "password"})
"""Security modes that have no TLS."""

MOST_ADDRESSES = 16
"""Addresses of one name that are tried."""


def accepts(checkup: Checkup) -> Iterator[Verdict]:
    """D04: connects to all addresses at once; the first that answers is used from then on."""
    port = checkup.endpoint.port
    places = [Place(one, port) for one in checkup.learned.addresses[:MOST_ADDRESSES]]
    with ThreadPoolExecutor(max_workers=max(1, len(places))) as pool:
        tried = [*zip(places, pool.map(lambda place: _tried(place, checkup), places), strict=True)]
    answered = [(place, took) for place, took in tried if isinstance(took, float)]
    failed = [(place, error) for place, error in tried if isinstance(error, WireError)]
    if not answered:
        yield _closed(failed)
        return
    place, took = answered[0]
    checkup.learned.place = place
    yield good(f"{place} accepts connections", where=str(place), milliseconds=took)
    for other, error in failed:
        if isinstance(error, Silent) or (
            isinstance(error, Refused) and not other.address.is_loopback
        ):
            yield bad("address-unreachable", str(error), where=str(other))
        else:
            # Clients learn that at once and go on with the next address.
            yield noted(str(error), where=str(other))


def _tried(place: Place, checkup: Checkup) -> float | WireError:
    started = time.perf_counter()
    try:
        connect(place, checkup.deadline).close()
    except WireError as error:
        return error
    except OutOfTime:
        return Silent(f"{place}: no answer in time")
    return milliseconds(started)


def _closed(failed: list[tuple[Place, WireError]]) -> Verdict:
    """The verdict where no address answers: a refusal says more than silence does."""
    problems = {
        **dict.fromkeys((Refused, Closed), "port-refused"),
        Silent: "port-silent",
    }
    found = [problems.get(type(error), "host-unreachable") for _, error in failed]
    if not found:
        return bad("host-unreachable", "the name has no address that can be tried")
    worst = next(one for one in ("port-refused", "port-silent", "host-unreachable") if one in found)
    return bad(worst, "; ".join(str(error) for _, error in failed))


def speaks_tls(checkup: Checkup) -> Iterator[Verdict]:
    """D05: a handshake that accepts every version, suite and certificate, and sends no secret."""
    if not checkup.endpoint.tls:
        yield _without_tls(checkup)
        return
    try:
        agreed = _look(checkup)
    except tls.NotTls:
        yield _plain(checkup, "tls-not-spoken", "what came back on a ClientHello is no TLS")
    except Silent:
        yield _plain(checkup, "tls-hang", "no answer to a ClientHello")
    except Closed as error:
        yield bad("tls-closed", str(error))
    except (tls.HandshakeRefused, tls.Unreadable) as error:
        yield bad("tls-refused", f"the handshake failed: {error}")
    else:
        checkup.learned.looked = agreed
        yield good(
            f"{agreed.version} with {agreed.cipher}",
            version=agreed.version,
            cipher=agreed.cipher,
            milliseconds=agreed.milliseconds,
        )


def _look(checkup: Checkup) -> tls.Agreed:
    """A lenient handshake. Raises WireError."""
    endpoint = checkup.endpoint
    try:
        with tls.handshake(
            checkup.connect(), tls.lenient(endpoint), endpoint.verified_name
        ) as stream:
            return stream.agreed
    except (tls.HandshakeRefused, Closed):
        # With TLS 1.2, a server that wants a client certificate ends the handshake without one.
        agreed = _asked(checkup)
        if agreed is None:
            raise
        return agreed


def _asked(checkup: Checkup) -> tls.Agreed | None:
    """What a server shows before it refuses us for want of a client certificate, if that is it.

    Raises NotTls.
    """
    started = time.perf_counter()
    try:
        with checkup.connect() as stream:
            choice = hello.offer(
                stream, checkup.endpoint.verified_name, hello.Version.TLS12, suites.BEFORE_TLS13
            )
        chain = tls.certificates(choice.chain)
    except tls.NotTls:
        raise
    except WireError:
        return None
    if not (choice.asks_certificate and chain):
        return None
    return tls.Agreed(
        version=hello.NAMES[choice.version],
        cipher=suites.name(choice.suite),
        bits=suites.bits(choice.suite),
        milliseconds=milliseconds(started),
        chain=chain,
        asked=True,
    )


def _plain(checkup: Checkup, problem: str, seen: str) -> Verdict:
    """The verdict where no TLS came back: perhaps a Redis answers in the clear."""
    if speaks_redis(plain_answer(checkup)):
        return bad("tls-not-spoken", f"{seen}, and a Redis answers in the clear")
    return bad(problem, seen)


def _without_tls(checkup: Checkup) -> Verdict:
    declared = checkup.given.declared.settings.get("mode")
    if not speaks_redis(plain_answer(checkup)):
        try:
            agreed = _look(checkup)
        except WireError:
            pass
        else:
            return bad(
                "tls-not-used",
                f"the URL is redis://, and the port speaks {agreed.version}",
            )
    if declared in PLAIN_MODES:
        return bad("tls-off-declared", f"redis://, and the stack declares mode {declared}")
    return bad("tls-off", "the URL is redis://")
