"""What cannot work is refused in one message, before anything is made."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Deployment, Run, deployed, engine, free_port
from secure_redis.docker.images import candidates
from secure_redis.settings import CacheSettings, Environment, Target
from signing import Authority

PLANTED = "planted-secret-0123456789abcdef"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack that never comes up: each test writes another stack file."""
    with deployed(tmp_path_factory.mktemp("bad"), "bad") as deployment:
        yield deployment


def refused(stack: Deployment, **environment: Any) -> Run:
    """Runs `up`, which must fail with a message and leave nothing behind."""
    ended = stack.run("up", **environment)
    assert ended.code != 0
    assert "Traceback" not in ended.text
    assert 'File "' not in ended.text
    assert PLANTED not in ended.text
    assert stack.in_docker() == []
    assert made(stack) == []
    return ended


def made(stack: Deployment) -> list[str]:
    """Types of the resources in the state, but for what an engine needs itself."""
    own = ("pulumi:pulumi:Stack", "pulumi:providers:")
    return [r["type"] for r in stack.resources() if not r["type"].startswith(own)]


def problems(ended: Run) -> list[tuple[str, str]]:
    """The problems of the one message: path, and what is wrong."""
    _, _, diagnostics = ended.text.partition("Diagnostics:\n")
    assert diagnostics.count("; nothing was changed:") == 1
    _, _, listed = diagnostics.partition("; nothing was changed:\n")
    lines: list[str] = []
    for line in listed.splitlines():
        if not line.strip() or line.strip().startswith("error:"):
            break
        lines.append(line.strip())
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    assert f"the configuration has {count}; nothing was changed:" in ended.text
    return [(path, reason) for path, _, reason in (line.partition(": ") for line in lines)]


# --- what the file itself tells ------------------------------------------------------------------

CERTIFICATE = "docker.certificates.server.certificate"
SAID = {
    "enviroment": ["unknown key. Did you mean environment?"],
    "caches.unknown.memoryGB": ["unknown key. Did you mean memoryGb?"],
    "caches.unknown.rotationDays": ["must be a whole number, not text"],
    "caches.misplaced.docker.prot": ["unknown key. Did you mean port?"],
    "caches.typed.memoryGb": ["must be a number, not text"],
    "caches.flagged.protect": ["must be true or false, not text"],
    "caches.small.memoryGb": ["too small"],
    "caches.queue.evictionPolicy": ["allkeys-lru lets a full queue lose entries"],
    "caches.queue.purposes": ["unknown key. Did you mean purpose?"],
    "caches.public.docker.publishAddress": ["the mode none is for this machine alone"],
    "caches.public.docker.advertisedHost": ["is required with 0.0.0.0"],
    "caches.open.docker.publishAddress": ["the mode password is for this machine alone"],
    "caches.first.rotation.keepPrevious": ["the first generation has no password before it"],
    "caches.floating.docker.image": ["names no version"],
    "caches.twice.docker.port": ["port 7001 is taken by the cache again of this stack"],
    "caches.lost.docker.certificates.authority.certificate": ["the file cannot be read"],
    "caches.lost.docker.certificates.authority.privateKey": ["the file cannot be read"],
    "caches.strange-key.docker.certificates.server.privateKey": ["does not match the certificate"],
    f"caches.expired.{CERTIFICATE}": ["expired on "],
    f"caches.no-names.{CERTIFICATE}": ["does not carry the subject alternative name 127.0.0.1"],
    f"caches.client-only.{CERTIFICATE}": ["does not allow serverAuth"],
    f"caches.foreign.{CERTIFICATE}": ["is not signed by the given CA"],
    f"caches.not-pem.{CERTIFICATE}": ["is not usable PEM"],
}


