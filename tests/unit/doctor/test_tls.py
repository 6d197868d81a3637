"""Handshakes, our own ClientHellos, and which versions and suites are accepted."""

import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secure_redis.connection import TlsVerify
from secure_redis.doctor import hello, suites, tls, wire
from secure_redis.doctor.checkup import Checkup, Options, Profile
from secure_redis.doctor.deadline import Deadline
from secure_redis.doctor.endpoint import Endpoint
from secure_redis.doctor.examine import trust
from secure_redis.doctor.hello import Version
from secure_redis.doctor.report import Status

from . import started
from .examined import checkup, prepared, problems, run
from .issued import DAY, Issued, authority, ec_key, issue, rsa_key

CA = authority()
RSA = issue("server", CA, names=["localhost", "127.0.0.1"], key=rsa_key())
EC = issue("server", CA, names=["localhost", "127.0.0.1"])
CLIENT = issue("client", CA, purposes=[])


def at(port: int, **more: Any) -> Endpoint:
    return Endpoint("localhost", port, **{"tls": True, "ca_pem": CA.pem, **more})


def connected(port: int) -> wire.Stream:
    return wire.connect(wire.Place(ip_address("127.0.0.1"), port), Deadline())


def shaken(port: int, context: ssl.SSLContext, name: str = "localhost") -> tls.Agreed:
    with tls.handshake(connected(port), context, name) as stream:
        return stream.agreed


# --- contexts -------------------------------------------------------------------------------


def test_a_password_goes_over_verified_tls_only() -> None:
    context = tls.strict(at(1))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("verify", [TlsVerify.CA, TlsVerify.NONE])
def test_a_password_goes_to_a_known_ca_even_where_names_are_not_compared(verify: TlsVerify) -> None:
    context = tls.strict(at(1, tls_verify=verify))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.check_hostname


WRONG: tuple[tuple[str, Issued, dict[str, Any]], ...] = (
    ("another CA", EC, {"ca_pem": authority("Other").pem}),
    ("the system's CAs", EC, {"ca_pem": ""}),
    ("another name", issue("server", CA, names=["other.example"]), {}),
    ("expired", issue("server", CA, names=["localhost"], begins=-9 * DAY, ends=-DAY), {}),
    ("early", issue("server", CA, names=["localhost"], begins=DAY), {}),
)


