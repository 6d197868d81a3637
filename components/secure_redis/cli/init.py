"""`secure-redis init`: a new stack file from few answers.

It writes one file and nothing else: no engine, no state, no cloud. It asks for no secret.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secure_redis.settings import Environment, NewNetwork, Purpose, Target

from .engine import Failure, Stack

if TYPE_CHECKING:
    from .new_stack import NewStack

SHORT = {
    Environment.DEVELOPMENT: "dev",
    Environment.STAGING: "staging",
    Environment.PRODUCTION: "prod",
}
"""Environments in the names of stacks."""

SCHEMA = Path("docs", "stack.schema.json")
"""The JSON Schema of stack files in a project."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Names that the engine accepts for stacks, as far as they are safe as a part of a file's name."""


PORT = click.IntRange(1, 65535)
"""Ports of an endpoint."""


@dataclass(frozen=True)
class Question:
    """What has to be known of a stack."""

    key: str
    """The option that answers it, without hyphens before it."""
    words: str
    choices: tuple[str, ...] = ()
    default: str = ""
    """Taken where nobody can be asked; without one the option is required there."""
    several: bool = False
    path: str = ""
    """How the paths of problems begin that a wrong answer leads to: a regular expression."""


@click.command("init", short_help="Write a new stack file, from few answers.")
@click.option("--target", type=click.Choice([one.value for one in Target]), help="Where it runs.")
@click.option(
    "--environment", type=click.Choice([one.value for one in Environment]), help="What it is for."
)
@click.option("--name", help="Name of the stack. [default: such as aws-prod]")
@click.option(
    "--cache",
    multiple=True,
    metavar="NAME[=PURPOSE]",
    help="A cache, for cache, sessions or queue; may be repeated. [default: cache=cache]",
)
@click.option("--region", help="Region of AWS, Azure or Google Cloud.")
@click.option("--google-project", help="Id of the project on Google Cloud.")
@click.option("--vpc-id", help="AWS: a VPC that exists. [default: a new one]")
@click.option(
    "--subnet-id", multiple=True, help="AWS: its private subnets. Azure: a subnet that exists."
)
@click.option("--network-id", help="Google Cloud: a network that exists. [default: a new one]")
@click.option(
    "--range-name",
    help="Google Cloud: its range for Google's services, if it has one. [default: a new one]",
)
@click.option(
    "--cidr",
    multiple=True,
    help=f"AWS, Azure: a network of the applications. [default: {NewNetwork().cidr}, the new one]",
)
@click.option("--security-group-id", multiple=True, help="AWS: one of the applications.")
@click.option("--host", help="External: name of the endpoint.")
@click.option("--port", type=PORT, help="External: its port.")
@click.option("--username", help="External: user of the application. [default: default]")
@click.option(
    "--project",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's directory. [default: this one]",
)
@click.option("--force", is_flag=True, help="Write over a stack file that is there.")
def init(*, directory: Path, force: bool, **options: Any) -> None:
    """Write stacks/Pulumi.<name>.yaml: valid, with comments, and all else a default.

    On a terminal it asks for what no option says. Elsewhere it asks for nothing, and names the
    options that are missing. A file that is there stays as it is, but for --force. Secrets are
    neither asked for nor written: the file says how the engine takes them.
    """
    from .new_stack import text  # noqa: PLC0415 - with the rules of every target

    project = directory.resolve()
    if not (project / "Pulumi.yaml").is_file():
        raise Failure(f"{project} has no Pulumi.yaml. Run this in the project's directory.")
    known = {key.replace("_", "-"): value for key, value in options.items() if value}

    def free(name: str) -> None:
        _refuse(_file(project, name), force=force)

    if "name" in known:
        free(known["name"])
    terminal = sys.stdin.isatty()
    ask = partial(ask_on_terminal, free=free) if terminal else no_terminal
    new = answered(known, ask, again=terminal)
    name = known["name"]
    free(name)
    file = _file(project, name)
    schema = f"../{SCHEMA.as_posix()}" if (project / SCHEMA).is_file() else ""
    write(file, text(new, stack=name, schema=schema), force=force)
    shown = file.relative_to(project)
    click.echo(f"wrote {shown}")
    click.echo(f"  what takes effect:  secure-redis explain-config {shown}")
    click.echo(f"  what it would make: make preview STACK={name}")


