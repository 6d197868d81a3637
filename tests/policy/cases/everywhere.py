"""Passwords, keys and certificates that a program makes for its Redis."""

from .docker import ARGUMENTS, CONF, DATA, HARDENED
from .model import Apart, Case, Part, Ref, Scene

MADE = Scene(
    "made",
    (
        DATA,
        Part(
            "password",
            "random:index/randomPassword:RandomPassword",
            {"length": 48},
            {"id": "none", "result": "made"},
        ),
        Part(
            "ca-key",
            "tls:index/privateKey:PrivateKey",
            {"algorithm": "ECDSA", "ecdsaCurve": "P256"},
            {"privateKeyPem": "PEM 1"},
        ),
        Part(
            "ca",
            "tls:index/selfSignedCert:SelfSignedCert",
            {"privateKeyPem": Ref("ca-key", "privateKeyPem"), "earlyRenewalHours": 720},
            {"certPem": "PEM 2"},
        ),
        Part(
            "server-key",
            "tls:index/privateKey:PrivateKey",
            {"algorithm": "RSA", "rsaBits": 3072},
            {"privateKeyPem": "PEM 3"},
        ),
        Part(
            "request",
            "tls:index/certRequest:CertRequest",
            {"privateKeyPem": Ref("server-key", "privateKeyPem")},
            {"certRequestPem": "PEM 4"},
        ),
        Part(
            "server",
            "tls:index/locallySignedCert:LocallySignedCert",
            {
                "certRequestPem": Ref("request", "certRequestPem"),
                "caPrivateKeyPem": Ref("ca-key", "privateKeyPem"),
                "caCertPem": Ref("ca", "certPem"),
                "earlyRenewalHours": 720,
            },
            {"certPem": "PEM 5"},
        ),
        Part(
            "redis",
            "docker:index/container:Container",
            {
                **HARDENED,
                "image": "redis:8",
                "command": ["redis-server", "/etc/redis.conf"],
                "uploads": [
                    {"file": "/etc/redis.conf", "content": CONF},
                    {"file": "/etc/users.acl", "content": Ref("password", "result")},
                    {"file": "/tls/cert.pem", "content": Ref("server", "certPem")},
                ],
            },
        ),
    ),
)
"""A container that is given a password and a certificate which the program makes."""


DECLARED = tuple(
    Scene(
        f"declared-{kind}",
        (
            Part(
                "cache",
                f"secure-redis:index:{kind}",
                {},
                {"tls": True, "tls_verify": "full", "auth": "password"},
            ),
        ),
    )
    for kind in (
        "ClassicRedis",
        "DockerRedis",
        "ElastiCacheRedis",
        "ExternalRedis",
        "ManagedRedis",
        "MemorystoreRedis",
        "MemorystoreValkey",
    )
)
"""Components of ours, which tell what applications are told of a Redis."""

SCENES = (MADE, *DECLARED)

CASES = (
    Case("password-length", MADE, "password", "length", 16),
    Case("certificate-renewal", MADE, "server", "earlyRenewalHours", 0),
    Case("certificate-renewal", MADE, "ca", "earlyRenewalHours", 1),
    Case("private-key-curve", MADE, "ca-key", "ecdsaCurve", "P224"),
    Case("private-key-rsa", MADE, "server-key", "rsaBits", 1024),
    # What a component says of its connection is not there before it is made.
    *(
        Case(rule, scene, "cache", path, value, early=False)
        for rule, path, value in (
            ("declared-tls", "tls", False),
            ("declared-verification", "tls_verify", "none"),
            ("declared-login", "auth", "none"),
        )
        for scene in DECLARED
    ),
)

APART = (
    Apart(
        "others",
        ARGUMENTS,
        (
            Part(
                "mail-password",
                "random:index/randomPassword:RandomPassword",
                {"length": 8},
                {"id": "none", "result": "made"},
            ),
            Part(
                "web-key",
                "tls:index/privateKey:PrivateKey",
                {"algorithm": "RSA", "rsaBits": 1024},
                {"privateKeyPem": "PEM 9"},
            ),
            Part(
                "web",
                "tls:index/selfSignedCert:SelfSignedCert",
                {"privateKeyPem": Ref("web-key", "privateKeyPem")},
            ),
        ),
    ),
)
