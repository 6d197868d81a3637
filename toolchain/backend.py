"""Where Pulumi keeps the state: the user's backend if there is one, else files of ours.

Ours are encrypted with a passphrase that is made once and kept outside the repository.
"""

import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import PreparationError
from .progress import Task
from .steps import Finding, Setup

PASSPHRASE_FILE = "passphrase"  # noqa: S105 - a name
_PASSPHRASE_BYTES = 32  # 256 bits of randomness, 43 characters


def users_backend(environ: Mapping[str, str], project: Path, home: Path, own: str) -> str | None:
    """What the user has chosen, in words, or None. `own` is the URL of our own file backend.

    Order: PULUMI_BACKEND_URL, `backend:` in Pulumi.yaml, PULUMI_ACCESS_TOKEN, a current login.
    """
    named = environ.get("PULUMI_BACKEND_URL")
    if named:
        return f"{_without_password(named)} (PULUMI_BACKEND_URL)" if named != own else None
    try:
        text = (project / "Pulumi.yaml").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r"^backend:\s*(?:#.*)?\n\s+url:\s*(\S+)", text, re.MULTILINE)
    if match:
        return f"{_without_password(match.group(1))} (Pulumi.yaml)"
    if environ.get("PULUMI_ACCESS_TOKEN"):
        return "Pulumi Cloud (PULUMI_ACCESS_TOKEN)"
    current = current_login(environ, home)
    if current and current != own:
        return f"{_without_password(current)} (your login)"
    return None


def credentials_folder(environ: Mapping[str, str], home: Path) -> Path:
    """The directory where the user's engine keeps credentials.json."""
    named = environ.get("PULUMI_CREDENTIALS_PATH") or environ.get("PULUMI_HOME")
    return Path(named) if named else home / ".pulumi"


def current_login(environ: Mapping[str, str], home: Path) -> str | None:
    """The URL of the backend that the user is logged in to now, if any. Reads no token."""
    try:
        text = (credentials_folder(environ, home) / "credentials.json").read_text(encoding="utf-8")
        current = json.loads(text).get("current")
    except (OSError, ValueError, AttributeError):
        return None
    return current if isinstance(current, str) and current else None


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url).split("?")[0]


def _own_url(state: Path) -> str:
    return f"file://{state / 'backend'}"


def look(setup: Setup) -> Finding:
    """Ready when the user has a backend, or when ours and its passphrase are there."""
    state = setup.machine.state
    own = _own_url(state)
    theirs = users_backend(setup.environ, setup.project, setup.machine.home, own)
    if theirs:
        return Finding(True, f"{theirs}: used as it is")
    environment = {"PULUMI_BACKEND_URL": own}
    secret = state / PASSPHRASE_FILE
    given = next((n for n in _PASSPHRASE_NAMES if n in setup.environ), None)
    if not given or setup.environ[given] == str(secret):
        given = None
        environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(secret)
    passphrase = given or f"the passphrase in {secret}"
    missing = [str(p) for p in (state / "backend",) if not p.is_dir()]
    if not given and not secret.is_file():
        missing.append(str(secret))
    if not missing and not given and secret.stat().st_mode & 0o077:
        return Finding(False, f"{secret} is readable by others", "make it private", "at once")
    if missing:
        return Finding(False, "no login", f"make {' and '.join(missing)}", "at once")
    return Finding(True, f"files in {state / 'backend'}, {passphrase}", environment=environment)


_PASSPHRASE_NAMES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def obtain(setup: Setup, task: Task) -> None:
    """Makes the directory of states (0700) and, unless the user gave one, the passphrase (0600)."""
    state = setup.machine.state
    try:
        private_directory(state)
        private_directory(state / "backend")
        given = any(n in setup.environ for n in _PASSPHRASE_NAMES)
        secret = state / PASSPHRASE_FILE
        if given and setup.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE") != str(secret):
            return
        if make_passphrase(secret):
            task.result = (
                f"passphrase made in {secret}: keep a copy, your stacks cannot be read without it"
            )
        elif secret.stat().st_mode & 0o077:
            secret.chmod(0o600)
            task.result = f"{secret} was readable by others on this machine; now only by you"
    except OSError as error:
        raise PreparationError(
            f"cannot write the state directory {state}: {error.strerror}. "
            "Set SECURE_REDIS_STATE_DIR to a directory that you can write."
        ) from error


def private_directory(path: Path) -> None:
    """Makes a directory that only its owner can enter; one that we own already is made so."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    details = path.stat()
    if stat.S_IMODE(details.st_mode) & 0o077 and details.st_uid == os.geteuid():
        path.chmod(0o700)


def make_passphrase(path: Path) -> bool:
    """Writes a new random passphrase (mode 0600) unless the file exists; True if this call made it.

    Complete from the first moment that the name exists, also when two run at once: the content is
    written under another name first, and a hard link never replaces a file.
    """
    if path.exists():
        return False
    descriptor, temporary = tempfile.mkstemp(prefix=".passphrase.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(_PASSPHRASE_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        return True
    finally:
        Path(temporary).unlink()
