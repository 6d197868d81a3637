"""What a run that broke off left behind in Docker: made, but never written into the state."""

from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any

from .labels import OWNER
from .preflight import daemon


def remove(where: str, owner: str, known: Collection[str], *, volumes: bool) -> list[str]:
    """Removes containers and networks (and volumes, when asked) of `owner` that are not `known`.

    `known` has the ids in the state; a volume's id is its name. Volumes hold data, and a run that
    makes one finds it again by its name, so only taking the stack down asks for them. Returns
    what was removed. Raises DockerException when the daemon does not answer.
    """
    import docker.errors  # noqa: PLC0415 - only where the daemon is asked

    ours: dict[str, Any] = {"label": f"{OWNER}={owner}"}
    removed: list[str] = []
    with daemon(where) as client:
        # Containers first: what they use cannot be removed before them.
        found: list[tuple[Any, Callable[[], None]]] = [
            (thing, partial(thing.remove, force=True))
            for thing in client.containers.list(all=True, filters=ours)
        ]
        found += [(thing, thing.remove) for thing in client.networks.list(filters=ours)]
        if volumes:
            found += [(thing, thing.remove) for thing in client.volumes.list(filters=ours)]
        for thing, take_away in found:
            if thing.id not in known:
                with suppress(docker.errors.NotFound):
                    take_away()
                    removed.append(str(thing.name))
    return removed
