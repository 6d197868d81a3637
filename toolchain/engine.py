"""The Pulumi engine, its language host and the plugins of a target: which are used, and why.

First choice is the user's own engine, then an official download, then one built from published Go
modules. The official ones download their plugins; where they cannot, the plugins are built too.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import backend
from .built import BUILDABLE, PULUMI_VERSION, BuiltParts, build_all, built_parts
from .errors import PreparationError
from .machine import at_least, parse_version
from .official import DOWNLOADS, archive_name, download, reachable
from .progress import Task
from .python_env import requirements_of
from .steps import Finding, Setup
from .store import Part, digest_of

MIN_PULUMI = "3.231.0"
_VERSION_SECONDS = 30.0
# The engine looks for the plugins of every installed SDK; these have none.
_WITHOUT_PLUGIN = frozenset({"policy"})
_NO_DOWNLOADS = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


@dataclass(frozen=True)
class Candidate:
    """An engine that is there, and whose it is."""

    whose: str  # "yours" or "official"
    program: Path
    version: str
    path: tuple[Path, ...]  # what goes before PATH


def plugin_versions(project: Path, target: str) -> dict[str, str]:
    """Plugin name -> version for a target: what its pinned SDKs ask the engine for."""
    (file,) = requirements_of(project, (target,), dev=False)
    text = file.read_text(encoding="utf-8")
    pins = re.findall(r"^pulumi-([a-z0-9-]+)==([0-9][\w.+-]*)", text, re.MULTILINE)
    return {name: version for name, version in pins if name not in _WITHOUT_PLUGIN}


def users_engine(setup: Setup) -> tuple[Candidate | None, str]:
    """The `pulumi` on PATH if it can be used, and the reason in words."""
    found = shutil.which("pulumi", path=setup.environ.get("PATH"))
    if not found:
        return None, "no pulumi on PATH"
    program = Path(found)
    version = _version_of(setup, program)
    if not version:
        return None, f"{program} does not tell its version"
    if not at_least(version, MIN_PULUMI):
        return None, f"{program} is {version}, {MIN_PULUMI} or newer is needed"
    beside = f"{program.resolve().parent}{os.pathsep}{setup.environ.get('PATH', '')}"
    if not shutil.which("pulumi-language-python", path=beside):
        return None, f"{program} comes without pulumi-language-python"
    return Candidate("yours", program, version, ()), f"{program} ({version})"


def _version_of(setup: Setup, program: Path) -> str:
    """The release of an engine, remembered by path, size and time: asking takes 0.1 s."""
    details = program.resolve().stat()
    key = digest_of((), str(program.resolve()), str(details.st_size), str(details.st_mtime_ns))
    note = setup.store.root / "facts" / f"pulumi-{key[:24]}"
    try:
        return note.read_text(encoding="utf-8").strip()
    except OSError:
        pass
    env = {**setup.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = setup.children.run([program, "version"], env=env, timeout=_VERSION_SECONDS)
    match = next((m for line in answer.tail if (m := re.match(r"v?(\d+\.\d+\.\d+)", line))), None)
    version = match.group(1) if match and answer.code == 0 else ""
    if version:
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            new = note.with_suffix(f".{os.getpid()}")
            new.write_text(version, encoding="utf-8")
            new.replace(note)
        except OSError:
            pass  # only slower the next time
    return version


def official_part(setup: Setup) -> Part:
    """The official release in the store."""
    name = archive_name(PULUMI_VERSION, setup.machine.system, setup.machine.arch) or "unsupported"
    return Part("pulumi-official", PULUMI_VERSION, digest_of((), name))


def _official_engine(setup: Setup) -> Candidate | None:
    part = official_part(setup)
    if not setup.store.has(part):
        return None
    folder = setup.store.path(part)
    return Candidate("official", folder / "pulumi", PULUMI_VERSION, (folder,))


def ready_engine(setup: Setup) -> Candidate | None:
    """The engine that needs no building: the user's, else an official one in the store."""
    return users_engine(setup)[0] or _official_engine(setup)


