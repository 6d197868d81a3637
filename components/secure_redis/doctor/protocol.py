"""The Redis protocol over a stream: one command, one answer, each within a time."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import hiredis

from .deadline import STEP
from .wire import Closed, Silent, Stream, WireError

Reply = Any
"""str, int, float, bool, None, list, dict, set, or ServerError."""

LONGEST = 8 * 1024 * 1024
"""Bytes of one answer that are read at most: INFO and the slots of the largest cluster are below
one megabyte; whoever sends more is no Redis, or means harm."""

SHOWN = 160
"""Characters of a server's error that are shown."""

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,23}")

_REASONS = (
    ("invalid username-password pair", "invalid username-password pair or user is disabled"),
    ("invalid password", "invalid password"),
    ("wrong number of arguments", "wrong number of arguments"),
    ("without any password configured", "no password is configured for the default user"),
    ("no password is set", "no password is configured"),
    ("unknown command", "unknown command"),
    ("unsupported protocol version", "unsupported protocol version"),
    ("max number of clients", "max number of clients reached"),
    ("protected mode", "the server is in protected mode"),
    ("must be called with the client already authenticated", "authentication required"),
    ("authentication required", "authentication required"),
    ("syntax error", "syntax error"),
)
"""What servers say about a login, and how that is repeated: never in their words, which can hold
what was sent."""


class ProtocolError(WireError):
    """What came back is no answer of a Redis."""


class ServerError(Exception):
    """An error that the server answered.

    Its text is one printable line, without the arguments that servers repeat after an unknown
    command; as the answer to a login it is the code and a reason in our own words.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text.partition(", with args")[0])[:SHOWN])

    @property
    def code(self) -> str:
        """The first word, such as NOAUTH; ERR where it is no code."""
        word = str(self).split(" ", 1)[0]
        return word if _CODE.fullmatch(word) else "ERR"

    def says(self, *parts: str) -> bool:
        """Whether one of the parts is in its text, capitals or not."""
        text = str(self).lower()
        return any(part.lower() in text for part in parts)


class Session:
    """A conversation with a server over one connection. Use it as a context."""

    def __init__(self, stream: Stream, errors: list[str] | None = None) -> None:
        self.stream = stream
        self.errors = errors if errors is not None else []
        """Codes of all errors that the server answered."""
        self._reader = hiredis.Reader(
            encoding="utf-8", errors="replace", replyError=ServerError, notEnoughData=_NOTHING
        )
        self._broken = False

    def ask(self, *words: str) -> Reply:
        """The answer to a command; an error of the server is returned as ServerError.

        Raises Silent, Closed, HandshakeRefused or ProtocolError; after that the conversation is
        over, and each further question raises Closed.
        """
        if self._broken:
            raise Closed("the conversation is over")
        try:
            self.stream.send(packed(words))
        except WireError:
            # A server that refuses a connection says why before it closes it.
            said = self._last_words()
            self._broken = True
            if said is None:
                raise
            return said
        except BaseException:
            self._broken = True
            raise
        return self.answer()

    def ask_secret(self, *words: str) -> Reply:
        """As `ask`, for a command with a secret: nothing of the server's text is kept."""
        reply = self.ask(*words)
        return _reason(reply) if isinstance(reply, ServerError) else reply

    def answer(self) -> Reply:
        """The next answer, within the time of one network operation. Raises as `ask`."""
        try:
            reply = self._whole()
        except BaseException:
            self._broken = True
            raise
        if isinstance(reply, ServerError):
            self.errors.append(reply.code)
        return reply

    def close(self) -> None:
        """Closes the connection."""
        self._broken = True
        self.stream.close()

    def __enter__(self) -> "Session":  # noqa: PYI034 - Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _whole(self) -> Reply:
        until, size = time.monotonic() + STEP, 0
        while (reply := self._next()) is _NOTHING:
            if time.monotonic() > until:
                raise Silent(f"no whole answer within {STEP:g} s")
            data = self.stream.receive()
            size += len(data)
            if size > LONGEST:
                raise ProtocolError("the answer is too long for a Redis")
            self._reader.feed(data)
        return reply

    def _next(self) -> Reply:
        """What the reader has, messages that nobody asked for left out."""
        while True:
            try:
                reply = self._reader.gets()
            except (hiredis.HiredisError, TypeError, ValueError, OverflowError, MemoryError):
                # Not only what hiredis calls an error: a map whose key is a map, for instance.
                raise ProtocolError("what came back is no answer of a Redis") from None
            if not isinstance(reply, hiredis.PushNotification):
                return reply

    def _last_words(self) -> ServerError | None:
        try:
            reply = self.answer()
        except WireError:
            return None
        return reply if isinstance(reply, ServerError) else None


_NOTHING = object()


def packed(words: Sequence[str]) -> bytes:
    """A command as the wire has it. What the environment had that is no UTF-8 goes as it was."""
    one: Any = tuple(map(_bytes, words))  # the library's types know commands of one word only
    return hiredis.pack_command(one)


def info(text: str) -> dict[str, str]:
    """The fields of an answer to INFO."""
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: printable(value) for name, sign, value in lines if sign}


def mapping(reply: Reply) -> Mapping[str, Any]:
    """A map of RESP3, or the flat list that RESP2 has in its place; empty for anything else."""
    if isinstance(reply, Mapping):
        return {str(name): value for name, value in reply.items()}
    if isinstance(reply, list):
        return {
            name: value
            for name, value in zip(reply[::2], reply[1::2], strict=False)
            if isinstance(name, str)
        }
    return {}


def said(reply: Reply) -> str:
    """An answer as the wire has it, for people: one short line."""
    if isinstance(reply, ServerError):
        return f"-{reply}"
    return f"+{printable(str(reply))}"[:SHOWN]


def printable(text: str) -> str:
    """The text with a space for whatever a terminal does not show."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _reason(error: ServerError) -> ServerError:
    found = next((ours for theirs, ours in _REASONS if error.says(theirs)), "")
    return ServerError(f"{error.code} {found}".strip())


def _bytes(word: str) -> bytes:
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "replace")
