"""The JSON Schema of stack files: what editors complete, and what they mark as wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from secure_redis import stack_schema
from secure_redis.cli import stack_file
from secure_redis.configuration import parse_stack
from secure_redis.problems import ConfigurationError
from secure_redis.schema import Settings
from secure_redis.settings import StackSettings, Target

from tests.unit.cli.configurations import (
    KINDS,
    PREFIX,
    ROOT,
    STACKS,
    at,
    document,
    kind_id,
    leaves,
    smallest,
)

PAGE = ROOT / "docs" / "stack.schema.json"
SCHEMA = json.loads(PAGE.read_text())
CONFIG = SCHEMA["properties"]["config"]
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def in_a_file(raw: dict[str, Any]) -> dict[str, Any]:
    """The stack file with these keys, the password encrypted."""
    raw = deepcopy_of(raw)
    for cache in raw["caches"].values() if isinstance(raw.get("caches"), dict) else ():
        if isinstance(cache, dict) and isinstance(cache.get("external"), dict):
            cache["external"]["password"] = {"secure": "v1:abc"}
    return document(raw)


def deepcopy_of(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: deepcopy_of(value) for key, value in raw.items()}
    return [deepcopy_of(item) for item in raw] if isinstance(raw, list) else raw


def wrong_at(file: dict[str, Any]) -> list[str]:
    """Where the schema finds mistakes."""
    return sorted(error.json_path.removeprefix("$.config") for error in VALIDATOR.iter_errors(file))


def test_the_file_is_what_the_settings_say() -> None:
    command = [sys.executable, str(ROOT / "docs" / "stack_schema_pages.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert stack_schema.text() == PAGE.read_text()


def test_the_schema_is_one_that_every_editor_reads() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$ref" not in PAGE.read_text()


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_the_stack_files_are_right_and_name_the_schema(path: Path) -> None:
    first, _, text = path.read_text().partition("\n")
    mark, _, where = first.partition("=")
    assert mark == "# yaml-language-server: $schema"
    assert (path.parent / where).resolve() == PAGE
    plain = {"config": json.loads(json.dumps(dict(stack_file.parse(path, text).config)))}
    assert wrong_at(plain) == []


@pytest.mark.parametrize("kind", KINDS, ids=kind_id)
def test_the_least_that_a_stack_says_is_right(kind: Any) -> None:
    assert wrong_at(in_a_file(smallest(*kind))) == []


WRONG = [
    ("target", "aws2", "['secure-redis:target']"),
    ("environment", "prod", "['secure-redis:environment']"),
    ("caches", {}, "['secure-redis:caches']"),
    ("caches", ["cache"], "['secure-redis:caches']"),
    ("cachez", {}, ""),
    ("caches.Cache", {}, "['secure-redis:caches']"),
    ("caches.a-1", {}, "['secure-redis:caches']"),
    (f"caches.{'x' * 31}", {}, "['secure-redis:caches']"),
    ("caches.cache.memoryGB", 1, "['secure-redis:caches'].cache"),
    ("caches.cache.memory_gb", 1, "['secure-redis:caches'].cache"),
    ("caches.cache.target", "aws", "['secure-redis:caches'].cache"),
    ("caches.cache.environment", "staging", "['secure-redis:caches'].cache"),
    ("caches.cache.memoryGb", 0, "['secure-redis:caches'].cache.memoryGb"),
    ("caches.cache.memoryGb", 1025, "['secure-redis:caches'].cache.memoryGb"),
    ("caches.cache.memoryGb", "1", "['secure-redis:caches'].cache.memoryGb"),
    ("caches.cache.memoryGb", None, "['secure-redis:caches'].cache.memoryGb"),
    ("caches.cache.purpose", "database", "['secure-redis:caches'].cache.purpose"),
    ("caches.cache.protect", "yes", "['secure-redis:caches'].cache.protect"),
    ("caches.cache.replicas", 6, "['secure-redis:caches'].cache.replicas"),
    ("caches.cache.replicas", 1.5, "['secure-redis:caches'].cache.replicas"),
    ("caches.cache.rotation.generation", 0, "['secure-redis:caches'].cache.rotation.generation"),
    ("caches.cache.rotation.keep", True, "['secure-redis:caches'].cache.rotation"),
    ("caches.cache.allowReplacement", "", "['secure-redis:caches'].cache.allowReplacement"),
    ("caches.cache.aws.nodeType", "r7g.large", "['secure-redis:caches'].cache.aws.nodeType"),
    ("caches.cache.aws.serverless", True, "['secure-redis:caches'].cache.aws.serverless"),
    ("caches.cache.aws.zones", ["1"], "['secure-redis:caches'].cache.aws"),
    ("caches.cache.aws.parameters", {"a": 1}, "['secure-redis:caches'].cache.aws.parameters.a"),
    ("caches.cache.azure", {}, "['secure-redis:caches'].cache"),
    ("caches.cache.docker.port", 6380, "['secure-redis:caches'].cache"),
    ("network.create.cidr", "ten", "['secure-redis:network'].create.cidr"),
    ("network.create.zones", 4, "['secure-redis:network'].create.zones"),
    ("network.adopt.subnetId", "x", "['secure-redis:network'].adopt"),
    ("network.privateServices", {}, "['secure-redis:network']"),
    ("access.cidrs", "10.0.0.0/8", "['secure-redis:access'].cidrs"),
    ("access.networkTags", ["a"], "['secure-redis:access']"),
    ("alarms.profile", "loud", "['secure-redis:alarms'].profile"),
    ("alarms.profile", False, "['secure-redis:alarms'].profile"),
    ("tags.team", 3, "['secure-redis:tags'].team"),
    ("tags", ["team"], "['secure-redis:tags']"),
]
"""Mistakes on AWS: where the value is put, the value, where an editor marks it."""


@pytest.mark.parametrize(("path", "value", "where"), WRONG)
def test_a_mistake_is_marked_where_it_is(path: str, value: Any, where: str) -> None:
    kind = next(kind for kind in KINDS if kind[0] is Target.AWS)
    raw = at(smallest(*kind), path, value)
    assert where in wrong_at(in_a_file(raw))
    with pytest.raises(ConfigurationError):
        parse_stack(raw)


WRONG_ELSEWHERE = [
    (Target.DOCKER, "caches.cache.replicas", 1),
    (Target.DOCKER, "network.create.zones", 2),
    (Target.DOCKER, "access.cidrs", ["10.0.0.0/16"]),
    (Target.DOCKER, "alarms.notify", ["x"]),
    (Target.DOCKER, "caches.cache.docker.user", "redis"),
    (Target.EXTERNAL, "caches.cache.memoryGb", 1),
    (Target.EXTERNAL, "caches.cache.external", {"host": "h"}),
    (Target.EXTERNAL, "caches.other", {"purpose": "cache"}),
    (Target.AZURE, "caches.cache.azure.secretExpires", "2027-3-1"),
    (Target.AZURE, "network.create.zones", 2),
    (Target.AZURE, "access.securityGroupIds", ["sg-1"]),
    (Target.GCP, "network.adopt.vpcId", "vpc-1"),
    (Target.GCP, "caches.cache.gcp.maintenanceWindow", {"day": "SUNDAY"}),
    (Target.GCP, "caches.cache.gcp.tier", "BASIC"),
]


@pytest.mark.parametrize(("target", "path", "value"), WRONG_ELSEWHERE)
def test_what_a_target_does_not_have_is_marked(target: Target, path: str, value: Any) -> None:
    raw = at(smallest(*next(kind for kind in KINDS if kind[0] is target)), path, value)
    assert wrong_at(in_a_file(raw)) != []
    with pytest.raises(ConfigurationError):
        parse_stack(raw)


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"config": {}},
        {"config": {"target": "docker"}},
        {**in_a_file(smallest(*KINDS[0])), "settings": {}},
    ],
)
def test_what_is_no_stack_file_is_marked(file: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(file)) != []


def test_keys_of_providers_and_of_the_engine_are_none_of_its_business() -> None:
    file = in_a_file(smallest(*KINDS[0]))
    file["config"] |= {"aws:region": "eu-west-1", "aws:accessKey": {"secure": "v1:x"}, "x:y": [1]}
    assert wrong_at({**file, "encryptionsalt": "v1:x", "environment": ["shop/prod"]}) == []
    file["config"]["aws:region"] = ""
    assert wrong_at(file) == ["['aws:region']"]


def test_text_may_be_encrypted_and_a_fraction_may_be_text() -> None:
    """As `pulumi config set --secret --path` and `pulumi config set --path` leave them."""
    raw = at(smallest(*KINDS[0]), "tags", {"team": {"secure": "v1:x"}})
    assert wrong_at(in_a_file(at(raw, "caches.cache.memoryGb", "0.5"))) == []


def fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting by its path, with what is known of it."""
    for name, field in model.model_fields.items():
        below = f"{path}.{to_camel(name)}".lstrip(".")
        # What the stack says once is no setting of its caches.
        if path == "caches.cache" and name in StackSettings.model_fields:
            continue
        groups = [kind for kind in flat(field.annotation) if issubclass(kind, Settings)]
        if not groups or str(field.annotation).startswith("list["):
            yield below, field
        elif below == "caches":
            yield from fields(groups[0], "caches.cache")
        else:
            yield from fields(groups[0], below)


