"""`DockerRedis`: a hardened Redis or Valkey in a container."""

from typing import Any

import pulumi
import pulumi_docker as docker

from secure_redis import pem
from secure_redis.args import CacheArgs
from secure_redis.component import CacheComponent, secret_ref
from secure_redis.configuration import cache_from_args
from secure_redis.connection import Auth, CaSource, TlsVerify
from secure_redis.settings import CacheSettings, Mode, Persistence, Target
from secure_redis.timestamps import rotate_by

from . import certificates, config, containers
from .containers import Site
from .files import uploads
from .images import candidates
from .labels import CACHE, MODE, OWNER, labels
from .names import container_name
from .network import DockerNetwork
from .rules import advertised_host, published_port
from .secret import Passwords, passwords


class DockerRedis(CacheComponent):
    """A Redis or Valkey container with TLS, users, an own CA and a private network.

    Raises `InvalidArguments` with everything that is wrong before any resource is made.
    """

    def __init__(
        self,
        name: str,
        args: CacheArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = cache_from_args(name, args, Target.DOCKER)
        cache, tags = given.cache, given.tags
        super().__init__("secure-redis:index:DockerRedis", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        network = given.network or DockerNetwork(name, {"tags": tags}, child).facts()
        full_name = container_name(name)
        identity = {OWNER: network["owner"], CACHE: name}

        secrets = passwords(name, cache.rotation, child) if cache.mode is not Mode.NONE else None
        names = certificates.server_names(cache, name, full_name)
        material = certificates.issue(name, cache, names, child)
        image = docker.RemoteImage(name, name=candidates(cache)[-1], keep_locally=True, opts=child)
        volume = docker.Volume(
            f"{name}-config",
            name=f"{full_name}-config",
            # Another mode, another set of files: what it does not use must not stay behind.
            labels=labels({**tags, **identity, MODE: cache.mode.value}),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        site = Site(
            cache=cache,
            name=name,
            full_name=full_name,
            parent=self,
            image=image.image_id,
            volume=volume,
            network=network,
            marks={**tags, **identity},
        )
        files = containers.files(site, uploads(cache, name, secrets, material))
        data = self._data_volume(site)
        server = containers.server(site, data, depends_on=[files])
        if secrets:
            containers.reload(site, files)

        self._publish(
            {
                "target": Target.DOCKER.value,
                "engine": cache.engine.value,
                "host": advertised_host(cache),
                "port": published_port(cache),
                "tls": cache.mode.tls,
                "resource_id": server.id,
                "network": {
                    "name": network["name"],
                    "host": name,
                    "port": str(config.port(cache.mode)),
                },
                **_credential_facts(name, cache, secrets),
                **_certificate_facts(material),
            }
        )

    def _data_volume(self, site: Site) -> docker.Volume | None:
        if site.cache.persistence is Persistence.NONE:
            return None
        return docker.Volume(
            f"{site.name}-data",
            name=f"{site.full_name}-data",
            labels=labels(site.marks),
            # Other labels would replace the volume, and with it the data: those of its making stay.
            opts=pulumi.ResourceOptions(
                parent=self, protect=site.cache.protect or None, ignore_changes=["labels"]
            ),
        )


def _credential_facts(
    name: str, cache: CacheSettings, secrets: Passwords | None
) -> dict[str, pulumi.Input[Any]]:
    if secrets is None:
        return {"username": "", "password": "", "auth": Auth.NONE}
    return {
        "username": config.app_user(cache.mode),
        "password": secrets.app[0],
        "readonly_username": config.READONLY_USER,
        "readonly_password": secrets.readonly[0],
        "credential_issued_at": secrets.issued_at,
        "rotate_by": secrets.issued_at.apply(lambda at: rotate_by(at, cache.rotation_days)),
        "secret_ref": secret_ref(name, cache.rotation.generation),
    }


def _certificate_facts(material: certificates.Material | None) -> dict[str, pulumi.Input[Any]]:
    if material is None:
        return {"tls_verify": TlsVerify.NONE, "ca_source": CaSource.NONE}
    return {
        "tls_verify": TlsVerify.FULL,
        "ca_source": CaSource.LOCAL,
        "ca_pem": material.ca_pem,
        "ca_not_after": material.ca_pem.apply(pem.not_after),
        "ca_last_not_after": material.ca_pem.apply(pem.last_not_after),
        "client_cert_pem": material.client_pem or "",
        "client_key_pem": material.client_key_pem or "",
    }
