"""The project's Python environment, `.venv`: the pinned packages of the stack's target, by uv."""

import configparser
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from .commands import must
from .errors import PreparationError
from .machine import at_least
from .packages import install
from .progress import Task
from .steps import Finding, Setup
from .store import Part, digest_of

MARKER = ".secure-redis.json"
MIN_UV = "0.5.0"
MIN_PYTHON = (3, 10)
PYTHON_TIMEOUT = 60.0


def requirements_of(project: Path, targets: tuple[str, ...], dev: bool) -> list[Path]:
    """The files of pins to install, in order. Raises PreparationError if a target has none."""
    names = [*targets, *(["dev"] if dev else [])]
    files = [project / "requirements" / f"{name}.txt" for name in names]
    for file in files:
        if not file.is_file():
            raise PreparationError(
                f"{file} is missing: this copy of the repository is not complete"
            )
    return files


def look(setup: Setup) -> Finding:
    """Ready when the marker says that these pins are installed, for a Python that is there."""
    venv = setup.project / ".venv"
    scripts = venv / "bin"
    environment = {"VIRTUAL_ENV": str(venv)}
    marker = _marker(venv)
    wanted = _fingerprints(setup.project, requirements_of(setup.project, *_wanted(setup, {})))
    python = scripts / "python"
    if not os.access(python, os.X_OK):
        reason = f"its Python is gone ({os.path.realpath(python)})" if marker else "not there yet"
    elif not marker:
        reason = "not made by this toolchain, or not finished"
    elif marker.get("path") != str(venv):
        reason = f"it was made as {marker.get('path')} and has moved"
    elif marker.get("python") != os.path.realpath(python):
        reason = "its Python has moved"
    else:
        files = marker.get("files")
        installed = files if isinstance(files, dict) else {}
        changed = [name for name, digest in wanted.items() if installed.get(name) != digest]
        if not changed:
            what = ", ".join(Path(name).stem for name in wanted if name.startswith("requirements/"))
            version = marker.get("version", "")
            return Finding(
                True, f"{venv} (Python {version}): {what}", "", "", "", environment, (scripts,)
            )
        reason = f"{', '.join(changed)} changed" if installed else "empty"
    uv = shutil.which("uv", path=setup.environ.get("PATH")) or "uv from the package index"
    return Finding(
        False,
        f"{venv}: {reason}",
        plan=f"install {', '.join(_names(setup))} with {uv}",
        usual="half a minute",
    )


def obtain(setup: Setup, task: Task) -> None:
    """Makes or repairs .venv and installs the pins, checked by hash and compiled."""
    venv = setup.project / ".venv"
    python = venv / "bin" / "python"
    name = "python-" + hashlib.sha256(str(venv).encode()).hexdigest()[:12]
    with setup.store.locked(name, "installing Python packages into this repository's .venv"):
        if look(setup).ready:
            return
        uv = find_uv(setup, task)
        marker = _marker(venv)
        whole = marker is not None and (marker.get("path"), marker.get("python")) == (
            str(venv),
            os.path.realpath(python),
        )
        unmarked = marker is None and not (venv / f"{MARKER}.unfinished").exists()
        if not (whole or unmarked) or not _runs(setup, python):
            task.update("making .venv")
            must(
                setup.children.run(
                    [uv, "venv", "--quiet", "--clear", "--python", setup.machine.python, venv],
                    env=uv_environment(setup),
                ),
                f"making {venv}",
            )
            marker = None
        (venv / f"{MARKER}.unfinished").touch()
        (venv / MARKER).unlink(missing_ok=True)
        targets, dev = _wanted(setup, marker or {})
        files = requirements_of(setup.project, targets, dev)
        # Before the installation: a file that changes meanwhile must be found changed afterwards.
        fingerprints = _fingerprints(setup.project, files)
        _install(setup, task, uv, python, files)
        _write_marker(setup, venv, fingerprints, targets, dev)
        task.result = f"{', '.join(file.stem for file in files)} installed"


