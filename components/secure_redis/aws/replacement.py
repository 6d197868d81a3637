"""Changes that ElastiCache makes only by a new cache, or not at all."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from secure_redis import replacement
from secure_redis.problems import Problem
from secure_redis.replacement import Identity, changes, shown
from secure_redis.schema import join
from secure_redis.settings import CacheSettings, Engine

from . import plan, versions
from .settings import Auth

REPLACING = {
    "kind": ("aws.serverless", "Make a second cache and move the clients and their data to it."),
    "port": ("aws.port", "Keep the port."),
    "kmsKey": (
        "aws.kmsKeyArn",
        (
            "Keep the key: its material is replaced every year without a new key. For another key "
            "restore a snapshot into a second cache."
        ),
    ),
    "network": ("network", "Restore a snapshot into a second cache in the other network."),
    "vpcId": ("network", "Restore a snapshot into a second cache in the other network."),
    "subnetIds": ("network", "Keep the subnets of a serverless cache, or make a second one."),
    "dataTiering": (
        "aws.nodeType",
        "Stay with node types of one kind: r6gd types keep part of the data on disk, others none.",
    ),
    "serverlessEngine": ("engine", "Restore a snapshot into a second cache."),
    "serverlessVersion": ("aws.engineVersion", "Restore a snapshot into a second cache."),
}
"""Properties whose change replaces the cache: their setting, and the safe way."""


def identity(cache: CacheSettings, network: Mapping[str, Any]) -> dict[str, pulumi.Input[Any]]:
    """The properties of a cache that do not change in place, or not every way.

    network: the facts of the network; empty for one of the cache's own, which never changes.
    """
    serverless = cache.aws.serverless is not None
    version = plan.engine_version(cache)
    common: dict[str, pulumi.Input[Any]] = {
        "kind": "serverless" if serverless else "nodes",
        "kmsKey": cache.aws.kms_key_arn or ("own" if plan.own_key(cache) else "aws"),
        "network": "given" if network else "own",
        **({"vpcId": network["vpc_id"]} if network else {}),
        "protected": replacement.protected(cache),
        "auth": cache.aws.auth.value,
        "automaticRotation": cache.aws.automatic_rotation,
        "generation": cache.rotation.generation,
        "keepPrevious": cache.rotation.keep_previous,
    }
    if serverless:
        return {
            **common,
            **({"subnetIds": network["subnet_ids"]} if network else {}),
            "serverlessEngine": cache.engine.value,
            "serverlessVersion": versions.major(version),
        }
    return {
        **common,
        "port": cache.aws.port,
        "engine": cache.engine.value,
        "engineVersion": version,
        "dataTiering": plan.data_tiering(plan.node_type_name(cache)),
        "shards": cache.aws.shards or 0,
        "replicas": cache.replicas,
        "multiAz": plan.multi_az(cache),
        "snapshotDays": plan.snapshot_days(cache),
    }


def judge(path: str, cache: CacheSettings) -> replacement.Judge:
    """What is wrong with a change of the cache at `path`."""

    def problems(old: Identity, new: Identity) -> Iterator[Problem]:
        yield from _impossible(path, old, new)
        if replacement.refused(cache):
            yield from _replacing(path, old, new)
        elif old.get("protected"):
            yield from _protected(path, old, new)

    return problems


def _replacing(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    found = [name for name in changes(old, new) if name in REPLACING]
    strangers = _users_of_valkey(old, new)
    if strangers:
        found = [name for name in found if name not in {"serverlessEngine", "serverlessVersion"}]
    for name in ["kind"] if "kind" in found else found:
        setting, safe_way = REPLACING[name]
        yield _replaced(path, setting, f"{shown(old[name])} to {shown(new[name])}", safe_way)
    if not strangers and _engines(old, new) == (Engine.VALKEY.value, Engine.REDIS.value):
        safe_way = "Stay with valkey, or restore a snapshot into a second cache."
        yield _replaced(path, "engine", "valkey to redis", safe_way)
    elif _downgraded(old, new):
        change = f"{old['engineVersion']} to {new['engineVersion']}"
        yield _replaced(path, "aws.engineVersion", change, "Keep the version.")


def _protected(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """What goes without something of its kind in its place, and is protected in the state.

    The engine lifts the protection only of what is still there.
    """
    gone = {"kind"} if old.get("kmsKey") != "own" else {"kind", "kmsKey"}
    for name in changes(old, new):
        if name in gone:
            yield Problem(
                join(path, REPLACING[name][0]),
                "what it would take away is still protected",
                "Undo the change and run once with allowReplacement alone, or with protect: false; "
                "then make the change.",
            )


def _engines(old: Identity, new: Identity) -> tuple[Any, ...]:
    return tuple(one.get("engine", one.get("serverlessEngine")) for one in (old, new))


def _users_of_valkey(old: Identity, new: Identity) -> bool:
    """Whether users that were made for Valkey would have to serve Redis, which refuses them."""
    back = _engines(old, new) == (Engine.VALKEY.value, Engine.REDIS.value)
    return back and old.get("auth") != Auth.TOKEN.value


def _downgraded(old: Identity, new: Identity) -> bool:
    if old.get("engine") != new.get("engine") or "engineVersion" not in old.keys() & new.keys():
        return False
    return versions.number(str(new["engineVersion"])) < versions.number(str(old["engineVersion"]))


def _replaced(path: str, setting: str, change: str, safe_way: str) -> Problem:
    return Problem(
        join(path, setting),
        f"changing it from {change} puts a new, empty cache in place of this one: all data, the "
        "daily snapshots and the host name would be lost, only a final snapshot stays, if there is "
        "one",
        f'{safe_way} Or accept the loss: allowReplacement: "why".',
    )


def _impossible(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """Changes that the service refuses, or that would leave the cache open meanwhile."""
    changed = set(changes(old, new))
    if "auth" in changed and new["auth"] == Auth.TOKEN.value:
        yield Problem(
            join(path, "aws.auth"),
            "a cache with users cannot go to an AUTH token: between the two it would answer "
            "without any password",
            "Stay with rbac, or make a second cache.",
        )
    if "auth" not in changed:
        yield from _automatic_rotation(path, old, new, changed)
    if old.get("auth") == new.get("auth") == Auth.TOKEN.value:
        yield from _token(path, new, changed)
    if _users_of_valkey(old, new):
        yield Problem(
            join(path, "engine"),
            "a cache of Redis refuses the users that were made for Valkey",
            "Stay with valkey, or restore a snapshot into a second cache with engine: redis.",
        )
    if "shards" in changed and 0 in {old["shards"], new["shards"]}:
        yield Problem(
            join(path, "aws.shards"),
            "cluster mode is decided when the cache is made: clients of the one mode do not "
            "understand the other",
            "Restore a snapshot into a second cache.",
        )
    if "replicas" in changed and not new["replicas"] and old["shards"] and old.get("multiAz"):
        yield Problem(
            join(path, "replicas"),
            "in cluster mode the last replicas cannot go while they are in other zones, and the "
            "provider takes them away first",
            "Set aws.multiAz: false, run, then lower replicas.",
        )
    if "snapshotDays" in changed and old.get("snapshotDays") == 0 and old.get("shards"):
        yield Problem(
            join(path, "aws.snapshotRetentionDays"),
            "the provider cannot turn snapshots on for a cache in cluster mode",
            "Turn them on with the AWS command line, then set the same number here.",
        )


def _automatic_rotation(
    path: str, old: Identity, new: Identity, changed: set[str]
) -> Iterator[Problem]:
    where = join(path, "rotation.generation")
    if old.get("automaticRotation") and "automaticRotation" in changed:
        if "generation" not in changed:
            yield Problem(
                where,
                "the stack does not know the password that Secrets Manager made last",
                "Raise it by one in the run that turns aws.automaticRotation off.",
            )
    elif new.get("automaticRotation") and "generation" in changed:
        yield Problem(
            where,
            "has no effect while Secrets Manager makes the passwords",
            "Rotate in Secrets Manager, or turn aws.automaticRotation off in the same run.",
        )


def _token(path: str, new: Identity, changed: set[str]) -> Iterator[Problem]:
    if "generation" in changed and not new.get("keepPrevious"):
        yield Problem(
            join(path, "rotation.generation"),
            "ElastiCache takes a new AUTH token only beside the old one",
            "Set keepPrevious: true as well, run, move the clients, then set it to false.",
        )
