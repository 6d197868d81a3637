"""The server's certificates: chain, names, dates and strength, each fault found by one check."""

import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from secure_redis.connection import TlsVerify
from secure_redis.doctor import certificates, tls
from secure_redis.doctor.checkup import Checkup, Options, Verdict
from secure_redis.doctor.endpoint import Endpoint
from secure_redis.doctor.examine import trust
from secure_redis.doctor.report import Status

from toolchain.providers.local_providers.tls import certificates as product

from . import started
from .examined import all_problems, checkup, prepared, problems, run
from .issued import DAY, Issued, authority, ec_key, issue, rsa_key

CA = authority()
OTHER = authority("Other CA")
NAMES = ("localhost", "127.0.0.1")
ORGANIZATION = "Same"

Said = dict[str, list[Verdict]]
"""Verdicts by check."""


def at(port: int, **more: Any) -> Endpoint:
    return Endpoint("localhost", port, **{"tls": True, "ca_pem": CA.pem, **more})


def server(by: Issued | None = CA, **more: Any) -> Issued:
    return issue("server", by, **{"names": NAMES, **more})


def examined(own: Issued, *, above: tuple[Issued, ...] = (), **more: Any) -> Said:
    """What is said of OpenSSL's server, which sends exactly what it is given."""
    options = more.pop("options", None)
    with started.openssl_server(own, above=above) as port:
        return judged(prepared(at(port, **more), options=options))


def judged(found: Checkup) -> Said:
    """What the checks of certificates say."""
    checks = {"D06": trust.chain, "D07": trust.names, "D08": trust.validity}
    return {number: run(check, found) for number, check in checks.items()}


def wrong(said: Said) -> dict[str, list[str]]:
    """Problems by check, without those that have none."""
    return {check: problems(one) for check, one in said.items() if problems(one)}


# --- all is well ----------------------------------------------------------------------------


MIDDLE = issue("Middle CA", CA, ca=True)
WELL: tuple[tuple[str, Issued, dict[str, Any]], ...] = (
    ("signed by the CA", server(), {}),
    ("RSA", server(key=rsa_key()), {}),
    ("P-521", server(key=ec_key(ec.SECP521R1())), {}),
    ("an intermediate", server(MIDDLE), {"above": (MIDDLE,)}),
    ("the root sent too", server(MIDDLE), {"above": (MIDDLE, CA)}),
    ("in the wrong order", server(MIDDLE), {"above": (CA, MIDDLE)}),
    ("the intermediate given, not sent", server(MIDDLE), {"ca_pem": CA.pem + MIDDLE.pem}),
    ("several CAs given", server(), {"ca_pem": OTHER.pem + CA.pem}),
    ("an old CA beside the new one", server(), {"ca_pem": authority(ends=-DAY / 2).pem + CA.pem}),
    ("a wildcard", server(names=["*.example.test"]), {"tls_server_name": "cache.example.test"}),
    ("another server name", server(names=["cache.test"]), {"tls_server_name": "cache.test"}),
    ("by address", server(), {"tls_server_name": "127.0.0.1"}),
    ("for any purpose", server(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), {}),
    ("for no purpose in particular", server(purposes=[]), {}),
    ("no names, and none compared", server(names=()), {"tls_verify": TlsVerify.CA}),
)


@pytest.mark.parametrize(("own", "more"), [one[1:] for one in WELL], ids=[one[0] for one in WELL])
def test_nothing_is_wrong(own: Issued, more: dict[str, Any]) -> None:
    assert wrong(examined(own, **more)) == {}


def test_what_is_right_is_said() -> None:
    own = server(key=rsa_key())
    found = examined(own)
    [chain], [names], [validity] = found["D06"], found["D07"], found["D08"]
    assert chain.observed == "verified by the given CA"
    assert names.observed == "the certificate names localhost"
    assert names.facts["names"] == [*NAMES]
    assert validity.facts["key"] == "RSA 2048"
    assert validity.facts["signature"] == "sha256"
    assert validity.facts["days_left"] == 364


def test_redis_itself() -> None:
    with started.redis(server(), ca=CA) as port:
        assert all_problems(prepared(at(port))) == []


# --- D06 ------------------------------------------------------------------------------------