def _install(setup: Setup, task: Task, uv: str, python: Path, files: list[Path]) -> None:
    base = [uv, "pip", "install", "--python", python]
    pins = [word for file in files for word in ("-r", str(file))]
    env = uv_environment(setup)
    task.update("packages")
    must(
        setup.children.run(
            [*base, "--require-hashes", *pins],
            env=env,
            on_line=lambda line: task.update(line.strip()[:60]),
        ),
        "installing the Python packages",
        network=True,
    )
    task.update("this repository's own package")
    build = setup.project / "requirements" / "build.txt"
    constraint = ["--build-constraints", str(build)] if build.is_file() else []
    must(
        setup.children.run(
            [*base, "--no-deps", *constraint, "-e", setup.project / "components"], env=env
        ),
        "installing components/",
        network=True,
    )
    task.update("compiling to byte code")
    # Of everything, and not by uv: it compiles nothing when another installer has met the pins.
    # The SDK of one cloud costs each process 2 s else. A package's examples for older Pythons may
    # not compile, which harms nobody.
    packages = python.parent.parent / "lib"
    setup.children.run([python, "-I", "-m", "compileall", "-qq", "-j", "0", packages])


def make_environment(setup: Setup, task: Task, pins: Path, directory: Path, whose: str) -> None:
    """Fills an empty directory with a Python environment of its own, from a file of hashed pins.

    It can be renamed afterwards. `whose` names it in messages: "the providers'". Raises
    PreparationError with the installer's words.
    """
    uv = find_uv(setup, task)
    env = uv_environment(setup)
    python = ["--python", str(setup.machine.python)]
    new = [uv, "venv", "--quiet", "--clear", "--relocatable", *python, str(directory)]
    must(setup.children.run(new, env=env), f"making {whose} Python environment")
    command = [uv, "pip", "install", "--python", str(directory / "bin" / "python")]
    command += ["--require-hashes", "--compile-bytecode", "-r", str(pins)]
    result = setup.children.run(
        command, env=env, on_line=lambda line: task.update(line.strip()[:60])
    )
    must(result, f"installing {whose} packages", network=True)


def find_uv(setup: Setup, task: Task) -> str:
    """The path of a uv that is new enough: the one on PATH, else a pinned one in the cache."""
    found = shutil.which("uv", path=setup.environ.get("PATH"))
    if found:
        answer = setup.children.run([found, "--version"], timeout=PYTHON_TIMEOUT)
        words = answer.text.split()
        if answer.code == 0 and len(words) > 1 and at_least(words[1], MIN_UV):
            return found
    pins = setup.project / "requirements" / "uv.txt"
    part = Part(
        "uv", pinned(pins, "uv"), digest_of([pins], setup.machine.system, setup.machine.arch)
    )

    def make(directory: Path) -> None:
        task.update("getting uv")
        pip = _pip(setup, task, directory / "venv")
        command = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "-r", str(pins)]
        result = setup.children.run([*command, "--target", str(directory / "lib")])
        must(result, "getting uv from the package index", network=True)
        shutil.rmtree(directory / "venv", ignore_errors=True)

    return str(setup.store.obtain(part, make, doing="getting uv") / "lib" / "bin" / "uv")


def _pip(setup: Setup, task: Task, scratch: Path) -> list[str]:
    """A pip to start with, in an environment of its own."""
    make_venv = [str(setup.machine.python), "-m", "venv", str(scratch)]
    result = setup.children.run(make_venv)
    if result.code != 0 and setup.machine.can_install_packages:
        # Debian ships ensurepip apart from python3.
        minor = f"python3.{sys.version_info.minor}-venv"
        install(setup, task, ["python3-venv" if _is_systems(setup.machine.python) else minor])
        result = setup.children.run(make_venv)
    if result.code != 0:
        raise PreparationError(
            f"{setup.machine.python} makes no virtual environments, and there is no uv on PATH.\n"
            "  Debian, Ubuntu: sudo apt-get install python3-venv\n"
            "  or install uv: https://docs.astral.sh/uv/getting-started/installation/"
        )
    return [str(scratch / "bin" / "python"), "-m", "pip"]


