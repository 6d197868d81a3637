"""Certificates that a user brings: refused before anything uses them, with real ones."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from package_cases import accepted, endpoint, error_of, external, one, problems_of
from package_certificates import SERVER_NAMES, Issued, authority, issue, server
from secure_redis import pem

DOCKER = "caches.cache.docker.certificates"
ENDPOINT = "caches.cache.external"
GARBAGE = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"


def with_server(mode: str = "tls", *, docker: Any = None, **parts: Any) -> dict[str, Any]:
    """A stack with a server certificate, in which `parts` are replaced."""
    given = {
        "certificate": server().certificate_pem,
        "privateKey": server().key_pem,
        "authority": authority().certificate_pem,
        **parts,
    }
    return one({"mode": mode, "docker": {**(docker or {}), "certificates": {"server": given}}})


def with_authority(issued: Issued, **parts: Any) -> dict[str, Any]:
    given = {"certificate": issued.certificate_pem, "privateKey": issued.key_pem, **parts}
    return one({"docker": {"certificates": {"authority": given}}})


def issued_by_ca(**options: Any) -> dict[str, Any]:
    """A stack with a server certificate with something wrong."""
    made = issue(issuer=authority(), **options)
    return with_server(certificate=made.certificate_pem, privateKey=made.key_pem)


def only(raw: dict[str, Any], path: str) -> str:
    """The reason of the only problem."""
    problems = problems_of(raw)
    assert list(problems) == [path]
    return problems[path].reason


@pytest.mark.parametrize("mode", ["tls", "mtls"])
def test_a_good_server_certificate(mode: str) -> None:
    accepted(with_server(mode))


def test_a_good_authority() -> None:
    accepted(with_authority(authority()))


def test_pem_may_stand_in_files(tmp_path: Path) -> None:
    parts = {
        "certificate": server().certificate_pem,
        "privateKey": server().key_pem,
        "authority": authority().certificate_pem,
    }
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
    accepted(with_server(**{name: str(tmp_path / name) for name in parts}))
    assert pem.text(str(tmp_path / "certificate")) == server().certificate_pem


def test_a_key_of_another_certificate() -> None:
    reason = only(with_server(privateKey=issue().key_pem), f"{DOCKER}.server.privateKey")
    assert reason == f"does not match the certificate in {DOCKER}.server.certificate"


def test_an_authority_with_a_key_of_another() -> None:
    raw = with_authority(authority(), privateKey=issue().key_pem)
    assert "does not match" in only(raw, f"{DOCKER}.authority.privateKey")


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (-30, -1, "expired on "),
        (-30, 3, ", within 7 days"),
        (2, 90, "is not valid before "),
    ],
)
def test_dates(starts: int, ends: int, words: str) -> None:
    days = {"starts": timedelta(days=starts), "ends": timedelta(days=ends)}
    assert words in only(issued_by_ca(**days), f"{DOCKER}.server.certificate")


def test_an_expired_authority() -> None:
    old = issue("CA", is_ca=True, starts=timedelta(days=-9), ends=timedelta(days=-1))
    leaf = issue(issuer=old)
    raw = with_server(
        certificate=leaf.certificate_pem, privateKey=leaf.key_pem, authority=old.certificate_pem
    )
    assert "expired on " in only(raw, f"{DOCKER}.server.authority")
    assert "expired on " in only(with_authority(old), f"{DOCKER}.authority.certificate")


@pytest.mark.parametrize(
    ("names", "docker", "missing"),
    [
        (["localhost"], {}, "127.0.0.1"),
        (["127.0.0.1"], {}, "localhost"),
        ([*SERVER_NAMES], {"hostNames": ["redis.internal"]}, "redis.internal"),
        ([*SERVER_NAMES], {"advertisedHost": "h.example"}, "h.example"),
        ([*SERVER_NAMES, "*.internal"], {"hostNames": ["a.b.internal"]}, "a.b.internal"),
        ([*SERVER_NAMES, "*.internal"], {"hostNames": ["internal"]}, "internal"),
    ],
)
def test_names_that_are_missing(names: list[str], docker: dict[str, Any], missing: str) -> None:
    made = issue(issuer=authority(), names=names)
    raw = with_server(docker=docker, certificate=made.certificate_pem, privateKey=made.key_pem)
    reason = only(raw, f"{DOCKER}.server.certificate")
    assert reason == f"does not carry the subject alternative name {missing}"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([*SERVER_NAMES, "*.internal"], ["a.internal"]),
        ([*SERVER_NAMES, "Redis.Internal"], ["redis.internal"]),
        ([*SERVER_NAMES, "fd00::1"], ["fd00:0::1"]),
    ],
)
def test_names_that_are_there(names: list[str], wanted: list[str]) -> None:
    made = issue(issuer=authority(), names=names)
    raw = with_server(
        docker={"hostNames": wanted}, certificate=made.certificate_pem, privateKey=made.key_pem
    )
    accepted(raw)


def test_a_certificate_with_a_common_name_only() -> None:
    made = issue("localhost", issuer=authority(), names=[])
    raw = with_server(certificate=made.certificate_pem, privateKey=made.key_pem)
    reasons = {problem.reason for problem in error_of(raw).problems}
    assert reasons == {
        f"does not carry the subject alternative name {name}" for name in SERVER_NAMES
    }


@pytest.mark.parametrize("mode", ["tls", "mtls"])
def test_extended_key_usage(mode: str) -> None:
    client = issue(issuer=authority(), uses=[ExtendedKeyUsageOID.CLIENT_AUTH])
    raw = with_server(mode, certificate=client.certificate_pem, privateKey=client.key_pem)
    assert only(raw, f"{DOCKER}.server.certificate") == "does not allow serverAuth"
    for_servers = issue(issuer=authority(), uses=[ExtendedKeyUsageOID.SERVER_AUTH])
    raw = with_server(mode, certificate=for_servers.certificate_pem, privateKey=for_servers.key_pem)
    if mode == "mtls":
        # The health check shows the server's own certificate to the server.
        assert only(raw, f"{DOCKER}.server.certificate") == "does not allow clientAuth"
    else:
        accepted(raw)


def test_a_certificate_without_key_usage_may_do_anything() -> None:
    accepted(issued_by_ca(uses=None))


@pytest.mark.parametrize("is_ca", [False, None])
def test_an_authority_must_be_one(is_ca: bool | None) -> None:
    raw = with_authority(issue(is_ca=is_ca))
    assert only(raw, f"{DOCKER}.authority.certificate") == "is not a CA certificate"


def test_a_certificate_of_another_authority() -> None:
    raw = with_server(authority=authority("another CA").certificate_pem)
    assert only(raw, f"{DOCKER}.server.certificate") == "is not signed by the given CA"


def test_an_authority_of_the_same_name_with_another_key() -> None:
    raw = with_server(authority=issue("CA", is_ca=True).certificate_pem)
    assert only(raw, f"{DOCKER}.server.certificate") == "is not signed by the given CA"


def test_a_bundle_of_authorities_may_hold_others() -> None:
    bundle = authority("another CA").certificate_pem + authority().certificate_pem
    accepted(with_server(authority=bundle))


def test_a_chain_in_order_and_one_out_of_order() -> None:
    intermediate = issue("intermediate", issuer=authority(), is_ca=True)
    leaf = issue(issuer=intermediate)
    in_order = leaf.certificate_pem + intermediate.certificate_pem
    accepted(with_server(certificate=in_order, privateKey=leaf.key_pem))
    alone = with_server(certificate=leaf.certificate_pem, privateKey=leaf.key_pem)
    assert only(alone, f"{DOCKER}.server.certificate") == "is not signed by the given CA"
    stray = leaf.certificate_pem + authority("another CA").certificate_pem
    broken = with_server(certificate=stray, privateKey=leaf.key_pem)
    assert only(broken, f"{DOCKER}.server.certificate") == "is not a chain in order"


def test_an_encrypted_key() -> None:
    raw = with_server(privateKey=server().encrypted_key_pem)
    assert only(raw, f"{DOCKER}.server.privateKey") == "is not usable PEM"


@pytest.mark.parametrize("part", ["certificate", "privateKey", "authority"])
@pytest.mark.parametrize("text", [GARBAGE, "-----BEGIN ", GARBAGE + "ü", GARBAGE[:40]])
def test_damaged_pem(part: str, text: str) -> None:
    assert only(with_server(**{part: text}), f"{DOCKER}.server.{part}") == "is not usable PEM"


def test_a_key_where_the_certificate_belongs() -> None:
    raw = with_server(certificate=server().key_pem)
    assert only(raw, f"{DOCKER}.server.certificate") == "is not usable PEM"


@pytest.mark.parametrize("part", ["certificate", "privateKey", "authority"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.pem", "No such file or directory"),
        (".", "Is a directory"),
        ("binary", "it is no text file"),
        ("x" * 300, "File name too long"),
        ("nul\0.pem", "it is no text file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, part: str, name: str, words: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    reason = only(with_server(**{part: str(tmp_path / name)}), f"{DOCKER}.server.{part}")
    assert reason == f"the file cannot be read: {words}"
    assert str(tmp_path) not in reason


def test_a_home_that_nobody_has() -> None:
    raw = with_server(privateKey="~nobody-by-this-name/key.pem")
    assert "cannot be read" in only(raw, f"{DOCKER}.server.privateKey")


def test_all_that_is_wrong_with_a_pair_comes_at_once() -> None:
    old = issue(issuer=authority(), starts=timedelta(days=-9), ends=timedelta(days=-1))
    raw = with_server(
        certificate=old.certificate_pem, privateKey=issue().key_pem, authority="/missing/ca.pem"
    )
    assert sorted(problems_of(raw)) == [
        f"{DOCKER}.server.authority",
        f"{DOCKER}.server.certificate",
        f"{DOCKER}.server.privateKey",
    ]


def test_authority_and_server_exclude_each_other() -> None:
    raw = with_server()
    given = {"certificate": authority().certificate_pem, "privateKey": authority().key_pem}
    raw["caches"]["cache"]["docker"]["certificates"]["authority"] = given
    assert "only one can be used" in only(raw, DOCKER)


def test_no_private_key_is_in_any_message() -> None:
    keys = [server().key_pem, issue().key_pem, server().encrypted_key_pem]
    for key in keys:
        for part in ("certificate", "authority"):
            message = str(error_of(with_server(**{part: key})))
            assert key.splitlines()[1] not in message
    message = str(error_of(with_server(privateKey=keys[1])))
    assert keys[1].splitlines()[1] not in message


def test_outputs_are_judged_when_they_are_known() -> None:
    wired = pulumi.Output.from_input("later")
    accepted(with_server(certificate=wired, privateKey=wired, authority=wired))
    accepted(with_server(privateKey=wired))


# External endpoints.


def test_an_endpoint_with_its_own_authority() -> None:
    settings = endpoint(authority=authority().certificate_pem, tlsVerify="ca")
    accepted(external({"external": settings}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [(GARBAGE, "is not usable PEM"), ("/missing/ca.pem", "the file cannot be read: No such file")],
)
def test_an_endpoint_with_a_bad_authority(text: str, reason: str) -> None:
    raw = external({"external": endpoint(authority=text)})
    assert only(raw, f"{ENDPOINT}.authority").startswith(reason)


def test_an_endpoint_with_a_client_certificate() -> None:
    made = issue("client", issuer=authority())
    good = {"certificate": made.certificate_pem, "privateKey": made.key_pem}
    accepted(external({"mode": "mtls", "external": endpoint(client=good)}))
    bad = {**good, "privateKey": issue().key_pem}
    raw = external({"mode": "mtls", "external": endpoint(client=bad)})
    assert "does not match" in only(raw, f"{ENDPOINT}.client.privateKey")


# Dates of CA certificates, for the contract.


def test_the_first_end_of_several_certificates_counts() -> None:
    late, soon = authority("late", 3000), authority("soon", 30)
    end = soon.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert pem.not_after(late.certificate_pem + soon.certificate_pem) == end
    assert pem.not_after("") == ""
