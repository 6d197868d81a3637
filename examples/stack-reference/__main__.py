"""An application with a cache of another stack, of which it knows nothing but the stack's name.

What it needs to connect comes as one secret output, `connections`. This program makes two things
of it: the manifest of a Kubernetes Secret, and a container that connects. Both follow when the
password changes over there: run `pulumi up` here after a rotation.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
from secure_redis import Connection
from secure_redis.rendering import dotenv, kubernetes
from secure_redis.rendering.env import Rendered, rendered

DIRECTORY = "/run/redis"
"""Where the application finds its credentials and certificates."""
CA = f"{DIRECTORY}/ca.pem"
PROGRAM = f"{DIRECTORY}/application.sh"
USER = "10001"
"""The application's user, who alone may read its credentials."""
HEADING = "made by `pulumi up`; changes are lost"


def chosen(connections: Mapping[str, Any], cache: str) -> Connection:
    """The connection of one cache. Raises RunError where the stack has none of that name."""
    if cache not in connections:
        raise pulumi.RunError(f"no cache {cache!r}; there is: {', '.join(sorted(connections))}")
    return Connection.from_dict(connections[cache])


def in_docker(connection: Connection) -> Connection:
    """The connection as a container sees it: a cache in Docker has another name in its network."""
    network = connection.network
    if not network:
        return connection
    return replace(connection, host=network["host"], port=int(float(network["port"])))


def manifest(connection: Connection, cache: str) -> str:
    """Secret. What `kubectl apply` takes: the binding, and the variables for `envFrom`."""
    return kubernetes.manifest(
        connection, cache=cache, heading=HEADING, variables=rendered(connection), reveal=True
    )


def in_container(connection: Connection) -> tuple[Rendered, ...]:
    """Secret as a whole. The variables, with the paths that `files` has."""
    return rendered(connection, ca_path=CA)


def environment(variables: tuple[Rendered, ...]) -> list[str]:
    """The variables without credentials: these may be seen in `docker inspect`."""
    return [f"{one.name}={one.value}" for one in variables if not one.secret]


def networks(connection: Connection) -> list[docker.ContainerNetworksAdvancedArgsDict]:
    """The cache's own network where it is in Docker; elsewhere none but Docker's default."""
    return [{"name": connection.network["name"]}] if connection.network else []


def files(
    connection: Connection, variables: tuple[Rendered, ...]
) -> list[docker.ContainerUploadArgsDict]:
    """Secret. The credentials, the certificates at the paths of the variables, the program."""
    credentials = {one.name: one.value for one in variables if one.secret}
    contents = {
        "credentials.env": (dotenv.document(credentials, HEADING), "0400"),
        "ca.pem": (connection.ca_pem, "0444"),
        "client.crt": (connection.client_cert_pem, "0444"),
        "client.key": (connection.client_key_pem, "0400"),
        "application.sh": (Path(__file__).with_name("application.sh").read_text(), "0555"),
    }
    return [
        {
            "file": f"{DIRECTORY}/{name}",
            "content": content,
            "permissions": permissions,
            "owner": USER,
            "group": USER,
        }
        for name, (content, permissions) in contents.items()
        if content
    ]


config = pulumi.Config()
cache_name = config.get("cache") or "cache"
cache_stack = pulumi.StackReference(config.require("cacheStack"))

# Secret as a whole, and so is everything that is made of it, unless it says `unsecret`.
outside = pulumi.Output.secret(cache_stack.require_output("connections")).apply(
    lambda connections: chosen(connections, cache_name)
)
inside = outside.apply(in_docker)
variables = inside.apply(in_container)

image = docker.RemoteImage(
    "image", name=config.get("image") or "redis:7.2.16-bookworm", keep_locally=True
)
volume = docker.Volume("credentials")
# Docker copies the files into the volume through this container, which never runs: they stand in
# no setting that somebody could look at.
carrier = docker.Container(
    "files",
    image=image.image_id,
    entrypoints=["true"],
    start=False,
    must_run=False,
    network_mode="none",
    mounts=[{"type": "volume", "source": volume.name, "target": DIRECTORY}],
    uploads=pulumi.Output.all(inside, variables).apply(lambda both: files(*both)),
    opts=pulumi.ResourceOptions(additional_secret_outputs=["uploads"], delete_before_replace=True),
)
application = docker.Container(
    "application",
    image=image.image_id,
    entrypoints=["sh", PROGRAM],
    user=f"{USER}:{USER}",
    envs=pulumi.Output.unsecret(variables.apply(environment)),
    mounts=[{"type": "volume", "source": volume.name, "target": DIRECTORY, "read_only": True}],
    networks_advanced=pulumi.Output.unsecret(inside.apply(networks)),
    # New files, new application: it reads them when it starts.
    labels=[{"label": "checkout.files", "value": carrier.id}],
    # `pulumi up` succeeds when the application got in, and fails when it did not.
    healthcheck={
        "tests": ["CMD", "sh", PROGRAM, "ready"],
        "interval": "2s",
        "timeout": "3s",
        "retries": 5,
    },
    wait=True,
    wait_timeout=60,
    restart="unless-stopped",
    read_only=True,
    memory=64,
    memory_swap=64,
    capabilities={"drops": ["ALL"]},
    security_opts=["no-new-privileges:true"],
    log_driver="json-file",
    log_opts={"max-size": "10m", "max-file": "3"},
)

pulumi.export("container", application.name)
pulumi.export("url", pulumi.Output.unsecret(inside.apply(lambda one: one.url_redacted)))
pulumi.export("manifest", outside.apply(lambda one: manifest(one, cache_name)))
