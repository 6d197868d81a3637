"""Rules over resources of Docker."""

from . import conditions as its
from .everywhere import CERTIFICATES, PRIVATE_KEY
from .relations import Anchor, Link, references, uses
from .resources import Resource, Resources
from .rules import Companion, Rule
from .servers import arguments, image_of_redis, logs_in, runs_server, settings, speaks_tls

CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"


def _server(resource: Resource, others: tuple[Resource, ...]) -> bool:
    """Whether a container runs a Redis, by its image or by its command."""
    if resource.type != CONTAINER:
        return False
    images = references(resource, "image", [one for one in others if one.type == IMAGE])
    named = (resource.value("image"), *(one.value("name") for one in images))
    return any(map(image_of_redis, named)) or runs_server(arguments(resource))


def _client(resource: Resource, others: tuple[Resource, ...]) -> bool:
    """Whether a container is told of a Redis that it does not run."""
    given = resource.values("envs[]").values() if resource.type == CONTAINER else ()
    told = any(isinstance(one, str) and its.of_a_client(one) for one in given)
    return told and not _server(resource, others)


def _is_server(resource: Resource, stack: Resources) -> bool:
    """Whether a container runs a Redis, or belongs to a component of ours."""
    return stack.is_ours(resource) or _server(resource, stack.beside(resource))


def _is_client(resource: Resource, stack: Resources) -> bool:
    return not stack.is_ours(resource) and _client(resource, stack.beside(resource))


def _foreign_server(resource: Resource, stack: Resources) -> bool:
    """Whether a container runs a Redis that our components did not make: they tell by labels."""
    return not stack.is_ours(resource) and _server(resource, stack.beside(resource))


