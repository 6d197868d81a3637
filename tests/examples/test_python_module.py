"""`examples/python` on the real engine: what a platform team says reaches every part of a cache.

The package comes from its wheel, in an environment where nothing else is. One story is told, from
a cache that stands alone in its stack to the end of the shop that it moved into, and the tests look
at what was in the state and in Docker at each of its turns.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import harness
import pytest
import yaml
from harness import Run, free_port
from secure_redis.configuration import cache_from_args
from secure_redis.docker import preflight
from secure_redis.docker.images import candidates
from secure_redis.docker.labels import OWNER
from secure_redis.settings import Target

from examples import module_source

EXAMPLE = module_source.REPOSITORY / "examples" / "python"

PARTS = {
    ("docker:index/container:Container", "cache"),
    ("docker:index/container:Container", "cache-files"),
    ("docker:index/container:Container", "cache-reload"),
    ("docker:index/network:Network", "cache"),
    ("docker:index/remoteImage:RemoteImage", "cache"),
    ("docker:index/volume:Volume", "cache-config"),
    ("docker:index/volume:Volume", "cache-data"),
    ("random:index/randomId:RandomId", "cache-owner"),
    ("random:index/randomPassword:RandomPassword", "cache-app-password-1"),
    ("random:index/randomPassword:RandomPassword", "cache-health-password"),
    ("random:index/randomPassword:RandomPassword", "cache-operator-password"),
    ("random:index/randomPassword:RandomPassword", "cache-readonly-password-1"),
    ("random:index/randomUuid7:RandomUuid7", "cache-app-issued-1"),
    ("secure-redis:index:DockerNetwork", "cache"),
    ("secure-redis:index:DockerRedis", "cache"),
    ("secure-redis:index:SecureRedis", "cache"),
    ("tls:index/certRequest:CertRequest", "cache-server"),
    ("tls:index/locallySignedCert:LocallySignedCert", "cache-server"),
    ("tls:index/privateKey:PrivateKey", "cache-ca-key"),
    ("tls:index/privateKey:PrivateKey", "cache-server-key"),
    ("tls:index/selfSignedCert:SelfSignedCert", "cache-ca"),
}
"""All parts of a cache on Docker in mode tls: type and logical name."""

LABELLED = {part for part in PARTS if part[0].endswith((":Container", ":Network", ":Volume"))}

PROVIDERS = {"docker": "daemon", "random": "words", "tls": "certificates"}

Part = tuple[str, str]
State = dict[Part, dict[str, Any]]


class Program(harness.Deployment):
    """A stack of the example, in a project directory of its own."""

    def __init__(self, root: Path, venv: Path) -> None:
        self._venv = venv
        super().__init__(root, "team")
        self.run_source((EXAMPLE / "__main__.py").read_text())

    def _manifest(self) -> dict[str, Any]:
        manifest = yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text())
        manifest["runtime"]["options"]["virtualenv"] = str(self._venv)
        return manifest

    @property
    def full_name(self) -> str:
        return f"shop.{self.name}"

    def run_source(self, source: str) -> None:
        """What the next runs run."""
        (self.project / "__main__.py").write_text(source)

    def configure(self, key: str, value: str) -> None:
        self.pulumi("config", "set", "--path", key, value).succeeded()

    def parts(self) -> State:
        """The parts of the cache and the shop in the state; each with a `digest` of its values."""
        exported = self.pulumi("stack", "export", "--show-secrets").succeeded().stdout
        # Digests, since a comparison that fails would print the values.
        digests = {
            resource["urn"]: digest([resource.get("inputs"), resource.get("outputs")])
            for resource in json.loads(exported)["deployment"]["resources"]
        }
        return {
            (resource["type"], name_of(resource)): {**resource, "digest": digests[resource["urn"]]}
            for resource in self.resources()
            if not resource["type"].startswith("pulumi:")
        }

    def close(self) -> None:
        """Takes the stack down whatever is protected, and asserts that nothing is left."""
        ended = Run(0, "", "")
        if self.exists:
            self._owners |= {
                resource["outputs"]["hex"]
                for resource in self.resources()
                if resource["type"] == "random:index/randomId:RandomId"
            }
            self.pulumi("state", "unprotect", "--all", "--yes").succeeded()
            ended = self.pulumi("destroy", "--yes")
        left = self.in_docker()
        self._remove_by_force()
        ended.succeeded()
        assert left == []

    def things(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What Docker has of the stack: name, and id (a volume's: when it was made) and labels."""
        return {
            str(thing.name): (
                thing.attrs.get("CreatedAt") or thing.id,
                getattr(thing, "labels", None) or thing.attrs.get("Labels") or {},
            )
            for thing in self._all_things()
        }


