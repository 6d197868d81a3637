"""`DockerRedis`: a hardened Redis or Valkey in a container."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pulumi
import pulumi_docker as docker

from secure_redis import pem
from secure_redis.args import CacheArgs
from secure_redis.component import CacheComponent
from secure_redis.configuration import cache_from_args
from secure_redis.connection import CaSource, TlsVerify
from secure_redis.settings import CacheSettings, Mode, Persistence, Target
from secure_redis.timestamps import rotate_by

from . import certificates, config
from .images import candidates
from .labels import CACHE, CONFIG, FILES, OWNER, labels
from .names import container_name
from .network import DockerNetwork
from .rules import advertised_host, published_port
from .secret import Passwords, passwords
from .sizes import memory_mb

GRACE_SECONDS = 30
"""Time to write everything to disk before the server is killed. The provider's default is none."""

HARDENED: dict[str, Any] = {
    "capabilities": {"drops": ["ALL"]},
    "security_opts": ["no-new-privileges:true"],
    "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=16m"},  # noqa: S108 - in the container
    "log_driver": "json-file",
    "log_opts": {"max-size": "10m", "max-file": "3"},
}
"""What every container of a cache is denied, and a bound on its log."""

# The provider keeps the old value of these without a word.
SILENT_CHANGES = ["healthcheck", "tmpfs", "init"]


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
        cache, network, tags = cache_from_args(args, Target.DOCKER)
        super().__init__("secure-redis:index:DockerRedis", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        network = network or DockerNetwork(name, {"tags": tags}, child).facts()
        full_name = container_name(name)
        identity = {OWNER: network["owner"], CACHE: name}
        marks = {**tags, **identity}

        secrets = passwords(name, cache.rotation, child) if cache.mode is not Mode.NONE else None
        names = certificates.server_names(cache, name, full_name)
        material = certificates.issue(name, cache, names, child)
        conf = config.redis_conf(cache)

        image = docker.RemoteImage(name, name=candidates(cache)[-1], keep_locally=True, opts=child)
        settings_volume = docker.Volume(
            f"{name}-config",
            name=f"{full_name}-config",
            # Another mode, another set of files: what it does not use must not stay behind.
            labels=labels({**identity, "secure-redis.mode": cache.mode.value}),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        files = docker.Container(
            f"{name}-files",
            name=f"{full_name}-files",
            image=image.image_id,
            entrypoints=["true"],
            start=False,
            must_run=False,
            network_mode="none",
            mounts=[_mount(settings_volume, config.CONFIG_DIR)],
            uploads=_uploads(cache, name, conf, secrets, certs=material),
            labels=labels(marks),
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["uploads"]),
            **HARDENED,
        )
        server = docker.Container(
            name,
            name=full_name,
            image=image.image_id,
            entrypoints=[config.server_program(cache.engine)],
            command=[f"{config.CONFIG_DIR}/redis.conf"],
            user=cache.docker.user,
            read_only=True,
            memory=memory_mb(cache.memory_gb),
            memory_swap=memory_mb(cache.memory_gb),
            cpus=str(cache.docker.cpus),
            ulimits=[_open_files(cache.docker.max_clients)],
            restart="unless-stopped",
            destroy_grace_seconds=GRACE_SECONDS,
            stop_timeout=GRACE_SECONDS,
            init=False,
            wait=True,
            wait_timeout=60,
            mounts=[
                _mount(settings_volume, config.CONFIG_DIR, read_only=True),
                *self._data_mounts(name, full_name, cache, identity),
            ],
            ports=[
                {
                    "internal": config.port(cache.mode),
                    "external": published_port(cache),
                    "ip": cache.docker.publish_address,
                    "protocol": "tcp",
                }
            ],
            networks_advanced=[{"name": network["name"], "aliases": [name]}],
            healthcheck={
                "tests": ["CMD-SHELL", config.health_command(cache)],
                "interval": "3s",
                "timeout": "3s",
                "retries": 3,
                # A large data set takes its time to load. Written as the daemon gives it back.
                "start_period": "1m0s",
            },
            labels=labels({**marks, CONFIG: sha256(conf.encode()).hexdigest()[:16]}),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[files],
                replace_on_changes=SILENT_CHANGES,
                delete_before_replace=True,
            ),
            **_with_data_in_memory(cache, HARDENED),
        )
        if secrets:
            self._reload(
                name,
                cache,
                image=image,
                settings_volume=settings_volume,
                files=files,
                network=network,
                marks=marks,
            )

        self._publish(
            {
                "target": Target.DOCKER.value,
                "engine": cache.engine.value,
                "host": advertised_host(cache),
                "port": published_port(cache),
                "tls": cache.mode.tls,
                "tls_verify": TlsVerify.FULL if cache.mode.tls else TlsVerify.NONE,
                "username": config.app_user(cache.mode) if secrets else "",
                "password": secrets.app[0] if secrets else "",
                "readonly_username": config.READONLY_USER if secrets else "",
                "readonly_password": secrets.readonly[0] if secrets else "",
                "credential_issued_at": secrets.issued_at if secrets else "",
                "rotate_by": secrets.issued_at.apply(lambda at: rotate_by(at, cache.rotation_days))
                if secrets
                else "",
                "ca_pem": material.ca_pem if material else "",
                "ca_source": CaSource.LOCAL if material else CaSource.NONE,
                "ca_not_after": material.ca_pem.apply(pem.not_after) if material else "",
                "client_cert_pem": (material and material.client_pem) or "",
                "client_key_pem": (material and material.client_key_pem) or "",
                "secret_ref": {
                    "kind": "pulumi-stack",
                    "id": f"{pulumi.get_project()}/{pulumi.get_stack()}",
                    "version": str(cache.rotation.generation),
                    "json_key": f"connections.{name}.password",
                }
                if secrets
                else {},
                "resource_id": server.id,
                "network": {
                    "name": network["name"],
                    "host": name,
                    "port": str(config.port(cache.mode)),
                },
            }
        )

    def _data_mounts(
        self, name: str, full_name: str, cache: CacheSettings, identity: Mapping[str, Any]
    ) -> Sequence[docker.ContainerMountArgsDict]:
        if cache.persistence is Persistence.NONE:
            return []
        volume = docker.Volume(
            f"{name}-data",
            name=f"{full_name}-data",
            labels=labels(identity),
            # Other labels would replace the volume, and with it the data.
            opts=pulumi.ResourceOptions(
                parent=self, protect=cache.protect or None, ignore_changes=["labels"]
            ),
        )
        return [_mount(volume, config.DATA_DIR)]

    def _reload(
        self,
        name: str,
        cache: CacheSettings,
        *,
        image: docker.RemoteImage,
        settings_volume: docker.Volume,
        files: docker.Container,
        network: Mapping[str, pulumi.Input[str]],
        marks: Mapping[str, pulumi.Input[str]],
    ) -> None:
        """Brings new files to a server that runs: whenever the files change, once."""
        docker.Container(
            f"{name}-reload",
            name=f"{container_name(name)}-reload",
            image=image.image_id,
            entrypoints=["sh"],
            command=[f"{config.CONFIG_DIR}/reload.sh"],
            user=cache.docker.user,
            read_only=True,
            must_run=False,
            memory=64,
            memory_swap=64,
            wait=True,
            wait_timeout=60,
            mounts=[_mount(settings_volume, config.CONFIG_DIR, read_only=True)],
            networks_advanced=[{"name": network["name"]}],
            healthcheck={
                "tests": ["CMD", "test", "-f", config.RELOADED],
                "interval": "1s",
                "timeout": "1s",
                "retries": 60,
            },
            labels=labels({**marks, FILES: files.id}),
            opts=pulumi.ResourceOptions(
                parent=self, replace_on_changes=SILENT_CHANGES, delete_before_replace=True
            ),
            **HARDENED,
        )


