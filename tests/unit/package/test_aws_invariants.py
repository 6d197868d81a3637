"""What holds for every cache that the settings accept, whatever they are."""

import re
from ipaddress import ip_network
from typing import Any

from aws_cases import KEY_ARN, READER_ARN, TOPIC_ARN, elasticache
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from package_components import outputs_of
from package_monitor import Secret, World, leaves, reveal, run
from secure_redis.aws.versions import KNOWN
from secure_redis.component import SECRET_OUTPUTS
from secure_redis.configuration import InvalidArguments
from secure_redis.settings import Engine

GROUPS = ["sg-0a1b2c3d", "sg-4e5f6071"]
CIDRS = ["10.1.0.0/16", "192.168.7.0/24", "fd00:ec2::/32"]
LISTS = ["pl-0a1b2c3d"]


MEASURED: dict[str, Any] = {
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.generate],
}
"""An example takes a third of a second: to shrink a failing one would take minutes."""


def some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=len(values))


ACCESS = st.fixed_dictionaries(
    {
        "security_group_ids": some(GROUPS),
        "cidrs": some(CIDRS),
        "prefix_list_ids": some(LISTS),
        "secret_readers": some([READER_ARN]),
    }
).filter(lambda access: any(access[key] for key in access if key != "secret_readers"))

ALARMS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["off", "basic", "full"]),
        "notify": some([TOPIC_ARN]),
    },
)


@st.composite
def logins(draw: st.DrawFn, kinds: list[str]) -> dict[str, Any]:
    """How clients log in, and how far the rotation of the password is."""
    auth = draw(st.sampled_from(kinds))
    if auth == "rbac" and draw(st.booleans()):
        return {"aws": {"auth": auth, "automatic_rotation": True}}
    if auth == "iam":
        return {"aws": {"auth": auth}}
    generation = draw(st.integers(1, 4))
    keep = generation > 1 and draw(st.booleans())
    return {
        "aws": {"auth": auth},
        "rotation": {"generation": generation, "keep_previous": keep},
    }


@st.composite
def serverless(draw: st.DrawFn) -> dict[str, Any]:
    """A cache without nodes."""
    found = draw(logins(["rbac", "iam"]))
    limits = {"max_ecpu_per_second": draw(st.integers(1000, 15_000_000))}
    purpose = draw(st.sampled_from(["cache", "sessions"]))
    return {**found, "purpose": purpose, "aws": {**found["aws"], "serverless": limits}}


