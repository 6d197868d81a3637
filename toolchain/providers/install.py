"""Installs a local provider as a Pulumi plugin. Standard library only.

The plugin folder gets a copy of the sources and a launcher, so it stays valid when the repository
moves. Usage:

    python install.py random --python VENV/bin/python --plugin-dir "$PULUMI_HOME/plugins/resource-
    random-v4.21.4"
"""

import argparse
import hashlib
import os
import shlex
import shutil
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "local_providers"
PACKAGE_PATH = Path("toolchain", "providers", SOURCES.name)
"""Where the sources stand below the folder they are imported from, as in the repository."""
PACKAGES = ("random", "tls")

_LAUNCHER = """\
#!/bin/sh
# Starts the local implementation of the Pulumi provider `{package}`; written by install.py.
exec {python} -I "${{0%/*}}/{library}/start.py" {package} "$@"
"""

_START = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from toolchain.providers.local_providers.__main__ import main

main()
"""


def _source_files() -> list[Path]:
    return sorted(SOURCES.rglob("*.py"))


def _digest() -> str:
    """A short hash of the sources, which names their copy."""
    digest = hashlib.sha256(_START.encode())
    for path in _source_files():
        digest.update(
            path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()[:16]


def _copy_sources(library: Path) -> None:
    """Puts the sources at `library` in one step; leaves a copy that is there already."""
    if library.exists():
        return
    staging = Path(tempfile.mkdtemp(prefix=".sources-", dir=library.parent))
    try:
        for path in _source_files():
            target = staging / PACKAGE_PATH / path.relative_to(SOURCES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (staging / "start.py").write_text(_START)
        staging.chmod(0o755)
        try:
            staging.rename(library)
        except OSError:
            # Another install of the same sources was faster.
            if not library.exists():
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_launcher(path: Path, text: str) -> None:
    """Replaces the launcher in one step."""
    handle, name = tempfile.mkstemp(prefix=".launcher-", dir=path.parent)
    staging = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        staging.chmod(0o755)
        staging.replace(path)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def install(package: str, venv_python: Path, plugin_dir: Path) -> Path:
    """Installs the local provider of a package into a plugin folder.

    Safe to run again, to interrupt, and to run twice at once: a plugin that works goes on working
    throughout.

    :param package: "random" or "tls".
    :param venv_python: interpreter of a virtual environment with the packages of requirements.in.
        Not resolved: the link inside the environment is what makes it one.
    :param plugin_dir: `$PULUMI_HOME/plugins/resource-<package>-v<version>`; made if missing. The
        version is that of the SDK in use: 4.21.4 for random, 5.6.2 for tls.
    :returns: the launcher, `plugin_dir/pulumi-resource-<package>`.
    :raises ValueError: for another package.
    """
    if package not in PACKAGES:
        raise ValueError(f"package must be one of {', '.join(PACKAGES)}")
    plugin_dir.mkdir(parents=True, exist_ok=True)
    library = f"sources-{_digest()}"
    _copy_sources(plugin_dir / library)
    launcher = plugin_dir / f"pulumi-resource-{package}"
    python = shlex.quote(str(Path.cwd() / venv_python))
    _write_launcher(launcher, _LAUNCHER.format(package=package, python=python, library=library))
    return launcher


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument(
        "--python", type=Path, required=True, help="interpreter of the virtual environment"
    )
    parser.add_argument("--plugin-dir", type=Path, required=True, help="plugin folder to fill")
    options = parser.parse_args()
    print(install(options.package, options.python, options.plugin_dir))


if __name__ == "__main__":
    main()
