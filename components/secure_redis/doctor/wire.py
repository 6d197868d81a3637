"""Names, addresses and TCP connections, each within a time.

Nothing here raises the socket module's errors: what goes wrong is one of the errors below.
"""

import errno
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from .deadline import STEP, Deadline, OutOfTime

if TYPE_CHECKING:
    from typing_extensions import Self

Address = IPv4Address | IPv6Address

IPV6 = 6


class WireError(Exception):
    """A network operation that did not succeed. `str()` is what was seen, without any secret."""


class UnknownName(WireError):  # noqa: N818 - names say what happened
    """The name has no address."""


class SlowName(WireError):  # noqa: N818 - names say what happened
    """The resolver did not answer in time."""


class Refused(WireError):  # noqa: N818 - names say what happened
    """Nothing listens there."""


class Silent(WireError):  # noqa: N818 - names say what happened
    """No answer in time."""


class Unreachable(WireError):  # noqa: N818 - names say what happened
    """No way to the address."""


class Closed(WireError):  # noqa: N818 - names say what happened
    """The peer closed the connection, or reset it."""


@dataclass(frozen=True)
class Place:
    """Where to connect to: one address and port."""

    address: Address
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == IPV6 else str(self.address)
        return f"{host}:{self.port}"


def resolve(host: str, deadline: Deadline) -> list[Address]:
    """The addresses of a name, in the order of the system's resolver; an address is its own.

    Raises UnknownName or SlowName.
    """
    try:
        return [ip_address(host.strip("[]"))]
    except ValueError:
        pass
    found: list[Address] = []
    failure: list[OSError | ValueError] = []

    def ask() -> None:
        try:
            for *_, where in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
                one = ip_address(str(where[0]).partition("%")[0])
                if one not in found:
                    found.append(one)
        except (OSError, ValueError) as error:
            failure.append(error)

    # The system's resolver knows no time limit: a thread that nobody waits for at the end.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(deadline.step())
    if asking.is_alive():
        raise SlowName(f"no answer for {host} within {STEP:g} s")
    if found:
        return found
    seen = failure[0] if failure else None
    if isinstance(seen, socket.gaierror) and seen.errno == socket.EAI_AGAIN:
        raise SlowName(f"{host}: {seen.strerror}")
    said = seen.strerror if isinstance(seen, OSError) else "not a name" if seen else "no address"
    raise UnknownName(f"{host}: {said}")


class Stream:
    """A TCP connection whose every operation has a time. Use it as a context."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self.socket = connected
        self.deadline = deadline

    def send(self, data: bytes) -> None:
        """Sends all of it. Raises Silent or Closed."""
        self.socket.settimeout(self.deadline.step())
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise self.failure(error) from None

    def receive(self, most: int = 65536, seconds: float = STEP) -> bytes:
        """What comes next, at least a byte, within some seconds. Raises Silent or Closed."""
        self.socket.settimeout(self.deadline.step(seconds))
        try:
            data = self.socket.recv(most)
        except OSError as error:
            raise self.failure(error) from None
        if not data:
            raise Closed("the server closed the connection")
        return data

    def failure(self, error: OSError) -> Exception:
        """What an operation that failed with this error raises."""
        return in_time(told(error), self.deadline)

    def close(self) -> None:
        """Closes it; never raises."""
        with suppress(OSError):
            self.socket.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(place: Place, deadline: Deadline, seconds: float = STEP) -> Stream:
    """A TCP connection within some seconds. Raises Refused, Silent, Closed or Unreachable."""
    family = socket.AF_INET6 if place.address.version == IPV6 else socket.AF_INET
    try:
        connecting = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # this machine has no IPv6, say
        raise Unreachable(f"{place}: {error.strerror}") from None
    try:
        connecting.settimeout(deadline.step(seconds))
        connecting.connect((str(place.address), place.port))
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException as error:
        connecting.close()
        if isinstance(error, OSError):
            raise in_time(told(error, str(place)), deadline) from None
        raise
    return Stream(connecting, deadline)


def in_time(error: WireError, deadline: Deadline) -> Exception:
    """The error; OutOfTime for a silence of which our own lack of time may be the cause."""
    return OutOfTime() if isinstance(error, Silent) and deadline.over else error


def told(error: OSError, where: str = "") -> WireError:
    """An error of the socket module in our own words."""
    before = f"{where}: " if where else ""
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return Silent(f"{before}no answer in time")
    if isinstance(error, ConnectionRefusedError):
        return Refused(f"{before}connection refused")
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return Closed(f"{before}the server reset the connection")
    return Unreachable(f"{before}{error.strerror or type(error).__name__}")


def milliseconds(since: float) -> float:
    """Since a moment of `time.perf_counter`, to a tenth."""
    return round((time.perf_counter() - since) * 1000, 1)
