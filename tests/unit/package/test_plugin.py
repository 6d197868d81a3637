"""The component plugin: its schema as it was reviewed, and what it loads for whom."""

import json
import re
import subprocess
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
import pytest
import secure_redis
from secure_redis import plugin, replacement
from secure_redis.component import SECRET_OUTPUTS

REPOSITORY = Path(secure_redis.__file__).resolve().parents[2]
SNAPSHOT = Path(plugin.__file__).with_name(plugin.SCHEMA)
CACHES = {"SecureRedis", "DockerRedis", "ExternalRedis", "MemorystoreValkey", "ClassicRedis"}


@pytest.fixture(autouse=True)
def no_plugin_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin says of its process that it is one; that of the tests goes on without."""
    monkeypatch.setattr(replacement.Process, "is_plugin", False)


@pytest.fixture(scope="module")
def derived() -> dict[str, Any]:
    return plugin.derived_schema()


def test_the_schema_is_the_reviewed_one(derived: dict[str, Any]) -> None:
    """Whoever changes it changes every generated SDK: look at the difference, then accept it."""
    same = SNAPSHOT.read_text(encoding="utf-8") == plugin.schema_text(derived)
    assert same, (
        "the components have another schema than components/secure_redis/schema.json. "
        "Write it anew with `python -m secure_redis.plugin`, and review `git diff`."
    )


def test_it_offers_every_public_component() -> None:
    public = {
        name
        for name in secure_redis.__all__
        if isinstance(found := getattr(secure_redis, name), type)
        and issubclass(found, pulumi.ComponentResource)
    }
    assert public == set(plugin.COMPONENTS)


def test_outputs_with_a_credential_are_marked_in_every_component() -> None:
    expected = {plugin._camel(name) for name in SECRET_OUTPUTS}
    further = {"ManagedRedis": "secondaryUrl", "ClassicRedis": "secondaryUrl"}
    further |= {"MemorystoreRedis": "previousUrl"}
    seen = set[str]()
    for token, resource in plugin.schema()["resources"].items():
        name = token.rpartition(":")[2]
        marked = {key for key, output in resource["properties"].items() if output.get("secret")}
        own = {further[name]} if name in further else set[str]()
        assert marked == (set() if name.endswith("Network") else expected | own), name
        seen.add(name)
    assert seen >= CACHES


def test_its_version_is_the_distributions() -> None:
    project = (REPOSITORY / "components" / "pyproject.toml").read_text()
    assert f'\nversion = "{plugin.version()}"\n' in project
    assert plugin.schema()["version"] == plugin.version() == plugin.Plugin().version


def test_installed_from_a_wheel_it_asks_the_installation(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plugin, "__file__", str(tmp_path / "secure_redis" / "plugin.py"))
    assert plugin.version() == installed_version("secure-redis")


def test_a_component_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(pulumi.InputPropertiesError) as problem:
        plugin.Plugin().construct("cache", "secure-redis:index:SecureRedes", {})
    assert "is not a component. Did you mean SecureRedis?" in problem.value.message
    assert problem.value.errors == [], "the engine's server fails without a list"


def test_a_refusal_has_no_details_that_the_engine_would_print_with_their_values() -> None:
    key = "a private key"
    docker = {"certificates": {"authority": {"certificate": key, "privateKey": key}}}
    inputs = {"target": "docker", "environment": "development", "docker": docker, "mode": "none"}
    with pytest.raises(pulumi.InputPropertiesError) as problem:
        plugin.Plugin().construct("cache", "secure-redis:index:SecureRedis", inputs)
    assert not isinstance(problem.value, pulumi.RunError), "that would end without its text"
    assert "docker.certificates" in problem.value.message
    assert key not in problem.value.message
    assert problem.value.errors == []


class Connection:
    """What each construct gets: a connection of its own to the engine."""


@pytest.mark.parametrize(("hosted", "second"), [(True, "data (2)"), (False, "data")])
def test_hooks_of_one_run_have_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch, hosted: bool, second: str
) -> None:
    """Two runs of a program may use a name again; two constructs of one plugin may not."""
    names: list[str] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, *_: names.append(name))
    monkeypatch.setattr(replacement, "_hooks", WeakKeyDictionary())
    if hosted:
        plugin.Plugin()
    connections = [Connection(), Connection()]
    for connection in connections:
        monkeypatch.setattr(replacement, "get_monitor", lambda made=connection: made)
        replacement.hook("data", lambda _: None)
    assert names == ["data", second]


def pins(file: Path) -> dict[str, set[str]]:
    """Package -> its versions (one a kind of Python) in a file of hashed pins."""
    found: dict[str, set[str]] = {}
    for name, pinned in re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(pinned)
    return found


def test_it_installs_what_the_stacks_run_with_for_every_target_and_nothing_of_the_cli() -> None:
    own = pins(REPOSITORY / "components" / "requirements.txt")
    assert {name for name in own if name.startswith("pulumi-")} == {
        "pulumi-aws",
        "pulumi-azure-native",
        "pulumi-docker",
        "pulumi-gcp",
        "pulumi-random",
        "pulumi-tls",
    }
    assert not {"click", "rich", "jinja2", "hiredis"} & set(own)
    for target in ("aws", "azure", "docker", "gcp"):
        other = pins(REPOSITORY / "requirements" / f"{target}.txt")
        differ = {name for name in own.keys() & other.keys() if own[name] != other[name]}
        assert differ == set(), target


def run_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


STARTED = """
import json, sys
from secure_redis.plugin import Plugin
Plugin()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_it_starts_without_the_sdk_of_any_target() -> None:
    loaded = set(json.loads(run_python(STARTED)))
    of_targets = {name for name in loaded if re.match(r"pulumi_|azure|boto|google|docker", name)}
    assert of_targets - {"google"} == set(), "google: protobuf's own package"


MISSING = """
import sys
import pulumi
for name in ("pulumi_aws", "pulumi_gcp"):
    sys.modules[name] = None  # as if it were not installed
from secure_redis.plugin import Plugin

hosted = Plugin()
for token, inputs in (
    ("ElastiCacheRedis", {"environment": "development"}),
    ("SecureRedis", {"environment": "development", "target": "aws"}),
    ("GcpNetwork", {}),
):
    try:
        hosted.construct("cache", f"secure-redis:index:{token}", inputs)
    except pulumi.InputPropertiesError as refusal:
        print(refusal.message)
print(hosted._provider("secure-redis:index:DockerRedis")._components)
"""


def test_a_target_without_its_sdk_is_named_and_spoils_no_other() -> None:
    direct, portable, network, other = run_python(MISSING).splitlines()
    assert "secure-redis[aws]" in direct
    assert "secure-redis[aws]" in portable
    assert "secure-redis[gcp]" in network
    assert "DockerRedis" in other
