"""From unpacked Debian packages to the small file tree of an image, tar to tar.

Kept: the server and its client, a shell, a few plain tools, and the libraries that these need. The
same packages give the same archive: names sorted, times zero, no setuid bits.
"""

import io
import posixpath
import tarfile
from pathlib import Path

from toolchain.errors import PreparationError

from .elf import needed_libraries

SERVER_UID = 999  # as in the official images
SERVER_PROGRAMS = ("server", "cli", "check-aof", "check-rdb")
TOOLS = (
    *("sh", "dash", "[", "cat", "chmod", "chown", "cp", "cut", "date", "echo", "env", "false"),
    *("head", "id", "ls", "mkdir", "mv", "printf", "pwd", "readlink", "rm", "sha256sum", "sleep"),
    *("stat", "tail", "test", "timeout", "touch", "tr", "true", "wc"),
)
_MERGED = ("bin", "sbin", "lib", "lib64")  # one tree below /usr, with links from the root
_PROGRAM_FOLDERS = ("usr/bin", "usr/sbin")
_DEPTH = 3  # usr/lib/<machine>/<library>


class _Packages:
    """The archive of unpacked packages, by path below a merged /usr."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members = {_merged(m.name): m for m in tar if not m.isdir() and _merged(m.name)}

    def find(self, name: str) -> str | None:
        """The path of a program or a library by its bare name."""
        if ".so" not in name:
            return next((p for f in _PROGRAM_FOLDERS if (p := f"{f}/{name}") in self.members), None)
        # The loader's own folders: /usr/lib/<machine> before /usr/lib; nothing deeper.
        places = [
            p for p in self.members if posixpath.basename(p) == name and p.count("/") <= _DEPTH
        ]
        return max(places, key=lambda p: p.count("/"), default=None)

    def target(self, path: str) -> str | None:
        """Where a symbolic or hard link points; None for a plain file."""
        member = self.members[path]
        if member.issym():
            start = "/" if member.linkname.startswith("/") else posixpath.dirname(path)
            return _merged(posixpath.normpath(posixpath.join(start, member.linkname)))
        return _merged(member.linkname) if member.islnk() else None

    def content(self, path: str) -> bytes:
        file = self._tar.extractfile(self.members[path])
        if file is None:
            raise PreparationError(f"the packages hold no content for /{path}")
        with file:
            return file.read()


def _merged(name: str) -> str:
    path = posixpath.normpath(name).lstrip("./")
    return f"usr/{path}" if path.split("/")[0] in _MERGED else path


def slim(packages: Path, image: Path, server: str) -> list[str]:
    """Writes the image's tar from the tar of unpacked packages; returns the files it holds.

    server: `redis` or `valkey`. Raises PreparationError if the server or a library is not there.
    """
    with tarfile.open(packages) as tar:
        found = _Packages(tar)
        wanted = [f"{server}-{name}" for name in SERVER_PROGRAMS]
        files, links = _closure(
            found, [*wanted, *TOOLS], {f"{server}-server", f"{server}-cli", "sh"}
        )
        with tarfile.open(image, "w", format=tarfile.PAX_FORMAT) as out:
            for path, mode, owner in _folders({*files, *links}):
                out.addfile(_entry(path, tarfile.DIRTYPE, mode, owner))
            for top in _MERGED:
                if top in {"bin", "lib"} or any(
                    p.startswith(f"usr/{top}/") for p in {*files, *links}
                ):
                    _add_link(out, top, f"usr/{top}")
            for path in sorted({*files, *links}):
                if path in links:
                    _add_link(out, path, posixpath.relpath(links[path], posixpath.dirname(path)))
                else:
                    _add_file(
                        out, path, files[path], 0o755 if found.members[path].mode & 0o111 else 0o644
                    )
            for path, text in _accounts().items():
                _add_file(out, path, text.encode(), 0o644)
    return sorted({*files, *links})


def _closure(
    found: _Packages, names: list[str], required: set[str]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """All files (path -> content) and links (path -> target) that the named programs need."""
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    waiting: list[str] = []
    for name in names:
        path = found.find(name)
        if path:
            waiting.append(path)
        elif name in required:
            raise PreparationError(f"the packages hold no program {name}")
    while waiting:
        path = waiting.pop()
        if path in files or path in links:
            continue
        if path not in found.members:
            raise PreparationError(f"the packages lack /{path}")
        target = found.target(path)
        if target:
            links[path] = target
            waiting.append(target)
            continue
        files[path] = found.content(path)
        for library in needed_libraries(files[path]):
            place = found.find(library)
            if place is None:
                raise PreparationError(f"the packages lack {library}, which /{path} needs")
            waiting.append(place)
    _add_loader(found, files, links)
    return files, links


def _add_loader(found: _Packages, files: dict[str, bytes], links: dict[str, str]) -> None:
    """The dynamic loader under the name in every program: /lib64/ld-linux-x86-64.so.2, ..."""
    loaders = {
        posixpath.basename(p): p for p in files if posixpath.basename(p).startswith("ld-linux")
    }
    for path in found.members:
        name = posixpath.basename(path)
        if name in loaders and path not in files and path.count("/") < _DEPTH:
            target = found.target(path)
            if target in files:
                links[path] = str(target)


def _folders(paths: set[str]) -> list[tuple[str, int, int]]:
    """Every directory: path, mode, owner."""
    names = {"data", "etc", "run", "tmp", "usr", "var"}
    for path in paths:
        while path := posixpath.dirname(path):
            names.add(path)
    special = {"data": (0o750, SERVER_UID), "tmp": (0o1777, 0)}
    return [(name, *special.get(name, (0o755, 0))) for name in sorted(names)]


def _accounts() -> dict[str, str]:
    return {
        "etc/passwd": "root:x:0:0:root:/:/bin/sh\n"
        f"redis:x:{SERVER_UID}:{SERVER_UID}:redis:/data:/bin/false\n"
        "nobody:x:65534:65534:nobody:/:/bin/false\n",
        "etc/group": f"root:x:0:\nredis:x:{SERVER_UID}:\nnogroup:x:65534:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }


def _entry(path: str, kind: bytes, mode: int, owner: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.uid, entry.gid, entry.mtime = kind, mode, owner, owner, 0
    return entry


def _add_link(out: tarfile.TarFile, path: str, target: str) -> None:
    entry = _entry(path, tarfile.SYMTYPE, 0o777)
    entry.linkname = target
    out.addfile(entry)


def _add_file(out: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = _entry(path, tarfile.REGTYPE, mode)
    entry.size = len(content)
    out.addfile(entry, io.BytesIO(content))