NAMESAKE = authority()
SELF = issue("itself", names=NAMES)
SELF_CA = issue("itself", names=NAMES, ca=True, usage=False)
"""As `openssl req -x509` makes it."""
FALSE_CA = issue("False CA", CA, purposes=[])
NARROW = issue(
    "Narrow CA", CA, ca=True, extra=[x509.NameConstraints([x509.DNSName("example.test")], None)]
)
TELLS_LOCATION = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier("http://ca.example.test/middle.crt"),
        )
    ]
)
MIDDLE_SAYS_ROOT = x509.AuthorityKeyIdentifier(
    x509.SubjectKeyIdentifier.from_public_key(MIDDLE.key.public_key()).digest,
    [x509.DirectoryName(CA.certificate.subject)],
    MIDDLE.certificate.serial_number,
)
ISSUING = issue("Corporate Issuing CA 3", CA, ca=True)

DISTRUSTED: tuple[tuple[str, Issued, dict[str, Any], str, str], ...] = (
    ("another CA", server(OTHER), {}, "ca-unknown", "issued by CN=Other CA"),
    ("another CA, sent", server(OTHER), {"above": (OTHER,)}, "ca-unknown", "CA is CN=Other CA"),
    ("no CA", server(), {"ca_pem": ""}, "ca-unknown", "given is none"),
    ("a namesake", server(), {"ca_pem": NAMESAKE.pem}, "ca-unknown", "and another key"),
    ("a namesake, sent", server(), {"ca_pem": NAMESAKE.pem, "above": (CA,)}, "ca-unknown", "key"),
    (
        "a namesake, no identifiers",
        server(identifiers=False),
        {"ca_pem": authority(identifiers=False).pem},
        "ca-unknown",
        "and another key",
    ),
    (
        "a CA of the same house",
        server(authority("One CA", organization=ORGANIZATION)),
        {"ca_pem": authority("Two CA", organization=ORGANIZATION).pem},
        "ca-unknown",
        "One CA",
    ),
    (
        "the root's intermediate only",
        server(MIDDLE),
        {"ca_pem": MIDDLE.pem, "above": (MIDDLE,)},
        "ca-unknown",
        "no root",
    ),
    ("self-signed", SELF, {}, "self-signed", "CN=itself signed itself"),
    ("self-signed CA", SELF_CA, {}, "self-signed", "CN=itself signed itself"),
    ("self-signed, no CA", SELF, {"ca_pem": ""}, "self-signed", "given is none"),
    ("incomplete by its name", server(ISSUING), {}, "chain-incomplete", "its name says so"),
    (
        "incomplete by the issuer's issuer",
        server(MIDDLE, identifiers=False, extra=[MIDDLE_SAYS_ROOT]),
        {},
        "chain-incomplete",
        "as the issuer of its issuer",
    ),
    (
        "incomplete, a public one",
        server(MIDDLE, extra=[TELLS_LOCATION]),
        {"ca_pem": ""},
        "chain-incomplete",
        "to be fetched",
    ),
    ("who may not sign", server(FALSE_CA), {"above": (FALSE_CA,)}, "chain-invalid", "invalid"),
    ("a constraint", server(NARROW), {"above": (NARROW,)}, "chain-invalid", "permitted subtree"),
    (
        "a wrong signature",
        server(MIDDLE, signing_key=ec_key()),
        {"above": (MIDDLE,)},
        "chain-invalid",
        "signature",
    ),
)


@pytest.mark.parametrize(
    ("own", "more", "problem", "seen"),
    [one[1:] for one in DISTRUSTED],
    ids=[one[0] for one in DISTRUSTED],
)
def test_d06(own: Issued, more: dict[str, Any], problem: str, seen: str) -> None:
    found = examined(own, **more)
    assert wrong(found) == {"D06": [problem]}
    assert seen in found["D06"][0].observed


def test_d06_where_it_may_be_one_or_the_other_the_cure_is_for_both() -> None:
    [verdict] = examined(server(MIDDLE))["D06"]
    assert verdict.problem == "ca-unknown"
    assert "intermediate" in verdict.fix
    assert "make ca" in verdict.fix


def test_d06_a_self_signed_certificate_that_is_given() -> None:
    assert wrong(examined(SELF_CA, ca_pem=SELF_CA.pem)) == {}


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_d06_before_the_client_certificate(version: str) -> None:
    lines = ("tls-auth-clients yes", f"tls-protocols {version}")
    with started.redis(server(), *lines, ca=CA) as port:
        assert all_problems(prepared(at(port))) == []
    with started.redis(server(OTHER, names=["x.test"], ends=-DAY / 2), *lines, ca=OTHER) as port:
        assert all_problems(prepared(at(port))) == [
            "ca-unknown",
            "name-mismatch",
            "certificate-expired",
        ]


