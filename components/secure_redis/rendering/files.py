"""Files with credentials: written whole or not at all, and readable by nobody else.

For POSIX systems: it works relative to an open directory, which Windows does not offer.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from secure_redis.rendering.errors import RenderingError

HEADING = "# secure-redis"
"""How the text files begin that this package writes."""

JSON_START = '{\n  "contract_version"'
"""How the JSON files begin that this package writes."""

DOCUMENTS = (".env", "docker.env", "connection.json", "secret.yaml", "compose.yaml")
"""Names of the documents; their beginning tells whether this package wrote them."""


@dataclass(frozen=True)
class File:
    """A file to be written."""

    name: str
    content: str = field(repr=False)
    secret: bool
    """Whether only the owner may read it. A CA and a client's certificate are public, and a
    container's user has to read them."""

    @property
    def mode(self) -> int:
        """Permissions of the file."""
        return 0o600 if self.secret else 0o644


def write(directory: Path, files: Sequence[File]) -> list[Path]:
    """Writes the files into a directory in the given order, and returns their paths.

    A missing directory is made for its owner alone, with a `.gitignore` that keeps all of it out of
    a repository. Each file is written beside its place and moved there, so that a reader sees the
    old or the new one; a symbolic link in its place is replaced, never followed, and the directory
    itself must not be one. Raises RenderingError, before anything is written, where a file would be
    replaced that this package did not write, and OSError for what the system refuses.
    """
    made = _make(directory)
    descriptor = _open(directory)
    try:
        _refuse_foreign(descriptor, directory, files)
        if made:
            _write(descriptor, File(".gitignore", "*\n", secret=False))
        for file in files:
            _write(descriptor, file)
    finally:
        os.close(descriptor)
    return [directory / file.name for file in files]


def _make(directory: Path) -> bool:
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _open(directory: Path) -> int:
    if directory.is_symlink():
        raise RenderingError(f"{directory} is a symbolic link; name the directory itself")
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _refuse_foreign(descriptor: int, directory: Path, files: Sequence[File]) -> None:
    ours = any(_is_document(_read(descriptor, name)) for name in DOCUMENTS)
    for file in files:
        present = _read(descriptor, file.name)
        if present is None or present == file.content:
            continue
        # A certificate does not tell who wrote it; the document beside it does.
        if not (_is_document(present) if file.name in DOCUMENTS else ours):
            raise RenderingError(
                f"{directory / file.name} exists and was not written by secure-redis; "
                "move it away or choose another directory"
            )


def _is_document(content: str | None) -> bool:
    return content is not None and content.startswith((HEADING, JSON_START))


def _read(descriptor: int, name: str) -> str | None:
    """What is there, or None where nothing is that could be lost: no file, or a symbolic link."""
    try:
        handle = os.open(
            name,
            os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK,
            dir_fd=descriptor,
        )
    except FileNotFoundError:
        return None
    except OSError:
        if _is_link(descriptor, name):
            return None
        raise
    with os.fdopen(handle, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _is_link(descriptor: int, name: str) -> bool:
    try:
        os.readlink(name, dir_fd=descriptor)
    except OSError:
        return False
    return True


def _write(descriptor: int, file: File) -> None:
    temporary = f".{file.name}.{secrets.token_hex(8)}"
    handle = os.open(
        temporary,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
        mode=0o600,
        dir_fd=descriptor,
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            os.fchmod(stream.fileno(), file.mode)
            stream.write(file.content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file.name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except BaseException:
        os.unlink(temporary, dir_fd=descriptor)
        raise
