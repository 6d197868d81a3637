"""Changes that Google makes only by a new cache, or not at all."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from secure_redis import replacement
from secure_redis.problems import Problem, report
from secure_redis.replacement import Identity, changes, shown
from secure_redis.schema import join
from secure_redis.settings import CacheSettings, Engine

from . import plan, versions

SECOND = "Make a second cache, and move the clients and their data to it."

NEW_STRING = (
    "Memorystore for Redis keeps its AUTH string for as long as it lives: a new one is that of a "
    "new cache in place of this one"
)

REPLACING = {
    "project": ("gcp:project", "Make a second stack in the other project."),
    "region": ("gcp:region", "Make a second stack in the other region."),
    "network": ("network", SECOND),
    "range": ("network.privateServices", "Keep the range: addresses do not move."),
    "tier": ("replicas", f"Google turns no cache of one tier into the other. {SECOND}"),
    "mode": ("gcp.shards", f"Google turns cluster mode neither on nor off. {SECOND}"),
    "zone": ("gcp.zone", "Keep the zone."),
    "alternativeZone": ("gcp.alternativeZone", "Keep the zone."),
    "key": ("gcp.customerManagedKey", SECOND),
    "generation": ("rotation.generation", "Set rotation.keepPrevious: true beside it."),
}
"""Properties whose change replaces the data: their setting, and the safe way."""


def identity(cache: CacheSettings, network: Mapping[str, Any]) -> dict[str, pulumi.Input[Any]]:
    """The properties of a cache that do not change in place, or not every way.

    network: the facts of the network; empty for one of the cache's own, which never changes.
    """
    key = cache.gcp.customer_managed_key
    common: dict[str, pulumi.Input[Any]] = {
        "project": plan.project(),
        "region": plan.region(),
        "network": network["network_id"] if network else "own",
        "zone": cache.gcp.zone or "",
        "key": "" if key is None else "own" if key.key_name is None else key.key_name,
        "engineVersion": plan.engine_version(cache),
        "secretLocations": sorted(cache.gcp.secret_locations),
        "protected": replacement.protected(cache),
    }
    if plan.valkey(cache):
        return {**common, "mode": plan.mode(cache)}
    return {
        **common,
        "range": network["reserved_range_name"] if network else "own",
        "tier": plan.tier(cache),
        "alternativeZone": cache.gcp.alternative_zone or "",
        "readReplicas": plan.read_replicas(cache),
        "secondaryRange": bool(cache.gcp.secondary_range),
        "generation": cache.rotation.generation,
        "keepPrevious": cache.rotation.keep_previous,
    }


def judge(path: str, cache: CacheSettings) -> replacement.Judge:
    """What is wrong with a change of the cache at `path`."""

    def problems(old: Identity, new: Identity) -> Iterator[Problem]:
        replaced = list(_replaced(old, new))
        yield from _impossible(path, cache.engine, old, new)
        yield from _read_replicas(path, old, new, made_anew=bool(replaced))
        if "generation" in replaced and not replacement.refused(cache):
            pulumi.log.warn(f"{path}: {NEW_STRING}, without its data")
        if replacement.refused(cache):
            for name in replaced:
                yield _refused(path, name, old, new)
            yield from _secrets(path, old, new)
        elif old.get("protected") and (replaced or _moves_secrets(old, new)):
            setting = REPLACING[replaced[0]][0] if replaced else LOCATIONS
            yield Problem(
                _where(path, setting),
                "what it would take away is still protected",
                "Undo the change and run once with allowReplacement alone; then make the change.",
            )

    return problems


def _replaced(old: Identity, new: Identity) -> Iterator[str]:
    for name in changes(old, new):
        # Left out of the program, a zone stays what it is.
        unset = name in {"zone", "alternativeZone"} and not new[name]
        beside = name == "generation" and new["keepPrevious"]
        if name in REPLACING and not unset and not beside:
            yield name


def _impossible(path: str, engine: Engine, old: Identity, new: Identity) -> Iterator[Problem]:
    """Changes that the service refuses, or that would not do what was meant."""
    changed = set(changes(old, new))
    if "engineVersion" in changed and versions.lower(
        engine, str(new["engineVersion"]), str(old["engineVersion"])
    ):
        yield Problem(
            join(path, "gcp.engineVersion"),
            f"a cache of version {old['engineVersion']} cannot go back to {new['engineVersion']}",
            f"Set it to {old['engineVersion']}, or make a second cache.",
        )
    if "readReplicas" in changed and old["readReplicas"] and "tier" not in changed:
        yield Problem(
            join(path, "gcp.readReplicas"),
            "read replicas cannot be turned off again",
            "Set it to true.",
        )
    if "generation" in changed:
        yield from _generations(path, int(old["generation"]), int(new["generation"]), new)
    elif "keepPrevious" in changed and new["keepPrevious"]:
        yield Problem(
            join(path, "rotation.keepPrevious"),
            "comes too late: the cache before this one is gone, and another would be empty",
            f"Remove it, or set rotation.generation to {int(new['generation']) + 1} beside it.",
        )


def _read_replicas(
    path: str, old: Identity, new: Identity, *, made_anew: bool
) -> Iterator[Problem]:
    """Read replicas that are turned on for a cache that exists: Google asks where they go."""
    changed = set(changes(old, new))
    where = join(path, "gcp.secondaryRange")
    if new.get("secondaryRange") and (made_anew or "generation" in changed):
        yield Problem(
            where, "is for a cache that exists, and this change makes a new one", "Remove it."
        )
    if made_anew or "readReplicas" not in changed or old["readReplicas"]:
        return
    if new["keepPrevious"]:
        yield Problem(
            join(path, "rotation.keepPrevious"),
            "leaves two caches, and read replicas are turned on for one",
            "Make one change, run, then make the other.",
        )
    elif not new.get("secondaryRange"):
        yield Problem(
            where,
            "is needed to turn read replicas on for a cache that exists: they get addresses of "
            "their own",
            "Set it to auto.",
        )


def new_cache(
    name: str, cache: CacheSettings, generation: int
) -> pulumi.ResourceHookBinding | None:
    """Refuses, in previews too, that Google makes a cache with what only one that exists takes."""
    if not cache.gcp.secondary_range:
        return None

    def refuse(_: pulumi.ResourceHookArgs) -> None:
        problem = Problem(
            join(name, "gcp.secondaryRange"),
            "is for a cache that exists: Google ignores it for a new one, and refuses it later",
            "Remove it.",
        )
        raise pulumi.RunError(report([problem]))

    hook = replacement.hook(f"range of {name} {generation}", refuse)
    return pulumi.ResourceHookBinding(before_create=[hook])


def _generations(path: str, old: int, new: int, now: Identity) -> Iterator[Problem]:
    if now["keepPrevious"] and new != old + 1:
        yield Problem(
            join(path, "rotation.generation"),
            f"goes from {old} to {new}: the cache before it would be a new, empty one too",
            f"Set it to {old + 1}.",
        )
    elif new < old:
        yield Problem(
            join(path, "rotation.generation"),
            "counts the caches that there were, and never down",
            f"Set it to {old}, or to {old + 1} for a new one.",
        )


LOCATIONS = "gcp.secretLocations"


def _moves_secrets(old: Identity, new: Identity) -> bool:
    return "secretLocations" in changes(old, new)


def _secrets(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """Secrets in other regions are other secrets, of the same name."""
    if _moves_secrets(old, new):
        yield Problem(
            join(path, LOCATIONS),
            "Google moves no secret: it goes with all its versions, and readers find none until "
            "the new one is there",
            'Set it back. Or accept that: allowReplacement: "why".',
        )


def _refused(path: str, name: str, old: Identity, new: Identity) -> Problem:
    setting, safe_way = REPLACING[name]
    change = f"{shown(old[name]) or 'none'} to {shown(new[name]) or 'none'}"
    reason = f"changing it from {change} puts a new, empty cache in place of this one"
    if name == "generation":
        reason = f"{NEW_STRING}, which is empty"
    return Problem(
        _where(path, setting),
        f"{reason}: all data would be lost",
        f'{safe_way} Or accept the loss: allowReplacement: "why".',
    )


def _where(path: str, setting: str) -> str:
    """Where a setting stands: in the cache, or for the whole stack."""
    stack = setting.startswith(("network", f"{plan.NAMESPACE}:"))
    return setting if stack else join(path, setting)
