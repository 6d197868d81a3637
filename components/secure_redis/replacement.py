"""Seeing in the preview that a change would put a new, empty cache in place of a full one.

A cache's component keeps the properties that cannot change in place among its own inputs. Before
they change the engine asks a hook, in previews too, which compares old and new and refuses. The
engine's own protection stays behind it, for whatever else could delete the data.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

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

    parent = f"{opts.parent._name}/" if opts and opts.parent else ""  # noqa: SLF001
    hook = pulumi.ResourceHook(
        f"data of {parent}{name}", compare, pulumi.ResourceHookOptions(on_dry_run=True)
    )
    own = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
    return pulumi.ResourceOptions.merge(opts, own)


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
