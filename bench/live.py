"""A stack on the real engine and the real Docker, beside a hand-written compose file."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .measure import Cost, run

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Lifecycle:
    """The same three steps of both: from nothing to healthy, again with no change, and away."""

    up: Callable[[], Cost]
    again: Callable[[], Cost]
    down: Callable[[], Cost]


def image() -> str:
    """The image that both run: the one that the package would choose here."""
    import docker
    from secure_redis.docker.images import candidates
    from secure_redis.docker.preflight import location
    from secure_redis.settings import CacheSettings, Environment, Target

    cache = CacheSettings(target=Target.DOCKER, environment=Environment.DEVELOPMENT)
    client = docker.DockerClient(base_url=location(None))
    found = [n for n in candidates(cache) if client.images.list(name=n)]
    client.close()
    return found[0]


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Project:
    """A project with a stack `bench` of one cache, and a state of its own."""

    directory: Path
    environ: Mapping[str, str]

    def command(self, *words: str) -> Cost:
        """Runs `secure-redis`."""
        return run(["secure-redis", *words], cwd=self.directory, environ=self.environ)

    def on_stack(self, *words: str) -> Cost:
        """Runs `secure-redis` on the stack."""
        return self.command(*words, "--stack", "bench")


@contextmanager
def fresh_project() -> Iterator[Project]:
    """A project that is there for a while; its stack is taken down at the end."""
    with tempfile.TemporaryDirectory(prefix="secure-redis-bench-") as directory:
        folder = Path(directory)
        shutil.copy(ROOT / "__main__.py", folder)
        text = (ROOT / "Pulumi.yaml").read_text()
        (folder / "Pulumi.yaml").write_text(text.replace(".venv", sys.prefix))
        (folder / "stacks").mkdir()
        (folder / "stacks" / "Pulumi.bench.yaml").write_text(
            "config:\n"
            "  secure-redis:target: docker\n"
            "  secure-redis:environment: development\n"
            f"  secure-redis:caches: {{ cache: {{ docker: {{ port: {free_port()} }} }} }}\n"
        )
        (folder / "backend").mkdir()
        (folder / "passphrase").write_text(secrets.token_hex())
        environ = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
            "SECURE_REDIS_STATE_DIR": str(folder / "state"),
        }
        environ.pop("PULUMI_CONFIG_PASSPHRASE", None)
        made = Project(folder, environ)
        try:
            yield made
        finally:
            made.on_stack("down")


@contextmanager
def stack() -> Iterator[Lifecycle]:
    """The life of our stack."""
    with fresh_project() as ours:
        yield Lifecycle(
            lambda: ours.on_stack("up"),
            lambda: ours.on_stack("up"),
            lambda: ours.on_stack("down"),
        )


@contextmanager
def compose() -> Iterator[Lifecycle]:
    """The hand-written compose file, with certificates by openssl."""
    with tempfile.TemporaryDirectory(prefix="secure-redis-bench-") as directory:
        project = Path(directory)
        shutil.copy(ROOT / "bench" / "compose" / "docker-compose.yaml", project)
        write_configuration(project / "redis")
        environ = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"bench{secrets.token_hex(4)}",
            "REDIS_IMAGE": image(),
            "REDIS_PORT": str(free_port()),
        }
        command = ["docker-compose", "--no-ansi"]

        def up() -> Cost:
            started = time.perf_counter()
            cost = run([*command, "up", "-d"], cwd=project, environ=environ)
            wait_healthy(project, environ)
            return Cost(time.perf_counter() - started, cost.cpu_seconds, cost.peak_mib)

        def down() -> Cost:
            return run([*command, "down", "--volumes"], cwd=project, environ=environ)

        try:
            yield Lifecycle(up, up, down)
        finally:
            down()


def wait_healthy(project: Path, environ: Mapping[str, str]) -> None:
    """Waits until the service is healthy. Raises TimeoutError."""
    name = f"{environ['COMPOSE_PROJECT_NAME']}_redis_1"
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        command = ["docker", "inspect", "--format", "{{.State.Health.Status}}", name]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.stdout.strip() == "healthy":
            return
        time.sleep(0.1)
    raise TimeoutError(f"{name} did not get healthy")


def write_configuration(folder: Path) -> None:
    """redis.conf, users and certificates, as one makes them by hand."""
    (folder / "tls").mkdir(parents=True)
    (folder / "redis.conf").write_text(
        "port 0\ntls-port 6380\ntls-cert-file /etc/redis/tls/server.crt\n"
        "tls-key-file /etc/redis/tls/server.key\ntls-ca-cert-file /etc/redis/tls/ca.crt\n"
        "tls-auth-clients no\naclfile /etc/redis/users.acl\ndir /data\nappendonly yes\n"
        'save ""\nmaxmemory 192mb\nmaxmemory-policy allkeys-lru\n'
    )
    words = {user: secrets.token_hex(24) for user in ("app", "health")}
    digest = {user: sha256(word.encode()).hexdigest() for user, word in words.items()}
    (folder / "users.acl").write_text(
        "user default off\n"
        f"user app on #{digest['app']} ~* &* +@all -@admin -@dangerous +info\n"
        f"user health on #{digest['health']} -@all +ping\n"
    )
    (folder / "health_password").write_text(words["health"] + "\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
    tls = folder / "tls"
    for command in (
        ["req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=CA"],
        ["req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"],
        ["x509", "-req", "-in", "server.csr", "-out", "server.crt", *signing],
    ):
        subprocess.run(["openssl", *command], cwd=tls, check=True, capture_output=True)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, 999, 999)
