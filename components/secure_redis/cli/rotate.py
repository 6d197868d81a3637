"""`secure-redis rotate`: the step of a rotation that only the cloud's own service can do.

A cache on Azure has two access keys, both valid. Clients use the active one; this command makes the
other one anew. Which cache and which key, the outputs of the stack tell, not what is typed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from secure_redis.azure import regeneration
from secure_redis.azure.regeneration import RegenerationError
from secure_redis.azure.settings import Key
from secure_redis.connection import Connection

from . import engine
from .engine import Failure, Interrupted, Stack
from .env import choose, connections
from .stack import project_option, stack_option

ELSEWHERE = {
    "aws": "raise caches.{cache}.rotation.generation by one with keepPrevious: true, and make up: "
    "docs/aws.md, Rotate the password",
    "docker": "raise caches.{cache}.rotation.generation by one with keepPrevious: true, and make "
    "up: docs/docker.md, Rotate the password",
    "gcp": "raise caches.{cache}.rotation.generation by one with keepPrevious: true, which makes a "
    "second cache, since Redis keeps its AUTH string, and make up: docs/gcp.md, Rotate the AUTH "
    "string; Valkey has no password",
    "external": "change the password where the cache runs, then caches.{cache}.external.password, "
    "and make up",
}
"""What a rotation begins with on the other targets."""


@click.command()
@stack_option
@project_option
@click.option("--cache", default="", help="The cache. Needed where the stack has several.")
@click.option(
    "--key",
    "wanted",
    type=click.Choice([key.value for key in Key]),
    help="The access key to make anew. [default: the one that is not in use]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def rotate(*, name: str, project: Path, cache: str, wanted: str | None, yes: bool) -> None:
    """Make the access key of a cache on Azure anew that clients do not use.

    Clients go on with the other key. Prints what to do next, and no key.
    """
    stack = engine.find(name, project.resolve())
    cache, connection = _chosen(stack, cache)
    key = _key(cache, connection, wanted)
    _agree(stack, cache, key.other)
    try:
        place = regeneration.place(connection.resource_id)
        way = regeneration.access(connection.host)
        if not yes:
            _confirm(stack, cache, key)
        click.echo(f"making the {key.value} key of the cache {cache} anew ...", err=True)
        regeneration.regenerate(place, key, way)
    except RegenerationError as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted. Azure may or may not have made the {key.value} key anew; it is not in "
            "use. Run the same command again."
        ) from None
    click.echo(_next_steps(stack, cache, key))


def _chosen(stack: Stack, cache: str) -> tuple[str, Connection]:
    """Secret. The named cache, or the only one. Raises Failure."""
    known = connections(stack)
    if not cache and len(known) > 1:
        names = ", ".join(sorted(known))
        raise Failure(f"the stack {stack.name} has several caches. Name one: --cache ({names})")
    return choose(known, cache)


def _key(cache: str, connection: Connection, wanted: str | None) -> Key:
    """The key to make anew. Raises Failure where there is none that may be."""
    target, grants = connection.target, connection.grants
    if target != "azure":
        advice = ELSEWHERE.get(target, "see the documentation of the target").format(cache=cache)
        raise Failure(
            f"the cache {cache} is on {target}, where no access key can be made anew. To rotate "
            f"there: {advice}."
        )
    if not connection.password:
        raise Failure(
            f"nothing to rotate: clients log in to the cache {cache} with short-lived tokens of "
            "Microsoft Entra ID, and its access keys let nobody in."
        )
    active = _active(cache, grants)
    key = Key(wanted) if wanted else active.other
    if key is active:
        raise Failure(
            f"the {key.value} key of the cache {cache} is in use: clients would be cut off. Make "
            f"the {key.other.value} one anew (leave out --key), set caches.{cache}.azure.activeKey:"
            f" {key.other.value}, and make up; then this one."
        )
    return key


def _active(cache: str, grants: Mapping[str, Any]) -> Key:
    try:
        return Key(grants["active_key"])
    except (KeyError, ValueError):
        raise Failure(
            f"the stack does not tell which key of the cache {cache} is in use. Bring it up to "
            "date first: make up"
        ) from None


def _agree(stack: Stack, cache: str, active: Key) -> None:
    """Raises Failure when the stack file names another key than the one in use.

    A run that broke off may have moved clients to that one already, which the outputs do not tell.
    """
    caches = engine.settings_of(stack).get("secure-redis:caches")
    if not isinstance(caches, dict) or cache not in caches:
        return  # a program of the user's own
    own = caches[cache]
    settings = own.get("azure") if isinstance(own, dict) else None
    named = settings.get("activeKey") if isinstance(settings, dict) else None
    named = named or Key.PRIMARY.value
    if named != active.value:
        raise Failure(
            f"stacks/{stack.file.name} says that clients of the cache {cache} use its {named} key, "
            f"and the stack was made with the {active.value} one. First make up "
            f"STACK={stack.name}, or set activeKey back."
        )


def _confirm(stack: Stack, cache: str, key: Key) -> None:
    """Asks. Raises Failure when the answer is no, or nobody answers."""
    question = (
        f"The {key.value} key of the cache {cache} of the stack {stack.name} will be made anew.\n"
        f"Clients use the {key.other.value} one; any that still have the {key.value} one are cut "
        "off. Go on?"
    )
    try:
        if click.confirm(question, err=True):
            return
    except click.Abort:
        click.echo(err=True)
        raise Failure("nothing was changed: nobody answered. To go on unasked: --yes") from None
    raise Failure("nothing was changed")


def _next_steps(stack: Stack, cache: str, key: Key) -> str:
    """What is left of the rotation."""
    other = key.other.value
    again = f"make rotate STACK={stack.name} CACHE={cache}"
    return "\n".join(
        [
            f"the {key.value} key of the cache {cache} is new; clients still use the {other} one.",
            "To move them:",
            f"  1. in stacks/{stack.file.name}: caches.{cache}.azure.activeKey: {key.value}",
            f"  2. make up STACK={stack.name}, which writes the new URL into the Key Vault",
            "  3. let the clients read it again, and wait until their old connections have ended",
            f"  4. make the {other} key anew: {again}",
            f"  5. make up STACK={stack.name}, which writes it into the Key Vault",
        ]
    )
