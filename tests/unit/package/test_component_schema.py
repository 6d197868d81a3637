"""What the components look like from other languages, and to a type checker."""

import json
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi
import pytest
import secure_redis
from pulumi.provider.experimental import analyzer
from pulumi.provider.experimental.component import ComponentProvider
from pydantic import BaseModel
from secure_redis import SecureRedis, SecureRedisArgs, args
from secure_redis.aws.network import AwsNetwork, AwsNetworkArgs
from secure_redis.aws.redis import ElastiCacheRedis
from secure_redis.azure.classic import ClassicRedis
from secure_redis.azure.network import AzureNetwork, AzureNetworkArgs
from secure_redis.azure.redis import ManagedRedis
from secure_redis.component import OUTPUTS
from secure_redis.docker.network import DockerNetwork, DockerNetworkArgs
from secure_redis.docker.redis import DockerRedis
from secure_redis.external.redis import ExternalRedis
from secure_redis.gcp.network import GcpNetwork, GcpNetworkArgs
from secure_redis.gcp.redis import MemorystoreRedis
from secure_redis.gcp.valkey import MemorystoreValkey
from secure_redis.redis import COMPONENTS, NETWORKS
from secure_redis.settings import (
    AccessSettings,
    AlarmSettings,
    CacheSettings,
    NewNetwork,
    Target,
)

BESIDE = {"tags", "exceptions", "network", "access", "alarms"}
"""Arguments of a component that are no settings of a cache."""

CACHES = [
    SecureRedis,
    DockerRedis,
    ElastiCacheRedis,
    ExternalRedis,
    ManagedRedis,
    ClassicRedis,
    MemorystoreRedis,
    MemorystoreValkey,
]
NETWORK_COMPONENTS = [AwsNetwork, AzureNetwork, DockerNetwork, GcpNetwork]

OF_ELASTICACHE = {
    "secretArn",
    "connectionSecretArn",
    "securityGroupId",
    "kmsKeyArn",
    "nodeIds",
    "logGroupNames",
    "alarmArns",
}
"""Outputs that only ElastiCacheRedis has."""

OF_AZURE = {
    "secondaryUrl",
    "cacheId",
    "vaultId",
    "secretUris",
    "privateEndpointId",
    "alarmIds",
}
"""Outputs that only ManagedRedis and ClassicRedis have."""

OF_GCP = {"cacheId", "secretIds", "alarmIds"}
"""Outputs that only MemorystoreRedis and MemorystoreValkey have."""

OWN = {
    "ElastiCacheRedis": OF_ELASTICACHE,
    "ManagedRedis": OF_AZURE,
    "ClassicRedis": OF_AZURE,
    "MemorystoreRedis": OF_GCP | {"previousUrl"},
    "MemorystoreValkey": OF_GCP,
}

EACH_CACHE = pytest.mark.parametrize("component", [each.__name__ for each in CACHES])


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    components: list[Any] = [*CACHES, *NETWORK_COMPONENTS]
    provider = ComponentProvider(components, "secure-redis", version="1.2.3")
    assert provider.schema is not None
    return json.loads(provider.schema)


def inputs(schema: Mapping[str, Any], component: str) -> set[str]:
    return set(schema["resources"][f"secure-redis:index:{component}"]["inputProperties"])


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_the_analyzer_accepts_every_component(schema: dict[str, Any]) -> None:
    assert set(schema["resources"]) == {
        f"secure-redis:index:{each.__name__}" for each in (*CACHES, *NETWORK_COMPONENTS)
    }
    for token, resource in schema["resources"].items():
        assert resource["isComponent"] is True
        assert resource["description"], token


@EACH_CACHE
def test_other_languages_see_every_argument(schema: dict[str, Any], component: str) -> None:
    expected = {camel(name) for name in CacheSettings.model_fields} | BESIDE
    if component != "SecureRedis":
        expected -= {"target"}
    assert inputs(schema, component) == expected
    resource = schema["resources"][f"secure-redis:index:{component}"]
    required = {"environment", *(["target"] if component == "SecureRedis" else [])}
    assert set(resource["requiredInputs"]) == required


@EACH_CACHE
def test_other_languages_see_the_whole_contract(schema: dict[str, Any], component: str) -> None:
    resource = schema["resources"][f"secure-redis:index:{component}"]
    own = OWN.get(component, set[str]())
    assert set(resource["properties"]) == {camel(name) for name in OUTPUTS} | own
    assert set(resource["required"]) == set(resource["properties"])


def test_the_analyzer_made_no_empty_type(schema: dict[str, Any]) -> None:
    """It turns annotations that it does not know into objects without properties."""
    for token, definition in schema["types"].items():
        assert definition["properties"], token


def test_numbers_and_flags_are_plain(schema: dict[str, Any]) -> None:
    """An int that is an Input fails with "int() argument must be" for every Output."""
    for holder in (*schema["resources"].values(), *schema["types"].values()):
        properties = holder.get("inputProperties", holder.get("properties", {}))
        if holder.get("isComponent"):
            properties = holder["inputProperties"]
        for name, each in properties.items():
            if each.get("type") in {"integer", "number", "boolean"}:
                assert each.get("plain") is True, name


