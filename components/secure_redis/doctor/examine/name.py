"""From the host's name to addresses (D03)."""

import time
from collections.abc import Iterator, Sequence

from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted
from secure_redis.doctor.wire import Address, SlowName, UnknownName, milliseconds, resolve

ELSEWHERE = "external"
"""The target whose services are reached over public addresses as a rule."""


def resolves(checkup: Checkup) -> Iterator[Verdict]:
    """D03: asks the system's resolver; warns of public addresses."""
    host, started = checkup.endpoint.host, time.perf_counter()
    try:
        addresses = resolve(host, checkup.deadline)
    except UnknownName as error:
        yield bad("name-unknown", str(error))
        return
    except SlowName as error:
        yield bad("name-slow", str(error))
        return
    checkup.learned.addresses = addresses
    took = milliseconds(started)
    public = [one for one in addresses if one.is_global]
    if not public:
        yield good(_sentence(host, addresses), addresses=[*map(str, addresses)], milliseconds=took)
    elif _elsewhere(checkup):
        yield noted(
            f"{_sentence(host, addresses)}: public, as others' services are",
            addresses=[*map(str, addresses)],
            milliseconds=took,
        )
    else:
        yield bad(
            "address-public",
            f"{_sentence(host, addresses)}: public",
            addresses=[*map(str, addresses)],
            milliseconds=took,
        )


def _elsewhere(checkup: Checkup) -> bool:
    declared = checkup.given.declared.connection
    return declared is not None and declared.target == ELSEWHERE


def _sentence(host: str, addresses: Sequence[Address]) -> str:
    listed = ", ".join(map(str, addresses))
    return f"{host} is {'an address' if listed == host.strip('[]') else listed}"
