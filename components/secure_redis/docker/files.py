"""The files of the configuration volume: readable by the server's user alone."""

from typing import Any

import pulumi
import pulumi_docker as docker

from secure_redis.settings import CacheSettings

from . import config
from .certificates import Material
from .secret import Passwords

OWNER_ONLY = "0400"
EVERYBODY = "0444"


def uploads(
    cache: CacheSettings, name: str, secrets: Passwords | None, material: Material | None
) -> list[docker.ContainerUploadArgsDict]:
    """All files of the cache `name`, as the provider takes them. Secret."""
    contents: list[tuple[str, pulumi.Input[str], str]] = [
        ("redis.conf", config.redis_conf(cache), OWNER_ONLY),
        ("users.acl", _acl_file(cache, secrets), OWNER_ONLY),
    ]
    if secrets:
        contents += [
            ("health_password", secrets.health.apply("{}\n".format), OWNER_ONLY),
            ("operator_password", secrets.operator.apply("{}\n".format), OWNER_ONLY),
            ("reload.sh", config.reload_script(cache, name), OWNER_ONLY),
        ]
    if material:
        contents += [
            ("tls/ca.crt", material.ca_pem, EVERYBODY),
            ("tls/server.crt", material.server_pem, EVERYBODY),
            ("tls/server.key", material.server_key_pem, OWNER_ONLY),
        ]
    uid, _, gid = cache.docker.user.partition(":")
    return [
        {
            "file": f"{config.CONFIG_DIR}/{path}",
            "content": content,
            "permissions": mode,
            "owner": uid,
            "group": gid,
        }
        for path, content, mode in contents
    ]


def _acl_file(cache: CacheSettings, secrets: Passwords | None) -> pulumi.Input[str]:
    if secrets is None:
        return config.acl_file([])

    def render(known: dict[str, Any]) -> str:
        return config.acl_file(config.users(cache.mode, **known))

    return pulumi.Output.all(
        app=pulumi.Output.all(*secrets.app),
        readonly=pulumi.Output.all(*secrets.readonly),
        health=secrets.health,
        operator=secrets.operator,
    ).apply(render)
