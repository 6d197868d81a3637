"""Tests often run as root, who may read every file. Applications do not."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

VERSION = 0x20080522
"""Of the layout below (_LINUX_CAPABILITY_VERSION_3)."""

READING = (1 << 1) | (1 << 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: to read what a file's mode forbids."""

EFFECTIVE, WORDS = 0, 6
"""Twice effective, permitted, inheritable: the low half of each, then the high one."""


@contextmanager
def powerless() -> Iterator[None]:
    """This thread, and no other, opens files as an ordinary user who owns them."""
    if os.geteuid():
        yield
        return
    held = _ask("capget", (ctypes.c_uint32 * WORDS)())
    less = (ctypes.c_uint32 * WORDS)(*held)
    less[EFFECTIVE] &= ~READING
    _ask("capset", less)
    try:
        yield
    finally:
        _ask("capset", held)


def _ask(call: str, words: "ctypes.Array[ctypes.c_uint32]") -> "ctypes.Array[ctypes.c_uint32]":
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, call)(header, words):
        raise OSError(ctypes.get_errno(), call)
    return words
