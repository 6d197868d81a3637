"""Changes that Azure makes only by a new cache, or not at all."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from secure_redis import replacement
from secure_redis.problems import Problem
from secure_redis.replacement import Identity, changes, shown
from secure_redis.schema import join
from secure_redis.settings import CacheSettings

from . import plan, sizes
from .settings import ClusteringPolicy

REPLACING = {
    "resourceGroup": (
        "network.resourceGroup",
        "Move the resources in Azure, or make a second cache.",
    ),
    "clusteringPolicy": (
        "azure.clusteringPolicy",
        "Make a second cache with the other policy, and move the clients and their data to it.",
    ),
    "modules": ("azure.modules", "Make a second cache with the modules, and move to it."),
    "zones": ("azure.classic.zones", "Keep the zones."),
}
"""Properties whose change replaces the data: their setting, and the safe way."""


def identity(cache: CacheSettings, network: Mapping[str, Any]) -> dict[str, pulumi.Input[Any]]:
    """The properties of a cache that do not change in place, or not every way.

    network: the facts of the network; empty for one of the cache's own, which never changes.
    """
    common: dict[str, pulumi.Input[Any]] = {
        "location": plan.location(),
        "resourceGroup": network["resource_group_name"] if network else "own",
        "protected": replacement.protected(cache),
        "locked": plan.locked(cache),
        "auth": cache.azure.auth.value,
        "activeKey": cache.azure.active_key.value,
        "principals": list(cache.azure.principal_ids),
        "logs": plan.logs(cache),
        "recoveryDays": plan.recovery_days(cache) if plan.own_vault(cache) else 0,
    }
    if cache.azure.classic:
        return {
            **common,
            "tier": plan.tier(cache),
            "size": plan.sku(cache),
            "replicas": plan.classic_replicas(cache) or 0,
            "publicAccess": cache.azure.public_access,
            "managedIdentity": plan.managed_identity(cache),
            "zones": list(cache.azure.classic.zones),
            "shards": cache.azure.classic.shards or 0,
            "firewallRules": [
                f"{r.start_ip}-{r.end_ip}" for r in cache.azure.classic.firewall_rules
            ],
        }
    size = sizes.named(plan.sku(cache))
    return {
        **common,
        "clusteringPolicy": plan.clustering_policy(cache).value,
        "modules": sorted(module.value for module in cache.azure.modules),
        "highAvailability": plan.high_availability(cache),
        "size": plan.sku(cache),
        "flash": size is not None and size.flash,
    }


def judge(path: str, cache: CacheSettings) -> replacement.Judge:
    """What is wrong with a change of the cache at `path`."""

    def problems(old: Identity, new: Identity) -> Iterator[Problem]:
        replaced = list(_replaced(old, new))
        yield from _impossible(path, old, new)
        yield from _at_once(path, old, new)
        yield from _locked(path, old, new)
        yield from _given(path, cache, old, new)
        if replaced and "activeKey" in changes(old, new):
            yield Problem(
                join(path, "azure.activeKey"),
                "cannot change together with what makes both keys anew",
                "Make one change, run, then the other.",
            )
        if replacement.refused(cache):
            for name in replaced:
                yield _refused(path, name, old, new)
        elif "clusteringPolicy" in replaced and not cache.allow_replacement:
            # Azure would refuse it, so nobody could have meant the loss.
            yield _refused(path, "clusteringPolicy", old, new)
        elif replaced and (old.get("locked") or old.get("protected")):
            setting = REPLACING[replaced[0]][0]
            yield Problem(
                _where(path, setting),
                "what it would take away is still locked or protected",
                "Undo the change and run once with allowReplacement alone; then make the change.",
            )

    return problems


def _replaced(old: Identity, new: Identity) -> Iterator[str]:
    for name in changes(old, new):
        if name in REPLACING and not (name == "clusteringPolicy" and _grows(old, new)):
            yield name


def _grows(old: Identity, new: Identity) -> bool:
    """Whether a cache without clustering gets a policy, which Azure does in place."""
    without = ClusteringPolicy.NO_CLUSTER.value
    return old["clusteringPolicy"] == without != new["clusteringPolicy"]


def _given(path: str, cache: CacheSettings, old: Identity, new: Identity) -> Iterator[Problem]:
    """Changes that the settings of the cache decide about."""
    changed = set(changes(old, new))
    if cache.allow_replacement and "clusteringPolicy" in changed and _grows(old, new):
        yield Problem(
            join(path, "azure.clusteringPolicy"),
            "changes in place, and allowReplacement would make the database anew for it",
            "Remove allowReplacement.",
        )
    if "recoveryDays" in changed and cache.azure.vault_recovery_days is not None:
        yield Problem(
            join(path, "azure.vaultRecoveryDays"),
            "is decided when the vault is made",
            f"Set it back to {shown(old['recoveryDays'])}, or remove it.",
        )


AT_ONCE = {
    "azure.auth": ("auth",),
    "azure.classic.sku": ("size", "shards", "replicas"),
    "azure.classic.snapshots": ("managedIdentity",),
    "azure.publicAccess": ("publicAccess",),
}
"""Settings of a classic cache, and their properties, that a request changes one of (API Redis)."""


def _at_once(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """Changes of a classic cache that Azure makes in requests of their own."""
    if "tier" not in old:
        return
    changed = set(changes(old, new))
    settings = [setting for setting, names in AT_ONCE.items() if changed.intersection(names)]
    for other in settings[1:]:
        yield Problem(
            join(path, other),
            f"Azure does not change it together with {settings[0]}",
            "Make one change, run, then the other.",
        )


def _refused(path: str, name: str, old: Identity, new: Identity) -> Problem:
    setting, safe_way = REPLACING[name]
    change = f"{shown(old[name]) or 'none'} to {shown(new[name]) or 'none'}"
    return Problem(
        _where(path, setting),
        f"changing it from {change} puts a new, empty cache in place of this one: all data and "
        "both access keys would be lost",
        f'{safe_way} Or accept the loss: allowReplacement: "why".',
    )


def _where(path: str, setting: str) -> str:
    """Where a setting stands: in the cache, or for the whole stack."""
    return setting if setting.startswith("network.") else join(path, setting)


def _impossible(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """Changes that the service refuses."""
    changed = set(changes(old, new))
    if "location" in changed:
        yield Problem(
            "azure-native:location",
            f"what is in {shown(old['location'])} stays there: the provider moves nothing",
            "Set it back, and make a second stack in the other region.",
        )
    if "highAvailability" in changed and old["highAvailability"]:
        yield Problem(
            join(path, "replicas"),
            "Azure Managed Redis never gives up its copy of the data again",
            "Keep 1, or make a second cache with 0.",
        )
    if "clusteringPolicy" in changed and _grows(old, new) and _too_large(new):
        yield Problem(
            join(path, "azure.clusteringPolicy"),
            f"the size changes before the policy, and NoCluster ends at {sizes.NO_CLUSTER_GB} GB",
            f"Set it to {new['clusteringPolicy']}, run, then choose the larger size.",
        )
    if "flash" in changed:
        yield Problem(
            join(path, "azure.sku"),
            "a cache cannot move to a size on flash, or away from one",
            "Make a second cache, and move the clients and their data to it.",
        )
    if "tier" in changed:
        yield from _tiers(path, str(old["tier"]), str(new["tier"]))
    if "shards" in changed and not new["shards"]:
        yield Problem(
            join(path, "azure.classic.shards"),
            "cluster mode cannot be turned off again",
            "Use one shard.",
        )


def _too_large(new: Identity) -> bool:
    """Whether the new size is one that does not run without clustering."""
    size = sizes.named(str(new["size"]))
    return size is None or not size.runs_alone


TIERS = ("Basic", "Standard", "Premium")


def _tiers(path: str, old: str, new: str) -> Iterator[Problem]:
    where, step = join(path, "azure.classic.sku"), TIERS.index(new) - TIERS.index(old)
    if step < 0:
        reason = f"a cache cannot go back from {old} to {new}"
        yield Problem(where, reason, "Make a second cache, better of Azure Managed Redis.")
    elif step > 1:
        reason = f"a cache goes from {old} to {new} by way of Standard only"
        yield Problem(where, reason, "Use a Standard size, run, then a Premium one.")


def _locked(path: str, old: Identity, new: Identity) -> Iterator[Problem]:
    """What cannot be taken away while Azure's lock is on the cache: it holds for parts too."""
    if not (old.get("locked") and new.get("locked")):
        return
    gone = {
        "azure.principalIds": _without(old, new, "principals"),
        "azure.classic.firewallRules": _without(old, new, "firewallRules"),
        "azure.logs": bool(old.get("logs")) and not new.get("logs"),
    }
    for setting, taken in gone.items():
        if taken:
            yield Problem(
                join(path, setting),
                "takes something away that the lock of the cache keeps",
                "Set azure.lock: false in the same run, and remove it afterwards.",
            )


def _without(old: Identity, new: Identity, name: str) -> bool:
    """Whether a list has lost something."""
    before, after = old.get(name) or [], new.get(name) or []
    if isinstance(before, pulumi.output.Unknown) or isinstance(after, pulumi.output.Unknown):
        return False
    return any(item not in after for item in before)
