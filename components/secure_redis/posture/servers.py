"""What a container's image, command and uploaded configuration say of the Redis that it runs."""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from .conditions import split
from .resources import Resource, Resources, Value, hidden

IMAGES = frozenset(
    {
        "keydb",
        "redis",
        "redis-cluster",
        "redis-server",
        "redis-stack",
        "redis-stack-server",
        "valkey",
        "valkey-bundle",
        "valkey-cluster",
    }
)
"""Names of images that are a server; what only looks at one, such as an exporter, is none."""

PROGRAMS = frozenset({"keydb-server", "redis-server", "valkey-server"})

OFF = frozenset({"", "no", "false", "0"})
"""How variables and directives say no."""


@dataclass(frozen=True)
class Settings:
    """The directives of a server, as far as a program tells them. Secret as a whole."""

    directives: Mapping[str, str] = field(repr=False)
    """By name, in lower case; the last one counts. What is not known yet is missing here."""
    unknown: frozenset[str]
    """Names of directives that are there, with a value that is not known."""
    complete: bool
    """Whether nothing else sets directives: a file that is not in the program can."""
    users: tuple[str, ...] = field(default=(), repr=False)
    """The directives that make a user."""

    def told(self, name: str, default: str) -> str | None:
        """A directive; its default where it is not set; None where that cannot be told."""
        if name in self.directives:
            return self.directives[name]
        return default if self.complete and name not in self.unknown else None


def image_of_redis(name: Any) -> bool:
    """Whether an image, such as docker.io/library/redis:7@sha256:..., is one of a server."""
    if not isinstance(name, str):
        return False
    last = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return last.lower() in IMAGES


def arguments(container: Resource) -> list[Any]:
    """The words with which it starts, before and after its image's own; some can be unknown."""
    found: list[Any] = []
    for path in ("entrypoints", "command"):
        value = container.value(path)
        if value is Value.HIDDEN:
            found.append(value)
        elif isinstance(value, list):
            found += cast("list[Any]", value)
    # A shell is given a whole command as one word.
    return [
        part
        for word in found
        for part in ([word] if hidden(word) or not isinstance(word, str) else split(word))
    ]


def runs_server(words: list[Any]) -> bool:
    """Whether a command starts a server."""
    return any(isinstance(one, str) and one.rpartition("/")[2] in PROGRAMS for one in words)


def settings(container: Resource, _stack: Resources) -> Settings:
    """What is told of the server that a container runs.

    By its image's variables, by a configuration that is uploaded to it, and by its arguments, of
    which the later one counts.
    """
    words = arguments(container)
    directives: dict[str, str] = {}
    unknown: set[str] = set()
    users: list[str] = []
    complete = not any(map(hidden, words))
    for name, value in _of_variables(container):
        if value is None:
            unknown.add(name)
            complete = complete and name != ""
        else:
            directives[name] = value
    file = _file(words)
    if file:
        text = _uploaded(container, file)
        if text is None:
            complete = False
        for name, value in _lines(text or ""):
            complete = complete and name != "include"
            if name == "user":
                users.append(value)
            directives[name] = value
    for name, values in _options(words):
        if any(map(hidden, values)):
            unknown.add(name)
            directives.pop(name, None)
        else:
            directives[name] = " ".join(map(str, values))
    return Settings(directives, frozenset(unknown), complete, tuple(users))


def speaks_tls(found: Settings) -> bool | None:
    """Whether a server listens with TLS and not without."""
    secure, plain = found.told("tls-port", "0"), found.told("port", "6379")
    if secure in OFF or plain not in {None, *OFF}:
        return False
    return None if secure is None or plain is None else True


def logs_in(found: Settings) -> bool | None:
    """Whether a server asks for a login."""
    if any(found.directives.get(name) for name in ("requirepass", "aclfile")):
        return True
    # A password that is not known yet is one.
    if found.unknown & {"requirepass", "aclfile"}:
        return True
    for user in found.users:
        name, *rights = user.split()
        if name == "default" and ("off" in rights or "nopass" not in rights):
            return True
    return False if found.complete else None


def _of_variables(container: Resource) -> Iterator[tuple[str, str | None]]:
    """Directives that the variables of well-known images set; no value where it is not known."""
    variables: dict[str, str] = {}
    for value in container.values("envs[]").values():
        if isinstance(value, str):
            name, _, text = value.partition("=")
            variables[name.upper()] = text
        elif value is Value.HIDDEN:
            yield "", None
    for family in ("REDIS", "VALKEY"):
        if variables.get(f"{family}_PASSWORD"):
            yield "requirepass", "set"
        if variables.get(f"{family}_PASSWORD_FILE"):
            yield "requirepass", "set"
        if variables.get(f"{family}_TLS_ENABLED", "").lower() not in OFF:
            yield "tls-port", variables.get(f"{family}_TLS_PORT_NUMBER", "6379")
            # With TLS these images close the other port.
            yield "port", variables.get(f"{family}_PORT_NUMBER", "0")


def _file(words: list[Any]) -> str:
    """The configuration file among a command's words; empty where there is none."""
    for before, word in zip([None, *words], words, strict=False):
        after_option = isinstance(before, str) and before.startswith("--")
        if isinstance(word, str) and word.endswith(".conf") and not after_option:
            return word
    return ""


def _uploaded(container: Resource, file: str) -> str | None:
    """The text of a file that a program uploads; None where it is not to be seen."""
    uploads = container.inputs.get("uploads")
    for one in cast("list[Any]", uploads) if isinstance(uploads, list) else []:
        upload = cast("Mapping[str, Any]", one) if isinstance(one, Mapping) else {}
        if upload.get("file") != file:
            continue
        content, encoded = upload.get("content"), upload.get("contentBase64")
        if isinstance(content, str) and not hidden(content):
            return content
        if isinstance(encoded, str) and not hidden(encoded):
            with suppress(ValueError):
                return base64.b64decode(encoded, validate=True).decode(errors="replace")
    return None


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        found = re.match(r"\s*([\w-]+)\s*(.*?)\s*$", line)
        if found:
            yield found[1].lower(), found[2].strip("\"'")


def _options(words: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Options of a command and what follows each, up to the next."""
    name, values = "", list[Any]()
    for word in words:
        if isinstance(word, str) and word.startswith("--") and not hidden(word):
            if name:
                yield name, values
            name, values = word.removeprefix("--").lower(), []
        else:
            values.append(word)
    if name:
        yield name, values
