"""Reports as examinations make them: healthy, troubled, stopped early, and with hostile words."""

from secure_redis.controls import controls_of
from secure_redis.doctor.catalogue import PROBLEMS
from secure_redis.doctor.checks import CHECKS
from secure_redis.doctor.report import (
    Certificate,
    Finding,
    Handshake,
    Refusal,
    Report,
    Status,
    counts,
    in_order,
    verdict,
)

OBSERVED = {
    "D01": "URL, host, port and TLS variables say the same",
    "D02": "the CA file holds one certificate, valid until 2031-11-20",
    "D03": "localhost: 127.0.0.1, ::1",
    "D04": "127.0.0.1:6390 accepts connections in 0.2 ms",
    "D05": "ServerHello with TLSv1.3",
    "D06": "verified against the given CA",
    "D07": "localhost is among the certificate's names",
    "D08": "EC secp256r1, sha256, ends in 89 days",
    "D09": "TLS 1.2 and 1.3 only, ECDHE with AES-GCM or ChaCha20-Poly1305",
    "D10": "no client certificate is asked for, as declared",
    "D11": "PING before login: NOAUTH",
    "D13": "logged in as app",
    "D14": "PING in the clear: the server closed the connection",
    "D15": "6379, 6380, 6378 and 10000: nothing listens",
    "D16": "one key written, read and removed in 0.6 ms",
    "D17": "standalone, as declared",
    "D18": "Redis 7.0.15",
    "D19": "memory 2 % of 256 MB, no evictions, 3 of 10000 clients",
    "D20": "appendonly yes, last write ok",
    "D21": "FLUSHALL, CONFIG, KEYS and DEBUG are denied",
    "D22": "no login and no command was refused since the last run",
    "D23": "handshake 4.1 ms, PING p50 0.1 ms, p99 0.3 ms",
    "D24": "password and CA are the stack's, replaced 12 days ago",
    "D25": "11 settings read, all as they must be",
    "D26": ".env is ignored by Git and has mode 0600",
}
SKIPPED = {"D12": "only with --negative, since it raises alarms"}
FACTS = {
    "D04": {"milliseconds": 0.2},
    "D09": {"accepted": ["TLSv1.2", "TLSv1.3"], "forward_secrecy": True},
    "D19": {"used_percent": 2.0, "clients": 3},
    "D23": {"handshake_ms": 4.1, "p50_ms": 0.1, "p99_ms": 0.3},
}


def finding(check, status=Status.OK, observed="", problem="", where="", **facts):
    """A finding as the tables make it."""
    known = PROBLEMS.get(problem)
    own = [facts["control"]] if "control" in facts else []
    return Finding(
        check=check,
        layer=CHECKS[check].layer,
        title=CHECKS[check].title,
        status=known.status if known else status,
        problem=problem,
        observed=observed,
        cause=known.cause if known else "",
        fix=known.fix if known else "",
        controls=tuple(own) or tuple(one.id for one in controls_of(check, problem)),
        where=where,
        facts=facts,
    )


def usual(check):
    """What a healthy endpoint's check says."""
    if check in SKIPPED:
        return finding(check, Status.SKIPPED, SKIPPED[check])
    status = Status.INFO if check == "D23" else Status.OK
    return finding(check, status, OBSERVED[check], **FACTS.get(check, {}))


def certificate(subject, issuer, ends="2027-02-18T09:00:00Z", names=(), key="EC secp256r1"):
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=names,
        not_before="2026-11-20T09:00:00Z",
        not_after=ends,
        key=key,
        signature="sha256",
        fingerprint="3f9a" * 16,
    )


CA = "CN=secure-redis local CA"
CHAIN = (
    certificate("CN=localhost", CA, names=("localhost", "cache", "127.0.0.1", "::1")),
    certificate(CA, CA, "2031-11-20T09:00:00Z"),
)
HANDSHAKE = Handshake(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    bits=256,
    verify="full",
    server_name="localhost",
    milliseconds=4.1,
    chain=CHAIN,
)
REFUSALS = (
    Refusal(attempt="PING before login", answer="NOAUTH Authentication required."),
    Refusal(attempt="TLS 1.0 alone", answer="alert protocol version"),
    Refusal(attempt="TLS 1.1 alone", answer="alert protocol version"),
    Refusal(attempt="RC4, 3DES, export and anonymous suites", answer="alert handshake failure"),
    Refusal(attempt="PING in the clear on port 6390", answer="connection closed"),
)


def report(findings=None, replaced=(), **fields):
    """A report; the findings in `replaced` stand in for the usual ones of their checks."""
    if findings is None:
        other = {one.check for one in replaced}
        findings = [*(usual(check) for check in CHECKS if check not in other), *replaced]
    findings = in_order(findings)
    defaults = {
        "tool": "secure-redis 0.1.0",
        "started_at": "2026-11-21T17:30:04Z",
        "seconds": 0.84,
        "subject": "cache of stack local",
        "endpoint": "rediss://localhost:6390/0",
        "target": "docker",
        "environment": "development",
        "server": "Redis 7.0.15",
        "verdict": verdict(findings),
        "counts": counts(findings),
        "findings": findings,
        "handshake": HANDSHAKE,
        "refusals": REFUSALS,
    }
    return Report(**{**defaults, **fields})