def broken_caches(files: Path) -> dict[str, Any]:
    """Caches with a mistake or two each."""
    authority = Authority.make("ours")
    good = authority.issue("redis")
    certificates = {
        "strange-key": (good.pem, authority.issue("redis").key_pem),
        "expired": _pair(authority.issue("redis", days=-1)),
        "no-names": _pair(authority.issue("redis", names=())),
        "client-only": _pair(authority.issue("redis", client=True)),
        "foreign": _pair(Authority.make("theirs").issue("redis")),
        "not-pem": (f"-----BEGIN CERTIFICATE-----\n{PLANTED}\n", good.key_pem),
    }
    caches: dict[str, Any] = {
        "unknown": {"memoryGB": 1, "rotationDays": PLANTED},
        "misplaced": {"docker": {"prot": 7000}},
        "typed": {"memoryGb": PLANTED},
        "flagged": {"protect": "yes"},
        "small": {"memoryGb": 0.05},
        "queue": {"purpose": "queue", "evictionPolicy": "allkeys-lru", "purposes": "queue"},
        "public": {"mode": "none", "docker": {"publishAddress": "0.0.0.0"}},
        "open": {"mode": "password", "docker": {"publishAddress": "10.0.0.1"}},
        "first": {"rotation": {"keepPrevious": True}},
        "floating": {"docker": {"image": "redis:latest"}},
        "twice": {"docker": {"port": 7001}},
        "again": {"docker": {"port": 7001}},
        "lost": {"docker": {"certificates": {"authority": _named("nowhere.pem", "nowhere.key")}}},
    }
    for name, (certificate, key) in certificates.items():
        (files / f"{name}.pem").write_text(certificate)
        server = {**_named(str(files / f"{name}.pem"), key), "authority": authority.pem}
        caches[name] = {"docker": {"certificates": {"server": server}}}
    for number, cache in enumerate(caches.values(), start=20_000):
        cache.setdefault("docker", {}).setdefault("port", number)
    return caches


def _pair(pair: Any) -> tuple[str, str]:
    return pair.pem, pair.key_pem


def _named(certificate: str, key: str) -> dict[str, str]:
    return {"certificate": certificate, "privateKey": key}


@pytest.fixture(scope="module")
def broken(stack: Deployment) -> tuple[Run, dict[str, Any]]:
    """The one run for all these mistakes, and the caches that have them."""
    caches = broken_caches(stack.files)
    stack.write(caches, enviroment="development")
    return refused(stack), caches


@pytest.mark.parametrize("path", SAID)
def test_a_mistake_is_named_with_its_place_and_its_cure(
    broken: tuple[Run, dict[str, Any]], path: str
) -> None:
    reasons = [reason for where, reason in problems(broken[0]) if where == path]
    for expected in SAID[path]:
        assert any(expected in reason for reason in reasons)


def test_nothing_is_named_that_is_right(broken: tuple[Run, dict[str, Any]]) -> None:
    # Paths of which nothing is said above; a certificate can have several mistakes at once.
    assert {path for path, _ in problems(broken[0])} == set(SAID)


def test_no_private_key_is_shown(broken: tuple[Run, dict[str, Any]]) -> None:
    ended, caches = broken
    keys = [
        line
        for cache in caches.values()
        for line in str(_key_of(cache)).splitlines()
        if len(line) > 32 and "-----" not in line
    ]
    assert len(keys) > 10
    assert [key for key in keys if key in ended.text] == []


def _key_of(cache: dict[str, Any]) -> str:
    server = cache["docker"].get("certificates", {}).get("server", {})
    return server.get("privateKey", "")


def test_production_refuses_what_is_not_safe(stack: Deployment) -> None:
    stack.write(
        {
            "cache": {"mode": "none", "protect": False},
            "sessions": {"purpose": "sessions", "mode": "password", "persistence": "none"},
            "queue": {"purpose": "queue", "protect": False},
        },
        environment="production",
    )
    found = problems(refused(stack))
    assert {path for path, _ in found} == {
        "caches.cache.mode",
        "caches.sessions.mode",
        "caches.sessions.persistence",
        "caches.queue.protect",
    }
    assert all("refused" in reason for _, reason in found)
    assert all("exceptions: {" in reason for _, reason in found)


