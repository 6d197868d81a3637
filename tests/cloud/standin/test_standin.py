"""The framework by itself: what it reads from the SDK, how it compares, what it keeps on disk."""

import threading
from pathlib import Path

import pytest
from cloud.standin.difference import Rules, differences
from cloud.standin.errors import ProviderError
from cloud.standin.naming import AutoName
from cloud.standin.schema import (
    CACHE,
    DEEPEST,
    Field,
    Shape,
    api_version_of,
    check,
    outputs_of,
    schema_of,
)
from cloud.standin.store import FakeCloud
from cloud.standin.wire import UNKNOWN, from_struct, to_struct

USER = "pulumi_aws.elasticache:User"


def test_a_schema_is_the_sdks_own() -> None:
    schema = schema_of("pulumi_aws.elasticache:ReplicationGroup")
    assert schema.token == "aws:elasticache/replicationGroup:ReplicationGroup"
    assert schema.inputs["description"].required
    assert not schema.inputs["authToken"].required
    assert schema.inputs["numCacheClusters"].shape.kind == "integer"
    delivery = schema.inputs["logDeliveryConfigurations"].shape.item
    assert delivery is not None
    assert delivery.fields["logType"].required
    assert schema.secrets == {"authToken", "authTokenWo"}
    assert {"arn", "memberClusters", "description"} <= schema.outputs
    assert "arn" not in schema.inputs


def test_a_schema_lists_values_that_are_no_limits_and_objects_of_which_one_is_given() -> None:
    database = schema_of("pulumi_azure_native.redisenterprise:Database")
    assert database.token == "azure-native:redisenterprise:Database"
    policy = database.inputs["clusteringPolicy"].shape
    assert policy.kind == "string"
    assert policy.choices == ()
    assert set(policy.known) == {"EnterpriseCluster", "OSSCluster", "NoCluster"}
    criteria = schema_of("pulumi_azure_native.monitor:MetricAlert").inputs["criteria"].shape
    assert criteria.kind == "union"
    single = criteria.options[1]
    assert single.constants["odataType"].endswith("SingleResourceMultipleMetricCriteria")
    assert single.fields["allOf"].shape.kind == "array"
    failures = check({"criteria": Field(criteria, required=True)}, {"criteria": []})
    assert failures[0].reason == "expected object type, got array type"


def test_a_resource_whose_name_a_nested_type_has_takes_its_own_arguments() -> None:
    subnet = schema_of("pulumi_azure_native.network:Subnet")
    assert subnet.inputs["virtualNetworkName"].required


def depth(shape: Shape) -> int:
    inner = [one.shape for one in shape.fields.values()]
    below = [depth(one) for one in (*inner, *((shape.item,) if shape.item else ()))]
    return max(below, default=0) + bool(shape.fields)


def test_outputs_have_shapes_too_and_end_where_they_contain_themselves() -> None:
    vault = outputs_of("pulumi_azure_native.keyvault:Vault")
    assert vault["properties"].fields["vaultUri"].shape.kind == "string"
    assert "createMode" not in vault["properties"].fields
    # A subnet has endpoints, which have a subnet.
    subnets = outputs_of("pulumi_azure_native.network:VirtualNetwork")["subnets"]
    assert depth(subnets) == DEEPEST
    assert api_version_of("pulumi_azure_native.keyvault:Vault") == "2024-11-01"


def test_secret_outputs_are_those_that_the_sdk_declares() -> None:
    user = schema_of(USER)
    assert user.secrets == {"passwords", "passwordsWo"}
    assert schema_of("pulumi_aws.ec2:Vpc").secrets == frozenset()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"engine": "valkey"}, 'The argument "userId" is required'),
        ({"userIds": []}, 'named "userIds" is not expected here. Did you mean "userId"?'),
        ({"passwords": "x"}, "expected array type, got string type"),
        ({"passwords": [1]}, "expected string type, got integer type"),
        ({"noPasswordRequired": "true"}, "expected boolean type, got string type"),
        ({"authenticationMode": {}}, 'The argument "type" is required'),
        ({"authenticationMode": {"kind": 1}}, 'An argument named "kind" is not expected here'),
        ({"tags": ["a"]}, "expected object type, got array type"),
    ],
)
def test_wrong_inputs_are_told(values: dict[str, object], reason: str) -> None:
    reasons = [one.reason for one in check(schema_of(USER).inputs, values)]
    assert any(reason in one for one in reasons)


def test_unknown_inputs_are_let_through() -> None:
    inputs: dict[str, object] = dict.fromkeys(
        ("userId", "userName", "engine", "accessString"), UNKNOWN
    )
    assert check(schema_of(USER).inputs, inputs) == []


