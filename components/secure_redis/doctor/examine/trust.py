"""The server's certificates: their chain (D06), names (D07), dates and strength (D08)."""

import re
import ssl
from collections.abc import Iterator, Sequence
from datetime import timedelta

from cryptography import x509

from secure_redis.doctor import certificates, hello, tls
from secure_redis.doctor.certificates import described, issuer, listed, path, subject
from secure_redis.doctor.checkup import Checkup, Verdict, bad, good, noted, skipped
from secure_redis.doctor.report import Status
from secure_redis.doctor.wire import WireError
from secure_redis.timestamps import rfc3339

from .offers import versions_and_ciphers

__all__ = ["chain", "described", "names", "validity", "versions_and_ciphers"]

WEEK = timedelta(days=7)
"""Before its end a certificate is a failure: what should have renewed it did not."""

ROOT_MISSING = 2
WRONG_SIGNATURE = 7
NOT_YET_VALID, EXPIRED = 9, 10
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
ISSUER_MISSING = frozenset({20, 21})
WRONG_PURPOSE = 26
NAME_MISMATCH = frozenset({62, 64})
LEAF_KEY_WEAK, CA_KEY_WEAK, HASH_WEAK = 66, 67, 68
"""OpenSSL's numbers X509_V_ERR_*."""

INTERMEDIATE = re.compile(r"intermediate|issuing|subordinate|\bsub[- ]?ca\b", re.IGNORECASE)
"""What the names of CAs below a root are often made of."""

UNKNOWN_OR_INCOMPLETE = (
    "Give clients the CA of this cache: `make ca`. If the issuer is an intermediate of the given "
    "CA, put its certificate behind the server's own in the same file."
)
"""The cure where the certificate does not tell which of both it is."""


def chain(checkup: Checkup) -> Iterator[Verdict]:
    """D06: verifies the chain by the CA that clients are given; dates, names, strengths apart."""
    sent = _sent(checkup)
    if not sent:
        yield skipped(_unseen(checkup))
        return
    by = "the given CA" if checkup.endpoint.ca_pem else "the system's CAs"
    failure = _failure(checkup, tls.chain_only(checkup.endpoint))
    if failure and failure.code == WRONG_PURPOSE and _signed(sent, _given(checkup)):
        yield good(f"signed by {by}", sent=len(sent))
    elif failure:
        yield _distrusted(failure, sent, checkup)
    else:
        strictly = _failure(checkup, tls.chain_strictly(checkup.endpoint))
        if strictly:
            yield bad("chain-not-strict", f"verified by {by}; by the letter: {strictly}")
        else:
            yield good(f"verified by {by}", sent=len(sent))


def _sent(checkup: Checkup) -> tuple[x509.Certificate, ...]:
    """The certificates that the server sent; none if it did not come to that."""
    return checkup.learned.looked.chain if checkup.learned.looked else ()


def _unseen(checkup: Checkup) -> str:
    return "no certificate was seen" if checkup.endpoint.tls else "no TLS"


def _failure(checkup: Checkup, context: ssl.SSLContext) -> tls.NotVerified | None:
    """What a handshake with this context says of the certificates; None if they are right.

    Raises WireError where the handshake did not come to that.
    """
    try:
        tls.handshake(checkup.connect(), context, checkup.endpoint.verified_name).close()
    except tls.NotVerified as failure:
        return failure
    except WireError:
        # The server's certificate comes, and is judged, before the server misses the client's.
        if checkup.learned.looked and checkup.learned.looked.asked:
            return None
        raise
    return None


def _given(checkup: Checkup) -> list[x509.Certificate]:
    """The given CAs; none where the system's are to be trusted."""
    if not checkup.endpoint.ca_pem:
        return []
    try:
        return x509.load_pem_x509_certificates(checkup.endpoint.ca_pem.encode())
    except ValueError:
        return []


def _called(given: Sequence[x509.Certificate]) -> str:
    return ", ".join(map(subject, given)) or "none, so it is the system's"


def _signed(sent: Sequence[x509.Certificate], given: Sequence[x509.Certificate]) -> bool:
    """Whether the chain is signed up to a given CA; up to its own end where there is none."""
    found = path(sent)
    top = found[-1]
    ends = not given or any(top == one or certificates.is_signed_by(top, one) for one in given)
    return ends and certificates.is_signed(found)


def _distrusted(
    failure: tls.NotVerified, sent: Sequence[x509.Certificate], checkup: Checkup
) -> Verdict:
    """The verdict on a chain that did not pass."""
    top, given = path(sent)[-1], _given(checkup)
    if failure.code == SELF_SIGNED:
        return bad("self-signed", f"{subject(sent[0])} signed itself; given is {_called(given)}")
    if failure.code == ROOT_MISSING:
        return bad(
            "ca-unknown",
            f"given is {_called(given)}, which is no root, and most clients want one",
            fix="Give clients the root's certificate too.",
        )
    missing = {*ISSUER_MISSING, SELF_SIGNED_IN_CHAIN}
    namesake = any(one.subject == top.issuer for one in given)
    if (
        namesake
        and failure.code in {*missing, WRONG_SIGNATURE}
        and certificates.is_signed(path(sent))
    ):
        return bad("ca-unknown", f"{issuer(top)} has the given CA's name, and another key")
    if failure.code in missing:
        return _unknown(top, given, checkup)
    return bad("chain-invalid", str(failure))


