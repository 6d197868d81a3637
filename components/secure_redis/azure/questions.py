"""What the program asks of Azure: when it may be asked, and what becomes of a question cut short.

A cache whose change is refused ends the program, and the user reads that nothing was changed. What
the others and the network do must not have begun then. When a resource fails, the provider goes
while it may have a question to answer: the failure is what the user has to read, not that.
"""

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

PATIENCE = 5.0
"""Seconds to wait for other caches: one that depends on this one waits for it in turn."""

CUT_SHORT = "the client connection is closing"
"""What the engine says of a provider that goes while it has a question to answer."""

_caches: "WeakKeyDictionary[object, list[pulumi.Resource]]" = WeakKeyDictionary()

T = TypeVar("T")


def add(cache: pulumi.Resource) -> None:
    """Remembers a cache, which the engine is about to compare with what it was."""
    _caches.setdefault(get_monitor(), []).append(cache)


def then(ask: Callable[[], pulumi.Output[T]]) -> pulumi.Output[T]:
    """What is to come when every cache has been let pass.

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


def answer(
    function: str,
    arguments: Mapping[str, pulumi.Input[str]],
    parent: pulumi.Resource,
    depends_on: list[pulumi.CustomResource],
) -> pulumi.Output[Mapping[str, Any]]:
    """What a function of the provider says, once what it depends on is there. Not secret yet.

    The SDK's own way to ask keeps the failure of a question for the end of the program, where
    nobody can take it and it comes with a traceback.

    Args:
        function: module and name in the provider's package, such as redis:listRedisKeys.
        arguments: names and values as the provider has them.
        parent: whose provider is asked.
        depends_on: not asked, in a preview either, before these are there.

    Raises:
        pulumi.RunError: in the output, when a failure elsewhere cuts the question short.
    """
    options = pulumi.InvokeOptions(parent=parent, version=version("pulumi-azure-native"))

    async def asked(known: Mapping[str, str]) -> Mapping[str, Any]:
        token = f"azure-native:{function}"
        try:
            return await pulumi.runtime.invoke_async(token, known, options)
        except Exception as error:
            if CUT_SHORT not in str(error):
                raise
            raise pulumi.RunError(f"{token} was not answered, because the run failed") from None

    there = [resource.id for resource in depends_on]
    known = pulumi.Output.from_input(arguments)
    return pulumi.Output.all(known, *there).apply(lambda values: asked(values[0]))