Ask = Callable[[Sequence[Question]], Mapping[str, Any]]
"""Answers to some of the questions that are open."""


def answered(known: dict[str, Any], ask: Ask, *, again: bool) -> "NewStack":
    """The stack that the answers describe; what is not known is asked for, and put into `known`.

    again: whether a wrong answer is asked for again. Raises Failure with all problems of answers
    for which it is not.
    """
    from secure_redis.problems import report  # noqa: PLC0415 - with the rules of every target

    from .new_stack import problems  # noqa: PLC0415 - with the rules of every target

    asked: set[str] = set()
    while True:
        while missing := [one for one in questions(known) if one.key not in known]:
            answers = ask(missing)
            asked |= set(answers)
            known.update(answers)
        _refuse_useless(known)
        new = stack_of(known)
        found = problems(new)
        if not found:
            return new
        wrong = {
            one.key
            for one in questions(known)
            for problem in found
            if one.key in asked and one.path and re.match(one.path, problem.path)
        }
        if not (again and wrong):
            raise Failure(report(found).replace("; nothing was changed", "; nothing was written"))
        for problem in found:
            click.echo(f"  {problem}", err=True)
        for key in wrong:
            del known[key]


def questions(known: Mapping[str, Any]) -> Iterator[Question]:
    """What has to be known, as far as the answers so far tell."""
    yield Question("target", "Where does it run", tuple(one.value for one in Target))
    yield Question("environment", "What is it for", tuple(one.value for one in Environment))
    if not {"target", "environment"} <= known.keys():
        return
    target, environment = Target(known["target"]), Environment(known["environment"])
    yield Question("name", "Name of the stack", default=default_name(target, environment))
    yield Question(
        "cache",
        "What is the data",
        tuple(one.value for one in Purpose),
        default=Purpose.CACHE.value,
        several=True,
    )
    if target.cloud:
        yield from _of_cloud(target, known)
    if target is Target.EXTERNAL:
        yield Question("host", "Name of the endpoint", path=f"{EXTERNAL}host")
        yield Question("port", "Port of the endpoint", path=f"{EXTERNAL}port")
        words = "User of the application"
        yield Question("username", words, default="default", path=f"{EXTERNAL}username")


def _of_cloud(target: Target, known: Mapping[str, Any]) -> Iterator[Question]:
    from .new_stack import PROJECT_KEY, REGION_KEYS  # noqa: PLC0415 - with the rules

    yield Question("region", f"Region, such as {REGIONS[target]}", path=REGION_KEYS[target])
    if target is Target.GCP:
        yield Question("google-project", "Id of the project", path=PROJECT_KEY)
    named = any(part.key in known for part in EXISTING[target])
    if not named:
        yield Question("network", "Private network", ("new", "existing"), default="new")
    network = "existing" if named else known.get("network")
    if network == "existing":
        yield from EXISTING[target]
    # Elsewhere something else decides who comes in.
    asked = {"new": {Target.AWS, Target.AZURE}, "existing": {Target.AWS}}
    if network and target in asked[network] and "security-group-id" not in known:
        default = NewNetwork().cidr if network == "new" else ""
        words = "Networks of the applications"
        yield Question("cidr", words, default=default, several=True, path="access")


EXTERNAL = r"caches\.[^.]+\.external\."
"""How the paths of problems of an endpoint begin."""

REGIONS = {Target.AWS: "eu-west-1", Target.AZURE: "westeurope", Target.GCP: "europe-west1"}
"""An example of each cloud."""

EXISTING = {
    Target.AWS: (
        Question("vpc-id", "Id of the VPC", path="network.adopt.vpcId"),
        Question("subnet-id", "Ids of its subnets", several=True, path="network.adopt.subnetIds"),
    ),
    Target.AZURE: (Question("subnet-id", "Resource id of the subnet", path="network.adopt"),),
    Target.GCP: (Question("network-id", "Name of the network", path="network.adopt"),),
}
"""What is asked of a network that exists."""


def ask_on_terminal(
    missing: Sequence[Question], *, free: Callable[[str], None]
) -> Mapping[str, Any]:
    """Asks the first of the questions.

    free: raises Failure for a name of a stack that cannot be taken; it is asked for again.
    """
    one = missing[0]
    kind = click.Choice(one.choices) if one.choices else PORT if one.key == "port" else None
    words = f"{one.words} (several with commas)" if one.several and not one.choices else one.words
    answer: Any = click.prompt(words, type=kind, default=one.default or None, err=True)
    if one.key == "name":
        try:
            free(answer)
        except Failure as error:
            click.echo(f"Error: {error.message}", err=True)
            return {}
    if one.several and not one.choices:
        answer = tuple(filter(None, re.split(r"[\s,]+", answer)))
    return {one.key: answer}