@st.composite
def nodes(draw: st.DrawFn) -> dict[str, Any]:
    """A cache with nodes."""
    found = draw(logins(["rbac", "token", "iam"]))
    replicas = draw(st.integers(0, 2))
    aws = draw(
        st.fixed_dictionaries(
            {key: st.just(value) for key, value in found["aws"].items()},
            optional={
                "shards": st.integers(1, 2),
                "port": st.integers(1150, 65535),
                "node_type": st.sampled_from(["cache.r6gd.xlarge", "cache.t4g.small"]),
                **({"multi_az": st.booleans()} if replicas else {}),
            },
        )
    )
    purpose = draw(st.sampled_from(["cache", "sessions", "queue"]))
    return {**found, "purpose": purpose, "replicas": replicas, "aws": aws}


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of a cache: what goes together, since what is refused proves nothing."""
    found = draw(st.one_of(nodes(), serverless()))
    engine = draw(st.sampled_from(list(Engine)))
    aws = draw(
        st.fixed_dictionaries(
            {key: st.just(value) for key, value in found["aws"].items()},
            optional={
                "engine_version": st.sampled_from(KNOWN[engine]),
                "kms_key_arn": st.just(KEY_ARN),
                "secret_recovery_days": st.sampled_from([0, 7, 30]),
            },
        )
    )
    return {
        **found,
        "environment": draw(st.sampled_from(["development", "staging", "production"])),
        "engine": engine.value,
        "aws": aws,
        "access": draw(ACCESS),
        "alarms": draw(ALARMS),
    }


def assert_a_safe_group(inputs: dict[str, Any]) -> None:
    replicas = inputs.get("numCacheClusters", 1) - 1
    clustered = inputs["clusterMode"] == "enabled"
    if clustered:
        assert inputs["numNodeGroups"] >= 1
        replicas = inputs["replicasPerNodeGroup"]
    assert ("numCacheClusters" in inputs) != clustered, "the one count excludes the others"
    assert ("numNodeGroups" in inputs) == ("replicasPerNodeGroup" in inputs) == clustered
    assert inputs["automaticFailoverEnabled"] == (clustered or replicas > 0)
    if inputs["multiAzEnabled"]:
        assert inputs["automaticFailoverEnabled"]
        assert replicas > 0
    assert inputs["transitEncryptionEnabled"] is True
    assert inputs["transitEncryptionMode"] == "required"
    assert inputs["atRestEncryptionEnabled"] is True
    assert ("authToken" in inputs) != bool(inputs.get("userGroupIds"))
    assert len(inputs.get("userGroupIds", [""])) == 1
    assert inputs["dataTieringEnabled"] == inputs["nodeType"].startswith("cache.r6gd.")
    if "authToken" in inputs:
        assert re.fullmatch(r"[A-Za-z0-9]{48}", inputs["authToken"])
        assert inputs["authTokenUpdateStrategy"] in {"SET", "ROTATE"}
    else:
        assert inputs["authTokenUpdateStrategy"] == "DELETE"


def assert_only_named_sources(world: World, access: dict[str, Any]) -> None:
    wanted = [
        *(("referencedSecurityGroupId", group) for group in access["security_group_ids"]),
        *(("prefixListId", prefix_list) for prefix_list in access["prefix_list_ids"]),
        *((f"cidrIpv{ip_network(cidr).version}", cidr) for cidr in access["cidrs"]),
    ]
    kinds = {"referencedSecurityGroupId", "prefixListId", "cidrIpv4", "cidrIpv6"}
    rules = [r.plain for r in world.all("SecurityGroupIngressRule")]
    found = [(key, rule[key]) for rule in rules for key in kinds & rule.keys()]
    assert sorted(found) == sorted(wanted)
    port = reveal(outputs_of(world))["port"]
    assert all(rule["fromPort"] <= port <= rule["toPort"] for rule in rules)
    assert not any(r.plain.keys() & {"ingress", "egress"} for r in world.all("SecurityGroup"))


def assert_legal_names(world: World) -> None:
    ids = [r.plain["userId"] for r in world.all("User")]
    ids += [r.plain["userGroupId"] for r in world.all("UserGroup")]
    ids += [
        r.plain["finalSnapshotIdentifier"]
        for r in world.all("ReplicationGroup")
        if "finalSnapshotIdentifier" in r.plain
    ]
    for each in ids:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", each)
        assert len(each) <= 40
    assert len(ids) == len(set(ids))
    urns = [r.urn for r in world.resources]
    assert len(urns) == len(set(urns))


def assert_secrets_are_kept(world: World) -> None:
    secrets = world.secrets()
    for resource in world.made:
        for path, value, marked in leaves({"in": resource.inputs, "out": resource.outputs}):
            assert marked or not any(secret in str(value) for secret in secrets), (
                f"{resource.urn} {path}"
            )
    outputs = outputs_of(world)
    assert {n for n, value in outputs.items() if isinstance(value, Secret)} == SECRET_OUTPUTS
    assert "None" not in str(reveal(outputs)["url"])


def assert_safe(world: World, args: dict[str, Any]) -> None:
    for group in world.all("ReplicationGroup"):
        assert_a_safe_group(group.plain)
    for cache in world.all("ServerlessCache"):
        assert cache.plain["userGroupId"]
        assert len(cache.plain["subnetIds"]) in {2, 3}
    production = args["environment"] == "production"
    (holder,) = world.all("ReplicationGroup") + world.all("ServerlessCache")
    assert bool(holder.request.protect) == production
    assert not production or holder.plain["kmsKeyId"], "a key of the customer's"
    assert_only_named_sources(world, args["access"])
    assert_legal_names(world)
    assert_secrets_are_kept(world)


def test_every_cache_that_is_accepted_is_safe() -> None:
    accepted: list[bool] = []

    @hypothesis_settings(max_examples=30, **MEASURED)
    @given(arguments())
    def check(args: dict[str, Any]) -> None:
        world = run(lambda: elasticache(**args))
        accepted.append(world.error is None)
        if isinstance(world.error, InvalidArguments):
            assert world.made == []
            return
        assert world.error is None, world.error
        assert_safe(world, args)

    check()
    assert sum(accepted) > len(accepted) / 2, "what is refused proves nothing"


@hypothesis_settings(max_examples=8, **MEASURED)
@given(arguments())
def test_a_preview_registers_what_the_update_will(args: dict[str, Any]) -> None:
    """What depended on an answer of AWS's would make a preview that promises something else."""
    shown, made = (run(lambda: elasticache(**args), preview=p) for p in (True, False))
    assert (shown.error is None) == (made.error is None)
    assert sorted(r.urn for r in shown.resources) == sorted(r.urn for r in made.resources)
