"""The parts that are built from published modules where no download site can be reached.

Go programs and a Python environment, each kept on its own, and a `home`: all of them, arranged as
the engine looks for them.
"""

import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .commands import must, run_together
from .errors import PreparationError
from .go import (
    GoBuild,
    build,
    check_room,
    clear_work,
    find_go,
    module_directory,
    parallel_packages,
    required_go,
)
from .machine import available_memory
from .progress import Task
from .providers.install import install as install_provider
from .python_env import environment_part, make_environment
from .steps import Setup
from .store import Part, digest_of, source_files

PULUMI_VERSION = "3.250.0"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
IN_PYTHON = frozenset({"random", "tls"})
BUILDABLE = frozenset({"docker", *IN_PYTHON})
FIRST_START_SECONDS = 60.0
_BESIDE_HOST = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)


@dataclass(frozen=True)
class BuiltParts:
    """What is built from published modules, by its place in the store."""

    programs: dict[str, Part]  # name of the Go module's directory -> part
    providers: Part | None  # the Python providers, if the target needs one
    plugins: dict[str, str]  # name -> version
    users_plugins: tuple[Path, ...]  # directories of the user's own plugins that go on being used
    home: Part  # all of them, arranged as the engine looks for them


def built_parts(
    setup: Setup,
    plugins: dict[str, str],
    *,
    with_engine: bool,
    users_plugins: Sequence[Path] = (),
) -> BuiltParts:
    """The parts for these plugins, with an engine or for one that is there already."""
    toolchain = Path(__file__).parent
    wanted = ["engine", "language-python"] if with_engine else []
    wanted += ["docker-provider"] if "docker" in plugins else []
    programs = {
        name: program_part(
            setup, name, plugins["docker"] if name == "docker-provider" else PULUMI_VERSION
        )
        for name in wanted
    }
    providers = None
    sources = ""
    if IN_PYTHON.intersection(plugins):
        providers = environment_part(setup, "providers", "1", _provider_pins(setup))
        sources = digest_of(source_files(toolchain / "providers"))
    everything = [part.directory for part in (*programs.values(), providers) if part] + [sources]
    everything += [f"{name} {version}" for name, version in sorted(plugins.items())]
    everything += [str(folder) for folder in users_plugins]
    kind = "pulumi-home" if with_engine else "plugins-home"
    home = Part(kind, PULUMI_VERSION, digest_of((), *everything))
    return BuiltParts(programs, providers, plugins, tuple(users_plugins), home)


def build_all(setup: Setup, task: Task, parts: BuiltParts) -> None:
    """Builds the missing parts and arranges them as the engine looks for them."""
    others: list[Callable[[], None]] = []
    if parts.providers and not setup.store.has(parts.providers):
        providers = parts.providers
        others.append(lambda: _make_providers(setup, providers))
    build_programs(setup, task, parts.programs, others)
    setup.store.obtain(
        parts.home,
        lambda directory: _arrange(setup, parts, directory),
        doing="arranging the plugins",
    )
    task.result = "ready"


@dataclass(frozen=True)
class GoProgram:
    """A program and how it is built. The name of its module's directory is its name everywhere.

    packages: how many a cold build compiles (measured). usual: how long that takes on 2 cores.
    """

    program: str
    package: str
    title: str
    packages: int
    usual: str
    ldflags: str = "-s -w"


PROGRAMS: dict[str, GoProgram] = {
    "engine": GoProgram(
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        "Pulumi engine",
        1170,
        "6 to 9 minutes",
        f"-s -w -X {SDK_MODULE}/go/common/version.Version=v{PULUMI_VERSION}",
    ),
    "language-python": GoProgram(
        "pulumi-language-python", ".", "Python language host", 530, "3 minutes"
    ),
    "docker-provider": GoProgram(
        "pulumi-resource-docker", ".", "Docker plugin", 1470, "5 to 9 minutes"
    ),
    # Of the tests only: see dev_programs.py.
    "actionlint": GoProgram(
        "actionlint",
        "github.com/rhysd/actionlint/cmd/actionlint",
        "linter of workflows",
        155,
        "half a minute",
    ),
    "language-yaml": GoProgram(
        "pulumi-language-yaml",
        "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
        "YAML language host",
        900,
        "2 to 4 minutes",
    ),
    "language-nodejs": GoProgram(
        "pulumi-language-nodejs", ".", "Node language host", 900, "2 to 4 minutes"
    ),
}


def program_part(setup: Setup, name: str, version: str) -> Part:
    """The place in the store of a program of `PROGRAMS`, built for this machine."""
    sources = source_files(Path(__file__).parent / name)
    return Part(name, version, digest_of(sources, setup.machine.system, setup.machine.arch))


