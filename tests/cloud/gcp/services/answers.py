"""Objects as Google's services answer them."""

from cloud.gcp.google import SEEDED, Body
from cloud.standin.store import Thing

GONE = "gone"
"""Of an object that cannot be taken away, and is of no use to anybody any more."""

EMPTY: Body = {}
"""The answer of a request that has none."""


def plain(thing: Thing) -> Body:
    """An object without what the fake cloud keeps to itself.

    False, zero, and what is empty are left out: in Google's answers nothing else tells them.
    """
    return {
        name: value
        for name, value in thing.items()
        if not name.startswith("_")
        and name not in {SEEDED, GONE}
        and value not in (False, 0, "", None, [], {})
    }
