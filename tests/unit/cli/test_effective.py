"""Effective values and their origins: true, complete, and without secrets."""

from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import Output
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from secure_redis.cli import stack_file
from secure_redis.configuration import parse_stack
from secure_redis.doctor.evidence import SECRET_KEYS
from secure_redis.effective import (
    MASK,
    OF_CACHES,
    OF_STACKS,
    Kind,
    Value,
    consequences,
    explain,
    has_effect,
    plain,
)
from secure_redis.problems import ConfigurationError
from secure_redis.schema import deepcopy_plain
from secure_redis.settings import (
    CacheSettings,
    Environment,
    Purpose,
    StackSettings,
    Target,
)
from secure_redis.stack_schema import PROVIDER_KEYS

from tests.unit.cli.configurations import KINDS, STACKS, at, kind_id, smallest, written
from tests.unit.cli.test_stack_schema import LEAVES, VALUES, fields


def by_path(raw: dict[str, Any]) -> dict[str, Value]:
    values = explain(raw)
    found = {value.path: value for value in values}
    assert len(found) == len(values), "a path is told twice"
    return found


def setting(stack: StackSettings, path: str) -> Any:
    """What the settings themselves hold at a path."""
    found: Any = stack
    for key in path.split("."):
        if isinstance(found, dict):
            found = found[key]
        else:
            found = getattr(found, next(n for n in type(found).model_fields if to_camel(n) == key))
    return found


def raw_files() -> list[Any]:
    files = [pytest.param(written(path), id=path.stem) for path in STACKS]
    return files + [pytest.param(smallest(*kind), id=kind_id(kind)) for kind in KINDS]


@pytest.mark.parametrize("raw", raw_files())
def test_values_are_those_of_the_settings(raw: dict[str, Any]) -> None:
    stack = parse_stack(raw)
    values = by_path(raw)
    decided = {
        *OF_STACKS[stack.target],
        *(f"caches.{name}.{key}" for name in stack.caches for key in OF_CACHES[stack.target]),
        # What a stack makes that says nothing of a network.
        *("network.create.cidr", "network.create.zones"),
    }
    compared = 0
    for path, value in values.items():
        known = path in decided or path.rpartition(".")[0] in decided
        if value.kind is not Kind.FOLLOWS and not known:
            assert value.value == plain(setting(stack, path)), path
            compared += 1
    assert compared > 8
    for name in ("target", "environment"):
        assert values[name].kind is Kind.SET


@pytest.mark.parametrize("raw", raw_files())
def test_to_say_a_default_oneself_changes_nothing(raw: dict[str, Any]) -> None:
    """So every default that is shown has an effect, and is what is shown."""
    before = by_path(raw)
    said = deepcopy_plain(raw)
    for path, value in before.items():
        if value.kind is Kind.DEFAULT and not isinstance(value.value, list):
            at(said, path, value.value)
    after = by_path(said)
    assert {p: v.value for p, v in after.items()} == {p: v.value for p, v in before.items()}
    defaults = [v.path for v in after.values() if v.kind is Kind.DEFAULT]
    assert all(isinstance(before[path].value, list) for path in defaults)


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("purpose", Purpose)
def test_what_differs_by_environment_is_said_to(target: Target, purpose: Purpose) -> None:
    """Where two environments differ in a value, it follows from the environment or what does."""
    kinds = [by_path(smallest(target, one, purpose)) for one in Environment]
    differing = 0
    for first, second in pairwise(kinds):
        for path in first.keys() & second.keys() - {"environment"}:
            if first[path].value != second[path].value:
                reasons = {*first[path].by, *second[path].by}
                assert "environment" in reasons or any(
                    first[below].value != second[below].value
                    for below in (f"caches.cache.{one}" for one in reasons)
                    if below in first.keys() & second.keys()
                ), path
                differing += 1
    assert differing >= (0 if target is Target.EXTERNAL else 2)


