"""Redis in containers as a program without our components starts it."""

from typing import Any

from .model import ABSENT, Apart, Case, Part, Ref, Scene

CONF = """# everything a client needs
port 0
tls-port 6379
tls-cert-file /tls/cert.pem
requirepass "from a file"
"""

HARDENED: dict[str, Any] = {
    "memory": 256,
    "user": "999:999",
    "privileged": False,
    "capabilities": {"drops": ["ALL"]},
    "securityOpts": ["no-new-privileges:true"],
    "readOnly": True,
    "networkMode": "bridge",
    "ports": [{"internal": 6379, "external": 6379, "ip": "127.0.0.1"}],
    "volumes": [{"volumeName": Ref("redis-data", "name"), "containerPath": "/data"}],
    "envs": ["TZ=UTC"],
    "healthcheck": {"tests": ["CMD", "redis-cli", "--tls", "ping"]},
}

DATA = Part("redis-data", "docker:index/volume:Volume", {"labels": []}, protect=True)

UPLOADED = Scene(
    "docker-uploaded",
    (
        DATA,
        Part(
            "image",
            "docker:index/remoteImage:RemoteImage",
            {"name": "valkey/valkey:8.0"},
            {"imageId": "sha256:0123456789abcdef", "id": "sha256:0123456789abcdefvalkey"},
        ),
        Part(
            "redis",
            "docker:index/container:Container",
            {
                **HARDENED,
                "image": Ref("image", "imageId"),
                "command": ["valkey-server", "/etc/valkey.conf"],
                "uploads": [{"file": "/etc/valkey.conf", "content": CONF}],
            },
        ),
    ),
)
"""An image that the program names elsewhere, and a configuration that it uploads."""

ARGUMENTS = Scene(
    "docker-arguments",
    (
        DATA,
        Part(
            "redis",
            "docker:index/container:Container",
            {
                **HARDENED,
                "image": "docker.io/library/redis:7.4@sha256:0123",
                "command": [
                    "redis-server",
                    "--port",
                    "0",
                    "--tls-port",
                    "6379",
                    "--aclfile",
                    "/run/users.acl",
                ],
            },
        ),
    ),
)
"""All in the command, users in a file."""

VARIABLES = Scene(
    "docker-variables",
    (
        DATA,
        Part(
            "redis",
            "docker:index/container:Container",
            {
                **HARDENED,
                "image": "bitnami/redis:7.2",
                "envs": [
                    "REDIS_PASSWORD_FILE=/run/secrets/redis",
                    "REDIS_TLS_ENABLED=yes",
                ],
            },
        ),
    ),
)
"""An image that is configured by variables."""

CLIENT = Scene(
    "docker-client",
    (
        *ARGUMENTS.parts,
        Part(
            "shop",
            "docker:index/container:Container",
            {
                "image": "shop:1",
                "envs": ["DB_PASSWORD=of-something-else", "REDIS_URL_FILE=/run/secrets/url"],
            },
        ),
    ),
)
"""An application beside it."""

LABELLED = Scene(
    "docker-labelled",
    (
        Part(
            "redis-data",
            "docker:index/volume:Volume",
            {"labels": [{"label": "secure-redis.mode", "value": "tls"}]},
            protect=True,
        ),
        ARGUMENTS.part("redis"),
    ),
)

SCENES = (UPLOADED, ARGUMENTS, VARIABLES, CLIENT, LABELLED)

SECRET_ARGUMENTS = ["redis-server", "--port", "0", "--tls-port", "6379", "--requirepass", "x"]
BY_SHELL = ["sh", "-c", "exec redis-server --port 0 --tls-port 6379 --requirepass x"]