def missing_plugins(setup: Setup) -> dict[str, str]:
    """The target's plugins that neither PULUMI_HOME nor PATH has."""
    installed = _users_home(setup) / "plugins"
    return {
        name: version
        for name, version in plugin_versions(setup.project, setup.stack.target).items()
        if not shutil.which(f"pulumi-resource-{name}", path=setup.environ.get("PATH"))
        and not _installed(installed, name, version)
    }


def _installed(folder: Path, name: str, version: str) -> list[Path]:
    """Directories of a plugin that the engine takes: the version or a newer one of its major.

    Not those whose installation is not finished.
    """
    prefix = f"resource-{name}-v"
    return [
        entry
        for entry in sorted(folder.glob(f"{prefix}*"))
        if entry.is_dir()
        and parse_version(entry.name.removeprefix(prefix))[:1] == parse_version(version)[:1]
        and at_least(entry.name.removeprefix(prefix), version)
        and not entry.with_name(entry.name + ".partial").exists()
    ]


def _users_home(setup: Setup) -> Path:
    named = setup.environ.get("PULUMI_HOME")
    return Path(named) if named else setup.machine.home / ".pulumi"


def _built_environment(setup: Setup, home: Path) -> dict[str, str]:
    """Points an engine at plugins of ours, and stops it from trying to download them again."""
    environment = {
        "PULUMI_HOME": str(home),
        _NO_DOWNLOADS: "true",
    }
    if backend.current_login(setup.environ, setup.machine.home):
        folder = backend.credentials_folder(setup.environ, setup.machine.home)
        environment["PULUMI_CREDENTIALS_PATH"] = str(folder)
    return environment


def look(setup: Setup) -> Finding:
    """Which engine and plugins are used. Probes the network only to choose between two ways on."""
    candidate, why = users_engine(setup)
    if candidate is None:
        candidate = _official_engine(setup)
    if candidate is not None:
        return _look_at_plugins(setup, candidate)
    missing = missing_plugins(setup)
    parts = _parts(setup, missing, with_engine=True)
    if setup.store.has(parts.home):
        home = setup.store.path(parts.home)
        plugins = plugin_versions(setup.project, setup.stack.target)
        found = (
            f"Pulumi {PULUMI_VERSION} built here, with {', '.join(sorted(plugins)) or 'no plugins'}"
        )
        setup.store.used(parts.home)
        environment = _built_environment(setup, home)
        return Finding(True, f"{found} ({why})", environment=environment, path=(home / "bin",))
    if _not_buildable(missing) and not _can_download_plugins(setup):
        return _plan_build(setup, why, parts)  # said now, not after the other parts were obtained
    if not setup.thorough:
        return Finding(False, why, "obtain Pulumi")
    if reachable(setup):
        plan = f"download Pulumi {PULUMI_VERSION} from the official site"
        return Finding(False, why, plan, "half a minute; then the engine fetches its plugins")
    return _plan_build(setup, why, parts)


def _parts(setup: Setup, missing: dict[str, str], *, with_engine: bool) -> BuiltParts:
    """What is built for the missing plugins, beside those that the user has."""
    pinned = plugin_versions(setup.project, setup.stack.target)
    installed = _users_home(setup) / "plugins"
    folders = [
        folder
        for name, version in sorted(pinned.items())
        for folder in _installed(installed, name, version)
    ]
    return built_parts(setup, missing, with_engine=with_engine, users_plugins=folders)


def _not_buildable(plugins: dict[str, str]) -> dict[str, str]:
    return {name: plugins[name] for name in sorted(plugins) if name not in BUILDABLE}


def _downloads_forbidden(setup: Setup) -> bool:
    """As the engine reads its own setting."""
    return setup.environ.get(_NO_DOWNLOADS, "").lower() in {"1", "true"}


def _can_download_plugins(setup: Setup) -> bool:
    return not _downloads_forbidden(setup) and reachable(setup)


