"""The three containers of a cache: `files` carries its files, the server, and `reload`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pulumi
import pulumi_docker as docker

from secure_redis.settings import CacheSettings, Persistence

from . import config
from .labels import CONFIG, FILES, labels
from .rules import published_port
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


@dataclass(frozen=True)
class Site:
    """What the containers of one cache have in common."""

    cache: CacheSettings
    name: str
    """Name of the cache, its host name in the network, and the first part of logical names."""
    full_name: str
    """Name of the server's container, and the first part of the others'."""
    parent: pulumi.Resource
    image: pulumi.Output[str]
    volume: docker.Volume
    """The configuration volume."""
    network: Mapping[str, pulumi.Input[str]]
    marks: Mapping[str, pulumi.Input[str]]
    """Labels."""


def files(site: Site, uploads: Sequence[docker.ContainerUploadArgsDict]) -> docker.Container:
    """The container through which Docker copies the files into the volume. It never runs.

    The server cannot take them itself: Docker copies nothing into a container whose root is
    read-only. It also works with a daemon on another machine, and leaves a running server alone.
    """
    return docker.Container(
        f"{site.name}-files",
        name=f"{site.full_name}-files",
        image=site.image,
        entrypoints=["true"],
        start=False,
        must_run=False,
        network_mode="none",
        mounts=[mount(site.volume, config.CONFIG_DIR)],
        uploads=uploads,
        labels=labels(site.marks),
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            additional_secret_outputs=["uploads"],
            delete_before_replace=True,
        ),
        **HARDENED,
    )


def server(
    site: Site, data: docker.Volume | None, depends_on: Sequence[pulumi.Resource]
) -> docker.Container:
    """The server. A change of redis.conf replaces it; users and certificates are reloaded."""
    cache = site.cache
    fingerprint = sha256(config.redis_conf(cache).encode()).hexdigest()[:16]
    memory = memory_mb(cache.memory_gb)
    return docker.Container(
        site.name,
        name=site.full_name,
        image=site.image,
        entrypoints=[config.server_program(cache.engine)],
        command=[f"{config.CONFIG_DIR}/redis.conf"],
        user=cache.docker.user,
        read_only=True,
        memory=memory,
        memory_swap=memory,
        cpus=str(cache.docker.cpus),
        ulimits=[_open_files(cache.docker.max_clients)],
        restart="unless-stopped",
        destroy_grace_seconds=GRACE_SECONDS,
        stop_timeout=GRACE_SECONDS,
        init=False,
        wait=True,
        wait_timeout=60,
        mounts=[
            mount(site.volume, config.CONFIG_DIR, read_only=True),
            *([mount(data, config.DATA_DIR)] if data else []),
        ],
        ports=[
            {
                "internal": config.port(cache.mode),
                "external": published_port(cache),
                "ip": cache.docker.publish_address,
                "protocol": "tcp",
            }
        ],
        networks_advanced=[{"name": site.network["name"], "aliases": [site.name]}],
        healthcheck={
            "tests": ["CMD-SHELL", config.health_command(cache)],
            "interval": "3s",
            "timeout": "3s",
            "retries": 3,
            # A large data set takes its time to load. Written as the daemon gives it back.
            "start_period": "1m0s",
        },
        labels=labels({**site.marks, CONFIG: fingerprint}),
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=depends_on,
            replace_on_changes=SILENT_CHANGES,
            delete_before_replace=True,
        ),
        **_with_data_in_memory(cache, HARDENED),
    )


def reload(site: Site, written: docker.Container) -> docker.Container:
    """Brings new files to a server that runs: once, whenever `written` has written them.

    Its health is the verdict: the provider looks at no exit code.
    """
    return docker.Container(
        f"{site.name}-reload",
        name=f"{site.full_name}-reload",
        image=site.image,
        entrypoints=["sh"],
        command=[f"{config.CONFIG_DIR}/reload.sh"],
        user=site.cache.docker.user,
        read_only=True,
        must_run=False,
        memory=64,
        memory_swap=64,
        wait=True,
        wait_timeout=30,
        mounts=[mount(site.volume, config.CONFIG_DIR, read_only=True)],
        networks_advanced=[{"name": site.network["name"]}],
        healthcheck={
            "tests": ["CMD", "test", "-f", config.RELOADED],
            "interval": "1s",
            "timeout": "1s",
            "retries": 30,
        },
        labels=labels({**site.marks, FILES: written.id}),
        opts=pulumi.ResourceOptions(
            parent=site.parent, replace_on_changes=SILENT_CHANGES, delete_before_replace=True
        ),
        **HARDENED,
    )


def mount(
    volume: docker.Volume, target: str, *, read_only: bool = False
) -> docker.ContainerMountArgsDict:
    """A volume in a container."""
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
