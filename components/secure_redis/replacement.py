"""Seeing in the preview that a change would put a new, empty cache in place of a full one.

A cache's component keeps the properties that cannot change in place among its own inputs. Before
they change the engine asks a hook, in previews too, which compares old and new and refuses. The
engine's own protection stays behind it, for whatever else could delete the data.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

from .problems import Problem, report
from .settings import CacheSettings

Identity = Mapping[str, Any]
"""Properties of a cache that are compared, by name. Never a secret."""

Judge = Callable[[Identity, Identity], Iterator[Problem]]
"""Says what is wrong with a change from one identity to another."""


def guarded(opts: pulumi.ResourceOptions | None, name: str, judge: Judge) -> pulumi.ResourceOptions:
    """The options of a component, which then refuses changes that `judge` finds fault with."""

    def compare(change: pulumi.ResourceHookArgs) -> None:
        problems = list(judge(change.old_inputs or {}, change.new_inputs or {}))
        if problems:
            raise pulumi.RunError(report(problems))

    # The parent of a component that a plugin constructs is in the program, and has no name here.
    parent = getattr(opts.parent, "_name", None) if opts else None
    parent = f"{parent}/" if parent else ""
    asked = pulumi.ResourceHookBinding(before_update=[hook(f"data of {parent}{name}", compare)])
    own = pulumi.ResourceOptions(hooks=asked)
    return pulumi.ResourceOptions.merge(opts, own)


def hook(name: str, call: Callable[[pulumi.ResourceHookArgs], None]) -> pulumi.ResourceHook:
    """A hook that the engine calls in previews too.

    The engine takes each name of a hook once in a program. Caches of one name in components of
    different kinds are different resources: from the second on, a number tells the hooks apart.
    """
    used = _hooks.setdefault(Process if Process.is_plugin else get_monitor(), Counter())
    used[name] += 1
    unique = f"{name} ({used[name]})" if used[name] > 1 else name
    return pulumi.ResourceHook(unique, call, pulumi.ResourceHookOptions(on_dry_run=True))


_hooks: WeakKeyDictionary[Any, Counter[str]] = WeakKeyDictionary()
"""How often each name was asked for, in each run of a program."""


class Process:
    """What runs here: programs, or a plugin of one run that constructs components for it."""

    is_plugin = False


def changes(old: Identity, new: Identity) -> Iterator[str]:
    """Names of the properties that both have and that differ.

    What is unknown in a preview depends on a thing that is being made anew: it differs.
    """
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield name


def refused(cache: CacheSettings) -> bool:
    """Whether a replacement is refused: in production, unless the settings accept it."""
    return cache.production and not cache.allow_replacement


def protected(cache: CacheSettings) -> bool:
    """Whether the engine refuses to delete what holds the data.

    It then refuses replacements too, so it must not stand in an accepted one's way.
    """
    return cache.protect and not cache.allow_replacement


def shown(value: Any) -> str:
    """A property in words."""
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, pulumi.output.Unknown):
        return "one that is yet to be made"
    # The engine knows one kind of number.
    return f"{value:g}" if isinstance(value, float) else str(value)