def test_names_are_like_the_bridges() -> None:
    name = AutoName("name", 40, lower=True)
    assert name.make("Cache", b"seed") == name.make("Cache", b"seed")
    assert name.make("Cache", b"seed") != name.make("Cache", b"other")
    assert len(name.make("Cache")) == len("cache-") + 7
    with pytest.raises(ProviderError, match="longer than maximum length 40"):
        name.make("c" * 33)


def same_end(old: str, new: str) -> bool:
    return old.rpartition("/")[2] == new.rpartition("/")[2]


RULES = Rules(
    computed=frozenset({"filled", "nested.filled"}),
    ordered=frozenset({"ordered"}),
    documents=frozenset({"document"}),
    caseless=frozenset({"caseless"}),
    suppressed={"link": same_end, "links.link": same_end},
)


@pytest.mark.parametrize(
    ("state", "wanted", "kinds"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": "update"}),
        ({}, {"a": 1}, {"a": "add"}),
        ({"a": 1}, {}, {"a": "delete"}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": "update"}),
        ({"a": ""}, {}, {}),
        ({"a": False}, {}, {}),
        ({"filled": 1}, {}, {}),
        ({"filled": 1}, {"filled": 2}, {"filled": "update"}),
        ({"set": [1, 2]}, {"set": [2, 1]}, {}),
        ({"ordered": [1, 2]}, {"ordered": [2, 1]}, {"ordered": "update"}),
        ({"document": '{"a": 1, "b": 2}'}, {"document": '{"b":2,"a":1}'}, {}),
        ({"document": '{"a": 1}'}, {"document": '{"a":2}'}, {"document": "update"}),
        ({"caseless": "Redis"}, {"caseless": "redis"}, {}),
        ({"nested": {"filled": 1, "b": 2}}, {"nested": {"b": 2}}, {}),
        ({"nested": {"a": 1, "b": 2}}, {"nested": {"b": 2}}, {"nested": "update"}),
        ({"link": "a/b"}, {"link": "b"}, {}),
        ({"link": "a/b"}, {"link": "a"}, {"link": "update"}),
        ({"link": "a/b"}, {"link": UNKNOWN}, {"link": "update"}),
        ({"links": [{"link": "a/b"}]}, {"links": [{"link": "b"}]}, {}),
        ({"links": [{"link": "a/b"}]}, {"links": [{"link": "c"}]}, {"links": "update"}),
    ],
)
def test_differences_are_those_of_a_plan(
    state: dict[str, object], wanted: dict[str, object], kinds: dict[str, str]
) -> None:
    found = differences(RULES, {*state, *wanted}, state, wanted)
    assert {one.name: one.kind for one in found} == kinds
    assert differences(RULES, {*state, *wanted}, state, wanted, {*state, *wanted}) == []


def test_values_come_back_from_the_wire_as_they_went() -> None:
    values = {"a": 1, "b": [True, "x", {"c": 1.5}], "d": UNKNOWN, "e": {}, "f": []}
    assert from_struct(to_struct({**values, "gone": None})) == values


def test_objects_are_kept_whole_and_counted_apart(tmp_path: Path) -> None:
    cloud = FakeCloud(tmp_path)

    def count() -> None:
        for _ in range(20):
            with cloud.locked():
                seen = cloud.get("kind", "a/b") or {"count": 0}
                cloud.put("kind", "a/b", {"count": seen["count"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cloud.all("kind") == {"a/b": {"count": 80}}
    cloud.remove("kind", "a/b")
    assert cloud.all("kind") == {}
    cloud.put("some/kind", "a", {})
    assert cloud.kinds() == ["kind", "some/kind"]
    assert cloud.all("some/kind") == {"a": {}}


def test_a_fault_is_used_once_and_by_the_operation_that_it_is_meant_for(tmp_path: Path) -> None:
    cloud = FakeCloud(tmp_path)
    cloud.add_fault(operation="create", name="b", nth=2, error="no")
    assert cloud.take_fault("create", "type", "a") is None
    assert cloud.take_fault("delete", "type", "b") is None
    assert cloud.take_fault("create", "type", "b") is None
    found = cloud.take_fault("create", "type", "b")
    assert found is not None
    assert (found.when, found.error, found.delay) == ("before", "no", 0.0)
    assert cloud.take_fault("create", "type", "b") is None
    assert cloud.faults_left == 0


def test_a_delay_is_no_failure(tmp_path: Path) -> None:
    cloud = FakeCloud(tmp_path)
    cloud.add_fault(delay=0.5)
    found = cloud.take_fault("read", "type", "a")
    assert found is not None
    assert (found.error, found.delay) == (None, 0.5)


def test_a_schema_from_the_cache_is_the_one_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = schema_of(USER)
    monkeypatch.setenv(CACHE, str(tmp_path))
    for _ in range(2):
        schema_of.cache_clear()
        assert schema_of(USER) == read
    assert [path.name for path in tmp_path.glob("*/*")] == [f"{USER}.json"]
    schema_of.cache_clear()
