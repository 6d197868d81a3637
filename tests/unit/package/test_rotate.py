"""`secure-redis rotate`, on Azure's own SDK against a management service on this machine."""

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.settings import settings as sdk_settings
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from package_azure_management import (
    CLASSIC,
    GROUP,
    MANAGED,
    Identity,
    Management,
    Orders,
    error,
)
from secure_redis.azure import regeneration
from secure_redis.azure.regeneration import Access, Place, RegenerationError
from secure_redis.azure.settings import Key
from secure_redis.cli.rotate import rotate
from secure_redis.connection import Auth, Connection

HOSTS = {
    MANAGED: "shop-queue.westeurope.redis.azure.net",
    CLASSIC: "shop-queue.redis.cache.windows.net",
}
NAMES = {MANAGED: "managed", CLASSIC: "classic"}
BOTH = pytest.mark.parametrize("resource", [MANAGED, CLASSIC], ids=["managed", "classic"])
ENGINE = '#!/bin/sh\nprintf "%s\\n" "$*" >> "$NOTES/calls"\ncat "$NOTES/outputs"\n'


@dataclass
class Scene:
    """A stack that is up, the service that its cache is in, and the command."""

    project: Path
    management: Management
    identity: Identity
    notes: Path
    texts: list[str] = field(default_factory=list[str])

    def exports(self, **connections: Connection) -> None:
        documents = {name: one.to_dict() for name, one in connections.items()}
        (self.notes / "outputs").write_text(json.dumps({"connections": documents}))

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        # In place of an answer from the keyboard, the end of the input.
        words = ["--stack", "prod", "--project", str(self.project), *arguments]
        done = CliRunner().invoke(rotate, words, input=answer)
        self.texts += [done.output, repr(done.exception)]
        return done

    def failed(self, *arguments: str, code: int = 2) -> str:
        """The one message of a run that must fail."""
        done = self.run(*arguments)
        assert done.exit_code == code, done.output
        assert isinstance(done.exception, SystemExit), "no traceback"
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert done.stdout == ""
        return line

    def changed(self, before: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
        now = self.management.keys
        pairs = [(resource, kind) for resource in now for kind in now[resource]]
        return [(r, k) for r, k in pairs if now[r][k] != before[r][k]]

    def keys(self) -> dict[str, dict[str, str]]:
        return {resource: dict(pair) for resource, pair in self.management.keys.items()}


def cache(resource: str = MANAGED, active: str = "primary", **others: Any) -> Connection:
    facts: dict[str, Any] = {
        "target": "azure",
        "engine": "redis",
        "host": HOSTS.get(resource, "other"),
        "port": 10000,
        "tls": True,
        "username": "default",
        "password": "PasswordPassword",
        "resource_id": resource,
        "grants": {"active_key": active},
    }
    return Connection(**{**facts, **others})


@pytest.fixture(scope="module")
def management(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    server = Management(tmp_path_factory.mktemp("management"))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def identity(management: Management) -> Iterator[Identity]:
    server = Identity(management.token)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def scene(
    management: Management,
    identity: Identity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Scene]:
    """A machine with an identity in Azure and a stack `prod`; nothing secret may be printed."""
    management.orders = Orders()
    management.seen.clear()
    management.polled.clear()
    project, programs, notes = (tmp_path / name for name in ("project", "bin", "notes"))
    (project / "stacks").mkdir(parents=True)
    programs.mkdir()
    notes.mkdir()
    (project / "Pulumi.yaml").write_text("name: secure-redis\nruntime: python\n")
    (project / "stacks" / "Pulumi.prod.yaml").write_text("config: {}\n")
    (programs / "pulumi").write_text(ENGINE)
    (programs / "pulumi").chmod(0o755)
    for name in list(os.environ):
        if name.startswith(("AZURE_", "ARM_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)
    for name, value in {
        **identity.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "NOTES": str(notes),
        "REQUESTS_CA_BUNDLE": str(management.ca),
    }.items():
        monkeypatch.setenv(name, value)
    real = regeneration.access
    monkeypatch.setattr(
        regeneration, "access", lambda host: replace(real(host), endpoint=management.url)
    )
    monkeypatch.setattr(regeneration, "POLL_SECONDS", 0.02)
    caplog.set_level(logging.DEBUG)
    made = Scene(project, management, identity, notes)
    made.exports(queue=cache())
    yield made
    printed = "\n".join([*made.texts, *(record.getMessage() for record in caplog.records)])
    for secret in {*management.secrets(), "PasswordPassword"}:
        assert secret not in printed
        for file in (file for file in project.rglob("*") if file.is_file()):
            assert secret not in file.read_text()


# What it does.


@BOTH
@pytest.mark.parametrize(("active", "new"), [("primary", "Secondary"), ("secondary", "Primary")])
def test_the_key_that_is_not_in_use_is_made_anew_and_nothing_else(
    scene: Scene, resource: str, active: str, new: str
) -> None:
    scene.exports(queue=cache(resource, active))
    before = scene.keys()
    done = scene.run("--yes")
    assert done.exit_code == 0, done.output
    assert scene.changed(before) == [(resource, new)]
    assert scene.management.seen[0] == f"POST {resource}/regenerateKey"
    assert len(scene.management.seen) == (3 if resource == MANAGED else 1), "polled to the end"
    assert scene.identity.resources == ["https://management.azure.com"]


def test_the_next_steps_are_printed(scene: Scene) -> None:
    done = scene.run("--yes")
    assert done.stdout.splitlines() == [
        "the secondary key of the cache queue is new; clients still use the primary one.",
        "To move them:",
        "  1. in stacks/Pulumi.prod.yaml: caches.queue.azure.activeKey: secondary",
        "  2. make up STACK=prod, which writes the new URL into the Key Vault",
        "  3. let the clients read it again, and wait until their old connections have ended",
        "  4. make the primary key anew: make rotate STACK=prod CACHE=queue",
        "  5. make up STACK=prod, which writes it into the Key Vault",
    ]
    assert "making the secondary key of the cache queue anew" in done.stderr


def test_a_whole_rotation_and_back(scene: Scene) -> None:
    before = scene.keys()
    assert scene.run("--yes").exit_code == 0
    scene.exports(queue=cache(active="secondary"))
    assert scene.run("--yes").exit_code == 0
    assert scene.changed(before) == [(MANAGED, "Primary"), (MANAGED, "Secondary")]


def test_the_named_cache_of_several(scene: Scene) -> None:
    scene.exports(cache=cache(CLASSIC), queue=cache(MANAGED))
    before = scene.keys()
    assert scene.run("--yes", "--cache", "cache", "--key", "secondary").exit_code == 0
    assert scene.changed(before) == [(CLASSIC, "Secondary")]


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_it_asks_and_says_who_is_cut_off(scene: Scene, answer: str, done: bool) -> None:
    before = scene.keys()
    result = scene.run(answer=answer)
    assert "The secondary key of the cache queue of the stack prod" in result.stderr
    assert "any that still have the secondary one are cut off. Go on? [y/N]" in result.stderr
    assert bool(scene.changed(before)) is done
    assert result.exit_code == (0 if done else 2)
    if not done:
        assert result.stderr.endswith("Error: nothing was changed\n")


def test_nobody_who_answers_is_a_no(scene: Scene) -> None:
    before = scene.keys()
    assert "nobody answered. To go on unasked: --yes" in scene.failed()
    assert scene.changed(before) == []


# What it refuses before Azure is asked for anything.


@pytest.mark.parametrize("active", ["primary", "secondary"])
def test_the_key_in_use_is_never_made_anew(scene: Scene, active: str) -> None:
    scene.exports(queue=cache(active=active))
    other = Key(active).other.value
    message = scene.failed("--yes", "--key", active)
    assert f"the {active} key of the cache queue is in use" in message
    assert f"caches.queue.azure.activeKey: {other}" in message
    assert scene.management.seen == []


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("aws", "caches.queue.rotation.generation"),
        ("docker", "docs/docker.md"),
        ("external", "caches.queue.external.password"),
        ("gcp", "docs/gcp.md, Rotate the AUTH string; Valkey has no password"),
    ],
)
def test_other_targets_say_what_to_do_there(scene: Scene, target: str, says: str) -> None:
    scene.exports(queue=cache(target=target, grants={}))
    message = scene.failed("--yes")
    assert f"the cache queue is on {target}" in message
    assert says in message


def test_a_cache_without_keys(scene: Scene) -> None:
    scene.exports(queue=cache(password="", auth=Auth.IDENTITY, grants={}))
    assert "nothing to rotate" in scene.failed("--yes")


@pytest.mark.parametrize("grants", [{}, {"active_key": ""}, {"active_key": "both"}])
def test_a_stack_that_does_not_tell_the_key_in_use(scene: Scene, grants: dict[str, str]) -> None:
    scene.exports(queue=cache(grants=grants))
    assert "does not tell which key of the cache queue is in use" in scene.failed("--yes")
    assert scene.management.seen == []


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "shop-queue",
        f"{GROUP}/redisEnterprise/shop-queue",
        f"{CLASSIC}/linkedServers/x",
        CLASSIC.replace("Cache", "Storage"),
        MANAGED.replace("1111", "shop", 1),
        f"{MANAGED}/../../x",
        f"{CLASSIC}\n",
    ],
)
def test_an_id_of_something_else(scene: Scene, resource: str) -> None:
    scene.exports(queue=cache(resource))
    assert "no resource id of a cache on Azure" in scene.failed("--yes")
    assert scene.management.seen == []


