"""What Azure Managed Redis and the classic cache have in common: all but the cache itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random
from pulumi_azure_native import authorization

from secure_redis import acl, replacement
from secure_redis.component import CacheComponent
from secure_redis.connection import Auth, CaSource, TlsVerify, redis_url
from secure_redis.settings import Arguments, CacheSettings, Target

from . import alarms, logs, network, plan, questions
from .access import endpoint
from .replacement import identity, judge
from .secret import Vault, keep, vault
from .settings import Key
from .site import Site


@dataclass(frozen=True)
class Keys:
    """The access keys of a cache. Secret."""

    primary: pulumi.Output[str]
    secondary: pulumi.Output[str]
    names_end: random.RandomId
    """How the names of their secrets end. It is there as long as keys let anybody in."""

    @classmethod
    def told(cls, answer: pulumi.Output[Any], names_end: random.RandomId) -> "Keys":
        """The keys in the answer of a list operation, which the provider does not keep secret."""
        secret = pulumi.Output.secret(answer)
        return cls(
            secret.apply(lambda found: found["primaryKey"]),
            secret.apply(lambda found: found["secondaryKey"]),
            names_end,
        )

    def of(self, key: Key) -> pulumi.Output[str]:
        """The key of that name."""
        return self.primary if key is Key.PRIMARY else self.secondary


@dataclass(frozen=True)
class Service:
    """A cache of Azure, of either kind."""

    cache: pulumi.CustomResource
    """What has private endpoints, metrics and locks."""
    resource_id: pulumi.Output[str]
    """Resource id of what has keys and logins."""
    endpoints: str
    """Name of its group of private endpoints."""
    host: pulumi.Output[str]
    version: pulumi.Input[str]
    ready: list[pulumi.Resource]
    """What must be there before a private endpoint: Azure changes a cache step by step."""
    keys: Keys | None
    """None with Entra logins."""
    alarms: Iterator[alarms.Alarm]
    diagnostics: Sequence[logs.Source]


class AzureCache(CacheComponent):
    """A cache on Azure. Not to be made itself: see `ManagedRedis` and `ClassicRedis`."""

    secondary_url: pulumi.Output[str]
    """Secret. The URL with the key that is not the active one; empty with Entra logins."""
    cache_id: pulumi.Output[str]
    """Resource id of the cache: of the cluster, with Azure Managed Redis."""
    vault_id: pulumi.Output[str]
    """Resource id of the vault."""
    secret_uris: pulumi.Output[Mapping[str, str]]
    """URIs of the secrets, without versions: url, primary-key, secondary-key, connection."""
    private_endpoint_id: pulumi.Output[str]
    """Resource id of the private endpoint."""
    alarm_ids: pulumi.Output[Sequence[str]]
    """Resource ids of the alarms."""

    def _begin(
        self, kind: str, name: str, given: Arguments, opts: pulumi.ResourceOptions | None
    ) -> tuple[Site, Vault]:
        """Registers the component; its place, and its vault."""
        cache = given.cache
        super().__init__(
            f"secure-redis:index:{kind}",
            name,
            identity(cache, given.network),
            replacement.guarded(opts, name, judge(name, cache)),
        )
        questions.add(self)
        child = pulumi.ResourceOptions(parent=self)
        suffix = random.RandomId(f"{name}-identity", byte_length=4, opts=child)
        site = Site(
            name=name,
            given=given,
            parent=self,
            # Whatever has a name waits until no change is refused.
            suffix=questions.then(lambda: suffix.hex),
            network=given.network or network.own(name, given, child),
        )
        return site, vault(site)

    def _complete(self, site: Site, where: Vault, service: Service) -> None:
        """Declares everything around the cache, and registers the contract."""
        way_in = endpoint(
            site,
            "cache",
            (service.cache, service.endpoints),
            plan.zone(site.cache),
            service.ready,
        )
        bells = alarms.declare(site, service.cache.id, service.alarms)
        sources = [*service.diagnostics]
        if where.own is not None:
            sources.append(logs.Source("vault", where.id, where.own, logs.AUDIT))
        records = list(logs.declare(site, sources))
        connection = pulumi.Output.json_dumps(
            {
                "target": Target.AZURE.value,
                "engine": site.cache.engine.value,
                "auth": _auth(service).value,
                "host": service.host,
                "port": plan.port(site.cache),
                "tls": True,
                "cluster_mode": plan.cluster_mode(site.cache),
                "clustering_policy": plan.policy_name(site.cache),
                "username": _username(site, service),
                "resource_id": service.resource_id,
            },
            sort_keys=True,
        )
        names_end = service.keys.names_end if service.keys else None
        secrets = keep(site, where, _credentials(site, service), connection, names_end)
        if plan.locked(site.cache):
            _lock(site, service, [*service.ready, *way_in, *bells, *records, *secrets.values()])
        uris = {what: secret.properties.secret_uri for what, secret in secrets.items()}
        other = service.keys.of(site.cache.azure.active_key.other) if service.keys else None
        self._publish(
            {
                **_facts(site, service),
                "secret_ref": _secret_ref(secrets),
                "network": {"subnet_id": site.network["subnet_id"]},
                "grants": _grants(site, service, where, uris["connection"]),
            },
            secondary_url=pulumi.Output.secret(url(service.host, plan.port(site.cache), other))
            if other is not None
            else "",
            cache_id=service.cache.id,
            vault_id=where.id,
            secret_uris=uris,
            private_endpoint_id=way_in[0].id,  # pyright: ignore[reportAttributeAccessIssue]
            alarm_ids=[bell.id for bell in bells],
        )


def url(host: pulumi.Output[str], port: int, key: pulumi.Output[str]) -> pulumi.Output[str]:
    """Secret. The URL with a key, which has characters that URLs must not have as they are."""
    return pulumi.Output.all(host, key).apply(
        lambda known: redis_url(
            tls=True, host=known[0], port=port, username=acl.DEFAULT_USER, password=known[1]
        )
    )


def _auth(service: Service) -> Auth:
    return Auth.PASSWORD if service.keys else Auth.IDENTITY


def _username(site: Site, service: Service) -> pulumi.Input[str]:
    """The user of the application; with Entra the object id of the first principal."""
    return acl.DEFAULT_USER if service.keys else site.cache.azure.principal_ids[0]


def _credentials(site: Site, service: Service) -> dict[str, pulumi.Output[str]]:
    if service.keys is None:
        return {}
    active = service.keys.of(site.cache.azure.active_key)
    return {
        "url": url(service.host, plan.port(site.cache), active),
        "primary-key": service.keys.primary,
        "secondary-key": service.keys.secondary,
    }


def _facts(site: Site, service: Service) -> dict[str, pulumi.Input[Any]]:
    """The base fields of the contract."""
    cache, keys = site.cache, service.keys
    return {
        "target": Target.AZURE.value,
        "engine": cache.engine.value,
        "engine_version": service.version,
        "resource_id": service.resource_id,
        "host": service.host,
        "port": plan.port(cache),
        "tls": True,
        "tls_verify": TlsVerify.FULL,
        "ca_source": CaSource.SYSTEM,
        "cluster_mode": plan.cluster_mode(cache),
        "clustering_policy": plan.policy_name(cache),
        "username": _username(site, service),
        "password": keys.of(cache.azure.active_key) if keys else "",
        "auth": _auth(service),
        "rotate_by": _rotate_by(cache) if keys else "",
    }


def _rotate_by(cache: CacheSettings) -> str:
    """Azure does not tell when a key was made; the secrets have a day on which they expire."""
    return f"{cache.azure.secret_expires}T00:00:00Z" if cache.azure.secret_expires else ""


def _secret_ref(secrets: Mapping[str, Any]) -> dict[str, pulumi.Input[str]]:
    """Where the active key's URL is kept; empty with Entra logins."""
    if "url" not in secrets:
        return {}
    found = secrets["url"].properties
    return {
        "kind": "azure-key-vault",
        "id": found.secret_uri,
        "version": found.secret_uri_with_version.apply(lambda uri: uri.rpartition("/")[2]),
        "json_key": "",
    }


def _grants(
    site: Site, service: Service, where: Vault, connection: pulumi.Input[str]
) -> dict[str, pulumi.Input[str]]:
    grants: dict[str, pulumi.Input[str]] = {
        "vault_id": where.id,
        "connection_secret": connection,
    }
    if service.keys:
        return {**grants, "active_key": site.cache.azure.active_key.value}
    ids = pulumi.Output.all(*site.cache.azure.principal_ids)
    return {**grants, "principal_ids": ids.apply(lambda known: ",".join(map(str, known)))}


def _lock(site: Site, service: Service, after: Sequence[pulumi.Resource]) -> None:
    authorization.ManagementLockByScope(
        site.name,
        lock_name=site.identity,
        scope=service.cache.id,
        level="CanNotDelete",
        notes=f"Holds the data of the cache {site.name} of {site.stack}",
        # It holds for the parts of the cache too: made after them, it goes before them. And who may
        # not take it away takes nothing away.
        opts=site.child(depends_on=list(after)),
    )
