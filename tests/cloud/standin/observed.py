"""A fake cloud, as a test looks at it."""

from collections.abc import Mapping
from typing import Any

from .store import FakeCloud, Thing


class ObservedCloud(FakeCloud):
    """A fake cloud with the questions that tests ask of any cloud."""

    def prepare(self, config: Mapping[str, Any]) -> None:
        """Makes what a cloud has before a stack with this configuration begins, if anything."""

    def is_left(self, kind: str, thing: Thing) -> bool:
        """Whether an object counts as left over when its stack is gone.

        What was there before does not. A cloud adds what it keeps of deleted things.
        """
        return not thing.get("seeded")

    @property
    def left(self) -> dict[str, list[str]]:
        """Ids of everything that a stack has left over, by kind."""
        found = {
            kind: [one for one, thing in self.all(kind).items() if self.is_left(kind, thing)]
            for kind in self.kinds()
        }
        return {kind: ids for kind, ids in found.items() if ids}

    def one(self, kind: str) -> Thing:
        """The only object of a kind."""
        things = list(self.all(kind).values())
        assert len(things) == 1, f"{len(things)} of {kind}"
        return things[0]

    def order(self, operation: str) -> list[str]:
        """Types and logical names, as `Vpc:net`, in the order in which an operation ended well."""
        return [
            f"{entry['type'].rpartition(':')[2]}:{entry['name']}"
            for entry in self.journal
            if entry["operation"] == operation and "error" not in entry
        ]

    def requests(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every request of an operation, in order, secrets hashed."""
        return [
            request["params"]
            for entry in self.journal
            for request in entry["requests"]
            if request["operation"] == operation
        ]
