"""`secure-redis doctor`: is a connection safe, does it work, and what to change if not.

What examines, and what prints, is imported when it is needed: the other commands do not pay for it.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secure_redis.connection import Connection
from secure_redis.settings import Target

from . import engine
from .declared import declared
from .engine import Failure, Stack
from .env import choose, connections

if TYPE_CHECKING:
    from secure_redis.doctor.endpoint import Declared, Given
    from secure_redis.doctor.report import Report
    from secure_redis.doctor.sources import OwnFiles

AWAY = frozenset({"name-unknown", "name-slow", "port-silent", "host-unreachable", "port-refused"})
"""Problems of a private network's cache that say nothing but that this machine is elsewhere."""


class CouldNotRun(click.ClickException):
    """Nothing was examined: one message, no traceback."""

    exit_code = 3


class _Command(click.Command):
    """Exits with 3 where nothing was examined: 1 and 2 are verdicts."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise CouldNotRun(error.format_message()) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise CouldNotRun(error.format_message()) from None
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - a traceback ends with 1, which is a verdict
            raise CouldNotRun(f"a defect of the doctor: {_defect(error)}") from None


def _defect(error: Exception) -> str:
    """Kind and place of an error. Not its text: a value in it can be secret."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


@click.command("doctor", cls=_Command, short_help="Is a connection safe, and if not, why.")
@click.option("--stack", "name", default="", help="A cache of this stack.")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's directory. [default: this one]",
)
@click.option("--cache", default="", help="The cache. [default: the first by name]")
@click.option("--all", "every", is_flag=True, help="Every cache of the stack.")
@click.option("--url-stdin", is_flag=True, help="The URL on standard input.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    help="A .env file. With --stack, it is compared with the stack's cache.",
)
@click.option("--prefix", default="", help="Before the names of variables, as in CACHE_REDIS_URL.")
@click.option("--ca", default="", help="File with the CA certificates, in place of what is given.")
@click.option("--cert", default="", help="File with the client's certificate.")
@click.option("--key", default="", help="File with its private key.")
@click.option("--sentinel-service", default="", help="Host and port are Sentinel's: the master.")
@click.option(
    "--negative",
    is_flag=True,
    help="Also try what must be refused and raises alarms: a wrong password, dangerous commands.",
)
@click.option(
    "--tls-profile",
    type=click.Choice(["modern", "fips"]),
    help="Which ciphers are good enough. [default: the cache's setting, or modern]",
)
@click.option("--key-prefix", default="", help="Before the name of the one key that is written.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and nothing else.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write a JUnit file.")
@click.option("--sarif", type=click.Path(path_type=Path), help="Write a SARIF 2.1.0 file.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page for people.")
def doctor(
    *,
    name: str,
    project: Path,
    cache: str,
    every: bool,
    url_stdin: bool,
    env_file: Path | None,
    prefix: str,
    ca: str,
    cert: str,
    key: str,
    sentinel_service: str,
    negative: bool,
    tls_profile: str | None,
    key_prefix: str,
    as_json: bool,
    junit: Path | None,
    sarif: Path | None,
    html: Path | None,
) -> None:
    """Examine a Redis as an application meets it, and say cause and cure of what is wrong.

    Without --stack, --env-file or --url-stdin, this process's environment is read. No secret is
    taken as an argument, and none is printed.

    Exit code: 0 all is well, 1 warnings, 2 something failed, 3 nothing could be examined.
    """
    from secure_redis.doctor.sources import OwnFiles  # noqa: PLC0415 - brings cryptography

    own = OwnFiles(ca, cert, key)
    stack = engine.find(name, project.resolve()) if name else None
    _check_choice(stack, env_file, cache=cache, every=every, url_stdin=url_stdin, prefix=prefix)
    if stack is None:
        subjects = [outside(own, env_file, prefix, url_stdin=url_stdin)]
    else:
        available = connections(stack)
        names = sorted(available) if every else [choose(available, cache)[0]]
        if env_file or url_stdin:
            (its,) = of_stack(stack, available, names)
            subjects = [outside(own, env_file, prefix, its, url_stdin=url_stdin)]
        else:
            subjects = inside(stack, available, names, own)
    if sentinel_service:
        subjects = [_with_sentinel(given, sentinel_service) for given in subjects]
    reports = examine(
        subjects, negative=negative, tls_profile=tls_profile or "", key_prefix=key_prefix
    )
    _write(reports, junit=junit, sarif=sarif, html=html)
    _print(reports, as_json=as_json, every=every)
    sys.exit(max(report.exit_code for report in reports))


