"""`secure-redis up|preview|down|output|url|ca`: a stack from its file to its URL."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from secure_redis.aws import leftovers as aws_leftovers
from secure_redis.azure import leftovers as azure_leftovers
from secure_redis.connection import Auth, Connection
from secure_redis.gcp import leftovers as gcp_leftovers

from . import engine
from .doctor import closing_lines
from .engine import Failure, Stack
from .env import connections

stack_option = click.option("--stack", "name", default="local", help="The stack. [default: local]")
project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's directory. [default: this one]",
)
engine_arguments = click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
ABOUT_LOCKS = """If Azure refused because of a lock:
  AuthorizationFailed for a lock: to take it away needs the role Owner or User Access Administrator.
  ScopeLocked: a lock that is gone holds for some minutes more, or another one is in force, perhaps
  of the resource group or the subscription: az lock list.
Then run this command again: it goes on from here."""
"""What a removal on Azure fails from that no setting of the stack tells."""

cache_option = click.option("--cache", help="The cache. [default: the first by name]")


@click.command()
@stack_option
@project_option
@click.option(
    "--skip-doctor",
    is_flag=True,
    envvar="SECURE_REDIS_SKIP_DOCTOR",
    help="Do not look at the caches at the end. [env: SECURE_REDIS_SKIP_DOCTOR]",
)
@engine_arguments
def up(name: str, project: Path, arguments: tuple[str, ...], *, skip_doctor: bool) -> None:
    """Make what the stack file says; further ARGUMENTS go to `pulumi up`."""
    stack = engine.find(name, project.resolve())
    with engine.recorded(stack) as broke_off:
        engine.ensure(stack)
        if broke_off:
            _tidy(stack, volumes=False)
        code = engine.run(stack, "up", "--yes", "--skip-preview", *arguments)
    if code:
        sys.exit(code)
    caches = connections(stack)
    click.echo(closing_screen(stack, caches))
    if not skip_doctor:
        # Only when everything is made and said; what it finds is shown and fails nothing.
        click.echo(doctor_screen(closing_lines(stack, caches), stack))


@click.command()
@stack_option
@project_option
@engine_arguments
def preview(name: str, project: Path, arguments: tuple[str, ...]) -> None:
    """Show what `up` would change; further ARGUMENTS go to `pulumi preview`."""
    stack = engine.find(name, project.resolve())
    engine.ensure(stack)
    sys.exit(engine.run(stack, "preview", *arguments))


@click.command()
@stack_option
@project_option
@engine_arguments
def down(name: str, project: Path, arguments: tuple[str, ...]) -> None:
    """Remove everything that the stack made, but for protected data."""
    stack = engine.find(name, project.resolve())
    code = 0
    with engine.recorded(stack) as broke_off:
        engine.ensure(stack)
        if broke_off:
            _tidy(stack, volumes=True)
        serving = _protected(stack, serving=True)
        if not serving:
            options = ("--yes", "--skip-preview", "--exclude-protected", *arguments)
            code = engine.run(stack, "destroy", *options)
            if code and any(r["type"].startswith("azure-native:") for r in engine.resources(stack)):
                click.echo(ABOUT_LOCKS, err=True)
            kept = [] if code else _protected(stack, serving=False)
            if kept:
                click.echo(f"protected, and kept: {', '.join(kept)}")
    if serving:
        raise Failure(_lift_protection(stack, serving))
    sys.exit(code)


@click.command()
@stack_option
@project_option
def output(name: str, project: Path) -> None:
    """Print the outputs of the stack; secrets are not shown."""
    stack = engine.find(name, project.resolve())
    click.echo(engine.query(stack, "stack", "output"), nl=False)


@click.command()
@stack_option
@project_option
@cache_option
def url(name: str, project: Path, cache: str | None) -> None:
    """Print the URL of a cache, with its password."""
    _, contract = engine.connection(engine.find(name, project.resolve()), cache)
    click.echo(contract["url"])


@click.command()
@stack_option
@project_option
@cache_option
def ca(name: str, project: Path, cache: str | None) -> None:
    """Print the CA certificates by which clients verify a cache. Not secret."""
    _, contract = engine.connection(engine.find(name, project.resolve()), cache)
    click.echo(contract["ca_pem"], nl=False)


def _protected(stack: Stack, *, serving: bool) -> list[str]:
    """Names of what is protected; `serving`: only what clients use, with parts that are not.

    Data of a container lie in a volume, which can be kept alone; a cloud's cache is both.
    """
    names = {
        r["urn"].rpartition("::")[2]
        for r in engine.resources(stack)
        if r.get("protect") and not (serving and r["type"].startswith("docker:"))
    }
    return sorted(names)


def _lift_protection(stack: Stack, names: list[str]) -> str:
    return (
        f"the stack {stack.name} protects its data ({', '.join(names)}); nothing was removed, "
        "since clients would be cut off. First set `protect: false` on its caches and "
        f'`exceptions: {{ unprotected-data: "why" }}`, run make up STACK={stack.name}, then this '
        "command again."
    )


def closing_screen(stack: Stack, caches: Mapping[str, Connection]) -> str:
    """Where each cache is, how to get its URL, and how to connect. Holds no secret."""
    caches = dict(sorted(caches.items()))
    suffix = "" if stack.name == "local" else f" STACK={stack.name}"
    chosen = suffix + (" CACHE=name" if len(caches) > 1 else "")
    return "\n".join(
        [
            "",
            *(f"  {name:<10} {c.url_redacted}   {_protection(c)}" for name, c in caches.items()),
            "",
            f"  the URL:    make -s url{chosen}",
            f"  by hand:    {_by_hand(next(iter(caches.values())), suffix)}",
            f"  for an app: make env{chosen}   writes .env and certificates to ./connection/",
        ]
    )


def doctor_screen(lines: Sequence[str], stack: Stack) -> str:
    """What the doctor found, under the closing screen. Holds no secret."""
    suffix = "" if stack.name == "local" else f" STACK={stack.name}"
    first, *rest = lines
    return "\n".join(
        [
            f"  the doctor: {first}",
            *(f"              {line}" for line in rest),
            f"              make doctor{suffix}   looks again, and says more",
        ]
    )


def _by_hand(connection: Connection, suffix: str) -> str:
    """The command that pings a cache with everything verified that redis-cli can verify."""
    if connection.auth is Auth.IDENTITY:
        return f"clients get a token for each login: see docs/{connection.target}.md"
    if connection.client_cert_pem:
        trust = " --cacert ca.pem --cert client.crt --key client.key"
        return f'cd connection && redis-cli -u "$(make -sC .. url{suffix})"{trust} ping'
    trust = f" --cacert <(make -s ca{suffix})" if connection.ca_pem else ""
    cluster = " -c" if connection.cluster_mode else ""
    return f'redis-cli{cluster} -u "$(make -s url{suffix})"{trust} ping'


def _protection(connection: Connection) -> str:
    user = {
        Auth.NONE: "no password",
        Auth.PASSWORD: f"user {connection.username}",
        Auth.IDENTITY: f"user {connection.username}, token of the cloud's identity",
    }[connection.auth]
    if not connection.tls:
        return f"no TLS, {user}"
    verified = {"full": "verified", "ca": "CA verified", "none": "not verified"}
    client = ", client certificate" if connection.client_cert_pem else ""
    return (
        f"TLS {connection.tls_min_version}+ {verified[connection.tls_verify.value]}, {user}{client}"
    )


def _begun(
    pending: Iterable[Mapping[str, Any]], recorded: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """URN and id of what was begun in a cloud and not recorded."""
    begun, known = list(pending), list(recorded)
    yield from aws_leftovers.ids(begun, known)
    yield from azure_leftovers.ids(begun, known)
    yield from gcp_leftovers.ids(begun, known)


def _tidy(stack: Stack, *, volumes: bool) -> None:
    """Brings state and world together again after a run that broke off."""
    click.echo("the run before broke off: tidying up", err=True)
    engine.unlock(stack)
    engine.mend(stack)
    resources = engine.resources(stack)
    owners = [
        r["outputs"]["hex"]
        for r in resources
        if r["type"] == "random:index/randomId:RandomId" and "DockerNetwork$" in r["urn"]
    ]
    if owners:
        from secure_redis.docker import leftovers  # noqa: PLC0415 - only for stacks with containers
        from secure_redis.docker.preflight import location  # noqa: PLC0415

        known = {str(r["id"]) for r in resources if r.get("id")}
        where = location(engine.settings_of(stack).get("docker:host"))
        for owner in owners:
            for thing in leftovers.remove(where, owner, known, volumes=volumes):
                click.echo(f"  removed {thing}, which was made but not recorded", err=True)
    if engine.take_over(stack, _begun) or resources:
        # What was taken over is dropped if it is not there; what could not be is made again.
        options = ["--yes", "--skip-preview", "--suppress-outputs", "--clear-pending-creates"]
        if engine.run(stack, "refresh", *options):
            raise Failure("the state could not be brought up to date. See the lines above.")
