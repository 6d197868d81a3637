"""What kind of machine this is: facts that the steps decide by. Nothing here changes anything."""

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, ...]


@dataclass(frozen=True)
class Machine:
    """The facts. `cache` and `state` are where this project keeps things outside the repository."""

    system: str  # linux, darwin, ...
    arch: str  # x64, arm64, or what the kernel says, as in the names of Pulumi's releases
    root: bool
    debian_family: bool
    home: Path
    cache: Path
    state: Path
    python: Path  # the interpreter itself, outside any virtual environment

    @property
    def can_install_packages(self) -> bool:
        """True where missing system packages are installed by apt: Debian family, as root."""
        return self.root and self.debian_family


def detect(environ: Mapping[str, str]) -> Machine:
    """Reads the machine's facts. `environ` decides the places of cache, state and home."""
    home = Path(environ.get("HOME") or Path.home())
    return Machine(
        system=sys.platform if sys.platform != "win32" else "windows",
        arch=_release_arch(platform.machine()),
        root=os.geteuid() == 0,
        debian_family=Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None,
        home=home,
        cache=_place(environ, "SECURE_REDIS_CACHE_DIR", "XDG_CACHE_HOME", home / ".cache"),
        state=_place(
            environ, "SECURE_REDIS_STATE_DIR", "XDG_STATE_HOME", home / ".local" / "state"
        ),
        python=Path(os.path.realpath(sys.executable)),
    )


def _place(environ: Mapping[str, str], own: str, general: str, default: Path) -> Path:
    """An absolute directory: ours if named, else `secure-redis` below the user's or the default."""
    if environ.get(own):
        return Path(environ[own]).absolute()
    base = environ.get(general, "")
    # The XDG specification: a relative path there is invalid and is ignored.
    return (Path(base) if Path(base).is_absolute() else default) / "secure-redis"


def _release_arch(machine: str) -> str:
    return {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
        machine.lower(), machine.lower()
    )


def parse_version(text: str) -> Version:
    """The leading dotted numbers of a version, for comparison: `v3.250.0-x` -> (3, 250, 0).

    () when there is no number at all, which is less than any version.
    """
    numbers: list[int] = []
    for piece in text.strip().removeprefix("go").removeprefix("v").split("."):
        digits = ""
        for character in piece:
            if not character.isdigit():
                break
            digits += character
        if not digits:
            break
        numbers.append(int(digits))
        if digits != piece:
            break
    return tuple(numbers)


def at_least(found: str, wanted: str) -> bool:
    """True when version `found` is `wanted` or newer, number by number (3.9 is older than 3.10)."""
    first, second = parse_version(found), parse_version(wanted)
    width = max(len(first), len(second))
    pad = (0,) * width
    return bool(first) and (first + pad)[:width] >= (second + pad)[:width]


def free_bytes(path: Path) -> int:
    """Free bytes on the file system that holds, or would hold, `path`."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def available_memory() -> int | None:
    """Bytes that programs can get without swapping; None where the kernel does not say."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None