def _check_choice(
    stack: Stack | None,
    env_file: Path | None,
    *,
    cache: str,
    every: bool,
    url_stdin: bool,
    prefix: str,
) -> None:
    """Raises CouldNotRun for options that exclude each other."""
    if env_file and url_stdin:
        raise CouldNotRun("--env-file and --url-stdin exclude each other")
    if (cache or every) and stack is None:
        raise CouldNotRun("--cache and --all need --stack")
    if cache and every:
        raise CouldNotRun("--cache and --all exclude each other")
    if every and (env_file or url_stdin):
        raise CouldNotRun("--all looks at the stack itself: leave --env-file or --url-stdin out")
    if prefix and (url_stdin or (stack and not env_file)):
        raise CouldNotRun("--prefix is for --env-file and the environment")


def outside(
    own: "OwnFiles",
    env_file: Path | None,
    prefix: str,
    declared: "Declared | None" = None,
    *,
    url_stdin: bool,
) -> "Given":
    """What an application has: a `.env` file, a URL on standard input, or the environment.

    Raises CouldNotRun where there is nothing.
    """
    from secure_redis.doctor import sources  # noqa: PLC0415 - brings cryptography
    from secure_redis.doctor.endpoint import Declared  # noqa: PLC0415 - with it

    declared = declared or Declared()
    try:
        if url_stdin:
            return sources.from_url(sys.stdin.read(), own=own, declared=declared)
        if env_file:
            return sources.from_env_file(env_file, prefix=prefix, own=own, declared=declared)
        return sources.from_env(os.environ, Path.cwd(), prefix=prefix, own=own, declared=declared)
    except UnicodeDecodeError:
        raise CouldNotRun("standard input is no text") from None
    except sources.NothingGivenError as error:
        hint = "" if env_file or url_stdin else ". --stack NAME, --env-file FILE or --url-stdin"
        raise CouldNotRun(f"{error}{hint}") from None


def inside(
    stack: Stack,
    available: Mapping[str, Connection],
    names: Iterable[str],
    own: "OwnFiles | None" = None,
) -> "list[Given]":
    """Secret. Caches of a stack, as it exports them. Raises Failure.

    available: all that it exports. names: the ones that are wanted.
    """
    from secure_redis.doctor import sources  # noqa: PLC0415 - brings cryptography

    return [
        sources.from_connection(available[declared.cache], declared, own=own or sources.OwnFiles())
        for declared in of_stack(stack, available, names)
    ]


def of_stack(
    stack: Stack, available: Mapping[str, Connection], names: Iterable[str]
) -> "list[Declared]":
    """Secret. What a stack declares of caches; see `inside`. Raises Failure."""
    from secure_redis.doctor.endpoint import Declared  # noqa: PLC0415 - only where it is used

    try:
        resources = engine.resources(stack)
    except ValueError:
        raise Failure(f"what pulumi printed of the stack {stack.name} is no JSON") from None
    environment, settings, exceptions = declared_settings(stack)
    return [
        Declared(
            stack=stack.name,
            cache=name,
            environment=environment,
            connection=available[name],
            settings=settings.get(name, {}),
            exceptions=exceptions,
            resources=tuple(of_cache(resources, name, available)),
        )
        for name in names
    ]


def declared_settings(stack: Stack) -> tuple[str, dict[str, dict[str, Any]], dict[str, str]]:
    """The environment of a stack, the settings of each cache after defaults, and its exceptions.

    Nothing of it is secret.

    What cannot be read is left out: `up` says what is wrong with it.
    """
    written, parsed = declared(stack)
    if parsed is None:
        return str(written.get("environment", "")), {}, {}
    caches = {
        name: cache.model_dump(mode="json", by_alias=True, exclude={"external"})
        for name, cache in parsed.caches.items()
    }
    return parsed.environment.value, caches, parsed.exceptions


def of_cache(
    resources: Sequence[Mapping[str, Any]], cache: str, caches: Iterable[str]
) -> list[Mapping[str, Any]]:
    """Resources in a state that are a cache's, or belong to no other one: networks, say."""
    parents = {str(one["urn"]): str(one.get("parent", "")) for one in resources}
    others = {name for name in caches if name != cache}

    def belongs(urn: str) -> bool:
        while urn:
            kind, _, name = urn.rpartition("::")
            if kind.endswith("secure-redis:index:SecureRedis") and name in others:
                return False
            urn = parents.get(urn, "")
        return True

    return [one for one in resources if belongs(str(one["urn"]))]


def _with_sentinel(given: "Given", service: str) -> "Given":
    if given.endpoint is None:
        return given
    return replace(given, endpoint=replace(given.endpoint, sentinel_service=service))