@pytest.mark.parametrize("target", Target)
def test_what_differs_by_purpose_is_said_to(target: Target) -> None:
    cache, queue = (
        by_path(smallest(target, Environment.STAGING, one))
        for one in (Purpose.CACHE, Purpose.QUEUE)
    )
    differing = {
        path
        for path in cache.keys() & queue.keys()
        if cache[path].value != queue[path].value and cache[path].kind is Kind.DEFAULT
    }
    for path in differing:
        assert cache[path].by == ("purpose",), path
    expected = {"caches.cache.evictionPolicy"} - (
        {"caches.cache.evictionPolicy"} if target is Target.EXTERNAL else set()
    )
    assert differing == expected | ({"caches.cache.docker.port"} & cache.keys())


TABLES = [
    (Target.DOCKER, "memoryGb", 0.25, "settings.MEMORY_GB", ("environment",)),
    (Target.DOCKER, "evictionPolicy", "allkeys-lru", "settings.EVICTION_POLICY", ("purpose",)),
    (Target.AWS, "engine", "valkey", "settings.ENGINE", ("target",)),
    (Target.DOCKER, "docker.port", 6380, "docker.rules.PORTS", ("purpose",)),
    (Target.AWS, "aws.engineVersion", "8.1", "aws.versions.DEFAULT", ("engine",)),
    (Target.AWS, "aws.secretRecoveryDays", 0, "aws.plan.SECRET_RECOVERY_DAYS", ("environment",)),
    (Target.AWS, "protect", False, "settings.CacheSettings.protect", ("environment",)),
    (Target.AWS, "mode", "tls", "settings.CacheSettings.mode", ()),
    (Target.AZURE, "azure.vaultRecoveryDays", 7, "azure.plan.RECOVERY_DAYS", ("environment",)),
    (Target.AZURE, "azure.auth", "keys", "azure.settings.AzureSettings.auth", ()),
    (
        *(Target.GCP, "gcp.secretDestroyDelayDays", 0),
        *("gcp.plan.SECRET_DESTROY_DELAY_DAYS", ("environment",)),
    ),
    (
        Target.GCP,
        "persistence",
        "none",
        "settings.CacheSettings.persistence",
        ("target", "environment"),
    ),
    (Target.DOCKER, "persistence", "aof", "settings.CacheSettings.persistence", ("target",)),
]


@pytest.mark.parametrize(("target", "path", "value", "source", "by"), TABLES)
def test_the_table_and_the_settings_behind_a_default(
    target: Target, path: str, value: Any, source: str, by: tuple[str, ...]
) -> None:
    found = by_path(smallest(target, Environment.DEVELOPMENT, Purpose.CACHE))
    one = found[f"caches.cache.{path}"]
    assert (one.value, one.kind, one.source, one.by) == (value, Kind.DEFAULT, source, by)


def test_a_size_follows_from_what_it_is_chosen_by() -> None:
    raw = smallest(Target.AWS, Environment.PRODUCTION, Purpose.CACHE)
    node = by_path(at(raw, "caches.cache.memoryGb", 6))["caches.cache.aws.nodeType"]
    assert (node.value, node.source) == ("cache.r7g.large", "aws.plan.node_type_name")
    assert node.by == ("memoryGb", "aws.shards", "environment")


@pytest.mark.parametrize("raw", raw_files())
def test_every_source_is_there(raw: dict[str, Any]) -> None:
    for value in explain(raw):
        if value.kind is Kind.SET:
            assert not value.source
            continue
        module, found = "secure_redis", None
        for part in value.source.split("."):
            if isinstance(found, type) and issubclass(found, BaseModel):
                assert part in found.model_fields, value.source
            elif found is None and part.islower() and not hasattr(import_module(module), part):
                module = f"{module}.{part}"
                import_module(module)
            else:
                found = getattr(found or import_module(module), part)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_what_the_file_says_is_told_as_set(path: Any) -> None:
    file = stack_file.read(path)
    values = by_path(written(path))
    in_file = {p for p in file.lines if p.split(".")[0] in file.own} - {"caches"}
    groups = {p.rpartition(".")[0] for p in in_file}
    # Groups that hold something are told by what they hold.
    told = {p for p in in_file - groups if not p.startswith(("tags.", "exceptions."))}
    for one in told:
        outer = next((v for p, v in values.items() if f"{one}.".startswith(f"{p}.")), None)
        assert outer is not None, one
        assert outer.kind is Kind.SET, one


