"""The resources and functions of the `tls` package as the protocol takes them."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from toolchain.providers.local_providers.properties import (
    UNKNOWN,
    Failure,
    Kind,
    Plain,
    Property,
    Values,
)
from toolchain.providers.local_providers.protocol import Function, Made, ProviderError, Resource

from . import certificates, inspection, keys, renewal

NEEDS_OFFICIAL_PLUGIN = ()

MAX_HOURS = 2_562_047
"""Hours (292 years) that fit the official plugin's durations."""

_PEM = re.compile(r"-----BEGIN [A-Za-z ]+-----\n.+\n-----END [A-Za-z ]+-----\n?", re.DOTALL)


def _output(name: str, kind: Kind = Kind.STRING, secret: bool = False) -> Property:
    return Property(name, kind, is_input=False, secret=secret)


def _hash_becomes_pem(old: Plain, new: Plain) -> bool:
    """Whether a change of a PEM text counts as one.

    Very old states of the official plugin hold a hash instead of the PEM: putting the PEM
    there changes nothing.
    """
    return old is None or new is None or new is UNKNOWN or bool(_PEM.fullmatch(old))


# --- PrivateKey


def _make_private_key(inputs: Values, _now: datetime) -> Made:
    key = keys.generate(inputs["algorithm"], inputs["rsaBits"], inputs["ecdsaCurve"])
    public = key.public_key()
    return Made(keys.public_id(public), {**keys.private_forms(key), **keys.public_forms(public)})


PUBLIC_OUTPUTS = tuple(
    _output(name)
    for name in (
        "publicKeyPem",
        "publicKeyOpenssh",
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
    )
)

PRIVATE_KEY = Resource(
    "tls:index/privateKey:PrivateKey",
    properties=(
        Property("algorithm", Kind.STRING, required=True, choices=keys.ALGORITHMS),
        Property(
            "rsaBits",
            Kind.INTEGER,
            default=2048,
            minimum=keys.RSA_BITS[0],
            maximum=keys.RSA_BITS[1],
        ),
        Property("ecdsaCurve", Kind.STRING, default="P224", choices=tuple(keys.CURVES)),
        _output("privateKeyPem", secret=True),
        _output("privateKeyPemPkcs8", secret=True),
        _output("privateKeyOpenssh", secret=True),
        *PUBLIC_OUTPUTS,
    ),
    make=_make_private_key,
    schema_version=1,
)


# --- what requests and certificates share


def _key_properties(name: str) -> tuple[Property, ...]:
    """A private key as a stored input or as a write-only one with a version."""
    return (
        # No certificate or request shows the private key: nothing is revealed.
        Property(name, Kind.STRING, secret=True, replaces=_hash_becomes_pem, always_output=False),
        Property(f"{name}Wo", Kind.STRING, secret=True, write_only=True, always_output=False),
        Property(f"{name}WoVersion", Kind.INTEGER, always_output=False),
    )


def _key_text(inputs: Values, name: str) -> Plain:
    return inputs.get(name, inputs.get(f"{name}Wo"))


def _validate_key(inputs: Values, name: str) -> Iterator[Failure]:
    given = [field for field in (name, f"{name}Wo") if field in inputs]
    if len(given) != 1:
        yield Failure(name, f"exactly one of {name} and {name}Wo is required")
        return
    if f"{name}WoVersion" in inputs and given[0] == name:
        yield Failure(f"{name}WoVersion", f"is for {name}Wo only")
    if inputs[given[0]] is not UNKNOWN:
        try:
            keys.load_private_pem(inputs[given[0]])
        except keys.KeyFormatError as error:
            yield Failure(given[0], str(error))


def _subject_and_names(shown_in: str) -> tuple[Property, ...]:
    reveals = (shown_in,)
    fields = tuple(
        Property(
            name,
            Kind.STRINGS if name == "streetAddresses" else Kind.STRING,
            always_output=False,
        )
        for name in certificates.SUBJECT_OIDS
    )
    return (
        Property("subject", Kind.OBJECT, fields=fields, reveals=reveals, always_output=False),
        Property("dnsNames", Kind.STRINGS, reveals=reveals, always_output=False),
        Property(
            "ipAddresses",
            Kind.STRINGS,
            no_empty_elements=True,
            reveals=reveals,
            always_output=False,
        ),
        Property(
            "uris", Kind.STRINGS, no_empty_elements=True, reveals=reveals, always_output=False
        ),
    )