RULES = (
    Rule(
        "docker-tls",
        "RDS-TLS-01",
        (VOLUME,),
        "labels[]",
        its.label_with_tls,
        "the cache has no TLS",
        "`mode`: tls or mtls.",
        "Start the server with a TLS port and without a plaintext one, and say so in the label.",
        production=True,
        exception="plaintext-in-production",
    ),
    Rule(
        "docker-address",
        "RDS-NET-01",
        (CONTAINER,),
        "ports[].ip",
        its.private_address,
        "the port is published on an address that everybody reaches",
        "`docker.publishAddress`: a private address.",
        "Set {property} to 127.0.0.1 or to a private address.",
        missing=False,
        production=True,
        exception="public-address",
        when=_is_server,
    ),
    Rule(
        "docker-protect",
        "RDS-DATA-04",
        (VOLUME,),
        "protect",
        its.true,
        "one command could delete the data",
        "Take `protect: false` out.",
        "Set the resource option `protect` to true.",
        when=its.data_volume,
        production=True,
        exception="unprotected-data",
    ),
    Rule(
        "docker-memory",
        "RDS-OPS-05",
        (CONTAINER,),
        "memory",
        its.at_least(6),
        "the container may use all of the machine's memory",
        "`memoryGb`.",
        "Set {property}, in megabytes.",
        missing=False,
        when=its.both(_is_server, its.starts),
    ),
    Rule(
        "docker-variables",
        "RDS-SEC-01",
        (CONTAINER,),
        "envs[]",
        its.public_variable,
        "a secret is in the container's environment, where everybody who asks Docker sees it",
        "Give it as a file.",
        "Mount the secret as a file, and take it out of {property}.",
        when=_is_server,
    ),
    Rule(
        "docker-command",
        "RDS-SEC-01",
        (CONTAINER,),
        "command",
        its.without_passwords,
        "a password is an argument, where everybody on the machine sees it",
        "Give it as a file.",
        "Put passwords into a configuration file that is mounted, and take them out of {property}.",
        when=_is_server,
        read=its.words("entrypoints", "command"),
    ),
    Rule(
        "docker-user",
        "RDS-SEC-05",
        (CONTAINER,),
        "user",
        its.numeric_user,
        "the container runs as root",
        "`docker.user`: a user of its own.",
        "Set {property} to a user other than root, such as 999:999.",
        missing=False,
        when=its.both(_is_server, its.starts),
    ),
    Rule(
        "docker-privileged",
        "RDS-SEC-05",
        (CONTAINER,),
        "privileged",
        its.false,
        "the container has all rights on its machine",
        "Take `privileged` out.",
        "Take {property} out.",
        when=_is_server,
    ),
    Rule(
        "docker-capabilities",
        "RDS-SEC-05",
        (CONTAINER,),
        "capabilities.drops",
        its.drops_all,
        "the container keeps capabilities",
        "Drop all of them; our components always do.",
        "Set {property} to ALL.",
        missing=False,
        when=_is_server,
    ),
    Rule(
        "docker-new-privileges",
        "RDS-SEC-05",
        (CONTAINER,),
        "securityOpts",
        its.no_new_privileges,
        "a program in the container can get more rights",
        "Set no-new-privileges; our components always do.",
        "Add no-new-privileges:true to {property}.",
        missing=False,
        when=_is_server,
    ),
    Rule(
        "docker-read-only",
        "RDS-SEC-05",
        (CONTAINER,),
        "readOnly",
        its.true,
        "the container's file system can be written to",
        "Make it read-only; our components always do.",
        "Set {property} to true, and mount a volume where the server writes.",
        missing=False,
        when=its.both(_is_server, its.starts),
    ),
    Rule(
        "docker-host-network",
        "RDS-SEC-05",
        (CONTAINER,),
        "networkMode",
        its.none_of("host"),
        "the container is in the machine's own network",
        "Give it a network of its own; our components always do.",
        "Set {property} to a network of its own.",
        when=_is_server,
    ),
    Rule(
        "docker-server-tls",
        "RDS-TLS-01",
        (CONTAINER,),
        "command",
        speaks_tls,
        "the server answers without TLS",
        "`mode`: tls or mtls.",
        "Start it with --tls-port, a certificate and --port 0, by arguments or in an uploaded "
        "configuration file.",
        when=_foreign_server,
        production=True,
        exception="plaintext-in-production",
        read=settings,
    ),
    Rule(
        "docker-server-login",
        "RDS-AUTH-01",
        (CONTAINER,),
        "command",
        logs_in,
        "nobody has to log in",
        "`mode`: tls or mtls.",
        "Set requirepass, or aclfile with users, in a mounted configuration file.",
        when=_foreign_server,
        read=settings,
    ),
    Rule(
        "docker-client-variables",
        "RDS-SEC-01",
        (CONTAINER,),
        "envs[]",
        its.without_redis_credentials,
        "a password of Redis is in the container's environment, where everybody who asks Docker "
        "sees it",
        "Give it as a file.",
        "Mount the password or the URL as a file, and take it out of {property}.",
        when=_is_client,
    ),
    Rule(
        "docker-healthcheck",
        "RDS-SEC-01",
        (CONTAINER,),
        "healthcheck.tests",
        its.without_passwords,
        "a password is an argument of the health check, where everybody who asks Docker sees it",
        "Give it as a file.",
        "Let the check read the password from a file, and take it out of {property}.",
        when=_is_server,
    ),
)

COMPANIONS: tuple[Companion, ...] = ()

LINKS: tuple[Link, ...] = (
    uses(CONTAINER, "image", IMAGE),
    uses(CONTAINER, "volumes", VOLUME),
    uses(CONTAINER, "mounts", VOLUME),
    uses(CONTAINER, "uploads", *its.PASSWORDS, *CERTIFICATES, PRIVATE_KEY),
    uses(CONTAINER, "command", *its.PASSWORDS),
    uses(CONTAINER, "envs", *its.PASSWORDS),
)
"""What is about which Redis: what its container is given."""

ANCHORS: tuple[Anchor, ...] = (_server,)
"""What is about Redis by itself."""

CLIENTS: tuple[Anchor, ...] = (_client,)
"""What is about Redis by itself, but not with all that it has."""
