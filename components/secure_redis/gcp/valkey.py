"""`MemorystoreValkey`: Valkey on Google Cloud Memorystore, with logins of IAM and TLS."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from secure_redis import replacement
from secure_redis.args import CacheArgs
from secure_redis.configuration import InvalidArguments, cache_from_args
from secure_redis.problems import Problem
from secure_redis.settings import Engine, Target

from . import authority, plan, users, versions
from .component import GcpCache, Service
from .keys import DataKey, data_key
from .site import Site

DAY = 24 * 60 * 60

ENTRY = {True: "CONNECTION_TYPE_DISCOVERY", False: "CONNECTION_TYPE_PRIMARY"}
"""Which endpoint clients begin with, by cluster mode (API PscAutoConnection.connectionType)."""

READER = "CONNECTION_TYPE_READER"


class MemorystoreValkey(GcpCache):
    """A cache on Memorystore for Valkey: logins of IAM, TLS, private endpoints and alarms.

    Nobody has a password. Raises `InvalidArguments` with everything that is wrong before any
    resource is made. A change that would put a new, empty cache in place of this one fails in the
    preview in production, until `allow_replacement` gives a reason.
    """

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, {"engine": Engine.VALKEY.value, **args}, Target.GCP)
        if not plan.valkey(given.cache):
            raise InvalidArguments([Problem("engine", "is redis", "Use MemorystoreRedis.")])
        site = self._begin("MemorystoreValkey", name, given, opts)
        made = _instance(site, data_key(site))
        cache = given.cache
        entry = made.endpoints.apply(lambda known: endpoint(known, ENTRY[plan.cluster_mode(cache)]))
        reads = cache.replicas > 0 and not plan.cluster_mode(cache)
        reader = made.endpoints.apply(lambda known: endpoint(known, READER)) if reads else None
        users.logins(site, made.name)
        service = Service(
            cache_id=made.name,
            host=entry.apply(lambda found: found.ip_address),
            port=entry.apply(lambda found: int(found.port)),
            ca_pem=made.managed_server_cas.apply(
                lambda known: authority.bundle(
                    pem
                    for ca in known
                    for one in ca.ca_certs or ()
                    for pem in one.certificates or ()
                )
            ),
            destinations=made.endpoints.apply(addresses),
            reader_host=reader.apply(lambda found: found.ip_address) if reader else "",
            reader_port=reader.apply(lambda found: int(found.port)) if reader else 0,
            grants={"role": users.ROLE, "condition": made.name.apply(users.condition)},
        )
        self._complete(site, service)


def endpoint(endpoints: Sequence[Any], kind: str) -> Any:
    """The endpoint of a kind: address and port. Raises RunError when there is none."""
    for one in _connections(endpoints):
        if one.connection_type == kind:
            return one
    raise pulumi.RunError(
        f"Google names no endpoint of the kind {kind}: look at the cache's connections in the "
        "console; an organization's policy can keep them from being made"
    )


def addresses(endpoints: Sequence[Any]) -> list[str]:
    """The addresses of all endpoints, as networks."""
    return sorted({f"{one.ip_address}/32" for one in _connections(endpoints)})


def _connections(endpoints: Sequence[Any]) -> list[Any]:
    return [one.psc_auto_connection for each in endpoints for one in each.connections or ()]


def _instance(site: Site, key: DataKey) -> gcp.memorystore.Instance:
    cache, network = site.cache, site.network
    # Not before the policy, which lets the service make endpoints.
    allowed = pulumi.Output.all(network["network_id"], network["connection_policy_id"])
    return gcp.memorystore.Instance(
        site.name,
        instance_id=site.identity,
        location=plan.region(),
        mode=plan.mode(cache),
        shard_count=cache.gcp.shards or 1,
        replica_count=cache.replicas,
        node_type=plan.node_type(cache),
        engine_version=versions.api_name(cache.engine, plan.engine_version(cache)),
        engine_configs=plan.parameters(cache),
        authorization_mode="IAM_AUTH",
        transit_encryption_mode="SERVER_AUTHENTICATION",
        desired_auto_created_endpoints=[
            {"network": allowed.apply(lambda known: known[0]), "project_id": plan.project()}
        ],
        persistence_config=_persistence(site),
        automated_backup_config=_backups(plan.backup_days(cache)),
        maintenance_policy=plan.maintenance_policy(cache),
        zone_distribution_config=(
            {"mode": "SINGLE_ZONE", "zone": cache.gcp.zone} if cache.gcp.zone else None
        ),
        kms_key=key.name,
        deletion_protection_enabled=replacement.protected(cache),
        labels=site.labels,
        opts=site.holding_data(
            depends_on=key.ready,
            # The provider lets a new network pass, and does nothing.
            replace_on_changes=["desiredAutoCreatedEndpoints"],
            # It has the name that its successor gets.
            delete_before_replace=True,
        ),
    )


def _persistence(site: Site) -> gcp.memorystore.InstancePersistenceConfigArgsDict:
    mode = plan.persistence(site.cache)
    # Left out it would stay what it is.
    found: gcp.memorystore.InstancePersistenceConfigArgsDict = {"mode": mode}
    if mode == "RDB":
        found["rdb_config"] = {"rdb_snapshot_period": site.cache.gcp.snapshot_period.value}
    if mode == "AOF":
        found["aof_config"] = {"append_fsync": "EVERY_SEC"}
    return found


def _backups(days: int) -> gcp.memorystore.InstanceAutomatedBackupConfigArgsDict | None:
    if not days:
        return None
    return {
        "retention": f"{days * DAY}s",
        "fixed_frequency_schedule": {"start_time": {"hours": plan.BACKUP_HOUR}},
    }