def _is_systems(python: Path) -> bool:
    return python == Path(os.path.realpath("/usr/bin/python3"))


def uv_environment(setup: Setup) -> dict[str, str]:
    """The caller's environment for uv, with pip's settings of index and certificates carried over.

    uv reads no pip configuration, and on a closed network that is where the index is named.
    """
    env = dict(setup.environ)
    env.pop("VIRTUAL_ENV", None)
    env["UV_PYTHON_DOWNLOADS"] = "never"
    for option, names in _PIP_TO_UV.items():
        if any(name in env for name in names):
            continue
        value = env.get("PIP_" + option.upper().replace("-", "_")) or _pip_option(env, option)
        if value and (option != "cert" or Path(value).exists()):
            env[names[0]] = " ".join(value.split())
    return env


_PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS"),
}


def _pip_option(env: Mapping[str, str], option: str) -> str | None:
    home = Path(env.get("HOME") or Path.home())
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(
            [
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                home / ".pip" / "pip.conf",
                config / "pip" / "pip.conf",
                env.get("PIP_CONFIG_FILE") or os.devnull,
            ]
        )
    except (configparser.Error, UnicodeDecodeError):
        return None  # pip itself would complain; uv can still work without
    for section in ("install", "global"):
        if parser.has_option(section, option):
            return parser.get(section, option)
    return None


def environment_part(setup: Setup, name: str, version: str, pins: Path) -> Part:
    """The place in the store of an environment apart from `.venv`, with the pins of a file."""
    machine = setup.machine
    facts = (str(machine.python), machine.system, machine.arch)
    return Part(name, version, digest_of([pins], *facts))


def pinned(file: Path, name: str) -> str:
    """The version to which a file pins a package. Raises PreparationError if it does not."""
    for line in file.read_text(encoding="utf-8").splitlines():
        found, equals, rest = line.partition("==")
        if equals and found.strip() == name:
            return rest.split()[0].rstrip("\\;")
    raise PreparationError(f"{file} pins no version of {name}")


def _names(setup: Setup) -> list[str]:
    return [file.stem for file in requirements_of(setup.project, *_wanted(setup, {}))]


def _wanted(setup: Setup, marker: Mapping[str, object]) -> tuple[tuple[str, ...], bool]:
    """Targets and whether test tools: what this run needs and what is installed already."""
    before = marker.get("targets", [])
    kept = [t for t in before if isinstance(t, str)] if isinstance(before, list) else []
    kept = [t for t in kept if (setup.project / "requirements" / f"{t}.txt").is_file()]
    targets = tuple(sorted({*kept, setup.stack.target}))
    return targets, setup.dev or bool(marker.get("dev"))


def _fingerprints(project: Path, requirements: list[Path]) -> dict[str, str]:
    files = [*requirements, project / "components" / "pyproject.toml"]
    return {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def _marker(venv: Path) -> dict[str, object] | None:
    """What the last finished installation wrote; None if there is none or it cannot be read."""
    try:
        content = json.loads((venv / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("files"), dict) else None


def _write_marker(
    setup: Setup,
    venv: Path,
    fingerprints: dict[str, str],
    targets: tuple[str, ...],
    dev: bool,
) -> None:
    python = os.path.realpath(venv / "bin" / "python")
    answer = setup.children.run(
        [python, "-I", "-c", "import platform as p; print(p.python_version())"]
    )
    content = {
        "path": str(venv),
        "python": python,
        "version": answer.text.strip(),
        "targets": list(targets),
        "dev": dev,
        "files": fingerprints,
    }
    new = venv / f"{MARKER}.new"
    new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    new.replace(venv / MARKER)
    (venv / f"{MARKER}.unfinished").unlink(missing_ok=True)


def _runs(setup: Setup, python: Path) -> bool:
    """True when the environment's Python starts and is new enough."""
    if not os.access(python, os.X_OK):
        return False
    check = f"import sys; sys.exit(sys.version_info < {MIN_PYTHON})"
    return setup.children.run([python, "-I", "-c", check], timeout=PYTHON_TIMEOUT).code == 0
