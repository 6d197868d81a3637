"""What every stand-in does around an operation: faults, the journal, resources made by half."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from .difference import Difference
from .errors import Failure, PartialError, ProviderError
from .resource import Values, Work
from .store import FakeCloud, Fault


class CloudError(Exception):
    """The cloud refuses a request. The text is the one its users know."""


@dataclass(frozen=True)
class Urn:
    """A resource's place in a stack."""

    token: str
    name: str

    @classmethod
    def parse(cls, urn: str) -> "Urn":
        """From the engine's notation."""
        kinds, _, name = urn.rpartition("::")
        return cls(token=kinds.rpartition("::")[2].rpartition("$")[2], name=name)


@dataclass(frozen=True)
class Diff:
    """What an update would do."""

    found: list[Difference]
    replaces: frozenset[str]
    delete_first: bool


class Provider(Protocol):
    """A provider, as the plugin's server asks it. Old inputs are those of the state."""

    name: str
    version: str

    def check_config(self, values: Values) -> list[Failure]:
        """What is wrong with the provider's own configuration."""
        ...

    def replaces_provider(self, old: Values, new: Values) -> list[str]:
        """Keys of the configuration whose change means another provider."""
        ...

    def configure(self, values: Values) -> None:
        """Takes the configuration. Raises ProviderError."""
        ...

    def check(
        self, urn: Urn, olds: Values, news: Values, seed: bytes = b""
    ) -> tuple[Values, list[Failure]]:
        """The inputs with defaults and names, and what is wrong with them."""
        ...

    def diff(
        self,
        urn: Urn,
        state: Values,
        news: Values,
        ignored: Collection[str] = (),
        old_inputs: Values | None = None,
    ) -> Diff:
        """What an update from the state to the inputs would do."""
        ...

    def create(self, urn: Urn, news: Values, *, preview: bool = False) -> tuple[str, Values]:
        """Makes the resource, or says what a preview can know of it: id and outputs."""
        ...

    def update(
        self,
        urn: Urn,
        identifier: str,
        state: Values,
        news: Values,
        *,
        preview: bool = False,
        ignored: Collection[str] = (),
        old_inputs: Values | None = None,
    ) -> Values:
        """Changes the resource, or says what a preview can know: its outputs."""
        ...

    def read(self, urn: Urn, identifier: str, state: Values, olds: Values) -> tuple[Values, Values]:
        """Outputs and inputs as the cloud has them now; both empty when the resource is gone."""
        ...

    def delete(
        self, urn: Urn, identifier: str, state: Values, old_inputs: Values | None = None
    ) -> None:
        """Takes the resource away."""
        ...

    def invoke(self, token: str, arguments: Values) -> Values:
        """Answers a function. Raises ProviderError."""
        ...


class Operations:
    """Runs the operations of a provider over one fake cloud."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud

    def told(self, text: str) -> str:
        """An error of the cloud, as this provider prints it."""
        return text

    @staticmethod
    def work(operation: str, urn: Urn, identifier: str | None = None) -> Work:
        return Work(operation, urn.token, urn.name, made=identifier)

    def operation(
        self,
        work: Work,
        run: Callable[[], tuple[str, Values]],
        inputs: Values,
        known: Callable[[str], Values],
    ) -> tuple[str, Values]:
        """Runs a step with the fault that is meant for it, and writes it down.

        `known` gives as much of the outputs as can be read after a failure.
        """
        fault = None
        try:
            fault = self.before(work)
            result = run()
            self.after(fault)
        except (CloudError, ProviderError) as error:
            self._record(work, str(error))
            reason = self.told(str(error))
            lost = fault is not None and fault.when == "lost"
            if work.made and work.operation != "delete" and not lost:
                raise PartialError(work.made, known(work.made), inputs, reason) from None
            raise ProviderError(reason) from None
        self._record(work, None)
        return result

    def before(self, work: Work) -> Fault | None:
        fault = self.cloud.take_fault(work.operation, work.token, work.name)
        if fault and fault.when == "before":
            self._strike(fault)
        return fault

    def after(self, fault: Fault | None) -> None:
        if fault and fault.when != "before":
            self._strike(fault)

    @staticmethod
    def _strike(fault: Fault) -> None:
        time.sleep(fault.delay)
        if fault.error:
            raise ProviderError(fault.error)

    def _record(self, work: Work, error: str | None) -> None:
        self.cloud.record(
            {
                "operation": work.operation,
                "type": work.token,
                "name": work.name,
                "id": work.made,
                "requests": work.requests,
                **({"error": error} if error else {}),
            }
        )