def _look_at_plugins(setup: Setup, candidate: Candidate) -> Finding:
    where = candidate.program if candidate.whose == "yours" else "official download"
    found = f"Pulumi {candidate.version}, {where}"
    missing = missing_plugins(setup)
    if not missing:
        return Finding(True, f"{found}, plugins present", path=candidate.path)
    parts = _parts(setup, missing, with_engine=False)
    if setup.store.has(parts.home):
        home = setup.store.path(parts.home)
        setup.store.used(parts.home)
        names = ", ".join(sorted(missing))
        environment = _built_environment(setup, home)
        return Finding(
            True, f"{found}, {names} built here", "", "", "", environment, candidate.path
        )
    names = ", ".join(f"{name} {version}" for name, version in sorted(missing.items()))
    if _can_download_plugins(setup):
        return Finding(
            True, f"{found}; it downloads its plugins itself: {names}", path=candidate.path
        )
    return _plan_build(setup, f"{found}, without the plugins {names}", parts)


def _plan_build(setup: Setup, found: str, parts: BuiltParts) -> Finding:
    impossible = _not_buildable(parts.plugins)
    if impossible:
        return Finding(False, found, blocked=_how_to_get(setup, impossible))
    names = [name for name, part in parts.programs.items() if not setup.store.has(part)]
    if parts.providers and not setup.store.has(parts.providers):
        names.append("providers")
    what = (
        f"build {', '.join(names)} from published modules" if names else "arrange the built parts"
    )
    usual = "half a minute" if names else "at once"
    if "docker-provider" in names:
        usual = "5 minutes on 2 cores"
    if "engine" in names:
        usual = "8 to 10 minutes on 2 cores"
    return Finding(False, found, f"{what} (the download site cannot be reached)", usual)


def _how_to_get(setup: Setup, plugins: dict[str, str]) -> str:
    """What to do about plugins that exist as downloads only."""
    names = " and ".join(f"{name} {version}" for name, version in plugins.items())
    one = len(plugins) == 1
    install = [f"  pulumi plugin install resource {name} {plugins[name]}" for name in plugins]
    programs = " and ".join(f"pulumi-resource-{name}" for name in plugins)
    missing = f"the Pulumi plugin{'' if one else 's'} {names} {'is' if one else 'are'} missing"
    last = f"A program {programs} on PATH is used too. Then run the same command again."
    if _downloads_forbidden(setup):
        first = f"{missing}, and {_NO_DOWNLOADS} forbids downloading {'it' if one else 'them'}."
        return "\n".join([first, "Install by hand:", *install, last])
    machine = setup.machine
    folders = [f"resource-{name}-v{version}" for name, version in plugins.items()]
    folder = folders[0] if one else f"{{{','.join(folders)}}}"
    here = _users_home(setup) / "plugins"
    return "\n".join(
        [
            f"{missing}, and {DOWNLOADS} does not answer from here.",
            f"On a machine of the same kind ({machine.system}, {machine.arch}) that reaches it:",
            *install,
            f"Copy ~/.pulumi/plugins/{folder} from there to {here} here.",
            last,
        ]
    )


def obtain(setup: Setup, task: Task) -> None:
    """Downloads the official engine, or builds what `look` found missing."""
    candidate = ready_engine(setup)
    if candidate is None:
        archive = archive_name(PULUMI_VERSION, setup.machine.system, setup.machine.arch)
        if archive and reachable(setup):
            setup.store.obtain(
                official_part(setup),
                lambda directory: download(setup, task, archive, PULUMI_VERSION, directory),
                doing="downloading Pulumi",
            )
            task.result = f"Pulumi {PULUMI_VERSION} downloaded, checksum verified"
            return
        task.say("the official download site cannot be reached: using published Go modules")
    parts = _parts(setup, missing_plugins(setup), with_engine=candidate is None)
    finding = _plan_build(setup, "", parts)
    if finding.blocked:
        raise PreparationError(finding.blocked)
    build_all(setup, task, parts)
