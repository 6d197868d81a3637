"""What a run that broke off left behind in Docker: made, but never written into the state."""

from collections.abc import Collection
from contextlib import suppress

from .labels import OWNER
from .preflight import daemon


def remove(where: str, owner: str, known: Collection[str], *, volumes: bool) -> list[str]:
    """Removes containers and networks (and volumes, when asked) of `owner` that are not `known`.

    `known` has the ids in the state; a volume's id is its name. Volumes hold data, and a run that
    makes one finds it again by its name, so only taking the stack down asks for them. Returns
    what was removed. Raises DockerException when the daemon does not answer.
    """
    import docker.errors  # noqa: PLC0415 - only where the daemon is asked

    ours = {"label": f"{OWNER}={owner}"}
    removed: list[str] = []
    with daemon(where) as client:
        found = [
            *client.containers.list(all=True, filters=ours),
            *client.networks.list(filters=ours),
            *(client.volumes.list(filters=ours) if volumes else []),
        ]
        for thing in found:
            if thing.id in known:
                continue
            with suppress(docker.errors.NotFound):
                if thing in client.containers.list(all=True, filters=ours):
                    thing.remove(force=True)
                else:
                    thing.remove()
                removed.append(str(thing.name))
    return removed