LETTER: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("no identifiers", {"identifiers": False}, {"identifiers": False}),
    ("no identifier in the server's", {}, {"identifiers": False}),
)


@pytest.mark.parametrize(("ca", "own"), [one[1:] for one in LETTER], ids=[one[0] for one in LETTER])
def test_d06_by_the_letter(ca: dict[str, Any], own: dict[str, Any]) -> None:
    by = authority(**ca)
    found = examined(server(by, **own), ca_pem=by.pem)
    assert wrong(found) == {"D06": ["chain-not-strict"]}
    [verdict] = found["D06"]
    assert verdict.status is Status.WARNING
    assert "Key Identifier" in verdict.observed


# --- D07 ------------------------------------------------------------------------------------


NAMED: tuple[tuple[str, Issued, dict[str, Any], str], ...] = (
    ("another name", server(names=["a.test"]), {}, "name-mismatch"),
    ("another name, right common name", issue("localhost", CA, names=["a"]), {}, "name-mismatch"),
    ("an address", server(names=["localhost"]), {"tls_server_name": "127.0.0.1"}, "name-mismatch"),
    ("another address", server(), {"tls_server_name": "127.0.0.9"}, "name-mismatch"),
    (
        "a wildcard does not cross a dot",
        server(names=["*.test"]),
        {"tls_server_name": "a.b.test"},
        "name-mismatch",
    ),
    (
        "a part of a label",
        server(names=["ca*.x.test"]),
        {"tls_server_name": "cache.x.test"},
        "name-mismatch",
    ),
    ("no names", issue("something", CA), {}, "name-missing"),
    ("the common name", issue("LocalHost", CA), {}, "name-common-name-only"),
    ("addresses only", server(names=["127.0.0.1", "::1"]), {}, "name-address-only"),
    (
        "addresses only, another",
        server(names=["127.0.0.1"]),
        {"tls_server_name": "127.0.0.9"},
        "name-mismatch",
    ),
    ("verification off", server(names=["a"]), {"tls_verify": TlsVerify.NONE}, "name-mismatch"),
)


@pytest.mark.parametrize(
    ("own", "more", "problem"), [one[1:] for one in NAMED], ids=[one[0] for one in NAMED]
)
def test_d07(own: Issued, more: dict[str, Any], problem: str) -> None:
    assert wrong(examined(own, **more)) == {"D07": [problem]}


def test_d07_names_that_are_declared_not_to_be_compared() -> None:
    [verdict] = examined(server(names=["10.0.0.3"]), tls_verify=TlsVerify.CA)["D07"]
    assert verdict.status is Status.INFO
    assert "10.0.0.3" in verdict.observed


def test_d07_many_names_are_not_all_listed() -> None:
    own = server(names=[f"n{number}.test" for number in range(30)])
    [verdict] = examined(own)["D07"]
    assert verdict.observed.endswith("n7.test and 22 more")
    assert len(verdict.facts["names"]) == 30  # type: ignore[arg-type]


def test_d07_a_server_with_two_certificates() -> None:
    """Behind a load balancer: what was seen before is not what is compared."""
    found = checkup(at(1))
    with started.openssl_server(server()) as port:
        found = prepared(at(port))
        assert found.learned.looked
        other = (server(names=["x"]).certificate,)
        found.learned.looked = tls.Agreed("TLSv1.3", "x", 128, 1.0, other)
        [verdict] = run(trust.names, found)
    assert verdict.status is Status.SKIPPED


# --- D08 ------------------------------------------------------------------------------------


CLIENT_ONLY = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SIGN_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
HOUR = timedelta(hours=1)
OLD_MIDDLE = issue("Old CA", CA, ca=True, begins=-9 * DAY, ends=-HOUR)
SMALL_MIDDLE = issue("Small CA", CA, ca=True, key=rsa_key(1024, 1))
OLD_CA = authority("Old root", begins=-9 * DAY, ends=-HOUR)
SMALL_CA = authority("Small root", key=rsa_key(1024, 2))

