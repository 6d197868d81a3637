"""The step that gets the images of a stack into its daemon."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain import docker_engine
from toolchain.commands import must
from toolchain.daemon import Daemon, NoAnswerError
from toolchain.errors import PreparationError
from toolchain.packages import install
from toolchain.progress import Task
from toolchain.steps import Finding, Setup

from .tree import slim

IMAGES = Path("components", "secure_redis", "docker", "images.json")
_NO_TLS = "this build has no TLS"


@dataclass(frozen=True)
class Image:
    """One server's image: its official name, its name if made here, and what to make it from."""

    server: str
    official: str
    local: str
    suite: str
    packages: tuple[str, ...]


def images_of(setup: Setup) -> list[Image]:
    """The images that the stack's caches use; for tests all of them.

    Raises PreparationError if the data is not there.
    """
    try:
        known = json.loads((setup.project / IMAGES).read_text(encoding="utf-8"))
        return [
            Image(
                server,
                known[server]["official"],
                known[server]["local"],
                known[server]["suite"],
                tuple(known[server]["packages"]),
            )
            for server in (sorted(known) if setup.dev else setup.stack.engines)
        ]
    except (OSError, ValueError, KeyError) as error:
        raise PreparationError(f"{setup.project / IMAGES} cannot be read: {error!r}") from error


def look(setup: Setup) -> Finding:
    """Ready when the daemon has each image, under either name."""
    images = images_of(setup)
    daemon = docker_engine.find(setup)[0]
    if daemon is None:
        names = ", ".join(image.official for image in images)
        return Finding(False, "no daemon yet", f"pull {names}, else make it from Debian's packages")
    present = {image: name for image in images if (name := _present(daemon, image))}
    missing = [image for image in images if image not in present]
    found = ", ".join(present.values()) or "none"
    if not missing:
        return Finding(True, found if images else "each cache names its own")
    names = ", ".join(image.official for image in missing)
    plan = f"pull {names}"
    if _can_make(setup):
        plan += f", else make it from Debian's {', '.join(image.packages[0] for image in missing)}"
    return Finding(False, f"{found} (missing: {names})", plan, "10 to 30 s")


def _present(daemon: Daemon, image: Image) -> str | None:
    return next((n for n in (image.official, image.local) if daemon.has_image(n)), None)


def _can_make(setup: Setup) -> bool:
    return setup.machine.can_install_packages


def obtain(setup: Setup, task: Task) -> None:
    """Pulls each missing image, or makes it from Debian's packages, and tries it once."""
    with setup.store.locked("image", "getting the image"):
        daemon = docker_engine.find(setup)[0]
        if daemon is None:
            raise PreparationError("the Docker daemon does not answer any more")
        results: list[str] = []
        for image in images_of(setup):
            if _present(daemon, image):
                continue
            try:
                task.update(f"asking for {image.official}")
                daemon.pull(image.official, task.update)
                results.append(f"{image.official} pulled")
            except NoAnswerError as error:
                setup.children.check()
                reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
                if not _can_make(setup):
                    raise PreparationError(_instructions(image, reason)) from error
                task.say(f"{image.official} cannot be pulled ({reason})")
                _make(setup, task, daemon, image)
                results.append(f"{image.local} made from Debian {image.suite}")
        task.result = ", ".join(results) or "another run got it"


def _make(setup: Setup, task: Task, daemon: Daemon, image: Image) -> None:
    """Makes the image from signed Debian packages and imports it into the daemon."""
    wanted = {"mmdebstrap": "mmdebstrap"}
    if not Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists():
        wanted["debian-archive-keyring"] = "debian-archive-keyring"  # on relatives of Debian
    if shutil.which("mmdebstrap"):
        del wanted["mmdebstrap"]
    if wanted:
        install(setup, task, list(wanted))
    with tempfile.TemporaryDirectory(prefix=".image-", dir=setup.store.root) as name:
        folder = Path(name)
        _unpack_packages(setup, task, image, daemon.architecture(), folder / "packages.tar")
        task.update("picking the server's files")
        slim(folder / "packages.tar", folder / "image.tar", image.server)
        task.update("handing it to the daemon")
        changes = [
            "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "WORKDIR /data",
            "EXPOSE 6379",
            f'CMD ["{image.server}-server"]',
        ]
        daemon.import_image(folder / "image.tar", image.local, changes)
    try:
        task.say(f"{image.local} is {try_image(daemon, image.local, image.server)}")
    except PreparationError:
        daemon.remove_image(image.local)  # the next run must not take it for good
        raise