NOTHING_UNTIL_SET = {
    "aws.shards": "no cluster mode",
    "aws.kmsKeyArn": "told as ownKey",
    "azure.vaultId": "told as ownVault",
    "azure.workspaceId": "a workspace of its own",
    "azure.secretExpires": "never",
    "azure.customerManagedKey.keyUrl": "told as ownKey",
    "azure.classic.shards": "no cluster mode",
    "external.authority": "the system's trust store",
    "gcp.shards": "no cluster mode",
    "gcp.zone": "Google chooses",
    "gcp.customerManagedKey.keyName": "told as ownKey",
    "gcp.secretKeyName": "a key of Google",
}
"""Settings of a cache whose default is that something is not there."""


def test_every_default_in_the_words_of_a_setting_is_decided_somewhere() -> None:
    decided = {path for table in OF_CACHES.values() for path in table}
    words = {
        path.removeprefix("caches.cache.")
        for path, field in fields(StackSettings)
        if path.startswith("caches.cache.")
        and "Default" in field.description
        and field.default is None
    }
    assert words - decided == words & NOTHING_UNTIL_SET.keys()
    assert decided <= {path.removeprefix("caches.cache.") for path, _ in fields(StackSettings)} | {
        "gcp.maintenanceWindow"
    }


SAMPLES: dict[str, Any] = {
    "aws.nodeType": "cache.r7g.xlarge",
    "aws.engineVersion": "8.0",
    "aws.serverless.maxStorageGb": 7,
    "aws.multiAz": False,
    "aws.snapshotRetentionDays": 3,
    "aws.finalSnapshot": False,
    "aws.applyImmediately": True,
    "aws.logs": False,
    "aws.secretRecoveryDays": 9,
    "azure.sku": "Balanced_B50",
    "azure.classic.sku": "Premium_P2",
    "azure.clusteringPolicy": "EnterpriseCluster",
    "azure.lock": False,
    "azure.vaultRecoveryDays": 30,
    "azure.logs": False,
    "gcp.memorySizeGb": 9,
    "gcp.nodeType": "STANDARD_LARGE",
    "gcp.engineVersion": "7.0",
    "gcp.readReplicas": True,
    "gcp.backupRetentionDays": 3,
    "gcp.maintenanceWindow": {"day": "MONDAY", "hour": 4},
    "gcp.secretDestroyDelayDays": 3,
    "docker.port": 7000,
    "docker.advertisedHost": "redis.example.com",
    "docker.image": "redis:7.4",
}


@pytest.mark.parametrize(
    ("target", "path"), [(target, path) for target, table in OF_CACHES.items() for path in table]
)
def test_each_setting_is_linked_with_what_decides_it(target: Target, path: str) -> None:
    """Where the setting says so itself, its function says the same."""
    nested = at({"purpose": "cache"}, path, SAMPLES[path])
    settings = {**nested, "target": target.value, "environment": "production"}
    cache = CacheSettings.model_validate(settings)
    answer = plain(OF_CACHES[target][path](cache))
    assert answer == ([SAMPLES[path]] if path == "docker.image" else SAMPLES[path])


def test_what_has_no_effect_is_left_out() -> None:
    serverless = at(
        smallest(Target.AWS, Environment.STAGING, Purpose.CACHE), "caches.cache.aws.serverless", {}
    )
    found = by_path(serverless)
    assert found["caches.cache.aws.serverless"].kind is Kind.SET
    assert found["caches.cache.aws.serverless.maxStorageGb"].value == 1
    assert not {"caches.cache.aws.port", "caches.cache.replicas"} & found.keys()
    assert not has_effect(serverless, "caches.cache.aws.port", 6379)
    docker = by_path(smallest(Target.DOCKER, Environment.PRODUCTION, Purpose.CACHE))
    assert not [path for path in docker if path.startswith(("network", "access", "alarms"))]
    assert not [path for path in docker if ".aws" in path or path.endswith("replicas")]