def _validate_subject_and_names(inputs: Values) -> Iterator[Failure]:
    subject = inputs.get("subject", {})
    for field, value in subject.items() if subject is not UNKNOWN else ():
        known = (
            value
            if not isinstance(value, list)
            else [item for item in value if item is not UNKNOWN]
        )
        if known is UNKNOWN:
            continue
        try:
            certificates.name_attributes(field, known)
        except certificates.ContentError as error:
            yield Failure(f"subject.{field}", str(error))
        if isinstance(known, list) and len(set(known)) != len(known):
            yield Failure(f"subject.{field}", "must not repeat an entry")
    checks: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("dnsNames", certificates.dns_name),
        ("ipAddresses", certificates.ip_address),
        ("uris", certificates.uri),
    )
    for name, check in checks:
        values = inputs.get(name, [])
        for index, value in enumerate(values if values is not UNKNOWN else []):
            if value is UNKNOWN:
                continue
            try:
                check(value)
            except certificates.ContentError as error:
                yield Failure(f"{name}[{index}]", str(error))


def _names(inputs: Values) -> x509.SubjectAlternativeName | None:
    return certificates.alternative_names(
        inputs.get("dnsNames", ()), inputs.get("ipAddresses", ()), inputs.get("uris", ())
    )


# --- CertRequest


def _validate_request(inputs: Values) -> Iterator[Failure]:
    yield from _validate_key(inputs, "privateKeyPem")
    yield from _validate_subject_and_names(inputs)


def _make_request(inputs: Values, _now: datetime) -> Made:
    key = keys.load_private_pem(_key_text(inputs, "privateKeyPem"))
    csr = certificates.request(
        key, certificates.subject_name(inputs.get("subject", {})), _names(inputs)
    )
    return Made(
        keys.state_id(csr.public_bytes(Encoding.DER)),
        {"certRequestPem": certificates.pem(csr), "keyAlgorithm": keys.algorithm_of(key)},
    )


CERT_REQUEST = Resource(
    "tls:index/certRequest:CertRequest",
    properties=(
        *_key_properties("privateKeyPem"),
        *_subject_and_names("certRequestPem"),
        _output("certRequestPem"),
        _output("keyAlgorithm"),
    ),
    make=_make_request,
    validate=_validate_request,
)


# --- certificates

TERMS = (
    Property("validityPeriodHours", Kind.INTEGER, required=True, minimum=0, maximum=MAX_HOURS),
    Property("allowedUses", Kind.STRINGS, required=True, choices=certificates.ALLOWED_USES),
    # Only the renewal depends on it: it changes in place.
    Property(
        "earlyRenewalHours",
        Kind.INTEGER,
        default=0,
        minimum=0,
        maximum=MAX_HOURS,
        replaces=False,
    ),
    Property("isCaCertificate", Kind.BOOLEAN, default=False),
    Property("maxPathLength", Kind.INTEGER, computed=True, minimum=-1),
    Property("setSubjectKeyId", Kind.BOOLEAN, default=False),
)

CERTIFICATE_OUTPUTS = (
    _output("certPem"),
    _output("readyForRenewal", Kind.BOOLEAN),
    _output("validityStartTime"),
    _output("validityEndTime"),
)


def _validate_uses(inputs: Values) -> Iterator[Failure]:
    uses = inputs["allowedUses"]
    if uses is UNKNOWN or UNKNOWN in uses or "key_agreement" in uses:
        return
    for index, use in enumerate(uses):
        if use in ("encipher_only", "decipher_only"):
            yield Failure(f"allowedUses[{index}]", f"{use} has a meaning only with key_agreement")


def _terms(inputs: Values) -> certificates.Terms:
    return certificates.Terms(
        allowed_uses=inputs["allowedUses"],
        validity_hours=inputs["validityPeriodHours"],
        is_ca=inputs["isCaCertificate"],
        max_path_length=inputs.get("maxPathLength"),
        set_subject_key_id=inputs["setSubjectKeyId"],
        set_authority_key_id=inputs.get("setAuthorityKeyId", False),
    )


