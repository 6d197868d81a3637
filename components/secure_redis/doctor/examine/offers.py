"""Which versions and suites a server accepts (D09): each is offered alone."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from secure_redis.doctor import hello, suites
from secure_redis.doctor.checkup import Checkup, Profile, Verdict, bad, good, skipped
from secure_redis.doctor.wire import WireError

PRIME_BITS = 2048
"""The smallest Diffie-Hellman prime that is not within reach of a state (NIST SP 800-52r2)."""

TOGETHER = 6
"""Connections that are open at a time: a small server has room for few."""


@dataclass(frozen=True)
class Offer:
    """What is offered to the server, and nothing else."""

    label: str
    version: hello.Version
    suites: tuple[int, ...]


TLS12 = Offer("TLS 1.2", hello.Version.TLS12, suites.BEFORE_TLS13)
TLS13 = Offer("TLS 1.3", hello.Version.TLS13, tuple(suites.TLS13))
CURRENT = (TLS12, TLS13)

OLD = tuple(
    Offer(label, version, suites.BEFORE_TLS12)
    for label, version in (
        ("SSL 3.0", hello.Version.SSL3),
        ("TLS 1.0", hello.Version.TLS10),
        ("TLS 1.1", hello.Version.TLS11),
    )
)


def _of(family: suites.Family) -> Offer:
    return Offer(f"a suite {family.name}", hello.Version.TLS12, tuple(family.suites))


WEAK = tuple(map(_of, suites.WEAK))
CBC = _of(suites.CBC)
NOT_APPROVED = (
    _of(suites.NOT_APPROVED),
    Offer(
        "a suite of TLS 1.3 that NIST does not approve",
        hello.Version.TLS13,
        tuple(suites.TLS13_NOT_APPROVED),
    ),
)
PRIME = Offer(
    "Diffie-Hellman over a prime",
    hello.Version.TLS12,
    tuple(number for number, name in suites.NAMES.items() if name.startswith("DHE-")),
)


@dataclass(frozen=True)
class Answers:
    """What the server made of the offers."""

    by_offer: Mapping[Offer, hello.Choice | WireError]

    def accepted(self, offers: Iterable[Offer]) -> list[Offer]:
        """Those of the offers that were accepted."""
        return [one for one in offers if self.suite(one)]

    def suite(self, offer: Offer) -> str:
        """The suite that was chosen; empty if none, or if it was not offered."""
        answer = self.by_offer.get(offer)
        return suites.name(answer.suite) if isinstance(answer, hello.Choice) else ""

    @property
    def prime_bits(self) -> int:
        """Size of the Diffie-Hellman prime; 0 if the server uses none."""
        answer = self.by_offer.get(PRIME)
        return answer.prime_bits if isinstance(answer, hello.Choice) else 0


def versions_and_ciphers(checkup: Checkup) -> Iterator[Verdict]:
    """D09: offers each old version, and each kind of suites that nobody needs, alone."""
    if checkup.learned.looked is None:
        yield skipped("no handshake" if checkup.endpoint.tls else "no TLS")
        return
    fips = checkup.options.profile is Profile.FIPS
    unwanted = (*OLD, *WEAK, CBC, *(NOT_APPROVED if fips else ()))
    answers = _made(checkup, (*CURRENT, PRIME, *unwanted))
    for offer in unwanted:
        answer = answers.by_offer[offer]
        if isinstance(answer, WireError):
            checkup.refused(f"a ClientHello with {offer.label} alone", str(answer))
    versions = [one.label for one in answers.accepted((*OLD, *CURRENT))]
    if not versions:
        yield skipped("the server answered none of the offers")
    elif not answers.accepted(CURRENT):
        yield bad("tls-old-only", f"accepts {_and(versions)}", versions=versions)
    else:
        yield from _judged(checkup, answers, versions)


def _made(checkup: Checkup, offers: Iterable[Offer]) -> Answers:
    offers = [*offers]
    with ThreadPoolExecutor(max_workers=TOGETHER) as pool:
        answers = pool.map(lambda one: _answer(checkup, one), offers)
        return Answers(dict(zip(offers, answers, strict=True)))


def _answer(checkup: Checkup, offer: Offer) -> hello.Choice | WireError:
    name = checkup.endpoint.verified_name
    try:
        with checkup.connect() as stream:
            choice = hello.offer(stream, name, offer.version, offer.suites)
    except WireError as error:
        return error
    if choice.version is offer.version:
        return choice
    return hello.Declined(f"the answer was {hello.NAMES[choice.version]}")


def _judged(checkup: Checkup, answers: Answers, versions: list[str]) -> Iterator[Verdict]:
    """The verdicts on a server that speaks a current version."""
    found = [
        *_old(answers, versions),
        *_below_declared(checkup, answers),
        *_ciphers(answers),
        *_not_approved(answers),
    ]
    yield from found
    if not found:
        only = "suites with forward secrecy and authenticated encryption only"
        yield good(f"accepts {_and(versions)}, {only}", versions=versions)


def _old(answers: Answers, versions: list[str]) -> Iterator[Verdict]:
    old = [one.label for one in answers.accepted(OLD)]
    if old:
        yield bad("tls-old-accepted", f"accepts {_and(old)}", versions=versions)


def _below_declared(checkup: Checkup, answers: Answers) -> Iterator[Verdict]:
    if checkup.endpoint.tls_min_version == "1.3" and answers.suite(TLS12):
        yield bad("tls-below-declared", "accepts TLS 1.2, and declared is 1.3")


def _ciphers(answers: Answers) -> Iterator[Verdict]:
    weak = [
        f"{answers.suite(one)} ({one.label.removeprefix('a suite ')})"
        for one in answers.accepted(WEAK)
    ]
    if 0 < answers.prime_bits < PRIME_BITS:
        weak.append(f"{answers.suite(PRIME)} (with a prime of {answers.prime_bits} bits)")
    if weak:
        yield bad("cipher-weak", f"accepts {', '.join(weak)}", suites=weak)
    # Versions before 1.2 have nothing else, and who accepts worse has one thing to mend.
    elif answers.suite(CBC) and not answers.accepted(OLD):
        yield bad("cipher-legacy", f"accepts {answers.suite(CBC)}", suites=[answers.suite(CBC)])


def _not_approved(answers: Answers) -> Iterator[Verdict]:
    found = [answers.suite(one) for one in answers.accepted(NOT_APPROVED)]
    if found:
        yield bad("cipher-not-approved", f"accepts {_and(found)}", suites=found)


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