def settings_below(annotation: Any) -> Any:
    """The settings model in an annotation, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [settings_below(part) for part in typing.get_args(annotation)]
    return next((each for each in found if each), None)


def kind_of(annotation: Any) -> tuple[str, bool]:
    """How a setting is written, and whether another resource may provide it."""
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return kind_of(parts[0])
    if origin in {typing.Union, types.UnionType}:
        wired = any(typing.get_origin(part) is pulumi.Output for part in parts)
        kinds = [kind_of(part) for part in parts if typing.get_origin(part) is not pulumi.Output]
        return kinds[0][0], wired or kinds[0][1]
    if origin in {list, Sequence}:
        kind, wired = kind_of(parts[0])
        return f"list of {kind}", wired
    if origin in {dict, Mapping}:
        return f"mapping of {kind_of(parts[1])[0]}", False
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "str", False
    return annotation.__name__, False


def argument_kind(annotation: Any) -> tuple[str, bool]:
    wired = analyzer.is_input(annotation)
    inner = analyzer.unwrap_input(annotation) if wired else annotation
    if typing.get_origin(inner) is Sequence:
        kind, each = argument_kind(typing.get_args(inner)[0])
        return f"list of {kind}", each
    if typing.get_origin(inner) is Mapping:
        return f"mapping of {argument_kind(typing.get_args(inner)[1])[0]}", wired
    return inner.__name__, wired


def compare(
    model: type[BaseModel],
    arguments: Any,
    path: str = "",
    beside: frozenset[str] = frozenset(),
    without: frozenset[str] = frozenset(),
) -> int:
    """Asserts that arguments and settings agree, all the way down; how many were compared.

    beside: arguments that are no settings. without: settings that are no arguments.
    """
    hints = arguments.__annotations__
    fields = {name: field for name, field in model.model_fields.items() if name not in without}
    assert set(hints) - beside == set(fields), path
    required = {name for name, field in fields.items() if field.is_required()}
    assert arguments.__required_keys__ == required, path
    count = 0
    for name, field in fields.items():
        count += 1
        below = settings_below(field.annotation)
        if below is not None:
            several = typing.get_origin(field.annotation) is list
            assert (typing.get_origin(hints[name]) is Sequence) == several, f"{path}.{name}"
            inner = typing.get_args(hints[name])[0] if several else hints[name]
            assert typing.is_typeddict(inner), f"{path}.{name}"
            count += compare(below, inner, f"{path}.{name}")
            continue
        given = argument_kind(hints[name])
        assert given == kind_of(field.annotation), f"{path}.{name}"
    return count


def test_arguments_are_the_settings_in_snake_case() -> None:
    beside = frozenset(BESIDE)
    assert compare(CacheSettings, SecureRedisArgs, beside=beside) > 60
    target = frozenset({"target"})  # a component of one target is not told which
    assert compare(CacheSettings, args.CacheArgs, beside=beside, without=target) > 60


@pytest.mark.parametrize(("model", "name"), [(AccessSettings, "access"), (AlarmSettings, "alarms")])
def test_what_caches_share_is_the_settings_in_snake_case(model: Any, name: str) -> None:
    assert compare(model, args.CacheArgs.__annotations__[name]) >= 2


def test_a_network_takes_its_settings_and_tags() -> None:
    assert set(DockerNetworkArgs.__annotations__) == {"tags"}
    assert compare(NewNetwork, AwsNetworkArgs, beside=frozenset({"tags"})) == 3
    assert set(AzureNetworkArgs.__annotations__) == {
        "cidr",
        "subnet_id",
        "resource_group_name",
        "private_dns_zones",
        "private_dns_zone_ids",
        "cidrs",
        "ports",
        "tags",
    }
    assert set(GcpNetworkArgs.__annotations__) == {
        "engines",
        "cidr",
        "network_id",
        "subnet_ids",
        "reserved_range_name",
        "reserved_range_cidr",
        "remove_peering",
        "enable_apis",
        "tags",
    }


def test_every_target_has_a_component() -> None:
    assert set(COMPONENTS) == set(Target)
    assert set(NETWORKS) <= set(Target)


def test_the_public_names_are_few() -> None:
    assert set(secure_redis.__all__) == {
        "AwsNetwork",
        "AwsNetworkArgs",
        "AzureNetwork",
        "AzureNetworkArgs",
        "CacheArgs",
        "ClassicRedis",
        "ConfigurationError",
        "Connection",
        "DockerNetwork",
        "DockerNetworkArgs",
        "DockerRedis",
        "ElastiCacheRedis",
        "ExternalRedis",
        "GcpNetwork",
        "GcpNetworkArgs",
        "InvalidArguments",
        "ManagedRedis",
        "MemorystoreRedis",
        "MemorystoreValkey",
        "SecureRedis",
        "SecureRedisArgs",
    }
    assert all(hasattr(secure_redis, name) for name in secure_redis.__all__)