CASES = (
    Case("docker-tls", LABELLED, "redis-data", "labels.0.value", "password"),
    Case("docker-server-tls", UPLOADED, "redis", "uploads.0.content", "requirepass x"),
    Case(
        "docker-server-tls",
        UPLOADED,
        "redis",
        "uploads.0.content",
        CONF.replace("port 0\n", "", 1),
        note="both ports",
    ),
    Case(
        "docker-server-tls",
        ARGUMENTS,
        "redis",
        "command",
        ["redis-server", "--aclfile", "/run/users.acl"],
    ),
    Case("docker-server-tls", VARIABLES, "redis", "envs.1", "REDIS_TLS_ENABLED=no"),
    Case(
        "docker-server-login",
        UPLOADED,
        "redis",
        "uploads.0.content",
        "port 0\ntls-port 6379\n",
    ),
    Case(
        "docker-server-login",
        ARGUMENTS,
        "redis",
        "command",
        ["redis-server", "--port", "0", "--tls-port", "6379"],
    ),
    Case("docker-server-login", VARIABLES, "redis", "envs.0", "ALLOW_EMPTY_PASSWORD=yes"),
    Case("docker-address", ARGUMENTS, "redis", "ports.0.ip", "0.0.0.0"),
    Case("docker-address", UPLOADED, "redis", "ports.0.ip", ABSENT),
    Case("docker-protect", ARGUMENTS, "redis-data", "protect"),
    Case("docker-memory", ARGUMENTS, "redis", "memory", ABSENT),
    Case("docker-variables", ARGUMENTS, "redis", "envs.0", "REDIS_PASSWORD=x"),
    Case("docker-variables", UPLOADED, "redis", "envs.0", "URL=rediss://app:x@redis:6379/0"),
    Case("docker-client-variables", CLIENT, "shop", "envs.1", "REDIS_PASSWORD=x"),
    Case(
        "docker-client-variables",
        CLIENT,
        "shop",
        "envs.1",
        "CACHE=redis://:x@redis:6379/0",
        note="a URL",
    ),
    Case("docker-command", ARGUMENTS, "redis", "command", SECRET_ARGUMENTS),
    Case("docker-command", ARGUMENTS, "redis", "command", BY_SHELL, note="by a shell"),
    Case(
        "docker-healthcheck",
        ARGUMENTS,
        "redis",
        "healthcheck.tests",
        ["CMD-SHELL", "redis-cli -a x ping"],
    ),
    Case("docker-user", ARGUMENTS, "redis", "user", "0:0"),
    Case("docker-privileged", ARGUMENTS, "redis", "privileged", True),
    Case("docker-capabilities", ARGUMENTS, "redis", "capabilities", ABSENT),
    Case("docker-new-privileges", ARGUMENTS, "redis", "securityOpts", []),
    Case("docker-read-only", ARGUMENTS, "redis", "readOnly", False),
    Case("docker-host-network", ARGUMENTS, "redis", "networkMode", "host"),
)

WEB = Part(
    "web",
    "docker:index/container:Container",
    {
        "image": "shop:1",
        "privileged": True,
        "envs": ["REDIS_HOST=redis"],
        "uploads": [{"file": "/key.pem", "content": Ref("web-key", "privateKeyPem")}],
        "volumes": [{"volumeName": Ref("web-data", "name"), "containerPath": "/files"}],
    },
)
"""An application that uses the Redis: it is judged by how it is told of it alone."""

APART = (
    Apart(
        "docker-shop",
        UPLOADED,
        (
            Part(
                "postgres",
                "docker:index/container:Container",
                {
                    "image": "postgres:17",
                    "privileged": True,
                    "envs": ["POSTGRES_PASSWORD=x"],
                    "ports": [{"internal": 5432}],
                    "command": ["postgres", "-a"],
                },
            ),
            Part(
                "exporter",
                "docker:index/container:Container",
                {"image": "oliver006/redis_exporter:v1", "ports": [{"internal": 9121}]},
            ),
            Part("postgres-data", "docker:index/volume:Volume", {"labels": []}),
            Part(
                "web-key",
                "tls:index/privateKey:PrivateKey",
                {"algorithm": "RSA", "rsaBits": 1024},
                {"privateKeyPem": "PEM 8"},
            ),
            Part("web-data", "docker:index/volume:Volume", {"labels": []}),
        ),
    ),
)