def _unknown(top: x509.Certificate, given: Sequence[x509.Certificate], checkup: Checkup) -> Verdict:
    """The verdict on a chain that ends with a certificate whose issuer is not trusted."""
    if certificates.signed_itself(top):
        return bad("ca-unknown", f"the server's CA is {subject(top)}; given is {_called(given)}")
    why = _is_intermediate(top, given, checkup)
    if why:
        return bad("chain-incomplete", f"{issuer(top)} was not sent, and is no root: {why}")
    return bad(
        "ca-unknown",
        f"{subject(top)} is issued by {issuer(top)}, which was not sent; given is {_called(given)}",
        fix=UNKNOWN_OR_INCOMPLETE,
    )


def _is_intermediate(
    top: x509.Certificate, given: Sequence[x509.Certificate], checkup: Checkup
) -> str:
    """What tells that the missing issuer is an intermediate and no root; empty if nothing does."""
    if certificates.issuers_of_issuer(top) & {one.subject for one in given}:
        return "the certificate names the given CA as the issuer of its issuer"
    if not checkup.endpoint.ca_pem and certificates.tells_issuer_location(top):
        return "the certificate tells where its issuer's is to be fetched"
    if INTERMEDIATE.search(issuer(top)):
        return "its name says so"
    return ""


def names(checkup: Checkup) -> Iterator[Verdict]:
    """D07: compares the SAN extension, never the common name, as OpenSSL does it."""
    sent, endpoint = _sent(checkup), checkup.endpoint
    if not sent:
        yield skipped(_unseen(checkup))
        return
    own, wanted = sent[0], endpoint.verified_name
    failure = _failure(checkup, tls.names_too(endpoint, own))
    seen = f"{wanted} is not among {listed(own)}"
    found = certificates.names(own)
    if failure is None:
        yield good(f"the certificate names {wanted}", names=found)
    elif failure.code not in NAME_MISMATCH:
        yield skipped(f"cannot be compared: {failure}")
    elif endpoint.tls_verify == "ca":
        yield noted(f"{seen}; the connection declares that names are not compared", names=found)
    else:
        yield bad(_mismatch(own, wanted), seen, names=found)


def _mismatch(own: x509.Certificate, wanted: str) -> str:
    """Which problem it is that the certificate does not have the name."""
    if not certificates.names(own):
        common = {one.lower() for one in certificates.common_names(own)}
        return "name-common-name-only" if wanted.lower() in common else "name-missing"
    if hello.named(wanted) and not certificates.hosts(own):
        return "name-address-only"
    return "name-mismatch"


def validity(checkup: Checkup) -> Iterator[Verdict]:
    """D08: dates, keys, hashes and purposes of the server's certificate and those above it."""
    sent = _sent(checkup)
    if not sent:
        yield skipped(_unseen(checkup))
        return
    own, *above = path(sent)
    # A root is trusted as the client has it, not as it was sent.
    judged = [own, *(one for one in above if not certificates.signed_itself(one))]
    given = _given(checkup)
    found = [verdict for one in judged for verdict in _strength(one, own=one is own)]
    # The dates of what was given as a CA are looked at in its file.
    dated = [one for one in judged if one not in given]
    found += [verdict for one in dated for verdict in _dates(one, checkup)]
    if not any(one.status is Status.FAILED for one in found):
        found += _as_applications_do(checkup)
    yield from found
    if not found:
        first = min(judged, key=lambda one: one.not_valid_after_utc)
        ends, about = rfc3339(first.not_valid_after_utc), certificates
        yield good(
            f"until {ends}; {about.key(own)}, {about.signature(own)}",
            days_left=(first.not_valid_after_utc - checkup.now).days,
            not_after=ends,
            key=about.key(own),
            signature=about.signature(own),
        )


def _dates(certificate: x509.Certificate, checkup: Checkup) -> Iterator[Verdict]:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    left = end - checkup.now
    begins = f"{subject(certificate)} begins {rfc3339(begin)}"
    ends = f"{subject(certificate)} ends {rfc3339(end)}"
    facts = {"not_before": rfc3339(begin), "not_after": rfc3339(end), "days_left": left.days}
    if left < timedelta():
        yield bad("certificate-expired", f"{subject(certificate)} ended {rfc3339(end)}", **facts)
    elif begin > checkup.now:
        yield bad("certificate-not-yet-valid", begins, **facts)
    elif left < WEEK:
        yield bad("certificate-ends-within-days", ends, **facts)
    elif left < timedelta(days=checkup.options.certificate_days):
        yield bad("certificate-ends-soon", ends, **facts)


def _strength(certificate: x509.Certificate, *, own: bool) -> Iterator[Verdict]:
    who, key = subject(certificate), certificates.key(certificate)
    if certificates.key_is_small(certificate):
        yield bad("key-weak", f"{who} has a key of {key}", key=key)
    if certificates.signature_is_weak(certificate):
        hashed = certificates.signature(certificate)
        yield bad("signature-weak", f"{who} is signed with {hashed}", signature=hashed)
    if not certificates.is_for_servers(certificate):
        purposes = certificates.purposes(certificate)
        yield bad("purpose-wrong", f"{who} is for {', '.join(purposes)}", purposes=purposes)
    elif own and not certificates.may_do_handshakes(certificate):
        yield bad("purpose-wrong", f"{who} may neither sign nor exchange keys")


def _as_applications_do(checkup: Checkup) -> list[Verdict]:
    """What the TLS library finds beyond that, in CAs that were not sent."""
    context = tls.strict(checkup.endpoint)
    context.check_hostname = False
    try:
        failure = _failure(checkup, context)
    except WireError:
        return []
    problems = {
        EXPIRED: "certificate-expired",
        NOT_YET_VALID: "certificate-not-yet-valid",
        LEAF_KEY_WEAK: "key-weak",
        CA_KEY_WEAK: "key-weak",
        HASH_WEAK: "signature-weak",
    }
    if failure is None or failure.code not in problems:
        return []
    return [bad(problems[failure.code], f"in a CA that the server did not send: {failure}")]
