"""`ExternalRedis`: the connection contract for an endpoint that somebody else runs."""

from typing import Any

import pulumi

from secure_redis import pem
from secure_redis.args import CacheArgs
from secure_redis.component import CacheComponent, secret_ref
from secure_redis.configuration import cache_from_args
from secure_redis.connection import Auth, CaSource, TlsVerify
from secure_redis.settings import Target
from secure_redis.timestamps import rotate_by


class ExternalRedis(CacheComponent):
    """An existing endpoint: Redis Cloud, Upstash, a corporate server. Makes nothing, exports all.

    Raises `InvalidArguments` with everything that is wrong.
    """

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        cache = cache_from_args(name, args, Target.EXTERNAL).cache
        super().__init__("secure-redis:index:ExternalRedis", name, {}, opts)
        endpoint = cache.external
        if endpoint is None:  # the rules have seen to it
            raise AssertionError(name)
        authority = pem.text(endpoint.authority) if endpoint.authority else ""
        client: dict[str, Any] = {}
        if endpoint.client:
            client = {
                "client_cert_pem": pem.text(endpoint.client.certificate),
                "client_key_pem": pulumi.Output.secret(pem.text(endpoint.client.private_key)),
            }
        self._publish(
            {
                "target": Target.EXTERNAL.value,
                "engine": cache.engine.value,
                "host": endpoint.host,
                "port": endpoint.port,
                "tls": cache.mode.tls,
                "tls_verify": endpoint.tls_verify if cache.mode.tls else TlsVerify.NONE,
                "tls_server_name": endpoint.tls_server_name or "",
                "username": endpoint.username if endpoint.password else "",
                "password": pulumi.Output.secret(endpoint.password or ""),
                "auth": Auth.PASSWORD if endpoint.password else Auth.NONE,
                "cluster_mode": endpoint.cluster_mode,
                "reader_host": endpoint.reader_host or "",
                "ca_pem": authority,
                "ca_source": _ca_source(tls=cache.mode.tls, own=bool(endpoint.authority)),
                "ca_not_after": pulumi.Output.from_input(authority).apply(pem.not_after),
                "ca_last_not_after": pulumi.Output.from_input(authority).apply(pem.last_not_after),
                "credential_issued_at": endpoint.issued_at or "",
                "rotate_by": rotate_by(endpoint.issued_at or "", cache.rotation_days),
                "secret_ref": secret_ref(name, cache.rotation.generation),
                "resource_id": pulumi.Output.format("{0}:{1}", endpoint.host, endpoint.port),
                **client,
            }
        )


def _ca_source(*, tls: bool, own: bool) -> CaSource:
    if not tls:
        return CaSource.NONE
    return CaSource.INSTANCE if own else CaSource.SYSTEM