def name_of(resource: dict[str, Any]) -> str:
    return resource["urn"].rpartition("::")[2]


def digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass
class Story:
    """What was at each turn."""

    program: Program
    alone: Run
    alone_state: State
    alone_things: dict[str, Any]
    moved: Run
    moved_state: State
    moved_things: dict[str, Any]
    kept: str
    refused: Run
    replacing: Run
    refused_things: dict[str, Any]


def before_the_shop(source: str) -> str:
    """The same program when the cache stood alone."""
    begin, found, _ = source.partition("class Shop(")
    assert found
    return f"""{begin}
cache = SecureRedis("cache", CACHE, OPTIONS)
pulumi.export("url", cache.url)
pulumi.export("ca", cache.ca_pem)
"""


def image() -> str:
    """The image that a stack of this repository would take on this machine."""
    cache = cache_from_args("cache", {"environment": "development"}, Target.DOCKER).cache
    with preflight.daemon(preflight.location(None)) as client:
        names = [name for name in candidates(cache) if client.images.list(name)]
    return [*names, *candidates(cache)][0]


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return module_source.environment_with_wheel(tmp_path_factory.mktemp("wheel"), "docker")


@pytest.fixture(scope="module")
def story(venv: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    program = Program(tmp_path_factory.mktemp("team"), venv)
    try:
        yield tell(program)
    finally:
        program.close()


def tell(program: Program) -> Story:
    source = (EXAMPLE / "__main__.py").read_text()
    up = partial(program.pulumi, "up", "--yes", "--skip-preview")
    program.pulumi("stack", "init").succeeded()
    program.configure("docker.port", str(free_port()))
    program.configure("docker.image", image())
    program.configure("protect", "false")

    program.run_source(before_the_shop(source))
    alone = up().succeeded()
    alone_state, alone_things = program.parts(), program.things()
    password = program.secrets()["cache-app-password-1"]
    outputs = json.loads(program.pulumi("stack", "output", "--json", "--show-secrets").stdout)
    assert password in outputs["url"]
    with client(outputs) as server:
        server.set("basket", "full")

    program.run_source(source)
    program.pulumi("config", "rm", "protect").succeeded()
    moved = up().succeeded()
    moved_state, moved_things = program.parts(), program.things()
    with client(outputs) as server:
        kept = server.get("basket")
    refused = program.pulumi("destroy", "--yes")
    # Other labels make a container anew.
    program.run_source(source.replace('{"team": "platform"}', '{"team": "web"}'))
    replacing = program.pulumi("preview")
    return Story(
        program,
        alone,
        alone_state,
        alone_things,
        moved,
        moved_state,
        moved_things,
        str(kept),
        refused,
        replacing,
        program.things(),
    )


def client(outputs: dict[str, str]) -> Any:
    return harness.redis.Redis.from_url(
        outputs["url"], ssl_ca_data=outputs["ca"], decode_responses=True, socket_timeout=10
    )


def test_the_wheel_brings_the_extra_and_no_sdk_of_a_cloud(venv: Path) -> None:
    (packages,) = venv.glob("lib/python3.*/site-packages")
    assert (packages / "secure_redis" / "docker" / "images.json").is_file()
    assert (packages / "secure_redis" / "py.typed").is_file()
    found = {path.name for path in packages.glob("pulumi_*") if path.suffix != ".dist-info"}
    assert found == {"pulumi_docker", "pulumi_random", "pulumi_tls"}


def test_the_example_asks_for_what_the_page_says() -> None:
    page = (module_source.REPOSITORY / "docs" / "module.md").read_text()
    (line,) = [
        line
        for line in (EXAMPLE / "requirements.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert line.replace("[docker]", "[docker,cli]") in page


def test_these_are_all_parts(story: Story) -> None:
    assert set(story.alone_state) == PARTS
    assert set(story.moved_state) == PARTS | {("platform:index:Shop", "shop")}


@pytest.mark.parametrize("part", sorted(PARTS), ids="-".join)
def test_each_part_is_made_by_the_teams_provider(story: Story, part: Part) -> None:
    for state in (story.alone_state, story.moved_state):
        package = part[0].partition(":")[0]
        resource = state[part]
        if package == "secure-redis":
            assert "provider" not in resource, "a component is made by nobody"
        else:
            kind = f"::pulumi:providers:{package}::{PROVIDERS[package]}::"
            assert kind in resource["provider"]


def test_there_is_no_provider_but_the_teams(story: Story) -> None:
    found = {
        name_of(resource)
        for resource in story.program.resources()
        if resource["type"].startswith("pulumi:providers:")
    }
    assert found == set(PROVIDERS.values())


@pytest.mark.parametrize("part", sorted(PARTS), ids="-".join)
def test_the_teams_rules_are_asked_for_each_part(story: Story, part: Part) -> None:
    for state in (story.alone_state, story.moved_state):
        hooks = state[part]["resourceHooks"]
        assert (hooks["AfterCreate"], hooks["AfterUpdate"]) == (["diary"], ["diary"])
    assert f"diary: {part[0]} {part[1]}\n" in story.alone.text


def test_a_component_keeps_the_hook_of_its_own(story: Story) -> None:
    for state in (story.alone_state, story.moved_state):
        (hook,) = state["secure-redis:index:SecureRedis", "cache"]["resourceHooks"]["BeforeUpdate"]
        assert hook.endswith("service of cache")


@pytest.mark.parametrize("part", sorted(LABELLED), ids="-".join)
def test_each_part_that_takes_labels_has_the_tags(story: Story, part: Part) -> None:
    for state in (story.alone_state, story.moved_state):
        labels = {entry["label"]: entry["value"] for entry in state[part]["inputs"]["labels"]}
        assert labels["team"] == "platform"
        cost_center = "4711" if part[0].endswith(":Container") else None
        assert labels.get("cost-center") == cost_center


def test_so_has_everything_in_docker(story: Story) -> None:
    assert len(story.moved_things) == len(LABELLED)
    for name, (_, labels) in story.moved_things.items():
        assert labels["team"] == "platform", name
        assert labels[OWNER], name


@pytest.mark.parametrize("part", sorted(PARTS), ids="-".join)
def test_each_part_is_protected(story: Story, part: Part) -> None:
    assert not story.alone_state[part].get("protect")
    assert story.moved_state[part]["protect"] is True


def test_what_is_protected_is_not_taken_away_and_not_replaced(story: Story) -> None:
    assert story.refused.code != 0
    assert "protect" in story.refused.text
    assert story.replacing.code != 0
    assert "unable to replace resource" in story.replacing.text
    assert story.refused_things == story.moved_things


@pytest.mark.parametrize("part", sorted(PARTS), ids="-".join)
def test_each_part_moves_with_its_cache_and_stays_what_it_is(story: Story, part: Part) -> None:
    before, after = story.alone_state[part], story.moved_state[part]
    root = f"urn:pulumi:{story.program.name}::shop::"
    assert after["urn"] == before["urn"].replace(root, f"{root}platform:index:Shop$")
    for same in ("id", "created", "digest"):
        assert after.get(same) == before.get(same), same


def test_a_move_makes_nothing_but_the_new_parent(story: Story) -> None:
    assert story.moved.changes == {"created": 1, "unchanged": len(PARTS) + len(PROVIDERS) + 1}
    assert story.moved_things == story.alone_things
    assert story.kept == "full"


def test_no_secret_is_shown_or_kept_in_plain_text(story: Story) -> None:
    state = json.dumps(story.program.resources())
    runs = (story.alone, story.moved, story.refused, story.replacing)
    printed = "".join(run.text for run in runs)
    secrets = set(story.program.secrets().values())
    assert len(secrets) == len(["app", "readonly", "health", "operator", "ca key", "server key"])
    found = [secret for secret in secrets if longest_line(secret) in printed + state]
    assert len(found) == 0


def longest_line(text: str) -> str:
    return max(text.splitlines(), key=len)
