"""What checks share: the endpoint, the time, and what checks before them have learned.

A check is a function that takes a `Checkup` and yields verdicts. It never raises for what a server
does, never prints, and never puts a secret into a verdict.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

from . import protocol, tls, wire
from .catalogue import PROBLEMS
from .deadline import Deadline
from .endpoint import Endpoint, Given
from .report import Fact, Refusal, Status


class Profile(str, Enum):
    """Which TLS ciphers are good enough."""

    MODERN = "modern"
    """Forward secrecy and authenticated encryption."""
    FIPS = "fips"
    """The same, and approved by NIST (SP 800-52r2): no ChaCha20-Poly1305."""


@dataclass(frozen=True)
class Options:
    """How to examine."""

    negative: bool = False
    """Whether to try what raises alarms: a wrong password, commands that must be denied."""
    profile: Profile = Profile.MODERN
    key_prefix: str = ""
    """Put before the name of the one key that is written."""
    other_ports: tuple[int, ...] = (6379, 6380, 6378, 10000)
    """Ports of the same host that must not answer in the clear."""
    certificate_days: int = 30
    """Days before its end from which a certificate is warned of."""
    state: Path | None = None
    """File that keeps the server's counters from run to run; None: they are not kept."""


@dataclass(frozen=True)
class Verdict:
    """What a check says; the rest of a finding comes from the tables."""

    status: Status
    observed: str
    problem: str = ""
    where: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    fix: str = ""
    """Replaces the catalogue's where this very case has a better one."""

    @property
    def fatal(self) -> bool:
        """Whether nothing behind it can, or may, be looked at."""
        return bool(self.problem) and PROBLEMS[self.problem].fatal


Check = Callable[["Checkup"], Iterator[Verdict]]


def good(observed: str, where: str = "", **facts: Fact) -> Verdict:
    """It was looked at, and is right."""
    return Verdict(Status.OK, observed, where=where, facts=facts)


def noted(observed: str, where: str = "", **facts: Fact) -> Verdict:
    """It was looked at; there is nothing to judge."""
    return Verdict(Status.INFO, observed, where=where, facts=facts)


def skipped(reason: str) -> Verdict:
    """It was not looked at."""
    return Verdict(Status.SKIPPED, reason)


def bad(problem: str, observed: str, where: str = "", fix: str = "", **facts: Fact) -> Verdict:
    """A problem of the catalogue, which says whether it is a warning or a failure."""
    return Verdict(PROBLEMS[problem].status, observed, problem, where, facts, fix)


@dataclass
class Learned:
    """What checks found out for those after them. Written by one check each."""

    addresses: list[wire.Address] = field(default_factory=list[wire.Address])
    """D03: all addresses of the host."""
    place: wire.Place | None = None
    """D04: the first address that accepts connections."""
    looked: tls.Agreed | None = None
    """D05: what a lenient handshake came to."""
    agreed: tls.Agreed | None = None
    """D10: what a strict handshake came to, the one that applications get."""
    silent: bool = False
    """D10, D11: whether the server left a command without an answer."""
    open: bool = False
    """D11: whether the server answers without a login."""
    hello: Mapping[str, object] = field(default_factory=dict[str, object])
    """D13: the server's answer to HELLO; empty where it has none."""
    user: str = ""
    """D13: who the server says we are."""
    session: protocol.Session | None = field(default=None, repr=False)
    """D13: a conversation that is logged in; closed at the end."""
    info: Mapping[str, str] | None = None
    """D18: all of INFO; None where the user may not ask for it."""
    mode_problem: str = ""
    """D17: why an ordinary client's commands cannot work here; empty if they can."""
    write_problem: str = ""
    """D16: the problem that writes met; empty if they work."""
    errors: list[str] = field(default_factory=list[str])
    """Codes of all errors that this server answered to us: our own part of its counters."""
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    """What must not work and did not."""


@dataclass
class Checkup:
    """One examination."""

    given: Given
    endpoint: Endpoint
    options: Options = Options()
    deadline: Deadline = field(default_factory=Deadline)
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    learned: Learned = field(default_factory=Learned)

    def connect(self, place: wire.Place | None = None) -> wire.Stream:
        """A new TCP connection to the place that answered, or another. Raises WireError."""
        place = place or self.learned.place
        if place is None:
            raise wire.Unreachable("no address answered")
        return wire.connect(place, self.deadline)

    def converse(self, place: wire.Place | None = None, name: str = "") -> protocol.Session:
        """A new connection as applications make it, not logged in: TLS verified where declared.

        `place` and `name` are those of another node that the server told of. Raises WireError;
        over what it returns a password may be sent.
        """
        under = self.connect(place)
        errors = self.learned.errors if place is None else None
        if not self.endpoint.tls:
            return protocol.Session(under, errors)
        context = tls.strict(self.endpoint)
        verified = tls.handshake(under, context, name or self.endpoint.verified_name)
        return protocol.Session(verified, errors)

    def refused(self, attempt: str, answer: str) -> None:
        """Notes that something that must not work did not."""
        self.learned.refusals.append(Refusal(attempt=attempt, answer=answer))
