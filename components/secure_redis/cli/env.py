"""`secure-redis env`: the connection of a cache in the form that an application reads.

It reads the outputs of a stack and writes text or files; it never talks to the cache. Secret values
are shown only with `--reveal`; `--out` writes them to files that only their owner can read.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from secure_redis.connection import CA_PATH, Connection
from secure_redis.rendering import compose, dotenv, json_document, kubernetes
from secure_redis.rendering.env import (
    DEFAULT_DIALECTS,
    DIALECTS,
    MASK,
    Rendered,
    checked_ca_path,
    masked,
    rendered,
)
from secure_redis.rendering.errors import RenderingError
from secure_redis.rendering.files import HEADING, File, write

from . import engine
from .engine import Failure, Stack

DOCUMENT_NAMES = {
    "dotenv": ".env",
    "docker": "docker.env",
    "json": "connection.json",
    "k8s": "secret.yaml",
    "compose": "compose.yaml",
}
"""The formats, and the file that each one writes."""

HOST_FORMATS = frozenset({"dotenv", "json"})
"""Formats read by a program on this machine: with `--out`, their paths are those of the files.
The others are read in a container, where the CA is mounted at `--ca-path`."""


@dataclass(frozen=True)
class Request:
    """What the user asked for; nothing in it is secret."""

    stack: str
    cache: str
    form: str
    dialects: tuple[str, ...]
    prefix: str
    ca_path: str
    out: Path | None
    service: str
    reveal: bool

    @property
    def heading(self) -> str:
        """The first line of what is written, without the comment sign."""
        origin = f"cache {self.cache} of stack {self.stack}"
        title = HEADING.removeprefix("# ")
        return f"{title} env: {origin}; generated, changes are lost"


@dataclass(frozen=True)
class Result:
    """The document, and the files that belong to it with `--out`."""

    document: File
    companions: tuple[File, ...] = ()


@click.command("env", short_help="Connection of a cache as .env, JSON, Kubernetes Secret, Compose.")
@click.option("--stack", "name", default="local", show_default=True, help="The stack.")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's directory. [default: this one]",
)
@click.option("--cache", default="", help="The cache. [default: the first by name]")
@click.option(
    "--dialect",
    "dialects",
    multiple=True,
    type=click.Choice(sorted(DIALECTS)),
    help=f"Variable names besides core; may be repeated. Default: {', '.join(DEFAULT_DIALECTS)}.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(DOCUMENT_NAMES)),
    default="dotenv",
    show_default=True,
    help="What to write. docker: for docker run --env-file, which knows no quotes.",
)
@click.option("--prefix", default="", help="Put before variable names, as in CACHE_REDIS_URL.")
@click.option(
    "--ca-path",
    default="",
    help=f"Where the application finds the CA. Default: in --out, or {CA_PATH} in a container.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the document, the CA and the client certificate into this directory, secrets 0600.",
)
@click.option("--service", default="app", show_default=True, help="Service in --format compose.")
@click.option("--reveal", is_flag=True, help="Print secret values.")
@click.option("--internal", is_flag=True, help="Host and port inside the cache's Docker network.")
def env(
    *,
    name: str,
    project: Path,
    cache: str,
    dialects: tuple[str, ...],
    form: str,
    prefix: str,
    ca_path: str,
    out: Path | None,
    service: str,
    reveal: bool,
    internal: bool,
) -> None:
    """Write how an application connects to a cache.

    Without --reveal, secret values read [secret], on a terminal and in a pipe alike. With --out
    they are written to files that only you can read, and nothing secret is printed.
    """
    stack = engine.find(name, project.resolve())
    cache, connection = choose(connections(stack), cache)
    # A service in a Compose file joins the cache's network, so it has to go by the names in there.
    if internal or (form == "compose" and connection.network):
        connection = inside(connection, cache)
    directory = Path.cwd() / out if out else None
    request = Request(
        stack=stack.name,
        cache=cache,
        form=form,
        dialects=dialects,
        prefix=prefix,
        ca_path=ca_path,
        out=directory,
        service=service,
        reveal=reveal or directory is not None,
    )
    try:
        result = build(connection, request)
        if directory is None:
            click.echo(result.document.content, nl=False)
            _advise(connection, request)
        else:
            for path in write(directory, [*result.companions, result.document]):
                click.echo(f"wrote {path}", err=True)
    except RenderingError as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(f"{error.filename or directory}: {error.strerror}") from None


def connections(stack: Stack) -> dict[str, Connection]:
    """Secret. The connections that a stack exports, by cache.

    Raises Failure where there is no engine, it cannot tell, there are none, or one is of another
    version of the contract.
    """
    try:
        outputs = engine.outputs(stack)
    except OSError as error:
        raise Failure(
            f"pulumi cannot be run: {error.strerror}. `make shell` opens a shell that has it."
        ) from None
    except ValueError:
        outputs = None
    if not isinstance(outputs, Mapping):
        raise Failure(f"what pulumi printed for the stack {stack.name} is no JSON object")
    exported = outputs.get("connections")
    if not isinstance(exported, Mapping) or not exported:
        raise Failure(f"the stack {stack.name} exports no connections")
    return {name: _connection(name, document, stack) for name, document in exported.items()}


def _connection(cache: str, document: Any, stack: Stack) -> Connection:
    try:
        return Connection.from_dict(document)
    except (ValueError, AttributeError, TypeError):
        version = document.get("contract_version") if isinstance(document, Mapping) else None
        raise Failure(
            f"cache {cache} of the stack {stack.name}: not a connection that this program reads "
            f"(contract version {version!r})"
        ) from None


def choose(available: Mapping[str, Connection], cache: str) -> tuple[str, Connection]:
    """The named cache, or the first by name. Raises Failure for one that is not there."""
    name = cache or min(available)
    if name not in available:
        near = difflib.get_close_matches(name, available, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(sorted(available))}."
        raise Failure(f"the stack has no cache {name!r}. {hint}")
    return name, available[name]


def inside(connection: Connection, cache: str) -> Connection:
    """The connection as seen from inside the cache's network; credentials and CA stay the same.

    Raises Failure for a cache that has no such network.
    """
    try:
        host, port = connection.network["host"], int(float(connection.network["port"]))
    except (KeyError, ValueError):
        raise Failure(f"cache {cache} has no Docker network to be reached in") from None
    return replace(connection, host=host, port=port)


def build(connection: Connection, request: Request) -> Result:
    """The document that was asked for and the files beside it.

    Raises RenderingError as the renderers do, and Failure for `compose` without a directory.
    """
    out = request.out
    on_host = out is not None and request.form in HOST_FORMATS
    ca_path = checked_ca_path(
        request.ca_path or (str(out / "ca.pem") if out is not None and on_host else CA_PATH)
    )
    variables = rendered(
        connection,
        request.dialects or DEFAULT_DIALECTS,
        prefix=request.prefix,
        ca_path=ca_path,
        cache=request.cache,
    )
    companions = () if request.form == "k8s" else _certificates(connection, request)
    if request.form == "compose":
        return _compose(connection, request, variables, ca_path, companions)
    content = _document(connection, request, variables, ca_path)
    return Result(File(DOCUMENT_NAMES[request.form], content, secret=True), companions)


def _document(
    connection: Connection, request: Request, variables: tuple[Rendered, ...], ca_path: str
) -> str:
    if request.form == "json":
        return json_document.document(connection, variables, ca_path=ca_path, reveal=request.reveal)
    if request.form == "k8s":
        return kubernetes.manifest(
            connection,
            cache=request.cache,
            heading=request.heading,
            variables=variables if request.dialects else (),
            reveal=request.reveal,
        )
    values = {v.name: v.value for v in variables} if request.reveal else masked(variables)
    if request.form == "docker":
        return dotenv.docker_document(values, request.heading)
    return dotenv.document(values, request.heading)


def _compose(
    connection: Connection,
    request: Request,
    variables: tuple[Rendered, ...],
    ca_path: str,
    certificates: tuple[File, ...],
) -> Result:
    if request.out is None:
        raise Failure("--format compose needs --out: the Compose file refers to the files in there")
    inside_container = ca_path.rpartition("/")[0]
    mounts = {
        str(request.out / file.name): f"{inside_container}/{file.name}" for file in certificates
    }
    if connection.ca_pem:
        mounts[str(request.out / "ca.pem")] = ca_path
    snippet = compose.snippet(
        service=request.service,
        env_file=str(request.out / DOCUMENT_NAMES["dotenv"]),
        mounts=mounts,
        network=connection.network.get("name", ""),
        heading=request.heading,
    )
    values = {variable.name: variable.value for variable in variables}
    environment = File(
        DOCUMENT_NAMES["dotenv"], dotenv.document(values, request.heading), secret=True
    )
    return Result(
        File(DOCUMENT_NAMES["compose"], snippet, secret=False), (*certificates, environment)
    )


def _certificates(connection: Connection, request: Request) -> tuple[File, ...]:
    names = {
        "ca.pem": connection.ca_pem,
        # The name that programs look for in a directory of certificates.
        "ca.crt": connection.ca_pem if "certpath" in request.dialects else "",
        "client.crt": connection.client_cert_pem,
        "client.key": connection.client_key_pem,
    }
    return tuple(
        File(name, content, secret=name == "client.key")
        for name, content in names.items()
        if content
    )


def _advise(connection: Connection, request: Request) -> None:
    if not request.reveal:
        click.echo(
            f"Secret values read {MASK}. --reveal prints them; --out DIR writes them to files that "
            "only you can read.",
            err=True,
        )
    if connection.ca_pem and request.form in HOST_FORMATS and not request.ca_path:
        click.echo(
            f"The CA is expected at {CA_PATH}: --out DIR writes it, --ca-path names another place.",
            err=True,
        )
