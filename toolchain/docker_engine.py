"""The Docker daemon: the one that answers is used, else one is started (Debian family, root).

A daemon that answers is never restarted or changed.
"""

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .commands import must
from .daemon import Daemon, NoAnswerError, connect
from .errors import PreparationError
from .packages import install
from .progress import Task
from .steps import Finding, Setup

DEFAULT_SOCKET = Path("/var/run/docker.sock")
PID_FILE = Path("/var/run/docker.pid")
SYSTEMD = Path("/run/systemd/system")  # is there where systemd runs
START_SECONDS = 30.0
SETTLE_SECONDS = 2.0
LOG_NAME = "dockerd.log"


@dataclass(frozen=True)
class Address:
    """A place where a daemon may be. chosen: the user named it, so no other one is tried."""

    url: str
    source: str
    chosen: bool

    @property
    def socket(self) -> Path | None:
        """The socket's path of a daemon on this machine."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None


def addresses(docker_host: str | None, environ: Mapping[str, str], home: Path) -> list[Address]:
    """Where to look, in order: the stack's docker:host, DOCKER_HOST, docker context, sockets."""
    if docker_host:
        return [Address(docker_host, "docker:host of the stack", True)]
    if environ.get("DOCKER_HOST"):
        return [Address(environ["DOCKER_HOST"], "DOCKER_HOST", True)]
    context = _context(environ, home)
    if context:
        return [context]
    places = [DEFAULT_SOCKET]
    if environ.get("XDG_RUNTIME_DIR"):
        places.append(Path(environ["XDG_RUNTIME_DIR"]) / "docker.sock")
    places += [home / ".docker/run/docker.sock", home / ".colima/default/docker.sock"]
    return [Address(f"unix://{place}", "socket", False) for place in places]


