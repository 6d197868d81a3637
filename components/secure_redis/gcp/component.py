"""What Memorystore for Redis and for Valkey have in common: all but the cache itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_random as random

from secure_redis import acl, pem, replacement
from secure_redis.component import CacheComponent
from secure_redis.connection import Auth, CaSource, TlsVerify, plain, redis_url
from secure_redis.settings import AlarmProfile, Arguments, Target
from secure_redis.timestamps import rotate_by

from . import alarms, apis, network, plan
from .access import firewall
from .replacement import identity, judge
from .secret import Kept, keep
from .site import Site


@dataclass(frozen=True)
class Service:
    """A cache of Memorystore, of either engine."""

    cache_id: pulumi.Output[str]
    """Full name, such as projects/shop-prod/locations/europe-west1/instances/shop."""
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    ca_pem: pulumi.Output[str]
    destinations: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Its addresses, as networks."""
    reader_host: pulumi.Input[str] = ""
    reader_port: pulumi.Input[int] = 0
    password: pulumi.Output[str] | None = None
    """Secret. The AUTH string; None with logins of IAM."""
    issued_at: pulumi.Input[str] = ""
    """When it was made."""
    grants: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """What lets an application log in with IAM."""


class GcpCache(CacheComponent):
    """A cache on Google Cloud: `MemorystoreRedis` or `MemorystoreValkey`. Not to be made itself."""

    cache_id: pulumi.Output[str]
    """Full name of the cache."""
    secret_ids: pulumi.Output[Mapping[str, str]]
    """Full names of the secrets: connection, and url where there is a password."""
    alarm_ids: pulumi.Output[Sequence[str]]
    """Full names of the alert policies."""

    def _begin(
        self, kind: str, name: str, given: Arguments, opts: pulumi.ResourceOptions | None
    ) -> Site:
        """Registers the component; its place."""
        cache = given.cache
        super().__init__(
            f"secure-redis:index:{kind}",
            name,
            identity(cache, given.network),
            replacement.guarded(opts, name, judge(name, cache)),
        )
        child = pulumi.ResourceOptions(parent=self)
        return Site(
            name=name,
            given=given,
            parent=self,
            suffix=random.RandomId(f"{name}-identity", byte_length=4, opts=child).hex,
            network=given.network or network.own(name, given, child),
            apis=apis.enabled(name, _needed(given), child) if cache.gcp.enable_apis else (),
        )

    def _complete(self, site: Site, service: Service, **others: pulumi.Input[Any]) -> None:
        """Declares everything around the cache, and registers the contract."""
        firewall(site, service.destinations)
        bells = alarms.declare(site, service.cache_id)
        facts = _facts(site, service)
        secrets = keep(site, _values(facts, service))
        ids = {what: kept.secret.id for what, kept in secrets.items()}
        self._publish(
            {
                **facts,
                "secret_ref": _secret_ref(secrets) if service.password is not None else {},
                "network": {"network_id": site.network["network_id"]},
                "grants": {
                    **{f"{what}_secret": secret_id for what, secret_id in ids.items()},
                    **service.grants,
                },
            },
            cache_id=service.cache_id,
            secret_ids=ids,
            alarm_ids=[bell.name for bell in bells],
            **others,
        )


def _needed(given: Arguments) -> list[str]:
    watched = alarms.profile(given) is not AlarmProfile.OFF
    return plan.apis(given.cache, alarms=watched)


def url(
    host: pulumi.Output[str], port: pulumi.Output[int], password: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Secret. The URL with an AUTH string."""
    return pulumi.Output.secret(pulumi.Output.all(host, port, password)).apply(
        lambda known: redis_url(
            tls=True,
            host=known[0],
            port=int(known[1]),
            username=acl.DEFAULT_USER,
            password=known[2],
        )
    )


def _facts(site: Site, service: Service) -> dict[str, pulumi.Input[Any]]:
    """The base fields of the contract."""
    cache = site.cache
    issued = pulumi.Output.from_input(service.issued_at)
    return {
        "target": Target.GCP.value,
        "engine": cache.engine.value,
        "engine_version": plan.engine_version(cache),
        "resource_id": service.cache_id,
        "host": service.host,
        "port": service.port,
        "reader_host": service.reader_host,
        "reader_port": service.reader_port,
        "tls": True,
        # The server's certificate names no host that a client could compare.
        "tls_verify": TlsVerify.CA,
        "ca_source": CaSource.INSTANCE,
        "ca_pem": service.ca_pem,
        "ca_not_after": service.ca_pem.apply(pem.not_after),
        "ca_last_not_after": service.ca_pem.apply(pem.last_not_after),
        "cluster_mode": plan.cluster_mode(cache),
        "username": acl.DEFAULT_USER,
        "password": "" if service.password is None else service.password,
        "auth": Auth.IDENTITY if service.password is None else Auth.PASSWORD,
        "credential_issued_at": issued,
        "rotate_by": issued.apply(lambda at: rotate_by(at, cache.rotation_days)),
    }


IN_SECRET = (
    *("target", "engine", "host", "port", "reader_host", "reader_port", "tls", "tls_verify"),
    *("ca_pem", "cluster_mode", "username", "auth", "resource_id"),
)
"""Fields of the contract that stand in the secret with the connection."""


def _values(
    facts: Mapping[str, pulumi.Input[Any]], service: Service
) -> dict[str, pulumi.Output[str]]:
    """What the secrets hold. Secret."""
    connection: dict[str, pulumi.Input[Any]] = {key: plain(facts[key]) for key in IN_SECRET}
    if service.password is None:
        return {"connection": pulumi.Output.json_dumps(connection, sort_keys=True)}
    whole = url(service.host, service.port, service.password)
    connection |= {"password": service.password, "url": whole}
    return {"connection": pulumi.Output.json_dumps(connection, sort_keys=True), "url": whole}


def _secret_ref(secrets: Mapping[str, Kept]) -> dict[str, pulumi.Input[str]]:
    kept = secrets["connection"]
    return {
        "kind": "gcp-secret-manager",
        "id": kept.secret.id,
        "version": kept.version.version,
        "json_key": "password",
    }