def _renewable(outputs: Values, now: datetime) -> Values:
    """Whether the certificate asks to be renewed, from what the state says.

    Nothing if the state says too little.
    """
    try:
        due = renewal.ready(outputs["validityEndTime"], outputs.get("earlyRenewalHours", 0), now)
    except (KeyError, TypeError, ValueError):
        return {}
    return {"readyForRenewal": due}


def _expired(outputs: Values, now: datetime) -> str | None:
    return "readyForRenewal" if _renewable(outputs, now).get("readyForRenewal") else None


def _made_certificate(
    certificate: x509.Certificate, inputs: Values, now: datetime, **more: str
) -> Made:
    outputs: Values = {
        "certPem": certificates.pem(certificate),
        "validityStartTime": renewal.write_time(certificate.not_valid_before_utc),
        "validityEndTime": renewal.write_time(certificate.not_valid_after_utc),
        **more,
    }
    outputs.update(_renewable({**inputs, **outputs}, now))
    return Made(str(certificate.serial_number), outputs)


def _no_subject(inputs: Values) -> bool:
    subject = inputs.get("subject", {})
    return subject is not UNKNOWN and not any(subject.values())


def _validate_self_signed(inputs: Values) -> Iterator[Failure]:
    yield from _validate_key(inputs, "privateKeyPem")
    yield from _validate_subject_and_names(inputs)
    yield from _validate_uses(inputs)
    if inputs["isCaCertificate"] is True and _no_subject(inputs):
        yield Failure("subject", "must not be empty in a CA certificate")
    if inputs["setAuthorityKeyId"] is True and {
        inputs["isCaCertificate"],
        inputs["setSubjectKeyId"],
    } == {False}:
        yield Failure("setAuthorityKeyId", "needs setSubjectKeyId or isCaCertificate")


def _make_self_signed(inputs: Values, now: datetime) -> Made:
    key = keys.load_private_pem(_key_text(inputs, "privateKeyPem"))
    certificate = certificates.self_signed(
        key,
        certificates.subject_name(inputs.get("subject", {})),
        _names(inputs),
        _terms(inputs),
        now,
    )
    return _made_certificate(certificate, inputs, now, keyAlgorithm=keys.algorithm_of(key))


SELF_SIGNED_CERT = Resource(
    "tls:index/selfSignedCert:SelfSignedCert",
    properties=(
        *_key_properties("privateKeyPem"),
        *_subject_and_names("certPem"),
        *TERMS,
        Property("setAuthorityKeyId", Kind.BOOLEAN, default=False),
        _output("keyAlgorithm"),
        *CERTIFICATE_OUTPUTS,
    ),
    make=_make_self_signed,
    validate=_validate_self_signed,
    refresh=_renewable,
    expired=_expired,
)


def _validate_ca(inputs: Values) -> Iterator[Failure]:
    """That the CA certificate is one and, once its key is known and right, that they match."""
    if inputs["caCertPem"] is UNKNOWN:
        return
    try:
        certificate = certificates.load_certificate(inputs["caCertPem"])
    except certificates.ContentError as error:
        yield Failure("caCertPem", str(error))
        return
    text = _key_text(inputs, "caPrivateKeyPem")
    if text is None or text is UNKNOWN or any(_validate_key(inputs, "caPrivateKeyPem")):
        return
    try:
        certificates.check_ca_key(certificate, keys.load_private_pem(text))
    except certificates.ContentError as error:
        yield Failure("caPrivateKeyPem", str(error))


def _validate_locally_signed(inputs: Values) -> Iterator[Failure]:
    yield from _validate_key(inputs, "caPrivateKeyPem")
    yield from _validate_uses(inputs)
    yield from _validate_ca(inputs)
    if inputs["certRequestPem"] is not UNKNOWN:
        try:
            csr = certificates.load_request(inputs["certRequestPem"])
        except certificates.ContentError as error:
            yield Failure("certRequestPem", str(error))
        else:
            if inputs["isCaCertificate"] is True and not list(csr.subject):
                yield Failure("certRequestPem", "must have a subject for a CA certificate")


def _make_locally_signed(inputs: Values, now: datetime) -> Made:
    key = keys.load_private_pem(_key_text(inputs, "caPrivateKeyPem"))
    certificate = certificates.signed_by(
        certificates.load_request(inputs["certRequestPem"]),
        certificates.load_certificate(inputs["caCertPem"]),
        key,
        _terms(inputs),
        now,
    )
    return _made_certificate(certificate, inputs, now, caKeyAlgorithm=keys.algorithm_of(key))


