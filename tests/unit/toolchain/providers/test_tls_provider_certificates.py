"""Keys and certificates, judged by `cryptography`'s verifier and by the openssl command."""

import hashlib
import ipaddress
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from toolchain.providers.local_providers.tls import certificates, inspection, keys
from toolchain.providers.local_providers.tls.certificates import ContentError, Terms

NOW = datetime.now(timezone.utc)
KINDS = [
    ("RSA", "P224"),
    ("ECDSA", "P224"),
    ("ECDSA", "P256"),
    ("ECDSA", "P384"),
    ("ECDSA", "P521"),
    ("ED25519", "P224"),
]
SIGNATURES = {
    ("RSA", "P224"): "SHA256-RSA",
    ("ECDSA", "P224"): "ECDSA-SHA256",
    ("ECDSA", "P256"): "ECDSA-SHA256",
    ("ECDSA", "P384"): "ECDSA-SHA384",
    ("ECDSA", "P521"): "ECDSA-SHA512",
    ("ED25519", "P224"): "Ed25519",
}


def openssl(*arguments: str | Path, text: str | None = None) -> str:
    done = subprocess.run(
        ["openssl", *arguments], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made_keys() -> dict[tuple[str, str], keys.PrivateKey]:
    return {kind: keys.generate(kind[0], 2048, kind[1]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_key_forms_are_of_one_key(kind: tuple[str, str], made_keys) -> None:
    key = made_keys[kind]
    private, public = keys.private_forms(key), keys.public_forms(key.public_key())
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = key.public_key().public_bytes(*form)
    labels = {"RSA": "RSA PRIVATE KEY", "ECDSA": "EC PRIVATE KEY", "ED25519": "PRIVATE KEY"}
    assert private["privateKeyPem"].startswith(f"-----BEGIN {labels[kind[0]]}-----\n")
    assert private["privateKeyPemPkcs8"].startswith("-----BEGIN PRIVATE KEY-----\n")
    for name in ("privateKeyPem", "privateKeyPemPkcs8"):
        loaded = keys.load_private_pem(private[name])
        assert loaded.public_key().public_bytes(*form) == der
        assert keys.algorithm_of(loaded) == kind[0]
        assert openssl("pkey", "-pubout", text=private[name]) == public["publicKeyPem"]
    assert load_pem_public_key(public["publicKeyPem"].encode()).public_bytes(*form) == der
    if kind == ("ECDSA", "P224"):
        openssh = [private["privateKeyOpenssh"], *list(public.values())[1:]]
        assert openssh == ["", "", "", ""]
        return
    line = public["publicKeyOpenssh"]
    assert line.endswith("\n")
    assert load_ssh_public_key(line.encode()).public_bytes(*form) == der
    loaded = keys.load_private_openssh(private["privateKeyOpenssh"])
    assert loaded.public_key().public_bytes(*form) == der


def test_fingerprints_of_a_known_key() -> None:
    """The key and its fingerprints as `ssh-keygen -l` prints them."""
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    key = load_ssh_public_key(line.encode())
    forms = keys.public_forms(key)  # type: ignore[arg-type]
    assert forms["publicKeyOpenssh"] == f"{line}\n"
    assert forms["publicKeyFingerprintSha256"] == (
        "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
    )
    assert forms["publicKeyFingerprintMd5"] == "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd"


def test_state_id_is_trimmed_as_go_trims() -> None:
    sha1 = hashlib.sha1
    assert keys.state_id(b"0\x82abc") == sha1(b"0\x82abc").hexdigest()
    assert keys.state_id(b"0\x82abc \n") == sha1(b"0\x82abc").hexdigest()
    assert keys.state_id(b"0\xc2\xa0") == sha1(b"0").hexdigest()
    assert keys.state_id(b"0\xa0") == sha1(b"0\xa0").hexdigest()
    assert keys.state_id(b"0\x1c") == sha1(b"0\x1c").hexdigest()


@pytest.mark.parametrize(
    "text",
    ["", "no key", "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n"],
)
def test_a_text_that_is_no_key_is_refused_without_quoting_it(text: str) -> None:
    for load in (keys.load_private_pem, keys.load_private_openssh):
        with pytest.raises(keys.KeyFormatError) as caught:
            load(text)
        assert "SECRET" not in str(caught.value)
        assert "no key" not in str(caught.value)


def test_keys_of_other_kinds_are_refused() -> None:
    for arguments in (
        ["-algorithm", "X25519"],
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    ):
        with pytest.raises(keys.KeyFormatError):
            keys.load_private_pem(openssl("genpkey", *arguments))


def chain(
    ca_key: keys.PrivateKey,
    leaf_key: keys.PrivateKey,
    ca_terms: Terms | None = None,
    leaf_terms: Terms | None = None,
) -> tuple[x509.Certificate, x509.Certificate]:
    ca = certificates.self_signed(
        ca_key,
        certificates.subject_name({"commonName": "Test CA", "organization": "Tests"}),
        None,
        ca_terms or Terms(("cert_signing", "crl_signing"), 48, is_ca=True, max_path_length=0),
        NOW,
    )
    csr = certificates.request(
        leaf_key,
        certificates.subject_name({"commonName": "redis"}),
        certificates.alternative_names(
            ["redis", "redis.example"], ["127.0.0.1", "::1"], ["spiffe://example/redis"]
        ),
    )
    assert csr.is_signature_valid
    uses = ("server_auth", "client_auth", "digital_signature")
    leaf = certificates.signed_by(csr, ca, ca_key, leaf_terms or Terms(uses, 24), NOW)
    return ca, leaf


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_chain_is_accepted_by_openssl(kind, made_keys, tmp_path: Path) -> None:
    ca, leaf = chain(made_keys[kind], made_keys[("ECDSA", "P256")])
    (tmp_path / "ca.pem").write_text(certificates.pem(ca))
    (tmp_path / "leaf.pem").write_text(certificates.pem(leaf))
    verify = ("verify", "-x509_strict", "-CAfile", tmp_path / "ca.pem", "-purpose")
    for purpose in ("sslserver", "sslclient"):
        openssl(*verify, purpose, "-verify_hostname", "redis.example", tmp_path / "leaf.pem")
    openssl(*verify, "sslserver", "-verify_ip", "::1", tmp_path / "leaf.pem")
    assert inspection.description(ca)["signatureAlgorithm"] == SIGNATURES[kind]


@pytest.mark.parametrize(
    "kind", [("RSA", "P224"), ("ECDSA", "P256"), ("ECDSA", "P384")], ids="-".join
)
def test_chain_is_accepted_by_the_web_profile(kind, made_keys) -> None:
    ca, leaf = chain(made_keys[kind], made_keys[kind])
    builder = PolicyBuilder().store(Store([ca])).time(NOW + timedelta(hours=1))
    verifier = builder.build_server_verifier(x509.DNSName("redis.example"))
    assert verifier.verify(leaf, []) == [leaf, ca]
    builder.build_server_verifier(x509.IPAddress(ipaddress.ip_address("127.0.0.1"))).verify(
        leaf, []
    )
    builder.build_client_verifier().verify(leaf, [])
    with pytest.raises(VerificationError):
        builder.build_server_verifier(x509.DNSName("other.example")).verify(leaf, [])
    late = PolicyBuilder().store(Store([ca])).time(NOW + timedelta(hours=25))
    with pytest.raises(VerificationError):
        late.build_server_verifier(x509.DNSName("redis.example")).verify(leaf, [])


def test_path_length_zero_forbids_an_intermediate(made_keys, tmp_path: Path) -> None:
    key = made_keys[("ECDSA", "P256")]
    root, intermediate = chain(key, key, leaf_terms=Terms(("cert_signing",), 24, is_ca=True))
    csr = certificates.request(key, certificates.subject_name({"commonName": "leaf"}), None)
    leaf = certificates.signed_by(csr, intermediate, key, Terms(("server_auth",), 24), NOW)
    for name, certificate in (("root", root), ("intermediate", intermediate), ("leaf", leaf)):
        (tmp_path / name).write_text(certificates.pem(certificate))
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", "root", "-untrusted", "intermediate", "leaf"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "path length" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (Terms((), 1), (False, None)),
        (Terms((), 1, max_path_length=3), (False, None)),
        (Terms((), 1, is_ca=True), (True, None)),
        (Terms((), 1, is_ca=True, max_path_length=-1), (True, None)),
        (Terms((), 1, is_ca=True, max_path_length=0), (True, 0)),
        (Terms((), 1, is_ca=True, max_path_length=2), (True, 2)),
    ],
)
def test_basic_constraints(terms: Terms, expected: tuple[bool, int | None], made_keys) -> None:
    name = certificates.subject_name({"commonName": "x"})
    made = certificates.self_signed(made_keys[("ECDSA", "P256")], name, None, terms, NOW)
    extension = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert extension.critical
    assert (extension.value.ca, extension.value.path_length) == expected


@pytest.mark.parametrize("use", certificates.ALLOWED_USES)
def test_each_use_becomes_its_extension(use: str, made_keys) -> None:
    uses = [use, "key_agreement"] if use.endswith("cipher_only") else [use]
    made = certificates.self_signed(
        made_keys[("ECDSA", "P256")], x509.Name([]), None, Terms(uses, 1), NOW
    )
    if use in certificates.EXTENDED_KEY_USAGES:
        found = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert list(found.value) == [certificates.EXTENDED_KEY_USAGES[use]]
        assert not found.critical
        with pytest.raises(x509.ExtensionNotFound):
            made.extensions.get_extension_for_class(x509.KeyUsage)
    else:
        found = made.extensions.get_extension_for_class(x509.KeyUsage)
        assert found.critical
        flag = certificates.KEY_USAGES[use]
        on = {name for name in certificates.KEY_USAGES.values() if getattr(found.value, f"_{name}")}
        assert on == {flag, *({"key_agreement"} if len(uses) > 1 else ())}


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_key_ids(kind, made_keys) -> None:
    key = made_keys[kind]
    name = certificates.subject_name({"commonName": "x"})
    terms = Terms((), 1, set_subject_key_id=True, set_authority_key_id=True)
    made = certificates.self_signed(key, name, None, terms, NOW)
    subject = made.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert subject.digest == authority.key_identifier
    if kind[0] != "ED25519":
        assert subject == x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    plain = certificates.self_signed(key, name, None, Terms((), 1), NOW)
    assert {extension.oid for extension in plain.extensions} == {x509.BasicConstraints.oid}


def test_leaf_names_its_issuer(made_keys) -> None:
    ca, leaf = chain(made_keys[("RSA", "P224")], made_keys[("ECDSA", "P256")])
    authority = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    subject = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority.key_identifier == subject.digest
    assert leaf.issuer == ca.subject
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)


