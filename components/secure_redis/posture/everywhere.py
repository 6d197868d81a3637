"""Rules over what every target uses: generated passwords, certificates, and our own components."""

from . import conditions as its
from .relations import Anchor, Link, uses
from .resources import COMPONENTS
from .rules import Companion, Rule

PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a resource's type
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
REQUEST = "tls:index/certRequest:CertRequest"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
CERTIFICATES = (SIGNED, SELF_SIGNED)
CACHES = tuple(
    f"{COMPONENTS}{name}"
    for name in (
        "ClassicRedis",
        "DockerRedis",
        "ElastiCacheRedis",
        "ExternalRedis",
        "ManagedRedis",
        "MemorystoreRedis",
        "MemorystoreValkey",
    )
)

RULES = (
    Rule(
        "password-length",
        "RDS-AUTH-02",
        (PASSWORD,),
        "length",
        its.at_least(32),
        "the password is short",
        "Generate 32 characters or more; our components take 48.",
        "Set {property} to 32 or more.",
        missing=False,
    ),
    Rule(
        "declared-tls",
        "RDS-TLS-01",
        CACHES,
        "tls",
        its.true,
        "clients are told to connect without TLS",
        "`mode`: tls or mtls.",
        "Set `mode` to tls or mtls.",
        production=True,
        exception="plaintext-in-production",
    ),
    Rule(
        "declared-verification",
        "RDS-TLS-03",
        CACHES,
        "tls_verify",
        its.one_of("full", "ca"),
        "clients are told to verify nothing",
        "`external.tlsVerify`: full, or ca where the certificate names no host.",
        "Set `tlsVerify` to full, or to ca where the certificate names no host.",
        when=its.enabled_by("tls", "true"),
    ),
    Rule(
        "declared-login",
        "RDS-AUTH-01",
        CACHES,
        "auth",
        its.one_of("password", "identity"),
        "clients are told to connect without a login",
        "`mode`: tls or mtls.",
        "Set `mode` to tls or mtls.",
        production=True,
        exception="plaintext-in-production",
    ),
    Rule(
        "certificate-renewal",
        "RDS-TLS-04",
        CERTIFICATES,
        "earlyRenewalHours",
        its.at_least(24),
        "the certificate is not renewed before its end",
        "`docker.certificates.renewBeforeDays`: 1 or more.",
        "Set {property} to 24 or more.",
        missing=False,
    ),
    Rule(
        "private-key-rsa",
        "RDS-TLS-04",
        (PRIVATE_KEY,),
        "rsaBits",
        its.at_least(2048),
        "the key is too small",
        "RSA with 2048 bits or more, or P-256.",
        "Set {property} to 2048 or more, or take P256.",
        when=its.enabled_by("algorithm", "RSA"),
    ),
    Rule(
        "private-key-curve",
        "RDS-TLS-04",
        (PRIVATE_KEY,),
        "ecdsaCurve",
        its.strong_curve,
        "the key is too small",
        "P-256 or larger.",
        "Set {property} to P256 or larger.",
        missing=False,
        when=its.enabled_by("algorithm", "ECDSA"),
    ),
)

COMPANIONS: tuple[Companion, ...] = ()

LINKS: tuple[Link, ...] = (
    uses((SELF_SIGNED, REQUEST), "privateKeyPem", PRIVATE_KEY),
    uses(SIGNED, "caPrivateKeyPem", PRIVATE_KEY),
    uses(SIGNED, "caCertPem", *CERTIFICATES),
    uses(SIGNED, "certRequestPem", REQUEST),
)
"""What is about which Redis."""

ANCHORS: tuple[Anchor, ...] = ()
"""What is about Redis by itself; what every target uses is so by what it is used for."""
