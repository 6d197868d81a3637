"""`ClassicRedis`: the retiring Azure Cache for Redis."""

from datetime import datetime, timezone
from typing import Any

import pulumi
from pulumi_azure_native import redis

from secure_redis.args import CacheArgs
from secure_redis.configuration import InvalidArguments, cache_from_args
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings, Persistence, Target

from . import alarms, logs, names, plan, questions, retirement
from .component import AzureCache, Keys, Service
from .secret import Vault, suffix
from .site import Site
from .users import assignments

ACCESS_POLICY = "Data Contributor"
"""Reads and writes, and no administration (Azure Cache for Redis, built-in access policies)."""

VERSION = "6"
"""Version of Redis: there is no other (API redisVersion)."""

PATCH_WINDOW = "PT5H"
"""Length of a patch window, the shortest there is (API maintenanceWindow)."""

TIMEOUT = pulumi.CustomTimeouts(create="180m", update="180m", delete="180m")
"""Azure takes its time with a Premium cache."""


class ClassicRedis(AzureCache):
    """A cache on Azure Cache for Redis, which Azure turns off on 2028-10-01.

    For those who must stay a while; warns in every run. Raises `InvalidArguments` with everything
    that is wrong before any resource is made, and so it does without
    `azure.classic.acknowledge_retirement`.
    """

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, args, Target.AZURE)
        if given.cache.azure.classic is None:
            raise InvalidArguments(
                [
                    Problem(
                        "azure.classic",
                        "is required for a classic cache",
                        "Set acknowledge_retirement in it, or use ManagedRedis.",
                    )
                ]
            )
        site, where = self._begin("ClassicRedis", name, given, opts)
        today = datetime.now(timezone.utc).date()
        shards = given.cache.azure.classic.shards or 1
        pulumi.log.warn(retirement.warning(plan.sku(given.cache), shards, today), self)
        self._complete(site, where, _service(site, where))


def _service(site: Site, where: Vault) -> Service:
    cache, settings = site.cache, plan.classic(site.cache)
    tier, _, size = plan.sku(cache).partition("_")
    made = redis.Redis(
        site.name,
        name=site.identity,
        resource_group_name=site.group,
        sku={"name": tier, "family": size[0], "capacity": int(size[1:])},
        redis_version=VERSION,
        enable_non_ssl_port=False,
        minimum_tls_version="1.2",
        public_network_access="Enabled" if cache.azure.public_access else "Disabled",
        disable_access_key_authentication=not plan.keys(cache),
        redis_configuration=redis.RedisCommonPropertiesRedisConfigurationArgs(
            **_configuration(cache)
        ),
        shard_count=settings.shards,
        replicas_per_primary=plan.classic_replicas(cache),
        zones=settings.zones or None,
        identity={"type": redis.ManagedServiceIdentityType.SYSTEM_ASSIGNED}
        if plan.managed_identity(cache)
        else None,
        tags=site.tags,
        opts=site.holding_data(
            replace_on_changes=["zones"],
            # Its successor has the same name.
            delete_before_replace=True,
            custom_timeouts=TIMEOUT,
        ),
    )

    def declare(
        label: str,
        assignment: pulumi.Output[str],
        object_id: pulumi.Output[str],
        options: pulumi.ResourceOptions,
    ) -> redis.AccessPolicyAssignment:
        return redis.AccessPolicyAssignment(
            label,
            access_policy_assignment_name=assignment,
            access_policy_name=ACCESS_POLICY,
            cache_name=made.name,
            resource_group_name=site.group,
            object_id=object_id,
            object_id_alias=object_id,
            opts=options,
        )

    ready = assignments(site, declare, [made])
    ready += _firewall(site, made, ready)
    ready += _patches(site, made, ready)
    return Service(
        cache=made,
        resource_id=made.id,
        endpoints="redisCache",
        host=made.host_name,
        version=made.redis_version.apply(lambda version: version or VERSION),
        ready=[made, *ready],
        keys=_keys(site, where, made) if plan.keys(cache) else None,
        alarms=alarms.classic_alarms(alarms.profile(site), cache.purpose, plan.sku(cache)),
        diagnostics=[logs.Source("diagnostics", made.id, made, logs.ALL_LOGS, metrics=True)],
    )


def _configuration(cache: CacheSettings) -> dict[str, Any]:
    """The configuration of the server; all values are texts."""
    settings = plan.classic(cache)
    # Azure turns tokens on and keys off in requests of their own: with both on from the beginning,
    # keys can go and come back. Nobody has a login with a token until it is given one.
    ours = {"maxmemory_policy": cache.eviction_policy.value, "aad_enabled": "true"}
    given = {name.replace("-", "_"): value for name, value in settings.parameters.items()}
    return {**given, **ours, **_storage(cache)}


def _storage(cache: CacheSettings) -> dict[str, Any]:
    snapshots = plan.classic(cache).snapshots
    if snapshots is None:
        return {}
    if plan.persistence(cache) is Persistence.AOF:
        place = "aof_storage_connection_string0"
        how = {"aof_backup_enabled": "true"}
    else:
        place = "rdb_storage_connection_string"
        minutes = str(snapshots.frequency_minutes)
        how = {"rdb_backup_enabled": "true", "rdb_backup_frequency": minutes}
    if plan.managed_identity(cache):
        return {
            **how,
            "preferred_data_persistence_auth_method": "ManagedIdentity",
            "storage_subscription_id": snapshots.storage_subscription_id,
        }
    return {
        **how,
        "preferred_data_persistence_auth_method": "SAS",
        place: pulumi.Output.secret(snapshots.connection_string),
    }


def _keys(site: Site, where: Vault, made: redis.Redis) -> Keys:
    names_end = suffix(site, where, "secrets")
    return Keys.told(
        questions.answer(
            "redis:listRedisKeys",
            {"name": made.name, "resourceGroupName": site.group},
            site.parent,
            [made, names_end],
        ),
        names_end,
    )


def _firewall(
    site: Site, made: redis.Redis, before: list[pulumi.Resource]
) -> list[pulumi.Resource]:
    rules: list[pulumi.Resource] = []
    for rule in plan.classic(site.cache).firewall_rules:
        name = names.identifier("from", rule.start_ip, "to", rule.end_ip)
        rules.append(
            redis.FirewallRule(
                f"{site.name}-{name}",
                rule_name=name,
                cache_name=made.name,
                resource_group_name=site.group,
                start_ip=rule.start_ip,
                end_ip=rule.end_ip,
                opts=site.child(depends_on=[*before, *rules][-1:]),
            )
        )
    return rules


def _patches(site: Site, made: redis.Redis, before: list[pulumi.Resource]) -> list[pulumi.Resource]:
    windows = plan.classic(site.cache).patch_windows
    if not windows:
        return []
    return [
        redis.PatchSchedule(
            site.name,
            name=made.name,
            default="default",
            resource_group_name=site.group,
            schedule_entries=[
                {
                    "day_of_week": redis.DayOfWeek(window.day.value),
                    "start_hour_utc": window.hour,
                    "maintenance_window": PATCH_WINDOW,
                }
                for window in windows
            ],
            opts=site.child(depends_on=before[-1:]),
        )
    ]
