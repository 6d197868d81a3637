"""When Azure may be asked or told something: not before every cache has been let pass.

A cache whose change is refused ends the program, and the user reads that nothing was changed. What
the others and the network do must not have begun then; and a question that is open fails, with a
traceback beside the reason.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

PATIENCE = 5.0
"""Seconds to wait for other caches: one that depends on this one waits for it in turn."""

_caches: "WeakKeyDictionary[object, list[pulumi.Resource]]" = WeakKeyDictionary()

T = TypeVar("T")


def add(cache: pulumi.Resource) -> None:
    """Remembers a cache, which the engine is about to compare with what it was."""
    _caches.setdefault(get_monitor(), []).append(cache)


def then(ask: Callable[[], pulumi.Output[T]]) -> pulumi.Output[T]:
    """What a question gives that is asked when every cache has been let pass.

    By the time that it is looked at, the program has named all its caches. One that takes longer is
    not waited for: it may depend on this one.
    """
    monitor = get_monitor()

    async def passed() -> bool:
        waiting = [asyncio.ensure_future(cache.urn.future()) for cache in _caches.get(monitor, ())]
        if waiting:
            done, _ = await asyncio.wait(waiting, timeout=PATIENCE)
            for one in done:
                one.result()
        return True

    return pulumi.Output.from_input(passed()).apply(lambda _: ask())
