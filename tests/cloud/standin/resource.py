"""How a provider handles one type of resource."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .difference import Rules
from .errors import Failure
from .naming import AutoName
from .schema import Schema, schema_of
from .wire import UNKNOWN, contains_unknown

Values = dict[str, Any]

IDENTIFIER = "__id"
"""Among the outputs of a read: the id that the resource has, where it was asked for by another."""


@dataclass
class Work:
    """One operation on one resource, as far as it has come."""

    operation: str
    """create, read, update or delete."""
    token: str
    name: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What was asked of the cloud, secrets hashed."""
    made: str | None = None
    """Id of the new resource, from the moment it exists."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource type. Subclasses say what is asked of the cloud.

    Methods that ask the cloud get an `api`, which belongs to the cloud at hand, and may raise its
    errors. Inputs they get are checked and complete.
    """

    sdk: str
    """The SDK's class, as `module:Name`: what the type takes and gives."""
    named: AutoName | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Values that the bridge writes into the inputs when the program gives none."""
    required: frozenset[str] = frozenset()
    """Inputs that the provider requires although the SDK's class does not."""
    replaces: frozenset[str] = frozenset()
    """Inputs whose change makes a new resource."""
    rules: Rules = field(default_factory=Rules)
    kept: frozenset[str] = frozenset()
    """Inputs that the cloud does not give back: the state keeps what was asked for."""
    delete_first: bool = False
    """Whether a replacement deletes the old one first."""
    fixed_first: bool = False
    """Whether it does so where the program gave the name."""
    models: frozenset[str] = frozenset()
    """Inputs whose effect on the cloud is modelled. Any other one is refused: to let it through
    would promise that the cloud takes it.
    """

    @property
    def schema(self) -> Schema:
        """The SDK's schema of the type."""
        return schema_of(self.sdk)

    def validate(self, inputs: Values) -> Iterable[Failure]:
        """What the provider's own validators refuse. Unknown values must be let through."""
        return ()

    def plan(self, old: Values | None, new: Values) -> Iterable[str]:
        """Further inputs whose change makes a new resource this time.

        `old` is the state, None for a creation. Raises PlanError for what the provider refuses when
        it plans.
        """
        return ()

    def settled(self, config: Values, inputs: Values) -> Values:
        """The inputs with what the plan fills in from the provider's own configuration.

        Raises PlanError where that lacks what is needed.
        """
        return inputs

    def planned(self, config: Values, state: Values | None, inputs: Values) -> Values:
        """Outputs that a plan already knows. `state` is None for a creation."""
        if "tagsAll" not in self.schema.outputs:
            return {}
        tags = inputs.get("tags", {})
        return {"tagsAll": UNKNOWN if contains_unknown(tags) else tags}

    def unstable(self, changed: frozenset[str]) -> Iterable[str]:
        """Outputs that a preview of an update cannot know."""
        return ()

    def create(self, api: Any, inputs: Values) -> str:
        """Makes the resource; its id. Sets `api.work.made` as soon as it exists."""
        raise NotImplementedError

    def read(self, api: Any, identifier: str, state: Values) -> Values | None:
        """Its outputs, or None when it is gone. `state`: what is known of it so far."""
        raise NotImplementedError

    def update(
        self, api: Any, identifier: str, old: Values, new: Values, changed: frozenset[str]
    ) -> None:
        """Brings the resource from its state to the new inputs."""
        raise NotImplementedError

    def delete(self, api: Any, identifier: str, state: Values) -> None:
        """Takes the resource away. One that is gone already is no error."""
        raise NotImplementedError