# --- what only the machine tells -----------------------------------------------------------------


def test_ports_that_others_have(stack: Deployment) -> None:
    image = candidates(CacheSettings(target=Target.DOCKER, environment=Environment.DEVELOPMENT))[0]
    with socket.socket() as program:
        program.bind(("127.0.0.1", 0))
        program.listen()
        taken = program.getsockname()[1]
        published = free_port()
        container = engine().containers.run(
            image,
            entrypoint=["sleep", "600"],
            name=f"neighbour-of-{stack.name}",
            ports={"6380/tcp": ("127.0.0.1", published)},
            detach=True,
        )
        try:
            stack.write(
                {
                    "cache": {"docker": {"port": taken}},
                    "sessions": {"purpose": "sessions", "docker": {"port": published}},
                    "queue": {
                        "purpose": "queue",
                        "docker": {"port": free_port(), "image": f"no-such-image-{stack.name}:1"},
                    },
                }
            )
            found = dict(problems(refused(stack)))
        finally:
            container.remove(force=True)
    program_has = f"port {taken} of the machine is in use by another program"
    container_has = f"port {published} of the machine is in use by the container {container.name}"
    assert found["caches.cache.docker.port"].startswith(program_has)
    assert found["caches.sessions.docker.port"].startswith(container_has)
    no_image = f"the image no-such-image-{stack.name}:1 is not on this machine and cannot be pulled"
    assert found["caches.queue.docker.image"].startswith(no_image)
    assert len(found) == 3


def test_an_address_that_the_machine_has_not(stack: Deployment) -> None:
    cache = {"docker": {"port": free_port(), "publishAddress": "192.0.2.1"}}
    stack.write({"cache": cache})
    ((path, reason),) = problems(refused(stack))
    assert path == "caches.cache.docker.publishAddress"
    assert "192.0.2.1 is no address of this machine" in reason


@pytest.mark.parametrize("how", ["environment", "configuration"])
def test_docker_does_not_run(stack: Deployment, how: str) -> None:
    dead = f"unix://{stack.files}/no-docker.sock"
    caches = {"cache": {"docker": {"port": free_port()}}}
    environment: dict[str, str] = {}
    if how == "environment":
        stack.write(caches)
        environment["DOCKER_HOST"] = dead
    else:
        stack.write(caches, **{"docker:host": dead})
    ((path, reason),) = problems(refused(stack, **environment))
    assert path == ("docker" if how == "environment" else "docker:host")
    assert f"no Docker daemon answers at {dead} (no such file or directory)" in reason


# --- what is asked before the engine runs --------------------------------------------------------


def test_the_stack_file_is_missing(stack: Deployment) -> None:
    stack.write({"cache": {}})
    near = f"{stack.name}0"
    for operation in ("up", "preview", "down", "url", "output", "ca", "env"):
        command = stack.command(operation)
        command[command.index(stack.name)] = near
        done = subprocess.run(
            command, env=stack.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.strip() == (
            f"Error: there is no stack file stacks/Pulumi.{near}.yaml. Did you mean {stack.name}?"
        )


def test_the_stack_file_is_not_yaml(stack: Deployment) -> None:
    stack.stack_file.write_text(f"config:\n  secure-redis:target: [{PLANTED}\n")
    try:
        assert "YAML" in refused(stack).text
    finally:
        stack.stack_file.unlink()
    stack.write({"cache": {}})


def test_the_passphrase_is_wrong(three: Deployment, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong-passphrase"
    wrong.write_text(PLANTED)
    running = three.container().id
    for operation in ("up", "preview", "down", "url", "env"):
        ended = three.run(operation, PULUMI_CONFIG_PASSPHRASE_FILE=str(wrong))
        assert ended.code != 0
        assert "passphrase" in ended.text
        assert "Traceback" not in ended.text
        assert PLANTED not in ended.text
    assert three.container().id == running
    # A run that fails is none that broke off, and changes nothing.
    assert set(three.up().changes) == {"unchanged"}