FILE = "config:\n  secure-redis:caches:\n    queue: "


@pytest.mark.parametrize(
    ("written", "active", "agree"),
    [
        ("{ azure: { activeKey: secondary } }", "primary", False),
        ("{ azure: { activeKey: primary } }", "secondary", False),
        ("", "secondary", False),
        ("{ azure: {} }", "secondary", False),
        ("{ azure: { activeKey: secondary } }", "secondary", True),
        ("", "primary", True),
        ("[azure]", "primary", True),
        ("{ azure: primary }", "primary", True),
        ("{}\n    other: { azure: { activeKey: secondary } }", "primary", True),
    ],
)
def test_a_switch_that_is_not_finished_comes_first(
    scene: Scene, written: str, active: str, agree: bool
) -> None:
    (scene.project / "stacks" / "Pulumi.prod.yaml").write_text(FILE + written)
    scene.exports(queue=cache(active=active))
    if agree:
        assert scene.run("--yes").exit_code == 0
        return
    other = Key(active).other.value
    message = scene.failed("--yes")
    assert f"clients of the cache queue use its {other} key" in message
    assert "First make up STACK=prod" in message
    assert scene.management.seen == []


def test_which_cache_is_meant_must_be_clear(scene: Scene) -> None:
    scene.exports(cache=cache(CLASSIC), queue=cache(MANAGED))
    assert "several caches. Name one: --cache (cache, queue)" in scene.failed("--yes")
    assert "Did you mean queue?" in scene.failed("--yes", "--cache", "quue")
    assert (
        "Did you mean prod?"
        in CliRunner().invoke(rotate, ["--stack", "prd", "--project", str(scene.project)]).stderr
    )
    assert scene.management.seen == []