def _context(environ: Mapping[str, str], home: Path) -> Address | None:
    """The docker command's current context, unless it is the default one."""
    folder = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    name = environ.get("DOCKER_CONTEXT")
    try:
        if not name:
            name = json.loads((folder / "config.json").read_text()).get("currentContext")
        if not name or name == "default":
            return None
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = json.loads((folder / "contexts" / "meta" / digest / "meta.json").read_text())
        return Address(meta["Endpoints"]["docker"]["Host"], f"docker context {name}", True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def find(setup: Setup) -> tuple[Daemon | None, Address, list[str]]:
    """The first daemon that answers, its address (or the first one's), and what was tried."""
    tried: list[str] = []
    places = addresses(setup.stack.docker_host, setup.environ, setup.machine.home)
    for place in places:
        if place.socket and not place.socket.exists():
            if place.chosen or place.socket == DEFAULT_SOCKET:
                tried.append(f"{place.url} ({place.source}): no such socket")
            continue
        try:
            return connect(place.url, setup.environ, setup.children), place, tried
        except NoAnswerError as error:
            tried.append(f"{place.url} ({place.source}): {error}")
    return None, places[0], tried


def look(setup: Setup) -> Finding:
    """Ready when a daemon answers."""
    daemon, place, tried = find(setup)
    if daemon:
        default = place.url == f"unix://{DEFAULT_SOCKET}"
        return Finding(
            True,
            f"{place.url} ({place.source})",
            environment={} if default else {"DOCKER_HOST": place.url},
        )
    found = "; ".join(tried) or "no daemon"
    local = place.url == f"unix://{DEFAULT_SOCKET}" and setup.machine.system == "linux"
    if not local or not setup.machine.can_install_packages:
        return Finding(False, found, blocked=_instructions(setup, place, tried))
    if not _dockerd(setup):
        return Finding(False, found, "install Debian's docker.io by apt and start it", "a minute")
    return Finding(False, found, "start the Docker daemon", "5 s")


def _dockerd(setup: Setup) -> str | None:
    path = setup.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return shutil.which("dockerd", path=path)


def obtain(setup: Setup, task: Task) -> None:
    """Installs Docker where it is missing, and starts it."""
    finding = look(setup)
    if finding.blocked:
        raise PreparationError(finding.blocked)
    with setup.store.locked("docker", "starting Docker"):
        if find(setup)[0]:
            task.result = "another run started it"
            return
        if not _dockerd(setup) or not shutil.which("iptables", path=_admin_path(setup)):
            install(setup, task, ["docker.io", "iptables"])
            if _answers_soon(setup, SETTLE_SECONDS):  # the package may have started its service
                task.result = "installed"
                return
        task.update("starting")
        if SYSTEMD.is_dir():
            must(setup.children.run(["systemctl", "start", "docker"]), "systemctl start docker")
            log = "journalctl -u docker"
        else:
            log = str(_start(setup))
        if not _answers_soon(setup, START_SECONDS):
            raise PreparationError(_not_started(log))
        task.result = f"started, log: {log}"


def _admin_path(setup: Setup) -> str:
    return setup.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _start(setup: Setup) -> Path:
    """Starts dockerd for itself: it goes on when this program ends or is interrupted."""
    program = _dockerd(setup)
    if program is None:
        raise PreparationError("the package docker.io has brought no dockerd")
    remove_stale_pid(PID_FILE, Path("/proc"))
    setup.machine.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = setup.machine.state / LOG_NAME
    if _process_name(PID_FILE, Path("/proc")) == "dockerd":
        return log  # one is starting already
    env = {name: value for name, value in setup.environ.items() if name not in _OUR_SECRETS}
    with log.open("ab") as out:
        subprocess.Popen(
            [program],
            env={**env, "PATH": _admin_path(setup)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            start_new_session=True,
        )
    return log


_OUR_SECRETS = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "DOCKER_HOST"}


def remove_stale_pid(pid_file: Path, proc: Path) -> None:
    """Removes a pid file whose number belongs to no dockerd: it would stop a new one."""
    if pid_file.exists() and _process_name(pid_file, proc) != "dockerd":
        pid_file.unlink(missing_ok=True)


def _process_name(pid_file: Path, proc: Path) -> str | None:
    try:
        number = int(pid_file.read_text().strip())
        return (proc / str(number) / "comm").read_text().strip()
    except (OSError, ValueError):
        return None


def _answers_soon(setup: Setup, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        if find(setup)[0]:
            return True
        if time.monotonic() > deadline:
            return False
        setup.children.check()
        time.sleep(0.25)


def _not_started(log: str) -> str:
    message = f"the Docker daemon does not answer {START_SECONDS:.0f} s after its start ({log})"
    try:
        lines = Path(log).read_text(errors="replace").splitlines()[-12:]
    except OSError:
        return message
    return message + ":\n" + "\n".join(f"  | {line}" for line in lines)


def _instructions(setup: Setup, place: Address, tried: list[str]) -> str:
    lines = ["no Docker daemon answers. Tried:", *(f"  {line}" for line in tried)]
    if place.chosen:
        lines.append(f"Start the daemon at {place.url}, or correct {place.source}.")
        if place.url.startswith("ssh://"):
            lines.append(f"Check it by: docker -H {place.url} version")
        return "\n".join(lines)
    if any("permission denied" in line for line in tried):
        lines.append(
            "It runs, but your user may not use it. Add yourself to its group, log in again:"
        )
        lines.append("  sudo usermod -aG docker $USER")
        return "\n".join(lines)
    lines += [
        "Install or start it, then run the same command again:",
        "  Debian, Ubuntu: sudo apt-get install docker.io && sudo systemctl start docker",
        "  Fedora: sudo dnf install moby-engine && sudo systemctl start docker",
        "  macOS: start Docker Desktop, or: brew install colima docker && colima start",
        "  without root on Linux: dockerd-rootless-setuptool.sh install (it says its DOCKER_HOST)",
    ]
    if setup.machine.debian_family and setup.machine.system == "linux":
        lines.append("As root this is done for you: sudo toolchain/run prepare")
    return "\n".join(lines)