LOCALLY_SIGNED_CERT = Resource(
    "tls:index/locallySignedCert:LocallySignedCert",
    properties=(
        Property("caCertPem", Kind.STRING, required=True, replaces=_hash_becomes_pem),
        *_key_properties("caPrivateKeyPem"),
        Property(
            "certRequestPem",
            Kind.STRING,
            required=True,
            replaces=_hash_becomes_pem,
            reveals=("certPem",),
        ),
        *TERMS,
        _output("caKeyAlgorithm"),
        *CERTIFICATE_OUTPUTS,
    ),
    make=_make_locally_signed,
    validate=_validate_locally_signed,
    refresh=_renewable,
    expired=_expired,
)

RESOURCES = (PRIVATE_KEY, CERT_REQUEST, SELF_SIGNED_CERT, LOCALLY_SIGNED_CERT)


# --- functions


def _validate_public_key(inputs: Values) -> Iterator[Failure]:
    if len({"privateKeyPem", "privateKeyOpenssh"} & inputs.keys()) != 1:
        yield Failure(
            "privateKeyPem", "exactly one of privateKeyPem and privateKeyOpenssh is required"
        )


def _get_public_key(inputs: Values) -> Values:
    try:
        if "privateKeyPem" in inputs:
            key = keys.load_private_pem(inputs["privateKeyPem"])
        else:
            key = keys.load_private_openssh(inputs["privateKeyOpenssh"])
    except keys.KeyFormatError as error:
        raise ProviderError(
            f"{'privateKeyPem' if 'privateKeyPem' in inputs else 'privateKeyOpenssh'} {error}"
        ) from None
    public = key.public_key()
    return {
        "id": keys.public_id(public),
        "algorithm": keys.algorithm_of(key),
        **keys.public_forms(public),
    }


def _validate_certificate_source(inputs: Values) -> Iterator[Failure]:
    if len({"content", "url"} & inputs.keys()) != 1:
        yield Failure("content", "exactly one of content and url is required")
    elif "url" in inputs:
        yield Failure(
            "url",
            "is read by the official plugin only (`pulumi plugin install resource tls`); "
            "give the certificate as content",
        )
    elif "verifyChain" in inputs:
        yield Failure("verifyChain", "is for url only")


def _get_certificate(inputs: Values) -> Values:
    try:
        certificate = certificates.load_certificate(inputs["content"])
    except certificates.ContentError as error:
        raise ProviderError(f"content {error}") from None
    found = [inspection.description(certificate)]
    return {"certificates": found, "id": inspection.descriptions_id(found), "verifyChain": True}


FUNCTIONS = (
    Function(
        "tls:index/getPublicKey:getPublicKey",
        inputs=(
            Property("privateKeyPem", Kind.STRING, secret=True),
            Property("privateKeyOpenssh", Kind.STRING, secret=True),
        ),
        outputs=(_output("id"), _output("algorithm"), *PUBLIC_OUTPUTS),
        call=_get_public_key,
        validate=_validate_public_key,
    ),
    Function(
        "tls:index/getCertificate:getCertificate",
        inputs=(
            Property("content", Kind.STRING),
            Property("url", Kind.STRING),
            Property("verifyChain", Kind.BOOLEAN),
        ),
        outputs=(
            _output("id"),
            Property(
                "certificates",
                Kind.OBJECTS,
                is_input=False,
                fields=tuple(
                    _output(
                        name,
                        {
                            "isCa": Kind.BOOLEAN,
                            "version": Kind.INTEGER,
                            "maxPathLength": Kind.INTEGER,
                        }.get(name, Kind.STRING),
                    )
                    for name in (
                        "certPem",
                        "isCa",
                        "issuer",
                        "maxPathLength",
                        "notAfter",
                        "notBefore",
                        "publicKeyAlgorithm",
                        "serialNumber",
                        "sha1Fingerprint",
                        "signatureAlgorithm",
                        "subject",
                        "version",
                    )
                ),
            ),
        ),
        call=_get_certificate,
        validate=_validate_certificate_source,
    ),
)