@pytest.mark.parametrize("package", ["azure.identity", "azure.mgmt.redisenterprise", "azure.core"])
def test_packages_that_are_missing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "azure"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'secure-redis[rotate]'" in scene.failed("--yes")
    assert scene.management.seen == []


def test_the_command_itself_needs_no_sdk() -> None:
    check = "import sys, secure_redis.cli.rotate\nprint([n for n in sys.modules if n == 'azure'])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# What Azure and the network say.


@BOTH
@pytest.mark.parametrize(
    ("orders", "says"),
    [
        (
            Orders(status=401, body=error("InvalidAuthenticationToken", "It has expired.")),
            ["does not take this login (InvalidAuthenticationToken: It has expired)", "az login"],
        ),
        (
            Orders(status=403, body=error("AuthorizationFailed", "The client may not.")),
            ["may not make keys (AuthorizationFailed", "/regenerateKey/action", "Contributor"],
        ),
        (
            Orders(status=404, body=error("ResourceNotFound", "It was not found.")),
            ["is not there (ResourceNotFound", "pulumi refresh"],
        ),
        (
            Orders(status=409, body=error("Conflict", "Another operation\nis going on.")),
            ["cannot be changed now (Conflict: Another operation is going on)", "Wait until"],
        ),
        (
            Orders(status=409, body=error("ScopeLocked", "x"), headers={"Retry-After": "3600"}),
            ["(ScopeLocked: x)", "read-only lock"],
        ),
        (
            Orders(status=429, body=error("TooMany", "x"), headers={"Retry-After": "3600"}),
            ["too many requests", "later"],
        ),
        (Orders(status=400, body=error("BadRequest", "x" * 900)), ["with status 400", "xxx...)"]),
        (Orders(status=500, body="Traceback: secret"), ["status 500. Run the same command again"]),
        (Orders(status=503, body=None), ["status 503", "may be made anew twice"]),
        (Orders(status=302, body=None), ["did not succeed"]),
        (Orders(hang_up=True), ["broke off", "Run the same command again"]),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Orders) else "",
)
def test_a_refusal_is_one_message_that_says_what_to_do(
    scene: Scene, resource: str, orders: Orders, says: list[str]
) -> None:
    scene.exports(queue=cache(resource))
    scene.management.orders = orders
    before = scene.keys()
    started = time.monotonic()
    message = scene.failed("--yes")
    for words in says:
        assert words in message
    assert "Traceback" not in message
    assert len(message) < 700
    assert scene.changed(before) == []
    assert len(scene.management.seen) == 1, "not tried again without being told"
    assert time.monotonic() - started < 5, "no waiting for hours because Azure asks for it"


