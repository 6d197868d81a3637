"""The official Pulumi release: is its site reachable, and the download, verified by checksum."""

import hashlib
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import cast

from .errors import PreparationError
from .progress import Task
from .steps import Setup

DOWNLOADS = "https://get.pulumi.com/releases/sdk"
CHECKSUMS = "https://github.com/pulumi/pulumi/releases/download"
PROBE_SECONDS = 3.0
READ_SECONDS = 60.0
_CHUNK = 1 << 18
_SHA256_DIGITS = 64
_AGAIN = "Run the same command again: finished parts are kept."


def archive_name(version: str, system: str, arch: str) -> str | None:
    """The release's file name for a platform, or None where there is no release."""
    if system not in {"linux", "darwin"} or arch not in {"x64", "arm64"}:
        return None
    return f"pulumi-v{version}-{system}-{arch}.tar.gz"


def _bases(setup: Setup) -> tuple[str, str]:
    """Where archives and checksums come from; a mirror can be named by environment variables."""
    downloads = setup.environ.get("SECURE_REDIS_PULUMI_DOWNLOADS") or DOWNLOADS
    checksums = setup.environ.get("SECURE_REDIS_PULUMI_CHECKSUMS") or CHECKSUMS
    return downloads.rstrip("/"), checksums.rstrip("/")


def reachable(setup: Setup) -> bool:
    """True when both the site of archives and that of checksums answer within 3 s."""
    answers: list[bool] = []

    def probe(url: str) -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
                answers.append(True)
        except urllib.error.HTTPError as error:
            # Some answer is an answer (a bare directory is 403 or 404), but not a proxy's refusal.
            answers.append(error.code in {403, 404, 405})
        except (OSError, ValueError):
            answers.append(False)

    threads = [
        threading.Thread(target=probe, args=(f"{base}/",), daemon=True) for base in _bases(setup)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PROBE_SECONDS)  # name resolution has no timeout of its own
    return answers == [True, True]


def download(setup: Setup, task: Task, archive: str, version: str, directory: Path) -> None:
    """Fetches the release, verifies it against the published checksums and unpacks it.

    Raises PreparationError when the connection is lost or the checksum wrong or not published.
    """
    downloads, checksums = _bases(setup)
    listing = _fetch_text(f"{checksums}/v{version}/pulumi-{version}-checksums.txt")
    expected = checksum_in(listing, archive)
    if expected is None:
        raise PreparationError(f"the published checksums of Pulumi {version} do not name {archive}")
    url = f"{downloads}/{archive}"
    file = directory / archive
    actual = _fetch_file(setup, task, url, file)
    if actual != expected:
        raise PreparationError(
            f"{url} has a wrong checksum; it was not used.\n"
            f"  published: {expected}\n  received:  {actual}\n"
            "Something between this machine and that site changes downloads. Tell whoever runs the "
            "network, and do not work around it."
        )
    _unpack(file, directory)
    file.unlink()


def checksum_in(listing: str, name: str) -> str | None:
    """The SHA-256 (lower-case hex) that a `sha256sum` listing gives for a file name."""
    for line in listing.splitlines():
        digest, _, file = line.strip().partition(" ")
        if file.strip().lstrip("*").removeprefix("./") == name and len(digest) == _SHA256_DIGITS:
            return digest.lower()
    return None


def _fetch_text(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=READ_SECONDS) as answer:
            return cast("bytes", answer.read()).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise PreparationError(f"cannot fetch {url}: {_words(error)}\n{_AGAIN}") from error


def _fetch_file(setup: Setup, task: Task, url: str, file: Path) -> str:
    digest = hashlib.sha256()
    received = 0
    try:
        with urllib.request.urlopen(url, timeout=READ_SECONDS) as answer, file.open("wb") as out:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := cast("bytes", answer.read(_CHUNK)):
                setup.children.check()
                out.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                of = f" of {total >> 20}" if total else ""
                task.update(f"downloading, {received >> 20}{of} MB")
    except (OSError, ValueError) as error:
        raise PreparationError(f"cannot fetch {url}: {_words(error)}\n{_AGAIN}") from error
    if total and received != total:
        raise PreparationError(
            f"the connection was lost while fetching {url} ({received} of {total} bytes).\n{_AGAIN}"
        )
    return digest.hexdigest()


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error)


def _unpack(archive: Path, directory: Path) -> None:
    """Unpacks the archive's one folder, `pulumi/`, into `directory`: its plain files only."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix("./").removeprefix("pulumi/")
                if not member.isfile() or not name or "/" in name:
                    continue
                source = tar.extractfile(member)
                if source:
                    with source, (directory / name).open("wb") as out:
                        shutil.copyfileobj(source, out)
                (directory / name).chmod(0o755)
    except (tarfile.TarError, EOFError) as error:
        raise PreparationError(f"{archive.name} cannot be unpacked: {error}") from error
    if not (directory / "pulumi").is_file():
        raise PreparationError(f"{archive.name} holds no pulumi")
