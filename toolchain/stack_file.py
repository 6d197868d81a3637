"""The few facts of a stack file that the toolchain needs, read without a YAML parser."""

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import PreparationError

TARGETS = ("aws", "azure", "gcp", "docker", "external")


@dataclass(frozen=True)
class StackFile:
    """One stacks/Pulumi.<name>.yaml. docker_host: None when it does not set `docker:host`."""

    name: str
    path: Path
    target: str
    docker_host: str | None
    engines: tuple[str, ...]


def read_stack_file(project: Path, name: str) -> StackFile:
    """Finds and reads the stack's file. Raises PreparationError with the names that exist."""
    folder = project / "stacks"
    path = folder / f"Pulumi.{name}.yaml"
    if not path.is_file():
        raise PreparationError(_missing(name, path, folder))
    return parse_stack_file(name, path, path.read_text(encoding="utf-8"))


def parse_stack_file(name: str, path: Path, text: str) -> StackFile:
    """Reads the facts from a stack file's text. Raises PreparationError on an unknown target."""
    text = re.sub(r"(^|\s)#.*", "", text)
    target = _value(text, r"secure-redis:target")
    if target not in TARGETS:
        wrong = (
            f"names the target {target!r}, which does not exist" if target else "names no target"
        )
        raise PreparationError(
            f"{path.name} {wrong}. Write one of these:\n"
            + "\n".join(f"  secure-redis:target: {known}" for known in TARGETS)
        )
    return StackFile(name, path, target, _value(text, r"docker:host"), _engines(text))


def _value(text: str, key: str) -> str | None:
    match = re.search(rf"""^\s*["']?{key}["']?\s*:\s*["']?([^"'\s]+)""", text, re.MULTILINE)
    return match.group(1) if match else None


def _engines(text: str) -> tuple[str, ...]:
    """The servers whose images the caches use; none for a cache that names its own image.

    A cache that says nothing uses redis. One image too many is harmless: where the caches are not
    written one a line, redis is taken along.
    """
    caches = _cache_blocks(text)
    if not caches:
        return tuple(sorted({*_ENGINE.findall(text), "redis"}))
    engines: set[str] = set()
    for block in caches:
        if not re.search(r"""\bimage["']?\s*:""", block):
            named = _ENGINE.search(block)
            engines.add(named.group(1) if named else "redis")
    return tuple(sorted(engines))


_ENGINE = re.compile(r"""\bengine["']?\s*:\s*["']?(redis|valkey)\b""")


def _cache_blocks(text: str) -> list[str]:
    """The text of each cache below `secure-redis:caches:`, when they are written one a line."""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next(
        (
            i
            for i, s in enumerate(lines)
            if re.match(r"""\s*["']?secure-redis:caches["']?\s*:\s*$""", s)
        ),
        None,
    )
    if start is None:
        return []
    blocks: list[str] = []
    level = 0
    for line in lines[start + 1 :]:
        indent = len(line) - len(line.lstrip())
        if indent <= len(lines[start]) - len(lines[start].lstrip()):
            break
        level = level or indent
        if indent == level:
            blocks.append(line)
        else:
            blocks[-1] += "\n" + line
    return blocks


def _missing(name: str, path: Path, folder: Path) -> str:
    known = sorted(p.name[len("Pulumi.") : -len(".yaml")] for p in folder.glob("Pulumi.*.yaml"))
    if not known:
        return f"there is no stack file {path}, and no other stack file in {folder}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for the message

    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return (
        f"there is no stack {name!r}: stacks/{path.name} does not exist.{hint}\n"
        f"  Stacks here: {', '.join(known)}"
    )
