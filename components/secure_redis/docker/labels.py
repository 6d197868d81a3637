"""Labels in Docker: who made a thing and what for. Never a secret."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

OWNER = "secure-redis.owner"
"""Identity of the stack's state."""
CACHE = "secure-redis.cache"
"""Name of the cache."""
MODE = "secure-redis.mode"
"""Security mode of the configuration volume's files."""
CONFIG = "secure-redis.config"
"""Fingerprint of redis.conf: a change replaces the container, which then reads the new one."""
FILES = "secure-redis.files"
"""Id of the container that wrote the files: new files, new reload."""


def labels(values: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerLabelArgsDict]:
    """Labels as the provider takes them, in a stable order."""
    return [{"label": key, "value": values[key]} for key in sorted(values)]