def flat(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from flat(argument)


LEAVES = dict(leaves(CONFIG))


def test_every_setting_is_in_it_with_its_words() -> None:
    expected = {path: " ".join(field.description.split()) for path, field in fields(StackSettings)}
    found = {path: leaf["description"] for path, leaf in LEAVES.items() if path in expected}
    assert found == expected
    assert len(expected) > 120
    assert set(LEAVES) - set(expected) == set(stack_schema.PROVIDER_KEYS)


def test_defaults_are_those_of_the_settings() -> None:
    for path, field in fields(StackSettings):
        fixed = not field.is_required() and field.default_factory is None
        expected = getattr(field.default, "value", field.default) if fixed else None
        assert LEAVES[path].get("default") == expected, path


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 7000),
    st.floats(0, 2000),
    st.sampled_from(["", "x", "tls", "0.5", "redis", "valkey", "10.0.0.0/16", "2027-03-31"]),
    st.lists(st.sampled_from(["x", "1", ""]), max_size=2),
    st.dictionaries(st.sampled_from(["x", "day", "hour"]), st.sampled_from(["x", 1]), max_size=2),
)


@given(st.sampled_from(KINDS), st.sampled_from(sorted(LEAVES)), VALUES)
def test_what_the_schema_refuses_the_program_refuses(kind: Any, path: str, value: Any) -> None:
    assume(path not in stack_schema.PROVIDER_KEYS)
    # The program lets be what is empty.
    assume(value is not None and not (value in ([], {}) and not kind[0].cloud))
    raw = at(smallest(*kind), path, value)
    refused = False
    try:
        parse_stack(deepcopy(raw) if kind[0] is not Target.EXTERNAL else raw)
    except ConfigurationError:
        refused = True
    if wrong_at(in_a_file(raw)):
        assert refused, (path, value)


def test_the_prefix_is_that_of_the_settings() -> None:
    own = [key for key in CONFIG["properties"] if key.startswith(PREFIX)]
    assert [key.removeprefix(PREFIX) for key in own] == [
        to_camel(name) for name in StackSettings.model_fields
    ]