@pytest.mark.parametrize("kind", KINDS, ids=kind_id)
def test_what_follows_is_worded_and_has_a_name_of_its_own(kind: Any) -> None:
    raw = smallest(*kind)
    cache = parse_stack(raw).caches["cache"]
    follows = [value for value in explain(raw) if value.kind is Kind.FOLLOWS]
    assert len(follows) == len(consequences(cache))
    assert (len(follows) > 1) == (kind[0] is not Target.EXTERNAL)
    assert all(value.meaning.endswith(".") and value.source for value in follows)


def test_the_secret_settings_are_those_that_the_evidence_masks() -> None:
    secret = {
        path.rpartition(".")[2]
        for path, field in fields(StackSettings)
        if field.description.startswith("Secret.")
    }
    assert secret == SECRET_KEYS


def test_secrets_are_masked_encrypted_or_not() -> None:
    raw = smallest(Target.EXTERNAL, Environment.PRODUCTION, Purpose.CACHE)
    at(raw, "caches.cache.external.username", Output.from_input("hunter2"))
    at(raw, "caches.cache.external.password", "hunter2hunter2")
    at(raw, "tags", {"owner": Output.from_input("hunter2"), "team": "a"})
    found = by_path(raw)
    for path in ("external.username", "external.password"):
        assert found[f"caches.cache.{path}"].value == MASK
    assert found["tags.owner"].value == MASK
    assert found["tags"].value == {"team": "a"}
    assert "hunter2" not in repr(found)


def test_an_encrypted_value_does_not_hide_other_problems() -> None:
    raw = smallest(Target.DOCKER, Environment.PRODUCTION, Purpose.CACHE)
    at(raw, "tags", {"team": Output.from_input("x")})
    at(raw, "caches.cache.mode", "none")
    with pytest.raises(ConfigurationError) as caught:
        explain(raw)
    assert [problem.path for problem in caught.value.problems] == ["caches.cache.mode"]


def test_encrypted_items_of_a_list_are_told_and_the_rest_is_judged() -> None:
    raw = smallest(Target.AWS, Environment.STAGING, Purpose.CACHE)
    cidrs = [Output.from_input("x"), "10.1.0.0/16", Output.from_input("y")]
    found = by_path(at(raw, "access.cidrs", cidrs))
    assert [path for path in found if found[path].value == MASK] == [
        "access.cidrs.0",
        "access.cidrs.2",
    ]
    assert found["access.cidrs"].value == ["10.1.0.0/16"]


def test_what_is_encrypted_as_a_whole_cannot_be_told() -> None:
    raw = smallest(Target.DOCKER, Environment.STAGING, Purpose.CACHE)
    with pytest.raises(ConfigurationError) as caught:
        explain({**raw, "caches": Output.from_input("x")})
    (problem,) = caught.value.problems
    assert (problem.path, problem.reason.split(",")[0]) == ("caches", "is encrypted")


def test_a_group_without_a_value_is_one_that_is_not_there() -> None:
    raw = smallest(Target.AWS, Environment.STAGING, Purpose.CACHE)
    assert by_path(at(raw, "network", {"create": None})) == by_path(
        smallest(Target.AWS, Environment.STAGING, Purpose.CACHE)
    )


@given(
    st.sampled_from(KINDS), st.lists(st.tuples(st.sampled_from(sorted(LEAVES)), VALUES), max_size=3)
)
def test_whatever_stands_in_a_file_is_explained_or_refused(
    kind: Any, changes: list[tuple[str, Any]]
) -> None:
    raw = smallest(*kind)
    for path, value in changes:
        if path not in PROVIDER_KEYS:
            at(raw, path, value)
    try:
        values = explain(raw)
    except ConfigurationError:
        return
    parse_stack(raw)
    assert len({value.path for value in values}) == len(values)


def test_the_configuration_is_left_as_it_was() -> None:
    raw = smallest(Target.DOCKER, Environment.STAGING, Purpose.QUEUE)
    before = deepcopy_plain(raw)
    explain(raw)
    assert raw == before
