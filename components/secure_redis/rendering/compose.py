"""A Compose file that connects a service of an application to a cache.

It is meant as a second file (`docker compose -f compose.yaml -f DIR/compose.yaml up`), for Compose
v2 and docker-compose 1.29. Credentials stay in the env file that it names.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from secure_redis.rendering.errors import RenderingError

NETWORK = "secure-redis"
"""What the cache's network is called inside the Compose file."""


def snippet(
    *,
    service: str,
    env_file: str,
    mounts: Mapping[str, str],
    network: str = "",
    heading: str,
) -> str:
    """The YAML of the Compose file; not secret.

    `service` is the application's service; `env_file` an absolute path on the host; `mounts` maps
    absolute paths on the host to paths in the container, all read-only; `network` is the Docker
    network of the cache, empty if it is reached from any network. Raises RenderingError for a name
    that Compose does not take as a service.
    """
    if not re.fullmatch(r"[a-zA-Z0-9._-]+", service):
        raise RenderingError(f"service {service!r}: letters, digits, '.', '_' and '-' only")
    definition: dict[str, Any] = {"env_file": [_literal(env_file)]}
    if mounts:
        # The long form: a path with a colon would end the short one.
        definition["volumes"] = [
            {
                "type": "bind",
                "source": _literal(source),
                "target": _literal(target),
                "read_only": True,
            }
            for source, target in mounts.items()
        ]
    document: dict[str, Any] = {"services": {service: definition}}
    if network:
        # `default` has to be named, or the service would leave the network it shares with others.
        definition["networks"] = ["default", NETWORK]
        document["networks"] = {NETWORK: {"external": True, "name": _literal(network)}}
    return f"# {heading}\n{yaml.safe_dump(document, sort_keys=False)}"


def _literal(text: str) -> str:
    return text.replace("$", "$$")