def test_alternative_names_come_from_the_request(made_keys) -> None:
    _, leaf = chain(made_keys[("RSA", "P224")], made_keys[("ECDSA", "P256")])
    extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not extension.critical
    assert extension.value.get_values_for_type(x509.DNSName) == ["redis", "redis.example"]
    assert [str(ip) for ip in extension.value.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "::1",
    ]
    uris = extension.value.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == ["spiffe://example/redis"]


def test_names_are_critical_without_a_subject(made_keys) -> None:
    names = certificates.alternative_names(["a"], [], [])
    made = certificates.self_signed(
        made_keys[("ECDSA", "P256")], x509.Name([]), names, Terms((), 1), NOW
    )
    assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_validity_is_in_whole_seconds(made_keys) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))
    for hours in (0, 1, 8760):
        made = certificates.self_signed(
            made_keys[("ECDSA", "P256")], x509.Name([]), None, Terms((), hours), moment
        )
        start = datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone.utc)
        assert made.not_valid_before_utc == start
        assert made.not_valid_after_utc == start + timedelta(hours=hours)


FULL_SUBJECT = {
    "commonName": "cn",
    "organization": "o, inc",
    "organizationalUnit": "ou",
    "streetAddresses": ["Street 1", "Floor 2"],
    "locality": "l",
    "province": "st",
    "country": "DE",
    "postalCode": "12345",
    "serialNumber": "sn",
    "emailAddress": "a@example",
}