def examine(
    subjects: "Sequence[Given]",
    *,
    negative: bool = False,
    tls_profile: str = "",
    key_prefix: str = "",
) -> "list[Report]":
    """The reports of subjects that are examined side by side: ten seconds for all of them."""
    from secure_redis.doctor.checkup import Options, Profile  # noqa: PLC0415 - brings hiredis
    from secure_redis.doctor.run import diagnose  # noqa: PLC0415 - with it

    def one(given: "Given") -> "Report":
        profile = tls_profile or str(given.declared.settings.get("tlsProfile", "")) or "modern"
        options = Options(
            negative=negative,
            profile=Profile(profile),
            key_prefix=key_prefix,
            state=_counters(given),
        )
        return diagnose(given, options)

    with ThreadPoolExecutor(max_workers=len(subjects)) as pool:
        return list(pool.map(one, subjects))


def _counters(given: "Given") -> Path | None:
    """The file that keeps a server's counters from run to run; None where none can be kept."""
    if given.endpoint is None:
        return None
    directory = engine.state_dir() / "doctor"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    # One for each server: caches of a stack are examined side by side.
    return directory / f"{sha256(given.endpoint.redacted.encode()).hexdigest()[:16]}.json"


def _write(
    reports: "Sequence[Report]", *, junit: Path | None, sarif: Path | None, html: Path | None
) -> None:
    """Writes the files that were asked for. Raises CouldNotRun."""
    writers: list[tuple[Path, Callable[[], str]]] = []
    if junit:
        from secure_redis.doctor.output import junit as of_junit  # noqa: PLC0415 - when asked for

        writers.append((junit, lambda: of_junit.text(reports)))
    if sarif:
        from secure_redis.doctor.output import sarif as of_sarif  # noqa: PLC0415 - when asked for

        writers.append((sarif, lambda: of_sarif.text(reports)))
    if html:
        from secure_redis.doctor.output import html as of_html  # noqa: PLC0415 - when asked for

        writers.append((html, lambda: of_html.page(reports)))
    try:
        for path, content in writers:
            path.write_text(content(), encoding="utf-8")
    except OSError as error:
        raise CouldNotRun(f"{error.filename}: {error.strerror}") from None


def _print(reports: "Sequence[Report]", *, as_json: bool, every: bool) -> None:
    if as_json:
        from secure_redis.doctor.output import json_document  # noqa: PLC0415 - when asked for

        text = json_document.array(reports) if every else json_document.text(reports[0])
        click.echo(text, nl=not text.endswith("\n"))
        return
    from secure_redis.doctor.output import table  # noqa: PLC0415 - brings rich

    console = table.console(sys.stdout)
    for report in reports:
        table.render(report, console)


def closing_lines(stack: Stack, caches: Mapping[str, Connection]) -> list[str]:
    """What the doctor says of the caches of a stack that was just made: at least one line.

    Never raises; holds no secret.
    """
    try:
        subjects = [
            replace(given, subject=given.declared.cache)
            for given in inside(stack, caches, sorted(caches))
        ]
        reports = examine(subjects)
        return [line for report in reports for line in closing_line(report)]
    except click.ClickException as error:
        return [f"could not run: {error.message}"]
    except ImportError as error:
        return [f"could not run: {error.name} is not installed; secure-redis[cli] brings it"]
    except Exception as error:  # noqa: BLE001 - the stack is up, and nothing here may deny that
        return [f"could not run: a defect of the doctor: {_defect(error)}"]


def closing_line(report: "Report") -> list[str]:
    """What is said of a cache at the end of `up`: its verdict, and a line for each problem."""
    from secure_redis.doctor.catalogue import PROBLEMS  # noqa: PLC0415 - only where it is used
    from secure_redis.doctor.output import table  # noqa: PLC0415 - brings rich
    from secure_redis.doctor.report import Status  # noqa: PLC0415 - with it

    failed = {one.problem for one in report.findings if one.status is Status.FAILED}
    private = report.target in {target.value for target in Target if target.cloud}
    if private and failed and failed <= AWAY:
        where = "not reachable from here; run it from the application's network"
        return [f"{report.subject}: {where}"]
    troubles = [one for one in report.findings if one.problem]
    if not troubles[1:]:
        return [table.summary(report)]
    numbers = report.counts
    return [
        f"{report.subject}: {numbers.failed} failed, {numbers.warning} to look into",
        *(f"  {one.check} {PROBLEMS[one.problem].title} ({one.status.value})" for one in troubles),
    ]
