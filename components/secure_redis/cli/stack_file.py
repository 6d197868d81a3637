"""A stack file as the engine reads it, with the line of every key."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pulumi import Output

from secure_redis.configuration import NAMESPACE, is_encrypted, own_keys

from .engine import Failure

OWN = f"{NAMESPACE}:"
"""What the keys of ours begin with."""


@dataclass(frozen=True)
class StackFile:
    """The configuration in a stack file."""

    path: Path
    config: Mapping[str, Any]
    """Its keys with their namespaces; an Output stands for what is encrypted."""
    lines: Mapping[str, int]
    """Where keys stand, counted from 1: keys of ours by their path without the namespace, such as
    `caches.cache.memoryGb`, those of others as they are."""

    @property
    def own(self) -> dict[str, Any]:
        """The keys of ours that have a value, without their namespace."""
        return {
            key: _decoded(value)
            for key, value in own_keys(self.config).items()
            if value is not None
        }

    @property
    def others(self) -> dict[str, Any]:
        """The keys of providers, with their namespaces."""
        return {key: value for key, value in self.config.items() if not key.startswith(OWN)}

    def line(self, path: str) -> int:
        """The line of a key, or of the nearest one above it; 0 where there is none."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 0)


def read(path: Path) -> StackFile:
    """Reads a stack file. Raises Failure when there is none, or it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}.{_hint(path)}") from None
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8 text.") from None
    return parse(path, text)


def _hint(path: Path) -> str:
    """The stack file that somebody meant who gave the name of a stack."""
    meant = Path("stacks", f"Pulumi.{path}.yaml")
    return f" Did you mean {meant}?" if meant.is_file() else ""


def parse(path: Path, text: str) -> StackFile:
    """Reads the text of a stack file. Raises Failure when it is none; no value is repeated."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        twice = next(_repeated(root), None)
        document = _decrypted_later(loader.construct_document(root)) if root else None
    # Recursion: of an alias that stands in what it refers to.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise Failure(f"{path}{line} is not YAML. Correct it.") from None
    if twice is not None:
        line = twice.start_mark.line + 1
        raise Failure(f"{path}, line {line}: the key {twice.value} is there already. Remove one.")
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping) or not all(isinstance(key, str) for key in config):
        raise Failure(f"{path} has no configuration. Write its keys below `config:`.")
    lines = {key.removeprefix("config.").removeprefix(OWN): at for key, at in _lines(root)}
    return StackFile(path, config, lines)


class _Loader(yaml.SafeLoader):
    """Reads plain words as the engine does: `off` and `12:30` are text, `true` is not."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the base class has it so


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL", "~nN"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


def _repeated(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Keys that stand twice in one mapping, which the engine refuses."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield key
            seen.add(str(key.value))
            yield from _repeated(value)


def _lines(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
    """The line of each key, by its path."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}" if path else str(key.value)
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)


def _decoded(value: Any) -> Any:
    """A group of settings that was set as text: `pulumi config set` without --path leaves JSON."""
    if not (isinstance(value, str) and value.startswith("{")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _decrypted_later(value: Any) -> Any:
    """The configuration with an Output in place of what is encrypted."""
    if is_encrypted(value):
        return Output.from_input("")
    if isinstance(value, Mapping):
        return {key: _decrypted_later(item) for key, item in value.items()}
    return [_decrypted_later(item) for item in value] if isinstance(value, list) else value
