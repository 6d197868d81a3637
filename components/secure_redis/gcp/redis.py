"""`MemorystoreRedis`: Redis on Google Cloud Memorystore, with AUTH and TLS."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pulumi
import pulumi_gcp as gcp

from secure_redis import replacement
from secure_redis.args import CacheArgs
from secure_redis.configuration import InvalidArguments, cache_from_args
from secure_redis.problems import Problem
from secure_redis.settings import Target

from . import authority, plan, versions
from .component import GcpCache, Service, url
from .keys import DataKey, data_key
from .replacement import new_cache
from .site import Site
from .valkey import MemorystoreValkey

TIMEOUTS = pulumi.CustomTimeouts(create="40m", update="40m", delete="40m")
"""How long Google may take: the provider's 20 minutes end before a large cache is scaled."""


class MemorystoreRedis(GcpCache):
    """A cache on Memorystore for Redis: AUTH, TLS, private service access, secrets and alarms.

    Raises `InvalidArguments` with everything that is wrong before any resource is made. A change
    that would put a new, empty cache in place of this one fails in the preview in production, until
    `allow_replacement` gives a reason. Its AUTH string is the cache's for as long as it lives: the
    next generation of `rotation` is a second cache.
    """

    previous_url: pulumi.Output[str]
    """Secret. The URL of the cache of the generation before while it is kept; else empty."""

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, args, Target.GCP)
        if plan.valkey(given.cache):
            raise InvalidArguments([Problem("engine", "is valkey", "Use MemorystoreValkey.")])
        site = self._begin("MemorystoreRedis", name, given, opts)
        key = data_key(site)
        made = [_instance(site, key, number) for number in plan.generations(given.cache)]
        current = made[0]
        reads = plan.read_replicas(given.cache)
        if len(made) > 1:
            pulumi.log.warn(
                f"{name}: Memorystore for Redis keeps its AUTH string for as long as it lives. "
                f"Generation {given.cache.rotation.generation} is a second cache, empty at first, "
                "beside the one before: both run and cost until rotation.keepPrevious is false",
                resource=self,
            )
        service = Service(
            cache_id=current.id,
            host=current.host,
            port=current.port.apply(int),
            ca_pem=current.server_ca_certs.apply(
                lambda certificates: authority.bundle(one.cert or "" for one in certificates)
            ),
            destinations=pulumi.Output.all(*map(_addresses, made)).apply(
                lambda known: [network for networks in known for network in networks]
            ),
            reader_host=current.read_endpoint if reads else "",
            reader_port=current.read_endpoint_port.apply(int) if reads else 0,
            password=_auth_string(current),
            # To the second: Google tells more digits than every reader takes.
            issued_at=current.create_time.apply(lambda at: f"{at[:19]}Z"),
        )
        before = made[-1] if len(made) > 1 else None
        previous = url(before.host, before.port.apply(int), _auth_string(before)) if before else ""
        self._complete(site, service, previous_url=previous)


def component(name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> GcpCache:
    """The component for some arguments: Valkey where they say so, else Redis."""
    kind = MemorystoreValkey if args.get("engine") == "valkey" else MemorystoreRedis
    return kind(name, args, opts)


def _instance(site: Site, key: DataKey, generation: int) -> gcp.redis.Instance:
    """A cache; of a generation before the current one, one that may be deleted."""
    cache = site.cache
    current = generation == cache.rotation.generation
    later = f"generation-{generation}" if generation > 1 else ""
    reads: dict[str, Any] = (
        {
            "read_replicas_mode": "READ_REPLICAS_ENABLED",
            "replica_count": cache.replicas,
            "secondary_ip_range": cache.gcp.secondary_range and cache.gcp.secondary_range.value,
        }
        if plan.read_replicas(cache)
        else {}
    )
    options = site.holding_data if current else site.child
    return gcp.redis.Instance(
        f"{site.name}-{later}" if later else site.name,
        name=site.named(f"g{generation}" if later else ""),
        display_name=f"{site.stack} {site.name}",
        region=plan.region(),
        tier=plan.tier(cache),
        memory_size_gb=plan.memory_size_gb(cache),
        redis_version=versions.api_name(cache.engine, plan.engine_version(cache)),
        auth_enabled=True,
        transit_encryption_mode="SERVER_AUTHENTICATION",
        connect_mode="PRIVATE_SERVICE_ACCESS",
        authorized_network=site.network["network_id"],
        reserved_ip_range=site.network["reserved_range_name"],
        location_id=cache.gcp.zone,
        alternative_location_id=cache.gcp.alternative_zone,
        **reads,
        persistence_config=_persistence(site),
        maintenance_policy=plan.maintenance_policy(cache),
        redis_configs=plan.parameters(cache),
        customer_managed_key=key.name,
        deletion_protection=current and replacement.protected(cache),
        labels=site.labels,
        opts=options(
            depends_on=key.ready,
            custom_timeouts=TIMEOUTS,
            hooks=new_cache(site.name, cache, generation),
        ),
    )


def _addresses(made: gcp.redis.Instance) -> pulumi.Output[list[str]]:
    """The addresses of a cache, as networks."""

    def networks(known: Sequence[str | None]) -> list[str]:
        block, reader = known[0] or "", known[1]
        # Replicas that came later have addresses of a range of their own.
        apart = reader and IPv4Address(reader) not in IPv4Network(block)
        return [block, f"{reader}/32"] if apart else [block]

    return pulumi.Output.all(made.effective_reserved_ip_range, made.read_endpoint).apply(networks)


def _persistence(site: Site) -> gcp.redis.InstancePersistenceConfigArgsDict:
    mode = plan.persistence(site.cache)
    # Left out it would stay what it is.
    if mode == "DISABLED":
        return {"persistence_mode": mode}
    period = site.cache.gcp.snapshot_period.value
    return {"persistence_mode": mode, "rdb_snapshot_period": period}


def _auth_string(made: gcp.redis.Instance) -> pulumi.Output[str]:
    """Secret. What clients log in with."""
    return pulumi.Output.secret(made.auth_string).apply(_given)


def _given(auth_string: str | None) -> str:
    if not auth_string:
        raise pulumi.RunError(
            "Google does not tell the cache's AUTH string: give who deploys the permission "
            "redis.instances.getAuthString, and run again"
        )
    return auth_string