def test_every_field_of_a_subject(made_keys, tmp_path: Path) -> None:
    name = certificates.subject_name(FULL_SUBJECT)
    made = certificates.self_signed(made_keys[("ECDSA", "P256")], name, None, Terms((), 1), NOW)
    (tmp_path / "pem").write_text(certificates.pem(made))
    options = "-nameopt=sname,sep_comma_plus,utf8"
    shown = openssl("x509", "-in", tmp_path / "pem", "-noout", "-subject", options).strip()
    assert shown == (
        "subject=C=DE,O=o, inc,OU=ou,L=l,ST=st,street=Street 1+street=Floor 2,"
        "postalCode=12345,CN=cn,serialNumber=sn,emailAddress=a@example"
    ) or set(shown.removeprefix("subject=").replace("+", ",").split(",")) == {
        "C=DE",
        "O=o",
        " inc",
        "OU=ou",
        "L=l",
        "ST=st",
        "street=Street 1",
        "street=Floor 2",
        "postalCode=12345",
        "CN=cn",
        "serialNumber=sn",
        "emailAddress=a@example",
    }
    assert inspection.name_text(made.subject) == (
        "SERIALNUMBER=sn,CN=cn,POSTALCODE=12345,STREET=Floor 2+STREET=Street 1,ST=st,L=l,"
        "OU=ou,O=o\\, inc,C=DE,1.2.840.113549.1.9.1=#160961406578616d706c65"
    ).replace("STREET=Floor 2+STREET=Street 1", inspection_streets(made))