def build_programs(
    setup: Setup,
    task: Task,
    programs: Mapping[str, Part],
    others: Sequence[Callable[[], None]] = (),
) -> None:
    """Builds the missing programs, and does other jobs, side by side.

    The builds run one after the other where memory is short. Raises PreparationError.
    """
    toolchain = Path(__file__).parent
    missing = {name: part for name, part in programs.items() if not setup.store.has(part)}
    jobs = list(others)
    with setup.store.shared("go-work") as alone:
        work = setup.store.root / "go-work"
        cpus = os.cpu_count() or 1
        together, parallel = parallel_packages(len(missing), cpus, available_memory())
        turn = threading.Lock()
        if missing:
            check_room(setup.store.root)
            task.update("finding Go")
            go = find_go(setup, task, required_go([toolchain / name for name in missing]))
            for name, part in missing.items():
                job = _GoJob(setup, go, work, toolchain / name, part, parallel)
                jobs.append(job if together else _in_turn(turn, job))
        task.quiet = True
        run_together(setup.children, jobs)
        task.quiet = False
        if missing and alone():
            task.update("removing the builds' caches")
            clear_work(work)


def _in_turn(turn: threading.Lock, job: Callable[[], None]) -> Callable[[], None]:
    def one_at_a_time() -> None:
        with turn:
            job()

    return one_at_a_time


@dataclass(frozen=True)
class _GoJob:
    """The build of one Go part into the store."""

    setup: Setup
    go: str
    work: Path
    module: Path
    part: Part
    parallel: int

    def __call__(self) -> None:
        what = PROGRAMS[self.part.name]
        announcement = (
            f"building version {self.part.version} from Go modules (usually {what.usual})"
        )
        with self.setup.board.task(what.title, announcement) as task:

            def make(directory: Path) -> None:
                self._make(task, directory)

            self.setup.store.obtain(self.part, make, doing=f"building the {what.title}")
            task.result = "built"

    def _make(self, task: Task, directory: Path) -> None:
        program = PROGRAMS[self.part.name]
        what = GoBuild(self.module, program.package, program.packages, program.ldflags)
        output = directory / program.program
        build(
            self.setup, task, self.go, self.work, what=what, output=output, parallel=self.parallel
        )
        if self.part.name == "language-python":
            sdk = module_directory(self.setup, self.go, self.work, self.module, SDK_MODULE)
            for file in _BESIDE_HOST:
                copy = directory / Path(file).name
                shutil.copyfile(sdk / file, copy)
                copy.chmod(0o755)


def _make_providers(setup: Setup, part: Part) -> None:
    """A Python environment for the random and tls providers, apart from the project's own."""
    with setup.board.task("random and tls plugins", "installing (usually half a minute)") as task:

        def make(directory: Path) -> None:
            make_environment(setup, task, _provider_pins(setup), directory, "the providers'")

        setup.store.obtain(part, make, doing="installing the random and tls plugins")
        task.result = "installed"


def _provider_pins(setup: Setup) -> Path:
    return setup.project / "requirements" / "providers.txt"


def _arrange(setup: Setup, parts: BuiltParts, directory: Path) -> None:
    """Makes a PULUMI_HOME: programs in bin/, plugins where the engine looks first."""
    plugins = directory / "plugins"
    for name, part in parts.programs.items():
        source = setup.store.path(part)
        if name == "docker-provider":
            folder = plugins / f"resource-docker-v{parts.plugins['docker']}"
        else:
            folder = directory / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(source.iterdir()):
            _link(file, folder / file.name)
    for name in sorted(IN_PYTHON.intersection(parts.plugins)):
        if parts.providers is None:
            raise PreparationError(f"no Python environment for the {name} plugin")
        python = setup.store.path(parts.providers) / "bin" / "python"
        install_provider(name, python, plugins / f"resource-{name}-v{parts.plugins[name]}")
    plugins.mkdir(exist_ok=True)
    for source in parts.users_plugins:
        # Real directories with linked files: the engine does not look into linked directories.
        (plugins / source.name).mkdir(exist_ok=True)
        for file in source.iterdir():
            (plugins / source.name / file.name).symlink_to(file)
    engine = directory / "bin" / "pulumi"
    if engine.exists():
        env = {**setup.environ, "PULUMI_HOME": str(directory), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        answer = setup.children.run([engine, "version"], env=env, timeout=FIRST_START_SECONDS)
        must(answer, "the first start of the built engine")


def _link(source: Path, target: Path) -> None:
    """A hard link, because the engine looks for its language host beside its own real path."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