JUDGED: tuple[tuple[str, Issued, dict[str, Any], str], ...] = (
    ("expired", server(begins=-9 * DAY, ends=-HOUR), {}, "certificate-expired"),
    ("early", server(begins=HOUR), {}, "certificate-not-yet-valid"),
    ("within days", server(ends=6 * DAY), {}, "certificate-ends-within-days"),
    ("soon", server(ends=29 * DAY), {}, "certificate-ends-soon"),
    ("RSA 1024", server(key=rsa_key(1024)), {}, "key-weak"),
    ("for clients", server(purposes=CLIENT_ONLY), {}, "purpose-wrong"),
    ("for lists", server(purposes=[], extra=[SIGN_ONLY]), {}, "purpose-wrong"),
    ("old middle", server(OLD_MIDDLE), {"above": (OLD_MIDDLE,)}, "certificate-expired"),
    ("small middle", server(SMALL_MIDDLE), {"above": (SMALL_MIDDLE,)}, "key-weak"),
    ("old root", server(OLD_CA), {"ca_pem": OLD_CA.pem}, "certificate-expired"),
    (
        "old root, sent",
        server(OLD_CA),
        {"ca_pem": OLD_CA.pem, "above": (OLD_CA,)},
        "certificate-expired",
    ),
    ("small root", server(SMALL_CA), {"ca_pem": SMALL_CA.pem}, "key-weak"),
)


@pytest.mark.parametrize(
    ("own", "more", "problem"), [one[1:] for one in JUDGED], ids=[one[0] for one in JUDGED]
)
def test_d08(own: Issued, more: dict[str, Any], problem: str) -> None:
    assert wrong(examined(own, **more)) == {"D08": [problem]}


def by_sha1(own: Issued, by: Issued, directory: Path) -> Issued:
    """The same certificate signed with SHA-1: `cryptography` refuses, the command does not."""
    (directory / "ca.pem").write_text(by.pem)
    (directory / "ca.key").write_text(by.key_pem)
    asked = x509.CertificateSigningRequestBuilder().subject_name(own.certificate.subject)
    for one in own.certificate.extensions:
        asked = asked.add_extension(one.value, one.critical)
    request = asked.sign(own.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    command = ["openssl", "x509", "-req", "-sha1", "-copy_extensions", "copyall", "-days", "300"]
    command += ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "7"]
    done = subprocess.run(command, cwd=directory, input=request, capture_output=True, check=True)
    return Issued(x509.load_pem_x509_certificate(done.stdout), own.key)


def test_d08_sha1(tmp_path: Path) -> None:
    own = by_sha1(server(), CA, tmp_path)
    found = examined(own)
    assert wrong(found) == {"D08": ["signature-weak"]}
    assert found["D08"][0].facts == {"signature": "sha1"}


def test_d08_sha1_above(tmp_path: Path) -> None:
    middle = by_sha1(MIDDLE, CA, tmp_path)
    found = examined(server(middle), above=(middle,))
    assert wrong(found) == {"D08": ["signature-weak"]}


def test_d08_a_roots_own_signature_is_nobodys_business(tmp_path: Path) -> None:
    root = by_sha1(CA, CA, tmp_path)
    assert certificates.signature(root.certificate) == "sha1"
    assert wrong(examined(server(root), above=(root,), ca_pem=root.pem)) == {}


def test_d08_two_faults_are_two_findings() -> None:
    own = server(key=rsa_key(1024), begins=-9 * DAY, ends=-DAY)
    assert wrong(examined(own)) == {"D08": ["key-weak", "certificate-expired"]}


def test_d08_when_to_warn_is_an_option() -> None:
    own = server(ends=40 * DAY)
    assert wrong(examined(own)) == {}
    assert wrong(examined(own, options=Options(certificate_days=60))) == {
        "D08": ["certificate-ends-soon"]
    }


def test_d08_the_first_to_end_counts() -> None:
    middle = issue("Middle", CA, ca=True, ends=20 * DAY)
    found = examined(server(middle), above=(middle,))
    assert wrong(found) == {"D08": ["certificate-ends-soon"]}
    assert "CN=Middle ends" in found["D08"][0].observed


@pytest.mark.parametrize("check", [trust.chain, trust.names, trust.validity])
@pytest.mark.parametrize(
    ("encrypted", "why"), [(True, "no certificate was seen"), (False, "no TLS")]
)
def test_without_a_certificate_there_is_nothing_to_judge(
    check: Any, encrypted: bool, why: str
) -> None:
    [verdict] = run(check, checkup(at(1, tls=encrypted)))
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, why)


