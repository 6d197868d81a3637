"""`ManagedRedis`: Redis on Azure Managed Redis."""

from typing import Any

import pulumi
from pulumi_azure_native import redisenterprise

from secure_redis.args import CacheArgs
from secure_redis.configuration import InvalidArguments, cache_from_args
from secure_redis.problems import Problem
from secure_redis.settings import CacheSettings, Persistence, Target

from . import alarms, keys, logs, plan, questions
from .component import AzureCache, Keys, Service
from .secret import Vault, suffix
from .site import Site
from .users import assignments

DATABASE = "default"
"""Name of the one database that a cluster has (API databases)."""

ACCESS_POLICY = "default"
"""The one access policy: all commands (API accessPolicyAssignments)."""

TIMEOUT = pulumi.CustomTimeouts(create="60m", update="60m", delete="60m")
"""Azure makes and scales a cluster in 10 to 30 minutes, and sometimes in more."""


class ManagedRedis(AzureCache):
    """A cache on Azure Managed Redis: TLS, keys or Entra, a private endpoint, a vault, alarms.

    Raises `InvalidArguments` with everything that is wrong before any resource is made. A change
    that would put a new, empty cache in place of this one fails in the preview in production, until
    `allow_replacement` gives a reason.
    """

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, args, Target.AZURE)
        if given.cache.azure.classic:
            raise InvalidArguments(
                [Problem("azure.classic", "is a cache of another kind", "Use ClassicRedis.")]
            )
        site, where = self._begin("ManagedRedis", name, given, opts)
        self._complete(site, where, _service(site, where))


def component(name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> AzureCache:
    """The component of a cache: of Azure Managed Redis, or of the classic service if asked for."""
    if args.get("azure", {}).get("classic") is None:
        return ManagedRedis(name, args, opts)
    from .classic import ClassicRedis  # noqa: PLC0415 - its SDK is loaded for such caches only

    return ClassicRedis(name, args, opts)


def _service(site: Site, where: Vault) -> Service:
    cache, settings = site.cache, site.cache.azure
    data_key = keys.data_key(site, where)
    cluster = redisenterprise.RedisEnterprise(
        site.name,
        cluster_name=site.identity,
        resource_group_name=site.group,
        sku={"name": plan.sku(cache)},
        high_availability="Enabled" if plan.high_availability(cache) else "Disabled",
        minimum_tls_version="1.2",
        public_network_access="Enabled" if settings.public_access else "Disabled",
        **_encryption(data_key),
        tags=site.tags,
        opts=site.holding_data(
            depends_on=data_key.granted if data_key else None, custom_timeouts=TIMEOUT
        ),
    )
    database = redisenterprise.Database(
        site.name,
        database_name=DATABASE,
        cluster_name=cluster.name,
        resource_group_name=site.group,
        client_protocol="Encrypted",
        port=plan.PORT,
        clustering_policy=plan.clustering_policy(cache).value,
        eviction_policy=plan.EVICTION_POLICY[cache.eviction_policy],
        # Azure's default would let nobody in.
        access_keys_authentication="Enabled" if plan.keys(cache) else "Disabled",
        persistence=_persistence(cache),
        modules=[{"name": module.value} for module in settings.modules] or None,
        opts=site.holding_data(
            replace_on_changes=_replacing(cache),
            # Its name is the one that there is.
            delete_before_replace=True,
            custom_timeouts=TIMEOUT,
        ),
    )

    def declare(
        label: str,
        assignment: pulumi.Output[str],
        object_id: pulumi.Output[str],
        options: pulumi.ResourceOptions,
    ) -> redisenterprise.AccessPolicyAssignment:
        return redisenterprise.AccessPolicyAssignment(
            label,
            access_policy_assignment_name=assignment,
            access_policy_name=ACCESS_POLICY,
            cluster_name=cluster.name,
            database_name=database.name,
            resource_group_name=site.group,
            user={"object_id": object_id},
            opts=options,
        )

    return Service(
        cache=cluster,
        resource_id=database.id,
        endpoints="redisEnterprise",
        host=cluster.host_name,
        version=cluster.redis_version,
        ready=[database, *assignments(site, declare, [database])],
        keys=_keys(site, where, cluster, database) if plan.keys(cache) else None,
        alarms=alarms.managed_alarms(alarms.profile(site), cache.purpose, plan.sku(cache)),
        diagnostics=[
            logs.Source("metrics", cluster.id, database, metrics=True),
            logs.Source("logs", database.id, database, logs.ALL_LOGS),
        ],
    )


def _keys(
    site: Site,
    where: Vault,
    cluster: redisenterprise.RedisEnterprise,
    database: redisenterprise.Database,
) -> Keys:
    names_end = suffix(site, where, "secrets")
    return Keys.told(
        questions.answer(
            "redisenterprise:listDatabaseKeys",
            {
                "clusterName": cluster.name,
                "databaseName": database.name,
                "resourceGroupName": site.group,
            },
            site.parent,
            # There are none before the database is there, and none while clients have tokens: then
            # a preview of the way back to keys must not ask.
            [database, names_end],
        ),
        names_end,
    )


def _encryption(data_key: keys.DataKey | None) -> dict[str, Any]:
    if data_key is None:
        return {}
    return {
        "identity": {
            "type": redisenterprise.ManagedServiceIdentityType.USER_ASSIGNED,
            "user_assigned_identities": [data_key.identity_id],
        },
        "encryption": {
            "customer_managed_key_encryption": {
                "key_encryption_key_url": data_key.url,
                "key_encryption_key_identity": {
                    "identity_type": redisenterprise.CmkIdentityType.USER_ASSIGNED_IDENTITY,
                    "user_assigned_identity_resource_id": data_key.identity_id,
                },
            }
        },
    }


def _persistence(cache: CacheSettings) -> redisenterprise.PersistenceArgsDict:
    if cache.persistence is Persistence.AOF:
        return {"aof_enabled": True, "aof_frequency": "1s", "rdb_enabled": False}
    if cache.persistence is Persistence.RDB:
        frequency = cache.azure.snapshot_frequency.value
        return {"aof_enabled": False, "rdb_enabled": True, "rdb_frequency": frequency}
    # Said, because what is left out stays as it is.
    return {"aof_enabled": False, "rdb_enabled": False}


def _replacing(cache: CacheSettings) -> list[str]:
    """What makes the database anew. Azure changes a policy in place only if it is NoCluster.

    Where the loss of data is not accepted the guard has refused every other change.
    """
    return ["modules", "clusteringPolicy"] if cache.allow_replacement else ["modules"]
