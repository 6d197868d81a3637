"""What the tests need beside the project's own packages.

Command-line tools, a browser, Node packages, and Checkov, which has an environment of its own
because it pins packages that ours has in other versions.
"""

import re
import shutil
from pathlib import Path

from .commands import must
from .errors import PreparationError
from .machine import at_least
from .packages import install
from .progress import Task
from .python_env import environment_part, make_environment, pinned
from .steps import Finding, Setup
from .store import Part, digest_of

CLIENTS = Path("tests", "docker", "clients")
NODE_PACKAGES = (CLIENTS, Path("examples", "typescript"))
"""Folders whose lock file's packages are installed there."""
MIN_NODE = "18"
_PACKAGES = {
    "openssl": ["openssl"],
    "redis-cli": ["redis-tools"],
    "node": ["nodejs", "npm"],
    "npm": ["npm"],
    "docker-compose": ["docker-compose"],
    # Without a font it has nothing to show.
    "chromium": ["chromium", "fonts-liberation"],
    "testssl": ["testssl.sh"],
}
CHECKOV = "SECURE_REDIS_CHECKOV"
"""The variable with which a command gets the path of the program `checkov`."""
_MARKER = ".secure-redis-installed"


def missing_tools(setup: Setup) -> list[str]:
    """The programs that are not there, or (node) too old."""
    path = setup.environ.get("PATH")
    missing = [name for name in _PACKAGES if not shutil.which(name, path=path)]
    node = shutil.which("node", path=path)
    if node and not at_least(_node_version(setup, node), MIN_NODE):
        missing.append("node")
    return missing


def _node_version(setup: Setup, node: str) -> str:
    """Node's version from the file beside it if possible: starting node takes 40 ms at each run."""
    header = Path(node).resolve().parent.parent / "include" / "node" / "node_version.h"
    try:
        text = header.read_text(encoding="utf-8")
        match = re.search(r"#define NODE_MAJOR_VERSION (\d+)", text)
        if match:
            return match.group(1)
    except OSError:
        pass
    return setup.children.run([node, "--version"], timeout=30).text


def _stale_packages(setup: Setup) -> dict[Path, str]:
    """The folders whose Node packages must be installed, and the hashes of their lock files."""
    stale: dict[Path, str] = {}
    for folder in NODE_PACKAGES:
        lock = setup.project / folder / "package-lock.json"
        if not lock.is_file():
            continue
        digest = digest_of([lock])
        try:
            installed = (lock.parent / "node_modules" / _MARKER).read_text()
        except OSError:
            installed = ""
        if installed != digest:
            stale[folder] = digest
    return stale


def checkov_part(setup: Setup) -> Part:
    """Checkov's own Python environment in the store."""
    pins = _checkov_pins(setup)
    return environment_part(setup, "checkov", pinned(pins, "checkov"), pins)


def _checkov_pins(setup: Setup) -> Path:
    return setup.project / "requirements" / "checkov.txt"


def look(setup: Setup) -> Finding:
    """Ready when every tool is there, Checkov too, and Node packages are the lock files'."""
    missing = missing_tools(setup)
    stale = _stale_packages(setup)
    part = checkov_part(setup)
    checkov = setup.store.has(part)
    if not missing and not stale and checkov:
        setup.store.used(part)
        program = setup.store.path(part) / "bin" / "checkov"
        names = ", ".join([*_PACKAGES, "checkov"])
        environment = {CHECKOV: str(program), "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
        return Finding(True, names, environment=environment)
    others = [*(["Node packages"] if stale else []), *([] if checkov else ["checkov"])]
    found = f"missing: {', '.join([*missing, *others])}"
    packages = sorted({package for name in missing for package in _PACKAGES[name]})
    if packages and not setup.machine.can_install_packages:
        return Finding(
            False,
            found,
            blocked=f"the tests need programs that are not here: {', '.join(missing)}\n"
            f"On Debian or Ubuntu: sudo apt-get install {' '.join(packages)}",
        )
    plan = [f"apt-get install {' '.join(packages)}"] if packages else []
    plan += [f"npm ci in {folder}" for folder in stale]
    plan += [] if checkov else [f"install checkov {part.version} into an environment of its own"]
    quick = checkov and "chromium" not in missing
    return Finding(False, found, ", ".join(plan), "half a minute" if quick else "1 to 2 minutes")


def obtain(setup: Setup, task: Task) -> None:
    """Installs the missing tools by apt, Node packages by npm, and Checkov by uv."""
    finding = look(setup)
    if finding.blocked:
        raise PreparationError(finding.blocked)
    missing = missing_tools(setup)
    if missing:
        install(setup, task, sorted({p for name in missing for p in _PACKAGES[name]}))
    with setup.store.locked("node-clients", "installing Node packages"):
        for folder, digest in _stale_packages(setup).items():
            task.update(f"npm ci in {folder}")
            result = setup.children.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                env=setup.environ,
                cwd=setup.project / folder,
            )
            must(result, f"npm ci in {folder}", network=True)
            (setup.project / folder / "node_modules" / _MARKER).write_text(digest)

    def make(directory: Path) -> None:
        make_environment(setup, task, _checkov_pins(setup), directory, "Checkov's")

    setup.store.obtain(checkov_part(setup), make, doing="installing Checkov")
    task.result = "installed"
