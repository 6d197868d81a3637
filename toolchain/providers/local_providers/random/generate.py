"""Random values. Every one comes from the operating system's random source (`secrets`)."""

import base64
import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import bcrypt

LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
"""The official plugin's special characters."""

BCRYPT_COST = 10
BCRYPT_LIMIT = 72
"""Bytes that bcrypt reads; the official plugin hashes that many of a longer text."""


@dataclass(frozen=True)
class TextRules:
    """What a random text is made of.

    A minimum holds even when its class is off, as in the official plugin.
    """

    length: int
    lower: bool = True
    upper: bool = True
    numeric: bool = True
    special: bool = True
    min_lower: int = 0
    min_upper: int = 0
    min_numeric: int = 0
    min_special: int = 0
    override_special: str = ""

    @property
    def special_characters(self) -> str:
        """The special characters in force."""
        return self.override_special or SPECIAL

    @property
    def alphabet(self) -> str:
        """The characters of the classes that are on. Empty if none is."""
        classes = (
            (self.lower, LOWER),
            (self.upper, UPPER),
            (self.numeric, DIGITS),
            (self.special, self.special_characters),
        )
        return "".join(characters for on, characters in classes if on)


def text(rules: TextRules) -> str:
    """A random text of `rules.length` characters; secret if the caller's use is.

    :raises IndexError: if the alphabet is empty.
    """
    minimums = (
        (rules.min_lower, LOWER),
        (rules.min_upper, UPPER),
        (rules.min_numeric, DIGITS),
        (rules.min_special, rules.special_characters),
    )
    characters = [secrets.choice(alphabet) for count, alphabet in minimums for _ in range(count)]
    alphabet = rules.alphabet
    characters += [secrets.choice(alphabet) for _ in range(rules.length - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def bcrypt_hash(value: str) -> str:
    """The bcrypt hash (cost 10, `$2a$`) of the first 72 bytes of a text."""
    salt = bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")
    return bcrypt.hashpw(value.encode()[:BCRYPT_LIMIT], salt).decode()


def identifier(data: bytes, prefix: str = "") -> dict[str, str]:
    """The forms of a random id; the id itself, without the prefix, under "id"."""
    encoded = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return {
        "id": encoded,
        "b64Url": prefix + encoded,
        "b64Std": prefix + base64.b64encode(data).decode(),
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
    }


def integer(low: int, high: int) -> int:
    """A random integer from low to high, both possible."""
    return low + secrets.randbelow(high - low + 1)


def shuffled(items: Sequence[str], count: int | None = None) -> list[str]:
    """A random order of the items, `count` long.

    With a smaller count some are left out. With a larger one whole orders follow one another, so no
    item is repeated before every other has come as often.
    """
    wanted = len(items) if count is None else count
    result: list[str] = []
    while items and len(result) < wanted:
        order = list(items)
        secrets.SystemRandom().shuffle(order)
        result += order
    return result[:wanted]


def uuid4() -> str:
    """A random version 4 UUID (RFC 9562)."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def uuid7() -> str:
    """A version 7 UUID (RFC 9562): 48 bits of Unix time in milliseconds, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0b11 << 62) | (0b10 << 62)
    return str(uuid.UUID(int=value))