def healthy():
    return report()


def troubled():
    """Several independent problems at an endpoint that somebody set up years ago."""
    return report(
        replaced=[
            finding("D01", problem="user-missing", observed="the URL has a password and no user"),
            finding("D04", observed="10.20.4.17:6379 accepts connections in 0.9 ms"),
            finding(
                "D04",
                problem="address-unreachable",
                observed="no answer within 3 s",
                where="[2001:db8::17]:6379",
            ),
            finding(
                "D08",
                problem="certificate-ends-soon",
                observed="CN=redis.internal.example ends in 23 days",
            ),
            finding(
                "D09",
                problem="tls-old-accepted",
                observed="a handshake with TLS 1.0 alone came to an end",
                accepted=["TLSv1", "TLSv1.1", "TLSv1.2"],
                forward_secrecy=False,
            ),
            finding(
                "D15",
                problem="plaintext-port-open",
                observed="PING in the clear: NOAUTH Authentication required.",
                where="10.20.4.17:6380",
            ),
            finding(
                "D19",
                problem="memory-nearly-full",
                observed="memory 94 % of 2 GB",
                used_percent=94.0,
            ),
            finding(
                "D21",
                problem="dangerous-rights",
                observed="FLUSHALL, CONFIG SET, KEYS and DEBUG are allowed",
            ),
            finding("D24", Status.SKIPPED, "no stack to compare with"),
            finding("D25", Status.SKIPPED, "no stack to look at"),
            finding(
                "D26",
                problem="env-file-readable-by-others",
                observed="mode 0644",
                where="deploy/.env",
            ),
        ],
        subject="deploy/.env",
        endpoint="rediss://redis.internal.example:6379/0",
        target="",
        environment="",
        handshake=Handshake(
            version="TLSv1.2",
            cipher="ECDHE-RSA-AES256-GCM-SHA384",
            bits=256,
            verify="full",
            server_name="redis.internal.example",
            milliseconds=11.3,
            chain=(
                certificate(
                    "CN=redis.internal.example,O=Example",
                    "CN=Example Issuing CA 2,O=Example",
                    "2026-12-15T00:00:00Z",
                    names=("redis.internal.example", "*.cache.internal.example"),
                    key="RSA 2048",
                ),
                certificate(
                    "CN=Example Issuing CA 2,O=Example",
                    "CN=Example Root,O=Example",
                    "2029-05-01T00:00:00Z",
                    key="RSA 4096",
                ),
            ),
        ),
        refusals=REFUSALS[:1],
    )


def stopped():
    """A certificate that has expired: the layers behind trust are not looked at."""
    why = f"not looked at: {PROBLEMS['certificate-expired'].title}"
    behind = ("identity", "surface", "protocol", "function", "health", "governance")
    return report(
        replaced=[
            finding(
                "D08",
                problem="certificate-expired",
                observed="CN=localhost ended on 2026-11-01, 20 days ago",
            ),
            *(
                finding(check.id, Status.SKIPPED, why)
                for check in CHECKS.values()
                if check.layer.value in behind
            ),
        ],
        handshake=HANDSHAKE.model_copy(
            update={
                "verify": "none",
                "server_name": "",
                "chain": (certificate("CN=localhost", CA, "2026-11-01T09:00:00Z"),),
            }
        ),
        server="",
        refusals=(),
    )


def unread():
    """A URL that nobody can read: there is no endpoint."""
    first = finding("D01", problem="url-unreadable", observed="the part behind the host is no port")
    why = "what was given cannot be read"
    rest = [finding(check, Status.SKIPPED, why) for check in CHECKS if check != "D01"]
    return report(
        [first, *rest],
        subject="environment",
        endpoint="",
        target="",
        environment="",
        server="",
        handshake=None,
        refusals=(),
    )


HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=1">',
    "</style><style>body{display:none}",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe\u2066",
    "[click](https://attacker.example/) {0} {{1}}",
    "]]><!-- &amp; &#0; \x00 \ufffe",
    "{{ 7*7 }}{% for %}",
    "\udc80\ud800",
)


def hostile():
    """What a server and its certificate may say when they are somebody else's."""
    words = " ".join(HOSTILE)
    names = tuple(f"{one} {n}" for n in range(400) for one in HOSTILE[:3])
    return report(
        replaced=[
            finding("D07", problem="name-mismatch", observed=f"the names are {words}", where=words),
            finding("D13", observed=f"logged in as {words}", server_words=[words]),
        ],
        subject=f"{words} of stack x",
        endpoint="rediss://localhost:6390/0",
        server=words,
        handshake=HANDSHAKE.model_copy(
            update={"chain": (certificate(words * 50, words, names=names, key=words),)}
        ),
        refusals=(Refusal(attempt=words, answer=words),),
    )


ALL = (healthy, troubled, stopped, unread, hostile)