def _mount(
    volume: docker.Volume, target: str, *, read_only: bool = False
) -> docker.ContainerMountArgsDict:
    return {"type": "volume", "source": volume.name, "target": target, "read_only": read_only}


def _open_files(max_clients: int) -> docker.ContainerUlimitArgsDict:
    # The server keeps 32 descriptors for itself, and lowers maxclients when the rest is too few.
    limit = max_clients + 32
    return {"name": "nofile", "soft": limit, "hard": limit}


def _with_data_in_memory(cache: CacheSettings, common: Mapping[str, Any]) -> dict[str, Any]:
    """The common restrictions, and a place for data where none is to survive."""
    if cache.persistence is not Persistence.NONE:
        return dict(common)
    uid, _, gid = cache.docker.user.partition(":")
    size = memory_mb(cache.memory_gb)
    options = f"rw,noexec,nosuid,nodev,size={size}m,uid={uid},gid={gid},mode=0700"
    return {**common, "tmpfs": {**common["tmpfs"], config.DATA_DIR: options}}


def _uploads(
    cache: CacheSettings,
    name: str,
    conf: str,
    secrets: Passwords | None,
    certs: certificates.Material | None,
) -> list[docker.ContainerUploadArgsDict]:
    """The files of the configuration volume: readable by the server's user alone."""
    uid, _, gid = cache.docker.user.partition(":")

    def file(path: str, content: pulumi.Input[str], mode: str = "0400") -> Any:
        return {
            "file": f"{config.CONFIG_DIR}/{path}",
            "content": content,
            "permissions": mode,
            "owner": uid,
            "group": gid,
        }

    acl: pulumi.Input[str] = config.acl_file([])
    if secrets:
        acl = pulumi.Output.all(
            app=pulumi.Output.all(*secrets.app),
            readonly=pulumi.Output.all(*secrets.readonly),
            health=secrets.health,
            operator=secrets.operator,
        ).apply(lambda known: config.acl_file(config.users(cache.mode, **known)))
    uploads = [file("redis.conf", conf), file("users.acl", acl)]
    if secrets:
        uploads += [
            file("health_password", secrets.health.apply("{}\n".format)),
            file("operator_password", secrets.operator.apply("{}\n".format)),
            file("reload.sh", config.reload_script(cache, name)),
        ]
    if certs:
        uploads += [
            file("tls/ca.crt", certs.ca_pem, "0444"),
            file("tls/server.crt", certs.server_pem, "0444"),
            file("tls/server.key", certs.server_key_pem),
        ]
    return uploads