def test_the_action_that_is_missing_is_the_products_own(scene: Scene) -> None:
    scene.management.orders = Orders(status=403, body=None)
    assert "Microsoft.Cache/redisEnterprise/databases/regenerateKey/action" in scene.failed("--yes")
    scene.exports(queue=cache(CLASSIC))
    assert "Microsoft.Cache/redis/regenerateKey/action" in scene.failed("--yes")


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ({"status": "Failed", "error": {"code": "Broken", "message": "It broke."}}, "It broke"),
        ({"status": "Canceled"}, "did not succeed"),
        ("{", "did not succeed"),
    ],
)
def test_an_operation_that_fails_afterwards(scene: Scene, end: Any, says: str) -> None:
    scene.management.orders = Orders(end=end)
    message = scene.failed("--yes")
    assert says in message
    assert "Run the same command again" in message


def test_polling_outlives_a_bad_gateway(scene: Scene) -> None:
    scene.management.orders = Orders(broken_polls=2)
    assert scene.run("--yes").exit_code == 0
    assert len(scene.management.seen) == 5


def test_an_operation_without_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regeneration, "MOST_SECONDS", 0.3)
    scene.management.orders = Orders(end={"status": "InProgress"})
    assert "It goes on without this command" in scene.failed("--yes")


@BOTH
def test_a_service_that_does_not_answer(
    scene: Scene, resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.exports(queue=cache(resource))
    monkeypatch.setattr(regeneration, "READ_SECONDS", 0.3)
    scene.management.orders = Orders(silent=True)
    assert "broke off" in scene.failed("--yes")


@BOTH
def test_a_service_that_cannot_be_reached(
    scene: Scene, resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.exports(queue=cache(resource))
    inner = regeneration.access
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"https://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setattr(
        regeneration, "access", lambda host: replace(inner(host), endpoint=endpoint)
    )
    message = scene.failed("--yes")
    assert f"{endpoint} cannot be reached from here, and nothing was changed" in message


def test_a_service_with_another_certificate(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert "cannot be reached" in scene.failed("--yes")
    assert scene.management.seen == []


def test_a_machine_without_a_login(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    message = scene.failed("--yes")
    assert "finds no login on this machine" in message
    assert "ARM_*" in message
    assert scene.management.seen == []


def test_a_login_that_entra_refuses(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        def get_token(self, *_: str, **__: Any) -> Any:
            from azure.core.exceptions import ClientAuthenticationError

            raise ClientAuthenticationError("AADSTS7000222: the keys of app hidden-app\nexpired")

    way = Access(Refused(), scene.management.url, ("scope",))
    monkeypatch.setattr(regeneration, "access", lambda host: way)
    message = scene.failed("--yes")
    assert "refuses the login (AADSTS7000222)" in message
    assert "hidden-app" not in message


def test_an_error_that_nobody_expects_is_not_quoted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd:
        def get_token(self, *_: str, **__: Any) -> Any:
            raise ZeroDivisionError("hidden-text")

    monkeypatch.setattr(
        regeneration, "access", lambda host: Access(Odd(), scene.management.url, ("scope",))
    )
    message = scene.failed("--yes")
    assert "ZeroDivisionError" in message
    assert "hidden-text" not in message


INTERRUPTED = """
import sys
from dataclasses import replace
from secure_redis.azure import regeneration
from secure_redis.cli.rotate import rotate
real = regeneration.access
regeneration.access = lambda host: replace(real(host), endpoint=sys.argv[1])
rotate(["--stack", "prod", "--project", sys.argv[2], "--yes"])
"""


def test_an_interruption_ends_it_at_once_and_says_what_is_known(scene: Scene) -> None:
    scene.management.orders = Orders(end={"status": "InProgress"})
    running = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, scene.management.url, str(scene.project)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert scene.management.polled.wait(60)
    running.send_signal(signal.SIGINT)
    started = time.monotonic()
    stdout, stderr = running.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert running.returncode == 130
    assert stdout == ""
    assert "Azure may or may not have made the secondary key anew" in stderr
    assert "Traceback" not in stderr
    scene.texts.append(stderr)


# Where it goes.


@pytest.mark.parametrize(
    ("host", "endpoint", "scope"),
    [
        (HOSTS[MANAGED], "https://management.azure.com/", "https://management.azure.com/.default"),
        (HOSTS[CLASSIC], "https://management.azure.com/", "https://management.azure.com/.default"),
        (
            "shop.redis.cache.usgovcloudapi.net",
            "https://management.usgovcloudapi.net/",
            "https://management.core.usgovcloudapi.net/.default",
        ),
        (
            "SHOP.redis.cache.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/",
            "https://management.chinacloudapi.cn/.default",
        ),
    ],
)
def test_the_host_tells_the_cloud(
    monkeypatch: pytest.MonkeyPatch, host: str, endpoint: str, scope: str
) -> None:
    asked: list[dict[str, str]] = []
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", lambda **way: asked.append(way))
    way = regeneration.access(host)
    assert (way.endpoint, way.scopes) == (endpoint, (scope,))
    authority = asked[0].get("authority", "login.microsoftonline.com")
    top = {"com/": "com", "net/": "us", "cn/": "cn"}[endpoint.rpartition(".")[2]]
    assert authority.endswith(top)


def test_the_sdks_own_setting_of_the_cloud_counts_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", lambda **way: way)
    monkeypatch.setenv("AZURE_SDK_CLOUD_CONF", "AZURE_CHINA_CLOUD")
    assert regeneration.access("localhost").endpoint == "https://management.chinacloudapi.cn/"
    monkeypatch.setenv("AZURE_SDK_CLOUD_CONF", "MOON")
    with pytest.raises(RegenerationError, match="AZURE_SDK_CLOUD_CONF"):
        regeneration.access("localhost")
    assert sdk_settings.azure_cloud.env_var == "AZURE_SDK_CLOUD_CONF"


WORDS: Callable[[], st.SearchStrategy[str]] = lambda: st.from_regex(  # noqa: E731
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,40}", re.ASCII), fullmatch=True
)


@given(group=WORDS(), name=WORDS(), swap=st.booleans())
def test_ids_are_read_whatever_their_case(group: str, name: str, swap: bool) -> None:
    for resource in (MANAGED, CLASSIC):
        text = resource.replace("shop-rg", group).replace("shop-queue", name)
        if swap:
            text = text.replace("resourceGroups", "resourcegroups").replace(
                "Microsoft", "microsoft"
            )
        database = "default" if resource == MANAGED else ""
        subscription = GROUP.split("/")[2]
        assert regeneration.place(text) == Place(subscription, group, name, database)


def test_the_actions_are_those_of_the_sdks_own_addresses() -> None:
    """The last words of the address that the SDK posts to, by product."""
    for resource in (MANAGED, CLASSIC):
        place = regeneration.place(resource)
        path = re.sub(r"/(shop-queue|default)", "", resource.split("/providers/")[1])
        assert place.action == f"{path}/regenerateKey/action"