def made_as_the_docker_target_does() -> tuple[Issued, Issued]:
    """A CA and a server's certificate, with the uses that the component asks for."""
    now = datetime.now(timezone.utc) - DAY
    ca_key, key = ec_key(), ec_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cache CA")])
    terms = product.Terms(
        ["cert_signing", "crl_signing"], 2400, is_ca=True, set_subject_key_id=True
    )
    ca = product.self_signed(ca_key, name, None, terms, now)
    asked = product.request(
        key,
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cache")]),
        product.alternative_names(["localhost"], ["127.0.0.1"], []),
    )
    uses = ["digital_signature", "client_auth", "server_auth"]
    terms = product.Terms(uses, 2400, set_subject_key_id=True)
    return Issued(ca, ca_key), Issued(product.signed_by(asked, ca, ca_key, terms, now), key)


def test_what_this_project_issues_is_right_to_the_letter() -> None:
    ca, own = made_as_the_docker_target_does()
    assert wrong(examined(own, ca_pem=ca.pem)) == {}


# --- the words of certificates --------------------------------------------------------------


def test_a_certificate_described() -> None:
    own = server(key=rsa_key())
    found = trust.described(own.certificate)
    assert (found.subject, found.issuer) == ("CN=server", "CN=Test CA")
    assert found.names == NAMES
    assert (found.key, found.signature) == ("RSA 2048", "sha256")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.not_after)
    assert found.fingerprint == own.certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (rsa_key(1024), "RSA 1024"),
        (ec_key(), "EC secp256r1"),
        (ec_key(ec.SECP384R1()), "EC secp384r1"),
        (dsa.generate_private_key(1024), "DSA 1024"),
        (ec_key(ec.SECP224R1()), "EC secp224r1"),
    ],
)
def test_kinds_of_keys(key: Any, text: str) -> None:
    one = issue("x", CA, key=key).certificate
    assert certificates.key(one) == text
    assert certificates.key_is_small(one) is text.endswith(("1024", "224r1"))


def test_keys_without_a_size() -> None:
    one = issue("x", CA, key=ed25519.Ed25519PrivateKey.generate()).certificate
    assert certificates.key(one) == "Ed25519"
    assert not certificates.key_is_small(one)


HOSTILE = "<script>alert(1)</script>\x1b[2J\r\n\u202e"


def test_a_hostile_certificate_is_no_traceback() -> None:
    own = issue(HOSTILE, CA, names=NAMES, organization="\u0000,+=\\")
    found = trust.described(own.certificate)
    assert "script" in found.subject
    assert wrong(examined(own)) == {}


def test_what_cannot_be_read_is_left_out() -> None:
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x03garbage")
    own = issue("x", CA, extra=[broken]).certificate
    assert certificates.names(own) == []
    assert trust.described(own).names == ()


def test_a_ring_of_issuers_ends() -> None:
    keys = ec_key(), ec_key()
    a = issue("A", Issued(issue("B", ca=True).certificate, keys[1]), ca=True, key=keys[0])
    b = issue("B", Issued(issue("A", ca=True).certificate, keys[0]), ca=True, key=keys[1])
    sent = [a.certificate, b.certificate]
    assert certificates.path(sent) == sent
    assert certificates.is_signed(sent)


# --- the same certificates, looked at by others ---------------------------------------------


BY_OPENSSL: tuple[tuple[str, Issued, str], ...] = (
    ("right", server(), "0 (ok)"),
    ("another CA", server(OTHER), "21 (unable to verify the first certificate)"),
    ("self-signed", SELF, "18 (self-signed certificate)"),
    ("another name", server(names=["a.test"]), "62 (hostname mismatch)"),
    ("expired", server(begins=-9 * DAY, ends=-HOUR), "10 (certificate has expired)"),
    ("for clients", server(purposes=CLIENT_ONLY), "26 (unsuitable certificate purpose)"),
)


@pytest.mark.parametrize(
    ("own", "verdict"), [one[1:] for one in BY_OPENSSL], ids=[one[0] for one in BY_OPENSSL]
)
def test_openssl_says_the_same(own: Issued, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CA.pem)
    with started.openssl_server(own) as port:
        command = ["openssl", "s_client", "-connect", f"localhost:{port}", "-CAfile", "ca.pem"]
        command += ["-verify_hostname", "localhost"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        ours = judged(prepared(at(port)))
    line = re.findall(r"Verify return code: (.*)", done.stdout)[-1]
    assert line.replace("unsupported", "unsuitable") == verdict
    assert (not wrong(ours)) is (verdict == "0 (ok)")


def test_this_python_insists_on_what_it_is_said_to() -> None:
    """From 3.13 on its default context is strict about RFC 5280."""
    import ssl

    by_default = bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_STRICT)
    assert by_default is (sys.version_info >= (3, 13))