def _unpack_packages(
    setup: Setup, task: Task, image: Image, architecture: str, archive: Path
) -> None:
    """Unpacks the packages and what they depend on; apt checks Debian's signatures."""
    include = ",".join([*image.packages, "dash", "coreutils"])
    command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={include}"]
    command += [f"--aptopt={option}" for option in _apt_proxies(setup)]
    if architecture:
        command.append(f"--architectures={architecture}")
    task.update(f"fetching {image.packages[0]} of Debian {image.suite}")
    own = _own_sources(setup, image.suite)
    result = setup.children.run([*command, image.suite, archive, *own], env=_plain(setup.environ))
    if result.code != 0 and own:
        # A mirror of the machine's own release need not have the other one.
        archive.unlink(missing_ok=True)
        result = setup.children.run([*command, image.suite, archive], env=_plain(setup.environ))
    must(result, f"fetching {', '.join(image.packages)} of Debian {image.suite}", network=True)


def _plain(environ: Mapping[str, str]) -> dict[str, str]:
    admin = environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return {**environ, "PATH": admin, "LC_ALL": "C.UTF-8"}


def _own_sources(setup: Setup, suite: str) -> list[str]:
    """The machine's own Debian mirrors as sources for a suite; [] to let mmdebstrap choose."""
    fields = "$(REPO_URI)|$(CODENAME)|$(ORIGIN)"
    result = setup.children.run(
        ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    )
    main, security = None, None
    for line in result.tail if result.code == 0 else ():
        uri, _, rest = line.partition("|")
        codename, _, origin = rest.partition("|")
        if origin != "Debian":
            continue
        if codename.endswith("-security"):
            security = security or uri
        elif "-" not in codename:
            main = main or uri
    if not main or not security:
        return []
    return [
        f"deb {main} {suite} main",
        f"deb {main} {suite}-updates main",
        f"deb {security} {suite}-security main",
    ]


def _apt_proxies(setup: Setup) -> list[str]:
    """The machine's proxies for apt, which mmdebstrap does not read by itself."""
    found: list[str] = []
    for scheme in ("http", "https"):
        name = f"Acquire::{scheme}::Proxy"
        result = setup.children.run(["apt-config", "dump", "--format", "%f|%v%n", name])
        for line in result.tail if result.code == 0 else ():
            option, _, value = line.partition("|")
            if option == name and value:
                found.append(f'{name} "{value}";')
    return found


def try_image(daemon: Daemon, name: str, server: str) -> str:
    """Starts an image's server twice: for its version (returned), and to see that it has TLS."""
    code, output = daemon.run(name, [f"{server}-server", "--version"])
    if code != 0 or "v=" not in output:
        raise PreparationError(f"the server in {name} does not start: {output.strip()[:400]}")
    version = output.split("v=")[1].split()[0]
    # With TLS built in it asks for a certificate; without, it does not know the option.
    _, output = daemon.run(name, [f"{server}-server", "--port", "0", "--tls-port", "6379"])
    if "Failed to configure TLS" not in output:
        raise PreparationError(f"{name}: {_NO_TLS}: {output.strip()[:400]}")
    return f"{server} {version} with TLS"


def _instructions(image: Image, reason: str) -> str:
    return "\n".join(
        [
            f"the image {image.official} is not here and cannot be pulled: {reason}",
            "One of these helps:",
            f"  docker pull {image.official}     where the registry can be reached, then",
            f"  docker save {image.official} | docker -H THIS-DAEMON load",
            "  name an image that your registry has in the stack file: `image: HOST/redis:TAG`",
            "  on Debian or Ubuntu as root it is made from Debian's packages by itself",
        ]
    )