def no_terminal(missing: Sequence[Question]) -> Mapping[str, Any]:
    """Takes the defaults. Raises Failure that names the options without one."""
    needed = [f"--{one.key}" for one in missing if not one.default]
    if needed:
        verb = "is" if len(needed) == 1 else "are"
        raise Failure(f"{', '.join(needed)} {verb} missing, and there is no terminal to ask on.")
    return {one.key: one.default for one in missing}


def default_name(target: Target, environment: Environment) -> str:
    """The name of a stack that is given none."""
    if (target, environment) == (Target.DOCKER, Environment.DEVELOPMENT):
        return "local"
    return f"{target.value}-{SHORT[environment]}"


def _refuse_useless(known: Mapping[str, Any]) -> None:
    target = Target(known["target"])
    useful = {one.key for one in questions(known)} | {"network"}
    if target is Target.AWS:
        useful |= {"cidr", "security-group-id"}
    if target is Target.GCP and "network-id" in known:
        useful.add("range-name")
    useless = [f"--{key}" for key in known if key not in useful]
    if useless:
        raise Failure(f"{', '.join(useless)}: no effect on such a stack on {target.value}.")


def stack_of(known: Mapping[str, Any]) -> "NewStack":
    """The stack that the answers to all questions describe."""
    from .new_stack import NewStack  # noqa: PLC0415 - with the rules of every target

    target = Target(known["target"])
    adopt = _adopted(target, known)
    access = {
        "securityGroupIds": _several(known, "security-group-id"),
        "cidrs": _several(known, "cidr"),
    }
    endpoint = {key: known[key] for key in ("host", "port", "username") if key in known}
    return NewStack(
        target=target,
        environment=Environment(known["environment"]),
        caches=dict(_cache(one) for one in _distinct(_several(known, "cache"))),
        region=known.get("region", ""),
        project=known.get("google-project", ""),
        adopt={key: value for key, value in adopt.items() if value},
        range_name=known.get("range-name", ""),
        access={key: value for key, value in access.items() if value},
        endpoint=endpoint,
    )


def _adopted(target: Target, known: Mapping[str, Any]) -> dict[str, Any]:
    if target is Target.AWS:
        return {"vpcId": known.get("vpc-id"), "subnetIds": _several(known, "subnet-id")}
    if target is Target.AZURE:
        return {"subnetId": _single(known, "subnet-id")}
    return {"networkId": known.get("network-id")}


def _several(known: Mapping[str, Any], key: str) -> list[str]:
    value = known.get(key, ())
    return [value] if isinstance(value, str) else list(value)


def _single(known: Mapping[str, Any], key: str) -> str:
    values = _several(known, key)
    if len(values) > 1:
        raise Failure(f"--{key} can be given once on {known['target']}.")
    return values[0] if values else ""


def _distinct(caches: Sequence[str]) -> Sequence[str]:
    names = [_cache(one)[0] for one in caches]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Failure(f"--cache names {', '.join(twice)} twice.")
    return caches


def _cache(text: str) -> tuple[str, Purpose]:
    """Name and purpose of a cache; one that is named like a purpose has it."""
    name, _, purpose = text.partition("=")
    known = [one.value for one in Purpose]
    if not purpose:
        purpose = name if name in known else Purpose.CACHE.value
    if purpose not in known:
        raise Failure(f"--cache {name}: the purpose is one of {', '.join(known)}.")
    return name, Purpose(purpose)


def _file(project: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise Failure(f"{name!r} is no name of a stack: letters, digits and - _ . make one.")
    return Stack(name, project).file


def _refuse(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise Failure(f"{file.name} is there already. Choose another --name, or use --force.")


def write(file: Path, text: str, *, force: bool) -> None:
    """Writes a file; over another one with `force` only. Raises Failure."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not force:
            # Fails where the file has come meanwhile.
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
            return
        draft = file.with_name(f".{file.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise Failure(f"{error.filename or file}: {error.strerror}.") from None
