"""Which image a cache runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secure_redis.settings import CacheSettings


def candidates(cache: "CacheSettings") -> list[str]:
    """Images that can run `cache`, in the order in which they are looked for.

    The one it names; else the one that was made on this machine where no image registry is reached;
    else the engine's official one, which is pulled when no other is there.
    """
    if cache.docker.image:
        return [cache.docker.image]
    table = json.loads(Path(__file__).with_name("images.json").read_text())
    entry = table[cache.engine.value]
    return [entry["local"], entry["official"]]
