"""What else is open: the same port in the clear (D14), and other ports of the host (D15)."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address

from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.protocol import Session, info
from secure_redis.doctor.wire import Place, Stream, WireError, connect

PATIENCE = 1.5
"""Seconds to wait where silence is the usual answer."""

REDIS = re.compile(
    rb"\+PONG\r\n|-(ERR|NOAUTH|DENIED|LOADING|NOPERM|BUSY|MASTERDOWN|MISCONF|CLUSTERDOWN) "
)
"""How the answer of a Redis to PING begins."""

TLS_ALERT = b"\x15"

MOST_ADDRESSES = 4
"""Addresses of the host whose other ports are tried."""

Answer = bytes | WireError


def speaks_redis(answer: Answer) -> bool:
    """Whether what came back on a PING is from a Redis."""
    return isinstance(answer, bytes) and REDIS.match(answer) is not None


def shown(answer: Answer) -> str:
    """What came back, for people: the first line, as far as it can be printed."""
    if isinstance(answer, WireError):
        return str(answer)
    if answer.startswith(TLS_ALERT):
        return "a TLS alert"
    line = (answer.splitlines() or [b""])[0][:60].decode("ascii", "replace")
    return "".join(one if one.isprintable() and one != "\ufffd" else "?" for one in line)


def plain_answer(checkup: Checkup) -> Answer:
    """What comes back from the endpoint when PING is sent in the clear."""
    try:
        with checkup.connect() as stream:
            return _ping(stream)
    except WireError as error:
        return error


def _ping(stream: Stream) -> Answer:
    try:
        stream.send(b"PING\r\n")
        return stream.receive(512, PATIENCE)
    except WireError as error:
        return error


def plaintext(checkup: Checkup) -> Iterator[Verdict]:
    """D14: PING in the clear, where TLS is to be."""
    if not checkup.endpoint.tls:
        yield skipped("no TLS")
        return
    with checkup.connect() as stream:
        answer = _ping(stream)
    if speaks_redis(answer):
        yield bad("plaintext-on-tls-port", f"PING in the clear was answered: {shown(answer)}")
        return
    checkup.refused("PING in the clear on the TLS port", shown(answer))
    yield good(f"PING in the clear: {shown(answer)}")


def other_ports(checkup: Checkup) -> Iterator[Verdict]:
    """D15: PING in the clear to the other ports on which a Redis usually listens."""
    if not checkup.endpoint.tls:
        yield skipped("no TLS")
        return
    places = _others(checkup)
    if not places:
        yield skipped("no other port to try")
        return
    with ThreadPoolExecutor(max_workers=len(places)) as pool:
        knocks = [*pool.map(lambda place: _knock(checkup, place), places)]
    own = ""
    for knock in knocks:
        where = str(knock.place)
        if knock.run_id and not own:
            own = _own_run_id(checkup)
        if not speaks_redis(knock.answer):
            yield from _closed(checkup, knock)
        elif own and knock.run_id and own != knock.run_id:
            yield noted(f"{where} answers in the clear, and is another Redis", where=where)
        elif knock.place.address in THIS_MACHINE and not knock.run_id:
            yield noted(f"{where} answers in the clear: a Redis of this machine", where=where)
        else:
            yield bad(
                "plaintext-port-open", f"{where} answers PING: {shown(knock.answer)}", where=where
            )
    if not any(speaks_redis(knock.answer) for knock in knocks):
        ports = ", ".join(dict.fromkeys(str(place.port) for place in places))
        yield good(f"no Redis answers in the clear on {ports}")


THIS_MACHINE = (ip_address("127.0.0.1"), ip_address("::1"))
"""Here many a Redis is neighbour of another one, and nothing goes over a network."""


@dataclass(frozen=True)
class _Knock:
    """What came of trying another port."""

    place: Place
    answer: Answer
    run_id: str = ""
    """Of the Redis there, where it tells without a login."""


def _others(checkup: Checkup) -> list[Place]:
    addresses = checkup.learned.addresses[:MOST_ADDRESSES]
    ports = [one for one in checkup.options.other_ports if one != checkup.endpoint.port]
    return [Place(address, port) for port in dict.fromkeys(ports) for address in addresses]


def _knock(checkup: Checkup, place: Place) -> _Knock:
    try:
        with connect(place, checkup.deadline, PATIENCE) as stream:
            answer = _ping(stream)
            if not (isinstance(answer, bytes) and answer.startswith(b"+PONG")):
                return _Knock(place, answer)
            return _Knock(place, answer, _run_id(Session(stream)))
    except WireError as error:
        return _Knock(place, error)


def _run_id(session: Session) -> str:
    """What a server calls this run of itself; empty where it does not tell."""
    try:
        answer = session.ask("INFO", "server")
    except WireError:
        return ""
    return info(answer).get("run_id", "") if isinstance(answer, str) else ""


def _own_run_id(checkup: Checkup) -> str:
    session = checkup.learned.session
    return _run_id(session) if session else ""


def _closed(checkup: Checkup, knock: _Knock) -> Iterator[Verdict]:
    """What is said of a port where no Redis answers in the clear."""
    where = str(knock.place)
    if isinstance(knock.answer, bytes) and not knock.answer.startswith(TLS_ALERT):
        yield noted(f"{where} answers, and is no Redis in the clear", where=where)
    else:
        answer = shown(knock.answer).removeprefix(f"{where}: ")
        checkup.refused(f"PING in the clear to {where}", answer)