def inspection_streets(made: x509.Certificate) -> str:
    """The two streets in the order in which DER sorts them."""
    streets = made.subject.get_attributes_for_oid(certificates.SUBJECT_OIDS["streetAddresses"])
    return "+".join(f"STREET={street.value}" for street in streets)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (certificates.dns_name, ""),
        (certificates.dns_name, "bücher.example"),
        (certificates.ip_address, "localhost"),
        (certificates.ip_address, "127.0.0.256"),
        (certificates.ip_address, "10.0.0.0/8"),
        (certificates.uri, "https://exa mple"),
        (certificates.uri, "https://bücher"),
        (certificates.load_certificate, "x"),
        (certificates.load_request, "x"),
    ],
)
def test_wrong_content_is_refused_without_quoting_it(call, argument: str) -> None:
    with pytest.raises(ContentError) as caught:
        call(argument)
    assert not argument or len(argument) == 1 or argument not in str(caught.value)


@pytest.mark.parametrize(("field", "value"), [("country", "DEU"), ("commonName", "x" * 65)])
def test_wrong_subject_is_refused(field: str, value: str) -> None:
    with pytest.raises(ContentError):
        certificates.subject_name({field: value})


def test_a_key_of_another_ca_is_refused(made_keys) -> None:
    key, other = made_keys[("ECDSA", "P256")], made_keys[("ECDSA", "P384")]
    ca, _ = chain(key, key)
    csr = certificates.request(key, x509.Name([]), None)
    with pytest.raises(ContentError, match="is not the key of caCertPem"):
        certificates.signed_by(csr, ca, other, Terms((), 1), NOW)


def test_a_request_with_a_wrong_signature_is_refused(made_keys) -> None:
    key = made_keys[("ECDSA", "P256")]
    name = certificates.subject_name({"commonName": "AAAA"})
    der = certificates.request(key, name, None).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(der.replace(b"AAAA", b"BBBB"))
    with pytest.raises(ContentError, match="wrong signature"):
        certificates.load_request(certificates.pem(forged))


def test_serial_numbers_differ_and_are_positive(made_keys) -> None:
    key = made_keys[("ECDSA", "P256")]
    serials = {
        certificates.self_signed(key, x509.Name([]), None, Terms((), 1), NOW).serial_number
        for _ in range(20)
    }
    assert len(serials) == 20
    assert all(0 < serial < 2**128 for serial in serials)
