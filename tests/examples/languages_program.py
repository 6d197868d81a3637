"""Programs in other languages, as they stand in examples/, with the component plugin beside them.

A program has a directory, a backend, a passphrase and a stack name of its own. Its plugin is the
repository's, run with the tests' Python environment, which has what its requirements.txt names, or
with one that `pulumi install` makes.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
import yaml
from docker.errors import APIError
from docker.models.containers import Container
from harness import REPOSITORY, SECRET_MARK, Run, engine, remember_secret
from redis.backoff import NoBackoff
from redis.retry import Retry
from secure_redis.docker.images import candidates
from secure_redis.settings import CacheSettings

MADE_HERE = ("node_modules", "bin", "sdks")
TOKEN = "secure-redis:index:SecureRedis"


def local_image() -> str:
    """The image that the toolchain made or found on this machine."""
    cache = CacheSettings.model_validate({"target": "docker", "environment": "development"})
    images = candidates(cache)
    found = {tag for image in engine().images.list() for tag in image.tags}
    return next(image for image in images if image in found)


class Program:
    """One example on the real engine, from its files to the end of its stack."""

    def __init__(self, root: Path, example: str, *, own_environment: bool = False) -> None:
        self.directory = root / "examples" / example
        source = REPOSITORY / "examples" / example
        shutil.copytree(source, self.directory, ignore=shutil.ignore_patterns(*MADE_HERE))
        self.project = str(yaml.safe_load((self.directory / "Pulumi.yaml").read_text())["name"])
        self.stack = f"{example}-{secrets.token_hex(3)}"
        self.backend = root / "backend"
        self.backend.mkdir()
        (_whole_plugin if own_environment else _plugin)(root / "components")
        passphrase = secrets.token_hex(16)
        remember_secret(passphrase)
        (root / "passphrase").write_text(passphrase)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(root / "passphrase"),
            # Without it the engine has no --event-log.
            "PULUMI_DEBUG_COMMANDS": "true",
        }
        for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK"):
            self.environment.pop(name, None)
        self.events = root / "events.json"

    def run(self, *command: str | Path, seconds: float = 240) -> Run:
        """Runs a command in the program's directory."""
        begin = time.monotonic()
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)

    def pulumi(self, *arguments: str) -> Run:
        """Runs the engine on the program's stack."""
        return self.run("pulumi", *arguments, "--stack", self.stack, "--non-interactive")

    def make_stack(self) -> None:
        """Makes the stack, without a resource yet."""
        self.run("pulumi", "stack", "init", self.stack, "--non-interactive").succeeded()

    def up(self) -> Run:
        """`pulumi up`, which must succeed, with a log of the engine's events."""
        log = ("--event-log", str(self.events))
        return self.pulumi("up", "--yes", "--skip-preview", *log).succeeded()

    def outputs(self) -> dict[str, Any]:
        """The outputs of the stack, with their secrets."""
        shown = self.pulumi("stack", "output", "--json", "--show-secrets").succeeded().stdout
        outputs: dict[str, Any] = json.loads(shown)
        remember_secret(outputs["url"])
        return outputs

    def state(self) -> str:
        """What lies on the disk of the backend, as text."""
        (file,) = self.backend.glob(f".pulumi/stacks/*/{self.stack}.json")
        return file.read_text()

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, secrets encrypted."""
        deployment = json.loads(self.pulumi("stack", "export").succeeded().stdout)["deployment"]
        return deployment.get("resources") or []

    def secrets(self) -> list[str]:
        """The generated passwords and private keys, these by the longest of their lines.

        There are some, or nothing was looked for.
        """
        exported = self.pulumi("stack", "export", "--show-secrets").succeeded().stdout
        found: list[str] = []
        for resource in json.loads(exported)["deployment"]["resources"]:
            outputs = resource.get("outputs") or {}
            for key in ("result", "privateKeyPem"):
                value = outputs.get(key)
                if isinstance(value, dict) and value.get(SECRET_MARK):
                    found.append(json.loads(value["plaintext"]))
        assert len(found) > 2
        for secret in found:
            remember_secret(secret)
        # In logs and states their line ends are written in other ways. The first line of a key's
        # content names its kind, as a public one's does.
        return [max(secret.splitlines()[2:] or [secret], key=len) for secret in found]

    def close(self) -> None:
        """Takes everything down. Asserts that nothing is left in Docker; removes it first."""
        ended = Run(0, "", "")
        if list(self.backend.glob(f".pulumi/stacks/*/{self.stack}.json")):
            ended = self.pulumi("destroy", "--yes", "--skip-preview")
        left = self._in_docker()
        for thing in left:
            # What cannot be removed is told by the assertion below.
            with suppress(APIError):
                thing.remove(**({"force": True} if isinstance(thing, Container) else {}))
        ended.succeeded()
        assert [thing.name for thing in left] == []

    def _in_docker(self) -> list[Any]:
        docker = engine()
        filters: dict[str, Any] = {"name": f"{self.project}.{self.stack}"}
        return [
            *docker.containers.list(all=True, filters=filters, ignore_removed=True),
            *docker.volumes.list(filters=filters),
            *docker.networks.list(filters=filters),
        ]


def client(url: str, ca: str) -> redis.Redis:
    """redis-py as an application uses it: the URL and the CA, fully verified, no retries."""
    return redis.Redis.from_url(
        url, ssl_ca_data=ca, socket_timeout=10, decode_responses=True, retry=Retry(NoBackoff(), 0)
    )


def component(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The cache's component among the resources of a state."""
    (found,) = [resource for resource in resources if resource["type"] == TOKEN]
    return found


def is_secret(value: Any) -> bool:
    """Whether a value of an exported state is encrypted."""
    return isinstance(value, dict) and SECRET_MARK in value and "ciphertext" in value


def _plugin(directory: Path) -> None:
    """The component plugin, with the tests' Python environment instead of one of its own."""
    directory.mkdir()
    shutil.copy(REPOSITORY / "components" / "__main__.py", directory)
    manifest = yaml.safe_load((REPOSITORY / "components" / "PulumiPlugin.yaml").read_text())
    manifest["runtime"]["options"]["virtualenv"] = sys.prefix
    (directory / "PulumiPlugin.yaml").write_text(yaml.safe_dump(manifest))


def _whole_plugin(directory: Path) -> None:
    """The plugin as a user has it: nothing installed yet."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "venv")
    shutil.copytree(REPOSITORY / "components", directory, ignore=ignored)
