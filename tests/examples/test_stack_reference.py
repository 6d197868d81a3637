"""examples/stack-reference, as it stands there, beside a cache of another stack: both for real."""

import base64
import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
import yaml
from docker.models.containers import Container
from harness import (
    REPOSITORY,
    Deployment,
    Run,
    client,
    deployed,
    engine,
    eventually,
    free_port,
    health,
    redacted,
    remember_secret,
)

EXAMPLE = REPOSITORY / "examples" / "stack-reference"
SCHEMA = REPOSITORY / "tests" / "unit" / "rendering" / "secret.schema.json"
CREDENTIALS = "/run/redis/credentials.env"
ORDERS = "checkout:orders"


class Checkout:
    """The example in a directory of its own, with the backend and passphrase of the cache."""

    def __init__(self, root: Path, cache: Deployment) -> None:
        self.cache = cache
        self.directory = root / "checkout"
        shutil.copytree(EXAMPLE, self.directory)
        manifest = self.directory / "Pulumi.yaml"
        text = manifest.read_text()
        assert text.count("virtualenv: venv") == 1
        # The tests' environment has what requirements.txt names.
        manifest.write_text(text.replace("virtualenv: venv", f"virtualenv: {sys.prefix}"))
        self.stack = f"checkout-{secrets.token_hex(3)}"
        # The page's commands: what it installs is there, and the names are this test's own.
        (set_up,) = (block for block in blocks() if "stack init" in block)
        for line in set_up.partition("cd examples/stack-reference\n")[2].splitlines():
            if line not in {"pulumi install", "pulumi up"}:
                self.script(
                    line.replace("/local", f"/{cache.name}").replace(" dev", f" {self.stack}")
                )
        # One that is there, with redis-cli in it: that of the cache.
        self.script(f"pulumi config set image {_image(cache)}")

    def script(self, text: str) -> str:
        """What the shell prints. Secret, if the page says so."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.directory,
            env=self.cache.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{redacted(done.stderr)[-2000:]}"
        return done.stdout

    def pulumi(self, *arguments: str) -> Run:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.directory,
            env=self.cache.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def run(self, operation: str, *arguments: str) -> Run:
        confirmed = () if operation == "preview" else ("--yes",)
        return self.pulumi(operation, "--stack", self.stack, *confirmed, *arguments)

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        shown = ("--show-secrets",) if show_secrets else ()
        done = self.pulumi("stack", "output", "--json", "--stack", self.stack, *shown)
        outputs = json.loads(done.succeeded().stdout)
        if show_secrets:
            remember_secret(outputs["manifest"])
        return outputs

    def container(self) -> Container:
        return engine().containers.get(self.outputs()["container"])

    def objects(self) -> list[dict[str, Any]]:
        """The Kubernetes objects of the manifest. Secret."""
        return list(yaml.safe_load_all(self.outputs(show_secrets=True)["manifest"]))

    def state(self) -> str:
        """What lies on the disk of the backend."""
        (file,) = self.cache.backend.glob(f".pulumi/stacks/checkout/{self.stack}.json")
        return file.read_text()


def blocks() -> list[str]:
    """The commands of the page."""
    return re.findall(
        r"^```sh\n(.*?)^```", (EXAMPLE / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )


def _image(cache: Deployment) -> str:
    image = cache.container().image
    assert image is not None
    return image.tags[0]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    root = tmp_path_factory.mktemp("stack-reference")
    with deployed(root / "cache", "referenced", caches(free_port())) as cache:
        program = Checkout(root, cache)
        try:
            program.run("up").succeeded()
            yield program
        finally:
            program.run("destroy").succeeded()


def caches(port: int, **rotation: Any) -> dict[str, Any]:
    return {"cache": {"docker": {"port": port}, **({"rotation": rotation} if rotation else {})}}


def spellings(secret: str) -> set[str]:
    encoded = secret.encode()
    return {secret, base64.b64encode(encoded).decode(), encoded.hex()}


def orders(checkout: Checkout) -> int:
    """What the application has counted, asked by another client with full verification."""
    with client(checkout.cache.connection()) as answering:
        return int(answering.get(ORDERS) or 0)  # pyright: ignore[reportArgumentType]


def counts(checkout: Checkout) -> None:
    before = orders(checkout)
    eventually(lambda: orders(checkout) > before, "the application writes", 20)


def test_the_application_works_with_the_other_stacks_cache(checkout: Checkout) -> None:
    assert health(checkout.container()) == "healthy"
    counts(checkout)
    assert "no answer" not in checkout.container().logs().decode()


def test_the_other_commands_of_the_page(checkout: Checkout) -> None:
    logs, apply = (block for block in blocks() if "stack init" not in block)
    counted = checkout.script(logs).split()
    assert counted == sorted(counted, key=int)
    applied = checkout.script(apply.replace("kubectl apply -f -", "cat"))
    remember_secret(applied)
    assert (applied.strip() == checkout.outputs(show_secrets=True)["manifest"].strip()) is True


def test_nobody_but_the_application_sees_a_secret(checkout: Checkout) -> None:
    container = checkout.container()
    container.reload()
    variables = dict(one.split("=", 1) for one in container.attrs["Config"]["Env"])
    assert variables["REDIS_USERNAME"] == "app"
    assert variables["REDIS_TLS_ENABLED"] == "true"
    assert not {"REDIS_URL", "REDIS_PASSWORD", "REDISCLI_AUTH"} & variables.keys()

    carrier = engine().containers.get(container.labels["checkout.files"])
    processes = " ".join(word for row in container.top()["Processes"] for word in row)
    seen = json.dumps([container.attrs, carrier.attrs]) + container.logs().decode() + processes
    for secret in checkout.cache.secrets().values():
        assert not any(spelling in seen for spelling in spellings(secret))

    password = checkout.cache.connection().password
    own = container.exec_run(["cat", CREDENTIALS])
    assert own.exit_code == 0
    assert f"REDIS_PASSWORD={password}\n".encode() in own.output
    assert container.exec_run(["cat", CREDENTIALS], user="10002").exit_code != 0


def test_what_is_secret_stays_so_on_this_side(checkout: Checkout) -> None:
    outputs = checkout.outputs()
    assert outputs["manifest"] == "[secret]"
    network = checkout.cache.connection().network
    assert outputs["url"] == f"rediss://{network['host']}:{network['port']}/0"
    state = checkout.state()
    for secret in checkout.cache.secrets().values():
        assert not any(spelling in state for spelling in spellings(secret))


def test_the_manifest_is_a_secret_that_connects(checkout: Checkout) -> None:
    schema = json.loads(SCHEMA.read_text())
    binding, variables = checkout.objects()
    for document in (binding, variables):
        jsonschema.validate(document, schema)
    assert binding["metadata"]["name"] == "cache-redis"
    entries = binding["stringData"]
    remember_secret(entries["password"])
    with redis.Redis.from_url(entries["uri"], ssl_ca_data=entries["ca.crt"]) as answering:
        assert answering.ping()
    assert variables["stringData"]["REDIS_URL"] == entries["uri"]


def test_a_second_run_changes_nothing(checkout: Checkout) -> None:
    checkout.run("preview", "--refresh", "--expect-no-changes").succeeded()


def test_a_cache_that_is_not_there_is_said_so(checkout: Checkout) -> None:
    where = ("--stack", checkout.stack)
    checkout.pulumi("config", "set", "cache", "sessions", *where).succeeded()
    try:
        refused = checkout.run("preview")
    finally:
        checkout.pulumi("config", "rm", "cache", *where).succeeded()
    assert refused.code != 0
    assert "no cache 'sessions'; there is: cache" in refused.text
    assert "Traceback" not in refused.text


def test_a_rotation_over_there_reaches_secret_and_container(checkout: Checkout) -> None:
    port = checkout.cache.connection().port
    before = checkout.container().id
    (old, _) = checkout.objects()

    # Both passwords are valid while the applications take the new one.
    checkout.cache.write(caches(port, generation=2, keepPrevious=True))
    checkout.cache.up()
    counts(checkout)
    changes = checkout.run("up").succeeded().changes
    assert changes["replaced"] == 2, "the files and the application"
    container = checkout.container()
    assert container.id != before
    assert health(container) == "healthy"

    (new, _) = checkout.objects()
    password = checkout.cache.connection().password
    assert new["stringData"]["password"] == password
    assert (old["stringData"]["password"] == password) is False
    checksum = "redis.contract/checksum"
    assert old["metadata"]["annotations"][checksum] != new["metadata"]["annotations"][checksum]

    checkout.cache.write(caches(port, generation=2, keepPrevious=False))
    checkout.cache.up()
    counts(checkout)
    checkout.run("preview", "--expect-no-changes").succeeded()