@pytest.mark.parametrize(
    ("own", "changes"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
def test_strict_is_strict(own: Issued, changes: dict[str, Any]) -> None:
    with started.redis(own, ca=CA) as port, pytest.raises(tls.NotVerified):
        shaken(port, tls.strict(at(port, **changes)))


def test_strict_wants_tls_1_2() -> None:
    old = ("-tls1_1", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    with started.openssl_server(RSA, *old) as port, pytest.raises(tls.HandshakeRefused):
        shaken(port, tls.strict(at(port)))


def test_strict_takes_what_is_right() -> None:
    with started.redis(EC, ca=CA) as port:
        agreed = shaken(port, tls.strict(at(port)))
    assert (agreed.version, agreed.cipher, agreed.bits) == (
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384",
        256,
    )
    assert agreed.chain[0] == EC.certificate


def test_both_the_given_ca_and_the_systems() -> None:
    alone = len(tls.strict(at(1)).get_ca_certs())
    system = len(tls.strict(at(1, ca_pem="")).get_ca_certs())
    both = len(tls.strict(at(1, system_ca_too=True)).get_ca_certs())
    assert (alone, both) == (1, 1 + system)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_client_certificate_is_shown(version: str) -> None:
    pair = {"client_cert_pem": CLIENT.pem, "client_key_pem": CLIENT.key_pem}
    with (
        started.redis(EC, "tls-auth-clients yes", f"tls-protocols {version}", ca=CA) as port,
        tls.handshake(connected(port), tls.strict(at(port, **pair)), "localhost") as stream,
    ):
        stream.send(b"PING\r\n")
        assert stream.receive() == b"+PONG\r\n"


def test_with_tls_1_3_a_refusal_comes_after_the_handshake() -> None:
    with (
        started.redis(EC, "tls-auth-clients yes", "tls-protocols TLSv1.3", ca=CA) as port,
        tls.handshake(connected(port), tls.strict(at(port)), "localhost") as stream,
        pytest.raises(tls.HandshakeRefused) as refusal,
    ):
        stream.receive()
    assert refusal.value.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert str(refusal.value) == "tlsv13 alert certificate required"


@pytest.mark.parametrize(
    "pair",
    [
        {"client_cert_pem": CLIENT.pem, "client_key_pem": EC.key_pem},
        {"client_cert_pem": "nothing", "client_key_pem": CLIENT.key_pem},
        {"client_cert_pem": CLIENT.pem, "client_key_pem": ""},
    ],
)
def test_an_unusable_pair_is_no_traceback(pair: dict[str, str]) -> None:
    with pytest.raises(tls.Unusable) as error:
        tls.strict(at(1, **pair))
    assert CLIENT.key_pem not in str(error.value)


def test_an_encrypted_key_is_not_asked_for_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "plain.key").write_text(CLIENT.key_pem)
    command = ["openssl", "pkcs8", "-topk8", "-in", tmp_path / "plain.key", "-passout", "pass:long"]
    encrypted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with pytest.raises(tls.Unusable):
        tls.strict(at(1, client_cert_pem=CLIENT.pem, client_key_pem=encrypted))


def test_the_key_stays_in_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, path: str, **more: Any) -> None:
        modes.append(Path(path).stat().st_mode & 0o777)
        load(context, path, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    tls.strict(at(1, client_cert_pem=CLIENT.pem, client_key_pem=CLIENT.key_pem))
    assert modes == [0o600]
    assert [*tmp_path.iterdir()] == []


def test_an_unusable_ca_is_no_traceback() -> None:
    with pytest.raises(tls.Unusable):
        tls.strict(at(1, ca_pem="nothing"))


def test_a_certificate_that_cannot_be_read_leaves_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls, "sent", lambda _: [b"\x30\x00"])
    with started.redis(EC, ca=CA) as port, connected(port) as stream:
        with pytest.raises(tls.Unreadable):
            tls.handshake(stream, tls.lenient(), "localhost")
        assert stream.socket.fileno() == -1


def test_a_name_that_cannot_be_sent() -> None:
    with started.redis(EC, ca=CA) as port, pytest.raises(tls.HandshakeRefused, match="server name"):
        shaken(port, tls.lenient(), "a" * 300)


# --- suites ---------------------------------------------------------------------------------


def test_names_and_numbers_are_openssls() -> None:
    """Of those that this OpenSSL still has; it names some old ones otherwise."""
    command = ["openssl", "ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    theirs: dict[int, str] = {}
    for line in lines:
        number, _, name = line.split()[:3]
        high, low = (int(part, 16) for part in number.split(","))
        theirs[high << 8 | low] = name
    both = suites.NAMES.keys() & theirs.keys()
    assert len(both) > 70
    assert {one: suites.NAMES[one] for one in both} == {one: theirs[one] for one in both}


def test_a_suite_is_in_one_family() -> None:
    families = (suites.GOOD, suites.NOT_APPROVED, suites.CBC, *suites.WEAK)
    assert sum(len(one.suites) for one in families) + len(suites.TLS13) == len(suites.NAMES)


def test_only_what_is_named_so_is_good() -> None:
    for name in suites.GOOD.suites.values():
        assert name.startswith(("ECDHE-", "DHE-"))
        assert "-GCM-" in name or name.endswith("-CCM")


@pytest.mark.parametrize(
    ("number", "bits"),
    [
        (0xC02F, 128), (0xC030, 256), (0xCCA8, 256), (0x1303, 256), (0x1301, 128), (0x000A, 168),
        (0x0005, 128), (0x003B, 0), (0x0003, 0), (0xFFFF, 0), (0x003C, 128), (0xC028, 256),
        (0xC09C, 128), (0x009A, 128),
    ],
)  # fmt: skip
def test_sizes_of_keys(number: int, bits: int) -> None:
    assert suites.bits(number) == bits


# --- our own ClientHello --------------------------------------------------------------------


ALONE = (
    ("ECDHE-RSA-AES128-GCM-SHA256", RSA, Version.TLS12),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", EC, Version.TLS12),
    ("ECDHE-RSA-AES256-SHA384", RSA, Version.TLS12),
    ("DHE-RSA-AES128-GCM-SHA256", RSA, Version.TLS12),
    ("AES128-SHA", RSA, Version.TLS12),
    ("AES256-GCM-SHA384", RSA, Version.TLS12),
    ("CAMELLIA128-SHA", RSA, Version.TLS12),
    ("ADH-AES128-GCM-SHA256", RSA, Version.TLS12),
    ("AECDH-AES256-SHA", RSA, Version.TLS12),
    ("NULL-SHA256", RSA, Version.TLS12),
    ("ECDHE-RSA-NULL-SHA", RSA, Version.TLS12),
    ("ECDHE-RSA-AES128-SHA", RSA, Version.TLS11),
    ("AES256-SHA", RSA, Version.TLS10),
    ("ECDHE-ECDSA-AES128-SHA", EC, Version.TLS10),
)


def only(name: str, version: Version) -> tuple[str, ...]:
    switch = {Version.TLS10: "-tls1", Version.TLS11: "-tls1_1", Version.TLS12: "-tls1_2"}[version]
    return (switch, "-cipher", f"{name}:@SECLEVEL=0", "-dhparam", "ffdhe.pem")


@pytest.fixture(scope="module")
def prime(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """Diffie-Hellman parameters in a file."""
    directory = tmp_path_factory.mktemp("primes")

    def made(bits: int) -> str:
        path = directory / f"{bits}.pem"
        if not path.exists():
            group = "group:" + {1536: "modp_1536", 2048: "ffdhe2048"}[bits]
            command = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", group]
            done = subprocess.run(command, capture_output=True, check=True)
            path.write_bytes(done.stdout)
        return str(path)

    return made


@pytest.mark.parametrize(("name", "own", "version"), ALONE, ids=[one[0] for one in ALONE])
def test_what_openssl_serves_is_what_we_read(
    name: str, own: Issued, version: Version, prime: Callable[[int], str]
) -> None:
    options = [prime(2048) if one == "ffdhe.pem" else one for one in only(name, version)]
    offered = suites.BEFORE_TLS13 if version is Version.TLS12 else suites.BEFORE_TLS12
    if name.startswith(("ADH", "AECDH")) or "NULL" in name:
        offered = suites.BEFORE_TLS13
    with started.openssl_server(own, *options) as port:
        with connected(port) as stream:
            choice = hello.offer(stream, "localhost", version, offered)
        # Without this suite nothing is left.
        rest = [one for one in offered if suites.name(one) != name]
        with connected(port) as stream, pytest.raises(hello.Declined):
            hello.offer(stream, "localhost", version, rest)
    assert suites.name(choice.suite) == name
    assert choice.version is version
    anonymous = name.startswith(("ADH", "AECDH"))
    expected = () if anonymous else (own.certificate,)
    assert tls.certificates(choice.chain)[:1] == expected
    assert choice.prime_bits == (2048 if name.startswith(("DHE", "ADH")) else 0)
    assert not choice.asks_certificate


@pytest.mark.parametrize("name", list(suites.TLS13.values()))
def test_one_suite_of_tls_1_3_alone(name: str) -> None:
    number = next(one for one, its in suites.TLS13.items() if its == name)
    with started.openssl_server(EC, "-tls1_3", "-ciphersuites", name) as port:
        with connected(port) as stream:
            choice = hello.offer(stream, "localhost", Version.TLS13, suites.TLS13)
        assert (choice.version, choice.suite) == (Version.TLS13, number)
        rest = [one for one in suites.TLS13 if one != number]
        with connected(port) as stream, pytest.raises(hello.Declined):
            hello.offer(stream, "localhost", Version.TLS13, rest)


def test_a_server_that_wants_another_group_has_chosen() -> None:
    """It answers with HelloRetryRequest, since we send a share of x25519 alone."""
    with (
        started.openssl_server(EC, "-tls1_3", "-groups", "P-384") as port,
        connected(port) as stream,
    ):
        choice = hello.offer(stream, "localhost", Version.TLS13, suites.TLS13)
    assert choice.version is Version.TLS13


@pytest.mark.parametrize("version", [Version.SSL3, Version.TLS10, Version.TLS11])
def test_old_versions_are_declined_by_a_current_server(version: Version) -> None:
    with (
        started.redis(RSA, ca=CA) as port,
        connected(port) as stream,
        pytest.raises(hello.Declined, match="alert: "),
    ):
        hello.offer(stream, "localhost", version, suites.BEFORE_TLS12)


def test_a_client_certificate_that_is_asked_for_is_seen() -> None:
    with started.redis(RSA, "tls-auth-clients yes", ca=CA) as port, connected(port) as stream:
        choice = hello.offer(stream, "localhost", Version.TLS12, suites.BEFORE_TLS13)
    assert choice.asks_certificate


@pytest.mark.parametrize(
    "name", ["server.example", "xn--bcher-kva.example", "a" * 64, "127.0.0.1", ""]
)
def test_the_name_is_sent_unless_it_is_an_address(name: str) -> None:
    sent = hello.client_hello(name, Version.TLS12, [0xC02F])
    assert (name.encode() in sent) is (name not in ("127.0.0.1", "") or not name)


@given(st.text(max_size=80), st.sampled_from(list(Version)))
def test_a_hello_has_the_lengths_that_it_says(name: str, version: Version) -> None:
    sent = hello.client_hello(name, version, [0xC02F])
    assert sent[0] == 0x16
    assert int.from_bytes(sent[3:5], "big") == len(sent) - 5
    assert int.from_bytes(sent[6:9], "big") == len(sent) - 9


class Canned(wire.Stream):
    """A stream of pieces that came in before."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def send(self, data: bytes) -> None:
        pass

    def receive(self, most: int = 65536, seconds: float = 3) -> bytes:
        if not self.pieces:
            raise wire.Closed("over")
        return self.pieces.pop(0)


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=8))
def test_no_answer_is_a_traceback(pieces: list[bytes]) -> None:
    with pytest.raises(wire.WireError):
        hello.offer(Canned(pieces), "localhost", Version.TLS12, [0xC02F])


def served(*messages: bytes, records: int = 1) -> bytes:
    """Handshake messages as a server sends them."""
    content = b"".join(messages)
    size = max(1, -(-len(content) // records))
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part for part in parts)


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(version: int, suite: int) -> bytes:
    return message(
        2, version.to_bytes(2, "big") + bytes(32) + b"\0" + suite.to_bytes(2, "big") + b"\0"
    )


@settings(max_examples=50)
@given(st.integers(1, 60), st.lists(st.integers(1, 30), max_size=20))
def test_an_answer_in_pieces_is_the_same_answer(records: int, cuts: list[int]) -> None:
    own = b"\0\0\5" + b"\0\0\2ab"
    whole = served(server_hello(0x0303, 5), message(11, own), message(14, b""), records=records)
    pieces: list[bytes] = []
    for cut in cuts:
        pieces.append(whole[:cut])
        whole = whole[cut:]
    pieces = [one for one in (*pieces, whole) if one]
    choice = hello.offer(Canned(pieces), "x", Version.TLS12, [5])
    assert choice == hello.Choice(Version.TLS12, 5, (b"ab",))


def test_who_chooses_and_gives_up_has_not_accepted() -> None:
    answer = served(server_hello(0x0303, 5)) + b"\x15\x03\x03\x00\x02\x02\x50"
    with pytest.raises(hello.Declined, match="internal error"):
        hello.offer(Canned([answer]), "x", Version.TLS12, [5])


def test_a_warning_is_no_refusal() -> None:
    """Some servers warn of a name that they do not know, and go on."""
    answer = b"\x15\x03\x03\x00\x02\x01\x70" + served(server_hello(0x0303, 5), message(14, b""))
    assert hello.offer(Canned([answer]), "x", Version.TLS12, [5]).suite == 5


@pytest.mark.parametrize(
    "answer",
    [
        served(server_hello(0x0305, 5), message(14, b"")),
        served(message(2, b"short"), message(14, b"")),
        served(message(14, b"")),
        b"\x15\x03\x03\x00\x05hello",
        served(message(11, bytes(70000)), message(11, bytes(70000)), records=9) * 3,
    ],
)
def test_what_no_server_may_send_is_no_tls(answer: bytes) -> None:
    with pytest.raises(tls.NotTls):
        hello.offer(Canned([answer]), "x", Version.TLS12, [5])


# --- D09 ------------------------------------------------------------------------------------


def d09(endpoint: Endpoint, **more: Any) -> tuple[Checkup, Any]:
    found = prepared(endpoint, **more)
    return found, run(trust.versions_and_ciphers, found)


FIPS = Options(profile=Profile.FIPS)
APPROVED = ("tls-ciphersuites TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",)
CHACHA = f"tls-ciphers {started.GOOD_CIPHERS}:ECDHE-ECDSA-CHACHA20-POLY1305"
OLDER = 'tls-protocols "TLSv1 TLSv1.1 TLSv1.2"'
OLDEST = 'tls-protocols "TLSv1 TLSv1.1"'
WITH_CBC = f"tls-ciphers {started.GOOD_CIPHERS}:ECDHE-RSA-AES128-SHA:@SECLEVEL=0"

REDIS: tuple[tuple[str, Issued, tuple[str, ...], Options, list[str]], ...] = (
    ("good", EC, (), Options(), []),
    ("good, RSA", RSA, (), Options(), []),
    ("1.2 only", RSA, ("tls-protocols TLSv1.2",), Options(), []),
    ("1.3 only", RSA, ("tls-protocols TLSv1.3",), Options(), []),
    ("stock, RSA", RSA, ("tls-ciphers DEFAULT",), Options(), ["cipher-weak"]),
    ("stock, EC", EC, ("tls-ciphers DEFAULT",), Options(), ["cipher-legacy"]),
    ("CBC", RSA, (WITH_CBC,), Options(), ["cipher-legacy"]),
    ("1.0 and 1.1 too", RSA, (OLDER, WITH_CBC), Options(), ["tls-old-accepted"]),
    ("1.1 at most", RSA, (OLDEST, WITH_CBC), Options(), ["tls-old-only"]),
    ("ChaCha20", EC, (CHACHA,), Options(), []),
    ("ChaCha20 in 1.2, fips", EC, (*APPROVED, CHACHA), FIPS, ["cipher-not-approved"]),
    ("ChaCha20 in 1.3, fips", EC, (), FIPS, ["cipher-not-approved"]),
    ("approved, fips", EC, APPROVED, FIPS, []),
)


@pytest.mark.parametrize(
    ("own", "lines", "options", "expected"),
    [one[1:] for one in REDIS],
    ids=[one[0] for one in REDIS],
)
def test_d09_redis(
    own: Issued, lines: tuple[str, ...], options: Options, expected: list[str]
) -> None:
    with started.redis(own, *lines, ca=CA) as port:
        _, verdicts = d09(at(port), options=options)
    assert problems(verdicts) == expected


@pytest.mark.parametrize("client", [False, True])
def test_d09_needs_no_client_certificate(client: bool) -> None:
    pair = {"client_cert_pem": CLIENT.pem, "client_key_pem": CLIENT.key_pem}
    with started.redis(RSA, "tls-auth-clients yes", OLDER, WITH_CBC, ca=CA) as port:
        _, verdicts = d09(at(port, **(pair if client else {})))
    assert problems(verdicts) == ["tls-old-accepted"]
    assert verdicts[0].observed == "accepts TLS 1.0 and TLS 1.1"
    assert verdicts[0].facts["versions"] == ["TLS 1.0", "TLS 1.1", "TLS 1.2"]


@pytest.mark.parametrize(
    ("lines", "expected"), [((), ["tls-below-declared"]), (("tls-protocols TLSv1.3",), [])]
)
def test_d09_the_declared_minimum(lines: tuple[str, ...], expected: list[str]) -> None:
    with started.redis(EC, *lines, ca=CA) as port:
        _, verdicts = d09(at(port, tls_min_version="1.3"))
    assert problems(verdicts) == expected


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("ADH-AES128-GCM-SHA256", "without authentication"),
        ("NULL-SHA256", "without encryption"),
        ("AES128-GCM-SHA256", "without forward secrecy"),
        ("ECDHE-RSA-NULL-SHA", "without encryption"),
    ],
)
def test_d09_weak_suites_beside_good_ones(
    name: str, attribute: str, prime: Callable[[int], str]
) -> None:
    ciphers = f"ECDHE-RSA-AES128-GCM-SHA256:{name}:@SECLEVEL=0"
    options = ("-tls1_2", "-cipher", ciphers, "-dhparam", prime(2048))
    with started.openssl_server(RSA, *options) as port:
        _, [verdict] = d09(at(port))
    assert verdict.problem == "cipher-weak"
    assert verdict.observed == f"accepts {name} ({attribute})"


@pytest.mark.parametrize(("bits", "expected"), [(1536, ["cipher-weak"]), (2048, [])])
def test_d09_small_primes(bits: int, expected: list[str], prime: Callable[[int], str]) -> None:
    ciphers = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    options = ("-tls1_2", "-cipher", ciphers, "-dhparam", prime(bits))
    with started.openssl_server(RSA, *options) as port:
        _, verdicts = d09(at(port))
    assert problems(verdicts) == expected
    if expected:
        assert "prime of 1536 bits" in verdicts[0].observed


@contextmanager
def accepting(suite: int) -> Iterator[Checkup]:
    """A server with a suite, beside a good one, that this machine's OpenSSL has no more."""
    good, old = (suites.name(number) for number in (0xC02F, suite))
    assert good != old

    def behave(one: Any) -> None:
        asked = one.recv(4096)
        count = int.from_bytes(asked[44:46], "big")
        offered = {int.from_bytes(asked[46 + at : 48 + at], "big") for at in range(0, count, 2)}
        chosen = next((number for number in (0xC02F, suite) if number in offered), None)
        if chosen is None or asked[9:11] != b"\x03\x03" or 0xFF not in offered:
            one.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
        else:
            one.sendall(served(server_hello(0x0303, chosen), message(14, b"")))

    with started.listener(behave) as port:
        found = checkup(at(port))
        found.learned.place = wire.Place(ip_address("127.0.0.1"), port)
        found.learned.looked = tls.Agreed("TLSv1.2", good, 128, 1.0, (RSA.certificate,))
        yield found


@pytest.mark.parametrize(
    ("suite", "attribute"),
    [
        (0x0005, "with RC4"),
        (0xC011, "with RC4"),
        (0x000A, "with DES or 3DES"),
        (0xC012, "with DES or 3DES"),
        (0x0003, "of export grade"),
        (0x0014, "of export grade"),
        (0x0018, "without authentication"),
        (0x0001, "without encryption"),
    ],
)
def test_d09_suites_that_openssl_has_no_more(suite: int, attribute: str) -> None:
    with accepting(suite) as found:
        [verdict] = run(trust.versions_and_ciphers, found)
    assert verdict.problem == "cipher-weak"
    assert verdict.observed == f"accepts {suites.name(suite)} ({attribute})"


def test_d09_every_suite_of_the_table_is_found_out() -> None:
    weak = {number for family in suites.WEAK for number in family.suites}
    for suite in weak | suites.CBC.suites.keys():
        with accepting(suite) as found:
            expected = "cipher-weak" if suite in weak else "cipher-legacy"
            assert problems(run(trust.versions_and_ciphers, found)) == [expected], hex(suite)


def test_d09_says_what_was_refused() -> None:
    with started.redis(EC, ca=CA) as port:
        found, [verdict] = d09(at(port))
    assert verdict.status is Status.OK
    attempts = {one.attempt: one.answer for one in found.learned.refusals}
    assert len(attempts) == 3 + len(suites.WEAK) + 1
    assert attempts["a ClientHello with TLS 1.0 alone"] == "alert: protocol version"
    assert attempts["a ClientHello with a suite with RC4 alone"] == "alert: handshake failure"


def test_d09_a_server_that_stops_answering_is_not_called_good() -> None:
    with started.listener(started.closing) as port:
        found = checkup(at(port))
        found.learned.place = wire.Place(ip_address("127.0.0.1"), port)
        found.learned.looked = tls.Agreed("TLSv1.3", "x", 256, 1.0, (RSA.certificate,))
        [verdict] = run(trust.versions_and_ciphers, found)
    assert verdict.status is Status.SKIPPED


@pytest.mark.parametrize("encrypted", [True, False])
def test_d09_without_a_handshake(encrypted: bool) -> None:
    [verdict] = run(trust.versions_and_ciphers, checkup(at(1, tls=encrypted)))
    assert verdict.status is Status.SKIPPED


def test_d09_is_fast() -> None:
    with started.redis(EC, ca=CA) as port:
        found = prepared(at(port))
        before = time.monotonic()
        run(trust.versions_and_ciphers, found)
        assert time.monotonic() - before < 2


def test_keys_of_other_curves_are_served_too() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    own = issue("server", CA, names=["localhost"], key=ec_key(ec.SECP384R1()))
    with started.redis(own, ca=CA) as port:
        _, verdicts = d09(at(port))
    assert problems(verdicts) == []
